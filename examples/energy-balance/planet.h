/* SPDX-License-Identifier: BSD-2-Clause */
/* Where land is, and what temperatures are observed: the same arrays on every rank. */
#pragma once
#include <petscsys.h>

#define PLANET_NX 180 /* 2 x 2 degrees, the centres of the first column and row at 21E and 89S */
#define PLANET_NY 90

typedef struct {
  PetscInt   nx, ny; /* nx cells around a parallel, ny from south to north */
  PetscInt   nseen;
  PetscBool *land, *seen; /* nx*ny, x fastest; seen: the temperature is known there */
  PetscReal *T;           /* annual mean of the air's temperature near the surface, degrees C; 0 where not seen */
} Planet;

/* From the files of the package ferret-datasets in dir; a cell holds coarsen x coarsen of theirs. Collective. */
PetscErrorCode PlanetRead(MPI_Comm, const char dir[], PetscInt coarsen, Planet *);
/* Two continents, and all of the sea to be seen, without files; the temperatures are left to whoever calls. */
PetscErrorCode PlanetMake(MPI_Comm, PetscInt coarsen, Planet *);
PetscErrorCode PlanetDestroy(Planet *);

/* Degrees east and north of a cell's centre */
static inline PetscReal PlanetLongitude(const Planet *p, PetscInt i)
{
  return 20 + ((PetscReal)i + .5) * 360 / (PetscReal)p->nx;
}
static inline PetscReal PlanetLatitude(const Planet *p, PetscInt j)
{
  return -90 + ((PetscReal)j + .5) * 180 / (PetscReal)p->ny;
}
