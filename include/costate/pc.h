/* SPDX-License-Identifier: BSD-2-Clause */
/*
  A preconditioner that serves a matrix and its transpose, for any application:

    -pc_type transposable -transposable_pc_type hypre

  Transposed solves (TSAdjoint, KSPSolveTranspose()) then precondition with an inner PC that was made of the transpose,
  as an assembled matrix, instead of asking the inner PC to apply itself transposed, which many cannot.
*/
#ifndef COSTATE_PC_H
#define COSTATE_PC_H

#include <stdint.h>
#include <petscksp.h>

#define PCTRANSPOSABLE "transposable"

PETSC_EXTERN PetscErrorCode PCTransposableGetPC(PC, PetscBool, PC *);
PETSC_EXTERN PetscErrorCode PCTransposableGetSetUps(PC, PetscInt *, PetscInt *);
PETSC_EXTERN PetscErrorCode CostatePCReuseBlocks(PC, PetscBool *);
PETSC_EXTERN PetscErrorCode CostateMatHash(Mat, uint64_t *, PetscBool *);
/* What a solver left over, whatever it says: |b - A x| / |b|, or with the transpose */
PETSC_EXTERN PetscErrorCode CostateKSPTrueResidual(KSP, PetscBool, Vec, Vec, Vec, PetscReal *);
PETSC_EXTERN PetscErrorCode CostateKSPLies(KSP, PetscBool, Vec, Vec, Vec, PetscReal *, PetscBool *);

#endif
