/* SPDX-License-Identifier: BSD-2-Clause */
/*
  Costate: gradients of PETSc time integrators at any scale.

  What an application includes.  Most need nothing of it: the plugin works in programs that were not recompiled,
    -dll_append PATH/libcostate.so -ts_trajectory_type costate
*/
#ifndef COSTATE_H
#define COSTATE_H

#include <petscts.h>
#include <costate/sched.h>
#include <costate/store.h>
#include <costate/tao.h>
#include <costate/trajectory.h>
#include <costate/gradient.h>
#include <costate/pc.h>

#define COSTATE_VERSION_MAJOR 0
#define COSTATE_VERSION_MINOR 1
#define COSTATE_VERSION_PATCH 0
#define COSTATE_VERSION       "0.1.0"

/* The TSTrajectoryType that keeps checkpoints within a memory budget. */
#define TSTRAJECTORYCOSTATE "costate"

/* Whether stage data are kept beside states; COSTATE_STAGES_AUTO keeps them where no state needs the memory. */
typedef enum { COSTATE_STAGES_AUTO, COSTATE_STAGES_NEVER, COSTATE_STAGES_ALWAYS } CostateStages;
PETSC_EXTERN const char *const CostateStagesTypes[];

/* The status of a program that a signal or the wall time made commit and end: EX_TEMPFAIL, try again later. */
#define COSTATE_EXIT_COMMITTED 75

PETSC_EXTERN PetscErrorCode CostateInitializePackage(void);

PETSC_EXTERN PetscErrorCode TSTrajectoryCostateSetPolicy(TSTrajectory, const char[]);
PETSC_EXTERN PetscErrorCode TSTrajectoryCostateSetRAM(TSTrajectory, const char[]);
PETSC_EXTERN PetscErrorCode TSTrajectoryCostateSetSteps(TSTrajectory, PetscInt);
PETSC_EXTERN PetscErrorCode TSTrajectoryCostateSetStride(TSTrajectory, PetscInt);
PETSC_EXTERN PetscErrorCode TSTrajectoryCostateSetStages(TSTrajectory, CostateStages);
PETSC_EXTERN PetscErrorCode TSTrajectoryCostateSetCheck(TSTrajectory, PetscBool);
PETSC_EXTERN PetscErrorCode TSTrajectoryCostateSetTransposedCheck(TSTrajectory, PetscBool);
PETSC_EXTERN PetscErrorCode TSTrajectoryCostateSetJumps(TSTrajectory, PetscBool);
PETSC_EXTERN PetscErrorCode TSTrajectoryCostateSetProgress(TSTrajectory, PetscBool);
PETSC_EXTERN PetscErrorCode TSTrajectoryCostateSetReport(TSTrajectory, const char[]);
PETSC_EXTERN PetscErrorCode TSTrajectoryCostateSetHDF5(TSTrajectory, const char[]);
PETSC_EXTERN PetscErrorCode TSTrajectoryCostateSetHDF5Limit(TSTrajectory, const char[]);
PETSC_EXTERN PetscErrorCode TSTrajectoryCostateSetHDF5Direct(TSTrajectory, PetscBool);
PETSC_EXTERN PetscErrorCode TSTrajectoryCostateSetHDF5Layout(TSTrajectory, const char[]);
PETSC_EXTERN PetscErrorCode TSTrajectoryCostateSetBehind(TSTrajectory, PetscBool);
PETSC_EXTERN PetscErrorCode TSTrajectoryCostateSetCosts(TSTrajectory, const double[4]);
PETSC_EXTERN PetscErrorCode TSTrajectoryCostateSetAdjointEvery(TSTrajectory, PetscInt, const char[]);
PETSC_EXTERN PetscErrorCode TSTrajectoryCostateSetCommit(TSTrajectory, PetscReal);
PETSC_EXTERN PetscErrorCode TSTrajectoryCostateSetResume(TSTrajectory, PetscBool);
PETSC_EXTERN PetscErrorCode TSTrajectoryCostateSetVouch(TSTrajectory, PetscBool, PetscBool);
PETSC_EXTERN PetscErrorCode TSTrajectoryCostateSetWallTime(TSTrajectory, PetscReal);

/* For the command costate: the TS types there are, and whether each has an adjoint step. */
PETSC_EXTERN PetscErrorCode CostateTSTypeListGet(PetscInt, const char **, PetscBool *);

#endif
