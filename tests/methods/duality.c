/* SPDX-License-Identifier: BSD-2-Clause */
/* ranks: 1 2 */
/*
  The whole solve against its own transpose.  The tangent of the steps (forward) and their adjoint (discrete)
  differentiate the same computed run, so that <S q, phi_u> = <q, S^T phi_u>, S = du/dq: to rounding for explicit types,
  to what the solvers leave over for implicit ones.  Here q is the parameters and, by an initial state that depends on
  them through a random matrix, the initial state.
*/
#include "../costate/costs.h"

/* What makes the problems short; the others are taken as they are. */
static const char *const explicit_ones[][2] = {
    {"lotka", "-tend 3"},
    {"lotka_t", "-tend 3"},
    {"hessian3", ""},
    {"vanderpol", ""},
    {"linear2", "-tend 2"},
    {"lorenz63", "-tend 0.5"},
    {"pendulum", "-tend 2"},
    {"lorenz96", "-n 7 -tend 0.3"},
    {"advdiff", "-n 5 -tend 0.1"},
    {"linear", "-n 9 -tend .5"},
    {"advdiff", "-n 5 -tend 0.1 -variant dirichlet"},
};
static const char *const steppers[]         = {"-ts_rk_type 3bs", "-ts_rk_type 5dp", "-ts_rk_type 5f",
                                               "-ts_rk_type 4 -ts_adapt_type none -dt 0.01"};
static const char *const implicit_ones[][2] = {
    {"mass", "-tend 0.1 -times 0.02,0.1 -dt 0.01"},
    {"dae1", "-tend 0.1 -times 0.04,0.1 -dt 0.01"},
    {"ex23", "-tend 0.1 -dt 0.01"},
    {"heat", "-n 9 -tend 0.02 -dt 2e-3"},
    {"brusselator", "-n 4 -tend 0.2 -dt 0.04"},
    {"vdp_stiff", "-tend 0.01"},
    {"robertson", "-tend 0.1 -dt 0.01"},
};
static const char *const thetas[] = {"-ts_type cn", "-ts_type beuler"};
#define SOLVERS " -ksp_rtol 1e-14 -snes_rtol 1e-14 -snes_stol 1e-15 -snes_max_it 20"

#define COUNT(a) ((int)(sizeof(a) / sizeof(a[0])))

/* du0/dp, small beside what it is added to: as random as SEED says, the same whatever the ranks. */
static PetscErrorCode InitialJacobian(Vec u0, Vec p, int seed, Mat *D)
{
  PetscInt n, np, N, Np, first, last;

  PetscFunctionBeginUser;
  PetscCall(VecGetLocalSize(u0, &n));
  PetscCall(VecGetSize(u0, &N));
  PetscCall(VecGetLocalSize(p, &np));
  PetscCall(VecGetSize(p, &Np));
  PetscCall(MatCreateDense(PETSC_COMM_WORLD, n, np, N, Np, NULL, D));
  PetscCall(MatGetOwnershipRange(*D, &first, &last));
  for (PetscInt i = first; i < last; i++) {
    for (PetscInt k = 0; k < Np; k++) {
      unsigned long long x =
          6364136223846793005ULL * (unsigned long long)(i * Np + k + 1000 * seed) + 1442695040888963407ULL;

      x ^= x >> 29;
      x *= 0x9E3779B97F4A7C15ULL;
      PetscCall(MatSetValue(*D, i, k, (PetscReal)(x >> 40) / (1 << 24) - .5, INSERT_VALUES));
    }
  }
  PetscCall(MatAssemblyBegin(*D, MAT_FINAL_ASSEMBLY));
  PetscCall(MatAssemblyEnd(*D, MAT_FINAL_ASSEMBLY));
  PetscFunctionReturn(0);
}

/* The gradient by a method, of a cost at some times and at the end. */
static PetscErrorCode Gradient(const char problem[], const char method[], const char options[], int seed, Vec *g,
                               PetscInt *steps)
{
  const TestCost    cost = {1, .3, .1};
  CostateProblem    pr;
  Costate           cs;
  CostateStatistics stats;
  TS                ts;
  Vec               u0, p, gp;
  Mat               D;
  PetscReal         t0, tend, times[2];

  PetscFunctionBeginUser;
  PetscCall(ZooOptions(options));
  PetscCall(TestCreate(problem, method, &pr, &cs));
  PetscCall(CostateProblemGetTS(pr, &ts));
  PetscCall(CostateProblemGetInitialState(pr, &u0));
  PetscCall(CostateProblemGetParameters(pr, &p));
  PetscCall(InitialJacobian(u0, p, seed, &D));
  PetscCall(CostateSetInitialConditionJacobian(cs, D));
  PetscCall(TSGetTime(ts, &t0));
  PetscCall(TSGetMaxTime(ts, &tend));
  times[0] = t0 + .37 * (tend - t0);
  times[1] = t0 + .8 * (tend - t0);
  PetscCall(CostateSetTerminalCost(cs, 0, TEST_COST(&cost)));
  PetscCall(CostateSetPointCost(cs, 0, 2, times, TEST_COST(&cost)));
  PetscCall(CostateSolve(cs));
  PetscCall(CostateGetStatistics(cs, &stats));
  PetscCall(CostateGetGradient(cs, 0, NULL, &gp));
  PetscCall(ZooCopy(gp, g));
  *steps = stats.steps;
  PetscCall(MatDestroy(&D));
  PetscCall(CostateDestroy(&cs));
  PetscCall(CostateProblemDestroy(&pr));
  PetscFunctionReturn(0);
}

/* Against single parameters, so that none hides behind a large one: the largest |difference| over the largest entry. */
static PetscErrorCode Dual(const char problem[], const char options[], const char more[], int seed, PetscReal tol)
{
  char      all[512];
  Vec       a, b;
  PetscInt  steps[2];
  PetscReal e, norm, largest;

  PetscFunctionBeginUser;
  PetscCall(PetscSNPrintf(all, sizeof(all), "%s %s", options, more));
  PetscCall(Gradient(problem, COSTATEDISCRETE, all, seed, &a, &steps[0]));
  PetscCall(Gradient(problem, COSTATEFORWARD, all, seed, &b, &steps[1]));
  PetscCall(VecNorm(a, NORM_INFINITY, &norm));
  PetscCall(VecAXPY(b, -1, a));
  PetscCall(VecNorm(b, NORM_INFINITY, &largest));
  e = largest / norm;
  T_OK(e <= tol && steps[0] == steps[1] && norm > 0, "%s %s: %d steps, dG/dp by tangent and adjoint: %.1e (SEED=%d)",
       problem, all, (int)steps[0], (double)e, seed);
  PetscCall(VecDestroy(&a));
  PetscCall(VecDestroy(&b));
  PetscFunctionReturn(0);
}

int main(int argc, char **argv)
{
  const int seed = getenv("SEED") ? atoi(getenv("SEED")) : 1;

  PetscCall(ZooBegin(&argc, &argv, COUNT(explicit_ones) * COUNT(steppers) + COUNT(implicit_ones) * COUNT(thetas)));
  for (int i = 0; i < COUNT(explicit_ones); i++) {
    for (int k = 0; k < COUNT(steppers); k++)
      PetscCall(Dual(explicit_ones[i][0], explicit_ones[i][1], steppers[k], seed, 1e-12));
  }
  for (int i = 0; i < COUNT(implicit_ones); i++) {
    for (int k = 0; k < COUNT(thetas); k++) {
      char more[256];

      PetscCall(PetscSNPrintf(more, sizeof(more), "%s%s", thetas[k], SOLVERS));
      PetscCall(Dual(implicit_ones[i][0], implicit_ones[i][1], more, seed, 1e-10));
    }
  }
  PetscCall(ZooEnd());
  return zoo_rank == 0 ? done() : 0;
}
