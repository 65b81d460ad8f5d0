/* SPDX-License-Identifier: BSD-2-Clause */
/* The inverse problem: which k gives the measured heads? */
#pragma once
#include <costate.h>
#include "roughness.h"
#include "truth.h"

typedef struct {
  Aquifer          *aquifer;
  const Wells      *wells;
  Roughness         roughness;
  SNES              snes;
  Costate           cs;
  Mat               at, Rp; /* from heads to those at the wells; dR/dk */
  Vec               h0, k, measured, work;
  PetscReal         chi2;           /* sum of ((h - measured) / sigma)^2 of the last evaluation */
  PetscInt          its, gradients; /* of all minimisations */
  CostateStatistics stats;          /* of the last gradient */
} Problem;

PetscErrorCode ProblemCreate(Aquifer *, const Wells *, Vec measured, PetscReal k0, const Roughness *, Problem *);
PetscErrorCode ProblemDestroy(Problem *);
/* The gradient half-way to the truth against differences, along a random direction */
PetscErrorCode ProblemCheck(Problem *, Vec truth, PetscInt seed, PetscReal *order);
/* The heads and chi2 for k */
PetscErrorCode ProblemHeads(Problem *, Vec k, Vec h);
/* Minimises with the weight that it has, from the k that it has, within lower < k < upper */
PetscErrorCode ProblemMinimise(Problem *, PetscReal lower, PetscReal upper);
/* Minimises with weights from the one that it has downwards, until the misfit is what the errors of the heads explain
 */
PetscErrorCode ProblemDiscrepancy(Problem *, PetscReal lower, PetscReal upper, Vec truth);
/* Correlation of the fields of two vectors */
PetscErrorCode Correlation(Vec, Vec, PetscReal *);
