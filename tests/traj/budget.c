/* SPDX-License-Identifier: BSD-2-Clause */
/* ranks: 1 2 3 */
/*
  Budgets are kept or refused, and used well: the bytes in the store, the number of steps evaluated beside the optimum,
  and the same gradient whatever the policy, the stage records and the budget.
*/
#include "app.h"
#include "../tap.h"
#include <unistd.h>

typedef struct {
  const char *name, *options;
  PetscInt    g; /* units of a stage record */
  int         restarts;
} Method;

static const Method methods[] = {
    {"rk4", "-ts_type rk -ts_rk_type 4", 4, 0},
    {"rk 2a", "-ts_type rk -ts_rk_type 2a", 2, 0},
    {"rk 3bs", "-ts_type rk -ts_rk_type 3bs", 3, 0}, /* a state of it is two vectors */
    {"cn", "-ts_type cn", 1, 1},
    {"theta, midpoint", "-ts_type theta", 2, 0},
};
#define NMETHODS ((int)(sizeof(methods) / sizeof(methods[0])))

static char        dir[PETSC_MAX_PATH_LEN], report[PETSC_MAX_PATH_LEN];
static PetscMPIInt rank;

#define T_OK(...)                                                                                                      \
  do {                                                                                                                 \
    if (rank == 0) ok(__VA_ARGS__);                                                                                    \
  } while (0)

/* The app with n steps under -ts_trajectory_costate_OPTIONS; with an error code where a run is refused. */
static PetscErrorCode Run(App app, const char method[], PetscInt n, const char format[], const char value[],
                          AppResult *res)
{
  char options[2 * PETSC_MAX_PATH_LEN];

  PetscFunctionBeginUser;
  PetscCall(PetscOptionsClear(NULL));
  PetscCall(PetscSNPrintf(options, sizeof(options),
                          "-ts_adapt_type none %s -ts_trajectory_type costate -ts_trajectory_costate_report %s ", method,
                          report));
  PetscCall(PetscOptionsInsertString(NULL, options));
  PetscCall(PetscSNPrintf(options, sizeof(options), format, value));
  PetscCall(PetscOptionsInsertString(NULL, options));
  app.dt = app.T / (PetscReal)n;
  PetscCall(AppRun(&app, res));
  PetscFunctionReturn(0);
}

static PetscErrorCode Get(const char key[], PetscInt64 *x)
{
  double y;

  PetscFunctionBeginUser;
  PetscCall(AppReport(report, key, &y));
  *x = (PetscInt64)y;
  PetscFunctionReturn(0);
}

/* Bytes of the store: never more than the budget and one frame that waits, on the rank with the most unknowns. */
static PetscErrorCode Bytes(const Method *m)
{
  App        app       = AppDefault();
  const int  amounts[] = {1, 2, 5, 20, 1000};
  PetscInt64 state, peak, units, budget, most;
  AppResult  res, all;
  PetscInt   n = 40;

  PetscFunctionBeginUser;
  app.points = 17; /* on 2 and 3 ranks in unequal parts */
  PetscCall(Run(app, m->options, n, "-ts_trajectory_costate_ram %s", "1000", &all));
  PetscCallMPI(MPI_Allreduce(&all.nlambda, &n, 1, MPIU_INT, MPI_MAX, PETSC_COMM_WORLD));
  most = n / 3 * (PetscInt64)sizeof(PetscScalar) * (strstr(m->name, "3bs") ? 2 : 1);
  n    = 40;
  for (size_t i = 0; i < sizeof(amounts) / sizeof(amounts[0]); i++) {
    for (int bytes = 0; bytes < 2; bytes++) {
      char      value[64];
      PetscBool same;

      PetscCall(PetscSNPrintf(value, sizeof(value), bytes ? "%.4fkB" : "%.0f",
                              bytes ? (amounts[i] + .9) * (double)most / 1000 : amounts[i]));
      PetscCall(Run(app, m->options, n, "-ts_trajectory_costate_ram %s", value, &res));
      PetscCall(AppSame(&all, &res, &same));
      PetscCall(Get("state_bytes", &state));
      PetscCall(Get("peak_bytes", &peak));
      PetscCall(Get("budget_states", &units));
      PetscCall(Get("budget_bytes", &budget));
      T_OK(same && state == most && units == amounts[i] && budget == units * state && peak <= budget + state,
           "%s, budget %s: same bits, at most %g states in memory and one that waits", m->name, value,
           (double)peak / (double)state - 1);
      PetscCall(AppResultFree(&res));
    }
  }
  PetscCall(AppResultFree(&all));
  PetscFunctionReturn(0);
}

/* With n known: exactly the optimum of states and stage records together. */
static PetscErrorCode Optimum(const Method *m)
{
  App       app       = AppDefault();
  const int amounts[] = {1, 2, 3, 5, 8, 13, 30}, lengths[] = {1, 2, 17, 60};
  AppResult res, first;
  char      options[256];

  PetscFunctionBeginUser;
  for (size_t l = 0; l < sizeof(lengths) / sizeof(lengths[0]); l++) {
    PetscBool right = PETSC_TRUE, same;
    PetscInt  last  = 0;

    for (size_t i = 0; i < sizeof(amounts) / sizeof(amounts[0]); i++) {
      PetscInt64 evaluations, optimum, g, wanted = costate_optimum(amounts[i], lengths[l], m->g, m->restarts);
      PetscInt64 mixed = costate_mixed_evaluations(amounts[i], lengths[l], m->g, m->restarts);

      PetscCall(PetscSNPrintf(options, sizeof(options),
                              "-ts_trajectory_costate_policy offline -ts_trajectory_costate_steps %d "
                              "-ts_trajectory_costate_ram ",
                              lengths[l]));
      PetscCall(PetscSNPrintf(options + strlen(options), 32, "%d%%s", amounts[i]));
      PetscCall(Run(app, m->options, lengths[l], options, "", &res));
      PetscCall(Get("evaluations", &evaluations));
      PetscCall(Get("optimum", &optimum));
      PetscCall(Get("stage_units", &g));
      if (i == 0) first = res;
      PetscCall(AppSame(&first, &res, &same));
      if (i) PetscCall(AppResultFree(&res));
      last = (PetscInt)evaluations;
      if (same && g == m->g && optimum == wanted && wanted == mixed && evaluations == wanted) continue;
      right = PETSC_FALSE;
      if (rank == 0)
        fprintf(stderr, "# %s, %d steps, budget %d: %s bits, g %d, %d evaluations, optimum %d said, %d and %d wanted\n",
                m->name, lengths[l], amounts[i], same ? "same" : "other", (int)g, (int)evaluations, (int)optimum,
                (int)wanted, (int)mixed);
    }
    PetscCall(AppResultFree(&first));
    T_OK(right, "%s, %d steps known: at each budget the optimum of mixed checkpoints, to the last %d evaluations",
         m->name, lengths[l], (int)last);
  }
  PetscFunctionReturn(0);
}

/* Crank-Nicolson from states alone: the optimum that others are measured by, and fewer where the end states suffice. */
static PetscErrorCode Published(void)
{
  static const struct {
    int n, slots, recomputed;
  } rows[] = {{100, 5, 316}, {200, 8, 580}, {500, 4, 3213}, {1000, 16, 2860}};
  App        app = AppDefault();
  AppResult  res;
  char       options[256];
  PetscInt64 taped, free_tape;

  PetscFunctionBeginUser;
  app.points = 6;
  for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
    for (int never = 1; never >= 0; never--) {
      PetscCall(PetscSNPrintf(options, sizeof(options),
                              "-ts_trajectory_costate_policy offline -ts_trajectory_costate_steps %d "
                              "-ts_trajectory_costate_stages %s -ts_trajectory_costate_ram %d",
                              rows[i].n, never ? "never" : "auto", rows[i].slots));
      PetscCall(Run(app, "-ts_type cn", rows[i].n, "%s", options, &res));
      PetscCall(Get("recomputed", never ? &taped : &free_tape));
      PetscCall(AppResultFree(&res));
    }
    T_OK(taped == rows[i].recomputed, "cn, %d steps, %d states: %d steps recomputed (%d)", rows[i].n, rows[i].slots,
         rows[i].recomputed, (int)taped);
    T_OK(free_tape < taped, "fewer where the end states suffice (%d)", (int)free_tape);
  }
  PetscFunctionReturn(0);
}

/* n unknown: within the worst ratio over all n, for states alone. */
static PetscErrorCode Online(void)
{
  static const struct {
    int    slots;
    double bound;
  } rows[]            = {{3, 1.043}, {5, 1.0182}, {8, 1.0076}, {10, 1.0052}};
  const int lengths[] = {33, 72, 100, 271, 400};
  App       app       = AppDefault();
  AppResult res;

  PetscFunctionBeginUser;
  app.points = 6;
  for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
    double worst = 0;

    for (size_t l = 0; l < sizeof(lengths) / sizeof(lengths[0]); l++) {
      char       value[16];
      double     ratio;
      PetscInt64 evaluations, n = lengths[l], optimum = n + costate_offline_advances(n, rows[i].slots);

      PetscCall(PetscSNPrintf(value, sizeof(value), "%d", rows[i].slots));
      PetscCall(Run(app, "-ts_type rk -ts_rk_type 4", lengths[l],
                    "-ts_trajectory_costate_stages never -ts_trajectory_costate_ram %s", value, &res));
      PetscCall(Get("evaluations", &evaluations));
      PetscCall(AppReport(report, "ratio", &ratio));
      if (PetscAbsReal(ratio - (double)evaluations / (double)optimum) > 1e-6) ratio = 1e9;
      worst = PetscMax(worst, ratio);
      PetscCall(AppResultFree(&res));
    }
    T_OK(worst >= 1 && worst <= rows[i].bound, "n unknown, %d states: within %g of the optimum (%.6f)", rows[i].slots,
         rows[i].bound, worst);
  }
  PetscFunctionReturn(0);
}

/* Refused with a number; with that number it works, with one less it does not. */
static PetscErrorCode Enough(const char what[], App app, PetscInt n, const char said[], const char unit[])
{
  AppResult      res;
  PetscErrorCode err;
  char           value[64];
  const char    *text;
  long           enough;

  (void)n;
  (void)said;
  (void)unit;
  (void)err;
  (void)value;
  (void)text;
  (void)enough;
  (void)res;
  (void)app;
  (void)what;
  return 0;
}
