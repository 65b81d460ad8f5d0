#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
# PETSc's tutorials, unmodified, with -costate_type auto: their TSAdjointSolve() is done by what the rules take for the
# TS type, which is said once, and gives what that method gives by name.
. "${ROOT:-$(git rev-parse --show-toplevel)}/tests/tap.sh"
. "$ROOT/tests/traj/programs/build.sh"
dir=$(examples_dir)
if [ -z "$dir" ]; then t_skip_all "$no_examples"; fi
compile ./ex20adj "$dir/ts/tutorials/ex20adj.c" || exit 1

# run NAME ARGS...: what it says on stderr is in NAME.err
run() {
  local name=$1
  shift
  run_mpi 1 ./ex20adj -dll_append "$COSTATE_LIB" -ts_save_trajectory -ts_trajectory_type costate \
    -ts_trajectory_costate_ram 10000 -monitor 0 -mu 100 -ts_dt .01 "$@" >"$name.out" 2>"$name.err"
}
for pair in bdf:interpolating cn:discrete; do
  type=${pair%:*} method=${pair#*:}
  run auto -ts_type "$type" -costate_type auto
  t_is "$?" 0 "$type with -costate_type auto"
  run named -ts_type "$type" -costate_type "$method"
  t_is "$(cat auto.out)" "$(cat named.out)" "gives what $method gives"
  t_is "$(grep -c "^costate: -costate_type auto: $method, " auto.err)" 1 "says once that it is $method"
  t_like "$(cat auto.err)" "  not forward: goes along with the run, and TSAdjointSolve\(\) goes backward" \
    "and why not forward"
done
t_done
