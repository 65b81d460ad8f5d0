/* SPDX-License-Identifier: BSD-2-Clause */
/* Memory and disk: the theory gives what the tables say, and a schedule that follows it costs what it promises. */
#include <math.h>
#include "../tap.h"
#include "../../src/sched/twolevel.h"
#include "interp.h"

static int close_to(double a, double b)
{
  return fabs(a - b) <= 1e-9 * (1 + fabs(b));
}

/* A rate of a table, where it has six decimals */
static int same_rate(double a, double table)
{
  return fabs(a - table) <= 5.1e-7;
}

static double memory_only(int64_t c, int64_t n, const costate_costs *k)
{
  return k->forward * (double)costate_offline_advances(n, c) + (double)n * k->adjoint;
}

/* The recurrences, word for word.  K and H: n + 1 each; H0 and K are read, the new ones are written over them. */
static void recur(double *H, double *K, int64_t n, int64_t c, const costate_costs *k)
{
  for (int64_t i = 1; i <= n; i++) {
    K[i] = memory_only(c, i, k);
    for (int64_t j = 1; j < i; j++) K[i] = fmin(K[i], (double)j * k->forward + H[i - j] + k->read + K[j]);
  }
  for (int64_t i = 1; i <= n; i++) H[i] = fmin(memory_only(c, i, k), k->write + K[i]);
}

/* O1 of all lengths up to n; with H also H_disk */
static double *reference(int64_t c, int64_t disk, int64_t n, const costate_costs *k, double *H)
{
  double *K = calloc((size_t)n + 1, sizeof(*K)), *h = calloc((size_t)n + 1, sizeof(*h));

  for (int64_t i = 1; i <= n; i++) h[i] = memory_only(c, i, k);
  for (int64_t d = 1; d <= disk; d++) recur(h, K, n, c, k);
  if (H) *H = h[n];
  free(h);
  return K;
}

static double unlimited(const double *part, int64_t c, int64_t n, const costate_costs *k)
{
  double *o = calloc((size_t)n + 1, sizeof(*o)), time;

  for (int64_t i = 1; i <= n; i++) {
    o[i] = memory_only(c, i, k);
    for (int64_t j = 1; j < i; j++) o[i] = fmin(o[i], k->write + (double)j * k->forward + o[i - j] + k->read + part[j]);
  }
  time = o[n];
  free(o);
  return time;
}

/* The best of all stretches read once: a column that the library has no function for, an upper bound of the optimum */
static double read_once(int64_t c, int64_t n, const costate_costs *k)
{
  double *part = calloc((size_t)n + 1, sizeof(*part)), time;

  for (int64_t i = 1; i <= n; i++) part[i] = memory_only(c, i, k);
  time = unlimited(part, c, n, k);
  free(part);
  return time;
}

static int good_row(const double *v)
{
  const int64_t       c = (int64_t)v[0], n = (int64_t)v[5];
  const costate_costs k = {v[1], v[2], v[3], v[4]};
  costate_twolevel   *t = costate_twolevel_create(c, 1, n, &k, NULL, NULL);
  double              rate, once_rate;
  const int64_t       again = costate_period(c, &k, COSTATE_IO_REREAD, &rate);
  const int64_t       once  = costate_period(c, &k, COSTATE_IO_ONCE, &once_rate);
  int                 good  = costate_disk_optimum(c, 0, n, &k) == v[6] && memory_only(c, n, &k) == v[6];

  good = good && t && costate_twolevel_cost(t, n, 1) == v[7];
  good = good && costate_disk_optimum(c, COSTATE_UNLIMITED, n, &k) == v[8];
  good = good && read_once(c, n, &k) == v[9] && v[8] <= v[9];
  good = good && again == (int64_t)v[10] && again <= (int64_t)v[11] && same_rate(rate, v[12]);
  good = good && once >= (int64_t)v[13] && once <= (int64_t)v[14] && once == (int64_t)v[15];
  good = good && costate_repetition(once, c) == (int64_t)v[16] && same_rate(once_rate, v[17]);
  good = good && costate_periodic_time(c, n, once, &k, COSTATE_IO_ONCE) == v[18];
  /* the table's schedule has the longest of equally good periods */
  good = good && costate_periodic_time(c, n, (int64_t)v[11], &k, COSTATE_IO_REREAD) == v[19];
  costate_twolevel_destroy(t);
  return good;
}

static int good_quota(const double *v)
{
  const costate_costs k = {v[2], v[3], v[4], v[5]};

  return costate_disk_optimum((int64_t)v[0], (int64_t)v[1], (int64_t)v[6], &k) == v[7];
}

static int good_behind(const double *v)
{
  const int64_t       c = (int64_t)v[0];
  const costate_costs k = {v[1], v[2], v[3], v[4]};
  double              rate, once, again;
  const int64_t       m = costate_period(c, &k, COSTATE_IO_BEHIND, &rate);

  costate_period(c, &k, COSTATE_IO_ONCE, &once);
  costate_period(c, &k, COSTATE_IO_REREAD, &again);
  return m == (int64_t)v[5] && same_rate(rate, v[6]) && same_rate(k.forward + once, v[7]) &&
         same_rate(k.forward + again, v[8]);
}

static void table(const char *file, int columns, int64_t wanted, int (*good)(const double *))
{
  FILE   *f = oracle_open(file);
  char    line[512];
  double  v[20];
  int64_t rows = 0, tried = 0, bad = 0;

  while (oracle_row(f, line, sizeof(line), columns, v, NULL)) {
    if (rows++ % (test_fast() ? 25 : 1)) continue;
    tried++;
    if (!good(v) && !bad++) fprintf(stderr, "# first bad row of %s: %s", file, line);
  }
  ok(rows == wanted && !bad, "%lld of %lld rows of %s", (long long)tried, (long long)rows, file);
  if (f) fclose(f);
}

/* Costs that need not be whole numbers; of some, nothing at all */
static costate_costs random_costs(uint64_t *seed)
{
  static const double scale[6] = {0, 0.1, 1, 3.7, 20, 300};
  const double        uf       = 0.25 + 0.01 * (double)random_below(seed, 300);
  const costate_costs k        = {uf, uf * (0.1 * (double)random_below(seed, 40)),
                                  scale[random_below(seed, 6)] * (1 + 0.01 * (double)random_below(seed, 100)),
                                  scale[random_below(seed, 6)] * (1 + 0.01 * (double)random_below(seed, 100))};

  return k;
}

/* Whole numbers: sums are exact, and there are ties */
static costate_costs whole_costs(uint64_t *seed)
{
  costate_costs k = random_costs(seed);

  k.forward = floor(1 + k.forward / 2);
  k.adjoint = floor(k.adjoint);
  k.write   = floor(k.write / 2);
  k.read    = floor(k.read / 2);
  return k;
}

static int lost(const char *what, int64_t c, const costate_costs *k)
{
  fprintf(stderr, "# SEED=%llu %s: %lld units, costs %.17g %.17g %.17g %.17g\n", (unsigned long long)test_seed(), what,
          (long long)c, k->forward, k->adjoint, k->write, k->read);
  return 0;
}

/* What a step costs with period m, spelt out */
static double rate_of(int64_t c, int64_t m, const double *O1, const costate_costs *k, costate_io io)
{
  const double forward = (double)m * k->forward, backward = memory_only(c, m, k);

  if (io == COSTATE_IO_BEHIND) return (fmax(forward, k->write) + fmax(backward, k->read)) / (double)m;
  return (k->write + k->read + (io == COSTATE_IO_REREAD ? O1[m] : backward)) / (double)m;
}

/* `margin`: what may be between two rates that are equal but for rounding */
static int good_periods(int64_t c, const costate_costs *k, int64_t top, double margin)
{
  double *O1   = reference(c, 1, top, k, NULL);
  int     good = 1;

  for (int io = COSTATE_IO_REREAD; good && io <= COSTATE_IO_BEHIND; io++) {
    double        rate, least = INFINITY;
    const int64_t m = costate_period(c, k, (costate_io)io, &rate);

    for (int64_t i = 1; i <= top; i++) least = fmin(least, rate_of(c, i, O1, k, (costate_io)io));
    good = m >= 1 && close_to(rate, m <= top ? rate_of(c, m, O1, k, (costate_io)io) : rate) &&
           (close_to(rate, least) || (m > top && rate < least));
    for (int64_t i = 1; good && io != COSTATE_IO_ONCE && i < m && i <= top; i++)
      good = rate_of(c, i, O1, k, (costate_io)io) > rate * (1 + margin);
  }
  free(O1);
  return good;
}

static void periods(void)
{
  uint64_t seed = test_seed() * 2654435761u + 1;
  int      good = 1;

  for (int i = 0; good && i < (test_fast() ? 3 : 150); i++) {
    const int64_t       c = 1 + random_below(&seed, i % 3 ? 6 : 40);
    const costate_costs k = i % 2 ? whole_costs(&seed) : random_costs(&seed);

    good = good_periods(c, &k, test_fast() ? 300 : 1500, i % 2 ? 1e-11 : -1e-9) || lost("period", c, &k);
  }
  ok(good, "no period is cheaper than the one that is returned, for each kind of disk");
}

static void optima(void)
{
  uint64_t seed = test_seed() * 2654435761u + 2;
  int      good = 1;

  for (int i = 0; good && i < (test_fast() ? 3 : 60); i++) {
    const int64_t c = 1 + random_below(&seed, 6), n = 1 + random_below(&seed, 250), disk = random_below(&seed, 90);
    const costate_costs k = random_costs(&seed);
    double              H, *O1;

    free(reference(c, disk, n, &k, &H));
    O1   = reference(c, 1, n, &k, NULL);
    good = close_to(costate_disk_optimum(c, disk, n, &k), H) &&
           close_to(costate_disk_optimum(c, COSTATE_UNLIMITED, n, &k), unlimited(O1, c, n, &k)) &&
           close_to(costate_disk_optimum(c, n, n, &k), costate_disk_optimum(c, COSTATE_UNLIMITED, n, &k));
    if (!good) lost("optimum", c, &k);
    free(O1);
  }
  ok(good, "the optimum is that of the recurrence; n disk states are as good as any number");
}

/* The executor: time, and what is held */
typedef struct {
  const costate_twolevel *t;
  costate_costs           k;
  int64_t                 units, disk, held, written, todo; /* todo: the step to be reversed next */
  double                  time;
  int                     wrong;
} runner;

static void adjoint(runner *r, int64_t state)
{
  if (r->todo != state + 1) r->wrong = 1;
  r->todo = state;
  r->time += r->k.adjoint;
}

/* Steps a+1 .. b from state a, which work storage holds */
static void reverse_in_memory(runner *r, int64_t a, int64_t b)
{
  int64_t jmin, jmax;

  if (b - a > 1) {
    if (++r->held > r->units) r->wrong = 1;
    while (b - a > 1) {
      costate_offline_split(b - a, r->units - r->held + 1, &jmin, &jmax);
      r->time += (double)jmax * r->k.forward;
      reverse_in_memory(r, a + jmax, b);
      b = a + jmax;
    }
    r->held--;
  }
  adjoint(r, a);
}

/* The same, state a being on disk and just read */
static void reverse_from_disk(runner *r, int64_t a, int64_t b)
{
  costate_disk_choice choice = {0, 0};

  while (b > a) {
    costate_twolevel_choose(r->t, b - a, r->disk - r->written + 1, &choice);
    if (!choice.advance) {
      reverse_in_memory(r, a, b);
      return;
    }
    if (choice.advance < 0 || choice.advance >= b - a) {
      r->wrong = 1;
      return;
    }
    r->time += (double)choice.advance * r->k.forward;
    if (choice.write) {
      r->time += r->k.write;
      if (++r->written > r->disk) r->wrong = 1;
      reverse_from_disk(r, a + choice.advance, b);
      r->written--;
    } else {
      reverse_in_memory(r, a + choice.advance, b);
    }
    r->time += r->k.read;
    b = a + choice.advance;
  }
}

static double follow(const costate_twolevel *t, int64_t units, int64_t disk, int64_t n, const costate_costs *k)
{
  runner r = {t, *k, units, disk, 0, 1, n, 0, 0};

  reverse_from_disk(&r, 0, n);
  return r.wrong || r.todo || r.held || r.written != 1 ? -1 : r.time;
}

static int64_t quadratic(void *ctx, int64_t len, int64_t units)
{
  ++*(int64_t *)ctx;
  return len * (len - 1) / 2 + 0 * units;
}

static void schedules(void)
{
  uint64_t seed = test_seed() * 2654435761u + 3;
  int      good = 1, writes = 0;
  int64_t  calls = 0;

  for (int i = 0; good && i < (test_fast() ? 10 : 400); i++) {
    const int64_t       c = 1 + random_below(&seed, 6), most = 1 + random_below(&seed, 500);
    const int64_t       disk = 1 + random_below(&seed, i % 2 ? 4 : 40), n = 1 + random_below(&seed, most);
    const costate_costs k = i % 4 ? whole_costs(&seed) : random_costs(&seed);
    costate_twolevel   *t;
    costate_disk_choice choice;
    double              time;

    t    = costate_twolevel_create(c, disk, most, &k, NULL, NULL);
    time = t ? follow(t, c, disk, n, &k) : -1;
    good = t && (i % 4 ? time == costate_twolevel_cost(t, n, disk) : close_to(time, costate_twolevel_cost(t, n, disk)));
    if (t) costate_twolevel_choose(t, n, disk, &choice);
    writes += t && choice.write;
    costate_twolevel_destroy(t);
    if (!good) lost("schedule", c, &k);
  }
  ok(good && writes > 0, "a schedule that follows the choices costs what the table says, and uses no more than it may");

  {
    const costate_costs k = {1, 1, 5, 5};
    costate_twolevel   *t = costate_twolevel_create(3, 1, 100, &k, quadratic, &calls);
    costate_twolevel   *u = costate_twolevel_create(1, 1, 100, &k, NULL, NULL);

    ok(t && u && calls > 0 && costate_twolevel_cost(t, 100, 1) == costate_twolevel_cost(u, 100, 1),
       "memory costs what the caller says");
    costate_twolevel_destroy(t);
    costate_twolevel_destroy(u);
  }
}

static void grid(void)
{
  static const costate_costs cost[3] = {{1, 2, 5, 5}, {1, 1, 60, 20}, {2, 3, 400, 300}};
  const int64_t              n       = costate_disk_exact() * 2 + 501;
  int                        good = 1, near = 1, periodic = 1;
  double                     H;

  for (int i = test_fast(); i < (test_fast() ? 2 : 6); i++) {
    const costate_costs *k    = &cost[i / 2];
    const int64_t        c    = i % 2 ? 10 : 3;
    const int64_t        disk = i % 2 ? 2 : 12;
    double              *K = reference(c, disk, n, k, &H), *O1 = reference(c, 1, n, k, NULL);
    const double         best = costate_disk_optimum(c, disk, n, k), all = unlimited(O1, c, n, k);
    const double         any = costate_disk_optimum(c, COSTATE_UNLIMITED, n, k);
    costate_twolevel    *t   = costate_twolevel_create(c, disk, n, k, NULL, NULL);

    for (int64_t len = n; len > 100; len -= 611) {
      const double time = costate_twolevel_cost(t, len, disk);
      const double run  = follow(t, c, disk, len, k);

      good = good && run >= K[len] && run <= time;
      near = near && time <= 1.02 * K[len];
    }
    good     = good && best >= H && best <= k->write + costate_twolevel_cost(t, n, disk);
    near     = near && best <= 1.01 * H;
    periodic = periodic && any >= all && any <= 1.001 * all;
    if (!good || !near || !periodic) {
      fprintf(stderr, "# costs %d, %lld units: %g on disk, grid %g; quota %g, grid %g; unlimited %g, periodic %g\n",
              i / 2, (long long)c, K[n], costate_twolevel_cost(t, n, disk), H, best, all, any);
    }
    costate_twolevel_destroy(t);
    free(K);
    free(O1);
  }
  ok(good, "on a grid the cost is an upper bound: the schedule costs no more, and no less than the optimum");
  ok(near, "it is within two per cent of the optimum");
  ok(periodic, "a long run with any number of disk states is within 0.1 per cent of the optimum");
}

/* Runs that no recurrence reaches: the periodic schedule and its rate are the measure. */
static void long_runs(void)
{
  static const double write[3] = {3, 500, 20000}; /* periods of a few steps, of hundreds, of thousands */
  int                 good     = 1;

  for (int i = 0; good && i < (test_fast() ? 1 : 6); i++) {
    const costate_costs k = {1, 2, write[i % 3], 2};
    const int64_t       c = i < 3 ? 4 : 10;
    double              rate;
    const int64_t       m = costate_period(c, &k, COSTATE_IO_REREAD, &rate);

    for (int64_t n = 3 * m + 5000; good && n < (test_fast() ? 20000 : 1000000000); n = 7 * n + 1) {
      const double time = costate_disk_optimum(c, COSTATE_UNLIMITED, n, &k), bound = (double)n * (k.forward + rate);
      const double periodic = costate_periodic_time(c, n, m, &k, COSTATE_IO_REREAD);
      const double quota    = costate_disk_optimum(c, 100, n, &k);

      good = time <= periodic && time > (n / m < 50 ? 0.7 : 0.99) * bound && quota >= time &&
             quota <= costate_disk_optimum(c, 10, n, &k) &&
             quota <= costate_periodic_time(c, n, (n - 1) / 100 + 1, &k, COSTATE_IO_REREAD);
      if (!good) {
        fprintf(stderr, "# %lld steps, %lld units, period %lld: %.9g, periodic %.9g, bound %.9g, 100 states %.9g\n",
                (long long)n, (long long)c, (long long)m, time, periodic, bound, quota);
      }
    }
  }
  ok(good, "no periodic schedule beats the optimum of a run of up to 1e9 steps, nor is it out of proportion");
}

static void limits(void)
{
  const double        odd[6] = {0, -1, 1, NAN, INFINITY, 1e-300};
  const costate_costs fast = {1, 2, 1, 2}, even = {1, 1, 6, 0}, unknown = {0, 0, 0, 0}, idle = {0, 0, 3, 2},
                      k = {1, 2, 5, 5};
  double              rate;
  int                 good = 1;
  costate_twolevel   *t    = costate_twolevel_create(4, 3, 300, &k, NULL, NULL);
  costate_disk_choice choice;

  ok(costate_period(7, &fast, COSTATE_IO_BEHIND, &rate) == 1 && rate == 3, "a disk that keeps up: every state");
  ok(costate_period(1, &even, COSTATE_IO_BEHIND, NULL) == 3 && costate_period(1, &even, COSTATE_IO_ONCE, NULL) == 4,
     "of two periods that are equally good the shorter one, by the closed form the longer one");
  for (int io = 0; io < 3; io++) {
    good = good && costate_period(3, &unknown, (costate_io)io, &rate) == 1 && rate == 0;
    good = good && costate_period(3, &idle, (costate_io)io, NULL) == 1000000000;
  }
  ok(good, "a disk for nothing: every state; steps for nothing: a period that is bounded");
  good = 1;
  for (int i = 0; i < 6 * 6 * 6 * 6; i += test_fast() ? 53 : 5) {
    const costate_costs strange = {odd[i % 6], odd[i / 6 % 6], odd[i / 36 % 6], odd[i / 216]};

    for (int io = 0; io < 3; io++) {
      const int64_t m = costate_period(1 + i % 2 * 9, &strange, (costate_io)io, NULL);

      good = good && m >= 1 && m <= 1000000000;
    }
  }
  ok(good, "costs that make no sense give a period all the same");
  ok(costate_disk_optimum(4, 3, 0, &k) == 0 && costate_disk_optimum(4, 3, 1, &k) == 2 &&
         costate_periodic_time(4, 0, 5, &k, COSTATE_IO_ONCE) == 0 &&
         costate_periodic_time(4, 5, 5, &k, COSTATE_IO_BEHIND) == memory_only(4, 5, &k) &&
         costate_periodic_time(4, 11, 5, &k, COSTATE_IO_BEHIND) == 2 * (5 + memory_only(4, 5, &k)) + 2,
     "no steps, one step, full periods and the rest");
  good = t && costate_twolevel_covers(t, 4, 3, 300, &k) && costate_twolevel_covers(t, 4, 1, 2, &k) &&
         !costate_twolevel_covers(t, 5, 3, 300, &k) && !costate_twolevel_covers(t, 4, 4, 300, &k) &&
         !costate_twolevel_covers(t, 4, 3, 301, &k) && !costate_twolevel_covers(t, 4, 3, 300, &fast);
  costate_twolevel_destroy(t);
  t = costate_twolevel_create(4, 1000, 300, &k, NULL, NULL);
  ok(good && t && costate_twolevel_covers(t, 4, COSTATE_UNLIMITED, 300, &k),
     "a table serves what it was made for, and any quota if more disk states gain nothing");
  costate_twolevel_choose(t, 1, 3, &choice);
  ok(!choice.advance && !choice.write && costate_twolevel_cost(t, 0, 3) == 0 && costate_twolevel_cost(t, 1, 3) == 2,
     "one step needs nothing");
  costate_twolevel_destroy(t);
}

int main(void)
{
  plan(18);
  table("twolevel.csv", 20, 552, good_row);
  table("twolevel_disk_quota.csv", 8, 504, good_quota);
  table("twolevel_async_period.csv", 9, 31, good_behind);
  periods();
  optima();
  schedules();
  grid();
  long_runs();
  limits();
  return done();
}
