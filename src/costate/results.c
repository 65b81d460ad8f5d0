/* SPDX-License-Identifier: BSD-2-Clause */
/* What comes out. */
#include "costateimpl.h"

static PetscErrorCode CheckCost(Costate cs, PetscInt j, PetscBool gradient)
{
  MPI_Comm comm = PetscObjectComm((PetscObject)cs);

  PetscFunctionBegin;
  PetscCheck(cs->reason >= 0, comm, PETSC_ERR_NOT_CONVERGED,
             "There is no result: the last solve ended with %s (CostateGetConvergedReason())",
             CostateConvergedReasons[cs->reason]);
  PetscCheck(gradient ? cs->adjoint_done : cs->adjoint_done || cs->forward_done, comm, PETSC_ERR_ORDER,
             "There is no %s yet: call CostateSolve() first", gradient ? "gradient" : "cost");
  PetscCheck(j >= 0 && j < cs->ncosts, comm, PETSC_ERR_ARG_OUTOFRANGE,
             "There is no cost %" PetscInt_FMT ": they are numbered from 0 to %" PetscInt_FMT, j, cs->ncosts - 1);
  PetscFunctionReturn(PETSC_SUCCESS);
}

/*@
  CostateGetCost - Gets the value of a cost

  Not Collective

  Input Parameters:
+ cs - the object
- j  - the number of the cost

  Output Parameter:
. value - as of the last solve

  Errors:
  There was no solve yet or it failed; the cost was given to the `TS` as vectors only, so that nobody but the
application knows its value.

  Level: beginner

.seealso: `CostateSolve()`, `CostateGetGradient()`
@*/
PetscErrorCode CostateGetCost(Costate cs, PetscInt j, PetscReal *value)
{
  PetscFunctionBegin;
  PetscValidHeaderSpecific(cs, COSTATE_CLASSID, 1);
  PetscCall(CheckCost(cs, j, PETSC_FALSE));
  PetscCheck(!cs->adopted, PetscObjectComm((PetscObject)cs), PETSC_ERR_ARG_WRONGSTATE,
             "The costs of TSSetCostGradients() have no value here: TSGetCostIntegral() has that of their integrals");
  /* the integral of a quadrature TS is part of a commit */
  PetscCheck(!cs->gap || !(cs->cost[j].point.value || (cs->cost[j].integral.value && !cs->quad_own)),
             PetscObjectComm((PetscObject)cs), PETSC_ERR_SUP,
             "The run went on from a commit (-ts_trajectory_costate_resume), so that the part of cost %" PetscInt_FMT
             " that is summed up on the way is not known. Its gradient is",
             j);
  *value = cs->cost[j].value;
  PetscFunctionReturn(PETSC_SUCCESS);
}

/*@
  CostateGetGradient - Gets the gradients of a cost

  Not Collective

  Input Parameters:
+ cs - the object
- j  - the number of the cost

  Output Parameters:
+ dGdu0 - the partial derivatives with respect to the initial state, of the layout of the state; NULL if the method has
          none (forward)
- dGdp  - those with respect to the parameters, what goes through the initial state included; NULL if there are none.
          Either may be NULL if it is not wanted.  They belong to the object, are not to be changed, and are those of
the next solve after that

  Note:
  With `CostateSetInnerProduct()` they are the vectors that represent these derivatives.

  Level: beginner

.seealso: `CostateSolve()`, `CostateGetCost()`, `CostateGetTimeGradient()`, `CostateGetCovector()`,
          `CostateGetWindow()`
@*/
PetscErrorCode CostateGetGradient(Costate cs, PetscInt j, Vec *dGdu0, Vec *dGdp)
{
  PetscFunctionBegin;
  PetscValidHeaderSpecific(cs, COSTATE_CLASSID, 1);
  PetscCall(CheckCost(cs, j, PETSC_TRUE));
  PetscCall(CostateGetCovector(cs, j, dGdu0, dGdp));
  if (dGdu0 && cs->inner[0].vector) *dGdu0 = cs->inner[0].vector[j];
  if (dGdp && cs->inner[1].vector) *dGdp = cs->inner[1].vector[j];
  PetscFunctionReturn(PETSC_SUCCESS);
}

/*@
  CostateGetCovector - Gets the partial derivatives of a cost, whatever inner product there is

  Not Collective

  Input Parameters:
+ cs - the object
- j  - the number of the cost

  Output Parameters:
+ dGdu0 - those with respect to the initial state; NULL if the method has none (forward)
- dGdp  - those with respect to the parameters; NULL if there are none.  They belong to the object, as those of
`CostateGetGradient()`, and without an inner product are the same

  Level: intermediate

.seealso: `CostateGetGradient()`, `CostateSetInnerProduct()`
@*/
PetscErrorCode CostateGetCovector(Costate cs, PetscInt j, Vec *dGdu0, Vec *dGdp)
{
  PetscFunctionBegin;
  PetscValidHeaderSpecific(cs, COSTATE_CLASSID, 1);
  PetscCall(CheckCost(cs, j, PETSC_TRUE));
  if (dGdu0) *dGdu0 = cs->lambda ? cs->lambda[j] : NULL;
  if (dGdp) *dGdp = cs->full ? cs->full[j] : cs->mu ? cs->mu[j] : NULL;
  PetscFunctionReturn(PETSC_SUCCESS);
}

/*@
  CostateSetTimeGradients - Whether derivatives with respect to times are computed for equations that are not u' =
f(t,u)

  Logically Collective

  Input Parameters:
+ cs   - the object
- want - `PETSC_TRUE`: for mass matrices, I-functions and index-1 equations too

  Options Database Key:
. -costate_time_gradients - the choice, by default false

  Note:
  They need u' at T, t0 and each cost time: a solve with the mass matrix, with the rows of the Jacobian where that has
  none (-costate_adjoint_mass_ksp_...), and copies of the Jacobian meanwhile.  For u' = f(t,u) they are there anyway.

  Level: advanced

.seealso: `CostateGetTimeGradient()`
@*/
PetscErrorCode CostateSetTimeGradients(Costate cs, PetscBool want)
{
  PetscFunctionBegin;
  PetscValidHeaderSpecific(cs, COSTATE_CLASSID, 1);
  cs->time_gradients = want;
  PetscFunctionReturn(PETSC_SUCCESS);
}

/*@
  CostateGetTimeGradient - Gets the derivatives of a cost with respect to times

  Not Collective

  Input Parameters:
+ cs - the object
- j  - the number of the cost

  Output Parameters:
+ dT     - with respect to the end of the run: Phi_u u'(T) + g(T)
. dt0    - with respect to its beginning, u(t0) being the same vector: -lambda(t0)^T u'(t0) - g(t0)
- dtimes - with respect to the times of its point part: phi_u u'(t_i); of the length given to `CostateSetPointCost()`.
           Each may be NULL if it is not wanted

  Notes:
  These are derivatives of the continuous problem, for every method.

  Errors:
  The equation is not given as u' = f(t,u,p) (`TSSetRHSFunction()` alone), and `CostateSetTimeGradients()` was not
called.

  Level: intermediate

.seealso: `CostateGetGradient()`
@*/
PetscErrorCode CostateGetTimeGradient(Costate cs, PetscInt j, PetscReal *dT, PetscReal *dt0, PetscReal dtimes[])
{
  const CostateCost *c;

  PetscFunctionBegin;
  PetscValidHeaderSpecific(cs, COSTATE_CLASSID, 1);
  PetscCall(CheckCost(cs, j, PETSC_TRUE));
  c = &cs->cost[j];
  PetscCheck(c->dt0 != PETSC_MAX_REAL, PetscObjectComm((PetscObject)cs), PETSC_ERR_SUP,
             "Derivatives with respect to times need an initial state and costs of this object, and for an equation "
             "that "
             "is not u' = f(t,u) CostateSetTimeGradients() (-costate_time_gradients) before the solve");
  if (dT) *dT = c->dT;
  if (dt0) *dt0 = c->dt0;
  for (PetscInt i = 0; dtimes && i < c->ntimes; i++) dtimes[i] = c->dtimes[i];
  PetscFunctionReturn(PETSC_SUCCESS);
}

/*@
  CostateGetConvergedReason - Gets how the last solve ended

  Not Collective

  Input Parameter:
. cs - the object

  Output Parameter:
. reason - positive if there are gradients, negative if something failed, 0 before; `CostateConvergedReasons[reason]` is
           its name

  Level: beginner

.seealso: `CostateSolve()`
@*/
PetscErrorCode CostateGetConvergedReason(Costate cs, CostateConvergedReason *reason)
{
  PetscFunctionBegin;
  PetscValidHeaderSpecific(cs, COSTATE_CLASSID, 1);
  *reason = cs->reason;
  PetscFunctionReturn(PETSC_SUCCESS);
}

/*@
  CostateGetStatistics - Gets what the last solve took

  Not Collective

  Input Parameter:
. cs - the object

  Output Parameter:
. stats - steps, evaluations, iterations, states, bytes, seconds; see `CostateStatistics`

  Level: intermediate

.seealso: `CostateSolve()`, `CostateView()`
@*/
PetscErrorCode CostateGetStatistics(Costate cs, CostateStatistics *stats)
{
  PetscFunctionBegin;
  PetscValidHeaderSpecific(cs, COSTATE_CLASSID, 1);
  *stats = cs->stats;
  PetscFunctionReturn(PETSC_SUCCESS);
}
