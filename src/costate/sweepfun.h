/* SPDX-License-Identifier: BSD-2-Clause */
/* The equations of the sweep, as its TS sees them. */
#ifndef COSTATE_SWEEPFUN_H
#define COSTATE_SWEEPFUN_H

#include "sweep.h"

PETSC_INTERN PetscBool      CostateSweepIsExplicit(TSType);
PETSC_INTERN PetscErrorCode CostateSweepSetFunctions(CostateSweep, TS);

#endif
