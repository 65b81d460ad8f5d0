/* SPDX-License-Identifier: BSD-2-Clause */
/*
  The journal of a rank: what it has put where, a line when it is there.  Each line ends with " #" and the XXH3 of what
  is before, so that a torn one is known.

    costate-journal 1 rank 0 of 2 scalar real8
    segment 0 slots 4 state:0:0:1000 ...                  name:vector:leaf:total of each block
    put 0 3 SERIAL KEY STEP TIME "state" 0:500:HASH ...   segment, slot; first:count:hash of each block
    drop 0 3 KEY

  The serial is the same on all ranks, so that it tells whether they have the same frame in a slot when a run was
  killed. A put into a slot supersedes what was there, so that a drop that could not be written down hides nothing.
*/
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#define XXH_INLINE_ALL
#include <xxhash.h>
#include "disk.h"

typedef struct {
  char  *text;
  size_t used, room;
  int    err;
} Line;

#if defined(__GNUC__)
__attribute__((format(printf, 2, 3)))
#endif
static void
Add(Line *l, const char *format, ...)
{
  va_list args;
  int     n;

  for (int pass = 0; pass < 2 && !l->err; pass++) {
    char  *more;
    size_t left = l->room - l->used;

    va_start(args, format);
    n = vsnprintf(l->text ? l->text + l->used : NULL, left, format, args);
    va_end(args);
    if ((size_t)n < left) {
      l->used += (size_t)n;
      return;
    }
    l->room = 2 * l->room + (size_t)n + 256;
    more    = (char *)realloc(l->text, l->room); /* not PETSc's, which is not for threads */
    if (more)
      l->text = more;
    else
      l->err = ENOMEM;
  }
}

/* One write(), which O_APPEND puts behind what is there. */
static int Append(const CostateDisk *d, Line *l)
{
  uint64_t hash = l->err ? 0 : XXH3_64bits(l->text, l->used);
  size_t   sent = 0;

  Add(l, " #%016" PRIx64 "\n", hash);
  while (!l->err && sent < l->used) {
    ssize_t n = write(d->journal, l->text + sent, l->used - sent);

    if (n < 0 && errno != EINTR) l->err = errno;
    if (n > 0) sent += (size_t)n;
  }
  free(l->text);
  return l->err;
}

int CostateJournalOpen(CostateDisk *d, char *message)
{
  char path[COSTATE_PATH];
  Line l = {NULL, 0, 0, 0};
  int  err;

  CostatePath(path, "%s/journal-%05d.txt", d->run, (int)d->rank);
  d->journal = open(path, O_WRONLY | O_CREAT | O_EXCL | O_APPEND | O_CLOEXEC, 0666);
  err        = d->journal < 0 ? errno : 0;
  if (!err) {
    Add(&l, "costate-journal %d rank %d of %d scalar %s%d", COSTATE_FILE_VERSION, (int)d->rank, (int)d->size,
        COSTATE_SCALAR_KIND, (int)sizeof(PetscReal));
    err = Append(d, &l);
  }
  if (err)
    snprintf(message, COSTATE_MESSAGE, "The file %.400s cannot be written on rank %d: %s. %s", path, (int)d->rank,
             strerror(err), "Name another directory, one that all ranks see");
  return err;
}

int CostateJournalSegment(const CostateDisk *d, const CostateSegment *seg, const CostateStoreSettings *set)
{
  Line l = {NULL, 0, 0, 0};
  char name[96];

  Add(&l, "segment %d slots %d", (int)seg->number, (int)seg->slots);
  for (PetscInt i = 0; i < seg->nblocks; i++) {
    const CostateBlock *b = &seg->shape[i];

    CostateBlockName(set, b, name, sizeof(name));
    Add(&l, " %s:%d:%d:%" PRId64, name, (int)b->vector, (int)b->leaf, (int64_t)b->total);
  }
  return Append(d, &l);
}

int CostateJournalPut(const CostateDisk *d, const CostateFrame f)
{
  const CostateSegment *seg = (const CostateSegment *)f->where;
  Line                  l   = {NULL, 0, 0, 0};

  Add(&l, "put %d %d %" PRId64 " %" PRId64 " %" PRId64 " %a \"%s\"", (int)seg->number, (int)f->slot,
      (int64_t)seg->serial[f->slot], (int64_t)f->key, (int64_t)f->step, (double)f->time, f->what);
  for (PetscInt i = 0; i < f->nblocks; i++) {
    const CostateBlock *b = &f->block[i];

    Add(&l, " %" PRId64 ":%" PRId64 ":%016" PRIx64, (int64_t)b->first,
        (int64_t)(b->bytes / (PetscInt64)sizeof(PetscScalar)), (uint64_t)b->hash);
  }
  return Append(d, &l);
}

int CostateJournalDrop(const CostateDisk *d, const CostateFrame f)
{
  const CostateSegment *seg = (const CostateSegment *)f->where;
  Line                  l   = {NULL, 0, 0, 0};

  Add(&l, "drop %d %d %" PRId64, (int)seg->number, (int)f->slot, (int64_t)f->key);
  return Append(d, &l);
}
