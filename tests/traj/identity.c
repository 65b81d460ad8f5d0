/* SPDX-License-Identifier: BSD-2-Clause */
/* ranks: 1 2 3 */
/*
  The gradient under a small budget has the same bits as with full storage (PETSc's `basic`), for every method with an
  adjoint, fixed and adaptive, ended in four ways, with rejections and events; the report shows that steps were repeated
  and the budget kept.
*/
#include "cells.h"

static const char *budgets[] = {"2", "3", "5", "1000"};
static PetscInt    rejected;

static PetscErrorCode Cell(const Method *m, PetscBool adaptive, const Ending *e)
{
  AppResult full, res;
  char      options[2 * PETSC_MAX_PATH_LEN];

  PetscFunctionBeginUser;
  PetscCall(CellBasic(m, adaptive, e, &full));
  rejected += full.rejections;
  for (size_t i = 0; i < sizeof(budgets) / sizeof(budgets[0]); i++) {
    PetscBool same;
    PetscInt  budget = (PetscInt)atoi(budgets[i]) + e->boundaries;
    double    peak, recomputed, steps;

    PetscCall(PetscSNPrintf(options, sizeof(options),
                            "-ts_trajectory_type costate -ts_trajectory_costate_ram %" PetscInt_FMT
                            " -ts_trajectory_costate_report %s",
                            budget, run_report));
    PetscCall(CellRun(m, adaptive, e, options, &res));
    PetscCall(AppSame(&full, &res, &same));
    PetscCall(AppReport(run_report, "peak_states", &peak));
    PetscCall(AppReport(run_report, "recomputed", &recomputed));
    PetscCall(AppReport(run_report, "steps", &steps));
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
  PetscCall(RunBegin(&argc, &argv, CellCount() * 2 * (int)(sizeof(budgets) / sizeof(budgets[0])) + 1));
  PetscCall(CellsVisit(Cell));
  T_OK(rejected > 20, "the adaptive runs reject steps (%d in all)", (int)rejected);
  PetscCall(RunEnd());
  return done();
}
