#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
# A budget is kept as the operating system sees it: the largest resident set of runs with large states.
. "${ROOT:-$(git rev-parse --show-toplevel)}/tests/tap.sh"
. "$ROOT/tests/traj/programs/build.sh"
compile ./memory "$ROOT/tests/traj/programs/memory.c" || exit 1

n=500000 # 4 MB a state
if petsc_has PETSC_USE_COMPLEX; then n=250000; fi
state=$((500000 * 8 / 1024))
peak() { # STEPS ARGS... : kB
  local steps=$1
  shift
  ./memory -n $n -ts_type rk -ts_adapt_type none -steps "$steps" "$@" >out 2>err || cat err >&2
  sed -n 's/ kB, gradient right$//p' out
}
costate() { # BUDGET ARGS...
  local budget=$1
  shift
  peak 25 -dll_append "$COSTATE_LIB" -ts_trajectory_type costate -ts_trajectory_costate_ram "$budget" "$@" -ts_trajectory_costate_report report.json
}
# states KB: how many, with a digit after the point
states() { awk -v kb="$1" -v state=$state 'BEGIN { printf "%.1f", kb / state }'; }
within() { awk -v x="$1" -v lo="$2" -v hi="$3" 'BEGIN { exit !(x >= lo && x <= hi) }'; }

# Full storage on disk: the vectors of the application and of the method. How many more there are with a budget of one
# state: that state, the one that waits for its decision, and two work vectors.
for method in 4 1fe; do
  none=$(peak 25 -ts_rk_type $method -ts_trajectory_type basic -ts_trajectory_dirname "$PWD/SA")
  one=$(costate 1 -ts_rk_type $method)
  four=$(costate 4 -ts_rk_type $method)
  fourteen=$(costate 14 -ts_rk_type $method)
  recomputed=$(report recomputed)
  x=$(states $((one - none)))
  within "$x" 1 4.5
  t_ok $? "rk $method: beside its budget it takes a constant number of vectors ($x with a budget of 1)"
  x=$(states $((four - one)))
  within "$x" 2 3.5
  t_ok $? "rk $method: a budget of 4 takes no more than 3 states beyond that ($x)"
  x=$(states $((fourteen - four)))
  within "$x" 8.5 10.5
  t_ok $? "rk $method: a budget of 14 takes 10 states more ($x; $recomputed steps of 25 recomputed)"
done
bytes=$(costate "$((14 * 500000 * 8 / 1000 + 1))KB" -ts_rk_type 4)
counted=$(costate 14 -ts_rk_type 4)
x=$(states $((bytes - counted)))
within "$x" -0.5 0.5
t_ok $? "the same budget in bytes takes the same ($x states more)"

# A million steps in 16 states: what grows is the step log, 25 bytes a step in arrays that double when they are full.
n=2
long() { # STEPS
  peak "$1" -ts_rk_type 1fe -dll_append "$COSTATE_LIB" -ts_trajectory_type costate -ts_trajectory_costate_ram 16 -ts_trajectory_costate_report report.json
}
short=$(long 100000)
million=$(long 1000000)
[ "$(report steps)" = 1000000 ] && [ "$(report peak_states)" -le 16 ] && within "$(report ratio)" 1 1.0025
t_ok $? "a million steps in 16 states: $(report evaluations) evaluations, $(report ratio) times the optimum"
x=$(awk -v kb=$((million - short)) 'BEGIN { printf "%.1f", kb * 1024 / 900000 }')
within "$x" 20 50
t_ok $? "and at most twice the 25 bytes a step of the log ($x)"
t_done
