/* SPDX-License-Identifier: BSD-2-Clause */
/* What is checked and made before the first run. */
#include "costateimpl.h"

/*
  The costs of a program that uses TSAdjoint: terminal, in the vectors that it fills in before the sweep.  Where it runs
  TSSolve() itself it may give them after that.
*/
static PetscErrorCode Adopt(Costate cs, PetscBool *there)
{
  PetscInt n;
  Vec     *lambda, *mu;

  PetscFunctionBegin;
  PetscCall(TSGetCostGradients(cs->ts, &n, &lambda, &mu));
  *there = (PetscBool)(n && lambda);
  PetscCheck(*there || !cs->u0, PetscObjectComm((PetscObject)cs), PETSC_ERR_ARG_WRONGSTATE,
             "There is no cost: set one with CostateSetTerminalCost(), CostateSetPointCost() or "
             "CostateSetIntegralCost(), or "
             "give the TS its vectors with TSSetCostGradients()");
  if (!*there) PetscFunctionReturn(PETSC_SUCCESS);
  cs->lambda  = lambda;
  cs->mu      = mu;
  cs->adopted = PETSC_TRUE;
  cs->ncosts  = n;
  if (cs->costcap < n) {
    PetscCall(PetscFree(cs->cost));
    PetscCall(PetscCalloc1(n, &cs->cost));
    cs->costcap = n;
  }
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* What depends on the costs. */
static PetscErrorCode Finish(Costate cs)
{
  PetscFunctionBegin;
  PetscCall(PetscFree(cs->norms));
  PetscCall(PetscCalloc1(cs->ncosts, &cs->norms));
  PetscTryTypeMethod(cs, setup);
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode CostateSetUpLate(Costate cs)
{
  PetscBool there;

  PetscFunctionBegin;
  if (!cs->late) PetscFunctionReturn(PETSC_SUCCESS);
  PetscCall(Adopt(cs, &there));
  PetscCheck(there, PetscObjectComm((PetscObject)cs), PETSC_ERR_ARG_WRONGSTATE,
             "There is no cost: give the TS its vectors with TSSetCostGradients() before CostateSolve(), or set a cost "
             "with "
             "CostateSetTerminalCost(), CostateSetPointCost() or CostateSetIntegralCost() before CostateSetUp()");
  PetscCall(Finish(cs));
  cs->late = PETSC_FALSE;
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* The parameters must be what the derivative with respect to them has as columns. */
static PetscErrorCode CheckParameters(Costate cs)
{
  MPI_Comm comm = PetscObjectComm((PetscObject)cs);
  Mat      J[2] = {NULL, NULL};
  PetscInt n, N, m, M, any = 0;

  PetscFunctionBegin;
  PetscCall(TSGetRHSJacobianP(cs->ts, &J[0], NULL, NULL));
  PetscCall(CostateTSGetIJacobianP(cs->ts, &J[1]));
  if (!cs->p) PetscFunctionReturn(PETSC_SUCCESS);
  PetscCheck(J[0] || J[1], comm, PETSC_ERR_ARG_WRONGSTATE,
             "There are parameters, but the TS does not know the derivative with respect to them: call "
             "TSSetRHSJacobianP() or TSSetIJacobianP(), with a matrix of zeros if only the costs depend on them");
  PetscCall(VecGetLocalSize(cs->p, &n));
  PetscCall(VecGetSize(cs->p, &N));
  for (int i = 0; i < 2; i++) {
    PetscInt wrong;

    if (!J[i]) continue;
    PetscCall(MatGetLocalSize(J[i], NULL, &m));
    PetscCall(MatGetSize(J[i], NULL, &M));
    wrong = m != n;
    PetscCallMPI(MPI_Allreduce(&wrong, &any, 1, MPIU_INT, MPI_MAX, comm));
    PetscCheck(N == M && !any, comm, PETSC_ERR_ARG_SIZ,
               "The vector of parameters has %" PetscInt_FMT " entries and the matrix of %s %" PetscInt_FMT
               " columns%s: create the vector with MatCreateVecs() of that matrix",
               N, i ? "TSSetIJacobianP()" : "TSSetRHSJacobianP()", M,
               N == M ? ", but they are distributed differently over the ranks" : "");
  }
  PetscFunctionReturn(PETSC_SUCCESS);
}

static int CompareReal(const void *a, const void *b)
{
  const PetscReal x = *(const PetscReal *)a, y = *(const PetscReal *)b;

  return (x > y) - (x < y);
}

/* The times of all costs, each once. */
static PetscErrorCode SetUpStops(Costate cs)
{
  const PetscReal near = 1e-12 * PetscMax(PetscAbsReal(cs->T), cs->T - cs->t0);
  PetscInt        n    = 0, k;

  PetscFunctionBegin;
  for (PetscInt j = 0; j < cs->ncosts; j++) {
    const CostateCost *c = &cs->cost[j];

    for (PetscInt i = 0; i < c->ntimes; i++) {
      PetscCheck(c->times[i] >= cs->t0 - near && c->times[i] <= cs->T + near, PetscObjectComm((PetscObject)cs),
                 PETSC_ERR_ARG_OUTOFRANGE,
                 "Time %g of cost %" PetscInt_FMT " is outside of the run, which goes from %g to %g (TSSetMaxTime())",
                 (double)c->times[i], j, (double)cs->t0, (double)cs->T);
    }
    n += c->ntimes;
  }
  PetscCall(PetscFree(cs->stops));
  PetscCall(PetscMalloc1(PetscMax(n, 1), &cs->stops));
  k = 0;
  for (PetscInt j = 0; j < cs->ncosts; j++) {
    for (PetscInt i = 0; i < cs->cost[j].ntimes; i++) cs->stops[k++] = cs->cost[j].times[i];
  }
  qsort(cs->stops, (size_t)n, sizeof(PetscReal), CompareReal);
  k = 0;
  for (PetscInt i = 0; i < n; i++) {
    if (!k || cs->stops[i] > cs->stops[k - 1] + near) cs->stops[k++] = cs->stops[i];
  }
  cs->nstops = k;
  for (PetscInt j = 0; j < cs->ncosts; j++) {
    k = 0;
    for (PetscInt i = 0; i < cs->cost[j].ntimes; i++) {
      while (cs->stops[k] < cs->cost[j].times[i] - near) k++;
      cs->cost[j].stop[i] = k;
    }
  }
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* lambda and mu of each cost. */
PetscErrorCode CostateCreateGradients(Costate cs)
{
  Vec like = cs->u0;

  PetscFunctionBegin;
  if (!like) PetscCall(TSGetSolution(cs->ts, &like));
  PetscCheck(like, PetscObjectComm((PetscObject)cs), PETSC_ERR_ARG_WRONGSTATE,
             "The layout of the state is not known: call CostateSetInitialState(), or TSSetSolution() before "
             "CostateSetUp()");
  PetscCall(VecDuplicateVecs(like, cs->ncosts, &cs->lambda));
  if (cs->p) PetscCall(VecDuplicateVecs(cs->p, cs->ncosts, &cs->mu));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* The trajectory of the TS has to be ours; its options are read as in TSSetFromOptions(). */
static PetscErrorCode SetUpTrajectory(Costate cs)
{
  TSTrajectory tj;
  PetscBool    ours;

  PetscFunctionBegin;
  PetscCall(TSSetSaveTrajectory(cs->ts));
  PetscCall(TSGetTrajectory(cs->ts, &tj));
  PetscCall(PetscObjectTypeCompare((PetscObject)tj, TSTRAJECTORYCOSTATE, &ours));
  if (!ours) {
    const char *prefix;

    PetscCall(TSGetOptionsPrefix(cs->ts, &prefix));
    PetscCall(TSTrajectorySetType(tj, cs->ts, TSTRAJECTORYCOSTATE));
    PetscCall(PetscObjectSetOptionsPrefix((PetscObject)tj, prefix));
    PetscCall(TSTrajectorySetFromOptions(tj, cs->ts));
    PetscCall(PetscObjectTypeCompare((PetscObject)tj, TSTRAJECTORYCOSTATE, &ours));
    PetscCheck(ours, PetscObjectComm((PetscObject)cs), PETSC_ERR_ARG_INCOMP,
               "-ts_trajectory_type %s: a Costate keeps its states in a trajectory of type costate; leave that option "
               "out",
               ((PetscObject)tj)->type_name);
  }
  PetscCall(PetscObjectReference((PetscObject)tj));
  cs->tj = tj;
  if (cs->door) PetscFunctionReturn(PETSC_SUCCESS);
  if (cs->progress) PetscCall(TSTrajectoryCostateSetProgress(tj, PETSC_TRUE));
  PetscCall(TSTrajectoryCostateSetStops(tj, cs->nstops, cs->stops));
  PetscCall(TSTrajectoryCostateSetArrival(tj, CostateArrive, cs));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/*@
  CostateSetUp - Checks what was given and makes what is needed; called by `CostateSolve()`

  Collective

  Input Parameter:
. cs - the object

  Notes:
  It has to be called before `TSSolve()` by applications that run that themselves.

  The initial time and the first step size are those that the `TS` has when this is called first; each run begins with
them. `CostateSetTS()` makes it look again.

  Errors:
  No `TS`, no cost (with an initial state; without one the vectors of `TSSetCostGradients()` are looked for again by
  `CostateSolve()`), parameters with another layout than the derivative with respect to them, a cost time outside of the
  run, a method that cannot do what is asked.

  Level: intermediate

.seealso: `CostateSolve()`, `CostateReset()`
@*/
PetscErrorCode CostateSetUp(Costate cs)
{
  MPI_Comm  comm = PetscObjectComm((PetscObject)cs);
  PetscBool there;

  PetscFunctionBegin;
  PetscValidHeaderSpecific(cs, COSTATE_CLASSID, 1);
  if (cs->setup) PetscFunctionReturn(PETSC_SUCCESS);
  PetscCheck(cs->ts, comm, PETSC_ERR_ARG_WRONGSTATE, "There is no time integration: call CostateSetTS()");
  if (!((PetscObject)cs)->type_name) PetscCall(CostateSetType(cs, COSTATEDISCRETE));
  PetscCall(CostateInitializePackage());
  if (!cs->timed) { /* a TS that has run has other ones */
    PetscCall(TSGetTime(cs->ts, &cs->t0));
    PetscCall(TSGetTimeStep(cs->ts, &cs->dt0));
    cs->timed = PETSC_TRUE;
  }
  PetscCall(TSGetMaxTime(cs->ts, &cs->T));
  if (!cs->ncosts) {
    PetscCall(Adopt(cs, &there));
    cs->late = (PetscBool)!there;
  }
  PetscCall(CheckParameters(cs));
  if (cs->u0) PetscCall(VecDuplicate(cs->u0, &cs->u));
  PetscCall(SetUpStops(cs));
  PetscCall(SetUpTrajectory(cs));
  PetscCheck(!cs->late || !cs->ops->gradients, comm, PETSC_ERR_ARG_WRONGSTATE,
             "The method %s goes along with the run, so its costs have to be there before: call "
             "CostateSetTerminalCost(), "
             "CostateSetPointCost() or CostateSetIntegralCost() before CostateSetUp()",
             ((PetscObject)cs)->type_name);
  cs->setup = PETSC_TRUE;
  if (!cs->late)
    PetscCall(Finish(cs));
  else if (cs->ops->reverse)
    PetscCall(TSTrajectoryCostateSetReverse(cs->tj, CostateReverseStep, cs));
  PetscFunctionReturn(PETSC_SUCCESS);
}
