/* SPDX-License-Identifier: BSD-2-Clause */
/* The setters that the options mirror. */
#include "trajimpl.h"
#include <limits.h>

const char *const CostateStagesTypes[] = {"auto", "never", "always", "CostateStages", "COSTATE_STAGES_", NULL};

/* A setter may come at any time; what it sets counts from the next run on, which begins with step 0. */
PetscErrorCode CostateTrajOurs(TSTrajectory tj, CostateTraj *tr)
{
  PetscBool ours;

  PetscFunctionBegin;
  PetscValidHeaderSpecific(tj, TSTRAJECTORY_CLASSID, 1);
  PetscCall(PetscObjectTypeCompare((PetscObject)tj, TSTRAJECTORYCOSTATE, &ours));
  PetscCheck(ours, PetscObjectComm((PetscObject)tj), PETSC_ERR_ARG_WRONG,
             "The trajectory is of type %s and not costate: call TSTrajectorySetType(tj, ts, TSTRAJECTORYCOSTATE) "
             "first",
             ((PetscObject)tj)->type_name ? ((PetscObject)tj)->type_name : "(none)");
  *tr = (CostateTraj)tj->data;
  PetscFunctionReturn(PETSC_SUCCESS);
}

/*@C
  TSTrajectoryCostateSetPolicy - Chooses the policy that decides which states are kept

  Logically Collective

  Input Parameters:
+ tj - the trajectory, of type `TSTRAJECTORYCOSTATE`
- policy - "online" (the number of steps is unknown; the default), "wang" (Wang, Moin, Iaccarino 2009, a proved bound on
  the repetition of each step), "offline" (the number is known, see `TSTrajectoryCostateSetSteps()`), "all" (every state
is kept, or the run is refused), "stride"

  Options Database Key:
. -ts_trajectory_costate_policy <online> - the policy

  Level: intermediate

.seealso: `TSTRAJECTORYCOSTATE`, `TSTrajectoryCostateSetRAM()`
@*/
PetscErrorCode TSTrajectoryCostateSetPolicy(TSTrajectory tj, const char policy[])
{
  CostateTraj tr;
  const char *name, *nearest = NULL;
  int         best = INT_MAX;

  PetscFunctionBegin;
  PetscCall(CostateTrajOurs(tj, &tr));
  for (int i = 0; (name = costate_sched_policy_name(i)); i++) {
    int d = CostateEditDistance(policy, name);

    if (d >= best) continue;
    best    = d;
    nearest = name;
  }
  PetscCheck(best == 0, PetscObjectComm((PetscObject)tj), PETSC_ERR_ARG_UNKNOWN_TYPE,
             "-ts_trajectory_costate_policy %s: there is no such policy. Did you mean %s? `costate list` shows those "
             "there are",
             policy, nearest);
  PetscCall(PetscStrncpy(tr->policy, policy, sizeof(tr->policy)));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/*@C
  TSTrajectoryCostateSetRAM - Sets the memory budget for checkpoints

  Logically Collective

  Input Parameters:
+ tj - the trajectory, of type `TSTRAJECTORYCOSTATE`
- budget - a whole number of states, such as "20", or the bytes that each rank may hold, such as "512MB" or "1.5GiB"

  Options Database Keys:
+ -ts_trajectory_costate_ram <budget> - the budget; by default half of what the node and its control group leave free
after the first step, shared evenly by the ranks of the node, the minimum over all ranks
- -ts_trajectory_max_cps_ram <n> - PETSC's own name for a number of states; heeded unless the budget is given

  Notes:
  The budget holds states, stage records and the states at boundaries (events, `TSSolve()` calls). Beyond it a rank
holds one frame that waits for its decision, two work vectors (three to four for FSAL Runge-Kutta methods) and the step
log, 25 bytes a step.

  Level: intermediate

.seealso: `TSTRAJECTORYCOSTATE`, `TSTrajectoryCostateSetStages()`
@*/
PetscErrorCode TSTrajectoryCostateSetRAM(TSTrajectory tj, const char budget[])
{
  CostateTraj tr;

  PetscFunctionBegin;
  PetscCall(CostateTrajOurs(tj, &tr));
  PetscCall(CostateParseBudget(PetscObjectComm((PetscObject)tj), "-ts_trajectory_costate_ram", "for each rank", budget,
                               &tr->ram_states, &tr->ram_bytes));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/*@
  TSTrajectoryCostateSetSteps - Tells the policy "offline" how many steps the run will have

  Logically Collective

  Input Parameters:
+ tj - the trajectory, of type `TSTRAJECTORYCOSTATE`
- steps - the number of steps. A run that ends earlier or goes on longer gets the right gradient all the same, for more
  recomputed steps, and a warning

  Options Database Key:
. -ts_trajectory_costate_steps <n> - the number of steps

  Level: intermediate

.seealso: `TSTRAJECTORYCOSTATE`, `TSTrajectoryCostateSetPolicy()`
@*/
PetscErrorCode TSTrajectoryCostateSetSteps(TSTrajectory tj, PetscInt steps)
{
  CostateTraj tr;

  PetscFunctionBegin;
  PetscCall(CostateTrajOurs(tj, &tr));
  PetscCheck(steps > 0, PetscObjectComm((PetscObject)tj), PETSC_ERR_ARG_OUTOFRANGE,
             "-ts_trajectory_costate_steps %" PetscInt_FMT ": the number of steps must be positive", steps);
  tr->steps = steps;
  PetscFunctionReturn(PETSC_SUCCESS);
}

/*@
  TSTrajectoryCostateSetStride - Tells the policy "stride" which states to keep

  Logically Collective

  Input Parameters:
+ tj - the trajectory, of type `TSTRAJECTORYCOSTATE`
- stride - every stride-th state is kept; a run for which the budget does not hold them is refused

  Options Database Key:
. -ts_trajectory_costate_stride <n> - the stride, 1 by default

  Level: intermediate

.seealso: `TSTRAJECTORYCOSTATE`, `TSTrajectoryCostateSetPolicy()`
@*/
PetscErrorCode TSTrajectoryCostateSetStride(TSTrajectory tj, PetscInt stride)
{
  CostateTraj tr;

  PetscFunctionBegin;
  PetscCall(CostateTrajOurs(tj, &tr));
  PetscCheck(stride > 0, PetscObjectComm((PetscObject)tj), PETSC_ERR_ARG_OUTOFRANGE,
             "-ts_trajectory_costate_stride %" PetscInt_FMT ": the stride must be positive", stride);
  tr->stride = stride;
  PetscFunctionReturn(PETSC_SUCCESS);
}

/*@
  TSTrajectoryCostateSetStages - Whether stage data of steps are kept beside states

  Logically Collective

  Input Parameters:
+ tj - the trajectory, of type `TSTRAJECTORYCOSTATE`
- stages - `COSTATE_STAGES_AUTO` keeps them in memory that no state needs, `COSTATE_STAGES_NEVER` never,
  `COSTATE_STAGES_ALWAYS` with every state, so that one state of the budget is a state and its stages

  Options Database Key:
. -ts_trajectory_costate_stages <auto,never,always> - the choice

  Notes:
  A step whose stage data are kept is not executed again. The theta method with end points, backward Euler and forward
Euler need no stage data beside the states; with `COSTATE_STAGES_NEVER` their steps are executed again nevertheless.
  `TSTrajectorySetSolutionOnly()` means no stage records.

  Level: intermediate

.seealso: `TSTRAJECTORYCOSTATE`, `TSTrajectoryCostateSetRAM()`
@*/
PetscErrorCode TSTrajectoryCostateSetStages(TSTrajectory tj, CostateStages stages)
{
  CostateTraj tr;

  PetscFunctionBegin;
  PetscCall(CostateTrajOurs(tj, &tr));
  tr->stages = stages;
  PetscFunctionReturn(PETSC_SUCCESS);
}

/*@
  TSTrajectoryCostateSetCheck - Whether a repeated step is compared with the run

  Logically Collective

  Input Parameters:
+ tj - the trajectory, of type `TSTRAJECTORYCOSTATE`
- check - `PETSC_TRUE` (the default): 8 bytes of XXH3 of each state are logged, and a repeated step that differs, or a
restored state from which steps are repeated, is an error that names the step

  Options Database Key:
. -ts_trajectory_costate_check <true> - the choice

  Note:
  One pass over the state for each step, about 10 GB/s on a core.

  Level: intermediate

.seealso: `TSTRAJECTORYCOSTATE`, `TSTrajectoryCostateSetJumps()`
@*/
PetscErrorCode TSTrajectoryCostateSetCheck(TSTrajectory tj, PetscBool check)
{
  CostateTraj tr;

  PetscFunctionBegin;
  PetscCall(CostateTrajOurs(tj, &tr));
  tr->check = check;
  PetscFunctionReturn(PETSC_SUCCESS);
}

/*@
  TSTrajectoryCostateSetJumps - Vouches for changes of the state that TSAdjoint does not see

  Logically Collective

  Input Parameters:
+ tj - the trajectory, of type `TSTRAJECTORYCOSTATE`
- jumps - `PETSC_TRUE`: the application applies the adjoint of every change that it makes to the state between two steps

  Options Database Key:
. -ts_trajectory_costate_jumps <false> - the choice

  Note:
  A state that is changed in `TSSetPostStep()` or `TSSetPreStep()` and not by an event is otherwise an error, since the
  gradient would be that of a run without the change. With it such a state is a boundary, which takes two states of the
budget.

  Level: advanced

.seealso: `TSTRAJECTORYCOSTATE`, `TSTrajectoryCostateSetCheck()`
@*/
PetscErrorCode TSTrajectoryCostateSetJumps(TSTrajectory tj, PetscBool jumps)
{
  CostateTraj tr;

  PetscFunctionBegin;
  PetscCall(CostateTrajOurs(tj, &tr));
  tr->jumps = jumps;
  PetscFunctionReturn(PETSC_SUCCESS);
}

/*@
  TSTrajectoryCostateSetProgress - Shows where the run is, in one line on standard error

  Logically Collective

  Input Parameters:
+ tj - the trajectory, of type `TSTRAJECTORYCOSTATE`
- progress - `PETSC_TRUE`: forward, recomputed and backward steps, with an estimate of the time left

  Options Database Key:
. -ts_trajectory_costate_progress <false> - the choice

  Level: beginner

.seealso: `TSTRAJECTORYCOSTATE`, `TSTrajectoryCostateSetReport()`
@*/
PetscErrorCode TSTrajectoryCostateSetProgress(TSTrajectory tj, PetscBool progress)
{
  CostateTraj tr;

  PetscFunctionBegin;
  PetscCall(CostateTrajOurs(tj, &tr));
  tr->progress = progress;
  PetscFunctionReturn(PETSC_SUCCESS);
}

/*@C
  TSTrajectoryCostateSetReport - Writes a JSON file about each backward sweep

  Logically Collective

  Input Parameters:
+ tj - the trajectory, of type `TSTRAJECTORYCOSTATE`
- file - its name; it is written anew after each backward sweep, by rank 0

  Options Database Key:
. -ts_trajectory_costate_report <file> - the name

  Note:
  Fields: steps, advances, evaluations, the offline optimum of memory alone for the same steps and budget, their ratio,
recomputed steps, budget, peak states and bytes per rank, bytes of the full trajectory, seconds per phase; linear solves
of the TS, their iterations and set-ups of its preconditioner (the inner ones of `PCTRANSPOSABLE`) for each phase; with
a disk what it took and gave, how much of its work was hidden, the period and the costs.

  Level: intermediate

.seealso: `TSTRAJECTORYCOSTATE`, `TSTrajectoryCostateSetProgress()`
@*/
PetscErrorCode TSTrajectoryCostateSetReport(TSTrajectory tj, const char file[])
{
  CostateTraj tr;

  PetscFunctionBegin;
  PetscCall(CostateTrajOurs(tj, &tr));
  PetscCall(PetscStrncpy(tr->report, file, sizeof(tr->report)));
  PetscFunctionReturn(PETSC_SUCCESS);
}
