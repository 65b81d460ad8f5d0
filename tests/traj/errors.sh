#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
# What would give a wrong gradient, or none, ends with one message on every number of ranks, a status that is not 0, and
# no hang.
. "${ROOT:-$(git rev-parse --show-toplevel)}/tests/tap.sh"
. "$ROOT/tests/traj/programs/build.sh"

compile driver "$ROOT/tests/traj/programs/driver.c" "-I$ROOT/include" || exit 1

# drive RANKS ARGS...: the driver through the plugin, in the folder RANKS: out, err, status
drive() {
  local ranks=$1
  local -a mpi=()
  shift
  if [ "$ranks" != 1 ]; then mpi=("$MPIEXEC" -n "$ranks"); fi
  mkdir -p "$ranks"
  timeout -k 5 60 "${mpi[@]}" ./driver -dll_append "$COSTATE_LIB" -ts_adapt_type none "$@" >"$ranks/out" 2>"$ranks/err"
  echo $? >"$ranks/status"
}

# drive_all ARGS...: on 1, 2 and 3 ranks at once
drive_all() {
  local ranks
  for ranks in 1 2 3; do drive $ranks "$@" & done
  wait
}

# refused TEXT PATTERN ARGS...: one message, or at most $most; told by its title alone, as mpiexec may write between it
# and what stands before
refused() {
  local text=$1 pattern=$2 ranks status messages
  shift 2
  drive_all -ts_trajectory_type costate "$@"
  for ranks in 1 2 3; do
    status=$(cat $ranks/status)
    messages=$(grep -ac -e '- Error Message -' $ranks/err)
    [ "$status" != 0 ] && [ "$status" != 124 ] && [ "$status" != 137 ] && [ ! -s $ranks/out ] &&
      tr '\n' ' ' <$ranks/err | grep -aqE "$pattern" && [ "$messages" -ge 1 ] && [ "$messages" -le "${most:-1}" ]
    status=$?
    t_ok $status "$text ($ranks ranks)"
    if [ $status != 0 ]; then sed "s/^/# status $(cat $ranks/status): /" $ranks/out $ranks/err | head -n 12 >&2; fi
  done
}

# same TEXT TRAJECTORY ARGS...: what basic prints
same() {
  local text=$1 trajectory=$2 ranks
  shift 2
  drive_all -ts_trajectory_type basic "$@"
  for ranks in 1 2 3; do mv $ranks/out $ranks/full; done
  # shellcheck disable=SC2086
  drive_all -ts_trajectory_type costate -ts_trajectory_costate_ram 3 $trajectory "$@"
  for ranks in 1 2 3; do
    grep -q lambda $ranks/out && cmp -s $ranks/out $ranks/full
    t_ok $? "$text ($ranks ranks)"
  done
}

rk='-ts_type rk -ts_rk_type 4'
three='-ts_trajectory_costate_ram 3'

# shellcheck disable=SC2086
{
  changed='after step 5 was changed by the application'
  refused 'a state changed in TSSetPostStep() is an error that names step and hook' "$changed \\(TSSetPostStep\\(\\)\\)" $three $rk -app_halve .5
  refused 'a state changed in TSSetPreStep() likewise' "$changed \\(TSSetPreStep\\(\\)" $three $rk -app_halve .5 -app_where prestep
  refused 'a state changed in TSSetPostEvaluate() likewise' "$changed \\(TSSetPostEvaluate\\(\\)\\)" $three $rk -app_halve .5 -app_where postevaluate
  # PETSc locks the state while monitors run, since 3.22 in its optimised builds too, and says so itself, on each rank
  monitor="$changed \\(a monitor\\)" each=1
  if petsc_since 3.22 || petsc_has PETSC_USE_DEBUG; then monitor='locked for read-only access' each=3; fi
  most=$each refused 'a state changed by a monitor likewise' "$monitor" $three $rk -app_halve .5 -app_where monitor
  refused 'a stage changed in TSSetPostStage() likewise' 'step 6 was changed by the application \(TSSetPostStage\(\)\)' $three $rk -app_halve .5 -app_where poststage
  refused 'and with a budget that holds all states' "$changed" -ts_trajectory_costate_ram 100 $rk -app_halve .5
  same 'the option that vouches for the jump gives the gradient of full storage' -ts_trajectory_costate_jumps $rk -app_halve .5

  refused 'a right-hand side that does not repeat is an error that names the step' 'Step [0-9]+ gave other bits' $three $rk -app_noise 7
  # PETSc's own trajectories give a wrong gradient without a word
  for type in "$rk" '-ts_type rk -ts_rk_type 3bs' '-ts_type cn'; do
    refused "${type##* }: rates set in TSSetPostStep() are an error where no step has to be repeated" \
      'Step [0-9]+ was repeated and came to another state.*TSSetPostStep' -ts_trajectory_costate_ram 100 $type -app_rates poststep
    drive_all -ts_trajectory_type costate $three $type -app_rates prestep
    for ranks in 1 2 3; do mv $ranks/out $ranks/full; done
    drive_all -ts_trajectory_type costate -ts_trajectory_costate_ram 100 $type -app_rates prestep
    for ranks in 1 2 3; do
      grep -q lambda $ranks/out && cmp -s $ranks/out $ranks/full
      t_ok $? "${type##* }: set in TSSetPreStep() they are not ($ranks ranks)"
    done
  done
  refused 'so they are where the run has one step' 'Step 1 was repeated and came to another state.*TSSetPostStep' $rk -app_end steps -app_end_step 1 -app_rates poststep
  refused 'an extrapolated initial guess that does not repeat is an error that names the step' 'Step [0-9]+ gave other bits' $three -ts_type cn -ts_theta_initial_guess_extrapolate
  refused 'a preconditioner that lags behind is an error that names the step' 'Step [0-9]+ gave other bits' $three -ts_type cn -snes_lag_preconditioner 3 -snes_lag_preconditioner_persists
  refused 'a Jacobian that lags behind is an error that names the step' 'Step [0-9]+ gave other bits' $three -ts_type cn -snes_lag_jacobian 2 -snes_lag_jacobian_persists
  # basic takes the Jacobian that is never computed again in adjoint steps, too, and its lambda is wrong
  drive_all -ts_trajectory_type costate -ts_trajectory_costate_ram 100 -ts_type cn -snes_lag_jacobian -2 -snes_lag_jacobian_persists
  for ranks in 1 2 3; do mv $ranks/out $ranks/full; done
  drive_all -ts_trajectory_type costate $three -ts_type cn -snes_lag_jacobian -2 -snes_lag_jacobian_persists
  for ranks in 1 2 3; do
    grep -q lambda $ranks/out && cmp -s $ranks/out $ranks/full
    t_ok $? "a Jacobian that is never computed again gives the same bits ($ranks ranks)"
  done
  for method in beuler 'theta -ts_theta_theta .6' 'cn -snes_rtol 1e-3'; do
    for lag in '-ts_theta_initial_guess_extrapolate' '-snes_lag_jacobian -2 -snes_lag_jacobian_persists'; do
      if [[ $lag == *lag_jacobian* ]]; then full='costate -ts_trajectory_costate_ram 100'; else full=basic; fi
      drive 1 -ts_trajectory_type $full -ts_type $method $lag
      mv 1/out 1/full
      drive 1 -ts_trajectory_type costate $three -ts_type $method $lag
      if [ "$(cat 1/status)" = 0 ]; then cmp -s 1/out 1/full; else grep -aq 'Step [0-9]* gave other bits' 1/err; fi
      t_ok $? "$method $lag: the same bits or the error, never other bits"
    done
  done

  refused 'a state that is not kept cannot be had in the forward run' 'State 1 is asked for while the run is still going forward' $three -ts_type cn -app_early 10
  same 'one that is kept can' '-ts_trajectory_costate_ram 100 -app_early 10' -ts_type cn
  same 'after it any can' '-app_late 3' -ts_type cn
  same 'also those after an event' '-ts_trajectory_costate_ram 5 -app_late 15' -ts_type cn -app_event
  refused 'but not a step from the other side of an event, which does not repeat' 'Step [0-9]+ gave other bits' $three -ts_type cn -app_event -app_late 3
  refused 'a second backward sweep over a boundary is refused' 'A second backward sweep over a run with events' $three $rk -app_sweeps 2 -app_event
  size='At step 10 the state has 12 unknowns, but it had 6'
  refused 'a state of another size is refused by step and sizes' "$size" $three $rk -app_remesh
  refused 'for FSAL methods too' "$size" $three -ts_type rk -ts_rk_type 3bs -app_remesh
  refused 'and implicit ones' "$size" $three -ts_type beuler -app_remesh
  refused 'a budget too small for the boundaries says what would be enough' 'state 7 beside state 0, which must be kept; 2 units would be enough so far. A unit is a state, .* give more with -ts_trajectory_costate_ram' -ts_trajectory_costate_ram 1 $rk -app_solves 3
  refused 'a TS type without adjoint is refused' 'TS type bdf has no adjoint step' $three -ts_type bdf
}

# What a run says of itself.
# shellcheck disable=SC2086
drive 1 -ts_trajectory_type costate $three $rk -ts_trajectory_monitor -ts_trajectory_view -ts_trajectory_costate_report report.json
t_is "$(sed -n 's/.*total number of recomputations for adjoint calculation = //p' 1/out)" "$(report recomputed)" \
  '-ts_trajectory_view shows the number of repeated steps'
t_is "$(grep -c 'TSTrajectorySet: stepnum' 1/out) $(grep -c 'TSTrajectoryGet: stepnum' 1/out)" '21 21' \
  '-ts_trajectory_monitor prints each state that is set or asked for'
t_done
