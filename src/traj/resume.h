/* SPDX-License-Identifier: BSD-2-Clause */
/* What the files of a run that is resumed share: what its journal told of it. */
#ifndef COSTATE_TRAJ_RESUME_H
#define COSTATE_TRAJ_RESUME_H
#include "trajimpl.h"

typedef struct {
  PetscInt      n; /* at the arrival of state n */
  PetscInt64    units;
  costate_costs costs;
} CostateTold;

/* What the notes say, beyond what goes straight into the trajectory. */
typedef struct {
  costate_sched_config cfg;
  char                 policy[64];
  CostateTold         *told;
  PetscInt             ntold, toldcap, held, nram, ramcap;
  PetscInt64          *ram;
  PetscInt             forward, back, N; /* the position; back -1 on the way forward */
  PetscMPIInt          former;           /* ranks of the run, if these are more or fewer */
} CostateNotes;

/* The error that ends a resumed run, one collective sentence. */
PETSC_INTERN PetscErrorCode CostateResumeRefuse(CostateTraj, const char[], ...) PETSC_ATTRIBUTE_FORMAT(2, 3);
/* Reads all lines of the commit that was chosen; those of the log and of the run go straight into the trajectory. */
PETSC_INTERN PetscErrorCode CostateNotesRead(CostateTraj, CostateNotes *);

#endif
