/* SPDX-License-Identifier: BSD-2-Clause */
/* What a linear solver left over, by a product of the matrix and not by what the solver says. */
#include "../base/compat.h"
#include <costate.h>
#include <costate/pc.h>

#define LEAST 1e-4 /* residuals that nothing is said about, whatever was asked for: preconditioners scale */
#define MOST  1e-2

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

/*@
  CostateKSPLies - Whether a solver that says to have converged has left far more than it was asked to

  Collective

  Input Parameters:
+ ksp       - that solved with A, its operator
. transpose - for a transposed solve
. b         - the right-hand side
. x         - the solution
- work      - a vector like b

  Output Parameters:
+ residual - |b - A x| / |b|; 0 if the solver says itself that it failed
- lies     - whether that is more than 1e4 times its relative tolerance, but at least 1e-4 and at most 1e-2

  Note:
  A solver that has met its absolute tolerance is believed if |b - A x| is within 1e4 times that: the adjoint of a long
  run that has come to rest decays to nothing.

  Level: developer

.seealso: `CostateKSPTrueResidual()`
@*/
PetscErrorCode CostateKSPLies(KSP ksp, PetscBool transpose, Vec b, Vec x, Vec work, PetscReal *residual,
                              PetscBool *lies)
{
  KSPConvergedReason reason;
  PetscReal          rtol, atol, norm;

  PetscFunctionBegin;
  *residual = 0;
  *lies     = PETSC_FALSE;
  PetscCall(KSPGetConvergedReason(ksp, &reason));
  if (reason < 0) PetscFunctionReturn(PETSC_SUCCESS);
  PetscCall(KSPGetTolerances(ksp, &rtol, &atol, NULL, NULL));
  PetscCall(CostateKSPTrueResidual(ksp, transpose, b, x, work, residual));
  *lies = (PetscBool) !(*residual <= PetscMax(LEAST, PetscMin(MOST, 1e4 * rtol)));
  if (!*lies || reason != KSP_CONVERGED_ATOL) PetscFunctionReturn(PETSC_SUCCESS);
  PetscCall(VecNorm(b, NORM_2, &norm));
  if (*residual * norm <= 1e4 * atol) *lies = PETSC_FALSE;
  PetscFunctionReturn(PETSC_SUCCESS);
}
