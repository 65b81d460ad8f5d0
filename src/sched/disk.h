/* SPDX-License-Identifier: BSD-2-Clause */
/* What the machine asks of the second level; see disk.c.  Where there is no disk nothing is ever due. */
#ifndef COSTATE_SCHED_DISK_H
#define COSTATE_SCHED_DISK_H

#include "policy.h"

const char *costate_costs_error(const costate_costs *);

int  costate_disk_create(costate_sched *, const costate_sched_config *);
void costate_disk_destroy(costate_disk *);
void costate_disk_set_costs(costate_sched *, const costate_costs *);

/* The budget has changed, and the period with it. */
void costate_disk_set_units(costate_sched *);

/* Forward: state n starts a period by its distance from the last one. */
int costate_disk_due(const costate_sched *, int64_t n);
/* State n is about to become a start: decides which earlier ones go to disk, so that memory becomes free. */
int costate_disk_press(costate_sched *, int64_t n, costate_arrival kind);
/* Decides on starts, the oldest first, until so many units are free or all are decided on. */
int costate_disk_relieve(costate_sched *, int64_t units);
/* State n is held and is the start of what follows. */
int costate_disk_begin(costate_sched *, int64_t n, costate_arrival kind);
/* Costs are unknown: state 0 is written, so that the executor can measure. */
int costate_disk_probe(costate_sched *);
/* Gives up the memory of the state whose write may still be going on; 0 if there is none. */
int costate_disk_land(costate_sched *);

/* Backward: sees to it that memory holds the state from which step k is reached, and perhaps the next one below. */
int costate_disk_reach(costate_sched *, int64_t k);
/* Memory holds state `from`, index `at`, with nothing above it, and it is on disk too: 1 in *done if the disk is used
   to go on. */
int costate_disk_split(costate_sched *, int64_t k, int64_t from, int64_t at, int *done);
/* Step k is reversed. */
int costate_disk_forget(costate_sched *, int64_t k);

/* backward.c */
int costate_step_restore(costate_sched *, costate_what, int64_t step);
int costate_step_advance(costate_sched *, int64_t from, int64_t to);

#endif
