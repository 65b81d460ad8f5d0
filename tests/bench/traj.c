/* SPDX-License-Identifier: BSD-2-Clause */
/*
  The time of an adjoint run, TSSolve() and TSAdjointSolve(), when everything fits into memory and no step is repeated,
  beside that with PETSc's trajectory `memory`.  The runs are interleaved; what two equal runs differ by stands beside
  it.  The ratios are of medians: of elapsed time, and of the time that the processor spent on it, which other programs
  on the machine disturb less.  Options: -pairs 10, -case to look at one.
*/
#include "../traj/app.h"
#include "../traj/decay.h"
#include <stdlib.h>
#include <sys/resource.h>

enum { MEMORY, COSTATE, AGAIN, UNCHECKED, KINDS };

static const char *const kinds[KINDS] =
    {"-ts_trajectory_type memory", "-ts_trajectory_type costate -ts_trajectory_costate_ram 100000",
     "-ts_trajectory_type memory",
     "-ts_trajectory_type costate -ts_trajectory_costate_ram 100000 -ts_trajectory_costate_check 0"};

/* `decay` is u' = -u: there is next to nothing but the storing. */
static const struct {
  const char *name, *options;
  PetscBool   decay;
  PetscInt    unknowns, steps;
} cases[] = {
    {"rk4-decay-small", "-ts_type rk -ts_rk_type 4", PETSC_TRUE, 10000, 300},
    {"rk4-decay-large", "-ts_type rk -ts_rk_type 4", PETSC_TRUE, 200000, 30},
    {"rk4-small", "-ts_type rk -ts_rk_type 4", PETSC_FALSE, 10000, 100},
    {"rk4-large", "-ts_type rk -ts_rk_type 4", PETSC_FALSE, 200000, 5},
    {"cn-small", "-ts_type cn", PETSC_FALSE, 10000, 50},
    {"cn-large", "-ts_type cn", PETSC_FALSE, 200000, 4},
};

typedef struct {
  PetscReal wall, cpu;
} Seconds;

static PetscErrorCode Now(Seconds *s)
{
  PetscLogDouble wall;
  struct rusage  use;

  PetscFunctionBeginUser;
  PetscCall(PetscTime(&wall));
  (void)getrusage(RUSAGE_SELF, &use);
  s->wall = wall;
  s->cpu  = (PetscReal)(use.ru_utime.tv_sec + use.ru_stime.tv_sec) +
           1e-6 * (PetscReal)(use.ru_utime.tv_usec + use.ru_stime.tv_usec);
  PetscFunctionReturn(0);
}

static PetscErrorCode Once(App *app, int c, const char kind[], Seconds *seconds)
{
  TS       ts;
  Vec      u, lambda;
  Mat      J;
  Seconds  begin, end;
  PetscInt n;

  PetscFunctionBeginUser;
  PetscCall(PetscOptionsInsertString(NULL, cases[c].options));
  PetscCall(PetscOptionsInsertString(NULL, kind));
  PetscCall(DMCreateGlobalVector(app->dm, &u));
  PetscCall(VecGetLocalSize(u, &n));
  if (cases[c].decay)
    PetscCall(MatCreateConstantDiagonal(PETSC_COMM_WORLD, n, n, PETSC_DETERMINE, PETSC_DETERMINE, -1, &J));
  else
    PetscCall(DMCreateMatrix(app->dm, &J));
  PetscCall(VecDuplicate(u, &lambda));
  PetscCall(TSCreate(PETSC_COMM_WORLD, &ts));
  PetscCall(TSSetDM(ts, app->dm));
  PetscCall(TSSetProblemType(ts, TS_NONLINEAR));
  PetscCall(TSSetEquationType(ts, TS_EQ_ODE_EXPLICIT));
  PetscCall(TSSetRHSFunction(ts, NULL, cases[c].decay ? Decay : AppRHS, app));
  PetscCall(TSSetRHSJacobian(ts, J, J, cases[c].decay ? DecayJacobian : AppJacobian, app));
  PetscCall(TSSetTimeStep(ts, app->dt));
  PetscCall(TSSetMaxTime(ts, 1));
  PetscCall(TSSetMaxSteps(ts, cases[c].steps));
  PetscCall(TSSetExactFinalTime(ts, TS_EXACTFINALTIME_STEPOVER));
  PetscCall(TSSetSaveTrajectory(ts));
  PetscCall(TSSetFromOptions(ts));
  PetscCall(AppInitial(app, u));
  PetscCall(PetscBarrier((PetscObject)ts));
  PetscCall(Now(&begin));
  PetscCall(TSSolve(ts, u));
  PetscCall(VecCopy(u, lambda));
  PetscCall(TSSetCostGradients(ts, 1, &lambda, NULL));
  PetscCall(TSAdjointSolve(ts));
  PetscCall(PetscBarrier((PetscObject)ts));
  PetscCall(Now(&end));
  seconds->wall = end.wall - begin.wall;
  seconds->cpu  = end.cpu - begin.cpu;
  PetscCall(TSDestroy(&ts));
  PetscCall(VecDestroy(&u));
  PetscCall(VecDestroy(&lambda));
  PetscCall(MatDestroy(&J));
  for (PetscInt i = 0; kind[i]; i++) { /* no kind may inherit another one's options */
    if (kind[i] == '-') {
      char        name[64];
      const char *space = strchr(kind + i, ' ');

      PetscCall(PetscStrncpy(name, kind + i, PetscMin(sizeof(name), (size_t)(space - kind - i) + 1)));
      PetscCall(PetscOptionsClearValue(NULL, name));
    }
  }
  PetscFunctionReturn(0);
}

static int Compare(const void *a, const void *b)
{
  const PetscReal x = *(const PetscReal *)a, y = *(const PetscReal *)b;

  return (x > y) - (x < y);
}

static PetscReal Median(PetscInt n, PetscReal x[])
{
  qsort(x, (size_t)n, sizeof(*x), Compare);
  return (x[(n - 1) / 2] + x[n / 2]) / 2;
}

static PetscErrorCode Case(int c, PetscInt pairs)
{
  App        app = AppDefault();
  PetscReal *wall[KINDS], *cpu[KINDS], mw[KINDS], mc[KINDS];
  Seconds    s;

  PetscFunctionBeginUser;
  app.points = cases[c].unknowns / 2;
  app.dt     = 1e-1 / ((PetscReal)app.points * (PetscReal)app.points);
  PetscCall(DMDACreate1d(PETSC_COMM_WORLD, DM_BOUNDARY_PERIODIC, app.points, 2, 1, NULL, &app.dm));
  PetscCall(DMSetUp(app.dm));
  for (int k = 0; k < KINDS; k++) {
    PetscCall(PetscMalloc2(pairs, &wall[k], pairs, &cpu[k]));
    PetscCall(Once(&app, c, kinds[k], &s)); /* to get warm */
  }
  for (PetscInt i = 0; i < pairs; i++) {
    for (int j = 0; j < KINDS; j++) {
      int k = i % 2 ? KINDS - 1 - j : j; /* none is always the first */

      PetscCall(Once(&app, c, kinds[k], &s));
      wall[k][i] = s.wall;
      cpu[k][i]  = s.cpu;
    }
  }
  for (int k = 0; k < KINDS; k++) {
    mw[k] = Median(pairs, wall[k]);
    mc[k] = Median(pairs, cpu[k]);
    PetscCall(PetscFree2(wall[k], cpu[k]));
  }
  PetscCall(DMDestroy(&app.dm));
  PetscCall(PetscPrintf(PETSC_COMM_WORLD, "%s,%" PetscInt_FMT ",%" PetscInt_FMT ",%" PetscInt_FMT ",%.4f,%.4f",
                        cases[c].name, cases[c].unknowns, cases[c].steps, pairs, (double)mw[MEMORY],
                        (double)mw[COSTATE]));
  PetscCall(PetscPrintf(PETSC_COMM_WORLD, ",%.4f,%.4f,%.4f", (double)(mw[COSTATE] / mw[MEMORY]),
                        (double)(mw[AGAIN] / mw[MEMORY]), (double)(mw[COSTATE] / mw[UNCHECKED])));
  PetscCall(PetscPrintf(PETSC_COMM_WORLD, ",%.4f,%.4f,%.4f\n", (double)(mc[COSTATE] / mc[MEMORY]),
                        (double)(mc[AGAIN] / mc[MEMORY]), (double)(mc[COSTATE] / mc[UNCHECKED])));
  PetscFunctionReturn(0);
}

int main(int argc, char **argv)
{
  PetscInt pairs    = 10;
  char     only[32] = "";

  PetscCall(PetscInitialize(&argc, &argv, NULL, NULL));
  PetscCall(CostateInitializePackage());
  PetscCall(PetscOptionsGetInt(NULL, NULL, "-pairs", &pairs, NULL));
  PetscCall(PetscOptionsGetString(NULL, NULL, "-case", only, sizeof(only), NULL));
  PetscCheck(pairs > 0, PETSC_COMM_WORLD, PETSC_ERR_ARG_OUTOFRANGE, "-pairs must be positive");
  PetscCall(PetscOptionsInsertString(NULL, "-ts_adapt_type none"));
  PetscCall(PetscPrintf(PETSC_COMM_WORLD, "case,unknowns,steps,pairs,memory_seconds,costate_seconds,costate_to_memory,"
                                          "memory_to_itself,checked_to_unchecked,cpu_costate_to_memory,"
                                          "cpu_memory_to_itself,cpu_checked_to_unchecked\n"));
  for (size_t c = 0; c < sizeof(cases) / sizeof(cases[0]); c++) {
    if (!only[0] || !strcmp(only, cases[c].name)) PetscCall(Case((int)c, pairs));
  }
  PetscCall(PetscFinalize());
  return 0;
}
