/* SPDX-License-Identifier: BSD-2-Clause */
/* The slab ocean as PETSc sees it: residual and Jacobians of a TS whose parameters are log h and log lambda. */
#pragma once
#include <petscts.h>
#include <petscdmda.h>
#include "ocean.h"

#define HEAT_CAPACITY (1025. * 3990.) /* rho c of sea water, J/(m^3 K) */
#define EARTH_RADIUS  6.371e6

typedef struct {
  PetscReal depth;    /* background of h, m: the first guess too, and what the land's cells are given */
  PetscReal spread;   /* standard deviation of log h about its background */
  PetscReal length;   /* over which log h is expected to be smooth, m */
  PetscReal strength; /* standard deviation of log lambda */
  PetscReal weight;   /* of log lambda's term: one number among many cells */
} Prior;

typedef struct {
  const Ocean *ocean;
  DM           da;
  PetscReal    kappa;      /* m^2/s */
  PetscReal    dt;         /* s */
  PetscReal    cost_begin; /* s: the misfit is integrated from here to the end */
  PetscReal    sigma;      /* error of the observed temperatures, K */
  Prior        prior;
  PetscReal   *area;       /* per parallel, in units of a cell at the equator */
  PetscReal   *wx, *wy;    /* weight of an eastern and of a northern face in the discrete integral of |grad|^2, 1/m^2 */
  PetscReal    total_area; /* of all ocean cells */

  Vec       h;      /* with ghosts, m */
  PetscReal lambda; /* strength of the evaporative feedback */
  Mat       K;      /* the diffusion operator */
  Mat       A;      /* the Jacobian: K, and a diagonal that depends on the state */
  Mat       P;      /* the same at tbar with the nominal step: what the preconditioner is built from */
  Mat       Fp;     /* dF/dp, a shell that knows its transposed product */
  Vec       Fp_T, Fp_Tdot;
  Vec       T, lam; /* ghosted work vectors */
  Vec       diagonal;
} Model;

PetscErrorCode ModelCreate(MPI_Comm, const Ocean *, PetscReal kappa, PetscReal dt, Model *);
PetscErrorCode ModelDestroy(Model *);

/* Parameters: log h laid out like the state, and log lambda as the last entry of rank 0's part. */
PetscErrorCode ModelCreateParameters(const Model *, Vec *);
PetscErrorCode ModelSetParameters(Model *, Vec p);
PetscErrorCode ModelInitialState(const Model *, Vec T);
PetscErrorCode ModelCreateTS(Model *, PetscInt steps, TS *);

static inline PetscBool ModelIsSea(const Model *m, PetscInt i, PetscInt j)
{
  const Ocean *o = m->ocean;

  if (j < 0 || j >= o->ny) return PETSC_FALSE;
  return o->sea[j * o->nx + (i + o->nx) % o->nx];
}

/* The four neighbours of a cell: offset, and the weight of the face between (0 if either side is land). */
typedef struct {
  PetscInt  di, dj;
  PetscReal w;
} Face;

static inline void ModelFaces(const Model *m, PetscInt i, PetscInt j, Face f[4])
{
  const Face all[4] = {{1, 0, m->wx[j]}, {-1, 0, m->wx[j]}, {0, 1, m->wy[j]}, {0, -1, j > 0 ? m->wy[j - 1] : 0.}};

  for (int k = 0; k < 4; k++) {
    f[k] = all[k];
    if (!ModelIsSea(m, i, j) || !ModelIsSea(m, i + f[k].di, j + f[k].dj)) f[k].w = 0;
  }
}
