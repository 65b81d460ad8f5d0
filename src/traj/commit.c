/* SPDX-License-Identifier: BSD-2-Clause */
/*
  Commits: what a run that was killed goes on from.

  A commit is taken where a step is entered, forward or backward, so that everything a step changes is complete.  It
  consists of

    frames    all that the store in memory holds, copied to disk beside what lies there anyway; on the way back also
              state k, the lambdas and their companions, as one frame with the key -1 - 2 k, and as they were where an
              earlier TSAdjointSolve() ended, with the key -2 - 2 k
    notes     lines in each rank's journal, in the order in which things happened: the step log, what the scheduler was
              told, where the cost integral stood.  Only what is new is written.  resume.c reads them

  The scheduler itself is not saved: it is deterministic, and told the same again it says the same.

  Nothing is overwritten that the last two commits refer to; the store sees to that.
*/
#include "trajimpl.h"
#include <errno.h>
#include <stdarg.h>

PetscErrorCode CostateNote(CostateTraj tr, const char format[], ...)
{
  char    line[COSTATE_NOTE];
  va_list args;

  PetscFunctionBegin;
  va_start(args, format);
  (void)vsnprintf(line, sizeof(line), format, args);
  va_end(args);
  PetscCall(CostateStoreNote(tr->disk, line));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Everything about the scheduler follows from this and from what it is told. */
PetscErrorCode CostateNoteSched(CostateTraj tr, const costate_sched_config *c)
{
  PetscFunctionBegin;
  if (!tr->durable) PetscFunctionReturn(PETSC_SUCCESS);
  PetscCall(CostateNote(tr,
                        "sched %s %" PetscInt64_FMT " %" PetscInt64_FMT " %d %" PetscInt64_FMT " %" PetscInt64_FMT
                        " %" PetscInt64_FMT " %d %a %a %a %a",
                        c->policy, (PetscInt64)c->units, (PetscInt64)c->stage_units, c->stage_restarts,
                        (PetscInt64)c->steps, (PetscInt64)c->stride, (PetscInt64)c->disk, (int)c->io, c->costs.forward,
                        c->costs.adjoint, c->costs.write, c->costs.read));
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode CostateKindAdd(CostateTraj tr, PetscInt n, costate_arrival kind, PetscInt quiet)
{
  PetscFunctionBegin;
  if (tr->nkinds == tr->kindcap) {
    tr->kindcap = 2 * tr->kindcap + 16;
    PetscCall(PetscRealloc((size_t)tr->kindcap * sizeof(*tr->kind), &tr->kind));
  }
  tr->kind[tr->nkinds].step   = n;
  tr->kind[tr->nkinds].quiet  = quiet;
  tr->kind[tr->nkinds++].kind = kind;
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* What a frame is called on disk. */
const char *CostateKeyText(CostateKey what)
{
  return what == COSTATE_KEY_PRE ? "before jump" : what == COSTATE_KEY_STAGES ? "stages" : "state";
}

/* What the scheduler is told at the arrival of state n, other than that it arrived. */
PetscErrorCode CostateNoteArrival(CostateTraj tr, PetscInt n, costate_arrival kind)
{
  PetscFunctionBegin;
  if (!tr->durable || kind == COSTATE_ARRIVE_STEP) PetscFunctionReturn(PETSC_SUCCESS);
  PetscCall(CostateNoteIntegral(tr, tr->quiet));
  PetscCall(CostateNote(tr, "arrive %" PetscInt_FMT " %d %" PetscInt_FMT, n, (int)kind, tr->quiet));
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode CostateNoteUnits(CostateTraj tr, PetscInt n)
{
  PetscFunctionBegin;
  if (tr->durable) PetscCall(CostateNote(tr, "units %" PetscInt_FMT " %" PetscInt64_FMT, n, (PetscInt64)tr->units));
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode CostateNoteCosts(CostateTraj tr, PetscInt n, const costate_costs *c)
{
  PetscFunctionBegin;
  if (tr->durable)
    PetscCall(CostateNote(tr, "costs %" PetscInt_FMT " %a %a %a %a", n, c->forward, c->adjoint, c->write, c->read));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* The cost integral as it stood at state n, which tr->integral holds: a few numbers on each rank. */
PetscErrorCode CostateNoteIntegral(CostateTraj tr, PetscInt n)
{
  const PetscScalar *a;
  PetscInt           count;

  PetscFunctionBegin;
  if (!tr->integral) PetscFunctionReturn(PETSC_SUCCESS);
  PetscCall(VecGetLocalSize(tr->integral, &count));
  PetscCall(VecGetArrayRead(tr->integral, &a));
  for (PetscInt i = 0; i < count; i++)
    PetscCall(CostateNote(tr, "integral %" PetscInt_FMT " %" PetscInt_FMT " %a %a", n, i, (double)PetscRealPart(a[i]),
                          (double)PetscImaginaryPart(a[i])));
  PetscCall(VecRestoreArrayRead(tr->integral, &a));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/*
  State n is left.  From the last state at which no event was being located the rest of a segment can be executed again;
  where the cost integral stood there has to be known then.
*/
PetscErrorCode CostateLeave(CostateTraj tr, TS ts, PetscInt n)
{
  Vec now;

  PetscFunctionBegin;
  if (ts->event && !COSTATE_EVENT_QUIET(ts->event)) PetscFunctionReturn(PETSC_SUCCESS);
  tr->quiet = n;
  if (!tr->durable || !ts->quadraturets || !ts->costintegralfwd) PetscFunctionReturn(PETSC_SUCCESS);
  PetscCall(TSGetSolution(ts->quadraturets, &now));
  if (!now) PetscFunctionReturn(PETSC_SUCCESS);
  if (!tr->integral) PetscCall(VecDuplicate(now, &tr->integral));
  PetscCall(VecCopy(now, tr->integral));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* The steps that came since the last commit; an irregular one is preceded by its attempts. */
static PetscErrorCode NoteSteps(CostateTraj tr)
{
  const CostateLog *log = &tr->log;

  PetscFunctionBegin;
  for (PetscInt k = tr->noted + 1; k <= log->n; k++) {
    if (log->irregular[k]) {
      PetscInt n = 1;

      for (PetscInt i = 0; i < n; i++) {
        CostateAttempt a;

        PetscCall(CostateLogGet(log, k, i, &a, &n));
        PetscCall(CostateNote(tr, "attempt %a %a %a %d %d %a", (double)a.ptime, (double)a.ptime_prev, (double)a.h,
                              (int)a.restart, (int)a.rollback, (double)a.want));
        for (PetscInt j = 0; j < a.nrej; j++) PetscCall(CostateNote(tr, "reject %a", (double)log->rej[a.rej + j]));
      }
    }
    PetscCall(CostateNote(tr, "step %" PetscInt_FMT " %a %a %016llx", k, (double)log->t[k], k ? (double)log->h[k] : 0.,
                          (unsigned long long)log->hash[k]));
  }
  tr->noted = log->n;
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* The index of the key among those that are on disk for commits alone, or of the next one. */
static PetscInt DumpedFind(CostateTraj tr, PetscInt64 key)
{
  PetscInt lo = 0, hi = tr->ndumped;

  while (lo < hi) {
    const PetscInt mid = lo + (hi - lo) / 2;

    if (tr->dumped[mid] < key)
      lo = mid + 1;
    else
      hi = mid;
  }
  return lo;
}

PetscBool CostateIsDumped(CostateTraj tr, PetscInt64 key)
{
  const PetscInt at = DumpedFind(tr, key);

  return (PetscBool)(at < tr->ndumped && tr->dumped[at] == key);
}

PetscErrorCode CostateDumpedAdd(CostateTraj tr, PetscInt64 key)
{
  const PetscInt at = DumpedFind(tr, key);

  PetscFunctionBegin;
  if (CostateIsDumped(tr, key)) PetscFunctionReturn(PETSC_SUCCESS);
  if (tr->ndumped == tr->dumpedcap) {
    tr->dumpedcap = 2 * tr->dumpedcap + 16;
    PetscCall(PetscRealloc((size_t)tr->dumpedcap * sizeof(*tr->dumped), &tr->dumped));
  }
  PetscCall(PetscArraymove(tr->dumped + at + 1, tr->dumped + at, tr->ndumped - at));
  tr->dumped[at] = key;
  tr->ndumped++;
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* The copy on disk is the scheduler's from now on, or nobody's. */
PetscErrorCode CostateDumpedRemove(CostateTraj tr, PetscInt64 key)
{
  const PetscInt at = DumpedFind(tr, key);

  PetscFunctionBegin;
  if (at == tr->ndumped || tr->dumped[at] != key) PetscFunctionReturn(PETSC_SUCCESS);
  tr->ndumped--;
  PetscCall(PetscArraymove(tr->dumped + at, tr->dumped + at + 1, tr->ndumped - at));
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscBool CostateIsLandmark(CostateTraj tr, PetscInt k)
{
  for (PetscInt i = 0; i < tr->nlandmarks; i++)
    if (tr->landmark[i] == k) return PETSC_TRUE;
  return PETSC_FALSE;
}

/* A frame is dropped from memory: its copy, which was made for a commit, is not needed either. */
PetscErrorCode CostateDumpForget(CostateTraj tr, PetscInt64 key)
{
  PetscBool has;

  PetscFunctionBegin;
  if (!tr->disk || !CostateIsDumped(tr, key)) PetscFunctionReturn(PETSC_SUCCESS);
  if (key % 4 == COSTATE_KEY_STATE && CostateIsLandmark(tr, (PetscInt)(key / 4))) PetscFunctionReturn(PETSC_SUCCESS);
  PetscCall(CostateDumpedRemove(tr, key));
  PetscCall(CostateStoreHas(tr->disk, key, &has));
  if (has) PetscCall(CostateStoreDrop(tr->disk, key)); /* if not, the scheduler wanted its place */
  PetscFunctionReturn(PETSC_SUCCESS);
}

/*
  When the run goes on from a commit on the way back, the application comes to the end of its TSSolve() first, and to
  that of each one before.  So of each segment the last state that is kept has to stay until the end.
*/
PetscErrorCode CostateLandmarks(CostateTraj tr)
{
  const PetscInt memory = CostateStepMemory(tr, tr->ts) ? 1 : 0;

  PetscFunctionBegin;
  if (!tr->durable) PetscFunctionReturn(PETSC_SUCCESS);
  PetscCall(PetscFree(tr->landmark));
  PetscCall(PetscMalloc1(tr->nkinds + 1, &tr->landmark));
  tr->nlandmarks = 0;
  for (PetscInt i = 0; i <= tr->nkinds; i++) {
    const PetscInt from = i ? tr->kind[i - 1].step : 0, quiet = i < tr->nkinds ? tr->kind[i].quiet : tr->quiet;
    PetscBool      has = PETSC_FALSE;

    for (PetscInt k = quiet - memory; k > from && !has; k--) {
      PetscCall(CostateHas(tr, k, COSTATE_KEY_STATE, &has));
      if (has) tr->landmark[tr->nlandmarks++] = k;
    }
  }
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* The vectors of the backward sweep: state, lambdas, mus, those of the second order, the cost integral. */
PetscErrorCode CostateBackVecs(CostateTraj tr, TS ts, PetscInt *n, Vec v[])
{
  Vec *sets[]   = {ts->vecs_sensi, ts->vecs_sensip, ts->vecs_sensi2, ts->vecs_sensi2p};
  Vec  integral = NULL;

  PetscFunctionBegin;
  *n        = 0;
  v[(*n)++] = tr->top;
  PetscCheck(ts->numcost < (COSTATE_MAX_VECS - 2) / 4, PetscObjectComm((PetscObject)ts), PETSC_ERR_SUP,
             "Commits on the way back are made of at most %d cost functions, not %" PetscInt_FMT,
             (COSTATE_MAX_VECS - 2) / 4, ts->numcost);
  for (int i = 0; i < 4; i++)
    for (PetscInt j = 0; sets[i] && j < ts->numcost; j++) v[(*n)++] = sets[i][j];
  if (ts->quadraturets) PetscCall(TSGetSolution(ts->quadraturets, &integral));
  if (!integral) integral = ts->vec_costintegral;
  if (integral) v[(*n)++] = integral;
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* All that memory holds goes to disk too, unless it is there, or there is no room. */
static PetscErrorCode Dump(CostateTraj tr, CostateStoreFault *fault)
{
  PetscInt    n;
  PetscInt64 *keys;

  PetscFunctionBegin;
  PetscCall(CostateStoreKeys(tr->store, &n, NULL));
  PetscCall(PetscMalloc1(n, &keys));
  PetscCall(CostateStoreKeys(tr->store, &n, keys));
  fault->err = 0;
  for (PetscInt i = 0; i < n && !fault->err; i++) {
    const PetscInt   k    = (PetscInt)(keys[i] / 4);
    const CostateKey what = (CostateKey)(keys[i] % 4);
    PetscBool        has;

    PetscCall(CostateStoreHas(tr->disk, keys[i], &has));
    if (has) continue;
    PetscCall(CostateStoreSetLabel(tr->disk, k, tr->log.t[k], CostateKeyText(what)));
    PetscCall(CostateStoreCopyBeginTry(tr->store, tr->disk, keys[i], fault));
    if (!fault->err) PetscCall(CostateDumpedAdd(tr, keys[i]));
  }
  for (PetscInt i = 0; i < n && fault->err; i++) { /* those before it are not left under way */
    CostateStoreFault more;

    PetscCall(CostateStoreCopyTry(tr->store, tr->disk, keys[i], &more));
  }
  PetscCall(CostateNote(tr, "held %" PetscInt_FMT " %" PetscInt_FMT, tr->held, n));
  for (PetscInt i = 0; i < n; i++) PetscCall(CostateNote(tr, "ram %" PetscInt64_FMT, keys[i]));
  for (PetscInt i = 0; i < tr->ndumped; i++) PetscCall(CostateNote(tr, "dumped %" PetscInt64_FMT, tr->dumped[i]));
  for (PetscInt i = 0; i < tr->nlandmarks; i++) PetscCall(CostateNote(tr, "landmark %" PetscInt_FMT, tr->landmark[i]));
  PetscCall(PetscFree(keys));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* The lambdas of state pos, and what belongs to them. */
static PetscErrorCode PutBack(CostateTraj tr, TS ts, PetscInt64 key)
{
  PetscInt  n;
  Vec       v[COSTATE_MAX_VECS];
  PetscBool has;

  PetscFunctionBegin;
  PetscCall(CostateStoreHas(tr->disk, key, &has));
  if (has) PetscFunctionReturn(PETSC_SUCCESS);
  PetscCall(CostateBackVecs(tr, ts, &n, v));
  PetscCall(CostateStoreSetLabel(tr->disk, tr->pos, tr->log.t[tr->pos], "adjoint"));
  PetscCall(CostateStorePutBegin(tr->disk, key, n, v));
  PetscFunctionReturn(PETSC_SUCCESS);
}

static PetscErrorCode DumpBack(CostateTraj tr, TS ts)
{
  const PetscInt64 key = CostateKeyBack(tr->pos);
  PetscBool        has = PETSC_FALSE;

  PetscFunctionBegin;
  PetscCall(PutBack(tr, ts, key));
  if (tr->back_key && tr->back_key != key) PetscCall(CostateStoreHas(tr->disk, tr->back_key, &has));
  if (has) PetscCall(CostateStoreDrop(tr->disk, tr->back_key)); /* if not, there was no room for it */
  tr->back_key = key;
  PetscFunctionReturn(PETSC_SUCCESS);
}

/*
  Adjoint step pos + 1 is over, with its integral.  Where a TSAdjointSolve() ends with it and another one is to follow,
  the application may do something of its own in between: when it is started again it has to be led there.
*/
PetscErrorCode CostateStopKeep(CostateTraj tr, TS ts)
{
  PetscInt64 spare;

  PetscFunctionBegin;
  if (!tr->durable || tr->resuming || tr->reverse || !tr->pos || ts->adjoint_steps + 1 < ts->adjoint_max_steps)
    PetscFunctionReturn(PETSC_SUCCESS);
  PetscCall(CostateStoreSpare(tr->disk, &spare));
  if (spare < 2) PetscFunctionReturn(PETSC_SUCCESS); /* the resume will say that it is missing */
  PetscCall(PutBack(tr, ts, CostateKeyStop(tr->pos)));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* A disk that is full for a commit: the last one has to do for the time being. */
static PetscErrorCode NoRoom(CostateTraj tr, const CostateStoreFault *fault)
{
  MPI_Comm  comm = PetscObjectComm((PetscObject)tr->tj);
  PetscBool has;

  PetscFunctionBegin;
  PetscCheck(fault->err == ENOSPC || fault->err == EDQUOT || fault->err == EFBIG, comm, PETSC_ERR_FILE_WRITE, "%s",
             fault->text);
  PetscCall(PetscFPrintf(comm, PETSC_STDERR,
                         "costate: warning: no commit was made: %s. The run goes on, and tries again when the next one "
                         "is due\n",
                         fault->text));
  for (PetscInt i = tr->ndumped - 1; i >= 0; i--) {
    PetscCall(CostateStoreHas(tr->disk, tr->dumped[i], &has));
    if (!has) PetscCall(CostateDumpedRemove(tr, tr->dumped[i]));
  }
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Commits the present position, which is the entry of step log.n + 1, or of the adjoint of step pos; `done` if it
 * could. */
PetscErrorCode CostateCommit(CostateTraj tr, TS ts, PetscBool *done)
{
  PetscLogDouble    t0, t1;
  const PetscBool   back = (PetscBool)(tr->phase == COSTATE_BACKWARD);
  CostateStoreFault fault;

  PetscFunctionBegin;
  PetscCall(PetscTime(&t0));
  PetscCall(PetscLogEventBegin(Costate_Commit, tr->tj, ts, 0, 0));
  COSTATE_FAILPOINT("traj: commit begins");
  PetscCall(CostateReplayAgree(tr)); /* nothing is committed that is known to be wrong */
  if (!tr->commits && !tr->resumed) PetscCall(CostateRememberWarn(tr, ts));
  while (tr->nmoves) PetscCall(CostateDiskSettle(tr, tr->moves[0].key));
  if (tr->maps) PetscCall(CostateStoreSync(tr->maps));
  PetscCall(NoteSteps(tr));
  if (!back || !tr->back_key) PetscCall(CostateNoteIntegral(tr, tr->quiet));
  if (back) PetscCall(DumpBack(tr, ts));
  PetscCall(Dump(tr, &fault));
  if (back)
    PetscCall(CostateNote(tr, "backward %" PetscInt_FMT " of %" PetscInt_FMT " quiet %" PetscInt_FMT, tr->pos,
                          tr->log.n, tr->quiet));
  else
    PetscCall(CostateNote(tr, "forward %" PetscInt_FMT " quiet %" PetscInt_FMT, tr->log.n, tr->quiet));
  COSTATE_FAILPOINT("traj: before the store commits");
  if (!fault.err)
    PetscCall(CostateStoreCommitTry(tr->disk, &fault));
  else if (back) {
    CostateStoreFault more;

    PetscCall(CostateStorePutTry(tr->disk, tr->back_key, &more));
  }
  if (fault.err) PetscCall(NoRoom(tr, &fault));
  COSTATE_FAILPOINT("traj: committed");
  PetscCall(PetscLogEventEnd(Costate_Commit, tr->tj, ts, 0, 0));
  PetscCall(PetscTime(&t1));
  *done = (PetscBool)!fault.err;
  if (*done) tr->commits++;
  tr->commit_seconds += t1 - t0;
  tr->commit_last = t1 - t0;
  tr->committed   = t1;
  PetscFunctionReturn(PETSC_SUCCESS);
}
