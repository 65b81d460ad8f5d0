/* SPDX-License-Identifier: BSD-2-Clause */
/*
  Ten costs in one sweep against ten sweeps: evaluations and time, the median of interleaved rounds.

    -costs 10 -rounds 5 -case lotka_t
*/
#include <time.h>
#include "bench.h"
#include "../costate/costs.h"

#define MAX_COSTS 32

typedef struct {
  const char *problem, *options, *without;
} CostsCase;

static const CostsCase cases[] = {
    {"lotka_t", "-tend 10 -dt 0.01 -ts_adapt_type none", ""},
    {"advdiff", "-n 32 -tend 0.1 -dt 0.001 -ts_type rk -ts_rk_type 3bs -ts_adapt_type none", "forward backsolve"},
    {"brusselator", "-n 24 -tend 0.5 -dt 0.02 -ts_type cn", "backsolve"},
};

typedef struct {
  CostateStatistics stats;
  PetscReal         seconds;
} CostsRun;

static PetscReal Now(void)
{
  struct timespec t;

  (void)clock_gettime(CLOCK_MONOTONIC, &t);
  return (PetscReal)t.tv_sec + 1e-9 * (PetscReal)t.tv_nsec;
}

/* Costs number first to first + n - 1 by one object: at some times, and at the end. */
static PetscErrorCode Sweep(const char problem[], const char method[], int first, int n, CostsRun *r)
{
  TestCost          c[MAX_COSTS];
  CostateProblem    pr;
  Costate           cs;
  CostateStatistics stats;
  TS                ts;
  PetscReal         end, times[3], start;

  PetscFunctionBeginUser;
  PetscCall(TestCreate(problem, method, &pr, &cs));
  PetscCall(CostateProblemGetTS(pr, &ts));
  PetscCall(TSGetMaxTime(ts, &end));
  for (int i = 0; i < 3; i++) times[i] = end * (i + 1) / 5;
  for (int j = 0; j < n; j++) {
    c[j] = (TestCost){1 + .1 * (first + j), .3 * (first + j) - 1, .05 * (first + j)};
    PetscCall(CostateSetPointCost(cs, j, 3, times, TEST_COST(&c[j])));
    PetscCall(CostateSetTerminalCost(cs, j, TEST_COST(&c[j])));
  }
  PetscCall(CostateSetUp(cs));
  start = Now();
  PetscCall(CostateSolve(cs));
  r->seconds += Now() - start;
  PetscCall(CostateGetStatistics(cs, &stats));
  r->stats.steps += stats.steps;
  r->stats.adjoint_steps += stats.adjoint_steps;
  r->stats.f += stats.f;
  r->stats.jacobians += stats.jacobians;
  r->stats.jtv += stats.jtv;
  r->stats.jptv += stats.jptv;
  r->stats.linear_its += stats.linear_its + stats.adjoint_linear_its;
  PetscCall(CostateDestroy(&cs));
  PetscCall(CostateProblemDestroy(&pr));
  PetscFunctionReturn(0);
}

static PetscErrorCode Line(const char what[], const CostsRun *r, PetscReal seconds, PetscReal all)
{
  PetscFunctionBeginUser;
  PetscCall(PetscPrintf(PETSC_COMM_WORLD, "  %-28s %6d %6d %7d %7d %7d %7d %7d %9.4f s", what, (int)r->stats.steps,
                        (int)r->stats.adjoint_steps, (int)r->stats.f, (int)r->stats.jacobians, (int)r->stats.jtv,
                        (int)r->stats.jptv, (int)r->stats.linear_its, (double)seconds));
  if (all > 0) PetscCall(PetscPrintf(PETSC_COMM_WORLD, ", %.1f times", (double)(all / seconds)));
  PetscCall(PetscPrintf(PETSC_COMM_WORLD, "\n"));
  PetscFunctionReturn(0);
}

static PetscErrorCode Case(const CostsCase *c, int costs, int rounds)
{
  const char *method, *text;

  PetscFunctionBeginUser;
  PetscCall(ZooOptions(c->options));
  PetscCall(PetscPrintf(PETSC_COMM_WORLD, "%s %s\n  %-28s %6s %6s %7s %7s %7s %7s %7s %11s\n", c->problem, c->options,
                        "", "steps", "back", "f", "f_u", "J^T v", "f_p^T v", "linear", "median"));
  for (PetscInt m = 0; !ZooListGet(m, &method, &text) && method; m++) {
    CostsRun  one, ten;
    PetscReal t[2][MAX_ROUNDS], median[2];
    char      what[64];

    if (strstr(c->without, method)) continue;
    for (int k = 0; k < rounds; k++) {
      one = ten = (CostsRun){.seconds = 0};
      PetscCall(Sweep(c->problem, method, 0, costs, &one));
      for (int j = 0; j < costs; j++) PetscCall(Sweep(c->problem, method, j, 1, &ten));
      t[0][k] = one.seconds;
      t[1][k] = ten.seconds;
    }
    median[0] = Median(rounds, t[0]);
    median[1] = Median(rounds, t[1]);
    (void)snprintf(what, sizeof(what), "%s, one sweep", method);
    PetscCall(Line(what, &one, median[0], median[1]));
    (void)snprintf(what, sizeof(what), "%s, %d sweeps", method, costs);
    PetscCall(Line(what, &ten, median[1], 0));
  }
  PetscFunctionReturn(0);
}

int main(int argc, char **argv)
{
  PetscInt costs = 10, rounds = 5;
  char     only[64] = "";

  PetscCall(ZooBegin(&argc, &argv, 0));
  PetscCall(PetscOptionsGetInt(NULL, NULL, "-costs", &costs, NULL));
  PetscCall(PetscOptionsGetInt(NULL, NULL, "-rounds", &rounds, NULL));
  PetscCall(PetscOptionsGetString(NULL, NULL, "-case", only, sizeof(only), NULL));
  PetscCheck(costs > 0 && costs <= MAX_COSTS && rounds > 0 && rounds <= MAX_ROUNDS, PETSC_COMM_WORLD,
             PETSC_ERR_ARG_OUTOFRANGE, "-costs 1 to %d, -rounds 1 to %d", MAX_COSTS, MAX_ROUNDS);
  PetscCall(PetscPrintf(PETSC_COMM_WORLD,
                        "%d costs in one sweep and in as many: steps, evaluations, linear iterations, and the time of "
                        "the solves (median of %d interleaved rounds)\n",
                        (int)costs, (int)rounds));
  for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
    if (!only[0] || !strcmp(only, cases[i].problem)) PetscCall(Case(&cases[i], (int)costs, (int)rounds));
  }
  PetscCall(ZooEnd());
  return 0;
}
