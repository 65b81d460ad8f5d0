/* SPDX-License-Identifier: BSD-2-Clause */
/* Costs of every kind that a test hands to a Costate, on a problem of the zoo. */
#ifndef COSTATE_TEST_COSTS_H
#define COSTATE_TEST_COSTS_H

#include "../methods/zoorun.h"

/* weight |u - target|^2 / 2 + p_weight |p|^2 / 2, and at point i times (i + 1) */
typedef struct {
  PetscReal weight, target, p_weight;
} TestCost;

static inline PetscErrorCode TestValue(Costate cs, PetscInt i, PetscReal t, Vec u, Vec p, PetscReal *value, void *ctx)
{
  const TestCost *c = (const TestCost *)ctx;
  PetscScalar     sum, uu, pp = 0;
  PetscInt        n;

  PetscFunctionBeginUser;
  (void)cs, (void)t;
  PetscCall(VecGetSize(u, &n));
  PetscCall(VecSum(u, &sum));
  PetscCall(VecDot(u, u, &uu));
  if (p) PetscCall(VecDot(p, p, &pp));
  *value = (i + 1) * (c->weight * (uu - 2 * c->target * sum + n * c->target * c->target) + c->p_weight * pp) / 2;
  PetscFunctionReturn(0);
}

static inline PetscErrorCode TestGradientU(Costate cs, PetscInt i, PetscReal t, Vec u, Vec p, Vec g, void *ctx)
{
  const TestCost *c = (const TestCost *)ctx;

  PetscFunctionBeginUser;
  (void)cs, (void)t, (void)p;
  PetscCall(VecCopy(u, g));
  PetscCall(VecShift(g, -c->target));
  PetscCall(VecScale(g, (i + 1) * c->weight));
  PetscFunctionReturn(0);
}

static inline PetscErrorCode TestGradientP(Costate cs, PetscInt i, PetscReal t, Vec u, Vec p, Vec g, void *ctx)
{
  const TestCost *c = (const TestCost *)ctx;

  PetscFunctionBeginUser;
  (void)cs, (void)t, (void)u;
  PetscCall(VecCopy(p, g));
  PetscCall(VecScale(g, (i + 1) * c->p_weight));
  PetscFunctionReturn(0);
}

#define TEST_COST(c) TestValue, TestGradientU, TestGradientP, (void *)(c)

/* How often the application's functions are called, whoever calls them. */
typedef struct {
  TSRHSFunction f;
  TSRHSJacobian jacobian;
  void         *fctx, *jctx;
  PetscInt      fs, jacobians;
} TestCount;

static inline PetscErrorCode TestF(TS ts, PetscReal t, Vec u, Vec f, void *ctx)
{
  TestCount *c = (TestCount *)ctx;

  PetscFunctionBeginUser;
  c->fs++;
  PetscCall(c->f(ts, t, u, f, c->fctx));
  PetscFunctionReturn(0);
}

static inline PetscErrorCode TestJ(TS ts, PetscReal t, Vec u, Mat A, Mat P, void *ctx)
{
  TestCount *c = (TestCount *)ctx;

  PetscFunctionBeginUser;
  c->jacobians++;
  PetscCall(c->jacobian(ts, t, u, A, P, c->jctx));
  PetscFunctionReturn(0);
}

static inline PetscErrorCode TestCountCalls(TS ts, TestCount *c)
{
  Mat A, P;

  PetscFunctionBeginUser;
  c->fs = c->jacobians = 0;
  PetscCall(TSGetRHSFunction(ts, NULL, &c->f, &c->fctx));
  PetscCall(TSSetRHSFunction(ts, NULL, TestF, c));
  PetscCall(TSGetRHSJacobian(ts, &A, &P, &c->jacobian, &c->jctx));
  PetscCall(TSSetRHSJacobian(ts, A, P, TestJ, c));
  PetscFunctionReturn(0);
}

/* A problem, and an object that has no cost yet. */
static inline PetscErrorCode TestCreate(const char problem[], const char method[], CostateProblem *pr, Costate *cs)
{
  TS  ts;
  Vec u0, p;

  PetscFunctionBeginUser;
  PetscCall(CostateProblemCreate(PETSC_COMM_WORLD, problem, pr));
  PetscCall(CostateProblemSetFromOptions(*pr));
  PetscCall(CostateProblemGetTS(*pr, &ts));
  PetscCall(CostateProblemGetInitialState(*pr, &u0));
  PetscCall(CostateProblemGetParameters(*pr, &p));
  PetscCall(CostateCreate(PETSC_COMM_WORLD, cs));
  PetscCall(CostateSetTS(*cs, ts));
  PetscCall(CostateSetInitialState(*cs, u0));
  PetscCall(CostateSetParameters(*cs, p));
  if (method) PetscCall(CostateSetType(*cs, method));
  PetscCall(CostateSetFromOptions(*cs));
  PetscFunctionReturn(0);
}

#endif
