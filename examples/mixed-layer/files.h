/* SPDX-License-Identifier: BSD-2-Clause */
/* The three netCDF climatologies as they lie on disk, held by rank 0 while the model's grid is filled. */
#pragma once
#include <petscsys.h>

#define SST_NX   180 /* COADS: 2 x 2 degrees, centres from 21E and 89S */
#define SST_NY   90
#define FLUX_NX  72 /* Esbensen-Kushnir: 5 x 4 degrees, nodes from 20E and 90S */
#define FLUX_NY  46
#define DEPTH_NZ 19 /* Levitus: 2 x 2 degrees, half a degree west and south of the COADS centres */

typedef struct {
  float sst[12][SST_NY][SST_NX];
  float heat[12][FLUX_NY][FLUX_NX];  /* net downward heat flux, W/m^2 */
  float speed[12][FLUX_NY][FLUX_NX]; /* wind speed, m/s */
  float temp[12][DEPTH_NZ][SST_NY][SST_NX];
  float depth[DEPTH_NZ];
} Files;

PetscErrorCode FilesRead(MPI_Comm, const char dir[], Files **); /* collective; NULL except on rank 0 */
PetscErrorCode FilesDestroy(Files **);

PetscBool FilesHasSST(const Files *, PetscInt i, PetscInt j); /* observed in all twelve months */
PetscBool FilesFlux(const float field[12][FLUX_NY][FLUX_NX], int month, PetscReal lon, PetscReal lat, PetscReal *value);
/* Mixed-layer depth: the year's mean, and its harmonic mean, m; PETSC_FALSE if a month is not known. */
PetscBool FilesMixedLayer(const Files *, PetscInt i, PetscInt j, PetscReal delta, PetscReal *mean, PetscReal *harmonic);
