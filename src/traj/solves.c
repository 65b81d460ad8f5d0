/* SPDX-License-Identifier: BSD-2-Clause */
/*
  The linear solves of the TS's own KSP, counted: those of the run, of repeated steps and of adjoint steps.

  For the time of a step two functions stand before those of the application (KSPSetPreSolve(), KSPSetPostSolve(); for
  Eisenstat and Walker SNES has its own there).  They look at the preconditioner before the solver sets it up and after
  the solve, and so see every set-up without being in its way, whatever the PC is or becomes.
*/
#include "trajimpl.h"
#include <petsc/private/kspimpl.h>
#include <petsc/private/pcimpl.h>
#include <costate/pc.h>

/* What tells that a PC was set up: the state of its matrix then, or the count of the inner ones, which come late. */
static PetscErrorCode Look(KSP ksp, CostateSetUps *s)
{
  PC        pc;
  PetscBool counts;

  PetscFunctionBegin;
  PetscCall(KSPGetPC(ksp, &pc));
  PetscCall(PetscObjectGetId((PetscObject)pc, &s->pc));
  PetscCall(PetscObjectTypeCompare((PetscObject)pc, PCTRANSPOSABLE, &counts));
  s->inner[0] = s->inner[1] = -1;
  if (counts) PetscCall(PCTransposableGetSetUps(pc, &s->inner[0], &s->inner[1]));
  s->state = pc->setupcalled ? pc->matstate : -1;
  PetscFunctionReturn(PETSC_SUCCESS);
}

static PetscInt SetUpsBetween(const CostateSetUps *a, const CostateSetUps *b)
{
  if (a->pc != b->pc) return 1;
  if (a->inner[0] >= 0 && b->inner[0] >= 0) return b->inner[0] - a->inner[0] + b->inner[1] - a->inner[1];
  return a->state != b->state;
}

static PetscErrorCode PreSolve(KSP ksp, Vec b, Vec x, void *ctx)
{
  CostateTraj tr = (CostateTraj)ctx;

  PetscFunctionBegin;
  if (tr->watch.pre) PetscCall((*tr->watch.pre)(ksp, b, x, tr->watch.prectx));
  if (tr->watch.phase == COSTATE_SOLVES_ADJOINT && ksp->transpose_solve) PetscCall(CostateLagBefore(tr, ksp));
  PetscCall(Look(ksp, &tr->watch.before));
  PetscFunctionReturn(PETSC_SUCCESS);
}

static PetscErrorCode PostSolve(KSP ksp, Vec b, Vec x, void *ctx)
{
  CostateTraj    tr = (CostateTraj)ctx;
  CostateSolves *s  = &tr->solves[tr->watch.phase];
  CostateSetUps  now;
  PetscInt       its;

  PetscFunctionBegin;
  PetscCall(Look(ksp, &now));
  PetscCall(KSPGetIterationNumber(ksp, &its));
  s->solves++;
  s->iterations += its;
  s->setups += SetUpsBetween(&tr->watch.before, &now);
  if (tr->watch.post) PetscCall((*tr->watch.post)(ksp, b, x, tr->watch.postctx));
  if (tr->watch.phase == COSTATE_SOLVES_ADJOINT && ksp->transpose_solve)
    PetscCall(CostateTransposedAfter(tr, ksp, b, x));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* A step begins. */
PetscErrorCode CostateSolvesWatch(CostateTraj tr, TS ts, CostateSolvesPhase phase)
{
  SNES snes;
  KSP  ksp;

  PetscFunctionBegin;
  PetscCall(CostateSolvesLeave(tr)); /* a step that failed has left it */
  if (!ts->usessnes) PetscFunctionReturn(PETSC_SUCCESS);
  PetscCall(TSGetSNES(ts, &snes));
  PetscCall(SNESGetKSP(snes, &ksp));
  PetscCall(PetscObjectReference((PetscObject)ksp));
  tr->watch.ksp     = ksp;
  tr->watch.phase   = phase;
  tr->watch.pre     = ksp->presolve;
  tr->watch.prectx  = ksp->prectx;
  tr->watch.post    = ksp->postsolve;
  tr->watch.postctx = ksp->postctx;
  PetscCall(KSPSetPreSolve(ksp, PreSolve, tr));
  PetscCall(KSPSetPostSolve(ksp, PostSolve, tr));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* It is over; what the application has set meanwhile stays. */
PetscErrorCode CostateSolvesLeave(CostateTraj tr)
{
  KSP ksp = tr->watch.ksp;

  PetscFunctionBegin;
  if (!ksp) PetscFunctionReturn(PETSC_SUCCESS);
  if (ksp->presolve == PreSolve && ksp->prectx == tr) PetscCall(KSPSetPreSolve(ksp, tr->watch.pre, tr->watch.prectx));
  if (ksp->postsolve == PostSolve && ksp->postctx == tr)
    PetscCall(KSPSetPostSolve(ksp, tr->watch.post, tr->watch.postctx));
  PetscCall(KSPDestroy(&tr->watch.ksp));
  PetscFunctionReturn(PETSC_SUCCESS);
}
