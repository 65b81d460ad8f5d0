/* SPDX-License-Identifier: BSD-2-Clause */
/* What the files of `costate plan` share: one question, its answer, and the machine driven from one to the other. */
#ifndef COSTATE_CLI_PLAN_H
#define COSTATE_CLI_PLAN_H

#include "costate/sched.h"

#define PLAN_LIST 64 /* values in a comma list */

enum { PLAN_TEXT, PLAN_CSV, PLAN_JSON };

/* The command line */
typedef struct {
  int64_t       steps[PLAN_LIST], slots[PLAN_LIST], disk[PLAN_LIST];
  const char   *policy[PLAN_LIST];
  int           nsteps, nslots, npolicies, ndisk;
  int           automatic, stage_restarts;
  int           clocked; /* times are asked for, see plan_question */
  int64_t       stage_units, stride;
  double        overhead;
  costate_costs costs;
  costate_io    io;
  int           format;
  char          names[512]; /* the policies' names live here */
} plan_request;

typedef struct {
  costate_sched_config cfg;
  int64_t              steps;
  int                  clocked; /* the answer has the figures of the disk and the times, which takes costs */
} plan_question;

typedef struct {
  int64_t slots, advances, evaluations, optimum, repetition, peak;
  int64_t phases; /* of the schedule: see plan_watch */
  double  ratio;
  int     beyond; /* the optimum is what policy offline comes to */
  /* clocked; times are negative where they are not known */
  int64_t period, writes, reads, peak_disk;
  double  time, hidden; /* of the schedule; the part of the disk's time that it does not wait for */
  double  model;        /* of a long run with this period */
  double  memory;       /* without the disk */
  double  least;        /* for a run that waits for the disk */
  int     exact;        /* nothing can take less than `least`, it is not just the best that is known */
  char    error[256];
} plan_answer;

/*
  Told about everything that happens, in order.  forward: step n of the first sweep was executed.  action: any action; a
  new phase begins with everything that is loaded, and in the first sweep with every state that is given up.
*/
typedef struct {
  void (*forward)(void *ctx, int64_t step);
  void (*action)(void *ctx, const costate_action *a, int new_phase);
  void *ctx;
} plan_watch;

/*
  A clock for the computation and one for the disk, which does one thing after the other in the order in which it is
  asked.  The computation waits only where sched.h says that it has to: COSTATE_IO_BEHIND.
*/
typedef struct plan_clock plan_clock;

plan_clock *plan_clock_create(const plan_question *); /* NULL: no memory */
void        plan_clock_destroy(plan_clock *);
void        plan_clock_forward(plan_clock *, int64_t step);
int         plan_clock_action(plan_clock *, const costate_action *); /* 0, or there is no memory */
double      plan_clock_time(const plan_clock *);

int  plan_refuse(const char *format, ...); /* says so on stderr; COSTATE_CLI_USAGE */
int  plan_parse(plan_request *, int argc, char **argv);
int  plan_drive(const plan_question *, const plan_watch *, plan_answer *); /* an error of the scheduler, or 0 */
void plan_compare(const plan_question *, plan_answer *);                   /* the answer beside the optimum */
void plan_print(const plan_question *, const plan_answer *, int format, int first, int many);
void plan_draw(const plan_question *, const plan_answer *);

#endif
