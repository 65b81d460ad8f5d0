/* SPDX-License-Identifier: BSD-2-Clause */
/*
  The runs of this process that keep checkpoints, numbered 1, 2, ... in the order in which they begin.  A program that
  is started again begins the same runs in the same order, so the number tells a run from the others of the program.
  What is answered from a tape begins no runs, and says so, that those behind it keep their numbers.
*/
#ifndef COSTATE_RUNS_H
#define COSTATE_RUNS_H

#include <petscsys.h>

PETSC_INTERN PetscInt64 CostateRunsBegin(void);      /* a run begins: its number */
PETSC_INTERN PetscInt64 CostateRunsCount(void);      /* the number of the last one, skipped ones counted */
PETSC_INTERN void       CostateRunsSkip(PetscInt64); /* that many were not begun, because their results are known */
PETSC_INTERN PetscInt64 CostateRunsSkipped(void);    /* how many of them there were in this process */

#endif
