/* SPDX-License-Identifier: BSD-2-Clause */
/* What is left behind: the map, the seasonal cycle at two points, and the figures that judge the result. */
#pragma once
#include "problem.h"

#define NPOINTS 2

typedef struct {
  Vec        misfit;          /* sum over the last year's steps of the squared misfit, per cell */
  PetscInt   steps;           /* how many steps that is */
  PetscReal  rms;             /* observed against computed temperature, K */
  PetscReal *series[NPOINTS]; /* computed temperature at the two points, one value a step */
} Season;

/* A run with the parameters as they are now, of which the last year is recorded */
PetscErrorCode SeasonRecord(Problem *, PetscInt steps, PetscInt capacity, Season *);
PetscErrorCode SeasonDestroy(Season *);
PetscErrorCode OutputWrite(Problem *, const char dir[], const Season *before, const Season *after);
PetscErrorCode OutputSummary(Problem *, PetscReal lower, PetscReal upper);
