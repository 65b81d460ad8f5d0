/* SPDX-License-Identifier: BSD-2-Clause */
/*
  discrete: the adjoint of the time steps, by TSAdjoint with the trajectory of this library underneath.

  Exact to rounding for the computed solution, the step sizes being held fixed; the reference for the other methods.
*/
#include "../costate/costateimpl.h"
#include <costate/model.h>

static PetscErrorCode SetUp_Discrete(Costate cs)
{
  PetscBool     integral = PETSC_FALSE, rk, additive;
  PetscReal     rtol;
  TSRHSJacobian jacobian;

  PetscFunctionBegin;
  PetscCall(PetscObjectTypeCompare((PetscObject)cs->ts, TSRK, &rk));
  PetscCall(TSGetRHSJacobian(cs->ts, NULL, NULL, &jacobian, NULL));
  PetscCheck(!rk || jacobian, PetscObjectComm((PetscObject)cs), PETSC_ERR_ARG_WRONGSTATE,
             "The adjoint needs the Jacobian of the right-hand side: call TSSetRHSJacobian(), or have it made by "
             "-costate_vjp auto");
  PetscCall(TSTrajectoryCostateSetReverse(cs->tj, NULL, NULL));
  PetscCall(TSTrajectoryCostateSetKeep(cs->tj, PETSC_TRUE));
  PetscCall(TSTrajectoryCostateGetTransposedTolerance(cs->tj, &rtol));
  if (cs->accuracy > 0 && rtol == 0) {
    PetscCall(TSTrajectoryCostateSetTransposedTolerance(cs->tj, CostateAdjointTolerance(cs)));
    cs->adjoint_rtol = PETSC_TRUE;
  }
  if (cs->adopted) PetscFunctionReturn(PETSC_SUCCESS);
  PetscCall(CostateCreateGradients(cs));
  PetscCall(TSSetCostGradients(cs->ts, cs->ncosts, cs->lambda, cs->mu));
  for (PetscInt j = 0; j < cs->ncosts; j++) {
    if (cs->cost[j].integral.value) integral = PETSC_TRUE;
  }
  PetscCall(PetscObjectTypeCompareAny((PetscObject)cs->ts, &additive, TSARKIMEX, "dirk", ""));
  PetscCheck(!integral || !additive || !COSTATE_ARKIMEX_ADJOINT, PetscObjectComm((PetscObject)cs), PETSC_ERR_SUP,
             "The adjoint step of arkimex knows no cost integrals: take rk, theta, cn or beuler, or -costate_type "
             "interpolating");
  if (integral) PetscCall(CostateQuadratureCreate(cs));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* TSAdjointStep() of arkimex takes F_u' for the identity without a look. */
static PetscErrorCode CheckAdditive(Costate cs, CostateModel model, Vec u)
{
  Vec       v, Mv;
  PetscReal norm, rest;

  PetscFunctionBegin;
  PetscCall(VecDuplicate(u, &v));
  PetscCall(VecDuplicate(v, &Mv));
  PetscCall(VecSetRandom(v, NULL));
  PetscCall(CostateModelMultM(model, v, Mv));
  PetscCall(VecAXPY(Mv, -1, v));
  PetscCall(VecNorm(v, NORM_2, &norm));
  PetscCall(VecNorm(Mv, NORM_2, &rest));
  PetscCall(VecDestroy(&v));
  PetscCall(VecDestroy(&Mv));
  PetscCheck(rest <= 1e-10 * norm, PetscObjectComm((PetscObject)cs), PETSC_ERR_SUP,
             "The adjoint step of arkimex is wrong where F_u' is not the identity, as it is here: take theta, cn or "
             "beuler, or -costate_type interpolating");
  PetscFunctionReturn(PETSC_SUCCESS);
}

/*
  TSAdjointStep() of theta methods with end points takes F_u' of one end of the step for that of both: where it changes
  along the run, lambda is wrong (measured: by a factor of two for (1+t) u' + u = 0 over [0,1]).
*/
static PetscErrorCode Begin_Discrete(Costate cs, PetscReal t, Vec u)
{
  CostateModel model;
  TSIFunction  ifunction;
  PetscBool    theta, additive, endpoint = PETSC_FALSE;
  PetscReal    part = 1;
  Vec          udot;

  PetscFunctionBegin;
  PetscCall(PetscObjectTypeCompareAny((PetscObject)cs->ts, &theta, TSTHETA, TSCN, ""));
  PetscCall(PetscObjectTypeCompareAny((PetscObject)cs->ts, &additive, TSARKIMEX, "dirk", ""));
  PetscCall(TSGetIFunction(cs->ts, NULL, &ifunction, NULL));
  if (theta) PetscCall(TSThetaGetEndpoint(cs->ts, &endpoint));
  if (theta) PetscCall(TSThetaGetTheta(cs->ts, &part));
  if (!additive && (!endpoint || part == 1 || !ifunction)) PetscFunctionReturn(PETSC_SUCCESS);
  PetscCall(VecDuplicate(u, &udot));
  PetscCall(VecZeroEntries(udot));
  PetscCall(CostateModelCreate(cs->ts, u, "", &model));
  PetscCall(CostateModelSetPoint(model, cs->t0, cs->u0 ? cs->u0 : u, udot));
  PetscCall(CostateModelCheckMass(model));
  if (additive) PetscCall(CheckAdditive(cs, model, u));
  PetscCall(CostateModelSetPoint(model, t, u, udot));
  PetscCall(CostateModelCheckMass(model));
  PetscCall(CostateModelDestroy(&model));
  PetscCall(VecDestroy(&udot));
  PetscFunctionReturn(PETSC_SUCCESS);
}

static PetscErrorCode Reset_Discrete(Costate cs)
{
  PetscFunctionBegin;
  if (cs->adjoint_rtol && cs->tj) PetscCall(TSTrajectoryCostateSetTransposedTolerance(cs->tj, 0));
  cs->adjoint_rtol = PETSC_FALSE;
  PetscFunctionReturn(PETSC_SUCCESS);
}

PETSC_INTERN PetscErrorCode CostateCreate_Discrete(Costate cs)
{
  PetscFunctionBegin;
  cs->ops->setup       = SetUp_Discrete;
  cs->ops->begin       = Begin_Discrete;
  cs->ops->hessianmult = CostateHessianTangent;
  cs->ops->reset       = Reset_Discrete;
  PetscFunctionReturn(PETSC_SUCCESS);
}
