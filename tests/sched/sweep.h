/* SPDX-License-Identifier: BSD-2-Clause */
/*
  The worst ratio of evaluations to the offline optimum over every stop n up to a limit, from the sets that the machine
  holds: E(n) = n + A(n; S(n-2)), A brought up to date from the lowest state that changed.
*/
#ifndef COSTATE_TESTS_SWEEP_H
#define COSTATE_TESTS_SWEEP_H

#include "interp.h"

#define SWEEP_SLOTS 64
#define SWEEP_T     400

typedef struct {
  int64_t s, count, changed, held[SWEEP_SLOTS + 1], prefix[SWEEP_SLOTS + 2];
  int64_t beta[SWEEP_SLOTS + 3][SWEEP_T];
  int64_t worst_n, regret_at_beta, decisions;
  double  worst;
} sweep;

static inline int64_t sweep_cost(const sweep *w, int64_t len, int64_t s)
{
  if (len <= 1) return 0;
  for (int t = 1; t < SWEEP_T; t++) {
    if (len <= w->beta[s][t]) return t * len - w->beta[s + 1][t - 1];
  }
  return costate_offline_advances(len, s);
}

static inline int sweep_drain(sweep *w, costate_sched *sched)
{
  costate_action a;

  for (;;) {
    if (costate_sched_next(sched, &a)) return 0;
    if (a.kind == COSTATE_YIELD) return 1;
    if (a.kind == COSTATE_STORE) {
      if (w->count == w->s) return 0;
      w->held[w->count++] = a.step;
    } else {
      int64_t j = w->count - 1;

      while (j > 0 && w->held[j] != a.step) j--;
      if (j == 0 || a.kind != COSTATE_EVICT) return 0;
      memmove(w->held + j, w->held + j + 1, (size_t)(w->count - j - 1) * sizeof(*w->held));
      w->count--;
      if (j < w->changed) w->changed = j;
    }
  }
}

/* A(n; the held set) */
static inline int64_t sweep_advances(sweep *w, int64_t n)
{
  for (int64_t m = w->changed > 0 ? w->changed - 1 : 0; m + 1 < w->count; m++) {
    w->prefix[m + 1] = w->prefix[m] + sweep_cost(w, w->held[m + 1] - w->held[m], w->s - m);
  }
  w->changed = w->count;
  return n - 1 + w->prefix[w->count - 1] + sweep_cost(w, n - 1 - w->held[w->count - 1], w->s - w->count + 1);
}

/* 0 if the machine misbehaved */
static inline int sweep_run(sweep *w, const char *policy, int64_t s, int64_t limit)
{
  const costate_sched_config cfg = {.policy = policy, .units = s};
  costate_sched             *sched;
  int64_t                    t = 1, good = 1;

  memset(w, 0, sizeof(*w));
  w->s = s;
  for (int64_t i = 0; i < SWEEP_SLOTS + 3; i++) {
    for (int64_t k = 0; k < SWEEP_T; k++) w->beta[i][k] = costate_beta(i, k);
  }
  if (costate_sched_create(&cfg, &sched)) return 0;
  for (int64_t n = 1; good && n <= limit; n++) { /* state n - 1 has arrived, the run may end with step n */
    int64_t best, e;
    double  ratio;

    good = !costate_sched_arrive(sched, n - 1, COSTATE_ARRIVE_STEP) && sweep_drain(w, sched);
    while (n > costate_beta(s, t)) t++;
    best  = n == 1 ? 1 : t * n - costate_beta(s + 1, t - 1) + n;
    e     = n + sweep_advances(w, n);
    ratio = (double)e / (double)best;
    if (ratio > w->worst) {
      w->worst   = ratio;
      w->worst_n = n;
    }
    if (e < best) good = 0;
    if (n == costate_beta(s, t) || n == costate_beta(s, t - 1) + 1) w->regret_at_beta += e - best;
    w->decisions++;
  }
  costate_sched_destroy(sched);
  return (int)good;
}

#endif
