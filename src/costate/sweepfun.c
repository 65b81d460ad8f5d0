/* SPDX-License-Identifier: BSD-2-Clause */
/*
  The equations of the sweep, as its TS sees them: one long vector z = [lambda_1 .. lambda_m, mu_1 .. mu_m, y].

  Implicit types solve a system that is block triangular: for lambda and y the (transposed) systems of the run, with one
  KSP each, whose matrices are assembled, the transpose included, so that any preconditioner can be used; for mu a
  division.
*/
#include "sweepfun.h"
#include <costate/pc.h>

PetscBool CostateSweepIsExplicit(TSType type)
{
  const char *const types[] = {TSRK, TSEULER, TSSSP, TSMPRK};

  for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
    if (!strcmp(type, types[i])) return PETSC_TRUE;
  }
  return PETSC_FALSE;
}

/* The offsets of mu and y in z. */
static PetscInt AtMu(const CostateSweep sw, PetscInt j)
{
  return sw->m * sw->n + j * sw->np;
}
static PetscInt AtY(const CostateSweep sw)
{
  return sw->m * sw->n + (sw->what & COSTATE_SWEEP_MU ? sw->m * sw->np : 0);
}

/* The state at tau, from the piece or from z itself, into U and Udot; the products are taken there. */
static PetscErrorCode Point(CostateSweep sw, PetscReal tau, const PetscScalar *z)
{
  PetscFunctionBegin;
  if (sw->what & COSTATE_SWEEP_Y) {
    PetscScalar *u;

    PetscCall(VecGetArrayWrite(sw->U, &u));
    PetscCall(PetscArraycpy(u, z + AtY(sw), sw->n));
    PetscCall(VecRestoreArrayWrite(sw->U, &u));
    /* what a stage takes for y_tau is right in the residual of y alone; the products belong to the slope */
    if (sw->implicit) PetscCall(CostateModelSlope(sw->model, sw->dir * tau, sw->U, sw->Udot));
  } else
    PetscCall(CostateSweepState(sw, sw->dir * tau, sw->U, sw->Udot));
  PetscCall(CostateModelSetPoint(sw->model, sw->dir * tau, sw->U, sw->Udot));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* out = sign (g_p - R_p^T lambda) at the point */
static PetscErrorCode MuRate(CostateSweep sw, PetscInt j, PetscReal t, Vec lambda, PetscReal sign, Vec out)
{
  PetscFunctionBegin;
  PetscCall(CostateModelMultRpTranspose(sw->model, lambda, out));
  PetscCall(VecScale(out, -sign));
  PetscCall(VecZeroEntries(sw->gp));
  PetscCall(CostateIntegrandGradient(sw->cs, j, t, sw->U, PETSC_TRUE, sw->gp));
  PetscCall(VecAXPY(out, sign, sw->gp));
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode CostateSweepIntegrand(CostateSweep sw, PetscReal t, Vec z, PetscInt j, Vec out)
{
  const PetscScalar *a;

  PetscFunctionBegin;
  PetscCall(VecGetArrayRead(z, &a));
  if (!j) PetscCall(Point(sw, sw->dir * t, a));
  PetscCall(VecPlaceArray(sw->a, a + j * sw->n));
  PetscCall(MuRate(sw, j, t, sw->a, 1, out));
  PetscCall(VecResetArray(sw->a));
  PetscCall(VecRestoreArrayRead(z, &a));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* r = sign (R_u^T lambda - g_u) of each cost, and the rates of mu, at the point; M^T lambda_tau is added by the
 * implicit form. */
static PetscErrorCode Rates(CostateSweep sw, PetscReal t, const PetscScalar *z, PetscScalar *r, PetscReal sign)
{
  PetscFunctionBegin;
  for (PetscInt j = 0; j < sw->m; j++) {
    PetscCall(VecPlaceArray(sw->a, z + j * sw->n));
    PetscCall(VecPlaceArray(sw->b, r + j * sw->n));
    if (sw->what & COSTATE_SWEEP_TANGENT) {
      PetscCall(CostateModelMultRu(sw->model, sw->a, sw->b));
      PetscCall(CostateModelGetRp(sw->model, j, sw->gu));
      PetscCall(VecAXPBY(sw->b, sign, sign, sw->gu));
    } else {
      PetscCall(CostateModelMultRuTranspose(sw->model, sw->a, sw->b));
      PetscCall(VecZeroEntries(sw->gu));
      PetscCall(CostateIntegrandGradient(sw->cs, j, t, sw->U, PETSC_FALSE, sw->gu));
      PetscCall(VecAXPBY(sw->b, -sign, sign, sw->gu));
    }
    PetscCall(VecResetArray(sw->b));
    if (sw->what & COSTATE_SWEEP_MU) {
      PetscCall(VecPlaceArray(sw->pb, r + AtMu(sw, j)));
      PetscCall(MuRate(sw, j, t, sw->a, -sign, sw->pb));
      PetscCall(VecResetArray(sw->pb));
    }
    PetscCall(VecResetArray(sw->a));
  }
  PetscFunctionReturn(PETSC_SUCCESS);
}

static PetscErrorCode SweepRHS(TS ts, PetscReal tau, Vec Z, Vec R, void *ctx)
{
  CostateSweep       sw = (CostateSweep)ctx;
  const PetscScalar *z;
  PetscScalar       *r;

  PetscFunctionBegin;
  (void)ts;
  PetscCall(VecGetArrayRead(Z, &z));
  PetscCall(VecGetArrayWrite(R, &r));
  PetscCall(Point(sw, tau, z));
  PetscCall(Rates(sw, sw->dir * tau, z, r, -1));
  if (sw->what & COSTATE_SWEEP_Y) {
    PetscCall(VecPlaceArray(sw->b, r + AtY(sw)));
    PetscCall(CostateModelSlope(sw->model, -tau, sw->U, sw->b));
    PetscCall(VecScale(sw->b, -1));
    PetscCall(VecResetArray(sw->b));
  }
  PetscCall(VecRestoreArrayWrite(R, &r));
  PetscCall(VecRestoreArrayRead(Z, &z));
  PetscFunctionReturn(PETSC_SUCCESS);
}

static PetscErrorCode SweepIFunction(TS ts, PetscReal tau, Vec Z, Vec Zdot, Vec R, void *ctx)
{
  CostateSweep       sw = (CostateSweep)ctx;
  const PetscScalar *z, *zdot;
  PetscScalar       *r, *udot;

  PetscFunctionBegin;
  if (sw->starting) PetscCall(TSGetTime(ts, &tau));
  PetscCall(VecGetArrayRead(Z, &z));
  PetscCall(VecGetArrayRead(Zdot, &zdot));
  PetscCall(VecGetArrayWrite(R, &r));
  PetscCall(Point(sw, tau, z));
  PetscCall(Rates(sw, sw->dir * tau, z, r, 1));
  for (PetscInt j = 0; j < sw->m; j++) {
    PetscCall(VecPlaceArray(sw->a, zdot + j * sw->n));
    if (sw->what & COSTATE_SWEEP_TANGENT)
      PetscCall(CostateModelMultM(sw->model, sw->a, sw->gu));
    else
      PetscCall(CostateModelMultMTranspose(sw->model, sw->a, sw->gu));
    PetscCall(VecResetArray(sw->a));
    PetscCall(VecPlaceArray(sw->b, r + j * sw->n));
    PetscCall(VecAXPY(sw->b, 1, sw->gu));
    PetscCall(VecResetArray(sw->b));
    for (PetscInt i = 0; sw->what & COSTATE_SWEEP_MU && i < sw->np; i++) r[AtMu(sw, j) + i] += zdot[AtMu(sw, j) + i];
  }
  if (sw->what & COSTATE_SWEEP_Y) {
    PetscCall(VecGetArrayWrite(sw->Udot, &udot));
    for (PetscInt i = 0; i < sw->n; i++) udot[i] = -zdot[AtY(sw) + i];
    PetscCall(VecRestoreArrayWrite(sw->Udot, &udot));
    PetscCall(VecPlaceArray(sw->b, r + AtY(sw)));
    PetscCall(CostateModelResidual(sw->model, -tau, sw->U, sw->Udot, sw->b));
    PetscCall(VecResetArray(sw->b));
  }
  PetscCall(VecRestoreArrayWrite(R, &r));
  PetscCall(VecRestoreArrayRead(Zdot, &zdot));
  PetscCall(VecRestoreArrayRead(Z, &z));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/*
  arkimex and dirk of PETSc 3.20 and newer solve for a slope before their first stage.  They ask for it at the time of
  the last stage that there was, which is 0 in the beginning and not where the step begins, and take the Jacobian with
  an enormous shift and scale it afterwards.
*/
static PetscErrorCode PreStage(TS ts, PetscReal tau)
{
  CostateSweep sw;

  PetscFunctionBegin;
  (void)tau;
  PetscCall(TSGetApplicationContext(ts, &sw));
  sw->starting = PETSC_FALSE;
  PetscFunctionReturn(PETSC_SUCCESS);
}

static PetscErrorCode ScaleBlocks(Mat A, PetscScalar scale)
{
  CostateSweep sw;

  PetscFunctionBegin;
  PetscCall(MatShellGetContext(A, &sw));
  sw->scale *= scale;
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* The matrices of the blocks at this point. */
static PetscErrorCode SweepIJacobian(TS ts, PetscReal tau, Vec Z, Vec Zdot, PetscReal shift, Mat A, Mat P, void *ctx)
{
  CostateSweep       sw = (CostateSweep)ctx;
  const PetscScalar *z, *zdot;
  Mat                J, B;
  PetscBool          reuse;

  PetscFunctionBegin;
  (void)P;
  if (sw->starting) PetscCall(TSGetTime(ts, &tau));
  PetscCall(VecGetArrayRead(Z, &z));
  PetscCall(VecGetArrayRead(Zdot, &zdot));
  PetscCall(Point(sw, tau, z));
  PetscCall(VecRestoreArrayRead(Zdot, &zdot));
  PetscCall(VecRestoreArrayRead(Z, &z));
  PetscCall(VecCopy(sw->U, sw->uj));
  PetscCall(VecCopy(sw->Udot, sw->udotj));
  sw->tj    = sw->dir * tau;
  sw->shift = shift;
  sw->scale = 1;
  if (sw->what & COSTATE_SWEEP_TANGENT)
    PetscCall(CostateModelGetShifted(sw->model, shift, &J, &B));
  else
    PetscCall(CostateModelGetTransposed(sw->model, shift, &J, &B));
  PetscCall(CostateAdjointKSPCreate(sw->cs, NULL, &sw->ksp));
  PetscCall(KSPSetOperators(sw->ksp, J, B));
  PetscCall(KSPGetReusePreconditioner(sw->ksp, &reuse));
  if (!reuse) sw->cs->stats.adjoint_setups++;
  if (sw->what & COSTATE_SWEEP_Y) {
    PetscCall(CostateModelGetShifted(sw->model, -shift, &J, &B));
    PetscCall(CostateAdjointKSPCreate(sw->cs, "state_", &sw->kspy));
    PetscCall(KSPSetOperators(sw->kspy, J, B));
  }
  PetscCall(MatAssemblyBegin(A, MAT_FINAL_ASSEMBLY));
  PetscCall(MatAssemblyEnd(A, MAT_FINAL_ASSEMBLY));
  PetscFunctionReturn(PETSC_SUCCESS);
}

static PetscErrorCode Solve(CostateSweep sw, KSP ksp, const PetscScalar *r, PetscScalar *x, PC pc)
{
  PetscInt           its;
  KSPConvergedReason reason;
  PetscReal          left;
  PetscBool          lies = PETSC_FALSE;

  PetscFunctionBegin;
  PetscCall(VecPlaceArray(sw->a, r));
  PetscCall(VecPlaceArray(sw->b, x));
  PetscCall(KSPSolve(ksp, sw->a, sw->b));
  if (sw->cs->look) PetscCall(CostateKSPLies(ksp, PETSC_FALSE, sw->a, sw->b, sw->gu, &left, &lies));
  PetscCall(VecResetArray(sw->a));
  PetscCall(VecResetArray(sw->b));
  PetscCall(KSPGetIterationNumber(ksp, &its));
  PetscCall(KSPGetConvergedReason(ksp, &reason));
  sw->its += its;
  if (lies)
    PetscCall(PetscFPrintf(PetscObjectComm((PetscObject)sw->cs), PETSC_STDERR,
                           "costate: the solver of the sweep (-costate_adjoint_ksp_...) says %s but leaves %.3g of its "
                           "right-hand side: its preconditioner is not what it should be (-costate_adjoint_pc_type)\n",
                           KSPConvergedReasons[reason], (double)left));
  if (reason < 0 || lies) {
    PetscCall(PetscInfo(sw->ts, "The transposed solve (-costate_adjoint_ksp_...) ended with %s\n",
                        KSPConvergedReasons[reason]));
    PetscCall(PCSetFailedReason(pc, PC_SUBPC_ERROR));
  }
  PetscFunctionReturn(PETSC_SUCCESS);
}

static PetscErrorCode BlockSolve(PC pc, Vec R, Vec X)
{
  CostateSweep       sw;
  const PetscScalar *r;
  PetscScalar       *x;

  PetscFunctionBegin;
  PetscCall(PCShellGetContext(pc, &sw));
  PetscCall(VecGetArrayRead(R, &r));
  PetscCall(VecGetArray(X, &x));
  PetscCall(PetscArrayzero(x, AtY(sw) + (sw->what & COSTATE_SWEEP_Y ? sw->n : 0)));
  for (PetscInt j = 0; j < sw->m; j++) PetscCall(Solve(sw, sw->ksp, r + j * sw->n, x + j * sw->n, pc));
  if (sw->what & COSTATE_SWEEP_MU) {
    PetscCall(CostateModelSetPoint(sw->model, sw->tj, sw->uj, sw->udotj));
    for (PetscInt j = 0; j < sw->m; j++) {
      PetscCall(VecPlaceArray(sw->a, x + j * sw->n));
      PetscCall(VecPlaceArray(sw->pb, x + AtMu(sw, j)));
      PetscCall(VecPlaceArray(sw->pa, r + AtMu(sw, j)));
      PetscCall(CostateModelMultRpTranspose(sw->model, sw->a, sw->pb));
      PetscCall(VecAYPX(sw->pb, -1, sw->pa));
      PetscCall(VecScale(sw->pb, 1 / sw->shift));
      PetscCall(VecResetArray(sw->pa));
      PetscCall(VecResetArray(sw->pb));
      PetscCall(VecResetArray(sw->a));
    }
  }
  if (sw->what & COSTATE_SWEEP_Y) PetscCall(Solve(sw, sw->kspy, r + AtY(sw), x + AtY(sw), pc));
  PetscCall(VecRestoreArray(X, &x));
  PetscCall(VecRestoreArrayRead(R, &r));
  if (sw->scale != 1) PetscCall(VecScale(X, 1 / sw->scale));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* A TS of the sweep gets its equations; implicit ones their solver, which is all in a shell around the KSPs. */
PetscErrorCode CostateSweepSetFunctions(CostateSweep sw, TS ts)
{
  MPI_Comm    comm = PetscObjectComm((PetscObject)sw->cs);
  PetscInt    n, N;
  Mat         A;
  SNES        snes;
  KSP         ksp;
  PC          pc;
  const char *prefix;

  PetscFunctionBegin;
  if (!sw->implicit) {
    PetscCall(TSSetRHSFunction(ts, NULL, SweepRHS, sw));
    PetscFunctionReturn(PETSC_SUCCESS);
  }
  PetscCall(VecGetLocalSize(sw->z, &n));
  PetscCall(VecGetSize(sw->z, &N));
  PetscCall(MatCreateShell(comm, n, n, N, N, sw, &A));
  PetscCall(MatShellSetManageScalingShifts(A));
  PetscCall(MatShellSetOperation(A, MATOP_SCALE, (void (*)(void))ScaleBlocks));
  PetscCall(TSSetIFunction(ts, NULL, SweepIFunction, sw));
  PetscCall(TSSetIJacobian(ts, A, A, SweepIJacobian, sw));
  PetscCall(TSSetApplicationContext(ts, sw));
  PetscCall(TSSetPreStage(ts, PreStage));
  PetscCall(MatDestroy(&A));
  PetscCall(TSGetSNES(ts, &snes));
  PetscCall(SNESGetKSP(snes, &ksp));
  PetscCall(CostateGetOptionsPrefix(sw->cs, &prefix));
  PetscCall(KSPSetOptionsPrefix(ksp, prefix));
  PetscCall(KSPAppendOptionsPrefix(ksp, "costate_adjoint_blocks_"));
  PetscCall(KSPSetType(ksp, KSPPREONLY));
  if (sw->what & COSTATE_SWEEP_Y) { /* the matrix is a name only, so full steps */
    SNESLineSearch search;

    PetscCall(SNESGetLineSearch(snes, &search));
    PetscCall(SNESLineSearchSetType(search, SNESLINESEARCHBASIC));
  }
  PetscCall(KSPGetPC(ksp, &pc));
  PetscCall(PCSetType(pc, PCSHELL));
  PetscCall(PCShellSetContext(pc, sw));
  PetscCall(PCShellSetApply(pc, BlockSolve));
  PetscCall(PCShellSetName(pc, "blocks of the costate sweep"));
  PetscFunctionReturn(PETSC_SUCCESS);
}
