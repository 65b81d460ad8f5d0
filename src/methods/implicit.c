/* SPDX-License-Identifier: BSD-2-Clause */
/*
  implicit: the adjoint of a state of rest.  With R(u,p) = F(t,u,0,p) - G(t,u,p) = 0,

    R_u^T eta = Phi_u^T ,  dG/dp = Phi_p - R_p^T eta

  which is one transposed solve for each cost, whatever it took to come to rest.  The state comes from a SNES, or from
  the end of a time integration, which is looked at.  The initial state has no influence.

  The transpose is assembled, so that any preconditioner serves it; a matrix that is known by its products stays so.

    -costate_adjoint_ksp_..., -costate_adjoint_pc_...   the solver; rtol 1e-10
*/
#include "../costate/costateimpl.h"
#include <costate/model.h>
#include <costate/pc.h>

typedef struct {
  KSP       ksp;
  Vec       eta, g, r, zero, gp;
  PetscBool steady; /* the run has come to rest */
  PetscReal norm;   /* of the last residual */
  PetscReal error;  /* of the costs, relative, by what is left of it */
  PetscReal warn;   /* when it is larger */
  PetscInt  its;
} Implicit;

static PetscErrorCode CreateKSP(Costate cs)
{
  Implicit *im = (Implicit *)cs->data;

  PetscFunctionBegin;
  if (im->ksp) PetscFunctionReturn(PETSC_SUCCESS);
  PetscCall(KSPCreate(PetscObjectComm((PetscObject)cs), &im->ksp));
  PetscCall(KSPSetOptionsPrefix(im->ksp, ((PetscObject)cs)->prefix));
  PetscCall(KSPAppendOptionsPrefix(im->ksp, "costate_adjoint_"));
  PetscCall(KSPSetTolerances(im->ksp, 1e-10, PETSC_DEFAULT, PETSC_DEFAULT, PETSC_DEFAULT));
  PetscCall(KSPSetFromOptions(im->ksp));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* The null space of the Jacobian is what the transposed systems must be orthogonal to, and the other way round. */
static PetscErrorCode NullSpaces(Costate cs, Mat AT, Mat PT)
{
  Mat          A = NULL, P;
  MatNullSpace right, left, near;
  TSIJacobian  ijacobian;

  PetscFunctionBegin;
  PetscCall(TSGetIJacobian(cs->ts, NULL, NULL, &ijacobian, NULL));
  if (ijacobian)
    PetscCall(TSGetIJacobian(cs->ts, &A, &P, NULL, NULL));
  else
    PetscCall(TSGetRHSJacobian(cs->ts, &A, &P, NULL, NULL));
  PetscCall(MatGetNullSpace(A, &right));
  PetscCall(MatGetTransposeNullSpace(A, &left));
  PetscCall(MatGetNearNullSpace(P ? P : A, &near));
  if (left || right) {
    PetscCall(MatSetNullSpace(AT, left ? left : right));
    PetscCall(MatSetTransposeNullSpace(AT, right));
  }
  if (near) PetscCall(MatSetNearNullSpace(PT, near));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* One transposed solve; a reason if it fails, or only says that it did not. */
static PetscErrorCode Solve(Costate cs, PetscInt j, Mat AT)
{
  Implicit          *im = (Implicit *)cs->data;
  KSPConvergedReason reason;
  PetscReal          left = 0;
  PetscInt           its;
  PetscBool          lies = PETSC_FALSE;
  MatNullSpace       out;

  PetscFunctionBegin;
  PetscCall(KSPSolve(im->ksp, im->g, im->eta));
  PetscCall(KSPGetConvergedReason(im->ksp, &reason));
  PetscCall(KSPGetIterationNumber(im->ksp, &its));
  cs->stats.adjoint_linear_its += its;
  if (cs->look) {
    PetscCall(MatGetTransposeNullSpace(AT, &out));
    if (out) PetscCall(MatNullSpaceRemove(out, im->g));
    PetscCall(CostateKSPLies(im->ksp, PETSC_FALSE, im->g, im->eta, im->r, &left, &lies));
  }
  if (reason >= 0 && !lies) PetscFunctionReturn(PETSC_SUCCESS);
  cs->reason = COSTATE_DIVERGED_BACKWARD;
  if (reason < 0)
    PetscCall(PetscFPrintf(PetscObjectComm((PetscObject)cs), PETSC_STDERR,
                           "costate: the transposed solve of cost %" PetscInt_FMT
                           " (-costate_adjoint_ksp_...) ended with %s, so there is no gradient. If the Jacobian is "
                           "singular, as with pure Neumann conditions, tell it its null space (MatSetNullSpace(), "
                           "MatSetTransposeNullSpace())\n",
                           j, KSPConvergedReasons[reason]));
  else
    PetscCall(PetscFPrintf(PetscObjectComm((PetscObject)cs), PETSC_STDERR,
                           "costate: the transposed solve of cost %" PetscInt_FMT
                           " (-costate_adjoint_ksp_...) says %s but leaves %.3g of its right-hand side: its "
                           "preconditioner is not what it should be, or the Jacobian singular (MatSetNullSpace()), so "
                           "there is no gradient\n",
                           j, KSPConvergedReasons[reason], (double)left));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* The root mean square of the residual over its tolerance: at most 1 at rest. */
static PetscErrorCode Rest(Costate cs, Vec u, Vec r, PetscReal *norm)
{
  const PetscScalar *a, *b;
  PetscReal          sum[2] = {0, 0}, all[2];
  PetscInt           n;

  PetscFunctionBegin;
  PetscCall(VecGetLocalSize(u, &n));
  PetscCall(VecGetArrayRead(u, &a));
  PetscCall(VecGetArrayRead(r, &b));
  for (PetscInt i = 0; i < n; i++) {
    const PetscReal e = PetscAbsScalar(b[i]) / (cs->steady_atol + cs->steady_rtol * PetscAbsScalar(a[i]));

    sum[0] += e * e;
    sum[1] += 1;
  }
  PetscCall(VecRestoreArrayRead(u, &a));
  PetscCall(VecRestoreArrayRead(r, &b));
  PetscCallMPI(MPI_Allreduce(sum, all, 2, MPIU_REAL, MPIU_SUM, PetscObjectComm((PetscObject)cs)));
  *norm = PetscSqrtReal(all[0] / all[1]);
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* A state of a run: is it at rest? */
static PetscErrorCode Arrival_Implicit(Costate cs, PetscInt step, PetscReal t, Vec u)
{
  Implicit *im = (Implicit *)cs->data;

  PetscFunctionBegin;
  if (!step) im->steady = PETSC_FALSE;
  if (im->steady) PetscFunctionReturn(PETSC_SUCCESS);
  PetscCall(TSComputeIFunction(cs->ts, t, u, im->zero, im->r, PETSC_FALSE));
  PetscCall(Rest(cs, u, im->r, &im->norm));
  im->steady = (PetscBool)(im->norm <= 1);
  if (im->steady && step) PetscCall(TSSetConvergedReason(cs->ts, TS_CONVERGED_USER));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* What is left of the residual makes the cost wrong by eta^T R to first order, and its gradient by as much of itself.
 */
static PetscErrorCode Warn(Costate cs, PetscInt j, PetscReal error)
{
  Implicit       *im   = (Implicit *)cs->data;
  const PetscReal cost = PetscAbsReal(cs->cost[j].value), part = error / PetscMax(cost, PETSC_SMALL);

  PetscFunctionBegin;
  im->error = j ? PetscMax(im->error, part) : part;
  if (part <= im->warn) PetscFunctionReturn(PETSC_SUCCESS);
  PetscCall(PetscFPrintf(PetscObjectComm((PetscObject)cs), PETSC_STDERR,
                         "costate: warning: the state is not so much at rest that cost %" PetscInt_FMT
                         " is right to %.3g (-costate_steady_warn): what is left of the residual changes it by %.3g of "
                         "itself, and its gradient by about as much. Tighten %s\n",
                         j, (double)im->warn, (double)part,
                         cs->snes ? "-snes_rtol and -snes_atol" : "-costate_steady_atol and -costate_steady_rtol"));
  PetscFunctionReturn(PETSC_SUCCESS);
}

static PetscErrorCode Gradients_Implicit(Costate cs)
{
  Implicit          *im = (Implicit *)cs->data;
  CostateModel       model;
  CostateModelCounts counts;
  PetscReal          t, norm;
  PetscScalar        s;
  Mat                AT, PT;
  Vec                u;

  PetscFunctionBegin;
  PetscCall(TSGetTime(cs->ts, &t));
  PetscCall(TSGetSolution(cs->ts, &u));
  if (!cs->snes && !im->steady) {
    cs->reason = COSTATE_DIVERGED_NOT_STEADY;
    PetscCall(PetscFPrintf(PetscObjectComm((PetscObject)cs), PETSC_STDERR,
                           "costate: the run is not at rest at t = %g: its residual is %.3g times what "
                           "-costate_steady_atol %g -costate_steady_rtol %g allow, so there is no gradient. Let it run "
                           "longer (TSSetMaxTime(), TSSetMaxSteps())\n",
                           (double)t, (double)im->norm, (double)cs->steady_atol, (double)cs->steady_rtol));
    PetscFunctionReturn(PETSC_SUCCESS);
  }
  PetscCall(CostateModelCreate(cs->ts, u, ((PetscObject)cs)->prefix, &model));
  PetscCall(CostateModelSetPoint(model, t, u, im->zero));
  PetscCall(CostateModelGetTransposed(model, 0, &AT, &PT));
  PetscCall(CreateKSP(cs));
  PetscCall(KSPSetOperators(im->ksp, AT, PT));
  PetscCall(NullSpaces(cs, AT, PT));
  for (PetscInt j = 0; j < cs->ncosts && cs->reason == COSTATE_ITERATING; j++) {
    CostateCost *c = &cs->cost[j];

    c->dT = c->dt0 = PETSC_MAX_REAL;
    PetscCall(VecZeroEntries(im->g));
    PetscCall(CostatePartGradient(cs, &c->terminal, 0, t, u, PETSC_FALSE, im->g));
    PetscCall(Solve(cs, j, AT));
    if (cs->reason != COSTATE_ITERATING) break;
    PetscCall(CostateModelResidual(model, t, u, im->zero, im->g));
    PetscCall(VecDot(im->g, im->eta, &s));
    PetscCall(Warn(cs, j, PetscAbsScalar(s)));
    PetscCall(CostateModelMultRpTranspose(model, im->eta, cs->mu[j]));
    PetscCall(VecScale(cs->mu[j], -1));
    PetscCall(CostatePartGradient(cs, &c->terminal, 0, t, u, PETSC_TRUE, cs->mu[j]));
    PetscCall(VecNorm(cs->mu[j], NORM_1, &norm));
    if (PetscIsInfOrNanReal(norm)) cs->reason = COSTATE_DIVERGED_NAN;
  }
  PetscCall(CostateModelGetCounts(model, &counts));
  cs->stats.jacobians = counts.jacobians;
  cs->stats.jtv       = counts.jtv;
  cs->stats.jptv      = counts.jptv;
  PetscCall(KSPReset(im->ksp)); /* its matrices go with the model */
  PetscCall(CostateModelDestroy(&model));
  PetscFunctionReturn(PETSC_SUCCESS);
}

static PetscErrorCode SetUp_Implicit(Costate cs)
{
  Implicit *im   = (Implicit *)cs->data;
  MPI_Comm  comm = PetscObjectComm((PetscObject)cs);

  PetscFunctionBegin;
  PetscCheck(!cs->adopted && cs->u0, comm, PETSC_ERR_SUP,
             "The method implicit needs costs of its own (CostateSetTerminalCost()) and a vector to start from "
             "(CostateSetInitialState()): the vectors of TSSetCostGradients() are for adjoints of time steps");
  PetscCheck(cs->p, comm, PETSC_ERR_ARG_WRONGSTATE,
             "A state of rest depends on parameters only, and there are none: call CostateSetParameters()");
  PetscCheck(cs->nwindows < 2, comm, PETSC_ERR_SUP,
             "A state of rest knows no windows of time (CostateSetParameterWindows()): use another method");
  PetscCheck(!cs->du0dp, comm, PETSC_ERR_SUP,
             "A state of rest does not depend on the initial state, so that CostateSetInitialConditionJacobian() has "
             "no "
             "meaning for the method implicit");
  for (PetscInt j = 0; j < cs->ncosts; j++)
    PetscCheck(!cs->cost[j].point.value && !cs->cost[j].integral.value, comm, PETSC_ERR_SUP,
               "Cost %" PetscInt_FMT
               " is taken along the run, and the method implicit knows its end only: use another one "
               "(-costate_type discrete), or CostateSetTerminalCost()",
               j);
  PetscCall(VecDuplicateVecs(cs->p, cs->ncosts, &cs->mu));
  PetscCall(VecDuplicate(cs->u0, &im->eta));
  PetscCall(VecDuplicate(cs->u0, &im->g));
  PetscCall(VecDuplicate(cs->u0, &im->r));
  PetscCall(VecDuplicate(cs->u0, &im->zero));
  PetscCall(VecZeroEntries(im->zero));
  PetscCall(VecDuplicate(cs->u0, &cs->gu_work));
  if (!cs->tj) PetscFunctionReturn(PETSC_SUCCESS);
  PetscCall(TSTrajectoryCostateSetReverse(cs->tj, NULL, NULL));
  PetscCall(TSTrajectoryCostateSetKeep(cs->tj, PETSC_FALSE));
  PetscFunctionReturn(PETSC_SUCCESS);
}

static PetscErrorCode View_Implicit(Costate cs, PetscViewer viewer)
{
  Implicit *im = (Implicit *)cs->data;

  PetscFunctionBegin;
  if (!cs->snes)
    PetscCall(PetscViewerASCIIPrintf(viewer, "  at rest: residual at most %g + %g |u|; last %.3g of that\n",
                                     (double)cs->steady_atol, (double)cs->steady_rtol, (double)im->norm));
  if (cs->adjoint_done)
    PetscCall(PetscViewerASCIIPrintf(viewer, "  error of the costs by what is left of the residual: %.3g\n",
                                     (double)im->error));
  PetscCall(PetscViewerASCIIPushTab(viewer));
  if (im->ksp) PetscCall(KSPView(im->ksp, viewer));
  PetscCall(PetscViewerASCIIPopTab(viewer));
  PetscFunctionReturn(PETSC_SUCCESS);
}

static PetscErrorCode Reset_Implicit(Costate cs)
{
  Implicit *im = (Implicit *)cs->data;

  PetscFunctionBegin;
  PetscCall(KSPDestroy(&im->ksp));
  PetscCall(VecDestroy(&im->eta));
  PetscCall(VecDestroy(&im->g));
  PetscCall(VecDestroy(&im->r));
  PetscCall(VecDestroy(&im->zero));
  PetscFunctionReturn(PETSC_SUCCESS);
}

static PetscErrorCode Destroy_Implicit(Costate cs)
{
  PetscFunctionBegin;
  PetscCall(PetscFree(cs->data));
  PetscFunctionReturn(PETSC_SUCCESS);
}

static PetscErrorCode SetFromOptions_Implicit(Costate cs, COSTATE_OPTION_ITEMS PetscOptionsObject)
{
  Implicit *im = (Implicit *)cs->data;

  PetscFunctionBegin;
  PetscOptionsHeadBegin(PetscOptionsObject, "Costate implicit options");
  PetscCall(PetscOptionsReal("-costate_steady_atol", "At rest: the residual, absolute", "CostateSetSteadyState",
                             cs->steady_atol, &cs->steady_atol, NULL));
  PetscCall(PetscOptionsReal("-costate_steady_rtol", "At rest: the residual, relative to the state",
                             "CostateSetSteadyState", cs->steady_rtol, &cs->steady_rtol, NULL));
  PetscCall(PetscOptionsReal("-costate_steady_warn", "Warn if the state makes the cost wrong by that part of it",
                             "CostateSetSteadyState", im->warn, &im->warn, NULL));
  PetscOptionsHeadEnd();
  PetscFunctionReturn(PETSC_SUCCESS);
}

PETSC_INTERN PetscErrorCode CostateCreate_Implicit(Costate cs)
{
  Implicit *im;

  PetscFunctionBegin;
  PetscCall(PetscNew(&im));
  im->warn                = 1e-6;
  cs->data                = im;
  cs->ops->setup          = SetUp_Implicit;
  cs->ops->arrival        = Arrival_Implicit;
  cs->ops->gradients      = Gradients_Implicit;
  cs->ops->view           = View_Implicit;
  cs->ops->reset          = Reset_Implicit;
  cs->ops->destroy        = Destroy_Implicit;
  cs->ops->setfromoptions = SetFromOptions_Implicit;
  PetscFunctionReturn(PETSC_SUCCESS);
}
