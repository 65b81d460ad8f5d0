/* SPDX-License-Identifier: BSD-2-Clause */
/* What is to be found, and what is known of it: a field k, wells, and the heads that are measured there. All of it
   follows from the seed, whatever the grid and the number of ranks. */
#pragma once
#include "aquifer.h"

typedef enum { TRUTH_SMOOTH, TRUTH_CHANNELS } TruthType;

typedef struct {
  TruthType type;
  PetscInt  seed;
  PetscReal mean, spread, length; /* of k; the length in m */
} Truth;

typedef struct {
  PetscInt   n;
  PetscReal *x, *y;
  PetscReal  sigma; /* standard deviation of what is measured, m */
} Wells;

PetscErrorCode TruthField(const Truth *, const Aquifer *, Vec k);
/* About n wells, one in each cell of a coarse grid, but none next to a pump */
PetscErrorCode WellsPlace(const Site *, PetscInt n, PetscInt seed, Wells *);
PetscErrorCode WellsDestroy(Wells *);
/* Heads at the wells: those of the truth on nx x ny cells, with errors */
PetscErrorCode WellsMeasure(MPI_Comm, const Wells *, const Truth *, const Site *, PetscInt nx, PetscInt ny, Vec heads);
