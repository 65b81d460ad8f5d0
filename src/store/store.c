/* SPDX-License-Identifier: BSD-2-Clause */
/* What all tiers share: creation by name, checks, counters. */
#include <costate/store.h>

#define COSTATE_STORE(name, text) extern PetscErrorCode CostateStoreCreate_##name(CostateStore);
#include <stores.def>
#undef COSTATE_STORE

static const struct {
  const char *name, *text;
  PetscErrorCode (*create)(CostateStore);
} stores[] = {
#define COSTATE_STORE(name, text) {#name, text, CostateStoreCreate_##name},
#include <stores.def>
#undef COSTATE_STORE
};

#define NSTORES ((PetscInt)(sizeof(stores) / sizeof(stores[0])))

/*@C
  CostateStoreListGet - The registered stores, one by one

  Not Collective

  Input Parameter:
. i - 0, 1, ...

  Output Parameters:
+ name - its name, or `NULL` past the end
- text - what it is, in a few words

  Level: developer

.seealso: `CostateStoreCreate()`
@*/
PetscErrorCode CostateStoreListGet(PetscInt i, const char **name, const char **text)
{
  PetscFunctionBegin;
  *name = i >= 0 && i < NSTORES ? stores[i].name : NULL;
  if (text) *text = i >= 0 && i < NSTORES ? stores[i].text : NULL;
  PetscFunctionReturn(0);
}

/*@C
  CostateStoreCreate - Creates a store for frames of distributed vectors

  Collective

  Input Parameters:
+ comm - the communicator of the vectors
- type - a name from stores.def, such as "ram"

  Output Parameter:
. store - the store, empty

  Level: developer

.seealso: `CostateStorePutBegin()`, `CostateStoreGetBegin()`, `CostateStoreDestroy()`
@*/
PetscErrorCode CostateStoreCreate(MPI_Comm comm, const char *type, CostateStore *store)
{
  CostateStore s;
  PetscInt     i;
  PetscBool    match = PETSC_FALSE;

  PetscFunctionBegin;
  for (i = 0; i < NSTORES && !match; i++) PetscCall(PetscStrcmp(type, stores[i].name, &match));
  PetscCheck(match, comm, PETSC_ERR_ARG_UNKNOWN_TYPE, "No store is called %s; costate list shows those there are",
             type);
  PetscCall(PetscNew(&s));
  PetscCall(PetscCommDuplicate(comm, &s->comm, NULL));
  s->type = stores[i - 1].name;
  PetscCall(stores[i - 1].create(s));
  *store = s;
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
  Memory: the local bytes of the vectors.  Work: one copy.  Until `CostateStorePutEnd()` the frame cannot be read.

  Level: developer

.seealso: `CostateStorePutEnd()`, `CostateStoreGetBegin()`, `CostateStoreDrop()`
@*/
PetscErrorCode CostateStorePutBegin(CostateStore store, PetscInt64 key, PetscInt n, const Vec v[])
{
  PetscBool has;

  PetscFunctionBegin;
  PetscCall(store->ops.has(store, key, &has));
  PetscCheck(!has, store->comm, PETSC_ERR_ARG_WRONGSTATE, "Store %s holds frame %" PetscInt64_FMT " already",
             store->type, key);
  PetscCall(store->ops.putbegin(store, key, n, v));
  store->peak_frames = PetscMax(store->peak_frames, store->frames);
  store->peak_bytes  = PetscMax(store->peak_bytes, store->bytes);
  PetscFunctionReturn(0);
}

/*@C
  CostateStorePutEnd - Completes `CostateStorePutBegin()`

  Collective

  Input Parameters:
+ store - the store
- key - the frame

  Level: developer

.seealso: `CostateStorePutBegin()`
@*/
PetscErrorCode CostateStorePutEnd(CostateStore store, PetscInt64 key)
{
  PetscFunctionBegin;
  if (store->ops.putend) PetscCall(store->ops.putend(store, key));
  PetscFunctionReturn(0);
}

/*@C
  CostateStoreGetBegin - Starts to bring a frame back, so that it can be read without waiting

  Collective

  Input Parameters:
+ store - the store
- key - the frame

  Level: developer

.seealso: `CostateStoreGetEnd()`
@*/
PetscErrorCode CostateStoreGetBegin(CostateStore store, PetscInt64 key)
{
  PetscFunctionBegin;
  if (store->ops.getbegin) PetscCall(store->ops.getbegin(store, key));
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
  PetscBool has;

  PetscFunctionBegin;
  PetscCall(store->ops.has(store, key, &has));
  PetscCheck(has, store->comm, PETSC_ERR_ARG_OUTOFRANGE, "Store %s holds no frame %" PetscInt64_FMT, store->type, key);
  PetscCall(store->ops.getend(store, key, n, v));
  PetscFunctionReturn(0);
}

/*@C
  CostateStoreDrop - Forgets a frame

  Collective

  Input Parameters:
+ store - the store
- key - the frame

  Level: developer

.seealso: `CostateStorePutBegin()`
@*/
PetscErrorCode CostateStoreDrop(CostateStore store, PetscInt64 key)
{
  PetscBool has;

  PetscFunctionBegin;
  PetscCall(store->ops.has(store, key, &has));
  PetscCheck(has, store->comm, PETSC_ERR_ARG_OUTOFRANGE, "Store %s holds no frame %" PetscInt64_FMT, store->type, key);
  PetscCall(store->ops.drop(store, key));
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
  PetscCall(store->ops.has(store, key, has));
  PetscFunctionReturn(0);
}

/*@C
  CostateStoreSync - Waits until all that was begun is done

  Collective

  Input Parameter:
. store - the store

  Level: developer

.seealso: `CostateStorePutBegin()`
@*/
PetscErrorCode CostateStoreSync(CostateStore store)
{
  PetscFunctionBegin;
  if (store->ops.sync) PetscCall(store->ops.sync(store));
  PetscFunctionReturn(0);
}

/*@C
  CostateStoreView - Prints what a store holds

  Collective

  Input Parameters:
+ store - the store
- viewer - an ASCII viewer; others print nothing

  Level: developer

.seealso: `CostateStoreGetBytes()`
@*/
PetscErrorCode CostateStoreView(CostateStore store, PetscViewer viewer)
{
  PetscBool ascii;

  PetscFunctionBegin;
  PetscCall(PetscObjectTypeCompare((PetscObject)viewer, PETSCVIEWERASCII, &ascii));
  if (!ascii) PetscFunctionReturn(0);
  PetscCall(PetscViewerASCIIPrintf(viewer,
                                   "store %s: %" PetscInt64_FMT " frames, %" PetscInt64_FMT
                                   " bytes on rank 0; at most %" PetscInt64_FMT " frames, %" PetscInt64_FMT " bytes\n",
                                   store->type, store->frames, store->bytes, store->peak_frames, store->peak_bytes));
  if (store->ops.view) PetscCall(store->ops.view(store, viewer));
  PetscFunctionReturn(0);
}

/*@C
  CostateStoreGetBytes - Memory that a store takes on this rank

  Not Collective

  Input Parameter:
. store - the store

  Output Parameters:
+ now - bytes of the frames held, or `NULL`
- peak - the most there have been since creation, or `NULL`

  Level: developer

.seealso: `CostateStoreView()`
@*/
PetscErrorCode CostateStoreGetBytes(CostateStore store, PetscInt64 *now, PetscInt64 *peak)
{
  PetscFunctionBegin;
  if (now) *now = store->bytes;
  if (peak) *peak = store->peak_bytes;
  PetscFunctionReturn(0);
}

/*@C
  CostateStoreDestroy - Forgets all frames and the store

  Collective

  Input Parameter:
. store - the store; set to `NULL`

  Level: developer

.seealso: `CostateStoreCreate()`
@*/
PetscErrorCode CostateStoreDestroy(CostateStore *store)
{
  PetscFunctionBegin;
  if (!*store) PetscFunctionReturn(0);
  PetscCall((*store)->ops.destroy(*store));
  PetscCall(PetscCommDestroy(&(*store)->comm));
  PetscCall(PetscFree(*store));
  PetscFunctionReturn(0);
}
