/* SPDX-License-Identifier: BSD-2-Clause */
#include "../common/common.h"
#include "problem.h"

static PetscErrorCode Changed(Costate cs, Vec p, void *ctx)
{
  PetscFunctionBeginUser;
  (void)cs;
  PetscCall(ModelSetParameters(ctx, p));
  PetscFunctionReturn(0);
}

/* The first guess, and S: the amplitude prior becomes |x|^2/2, and land does not move. */
static PetscErrorCode FirstGuess(Problem *b)
{
  const Model   *m    = b->model;
  const MPI_Comm comm = PetscObjectComm((PetscObject)m->da);
  DMDALocalInfo  g;
  PetscScalar   *p0, *s;
  PetscInt       n, k = 0;
  PetscMPIInt    rank;

  PetscFunctionBeginUser;
  PetscCallMPI(MPI_Comm_rank(comm, &rank));
  PetscCall(DMDAGetLocalInfo(m->da, &g));
  PetscCall(VecGetLocalSize(b->p0, &n));
  PetscCall(VecGetArray(b->p0, &p0));
  PetscCall(VecGetArray(b->p, &s));
  for (PetscInt j = g.ys; j < g.ys + g.ym; j++) {
    for (PetscInt i = g.xs; i < g.xs + g.xm; i++, k++) {
      p0[k] = PetscLogReal(m->prior.depth);
      s[k]  = ModelIsSea(m, i, j) ? m->prior.spread * PetscSqrtReal(m->total_area / m->area[j]) : 0.;
    }
  }
  if (!rank) {
    p0[k] = 0;
    s[k]  = m->prior.strength;
  }
  PetscCall(VecRestoreArray(b->p, &s));
  PetscCall(VecRestoreArray(b->p0, &p0));
  PetscCall(MatCreateAIJ(comm, n, n, PETSC_DETERMINE, PETSC_DETERMINE, 1, NULL, 0, NULL, &b->S));
  PetscCall(MatDiagonalSet(b->S, b->p, INSERT_VALUES));
  PetscCall(VecCopy(b->p0, b->p));
  PetscFunctionReturn(0);
}

PetscErrorCode ProblemCreate(Model *m, PetscInt steps, Problem *b)
{
  TS ts;

  PetscFunctionBeginUser;
  b->model = m;
  PetscCall(DMCreateGlobalVector(m->da, &b->T0));
  PetscCall(ModelInitialState(m, b->T0));
  PetscCall(ModelCreateParameters(m, &b->p0));
  PetscCall(VecDuplicate(b->p0, &b->p));
  PetscCall(FirstGuess(b));
  PetscCall(ModelCreateTS(m, steps, &ts));
  PetscCall(CostateCreate(PetscObjectComm((PetscObject)ts), &b->cs));
  PetscCall(CostateSetTS(b->cs, ts));
  PetscCall(CostateSetInitialState(b->cs, b->T0));
  PetscCall(CostateSetParameters(b->cs, b->p));
  PetscCall(CostateSetParametersChanged(b->cs, Changed, m));
  PetscCall(CostateSetIntegralCost(b->cs, 0, CostMisfit, CostMisfitT, NULL, m));
  PetscCall(CostateSetRegularization(b->cs, CostPrior, m));
  PetscCall(CostateSetInnerProduct(b->cs, COSTATE_INNER_COVARIANCE_ROOT, NULL, b->S));
  PetscCall(CostateSetFromOptions(b->cs));
  PetscCall(TSDestroy(&ts));
  PetscFunctionReturn(0);
}

PetscErrorCode ProblemDestroy(Problem *b)
{
  PetscFunctionBeginUser;
  PetscCall(CostateDestroy(&b->cs));
  PetscCall(VecDestroy(&b->T0));
  PetscCall(VecDestroy(&b->p0));
  PetscCall(VecDestroy(&b->p));
  PetscCall(MatDestroy(&b->S));
  PetscFunctionReturn(0);
}

PetscErrorCode ProblemTaylorTest(Problem *b, PetscInt seed)
{
  const MPI_Comm comm = PetscObjectComm((PetscObject)b->cs);
  PetscRandom    random;
  PetscReal      order;
  CostateType    type;

  PetscFunctionBeginUser;
  PetscCall(ExampleRandom(comm, seed, &random));
  PetscCall(CostateCheckTaylor(b->cs, 0, random, PETSC_VIEWER_STDOUT_(comm), &order));
  PetscCall(PetscRandomDestroy(&random));
  PetscCall(CostateGetType(b->cs, &type));
  /* the continuous adjoints give the gradient of the equation, not of the steps */
  PetscCheck(order >= 1.99 || strcmp(type, COSTATEDISCRETE), comm, PETSC_ERR_PLIB,
             "The gradient is not the derivative of the cost: see the Taylor test above (seed %" PetscInt_FMT ")",
             seed);
  PetscFunctionReturn(0);
}

static PetscErrorCode SetControls(Problem *b, Vec x)
{
  PetscFunctionBeginUser;
  PetscCall(MatMultAdd(b->S, x, b->p0, b->p));
  PetscCall(ModelSetParameters(b->model, b->p));
  PetscFunctionReturn(0);
}

/* Of the iterate alone: what the last evaluation left behind is not there where a tape gave its result. */
static PetscErrorCode Report(Tao tao, void *ctx)
{
  Problem  *b = ctx;
  PetscInt  it;
  PetscReal cost, gnorm, prior;
  Vec       x, g;

  PetscFunctionBeginUser;
  PetscCall(TaoGetSolution(tao, &x));
  PetscCall(TaoGetSolutionStatus(tao, &it, &cost, &gnorm, NULL, NULL, NULL));
  PetscCall(SetControls(b, x));
  PetscCall(VecDuplicate(b->p, &g));
  PetscCall(CostPrior(b->cs, b->p, &prior, g, b->model));
  PetscCall(VecDestroy(&g));
  PetscCall(PetscPrintf(PetscObjectComm((PetscObject)tao), "  %4" PetscInt_FMT "    %.6f    %.4f      %.3e    %.3f\n",
                        it, (double)cost, (double)(b->model->sigma * PetscSqrtReal(2 * (cost - prior))), (double)gnorm,
                        (double)b->model->lambda));
  PetscFunctionReturn(0);
}

/* A bound on h, in metres, as one on x. */
static PetscErrorCode Bound(const Problem *b, PetscReal h, PetscReal otherwise, Vec *bound)
{
  PetscScalar *x;
  PetscInt     n, nstate;

  PetscFunctionBeginUser;
  PetscCall(MatCreateVecs(b->S, bound, NULL));
  PetscCall(MatGetDiagonal(b->S, *bound));
  PetscCall(VecGetLocalSize(b->T0, &nstate));
  PetscCall(VecGetLocalSize(*bound, &n));
  PetscCall(VecGetArray(*bound, &x));
  for (PetscInt k = 0; k < n; k++) {
    const PetscBool depth = (PetscBool)(k < nstate && x[k] > 0);

    x[k] = depth ? PetscLogReal(h / b->model->prior.depth) / x[k] : otherwise;
  }
  PetscCall(VecRestoreArray(*bound, &x));
  PetscFunctionReturn(0);
}

PetscErrorCode ProblemOptimise(Problem *b, PetscReal lower, PetscReal upper, PetscInt iterations)
{
  const MPI_Comm comm = PetscObjectComm((PetscObject)b->cs);
  Tao            tao;
  Vec            lo, hi, x;

  PetscFunctionBeginUser;
  PetscCall(Bound(b, lower, -10., &lo));
  PetscCall(Bound(b, upper, 10., &hi));
  PetscCall(TaoCreate(comm, &tao));
  PetscCall(TaoSetType(tao, TAOBLMVM));
  PetscCall(CostateSetUpTao(b->cs, tao));
  PetscCall(TaoSetVariableBounds(tao, lo, hi));
#if PETSC_VERSION_LT(3, 21, 0)
  PetscCall(TaoSetMonitor(tao, Report, b, NULL));
#else
  PetscCall(TaoMonitorSet(tao, Report, b, NULL));
#endif
  PetscCall(TaoSetMaximumIterations(tao, iterations));
  PetscCall(TaoSetTolerances(tao, 1e-6, 0., 0.));
  PetscCall(TaoSetFromOptions(tao));
  PetscCall(PetscPrintf(comm, "  iteration  cost    misfit (K)  |gradient|   lambda\n"));
  PetscCall(TaoSolve(tao));
  PetscCall(TaoGetSolution(tao, &x));
  PetscCall(SetControls(b, x));
  PetscCall(TaoDestroy(&tao));
  PetscCall(VecDestroy(&lo));
  PetscCall(VecDestroy(&hi));
  PetscFunctionReturn(0);
}
