/* SPDX-License-Identifier: BSD-2-Clause */
/* The TSTrajectory type `costate`. */
#include "trajimpl.h"

/* Turns an error of the scheduler into one of PETSc's. */
PetscErrorCode CostateSched(CostateTraj tr, int err)
{
  static const PetscErrorCode codes[] = {PETSC_SUCCESS, PETSC_ERR_ARG_WRONG, PETSC_ERR_MEM, PETSC_ERR_ARG_OUTOFRANGE,
                                         PETSC_ERR_PLIB};

  PetscFunctionBegin;
  if (!err) PetscFunctionReturn(PETSC_SUCCESS);
  if (err == COSTATE_SCHED_ERR_BUDGET) {
    SETERRQ(PetscObjectComm((PetscObject)tr->tj), codes[err],
            "Checkpoints at step %" PetscInt_FMT
            ": %s. A unit is a state, %zu bytes on rank 0; give more with -ts_trajectory_costate_ram",
            tr->log.n, costate_sched_error(tr->sched), tr->state_bytes);
  }
  SETERRQ(PetscObjectComm((PetscObject)tr->tj), codes[err], "Checkpoint scheduler at step %" PetscInt_FMT ": %s",
          tr->log.n, tr->sched ? costate_sched_error(tr->sched) : "out of memory");
}

/* Forgets the run; the options stay. */
PetscErrorCode CostateTrajReset(CostateTraj tr)
{
  PetscFunctionBegin;
  costate_sched_destroy(tr->sched);
  tr->sched = NULL;
  PetscCall(CostateSignals(tr, PETSC_FALSE));
  PetscCall(CostateSolvesLeave(tr));
  PetscCall(CostateDiskClose(tr, PETSC_FALSE));
  PetscCall(CostateMapsClose(tr));
  PetscCall(CostateStoreDestroy(&tr->store));
  PetscCall(CostateLogReset(&tr->log));
  PetscCall(VecDestroy(&tr->klast));
  tr->phase        = COSTATE_IDLE;
  tr->held         = -1;
  tr->bad_step     = -1;
  tr->changed_step = -1;
  tr->changed_by   = NULL;
  tr->have_top = tr->ended = tr->event = tr->jump = tr->measured = tr->stages_lost = PETSC_FALSE;
  tr->replayed = tr->sweeps = 0;
  tr->probed                = PETSC_FALSE;
  tr->durable = tr->resumed = tr->resuming = tr->passed = PETSC_FALSE;
  tr->nkinds = tr->ndumped = tr->nlandmarks = tr->npast = 0;
  tr->commits = tr->recovered = tr->put = tr->unlooked = 0;
  tr->noted = tr->back = -1;
  tr->back_key         = 0;
  tr->lost             = 0;
  tr->keep0 = tr->no_disk = tr->again = PETSC_FALSE;
  tr->quiet                           = 0;
  tr->look_every                      = 1;
  tr->commit_seconds = tr->commit_last = 0;
  PetscCall(VecDestroy(&tr->integral));
  PetscCall(CostateStopsReset(tr));
  tr->rejected   = 0;
  tr->nchanges   = 0;
  tr->pre_at     = -1;
  tr->boundaries = 0;
  tr->nstarts    = 0;
  PetscCall(PetscArrayzero(tr->seconds, 3));
  PetscCall(PetscArrayzero(tr->solves, COSTATE_SOLVES_PHASES));
  PetscFunctionReturn(PETSC_SUCCESS);
}

static PetscErrorCode TSTrajectoryReset_Costate(TSTrajectory tj)
{
  CostateTraj tr = (CostateTraj)tj->data;

  PetscFunctionBegin;
  PetscCall(CostateTrajReset(tr));
  PetscCall(CostateTrajDestroyVecs(tr));
  PetscFunctionReturn(PETSC_SUCCESS);
}

static PetscErrorCode TSTrajectoryDestroy_Costate(TSTrajectory tj)
{
  CostateTraj tr = (CostateTraj)tj->data;

  PetscFunctionBegin;
  PetscCall(TSTrajectoryReset_Costate(tj));
  PetscCall(CostateTrajComposeSetters(tj, PETSC_FALSE));
  PetscCall(PetscFree(tr->moves));
  PetscCall(PetscFree(tr->kind));
  PetscCall(PetscFree(tr->dumped));
  PetscCall(PetscFree(tr->landmark));
  PetscCall(PetscFree(tr->past));
  PetscCall(PetscFree(tr->stops));
  PetscCall(PetscFree(tr->change));
  PetscCall(PetscFree(tj->data));
  PetscFunctionReturn(PETSC_SUCCESS);
}

static PetscErrorCode TSTrajectorySetUp_Costate(TSTrajectory tj, TS ts)
{
  PetscFunctionBegin;
  PetscCall(CostateTrajSetUp((CostateTraj)tj->data, ts));
  PetscFunctionReturn(PETSC_SUCCESS);
}

static PetscErrorCode TSTrajectorySet_Costate(TSTrajectory tj, TS ts, PetscInt step, PetscReal t, Vec X)
{
  CostateTraj tr = (CostateTraj)tj->data;

  PetscFunctionBegin;
  PetscCheck(ts == tr->ts, PetscObjectComm((PetscObject)tj), PETSC_ERR_ARG_WRONGSTATE,
             "The trajectory was set up for another TS: use one trajectory for each TS");
  if (step == 0) PetscCall(CostateForwardStart(tr, ts));
  PetscCall(CostateForwardSet(tr, ts, step, t, X));
  PetscFunctionReturn(PETSC_SUCCESS);
}

static PetscErrorCode TSTrajectoryGet_Costate(TSTrajectory tj, TS ts, PetscInt step, PetscReal *t)
{
  CostateTraj tr = (CostateTraj)tj->data;

  PetscFunctionBegin;
  /* TSAdjointSolve() asks for the time of the TS itself; any other caller wants to look at a state */
  PetscCall(CostateBackwardGet(tr, ts, step, t, (PetscBool)(ts == tr->ts && t == &ts->ptime && step == ts->steps)));
  PetscFunctionReturn(PETSC_SUCCESS);
}

static PetscErrorCode TSTrajectoryView_Costate(TSTrajectory tj, PetscViewer viewer)
{
  PetscFunctionBegin;
  PetscCall(CostateReportView((CostateTraj)tj->data, viewer));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/*MC
  TSTRAJECTORYCOSTATE - Keeps checkpoints of a time integration within a memory budget, although the number of steps is
  unknown, and repeats steps for `TSAdjointSolve()`. The gradient is bit-identical to that with full storage.

  Options Database Keys:
+ -ts_trajectory_costate_policy <online> - which states are kept, see `TSTrajectoryCostateSetPolicy()`
. -ts_trajectory_costate_ram <budget> - states, or bytes per rank such as 512MB, see `TSTrajectoryCostateSetRAM()`
. -ts_trajectory_costate_hdf5 <dir> - what does not fit goes to HDF5 files there, see `TSTrajectoryCostateSetHDF5()`
. -ts_trajectory_costate_hdf5_limit <limit> - states, or bytes in all, see `TSTrajectoryCostateSetHDF5Limit()`
. -ts_trajectory_costate_hdf5_direct <true> - O_DIRECT, see `TSTrajectoryCostateSetHDF5Direct()`
. -ts_trajectory_costate_hdf5_layout <shared> - how many files, see `TSTrajectoryCostateSetHDF5Layout()`
. -ts_trajectory_costate_behind <true> - I/O behind the computation, see `TSTrajectoryCostateSetBehind()`
. -ts_trajectory_costate_costs <uf,ub,w,r> - what things cost, see `TSTrajectoryCostateSetCosts()`
. -ts_trajectory_costate_adjoint_every <k dir> - keeps every k-th lambda, see `TSTrajectoryCostateSetAdjointEvery()`
. -ts_trajectory_costate_commit <never> - seconds between commits, or always, see `TSTrajectoryCostateSetCommit()`
. -ts_trajectory_costate_resume <false> - goes on from the last commit, see `TSTrajectoryCostateSetResume()`
. -ts_trajectory_costate_resume_vouch <hooks,solvers> - see `TSTrajectoryCostateSetVouch()`
. -ts_trajectory_costate_walltime <seconds> - commits and ends in time, see `TSTrajectoryCostateSetWallTime()`
. -ts_trajectory_costate_steps <n> - the number of steps, for the policy offline, see `TSTrajectoryCostateSetSteps()`
. -ts_trajectory_costate_stride <1> - for the policy stride, see `TSTrajectoryCostateSetStride()`
. -ts_trajectory_costate_stages <auto> - stage records, see `TSTrajectoryCostateSetStages()`
. -ts_trajectory_costate_check <true> - compare repeated steps with the run, see `TSTrajectoryCostateSetCheck()`
. -ts_trajectory_costate_jumps <false> - adjoints of jumps are applied, see `TSTrajectoryCostateSetJumps()`
. -ts_trajectory_costate_transposed_check <true> - look at residuals, see `TSTrajectoryCostateSetTransposedCheck()`
. -ts_trajectory_costate_transposed_rtol <rtol> - of their solver, see `TSTrajectoryCostateSetTransposedTolerance()`
. -ts_trajectory_costate_transposed_lag <1> - see `TSTrajectoryCostateSetTransposedLag()`
. -ts_trajectory_costate_progress <false> - one line on stderr, see `TSTrajectoryCostateSetProgress()`
. -ts_trajectory_costate_report <file> - JSON, see `TSTrajectoryCostateSetReport()`
. -ts_trajectory_max_cps_ram <n> - PETSc's name for a budget of n states
. -ts_trajectory_max_cps_disk <n> - PETSc's name for a limit of n states on disk; turns the tier on
. -ts_trajectory_keep_files - the HDF5 files stay
. -ts_trajectory_solution_only - no stage records
. -ts_trajectory_monitor - prints each state that is set or asked for
- -ts_trajectory_view - prints the counts after the backward sweep

  Notes:
  Works for every TS type that has an adjoint step, adaptive or not, with events, several `TSSolve()` calls and repeated
  solves; and for every TS type at all where a method puts its own function in the place of the adjoint step
  (`TSTrajectoryCostateSetReverse()`). An option that begins with -ts_trajectory_costate_ and is not one of these is an
  error.

  Level: beginner

.seealso: `TSTrajectorySetType()`, `TSAdjointSolve()`, `TSTrajectoryCostateSetRAM()`
M*/
PETSC_INTERN PetscErrorCode TSTrajectoryCreate_Costate(TSTrajectory, TS);

PetscErrorCode TSTrajectoryCreate_Costate(TSTrajectory tj, TS ts)
{
  CostateTraj tr;

  PetscFunctionBegin;
  (void)ts; /* may be NULL; the setup brings the TS */
  PetscCall(PetscNew(&tr));
  tr->tj               = tj;
  tr->check            = PETSC_TRUE;
  tr->transposed_check = PETSC_TRUE;
  tr->transposed_lag   = 1;
  tr->behind           = PETSC_TRUE;
  tr->direct           = PETSC_TRUE;
  PetscCall(PetscStrncpy(tr->layout, "shared", sizeof(tr->layout)));
  tr->stride = 1;
  tr->commit = -1;
  PetscCall(PetscStrncpy(tr->policy, "online", sizeof(tr->policy)));
  PetscCall(CostateTrajReset(tr));
  tj->data                = tr;
  tj->ops->set            = TSTrajectorySet_Costate;
  tj->ops->get            = TSTrajectoryGet_Costate;
  tj->ops->setup          = TSTrajectorySetUp_Costate;
  tj->ops->setfromoptions = CostateTrajSetFromOptions;
  tj->ops->view           = TSTrajectoryView_Costate;
  tj->ops->reset          = TSTrajectoryReset_Costate;
  tj->ops->destroy        = TSTrajectoryDestroy_Costate;
  PetscCall(CostateTrajComposeSetters(tj, PETSC_TRUE));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/*@C
  CostateTSTypeListGet - The registered TS types, and whether each has an adjoint step

  Collective on `PETSC_COMM_SELF`

  Input Parameter:
. i - 0, 1, ...

  Output Parameters:
+ name - its name, or `NULL` past the end; valid until PETSc is finalised
- adjoint - whether `TSAdjointSolve()` works with it

  Level: developer

.seealso: `TSTRAJECTORYCOSTATE`
@*/
PetscErrorCode CostateTSTypeListGet(PetscInt i, const char **name, PetscBool *adjoint)
{
  TS           ts;
  int          n;
  const char **names;

  PetscFunctionBegin;
  PetscCall(TSInitializePackage());
  PetscCall(PetscFunctionListGet(TSList, &names, &n));
  *name    = i >= 0 && i < n ? names[i] : NULL;
  *adjoint = PETSC_FALSE;
  PetscCall(PetscFree(names));
  if (!*name) PetscFunctionReturn(PETSC_SUCCESS);
  PetscCall(TSCreate(PETSC_COMM_SELF, &ts));
  PetscCall(TSSetType(ts, *name));
  *adjoint = (PetscBool)(ts->ops->adjointstep != NULL);
  PetscCall(TSDestroy(&ts));
  PetscFunctionReturn(PETSC_SUCCESS);
}
