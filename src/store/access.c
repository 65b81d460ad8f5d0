/* SPDX-License-Identifier: BSD-2-Clause */
/* Vectors into the frames of a store, and out of them. */
#include "storeimpl.h"

static PetscErrorCode FrameOfVecs(CostateStore s, PetscInt64 key, PetscInt n, const Vec v[], CostateFrame *frame)
{
  CostateFrame f;
  PetscInt     nblocks = 0, one;

  PetscFunctionBegin;
  for (PetscInt i = 0; i < n; i++) {
    PetscCall(CostateVecGetBlocks(v[i], i, &one, NULL));
    nblocks += one;
  }
  PetscCall(CostateFrameNew(key, n, nblocks, &f));
  nblocks = 0;
  for (PetscInt i = 0; i < n; i++) {
    PetscCall(CostateVecGetBlocks(v[i], i, &one, f->block + nblocks));
    nblocks += one;
  }
  PetscCall(CostateFramePlace(s, f, NULL));
  *frame = f;
  PetscFunctionReturn(0);
}

/*@C
  CostateStorePutBegin - Starts to keep a frame

  Collective

  Input Parameters:
+ store - the store
. key - the name of the frame, not in use
. n - number of vectors
- v - the vectors; they may be changed as soon as this returns

  Notes:
  Memory: the local bytes of the vectors, on tiers that are no memory until `CostateStorePutEnd()`.  Work: one copy.

  Level: developer

.seealso: `CostateStorePutEnd()`, `CostateStoreGetBegin()`, `CostateStoreDrop()`, `CostateStoreSetLabel()`
@*/
PetscErrorCode CostateStorePutBegin(CostateStore store, PetscInt64 key, PetscInt n, const Vec v[])
{
  CostateFrame        f = NULL;
  const CostateBlock *to;

  PetscFunctionBegin;
  PetscCall(FrameOfVecs(store, key, n, v, &f));
  if (!store->map) PetscCall(CostatePoolTake(store, f));
  to = f->block;
  for (PetscInt i = 0; i < n; i++) PetscCall(CostateVecPack(v[i], to, &to));
  if (!store->map) PetscCall(CostateJobBegin(store, f, NULL, PETSC_TRUE));
  PetscFunctionReturn(0);
}

/*@C
  CostateStorePutTry - Completes `CostateStorePutBegin()`, and says where that failed instead of raising it

  Collective

  Input Parameters:
+ store - the store
- key - the frame

  Output Parameter:
. fault - its `err` is 0, or the frame could not be written on some rank, and is not held

  Note:
  It does nothing where nothing is under way.

  Level: developer

.seealso: `CostateStorePutEnd()`, `CostateStoreGetTry()`, `CostateStoreCopyTry()`
@*/
PetscErrorCode CostateStorePutTry(CostateStore store, PetscInt64 key, CostateStoreFault *fault)
{
  CostateFrame f = CostateFrameFind(store, key);

  PetscFunctionBegin;
  fault->err = 0;
  if (f && f->job && f->job->write) PetscCall(CostateJobTry(store, f, fault));
  PetscFunctionReturn(0);
}

/*@C
  CostateStorePutEnd - Completes `CostateStorePutBegin()`

  Collective

  Input Parameters:
+ store - the store
- key - the frame

  Notes:
  Where the frame could not be written on some rank, this fails on all of them, and the frame is not held.  It does
  nothing where nothing is under way.

  Level: developer

.seealso: `CostateStorePutBegin()`, `CostateStorePutTry()`
@*/
PetscErrorCode CostateStorePutEnd(CostateStore store, PetscInt64 key)
{
  CostateStoreFault fault;

  PetscFunctionBegin;
  PetscCall(CostateStorePutTry(store, key, &fault));
  PetscCall(CostateFaultRaise(store, &fault));
  PetscFunctionReturn(0);
}

/* Where a write of the frame failed that was still under way, there is no frame to be read. */
static PetscErrorCode GetStart(CostateStore s, PetscInt64 key, CostateStoreFault *fault)
{
  CostateFrame f;

  PetscFunctionBegin;
  fault->err = 0;
  PetscCall(CostateFrameGet(s, key, &f));
  PetscCheck(!f->filling, s->comm, PETSC_ERR_ORDER,
             "Frame %" PetscInt64_FMT " of store %s is being copied; call CostateStoreCopyEnd() first", key, s->type);
  if (s->map || (f->job && !f->job->write && !f->job->peer)) PetscFunctionReturn(0);
  PetscCall(CostateJobTry(s, f, fault));
  if (fault->err) PetscFunctionReturn(0);
  PetscCall(CostatePoolTake(s, f));
  PetscCall(CostateJobBegin(s, f, NULL, PETSC_FALSE));
  PetscFunctionReturn(0);
}

/*@C
  CostateStoreGetBegin - Starts to bring a frame back, so that it can be read without waiting

  Collective

  Input Parameters:
+ store - the store
- key - the frame

  Note:
  Memory: on tiers that are no memory the local bytes of the vectors, until `CostateStoreGetEnd()`.

  Level: developer

.seealso: `CostateStoreGetEnd()`, `CostateStoreGetTry()`
@*/
PetscErrorCode CostateStoreGetBegin(CostateStore store, PetscInt64 key)
{
  CostateStoreFault fault;

  PetscFunctionBegin;
  PetscCall(GetStart(store, key, &fault));
  PetscCall(CostateFaultRaise(store, &fault));
  PetscFunctionReturn(0);
}

/* What an earlier program left has its own sizes, which the vectors need not have. */
static PetscErrorCode SameSizes(CostateStore s, CostateFrame f, PetscInt n, const Vec v[])
{
  PetscInt    nblocks = 0, one;
  PetscMPIInt same    = n <= f->n;

  PetscFunctionBegin;
  if (!s->resumed) PetscFunctionReturn(0);
  for (PetscInt i = 0; i < n && same; i++) {
    CostateBlock *block;

    PetscCall(CostateVecGetBlocks(v[i], i, &one, NULL));
    PetscCall(PetscMalloc1(one, &block));
    PetscCall(CostateVecGetBlocks(v[i], i, &one, block));
    for (PetscInt k = 0; k < one && same; k++, nblocks++)
      same = nblocks < f->nblocks && f->block[nblocks].vector == i && f->block[nblocks].leaf == k &&
             f->block[nblocks].first == block[k].first && f->block[nblocks].bytes == block[k].bytes &&
             f->block[nblocks].total == block[k].total;
    PetscCall(PetscFree(block));
  }
  PetscCallMPI(MPI_Allreduce(MPI_IN_PLACE, &same, 1, MPI_INT, MPI_MIN, s->comm));
  PetscCheck(same, s->comm, PETSC_ERR_ARG_SIZ,
             "Frame %" PetscInt64_FMT
             " was written by a run whose vectors were divided among the ranks in another way: "
             "go on with the options and the grid of that run",
             f->key);
  PetscFunctionReturn(0);
}

/*@C
  CostateStoreGetTry - Reads a frame, and says where that failed instead of raising it

  Collective

  Input Parameters:
+ store - the store
. key - the frame
- n - number of vectors, at most as many as were put

  Output Parameters:
+ v - vectors of the layouts that were put, in the same order; as they were where it failed
- fault - its `err` is 0, or the frame could not be read on some rank: EILSEQ where it is damaged

  Note:
  A frame whose write was still under way, and failed, is not held afterwards; any other is.

  Level: developer

.seealso: `CostateStoreGetEnd()`, `CostateStoreCopyTry()`
@*/
PetscErrorCode CostateStoreGetTry(CostateStore store, PetscInt64 key, PetscInt n, Vec v[], CostateStoreFault *fault)
{
  CostateFrame        f;
  const CostateBlock *from;

  PetscFunctionBegin;
  PetscCall(CostateFrameGet(store, key, &f));
  PetscCall(SameSizes(store, f, n, v));
  PetscCall(GetStart(store, key, fault));
  if (fault->err) PetscFunctionReturn(0);
  if (f->job) PetscCall(CostateJobTry(store, f, fault));
  if (fault->err) PetscFunctionReturn(0);
  from = f->block;
  for (PetscInt i = 0; i < n; i++) PetscCall(CostateVecUnpack(v[i], from, &from));
  if (!store->map) PetscCall(CostatePoolGive(store, f));
  PetscFunctionReturn(0);
}

/*@C
  CostateStoreGetEnd - Reads a frame

  Collective

  Input Parameters:
+ store - the store
. key - the frame
- n - number of vectors, at most as many as were put

  Output Parameter:
. v - vectors of the layouts that were put, in the same order

  Level: developer

.seealso: `CostateStoreGetBegin()`, `CostateStorePutBegin()`, `CostateStoreGetTry()`
@*/
PetscErrorCode CostateStoreGetEnd(CostateStore store, PetscInt64 key, PetscInt n, Vec v[])
{
  CostateStoreFault fault;

  PetscFunctionBegin;
  PetscCall(CostateStoreGetTry(store, key, n, v, &fault));
  PetscCall(CostateFaultRaise(store, &fault));
  PetscFunctionReturn(0);
}
