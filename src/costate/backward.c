/* SPDX-License-Identifier: BSD-2-Clause */
/*
  The sweep.  In between two cost times TSAdjointSolve() goes through the steps: those of the TS type itself, or what
  the method does instead of them (TSTrajectoryCostateSetReverse()).  Here the costs are taken up where their times are.
*/
#include "costateimpl.h"
#include <costate/model.h>

/* Adds the gradient of a part to g. */
PetscErrorCode CostatePartGradient(Costate cs, const CostatePart *part, PetscInt i, PetscReal t, Vec u, PetscBool by_p,
                                   Vec g)
{
  CostateCostGradient f    = by_p ? part->p : part->u;
  Vec                *work = by_p ? &cs->gp_work : &cs->gu_work, p = CostateActive(cs);
  const PetscReal     weight = CostatePartWeight(part, t);

  PetscFunctionBegin;
  if (!f || weight == 0) PetscFunctionReturn(PETSC_SUCCESS);
  if (!*work) PetscCall(VecDuplicate(by_p ? cs->mu[0] : cs->lambda[0], work));
  PetscCall(VecZeroEntries(*work));
  PetscCall(VecLockReadPush(u));
  if (p) PetscCall(VecLockReadPush(p));
  PetscCallBack("Costate cost gradient", (*f)(cs, i, t, u, p, *work, part->ctx));
  if (p) PetscCall(VecLockReadPop(p));
  PetscCall(VecLockReadPop(u));
  PetscCall(VecAXPY(g, weight, *work));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* lambda and mu of cost j get the gradients of a part at (t, u). */
static PetscErrorCode Add(Costate cs, PetscInt j, const CostatePart *part, PetscInt i, PetscReal t, Vec u)
{
  PetscFunctionBegin;
  PetscCall(CostatePartGradient(cs, part, i, t, u, PETSC_FALSE, cs->lambda[j]));
  if (cs->mu) PetscCall(CostatePartGradient(cs, part, i, t, u, PETSC_TRUE, cs->mu[j]));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* du/dt at (t, u), where the equation gives it: for u' = f(t,u) at once, else by solving for it, if that is wanted. */
static PetscErrorCode Slope(Costate cs, PetscReal t, Vec u, Vec udot, PetscBool *known)
{
  TSIFunction   ifunction;
  TSRHSFunction rhs;
  const char   *prefix;

  PetscFunctionBegin;
  PetscCall(TSGetIFunction(cs->ts, NULL, &ifunction, NULL));
  PetscCall(TSGetRHSFunction(cs->ts, NULL, &rhs, NULL));
  *known = (PetscBool)(rhs && !ifunction);
  if (*known)
    PetscCall(TSComputeRHSFunction(cs->ts, t, u, udot));
  else if (cs->time_gradients) {
    PetscCall(CostateGetOptionsPrefix(cs, &prefix));
    PetscCall(CostateModelSlopeOf(cs->ts, prefix, t, u, udot, known));
  }
  PetscFunctionReturn(PETSC_SUCCESS);
}

static PetscErrorCode Along(Costate cs, const CostatePart *part, PetscInt i, PetscReal t, Vec u, Vec udot, PetscReal *d)
{
  Vec         g;
  PetscScalar s;

  PetscFunctionBegin;
  PetscCall(VecDuplicate(u, &g));
  PetscCall(VecZeroEntries(g));
  PetscCall(CostatePartGradient(cs, part, i, t, u, PETSC_FALSE, g));
  PetscCall(VecTDot(udot, g, &s));
  *d = PetscRealPart(s);
  PetscCall(VecDestroy(&g));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* The costs whose time is stop number `stop`, or that are terminal (stop = -1). */
static PetscErrorCode TakeUp(Costate cs, PetscInt stop, PetscReal t, Vec u)
{
  Vec       udot;
  PetscBool slope;

  PetscFunctionBegin;
  PetscCall(VecDuplicate(u, &udot));
  PetscCall(Slope(cs, t, u, udot, &slope));
  for (PetscInt j = 0; j < cs->ncosts; j++) {
    CostateCost *c = &cs->cost[j];

    if (stop < 0) {
      PetscReal g;

      PetscCall(Add(cs, j, &c->terminal, 0, t, u));
      PetscCall(CostatePartValue(cs, &c->integral, 0, t, u, &g));
      c->dT = PETSC_MAX_REAL;
      if (slope) PetscCall(Along(cs, &c->terminal, 0, t, u, udot, &c->dT));
      if (slope) c->dT += g;
    }
    for (PetscInt i = 0; stop >= 0 && i < c->ntimes; i++) {
      if (c->stop[i] != stop) continue;
      PetscCall(Add(cs, j, &c->point, i, c->times[i], u));
      c->dtimes[i] = PETSC_MAX_REAL;
      if (slope) PetscCall(Along(cs, &c->point, i, t, u, udot, &c->dtimes[i]));
    }
  }
  PetscCall(VecDestroy(&udot));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* The norms of lambda, to those who look at them. */
PetscErrorCode CostateMonitors(Costate cs, PetscInt step, PetscReal t)
{
  PetscFunctionBegin;
  if (!cs->nmonitors && cs->blowup == PETSC_MAX_REAL) PetscFunctionReturn(PETSC_SUCCESS);
  for (PetscInt j = 0; j < cs->ncosts; j++) {
    PetscCall(VecNorm(cs->lambda[j], NORM_2, &cs->norms[j]));
    if (cs->norms[j] > cs->blowup && cs->reason == COSTATE_ITERATING) {
      cs->reason = COSTATE_DIVERGED_BLOWUP;
      PetscCall(PetscFPrintf(PetscObjectComm((PetscObject)cs), PETSC_STDERR,
                             "costate: the norm of lambda of cost %" PetscInt_FMT
                             " is %g at t = %g, step %" PetscInt_FMT ": more than %g (-costate_blowup)\n",
                             j, (double)cs->norms[j], (double)t, step, (double)cs->blowup));
    }
  }
  for (PetscInt i = 0; i < cs->nmonitors; i++) PetscCall(cs->monitor[i](cs, step, t, cs->norms, cs->monitor_ctx[i]));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* TSAdjointMonitorSet() has no counterpart that takes one away, so what is set points to us only while we are there. */
typedef struct {
  Costate cs;
} Holder;

static PetscErrorCode AdjointMonitor(TS ts, PetscInt step, PetscReal t, Vec u, PetscInt n, Vec *lambda, Vec *mu,
                                     void *ctx)
{
  Holder *holder = (Holder *)ctx;

  PetscFunctionBegin;
  (void)ts;
  (void)u;
  (void)n;
  (void)mu;
  if (holder->cs && holder->cs->lambda == lambda) PetscCall(CostateMonitors(holder->cs, step, t));
  PetscFunctionReturn(PETSC_SUCCESS);
}

static PetscErrorCode HolderDestroy(CostateCtxAddress p)
{
  PetscFunctionBegin;
  PetscCall(PetscFree(*(void **)p));
  PetscFunctionReturn(PETSC_SUCCESS);
}

static PetscErrorCode Listen(Costate cs, PetscBool on)
{
  PetscContainer c;
  Holder        *holder;

  PetscFunctionBegin;
  PetscCall(PetscObjectQuery((PetscObject)cs->ts, "costate_holder", (PetscObject *)&c));
  if (!c && !on) PetscFunctionReturn(PETSC_SUCCESS);
  if (!c) {
    PetscCall(PetscNew(&holder));
    PetscCall(PetscContainerCreate(PetscObjectComm((PetscObject)cs->ts), &c));
    PetscCall(PetscContainerSetPointer(c, holder));
    PetscCall(PetscObjectCompose((PetscObject)cs->ts, "costate_holder", (PetscObject)c));
    PetscCall(PetscContainerDestroy(&c));
    PetscCall(TSAdjointMonitorSet(cs->ts, AdjointMonitor, holder, HolderDestroy));
  } else
    PetscCall(PetscContainerGetPointer(c, (void **)&holder));
  holder->cs = on ? cs : NULL;
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* What TSTrajectoryCostateSetReverse() is given by the methods that do without the adjoint step of the TS type. */
PetscErrorCode CostateReverseStep(TS ts, const CostatePiece *piece, void *ctx)
{
  Costate cs = (Costate)ctx;

  PetscFunctionBegin;
  (void)ts;
  if (cs->reason == COSTATE_ITERATING) PetscCall(cs->ops->reverse(cs, piece));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* n steps back, from t1 to t0. */
static PetscErrorCode Back(Costate cs, PetscInt n, PetscReal t1, PetscReal t0)
{
  TSConvergedReason reason;

  PetscFunctionBegin;
  if (!n || cs->reason != COSTATE_ITERATING) PetscFunctionReturn(PETSC_SUCCESS);
  if (cs->ops->interval) {
    PetscCall(cs->ops->interval(cs, t1, t0));
    PetscFunctionReturn(PETSC_SUCCESS);
  }
  PetscCall(TSAdjointSetSteps(cs->ts, n));
  PetscCall(TSAdjointSolve(cs->ts));
  PetscCall(TSGetConvergedReason(cs->ts, &reason));
  if (reason < 0) cs->reason = COSTATE_DIVERGED_BACKWARD;
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* From the end of the run to its beginning. */
static PetscErrorCode Sweep(Costate cs)
{
  PetscInt  at, steps;
  PetscReal t, from;
  Vec       u;

  PetscFunctionBegin;
  PetscCall(TSGetStepNumber(cs->ts, &steps));
  PetscCall(TSGetSolution(cs->ts, &u));
  PetscCall(TSGetTime(cs->ts, &t));
  PetscCall(CostateWindowsCross(cs, cs->nstops));
  if (!cs->adopted) PetscCall(TakeUp(cs, -1, t, u));
  PetscTryTypeMethod(cs, begin, t, u);
  from = t;
  for (PetscInt i = cs->nstops - 1; i >= 0; i--) {
    Vec v;

    PetscCall(TSTrajectoryCostateGetStop(cs->tj, i, &at, &t));
    PetscCall(Back(cs, steps - at, from, t));
    if (cs->ops->interval) PetscCall(CostateMonitors(cs, at, t));
    if (cs->reason != COSTATE_ITERATING) PetscFunctionReturn(PETSC_SUCCESS);
    steps = at;
    from  = t;
    PetscCall(VecDuplicate(u, &v));
    if (cs->ops->state)
      PetscCall(cs->ops->state(cs, v));
    else
      PetscCall(TSTrajectoryGetVecs(cs->tj, cs->ts, at, &t, v, NULL));
    PetscCall(CostateWindowsCross(cs, i));
    PetscCall(TakeUp(cs, i, t, v));
    PetscCall(VecDestroy(&v));
  }
  PetscCall(Back(cs, steps, from, cs->t0));
  if (cs->ops->interval) PetscCall(CostateMonitors(cs, 0, cs->t0));
  if (cs->reason == COSTATE_ITERATING) PetscTryTypeMethod(cs, end);
  PetscCall(CostateWindowsCross(cs, -1));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* What depends on lambda(t0) only. */
static PetscErrorCode Beginning(Costate cs)
{
  Vec       udot;
  PetscBool slope = PETSC_FALSE;

  PetscFunctionBegin;
  if (cs->u0) {
    PetscCall(VecDuplicate(cs->u0, &udot));
    PetscCall(Slope(cs, cs->t0, cs->u0, udot, &slope));
  }
  for (PetscInt j = 0; j < cs->ncosts; j++) {
    CostateCost *c = &cs->cost[j];
    PetscReal    norm, g;
    Vec          mu;

    c->dt0 = PETSC_MAX_REAL;
    if (slope && !cs->adopted) {
      PetscScalar s;

      PetscCall(CostatePartValue(cs, &c->integral, 0, cs->t0, cs->u0, &g));
      PetscCall(VecTDot(udot, cs->lambda[j], &s));
      c->dt0 = -PetscRealPart(s) - g;
    }
    PetscCall(VecNorm(cs->lambda[j], NORM_1, &norm));
    if (PetscIsInfOrNanReal(norm)) cs->reason = COSTATE_DIVERGED_NAN;
    if (!cs->mu) continue;
    mu = cs->full ? cs->full[j] : cs->mu[j];
    if (cs->du0dp) PetscCall(MatMultTransposeAdd(cs->du0dp, cs->lambda[j], mu, mu));
    PetscCall(VecNorm(mu, NORM_1, &norm));
    if (PetscIsInfOrNanReal(norm)) cs->reason = COSTATE_DIVERGED_NAN;
  }
  if (cs->u0) PetscCall(VecDestroy(&udot));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Of the run's own linear solver, those of its adjoint steps included, which PETSc does not count with the TS. */
static PetscErrorCode Iterations(Costate cs, PetscInt *its)
{
  SNES snes;
  KSP  ksp;

  PetscFunctionBegin;
  PetscCall(TSGetSNES(cs->ts, &snes));
  PetscCall(SNESGetKSP(snes, &ksp));
  PetscCall(KSPGetTotalIterations(ksp, its));
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode CostateBackwardRun(Costate cs)
{
  PetscLogDouble   begin, end;
  CostateTrajStats s;
  PetscInt         f[2], jacobians[2], its[2];

  PetscFunctionBegin;
  PetscCall(CostateTSGetEvaluations(cs->ts, &f[0], &jacobians[0]));
  PetscCall(Iterations(cs, &its[0]));
  PetscCall(PetscTime(&begin));
  if (!cs->adopted && !cs->ops->gradients) {
    for (PetscInt j = 0; j < cs->ncosts; j++) {
      PetscCall(VecZeroEntries(cs->lambda[j]));
      if (cs->mu) PetscCall(VecZeroEntries(cs->mu[j]));
    }
    PetscCall(TSSetCostGradients(cs->ts, cs->ncosts, cs->lambda, cs->mu));
  }
  if (cs->ops->gradients)
    PetscCall(cs->ops->gradients(cs));
  else {
    PetscCall(Listen(cs, PETSC_TRUE));
    PetscCall(Sweep(cs));
    PetscCall(Listen(cs, PETSC_FALSE));
  }
  if (cs->reason == COSTATE_ITERATING && !cs->ops->gradients) PetscCall(Beginning(cs));
  if (cs->reason == COSTATE_ITERATING) PetscCall(CostateInnerApply(cs));
  PetscCall(PetscTime(&end));
  cs->stats.seconds_backward = end - begin;
  if (cs->snes) PetscFunctionReturn(PETSC_SUCCESS);
  PetscCall(TSTrajectoryCostateGetStats(cs->tj, &s));
  cs->stats.replayed    = s.replayed;
  cs->stats.states      = s.budget;
  cs->stats.peak_states = s.peak;
  cs->stats.bytes       = (PetscLogDouble)s.peak * (PetscLogDouble)s.state_bytes;
  PetscCall(CostateTSGetEvaluations(cs->ts, &f[1], &jacobians[1]));
  cs->stats.f += f[1] - f[0]; /* of steps executed again, and for slopes */
  if (!cs->stats.jacobians) cs->stats.jacobians = jacobians[1] - jacobians[0];
  if (!cs->ops->reverse && !cs->ops->gradients) {
    cs->stats.adjoint_steps = s.steps;
    PetscCall(Iterations(cs, &its[1]));
    cs->stats.adjoint_linear_its = its[1] - its[0];
  }
  PetscFunctionReturn(PETSC_SUCCESS);
}

/*@
  CostateSolveAdjoint - Computes the gradients for a run that is over

  Collective

  Input Parameter:
. cs - the object, after `CostateSolveForward()`, or after a `TSSolve()` of the application that followed
`CostateSetUp()`

  Level: intermediate

.seealso: `CostateSolve()`, `CostateSolveForward()`, `CostateGetGradient()`
@*/
PetscErrorCode CostateSolveAdjoint(Costate cs)
{
  MPI_Comm comm = PetscObjectComm((PetscObject)cs);
  PetscInt steps;

  PetscFunctionBegin;
  PetscValidHeaderSpecific(cs, COSTATE_CLASSID, 1);
  PetscCheck(cs->setup, comm, PETSC_ERR_ORDER,
             "There is no run to go back over: call CostateSolveForward(), or CostateSetUp() and then TSSolve()");
  PetscCall(CostateSetUpLate(cs));
  PetscCall(TSGetStepNumber(cs->ts, &steps));
  if (!cs->u0 && !cs->forward_done) { /* the application ran it */
    PetscCheck(steps, comm, PETSC_ERR_ORDER,
               "There is no run to go back over: call TSSolve() first, and before it CostateSetUp()");
    cs->reason = COSTATE_ITERATING;
    PetscCall(CostateForwardValues(cs));
    cs->forward_done = (PetscBool)(cs->reason == COSTATE_ITERATING);
  }
  PetscCheck(cs->forward_done || cs->reason < 0, comm, PETSC_ERR_ORDER,
             "There is no run to go back over: call CostateSolveForward() first; one run serves one sweep");
  if (cs->reason < 0) PetscFunctionReturn(PETSC_SUCCESS);
  PetscCall(CostateBackwardRun(cs));
  cs->forward_done = PETSC_FALSE;
  if (cs->reason == COSTATE_ITERATING) cs->reason = COSTATE_CONVERGED;
  PetscCall(CostateProvidersEnd(cs));
  cs->adjoint_done = PETSC_TRUE;
  PetscCall(CostateViewFromOptions(cs, NULL, "-costate_view"));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/*@
  CostateSolve - Computes the costs and their gradients

  Collective

  Input Parameter:
. cs - the object

  Options Database Keys:
+ -costate_type type - the method
- -costate_view      - what was solved and what it took

  Notes:
  It runs the time integration from the state of `CostateSetInitialState()` and sweeps back over it, for all costs at
  once.  If no initial state was given, the application has run `TSSolve()` by itself, after `CostateSetUp()`, and only
  the sweep is done: then it is what `TSAdjointSolve()` was.

  What fails on the way is an error or a negative `CostateConvergedReason`, and then there is no gradient.

  Memory and work depend on the method; `CostateGetStatistics()` says what it was.

  Level: beginner

.seealso: `CostateGetCost()`, `CostateGetGradient()`, `CostateGetConvergedReason()`, `CostateSolveForward()`,
          `CostateSolveAdjoint()`
@*/
PetscErrorCode CostateSolve(Costate cs)
{
  PetscFunctionBegin;
  PetscValidHeaderSpecific(cs, COSTATE_CLASSID, 1);
  PetscCheck(cs->setup || cs->u0, PetscObjectComm((PetscObject)cs), PETSC_ERR_ORDER,
             "There is neither an initial state (CostateSetInitialState()) nor a run of the application's own: call "
             "CostateSetUp() before TSSolve()");
  PetscCall(CostateChecks(cs));
  if (cs->u0) PetscCall(CostateSolveForward(cs));
  PetscCall(CostateSolveAdjoint(cs));
  PetscFunctionReturn(PETSC_SUCCESS);
}
