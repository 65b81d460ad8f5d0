/* SPDX-License-Identifier: BSD-2-Clause */
/* What a model is made of: model.c evaluates, modelmult.c multiplies and solves with it. */
#ifndef COSTATE_MODELIMPL_H
#define COSTATE_MODELIMPL_H

#include "../base/compat.h"
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
  Mat                Ar, Br; /* the Jacobian of G and what its preconditioner is made of */
  Mat                Ai, Bi; /* that of F, with shift 0 */
  Mat                M;      /* NULL: the identity */
  Mat                J1, B1; /* with shift 1, to see that M is constant */
  Vec                probe;
  Mat                Jp[2];        /* of TSSetRHSJacobianP(), TSSetIJacobianP(); not ours */
  Mat                S, SP, T, TP; /* shifted, and its transpose */
  PetscObjectState   pattern[2];   /* of what the transposes were made of */
  Mat                K, KT;        /* M, with the algebraic rows of R_u where M has none */
  KSP                ksp, kspt;
  Vec                algebraic, columns; /* 1 on the rows of M that are zero, on the columns; else 0 */
  PetscBool          constant_rhs, dae, have_mass;
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

#endif
