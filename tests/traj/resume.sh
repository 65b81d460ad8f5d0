#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
# What resume refuses, in one sentence and before anything is computed; the ways in which a run ends that means to go on:
# signals and the wall time; and what a run that was resumed leaves.
. "${ROOT:-$(git rev-parse --show-toplevel)}/tests/tap.sh"
. "$ROOT/tests/traj/programs/build.sh"
compile ./driver "$ROOT/tests/traj/programs/driver.c" "-I$ROOT/include" || exit 1

method='-ts_type cn -ts_adapt_type none'
hdf5='-ts_trajectory_costate_hdf5 d'
resume=-ts_trajectory_costate_resume
# drive RANKS ARGS... : out, err, status
drive() {
  local ranks=$1
  local -a mpi=()
  shift
  if [ "$ranks" != 1 ]; then read -ra mpi <<<"$MPIEXEC -n $ranks"; fi
  # shellcheck disable=SC2086
  timeout -k 5 60 "${mpi[@]}" ./driver -dll_append "$COSTATE_LIB" -ts_trajectory_type costate \
    -ts_trajectory_costate_ram 4 $method "$@" >out 2>err
  status=$?
} 2>/dev/null
# stopped RANKS POINT ARGS... : killed at that failpoint, with commits
stopped() {
  local ranks=$1 point=$2
  shift 2
  rm -rf d
  # shellcheck disable=SC2086
  COSTATE_FAILPOINT=$point drive "$ranks" $hdf5 -ts_trajectory_costate_commit always "$@"
}
# refused TEXT PATTERN
refused() {
  [ "$status" != 0 ] && [ "$status" != 124 ] && ! grep -q lambda out && grep -qaE "$2" err
  local good=$?
  t_ok $good "$1"
  if [ $good != 0 ]; then
    { echo "status $status, wanted $2"; grep -a ERROR err | cut -c1-400 | head -n 4; } | sed 's/^/# /' >&2
  fi
}
# same TEXT: the gradient of `good`
same() {
  local good=1
  [ "$status" = 0 ] && cmp -s out good && good=0
  t_ok $good "$1"
  if [ $good != 0 ]; then { echo "status $status"; cat out; cut -c1-400 err; } | head -n 12 | sed 's/^/# /' >&2; fi
}
state() { find d -type f | sort | xargs md5sum 2>/dev/null | md5sum; }

drive 1
mv out good
# shellcheck disable=SC2086
{
  drive 1 -ts_trajectory_costate_commit 1
  refused 'commits need a directory' 'costate_commit needs a directory'
  drive 1 $resume
  refused 'and so does resume' 'costate_resume needs a directory'
  for bad in sometimes -- -1x; do
    drive 1 $hdf5 "-ts_trajectory_costate_commit=$bad" -ts_trajectory_costate_commit "$bad"
    refused "commit $bad" 'costate_commit .*: give a number of seconds, or always, or never'
  done
  drive 1 $hdf5 $resume -ts_trajectory_costate_resume_vouch everything
  refused 'one cannot vouch for everything' 'one can vouch for hooks, solvers'
  rm -rf d
  drive 1 $hdf5 $resume
  same 'where there is nothing to resume the run begins at its start'
  grep -q 'nothing to resume in .* for run 1' err
  t_ok $? 'and says so'

  stopped 1 300
  before=$(state)
  drive 1 $hdf5 -ts_trajectory_costate_commit always $resume -ts_trajectory_costate_ram 5
  refused 'another budget' "its options were others.*costate_ram 4.*costate_ram 5"
  drive 1 $hdf5 -ts_trajectory_costate_commit always $resume -ksp_rtol 1e-9
  refused 'another option of the method' 'its options were others'
  drive 1 $hdf5 -ts_trajectory_costate_commit always $resume -app_points 14
  refused 'another size' 'its options were others|another problem|has another size'
  drive 1 $hdf5 -ts_trajectory_costate_commit always $resume -ts_trajectory_costate_hdf5_layout rank
  refused 'another layout' "in the layout 'shared', and this program asks for 'rank'"
  t_is "$(state)" "$before" 'a refusal leaves the files as they are'
  drive 1 $hdf5 -ts_trajectory_costate_commit 3 $resume -ts_monitor
  grep -v 'TS dt' out >o && mv o out
  same 'another interval between commits and a monitor of PETSc do not matter'
  t_is "$(ls d 2>/dev/null)" '' 'and in the end nothing is left'

  # the same options, another problem
  stopped 1 300
  COSTATE_TEST_PARAMETER=1.1 drive 1 $hdf5 -ts_trajectory_costate_commit always $resume
  refused 'other parameters that no option tells of are found out' 'state [0-9]+ at t = .* is not the one that was committed|other bits when it was repeated'
  COSTATE_TEST_INITIAL=1e-9 drive 1 $hdf5 -ts_trajectory_costate_commit always $resume
  refused 'another initial state likewise' 'state 0 at t = 0 is not the one that was committed'
  drive 1 $hdf5 -ts_trajectory_costate_commit always $resume
  same 'and after all that it goes on'

  # hooks
  stopped 1 400 -app_end user -app_end_step 11
  drive 1 $hdf5 -ts_trajectory_costate_commit always $resume -app_end user -app_end_step 11
  refused 'TSSetPostStep() of the application' 'would not be seen by TSSetPostStep.*costate_resume_vouch hooks'
  drive 1 $hdf5 -ts_trajectory_costate_commit always $resume -app_end user -app_end_step 11 -ts_trajectory_costate_resume_vouch hooks
  t_is "$status $(grep -c lambda out)" '0 1' 'unless it is vouched for'

  # solvers
  gamg='-ksp_type gmres -pc_type gamg'
  stopped 1 400 $gamg
  grep -q 'could not be resumed: GAMG keeps its interpolation' err
  t_ok $? 'GAMG, which keeps its interpolation, is warned of at the first commit'
  drive 1 $hdf5 -ts_trajectory_costate_commit always $resume $gamg
  refused 'and refused at resume' 'GAMG keeps its interpolation \(-pc_gamg_reuse_interpolation 0\).*begin anew'
  for other in '-ksp_initial_guess_nonzero' '-ksp_reuse_preconditioner' '-snes_lag_jacobian_persists' '-ts_theta_initial_guess_extrapolate'; do
    stopped 1 400 $other
    drive 1 $hdf5 -ts_trajectory_costate_commit always $resume $other
    refused "$other" 'What the solvers remembered was lost'
  done
  stopped 1 400 -ts_adapt_type dsp
  drive 1 $hdf5 -ts_trajectory_costate_commit always $resume -ts_adapt_type dsp
  refused 'an adaptor with a memory' 'the adaptor dsp remembers'
  for solver in "$gamg -pc_gamg_reuse_interpolation 0" '-pc_type ilu' '-pc_type lu' '-pc_type jacobi'; do
    drive 1 $solver
    mv out good.solver
    stopped 1 500 $solver
    drive 1 $hdf5 -ts_trajectory_costate_commit always $resume $solver
    [ "$status" = 0 ] && cmp -s out good.solver && grep -q 'going on in' err
    t_ok $? "$solver: the same bits"
  done

  # signals, which reach all ranks while they wait in mid-run, and the wall time
  for ranks in 1 2 3; do
    drive $ranks
    mv out good.$ranks
    for sig in TERM USR1; do
      rm -rf d
      read -ra mpi <<<"$MPIEXEC -n $ranks"
      if [ $ranks = 1 ]; then mpi=(); fi
      rm -f gate*
      COSTATE_TEST_GATE=$PWD/gate "${mpi[@]}" ./driver -dll_append "$COSTATE_LIB" -ts_trajectory_type costate \
        -ts_trajectory_costate_ram 4 $method $hdf5 -ts_trajectory_costate_commit 1000 >out 2>err &
      pid=$!
      for ((i = 0; i < 1200; i++)); do
        if [ "$(compgen -G 'gate.*' | wc -l)" = $ranks ]; then break; fi
        sleep .05
      done
      # what a batch system does: to the ranks themselves
      for at in gate.*; do kill -$sig "${at#gate.}"; done
      : >gate
      wait $pid
      t_is "$? $(grep -c "costate: signal .*: committed" err)" '75 1' "SIG$sig: a commit, and status 75 ($ranks ranks)"
      drive $ranks $hdf5 -ts_trajectory_costate_commit 1000 $resume
      [ "$status" = 0 ] && cmp -s out good.$ranks && grep -q 'going on in' err
      t_ok $? "from which the run goes on ($ranks ranks)"
    done
    rm -rf d
    COSTATE_TEST_SLOW=20000 drive $ranks $hdf5 -ts_trajectory_costate_walltime 1
    t_is "$status $(grep -c 'the wall time is over: committed' err)" '75 1' "the wall time is over: a commit, and status 75 ($ranks ranks)"
    drive $ranks $hdf5 $resume
    [ "$status" = 0 ] && cmp -s out good.$ranks && grep -q 'going on in' err
    t_ok $? "from which the run goes on ($ranks ranks)"
  done

  # two at once
  rm -rf d
  COSTATE_TEST_SLOW=20000 ./driver -dll_append "$COSTATE_LIB" -ts_trajectory_type costate -ts_trajectory_costate_ram 4 \
    $method $hdf5 -ts_trajectory_costate_commit always >/dev/null 2>&1 &
  pid=$!
  for ((i = 0; i < 200; i++)); do
    if compgen -G 'd/run-0001/manifest-*.txt' >/dev/null; then break; fi
    sleep .05
  done
  drive 1 $hdf5 -ts_trajectory_costate_commit always $resume
  { [ "$status" = 0 ] && cmp -s out good && grep -q 'nothing to resume' err; } || { [ "$status" != 0 ] && grep -qaE 'another process|going on' err; }
  t_ok $? 'a run that is still going on is not taken over'
  kill -KILL $pid
  wait $pid 2>/dev/null
}
t_done
