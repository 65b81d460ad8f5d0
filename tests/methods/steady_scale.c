/* SPDX-License-Identifier: BSD-2-Clause */
/* ranks: 1 2 3 */
/*
  implicit with the solvers of large problems: a Jacobian known by its products with hypre on an assembled matrix, two
  fields and a Stokes problem through fieldsplit with hypre inside, BoomerAMG against the wind.  The gradient is that of
  a direct solver, a transposed solve takes about as many iterations as a forward one, and costs share a set-up.
  Bad input ends in a sentence.
*/
#include "steady_scale.h"

#define DIRECT                                                                                                         \
  "-pc_type lu -pc_factor_mat_solver_type mumps -costate_adjoint_pc_type lu "                                          \
  "-costate_adjoint_pc_factor_mat_solver_type mumps -costate_adjoint_ksp_rtol 1e-13 "
#define TIGHT                                                                                                          \
  "-ksp_rtol 1e-12 -costate_adjoint_ksp_rtol 1e-12 -ksp_gmres_restart 100 -costate_adjoint_ksp_gmres_restart 100 "
#define HYPRE "-pc_type hypre -costate_adjoint_pc_type hypre " TIGHT

/* Both solves by the same options: what is said of the one after -, of the other after -costate_adjoint_ */
#define SPLIT(more)                                                                                                    \
  "-ksp_type fgmres -costate_adjoint_ksp_type fgmres -pc_type fieldsplit -costate_adjoint_pc_type fieldsplit " more    \
      TIGHT
#define BOTH(option) "-" option " -costate_adjoint_" option " "
#define PAIR_SPLIT(type)                                                                                               \
  SPLIT(BOTH("pc_fieldsplit_block_size 2") BOTH("pc_fieldsplit_type " type) BOTH("fieldsplit_0_pc_type hypre") BOTH(   \
      "fieldsplit_1_pc_type hypre") BOTH("fieldsplit_0_ksp_type preonly") BOTH("fieldsplit_1_ksp_type preonly"))
#define STOKES_SPLIT                                                                                                   \
  SPLIT(BOTH("pc_fieldsplit_block_size 3") BOTH("pc_fieldsplit_0_fields 0,1") BOTH("pc_fieldsplit_1_fields 2")         \
            BOTH("pc_fieldsplit_type schur") BOTH("pc_fieldsplit_schur_fact_type upper")                               \
                BOTH("pc_fieldsplit_schur_precondition a11") BOTH("fieldsplit_0_pc_type hypre")                        \
                    BOTH("fieldsplit_1_pc_type jacobi") BOTH("fieldsplit_0_ksp_type preonly")                          \
                        BOTH("fieldsplit_1_ksp_type preonly"))
/* the least solution, for a singular matrix */
#define SVD TIGHT BOTH("ksp_type preonly") BOTH("pc_type redundant") BOTH("redundant_pc_type svd")

static const struct {
  const char *what, *reference, *options;
  Kind        kind;
  PetscInt    n;
  PetscBool   shell;
} cases[] = {
    {"heat, assembled", DIRECT, HYPRE, HEAT, 12, PETSC_FALSE},
    {"heat, a shell and an assembled P", DIRECT, HYPRE, HEAT, 12, PETSC_TRUE},
    {"against the wind, a shell and an assembled P", DIRECT, HYPRE, WIND, 12, PETSC_TRUE},
    {"two fields, a shell and an assembled P", DIRECT, HYPRE, PAIR, 10, PETSC_TRUE},
    {"two fields, additive", DIRECT, PAIR_SPLIT("additive"), PAIR, 14, PETSC_FALSE},
    {"two fields, multiplicative", DIRECT, PAIR_SPLIT("multiplicative"), PAIR, 14, PETSC_FALSE},
    {"two fields, a shell, multiplicative", DIRECT, PAIR_SPLIT("multiplicative"), PAIR, 14, PETSC_TRUE},
    {"Stokes, Schur complement", SVD, STOKES_SPLIT, STOKES, 7, PETSC_FALSE},
};
#define CASES (int)(sizeof(cases) / sizeof(*cases))

#define CASE_TESTS 2
static PetscErrorCode Case(int i)
{
  App       a = {.kind = cases[i].kind, .n = cases[i].n};
  PetscReal e;
  PetscInt  its[2];
  Vec       g, reference;

  PetscFunctionBeginUser;
  if (without_hypre(zoo_rank, cases[i].options, CASE_TESTS)) PetscFunctionReturn(0);
  PetscCall(Gradient(&a, PETSC_FALSE, cases[i].reference, &reference, its));
  a = (App){.kind = cases[i].kind, .n = cases[i].n, .shell = cases[i].shell, .transposed = PETSC_TRUE};
  PetscCall(Gradient(&a, PETSC_FALSE, cases[i].options, &g, its));
  PetscCheck(g && reference, PETSC_COMM_WORLD, PETSC_ERR_NOT_CONVERGED, "%s: no gradient", cases[i].what);
  PetscCall(ZooDifference(g, reference, &e));
  T_OK(e <= 1e-8, "%s: the gradient of a direct solver: %.1e", cases[i].what, (double)e);
  T_OK(its[1] > 0 && its[1] <= 1.1 * its[0] + 2, "%s: %d iterations forward, %d transposed", cases[i].what, (int)its[0],
       (int)its[1]);
  PetscCall(VecDestroy(&g));
  PetscCall(VecDestroy(&reference));
  PetscFunctionReturn(0);
}

/* Against the wind: three costs take three solves and one set-up, none of them harder than the forward one. */
#define WIND_TESTS 2
static PetscErrorCode Wind(void)
{
  App                a = {.kind = WIND, .n = 24};
  Costate            cs;
  CostateStatistics  stats;
  PetscLogEvent      event;
  PetscEventPerfInfo before, after;

  PetscFunctionBeginUser;
  if (without_hypre(zoo_rank, HYPRE, WIND_TESTS)) PetscFunctionReturn(0);
  PetscCall(Create(&a, PETSC_FALSE, HYPRE "-snes_type ksponly -costate_adjoint_ksp_rtol 1e-12", &cs));
  for (PetscInt j = 1; j < 3; j++) PetscCall(CostateSetTerminalCost(cs, j, Value, ValueU, NULL, &a));
  PetscCall(CostateSolveForward(cs));
  PetscCall(PetscLogEventGetId("PCSetUp", &event));
  PetscCall(PetscLogEventGetPerfInfo(0, event, &before));
  PetscCall(CostateSolveAdjoint(cs));
  PetscCall(PetscLogEventGetPerfInfo(0, event, &after));
  PetscCall(CostateGetStatistics(cs, &stats));
  T_OK(after.count == before.count + 1, "three costs: %d set-up", after.count - before.count);
  T_OK(stats.adjoint_linear_its > 0 && stats.adjoint_linear_its <= 3 * (1.1 * stats.linear_its + 1),
       "against the wind: %d iterations forward, %.1f transposed", (int)stats.linear_its,
       (double)stats.adjoint_linear_its / 3);
  PetscCall(Destroy(&a, &cs));
  PetscFunctionReturn(0);
}

int main(int argc, char **argv)
{
  PetscCall(ZooBegin(&argc, &argv, CASES * CASE_TESTS + WIND_TESTS));
  PetscCall(PetscLogDefaultBegin());
  for (int i = 0; i < CASES; i++) PetscCall(Case(i));
  PetscCall(Wind());
  fflush(stdout);
  PetscCall(ZooEnd());
  return zoo_rank == 0 ? done() : 0;
}
