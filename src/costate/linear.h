/* SPDX-License-Identifier: BSD-2-Clause */
/*
  The linear systems at a state of rest: with the Jacobian J = R_u, for tangents, and with its transpose, for adjoints.

  The matrices and solvers stay from one state to the next.  A preconditioner is set up when it is first needed and when
  there are other numbers in the matrix that it is made of.
*/
#ifndef COSTATE_LINEAR_H
#define COSTATE_LINEAR_H

#include "costateimpl.h"
#include <costate/model.h>

typedef struct {
  KSP       ksp;
  PetscBool current; /* its matrices are those of the point */
  PetscBool valid;   /* the preconditioner is that of the matrices of which `of` was taken */
  PetscBool reuse;   /* the user's -..._ksp_reuse_preconditioner */
  uint64_t  of[2];
  PetscInt  setups;
} CostateLinearSide;

typedef struct _n_CostateLinear {
  Costate           cs;
  CostateModel      model; /* its point is the one that was set */
  PetscReal         t;
  Vec               u, zero, work;
  uint64_t          now[2];  /* of the operator, and of what preconditioners are made of */
  PetscBool         seen[2]; /* a type that can be looked into */
  CostateLinearSide side[2]; /* with J, with its transpose */
} * CostateLinear;

PETSC_INTERN PetscErrorCode CostateLinearCreate(Costate, CostateLinear *);
PETSC_INTERN PetscErrorCode CostateLinearDestroy(CostateLinear *);
PETSC_INTERN PetscErrorCode CostateLinearSet(CostateLinear, PetscReal t, Vec u);
/*
  J x = b or J^T x = b; b loses what is not in the range, if null spaces are known.  why: empty, or a sentence without
  its end, what the solver did and what to do.
*/
PETSC_INTERN PetscErrorCode CostateLinearSolve(CostateLinear, PetscBool transpose, Vec b, Vec x, char why[],
                                               size_t size);
PETSC_INTERN PetscErrorCode CostateLinearView(CostateLinear, PetscViewer);

/*
  steadyproducts.c, with a vector to work in.  out = du/dp in, or its transpose; and dG/dp of all costs by a solve for
  each parameter, into mu, with error: of the costs by what is left of the residual.  at: where it failed; -1: there.
*/
PETSC_INTERN PetscErrorCode CostateSteadyTangent(CostateLinear, PetscBool transpose, Vec in, Vec out, Vec work,
                                                 char why[], size_t size);
/* By how much the Jacobian is not the derivative of the residual, along a random direction; relative */
PETSC_INTERN PetscErrorCode CostateSteadyDerivative(CostateLinear, Vec work, PetscReal *off);
PETSC_INTERN PetscErrorCode CostateSteadyForward(CostateLinear, Vec work, PetscReal error[], PetscInt *at, char why[],
                                                 size_t size);

/* steadyhessian.c: h = G'' v of cost j, whose adjoint is eta */
typedef struct {
  CostateModel model; /* of states nearby */
  Vec          u, u0, wu[2], tu, s, w, p, wp[2], tp;
} CostateSteadyProbe;
PETSC_INTERN PetscErrorCode CostateSteadyHessian(CostateLinear, CostateSteadyProbe *, PetscInt j, Vec eta, Vec v, Vec h,
                                                 Vec work, char why[], size_t size);
PETSC_INTERN PetscErrorCode CostateSteadyProbeDestroy(CostateSteadyProbe *);

#endif
