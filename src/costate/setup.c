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

/* The initial state must be what the derivative with respect to it has as rows. */
static PetscErrorCode CheckState(Costate cs)
{
  MPI_Comm      comm = PetscObjectComm((PetscObject)cs);
  Mat           A    = NULL;
  TSIJacobian   ijacobian;
  TSRHSJacobian jacobian;
  PetscInt      n, N, m, M, wrong, any;

  PetscFunctionBegin;
  if (!cs->u0) PetscFunctionReturn(PETSC_SUCCESS);
  PetscCall(TSGetIJacobian(cs->ts, NULL, NULL, &ijacobian, NULL));
  PetscCall(TSGetRHSJacobian(cs->ts, NULL, NULL, &jacobian, NULL));
  /* to ask for a matrix where there is none is to have one made, or an error */
  if (ijacobian) PetscCall(TSGetIJacobian(cs->ts, &A, NULL, NULL, NULL));
  if (!A && jacobian) PetscCall(TSGetRHSJacobian(cs->ts, &A, NULL, NULL, NULL));
  if (!A) PetscFunctionReturn(PETSC_SUCCESS);
  PetscCall(VecGetLocalSize(cs->u0, &n));
  PetscCall(VecGetSize(cs->u0, &N));
  PetscCall(MatGetLocalSize(A, &m, NULL));
  PetscCall(MatGetSize(A, &M, NULL));
  wrong = m >= 0 && m != n;
  PetscCallMPI(MPI_Allreduce(&wrong, &any, 1, MPIU_INT, MPI_MAX, comm));
  PetscCheck(!any, comm, PETSC_ERR_ARG_SIZ,
             "The initial state has %" PetscInt_FMT " entries and the Jacobian of the TS %" PetscInt_FMT
             " rows%s: create the vector with MatCreateVecs() of that matrix",
             N, M, N == M ? ", but they are distributed differently over the ranks" : "");
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* The parameters must be what the derivative with respect to them has as columns. */
static PetscErrorCode CheckParameters(Costate cs)
{
  MPI_Comm comm = PetscObjectComm((PetscObject)cs);
  Mat      J[2] = {NULL, NULL};
  PetscInt n, N, m, M, any = 0;
  PetscErrorCode (*f)(TS, PetscReal, Vec, Mat, void *);
  void (*g)(void);

  PetscFunctionBegin;
  if (!cs->p) PetscFunctionReturn(PETSC_SUCCESS);
  PetscCall(TSGetRHSJacobianP(cs->ts, &J[0], &f, NULL));
  PetscCall(CostateTSGetIJacobianP(cs->ts, &J[1], &g, NULL));
  if (!f) J[0] = NULL; /* a pattern */
  if (!g) J[1] = NULL;
  PetscCheck(J[0] || J[1], comm, PETSC_ERR_ARG_WRONGSTATE,
             "There are parameters, but the TS does not know the derivative with respect to them: call "
             "TSSetRHSJacobianP() or TSSetIJacobianP(), with a matrix of zeros if only the costs depend on them; or "
             "have it made by -costate_vjp_p auto");
  PetscCall(VecGetLocalSize(CostateActive(cs), &n));
  PetscCall(VecGetSize(CostateActive(cs), &N));
  for (int i = 0; i < 2; i++) {
    PetscInt wrong;

    if (!J[i]) continue;
    PetscCall(MatGetLocalSize(J[i], NULL, &m));
    PetscCall(MatGetSize(J[i], NULL, &M));
    wrong = m != n;
    PetscCallMPI(MPI_Allreduce(&wrong, &any, 1, MPIU_INT, MPI_MAX, comm));
    PetscCheck(N == M && !any, comm, PETSC_ERR_ARG_SIZ,
               "The vector of parameters%s has %" PetscInt_FMT " entries and the matrix of %s %" PetscInt_FMT
               " columns%s: create the vector with MatCreateVecs() of that matrix",
               cs->pw ? " has sets for windows, each of which" : "", N, i ? "TSSetIJacobianP()" : "TSSetRHSJacobianP()",
               M, N == M ? ", but they are distributed differently over the ranks" : "");
  }
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* du0/dp must have the state as rows and the parameters as columns. */
static PetscErrorCode CheckInitial(Costate cs)
{
  MPI_Comm comm = PetscObjectComm((PetscObject)cs);
  PetscInt n, N, np, Np, m, M, k, K, wrong, any;

  PetscFunctionBegin;
  if (!cs->du0dp || !cs->u0) PetscFunctionReturn(PETSC_SUCCESS);
  PetscCheck(cs->p, comm, PETSC_ERR_ARG_WRONGSTATE,
             "CostateSetInitialConditionJacobian() was called, but there are no parameters: call "
             "CostateSetParameters()");
  PetscCall(VecGetLocalSize(cs->u0, &n));
  PetscCall(VecGetSize(cs->u0, &N));
  PetscCall(VecGetLocalSize(cs->p, &np));
  PetscCall(VecGetSize(cs->p, &Np));
  PetscCall(MatGetLocalSize(cs->du0dp, &m, &k));
  PetscCall(MatGetSize(cs->du0dp, &M, &K));
  wrong = m != n || k != np;
  PetscCallMPI(MPI_Allreduce(&wrong, &any, 1, MPIU_INT, MPI_MAX, comm));
  PetscCheck(!any, comm, PETSC_ERR_ARG_SIZ,
             "The matrix of CostateSetInitialConditionJacobian() has %" PetscInt_FMT " rows and %" PetscInt_FMT
             " columns, the state %" PetscInt_FMT " entries and the parameters %" PetscInt_FMT
             "%s: make it with their local sizes",
             M, K, N, Np, M == N && K == Np ? ", but they are distributed differently over the ranks" : "");
  PetscFunctionReturn(PETSC_SUCCESS);
}

static int CompareReal(const void *a, const void *b)
{
  const PetscReal x = *(const PetscReal *)a, y = *(const PetscReal *)b;

  return (x > y) - (x < y);
}

static PetscErrorCode AddStop(Costate cs, const char what[], PetscReal t, PetscInt j, PetscReal near, PetscInt *n)
{
  PetscFunctionBegin;
  PetscCheck(t >= cs->t0 - near && t <= cs->T + near, PetscObjectComm((PetscObject)cs), PETSC_ERR_ARG_OUTOFRANGE,
             "%s %g of cost %" PetscInt_FMT " is outside of the run, which goes from %g to %g (TSSetMaxTime())", what,
             (double)t, j, (double)cs->t0, (double)cs->T);
  cs->stops[(*n)++] = t;
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Which one it is. */
static PetscInt FindStop(const Costate cs, PetscReal t, PetscReal near)
{
  PetscInt lo = 0, hi = cs->nstops - 1;

  while (lo < hi) {
    const PetscInt mid = lo + (hi - lo) / 2;

    if (cs->stops[mid] < t - near)
      lo = mid + 1;
    else
      hi = mid;
  }
  return lo;
}

/* The times of all costs and windows, each once. */
static PetscErrorCode SetUpStops(Costate cs)
{
  const PetscReal near = 1e-12 * PetscMax(PetscAbsReal(cs->T), cs->T - cs->t0);
  PetscInt        n = cs->nwindows, k = 0;

  PetscFunctionBegin;
  for (PetscInt j = 0; j < cs->ncosts; j++) n += cs->cost[j].ntimes + 2;
  PetscCall(PetscFree(cs->stops));
  PetscCall(PetscMalloc1(PetscMax(n, 1), &cs->stops));
  for (PetscInt j = 0; j < cs->ncosts; j++) {
    CostateCost       *c = &cs->cost[j];
    CostateTimeWindow *w = &c->integral.window;

    if (w->type != COSTATE_WINDOW_NONE && w->b <= w->a) { /* an option that says nothing of times */
      w->a = cs->t0;
      w->b = cs->T;
    }
    for (PetscInt i = 0; i < c->ntimes; i++) PetscCall(AddStop(cs, "Time", c->times[i], j, near, &k));
    for (int e = 0; e < 2 && w->type != COSTATE_WINDOW_NONE; e++)
      PetscCall(AddStop(cs, "The window", e ? w->b : w->a, j, near, &k));
  }
  for (PetscInt w = 0; w < cs->nwindows - 1; w++) {
    PetscCheck(cs->edges[w] > cs->t0 + near && cs->edges[w] < cs->T - near, PetscObjectComm((PetscObject)cs),
               PETSC_ERR_ARG_OUTOFRANGE,
               "The edge %g of windows of the parameters is not within the run, which goes from %g to %g "
               "(TSSetMaxTime())",
               (double)cs->edges[w], (double)cs->t0, (double)cs->T);
    cs->stops[k++] = cs->edges[w];
  }
  n = k;
  k = 0;
  qsort(cs->stops, (size_t)n, sizeof(PetscReal), CompareReal);
  for (PetscInt i = 0; i < n; i++) {
    if (!k || cs->stops[i] > cs->stops[k - 1] + near) cs->stops[k++] = cs->stops[i];
  }
  cs->nstops = k;
  for (PetscInt j = 0; j < cs->ncosts; j++) {
    CostateTimeWindow *w = &cs->cost[j].integral.window;

    for (PetscInt i = 0; i < cs->cost[j].ntimes; i++) cs->cost[j].stop[i] = FindStop(cs, cs->cost[j].times[i], near);
    if (w->type == COSTATE_WINDOW_NONE) continue;
    w->stop[0] = FindStop(cs, w->a, near);
    w->stop[1] = FindStop(cs, w->b, near);
  }
  for (PetscInt w = 0; w < cs->nwindows - 1; w++) cs->edge_stop[w] = FindStop(cs, cs->edges[w], near);
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
  if (cs->p) PetscCall(VecDuplicateVecs(CostateActive(cs), cs->ncosts, &cs->mu));
  if (cs->pw) PetscCall(VecDuplicateVecs(cs->p, cs->ncosts, &cs->full));
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
  PetscCheck(cs->ts, comm, PETSC_ERR_ARG_WRONGSTATE,
             "There is no time integration: call CostateSetTS(), or "
             "CostateSetSNES() for a steady problem");
  if (!((PetscObject)cs)->type_name) PetscCall(CostateSetType(cs, COSTATEDISCRETE));
  PetscCall(CostateInitializePackage());
  if (cs->choose) PetscCall(CostateChoose(cs));
  if (cs->snes) PetscCall(CostateProvidersSetUp(cs));
  if (cs->snes) PetscCall(CostateSteadySetUp(cs));
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
  PetscCall(CostateWindowsSetUp(cs));
  if (!cs->snes) PetscCall(CostateProvidersSetUp(cs));
  PetscCall(CheckParameters(cs));
  PetscCall(CheckState(cs));
  PetscCall(CheckInitial(cs));
  PetscCall(CostateInnerSetUp(cs));
  if (cs->u0) PetscCall(VecDuplicate(cs->u0, &cs->u));
  PetscCall(SetUpStops(cs));
  if (!cs->snes) PetscCall(SetUpTrajectory(cs));
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
