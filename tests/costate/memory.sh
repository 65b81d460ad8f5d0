#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
# What the methods take, as the operating system sees it: the largest resident set of runs with large states and as many
# parameters. The budget is kept; nothing grows with the number of steps; gauss has no dense lambda, not even of one step.
. "${ROOT:-$(git rev-parse --show-toplevel)}/tests/tap.sh"
. "$ROOT/tests/traj/programs/build.sh"
lib=$(dirname "$COSTATE_LIB")
compile ./field "$ROOT/tests/costate/programs/field.c" -I"$ROOT/include" -L"$lib" -lcostate -Wl,-rpath,"$lib" || exit 1

n=100000 # 0.8 MB a state
if petsc_has PETSC_USE_COMPLEX; then n=50000; fi
state=$((100000 * 8 / 1024))
# Where the heap keeps freed vectors differs by a state or so from run to run; what must not be kept is 76 states and more.
# peak METHOD STEPS BUDGET ARGS... : kB; the whole line is left in the file out
peak() {
  local method=$1 steps=$2 budget=$3
  shift 3
  ./field -n $n -steps "$steps" -ts_adapt_type none -costate_type "$method" -ts_trajectory_costate_ram "$budget" "$@" >out 2>err || cat err >&2
  awk '$NF < 1e-7 && $(NF - 1) < 1e-7 { print $1 }' out # of a right gradient only
}
# states KB: how many, with a digit after the point
states() { awk -v kb="$1" -v state=$state 'BEGIN { printf "%.1f", kb / state }'; }
within() { awk -v x="$1" -v lo="$2" -v hi="$3" 'BEGIN { exit !(x >= lo && x <= hi) }'; }

declare -A few short
for method in interpolating quadrature gauss; do
  four=$(peak $method 160 4)
  few[$method]=$(peak $method 160 8)
  again=$(sed 's/.* steps, //; s/,.*//' out)
  x=$(states $((few[$method] - four)))
  within "$x" 2 6
  t_ok $? "$method: 160 steps in 8 states, a twentieth of them, take 4 states more than in 4 ($x; $again)"
done
all=$(peak interpolating 160 161)
x=$(states $((all - few[interpolating])))
within "$x" 145 158
t_ok $? "interpolating: all states take 151 more than 8 of them ($x)"
for method in interpolating quadrature gauss; do
  short[$method]=$(peak $method 40 8)
  x=$(states $((few[$method] - short[$method])))
  within "$x" -3 3
  t_ok $? "$method: four times as many steps take no more memory ($x states more)"
done

# Twenty steps of the sweep in one of the run: what is kept of lambda there
for method in interpolating quadrature gauss; do
  one=$(peak $method 10 11)
  twenty=$(peak $method 10 11 -costate_adjoint_ts_dt 0.005)
  grep -q ' 200 back' out
  t_ok $? "$method: twenty steps of the sweep in one of the run"
  x=$(states $((twenty - one)))
  if [ $method = quadrature ]; then
    within "$x" 68 84
    t_ok $? "quadrature keeps four vectors for each of them ($x states more)"
  else
    within "$x" -3 3
    t_ok $? "$method keeps none of them ($x states more)"
  fi
done
x=$(states $((few[interpolating] - few[gauss])))
within "$x" 5 20
t_ok $? "the integrator of gauss does not carry the parameters along ($x states less than interpolating)"
t_done
