/* SPDX-License-Identifier: BSD-2-Clause */
/* ranks: 1 2 3 */
/*
  implicit: forward mode gives the gradients of the adjoint, products with du/dp are what the solution does, and a
  preconditioner is set up once for whatever is done with the same matrix.
*/
#include "steady.h"

#define COSTS 6

static const TestCost costs[COSTS] = {{1, 2, 1}, {1, .5, 0}, {2, -1, .3}, {.1, 0, 1}, {3, 3, 0}, {1, 1, .7}};

static PetscErrorCode Random(Vec v)
{
  const char *seed = getenv("SEED");
  PetscRandom r;

  PetscFunctionBeginUser;
  PetscCall(PetscRandomCreate(PETSC_COMM_WORLD, &r));
  PetscCall(PetscRandomSetInterval(r, -1, 1));
  PetscCall(PetscRandomSetSeed(r, seed ? strtoul(seed, NULL, 10) : 1));
  PetscCall(PetscRandomSeed(r));
  PetscCall(VecSetRandom(v, r));
  PetscCall(PetscRandomDestroy(&r));
  PetscFunctionReturn(0);
}

/* A preconditioner that counts its set-ups, by whoever: the diagonal. */
static int set_up;
static Vec diagonal;

static PetscErrorCode CountSetUp(PC pc)
{
  Mat P;

  PetscFunctionBeginUser;
  set_up++;
  PetscCall(PCGetOperators(pc, NULL, &P));
  PetscCall(VecDestroy(&diagonal));
  PetscCall(MatCreateVecs(P, &diagonal, NULL));
  PetscCall(MatGetDiagonal(P, diagonal));
  PetscFunctionReturn(0);
}
static PetscErrorCode CountApply(PC pc, Vec x, Vec y)
{
  PetscFunctionBeginUser;
  (void)pc;
  PetscCall(VecPointwiseDivide(y, x, diagonal));
  PetscFunctionReturn(0);
}
static PetscErrorCode CountCreate(PC pc)
{
  PetscFunctionBeginUser;
  PetscCall(PCSetType(pc, PCSHELL));
  PetscCall(PCShellSetSetUp(pc, CountSetUp));
  PetscCall(PCShellSetApply(pc, CountApply));
  PetscFunctionReturn(0);
}

static PetscErrorCode More(App *a, Costate cs)
{
  PetscFunctionBeginUser;
  /* where there is a null space, costs that it does not change */
  for (PetscInt j = 1; j < COSTS; j++) {
    if (a->problem == C)
      PetscCall(CostateSetTerminalCost(cs, j, Value, ValueU, ValueP, a));
    else
      PetscCall(CostateSetTerminalCost(cs, j, TEST_COST(&costs[j])));
  }
  PetscFunctionReturn(0);
}

/* Gradients of many costs by either mode; auto takes the cheaper. */
#define MODES_TESTS 3
static PetscErrorCode Modes(Problem problem, PetscBool time, const char options[], PetscReal tol)
{
  App               a;
  Costate           cs;
  CostateStatistics stats[2];
  Vec               g, by_adjoint[COSTS];
  PetscReal         e, worst = 0;
  PetscInt          np;
  PetscBool         fewer;

  PetscFunctionBeginUser;
  if (without_hypre(zoo_rank, options, MODES_TESTS)) PetscFunctionReturn(0);
  PetscCall(Create(problem, time, PETSC_TRUE, options, &a, &cs));
  PetscCall(More(&a, cs));
  for (int forward = 0; forward < 2; forward++) {
    PetscCall(CostateSetSteadyMode(cs, forward ? COSTATE_STEADY_FORWARD : COSTATE_STEADY_ADJOINT));
    PetscCall(CostateSolve(cs));
    PetscCall(CostateGetStatistics(cs, &stats[forward]));
    for (PetscInt j = 0; j < COSTS; j++) {
      PetscCall(CostateGetGradient(cs, j, NULL, &g));
      if (!forward) {
        PetscCall(ZooCopy(g, &by_adjoint[j]));
        continue;
      }
      PetscCall(ZooDifference(g, by_adjoint[j], &e));
      worst = PetscMax(worst, e);
      PetscCall(VecDestroy(&by_adjoint[j]));
    }
  }
  T_OK(worst <= tol, "problem %c%s: %d gradients forward and adjoint are the same to %g: %.1e", 'A' + problem,
       time ? " of a run" : "", COSTS, (double)tol, (double)worst);
  T_OK(stats[0].adjoint_setups == 1 && stats[1].adjoint_setups == 1,
       "one set-up for all costs, and one for all parameters: %d and %d", (int)stats[0].adjoint_setups,
       (int)stats[1].adjoint_setups);
  PetscCall(CostateSetSteadyMode(cs, COSTATE_STEADY_AUTO));
  PetscCall(CostateSolve(cs));
  PetscCall(CostateGetStatistics(cs, &stats[0]));
  PetscCall(VecGetSize(a.p, &np));
  fewer = (PetscBool)(np < COSTS);
  /* what is not taken needs no product with R_p^T */
  T_OK(fewer == (stats[0].jptv == 0), "auto, %d parameters and %d costs: %s", (int)np, COSTS,
       fewer ? "forward" : "adjoint");
  PetscCall(Destroy(&a, &cs));
  PetscFunctionReturn(0);
}

#define KNOWN_TESTS 1
static PetscErrorCode Known(PetscBool time, PetscReal tol)
{
  const PetscScalar  known[4] = {1.28125, -2.71875, .5625, -4.109375};
  App                a;
  Costate            cs;
  Vec                g;
  PetscReal          e = 0, all;
  PetscInt           lo, hi;
  const PetscScalar *x;

  PetscFunctionBeginUser;
  PetscCall(Create(A, time, PETSC_FALSE, "-costate_steady_mode forward", &a, &cs));
  PetscCall(CostateSolve(cs));
  PetscCall(CostateGetGradient(cs, 0, NULL, &g));
  PetscCall(VecGetOwnershipRange(g, &lo, &hi));
  PetscCall(VecGetArrayRead(g, &x));
  for (PetscInt i = lo; i < hi; i++) e = PetscMax(e, PetscAbsScalar(x[i - lo] - known[i]));
  PetscCall(VecRestoreArrayRead(g, &x));
  PetscCallMPI(MPI_Allreduce(&e, &all, 1, MPIU_REAL, MPIU_MAX, PETSC_COMM_WORLD));
  T_OK(all <= tol, "%s, forward: the known gradient to %g: %.1e", time ? "a run" : "a SNES", (double)tol, (double)all);
  PetscCall(Destroy(&a, &cs));
  PetscFunctionReturn(0);
}

/* du/dp dp against solutions with other parameters, and against its transpose. */
#define PRODUCT_TESTS 3
static PetscErrorCode Products(Problem problem)
{
  const PetscReal   d = 1e-4;
  App               a;
  Costate           cs;
  CostateStatistics before, after;
  Vec               dp, du, w, mu, u[2], p;
  PetscScalar       s[2];
  PetscReal         e, n[2];

  PetscFunctionBeginUser;
  PetscCall(Create(problem, PETSC_FALSE, PETSC_TRUE, problem == C ? "-pc_type none -costate_adjoint_pc_type none" : "",
                   &a, &cs));
  PetscCall(CostateSolveForward(cs));
  PetscCall(VecDuplicate(a.p, &dp));
  PetscCall(VecDuplicate(a.p, &mu));
  PetscCall(VecDuplicate(a.u, &du));
  PetscCall(VecDuplicate(a.u, &w));
  PetscCall(Random(dp));
  PetscCall(Random(w));
  if (problem == C) { /* a covector that the null space does not see */
    PetscScalar sum;

    PetscCall(VecSum(w, &sum));
    PetscCall(VecShift(w, -sum / N));
  }
  PetscCall(CostateMultTangent(cs, dp, du));
  PetscCall(CostateMultTangentTranspose(cs, w, mu));
  PetscCall(VecDot(du, w, &s[0]));
  PetscCall(VecDot(dp, mu, &s[1]));
  PetscCall(VecNorm(du, NORM_2, &n[0]));
  PetscCall(VecNorm(w, NORM_2, &n[1]));
  e = PetscAbsScalar(s[0] - s[1]) / (n[0] * n[1]);
  T_OK(e <= 1e-9, "problem %c: <du/dp dp, w> = <dp, (du/dp)^T w>: %.1e", 'A' + problem, (double)e);
  PetscCall(CostateGetStatistics(cs, &before));
  PetscCall(CostateMultTangent(cs, dp, w));
  PetscCall(CostateMultTangentTranspose(cs, w, mu));
  PetscCall(CostateGetStatistics(cs, &after));
  T_OK(before.adjoint_setups == 2 && after.adjoint_setups == 2,
       "a preconditioner is set up for J and for its transpose, and not again: %d, %d", (int)before.adjoint_setups,
       (int)after.adjoint_setups);
  PetscCall(ZooCopy(a.p, &p));
  for (int side = 0; side < 2; side++) {
    Vec found;

    PetscCall(VecWAXPY(a.p, side ? -d : d, dp, p));
    PetscCall(CostateSolveForward(cs));
    PetscCall(SNESGetSolution(a.snes, &found));
    PetscCall(ZooCopy(found, &u[side]));
  }
  PetscCall(VecAXPBY(u[0], -1 / (2 * d), 1 / (2 * d), u[1]));
  if (problem == C) { /* du is orthogonal to the null space */
    PetscScalar sum;

    PetscCall(VecSum(u[0], &sum));
    PetscCall(VecShift(u[0], -sum / N));
  }
  PetscCall(ZooDifference(du, u[0], &e));
  T_OK(e <= 1e-6, "problem %c: du/dp dp is how the solution changes: %.1e", 'A' + problem, (double)e);
  PetscCall(VecDestroy(&u[0]));
  PetscCall(VecDestroy(&u[1]));
  PetscCall(VecDestroy(&p));
  PetscCall(VecDestroy(&dp));
  PetscCall(VecDestroy(&du));
  PetscCall(VecDestroy(&w));
  PetscCall(VecDestroy(&mu));
  PetscCall(Destroy(&a, &cs));
  PetscFunctionReturn(0);
}

/* Set-ups as a preconditioner sees them, and as they are counted. */
#define SETUP_TESTS 5
static PetscErrorCode SetUps(PetscBool time, PetscBool forward)
{
  App               a;
  Costate           cs;
  CostateStatistics stats;
  Vec               g, first;
  PetscReal         e;
  const char       *of = time ? "a run" : forward ? "a SNES, forward" : "a SNES";
  int               before;

  PetscFunctionBeginUser;
  PetscCall(PCRegister("counting", CountCreate));
  PetscCall(Create(time ? A : B, time, PETSC_FALSE,
                   "-ts_max_time 60 -costate_adjoint_pc_type counting -costate_adjoint_ksp_rtol 1e-13", &a, &cs));
  PetscCall(More(&a, cs));
  PetscCall(CostateSetSteadyMode(cs, forward ? COSTATE_STEADY_FORWARD : COSTATE_STEADY_ADJOINT));
  set_up = 0;
  PetscCall(CostateSolve(cs));
  PetscCall(CostateGetStatistics(cs, &stats));
  T_OK(set_up == 1 && stats.adjoint_setups == 1, "%s, %d costs: set up %d times, counted %d", of, COSTS, set_up,
       (int)stats.adjoint_setups);
  PetscCall(CostateGetGradient(cs, 0, NULL, &g));
  PetscCall(ZooCopy(g, &first));
  PetscCall(CostateSolve(cs));
  PetscCall(CostateGetStatistics(cs, &stats));
  T_OK(set_up == 1 && stats.adjoint_setups == 0,
       "%s, once more with the same matrix: set up %d times in all, counted %d", of, set_up, (int)stats.adjoint_setups);
  PetscCall(CostateGetGradient(cs, 0, NULL, &g));
  PetscCall(ZooDifference(g, first, &e));
  T_OK(e == 0, "%s: and the same gradient: %.1e", of, (double)e);
  PetscCall(VecScale(a.p, 1.5));
  PetscCall(CostateSolve(cs));
  PetscCall(CostateGetStatistics(cs, &stats));
  PetscCall(CostateGetGradient(cs, 0, NULL, &g));
  PetscCall(ZooCopy(g, &first));
  T_OK(set_up == 2 && stats.adjoint_setups == 1, "%s, another matrix: set up %d times in all, counted %d", of, set_up,
       (int)stats.adjoint_setups);
  /* a solver that knows nothing of before */
  before = set_up;
  PetscCall(CostateReset(cs));
  PetscCall(CostateSolve(cs));
  PetscCall(CostateGetGradient(cs, 0, NULL, &g));
  PetscCall(ZooDifference(g, first, &e));
  T_OK(e <= 1e-12 && set_up == before + 1,
       "%s: the gradient with a matrix that came later is that of a new object: %.1e", of, (double)e);
  PetscCall(VecDestroy(&first));
  PetscCall(Destroy(&a, &cs));
  PetscCall(VecDestroy(&diagonal));
  PetscFunctionReturn(0);
}

#define BAD_TESTS 12
static PetscErrorCode Bad(void)
{
  App                    a;
  Costate                cs;
  CostateConvergedReason reason;
  PetscBool              heard;
  Vec                    dp, du, other, small;
  PetscInt               n;

  PetscFunctionBeginUser;
  PetscCall(Create(B, PETSC_FALSE, PETSC_FALSE, "", &a, &cs));
  PetscCall(VecDuplicate(a.p, &dp));
  PetscCall(VecDuplicate(a.u, &du));
  PetscCall(VecSet(dp, 1));
  PetscCall(VecCreateMPI(PETSC_COMM_WORLD, PETSC_DECIDE, N + 1, &other));
  PetscCall(VecGetLocalSize(a.p, &n));
  /* as many entries, in other places */
  PetscCall(VecCreateMPI(PETSC_COMM_WORLD,
                         zoo_rank == 0              ? n - 1
                         : zoo_rank == zoo_size - 1 ? n + 1
                                                    : n,
                         PETSC_DECIDE, &small));
  REFUSES(CostateMultTangent(cs, dp, du), "no solution yet", "du/dp before a solve");
  REFUSES(CostateMultTangentTranspose(cs, du, dp), "no solution yet", "its transpose");
  PetscCall(CostateSolveForward(cs));
  REFUSES(CostateMultTangent(cs, other, du), "entries", "a change of the parameters with an entry more");
  REFUSES(CostateMultTangent(cs, dp, other), "entries", "a vector for the change of the state with an entry more");
  REFUSES(CostateMultTangentTranspose(cs, other, dp), "entries", "a covector with an entry more");
  REFUSES(CostateMultTangent(cs, small, du), zoo_size > 1 ? "distributed differently" : "entries",
          "a change of the parameters on other ranks");
  PetscCall(VecSetValue(dp, 3, NAN, INSERT_VALUES));
  PetscCall(VecAssemblyBegin(dp));
  PetscCall(VecAssemblyEnd(dp));
  REFUSES(CostateMultTangent(cs, dp, du), "not a finite number", "a change that is not a number");
  PetscCall(VecSet(dp, 1));
  PetscCall(VecScale(a.p, 2));
  REFUSES(CostateMultTangent(cs, dp, du), "not those of the last solve", "other parameters than were solved for");
  PetscCall(VecScale(a.p, .5));
  REFUSES(CostateSetSteadyMode(cs, (CostateSteadyMode)7), "no such mode", "a mode that does not exist");
  PetscCall(Create(B, PETSC_FALSE, PETSC_FALSE,
                   "-costate_steady_mode forward -costate_adjoint_ksp_max_it 1 -costate_adjoint_pc_type none", &a,
                   &cs));
  PetscCall(ZooListen());
  PetscCall(CostateSolve(cs));
  PetscCall(ZooHeard("DIVERGED_ITS", &heard));
  PetscCall(CostateGetConvergedReason(cs, &reason));
  T_OK(reason == COSTATE_DIVERGED_BACKWARD && heard, "a tangent solve that does not converge: DIVERGED_BACKWARD");
  PetscCall(Create(B, PETSC_FALSE, PETSC_FALSE, "-costate_adjoint_ksp_type preonly -costate_adjoint_pc_type jacobi", &a,
                   &cs));
  PetscCall(CostateSolveForward(cs));
  REFUSES(CostateMultTangent(cs, dp, du), "but leaves", "a solver that says to have converged, and has not");
  PetscCall(Create(A, PETSC_TRUE, PETSC_FALSE, "", &a, &cs));
  PetscCall(CostateSetType(cs, COSTATEDISCRETE));
  PetscCall(CostateSolve(cs));
  REFUSES(CostateMultTangent(cs, dp, du), "The method discrete has no products", "du/dp of a run by its adjoint");
  PetscFunctionReturn(0);
}

int main(int argc, char **argv)
{
  PetscCall(
      ZooBegin(&argc, &argv, 2 * KNOWN_TESTS + 5 * MODES_TESTS + 4 * PRODUCT_TESTS + 3 * SETUP_TESTS + BAD_TESTS));
  PetscCall(Known(PETSC_FALSE, 1e-12));
  PetscCall(Known(PETSC_TRUE, 1e-5));
  PetscCall(Modes(A, PETSC_FALSE, "-costate_adjoint_ksp_rtol 1e-13", 1e-11));
  PetscCall(Modes(A, PETSC_TRUE, "-costate_adjoint_ksp_rtol 1e-13", 1e-11));
  PetscCall(Modes(D, PETSC_FALSE, "-costate_adjoint_ksp_rtol 1e-13", 1e-11));
  PetscCall(Modes(D, PETSC_FALSE, "-costate_adjoint_ksp_rtol 1e-13 -costate_adjoint_pc_type hypre", 1e-11));
  PetscCall(Modes(C, PETSC_FALSE, "-pc_type none -costate_adjoint_ksp_rtol 1e-13 -costate_adjoint_pc_type none", 1e-9));
  PetscCall(Products(A));
  PetscCall(Products(B));
  PetscCall(Products(C));
  PetscCall(Products(D));
  PetscCall(SetUps(PETSC_FALSE, PETSC_FALSE));
  PetscCall(SetUps(PETSC_FALSE, PETSC_TRUE));
  PetscCall(SetUps(PETSC_TRUE, PETSC_FALSE));
  PetscCall(Bad());
  fflush(stdout);
  PetscCall(ZooEnd());
  return zoo_rank == 0 ? done() : 0;
}
