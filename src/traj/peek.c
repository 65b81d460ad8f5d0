/* SPDX-License-Identifier: BSD-2-Clause */
/* What a TS knows and PETSc has no function for. */
#include <petsc/private/tshistoryimpl.h>
#include "trajimpl.h"

/*@
  CostateTSGetRHSJacobianScale - What the TS has made of the matrix of `TSSetRHSJacobian()`

  Not Collective

  Input Parameter:
. ts - the TS

  Output Parameters:
+ scale - the matrix holds scale J + shift I
- shift - of the above

  Note:
  An implicit type that was given a right-hand side alone makes shift I - J of its Jacobian J, in place.

  Level: developer

.seealso: `TSSetRHSJacobian()`, `TSRHSJacobianSetReuse()`
@*/
PetscErrorCode CostateTSGetRHSJacobianScale(TS ts, PetscReal *scale, PetscReal *shift)
{
  PetscFunctionBegin;
  *scale = ts->rhsjacobian.scale;
  *shift = ts->rhsjacobian.shift;
  PetscFunctionReturn(PETSC_SUCCESS);
}

/*@
  CostateTSGetEvaluations - How often the functions of a TS were evaluated since it was made

  Not Collective

  Input Parameter:
. ts - the TS

  Output Parameters:
+ f         - f or F
- jacobians - their Jacobians with respect to the state

  Level: developer

.seealso: `TSTrajectoryCostateGetStats()`
@*/
PetscErrorCode CostateTSGetEvaluations(TS ts, PetscInt *f, PetscInt *jacobians)
{
  PetscFunctionBegin;
  *f         = ts->rhsfuncs + ts->ifuncs;
  *jacobians = ts->rhsjacs + ts->ijacs;
  PetscFunctionReturn(PETSC_SUCCESS);
}

/*@
  CostateTrajectoryIsTaken - Whether something has set what is called for each state or step

  Not Collective

  Input Parameter:
. tj - the trajectory, of type `TSTRAJECTORYCOSTATE`

  Output Parameter:
. yes - `TSTrajectoryCostateSetReverse()` or `TSTrajectoryCostateSetArrival()` is in force

  Level: developer

.seealso: `TSTRAJECTORYCOSTATE`, `TSTrajectoryCostateSetReverse()`, `TSTrajectoryCostateSetArrival()`
@*/
PetscErrorCode CostateTrajectoryIsTaken(TSTrajectory tj, PetscBool *yes)
{
  const CostateTraj tr = (CostateTraj)tj->data;

  PetscFunctionBegin;
  *yes = (PetscBool)(tr->arrival || tr->reverse);
  PetscFunctionReturn(PETSC_SUCCESS);
}

/*@C
  CostateTSHessianProduct - left^T (d^2/dof dalong of F, or of G) right, by what the application gave
  `TSSetIHessianProduct()` or `TSSetRHSHessianProduct()`, for which PETSc has no function to ask

  Collective

  Input Parameters:
+ ts    - the TS
. rhs   - of the right-hand side G, or of F
. of    - 0: by u, 1: by p
. along - 0: by u, 1: by p, where right lies
. t     - the time
. u     - the state
. left  - a vector of the residual
- right - the direction, a vector of u or of p

  Output Parameters:
+ out   - a vector of what `of` says; NULL: only `there` is wanted
- there - the application gave that product

  Level: developer

.seealso: `TSSetIHessianProduct()`, `TSSetRHSHessianProduct()`, `CostateSetHessian()`
@*/
PetscErrorCode CostateTSHessianProduct(TS ts, PetscBool rhs, int of, int along, PetscReal t, Vec u, Vec left, Vec right,
                                       Vec out, PetscBool *there)
{
  PetscErrorCode (*const f[2][2][2])(TS, PetscReal, Vec, Vec *, Vec, Vec *,
                                     void *) = {{{ts->ihessianproduct_fuu, ts->ihessianproduct_fup},
                                                 {ts->ihessianproduct_fpu, ts->ihessianproduct_fpp}},
                                                {{ts->rhshessianproduct_guu, ts->rhshessianproduct_gup},
                                                 {ts->rhshessianproduct_gpu, ts->rhshessianproduct_gpp}}};
  void *ctx                                  = rhs ? ts->rhshessianproductctx : ts->ihessianproductctx;

  PetscFunctionBegin;
  *there = (PetscBool)(f[rhs][of][along] != NULL);
  if (*there && out)
    PetscCallBack("TS callback HessianProduct", (*f[rhs][of][along])(ts, t, u, &left, right, &out, ctx));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/*@
  CostateTSGetErrorIfStepFails - What was said to `TSSetErrorIfStepFails()`, which PETSc has no function to get

  Not Collective

  Input Parameter:
. ts - the TS

  Output Parameter:
. yes - a step that fails is an error

  Level: developer

.seealso: `TSSetErrorIfStepFails()`
@*/
PetscErrorCode CostateTSGetErrorIfStepFails(TS ts, PetscBool *yes)
{
  PetscFunctionBegin;
  *yes = ts->errorifstepfailed;
  PetscFunctionReturn(PETSC_SUCCESS);
}

/*@
  CostateTSAdaptMatch - Gets or sets how the adaptor comes to the end of a run

  Logically Collective

  Input Parameters:
+ ts  - the TS
- set - `PETSC_TRUE`: sets the factors, `PETSC_FALSE`: gets them

  Input/Output Parameter:
. match - by which part of itself the last step may be longer (0.01), and below how many steps what is left is halved
(2)

  Level: developer

.seealso: `CostateTSSetQuadrature()`, `TSGetAdapt()`
@*/
PetscErrorCode CostateTSAdaptMatch(TS ts, PetscBool set, PetscReal match[2])
{
  PetscReal *of = ts->adapt->matchstepfac;

  PetscFunctionBegin;
  PetscCall(set ? PetscArraycpy(of, match, 2) : PetscArraycpy(match, of, 2));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/*@
  CostateTSSetQuadrature - Gives a TS a quadrature TS for forward cost integrals, or takes it away

  Collective

  Input Parameters:
+ ts    - the TS, which may have run before
- there - whether it shall have one

  Output Parameter:
. quadts - the quadrature TS, not to be destroyed; as it was where there shall be none

  Note:
  PETSc makes what belongs to it in `TSSetUp()` and `TSAdjointSetUp()` and has no way to take it away, so both are
  undone; `TSSetType()` does the same to a TS that was set up.

  Level: developer

.seealso: `TSCreateQuadratureTS()`
@*/
PetscErrorCode CostateTSSetQuadrature(TS ts, PetscBool there, TS *quadts)
{
  PetscFunctionBegin;
  PetscCall(TSAdjointReset(ts));
  if (ts->setupcalled) PetscTryTypeMethod(ts, reset);
  ts->setupcalled = PETSC_FALSE;
  PetscCall(VecDestroy(&ts->vec_costintegrand));
  if (there) {
    PetscCall(TSCreateQuadratureTS(ts, PETSC_TRUE, quadts));
  } else {
    PetscCall(TSDestroy(&ts->quadraturets));
    ts->costintegralfwd = PETSC_FALSE;
  }
  PetscFunctionReturn(PETSC_SUCCESS);
}

/*@C
  CostateTSGetPreStep - The function of `TSSetPreStep()`

  Not Collective

  Input Parameter:
. ts - the TS

  Output Parameter:
. f - the function, or NULL

  Level: developer

.seealso: `TSSetPreStep()`
@*/
PetscErrorCode CostateTSGetPreStep(TS ts, PetscErrorCode (**f)(TS))
{
  PetscFunctionBegin;
  *f = ts->prestep;
  PetscFunctionReturn(PETSC_SUCCESS);
}

/*@
  CostateTSForgetJacobian - Makes the TS compute its Jacobian anew, also at the same time and state

  Logically Collective

  Input Parameter:
. ts - the TS

  Level: developer

.seealso: `TSComputeRHSJacobian()`
@*/
PetscErrorCode CostateTSForgetJacobian(TS ts)
{
  PetscFunctionBegin;
  ts->rhsjacobian.time = PETSC_MIN_REAL;
  PetscFunctionReturn(PETSC_SUCCESS);
}

/*@
  CostateTrajectoryForgetTimes - Another run begins: forgets the times of the last one

  Logically Collective

  Input Parameter:
. tj - the trajectory

  Notes:
  PETSc notes the time of each step, and its debugging builds refuse a step of a number that they have seen.
  `TSResetTrajectory()` would do as much, and forget all else too.

  Level: developer

.seealso: `TSResetTrajectory()`, `TSSolve()`
@*/
PetscErrorCode CostateTrajectoryForgetTimes(TSTrajectory tj)
{
  PetscFunctionBegin;
  PetscCall(TSHistoryDestroy(&tj->tsh));
  PetscCall(TSHistoryCreate(PetscObjectComm((PetscObject)tj), &tj->tsh));
  PetscFunctionReturn(PETSC_SUCCESS);
}
