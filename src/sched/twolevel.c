/* SPDX-License-Identifier: BSD-2-Clause */
/*
  With O0(n) = uf P(n, units), what n steps cost from a start in memory, and d states that the disk may hold:

    K_d(n) = min( O0(n), min_j j uf + H_{d-1}(n - j) + r + K_d(j) )      the start is on disk, one of the d
    H_d(n) = min( O0(n), w + K_d(n) ),  H_0 = O0                         the start is in work storage
    Oinf(n) = min( O0(n), w + min_j j uf + Oinf(n - j) + r + K_1(j) )    any number of disk states

  Every step is reversed once whatever the schedule, so the adjoint steps are left out and added at the end.

  Long stretches are cut into cells of q steps: states are kept at multiples of q only, and a length is rounded up to
  full cells, which makes it an upper bound.

  How many disk states are of use depends on the costs (n of them if the disk is free), so levels are added until one
  changes nothing: H_d = H_{d-1} makes all further ones equal.  Then H_d = Oinf: a state that is written only when its
  stretch has been read again might as well have been written in the first sweep, for the same write and fewer steps.
*/
#include <stdlib.h>
#include "twolevel.h"

#define LIMIT  2048       /* cells */
#define WORK   2000000000 /* cells squared times levels of a table that a run asks for: 0.2 s and 8 MB at most */
#define LEVELS 64         /* but that many in any case */
#define AHEAD  8          /* full periods that are left to the table where the rest of a long run is periodic */

struct costate_twolevel {
  int64_t       units, disk, n;
  costate_costs costs;
  int64_t       q, cells, levels;
  double       *memory; /* O0 at full cells */
  double       *kept;   /* K_d likewise, d = 1 .. levels */
};

static double memory_time(costate_memory_cost advances, void *ctx, int64_t len, int64_t units, const costate_costs *c)
{
  return c->forward * (double)(advances ? advances(ctx, len, units) : costate_offline_advances(len, units));
}

static double lesser(double a, double b)
{
  return b < a ? b : a;
}

static double *row(const costate_twolevel *t, int64_t d)
{
  return t->kept + (d - 1) * (t->cells + 1);
}

/* H_d at m cells, or O0 for d = 0 */
static double from_work(const costate_twolevel *t, int64_t d, int64_t m)
{
  return d < 1 ? t->memory[m] : lesser(t->memory[m], t->costs.write + row(t, d)[m]);
}

/* What there is to pay for the first j cells of a stretch on disk */
static double first_part(const costate_twolevel *t, const double *kept, int64_t j)
{
  return (double)(j * t->q) * t->costs.forward + t->costs.read + kept[j];
}

/* The least a[j] + b[j], 0 < j < n.  Four at a time, or each would wait for the one before. */
static double least(const double *a, const double *b, int64_t n, double start)
{
  double  m[4] = {start, start, start, start};
  int64_t j    = 1;

  for (; j + 3 < n; j += 4) {
    for (int i = 0; i < 4; i++) m[i] = lesser(m[i], a[j + i] + b[j + i]);
  }
  for (; j < n; j++) m[0] = lesser(m[0], a[j] + b[j]);
  return lesser(lesser(m[0], m[1]), lesser(m[2], m[3]));
}

/* Levels up to t->levels, fewer if one changes nothing; `first` and `rest` are room for a row each. */
static void fill(costate_twolevel *t, double *first, double *rest)
{
  const int64_t n    = t->cells;
  int64_t       same = 0; /* the level has nothing new up to here */

  /* rest[n - m] is H_{d-1}(m): so H(i - j) is at rest[n - i + j] */
  for (int64_t m = 0; m <= n; m++) rest[n - m] = t->memory[m];
  for (int64_t d = 1; d <= t->levels; d++) {
    double *kept = row(t, d);

    kept[0] = 0;
    for (int64_t i = 1; i <= n; i++) {
      kept[i]  = i <= same ? kept[i - n - 1] : least(first, rest + n - i, i, t->memory[i]);
      first[i] = first_part(t, kept, i);
    }
    while (same < n && from_work(t, d, same + 1) >= rest[n - same - 1]) same++;
    if (same == n) t->levels = d;
    for (int64_t m = same + 1; m <= n; m++) rest[n - m] = from_work(t, d, m);
  }
}

static costate_twolevel *build(int64_t units, int64_t disk, int64_t n, const costate_costs *costs,
                               costate_memory_cost advances, void *ctx, int64_t levels)
{
  costate_twolevel *t = calloc(1, sizeof(*t));
  double           *first, *rest, *kept;
  size_t            width;

  if (!t) return NULL;
  t->units  = units;
  t->disk   = disk > 1 ? disk : 1;
  t->n      = n > 1 ? n : 1;
  t->costs  = *costs;
  t->q      = (t->n + LIMIT - 1) / LIMIT;
  t->cells  = (t->n + t->q - 1) / t->q;
  t->levels = t->disk < levels ? t->disk : levels;
  if (t->levels > t->cells) t->levels = t->cells;
  width     = (size_t)t->cells + 1;
  t->memory = malloc(width * sizeof(double));
  t->kept   = malloc((size_t)t->levels * width * sizeof(double));
  first     = malloc(2 * width * sizeof(double));
  if (!t->memory || !t->kept || !first) {
    free(first);
    costate_twolevel_destroy(t);
    return NULL;
  }
  rest         = first + width;
  t->memory[0] = 0;
  for (int64_t i = 1; i <= t->cells; i++)
    t->memory[i] = memory_time(advances, ctx, i < t->cells ? i * t->q : t->n, units, costs);
  fill(t, first, rest);
  free(first);
  kept = realloc(t->kept, (size_t)t->levels * width * sizeof(double));
  if (kept) t->kept = kept;
  return t;
}

static int64_t most_levels(int64_t cells)
{
  const int64_t levels = cells > 1 ? WORK / (cells * cells) : LEVELS;

  return levels > LEVELS ? levels : LEVELS;
}

costate_twolevel *costate_twolevel_create(int64_t units, int64_t disk, int64_t n, const costate_costs *costs,
                                          costate_memory_cost advances, void *ctx)
{
  return build(units, disk, n, costs, advances, ctx, most_levels(n < LIMIT ? n : LIMIT));
}

void costate_twolevel_destroy(costate_twolevel *t)
{
  if (!t) return;
  free(t->memory);
  free(t->kept);
  free(t);
}

int costate_twolevel_covers(const costate_twolevel *t, int64_t units, int64_t disk, int64_t n,
                            const costate_costs *costs)
{
  const costate_costs *c = t ? &t->costs : NULL;

  /* fewer levels than asked for: there are none that would be of use, or no more are made */
  return t && t->units == units && n <= t->n && (disk <= t->disk || t->levels < t->disk) &&
         c->forward == costs->forward && c->adjoint == costs->adjoint && c->write == costs->write &&
         c->read == costs->read;
}

void costate_twolevel_choose(const costate_twolevel *t, int64_t len, int64_t disk, costate_disk_choice *choice)
{
  const int64_t i = len > 0 ? (len + t->q - 1) / t->q : 0, d = disk < t->levels ? disk : t->levels;
  int64_t       best = 0;
  double        cost;

  choice->advance = 0;
  choice->write   = 0;
  if (i < 1 || i > t->cells || d < 1) return;
  cost = t->memory[i];
  for (int64_t j = 1; j < i; j++) {
    const double e = first_part(t, row(t, d), j) + from_work(t, d - 1, i - j);

    if (e >= cost) continue;
    cost = e;
    best = j;
  }
  if (!best) return;
  choice->advance = best * t->q;
  choice->write   = from_work(t, d - 1, i - best) < t->memory[i - best];
}

double costate_twolevel_cost(const costate_twolevel *t, int64_t len, int64_t disk)
{
  const int64_t d = disk < t->levels ? disk : t->levels;
  int64_t       i = (len + t->q - 1) / t->q;

  if (len < 1) return 0;
  if (i > t->cells) i = t->cells;
  return row(t, d > 1 ? d : 1)[i] + (double)len * t->costs.adjoint;
}

int64_t costate_disk_exact(void)
{
  return LIMIT;
}

/* Oinf(n) without the adjoint steps, and how many states it writes; -1: no memory */
static double unlimited(int64_t units, int64_t n, const costate_costs *costs, int64_t *used)
{
  costate_twolevel *t     = build(units, 1, n, costs, NULL, NULL, 1);
  const int64_t     cells = t ? t->cells : 0;
  double           *first = t ? malloc(2 * ((size_t)cells + 1) * sizeof(*first)) : NULL, *rest, time = 0;

  *used = 0;
  if (!first) {
    costate_twolevel_destroy(t);
    return -1;
  }
  rest = first + cells + 1; /* Oinf(m) is rest[cells - m] */
  for (int64_t i = 1; i <= cells; i++) {
    first[i]        = t->costs.write + first_part(t, row(t, 1), i);
    rest[cells - i] = time = least(first, rest + cells - i, i, t->memory[i]);
  }
  for (int64_t i = cells; i > 0 && rest[cells - i] < t->memory[i]; (*used)++) {
    int64_t j = i - 1;

    while (j > 1 && first[j] + rest[cells - i + j] > rest[cells - i]) j--;
    i -= j;
  }
  free(first);
  costate_twolevel_destroy(t);
  return time;
}

/* The same for any n: of a long run all but the last steps are full periods, as in the best schedule (Aupy and
   Herrmann 2017).  On a grid alone, periods of few steps would be impossible.  The costs have no adjoint steps. */
static double unlimited_long(int64_t units, int64_t n, const costate_costs *costs, int64_t *used)
{
  int64_t period, keep, full;
  double  time, periodic;

  if (n <= LIMIT) return unlimited(units, n, costs, used);
  period   = costate_period(units, costs, COSTATE_IO_REREAD, NULL);
  keep     = AHEAD * period < LIMIT ? LIMIT : AHEAD * period;
  full     = n > keep ? (n - keep + period - 1) / period : 0;
  periodic = costate_periodic_time(units, n, period, costs, COSTATE_IO_REREAD);
  time     = unlimited(units, n - full * period, costs, used);
  if (periodic < 0 || time < 0) return -1;
  if (full) time += costate_periodic_time(units, full * period + 1, period, costs, COSTATE_IO_REREAD);
  *used += full;
  if (time <= periodic) return time;
  *used = (n - 1) / period;
  return periodic;
}

/* H_disk(n) for fewer disk states than are of use: by the table, or in equal periods if that is better; -1: no memory
 */
static double with_quota(int64_t units, int64_t disk, int64_t n, const costate_costs *costs)
{
  const int64_t     levels = n <= LIMIT ? LIMIT : most_levels(LIMIT);
  costate_twolevel *t      = build(units, disk, n, costs, NULL, NULL, levels);
  double            time, even;

  if (!t) return -1;
  time = from_work(t, t->levels, t->cells);
  costate_twolevel_destroy(t);
  if (n <= LIMIT) return time;
  even = costate_periodic_time(units, n, (n - 1) / disk + 1, costs, COSTATE_IO_REREAD);
  return even < 0 ? -1 : lesser(time, even);
}

double costate_disk_optimum(int64_t units, int64_t disk, int64_t n, const costate_costs *costs)
{
  const costate_costs c    = {costs->forward, 0, costs->write, costs->read};
  int64_t             used = 0;
  double              time;

  if (n <= 0) return 0;
  if (units < 1) units = 1;
  time = memory_time(NULL, NULL, n, units, &c);
  if (disk > 0 && n > 1) {
    double other = unlimited_long(units, n, &c, &used);

    if (disk < used) other = with_quota(units, disk, n, &c);
    if (other < 0) return -1;
    time = lesser(time, other);
  }
  return time + (double)n * costs->adjoint;
}
