/* SPDX-License-Identifier: BSD-2-Clause */
/*
  Memory and disk, executed on plain sets by interp.h: both budgets are kept after every action, what is fetched was
  written before, nothing is written that memory can hold, and the times are those of the theory.
*/
#include "../tap.h"
#include "interp.h"

static uint64_t rng;

static int64_t between(int64_t lo, int64_t hi)
{
  return lo + random_below(&rng, hi - lo + 1);
}

static int report(const model *m, int64_t N)
{
  const costate_costs *c = &m->cfg.costs;

  fprintf(stderr,
          "# %s: %lld units, disk %lld, io %d, g %lld, restarts %d, stride %lld, costs %g,%g,%g,%g, %lld steps (seed "
          "%llu): %s\n",
          m->cfg.policy, (long long)m->cfg.units, (long long)m->cfg.disk, (int)m->cfg.io, (long long)m->cfg.stage_units,
          m->cfg.stage_restarts, (long long)m->cfg.stride, c->forward, c->adjoint, c->write, c->read, (long long)N,
          (unsigned long long)test_seed(), m->wrong);
  return 0;
}

static double time_of(const model *m)
{
  const costate_costs *c = &m->cfg.costs;

  return c->forward * (double)m->advances + c->adjoint * (double)m->N + c->write * (double)m->writes +
         c->read * (double)m->reads;
}

static void random_costs(costate_costs *c)
{
  c->forward = (double)between(1, 3);
  c->adjoint = (double)between(1, 4);
  c->write   = (double)between(0, 1) * (double)between(0, 60);
  c->read    = (double)between(0, 1) * (double)between(0, 60);
}

static void any_run(const char *policy, int64_t runs)
{
  unsigned char kind[402];
  int           good   = 1;
  int64_t       writes = 0, reads = 0;

  for (int64_t r = 0; good && r < runs; r++) {
    const int64_t        N = between(1, r % 4 ? 60 : 400), spread = between(0, 2) ? 0 : between(2, 60);
    int64_t              pinned = 1;
    costate_sched_config cfg    = {.policy         = policy,
                                   .stage_units    = between(0, 6),
                                   .stage_restarts = (int)between(0, 1),
                                   .steps          = N,
                                   .stride         = between(1, 9)};
    model                m;

    memset(kind, 0, sizeof(kind));
    for (int64_t k = 1; k < N && spread; k++) {
      if (between(1, spread) > 1) continue;
      kind[k] = (unsigned char)(between(0, 1) ? COSTATE_ARRIVE_JUMP : COSTATE_ARRIVE_BOUNDARY);
      pinned += 1 + (kind[k] == COSTATE_ARRIVE_JUMP);
    }
    cfg.disk  = between(0, 1) ? COSTATE_UNLIMITED : between(1, 6);
    cfg.units = between(1, between(0, 1) ? 4 : 30) + (spread ? 2 : 0);
    if (cfg.disk < COSTATE_UNLIMITED) cfg.units += pinned;
    cfg.io = (costate_io)between(0, 2);
    if (between(0, 3)) random_costs(&cfg.costs);
    if (!strcmp(policy, "offline")) cfg.units += cfg.stage_units;
    if (!strcmp(policy, "all") && cfg.disk < COSTATE_UNLIMITED) cfg.units = pinned + N;
    good = model_run(&m, &cfg, N, kind) || report(&m, N);
    writes += m.writes;
    reads += m.reads;
    model_free(&m);
  }
  ok(good && writes && reads, "%s: %lld random runs with a disk, %lld writes, %lld reads", policy, (long long)runs,
     (long long)writes, (long long)reads);
}

/* With costs given the periods are the theory's, and so are the times to the last digit. */
static void times(costate_io io, const char *name)
{
  int64_t bad = 0, runs = 0, spilled = 0;

  for (int r = 0; r < (test_fast() ? 60 : 600); r++) {
    const int64_t        N   = between(1, 900);
    costate_sched_config cfg = {.policy = "online", .units = between(2, 16), .disk = COSTATE_UNLIMITED, .io = io};
    int64_t              period;
    double               predicted;
    model                m;

    random_costs(&cfg.costs);
    period    = costate_period(cfg.units, &cfg.costs, io, NULL);
    predicted = costate_periodic_time(cfg.units, N, period, &cfg.costs, io);
    if (period <= cfg.units) continue; /* memory holds more than one period then, and less is written */
    if (!model_run(&m, &cfg, N, NULL) || m.writes != (N - 1) / period || m.reads < m.writes ||
        (io == COSTATE_IO_ONCE && m.reads != m.writes) ||
        time_of(&m) < costate_disk_optimum(cfg.units, cfg.disk, N, &cfg.costs) ||
        time_of(&m) > predicted * (cfg.units < 4 ? 1.1 : 1.03) ||
        ((N - 1) % period < costate_beta(cfg.units, 2) && time_of(&m) > predicted)) {
      if (!bad++) {
        fprintf(stderr, "# period %lld, time %g, predicted %g, writes %lld, reads %lld\n", (long long)period,
                time_of(&m), predicted, (long long)m.writes, (long long)m.reads);
        report(&m, N);
      }
    }
    spilled += m.writes;
    runs++;
    model_free(&m);
  }
  ok(!bad && spilled, "%s: %lld runs write floor((n-1)/m) states and take the time of the periodic schedule", name,
     (long long)runs);
}

/* What fits into memory is not written. */
static void memory_first(void)
{
  int64_t bad = 0;

  for (int io = 0; io < 3; io++) {
    for (int64_t N = 1; N <= 60; N++) {
      const costate_sched_config cfg = {.policy = "online",
                                        .units  = N + 2 * (N > 1),
                                        .disk   = COSTATE_UNLIMITED,
                                        .io     = (costate_io)io,
                                        .costs  = {1, 1, .1, .1}};
      model                      m;

      if ((!model_run(&m, &cfg, N, NULL) || m.evaluations > 2 * N - 1) && !bad++) report(&m, N);
      if (N > 8 && m.writes > N / 2 + 2 && !bad++) report(&m, N);
      model_free(&m);
    }
  }
  ok(!bad, "a run that memory holds writes at most half its states, although the disk is fast");
}

/* Costs become known in mid-run: from there on there are periods. */
static void measured(void)
{
  int     good    = 1;
  int64_t periods = 0;

  for (int r = 0; good && r < 300; r++) {
    const costate_costs        costs = {1, 2, (double)between(0, 30), (double)between(0, 30)};
    const int64_t              N = between(30, 300), when = between(1, 29);
    const costate_sched_config cfg = {.policy = "online",
                                      .units  = between(1, 9),
                                      .disk   = between(0, 1) ? COSTATE_UNLIMITED : 3,
                                      .io     = (costate_io)between(0, 2)};
    costate_sched_stats        st;
    costate_sched             *s;
    model                      m;

    model_init(&m, &cfg, N, NULL);
    good = !costate_sched_create(&cfg, &s);
    for (int64_t n = 0; good && n < N; n++) {
      good = model_arrive(&m, s, n);
      if (n == 1) good = good && m.disk[0];
      if (n == when) good = good && !costate_sched_set_costs(s, &costs);
    }
    costate_sched_get_stats(s, &st);
    periods += st.period > 0 && m.writes > 1;
    good = good && st.period > 0 && model_turn(&m, s, N);
    if (!good) report(&m, N);
    costate_sched_destroy(s);
    model_free(&m);
  }
  ok(good && periods > 20, "state 0 is written at once while costs are unknown; once they are set there are periods");
}

/* With a quota no schedule is far from the least time for a known number of steps, whoever waits for the disk. */
static void quota(costate_io io, const char *name)
{
  int64_t bad = 0, runs = 0;
  double  sum = 0, worst = 0;

  for (int r = 0; r < (test_fast() ? 15 : 120); r++) {
    const int64_t        N   = between(300, 900);
    costate_sched_config cfg = {.policy = "online", .units = between(3, 16), .disk = between(2, 24), .io = io};
    double               ratio;
    model                m;

    random_costs(&cfg.costs);
    /* behind the computation the disk may do more, and one unit is a buffer */
    ratio = model_run(&m, &cfg, N, NULL)
                ? time_of(&m) / costate_disk_optimum(cfg.units - (io == COSTATE_IO_BEHIND), cfg.disk, N, &cfg.costs)
                : 1e9;
    if (ratio > 1.7 && !bad++) {
      fprintf(stderr, "# ratio %g, %lld advances, %lld writes, %lld reads\n", ratio, (long long)m.advances,
              (long long)m.writes, (long long)m.reads);
      report(&m, N);
    }
    sum += ratio;
    if (ratio > worst) worst = ratio;
    runs++;
    model_free(&m);
  }
  ok(!bad && sum / (double)runs < 1.2, "%s, with a quota: %lld runs, %.3f of the least time on average, %.3f at worst",
     name, (long long)runs, sum / (double)runs, worst);
}

/* The budget is measured after the first step: the period is that of the new one. */
static void late_budget(void)
{
  int good = 1;

  for (int r = 0; good && r < 100; r++) {
    const int64_t              N     = between(30, 300);
    const costate_costs        costs = {1, 2, (double)between(1, 30), (double)between(0, 30)};
    const costate_sched_config cfg   = {.policy = "online",
                                        .units  = INT64_MAX / 8,
                                        .disk   = COSTATE_UNLIMITED,
                                        .io     = COSTATE_IO_ONCE,
                                        .costs  = costs};
    const int64_t              units = between(2, 9);
    costate_sched_stats        st;
    costate_sched             *s;
    model                      m;

    model_init(&m, &cfg, N, NULL);
    good = !costate_sched_create(&cfg, &s);
    for (int64_t n = 0; good && n < N; n++) {
      good = model_arrive(&m, s, n);
      if (n != 1) continue;
      good        = good && !costate_sched_set_units(s, units);
      m.cfg.units = units;
      costate_sched_get_stats(s, &st);
      good = good && st.period == costate_period(units, &costs, COSTATE_IO_ONCE, NULL);
    }
    good = good && model_turn(&m, s, N);
    if (!good) report(&m, N);
    costate_sched_destroy(s);
    model_free(&m);
  }
  ok(good, "a budget that is set after the first step sets the period");
}

int main(void)
{
  rng = test_seed() * 0x9E3779B97F4A7C15u + 7;
  plan(5 + 7);
  for (int p = 0; costate_sched_policy_name(p); p++) any_run(costate_sched_policy_name(p), test_fast() ? 150 : 3000);
  times(COSTATE_IO_REREAD, "reread");
  times(COSTATE_IO_ONCE, "once");
  quota(COSTATE_IO_REREAD, "reread");
  quota(COSTATE_IO_BEHIND, "behind");
  memory_first();
  measured();
  late_budget();
  return done();
}
