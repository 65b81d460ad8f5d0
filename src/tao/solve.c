/* SPDX-License-Identifier: BSD-2-Clause */
/*
  Between TAO and the application.  TaoSolve() of a Tao with a tape runs with the application's routines replaced, from
  the beginning of the method to its end, so that it does not matter when the application sets them.

  The private header is needed because nothing public tells when a solve begins.
*/
#include "tape.h"
#include <petsc/private/taoimpl.h>

static PetscErrorCode Value(Tao tao, Vec x, PetscReal *f, void *ctx)
{
  CostateTape t = (CostateTape)ctx;

  PetscFunctionBegin;
  if (t->depth)
    PetscCall(t->value(tao, x, f, t->value_ctx));
  else
    PetscCall(CostateTapeEvaluate(t, COSTATE_VALUE, x, f, NULL));
  PetscFunctionReturn(0);
}

static PetscErrorCode Slope(Tao tao, Vec x, Vec g, void *ctx)
{
  CostateTape t = (CostateTape)ctx;

  PetscFunctionBegin;
  if (t->depth)
    PetscCall(t->slope(tao, x, g, t->slope_ctx));
  else
    PetscCall(CostateTapeEvaluate(t, COSTATE_SLOPE, x, NULL, g));
  PetscFunctionReturn(0);
}

static PetscErrorCode Both(Tao tao, Vec x, PetscReal *f, Vec g, void *ctx)
{
  CostateTape t = (CostateTape)ctx;

  PetscFunctionBegin;
  if (t->depth)
    PetscCall(t->both(tao, x, f, g, t->both_ctx));
  else
    PetscCall(CostateTapeEvaluate(t, COSTATE_BOTH, x, f, g));
  PetscFunctionReturn(0);
}

/* It may use what an evaluation left behind, and an evaluation from the tape leaves nothing. */
static PetscErrorCode Hessian(Tao tao, Vec x, Mat H, Mat P, void *ctx)
{
  CostateTape t = (CostateTape)ctx;

  PetscFunctionBegin;
  PetscCheck(
      t->pure, PetscObjectComm((PetscObject)tao), PETSC_ERR_SUP,
      "The method asks for a Hessian, which is not on the tape, so that a resumed program computes it again. If the "
      "routine of this application depends on x alone, and on nothing that the last evaluation left behind, say so "
      "with -tao_costate_pure; else choose a method that needs values and gradients only");
  t->depth++;
  PetscCall(t->hessian(tao, x, H, P, t->hessian_ctx));
  t->depth--;
  PetscFunctionReturn(0);
}

/* The application's own routine. */
PetscErrorCode CostateTapeCompute(CostateTape t, CostateKind kind, Vec x, PetscReal *f, Vec g)
{
  PetscFunctionBegin;
  t->depth++;
  if (kind == COSTATE_VALUE)
    PetscCall(t->value(t->tao, x, f, t->value_ctx));
  else if (kind == COSTATE_SLOPE)
    PetscCall(t->slope(t->tao, x, g, t->slope_ctx));
  else
    PetscCall(t->both(t->tao, x, f, g, t->both_ctx));
  t->depth--;
  PetscFunctionReturn(0);
}

/* PETSc's differences are made of values and gradients of this Tao, which are on the tape one by one. */
static PetscBool OwnHessian(CostateHessian *h)
{
  return (PetscBool)(h && h != TaoDefaultComputeHessian && h != TaoDefaultComputeHessianColor &&
                     h != TaoDefaultComputeHessianMFFD);
}

static PetscErrorCode Install(CostateTape t)
{
  Tao tao = t->tao;

  PetscFunctionBegin;
  PetscCall(TaoGetObjective(tao, &t->value, &t->value_ctx));
  PetscCall(TaoGetGradient(tao, NULL, &t->slope, &t->slope_ctx));
  PetscCall(TaoGetObjectiveAndGradient(tao, NULL, &t->both, &t->both_ctx));
  PetscCall(TaoGetHessian(tao, NULL, NULL, &t->hessian, &t->hessian_ctx));
  if (t->slope == TaoDefaultComputeGradient) t->slope = NULL; /* TAO compares with it */
  if (!OwnHessian(t->hessian)) t->hessian = NULL;
  if (t->value) PetscCall(TaoSetObjective(tao, Value, t));
  if (t->slope) PetscCall(TaoSetGradient(tao, NULL, Slope, t));
  if (t->both) PetscCall(TaoSetObjectiveAndGradient(tao, NULL, Both, t));
  if (t->hessian) PetscCall(TaoSetHessian(tao, NULL, NULL, Hessian, t));
  PetscFunctionReturn(0);
}

static PetscErrorCode Remove(CostateTape t)
{
  Tao tao = t->tao;

  PetscFunctionBegin;
  if (t->value) PetscCall(TaoSetObjective(tao, t->value, t->value_ctx));
  if (t->slope) PetscCall(TaoSetGradient(tao, NULL, t->slope, t->slope_ctx));
  if (t->both) PetscCall(TaoSetObjectiveAndGradient(tao, NULL, t->both, t->both_ctx));
  if (t->hessian) PetscCall(TaoSetHessian(tao, NULL, NULL, t->hessian, t->hessian_ctx));
  PetscFunctionReturn(0);
}

/* What else a method may ask the application for. */
static PetscErrorCode Others(CostateTape t)
{
  const struct _TaoOps *ops  = t->tao->ops;
  const char           *what = NULL;

  PetscFunctionBegin;
  if (ops->computeresidual) what = "residuals";
  if (ops->computeconstraints || ops->computeequalityconstraints || ops->computeinequalityconstraints)
    what = "constraints";
  PetscCheck(
      !what || t->pure, PetscObjectComm((PetscObject)t->tao), PETSC_ERR_SUP,
      "This application gives TAO %s, which are not on the tape, so that a resumed program computes them again. If "
      "they and their derivatives depend on x alone, and on nothing that the last evaluation left behind, say so "
      "with -tao_costate_pure; else run without -tao_costate_tape",
      what);
  PetscFunctionReturn(0);
}

static PetscErrorCode Solve(Tao tao)
{
  CostateTape t;
  Vec         x;

  PetscFunctionBegin;
  PetscCall(CostateTapeFind(tao, &t));
  PetscCall(Others(t));
  PetscCall(TaoGetSolution(tao, &x));
  t->solving = PETSC_TRUE;
  if (!t->store) PetscCall(CostateTapeOpen(t, x));
  PetscCall(Install(t));
  PetscCall(t->solve(tao));
  PetscCall(Remove(t));
  t->solving = PETSC_FALSE;
  PetscFunctionReturn(0);
}

static PetscErrorCode View(Tao tao, PetscViewer viewer)
{
  CostateTape t;

  PetscFunctionBegin;
  PetscCall(CostateTapeFind(tao, &t));
  if (t->view) PetscCall(t->view(tao, viewer));
  PetscCall(CostateTaoView(tao, viewer));
  PetscFunctionReturn(0);
}

/* Stands between TaoSolve() and the method that the Tao has now. */
PetscErrorCode CostateTapeHook(CostateTape t)
{
  TaoOps ops = t->tao->ops;

  PetscFunctionBegin;
  if (!t->dir || !ops->solve || ops->solve == Solve) PetscFunctionReturn(0);
  t->solve   = ops->solve;
  t->view    = ops->view;
  ops->solve = Solve;
  ops->view  = View;
  PetscFunctionReturn(0);
}
