/* SPDX-License-Identifier: BSD-2-Clause */
/*
  The linear solvers of sweeps and of steady adjoints.  What they leave over goes straight into the gradient, so their
  tolerance follows the accuracy that is asked of it.
*/
#include "costateimpl.h"

#define USUAL    1e-10 /* where no accuracy was asked for */
#define PART     .01   /* of the accuracy: a residual is smaller than the error that it makes, by the condition */
#define LOOSEST  1e-6
#define TIGHTEST 1e-14 /* what a Krylov method can be asked for */

/*@
  CostateSetAccuracy - Sets how accurate gradients are to be, as far as that is a matter of linear solvers

  Logically Collective

  Input Parameters:
+ cs   - the object
- rtol - the relative error that is allowed, between 0 and 1; 0: none is asked for, which is the default

  Options Database Key:
. -costate_accuracy rtol - the same

  Notes:
  The Krylov methods of sweeps, of adjoint steps and of steady adjoints, and of tangents, get a hundredth of it as
relative tolerance, but never more than 1e-6 nor less than 1e-14; without it they have 1e-10, and adjoint steps
(discrete) what the solver of the run has.  The method implicit warns if the state is not at rest to this accuracy;
without it, to 1e-6.

  A residual is not an error: for an ill-conditioned Jacobian the hundredth may not be enough.  Ask for more then.

  -costate_adjoint_ksp_rtol, for discrete -ts_trajectory_costate_transposed_rtol, has the last word; one that is looser
than the accuracy is warned of, once.

  The solvers of the run and the integrator of a continuous adjoint (-costate_adjoint_ts_rtol) have tolerances of their
  own, which this leaves alone.

  Level: intermediate

.seealso: `CostateSolve()`, `CostateSetSteadyState()`, `CostateSetFromOptions()`
@*/
PetscErrorCode CostateSetAccuracy(Costate cs, PetscReal rtol)
{
  PetscFunctionBegin;
  PetscValidHeaderSpecific(cs, COSTATE_CLASSID, 1);
  PetscValidLogicalCollectiveReal(cs, rtol, 2);
  PetscCheck(rtol >= 0 && rtol < 1, PetscObjectComm((PetscObject)cs), PETSC_ERR_ARG_OUTOFRANGE,
             "The accuracy of gradients, %g, is a relative error: between 0 and 1, or 0 for none "
             "(CostateSetAccuracy(), "
             "-costate_accuracy)",
             (double)rtol);
  if (rtol == cs->accuracy) PetscFunctionReturn(PETSC_SUCCESS);
  PetscCall(CostateReset(cs)); /* there may be solvers with the tolerance of before */
  cs->accuracy = rtol;
  cs->loose    = PETSC_FALSE;
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode CostateAccuracySetFromOptions(Costate cs, COSTATE_OPTION_ITEMS PetscOptionsObject)
{
  PetscReal rtol = cs->accuracy;

  PetscFunctionBegin;
  PetscCall(
      PetscOptionsReal("-costate_accuracy", "How right gradients are to be", "CostateSetAccuracy", rtol, &rtol, NULL));
  PetscCall(CostateSetAccuracy(cs, rtol));
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscReal CostateAdjointTolerance(const Costate cs)
{
  return cs->accuracy > 0 ? PetscMax(PetscMin(PART * cs->accuracy, LOOSEST), TIGHTEST) : USUAL;
}

/* A solver of that kind, unless it is there. */
PetscErrorCode CostateAdjointKSPCreate(Costate cs, const char more[], KSP *ksp)
{
  const PetscReal asked = CostateAdjointTolerance(cs);
  PetscReal       rtol;
  PetscBool       direct;

  PetscFunctionBegin;
  if (*ksp) PetscFunctionReturn(PETSC_SUCCESS);
  PetscCall(KSPCreate(PetscObjectComm((PetscObject)cs), ksp));
  PetscCall(KSPSetOptionsPrefix(*ksp, ((PetscObject)cs)->prefix));
  PetscCall(KSPAppendOptionsPrefix(*ksp, "costate_adjoint_"));
  if (more) PetscCall(KSPAppendOptionsPrefix(*ksp, more));
  PetscCall(KSPSetTolerances(*ksp, asked, PETSC_DEFAULT, PETSC_DEFAULT, PETSC_DEFAULT));
  PetscCall(KSPSetFromOptions(*ksp));
  PetscCall(KSPGetTolerances(*ksp, &rtol, NULL, NULL, NULL));
  PetscCall(PetscObjectTypeCompare((PetscObject)*ksp, KSPPREONLY, &direct));
  if (cs->accuracy <= 0 || rtol <= cs->accuracy || direct || cs->loose) PetscFunctionReturn(PETSC_SUCCESS);
  cs->loose = PETSC_TRUE;
  PetscCall(
      PetscFPrintf(PetscObjectComm((PetscObject)cs), PETSC_STDERR,
                   "costate: warning: -costate_adjoint_%sksp_rtol %g is looser than the accuracy %g that is asked "
                   "of gradients (-costate_accuracy), which they will not have. Leave it out, and it is %g\n",
                   more ? more : "", (double)rtol, (double)cs->accuracy, (double)asked));
  PetscFunctionReturn(PETSC_SUCCESS);
}
