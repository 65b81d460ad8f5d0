/* SPDX-License-Identifier: BSD-2-Clause */
/*
  One step again, bit for bit.

  The functions of the application that act on a step as such run again (TSSetPreStep(), TSSetPreStage(),
  TSSetPostStage(): they may set the forcing); those that follow the run as a whole do not (monitors, events, the time
  span, TSSetPostStep(), the forward cost integral).  Whatever the step changes in the TS is put back afterwards, the
  counters of -ts_view and -log_view's solvers included.

  FSAL Runge-Kutta methods take their first stage derivative from the last stage of the step before, evaluated at a time
  that may differ by rounding, perhaps under the rates of the other side of an event.  So it belongs to the frame. PETSc
  has no way to put it back; the first step after a frame was restored is therefore told to restart, which makes it
  evaluate f at its first stage, and that evaluation is answered from the frame (HookRHS() in hooks.c).
*/
#include "trajimpl.h"

PetscErrorCode CostateReplayBegin(CostateTraj tr, TS ts, CostateSaved *s)
{
  PetscFunctionBegin;
  s->steps               = ts->steps;
  s->ksp_its             = ts->ksp_its;
  s->snes_its            = ts->snes_its;
  s->num_snes_failures   = ts->num_snes_failures;
  s->reject              = ts->reject;
  s->ifuncs              = ts->ifuncs;
  s->rhsfuncs            = ts->rhsfuncs;
  s->ijacs               = ts->ijacs;
  s->rhsjacs             = ts->rhsjacs;
  s->ptime               = ts->ptime;
  s->ptime_prev          = ts->ptime_prev;
  s->ptime_prev_rollback = ts->ptime_prev_rollback;
  s->time_step           = ts->time_step;
  s->steprollback        = ts->steprollback;
  s->steprestart         = ts->steprestart;
  s->costintegralfwd     = ts->costintegralfwd;
  s->reason              = ts->reason;
  s->event               = ts->event;
  s->times               = ts->COSTATE_TS_TIMES;
  s->adaptmonitor        = ts->adapt ? ts->adapt->monitor : NULL;
  s->justdecreased       = ts->adapt ? ts->adapt->timestepjustdecreased : 0;
  s->dt_span             = ts->adapt ? ts->adapt->COSTATE_ADAPT_CACHED : 0;
  ts->costintegralfwd    = PETSC_FALSE;
  ts->event              = NULL;
  ts->COSTATE_TS_TIMES   = NULL;
  if (ts->adapt) ts->adapt->monitor = NULL;
  tr->replaying = PETSC_TRUE;
  PetscCall(PetscLogEventBegin(Costate_Replay, tr->tj, ts, 0, 0));
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode CostateReplayEnd(CostateTraj tr, TS ts, CostateSaved *s)
{
  PetscFunctionBegin;
  PetscCall(PetscLogEventEnd(Costate_Replay, tr->tj, ts, 0, 0));
  tr->replaying           = PETSC_FALSE;
  tr->attempt             = NULL;
  ts->steps               = s->steps;
  ts->ksp_its             = s->ksp_its;
  ts->snes_its            = s->snes_its;
  ts->num_snes_failures   = s->num_snes_failures;
  ts->reject              = s->reject;
  ts->ifuncs              = s->ifuncs;
  ts->rhsfuncs            = s->rhsfuncs;
  ts->ijacs               = s->ijacs;
  ts->rhsjacs             = s->rhsjacs;
  ts->ptime               = s->ptime;
  ts->ptime_prev          = s->ptime_prev;
  ts->ptime_prev_rollback = s->ptime_prev_rollback;
  ts->time_step           = s->time_step;
  ts->steprollback        = s->steprollback;
  ts->steprestart         = s->steprestart;
  ts->costintegralfwd     = s->costintegralfwd;
  ts->reason              = s->reason;
  ts->event               = s->event;
  ts->COSTATE_TS_TIMES    = s->times;
  if (ts->adapt) {
    ts->adapt->monitor               = s->adaptmonitor;
    ts->adapt->timestepjustdecreased = s->justdecreased;
    ts->adapt->COSTATE_ADAPT_CACHED  = s->dt_span;
  }
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Where the run stood when it began an attempt at step k, for the application too. */
static PetscErrorCode Enter(TS ts, PetscInt k, const CostateAttempt *a)
{
  PetscFunctionBegin;
  ts->steps               = k - 1;
  ts->ptime               = a->ptime;
  ts->ptime_prev          = a->ptime_prev;
  ts->ptime_prev_rollback = a->ptime_prev;
  ts->time_step           = a->h;
  ts->steprollback        = a->rollback;
  ts->reason              = TS_CONVERGED_ITERATING;
  if (!a->rollback) PetscCall(TSPreStep(ts));
  ts->time_step   = a->h;
  ts->steprestart = a->restart;
  PetscFunctionReturn(PETSC_SUCCESS);
}

/*
  Step k is about to be reversed from kept stages: what TSSetPreStep() sets for it has to be set all the same, since the
  Jacobians may depend on it.  State k-1 is in base.
*/
PetscErrorCode CostateReplayContext(CostateTraj tr, TS ts, PetscInt k)
{
  CostateAttempt a;
  PetscInt       n;

  PetscFunctionBegin;
  if (!CostateHasPreStep(tr, ts)) PetscFunctionReturn(PETSC_SUCCESS);
  PetscCall(CostateLogGet(&tr->log, k, 0, &a, &n));
  PetscCall(VecCopy(tr->base, ts->vec_sol));
  tr->touched = PETSC_TRUE;
  PetscCall(Enter(ts, k, &a));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* What TSStep() does around ops->step, with what the log says instead of what the run would decide. */
static PetscErrorCode ReplayAttempt(CostateTraj tr, TS ts, PetscInt k, const CostateAttempt *a, PetscBool last)
{
  PetscFunctionBegin;
  tr->attempt           = a;
  tr->rejections_left   = a->nrej;
  ts->num_snes_failures = 0;
  PetscCall(Enter(ts, k, a));
  tr->inject = PETSC_FALSE;
  if (tr->fsal && tr->from_frame && !a->restart && !a->rollback) {
    ts->steprestart = PETSC_TRUE;
    tr->inject      = PETSC_TRUE;
  }
#if COSTATE_TS_HAS_VEC_SOL0
  if (!ts->vec_sol0) PetscCall(VecDuplicate(ts->vec_sol, &ts->vec_sol0));
  PetscCall(VecCopy(ts->vec_sol, ts->vec_sol0));
  ts->time_step0 = ts->time_step;
#endif
  PetscCall(CostateHooksStep(ts));
  tr->inject     = PETSC_FALSE;
  tr->from_frame = PETSC_FALSE;
  PetscCheck(ts->reason >= 0, PetscObjectComm((PetscObject)ts), PETSC_ERR_NOT_CONVERGED,
             "Step %" PetscInt_FMT
             " was accepted in the forward run but failed when it was repeated (%s): it depends on more than "
             "the state before it",
             k, TSConvergedReasons[ts->reason]);
  PetscCheck(!tr->rejections_left, PetscObjectComm((PetscObject)ts), PETSC_ERR_PLIB,
             "Step %" PetscInt_FMT " was rejected %" PetscInt_FMT " times in the forward run, but %" PetscInt_FMT
             " of these did not come up when it was repeated",
             k, a->nrej, tr->rejections_left);
  if (ts->forward_solve) PetscUseTypeMethod(ts, forwardstep);
  ts->ptime_prev   = a->ptime;
  ts->steps        = k;
  ts->steprollback = PETSC_FALSE;
  ts->steprestart  = PETSC_FALSE;
  if (!last) PetscCall(TSRollBack(ts));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Executes step k from state k-1 in vec_sol.  A difference is remembered and agreed on before any adjoint changes. */
PetscErrorCode CostateReplayStep(CostateTraj tr, TS ts, PetscInt k)
{
  CostateAttempt a;
  PetscInt       n = 1;
  PetscInt64     hash;

  PetscFunctionBegin;
  PetscCheck(tr->replayable, PetscObjectComm((PetscObject)ts), PETSC_ERR_SUP,
             "Step %" PetscInt_FMT
             " would have to be repeated, but a step of TS type %s depends on more than the state before "
             "it: give a budget that holds all states (-ts_trajectory_costate_ram)",
             k, ((PetscObject)ts)->type_name);
  for (PetscInt i = 0; i < n; i++) {
    PetscCall(CostateLogGet(&tr->log, k, i, &a, &n));
    PetscCall(ReplayAttempt(tr, ts, k, &a, (PetscBool)(i == n - 1)));
  }
  tr->replayed++;
  tr->tj->recomps++;
  if (!tr->check) PetscFunctionReturn(PETSC_SUCCESS);
  PetscCall(CostateVecHash(ts->vec_sol, 0, &hash));
  if (hash != tr->log.hash[k] && k > tr->log.unknown && tr->bad_step < 0) tr->bad_step = k;
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Every rank learns of a replay that differs on one of them. */
PetscErrorCode CostateReplayAgree(CostateTraj tr)
{
  PetscInt in[2], out[2];
  MPI_Comm comm = PetscObjectComm((PetscObject)tr->tj);

  PetscFunctionBegin;
  in[0] = tr->bad_step < 0 ? PETSC_MAX_INT : tr->bad_step;
  in[1] = tr->changed_step < 0 ? PETSC_MAX_INT : tr->changed_step;
  PetscCallMPI(MPI_Allreduce(in, out, 2, MPIU_INT, MPI_MIN, comm));
  PetscCheck(out[1] == PETSC_MAX_INT, comm, PETSC_ERR_USER,
             "The state after step %" PetscInt_FMT
             " was changed by the application (%s) and not by an event. TSAdjoint does not "
             "differentiate such a change, so the gradient would be wrong. If the application applies the adjoint of "
             "this jump itself, say so with -ts_trajectory_costate_jumps",
             out[1], tr->changed_by ? tr->changed_by : "on another rank");
  PetscCheck(
      out[0] == PETSC_MAX_INT, comm, PETSC_ERR_PLIB,
      "Step %" PetscInt_FMT
      " gave other bits when it was repeated than in the forward run, so the gradient would not be that "
      "of the run. Likely causes: a right-hand side that depends on more than (t, u) and what TSSetPreStep() sets; "
      "-ts_theta_initial_guess_extrapolate; persistent lagging (-snes_lag_jacobian_persists, "
      "-snes_lag_preconditioner_persists); a linear solver that keeps a memory of earlier solves, or whose result "
      "varies from "
      "solve to solve (GAMG on three ranks or more). Cures: switch these off, give a budget that holds all states "
      "(-ts_trajectory_costate_ram), or, if a gradient as exact as the solver will do, -ts_trajectory_costate_check 0",
      out[0]);
  PetscFunctionReturn(PETSC_SUCCESS);
}
