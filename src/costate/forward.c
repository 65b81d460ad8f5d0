/* SPDX-License-Identifier: BSD-2-Clause */
/* The run, and the values of the costs. */
#include "costateimpl.h"

/* The value of a part; 0 if there is none. */
PetscErrorCode CostatePartValue(Costate cs, const CostatePart *part, PetscInt i, PetscReal t, Vec u, PetscReal *value)
{
  const PetscReal weight = CostatePartWeight(part, t);
  Vec             p      = CostateActive(cs);

  PetscFunctionBegin;
  *value = 0;
  if (!part->value || weight == 0) PetscFunctionReturn(PETSC_SUCCESS);
  PetscCall(VecLockReadPush(u));
  if (p) PetscCall(VecLockReadPush(p));
  PetscCallBack("Costate cost value", (*part->value)(cs, i, t, u, p, value, part->ctx));
  if (p) PetscCall(VecLockReadPop(p));
  PetscCall(VecLockReadPop(u));
  *value *= weight;
  if (PetscIsInfOrNanReal(*value)) cs->reason = COSTATE_DIVERGED_NAN;
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* A state of the run: the costs that are summed up on the way. */
PetscErrorCode CostateArrive(TS ts, PetscInt step, PetscReal t, Vec u, PetscInt stop, void *ctx)
{
  Costate cs = (Costate)ctx;

  PetscFunctionBegin;
  (void)ts;
  if (step != (step ? cs->ntrace : 0)) cs->gap = PETSC_TRUE;
  if (!step) cs->gap = PETSC_FALSE;
  PetscCall(CostateWindowsArrive(cs, step));
  if (step >= cs->tracecap) {
    PetscReal *more;

    cs->tracecap = 2 * step + 64;
    PetscCall(PetscMalloc1(cs->tracecap, &more));
    PetscCall(PetscArraycpy(more, cs->trace, cs->ntrace));
    PetscCall(PetscFree(cs->trace));
    cs->trace = more;
  }
  cs->trace[step] = t;
  cs->ntrace      = step + 1;
  if (!step) {
    for (PetscInt j = 0; j < cs->ncosts; j++) cs->cost[j].value = cs->cost[j].gone = 0;
  }
  for (PetscInt j = 0; stop >= 0 && j < cs->ncosts; j++) {
    CostateCost *c = &cs->cost[j];

    for (PetscInt i = 0; i < c->ntimes; i++) {
      PetscReal value;

      if (c->stop[i] != stop) continue;
      PetscCall(CostatePartValue(cs, &c->point, i, c->times[i], u, &value));
      c->value += value;
    }
  }
  cs->at_stop = stop;
  if (!cs->late) PetscTryTypeMethod(cs, arrival, step, t, u);
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* The run is over: what the costs are. */
PetscErrorCode CostateForwardValues(Costate cs)
{
  PetscReal t, at;
  PetscInt  stop, steps;
  Vec       u;

  PetscFunctionBegin;
  PetscCall(TSGetSolveTime(cs->ts, &t));
  PetscCall(TSGetSolution(cs->ts, &u));
  PetscCall(VecNorm(u, NORM_1_AND_2, cs->end));
  PetscCall(TSGetStepNumber(cs->ts, &steps));
  for (PetscInt i = 0; i < cs->nstops; i++) {
    PetscCall(TSTrajectoryCostateGetStop(cs->tj, i, &stop, &at));
    PetscCheck(stop >= 0, PetscObjectComm((PetscObject)cs), PETSC_ERR_ARG_OUTOFRANGE,
               "The run ended at t = %g after %" PetscInt_FMT " steps, before the cost time, or edge of a window, %g: "
               "give it more steps (TSSetMaxSteps()) or leave that time out",
               (double)t, steps, (double)cs->stops[i]);
  }
  for (PetscInt j = 0; j < cs->ncosts && !cs->adopted; j++) {
    CostateCost *c = &cs->cost[j];
    PetscReal    value;

    PetscCall(CostatePartValue(cs, &c->terminal, 0, t, u, &value));
    c->value += value + c->gone;
    if (cs->quad_own && c->integral.value) {
      Vec                q;
      const PetscScalar *a;

      PetscCall(TSGetCostIntegral(cs->ts, &q));
      PetscCall(VecGetArrayRead(q, &a));
      c->value += PetscRealPart(a[j]);
      PetscCall(VecRestoreArrayRead(q, &a));
    }
    if (PetscIsInfOrNanReal(c->value)) cs->reason = COSTATE_DIVERGED_NAN;
  }
  PetscFunctionReturn(PETSC_SUCCESS);
}

static PetscErrorCode Counted(Costate cs)
{
  CostateTrajStats s;

  PetscFunctionBegin;
  if (cs->snes) PetscFunctionReturn(PETSC_SUCCESS);
  PetscCall(TSTrajectoryCostateGetStats(cs->tj, &s));
  cs->stats.steps      = s.steps;
  cs->stats.rejections = s.rejections;
  PetscCall(TSGetKSPIterations(cs->ts, &cs->stats.linear_its));
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode CostateForwardRun(Costate cs)
{
  TSConvergedReason reason;
  PetscLogDouble    begin, end;
  PetscInt          f[2], jacobians;

  PetscFunctionBegin;
  PetscCall(CostateWindowsBegin(cs));
  PetscCall(TSSetTime(cs->ts, cs->t0));
  PetscCall(TSSetTimeStep(cs->ts, cs->dt0));
  PetscCall(TSSetStepNumber(cs->ts, 0));
  PetscCall(VecCopy(cs->u0, cs->u));
  for (PetscInt j = 0; j < cs->ncosts; j++) cs->cost[j].value = cs->cost[j].gone = 0;
  cs->ntrace = 0;
  cs->gap    = PETSC_TRUE; /* until the first state arrives, which a run that goes on from a commit may pass over */
  if (cs->quad_own) {
    Vec q;

    PetscCall(TSGetCostIntegral(cs->ts, &q));
    PetscCall(VecZeroEntries(q));
  }
  PetscTryTypeMethod(cs, forward);
  if (cs->tj) PetscCall(CostateTrajectoryForgetTimes(cs->tj));
  PetscCall(CostateTSGetEvaluations(cs->ts, &f[0], &jacobians));
  PetscCall(PetscTime(&begin));
  if (cs->snes)
    PetscCall(CostateSteadySolve(cs));
  else
    PetscCall(TSSolve(cs->ts, cs->u));
  PetscCall(PetscTime(&end));
  cs->stats.seconds_forward = end - begin;
  PetscCall(CostatePointSet(cs));
  PetscCall(CostateTSGetEvaluations(cs->ts, &f[1], &jacobians));
  if (cs->snes) PetscFunctionReturn(PETSC_SUCCESS);
  cs->stats.f = f[1] - f[0];
  PetscCall(TSGetConvergedReason(cs->ts, &reason));
  if (reason < 0) cs->reason = COSTATE_DIVERGED_FORWARD;
  PetscFunctionReturn(PETSC_SUCCESS);
}

/*@
  CostateSolveForward - Runs the time integration and computes the costs, without gradients

  Collective

  Input Parameter:
. cs - the object

  Notes:
  It begins from the state of `CostateSetInitialState()`.  `CostateSolveAdjoint()` may follow.

  If the run fails, `CostateGetConvergedReason()` says how.

  Level: intermediate

.seealso: `CostateSolve()`, `CostateSolveAdjoint()`, `CostateGetCost()`
@*/
PetscErrorCode CostateSolveForward(Costate cs)
{
  PetscFunctionBegin;
  PetscValidHeaderSpecific(cs, COSTATE_CLASSID, 1);
  PetscCall(CostateSetUp(cs));
  PetscCheck(cs->u0, PetscObjectComm((PetscObject)cs), PETSC_ERR_ARG_WRONGSTATE,
             "There is no initial state: call CostateSetInitialState(), or TSSolve() and then CostateSolve()");
  cs->forward_done = cs->adjoint_done = PETSC_FALSE;
  cs->reason                          = COSTATE_ITERATING;
  PetscCall(PetscMemzero(&cs->stats, sizeof(cs->stats)));
  cs->stats.drift = -1;
  PetscCall(CostateForwardRun(cs));
  if (cs->reason == COSTATE_ITERATING) PetscCall(CostateForwardValues(cs));
  PetscCall(Counted(cs));
  cs->forward_done = (PetscBool)(cs->reason == COSTATE_ITERATING);
  PetscFunctionReturn(PETSC_SUCCESS);
}
