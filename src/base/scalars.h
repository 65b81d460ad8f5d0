/* SPDX-License-Identifier: BSD-2-Clause */
/* Complex numbers, where PETSc has such scalars. */
#ifndef COSTATE_SCALARS_H
#define COSTATE_SCALARS_H

#include <petscvec.h>

/* Whether all imaginary parts are zero, the same on every rank; always so with real scalars.  Collective */
PETSC_INTERN PetscErrorCode CostateVecIsReal(Vec, PetscBool *);

#endif
