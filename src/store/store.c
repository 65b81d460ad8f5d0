/* SPDX-License-Identifier: BSD-2-Clause */
/* What all tiers share: creation by name, opening and ending, counters. */
#include "../base/failpoint.h"
#include "storeimpl.h"

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
  CostateFailpointArm();
  PetscCall(PetscNew(&s));
  PetscCall(PetscCommDuplicate(comm, &s->comm, NULL));
  s->type       = stores[i - 1].name;
  s->label_step = -1;
  s->set.direct = PETSC_TRUE;
  PetscCall(stores[i - 1].create(s));
  *store = s;
  PetscFunctionReturn(0);
}

/*@C
  CostateStoreOpen - Makes ready what the tier needs, so that what can be wrong is known before the run

  Collective

  Input Parameter:
. store - the store

  Notes:
  The first frame opens a store that is not open yet.  Settings are made before.

  Level: developer

.seealso: `CostateStoreSetDirectory()`, `CostateStoreFinish()`
@*/
PetscErrorCode CostateStoreOpen(CostateStore store)
{
  PetscFunctionBegin;
  if (store->opened) PetscFunctionReturn(0);
  if (store->ops.open) PetscCall(store->ops.open(store));
  store->opened = PETSC_TRUE;
  PetscFunctionReturn(0);
}

/*@C
  CostateStoreFinish - Waits for what is under way, and completes what a tier that keeps its frames leaves to others

  Collective

  Input Parameter:
. store - the store; nothing is put into it any more

  Note:
  `CostateStoreDestroy()` does this too.

  Level: developer

.seealso: `CostateStoreSetKeep()`, `CostateStoreDestroy()`
@*/
PetscErrorCode CostateStoreFinish(CostateStore store)
{
  PetscFunctionBegin;
  if (!store->opened || store->finished) PetscFunctionReturn(0);
  store->finished = PETSC_TRUE;
  PetscCall(CostateStoreSync(store));
  if (store->ops.finish) PetscCall(store->ops.finish(store));
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
                                   store->type, store->frames, store->held, store->peak_frames, store->peak_held));
  if (store->ops.view) PetscCall(store->ops.view(store, viewer));
  PetscFunctionReturn(0);
}

/*@C
  CostateStoreGetBytes - Memory that a store takes on this rank

  Not Collective

  Input Parameter:
. store - the store

  Output Parameters:
+ now - bytes of frames in memory, those in flight to and from other tiers included, or `NULL`
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
  CostateStoreGetIO - What this rank has moved to and from a tier that is no memory

  Not Collective

  Input Parameter:
. store - the store

  Output Parameter:
. io - counts and seconds of what was ended, and whether the I/O thread and O_DIRECT are in use

  Level: developer

.seealso: `CostateStoreSetBehind()`, `CostateStoreSetDirect()`, `CostateStoreGetBytes()`
@*/
PetscErrorCode CostateStoreGetIO(CostateStore store, CostateStoreIO *io)
{
  PetscFunctionBegin;
  *io = store->io;
  PetscFunctionReturn(0);
}

/* Lets go of the frames, whatever became of the jobs; another store may be at one of them. */
static PetscErrorCode StoreEmpty(CostateStore s)
{
  PetscFunctionBegin;
  while (s->ntable) {
    CostateFrame f = s->table[s->ntable - 1];

    if (f->peer) PetscCall(CostateJobAbandon(f->peer, CostateFrameFind(f->peer, f->key)));
    PetscCall(CostateJobAbandon(s, f));
    PetscCall(CostateFrameRemove(s, f));
  }
  PetscFunctionReturn(0);
}

/*@C
  CostateStoreDestroy - Ends a store; what it holds is gone, unless it is a tier that was told to keep it

  Collective

  Input Parameter:
. store - the store; set to `NULL`

  Level: developer

.seealso: `CostateStoreCreate()`, `CostateStoreSetKeep()`
@*/
PetscErrorCode CostateStoreDestroy(CostateStore *store)
{
  CostateStore   s = *store;
  PetscErrorCode err;

  PetscFunctionBegin;
  if (!s) PetscFunctionReturn(0);
  *store      = NULL;
  err         = s->set.keep ? CostateStoreFinish(s) : 0; /* nobody asks how the writes went of files that go */
  s->finished = PETSC_TRUE;
  PetscCall(StoreEmpty(s));
  PetscCall(CostateBehindStop(s));
  if (s->ops.destroy) PetscCall(s->ops.destroy(s));
  PetscCall(CostatePoolDestroy(s));
  PetscCall(CostateStoreFreeNotes(s));
  PetscCall(CostateSettingsDestroy(s));
  PetscCall(PetscFree(s->table));
  PetscCall(PetscCommDestroy(&s->comm));
  PetscCall(PetscFree(s));
  PetscCall(err);
  PetscFunctionReturn(0);
}
