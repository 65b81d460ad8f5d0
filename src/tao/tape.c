/* SPDX-License-Identifier: BSD-2-Clause */
/*
  The tape on disk: a store of type hdf5 in which frame n is evaluation n, x and the gradient, and the notes of each
  rank are

    tape 1 SIZE LOCAL           version, and the size of x: all ranks, this rank
    options ...                 of the program that made it
    evaluation N ...            one record each, see record.c

  Each evaluation is committed before TAO gets it.
*/
#include <string.h>
#include "../base/runs.h"
#include "tape.h"

static MPI_Comm Comm(CostateTape t)
{
  return PetscObjectComm((PetscObject)t->tao);
}

/* Whether something is so on any rank. */
static PetscErrorCode Any(CostateTape t, PetscBool *flag)
{
  PetscBool mine = *flag;

  PetscFunctionBegin;
  PetscCallMPI(MPI_Allreduce(&mine, flag, 1, MPIU_BOOL, MPI_LOR, Comm(t)));
  PetscFunctionReturn(0);
}

static PetscErrorCode Header(Vec x, char *line, size_t length)
{
  PetscInt n, local;

  PetscFunctionBegin;
  PetscCall(VecGetSize(x, &n));
  PetscCall(VecGetLocalSize(x, &local));
  PetscCall(PetscSNPrintf(line, length, "tape 1 %" PetscInt_FMT " %" PetscInt_FMT, n, local));
  PetscFunctionReturn(0);
}

/* So many bytes of all ranks an evaluation takes. */
static PetscErrorCode Count(CostateTape t, Vec x, CostateKind kind)
{
  PetscInt n;

  PetscFunctionBegin;
  PetscCall(VecGetSize(x, &n));
  t->bytes += (kind == COSTATE_VALUE ? 1 : 2) * (PetscInt64)n * (PetscInt64)sizeof(PetscScalar);
  PetscFunctionReturn(0);
}

static PetscErrorCode Options(CostateTape t, const char *then)
{
  char *now, what[512];

  PetscFunctionBegin;
  PetscCall(CostateOptionsText(t->tao, &now));
  PetscCall(CostateOptionsDiffer(then, now, what, sizeof(what)));
  PetscCall(PetscFree(now));
  t->suspicious = (PetscBool)(what[0] != 0);
  PetscCall(Any(t, &t->suspicious));
  if (!t->suspicious) PetscFunctionReturn(0);
  PetscCall(
      PetscFPrintf(Comm(t), PETSC_STDERR, "costate: other options than when the tape was made: %s. %s\n", what,
                   t->check_set && !t->check
                       ? "Nobody checks that they leave the objective as it was (-tao_costate_check 0)"
                       : "The last evaluation on it is computed again, to see whether the objective is the same"));
  PetscFunctionReturn(0);
}

/* What the notes say; the same on all ranks but for hashes. */
static PetscErrorCode Read(CostateTape t, Vec x)
{
  char               header[128];
  const char *const *note;
  PetscInt           n, most[2];
  PetscBool          other = PETSC_FALSE, bad = PETSC_FALSE;

  PetscFunctionBegin;
  PetscCall(CostateStoreGetNotes(t->store, &n, &note));
  PetscCall(Header(x, header, sizeof(header)));
  most[0] = n;
  most[1] = -n;
  PetscCallMPI(MPI_Allreduce(MPI_IN_PLACE, most, 2, MPIU_INT, MPI_MAX, Comm(t)));
  bad = (PetscBool)(n < 2 || most[0] != -most[1] || strncmp(note[0], "tape 1 ", 7) || strncmp(note[1], "options", 7));
  PetscCall(Any(t, &bad));
  PetscCheck(!bad, Comm(t), PETSC_ERR_FILE_UNEXPECTED,
             "The tape in %s is of another version of this library, or is none: name another directory", t->dir);
  other = (PetscBool)(strcmp(note[0], header) != 0);
  PetscCall(Any(t, &other));
  PetscCheck(!other, Comm(t), PETSC_ERR_ARG_SIZ,
             "The tape in %s was made for another size or another distribution of x (on this rank '%s', now '%s'): "
             "start "
             "the program that made it, or name another directory",
             t->dir, note[0], header);
  PetscCall(Options(t, note[1] + 7));
  t->nrecords = n - 2;
  PetscCall(PetscMalloc1(t->nrecords, &t->record));
  for (PetscInt64 i = 0; i < t->nrecords && !bad; i++) {
    PetscBool has;

    bad = (PetscBool)!CostateRecordParse(note[i + 2], i + 1, &t->record[i]);
    PetscCall(CostateStoreHas(t->store, i + 1, &has));
    if (!has) bad = PETSC_TRUE;
    if (!bad) PetscCall(Count(t, x, (CostateKind)t->record[i].kind));
  }
  PetscCall(Any(t, &bad));
  PetscCheck(!bad, Comm(t), PETSC_ERR_FILE_UNEXPECTED,
             "The records of the tape in %s make no sense: name another directory", t->dir);
  PetscCall(CostateStoreFreeNotes(t->store));
  PetscFunctionReturn(0);
}

static PetscErrorCode Begin(CostateTape t, Vec x)
{
  char   header[128], *options, *line;
  size_t length;

  PetscFunctionBegin;
  PetscCall(CostateStoreOpen(t->store));
  PetscCall(Header(x, header, sizeof(header)));
  PetscCall(CostateStoreNote(t->store, header));
  PetscCall(CostateOptionsText(t->tao, &options));
  PetscCall(PetscStrlen(options, &length));
  PetscCall(PetscMalloc1(length + 9, &line));
  PetscCall(PetscSNPrintf(line, length + 9, "options %s", options));
  PetscCall(CostateStoreNote(t->store, line));
  PetscCall(PetscFree(line));
  PetscCall(PetscFree(options));
  PetscFunctionReturn(0);
}

static PetscErrorCode Resume(CostateTape t, Vec x)
{
  PetscInt64 generation;

  PetscFunctionBegin;
  PetscCall(CostateStoreResume(t->store, 0, &generation));
  if (!generation) {
    PetscCall(PetscFPrintf(Comm(t), PETSC_STDERR,
                           "costate: no tape to resume in %s, the optimisation begins at its start\n", t->dir));
    PetscCall(Begin(t, x));
    PetscFunctionReturn(0);
  }
  PetscCall(Read(t, x));
  PetscCall(PetscFPrintf(Comm(t), PETSC_STDERR,
                         "costate: %" PetscInt64_FMT
                         " evaluations are on the tape in %s, the optimisation goes on behind them\n",
                         t->nrecords, t->dir));
  PetscFunctionReturn(0);
}

/* Goes on with the tape that there is, or begins one; the files are those of the tape until the program ends. */
PetscErrorCode CostateTapeOpen(CostateTape t, Vec x)
{
  const char *const names[2] = {"x", "gradient"}, *prefix;
  char              owner[COSTATE_OWNER_MAX + 1];

  PetscFunctionBegin;
  PetscCall(PetscObjectGetOptionsPrefix((PetscObject)t->tao, &prefix));
  if (!t->resume) {
    PetscCall(CostateStoreResumable(Comm(t), t->dir, owner, sizeof(owner)));
    PetscCheck(!owner[0], Comm(t), PETSC_ERR_FILE_UNEXPECTED,
               "The directory %s holds a run that was not ended and can be resumed ('%s'). Go on with it with "
               "-tao_costate_resume, name another directory, or remove this one",
               t->dir, owner);
  }
  PetscCall(PetscSNPrintf(owner, sizeof(owner), "tao %" PetscInt_FMT "%s%.100s", CostateTapeAdd(t),
                          prefix ? " with prefix " : "", prefix ? prefix : ""));
  PetscCall(CostateStoreCreate(Comm(t), "hdf5", &t->store));
  PetscCall(CostateStoreSetDirectory(t->store, t->dir));
  PetscCall(CostateStoreSetOwner(t->store, owner));
  PetscCall(CostateStoreSetCommit(t->store, PETSC_TRUE));
  PetscCall(CostateStoreSetNames(t->store, 2, names));
  if (t->resume)
    PetscCall(Resume(t, x));
  else
    PetscCall(Begin(t, x));
  PetscFunctionReturn(0);
}

/* An evaluation by the application, as a record. */
static PetscErrorCode Compute(CostateTape t, CostateKind kind, Vec x, PetscReal *f, Vec g, CostateRecord *r)
{
  const PetscInt64 runs = CostateRunsCount();
  TaoType          method;

  PetscFunctionBegin;
  PetscCall(CostateTapeCompute(t, kind, x, f, g));
  PetscCall(TaoGetType(t->tao, &method));
  PetscCall(PetscMemzero(r, sizeof(*r)));
  r->kind = (char)kind;
  PetscCall(PetscStrncpy(r->method, method, sizeof(r->method)));
  if (kind != COSTATE_SLOPE) r->f = *f;
  PetscCall(CostateVecHash(x, 0, &r->x));
  if (g) PetscCall(CostateVecHash(g, 0, &r->g));
  r->runs = CostateRunsCount() - runs;
  PetscFunctionReturn(0);
}

static PetscErrorCode Append(CostateTape t, CostateKind kind, Vec x, PetscReal *f, Vec g)
{
  const Vec     v[2] = {x, g};
  CostateRecord r;
  char          line[256];

  PetscFunctionBegin;
  PetscCall(Compute(t, kind, x, f, g, &r));
  PetscCall(CostateStoreSetLabel(t->store, (PetscInt)t->count, 0, "evaluation"));
  PetscCall(CostateStorePutBegin(t->store, t->count, g ? 2 : 1, v));
  CostateRecordPrint(&r, t->count, line, sizeof(line));
  PetscCall(CostateStoreNote(t->store, line));
  PetscCall(CostateStoreCommit(t->store));
  PetscCall(Count(t, x, kind));
  PetscFunctionReturn(0);
}

/* The gradient, if its bits are those of the record; else the words about it. */
static PetscErrorCode Fetch(CostateTape t, const CostateRecord *r, Vec x, Vec g, CostateStoreFault *fault)
{
  Vec        v[2];
  PetscInt64 hash;
  PetscBool  other;

  PetscFunctionBegin;
  if (!t->x) PetscCall(VecDuplicate(x, &t->x));
  v[0] = t->x;
  v[1] = g;
  PetscCall(CostateStoreGetTry(t->store, t->count, 2, v, fault));
  if (fault->err) PetscFunctionReturn(0);
  PetscCall(CostateVecHash(g, 0, &hash));
  other = (PetscBool)(hash != r->g);
  PetscCall(Any(t, &other));
  if (other) {
    fault->err = 1;
    PetscCall(PetscStrncpy(fault->text, "The gradient is not the one that was computed", sizeof(fault->text)));
  }
  PetscFunctionReturn(0);
}

/* Computes what is on the tape, and refuses what does not come out with the same bits. */
static PetscErrorCode Again(CostateTape t, const CostateRecord *r, Vec x, PetscReal *f, Vec g)
{
  CostateRecord now;
  PetscBool     other;

  PetscFunctionBegin;
  PetscCall(Compute(t, (CostateKind)r->kind, x, f, g, &now));
  other = (PetscBool)(now.g != r->g || memcmp(&now.f, &r->f, sizeof(now.f)));
  PetscCall(Any(t, &other));
  PetscCheck(!other, Comm(t), PETSC_ERR_ARG_INCOMP,
             "Evaluation %" PetscInt64_FMT
             " was computed again and is not the one on the tape in %s (value %.17g, there "
             "%.17g; the gradient %s): the objective is another one, or does not depend on x alone. Start the program "
             "with "
             "the options and data that the tape was made with, or name another directory",
             t->count, t->dir, (double)*f, (double)r->f, now.g == r->g ? "is the same here" : "differs");
  PetscFunctionReturn(0);
}

/* Is the record what TAO asks for? */
static PetscErrorCode Compare(CostateTape t, const CostateRecord *r, CostateKind kind, Vec x)
{
  TaoType    method;
  PetscInt64 hash;
  PetscBool  other;

  PetscFunctionBegin;
  PetscCall(TaoGetType(t->tao, &method));
  PetscCheck(!strncmp(method, r->method, sizeof(r->method) - 1), Comm(t), PETSC_ERR_ARG_INCOMP,
             "Evaluation %" PetscInt64_FMT
             " on the tape in %s was asked for by method %s, and now by %s: go on with that "
             "method (-tao_type %s), or name another directory",
             t->count, t->dir, r->method, method, r->method);
  PetscCall(CostateVecHash(x, 0, &hash));
  other = (PetscBool)(hash != r->x || r->kind != (char)kind);
  PetscCall(Any(t, &other));
  PetscCheck(!other, Comm(t), PETSC_ERR_ARG_INCOMP,
             "Evaluation %" PetscInt64_FMT
             " of this optimisation is not the one on the tape in %s: TAO asks for %s. Another "
             "start, another problem or other options: start the program as it was when the tape was made, or name "
             "another directory",
             t->count, t->dir,
             r->kind != (char)kind ? "a value where a gradient was, or the other way round"
             : t->count == 1       ? "another first x"
                                   : "another x, though all before agreed");
  PetscFunctionReturn(0);
}

/* Evaluation t->count, from the tape. */
static PetscErrorCode Answer(CostateTape t, CostateKind kind, Vec x, PetscReal *f, Vec g)
{
  const CostateRecord *r = &t->record[t->count - 1];
  CostateStoreFault    fault;
  PetscBool            again = t->check_set ? t->check : t->suspicious;

  PetscFunctionBegin;
  PetscCall(Compare(t, r, kind, x));
  again = (PetscBool)(again && t->count == t->nrecords);
  if (again) {
    PetscCall(Again(t, r, x, f, g));
    PetscFunctionReturn(0);
  }
  fault.err = 0;
  if (g) PetscCall(Fetch(t, r, x, g, &fault));
  if (fault.err) {
    PetscCall(PetscFPrintf(Comm(t), PETSC_STDERR,
                           "costate: evaluation %" PetscInt64_FMT
                           " on the tape in %s is damaged and is computed again. %s\n",
                           t->count, t->dir, fault.text));
    PetscCall(Again(t, r, x, f, g));
    PetscFunctionReturn(0);
  }
  if (kind != COSTATE_SLOPE) *f = r->f;
  CostateRunsSkip(r->runs);
  t->answered++;
  PetscFunctionReturn(0);
}

/* TAO asks for a value, a gradient or both. */
PetscErrorCode CostateTapeEvaluate(CostateTape t, CostateKind kind, Vec x, PetscReal *f, Vec g)
{
  PetscReal dummy = 0;

  PetscFunctionBegin;
  if (!f) f = &dummy;
  t->count++;
  if (t->count > t->nrecords)
    PetscCall(Append(t, kind, x, f, g));
  else
    PetscCall(Answer(t, kind, x, f, g));
  if (t->count == t->nrecords) PetscCall(VecDestroy(&t->x));
  PetscFunctionReturn(0);
}
