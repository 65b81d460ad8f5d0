/* SPDX-License-Identifier: BSD-2-Clause */
/*
  implicit: the adjoint of a state of rest.  With R(u,p) = F(t,u,0,p) - G(t,u,p) = 0,

    R_u^T eta = Phi_u^T ,  dG/dp = Phi_p - R_p^T eta

  which is one transposed solve for each cost, whatever it took to come to rest.  The state comes from a SNES, or from
  the end of a time integration, which is looked at.  The initial state has no influence.

  With fewer parameters than costs it is the other way round: R_u s_k = -R_p e_k, dG/dp_k = Phi_u s_k + Phi_p e_k.

  Second derivatives along v take a tangent and another adjoint, with a dot for changes along (s, v) with eta held:

    R_u s = -R_p v ,  R_u^T eta' = (Phi_u^T - R_u^T eta)' ,  h = (Phi_p - R_p^T eta)' - R_p^T eta'

  The transpose is assembled, so that any preconditioner serves it; a matrix that is known by its products stays so.

    -costate_steady_mode auto|adjoint|forward
    -costate_adjoint_ksp_..., -costate_adjoint_pc_...   the solvers; rtol 1e-10, or by -costate_accuracy
*/
#include "../costate/linear.h"

typedef struct {
  CostateLinear      linear;
  CostateSteadyProbe probe;
  PetscBool          have;   /* the linear systems are those of the solution */
  PetscInt           eta_of; /* the cost that eta belongs to; -1: none */
  Vec                eta, g, r, zero, p;
  PetscObjectState   p_state; /* of the parameters, when they were last found to be those of p */
  PetscBool          steady;  /* the run has come to rest */
  PetscReal          norm;    /* of the last residual */
  PetscReal          error;   /* of the costs, relative, by what is left of it */
  PetscReal          warn;    /* when it is larger; -1: by the accuracy */
  PetscInt           tangents, hessians;
  PetscBool          check; /* the Jacobian */
} Implicit;

#define OFF 1e-3 /* what differences of a function that is not so smooth may be off by */

#define WHY 512

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

/* A run begins: with these parameters, and what was solved before is of no use. */
static PetscErrorCode Forward_Implicit(Costate cs)
{
  Implicit *im = (Implicit *)cs->data;

  PetscFunctionBegin;
  PetscCall(VecCopy(cs->p, im->p));
  PetscCall(PetscObjectStateGet((PetscObject)cs->p, &im->p_state));
  im->have     = PETSC_FALSE;
  im->eta_of   = -1;
  im->tangents = im->hessians = 0;
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

/* The Jacobian at the solution, once. */
static PetscErrorCode Linearise(Costate cs)
{
  Implicit *im = (Implicit *)cs->data;
  PetscReal t;
  Vec       u;

  PetscFunctionBegin;
  if (im->have) PetscFunctionReturn(PETSC_SUCCESS);
  if (!im->linear) PetscCall(CostateLinearCreate(cs, &im->linear));
  PetscCall(TSGetTime(cs->ts, &t));
  PetscCall(TSGetSolution(cs->ts, &u));
  PetscCall(CostateLinearSet(im->linear, t, u));
  im->have = PETSC_TRUE;
  PetscFunctionReturn(PETSC_SUCCESS);
}

static PetscReal WarnAt(Costate cs)
{
  const Implicit *im = (const Implicit *)cs->data;

  if (im->warn >= 0) return im->warn;
  return cs->accuracy > 0 ? cs->accuracy : 1e-6;
}

/* What is left of the residual makes the cost wrong by eta^T R to first order, and its gradient by as much of itself.
 */
static PetscErrorCode Warn(Costate cs, PetscInt j, PetscReal error)
{
  Implicit       *im   = (Implicit *)cs->data;
  const PetscReal cost = PetscAbsReal(cs->cost[j].value), part = error / PetscMax(cost, PETSC_SMALL);

  PetscFunctionBegin;
  im->error = j ? PetscMax(im->error, part) : part;
  if (part <= WarnAt(cs)) PetscFunctionReturn(PETSC_SUCCESS);
  PetscCall(PetscFPrintf(PetscObjectComm((PetscObject)cs), PETSC_STDERR,
                         "costate: warning: the state is not so much at rest that cost %" PetscInt_FMT
                         " is right to %.3g (%s): what is left of the residual changes it by %.3g of "
                         "itself, and its gradient by about as much. Tighten %s\n",
                         j, (double)WarnAt(cs),
                         im->warn < 0 && cs->accuracy > 0 ? "-costate_accuracy" : "-costate_steady_warn", (double)part,
                         cs->snes ? "-snes_rtol and -snes_atol" : "-costate_steady_atol and -costate_steady_rtol"));
  PetscFunctionReturn(PETSC_SUCCESS);
}

static PetscErrorCode NoGradient(Costate cs, const char of[], PetscInt i, const char why[])
{
  PetscFunctionBegin;
  cs->reason = COSTATE_DIVERGED_BACKWARD;
  PetscCall(PetscFPrintf(PetscObjectComm((PetscObject)cs), PETSC_STDERR,
                         "costate: there is no gradient. Of %s %" PetscInt_FMT ", %s\n", of, i, why));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/*
  Newton's method gets there with a Jacobian that is not quite the derivative, and nothing else would show that the
  gradient is wrong.
*/
static PetscErrorCode Check(Costate cs)
{
  Implicit *im = (Implicit *)cs->data;
  PetscReal off;

  PetscFunctionBegin;
  if (!im->check) PetscFunctionReturn(PETSC_SUCCESS);
  PetscCall(CostateSteadyDerivative(im->linear, im->g, &off));
  if (off <= OFF) PetscFunctionReturn(PETSC_SUCCESS);
  cs->reason = COSTATE_DIVERGED_BACKWARD;
  PetscCall(PetscFPrintf(PetscObjectComm((PetscObject)cs), PETSC_STDERR,
                         "costate: there is no gradient: the Jacobian is not the derivative of the residual, from "
                         "which it differs by %.2g of itself along a random direction. Look at the function of %s, or "
                         "have the Jacobian made by -costate_vjp auto; if the residual has a kink here and you mean "
                         "it, -costate_steady_check 0\n",
                         (double)off, cs->snes ? "SNESSetJacobian()" : "TSSetRHSJacobian() or TSSetIJacobian()"));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* eta of a cost, unless that is what it is */
static PetscErrorCode Eta(Costate cs, PetscInt j, char why[])
{
  Implicit     *im = (Implicit *)cs->data;
  CostateLinear l  = im->linear;

  PetscFunctionBegin;
  why[0] = 0;
  if (im->eta_of == j) PetscFunctionReturn(PETSC_SUCCESS);
  im->eta_of = -1;
  PetscCall(VecZeroEntries(im->g));
  PetscCall(CostatePartGradient(cs, &cs->cost[j].terminal, 0, l->t, l->u, PETSC_FALSE, im->g));
  PetscCall(CostateLinearSolve(l, PETSC_TRUE, im->g, im->eta, why, WHY));
  if (!why[0]) im->eta_of = j;
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* A transposed solve for each cost. */
static PetscErrorCode Adjoint(Costate cs)
{
  Implicit     *im = (Implicit *)cs->data;
  CostateLinear l  = im->linear;
  PetscScalar   s;
  char          why[WHY];

  PetscFunctionBegin;
  for (PetscInt j = 0; j < cs->ncosts; j++) {
    PetscCall(Eta(cs, j, why));
    if (why[0]) {
      PetscCall(NoGradient(cs, "cost", j, why));
      break;
    }
    PetscCall(CostateModelResidual(l->model, l->t, l->u, im->zero, im->g));
    PetscCall(VecTDot(im->g, im->eta, &s));
    PetscCall(Warn(cs, j, PetscAbsScalar(s)));
    PetscCall(CostateModelMultRpTranspose(l->model, im->eta, cs->mu[j]));
    PetscCall(VecScale(cs->mu[j], -1));
    PetscCall(CostatePartGradient(cs, &cs->cost[j].terminal, 0, l->t, l->u, PETSC_TRUE, cs->mu[j]));
  }
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* A solve for each parameter, and one for what is left of the residual. */
static PetscErrorCode Forward(Costate cs)
{
  Implicit  *im = (Implicit *)cs->data;
  PetscReal *error;
  PetscInt   at;
  char       why[WHY];

  PetscFunctionBegin;
  PetscCall(PetscMalloc1(cs->ncosts, &error));
  PetscCall(CostateSteadyForward(im->linear, im->g, error, &at, why, WHY));
  if (why[0])
    PetscCall(at < 0 ? NoGradient(cs, "what is left of the residual and cost", 0, why)
                     : NoGradient(cs, "parameter", at, why));
  for (PetscInt j = 0; !why[0] && j < cs->ncosts; j++) PetscCall(Warn(cs, j, error[j]));
  PetscCall(PetscFree(error));
  PetscFunctionReturn(PETSC_SUCCESS);
}

static PetscBool IsForward(Costate cs)
{
  PetscInt np = 0;

  if (cs->steady_mode != COSTATE_STEADY_AUTO) return (PetscBool)(cs->steady_mode == COSTATE_STEADY_FORWARD);
  if (cs->p) (void)VecGetSize(cs->p, &np);
  return (PetscBool)(np < cs->ncosts);
}

static PetscErrorCode Gradients_Implicit(Costate cs)
{
  Implicit          *im = (Implicit *)cs->data;
  CostateModelCounts counts;
  PetscReal          t, norm;

  PetscFunctionBegin;
  PetscCall(TSGetTime(cs->ts, &t));
  if (!cs->snes && !im->steady) {
    cs->reason = COSTATE_DIVERGED_NOT_STEADY;
    PetscCall(PetscFPrintf(PetscObjectComm((PetscObject)cs), PETSC_STDERR,
                           "costate: the run is not at rest at t = %g: its residual is %.3g times what "
                           "-costate_steady_atol %g -costate_steady_rtol %g allow, so there is no gradient. Let it run "
                           "longer (TSSetMaxTime(), TSSetMaxSteps())\n",
                           (double)t, (double)im->norm, (double)cs->steady_atol, (double)cs->steady_rtol));
    PetscFunctionReturn(PETSC_SUCCESS);
  }
  PetscCall(Linearise(cs));
  for (PetscInt j = 0; j < cs->ncosts; j++) cs->cost[j].dT = cs->cost[j].dt0 = PETSC_MAX_REAL;
  PetscCall(Check(cs));
  if (cs->reason != COSTATE_ITERATING) PetscFunctionReturn(PETSC_SUCCESS);
  PetscCall(IsForward(cs) ? Forward(cs) : Adjoint(cs));
  for (PetscInt j = 0; j < cs->ncosts && cs->reason == COSTATE_ITERATING; j++) {
    PetscCall(VecNorm(cs->mu[j], NORM_1, &norm));
    if (PetscIsInfOrNanReal(norm)) cs->reason = COSTATE_DIVERGED_NAN;
  }
  PetscCall(CostateModelGetCounts(im->linear->model, &counts));
  cs->stats.jacobians = counts.jacobians;
  cs->stats.jtv       = counts.jtv;
  cs->stats.jptv      = counts.jptv;
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* The linear systems at the solution, for a product after the solve, if that is still the solution. */
static PetscErrorCode AtSolution(Costate cs)
{
  Implicit        *im   = (Implicit *)cs->data;
  MPI_Comm         comm = PetscObjectComm((PetscObject)cs);
  PetscObjectState now;
  PetscBool        same;

  PetscFunctionBegin;
  PetscCheck(cs->snes || im->steady, comm, PETSC_ERR_NOT_CONVERGED,
             "The run did not come to rest, so there is nothing to multiply at: its residual is %.3g times what "
             "-costate_steady_atol and -costate_steady_rtol allow. Let it run longer (TSSetMaxTime(), TSSetMaxSteps())",
             (double)im->norm);
  PetscCall(PetscObjectStateGet((PetscObject)cs->p, &now));
  if (now != im->p_state) {
    PetscCall(VecEqual(cs->p, im->p, &same));
    PetscCheck(same, comm, PETSC_ERR_ORDER,
               "The parameters are not those of the last solve any more: call CostateSolve() or CostateSolveForward() "
               "before products with derivatives");
    im->p_state = now;
  }
  PetscCall(Linearise(cs));
  PetscFunctionReturn(PETSC_SUCCESS);
}

static PetscErrorCode Tangent_Implicit(Costate cs, PetscBool transpose, Vec in, Vec out)
{
  Implicit *im = (Implicit *)cs->data;
  char      why[WHY];

  PetscFunctionBegin;
  PetscCall(AtSolution(cs));
  im->tangents++;
  PetscCall(CostateSteadyTangent(im->linear, transpose, in, out, im->g, why, WHY));
  PetscCheck(!why[0], PetscObjectComm((PetscObject)cs), PETSC_ERR_NOT_CONVERGED, "There is no product with %sdu/dp: %s",
             transpose ? "the transpose of " : "", why);
  PetscFunctionReturn(PETSC_SUCCESS);
}

static PetscErrorCode HessianMult_Implicit(Costate cs, PetscInt j, Vec v_u0, Vec v, Vec h_u0, Vec h)
{
  Implicit       *im   = (Implicit *)cs->data;
  MPI_Comm        comm = PetscObjectComm((PetscObject)cs);
  const PetscBool half = (PetscBool)(cs->hessian == COSTATE_HESSIAN_GAUSS_NEWTON); /* without what goes with eta */
  char            why[WHY];

  PetscFunctionBegin;
  PetscCheck(!v_u0 && !h_u0 && v && h, comm, PETSC_ERR_SUP,
             "A state of rest does not depend on the initial state: the method implicit has second derivatives with "
             "respect to the parameters alone, so give NULL for the directions in the initial state");
  PetscCall(AtSolution(cs));
  im->hessians++;
  why[0] = 0;
  if (!half) PetscCall(Eta(cs, j, why));
  if (!why[0])
    PetscCall(CostateSteadyHessian(im->linear, &im->probe, j, half ? im->zero : im->eta, v, h, im->g, why, WHY));
  PetscCall(PetscObjectStateGet((PetscObject)cs->p, &im->p_state)); /* it was put back */
  PetscCheck(!why[0], comm, PETSC_ERR_NOT_CONVERGED, "There are no second derivatives of cost %" PetscInt_FMT ": %s", j,
             why);
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
  PetscCall(VecDuplicate(cs->p, &im->p));
  PetscCall(VecDuplicate(cs->u0, &im->eta));
  PetscCall(VecZeroEntries(im->eta));
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
  PetscCall(PetscViewerASCIIPrintf(viewer, "  mode: %s%s\n",
                                   IsForward(cs) ? "forward, a solve for each parameter"
                                                 : "adjoint, a transposed solve for each cost",
                                   cs->steady_mode == COSTATE_STEADY_AUTO ? " (auto)" : ""));
  if (cs->accuracy > 0) PetscCall(PetscViewerASCIIPrintf(viewer, "  accuracy asked for: %g\n", (double)cs->accuracy));
  if (!cs->snes)
    PetscCall(PetscViewerASCIIPrintf(viewer, "  at rest: residual at most %g + %g |u|; last %.3g of that\n",
                                     (double)cs->steady_atol, (double)cs->steady_rtol, (double)im->norm));
  if (cs->adjoint_done)
    PetscCall(PetscViewerASCIIPrintf(viewer, "  error of the costs by what is left of the residual: %.3g\n",
                                     (double)im->error));
  if (im->tangents || im->hessians)
    PetscCall(PetscViewerASCIIPrintf(viewer,
                                     "  since the last solve: %" PetscInt_FMT " products with du/dp, %" PetscInt_FMT
                                     " with Hessians\n",
                                     im->tangents, im->hessians));
  if (im->linear) PetscCall(CostateLinearView(im->linear, viewer));
  PetscFunctionReturn(PETSC_SUCCESS);
}

static PetscErrorCode Reset_Implicit(Costate cs)
{
  Implicit *im = (Implicit *)cs->data;

  PetscFunctionBegin;
  PetscCall(CostateLinearDestroy(&im->linear));
  PetscCall(CostateSteadyProbeDestroy(&im->probe));
  im->have = im->steady = PETSC_FALSE;
  im->eta_of            = -1;
  PetscCall(VecDestroy(&im->p));
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
  Implicit *im   = (Implicit *)cs->data;
  PetscReal warn = WarnAt(cs);
  PetscBool set;

  PetscFunctionBegin;
  PetscOptionsHeadBegin(PetscOptionsObject, "Costate implicit options");
  PetscCall(PetscOptionsReal("-costate_steady_atol", "At rest: the residual, absolute", "CostateSetSteadyState",
                             cs->steady_atol, &cs->steady_atol, NULL));
  PetscCall(PetscOptionsReal("-costate_steady_rtol", "At rest: the residual, relative to the state",
                             "CostateSetSteadyState", cs->steady_rtol, &cs->steady_rtol, NULL));
  PetscCall(PetscOptionsReal("-costate_steady_warn", "Warn if the state makes the cost wrong by that part of it",
                             "CostateSetSteadyState", warn, &warn, &set));
  if (set) im->warn = warn;
  PetscCall(PetscOptionsBool("-costate_steady_check", "Compare the Jacobian with a difference of the residual",
                             "CostateSetSteadyState", im->check, &im->check, NULL));
  PetscCall(PetscOptionsEnum("-costate_steady_mode", "A solve for each cost, or for each parameter",
                             "CostateSetSteadyMode", CostateSteadyModes, (PetscEnum)cs->steady_mode,
                             (PetscEnum *)&cs->steady_mode, NULL));
  PetscOptionsHeadEnd();
  PetscFunctionReturn(PETSC_SUCCESS);
}

PETSC_INTERN PetscErrorCode CostateCreate_Implicit(Costate cs)
{
  Implicit *im;

  PetscFunctionBegin;
  PetscCall(PetscNew(&im));
  im->warn                = -1;
  im->eta_of              = -1;
  im->check               = PETSC_TRUE;
  cs->data                = im;
  cs->ops->setup          = SetUp_Implicit;
  cs->ops->forward        = Forward_Implicit;
  cs->ops->arrival        = Arrival_Implicit;
  cs->ops->tangent        = Tangent_Implicit;
  cs->ops->hessianmult    = HessianMult_Implicit;
  cs->ops->gradients      = Gradients_Implicit;
  cs->ops->view           = View_Implicit;
  cs->ops->reset          = Reset_Implicit;
  cs->ops->destroy        = Destroy_Implicit;
  cs->ops->setfromoptions = SetFromOptions_Implicit;
  PetscFunctionReturn(PETSC_SUCCESS);
}
