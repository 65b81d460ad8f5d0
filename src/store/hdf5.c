/* SPDX-License-Identifier: BSD-2-Clause */
/*
  The HDF5 tier: frames in the slots of preallocated files that any HDF5 program opens.  Rank 0 makes the files; then
  each rank writes its own part at its place, and one journal line when it is there.
*/
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>
#include "disk.h"

#define SLOTS_FIRST 4 /* in the first file of a shape; later ones double what there is */
#define SLOTS_MOST  64
#define FILE_BYTES  ((PetscInt64)1 << 30)

/* Raises the sentence of the lowest rank that failed on all. */
static PetscErrorCode Agreed(CostateStore s, int err, char *message)
{
  PetscFunctionBegin;
  PetscCall(CostateAgree(s->comm, &err, message, COSTATE_MESSAGE, NULL));
  PetscCheck(!err, s->comm, PETSC_ERR_FILE_OPEN, "%s", message);
  PetscFunctionReturn(0);
}

/* costate.json, with the lock that tells a live run from one that is over. */
static int About(CostateStore s, CostateDisk *d, char *message)
{
  PetscInt  dims[3] = {0, 0, 0}, dof = 0;
  PetscBool is = PETSC_FALSE;
  int       err;

  if (CostateGridGet(s->set.grid, dims, &dof, &is)) dof = 0;
  err = CostateAboutWrite(s, d, dims, is ? dof : 0, message);
  if (!err && flock(d->lock, LOCK_EX | LOCK_NB)) errno = 0; /* without locks a live run counts as an earlier one */
  return err;
}

static PetscErrorCode CostateStoreOpen_hdf5(CostateStore s)
{
  CostateDisk *d                        = (CostateDisk *)s->data;
  char         message[COSTATE_MESSAGE] = "";
  int          err                      = 0;

  PetscFunctionBegin;
  PetscCheck(!d->tried, s->comm, PETSC_ERR_ORDER,
             "A store that could not be opened cannot be opened again: make another one");
  d->tried = PETSC_TRUE;
  if (d->rank == 0) {
    err = CostateRunMake(d, s->set.dir ? s->set.dir : "costate-store", message);
    if (!err) err = About(s, d, message);
  }
  PetscCall(Agreed(s, err, message));
  PetscCallMPI(MPI_Bcast(d->dir, sizeof(d->dir), MPI_CHAR, 0, s->comm));
  PetscCallMPI(MPI_Bcast(d->run, sizeof(d->run), MPI_CHAR, 0, s->comm));
  PetscCall(Agreed(s, CostateJournalOpen(d, message), message));
  s->io.direct = s->set.direct;
  if (s->set.grid) PetscCall(CostateGridWrite(s, d));
  PetscFunctionReturn(0);
}

static PetscBool SameShape(const CostateSegment *seg, const CostateFrame f)
{
  if (seg->nblocks != f->nblocks) return PETSC_FALSE;
  for (PetscInt i = 0; i < f->nblocks; i++) {
    const CostateBlock *a = &seg->shape[i], *b = &f->block[i];

    if (a->vector != b->vector || a->leaf != b->leaf || a->total != b->total) return PETSC_FALSE;
  }
  return PETSC_TRUE;
}

/* How many slots the next file for such a frame gets: few at first, never much more than a run needs. */
static PetscInt SlotsOf(CostateStore s, const CostateFrame f)
{
  CostateDisk *d     = (CostateDisk *)s->data;
  PetscInt64   bytes = 0, slots = 0;

  for (PetscInt i = 0; i < f->nblocks; i++) bytes += f->block[i].total * (PetscInt64)sizeof(PetscScalar);
  for (PetscInt i = 0; i < d->nsegments; i++)
    if (SameShape(d->segment[i], f)) slots += d->segment[i]->slots;
  slots = PetscMin(PetscMax(slots, SLOTS_FIRST), SLOTS_MOST);
  slots = PetscMin(slots, FILE_BYTES / PetscMax(bytes, 1));
  if (s->set.limit) slots = PetscMin(slots, s->set.limit - d->slots);
  return (PetscInt)PetscMax(slots, 1);
}

/* Every rank opens the file for itself; where O_DIRECT is refused all goes through the page cache. */
static int SegmentOpen(CostateStore s, CostateDisk *d, CostateSegment *seg, char *message)
{
  int err = 0;

  seg->fd = open(seg->path, O_RDWR | O_CLOEXEC);
  if (seg->fd < 0) err = errno;
#ifdef O_DIRECT
  if (!err && s->set.direct) seg->direct = open(seg->path, O_RDWR | O_DIRECT | O_CLOEXEC);
#endif
  if (seg->direct < 0) s->io.direct = PETSC_FALSE;
  if (err)
    snprintf(message, COSTATE_MESSAGE,
             "The file %.400s cannot be opened on rank %d: %s. Name another directory, one that all ranks see",
             seg->path, (int)d->rank, strerror(err));
  if (!err) {
    err = CostateJournalSegment(d, seg, &s->set);
    if (err)
      snprintf(message, COSTATE_MESSAGE,
               "The journal of rank %d in %.400s cannot be written: %s. Name another directory", (int)d->rank, d->run,
               strerror(err));
  }
  return err;
}

static void SegmentClose(CostateSegment *seg)
{
  if (seg->fd >= 0) close(seg->fd);
  if (seg->direct >= 0) close(seg->direct);
  seg->fd = seg->direct = -1;
}

static PetscErrorCode SegmentAdd(CostateStore s, const CostateFrame f, CostateSegment **segment)
{
  CostateDisk    *d                        = (CostateDisk *)s->data;
  char            message[COSTATE_MESSAGE] = "", path[COSTATE_PATH];
  CostateSegment *seg;
  PetscInt        n;
  int             err = 0;

  PetscFunctionBegin;
  PetscCall(PetscRealloc((size_t)(d->nsegments + 1) * sizeof(CostateSegment *), &d->segment));
  PetscCall(PetscNew(&seg));
  seg->number  = d->nsegments;
  seg->slots   = SlotsOf(s, f);
  seg->nblocks = f->nblocks;
  seg->fd = seg->direct = -1;
  n                     = seg->slots * seg->nblocks;
  PetscCall(PetscMalloc1(seg->nblocks, &seg->shape));
  PetscCall(PetscArraycpy(seg->shape, f->block, seg->nblocks));
  PetscCall(PetscCalloc1(n, &seg->offset));
  PetscCall(PetscCalloc1(seg->slots, &seg->used));
  PetscCall(PetscCalloc1(seg->slots, &seg->serial));
  CostatePath(path, "%s/states-%04d.h5", d->run, (int)seg->number);
  PetscCall(PetscStrallocpy(path, &seg->path));
  d->segment[d->nsegments++] = seg;
  if (d->rank == 0) err = CostateSegmentMake(seg, &s->set, message);
  PetscCall(Agreed(s, err, message));
  PetscCallMPI(MPI_Bcast(seg->offset, (PetscMPIInt)n, MPIU_INT64, 0, s->comm));
  err = SegmentOpen(s, d, seg, message);
  PetscCall(CostateAgree(s->comm, &err, message, sizeof(message), NULL));
  if (err) SegmentClose(seg); /* where it did open, too: all ranks have the same files */
  PetscCheck(!err, s->comm, PETSC_ERR_FILE_OPEN, "%s", message);
  d->slots += seg->slots;
  *segment = seg;
  PetscFunctionReturn(0);
}

/* The lowest free slot of a file of that shape, or a new file. */
static PetscErrorCode CostateStorePlace_hdf5(CostateStore s, CostateFrame f)
{
  CostateDisk    *d   = (CostateDisk *)s->data;
  CostateSegment *seg = NULL;

  PetscFunctionBegin;
  PetscCheck(!s->set.limit || s->frames < s->set.limit, s->comm, PETSC_ERR_ARG_OUTOFRANGE,
             "Frame %" PetscInt64_FMT " is one more than the %" PetscInt64_FMT
             " that may be in %s at once: allow more, or drop one first",
             f->key, s->set.limit, d->run);
  for (PetscInt i = 0; i < d->nsegments; i++) {
    if (d->segment[i]->fd < 0 || !SameShape(d->segment[i], f)) continue;
    for (f->slot = 0; f->slot < d->segment[i]->slots; f->slot++) {
      if (d->segment[i]->used[f->slot]) continue;
      seg = d->segment[i];
      break;
    }
    if (seg) break;
  }
  if (!seg) {
    PetscCall(SegmentAdd(s, f, &seg));
    f->slot = 0;
  }
  seg->used[f->slot]   = f;
  seg->serial[f->slot] = d->serial++;
  f->where             = seg;
  PetscFunctionReturn(0);
}

static PetscErrorCode CostateStoreDrop_hdf5(CostateStore s, CostateFrame f)
{
  CostateDisk    *d   = (CostateDisk *)s->data;
  CostateSegment *seg = (CostateSegment *)f->where;

  PetscFunctionBegin;
  seg->used[f->slot] = NULL;
  if (!s->finished) (void)CostateJournalDrop(d, f); /* the next put into the slot says as much */
  PetscFunctionReturn(0);
}

static PetscErrorCode CostateStoreFinish_hdf5(CostateStore s)
{
  CostateDisk *d                        = (CostateDisk *)s->data;
  char         message[COSTATE_MESSAGE] = "";
  int          err                      = 0;

  PetscFunctionBegin;
  if (!s->set.keep) PetscFunctionReturn(0);
  for (PetscInt i = 0; d->rank == 0 && i < d->nsegments && !err; i++)
    if (d->segment[i]->fd >= 0) err = CostateSegmentFinish(d->segment[i], message);
  PetscCall(Agreed(s, err, message));
  PetscFunctionReturn(0);
}

static PetscErrorCode CostateStoreView_hdf5(CostateStore s, PetscViewer viewer)
{
  CostateDisk          *d  = (CostateDisk *)s->data;
  const CostateStoreIO *io = &s->io;

  PetscFunctionBegin;
  if (!s->opened) PetscFunctionReturn(0);
  PetscCall(PetscViewerASCIIPrintf(viewer, "  in %s, %s, %s\n", d->run, io->direct ? "O_DIRECT" : "buffered",
                                   io->behind ? "behind the computation" : "while the computation waits"));
  PetscCall(PetscViewerASCIIPrintf(viewer,
                                   "  rank 0: %" PetscInt64_FMT " writes, %.3g GB/s; %" PetscInt64_FMT
                                   " reads, %.3g GB/s; waited %.3g s\n",
                                   io->writes,
                                   io->seconds_write > 0 ? 1e-9 * (double)io->bytes_written / io->seconds_write : 0,
                                   io->reads,
                                   io->seconds_read > 0 ? 1e-9 * (double)io->bytes_read / io->seconds_read : 0,
                                   io->seconds_waited));
  PetscFunctionReturn(0);
}

static PetscErrorCode CostateStoreDestroy_hdf5(CostateStore s)
{
  CostateDisk *d = (CostateDisk *)s->data;
  char         path[COSTATE_PATH];

  PetscFunctionBegin;
  for (PetscInt i = 0; i < d->nsegments; i++) SegmentClose(d->segment[i]);
  if (d->journal >= 0) close(d->journal);
  if (!s->set.keep) {
    CostatePath(path, "%s/journal-%05d.txt", d->run, (int)d->rank);
    if (d->journal >= 0) unlink(path);
    PetscCallMPI(MPI_Barrier(s->comm));
    if (d->rank == 0) CostateRunRemove(d);
  }
  if (d->lock >= 0) close(d->lock);
  for (PetscInt i = 0; i < d->nsegments; i++) {
    PetscCall(PetscFree(d->segment[i]->path));
    PetscCall(PetscFree(d->segment[i]->shape));
    PetscCall(PetscFree(d->segment[i]->offset));
    PetscCall(PetscFree(d->segment[i]->used));
    PetscCall(PetscFree(d->segment[i]->serial));
    PetscCall(PetscFree(d->segment[i]));
  }
  PetscCall(PetscFree(d->segment));
  PetscCall(PetscFree(d));
  PetscFunctionReturn(0);
}

PetscErrorCode CostateStoreCreate_hdf5(CostateStore s)
{
  CostateDisk *d;

  PetscFunctionBegin;
  PetscCall(PetscNew(&d));
  PetscCallMPI(MPI_Comm_rank(s->comm, &d->rank));
  PetscCallMPI(MPI_Comm_size(s->comm, &d->size));
  d->lock = d->journal = -1;
  s->data              = d;
  s->ops.open          = CostateStoreOpen_hdf5;
  s->ops.place         = CostateStorePlace_hdf5;
  s->ops.drop          = CostateStoreDrop_hdf5;
  s->ops.write         = CostateDiskWrite;
  s->ops.read          = CostateDiskRead;
  s->ops.finish        = CostateStoreFinish_hdf5;
  s->ops.view          = CostateStoreView_hdf5;
  s->ops.destroy       = CostateStoreDestroy_hdf5;
  PetscFunctionReturn(0);
}
