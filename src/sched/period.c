/* SPDX-License-Identifier: BSD-2-Clause */
/*
  Every m-th state goes to disk as the run passes it, the steps between two of them are reversed from memory: the m that
  is best in the long run does not depend on the number of steps (Aupy and Herrmann, OMS 32(3), 2017).

  The closed form of COSTATE_IO_ONCE: on [beta(c, t-1), beta(c, t)] (K + P(m, c)) / m is t + (K - beta(c+1, t-1)) / m,
  with c = units and K = (write + read) / forward.  It falls where K > beta(c+1, t-1) and does not fall any more from m
  = beta(c, t*) on, t* = min{ t : beta(c+1, t) > K }.  Where K is a beta(c+1, t) itself, the periods from beta(c, t) to
  beta(c, t+1) are equally good, and this is the last of them: fewest states on disk.

  Costs that are negative or not a number count as 0.  Where writing and reading cost nothing the period is 1; where it
  would have no end (steps that cost nothing, writes that do) it is LONGEST.
*/
#include <stdlib.h>
#include "twolevel.h"

#define LONGEST 1000000000
#define TABLE   262144 /* the longest stretch that is looked at for COSTATE_IO_REREAD */
#define LARGE   1e100  /* costs beyond are this: no product overflows */

static double clean(double x)
{
  if (!(x > 0)) return 0;
  return x < LARGE ? x : LARGE;
}

static costate_costs clean_costs(const costate_costs *c)
{
  const costate_costs clear = {clean(c->forward), clean(c->adjoint), clean(c->write), clean(c->read)};

  return clear;
}

static double plain_steps(int64_t m, int64_t units, const costate_costs *c)
{
  return c->forward * (double)costate_offline_advances(m, units);
}

/* beta(units, t) for the first t with beta(units + 1, t) > cost / forward or, with `or_equal`, not below it */
static int64_t turning_point(int64_t units, double cost, double forward, int or_equal)
{
  int64_t lo = -1, hi = LONGEST;

  if (!(cost > 0)) return 1;
  while (hi - lo > 1) {
    const int64_t mid = lo + (hi - lo) / 2;
    const double  b   = forward * (double)costate_beta(units + 1, mid);

    if (b > cost || (or_equal && b == cost) || costate_beta(units, mid) >= LONGEST)
      hi = mid;
    else
      lo = mid;
  }
  lo = costate_beta(units, hi);
  return lo < LONGEST ? lo : LONGEST;
}

/* Candidates of the recurrence below for a stretch of m steps: run j steps, keep that state in memory */
static double from_disk(const double *once, const double *again, int64_t j, int64_t m, const costate_costs *c)
{
  return (double)j * c->forward + c->read + again[j] + once[m - j];
}

/*
  O1(m) less the adjoint steps for all m <= n, the start being on disk: O1(m) = min(O0(m), min_j j uf + O0(m - j) + r +
  O1(j)).  O0 is convex, so of two j the larger one, once it is better, stays better as m grows: a queue of those that
  are best from some m on finds each in a logarithm.  NULL: no memory.
*/
static double *reread_table(int64_t units, int64_t n, const costate_costs *c)
{
  double  *once = malloc((size_t)(n + 1) * sizeof(*once)), *again = malloc((size_t)(n + 1) * sizeof(*again));
  int64_t *best = malloc((size_t)(n + 1) * sizeof(*best)), *since = malloc((size_t)(n + 1) * sizeof(*since));
  int64_t  head = 0, tail = 0;

  if (!once || !again || !best || !since) {
    free(again);
    again = NULL;
    n     = -1;
  }
  for (int64_t m = 0; m <= n; m++) again[m] = once[m] = plain_steps(m, units, c);
  for (int64_t m = 1; m <= n; m++) {
    int64_t from = m + 1, beyond = n + 1;

    while (head + 1 < tail && since[head + 1] <= m) head++;
    if (head < tail && from_disk(once, again, best[head], m, c) < again[m])
      again[m] = from_disk(once, again, best[head], m, c);
    if (m == n) break;
    for (; tail > head; tail--) {
      from = since[tail - 1] > m ? since[tail - 1] : m + 1;
      if (from_disk(once, again, m, from, c) >= from_disk(once, again, best[tail - 1], from, c)) break;
    }
    if (tail == head) beyond = from = m + 1;
    while (beyond - from > 1) {
      const int64_t mid = from + (beyond - from) / 2;

      if (from_disk(once, again, m, mid, c) < from_disk(once, again, best[tail - 1], mid, c))
        beyond = mid;
      else
        from = mid;
    }
    if (beyond > n) continue;
    best[tail]    = m;
    since[tail++] = beyond;
  }
  free(once);
  free(best);
  free(since);
  return again;
}

/* O1(m) less the adjoint steps; -1: no memory */
static double reread_time(int64_t units, int64_t m, const costate_costs *c)
{
  double time = -1;

  if (m <= TABLE) {
    double *again = reread_table(units, m, c);

    if (again) time = again[m];
    free(again);
  } else {
    const costate_costs costs = {c->forward, 0, c->write, c->read};
    costate_twolevel   *t     = costate_twolevel_create(units, 1, m, &costs, NULL, NULL);

    if (t) time = costate_twolevel_cost(t, m, 1);
    costate_twolevel_destroy(t);
  }
  return time;
}

/* The last m at which (w + r + uf P(m, units + 1)) / m, which O1 makes no cheaper, does not exceed `best` */
static int64_t furthest(int64_t units, double best, const costate_costs *c)
{
  int64_t lo = turning_point(units + 1, c->write + c->read, c->forward, 0), hi = LONGEST + 1;

  while (hi - lo > 1) {
    const int64_t mid = lo + (hi - lo) / 2;

    if ((c->write + c->read + plain_steps(mid, units + 1, c)) / (double)mid <= best)
      lo = mid;
    else
      hi = mid;
  }
  return lo;
}

/*
  The disk that can be read again is not worth more than one more unit of memory, where the start would lie for nothing:
  O1(m) >= uf P(m, units + 1).  That bounds the search.  Where the bound is beyond TABLE, as it may be when writing and
  reading take thousands of steps' time, the best of the periods up to there and that of COSTATE_IO_ONCE is taken; so it
  is when there is no memory for the table.
*/
static int64_t reread_period(int64_t units, const costate_costs *c, double *rate)
{
  const double k    = c->write + c->read;
  int64_t      m    = turning_point(units, k, c->forward, 0);
  double       best = (k + plain_steps(m, units, c)) / (double)m;

  for (int64_t len = m < TABLE / 2 ? 2 * m : TABLE; c->forward > 0 && k > 0; len *= 2) {
    const int64_t end = furthest(units, best, c);
    double       *again;

    if (len > end) len = end;
    if (len > TABLE) len = TABLE;
    again = reread_table(units, len, c);
    for (int64_t i = 1; again && i <= len; i++) {
      const double f = (k + again[i]) / (double)i;

      if (f > best || (f == best && i >= m)) continue;
      best = f;
      m    = i;
    }
    free(again);
    if (!again || len == TABLE || len >= furthest(units, best, c)) break;
  }
  *rate = best + c->adjoint;
  return m;
}

static double behind_time(int64_t units, int64_t m, const costate_costs *c)
{
  const double forward = (double)m * c->forward, backward = (double)m * c->adjoint + plain_steps(m, units, c);

  return (forward > c->write ? forward : c->write) + (backward > c->read ? backward : c->read);
}

/* The first m whose steps hide a write, or the first whose reversal hides a read */
static int64_t hides(int64_t units, const costate_costs *c, int reading)
{
  int64_t lo = 0, hi = LONGEST;

  while (hi - lo > 1) {
    const int64_t mid  = lo + (hi - lo) / 2;
    const double  time = (double)mid * (reading ? c->adjoint : c->forward) + (reading ? plain_steps(mid, units, c) : 0);

    if (time >= (reading ? c->read : c->write))
      hi = mid;
    else
      lo = mid;
  }
  return hi;
}

/*
  While a read is not hidden the rate falls strictly; from where both are hidden it does not fall any more; between the
  two, where only the write is not hidden, it is that of COSTATE_IO_ONCE with nothing to read.  So one of five is best.
*/
static int64_t behind_period(int64_t units, const costate_costs *c, double *rate)
{
  const int64_t write = hides(units, c, 0), read = hides(units, c, 1);
  const int64_t last = write - 1 > read ? write - 1 : read, turn = turning_point(units, c->write, c->forward, 1);
  const int64_t between      = turn < read ? read : turn > last ? last : turn;
  const int64_t candidate[5] = {read > 1 ? read - 1 : 1, read, between, last, write > read ? write : read};
  int64_t       m            = candidate[0];

  *rate = behind_time(units, m, c) / (double)m;
  for (int i = 1; i < 5; i++) {
    const int64_t e = candidate[i];
    const double  f = behind_time(units, e, c) / (double)e;

    if (f > *rate || (f == *rate && e >= m)) continue;
    *rate = f;
    m     = e;
  }
  return m;
}

int64_t costate_period(int64_t units, const costate_costs *costs, costate_io io, double *rate)
{
  const costate_costs c = clean_costs(costs);
  double              time;
  int64_t             m;

  if (units < 1) units = 1;
  if (io == COSTATE_IO_REREAD) {
    m = reread_period(units, &c, &time);
  } else if (io == COSTATE_IO_BEHIND) {
    m = behind_period(units, &c, &time);
  } else {
    m    = turning_point(units, c.write + c.read, c.forward, 0);
    time = (c.write + c.read + plain_steps(m, units, &c)) / (double)m + c.adjoint;
  }
  if (rate) *rate = time;
  return m;
}

double costate_periodic_time(int64_t units, int64_t n, int64_t period, const costate_costs *costs, costate_io io)
{
  const costate_costs c = clean_costs(costs);
  int64_t             full, rest;
  double              time = 0;

  if (n <= 0) return 0;
  if (units < 1) units = 1;
  if (period < 1) period = 1;
  full = (n - 1) / period;
  rest = n - full * period;
  if (full > 0 && io == COSTATE_IO_BEHIND) {
    time = behind_time(units, period, &c);
  } else if (full > 0) {
    time = io == COSTATE_IO_REREAD ? reread_time(units, period, &c) : plain_steps(period, units, &c);
    if (time < 0) return -1;
    time += (double)period * (c.forward + c.adjoint) + c.write + c.read;
  }
  return (double)full * time + plain_steps(rest, units, &c) + (double)rest * c.adjoint;
}
