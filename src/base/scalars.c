/* SPDX-License-Identifier: BSD-2-Clause */
#include "scalars.h"
#include "compat.h"

PetscErrorCode CostateVecIsReal(Vec x, PetscBool *real)
{
#if defined(PETSC_USE_COMPLEX)
  const PetscScalar *a;
  PetscInt           n;
#endif

  PetscFunctionBegin;
  *real = PETSC_TRUE;
#if defined(PETSC_USE_COMPLEX)
  PetscCall(VecGetLocalSize(x, &n));
  PetscCall(VecGetArrayRead(x, &a));
  for (PetscInt i = 0; i < n; i++)
    if (PetscImaginaryPart(a[i]) != 0) *real = PETSC_FALSE;
  PetscCall(VecRestoreArrayRead(x, &a));
  PetscCallMPI(MPI_Allreduce(MPI_IN_PLACE, real, 1, MPIU_BOOL, MPI_LAND, PetscObjectComm((PetscObject)x)));
#else
  (void)x;
#endif
  PetscFunctionReturn(PETSC_SUCCESS);
}
