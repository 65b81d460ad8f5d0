/* SPDX-License-Identifier: BSD-2-Clause */
/* What the data say of the parameters, and what they leave open: the second derivatives of the cost at its minimum. */
#pragma once
#include "problem.h"

typedef struct {
  PetscReal x[NPAR], value[NPAR];   /* the estimate */
  PetscReal hessian[NPAR][NPAR];    /* of the misfit, with respect to x */
  PetscReal eigenvalue[NPAR];       /* of this, falling: how much more the data say along a direction than the prior */
  PetscReal direction[NPAR][NPAR];  /* a row each */
  PetscReal covariance[NPAR][NPAR]; /* of x */
  PetscReal sd[NPAR];               /* of the parameters */
  PetscReal outgoing, sd_outgoing;  /* A + 15 B, what leaves at 15 degrees C */
  PetscReal exchange, sd_exchange;  /* B + 6 D_sea, what keeps equator and pole alike */
  PetscBool determined;             /* the covariance exists */
} Posterior;

/* At x, by differences of 2 NPAR gradients */
PetscErrorCode PosteriorCompute(Problem *, Posterior *);
/* A root of the covariance, with something sensible where there is none */
PetscErrorCode PosteriorRoot(const Problem *, const Posterior *, Mat *);
PetscErrorCode PosteriorPrint(const Problem *, const Posterior *);
