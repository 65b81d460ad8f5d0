/* SPDX-License-Identifier: BSD-2-Clause */
/*
  The data of a frame to and from its file, without HDF5, MPI or PETSc: this may run in the I/O thread.  The part of a
  large block that consists of whole pages goes past the page cache; its ends share pages with those of other ranks.
*/
#define _GNU_SOURCE
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/types.h>
#include <unistd.h>
#define XXH_INLINE_ALL
#include <xxhash.h>
#include "disk.h"

#define PIECE ((PetscInt64)1 << 30) /* Linux moves at most 2 GiB at a time */

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

static int MoveBlock(CostateDisk *d, CostateFrame f, const CostateBlock *b, PetscInt64 base, PetscBool write)
{
  const CostateSegment *seg    = (const CostateSegment *)f->where;
  PetscInt64            offset = base + b->first * (PetscInt64)sizeof(PetscScalar);

  if (seg->direct >= 0 && !d->refused && b->bytes >= COSTATE_ALIGN_FROM &&
      ((intptr_t)b->at - (intptr_t)offset) % COSTATE_ALIGN == 0) {
    int err = MoveDirect(seg, (char *)b->at, b->bytes, offset, write);

    if (err != EINVAL) return err;
    d->refused            = PETSC_TRUE;
    f->job->failed_direct = PETSC_TRUE;
  }
  return CostateRawMove(seg->fd, (char *)b->at, b->bytes, offset, write);
}

int CostateDiskWrite(CostateStore s, CostateFrame f)
{
  CostateDisk          *d   = (CostateDisk *)s->data;
  const CostateSegment *seg = (const CostateSegment *)f->where;
  int                   err = 0;

  for (PetscInt i = 0; i < f->nblocks && !err; i++) {
    CostateBlock *b = &f->block[i];

    b->hash = (PetscInt64)XXH3_64bits(b->at, (size_t)b->bytes);
    if (b->bytes) err = MoveBlock(d, f, b, seg->offset[f->slot * seg->nblocks + i], PETSC_TRUE);
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

    if (b->bytes) err = MoveBlock(d, f, b, seg->offset[f->slot * seg->nblocks + i], PETSC_FALSE);
    if (!err && b->hash != (PetscInt64)XXH3_64bits(b->at, (size_t)b->bytes)) {
      snprintf(f->job->message, sizeof(f->job->message), "block %d of slot %d in %.400s is damaged", (int)i,
               (int)f->slot, seg->path);
      return EILSEQ;
    }
  }
  if (err) snprintf(f->job->message, sizeof(f->job->message), "from %.400s", seg->path);
  return err;
}
