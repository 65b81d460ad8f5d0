/* SPDX-License-Identifier: BSD-2-Clause */
/*
  Going on with a run: the newest generation of which everything is there.  Each rank reads its own journal as far as
  the manifest says; all have to find the same frames.
*/
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#define XXH_INLINE_ALL
#include <xxhash.h>
#include "../base/failpoint.h"
#include "disk.h"

/* What this rank knows of the generation that is tried. */
typedef struct {
  CostateManifest manifest;
  CostateJournal  journal;
  char           *text;         /* of the journal */
  PetscBool       found, moved; /* moved: to a new run, of another number of ranks */
} Past;

static void PastFree(Past *p)
{
  CostateManifestFree(&p->manifest);
  CostateJournalFree(&p->journal);
  free(p->text);
  memset(p, 0, sizeof(*p));
}

/* The first bytes of the journal of a rank. */
static int JournalRead(const CostateManifestPart *part, const char *path, char **text, char *message)
{
  struct stat st;
  int         fd = open(path, O_RDONLY | O_CLOEXEC), err = fd < 0 || fstat(fd, &st) ? errno : 0;

  if (!err && st.st_size < part->length) {
    snprintf(message, COSTATE_MESSAGE, "The file %.400s has %lld bytes of the %lld that were committed: it was cut off",
             path, (long long)st.st_size, (long long)part->length);
    close(fd);
    return EILSEQ;
  }
  *text = err ? NULL : (char *)malloc((size_t)part->length + 1);
  if (!err && !*text) err = ENOMEM;
  if (!err) err = CostateRawMove(fd, *text, part->length, 0, PETSC_FALSE);
  if (fd >= 0) close(fd);
  if (err) snprintf(message, COSTATE_MESSAGE, "The file %.400s cannot be read: %s", path, strerror(err));
  return err;
}

/* The journal of a rank as far as a manifest has it; *text and *j are to be freed also where it is not there. */
int CostateJournalLoad(const CostateDisk *d, const CostateManifest *m, int rank, char **text, CostateJournal *j,
                       char *message)
{
  const CostateManifestPart *part = &m->journal[rank];
  char                       path[COSTATE_PATH];
  int                        err;

  CostatePath(path, "%s/journal-%05d.txt", d->run, rank);
  err = JournalRead(part, path, text, message);
  if (err) return err;
  if (XXH3_64bits(*text, (size_t)part->length) != part->hash) {
    snprintf(message, COSTATE_MESSAGE, "The file %.400s is damaged: it is not what was committed", path);
    return EILSEQ;
  }
  err = CostateJournalParse(*text, (size_t)part->length, j);
  if (err) {
    snprintf(message, COSTATE_MESSAGE, "There is no memory left for what %.400s says", path);
    return err;
  }
  if (j->torn || j->version != COSTATE_FILE_VERSION || j->rank != rank || j->ranks != m->ranks ||
      strcmp(CostateLayoutNames[j->layout], m->layout) != 0 || strcmp(j->scalar, m->scalar) != 0 ||
      j->generation != m->generation) {
    snprintf(message, COSTATE_MESSAGE, "The file %.400s does not say what a journal of rank %d says", path, rank);
    return EILSEQ;
  }
  return 0;
}

static int JournalCheck(const CostateDisk *d, Past *p, char *message)
{
  int err = CostateJournalLoad(d, &p->manifest, d->rank, &p->text, &p->journal, message);

  if (err || p->journal.group == d->number) return err;
  snprintf(message, COSTATE_MESSAGE, "The journal of rank %d in %.400s is of another group of ranks", (int)d->rank,
           d->run);
  return EILSEQ;
}

/* A number that tells what a journal says of a file, or only of the frames in it: 0 for nothing. */
static PetscInt64 SegmentMark(const CostateJournal *j, PetscInt i, PetscBool file)
{
  const CostateParsedSegment *seg;
  XXH64_hash_t                h;

  if (i >= j->nsegments || !j->segment[i].slots) return 0;
  seg = &j->segment[i];
  h   = XXH3_64bits_withSeed(&seg->slots, sizeof(seg->slots), file ? seg->offsets : 0);
  for (int b = 0; b < seg->nblocks; b++) {
    const CostateParsedBlock *block = &seg->block[b];

    h = XXH3_64bits_withSeed(block->name, strlen(block->name), h + (uint64_t)block->total);
    if (file) h = XXH3_64bits_withSeed(&block->length, sizeof(block->length), h);
  }
  return (PetscInt64)(h >> 1 | 1);
}

PetscErrorCode CostateSegmentFromJournal(CostateDisk *d, const CostateParsedSegment *said, CostateSegment **seg)
{
  CostateBlock *shape;

  PetscFunctionBegin;
  PetscCall(PetscCalloc1(said->nblocks, &shape));
  for (PetscInt i = 0; i < said->nblocks; i++) {
    shape[i].vector = said->block[i].vector;
    shape[i].leaf   = said->block[i].leaf;
    shape[i].total  = said->block[i].total;
  }
  PetscCall(CostateSegmentNew(d, said->nblocks, shape, said->slots, seg));
  for (PetscInt i = 0; i < said->nblocks; i++) (*seg)->length[i] = said->block[i].length;
  PetscCall(PetscFree(shape));
  PetscFunctionReturn(0);
}

/* Whether all ranks of a communicator say the same of each file; low[i] is 0 where one of them says nothing of it. */
static PetscErrorCode Marks(MPI_Comm comm, const CostateJournal *j, PetscBool file, PetscMPIInt n, PetscInt64 *low,
                            PetscBool *same)
{
  PetscInt64 *high;

  PetscFunctionBegin;
  PetscCall(PetscMalloc1(n, &high));
  for (PetscInt i = 0; i < n; i++) low[i] = high[i] = SegmentMark(j, i, file);
  PetscCallMPI(MPI_Allreduce(MPI_IN_PLACE, low, n, MPIU_INT64, MPI_MIN, comm));
  PetscCallMPI(MPI_Allreduce(MPI_IN_PLACE, high, n, MPIU_INT64, MPI_MAX, comm));
  for (PetscInt i = 0; i < n; i++)
    if (low[i] && low[i] != high[i]) *same = PETSC_FALSE;
  PetscCall(PetscFree(high));
  PetscFunctionReturn(0);
}

/* How the frames in a file are divided among the ranks, as one of them says that is there or was. */
static PetscErrorCode Division(CostateStore s, CostateSegment *seg, const CostateParsedSegment *said)
{
  const CostateParsedCell *cell = NULL;
  PetscBool                known;

  PetscFunctionBegin;
  for (PetscInt slot = 0; slot < seg->slots && !cell; slot++)
    if (said->cell[slot].part) cell = &said->cell[slot];
  for (PetscInt i = 0; i < seg->nblocks && cell; i++) {
    seg->shape[i].bytes = cell->part[i].count * (PetscInt64)sizeof(PetscScalar);
    seg->place[i]       = cell->part[i].place;
  }
  known = (PetscBool)(cell != NULL);
  PetscCallMPI(MPI_Allreduce(MPI_IN_PLACE, &known, 1, MPIU_BOOL, MPI_LAND, s->comm));
  if (known) PetscCall(CostateDivision(s, seg->nblocks, seg->shape, &seg->mark));
  PetscFunctionReturn(0);
}

/* The files of which all ranks know; of others only the number is taken. */
static PetscErrorCode Segments(CostateStore s, Past *p, int *err, char *message)
{
  CostateDisk    *d = (CostateDisk *)s->data;
  CostateJournal *j = &p->journal;
  PetscInt64     *all, *group;
  PetscBool       same = PETSC_TRUE;
  PetscMPIInt     n    = j->nsegments;

  PetscFunctionBegin;
  *err = 0;
  PetscCallMPI(MPI_Allreduce(MPI_IN_PLACE, &n, 1, MPI_INT, MPI_MAX, s->comm));
  PetscCall(PetscMalloc2(n, &all, n, &group));
  PetscCall(Marks(s->comm, j, PETSC_FALSE, n, all, &same));
  PetscCall(Marks(d->group, j, PETSC_TRUE, n, group, &same));
  if (!same) {
    *err = EILSEQ;
    snprintf(message, COSTATE_MESSAGE, "The journals in %.400s do not agree about the files of states", d->run);
  }
  for (PetscInt i = 0; i < n; i++) {
    CostateParsedSegment none = {0}, *said = all[i] ? &j->segment[i] : &none;
    CostateSegment      *seg;

    PetscCall(CostateSegmentFromJournal(d, said, &seg));
    if (all[i] && !*err && d->leader) *err = CostateSegmentLook(seg, said, message);
  }
  PetscCall(PetscFree2(all, group));
  PetscCall(CostateAgree(s->comm, err, message, COSTATE_MESSAGE, NULL));
  for (PetscInt i = 0; i < n && !*err; i++) {
    CostateSegment *seg = d->segment[i];

    PetscCallMPI(MPI_Bcast(seg->offset, (PetscMPIInt)(seg->slots * seg->nblocks), MPIU_INT64, 0, d->group));
    d->slots += seg->slots;
    if (d->layout && seg->slots) PetscCall(Division(s, seg, &j->segment[i]));
  }
  for (PetscInt i = 0; i < n && !*err; i++)
    if (d->segment[i]->slots) *err = CostateSegmentOpen(s, d, d->segment[i], message);
  PetscCall(CostateAgree(s->comm, err, message, COSTATE_MESSAGE, NULL));
  PetscFunctionReturn(0);
}

static PetscErrorCode FrameFromCell(CostateStore s, CostateSegment *seg, PetscInt slot,
                                    const CostateParsedSegment *said, PetscBool *twice)
{
  const CostateParsedCell *cell = &said->cell[slot];
  CostateFrame             f;
  PetscInt                 n = 0;

  PetscFunctionBegin;
  *twice = (PetscBool)(CostateFrameFind(s, cell->key) != NULL);
  if (*twice) PetscFunctionReturn(0);
  for (PetscInt i = 0; i < seg->nblocks; i++) n = PetscMax(n, seg->shape[i].vector + 1);
  PetscCall(CostateFrameNew(cell->key, n, seg->nblocks, &f));
  f->step  = cell->step;
  f->time  = (PetscReal)cell->time;
  f->slot  = slot;
  f->where = seg;
  PetscCall(PetscStrncpy(f->what, cell->what, sizeof(f->what)));
  PetscCall(PetscArraycpy(f->block, seg->shape, seg->nblocks));
  for (PetscInt i = 0; i < seg->nblocks; i++) {
    f->block[i].first = cell->part[i].first;
    f->block[i].place = cell->part[i].place;
    f->block[i].bytes = cell->part[i].count * (PetscInt64)sizeof(PetscScalar);
    f->block[i].hash  = (PetscInt64)cell->part[i].hash;
    f->bytes += f->block[i].bytes;
  }
  PetscCall(CostateFrameInsert(s, f));
  seg->used[slot]   = f;
  seg->serial[slot] = cell->serial;
  seg->put[slot]    = cell->put;
  PetscFunctionReturn(0);
}

/* The table, and the slots that the commit before may need.  A frame has the same key and place on all ranks. */
static PetscErrorCode Frames(CostateStore s, Past *p, int *err, char *message)
{
  CostateDisk *d = (CostateDisk *)s->data;
  PetscInt64   mark[2];
  XXH64_hash_t h     = 0;
  PetscBool    twice = PETSC_FALSE;

  PetscFunctionBegin;
  *err = 0;
  for (PetscInt i = 0; i < d->nsegments; i++)
    for (PetscInt slot = 0; slot < d->segment[i]->slots; slot++) {
      CostateSegment          *seg  = d->segment[i];
      const CostateParsedCell *cell = &p->journal.segment[i].cell[slot];

      if (cell->part && !cell->held && cell->put < cell->dropped) seg->free[slot] = cell->dropped + 2;
      if (!cell->held || twice) continue;
      PetscCall(FrameFromCell(s, seg, slot, &p->journal.segment[i], &twice));
      h = XXH3_64bits_withSeed(&cell->key, sizeof(cell->key), h ^ (uint64_t)(cell->serial << 20 | i << 6 | slot));
    }
  mark[0] = (PetscInt64)(h >> 1);
  mark[1] = -mark[0];
  PetscCallMPI(MPI_Allreduce(MPI_IN_PLACE, mark, 2, MPIU_INT64, MPI_MAX, s->comm));
  d->serial = p->journal.serial;
  PetscCallMPI(MPI_Allreduce(MPI_IN_PLACE, &d->serial, 1, MPIU_INT64, MPI_MAX, s->comm));
  if (twice || mark[0] != -mark[1]) {
    *err = EILSEQ;
    snprintf(message, COSTATE_MESSAGE, "The journals in %.400s do not agree about the frames that there are", d->run);
  }
  PetscCall(CostateAgree(s->comm, err, message, COSTATE_MESSAGE, NULL));
  PetscFunctionReturn(0);
}

/* Back to where nothing was tried. */
static PetscErrorCode Forget(CostateStore s)
{
  PetscFunctionBegin;
  while (s->ntable) PetscCall(CostateFrameRemove(s, s->table[s->ntable - 1]));
  s->peak_frames = s->peak_held = 0;
  PetscCall(CostateSegmentsFree((CostateDisk *)s->data));
  PetscFunctionReturn(0);
}

/* All of one generation; *err, on all ranks alike, where it is not there. */
static PetscErrorCode Generation(CostateStore s, const char *text, size_t length, Past *p, int *err, char *message)
{
  CostateDisk *d = (CostateDisk *)s->data;

  PetscFunctionBegin;
  *err = CostateManifestParse(text, length, &p->manifest);
  if (*err) snprintf(message, COSTATE_MESSAGE, "There is no memory left for the manifest of a run");
  if (!*err && p->manifest.ranks != d->size) { /* the newest was looked at by rank 0 */
    *err = CostateRegroupable(&s->set, p->manifest.layout) ? EILSEQ : 0;
    snprintf(message, COSTATE_MESSAGE, "The manifest was written by %d ranks", p->manifest.ranks);
    if (!*err) PetscCall(CostateRegroup(s, &p->manifest, err, message));
    p->found = p->moved = (PetscBool) !*err;
    if (*err) PastFree(p);
    PetscFunctionReturn(0);
  }
  if (!*err) *err = JournalCheck(d, p, message);
  PetscCall(CostateAgree(s->comm, err, message, COSTATE_MESSAGE, NULL));
  if (!*err) PetscCall(Segments(s, p, err, message));
  if (!*err) PetscCall(Frames(s, p, err, message));
  if (!*err) PetscCall(CostateGridCheck(s, d, err, message));
  p->found = (PetscBool) !*err;
  if (!*err) PetscFunctionReturn(0);
  PetscCall(Forget(s));
  PastFree(p);
  PetscFunctionReturn(0);
}

/* The notes, of which each ends where the hash of its line begins. */
static PetscErrorCode Notes(CostateStore s, Past *p)
{
  PetscFunctionBegin;
  PetscCall(CostateStoreFreeNotes(s));
  s->nnotes = (PetscInt)p->journal.nnotes;
  PetscCall(PetscMalloc1(s->nnotes, &s->notes));
  for (PetscInt i = 0; i < s->nnotes; i++) {
    const CostateParsedNote *note = &p->journal.note[i];

    s->notes[i]               = p->text + (note->text - p->text);
    s->notes[i][note->length] = 0;
  }
  s->notes_text = p->text;
  p->text       = NULL; /* the store's from now on */
  PetscFunctionReturn(0);
}

/* The run is not ours: its files stay as they are, and nothing here knows of them any more. */
static PetscErrorCode Release(CostateStore s)
{
  CostateDisk *d = (CostateDisk *)s->data;

  PetscFunctionBegin;
  PetscCall(Forget(s));
  CostateJournalClose(d);
  PetscCall(CostateGroupsFree(d));
  d->made_dir = PETSC_FALSE;
  if (d->lock >= 0) close(d->lock);
  d->lock   = -1;
  d->run[0] = 0;
  PetscFunctionReturn(0);
}

/* From here on the run is ours: what came after the generation goes, manifests first. */
static PetscErrorCode TakeOver(CostateStore s, Past *p)
{
  CostateDisk     *d                        = (CostateDisk *)s->data;
  const PetscInt64 generation               = p->manifest.generation;
  char             message[COSTATE_MESSAGE] = "", path[COSTATE_PATH];
  int              err                      = 0;

  PetscFunctionBegin;
  if (d->rank == 0) err = CostateManifestsReject(d, generation, message);
  PetscCall(CostateAgree(s->comm, &err, message, sizeof(message), NULL));
  if (!err) err = CostateJournalTake(d, p->text, (size_t)p->manifest.journal[d->rank].length, message);
  PetscCall(CostateAgree(s->comm, &err, message, sizeof(message), NULL));
  if (err) PetscCall(Release(s));
  PetscCheck(!err, s->comm, PETSC_ERR_FILE_WRITE, "%s", message);
  if (d->leader) CostateSegmentsTrim(d);
  CostatePath(path, "%s/layout.h5", d->run);
  s->generation = d->epoch = generation;
  if (d->rank == 0) d->made_dir = (PetscBool)p->manifest.made;
  d->settled   = PETSC_TRUE;
  d->tried     = PETSC_TRUE;
  d->mapped    = (PetscBool)((d->rank == 0 || !d->layout) && !access(path, F_OK));
  s->io.direct = (PetscBool)(s->set.direct && s->io.direct);
  PetscCall(Notes(s, p));
  PetscFunctionReturn(0);
}

/* What rank 0 found, to all: how many manifests, and where the run is. */
static PetscErrorCode Found(CostateStore s, PetscInt64 before, int *n, CostateCandidate **c)
{
  CostateDisk *d                        = (CostateDisk *)s->data;
  char         message[COSTATE_MESSAGE] = "";
  int          err                      = 0;

  PetscFunctionBegin;
  if (d->rank == 0) err = CostateRunFind(d, &s->set, before, n, c, message);
  PetscCall(CostateAgree(s->comm, &err, message, sizeof(message), NULL));
  PetscCheck(!err, s->comm, PETSC_ERR_FILE_OPEN, "%s", message);
  PetscCallMPI(MPI_Bcast(n, 1, MPI_INT, 0, s->comm));
  PetscCallMPI(MPI_Bcast(d->dir, sizeof(d->dir), MPI_CHAR, 0, s->comm));
  PetscCallMPI(MPI_Bcast(d->run, sizeof(d->run), MPI_CHAR, 0, s->comm));
  if (d->rank) *c = (CostateCandidate *)calloc((size_t)*n + 1, sizeof(**c));
  PetscCheck(*c || !*n, PETSC_COMM_SELF, PETSC_ERR_MEM, "There is no memory left for the manifests of a run");
  PetscFunctionReturn(0);
}

/* One manifest after the other, until one of a generation that is whole; what is wrong with the newest is in `why`. */
static PetscErrorCode Newest(CostateStore s, PetscInt64 before, int n, CostateCandidate *c, Past *past,
                             PetscInt64 *wanted, char *why)
{
  CostateDisk *d                        = (CostateDisk *)s->data;
  char         message[COSTATE_MESSAGE] = "";
  PetscInt64   head[2];
  int          err;

  PetscFunctionBegin;
  *wanted = 0;
  for (int i = 0; i < n && !past->found; i++) {
    head[0] = c[i].number;
    head[1] = c[i].text ? (PetscInt64)c[i].length : -1;
    PetscCallMPI(MPI_Bcast(head, 2, MPIU_INT64, 0, s->comm));
    if (before && head[0] >= before) continue;
    if (!*wanted) *wanted = head[0];
    if (head[1] < 0) {
      snprintf(message, sizeof(message), "The file %.400s/manifest-%06" PRId64 ".txt is damaged", d->run,
               (int64_t)head[0]);
      err = EILSEQ;
    } else {
      if (d->rank) c[i].text = (char *)malloc((size_t)head[1] + 1);
      PetscCheck(c[i].text, PETSC_COMM_SELF, PETSC_ERR_MEM, "There is no memory left for the manifest of a run");
      PetscCallMPI(MPI_Bcast(c[i].text, (PetscMPIInt)head[1], MPI_CHAR, 0, s->comm));
      PetscCall(Generation(s, c[i].text, (size_t)head[1], past, &err, message));
    }
    if (err && !why[0]) memcpy(why, message, sizeof(message));
  }
  PetscFunctionReturn(0);
}

PetscErrorCode CostateStoreResume_hdf5(CostateStore s, PetscInt64 before, PetscInt64 *generation)
{
  CostateDisk      *d    = (CostateDisk *)s->data;
  CostateCandidate *c    = NULL;
  Past              past = {0};
  PetscInt64        wanted;
  int               n = 0, err = 0;
  char              why[COSTATE_MESSAGE] = "", run[PETSC_MAX_PATH_LEN];

  PetscFunctionBegin;
  *generation = 0;
  PetscCheck(!d->tried, s->comm, PETSC_ERR_ORDER,
             "A store that could not be opened cannot be resumed: make another one");
  PetscCall(Found(s, before, &n, &c));
  if (n) {
    PetscCall(CostateRunsFind(s, &err, why));
    if (err) CostateCandidatesFree(n, c);
    if (err) PetscCall(Release(s));
    PetscCheck(!err, s->comm, PETSC_ERR_FILE_OPEN, "%s", why);
  }
  s->io.direct = s->set.direct;
  PetscCall(Newest(s, before, n, c, &past, &wanted, why));
  CostateCandidatesFree(n, c);
  if (past.found) {
    if (why[0] && d->rank == 0)
      fprintf(stderr, "costate: commit %" PRId64 " cannot be resumed; commit %" PRId64 " before it is taken. %s\n",
              (int64_t)wanted, (int64_t)past.manifest.generation, why);
    *generation = past.manifest.generation;
    if (!past.moved) PetscCall(TakeOver(s, &past));
    PastFree(&past);
    PetscFunctionReturn(0);
  }
  PetscCall(PetscStrncpy(run, d->run, sizeof(run)));
  if (n) PetscCall(Release(s));
  PetscCheck(!n, s->comm, PETSC_ERR_FILE_UNEXPECTED,
             "The run in %s cannot be resumed: none of its commits is whole. %s. Bring the file back, or name another "
             "directory",
             run, why);
  PetscFunctionReturn(0);
}
