/* SPDX-License-Identifier: BSD-2-Clause */
/* ranks: 1 2 3 */
/*
  implicit on grids: heat that conducts as it is hot, and flow through a field of permeabilities.  The Taylor remainder
  is of second order in a random direction, the gradient that of differences, where it is known the known one, and what
  the adjoint of a long run comes to.
*/
#include "steady_scale.h"

#define N 9

#define TIGHT "-pc_type lu -pc_factor_mat_solver_type mumps "

#define TAYLOR_TESTS 2
static PetscErrorCode Taylor(Kind kind, const char options[])
{
  App         a = {.kind = kind, .n = N};
  Costate     cs;
  PetscReal   order = 0, error;
  PetscRandom random;
  const char *seed = getenv("SEED");

  PetscFunctionBeginUser;
  if (without_hypre(zoo_rank, options, TAYLOR_TESTS)) PetscFunctionReturn(0);
  PetscCall(PetscRandomCreate(PETSC_COMM_WORLD, &random));
  PetscCall(PetscRandomSetInterval(random, -1, 1));
  /* another one for each rank, or three ranks with a parameter each go along p, in which heat is linear */
  PetscCall(PetscRandomSetSeed(random, (seed ? strtoul(seed, NULL, 10) : 1) + 7919 * (unsigned long)zoo_rank));
  PetscCall(PetscRandomSeed(random));
  PetscCall(Create(&a, PETSC_FALSE, options, &cs));
  /* along one direction the second-order term may all but vanish; a wrong gradient has order 1 along all */
  for (int i = 0; i < 4 && order < 1.99; i++) {
    PetscReal along;

    PetscCall(CostateCheckTaylor(cs, 0, random, NULL, &along));
    order = PetscMax(order, along);
  }
  T_OK(order >= 1.99, "%s %s: seed %s: the Taylor remainder has order %.4f", kinds[kind], options, seed ? seed : "1",
       (double)order);
  PetscCall(CostateCheckDotProduct(cs, random, NULL, &error));
  T_OK(error <= 1e-6, "%s: its derivatives are found right: %.1e", kinds[kind], (double)error);
  PetscCall(Destroy(&a, &cs));
  PetscCall(PetscRandomDestroy(&random));
  PetscFunctionReturn(0);
}

/* Every other parameter, by central differences of the cost. */
static PetscErrorCode Differences(Kind kind)
{
  App          a = {.kind = kind, .n = N};
  Costate      cs;
  PetscReal    worst = 0, norm, value[2];
  const double d     = 1e-4;
  PetscInt     np;
  Vec          gp, g;

  PetscFunctionBeginUser;
  PetscCall(Create(&a, PETSC_FALSE, TIGHT, &cs));
  PetscCall(CostateSolve(cs));
  PetscCall(CostateGetGradient(cs, 0, NULL, &gp));
  PetscCall(ZooCopy(gp, &g));
  PetscCall(VecNorm(g, NORM_INFINITY, &norm));
  PetscCall(VecGetSize(g, &np));
  for (PetscInt i = 0; i<np; i += np> 3 ? 7 : 1) {
    PetscScalar mine = 0;
    PetscInt    lo, hi;
    PetscReal   all;

    for (int k = 0; k < 2; k++) {
      if (!zoo_rank) PetscCall(VecSetValue(a.p, i, k ? -2 * d : d, ADD_VALUES));
      PetscCall(VecAssemblyBegin(a.p));
      PetscCall(VecAssemblyEnd(a.p));
      PetscCall(CostateSolveForward(cs));
      PetscCall(CostateGetCost(cs, 0, &value[k]));
    }
    if (!zoo_rank) PetscCall(VecSetValue(a.p, i, d, ADD_VALUES));
    PetscCall(VecAssemblyBegin(a.p));
    PetscCall(VecAssemblyEnd(a.p));
    PetscCall(VecGetOwnershipRange(g, &lo, &hi));
    if (i >= lo && i < hi) PetscCall(VecGetValues(g, 1, &i, &mine));
    all = PetscRealPart(mine);
    PetscCallMPI(MPI_Allreduce(MPI_IN_PLACE, &all, 1, MPIU_REAL, MPI_SUM, PETSC_COMM_WORLD));
    worst = PetscMax(worst, PetscAbsReal((value[0] - value[1]) / (2 * d) - all) / norm);
  }
  T_OK(worst <= 1e-6, "%s: the gradient of differences: %.1e", kinds[kind], (double)worst);
  PetscCall(VecDestroy(&g));
  PetscCall(Destroy(&a, &cs));
  PetscFunctionReturn(0);
}

/*
  Layers across the flow are resistances r = exp(-m) one after the other: the head in the middle of layer i is
  1 - (r_0 + .. + r_(i-1) + r_i/2)/S, S all of them.  The mean of a column over the rows changes with each cell of layer
  k by 1/n of its derivative, for nothing flows between the rows.
*/
static PetscErrorCode Layers(const char options[], PetscReal tol)
{
  App            a      = {.kind = DARCY, .n = N};
  const PetscInt column = 2 * N / 3;
  PetscReal      r[N], sum = 0, upto = 0, e;
  Costate        cs;
  PetscInt       lo, hi;
  Vec            g, known;

  PetscFunctionBeginUser;
  if (without_hypre(zoo_rank, options, 1)) PetscFunctionReturn(0);
  PetscCall(Create(&a, PETSC_FALSE, options, &cs));
  for (PetscInt i = 0; i < N; i++) {
    r[i] = PetscExpReal(-PetscSinReal(1 + 2. * (PetscReal)i));
    sum += r[i];
    upto += i < column ? r[i] : i == column ? r[i] / 2 : 0;
  }
  PetscCall(VecDuplicate(a.p, &known));
  PetscCall(VecGetOwnershipRange(a.p, &lo, &hi));
  for (PetscInt k = lo; k < hi; k++) {
    const PetscInt  i    = k % N;
    const PetscReal part = i < column ? 1 : i == column ? .5 : 0;

    PetscCall(VecSetValue(a.p, k, -PetscLogReal(r[i]), INSERT_VALUES));
    PetscCall(VecSetValue(a.b, k, i == column ? 1. / N : 0, INSERT_VALUES));
    PetscCall(VecSetValue(known, k, -r[i] * (upto / (sum * sum) - part / sum) / N, INSERT_VALUES));
  }
  PetscCall(VecAssemblyBegin(a.p));
  PetscCall(VecAssemblyEnd(a.p));
  PetscCall(VecAssemblyBegin(a.b));
  PetscCall(VecAssemblyEnd(a.b));
  PetscCall(VecAssemblyBegin(known));
  PetscCall(VecAssemblyEnd(known));
  PetscCall(VecZeroEntries(a.w));
  PetscCall(CostateSolve(cs));
  PetscCall(CostateGetGradient(cs, 0, NULL, &g));
  PetscCall(ZooDifference(g, known, &e));
  T_OK(e <= tol, "darcy %s: layers one after the other: the known gradient to %.1e", options, (double)e);
  PetscCall(VecDestroy(&known));
  PetscCall(Destroy(&a, &cs));
  PetscFunctionReturn(0);
}

/* The adjoint of the steps of a long run, and the continuous one, come to that of the state of rest. */
#define LIMIT_TESTS 3
static PetscErrorCode Limit(Kind kind)
{
  App       a = {.kind = kind, .n = 5};
  Costate   cs;
  Vec       g, rest;
  PetscReal e;
  PetscInt  its[2];

  PetscFunctionBeginUser;
  PetscCall(Gradient(&a, PETSC_FALSE, "", &rest, its));
  a = (App){.kind = kind, .n = 5};
  PetscCall(Create(&a, PETSC_TRUE,
                   "-costate_steady_rtol 1e-11 -costate_steady_atol 1e-11 -costate_adjoint_ksp_rtol 1e-12", &cs));
  PetscCall(CostateSolve(cs));
  PetscCall(CostateGetGradient(cs, 0, NULL, &g));
  PetscCall(ZooDifference(g, rest, &e));
  T_OK(e <= 1e-8, "%s: a run that comes to rest has the gradient of a SNES: %.1e", kinds[kind], (double)e);
  PetscCall(TSSetMaxTime(a.ts, 200));
  for (int i = 0; i < 2; i++) {
    PetscCall(CostateSetType(cs, i ? COSTATEINTERPOLATING : COSTATEDISCRETE));
    PetscCall(CostateSolve(cs));
    PetscCall(CostateGetGradient(cs, 0, NULL, &g));
    PetscCall(ZooDifference(g, rest, &e));
    T_OK(e <= 1e-7, "%s: %s over a long run comes to it: %.1e", kinds[kind], i ? "interpolating" : "discrete",
         (double)e);
  }
  PetscCall(VecDestroy(&rest));
  PetscCall(Destroy(&a, &cs));
  PetscFunctionReturn(0);
}

int main(int argc, char **argv)
{
  PetscCall(ZooBegin(&argc, &argv, 4 * TAYLOR_TESTS + 2 + 2 + 2 * LIMIT_TESTS));
  for (int i = 0; i < 2; i++) {
    PetscCall(Taylor(i ? DARCY : HEAT, "-costate_adjoint_ksp_rtol 1e-12"));
    PetscCall(
        Taylor(i ? DARCY : HEAT, "-pc_type hypre -costate_adjoint_pc_type hypre -costate_adjoint_ksp_rtol 1e-12"));
    PetscCall(Differences(i ? DARCY : HEAT));
    PetscCall(Limit(i ? DARCY : HEAT));
  }
  PetscCall(Layers(TIGHT "-costate_adjoint_pc_type lu -costate_adjoint_pc_factor_mat_solver_type mumps", 1e-12));
  PetscCall(
      Layers("-ksp_rtol 1e-13 -costate_adjoint_ksp_rtol 1e-13 -pc_type hypre -costate_adjoint_pc_type hypre", 1e-10));
  fflush(stdout);
  PetscCall(ZooEnd());
  return zoo_rank == 0 ? done() : 0;
}
