/* SPDX-License-Identifier: BSD-2-Clause */
/* The observed ocean on the model's grid: the same arrays on every rank, read from four netCDF files by rank 0. */
#pragma once
#include <petscsys.h>

#define SEC_PER_YEAR (365.2425 * 86400.0)
#define HARMONICS    4                   /* a monthly climatology resolves the year's first four and little beyond */
#define NCOEF        (2 * HARMONICS + 1) /* the annual mean, then cosine and sine of each harmonic */

#define KELVIN 273.15

typedef struct {
  PetscInt   nx, ny;    /* nx cells around a parallel (periodic, the first at 20E), ny from south to north */
  PetscReal  dlon;      /* cell width in radians, both ways */
  PetscReal *lon, *lat; /* degrees, cell centres */
  PetscInt   nsea;
  PetscBool *sea;      /* nx*ny, x fastest; PETSC_TRUE where the model has ocean */
  PetscReal *tbar;     /* annual mean of the observed surface temperature, degrees C */
  PetscReal *exchange; /* rho_a L C_E U: latent heat flux per unit of specific humidity, W/m^2 */
  PetscReal *sst;      /* NCOEF per cell: observed surface temperature, degrees C */
  PetscReal *flux;     /* NCOEF per cell: heat flux into an ocean that stays at tbar, W/m^2 */
  PetscReal *mld; /* mixed-layer depth read off the observed temperatures, m: mean over the year; < 0 where unknown */
  PetscReal
      *storage; /* the same, harmonic mean over the year: warming goes as 1/h, so this is nearer to what h stands for */
} Ocean;

PetscErrorCode OceanRead(MPI_Comm, const char dir[], PetscInt coarsen, Ocean *);
PetscErrorCode OceanDestroy(Ocean *);

/* Values of 1, cos, sin, ... at time t (seconds since 1 January), to be multiplied with a cell's NCOEF coefficients. */
void SeasonBasis(PetscReal t, PetscReal basis[NCOEF]);

static inline PetscReal SeasonValue(const PetscReal c[NCOEF], const PetscReal basis[NCOEF])
{
  PetscReal s = 0;
  for (int k = 0; k < NCOEF; k++) s += c[k] * basis[k];
  return s;
}

/* The heat that the surface loses because it is at t and not at tbar (degrees C), W/m^2: what leaves as radiation, and
   what leaves as vapour for each unit of the strength lambda; with the derivatives with respect to t. */
typedef struct {
  PetscReal longwave, dlongwave, evaporation, devaporation;
} Feedback;

Feedback SurfaceFeedback(PetscReal t, PetscReal tbar, PetscReal exchange);
