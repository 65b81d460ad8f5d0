/* SPDX-License-Identifier: BSD-2-Clause */
/* The runs of a directory, and what can be said of them: see scan.c for what is read. */
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "inventory.h"

/* What is no run may still be one that lost its costate.json: it has journals, or manifests. */
static int IsRun(const char *path)
{
  char           about[COSTATE_PATH];
  PetscInt64     number;
  struct dirent *e;
  DIR           *d;
  int            is;

  CostatePath(about, "%s/costate.json", path);
  is = !access(about, F_OK);
  d  = is ? NULL : opendir(path);
  while (d && !is && (e = readdir(d)))
    is = !CostateManifestNumber(e->d_name, ".txt", &number) ||
         (!strncmp(e->d_name, "journal-", 8) && strlen(e->d_name) == strlen("journal-00000.txt"));
  if (d) closedir(d);
  return is;
}

static int Ascending(const void *p, const void *q)
{
  const int a = *(const int *)p, b = *(const int *)q;

  return a < b ? -1 : a > b;
}

/* The numbers of the runs in DIR. */
static PetscErrorCode Numbers(const char *dir, PetscInt *n, int **numbers)
{
  PetscErrorCode err = 0;
  struct dirent *e;
  DIR           *d = opendir(dir);

  PetscFunctionBegin;
  PetscCheck(d, PETSC_COMM_SELF, PETSC_ERR_FILE_OPEN, "The directory %s cannot be read: %s", dir, strerror(errno));
  while (!err && (e = readdir(d))) {
    const int number = CostateRunNumber(e->d_name);
    char      path[COSTATE_PATH];

    CostatePath(path, "%s/%s", dir, e->d_name);
    if (number < 0 || !IsRun(path)) continue;
    err = PetscRealloc((size_t)(*n + 1) * sizeof(**numbers), numbers);
    if (!err) (*numbers)[(*n)++] = number;
  }
  closedir(d);
  PetscCall(err);
  if (*n) qsort(*numbers, (size_t)*n, sizeof(**numbers), Ascending);
  PetscFunctionReturn(0);
}

/* The newest commit that can be gone on from, or NULL and why. */
static const ScanCommit *Newest(const ScanRun *r, char why[COSTATE_TEXT])
{
  char path[COSTATE_PATH], name[COSTATE_FILE_NAME];

  why[0] = 0;
  for (PetscInt i = 0; i < r->ncommits; i++) {
    const ScanCommit *c   = &r->commit[i];
    int               bad = !c->whole;

    if (bad && !why[0]) snprintf(why, COSTATE_TEXT, "no generation of it is whole: %.400s", c->why);
    for (int k = 0; !bad && k < CostateScanSegments(c->journal, c->m.ranks); k++) {
      if (!CostateScanSegment(c->journal, c->m.ranks, k)) continue;
      for (int g = 0; g < c->m.ranks && !bad; g++) {
        if (c->journal[g].group != g) continue;
        CostateScanFile(name, &c->journal[g], k);
        CostatePath(path, "%s/%s", r->path, name);
        bad = access(path, F_OK) != 0;
        if (bad) snprintf(why, COSTATE_TEXT, "its file %s is missing", name);
      }
    }
    if (!bad) return c;
  }
  if (!r->ncommits) snprintf(why, COSTATE_TEXT, "nothing was committed");
  return NULL;
}

static void Resumable(const ScanRun *r, char why[COSTATE_TEXT])
{
  const ScanCommit *c = Newest(r, why);

  if (r->live)
    snprintf(why, COSTATE_TEXT, "it is going on");
  else if (r->finished)
    snprintf(why, COSTATE_TEXT, "it came to its end");
  else if (c)
    why[0] = 0;
  if (!why[0] && r->about == ENOENT) snprintf(why, COSTATE_TEXT, "its file costate.json is missing");
}

/*@C
  CostateInventoryOpen - Looks at the runs in a directory, without reading their states

  Not Collective

  Input Parameter:
. dir - the directory that was given to `CostateStoreSetDirectory()`, or a run-NNNN in it

  Output Parameter:
. inventory - what was found, by the numbers of the runs

  Notes:
  The runs may be going on, or have ended anyhow.  Nothing is written, and no lock is taken that a run would notice.

  Level: developer

.seealso: `CostateInventoryGetRun()`, `CostateInventoryVerify()`, `CostateInventoryClose()`, `CostateArchiveOpen()`
@*/
PetscErrorCode CostateInventoryOpen(const char *dir, CostateInventory *inventory)
{
  CostateInventory list;
  const int        one     = IsRun(dir);
  int             *numbers = NULL;
  PetscInt         n       = 0;
  size_t           length;

  PetscFunctionBegin;
  PetscCall(PetscNew(&list));
  *inventory = list;
  PetscCall(PetscStrlen(dir, &length));
  PetscCheck(length < PETSC_MAX_PATH_LEN - 128, PETSC_COMM_SELF, PETSC_ERR_ARG_SIZ, "The path %.200s... is too long",
             dir);
  if (!one) PetscCall(Numbers(dir, &n, &numbers));
  PetscCheck(one || n, PETSC_COMM_SELF, PETSC_ERR_FILE_OPEN,
             "There is no run of Costate in %s. Name the directory that was given to the run, or one of the run-NNNN "
             "in it",
             dir);
  PetscCall(PetscCalloc1(one ? 1 : n, &list->run));
  PetscCall(PetscCalloc1(one ? 1 : n, &list->why));
  for (PetscInt i = 0; i < (one ? 1 : n); i++) {
    char path[COSTATE_PATH];

    CostatePath(path, one ? "%s" : "%s/run-%04d", dir, one ? 0 : numbers[i]);
    list->n = i + 1;
    PetscCall(CostateScan(path, &list->run[i]));
    Resumable(&list->run[i], list->why[i]);
  }
  PetscCall(PetscFree(numbers));
  PetscFunctionReturn(0);
}

/*@C
  CostateInventoryGetSize - How many runs there are

  Not Collective

  Input Parameter:
. inventory - the inventory

  Output Parameter:
. n - the number, at least 1

  Level: developer

.seealso: `CostateInventoryOpen()`, `CostateInventoryGetRun()`
@*/
PetscErrorCode CostateInventoryGetSize(CostateInventory inventory, PetscInt *n)
{
  PetscFunctionBegin;
  *n = inventory->n;
  PetscFunctionReturn(0);
}

static int64_t Held(const CostateJournal *j, int ranks, CostateInventoryRun *run)
{
  const int segments = CostateScanSegments(j, ranks);
  int64_t   held     = 0;

  for (int k = 0; k < segments; k++) {
    const CostateParsedSegment *seg = CostateScanSegment(j, ranks, k);

    for (int slot = 0; seg && slot < seg->slots; slot++) {
      const CostateParsedCell *c;
      const SlotKind           kind = CostateScanSlot(j, ranks, k, slot, &c);

      held += kind == SLOT_HELD;
      if (run) run->torn += kind == SLOT_TORN;
      if (!run || kind != SLOT_HELD || c->step < 0) continue;
      if (!run->labelled || c->step < run->first_step) run->first_step = c->step, run->first_time = c->time;
      if (!run->labelled || c->step > run->last_step) run->last_step = c->step, run->last_time = c->time;
      run->labelled++;
    }
  }
  return held;
}

static PetscErrorCode Check(CostateInventory list, PetscInt i)
{
  PetscFunctionBegin;
  PetscCheck(i >= 0 && i < list->n, PETSC_COMM_SELF, PETSC_ERR_ARG_OUTOFRANGE,
             "There is no run %" PetscInt_FMT " in the inventory, which has %" PetscInt_FMT, i, list->n);
  PetscFunctionReturn(0);
}

/*@C
  CostateInventoryGetRun - What there is to say of a run

  Not Collective

  Input Parameters:
+ inventory - the inventory
- i         - 0, 1, ...

  Output Parameter:
. run - its words last as long as the inventory

  Level: developer

.seealso: `CostateInventoryGetSize()`, `CostateInventoryGetCommit()`
@*/
PetscErrorCode CostateInventoryGetRun(CostateInventory inventory, PetscInt i, CostateInventoryRun *run)
{
  const ScanRun    *r;
  const ScanCommit *c;
  char              why[COSTATE_TEXT];

  PetscFunctionBegin;
  PetscCall(Check(inventory, i));
  r = &inventory->run[i];
  memset(run, 0, sizeof(*run));
  run->run       = r->path;
  run->owner     = "";
  run->petsc     = "";
  run->layout    = "";
  run->scalar    = r->scalar;
  run->version   = r->version;
  run->ranks     = r->ranks;
  run->started   = r->started;
  run->changed   = r->changed;
  run->live      = (PetscBool)r->live;
  run->finished  = (PetscBool)r->finished;
  run->commits   = r->ncommits;
  run->files     = r->files;
  run->bytes     = r->bytes;
  run->why       = inventory->why[i];
  run->resumable = (PetscBool)!run->why[0];
  for (PetscInt k = r->ncommits - 1; k >= 0; k--) {
    const CostateManifest *m = &r->commit[k].m;

    if (!m->journal) continue;
    run->owner   = m->owner;
    run->petsc   = m->petsc;
    run->layout  = m->layout;
    run->scalar  = m->scalar;
    run->integer = m->integer;
  }
  for (int k = 0; k < r->ranks; k++) run->torn_lines += r->now[k].torn;
  run->complete = Held(r->now, r->ranks, run);
  c             = Newest(r, why);
  if (c) run->committed = Held(c->journal, c->m.ranks, NULL);
  PetscFunctionReturn(0);
}

/*@C
  CostateInventoryGetCommit - What there is to say of a generation of a run

  Not Collective

  Input Parameters:
+ inventory - the inventory
. i         - the run
- k         - 0, the newest, 1, ...

  Output Parameter:
. commit - its words last as long as the inventory

  Level: developer

.seealso: `CostateInventoryGetRun()`, `CostateStoreCommit()`
@*/
PetscErrorCode CostateInventoryGetCommit(CostateInventory inventory, PetscInt i, PetscInt k,
                                         CostateInventoryCommit *commit)
{
  const ScanRun    *r;
  const ScanCommit *c;

  PetscFunctionBegin;
  PetscCall(Check(inventory, i));
  r = &inventory->run[i];
  PetscCheck(k >= 0 && k < r->ncommits, PETSC_COMM_SELF, PETSC_ERR_ARG_OUTOFRANGE,
             "There is no commit %" PetscInt_FMT " in %s, which has %" PetscInt_FMT, k, r->path, r->ncommits);
  c                  = &r->commit[k];
  commit->generation = c->generation;
  commit->file       = c->file;
  commit->when       = c->when;
  commit->whole      = (PetscBool)c->whole;
  commit->why        = c->why;
  commit->frames     = c->whole ? Held(c->journal, c->m.ranks, NULL) : 0;
  commit->backward   = (PetscBool)c->backward;
  commit->step       = c->step;
  commit->steps      = c->steps;
  PetscFunctionReturn(0);
}

/*@C
  CostateInventoryClose - Ends the looking

  Not Collective

  Input Parameter:
. inventory - set to `NULL`; after a failed `CostateInventoryOpen()` too

  Level: developer

.seealso: `CostateInventoryOpen()`
@*/
PetscErrorCode CostateInventoryClose(CostateInventory *inventory)
{
  CostateInventory list = *inventory;

  PetscFunctionBegin;
  if (!list) PetscFunctionReturn(0);
  for (PetscInt i = 0; i < list->n; i++) PetscCall(CostateScanFree(&list->run[i]));
  PetscCall(PetscFree(list->run));
  PetscCall(PetscFree(list->why));
  PetscCall(PetscFree(*inventory));
  PetscFunctionReturn(0);
}
