/* SPDX-License-Identifier: BSD-2-Clause */
#include "problem.h"

PetscErrorCode ProblemCreate(Model *m, const Prior *prior, PetscInt steps, Problem *b)
{
  DMDALocalInfo g;
  PetscScalar  *p0, *s;
  PetscInt      n = 0;
  PetscMPIInt   rank;

  PetscFunctionBeginUser;
  b->model = m;
  b->prior = *prior;
  PetscCall(ModelCreateTS(m, steps, PETSC_TRUE, &b->adjoint));
  PetscCall(ModelCreateTS(m, steps, PETSC_FALSE, &b->forward));
  PetscCall(ModelCreateParameters(m, &b->p0));
  PetscCall(VecDuplicate(b->p0, &b->scale));
  PetscCall(VecDuplicate(b->p0, &b->p));
  PetscCall(VecDuplicate(b->p0, &b->mu));
  PetscCall(DMCreateGlobalVector(m->da, &b->T));
  PetscCall(VecDuplicate(b->T, &b->lambda));
  PetscCall(DMDAGetLocalInfo(m->da, &g));
  PetscCallMPI(MPI_Comm_rank(PetscObjectComm((PetscObject)m->da), &rank));
  PetscCall(VecGetArray(b->p0, &p0));
  PetscCall(VecGetArray(b->scale, &s));
  for (PetscInt j = g.ys; j < g.ys + g.ym; j++) {
    for (PetscInt i = g.xs; i < g.xs + g.xm; i++, n++) {
      p0[n] = PetscLogReal(prior->depth);
      /* the amplitude prior becomes |v|^2/2; land does not move */
      s[n] = ModelIsSea(m, i, j) ? prior->spread * PetscSqrtReal(m->total_area / m->area[j]) : 0.;
    }
  }
  if (!rank) {
    p0[n] = 0;
    s[n]  = prior->strength;
  }
  PetscCall(VecRestoreArray(b->scale, &s));
  PetscCall(VecRestoreArray(b->p0, &p0));
  PetscFunctionReturn(0);
}

PetscErrorCode ProblemDestroy(Problem *b)
{
  PetscFunctionBeginUser;
  PetscCall(TSDestroy(&b->adjoint));
  PetscCall(TSDestroy(&b->forward));
  PetscCall(VecDestroy(&b->p0));
  PetscCall(VecDestroy(&b->scale));
  PetscCall(VecDestroy(&b->p));
  PetscCall(VecDestroy(&b->mu));
  PetscCall(VecDestroy(&b->T));
  PetscCall(VecDestroy(&b->lambda));
  PetscFunctionReturn(0);
}

PetscErrorCode ProblemEvaluate(Problem *b, Vec v, PetscReal *cost, Vec g)
{
  const TS          ts = g ? b->adjoint : b->forward;
  TSConvergedReason reason;
  Vec               integral;

  PetscFunctionBeginUser;
  PetscCall(VecPointwiseMult(b->p, b->scale, v));
  PetscCall(VecAXPY(b->p, 1., b->p0));
  PetscCall(ModelSetParameters(b->model, b->p));
  PetscCall(ModelInitialState(b->model, b->T));
  PetscCall(TSGetCostIntegral(ts, &integral));
  PetscCall(VecZeroEntries(integral));
  PetscCall(TSSetTime(ts, 0.));
  PetscCall(TSSetStepNumber(ts, 0));
  PetscCall(TSSetTimeStep(ts, b->model->dt));
  PetscCall(TSSolve(ts, b->T));
  PetscCall(TSGetConvergedReason(ts, &reason));
  PetscCheck(reason > 0, PetscObjectComm((PetscObject)ts), PETSC_ERR_NOT_CONVERGED,
             "The forward run stopped: %s. Try a shorter step (-steps_per_year)", TSConvergedReasons[reason]);
  PetscCall(VecSum(integral, cost));
  b->rms = b->model->sigma * PetscSqrtReal(2 * *cost);
  PetscCall(VecZeroEntries(b->mu));
  if (g) {
    PetscCall(VecZeroEntries(b->lambda));
    PetscCall(TSSetCostGradients(ts, 1, &b->lambda, &b->mu));
    PetscCall(TSAdjointSolve(ts));
  }
  PetscCall(CostAddPrior(b->model, &b->prior, b->p, cost, b->mu));
  if (g) PetscCall(VecPointwiseMult(g, b->scale, b->mu));
  PetscFunctionReturn(0);
}

/* A direction in which every ocean cell's log h, and log lambda, moves by a number between -1 and 1. */
static PetscErrorCode Direction(const Problem *b, PetscInt seed, Vec d)
{
  PetscRandom        random;
  PetscScalar       *x;
  const PetscScalar *s;
  PetscInt           n;

  PetscFunctionBeginUser;
  PetscCall(PetscRandomCreate(PetscObjectComm((PetscObject)d), &random));
  PetscCall(PetscRandomSetType(random, PETSCRANDER48));
  PetscCall(PetscRandomSetInterval(random, -1., 1.));
  PetscCall(PetscRandomSetSeed(random, (unsigned long)seed));
  PetscCall(PetscRandomSeed(random));
  PetscCall(VecSetRandom(d, random));
  PetscCall(PetscRandomDestroy(&random));
  PetscCall(VecGetLocalSize(d, &n));
  PetscCall(VecGetArray(d, &x));
  PetscCall(VecGetArrayRead(b->scale, &s));
  for (PetscInt k = 0; k < n; k++) x[k] = s[k] > 0 ? x[k] / s[k] : 0;
  PetscCall(VecRestoreArrayRead(b->scale, &s));
  PetscCall(VecRestoreArray(d, &x));
  PetscFunctionReturn(0);
}

PetscErrorCode ProblemTaylorTest(Problem *b, Vec v, PetscInt seed)
{
  const MPI_Comm comm = PetscObjectComm((PetscObject)v);
  PetscReal      eps = 0.02, cost0, cost, previous = 0, least = 9;
  PetscScalar    slope;
  Vec            d, w, g;

  PetscFunctionBeginUser;
  PetscCall(VecDuplicate(v, &d));
  PetscCall(VecDuplicate(v, &w));
  PetscCall(VecDuplicate(v, &g));
  PetscCall(Direction(b, seed, d));
  PetscCall(ProblemEvaluate(b, v, &cost0, g));
  PetscCall(VecDot(g, d, &slope));
  PetscCall(PetscPrintf(comm, "Taylor test in a random direction (seed %" PetscInt_FMT "): J = %.12g, g.d = %.12g\n",
                        seed, (double)cost0, (double)slope));
  PetscCall(PetscPrintf(comm, "      eps        |J(v + eps d) - J|   |... - eps g.d|    order\n"));
  for (PetscInt k = 0; k < 6; k++, eps /= 2) {
    PetscCall(VecWAXPY(w, eps, d, v));
    PetscCall(ProblemEvaluate(b, w, &cost, NULL));
    const PetscReal remainder = PetscAbsReal(cost - cost0 - eps * slope),
                    order     = k ? PetscLog2Real(previous / remainder) : 0;

    PetscCall(PetscPrintf(comm, "  %.6e     %.6e       %.6e", (double)eps, (double)PetscAbsReal(cost - cost0),
                          (double)remainder));
    PetscCall(k ? PetscPrintf(comm, "     %.4f\n", (double)order) : PetscPrintf(comm, "\n"));
    if (k) least = PetscMin(least, order);
    previous = remainder;
  }
  PetscCall(PetscPrintf(comm,
                        "Taylor test: least order of five consecutive halvings %.4f (an exact gradient gives 2): %s\n",
                        (double)least, least >= 1.99 ? "passed" : "FAILED"));
  PetscCheck(least >= 1.99, comm, PETSC_ERR_PLIB,
             "The gradient is not the derivative of the cost: see the Taylor test above");
  PetscCall(VecDestroy(&d));
  PetscCall(VecDestroy(&w));
  PetscCall(VecDestroy(&g));
  PetscFunctionReturn(0);
}

static PetscErrorCode CostAndGradient(Tao tao, Vec v, PetscReal *cost, Vec g, void *ctx)
{
  PetscFunctionBeginUser;
  (void)tao;
  PetscCall(ProblemEvaluate(ctx, v, cost, g));
  PetscFunctionReturn(0);
}

/* Of the iterate alone: what the last evaluation left behind is not there where a tape gave its result. */
static PetscErrorCode Report(Tao tao, void *ctx)
{
  Problem  *b = ctx;
  PetscInt  it;
  PetscReal cost, gnorm, prior = 0;
  Vec       v;

  PetscFunctionBeginUser;
  PetscCall(TaoGetSolution(tao, &v));
  PetscCall(TaoGetSolutionStatus(tao, &it, &cost, &gnorm, NULL, NULL, NULL));
  PetscCall(VecPointwiseMult(b->p, b->scale, v));
  PetscCall(VecAXPY(b->p, 1., b->p0));
  PetscCall(ModelSetParameters(b->model, b->p));
  PetscCall(CostAddPrior(b->model, &b->prior, b->p, &prior, b->mu));
  PetscCall(PetscPrintf(PetscObjectComm((PetscObject)tao), "  %4" PetscInt_FMT "    %.6f    %.4f      %.3e    %.3f\n",
                        it, (double)cost, (double)(b->model->sigma * PetscSqrtReal(2 * (cost - prior))), (double)gnorm,
                        (double)b->model->lambda));
  PetscFunctionReturn(0);
}

/* Bounds on h, in metres, as bounds on the scaled controls. */
static PetscErrorCode Bounds(const Problem *b, PetscReal h, PetscReal otherwise, Vec *bound)
{
  const PetscScalar *s;
  PetscScalar       *x;
  PetscInt           n, nstate;

  PetscFunctionBeginUser;
  PetscCall(VecDuplicate(b->p0, bound));
  PetscCall(VecSet(*bound, otherwise));
  PetscCall(VecGetLocalSize(b->T, &nstate));
  PetscCall(VecGetLocalSize(b->scale, &n));
  PetscCall(VecGetArrayRead(b->scale, &s));
  PetscCall(VecGetArray(*bound, &x));
  for (PetscInt k = 0; k < nstate; k++) x[k] = s[k] > 0 ? PetscLogReal(h / b->prior.depth) / s[k] : otherwise;
  PetscCall(VecRestoreArray(*bound, &x));
  PetscCall(VecRestoreArrayRead(b->scale, &s));
  PetscFunctionReturn(0);
}

PetscErrorCode ProblemOptimise(Problem *b, PetscReal lower, PetscReal upper, PetscInt iterations, Vec v)
{
  Tao tao;
  Vec lo, hi;

  PetscFunctionBeginUser;
  PetscCall(Bounds(b, lower, -10., &lo));
  PetscCall(Bounds(b, upper, 10., &hi));
  PetscCall(TaoCreate(PetscObjectComm((PetscObject)v), &tao));
  PetscCall(TaoSetType(tao, TAOBLMVM));
  PetscCall(TaoSetSolution(tao, v));
  PetscCall(TaoSetVariableBounds(tao, lo, hi));
  PetscCall(TaoSetObjectiveAndGradient(tao, NULL, CostAndGradient, b));
#if PETSC_VERSION_LT(3, 21, 0)
  PetscCall(TaoSetMonitor(tao, Report, b, NULL));
#else
  PetscCall(TaoMonitorSet(tao, Report, b, NULL));
#endif
  PetscCall(TaoSetMaximumIterations(tao, iterations));
  PetscCall(TaoSetTolerances(tao, 1e-6, 0., 0.));
  PetscCall(TaoSetFromOptions(tao));
  PetscCall(PetscPrintf(PetscObjectComm((PetscObject)tao), "  iteration  cost    misfit (K)  |gradient|   lambda\n"));
  PetscCall(TaoSolve(tao));
  PetscCall(TaoDestroy(&tao));
  PetscCall(VecDestroy(&lo));
  PetscCall(VecDestroy(&hi));
  PetscFunctionReturn(0);
}
