/* SPDX-License-Identifier: BSD-2-Clause */
/*
  Going on with a run on another number of ranks, where all of them share its files and its vectors are on a DMDA: the
  frames of a commit are read in the order that the old ranks gave them, and put into a new run as the ranks have it
  now.  Vectors of another size than those of the grid keep their order.  Each of the ranks reads the parts of some of
  the old ones, so that all is compared with its hashes.  The old run is removed when the new one has been committed.
*/
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <petscdmda.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#define XXH_INLINE_ALL
#include <xxhash.h>
#include "disk.h"

typedef struct {
  CostateStore           store;
  CostateDisk            disk; /* of the old run: its directory and files */
  const CostateManifest *manifest;
  CostateJournal        *journal; /* of each of its ranks */
  char                 **text;
  int                    first, last; /* the old ranks whose parts this one reads, without the last */
  PetscInt64             unknowns;    /* of the grid */
  PetscInt64             offset;      /* of its natural numbers in layout.h5 */
  PetscInt64             start, count, total;
  Vec                    from;    /* so many entries in the old order */
  VecScatter             scatter; /* to the order of now; both for vectors of `total` entries that are divided so */
} Old;

/* Whether a run on so many ranks can be gone on with at all; else why not. */
const char *CostateRegroupable(const CostateStoreSettings *set, const char *layout)
{
  PetscInt  dims[3], dof;
  PetscBool is;

  if (strcmp(layout, "shared") != 0) return "its files are not shared by all ranks";
  if (CostateGridGet(set->grid, dims, &dof, &is) || !is) return "its vectors are not on a DMDA";
  return NULL;
}

static PetscErrorCode OldFree(Old *o, PetscBool texts)
{
  PetscFunctionBegin;
  for (int r = 0; o->journal && r < o->manifest->ranks; r++) {
    CostateJournalFree(&o->journal[r]);
    if (texts) free(o->text[r]);
  }
  PetscCall(PetscFree(o->journal));
  if (texts) PetscCall(PetscFree(o->text));
  PetscCall(CostateSegmentsFree(&o->disk));
  PetscCall(VecDestroy(&o->from));
  PetscCall(VecScatterDestroy(&o->scatter));
  PetscFunctionReturn(0);
}

/* All journals on each rank; and whether they have the same frames in the same slots. */
static int Journals(Old *o, char *message)
{
  const CostateManifest *m = o->manifest;
  int                    err;

  for (int r = 0; r < m->ranks; r++) {
    err = CostateJournalLoad(&o->disk, m, r, &o->text[r], &o->journal[r], message);
    if (err) return err;
  }
  for (int r = 1; r < m->ranks; r++) {
    const CostateJournal *a = &o->journal[0], *b = &o->journal[r];
    int                   same = a->nsegments == b->nsegments;

    for (int i = 0; i < a->nsegments && same; i++) {
      const CostateParsedSegment *x = &a->segment[i], *y = &b->segment[i];

      same = x->slots == y->slots && x->nblocks == y->nblocks && x->offsets == y->offsets;
      for (int k = 0; k < x->nblocks && same; k++)
        same = x->block[k].total == y->block[k].total && x->block[k].vector == y->block[k].vector;
      for (int k = 0; k < x->slots && same; k++)
        same = x->cell[k].held == y->cell[k].held &&
               (!x->cell[k].held || (x->cell[k].serial == y->cell[k].serial && x->cell[k].key == y->cell[k].key));
    }
    if (same) continue;
    snprintf(message, COSTATE_MESSAGE, "The journals in %.400s do not agree about the frames that there are",
             o->disk.run);
    return EILSEQ;
  }
  return 0;
}

/* The files, open for reading. */
static PetscErrorCode Files(Old *o, int *err, char *message)
{
  const CostateJournal *j = &o->journal[0];

  PetscFunctionBegin;
  for (int i = 0; i < j->nsegments; i++) {
    const CostateParsedSegment *said = &j->segment[i];
    CostateSegment             *seg;

    PetscCall(CostateSegmentFromJournal(&o->disk, said, &seg));
    if (!said->slots || *err) continue;
    for (int b = 0; b < said->nblocks && !*err; b++) {
      if (!said->block[b].leaf) continue;
      *err = ENOTSUP;
      snprintf(message, COSTATE_MESSAGE,
               "The run in %.400s has vectors of parts (VECNEST), which only as many ranks as "
               "wrote them can read: %d",
               o->disk.run, o->manifest->ranks);
    }
    if (!*err && o->disk.rank == 0) *err = CostateSegmentLook(seg, said, message);
  }
  PetscCall(CostateAgree(o->store->comm, err, message, COSTATE_MESSAGE, NULL));
  for (PetscInt i = 0; i < o->disk.nsegments && !*err; i++) {
    CostateSegment *seg = o->disk.segment[i];

    PetscCallMPI(MPI_Bcast(seg->offset, (PetscMPIInt)(seg->slots * seg->nblocks), MPIU_INT64, 0, o->store->comm));
    if (!seg->slots) continue;
    seg->fd = open(seg->path, O_RDONLY | O_CLOEXEC);
    if (seg->fd >= 0) continue;
    *err = errno;
    snprintf(message, COSTATE_MESSAGE, "The file %.400s cannot be read on rank %d: %s", seg->path, (int)o->disk.rank,
             strerror(*err));
  }
  PetscCall(CostateAgree(o->store->comm, err, message, COSTATE_MESSAGE, NULL));
  PetscFunctionReturn(0);
}

static const CostateParsedPart *Part(const Old *o, int rank, PetscInt segment, PetscInt slot, PetscInt block)
{
  return &o->journal[rank].segment[segment].cell[slot].part[block];
}

/* What this rank reads of a block: entries of the old order. */
static void Range(const Old *o, PetscInt segment, PetscInt slot, PetscInt block, PetscInt64 *start, PetscInt64 *count)
{
  *start = *count = 0;
  for (int r = 0; r < o->last; r++) {
    const PetscInt64 n = Part(o, r, segment, slot, block)->count;

    if (r < o->first) *start += n;
    if (r >= o->first) *count += n;
  }
}

/* The parts of the old ranks that are this one's to read, one after the other. */
static int PartsRead(const Old *o, const CostateSegment *seg, PetscInt slot, PetscInt block, PetscScalar *to,
                     char *message)
{
  PetscInt64 start, count, at;
  int        err = 0;

  Range(o, seg->number, slot, block, &start, &count);
  at = start;
  for (int r = o->first; r < o->last && !err; r++) {
    const CostateParsedPart *p     = Part(o, r, seg->number, slot, block);
    const PetscInt64         bytes = p->count * (PetscInt64)sizeof(PetscScalar);
    char                    *here  = (char *)(to + (at - start));

    if (p->first != at || p->place != at) err = EILSEQ;
    if (!err)
      err = CostateRawMove(seg->fd, here, bytes,
                           seg->offset[slot * seg->nblocks + block] + p->place * (PetscInt64)sizeof(PetscScalar),
                           PETSC_FALSE);
    if (!err && XXH3_64bits(here, (size_t)bytes) != p->hash) err = EILSEQ;
    if (err)
      snprintf(message, COSTATE_MESSAGE, "Block %d of slot %d in %.400s, the part of rank %d, %s%s", (int)block,
               (int)slot, seg->path, r,
               err == EILSEQ ? "is damaged" : "cannot be read: ", err == EILSEQ ? "" : strerror(err));
    at += p->count;
  }
  return err;
}

/* Before anything is made: whether all of it is there. */
static int Verify(const Old *o, char *message)
{
  PetscScalar *buffer = NULL;
  PetscInt64   room   = 0, start, count;
  int          err    = 0;

  for (PetscInt i = 0; i < o->disk.nsegments && !err; i++) {
    const CostateSegment *seg = o->disk.segment[i];

    for (PetscInt k = 0; k < seg->slots * seg->nblocks && !err; k++) {
      const PetscInt slot = k / seg->nblocks, block = k % seg->nblocks;

      if (!o->journal[0].segment[i].cell[slot].held) continue;
      Range(o, i, slot, block, &start, &count);
      if (count > room) {
        free(buffer);
        room   = count;
        buffer = (PetscScalar *)malloc((size_t)room * sizeof(*buffer));
      }
      if (count && !buffer) {
        err = ENOMEM;
        snprintf(message, COSTATE_MESSAGE, "There is no memory left for the states in %.400s", o->disk.run);
      } else
        err = PartsRead(o, seg, slot, block, buffer, message);
    }
  }
  free(buffer);
  return err;
}

/* Where the entries that this rank reads belong in the order of now. */
static PetscErrorCode Places(const Old *o, IS *to)
{
  const PetscInt n = (PetscInt)o->count;
  char           path[COSTATE_PATH];
  PetscInt64    *natural;
  PetscInt      *place;
  PetscMPIInt    bad;
  AO             ao;

  PetscFunctionBegin;
  if (o->total != o->unknowns) {
    PetscCall(ISCreateStride(o->store->comm, n, (PetscInt)o->start, 1, to));
    PetscFunctionReturn(0);
  }
  CostatePath(path, "%s/layout.h5", o->disk.run);
  PetscCall(PetscMalloc1(n, &natural));
  PetscCall(PetscMalloc1(n, &place));
  bad = CostateMapRead(path, o->offset + o->start * (PetscInt64)sizeof(*natural), o->count, natural);
  for (PetscInt i = 0; i < n && !bad; i++) {
    if (natural[i] < 0 || natural[i] >= o->unknowns) bad = EILSEQ;
    place[i] = (PetscInt)natural[i];
  }
  PetscCall(PetscFree(natural));
  PetscCallMPI(MPI_Allreduce(MPI_IN_PLACE, &bad, 1, MPI_INT, MPI_MAX, o->store->comm));
  PetscCheck(!bad, o->store->comm, PETSC_ERR_FILE_READ, "The file %s cannot be read or is damaged: %s", path,
             strerror(bad));
  PetscCall(DMDAGetAO(o->store->set.grid, &ao));
  PetscCall(AOApplicationToPetsc(ao, n, place));
  PetscCall(ISCreateGeneral(o->store->comm, n, place, PETSC_OWN_POINTER, to));
  PetscFunctionReturn(0);
}

/* The way from the old order to that of now for a block, made anew where the last one does not fit. */
static PetscErrorCode Way(Old *o, PetscInt64 total, PetscInt64 start, PetscInt64 count, Vec to)
{
  PetscBool other = (PetscBool)(!o->scatter || total != o->total || start != o->start || count != o->count);
  IS        here, there;

  PetscFunctionBegin;
  PetscCallMPI(MPI_Allreduce(MPI_IN_PLACE, &other, 1, MPIU_BOOL, MPI_LOR, o->store->comm));
  if (!other) PetscFunctionReturn(0);
  PetscCall(VecDestroy(&o->from));
  PetscCall(VecScatterDestroy(&o->scatter));
  o->total = total;
  o->start = start;
  o->count = count;
  PetscCall(VecCreate(o->store->comm, &o->from));
  PetscCall(VecSetSizes(o->from, (PetscInt)count, (PetscInt)total));
  PetscCall(VecSetType(o->from, VECSTANDARD));
  PetscCall(ISCreateStride(o->store->comm, (PetscInt)count, (PetscInt)start, 1, &here));
  PetscCall(Places(o, &there));
  PetscCall(VecScatterCreate(o->from, here, to, there, &o->scatter));
  PetscCall(ISDestroy(&here));
  PetscCall(ISDestroy(&there));
  PetscFunctionReturn(0);
}

/* One vector of a frame, as the ranks have it now. */
static PetscErrorCode Move(Old *o, const CostateSegment *seg, PetscInt slot, PetscInt block, Vec *v)
{
  const PetscInt64 total                    = seg->shape[block].total;
  char             message[COSTATE_MESSAGE] = "";
  PetscInt64       start, count;
  PetscScalar     *a;
  int              err;

  PetscFunctionBegin;
  if (total == o->unknowns) {
    PetscCall(DMCreateGlobalVector(o->store->set.grid, v));
  } else {
    PetscCall(VecCreate(o->store->comm, v));
    PetscCall(VecSetSizes(*v, PETSC_DECIDE, (PetscInt)total));
    PetscCall(VecSetType(*v, VECSTANDARD));
  }
  Range(o, seg->number, slot, block, &start, &count);
  PetscCall(Way(o, total, start, count, *v));
  PetscCall(VecGetArray(o->from, &a));
  err = PartsRead(o, seg, slot, block, a, message);
  PetscCall(VecRestoreArray(o->from, &a));
  PetscCall(CostateAgree(o->store->comm, &err, message, sizeof(message), NULL));
  PetscCheck(!err, o->store->comm, PETSC_ERR_FILE_READ, "%s", message);
  PetscCall(VecScatterBegin(o->scatter, o->from, *v, INSERT_VALUES, SCATTER_FORWARD));
  PetscCall(VecScatterEnd(o->scatter, o->from, *v, INSERT_VALUES, SCATTER_FORWARD));
  PetscFunctionReturn(0);
}

static PetscErrorCode Frames(Old *o)
{
  PetscFunctionBegin;
  for (PetscInt i = 0; i < o->disk.nsegments; i++) {
    const CostateSegment *seg = o->disk.segment[i];
    Vec                  *v;

    PetscCall(PetscMalloc1(seg->nblocks, &v));
    for (PetscInt slot = 0; slot < seg->slots; slot++) {
      const CostateParsedCell *cell = &o->journal[0].segment[i].cell[slot];

      if (!cell->held) continue;
      for (PetscInt b = 0; b < seg->nblocks; b++) PetscCall(Move(o, seg, slot, b, &v[b]));
      PetscCall(CostateStoreSetLabel(o->store, cell->step, (PetscReal)cell->time, cell->what));
      PetscCall(CostateStorePutBegin(o->store, cell->key, seg->nblocks, v));
      PetscCall(CostateStorePutEnd(o->store, cell->key));
      for (PetscInt b = 0; b < seg->nblocks; b++) PetscCall(VecDestroy(&v[b]));
    }
    PetscCall(PetscFree(v));
  }
  PetscFunctionReturn(0);
}

/* A new run; the old one stays locked. */
static PetscErrorCode NewRun(Old *o)
{
  CostateStore s = o->store;
  CostateDisk *d = (CostateDisk *)s->data;

  PetscFunctionBegin;
  PetscCall(PetscStrncpy(d->old, d->run, sizeof(d->old)));
  d->old_lock = d->lock;
  d->lock     = -1;
  d->run[0]   = 0;
  PetscCall(CostateGroupsFree(d));
  PetscCall(s->ops.open(s));
  if (d->rank == 0) d->made_dir = (PetscBool)(d->made_dir || o->manifest->made);
  s->opened = PETSC_TRUE;
  PetscFunctionReturn(0);
}

/* The notes of all old ranks; each ends where the hash of its line begins. */
static PetscErrorCode Notes(Old *o)
{
  CostateStore s = o->store;

  PetscFunctionBegin;
  s->former = o->manifest->ranks;
  PetscCall(PetscCalloc1(s->former, &s->former_n));
  PetscCall(PetscCalloc1(s->former, &s->former_notes));
  for (int r = 0; r < s->former; r++) {
    const CostateJournal *j = &o->journal[r];

    s->former_n[r] = (PetscInt)j->nnotes;
    PetscCall(PetscMalloc1(j->nnotes, &s->former_notes[r]));
    for (size_t i = 0; i < j->nnotes; i++) {
      s->former_notes[r][i]                    = o->text[r] + (j->note[i].text - o->text[r]);
      s->former_notes[r][i][j->note[i].length] = 0;
    }
  }
  s->former_text = o->text; /* the store's from now on */
  o->text        = NULL;
  PetscFunctionReturn(0);
}

/* A generation of more or fewer ranks than these; *err where it is not whole. */
PetscErrorCode CostateRegroup(CostateStore s, const CostateManifest *m, int *err, char *message)
{
  CostateDisk *d = (CostateDisk *)s->data;
  Old          o = {.store = s, .manifest = m};
  PetscInt     dims[3], dof;
  PetscBool    is;

  PetscFunctionBegin;
  PetscCall(CostateGridGet(s->set.grid, dims, &dof, &is));
  o.unknowns  = (PetscInt64)dims[0] * dims[1] * dims[2] * dof;
  o.disk.rank = d->rank;
  o.disk.size = d->size;
  o.disk.lock = -1;
  o.first     = (int)((int64_t)m->ranks * d->rank / d->size);
  o.last      = (int)((int64_t)m->ranks * (d->rank + 1) / d->size);
  PetscCall(PetscStrncpy(o.disk.run, d->run, sizeof(o.disk.run)));
  PetscCall(PetscCalloc1(m->ranks, &o.journal));
  PetscCall(PetscCalloc1(m->ranks, &o.text));
  *err = Journals(&o, message);
  PetscCall(CostateAgree(s->comm, err, message, COSTATE_MESSAGE, NULL));
  if (!*err) PetscCall(Files(&o, err, message));
  if (!*err) PetscCall(CostateMapFind(s, o.disk.run, &o.offset, err, message));
  if (!*err) *err = Verify(&o, message);
  PetscCall(CostateAgree(s->comm, err, message, COSTATE_MESSAGE, NULL));
  if (!*err) {
    PetscCall(NewRun(&o));
    PetscCall(Frames(&o));
    PetscCall(Notes(&o));
  }
  PetscCall(OldFree(&o, (PetscBool)(o.text != NULL)));
  PetscFunctionReturn(0);
}
