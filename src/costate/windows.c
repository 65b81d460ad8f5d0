/* SPDX-License-Identifier: BSD-2-Clause */
/*
  Windows in time: of the parameters, which have a set of values for each, and of the integral of a cost.

  The run is made to land on the edges of windows, as on cost times, so that each step is in one interval between two
  stops.  What is active there is set before the step is executed, executed again or reversed: by TSSetPreStep(), which
  the trajectory calls for all of these.
*/
#include "costateimpl.h"

const char *const CostateCostWindows[] =
    {"none", "square", "hann", "hann_square", "bump", "CostateCostWindow", "COSTATE_WINDOW_", NULL};

static const char holder[] = "costate_windows";

/*@
  CostateSetParameterWindows - Gives the parameters a set of values for each of several windows of time

  Collective

  Input Parameters:
+ cs    - the object
. n     - the number of windows; 1: the parameters are constant in time
- edges - the n - 1 times at which one window ends and the next begins, ascending, within the time span; copied

  Notes:
  For forcings, boundary values, controls and model errors that are piecewise constant in time.  The vector of
  `CostateSetParameters()` then holds n sets: on each rank its entries are those of the first window, then those of the
  second, and so on, each with the layout of the columns of `TSSetRHSJacobianP()` or `TSSetIJacobianP()`.  The gradient
  dG/dp is arranged in the same way: the part of window w is the integral of f_p^T lambda over that window.

  The callbacks of the application read the active set from the vector of `CostateGetActiveParameters()`, or are handed
it by `CostateSetParametersChanged()` whenever another one becomes active.  Cost functions get the set that is active:
at an edge that of the window that ends there.

  The run lands on the edges and its integrator starts again there.  Of the methods, forward does not do windows, and
the continuous ones do them for equations without an algebraic part.

  Costs nothing but the memory of the vectors, and a step that ends at each edge.

  Level: intermediate

.seealso: `CostateSetParameters()`, `CostateGetActiveParameters()`, `CostateGetWindow()`,
`CostateSetParametersChanged()`
@*/
PetscErrorCode CostateSetParameterWindows(Costate cs, PetscInt n, const PetscReal edges[])
{
  MPI_Comm comm = PetscObjectComm((PetscObject)cs);

  PetscFunctionBegin;
  PetscValidHeaderSpecific(cs, COSTATE_CLASSID, 1);
  PetscValidLogicalCollectiveInt(cs, n, 2);
  PetscCheck(n > 0, comm, PETSC_ERR_ARG_OUTOFRANGE, "There has to be one window at least, not %" PetscInt_FMT, n);
  for (PetscInt i = 1; i < n - 1; i++)
    PetscCheck(edges[i] > edges[i - 1], comm, PETSC_ERR_ARG_OUTOFRANGE,
               "The edges of the windows of the parameters must ascend: %g is followed by %g", (double)edges[i - 1],
               (double)edges[i]);
  PetscCall(CostateReset(cs));
  PetscCall(VecDestroy(&cs->pw));
  PetscCall(PetscFree2(cs->edges, cs->edge_stop));
  PetscCall(PetscMalloc2(n, &cs->edges, n, &cs->edge_stop));
  PetscCall(PetscArraycpy(cs->edges, edges, n - 1));
  cs->nwindows = n;
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* The parameters of one window as a vector of their own. */
static PetscErrorCode CreateActive(Costate cs)
{
  MPI_Comm comm = PetscObjectComm((PetscObject)cs);
  PetscInt n, N, odd, any;
  VecType  type;

  PetscFunctionBegin;
  if (cs->pw || cs->nwindows < 2) PetscFunctionReturn(PETSC_SUCCESS);
  PetscCheck(cs->p, comm, PETSC_ERR_ARG_WRONGSTATE,
             "There are windows of parameters but no parameters: call CostateSetParameters()");
  PetscCall(VecGetLocalSize(cs->p, &n));
  PetscCall(VecGetSize(cs->p, &N));
  odd = n % cs->nwindows != 0;
  PetscCallMPI(MPI_Allreduce(&odd, &any, 1, MPIU_INT, MPI_MAX, comm));
  PetscCheck(!any, comm, PETSC_ERR_ARG_SIZ,
             "The vector of parameters has %" PetscInt_FMT " entries, which are not %" PetscInt_FMT
             " sets of the same length on each rank: on each rank it holds the sets of all windows of "
             "CostateSetParameterWindows(), one after the other",
             N, cs->nwindows);
  PetscCall(VecCreate(PetscObjectComm((PetscObject)cs->p), &cs->pw));
  PetscCall(VecSetSizes(cs->pw, n / cs->nwindows, N / cs->nwindows));
  PetscCall(VecGetType(cs->p, &type));
  PetscCall(VecSetType(cs->pw, type));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/*@
  CostateGetActiveParameters - Gets the vector with the parameters of the window that is being gone through

  Collective

  Input Parameter:
. cs - the object, with its parameters and windows

  Output Parameter:
. p - always the same vector, whose values change with the windows, to be read only and not to be destroyed; without
      windows that of `CostateSetParameters()`

  Level: intermediate

.seealso: `CostateSetParameterWindows()`, `CostateGetWindow()`
@*/
PetscErrorCode CostateGetActiveParameters(Costate cs, Vec *p)
{
  PetscFunctionBegin;
  PetscValidHeaderSpecific(cs, COSTATE_CLASSID, 1);
  PetscCall(CreateActive(cs));
  *p = CostateActive(cs);
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Part w of `all`, to or from. */
static PetscErrorCode Part(Costate cs, Vec all, PetscInt w, Vec part, PetscBool to)
{
  PetscScalar *a, *b;
  PetscInt     n;

  PetscFunctionBegin;
  PetscCheck(w >= 0 && w < PetscMax(cs->nwindows, 1), PetscObjectComm((PetscObject)cs), PETSC_ERR_ARG_OUTOFRANGE,
             "There is no window %" PetscInt_FMT ": they are numbered from 0 to %" PetscInt_FMT, w,
             PetscMax(cs->nwindows, 1) - 1);
  PetscCall(VecGetLocalSize(part, &n));
  PetscCall(to ? VecGetArray(all, &a) : VecGetArrayRead(all, (const PetscScalar **)&a));
  PetscCall(to ? VecGetArrayRead(part, (const PetscScalar **)&b) : VecGetArrayWrite(part, &b));
  if (to)
    PetscCall(PetscArraycpy(a + w * n, b, n));
  else
    PetscCall(PetscArraycpy(b, a + w * n, n));
  PetscCall(to ? VecRestoreArrayRead(part, (const PetscScalar **)&b) : VecRestoreArrayWrite(part, &b));
  PetscCall(to ? VecRestoreArray(all, &a) : VecRestoreArrayRead(all, (const PetscScalar **)&a));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/*@
  CostateGetWindow - Copies the part of one window out of a vector of all parameters, or of their gradient

  Collective

  Input Parameters:
+ cs  - the object
. all - with the layout of the parameters
- w   - the number of the window, from 0

  Output Parameter:
. part - a vector like that of `CostateGetActiveParameters()`, of the caller's

  Level: intermediate

.seealso: `CostateSetWindow()`, `CostateSetParameterWindows()`, `CostateGetGradient()`
@*/
PetscErrorCode CostateGetWindow(Costate cs, Vec all, PetscInt w, Vec part)
{
  PetscFunctionBegin;
  PetscValidHeaderSpecific(cs, COSTATE_CLASSID, 1);
  PetscCall(Part(cs, all, w, part, PETSC_FALSE));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/*@
  CostateSetWindow - Copies the part of one window into a vector of all parameters

  Collective

  Input Parameters:
+ cs   - the object
. all  - with the layout of the parameters
. w    - the number of the window, from 0
- part - a vector like that of `CostateGetActiveParameters()`

  Level: intermediate

.seealso: `CostateGetWindow()`, `CostateSetParameterWindows()`
@*/
PetscErrorCode CostateSetWindow(Costate cs, Vec all, PetscInt w, Vec part)
{
  PetscFunctionBegin;
  PetscValidHeaderSpecific(cs, COSTATE_CLASSID, 1);
  PetscCall(Part(cs, all, w, part, PETSC_TRUE));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/*@
  CostateSetCostWindow - Makes the integral of a cost a weighted mean over a window of time

  Logically Collective

  Input Parameters:
+ cs     - the object
. j      - the number of the cost, which has an integral part
. window - the weight
. a      - where the window begins
- b      - where it ends; both within the time span

  Options Database Keys:
+ -costate_cost_window type    - none, square, hann, hann_square, bump: for all costs with an integral
- -costate_cost_window_times a,b - where the window begins and ends; by default it is the time span

  Notes:
  The integral part becomes (1/(b-a)) int_a^b w((t-a)/(b-a)) g dt, where the mean of w is 1

.vb
    square        1
    hann          1 - cos 2 pi s
    hann_square   (2/3) (1 - cos 2 pi s)^2
    bump          exp(-1/(s - s^2)) / 0.0070298584066096
.ve

  In turbulent and other oscillating flows the mean over a span that is not a multiple of a period depends on where the
  span ends, and its gradient more so: with weights that vanish at the ends both converge with the length of the window,
  the faster the smoother the weight is (source: J. Krakos, Q. Wang, S. Hall, D. Darmofal, Sensitivity analysis of limit
  cycle oscillations, J. Comput. Phys. 231, 2012).  Windows do not cure the growth of lambda along chaotic runs:
  `-costate_monitor` shows it and `-costate_blowup` ends it.

  The run lands on a and b.

  Level: advanced

.seealso: `CostateSetIntegralCost()`, `CostateMonitorSet()`
@*/
PetscErrorCode CostateSetCostWindow(Costate cs, PetscInt j, CostateCostWindow window, PetscReal a, PetscReal b)
{
  PetscFunctionBegin;
  PetscValidHeaderSpecific(cs, COSTATE_CLASSID, 1);
  PetscValidLogicalCollectiveInt(cs, j, 2);
  PetscValidLogicalCollectiveEnum(cs, window, 3);
  PetscCheck(j >= 0 && j < cs->ncosts && cs->cost[j].integral.value, PetscObjectComm((PetscObject)cs),
             PETSC_ERR_ARG_WRONGSTATE,
             "Cost %" PetscInt_FMT
             " has no integral that a window could be put on: call CostateSetIntegralCost() first",
             j);
  PetscCheck(window == COSTATE_WINDOW_NONE || b > a, PetscObjectComm((PetscObject)cs), PETSC_ERR_ARG_OUTOFRANGE,
             "The window of cost %" PetscInt_FMT " ends at %g, which is not after its beginning, %g", j, (double)b,
             (double)a);
  PetscCall(CostateReset(cs));
  cs->cost[j].integral.window = (CostateTimeWindow){.type = window, .a = a, .b = b};
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* What a part counts at time t; whether that is within the window the step says and not t, which may differ by
 * rounding. */
PetscReal CostatePartWeight(const CostatePart *part, PetscReal t)
{
  const CostateTimeWindow *w = &part->window;
  PetscReal                s, hann;

  if (w->type == COSTATE_WINDOW_NONE) return 1;
  if (!w->active) return 0;
  s    = (t - w->a) / (w->b - w->a);
  hann = 1 - PetscCosReal(2 * PETSC_PI * s);
  switch (w->type) {
  case COSTATE_WINDOW_HANN: return hann / (w->b - w->a);
  case COSTATE_WINDOW_HANN_SQUARE: return 2 * hann * hann / 3 / (w->b - w->a);
  case COSTATE_WINDOW_BUMP:
    return s > 0 && s < 1 ? PetscExpReal(-1 / (s * (1 - s))) / (PetscReal)0.0070298584066096 / (w->b - w->a) : 0;
  default: return 1 / (w->b - w->a);
  }
}

/* The parameters have other values, all of them or those of the window that is active. */
PetscErrorCode CostateTellActive(Costate cs)
{
  PetscFunctionBegin;
  if (cs->changed) PetscCallBack("Costate parameters changed", (*cs->changed)(cs, CostateActive(cs), cs->changed_ctx));
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode CostateTell(Costate cs)
{
  PetscFunctionBegin;
  if (cs->pw) PetscCall(Part(cs, cs->p, cs->window, cs->pw, PETSC_FALSE));
  PetscCall(CostateTellActive(cs));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* What is active after the first `interval` stops. */
static PetscErrorCode Select(Costate cs, PetscInt interval)
{
  PetscInt w = 0;

  PetscFunctionBegin;
  if (interval == cs->interval) PetscFunctionReturn(PETSC_SUCCESS);
  cs->interval = interval;
  for (PetscInt j = 0; j < cs->ncosts; j++) {
    CostateTimeWindow *c = &cs->cost[j].integral.window;

    c->active = (PetscBool)(interval > c->stop[0] && interval <= c->stop[1]);
  }
  if (!cs->pw) PetscFunctionReturn(PETSC_SUCCESS);
  while (w < cs->nwindows - 1 && cs->edge_stop[w] < interval) w++;
  if (w == cs->window) PetscFunctionReturn(PETSC_SUCCESS);
  cs->window = w;
  PetscCall(CostateTell(cs));
  PetscCall(CostateTSForgetJacobian(cs->ts)); /* it may be that of the same state and time in another window */
  PetscCall(TSRestartStep(cs->ts));
  PetscTryTypeMethod(cs, restart);
  PetscFunctionReturn(PETSC_SUCCESS);
}

static PetscErrorCode Of(TS ts, Costate *cs)
{
  PetscContainer c;

  PetscFunctionBegin;
  PetscCall(PetscObjectQuery((PetscObject)ts, holder, (PetscObject *)&c));
  PetscCheck(c, PetscObjectComm((PetscObject)ts), PETSC_ERR_PLIB, "The TS has lost its windows");
  PetscCall(PetscContainerGetPointer(c, (void **)cs));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* How many stops were passed at state `step`; the search goes on from where it was. */
static PetscErrorCode Passed(Costate cs, PetscInt step, PetscInt *n)
{
  PetscInt  i, at;
  PetscReal t;

  PetscFunctionBegin;
  for (i = PetscMax(cs->interval, 0); i < cs->nstops; i++) {
    PetscCall(TSTrajectoryCostateGetStop(cs->tj, i, &at, &t));
    if (at < 0 || at > step) break;
  }
  for (; i > 0; i--) {
    PetscCall(TSTrajectoryCostateGetStop(cs->tj, i - 1, &at, &t));
    if (at >= 0 && at <= step) break;
  }
  *n = i;
  PetscFunctionReturn(PETSC_SUCCESS);
}

static PetscErrorCode PreStep(TS ts)
{
  Costate  cs;
  PetscInt step, interval;

  PetscFunctionBegin;
  PetscCall(Of(ts, &cs));
  PetscCall(TSGetStepNumber(ts, &step));
  if (!step) cs->interval = cs->window = -1; /* the application may have other values for a run of its own */
  PetscCall(Passed(cs, step, &interval));
  PetscCall(Select(cs, interval));
  if (cs->prestep) PetscCall((*cs->prestep)(ts));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Whether there is a window of any kind. */
static PetscBool Any(const Costate cs)
{
  if (cs->nwindows > 1) return PETSC_TRUE;
  for (PetscInt j = 0; j < cs->ncosts; j++)
    if (cs->cost[j].integral.window.type != COSTATE_WINDOW_NONE) return PETSC_TRUE;
  return PETSC_FALSE;
}

/* Ours stands before the application's. */
PetscErrorCode CostateWindowsSetUp(Costate cs)
{
  MPI_Comm       comm = PetscObjectComm((PetscObject)cs);
  PetscContainer c;

  PetscFunctionBegin;
  PetscCall(CreateActive(cs));
  for (PetscInt j = 0; j < cs->ncosts && !cs->adopted; j++) {
    CostatePart *part = &cs->cost[j].integral;

    if (!part->value || (part->window.type != COSTATE_WINDOW_NONE && !part->window.option)) continue;
    part->window        = cs->window_option;
    part->window.option = PETSC_TRUE;
  }
  if (!Any(cs)) PetscFunctionReturn(PETSC_SUCCESS);
  PetscCheck(!cs->adopted && !cs->late, comm, PETSC_ERR_SUP,
             "Windows need costs of the object (CostateSetTerminalCost(), CostateSetPointCost(), "
             "CostateSetIntegralCost()): those of TSSetCostGradients() know none");
  PetscCheck(cs->nwindows < 2 || strcmp(((PetscObject)cs)->type_name, COSTATEFORWARD), comm, PETSC_ERR_SUP,
             "The method forward does not do windows of parameters: use another one (-costate_type discrete)");
  PetscCall(CostateTSGetPreStep(cs->ts, &cs->prestep));
  PetscCheck(cs->prestep != PreStep, comm, PETSC_ERR_ARG_WRONGSTATE,
             "The TS goes through the windows of another Costate: call CostateReset() or CostateDestroy() for that one "
             "first");
  PetscCall(PetscContainerCreate(comm, &c));
  PetscCall(PetscContainerSetPointer(c, cs));
  PetscCall(PetscObjectCompose((PetscObject)cs->ts, holder, (PetscObject)c));
  PetscCall(PetscContainerDestroy(&c));
  PetscCall(TSSetPreStep(cs->ts, PreStep));
  cs->windowed = PETSC_TRUE;
  cs->interval = cs->window = -1;
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode CostateWindowsReset(Costate cs)
{
  PetscErrorCode (*now)(TS);

  PetscFunctionBegin;
  if (cs->full) PetscCall(VecDestroyVecs(cs->ncosts, &cs->full));
  if (!cs->windowed) PetscFunctionReturn(PETSC_SUCCESS);
  PetscCall(CostateTSGetPreStep(cs->ts, &now));
  if (now == PreStep) PetscCall(TSSetPreStep(cs->ts, cs->prestep));
  PetscCall(PetscObjectCompose((PetscObject)cs->ts, holder, NULL));
  cs->windowed = PETSC_FALSE;
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* A run begins: in the first window. */
PetscErrorCode CostateWindowsBegin(Costate cs)
{
  PetscFunctionBegin;
  cs->interval = -1;
  cs->window   = 0;
  PetscCall(CostateTell(cs));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* A state of the run: the step that led to it must have been in the right window. */
PetscErrorCode CostateWindowsArrive(Costate cs, PetscInt step)
{
  PetscInt before;

  PetscFunctionBegin;
  if (!cs->windowed || !step) PetscFunctionReturn(PETSC_SUCCESS);
  PetscCall(Passed(cs, step - 1, &before));
  PetscCheck(before == cs->interval, PetscObjectComm((PetscObject)cs), PETSC_ERR_ORDER,
             "Step %" PetscInt_FMT
             " was executed in another window than its own: TSSetPreStep() was called after CostateSetUp() and has "
             "taken away the function that changes windows. Call it before CostateSetUp()",
             step);
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* mu is that of the active window: it is put where it belongs. */
static PetscErrorCode Flush(Costate cs)
{
  PetscFunctionBegin;
  for (PetscInt j = 0; cs->full && j < cs->ncosts; j++) {
    PetscCall(Part(cs, cs->full[j], cs->window, cs->mu[j], PETSC_TRUE));
    PetscCall(VecZeroEntries(cs->mu[j]));
  }
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* The sweep has come down to a stop, or begins (stop = number of stops), or is over (-1). */
PetscErrorCode CostateWindowsCross(Costate cs, PetscInt stop)
{
  PetscBool edge = PETSC_FALSE;

  PetscFunctionBegin;
  if (!cs->windowed) PetscFunctionReturn(PETSC_SUCCESS);
  for (PetscInt w = 0; w < cs->nwindows - 1; w++)
    if (cs->edge_stop[w] == stop) edge = PETSC_TRUE;
  if (edge || stop < 0) PetscCall(Flush(cs));
  if (stop >= 0) PetscCall(Select(cs, stop));
  PetscFunctionReturn(PETSC_SUCCESS);
}
