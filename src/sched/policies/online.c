/* SPDX-License-Identifier: BSD-2-Clause */
/*
  Anchored greedy.  State i of a segment with s units lies in generation t when beta(s, t-1) <= i < beta(s, t).  The
  anchors of a generation are the interior points of the only optimal set at n = beta(s, t); they are kept when they
  arrive and stay for the generation.  Every other decision is greedy: drop what is missed least if the run ends one or
  two steps on.
*/
#include "../policy.h"

/* memo: the segment and units for which the rest holds; the generation's end beta(s, t); t */
enum { KEY_SEGMENT, KEY_SLOTS, END, GENERATION };

/* An anchor p satisfies end - p = beta(m, t) with m in 1 .. s-1 */
static int is_anchor(const costate_sched *sched, int64_t p, int64_t s, int64_t t, int64_t end)
{
  int64_t lo = 0, hi = s;

  if (sched->records) return 0; /* they are the optimum of states alone */
  while (hi - lo > 1) {
    const int64_t mid = lo + (hi - lo) / 2, b = costate_ledger_beta(sched, mid, t);

    if (b == end - p) return 1;
    if (b < end - p)
      lo = mid;
    else
      hi = mid;
  }
  return 0;
}

/* Tags the held anchors whenever the generation, the segment or its units have changed. */
static void enter_generation(costate_sched *s, int64_t first, int64_t slots, int64_t p)
{
  int64_t *memo = s->memo;

  if (memo[KEY_SEGMENT] == s->segment && memo[KEY_SLOTS] == slots && p < memo[END]) return;
  memo[KEY_SEGMENT] = s->segment;
  memo[KEY_SLOTS]   = slots;
  memo[GENERATION]  = costate_repetition(p + 1, slots); /* beta(s, t-1) < p + 1 <= beta(s, t) */
  memo[END]         = costate_beta(slots, memo[GENERATION]);
  for (int64_t j = 0; j < s->nheld; j++) {
    const int64_t q = s->held[j].step - s->segment;

    s->held[j].tag = j > first && q >= costate_beta(slots, memo[GENERATION] - 1) &&
                     is_anchor(s, q, slots, memo[GENERATION], memo[END]);
  }
}

static int place(costate_sched *s, int64_t i, costate_decision *d)
{
  const int64_t k = s->nheld - 1, p = i - s->segment;
  int64_t       first, slots, gap, worth, delta, best;
  int           err, anchor, two;

  if (d->held) return COSTATE_SCHED_OK;
  if (costate_room(s) > 0) {
    d->keep = 1;
    return COSTATE_SCHED_OK;
  }
  err = costate_ledger_sync(s);
  if (err) return err;
  first = k;
  while (first > 0 && s->held[first - 1].step >= s->segment) first--;
  slots = s->ledger->slots[first];
  enter_generation(s, first, slots, p);
  best = costate_ledger_cheapest(s, i, 1, &delta);
  if (!best) return COSTATE_SCHED_OK;
  anchor = is_anchor(s, p, slots, s->memo[GENERATION], s->memo[END]);
  /* what the last gap costs at n = i + 2 and n = i + 3, against the same with state i kept */
  two   = slots >= 4;
  gap   = i - s->held[k].step;
  worth = costate_ledger_cost(s, gap + 1, s->ledger->slots[k]);
  if (two) worth += costate_ledger_cost(s, gap + 2, s->ledger->slots[k]) - costate_ledger_cost(s, 2, 1);
  if (anchor || (two ? 2 : 1) * delta <= worth) {
    d->keep = 1;
    d->drop = best;
    d->tag  = anchor;
  }
  return s->ledger->failed;
}

const costate_policy costate_policy_online = {"online", place, NULL, NULL};
