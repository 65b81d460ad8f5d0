/* SPDX-License-Identifier: BSD-2-Clause */
/*
  PCTRANSPOSABLE: one inner PC on the matrix and one on its transpose, each made when it is first applied.

  An inner PC is set up again only if the outer one is, so that what the solver lags or reuses is lagged and reused
  here, and only if the numbers in its matrix have changed: a time integrator assembles shift M - J anew for each step,
  and for a linear problem with a fixed step gets the same one.
*/
#include "../base/compat.h"
#include "../base/package.h"
#include <petsc/private/pcimpl.h>
#include <costate.h>
#include <costate/pc.h>

/* What a matrix is recognised by. */
typedef struct {
  PetscObjectId    id;
  PetscObjectState state, nonzero;
  PetscBool        hashed; /* a type that can be looked into */
  uint64_t         hash;   /* of this rank's part, numbers and pattern */
} Identity;

typedef struct {
  PC        pc;
  PetscBool stale; /* the outer PC was set up since this one was */
  Identity  of;    /* the matrix that it was set up for */
  PetscInt  setups;
} Side;

typedef struct {
  Side     side[2]; /* of the matrix, of its transpose */
  Identity now;     /* the matrix when it was last looked at, which may be nobody's */
  Mat      T;
  Identity parent; /* the matrix that T is the transpose of */
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

/*
  Is the matrix, as it is now, the one that a side was set up for? All ranks agree.  MatShift() may give a matrix
  another id; another matrix is another one even if the same is in it, for an inner PC may refer to it.
*/
static PetscErrorCode Same(PC pc, int k, PetscBool *same)
{
  Transposable *d   = (Transposable *)pc->data;
  const Side   *s   = &d->side[k];
  Identity     *now = &d->now, seen = *now;

  PetscFunctionBegin;
  PetscCall(PetscObjectGetId((PetscObject)pc->pmat, &now->id));
  PetscCall(PetscObjectStateGet((PetscObject)pc->pmat, &now->state));
  PetscCall(MatGetNonzeroState(pc->pmat, &now->nonzero));
  if (now->id != seen.id || now->state != seen.state) PetscCall(CostateMatHash(pc->pmat, &now->hash, &now->hashed));
  *same = (PetscBool)(s->setups > 0 && (k || s->pc->pmat == pc->pmat));
  if (!*same || (s->of.id == now->id && s->of.state == now->state)) PetscFunctionReturn(PETSC_SUCCESS);
  *same = (PetscBool)(now->hashed && s->of.hashed && s->of.hash == now->hash);
  PetscCallMPI(MPI_Allreduce(MPI_IN_PLACE, same, 1, MPIU_BOOL, MPI_LAND, PetscObjectComm((PetscObject)pc)));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* T becomes the transpose of what the outer PC is made of. */
static PetscErrorCode Transpose(PC pc)
{
  Transposable *d = (Transposable *)pc->data;
  PetscBool     can;

  PetscFunctionBegin;
  PetscCall(MatHasOperation(pc->pmat, MATOP_TRANSPOSE, &can));
  PetscCheck(can, PetscObjectComm((PetscObject)pc), PETSC_ERR_SUP,
             "The matrix to precondition by is of type %s, and its transpose cannot be assembled. Set an assembled "
             "matrix beside it, the second of KSPSetOperators(), or use another preconditioner",
             ((PetscObject)pc->pmat)->type_name);
  if (d->parent.id != d->now.id || d->parent.nonzero != d->now.nonzero) PetscCall(MatDestroy(&d->T));
  PetscCall(MatTranspose(pc->pmat, d->T ? MAT_REUSE_MATRIX : MAT_INITIAL_MATRIX, &d->T));
  d->parent = d->now;
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* The null spaces change sides; they may be those of the operator alone. */
static PetscErrorCode NullSpaces(PC pc)
{
  Mat          T = ((Transposable *)pc->data)->T;
  MatNullSpace right, left, near;

  PetscFunctionBegin;
  PetscCall(MatGetNullSpace(pc->pmat, &right));
  PetscCall(MatGetTransposeNullSpace(pc->pmat, &left));
  PetscCall(MatGetNearNullSpace(pc->pmat, &near));
  if (!right && !left) {
    PetscCall(MatGetNullSpace(pc->mat, &right));
    PetscCall(MatGetTransposeNullSpace(pc->mat, &left));
  }
  if (!near) PetscCall(MatGetNearNullSpace(pc->mat, &near));
  PetscCall(MatSetNullSpace(T, left));
  PetscCall(MatSetTransposeNullSpace(T, right));
  PetscCall(MatSetNearNullSpace(T, near)); /* what varies slowly for the one does for the other */
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* A side is about to be applied. */
static PetscErrorCode Ready(PC pc, int k)
{
  Transposable *d = (Transposable *)pc->data;
  Side         *s = &d->side[k];
  PC            inner;
  PetscBool     same, reuse = PETSC_FALSE;

  PetscFunctionBegin;
  if (!s->stale) PetscFunctionReturn(PETSC_SUCCESS);
  PetscCall(Same(pc, k, &same));
  PetscCall(Inner(pc, k, &inner));
  if (k && !same) PetscCall(Transpose(pc));
  if (k) PetscCall(NullSpaces(pc));
  PetscCall(PCSetOperators(inner, k ? d->T : pc->mat, k ? d->T : pc->pmat));
  if (!same) {
    PetscCall(PCSetReusePreconditioner(inner, PETSC_FALSE));
    PetscCall(CostatePCReuseBlocks(inner, &reuse));
    PetscCall(PCSetUp(inner));
    PetscCall(PCSetUpOnBlocks(inner));
    /* from here on the outer PC decides when it is set up again: PCApply() would look at the matrix by itself */
    PetscCall(PCSetReusePreconditioner(inner, PETSC_TRUE));
    s->setups++;
  }
  PetscCall(PCGetFailedReason(inner, &pc->failedreason));
  s->stale = PETSC_FALSE;
  s->of    = d->now;
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

/* The inner PC of a symmetric matrix serves its transpose, unless somebody has asked for one of its own. */
static PetscErrorCode ApplyTranspose(PC pc, Vec x, Vec y)
{
  Transposable *d = (Transposable *)pc->data;
  PetscBool     known, symmetric;
  int           k;

  PetscFunctionBegin;
  PetscCall(MatIsSymmetricKnown(pc->pmat, &known, &symmetric));
  k = known && symmetric && !d->side[1].pc ? 0 : 1;
  PetscCall(Ready(pc, k));
  PetscCall(PCApply(d->side[k].pc, x, y));
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

  The matrix to precondition by has to be assembled, the operator need not be.  It stays in memory twice once there was
a transposed solve, as does the inner PC, unless it is known to be symmetric (`MatSetOption()`): then one inner PC
serves both.  The inner PC of the transpose sees the transposed matrix to precondition by in place of the operator, too.
Null spaces are handed on, those of the matrix and of its transpose changing sides.

  An inner PC is set up when it is first needed and when the matrix has changed: a matrix of type aij that was assembled
again with the same numbers has not, which costs a pass through them and a reduction to find out.  Set-ups are counted:
`PCTransposableGetSetUps()`, -ksp_view.

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
  PCTransposableGetSetUps - Gets how often the inner PCs were set up

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
