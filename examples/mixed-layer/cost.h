/* SPDX-License-Identifier: BSD-2-Clause */
/* What is minimised: the misfit to the observed seasonal cycle as a cost integral of the TS, and the prior of the
 * parameters. */
#pragma once
#include "model.h"

PetscErrorCode CostAttach(Model *, TS); /* adds the quadrature TS whose solution is the misfit */

typedef struct {
  PetscReal depth;    /* background of h, m: the first guess too, and what the land's cells are given */
  PetscReal spread;   /* standard deviation of log h about its background */
  PetscReal length;   /* over which log h is expected to be smooth, m */
  PetscReal strength; /* standard deviation of log lambda */
  PetscReal weight;   /* of log lambda's term: one number among many cells */
} Prior;

/* Adds the prior's value to *cost and its gradient to g. */
PetscErrorCode CostAddPrior(const Model *, const Prior *, Vec p, PetscReal *cost, Vec g);
