/* SPDX-License-Identifier: BSD-2-Clause */
/*
  The transposed linear solves of TSAdjointSolve().

  What a preconditioner does to a transposed system few people look at: before PETSc 3.23.5 BoomerAMG's gives 0, and the
  Krylov method, which sees the world through it, reports that it has converged.
*/
#include "trajimpl.h"
#include <petsc/private/kspimpl.h>
#include <costate/pc.h>

/* Before PETSc 3.23.5 PCApplyTranspose() of BoomerAMG swaps its vectors: lambda comes out as 0, without an error. */
PetscErrorCode CostateTransposedCheckType(TS ts)
{
#if PETSC_VERSION_LT(3, 23, 5) && defined(PETSC_HAVE_HYPRE)
  SNES        snes;
  KSP         ksp;
  PC          pc;
  const char *type  = NULL;
  PetscBool   hypre = PETSC_FALSE;

  PetscFunctionBegin;
  if (!ts->usessnes) PetscFunctionReturn(PETSC_SUCCESS);
  PetscCall(TSGetSNES(ts, &snes));
  PetscCall(SNESGetKSP(snes, &ksp));
  PetscCall(KSPGetPC(ksp, &pc));
  PetscCall(PetscObjectTypeCompare((PetscObject)pc, PCHYPRE, &hypre));
  if (hypre) PetscCall(PCHYPREGetType(pc, &type));
  if (hypre) PetscCall(PetscStrcmp(type ? type : "boomeramg", "boomeramg", &hypre));
  PetscCheck(!hypre, PetscObjectComm((PetscObject)ts), PETSC_ERR_SUP,
             "TSAdjointSolve() would solve with the transpose of BoomerAMG, which in PETSc before 3.23.5 gives lambda "
             "= 0 without an error. Use -pc_type transposable -transposable_pc_type hypre, which solves with the "
             "assembled transpose, another preconditioner, such as -pc_type gamg, or a newer PETSc");
  PetscFunctionReturn(PETSC_SUCCESS);
#else
  (void)ts;
  return PETSC_SUCCESS;
#endif
}

/* A solve is over: the application's function, and ours. */
static PetscErrorCode PostSolve(KSP ksp, Vec b, Vec x, void *ctx)
{
  CostateTraj tr = (CostateTraj)ctx;
  PetscReal   residual;
  PetscBool   lies;
  PC          pc;
  PCType      type;

  PetscFunctionBegin;
  if (tr->post.f) PetscCall((*tr->post.f)(ksp, b, x, tr->post.ctx));
  if (!ksp->transpose_solve) PetscFunctionReturn(PETSC_SUCCESS);
  /* a vector of the solver's own, between two solves, so that memory does not grow */
  if (!ksp->nwork && !tr->post.work) PetscCall(VecDuplicate(b, &tr->post.work));
  PetscCall(CostateKSPLies(ksp, PETSC_TRUE, b, x, ksp->nwork ? ksp->work[0] : tr->post.work, &residual, &lies));
  PetscCall(KSPGetPC(ksp, &pc));
  PetscCall(PCGetType(pc, &type));
  PetscCheck(
      !lies, PetscObjectComm((PetscObject)ksp), PETSC_ERR_NOT_CONVERGED,
      "The transposed solve of adjoint step %" PetscInt_FMT
      " ended with %s, but leaves |b - A^T x| = %.3g |b|: the transpose of its preconditioner, %s, is not what it "
      "should be, or so bad that the solver does not see what is left. Use -pc_type transposable "
      "-transposable_pc_type %s, another one, -ksp_pc_side right with a smaller -ksp_rtol, or, if that is how you "
      "want it, -ts_trajectory_costate_transposed_check 0",
      tr->ts->steps, KSPConvergedReasons[ksp->reason], (double)residual, type, type);
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* An adjoint step begins (on), is over. */
PetscErrorCode CostateTransposedWatch(CostateTraj tr, TS ts, PetscBool on)
{
  SNES snes;
  KSP  ksp;

  PetscFunctionBegin;
  if (!ts->usessnes || !tr->transposed_check) PetscFunctionReturn(PETSC_SUCCESS);
  PetscCall(TSGetSNES(ts, &snes));
  PetscCall(SNESGetKSP(snes, &ksp));
  if (on && ksp->postsolve != PostSolve) {
    tr->post.f   = ksp->postsolve;
    tr->post.ctx = ksp->postctx;
    PetscCall(KSPSetPostSolve(ksp, PostSolve, tr));
  } else if (!on && ksp->postsolve == PostSolve)
    PetscCall(KSPSetPostSolve(ksp, tr->post.f, tr->post.ctx));
  PetscFunctionReturn(PETSC_SUCCESS);
}
