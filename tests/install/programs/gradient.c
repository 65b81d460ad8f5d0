/* SPDX-License-Identifier: BSD-2-Clause */
/* A program of somebody else: u_i' = p_i u_i from 1 to T = 1, G = sum u_i(T)^2 / 2, dG/dp_i = T exp(2 p_i T). */
#include <costate.h>
#pragma GCC diagnostic ignored "-Wunused-parameter" /* callbacks need not look at all that they are given */

#define N 6

static PetscErrorCode Function(TS ts, PetscReal t, Vec u, Vec f, void *p)
{
  PetscFunctionBeginUser;
  PetscCall(VecPointwiseMult(f, (Vec)p, u));
  PetscFunctionReturn(0);
}

static PetscErrorCode Jacobian(TS ts, PetscReal t, Vec u, Mat A, Mat P, void *p)
{
  PetscFunctionBeginUser;
  PetscCall(MatDiagonalSet(P, (Vec)p, INSERT_VALUES));
  PetscFunctionReturn(0);
}

static PetscErrorCode JacobianP(TS ts, PetscReal t, Vec u, Mat P, void *p)
{
  PetscFunctionBeginUser;
  PetscCall(MatDiagonalSet(P, u, INSERT_VALUES));
  PetscFunctionReturn(0);
}

static PetscErrorCode Cost(Costate cs, PetscInt i, PetscReal t, Vec u, Vec p, PetscReal *value, void *ctx)
{
  PetscFunctionBeginUser;
  PetscCall(VecNorm(u, NORM_2, value));
  *value = *value * *value / 2;
  PetscFunctionReturn(0);
}

static PetscErrorCode CostU(Costate cs, PetscInt i, PetscReal t, Vec u, Vec p, Vec g, void *ctx)
{
  PetscFunctionBeginUser;
  PetscCall(VecCopy(u, g));
  PetscFunctionReturn(0);
}

int main(int argc, char **argv)
{
  Costate   cs;
  TS        ts;
  Mat       J, Jp;
  Vec       u0, p, dGdu0, dGdp;
  PetscReal value, norm;
  PetscInt  first, last;

  PetscCall(PetscInitialize(&argc, &argv, NULL, NULL));
  PetscCall(MatCreateAIJ(PETSC_COMM_WORLD, PETSC_DECIDE, PETSC_DECIDE, N, N, 1, NULL, 0, NULL, &J));
  PetscCall(MatSetOption(J, MAT_NEW_NONZERO_LOCATION_ERR, PETSC_FALSE));
  PetscCall(MatCreateVecs(J, &u0, &p));
  PetscCall(MatGetOwnershipRange(J, &first, &last));
  for (PetscInt i = first; i < last; i++) PetscCall(VecSetValue(p, i, -.1 * (PetscReal)i, INSERT_VALUES));
  PetscCall(VecAssemblyBegin(p));
  PetscCall(VecAssemblyEnd(p));
  PetscCall(MatDiagonalSet(J, p, INSERT_VALUES));
  PetscCall(MatDuplicate(J, MAT_COPY_VALUES, &Jp));
  PetscCall(VecSet(u0, 1));

  PetscCall(TSCreate(PETSC_COMM_WORLD, &ts));
  PetscCall(TSSetType(ts, TSRK));
  PetscCall(TSSetRHSFunction(ts, NULL, Function, p));
  PetscCall(TSSetRHSJacobian(ts, J, J, Jacobian, p));
  PetscCall(TSSetRHSJacobianP(ts, Jp, JacobianP, p));
  PetscCall(TSSetMaxTime(ts, 1));
  PetscCall(TSSetTimeStep(ts, .05));
  PetscCall(TSSetExactFinalTime(ts, TS_EXACTFINALTIME_MATCHSTEP));
  PetscCall(TSSetFromOptions(ts));

  PetscCall(CostateCreate(PETSC_COMM_WORLD, &cs));
  PetscCall(CostateSetTS(cs, ts));
  PetscCall(CostateSetInitialState(cs, u0));
  PetscCall(CostateSetParameters(cs, p));
  PetscCall(CostateSetTerminalCost(cs, 0, Cost, CostU, NULL, NULL));
  PetscCall(CostateSetFromOptions(cs));
  PetscCall(CostateSolve(cs));
  PetscCall(CostateGetCost(cs, 0, &value));
  PetscCall(CostateGetGradient(cs, 0, &dGdu0, &dGdp));
  PetscCall(PetscPrintf(PETSC_COMM_WORLD, "costate %d.%d.%d\ncost %.8g\n", COSTATE_VERSION_MAJOR, COSTATE_VERSION_MINOR,
                        COSTATE_VERSION_PATCH, (double)value));
  PetscCall(VecNorm(dGdu0, NORM_1, &norm));
  PetscCall(PetscPrintf(PETSC_COMM_WORLD, "dG/du0 %.8g\n", (double)norm));
  PetscCall(VecNorm(dGdp, NORM_1, &norm));
  PetscCall(PetscPrintf(PETSC_COMM_WORLD, "dG/dp %.8g\n", (double)norm));

  PetscCall(CostateDestroy(&cs));
  PetscCall(TSDestroy(&ts));
  for (Vec *v = (Vec[]){u0, p, NULL}; *v; v++) PetscCall(VecDestroy(v));
  for (Mat *A = (Mat[]){J, Jp, NULL}; *A; A++) PetscCall(MatDestroy(A));
  return PetscFinalize();
}
