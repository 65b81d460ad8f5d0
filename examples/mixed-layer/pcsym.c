/* SPDX-License-Identifier: BSD-2-Clause */
/* BoomerAMG for symmetric operators, with a transposed application that can be trusted.

   PCApplyTranspose() of PETSc's hypre interface swaps its two vectors before 3.23.5: the transposed solve of the
   adjoint then "converges" at once and lambda is zero without a word. A PCSHELL around it mends that: the matrix is
   symmetric, so an approximate inverse of A is an approximate inverse of A^T, and the transposed application is the
   plain one. It checks the symmetry on which this rests each time the matrix changes. (An unsymmetric operator would
   need a second hypre object that is set up with an explicit transpose.) */
#include <petscksp.h>
#include "pcsym.h"

static PetscErrorCode Apply(PC pc, Vec x, Vec y)
{
  PC inner;

  PetscFunctionBeginUser;
  PetscCall(PCShellGetContext(pc, &inner));
  PetscCall(PCApply(inner, x, y));
  PetscFunctionReturn(0);
}

static PetscErrorCode SetUp(PC pc)
{
  PC        inner;
  Mat       P;
  PetscReal norm;
  PetscBool symmetric;

  PetscFunctionBeginUser;
  PetscCall(PCShellGetContext(pc, &inner));
  PetscCall(PCGetOperators(pc, NULL, &P));
  PetscCall(MatNorm(P, NORM_INFINITY, &norm));
  PetscCall(MatIsTranspose(P, P, 1e-14 * norm, &symmetric));
  PetscCheck(symmetric, PetscObjectComm((PetscObject)pc), PETSC_ERR_ARG_WRONG,
             "The preconditioner's matrix is not symmetric: its transposed application would be wrong");
  PetscCall(PCSetOperators(inner, P, P));
  PetscCall(PCSetUp(inner));
  PetscFunctionReturn(0);
}

static PetscErrorCode Destroy(PC pc)
{
  PC inner;

  PetscFunctionBeginUser;
  PetscCall(PCShellGetContext(pc, &inner));
  PetscCall(PCDestroy(&inner));
  PetscFunctionReturn(0);
}

PetscErrorCode PCSetUpSymmetricHypre(PC pc, const char prefix[])
{
  PC  inner, amg;
  KSP ksp;

  PetscFunctionBeginUser;
  PetscCall(PCCreate(PetscObjectComm((PetscObject)pc), &inner));
  PetscCall(PCSetOptionsPrefix(inner, prefix));
  PetscCall(
      PCSetType(inner,
                PCREDISTRIBUTE)); /* takes the land's lone diagonal entries out, and shares the ocean out evenly */
  PetscCall(PCRedistributeGetKSP(inner, &ksp));
  PetscCall(KSPSetType(ksp, KSPPREONLY));
  PetscCall(KSPGetPC(ksp, &amg));
  PetscCall(PCSetType(amg, PCHYPRE));
  PetscCall(PCHYPRESetType(amg, "boomeramg"));
  PetscCall(PCSetFromOptions(inner));
  PetscCall(PCSetType(pc, PCSHELL));
  PetscCall(PCShellSetContext(pc, inner));
  PetscCall(PCShellSetName(pc, "hypre BoomerAMG of a symmetric operator"));
  PetscCall(PCShellSetSetUp(pc, SetUp));
  PetscCall(PCShellSetApply(pc, Apply));
  PetscCall(PCShellSetApplyTranspose(pc, Apply));
  PetscCall(PCShellSetDestroy(pc, Destroy));
  PetscFunctionReturn(0);
}
