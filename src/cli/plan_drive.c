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

static int drain(costate_sched *s, const plan_watch *w, plan_clock *clock, progress *p, plan_answer *answer,
                 int forward)
{
  costate_action a;
  int            err;

  while (!(err = costate_sched_next(s, &a)) && a.kind != COSTATE_YIELD && a.kind != COSTATE_DONE) {
    const int new_phase = a.kind == COSTATE_RESTORE ||
                          (forward && a.kind == COSTATE_EVICT && a.what == COSTATE_STATE && a.tier == COSTATE_RAM);

    if (a.kind == COSTATE_ADJOINT) p->done++;
    answer->phases += new_phase;
    if (w) w->action(w->ctx, &a, new_phase);
    if (clock && plan_clock_action(clock, &a)) return COSTATE_SCHED_ERR_MEM;
    if (!forward) tick(p);
  }
  return err;
}

static void went_forward(const plan_watch *w, plan_clock *clock, int64_t step)
{
  if (w) w->forward(w->ctx, step);
  if (clock) plan_clock_forward(clock, step);
}

/* The run itself; answers are taken from the statistics afterwards. */
static int run(const plan_question *q, costate_sched *s, const plan_watch *w, plan_clock *clock, plan_answer *answer)
{
  progress p   = {0, 0, 0, 0, 0};
  int      err = 0;

  p.start = time(NULL);
  p.steps = q->steps;
  for (int64_t n = 0; !err && n < q->steps; n++) {
    if (n > 0) went_forward(w, clock, n);
    err = costate_sched_arrive(s, n, COSTATE_ARRIVE_STEP);
    if (!err) err = drain(s, w, clock, &p, answer, 1);
    tick(&p);
  }
  if (!err) went_forward(w, clock, q->steps);
  if (!err) err = costate_sched_turn(s, q->steps);
  if (!err) err = drain(s, w, clock, &p, answer, 0);
  if (p.shown) fprintf(stderr, "\r%60s\r", "");
  return err;
}

/* Times: what the run takes without the disk's part, and the disk's part */
static void clock_out(const plan_question *q, const costate_sched_stats *st, const plan_clock *clock, plan_answer *a)
{
  const costate_costs *c    = &q->cfg.costs;
  const int            ends = q->cfg.stage_units == 1 && q->cfg.stage_restarts;
  const double computing = c->forward * (double)(a->advances + (ends ? q->steps : 0)) + c->adjoint * (double)q->steps;
  const double disk      = c->write * (double)st->writes + c->read * (double)st->reads;

  a->period    = st->period;
  a->writes    = st->writes;
  a->reads     = st->reads;
  a->peak_disk = st->peak_disk;
  a->time      = computing + disk;
  if (!clock || !(disk > 0)) return;
  a->time = plan_clock_time(clock);
  if (a->time < computing) a->time = computing; /* sums of many numbers */
  a->hidden = 1 - (a->time - computing) / disk;
  if (a->hidden < 0) a->hidden = 0;
}

int plan_drive(const plan_question *q, const plan_watch *w, plan_answer *answer)
{
  costate_sched      *s     = NULL;
  plan_clock         *clock = NULL;
  costate_sched_stats st;
  int                 err;

  memset(answer, 0, sizeof(*answer));
  err = costate_sched_create(&q->cfg, &s);
  if (!err && q->clocked && q->cfg.io == COSTATE_IO_BEHIND && !(clock = plan_clock_create(q)))
    err = COSTATE_SCHED_ERR_MEM;
  if (err) {
    const char *why = costate_sched_config_error(&q->cfg);

    if (s) costate_sched_destroy(s);
    snprintf(answer->error, sizeof(answer->error), "%s", why ? why : "out of memory");
    return err;
  }
  err = run(q, s, w, clock, answer);
  if (err) {
    const char *why = costate_sched_error(s);

    snprintf(answer->error, sizeof(answer->error), "%s", why ? why : "out of memory");
  }
  costate_sched_get_stats(s, &st);
  costate_sched_destroy(s);
  answer->slots       = q->cfg.units;
  answer->evaluations = st.evaluations;
  answer->advances    = st.evaluations - q->steps;
  answer->repetition  = costate_repetition(q->steps, q->cfg.units);
  answer->peak        = st.peak_units;
  if (q->clocked) clock_out(q, &st, clock, answer);
  plan_clock_destroy(clock);
  return err;
}

/*
  What the time is to be seen beside.  The theory of two levels has states only: nothing is known with stage records or
  where steps are reversed from their end states.
*/
static void compare_times(const plan_question *q, plan_answer *a)
{
  const costate_sched_config *c     = &q->cfg;
  plan_question               alone = *q;
  plan_answer                 other;

  a->memory = a->model = a->least = -1;
  alone.cfg.disk                  = 0;
  if (!c->disk)
    a->memory = a->time;
  else if (!plan_drive(&alone, NULL, &other))
    a->memory = other.time;
  if (c->stage_units) return;
  a->least = costate_disk_optimum(c->units, c->disk, q->steps, &c->costs);
  a->exact = a->least >= 0 && (!c->disk || q->steps <= costate_disk_exact());
  if (c->disk < COSTATE_UNLIMITED || a->period < 1) return;
  /* one unit is the buffer; without it there is nothing to write from, or to fetch into, while the run computes */
  if (c->io == COSTATE_IO_BEHIND && c->units > 1)
    a->model = costate_periodic_time(c->units - 1, q->steps, a->period, &c->costs, COSTATE_IO_BEHIND);
  else
    a->model = costate_periodic_time(c->units, q->steps, a->period, &c->costs,
                                     c->io == COSTATE_IO_BEHIND ? COSTATE_IO_ONCE : c->io);
}

void plan_compare(const plan_question *q, plan_answer *answer)
{
  const costate_sched_config *c       = &q->cfg;
  const int                   records = c->stage_units > 1 || (c->stage_units == 1 && !c->stage_restarts);

  answer->optimum = records ? costate_mixed_evaluations(c->units, q->steps, c->stage_units, c->stage_restarts) : -1;
  answer->beyond  = records && answer->optimum < 0;
  if (answer->optimum < 0) answer->optimum = costate_optimum(c->units, q->steps, c->stage_units, c->stage_restarts);
  answer->ratio = (double)answer->evaluations / (double)answer->optimum;
  if (q->clocked) compare_times(q, answer);
}
