/* SPDX-License-Identifier: BSD-2-Clause */
/*
  Providers: where the derivatives of the two sides of F(t,u,u',p) = G(t,u,p) come from, for people who write one.

  A provider serves one derivative of one side,

    J = G_u ,  shift F_u' + F_u ,  G_p  or  F_p

  either as products (mult, multtranspose), of which a MATSHELL is made, or as a matrix (matrix, fill).  The TS is given
  that matrix with a function that fills it; so whatever needs the derivative afterwards, time steps, their adjoints,
  the sweeps of the continuous methods and the checks, does not know where it came from.

  A file src/vjp/name.c with CostateVJPCreate_Name(), which sets the operations, and a line in include/vjps.def.
*/
#ifndef COSTATE_VJP_H
#define COSTATE_VJP_H

#include <petscts.h>
#include <costate/gradient.h>

typedef struct _n_CostateVJP *CostateVJP;

/* Where a derivative is taken; udot is NULL and shift 0 where there is no u'. */
typedef struct {
  PetscReal t, shift;
  Vec       u, udot;
} CostatePoint;

/* out = J d from the function at x and at x + e d, or beside it; e is the step of a difference */
typedef PetscErrorCode (*CostateVJPKernel)(CostateVJP, const CostatePoint *, Vec d, PetscReal e, Vec out);

typedef struct {
  /* why it cannot serve, what to do about it; *why == NULL: it can.  The same on every rank */
  PetscErrorCode (*can)(CostateVJP, const char **why);
  PetscErrorCode (*setup)(CostateVJP);
  /* products at a point; multtranspose == NULL: there is none */
  PetscErrorCode (*mult)(CostateVJP, const CostatePoint *, Vec, Vec);
  PetscErrorCode (*multtranspose)(CostateVJP, const CostatePoint *, Vec, Vec);
  /* or a matrix of the right pattern, assembled, and its values */
  PetscErrorCode (*matrix)(CostateVJP, Mat *);
  PetscErrorCode (*fill)(CostateVJP, const CostatePoint *, Mat);
  PetscErrorCode (*destroy)(CostateVJP);
} CostateVJPOps;

/* The tapes of CostateSetTape(), those that are there and those that could be. */
typedef struct _n_CostateTapes *CostateTapes;

/* How good the products are: to rounding, or to that of differences. */
typedef enum { COSTATE_VJP_EXACT, COSTATE_VJP_DIFFERENCES } CostateVJPAccuracy;

struct _n_CostateVJP {
  /* given, before the operations are called */
  MPI_Comm       comm;
  Costate        cs;
  const char    *prefix; /* of options */
  CostateSide    side;
  PetscBool      parameters;     /* the derivative with respect to them, else to the state */
  Vec            u, p;           /* the layouts; p is NULL where there are no parameters */
  Mat            given;          /* what the application gave: its pattern, at least; may be NULL */
  PetscBool      given_function; /* and it fills it */
  CostatePoint   initial;        /* a point; its numbers may be any */
  DM             dm;             /* of the grid; NULL if there is none */
  CostateProduct jvp, vjp;       /* of the application; may be NULL */
  void          *ctx;
  CostateTapes   tapes;      /* of the application; may be NULL */
  PetscBool      transposed; /* products with the transpose are needed */
  PetscInt       few;        /* so many columns are worth an evaluation each */
  /* the function of the side; with q: for these parameters, the application is told and told again afterwards */
  PetscErrorCode (*evaluate)(CostateVJP, const CostatePoint *, Vec q, Vec f);
  /* set by the provider */
  const char        *name;
  const char        *missing; /* what would have to be installed for it; NULL if it is built in */
  CostateVJPOps      ops;
  CostateVJPAccuracy accuracy;
  PetscBool          taped;  /* what it does is in the statistics of the tapes */
  CostateVJPKernel   kernel; /* of columns */
  void              *data;
  PetscInt           evaluations; /* of the function, in all */
};

PETSC_EXTERN PetscErrorCode CostateTapesCreate(CostateTapes *);
PETSC_EXTERN PetscErrorCode CostateTapesSet(CostateTapes, CostateSide, CostateTapeRecord, void *);
PETSC_EXTERN PetscErrorCode CostateTapesGet(CostateTapes, CostateSide, CostateTapeRecord *);
PETSC_EXTERN PetscErrorCode CostateTapesSetScatters(CostateTapes, VecScatter, Vec, VecScatter, Vec);
PETSC_EXTERN PetscErrorCode CostateTapesSetReuse(CostateTapes, PetscBool, CostateTapeChange);
PETSC_EXTERN PetscErrorCode CostateTapesGetReuse(CostateTapes, PetscBool *, CostateTapeChange *);
PETSC_EXTERN PetscErrorCode CostateTapesGetStatistics(CostateTapes, CostateSide, CostateTapeStatistics *);
/* The point: the application may be changed in what is no variable of the tape. */
PETSC_EXTERN PetscErrorCode CostateTapesForget(CostateTapes);
PETSC_EXTERN PetscErrorCode CostateTapesReset(CostateTapes);
PETSC_EXTERN PetscErrorCode CostateTapesDestroy(CostateTapes *);

PETSC_EXTERN PetscErrorCode CostateVJPListGet(PetscInt, const char **, const char **, const char **);
/* Sets the provider of that name; the fields that are given have been set. */
PETSC_EXTERN PetscErrorCode CostateVJPSetType(CostateVJP, const char[]);
PETSC_EXTERN PetscErrorCode CostateVJPDestroy(CostateVJP *);
/* Has products made to a dense matrix, a column after the other. */
PETSC_EXTERN PetscErrorCode CostateVJPAssemble(CostateVJP);
/* The matrix J: assembled, or a MATSHELL with a point of its own, which its duplicates have too. */
PETSC_EXTERN PetscErrorCode CostateVJPCreateMat(CostateVJP, Mat *);
PETSC_EXTERN PetscErrorCode CostateVJPSetPoint(CostateVJP, const CostatePoint *, Mat);
/*
  <A^T w, v> against <w, A v>, and A v against a difference of the function; relative.  -1: there is no such product;
  PETSC_MAX_REAL: the function does not change
*/
PETSC_EXTERN PetscErrorCode CostateVJPCheck(CostateVJP, const CostatePoint *, Mat A, PetscRandom, PetscReal error[2]);

#endif
