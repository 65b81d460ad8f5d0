/* SPDX-License-Identifier: BSD-2-Clause */
/*
  The data of a frame to and from its file, without HDF5, MPI or PETSc: this may run in the I/O thread.  The part of a
  large block that consists of whole pages goes past the page cache; its ends share pages with those of other ranks.
*/
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
#include <unistd.h>
#define XXH_INLINE_ALL
#include <xxhash.h>
#include "../base/failpoint.h"
#include "disk.h"

#define PIECE      ((PetscInt64)1 << 30) /* Linux moves at most 2 GiB at a time */
#define HASH_ASIDE ((PetscInt64)1 << 22) /* bytes from which on a thread is worth it */
#define HASH_PIECE ((PetscInt64)1 << 24)

/* All bytes, whatever a single call moves; 0 or an errno. */
int CostateRawMove(int fd, char *at, PetscInt64 bytes, PetscInt64 offset, PetscBool write)
{
  while (bytes > 0) {
    size_t  piece = (size_t)(bytes < PIECE ? bytes : PIECE);
    ssize_t moved = write ? pwrite(fd, at, piece, (off_t)offset) : pread(fd, at, piece, (off_t)offset);

    if (moved < 0 && errno == EINTR) continue;
    if (moved < 0) return errno;
    if (!moved) return EIO; /* the file is shorter than it was */
    at += moved;
    bytes -= moved;
    offset += moved;
  }
  return 0;
}

/* What was written to a file is on the disk, or an errno says why not; `name` is that of the failpoints. */
int CostateRawSync(int fd, const char *name)
{
  int err = 0;

  COSTATE_FAILPOINT(name);
  while (fsync(fd)) {
    err = errno;
    if (err != EINTR) return err;
  }
  COSTATE_FAILPOINT(name);
  return 0;
}

/* Of directories some file systems know no fsync(). */
int CostateRawSyncPath(const char *path, PetscBool directory, const char *name)
{
  int err, fd = open(path, O_RDONLY | O_CLOEXEC);

  if (fd < 0) return errno;
  err = CostateRawSync(fd, name);
  close(fd);
  return directory && err == EINVAL ? 0 : err;
}

/* EINVAL says that O_DIRECT is refused, at whatever length or address. */
static int MoveDirect(const CostateSegment *seg, char *at, PetscInt64 bytes, PetscInt64 offset, PetscBool write)
{
  PetscInt64 head = (COSTATE_ALIGN - offset % COSTATE_ALIGN) % COSTATE_ALIGN;
  PetscInt64 tail = (offset + bytes) % COSTATE_ALIGN, middle = bytes - head - tail;
  int        err = CostateRawMove(seg->direct, at + head, middle, offset + head, write);

  if (!err) err = CostateRawMove(seg->fd, at, head, offset, write);
  if (!err) err = CostateRawMove(seg->fd, at + head + middle, tail, offset + head + middle, write);
  return err;
}

/* The same of memory that lies otherwise than the file: a rank's part of a vector begins where the whole vector has it.
 */
static int MoveBounced(CostateDisk *d, const CostateSegment *seg, char *at, PetscInt64 bytes, PetscInt64 offset,
                       PetscBool write)
{
  PetscInt64 done = (COSTATE_ALIGN - offset % COSTATE_ALIGN) % COSTATE_ALIGN;
  PetscInt64 end  = bytes - (offset + bytes) % COSTATE_ALIGN;
  int        err  = CostateRawMove(seg->fd, at, done, offset, write);

  while (done < end && !err) {
    const PetscInt64 piece = PetscMin(COSTATE_BOUNCE, end - done);

    if (write) memcpy(d->bounce, at + done, (size_t)piece);
    err = CostateRawMove(seg->direct, (char *)d->bounce, piece, offset + done, write);
    if (!err && !write) memcpy(at + done, d->bounce, (size_t)piece);
    done += piece;
  }
  return err ? err : CostateRawMove(seg->fd, at + end, bytes - end, offset + end, write);
}

static int MoveBytes(CostateDisk *d, CostateFrame f, char *at, PetscInt64 bytes, PetscInt64 offset, PetscBool write)
{
  const CostateSegment *seg  = (const CostateSegment *)f->where;
  const PetscBool       fits = (PetscBool)(((intptr_t)at - (intptr_t)offset) % COSTATE_ALIGN == 0);

  if (seg->direct < 0 || d->refused || bytes < COSTATE_ALIGN_FROM)
    return CostateRawMove(seg->fd, at, bytes, offset, write);
  if (!fits && !d->bounce && d->layout && posix_memalign(&d->bounce, COSTATE_ALIGN, (size_t)COSTATE_BOUNCE))
    d->bounce = NULL;
  if (fits || d->bounce) {
    int err = fits ? MoveDirect(seg, at, bytes, offset, write) : MoveBounced(d, seg, at, bytes, offset, write);

    if (err != EINVAL) return err;
    d->refused            = PETSC_TRUE;
    f->job->failed_direct = PETSC_TRUE;
  }
  return CostateRawMove(seg->fd, at, bytes, offset, write);
}

/*
  The hash of a large block is reckoned by a thread of its own while the device works: one after the other they would
  take a fifth longer.  `ready` bytes are there to be hashed.
*/
typedef struct {
  pthread_t       thread;
  pthread_mutex_t lock;
  pthread_cond_t  more;
  const char     *at;
  PetscInt64      bytes, ready;
  XXH64_hash_t    hash;
  int             aside; /* there is a thread */
} Hasher;

static void *HashLoop(void *arg)
{
  Hasher      *h    = (Hasher *)arg;
  PetscInt64   done = 0;
  XXH3_state_t state;

  XXH3_64bits_reset(&state);
  while (done < h->bytes) {
    PetscInt64 ready;

    pthread_mutex_lock(&h->lock);
    while (h->ready == done) pthread_cond_wait(&h->more, &h->lock);
    ready = h->ready;
    pthread_mutex_unlock(&h->lock);
    XXH3_64bits_update(&state, h->at + done, (size_t)(ready - done));
    done = ready;
  }
  h->hash = XXH3_64bits_digest(&state);
  return NULL;
}

static void HashBegin(Hasher *h, const CostateBlock *b, PetscInt64 ready)
{
  sigset_t all, before;

  h->at    = (const char *)b->at;
  h->bytes = b->bytes;
  h->ready = ready;
  h->aside = 0;
  if (b->bytes < HASH_ASIDE) return;
  pthread_mutex_init(&h->lock, NULL);
  pthread_cond_init(&h->more, NULL);
  sigfillset(&all); /* signals are for the application's threads */
  pthread_sigmask(SIG_SETMASK, &all, &before);
  h->aside = !pthread_create(&h->thread, NULL, HashLoop, h);
  pthread_sigmask(SIG_SETMASK, &before, NULL);
}

static void HashFeed(Hasher *h, PetscInt64 ready)
{
  if (!h->aside) return;
  pthread_mutex_lock(&h->lock);
  h->ready = ready;
  pthread_cond_signal(&h->more);
  pthread_mutex_unlock(&h->lock);
}

static PetscInt64 HashEnd(Hasher *h)
{
  if (!h->aside) return (PetscInt64)XXH3_64bits(h->at, (size_t)h->bytes);
  HashFeed(h, h->bytes);
  pthread_join(h->thread, NULL);
  pthread_mutex_destroy(&h->lock);
  pthread_cond_destroy(&h->more);
  return (PetscInt64)h->hash;
}

/* A block from its file, in pieces where it is hashed as it comes. */
static int ReadBlock(CostateDisk *d, CostateFrame f, const CostateBlock *b, PetscInt64 base, PetscInt64 *hash)
{
  Hasher     h;
  PetscInt64 done = 0;
  int        err  = 0;

  HashBegin(&h, b, 0);
  while (done < b->bytes && !err) {
    const PetscInt64 offset = base + b->place * (PetscInt64)sizeof(PetscScalar) + done;
    PetscInt64       piece  = h.aside ? HASH_PIECE - offset % COSTATE_ALIGN : b->bytes;

    if (piece > b->bytes - done) piece = b->bytes - done;
    err = MoveBytes(d, f, (char *)b->at + done, piece, offset, PETSC_FALSE);
    done += piece;
    HashFeed(&h, done);
  }
  *hash = HashEnd(&h);
  return err;
}

/* In halves where a test may want to die between them. */
static int WriteBlock(CostateDisk *d, CostateFrame f, const CostateBlock *b, PetscInt64 offset)
{
  const PetscInt64 half = costate_failpoint_armed ? b->bytes / 2 : 0;
  int              err  = 0;

  COSTATE_FAILPOINT("block, before");
  if (half) {
    err = MoveBytes(d, f, (char *)b->at, half, offset, PETSC_TRUE);
    COSTATE_FAILPOINT("block, half");
  }
  if (!err) err = MoveBytes(d, f, (char *)b->at + half, b->bytes - half, offset + half, PETSC_TRUE);
  COSTATE_FAILPOINT("block, after");
  return err;
}

int CostateDiskWrite(CostateStore s, CostateFrame f)
{
  CostateDisk    *d   = (CostateDisk *)s->data;
  CostateSegment *seg = (CostateSegment *)f->where;
  int             err = 0;

  seg->dirty = PETSC_TRUE;
  for (PetscInt i = 0; i < f->nblocks && !err; i++) {
    CostateBlock    *b      = &f->block[i];
    const PetscInt64 offset = seg->offset[f->slot * seg->nblocks + i] + b->place * (PetscInt64)sizeof(PetscScalar);
    Hasher           h;

    HashBegin(&h, b, b->bytes);
    if (b->bytes) err = WriteBlock(d, f, b, offset);
    b->hash = HashEnd(&h);
  }
  if (err) {
    snprintf(f->job->message, sizeof(f->job->message), "to %.400s", seg->path);
    return err;
  }
  /* the journal names only what is there */
  err = CostateJournalPut(d, f);
  if (err) snprintf(f->job->message, sizeof(f->job->message), "to the journal in %.400s", d->run);
  return err;
}

int CostateDiskRead(CostateStore s, CostateFrame f)
{
  CostateDisk          *d   = (CostateDisk *)s->data;
  const CostateSegment *seg = (const CostateSegment *)f->where;
  int                   err = 0;

  for (PetscInt i = 0; i < f->nblocks && !err; i++) {
    const CostateBlock *b = &f->block[i];
    PetscInt64          hash;

    err = ReadBlock(d, f, b, seg->offset[f->slot * seg->nblocks + i], &hash);
    if (!err && b->hash != hash) {
      snprintf(f->job->message, sizeof(f->job->message), "block %d of slot %d in %.400s is damaged", (int)i,
               (int)f->slot, seg->path);
      return EILSEQ;
    }
  }
  if (err) snprintf(f->job->message, sizeof(f->job->message), "from %.400s", seg->path);
  return err;
}
