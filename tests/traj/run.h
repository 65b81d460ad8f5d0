/* SPDX-License-Identifier: BSD-2-Clause */
/* Runs of the test application under one trajectory and another, in one process. */
#ifndef COSTATE_TEST_RUN_H
#define COSTATE_TEST_RUN_H

#include "app.h"
#include "../tap.h"
#include <stdlib.h>
#include <unistd.h>

static char        run_dir[PETSC_MAX_PATH_LEN], run_report[PETSC_MAX_PATH_LEN];
static PetscMPIInt run_rank;

/* Only the first rank prints. */
#define T_OK(...)                                                                                                      \
  do {                                                                                                                 \
    if (run_rank == 0) ok(__VA_ARGS__);                                                                                \
  } while (0)

static inline PetscErrorCode RunBegin(int *argc, char ***argv, int tests)
{
  PetscFunctionBegin;
  PetscCall(PetscInitialize(argc, argv, NULL, NULL));
  PetscCall(CostateInitializePackage());
  PetscCallMPI(MPI_Comm_rank(PETSC_COMM_WORLD, &run_rank));
  PetscCall(PetscSNPrintf(run_dir, sizeof(run_dir), "/tmp/costate-test-XXXXXX"));
  if (run_rank == 0) PetscCheck(mkdtemp(run_dir), PETSC_COMM_SELF, PETSC_ERR_SYS, "No directory in /tmp");
  PetscCallMPI(MPI_Bcast(run_dir, sizeof(run_dir), MPI_CHAR, 0, PETSC_COMM_WORLD));
  PetscCall(PetscSNPrintf(run_report, sizeof(run_report), "%s/report.json", run_dir));
  if (run_rank == 0 && tests) plan(tests);
  fflush(stdout); /* an error ends the program without */
  PetscFunctionReturn(0);
}

static inline PetscErrorCode RunEnd(void)
{
  PetscFunctionBegin;
  if (run_rank == 0) PetscCall(PetscRMTree(run_dir));
  PetscCall(PetscOptionsClear(NULL));
  PetscCall(PetscFinalize());
  PetscFunctionReturn(0);
}

/* A run with these options and no others. */
static inline PetscErrorCode Run(App app, const char options[], const char trajectory[], AppResult *res)
{
  PetscFunctionBegin;
  PetscCall(PetscOptionsClear(NULL));
  PetscCall(PetscOptionsInsertString(NULL, options));
  PetscCall(PetscOptionsInsertString(NULL, trajectory));
  PetscCall(AppRun(&app, res));
  PetscFunctionReturn(0);
}

/* Full storage on disk, by PETSc. */
static inline PetscErrorCode RunBasic(App app, const char options[], AppResult *res)
{
  char trajectory[2 * PETSC_MAX_PATH_LEN];

  PetscFunctionBegin;
  PetscCall(
      PetscSNPrintf(trajectory, sizeof(trajectory), "-ts_trajectory_type basic -ts_trajectory_dirname %s/SA", run_dir));
  PetscCall(Run(app, options, trajectory, res));
  PetscFunctionReturn(0);
}

/* So many states in memory; `more` may be NULL. */
static inline PetscErrorCode RunBudget(App app, const char options[], PetscInt states, const char more[],
                                       AppResult *res)
{
  char trajectory[2 * PETSC_MAX_PATH_LEN];

  PetscFunctionBegin;
  PetscCall(PetscSNPrintf(trajectory, sizeof(trajectory),
                          "-ts_trajectory_type costate -ts_trajectory_max_cps_ram %" PetscInt_FMT
                          " -ts_trajectory_costate_report %s %s",
                          states, run_report, more ? more : ""));
  PetscCall(Run(app, options, trajectory, res));
  PetscFunctionReturn(0);
}

/* Two lines: the same bits as full storage, and a budget that was kept by repeating steps. */
static inline PetscErrorCode RunCompare(App app, const char options[], PetscInt states, const char what[])
{
  AppResult full, res;
  PetscBool same;
  double    peak, recomputed, bytes, state;

  PetscFunctionBegin;
  PetscCall(RunBasic(app, options, &full));
  PetscCall(RunBudget(app, options, states, NULL, &res));
  PetscCall(AppSame(&full, &res, &same));
  PetscCall(AppReport(run_report, "peak_states", &peak));
  PetscCall(AppReport(run_report, "peak_bytes", &bytes));
  PetscCall(AppReport(run_report, "state_bytes", &state));
  PetscCall(AppReport(run_report, "recomputed", &recomputed));
  T_OK(same, "%s: the same bits as with full storage (%d steps, %d rejected)", what, (int)res.steps,
       (int)res.rejections);
  /* one frame more than the budget waits for its decision */
  T_OK(recomputed > 0 && peak <= (double)states && bytes <= ((double)states + 1) * state,
       "%s: at most %d states are kept, %g steps are repeated", what, (int)states, recomputed);
  PetscCall(AppResultFree(&full));
  PetscCall(AppResultFree(&res));
  PetscFunctionReturn(0);
}

#endif
