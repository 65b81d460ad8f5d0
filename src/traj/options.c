/* SPDX-License-Identifier: BSD-2-Clause */
/* Options. */
#include "trajimpl.h"
#include <limits.h>
#include <stdlib.h>
#include <string.h>

/* The options check compares what nobody read with these. */
const char *const CostateTrajOptions[] = {"ts_trajectory_costate_policy",
                                          "ts_trajectory_costate_ram",
                                          "ts_trajectory_costate_steps",
                                          "ts_trajectory_costate_stride",
                                          "ts_trajectory_costate_stages",
                                          "ts_trajectory_costate_check",
                                          "ts_trajectory_costate_jumps",
                                          "ts_trajectory_costate_progress",
                                          "ts_trajectory_costate_report",
                                          "ts_trajectory_costate_hdf5",
                                          "ts_trajectory_costate_hdf5_limit",
                                          "ts_trajectory_costate_hdf5_direct",
                                          "ts_trajectory_costate_hdf5_layout",
                                          "ts_trajectory_costate_behind",
                                          "ts_trajectory_costate_costs",
                                          "ts_trajectory_costate_adjoint_every",
                                          "ts_trajectory_costate_commit",
                                          "ts_trajectory_costate_resume",
                                          "ts_trajectory_costate_resume_vouch",
                                          "ts_trajectory_costate_walltime",
                                          "ts_trajectory_costate_transposed_check",
                                          "ts_trajectory_costate_transposed_lag",
                                          "ts_trajectory_costate_transposed_rtol",
                                          NULL};

/* "K DIR", "K,DIR", or K alone with DIR as the word that follows on the command line. */
static PetscErrorCode ParseAdjointEvery(TSTrajectory tj, const char text[])
{
  MPI_Comm    comm = PetscObjectComm((PetscObject)tj);
  char       *end, option[PETSC_MAX_OPTION_NAME + 64];
  const char *prefix = ((PetscObject)tj)->prefix;
  long        k      = strtol(text, &end, 10);
  int         argc;
  char      **argv;

  PetscFunctionBegin;
  PetscCheck(end != text && k > 0 && k < INT_MAX && (!*end || strchr(" ,:", *end)), comm, PETSC_ERR_ARG_WRONG,
             "-ts_trajectory_costate_adjoint_every %s: give a number and a directory, as in "
             "-ts_trajectory_costate_adjoint_every 10,maps",
             text);
  while (*end && strchr(" ,:", *end)) end++;
  if (!*end) {
    PetscCall(PetscSNPrintf(option, sizeof(option), "-%sts_trajectory_costate_adjoint_every", prefix ? prefix : ""));
    PetscCall(PetscGetArgs(&argc, &argv));
    for (int i = 1; i + 2 < argc; i++) {
      if (!strcmp(argv[i], option) && !strcmp(argv[i + 1], text) && argv[i + 2][0] != '-') end = argv[i + 2];
    }
  }
  PetscCheck(*end, comm, PETSC_ERR_ARG_WRONG,
             "-ts_trajectory_costate_adjoint_every %s: a directory is missing, as in "
             "-ts_trajectory_costate_adjoint_every 10,maps",
             text);
  PetscCall(TSTrajectoryCostateSetAdjointEvery(tj, (PetscInt)k, end));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* What TSTrajectorySetMaxCpsRAM() and TSTrajectorySetMaxUnitsRAM() call. */
static PetscErrorCode SetMaxCpsRAM(TSTrajectory tj, PetscInt n)
{
  CostateTraj tr = (CostateTraj)tj->data;

  PetscFunctionBegin;
  PetscCheck(n > 0, PetscObjectComm((PetscObject)tj), PETSC_ERR_ARG_OUTOFRANGE,
             "-ts_trajectory_max_cps_ram %" PetscInt_FMT ": at least one state has to be kept, the initial one", n);
  if (!tr->ram_bytes) tr->ram_states = n;
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* What TSTrajectorySetMaxCpsDisk() calls. */
static PetscErrorCode SetMaxCpsDisk(TSTrajectory tj, PetscInt n)
{
  PetscFunctionBegin;
  PetscCheck(n >= 0, PetscObjectComm((PetscObject)tj), PETSC_ERR_ARG_OUTOFRANGE,
             "-ts_trajectory_max_cps_disk %" PetscInt_FMT ": the number of states on disk must not be negative", n);
  ((CostateTraj)tj->data)->max_cps_disk = n;
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode CostateTrajComposeSetters(TSTrajectory tj, PetscBool yes)
{
  PetscFunctionBegin;
  PetscCall(PetscObjectComposeFunction((PetscObject)tj, "TSTrajectorySetMaxCpsRAM_C", yes ? SetMaxCpsRAM : NULL));
  PetscCall(PetscObjectComposeFunction((PetscObject)tj, "TSTrajectorySetMaxCpsDisk_C", yes ? SetMaxCpsDisk : NULL));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* What PETSc's type `memory` reads and this one has no use for must not be passed over in silence. */
static PetscErrorCode RefuseMemoryOptions(TSTrajectory tj)
{
  static const char *const names[][2] = {
      {"-ts_trajectory_max_units_ram", "give states or bytes with -ts_trajectory_costate_ram"},
      {"-ts_trajectory_max_units_disk", "give states or bytes with -ts_trajectory_costate_hdf5_limit"},
      {"-ts_trajectory_stride", "use -ts_trajectory_costate_policy stride -ts_trajectory_costate_stride"},
      {"-ts_trajectory_revolve_online", "the policy online is the default"},
      {"-ts_trajectory_save_stack", "states go to disk one by one (-ts_trajectory_costate_hdf5)"},
      {"-ts_trajectory_use_dram", "states are kept in ordinary memory"},
      {"-ts_trajectory_memory_type", "choose with -ts_trajectory_costate_policy"},
  };

  PetscFunctionBegin;
  for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
    PetscBool given;

    PetscCall(PetscOptionsHasName(((PetscObject)tj)->options, ((PetscObject)tj)->prefix, names[i][0], &given));
    PetscCheck(!given, PetscObjectComm((PetscObject)tj), PETSC_ERR_SUP,
               "Option %s is of -ts_trajectory_type memory and means nothing to costate: %s", names[i][0], names[i][1]);
  }
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode CostateTrajSetFromOptions(TSTrajectory tj, COSTATE_OPTION_ITEMS PetscOptionsObject)
{
  CostateTraj tr = (CostateTraj)tj->data;
  PetscBool   set, flg;
  PetscInt    n = 0;
  PetscReal   rtol;
  PetscEnum   stages = (PetscEnum)tr->stages;
  char        text[PETSC_MAX_PATH_LEN];
  PetscReal   cost[4] = {0};
  double      costs[4];
  PetscInt    ncost = 4;

  PetscFunctionBegin;
  PetscCall(RefuseMemoryOptions(tj));
  PetscOptionsHeadBegin(PetscOptionsObject, "Checkpoints within a memory budget (costate)");
  PetscCall(PetscOptionsInt("-ts_trajectory_max_cps_ram", "Number of states kept in memory", "TSTrajectorySetMaxCpsRAM",
                            0, &n, &set));
  if (set) PetscCall(SetMaxCpsRAM(tj, n));
  PetscCall(PetscOptionsString("-ts_trajectory_costate_policy",
                               "Which states are kept: online, wang, offline, all, stride",
                               "TSTrajectoryCostateSetPolicy", tr->policy, text, sizeof(text), &set));
  if (set) PetscCall(TSTrajectoryCostateSetPolicy(tj, text));
  PetscCall(PetscOptionsString("-ts_trajectory_costate_ram",
                               "Memory budget: a number of states, or bytes per rank such as 512MB",
                               "TSTrajectoryCostateSetRAM", "half of the free memory", text, sizeof(text), &set));
  if (set) PetscCall(TSTrajectoryCostateSetRAM(tj, text));
  n = tr->steps;
  PetscCall(PetscOptionsInt("-ts_trajectory_costate_steps", "Number of steps, for the policy offline",
                            "TSTrajectoryCostateSetSteps", tr->steps, &n, &set));
  if (set) PetscCall(TSTrajectoryCostateSetSteps(tj, n));
  PetscCall(PetscOptionsInt("-ts_trajectory_costate_stride", "Every which state is kept, for the policy stride",
                            "TSTrajectoryCostateSetStride", tr->stride, &n, &set));
  if (set) PetscCall(TSTrajectoryCostateSetStride(tj, n));
  PetscCall(PetscOptionsEnum("-ts_trajectory_costate_stages", "Keep the stage data of steps",
                             "TSTrajectoryCostateSetStages", CostateStagesTypes, stages, &stages, &set));
  if (set) PetscCall(TSTrajectoryCostateSetStages(tj, (CostateStages)stages));
  PetscCall(PetscOptionsBool("-ts_trajectory_costate_check", "Compare repeated steps with the run",
                             "TSTrajectoryCostateSetCheck", tr->check, &flg, &set));
  if (set) PetscCall(TSTrajectoryCostateSetCheck(tj, flg));
  PetscCall(PetscOptionsBool("-ts_trajectory_costate_transposed_check", "Look at what transposed solves leave",
                             "TSTrajectoryCostateSetTransposedCheck", tr->transposed_check, &flg, &set));
  if (set) PetscCall(TSTrajectoryCostateSetTransposedCheck(tj, flg));
  PetscCall(PetscOptionsReal("-ts_trajectory_costate_transposed_rtol", "Relative tolerance of transposed solves",
                             "TSTrajectoryCostateSetTransposedTolerance", tr->transposed_rtol, &rtol, &set));
  if (set) PetscCall(TSTrajectoryCostateSetTransposedTolerance(tj, rtol));
  n = tr->transposed_lag;
  PetscCall(PetscOptionsInt("-ts_trajectory_costate_transposed_lag", "Adjoint steps that share a preconditioner",
                            "TSTrajectoryCostateSetTransposedLag", n, &n, &set));
  if (set) PetscCall(TSTrajectoryCostateSetTransposedLag(tj, n));
  PetscCall(PetscOptionsBool("-ts_trajectory_costate_jumps",
                             "The application applies the adjoint of its changes of the state",
                             "TSTrajectoryCostateSetJumps", tr->jumps, &flg, &set));
  if (set) PetscCall(TSTrajectoryCostateSetJumps(tj, flg));
  PetscCall(PetscOptionsBool("-ts_trajectory_costate_progress", "Show progress and the time left on stderr",
                             "TSTrajectoryCostateSetProgress", tr->progress, &flg, &set));
  if (set) PetscCall(TSTrajectoryCostateSetProgress(tj, flg));
  PetscCall(PetscOptionsString("-ts_trajectory_costate_report", "JSON file with counts, bytes and seconds",
                               "TSTrajectoryCostateSetReport", tr->report, text, sizeof(text), &set));
  if (set) PetscCall(TSTrajectoryCostateSetReport(tj, text));
  PetscCall(PetscOptionsString("-ts_trajectory_costate_hdf5", "Directory for states that memory does not hold",
                               "TSTrajectoryCostateSetHDF5", tr->dir, text, sizeof(text), &set));
  if (set) PetscCall(TSTrajectoryCostateSetHDF5(tj, text));
  n = tr->max_cps_disk;
  PetscCall(PetscOptionsInt("-ts_trajectory_max_cps_disk", "Number of states on disk", "TSTrajectorySetMaxCpsDisk", n,
                            &n, &set));
  if (set) PetscCall(SetMaxCpsDisk(tj, n));
  PetscCall(PetscOptionsString("-ts_trajectory_costate_hdf5_limit",
                               "What the disk may hold: a number of states, or bytes of all ranks such as 2TB",
                               "TSTrajectoryCostateSetHDF5Limit", "none", text, sizeof(text), &set));
  if (set) PetscCall(TSTrajectoryCostateSetHDF5Limit(tj, text));
  PetscCall(PetscOptionsBool("-ts_trajectory_costate_hdf5_direct", "Past the page cache (O_DIRECT) where possible",
                             "TSTrajectoryCostateSetHDF5Direct", tr->direct, &flg, &set));
  if (set) PetscCall(TSTrajectoryCostateSetHDF5Direct(tj, flg));
  PetscCall(PetscOptionsString("-ts_trajectory_costate_hdf5_layout",
                               "Files: one for all ranks (shared), for each node, for each rank",
                               "TSTrajectoryCostateSetHDF5Layout", tr->layout, text, sizeof(text), &set));
  if (set) PetscCall(TSTrajectoryCostateSetHDF5Layout(tj, text));
  PetscCall(PetscOptionsBool("-ts_trajectory_costate_behind", "Write and read behind the computation",
                             "TSTrajectoryCostateSetBehind", tr->behind, &flg, &set));
  if (set) PetscCall(TSTrajectoryCostateSetBehind(tj, flg));
  PetscCall(PetscOptionsRealArray("-ts_trajectory_costate_costs",
                                  "What a step, an adjoint step, a write, a read cost, instead of measuring it",
                                  "TSTrajectoryCostateSetCosts", cost, &ncost, &set));
  if (set) {
    PetscCheck(ncost == 4, PetscObjectComm((PetscObject)tj), PETSC_ERR_ARG_WRONG,
               "-ts_trajectory_costate_costs: four numbers are needed, uf,ub,w,r, but %" PetscInt_FMT " are there",
               ncost);
    for (int i = 0; i < 4; i++) costs[i] = (double)cost[i];
    PetscCall(TSTrajectoryCostateSetCosts(tj, costs));
  }
  PetscCall(PetscOptionsString("-ts_trajectory_costate_adjoint_every", "Keep every k-th lambda in files: K,DIR",
                               "TSTrajectoryCostateSetAdjointEvery", "none", text, sizeof(text), &set));
  if (set) PetscCall(ParseAdjointEvery(tj, text));
  PetscCall(CostateCommitSetFromOptions(tj, PetscOptionsObject));
  PetscOptionsHeadEnd();
  PetscFunctionReturn(PETSC_SUCCESS);
}
