/* SPDX-License-Identifier: BSD-2-Clause */
/* fd: central differences of the function, which cost two evaluations for each column or product. */
#include "difference.h"

PETSC_INTERN PetscErrorCode CostateVJPCreate_Fd(CostateVJP v)
{
  PetscFunctionBegin;
  v->accuracy = COSTATE_VJP_DIFFERENCES;
  PetscCall(CostateVJPColumns(v, CostateVJPDifference));
  PetscFunctionReturn(PETSC_SUCCESS);
}
