/* SPDX-License-Identifier: BSD-2-Clause */
/* ranks: 1 2 */
/* An equation whose F_u' changes along the run: what is made for a constant one refuses it. */
#include "../methods/zoorun.h"

static PetscReal growth; /* of F_u' with time; 0: it is constant */

/* (1 + growth t) u' + u = 0 */
static PetscErrorCode IFunction(TS ts, PetscReal t, Vec u, Vec udot, Vec F, void *ctx)
{
  PetscFunctionBeginUser;
  (void)ts;
  (void)ctx;
  PetscCall(VecWAXPY(F, 1 + growth * t, udot, u));
  PetscFunctionReturn(0);
}

static PetscErrorCode IJacobian(TS ts, PetscReal t, Vec u, Vec udot, PetscReal shift, Mat A, Mat B, void *ctx)
{
  PetscInt first, last;

  PetscFunctionBeginUser;
  (void)ts;
  (void)u;
  (void)udot;
  (void)A;
  (void)ctx;
  PetscCall(MatGetOwnershipRange(B, &first, &last));
  for (PetscInt i = first; i < last; i++) PetscCall(MatSetValue(B, i, i, shift * (1 + growth * t) + 1, INSERT_VALUES));
  PetscCall(MatAssemblyBegin(B, MAT_FINAL_ASSEMBLY));
  PetscCall(MatAssemblyEnd(B, MAT_FINAL_ASSEMBLY));
  PetscFunctionReturn(0);
}

static PetscErrorCode Half(Costate cs, PetscInt i, PetscReal t, Vec u, Vec p, PetscReal *value, void *ctx)
{
  PetscScalar s;

  PetscFunctionBeginUser;
  (void)cs;
  (void)i;
  (void)t;
  (void)p;
  (void)ctx;
  PetscCall(VecDot(u, u, &s));
  *value = PetscRealPart(s) / 2;
  PetscFunctionReturn(0);
}

static PetscErrorCode HalfU(Costate cs, PetscInt i, PetscReal t, Vec u, Vec p, Vec g, void *ctx)
{
  PetscFunctionBeginUser;
  (void)cs;
  (void)i;
  (void)t;
  (void)p;
  (void)ctx;
  PetscCall(VecCopy(u, g));
  PetscFunctionReturn(0);
}

/* The error of a solve, and the gradient where there is one. */
static PetscErrorCode Solve(CostateType type, PetscErrorCode *error, PetscReal *gradient)
{
  TS      ts;
  Mat     A;
  Vec     u, g;
  Costate cs;

  PetscFunctionBeginUser;
  PetscCall(MatCreateAIJ(PETSC_COMM_WORLD, PETSC_DECIDE, PETSC_DECIDE, 4, 4, 1, NULL, 0, NULL, &A));
  PetscCall(MatCreateVecs(A, &u, NULL));
  PetscCall(VecSet(u, 1));
  PetscCall(TSCreate(PETSC_COMM_WORLD, &ts));
  PetscCall(TSSetType(ts, TSCN));
  PetscCall(TSSetIFunction(ts, NULL, IFunction, NULL));
  PetscCall(TSSetIJacobian(ts, A, A, IJacobian, NULL));
  PetscCall(TSSetTimeStep(ts, .005));
  PetscCall(TSSetMaxTime(ts, 1));
  PetscCall(TSSetExactFinalTime(ts, TS_EXACTFINALTIME_MATCHSTEP));
  PetscCall(TSSetFromOptions(ts));
  PetscCall(CostateCreate(PETSC_COMM_WORLD, &cs));
  PetscCall(CostateSetTS(cs, ts));
  PetscCall(CostateSetInitialState(cs, u));
  PetscCall(CostateSetTerminalCost(cs, 0, Half, HalfU, NULL, NULL));
  PetscCall(CostateSetType(cs, type));
  PetscCall(PetscPushErrorHandler(PetscReturnErrorHandler, NULL));
  *error = CostateSolve(cs);
  PetscCall(PetscPopErrorHandler());
  *gradient = -1;
  if (!*error) {
    PetscCall(CostateGetGradient(cs, 0, &g, NULL));
    PetscCall(VecMax(g, NULL, gradient));
  }
  PetscCall(CostateDestroy(&cs));
  PetscCall(TSDestroy(&ts));
  PetscCall(MatDestroy(&A));
  PetscCall(VecDestroy(&u));
  PetscFunctionReturn(0);
}

int main(int argc, char **argv)
{
  const char *const types[] = {COSTATEINTERPOLATING, COSTATEQUADRATURE, COSTATEGAUSS};
  PetscErrorCode    error;
  PetscReal         g;

  PetscCall(ZooBegin(&argc, &argv, 8));
  PetscCall(ZooOptions("-ksp_rtol 1e-12"));
  for (int i = 0; i < 3; i++) {
    growth = 0; /* u = exp(-t), dG/du0 = exp(-2) */
    PetscCall(Solve(types[i], &error, &g));
    T_OK(!error && PetscAbsReal(g - PetscExpReal(-2)) < 1e-5, "%s is right where F_u' is constant", types[i]);
    growth = 1;
    PetscCall(Solve(types[i], &error, &g));
    T_OK(error == PETSC_ERR_SUP, "%s refuses an F_u' that changes", types[i]);
  }
  growth = 1; /* u = 1/(1+t), dG/du0 = 1/4 */
  PetscCall(Solve(COSTATEDISCRETE, &error, &g));
  T_OK(error == PETSC_ERR_SUP, "discrete refuses it with Crank-Nicolson, whose adjoint step is not made for it");
  PetscCall(ZooOptions("-ksp_rtol 1e-12 -ts_type theta"));
  PetscCall(Solve(COSTATEDISCRETE, &error, &g));
  T_OK(!error && PetscAbsReal(g - .25) < 1e-5, "discrete is right with the midpoint rule (%g)", (double)g);
  PetscCall(ZooEnd());
  return zoo_rank == 0 ? done() : 0;
}
