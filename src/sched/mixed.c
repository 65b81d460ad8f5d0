/* SPDX-License-Identifier: BSD-2-Clause */
/*
  The least number of evaluations with state (1 unit) and stage records (g units), by dynamic programming:

    V(M, n) = min( 1 + V'(M - g, n - 1), min_i i + V(M - 1, n - i) + V(M, i) ),  V(M, 1) = 1

  with V' = V, or, where a record restarts the run, V' = W, the same with a start state that can be restored for
  nothing:

    W(M, n) = min( 1 + W(M - g, n - 1), min_i i + V(M, n - i) + W(M, i) ),       W(M, 1) = 1

  V is not convex in n (its slopes alternate between t and t + 1), so the minimum over i does not move by single steps
  as n grows and every i is tried; the table is bounded instead.
*/
#include <stdlib.h>
#include "table.h"

/* rows times n squared, half a second or so; and the n for which that is 1 row */
#define MAX_WORK  1200000000
#define MAX_STEPS 24000
#define NEVER     (INT64_MAX / 4)

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
  return n <= MAX_STEPS && useful(units, n, g) < MAX_WORK / (n * n * (restarts ? 2 : 1));
}

/* The longest stretch whose table may be built */
static int64_t longest(int64_t units, int64_t g, int restarts)
{
  int64_t lo = 1, hi = MAX_STEPS + 1;

  while (hi - lo > 1) {
    const int64_t mid = lo + (hi - lo) / 2;

    if (fits(units, mid, g, restarts))
      lo = mid;
    else
      hi = mid;
  }
  return lo;
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

/* Makes s->mixed cover stretches of n steps; 0 where the table would be too large. */
static int cover(costate_sched *s, int64_t n, int *covered)
{
  const int64_t g     = s->stage_units;
  int64_t       steps = n;

  *covered = fits(s->units, n, g, s->restarts);
  if (!*covered) return COSTATE_SCHED_OK;
  if (s->mixed && n <= s->mixed->steps && useful(s->units, s->mixed->steps, g) < s->mixed->rows)
    return COSTATE_SCHED_OK;
  /* room to grow, so that a sequence of longer and longer stretches does not rebuild it each time */
  if (s->mixed) {
    const int64_t most = longest(s->units, g, s->restarts);

    steps = 2 * n < most ? 2 * n : most;
  }
  costate_mixed_destroy(s->mixed);
  s->mixed = build(s->units, steps, g, s->restarts);
  if (!s->mixed) return costate_sched_fail(s, COSTATE_SCHED_ERR_MEM, "no memory for the table of stage records");
  return COSTATE_SCHED_OK;
}

int costate_mixed_lookup(costate_sched *s, int64_t units, int64_t n, int64_t *v)
{
  int covered;

  *v = n;
  if (units / s->stage_units >= n - 1) return COSTATE_SCHED_OK;
  COSTATE_TRY(cover(s, n, &covered));
  *v = covered ? s->mixed->v[useful(units, n, s->stage_units) * (s->mixed->steps + 1) + n] : -1;
  return COSTATE_SCHED_OK;
}

int costate_split(costate_sched *s, int64_t n, int64_t units, int start_is_free, costate_choice *c)
{
  int64_t jmin, jmax;
  int     covered;

  c->record = 0;
  if (s->records) {
    if (units / s->stage_units >= n - 1) {
      c->record  = 1;
      c->advance = 1;
      return COSTATE_SCHED_OK;
    }
    COSTATE_TRY(cover(s, n, &covered));
    if (covered) {
      (void)solve(s->mixed, useful(units, n, s->stage_units), n, start_is_free, c);
      return COSTATE_SCHED_OK;
    }
  }
  /* with states alone all of the range is optimal; beyond the table its middle leaves stretches where records pay best
   */
  costate_offline_split(n, units + (start_is_free != 0), &jmin, &jmax);
  c->advance = jmin + (jmax - jmin) / 2;
  return COSTATE_SCHED_OK;
}

/* What the splits above cost for a run of known length beyond the table, each distinct stretch reckoned once. */
#define PIECES 4096

typedef struct {
  const costate_mixed *table;
  int64_t              count, units[PIECES], n[PIECES], cost[PIECES];
} pieces;

static int64_t compose(pieces *p, int64_t units, int64_t n)
{
  int64_t jmin, jmax, j, rest, first;

  if (units / p->table->g >= n - 1) return n;
  if (n <= p->table->steps) return p->table->v[useful(units, n, p->table->g) * (p->table->steps + 1) + n];
  for (int64_t i = 0; i < p->count; i++) {
    if (p->units[i] == units && p->n[i] == n) return p->cost[i];
  }
  costate_offline_split(n, units, &jmin, &jmax);
  j     = jmin + (jmax - jmin) / 2;
  rest  = compose(p, units - 1, n - j);
  first = compose(p, units, j);
  if (rest >= NEVER || first >= NEVER || p->count == PIECES) return NEVER;
  p->units[p->count]  = units;
  p->n[p->count]      = n;
  p->cost[p->count++] = j + rest + first;
  return j + rest + first;
}

int64_t costate_mixed_composed(int64_t units, int64_t n, int64_t g, int restarts)
{
  pieces        *p = calloc(1, sizeof(*p));
  costate_mixed *table;
  int64_t        e = -1;

  if (!p) return -1;
  p->table = table = build(units, longest(units, g, restarts), g, restarts);
  /* where a stretch is cut off a few hundred steps at a time the recursion would be too deep */
  if (table && costate_repetition(n, units) < PIECES / 4) e = compose(p, units, n);
  costate_mixed_destroy(table);
  free(p);
  return e < NEVER ? e : -1;
}
