/* SPDX-License-Identifier: BSD-2-Clause */
/*
  The HDF5 tier: frames in the slots of preallocated files that any HDF5 program opens.  The first of the
  ranks that share a file makes it; then each rank writes its own part at its place, and one journal line when it is
  there.
*/
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "disk.h"

#define SLOTS_FIRST 4 /* in the first file of a shape; later ones double what there is */
#define FILE_BYTES  ((PetscInt64)1 << 30)

static PetscErrorCode CostateStoreOpen_hdf5(CostateStore s)
{
  CostateDisk *d                        = (CostateDisk *)s->data;
  char         message[COSTATE_MESSAGE] = "";

  PetscFunctionBegin;
  PetscCheck(!d->tried, s->comm, PETSC_ERR_ORDER,
             "A store that could not be opened cannot be opened again: make another one");
  d->tried = PETSC_TRUE;
  PetscCall(CostateGroupsMake(s));
  PetscCall(CostateRunsMake(s));
  PetscCall(CostateGroupAgree(s, CostateJournalOpen(d, message), message));
  d->entries   = PETSC_TRUE;
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
  slots = PetscMin(PetscMax(slots, SLOTS_FIRST), COSTATE_SLOTS_MOST);
  slots = PetscMin(slots, FILE_BYTES / PetscMax(bytes, 1));
  if (s->set.limit) slots = PetscMin(slots, s->set.limit - d->slots);
  return (PetscInt)PetscMax(slots, 1);
}

/* Every rank opens the file for itself; where O_DIRECT is refused all goes through the page cache. */
int CostateSegmentOpen(CostateStore s, CostateDisk *d, CostateSegment *seg, char *message)
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
             "The file %.400s cannot be opened for writing on rank %d: %s. Name another directory, one that all ranks "
             "see",
             seg->path, (int)d->rank, strerror(err));
  return err;
}

static int SegmentSay(CostateStore s, CostateDisk *d, const CostateSegment *seg, char *message)
{
  int err = CostateJournalSegment(d, seg, &s->set);

  if (err)
    snprintf(message, COSTATE_MESSAGE, "The journal of rank %d in %.400s cannot be written: %s. Name another directory",
             (int)d->rank, d->run, strerror(err));
  return err;
}

void CostateSegmentClose(CostateSegment *seg)
{
  if (seg->fd >= 0) close(seg->fd);
  if (seg->direct >= 0) close(seg->direct);
  seg->fd = seg->direct = -1;
}

/* The next one, without its file. */
PetscErrorCode CostateSegmentNew(CostateDisk *d, PetscInt nblocks, const CostateBlock *shape, PetscInt slots,
                                 CostateSegment **segment)
{
  CostateSegment *seg;
  char            path[COSTATE_PATH], name[COSTATE_FILE_NAME];

  PetscFunctionBegin;
  PetscCall(PetscRealloc((size_t)(d->nsegments + 1) * sizeof(CostateSegment *), &d->segment));
  PetscCall(PetscNew(&seg));
  seg->number  = d->nsegments;
  seg->slots   = slots;
  seg->nblocks = nblocks;
  seg->fd = seg->direct = -1;
  PetscCall(PetscMalloc1(nblocks, &seg->shape));
  PetscCall(PetscArraycpy(seg->shape, shape, nblocks));
  PetscCall(PetscCalloc1(slots * nblocks, &seg->offset));
  PetscCall(PetscCalloc1(nblocks, &seg->length));
  PetscCall(PetscCalloc1(nblocks, &seg->place));
  for (PetscInt i = 0; i < nblocks; i++) seg->length[i] = shape[i].total;
  PetscCall(PetscCalloc1(slots, &seg->used));
  PetscCall(PetscCalloc1(slots, &seg->serial));
  PetscCall(PetscCalloc1(slots, &seg->put));
  PetscCall(PetscCalloc1(slots, &seg->free));
  PetscCall(PetscCalloc1(slots, &seg->lost));
  CostateFileName(name, d->layout, d->number, (int)seg->number);
  CostatePath(path, "%s/%s", d->run, name);
  PetscCall(PetscStrallocpy(path, &seg->path));
  d->segment[d->nsegments++] = seg;
  *segment                   = seg;
  PetscFunctionReturn(0);
}

PetscErrorCode CostateSegmentsFree(CostateDisk *d)
{
  PetscFunctionBegin;
  for (PetscInt i = 0; i < d->nsegments; i++) {
    CostateSegment *seg = d->segment[i];

    CostateSegmentClose(seg);
    PetscCall(PetscFree(seg->path));
    PetscCall(PetscFree(seg->shape));
    PetscCall(PetscFree(seg->offset));
    PetscCall(PetscFree(seg->length));
    PetscCall(PetscFree(seg->place));
    PetscCall(PetscFree(seg->used));
    PetscCall(PetscFree(seg->serial));
    PetscCall(PetscFree(seg->put));
    PetscCall(PetscFree(seg->free));
    PetscCall(PetscFree(seg->lost));
    PetscCall(PetscFree(seg));
  }
  d->nsegments = 0;
  d->slots     = 0;
  PetscCall(PetscFree(d->segment));
  PetscFunctionReturn(0);
}

/* Where the caller only tries, what failed is said to it. */
static PetscErrorCode NoSegment(CostateStore s, int err, PetscMPIInt who, const char *message)
{
  PetscFunctionBegin;
  PetscCheck(s->fault, s->comm, PETSC_ERR_FILE_OPEN, "%s", message);
  s->fault->err   = err;
  s->fault->rank  = who;
  s->fault->write = PETSC_TRUE;
  PetscCall(PetscStrncpy(s->fault->text, message, sizeof(s->fault->text)));
  PetscFunctionReturn(0);
}

/* *segment stays NULL where there is none and the caller only tries. */
static PetscErrorCode SegmentAdd(CostateStore s, const CostateFrame f, PetscInt64 mark, CostateSegment **segment)
{
  CostateDisk    *d                        = (CostateDisk *)s->data;
  char            message[COSTATE_MESSAGE] = "";
  CostateSegment *seg;
  PetscMPIInt     who;
  int             err = 0;

  PetscFunctionBegin;
  PetscCall(CostateSegmentNew(d, f->nblocks, f->block, SlotsOf(s, f), &seg));
  PetscCall(CostateSegmentDivide(d, seg));
  seg->mark = mark;
  if (d->leader) err = CostateSegmentMake(seg, &s->set, message);
  d->entries = PETSC_TRUE;
  PetscCall(CostateAgree(s->comm, &err, message, sizeof(message), &who));
  if (!err) {
    PetscCallMPI(MPI_Bcast(seg->offset, (PetscMPIInt)(seg->slots * seg->nblocks), MPIU_INT64, 0, d->group));
    err = CostateSegmentOpen(s, d, seg, message);
    if (!err) err = SegmentSay(s, d, seg, message);
    PetscCall(CostateAgree(s->comm, &err, message, sizeof(message), &who));
    if (err) CostateSegmentClose(seg); /* where it did open, too: all ranks have the same files */
  }
  if (err) {
    PetscCall(NoSegment(s, err, who, message));
    PetscFunctionReturn(0);
  }
  seg->dirty = d->leader;
  d->slots += seg->slots;
  *segment = seg;
  PetscFunctionReturn(0);
}

/* A frame more than the limit, or one that has to wait for a commit. */
static PetscErrorCode Room(CostateStore s, const CostateFrame f)
{
  const CostateDisk *d        = (const CostateDisk *)s->data;
  const PetscInt64   graves   = s->set.limit ? CostateGraves(s) : 0;
  char               wait[96] = "";

  PetscFunctionBegin;
  if (graves)
    PetscCall(PetscSNPrintf(wait, sizeof(wait), ", %" PetscInt64_FMT " of them dropped, but part of the last commits",
                            graves));
  PetscCheck(!s->set.limit || s->frames + graves < s->set.limit, s->comm, PETSC_ERR_ARG_OUTOFRANGE,
             "Frame %" PetscInt64_FMT " is one more than the %" PetscInt64_FMT
             " that may be in %s at once%s: allow more, or drop one first%s",
             f->key, s->set.limit, d->run, wait, graves ? " and commit" : "");
  PetscFunctionReturn(0);
}

/* The lowest free slot of a file of that shape, or a new file. */
static PetscErrorCode CostateStorePlace_hdf5(CostateStore s, CostateFrame f)
{
  CostateDisk    *d    = (CostateDisk *)s->data;
  CostateSegment *seg  = NULL;
  PetscInt64      mark = 0;

  PetscFunctionBegin;
  PetscCall(Room(s, f));
  if (d->layout) PetscCall(CostateDivision(s, f->nblocks, f->block, &mark));
  for (PetscInt i = 0; i < d->nsegments; i++) {
    if (d->segment[i]->fd < 0 || d->segment[i]->mark != mark || !SameShape(d->segment[i], f)) continue;
    for (f->slot = 0; f->slot < d->segment[i]->slots; f->slot++) {
      if (d->segment[i]->used[f->slot] || d->segment[i]->free[f->slot] > s->generation) continue;
      seg = d->segment[i];
      break;
    }
    if (seg) break;
  }
  if (!seg) {
    PetscCall(SegmentAdd(s, f, mark, &seg));
    if (!seg) PetscFunctionReturn(0);
    f->slot = 0;
  }
  seg->used[f->slot]   = f;
  seg->serial[f->slot] = d->serial++;
  seg->put[f->slot]    = d->epoch;
  seg->lost[f->slot]   = PETSC_FALSE;
  f->where             = seg;
  for (PetscInt i = 0; i < f->nblocks; i++) f->block[i].place = d->layout ? seg->place[i] : f->block[i].first;
  PetscFunctionReturn(0);
}

/* What was put since the last attempt of a commit no commit refers to. */
static PetscErrorCode CostateStoreDrop_hdf5(CostateStore s, CostateFrame f)
{
  CostateDisk    *d   = (CostateDisk *)s->data;
  CostateSegment *seg = (CostateSegment *)f->where;

  PetscFunctionBegin;
  seg->used[f->slot] = NULL;
  seg->free[f->slot] = s->set.commit && seg->put[f->slot] < d->epoch ? d->epoch + 2 : 0;
  if (!s->finished && CostateJournalDrop(d, seg, f->slot, f->key)) seg->lost[f->slot] = PETSC_TRUE;
  PetscFunctionReturn(0);
}

static PetscErrorCode CostateStoreFinish_hdf5(CostateStore s)
{
  CostateDisk *d                        = (CostateDisk *)s->data;
  char         message[COSTATE_MESSAGE] = "";
  int          err                      = 0;

  PetscFunctionBegin;
  if (!s->set.keep) PetscFunctionReturn(0);
  for (PetscInt i = 0; d->leader && i < d->nsegments && !err; i++)
    if (d->segment[i]->fd >= 0) err = CostateSegmentFinish(d->segment[i], message);
  PetscCall(CostateGroupAgree(s, err, message));
  if (d->layout) PetscCall(CostateIndexWrite(s, &err, message));
  PetscCall(CostateGroupAgree(s, err, message));
  if (!s->set.commit) PetscFunctionReturn(0);
  (void)CostateJournalFinish(d);                              /* for those who look at it */
  if (d->rank == 0) CostateManifestsRemove(d, 0, PETSC_TRUE); /* there is nothing to resume any more */
  PetscFunctionReturn(0);
}

static PetscErrorCode CostateStoreView_hdf5(CostateStore s, PetscViewer viewer)
{
  CostateDisk          *d  = (CostateDisk *)s->data;
  const CostateStoreIO *io = &s->io;

  PetscFunctionBegin;
  if (!s->opened) PetscFunctionReturn(0);
  PetscCall(PetscViewerASCIIPrintf(viewer, "  in %s, %s, %s%s%s\n", d->run, io->direct ? "O_DIRECT" : "buffered",
                                   io->behind ? "behind the computation" : "while the computation waits",
                                   d->layout ? ", a file for each " : "",
                                   d->layout ? CostateLayoutNames[d->layout] : ""));
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

/* Manifests go first: what is there without them is no commit that lacks something. */
static PetscErrorCode CostateStoreDestroy_hdf5(CostateStore s)
{
  CostateDisk    *d    = (CostateDisk *)s->data;
  const PetscBool had  = (PetscBool)(d->journal != NULL);
  const PetscBool keep = (PetscBool)(s->set.keep && !(s->abandoned && d->old[0])); /* there the old run is */
  char            path[COSTATE_PATH];

  PetscFunctionBegin;
  CostateJournalClose(d);
  if (!keep) {
    if (d->rank == 0 && d->epoch) CostateManifestsRemove(d, 0, PETSC_TRUE);
    PetscCallMPI(MPI_Barrier(s->comm));
    CostatePath(path, "%s/journal-%05d.txt", d->run, (int)d->rank);
    if (had) unlink(path);
    if (d->leader) CostateSegmentsRemove(d);
    PetscCallMPI(MPI_Barrier(s->comm));
    if (d->home) CostateRunRemove(d);
    if (d->layout) PetscCallMPI(MPI_Barrier(s->comm));
    if (!s->abandoned) CostateOldRemove(d);
    if (d->made_dir) rmdir(d->dir);
  } else
    CostateOldRemove(d);
  if (d->old_lock >= 0) close(d->old_lock);
  PetscCall(CostateGroupsFree(d));
  if (d->lock >= 0) close(d->lock);
  PetscCall(CostateSegmentsFree(d));
  free(d->bounce);
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
  d->lock = d->old_lock = -1;
  d->group              = MPI_COMM_NULL;
  d->oldest             = 1;
  s->data               = d;
  s->ops.open           = CostateStoreOpen_hdf5;
  s->ops.place          = CostateStorePlace_hdf5;
  s->ops.drop           = CostateStoreDrop_hdf5;
  s->ops.write          = CostateDiskWrite;
  s->ops.read           = CostateDiskRead;
  s->ops.commit         = CostateStoreCommit_hdf5;
  s->ops.resume         = CostateStoreResume_hdf5;
  s->ops.note           = CostateStoreNote_hdf5;
  s->ops.spare          = CostateStoreSpare_hdf5;
  s->ops.finish         = CostateStoreFinish_hdf5;
  s->ops.view           = CostateStoreView_hdf5;
  s->ops.destroy        = CostateStoreDestroy_hdf5;
  PetscFunctionReturn(0);
}
