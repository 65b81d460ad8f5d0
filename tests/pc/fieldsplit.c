/* SPDX-License-Identifier: BSD-2-Clause */
/* ranks: 1 2 3 */
/*
  -pc_type transposable with fieldsplit inside and hypre inside that: two fields that diffuse, are carried along and
  react, the second with the first but little the other way round.  The transposed solve splits the assembled transpose,
  whose blocks are the transposed ones with the off-diagonal ones interchanged.
*/
#include <string.h>
#include "solves.h"

#define N 20

static const struct {
  const char *name, *options;
} kinds[] = {
    {"additive", "-transposable_pc_fieldsplit_type additive"},
    {"multiplicative", "-transposable_pc_fieldsplit_type multiplicative"},
    {"symmetric multiplicative", "-transposable_pc_fieldsplit_type symmetric_multiplicative"},
    {"schur", "-transposable_pc_fieldsplit_type schur -transposable_pc_fieldsplit_schur_fact_type full "
              "-transposable_pc_fieldsplit_schur_precondition a11 -transposable_fieldsplit_1_ksp_type gmres "
              "-transposable_fieldsplit_1_ksp_rtol 1e-2 -ksp_type fgmres"},
};
#define KINDS      (int)(sizeof(kinds) / sizeof(*kinds))
#define KIND_TESTS 5

/* Both fields of a point side by side */
static PetscErrorCode Fill(Mat A)
{
  static const PetscReal west[2] = {-1.8, -1}, south[2] = {-1.2, -1.6}, reaction[2][2] = {{.5, .2}, {-2, 1}};
  PetscInt               lo, hi;

  PetscFunctionBeginUser;
  PetscCall(MatGetOwnershipRange(A, &lo, &hi));
  for (PetscInt k = lo; k < hi; k++) {
    const PetscInt point = k / 2, f = k % 2, i = point % N, j = point / N;

    PetscCall(MatSetValue(A, k, k, 2 - west[f] - south[f] + reaction[f][f], INSERT_VALUES));
    PetscCall(MatSetValue(A, k, 2 * point + 1 - f, reaction[f][1 - f], INSERT_VALUES));
    if (i > 0) PetscCall(MatSetValue(A, k, k - 2, west[f], INSERT_VALUES));
    if (i < N - 1) PetscCall(MatSetValue(A, k, k + 2, -1, INSERT_VALUES));
    if (j > 0) PetscCall(MatSetValue(A, k, k - 2 * N, south[f], INSERT_VALUES));
    if (j < N - 1) PetscCall(MatSetValue(A, k, k + 2 * N, -1, INSERT_VALUES));
  }
  PetscCall(MatAssemblyBegin(A, MAT_FINAL_ASSEMBLY));
  PetscCall(MatAssemblyEnd(A, MAT_FINAL_ASSEMBLY));
  PetscFunctionReturn(0);
}

/* The inner PC of a side splits, its blocks are what they should be, and hypre is inside. */
static PetscErrorCode Blocks(KSP ksp, Mat A, PetscBool transpose, PetscRandom random, PetscReal *off, PetscBool *hypre)
{
  PC         pc, inner, sub;
  Mat        whole, block;
  KSP       *split;
  PetscInt   splits, n;
  Vec        full, part, one, two;
  IS         is;
  PetscReal  norm;
  const char types[2][16] = {PCHYPRE, PCFIELDSPLIT};

  PetscFunctionBeginUser;
  *off = 0;
  PetscCall(KSPGetPC(ksp, &pc));
  PetscCall(PCTransposableGetPC(pc, transpose, &inner));
  PetscCall(PetscObjectTypeCompare((PetscObject)inner, types[1], hypre));
  if (!*hypre) PetscFunctionReturn(0);
  PetscCall(PCFieldSplitGetSubKSP(inner, &splits, &split));
  *hypre = (PetscBool)(splits == 2);
  PetscCall(MatCreateVecs(A, &full, &one));
  PetscCall(PCGetOperators(inner, &whole, NULL));
  for (int k = 0; k < splits; k++) {
    PetscBool same;

    PetscCall(KSPGetPC(split[k], &sub));
    PetscCall(PetscObjectTypeCompare((PetscObject)sub, types[0], &same));
    if (!same) *hypre = PETSC_FALSE;
    /* a vector of one field: its image is the block's in that field */
    PetscCall(PCGetOperators(sub, NULL, &block));
    PetscCall(PCFieldSplitGetISByIndex(inner, k, &is));
    PetscCall(ISGetLocalSize(is, &n));
    PetscCall(VecSet(full, 0));
    PetscCall(VecGetSubVector(full, is, &part));
    PetscCall(VecSetRandom(part, random));
    PetscCall(VecDuplicate(part, &two));
    PetscCall(MatMult(block, part, two));
    PetscCall(VecRestoreSubVector(full, is, &part));
    PetscCall(transpose ? MatMultTranspose(A, full, one) : MatMult(A, full, one));
    PetscCall(VecGetSubVector(one, is, &part));
    PetscCall(VecAXPY(two, -1, part));
    PetscCall(VecRestoreSubVector(one, is, &part));
    PetscCall(VecNorm(two, NORM_INFINITY, &norm));
    *off = PetscMax(*off, norm);
    PetscCall(VecDestroy(&two));
  }
  /* and the whole, off-diagonal blocks included */
  PetscCall(VecSetRandom(full, random));
  PetscCall(VecDuplicate(one, &two));
  PetscCall(transpose ? MatMultTranspose(A, full, one) : MatMult(A, full, one));
  PetscCall(MatMult(whole, full, two));
  PetscCall(VecAXPY(two, -1, one));
  PetscCall(VecNorm(two, NORM_INFINITY, &norm));
  *off = PetscMax(*off, norm);
  PetscCall(PetscFree(split));
  PetscCall(VecDestroy(&full));
  PetscCall(VecDestroy(&one));
  PetscCall(VecDestroy(&two));
  PetscFunctionReturn(0);
}

static PetscErrorCode Kind(int kind, Mat A, Vec b, Vec w, PetscRandom random)
{
  const char *name = kinds[kind].name;
  PetscReal   off[2];
  PetscBool   hypre[2];
  Solves      s;
  KSP         ksp;

  PetscFunctionBeginUser;
  if (without_hypre(rank, "hypre", KIND_TESTS)) PetscFunctionReturn(0);
  PetscCall(PetscOptionsClear(NULL));
  PetscCall(PetscOptionsInsertString(NULL, "-pc_type transposable -transposable_pc_type fieldsplit "
                                           "-transposable_pc_fieldsplit_block_size 2 "
                                           "-transposable_fieldsplit_0_pc_type hypre "
                                           "-transposable_fieldsplit_1_pc_type hypre "
                                           "-transposable_fieldsplit_0_ksp_type preonly "
                                           "-transposable_fieldsplit_1_ksp_type preonly"));
  PetscCall(PetscOptionsInsertString(NULL, kinds[kind].options));
  PetscCall(KSPCreate(PETSC_COMM_WORLD, &ksp));
  PetscCall(KSPSetOperators(ksp, A, A));
  PetscCall(KSPSetTolerances(ksp, 1e-11, PETSC_DEFAULT, PETSC_DEFAULT, 200));
  PetscCall(KSPSetFromOptions(ksp));
  for (int i = 0; i < 2; i++) PetscCall(Solve(ksp, b, w, &s));
  PetscCall(SetUps(ksp, 1, 1, name, "twice"));
  T_OK(s.residual[0] <= 1e-8 && s.residual[1] <= 1e-8, "%s: residuals %.1e, %.1e", name, (double)s.residual[0],
       (double)s.residual[1]);
  T_OK(s.duality <= 1e-9, "%s: the two solves belong to each other up to %.1e", name, (double)s.duality);
  T_OK(s.iterations[0] <= 40 && s.iterations[1] <= 40, "%s: %d and %d iterations", name, (int)s.iterations[0],
       (int)s.iterations[1]);
  for (int i = 0; i < 2; i++) PetscCall(Blocks(ksp, A, (PetscBool)i, random, &off[i], &hypre[i]));
  T_OK(hypre[0] && hypre[1] && off[0] <= 1e-12 && off[1] <= 1e-12,
       "%s: hypre on two blocks, of the matrix up to %.1e, of its transpose up to %.1e", name, (double)off[0],
       (double)off[1]);
  PetscCall(KSPDestroy(&ksp));
  PetscFunctionReturn(0);
}

int main(int argc, char **argv)
{
  PetscRandom random;
  Mat         A;
  Vec         b, w;

  PetscCall(Begin(&argc, &argv, KIND_TESTS * KINDS, &random));
  PetscCall(MatCreate(PETSC_COMM_WORLD, &A));
  PetscCall(MatSetSizes(A, PETSC_DECIDE, PETSC_DECIDE, 2 * N * N, 2 * N * N));
  PetscCall(MatSetBlockSize(A, 2)); /* no point is torn apart */
  PetscCall(MatSetType(A, MATAIJ));
  PetscCall(MatSeqAIJSetPreallocation(A, 6, NULL));
  PetscCall(MatMPIAIJSetPreallocation(A, 6, NULL, 6, NULL));
  PetscCall(Fill(A));
  PetscCall(MatCreateVecs(A, &b, &w));
  PetscCall(VecSetRandom(b, random));
  PetscCall(VecSetRandom(w, random));
  for (int i = 0; i < KINDS; i++) PetscCall(Kind(i, A, b, w, random));
  PetscCall(MatDestroy(&A));
  PetscCall(VecDestroy(&b));
  PetscCall(VecDestroy(&w));
  PetscCall(End(&random));
  return rank == 0 ? done() : 0;
}
