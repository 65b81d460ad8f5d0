/* SPDX-License-Identifier: BSD-2-Clause */
/* What providers.c, which puts them in, shares with provider_set.c, what is set, and provider_auto.c, which chooses. */
#ifndef COSTATE_PROVIDER_H
#define COSTATE_PROVIDER_H

#include "costateimpl.h"

PETSC_INTERN const char *const CostateProviderOptions[]; /* for the state, for the parameters */
PETSC_INTERN const char *const CostateProviderSides[];   /* names in text */
PETSC_INTERN PetscErrorCode    CostateProviderGiven(CostateProvider *, const CostatePoint *, Mat, Mat);
/* asked: an option says auto, and where nothing serves that is an error; else it is said, and differences do not serve
 */
PETSC_INTERN PetscErrorCode CostateProviderChoose(Costate, CostateProvider *, PetscBool asked);
/* Whether something is preconditioned, and by what the application assembles */
PETSC_INTERN PetscBool CostateProviderPreconditions(const CostateProvider *);
/* Whether systems with the Jacobian are solved at all: not in explicit steps and their adjoint */
PETSC_INTERN PetscBool CostateProviderSolves(const Costate);

#endif
