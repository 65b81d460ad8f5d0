/* SPDX-License-Identifier: BSD-2-Clause */
/* The inverse problem.  The optimiser varies x in p = p0 + S x, with S such that every control matters about equally.
 */
#pragma once
#include "cost.h"

typedef struct {
  Model  *model;
  Costate cs;    /* the misfit as a function of p, and its gradient */
  Vec     T0;    /* the initial state */
  Vec     p0, p; /* the first guess, and the parameters of the last run */
  Mat     S;     /* diagonal: the root of the covariance of p, but for the smoothness */
} Problem;

PetscErrorCode ProblemCreate(Model *, PetscInt steps, Problem *);
PetscErrorCode ProblemDestroy(Problem *);
PetscErrorCode ProblemTaylorTest(Problem *, PetscInt seed);
/* The result is in p, and the model has it. */
PetscErrorCode ProblemOptimise(Problem *, PetscReal lower, PetscReal upper, PetscInt iterations);
