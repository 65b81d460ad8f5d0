/* SPDX-License-Identifier: BSD-2-Clause */
/* Drives the scheduler action by action, as an executor would, and counts. */
#include <stdio.h>
#include <string.h>
#include <time.h>
#include "plan.h"

/* How often the clock is read: the answer to "is this slow?" must not make it so. */
#define LOOK 65536

typedef struct {
  time_t  start, shown;
  int64_t count, steps, done;
} progress;

static void tick(progress *p)
{
  time_t now;

  if (++p->count % LOOK) return;
  now = time(NULL);
  if (now - p->start <= 2 || now == p->shown) return;
  p->shown = now;
  fprintf(stderr, "\r%lld of %lld steps run, %lld reversed", (long long)(p->done > 0 ? p->steps : p->count),
          (long long)p->steps, (long long)p->done);
}

static int drain(costate_sched *s, const plan_watch *w, progress *p, plan_answer *answer, int forward)
{
  costate_action a;
  int            err;

  while (!(err = costate_sched_next(s, &a)) && a.kind != COSTATE_YIELD && a.kind != COSTATE_DONE) {
    const int new_phase = a.kind == COSTATE_RESTORE || (forward && a.kind == COSTATE_EVICT && a.what == COSTATE_STATE);

    if (a.kind == COSTATE_ADJOINT) p->done++;
    answer->phases += new_phase;
    if (w) w->action(w->ctx, &a, new_phase);
    if (!forward) tick(p);
  }
  return err;
}

int plan_drive(const plan_question *q, const plan_watch *w, plan_answer *answer)
{
  costate_sched      *s = NULL;
  costate_sched_stats st;
  progress            p = {0, 0, 0, 0, 0};
  int                 err;

  memset(answer, 0, sizeof(*answer));
  p.start = time(NULL);
  p.steps = q->steps;
  err     = costate_sched_create(&q->cfg, &s);
  if (err) {
    const char *why = costate_sched_config_error(&q->cfg);

    snprintf(answer->error, sizeof(answer->error), "%s", why ? why : "out of memory");
    return err;
  }
  for (int64_t n = 0; !err && n < q->steps; n++) {
    if (n > 0 && w) w->forward(w->ctx, n);
    err = costate_sched_arrive(s, n, COSTATE_ARRIVE_STEP);
    if (!err) err = drain(s, w, &p, answer, 1);
    tick(&p);
  }
  if (!err && w) w->forward(w->ctx, q->steps);
  if (!err) err = costate_sched_turn(s, q->steps);
  if (!err) err = drain(s, w, &p, answer, 0);
  if (p.shown) fprintf(stderr, "\r%60s\r", "");
  if (err) snprintf(answer->error, sizeof(answer->error), "%s", costate_sched_error(s));
  costate_sched_get_stats(s, &st);
  costate_sched_destroy(s);
  answer->slots       = q->cfg.units;
  answer->evaluations = st.evaluations;
  answer->advances    = st.evaluations - q->steps;
  answer->repetition  = costate_repetition(q->steps, q->cfg.units);
  answer->peak        = st.peak_units;
  answer->ratio       = (double)answer->evaluations / (double)answer->optimum;
  return err;
}

void plan_compare(const plan_question *q, plan_answer *answer)
{
  const costate_sched_config *c       = &q->cfg;
  const int                   records = c->stage_units > 1 || (c->stage_units == 1 && !c->stage_restarts);

  answer->optimum = records ? costate_mixed_evaluations(c->units, q->steps, c->stage_units, c->stage_restarts) : -1;
  answer->beyond  = records && answer->optimum < 0;
  if (answer->optimum < 0) answer->optimum = costate_optimum(c->units, q->steps, c->stage_units, c->stage_restarts);
  answer->ratio = (double)answer->evaluations / (double)answer->optimum;
}
