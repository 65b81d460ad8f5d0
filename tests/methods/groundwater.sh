#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
# examples/groundwater on a coarse grid: its gradient is right, and the field is found from heads with errors, to within
# what these say, the same on one rank and on two.
. "${ROOT:-$(git rev-parse --show-toplevel)}/tests/tap.sh"
. "$ROOT/tests/traj/programs/build.sh"
real_only "the example and PETSc's optimisers are"
lib=$(dirname "$COSTATE_LIB")
compile ./program "$ROOT"/examples/groundwater/*.c -I"$ROOT/include" -L"$lib" -lcostate -Wl,-rpath,"$lib" || exit 1

# between FILE KEY LEAST MOST TEXT
between() {
  local x
  x=$(report "$2" "$1")
  awk -v x="$x" -v a="$3" -v b="$4" 'BEGIN { exit !(x != "" && x + 0 >= a && x + 0 <= b) }'
  t_ok $? "$5: ${x:-not reported}, from $3 to $4"
}

# The field is another one for each seed, and easier to see for some of them.
for ranks in 1 2; do
  mkdir -p $ranks
  run_mpi $ranks ./program -nx 32 -ny 16 -refine 3 -check -seed "$SEED" -out $ranks >$ranks.out 2>&1 || {
    t_ok 1 "seed $SEED, $ranks ranks: ended with a status"
    head -c 3000 $ranks.out | sed 's/^/# /' >&2
    continue
  }
  text="seed $SEED, $ranks ranks"
  between $ranks/report.json taylor_order 1.99 2.2 "$text: order of the Taylor remainders"
  between $ranks/report.json chi2_per_well .97 1.03 "$text: chi^2 a well"
  between $ranks/report.json correlation .6 1 "$text: correlation with the truth"
done
for key in weight correlation; do
  awk -v a="$(report $key 1/report.json)" -v b="$(report $key 2/report.json)" \
    'BEGIN { d = a - b; exit !(a > 0 && d * d < 4e-4 * a * a) }'
  t_ok $? "seed $SEED: the same $key on 2 ranks as on 1"
done

# The error of what is measured, not the optimiser, is what ends it: heads that are known better say more.
run_mpi 1 ./program -nx 32 -ny 16 -refine 1 -truth channels -regularization tv -seed "$SEED" -sigma .2 -out . >tv.out 2>&1
rough=$(report correlation)
run_mpi 1 ./program -nx 32 -ny 16 -refine 1 -truth channels -regularization tv -seed "$SEED" -sigma .02 -out . >>tv.out 2>&1
awk -v a="${rough:-1}" -v b="$(report correlation)" 'BEGIN { exit !(b > a) }'
t_ok $? "seed $SEED: total variation: errors of 0.2 m leave ${rough:-?}, of 0.02 m $(report correlation)"
t_done
