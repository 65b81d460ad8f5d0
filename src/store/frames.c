/* SPDX-License-Identifier: BSD-2-Clause */
/* The frames of a store: the table, put, get and drop. */
#include "storeimpl.h"

/* The index of the key, or of the first one beyond it. */
static PetscInt TableFind(CostateStore s, PetscInt64 key)
{
  PetscInt lo = 0, hi = s->ntable;

  while (lo < hi) {
    PetscInt mid = lo + (hi - lo) / 2;

    if (s->table[mid]->key < key)
      lo = mid + 1;
    else
      hi = mid;
  }
  return lo;
}

/* NULL where there is none */
CostateFrame CostateFrameFind(CostateStore s, PetscInt64 key)
{
  PetscInt at = TableFind(s, key);

  return at < s->ntable && s->table[at]->key == key ? s->table[at] : NULL;
}

PetscErrorCode CostateFrameGet(CostateStore s, PetscInt64 key, CostateFrame *f)
{
  PetscFunctionBegin;
  *f = CostateFrameFind(s, key);
  PetscCheck(*f, s->comm, PETSC_ERR_ARG_OUTOFRANGE, "Store %s holds no frame %" PetscInt64_FMT, s->type, key);
  PetscFunctionReturn(0);
}

/* Arrivals append mostly, so an insertion is cheap. */
static PetscErrorCode FrameInsert(CostateStore s, CostateFrame f)
{
  PetscInt at = TableFind(s, f->key);

  PetscFunctionBegin;
  if (s->ntable == s->captable) {
    s->captable = 2 * s->captable + 16;
    PetscCall(PetscRealloc((size_t)s->captable * sizeof(*s->table), &s->table));
  }
  PetscCall(PetscArraymove(s->table + at + 1, s->table + at, s->ntable - at));
  s->table[at] = f;
  s->ntable++;
  s->frames++;
  s->held += f->bytes;
  s->peak_frames = PetscMax(s->peak_frames, s->frames);
  s->peak_held   = PetscMax(s->peak_held, s->held);
  PetscFunctionReturn(0);
}

PetscErrorCode CostateFrameRemove(CostateStore s, CostateFrame f)
{
  PetscInt at = TableFind(s, f->key);

  PetscFunctionBegin;
  s->ntable--;
  PetscCall(PetscArraymove(s->table + at, s->table + at + 1, s->ntable - at));
  s->frames--;
  s->held -= f->bytes;
  PetscCall(s->ops.drop(s, f));
  PetscCall(PetscFree(f));
  PetscFunctionReturn(0);
}

static PetscErrorCode Place(CostateStore s, CostateFrame f, CostateFrame of)
{
  PetscFunctionBegin;
  PetscCheck(!CostateFrameFind(s, f->key), s->comm, PETSC_ERR_ARG_WRONGSTATE,
             "Store %s holds frame %" PetscInt64_FMT " already", s->type, f->key);
  PetscCall(CostateStoreOpen(s));
  f->step = of && !s->labelled ? of->step : s->label_step;
  f->time = of && !s->labelled ? of->time : s->label_time;
  PetscCall(PetscStrncpy(f->what, of && !s->labelled ? of->what : s->label, sizeof(f->what)));
  s->labelled   = PETSC_FALSE;
  s->label_step = -1;
  s->label_time = 0;
  s->label[0]   = 0;
  for (PetscInt i = 0; i < f->nblocks; i++) f->bytes += f->block[i].bytes;
  PetscCall(s->ops.place(s, f));
  PetscCall(FrameInsert(s, f));
  PetscFunctionReturn(0);
}

/* Places a new frame, with the label that waits for it, else with that of the frame it is a copy of; or frees it. */
PetscErrorCode CostateFramePlace(CostateStore s, CostateFrame f, CostateFrame of)
{
  PetscErrorCode err;

  PetscFunctionBegin;
  err = Place(s, f, of);
  if (err) PetscCall(PetscFree(f));
  PetscCall(err);
  PetscFunctionReturn(0);
}

PetscErrorCode CostateFrameNew(PetscInt64 key, PetscInt n, PetscInt nblocks, CostateFrame *frame)
{
  char *memory;

  PetscFunctionBegin;
  PetscCall(PetscCalloc1(sizeof(**frame) + (size_t)nblocks * sizeof(CostateBlock), &memory));
  *frame            = (CostateFrame)(void *)memory;
  (*frame)->key     = key;
  (*frame)->n       = n;
  (*frame)->nblocks = nblocks;
  PetscFunctionReturn(0);
}

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

/* What else goes on with this frame comes to its end first. */
PetscErrorCode CostateFrameQuiet(CostateStore s, CostateFrame f)
{
  PetscFunctionBegin;
  if (f->peer) PetscCall(CostateJobEnd(f->peer, CostateFrameFind(f->peer, f->key)));
  if (f->job) {
    PetscBool staged = (PetscBool)(!f->job->write && !f->job->peer);

    PetscCall(CostateJobEnd(s, f));
    if (staged) PetscCall(CostatePoolGive(s, f));
  }
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
  CostateStorePutEnd - Completes `CostateStorePutBegin()`

  Collective

  Input Parameters:
+ store - the store
- key - the frame

  Notes:
  Where the frame could not be written on some rank, this fails on all of them, and the frame is not held.  It does
  nothing where nothing is under way.

  Level: developer

.seealso: `CostateStorePutBegin()`
@*/
PetscErrorCode CostateStorePutEnd(CostateStore store, PetscInt64 key)
{
  CostateFrame f = CostateFrameFind(store, key);

  PetscFunctionBegin;
  if (f && f->job && f->job->write) PetscCall(CostateJobEnd(store, f));
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

.seealso: `CostateStoreGetEnd()`
@*/
PetscErrorCode CostateStoreGetBegin(CostateStore store, PetscInt64 key)
{
  CostateFrame f;

  PetscFunctionBegin;
  PetscCall(CostateFrameGet(store, key, &f));
  PetscCheck(!f->filling, store->comm, PETSC_ERR_ORDER,
             "Frame %" PetscInt64_FMT " of store %s is being copied; call CostateStoreCopyEnd() first", key,
             store->type);
  if (store->map || (f->job && !f->job->write && !f->job->peer)) PetscFunctionReturn(0);
  PetscCall(CostateJobEnd(store, f));
  PetscCall(CostatePoolTake(store, f));
  PetscCall(CostateJobBegin(store, f, NULL, PETSC_FALSE));
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

.seealso: `CostateStoreGetBegin()`, `CostateStorePutBegin()`
@*/
PetscErrorCode CostateStoreGetEnd(CostateStore store, PetscInt64 key, PetscInt n, Vec v[])
{
  CostateFrame        f;
  const CostateBlock *from;

  PetscFunctionBegin;
  PetscCall(CostateStoreGetBegin(store, key));
  PetscCall(CostateFrameGet(store, key, &f));
  if (f->job) PetscCall(CostateJobEnd(store, f));
  from = f->block;
  for (PetscInt i = 0; i < n; i++) PetscCall(CostateVecUnpack(v[i], from, &from));
  if (!store->map) PetscCall(CostatePoolGive(store, f));
  PetscFunctionReturn(0);
}

/*@C
  CostateStoreDrop - Forgets a frame

  Collective

  Input Parameters:
+ store - the store
- key - the frame

  Notes:
  Waits for a write or read of it that is under way.  A frame that is being copied out of memory cannot be dropped from
  there.

  Level: developer

.seealso: `CostateStorePutBegin()`
@*/
PetscErrorCode CostateStoreDrop(CostateStore store, PetscInt64 key)
{
  CostateFrame f;

  PetscFunctionBegin;
  PetscCall(CostateFrameGet(store, key, &f));
  PetscCheck(!f->peer || f->filling, store->comm, PETSC_ERR_ORDER,
             "Frame %" PetscInt64_FMT " of store %s is being copied; call CostateStoreCopyEnd() before it is dropped",
             key, store->type);
  PetscCall(CostateFrameQuiet(store, f));
  PetscCall(CostateFrameRemove(store, f));
  PetscFunctionReturn(0);
}

/*@C
  CostateStoreHas - Whether a frame is held

  Not Collective

  Input Parameters:
+ store - the store
- key - the frame

  Output Parameter:
. has - `PETSC_TRUE` if it was put and not dropped

  Level: developer

.seealso: `CostateStorePutBegin()`, `CostateStoreDrop()`
@*/
PetscErrorCode CostateStoreHas(CostateStore store, PetscInt64 key, PetscBool *has)
{
  PetscFunctionBegin;
  *has = (PetscBool)(CostateFrameFind(store, key) != NULL);
  PetscFunctionReturn(0);
}

/*@C
  CostateStorePending - Whether a write, read or copy of a frame was begun and has not been ended

  Not Collective

  Input Parameters:
+ store - the store
- key - the frame

  Output Parameter:
. pending - `PETSC_FALSE` also where the frame is not held; the same on all ranks

  Level: developer

.seealso: `CostateStorePutEnd()`, `CostateStoreGetEnd()`, `CostateStoreCopyEnd()`
@*/
PetscErrorCode CostateStorePending(CostateStore store, PetscInt64 key, PetscBool *pending)
{
  CostateFrame f = CostateFrameFind(store, key);

  PetscFunctionBegin;
  *pending = (PetscBool)(f && (f->job || f->peer));
  PetscFunctionReturn(0);
}

/*@C
  CostateStoreTest - Whether this rank's part of a write, read or copy of a frame is over

  Not Collective

  Input Parameters:
+ store - the store; of a copy the one that is no memory
- key - the frame

  Output Parameter:
. done - `PETSC_TRUE` if ending it would not wait here.  Ranks differ: agree on it before anything is done about it

  Level: developer

.seealso: `CostateStorePending()`, `CostateStorePutEnd()`, `CostateStoreCopyEnd()`
@*/
PetscErrorCode CostateStoreTest(CostateStore store, PetscInt64 key, PetscBool *done)
{
  CostateFrame f = CostateFrameFind(store, key);

  PetscFunctionBegin;
  *done = (PetscBool)(!f || !f->job || CostateJobDone(f->job));
  PetscFunctionReturn(0);
}

/*@C
  CostateStoreSync - Waits until all that was put or copied is there

  Collective

  Input Parameter:
. store - the store

  Note:
  What `CostateStoreGetBegin()` started goes on.

  Level: developer

.seealso: `CostateStorePutBegin()`, `CostateStoreCopyBegin()`
@*/
PetscErrorCode CostateStoreSync(CostateStore store)
{
  PetscFunctionBegin;
  for (PetscInt i = 0; i < store->ntable; i++) {
    CostateFrame f = store->table[i];

    if (f->peer) PetscCall(CostateJobEnd(f->peer, CostateFrameFind(f->peer, f->key)));
    if (f->job && (f->job->write || f->job->peer)) PetscCall(CostateJobEnd(store, f));
  }
  PetscFunctionReturn(0);
}
