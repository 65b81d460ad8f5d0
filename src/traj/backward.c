/* SPDX-License-Identifier: BSD-2-Clause */
/*
  The backward sweep.  `top` is state k and, once the stages of step k are in the TS, `base` is state k-1; after the
  adjoint step they change places.  So TSTrajectoryGet() never has to compute anything for TSAdjointSolve().
*/
#include "trajimpl.h"

/* State k into the solution, with all that a step from there reads. */
PetscErrorCode CostateRestoreState(CostateTraj tr, TS ts, PetscInt k)
{
  PetscFunctionBegin;
  PetscCall(CostateFetchState(tr, ts, k, ts->vec_sol));
  tr->work       = k;
  tr->pending    = -1;
  tr->from_frame = PETSC_TRUE;
  tr->touched    = PETSC_TRUE;
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* A second backward sweep: the run is repeated from state 0, with the number of steps known this time. */
static PetscErrorCode Repeat(CostateTraj tr, TS ts)
{
  CostateSaved   saved;
  PetscLogDouble t0, t1;
  PetscInt       N = tr->log.n;

  PetscFunctionBegin;
  PetscCheck(tr->replayable, PetscObjectComm((PetscObject)ts), PETSC_ERR_SUP,
             "A second backward sweep would have to repeat the run, which is not exact with TS type %s: call TSSolve() "
             "again",
             ((PetscObject)ts)->type_name);
  PetscCheck(!tr->boundaries, PetscObjectComm((PetscObject)ts), PETSC_ERR_SUP,
             "A second backward sweep over a run with events or several TSSolve() calls would have to repeat it across "
             "them, which is "
             "not exact: call TSSolve() again");
  PetscCall(PetscTime(&t0));
  costate_sched_destroy(tr->sched);
  tr->sched = NULL;
  PetscCall(CostateReplayBegin(tr, ts, &saved));
  PetscCall(CostateRestoreState(tr, ts, 0));
  tr->phase = COSTATE_FORWARD;
  for (PetscInt n = 0; n < N; n++) {
    if (n == 0) { /* state 0 is in the store already */
      PetscCall(CostateDrop(tr, 0, COSTATE_KEY_STATE));
    }
    PetscCall(CostateForwardArrive(tr, ts, n, COSTATE_ARRIVE_STEP));
    PetscCall(CostateReplayStep(tr, ts, n + 1));
    PetscCall(CostateReportProgress(tr, "recompute", n + 1, PETSC_FALSE));
  }
  PetscCall(CostateStagesHash(tr, ts, &tr->stages_hash));
  PetscCall(VecCopy(ts->vec_sol, tr->top));
  PetscCall(CostateReplayEnd(tr, ts, &saved));
  PetscCall(CostateReplayAgree(tr));
  tr->ended = PETSC_TRUE;
  PetscCall(PetscTime(&t1));
  tr->seconds[1] += t1 - t0;
  tr->t0 = t1;
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* The run is over: the scheduler learns how many steps there were. */
static PetscErrorCode Turn(CostateTraj tr, TS ts, PetscInt N)
{
  MPI_Comm       comm = PetscObjectComm((PetscObject)tr->tj);
  PetscLogDouble t;

  PetscFunctionBegin;
  PetscCheck(tr->ended, comm, PETSC_ERR_ARG_WRONGSTATE,
             "The adjoint begins, but no TSSolve() with this trajectory has come to its end");
  PetscCheck(N == tr->log.n, comm, PETSC_ERR_ARG_WRONGSTATE,
             "The adjoint begins at step %" PetscInt_FMT " but the run has %" PetscInt_FMT
             " steps: to reverse a part of a run, end the run there",
             N, tr->log.n);
  PetscCheck(tr->reverse || !tr->from_ends, comm, PETSC_ERR_ARG_WRONGSTATE,
             "The run was made for a method of its own (TSTrajectoryCostateSetReverse()), which is gone, so what the "
             "adjoint step of the TS needs was not kept: call TSSolve() again");
  PetscCall(CostateReplayAgree(tr));
  if (tr->sched && CostateDiskRepeat(tr)) {
    PetscCall(PetscFPrintf(comm, PETSC_STDERR,
                           "costate: the disk was full: the run is repeated within memory, its length being known\n"));
    if (!tr->no_disk) PetscCall(CostateDiskGiveUp(tr));
    tr->again = PETSC_TRUE;
    PetscCall(Repeat(tr, ts));
  }
  PetscCall(CostateSched(tr, costate_sched_turn(tr->sched, N)));
  if (costate_sched_overrun(tr->sched)) {
    PetscCall(PetscFPrintf(comm, PETSC_STDERR,
                           "costate: warning: the run took %" PetscInt_FMT " steps, not the %" PetscInt_FMT
                           " of -ts_trajectory_costate_steps; the gradient is right, but more steps are repeated than "
                           "need be\n",
                           N, tr->steps));
  }
  PetscCall(CostateLandmarks(tr));
  CostateLagReset(tr);
  tr->phase = COSTATE_BACKWARD;
  tr->pos   = N;
  PetscCall(PetscTime(&t));
  tr->seconds[0] += t - tr->t0;
  tr->t0            = t;
  tr->last_progress = t;
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* A state that the scheduler restored is loaded when it is known what for: vec_sol is not always where it is needed. */
static PetscErrorCode Settle(CostateTraj tr, TS ts)
{
  PetscFunctionBegin;
  if (tr->pending >= 0) PetscCall(CostateRestoreState(tr, ts, tr->pending));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Stage data of step k from state k-1 in vec_sol, by executing the step. */
static PetscErrorCode Tape(CostateTraj tr, TS ts, PetscInt k)
{
  PetscFunctionBegin;
  PetscCall(Settle(tr, ts));
  PetscCall(VecCopy(ts->vec_sol, tr->base));
  PetscCall(CostateReplayStep(tr, ts, k));
  tr->work = k;
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Step N: its stages are where the run left them, unless something was computed with the TS since. */
static PetscErrorCode LastStep(CostateTraj tr, TS ts, PetscInt k)
{
  PetscInt64 hash;

  PetscFunctionBegin;
  PetscCall(CostateStagesHash(tr, ts, &hash));
  if (tr->stages_lost || hash != tr->stages_hash) {
    PetscCall(CostateRestoreState(tr, ts, k - 1));
    PetscCall(Tape(tr, ts, k));
  } else
    PetscCall(CostateFetchState(tr, ts, k - 1, tr->base));
  if (tr->held == k - 1) PetscCall(CostateDrop(tr, k - 1, COSTATE_KEY_STATE));
  tr->held = -1;
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* A step that is reversed from its end states: state k-1 becomes the first stage. */
static PetscErrorCode EndStates(CostateTraj tr, TS ts, PetscInt k)
{
  PetscInt ns;
  Vec     *Y;

  PetscFunctionBegin;
  if (tr->method == COSTATE_METHOD_RK && CostateLogRetried(&tr->log, k)) {
    PetscCall(Tape(tr, ts, k)); /* its first stage is not quite the state before it */
    PetscFunctionReturn(PETSC_SUCCESS);
  }
  if (tr->pending == k - 1)
    PetscCall(CostateFetchState(tr, ts, k - 1, tr->base));
  else
    PetscCall(VecCopy(ts->vec_sol, tr->base));
  PetscCall(TSGetStages(ts, &ns, &Y));
  PetscCall(VecCopy(tr->base, Y[0]));
  PetscCall(CostateReplayContext(tr, ts, k));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Obeys one action; `done` when step k can be reversed. */
static PetscErrorCode Obey(CostateTraj tr, TS ts, PetscInt k, const costate_action *a, PetscBool *record,
                           PetscBool *done)
{
  PetscInt  step = (PetscInt)a->step;
  PetscBool disk;

  PetscFunctionBegin;
  PetscCall(CostateDiskObey(tr, a, &disk));
  if (disk) PetscFunctionReturn(PETSC_SUCCESS);
  switch (a->kind) {
  case COSTATE_STORE:
    PetscCall(Settle(tr, ts));
    PetscCheck(step == tr->work, PETSC_COMM_SELF, PETSC_ERR_PLIB,
               "The scheduler keeps %" PetscInt_FMT " but work storage is at %" PetscInt_FMT, step, tr->work);
    PetscCall(CostatePut(tr, ts, step, a->what == COSTATE_STATE ? COSTATE_KEY_STATE : COSTATE_KEY_STAGES));
    break;
  case COSTATE_EVICT:
    if (a->what == COSTATE_STAGES)
      PetscCall(CostateDrop(tr, step, COSTATE_KEY_STAGES));
    else if (step || tr->disk) { /* without a disk state 0 stays, for a second sweep */
      PetscCall(CostateDrop(tr, step, COSTATE_KEY_STATE));
      PetscCall(CostateDrop(tr, step, COSTATE_KEY_PRE));
    }
    break;
  case COSTATE_RESTORE:
    if (a->what == COSTATE_STATE)
      tr->pending = tr->work = step;
    else {
      PetscCall(CostateFetchState(tr, ts, step - 1, tr->base));
      PetscCall(CostateFetchStages(tr, ts, step, record));
      if (!*record) PetscCall(CostateRestoreState(tr, ts, step - 1));
    }
    break;
  case COSTATE_ADVANCE:
    PetscCall(Settle(tr, ts));
    for (PetscInt i = (PetscInt)a->from + 1; i <= step; i++) {
      PetscCall(CostateReplayStep(tr, ts, i));
      PetscCall(CostateReportProgress(tr, "recompute", i, PETSC_FALSE));
    }
    tr->work = step;
    break;
  case COSTATE_ADJOINT:
    PetscCheck(step == k, PETSC_COMM_SELF, PETSC_ERR_PLIB,
               "The scheduler reverses step %" PetscInt_FMT ", not %" PetscInt_FMT, step, k);
    if (tr->reverse)
      PetscCall(CostatePieceFetch(tr, ts, k, *record));
    else if (a->taped)
      PetscCall(Tape(tr, ts, k));
    else if (k == tr->log.n)
      PetscCall(LastStep(tr, ts, k));
    else if (!*record && tr->free_tape && tr->work == k - 1)
      PetscCall(EndStates(tr, ts, k));
    else if (*record)
      PetscCall(CostateReplayContext(tr, ts, k));
    else
      PetscCall(Tape(tr, ts, k));
    *done = PETSC_TRUE;
    break;
  default:
    SETERRQ(PETSC_COMM_SELF, PETSC_ERR_PLIB, "The scheduler answers %d before step %" PetscInt_FMT " is reversed",
            (int)a->kind, k);
  }
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Puts the stage data of step k into the TS and state k-1 into base. */
static PetscErrorCode Prepare(CostateTraj tr, TS ts, PetscInt k)
{
  CostateSaved   saved;
  costate_action a;
  PetscBool      record = PETSC_FALSE, done = PETSC_FALSE;
  PetscInt       replayed = tr->replayed;
  PetscLogDouble t0, t1;

  PetscFunctionBegin;
  PetscCall(PetscTime(&t0));
  PetscCall(CostateReplayBegin(tr, ts, &saved));
  tr->work = tr->pending = -1;
  tr->touched            = PETSC_FALSE;
  PetscCall(CostateProbe(tr, ts, k));
  while (!done) {
    PetscCall(CostateSched(tr, costate_sched_next(tr->sched, &a)));
    PetscCall(Obey(tr, ts, k, &a, &record, &done));
  }
  PetscCall(CostateReplayEnd(tr, ts, &saved));
  PetscCall(PetscTime(&t1));
  if (tr->replayed == replayed) PetscFunctionReturn(PETSC_SUCCESS);
  tr->seconds[1] += t1 - t0;
  if (tr->check) PetscCall(CostateReplayAgree(tr));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* The state before a jump at step k takes the place of the one after it. */
static PetscErrorCode CrossJump(CostateTraj tr, TS ts, PetscInt k)
{
  PetscBool  jump;
  PetscInt64 key = CostateKeyOf(k, COSTATE_KEY_PRE);

  PetscFunctionBegin;
  PetscCall(CostatePieceCross(tr, k, &jump));
  if (jump) PetscFunctionReturn(PETSC_SUCCESS);
  PetscCall(CostateHas(tr, k, COSTATE_KEY_PRE, &jump));
  if (!jump) PetscFunctionReturn(PETSC_SUCCESS);
  PetscCheck(tr->jumps || ts->adjoint_steps + 1 >= ts->adjoint_max_steps, PetscObjectComm((PetscObject)ts),
             PETSC_ERR_USER,
             "The state was changed between the TSSolve() that ended with step %" PetscInt_FMT
             " and the next one, and TSAdjointSolve() would pass over it as if it had not been. Stop there "
             "(TSAdjointSetSteps()), "
             "apply the adjoint of the change, and go on; or say with -ts_trajectory_costate_jumps that this is done "
             "otherwise",
             k);
  PetscCall(CostateRead(tr, key, 1, &tr->top));
  PetscCall(CostateDrop(tr, k, COSTATE_KEY_PRE));
  PetscFunctionReturn(PETSC_SUCCESS);
}

static PetscErrorCode Finish(CostateTraj tr)
{
  costate_action a;
  PetscLogDouble t;
  PetscBool      disk;

  PetscFunctionBegin;
  do {
    PetscCall(CostateSched(tr, costate_sched_next(tr->sched, &a)));
    PetscCall(CostateDiskObey(tr, &a, &disk));
    if (!disk && a.kind == COSTATE_EVICT && a.step)
      PetscCall(CostateDrop(tr, (PetscInt)a.step, a.what == COSTATE_STATE ? COSTATE_KEY_STATE : COSTATE_KEY_STAGES));
  } while (a.kind == COSTATE_EVICT);
  PetscCheck(a.kind == COSTATE_DONE, PETSC_COMM_SELF, PETSC_ERR_PLIB,
             "The scheduler answers %d after the last adjoint step", (int)a.kind);
  PetscCall(PetscTime(&t));
  tr->seconds[2] += t - tr->t0;
  tr->phase = COSTATE_REVERSED;
  tr->sweeps++;
  PetscCall(CostateSignals(tr, PETSC_FALSE));
  tr->durable = PETSC_FALSE; /* a second sweep begins anew */
  PetscCall(CostateDiskClose(tr, PETSC_TRUE));
  PetscCall(CostateMapsClose(tr));
  PetscCall(CostateReportProgress(tr, "backward", 0, PETSC_TRUE));
  PetscCall(CostateReportWrite(tr));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* The wrapped ops->adjointstep: reverses step ts->steps + 1. */
PetscErrorCode CostateBackwardStep(CostateTraj tr, TS ts, PetscErrorCode (*adjointstep)(TS))
{
  PetscInt         k = ts->steps + 1;
  Vec              swap;
  PetscObjectId    id;
  PetscObjectState state;
  PetscLogDouble   t0, t1;

  PetscFunctionBegin;
  if (tr->resuming) {
    PetscBool over;

    PetscCheck(tr->back >= 0, PetscObjectComm((PetscObject)ts), PETSC_ERR_ARG_INCOMP,
               "The run in %s cannot go on (-ts_trajectory_costate_resume): it had come to step %" PetscInt_FMT
               ", and now its adjoint begins at step %" PetscInt_FMT,
               tr->dir, tr->known, k);
    PetscCall(CostateResumeBack(tr, ts, &k, &over));
    if (over) PetscFunctionReturn(PETSC_SUCCESS);
  } else if (tr->phase == COSTATE_FORWARD) {
    PetscCall(Turn(tr, ts, k));
    PetscCall(CostateMapsPut(tr, ts, k));
  }
  PetscCheck(tr->phase == COSTATE_BACKWARD && k == tr->pos, PetscObjectComm((PetscObject)ts), PETSC_ERR_ARG_WRONGSTATE,
             "Adjoint step %" PetscInt_FMT " was called where step %" PetscInt_FMT " is next", k, tr->pos);
  /* an event of the application may have changed the state on its way back */
  PetscCall(PetscObjectGetId((PetscObject)ts->vec_sol, &id));
  PetscCall(PetscObjectStateGet((PetscObject)ts->vec_sol, &state));
  if (id != tr->sol_id || state != tr->sol_state)
    PetscCall(VecCopy(ts->vec_sol, tr->top));
  else if (tr->pre_at == k) {
    PetscCall(VecCopy(tr->pre, tr->top));
    PetscCall(VecCopy(tr->pre, ts->vec_sol));
  }
  PetscCall(CostateLook(tr, ts));
  PetscCall(Prepare(tr, ts, k));
  if (tr->touched) PetscCall(VecCopy(tr->top, ts->vec_sol));
  PetscCall(PetscTime(&t0));
  if (tr->reverse)
    PetscCall(CostatePieceReverse(tr, ts, k));
  else {
    PetscCall(CostateTransposedBegin(tr, ts));
    PetscCall(adjointstep(ts));
    PetscCall(CostateTransposedEnd(tr, ts));
  }
  PetscCall(PetscTime(&t1));
  tr->clock.adjoint += t1 - t0;
  tr->clock.nadjoint++;
  swap     = tr->top;
  tr->top  = tr->base;
  tr->base = swap;
  tr->pos--;
  PetscCall(CostateMapsPut(tr, ts, tr->pos));
  PetscCall(CrossJump(tr, ts, tr->pos));
  PetscCall(CostateReportProgress(tr, "backward", tr->pos, PETSC_FALSE));
  if (!((ts->vec_costintegral || ts->quadraturets) && !ts->costintegralfwd)) PetscCall(CostateStopKeep(tr, ts));
  if (!tr->pos) PetscCall(Finish(tr));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* State k for whoever asks, by repeating steps from the nearest one that is kept. */
static PetscErrorCode Compute(CostateTraj tr, TS ts, PetscInt k, Vec u)
{
  TS           own = tr->ts;
  CostateSaved saved;
  PetscBool    has = PETSC_FALSE;
  PetscInt     c   = k;
  Vec          keep;
  MPI_Comm     comm = PetscObjectComm((PetscObject)tr->tj);

  PetscFunctionBegin;
  PetscCheck(tr->phase != COSTATE_FORWARD || tr->ended, comm, PETSC_ERR_SUP,
             "State %" PetscInt_FMT
             " is asked for while the run is still going forward, and it is not one of those kept: give a "
             "budget that holds all states (-ts_trajectory_costate_ram)",
             k);
  PetscCheck(!tr->boundaries || tr->phase == COSTATE_FORWARD || k <= tr->pos, comm, PETSC_ERR_SUP,
             "State %" PetscInt_FMT
             " lies behind the backward sweep, in a run with events or several TSSolve() calls: it cannot be repeated "
             "exactly. Ask before TSAdjointSolve()",
             k);
  while (!has && c) PetscCall(CostateHas(tr, --c, COSTATE_KEY_STATE, &has));
  PetscCall(VecDuplicate(own->vec_sol, &keep));
  PetscCall(VecCopy(own->vec_sol, keep));
  PetscCall(CostateReplayBegin(tr, own, &saved));
  PetscCall(CostateRestoreState(tr, own, c));
  for (PetscInt i = c + 1; i <= k; i++) PetscCall(CostateReplayStep(tr, own, i));
  PetscCall(CostateReplayEnd(tr, own, &saved));
  if (own != ts || u != own->vec_sol) {
    PetscCall(VecCopy(own->vec_sol, u));
    PetscCall(VecCopy(keep, own->vec_sol));
  }
  PetscCall(VecDestroy(&keep));
  tr->stages_lost = PETSC_TRUE;
  if (tr->check) PetscCall(CostateReplayAgree(tr));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* TSTrajectoryGet(): state k into the TS that asks; `adjoint` if it is the TSAdjointSolve() of the run's own TS. */
PetscErrorCode CostateBackwardGet(CostateTraj tr, TS ts, PetscInt k, PetscReal *t, PetscBool adjoint)
{
  Vec       u    = ts->vec_sol;
  MPI_Comm  comm = PetscObjectComm((PetscObject)tr->tj);
  PetscBool pre, state, top;

  PetscFunctionBegin;
  PetscCheck(tr->phase != COSTATE_IDLE && k <= tr->log.n, comm, PETSC_ERR_ARG_OUTOFRANGE,
             "State %" PetscInt_FMT " is asked for, but the trajectory knows %" PetscInt_FMT " steps", k, tr->log.n);
  PetscCheck(!tr->nothing_kept, comm, PETSC_ERR_ARG_WRONGSTATE,
             "%s, but no state of this run was kept (TSTrajectoryCostateSetKeep()): say that states are to be kept and "
             "call TSSolve() again",
             adjoint ? "TSAdjointSolve() was called" : "A state is asked for");
  if (adjoint) PetscCall(CostateHooksInstall(ts)); /* a function may have been put in the place of the adjoint step */
  if (adjoint && tr->phase == COSTATE_REVERSED && k == tr->log.n && k) PetscCall(Repeat(tr, ts));
  top = (PetscBool)(tr->phase == COSTATE_FORWARD ? tr->ended && k == tr->log.n : k == tr->pos);
  PetscCheck(top || !adjoint, comm, PETSC_ERR_ARG_WRONGSTATE,
             "TSAdjointSolve() asks for state %" PetscInt_FMT ", but state %" PetscInt_FMT " is next on the way back",
             k, tr->phase == COSTATE_FORWARD ? tr->log.n : tr->pos);
  PetscCall(CostateHas(tr, k, COSTATE_KEY_PRE, &pre));
  PetscCall(CostateHas(tr, k, COSTATE_KEY_STATE, &state));
  if (CostateIsChange(tr, k)) pre = PETSC_FALSE;
  if (top)
    PetscCall(VecCopy(tr->top, u));
  else if (pre)
    PetscCall(CostateRead(tr, CostateKeyOf(k, COSTATE_KEY_PRE), 1, &u));
  else if (state)
    PetscCall(CostateRead(tr, CostateKeyOf(k, COSTATE_KEY_STATE), 1, &u));
  else
    PetscCall(Compute(tr, ts, k, u));
  *t = tr->log.t[k];
  if (k && tr->tj->adjoint_solve_mode) PetscCall(TSSetTimeStep(ts, -(*t) + CostateLogStart(&tr->log, k)));
  if (ts == tr->ts) {
    PetscCall(PetscObjectGetId((PetscObject)ts->vec_sol, &tr->sol_id));
    PetscCall(PetscObjectStateGet((PetscObject)ts->vec_sol, &tr->sol_state));
  }
  PetscFunctionReturn(PETSC_SUCCESS);
}
