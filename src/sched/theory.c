/* SPDX-License-Identifier: BSD-2-Clause */
/*
  The optimum for a known number of steps and states only (Griewank 1992; Griewank and Walther, TOMS 26(1), 2000), in
  closed form: P(n, s) = t n - beta(s + 1, t - 1) with t the repetition number.
*/
#include "policy.h"

/* t up to here is found by stepping through Pascal's recurrence, beyond by bisection; beyond, s is small and beta
 * cheap. */
#define LINEAR 64

/* b (m + j) / j for b = C(m + j - 1, j - 1), without an intermediate that is larger than the result */
static int64_t grow(int64_t b, int64_t m, int64_t j)
{
  const int64_t a = m + j, q = b / j, rest = (b % j) * a / j;

  if (q > (INT64_MAX - rest) / a) return INT64_MAX;
  return q * a + rest;
}

int64_t costate_beta(int64_t s, int64_t t)
{
  const int64_t k = s < t ? s : t, m = s < t ? t : s;
  int64_t       b = 1;

  if (k < 0) return 0;
  if (m > INT64_MAX - k) return k ? INT64_MAX : 1;
  for (int64_t j = 1; j <= k && b < INT64_MAX; j++) b = grow(b, m, j);
  return b;
}

int64_t costate_repetition(int64_t n, int64_t s)
{
  int64_t b = 1, lo = LINEAR, hi = 2 * LINEAR;

  if (n <= 1) return 0;
  if (s <= 0) return INT64_MAX;
  if (s == 1) return n - 1;
  if (s >= n - 1) return 1;
  for (int64_t t = 1; t <= LINEAR; t++) {
    b = grow(b, s, t);
    if (n <= b) return t;
  }
  while (costate_beta(s, hi) < n) {
    lo = hi;
    hi *= 2;
  }
  while (hi - lo > 1) {
    const int64_t mid = lo + (hi - lo) / 2;

    if (costate_beta(s, mid) < n)
      lo = mid;
    else
      hi = mid;
  }
  return hi;
}

int64_t costate_offline_advances(int64_t n, int64_t s)
{
  const int64_t  t  = costate_repetition(n, s);
  const uint64_t un = (uint64_t)n, ut = (uint64_t)t;
  int64_t        b;
  uint64_t       p;

  if (n <= 1) return 0;
  if (s <= 0) return INT64_MAX;
  if (s >= n) s = n - 1; /* more change nothing, and s + 1 must not overflow */
  b = costate_beta(s + 1, t - 1);
  /* t n <= 2 P, so where it does not fit into 64 unsigned bits P does not fit into 63 */
  if (b == INT64_MAX || ut > UINT64_MAX / un) return INT64_MAX;
  p = ut * un - (uint64_t)b;
  return p > (uint64_t)INT64_MAX ? INT64_MAX : (int64_t)p;
}

void costate_offline_split(int64_t n, int64_t s, int64_t *jmin, int64_t *jmax)
{
  int64_t t, a, b;

  if (n <= 2 || s <= 1) {
    *jmin = *jmax = n - 1;
    return;
  }
  t     = costate_repetition(n, s);
  a     = costate_beta(s, t - 2);
  b     = n - costate_beta(s - 1, t);
  *jmin = a > b ? a : b;
  a     = costate_beta(s, t - 1);
  b     = n - costate_beta(s - 1, t - 1);
  *jmax = a < b ? a : b;
  if (*jmin < 1) *jmin = 1;
}

int64_t costate_optimum(int64_t units, int64_t n, int64_t g, int restarts)
{
  const int64_t p = costate_offline_advances(n, units), last = g == 1 && restarts ? 1 : n;
  int64_t       v = -1;

  if (n <= 0) return 0;
  if (g > 1 || (g == 1 && !restarts)) {
    v = costate_mixed_evaluations(units, n, g, restarts);
    if (v < 0) v = costate_mixed_composed(units, n, g, restarts);
  }
  if (v >= 0) return v;
  return p > INT64_MAX - last ? INT64_MAX : p + last;
}
