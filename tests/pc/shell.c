/* SPDX-License-Identifier: BSD-2-Clause */
/* ranks: 1 2 3 */
/*
  -pc_type transposable for an operator that is a function, beside an assembled matrix to precondition by: solves with
  it and with its transpose are solves with the operator.  Where there is nothing to assemble the transpose of, there is
  an error that says so.
*/
#include <string.h>
#include "solves.h"

#define N 24

/* P and a product of two vectors, which nobody would assemble: A = P + v w' */
typedef struct {
  Mat P;
  Vec v, w;
} Operator;

static PetscErrorCode Apply(Mat A, Vec x, Vec y)
{
  Operator   *a;
  PetscScalar dot;

  PetscFunctionBeginUser;
  PetscCall(MatShellGetContext(A, &a));
  PetscCall(MatMult(a->P, x, y));
  PetscCall(VecTDot(x, a->w, &dot));
  PetscCall(VecAXPY(y, dot, a->v));
  PetscFunctionReturn(0);
}

static PetscErrorCode ApplyTranspose(Mat A, Vec x, Vec y)
{
  Operator   *a;
  PetscScalar dot;

  PetscFunctionBeginUser;
  PetscCall(MatShellGetContext(A, &a));
  PetscCall(MatMultTranspose(a->P, x, y));
  PetscCall(VecTDot(x, a->v, &dot));
  PetscCall(VecAXPY(y, dot, a->w));
  PetscFunctionReturn(0);
}

/* Upwind advection and diffusion on an N x N grid */
static PetscErrorCode Fill(Mat P)
{
  PetscInt lo, hi;

  PetscFunctionBeginUser;
  PetscCall(MatGetOwnershipRange(P, &lo, &hi));
  for (PetscInt k = lo; k < hi; k++) {
    const PetscInt i = k % N, j = k / N;

    PetscCall(MatSetValue(P, k, k, 5, INSERT_VALUES));
    if (i > 0) PetscCall(MatSetValue(P, k, k - 1, -1.8, INSERT_VALUES));
    if (i < N - 1) PetscCall(MatSetValue(P, k, k + 1, -1, INSERT_VALUES));
    if (j > 0) PetscCall(MatSetValue(P, k, k - N, -1.2, INSERT_VALUES));
    if (j < N - 1) PetscCall(MatSetValue(P, k, k + N, -1, INSERT_VALUES));
  }
  PetscCall(MatAssemblyBegin(P, MAT_FINAL_ASSEMBLY));
  PetscCall(MatAssemblyEnd(P, MAT_FINAL_ASSEMBLY));
  PetscFunctionReturn(0);
}

static PetscErrorCode Inner(const char inner[], Mat A, Mat P, Vec b, Vec w)
{
  Solves s;
  KSP    ksp;

  PetscFunctionBeginUser;
  if (without_hypre(rank, inner, 3)) PetscFunctionReturn(0);
  PetscCall(PetscOptionsSetValue(NULL, "-transposable_pc_type", inner));
  PetscCall(KSPCreate(PETSC_COMM_WORLD, &ksp));
  PetscCall(KSPSetOperators(ksp, A, P));
  PetscCall(KSPSetTolerances(ksp, 1e-11, PETSC_DEFAULT, PETSC_DEFAULT, 500));
  PetscCall(KSPSetFromOptions(ksp));
  for (int i = 0; i < 2; i++) PetscCall(Solve(ksp, b, w, &s));
  PetscCall(SetUps(ksp, 1, 1, inner, "twice"));
  T_OK(s.residual[0] <= 1e-8 && s.residual[1] <= 1e-8, "%s: residuals of the function: %.1e, %.1e", inner,
       (double)s.residual[0], (double)s.residual[1]);
  T_OK(s.duality <= 1e-9, "%s: the two solves belong to each other up to %.1e", inner, (double)s.duality);
  PetscCall(KSPDestroy(&ksp));
  PetscFunctionReturn(0);
}

static char message[1024];

static PetscErrorCode Keep(MPI_Comm comm, int line, const char *function, const char *file, PetscErrorCode code,
                           PetscErrorType type, const char *text, void *ctx)
{
  (void)comm;
  (void)line;
  (void)function;
  (void)file;
  (void)ctx;
  if (type == PETSC_ERROR_INITIAL && text) (void)snprintf(message, sizeof(message), "%s", text);
  return code;
}

/* The function alone: an inner PC can be had for it, such as none, but not its transpose. */
static PetscErrorCode Alone(Mat A, Vec b)
{
  PetscErrorCode code;
  KSP            ksp;
  Vec            x;

  PetscFunctionBeginUser;
  PetscCall(PetscOptionsSetValue(NULL, "-transposable_pc_type", "none"));
  PetscCall(VecDuplicate(b, &x));
  PetscCall(KSPCreate(PETSC_COMM_WORLD, &ksp));
  PetscCall(KSPSetOperators(ksp, A, A));
  PetscCall(KSPSetFromOptions(ksp));
  PetscCall(PetscPushErrorHandler(Keep, NULL));
  code = KSPSolveTranspose(ksp, b, x);
  PetscCall(PetscPopErrorHandler());
  T_OK(code == PETSC_ERR_SUP, "a function alone is refused: %d", (int)code);
  T_OK(strstr(message, "type shell") && strstr(message, "KSPSetOperators()"), "with what to do: %s", message);
  PetscCall(VecDestroy(&x));
  PetscFunctionReturn(0); /* the KSP was left in the middle of a solve */
}

int main(int argc, char **argv)
{
  static const char *const inner[] = {"hypre", "gamg"};
  PetscRandom              random;
  Operator                 a;
  Mat                      A;
  Vec                      b, w;
  PetscInt                 n;

  PetscCall(Begin(&argc, &argv, 3 * 2 + 2, &random));
  PetscCall(PetscOptionsSetValue(NULL, "-pc_type", PCTRANSPOSABLE));
  PetscCall(MatCreateAIJ(PETSC_COMM_WORLD, PETSC_DECIDE, PETSC_DECIDE, N * N, N * N, 5, NULL, 5, NULL, &a.P));
  PetscCall(Fill(a.P));
  PetscCall(MatCreateVecs(a.P, &a.v, &a.w));
  PetscCall(VecDuplicate(a.v, &b));
  PetscCall(VecDuplicate(a.v, &w));
  PetscCall(VecSetRandom(a.v, random));
  PetscCall(VecSetRandom(a.w, random));
  PetscCall(VecScale(a.w, .05));
  PetscCall(VecSetRandom(b, random));
  PetscCall(VecSetRandom(w, random));
  PetscCall(VecGetLocalSize(b, &n));
  PetscCall(MatCreateShell(PETSC_COMM_WORLD, n, n, N * N, N * N, &a, &A));
  PetscCall(MatShellSetOperation(A, MATOP_MULT, (void (*)(void))Apply));
  PetscCall(MatShellSetOperation(A, MATOP_MULT_TRANSPOSE, (void (*)(void))ApplyTranspose));
  for (int i = 0; i < 2; i++) PetscCall(Inner(inner[i], A, a.P, b, w));
  PetscCall(Alone(A, b));
  PetscCall(MatDestroy(&A));
  PetscCall(MatDestroy(&a.P));
  PetscCall(VecDestroy(&a.v));
  PetscCall(VecDestroy(&a.w));
  PetscCall(VecDestroy(&b));
  PetscCall(VecDestroy(&w));
  PetscCall(End(&random));
  return rank == 0 ? done() : 0;
}
