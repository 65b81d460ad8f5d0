/* SPDX-License-Identifier: BSD-2-Clause */
/* The first cost as what a Tao minimises. */
#include "costateimpl.h"
#include <math.h>

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

.seealso: `CostateSetUpTao()`, `CostateSetRegularizationHessian()`
@*/
PetscErrorCode CostateSetRegularization(Costate cs, CostateRegularization f, void *ctx)
{
  PetscFunctionBegin;
  PetscValidHeaderSpecific(cs, COSTATE_CLASSID, 1);
  cs->regularization     = f;
  cs->regularization_ctx = ctx;
  PetscFunctionReturn(PETSC_SUCCESS);
}

static PetscErrorCode VariableDestroy(CostateCtxArg ctx)
{
  CostateVariable *v = (CostateVariable *)COSTATE_CTX(ctx);

  PetscFunctionBegin;
  PetscCall(MatDestroy(&v->root));
  PetscCall(VecDestroy(&v->first));
  PetscCall(VecDestroy(&v->g));
  PetscCall(VecDestroy(&v->x_last));
  PetscCall(VecDestroy(&v->g_last));
  PetscCall(VecDestroy(&v->v));
  PetscCall(VecDestroy(&v->hv));
  PetscCall(VecDestroy(&v->p));
  PetscCall(VecDestroy(&v->gp));
  PetscCall(VecDestroy(&v->at));
  PetscCall(PetscFree(v));
  PetscFunctionReturn(PETSC_SUCCESS);
}

static PetscErrorCode Remember(CostateVariable *v, Vec x, PetscReal value, Vec g)
{
  PetscFunctionBegin;
  if (!v->x_last) {
    PetscCall(VecDuplicate(x, &v->x_last));
    PetscCall(VecDuplicate(g, &v->g_last));
  }
  PetscCall(VecCopy(x, v->x_last));
  PetscCall(VecCopy(g, v->g_last));
  v->value_last = value;
  PetscFunctionReturn(PETSC_SUCCESS);
}

/*
  There is no cost at x, so the search has to come back.  Some searches know what infinity means.  Those that
  interpolate would come all the way back, or give up; they are shown the parabola along their line that falls from
  where there was a cost as that cost does, and has its lowest point a quarter of the way to x.  It is higher at x, so
  that x is not taken.
*/
static PetscErrorCode NoCost(CostateVariable *v, Tao tao, Vec x, PetscReal *value, Vec g)
{
  const char       *why = CostateConvergedReasons[v->cs->reason];
  TaoLineSearch     ls;
  TaoLineSearchType type;
  PetscBool         infinity = PETSC_TRUE, interpolates, region;
  PetscScalar       slope;

  PetscFunctionBegin;
  PetscCheck(v->x_last, PetscObjectComm((PetscObject)tao), PETSC_ERR_NOT_CONVERGED,
             "There is no cost at the parameters that the optimisation starts from: %s (CostateGetConvergedReason())",
             why);
  PetscCall(TaoGetLineSearch(tao, &ls));
  PetscCall(PetscObjectTypeCompareAny((PetscObject)tao, &region, TAONTR, TAONTL, TAOBNTR, TAOBNTL, ""));
  PetscCheck(ls || region, PetscObjectComm((PetscObject)tao), PETSC_ERR_NOT_CONVERGED,
             "There is no cost at the parameters that the optimisation tries: %s. This Tao has no line search that "
             "could take a shorter step",
             why);
  if (!region) {
    PetscCall(TaoLineSearchGetType(ls, &type));
    infinity     = (PetscBool)(!strcmp(type, TAOLINESEARCHARMIJO) || !strcmp(type, TAOLINESEARCHOWARMIJO));
    interpolates = (PetscBool)(!strcmp(type, TAOLINESEARCHMT) || !strcmp(type, TAOLINESEARCHGPCG));
    PetscCheck(infinity || interpolates, PetscObjectComm((PetscObject)tao), PETSC_ERR_NOT_CONVERGED,
               "There is no cost at the parameters that the optimisation tries: %s. A line search of type %s takes "
               "what it gets: use -tao_ls_type more-thuente or armijo",
               why, type);
  }
  PetscCall(PetscInfo(v->cs, "No cost and no gradient: %s\n", why));
  PetscCall(VecWAXPY(g, -1, v->x_last, x));
  PetscCall(VecDot(g, v->g_last, &slope));
  *value = infinity ? (PetscReal)HUGE_VAL : v->value_last + PetscAbsScalar(slope);
  PetscCall(VecCopy(v->g_last, g));
  PetscCall(VecScale(g, PetscRealPart(slope) < 0 ? -3 : 1));
  PetscFunctionReturn(PETSC_SUCCESS);
}

static PetscErrorCode ObjectiveGradient(Tao tao, Vec x, PetscReal *value, Vec g, void *ctx)
{
  CostateVariable       *v  = (CostateVariable *)ctx;
  Costate                cs = v->cs;
  CostateConvergedReason reason;
  Vec                    gp, sum = v->root ? v->g : g;

  PetscFunctionBegin;
  if (v->root)
    PetscCall(MatMultAdd(v->root, x, v->first, cs->p));
  else if (x != cs->p)
    PetscCall(VecCopy(x, cs->p));
  PetscCall(CostateSolve(cs));
  PetscCall(CostateGetConvergedReason(cs, &reason));
  if (reason < 0) {
    PetscCall(NoCost(v, tao, x, value, g));
    PetscFunctionReturn(PETSC_SUCCESS);
  }
  PetscCall(CostateGetCost(cs, 0, value));
  PetscCall(CostateGetCovector(cs, 0, NULL, &gp));
  PetscCall(VecCopy(gp, sum));
  if (cs->regularization) {
    PetscReal more = 0;

    PetscCallBack("Costate regularization", (*cs->regularization)(cs, cs->p, &more, sum, cs->regularization_ctx));
    *value += more;
  }
  if (v->root) PetscCall(MatMultTranspose(v->root, sum, g));
  PetscCall(Remember(v, x, *value, g));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/*@
  CostateSetUpTao - Makes a Tao minimise the first cost over the parameters

  Collective

  Input Parameters:
+ cs  - the object
- tao - gets the objective with its gradient and its Hessian, and the parameters as they are now as what it starts
from

  Notes:
  Bounds are set with `TaoSetVariableBounds()`, what is added to the cost with `CostateSetRegularization()`.  The vector
of `CostateSetParameters()` has the values of the last evaluation; the solution is that of `TaoGetSolution()`.

  With a covariance root L of the parameters (`CostateSetInnerProduct()`) Tao varies x, from 0, where p = p_0 + L x and
  p_0 are the parameters as they are now; what comes out is in the vector of `CostateSetParameters()` after a last
evaluation at the solution, `TaoComputeObjective()`.

  Where a run fails (`CostateGetConvergedReason()`) there is no cost, and the line search is made to come back: with
  Armijo's, or a trust region, by an infinite value, with that of More and Thuente and GPCG's by values along a parabola
that are higher than the last one.  Other searches would take any value, so they get an error, as does a failure at the
first point.

  Newton's methods (-tao_type nls, ntr, bnls, bntr and so on) get a Hessian that multiplies, by `CostateHessianMult()`;
  Krylov methods for it need no entries; preconditioners that do are left out, unless options ask for them.  Where Tao's
  last evaluation was elsewhere, as after a step that was refused, it takes another solve.  Products take four
  gradients each, or what `CostateSetHessian()` says; what is added to the cost has a Hessian by
  `CostateSetRegularizationHessian()`, or by differences of its gradient.

  Level: beginner

.seealso: `CostateSolve()`, `CostateSetRegularization()`, `CostateSetRegularizationHessian()`, `CostateSetHessian()`,
          `CostateTaoSetTape()`
@*/
PetscErrorCode CostateSetUpTao(Costate cs, Tao tao)
{
  PetscContainer   c;
  CostateVariable *v;
  Vec              x;

  PetscFunctionBegin;
  PetscValidHeaderSpecific(cs, COSTATE_CLASSID, 1);
  PetscCheck(!PetscDefined(USE_COMPLEX), PetscObjectComm((PetscObject)cs), PETSC_ERR_SUP,
             "PETSc's optimisers are for real scalars, and this PETSc has complex ones: use one that is real, with "
             "real and imaginary parts for unknowns of their own");
  PetscCheck(cs->p, PetscObjectComm((PetscObject)cs), PETSC_ERR_ARG_WRONGSTATE,
             "There is nothing to minimise over: call CostateSetParameters()");
  if (cs->inner[1].file[1]) PetscCall(CostateSetUp(cs));
  PetscCall(PetscNew(&v));
  v->cs = cs;
  if (cs->inner[1].root && !cs->covectors) {
    v->root = cs->inner[1].root;
    PetscCall(PetscObjectReference((PetscObject)v->root));
    PetscCall(VecDuplicate(cs->p, &v->g));
    PetscCall(VecDuplicate(cs->p, &v->first));
    PetscCall(VecCopy(cs->p, v->first));
    PetscCall(MatCreateVecs(v->root, &x, NULL));
    PetscCall(VecZeroEntries(x));
  } else {
    PetscCall(VecDuplicate(cs->p, &x));
    PetscCall(VecCopy(cs->p, x));
  }
  PetscCall(TaoSetSolution(tao, x));
  PetscCall(CostateVariableSetHessian(v, tao, x));
  PetscCall(VecDestroy(&x));
  PetscCall(TaoSetObjectiveAndGradient(tao, NULL, ObjectiveGradient, v));
  PetscCall(PetscContainerCreate(PetscObjectComm((PetscObject)tao), &c));
  PetscCall(PetscContainerSetPointer(c, v));
  PetscCall(PetscContainerSetCtxDestroy(c, VariableDestroy));
  PetscCall(PetscObjectCompose((PetscObject)tao, "costate_variable", (PetscObject)c));
  PetscCall(PetscContainerDestroy(&c));
  PetscFunctionReturn(PETSC_SUCCESS);
}
