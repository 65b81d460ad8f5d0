/* SPDX-License-Identifier: BSD-2-Clause */
/* Copies of frames between memory and the other tiers, without staging. */
#include "storeimpl.h"

static PetscErrorCode CopyStart(CostateStore from, CostateStore to, PetscInt64 key)
{
  CostateFrame source, copy, disk, memory;

  PetscFunctionBegin;
  PetscCheck(from->map != to->map, from->comm, PETSC_ERR_SUP,
             "Frame %" PetscInt64_FMT " cannot be copied from store %s to store %s: one of the two has to be memory",
             key, from->type, to->type);
  PetscCall(CostateFrameGet(from, key, &source));
  PetscCheck(!source->filling, from->comm, PETSC_ERR_ORDER,
             "Frame %" PetscInt64_FMT " of store %s is being copied; call CostateStoreCopyEnd() first", key,
             from->type);
  PetscCall(CostateFrameQuiet(from, source));
  PetscCall(CostateFrameNew(key, source->n, source->nblocks, &copy));
  PetscCall(PetscArraycpy(copy->block, source->block, source->nblocks));
  PetscCall(CostateFramePlace(to, copy, source));
  if (to->fault && to->fault->err) PetscFunctionReturn(0);
  disk         = to->map ? source : copy;
  memory       = to->map ? copy : source;
  memory->peer = to->map ? from : to;
  for (PetscInt i = 0; i < disk->nblocks; i++) disk->block[i].at = memory->block[i].at;
  memory->filling = to->map;
  PetscCall(CostateJobBegin(memory->peer, disk, to->map ? to : from, (PetscBool)!to->map));
  PetscFunctionReturn(0);
}

/*@C
  CostateStoreCopyBegin - Starts to copy a frame from memory to another tier, or back

  Collective

  Input Parameters:
+ from - the store that holds the frame
. to - the store that shall hold it too; one of the two is memory, the other is not
- key - the frame

  Notes:
  There is no staging: the memory of the one is written or read directly.  So a frame that is copied out must not be
  dropped from memory before `CostateStoreCopyEnd()`, and one that is copied in counts in the memory of `to` at once and
  may be read after `CostateStoreCopyEnd()`.  The copy has the label of its source, unless `to` was given another one.

  Level: developer

.seealso: `CostateStoreCopyEnd()`, `CostateStorePutBegin()`, `CostateStoreSetLabel()`, `CostateStoreCopyBeginTry()`
@*/
PetscErrorCode CostateStoreCopyBegin(CostateStore from, CostateStore to, PetscInt64 key)
{
  PetscFunctionBegin;
  PetscCall(CopyStart(from, to, key));
  PetscFunctionReturn(0);
}

/*@C
  CostateStoreCopyBeginTry - Starts to copy a frame, and says where there is no place for it instead of raising that

  Collective

  Input Parameters:
+ from - the store that holds the frame
. to - the store that shall hold it too
- key - the frame

  Output Parameter:
. fault - its `err` is 0, or the tier could not make room, and no copy has begun: ENOSPC where the disk is full

  Note:
  Beyond its limit a store refuses with an error as ever: that is for the caller to know.

  Level: developer

.seealso: `CostateStoreCopyBegin()`, `CostateStoreCopyTry()`
@*/
PetscErrorCode CostateStoreCopyBeginTry(CostateStore from, CostateStore to, PetscInt64 key, CostateStoreFault *fault)
{
  PetscErrorCode err;

  PetscFunctionBegin;
  fault->err = 0;
  to->fault  = fault;
  err        = CopyStart(from, to, key);
  to->fault  = NULL;
  PetscCall(err);
  PetscFunctionReturn(0);
}

/*@C
  CostateStoreCopyTry - Completes `CostateStoreCopyBegin()`, and says where that failed instead of raising it

  Collective

  Input Parameters:
+ from - the store that holds the frame
. to - the store it is copied to
- key - the frame

  Output Parameter:
. fault - its `err` is 0, or the copy failed on some rank, and `to` does not hold the frame

  Note:
  It does nothing where no copy is under way.

  Level: developer

.seealso: `CostateStoreCopyEnd()`, `CostateStoreGetTry()`, `CostateStorePutTry()`
@*/
PetscErrorCode CostateStoreCopyTry(CostateStore from, CostateStore to, PetscInt64 key, CostateStoreFault *fault)
{
  CostateStore disk = to->map ? from : to;
  CostateFrame f    = CostateFrameFind(disk, key);

  PetscFunctionBegin;
  fault->err = 0;
  if (f && f->job && f->job->peer) PetscCall(CostateJobTry(disk, f, fault));
  PetscFunctionReturn(0);
}

/*@C
  CostateStoreCopyEnd - Completes `CostateStoreCopyBegin()`

  Collective

  Input Parameters:
+ from - the store that holds the frame
. to - the store it is copied to
- key - the frame

  Note:
  Where the copy failed on some rank, this fails on all of them, and `to` does not hold the frame.  It does nothing
  where no copy is under way.

  Level: developer

.seealso: `CostateStoreCopyBegin()`, `CostateStoreCopyTry()`
@*/
PetscErrorCode CostateStoreCopyEnd(CostateStore from, CostateStore to, PetscInt64 key)
{
  CostateStoreFault fault;

  PetscFunctionBegin;
  PetscCall(CostateStoreCopyTry(from, to, key, &fault));
  PetscCall(CostateFaultRaise(from, &fault));
  PetscFunctionReturn(0);
}
