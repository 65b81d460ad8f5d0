/* SPDX-License-Identifier: BSD-2-Clause */
/*
  Wang, Moin and Iaccarino, SISC 31(4), 2009, Algorithm 1.  A state is dispensable when a later one has a higher level;
  the dispensable one with the largest index goes.  When there is none the state is not kept and the next is one level
  higher.
*/
#include "../policy.h"

/* memo: the level of the state that is being decided, and the segment that it belongs to */
enum { LEVEL, SEGMENT };

static int place(costate_sched *s, int64_t i, costate_decision *d)
{
  int64_t *memo = s->memo, highest;

  (void)i;
  if (d->held) return COSTATE_SCHED_OK;
  if (memo[SEGMENT] != s->segment) {
    memo[SEGMENT] = s->segment;
    memo[LEVEL]   = 0;
  }
  d->tag = highest = memo[LEVEL];
  if (costate_room(s) > 0) d->keep = 1;
  for (int64_t j = s->nheld - 1; j > 0 && !d->keep; j--) {
    const costate_entry *c = &s->held[j];

    if (!c->pinned && c->tag < highest) {
      d->drop = j;
      d->keep = 1;
    }
    if (c->pinned)
      highest = INT64_MAX; /* the start of a segment is above every level */
    else if (c->tag > highest)
      highest = c->tag;
  }
  memo[LEVEL] = d->keep ? 0 : memo[LEVEL] + 1;
  return COSTATE_SCHED_OK;
}

const costate_policy costate_policy_wang = {"wang", place, NULL, NULL};
