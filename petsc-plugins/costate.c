/* SPDX-License-Identifier: BSD-2-Clause */
/* The door that PETSc opens: `-dll_append PATH/libcostate.so` calls PetscDLLibraryRegister_costate(). */
#include <costate.h>

PETSC_EXTERN PetscErrorCode PetscDLLibraryRegister_costate(void)
{
  PetscFunctionBegin;
  PetscCall(CostateInitializePackage());
  PetscFunctionReturn(0);
}
