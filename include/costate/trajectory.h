/* SPDX-License-Identifier: BSD-2-Clause */
/*
  What a method asks of the trajectory (TSTRAJECTORYCOSTATE), beside what its options say.

  A method that is not PETSc's discrete adjoint puts its own function in the place of the adjoint step. TSAdjointSolve()
  then calls it for each step of the run from the last to the first, with the states at the two ends of the step, for
  any TS type: those that can be repeated bit by bit are checkpointed within the budget, the others are kept whole.
*/
#ifndef COSTATE_TRAJECTORY_H
#define COSTATE_TRAJECTORY_H

#include <petscts.h>

/* Step `step` of a run, from t[0] to t[1] > t[0], with the states there.  They may be read only, and end with the call.
 */
typedef struct {
  PetscInt  step;
  PetscReal t[2];
  Vec       u[2];
} CostatePiece;

/* Called at each state of a forward run, in order, once; `stop` is the index of the stop that it is, or -1. */
typedef PetscErrorCode (*CostateArrival)(TS, PetscInt step, PetscReal t, Vec u, PetscInt stop, void *ctx);
/*
  Reverses a step: makes of lambda and mu (TSGetCostGradients()) at its end those at its beginning.  Where an event
  changed the state at one of its ends, the step ends with the state before the event, or begins with the one after it.
*/
typedef PetscErrorCode (*CostateReverse)(TS, const CostatePiece *, void *ctx);

typedef struct {
  PetscInt   steps;       /* of the forward run */
  PetscInt   rejections;  /* forward */
  PetscInt   replayed;    /* steps that were executed again */
  PetscInt64 budget;      /* states that may be in memory; 0: no limit was needed */
  PetscInt64 peak;        /* states that were at most in memory */
  size_t     state_bytes; /* of a state on this rank */
  /* of the TS's own KSP: of the run, of repeated steps, of adjoint steps */
  PetscInt64 solves[3], iterations[3], setups[3];
} CostateTrajStats;

PETSC_EXTERN PetscErrorCode TSTrajectoryCostateSetStops(TSTrajectory, PetscInt, const PetscReal[]);
PETSC_EXTERN PetscErrorCode TSTrajectoryCostateGetStop(TSTrajectory, PetscInt, PetscInt *, PetscReal *);
PETSC_EXTERN PetscErrorCode TSTrajectoryCostateSetArrival(TSTrajectory, CostateArrival, void *);
PETSC_EXTERN PetscErrorCode TSTrajectoryCostateSetReverse(TSTrajectory, CostateReverse, void *);
PETSC_EXTERN PetscErrorCode TSTrajectoryCostateSetKeep(TSTrajectory, PetscBool);
/* The linear solves of adjoint steps */
PETSC_EXTERN PetscErrorCode TSTrajectoryCostateSetTransposedTolerance(TSTrajectory, PetscReal);
PETSC_EXTERN PetscErrorCode TSTrajectoryCostateGetTransposedTolerance(TSTrajectory, PetscReal *);
PETSC_EXTERN PetscErrorCode TSTrajectoryCostateSetTransposedLag(TSTrajectory, PetscInt);
PETSC_EXTERN PetscErrorCode TSTrajectoryCostateGetStats(TSTrajectory, CostateTrajStats *);
/* The matrix of TSSetIJacobianP(), which has no function of PETSc's to get it; NULL if there is none */
PETSC_EXTERN PetscErrorCode CostateTSGetIJacobianP(TS, Mat *, void (**)(void), void **);
PETSC_EXTERN PetscErrorCode CostateTSGetRHSMats(TS, Mat *, Mat *);

/* How the matrix of TSSetRHSJacobian() was scaled and shifted by the TS; evaluations of f or F, and of their Jacobians
 */
PETSC_EXTERN PetscErrorCode CostateTSGetRHSJacobianScale(TS, PetscReal *, PetscReal *);
PETSC_EXTERN PetscErrorCode CostateTSGetErrorIfStepFails(TS, PetscBool *);
/* Products of TSSetIHessianProduct() and TSSetRHSHessianProduct() */
PETSC_EXTERN PetscErrorCode CostateTSHessianProduct(TS, PetscBool, int, int, PetscReal, Vec, Vec, Vec, Vec,
                                                    PetscBool *);
PETSC_EXTERN PetscErrorCode CostateTSAdaptMatch(TS, PetscBool, PetscReal[2]);
/* A quadrature TS for forward cost integrals comes, or goes, also where the TS has run before */
PETSC_EXTERN PetscErrorCode CostateTSSetQuadrature(TS, PetscBool, TS *);
/* What is there before each step; and that a Jacobian is not what it was although state and time are */
PETSC_EXTERN PetscErrorCode CostateTSGetPreStep(TS, PetscErrorCode (**)(TS));
PETSC_EXTERN PetscErrorCode CostateTSForgetJacobian(TS);
PETSC_EXTERN PetscErrorCode CostateTrajectoryForgetTimes(TSTrajectory);
PETSC_EXTERN PetscErrorCode CostateTrajectoryIsTaken(TSTrajectory, PetscBool *);
PETSC_EXTERN PetscErrorCode CostateTSGetEvaluations(TS, PetscInt *, PetscInt *);

#endif
