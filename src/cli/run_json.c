/* SPDX-License-Identifier: BSD-2-Clause */
/* The answer of `costate run`, for programs. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include "json.h"
#include "problem.h"

static void statistics(const CostateStatistics *s)
{
  json_open("statistics", '{');
  json_integer("steps", s->steps);
  json_integer("rejections", s->rejections);
  json_integer("replayed", s->replayed);
  json_integer("adjoint_steps", s->adjoint_steps);
  json_integer("adjoint_rejections", s->adjoint_rejections);
  json_integer("functions", s->f);
  json_integer("jacobians", s->jacobians);
  json_integer("jtv", s->jtv);
  json_integer("jptv", s->jptv);
  json_integer("linear_its", s->linear_its);
  json_integer("adjoint_linear_its", s->adjoint_linear_its);
  json_integer("states", s->states);
  json_integer("peak_states", s->peak_states);
  json_number("bytes", s->bytes);
  json_number("seconds_forward", s->seconds_forward);
  json_number("seconds_backward", s->seconds_backward);
  if (s->drift >= 0)
    json_number("drift", (double)s->drift);
  else
    json_null("drift");
  json_close('}');
}

static void vectors(const char *name, const run_answer *a, PetscScalar *const x[2])
{
  static const char *const of[] = {"u0", "p"};

  json_open(name, '{');
  for (int i = 0; i < 2; i++) {
    if (a->n[i] && x[i])
      json_numbers(of[i], a->n[i], x[i]);
    else
      json_null(of[i]);
  }
  json_close('}');
}

static void answer(const problem_session *s, const run_answer *a)
{
  json_open(NULL, '{');
  json_text("problem", s->name);
  json_text("method", a->method);
  json_text("ts_type", a->ts_type);
  json_integer("ranks", s->size);
  json_text("reason", CostateConvergedReasons[a->reason]);
  json_number("t0", (double)a->t0);
  json_number("tend", (double)a->tend);
  json_text("kind", CostateCostKinds[a->kind]);
  json_open("times", '[');
  for (PetscInt i = 0; i < a->ntimes; i++) json_number(NULL, (double)a->times[i]);
  json_close(']');
  if (a->reason > 0) {
    json_number("cost", (double)a->cost);
    vectors("gradient", a, a->value);
  } else {
    json_null("cost");
    json_null("gradient");
  }
  if (a->source) {
    json_text("source", a->source);
    vectors("known", a, a->known);
    json_open("error", '{');
    if (a->known[0]) json_number("u0", a->error[0]);
    if (a->known[1]) json_number("p", a->error[1]);
    json_close('}');
  } else
    json_null("known");
  statistics(&a->stats);
  json_close('}');
}

int run_json(const problem_session *s, const run_answer *a)
{
  FILE *to = strcmp(s->json, "-") ? fopen(s->json, "w") : stdout;
  int   bad;

  if (!to) return errno;
  json_to(to);
  answer(s, a);
  json_to(stdout);
  errno = 0;
  bad   = ferror(to) || (to == stdout ? fflush(to) : fclose(to));
  return bad ? (errno ? errno : EIO) : 0;
}
