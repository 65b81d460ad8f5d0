/* SPDX-License-Identifier: BSD-2-Clause */
/* ranks: 1 2 3 */
/*
  -pc_type transposable: solves with a matrix and with its transpose both converge to what they should, with any inner
  PC; inner PCs are set up when they are first needed, and again only for another matrix, unless the solver reuses them.
*/
#include <stdio.h>
#include <stdlib.h>
#include <petscksp.h>
#include <costate.h>
#include "../lacks.h"

static PetscMPIInt rank;

#define T_OK(...)                                                                                                      \
  do {                                                                                                                 \
    if (rank == 0) ok(__VA_ARGS__);                                                                                    \
  } while (0)

/* Upwind advection and diffusion on an n x n grid; `more` is added to the diagonal, `wide` widens the pattern. */
static PetscErrorCode Fill(Mat A, PetscInt n, PetscReal more, PetscBool wide)
{
  PetscInt lo, hi;

  PetscFunctionBeginUser;
  PetscCall(MatGetOwnershipRange(A, &lo, &hi));
  for (PetscInt k = lo; k < hi; k++) {
    const PetscInt i = k % n, j = k / n;

    PetscCall(MatSetValue(A, k, k, 4 + more + 1, INSERT_VALUES));
    if (i > 0) PetscCall(MatSetValue(A, k, k - 1, -1.8, INSERT_VALUES));
    if (i < n - 1) PetscCall(MatSetValue(A, k, k + 1, -1, INSERT_VALUES));
    if (j > 0) PetscCall(MatSetValue(A, k, k - n, -1.2, INSERT_VALUES));
    if (j < n - 1) PetscCall(MatSetValue(A, k, k + n, -1, INSERT_VALUES));
    if (wide && i > 1) PetscCall(MatSetValue(A, k, k - 2, -.3, INSERT_VALUES));
  }
  PetscCall(MatAssemblyBegin(A, MAT_FINAL_ASSEMBLY));
  PetscCall(MatAssemblyEnd(A, MAT_FINAL_ASSEMBLY));
  PetscFunctionReturn(0);
}

/* |b - A x| / |b|, or with the transpose; and that the solver says so */
static PetscErrorCode Solve(KSP ksp, Mat A, PetscBool transpose, PetscRandom random, PetscReal *e)
{
  Vec                x, b, r;
  PetscReal          norm;
  KSPConvergedReason reason;

  PetscFunctionBeginUser;
  PetscCall(MatCreateVecs(A, &x, &b));
  PetscCall(VecDuplicate(b, &r));
  PetscCall(VecSetRandom(b, random));
  PetscCall(transpose ? KSPSolveTranspose(ksp, b, x) : KSPSolve(ksp, b, x));
  PetscCall(KSPGetConvergedReason(ksp, &reason));
  PetscCall(transpose ? MatMultTranspose(A, x, r) : MatMult(A, x, r));
  PetscCall(VecAXPY(r, -1, b));
  PetscCall(VecNorm(r, NORM_2, e));
  PetscCall(VecNorm(b, NORM_2, &norm));
  *e = reason > 0 ? *e / norm : PETSC_INFINITY;
  PetscCall(VecDestroy(&x));
  PetscCall(VecDestroy(&b));
  PetscCall(VecDestroy(&r));
  PetscFunctionReturn(0);
}

static PetscErrorCode SetUps(KSP ksp, PetscInt matrix, PetscInt transpose, const char inner[], const char what[])
{
  PC       pc;
  PetscInt n[2];

  PetscFunctionBeginUser;
  PetscCall(KSPGetPC(ksp, &pc));
  PetscCall(PCTransposableGetSetUps(pc, &n[0], &n[1]));
  T_OK(n[0] == matrix && n[1] == transpose, "%s, %s: set up %d and %d times", inner, what, (int)n[0], (int)n[1]);
  PetscFunctionReturn(0);
}

#define INNER_TESTS 13
static PetscErrorCode Inner(const char inner[], PetscRandom random)
{
  const PetscInt n = 24;
  Mat            A;
  KSP            ksp;
  PC             pc, side[2];
  PCType         type[2];
  PetscReal      e[2];
  PetscBool      same;

  PetscFunctionBeginUser;
  if (without_hypre(rank, inner, INNER_TESTS)) PetscFunctionReturn(0);
  PetscCall(PetscOptionsClear(NULL));
  PetscCall(PetscOptionsSetValue(NULL, "-pc_type", PCTRANSPOSABLE));
  PetscCall(PetscOptionsSetValue(NULL, "-transposable_pc_type", inner));
  PetscCall(MatCreate(PETSC_COMM_WORLD, &A));
  PetscCall(MatSetSizes(A, PETSC_DECIDE, PETSC_DECIDE, n * n, n * n));
  PetscCall(MatSetType(A, MATAIJ));
  PetscCall(MatSetUp(A));
  PetscCall(MatSetOption(A, MAT_NEW_NONZERO_ALLOCATION_ERR, PETSC_FALSE));
  PetscCall(Fill(A, n, 0, PETSC_FALSE));
  PetscCall(KSPCreate(PETSC_COMM_WORLD, &ksp));
  PetscCall(KSPSetOperators(ksp, A, A));
  PetscCall(KSPSetTolerances(ksp, 1e-11, PETSC_DEFAULT, PETSC_DEFAULT, 1000));
  PetscCall(KSPSetFromOptions(ksp));
  PetscCall(Solve(ksp, A, PETSC_FALSE, random, &e[0]));
  PetscCall(SetUps(ksp, 1, 0, inner, "a solve"));
  PetscCall(Solve(ksp, A, PETSC_TRUE, random, &e[1]));
  PetscCall(SetUps(ksp, 1, 1, inner, "a transposed solve"));
  T_OK(e[0] <= 1e-8 && e[1] <= 1e-8, "%s: both have small residuals: %.1e, %.1e", inner, (double)e[0], (double)e[1]);
  for (int i = 0; i < 2; i++) PetscCall(Solve(ksp, A, (PetscBool)i, random, &e[i]));
  PetscCall(SetUps(ksp, 1, 1, inner, "repeated"));
  T_OK(e[0] <= 1e-8 && e[1] <= 1e-8, "%s: and small residuals again: %.1e, %.1e", inner, (double)e[0], (double)e[1]);
  PetscCall(Fill(A, n, 1, PETSC_FALSE));
  PetscCall(Solve(ksp, A, PETSC_FALSE, random, &e[0]));
  PetscCall(SetUps(ksp, 2, 1, inner, "another matrix, a solve"));
  PetscCall(Solve(ksp, A, PETSC_TRUE, random, &e[1]));
  PetscCall(SetUps(ksp, 2, 2, inner, "and a transposed one"));
  T_OK(e[0] <= 1e-8 && e[1] <= 1e-8, "%s: small residuals with it: %.1e, %.1e", inner, (double)e[0], (double)e[1]);
  /* the pattern changes while the transpose is not in use, then the values once more */
  PetscCall(Fill(A, n, 1, PETSC_TRUE));
  PetscCall(Solve(ksp, A, PETSC_FALSE, random, &e[0]));
  PetscCall(Fill(A, n, 2, PETSC_TRUE));
  PetscCall(Solve(ksp, A, PETSC_FALSE, random, &e[0]));
  PetscCall(Solve(ksp, A, PETSC_TRUE, random, &e[1]));
  T_OK(e[0] <= 1e-8 && e[1] <= 1e-8, "%s: with another pattern too: %.1e, %.1e", inner, (double)e[0], (double)e[1]);
  PetscCall(SetUps(ksp, 4, 3, inner, "with it"));
  PetscCall(KSPSetReusePreconditioner(ksp, PETSC_TRUE));
  PetscCall(Fill(A, n, 2.2, PETSC_TRUE));
  for (int i = 0; i < 2; i++) PetscCall(Solve(ksp, A, (PetscBool)i, random, &e[i]));
  PetscCall(SetUps(ksp, 4, 3, inner, "reused for another matrix"));
  T_OK(e[0] <= 1e-8 && e[1] <= 1e-8, "%s: converging all the same: %.1e, %.1e", inner, (double)e[0], (double)e[1]);
  PetscCall(KSPGetPC(ksp, &pc));
  for (int i = 0; i < 2; i++) {
    PetscCall(PCTransposableGetPC(pc, (PetscBool)i, &side[i]));
    PetscCall(PCGetType(side[i], &type[i]));
  }
  PetscCall(PetscStrcmp(type[0], type[1], &same));
  T_OK(same, "%s: on both sides", inner);
  PetscCall(KSPDestroy(&ksp));
  PetscCall(MatDestroy(&A));
  PetscFunctionReturn(0);
}

int main(int argc, char **argv)
{
  static const char *const inner[] = {"hypre", "gamg", "jacobi", "bjacobi"};
  PetscRandom              random;
  const char              *seed = getenv("SEED");

  PetscCall(PetscInitialize(&argc, &argv, NULL, NULL));
  PetscCall(CostateInitializePackage());
  PetscCallMPI(MPI_Comm_rank(PETSC_COMM_WORLD, &rank));
  if (rank == 0) plan(4 * INNER_TESTS);
  PetscCall(PetscRandomCreate(PETSC_COMM_WORLD, &random));
  PetscCall(PetscRandomSetSeed(random, seed ? strtoul(seed, NULL, 10) : 1));
  PetscCall(PetscRandomSeed(random));
  for (int i = 0; i < 4; i++) PetscCall(Inner(inner[i], random));
  PetscCall(PetscRandomDestroy(&random));
  PetscCall(PetscOptionsClear(NULL));
  PetscCall(PetscFinalize());
  return rank == 0 ? done() : 0;
}
