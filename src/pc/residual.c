/* SPDX-License-Identifier: BSD-2-Clause */
/* What a linear solver left over, by a product of the matrix and not by what the solver says. */
#include "../base/compat.h"
#include <costate.h>
#include <costate/pc.h>

/*@
  CostateKSPTrueResidual - Computes |b - A x| / |b|, or |b - A^T x| / |b|

  Collective

  Input Parameters:
+ ksp       - that solved with A, its operator
. transpose - for a transposed solve
. b         - the right-hand side
. x         - the solution
- work      - a vector like b

  Output Parameter:
. residual - 0 if b is 0 and x is, too

  Note:
  A product and two norms.

  Level: developer

.seealso: `PCTRANSPOSABLE`
@*/
PetscErrorCode CostateKSPTrueResidual(KSP ksp, PetscBool transpose, Vec b, Vec x, Vec work, PetscReal *residual)
{
  Mat       A;
  PetscReal norm;

  PetscFunctionBegin;
  PetscCall(KSPGetOperators(ksp, &A, NULL));
  PetscCall(transpose ? MatMultTranspose(A, x, work) : MatMult(A, x, work));
  PetscCall(VecAXPY(work, -1, b));
  PetscCall(VecNorm(work, NORM_2, residual));
  PetscCall(VecNorm(b, NORM_2, &norm));
  if (norm > 0) *residual /= norm;
  PetscFunctionReturn(PETSC_SUCCESS);
}
