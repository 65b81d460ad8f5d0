/* SPDX-License-Identifier: BSD-2-Clause */
/*
  A tape for TAO: an optimisation that was killed goes on.

  A TAO method is a function of its start and of the values and gradients that it is given.  So these are what is kept:
  every evaluation is on disk before TAO sees it.  A program that is started again runs TAO from its start, and each
  evaluation that is on the tape is answered from there, without a simulation, if it is asked for at the same x, bit by
  bit.  Line searches, trust regions and the history of quasi-Newton methods come back with the same bits by themselves.

  Programs need none of these functions where the library is loaded with -dll_append:
    -tao_costate_tape DIR                        writes a tape
    -tao_costate_tape DIR -tao_costate_resume    goes on with it
*/
#ifndef COSTATE_TAO_H
#define COSTATE_TAO_H

#include <petsctao.h>

PETSC_EXTERN PetscErrorCode CostateTaoSetTape(Tao, const char[]);
PETSC_EXTERN PetscErrorCode CostateTaoSetResume(Tao, PetscBool);
PETSC_EXTERN PetscErrorCode CostateTaoSetKeep(Tao, PetscBool);
PETSC_EXTERN PetscErrorCode CostateTaoSetCheck(Tao, PetscBool);
PETSC_EXTERN PetscErrorCode CostateTaoSetPure(Tao, PetscBool);
PETSC_EXTERN PetscErrorCode CostateTaoSetFromOptions(Tao);
PETSC_EXTERN PetscErrorCode CostateTaoGetTape(Tao, PetscInt64 *, PetscInt64 *);
PETSC_EXTERN PetscErrorCode CostateTaoView(Tao, PetscViewer);

#endif
