/* SPDX-License-Identifier: BSD-2-Clause */
/* shell: the application has products of its own, in a MATSHELL. */
#include "../base/compat.h"
#include <costate/vjp.h>

static PetscErrorCode Can(CostateVJP v, const char **why)
{
  PetscBool shell = PETSC_FALSE, transposed = PETSC_FALSE;

  PetscFunctionBegin;
  *why = NULL;
  if (v->given && v->given_function) PetscCall(PetscObjectTypeCompare((PetscObject)v->given, MATSHELL, &shell));
  if (shell) PetscCall(MatHasOperation(v->given, MATOP_MULT_TRANSPOSE, &transposed));
  if (!shell)
    *why = "the application's Jacobian is not a MATSHELL";
  else if (!transposed)
    *why = "the application's MATSHELL has no MATOP_MULT_TRANSPOSE";
  PetscFunctionReturn(PETSC_SUCCESS);
}

PETSC_INTERN PetscErrorCode CostateVJPCreate_Shell(CostateVJP v)
{
  PetscFunctionBegin;
  v->ops.can = Can;
  PetscFunctionReturn(PETSC_SUCCESS);
}
