/* SPDX-License-Identifier: BSD-2-Clause */
/* Adaptive Gauss-Kronrod quadrature of distributed vectors. */
#ifndef COSTATE_KRONROD_H
#define COSTATE_KRONROD_H

#include <petscvec.h>

/*
  Adds the integrals of n vector functions over [a,b] to `sum`: `points` of Kronrod, 7 or 15.  An interval on which the
  Gauss and the Kronrod sum differ by more than tol max(|Kronrod sum|, |sum|), in the largest entry, is halved.  `work`
  is 3 n vectors.
*/
PETSC_INTERN PetscErrorCode CostateKronrod(int points, PetscErrorCode (*f)(PetscReal, Vec[], void *), void *ctx,
                                           PetscReal a, PetscReal b, PetscReal tol, PetscInt n, Vec sum[], Vec work[]);

#endif
