/* SPDX-License-Identifier: BSD-2-Clause */
/* Every state is kept: nothing is recomputed but stage data. */
#include "../policy.h"

static int place(costate_sched *s, int64_t i, costate_decision *d)
{
  if (!d->held && costate_room(s) <= 0) {
    return costate_sched_fail(s, COSTATE_SCHED_ERR_BUDGET,
                              "policy all cannot keep state %lld: the %lld units are taken; it needs one for every "
                              "step, "
                              "so raise the budget or choose policy online",
                              (long long)i, (long long)s->units);
  }
  d->keep = !d->held;
  return COSTATE_SCHED_OK;
}

static int64_t period(const costate_sched *s)
{
  (void)s;
  return 1;
}

const costate_policy costate_policy_all = {"all", place, period, NULL};
