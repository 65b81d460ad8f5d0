/* SPDX-License-Identifier: BSD-2-Clause */
/* Derivatives along a direction from the function alone. */
#ifndef COSTATE_VJP_DIFFERENCE_H
#define COSTATE_VJP_DIFFERENCE_H

#include "../base/compat.h"
#include <costate/vjp.h>

/* The central difference, right to e^2. */
PETSC_INTERN PetscErrorCode CostateVJPDifference(CostateVJP, const CostatePoint *, Vec, PetscReal, Vec);
/* The function at x + e d, x being u (with u' + e shift d) or p */
PETSC_INTERN PetscErrorCode CostateVJPEvaluate(CostateVJP, const CostatePoint *, Vec, PetscScalar, Vec);
/* The step for a direction of that size, of a variable of that size. */
PETSC_INTERN PetscErrorCode CostateVJPStep(CostateVJP, const CostatePoint *, Vec d, PetscReal *e);
/* The step of each component of u or p. */
PETSC_INTERN PetscErrorCode CostateVJPSteps(CostateVJP, const CostatePoint *, Vec *h);
/* A provider by such a kernel: columns where there are few, else products without a transpose. */
PETSC_INTERN PetscErrorCode CostateVJPColumns(CostateVJP, CostateVJPKernel);
/* Its `can`: not where there are too many columns. */
PETSC_INTERN PetscErrorCode CostateVJPColumnsCan(CostateVJP, const char **why);

#endif
