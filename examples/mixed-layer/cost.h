/* SPDX-License-Identifier: BSD-2-Clause */
/* What is minimised: the misfit to the observed seasonal cycle, and the prior of the parameters.  The context of all of
 * them is the model. */
#pragma once
#include <costate.h>
#include "model.h"

/* The integrand of the misfit, and its derivative with respect to T */
PetscErrorCode CostMisfit(Costate, PetscInt, PetscReal t, Vec T, Vec p, PetscReal *value, void *model);
PetscErrorCode CostMisfitT(Costate, PetscInt, PetscReal t, Vec T, Vec p, Vec g, void *model);
/* The prior's value, and its gradient added to g; the model has the parameters p. */
PetscErrorCode CostPrior(Costate, Vec p, PetscReal *value, Vec g, void *model);
