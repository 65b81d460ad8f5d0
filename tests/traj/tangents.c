/* SPDX-License-Identifier: BSD-2-Clause */
/* ranks: 1 2 */
/*
  The tangents of TSForward beside our trajectory are those of the steps that were taken, also where the equation
  depends on time, steps are of different sizes and the run stops on the way.  For u' = A(t) u the derivative of u(T)
  with respect to u(0), times u(0), is u(T).
*/
#include "run.h"

#define N 4

static PetscReal Rate(PetscReal t, PetscInt i)
{
  return -1 + (PetscReal)(i + 1) * PetscCosReal(5 * t);
}

static PetscErrorCode RHS(TS ts, PetscReal t, Vec U, Vec F, void *ctx)
{
  PetscInt           lo, hi;
  const PetscScalar *u;
  PetscScalar       *f;

  PetscFunctionBeginUser;
  (void)ts;
  (void)ctx;
  PetscCall(VecGetOwnershipRange(U, &lo, &hi));
  PetscCall(VecGetArrayRead(U, &u));
  PetscCall(VecGetArrayWrite(F, &f));
  for (PetscInt i = lo; i < hi; i++) f[i - lo] = Rate(t, i) * u[i - lo];
  PetscCall(VecRestoreArrayRead(U, &u));
  PetscCall(VecRestoreArrayWrite(F, &f));
  PetscFunctionReturn(0);
}

static PetscErrorCode Jacobian(TS ts, PetscReal t, Vec U, Mat J, Mat P, void *ctx)
{
  PetscInt lo, hi;

  PetscFunctionBeginUser;
  (void)ts;
  (void)P;
  (void)ctx;
  PetscCall(VecGetOwnershipRange(U, &lo, &hi));
  for (PetscInt i = lo; i < hi; i++) PetscCall(MatSetValue(J, i, i, Rate(t, i), INSERT_VALUES));
  PetscCall(MatAssemblyBegin(J, MAT_FINAL_ASSEMBLY));
  PetscCall(MatAssemblyEnd(J, MAT_FINAL_ASSEMBLY));
  PetscFunctionReturn(0);
}

/* |S(T) u(0) - u(T)| / |u(T)| */
static PetscErrorCode Cell(const char options[], PetscBool keep)
{
  static const PetscReal stops[] = {.11, .5, .51};
  TS                     ts;
  TSTrajectory           tj;
  Vec                    u, u0, Su;
  Mat                    J, S;
  PetscReal              off, norm;
  PetscInt               n;

  PetscFunctionBeginUser;
  PetscCall(PetscOptionsClear(NULL));
  PetscCall(PetscOptionsInsertString(NULL, options));
  PetscCall(PetscOptionsInsertString(NULL, "-ts_trajectory_type costate -ts_trajectory_costate_ram 100"));
  PetscCall(MatCreateAIJ(PETSC_COMM_WORLD, PETSC_DECIDE, PETSC_DECIDE, N, N, 1, NULL, 0, NULL, &J));
  PetscCall(MatCreateVecs(J, &u, &u0));
  PetscCall(VecDuplicate(u, &Su));
  PetscCall(MatCreateDense(PETSC_COMM_WORLD, PETSC_DECIDE, PETSC_DECIDE, N, N, NULL, &S));
  PetscCall(MatZeroEntries(S));
  PetscCall(MatShift(S, 1));
  PetscCall(VecSet(u0, 1));
  PetscCall(VecCopy(u0, u));
  PetscCall(TSCreate(PETSC_COMM_WORLD, &ts));
  PetscCall(TSSetProblemType(ts, TS_LINEAR));
  PetscCall(TSSetRHSFunction(ts, NULL, RHS, NULL));
  PetscCall(TSSetRHSJacobian(ts, J, J, Jacobian, NULL));
  PetscCall(TSForwardSetSensitivities(ts, N, S));
  PetscCall(TSSetTimeStep(ts, .07));
  PetscCall(TSSetMaxTime(ts, 1));
  PetscCall(TSSetExactFinalTime(ts, TS_EXACTFINALTIME_MATCHSTEP));
  PetscCall(TSSetSaveTrajectory(ts));
  PetscCall(TSSetFromOptions(ts));
  PetscCall(TSGetTrajectory(ts, &tj));
  PetscCall(TSTrajectoryCostateSetStops(tj, 3, stops));
  PetscCall(TSTrajectoryCostateSetKeep(tj, keep));
  PetscCall(TSSolve(ts, u));
  PetscCall(TSGetStepNumber(ts, &n));
  PetscCall(MatMult(S, u0, Su));
  PetscCall(VecNorm(u, NORM_2, &norm));
  PetscCall(VecAXPY(Su, -1, u));
  PetscCall(VecNorm(Su, NORM_2, &off));
  T_OK(off < 1e-13 * norm, "%s%s: off by %.1e (%d steps)", options, keep ? "" : ", nothing kept", (double)(off / norm),
       (int)n);
  PetscCall(TSDestroy(&ts));
  PetscCall(VecDestroy(&u));
  PetscCall(VecDestroy(&u0));
  PetscCall(VecDestroy(&Su));
  PetscCall(MatDestroy(&J));
  PetscCall(MatDestroy(&S));
  PetscFunctionReturn(0);
}

int main(int argc, char **argv)
{
  static const char *const options[] = {
      "-ts_type rk -ts_rk_type 4 -ts_adapt_type none",
      "-ts_type rk -ts_rk_type 3bs -ts_adapt_type none",
      "-ts_type rk -ts_rk_type 3bs -ts_adapt_type basic -ts_rtol 1e-6 -ts_atol 1e-6",
      "-ts_type rk -ts_rk_type 5dp -ts_adapt_type basic -ts_rtol 1e-7 -ts_atol 1e-7 -ts_dt .5",
      "-ts_type cn -ts_adapt_type none -ksp_rtol 1e-14",
      "-ts_type beuler -ts_adapt_type none -ksp_rtol 1e-14",
      "-ts_type cn -ts_theta_adapt -ts_adapt_type basic -ts_rtol 1e-4 -ts_atol 1e-4 -ksp_rtol 1e-14",
  };
  const int n = (int)(sizeof(options) / sizeof(options[0]));

  PetscCall(RunBegin(&argc, &argv, 2 * n));
  for (int i = 0; i < 2 * n; i++) PetscCall(Cell(options[i / 2], (PetscBool)(i % 2)));
  PetscCall(RunEnd());
  return done();
}
