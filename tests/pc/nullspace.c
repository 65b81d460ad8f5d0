/* SPDX-License-Identifier: BSD-2-Clause */
/* ranks: 1 2 3 */
/*
  -pc_type transposable for a singular matrix whose null space is not that of its transpose (pure Neumann): both solves
  leave a small residual and take the solution without a part in the null space; the inner PC of the transpose knows the
  null spaces, changed about.

  Whirling advection and diffusion with no flux through the boundary has 1 in both null spaces; scaling its rows and its
  columns makes the null spaces those of the inverse scales.
*/
#include <string.h>
#include "solves.h"

#define N 24

static const struct {
  const char *name, *options;
} kinds[] = {
    {"hypre", "-transposable_pc_type hypre"},
    {"gamg", "-transposable_pc_type gamg -transposable_mg_coarse_pc_type svd"}, /* its coarse matrix is singular */
    {"jacobi", "-transposable_pc_type jacobi"},
    {"a solver",
     "-ksp_type gmres -transposable_pc_type ksp -transposable_ksp_ksp_type gmres -transposable_ksp_ksp_rtol "
     "1e-13 -transposable_ksp_ksp_max_it 1000 -transposable_ksp_ksp_gmres_restart 200 "
     "-transposable_ksp_pc_type jacobi"},
};
#define KINDS      (int)(sizeof(kinds) / sizeof(*kinds))
#define KIND_TESTS 6

/* The stream function at a corner, 0 on the boundary: differences of it are fluxes that balance. */
static PetscReal Psi(PetscInt i, PetscInt j)
{
  return 12 * PetscSinReal(PETSC_PI * (PetscReal)i / N) * PetscSinReal(PETSC_PI * (PetscReal)j / N);
}

static PetscErrorCode Fill(Mat A, Vec rows, Vec columns)
{
  PetscInt lo, hi;

  PetscFunctionBeginUser;
  PetscCall(MatGetOwnershipRange(A, &lo, &hi));
  for (PetscInt k = lo; k < hi; k++) {
    const PetscInt  i = k % N, j = k / N, to[4] = {k - 1, k + 1, k - N, k + N};
    const PetscBool inside[4] = {(PetscBool)(i > 0), (PetscBool)(i < N - 1), (PetscBool)(j > 0),
                                 (PetscBool)(j < N - 1)};
    const PetscReal out[4] = {Psi(i, j) - Psi(i, j + 1), Psi(i + 1, j + 1) - Psi(i + 1, j), Psi(i + 1, j) - Psi(i, j),
                              Psi(i, j + 1) - Psi(i + 1, j + 1)};

    for (int m = 0; m < 4; m++) {
      if (!inside[m]) continue;
      PetscCall(MatSetValue(A, k, k, 1 + PetscMax(out[m], 0), ADD_VALUES));
      PetscCall(MatSetValue(A, k, to[m], -1 + PetscMin(out[m], 0), ADD_VALUES));
    }
  }
  PetscCall(MatAssemblyBegin(A, MAT_FINAL_ASSEMBLY));
  PetscCall(MatAssemblyEnd(A, MAT_FINAL_ASSEMBLY));
  PetscCall(MatDiagonalScale(A, rows, columns));
  PetscFunctionReturn(0);
}

/* A null space of what scales leave of 1 */
static PetscErrorCode NullSpace(Vec scale, MatNullSpace *space)
{
  Vec v;

  PetscFunctionBeginUser;
  PetscCall(VecDuplicate(scale, &v));
  PetscCall(VecCopy(scale, v));
  PetscCall(VecReciprocal(v));
  PetscCall(VecNormalize(v, NULL));
  PetscCall(MatNullSpaceCreate(PETSC_COMM_WORLD, PETSC_FALSE, 1, &v, space));
  PetscCall(VecDestroy(&v));
  PetscFunctionReturn(0);
}

/* A solve for any b: the residual of what can be solved of it, and what the solution has of the null space */
static PetscErrorCode Singular(KSP ksp, PetscBool transpose, MatNullSpace range, MatNullSpace null, PetscRandom random,
                               PetscReal *e, PetscReal *part)
{
  Mat                A;
  Vec                b, x, work;
  const Vec         *v;
  PetscBool          constant;
  PetscInt           n;
  PetscScalar        dot;
  PetscReal          norm;
  KSPConvergedReason reason;

  PetscFunctionBeginUser;
  PetscCall(KSPGetOperators(ksp, &A, NULL));
  PetscCall(MatCreateVecs(A, &x, &b));
  PetscCall(VecDuplicate(b, &work));
  PetscCall(VecSetRandom(b, random));
  PetscCall(transpose ? KSPSolveTranspose(ksp, b, x) : KSPSolve(ksp, b, x));
  PetscCall(KSPGetConvergedReason(ksp, &reason));
  PetscCall(MatNullSpaceRemove(range, b));
  PetscCall(CostateKSPTrueResidual(ksp, transpose, b, x, work, e));
  if (reason <= 0) *e = PETSC_INFINITY;
  PetscCall(MatNullSpaceGetVecs(null, &constant, &n, &v));
  PetscCall(VecDot(x, v[0], &dot));
  PetscCall(VecNorm(x, NORM_2, &norm));
  *part = PetscAbsScalar(dot) / norm;
  PetscCall(VecDestroy(&b));
  PetscCall(VecDestroy(&x));
  PetscCall(VecDestroy(&work));
  PetscFunctionReturn(0);
}

static PetscErrorCode Kind(int kind, Mat A, MatNullSpace right, MatNullSpace left, PetscRandom random)
{
  const char  *name = kinds[kind].name;
  MatNullSpace had[3];
  PetscReal    e[2], part[2];
  PC           pc, inner;
  Mat          T;
  KSP          ksp;

  PetscFunctionBeginUser;
  if (without_hypre(rank, kinds[kind].options, KIND_TESTS)) PetscFunctionReturn(0);
  PetscCall(PetscOptionsClear(NULL));
  PetscCall(PetscOptionsInsertString(NULL, "-pc_type transposable"));
  PetscCall(PetscOptionsInsertString(NULL, kinds[kind].options));
  PetscCall(KSPCreate(PETSC_COMM_WORLD, &ksp));
  PetscCall(KSPSetOperators(ksp, A, A));
  PetscCall(KSPSetTolerances(ksp, 1e-11, PETSC_DEFAULT, PETSC_DEFAULT, 1000));
  PetscCall(KSPGMRESSetRestart(ksp, 200));
  PetscCall(KSPSetFromOptions(ksp));
  for (int i = 0; i < 2; i++) {
    PetscInt its;

    PetscCall(Singular(ksp, (PetscBool)i, i ? right : left, i ? left : right, random, &e[i], &part[i]));
    PetscCall(KSPGetIterationNumber(ksp, &its));
    T_OK(e[i] <= 1e-8, "%s, %s: a residual of %.1e after %d iterations", name, i ? "transposed" : "forward",
         (double)e[i], (int)its);
    T_OK(part[i] <= 1e-10, "%s, %s: %.1e of the solution is in the null space", name, i ? "transposed" : "forward",
         (double)part[i]);
  }
  PetscCall(SetUps(ksp, 1, 1, name, "both"));
  PetscCall(KSPGetPC(ksp, &pc));
  PetscCall(PCTransposableGetPC(pc, PETSC_TRUE, &inner));
  PetscCall(PCGetOperators(inner, NULL, &T));
  PetscCall(MatGetNullSpace(T, &had[0]));
  PetscCall(MatGetTransposeNullSpace(T, &had[1]));
  PetscCall(MatGetNearNullSpace(T, &had[2]));
  T_OK(had[0] == left && had[1] == right && had[2] == right, "%s: the transpose has the null spaces", name);
  PetscCall(KSPDestroy(&ksp));
  PetscFunctionReturn(0);
}

int main(int argc, char **argv)
{
  MatNullSpace right, left;
  PetscRandom  random;
  PetscReal    e[2];
  Vec          rows, columns, x;
  const Vec   *v;
  PetscBool    constant;
  PetscInt     n;
  Mat          A;

  PetscCall(Begin(&argc, &argv, KIND_TESTS * KINDS + 1, &random));
  PetscCall(MatCreateAIJ(PETSC_COMM_WORLD, PETSC_DECIDE, PETSC_DECIDE, N * N, N * N, 5, NULL, 5, NULL, &A));
  PetscCall(MatCreateVecs(A, &columns, &rows));
  PetscCall(VecDuplicate(rows, &x));
  PetscCall(VecSetRandom(rows, random));
  PetscCall(VecSetRandom(columns, random));
  PetscCall(VecShift(rows, 2)); /* from 1 to 3 */
  PetscCall(VecShift(columns, 2));
  PetscCall(Fill(A, rows, columns));
  PetscCall(NullSpace(columns, &right));
  PetscCall(NullSpace(rows, &left));
  PetscCall(MatSetNullSpace(A, right));
  PetscCall(MatSetTransposeNullSpace(A, left));
  PetscCall(MatSetNearNullSpace(A, right));
  PetscCall(MatNullSpaceGetVecs(right, &constant, &n, &v));
  PetscCall(MatMult(A, v[0], x));
  PetscCall(VecNorm(x, NORM_2, &e[0]));
  PetscCall(MatNullSpaceGetVecs(left, &constant, &n, &v));
  PetscCall(MatMultTranspose(A, v[0], x));
  PetscCall(VecNorm(x, NORM_2, &e[1]));
  T_OK(e[0] <= 1e-12 && e[1] <= 1e-12, "the null spaces are: %.1e, %.1e", (double)e[0], (double)e[1]);
  for (int i = 0; i < KINDS; i++) PetscCall(Kind(i, A, right, left, random));
  PetscCall(MatNullSpaceDestroy(&right));
  PetscCall(MatNullSpaceDestroy(&left));
  PetscCall(VecDestroy(&rows));
  PetscCall(VecDestroy(&columns));
  PetscCall(VecDestroy(&x));
  PetscCall(MatDestroy(&A));
  PetscCall(End(&random));
  return rank == 0 ? done() : 0;
}
