/* SPDX-License-Identifier: BSD-2-Clause */
/* See failpoint.h.  Plain C: this is used by code that may call neither MPI nor PETSc. */
#define _GNU_SOURCE
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "failpoint.h"

int costate_failpoint_armed;

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static long            passed, deadly; /* deadly 0: none */
static FILE           *record;

static int Rank(void)
{
  static const char *const names[] = {"OMPI_COMM_WORLD_RANK", "PMIX_RANK", "PMI_RANK", "SLURM_PROCID"};

  for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
    if (getenv(names[i])) return atoi(getenv(names[i]));
  return 0;
}

static void Arm(void)
{
  const char *say = getenv("COSTATE_FAILPOINT");
  char        path[4096];
  char       *rest;

  if (!say || !*say) return;
  if (!strncmp(say, "count:", 6)) {
    (void)snprintf(path, sizeof(path), "%s.%d", say + 6, Rank());
    record = fopen(path, "w");
  } else if (!strcmp(say, "list")) {
    record = stderr;
  } else {
    deadly = strtol(say, &rest, 10);
    if (rest == say || deadly < 1 || (*rest && *rest != ':')) {
      (void)fprintf(stderr, "costate: COSTATE_FAILPOINT=%s is none of N, N:RANK, list, count:FILE; it is ignored\n",
                    say);
      return;
    }
    if (*rest == ':' && atoi(rest + 1) != Rank()) return;
  }
  costate_failpoint_armed = 1;
}

void CostateFailpointArm(void)
{
  static pthread_once_t once = PTHREAD_ONCE_INIT;

  pthread_once(&once, Arm);
}

void CostateFailpointPass(const char *name)
{
  long n;

  pthread_mutex_lock(&lock);
  n = ++passed;
  if (record) {
    (void)fprintf(record, "%ld %s\n", n, name);
    (void)fflush(record);
  }
  pthread_mutex_unlock(&lock);
  if (n != deadly) return;
  (void)kill(getpid(), SIGKILL);
  for (;;) pause();
}
