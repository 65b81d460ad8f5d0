/* SPDX-License-Identifier: BSD-2-Clause */
/* Which frames a store left on disk, as its journals say: see journal.c for their lines. */
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#define XXH_INLINE_ALL
#include <xxhash.h>
#include "archive.h"

static PetscErrorCode SegmentRoom(CostateArchive a, PetscInt n)
{
  PetscFunctionBegin;
  if (n < a->nsegments) PetscFunctionReturn(0);
  PetscCall(PetscRealloc((size_t)(n + 1) * sizeof(*a->segment), &a->segment));
  PetscCall(PetscArrayzero(a->segment + a->nsegments, n + 1 - a->nsegments));
  a->nsegments = n + 1;
  PetscFunctionReturn(0);
}

static PetscInt Words(const char *text)
{
  PetscInt n = 0;

  for (; *text; text++) n += text[0] == ' ' && text[1] != ' ' && text[1];
  return n;
}

/* segment N slots K name:vector:leaf:total ...; each rank says the same. */
static PetscErrorCode LineSegment(CostateArchive a, const char *line)
{
  ArchiveSegment *seg;
  int             number, slots, used;

  PetscFunctionBegin;
  if (sscanf(line, "segment %d slots %d%n", &number, &slots, &used) != 2 || number < 0 || slots < 1)
    PetscFunctionReturn(0);
  PetscCall(SegmentRoom(a, number));
  seg = &a->segment[number];
  if (seg->slots) PetscFunctionReturn(0);
  seg->slots   = slots;
  seg->nblocks = Words(line + used);
  snprintf(seg->file, sizeof(seg->file), "states-%04d.h5", number);
  PetscCall(PetscCalloc1(seg->nblocks, &seg->block));
  PetscCall(PetscCalloc1((size_t)slots * (size_t)a->info.ranks, &seg->cell));
  line += used;
  for (PetscInt i = 0; i < seg->nblocks; i++) {
    ArchiveBlock *b = &seg->block[i];
    int64_t       total;

    if (sscanf(line, " %95[^: ]:%d:%d:%" SCNd64 "%n", b->name, &b->vector, &b->leaf, &total, &used) != 4) break;
    b->total = total;
    line += used;
  }
  PetscFunctionReturn(0);
}

static ArchiveCell *Cell(CostateArchive a, int rank, int number, int slot)
{
  if (number < 0 || number >= a->nsegments || slot < 0 || slot >= a->segment[number].slots) return NULL;
  return &a->segment[number].cell[(size_t)slot * (size_t)a->info.ranks + (size_t)rank];
}

/* put SEGMENT SLOT SERIAL KEY STEP TIME "what" first:count:hash ... */
static PetscErrorCode LinePut(CostateArchive a, int rank, const char *line)
{
  int64_t      serial, key, step, first, count;
  uint64_t     hash;
  int          number, slot, used;
  double       time;
  ArchiveCell *c;
  char         what[COSTATE_WHAT_MAX] = "";

  PetscFunctionBegin;
  if (sscanf(line, "put %d %d %" SCNd64 " %" SCNd64 " %" SCNd64 " %la \"%n", &number, &slot, &serial, &key, &step,
             &time, &used) != 6)
    PetscFunctionReturn(0);
  c = Cell(a, rank, number, slot);
  if (!c) PetscFunctionReturn(0);
  line += used;
  for (used = 0; *line && *line != '"' && used < COSTATE_WHAT_MAX - 1; line++) what[used++] = *line;
  if (*line == '"') line++;
  c->held   = PETSC_TRUE;
  c->serial = serial;
  c->key    = key;
  c->step   = step;
  c->time   = time;
  memcpy(c->what, what, sizeof(what));
  if (!c->part) PetscCall(PetscCalloc1(a->segment[number].nblocks, &c->part));
  for (PetscInt i = 0; i < a->segment[number].nblocks; i++) {
    if (sscanf(line, " %" SCNd64 ":%" SCNd64 ":%" SCNx64 "%n", &first, &count, &hash, &used) != 3) {
      c->held = PETSC_FALSE;
      break;
    }
    c->part[i] = (ArchivePart){first, count, (PetscInt64)hash};
    line += used;
  }
  PetscFunctionReturn(0);
}

/* A line that was not written to its end is passed over: what it said is not known to be there. */
static PetscErrorCode Line(CostateArchive a, int rank, char *line)
{
  char    *mark = strrchr(line, '#');
  uint64_t hash;
  int      number, slot;

  PetscFunctionBegin;
  if (!mark || mark == line || sscanf(mark, "#%16" SCNx64, &hash) != 1 ||
      hash != XXH3_64bits(line, (size_t)(mark - 1 - line))) {
    a->info.torn++;
    PetscFunctionReturn(0);
  }
  mark[-1] = 0;
  if (!strncmp(line, "segment ", 8)) PetscCall(LineSegment(a, line));
  if (!strncmp(line, "put ", 4)) PetscCall(LinePut(a, rank, line));
  if (sscanf(line, "drop %d %d", &number, &slot) == 2) {
    ArchiveCell *c = Cell(a, rank, number, slot);

    if (c) c->held = PETSC_FALSE;
  }
  PetscFunctionReturn(0);
}

static PetscErrorCode Journal(CostateArchive a, int rank)
{
  char           path[COSTATE_PATH], *line = NULL;
  size_t         room = 0;
  FILE          *f;
  PetscErrorCode err = 0;

  PetscFunctionBegin;
  CostatePath(path, "%s/journal-%05d.txt", a->run, rank);
  f = fopen(path, "r");
  if (!f && errno == ENOENT) PetscFunctionReturn(0); /* a rank that did not come so far has nothing */
  PetscCheck(f, PETSC_COMM_SELF, PETSC_ERR_FILE_OPEN, "The file %s cannot be read: %s", path, strerror(errno));
  while (!err && getline(&line, &room, f) > 0) err = Line(a, rank, line);
  free(line);
  fclose(f);
  PetscCall(err);
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
  CostateArchive      a = (CostateArchive)ctx;
  const ArchiveEntry *x = (const ArchiveEntry *)p, *y = (const ArchiveEntry *)q;
  const ArchiveCell  *c = Cell(a, x->rank, (int)x->segment, (int)x->slot);
  const ArchiveCell  *d = Cell(a, y->rank, (int)y->segment, (int)y->slot);

  if (c->key != d->key) return c->key < d->key ? -1 : 1;
  return c->serial < d->serial ? -1 : c->serial > d->serial;
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
      const ArchiveCell *c = &a->segment[i].cell[(size_t)slot * (size_t)a->info.ranks];
      ArchiveEntry       e = {i, slot, -1, PETSC_TRUE};

      for (int r = 0; r < a->info.ranks; r++) {
        if (c[r].held && e.rank < 0) e.rank = r;
        if (!c[r].held || c[r].serial != c[e.rank].serial) e.complete = PETSC_FALSE;
      }
      if (e.rank >= 0) a->entry[n++] = e;
    }
  qsort_r(a->entry, (size_t)n, sizeof(*a->entry), ByKey, a);
  for (PetscInt64 i = 0; i < n; i++) {
    const ArchiveEntry *e = &a->entry[i];

    if (i + 1 < n && e[1].complete &&
        Cell(a, e->rank, (int)e->segment, (int)e->slot)->key ==
            Cell(a, e[1].rank, (int)e[1].segment, (int)e[1].slot)->key)
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
  for (int r = 0; r < a->info.ranks; r++) PetscCall(Journal(a, r));
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
  for (PetscInt i = 0; i < a->nsegments; i++) {
    ArchiveSegment *seg = &a->segment[i];

    for (PetscInt j = 0; j < seg->slots * a->info.ranks; j++) PetscCall(PetscFree(seg->cell[j].part));
    PetscCall(PetscFree(seg->cell));
    PetscCall(PetscFree(seg->block));
  }
  PetscCall(PetscFree(a->segment));
  PetscCall(PetscFree(a->entry));
  PetscCall(PetscFree(*archive));
  PetscFunctionReturn(0);
}
