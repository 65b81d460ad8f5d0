/* SPDX-License-Identifier: BSD-2-Clause */
/* What the library registers with PETSc once: log events, and the look at the options that nobody read. */
#ifndef COSTATE_PACKAGE_H
#define COSTATE_PACKAGE_H

#include <petscts.h>

PETSC_INTERN PetscLogEvent Costate_Store, Costate_Fetch, Costate_Replay, Costate_Spill, Costate_Prefetch,
    Costate_Commit;

/*
  Set by the object Costate, called by the trajectory before each run: programs that know nothing of the object get a
  method by the option -costate_type.
*/
PETSC_INTERN                PetscErrorCode (*CostateDoor)(TSTrajectory, TS);
PETSC_INTERN PetscErrorCode CostateDoorOpen(void);

/* Refuses a PETSc of another version, or of other scalars or indices, than the headers were. */
PETSC_INTERN PetscErrorCode CostateCheckVersion(void);

/* When the library was loaded, by PetscTime(). */
PETSC_INTERN PetscErrorCode CostateStarted(PetscLogDouble *);

/* The options that the trajectory understands, without the leading -[prefix]; ends with NULL. */
PETSC_INTERN const char *const CostateTrajOptions[];
/* Those of the object Costate; what begins with costate_adjoint_ is for its solvers, which are PETSc's. */
PETSC_INTERN const char *const CostateObjectOptions[];

/* The number of letters to change, add or leave out between two names. */
PETSC_INTERN int CostateEditDistance(const char *, const char *);

/* Refuses an unread option that looks like one of ours; `final`: also one that is spelt right but has no reader. */
PETSC_INTERN PetscErrorCode CostateOptionsCheck(PetscOptions, MPI_Comm, PetscBool final);

#endif
