#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
# costate check: right problems pass, a wrong gradient does not, on one rank and on two; questions that make no sense.
. "${ROOT:-$(git rev-parse --show-toplevel)}/tests/tap.sh"

check() { "$COSTATE_BIN" check "$@" -ts_trajectory_costate_ram 100MB >out 2>err; }
verdicts() { sed -n 's/^\(derivatives\|gradient\): \([a-zA-Z]*\).*/\2/p' out | tr '\n' ' '; }
methods=$("$COSTATE_BIN" list methods | sed -n 's/^  \([a-z]*\) .*/\1/p')

check lotka -tend 3
t_is "$? $(verdicts)" "0 passed passed " "lotka passes"
t_like "$(cat out)" "Gradient by discrete" "by the default method"
missing=
for method in $methods; do grep -q "^$method " out || missing+=" $method"; done
t_is "$missing" "" "and all methods are shown side by side"
first=$(grep eps out)
check lotka -tend 3 -seed 2
t_is "$? $([ "$first" = "$(grep eps out)" ] && echo same)" "0 " "-seed: in another direction"

check mass
t_is "$? $(verdicts)" "0 passed passed " "a mass matrix"
t_like "$(cat out)" "F_u'.*a difference of the residual" "has derivatives more to check"
t_like "$(cat out)" "gradient: passed, the cost is linear" "and a linear cost is said to be one"
check dae1 -variant quadratic
t_is "$? $(verdicts)" "0 passed passed " "an algebraic equation"
check pendulum -cost integral -tend 2
t_is "$? $(verdicts)" "0 passed passed " "an initial state that depends on a parameter"
check heat -costate_type interpolating
t_is "$? $(verdicts)" "0 passed passed " "another method"
t_like "$(cat out)" "Gradient by interpolating" "is used"
run_mpi 2 "$COSTATE_BIN" check advdiff -n 6 -tend 0.1 -ts_trajectory_costate_ram 100MB >out 2>err
t_is "$? $(verdicts)" "0 passed passed " "on two ranks, said once"

# The transposed solves are stopped long before they have converged, and the gradient is wrong.
check heat -u0 1 -dt 0.01 -pc_type none -ksp_rtol 0.5 -snes_max_it 500 -ts_trajectory_costate_transposed_check 0
t_is "$? $(verdicts)" "1 passed FAILED " "a wrong gradient fails, with status 1"

"$COSTATE_BIN" check lotak >out 2>err
t_is "$? $(wc -c <out) $(wc -l <err)" "2 0 1" "an unknown problem is refused"
t_like "$(cat err)" "^costate check: There is no problem lotak; did you mean lotka" "in a sentence"
"$COSTATE_BIN" check lotka -sed 3 >out 2>err
t_is "$? $(wc -c <out)" "2 0" "a misspelt option is refused"
t_like "$(cat err)" "no option -sed; did you mean -seed" "by name"
"$COSTATE_BIN" check lotka -ts_type bdf >out 2>err
t_is $? 1 "a TS type that the method cannot do"
t_is "$(grep -c '^costate check: ' err)" 1 "in a sentence"
t_like "$("$COSTATE_BIN" check -help)" "usage: costate check PROBLEM" "check -help"
t_done
