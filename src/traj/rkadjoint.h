/* SPDX-License-Identifier: BSD-2-Clause */
/* The adjoint step of explicit Runge-Kutta methods whose parameter gradient PETSc gets wrong. */
#ifndef COSTATE_RKADJOINT_H
#define COSTATE_RKADJOINT_H

#include <petscts.h>

PETSC_INTERN PetscErrorCode CostateRKAdjointNeeded(TS, PetscBool *);
PETSC_INTERN PetscErrorCode CostateRKAdjointStep(TS);

#endif
