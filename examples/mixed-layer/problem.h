/* SPDX-License-Identifier: BSD-2-Clause */
/* The inverse problem in scaled controls v: p = p0 + S v, with S such that every control matters about equally. */
#pragma once
#include <petsctao.h>
#include "cost.h"

typedef struct {
  Model    *model;
  Prior     prior;
  TS        adjoint; /* forward and backward, with a trajectory */
  TS        forward; /* the same for runs that only ask for the cost: keeps nothing */
  Vec       p0, scale, p, T, lambda, mu;
  PetscReal rms; /* of the last evaluation: observed against computed temperature, K */
} Problem;

PetscErrorCode ProblemCreate(Model *, const Prior *, PetscInt steps, Problem *);
PetscErrorCode ProblemDestroy(Problem *);
PetscErrorCode ProblemEvaluate(Problem *, Vec v, PetscReal *cost, Vec g); /* g may be NULL: then no backward run */
PetscErrorCode ProblemTaylorTest(Problem *, Vec v, PetscInt seed);
PetscErrorCode ProblemOptimise(Problem *, PetscReal lower, PetscReal upper, PetscInt iterations, Vec v);
