/* SPDX-License-Identifier: BSD-2-Clause */
/*
  The table of held states and records, and the queue of actions.  Every change of the table goes through here, is
  checked against the budget and answered as one action.
*/
#include <stdlib.h>
#include <string.h>
#include "table.h"

int64_t costate_find(const costate_sched *s, int64_t step)
{
  int64_t lo = 0, hi = s->nheld;

  if (hi && s->held[hi - 1].step < step) return hi; /* the usual case */
  while (lo < hi) {
    const int64_t mid = lo + (hi - lo) / 2;

    if (s->held[mid].step < step)
      lo = mid + 1;
    else
      hi = mid;
  }
  return lo;
}

int64_t costate_index(const costate_sched *s, int64_t step)
{
  const int64_t at = costate_find(s, step);

  return at < s->nheld && s->held[at].step == step ? at : -1;
}

static int grow(costate_sched *s, void **array, int64_t *cap, size_t size)
{
  const int64_t n = *cap ? 2 * *cap : 16;
  void         *p = realloc(*array, (size_t)n * size);

  if (!p) return costate_sched_fail(s, COSTATE_SCHED_ERR_MEM, "no memory for the scheduler's table");
  *array = p;
  *cap   = n;
  return COSTATE_SCHED_OK;
}

int costate_emit(costate_sched *s, costate_action_kind kind, costate_what what, int64_t step)
{
  costate_action *a;

  if (s->head == s->tail) s->head = s->tail = 0;
  if (s->tail == s->qcap) {
    int err = grow(s, (void **)&s->queue, &s->qcap, sizeof(*s->queue));

    if (err) return err;
  }
  a = &s->queue[s->tail++];
  memset(a, 0, sizeof(*a));
  a->kind = kind;
  a->what = what;
  a->step = step;
  return COSTATE_SCHED_OK;
}

/* The record at this index, or the loose one (-1), may be forgotten unless state 0 was released for it. */
static int spare(const costate_sched *s, int64_t at)
{
  if (at < 0) return s->nheld > 0 || s->disk != NULL; /* with a disk state 0 is never given up for a record */
  return s->held[at].record && (at > 0 || !s->released);
}

static int take(costate_sched *s, int64_t units, const char *what, int64_t step)
{
  if (s->stats.units + units > s->units) {
    return costate_sched_fail(s, COSTATE_SCHED_ERR_POLICY,
                              "policy %s keeps the %s of step %lld although %lld of %lld units are taken",
                              s->policy->name, what, (long long)step, (long long)s->stats.units, (long long)s->units);
  }
  s->stats.units += units;
  s->stats.stores++;
  if (s->stats.units > s->stats.peak_units) s->stats.peak_units = s->stats.units;
  return COSTATE_SCHED_OK;
}

static int insert(costate_sched *s, int64_t step, int pinned, int jump, costate_action_kind how)
{
  const int64_t  at = costate_find(s, step);
  costate_entry *c;

  if (at < s->nheld && s->held[at].step == step) {
    return costate_sched_fail(s, COSTATE_SCHED_ERR_POLICY, "policy %s keeps state %lld twice", s->policy->name,
                              (long long)step);
  }
  COSTATE_TRY(take(s, 1 + jump, "state", step));
  if (how == COSTATE_FETCH) s->stats.stores--;
  if (s->nheld == s->cap) COSTATE_TRY(grow(s, (void **)&s->held, &s->cap, sizeof(*s->held)));
  c = &s->held[at];
  memmove(c + 1, c, (size_t)(s->nheld - at) * sizeof(*c));
  s->nheld++;
  memset(c, 0, sizeof(*c));
  c->step   = step;
  c->pinned = (unsigned char)pinned;
  c->jump   = (unsigned char)jump;
  if (pinned) s->stats.pinned_units += 1 + jump;
  if (s->loose == step && step > 0) { /* its record was taken before the state was decided on */
    c->record = 1;
    s->loose  = 0;
  }
  if (!pinned && step < s->floor) s->leftover += 1 + jump;
  costate_ledger_touch(s, at);
  return costate_emit(s, how, COSTATE_STATE, step);
}

int costate_keep_state(costate_sched *s, int64_t step, int pinned, int jump)
{
  return insert(s, step, pinned, jump, COSTATE_STORE);
}

int costate_fetch_state(costate_sched *s, int64_t step, int jump)
{
  return insert(s, step, 0, jump, COSTATE_FETCH);
}

void costate_unpin(costate_sched *s, int64_t at)
{
  costate_entry *c = &s->held[at];

  if (!c->pinned) return;
  c->pinned = 0;
  s->stats.pinned_units -= 1 + c->jump;
  if (c->step < s->floor) s->leftover += 1 + c->jump;
  costate_ledger_touch(s, at);
}

void costate_set_floor(costate_sched *s, int64_t step)
{
  s->floor    = step;
  s->leftover = 0;
  for (int64_t i = 0; i < s->nheld && s->held[i].step < step; i++) {
    if (!s->held[i].pinned) s->leftover += 1 + s->held[i].jump;
  }
}

int costate_keep_record(costate_sched *s, int64_t step)
{
  const int64_t at = costate_index(s, s->restarts ? step : step - 1);

  if (!s->records || (at < 0 && !s->restarts)) {
    return costate_sched_fail(s, COSTATE_SCHED_ERR_POLICY,
                              "policy %s keeps the stages of step %lld, whose state is not held", s->policy->name,
                              (long long)step);
  }
  COSTATE_TRY(take(s, s->stage_units - 1, "stages", step));
  if (at < 0)
    s->loose = step;
  else {
    s->held[at].record = 1;
    if (at < s->first_rec) s->first_rec = at;
  }
  if (spare(s, at)) s->reclaim += s->stage_units - 1;
  return costate_emit(s, COSTATE_STORE, COSTATE_STAGES, step);
}

int costate_drop_record(costate_sched *s, int64_t step)
{
  const int64_t at = costate_index(s, s->restarts ? step : step - 1);

  if (spare(s, at)) s->reclaim -= s->stage_units - 1;
  if (at < 0)
    s->loose = 0;
  else
    s->held[at].record = 0;
  s->stats.units -= s->stage_units - 1;
  return costate_emit(s, COSTATE_EVICT, COSTATE_STAGES, step);
}

int costate_drop_state(costate_sched *s, int64_t at)
{
  costate_entry *c    = &s->held[at];
  const int64_t  step = c->step;

  if (c->record) COSTATE_TRY(costate_drop_record(s, step + !s->restarts));
  s->stats.units -= 1 + c->jump;
  if (c->pinned)
    s->stats.pinned_units -= 1 + c->jump;
  else if (step < s->floor)
    s->leftover -= 1 + c->jump;
  memmove(c, c + 1, (size_t)(s->nheld - at - 1) * sizeof(*c));
  s->nheld--;
  if (s->first_rec > 0) s->first_rec--;
  costate_ledger_touch(s, at);
  return costate_emit(s, COSTATE_EVICT, COSTATE_STATE, step);
}

int costate_drop_spare(costate_sched *s, int64_t units)
{
  for (int64_t at = 0; s->leftover > 0 && s->units - s->stats.units < units && at < s->nheld;) {
    if (s->held[at].pinned)
      at++;
    else
      COSTATE_TRY(costate_drop_state(s, at));
  }
  return COSTATE_SCHED_OK;
}

int costate_make_room(costate_sched *s, int64_t units)
{
  COSTATE_TRY(costate_drop_spare(s, units));
  for (int64_t at = s->first_rec; s->units - s->stats.units < units && s->reclaim > 0 && at < s->nheld; at++) {
    if (spare(s, at) && s->stage_units > 1) COSTATE_TRY(costate_drop_record(s, s->held[at].step + !s->restarts));
    s->first_rec = at;
  }
  if (s->units - s->stats.units < units && s->loose && spare(s, -1)) COSTATE_TRY(costate_drop_record(s, s->loose));
  return COSTATE_SCHED_OK;
}
