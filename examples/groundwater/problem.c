/* SPDX-License-Identifier: BSD-2-Clause */
#include "../common/common.h"
#include "problem.h"

static PetscErrorCode Changed(Costate cs, Vec k, void *ctx)
{
  PetscFunctionBeginUser;
  (void)cs;
  PetscCall(AquiferSetParameters(((Problem *)ctx)->aquifer, k));
  PetscFunctionReturn(0);
}

static PetscErrorCode ResidualP(Costate cs, Vec h, Vec k, Mat Rp, void *ctx)
{
  PetscFunctionBeginUser;
  (void)cs, (void)k;
  PetscCall(AquiferJacobianP(((Problem *)ctx)->aquifer, h, Rp));
  PetscFunctionReturn(0);
}

/* The cost is half the sum of ((h - measured) / sigma)^2 over the wells. */
static PetscErrorCode Misfit(Costate cs, PetscInt i, PetscReal t, Vec h, Vec k, PetscReal *value, void *ctx)
{
  Problem        *b     = ctx;
  const PetscReal sigma = b->wells->sigma;

  PetscFunctionBeginUser;
  (void)cs, (void)i, (void)t, (void)k;
  PetscCall(MatMult(b->at, h, b->work));
  PetscCall(VecAXPY(b->work, -1, b->measured));
  PetscCall(VecDot(b->work, b->work, &b->chi2));
  b->chi2 /= sigma * sigma;
  *value = b->chi2 / 2;
  PetscFunctionReturn(0);
}

static PetscErrorCode MisfitH(Costate cs, PetscInt i, PetscReal t, Vec h, Vec k, Vec g, void *ctx)
{
  Problem        *b     = ctx;
  const PetscReal sigma = b->wells->sigma;

  PetscFunctionBeginUser;
  (void)cs, (void)i, (void)t, (void)k;
  PetscCall(MatMult(b->at, h, b->work));
  PetscCall(VecAXPY(b->work, -1, b->measured));
  PetscCall(VecScale(b->work, 1 / (sigma * sigma)));
  PetscCall(MatMultTranspose(b->at, b->work, g));
  b->gradients++;
  PetscFunctionReturn(0);
}

static PetscErrorCode Regularization(Costate cs, Vec k, PetscReal *value, Vec g, void *ctx)
{
  Problem *b = ctx;

  PetscFunctionBeginUser;
  (void)cs;
  PetscCall(RoughnessValue(&b->roughness, b->aquifer, k, value, g));
  PetscFunctionReturn(0);
}

PetscErrorCode ProblemCreate(Aquifer *a, const Wells *wells, Vec measured, PetscReal k0, const Roughness *roughness,
                             Problem *b)
{
  PetscFunctionBeginUser;
  *b = (Problem){.aquifer = a, .wells = wells, .measured = measured, .roughness = *roughness};
  PetscCall(AquiferInterpolation(a, wells->n, wells->x, wells->y, &b->at));
  PetscCall(VecDuplicate(measured, &b->work));
  PetscCall(DMCreateGlobalVector(a->da, &b->h0));
  PetscCall(AquiferGuess(a, b->h0));
  PetscCall(VecDuplicate(b->h0, &b->k));
  PetscCall(VecSet(b->k, k0));
  PetscCall(DMCreateMatrix(a->da, &b->Rp));
  PetscCall(AquiferCreateSNES(a, &b->snes));

  PetscCall(CostateCreate(PetscObjectComm((PetscObject)a->da), &b->cs));
  PetscCall(CostateSetSNES(b->cs, b->snes));
  PetscCall(CostateSetInitialState(b->cs, b->h0));
  PetscCall(CostateSetParameters(b->cs, b->k));
  PetscCall(CostateSetParametersChanged(b->cs, Changed, b));
  PetscCall(CostateSetSteadyJacobianP(b->cs, b->Rp, ResidualP, b));
  PetscCall(CostateSetTerminalCost(b->cs, 0, Misfit, MisfitH, NULL, b));
  PetscCall(CostateSetRegularization(b->cs, Regularization, b));
  PetscCall(ExampleDefault("-costate_adjoint_ksp_type", KSPCG));
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
  PetscCall(MatDestroy(&b->at));
  PetscCall(MatDestroy(&b->Rp));
  PetscCall(VecDestroy(&b->h0));
  PetscCall(VecDestroy(&b->k));
  PetscCall(VecDestroy(&b->work));
  PetscFunctionReturn(0);
}

PetscErrorCode ProblemCheck(Problem *b, Vec truth, PetscInt seed, PetscReal *order)
{
  const MPI_Comm comm = PetscObjectComm((PetscObject)b->k);
  PetscRandom    random;
  PetscReal      error;
  Vec            guess;

  PetscFunctionBeginUser;
  PetscCall(ExampleRandom(comm, seed, &random));
  PetscCall(VecDuplicate(b->k, &guess));
  PetscCall(VecCopy(b->k, guess));
  PetscCall(VecAXPBY(b->k, .5, .5, truth)); /* where k is the same everywhere, so are derivatives that should differ */
  PetscCall(CostateCheckDotProduct(b->cs, random, PETSC_VIEWER_STDOUT_(comm), &error));
  PetscCall(CostateCheckTaylor(b->cs, 0, random, PETSC_VIEWER_STDOUT_(comm), order));
  PetscCall(VecCopy(guess, b->k));
  PetscCall(VecDestroy(&guess));
  PetscCall(PetscRandomDestroy(&random));
  PetscFunctionReturn(0);
}

PetscErrorCode ProblemHeads(Problem *b, Vec k, Vec h)
{
  SNESConvergedReason reason;
  PetscReal           value;

  PetscFunctionBeginUser;
  PetscCall(AquiferSetParameters(b->aquifer, k));
  PetscCall(VecCopy(b->h0, h));
  PetscCall(SNESSolve(b->snes, NULL, h));
  PetscCall(SNESGetConvergedReason(b->snes, &reason));
  PetscCheck(reason > 0, PetscObjectComm((PetscObject)h), PETSC_ERR_NOT_CONVERGED,
             "No heads were found: %s. -snes_monitor -ksp_converged_reason show why", SNESConvergedReasons[reason]);
  PetscCall(Misfit(b->cs, 0, 0, h, k, &value, b));
  PetscFunctionReturn(0);
}

PetscErrorCode ProblemMinimise(Problem *b, PetscReal lower, PetscReal upper)
{
  const MPI_Comm     comm = PetscObjectComm((PetscObject)b->k);
  TaoConvergedReason reason;
  PetscInt           its;
  Tao                tao;
  Vec                lo, hi, k;

  PetscFunctionBeginUser;
  PetscCall(VecDuplicate(b->k, &lo));
  PetscCall(VecDuplicate(b->k, &hi));
  PetscCall(VecSet(lo, lower));
  PetscCall(VecSet(hi, upper));
  PetscCall(TaoCreate(comm, &tao));
  PetscCall(TaoSetType(tao, TAOBLMVM));
  PetscCall(TaoSetVariableBounds(tao, lo, hi));
  PetscCall(CostateSetUpTao(b->cs, tao));
  PetscCall(TaoSetMaximumIterations(tao, 500));
  PetscCall(TaoSetTolerances(tao, 1e-8, 1e-4, 0.));
  PetscCall(TaoSetFromOptions(tao));
  PetscCall(TaoSolve(tao));
  PetscCall(TaoGetConvergedReason(tao, &reason));
  if (reason < 0) PetscCall(PetscPrintf(comm, "  the minimisation ended with %s\n", TaoConvergedReasons[reason]));
  PetscCall(TaoGetIterationNumber(tao, &its));
  b->its += its;
  PetscCall(CostateGetStatistics(b->cs, &b->stats));
  PetscCall(TaoGetSolution(tao, &k));
  PetscCall(VecCopy(k, b->k));
  PetscCall(TaoDestroy(&tao));
  PetscCall(VecDestroy(&lo));
  PetscCall(VecDestroy(&hi));
  PetscFunctionReturn(0);
}

PetscErrorCode Correlation(Vec x, Vec y, PetscReal *correlation)
{
  const Vec v[] = {x, y};
  Vec       d[2];
  PetscReal mean, norm[2];
  PetscInt  n;

  PetscFunctionBeginUser;
  PetscCall(VecGetSize(x, &n));
  for (int i = 0; i < 2; i++) {
    PetscCall(VecDuplicate(v[i], &d[i]));
    PetscCall(VecCopy(v[i], d[i]));
    PetscCall(VecSum(d[i], &mean));
    PetscCall(VecShift(d[i], -mean / (PetscReal)n));
    PetscCall(VecNorm(d[i], NORM_2, &norm[i]));
  }
  PetscCall(VecDot(d[0], d[1], correlation));
  *correlation = norm[0] > 0 && norm[1] > 0 ? *correlation / (norm[0] * norm[1]) : 0;
  for (int i = 0; i < 2; i++) PetscCall(VecDestroy(&d[i]));
  PetscFunctionReturn(0);
}

/* The logarithms of the weight and of what it leaves are almost proportional. */
PetscErrorCode ProblemDiscrepancy(Problem *b, PetscReal lower, PetscReal upper, Vec truth)
{
  const MPI_Comm  comm   = PetscObjectComm((PetscObject)b->k);
  const PetscReal enough = .02, factor = PetscLogReal(10.);
  PetscReal       last[2] = {0, 0}, here[2] = {PetscLogReal(b->roughness.weight), 1}; /* of weight and chi^2 a well */
  Vec             h;

  PetscFunctionBeginUser;
  PetscCall(VecDuplicate(b->h0, &h));
  PetscCall(PetscPrintf(comm, "      weight   chi^2 a well   correlation   iterations\n"));
  for (int n = 0; n < 12; n++) {
    const PetscInt its = b->its;
    PetscReal      correlation, step;

    b->roughness.weight = PetscExpReal(here[0]);
    PetscCall(ProblemMinimise(b, lower, upper));
    PetscCall(ProblemHeads(b, b->k, h));
    PetscCall(Correlation(b->k, truth, &correlation));
    here[1] = PetscLogReal(b->chi2 / (PetscReal)b->wells->n);
    PetscCall(PetscPrintf(comm, "  %10.4g %14.3f %13.3f %12" PetscInt_FMT "\n", (double)b->roughness.weight,
                          (double)PetscExpReal(here[1]), (double)correlation, b->its - its));
    if (PetscAbsReal(here[1]) < enough) break;
    /* along the secant, but not far */
    step = -here[1] * (n ? (here[0] - last[0]) / (here[1] - last[1]) : 1);
    if (!(step * here[1] < 0)) step = -here[1];
    PetscCall(PetscArraycpy(last, here, 2));
    here[0] += PetscMax(-factor, PetscMin(factor, step));
  }
  PetscCall(VecDestroy(&h));
  if (PetscAbsReal(here[1]) >= enough)
    PetscCall(PetscPrintf(comm, "  no weight was found that leaves chi^2 = 1 a well: -weight sets one\n"));
  PetscFunctionReturn(0);
}
