/* SPDX-License-Identifier: BSD-2-Clause */
/*
  Going on from a commit, in the application as it is.

  The application runs from its start, and the trajectory takes it to where it was: in each segment of the run (a
  TSSolve(), or a part of it between events) it is put at the last state that was kept, and really executes what is left
  of the segment, with whatever it does at its end: events, its own code between two TSSolve() calls.  Each state that
  is reached again is compared with the log, so a program or problem that is not the same is found out before anything
  new is computed.  The state is changed in TSPreStep(), where PETSc has nothing of its own at hand that would be wrong
  afterwards.  On the way back the first adjoint step is replaced by the one that comes next.
*/
#include "resume.h"

/* The scheduler is told the same again; what it answers was done. */
static PetscErrorCode Rebuild(CostateTraj tr, CostateNotes *notes)
{
  costate_action a;
  PetscInt       told = 0, kind = 0;

  PetscFunctionBegin;
  PetscCall(CostateSched(tr, costate_sched_create(&notes->cfg, &tr->sched)));
  tr->units = notes->cfg.units;
  for (PetscInt n = 0; n < notes->N; n++) {
    costate_arrival how = COSTATE_ARRIVE_STEP;

    for (; told < notes->ntold && notes->told[told].n == n && notes->told[told].units; told++) {
      tr->units = notes->told[told].units;
      PetscCall(CostateSched(tr, costate_sched_set_units(tr->sched, tr->units)));
    }
    if (kind < tr->nkinds && tr->kind[kind].step == n) how = tr->kind[kind++].kind;
    PetscCall(CostateSched(tr, costate_sched_arrive(tr->sched, n, how)));
    do PetscCall(CostateSched(tr, costate_sched_next(tr->sched, &a)));
    while (a.kind != COSTATE_YIELD);
    for (; told < notes->ntold && notes->told[told].n == n && !notes->told[told].units; told++) {
      tr->costs       = notes->told[told].costs;
      tr->costs_known = PETSC_TRUE;
      PetscCall(CostateSched(tr, costate_sched_set_costs(tr->sched, &tr->costs)));
    }
  }
  if (notes->back < 0) PetscFunctionReturn(PETSC_SUCCESS);
  PetscCall(CostateSched(tr, costate_sched_turn(tr->sched, notes->N)));
  for (PetscInt k = notes->N; k > notes->back;) {
    PetscCall(CostateSched(tr, costate_sched_next(tr->sched, &a)));
    if (a.kind == COSTATE_ADJOINT) k--;
    PetscCheck(a.kind != COSTATE_DONE, PETSC_COMM_SELF, PETSC_ERR_PLIB,
               "The scheduler ends before adjoint step %" PetscInt_FMT, k);
  }
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* What was in memory comes back; a frame that is damaged is computed again from an earlier one. */
static PetscErrorCode Load(CostateTraj tr, TS ts, const CostateNotes *notes)
{
  PetscFunctionBegin;
  for (PetscInt i = 0; i < notes->nram; i++) {
    const PetscInt64 key = notes->ram[i];
    PetscBool        has;

    PetscCall(CostateStoreHas(tr->disk, key, &has));
    if (!has)
      PetscCall(CostateResumeRefuse(tr, "the frame %" PetscInt64_FMT " of the commit is not among its files", key));
    PetscCall(CostateStoreCopyBegin(tr->disk, tr->store, key));
  }
  for (PetscInt i = 0; i < notes->nram; i++) {
    CostateStoreFault fault;

    if (!tr->nkinds || notes->ram[i] / 4 < tr->kind[0].step) {
      PetscCall(CostateBring(tr, ts, notes->ram[i]));
      continue;
    }
    /* the application is in the first segment, where a step of another one would not be repeated as it was */
    PetscCall(CostateStoreCopyTry(tr->disk, tr->store, notes->ram[i], &fault));
    if (fault.err)
      PetscCall(CostateResumeRefuse(tr,
                                    "%s. It lies behind an event or another TSSolve(), and cannot be computed again "
                                    "before the "
                                    "application is there. Bring the file back, or begin anew without the option",
                                    fault.text));
  }
  tr->held = notes->held;
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* The lambdas are read before all else: without them an older commit has to do. */
static PetscErrorCode LoadBack(CostateTraj tr, const CostateNotes *notes, PetscBool *ok)
{
  const PetscInt64  key = CostateKeyBack(notes->back);
  CostateStoreFault fault;

  PetscFunctionBegin;
  *ok = PETSC_TRUE;
  if (notes->back < 0) PetscFunctionReturn(PETSC_SUCCESS);
  tr->back_key = key;
  PetscCall(CostateStoreGetTry(tr->disk, key, 0, NULL, &fault));
  *ok = (PetscBool)!fault.err;
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Step 0 is about to be set: finds a commit of this run, and takes up all that it holds. */
PetscErrorCode CostateResumeBegin(CostateTraj tr, TS ts)
{
  CostateNotes notes      = {.back = -1};
  PetscInt64   generation = 0, damaged = 0;
  PetscBool    good = PETSC_FALSE;
  MPI_Comm     comm = PetscObjectComm((PetscObject)tr->tj);

  PetscFunctionBegin;
  while (!good) {
    PetscCall(PetscMemzero(&notes, sizeof(notes)));
    PetscCall(CostateDiskCreate(tr, ts));
    PetscCall(CostateStoreResume(tr->disk, generation, &generation));
    if (!generation && damaged)
      PetscCall(CostateResumeRefuse(tr,
                                    "the lambdas of each of its commits are damaged, commit %" PetscInt64_FMT
                                    " being the newest. Bring the files back, or name another directory; without the "
                                    "option a new "
                                    "run begins",
                                    damaged));
    if (!generation) {
      char other[256];

      PetscCall(CostateStoreResumable(comm, tr->dir, other, sizeof(other)));
      if (!tr->nothing || other[0])
        PetscCall(PetscFPrintf(comm, PETSC_STDERR,
                               "costate: nothing to resume in %s for %s%s%s; this run begins at its start\n", tr->dir,
                               tr->owner, other[0] ? ", but there is what is left of " : "", other));
      tr->nothing = PETSC_TRUE;
      PetscCall(CostateDiskOpen(tr, ts));
      PetscFunctionReturn(PETSC_SUCCESS);
    }
    PetscCall(CostateNotesRead(tr, &notes));
    PetscCall(LoadBack(tr, &notes, &good));
    if (good) break;
    PetscCall(PetscFPrintf(comm, PETSC_STDERR,
                           "costate: warning: the lambdas of commit %" PetscInt64_FMT
                           " in %s are damaged; trying the commit before it\n",
                           generation, tr->dir));
    PetscCall(PetscFree(notes.told));
    PetscCall(PetscFree(notes.ram));
    PetscCall(CostateStoreAbandon(&tr->disk));
    PetscCall(CostateLogReset(&tr->log));
    tr->nkinds = tr->npast = tr->ndumped = tr->nlandmarks = 0;
    tr->back_key                                          = 0;
    if (!damaged) damaged = generation;
  }
  PetscCall(CostateRememberRefuse(tr, ts, (PetscBool)(notes.back >= 0)));
  PetscCall(Rebuild(tr, &notes));
  tr->known      = notes.N;
  tr->back       = notes.back;
  tr->noted      = notes.N;
  tr->boundaries = tr->nkinds;
  tr->resuming   = PETSC_TRUE;
  tr->resumed    = PETSC_TRUE;
  PetscCall(Load(tr, ts, &notes));
  tr->log.n        = -1; /* from now on the last state that was reached again */
  tr->user_prestep = NULL;
  PetscCall(CostateResumeHook(tr, ts));
  if (notes.back >= 0)
    PetscCall(PetscFPrintf(comm, PETSC_STDERR,
                           "costate: going on in %s (commit %" PetscInt64_FMT ") with %" PetscInt_FMT
                           " of %" PetscInt_FMT " adjoint steps left\n",
                           tr->dir, generation, notes.back, notes.N));
  else
    PetscCall(PetscFPrintf(comm, PETSC_STDERR,
                           "costate: going on in %s (commit %" PetscInt64_FMT ") at step %" PetscInt_FMT
                           " of the forward sweep\n",
                           tr->dir, generation, notes.N));
  PetscCall(PetscFree(notes.told));
  PetscCall(PetscFree(notes.ram));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* The last state of the segment after state k from which its end can be executed as it was. */
static PetscInt SegmentQuiet(CostateTraj tr, PetscInt k)
{
  for (PetscInt i = 0; i < tr->nkinds; i++)
    if (tr->kind[i].step > k) return tr->kind[i].quiet;
  return tr->known_quiet;
}

/* Whether a step reads more than the state before it: the error estimate of the theta methods has the one before that.
 */
PetscBool CostateStepMemory(CostateTraj tr, TS ts)
{
  PetscBool fixed = PETSC_TRUE;

  if (tr->method != COSTATE_METHOD_ENDPOINT && tr->method != COSTATE_METHOD_MIDPOINT) return PETSC_FALSE;
  if (ts->adapt && PetscObjectTypeCompare((PetscObject)ts->adapt, TSADAPTNONE, &fixed)) return PETSC_TRUE;
  return (PetscBool)!fixed;
}

static PetscErrorCode SetIntegral(CostateTraj tr, TS ts, PetscInt n)
{
  Vec          now;
  PetscScalar *a;
  PetscInt     size;

  PetscFunctionBegin;
  if (!ts->quadraturets || !ts->costintegralfwd) PetscFunctionReturn(PETSC_SUCCESS);
  PetscCall(TSGetSolution(ts->quadraturets, &now));
  PetscCall(VecGetLocalSize(now, &size));
  PetscCall(VecGetArray(now, &a));
  for (PetscInt i = 0; i < tr->npast; i++)
    if (tr->past[i].n == n && tr->past[i].i >= 0 && tr->past[i].i < size)
      a[tr->past[i].i] = PetscCMPLX((PetscReal)tr->past[i].re, (PetscReal)tr->past[i].im);
  PetscCall(VecRestoreArray(now, &a));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* The TS stands before step k, as it did in the run. */
static PetscErrorCode PutBefore(CostateTraj tr, TS ts, PetscInt k)
{
  CostateAttempt a;
  PetscInt       n;

  PetscFunctionBegin;
  PetscCall(CostateLogGet(&tr->log, k, 0, &a, &n));
  ts->steps        = k - 1;
  ts->ptime        = a.ptime;
  ts->ptime_prev   = a.ptime_prev;
  ts->time_step    = a.h;
  ts->steprollback = a.rollback;
  for (PetscInt i = tr->log.n + 1; i < k; i++) ts->reject += CostateLogRejections(&tr->log, i);
  tr->log.n = k - 1;
  tr->put   = k;
  if (k - 1 <= tr->log.unknown && (tr->check || tr->jumps))
    PetscCall(CostateVecHash(ts->vec_sol, 0, &tr->log.hash[k - 1]));
  PetscCall(SetIntegral(tr, ts, k - 1));
  if (!ts->event) PetscFunctionReturn(PETSC_SUCCESS);
  COSTATE_EVENT_CALM(ts->event);
  PetscCall(TSEventInitialize(ts->event, ts, ts->ptime, ts->vec_sol));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Puts the run close to the end of this segment, by way of the last state that was kept. */
static PetscErrorCode Jump(CostateTraj tr, TS ts)
{
  const PetscInt k = ts->steps, e = SegmentQuiet(tr, k) + 1, memory = CostateStepMemory(tr, ts) ? 1 : 0;
  PetscInt       c   = e - memory;
  PetscBool      has = PETSC_FALSE;
  CostateSaved   saved;

  PetscFunctionBegin;
  if (k >= tr->known) PetscFunctionReturn(PETSC_SUCCESS);
  while (!has && --c > k) PetscCall(CostateHas(tr, c, COSTATE_KEY_STATE, &has));
  if (c <= k) PetscFunctionReturn(PETSC_SUCCESS);
  PetscCall(CostateReplayBegin(tr, ts, &saved));
  PetscCall(CostateRestoreState(tr, ts, c));
  for (PetscInt i = c + 1; i < e; i++) PetscCall(CostateReplayStep(tr, ts, i));
  PetscCall(CostateReplayEnd(tr, ts, &saved));
  PetscCall(CostateReplayAgree(tr));
  PetscCall(PutBefore(tr, ts, e));
  PetscFunctionReturn(PETSC_SUCCESS);
}

static PetscErrorCode PreStep(TS ts)
{
  CostateTraj tr;

  PetscFunctionBegin;
  PetscCall(CostateTrajGet(ts, &tr));
  if (tr && tr->resuming && !tr->replaying) PetscCall(Jump(tr, ts));
  if (tr && tr->user_prestep) PetscCall(tr->user_prestep(ts));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Ours stands before the user's as long as there is something to pass over. */
PetscErrorCode CostateResumeHook(CostateTraj tr, TS ts)
{
  PetscFunctionBegin;
  if (tr->resuming && ts->prestep != PreStep) {
    tr->user_prestep = ts->prestep;
    ts->prestep      = PreStep;
  } else if (!tr->resuming && ts->prestep == PreStep)
    ts->prestep = tr->user_prestep;
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Whether the user has TSSetPreStep(): ours may stand before it. */
PetscBool CostateHasPreStep(CostateTraj tr, TS ts)
{
  return (PetscBool)(ts->prestep && (ts->prestep != PreStep || tr->user_prestep));
}

/* State k was reached again: it has to be the one of the log. */
PetscErrorCode CostateResumeState(CostateTraj tr, PetscInt k, PetscReal t, PetscInt64 hash)
{
  PetscBool  differs, here;
  PetscInt64 known = tr->log.hash[k];

  PetscFunctionBegin;
  if (k <= tr->log.unknown) { /* other ranks reached it, and rounded in another way */
    here = (PetscBool)(PetscAbsReal(t - tr->log.t[k]) > 1e-8 * (PetscAbsReal(t) + PetscAbsReal(tr->log.h[k])));
    tr->log.hash[k] = hash;
  } else
    here = (PetscBool)(t != tr->log.t[k] || ((tr->check || tr->jumps) && hash != known));
  PetscCallMPI(MPI_Allreduce(&here, &differs, 1, MPIU_BOOL, MPI_LOR, PetscObjectComm((PetscObject)tr->tj)));
  if (differs)
    PetscCall(CostateResumeRefuse(
        tr,
        "state %" PetscInt_FMT " at t = %g is not the one that was committed (there t = %g). It was another "
        "program, other data or parameters, or a solver that remembers earlier steps (see the manual on "
        "-ts_trajectory_costate_resume). Nothing that was committed is lost; without the option a new "
        "run begins",
        k, (double)t, (double)tr->log.t[k]));
  tr->log.n = k;
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* A step is entered that the scheduler knows about. */
PetscErrorCode CostateResumeEnter(CostateTraj tr, TS ts, PetscBool boundary)
{
  const PetscInt n     = ts->steps;
  PetscBool      known = PETSC_FALSE;

  PetscFunctionBegin;
  PetscCall(CostateStopsPass(tr, ts, n));
  for (PetscInt i = 0; i < tr->nkinds; i++) known = (PetscBool)(known || tr->kind[i].step == n);
  if (tr->put != n + 1 && n && known != boundary)
    PetscCall(CostateResumeRefuse(tr, "at state %" PetscInt_FMT " the run %s, and now it %s", n,
                                  known ? "had an event, or TSSolve() ended" : "went on without an event",
                                  boundary ? "does" : "does not"));
  if (tr->put == n + 1) {
    CostateAttempt a;
    PetscInt       natt;

    PetscCall(CostateLogGet(&tr->log, n + 1, 0, &a, &natt));
    ts->steprestart = a.restart; /* which TSPreStep() sets, since the state was changed in it */
    ts->time_step   = a.h;
    CostateStopsAgain(tr, ts, a.want);
    if (tr->fsal && tr->from_frame && !a.restart && !a.rollback) {
      ts->steprestart = PETSC_TRUE; /* as in ReplayAttempt() */
      tr->inject      = PETSC_TRUE;
    }
    tr->from_frame = PETSC_FALSE;
    tr->put        = 0; /* a second attempt is on its own */
  } else
    PetscCall(CostateStopsEnter(tr, ts));
  PetscCall(CostateLeave(tr, ts, n));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* All that was committed is reached again: the run is as any other from here. */
PetscErrorCode CostateResumeEnd(CostateTraj tr, TS ts)
{
  PetscFunctionBegin;
  PetscCall(CostateStopsPass(tr, ts, ts->steps));
  if (tr->back >= 0)
    PetscCall(CostateResumeRefuse(tr, "it had %" PetscInt_FMT " steps, and now it goes on beyond them", tr->known));
  tr->resuming = PETSC_FALSE;
  PetscCall(CostateResumeHook(tr, ts));
  COSTATE_FAILPOINT("traj: resumed forward");
  PetscFunctionReturn(PETSC_SUCCESS);
}

/*
  The events between the end and state p are behind the application on the way back.  It is told of them again, since it
  may switch back what it had switched; what it does to state and lambda is of no consequence.
*/
static PetscErrorCode PassEvents(CostateTraj tr, TS ts, PetscInt p)
{
  TSEvent event = ts->event;

  PetscFunctionBegin;
  if (!event || !event->postevent) PetscFunctionReturn(PETSC_SUCCESS);
  while (event->recorder.ctr > 0 && event->recorder.time[event->recorder.ctr - 1] > tr->log.t[p] - PETSC_SMALL) {
    const PetscInt i = --event->recorder.ctr;

    PetscCall((*event->postevent)(ts, event->recorder.nevents[i], event->recorder.eventidx[i], event->recorder.time[i],
                                  ts->vec_sol, PETSC_FALSE, event->ctx));
  }
  PetscFunctionReturn(PETSC_SUCCESS);
}

/*
  An adjoint step is entered on the way to where the sweep was.  If that lies in this TSAdjointSolve(), the step that
  comes next takes its place; if not, all of its steps are passed over, and it ends as it did.
*/
PetscErrorCode CostateResumeBack(CostateTraj tr, TS ts, PetscInt *k, PetscBool *over)
{
  const PetscInt first = *k, end = first + ts->adjoint_steps - ts->adjoint_max_steps;
  const PetscInt p   = PetscMax(tr->back, end);
  PetscInt64     key = tr->back > end ? CostateKeyBack(p) : CostateKeyStop(p);
  PetscInt       n;
  Vec            v[COSTATE_MAX_VECS];
  PetscBool      has;

  PetscFunctionBegin;
  *over = (PetscBool)(tr->back <= end);
  if (tr->phase == COSTATE_FORWARD) {
    if (tr->log.n != tr->known || first != tr->known)
      PetscCall(CostateResumeRefuse(tr,
                                    "it had %" PetscInt_FMT " steps, and now its adjoint begins at step %" PetscInt_FMT,
                                    tr->known, first));
    tr->phase = COSTATE_BACKWARD;
    PetscCall(PetscTime(&tr->t0));
  }
  PetscCall(CostateStoreHas(tr->disk, key, &has));
  if (!has)
    PetscCall(CostateResumeRefuse(tr,
                                  "TSAdjointSolve() is to end with %" PetscInt_FMT
                                  " steps left, and the run had no such end, or there was no room on disk for it",
                                  p));
  PetscCall(PassEvents(tr, ts, p));
  PetscCall(CostateBackVecs(tr, ts, &n, v));
  PetscCall(CostateStoreGetBegin(tr->disk, key));
  PetscCall(CostateStoreGetEnd(tr->disk, key, n, v));
  ts->adjoint_steps += first - p - (*over ? 1 : 0); /* PETSc counts the step that it believes to take */
  ts->steps      = *over ? p : p - 1;
  ts->ptime      = tr->log.t[p];
  ts->ptime_prev = ts->ptime;
  PetscCall(TSSetTimeStep(ts, -tr->log.t[p] + CostateLogStart(&tr->log, p)));
  PetscCall(VecCopy(tr->top, ts->vec_sol));
  tr->pos    = p;
  tr->passed = *over;
  *k         = p;
  if (*over) PetscFunctionReturn(PETSC_SUCCESS);
  tr->resuming = PETSC_FALSE;
  PetscCall(CostateResumeHook(tr, ts));
  COSTATE_FAILPOINT("traj: resumed backward");
  PetscFunctionReturn(PETSC_SUCCESS);
}
