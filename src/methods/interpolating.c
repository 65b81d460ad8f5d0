/* SPDX-License-Identifier: BSD-2-Clause */
/*
  interpolating: lambda and mu are integrated backward together, u(t) comes from the pieces of the run.

  The error of lambda alone chooses the steps.
*/
#include "../costate/sweep.h"

static PetscErrorCode SetUp_Interpolating(Costate cs)
{
  PetscFunctionBegin;
  PetscCall(CostateContinuousSetUp(cs, COSTATE_SWEEP_MU));
  PetscFunctionReturn(PETSC_SUCCESS);
}

PETSC_INTERN PetscErrorCode CostateCreate_Interpolating(Costate cs)
{
  PetscFunctionBegin;
  PetscCall(CostateContinuousCreate(cs));
  cs->ops->setup = SetUp_Interpolating;
  PetscFunctionReturn(PETSC_SUCCESS);
}
