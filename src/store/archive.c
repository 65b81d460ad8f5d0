/* SPDX-License-Identifier: BSD-2-Clause */
/* Which frames a store left on disk, as its journals say. */
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "archive.h"

/* What a rank says about a slot; NULL where it knows nothing of the file, or something else than the others. */
const CostateParsedCell *CostateArchiveCell(CostateArchive a, int rank, PetscInt number, PetscInt slot)
{
  const ArchiveSegment       *seg = &a->segment[number];
  const CostateParsedSegment *own;

  if (number >= a->journal[rank].nsegments) return NULL;
  own = &a->journal[rank].segment[number];
  if (own->slots != seg->slots || own->nblocks != seg->nblocks) return NULL;
  for (PetscInt i = 0; i < seg->nblocks; i++)
    if (own->block[i].total != seg->block[i].total) return NULL;
  return &own->cell[slot];
}

static PetscErrorCode Journal(CostateArchive a, int rank)
{
  char        path[COSTATE_PATH], *text = NULL;
  struct stat st;
  int         fd, err = 0;

  PetscFunctionBegin;
  CostatePath(path, "%s/journal-%05d.txt", a->run, rank);
  fd = open(path, O_RDONLY | O_CLOEXEC);
  if (fd < 0 && errno == ENOENT) PetscFunctionReturn(0); /* a rank that did not come so far has nothing */
  if (fd < 0 || fstat(fd, &st)) err = errno;
  if (!err) text = (char *)malloc((size_t)st.st_size + 1);
  if (!err && !text) err = ENOMEM;
  if (!err) err = CostateRawMove(fd, text, (PetscInt64)st.st_size, 0, PETSC_FALSE);
  if (fd >= 0) close(fd);
  if (!err) err = CostateJournalParse(text, (size_t)st.st_size, &a->journal[rank]);
  free(text);
  PetscCheck(!err, PETSC_COMM_SELF, PETSC_ERR_FILE_OPEN, "The file %s cannot be read: %s", path, strerror(err));
  a->journal[rank].nnotes = 0; /* they were in the text */
  a->info.torn += a->journal[rank].torn;
  PetscFunctionReturn(0);
}

/* The files that any rank knows of. */
static PetscErrorCode Segments(CostateArchive a)
{
  PetscFunctionBegin;
  for (int r = 0; r < a->info.ranks; r++) a->nsegments = PetscMax(a->nsegments, a->journal[r].nsegments);
  PetscCall(PetscCalloc1(a->nsegments, &a->segment));
  for (PetscInt i = 0; i < a->nsegments; i++) {
    ArchiveSegment *seg = &a->segment[i];

    for (int r = 0; r < a->info.ranks && !seg->slots; r++) {
      const CostateJournal *j = &a->journal[r];

      if (i >= j->nsegments || !j->segment[i].slots) continue;
      seg->slots   = j->segment[i].slots;
      seg->nblocks = j->segment[i].nblocks;
      seg->block   = j->segment[i].block;
      CostateFileName(seg->file, j->layout, j->group, (int)i);
    }
  }
  PetscFunctionReturn(0);
}

/* What costate.json says: it is our own, on one line. */
static PetscErrorCode About(CostateArchive a)
{
  char  path[COSTATE_PATH], text[4096] = "";
  int   real = 0, pair = 0;
  FILE *f;

  PetscFunctionBegin;
  CostatePath(path, "%s/costate.json", a->run);
  f = fopen(path, "r");
  PetscCheck(f, PETSC_COMM_SELF, PETSC_ERR_FILE_OPEN,
             "There is no run of Costate in %s: %s cannot be read (%s). Name the directory that was given to the run, "
             "or "
             "one of the run-NNNN in it",
             a->run, path, strerror(errno));
  if (!fgets(text, sizeof(text), f)) text[0] = 0;
  fclose(f);
  if (sscanf(text, "{\"costate\": %d, \"ranks\": %d, \"scalar\": \"%15[a-z0-9]", &a->info.version, &a->info.ranks,
             a->scalar) != 3)
    a->info.ranks = 0;
  pair = sscanf(a->scalar, "complex%d", &real) == 1;
  if (!pair && sscanf(a->scalar, "real%d", &real) != 1) real = 0;
  PetscCheck(a->info.ranks > 0 && real > 0, PETSC_COMM_SELF, PETSC_ERR_FILE_UNEXPECTED,
             "The file %s is not as this program writes it: the run ended before it was complete", path);
  PetscCheck(a->info.version == COSTATE_FILE_VERSION, PETSC_COMM_SELF, PETSC_ERR_FILE_UNEXPECTED,
             "The files in %s have version %d of the format, and this program reads version %d only", a->run,
             a->info.version, COSTATE_FILE_VERSION);
  a->info.scalar       = a->scalar;
  a->info.scalar_bytes = pair ? 2 * real : real;
  PetscFunctionReturn(0);
}

static int ByKey(const void *p, const void *q, void *ctx)
{
  CostateArchive           a = (CostateArchive)ctx;
  const ArchiveEntry      *x = (const ArchiveEntry *)p, *y = (const ArchiveEntry *)q;
  const CostateParsedCell *c = CostateArchiveCell(a, x->rank, x->segment, x->slot);
  const CostateParsedCell *d = CostateArchiveCell(a, y->rank, y->segment, y->slot);

  if (c->key != d->key) return c->key < d->key ? -1 : 1;
  return c->serial < d->serial ? -1 : c->serial > d->serial;
}

/* What the ranks say about a slot; e->rank stays -1 where none has anything there. */
static void Slot(CostateArchive a, ArchiveEntry *e)
{
  int64_t serial = -1;

  for (int r = 0; r < a->info.ranks; r++) {
    const CostateParsedCell *c = CostateArchiveCell(a, r, e->segment, e->slot);

    if (c && c->held && e->rank < 0) {
      e->rank = r;
      serial  = c->serial;
    }
    if (!c || !c->held || c->serial != serial) e->complete = PETSC_FALSE;
  }
}

/* The frames, by key; of two under one key the later one counts, if it is complete. */
static PetscErrorCode Entries(CostateArchive a)
{
  PetscInt64 n = 0, kept = 0;

  PetscFunctionBegin;
  for (PetscInt i = 0; i < a->nsegments; i++) n += a->segment[i].slots;
  PetscCall(PetscCalloc1(n, &a->entry));
  n = 0;
  for (PetscInt i = 0; i < a->nsegments; i++)
    for (PetscInt slot = 0; slot < a->segment[i].slots; slot++) {
      ArchiveEntry e = {i, slot, -1, PETSC_TRUE};

      Slot(a, &e);
      if (e.rank >= 0) a->entry[n++] = e;
    }
  qsort_r(a->entry, (size_t)n, sizeof(*a->entry), ByKey, a);
  for (PetscInt64 i = 0; i < n; i++) {
    const ArchiveEntry *e = &a->entry[i];

    if (i + 1 < n && e[1].complete &&
        CostateArchiveCell(a, e->rank, e->segment, e->slot)->key ==
            CostateArchiveCell(a, e[1].rank, e[1].segment, e[1].slot)->key)
      continue;
    a->entry[kept++] = *e;
  }
  a->info.frames = kept;
  PetscFunctionReturn(0);
}

/* DIR itself where it is a run, else the newest run in it. */
static PetscErrorCode FindRun(const char *dir, char run[PETSC_MAX_PATH_LEN])
{
  char           path[COSTATE_PATH];
  int            newest = -1, n;
  struct dirent *e;
  DIR           *d;

  PetscFunctionBegin;
  PetscCall(PetscStrncpy(run, dir, PETSC_MAX_PATH_LEN));
  CostatePath(path, "%s/costate.json", dir);
  if (!access(path, F_OK)) PetscFunctionReturn(0);
  d = opendir(dir);
  PetscCheck(d, PETSC_COMM_SELF, PETSC_ERR_FILE_OPEN, "The directory %s cannot be read: %s", dir, strerror(errno));
  while ((e = readdir(d))) {
    CostatePath(path, "%s/%s/costate.json", dir, e->d_name);
    n = CostateRunNumber(e->d_name);
    if (n > newest && !access(path, F_OK)) newest = n;
  }
  closedir(d);
  PetscCheck(newest >= 0, PETSC_COMM_SELF, PETSC_ERR_FILE_OPEN,
             "There is no run of Costate in %s. Name the directory that was given to the run, or one of the run-NNNN "
             "in it",
             dir);
  PetscCall(PetscSNPrintf(run, PETSC_MAX_PATH_LEN, "%s/run-%04d", dir, newest));
  PetscFunctionReturn(0);
}

/*@C
  CostateArchiveOpen - Looks at what a store of type hdf5 left on disk

  Not Collective

  Input Parameter:
. dir - the directory that was given to `CostateStoreSetDirectory()`, where the newest run is taken, or a run-NNNN in it

  Output Parameter:
. archive - what was found

  Notes:
  The run need not have ended well, nor at all.  Memory: about 100 bytes for each frame, vector and rank.

  Level: developer

.seealso: `CostateArchiveGetInfo()`, `CostateArchiveRead()`, `CostateArchiveClose()`
@*/
PetscErrorCode CostateArchiveOpen(const char *dir, CostateArchive *archive)
{
  CostateArchive a;

  PetscFunctionBegin;
  PetscCall(PetscNew(&a));
  *archive = a;
  PetscCall(FindRun(dir, a->run));
  a->info.run = a->run;
  PetscCall(About(a));
  PetscCall(PetscCalloc1(a->info.ranks, &a->journal));
  for (int r = 0; r < a->info.ranks; r++) PetscCall(Journal(a, r));
  PetscCall(Segments(a));
  PetscCall(Entries(a));
  PetscCall(CostateArchiveReadGrid(a));
  PetscFunctionReturn(0);
}

/*@C
  CostateArchiveClose - Ends the reading

  Not Collective

  Input Parameter:
. archive - set to `NULL`; after a failed `CostateArchiveOpen()` too

  Level: developer

.seealso: `CostateArchiveOpen()`
@*/
PetscErrorCode CostateArchiveClose(CostateArchive *archive)
{
  CostateArchive a = *archive;

  PetscFunctionBegin;
  if (!a) PetscFunctionReturn(0);
  for (int r = 0; a->journal && r < a->info.ranks; r++) CostateJournalFree(&a->journal[r]);
  PetscCall(PetscFree(a->journal));
  PetscCall(PetscFree(a->segment));
  PetscCall(PetscFree(a->entry));
  PetscCall(PetscFree(*archive));
  PetscFunctionReturn(0);
}
