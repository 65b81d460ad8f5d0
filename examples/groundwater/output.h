/* SPDX-License-Identifier: BSD-2-Clause */
/* What is left behind, in a folder: map.txt, wells.txt, report.json */
#pragma once
#include "problem.h"

typedef struct {
  const Truth *truth;
  const Site  *site;
  PetscReal    order, chi2_truth, chi2, correlation, rms; /* order: 0 if there was no check; rms: of k - truth */
} Result;

PetscErrorCode OutputWrite(const Problem *, const char dir[], Vec truth, Vec h, const Result *);
