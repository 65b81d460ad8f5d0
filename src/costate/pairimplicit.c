/* SPDX-License-Identifier: BSD-2-Clause */
/*
  Implicit steps of a state and its tangent.  A matrix for both halves is never there: with S = shift M + R_u Newton's
  method solves

    S du = r_u ,  S ds = r_s

  and leaves out how R_u s bends with u, so that s is there one iteration after u.  The adjoint has all of it,

    S^T b = r_b ,  S^T a = r_a - (S^T b)'

  Solves with S, and with its assembled transpose, are those of -costate_adjoint_ksp_...
*/
#include "pair.h"

#define ITERATIONS 50
#define CLOSE      1e-12 /* a Newton step that is so small, relative, was the last one */
#define ROUNDING   1e-7  /* or so small, if it is not much smaller than the one before */

static PetscErrorCode Solve(CostatePair *x, PetscBool transpose, Vec b, Vec y)
{
  KSP               *ksp = &x->ksp[transpose ? 1 : 0];
  KSPConvergedReason reason;

  PetscFunctionBegin;
  if (!*ksp) PetscCall(CostateAdjointKSPCreate(x->cs, NULL, ksp));
  PetscCall(CostatePairLinearise(x)); /* a matrix that is known by its products is that of where the model is */
  if (!x->fresh[transpose ? 1 : 0]) {
    Mat A, P;

    PetscCall(transpose ? CostateModelGetTransposed(x->model, x->shift, &A, &P)
                        : CostateModelGetShifted(x->model, x->shift, &A, &P));
    PetscCall(KSPSetOperators(*ksp, A, P));
    x->fresh[transpose ? 1 : 0] = PETSC_TRUE;
  }
  PetscCall(KSPSolve(*ksp, b, y));
  PetscCall(KSPGetConvergedReason(*ksp, &reason));
  PetscCheck(reason >= 0, PetscObjectComm((PetscObject)x->cs), PETSC_ERR_NOT_CONVERGED,
             "A %s solve of a step with the tangent, at t = %g, ended with %s: choose another solver "
             "(-costate_adjoint_ksp_..., -costate_adjoint_pc_...), or -costate_hessian gradients",
             transpose ? "transposed" : "linear", (double)x->t, KSPConvergedReasons[reason]);
  PetscFunctionReturn(PETSC_SUCCESS);
}

static PetscErrorCode Apply(PC pc, Vec r, Vec y)
{
  CostatePair *x;

  PetscFunctionBegin;
  PetscCall(PCShellGetContext(pc, &x));
  for (int i = 0; i < 2; i++) {
    PetscCall(CostatePairHalf(r, i, x->f, PETSC_FALSE));
    PetscCall(Solve(x, PETSC_FALSE, x->f, x->g));
    PetscCall(CostatePairHalf(y, i, x->g, PETSC_TRUE));
  }
  PetscFunctionReturn(PETSC_SUCCESS);
}

static PetscErrorCode ApplyTranspose(PC pc, Vec r, Vec y)
{
  CostatePair *x;

  PetscFunctionBegin;
  PetscCall(PCShellGetContext(pc, &x));
  PetscCall(CostatePairHalf(r, 1, x->f, PETSC_FALSE));
  PetscCall(Solve(x, PETSC_TRUE, x->f, x->b));
  PetscCall(CostatePairHalf(y, 1, x->b, PETSC_TRUE));
  PetscCall(VecZeroEntries(x->wu));
  if (!x->gauss_newton) PetscCall(CostatePairChange(x, NULL, 0, x->wu, NULL));
  PetscCall(CostatePairHalf(r, 0, x->f, PETSC_FALSE));
  PetscCall(VecAXPY(x->f, -1, x->wu));
  PetscCall(Solve(x, PETSC_TRUE, x->f, x->a));
  PetscCall(CostatePairHalf(y, 0, x->a, PETSC_TRUE));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Each half by itself: a tangent may have any size. */
static PetscErrorCode Converged(SNES snes, PetscInt it, PetscReal xnorm, PetscReal ynorm, PetscReal fnorm,
                                SNESConvergedReason *reason, void *ctx)
{
  CostatePair *x   = (CostatePair *)ctx;
  PetscBool    all = PETSC_TRUE;
  Vec          X, Y;

  PetscFunctionBegin;
  (void)xnorm, (void)ynorm;
  *reason = SNES_CONVERGED_ITERATING;
  if (PetscIsInfOrNanReal(fnorm)) *reason = SNES_DIVERGED_FUNCTION_NANORINF;
  if (*reason || !it) PetscFunctionReturn(PETSC_SUCCESS);
  PetscCall(SNESGetSolution(snes, &X));
  PetscCall(SNESGetSolutionUpdate(snes, &Y));
  for (int i = 0; i < 2; i++) {
    PetscReal size, step;

    PetscCall(CostatePairHalf(X, i, x->f, PETSC_FALSE));
    PetscCall(CostatePairHalf(Y, i, x->g, PETSC_FALSE));
    PetscCall(VecNorm(x->f, NORM_2, &size));
    PetscCall(VecNorm(x->g, NORM_2, &step));
    if (step > CLOSE * size && (it < 2 || step > ROUNDING * size || step < x->moved[i] / 4)) all = PETSC_FALSE;
    x->moved[i] = step;
  }
  if (all) *reason = SNES_CONVERGED_SNORM_RELATIVE;
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode CostatePairSetSolver(CostatePair *x, TS ts)
{
  SNES           snes;
  SNESLineSearch search;
  KSP            ksp;
  PC             pc;

  PetscFunctionBegin;
  PetscCall(TSGetSNES(ts, &snes));
  PetscCall(SNESSetType(snes, SNESNEWTONLS));
  PetscCall(SNESGetLineSearch(snes, &search));
  PetscCall(SNESLineSearchSetType(search, SNESLINESEARCHBASIC));
  PetscCall(SNESSetTolerances(snes, PETSC_DEFAULT, PETSC_DEFAULT, PETSC_DEFAULT, ITERATIONS, PETSC_DEFAULT));
  PetscCall(SNESSetConvergenceTest(snes, Converged, x, NULL));
  PetscCall(SNESGetKSP(snes, &ksp));
  PetscCall(KSPSetType(ksp, KSPPREONLY));
  PetscCall(KSPGetPC(ksp, &pc));
  PetscCall(PCSetType(pc, PCSHELL));
  PetscCall(PCShellSetContext(pc, x));
  PetscCall(PCShellSetApply(pc, Apply));
  PetscCall(PCShellSetApplyTranspose(pc, ApplyTranspose));
  PetscFunctionReturn(PETSC_SUCCESS);
}
