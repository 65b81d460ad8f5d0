/* SPDX-License-Identifier: BSD-2-Clause */
/*
  What the held states cost to reverse: the sum of P(gap, units not held below) over the gaps, or with stage records of
  V(units not held below, gap) - gap as far as its table goes.  Kept up to date entry by
  entry, because a decision comes with every step and a change of the table is much rarer.
*/
#include <stdlib.h>
#include "policy.h"

#define COLUMNS 32
#define ROWS    257
/* far above any cost that can be met, low enough for sums of a few */
#define HUGE_COST (INT64_MAX / 16)

static int reserve(costate_sched *s)
{
  costate_ledger *l = s->ledger;
  int64_t         cap, *block;

  if (!l) {
    l = s->ledger = calloc(1, sizeof(*l));
    if (!l) return costate_sched_fail(s, COSTATE_SCHED_ERR_MEM, "no memory for the scheduler's ledger");
  }
  if (!l->beta) {
    l->rows = s->units + 2 < ROWS ? s->units + 3 : ROWS;
    l->beta = malloc((size_t)(l->rows * COLUMNS) * sizeof(*l->beta));
    if (!l->beta) return costate_sched_fail(s, COSTATE_SCHED_ERR_MEM, "no memory for the scheduler's ledger");
    for (int64_t i = 0; i < l->rows; i++) {
      for (int64_t t = 0; t < COLUMNS; t++) l->beta[i * COLUMNS + t] = costate_beta(i, t);
    }
  }
  if (s->nheld <= l->cap) return COSTATE_SCHED_OK;
  cap   = s->cap;
  block = malloc((size_t)(4 * cap) * sizeof(*block));
  if (!block) return costate_sched_fail(s, COSTATE_SCHED_ERR_MEM, "no memory for the scheduler's ledger");
  free(l->slots);
  l->slots = block;
  l->keep  = block + cap;
  l->raise = block + 2 * cap;
  l->merge = block + 3 * cap;
  l->cap   = cap;
  l->dirty = 0;
  return COSTATE_SCHED_OK;
}

void costate_ledger_free(costate_ledger *l)
{
  if (!l) return;
  free(l->slots);
  free(l->beta);
  free(l);
}

void costate_ledger_touch(costate_sched *s, int64_t index)
{
  if (s->ledger && index < s->ledger->dirty) s->ledger->dirty = index;
}

int64_t costate_ledger_beta(const costate_sched *s, int64_t i, int64_t t)
{
  const costate_ledger *l = s->ledger;

  return i < l->rows && t < COLUMNS ? l->beta[i * COLUMNS + t] : costate_beta(i, t);
}

int64_t costate_ledger_cost(costate_sched *s, int64_t len, int64_t slots)
{
  const costate_ledger *l = s->ledger;
  int64_t               p;

  if (len <= 1) return 0;
  if (s->records && slots > 0) {
    const int err = costate_mixed_lookup(s, slots, len, &p);

    if (err)
      s->ledger->failed = err;
    else if (p >= 0)
      return p - len;
  }
  if (slots > 0 && slots + 1 < l->rows) {
    const int64_t *row = l->beta + slots * COLUMNS;

    for (int t = 1; t < COLUMNS; t++) {
      if (len <= row[t]) return t * len - row[COLUMNS + t - 1];
    }
  }
  p = costate_offline_advances(len, slots);
  return p < HUGE_COST ? p : HUGE_COST;
}

int costate_ledger_sync(costate_sched *s)
{
  const costate_entry *c = s->held;
  costate_ledger      *l;
  int64_t              from, below = 0;
  int                  err = reserve(s);

  if (err) return err;
  l    = s->ledger;
  from = l->dirty > 0 ? l->dirty - 1 : 0;
  if (from >= s->nheld) return COSTATE_SCHED_OK;
  if (from > 0) below = s->units - l->slots[from - 1] + 1;
  for (int64_t m = from; m < s->nheld; m++) {
    below += c[m].jump; /* the second unit of a jump serves nothing above it */
    l->slots[m] = s->units - below;
    below++;
    if (m + 1 < s->nheld) {
      l->keep[m] = costate_ledger_cost(s, c[m + 1].step - c[m].step, l->slots[m]);
      if (m == 0) continue; /* the first entry never goes, and no unit is freed below it */
      l->raise[m] = costate_ledger_cost(s, c[m + 1].step - c[m].step, l->slots[m] + 1);
      l->merge[m] = costate_ledger_cost(s, c[m + 1].step - c[m - 1].step, l->slots[m - 1]);
    }
  }
  l->dirty = s->nheld;
  return COSTATE_SCHED_OK;
}

int64_t costate_ledger_cheapest(costate_sched *s, int64_t i, int spare, int64_t *delta)
{
  const costate_ledger *l = s->ledger;
  const costate_entry  *c = s->held;
  const int64_t         k = s->nheld - 1;
  int64_t               tail, best = 0, lift = 0; /* lift: what one more unit saves in the gaps above */

  *delta = HUGE_COST;
  if (k <= 0) return 0;
  tail = costate_ledger_cost(s, i - c[k].step, l->slots[k] + 1);
  for (int64_t j = k; j > 0; j--) {
    if (!c[j].pinned && !(spare && c[j].tag && c[j].step > s->segment)) {
      int64_t d;

      if (j == k)
        d = costate_ledger_cost(s, i - c[k - 1].step, l->slots[k - 1]) - l->keep[k - 1];
      else
        d = l->merge[j] - l->keep[j - 1] - l->keep[j] + lift + tail;
      if (d <= *delta) {
        *delta = d;
        best   = j;
      }
    }
    if (j < k) lift += l->raise[j] - l->keep[j];
  }
  return best;
}
