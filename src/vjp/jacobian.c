/* SPDX-License-Identifier: BSD-2-Clause */
/* jacobian: the application assembles the matrix, and PETSc has its products. */
#include "../base/compat.h"
#include <costate/vjp.h>

static PetscErrorCode Can(CostateVJP v, const char **why)
{
  PetscBool shell = PETSC_FALSE;

  PetscFunctionBegin;
  *why = NULL;
  if (v->given) PetscCall(PetscObjectTypeCompareAny((PetscObject)v->given, &shell, MATSHELL, MATMFFD, ""));
  if (!v->given || !v->given_function)
    *why = "the application has set no function that fills a Jacobian";
  else if (shell)
    *why = "the application's Jacobian is not assembled";
  PetscFunctionReturn(PETSC_SUCCESS);
}

PETSC_INTERN PetscErrorCode CostateVJPCreate_Jacobian(CostateVJP v)
{
  PetscFunctionBegin;
  v->ops.can = Can;
  PetscFunctionReturn(PETSC_SUCCESS);
}
