/* SPDX-License-Identifier: BSD-2-Clause */
/*
  A wave on a chain, for tests of complex scalars:

    u_j' = -i (2 u_j - u_(j-1) - u_(j+1) + p_1 V_j u_j) + p_2 u_j^2 ,

  u and p complex, with real costs of moduli.  With a conjugate of u_j added it is not analytic any more, and its
  Jacobian right along real directions alone.
*/
#ifndef COSTATE_TEST_CHAIN_H
#define COSTATE_TEST_CHAIN_H

#include <petscdmda.h>
#include "hessian.h"

#if !defined(PETSC_USE_COMPLEX)
static inline PetscErrorCode ChainSkip(int *argc, char ***argv)
{
  PetscFunctionBeginUser;
  PetscCall(ZooBegin(argc, argv, 0));
  if (zoo_rank == 0) skip_all("this PETSc has real scalars");
  PetscCall(ZooEnd());
  PetscFunctionReturn(0);
}
#else
#define N   12
#define END 1

typedef struct {
  TS         ts;
  SNES       snes; /* of the chain at rest, if it is that */
  DM         dm;
  Vec        u, p, all;
  Mat        J, Jp;
  VecScatter scatter;
  PetscReal  conjugate; /* so much of it */
} Chain;

static PetscReal Potential(PetscInt j)
{
  return PetscCosReal((PetscReal)j);
}

/* Both parameters, on every rank */
static PetscErrorCode Parameters(Chain *c, PetscScalar p[2])
{
  const PetscScalar *a;

  PetscFunctionBeginUser;
  PetscCall(VecScatterBegin(c->scatter, c->p, c->all, INSERT_VALUES, SCATTER_FORWARD));
  PetscCall(VecScatterEnd(c->scatter, c->p, c->all, INSERT_VALUES, SCATTER_FORWARD));
  PetscCall(VecGetArrayRead(c->all, &a));
  p[0] = a[0];
  p[1] = a[1];
  PetscCall(VecRestoreArrayRead(c->all, &a));
  PetscFunctionReturn(0);
}

static PetscErrorCode F(TS ts, PetscReal t, Vec u, Vec f, void *ctx)
{
  Chain             *c = (Chain *)ctx;
  Vec                local;
  PetscInt           lo, n;
  PetscScalar        p[2], *y;
  const PetscScalar *x;

  PetscFunctionBeginUser;
  (void)ts, (void)t;
  PetscCall(Parameters(c, p));
  PetscCall(DMGetLocalVector(c->dm, &local));
  PetscCall(VecZeroEntries(local));
  PetscCall(DMGlobalToLocal(c->dm, u, INSERT_VALUES, local));
  PetscCall(DMDAGetCorners(c->dm, &lo, NULL, NULL, &n, NULL, NULL));
  PetscCall(DMDAVecGetArrayRead(c->dm, local, (void *)&x));
  PetscCall(DMDAVecGetArray(c->dm, f, (void *)&y));
  for (PetscInt j = lo; j < lo + n; j++) {
    const PetscScalar west = j > 0 ? x[j - 1] : 0, east = j < N - 1 ? x[j + 1] : 0;

    y[j] = -PETSC_i * (2. * x[j] - west - east + p[0] * Potential(j) * x[j]) + p[1] * x[j] * x[j];
    y[j] += c->conjugate * PetscConj(x[j]);
  }
  PetscCall(DMDAVecRestoreArray(c->dm, f, (void *)&y));
  PetscCall(DMDAVecRestoreArrayRead(c->dm, local, (void *)&x));
  PetscCall(DMRestoreLocalVector(c->dm, &local));
  PetscFunctionReturn(0);
}

static PetscErrorCode FU(TS ts, PetscReal t, Vec u, Mat A, Mat B, void *ctx)
{
  Chain             *c = (Chain *)ctx;
  PetscInt           lo, hi;
  PetscScalar        p[2];
  const PetscScalar *x;

  PetscFunctionBeginUser;
  (void)ts, (void)t, (void)A;
  PetscCall(Parameters(c, p));
  PetscCall(VecGetOwnershipRange(u, &lo, &hi));
  PetscCall(VecGetArrayRead(u, &x));
  for (PetscInt j = lo; j < hi; j++) {
    const PetscScalar d = -PETSC_i * (2 + p[0] * Potential(j)) + 2. * p[1] * x[j - lo] + c->conjugate;

    PetscCall(MatSetValue(B, j, j, d, INSERT_VALUES));
    if (j > 0) PetscCall(MatSetValue(B, j, j - 1, PETSC_i, INSERT_VALUES));
    if (j < N - 1) PetscCall(MatSetValue(B, j, j + 1, PETSC_i, INSERT_VALUES));
  }
  PetscCall(VecRestoreArrayRead(u, &x));
  PetscCall(MatAssemblyBegin(B, MAT_FINAL_ASSEMBLY));
  PetscCall(MatAssemblyEnd(B, MAT_FINAL_ASSEMBLY));
  PetscFunctionReturn(0);
}

static PetscErrorCode FP(TS ts, PetscReal t, Vec u, Mat A, void *ctx)
{
  PetscInt           lo, hi;
  const PetscScalar *x;

  PetscFunctionBeginUser;
  (void)ts, (void)t, (void)ctx;
  PetscCall(VecGetOwnershipRange(u, &lo, &hi));
  PetscCall(VecGetArrayRead(u, &x));
  for (PetscInt j = lo; j < hi; j++) {
    PetscCall(MatSetValue(A, j, 0, -PETSC_i * Potential(j) * x[j - lo], INSERT_VALUES));
    PetscCall(MatSetValue(A, j, 1, x[j - lo] * x[j - lo], INSERT_VALUES));
  }
  PetscCall(VecRestoreArrayRead(u, &x));
  PetscCall(MatAssemblyBegin(A, MAT_FINAL_ASSEMBLY));
  PetscCall(MatAssemblyEnd(A, MAT_FINAL_ASSEMBLY));
  PetscFunctionReturn(0);
}

/* |v - d|^2/2, and its gradient, the conjugate of v - d */
static PetscErrorCode Square(Vec v, PetscScalar d, PetscReal *value, Vec g)
{
  Vec       w;
  PetscReal norm;

  PetscFunctionBeginUser;
  PetscCall(VecDuplicate(v, &w));
  PetscCall(VecCopy(v, w));
  PetscCall(VecShift(w, -d));
  PetscCall(VecNorm(w, NORM_2, &norm));
  if (value) *value = norm * norm / 2;
  PetscCall(VecConjugate(w));
  if (g) PetscCall(VecAXPY(g, 1, w));
  PetscCall(VecDestroy(&w));
  PetscFunctionReturn(0);
}

#define TARGET (.3 - .2 * PETSC_i)

static PetscErrorCode Phi(Costate cs, PetscInt i, PetscReal t, Vec u, Vec p, PetscReal *value, void *ctx)
{
  PetscReal more;

  PetscFunctionBeginUser;
  (void)cs, (void)i, (void)t, (void)ctx;
  PetscCall(Square(u, TARGET, value, NULL));
  PetscCall(Square(p, 0, &more, NULL));
  *value += more;
  PetscFunctionReturn(0);
}

static PetscErrorCode PhiU(Costate cs, PetscInt i, PetscReal t, Vec u, Vec p, Vec g, void *ctx)
{
  PetscFunctionBeginUser;
  (void)cs, (void)i, (void)t, (void)p, (void)ctx;
  PetscCall(Square(u, TARGET, NULL, g));
  PetscFunctionReturn(0);
}

static PetscErrorCode PhiP(Costate cs, PetscInt i, PetscReal t, Vec u, Vec p, Vec g, void *ctx)
{
  PetscFunctionBeginUser;
  (void)cs, (void)i, (void)t, (void)u, (void)ctx;
  PetscCall(Square(p, 0, NULL, g));
  PetscFunctionReturn(0);
}

/* |the sum of u|^2/2, at a time or all the while */
static PetscErrorCode Sum(Costate cs, PetscInt i, PetscReal t, Vec u, Vec p, PetscReal *value, void *ctx)
{
  PetscScalar s;

  PetscFunctionBeginUser;
  (void)cs, (void)i, (void)t, (void)p, (void)ctx;
  PetscCall(VecSum(u, &s));
  *value = PetscRealPart(s * PetscConj(s)) / 2;
  PetscFunctionReturn(0);
}

static PetscErrorCode SumU(Costate cs, PetscInt i, PetscReal t, Vec u, Vec p, Vec g, void *ctx)
{
  PetscScalar s;

  PetscFunctionBeginUser;
  (void)cs, (void)i, (void)t, (void)p, (void)ctx;
  PetscCall(VecSum(u, &s));
  PetscCall(VecSet(g, PetscConj(s)));
  PetscFunctionReturn(0);
}

/* State, parameters and matrices */
static PetscErrorCode ChainBegin(Chain *c, const char options[])
{
  PetscInt lo, hi, n, np;

  PetscFunctionBeginUser;
  *c = (Chain){0};
  PetscCall(ZooOptions(options));
  PetscCall(DMDACreate1d(PETSC_COMM_WORLD, DM_BOUNDARY_NONE, N, 1, 1, NULL, &c->dm));
  PetscCall(DMSetUp(c->dm));
  PetscCall(DMCreateGlobalVector(c->dm, &c->u));
  PetscCall(DMCreateMatrix(c->dm, &c->J));
  PetscCall(VecCreateMPI(PETSC_COMM_WORLD, PETSC_DECIDE, 2, &c->p));
  PetscCall(VecScatterCreateToAll(c->p, &c->scatter, &c->all));
  PetscCall(VecGetLocalSize(c->u, &n));
  PetscCall(VecGetLocalSize(c->p, &np));
  PetscCall(MatCreateAIJ(PETSC_COMM_WORLD, n, np, N, 2, 2, NULL, 2, NULL, &c->Jp));
  PetscCall(VecGetOwnershipRange(c->u, &lo, &hi));
  for (PetscInt j = lo; j < hi; j++)
    PetscCall(VecSetValue(c->u, j, PetscExpScalar(PETSC_i * (PetscReal)j) / (1. + j), INSERT_VALUES));
  PetscCall(VecAssemblyBegin(c->u));
  PetscCall(VecAssemblyEnd(c->u));
  PetscCall(VecGetOwnershipRange(c->p, &lo, &hi));
  for (PetscInt j = lo; j < hi; j++)
    PetscCall(VecSetValue(c->p, j, j ? .2 - .1 * PETSC_i : 1 + .3 * PETSC_i, INSERT_VALUES));
  PetscCall(VecAssemblyBegin(c->p));
  PetscCall(VecAssemblyEnd(c->p));
  PetscFunctionReturn(0);
}

static PetscBool chain_pattern; /* of the Jacobian is all that is given */

static PetscErrorCode ChainCreate(Chain *c, const char options[], Costate *cs)
{
  const PetscReal at = .4;

  PetscFunctionBeginUser;
  PetscCall(ChainBegin(c, options));
  PetscCall(TSCreate(PETSC_COMM_WORLD, &c->ts));
  PetscCall(TSSetDM(c->ts, c->dm));
  PetscCall(TSSetProblemType(c->ts, TS_NONLINEAR));
  PetscCall(TSSetEquationType(c->ts, TS_EQ_ODE_EXPLICIT));
  PetscCall(TSSetRHSFunction(c->ts, NULL, F, c));
  PetscCall(TSSetRHSJacobian(c->ts, c->J, c->J, chain_pattern ? NULL : FU, c));
  PetscCall(TSSetRHSJacobianP(c->ts, c->Jp, FP, c));
  PetscCall(TSSetMaxTime(c->ts, END));
  PetscCall(TSSetTimeStep(c->ts, .05));
  PetscCall(TSSetExactFinalTime(c->ts, TS_EXACTFINALTIME_MATCHSTEP));
  PetscCall(CostateCreate(PETSC_COMM_WORLD, cs));
  PetscCall(CostateSetTS(*cs, c->ts));
  PetscCall(CostateSetInitialState(*cs, c->u));
  PetscCall(CostateSetParameters(*cs, c->p));
  PetscCall(CostateSetTerminalCost(*cs, 0, Phi, PhiU, PhiP, NULL));
  PetscCall(CostateSetPointCost(*cs, 0, 1, &at, Sum, SumU, NULL, NULL));
  PetscCall(CostateSetIntegralCost(*cs, 0, Sum, SumU, NULL, NULL));
  PetscCall(TSSetFromOptions(c->ts));
  PetscCall(CostateSetFromOptions(*cs));
  PetscFunctionReturn(0);
}

static PetscErrorCode ChainDestroy(Chain *c, Costate *cs)
{
  PetscFunctionBeginUser;
  PetscCall(CostateDestroy(cs));
  PetscCall(TSDestroy(&c->ts));
  PetscCall(SNESDestroy(&c->snes));
  PetscCall(VecDestroy(&c->u));
  PetscCall(VecDestroy(&c->p));
  PetscCall(VecDestroy(&c->all));
  PetscCall(VecScatterDestroy(&c->scatter));
  PetscCall(MatDestroy(&c->J));
  PetscCall(MatDestroy(&c->Jp));
  PetscCall(DMDestroy(&c->dm));
  PetscFunctionReturn(0);
}

/* Along directions whose both parts are in [-1, 1] */
static inline PetscErrorCode Random(PetscRandom *r)
{
  PetscFunctionBeginUser;
  PetscCall(PetscRandomCreate(PETSC_COMM_WORLD, r));
  PetscCall(PetscRandomSetInterval(*r, -1 - PETSC_i, 1 + PETSC_i));
  PetscCall(PetscRandomSetSeed(*r, getenv("SEED") ? strtoul(getenv("SEED"), NULL, 10) : 1));
  PetscCall(PetscRandomSeed(*r));
  PetscFunctionReturn(0);
}

#endif
#endif
