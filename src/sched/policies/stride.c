/* SPDX-License-Identifier: BSD-2-Clause */
/* Every stride-th state of a segment is kept; units that are left serve the reversal. */
#include "../policy.h"

static int place(costate_sched *s, int64_t i, costate_decision *d)
{
  if (d->held || (i - s->segment) % s->stride) return COSTATE_SCHED_OK;
  /* states that the machine kept beside a boundary because there was room */
  for (int64_t j = s->nheld - 1; costate_room(s) <= 0 && j > 0 && !d->drop; j--) {
    if (!s->held[j].tag && !s->held[j].pinned) d->drop = j;
  }
  if (costate_room(s) <= 0 && !d->drop) {
    return costate_sched_fail(s, COSTATE_SCHED_ERR_BUDGET,
                              "policy stride cannot keep state %lld: the %lld units are taken; raise the budget or the "
                              "stride, which is %lld",
                              (long long)i, (long long)s->units, (long long)s->stride);
  }
  d->keep = 1;
  d->tag  = 1;
  return COSTATE_SCHED_OK;
}

static int64_t period(const costate_sched *s)
{
  return s->stride;
}

const costate_policy costate_policy_stride = {"stride", place, period, NULL};
