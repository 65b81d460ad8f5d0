/* SPDX-License-Identifier: BSD-2-Clause */
/*
  Steady problems: f(u,p) = 0 that a SNES solves, or a time integration that is to come to rest.

  A SNES gets a TS that is never run: F(t,u,u') = f(u).  So whatever looks at the equation of a Costate, its products
  and its checks, need not know which of the two it is.
*/
#include "costateimpl.h"
#include <costate/model.h>
#include <costate/pc.h>

const char *const CostateSteadyModes[] = {"auto", "adjoint", "forward", "CostateSteadyMode", "COSTATE_STEADY_", NULL};

static PetscErrorCode Residual(TS ts, PetscReal t, Vec u, Vec udot, Vec f, void *ctx)
{
  PetscFunctionBegin;
  (void)ts;
  (void)t;
  (void)udot;
  PetscCall(SNESComputeFunction(((Costate)ctx)->snes, u, f));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* The function itself: SNESComputeJacobian() heeds options by which a solver saves evaluations. */
static PetscErrorCode Jacobian(TS ts, PetscReal t, Vec u, Vec udot, PetscReal shift, Mat A, Mat P, void *ctx)
{
  Costate cs = (Costate)ctx;
  PetscErrorCode (*jacobian)(SNES, Vec, Mat, Mat, void *);
  void *jctx;

  PetscFunctionBegin;
  (void)ts;
  (void)t;
  (void)udot;
  (void)shift;
  PetscCall(SNESGetJacobian(cs->snes, NULL, NULL, &jacobian, &jctx));
  PetscCallBack("SNES callback Jacobian", (*jacobian)(cs->snes, u, A, P, jctx));
  PetscFunctionReturn(PETSC_SUCCESS);
}

static PetscErrorCode JacobianP(TS ts, PetscReal t, Vec u, Vec udot, PetscReal shift, Mat A, void *ctx)
{
  Costate cs = (Costate)ctx;

  PetscFunctionBegin;
  (void)ts;
  (void)t;
  (void)udot;
  (void)shift;
  PetscCallBack("Costate derivative with respect to parameters",
                (*cs->jacobian_p)(cs, u, cs->p, A, cs->jacobian_p_ctx));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/*@
  CostateSetSNES - Sets a steady problem f(u,p) = 0 instead of a time integration

  Collective

  Input Parameters:
+ cs   - the object; its method becomes `COSTATEIMPLICIT`
- snes - with `SNESSetFunction()` and `SNESSetJacobian()`, or what a DM knows of them; referenced

  Notes:
  `CostateSetInitialState()` gives the guess that each solve starts from, `CostateSetSteadyJacobianP()` the derivative
  with respect to the parameters, `CostateSetTerminalCost()` costs of the solution.

  The Jacobian has to be that of f, or have a transposed product: one made of differences of f along the way
(-snes_mf) has none.

  Level: beginner

.seealso: `CostateSetSteadyJacobianP()`, `CostateSetTS()`, `CostateSetSteadyState()`
@*/
PetscErrorCode CostateSetSNES(Costate cs, SNES snes)
{
  TS      ts;
  TSAdapt adapt;

  PetscFunctionBegin;
  PetscValidHeaderSpecific(cs, COSTATE_CLASSID, 1);
  PetscValidHeaderSpecific(snes, SNES_CLASSID, 2);
  PetscCheckSameComm(cs, 1, snes, 2);
  PetscCall(PetscObjectReference((PetscObject)snes));
  PetscCall(TSCreate(PetscObjectComm((PetscObject)snes), &ts));
  PetscCall(TSSetType(ts, TSBEULER));
  PetscCall(TSGetAdapt(ts, &adapt));
  PetscCall(TSAdaptSetType(adapt, TSADAPTNONE));
  PetscCall(CostateSetTS(cs, ts));
  PetscCall(TSDestroy(&ts));
  cs->snes = snes;
  PetscCall(CostateSetType(cs, COSTATEIMPLICIT));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/*@C
  CostateSetSteadyJacobianP - Sets the derivative of the residual of a steady problem with respect to the parameters

  Logically Collective

  Input Parameters:
+ cs  - the object, after `CostateSetSNES()`
. Jp  - rows as of the state, columns as of the parameters; referenced
. f   - fills it
- ctx - for f

  Calling sequence of f:
.vb
  PetscErrorCode f(Costate cs, Vec u, Vec p, Mat Jp, void *ctx)
.ve

  Level: beginner

.seealso: `CostateSetSNES()`, `CostateSetParameters()`
@*/
PetscErrorCode CostateSetSteadyJacobianP(Costate cs, Mat Jp, CostateSteadyJacobianP f, void *ctx)
{
  PetscFunctionBegin;
  PetscValidHeaderSpecific(cs, COSTATE_CLASSID, 1);
  PetscValidHeaderSpecific(Jp, MAT_CLASSID, 2);
  PetscCheck(cs->snes, PetscObjectComm((PetscObject)cs), PETSC_ERR_ORDER,
             "There is no steady problem: call CostateSetSNES() first; a TS has TSSetRHSJacobianP() or "
             "TSSetIJacobianP()");
  PetscCall(CostateReset(cs));
  cs->jacobian_p     = f;
  cs->jacobian_p_ctx = ctx;
  PetscCall(TSSetIJacobianP(cs->ts, Jp, JacobianP, cs));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/*@
  CostateSetSteadyState - Sets when a run of a time integration is at rest

  Logically Collective

  Input Parameters:
+ cs   - the object, of type `COSTATEIMPLICIT`
. atol - absolute, in the units of the residual
- rtol - relative to the state

  Options Database Keys:
+ -costate_steady_atol atol - 1e-8
. -costate_steady_rtol rtol - 1e-8
. -costate_steady_check bool - compare the Jacobian with a difference of the residual; no gradient if it is off (true)
- -costate_steady_warn part - warn if what is left of the residual makes a cost wrong by that part of it; by default the
                              accuracy of `CostateSetAccuracy()`, or 1e-6

  Notes:
  The run ends when the root mean square of r_i/(atol + rtol |u_i|) is at most 1, where r is the residual with u' = 0.
  A run that comes to its end without is `COSTATE_DIVERGED_NOT_STEADY`, and there is no gradient.

  `-costate_type auto` takes these tolerances for the word that the run comes to rest: where costs are taken at the end
and dG/dp alone is wanted (`CostateSetWanted()`) it takes implicit.

  What is left of the residual at the end, R, makes a cost wrong by eta^T R to first order, where eta is its adjoint,
and the gradient by about the same part; -costate_view shows it.

  An evaluation of the residual for each step, one for each cost, and two for the check of the Jacobian.

  Level: intermediate

.seealso: `CostateSetSNES()`, `CostateSetType()`, `CostateSetAccuracy()`
@*/
PetscErrorCode CostateSetSteadyState(Costate cs, PetscReal atol, PetscReal rtol)
{
  PetscFunctionBegin;
  PetscValidHeaderSpecific(cs, COSTATE_CLASSID, 1);
  PetscCheck(atol >= 0 && rtol >= 0 && atol + rtol > 0, PetscObjectComm((PetscObject)cs), PETSC_ERR_ARG_OUTOFRANGE,
             "The tolerances for a steady state, %g and %g, must not be negative, nor both 0", (double)atol,
             (double)rtol);
  cs->steady_atol = atol;
  cs->steady_rtol = rtol;
  cs->steady_set  = PETSC_TRUE;
  PetscFunctionReturn(PETSC_SUCCESS);
}

/*@
  CostateSetSteadyMode - Sets whether gradients of a state of rest take a solve for each cost or for each parameter

  Logically Collective

  Input Parameters:
+ cs   - the object, of type `COSTATEIMPLICIT`
- mode - `COSTATE_STEADY_ADJOINT`: a transposed solve for each cost; `COSTATE_STEADY_FORWARD`: a solve for each
         parameter, which serves all costs; `COSTATE_STEADY_AUTO`, the default: forward if there are fewer parameters
         than costs

  Options Database Key:
. -costate_steady_mode auto|adjoint|forward - the same

  Notes:
  Either way a preconditioner is set up once, and the gradients are the same to the tolerance of the solver.  Forward
takes a solve more, for what is left of the residual, and a vector of states for each cost; it needs the columns of R_p
  (`MatGetColumnVector()`).

  Level: intermediate

.seealso: `CostateSetSteadyState()`, `CostateMultTangent()`, `CostateSetAccuracy()`
@*/
PetscErrorCode CostateSetSteadyMode(Costate cs, CostateSteadyMode mode)
{
  PetscFunctionBegin;
  PetscValidHeaderSpecific(cs, COSTATE_CLASSID, 1);
  PetscValidLogicalCollectiveEnum(cs, mode, 2);
  PetscCheck(mode >= COSTATE_STEADY_AUTO && mode <= COSTATE_STEADY_FORWARD, PetscObjectComm((PetscObject)cs),
             PETSC_ERR_ARG_OUTOFRANGE, "There is no such mode, %d: auto, adjoint and forward are 0, 1 and 2",
             (int)mode);
  cs->steady_mode = mode;
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* The functions of the TS that stands for a SNES, whose own are complete now. */
PetscErrorCode CostateSteadySetUp(Costate cs)
{
  MPI_Comm comm = PetscObjectComm((PetscObject)cs);
  PetscErrorCode (*jacobian)(SNES, Vec, Mat, Mat, void *);
  PetscBool mffd;
  Mat       A, P;
  Vec       u;

  PetscFunctionBegin;
  PetscCheck(cs->u0, comm, PETSC_ERR_ARG_WRONGSTATE,
             "A steady problem needs a vector to start from: call CostateSetInitialState()");
  PetscCheck(!strcmp(((PetscObject)cs)->type_name, COSTATEIMPLICIT), comm, PETSC_ERR_ARG_INCOMP,
             "-costate_type %s is for time integrations: a steady problem (CostateSetSNES()) has the method implicit",
             ((PetscObject)cs)->type_name);
  PetscCall(SNESGetSolution(cs->snes, &u));
  if (!u) PetscCall(SNESSetSolution(cs->snes, cs->u0));
  PetscCall(SNESSetUp(cs->snes));
  PetscCall(SNESGetJacobian(cs->snes, &A, &P, &jacobian, NULL));
  PetscCheck(A && jacobian, comm, PETSC_ERR_ARG_WRONGSTATE,
             "The adjoint needs the Jacobian of the residual: call SNESSetJacobian()");
  PetscCall(PetscObjectTypeCompare((PetscObject)A, MATMFFD, &mffd));
  PetscCheck(!mffd, comm, PETSC_ERR_SUP,
             "The Jacobian is made of differences of the residual (-snes_mf, -snes_mf_operator), which has no "
             "transpose: "
             "give SNESSetJacobian() the assembled one, or a shell with a transposed product");
  PetscCall(TSSetIFunction(cs->ts, NULL, Residual, cs));
  PetscCall(TSSetIJacobian(cs->ts, A, P, Jacobian, cs));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* How often the preconditioner of a SNES was set up, if it is one that counts; else -1. */
static PetscErrorCode SetUps(SNES snes, PetscInt *n)
{
  KSP       ksp;
  PC        pc;
  PetscBool counts;

  PetscFunctionBegin;
  *n = -1;
  PetscCall(SNESGetKSP(snes, &ksp));
  PetscCall(KSPGetPC(ksp, &pc));
  PetscCall(PetscObjectTypeCompare((PetscObject)pc, PCTRANSPOSABLE, &counts));
  if (counts) PetscCall(PCTransposableGetSetUps(pc, n, NULL));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Solves f(u,p) = 0 from the guess. */
PetscErrorCode CostateSteadySolve(Costate cs)
{
  SNESConvergedReason reason;
  PetscInt            before, after;

  PetscFunctionBegin;
  PetscCall(SetUps(cs->snes, &before));
  PetscCall(SNESSolve(cs->snes, NULL, cs->u));
  PetscCall(SetUps(cs->snes, &after));
  cs->stats.setups = after < 0 ? -1 : after - PetscMax(before, 0);
  PetscCall(SNESGetConvergedReason(cs->snes, &reason));
  PetscCall(SNESGetIterationNumber(cs->snes, &cs->stats.steps));
  PetscCall(SNESGetLinearSolveIterations(cs->snes, &cs->stats.linear_its));
  PetscCall(SNESGetNumberFunctionEvals(cs->snes, &cs->stats.f));
  PetscCall(TSSetSolution(cs->ts, cs->u));
  if (reason >= 0) PetscFunctionReturn(PETSC_SUCCESS);
  cs->reason = COSTATE_DIVERGED_FORWARD;
  PetscCall(PetscFPrintf(PetscObjectComm((PetscObject)cs), PETSC_STDERR,
                         "costate: the solve of the steady problem ended with %s (-snes_monitor -ksp_converged_reason "
                         "show why), so there is no gradient\n",
                         SNESConvergedReasons[reason]));
  PetscFunctionReturn(PETSC_SUCCESS);
}
