/* SPDX-License-Identifier: BSD-2-Clause */
/* What survives the end of the program: the part of it that all tiers share. */
#include <stdlib.h>
#include "storeimpl.h"

/*@C
  CostateStoreSetCommit - Says that `CostateStoreCommit()` will be called

  Collective

  Input Parameters:
+ store  - the store
- commit - `PETSC_FALSE` by default

  Note:
  The place of a frame that was part of a commit and is dropped then stays as it is until two more commits have been
  made, so that the last two can always be resumed; `CostateStoreSpare()` tells what that leaves of a limit.

  Level: developer

.seealso: `CostateStoreCommit()`, `CostateStoreResume()`, `CostateStoreSetOwner()`, `CostateStoreSpare()`
@*/
PetscErrorCode CostateStoreSetCommit(CostateStore store, PetscBool commit)
{
  PetscFunctionBegin;
  PetscCheck(!store->opened, store->comm, PETSC_ERR_ORDER, "Whether store %s is committed is set before it is opened",
             store->type);
  store->set.commit = commit;
  PetscFunctionReturn(0);
}

/*@C
  CostateStoreSetOwner - Says whose run this is, so that no other takes it over

  Collective

  Input Parameters:
+ store - the store
- owner - a line of at most 200 characters without quotes; empty by default

  Level: developer

.seealso: `CostateStoreResume()`, `CostateStoreResumable()`
@*/
PetscErrorCode CostateStoreSetOwner(CostateStore store, const char owner[])
{
  size_t length;

  PetscFunctionBegin;
  PetscCheck(!store->opened, store->comm, PETSC_ERR_ORDER, "The owner of store %s is set before it is opened",
             store->type);
  PetscCall(PetscStrlen(owner, &length));
  PetscCheck(length <= COSTATE_OWNER_MAX, store->comm, PETSC_ERR_ARG_SIZ, "The owner '%s' is longer than %d characters",
             owner, COSTATE_OWNER_MAX);
  for (const char *c = owner; *c; c++)
    PetscCheck(*c >= ' ' && *c <= '~' && *c != '"', store->comm, PETSC_ERR_ARG_WRONG,
               "The owner '%s' has characters that it may not have: use printable ASCII without quotes", owner);
  PetscCall(PetscFree(store->set.owner));
  PetscCall(PetscStrallocpy(owner, &store->set.owner));
  PetscFunctionReturn(0);
}

static PetscErrorCode Committing(CostateStore store)
{
  PetscFunctionBegin;
  PetscCheck(store->ops.commit, store->comm, PETSC_ERR_SUP,
             "Nothing in a store of type %s survives the program: use hdf5", store->type);
  PetscCheck(store->set.commit, store->comm, PETSC_ERR_ORDER,
             "Store %s was not told that it will be committed: call CostateStoreSetCommit() before it is opened",
             store->type);
  PetscFunctionReturn(0);
}

/*@C
  CostateStoreNote - Writes down a line that a resumed run gets back

  Not Collective

  Input Parameters:
+ store - the store
- text  - of any length, without line ends

  Notes:
  Notes belong to a rank, keep their order, and are part of the next commit.

  Level: developer

.seealso: `CostateStoreCommit()`, `CostateStoreGetNotes()`
@*/
PetscErrorCode CostateStoreNote(CostateStore store, const char text[])
{
  PetscFunctionBegin;
  PetscCall(Committing(store));
  PetscCall(store->ops.note(store, text));
  PetscFunctionReturn(0);
}

/*@C
  CostateStoreCommitTry - Commits, and says where that failed instead of raising it

  Collective

  Input Parameter:
. store - the store

  Output Parameter:
. fault - its `err` is 0, or a frame could not be written, and is not held, or the commit could not be made

  Level: developer

.seealso: `CostateStoreCommit()`
@*/
PetscErrorCode CostateStoreCommitTry(CostateStore store, CostateStoreFault *fault)
{
  CostateStoreFault more;

  PetscFunctionBegin;
  fault->err = 0;
  PetscCall(Committing(store));
  PetscCall(CostateStoreOpen(store));
  PetscCheck(!store->finished, store->comm, PETSC_ERR_ORDER, "Store %s is finished: there is nothing to commit",
             store->type);
  PetscCall(CostateFramesSync(store, fault));
  more = *fault;
  while (more.err) PetscCall(CostateFramesSync(store, &more)); /* nothing stays under way */
  if (!fault->err) PetscCall(store->ops.commit(store, fault));
  PetscFunctionReturn(0);
}

/*@C
  CostateStoreCommit - Makes all that was put, copied here, dropped and noted so far outlast the program and the machine

  Collective

  Input Parameter:
. store - the store; it is opened if it is not yet

  Notes:
  It waits for what is being written.  Where it fails, it fails on all ranks, the run goes on being resumable from the
  commit before, and another attempt may be made.  The last two commits are kept.

  Level: developer

.seealso: `CostateStoreResume()`, `CostateStoreNote()`, `CostateStoreGetGeneration()`, `CostateStoreSetCommit()`,
`CostateStoreCommitTry()`
@*/
PetscErrorCode CostateStoreCommit(CostateStore store)
{
  CostateStoreFault fault;

  PetscFunctionBegin;
  PetscCall(CostateStoreCommitTry(store, &fault));
  PetscCall(CostateFaultRaise(store, &fault));
  PetscFunctionReturn(0);
}

/*@C
  CostateStoreResume - Goes on with what an earlier program committed; instead of `CostateStoreOpen()`

  Collective

  Input Parameters:
+ store  - the store, with all settings made, and not opened
- before - a generation that shall not be taken, nor a later one; 0: no bound

  Output Parameter:
. generation - the one that was taken, or 0: there is none, and the store can be opened

  Notes:
  The newest run in the directory is taken that is not going on, was committed and has the owner of this store; of it
  the newest generation that is whole.  If a newer one is damaged, rank 0 says so on stderr.  It is an error if that run
  cannot be taken over by this program: another number of ranks, other scalars or integers, or damage throughout.
  Where all ranks share the files and the grid is a `DMDA`, the number of ranks may be another one: the frames are
  copied into a new run then, see `CostateStoreGetFormer()`.

  What the run did after that commit is gone: the frames that it put, and frames that it dropped are there.

  Level: developer

.seealso: `CostateStoreCommit()`, `CostateStoreKeys()`, `CostateStoreGetNotes()`, `CostateStoreSetOwner()`,
`CostateStoreResumable()`
@*/
PetscErrorCode CostateStoreResume(CostateStore store, PetscInt64 before, PetscInt64 *generation)
{
  PetscFunctionBegin;
  PetscCall(Committing(store));
  PetscCheck(!store->opened, store->comm, PETSC_ERR_ORDER, "Store %s is open already: it cannot be resumed",
             store->type);
  PetscCall(store->ops.resume(store, before, generation));
  if (*generation) store->opened = store->resumed = PETSC_TRUE;
  store->generation = store->former ? 0 : *generation;
  PetscFunctionReturn(0);
}

/*@C
  CostateStoreGetNotes - The notes of this rank that were made up to the generation that was resumed

  Not Collective

  Input Parameter:
. store - the store

  Output Parameters:
+ n     - how many
- notes - the lines, in their order; they last until `CostateStoreFreeNotes()`, or the end of the store

  Level: developer

.seealso: `CostateStoreNote()`, `CostateStoreResume()`, `CostateStoreFreeNotes()`
@*/
PetscErrorCode CostateStoreGetNotes(CostateStore store, PetscInt *n, const char *const **notes)
{
  PetscFunctionBegin;
  *n = store->nnotes;
  if (notes) *notes = (const char *const *)store->notes;
  PetscFunctionReturn(0);
}

/*@C
  CostateStoreGetFormer - How many ranks wrote the run that was resumed, if these are more or fewer

  Not Collective

  Input Parameter:
. store - the store

  Output Parameter:
. ranks - 0: as many as now, or nothing was resumed

  Note:
  Such a run is a new one: `CostateStoreGetNotes()` has nothing, and what shall be known of the notes of the old ranks
  has to be noted again.  The old one is removed when this one has been committed, or has ended.

  Level: developer

.seealso: `CostateStoreResume()`, `CostateStoreGetFormerNotes()`
@*/
PetscErrorCode CostateStoreGetFormer(CostateStore store, PetscMPIInt *ranks)
{
  PetscFunctionBegin;
  *ranks = store->former;
  PetscFunctionReturn(0);
}

/*@C
  CostateStoreGetFormerNotes - The notes of a rank of the run that was resumed, where these are more or fewer ranks

  Not Collective

  Input Parameters:
+ store - the store
- rank  - one of those that `CostateStoreGetFormer()` has

  Output Parameters:
+ n     - how many
- notes - the lines, in their order; they last until `CostateStoreFreeNotes()`, or the end of the store

  Level: developer

.seealso: `CostateStoreGetFormer()`, `CostateStoreGetNotes()`
@*/
PetscErrorCode CostateStoreGetFormerNotes(CostateStore store, PetscMPIInt rank, PetscInt *n, const char *const **notes)
{
  PetscFunctionBegin;
  PetscCheck(rank >= 0 && rank < store->former && store->former_n, store->comm, PETSC_ERR_ARG_OUTOFRANGE,
             "There are no notes of a rank %d", (int)rank);
  *n     = store->former_n[rank];
  *notes = (const char *const *)store->former_notes[rank];
  PetscFunctionReturn(0);
}

/*@C
  CostateStoreFreeNotes - Gives back the memory of the notes of a resumed run

  Not Collective

  Input Parameter:
. store - the store

  Level: developer

.seealso: `CostateStoreGetNotes()`
@*/
PetscErrorCode CostateStoreFreeNotes(CostateStore store)
{
  PetscFunctionBegin;
  store->nnotes = 0;
  PetscCall(PetscFree(store->notes));
  free(store->notes_text); /* of the parser, which is plain C */
  store->notes_text = NULL;
  for (PetscMPIInt r = 0; r < store->former && store->former_text; r++) {
    PetscCall(PetscFree(store->former_notes[r]));
    free(store->former_text[r]);
  }
  PetscCall(PetscFree(store->former_text));
  PetscCall(PetscFree(store->former_notes));
  PetscCall(PetscFree(store->former_n));
  PetscFunctionReturn(0);
}

/*@C
  CostateStoreGetGeneration - The number of the last commit

  Not Collective

  Input Parameter:
. store - the store

  Output Parameter:
. generation - 0: none yet

  Level: developer

.seealso: `CostateStoreCommit()`, `CostateStoreResume()`
@*/
PetscErrorCode CostateStoreGetGeneration(CostateStore store, PetscInt64 *generation)
{
  PetscFunctionBegin;
  *generation = store->generation;
  PetscFunctionReturn(0);
}

/*@C
  CostateStoreSpare - How many frames could be placed now without exceeding the limit

  Not Collective

  Input Parameter:
. store - the store

  Output Parameter:
. frames - the number, the same on all ranks; `PETSC_MAX_INT` where there is no limit

  Note:
  It is less than the limit minus the frames held while places of dropped ones wait for commits; each commit may free
  some, two free all.

  Level: developer

.seealso: `CostateStoreSetLimit()`, `CostateStoreSetCommit()`
@*/
PetscErrorCode CostateStoreSpare(CostateStore store, PetscInt64 *frames)
{
  PetscFunctionBegin;
  *frames = PETSC_MAX_INT;
  if (store->ops.spare) PetscCall(store->ops.spare(store, frames));
  PetscFunctionReturn(0);
}

/*@C
  CostateStoreAbandon - Ends a store and leaves on disk what was committed, for a later program to resume

  Collective

  Input Parameter:
. store - the store; set to `NULL`

  Note:
  Without a commit it is `CostateStoreDestroy()`.

  Level: developer

.seealso: `CostateStoreCommit()`, `CostateStoreResume()`, `CostateStoreDestroy()`
@*/
PetscErrorCode CostateStoreAbandon(CostateStore *store)
{
  PetscFunctionBegin;
  if (*store) (*store)->abandoned = PETSC_TRUE;
  if (*store && (*store)->generation) {
    (*store)->set.keep = PETSC_TRUE;
    (*store)->finished = PETSC_TRUE; /* there is nothing to complete */
  }
  PetscCall(CostateStoreDestroy(store));
  PetscFunctionReturn(0);
}
