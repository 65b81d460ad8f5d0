/* SPDX-License-Identifier: BSD-2-Clause */
/*
  The machine, backward.  Steps are reversed one by one from the last; the way to the next is always the same: start
  from the state in work storage or the highest held one, and let the policy split the stretch that is left until it is
  one step.
*/
#include "disk.h"
#include "table.h"

int costate_start_is_free(const costate_sched *s, int64_t at)
{
  return s->restarts && (s->held[at].record || (s->held[at].pinned && s->held[at].step > 0));
}

/* Step k is reversed: what only it needed goes. */
static int forget(costate_sched *s, int64_t k)
{
  int64_t at = costate_index(s, k);

  COSTATE_TRY(costate_disk_forget(s, k));
  if (s->loose && s->loose == k) COSTATE_TRY(costate_drop_record(s, k));
  if (at >= 0) COSTATE_TRY(costate_drop_state(s, at));
  at = costate_index(s, k - 1);
  if (at < 0) return COSTATE_SCHED_OK;
  /* with records that restart, the one attached to state k-1 is that of step k-1 and about to be used */
  if (s->restarts && s->held[at].record) return COSTATE_SCHED_OK;
  return costate_drop_state(s, at);
}

static int adjoint(costate_sched *s, int64_t k, int taped)
{
  COSTATE_TRY(costate_emit(s, COSTATE_ADJOINT, COSTATE_STATE, k));
  s->queue[s->tail - 1].taped = taped;
  s->stats.taped += taped;
  s->stats.adjoints++;
  s->todo = k - 1;
  return forget(s, k);
}

int costate_step_restore(costate_sched *s, costate_what what, int64_t step)
{
  s->stats.restores++;
  return costate_emit(s, COSTATE_RESTORE, what, step);
}

int costate_step_advance(costate_sched *s, int64_t from, int64_t to)
{
  COSTATE_TRY(costate_emit(s, COSTATE_ADVANCE, COSTATE_STATE, to));
  s->queue[s->tail - 1].from = from;
  s->stats.advances += to - from;
  s->work = to;
  return COSTATE_SCHED_OK;
}

static int check(costate_sched *s, int64_t from, int64_t len, const costate_choice *c)
{
  if (!c->record && (c->advance < 1 || c->advance >= len)) {
    return costate_sched_fail(s, COSTATE_SCHED_ERR_POLICY, "policy %s splits %lld steps from state %lld after %lld",
                              s->policy->name, (long long)len, (long long)from, (long long)c->advance);
  }
  return COSTATE_SCHED_OK;
}

/* Keeps the record of the step after `from`, state `at` of the table if it is held. */
static int begin_with_record(costate_sched *s, int64_t from, int64_t at)
{
  if (!s->restarts) {
    const int recorded = at >= 0 && s->held[at].record;

    if (at < 0) COSTATE_TRY(costate_keep_state(s, from, 0, 0));
    COSTATE_TRY(costate_step_advance(s, from, from + 1));
    return recorded ? COSTATE_SCHED_OK : costate_keep_record(s, from + 1);
  }
  COSTATE_TRY(costate_step_advance(s, from, from + 1));
  if (at >= 0 && !costate_start_is_free(s, at)) COSTATE_TRY(costate_drop_state(s, at));
  COSTATE_TRY(costate_keep_state(s, from + 1, 0, 0));
  return costate_keep_record(s, from + 1);
}

int costate_reverse(costate_sched *s)
{
  const int64_t  k = s->todo;
  int64_t        from, at;
  int64_t        units;
  int            is_free, recorded, done = 0;
  costate_choice c = {0, 0};

  if (k == s->stats.steps) return adjoint(s, k, 0);
  if (costate_sched_holds(s, k, COSTATE_STAGES)) {
    s->work = -1;
    COSTATE_TRY(costate_step_restore(s, COSTATE_STAGES, k));
    return adjoint(s, k, 0);
  }
  COSTATE_TRY(costate_disk_reach(s, k));
  at   = s->nheld - 1;
  from = at < 0 ? -1 : s->held[at].step; /* with a disk work storage may be all there is */
  if (s->work > from && s->work < k) {
    from = s->work;
    at   = -1;
  } else if (s->work != from) {
    s->work = from;
    COSTATE_TRY(costate_step_restore(s, COSTATE_STATE, from));
  }
  if (from == k - 1) {
    s->work = -1;
    return adjoint(s, k, !s->ends);
  }
  if (at >= 0) COSTATE_TRY(costate_disk_split(s, k, from, at, &done));
  if (done) return COSTATE_SCHED_OK;
  is_free = at >= 0 && costate_start_is_free(s, at);
  /* the record of the first step counts as free units: to keep it is one of the choices */
  recorded = at >= 0 && !s->restarts && s->held[at].record;
  units    = s->units - s->stats.units + (at >= 0 && !is_free) + (recorded ? s->stage_units - 1 : 0);
  COSTATE_TRY((s->policy->split ? s->policy->split : costate_split)(s, k - from, units, is_free, &c));
  COSTATE_TRY(check(s, from, k - from, &c));
  if (c.record) return begin_with_record(s, from, at);
  if (recorded) COSTATE_TRY(costate_drop_record(s, from + 1));
  if (at < 0) COSTATE_TRY(costate_keep_state(s, from, 0, 0));
  return costate_step_advance(s, from, from + c.advance);
}
