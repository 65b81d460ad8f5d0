/* SPDX-License-Identifier: BSD-2-Clause */
/*
  The forward sweep.

  A state arrives when the step after it is entered, not when it is set: only then is it known not to be the last one.
  Until the next arrival it waits in the store (`held`), from where it is either kept as it lies there or dropped.
*/
#include "trajimpl.h"

/* Step 0 is about to be set: a new run. */
PetscErrorCode CostateForwardStart(CostateTraj tr, TS ts)
{
  PetscFunctionBegin;
  PetscCall(CostateTrajReset(tr));
  PetscCall(CostateTrajSetUp(tr, ts));
  PetscCall(CostateStopsBegin(tr, ts));
  PetscCall(CostateTransposedStart(tr, ts));
  PetscCall(CostateStoreCreate(PetscObjectComm((PetscObject)tr->tj), "ram", &tr->store));
  tr->phase   = COSTATE_FORWARD;
  tr->nevents = ts->event ? ts->event->recorder.ctr : 0;
  PetscCall(PetscTime(&tr->t0));
  tr->last_progress = tr->t0;
  tr->run           = CostateRunsBegin();
  PetscCall(CostateOwner(tr));
  tr->durable = (PetscBool)(tr->dir[0] && (tr->commit >= 0 || tr->walltime > 0 || tr->resume));
  if (tr->resume) PetscCall(CostateResumeBegin(tr, ts));
  PetscCall(CostateSignals(tr, PETSC_TRUE));
  PetscCall(PetscTime(&tr->committed));
  tr->looked = tr->committed;
  PetscFunctionReturn(PETSC_SUCCESS);
}

static PetscErrorCode SolutionMark(CostateTraj tr, TS ts)
{
  PetscFunctionBegin;
  PetscCall(PetscObjectGetId((PetscObject)ts->vec_sol, &tr->sol_id));
  PetscCall(PetscObjectStateGet((PetscObject)ts->vec_sol, &tr->sol_state));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Whether the bits of the solution are still those of the state that was set last; on this rank. */
static PetscErrorCode SolutionChanged(CostateTraj tr, TS ts, PetscBool *changed)
{
  PetscObjectId    id;
  PetscObjectState state;
  PetscInt64       hash;

  PetscFunctionBegin;
  *changed = PETSC_FALSE;
  PetscCall(PetscObjectGetId((PetscObject)ts->vec_sol, &id));
  PetscCall(PetscObjectStateGet((PetscObject)ts->vec_sol, &state));
  if ((id == tr->sol_id && state == tr->sol_state) || !(tr->check || tr->jumps)) PetscFunctionReturn(PETSC_SUCCESS);
  PetscCall(CostateVecHash(ts->vec_sol, 0, &hash));
  *changed = (PetscBool)(hash != tr->log.hash[tr->log.n]);
  PetscFunctionReturn(PETSC_SUCCESS);
}

static PetscErrorCode AnyRank(CostateTraj tr, PetscBool *flag)
{
  PetscBool mine = *flag;

  PetscFunctionBegin;
  PetscCallMPI(MPI_Allreduce(&mine, flag, 1, MPIU_BOOL, MPI_LOR, PetscObjectComm((PetscObject)tr->tj)));
  PetscFunctionReturn(PETSC_SUCCESS);
}

static PetscErrorCode KeepTop(CostateTraj tr, Vec u)
{
  PetscFunctionBegin;
  if (tr->nothing_kept) PetscFunctionReturn(PETSC_SUCCESS);
  PetscCall(VecCopy(u, tr->top));
  tr->have_top = PETSC_TRUE;
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* TSTrajectorySet(): state k is reached. */
PetscErrorCode CostateForwardSet(CostateTraj tr, TS ts, PetscInt k, PetscReal t, Vec X)
{
  MPI_Comm   comm = PetscObjectComm((PetscObject)tr->tj);
  PetscInt64 hash = 0;
  PetscInt   stop;
  PetscBool  hooks, entered = (PetscBool)(tr->resuming || tr->log.natt > tr->log.first);

  PetscFunctionBegin;
  /* a step that failed, where that is no error (TSSetErrorIfStepFails()): PETSc sets the state before it once more */
  if (ts->reason < 0 && tr->phase == COSTATE_FORWARD && k == tr->log.n) PetscFunctionReturn(PETSC_SUCCESS);
  PetscCheck(tr->phase == COSTATE_FORWARD && k == tr->log.n + 1, comm, PETSC_ERR_ARG_WRONGSTATE,
             "State %" PetscInt_FMT " was set where state %" PetscInt_FMT
             " was expected: a run has to begin with step number 0 (TSSetStepNumber()) and cannot go on after its "
             "adjoint",
             k, tr->log.n + 1);
  PetscCheck(k == 0 || entered, comm, PETSC_ERR_ARG_WRONGSTATE,
             "State %" PetscInt_FMT
             " was set but its step was not seen: the TS type or its functions were changed in the middle of a run",
             k);
  PetscCall(CostateTrajCheckSize(tr, k, X));
  PetscCall(CostateHooksInstall(ts));
  PetscCall(CostateHooksHaveUser(ts, &hooks));
  if (hooks && tr->check) PetscCall(CostateReplayAgree(tr));
  if (tr->check || tr->jumps) PetscCall(CostateVecHash(X, 0, &hash));
  if (tr->resuming)
    PetscCall(CostateResumeState(tr, k, t, hash));
  else
    PetscCall(CostateLogState(&tr->log, k, t, hash));
  PetscCall(SolutionMark(tr, ts));
  tr->event = PETSC_FALSE;
  if (ts->event) {
    tr->event   = (PetscBool)(ts->event->recorder.ctr > tr->nevents);
    tr->nevents = ts->event->recorder.ctr;
    if (tr->event) PetscCall(CostatePieceChanged(tr, ts, k, X));
  }
  if (k > 1) { /* the first step sets up the solvers */
    PetscLogDouble now;

    PetscCall(PetscTime(&now));
    if (!tr->resuming) {
      tr->clock.forward += now - tr->entered;
      tr->clock.nforward++;
    }
  }
  tr->ended    = (PetscBool)(ts->reason != TS_CONVERGED_ITERATING);
  tr->have_top = PETSC_FALSE;
  if (tr->ended || tr->jumps) PetscCall(KeepTop(tr, X));
  if (tr->ended) PetscCall(CostateStagesHash(tr, ts, &tr->stages_hash));
  PetscCall(CostateReportProgress(tr, "forward", k, tr->ended));
  tr->rejected = ts->reject;
  PetscCall(CostateStopsMet(tr, ts, k, &stop));
  PetscCall(CostatePieceArrive(tr, ts, k, t, X, stop));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* TSPostStep() is over: has the user ended the run, or changed the state? */
PetscErrorCode CostateForwardPostStep(CostateTraj tr, TS ts)
{
  PetscBool changed;

  PetscFunctionBegin;
  if (tr->phase != COSTATE_FORWARD || tr->log.n != ts->steps) PetscFunctionReturn(PETSC_SUCCESS);
  PetscCall(SolutionChanged(tr, ts, &changed));
  if (tr->check || tr->jumps) {
    PetscBool here = changed;

    PetscCall(AnyRank(tr, &changed));
    if (changed && !tr->jumps) {
      if (here) tr->changed_step = tr->log.n;
      if (here) tr->changed_by = "TSSetPostStep()";
      PetscCall(CostateReplayAgree(tr));
    }
    tr->jump = (PetscBool)(changed || tr->pre_at == tr->log.n);
  }
  if (ts->reason == TS_CONVERGED_ITERATING) PetscFunctionReturn(PETSC_SUCCESS);
  if (!tr->have_top) PetscCall(KeepTop(tr, ts->vec_sol));
  if (!tr->ended) PetscCall(CostateStagesHash(tr, ts, &tr->stages_hash));
  tr->ended = PETSC_TRUE;
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* What state n is to the scheduler: it has to be the same on every rank. */
static PetscErrorCode Arrival(CostateTraj tr, TS ts, PetscInt n, costate_arrival *kind)
{
  PetscBool hooks, changed;

  PetscFunctionBegin;
  *kind = COSTATE_ARRIVE_STEP;
  PetscCall(SolutionChanged(tr, ts, &changed));
  PetscCall(CostateHooksHaveUser(ts, &hooks));
  if (hooks || tr->ended || tr->event || tr->jumps) {
    PetscBool here = changed;

    PetscCall(AnyRank(tr, &changed));
    if (changed && !tr->ended && !tr->jumps) {
      if (here) tr->changed_step = n;
      if (here) tr->changed_by = ts->prestep ? "TSSetPreStep() or a monitor" : "a monitor";
      PetscCall(CostateReplayAgree(tr));
    }
  } else if (changed && tr->changed_step < 0) { /* agreed on before the adjoint begins */
    tr->changed_step = n;
    tr->changed_by   = "a monitor";
    changed          = PETSC_FALSE;
  }
  if (n && (tr->ended || tr->event)) *kind = COSTATE_ARRIVE_BOUNDARY;
  if (changed || tr->jump) *kind = COSTATE_ARRIVE_JUMP;
  tr->jump = PETSC_FALSE;
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode CostateSchedCreate(CostateTraj tr, const char policy[], PetscInt steps)
{
  costate_sched_config cfg = {0};

  PetscFunctionBegin;
  if (tr->dir[0] && !tr->disk && !tr->no_disk) PetscCall(CostateDiskOpen(tr, tr->ts));
  PetscCall(CostateDiskStates(tr, &cfg.disk));
  cfg.io = tr->behind ? COSTATE_IO_BEHIND : COSTATE_IO_REREAD;
  if (tr->costs_given || tr->costs_known) CostateDiskCosts(tr, &cfg.costs);
  cfg.policy         = policy;
  cfg.units          = tr->units;
  cfg.stage_units    = tr->g;
  cfg.stage_restarts = tr->restarts;
  cfg.steps          = steps;
  cfg.stride         = tr->stride;
  PetscCheck(!costate_sched_config_error(&cfg), PetscObjectComm((PetscObject)tr->tj), PETSC_ERR_ARG_WRONG,
             "Checkpoint scheduler: %s", costate_sched_config_error(&cfg));
  PetscCall(CostateSched(tr, costate_sched_create(&cfg, &tr->sched)));
  PetscCall(CostateNoteSched(tr, &cfg));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* The budget in states.  Where none was given it is measured after the first step, when the solvers have what they
 * need. */
static PetscErrorCode Budget(CostateTraj tr, PetscInt n)
{
  PetscInt64 bytes = tr->ram_bytes;
  MPI_Comm   comm  = PetscObjectComm((PetscObject)tr->tj);

  PetscFunctionBegin;
  if (n > 1) PetscFunctionReturn(PETSC_SUCCESS);
  if (tr->ram_states || bytes) {
    if (n == 1) PetscFunctionReturn(PETSC_SUCCESS);
    tr->units = tr->ram_states;
    if (bytes) PetscCall(CostateUnitsOfBytes(tr, bytes, &tr->units));
    PetscFunctionReturn(PETSC_SUCCESS);
  }
  tr->units    = (PetscInt64)1 << 40;
  tr->measured = PETSC_TRUE;
  if (n == 0) PetscFunctionReturn(PETSC_SUCCESS);
  PetscCall(CostateFreeMemory(comm, &bytes));
  PetscCall(CostateUnitsOfBytes(tr, bytes / 2, &tr->units));
  PetscCall(CostateDiskCapUnits(tr, &tr->units));
  PetscCall(CostateSched(tr, costate_sched_set_units(tr->sched, tr->units)));
  PetscCall(CostateNoteUnits(tr, n));
  if (tr->announced) PetscFunctionReturn(PETSC_SUCCESS);
  tr->announced = PETSC_TRUE;
  PetscCall(PetscFPrintf(comm, PETSC_STDERR,
                         "costate: no budget was given; using half of what the node leaves free, %.3g GB for each rank "
                         "(-ts_trajectory_costate_ram)\n",
                         (double)bytes / 2e9));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* A run that is kept whole gives a state out of memory only to the disk, and never out of that. */
static PetscErrorCode WholeEvict(CostateTraj tr, TS ts, const costate_action *a)
{
  PetscBool has = PETSC_FALSE;

  PetscFunctionBegin;
  if (a->tier == COSTATE_RAM && tr->disk)
    PetscCall(CostateStoreHas(tr->disk, CostateKeyOf(a->step, COSTATE_KEY_STATE), &has));
  if (!has) PetscCall(CostateWholeRefuse(tr, ts, tr->disk ? "memory and disk are full" : "the budget is full"));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* The scheduler learns of state n and says what goes and what stays. */
PetscErrorCode CostateForwardArrive(CostateTraj tr, TS ts, PetscInt n, costate_arrival kind)
{
  costate_action a;
  PetscBool      kept = PETSC_FALSE, disk;
  int            err;

  PetscFunctionBegin;
  if (tr->no_disk && !tr->again) {
    PetscCheck(kind == COSTATE_ARRIVE_STEP, PetscObjectComm((PetscObject)ts), PETSC_ERR_FILE_WRITE,
               "The disk is full (%s), so the run would have to be repeated within memory, which is not exact across "
               "the "
               "event or the end of TSSolve() at state %" PetscInt_FMT ": free some space, or give more memory",
               tr->dir, n);
    PetscFunctionReturn(PETSC_SUCCESS);
  }
  PetscCall(Budget(tr, n));
  if (!tr->sched) {
    const PetscBool known = (PetscBool)(tr->sweeps || tr->again);

    PetscCall(CostateSchedCreate(tr,
                                 tr->whole ? "all"
                                 : known   ? "offline"
                                           : tr->policy,
                                 known ? tr->log.n : tr->steps));
  }
  if (kind != COSTATE_ARRIVE_STEP) {
    tr->boundaries++;
    PetscCall(CostateKindAdd(tr, n, kind, tr->quiet));
  }
  PetscCall(CostateNoteArrival(tr, n, kind));
  PetscCall(CostateWholeCheck(tr, ts, n));
  err = costate_sched_arrive(tr->sched, n, kind);
  if (err == COSTATE_SCHED_ERR_BUDGET && tr->whole) PetscCall(CostateWholeRefuse(tr, ts, "the budget is full"));
  PetscCall(CostateSched(tr, err));
  for (;;) {
    PetscCall(CostateSched(tr, costate_sched_next(tr->sched, &a)));
    if (a.kind == COSTATE_YIELD) break;
    if (tr->whole && a.kind == COSTATE_EVICT) PetscCall(WholeEvict(tr, ts, &a));
    PetscCall(CostateDiskObey(tr, &a, &disk));
    if (disk) continue;
    if (a.kind == COSTATE_EVICT && a.what == COSTATE_STATE && a.step == 0) {
      PetscCall(CostateDiskSettle(tr, CostateKeyOf(0, COSTATE_KEY_STATE)));
      if (tr->keep0) {
        PetscCall(CostateDiskGiveUp(tr));
        PetscFunctionReturn(PETSC_SUCCESS);
      }
    }
    if (a.kind == COSTATE_EVICT) {
      PetscCall(CostateDrop(tr, (PetscInt)a.step, a.what == COSTATE_STATE ? COSTATE_KEY_STATE : COSTATE_KEY_STAGES));
      if (a.what == COSTATE_STATE) PetscCall(CostateDrop(tr, (PetscInt)a.step, COSTATE_KEY_PRE));
      continue;
    }
    PetscCheck(a.kind == COSTATE_STORE, PETSC_COMM_SELF, PETSC_ERR_PLIB,
               "The scheduler asks for action %d in the forward sweep", (int)a.kind);
    if (a.what == COSTATE_STAGES)
      PetscCall(CostatePut(tr, ts, (PetscInt)a.step, COSTATE_KEY_STAGES));
    else if (a.step == tr->held)
      tr->held = -1; /* it stays where it is */
    else {
      PetscCheck(a.step == n, PETSC_COMM_SELF, PETSC_ERR_PLIB,
                 "The scheduler keeps state %" PetscInt64_FMT " at the arrival of %" PetscInt_FMT, a.step, n);
      if (kind == COSTATE_ARRIVE_JUMP) PetscCall(CostatePut(tr, ts, n, COSTATE_KEY_PRE));
      PetscCall(CostatePut(tr, ts, n, COSTATE_KEY_STATE));
      kept = PETSC_TRUE;
    }
  }
  if (tr->held >= 0) PetscCall(CostateDrop(tr, tr->held, COSTATE_KEY_STATE));
  tr->held = -1;
  PetscCall(CostateDiskReckon(tr, n, kept));
  if (kept) PetscFunctionReturn(PETSC_SUCCESS);
  PetscCall(CostatePut(tr, ts, n, COSTATE_KEY_STATE));
  tr->held = n;
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* ops->step is entered from state ts->steps. */
PetscErrorCode CostateForwardEnter(CostateTraj tr, TS ts)
{
  PetscInt        n = ts->steps;
  costate_arrival kind;

  PetscFunctionBegin;
  if (tr->phase == COSTATE_IDLE)
    PetscFunctionReturn(PETSC_SUCCESS); /* TSStep() by itself keeps nothing, with any type */
  PetscCheck(tr->phase == COSTATE_FORWARD && n == tr->log.n, PetscObjectComm((PetscObject)ts), PETSC_ERR_ARG_WRONGSTATE,
             "Step %" PetscInt_FMT " is taken, but the last state set was %" PetscInt_FMT
             "%s: a new run has to begin with step number 0 (TSSetStepNumber())",
             n + 1, tr->log.n, tr->phase == COSTATE_FORWARD ? "" : " and the backward sweep has begun");
  PetscCall(CostateTrajCheckSize(tr, n, ts->vec_sol)); /* between two TSSolve() calls it may have become another */
  PetscCall(CostateHooksInstall(ts));
  if (tr->resuming) {
    PetscBool passed = (PetscBool)(n < tr->known);

    PetscCall(CostateLook(tr, ts));
    if (passed)
      PetscCall(CostateResumeEnter(tr, ts, (PetscBool)(tr->ended || tr->event || tr->jump)));
    else
      PetscCall(CostateResumeEnd(tr, ts));
    if (passed) {
      tr->ended = tr->jump = PETSC_FALSE;
      PetscFunctionReturn(PETSC_SUCCESS);
    }
  }
  if (tr->log.natt == tr->log.first) {
    PetscCall(CostateLook(tr, ts));
    PetscCall(Arrival(tr, ts, n, &kind));
    if (!tr->nothing_kept) {
      PetscCall(CostateForwardArrive(tr, ts, n, kind));
      PetscCall(CostateLeave(tr, ts, n));
    }
    tr->ended = PETSC_FALSE;
  }
  PetscCall(CostateStopsEnter(tr, ts));
  PetscCall(CostateLogEnter(&tr->log, ts, tr->stop.want));
  PetscCall(PetscTime(&tr->entered));
  PetscFunctionReturn(PETSC_SUCCESS);
}
