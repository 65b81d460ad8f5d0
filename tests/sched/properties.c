/* SPDX-License-Identifier: BSD-2-Clause */
/*
  Random runs, executed on plain sets by interp.h: the budget is kept after every action, every step is reversed once
  and in order from the right state, no step is repeated across a boundary, and the counts agree; for every policy, with
  and without stage records, boundaries and jumps, at any stop.
*/
#include "../tap.h"
#include "interp.h"

static uint64_t rng;

static int64_t between(int64_t lo, int64_t hi)
{
  return lo + random_below(&rng, hi - lo + 1);
}

/* Boundaries with probability 1/spread; returns the units that they pin, state 0 included. */
static int64_t random_kinds(unsigned char *kind, int64_t n, int64_t spread)
{
  int64_t pinned = 1;

  memset(kind, 0, (size_t)n + 1);
  for (int64_t k = 1; k < n && spread; k++) {
    if (between(1, spread) > 1) continue;
    kind[k] = (unsigned char)(between(0, 1) ? COSTATE_ARRIVE_JUMP : COSTATE_ARRIVE_BOUNDARY);
    pinned += 1 + (kind[k] == COSTATE_ARRIVE_JUMP);
  }
  return pinned;
}

static int report(const model *m, int64_t N)
{
  fprintf(stderr, "# %s: %lld units, g %lld, restarts %d, %lld steps (announced %lld): %s\n", m->cfg.policy,
          (long long)m->cfg.units, (long long)m->cfg.stage_units, m->cfg.stage_restarts, (long long)N,
          (long long)m->cfg.steps, m->wrong);
  return 0;
}

static void any_run(const char *policy, int64_t runs)
{
  unsigned char kind[402];
  int           good  = 1;
  int64_t       steps = 0;

  for (int64_t r = 0; good && r < runs; r++) {
    const int64_t N = between(1, r % 4 ? 60 : 400), pinned = random_kinds(kind, N, between(0, 2) ? 0 : between(2, 60));
    costate_sched_config cfg = {.policy         = policy,
                                .stage_units    = between(0, 6),
                                .stage_restarts = (int)between(0, 1),
                                .stride         = between(1, 9)};
    model                m;

    cfg.units = pinned + between(0, between(0, 1) ? 3 : 30);
    cfg.steps = between(0, 2) ? N : between(1, N + 20);           /* policy offline may have been told wrong */
    if (!strcmp(policy, "offline")) cfg.units += cfg.stage_units; /* state 0 may have been given up for a record */
    if (!strcmp(policy, "all")) cfg.units = pinned + N;
    if (!strcmp(policy, "stride")) cfg.units = pinned + N / cfg.stride + 1;
    good = model_run(&m, &cfg, N, kind) || report(&m, N);
    steps += m.evaluations;
    model_free(&m);
  }
  ok(good, "%s: %lld random runs, %lld steps executed (seed %llu)", policy, (long long)runs, (long long)steps,
     (unsigned long long)test_seed());
}

static void small_runs(void)
{
  unsigned char kind[16];
  int64_t       runs = 0, bad = 0;

  for (int p = 0; costate_sched_policy_name(p); p++) {
    for (int64_t code = 0; code < 7 * 6 * 2 * 9; code += test_fast() ? 7 : 1) {
      const int64_t        N = 1 + code / 108, M = 1 + code % 9;
      costate_sched_config cfg = {.policy         = costate_sched_policy_name(p),
                                  .units          = M,
                                  .stage_units    = code / 9 % 6,
                                  .stage_restarts = (int)(code / 54 % 2),
                                  .steps          = N,
                                  .stride         = 1};

      for (int64_t b = 0; b < (1 << (N - 1)); b++) { /* every set of boundaries */
        model m;

        memset(kind, 0, sizeof(kind));
        for (int64_t k = 1; k < N; k++) kind[k] = b >> (k - 1) & 1 ? COSTATE_ARRIVE_BOUNDARY : COSTATE_ARRIVE_STEP;
        if (!model_run(&m, &cfg, N, kind) && !strstr(m.wrong, "budget") && !bad++) report(&m, N);
        if (model_ends(&m) ? 0 : M > N * (cfg.stage_units ? cfg.stage_units : N)) {
          if (cfg.stage_units && m.evaluations != N && !bad++) report(&m, N);
        }
        model_free(&m);
        runs++;
      }
    }
  }
  ok(!bad, "every set of boundaries in up to 7 steps, every policy, g up to 5, up to 9 units: %lld runs",
     (long long)runs);
}

/* What was decided up to a state does not depend on what comes after it. */
static void prefix(void)
{
  int good = 1;

  for (int r = 0; good && r < (test_fast() ? 30 : 300); r++) {
    unsigned char              kind[302];
    uint64_t                   hash[302] = {0};
    const char                *policy    = costate_sched_policy_name((int)between(0, 1));
    const int64_t              N = between(2, 300), pinned = random_kinds(kind, 300, between(0, 1) ? 0 : 50);
    const costate_sched_config cfg = {.policy         = policy,
                                      .units          = pinned + between(0, 9),
                                      .stage_units    = between(0, 4),
                                      .stage_restarts = (int)between(0, 1)};
    costate_sched             *s   = NULL;
    model                      m;

    model_init(&m, &cfg, 300, kind);
    good = !costate_sched_create(&cfg, &s);
    for (int64_t n = 0; good && n < 300; n++) {
      good    = model_arrive(&m, s, n);
      hash[n] = m.hash;
    }
    costate_sched_destroy(s);
    model_free(&m);
    model_init(&m, &cfg, N, kind);
    good = good && !costate_sched_create(&cfg, &s);
    for (int64_t n = 0; good && n < N; n++) good = model_arrive(&m, s, n) && m.hash == hash[n];
    good = good && model_turn(&m, s, N);
    if (!good) report(&m, N);
    costate_sched_destroy(s);
    model_free(&m);
  }
  ok(good, "a run that stops earlier takes the same actions up to there");
}

/* wang: no step is advanced over more often than the repetition number.  online: the optimum up to beta(s, 2), and the
   regret is the sum of what each stretch loses. */
static void bounds(void)
{
  int64_t wang = 0, early = 0, regret = 0;

  for (int64_t s = 1; s <= (test_fast() ? 5 : 12); s++) {
    for (int64_t n = 1; n <= 420; n += n < 60 ? 1 : between(1, 9)) {
      costate_sched_config cfg = {.policy = "wang", .units = s};
      const int64_t        t = costate_repetition(n, s), best = costate_optimum(s, n, 0, 0);
      int64_t              held[16], count, sum = 0;
      costate_sched       *sched;
      model                m;

      if (!model_run(&m, &cfg, n, NULL) || m.most > t + 1) wang++;
      model_free(&m);
      cfg.policy = "online";
      if (!model_run(&m, &cfg, n, NULL) || (n <= costate_beta(s, 2) && m.evaluations != best)) early++;
      if (costate_sched_create(&cfg, &sched)) break;
      for (int64_t k = 0; k < n; k++) (void)costate_sched_arrive(sched, k, COSTATE_ARRIVE_STEP);
      count = costate_sched_nheld(sched, held, 16);
      costate_sched_destroy(sched);
      for (int64_t i = 0; i < count; i++) {
        const int64_t len = (i + 1 < count ? held[i + 1] : n - 1) - held[i];

        sum += costate_offline_advances(len, s - i) - (t - 1) * len + costate_beta(s - i + 1, t - 2);
      }
      if (count == s && t >= 2 && m.evaluations - best != sum) regret++;
      model_free(&m);
    }
  }
  ok(!wang, "wang: no step is executed more often than the repetition number and once more");
  ok(!early, "online: the optimum at every stop up to beta(s, 2)");
  ok(!regret, "online: the regret is the sum of the stretches' losses");
}

/* Several segments cost the sum over all gaps between held states, each with the units not held up to its start: the
   figure by which policy online chooses what to drop. */
static void segments(void)
{
  int good = 1;

  for (int r = 0; good && r < (test_fast() ? 40 : 400); r++) {
    unsigned char              kind[402];
    int64_t                    held[402], count, advances, below = 0;
    const int64_t              N = between(2, 400), pinned = random_kinds(kind, N, between(10, 200));
    const costate_sched_config cfg = {.policy = "online", .units = pinned + between(0, 20)};
    costate_sched             *s;
    model                      m;

    model_init(&m, &cfg, N, kind);
    good = !costate_sched_create(&cfg, &s);
    for (int64_t n = 0; good && n < N; n++) good = model_arrive(&m, s, n);
    count    = costate_sched_nheld(s, held, 402);
    advances = N - 1;
    for (int64_t i = 0; i < count; i++) {
      below += kind[held[i]] == COSTATE_ARRIVE_JUMP;
      advances += costate_offline_advances((i + 1 < count ? held[i + 1] : N - 1) - held[i], cfg.units - below);
      below++;
    }
    good = good && model_turn(&m, s, N) && m.advances == advances;
    if (!good) report(&m, N);
    costate_sched_destroy(s);
    model_free(&m);
  }
  ok(good, "several segments cost what the ledger reckons");
}

static void special_stops(void)
{
  int64_t bad = 0, runs = 0;

  for (int64_t s = 1; s <= 10; s++) {
    for (int64_t t = 0; t <= 6; t++) {
      for (int64_t d = -1; d <= 2; d++) {
        const int64_t n = costate_beta(s, t) + d;

        if (n < 1 || n > (test_fast() ? 300 : 3100)) continue;
        for (int p = 0; p < 3; p++) {
          const costate_sched_config cfg = {.policy = costate_sched_policy_name(p), .units = s, .steps = n};
          const int64_t              e = model_evaluations(&cfg, n), best = costate_optimum(s, n, 0, 0);

          if (e < best || (e > best && (p == 2 || (p == 0 && (d == 0 || d == 1))))) bad++;
          runs++;
        }
      }
    }
  }
  ok(!bad, "stops at beta(s, t) - 1 .. + 2: %lld runs, at the optimum where that is promised", (long long)runs);
}

/* n g units are enough for every record: nothing is executed twice. */
static void everything_fits(void)
{
  int64_t bad = 0;

  for (int64_t g = 1; g <= 5; g++) {
    for (int64_t n = 1; n <= (test_fast() ? 20 : 40); n++) {
      for (int p = 0; p < 4; p++) {
        for (int restarts = 0; restarts < 2; restarts++) {
          const costate_sched_config cfg = {.policy         = costate_sched_policy_name(p),
                                            .units          = n * g,
                                            .stage_units    = g,
                                            .stage_restarts = restarts,
                                            .steps          = n};

          if (model_evaluations(&cfg, n) != n) bad++;
        }
      }
    }
  }
  ok(!bad, "with room for every record no step is executed twice");
}

/* The announced number of steps may be wrong either way. */
static void announced(void)
{
  int good = 1;

  for (int64_t N = 1; N <= 40; N++) {
    const costate_sched_config cfg = {.policy         = "offline",
                                      .units          = 4,
                                      .stage_units    = N % 4,
                                      .stage_restarts = (int)(N % 2),
                                      .steps          = 20};
    costate_sched             *s;
    model                      m;

    model_init(&m, &cfg, N, NULL);
    good = good && !costate_sched_create(&cfg, &s);
    for (int64_t n = 0; good && n < N; n++) good = model_arrive(&m, s, n);
    good = good && model_turn(&m, s, N) && costate_sched_overrun(s) == (N > 20);
    if (!good) report(&m, N);
    costate_sched_destroy(s);
    model_free(&m);
  }
  ok(good, "offline: a run may be shorter or longer than announced, and longer is reported");
}

/* The budget is measured after the first steps and set then. */
static void late_budget(void)
{
  int good = 1;

  for (int r = 0; good && r < 400; r++) {
    const char                *policy = costate_sched_policy_name((int)between(0, 2));
    const int64_t              N = between(3, 120), when = between(0, N - 1);
    const costate_sched_config cfg = {.policy         = policy,
                                      .units          = between(1, 9),
                                      .stage_units    = between(0, 4),
                                      .stage_restarts = (int)between(0, 1),
                                      .steps          = N};
    costate_sched             *s;
    model                      m;

    model_init(&m, &cfg, N, NULL);
    good = !costate_sched_create(&cfg, &s);
    for (int64_t n = 0; good && n < N; n++) {
      good = model_arrive(&m, s, n);
      if (n != when) continue;
      const int64_t units = between(1, 14);
      if (costate_sched_set_units(s, units) == COSTATE_SCHED_OK)
        m.cfg.units = units;
      else
        good = good && (units < m.units || (units == m.units && m.record[n]));
    }
    good = good && model_turn(&m, s, N);
    if (!good) report(&m, N);
    costate_sched_destroy(s);
    model_free(&m);
  }
  ok(good, "the budget may be changed in the forward sweep, to no less than is held");
}

int main(void)
{
  rng = test_seed() * 0x9E3779B97F4A7C15u + 1;
  plan(5 + 3 + 7);
  for (int p = 0; costate_sched_policy_name(p); p++) any_run(costate_sched_policy_name(p), test_fast() ? 150 : 1500);
  small_runs();
  prefix();
  bounds();
  segments();
  special_stops();
  everything_fits();
  late_budget();
  announced();
  return done();
}
