/* SPDX-License-Identifier: BSD-2-Clause */
/* What a schedule takes by the clock when the disk works behind the computation. */
#include <stdlib.h>
#include "plan.h"

struct plan_clock {
  costate_costs costs;
  int           ends; /* steps are reversed from their end states: the adjoint steps execute nothing */
  int64_t       N;
  double        now, disk; /* disk: when it has done all that it was asked for */
  /* on the way to or from the disk, in the order in which they arrive */
  struct {
    int64_t step;
    double  arrives;
  } * flying;
  int64_t head, tail, cap;
};

plan_clock *plan_clock_create(const plan_question *q)
{
  plan_clock *c = calloc(1, sizeof(*c));

  if (!c) return NULL;
  c->costs = q->cfg.costs;
  c->ends  = q->cfg.stage_units == 1 && q->cfg.stage_restarts;
  c->N     = q->steps;
  return c;
}

void plan_clock_destroy(plan_clock *c)
{
  if (c) free(c->flying);
  free(c);
}

double plan_clock_time(const plan_clock *c)
{
  return c->now > c->disk ? c->now : c->disk;
}

/* An adjoint step's cost contains that of the step it executes; so does that of step N, executed in the first sweep. */
void plan_clock_forward(plan_clock *c, int64_t step)
{
  if (step < c->N || c->ends) c->now += c->costs.forward;
}

static int order(plan_clock *c, int64_t step, double cost)
{
  if (c->disk < c->now) c->disk = c->now;
  c->disk += cost;
  if (c->tail == c->cap) {
    const int64_t flying = c->tail - c->head;

    if (c->head <= c->cap / 2) {
      const int64_t cap = 2 * c->cap + 16;
      void         *p   = realloc(c->flying, (size_t)cap * sizeof(*c->flying));

      if (!p) return 1;
      c->flying = p;
      c->cap    = cap;
    }
    for (int64_t i = 0; i < flying; i++) c->flying[i] = c->flying[c->head + i];
    c->head = 0;
    c->tail = flying;
  }
  c->flying[c->tail].step      = step;
  c->flying[c->tail++].arrives = c->disk;
  return 0;
}

static void wait_for(plan_clock *c, int64_t step)
{
  while (c->head < c->tail && c->flying[c->head].arrives <= c->now) c->head++;
  for (int64_t i = c->tail - 1; i >= c->head; i--) {
    if (c->flying[i].step != step) continue;
    c->now = c->flying[i].arrives;
    return;
  }
}

int plan_clock_action(plan_clock *c, const costate_action *a)
{
  const costate_costs *costs = &c->costs;

  if (a->kind == COSTATE_ADVANCE)
    c->now += costs->forward * (double)(a->step - a->from);
  else if (a->kind == COSTATE_ADJOINT)
    c->now += costs->adjoint - (a->taped || c->ends || a->step == c->N ? 0 : costs->forward);
  else if (a->what != COSTATE_STATE)
    return 0;
  else if (a->kind == COSTATE_FETCH || (a->kind == COSTATE_STORE && a->tier == COSTATE_DISK))
    return order(c, a->step, a->kind == COSTATE_FETCH ? costs->read : costs->write);
  else if (a->kind == COSTATE_EVICT || a->kind == COSTATE_RESTORE)
    wait_for(c, a->step);
  return 0;
}
