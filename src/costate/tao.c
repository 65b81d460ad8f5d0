/* SPDX-License-Identifier: BSD-2-Clause */
/* The first cost as what a Tao minimises. */
#include "costateimpl.h"

/*@C
  CostateSetRegularization - Sets what is added to the first cost when it is minimised

  Logically Collective

  Input Parameters:
+ cs  - the object
. f   - sets the value and adds its gradient to that of the cost
- ctx - for f

  Calling sequence of f:
.vb
  PetscErrorCode f(Costate cs, Vec p, PetscReal *value, Vec gradient, void *ctx)
.ve

  Level: intermediate

.seealso: `CostateSetUpTao()`
@*/
PetscErrorCode CostateSetRegularization(Costate cs, CostateRegularization f, void *ctx)
{
  PetscFunctionBegin;
  PetscValidHeaderSpecific(cs, COSTATE_CLASSID, 1);
  cs->regularization     = f;
  cs->regularization_ctx = ctx;
  PetscFunctionReturn(PETSC_SUCCESS);
}

static PetscErrorCode ObjectiveGradient(Tao tao, Vec x, PetscReal *value, Vec g, void *ctx)
{
  Costate                cs = (Costate)ctx;
  CostateConvergedReason reason;
  Vec                    gp;

  PetscFunctionBegin;
  (void)tao;
  if (x != cs->p) PetscCall(VecCopy(x, cs->p));
  PetscCall(CostateSolve(cs));
  PetscCall(CostateGetConvergedReason(cs, &reason));
  if (reason < 0) { /* a line search takes a shorter step */
    PetscCall(PetscInfo(cs, "No cost and no gradient: %s\n", CostateConvergedReasons[reason]));
    *value = PETSC_INFINITY;
    PetscCall(VecZeroEntries(g));
    PetscFunctionReturn(PETSC_SUCCESS);
  }
  PetscCall(CostateGetCost(cs, 0, value));
  PetscCall(CostateGetGradient(cs, 0, NULL, &gp));
  PetscCall(VecCopy(gp, g));
  if (cs->regularization) {
    PetscReal more = 0;

    PetscCallBack("Costate regularization", (*cs->regularization)(cs, cs->p, &more, g, cs->regularization_ctx));
    *value += more;
  }
  PetscFunctionReturn(PETSC_SUCCESS);
}

/*@
  CostateSetUpTao - Makes a Tao minimise the first cost over the parameters

  Collective

  Input Parameters:
+ cs  - the object
- tao - gets the objective with its gradient, and the parameters as they are now as what it starts from

  Notes:
  Bounds are set with `TaoSetVariableBounds()`, what is added to the cost with `CostateSetRegularization()`.  The vector
of `CostateSetParameters()` has the values of the last evaluation; the solution is that of `TaoGetSolution()`.

  A run that fails counts as an infinite cost.

  Level: beginner

.seealso: `CostateSolve()`, `CostateSetRegularization()`, `CostateTaoSetTape()`
@*/
PetscErrorCode CostateSetUpTao(Costate cs, Tao tao)
{
  Vec x;

  PetscFunctionBegin;
  PetscValidHeaderSpecific(cs, COSTATE_CLASSID, 1);
  PetscCheck(cs->p, PetscObjectComm((PetscObject)cs), PETSC_ERR_ARG_WRONGSTATE,
             "There is nothing to minimise over: call CostateSetParameters()");
  PetscCall(VecDuplicate(cs->p, &x));
  PetscCall(VecCopy(cs->p, x));
  PetscCall(TaoSetSolution(tao, x));
  PetscCall(VecDestroy(&x));
  PetscCall(TaoSetObjectiveAndGradient(tao, NULL, ObjectiveGradient, cs));
  PetscFunctionReturn(PETSC_SUCCESS);
}
