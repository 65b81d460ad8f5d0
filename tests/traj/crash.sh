#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
# A run that is killed, at a failpoint or at any instant, forward or backward, all ranks or one, and once more while it
# goes on from its commit, ends with the gradient of a run that nobody killed, bit for bit; nothing hangs.
. "${ROOT:-$(git rev-parse --show-toplevel)}/tests/tap.sh"
. "$ROOT/tests/traj/programs/build.sh"
compile ./driver "$ROOT/tests/traj/programs/driver.c" "-I$ROOT/include" || exit 1

crash=$ROOT/tests/traj/programs/crash.py
trajectory="-dll_append $COSTATE_LIB -ts_trajectory_type costate -ts_trajectory_costate_ram 4
  -ts_trajectory_costate_hdf5 DIR/d -ts_trajectory_costate_commit always"
fixed='-ts_adapt_type none'
adaptive='-ts_adapt_type basic -ts_theta_adapt -ts_rtol 1e-5 -ts_atol 1e-5'

# killed RANKS HOW TEXT ARGS... : HOW are options of crash.py
killed() {
  local ranks=$1 how=$2 text=$3 status
  shift 3
  # shellcheck disable=SC2086
  python3 "$crash" -n "$ranks" $how -jobs 2 -timeout 120 -options '-ts_trajectory_costate_resume_vouch hooks' -- \
    ./driver $trajectory "$@" >out 2>&1
  status=$?
  t_ok $status "$text, $ranks ranks: $(tail -n 1 out)"
  if [ $status != 0 ]; then head -n 40 out | cut -c1-300 | sed 's/^/# /' >&2; fi
  grep -qE 'resumed [1-9]' out
  t_ok $? 'and some of them had a commit to go on from'
}

# shellcheck disable=SC2086
{
  killed 1 '-points 4 -again' 'rk 3bs, adaptive' -ts_type rk -ts_rk_type 3bs $adaptive
  killed 1 '-points 4' 'rk 5dp, a number of steps' -ts_type rk -ts_rk_type 5dp $adaptive -app_end steps -app_end_step 13
  killed 1 '-points 4 -again' 'cn' -ts_type cn $fixed
  killed 1 '-points 4' 'cn, adaptive' -ts_type cn $adaptive
  killed 1 '-points 4' 'theta, adaptive' -ts_type theta $adaptive
  killed 1 '-points 4 -again' 'an event on the way' -ts_type rk -ts_rk_type 3bs $adaptive -app_event
  killed 1 '-points 4' 'an event on the way, cn' -ts_type cn $adaptive -app_event
  killed 1 '-points 4' 'an event at the end' -ts_type rk -ts_rk_type 3bs $adaptive -app_end event
  killed 1 '-points 4' 'the user ends it' -ts_type rk -ts_rk_type 4 $fixed -app_end user -app_end_step 11
  killed 1 '-points 4 -again' 'three solves' -ts_type rk -ts_rk_type 3bs $fixed -app_solves 3
  killed 1 '-points 4' 'three solves, an integral' -ts_type rk -ts_rk_type 3bs $adaptive -app_solves 3 -app_integral
  killed 1 '-points 4 -again' 'an integral, backward in pieces' -ts_type cn $fixed -app_integral -app_pieces
  killed 1 '-points 4' 'two runs' -ts_type rk -ts_rk_type 4 $fixed -app_runs 2
  killed 1 '-points 4' 'two sweeps' -ts_type cn $fixed -app_sweeps 2
  killed 1 '-instants 8' 'rk 4, any instant' -ts_type rk -ts_rk_type 4 $fixed -app_points 3000
  killed 2 '-points 4 -one -again' 'rk 4, one rank' -ts_type rk -ts_rk_type 4 $fixed
  killed 2 '-points 4' 'cn, adaptive, three solves' -ts_type cn $adaptive -app_solves 3
  killed 2 '-instants 6' 'cn, any instant' -ts_type cn $fixed -app_points 3000
  killed 3 '-points 4 -one' 'cn, one rank' -ts_type cn $fixed -app_end steps -app_end_step 9
}
t_done
