/* SPDX-License-Identifier: BSD-2-Clause */
/*
  What the errors of `costate choose` are measured by: the known gradient where there is one; else that of runs with
  tolerances or steps so much smaller that what they lack does not count.
*/
#include <math.h>
#include <stdio.h>
#include <string.h>
#include "choose.h"

#define RUNS 3

/* Relative; of a gradient with respect to the initial state what counts is what it says of consistent ones. */
PetscErrorCode choose_distance(const choose_answer *a, int which, Vec g, Vec known, double *error)
{
  Vec       d;
  PetscReal e, size;

  PetscFunctionBeginUser;
  PetscCall(VecDuplicate(g, &d));
  PetscCall(VecCopy(g, d));
  if (!which) PetscCall(CostateProblemReduceGradient(a->s->problem, d));
  PetscCall(VecAXPY(d, -1, known));
  PetscCall(VecNorm(d, NORM_2, &e));
  PetscCall(VecNorm(known, NORM_2, &size));
  PetscCall(VecDestroy(&d));
  *error = (double)(size > 0 ? e / size : e);
  PetscFunctionReturn(0);
}

static PetscErrorCode copy(Vec v, Vec *c)
{
  PetscFunctionBeginUser;
  *c = NULL;
  if (!v) PetscFunctionReturn(0);
  PetscCall(VecDuplicate(v, c));
  PetscCall(VecCopy(v, *c));
  PetscFunctionReturn(0);
}

/* Run k of smaller and smaller steps; the method that is right for the equation and the TS type. */
static PetscErrorCode fine(choose_answer *a, int k, PetscBool *fixed, Vec g[2])
{
  static const double factor[RUNS] = {1e-2, 1e-3, 1e-4};
  CostateType         method       = COSTATEINTERPOLATING;
  const char         *name;
  TS                  ts;
  TSAdapt             adapt;
  PetscReal           atol, rtol, dt;
  PetscBool           has;
  Vec                 x[2];

  PetscFunctionBeginUser;
  for (PetscInt i = 0;; i++) {
    PetscCall(CostateTSTypeListGet(i, &name, &has));
    if (!name) break;
    if (has && !strcmp(name, a->ts_type) && strcmp(name, TSARKIMEX)) method = COSTATEDISCRETE;
  }
  choose_progress(a, "the reference, by", method);
  PetscCall(choose_open(a, method, ""));
  PetscCall(CostateProblemGetTS(a->s->problem, &ts));
  PetscCall(TSGetAdapt(ts, &adapt));
  PetscCall(PetscObjectTypeCompare((PetscObject)adapt, TSADAPTNONE, fixed));
  PetscCall(TSGetTolerances(ts, &atol, NULL, &rtol, NULL));
  PetscCall(TSSetTolerances(ts, PetscMax(1e-13, atol * factor[k]), NULL, PetscMax(1e-13, rtol * factor[k]), NULL));
  PetscCall(TSGetTimeStep(ts, &dt));
  PetscCall(TSSetTimeStep(ts, *fixed ? dt / (4 << k) : dt * PetscPowReal(factor[k], 0.25)));
  choose_listen();
  PetscCall(CostateSolve(a->s->cs));
  choose_heard(NULL, 0);
  PetscCall(CostateGetGradient(a->s->cs, 0, &x[0], &x[1]));
  for (int i = 0; i < 2; i++) PetscCall(copy(x[i], &g[i]));
  if (g[0]) PetscCall(CostateProblemReduceGradient(a->s->problem, g[0]));
  PetscFunctionReturn(0);
}

/* Three vectors whose errors go as 2^(-kq): the last becomes their limit, and what it lacks is at most `doubt`. */
static PetscErrorCode extrapolate(Vec g[RUNS], double *doubt)
{
  PetscReal d[2], size;
  double    q;

  PetscFunctionBeginUser;
  PetscCall(VecNorm(g[2], NORM_2, &size));
  if (size <= 0) size = 1;
  for (int k = 0; k < 2; k++) {
    PetscCall(VecAXPY(g[k], -1, g[k + 1]));
    PetscCall(VecNorm(g[k], NORM_2, &d[k]));
  }
  *doubt = (double)(d[1] / size);
  if (*doubt < 1e-11 || d[0] < 1.5 * d[1]) PetscFunctionReturn(0); /* rounding, or no order to be seen */
  q = PetscMax(1, rint(log2((double)(d[0] / d[1]))));
  PetscCall(VecAXPY(g[2], (PetscScalar)(-1 / (exp2(q) - 1)), g[1]));
  *doubt /= exp2(q);
  PetscFunctionReturn(0);
}

static PetscErrorCode compute(choose_answer *a)
{
  Vec       g[2][RUNS] = {{NULL}};
  PetscBool fixed      = PETSC_FALSE;

  PetscFunctionBeginUser;
  for (int k = 0; k < RUNS; k++) {
    Vec x[2];

    PetscCall(fine(a, k, &fixed, x));
    g[0][k] = x[0];
    g[1][k] = x[1];
  }
  for (int i = 0; i < 2; i++) {
    double doubt = 0, last;

    if (!g[i][0] || a->known[i]) continue;
    if (fixed)
      PetscCall(extrapolate(g[i], &doubt));
    else { /* of the last one what is between it and the one before it */
      PetscCall(choose_distance(a, 1, g[i][RUNS - 2], g[i][RUNS - 1], &last));
      doubt = last;
    }
    a->doubt = PetscMax(a->doubt, doubt);
    PetscCall(copy(g[i][RUNS - 1], &a->known[i]));
  }
  for (int i = 0; i < 2; i++) {
    for (int k = 0; k < RUNS; k++) PetscCall(VecDestroy(&g[i][k]));
  }
  snprintf(a->source + strlen(a->source), sizeof(a->source) - strlen(a->source), "%s%s by %g", a->source[0] ? ", " : "",
           fixed ? "steps of 1/4, 1/8, 1/16, extrapolated: right" : "tolerances times 1e-4: right", a->doubt);
  PetscFunctionReturn(0);
}

PetscErrorCode choose_reference(choose_answer *a)
{
  const char *source;
  Vec         known[2];
  PetscBool   has, weighted;

  PetscFunctionBeginUser;
  PetscCall(CostateProblemGetKnown(a->s->problem, &has, &source, &known[0], &known[1]));
  PetscCall(PetscOptionsHasName(NULL, NULL, "-costate_cost_window", &weighted)); /* another cost than the known one */
  for (int i = 0; i < 2 && has && !weighted; i++) PetscCall(copy(known[i], &a->known[i]));
  if (has && !weighted) snprintf(a->source, sizeof(a->source), "%s", source);
  if (a->known[1] && (a->known[0] || a->parameters_only)) PetscFunctionReturn(0);
  PetscCall(compute(a));
  PetscFunctionReturn(0);
}
