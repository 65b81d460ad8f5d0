/* SPDX-License-Identifier: BSD-2-Clause */
/* The frames of a store: the table, what is in it, and dropping. */
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
PetscErrorCode CostateFrameInsert(CostateStore s, CostateFrame f)
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
  if (!s->fault || !s->fault->err) PetscCall(CostateFrameInsert(s, f));
  PetscFunctionReturn(0);
}

/*
  Places a new frame, with the label that waits for it, else with that of the frame it is a copy of; or frees it, also
  where the caller only tries and there is no place.
*/
PetscErrorCode CostateFramePlace(CostateStore s, CostateFrame f, CostateFrame of)
{
  PetscErrorCode err;

  PetscFunctionBegin;
  err = Place(s, f, of);
  if (err || (s->fault && s->fault->err)) PetscCall(PetscFree(f));
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
  CostateStoreKeys - The frames that are held

  Not Collective

  Input Parameter:
. store - the store

  Output Parameters:
+ n    - how many
- keys - their keys, ascending, the same on all ranks; room for n of them, or `NULL`

  Level: developer

.seealso: `CostateStoreHas()`, `CostateStoreResume()`
@*/
PetscErrorCode CostateStoreKeys(CostateStore store, PetscInt *n, PetscInt64 keys[])
{
  PetscFunctionBegin;
  *n = store->ntable;
  for (PetscInt i = 0; keys && i < store->ntable; i++) keys[i] = store->table[i]->key;
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

/* Ends what is being written or copied; at the first that failed the rest stays as it is. */
PetscErrorCode CostateFramesSync(CostateStore s, CostateStoreFault *fault)
{
  PetscFunctionBegin;
  fault->err = 0;
  for (PetscInt i = 0; i < s->ntable && !fault->err; i++) {
    CostateFrame f = s->table[i];

    if (f->peer) PetscCall(CostateJobTry(f->peer, CostateFrameFind(f->peer, f->key), fault));
    if (!fault->err && f->job && (f->job->write || f->job->peer)) PetscCall(CostateJobTry(s, f, fault));
  }
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
  CostateStoreFault fault;

  PetscFunctionBegin;
  PetscCall(CostateFramesSync(store, &fault));
  PetscCall(CostateFaultRaise(store, &fault));
  PetscFunctionReturn(0);
}
