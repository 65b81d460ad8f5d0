/* SPDX-License-Identifier: BSD-2-Clause */
/* ranks: 1 2 */
/*
  The gradient is that of the cost: J(x + e d) - J(x) - e <g, d> goes down as e^2 for the initial state and for the
  parameters, in a random direction, under fixed steps and a small budget. For Runge-Kutta methods with a weight that is
  zero PETSc's own gradient fails this.
*/
#include "run.h"

#define HALVINGS 15
#define WINDOW   5

static PetscInt seed;

static PetscErrorCode Cost(App app, PetscReal e, PetscBool parameters, PetscReal *cost)
{
  AppResult res = {0};

  PetscFunctionBeginUser;
  if (parameters) {
    app.A += e * AppDirection(&app, 1000);
    app.B += e * AppDirection(&app, 1001);
  } else
    app.amplitude = e;
  PetscCall(AppCreate(&app));
  PetscCall(AppForward(&app, &res));
  PetscCall(AppDestroy(&app));
  *cost = res.cost;
  PetscFunctionReturn(0);
}

/* <g, d>; lambda(0) is the second vector of the result, and mu lies on the last rank. */
static PetscErrorCode Slope(const App *app, const AppResult *res, PetscBool parameters, PetscReal *slope)
{
  PetscInt  n = res->nlambda / 3, lo = 0;
  PetscReal mine = 0;

  PetscFunctionBeginUser;
  PetscCallMPI(MPI_Exscan(&n, &lo, 1, MPIU_INT, MPI_SUM, PETSC_COMM_WORLD));
  if (run_rank == 0) lo = 0;
  for (PetscInt i = 0; i < n && !parameters; i++)
    mine += PetscRealPart(res->lambda[n + i] * APP_ASIDE) * AppDirection(app, lo + i);
  for (PetscInt i = 0; i < res->nmu && parameters; i++) mine += PetscRealPart(res->mu[i]) * AppDirection(app, 1000 + i);
  PetscCallMPI(MPI_Allreduce(&mine, slope, 1, MPIU_REAL, MPIU_SUM, PETSC_COMM_WORLD));
  PetscFunctionReturn(0);
}

/* The least order over the best WINDOW consecutive halvings of e. */
static PetscErrorCode Order(App app, const AppResult *res, PetscBool parameters, PetscReal *order)
{
  PetscReal slope, at, r[HALVINGS + 1];

  PetscFunctionBeginUser;
  PetscCall(Slope(&app, res, parameters, &slope));
  PetscCall(Cost(app, 0, parameters, &at));
  for (int i = 0; i <= HALVINGS; i++) {
    PetscReal e = PetscPowReal(2, -3 - i), J;

    PetscCall(Cost(app, e, parameters, &J));
    r[i] = PetscAbsReal(J - at - e * slope);
  }
  *order = 0;
  for (int i = 0; i + WINDOW <= HALVINGS; i++) {
    PetscReal least = 100;

    for (int j = i; j < i + WINDOW; j++) least = PetscMin(least, PetscLogReal(r[j] / r[j + 1]) / PetscLogReal(2));
    *order = PetscMax(*order, least);
  }
  PetscFunctionReturn(0);
}

static PetscErrorCode Method(const char name[], const char type[], PetscBool integral)
{
  App       app = AppDefault();
  AppResult res;
  PetscReal order[2];
  double    recomputed;
  char      options[256];

  PetscFunctionBeginUser;
  app.seed     = seed;
  app.integral = integral;
  PetscCall(PetscSNPrintf(options, sizeof(options),
                          "%s -ts_adapt_type none -snes_rtol 1e-13 -snes_atol 1e-13 -snes_stol 0 -ksp_rtol 1e-14",
                          type));
  PetscCall(RunBudget(app, options, 3, NULL, &res));
  PetscCall(AppReport(run_report, "recomputed", &recomputed));
  for (int p = 0; p < 2; p++) PetscCall(Order(app, &res, (PetscBool)p, &order[p]));
  T_OK(order[0] >= 1.99 && recomputed > 0, "%s%s: order %.4f in the initial state (seed %d)", name,
       integral ? " with an integral" : "", (double)order[0], (int)seed);
  T_OK(order[1] >= 1.99, "%s%s: order %.4f in the parameters", name, integral ? " with an integral" : "",
       (double)order[1]);
  PetscCall(AppResultFree(&res));
  PetscFunctionReturn(0);
}

/* The parameter gradient is PETSc's no more, but the rest is, and PETSc's own fails. */
static PetscErrorCode ZeroWeights(const char name[], const char type[], PetscBool integral)
{
  App       app = AppDefault();
  AppResult full, res;
  PetscReal order[2];
  PetscBool same;
  char      options[256];

  PetscFunctionBeginUser;
  app.seed     = 1; /* a direction in which the error shows */
  app.integral = integral;
  PetscCall(PetscSNPrintf(options, sizeof(options), "%s -ts_adapt_type none", type));
  PetscCall(RunBasic(app, options, &full));
  for (int p = 0; p < 2; p++) PetscCall(Order(app, &full, (PetscBool)p, &order[p]));
  T_OK(order[0] >= 1.99 && (PETSC_VERSION_LT(3, 21, 4) ? order[1] < 1.5 : order[1] >= 1.99),
       "%s: PETSc's own gradient has order %.2f in the state, but %.2f in the parameters", name, (double)order[0],
       (double)order[1]);
  PetscCall(RunBudget(app, options, 3, NULL, &res));
  res.nmu = full.nmu = 0;
  PetscCall(AppSame(&full, &res, &same));
  T_OK(same, "%s%s: lambda has the bits of PETSc's", name, integral ? " with an integral" : "");
  PetscCall(AppResultFree(&full));
  PetscCall(AppResultFree(&res));
  PetscFunctionReturn(0);
}

/* A hook scales state 5, and the application the adjoint when it comes by: the gradient is that of the whole. */
static PetscErrorCode Jump(const char type[], PetscBool applied)
{
  App       app = AppDefault();
  AppResult res = {0};
  PetscReal order[2];
  PetscBool more;
  char      options[256];

  PetscFunctionBeginUser;
  app.seed  = seed;
  app.halve = .5;
  PetscCall(
      PetscSNPrintf(options, sizeof(options),
                    "-ts_type %s -ts_adapt_type none -snes_rtol 1e-13 -snes_atol 1e-13 -snes_stol 0 -ksp_rtol 1e-14 "
                    "-ts_trajectory_type costate -ts_trajectory_costate_ram 3 -ts_trajectory_costate_jumps",
                    type));
  PetscCall(PetscOptionsClear(NULL));
  PetscCall(PetscOptionsInsertString(NULL, options));
  PetscCall(AppCreate(&app));
  PetscCall(AppForward(&app, &res));
  PetscCall(AppKeep(app.U, &res.nlambda, &res.lambda));
  PetscCall(AppBackwardBegin(&app, &res, 0));
  PetscCall(AppBackwardSome(&app, res.steps - 5, &more));
  if (applied) PetscCall(VecScale(app.lambda, .5));
  PetscCall(AppBackwardSome(&app, 5, &more));
  PetscCall(AppKeep(app.lambda, &res.nlambda, &res.lambda));
  PetscCall(AppKeep(app.mu, &res.nmu, &res.mu));
  PetscCall(AppKeep(app.U, &res.nlambda, &res.lambda));
  PetscCall(AppDestroy(&app));
  for (int p = 0; p < 2; p++) PetscCall(Order(app, &res, (PetscBool)p, &order[p]));
  /* without it an order may look better than it is where the error changes its sign, but not both */
  T_OK(applied ? order[0] >= 1.99 && order[1] >= 1.99 : PetscMin(order[0], order[1]) < 1.1,
       "%s, a jump in the state with its adjoint %s: orders %.4f, %.4f", type,
       applied ? "applied by the application" : "forgotten", (double)order[0], (double)order[1]);
  PetscCall(AppResultFree(&res));
  PetscFunctionReturn(0);
}

static PetscErrorCode StageRates(TS ts, PetscReal t)
{
  PetscFunctionBeginUser;
  (void)t;
  PetscCall(AppRates(ts));
  PetscFunctionReturn(0);
}

static PetscErrorCode SetStageRates(TS ts, App *app)
{
  PetscFunctionBeginUser;
  (void)app;
  PetscCall(TSSetPreStage(ts, StageRates));
  PetscFunctionReturn(0);
}

static PetscErrorCode SetRates(TS ts, App *app)
{
  PetscFunctionBeginUser;
  (void)app;
  PetscCall(TSSetPreStep(ts, AppRates));
  PetscFunctionReturn(0);
}

static PetscErrorCode Forcing(const char type[], PetscBool stage)
{
  static const PetscInt budgets[] = {2, 5, 40, 1000};
  App                   app       = AppDefault();
  AppResult             first, res;
  PetscReal             order[2];
  PetscBool             same = PETSC_TRUE;
  char                  options[256];

  PetscFunctionBeginUser;
  app.seed  = seed;
  app.setup = stage ? SetStageRates : SetRates;
  PetscCall(PetscSNPrintf(options, sizeof(options),
                          "%s -ts_adapt_type none -snes_rtol 1e-13 -snes_atol 1e-13 -snes_stol 0 -ksp_rtol 1e-14",
                          type));
  PetscCall(RunBudget(app, options, budgets[0], NULL, &first));
  for (int i = 1; i < 4; i++) {
    PetscBool this;

    PetscCall(RunBudget(app, options, budgets[i], NULL, &res));
    PetscCall(AppSame(&first, &res, &this));
    same = (PetscBool)(same && this);
    PetscCall(AppResultFree(&res));
  }
  for (int p = 0; p < 2; p++) PetscCall(Order(app, &first, (PetscBool)p, &order[p]));
  T_OK(same, "%s, rates set before each %s: the same bits under every budget", type, stage ? "stage" : "step");
  T_OK(order[0] >= 1.99 && order[1] >= 1.99, "%s, rates set before each %s: orders %.4f, %.4f", type,
       stage ? "stage" : "step", (double)order[0], (double)order[1]);
  PetscCall(AppResultFree(&first));
  PetscFunctionReturn(0);
}

int main(int argc, char **argv)
{
  static const char *const methods[][2] = {
      {"rk 4", "-ts_type rk -ts_rk_type 4"},
      {"rk 3bs", "-ts_type rk -ts_rk_type 3bs"},
      {"rk 5f", "-ts_type rk -ts_rk_type 5f"},
      {"rk 5dp", "-ts_type rk -ts_rk_type 5dp"},
      {"cn", "-ts_type cn"},
      {"beuler", "-ts_type beuler"},
      {"theta .6 with end points", "-ts_type theta -ts_theta_theta .6 -ts_theta_endpoint"},
      {"theta .6", "-ts_type theta -ts_theta_theta .6"},
  };
  int n = (int)(sizeof(methods) / sizeof(methods[0]));

  PetscCall(RunBegin(&argc, &argv, 4 * n + 23));
  seed = getenv("SEED") ? (PetscInt)atoi(getenv("SEED")) : 1;
  for (int i = 0; i < 2 * n; i++) PetscCall(Method(methods[i / 2][0], methods[i / 2][1], (PetscBool)(i % 2)));
  for (int i = 0; i < 2; i++) {
    PetscCall(ZeroWeights("rk 5dp", "-ts_type rk -ts_rk_type 5dp", (PetscBool)i));
    PetscCall(ZeroWeights("rk 5f", "-ts_type rk -ts_rk_type 5f", (PetscBool)i));
  }
  PetscCall(Jump("rk -ts_rk_type 4", PETSC_TRUE));
  PetscCall(Jump("cn", PETSC_TRUE));
  PetscCall(Jump("cn", PETSC_FALSE));
  PetscCall(Forcing("-ts_type rk -ts_rk_type 4", PETSC_FALSE));
  PetscCall(Forcing("-ts_type cn", PETSC_FALSE));
  PetscCall(Forcing("-ts_type beuler", PETSC_FALSE));
  PetscCall(Forcing("-ts_type theta -ts_theta_theta .6", PETSC_FALSE));
  PetscCall(Forcing("-ts_type beuler", PETSC_TRUE));
  PetscCall(Forcing("-ts_type theta -ts_theta_theta .6", PETSC_TRUE));
  PetscCall(RunEnd());
  return done();
}
