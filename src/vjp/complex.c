/* SPDX-License-Identifier: BSD-2-Clause */
/*
  complex: J d = Im f(x + i e d) / e with an e so small that only rounding is left; for functions of the application
  that are analytic and keep imaginary parts.

  Squire and Trapp, SIAM Review 40 (1998) 110.
*/
#include "difference.h"

#if defined(PETSC_USE_COMPLEX)
static PetscErrorCode Step(CostateVJP v, const CostatePoint *at, Vec d, PetscReal e, Vec out)
{
  const PetscReal tiny = 1e-100;
  PetscScalar    *a;
  PetscInt        n;

  PetscFunctionBegin;
  (void)e;
  PetscCall(CostateVJPEvaluate(v, at, d, PETSC_i * tiny, out));
  PetscCall(VecGetLocalSize(out, &n));
  PetscCall(VecGetArray(out, &a));
  for (PetscInt i = 0; i < n; i++) a[i] = PetscImaginaryPart(a[i]) / tiny;
  PetscCall(VecRestoreArray(out, &a));
  PetscFunctionReturn(PETSC_SUCCESS);
}
#else
static PetscErrorCode Can(CostateVJP v, const char **why)
{
  PetscFunctionBegin;
  *why = v->missing;
  PetscFunctionReturn(PETSC_SUCCESS);
}
#endif

PETSC_INTERN PetscErrorCode CostateVJPCreate_Complex(CostateVJP v)
{
  PetscFunctionBegin;
#if defined(PETSC_USE_COMPLEX)
  PetscCall(CostateVJPColumns(v, Step));
#else
  v->missing = "needs a PETSc with complex scalars (Debian: libpetsc-complex-dev)";
  v->ops.can = Can;
#endif
  PetscFunctionReturn(PETSC_SUCCESS);
}
