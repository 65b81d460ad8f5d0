/* SPDX-License-Identifier: BSD-2-Clause */
/* Steady flow in a confined aquifer seen from above, -div(exp(k) grad h) = q, by finite volumes on nx x ny cells: h is
   the head in m, exp(k) the transmissivity in m^2/day, q what comes in, in m/day. */
#pragma once
#include <petscdmda.h>
#include <petscsnes.h>

typedef struct {
  PetscReal x, y, rate; /* m, m, m^3/day: negative if it is pumped out */
} Pump;

typedef struct {
  PetscReal   length, width; /* of the rectangle, m */
  PetscReal   left, right;   /* heads there, m; nothing flows through the two other sides */
  PetscReal   recharge;      /* m/day */
  const Pump *pump;
  PetscInt    npumps;
} Site;

typedef struct {
  const Site *site;
  DM          da;
  PetscInt    nx, ny;
  PetscReal   dx, dy;
  Mat         J;
  Vec         q;             /* m^3/day into each cell */
  Vec         h, resistance; /* with ghosts: of the state at hand, exp(-k) of the parameters as they are */
} Aquifer;

PetscErrorCode AquiferCreate(MPI_Comm, const Site *, PetscInt nx, PetscInt ny, Aquifer *);
PetscErrorCode AquiferDestroy(Aquifer *);
PetscErrorCode AquiferCreateSNES(Aquifer *, SNES *);
PetscErrorCode AquiferSetParameters(Aquifer *, Vec k);
/* The head that falls evenly from left to right, to begin with */
PetscErrorCode AquiferGuess(const Aquifer *, Vec h);
/* The derivative of the residual at h with respect to k */
PetscErrorCode AquiferJacobianP(Aquifer *, Vec h, Mat);
/* One row a point: its value from those at the four cell centres around it */
PetscErrorCode AquiferInterpolation(const Aquifer *, PetscInt n, const PetscReal x[], const PetscReal y[], Mat *);

static inline PetscReal AquiferX(const Aquifer *a, PetscInt i)
{
  return ((PetscReal)i + .5) * a->dx;
}
static inline PetscReal AquiferY(const Aquifer *a, PetscInt j)
{
  return ((PetscReal)j + .5) * a->dy;
}
