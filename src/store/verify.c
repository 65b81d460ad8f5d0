/* SPDX-License-Identifier: BSD-2-Clause */
/*
  Reads every block that a run can be asked for and compares it with what was written: the frames of the last two
  commits, and those that the journals have beside them.  What was put after the last commit is not vouched for, so that
  it is no damage if it is not there; neither is anything that the run dropped or wrote over meanwhile.
*/
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#define XXH_INLINE_ALL
#include <xxhash.h>
#include "verify.h"

#define PATIENT 5

/* A frame of the list of what is to be read */
typedef struct {
  int                   segment, slot, ranks;
  int64_t               serial, generation; /* generation -1: in no commit */
  const CostateJournal *journal;            /* of all ranks, that have it */
  int                   gone;               /* meanwhile */
} Work;

static int Holds(const CostateJournal *j, int ranks, const Work *w)
{
  const CostateParsedCell *c;

  return CostateScanSlot(j, ranks, w->segment, w->slot, &c) == SLOT_HELD && c->serial == w->serial;
}

/* Whether the run still has a frame, as it is now. */
static PetscErrorCode Still(Verify *v, const Work *w, int *still)
{
  const uint64_t now = CostateScanLook(v->run->path);
  const ScanRun *r   = &v->fresh;

  PetscFunctionBegin;
  *still = now == v->seen && !v->has_fresh;
  if (*still) PetscFunctionReturn(0);
  if (now != v->seen) {
    v->seen = now;
    v->gone = !now;
    if (v->has_fresh) PetscCall(CostateScanFree(&v->fresh));
    v->has_fresh = 0;
    if (v->gone) PetscFunctionReturn(0);
    v->has_fresh = 1;
    PetscCall(CostateScan(v->run->path, &v->fresh));
    v->gone = r->about == ENOENT && v->run->about != ENOENT;
  }
  for (PetscInt i = 0; i < r->ncommits && i < COSTATE_KEPT && !*still; i++)
    *still = r->commit[i].whole && Holds(r->commit[i].journal, r->commit[i].m.ranks, w);
  if (!*still && !(v->sure && w->generation >= 0)) *still = Holds(r->now, r->ranks, w);
  PetscFunctionReturn(0);
}

static int ByPlace(const void *p, const void *q)
{
  const Work *a = (const Work *)p, *b = (const Work *)q;

  if (a->segment != b->segment) return a->segment < b->segment ? -1 : 1;
  if (a->slot != b->slot) return a->slot < b->slot ? -1 : 1;
  if (a->serial != b->serial) return a->serial < b->serial ? -1 : 1;
  return a->generation > b->generation ? -1 : a->generation < b->generation;
}

/* What these journals hold, at the end of the list. */
static PetscErrorCode Gather(const CostateJournal *j, int ranks, int64_t generation, PetscInt64 *n, Work **work)
{
  const int segments = CostateScanSegments(j, ranks);

  PetscFunctionBegin;
  for (int k = 0; k < segments; k++) {
    const CostateParsedSegment *seg = CostateScanSegment(j, ranks, k);

    if (!seg) continue;
    PetscCall(PetscRealloc((size_t)(*n + seg->slots) * sizeof(**work), work));
    for (int slot = 0; slot < seg->slots; slot++) {
      const CostateParsedCell *c;

      if (CostateScanSlot(j, ranks, k, slot, &c) != SLOT_HELD) continue;
      (*work)[(*n)++] = (Work){k, slot, ranks, c->serial, generation, j, 0};
    }
  }
  PetscFunctionReturn(0);
}

/* Each frame once, as its newest generation has it. */
static PetscErrorCode List(Verify *v, PetscInt64 *n, Work **work)
{
  const ScanRun *r   = v->run;
  PetscInt64     all = 0;

  PetscFunctionBegin;
  *n    = 0;
  *work = NULL;
  for (PetscInt i = 0; i < r->ncommits && i < COSTATE_KEPT; i++)
    if (r->commit[i].whole)
      PetscCall(Gather(r->commit[i].journal, r->commit[i].m.ranks, r->commit[i].generation, &all, work));
  PetscCall(Gather(r->now, r->ranks, -1, &all, work));
  if (all) qsort(*work, (size_t)all, sizeof(**work), ByPlace);
  for (PetscInt64 i = 0; i < all; i++) {
    const Work *w = &(*work)[i], *last = *n ? &(*work)[*n - 1] : NULL;

    if (last && last->segment == w->segment && last->slot == w->slot && last->serial == w->serial) continue;
    (*work)[(*n)++] = *w;
  }
  PetscFunctionReturn(0);
}

/* Not to be judged: the run goes on, and may write there whenever it likes. */
static int Unsettled(const Verify *v, const Work *w)
{
  return v->sure && w->generation < 0 && v->run->live;
}

static const CostateParsedPart *Part(const Work *w, int rank, int block)
{
  return &w->journal[rank].segment[w->segment].cell[w->slot].part[block];
}

/* A block against its hash: 0, or an errno, EILSEQ for other bytes, ENODATA for too few of them. */
static int Block(Verify *v, int fd, PetscInt64 at, PetscInt64 bytes, uint64_t hash, int *zero)
{
  XXH3_state_t state;
  PetscInt64   done = 0;

  XXH3_INITSTATE(&state);
  XXH3_64bits_reset(&state);
  *zero = 1;
  while (done < bytes) {
    const PetscInt64 piece = PetscMin(COSTATE_PIECE, bytes - done);
    const ssize_t    n     = pread(fd, v->buffer, (size_t)piece, (off_t)(at + done));

    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return errno;
    if (n == 0) return ENODATA;
    *zero = *zero && !v->buffer[0] && !memcmp(v->buffer, v->buffer + 1, (size_t)n - 1);
    XXH3_64bits_update(&state, v->buffer, (size_t)n);
    done += n;
  }
  return XXH3_64bits_digest(&state) == hash ? 0 : EILSEQ;
}

/* Something about a frame, in the file of a group. */
static PetscErrorCode Tell(Verify *v, CostateFound found, const Work *w, int group, int rank, const char *text)
{
  char                     file[COSTATE_FILE_NAME];
  const CostateParsedCell *c = &w->journal[PetscMax(rank, 0)].segment[w->segment].cell[w->slot];
  CostateFinding           f = {.found = found, .file = file, .slot = w->slot, .rank = rank};

  PetscFunctionBegin;
  CostateScanFile(file, &w->journal[group], w->segment);
  if (v->sure && w->generation < 0) f.found = COSTATE_FOUND_NOTE;
  f.key  = c->key;
  f.step = c->step;
  f.what = c->what;
  f.text = text;
  PetscCall(CostateVerifySay(v, &f));
  PetscFunctionReturn(0);
}

/* One rank's part of a frame in one data set; *stop: the frame is no longer there. */
static PetscErrorCode One(Verify *v, const CostateLookedFile *file, Work *w, int rank, int block, int *stop)
{
  const CostateParsedBlock *b   = &file->said->block[block];
  const CostateParsedPart  *p   = Part(w, rank, block);
  const PetscInt64          one = CostateScanScalarBytes(v->run), bytes = p->count * one;
  const PetscInt64          base  = file->offset[w->slot * file->said->nblocks + block];
  const char               *after = v->sure && w->generation < 0 ? "; nothing is lost, it was not committed" : "";
  char                      text[COSTATE_TEXT];
  int                       err, again, zero, still;

  PetscFunctionBegin;
  err = Block(v, file->fd, base + p->place * one, bytes, p->hash, &zero);
  v->sum->blocks++;
  v->sum->bytes += bytes;
  PetscCall(CostateVerifyAbout(v, COSTATE_FOUND_PROGRESS, "", -1, "reading"));
  if (!err) PetscFunctionReturn(0);
  PetscCall(Still(v, w, &still));
  *stop = !still;
  if (!still) PetscFunctionReturn(0);
  again = Block(v, file->fd, base + p->place * one, bytes, p->hash, &zero);
  if (!again) {
    snprintf(text, sizeof(text),
             "data set '%s' was not as it was written at the first reading (%s), and was at the second", b->name,
             err == EILSEQ || err == ENODATA ? "other bytes" : strerror(err));
    PetscCall(Tell(v, COSTATE_FOUND_NOTE, w, w->journal[rank].group, rank, text));
    PetscFunctionReturn(0);
  }
  err = again;
  if (err == EILSEQ)
    snprintf(text, sizeof(text), "the %lld bytes of data set '%s' are %s those that were written%s", (long long)bytes,
             b->name, zero ? "all zero, and not" : "not", after);
  else if (err == ENODATA)
    snprintf(text, sizeof(text), "the file ends before the %lld bytes of data set '%s' do%s", (long long)bytes, b->name,
             after);
  else
    snprintf(text, sizeof(text), "the %lld bytes of data set '%s' cannot be read: %s%s", (long long)bytes, b->name,
             strerror(err), after);
  PetscCall(Tell(v, COSTATE_FOUND_DAMAGE, w, w->journal[rank].group, rank, text));
  PetscFunctionReturn(0);
}

/* The parts of a frame that are in this file. */
static PetscErrorCode Frame(Verify *v, const CostateLookedFile *file, int group, Work *w)
{
  const CostateParsedCell *c = &w->journal[0].segment[w->segment].cell[w->slot];
  char                     why[COSTATE_TEXT];
  int                      stop = 0, still;

  PetscFunctionBegin;
  if (CostateLookSlot(file, w->slot, why)) {
    PetscCall(Still(v, w, &still));
    v->dropped += !still && !w->gone;
    w->gone = w->gone || !still;
    if (still) PetscCall(Tell(v, COSTATE_FOUND_DAMAGE, w, group, -1, why));
    PetscFunctionReturn(0);
  }
  for (int rank = 0; rank < w->ranks && !stop; rank++) {
    if (w->journal[rank].group != group) continue;
    for (int block = 0; block < file->said->nblocks && !stop; block++) PetscCall(One(v, file, w, rank, block, &stop));
  }
  v->dropped += stop && !w->gone;
  w->gone = w->gone || stop;
  if (stop) PetscFunctionReturn(0);
  v->sum->frames += group == 0;
  if (v->run->finished && !v->run->live && Holds(v->run->now, v->run->ranks, w) &&
      CostateLookLabel(file, w->slot, c->step, c->time, c->what, why))
    PetscCall(Tell(v, COSTATE_FOUND_DAMAGE, w, group, -1, why));
  PetscFunctionReturn(0);
}

/* Slots without a frame are parts of the file, too: no run is resumed with one that is not as it was made. */
static PetscErrorCode Free(Verify *v, const CostateLookedFile *file, const char *name, const Work *w, PetscInt64 n)
{
  char why[COSTATE_TEXT];

  PetscFunctionBegin;
  for (int slot = 0; slot < file->said->slots; slot++) {
    CostateFinding f = {.found = COSTATE_FOUND_DAMAGE, .file = name, .slot = slot, .rank = -1, .step = -1, .text = why};
    int            held = 0;

    for (PetscInt64 i = 0; i < n; i++) held = held || w[i].slot == slot;
    if (!held && CostateLookSlot(file, slot, why)) PetscCall(CostateVerifySay(v, &f));
  }
  PetscFunctionReturn(0);
}

/* The newest commit that is whole, or NULL: what goes on from there needs all its files, with frames in them or not. */
static const ScanCommit *Newest(const Verify *v)
{
  for (PetscInt i = 0; i < v->run->ncommits && i < COSTATE_KEPT; i++)
    if (v->run->commit[i].whole) return &v->run->commit[i];
  return NULL;
}

static int Counts(const Verify *v, int segment)
{
  const ScanCommit *c = Newest(v);

  return c && CostateScanSegment(c->journal, c->m.ranks, segment);
}

/* The frames of one file; where it cannot be opened all of them are lost. */
static PetscErrorCode File(Verify *v, int group, Work *w, PetscInt64 n)
{
  CostateLookedFile file;
  char              name[COSTATE_FILE_NAME], path[COSTATE_PATH], why[COSTATE_TEXT] = "";
  PetscErrorCode    err   = 0;
  PetscInt64        lost  = 0;
  int               still = 1, bad = 1;

  PetscFunctionBegin;
  CostateScanFile(name, &w->journal[group], w->segment);
  CostatePath(path, "%s/%s", v->run->path, name);
  /* the program that ends a run writes its labels into the file */
  for (int i = 0; i < (v->run->live ? PATIENT : 1) && bad; i++) {
    if (i) usleep(20000U << i);
    bad = CostateLookFile(path, &w->journal[group].segment[w->segment], CostateScanScalarBytes(v->run), &file, why);
  }
  for (PetscInt64 i = 0; i < n && bad; i++) {
    PetscCall(Still(v, &w[i], &still));
    lost += still && !(v->sure && w[i].generation < 0);
  }
  if (bad && v->gone) PetscFunctionReturn(0);
  if (bad)
    PetscCall(CostateVerifyAbout(v, lost || Counts(v, w->segment) ? COSTATE_FOUND_DAMAGE : COSTATE_FOUND_NOTE, name, -1,
                                 "%s; %lld state%s in it %s lost", why, (long long)lost, lost == 1 ? "" : "s",
                                 lost == 1 ? "is" : "are"));
  if (bad) PetscFunctionReturn(0);
  if (file.why[0]) PetscCall(CostateVerifyAbout(v, COSTATE_FOUND_DAMAGE, name, -1, "%s", file.why));
  err = Free(v, &file, name, w, n);
  for (PetscInt64 i = 0; i < n && !err && !v->gone; i++)
    if (!Unsettled(v, &w[i]) && !w[i].gone) err = Frame(v, &file, group, &w[i]);
  CostateLookEnd(&file);
  PetscCall(err);
  PetscFunctionReturn(0);
}

/* A file of the newest commit that has no frame in it. */
static PetscErrorCode Empty(Verify *v, const CostateJournal *j, int segment)
{
  CostateLookedFile file;
  char              name[COSTATE_FILE_NAME], path[COSTATE_PATH], why[COSTATE_TEXT] = "";
  PetscErrorCode    err;

  PetscFunctionBegin;
  CostateScanFile(name, j, segment);
  CostatePath(path, "%s/%s", v->run->path, name);
  if (CostateLookFile(path, &j->segment[segment], CostateScanScalarBytes(v->run), &file, why)) {
    PetscCall(CostateVerifyAbout(v, COSTATE_FOUND_DAMAGE, name, -1,
                                 "%s; no state in it is lost, but no run goes on "
                                 "without the file",
                                 why));
    PetscFunctionReturn(0);
  }
  if (file.why[0]) PetscCall(CostateVerifyAbout(v, COSTATE_FOUND_DAMAGE, name, -1, "%s", file.why));
  err = Free(v, &file, name, NULL, 0);
  CostateLookEnd(&file);
  PetscCall(err);
  PetscFunctionReturn(0);
}

static PetscErrorCode Empties(Verify *v, const Work *work, PetscInt64 n)
{
  const ScanCommit *c        = Newest(v);
  const int         segments = c && !v->run->live ? CostateScanSegments(c->journal, c->m.ranks) : 0;

  PetscFunctionBegin;
  for (int k = 0; k < segments; k++) {
    int full = 0;

    for (PetscInt64 i = 0; i < n && !full; i++) full = work[i].segment == k;
    for (int g = 0; g < c->m.ranks && !full; g++)
      if (c->journal[g].group == g && k < c->journal[g].nsegments && c->journal[g].segment[k].slots)
        PetscCall(Empty(v, &c->journal[g], k));
  }
  PetscFunctionReturn(0);
}

static PetscErrorCode States(Verify *v)
{
  const PetscInt64 one = CostateScanScalarBytes(v->run);
  PetscInt64       n, unsettled = 0;
  PetscErrorCode   err = 0;
  Work            *work;

  PetscFunctionBegin;
  PetscCall(List(v, &n, &work));
  for (PetscInt64 i = 0; i < n; i++) {
    const CostateParsedSegment *seg = CostateScanSegment(work[i].journal, work[i].ranks, work[i].segment);

    unsettled += Unsettled(v, &work[i]);
    for (int b = 0; b < seg->nblocks && !Unsettled(v, &work[i]); b++)
      if (seg->block[b].total < COSTATE_SCALARS_MOST) v->of += seg->block[b].total * one;
  }
  for (PetscInt64 i = 0, next; i < n && !err && !v->gone; i = next) {
    for (next = i; next < n && work[next].segment == work[i].segment; next++) continue;
    for (int g = 0; g < work[i].ranks && !err && !v->gone; g++)
      if (work[i].journal[g].group == g) err = File(v, g, &work[i], next - i);
  }
  if (!err && !v->gone) err = Empties(v, work, n);
  PetscCall(PetscFree(work));
  PetscCall(err);
  if (v->dropped && !v->gone)
    PetscCall(CostateVerifyAbout(v, COSTATE_FOUND_NOTE, "", -1,
                                 "%lld state%s not compared: the run goes on, and dropped %s meanwhile",
                                 (long long)v->dropped, v->dropped == 1 ? " is" : "s are",
                                 v->dropped == 1 ? "it" : "them"));
  if (unsettled && !v->gone)
    PetscCall(CostateVerifyAbout(v, COSTATE_FOUND_NOTE, "", -1,
                                 "%lld state%s put since the last commit %s not read: the run goes on",
                                 (long long)unsettled, unsettled == 1 ? "" : "s", unsettled == 1 ? "is" : "are"));
  PetscFunctionReturn(0);
}

/*@C
  CostateInventoryVerify - Reads every state that a run has on disk and compares it with what was written

  Not Collective

  Input Parameters:
+ inventory - the inventory
. i         - the run
. listener  - is told what is found, and how far it is
- ctx       - for it

  Output Parameter:
. sum - what was read, and how many findings were damage

  Notes:
  The run may be going on: what it drops or writes over meanwhile is no damage.  What was put after the last commit is
  not vouched for, and neither is a journal beyond it.

  Level: developer

.seealso: `CostateInventoryOpen()`, `CostateInventoryGetRun()`
@*/
PetscErrorCode CostateInventoryVerify(CostateInventory inventory, PetscInt i, CostateListener listener, void *ctx,
                                      CostateVerified *sum)
{
  Verify v = {.say = listener, .ctx = ctx, .sum = sum};

  PetscFunctionBegin;
  PetscCheck(i >= 0 && i < inventory->n, PETSC_COMM_SELF, PETSC_ERR_ARG_OUTOFRANGE,
             "There is no run %" PetscInt_FMT " in the inventory, which has %" PetscInt_FMT, i, inventory->n);
  memset(sum, 0, sizeof(*sum));
  v.run  = &inventory->run[i];
  v.seen = inventory->run[i].seen;
  for (PetscInt k = 0; k < v.run->ncommits && k < COSTATE_KEPT; k++) v.sure = v.sure || v.run->commit[k].whole;
  PetscCall(PetscMalloc1(COSTATE_PIECE, &v.buffer));
  PetscCall(CostateVerifyPapers(&v));
  if (CostateScanScalarBytes(v.run)) PetscCall(States(&v));
  if (!v.gone) PetscCall(CostateVerifyRest(&v));
  if (v.gone)
    PetscCall(CostateVerifyAbout(&v, COSTATE_FOUND_NOTE, "", -1, "the run ended meanwhile and removed its files"));
  if (v.has_fresh) PetscCall(CostateScanFree(&v.fresh));
  PetscCall(PetscFree(v.buffer));
  PetscFunctionReturn(0);
}
