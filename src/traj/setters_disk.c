/* SPDX-License-Identifier: BSD-2-Clause */
/* The setters of the disk tier. */
#include "trajimpl.h"

/*@C
  TSTrajectoryCostateSetHDF5 - States that memory does not hold go to HDF5 files

  Logically Collective

  Input Parameters:
+ tj - the trajectory, of type `TSTRAJECTORYCOSTATE`
- dir - the directory, on a file system that all ranks see; made if its parent exists.  Empty: no disk tier (the
default)

  Options Database Keys:
+ -ts_trajectory_costate_hdf5 <dir> - the directory
- -ts_trajectory_keep_files - the files stay after the backward sweep, with the step and time of each state that went to
disk; under a limit those that it left

  Notes:
  Each run makes a folder run-NNNN of its own below it and removes it in the end.  The directory may hold nothing else.
  A state that goes to disk is a state alone, without the stages of its step.  It is written when memory becomes short,
at most one in each period, whose length follows from what steps and I/O cost (`TSTrajectoryCostateSetCosts()`).
  A state that comes back with other bits than it was written with (XXH3) is computed again from an earlier one, with a
  warning; where there is none, that is an error.

  Level: beginner

.seealso: `TSTRAJECTORYCOSTATE`, `TSTrajectoryCostateSetHDF5Limit()`, `TSTrajectoryCostateSetBehind()`,
`TSTrajectorySetKeepFiles()`
@*/
PetscErrorCode TSTrajectoryCostateSetHDF5(TSTrajectory tj, const char dir[])
{
  CostateTraj tr;

  PetscFunctionBegin;
  PetscCall(CostateTrajOurs(tj, &tr));
  PetscCall(PetscStrncpy(tr->dir, dir, sizeof(tr->dir)));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/*@C
  TSTrajectoryCostateSetHDF5Limit - Limits what the disk tier takes

  Logically Collective

  Input Parameters:
+ tj - the trajectory, of type `TSTRAJECTORYCOSTATE`
- limit - a whole number of states, such as "20", or bytes of all ranks together, such as "2TB"

  Options Database Keys:
+ -ts_trajectory_costate_hdf5_limit <limit> - the limit; by default there is none
- -ts_trajectory_max_cps_disk <n> - PETSc's own name for a number of states; heeded unless the limit is given

  Note:
  Within the limit states are placed by the same policy as in memory, with periods in the place of steps. States at
boundaries go there first.

  Level: intermediate

.seealso: `TSTRAJECTORYCOSTATE`, `TSTrajectoryCostateSetHDF5()`, `TSTrajectoryCostateSetRAM()`
@*/
PetscErrorCode TSTrajectoryCostateSetHDF5Limit(TSTrajectory tj, const char limit[])
{
  CostateTraj tr;

  PetscFunctionBegin;
  PetscCall(CostateTrajOurs(tj, &tr));
  PetscCall(CostateParseBudget(PetscObjectComm((PetscObject)tj), "-ts_trajectory_costate_hdf5_limit",
                               "of all ranks together", limit, &tr->disk_states, &tr->disk_bytes));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/*@
  TSTrajectoryCostateSetHDF5Direct - Whether files are written and read past the page cache (O_DIRECT)

  Logically Collective

  Input Parameters:
+ tj - the trajectory, of type `TSTRAJECTORYCOSTATE`
- direct - `PETSC_TRUE` (the default) where the file system can; `-ts_trajectory_view` says whether it did

  Options Database Key:
. -ts_trajectory_costate_hdf5_direct <true> - the choice

  Level: advanced

.seealso: `TSTRAJECTORYCOSTATE`, `TSTrajectoryCostateSetHDF5()`
@*/
PetscErrorCode TSTrajectoryCostateSetHDF5Direct(TSTrajectory tj, PetscBool direct)
{
  CostateTraj tr;

  PetscFunctionBegin;
  PetscCall(CostateTrajOurs(tj, &tr));
  tr->direct = direct;
  PetscFunctionReturn(PETSC_SUCCESS);
}

/*@C
  TSTrajectoryCostateSetHDF5Layout - How many files there are at a time

  Logically Collective

  Input Parameters:
+ tj - the trajectory, of type `TSTRAJECTORYCOSTATE`
- layout - "shared" (the default): one for all ranks; "node": one for each node; "rank": one for each rank

  Options Database Key:
. -ts_trajectory_costate_hdf5_layout <shared> - the layout

  Notes:
  With node and rank the directory may be another one on each node, such as that of a local NVMe: a run is then resumed
on the same nodes.  Files that are kept get an index, states.h5, in which the parts are one array again; `costate
export` shows all layouts alike where it sees all of the files.

  Level: intermediate

.seealso: `TSTRAJECTORYCOSTATE`, `TSTrajectoryCostateSetHDF5()`
@*/
PetscErrorCode TSTrajectoryCostateSetHDF5Layout(TSTrajectory tj, const char layout[])
{
  static const char *const layouts[] = {"shared", "node", "rank"};
  PetscBool                known     = PETSC_FALSE;
  CostateTraj              tr;

  PetscFunctionBegin;
  PetscCall(CostateTrajOurs(tj, &tr));
  for (int i = 0; i < 3 && !known; i++) PetscCall(PetscStrcmp(layout, layouts[i], &known));
  PetscCheck(known, PetscObjectComm((PetscObject)tj), PETSC_ERR_ARG_UNKNOWN_TYPE,
             "-ts_trajectory_costate_hdf5_layout %s: there is no such layout; say shared, node or rank", layout);
  PetscCall(PetscStrncpy(tr->layout, layout, sizeof(tr->layout)));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/*@
  TSTrajectoryCostateSetBehind - Whether the disk works behind the computation

  Logically Collective

  Input Parameters:
+ tj - the trajectory, of type `TSTRAJECTORYCOSTATE`
- behind - `PETSC_TRUE` (the default): a thread of each rank writes and reads while steps are computed

  Options Database Key:
. -ts_trajectory_costate_behind <true> - the choice

  Note:
  What is on its way takes memory of the budget: a state that is written stays for one period more, and the start of the
  period that comes next is fetched early. The thread calls neither MPI nor PETSc nor HDF5.

  Level: intermediate

.seealso: `TSTRAJECTORYCOSTATE`, `TSTrajectoryCostateSetHDF5()`
@*/
PetscErrorCode TSTrajectoryCostateSetBehind(TSTrajectory tj, PetscBool behind)
{
  CostateTraj tr;

  PetscFunctionBegin;
  PetscCall(CostateTrajOurs(tj, &tr));
  tr->behind = behind;
  PetscFunctionReturn(PETSC_SUCCESS);
}

/*@C
  TSTrajectoryCostateSetCosts - Says what things cost, instead of measuring it

  Logically Collective

  Input Parameters:
+ tj - the trajectory, of type `TSTRAJECTORYCOSTATE`
- costs - four numbers in any one unit of time: a step, an adjoint step with the step that is executed right before it,
  the write of a state, the read of a state; `NULL`: they are measured (the default)

  Options Database Key:
. -ts_trajectory_costate_costs <uf,ub,w,r> - the numbers

  Notes:
  The period of the disk tier follows from them, and so which states are kept. Measured costs differ from run to run,
and the schedule with them, but never the gradient. `-ts_trajectory_view` and the report print them.

  Level: intermediate

.seealso: `TSTRAJECTORYCOSTATE`, `TSTrajectoryCostateSetHDF5()`
@*/
PetscErrorCode TSTrajectoryCostateSetCosts(TSTrajectory tj, const double costs[4])
{
  CostateTraj tr;

  PetscFunctionBegin;
  PetscCall(CostateTrajOurs(tj, &tr));
  tr->costs_given = (PetscBool)(costs != NULL);
  tr->costs_known = PETSC_FALSE;
  PetscCall(PetscMemzero(&tr->costs, sizeof(tr->costs)));
  if (!costs) PetscFunctionReturn(PETSC_SUCCESS);
  for (int i = 0; i < 4; i++) {
    PetscCheck(costs[i] >= (i ? 0 : 1e-300) && costs[i] < 1e300, PetscObjectComm((PetscObject)tj),
               PETSC_ERR_ARG_OUTOFRANGE,
               "-ts_trajectory_costate_costs: number %d is %g; a step costs more than nothing, and an adjoint step, a "
               "write and a read not less than nothing",
               i + 1, costs[i]);
  }
  tr->costs.forward = costs[0];
  tr->costs.adjoint = costs[1];
  tr->costs.write   = costs[2];
  tr->costs.read    = costs[3];
  PetscFunctionReturn(PETSC_SUCCESS);
}

/*@C
  TSTrajectoryCostateSetAdjointEvery - Keeps every k-th lambda of the backward sweep in HDF5 files

  Logically Collective

  Input Parameters:
+ tj - the trajectory, of type `TSTRAJECTORYCOSTATE`
. k - the adjoint variables of states 0, k, 2 k ... are kept; 0: none (the default)
- dir - the directory, as for `TSTrajectoryCostateSetHDF5()`; the files stay

  Options Database Key:
. -ts_trajectory_costate_adjoint_every <k dir> - the two

  Notes:
  These are the sensitivities of the costs to a change of the state at that time: a movie of where and when it matters.
`costate export DIR -step K` makes a picture file of one.  While one is being written it takes as much memory again as
the lambdas do.

  Level: intermediate

.seealso: `TSTRAJECTORYCOSTATE`, `TSTrajectoryCostateSetHDF5()`, `TSSetCostGradients()`
@*/
PetscErrorCode TSTrajectoryCostateSetAdjointEvery(TSTrajectory tj, PetscInt k, const char dir[])
{
  CostateTraj tr;

  PetscFunctionBegin;
  PetscCall(CostateTrajOurs(tj, &tr));
  PetscCheck(k >= 0, PetscObjectComm((PetscObject)tj), PETSC_ERR_ARG_OUTOFRANGE,
             "-ts_trajectory_costate_adjoint_every %" PetscInt_FMT ": every which lambda? Give a positive number", k);
  tr->maps_every = k;
  PetscCall(PetscStrncpy(tr->maps_dir, dir ? dir : "", sizeof(tr->maps_dir)));
  PetscFunctionReturn(PETSC_SUCCESS);
}
