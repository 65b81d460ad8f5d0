/* SPDX-License-Identifier: BSD-2-Clause */
/* ranks: 1 2 3 */
/*
  The gradient under a small budget has the same bits as with full storage (PETSc's `basic`), for every method with an
  adjoint, fixed and adaptive, ended in four ways, with rejections and events; the report shows that steps were repeated
  and the budget kept.
*/
#include "app.h"
#include "../tap.h"
#include <unistd.h>

typedef struct {
  const char *name, *options;
  PetscBool   adaptive; /* an adaptive cell too */
} Method;

static const Method methods[] = {
    {"rk 1fe", "-ts_type rk -ts_rk_type 1fe", PETSC_FALSE},
    {"rk 2a", "-ts_type rk -ts_rk_type 2a", PETSC_TRUE},
    {"rk 3", "-ts_type rk -ts_rk_type 3", PETSC_FALSE},
    {"rk 3bs", "-ts_type rk -ts_rk_type 3bs", PETSC_TRUE},
    {"rk 4", "-ts_type rk -ts_rk_type 4", PETSC_FALSE},
    {"rk 5f", "-ts_type rk -ts_rk_type 5f", PETSC_TRUE},
    {"rk 5dp", "-ts_type rk -ts_rk_type 5dp", PETSC_TRUE},
    {"theta", "-ts_type theta", PETSC_TRUE},
    {"theta endpoint", "-ts_type theta -ts_theta_theta .6 -ts_theta_endpoint", PETSC_TRUE},
    {"cn", "-ts_type cn", PETSC_TRUE},
    {"beuler", "-ts_type beuler", PETSC_TRUE},
};

typedef struct {
  const char *name;
  AppEnd      end;
  PetscInt    step, solves, boundaries;
  PetscBool   event;
} Ending;

static const Ending endings[] = {
    {"max time", END_TIME, 0, 1, 0, PETSC_FALSE},        {"max steps", END_STEPS, 13, 1, 0, PETSC_FALSE},
    {"user reason", END_USER, 11, 1, 0, PETSC_FALSE},    {"event", END_EVENT, 0, 1, 0, PETSC_FALSE},
    {"event on the way", END_TIME, 0, 1, 1, PETSC_TRUE}, {"three solves", END_TIME, 0, 3, 2, PETSC_FALSE},
};

static const char *budgets[] = {"2", "3", "5", "1000"};

static char        dir[PETSC_MAX_PATH_LEN], report[PETSC_MAX_PATH_LEN];
static PetscMPIInt rank;
static PetscInt    rejected;

#define T_OK(...)                                                                                                      \
  do {                                                                                                                 \
    if (rank == 0) ok(__VA_ARGS__);                                                                                    \
  } while (0)

static PetscErrorCode Run(const Method *m, PetscBool adaptive, const Ending *e, const char trajectory[], AppResult *res)
{
  App app = AppDefault();

  PetscFunctionBeginUser;
  PetscCall(PetscOptionsClear(NULL));
  PetscCall(PetscOptionsInsertString(NULL, m->options));
  PetscCall(PetscOptionsInsertString(NULL, trajectory));
  PetscCall(PetscOptionsInsertString(NULL, adaptive ? "-ts_adapt_type basic -ts_theta_adapt -ts_rtol 1e-5 -ts_atol 1e-5"
                                                    : "-ts_adapt_type none"));
  if (adaptive) app.dt = .2;
  app.end      = e->end;
  app.end_step = e->step;
  app.solves   = e->solves;
  app.event    = e->event;
  app.carry    = (PetscBool)(strstr(m->options, "rk") != NULL); /* FSAL derivatives cross the event */
  /* the parameter gradient of methods with a weight that is zero is wrong in PETSc: not a reference */
  app.parameters = (PetscBool)(!strstr(m->name, "5f") && !strstr(m->name, "5dp"));
  PetscCall(AppRun(&app, res));
  PetscFunctionReturn(0);
}

static PetscErrorCode Cell(const Method *m, PetscBool adaptive, const Ending *e)
{
  AppResult full, res;
  char      options[2 * PETSC_MAX_PATH_LEN];

  PetscFunctionBeginUser;
  PetscCall(PetscSNPrintf(options, sizeof(options), "-ts_trajectory_type basic -ts_trajectory_dirname %s/SA", dir));
  PetscCall(Run(m, adaptive, e, options, &full));
  rejected += full.rejections;
  for (size_t i = 0; i < sizeof(budgets) / sizeof(budgets[0]); i++) {
    PetscBool same;
    PetscInt  budget = (PetscInt)atoi(budgets[i]) + e->boundaries;
    double    peak, recomputed, steps;

    PetscCall(PetscSNPrintf(options, sizeof(options),
                            "-ts_trajectory_type costate -ts_trajectory_costate_ram %" PetscInt_FMT
                            " -ts_trajectory_costate_report %s",
                            budget, report));
    PetscCall(Run(m, adaptive, e, options, &res));
    PetscCall(AppSame(&full, &res, &same));
    PetscCall(AppReport(report, "peak_states", &peak));
    PetscCall(AppReport(report, "recomputed", &recomputed));
    PetscCall(AppReport(report, "steps", &steps));
    T_OK(same, "%s, %s, %s, budget %s: same bits (%d steps, %d rejected, %d recomputed)", m->name,
         adaptive ? "adaptive" : "fixed", e->name, budgets[i], (int)res.steps, (int)res.rejections, (int)recomputed);
    T_OK(peak <= (double)budget && steps == (double)res.steps &&
             (i < 3 ? recomputed > 0 || res.steps <= budget : recomputed <= e->boundaries + (e->end == END_EVENT)),
         "%s, %s, %s, budget %s: kept (%g states), steps are repeated if they must be (%g)", m->name,
         adaptive ? "adaptive" : "fixed", e->name, budgets[i], peak, recomputed);
    PetscCall(AppResultFree(&res));
  }
  PetscCall(AppResultFree(&full));
  PetscFunctionReturn(0);
}

int main(int argc, char **argv)
{
  int nm = (int)(sizeof(methods) / sizeof(methods[0])), ne = (int)(sizeof(endings) / sizeof(endings[0])), cells = 0;

  PetscCall(PetscInitialize(&argc, &argv, NULL, NULL));
  PetscCall(CostateInitializePackage());
  PetscCallMPI(MPI_Comm_rank(PETSC_COMM_WORLD, &rank));
  PetscCall(PetscSNPrintf(dir, sizeof(dir), "/tmp/costate-identity-XXXXXX"));
  if (rank == 0 && !mkdtemp(dir)) return 1;
  PetscCallMPI(MPI_Bcast(dir, sizeof(dir), MPI_CHAR, 0, PETSC_COMM_WORLD));
  PetscCall(PetscSNPrintf(report, sizeof(report), "%s/report.json", dir));
  for (int i = 0; i < nm; i++) cells += (methods[i].adaptive ? 2 : 1) * ne;
  if (rank == 0) plan(cells * 2 * (int)(sizeof(budgets) / sizeof(budgets[0])) + 1);
  for (int i = 0; i < nm; i++) {
    for (int a = 0; a <= (int)methods[i].adaptive; a++) {
      for (int e = 0; e < ne; e++) PetscCall(Cell(&methods[i], (PetscBool)a, &endings[e]));
    }
  }
  T_OK(rejected > 20, "the adaptive runs reject steps (%d in all)", (int)rejected);
  if (rank == 0) PetscCall(PetscRMTree(dir));
  PetscCall(PetscFinalize());
  return done();
}
