/* SPDX-License-Identifier: BSD-2-Clause */
/* What makes no sense is refused with a sentence: configurations, calls, budgets, and above all bad decisions of a
 * policy. */
#include <math.h>
#include "../tap.h"
#include "interp.h"
#include "../../src/sched/policy.h"

static int says(const char *sentence, const char *word)
{
  return sentence && strstr(sentence, word) != NULL;
}

static void configurations(void)
{
  const costate_costs        minus = {1, 1, -1, 1}, nothing = {0, 1, 1, 1}, infinite = {1, 1, INFINITY, 1};
  const costate_sched_config bad[] = {{.policy = "onlien", .units = 3},
                                      {.policy = "online"},
                                      {.policy = "online", .units = -3},
                                      {.policy = "online", .units = 3, .stage_units = -1},
                                      {.policy = "offline", .units = 3},
                                      {.policy = "online", .units = 3, .steps = -5},
                                      {.policy = "stride", .units = 3, .stride = -2},
                                      {.policy = "online", .units = INT64_MAX},
                                      {.policy = "online", .units = 3, .disk = -1},
                                      {.policy = "online", .units = 3, .disk = 3, .costs = minus},
                                      {.policy = "online", .units = 3, .disk = 3, .costs = nothing},
                                      {.policy = "online", .units = 3, .disk = 3, .costs = infinite}};
  const char *word[] = {"no such",  "at least 1", "at least 1", "negative", "number of steps",   "negative",
                        "negative", "absurd",     "negative",   "negative", "more than nothing", "finite"};
  int         good   = 1;

  for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
    costate_sched *s = NULL;

    if (!says(costate_sched_config_error(&bad[i]), word[i])) good = 0;
    if (costate_sched_create(&bad[i], &s) != COSTATE_SCHED_ERR_ARG || s) good = 0;
  }
  ok(good, "configurations that make no sense");
  ok(costate_sched_policy_name(0) && !strcmp(costate_sched_policy_name(0), "online") &&
         !costate_sched_policy_name(-1) && !costate_sched_policy_name(1000) && costate_sched_policy_text(0) &&
         !costate_sched_policy_text(1000),
     "the list of policies has an end, and online comes first");
}

static void calls(void)
{
  const costate_sched_config cfg = {.policy = NULL, .units = 3};
  costate_sched             *s;
  costate_action             a;

  costate_sched_destroy(NULL);
  if (costate_sched_create(&cfg, &s)) return;
  ok(!costate_sched_error(s) && !costate_sched_next(s, &a) && a.kind == COSTATE_YIELD, "nothing to do at first");
  ok(costate_sched_arrive(s, 1, COSTATE_ARRIVE_STEP) == COSTATE_SCHED_ERR_ARG &&
         says(costate_sched_error(s), "one by one"),
     "an arrival out of order");
  ok(!costate_sched_arrive(s, 0, COSTATE_ARRIVE_STEP) && !costate_sched_arrive(s, 1, COSTATE_ARRIVE_STEP) &&
         !costate_sched_arrive(s, 2, COSTATE_ARRIVE_STEP),
     "which does no harm");
  ok(costate_sched_turn(s, 5) == COSTATE_SCHED_ERR_ARG && says(costate_sched_error(s), "ends with step 5"),
     "a turn at the wrong step");
  ok(costate_sched_set_units(s, 0) == COSTATE_SCHED_ERR_ARG &&
         costate_sched_set_units(s, 1) == COSTATE_SCHED_ERR_BUDGET && says(costate_sched_error(s), "2 that are held"),
     "budgets of nothing, and of less than is held");
  ok(!costate_sched_turn(s, 3) && costate_sched_turn(s, 3) == COSTATE_SCHED_ERR_ARG &&
         costate_sched_arrive(s, 3, COSTATE_ARRIVE_STEP) == COSTATE_SCHED_ERR_ARG && costate_sched_set_units(s, 9) != 0,
     "what comes after the turn");
  costate_sched_destroy(s);
  if (costate_sched_create(&cfg, &s)) return;
  ok(!costate_sched_turn(s, 0) && !costate_sched_next(s, &a) && a.kind == COSTATE_DONE,
     "a run of no steps is done at once");
  costate_sched_destroy(s);
}

static void budgets(void)
{
  costate_sched_config cfg = {.policy = "all", .units = 4};
  unsigned char        kind[40];
  model                m;
  const char          *enough;

  ok(!model_run(&m, &cfg, 6, NULL) && says(m.wrong, "cannot keep state 4") && says(m.wrong, "4 units"),
     "policy all with too few units");
  model_free(&m);
  cfg.policy = "stride";
  cfg.stride = 3;
  ok(!model_run(&m, &cfg, 30, NULL) && says(m.wrong, "stride, which is 3"), "policy stride with too few units");
  model_free(&m);
  cfg.policy = "online";
  for (int i = 0; i < 40; i++) kind[i] = i % 5 == 4 ? COSTATE_ARRIVE_JUMP : COSTATE_ARRIVE_STEP;
  ok(!model_run(&m, &cfg, 30, kind) && says(m.wrong, "boundaries") && says(m.wrong, "5 units would be enough so far"),
     "more boundaries than the budget can hold");
  enough = strstr(m.wrong, "; ");
  model_free(&m);
  cfg.units = enough ? 11 : 1; /* 1 for state 0 and 2 for each of the jumps at 4, 9, 14, 19, 24 */
  ok(model_run(&m, &cfg, 29, kind), "and the budget that is enough");
  model_free(&m);
}

/* Bad policies.  Each breaks one rule at state 5. */
static int keep_always(costate_sched *s, int64_t i, costate_decision *d)
{
  (void)s;
  (void)i;
  d->keep = 1;
  return 0;
}

static int drop_pinned(costate_sched *s, int64_t i, costate_decision *d)
{
  d->keep = i == 5;
  for (int64_t j = 1; i == 5 && j < s->nheld; j++) {
    if (s->held[j].pinned) d->drop = j;
  }
  return 0;
}

static int drop_nothing_there(costate_sched *s, int64_t i, costate_decision *d)
{
  d->drop = i == 5 ? s->nheld + 3 : 0;
  return 0;
}

static int release_needed(costate_sched *s, int64_t i, costate_decision *d)
{
  (void)s;
  d->release = i == 0;
  return 0;
}

static int record_of_nothing(costate_sched *s, int64_t i, costate_decision *d)
{
  (void)s;
  d->record = i == 5 ? 1 : -1; /* without state 5 */
  return 0;
}

static int keep_none(costate_sched *s, int64_t i, costate_decision *d)
{
  (void)s;
  (void)i;
  d->record = -1;
  return 0;
}

static int split_at_end(costate_sched *s, int64_t len, int64_t units, int start_is_free, costate_choice *c)
{
  (void)s;
  (void)units;
  (void)start_is_free;
  c->advance = len;
  return 0;
}

static int split_nowhere(costate_sched *s, int64_t len, int64_t units, int start_is_free, costate_choice *c)
{
  (void)s;
  (void)len;
  (void)units;
  (void)start_is_free;
  c->advance = 0;
  return 0;
}

static int split_greedily(costate_sched *s, int64_t len, int64_t units, int start_is_free, costate_choice *c)
{
  (void)s;
  (void)len;
  (void)units;
  (void)start_is_free;
  c->advance = 1; /* and keep it, whether there is a unit or not */
  return 0;
}

static int split_recording(costate_sched *s, int64_t len, int64_t units, int start_is_free, costate_choice *c)
{
  (void)s;
  (void)len;
  (void)units;
  (void)start_is_free;
  c->record = 1;
  return 0;
}

static void policies(void)
{
  static const struct {
    costate_policy policy;
    int64_t        g;
    int            restarts;
    const char    *word, *text;
  } bad[] =
      {{{"bad", keep_always, NULL, NULL},
        0,
        0,
        "keeps state 4 although all 4 units are taken",
        "keeps more than the budget"},
       {{"bad", drop_pinned, NULL, NULL}, 0, 0, "not there to be dropped", "drops a pinned state"},
       {{"bad", drop_nothing_there, NULL, NULL}, 0, 0, "not there to be dropped", "drops what is not held"},
       {{"bad", release_needed, NULL, NULL}, 2, 1, "releases state 0", "gives up state 0"},
       {{"bad", record_of_nothing, NULL, NULL}, 2, 0, "whose state is not held", "keeps stages without their state"},
       {{"bad", keep_none, NULL, split_at_end}, 0, 0, "splits 7 steps from state 2 after 7", "splits at the end"},
       {{"bad", keep_none, NULL, split_nowhere}, 0, 0, "splits 7 steps from state 2 after 0", "splits nowhere"},
       {{"bad", keep_none, NULL, split_greedily}, 0, 0, "although 4 of 4 units are taken", "splits beyond the budget"},
       {{"bad", keep_none, NULL, split_recording}, 0, 0, "keeps the stages", "keeps stages where there are none"},
       {{"bad", keep_none, NULL, split_recording}, 3, 0, "units are taken", "keeps stages beyond the budget"},
       {{"bad", keep_none, NULL, split_recording},
        3,
        1,
        "units are taken",
        "keeps restarting stages beyond the budget"}};

  for (size_t b = 0; b < sizeof(bad) / sizeof(bad[0]); b++) {
    const costate_sched_config cfg = {.policy         = "online",
                                      .units          = 4,
                                      .stage_units    = bad[b].g,
                                      .stage_restarts = bad[b].restarts};
    costate_sched             *s;
    costate_action             a;
    int                        err       = 0, good, again;
    char                       said[256] = "nothing";

    if (costate_sched_create_with(&bad[b].policy, &cfg, &s)) continue;
    for (int64_t n = 0; n < 10 && !err; n++) {
      err = costate_sched_arrive(s, n, n == 2 ? COSTATE_ARRIVE_BOUNDARY : COSTATE_ARRIVE_STEP);
    }
    if (!err) err = costate_sched_turn(s, 10);
    for (a.kind = COSTATE_YIELD; !err && a.kind != COSTATE_DONE;) err = costate_sched_next(s, &a);
    if (costate_sched_error(s)) snprintf(said, sizeof(said), "%s", costate_sched_error(s));
    again = costate_sched_next(s, &a);
    good  = err == COSTATE_SCHED_ERR_POLICY && says(said, bad[b].word) && says(said, "policy bad") && again;
    ok(good, "a policy that %s is refused", bad[b].text);
    if (!good) fprintf(stderr, "# it said: %s\n", said);
    costate_sched_destroy(s);
  }
}

int main(void)
{
  plan(2 + 7 + 4 + 11);
  configurations();
  calls();
  budgets();
  policies();
  return done();
}
