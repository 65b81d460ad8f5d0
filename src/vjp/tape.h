/* SPDX-License-Identifier: BSD-2-Clause */
/*
  Tapes of ADOL-C: each rank has one for its rows of each side, with the independents (t, u, u', p), u and p being what
  the rank sees of them.  The products with J and J^T of the state and of the parameters are played from the same one.
*/
#ifndef COSTATE_VJP_TAPE_H
#define COSTATE_VJP_TAPE_H

#include "../base/compat.h"
#include <costate/vjp.h>

#if defined(COSTATE_HAVE_ADOLC) && !defined(PETSC_USE_COMPLEX) && defined(PETSC_USE_REAL_DOUBLE)
#define COSTATE_USE_ADOLC
#endif

/* A side, set up: the tape is for the point `key`, and x are the independents there. */
typedef struct {
  CostateTape       tape; /* numbers of entries, tag */
  CostateTapeRecord record;
  void             *ctx;
  PetscBool         recorded, played; /* played: the values of the point are on it */
  Vec               u, udot, p;       /* what the rank sees */
  double           *x, *y, *d;        /* of n, of m, of n */
  struct {
    PetscReal        t;
    PetscObjectId    id[3];
    PetscObjectState state[3];
  } key;
  CostateTapeStatistics stats;
} CostateTapeSide;

struct _n_CostateTapes {
  VecScatter        scatter[2], to_all; /* of u and p; given, or all of the parameters */
  Vec               local[2];
  DM                dm;
  PetscBool         reuse;
  CostateTapeChange change;
  CostateTapeSide   side[2];
};

/* The number of independents */
static inline int CostateTapeSize(const CostateTape *t)
{
  return (int)(1 + t->nu + t->nudot + t->np);
}

/* why == NULL: there is a tape for this side, or can be */
PETSC_INTERN PetscErrorCode CostateTapeCan(CostateVJP, const char **why);
PETSC_INTERN PetscErrorCode CostateTapeSetUp(CostateVJP);
/* Has the tape of the side at that point.  Collective, and so are its errors. */
PETSC_INTERN PetscErrorCode CostateTapeAt(CostateVJP, const CostatePoint *, CostateTapeSide **);
/* To what the rank sees of the state or the parameters, and contributions back to those whom they belong to */
PETSC_INTERN PetscErrorCode CostateTapeForward(CostateVJP, PetscBool p, Vec global, Vec local);
PETSC_INTERN PetscErrorCode CostateTapeReverse(CostateVJP, PetscBool p, Vec local, Vec global);
/* An error, on every rank, if that is not a number */
PETSC_INTERN PetscErrorCode CostateTapeFinite(CostateVJP, const CostatePoint *, const char what[], Vec);
/* Sets `missing` if there is no ADOL-C; *missing: there is none. */
PETSC_INTERN PetscErrorCode CostateTapeMissing(CostateVJP, PetscBool *missing);

#endif
