/* SPDX-License-Identifier: BSD-2-Clause */
/* The cost of a problem, and what a Costate is handed. */
#include "zooimpl.h"

/*@C
  CostateProblemGetCost - Gets of which kind the cost of a problem is

  Collective

  Input Parameter:
. problem - the problem

  Output Parameters:
+ kind  - at the end, at times, or an integral over time
. n     - the number of times; 0 for the other kinds
- times - those, not to be freed

  Level: intermediate

.seealso: `CostateProblemComputeCost()`, `CostateProblemComputeCostGradient()`
@*/
PetscErrorCode CostateProblemGetCost(CostateProblem problem, CostateCostKind *kind, PetscInt *n,
                                     const PetscReal *times[])
{
  PetscFunctionBegin;
  PetscCall(ZooSetUp(problem));
  *kind  = problem->kind;
  *n     = problem->kind == COSTATE_COST_TIMES ? problem->times.n : 0;
  *times = problem->times.x;
  PetscFunctionReturn(PETSC_SUCCESS);
}

/*@
  CostateProblemComputeCost - Computes the cost of a state

  Collective

  Input Parameters:
+ problem - the problem
. t       - the time
- u       - the state

  Output Parameter:
. value - its part of the sum, or the integrand, the same on every rank

  Level: intermediate

.seealso: `CostateProblemGetCost()`, `CostateProblemComputeCostGradient()`
@*/
PetscErrorCode CostateProblemComputeCost(CostateProblem problem, PetscReal t, Vec u, PetscReal *value)
{
  PetscFunctionBegin;
  PetscCall(ZooSetUp(problem));
  PetscCall(problem->ops->cost(problem, t, u, problem->p, value));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/*@
  CostateProblemComputeCostGradient - Computes the partial derivatives of what `CostateProblemComputeCost()` computes

  Collective

  Input Parameters:
+ problem - the problem
. t       - the time
- u       - the state

  Output Parameters:
+ gu - with respect to the state, or NULL
- gp - with respect to the parameters, or NULL

  Level: intermediate

.seealso: `CostateProblemGetCost()`, `CostateProblemComputeCost()`
@*/
PetscErrorCode CostateProblemComputeCostGradient(CostateProblem problem, PetscReal t, Vec u, Vec gu, Vec gp)
{
  PetscFunctionBegin;
  PetscCall(ZooSetUp(problem));
  if (gu) PetscCall(VecZeroEntries(gu));
  if (gp) PetscCall(VecZeroEntries(gp));
  PetscCall(problem->ops->cost_gradient(problem, t, u, problem->p, gu, gp));
  PetscFunctionReturn(PETSC_SUCCESS);
}

static PetscErrorCode Value(Costate cs, PetscInt i, PetscReal t, Vec u, Vec p, PetscReal *value, void *ctx)
{
  CostateProblem problem = (CostateProblem)ctx;

  PetscFunctionBegin;
  (void)cs, (void)i;
  PetscCall(problem->ops->cost(problem, t, u, p ? p : problem->p, value));
  PetscFunctionReturn(PETSC_SUCCESS);
}

static PetscErrorCode GradientU(Costate cs, PetscInt i, PetscReal t, Vec u, Vec p, Vec g, void *ctx)
{
  CostateProblem problem = (CostateProblem)ctx;

  PetscFunctionBegin;
  (void)cs, (void)i;
  PetscCall(problem->ops->cost_gradient(problem, t, u, p ? p : problem->p, g, NULL));
  PetscFunctionReturn(PETSC_SUCCESS);
}

static PetscErrorCode GradientP(Costate cs, PetscInt i, PetscReal t, Vec u, Vec p, Vec g, void *ctx)
{
  CostateProblem problem = (CostateProblem)ctx;

  PetscFunctionBegin;
  (void)cs, (void)i;
  PetscCall(problem->ops->cost_gradient(problem, t, u, p ? p : problem->p, NULL, g));
  PetscFunctionReturn(PETSC_SUCCESS);
}

static PetscErrorCode Changed(Costate cs, Vec p, void *ctx)
{
  PetscFunctionBegin;
  (void)cs, (void)p;
  PetscCall(CostateProblemParametersChanged((CostateProblem)ctx));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/*@
  CostateProblemSetCostate - Hands a problem to a `Costate`

  Collective

  Input Parameters:
+ problem - the problem
- cs      - the object; its `TS`, initial state, parameters, derivative of the initial state, and cost 0 are set

  Note:
  Type and options of the object are left alone.  The problem must outlive its use.

  Level: beginner

.seealso: `CostateProblemCreate()`, `CostateSolve()`, `CostateProblemGetKnown()`
@*/
PetscErrorCode CostateProblemSetCostate(CostateProblem problem, Costate cs)
{
  PetscFunctionBegin;
  PetscCall(ZooSetUp(problem));
  PetscCall(CostateSetTS(cs, problem->ts));
  PetscCall(CostateSetInitialState(cs, problem->u0));
  PetscCall(CostateSetParameters(cs, problem->p));
  if (problem->du0dp) {
    PetscCall(CostateSetInitialConditionJacobian(cs, problem->du0dp));
    PetscCall(CostateSetParametersChanged(cs, Changed, problem));
  }
  switch (problem->kind) {
  case COSTATE_COST_TERMINAL: PetscCall(CostateSetTerminalCost(cs, 0, Value, GradientU, GradientP, problem)); break;
  case COSTATE_COST_INTEGRAL: PetscCall(CostateSetIntegralCost(cs, 0, Value, GradientU, GradientP, problem)); break;
  case COSTATE_COST_TIMES:
    PetscCall(CostateSetPointCost(cs, 0, problem->times.n, problem->times.x, Value, GradientU, GradientP, problem));
    break;
  }
  PetscFunctionReturn(PETSC_SUCCESS);
}
