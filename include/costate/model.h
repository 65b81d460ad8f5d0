/* SPDX-License-Identifier: BSD-2-Clause */
/*
  A model: the products of the derivatives of the residual

    R(t,u,u',p) = F(t,u,u',p) - G(t,u,p) = 0          u' = f(t,u,p) is F = u', G = f

  that continuous adjoints are made of, for whatever a TS was given: TSSetRHSFunction(), TSSetIFunction(), or both.

  A point (t, u, u') is set, and products are taken there.  Jacobians are evaluated once for a point, when they are
  needed first, in matrices of the model's own: those of the TS and what PETSc believes to be in them are left alone.
*/
#ifndef COSTATE_MODEL_H
#define COSTATE_MODEL_H

#include <petscts.h>

typedef struct _n_CostateModel *CostateModel;

/* What a TS is said to hold whose IJacobian is made of differences */
#define COSTATE_DIFFERENCES "costate_differences"

typedef struct {
  PetscInt f, jacobians, jtv, jptv;
} CostateModelCounts;

PETSC_EXTERN PetscErrorCode CostateModelCreate(TS, Vec u, const char prefix[], CostateModel *);
PETSC_EXTERN PetscErrorCode CostateModelRefresh(CostateModel);
PETSC_EXTERN PetscErrorCode CostateModelDestroy(CostateModel *);
PETSC_EXTERN PetscErrorCode CostateModelGetCounts(CostateModel, CostateModelCounts *);
/* Whether u' = f(t,u,p) with nothing on the left: M = I. */
PETSC_EXTERN PetscErrorCode CostateModelIsExplicit(CostateModel, PetscBool *);
/* Whether M is singular: there are algebraic equations. */
PETSC_EXTERN PetscErrorCode CostateModelIsDAE(CostateModel, PetscBool *);
/* An error if M is not the same at the point as it was at the first. */
PETSC_EXTERN PetscErrorCode CostateModelCheckMass(CostateModel);
PETSC_EXTERN PetscErrorCode CostateModelSetPoint(CostateModel, PetscReal t, Vec u, Vec udot);
/* out = R_u^T v, R_u v, M^T v, M v, R_p^T v, R_p v with M = F_u' */
PETSC_EXTERN PetscErrorCode CostateModelMultRuTranspose(CostateModel, Vec v, Vec out);
PETSC_EXTERN PetscErrorCode CostateModelMultRu(CostateModel, Vec v, Vec out);
PETSC_EXTERN PetscErrorCode CostateModelMultMTranspose(CostateModel, Vec v, Vec out);
PETSC_EXTERN PetscErrorCode CostateModelMultM(CostateModel, Vec v, Vec out);
PETSC_EXTERN PetscErrorCode CostateModelMultRpTranspose(CostateModel, Vec v, Vec out);
PETSC_EXTERN PetscErrorCode CostateModelMultRp(CostateModel, Vec v, Vec out);
/* out = column j of R_p */
PETSC_EXTERN PetscErrorCode CostateModelGetRp(CostateModel, PetscInt j, Vec out);
/* The residual, and the slope u' that belongs to (t,u) */
PETSC_EXTERN PetscErrorCode CostateModelResidual(CostateModel, PetscReal t, Vec u, Vec udot, Vec r);
PETSC_EXTERN PetscErrorCode CostateModelSlope(CostateModel, PetscReal t, Vec u, Vec udot);
/*
  The slope without a model at hand.  known: whether there are the Jacobians that it takes, assembled where there is an
  I-function; else udot is left as it is.  With an I-function each call finds M = F_u' at this point and solves with it.
 */
PETSC_EXTERN PetscErrorCode CostateModelSlopeOf(TS, const char prefix[], PetscReal t, Vec u, Vec udot,
                                                PetscBool *known);
/* (shift M + R_u)^T at the point, assembled: operator and what preconditioners are made of.  It belongs to the model.
 */
PETSC_EXTERN PetscErrorCode CostateModelGetTransposed(CostateModel, PetscReal shift, Mat *A, Mat *P);
/* The same, not transposed. */
PETSC_EXTERN PetscErrorCode CostateModelGetShifted(CostateModel, PetscReal shift, Mat *A, Mat *P);
/*
  lambda of w = dG/du: M^T lambda = w.  For a DAE dG/du with respect to algebraic components is taken up by the
  algebraic equations; mu, if given, gets what the parameters in these do to the cost.
*/
PETSC_EXTERN PetscErrorCode CostateModelStart(CostateModel, Vec w, Vec gu, Vec lambda, Vec mu);

#endif
