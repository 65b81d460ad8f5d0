/* SPDX-License-Identifier: BSD-2-Clause */
/* The closed forms: against the recurrence, against every row of the table, and without overflow at any size. */
#include "../tap.h"
#include "interp.h"

#define SLOTS 12
#define STEPS 260

/* P(n, s) from its recurrence, and every first checkpoint that attains it */
static void recurrence(void)
{
  static int64_t p[SLOTS + 1][STEPS + 1];
  int64_t        bad = 0, badsplit = 0;

  for (int64_t s = 1; s <= SLOTS; s++) {
    for (int64_t n = 2; n <= STEPS; n++) {
      int64_t lo = 0, hi = 0, jmin, jmax;

      p[s][n] = INT64_MAX;
      for (int64_t j = 1; j < n; j++) {
        int64_t e = j + p[s][j] + p[s - 1][n - j];

        if (s == 1 && n - j > 1) continue;
        if (e < p[s][n]) {
          p[s][n] = e;
          lo      = j;
        }
        if (e == p[s][n]) hi = j;
      }
      if (p[s][n] != costate_offline_advances(n, s)) bad++;
      costate_offline_split(n, s, &jmin, &jmax);
      if (jmin != lo || jmax != hi) badsplit++;
    }
  }
  ok(!bad, "P(n, s) solves its recurrence for s up to %d and n up to %d", SLOTS, STEPS);
  ok(!badsplit, "the range of first checkpoints is the set of all optimal ones");
}

static void table(void)
{
  FILE   *f = oracle_open("offline_optimum.csv");
  char    line[512];
  double  v[8];
  int64_t rows = 0, bad = 0;

  while (oracle_row(f, line, sizeof(line), 8, v, NULL)) {
    const int64_t s = (int64_t)v[0], n = (int64_t)v[1];
    int64_t       jmin, jmax;
    int           good;

    costate_offline_split(n, s, &jmin, &jmax);
    good = costate_repetition(n, s) == (int64_t)v[2] && costate_offline_advances(n, s) == (int64_t)v[3] &&
           costate_optimum(s, n, 0, 0) == (int64_t)v[4] &&
           (v[6] < 0 || (jmin == (int64_t)v[6] && jmax == (int64_t)v[7]));
    if (!good && !bad++) fprintf(stderr, "# first bad row: %s", line);
    rows++;
  }
  ok(rows > 1000 && !bad, "%lld rows of offline_optimum.csv", (long long)rows);
  if (f) fclose(f);
}

/* C(a, b) modulo 2^64 and in floating point: exact where it fits, INT64_MAX exactly where it does not. */
static void binomials(void)
{
  static uint64_t    row[160];
  static long double size[160];
  int64_t            bad = 0;

  row[0]  = 1;
  size[0] = 1;
  for (int64_t a = 1; a < 160; a++) {
    for (int64_t b = a; b > 0; b--) {
      row[b] += row[b - 1];
      size[b] += size[b - 1];
    }
    for (int64_t b = 0; b <= a; b++) {
      const int fits = size[b] < 9.2233720368547758e18L;

      if (costate_beta(b, a - b) != (fits ? (int64_t)row[b] : INT64_MAX)) bad++;
    }
  }
  ok(!bad, "beta is exact up to 2^63 and stays there");
  ok(costate_beta(1, INT64_MAX - 2) == INT64_MAX - 1 && costate_beta(2, INT64_MAX - 1) == INT64_MAX &&
         costate_beta(INT64_MAX, 0) == 1 && costate_beta(0, INT64_MAX) == 1 && costate_beta(-1, 3) == 0 &&
         costate_beta(3, -1) == 0,
     "beta at the ends of its range");
}

/* Slope t between beta(s, t-1) and beta(s, t): a check of P at sizes that no recurrence reaches. */
static void large(void)
{
  const int64_t slots[] = {1, 2, 3, 4, 5, 8, 16, 64, 1000, 1000000};
  int64_t       bad     = 0;

  for (size_t i = 0; i < sizeof(slots) / sizeof(slots[0]); i++) {
    const int64_t s = slots[i];

    for (int64_t n = 999999000; n <= 1000001000; n += 7) {
      const int64_t t = costate_repetition(n, s), p = costate_offline_advances(n, s);
      int64_t       jmin, jmax;

      if (costate_beta(s, t) < n || costate_beta(s, t - 1) >= n) bad++;
      if (costate_offline_advances(n - 1, s) + (n - 1 >= costate_beta(s, t - 1) ? t : t - 1) != p) bad++;
      costate_offline_split(n, s, &jmin, &jmax);
      if (jmin < 1 || jmax < jmin || jmax >= n)
        bad++;
      else if (jmin + costate_offline_advances(jmin, s) + costate_offline_advances(n - jmin, s - 1) != p && s > 1)
        bad++;
      else if (jmax + costate_offline_advances(jmax, s) + costate_offline_advances(n - jmax, s - 1) != p && s > 1)
        bad++;
    }
  }
  ok(!bad, "slopes and splits of P about n = 10^9");
  ok(costate_offline_advances(4294967297, 1) == INT64_MAX &&
         costate_offline_advances(4294967296, 1) == 9223372034707292160 &&
         costate_offline_advances(INT64_MAX, 2) == INT64_MAX &&
         costate_offline_advances(INT64_MAX, INT64_MAX) == INT64_MAX - 1,
     "P saturates at 2^63 and not before");
  ok(costate_optimum(INT64_MAX / 4, INT64_MAX, 0, 0) == INT64_MAX &&
         costate_optimum(3, 1000000000, 1, 1) == costate_offline_advances(1000000000, 3) + 1,
     "the optimum beyond the tables");
}

int main(void)
{
  plan(8);
  recurrence();
  table();
  binomials();
  large();
  return done();
}
