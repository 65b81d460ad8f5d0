/* SPDX-License-Identifier: BSD-2-Clause */
/* Copies of frames between memory and the other tiers, without staging. */
#include "storeimpl.h"

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

.seealso: `CostateStoreCopyEnd()`, `CostateStorePutBegin()`, `CostateStoreSetLabel()`
@*/
PetscErrorCode CostateStoreCopyBegin(CostateStore from, CostateStore to, PetscInt64 key)
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
  disk         = to->map ? source : copy;
  memory       = to->map ? copy : source;
  memory->peer = to->map ? from : to;
  for (PetscInt i = 0; i < disk->nblocks; i++) disk->block[i].at = memory->block[i].at;
  memory->filling = to->map;
  PetscCall(CostateJobBegin(memory->peer, disk, to->map ? to : from, (PetscBool)!to->map));
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

.seealso: `CostateStoreCopyBegin()`
@*/
PetscErrorCode CostateStoreCopyEnd(CostateStore from, CostateStore to, PetscInt64 key)
{
  CostateStore disk = to->map ? from : to;
  CostateFrame f    = CostateFrameFind(disk, key);

  PetscFunctionBegin;
  if (f && f->job && f->job->peer) PetscCall(CostateJobEnd(disk, f));
  PetscFunctionReturn(0);
}
