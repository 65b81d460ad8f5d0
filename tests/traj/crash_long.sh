#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
# suite: long
# SIGKILL at every failpoint, of all ranks and of one, and at random instants, on 1, 2 and 3 ranks and in each layout; and
# the loss of power.  A sample takes a few points of each.
. "${ROOT:-$(git rev-parse --show-toplevel)}/tests/tap.sh"
. "$ROOT/tests/traj/programs/build.sh"
. "$ROOT/tests/harness/programs/build.sh"
compile ./driver "$ROOT/tests/traj/programs/driver.c" "-I$ROOT/include" || exit 1
build_shim || exit 1

crash=$ROOT/tests/traj/programs/crash.py
trajectory="-dll_append $COSTATE_LIB -ts_trajectory_type costate -ts_trajectory_costate_ram 2
  -ts_trajectory_costate_hdf5 DIR/d -ts_trajectory_costate_commit always -ts_adapt_type none -app_end steps"
all=ALL instants=200
if [ -n "${COSTATE_SAMPLE:-}" ]; then all=4 instants=4 SEED=$COSTATE_SAMPLE; fi

# killed RANKS HOW TEXT ARGS...
killed() {
  local ranks=$1 how=$2 text=$3 status
  shift 3
  # shellcheck disable=SC2086
  python3 "$crash" -n "$ranks" $how -jobs 2 -timeout 120 -seed "$SEED" -- ./driver $trajectory "$@" >out 2>&1
  status=$?
  t_ok $status "$text, $ranks ranks: $(tail -n 1 out)"
  echo "$text, $ranks ranks: $(tail -n 1 out)" >&2
  if [ $status != 0 ]; then head -n 40 out | cut -c1-300 | sed 's/^/# /' >&2; fi
}

for layout in shared node rank; do
  for ranks in 1 2 3; do
    points=$all
    # what the layouts share is gone through on one rank and, where files are shared, on two; elsewhere every few
    if [ "$points" = ALL ] && [ "$ranks$layout" != 2shared ] && [ $ranks != 1 ]; then points=60; fi
    killed $ranks "-points $points" "all ranks at a failpoint, $layout" -ts_type rk -ts_rk_type 4 -app_end_step 4 \
      -ts_trajectory_costate_hdf5_layout $layout
    if [ $ranks != 1 ]; then
      killed $ranks "-points $points -one -again" "one rank, and again when resumed, $layout" -ts_type cn -app_end_step 4 \
        -ts_trajectory_costate_hdf5_layout $layout
    fi
  done
done
for ranks in 1 2 3; do
  killed $ranks "-instants $instants" 'any instant' -ts_type cn -app_end_step 20 -app_points 3000
  points=$all
  if [ "$points" = ALL ] && [ $ranks != 1 ]; then points=60; fi
  killed $ranks "-points $points -power $PWD/shim.so" 'the power is lost' -ts_type rk -ts_rk_type 4 -app_end_step 4
done
t_done
