/* SPDX-License-Identifier: BSD-2-Clause */
/* ranks: 1 2 3 */
/* The accuracy that is asked of gradients reaches the solvers of adjoints and what is said of a state of rest. */
#include "steady.h"

#define KRYLOV "-costate_adjoint_ksp_type richardson -costate_adjoint_pc_type jacobi "

#define FOLLOWS_TESTS 6
static PetscErrorCode Follows(void)
{
  const PetscReal asked[4] = {1e-1, 1e-3, 1e-6, 1e-9};
  App             a;
  Costate         cs;
  Vec             g, exact;
  PetscInt        its[5];
  PetscReal       e;

  PetscFunctionBeginUser;
  PetscCall(Create(D, PETSC_FALSE, PETSC_FALSE, KRYLOV "-costate_adjoint_ksp_rtol 1e-14", &a, &cs));
  PetscCall(CostateSolve(cs));
  PetscCall(CostateGetGradient(cs, 0, NULL, &g));
  PetscCall(ZooCopy(g, &exact));
  PetscCall(Destroy(&a, &cs));
  for (int i = 0; i < 5; i++) {
    CostateStatistics stats;

    PetscCall(Create(D, PETSC_FALSE, PETSC_FALSE, KRYLOV, &a, &cs));
    if (i < 4) PetscCall(CostateSetAccuracy(cs, asked[i]));
    PetscCall(CostateSolve(cs));
    PetscCall(CostateGetStatistics(cs, &stats));
    PetscCall(CostateGetGradient(cs, 0, NULL, &g));
    PetscCall(ZooDifference(g, exact, &e));
    its[i] = stats.adjoint_linear_its;
    T_OK(e <= (i < 4 ? asked[i] : 1e-8), "accuracy %g: %d iterations, error %.1e", i < 4 ? (double)asked[i] : 0.,
         (int)its[i], (double)e);
    PetscCall(Destroy(&a, &cs));
  }
  T_OK(its[0] <= its[1] && its[1] < its[2] && its[2] < its[4] && its[4] < its[3],
       "the more, the more iterations; without any as many as ever: %d", (int)its[4]);
  PetscCall(VecDestroy(&exact));
  PetscFunctionReturn(0);
}

/* Adjoint steps, too; what is said of them has the last word, and is not forgotten by the next solve. */
#define STEPS_TESTS 3
static PetscErrorCode Steps(void)
{
  static const char *const options[] = {"", "-costate_accuracy 1e-3",
                                        "-costate_accuracy 1e-3 -ts_trajectory_costate_transposed_rtol 1e-12"};
  ZooResult                r[3];
  PetscReal                e[3];

  PetscFunctionBeginUser;
  for (int i = 0; i < 3; i++) {
    char all[256];

    PetscCall(
        PetscSNPrintf(all, sizeof(all), "-n 8 -tend .2 -ts_type cn -pc_type jacobi -ksp_rtol 1e-12 %s", options[i]));
    PetscCall(ZooSolve("brusselator", COSTATEDISCRETE, all, &r[i]));
    PetscCall(ZooDifference(r[i].gp, r[0].gp, &e[i]));
  }
  T_OK(e[1] > 0 && e[1] <= 1e-3, "adjoint steps of accuracy 1e-3: error %.1e", (double)e[1]);
  T_OK(r[1].stats.adjoint_linear_its < r[0].stats.adjoint_linear_its, "they take %d iterations instead of %d",
       (int)r[1].stats.adjoint_linear_its, (int)r[0].stats.adjoint_linear_its);
  T_OK(e[2] == 0 && r[2].stats.adjoint_linear_its == r[0].stats.adjoint_linear_its,
       "an option that says otherwise wins: %d iterations", (int)r[2].stats.adjoint_linear_its);
  for (int i = 0; i < 3; i++) PetscCall(ZooResultFree(&r[i]));
  PetscFunctionReturn(0);
}

static PetscErrorCode Hears(Costate cs, const char text[], PetscBool *heard)
{
  PetscFunctionBeginUser;
  PetscCall(ZooListen());
  PetscCall(CostateSolve(cs));
  PetscCall(ZooHeard(text, heard));
  PetscFunctionReturn(0);
}

#define RESTLESS "-costate_steady_rtol 1e-3 -costate_steady_atol 1e-3 "

#define WARNS_TESTS 6
static PetscErrorCode Warns(void)
{
  const char *rest[] = {RESTLESS "-costate_accuracy .1", RESTLESS "-costate_accuracy 1e-7",
                        RESTLESS "-costate_accuracy 1e-7 -costate_steady_warn .1"};
  App         a;
  Costate     cs;
  PetscBool   heard[2];

  PetscFunctionBeginUser;
  PetscCall(
      Create(D, PETSC_FALSE, PETSC_FALSE, KRYLOV "-costate_accuracy 1e-6 -costate_adjoint_ksp_rtol 1e-4", &a, &cs));
  PetscCall(Hears(cs, "is looser than the accuracy", &heard[0]));
  PetscCall(CostateReset(cs));
  PetscCall(Hears(cs, "is looser than the accuracy", &heard[1]));
  T_OK(heard[0] && !heard[1], "a solver that is looser than the accuracy is warned of, once");
  PetscCall(Destroy(&a, &cs));
  PetscCall(
      Create(D, PETSC_FALSE, PETSC_FALSE, KRYLOV "-costate_accuracy 1e-6 -costate_adjoint_ksp_rtol 1e-11", &a, &cs));
  PetscCall(Hears(cs, "warning", &heard[0]));
  T_OK(!heard[0], "a tighter one is not");
  PetscCall(Destroy(&a, &cs));
  PetscCall(Create(D, PETSC_FALSE, PETSC_FALSE,
                   "-costate_accuracy 1e-6 -costate_adjoint_ksp_type preonly -costate_adjoint_ksp_rtol 1e-4 "
                   "-costate_adjoint_pc_type redundant",
                   &a, &cs));
  PetscCall(Hears(cs, "warning", &heard[0]));
  T_OK(!heard[0], "nor one that has no tolerance");
  PetscCall(Destroy(&a, &cs));
  for (int i = 0; i < 3; i++) {
    PetscCall(Create(A, PETSC_TRUE, PETSC_FALSE, rest[i], &a, &cs));
    PetscCall(Hears(cs, i == 1 ? "right to 1e-07 (-costate_accuracy)" : "warning", &heard[0]));
    T_OK(heard[0] == (i == 1), "%s: %s", rest[i], i == 1 ? "a warning" : "none");
    PetscCall(Destroy(&a, &cs));
  }
  PetscFunctionReturn(0);
}

/* The solvers of a sweep, of lambda and of y alike. */
#define SWEEP_TESTS 3
static PetscErrorCode Sweep(void)
{
  const char *accuracy[] = {"1e-3", "1e-9"};
  ZooResult   r[2];
  char        options[512];
  PetscReal   e;

  PetscFunctionBeginUser;
  for (int i = 0; i < 2; i++) {
    PetscCall(PetscSNPrintf(options, sizeof(options),
                            "-ts_type cn -ts_adapt_type none -dt .01 -costate_adjoint_ts_type cn "
                            "-costate_adjoint_pc_type none -costate_accuracy %s",
                            accuracy[i]));
    PetscCall(ZooSolve("heat", COSTATEINTERPOLATING, options, &r[i]));
  }
  T_OK(r[0].stats.adjoint_linear_its < r[1].stats.adjoint_linear_its, "a sweep: %d iterations for %s, %d for %s",
       (int)r[0].stats.adjoint_linear_its, accuracy[0], (int)r[1].stats.adjoint_linear_its, accuracy[1]);
  PetscCall(ZooDifference(r[0].gp, r[1].gp, &e));
  T_OK(e <= 1e-3 && e > 0, "its gradients differ by %.1e", (double)e);
  T_OK(r[0].stats.adjoint_setups >= r[0].stats.adjoint_steps / 2 && r[0].stats.adjoint_setups > 0,
       "set-ups are counted: %d for %d steps", (int)r[0].stats.adjoint_setups, (int)r[0].stats.adjoint_steps);
  PetscCall(ZooResultFree(&r[0]));
  PetscCall(ZooResultFree(&r[1]));
  PetscFunctionReturn(0);
}

#define COUNTED_TESTS 2
static PetscErrorCode Counted(void)
{
  App               a;
  Costate           cs;
  CostateStatistics stats;

  PetscFunctionBeginUser;
  PetscCall(Create(B, PETSC_FALSE, PETSC_FALSE, "-pc_type transposable -transposable_pc_type jacobi", &a, &cs));
  PetscCall(CostateSolve(cs));
  PetscCall(CostateGetStatistics(cs, &stats));
  T_OK(stats.setups == stats.steps && stats.setups > 0, "a preconditioner that counts: %d set-ups in %d Newton steps",
       (int)stats.setups, (int)stats.steps);
  PetscCall(Destroy(&a, &cs));
  PetscCall(Create(B, PETSC_FALSE, PETSC_FALSE, "-pc_type jacobi", &a, &cs));
  PetscCall(CostateSolve(cs));
  PetscCall(CostateGetStatistics(cs, &stats));
  T_OK(stats.setups == -1, "one that does not: not known");
  PetscCall(Destroy(&a, &cs));
  PetscFunctionReturn(0);
}

/* What a person is shown. */
#define VIEW_TESTS 2
static PetscErrorCode View(void)
{
  App         a;
  Costate     cs;
  PetscViewer viewer;
  char        all[16384] = "";
  int         yes[2];

  PetscFunctionBeginUser;
  PetscCall(Create(A, PETSC_FALSE, PETSC_FALSE, "-costate_accuracy 1e-7 -costate_steady_mode forward", &a, &cs));
  PetscCall(CostateSolve(cs));
  PetscCall(PetscViewerASCIIOpen(PETSC_COMM_WORLD, "view.txt", &viewer));
  PetscCall(CostateView(cs, viewer));
  PetscCall(PetscViewerDestroy(&viewer));
  if (zoo_rank == 0) {
    FILE  *f = fopen("view.txt", "r");
    size_t n = f ? fread(all, 1, sizeof(all) - 1, f) : 0;

    all[n] = 0;
    if (f) (void)fclose(f);
  }
  yes[0] = strstr(all, "mode: forward") && strstr(all, "accuracy asked for: 1e-07");
  yes[1] = strstr(all, "set up so far: 0 times for the transpose, 1 times for tangents") != NULL;
  T_OK(yes[0], "the view says the mode and the accuracy");
  T_OK(yes[1], "and how often preconditioners were set up");
  PetscCall(Destroy(&a, &cs));
  PetscFunctionReturn(0);
}

#define BAD_TESTS 3
static PetscErrorCode Bad(void)
{
  App     a;
  Costate cs;

  PetscFunctionBeginUser;
  PetscCall(Create(A, PETSC_FALSE, PETSC_FALSE, "", &a, &cs));
  REFUSES(CostateSetAccuracy(cs, 2), "between 0 and 1", "an accuracy of 2");
  REFUSES(CostateSetAccuracy(cs, -1e-3), "between 0 and 1", "one of -1e-3");
  REFUSES(CostateSetAccuracy(cs, NAN), "between 0 and 1", "one that is not a number");
  PetscFunctionReturn(0);
}

int main(int argc, char **argv)
{
  PetscCall(ZooBegin(&argc, &argv,
                     FOLLOWS_TESTS + STEPS_TESTS + WARNS_TESTS + SWEEP_TESTS + COUNTED_TESTS + VIEW_TESTS + BAD_TESTS));
  PetscCall(Follows());
  PetscCall(Steps());
  PetscCall(Warns());
  PetscCall(Sweep());
  PetscCall(Counted());
  PetscCall(View());
  PetscCall(Bad());
  fflush(stdout);
  PetscCall(ZooEnd());
  return zoo_rank == 0 ? done() : 0;
}
