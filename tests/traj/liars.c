/* SPDX-License-Identifier: BSD-2-Clause */
/* ranks: 1 2 3 */
/*
  Transposed solves whose preconditioner does not do what its transpose should: the solver reports convergence, and the
  adjoint step is stopped with its number.
*/
#include <stdio.h>
#include <string.h>
#include <petscts.h>
#include <costate.h>
#include "../tap.h"

#define N 12

static PetscMPIInt rank, size;
static char        message[2048];
static int         heard; /* calls of the application's own KSPSetPostSolve() */

#define T_OK(...)                                                                                                      \
  do {                                                                                                                 \
    if (rank == 0) ok(__VA_ARGS__);                                                                                    \
  } while (0)

typedef enum { HONEST, ZERO, BLOCK } Liar;
static Liar liar;

static PetscErrorCode Remember(MPI_Comm comm, int line, const char *f, const char *file, PetscErrorCode n,
                               PetscErrorType p, const char *mess, void *ctx)
{
  (void)comm, (void)line, (void)f, (void)file, (void)ctx;
  if (p == PETSC_ERROR_INITIAL && mess) (void)snprintf(message, sizeof(message), "%s", mess);
  return n;
}

static PetscErrorCode Apply(PC pc, Vec x, Vec y)
{
  PetscFunctionBeginUser;
  (void)pc;
  PetscCall(VecCopy(x, y));
  PetscFunctionReturn(0);
}

/* 0 everywhere, or on the last rank (with one rank in its second half). */
static PetscErrorCode ApplyTranspose(PC pc, Vec x, Vec y)
{
  PetscScalar *a;
  PetscInt     n;

  PetscFunctionBeginUser;
  (void)pc;
  PetscCall(VecCopy(x, y));
  if (liar == HONEST) PetscFunctionReturn(0);
  PetscCall(VecGetLocalSize(y, &n));
  PetscCall(VecGetArray(y, &a));
  for (PetscInt i = 0; i < n; i++)
    if (liar == ZERO || (rank == size - 1 && (size > 1 || i >= n / 2))) a[i] = 0;
  PetscCall(VecRestoreArray(y, &a));
  PetscFunctionReturn(0);
}

static PetscErrorCode Own(KSP ksp, Vec b, Vec x, void *ctx)
{
  PetscFunctionBeginUser;
  (void)ksp, (void)b, (void)x, (void)ctx;
  heard++;
  PetscFunctionReturn(0);
}

/* The heat equation on a line, 5 steps of Crank-Nicolson, and back. */
static PetscErrorCode Run(Liar what, PetscBool check, PetscErrorCode *err, PetscReal *norm)
{
  TS           ts;
  TSTrajectory tj;
  SNES         snes;
  KSP          ksp;
  PC           pc;
  Mat          A;
  Vec          u, lambda;
  PetscInt     lo, hi;

  PetscFunctionBeginUser;
  liar = what;
  PetscCall(MatCreateAIJ(PETSC_COMM_WORLD, PETSC_DECIDE, PETSC_DECIDE, N, N, 3, NULL, 2, NULL, &A));
  PetscCall(MatGetOwnershipRange(A, &lo, &hi));
  for (PetscInt i = lo; i < hi; i++) {
    PetscCall(MatSetValue(A, i, i, -2, INSERT_VALUES));
    if (i) PetscCall(MatSetValue(A, i, i - 1, 1, INSERT_VALUES));
    if (i < N - 1) PetscCall(MatSetValue(A, i, i + 1, .7, INSERT_VALUES));
  }
  PetscCall(MatAssemblyBegin(A, MAT_FINAL_ASSEMBLY));
  PetscCall(MatAssemblyEnd(A, MAT_FINAL_ASSEMBLY));
  PetscCall(MatCreateVecs(A, &u, &lambda));
  PetscCall(VecSet(u, 1));
  PetscCall(TSCreate(PETSC_COMM_WORLD, &ts));
  PetscCall(TSSetType(ts, TSCN));
  PetscCall(TSSetProblemType(ts, TS_LINEAR));
  PetscCall(TSSetRHSFunction(ts, NULL, TSComputeRHSFunctionLinear, NULL));
  PetscCall(TSSetRHSJacobian(ts, A, A, TSComputeRHSJacobianConstant, NULL));
  PetscCall(TSSetTimeStep(ts, .1));
  PetscCall(TSSetMaxSteps(ts, 5));
  PetscCall(TSSetExactFinalTime(ts, TS_EXACTFINALTIME_STEPOVER));
  PetscCall(TSSetSaveTrajectory(ts));
  PetscCall(TSGetTrajectory(ts, &tj));
  PetscCall(TSTrajectorySetType(tj, ts, TSTRAJECTORYCOSTATE));
  PetscCall(TSTrajectoryCostateSetRAM(tj, "10"));
  PetscCall(TSTrajectoryCostateSetTransposedCheck(tj, check));
  PetscCall(TSGetSNES(ts, &snes));
  PetscCall(SNESGetKSP(snes, &ksp));
  PetscCall(KSPSetPostSolve(ksp, Own, NULL));
  PetscCall(KSPGetPC(ksp, &pc));
  PetscCall(PCSetType(pc, PCSHELL));
  PetscCall(PCShellSetApply(pc, Apply));
  PetscCall(PCShellSetApplyTranspose(pc, ApplyTranspose));
  PetscCall(TSSolve(ts, u));
  PetscCall(VecSet(lambda, 1));
  PetscCall(TSSetCostGradients(ts, 1, &lambda, NULL));
  message[0] = 0;
  heard      = 0;
  PetscCall(PetscPushErrorHandler(Remember, NULL));
  *err = TSAdjointSolve(ts);
  PetscCall(PetscPopErrorHandler());
  PetscCall(VecNorm(lambda, NORM_2, norm));
  if (!*err) { /* what an error has left is not taken apart */
    PetscCall(TSDestroy(&ts));
    PetscCall(MatDestroy(&A));
    PetscCall(VecDestroy(&u));
    PetscCall(VecDestroy(&lambda));
  }
  PetscFunctionReturn(0);
}

/* An error on every rank, with its step */
static PetscBool Stopped(PetscErrorCode err)
{
  int mine = err && strstr(message, "transposed solve of adjoint step") && strstr(message, "transposable"), all;

  (void)MPI_Allreduce(&mine, &all, 1, MPI_INT, MPI_MIN, PETSC_COMM_WORLD);
  return (PetscBool)all;
}

int main(int argc, char **argv)
{
  PetscErrorCode err;
  PetscReal      norm;
  PetscBool      stopped;

  PetscCall(PetscInitialize(&argc, &argv, NULL, NULL));
  PetscCall(CostateInitializePackage());
  PetscCallMPI(MPI_Comm_rank(PETSC_COMM_WORLD, &rank));
  PetscCallMPI(MPI_Comm_size(PETSC_COMM_WORLD, &size));
  if (rank == 0) plan(5);
  PetscCall(Run(HONEST, PETSC_TRUE, &err, &norm));
  T_OK(!err && norm > .1, "an honest preconditioner passes: |lambda| = %g", (double)norm);
  T_OK(heard == 6,
       "the application's own KSPSetPostSolve() is called for the 5 adjoint solves and the step that is repeated: %d",
       heard);
  PetscCall(Run(ZERO, PETSC_FALSE, &err, &norm));
  T_OK(!err && norm < 1e-12, "one that gives 0 makes lambda 0 where nobody looks: %g", (double)norm);
  PetscCall(Run(ZERO, PETSC_TRUE, &err, &norm));
  stopped = Stopped(err);
  T_OK(stopped, "where somebody does it is stopped: \"%.100s\"", message);
  PetscCall(Run(BLOCK, PETSC_TRUE, &err, &norm));
  stopped = Stopped(err);
  T_OK(stopped, "and one that is wrong on a part of the unknowns: \"%.150s\"", message);
  PetscCall(PetscFinalize());
  return rank == 0 ? done() : 0;
}
