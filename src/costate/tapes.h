/* SPDX-License-Identifier: BSD-2-Clause */
/* The tapes of a Costate, which hang on it by name. */
#ifndef COSTATE_TAPES_H
#define COSTATE_TAPES_H

#include "costateimpl.h"

/* NULL: there are none; create: then they are made */
PETSC_INTERN PetscErrorCode CostateTapesOf(Costate, PetscBool create, CostateTapes *);
PETSC_INTERN PetscErrorCode CostateTapesSetFromOptions(Costate, COSTATE_OPTION_ITEMS);
PETSC_INTERN PetscErrorCode CostateTapesView(Costate, CostateSide, PetscViewer);

#endif
