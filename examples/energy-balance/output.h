/* SPDX-License-Identifier: BSD-2-Clause */
/* What is left behind, in a folder: map.txt, zonal.txt, report.json */
#pragma once
#include "posterior.h"

typedef struct {
  PetscInt         seed;
  PetscBool        twin;
  PetscReal        truth[NPAR]; /* of a twin experiment */
  PetscReal        order;       /* 0 if there was no check */
  PetscReal        rms_before, rms_after;
  Vec              before, after; /* the climates */
  const Posterior *posterior;
} Result;

PetscErrorCode OutputWrite(Problem *, const char dir[], const Result *);
