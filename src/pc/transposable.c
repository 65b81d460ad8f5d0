/* SPDX-License-Identifier: BSD-2-Clause */
/*
  PCTRANSPOSABLE: one inner PC on the matrix and one on its transpose, each made when it is first applied.

  An inner PC is set up again only if the outer one is, so that what the solver lags or reuses is lagged and reused
  here, and only if its matrix has changed.
*/
#include "../base/compat.h"
#include "../base/package.h"
#include <petsc/private/pcimpl.h>
#include <costate.h>
#include <costate/pc.h>

typedef struct {
  PC               pc;
  PetscBool        stale; /* the outer PC was set up since this one was */
  PetscObjectId    id;    /* of the matrix that it was made of, and its state then */
  PetscObjectState state;
  PetscInt         setups;
} Side;

typedef struct {
  Side             side[2]; /* of the matrix, of its transpose */
  Mat              T;
  PetscObjectState nonzero; /* the pattern that T was made of */
} Transposable;

/* The inner PC of a side, which may not have been made yet. */
static PetscErrorCode Inner(PC pc, int k, PC *inner)
{
  Transposable *d = (Transposable *)pc->data;
  Side         *s = &d->side[k];
  const char   *prefix;

  PetscFunctionBegin;
  if (!s->pc) {
    PetscCall(PCCreate(PetscObjectComm((PetscObject)pc), &s->pc));
    PetscCall(PCGetOptionsPrefix(pc, &prefix));
    PetscCall(PCSetOptionsPrefix(s->pc, prefix));
    PetscCall(PCAppendOptionsPrefix(s->pc, "transposable_"));
    PetscCall(PetscObjectIncrementTabLevel((PetscObject)s->pc, (PetscObject)pc, 1));
#if defined(PETSC_HAVE_HYPRE)
    PetscCall(PCSetType(s->pc, PCHYPRE));
#else
    PetscCall(PCSetType(s->pc, PCGAMG));
#endif
    PetscCall(PCSetFromOptions(s->pc));
  }
  *inner = s->pc;
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* The matrices of a side: those of the outer PC, or the transpose of what it is made of. */
static PetscErrorCode Matrices(PC pc, int k, PetscBool changed, Mat *A, Mat *P)
{
  Transposable    *d = (Transposable *)pc->data;
  PetscObjectState nonzero;

  PetscFunctionBegin;
  *A = pc->mat;
  *P = pc->pmat;
  if (!k) PetscFunctionReturn(PETSC_SUCCESS);
  PetscCall(MatGetNonzeroState(pc->pmat, &nonzero));
  if (changed && nonzero != d->nonzero) PetscCall(MatDestroy(&d->T));
  d->nonzero = nonzero;
  if (changed) PetscCall(MatTranspose(pc->pmat, d->T ? MAT_REUSE_MATRIX : MAT_INITIAL_MATRIX, &d->T));
  *A = *P = d->T;
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* A side is about to be applied. */
static PetscErrorCode Ready(PC pc, int k)
{
  Transposable    *d = (Transposable *)pc->data;
  Side            *s = &d->side[k];
  PC               inner;
  Mat              A, P;
  PetscObjectId    id;
  PetscObjectState state;
  PetscBool        changed;

  PetscFunctionBegin;
  if (!s->stale) PetscFunctionReturn(PETSC_SUCCESS);
  PetscCall(PetscObjectGetId((PetscObject)pc->pmat, &id));
  PetscCall(PetscObjectStateGet((PetscObject)pc->pmat, &state));
  changed = (PetscBool)(!s->setups || s->id != id || s->state != state);
  PetscCall(Inner(pc, k, &inner));
  PetscCall(Matrices(pc, k, changed, &A, &P));
  PetscCall(PCSetReusePreconditioner(inner, PETSC_FALSE));
  PetscCall(PCSetOperators(inner, A, P));
  PetscCall(PCSetUp(inner));
  /* from here on the outer PC decides when it is set up again: PCApply() would look at the matrix by itself */
  PetscCall(PCSetReusePreconditioner(inner, PETSC_TRUE));
  PetscCall(PCGetFailedReason(inner, &pc->failedreason));
  s->stale = PETSC_FALSE;
  s->id    = id;
  s->state = state;
  if (changed) s->setups++;
  PetscFunctionReturn(PETSC_SUCCESS);
}

static PetscErrorCode SetUp(PC pc)
{
  Transposable *d = (Transposable *)pc->data;

  PetscFunctionBegin;
  d->side[0].stale = d->side[1].stale = PETSC_TRUE;
  PetscFunctionReturn(PETSC_SUCCESS);
}

static PetscErrorCode Apply(PC pc, Vec x, Vec y)
{
  PetscFunctionBegin;
  PetscCall(Ready(pc, 0));
  PetscCall(PCApply(((Transposable *)pc->data)->side[0].pc, x, y));
  PetscFunctionReturn(PETSC_SUCCESS);
}

static PetscErrorCode ApplyTranspose(PC pc, Vec x, Vec y)
{
  PetscFunctionBegin;
  PetscCall(Ready(pc, 1));
  PetscCall(PCApply(((Transposable *)pc->data)->side[1].pc, x, y));
  PetscFunctionReturn(PETSC_SUCCESS);
}

static PetscErrorCode View(PC pc, PetscViewer viewer)
{
  Transposable *d = (Transposable *)pc->data;
  PetscBool     ascii;

  PetscFunctionBegin;
  PetscCall(PetscObjectTypeCompare((PetscObject)viewer, PETSCVIEWERASCII, &ascii));
  if (!ascii) PetscFunctionReturn(PETSC_SUCCESS);
  PetscCall(PetscViewerASCIIPrintf(viewer,
                                   "  set up %" PetscInt_FMT " times for the matrix and %" PetscInt_FMT
                                   " times for its transpose\n",
                                   d->side[0].setups, d->side[1].setups));
  PetscCall(PetscViewerASCIIPushTab(viewer));
  for (int k = 0; k < 2; k++) {
    if (!d->side[k].setups) continue;
    PetscCall(PetscViewerASCIIPrintf(viewer, "for %s:\n", k ? "the transpose" : "the matrix"));
    PetscCall(PCView(d->side[k].pc, viewer));
  }
  PetscCall(PetscViewerASCIIPopTab(viewer));
  PetscFunctionReturn(PETSC_SUCCESS);
}

static PetscErrorCode Reset(PC pc)
{
  Transposable *d = (Transposable *)pc->data;

  PetscFunctionBegin;
  for (int k = 0; k < 2; k++) {
    if (d->side[k].pc) PetscCall(PCReset(d->side[k].pc));
    d->side[k].setups = 0;
  }
  PetscCall(MatDestroy(&d->T));
  PetscFunctionReturn(PETSC_SUCCESS);
}

static PetscErrorCode Destroy(PC pc)
{
  Transposable *d = (Transposable *)pc->data;

  PetscFunctionBegin;
  PetscCall(Reset(pc));
  for (int k = 0; k < 2; k++) PetscCall(PCDestroy(&d->side[k].pc));
  PetscCall(PetscFree(pc->data));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/*MC
  PCTRANSPOSABLE - "transposable" - a preconditioner for a matrix and for its transpose, each with an inner PC of its
own

  Options Database Keys:
. -transposable_pc_... - the inner PC, and what belongs to it: -transposable_pc_type gamg,
                         -transposable_pc_hypre_boomeramg_strong_threshold .5; hypre by default if PETSc has it

  Notes:
  Transposed solves, `KSPSolveTranspose()` and so `TSAdjointSolve()`, ask a PC to apply its transpose.  Many cannot;
before PETSc 3.23.5 that of BoomerAMG swaps its vectors and the solution comes out as 0, without an error.  Here the
transpose of the matrix is assembled when it is first needed, and an inner PC of the same type set up for it.

  The matrix has to be assembled, and stays in memory twice once there was a transposed solve, as does the inner PC.

  Set-ups are counted: `PCTransposableGetSetUps()`, -ksp_view.

  Level: intermediate

.seealso: `PCTransposableGetPC()`, `PCTransposableGetSetUps()`, `KSPSolveTranspose()`
M*/
PETSC_INTERN PetscErrorCode PCCreate_Transposable(PC pc)
{
  Transposable *d;

  PetscFunctionBegin;
  PetscCall(PetscNew(&d));
  pc->data                = d;
  pc->ops->setup          = SetUp;
  pc->ops->apply          = Apply;
  pc->ops->applytranspose = ApplyTranspose;
  pc->ops->view           = View;
  pc->ops->reset          = Reset;
  pc->ops->destroy        = Destroy;
  PetscFunctionReturn(PETSC_SUCCESS);
}

static PetscErrorCode Check(PC pc)
{
  PetscBool ours;

  PetscFunctionBegin;
  PetscCall(PetscObjectTypeCompare((PetscObject)pc, PCTRANSPOSABLE, &ours));
  PetscCheck(ours, PetscObjectComm((PetscObject)pc), PETSC_ERR_ARG_WRONG, "The PC is not of type " PCTRANSPOSABLE);
  PetscFunctionReturn(PETSC_SUCCESS);
}

/*@
  PCTransposableGetPC - Gets an inner PC

  Collective

  Input Parameters:
+ pc        - of type `PCTRANSPOSABLE`
- transpose - that for the transpose, instead of that for the matrix

  Output Parameter:
. inner - not to be destroyed

  Level: intermediate

.seealso: `PCTRANSPOSABLE`
@*/
PetscErrorCode PCTransposableGetPC(PC pc, PetscBool transpose, PC *inner)
{
  PetscFunctionBegin;
  PetscValidHeaderSpecific(pc, PC_CLASSID, 1);
  PetscCall(Check(pc));
  PetscCall(Inner(pc, transpose ? 1 : 0, inner));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/*@
  PCTransposableGetSetUps - Gets how often the inner PCs were set up for another matrix

  Not Collective

  Input Parameter:
. pc - of type `PCTRANSPOSABLE`

  Output Parameters:
+ matrix    - for the matrix
- transpose - for its transpose; either may be NULL

  Level: intermediate

.seealso: `PCTRANSPOSABLE`
@*/
PetscErrorCode PCTransposableGetSetUps(PC pc, PetscInt *matrix, PetscInt *transpose)
{
  PetscFunctionBegin;
  PetscValidHeaderSpecific(pc, PC_CLASSID, 1);
  PetscCall(Check(pc));
  if (matrix) *matrix = ((Transposable *)pc->data)->side[0].setups;
  if (transpose) *transpose = ((Transposable *)pc->data)->side[1].setups;
  PetscFunctionReturn(PETSC_SUCCESS);
}
