#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
# The example mixed-layer, whose gradients are those of a Costate: killed in mid-run, between evaluations and within one, by all ranks
# or one, it goes on and prints every digit that it prints when nothing happens.
. "${ROOT:-$(git rev-parse --show-toplevel)}/tests/tap.sh"
. "$ROOT/tests/traj/programs/build.sh"
real_only "the example and PETSc's optimisers are"
pkg-config --exists netcdf 2>/dev/null || t_skip_all 'the NetCDF library is not installed'
[ -r /usr/share/ferret-vis/data/coads_climatology.cdf ] || t_skip_all 'the package ferret-datasets is not installed'
read -ra netcdf <<<"$(pkg-config --cflags --libs netcdf)"
lib=$(dirname "$COSTATE_LIB")
compile ./program "$ROOT"/examples/mixed-layer/*.c -I"$ROOT/include" -L"$lib" -lcostate -Wl,-rpath,"$lib" "${netcdf[@]}" || exit 1
RANDOM=$SEED
echo "# SEED=$SEED"

options=(-coarsen 5 -years 1 -iterations 6 -seed -1 -ts_trajectory_costate_ram 5)
tape=(-tao_costate_tape tape -tao_costate_resume)
disk=(-ts_trajectory_costate_hdf5 states -ts_trajectory_costate_commit always -ts_trajectory_costate_resume)

cat >one.sh <<'END'
echo $$ >"pid.${OMPI_COMM_WORLD_RANK:-$PMI_RANK}"
exec ./program "$@"
END
# program RANKS OPTION...
program() {
  local ranks=$1
  shift
  rm -f pid.*
  run_mpi "$ranks" bash one.sh "${options[@]}" "$@"
}

# evaluations: how many are on the tape; each is a commit
evaluations() {
  local last
  last=$(find tape -name 'manifest-*.txt' 2>/dev/null | sed 's/.*-0*\([0-9]*\)\.txt/\1/' | sort -n | tail -n 1)
  echo "${last:-0}"
}

# killed 'PIDS' EVALUATIONS MILLISECONDS OPTION...: once so many are on the tape, and that much later
killed() {
  local pids=$1 wanted=$2 later=$3 main i status
  shift 3
  rm -f pid.*
  program 2 "$@" >out 2>err &
  main=$!
  for ((i = 0; i < 3000; i++)); do
    # shellcheck disable=SC2086 # one file each
    if [ "$(evaluations)" -ge "$wanted" ] && cat $pids >/dev/null 2>&1; then break; fi
    if ! kill -0 $main 2>/dev/null; then break; fi
    sleep 0.01
  done
  sleep "$(printf '0.%03d' "$later")"
  # shellcheck disable=SC2046,SC2086 # one number each
  kill -9 $(cat $pids) 2>/dev/null
  wait $main
  status=$?
  t_ok $((status == 0)) "killed with $(evaluations) evaluations on the tape, ${later} ms after $wanted"
}

program 2 >whole 2>err || cat err >&2
mv map.txt whole.txt
t_is "$(grep -c '^ *[0-9]* *[0-9.]* *[0-9.]* *[0-9.e+-]* *[0-9.]*$' whole)" 7 'it prints its iterations'

killed 'pid.0 pid.1' 2 0 "${tape[@]}"
program 1 "${tape[@]}" >out 2>err
t_ok $(($? == 0)) 'on another number of ranks it does not go on'
t_like "$(t_text err)" '2 ranks' '... and says on how many it would'
first=$(evaluations)
killed pid.1 $((first + 2)) 0 "${tape[@]}"
t_like "$(cat err)" "costate: $first evaluations are on the tape" 'it says how much of it is known'
program 2 "${tape[@]}" >out 2>err
t_is "$(diff whole out && cmp whole.txt map.txt && echo same)" same 'killed twice, it ends with every digit of a run without'
t_is "$(find tape -name 'states-*' 2>/dev/null)" '' 'and the tape is gone'

# Here each step is committed, which takes longer than to compute it: fewer of them will do.
options+=(-steps_per_year 24 -iterations 8)
program 2 >whole 2>err || cat err >&2
mv map.txt whole.txt
killed 'pid.0 pid.1' 1 $((RANDOM % 300)) "${tape[@]}" "${disk[@]}"
killed 'pid.0 pid.1' 2 $((RANDOM % 300)) "${tape[@]}" "${disk[@]}"
cat err >errs
killed pid.0 3 $((RANDOM % 300)) "${tape[@]}" "${disk[@]}"
cat err >>errs
program 2 "${tape[@]}" "${disk[@]}" >out 2>err
t_is "$(diff whole out && cmp whole.txt map.txt && echo same)" same 'killed within evaluations, these go on where they were'
cat err >>errs
t_ok $(($(grep -c 'costate: going on in states' errs) == 0)) '... at a commit of their own'
options=(-coarsen 5 -years 1 -iterations 0) # of two that nothing reads either may be the one that is named
program 2 -tao_costate_tape tape >out 2>err
t_ok $(($? == 0)) 'a tape that no optimiser asked for is an error'
t_like "$(t_text err)" 'Option -tao_costate_tape was given but nothing read it' '... and says so'
t_done
