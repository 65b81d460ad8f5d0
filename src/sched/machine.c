/* SPDX-License-Identifier: BSD-2-Clause */
/* The machine, forward: it takes arrivals, asks the policy, checks what it proposes and answers with actions. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "disk.h"
#include "table.h"

enum { FORWARD, BACKWARD, BROKEN };

static const struct {
  const costate_policy *policy;
  const char           *text;
} registry[] = {
#define COSTATE_POLICY(name, text) {&costate_policy_##name, text},
#include "policies.def"
#undef COSTATE_POLICY
};

static const int npolicies = (int)(sizeof(registry) / sizeof(registry[0]));

const char *costate_sched_policy_name(int i)
{
  return i >= 0 && i < npolicies ? registry[i].policy->name : NULL;
}
const char *costate_sched_policy_text(int i)
{
  return i >= 0 && i < npolicies ? registry[i].text : NULL;
}

static const costate_policy *lookup(const char *name)
{
  if (!name) return registry[0].policy;
  for (int i = 0; i < npolicies; i++) {
    if (!strcmp(name, registry[i].policy->name)) return registry[i].policy;
  }
  return NULL;
}

int costate_sched_fail(costate_sched *s, int code, const char *format, ...)
{
  va_list args;

  va_start(args, format);
  vsnprintf(s->error, sizeof(s->error), format, args);
  va_end(args);
  return code;
}

/* After a failure in the middle of a decision the table and the executor's store no longer agree. */
static int broken(costate_sched *s, int err)
{
  if (err) s->phase = BROKEN;
  return err;
}

static int refuse_broken(costate_sched *s)
{
  /* the sentence of the first failure stays */
  return s->phase == BROKEN ? COSTATE_SCHED_ERR_ARG : COSTATE_SCHED_OK;
}

const char *costate_sched_config_error(const costate_sched_config *c)
{
  if (!lookup(c->policy)) return "there is no such checkpoint policy; costate_sched_policy_name() names them";
  if (c->units < 1) return "the budget must be at least 1 unit, which state 0 takes";
  if (c->units > INT64_MAX / 4) return "the budget is absurdly large";
  if (c->stage_units < 0) return "the units of a stage record must not be negative";
  if (c->stage_units > INT64_MAX / 4) return "the units of a stage record are absurdly many";
  if (c->steps < 0) return "the number of steps must not be negative";
  if (c->stride < 0) return "the stride must not be negative";
  if (lookup(c->policy) == &costate_policy_offline && c->steps == 0) {
    return "policy offline needs the number of steps beforehand; set it or choose policy online";
  }
  if (c->disk < 0) return "the number of states on disk must not be negative";
  return costate_costs_error(&c->costs);
}

int costate_sched_create_with(const costate_policy *policy, const costate_sched_config *c, costate_sched **out)
{
  costate_sched *s;

  *out = NULL;
  if (costate_sched_config_error(c)) return COSTATE_SCHED_ERR_ARG;
  s = calloc(1, sizeof(*s));
  if (!s) return COSTATE_SCHED_ERR_MEM;
  s->policy      = policy;
  s->units       = c->units;
  s->stage_units = c->stage_units;
  s->steps       = c->steps;
  s->stride      = c->stride ? c->stride : 1;
  s->ends        = c->stage_units == 1 && c->stage_restarts;
  s->records     = c->stage_units > 0 && !s->ends;
  s->restarts    = s->records && c->stage_restarts;
  s->arrived     = -1;
  s->work        = -1;
  *out           = s;
  if (c->disk && costate_disk_create(s, c)) {
    costate_sched_destroy(s);
    *out = NULL;
    return COSTATE_SCHED_ERR_MEM;
  }
  return COSTATE_SCHED_OK;
}

int costate_sched_create(const costate_sched_config *c, costate_sched **out)
{
  return costate_sched_create_with(lookup(c->policy), c, out);
}

void costate_sched_destroy(costate_sched *s)
{
  if (!s) return;
  costate_ledger_free(s->ledger);
  costate_mixed_destroy(s->mixed);
  costate_disk_destroy(s->disk);
  free(s->held);
  free(s->queue);
  free(s);
}

const char *costate_sched_error(const costate_sched *s)
{
  return s->error[0] ? s->error : NULL;
}

int costate_sched_set_units(costate_sched *s, int64_t units)
{
  int64_t held;

  if (s->phase != FORWARD) {
    return costate_sched_fail(s, COSTATE_SCHED_ERR_ARG, "the budget can be changed before the turn only");
  }
  if (units < 1 || units > INT64_MAX / 4) {
    return costate_sched_fail(s, COSTATE_SCHED_ERR_ARG, "a budget of %lld units makes no sense", (long long)units);
  }
  held = s->stats.units + (s->loose > 0); /* the state of a record that waits for it */
  if (units < held) {
    return costate_sched_fail(s, COSTATE_SCHED_ERR_BUDGET, "a budget of %lld units is less than the %lld that are held",
                              (long long)units, (long long)held);
  }
  s->units = units;
  costate_ledger_touch(s, 0);
  if (s->disk) costate_disk_set_units(s);
  return COSTATE_SCHED_OK;
}

/* Makes room for a pinned state: records go first, then the states whose loss costs least, in whichever segment. */
static int clear_for_boundary(costate_sched *s, int64_t n, int64_t need)
{
  COSTATE_TRY(costate_make_room(s, need));
  while (s->units - s->stats.units < need) {
    int64_t at, delta;

    COSTATE_TRY(costate_ledger_sync(s));
    at = costate_ledger_cheapest(s, n, 0, &delta);
    if (s->ledger->failed) return s->ledger->failed;
    if (!at && costate_disk_land(s)) {
      COSTATE_TRY(costate_drop_spare(s, need));
      continue;
    }
    if (!at) {
      return costate_sched_fail(s, COSTATE_SCHED_ERR_BUDGET,
                                "the budget of %lld units cannot hold the %lld boundaries up to state %lld beside "
                                "state 0, "
                                "which must be kept; %lld units would be enough so far",
                                (long long)s->units, (long long)(s->stats.boundaries + 1), (long long)n,
                                (long long)(s->stats.units + need));
    }
    COSTATE_TRY(costate_drop_state(s, at));
  }
  return COSTATE_SCHED_OK;
}

/*
  State n starts a segment, or, with a disk, a period.  What comes before it ends here, so of the state before it only
  spare units remain.
*/
static int arrive_start(costate_sched *s, int64_t n, costate_arrival kind)
{
  const int64_t need = 1 + (kind == COSTATE_ARRIVE_JUMP), last = n - 1;

  if (n > 0) {
    if (!s->nheld) COSTATE_TRY(costate_keep_state(s, last, 0, 0)); /* as in decide() */
    if (s->disk) COSTATE_TRY(costate_disk_press(s, n, kind));
    COSTATE_TRY(clear_for_boundary(s, n, need));
    if (last > s->segment && costate_index(s, last) < 0 && costate_room(s) - s->leftover > need) {
      COSTATE_TRY(costate_make_room(s, need + 1));
      COSTATE_TRY(costate_keep_state(s, last, 0, 0));
    }
    if (s->loose) COSTATE_TRY(costate_drop_record(s, last));
  }
  COSTATE_TRY(costate_keep_state(s, n, 1, kind == COSTATE_ARRIVE_JUMP));
  if (n > 0) {
    s->stats.boundaries += kind != COSTATE_ARRIVE_STEP;
    s->segment = n;
  }
  if (s->disk) COSTATE_TRY(costate_disk_begin(s, n, kind));
  if (s->records && n > 0 && s->units - s->stats.units >= s->stage_units - 1 &&
      (s->restarts || costate_index(s, last) >= 0)) {
    COSTATE_TRY(costate_keep_record(s, n));
  }
  return COSTATE_SCHED_OK;
}

static int check(costate_sched *s, int64_t i, const costate_decision *d)
{
  const int64_t at   = costate_index(s, i);
  const char   *name = s->policy->name;

  if (d->drop && (d->drop < 0 || d->drop >= s->nheld || s->held[d->drop].pinned)) {
    return costate_sched_fail(s, COSTATE_SCHED_ERR_POLICY,
                              "policy %s drops entry %lld of %lld at state %lld, which is not there to be dropped",
                              name, (long long)d->drop, (long long)s->nheld, (long long)i);
  }
  if (d->keep && !d->held && !d->drop && costate_room(s) <= 0) {
    return costate_sched_fail(s, COSTATE_SCHED_ERR_POLICY,
                              "policy %s keeps state %lld although all %lld units are taken", name, (long long)i,
                              (long long)s->units);
  }
  if (d->release && (!s->restarts || at < 0 || i > 0 || d->record <= 0)) {
    return costate_sched_fail(s, COSTATE_SCHED_ERR_POLICY, "policy %s releases state %lld, which is still needed", name,
                              (long long)i);
  }
  return COSTATE_SCHED_OK;
}

/* State i = n - 1 waits in the buffer, state n and the stage data of step n are in work storage. */
static int decide(costate_sched *s, int64_t i)
{
  costate_decision d;
  int64_t          at;

  memset(&d, 0, sizeof(d));
  if (s->disk && costate_free(s) < 1) COSTATE_TRY(costate_disk_relieve(s, 1));
  d.held = costate_index(s, i) >= 0;
  COSTATE_TRY(s->policy->place(s, i, &d));
  if (!s->nheld) d.keep = 1; /* state 0 was released for the record that waits for this state */
  COSTATE_TRY(check(s, i, &d));
  if (!d.keep && s->loose && s->loose == i) COSTATE_TRY(costate_drop_record(s, i));
  if (d.drop) COSTATE_TRY(costate_drop_state(s, d.drop));
  if (d.keep && !d.held) {
    COSTATE_TRY(costate_make_room(s, 1));
    COSTATE_TRY(costate_keep_state(s, i, 0, 0));
    s->held[s->nheld - 1].tag = d.tag;
  }
  at = costate_index(s, i);
  if (d.release) {
    s->released = 1;
    COSTATE_TRY(costate_drop_state(s, at));
  }
  if (d.record > 0 ||
      (d.record == 0 && s->records && (s->restarts || at >= 0) && costate_free(s) >= s->stage_units - 1)) {
    COSTATE_TRY(costate_drop_spare(s, s->stage_units - 1));
    COSTATE_TRY(costate_keep_record(s, i + 1));
  }
  return COSTATE_SCHED_OK;
}

int costate_sched_arrive(costate_sched *s, int64_t n, costate_arrival kind)
{
  COSTATE_TRY(refuse_broken(s));
  if (s->phase != FORWARD) {
    return costate_sched_fail(s, COSTATE_SCHED_ERR_ARG, "state %lld arrives after the turn", (long long)n);
  }
  if (n != s->arrived + 1) {
    return costate_sched_fail(s, COSTATE_SCHED_ERR_ARG, "state %lld arrives after state %lld; states arrive one by one",
                              (long long)n, (long long)s->arrived);
  }
  s->arrived     = n;
  s->stats.steps = n;
  if (n > 0) s->stats.advances++;
  if (n == 0 || kind != COSTATE_ARRIVE_STEP || costate_disk_due(s, n)) return broken(s, arrive_start(s, n, kind));
  if (n == 1 && s->disk) COSTATE_TRY(broken(s, costate_disk_probe(s)));
  return broken(s, decide(s, n - 1));
}

int costate_sched_set_costs(costate_sched *s, const costate_costs *costs)
{
  const char *why = costate_costs_error(costs);

  if (why) return costate_sched_fail(s, COSTATE_SCHED_ERR_ARG, "%s", why);
  if (s->phase != FORWARD) {
    return costate_sched_fail(s, COSTATE_SCHED_ERR_ARG, "the costs can be changed before the turn only");
  }
  if (s->disk) costate_disk_set_costs(s, costs);
  return COSTATE_SCHED_OK;
}

int costate_sched_turn(costate_sched *s, int64_t N)
{
  COSTATE_TRY(refuse_broken(s));
  if (s->phase != FORWARD) { return costate_sched_fail(s, COSTATE_SCHED_ERR_ARG, "the run has turned already"); }
  if (N != s->arrived + 1) {
    return costate_sched_fail(s, COSTATE_SCHED_ERR_ARG, "the run ends with step %lld although state %lld arrived last",
                              (long long)N, (long long)s->arrived);
  }
  s->phase       = BACKWARD;
  s->todo        = N;
  s->stats.steps = N;
  if (N > 0) s->stats.taped++;
  (void)costate_disk_land(s);
  return COSTATE_SCHED_OK;
}

int costate_sched_next(costate_sched *s, costate_action *a)
{
  memset(a, 0, sizeof(*a));
  COSTATE_TRY(refuse_broken(s));
  if (s->head == s->tail && s->phase == BACKWARD && s->todo > 0) COSTATE_TRY(broken(s, costate_reverse(s)));
  if (s->head < s->tail)
    *a = s->queue[s->head++];
  else
    a->kind = s->phase == FORWARD ? COSTATE_YIELD : COSTATE_DONE;
  return COSTATE_SCHED_OK;
}

int costate_sched_holds(const costate_sched *s, int64_t step, costate_what what)
{
  const int64_t at = costate_index(s, what == COSTATE_STATE || s->restarts ? step : step - 1);

  if (what == COSTATE_STATE) return at >= 0;
  return (at >= 0 && s->held[at].record) || (s->loose > 0 && s->loose == step);
}

int64_t costate_sched_nheld(const costate_sched *s, int64_t *steps, int64_t cap)
{
  for (int64_t i = 0; steps && i < s->nheld && i < cap; i++) steps[i] = s->held[i].step;
  return s->nheld;
}

int costate_sched_overrun(const costate_sched *s)
{
  return s->overrun;
}

void costate_sched_get_stats(const costate_sched *s, costate_sched_stats *stats)
{
  *stats             = s->stats;
  stats->evaluations = s->stats.advances + s->stats.taped;
}
