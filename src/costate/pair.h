/* SPDX-License-Identifier: BSD-2-Clause */
/*
  A state u and its tangent s along v, one after the other on each rank, as the unknown of one equation

    R(t, u, u', p) = 0 ,  M s' + R_u s + R_p v = 0

  pair.c has that equation with its transposed derivatives, pairimplicit.c what implicit steps of it take.
*/
#ifndef COSTATE_PAIR_H
#define COSTATE_PAIR_H

#include "costateimpl.h"
#include <costate/model.h>

typedef struct {
  Costate          cs, pair; /* the object, and that of the pair */
  CostateModel     model;
  PetscInt         j;
  PetscBool        gauss_newton, implicit;
  Vec              v, p, u0;                 /* direction, and what is at the point: parameters, initial state */
  Vec              u, s, udot, sdot;         /* where it is */
  Vec              a, b;                     /* halves of what is multiplied */
  Vec              x, xdot, wu, wp, gp;      /* nearby, and what is there */
  Vec              f, g;                     /* to work in */
  PetscReal        t, shift, ratio_v, ratio; /* sizes of v, and of (s, v), over those of the point */
  PetscObjectId    id[2];                    /* of the pair and its slope that this is */
  PetscObjectState state[2];
  PetscBool        there;          /* the model is at the point */
  PetscBool        own[2], looked; /* the application has second derivatives, by u and by p, and they were looked at */
  /* of implicit steps: solves with shift M + R_u, and its transpose */
  KSP       ksp[2];
  PetscBool fresh[2]; /* their matrices are those of the point */
  PetscReal moved[2]; /* by the last Newton step, of each half */
} CostatePair;

/* One half of a pair, to or from */
PETSC_INTERN PetscErrorCode CostatePairHalf(Vec pair, int which, Vec half, PetscBool to);
/* The application has the parameters that are e times v away. */
PETSC_INTERN PetscErrorCode CostatePairParameters(CostatePair *, PetscReal e);
/* Where products are taken; Udot NULL: the equation is explicit */
PETSC_INTERN PetscErrorCode CostatePairPoint(CostatePair *, PetscReal t, Vec U, Vec Udot);
PETSC_INTERN PetscErrorCode CostatePairLinearise(CostatePair *);
/*
  Adds the changes along (s, v) of the gradients of a part of the cost, at its time i; or, part NULL, of the products
  (shift M + R_u)^T b and R_p^T b: by u to wu and by p to wp, either of which may be NULL.
*/
PETSC_INTERN PetscErrorCode CostatePairChange(CostatePair *, const CostatePart *part, PetscInt i, Vec wu, Vec wp);
/* pairproducts.c: whether the application has products for the latter, and these, added to w */
PETSC_INTERN PetscErrorCode CostatePairFindProducts(CostatePair *);
PETSC_INTERN PetscErrorCode CostatePairProduct(CostatePair *, int of, Vec w);
PETSC_INTERN PetscErrorCode CostatePairCheckProducts(CostatePair *);
/* The change by differences, whatever the application has */
PETSC_INTERN PetscErrorCode CostatePairDifference(CostatePair *, const CostatePart *part, PetscInt i, Vec wu, Vec wp);
/* The equation and its derivatives, for a TS of that kind */
PETSC_INTERN PetscErrorCode CostatePairSetEquation(CostatePair *, TS);
/* pairimplicit.c */
PETSC_INTERN PetscErrorCode CostatePairSetSolver(CostatePair *, TS);

#endif
