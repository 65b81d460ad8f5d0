/* SPDX-License-Identifier: BSD-2-Clause */
/*
  A commit on disk: the data, then the journals, then the directory, then the manifest, each durable before the next.
  What the last two commits refer to is left in its place.
*/
#define _GNU_SOURCE
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include "../base/failpoint.h"
#include "disk.h"

/* Slots of dropped frames that a commit still refers to. */
PetscInt64 CostateGraves(CostateStore s)
{
  const CostateDisk *d = (const CostateDisk *)s->data;
  PetscInt64         n = 0;

  for (PetscInt i = 0; i < d->nsegments; i++) {
    const CostateSegment *seg = d->segment[i];

    for (PetscInt slot = 0; slot < seg->slots; slot++) n += !seg->used[slot] && seg->free[slot] > s->generation;
  }
  return n;
}

PetscErrorCode CostateStoreSpare_hdf5(CostateStore s, PetscInt64 *frames)
{
  PetscFunctionBegin;
  if (s->set.limit) *frames = PetscMax(0, s->set.limit - s->frames - CostateGraves(s));
  PetscFunctionReturn(0);
}

PetscErrorCode CostateStoreNote_hdf5(CostateStore s, const char *text)
{
  CostateDisk *d = (CostateDisk *)s->data;

  PetscFunctionBegin;
  PetscCheck(!strchr(text, '\n'), PETSC_COMM_SELF, PETSC_ERR_ARG_WRONG, "A note is one line: it has no line ends");
  PetscCheck(!CostateJournalNote(d, text), PETSC_COMM_SELF, PETSC_ERR_MEM,
             "There is no memory left for a note of %zu bytes that waits for its commit; commit more often",
             strlen(text));
  PetscFunctionReturn(0);
}

/* After a failed fsync nobody knows what is on the disk, however the next one ends. */
static int DataSync(CostateDisk *d, char *message)
{
  const char *what = d->run;
  char        path[COSTATE_PATH];

  for (PetscInt i = 0; i < d->nsegments && !d->sync_err; i++) {
    CostateSegment *seg = d->segment[i];

    if (seg->fd < 0 || !seg->dirty) continue;
    what        = seg->path;
    d->sync_err = CostateRawSync(seg->fd, "fsync of a data file");
    seg->dirty  = PETSC_FALSE;
  }
  if (!d->settled && d->mapped && !d->sync_err) {
    CostatePath(path, "%s/layout.h5", d->run);
    what        = path;
    d->sync_err = CostateRawSyncPath(path, PETSC_FALSE, "fsync of layout.h5");
  }
  if (!d->settled && d->lock >= 0 && !d->sync_err) d->sync_err = CostateRawSync(d->lock, "fsync of costate.json");
  if (d->sync_err)
    snprintf(message, COSTATE_MESSAGE,
             "The commit cannot be made: what was written to %.400s on rank %d may not be on the disk: %s. End the run "
             "and resume it from the commit before; see to the file system there",
             what, (int)d->rank, strerror(d->sync_err));
  return d->sync_err;
}

/* What the journal could not be told when it happened. */
static int DropsSay(CostateDisk *d)
{
  int err = 0;

  for (PetscInt i = 0; i < d->nsegments; i++) {
    CostateSegment *seg = d->segment[i];

    for (PetscInt slot = 0; slot < seg->slots && !err; slot++) {
      if (seg->lost[slot] && !seg->used[slot]) err = CostateJournalDrop(d, seg, slot, -1);
      if (!err) seg->lost[slot] = PETSC_FALSE;
    }
  }
  return err;
}

static int JournalSync(CostateDisk *d, CostateManifestPart *part, char *message)
{
  int err = DropsSay(d);

  if (!err) err = CostateJournalCommit(d, part);
  if (err)
    snprintf(message, COSTATE_MESSAGE,
             "The commit cannot be made: the journal of rank %d in %.400s cannot be written: %s. See to the file "
             "system there; the run can be resumed from the commit before",
             (int)d->rank, d->run, strerror(err));
  return err;
}

/* The names of the files; those of the journals too, which other ranks made before the first frame was placed. */
static int EntriesSync(CostateDisk *d, char *message)
{
  char above[COSTATE_PATH];
  int  err = 0;

  if (d->entries) err = CostateRawSyncPath(d->run, PETSC_TRUE, "fsync of the directory, files");
  if (!d->settled && !err) err = CostateRawSyncPath(d->dir, PETSC_TRUE, "fsync of the directory of the runs");
  if (!d->settled && d->made_dir && !err) {
    CostatePath(above, "%s/..", d->dir);
    err = CostateRawSyncPath(above, PETSC_TRUE, "fsync of the directory above");
  }
  if (err)
    snprintf(message, COSTATE_MESSAGE,
             "The commit cannot be made: the directory %.400s cannot be made durable: %s. See to the file system there",
             d->run, strerror(err));
  return err;
}

static PetscErrorCode Agreed(CostateStore s, int err, char *message, CostateStoreFault *fault)
{
  PetscFunctionBegin;
  fault->err   = err;
  fault->write = PETSC_TRUE;
  PetscCall(CostateAgree(s->comm, &fault->err, message, COSTATE_MESSAGE, &fault->rank));
  PetscCall(PetscStrncpy(fault->text, message, sizeof(fault->text)));
  PetscFunctionReturn(0);
}

PetscErrorCode CostateStoreCommit_hdf5(CostateStore s, CostateStoreFault *fault)
{
  CostateDisk        *d                        = (CostateDisk *)s->data;
  char                message[COSTATE_MESSAGE] = "";
  CostateManifestPart mine = {0, 0}, *part = NULL;
  const PetscInt64    last = s->generation;
  int                 err;

  PetscFunctionBegin;
  d->epoch++; /* whatever becomes of it: a manifest may be there that this rank knows nothing of */
  err = DataSync(d, message);
  if (!err) err = JournalSync(d, &mine, message);
  if (!err && d->leader) err = EntriesSync(d, message);
  PetscCall(Agreed(s, err, message, fault));
  if (fault->err) PetscFunctionReturn(0);
  if (d->rank == 0) PetscCall(PetscMalloc1(d->size, &part));
  PetscCallMPI(
      MPI_Gather(&mine, (PetscMPIInt)sizeof(mine), MPI_BYTE, part, (PetscMPIInt)sizeof(mine), MPI_BYTE, 0, s->comm));
  if (d->rank == 0) err = CostateManifestWrite(s, part, message);
  PetscCall(PetscFree(part));
  PetscCall(Agreed(s, err, message, fault));
  if (fault->err) PetscFunctionReturn(0);
  d->settled    = PETSC_TRUE;
  d->entries    = PETSC_FALSE;
  s->generation = d->epoch;
  if (d->rank == 0) CostateManifestsRemove(d, last, PETSC_FALSE);
  CostateOldRemove(d);
  PetscFunctionReturn(0);
}
