/* SPDX-License-Identifier: BSD-2-Clause */
/*
  discrete: the adjoint of the time steps, by TSAdjoint with the trajectory of this library underneath.

  Exact to rounding for the computed solution, the step sizes being held fixed; the reference for the other methods.
*/
#include "../costate/costateimpl.h"
#include <costate/model.h>

static PetscErrorCode SetUp_Discrete(Costate cs)
{
  PetscBool     integral = PETSC_FALSE, rk;
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
  if (integral) PetscCall(CostateQuadratureCreate(cs));
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
  PetscBool    theta, endpoint = PETSC_FALSE;
  PetscReal    part = 1;
  Vec          udot;

  PetscFunctionBegin;
  PetscCall(PetscObjectTypeCompareAny((PetscObject)cs->ts, &theta, TSTHETA, TSCN, ""));
  PetscCall(TSGetIFunction(cs->ts, NULL, &ifunction, NULL));
  if (theta) PetscCall(TSThetaGetEndpoint(cs->ts, &endpoint));
  if (theta) PetscCall(TSThetaGetTheta(cs->ts, &part));
  if (!endpoint || part == 1 || !ifunction) PetscFunctionReturn(PETSC_SUCCESS);
  PetscCall(VecDuplicate(u, &udot));
  PetscCall(VecZeroEntries(udot));
  PetscCall(CostateModelCreate(cs->ts, u, "", &model));
  PetscCall(CostateModelSetPoint(model, cs->t0, cs->u0 ? cs->u0 : u, udot));
  PetscCall(CostateModelCheckMass(model));
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
