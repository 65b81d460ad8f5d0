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
                          "-ts_adapt_type none %s -ts_trajectory_type costate -ts_trajectory_costate_report %s ",
                          method, report));
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
  *x = -1;
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
  } rows[]       = {{100, 5, 316}, {200, 8, 580}, {500, 4, 3213}, {1000, 16, 2860}};
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

static char said[1024];

static PetscErrorCode Listen(MPI_Comm comm, int line, const char *function, const char *file, PetscErrorCode n,
                             PetscErrorType p, const char *message, void *ctx)
{
  (void)comm;
  (void)line;
  (void)function;
  (void)file;
  (void)ctx;
  if (p == PETSC_ERROR_INITIAL) snprintf(said, sizeof(said), "%s", message);
  return n;
}

/* 0 if the run is refused with a sentence, else 1. */
static PetscErrorCode Works(App app, PetscInt n, const char format[], const char value[], int *works)
{
  AppResult      res;
  PetscErrorCode err;

  PetscFunctionBeginUser;
  said[0] = 0;
  PetscCall(PetscPushErrorHandler(Listen, NULL));
  err = Run(app, "-ts_type rk -ts_rk_type 4", n, format, value, &res);
  PetscCall(PetscPopErrorHandler());
  *works = !err;
  if (!err) PetscCall(AppResultFree(&res));
  PetscFunctionReturn(0);
}

/* The number before a word of what was said. */
static PetscInt64 NumberBefore(const char word[])
{
  const char *p = strstr(said, word);

  if (!p) return -1;
  while (p > said && (p[-1] == ' ' || (p[-1] >= '0' && p[-1] <= '9'))) p--;
  return atoll(p);
}

/* Too small a budget is refused with what would be enough; that works, and one less does not. */
static PetscErrorCode Enough(const char what[], App app, PetscInt boundaries)
{
  char       value[64];
  int        works = 0, tries, again;
  PetscInt64 units = 1, more;

  PetscFunctionBeginUser;
  for (tries = 0; tries < 10; tries++) {
    PetscCall(PetscSNPrintf(value, sizeof(value), "%d", (int)units));
    PetscCall(Works(app, 20, "-ts_trajectory_costate_ram %s", value, &works));
    if (works) break;
    more = NumberBefore(" units would be enough");
    if (more <= units) break;
    units = more;
  }
  PetscCall(PetscSNPrintf(value, sizeof(value), "%d", (int)units - 1));
  PetscCall(Works(app, 20, "-ts_trajectory_costate_ram %s", value, &again));
  T_OK(works && tries <= boundaries && units == 1 + boundaries, "%s: a budget of 1 is refused with what is enough (%d)",
       what, (int)units);
  T_OK(!again && strstr(said, "-ts_trajectory_costate_ram"), "%s: one less is refused, by the name of the option",
       what);
  PetscFunctionReturn(0);
}

static PetscErrorCode Refusals(void)
{
  App        app = AppDefault();
  char       value[64];
  int        works, less;
  PetscInt64 enough;

  PetscFunctionBeginUser;
  app.points = 17;
  PetscCall(Works(app, 20, "-ts_trajectory_costate_ram %s", "17B", &works));
  enough = NumberBefore(" bytes, and more");
  T_OK(!works && enough > 17, "a budget that does not hold one state is refused with what does (%d bytes)",
       (int)enough);
  PetscCall(PetscSNPrintf(value, sizeof(value), "%dB", (int)enough));
  PetscCall(Works(app, 20, "-ts_trajectory_costate_ram %s", value, &works));
  PetscCall(PetscSNPrintf(value, sizeof(value), "%dB", (int)enough - 1));
  PetscCall(Works(app, 20, "-ts_trajectory_costate_ram %s", value, &less));
  T_OK(works && !less, "that is enough, and one byte less is not");
  PetscCall(Works(app, 20, "-ts_trajectory_costate_policy all -ts_trajectory_costate_ram %s", "7", &works));
  T_OK(!works && strstr(said, "policy all cannot keep state"), "policy all is refused where it does not fit");
  PetscCall(Works(app, 20, "-ts_trajectory_costate_policy stride -ts_trajectory_costate_ram %s", "7", &works));
  T_OK(!works && strstr(said, "policy stride cannot keep state"), "so is policy stride");

  app.event = PETSC_TRUE;
  PetscCall(Enough("an event", app, 1));
  app.event  = PETSC_FALSE;
  app.solves = 3;
  PetscCall(Enough("three solves", app, 2));
  PetscFunctionReturn(0);
}

/* The gradient has the same bits whatever the policy, the stage records and what was said of the number of steps. */
static PetscErrorCode Same(const Method *m)
{
  static const char *const cells[] = {
      "-ts_trajectory_costate_policy wang -ts_trajectory_costate_ram 4",
      "-ts_trajectory_costate_policy all -ts_trajectory_costate_ram 500",
      "-ts_trajectory_costate_policy stride -ts_trajectory_costate_ram 500",
      "-ts_trajectory_costate_policy offline -ts_trajectory_costate_steps 31 -ts_trajectory_costate_ram 4",
      "-ts_trajectory_costate_policy offline -ts_trajectory_costate_steps 90 -ts_trajectory_costate_ram 4",
      "-ts_trajectory_costate_stages never -ts_trajectory_costate_ram 4",
      "-ts_trajectory_costate_stages always -ts_trajectory_costate_ram 4",
      "-ts_trajectory_solution_only -ts_trajectory_costate_ram 4",
      "-ts_trajectory_costate_check 0 -ts_trajectory_costate_ram 7",
  };
  App       app  = AppDefault();
  PetscBool same = PETSC_TRUE, kept = PETSC_TRUE, one;
  AppResult full, res;

  PetscFunctionBeginUser;
  PetscCall(Run(app, m->options, 31, "-ts_trajectory_type basic -ts_trajectory_dirname %s/SA", dir, &full));
  for (size_t i = 0; i < sizeof(cells) / sizeof(cells[0]); i++) {
    PetscInt64 peak, budget, recomputed;

    PetscCall(Run(app, m->options, 31, "%s", cells[i], &res));
    PetscCall(AppSame(&full, &res, &one));
    PetscCall(Get("peak_states", &peak));
    PetscCall(Get("budget_states", &budget));
    PetscCall(Get("recomputed", &recomputed));
    if (!one && rank == 0) fprintf(stderr, "# %s, %s: other bits\n", m->name, cells[i]);
    if (!one) same = PETSC_FALSE;
    if (peak > budget || (budget < 10 && recomputed <= 0)) kept = PETSC_FALSE;
    PetscCall(AppResultFree(&res));
  }
  PetscCall(AppResultFree(&full));
  T_OK(same, "%s: every policy and kind of stage record gives the bits of full storage", m->name);
  T_OK(kept, "%s: and keeps the budget, with steps recomputed", m->name);
  PetscFunctionReturn(0);
}

int main(int argc, char **argv)
{
  PetscMPIInt size;
  PetscBool   counts;

  PetscCall(PetscInitialize(&argc, &argv, NULL, NULL));
  PetscCall(CostateInitializePackage());
  PetscCallMPI(MPI_Comm_rank(PETSC_COMM_WORLD, &rank));
  PetscCall(PetscSNPrintf(dir, sizeof(dir), "/tmp/costate-budget-XXXXXX"));
  if (rank == 0 && !mkdtemp(dir)) return 1;
  PetscCallMPI(MPI_Bcast(dir, sizeof(dir), MPI_CHAR, 0, PETSC_COMM_WORLD));
  PetscCall(PetscSNPrintf(report, sizeof(report), "%s/report.json", dir));
  PetscCallMPI(MPI_Comm_size(PETSC_COMM_WORLD, &size));
  counts = (PetscBool)(size == 1); /* counts of steps are not different on more ranks */
  if (rank == 0) plan(NMETHODS * (10 + 2) + 8 + (counts ? NMETHODS * 4 + 8 + 4 : 0));
  for (int i = 0; i < NMETHODS; i++) {
    PetscCall(Bytes(&methods[i]));
    PetscCall(Same(&methods[i]));
    if (counts) PetscCall(Optimum(&methods[i]));
  }
  if (counts) PetscCall(Published());
  if (counts) PetscCall(Online());
  PetscCall(Refusals());
  if (rank == 0) PetscCall(PetscRMTree(dir));
  PetscCall(PetscFinalize());
  return done();
}
