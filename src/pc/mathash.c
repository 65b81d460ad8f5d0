/* SPDX-License-Identifier: BSD-2-Clause */
/* What a matrix is recognised by: whoever has to know whether a preconditioner is still right. */
#include "../base/compat.h"
#include <costate.h>
#include <costate/pc.h>
#define XXH_INLINE_ALL
#include <xxhash.h>

static PetscErrorCode HashAIJ(Mat A, uint64_t *hash)
{
  Mat             part[2] = {A, NULL};
  const PetscInt *columns = NULL;
  PetscBool       mpi;

  PetscFunctionBegin;
  PetscCall(PetscObjectTypeCompare((PetscObject)A, MATMPIAIJ, &mpi));
  if (mpi) PetscCall(MatMPIAIJGetSeqAIJ(A, &part[0], &part[1], &columns));
  for (int k = 0; k < 2 && part[k]; k++) {
    const PetscScalar *v;
    const PetscInt    *ia, *ja;
    PetscInt           rows, n;
    PetscBool          can;

    PetscCall(MatGetRowIJ(part[k], 0, PETSC_FALSE, PETSC_FALSE, &rows, &ia, &ja, &can));
    PetscCall(MatSeqAIJGetArrayRead(part[k], &v));
    *hash = XXH3_64bits_withSeed(ia, (size_t)(rows + 1) * sizeof(*ia), *hash);
    *hash = XXH3_64bits_withSeed(ja, (size_t)ia[rows] * sizeof(*ja), *hash);
    *hash = XXH3_64bits_withSeed(v, (size_t)ia[rows] * sizeof(*v), *hash);
    PetscCall(MatSeqAIJRestoreArrayRead(part[k], &v));
    PetscCall(MatRestoreRowIJ(part[k], 0, PETSC_FALSE, PETSC_FALSE, &rows, &ia, &ja, &can));
    PetscCall(MatGetSize(part[k], NULL, &n));
    if (k) *hash = XXH3_64bits_withSeed(columns, (size_t)n * sizeof(*columns), *hash);
  }
  PetscFunctionReturn(PETSC_SUCCESS);
}

static PetscErrorCode HashRows(Mat A, uint64_t *hash)
{
  PetscInt first, last;

  PetscFunctionBegin;
  PetscCall(MatGetOwnershipRange(A, &first, &last));
  for (PetscInt i = first; i < last; i++) {
    const PetscInt    *columns;
    const PetscScalar *v;
    PetscInt           n;

    PetscCall(MatGetRow(A, i, &n, &columns, &v));
    *hash = XXH3_64bits_withSeed(columns, (size_t)n * sizeof(*columns), *hash);
    *hash = XXH3_64bits_withSeed(v, (size_t)n * sizeof(*v), *hash);
    PetscCall(MatRestoreRow(A, i, &n, &columns, &v));
  }
  PetscFunctionReturn(PETSC_SUCCESS);
}

/*@
  CostateMatHash - What this rank's rows of a matrix are recognised by: 64 bits of their pattern and their values

  Not Collective

  Input Parameter:
. A - the matrix, assembled

  Output Parameters:
+ hash   - XXH3; 0 if it cannot be looked into
- hashed - whether it can: aij and baij can

  Note:
  A pass through memory, which is little beside the set-up of any preconditioner, and finds out whether there need be
one.

  Level: developer

.seealso: `PCTRANSPOSABLE`
@*/
PetscErrorCode CostateMatHash(Mat A, uint64_t *hash, PetscBool *hashed)
{
  PetscBool aij;

  PetscFunctionBegin;
  *hash = 0;
  PetscCall(PetscObjectTypeCompareAny((PetscObject)A, &aij, MATSEQAIJ, MATMPIAIJ, ""));
  PetscCall(PetscObjectTypeCompareAny((PetscObject)A, hashed, MATSEQAIJ, MATMPIAIJ, MATSEQBAIJ, MATMPIBAIJ, ""));
  if (aij)
    PetscCall(HashAIJ(A, hash));
  else if (*hashed)
    PetscCall(HashRows(A, hash));
  PetscFunctionReturn(PETSC_SUCCESS);
}
