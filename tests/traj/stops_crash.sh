#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
# A run with stops that is killed goes on with the steps that it would have taken and ends with the same bits, also where
# a function is in the place of the adjoint step; with other stops it does not go on.
. "${ROOT:-$(git rev-parse --show-toplevel)}/tests/tap.sh"
. "$ROOT/tests/traj/programs/build.sh"
lib=$(dirname "$COSTATE_LIB")
compile ./stopping "$ROOT/tests/traj/programs/stopping.c" "-I$ROOT/include" "-L$lib" -lcostate "-Wl,-rpath,$lib" || exit 1

trajectory='-ts_trajectory_type costate -ts_trajectory_costate_ram 4 -ts_trajectory_costate_commit always'
stops='-app_stops 0,.123,.3,.301,.75,1'
fixed='-ts_adapt_type none'
adaptive='-ts_adapt_type basic -ts_theta_adapt -ts_rtol 1e-5 -ts_atol 1e-5'

# killed RANKS HOW TEXT ARGS... : HOW are options of crash.py
killed() {
  local ranks=$1 how=$2 text=$3 status
  shift 3
  # shellcheck disable=SC2086
  python3 "$ROOT/tests/traj/programs/crash.py" -n "$ranks" $how -jobs 2 -timeout 120 \
    -options '-ts_trajectory_costate_resume_vouch hooks' -- ./stopping $trajectory -ts_trajectory_costate_hdf5 DIR/d $stops "$@" >out 2>&1
  status=$?
  t_ok $status "$text, $ranks ranks: $(tail -n 1 out)"
  if [ $status != 0 ]; then head -n 40 out | cut -c1-300 | sed 's/^/# /' >&2; fi
  grep -qE 'resumed [1-9]' out
  t_ok $? 'and some of them had a commit to go on from'
}

# shellcheck disable=SC2086
{
  killed 1 '-points 6 -again' 'rk 4, fixed' -ts_type rk -ts_rk_type 4 $fixed
  killed 1 '-points 6 -again' 'rk 3bs, adaptive' -ts_type rk -ts_rk_type 3bs $adaptive
  killed 1 '-points 6' 'cn, adaptive' -ts_type cn $adaptive
  killed 1 '-points 6' 'rk 3bs, an event on the way' -ts_type rk -ts_rk_type 3bs $adaptive -app_event
  killed 1 '-points 6' 'rk 4, three solves' -ts_type rk -ts_rk_type 4 $fixed -app_solves 3
  killed 1 '-points 6 -again' 'rk 3bs, a function' -ts_type rk -ts_rk_type 3bs $adaptive -app_reverse
  killed 1 '-points 6' 'rosw, a function' -ts_type rosw $adaptive -app_reverse
  killed 2 '-points 4 -one' 'arkimex, a function' -ts_type arkimex -ts_arkimex_fully_implicit $adaptive -app_reverse

  run="./stopping $trajectory -ts_trajectory_costate_hdf5 d -ts_type rk -ts_rk_type 4 $fixed"
  (COSTATE_FAILPOINT=60 timeout 60 $run $stops) >/dev/null 2>&1
  timeout 60 $run -app_stops 0,.123,.3,.302,.75,1 -ts_trajectory_costate_resume >out 2>err
  [ $? != 0 ] && ! grep -q lambda out && grep -qE 'cannot go on|its options were others' err
  t_ok $? 'with other stops it does not go on'
}
t_done
