/* SPDX-License-Identifier: BSD-2-Clause */
/* suite: long */
/* Policy online over ten million steps; and far more random runs than every day can have. */
#include "../tap.h"
#include "sweep.h"

int main(void)
{
  /* the worst ratio over every n up to 10^7 */
  static const struct {
    int64_t s;
    double  worst;
  } known[]          = {{3, 1.042955},  {5, 1.018116},  {8, 1.007587}, {10, 1.005742},
                        {16, 1.002227}, {32, 1.000604}, {64, 1.000157}};
  const int    count = (int)(sizeof(known) / sizeof(known[0]));
  static sweep w;
  uint64_t     rng = test_seed() * 0x9E3779B97F4A7C15u + 5;
  int64_t      bad = 0;

  plan(count + 1);
  for (int i = 0; i < count; i++) {
    const int good = sweep_run(&w, "online", known[i].s, 10000000);

    ok(good && w.worst <= known[i].worst + 5e-7 && w.regret_at_beta == 0,
       "%lld units: the worst ratio over every n up to 10^7 is %.6f, at n = %lld", (long long)known[i].s, w.worst,
       (long long)w.worst_n);
  }
  for (int r = 0; r < 2000 && !bad; r++) {
    const int64_t              N   = 1 + random_below(&rng, 2000);
    const costate_sched_config cfg = {.policy         = costate_sched_policy_name((int)random_below(&rng, 3)),
                                      .units          = 1 + random_below(&rng, 80),
                                      .stage_units    = random_below(&rng, 9),
                                      .stage_restarts = (int)random_below(&rng, 2),
                                      .steps          = N + random_below(&rng, 3)};

    bad = model_evaluations(&cfg, N) < 0;
  }
  ok(!bad, "2000 random runs of up to 2000 steps (seed %llu)", (unsigned long long)test_seed());
  return done();
}
