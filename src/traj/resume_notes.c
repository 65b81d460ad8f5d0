/* SPDX-License-Identifier: BSD-2-Clause */
/* The lines that the journal of a run has for a commit, read back; commit.c writes them. */
#include "resume.h"
#include <stdarg.h>

PetscErrorCode CostateResumeRefuse(CostateTraj tr, const char format[], ...)
{
  char    text[2048];
  va_list args;

  va_start(args, format);
  (void)vsnprintf(text, sizeof(text), format, args);
  va_end(args);
  return PetscError(PetscObjectComm((PetscObject)tr->tj), __LINE__, PETSC_FUNCTION_NAME, __FILE__, PETSC_ERR_ARG_INCOMP,
                    PETSC_ERROR_INITIAL, "The run in %s cannot go on (-ts_trajectory_costate_resume): %s", tr->dir,
                    text);
}

#define GROW(array, n, cap)                                                                                            \
  do {                                                                                                                 \
    if ((n) == (cap)) {                                                                                                \
      (cap) = 2 * (cap) + 16;                                                                                          \
      PetscCall(PetscRealloc((size_t)(cap) * sizeof(*(array)), &(array)));                                             \
    }                                                                                                                  \
  } while (0)

static PetscErrorCode TakeTold(CostateNotes *notes, const CostateTold *t)
{
  PetscFunctionBegin;
  GROW(notes->told, notes->ntold, notes->toldcap);
  notes->told[notes->ntold++] = *t;
  PetscFunctionReturn(PETSC_SUCCESS);
}

static PetscErrorCode TakeIntegral(CostateTraj tr, const CostatePast *x)
{
  PetscFunctionBegin;
  GROW(tr->past, tr->npast, tr->pastcap);
  tr->past[tr->npast++] = *x;
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* What belongs to one commit alone begins with its line `held`. */
static PetscErrorCode NoteOfCommit(CostateTraj tr, CostateNotes *notes, const char *line, PetscBool *good)
{
  PetscInt64 key;
  PetscInt   k, n;

  PetscFunctionBegin;
  if (sscanf(line, "held %" PetscInt_FMT " %" PetscInt_FMT, &k, &n) == 2) {
    notes->held = k;
    notes->nram = 0;
    tr->ndumped = tr->nlandmarks = 0;
  } else if (sscanf(line, "ram %" PetscInt64_FMT, &key) == 1) {
    GROW(notes->ram, notes->nram, notes->ramcap);
    notes->ram[notes->nram++] = key;
  } else if (sscanf(line, "dumped %" PetscInt64_FMT, &key) == 1) {
    PetscCall(CostateDumpedAdd(tr, key));
  } else if (sscanf(line, "landmark %" PetscInt_FMT, &k) == 1) {
    PetscCall(PetscRealloc((size_t)(tr->nlandmarks + 1) * sizeof(*tr->landmark), &tr->landmark));
    tr->landmark[tr->nlandmarks++] = k;
  } else if (sscanf(line, "forward %" PetscInt_FMT " quiet %" PetscInt_FMT, &k, &tr->known_quiet) == 2) {
    notes->N    = k;
    notes->back = -1;
  } else if (sscanf(line, "backward %" PetscInt_FMT " of %" PetscInt_FMT " quiet %" PetscInt_FMT, &k, &n,
                    &tr->known_quiet) == 3) {
    notes->N    = n;
    notes->back = k;
  } else
    *good = PETSC_FALSE;
  PetscFunctionReturn(PETSC_SUCCESS);
}

static PetscErrorCode NoteOfRun(CostateTraj tr, CostateNotes *notes, const char *line, PetscBool *good)
{
  CostateTold        told = {0};
  CostatePast        past;
  CostateAttempt     a    = {0};
  double             x[4] = {0};
  int                flag[2], kind;
  PetscInt           k, quiet;
  unsigned long long hash;
  costate_costs     *c   = &told.costs;
  CostateLog        *log = &tr->log;

  PetscFunctionBegin;
  if (sscanf(line, "step %" PetscInt_FMT " %la %la %llx", &k, &x[0], &x[1], &hash) == 4 && k == log->n + 1) {
    PetscCall(CostateLogRestore(log, k, (PetscReal)x[0], (PetscReal)x[1], (PetscInt64)hash));
  } else if (sscanf(line, "attempt %la %la %la %d %d %la", &x[0], &x[1], &x[2], &flag[0], &flag[1], &x[3]) >= 5) {
    a.ptime      = (PetscReal)x[0];
    a.ptime_prev = (PetscReal)x[1];
    a.h          = (PetscReal)x[2];
    a.want       = (PetscReal)x[3];
    a.restart    = (PetscBool)(flag[0] != 0);
    a.rollback   = (PetscBool)(flag[1] != 0);
    PetscCall(CostateLogAttempt(log, &a));
  } else if (sscanf(line, "reject %la", &x[0]) == 1 && log->natt > log->first) {
    PetscCall(CostateLogReject(log, (PetscReal)x[0]));
  } else if (sscanf(line, "arrive %" PetscInt_FMT " %d %" PetscInt_FMT, &k, &kind, &quiet) == 3 && k > 0) {
    PetscCall(CostateKindAdd(tr, k, (costate_arrival)kind, quiet));
  } else if (sscanf(line, "units %" PetscInt_FMT " %" PetscInt64_FMT, &told.n, &told.units) == 2) {
    PetscCall(TakeTold(notes, &told));
  } else if (sscanf(line, "costs %" PetscInt_FMT " %la %la %la %la", &told.n, &c->forward, &c->adjoint, &c->write,
                    &c->read) == 5) {
    PetscCall(TakeTold(notes, &told));
  } else if (sscanf(line, "integral %" PetscInt_FMT " %" PetscInt_FMT " %la %la", &past.n, &past.i, &past.re,
                    &past.im) == 4) {
    PetscCall(TakeIntegral(tr, &past));
  } else if (sscanf(line, "regrouped %" PetscInt_FMT, &k) == 1 && k >= 0 && k <= log->n) {
    log->unknown = k;
  } else
    PetscCall(NoteOfCommit(tr, notes, line, good));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* sched POLICY UNITS G RESTARTS STEPS STRIDE DISK IO forward adjoint write read */
static PetscBool NoteOfSched(CostateNotes *notes, const char *line)
{
  costate_sched_config *c = &notes->cfg;
  int                   io, restarts;
  PetscInt64            units, g, steps, stride, disk;

  if (sscanf(line,
             "sched %63s %" PetscInt64_FMT " %" PetscInt64_FMT " %d %" PetscInt64_FMT " %" PetscInt64_FMT
             " %" PetscInt64_FMT " %d %la %la %la %la",
             notes->policy, &units, &g, &restarts, &steps, &stride, &disk, &io, &c->costs.forward, &c->costs.adjoint,
             &c->costs.write, &c->costs.read) != 12)
    return PETSC_FALSE;
  c->policy         = notes->policy;
  c->units          = units;
  c->stage_units    = g;
  c->stage_restarts = restarts;
  c->steps          = steps;
  c->stride         = stride;
  c->disk           = disk;
  c->io             = (costate_io)io;
  return PETSC_TRUE;
}

/*
  A run of other ranks is a new one from here, which is told what rank 0 of the old one was.  The cost integral, of
  which each rank noted its part, is divided as PETSc divides by itself.
*/
static PetscErrorCode Regroup(CostateTraj tr, const CostateNotes *notes, PetscInt n, const char *const line[])
{
  PetscMPIInt rank, size;
  PetscInt    total = 0, mine = PETSC_DECIDE, low = 0;

  PetscFunctionBegin;
  PetscCallMPI(MPI_Comm_rank(PetscObjectComm((PetscObject)tr->tj), &rank));
  PetscCallMPI(MPI_Comm_size(PetscObjectComm((PetscObject)tr->tj), &size));
  for (PetscInt i = 0; i < n; i++)
    if (strncmp(line[i], "integral ", 9)) PetscCall(CostateStoreNote(tr->disk, line[i]));
  for (int pass = 0; pass < 2; pass++) {
    PetscInt before = 0;

    if (pass && total) {
      PetscCall(PetscSplitOwnership(PetscObjectComm((PetscObject)tr->tj), &mine, &total));
      PetscCallMPI(MPI_Scan(&mine, &low, 1, MPIU_INT, MPI_SUM, PetscObjectComm((PetscObject)tr->tj)));
      low -= mine;
    }
    for (PetscMPIInt r = 0; r < notes->former; r++) {
      const char *const *past;
      PetscInt           npast, here = 0;

      PetscCall(CostateStoreGetFormerNotes(tr->disk, r, &npast, &past));
      for (PetscInt i = 0; i < npast; i++) {
        CostatePast x;

        if (sscanf(past[i], "integral %" PetscInt_FMT " %" PetscInt_FMT " %la %la", &x.n, &x.i, &x.re, &x.im) != 4)
          continue;
        here = PetscMax(here, x.i + 1);
        x.i += before - low;
        if (!pass || x.i < 0 || x.i >= mine) continue;
        PetscCall(TakeIntegral(tr, &x));
        PetscCall(CostateNote(tr, "integral %" PetscInt_FMT " %" PetscInt_FMT " %a %a", x.n, x.i, x.re, x.im));
      }
      before += here;
    }
    total = before;
  }
  tr->log.unknown = notes->N;
  PetscCall(CostateNote(tr, "regrouped %" PetscInt_FMT, notes->N));
  PetscCall(PetscFPrintf(PetscObjectComm((PetscObject)tr->tj), PETSC_STDERR,
                         "costate: resumed on %d rank%s what %d rank%s began: the gradient is that of %d rank%s up to "
                         "rounding, repeated steps before step %" PetscInt_FMT " are not compared\n",
                         (int)size, size > 1 ? "s" : "", (int)notes->former, notes->former > 1 ? "s" : "", (int)size,
                         size > 1 ? "s" : "", notes->N));
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode CostateNotesRead(CostateTraj tr, CostateNotes *notes)
{
  PetscInt           n;
  const char *const *line;
  char               problem[256];

  PetscFunctionBegin;
  notes->back = -1;
  PetscCall(CostateStoreGetFormer(tr->disk, &notes->former));
  if (notes->former)
    PetscCall(CostateStoreGetFormerNotes(tr->disk, 0, &n, &line));
  else
    PetscCall(CostateStoreGetNotes(tr->disk, &n, &line));
  PetscCall(CostateFingerprint(tr, problem, sizeof(problem)));
  for (PetscInt i = 0; i < n; i++) {
    PetscBool good = PETSC_TRUE;

    if (!strncmp(line[i], "option ", 7)) continue;
    if (!strncmp(line[i], "problem ", 8)) {
      if (strcmp(line[i] + 8, problem))
        PetscCall(CostateResumeRefuse(tr, "it is of another problem: %s; now it is %s", line[i] + 8, problem));
      continue;
    }
    if (NoteOfSched(notes, line[i])) continue;
    if (notes->former && !strncmp(line[i], "integral ", 9)) continue;
    PetscCall(NoteOfRun(tr, notes, line[i], &good));
    if (!good)
      PetscCall(
          CostateResumeRefuse(tr, "its journal has the line '%.80s', which this version does not write", line[i]));
  }
  if (notes->N != tr->log.n || !notes->cfg.policy)
    PetscCall(CostateResumeRefuse(tr, "its journal tells of %" PetscInt_FMT " steps, and its commit of %" PetscInt_FMT,
                                  tr->log.n, notes->N));
  PetscCall(CostateOptionsCompare(tr, n, line));
  if (notes->former) PetscCall(Regroup(tr, notes, n, line));
  PetscFunctionReturn(PETSC_SUCCESS);
}
