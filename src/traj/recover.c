/* SPDX-License-Identifier: BSD-2-Clause */
/*
  A frame that is damaged on disk, or was never written because the disk is full, is computed again: the state from the
  nearest earlier one in its segment, the stage data of a step by executing the step.
*/
#include "trajimpl.h"

/* Whether a step may be repeated from state c to state k: there is no boundary between them. */
static PetscBool SameSegment(CostateTraj tr, PetscInt c, PetscInt k)
{
  for (PetscInt i = 0; i < tr->nkinds; i++)
    if (tr->kind[i].step > c && tr->kind[i].step <= k) return PETSC_FALSE;
  return PETSC_TRUE;
}

/* Puts the frame into memory again, where it is not; the solution is put back. */
static PetscErrorCode Recompute(CostateTraj tr, TS ts, PetscInt64 key, const char why[], PetscBool say)
{
  const PetscInt   k    = (PetscInt)(key / 4);
  const CostateKey what = (CostateKey)(key % 4);
  MPI_Comm         comm = PetscObjectComm((PetscObject)tr->tj);
  PetscInt         c    = k;
  PetscBool        has = PETSC_FALSE, nested = tr->replaying;
  CostateSaved     saved;
  Vec              keep;

  PetscFunctionBegin;
  while (!has && c > 0 && what != COSTATE_KEY_PRE && SameSegment(tr, c - 1, k))
    PetscCall(CostateHas(tr, --c, COSTATE_KEY_STATE, &has));
  PetscCheck(has, comm, PETSC_ERR_FILE_READ,
             "%s. It cannot be computed again, since no earlier state of its segment is kept: run again from the "
             "start, "
             "or resume from an older commit",
             why);
  if (say)
    PetscCall(PetscFPrintf(comm, PETSC_STDERR,
                           "costate: warning: %s. It is computed again from state %" PetscInt_FMT "\n", why, c));
  PetscCall(VecDuplicate(ts->vec_sol, &keep));
  PetscCall(VecCopy(ts->vec_sol, keep));
  if (!nested) PetscCall(CostateReplayBegin(tr, ts, &saved));
  PetscCall(CostateRestoreState(tr, ts, c));
  for (PetscInt i = c + 1; i <= k; i++) PetscCall(CostateReplayStep(tr, ts, i));
  PetscCall(CostateReplayAgree(tr));
  PetscCall(CostatePut(tr, ts, k, what));
  if (!nested) PetscCall(CostateReplayEnd(tr, ts, &saved));
  PetscCall(VecCopy(keep, ts->vec_sol));
  PetscCall(VecDestroy(&keep));
  tr->stages_lost = PETSC_TRUE;
  tr->recovered++;
  PetscFunctionReturn(PETSC_SUCCESS);
}

/*
  The copy on disk is damaged: out of the way with it.  `dumped` is whether it was there for commits alone, which make
  another one.
*/
static PetscErrorCode Discard(CostateTraj tr, PetscInt64 key, PetscBool *dumped)
{
  PetscFunctionBegin;
  *dumped = CostateIsDumped(tr, key);
  PetscCall(CostateDumpedRemove(tr, key));
  PetscCall(CostateStoreDrop(tr->disk, key));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* The scheduler counts on a copy on disk.  If there is no room for it, it is computed again once more. */
static PetscErrorCode WriteAgain(CostateTraj tr, PetscInt64 key)
{
  const PetscInt    k = (PetscInt)(key / 4);
  CostateStoreFault fault;

  PetscFunctionBegin;
  PetscCall(CostateStoreSetLabel(tr->disk, k, tr->log.t[k], CostateKeyText((CostateKey)(key % 4))));
  PetscCall(CostateStoreCopyBeginTry(tr->store, tr->disk, key, &fault));
  if (!fault.err) PetscCall(CostateStoreCopyTry(tr->store, tr->disk, key, &fault));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Completes the way of a frame from disk to memory. */
PetscErrorCode CostateBring(CostateTraj tr, TS ts, PetscInt64 key)
{
  CostateStoreFault fault;
  PetscBool         dumped;

  PetscFunctionBegin;
  PetscCall(CostateStoreCopyTry(tr->disk, tr->store, key, &fault));
  if (!fault.err) PetscFunctionReturn(PETSC_SUCCESS);
  PetscCall(Discard(tr, key, &dumped));
  PetscCall(Recompute(tr, ts, key, fault.text, PETSC_TRUE));
  if (!dumped) PetscCall(WriteAgain(tr, key));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Reads a frame that lies on disk alone and turned out to be damaged. */
PetscErrorCode CostateReadAgain(CostateTraj tr, TS ts, PetscInt64 key, PetscInt n, Vec v[], const char why[])
{
  PetscBool dumped, has;

  PetscFunctionBegin;
  PetscCall(Discard(tr, key, &dumped));
  PetscCall(Recompute(tr, ts, key, why, PETSC_TRUE));
  PetscCall(CostateStoreGetBegin(tr->store, key));
  PetscCall(CostateStoreGetEnd(tr->store, key, n, v));
  PetscCall(WriteAgain(tr, key));
  PetscCall(CostateStoreHas(tr->disk, key, &has));
  if (has && dumped) PetscCall(CostateDumpedAdd(tr, key));
  PetscCall(CostateStoreDrop(tr->store, key));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* A state that the disk should have, but was full for. */
PetscErrorCode CostateFindAgain(CostateTraj tr, TS ts, PetscInt64 key)
{
  char why[128];

  PetscFunctionBegin;
  PetscCall(PetscSNPrintf(why, sizeof(why), "State %" PetscInt64_FMT " is not on disk, where there was no room for it",
                          key / 4));
  PetscCall(Recompute(tr, ts, key, why, PETSC_FALSE));
  PetscFunctionReturn(PETSC_SUCCESS);
}
