/* SPDX-License-Identifier: BSD-2-Clause */
#include "rows.h"
#include <petscdm.h>

PetscErrorCode CostateRowsGiven(CostateVJP v, PetscBool *yes)
{
  PetscFunctionBegin;
  *yes = PETSC_FALSE;
  if (v->given)
    PetscCall(
        PetscObjectBaseTypeCompareAny((PetscObject)v->given, yes, MATSEQAIJ, MATMPIAIJ, MATSEQBAIJ, MATMPIBAIJ, ""));
  if (*yes) PetscCall(MatAssembled(v->given, yes));
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode CostateRowsPattern(CostateVJP v, CostateRows *r)
{
  PetscBool given;

  PetscFunctionBegin;
  PetscCall(CostateRowsGiven(v, &given));
  if (given)
    PetscCall(MatDuplicate(v->given, MAT_DO_NOT_COPY_VALUES, &r->pattern));
  else if (v->dm && !v->parameters)
    PetscCall(DMCreateMatrix(v->dm, &r->pattern));
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode CostateRowsSetUp(CostateRows *r)
{
  const PetscInt *columns;
  PetscInt        first, last, n, k = 0;

  PetscFunctionBegin;
  PetscCall(MatAssemblyBegin(r->pattern, MAT_FINAL_ASSEMBLY));
  PetscCall(MatAssemblyEnd(r->pattern, MAT_FINAL_ASSEMBLY));
  PetscCall(MatGetOwnershipRange(r->pattern, &first, &last));
  r->nrows = last - first;
  PetscCall(PetscMalloc1(r->nrows + 1, &r->start));
  r->start[0] = 0;
  for (PetscInt i = 0; i < r->nrows; i++) {
    PetscCall(MatGetRow(r->pattern, first + i, &n, NULL, NULL));
    r->start[i + 1] = r->start[i] + n;
    PetscCall(MatRestoreRow(r->pattern, first + i, &n, NULL, NULL));
  }
  n = r->start[r->nrows];
  PetscCall(PetscMalloc3(n, &r->column, n, &r->near, n, &r->value));
  for (PetscInt i = 0; i < r->nrows; i++) {
    PetscCall(MatGetRow(r->pattern, first + i, &n, &columns, NULL));
    for (PetscInt e = 0; e < n; e++) r->column[k++] = columns[e];
    PetscCall(MatRestoreRow(r->pattern, first + i, &n, &columns, NULL));
  }
  r->nnear = k;
  PetscCall(PetscArraycpy(r->near, r->column, k));
  PetscCall(PetscSortRemoveDupsInt(&r->nnear, r->near));
  for (PetscInt e = 0; e < k; e++) PetscCall(PetscFindInt(r->column[e], r->nnear, r->near, &r->column[e]));
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode CostateRowsPut(const CostateRows *r, Mat A)
{
  PetscInt first, most = 0, *columns;

  PetscFunctionBegin;
  PetscCall(MatGetOwnershipRange(A, &first, NULL));
  for (PetscInt i = 0; i < r->nrows; i++) most = PetscMax(most, r->start[i + 1] - r->start[i]);
  PetscCall(PetscMalloc1(most, &columns));
  for (PetscInt i = 0, row = first; i < r->nrows; i++, row++) {
    const PetscInt e = r->start[i], n = r->start[i + 1] - e;

    for (PetscInt k = 0; k < n; k++) columns[k] = r->near[r->column[e + k]];
    PetscCall(MatSetValues(A, 1, &row, n, columns, r->value + e, INSERT_VALUES));
  }
  PetscCall(PetscFree(columns));
  PetscCall(MatAssemblyBegin(A, MAT_FINAL_ASSEMBLY));
  PetscCall(MatAssemblyEnd(A, MAT_FINAL_ASSEMBLY));
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode CostateRowsDestroy(CostateRows *r)
{
  PetscFunctionBegin;
  PetscCall(MatDestroy(&r->pattern));
  PetscCall(PetscFree(r->start));
  PetscCall(PetscFree3(r->column, r->near, r->value));
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode CostateRowsMatrix(CostateVJP v, Mat *A)
{
  PetscFunctionBegin;
  PetscCall(MatDuplicate(((CostateRows *)v->data)->pattern, MAT_DO_NOT_COPY_VALUES, A));
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscReal CostateRowsWeight(PetscInt column)
{
  const PetscReal x = 0.61803398874989485 * (PetscReal)column;

  return 1 + x - PetscFloorReal(x);
}

PetscReal CostateRowsMiss(const CostateRows *r, PetscInt i, const PetscScalar w[], PetscScalar product, PetscReal *size)
{
  PetscScalar sum = 0;

  *size = PetscAbsScalar(product);
  for (PetscInt e = r->start[i]; e < r->start[i + 1]; e++) {
    const PetscScalar part = r->value[e] * w[r->column[e]];

    sum += part;
    *size += PetscAbsScalar(part);
  }
  return PetscAbsScalar(sum - product);
}

/* What takes a matrix with all entries */
static const char *Setter(const CostateVJP v)
{
  if (v->side == COSTATE_RHS) return v->parameters ? "TSSetRHSJacobianP" : "TSSetRHSJacobian";
  if (v->parameters) return "TSSetIJacobianP";
  return v->initial.udot ? "TSSetIJacobian" : "SNESSetJacobian";
}

PetscErrorCode CostateRowsCheck(CostateVJP v, PetscInt i)
{
  PetscInt first, row = PETSC_MAX_INT;

  PetscFunctionBegin;
  PetscCall(MatGetOwnershipRange(((CostateRows *)v->data)->pattern, &first, NULL));
  if (i >= 0) row = first + i;
  PetscCallMPI(MPI_Allreduce(MPI_IN_PLACE, &row, 1, MPIU_INT, MPI_MIN, v->comm));
  PetscCheck(row == PETSC_MAX_INT, v->comm, PETSC_ERR_USER,
             "-costate_vjp%s %s: the function depends on what the sparsity pattern does not have, in row %" PetscInt_FMT
             " for one: give %s() a matrix with all entries",
             v->parameters ? "_p" : "", v->name, row, Setter(v));
  PetscFunctionReturn(PETSC_SUCCESS);
}
