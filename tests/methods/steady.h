/* SPDX-License-Identifier: BSD-2-Clause */
/* Steady problems with everything that a Costate wants to know of them, for the tests of the method implicit. */
#ifndef COSTATE_TEST_STEADY_H
#define COSTATE_TEST_STEADY_H

#include "../costate/refuses.h"

#define N 14 /* unknowns of the line */

/*
  Problem A: f = (p0 + p1 u0, p2 u0 + p3 u1), G = sum (2-u)^2/2 + sum p^2/2.
  Problem B: L u + u^3 - p on a line, L not symmetric, p a field.
  Problem C: L u - D p on a line with pure Neumann conditions: L is singular, p lives between the nodes.
  Problem D: L u + exp(p) u - sin i on a line, with a cost of u and p together, sum exp(-u) + u p + (p^4 + p^2)/2.
*/
typedef enum { A, B, C, D } Problem;

typedef struct {
  Problem    problem;
  SNES       snes;
  TS         ts;
  Vec        u, p, all_p, all_u;
  Mat        J, Jp, L;
  KSP        ksp;
  VecScatter to_p, to_u;
  Vec        told;  /* if not NULL, the parameters are those that were told */
  int        tells; /* how often */
} App;

static PetscErrorCode All(App *a, Vec v, PetscBool p, const PetscScalar **x)
{
  PetscFunctionBeginUser;
  PetscCall(VecScatterBegin(p ? a->to_p : a->to_u, v, p ? a->all_p : a->all_u, INSERT_VALUES, SCATTER_FORWARD));
  PetscCall(VecScatterEnd(p ? a->to_p : a->to_u, v, p ? a->all_p : a->all_u, INSERT_VALUES, SCATTER_FORWARD));
  PetscCall(VecGetArrayRead(p ? a->all_p : a->all_u, x));
  PetscFunctionReturn(0);
}

static inline Vec P(const App *a)
{
  return a->told ? a->told : a->p;
}

static inline PetscErrorCode Told(Costate cs, Vec p, void *ctx)
{
  PetscFunctionBeginUser;
  (void)cs;
  ((App *)ctx)->tells++;
  PetscCall(VecCopy(p, ((App *)ctx)->told));
  PetscFunctionReturn(0);
}

static PetscErrorCode F(App *a, Vec u, Vec f)
{
  const PetscScalar *p, *x, *xu;
  PetscScalar       *y;
  PetscInt           lo, hi;

  PetscFunctionBeginUser;
  PetscCall(VecGetOwnershipRange(u, &lo, &hi));
  if (a->problem == A) {
    PetscCall(All(a, P(a), PETSC_TRUE, &p));
    PetscCall(All(a, u, PETSC_FALSE, &x));
    PetscCall(VecGetArray(f, &y));
    for (PetscInt i = lo; i < hi; i++) y[i - lo] = i ? p[2] * x[0] + p[3] * x[1] : p[0] + p[1] * x[0];
    PetscCall(VecRestoreArray(f, &y));
    PetscCall(VecRestoreArrayRead(a->all_u, &x));
    PetscCall(VecRestoreArrayRead(a->all_p, &p));
    PetscFunctionReturn(0);
  }
  PetscCall(MatMult(a->L, u, f));
  PetscCall(All(a, P(a), PETSC_TRUE, &p));
  PetscCall(VecGetArray(f, &y));
  PetscCall(VecGetArrayRead(u, &xu));
  for (PetscInt i = lo; i < hi; i++) {
    if (a->problem == B)
      y[i - lo] += xu[i - lo] * xu[i - lo] * xu[i - lo] - p[i];
    else if (a->problem == D)
      y[i - lo] += PetscExpScalar(p[i]) * xu[i - lo] - PetscSinReal(i);
    else
      y[i - lo] -= (i < N - 1 ? p[i] : 0) - (i ? p[i - 1] : 0);
  }
  PetscCall(VecRestoreArrayRead(u, &xu));
  PetscCall(VecRestoreArray(f, &y));
  PetscCall(VecRestoreArrayRead(a->all_p, &p));
  PetscFunctionReturn(0);
}

static PetscErrorCode Jacobian(App *a, Vec u, Mat J)
{
  const PetscScalar *p, *xu;
  PetscInt           lo, hi;

  PetscFunctionBeginUser;
  PetscCall(VecGetOwnershipRange(u, &lo, &hi));
  if (a->problem == A) {
    PetscCall(All(a, P(a), PETSC_TRUE, &p));
    for (PetscInt i = lo; i < hi; i++) {
      PetscCall(MatSetValue(J, i, 0, i ? p[2] : p[1], INSERT_VALUES));
      PetscCall(MatSetValue(J, i, 1, i ? p[3] : 0, INSERT_VALUES));
    }
    PetscCall(VecRestoreArrayRead(a->all_p, &p));
  } else {
    PetscCall(MatCopy(a->L, J, SAME_NONZERO_PATTERN));
    PetscCall(VecGetArrayRead(u, &xu));
    PetscCall(All(a, P(a), PETSC_TRUE, &p));
    for (PetscInt i = lo; i < hi && a->problem != C; i++)
      PetscCall(MatSetValue(J, i, i, a->problem == B ? 3 * xu[i - lo] * xu[i - lo] : PetscExpScalar(p[i]), ADD_VALUES));
    PetscCall(VecRestoreArrayRead(a->all_p, &p));
    PetscCall(VecRestoreArrayRead(u, &xu));
  }
  PetscCall(MatAssemblyBegin(J, MAT_FINAL_ASSEMBLY));
  PetscCall(MatAssemblyEnd(J, MAT_FINAL_ASSEMBLY));
  PetscFunctionReturn(0);
}

static PetscErrorCode JacobianP(App *a, Vec u, Mat Jp)
{
  const PetscScalar *x, *p;
  PetscInt           lo, hi;

  PetscFunctionBeginUser;
  PetscCall(VecGetOwnershipRange(u, &lo, &hi));
  PetscCall(All(a, u, PETSC_FALSE, &x));
  PetscCall(All(a, P(a), PETSC_TRUE, &p));
  for (PetscInt i = lo; i < hi; i++) {
    if (a->problem == D)
      PetscCall(MatSetValue(Jp, i, i, PetscExpScalar(p[i]) * x[i], INSERT_VALUES));
    else if (a->problem == A) {
      PetscCall(MatSetValue(Jp, i, i ? 2 : 0, i ? x[0] : 1, INSERT_VALUES));
      PetscCall(MatSetValue(Jp, i, i ? 3 : 1, i ? x[1] : x[0], INSERT_VALUES));
    } else if (a->problem == B)
      PetscCall(MatSetValue(Jp, i, i, -1, INSERT_VALUES));
    else {
      if (i < N - 1) PetscCall(MatSetValue(Jp, i, i, -1, INSERT_VALUES));
      if (i) PetscCall(MatSetValue(Jp, i, i - 1, 1, INSERT_VALUES));
    }
  }
  PetscCall(VecRestoreArrayRead(a->all_p, &p));
  PetscCall(VecRestoreArrayRead(a->all_u, &x));
  PetscCall(MatAssemblyBegin(Jp, MAT_FINAL_ASSEMBLY));
  PetscCall(MatAssemblyEnd(Jp, MAT_FINAL_ASSEMBLY));
  PetscFunctionReturn(0);
}

static inline PetscErrorCode SnesF(SNES snes, Vec u, Vec f, void *ctx)
{
  (void)snes;
  return F((App *)ctx, u, f);
}
static PetscErrorCode SnesJ(SNES snes, Vec u, Mat J, Mat P, void *ctx)
{
  (void)snes, (void)P;
  return Jacobian((App *)ctx, u, J);
}
static PetscErrorCode SteadyJp(Costate cs, Vec u, Vec p, Mat Jp, void *ctx)
{
  (void)cs, (void)p;
  return JacobianP((App *)ctx, u, Jp);
}
static inline PetscErrorCode TsF(TS ts, PetscReal t, Vec u, Vec f, void *ctx)
{
  (void)ts, (void)t;
  return F((App *)ctx, u, f);
}
static PetscErrorCode TsJ(TS ts, PetscReal t, Vec u, Mat J, Mat P, void *ctx)
{
  (void)ts, (void)t, (void)P;
  return Jacobian((App *)ctx, u, J);
}
static PetscErrorCode TsJp(TS ts, PetscReal t, Vec u, Mat Jp, void *ctx)
{
  (void)ts, (void)t;
  return JacobianP((App *)ctx, u, Jp);
}

/* D, by one formula: the value, its derivatives with respect to u and to p; u and p have the same layout */
static inline PetscErrorCode Together(Vec u, Vec p, PetscReal *value, int by, Vec g)
{
  const PetscScalar *x, *q;
  PetscScalar       *y   = NULL;
  PetscReal          sum = 0;
  PetscInt           n;

  PetscFunctionBeginUser;
  PetscCall(VecGetLocalSize(u, &n));
  PetscCall(VecGetArrayRead(u, &x));
  PetscCall(VecGetArrayRead(p, &q));
  if (g) PetscCall(VecGetArray(g, &y));
  for (PetscInt i = 0; i < n; i++) {
    if (!g)
      sum += PetscExpScalar(-x[i]) + x[i] * q[i] + (q[i] * q[i] * q[i] * q[i] + q[i] * q[i]) / 2;
    else if (by)
      y[i] = x[i] + 2 * q[i] * q[i] * q[i] + q[i];
    else
      y[i] = -PetscExpScalar(-x[i]) + q[i];
  }
  if (g) PetscCall(VecRestoreArray(g, &y));
  PetscCall(VecRestoreArrayRead(p, &q));
  PetscCall(VecRestoreArrayRead(u, &x));
  if (value) PetscCallMPI(MPI_Allreduce(&sum, value, 1, MPIU_REAL, MPIU_SUM, PETSC_COMM_WORLD));
  PetscFunctionReturn(0);
}

/* C: sum (u_i - u_{i+1})^2/2, through L, which says so up to its ends; a cost that the null space does not change */
static PetscErrorCode Value(Costate cs, PetscInt i, PetscReal t, Vec u, Vec p, PetscReal *value, void *ctx)
{
  App        *a = (App *)ctx;
  Vec         Lu;
  PetscScalar s;

  PetscFunctionBeginUser;
  if (a->problem == D) {
    PetscCall(Together(u, p, value, 0, NULL));
    PetscFunctionReturn(0);
  }
  if (a->problem != C) {
    const TestCost c = {1, a->problem == A ? 2 : .3, 1};

    PetscCall(TestValue(cs, i, t, u, p, value, (void *)&c));
    PetscFunctionReturn(0);
  }
  PetscCall(VecDuplicate(u, &Lu));
  PetscCall(MatMult(a->L, u, Lu));
  PetscCall(VecDot(u, Lu, &s));
  *value = PetscRealPart(s) / 2;
  PetscCall(VecDestroy(&Lu));
  PetscFunctionReturn(0);
}

static PetscErrorCode ValueU(Costate cs, PetscInt i, PetscReal t, Vec u, Vec p, Vec g, void *ctx)
{
  App *a = (App *)ctx;

  PetscFunctionBeginUser;
  if (a->problem == D)
    PetscCall(Together(u, p, NULL, 0, g));
  else if (a->problem != C) {
    const TestCost c = {1, a->problem == A ? 2 : .3, 1};

    PetscCall(TestGradientU(cs, i, t, u, p, g, (void *)&c));
  } else
    PetscCall(MatMult(a->L, u, g));
  PetscFunctionReturn(0);
}

static PetscErrorCode ValueP(Costate cs, PetscInt i, PetscReal t, Vec u, Vec p, Vec g, void *ctx)
{
  const TestCost c = {1, 0, 1};

  PetscFunctionBeginUser;
  if (((App *)ctx)->problem == D)
    PetscCall(Together(u, p, NULL, 1, g));
  else if (((App *)ctx)->problem != C)
    PetscCall(TestGradientP(cs, i, t, u, p, g, (void *)&c));
  PetscFunctionReturn(0);
}

static PetscErrorCode Line(App *a)
{
  PetscInt lo, hi;

  PetscFunctionBeginUser;
  PetscCall(MatGetOwnershipRange(a->L, &lo, &hi));
  for (PetscInt i = lo; i < hi; i++) {
    const PetscBool neumann = (PetscBool)(a->problem == C);
    const PetscInt  sides   = (i > 0) + (i < N - 1);

    PetscCall(MatSetValue(a->L, i, i, neumann ? sides : 2.5, INSERT_VALUES));
    if (i) PetscCall(MatSetValue(a->L, i, i - 1, neumann ? -1 : -1.4, INSERT_VALUES));
    if (i < N - 1) PetscCall(MatSetValue(a->L, i, i + 1, neumann ? -1 : -.8, INSERT_VALUES));
  }
  PetscCall(MatAssemblyBegin(a->L, MAT_FINAL_ASSEMBLY));
  PetscCall(MatAssemblyEnd(a->L, MAT_FINAL_ASSEMBLY));
  PetscFunctionReturn(0);
}

/* null: the null space is told, where there is one */
static inline PetscErrorCode Create(Problem problem, PetscBool time, PetscBool null, const char options[], App *a,
                                    Costate *cs)
{
  const PetscScalar p[4] = {2, -2, 1, -4};
  const PetscInt    n = problem == A ? 2 : N, np = problem == A ? 4 : problem == C ? N - 1 : N;
  PetscInt          lo, hi;
  MatNullSpace      constants;

  PetscFunctionBeginUser;
  PetscCall(ZooOptions(options));
  PetscCall(PetscMemzero(a, sizeof(*a)));
  a->problem = problem;
  PetscCall(VecCreateMPI(PETSC_COMM_WORLD, PETSC_DECIDE, n, &a->u));
  PetscCall(VecCreateMPI(PETSC_COMM_WORLD, PETSC_DECIDE, np, &a->p));
  PetscCall(VecScatterCreateToAll(a->u, &a->to_u, &a->all_u));
  PetscCall(VecScatterCreateToAll(a->p, &a->to_p, &a->all_p));
  PetscCall(VecGetOwnershipRange(a->p, &lo, &hi));
  for (PetscInt i = lo; i < hi; i++)
    PetscCall(VecSetValue(a->p, i, problem == A ? p[i] : PetscSinReal(1 + 2. * i), INSERT_VALUES));
  PetscCall(VecAssemblyBegin(a->p));
  PetscCall(VecAssemblyEnd(a->p));
  PetscCall(VecZeroEntries(a->u));
  PetscCall(VecGetLocalSize(a->u, &lo));
  PetscCall(VecGetLocalSize(a->p, &hi));
  PetscCall(MatCreateAIJ(PETSC_COMM_WORLD, lo, lo, n, n, 3, NULL, 3, NULL, &a->J));
  PetscCall(MatCreateAIJ(PETSC_COMM_WORLD, lo, hi, n, np, 4, NULL, 4, NULL, &a->Jp));
  PetscCall(MatSetOption(a->J, MAT_NEW_NONZERO_ALLOCATION_ERR, PETSC_FALSE));
  PetscCall(MatCreateAIJ(PETSC_COMM_WORLD, lo, lo, n, n, 3, NULL, 3, NULL, &a->L));
  if (problem != A) {
    PetscCall(Line(a));
    PetscCall(MatDestroy(&a->J));
    PetscCall(MatDuplicate(a->L, MAT_COPY_VALUES, &a->J));
  }
  PetscCall(JacobianP(a, a->u, a->Jp));
  if (problem == C && null) {
    PetscCall(MatNullSpaceCreate(PETSC_COMM_WORLD, PETSC_TRUE, 0, NULL, &constants));
    PetscCall(MatSetNullSpace(a->J, constants));
    PetscCall(MatSetTransposeNullSpace(a->J, constants));
    PetscCall(MatNullSpaceDestroy(&constants));
  }
  PetscCall(CostateCreate(PETSC_COMM_WORLD, cs));
  if (time) {
    PetscCall(TSCreate(PETSC_COMM_WORLD, &a->ts));
    PetscCall(TSSetType(a->ts, TSBEULER));
    PetscCall(TSSetRHSFunction(a->ts, NULL, TsF, a));
    PetscCall(TSSetRHSJacobian(a->ts, a->J, a->J, TsJ, a));
    PetscCall(TSSetRHSJacobianP(a->ts, a->Jp, TsJp, a));
    PetscCall(TSSetTimeStep(a->ts, .05));
    PetscCall(TSSetMaxTime(a->ts, 30));
    PetscCall(TSSetExactFinalTime(a->ts, TS_EXACTFINALTIME_MATCHSTEP));
    PetscCall(TSSetFromOptions(a->ts));
    PetscCall(CostateSetTS(*cs, a->ts));
    PetscCall(CostateSetType(*cs, COSTATEIMPLICIT));
  } else {
    PetscCall(SNESCreate(PETSC_COMM_WORLD, &a->snes));
    PetscCall(SNESSetFunction(a->snes, NULL, SnesF, a));
    PetscCall(SNESSetJacobian(a->snes, a->J, a->J, SnesJ, a));
    PetscCall(SNESSetTolerances(a->snes, 1e-14, 1e-13, 0, 50, 1000));
    PetscCall(SNESGetKSP(a->snes, &a->ksp));
    PetscCall(KSPSetTolerances(a->ksp, 1e-13, PETSC_DEFAULT, PETSC_DEFAULT, PETSC_DEFAULT));
    PetscCall(SNESSetFromOptions(a->snes));
    PetscCall(CostateSetSNES(*cs, a->snes));
    PetscCall(CostateSetSteadyJacobianP(*cs, a->Jp, SteadyJp, a));
  }
  PetscCall(CostateSetInitialState(*cs, a->u));
  PetscCall(CostateSetParameters(*cs, a->p));
  PetscCall(CostateSetTerminalCost(*cs, 0, Value, ValueU, ValueP, a));
  PetscCall(CostateSetFromOptions(*cs));
  PetscFunctionReturn(0);
}

static inline PetscErrorCode Destroy(App *a, Costate *cs)
{
  PetscFunctionBeginUser;
  PetscCall(CostateDestroy(cs));
  PetscCall(TSDestroy(&a->ts));
  PetscCall(SNESDestroy(&a->snes));
  PetscCall(VecDestroy(&a->u));
  PetscCall(VecDestroy(&a->p));
  PetscCall(VecDestroy(&a->told));
  PetscCall(VecDestroy(&a->all_u));
  PetscCall(VecDestroy(&a->all_p));
  PetscCall(VecScatterDestroy(&a->to_u));
  PetscCall(VecScatterDestroy(&a->to_p));
  PetscCall(MatDestroy(&a->J));
  PetscCall(MatDestroy(&a->Jp));
  PetscCall(MatDestroy(&a->L));
  PetscFunctionReturn(0);
}

#endif
