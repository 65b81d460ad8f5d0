/* SPDX-License-Identifier: BSD-2-Clause */
/* The inverse problem: which parameters give the observed temperatures? The optimiser varies x, five numbers on rank 0:
   by how many standard deviations of the prior a parameter differs from what it was before. */
#pragma once
#include <costate.h>
#include "balance.h"

typedef struct {
  PetscReal centre[NPAR], spread[NPAR]; /* spread: of the logarithm of those that are varied so */
  PetscReal weight;                     /* of |x|^2/2 in the cost: 1, or 0 for none */
} Prior;

typedef struct {
  Balance  *balance;
  Prior     prior;
  PetscReal sigma, n; /* error of the observed temperature and of the model, K; how many of them are independent */
  SNES      snes;
  Costate   cs;
  Mat       Rp;
  Mat       root;                  /* x = start + root y, and y is what the optimiser varies */
  Vec       T0, T, x, start;       /* where the next solve begins; the last climate */
  Vec       observed, share, work; /* share: of a cell in the mean over what is observed */
  PetscReal rms;                   /* of the last misfit, K */
  PetscInt  its, gradients;
} Problem;

/* length: observations this far apart, in m, are independent of each other */
PetscErrorCode ProblemCreate(Balance *, const Prior *, PetscReal sigma, PetscReal length, Problem *);
PetscErrorCode ProblemDestroy(Problem *);
/* The parameters that x stands for, on every rank */
PetscErrorCode ProblemValues(const Problem *, Vec x, PetscReal value[NPAR]);
/* The vector of these numbers, which are known on rank 0 at least */
PetscErrorCode ProblemSet(const PetscReal number[NPAR], Vec x);
/* The climate for x, and the rms of its misfit */
PetscErrorCode ProblemClimate(Problem *, Vec x, Vec T);
/* The gradient at a random place against differences, along a random direction */
PetscErrorCode ProblemCheck(Problem *, PetscInt seed, PetscReal *order);
/* From x to the x of least cost; S: about the root of the covariance of what comes out */
PetscErrorCode ProblemMinimise(Problem *, Mat S);
/* The gradient of the misfit alone at x, on every rank; the climate becomes the one that the next solve begins with */
PetscErrorCode ProblemGradient(Problem *, const PetscReal x[NPAR], PetscReal g[NPAR]);
