/* SPDX-License-Identifier: BSD-2-Clause */
/* Policies online and wang hold the states and cost the advances of every row of the tables. */
#include "../tap.h"
#include "sweep.h"

/* The full schedule is executed for rows up to here; longer runs are judged by the set and the formula for its cost. */
#define EXECUTED 3000

static int same_set(const sweep *w, char *text)
{
  for (int64_t i = 0; i < w->count; i++) {
    if (strtoll(text, &text, 10) != w->held[i]) return 0;
    text++;
  }
  return text[-1] == '\n' || text[-1] == '\r' || text[-1] == ',';
}

static void compare(const char *policy, const char *file, int skip)
{
  FILE          *f = oracle_open(file);
  char           line[2048], *rest;
  double         v[5];
  int64_t        rows = 0, bad = 0, executed = 0, n = 0;
  costate_sched *sched = NULL;
  static sweep   w;

  while (oracle_row(f, line, sizeof(line), 5, v, &rest)) {
    const costate_sched_config cfg  = {.policy = policy, .units = (int64_t)v[0]};
    const int64_t              stop = (int64_t)v[1], wanted = (int64_t)v[4];
    int                        good = 1;

    if (test_fast() && stop > EXECUTED / 6) continue;

    if (!sched || w.s != cfg.units || n > stop) {
      costate_sched_destroy(sched);
      memset(&w, 0, sizeof(w));
      w.s  = cfg.units;
      n    = 0;
      good = !costate_sched_create(&cfg, &sched);
    }
    for (; good && n < stop; n++) good = !costate_sched_arrive(sched, n, COSTATE_ARRIVE_STEP) && sweep_drain(&w, sched);
    good = good && sweep_advances(&w, stop) == wanted; /* the set when step `stop` ends the run */
    for (; good && n <= stop; n++)
      good = !costate_sched_arrive(sched, n, COSTATE_ARRIVE_STEP) && sweep_drain(&w, sched);
    for (int i = 0; i < skip && rest; i++) rest = strchr(rest, ',') + 1;
    good = good && same_set(&w, rest);
    if (good && stop <= EXECUTED) {
      good = model_evaluations(&cfg, stop) == wanted + stop;
      executed++;
    }
    if (!good && !bad++) fprintf(stderr, "# %s: first bad row: %s", file, line);
    rows++;
  }
  ok(rows > (test_fast() ? 500 : 1000) && !bad, "%s: %lld rows of %s, %lld of them executed", policy, (long long)rows,
     file, (long long)executed);
  costate_sched_destroy(sched);
  if (f) fclose(f);
}

int main(void)
{
  plan(2);
  compare("online", "online.csv", 2);
  compare("wang", "online_wang.csv", 5);
  return done();
}
