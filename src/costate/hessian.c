/* SPDX-License-Identifier: BSD-2-Clause */
/* Where products with Hessians come from, and whether there is a solution that they could be at. */
#include "costateimpl.h"

const char *const CostateHessians[] = {"auto",           "tangent",          "gradients", "gauss_newton",
                                       "CostateHessian", "COSTATE_HESSIAN_", NULL};

/*@
  CostateSetHessian - Chooses where products with Hessians come from

  Logically Collective

  Input Parameters:
+ cs   - the object
- type - `COSTATE_HESSIAN_TANGENT`: forward over reverse, from a tangent and an adjoint; `COSTATE_HESSIAN_GRADIENTS`:
         from differences of gradients, for every method; `COSTATE_HESSIAN_AUTO`: the first for states of rest, else
         the second; `COSTATE_HESSIAN_GAUSS_NEWTON`: that of Gauss and Newton, which is another matrix

  Options Database Key:
. -costate_hessian type - auto, tangent, gradients, gauss_newton

  Notes:
  `CostateView()` says which it is, and what differences have taken.

  A difference takes four gradients; where it shows that the step was too long, or the gradients are noisy, twice or
  three times as many for the first product after a solve.  Memory: a vector for the gradient of each cost, and nine
  vectors of the state and four of the parameters, until `CostateReset()`.

  The tangent of a run is there for the method discrete with `TSRK`, `TSTHETA`, `TSCN` and `TSBEULER`, parameters that
  are constant in time, and costs without `CostateSetCostWindow()`.  The equation and its tangent are run together, with
  the steps of the last run, and go back by their own adjoint, with checkpoints of twice the size: a run with a Jacobian
  for each stage, and an adjoint with five of each instead of one, at states nearby.  That is about what four gradients
  take, and has some digits more.  Where the application has second derivatives of the equation, from
  `TSSetRHSHessianProduct()` and `TSSetIHessianProduct()`, they are used instead of Jacobians nearby, and compared with
  a difference once for each product.

  Implicit steps of the two are solved by Newton's method without a line search, to the last digits whatever -snes_rtol
  and -ksp_rtol are, and with the linear solvers of continuous adjoints (-costate_adjoint_ksp_..., by default to 1e-10;
  -costate_adjoint_ksp_rtol 1e-13 for a product that is symmetric to 1e-10 in any case).

  Gauss and Newton's leaves out how the equation bends: with S = d(u,p)/d(u0,p) it is S^T phi'' S, with the second
  derivatives phi'' of the terminal, point and integral costs in u and p, which are differences of fourth order of the
  gradients that were given, and exact to rounding where these are quadratic.  It has no negative eigenvalue where the
  costs are convex, as sums of squares of what is linear in u and p are, and is the Hessian where the model is linear in
  u0 and p, or fits the data exactly.  It is there where the tangent is, for the cost of a run with a Jacobian for each
  stage and one gradient.

  Level: intermediate

.seealso: `CostateHessianMult()`, `CostateCreateHessian()`, `CostateSetUpTao()`
@*/
PetscErrorCode CostateSetHessian(Costate cs, CostateHessian type)
{
  PetscFunctionBegin;
  PetscValidHeaderSpecific(cs, COSTATE_CLASSID, 1);
  PetscValidLogicalCollectiveEnum(cs, type, 2);
  cs->hessian = type;
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode CostateHessianSetFromOptions(Costate cs, COSTATE_OPTION_ITEMS PetscOptionsObject)
{
  PetscFunctionBegin;
  PetscCall(PetscOptionsEnum("-costate_hessian", "Where products with Hessians come from", "CostateSetHessian",
                             CostateHessians, (PetscEnum)cs->hessian, (PetscEnum *)&cs->hessian, NULL));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Whether the method's own are taken: for states of rest, which have them cheaply, or if they are asked for. */
PetscBool CostateHessianOwn(Costate cs)
{
  if (!cs->ops->hessianmult || cs->hessian == COSTATE_HESSIAN_GRADIENTS) return PETSC_FALSE;
  return (PetscBool)(cs->ops->tangent || cs->hessian != COSTATE_HESSIAN_AUTO);
}

PetscErrorCode CostateHessianView(Costate cs, PetscViewer viewer)
{
  const CostateSecond x = cs->second;

  PetscFunctionBegin;
  if (cs->hessian == COSTATE_HESSIAN_AUTO && !(x && x->all[0])) PetscFunctionReturn(PETSC_SUCCESS);
  PetscCall(PetscViewerASCIIPrintf(viewer, "  products with %s: by %s%s",
                                   cs->hessian == COSTATE_HESSIAN_GAUSS_NEWTON ? "Gauss-Newton matrices" : "Hessians",
                                   CostateHessianOwn(cs) ? "a tangent and an adjoint" : "differences of gradients",
                                   cs->hessian == COSTATE_HESSIAN_AUTO ? " (auto)" : ""));
  if (x && x->all[0])
    PetscCall(PetscViewerASCIIPrintf(viewer,
                                     "; so far %" PetscInt_FMT " products, %" PetscInt_FMT
                                     " gradients; since the last solve %" PetscInt_FMT " and %" PetscInt_FMT
                                     ", error of second-order differences at most %.3g",
                                     x->all[0], x->all[1], x->products, x->gradients, (double)x->error));
  PetscCall(PetscViewerASCIIPrintf(viewer, "\n"));
  PetscFunctionReturn(PETSC_SUCCESS);
}

static PetscErrorCode Norms(Costate cs, int i, PetscReal n[2], PetscObjectState *state)
{
  Vec x = i ? cs->u0 : cs->p;

  PetscFunctionBegin;
  n[0] = n[1] = 0;
  *state      = 0;
  if (!x) PetscFunctionReturn(PETSC_SUCCESS);
  PetscCall(VecNorm(x, NORM_1_AND_2, n));
  PetscCall(PetscObjectStateGet((PetscObject)x, state));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* A run is over: where it was. */
PetscErrorCode CostatePointSet(Costate cs)
{
  PetscFunctionBegin;
  for (int i = 0; i < 2; i++) PetscCall(Norms(cs, i, cs->point[i], &cs->point_state[i]));
  if (cs->second) {
    cs->second->shorter  = 1;
    cs->second->noisy    = PETSC_FALSE;
    cs->second->products = cs->second->gradients = 0;
    cs->second->error                            = 0;
  }
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Parameters and initial state are those of the last run.  Whether they are is seen in their norms. */
PetscErrorCode CostatePointCheck(Costate cs)
{
  PetscObjectState state;

  PetscFunctionBegin;
  for (int i = 0; i < 2; i++) {
    PetscReal n[2];
    Vec       x = i ? cs->u0 : cs->p;

    if (!x) continue;
    PetscCall(PetscObjectStateGet((PetscObject)x, &state));
    if (state == cs->point_state[i]) continue;
    PetscCall(Norms(cs, i, n, &cs->point_state[i]));
    PetscCheck(n[0] == cs->point[i][0] && n[1] == cs->point[i][1], PetscObjectComm((PetscObject)cs), PETSC_ERR_ORDER,
               "The %s not %s of the last solve any more: call CostateSolve() or CostateSolveForward() before products "
               "with derivatives",
               i ? "initial state is" : "parameters are", i ? "that" : "those");
  }
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode CostateHessianReset(Costate cs)
{
  CostateSecond x = cs->second;

  PetscFunctionBegin;
  if (!x) PetscFunctionReturn(PETSC_SUCCESS);
  Vec *all[] = {&x->u0, &x->p, &x->sol, &x->du, &x->put, &x->wu[0], &x->wu[1], &x->wp[0], &x->wp[1], &x->tu, &x->tp};

  for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) PetscCall(VecDestroy(all[i]));
  PetscCall(VecDestroyVecs(x->n, &x->lambda));
  PetscCall(VecDestroyVecs(x->n, &x->mu));
  PetscCall(VecDestroyVecs(x->n, &x->full));
  PetscCall(PetscFree(cs->second));
  PetscFunctionReturn(PETSC_SUCCESS);
}
