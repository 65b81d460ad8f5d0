/* SPDX-License-Identifier: BSD-2-Clause */
/* What a model is made of: model.c evaluates, modelmult.c multiplies and solves with it, modelshell.c does so by
 * products alone. */
#ifndef COSTATE_MODELIMPL_H
#define COSTATE_MODELIMPL_H

#include "../base/compat.h"
#include <petsc/private/petscimpl.h>
#include <costate.h>
#include <costate/model.h>

struct _n_CostateModel {
  TS                 ts;
  MPI_Comm           comm;
  TSRHSFunction      rhs;
  TSRHSJacobian      rhsjac;
  TSIFunction        ifunction;
  TSIJacobian        ijac;
  void              *rhsctx, *ijacctx, *rhsjacctx;
  Mat                Ar, Br;        /* the Jacobian of G and what its preconditioner is made of */
  Mat                Ai, Bi;        /* that of F, with shift 0 */
  Mat                M;             /* NULL: the identity */
  Mat                J1, B1;        /* with shift 1, to see that M is constant */
  Vec                probe, probed; /* and what M makes of it */
  Mat                Jp[2];         /* of TSSetRHSJacobianP(), TSSetIJacobianP(); not ours */
  Mat                S, SP, T, TP;  /* shifted, and its transpose */
  PetscObjectState   pattern[2];    /* of what the transposes were made of */
  Mat                K, KT;         /* M, with the algebraic rows of R_u where M has none */
  KSP                ksp, kspt;
  Vec                algebraic, columns; /* 1 on the rows of M that are zero, on the columns; else 0 */
  PetscBool          constant_rhs, dae, have_mass;
  PetscBool          shell_r, shell_i; /* Ar, Ai are known by their products only */
  PetscInt           at;               /* counts the points */
  PetscReal          t;
  Vec                u, udot, work, work2, zero;
  PetscBool          have_r, have_i, have_k, have_p;
  const char        *prefix;
  CostateModelCounts counts;
};

/* The Jacobians of G and of F, the latter with shift 0, at the point, and M, unless they are there. */
PETSC_INTERN PetscErrorCode CostateModelNeedR(CostateModel);
PETSC_INTERN PetscErrorCode CostateModelNeedI(CostateModel);
PETSC_INTERN PetscErrorCode CostateModelNeedMass(CostateModel);
/* modelshell.c: whether a matrix is known by its products only, and what can be had then */
PETSC_INTERN PetscErrorCode CostateModelIsShell(Mat, PetscBool *);
PETSC_INTERN PetscErrorCode CostateModelDuplicate(Mat, Mat *);
PETSC_INTERN PetscErrorCode CostateModelCheckTransposed(CostateModel, Mat);
PETSC_INTERN PetscErrorCode CostateModelShell(CostateModel, PetscBool transpose, PetscReal shift, Mat *);

#endif
