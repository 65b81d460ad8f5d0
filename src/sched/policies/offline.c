/* SPDX-License-Identifier: BSD-2-Clause */
/*
  The number of steps is known: the forward sweep makes the same choices that the reversal of a stretch of that length
  would make.  A segment that begins at a boundary gets a plan of its own for the steps that are left.  A run that goes
  on beyond the announced end continues with policy online.
*/
#include "../policy.h"

/* memo: the next state to decide on, and the segment that it belongs to */
enum { NEXT, SEGMENT };

static int place(costate_sched *s, int64_t i, costate_decision *d)
{
  const int64_t  at = costate_find(s, i), room = costate_free(s);
  const int      held = d->held, recorded = s->loose > 0 && s->loose == i;
  int64_t        units;
  int            is_free, err;
  costate_choice choice;

  if (i + 1 >= s->steps && !s->overrun) {
    s->overrun = 1;
    for (int j = 0; j < 4; j++) s->memo[j] = 0;
  }
  if (s->overrun) return costate_policy_online.place(s, i, d);
  d->record = -1;
  if (s->memo[SEGMENT] != s->segment) {
    s->memo[SEGMENT] = s->segment;
    s->memo[NEXT]    = s->segment;
  }
  if (i != s->memo[NEXT] || (!held && room <= 0)) return COSTATE_SCHED_OK;
  /* the record of step i, or a pinned start, gives state i for nothing */
  is_free = recorded || (held && costate_start_is_free(s, at));
  units   = room + (held && !is_free) - recorded;
  err     = costate_split(s, s->steps - i, units, is_free, &choice);
  if (err) return err;
  d->keep       = !held && !(s->restarts && choice.record && !recorded);
  d->record     = choice.record ? 1 : -1;
  d->release    = held && !s->disk && !is_free && s->restarts && choice.record;
  s->memo[NEXT] = i + (choice.record ? 1 : choice.advance);
  return COSTATE_SCHED_OK;
}

const costate_policy costate_policy_offline = {"offline", place, NULL, NULL};
