/* SPDX-License-Identifier: BSD-2-Clause */
/* ranks: 1 2 */
/*
  Parameters with a set of values for each window of time: the gradient with respect to all of them is the derivative of
  the cost, by every method, also where steps are executed again and where a type takes a stage from the step before.
*/
#include "refuses.h"

#define WINDOWS 3

static const TestCost  costs[2]           = {{1, 1, .1}, {.5, .2, .3}};
static const PetscReal edges[WINDOWS - 1] = {.7, 1.3}, times[3] = {0, .7, 1.8};
static Vec             own; /* what the functions of the zoo's problem read */
static PetscInt        told, own_steps;

/* The application takes over the set that is active. */
static PetscErrorCode Changed(Costate cs, Vec p, void *ctx)
{
  PetscFunctionBeginUser;
  (void)cs, (void)ctx;
  told++;
  PetscCall(VecCopy(p, own));
  PetscFunctionReturn(0);
}

static PetscErrorCode OwnPreStep(TS ts)
{
  PetscFunctionBeginUser;
  (void)ts;
  own_steps++;
  PetscFunctionReturn(0);
}

/* A problem of the zoo, its parameters in windows in which they differ by `spread`; cost 0 has every part, cost 1 one.
 */
static PetscErrorCode Create(const char problem[], const char method[], PetscReal spread, CostateProblem *pr,
                             Costate *cs, Vec *P)
{
  PetscInt n, N;
  TS       ts;
  Vec      u0, p;
  VecType  type;

  PetscFunctionBeginUser;
  PetscCall(CostateProblemCreate(PETSC_COMM_WORLD, problem, pr));
  PetscCall(CostateProblemSetFromOptions(*pr));
  PetscCall(CostateProblemGetTS(*pr, &ts));
  PetscCall(CostateProblemGetInitialState(*pr, &u0));
  PetscCall(CostateProblemGetParameters(*pr, &own));
  PetscCall(VecGetLocalSize(own, &n));
  PetscCall(VecGetSize(own, &N));
  PetscCall(VecGetType(own, &type));
  PetscCall(VecCreate(PETSC_COMM_WORLD, P));
  PetscCall(VecSetSizes(*P, WINDOWS * n, WINDOWS * N));
  PetscCall(VecSetType(*P, type));
  PetscCall(CostateCreate(PETSC_COMM_WORLD, cs));
  PetscCall(CostateSetTS(*cs, ts));
  PetscCall(CostateSetInitialState(*cs, u0));
  PetscCall(CostateSetParameters(*cs, *P));
  PetscCall(CostateSetParameterWindows(*cs, WINDOWS, edges));
  PetscCall(CostateSetParametersChanged(*cs, Changed, NULL));
  PetscCall(VecDuplicate(own, &p));
  for (PetscInt w = 0; w < WINDOWS; w++) {
    PetscCall(VecCopy(own, p));
    PetscCall(VecScale(p, 1 + spread * w));
    PetscCall(CostateSetWindow(*cs, *P, w, p));
  }
  PetscCall(VecDestroy(&p));
  PetscCall(CostateSetTerminalCost(*cs, 0, TEST_COST(&costs[0])));
  PetscCall(CostateSetPointCost(*cs, 0, 3, times, TEST_COST(&costs[1])));
  PetscCall(CostateSetIntegralCost(*cs, 0, TEST_COST(&costs[1])));
  PetscCall(CostateSetTerminalCost(*cs, 1, TEST_COST(&costs[1])));
  PetscCall(CostateSetType(*cs, method));
  PetscCall(CostateSetFromOptions(*cs));
  PetscFunctionReturn(0);
}

static PetscErrorCode Destroy(CostateProblem *pr, Costate *cs, Vec *P)
{
  PetscFunctionBeginUser;
  PetscCall(CostateDestroy(cs));
  PetscCall(VecDestroy(P));
  PetscCall(CostateProblemDestroy(pr));
  PetscFunctionReturn(0);
}

static PetscErrorCode Gradient(const char problem[], const char method[], const char options[], PetscReal spread,
                               Vec *gu, Vec *gp)
{
  CostateProblem pr;
  Costate        cs;
  Vec            P, a, b;

  PetscFunctionBeginUser;
  PetscCall(ZooOptions(options));
  PetscCall(Create(problem, method, spread, &pr, &cs, &P));
  PetscCall(CostateSolve(cs));
  PetscCall(CostateGetGradient(cs, 0, &a, &b));
  PetscCall(ZooCopy(a, gu));
  PetscCall(ZooCopy(b, gp));
  PetscCall(Destroy(&pr, &cs, &P));
  PetscFunctionReturn(0);
}

#define TAYLOR_TESTS 2
static PetscErrorCode Taylor(const char problem[], const char options[])
{
  CostateProblem pr;
  Costate        cs;
  Vec            P;
  PetscReal      order;

  PetscFunctionBeginUser;
  PetscCall(ZooOptions(options));
  PetscCall(Create(problem, COSTATEDISCRETE, .1, &pr, &cs, &P));
  for (PetscInt j = 0; j < 2; j++) {
    PetscCall(CostateCheckTaylor(cs, j, NULL, NULL, &order));
    T_OK(order >= 1.99, "%s%s: the gradient in all windows is the derivative of cost %d: order %.4f", problem, options,
         (int)j, (double)order);
  }
  PetscCall(Destroy(&pr, &cs, &P));
  PetscFunctionReturn(0);
}

/* With three states in memory steps of every window are executed again: the bits stay. */
#define BUDGET_TESTS 1
static PetscErrorCode Budget(const char problem[], const char options[])
{
  Vec       gu[2], gp[2];
  PetscBool same[2];
  char      line[512];

  PetscFunctionBeginUser;
  PetscCall(Gradient(problem, COSTATEDISCRETE, options, .1, &gu[0], &gp[0]));
  (void)snprintf(line, sizeof(line), "%s -ts_trajectory_costate_ram 3", options);
  PetscCall(Gradient(problem, COSTATEDISCRETE, line, .1, &gu[1], &gp[1]));
  PetscCall(VecEqual(gu[0], gu[1], &same[0]));
  PetscCall(VecEqual(gp[0], gp[1], &same[1]));
  T_OK(same[0] && same[1], "%s%s: with three states in memory the gradient has the same bits", problem, options);
  for (int i = 0; i < 2; i++) {
    PetscCall(VecDestroy(&gu[i]));
    PetscCall(VecDestroy(&gp[i]));
  }
  PetscFunctionReturn(0);
}

#define AGREE_TESTS 1
static PetscErrorCode Agree(const char problem[], const char method[], const char options[], PetscReal tol)
{
  Vec       gu[2], gp[2];
  PetscReal eu, ep;

  PetscFunctionBeginUser;
  PetscCall(Gradient(problem, COSTATEDISCRETE, options, .1, &gu[0], &gp[0]));
  PetscCall(Gradient(problem, method, options, .1, &gu[1], &gp[1]));
  PetscCall(ZooDifference(gu[1], gu[0], &eu));
  PetscCall(ZooDifference(gp[1], gp[0], &ep));
  T_OK(eu <= tol && ep <= tol, "%s, %s%s: as discrete to %g: %.1e, %.1e", problem, method, options, (double)tol,
       (double)eu, (double)ep);
  for (int i = 0; i < 2; i++) {
    PetscCall(VecDestroy(&gu[i]));
    PetscCall(VecDestroy(&gp[i]));
  }
  PetscFunctionReturn(0);
}

/* The same values in all windows: the parts of the gradient add up to that of constant parameters. */
#define SUM_TESTS 1
static PetscErrorCode Sum(const char method[])
{
  const char *const options = " -tend 2 -ts_rtol 1e-9 -ts_atol 1e-9";
  CostateProblem    pr;
  Costate           cs;
  Vec               P, gu, gp, part, sum, one;
  PetscReal         e;

  PetscFunctionBeginUser;
  PetscCall(ZooOptions(options));
  PetscCall(Create("lotka", method, 0, &pr, &cs, &P));
  PetscCall(CostateSolve(cs));
  PetscCall(CostateGetGradient(cs, 0, NULL, &gp));
  PetscCall(VecDuplicate(own, &part));
  PetscCall(VecDuplicate(own, &sum));
  PetscCall(VecZeroEntries(sum));
  for (PetscInt w = 0; w < WINDOWS; w++) {
    PetscCall(CostateGetWindow(cs, gp, w, part));
    PetscCall(VecAXPY(sum, 1, part));
  }
  PetscCall(CostateDestroy(&cs));
  PetscCall(CostateProblemDestroy(&pr));
  PetscCall(TestCreate("lotka", method, &pr, &cs));
  PetscCall(CostateSetTerminalCost(cs, 0, TEST_COST(&costs[0])));
  PetscCall(CostateSetPointCost(cs, 0, 3, times, TEST_COST(&costs[1])));
  PetscCall(CostateSetIntegralCost(cs, 0, TEST_COST(&costs[1])));
  PetscCall(CostateSolve(cs));
  PetscCall(CostateGetGradient(cs, 0, &gu, &one));
  PetscCall(ZooDifference(sum, one, &e));
  T_OK(e <= 1e-7, "%s: the parts of equal windows add up to the gradient of constant parameters: %.1e", method,
       (double)e);
  PetscCall(VecDestroy(&part));
  PetscCall(VecDestroy(&sum));
  PetscCall(VecDestroy(&P));
  PetscCall(CostateDestroy(&cs));
  PetscCall(CostateProblemDestroy(&pr));
  PetscFunctionReturn(0);
}

/* The application's own function before each step stays, and what is told is told at edges only. */
#define OWN_TESTS 2
static PetscErrorCode Own(void)
{
  CostateProblem    pr;
  Costate           cs;
  CostateStatistics stats;
  Vec               P;
  TS                ts;
  PetscInt          forward;

  PetscFunctionBeginUser;
  PetscCall(ZooOptions("-tend 2 -ts_adapt_type none -dt .05"));
  PetscCall(Create("lotka", COSTATEDISCRETE, .1, &pr, &cs, &P));
  PetscCall(CostateGetTS(cs, &ts));
  PetscCall(TSSetPreStep(ts, OwnPreStep));
  own_steps = told = 0;
  PetscCall(CostateSolveForward(cs));
  forward = told;
  PetscCall(CostateGetStatistics(cs, &stats));
  T_OK(own_steps == stats.steps, "the application's TSSetPreStep() is called for %d steps of %d", (int)own_steps,
       (int)stats.steps);
  PetscCall(CostateSolveAdjoint(cs));
  T_OK(forward >= WINDOWS && forward <= WINDOWS + 1 && told - forward < WINDOWS + 1,
       "parameters are told where they change only: %d times forward, %d backward", (int)forward,
       (int)(told - forward));
  PetscCall(Destroy(&pr, &cs, &P));
  PetscFunctionReturn(0);
}

#define MISUSE_TESTS 7
static PetscErrorCode Misuse(void)
{
  const PetscReal outside[WINDOWS - 1] = {.7, 2.5}, down[WINDOWS - 1] = {1.3, .7};
  CostateProblem  pr;
  Costate         cs, second;
  Vec             P, part, u0;
  TS              ts;

  PetscFunctionBeginUser;
  PetscCall(ZooOptions("-tend 2 -ts_adapt_type none -dt .05"));
  PetscCall(Create("lotka", COSTATEDISCRETE, .1, &pr, &cs, &P));
  REFUSES(CostateSetParameterWindows(cs, WINDOWS, down), "must ascend", "edges that go down");
  PetscCall(CostateSetParameterWindows(cs, WINDOWS, outside));
  REFUSES(CostateSolve(cs), "not within the run", "an edge after the end");
  PetscCall(CostateSetParameterWindows(cs, WINDOWS, edges));
  PetscCall(VecDuplicate(own, &part));
  REFUSES(CostateGetWindow(cs, P, WINDOWS, part), "numbered from 0 to 2", "a window that is not there");
  PetscCall(VecDestroy(&part));
  PetscCall(CostateSetType(cs, COSTATEFORWARD));
  REFUSES(CostateSolve(cs), "does not do windows", "forward");
  PetscCall(Create("lotka", COSTATEDISCRETE, .1, &pr, &cs, &P));
  PetscCall(CostateSetParameterWindows(cs, WINDOWS - 1, edges));
  PetscCall(CostateSetParameters(cs, own));
  PetscCall(CostateSetParameterWindows(cs, 5, (PetscReal[]){.1, .2, .3, .4}));
  REFUSES(CostateSolve(cs), "sets of the same length", "parameters that are not as many sets");
  PetscCall(Create("lotka", COSTATEDISCRETE, .1, &pr, &cs, &P));
  PetscCall(CostateSetUp(cs));
  PetscCall(CostateGetTS(cs, &ts));
  PetscCall(TSSetPreStep(ts, OwnPreStep));
  REFUSES(CostateSolve(cs), "before CostateSetUp()", "a TSSetPreStep() that takes the place of ours");
  PetscCall(Create("lotka", COSTATEDISCRETE, .1, &pr, &cs, &P));
  PetscCall(CostateSetUp(cs));
  PetscCall(CostateGetTS(cs, &ts));
  PetscCall(CostateGetInitialState(cs, &u0));
  PetscCall(CostateCreate(PETSC_COMM_WORLD, &second));
  PetscCall(CostateSetTS(second, ts));
  PetscCall(CostateSetInitialState(second, u0));
  PetscCall(CostateSetParameters(second, P));
  PetscCall(CostateSetParameterWindows(second, WINDOWS, edges));
  PetscCall(CostateSetTerminalCost(second, 0, TEST_COST(&costs[0])));
  REFUSES(CostateSolve(second), "windows of another Costate", "a second Costate with windows on the same TS");
  PetscFunctionReturn(0);
}

int main(int argc, char **argv)
{
  static const char *const types[]   = {" -tend 2 -ts_rk_type 5dp -ts_adapt_type none -dt .05",
                                        " -tend 2 -ts_rk_type 5dp -ts_rtol 1e-7 -ts_atol 1e-7",
                                        " -tend 2 -ts_rk_type 3bs -ts_rtol 1e-6 -ts_atol 1e-6",
                                        " -tend 2 -ts_type cn -ts_adapt_type none -dt .05 -snes_rtol 1e-13 "
                                          "-snes_stol 0 -ksp_rtol 1e-13",
                                        " -tend 2 -ts_type beuler -ts_adapt_type none -dt .05 -snes_rtol 1e-13 "
                                          "-snes_stol 0 -ksp_rtol 1e-13"};
  static const char *const methods[] = {COSTATEINTERPOLATING, COSTATEQUADRATURE, COSTATEGAUSS, COSTATEBACKSOLVE};

  PetscCall(ZooBegin(&argc, &argv,
                     5 * (TAYLOR_TESTS + BUDGET_TESTS) + 2 + 4 * AGREE_TESTS + 3 * AGREE_TESTS + 2 * SUM_TESTS +
                         OWN_TESTS + MISUSE_TESTS));
  for (int i = 0; i < 5; i++) {
    PetscCall(Taylor("lotka", types[i]));
    PetscCall(Budget("lotka", types[i]));
  }
  PetscCall(Taylor("advdiff",
                   " -tend 2 -ts_type cn -ts_adapt_type none -dt .05 -snes_rtol 1e-13 -snes_stol 0 -ksp_rtol "
                   "1e-13"));
  for (int i = 0; i < 4; i++) PetscCall(Agree("lotka", methods[i], " -tend 2 -ts_rtol 1e-10 -ts_atol 1e-10", 1e-7));
  for (int i = 0; i < 3; i++)
    PetscCall(Agree("advdiff", methods[i], " -tend 2 -ts_type cn -ts_adapt_type none -dt .002 -ksp_rtol 1e-10", 1e-4));
  PetscCall(Sum(COSTATEDISCRETE));
  PetscCall(Sum(COSTATEGAUSS));
  PetscCall(Own());
  PetscCall(Misuse());
  fflush(stdout);
  PetscCall(ZooEnd());
  return zoo_rank == 0 ? done() : 0;
}
