/* SPDX-License-Identifier: BSD-2-Clause */
/* What the local functions of tapes.cpp have to know of their problem, and what tapes.cpp has for C. */
#ifndef COSTATE_TEST_TAPES_H
#define COSTATE_TEST_TAPES_H

#include <costate/gradient.h>

typedef struct {
  PetscInt  first, rows;                       /* of this rank */
  PetscInt  x, y, m, n, gx, gy, gm, gn, nodes; /* of a DMDA: its corners, those of the local vector, the grid */
  PetscReal h;
} TapePlace;

/* Sets the tapes of a problem of the zoo, or of one of the tests' own; place outlives the object. */
PETSC_EXTERN PetscErrorCode TapesSet(const char problem[], Costate, TapePlace *);

#endif
