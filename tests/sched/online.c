/* SPDX-License-Identifier: BSD-2-Clause */
/* Policy online is near the optimum at every stop, and at the optimum at both sides of every beta(s, t). */
#include "../tap.h"
#include "sweep.h"

int main(void)
{
  static const struct {
    int64_t s;
    double  worst;
  } known[]           = {{2, 1.096154},  {3, 1.042955},  {4, 1.026353},  {5, 1.018116},  {6, 1.013158},
                         {7, 1.009709},  {8, 1.007587},  {10, 1.005194}, {12, 1.003745}, {16, 1.002227},
                         {20, 1.001473}, {32, 1.000604}, {64, 1.000157}};
  const int     count = (int)(sizeof(known) / sizeof(known[0]));
  const int64_t limit = test_fast() ? 20000 : 1000000;
  static sweep  w;

  plan(2 * count);
  for (int i = 0; i < count; i++) {
    const int good = sweep_run(&w, "online", known[i].s, limit);

    ok(good && w.worst <= known[i].worst + 5e-7,
       "%lld units: the worst ratio over every n up to %lld is %.6f, at n = %lld", (long long)known[i].s,
       (long long)limit, w.worst, (long long)w.worst_n);
    ok(w.regret_at_beta == 0, "%lld units: no regret at beta(s, t) and beta(s, t) + 1", (long long)known[i].s);
  }
  return done();
}
