/* SPDX-License-Identifier: BSD-2-Clause */
/* What the user gives: the TS, the initial state, the parameters, the costs. */
#include "costateimpl.h"

/*@
  CostateSetTS - Sets the time integration

  Collective

  Input Parameters:
+ cs - the object
- ts - with its right-hand side or I-function, their Jacobians and, if there are parameters, `TSSetRHSJacobianP()` or
       `TSSetIJacobianP()`; its time, time step, final time and tolerances are those of the run

  Notes:
  Costs that were given to the `TS` itself (`TSSetCostGradients()`, a quadrature `TS`) are taken over by
`CostateSetUp()` if the object has none of its own.

  The `TS` gets a trajectory of type `TSTRAJECTORYCOSTATE`, which heeds the options `-ts_trajectory_costate_...`
(budget, disk).

  Level: beginner

.seealso: `CostateGetTS()`, `CostateSetInitialState()`, `CostateSetParameters()`
@*/
PetscErrorCode CostateSetTS(Costate cs, TS ts)
{
  PetscFunctionBegin;
  PetscValidHeaderSpecific(cs, COSTATE_CLASSID, 1);
  PetscValidHeaderSpecific(ts, TS_CLASSID, 2);
  PetscCheckSameComm(cs, 1, ts, 2);
  PetscCall(CostateReset(cs));
  PetscCall(PetscObjectReference((PetscObject)ts));
  PetscCall(TSDestroy(&cs->ts));
  PetscCall(SNESDestroy(&cs->snes));
  cs->ts    = ts;
  cs->timed = PETSC_FALSE;
  PetscFunctionReturn(PETSC_SUCCESS);
}

/*@
  CostateGetTS - Gets the time integration

  Not Collective

  Input Parameter:
. cs - the object

  Output Parameter:
. ts - as given, not to be destroyed; NULL if there is none

  Level: beginner

.seealso: `CostateSetTS()`
@*/
PetscErrorCode CostateGetTS(Costate cs, TS *ts)
{
  PetscFunctionBegin;
  PetscValidHeaderSpecific(cs, COSTATE_CLASSID, 1);
  *ts = cs->ts;
  PetscFunctionReturn(PETSC_SUCCESS);
}

static PetscErrorCode Take(Costate cs, Vec v, Vec *slot)
{
  PetscFunctionBegin;
  PetscCall(CostateReset(cs));
  if (v) PetscCall(PetscObjectReference((PetscObject)v));
  PetscCall(VecDestroy(slot));
  *slot = v;
  PetscFunctionReturn(PETSC_SUCCESS);
}

/*@
  CostateSetInitialState - Sets the state at t0

  Collective

  Input Parameters:
+ cs - the object
- u0 - the state, with the layout of the solution of the `TS`; referenced, read by each `CostateSolve()`, never changed

  Note:
  Without it the application runs `TSSolve()` itself, after `CostateSetUp()`, and `CostateSolve()` is what
  `TSAdjointSolve()` was.

  Level: beginner

.seealso: `CostateGetInitialState()`, `CostateSetInitialConditionJacobian()`
@*/
PetscErrorCode CostateSetInitialState(Costate cs, Vec u0)
{
  PetscFunctionBegin;
  PetscValidHeaderSpecific(cs, COSTATE_CLASSID, 1);
  PetscValidHeaderSpecific(u0, VEC_CLASSID, 2);
  PetscCall(Take(cs, u0, &cs->u0));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/*@
  CostateGetInitialState - Gets the state at t0

  Not Collective

  Input Parameter:
. cs - the object

  Output Parameter:
. u0 - as given, not to be destroyed; NULL if there is none

  Level: beginner

.seealso: `CostateSetInitialState()`
@*/
PetscErrorCode CostateGetInitialState(Costate cs, Vec *u0)
{
  PetscFunctionBegin;
  PetscValidHeaderSpecific(cs, COSTATE_CLASSID, 1);
  *u0 = cs->u0;
  PetscFunctionReturn(PETSC_SUCCESS);
}

/*@
  CostateSetParameters - Sets the parameters

  Collective

  Input Parameters:
+ cs - the object
- p  - the parameters, a few numbers or a distributed field, with the column layout of the matrix of
`TSSetRHSJacobianP()` or `TSSetIJacobianP()`; referenced.  The callbacks of the application read them from this vector,
or are told of new values by `CostateSetParametersChanged()`

  Note:
  Parameters that change in time: `CostateSetParameterWindows()`.

  Level: beginner

.seealso: `CostateGetParameters()`, `CostateSetParametersChanged()`, `CostateSetInitialConditionJacobian()`
@*/
PetscErrorCode CostateSetParameters(Costate cs, Vec p)
{
  PetscFunctionBegin;
  PetscValidHeaderSpecific(cs, COSTATE_CLASSID, 1);
  PetscValidHeaderSpecific(p, VEC_CLASSID, 2);
  PetscCall(Take(cs, p, &cs->p));
  PetscCall(VecDestroy(&cs->pw));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/*@
  CostateGetParameters - Gets the parameters

  Not Collective

  Input Parameter:
. cs - the object

  Output Parameter:
. p - as given, not to be destroyed; NULL if there are none

  Level: beginner

.seealso: `CostateSetParameters()`
@*/
PetscErrorCode CostateGetParameters(Costate cs, Vec *p)
{
  PetscFunctionBegin;
  PetscValidHeaderSpecific(cs, COSTATE_CLASSID, 1);
  *p = cs->p;
  PetscFunctionReturn(PETSC_SUCCESS);
}

/*@C
  CostateSetParametersChanged - Sets what is called when the parameters have got other values

  Logically Collective

  Input Parameters:
+ cs  - the object
. f   - called before each run, whether they have changed or not, and, with windows (`CostateSetParameterWindows()`),
        whenever another set becomes active, forward and backward; for applications that keep a copy of the parameters,
        or whose initial state depends on them: to the vector of `CostateSetInitialState()` they add what the change
since the last call does to it, so that changes of that vector by others stay
- ctx - for f

  Level: intermediate

.seealso: `CostateSetParameters()`
@*/
PetscErrorCode CostateSetParametersChanged(Costate cs, CostateParametersChanged f, void *ctx)
{
  PetscFunctionBegin;
  PetscValidHeaderSpecific(cs, COSTATE_CLASSID, 1);
  cs->changed     = f;
  cs->changed_ctx = ctx;
  PetscFunctionReturn(PETSC_SUCCESS);
}

/*@
  CostateSetInitialConditionJacobian - Sets the derivative of the initial state with respect to the parameters

  Collective

  Input Parameters:
+ cs    - the object
- du0dp - rows as the state, columns as the parameters; its `MatMultTransposeAdd()` is used, by the method
          forward its columns, by `CostateCheckTaylor()` its `MatMultAdd()`; referenced

  Note:
  (du0/dp)^T dG/du0 is added to dG/dp.

  Level: intermediate

.seealso: `CostateSetInitialState()`, `CostateSetParameters()`
@*/
PetscErrorCode CostateSetInitialConditionJacobian(Costate cs, Mat du0dp)
{
  PetscFunctionBegin;
  PetscValidHeaderSpecific(cs, COSTATE_CLASSID, 1);
  PetscValidHeaderSpecific(du0dp, MAT_CLASSID, 2);
  PetscCall(CostateReset(cs));
  PetscCall(PetscObjectReference((PetscObject)du0dp));
  PetscCall(MatDestroy(&cs->du0dp));
  cs->du0dp = du0dp;
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Cost j, which is made if it is the next one. */
static PetscErrorCode GetCost(Costate cs, PetscInt j, CostateCostValue value, CostateCost **cost)
{
  PetscFunctionBegin;
  PetscValidHeaderSpecific(cs, COSTATE_CLASSID, 1);
  PetscValidLogicalCollectiveInt(cs, j, 2);
  PetscCheck(value, PetscObjectComm((PetscObject)cs), PETSC_ERR_ARG_NULL,
             "Cost %" PetscInt_FMT " needs a function for its value; its gradients may be NULL where they are zero", j);
  PetscCheck(j >= 0 && j <= cs->ncosts, PetscObjectComm((PetscObject)cs), PETSC_ERR_ARG_OUTOFRANGE,
             "Costs are numbered from 0 without gaps: the next one is %" PetscInt_FMT ", not %" PetscInt_FMT,
             cs->ncosts, j);
  PetscCall(CostateReset(cs));
  if (j == cs->costcap) {
    CostateCost *more;

    cs->costcap = 2 * cs->costcap + 2;
    PetscCall(PetscCalloc1(cs->costcap, &more));
    PetscCall(PetscArraycpy(more, cs->cost, cs->ncosts));
    PetscCall(PetscFree(cs->cost));
    cs->cost = more;
  }
  if (j == cs->ncosts) cs->ncosts++;
  *cost = &cs->cost[j];
  PetscFunctionReturn(PETSC_SUCCESS);
}

/*@C
  CostateSetTerminalCost - Sets the part Phi(u(T),p) of a cost

  Logically Collective

  Input Parameters:
+ cs    - the object
. j     - the number of the cost, from 0
. value - Phi; the same on every rank
. phiu  - its gradient with respect to u; NULL if it is zero
. phip  - its gradient with respect to p; NULL if it is zero
- ctx   - for the functions

  Notes:
  T is where the run ends.  A cost has at most one part of each kind.

  Gradients are partial derivatives.  A gradient that is NULL although it is not zero gives a wrong result, which
  `CostateCheckTaylor()` finds.

  Level: beginner

.seealso: `CostateSetPointCost()`, `CostateSetIntegralCost()`, `CostateGetCost()`, `CostateGetGradient()`
@*/
PetscErrorCode CostateSetTerminalCost(Costate cs, PetscInt j, CostateCostValue value, CostateCostGradient phiu,
                                      CostateCostGradient phip, void *ctx)
{
  CostateCost *cost;

  PetscFunctionBegin;
  PetscCall(GetCost(cs, j, value, &cost));
  cost->terminal = (CostatePart){.value = value, .u = phiu, .p = phip, .ctx = ctx};
  PetscFunctionReturn(PETSC_SUCCESS);
}

/*@C
  CostateSetPointCost - Sets the part sum_i phi_i(u(t_i),p) of a cost

  Logically Collective

  Input Parameters:
+ cs    - the object
. j     - the number of the cost, from 0
. n     - how many times there are
. times - ascending, within the time span; copied.  The run is made to land on them, whatever its steps
. value - phi_i; the same on every rank
. phiu  - its gradient with respect to u; NULL if it is zero
. phip  - its gradient with respect to p; NULL if it is zero
- ctx   - for the functions

  Level: beginner

.seealso: `CostateSetTerminalCost()`, `CostateSetIntegralCost()`, `CostateGetTimeGradient()`
@*/
PetscErrorCode CostateSetPointCost(Costate cs, PetscInt j, PetscInt n, const PetscReal times[], CostateCostValue value,
                                   CostateCostGradient phiu, CostateCostGradient phip, void *ctx)
{
  CostateCost *cost;

  PetscFunctionBegin;
  PetscCall(GetCost(cs, j, value, &cost));
  PetscValidLogicalCollectiveInt(cs, n, 3);
  PetscCheck(n > 0, PetscObjectComm((PetscObject)cs), PETSC_ERR_ARG_OUTOFRANGE,
             "Cost %" PetscInt_FMT " has no times: give at least one", j);
  for (PetscInt i = 1; i < n; i++) {
    PetscCheck(times[i] > times[i - 1], PetscObjectComm((PetscObject)cs), PETSC_ERR_ARG_OUTOFRANGE,
               "The times of cost %" PetscInt_FMT " must ascend: %g is followed by %g", j, (double)times[i - 1],
               (double)times[i]);
  }
  cost->point = (CostatePart){.value = value, .u = phiu, .p = phip, .ctx = ctx};
  PetscCall(PetscFree3(cost->times, cost->stop, cost->dtimes));
  PetscCall(PetscCalloc3(n, &cost->times, n, &cost->stop, n, &cost->dtimes));
  PetscCall(PetscArraycpy(cost->times, times, n));
  cost->ntimes = n;
  PetscFunctionReturn(PETSC_SUCCESS);
}

/*@C
  CostateSetIntegralCost - Sets the part int g(t,u,p) dt of a cost, over the whole run

  Logically Collective

  Input Parameters:
+ cs    - the object
. j     - the number of the cost, from 0
. value - g; the same on every rank
. gu    - its gradient with respect to u; NULL if it is zero
. gp    - its gradient with respect to p; NULL if it is zero
- ctx   - for the functions

  Note:
  The method discrete integrates with the stages of the time step (`TSCreateQuadratureTS()`), so that the gradient is
that of the number computed; the others with Gauss points on the interpolated state.

  Level: beginner

.seealso: `CostateSetTerminalCost()`, `CostateSetPointCost()`, `CostateSetCostWindow()`
@*/
PetscErrorCode CostateSetIntegralCost(Costate cs, PetscInt j, CostateCostValue value, CostateCostGradient gu,
                                      CostateCostGradient gp, void *ctx)
{
  CostateCost *cost;

  PetscFunctionBegin;
  PetscCall(GetCost(cs, j, value, &cost));
  cost->integral = (CostatePart){value, gu, gp, ctx, cost->integral.window};
  PetscFunctionReturn(PETSC_SUCCESS);
}

/*@
  CostateGetNumberCosts - Gets how many costs there are

  Not Collective

  Input Parameter:
. cs - the object

  Output Parameter:
. n - the number; those of `TSSetCostGradients()` count after `CostateSetUp()`

  Level: beginner

.seealso: `CostateSetTerminalCost()`
@*/
PetscErrorCode CostateGetNumberCosts(Costate cs, PetscInt *n)
{
  PetscFunctionBegin;
  PetscValidHeaderSpecific(cs, COSTATE_CLASSID, 1);
  *n = cs->ncosts;
  PetscFunctionReturn(PETSC_SUCCESS);
}
