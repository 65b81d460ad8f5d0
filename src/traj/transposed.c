/* SPDX-License-Identifier: BSD-2-Clause */
/*
  The transposed linear solves of TSAdjointSolve().

  What a preconditioner does to a transposed system few people look at: before PETSc 3.23.5 BoomerAMG's gives 0, and the
  Krylov method, which sees the world through it, reports that it has converged.
*/
#include "trajimpl.h"
#include <petsc/private/kspimpl.h>
#include <petsc/private/pcimpl.h>
#include <costate/pc.h>

#define EW_RTOL 1e-5 /* where Eisenstat and Walker choose, whose tolerances are those of Newton's method */

/* Before PETSc 3.23.5 PCApplyTranspose() of BoomerAMG swaps its vectors: lambda comes out as 0, without an error. */
static PetscErrorCode CheckHypre(TS ts)
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

PetscErrorCode CostateTransposedCheckType(CostateTraj tr, TS ts)
{
  SNES snes;
  KSP  ksp;
  PC   pc;

  PetscFunctionBegin;
  PetscCall(CheckHypre(ts));
  if (!ts->usessnes) PetscFunctionReturn(PETSC_SUCCESS);
  PetscCall(TSGetSNES(ts, &snes));
  PetscCall(SNESGetKSP(snes, &ksp));
  PetscCall(KSPGetPC(ksp, &pc));
  PetscCall(CostateLagCheck(tr, pc));
  PetscCheck(tr->transposed_lag <= 1 || (tr->commit < 0 && !tr->walltime && !tr->resume),
             PetscObjectComm((PetscObject)ts), PETSC_ERR_ARG_INCOMP,
             "-ts_trajectory_costate_transposed_lag %" PetscInt_FMT
             " keeps the preconditioner of one adjoint step for others, and a run that goes on from a commit does not "
             "have it, "
             "so that its last bits would be others: leave that option out, or -ts_trajectory_costate_%s",
             tr->transposed_lag,
             tr->resume       ? "resume"
             : tr->commit < 0 ? "walltime"
                              : "commit");
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* The tolerance that the solver has without Eisenstat and Walker, who leave theirs in it. */
PetscErrorCode CostateTransposedStart(CostateTraj tr, TS ts)
{
  SNES snes;
  KSP  ksp;

  PetscFunctionBegin;
  CostateLagReset(tr);
  if (!ts->usessnes) PetscFunctionReturn(PETSC_SUCCESS);
  PetscCall(TSGetSNES(ts, &snes));
  PetscCall(SNESGetKSP(snes, &ksp));
  if (!tr->first_rtol) PetscCall(KSPGetTolerances(ksp, &tr->first_rtol, NULL, NULL, NULL));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/*
  A Jacobian that the steps of the run use for longer than one of them (lagjacobian) is put aside for the adjoint step,
  which fills the matrix with its own, and put back.  Not those without numbers.
*/
static PetscErrorCode KeepJacobian(CostateAdjointSolver *s, TS ts, SNES snes)
{
  PetscFunctionBegin;
  if (s->lag_jacobian == 1) PetscFunctionReturn(PETSC_SUCCESS);
  PetscCall(SNESGetJacobian(snes, &s->jacobian[0], &s->jacobian[1], NULL, NULL));
  if (s->jacobian[0] == s->jacobian[1]) s->jacobian[1] = NULL;
  for (int i = 0; i < 2; i++) {
    PetscBool can = PETSC_FALSE;

    PetscCall(MatDestroy(&s->kept[i]));
    if (s->jacobian[i]) PetscCall(MatAssembled(s->jacobian[i], &can));
    if (can) PetscCall(MatHasOperation(s->jacobian[i], MATOP_DUPLICATE, &can));
    if (can) PetscCall(MatHasOperation(s->jacobian[i], MATOP_COPY, &can));
    if (can) PetscCall(MatDuplicate(s->jacobian[i], MAT_COPY_VALUES, &s->kept[i]));
  }
  s->rhs.id    = ts->rhsjacobian.Xid;
  s->rhs.state = ts->rhsjacobian.Xstate;
  s->rhs.time  = ts->rhsjacobian.time;
  s->rhs.scale = ts->rhsjacobian.scale;
  s->rhs.shift = ts->rhsjacobian.shift;
  PetscFunctionReturn(PETSC_SUCCESS);
}

static PetscErrorCode PutJacobianBack(CostateAdjointSolver *s, TS ts)
{
  Mat rhs;

  PetscFunctionBegin;
  PetscCall(TSGetRHSJacobian(ts, &rhs, NULL, NULL, NULL));
  for (int i = 0; i < 2; i++) {
    if (!s->kept[i]) continue;
    PetscCall(MatCopy(s->kept[i], s->jacobian[i], SAME_NONZERO_PATTERN));
    PetscCall(MatDestroy(&s->kept[i]));
    if (s->jacobian[i] != rhs) continue;
    ts->rhsjacobian.Xid    = s->rhs.id;
    ts->rhsjacobian.Xstate = s->rhs.state;
    ts->rhsjacobian.time   = s->rhs.time;
    ts->rhsjacobian.scale  = s->rhs.scale;
    ts->rhsjacobian.shift  = s->rhs.shift;
  }
  PetscFunctionReturn(PETSC_SUCCESS);
}

/*
  What SNES lags and loosens from one Newton iteration to the next, it would lag and loosen here by the number of
  iterations that the last step happened to take: the Jacobian would be that of another state and lambda wrong, and all
  would depend on which steps were repeated.
*/
PetscErrorCode CostateTransposedBegin(CostateTraj tr, TS ts)
{
  CostateAdjointSolver *s = &tr->adjoint_solver;
  SNES                  snes;
  PC                    pc;
  PetscReal             rtol;

  PetscFunctionBegin;
  if (!ts->usessnes) PetscFunctionReturn(PETSC_SUCCESS);
  PetscCall(CostateSolvesWatch(tr, ts, COSTATE_SOLVES_ADJOINT));
  PetscCall(TSGetSNES(ts, &snes));
  PetscCall(SNESGetLagJacobian(snes, &s->lag_jacobian));
  PetscCall(SNESGetLagPreconditioner(snes, &s->lag_preconditioner));
  PetscCall(SNESKSPGetUseEW(snes, &s->ew));
  PetscCall(KeepJacobian(s, ts, snes));
  PetscCall(SNESSetLagJacobian(snes, 1));
  s->blocks = PETSC_FALSE;
  if (s->lag_preconditioner > 1) {
    PetscCall(SNESSetLagPreconditioner(snes, 1));
    PetscCall(KSPGetPC(tr->watch.ksp, &pc));
    PetscCall(CostatePCReuseBlocks(pc, &s->blocks));
  }
  if (s->ew) PetscCall(SNESKSPSetUseEW(snes, PETSC_FALSE));
  PetscCall(KSPGetTolerances(tr->watch.ksp, &s->rtol, &s->abstol, &s->dtol, &s->max_it));
  rtol = tr->transposed_rtol;
  if (!(rtol > 0)) rtol = s->ew ? PetscMin(tr->first_rtol, EW_RTOL) : s->rtol;
  if (rtol != s->rtol) PetscCall(KSPSetTolerances(tr->watch.ksp, rtol, s->abstol, s->dtol, s->max_it));
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode CostateTransposedEnd(CostateTraj tr, TS ts)
{
  CostateAdjointSolver *s = &tr->adjoint_solver;
  SNES                  snes;
  PC                    pc;

  PetscFunctionBegin;
  if (!ts->usessnes) PetscFunctionReturn(PETSC_SUCCESS);
  PetscCall(TSGetSNES(ts, &snes));
  PetscCall(PutJacobianBack(s, ts));
  PetscCall(SNESSetLagJacobian(snes, s->lag_jacobian));
  if (s->lag_preconditioner > 1) {
    PetscCall(KSPGetPC(tr->watch.ksp, &pc));
    PetscCall(CostatePCReuseBlocks(pc, &s->blocks));
  }
  PetscCall(SNESSetLagPreconditioner(snes, s->lag_preconditioner == -2 ? -1 : s->lag_preconditioner));
  PetscCall(SNESKSPSetUseEW(snes, s->ew));
  PetscCall(KSPSetTolerances(tr->watch.ksp, s->rtol, s->abstol, s->dtol, s->max_it));
  PetscCall(CostateSolvesLeave(tr));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* A transposed solve of an adjoint step is over. */
PetscErrorCode CostateTransposedAfter(CostateTraj tr, KSP ksp, Vec b, Vec x)
{
  KSPConvergedReason reason;
  PetscReal          residual;
  PetscBool          lies = PETSC_FALSE, repeat;
  PC                 pc;
  PCType             type;

  PetscFunctionBegin;
  PetscCall(KSPGetConvergedReason(ksp, &reason));
  if (tr->transposed_check) {
    /* a vector of the solver's own, between two solves, so that memory does not grow */
    if (!ksp->nwork && !tr->watch.work) PetscCall(VecDuplicate(b, &tr->watch.work));
    PetscCall(CostateKSPLies(ksp, PETSC_TRUE, b, x, ksp->nwork ? ksp->work[0] : tr->watch.work, &residual, &lies));
  }
  PetscCall(CostateLagAfter(tr, ksp, (PetscBool)(reason < 0 || lies), &repeat));
  if (repeat) {
    PetscCall(KSPSolveTranspose(ksp, b, x));
    PetscFunctionReturn(PETSC_SUCCESS);
  }
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
