/* SPDX-License-Identifier: BSD-2-Clause */
/*
  u_i' = -p_i u_i with -n unknowns and as many parameters, -steps steps to t = 1, G = sum of u(1), by the method of
  -costate_type: the memory that the process took, as the system sees it, and the errors of the gradients.
*/
#include <costate.h>
#include <sys/resource.h>

static PetscErrorCode F(TS ts, PetscReal t, Vec u, Vec f, void *ctx)
{
  PetscFunctionBeginUser;
  (void)ts, (void)t;
  PetscCall(VecPointwiseMult(f, u, (Vec)ctx));
  PetscCall(VecScale(f, -1));
  PetscFunctionReturn(0);
}

/* Both derivatives are diagonal, and are products of vectors: no matrix takes any memory. */
static PetscErrorCode Mult(Mat A, Vec x, Vec y)
{
  Vec d;

  PetscFunctionBeginUser;
  PetscCall(MatShellGetContext(A, &d));
  PetscCall(VecPointwiseMult(y, x, d));
  PetscCall(VecScale(y, -1));
  PetscFunctionReturn(0);
}

static PetscErrorCode Jacobian(TS ts, PetscReal t, Vec u, Mat A, Mat P, void *ctx)
{
  PetscFunctionBeginUser;
  (void)ts, (void)t, (void)u, (void)ctx;
  PetscCall(MatAssemblyBegin(P, MAT_FINAL_ASSEMBLY));
  PetscCall(MatAssemblyEnd(P, MAT_FINAL_ASSEMBLY));
  (void)A;
  PetscFunctionReturn(0);
}

static PetscErrorCode JacobianP(TS ts, PetscReal t, Vec u, Mat A, void *ctx)
{
  Vec state;

  PetscFunctionBeginUser;
  (void)ts, (void)t, (void)ctx;
  PetscCall(MatShellGetContext(A, &state));
  PetscCall(VecCopy(u, state));
  PetscCall(MatAssemblyBegin(A, MAT_FINAL_ASSEMBLY));
  PetscCall(MatAssemblyEnd(A, MAT_FINAL_ASSEMBLY));
  PetscFunctionReturn(0);
}

static PetscErrorCode Value(Costate cs, PetscInt i, PetscReal t, Vec u, Vec p, PetscReal *value, void *ctx)
{
  PetscScalar sum;

  PetscFunctionBeginUser;
  (void)cs, (void)i, (void)t, (void)p, (void)ctx;
  PetscCall(VecSum(u, &sum));
  *value = PetscRealPart(sum);
  PetscFunctionReturn(0);
}

static PetscErrorCode Gradient(Costate cs, PetscInt i, PetscReal t, Vec u, Vec p, Vec g, void *ctx)
{
  PetscFunctionBeginUser;
  (void)cs, (void)i, (void)t, (void)u, (void)p, (void)ctx;
  PetscCall(VecSet(g, 1));
  PetscFunctionReturn(0);
}

static PetscErrorCode Diagonal(Vec d, Mat *A)
{
  PetscInt n, N;

  PetscFunctionBeginUser;
  PetscCall(VecGetLocalSize(d, &n));
  PetscCall(VecGetSize(d, &N));
  PetscCall(MatCreateShell(PETSC_COMM_WORLD, n, n, N, N, d, A));
  PetscCall(MatShellSetOperation(*A, MATOP_MULT, (void (*)(void))Mult));
  PetscCall(MatShellSetOperation(*A, MATOP_MULT_TRANSPOSE, (void (*)(void))Mult));
  PetscFunctionReturn(0);
}

/* The largest error of g, which is exp(-1/2) times factor everywhere. */
static PetscErrorCode Error(Vec g, PetscReal factor, PetscReal *e)
{
  PetscReal low, high, exact = factor * PetscExpReal(-.5);

  PetscFunctionBeginUser;
  PetscCall(VecMin(g, NULL, &low));
  PetscCall(VecMax(g, NULL, &high));
  *e = PetscMax(PetscAbsReal(low - exact), PetscAbsReal(high - exact));
  PetscFunctionReturn(0);
}

int main(int argc, char **argv)
{
  PetscInt               n = 100, steps = 10;
  TS                     ts;
  Vec                    u, p, state, gu, gp;
  Mat                    J, Jp;
  Costate                cs;
  CostateConvergedReason reason;
  CostateStatistics      stats;
  PetscReal              eu = 0, ep = 0;
  struct rusage          use;

  PetscCall(PetscInitialize(&argc, &argv, NULL, NULL));
  PetscCall(PetscOptionsGetInt(NULL, NULL, "-n", &n, NULL));
  PetscCall(PetscOptionsGetInt(NULL, NULL, "-steps", &steps, NULL));
  PetscCall(VecCreateMPI(PETSC_COMM_WORLD, PETSC_DECIDE, n, &u));
  PetscCall(VecDuplicate(u, &p));
  PetscCall(VecDuplicate(u, &state));
  PetscCall(VecSet(u, 1));
  PetscCall(VecSet(p, .5));
  PetscCall(Diagonal(p, &J));
  PetscCall(Diagonal(state, &Jp));
  PetscCall(TSCreate(PETSC_COMM_WORLD, &ts));
  PetscCall(TSSetProblemType(ts, TS_NONLINEAR));
  PetscCall(TSSetType(ts, TSRK));
  PetscCall(TSRKSetType(ts, TSRK4));
  PetscCall(TSSetRHSFunction(ts, NULL, F, p));
  PetscCall(TSSetRHSJacobian(ts, J, J, Jacobian, NULL));
  PetscCall(TSSetRHSJacobianP(ts, Jp, JacobianP, NULL));
  PetscCall(TSSetMaxTime(ts, 1));
  PetscCall(TSSetTimeStep(ts, 1 / (PetscReal)steps));
  PetscCall(TSSetExactFinalTime(ts, TS_EXACTFINALTIME_MATCHSTEP));
  PetscCall(TSSetFromOptions(ts));
  PetscCall(CostateCreate(PETSC_COMM_WORLD, &cs));
  PetscCall(CostateSetTS(cs, ts));
  PetscCall(CostateSetInitialState(cs, u));
  PetscCall(CostateSetParameters(cs, p));
  PetscCall(CostateSetTerminalCost(cs, 0, Value, Gradient, NULL, NULL));
  PetscCall(CostateSetFromOptions(cs));
  PetscCall(CostateSolve(cs));
  PetscCall(CostateGetConvergedReason(cs, &reason));
  PetscCheck(reason > 0, PETSC_COMM_WORLD, PETSC_ERR_NOT_CONVERGED, "No gradient: %s", CostateConvergedReasons[reason]);
  PetscCall(CostateGetGradient(cs, 0, &gu, &gp));
  PetscCall(CostateGetStatistics(cs, &stats));
  if (gu) PetscCall(Error(gu, 1, &eu));
  PetscCall(Error(gp, -1, &ep));
  (void)getrusage(RUSAGE_SELF, &use);
  PetscCall(PetscPrintf(PETSC_COMM_WORLD, "%ld kB, %d steps, %d again, %d back, at most %d states, errors %.1e %.1e\n",
                        use.ru_maxrss, (int)stats.steps, (int)stats.replayed, (int)stats.adjoint_steps,
                        (int)stats.peak_states, (double)eu, (double)ep));
  PetscCall(CostateDestroy(&cs));
  PetscCall(TSDestroy(&ts));
  PetscCall(MatDestroy(&J));
  PetscCall(MatDestroy(&Jp));
  PetscCall(VecDestroy(&u));
  PetscCall(VecDestroy(&p));
  PetscCall(VecDestroy(&state));
  PetscCall(PetscFinalize());
  return 0;
}
