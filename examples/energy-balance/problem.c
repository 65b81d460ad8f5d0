/* SPDX-License-Identifier: BSD-2-Clause */
#include "../common/common.h"
#include "problem.h"

PetscErrorCode ProblemValues(const Problem *b, Vec x, PetscReal value[NPAR])
{
  const MPI_Comm     comm = PetscObjectComm((PetscObject)x);
  const PetscScalar *v;
  PetscMPIInt        rank;

  PetscFunctionBeginUser;
  PetscCallMPI(MPI_Comm_rank(comm, &rank));
  PetscCall(VecGetArrayRead(x, &v));
  if (!rank) {
    for (int k = 0; k < NPAR; k++) {
      const PetscReal shift = b->prior.spread[k] * v[k];

      value[k] = ParameterIsLog[k] ? b->prior.centre[k] * PetscExpReal(shift) : b->prior.centre[k] + shift;
    }
  }
  PetscCall(VecRestoreArrayRead(x, &v));
  PetscCallMPI(MPI_Bcast(value, NPAR, MPIU_REAL, 0, comm));
  PetscFunctionReturn(0);
}

PetscErrorCode ProblemSet(const PetscReal number[NPAR], Vec x)
{
  PetscScalar *v;
  PetscMPIInt  rank;

  PetscFunctionBeginUser;
  PetscCallMPI(MPI_Comm_rank(PetscObjectComm((PetscObject)x), &rank));
  PetscCall(VecGetArrayWrite(x, &v));
  if (!rank) PetscCall(PetscArraycpy(v, number, NPAR));
  PetscCall(VecRestoreArrayWrite(x, &v));
  PetscFunctionReturn(0);
}

static PetscErrorCode Changed(Costate cs, Vec x, void *ctx)
{
  Problem  *b = ctx;
  PetscReal value[NPAR];

  PetscFunctionBeginUser;
  (void)cs;
  PetscCall(ProblemValues(b, x, value));
  PetscCall(BalanceSetParameters(b->balance, value));
  PetscFunctionReturn(0);
}

static PetscErrorCode ResidualP(Costate cs, Vec T, Vec x, Mat Rp, void *ctx)
{
  Problem *b = ctx;

  PetscFunctionBeginUser;
  (void)cs, (void)x;
  PetscCall(BalanceJacobianP(b->balance, T, b->prior.spread, Rp));
  PetscFunctionReturn(0);
}

/* The cost is n/2 times the mean of ((T - observed) / sigma)^2 over what is observed. */
static PetscErrorCode Misfit(Costate cs, PetscInt i, PetscReal t, Vec T, Vec x, PetscReal *value, void *ctx)
{
  Problem  *b = ctx;
  PetscReal mean;

  PetscFunctionBeginUser;
  (void)cs, (void)i, (void)t, (void)x;
  PetscCall(VecWAXPY(b->work, -1, b->observed, T));
  PetscCall(VecPointwiseMult(b->work, b->work, b->work));
  PetscCall(VecDot(b->work, b->share, &mean));
  b->rms = PetscSqrtReal(mean);
  if (T != b->T) PetscCall(VecCopy(T, b->T));
  *value = b->n / 2 * mean / PetscSqr(b->sigma);
  PetscFunctionReturn(0);
}

static PetscErrorCode MisfitT(Costate cs, PetscInt i, PetscReal t, Vec T, Vec x, Vec g, void *ctx)
{
  Problem *b = ctx;

  PetscFunctionBeginUser;
  (void)cs, (void)i, (void)t, (void)x;
  PetscCall(VecWAXPY(g, -1, b->observed, T));
  PetscCall(VecPointwiseMult(g, g, b->share));
  PetscCall(VecScale(g, b->n / PetscSqr(b->sigma)));
  b->gradients++;
  PetscFunctionReturn(0);
}

static PetscErrorCode WhatWasKnown(Costate cs, Vec x, PetscReal *value, Vec g, void *ctx)
{
  Problem  *b = ctx;
  PetscReal square;

  PetscFunctionBeginUser;
  (void)cs;
  PetscCall(VecDot(x, x, &square));
  *value = b->prior.weight * square / 2;
  if (g) PetscCall(VecAXPY(g, b->prior.weight, x));
  PetscFunctionReturn(0);
}

static PetscErrorCode Observations(Problem *b, PetscReal length)
{
  const Balance *a = b->balance;
  const Planet  *p = a->planet;
  PetscScalar  **T, **share;
  DMDALocalInfo  g;
  PetscReal      sum;

  PetscFunctionBeginUser;
  PetscCall(DMDAGetLocalInfo(a->da, &g));
  PetscCall(DMDAVecGetArrayWrite(a->da, b->observed, &T));
  PetscCall(DMDAVecGetArrayWrite(a->da, b->share, &share));
  for (PetscInt j = g.ys; j < g.ys + g.ym; j++) {
    for (PetscInt i = g.xs; i < g.xs + g.xm; i++) {
      T[j][i]     = p->T[j * p->nx + i];
      share[j][i] = p->seen[j * p->nx + i] ? a->area[j] : 0;
    }
  }
  PetscCall(DMDAVecRestoreArrayWrite(a->da, b->share, &share));
  PetscCall(DMDAVecRestoreArrayWrite(a->da, b->observed, &T));
  PetscCall(VecSum(b->share, &sum));
  PetscCall(VecScale(b->share, 1 / sum));
  b->n = sum * PetscSqr(EARTH_RADIUS / length);
  PetscFunctionReturn(0);
}

PetscErrorCode ProblemCreate(Balance *a, const Prior *prior, PetscReal sigma, PetscReal length, Problem *b)
{
  const MPI_Comm comm = PetscObjectComm((PetscObject)a->da);
  PetscMPIInt    rank;
  PetscInt       n;

  PetscFunctionBeginUser;
  *b = (Problem){.balance = a, .prior = *prior, .sigma = sigma};
  PetscCallMPI(MPI_Comm_rank(comm, &rank));
  PetscCall(VecCreateMPI(comm, rank ? 0 : NPAR, NPAR, &b->x));
  PetscCall(DMCreateGlobalVector(a->da, &b->T0));
  PetscCall(VecDuplicate(b->T0, &b->observed));
  PetscCall(VecDuplicate(b->T0, &b->share));
  PetscCall(VecDuplicate(b->T0, &b->work));
  PetscCall(VecDuplicate(b->T0, &b->T));
  PetscCall(VecDuplicate(b->x, &b->start));
  PetscCall(BalanceGuess(a, b->T0));
  PetscCall(Observations(b, length));
  PetscCall(VecGetLocalSize(b->T0, &n));
  PetscCall(MatCreateDense(comm, n, rank ? 0 : NPAR, PETSC_DETERMINE, NPAR, NULL, &b->Rp));
  PetscCall(BalanceCreateSNES(a, &b->snes));

  PetscCall(CostateCreate(comm, &b->cs));
  PetscCall(CostateSetSNES(b->cs, b->snes));
  PetscCall(CostateSetInitialState(b->cs, b->T0));
  PetscCall(CostateSetParameters(b->cs, b->x));
  PetscCall(CostateSetParametersChanged(b->cs, Changed, b));
  PetscCall(CostateSetSteadyJacobianP(b->cs, b->Rp, ResidualP, b));
  PetscCall(CostateSetTerminalCost(b->cs, 0, Misfit, MisfitT, NULL, b));
  PetscCall(CostateSetRegularization(b->cs, WhatWasKnown, b));
#if defined(PETSC_HAVE_HYPRE)
  PetscCall(ExampleDefault("-costate_adjoint_pc_type", PCHYPRE));
#else
  PetscCall(ExampleDefault("-costate_adjoint_pc_type", PCGAMG));
#endif
  PetscCall(CostateSetFromOptions(b->cs));
  PetscFunctionReturn(0);
}

PetscErrorCode ProblemDestroy(Problem *b)
{
  PetscFunctionBeginUser;
  PetscCall(CostateDestroy(&b->cs));
  PetscCall(SNESDestroy(&b->snes));
  PetscCall(MatDestroy(&b->Rp));
  PetscCall(VecDestroy(&b->T0));
  PetscCall(VecDestroy(&b->x));
  PetscCall(VecDestroy(&b->observed));
  PetscCall(VecDestroy(&b->share));
  PetscCall(VecDestroy(&b->work));
  PetscCall(VecDestroy(&b->T));
  PetscCall(VecDestroy(&b->start));
  PetscFunctionReturn(0);
}

PetscErrorCode ProblemClimate(Problem *b, Vec x, Vec T)
{
  SNESConvergedReason reason;
  PetscReal           value;

  PetscFunctionBeginUser;
  PetscCall(Changed(b->cs, x, b));
  PetscCall(VecCopy(b->T0, T));
  PetscCall(SNESSolve(b->snes, NULL, T));
  PetscCall(SNESGetConvergedReason(b->snes, &reason));
  PetscCheck(reason > 0, PetscObjectComm((PetscObject)T), PETSC_ERR_NOT_CONVERGED,
             "No climate was found: %s. -snes_monitor -ksp_converged_reason show why; an -ice_width of a few K makes "
             "it easier",
             SNESConvergedReasons[reason]);
  PetscCall(Misfit(b->cs, 0, 0, T, x, &value, b));
  PetscFunctionReturn(0);
}

/* Where land and sea, north and south differ: derivatives that mix them up would pass otherwise. */
PetscErrorCode ProblemCheck(Problem *b, PetscInt seed, PetscReal *order)
{
  const MPI_Comm comm = PetscObjectComm((PetscObject)b->cs);
  PetscRandom    random;
  PetscReal      error, x[NPAR];

  PetscFunctionBeginUser;
  PetscCall(ExampleRandom(PETSC_COMM_SELF, seed, &random));
  for (int k = 0; k < NPAR; k++) {
    PetscCall(PetscRandomGetValueReal(random, &x[k]));
    x[k] /= 2;
  }
  PetscCall(PetscRandomDestroy(&random));
  PetscCall(ProblemSet(x, b->x));
  PetscCall(ExampleRandom(comm, seed, &random));
  PetscCall(CostateCheckDotProduct(b->cs, random, PETSC_VIEWER_STDOUT_(comm), &error));
  PetscCall(CostateCheckTaylor(b->cs, 0, random, PETSC_VIEWER_STDOUT_(comm), order));
  PetscCall(PetscRandomDestroy(&random));
  PetscCall(VecZeroEntries(b->x));
  PetscFunctionReturn(0);
}

/* After each iteration: what it came to, and from its climate the next solves begin. */
static PetscErrorCode Report(Tao tao, void *ctx)
{
  Problem  *b = ctx;
  PetscInt  it;
  PetscReal cost, gnorm, known = 0, v[NPAR];
  Vec       y;

  PetscFunctionBeginUser;
  PetscCall(TaoGetSolution(tao, &y));
  PetscCall(TaoGetSolutionStatus(tao, &it, &cost, &gnorm, NULL, NULL, NULL));
  PetscCall(MatMultAdd(b->root, y, b->start, b->x));
  PetscCall(WhatWasKnown(b->cs, b->x, &known, NULL, b));
  PetscCall(ProblemValues(b, b->x, v));
  PetscCall(VecCopy(b->T, b->T0));
  PetscCall(PetscPrintf(PetscObjectComm((PetscObject)tao),
                        "  %6" PetscInt_FMT " %14.6f %11.2e %8.4f %9.3f %7.4f %7.4f %7.4f %7.4f\n", it, (double)cost,
                        (double)gnorm, (double)(b->sigma * PetscSqrtReal(2 * (cost - known) / b->n)), (double)v[PAR_A],
                        (double)v[PAR_B], (double)v[PAR_SEA], (double)v[PAR_LAND], (double)v[PAR_SLOPE]));
  PetscFunctionReturn(0);
}

PetscErrorCode ProblemMinimise(Problem *b, Mat S)
{
  const MPI_Comm     comm = PetscObjectComm((PetscObject)b->x);
  TaoConvergedReason reason;
  Tao                tao;
  Vec                y;

  PetscFunctionBeginUser;
  b->root = S;
  PetscCall(VecCopy(b->x, b->start));
  PetscCall(CostateSetInnerProduct(b->cs, COSTATE_INNER_COVARIANCE_ROOT, NULL, S));
  PetscCall(TaoCreate(comm, &tao));
  PetscCall(TaoSetType(tao, TAOLMVM));
  PetscCall(CostateSetUpTao(b->cs, tao));
#if PETSC_VERSION_LT(3, 21, 0)
  PetscCall(TaoSetMonitor(tao, Report, b, NULL));
#else
  PetscCall(TaoMonitorSet(tao, Report, b, NULL));
#endif
  PetscCall(TaoSetMaximumIterations(tao, 100));
  PetscCall(TaoSetTolerances(tao, 1e-6, 0., 0.));
  PetscCall(TaoSetFromOptions(tao));
  PetscCall(
      PetscPrintf(comm, "  iteration      cost   |gradient|  rms (K)         A       B   D_sea  D_land      d2\n"));
  PetscCall(TaoSolve(tao));
  PetscCall(TaoGetConvergedReason(tao, &reason));
  if (reason < 0) PetscCall(PetscPrintf(comm, "  the minimisation ended with %s\n", TaoConvergedReasons[reason]));
  PetscCall(TaoGetIterationNumber(tao, &b->its));
  PetscCall(TaoGetSolution(tao, &y));
  PetscCall(MatMultAdd(S, y, b->start, b->x));
  PetscCall(TaoDestroy(&tao));
  PetscFunctionReturn(0);
}

PetscErrorCode ProblemGradient(Problem *b, const PetscReal x[NPAR], PetscReal g[NPAR])
{
  const MPI_Comm         comm = PetscObjectComm((PetscObject)b->x);
  CostateConvergedReason reason;
  const PetscScalar     *v;
  PetscMPIInt            rank;
  Vec                    gradient;

  PetscFunctionBeginUser;
  PetscCall(ProblemSet(x, b->x));
  PetscCall(CostateSolve(b->cs));
  PetscCall(CostateGetConvergedReason(b->cs, &reason));
  PetscCheck(reason > 0, comm, PETSC_ERR_NOT_CONVERGED, "There is no gradient next to the estimate: %s",
             CostateConvergedReasons[reason]);
  PetscCall(CostateGetCovector(b->cs, 0, NULL, &gradient));
  PetscCallMPI(MPI_Comm_rank(comm, &rank));
  PetscCall(VecGetArrayRead(gradient, &v));
  if (!rank) PetscCall(PetscArraycpy(g, v, NPAR));
  PetscCall(VecRestoreArrayRead(gradient, &v));
  PetscCallMPI(MPI_Bcast(g, NPAR, MPIU_REAL, 0, comm));
  PetscCall(VecCopy(b->T, b->T0));
  PetscFunctionReturn(0);
}
