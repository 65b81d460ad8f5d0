/* SPDX-License-Identifier: BSD-2-Clause */
/* What is said to a store before it is opened, and the labels of its frames. */
#include "parse.h"
#include "storeimpl.h"

/*@C
  CostateStoreSetBehind - Lets writes and reads go on behind the computation

  Collective

  Input Parameters:
+ store  - the store
- behind - `PETSC_TRUE`: in an I/O thread of this store, from its first frame on; `PETSC_FALSE` (default): in `Begin`

  Notes:
  The thread calls neither MPI nor PETSc.  All signals are blocked in it.  Frames in memory need no thread and get none.
  Where the system gives no thread, all goes on without one; `CostateStoreGetIO()` tells.

  Level: developer

.seealso: `CostateStorePutBegin()`, `CostateStoreCopyBegin()`, `CostateStoreGetIO()`
@*/
PetscErrorCode CostateStoreSetBehind(CostateStore store, PetscBool behind)
{
  PetscFunctionBegin;
  if (!behind) PetscCall(CostateBehindStop(store));
  store->set.behind = behind;
  PetscFunctionReturn(0);
}

static PetscErrorCode NotOpen(CostateStore store, const char what[])
{
  PetscFunctionBegin;
  PetscCheck(!store->opened, store->comm, PETSC_ERR_ORDER, "The %s of store %s is set before it is opened", what,
             store->type);
  PetscFunctionReturn(0);
}

/*@C
  CostateStoreSetDirectory - Sets the directory of a tier on disk

  Collective

  Input Parameters:
+ store - the store
- dir   - the directory, "costate-store" by default; it is made if the one above it is there, and holds a directory
          run-NNNN for each opened store

  Note:
  Tiers in memory ignore it.

  Level: developer

.seealso: `CostateStoreSetKeep()`, `CostateStoreOpen()`
@*/
PetscErrorCode CostateStoreSetDirectory(CostateStore store, const char *dir)
{
  PetscFunctionBegin;
  PetscCall(NotOpen(store, "directory"));
  PetscCall(PetscFree(store->set.dir));
  PetscCall(PetscStrallocpy(dir, &store->set.dir));
  PetscFunctionReturn(0);
}

/*@C
  CostateStoreSetLayout - How many files a tier on disk makes

  Collective

  Input Parameters:
+ store  - the store
- layout - "shared" (default): one for all ranks, in a directory that all see; "node": one for each node; "rank": one
           for each rank.  With the latter two each node may have a directory of its own under the name that was given

  Notes:
  A run is resumed with the layout that it was begun with.  Tiers in memory ignore it.

  Level: developer

.seealso: `CostateStoreSetDirectory()`, `CostateStoreResume()`
@*/
PetscErrorCode CostateStoreSetLayout(CostateStore store, const char layout[])
{
  const int is = CostateLayoutFind(layout);

  PetscFunctionBegin;
  PetscCall(NotOpen(store, "layout"));
  PetscCheck(is >= 0, store->comm, PETSC_ERR_ARG_WRONG, "There is no layout '%s': say shared, node or rank", layout);
  store->set.layout = is;
  PetscFunctionReturn(0);
}

/*@C
  CostateStoreSetKeep - Leaves the files of a tier on disk there at the end

  Collective

  Input Parameters:
+ store - the store
- keep  - `PETSC_FALSE` (default): exactly the files that the store made are removed when it is destroyed

  Note:
  Tiers in memory ignore it.

  Level: developer

.seealso: `CostateStoreFinish()`, `CostateStoreSetDirectory()`
@*/
PetscErrorCode CostateStoreSetKeep(CostateStore store, PetscBool keep)
{
  PetscFunctionBegin;
  store->set.keep = keep;
  PetscFunctionReturn(0);
}

/*@C
  CostateStoreSetLimit - The number of frames that a tier on disk may hold

  Collective

  Input Parameters:
+ store  - the store
- frames - the number; 0 (default): no limit

  Notes:
  A frame beyond it is refused.  Tiers in memory ignore it: their user counts.

  Level: developer

.seealso: `CostateStorePutBegin()`
@*/
PetscErrorCode CostateStoreSetLimit(CostateStore store, PetscInt64 frames)
{
  PetscFunctionBegin;
  store->set.limit = frames;
  PetscFunctionReturn(0);
}

/*@C
  CostateStoreSetDirect - Whether a tier on disk goes past the page cache (O_DIRECT) where it can

  Collective

  Input Parameters:
+ store  - the store
- direct - `PETSC_TRUE` (default): blocks of 64 KiB and more do, unless the file system refuses

  Notes:
  `CostateStoreGetIO()` tells whether it was refused.  Tiers in memory ignore it.

  Level: developer

.seealso: `CostateStoreGetIO()`
@*/
PetscErrorCode CostateStoreSetDirect(CostateStore store, PetscBool direct)
{
  PetscFunctionBegin;
  PetscCall(NotOpen(store, "way of access"));
  store->set.direct = direct;
  PetscFunctionReturn(0);
}

/*@C
  CostateStoreSetGrid - The grid that the vectors live on, for tiers whose files others read

  Collective

  Input Parameters:
+ store - the store
- dm    - the grid; of a `DMDA` the natural ordering is written down; others are ignored, and `NULL` is none

  Note:
  Tiers in memory ignore it.

  Level: developer

.seealso: `CostateStoreSetKeep()`
@*/
PetscErrorCode CostateStoreSetGrid(CostateStore store, DM dm)
{
  PetscFunctionBegin;
  PetscCall(NotOpen(store, "grid"));
  if (dm) PetscCall(PetscObjectReference((PetscObject)dm));
  PetscCall(DMDestroy(&store->set.grid));
  store->set.grid = dm;
  PetscFunctionReturn(0);
}

static PetscErrorCode NamesFree(CostateStore store)
{
  PetscFunctionBegin;
  for (PetscInt i = 0; i < store->set.nnames; i++) PetscCall(PetscFree(store->set.names[i]));
  PetscCall(PetscFree(store->set.names));
  store->set.nnames = 0;
  PetscFunctionReturn(0);
}

/*@C
  CostateStoreSetNames - Names the vectors of the frames

  Collective

  Input Parameters:
+ store - the store
. n     - number of names
- names - that of the first vector of a frame, of the second, ...: letters, digits, `_` and `-`

  Note:
  Vectors beyond are called vector_2 and so on.  Tiers in memory ignore the names.

  Level: developer

.seealso: `CostateStoreSetLabel()`
@*/
PetscErrorCode CostateStoreSetNames(CostateStore store, PetscInt n, const char *const names[])
{
  PetscFunctionBegin;
  PetscCall(NotOpen(store, "list of names"));
  PetscCall(NamesFree(store));
  PetscCall(PetscMalloc1(n, &store->set.names));
  for (PetscInt i = 0; i < n; i++) {
    const char *c = names[i];

    while ((*c >= 'a' && *c <= 'z') || (*c >= 'A' && *c <= 'Z') || (*c >= '0' && *c <= '9') || *c == '_' || *c == '-')
      c++;
    PetscCheck(!*c && c > names[i], store->comm, PETSC_ERR_ARG_WRONG,
               "'%s' is no name for a vector in a file: use letters, digits, _ and -", names[i]);
    for (PetscInt j = 0; j < i; j++) {
      PetscBool same;

      PetscCall(PetscStrcmp(names[i], names[j], &same));
      PetscCheck(!same, store->comm, PETSC_ERR_ARG_WRONG, "Two vectors of a frame are called '%s': name them apart",
                 names[i]);
    }
    PetscCall(PetscStrallocpy(names[i], &store->set.names[store->set.nnames++]));
  }
  PetscFunctionReturn(0);
}

/*@C
  CostateStoreSetLabel - Says what the next frame is that is put or copied into a store

  Collective

  Input Parameters:
+ store - the store
. step  - the step that it belongs to
. time  - the time
- what  - such as "state", "before jump", "lambda"; at most 23 characters, no quotes or line ends

  Note:
  A frame that nothing is said about has step -1, or, where it is a copy, the label of its source.

  Level: developer

.seealso: `CostateStorePutBegin()`, `CostateStoreCopyBegin()`
@*/
PetscErrorCode CostateStoreSetLabel(CostateStore store, PetscInt64 step, PetscReal time, const char what[])
{
  size_t length;

  PetscFunctionBegin;
  PetscCall(PetscStrlen(what, &length));
  PetscCheck(length < COSTATE_WHAT_MAX, store->comm, PETSC_ERR_ARG_SIZ, "The label '%s' is longer than %d characters",
             what, COSTATE_WHAT_MAX - 1);
  for (const char *c = what; *c; c++)
    PetscCheck(*c >= ' ' && *c <= '~' && *c != '"' && *c != '\\', store->comm, PETSC_ERR_ARG_WRONG,
               "The label '%s' has characters that no label may have: use letters, digits and spaces", what);
  PetscCall(PetscStrncpy(store->label, what, sizeof(store->label)));
  store->label_step = step;
  store->label_time = time;
  store->labelled   = PETSC_TRUE;
  PetscFunctionReturn(0);
}

PetscErrorCode CostateSettingsDestroy(CostateStore store)
{
  PetscFunctionBegin;
  PetscCall(NamesFree(store));
  PetscCall(PetscFree(store->set.dir));
  PetscCall(PetscFree(store->set.owner));
  PetscCall(DMDestroy(&store->set.grid));
  PetscFunctionReturn(0);
}
