/* SPDX-License-Identifier: BSD-2-Clause */
/*
  The least number of evaluations with state (1 unit) and stage records (g units), by dynamic programming:

    V(M, n) = min( 1 + V'(M - g, n - 1), min_i i + V(M - 1, n - i) + V(M, i) ),  V(M, 1) = 1

  with V' = V, or, where a record restarts the run, V' = W, the same with a start state that can be restored for
  nothing:

    W(M, n) = min( 1 + W(M - g, n - 1), min_i i + V(M, n - i) + W(M, i) ),       W(M, 1) = 1

  V is not convex in n, so there is no shortcut past the minimum over i; the table is bounded instead.
*/
#include <stdlib.h>
#include "policy.h"

#define MAX_STEPS 4096
/* additions, a few tenths of a second */
#define MAX_WORK 600000000
#define NEVER    (INT64_MAX / 4)

struct costate_mixed {
  int64_t  rows, steps, g; /* M = 0 .. rows-1, n = 0 .. steps */
  int      restarts;
  int64_t *v, *w;
};

/* Beyond (n - 1) g units every step's record fits and more units change nothing. */
static int64_t useful(int64_t units, int64_t n, int64_t g)
{
  return units / g < n - 1 ? units : (n - 1) * g;
}

static int fits(int64_t units, int64_t n, int64_t g, int restarts)
{
  return n <= MAX_STEPS && (useful(units, n, g) + 1) * n <= MAX_WORK / n / (restarts ? 2 : 1);
}

void costate_mixed_destroy(costate_mixed *m)
{
  if (!m) return;
  free(m->v);
  free(m);
}

static int64_t best_advance(const int64_t *rest, const int64_t *first, int64_t n, int64_t *value)
{
  int64_t best = 0, least = NEVER;

  for (int64_t i = 1; i < n; i++) {
    const int64_t e = i + rest[n - i] + first[i];

    if (e < least) {
      least = e;
      best  = i;
    }
  }
  *value = least;
  return best;
}

/* The value of a stretch of n >= 2 steps with row M, and how to begin it. */
static int64_t solve(const costate_mixed *m, int64_t units, int64_t n, int start_is_free, costate_choice *c)
{
  const int64_t  w     = m->steps + 1;
  const int64_t *after = m->restarts ? m->w : m->v;
  int64_t        e     = NEVER;

  c->record  = 0;
  c->advance = 0;
  if (start_is_free)
    c->advance = best_advance(m->v + units * w, m->w + units * w, n, &e);
  else if (units > 0)
    c->advance = best_advance(m->v + (units - 1) * w, m->v + units * w, n, &e);
  if (units >= m->g && 1 + after[(units - m->g) * w + n - 1] <= e) {
    e         = 1 + after[(units - m->g) * w + n - 1];
    c->record = 1;
  }
  return e < NEVER ? e : NEVER;
}

static costate_mixed *build(int64_t units, int64_t n, int64_t g, int restarts)
{
  const int64_t  rows = useful(units, n, g) + 1, width = n + 1;
  costate_mixed *m = calloc(1, sizeof(*m));
  costate_choice c;

  if (!m) return NULL;
  m->v = malloc((size_t)(rows * width * (restarts ? 2 : 1)) * sizeof(*m->v));
  if (!m->v) {
    free(m);
    return NULL;
  }
  m->w        = restarts ? m->v + rows * width : m->v;
  m->rows     = rows;
  m->steps    = n;
  m->g        = g;
  m->restarts = restarts;
  for (int64_t r = 0; r < rows; r++) {
    m->v[r * width] = m->w[r * width] = 0;
    for (int64_t k = 1; k <= n; k++) {
      m->v[r * width + k] = k == 1 ? 1 : solve(m, r, k, 0, &c);
      if (restarts) m->w[r * width + k] = k == 1 ? 1 : solve(m, r, k, 1, &c);
    }
  }
  return m;
}

int64_t costate_mixed_evaluations(int64_t units, int64_t n, int64_t g, int restarts)
{
  costate_mixed *m;
  int64_t        e;

  if (n <= 1) return n == 1;
  if (g < 1 || units < 1) return -1;
  if (units / g >= n - 1) return n;
  if (!fits(units, n, g, restarts)) return -1;
  m = build(units, n, g, restarts);
  if (!m) return -1;
  e = m->v[useful(units, n, g) * (n + 1) + n];
  costate_mixed_destroy(m);
  return e;
}

/* Makes s->mixed cover the stretch; leaves it alone where that would be too large. */
static int cover(costate_sched *s, int64_t units, int64_t n)
{
  costate_mixed *m     = s->mixed;
  int64_t        steps = n;

  if (m && n <= m->steps && useful(units, n, s->stage_units) < m->rows) return COSTATE_SCHED_OK;
  if (!fits(units, n, s->stage_units, s->restarts)) return COSTATE_SCHED_OK;
  /* room to grow, so that a sequence of longer and longer stretches does not rebuild it each time */
  if (fits(s->units, 2 * n, s->stage_units, s->restarts)) steps = 2 * n;
  if (fits(s->units, steps, s->stage_units, s->restarts)) units = s->units;
  m = build(units, steps, s->stage_units, s->restarts);
  if (!m) return costate_sched_fail(s, COSTATE_SCHED_ERR_MEM, "no memory for the table of stage records");
  costate_mixed_destroy(s->mixed);
  s->mixed = m;
  return COSTATE_SCHED_OK;
}

int costate_split(costate_sched *s, int64_t n, int64_t units, int start_is_free, costate_choice *c)
{
  int64_t jmin;
  int     err;

  c->record = 0;
  if (s->records) {
    if (units / s->stage_units >= n - 1) {
      c->record  = 1;
      c->advance = 1;
      return COSTATE_SCHED_OK;
    }
    err = cover(s, units, n);
    if (err) return err;
    if (s->mixed && n <= s->mixed->steps && useful(units, n, s->stage_units) < s->mixed->rows) {
      (void)solve(s->mixed, useful(units, n, s->stage_units), n, start_is_free, c);
      return COSTATE_SCHED_OK;
    }
  }
  costate_offline_split(n, units + (start_is_free != 0), &jmin, &c->advance);
  return COSTATE_SCHED_OK;
}
