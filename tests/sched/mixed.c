/* SPDX-License-Identifier: BSD-2-Clause */
/* State and stage records in one budget: the recurrences, every row of the table, and the machine that attains them. */
#include "../tap.h"
#include "interp.h"

static void table(void)
{
  FILE   *f = oracle_open("mixed.csv");
  char    line[256];
  double  v[7];
  int64_t rows = 0, bad = 0, missed = 0, worse = 0;
  double  most = 0;

  while (oracle_row(f, line, sizeof(line), 7, v, NULL)) {
    const int            restarts = (int)v[0];
    const int64_t        g = (int64_t)v[1], units = (int64_t)v[2], n = (int64_t)v[3], e = (int64_t)v[4];
    costate_sched_config cfg = {.policy         = "offline",
                                .units          = units,
                                .stage_units    = g,
                                .stage_restarts = restarts,
                                .steps          = n};
    int64_t              online;

    rows++;
    if (test_fast() && rows % 10) continue;
    if (costate_mixed_evaluations(units, n, g, restarts) != e || costate_optimum(units, n, g, restarts) != e ||
        e - n != (int64_t)v[5] || costate_offline_advances(n, units) != (int64_t)v[6]) {
      if (!bad++) fprintf(stderr, "# first bad row: %s", line);
    }
    if (model_evaluations(&cfg, n) != e && !missed++) fprintf(stderr, "# the machine misses row %s", line);
    cfg.policy = "online";
    online     = model_evaluations(&cfg, n);
    if (online < e) worse++;
    if (n >= 4 * units && (double)online / (double)e > most) most = (double)online / (double)e;
  }
  ok(rows > 1000 && !bad, "%lld rows of mixed.csv", (long long)rows);
  ok(!missed, "policy offline executes as many steps as each row says");
  ok(!worse && most < 1.12,
     "policy online executes no fewer, and at most %.4f times as many in runs of 4 M steps and more", most);
  if (f) fclose(f);
}

/* Reversal from both end states: nothing is taped but the last step, which the table gives as g = 1 with restarts. */
static void end_states(void)
{
  int64_t bad = 0;

  for (int64_t units = 1; units <= (test_fast() ? 3 : 12); units++) {
    for (int64_t n = 1; n <= 300; n += 5) {
      const costate_sched_config cfg = {.policy         = "offline",
                                        .units          = units,
                                        .stage_units    = 1,
                                        .stage_restarts = 1,
                                        .steps          = n};
      const int64_t              p   = costate_offline_advances(n, units) + 1;

      if (costate_mixed_evaluations(units, n, 1, 1) != p || costate_optimum(units, n, 1, 1) != p) bad++;
      if (n % 3 == 0 && model_evaluations(&cfg, n) != p) bad++;
    }
  }
  ok(!bad, "g = 1 with restarts costs P(n, M) + 1");
}

/* Stretches too long for the table are split binomially until a piece fits. */
static void beyond_the_table(void)
{
  const int64_t n    = test_fast() ? 300 : 20000;
  int64_t       bad  = 0;
  double        most = 0;

  for (int restarts = 0; restarts < 2; restarts++) {
    for (int64_t g = 2; g <= 5; g += 3) {
      const int64_t best = costate_optimum(40, n, g, restarts), plain = costate_offline_advances(n, 40) + n;

      if (best < n || best >= plain || (!test_fast() && costate_mixed_evaluations(40, n, g, restarts) != -1)) bad++;
      for (int p = 0; p < 3; p += 2) {
        const costate_sched_config cfg = {.policy         = costate_sched_policy_name(p),
                                          .units          = 40,
                                          .stage_units    = g,
                                          .stage_restarts = restarts,
                                          .steps          = n};
        const int64_t              e   = model_evaluations(&cfg, n);

        if (e < n || (p == 2 && e != best)) bad++;
        if (p == 0 && (double)e / (double)best > most) most = (double)e / (double)best;
      }
    }
  }
  ok(!bad && most < 1.1, "%lld steps in 40 units: offline comes to the figure given, online to %.4f of it",
     (long long)n, most);
}

static void monotone(void)
{
  int64_t bad = 0;

  for (int restarts = 0; restarts < 2; restarts++) {
    for (int64_t g = 1; g <= 4; g++) {
      for (int64_t units = 1; units <= (test_fast() ? 6 : 20); units++) {
        for (int64_t n = 1; n <= 60; n += 7) {
          const int64_t e = costate_mixed_evaluations(units, n, g, restarts);

          if (e < n || e > costate_offline_advances(n, units) + n) bad++;
          if (costate_mixed_evaluations(units + 1, n, g, restarts) > e) bad++;
          if (costate_mixed_evaluations(units, n, g + 1, restarts) < e && !(restarts && g == 1)) bad++;
        }
      }
    }
  }
  ok(!bad, "more units never cost more, larger records never less, and states alone never less");
}

int main(void)
{
  plan(6);
  table();
  end_states();
  beyond_the_table();
  monotone();
  return done();
}
