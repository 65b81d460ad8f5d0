/* SPDX-License-Identifier: BSD-2-Clause */
/* ranks: 1 2 3 */
/*
  -pc_type transposable, what is set up again and what is not: a matrix that was assembled anew with the same numbers is
  the same, and so TSAdjointSolve() of a linear problem with a fixed step sets up once forward and once backward, with
  checkpoints too; one number that differs on one rank is another matrix for all; two matrices in turn do not mix up
  their transposes.
*/
#include <petscts.h>
#include "solves.h"

#define N     20
#define STEPS 12

/* -A: upwind advection and diffusion on an N x N grid; `wide` widens the pattern. */
static PetscErrorCode Fill(Mat A, PetscReal scale, PetscBool wide)
{
  PetscInt lo, hi;

  PetscFunctionBeginUser;
  PetscCall(MatGetOwnershipRange(A, &lo, &hi));
  for (PetscInt k = lo; k < hi; k++) {
    const PetscInt i = k % N, j = k / N;

    PetscCall(MatSetValue(A, k, k, -5 * scale, INSERT_VALUES));
    if (i > 0) PetscCall(MatSetValue(A, k, k - 1, 1.8 * scale, INSERT_VALUES));
    if (i < N - 1) PetscCall(MatSetValue(A, k, k + 1, scale, INSERT_VALUES));
    if (j > 0) PetscCall(MatSetValue(A, k, k - N, 1.2 * scale, INSERT_VALUES));
    if (j < N - 1) PetscCall(MatSetValue(A, k, k + N, scale, INSERT_VALUES));
    if (wide && i > 1) PetscCall(MatSetValue(A, k, k - 2, .3 * scale, INSERT_VALUES));
  }
  PetscCall(MatAssemblyBegin(A, MAT_FINAL_ASSEMBLY));
  PetscCall(MatAssemblyEnd(A, MAT_FINAL_ASSEMBLY));
  PetscFunctionReturn(0);
}

static PetscErrorCode Create(PetscBool wide, Mat *A)
{
  PetscFunctionBeginUser;
  PetscCall(MatCreate(PETSC_COMM_WORLD, A));
  PetscCall(MatSetSizes(*A, PETSC_DECIDE, PETSC_DECIDE, N * N, N * N));
  PetscCall(MatSetType(*A, MATAIJ));
  PetscCall(MatMPIAIJSetPreallocation(*A, 6, NULL, 6, NULL));
  PetscCall(MatSeqAIJSetPreallocation(*A, 6, NULL));
  PetscCall(Fill(*A, 1, wide));
  PetscFunctionReturn(0);
}

/* A solve of each kind; the larger residual */
static PetscErrorCode Both(KSP ksp, Vec b, PetscReal *e)
{
  Solves s;

  PetscFunctionBeginUser;
  PetscCall(Solve(ksp, b, b, &s));
  *e = PetscMax(s.residual[0], s.residual[1]);
  PetscFunctionReturn(0);
}

static PetscErrorCode Expect(KSP ksp, Vec b, PetscInt matrix, PetscInt transpose, const char inner[], const char what[])
{
  PetscReal e;

  PetscFunctionBeginUser;
  PetscCall(Both(ksp, b, &e));
  PetscCall(SetUps(ksp, matrix, transpose, inner, what));
  T_OK(e <= 1e-8, "%s, %s: residuals at most %.1e", inner, what, (double)e);
  PetscFunctionReturn(0);
}

#define MATRIX_TESTS 14
static PetscErrorCode Matrices(const char inner[], PetscRandom random)
{
  Mat         A, B, copy;
  KSP         ksp;
  Vec         b;
  PetscReal   e;
  PetscMPIInt size;
  PetscInt    lo;

  PetscFunctionBeginUser;
  if (without_hypre(rank, inner, MATRIX_TESTS)) PetscFunctionReturn(0);
  PetscCallMPI(MPI_Comm_size(PETSC_COMM_WORLD, &size));
  PetscCall(PetscOptionsClear(NULL));
  PetscCall(PetscOptionsInsertString(NULL, "-pc_type transposable -ksp_rtol 1e-10"));
  PetscCall(PetscOptionsSetValue(NULL, "-transposable_pc_type", inner));
  PetscCall(Create(PETSC_FALSE, &A));
  PetscCall(Create(PETSC_TRUE, &B));
  PetscCall(MatCreateVecs(A, &b, NULL));
  PetscCall(VecSetRandom(b, random));
  PetscCall(KSPCreate(PETSC_COMM_WORLD, &ksp));
  PetscCall(KSPSetOperators(ksp, A, A));
  PetscCall(KSPSetFromOptions(ksp));
  PetscCall(Expect(ksp, b, 1, 1, inner, "a matrix"));
  PetscCall(Fill(A, 1, PETSC_FALSE));
  PetscCall(Expect(ksp, b, 1, 1, inner, "assembled again with the same numbers"));
  PetscCall(MatDuplicate(A, MAT_COPY_VALUES, &copy)); /* an inner PC may refer to the matrix that it was made of */
  PetscCall(KSPSetOperators(ksp, copy, copy));
  PetscCall(Expect(ksp, b, 2, 1, inner, "a copy"));
  PetscCall(MatDestroy(&copy));
  PetscCall(KSPSetOperators(ksp, A, A));
  PetscCall(MatGetOwnershipRange(A, &lo, NULL));
  if (rank == size - 1) PetscCall(MatSetValue(A, lo, lo, -5.5, INSERT_VALUES));
  PetscCall(MatAssemblyBegin(A, MAT_FINAL_ASSEMBLY));
  PetscCall(MatAssemblyEnd(A, MAT_FINAL_ASSEMBLY));
  PetscCall(Expect(ksp, b, 3, 2, inner, "one number of the last rank differs"));
  for (int i = 0; i < 3; i++) {
    PetscCall(KSPSetOperators(ksp, i % 2 ? A : B, i % 2 ? A : B));
    PetscCall(Both(ksp, b, &e));
  }
  PetscCall(KSPSetOperators(ksp, A, A));
  PetscCall(Expect(ksp, b, 7, 6, inner, "two matrices in turn, with different patterns"));
  PetscCall(KSPReset(ksp));
  PetscCall(KSPSetOperators(ksp, A, A));
  PetscCall(Expect(ksp, b, 1, 1, inner, "after KSPReset()"));
  PetscCall(KSPDestroy(&ksp));
  PetscCall(MatDestroy(&B));
  PetscCall(MatTranspose(A, MAT_INITIAL_MATRIX, &B));
  PetscCall(MatAXPY(B, 1, A, DIFFERENT_NONZERO_PATTERN));
  PetscCall(MatSetOption(B, MAT_SYMMETRIC, PETSC_TRUE));
  PetscCall(KSPCreate(PETSC_COMM_WORLD, &ksp));
  PetscCall(KSPSetOperators(ksp, B, B));
  PetscCall(KSPSetFromOptions(ksp));
  PetscCall(Expect(ksp, b, 1, 0, inner, "known to be symmetric"));
  PetscCall(KSPDestroy(&ksp));
  PetscCall(VecDestroy(&b));
  PetscCall(MatDestroy(&A));
  PetscCall(MatDestroy(&B));
  PetscFunctionReturn(0);
}

/* The solvers of blocks are made anew with the matrix: as many iterations as with a solver that never saw another one.
 */
#define BLOCK_TESTS 1
static PetscErrorCode Blocks(const char inner[], PetscRandom random)
{
  PetscInt  its[2][2] = {{0, 0}, {0, 0}};
  PetscReal e;
  Mat       A;
  Vec       b;

  PetscFunctionBeginUser;
  PetscCall(PetscOptionsClear(NULL));
  PetscCall(PetscOptionsInsertString(NULL, "-pc_type transposable -ksp_rtol 1e-10"));
  PetscCall(PetscOptionsSetValue(NULL, "-transposable_pc_type", inner));
  PetscCall(Create(PETSC_FALSE, &A));
  PetscCall(MatCreateVecs(A, &b, NULL));
  PetscCall(VecSetRandom(b, random));
  for (int fresh = 0; fresh < 2; fresh++) {
    KSP ksp;
    Vec x;

    PetscCall(VecDuplicate(b, &x));
    PetscCall(KSPCreate(PETSC_COMM_WORLD, &ksp));
    PetscCall(KSPSetOperators(ksp, A, A));
    PetscCall(KSPSetFromOptions(ksp));
    PetscCall(Fill(A, 1, PETSC_FALSE));
    PetscCall(MatShift(A, 50));
    if (!fresh) PetscCall(Both(ksp, b, &e));
    PetscCall(Fill(A, 1, PETSC_FALSE));
    PetscCall(KSPSolve(ksp, b, x));
    PetscCall(KSPGetIterationNumber(ksp, &its[fresh][0]));
    PetscCall(KSPSolveTranspose(ksp, b, x));
    PetscCall(KSPGetIterationNumber(ksp, &its[fresh][1]));
    PetscCall(KSPDestroy(&ksp));
    PetscCall(VecDestroy(&x));
  }
  T_OK(its[0][0] == its[1][0] && its[0][1] == its[1][1],
       "%s: blocks are those of the matrix there is: %d and %d iterations, %d and %d with a new solver", inner,
       (int)its[0][0], (int)its[0][1], (int)its[1][0], (int)its[1][1]);
  PetscCall(VecDestroy(&b));
  PetscCall(MatDestroy(&A));
  PetscFunctionReturn(0);
}

enum { FLAGGED, REFILLED, CUBIC };

typedef struct {
  const char *name, *options;
  int         problem;
  PetscInt    least[2], most[2]; /* set-ups, of the matrix and of its transpose */
} Case;

static const char memory[] = "-ts_trajectory_type memory";
static const char lagged[] = "-ts_trajectory_type memory -snes_lag_preconditioner -2 -snes_lag_preconditioner_persists";
static const char costate[] = "-ts_trajectory_type costate -ts_trajectory_costate_ram 3";

static PetscErrorCode RHSFunction(TS ts, PetscReal t, Vec u, Vec f, void *ctx)
{
  Mat A = *(Mat *)ctx;

  PetscFunctionBeginUser;
  (void)ts;
  (void)t;
  PetscCall(MatMult(A, u, f));
  PetscFunctionReturn(0);
}

static PetscErrorCode Refill(TS ts, PetscReal t, Vec u, Mat J, Mat P, void *ctx)
{
  PetscFunctionBeginUser;
  (void)ts;
  (void)t;
  (void)u;
  (void)P;
  (void)ctx;
  PetscCall(Fill(J, 1, PETSC_FALSE));
  PetscFunctionReturn(0);
}

static PetscErrorCode CubicFunction(TS ts, PetscReal t, Vec u, Vec f, void *ctx)
{
  const PetscScalar *x;
  PetscScalar       *y;
  PetscInt           n;

  PetscFunctionBeginUser;
  PetscCall(RHSFunction(ts, t, u, f, ctx));
  PetscCall(VecGetLocalSize(u, &n));
  PetscCall(VecGetArrayRead(u, &x));
  PetscCall(VecGetArray(f, &y));
  for (PetscInt i = 0; i < n; i++) y[i] -= x[i] * x[i] * x[i];
  PetscCall(VecRestoreArray(f, &y));
  PetscCall(VecRestoreArrayRead(u, &x));
  PetscFunctionReturn(0);
}

static PetscErrorCode CubicJacobian(TS ts, PetscReal t, Vec u, Mat J, Mat P, void *ctx)
{
  Vec d;

  PetscFunctionBeginUser;
  PetscCall(Refill(ts, t, u, J, P, ctx));
  PetscCall(VecDuplicate(u, &d));
  PetscCall(VecPointwiseMult(d, u, u));
  PetscCall(VecScale(d, -3));
  PetscCall(MatDiagonalSet(J, d, ADD_VALUES));
  PetscCall(VecDestroy(&d));
  PetscFunctionReturn(0);
}

/* lambda of sum(u(T)) with the options of the case; set-ups */
static PetscErrorCode Run(const Case *c, const char options[], Vec lambda, PetscInt setups[])
{
  TS   ts;
  SNES snes;
  KSP  ksp;
  PC   pc;
  Mat  A, J;
  Vec  u;

  PetscFunctionBeginUser;
  PetscCall(PetscOptionsClear(NULL));
  PetscCall(PetscOptionsInsertString(NULL, "-ts_dt .1 -ts_max_time 100 -ts_adapt_type none -snes_rtol "
                                           "1e-12 -snes_stol 0 -ksp_rtol 1e-12"));
  PetscCall(PetscOptionsInsertString(NULL, c->options));
  PetscCall(PetscOptionsInsertString(NULL, options));
  PetscCall(Create(PETSC_FALSE, &A));
  PetscCall(MatDuplicate(A, MAT_COPY_VALUES, &J));
  PetscCall(VecDuplicate(lambda, &u));
  PetscCall(VecSet(u, 1));
  PetscCall(TSCreate(PETSC_COMM_WORLD, &ts));
  PetscCall(TSSetType(ts, TSCN));
  PetscCall(TSSetProblemType(ts, c->problem == CUBIC ? TS_NONLINEAR : TS_LINEAR));
  PetscCall(TSSetRHSFunction(ts, NULL, c->problem == CUBIC ? CubicFunction : RHSFunction, &A));
  if (c->problem == FLAGGED)
    PetscCall(TSSetRHSJacobian(ts, J, J, TSComputeRHSJacobianConstant, NULL));
  else
    PetscCall(TSSetRHSJacobian(ts, J, J, c->problem == CUBIC ? CubicJacobian : Refill, NULL));
  PetscCall(TSSetExactFinalTime(ts, TS_EXACTFINALTIME_STEPOVER));
  PetscCall(TSSetMaxSteps(ts, STEPS));
  PetscCall(TSSetSaveTrajectory(ts));
  PetscCall(TSSetFromOptions(ts));
  PetscCall(TSSolve(ts, u));
  PetscCall(VecSet(lambda, 1));
  PetscCall(TSSetCostGradients(ts, 1, &lambda, NULL));
  PetscCall(TSAdjointSolve(ts));
  PetscCall(TSGetSNES(ts, &snes));
  PetscCall(SNESGetKSP(snes, &ksp));
  PetscCall(KSPGetPC(ksp, &pc));
  if (setups) PetscCall(PCTransposableGetSetUps(pc, &setups[0], &setups[1]));
  PetscCall(TSDestroy(&ts));
  PetscCall(VecDestroy(&u));
  PetscCall(MatDestroy(&A));
  PetscCall(MatDestroy(&J));
  PetscFunctionReturn(0);
}

/*
  TSAdjointSolve() takes the difference of two times for the step, so that its last bits change whenever the time passes
  a power of two: four of them here, and not one for each step.
*/
static const Case cases[] = {
    {"constant and flagged as such", memory, FLAGGED, {1, 1}, {1, 5}},
    {"constant, but assembled for each step", memory, REFILLED, {1, 1}, {1, 5}},
    {"constant, flagged, with checkpoints", costate, FLAGGED, {1, 1}, {1, 5}},
    {"constant, assembled, with checkpoints", costate, REFILLED, {1, 1}, {1, 5}},
    {"nonlinear", memory, CUBIC, {STEPS, STEPS}, {4 * STEPS, STEPS}},
    {"nonlinear, with checkpoints", costate, CUBIC, {STEPS, STEPS}, {8 * STEPS, STEPS}},
    {"nonlinear, lagged for ever", lagged, CUBIC, {1, 1}, {1, 1}},
};
#define CASES (int)(sizeof(cases) / sizeof(*cases))

static PetscErrorCode Lambda(const Case *c, Vec lambda, Vec reference)
{
  PetscInt  n[2];
  PetscReal e, norm;

  PetscFunctionBeginUser;
  if (without_hypre(rank, "hypre", 2)) PetscFunctionReturn(0);
  PetscCall(Run(c, "-pc_type redundant -redundant_pc_type lu", reference, NULL));
  PetscCall(Run(c, "-pc_type transposable -transposable_pc_type hypre", lambda, n));
  T_OK(n[0] >= c->least[0] && n[0] <= c->most[0] && n[1] >= c->least[1] && n[1] <= c->most[1],
       "%s: set up %d and %d times, expected %d to %d and %d to %d", c->name, (int)n[0], (int)n[1], (int)c->least[0],
       (int)c->most[0], (int)c->least[1], (int)c->most[1]);
  PetscCall(VecAXPY(lambda, -1, reference));
  PetscCall(VecNorm(lambda, NORM_2, &e));
  PetscCall(VecNorm(reference, NORM_2, &norm));
  T_OK(e <= 1e-9 * norm, "%s: lambda is off by %.1e", c->name, (double)(e / norm));
  PetscFunctionReturn(0);
}

int main(int argc, char **argv)
{
  static const char *const inner[] = {"hypre", "gamg", "bjacobi"};
  PetscRandom              random;
  Vec                      lambda, reference;

  PetscCall(Begin(&argc, &argv, 3 * MATRIX_TESTS + 2 * BLOCK_TESTS + 2 * CASES, &random));
  for (int i = 0; i < 3; i++) PetscCall(Matrices(inner[i], random));
  PetscCall(Blocks("bjacobi", random));
  PetscCall(Blocks("asm", random));
  PetscCall(VecCreateMPI(PETSC_COMM_WORLD, PETSC_DECIDE, N * N, &lambda));
  PetscCall(VecDuplicate(lambda, &reference));
  for (int i = 0; i < CASES; i++) PetscCall(Lambda(&cases[i], lambda, reference));
  PetscCall(VecDestroy(&lambda));
  PetscCall(VecDestroy(&reference));
  PetscCall(End(&random));
  return rank == 0 ? done() : 0;
}
