/* SPDX-License-Identifier: BSD-2-Clause */
/*
  The zoo: small models whose gradients are known, to try methods on and to test with.

    CostateProblemCreate(comm, "lotka", &problem);
    CostateProblemSetFromOptions(problem);                   -p -u0 -t0 -tend -dt -n -cost -times -variant -form
    CostateProblemSetCostate(problem, cs);                   TS, initial state, parameters, cost
    CostateSetFromOptions(cs);
    CostateSolve(cs);

  Each is a TS with all its Jacobians, an initial state, parameters that every evaluation reads from their Vec, and a
  cost with its gradients.  States are distributed over the ranks of the communicator, those of a few numbers too.
*/
#ifndef COSTATE_ZOO_H
#define COSTATE_ZOO_H

#include <petscts.h>
#include <costate/gradient.h>

typedef struct _n_CostateProblem *CostateProblem;

/* What the cost is made of */
typedef enum { COSTATE_COST_TERMINAL, COSTATE_COST_INTEGRAL, COSTATE_COST_TIMES } CostateCostKind;
PETSC_EXTERN const char *const CostateCostKinds[];

PETSC_EXTERN PetscErrorCode CostateProblemListGet(PetscInt, const char **, const char **);
PETSC_EXTERN PetscErrorCode CostateProblemCreate(MPI_Comm, const char[], CostateProblem *);
PETSC_EXTERN PetscErrorCode CostateProblemSetOptionsPrefix(CostateProblem, const char[]);
PETSC_EXTERN PetscErrorCode CostateProblemSetFromOptions(CostateProblem);
PETSC_EXTERN PetscErrorCode CostateProblemView(CostateProblem, PetscViewer);
PETSC_EXTERN PetscErrorCode CostateProblemDestroy(CostateProblem *);

PETSC_EXTERN PetscErrorCode CostateProblemGetTS(CostateProblem, TS *);
PETSC_EXTERN PetscErrorCode CostateProblemGetInitialState(CostateProblem, Vec *);
PETSC_EXTERN PetscErrorCode CostateProblemGetParameters(CostateProblem, Vec *);
PETSC_EXTERN PetscErrorCode CostateProblemGetInitialConditionJacobian(CostateProblem, Mat *);
PETSC_EXTERN PetscErrorCode CostateProblemParametersChanged(CostateProblem);
PETSC_EXTERN PetscErrorCode CostateProblemGetVariant(CostateProblem, PetscInt, const char **);
PETSC_EXTERN PetscErrorCode CostateProblemHeeds(CostateProblem, const char[], const char[], PetscBool *);
PETSC_EXTERN PetscErrorCode CostateProblemGetKnown(CostateProblem, PetscBool *, const char **, Vec *, Vec *);
PETSC_EXTERN PetscErrorCode CostateProblemReduceGradient(CostateProblem, Vec);

PETSC_EXTERN PetscErrorCode CostateProblemGetCost(CostateProblem, CostateCostKind *, PetscInt *, const PetscReal *[]);
PETSC_EXTERN PetscErrorCode CostateProblemComputeCost(CostateProblem, PetscReal, Vec, PetscReal *);
PETSC_EXTERN PetscErrorCode CostateProblemComputeCostGradient(CostateProblem, PetscReal, Vec, Vec, Vec);
PETSC_EXTERN PetscErrorCode CostateProblemSetCostate(CostateProblem, Costate);

#endif
