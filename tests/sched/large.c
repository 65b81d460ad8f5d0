/* SPDX-License-Identifier: BSD-2-Clause */
/*
  Steps about 10^9.  No test can run so many, but every generation of policy online starts from a known set, the optimum
  at n = beta(s, t): the machine is put there, fed with arrivals, and then reverses.
*/
#include "../tap.h"
#include "interp.h"
#include "../../src/sched/table.h"

static void jump_in(int64_t s, int64_t t, int64_t arrivals)
{
  const costate_sched_config cfg   = {.policy = "online", .units = s};
  const int64_t              start = costate_beta(s, t);
  int64_t                    held[64], count, n = start, bad = 0, reversed = 0;
  double                     worst = 0;
  costate_sched             *sched;
  costate_action             a;

  if (costate_sched_create(&cfg, &sched)) return;
  /* interior points of the optimal set at n = start: start - beta(m, t), m = s - 1 .. 1 */
  if (costate_keep_state(sched, 0, 1, 0)) bad++;
  for (int64_t m = s - 1; m > 0; m--) {
    if (costate_keep_state(sched, start - costate_beta(m, t), 0, 0)) bad++;
  }
  sched->head = sched->tail = 0;
  sched->arrived            = start - 1;
  for (; !bad && n < start + arrivals; n++) {
    const int64_t best = costate_optimum(s, n, 0, 0);
    int64_t       e;

    count = costate_sched_nheld(sched, held, 64);
    e     = n + advances_of(held, count, s, n);
    if (e < best || (n <= start + 1 && e != best)) bad++;
    if ((double)e / (double)best > worst) worst = (double)e / (double)best;
    if (costate_sched_arrive(sched, n, COSTATE_ARRIVE_STEP)) bad++;
    for (a.kind = COSTATE_STORE; !bad && a.kind != COSTATE_YIELD;) bad += costate_sched_next(sched, &a) != 0;
  }
  ok(!bad && worst < 1.03, "%lld units: from n = beta(s, %lld) = %lld the worst ratio over %lld stops is %.6f",
     (long long)s, (long long)t, (long long)start, (long long)arrivals, worst);
  if (costate_sched_turn(sched, n)) bad++;
  while (!bad && reversed < 20000) {
    bad += costate_sched_next(sched, &a) != 0;
    if (a.kind == COSTATE_ADJOINT && a.step != n - reversed++) bad++;
    if (a.kind == COSTATE_ADVANCE && (a.from >= a.step || a.step > n - reversed - 1)) bad++;
  }
  ok(!bad, "and the reversal begins in order");
  costate_sched_destroy(sched);
}

int main(void)
{
  const int64_t arrivals = test_fast() ? 2000 : 40000;

  plan(10);
  jump_in(3, 1815, arrivals); /* beta about 10^9 each */
  jump_in(5, 161, arrivals);
  jump_in(10, 30, arrivals);
  jump_in(16, 16, arrivals);
  jump_in(64, 6, arrivals);
  return done();
}
