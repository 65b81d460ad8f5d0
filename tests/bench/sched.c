/* SPDX-License-Identifier: BSD-2-Clause */
/* Nanoseconds per decision: 10^6 arrivals, the actions taken off the queue, best of five. */
#define _POSIX_C_SOURCE 199309L
#include <stdio.h>
#include <time.h>
#include "costate/sched.h"

static double seconds(void)
{
  struct timespec t;

  clock_gettime(CLOCK_MONOTONIC, &t);
  return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static double once(const char *policy, int64_t units, int64_t steps, int64_t *moves)
{
  const costate_sched_config cfg = {.policy = policy, .units = units};
  costate_sched             *s;
  const double               start = seconds();

  *moves = 0;
  if (costate_sched_create(&cfg, &s)) return -1;
  for (int64_t n = 0; n < steps; n++) {
    costate_action a = {.kind = COSTATE_STORE};

    if (costate_sched_arrive(s, n, COSTATE_ARRIVE_STEP)) break;
    for (; a.kind != COSTATE_YIELD; ++*moves) {
      if (costate_sched_next(s, &a)) break;
    }
  }
  costate_sched_destroy(s);
  return seconds() - start;
}

int main(void)
{
  const int64_t units[] = {8, 16, 64, 256}, steps = 1000000;
  const char   *policy[] = {"online", "wang"};

  printf("policy,units,steps,ns_per_decision,actions\n");
  for (int p = 0; p < 2; p++) {
    for (int u = 0; u < 4; u++) {
      double  best  = 1e9;
      int64_t moves = 0;

      for (int r = 0; r < 5; r++) {
        const double t = once(policy[p], units[u], steps, &moves);

        if (t >= 0 && t < best) best = t;
      }
      printf("%s,%lld,%lld,%.0f,%lld\n", policy[p], (long long)units[u], (long long)steps, 1e9 * best / (double)steps,
             (long long)moves);
    }
  }
  return 0;
}
