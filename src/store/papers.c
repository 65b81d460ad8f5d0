/* SPDX-License-Identifier: BSD-2-Clause */
/* What verify.c has to say of the files beside the states: do they go together, and what is lost if not. */
#define _GNU_SOURCE
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include "verify.h"

PetscErrorCode CostateVerifySay(Verify *v, CostateFinding *f)
{
  PetscFunctionBegin;
  f->run   = v->run->path;
  f->bytes = v->sum->bytes;
  f->of    = v->of;
  v->sum->damaged += f->found == COSTATE_FOUND_DAMAGE;
  v->sum->notes += f->found == COSTATE_FOUND_NOTE;
  PetscCall(v->say(v->ctx, f));
  PetscFunctionReturn(0);
}

/* Something about a file; about the directory where it is empty. */
PetscErrorCode CostateVerifyAbout(Verify *v, CostateFound found, const char *file, int rank, const char *format, ...)
{
  char           text[2 * COSTATE_TEXT];
  CostateFinding f = {.found = found, .file = file, .slot = -1, .rank = rank, .step = -1, .text = text};
  va_list        args;

  PetscFunctionBegin;
  va_start(args, format);
  vsnprintf(text, sizeof(text), format, args);
  va_end(args);
  PetscCall(CostateVerifySay(v, &f));
  PetscFunctionReturn(0);
}

/* costate.json and the manifests */
static PetscErrorCode Manifests(Verify *v)
{
  const ScanRun *r      = v->run;
  int64_t        spoken = 0;

  PetscFunctionBegin;
  if (r->about == ENOENT)
    PetscCall(CostateVerifyAbout(v, COSTATE_FOUND_DAMAGE, "costate.json", -1, "the file is missing"));
  else if (r->about && r->about != EILSEQ)
    PetscCall(CostateVerifyAbout(v, COSTATE_FOUND_DAMAGE, "costate.json", -1, "the file cannot be read: %s",
                                 strerror(r->about)));
  else if (r->about)
    PetscCall(CostateVerifyAbout(v, r->journal ? COSTATE_FOUND_DAMAGE : COSTATE_FOUND_NOTE, "costate.json", -1,
                                 "the file is not as this program writes it"));
  else if (r->about_ranks != r->ranks)
    PetscCall(CostateVerifyAbout(v, COSTATE_FOUND_DAMAGE, "costate.json", -1,
                                 "it speaks of %d ranks, and all else of %d: it is damaged, or another one",
                                 r->about_ranks, r->ranks));
  for (PetscInt i = 0; i < r->ncommits; i++) {
    const ScanCommit *c = &r->commit[i];

    if (c->whole && !r->about && strcmp(c->m.scalar, r->scalar) != 0)
      PetscCall(CostateVerifyAbout(v, COSTATE_FOUND_DAMAGE, "costate.json", -1,
                                   "it has scalars of type %s, and %s has %s", r->scalar, c->file, c->m.scalar));
    if (!c->whole)
      PetscCall(CostateVerifyAbout(v, i < COSTATE_KEPT ? COSTATE_FOUND_DAMAGE : COSTATE_FOUND_NOTE, c->file, -1,
                                   "generation %lld is lost: %s", (long long)c->generation, c->why));
    else if (i >= COSTATE_KEPT && !r->live)
      PetscCall(CostateVerifyAbout(v, COSTATE_FOUND_NOTE, c->file, -1,
                                   "it was to be removed: the last %d generations count", COSTATE_KEPT));
  }
  for (int i = 0; i < r->ranks; i++)
    if (r->now[i].generation > spoken) spoken = r->now[i].generation;
  if (spoken > 1 && !r->ncommits && !r->finished)
    PetscCall(CostateVerifyAbout(v, COSTATE_FOUND_DAMAGE, "", -1,
                                 "the journals speak of %lld commits, and no manifest is there: nothing can be resumed",
                                 (long long)spoken));
  else if (r->ncommits && spoken > r->commit[0].generation && !r->finished && !r->live)
    PetscCall(CostateVerifyAbout(v, COSTATE_FOUND_NOTE, "", -1,
                                 "commit %lld was not completed: %s is the last that was", (long long)spoken,
                                 r->commit[0].file));
  for (int i = 0; i < PetscMin(r->nalien, COSTATE_ALIEN); i++)
    PetscCall(CostateVerifyAbout(v, COSTATE_FOUND_NOTE, r->alien[i], -1, "this is no file of this program"));
  if (r->nalien > COSTATE_ALIEN)
    PetscCall(CostateVerifyAbout(v, COSTATE_FOUND_NOTE, "", -1, "%d more files are none of this program",
                                 r->nalien - COSTATE_ALIEN));
  PetscFunctionReturn(0);
}

/* What a journal is of by itself; a part that a commit vouches for has been compared already. */
static PetscErrorCode Journal(Verify *v, int rank, PetscInt64 frames)
{
  const ScanRun        *r = v->run;
  const ScanJournal    *j = &r->journal[rank];
  const CostateJournal *n = &r->now[rank];
  char                  file[32];
  int64_t               torn = n->torn - j->tail;

  PetscFunctionBegin;
  snprintf(file, sizeof(file), "journal-%05d.txt", rank);
  if (j->err == ENOENT)
    PetscCall(
        CostateVerifyAbout(v, frames || r->ncommits ? COSTATE_FOUND_DAMAGE : COSTATE_FOUND_NOTE, file, rank,
                           frames || r->ncommits ? "the file is missing" : "the file is missing: the run ended early"));
  else if (j->err)
    PetscCall(CostateVerifyAbout(v, COSTATE_FOUND_DAMAGE, file, rank, "the file cannot be read: %s", strerror(j->err)));
  if (j->err) PetscFunctionReturn(0);
  if (j->tail)
    PetscCall(CostateVerifyAbout(v, COSTATE_FOUND_NOTE, file, rank,
                                 "its last line was not written to its end, and does not count"));
  if (torn > 0)
    PetscCall(CostateVerifyAbout(v, v->sure ? COSTATE_FOUND_NOTE : COSTATE_FOUND_DAMAGE, file, rank,
                                 "%lld of its lines %s damaged%s", (long long)torn, torn == 1 ? "is" : "are",
                                 v->sure ? "; nothing is lost, they were not committed" : ""));
  if (!n->version && j->length)
    PetscCall(
        CostateVerifyAbout(v, v->sure ? COSTATE_FOUND_NOTE : COSTATE_FOUND_DAMAGE, file, rank, "it has no first line"));
  else if (n->version && (n->rank != rank || n->ranks != r->ranks))
    PetscCall(CostateVerifyAbout(v, COSTATE_FOUND_DAMAGE, file, rank,
                                 "it is that of rank %d of %d, and should be of rank %d of %d", n->rank, n->ranks, rank,
                                 r->ranks));
  PetscFunctionReturn(0);
}

/* Frames that some ranks have and others have not: after the last commit that is what a kill leaves. */
static PetscErrorCode Torn(Verify *v, const CostateJournal *j, int ranks, int64_t generation)
{
  const int  segments = CostateScanSegments(j, ranks);
  PetscInt64 torn     = 0;

  PetscFunctionBegin;
  for (int k = 0; k < segments; k++) {
    const CostateParsedSegment *seg = CostateScanSegment(j, ranks, k);
    const CostateParsedCell    *c;

    for (int slot = 0; seg && slot < seg->slots; slot++) torn += CostateScanSlot(j, ranks, k, slot, &c) == SLOT_TORN;
  }
  if (torn && generation >= 0)
    PetscCall(CostateVerifyAbout(v, COSTATE_FOUND_DAMAGE, "", -1,
                                 "in generation %lld %lld state%s not the same on all ranks", (long long)generation,
                                 (long long)torn, torn == 1 ? " is" : "s are"));
  else if (torn && !v->run->live)
    PetscCall(CostateVerifyAbout(v, COSTATE_FOUND_NOTE, "", -1,
                                 "%lld state%s not complete: the run ended while %s written", (long long)torn,
                                 torn == 1 ? " is" : "s are", torn == 1 ? "it was" : "they were"));
  PetscFunctionReturn(0);
}

PetscErrorCode CostateVerifyPapers(Verify *v)
{
  const ScanRun *r      = v->run;
  PetscInt64     frames = 0;

  PetscFunctionBegin;
  PetscCall(Manifests(v));
  for (int i = 0; i < r->ranks; i++) frames += r->now[i].serial;
  for (int i = 0; i < r->ranks; i++) PetscCall(Journal(v, i, frames));
  for (PetscInt i = 0; i < r->ncommits && i < COSTATE_KEPT; i++)
    if (r->commit[i].whole) PetscCall(Torn(v, r->commit[i].journal, r->commit[i].m.ranks, r->commit[i].generation));
  PetscCall(Torn(v, r->now, r->ranks, -1));
  if (!r->layout && r->dof && !r->about)
    PetscCall(CostateVerifyAbout(v, frames ? COSTATE_FOUND_DAMAGE : COSTATE_FOUND_NOTE, "layout.h5", -1,
                                 "the file is missing"));
  PetscFunctionReturn(0);
}

/* What makes one of the files of all ranks: nothing of it is needed here. */
static PetscErrorCode Index(Verify *v)
{
  char path[COSTATE_PATH], reason[COSTATE_TEXT / 2];
  int  bad;

  PetscFunctionBegin;
  CostatePath(path, "%s/states.h5", v->run->path);
  bad = CostateLookIndex(path, reason);
  if (bad)
    PetscCall(CostateVerifyAbout(v, v->run->finished ? COSTATE_FOUND_DAMAGE : COSTATE_FOUND_NOTE, "states.h5", -1,
                                 "HDF5 cannot open the file: %s; the states are in the files beside it",
                                 reason[0] ? reason : "it does not say why"));
  PetscFunctionReturn(0);
}

/* The map to natural order, and files of states that no journal knows. */
PetscErrorCode CostateVerifyRest(Verify *v)
{
  const ScanRun *r = v->run;
  char           path[COSTATE_PATH], why[COSTATE_TEXT], name[COSTATE_FILE_NAME];
  int            bad = 0;

  PetscFunctionBegin;
  CostatePath(path, "%s/layout.h5", r->path);
  if (r->layout) PetscCall(CostateLookMap(path, v->buffer, COSTATE_PIECE, &bad, why));
  if (bad && !access(path, F_OK)) {
    const int made = CostateScanSegments(r->now, r->ranks) > 0; /* before that a run may end while it is written */

    PetscCall(CostateVerifyAbout(v, made ? COSTATE_FOUND_DAMAGE : COSTATE_FOUND_NOTE, "layout.h5", -1, "%s", why));
  }
  if (r->index && !r->live) PetscCall(Index(v));
  for (int i = 0; i < r->nstates && !r->live; i++) {
    const ScanStates *f     = &r->states[i];
    int               known = 0;

    for (int k = 0; k < r->ranks && !known; k++)
      known = f->layout == r->now[k].layout && f->group == r->now[k].group &&
              CostateScanSegment(&r->now[k], 1, f->number) != NULL;
    if (known) continue;
    CostateFileName(name, f->layout, f->group, f->number);
    PetscCall(CostateVerifyAbout(v, COSTATE_FOUND_NOTE, name, -1,
                                 "no journal knows this file: the run ended when it was made"));
  }
  PetscFunctionReturn(0);
}
