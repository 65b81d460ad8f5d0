/* SPDX-License-Identifier: BSD-2-Clause */
/*
  Memory and disk: how to reverse a stretch of steps whose start is on disk, by dynamic programming
  (Aupy, Herrmann, Hovland, Robert, SISC 38(3), 2016; with a quota, Herrmann and Pallez, TOMS 46(2), 2020).
*/
#ifndef COSTATE_SCHED_TWOLEVEL_H
#define COSTATE_SCHED_TWOLEVEL_H

#include "costate/sched.h"

typedef struct costate_twolevel costate_twolevel;

/*
  Plain steps that it takes to reverse `len` steps from a start that memory holds, `units` units counted with it: P(len,
  units) where `advances` is NULL.
*/
typedef int64_t (*costate_memory_cost)(void *ctx, int64_t len, int64_t units);

/* A table for stretches of up to n steps and up to `disk` disk states, the stretch's own start counted. NULL: no
 * memory. */
costate_twolevel *costate_twolevel_create(int64_t units, int64_t disk, int64_t n, const costate_costs *,
                                          costate_memory_cost, void *ctx);
void              costate_twolevel_destroy(costate_twolevel *);

/* The table was made for these units and costs and is large enough for the rest. */
int costate_twolevel_covers(const costate_twolevel *, int64_t units, int64_t disk, int64_t n, const costate_costs *);

typedef struct {
  int64_t
      advance; /* 0: keep the start in memory and go on from there; else the next state to keep is so many steps on */
  int write;   /* that state goes to disk, else to memory */
} costate_disk_choice;

/* `len` steps, the start on disk; `disk` disk states may be used, the start counted (at least 1). */
void costate_twolevel_choose(const costate_twolevel *, int64_t len, int64_t disk, costate_disk_choice *);
/* What that costs, without the first read of the start; K_d(len) */
double costate_twolevel_cost(const costate_twolevel *, int64_t len, int64_t disk);

#endif
