/* SPDX-License-Identifier: BSD-2-Clause */
/*
  The journal of a rank: what it has put where, a line when it is there.  Each line ends with " #" and the XXH3 of what
  is before, so that a torn one is known.

    costate-journal 2 rank 0 of 2 scalar real8 layout shared group 0
    segment 0 slots 4 state:0:0:1000:1000 ... offsets HASH   name:vector:leaf:total:length of each block; where they are
    put 0 3 SERIAL KEY STEP TIME "state" 0:0:500:HASH ...    segment, slot; first:place:count:hash of each block
    drop 0 3 KEY
    note TEXT
    commit GENERATION
    finish

  The serial is the same on all ranks, so that it tells whether they have the same frame in a slot when a run was
  killed. A put into a slot supersedes what was there, so that a drop that could not be written down hides nothing
  until the next commit, which says it again.
*/
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#define XXH_INLINE_ALL
#include <xxhash.h>
#include "../base/failpoint.h"
#include "disk.h"

/* The main thread and the one that runs the jobs both write. */
struct _n_CostateLog {
  int             fd;
  pthread_mutex_t lock;
  XXH3_state_t   *hash;   /* of what is in the file */
  int64_t         length; /* of it */
  int             broken; /* an errno: its end is not known */
};

void CostateTextAdd(CostateText *l, const char *format, ...)
{
  va_list args;
  int     n;

  for (int pass = 0; pass < 2 && !l->err; pass++) {
    char  *more;
    size_t left = l->room - l->used;

    va_start(args, format);
    n = vsnprintf(l->text ? l->text + l->used : NULL, left, format, args);
    va_end(args);
    if (n < 0) {
      l->err = EOVERFLOW;
      return;
    }
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

/* Ends the line that begins at `start`. */
static void Seal(CostateText *l, size_t start)
{
  const uint64_t hash = l->err ? 0 : XXH3_64bits(l->text + start, l->used - start);

  CostateTextAdd(l, " #%016" PRIx64 "\n", hash);
}

static int WriteAll(int fd, const char *text, size_t bytes)
{
  while (bytes) {
    ssize_t n = write(fd, text, bytes);

    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return n < 0 ? errno : EIO;
    text += n;
    bytes -= (size_t)n;
  }
  return 0;
}

/* Whole lines behind what is there, or none of them: a part of one would spoil the next. */
static int LogWrite(CostateLog j, const CostateText *l)
{
  const size_t half = costate_failpoint_armed ? l->used / 2 : 0;
  int          err;

  if (l->err) return l->err;
  if (j->broken) return j->broken;
  COSTATE_FAILPOINT("journal, before");
  err = WriteAll(j->fd, l->text, half);
  if (half) COSTATE_FAILPOINT("journal, half");
  if (!err) err = WriteAll(j->fd, l->text + half, l->used - half);
  if (err) {
    if (ftruncate(j->fd, (off_t)j->length)) j->broken = err;
    return err;
  }
  COSTATE_FAILPOINT("journal, after");
  j->length += (int64_t)l->used;
  XXH3_64bits_update(j->hash, l->text, l->used);
  return 0;
}

static int Append(CostateDisk *d, CostateText *l)
{
  CostateLog j = d->journal;
  int        err;

  if (!j) return EBADF;
  pthread_mutex_lock(&j->lock);
  err = LogWrite(j, l);
  pthread_mutex_unlock(&j->lock);
  return err;
}

/* A line alone. */
static int AppendLine(CostateDisk *d, CostateText *l)
{
  int err;

  Seal(l, 0);
  err = Append(d, l);
  free(l->text);
  return err;
}

/* The journal of this rank with what is in it already; 0 or an errno. */
static int LogOpen(CostateDisk *d, int flags, const char *text, size_t length)
{
  char       path[COSTATE_PATH];
  CostateLog j = (CostateLog)calloc(1, sizeof(*j));

  if (!j) return ENOMEM;
  CostatePath(path, "%s/journal-%05d.txt", d->run, (int)d->rank);
  j->hash = XXH3_createState();
  j->fd   = j->hash ? open(path, O_WRONLY | O_APPEND | O_CLOEXEC | flags, 0666) : -1;
  if (j->fd < 0) {
    int err = j->hash ? errno : ENOMEM;

    XXH3_freeState(j->hash);
    free(j);
    return err;
  }
  pthread_mutex_init(&j->lock, NULL);
  XXH3_64bits_reset(j->hash);
  XXH3_64bits_update(j->hash, text, length);
  j->length  = (int64_t)length;
  d->journal = j;
  return 0;
}

static int CannotWrite(const CostateDisk *d, int err, char *message)
{
  if (err)
    snprintf(message, COSTATE_MESSAGE, "The file %.400s/journal-%05d.txt cannot be written on rank %d: %s. %s", d->run,
             (int)d->rank, (int)d->rank, strerror(err), "Name another directory, one that all ranks see");
  return err;
}

int CostateJournalOpen(CostateDisk *d, char *message)
{
  CostateText l = {NULL, 0, 0, 0};
  int         err;

  err = LogOpen(d, O_CREAT | O_EXCL, "", 0);
  if (!err) {
    CostateTextAdd(&l, "costate-journal %d rank %d of %d scalar %s%d layout %s group %d", COSTATE_FILE_VERSION,
                   (int)d->rank, (int)d->size, COSTATE_SCALAR_KIND, (int)sizeof(PetscReal),
                   CostateLayoutNames[d->layout], d->number);
    err = AppendLine(d, &l);
  }
  return CannotWrite(d, err, message);
}

/* Goes on behind what was committed, as `text`; what came after it is gone. */
int CostateJournalTake(CostateDisk *d, const char *text, size_t length, char *message)
{
  int err = LogOpen(d, 0, text, length);

  COSTATE_FAILPOINT("truncation, before");
  if (!err && ftruncate(d->journal->fd, (off_t)length)) err = errno;
  COSTATE_FAILPOINT("truncation, after");
  if (!err) err = CostateRawSync(d->journal->fd, "fsync of the truncation");
  return CannotWrite(d, err, message);
}

int CostateJournalSegment(CostateDisk *d, const CostateSegment *seg, const CostateStoreSettings *set)
{
  CostateText l = {NULL, 0, 0, 0};
  char        name[96];

  CostateTextAdd(&l, "segment %d slots %d", (int)seg->number, (int)seg->slots);
  for (PetscInt i = 0; i < seg->nblocks; i++) {
    const CostateBlock *b = &seg->shape[i];

    CostateBlockName(set, b, name, sizeof(name));
    CostateTextAdd(&l, " %s:%d:%d:%" PRId64 ":%" PRId64, name, (int)b->vector, (int)b->leaf, (int64_t)b->total,
                   (int64_t)seg->length[i]);
  }
  CostateTextAdd(&l, " offsets %016" PRIx64, CostateSegmentOffsets(seg));
  return AppendLine(d, &l);
}

int CostateJournalPut(CostateDisk *d, const CostateFrame f)
{
  const CostateSegment *seg = (const CostateSegment *)f->where;
  CostateText           l   = {NULL, 0, 0, 0};

  CostateTextAdd(&l, "put %d %d %" PRId64 " %" PRId64 " %" PRId64 " %a \"%s\"", (int)seg->number, (int)f->slot,
                 (int64_t)seg->serial[f->slot], (int64_t)f->key, (int64_t)f->step, (double)f->time, f->what);
  for (PetscInt i = 0; i < f->nblocks; i++) {
    const CostateBlock *b = &f->block[i];

    CostateTextAdd(&l, " %" PRId64 ":%" PRId64 ":%" PRId64 ":%016" PRIx64, (int64_t)b->first, (int64_t)b->place,
                   (int64_t)(b->bytes / (PetscInt64)sizeof(PetscScalar)), (uint64_t)b->hash);
  }
  return AppendLine(d, &l);
}

int CostateJournalDrop(CostateDisk *d, const CostateSegment *seg, PetscInt slot, PetscInt64 key)
{
  CostateText l = {NULL, 0, 0, 0};

  CostateTextAdd(&l, "drop %d %d %" PRId64, (int)seg->number, (int)slot, (int64_t)key);
  return AppendLine(d, &l);
}

/* It is written at the next commit. */
int CostateJournalNote(CostateDisk *d, const char *text)
{
  CostateText *l     = &d->notes;
  const size_t start = l->used;

  CostateTextAdd(l, "note %s", text);
  Seal(l, start);
  return l->err;
}

/* All that was said so far, and the line that ends it, durable; how long the journal is then, and its hash. */
int CostateJournalCommit(CostateDisk *d, CostateManifestPart *part)
{
  CostateLog  j = d->journal;
  CostateText l = {NULL, 0, 0, 0};
  int         err;

  err = d->notes.used ? Append(d, &d->notes) : d->notes.err;
  if (!err) d->notes.used = 0;
  CostateTextAdd(&l, "commit %" PRId64, (int64_t)d->epoch);
  Seal(&l, 0);
  if (!err) err = Append(d, &l);
  free(l.text);
  if (!err) err = CostateRawSync(j->fd, "fsync of the journal");
  part->length = j->length; /* nothing is being written: all jobs have ended */
  part->hash   = XXH3_64bits_digest(j->hash);
  return err;
}

int CostateJournalFinish(CostateDisk *d)
{
  CostateText l = {NULL, 0, 0, 0};

  CostateTextAdd(&l, "finish");
  return AppendLine(d, &l);
}

void CostateJournalClose(CostateDisk *d)
{
  CostateLog j = d->journal;

  free(d->notes.text);
  d->notes.text = NULL;
  if (!j) return;
  close(j->fd);
  pthread_mutex_destroy(&j->lock);
  XXH3_freeState(j->hash);
  free(j);
  d->journal = NULL;
}
