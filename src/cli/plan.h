/* SPDX-License-Identifier: BSD-2-Clause */
/* What the files of `costate plan` share: one question, its answer, and the machine driven from one to the other. */
#ifndef COSTATE_CLI_PLAN_H
#define COSTATE_CLI_PLAN_H

#include "costate/sched.h"

typedef struct {
  costate_sched_config cfg;
  int64_t              steps;
} plan_question;

typedef struct {
  int64_t slots, advances, evaluations, optimum, repetition, peak;
  int64_t phases; /* of the schedule: see plan_watch */
  double  ratio;
  int     beyond; /* the optimum is what policy offline comes to */
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

int  plan_drive(const plan_question *, const plan_watch *, plan_answer *); /* an error of the scheduler, or 0 */
void plan_compare(const plan_question *, plan_answer *);                   /* the answer beside the optimum */
void plan_draw(const plan_question *, const plan_answer *);

#endif
