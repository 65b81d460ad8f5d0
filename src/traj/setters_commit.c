/* SPDX-License-Identifier: BSD-2-Clause */
/* The setters of commits. */
#include "trajimpl.h"

/*@
  TSTrajectoryCostateSetCommit - How often the run is made durable, so that it survives its end

  Logically Collective

  Input Parameters:
+ tj - the trajectory, of type `TSTRAJECTORYCOSTATE`
- seconds - of wall time between two commits; 0: at each step, forward and backward; negative: never (the default)

  Options Database Key:
. -ts_trajectory_costate_commit <never> - the seconds, or `always`, or `never`

  Notes:
  Needs a directory (`TSTrajectoryCostateSetHDF5()`).  A commit writes all states and stage records that memory holds
and the disk does not, on the way back also the adjoint variables, and waits for the device (fsync): with a budget of M
  states at most M of them, and none twice.  While it does, the adjoint variables are in memory twice.
  The last two commits are kept until the run has ended well; then its files go, unless they are kept
  (`TSTrajectorySetKeepFiles()`).  Files of a run that did not end well stay.
  Under `TSTrajectoryCostateSetHDF5Limit()` a third of the limit is for the states that the disk tier itself keeps,
since the other two may be needed for the commits. SIGTERM and SIGUSR1, which batch systems send before they kill, make
the run commit and end with status 75. The gradient is the same with and without commits, bit for bit.

  Level: intermediate

.seealso: `TSTRAJECTORYCOSTATE`, `TSTrajectoryCostateSetResume()`, `TSTrajectoryCostateSetWallTime()`
@*/
PetscErrorCode TSTrajectoryCostateSetCommit(TSTrajectory tj, PetscReal seconds)
{
  CostateTraj tr;

  PetscFunctionBegin;
  PetscCall(CostateTrajOurs(tj, &tr));
  tr->commit = seconds < 0 ? -1 : seconds;
  PetscFunctionReturn(PETSC_SUCCESS);
}

/*@
  TSTrajectoryCostateSetResume - Whether the run goes on from the last commit of one that did not end

  Logically Collective

  Input Parameters:
+ tj - the trajectory, of type `TSTRAJECTORYCOSTATE`
- resume - `PETSC_TRUE`: if the directory has a commit of this run, go on from it; begin anew, and say so, if not

  Options Database Key:
. -ts_trajectory_costate_resume <false> - the choice

  Notes:
  The application is started as before, with the same options and the same number of ranks, and needs no change.  Its
  first run here (`TSSolve()` from step 0) takes up the first run there, its second the second, and so on.  In each
  segment between events and `TSSolve()` calls the solution is put at the last state that was kept; the rest of the
  segment is executed, which also checks that it is the same problem.  So monitors and `TSSetPostStep()` do not see all
  steps: where the application has such functions it is refused, unless they are vouched for
  (`TSTrajectoryCostateSetVouch()`).  On the way back the sweep goes on where it stood.
  The gradient is bit-identical to that of a run that was never interrupted.  Solvers that remember earlier solves would
  spoil that, and are refused: GAMG's reused interpolation, persistent lagging, initial guesses from earlier solutions,
  adaptors with a memory.
  Events that were handled on the way back are handed to the function of `TSSetEventHandler()` once more, for its own
  bookkeeping.  A commit in a second `TSAdjointSolve()` of one run cannot be resumed.

  Level: intermediate

.seealso: `TSTRAJECTORYCOSTATE`, `TSTrajectoryCostateSetCommit()`, `TSTrajectoryCostateSetVouch()`
@*/
PetscErrorCode TSTrajectoryCostateSetResume(TSTrajectory tj, PetscBool resume)
{
  CostateTraj tr;

  PetscFunctionBegin;
  PetscCall(CostateTrajOurs(tj, &tr));
  tr->resume = resume;
  PetscFunctionReturn(PETSC_SUCCESS);
}

/*@
  TSTrajectoryCostateSetVouch - What the user vouches for when a run is resumed

  Logically Collective

  Input Parameters:
+ tj - the trajectory, of type `TSTRAJECTORYCOSTATE`
. hooks - that monitors, `TSSetPostStep()`, the handling of events on the way back and the time span keep nothing that
  the result depends on
- solvers - that the results of the solvers do not depend on earlier solves

  Options Database Key:
. -ts_trajectory_costate_resume_vouch <hooks,solvers> - one of them or both

  Note:
  States that are computed again are compared with the run all the same.

  Level: advanced

.seealso: `TSTRAJECTORYCOSTATE`, `TSTrajectoryCostateSetResume()`
@*/
PetscErrorCode TSTrajectoryCostateSetVouch(TSTrajectory tj, PetscBool hooks, PetscBool solvers)
{
  CostateTraj tr;

  PetscFunctionBegin;
  PetscCall(CostateTrajOurs(tj, &tr));
  tr->vouch = (hooks ? COSTATE_VOUCH_HOOKS : 0) | (solvers ? COSTATE_VOUCH_SOLVERS : 0);
  PetscFunctionReturn(PETSC_SUCCESS);
}

/*@
  TSTrajectoryCostateSetWallTime - Commits and ends the program before the time of a batch job is over

  Logically Collective

  Input Parameters:
+ tj - the trajectory, of type `TSTRAJECTORYCOSTATE`
- seconds - of wall time since the library was loaded, after which the program should have ended; 0: no limit (the
default)

  Options Database Key:
. -ts_trajectory_costate_walltime <seconds> - the time

  Notes:
  It ends with status 75 (EX_TEMPFAIL), early enough for three steps and twice the time of the last commit.  With
  `TSTrajectoryCostateSetCommit()` at `never` that commit is the only one.

  Level: intermediate

.seealso: `TSTRAJECTORYCOSTATE`, `TSTrajectoryCostateSetCommit()`, `TSTrajectoryCostateSetResume()`
@*/
PetscErrorCode TSTrajectoryCostateSetWallTime(TSTrajectory tj, PetscReal seconds)
{
  CostateTraj tr;

  PetscFunctionBegin;
  PetscCall(CostateTrajOurs(tj, &tr));
  PetscCheck(seconds >= 0, PetscObjectComm((PetscObject)tj), PETSC_ERR_ARG_OUTOFRANGE,
             "-ts_trajectory_costate_walltime %g: the seconds must not be negative", (double)seconds);
  tr->walltime = seconds;
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* "never", "always" or seconds */
static PetscErrorCode ParseCommit(TSTrajectory tj, const char text[])
{
  char     *end;
  PetscReal seconds = (PetscReal)strtod(text, &end);

  PetscFunctionBegin;
  if (!strcmp(text, "never"))
    seconds = -1;
  else if (!strcmp(text, "always"))
    seconds = 0;
  else
    PetscCheck(end != text && !*end && seconds >= 0 && seconds < 1e9, PetscObjectComm((PetscObject)tj),
               PETSC_ERR_ARG_WRONG, "-ts_trajectory_costate_commit %s: give a number of seconds, or always, or never",
               text);
  PetscCall(TSTrajectoryCostateSetCommit(tj, seconds));
  PetscFunctionReturn(PETSC_SUCCESS);
}

static PetscErrorCode ParseVouch(TSTrajectory tj, const char text[])
{
  PetscBool vouch[2] = {PETSC_FALSE, PETSC_FALSE};
  char    **word;
  int       n;

  PetscFunctionBegin;
  PetscCall(PetscStrToArray(text, ',', &n, &word));
  for (int i = 0; i < n; i++) {
    const int which = !strcmp(word[i], "hooks") ? 0 : !strcmp(word[i], "solvers") ? 1 : -1;

    PetscCheck(which >= 0, PetscObjectComm((PetscObject)tj), PETSC_ERR_ARG_WRONG,
               "-ts_trajectory_costate_resume_vouch %s: one can vouch for hooks, solvers or hooks,solvers", text);
    vouch[which] = PETSC_TRUE;
  }
  PetscCall(PetscStrToArrayDestroy(n, word));
  PetscCall(TSTrajectoryCostateSetVouch(tj, vouch[0], vouch[1]));
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode CostateCommitSetFromOptions(TSTrajectory tj, COSTATE_OPTION_ITEMS PetscOptionsObject)
{
  CostateTraj tr = (CostateTraj)tj->data;
  char        text[PETSC_MAX_PATH_LEN];
  PetscReal   seconds = tr->walltime;
  PetscBool   flg, set;

  PetscFunctionBegin;
  PetscCall(PetscOptionsString("-ts_trajectory_costate_commit", "Seconds between two commits, or always, or never",
                               "TSTrajectoryCostateSetCommit", "never", text, sizeof(text), &set));
  if (set) PetscCall(ParseCommit(tj, text));
  PetscCall(PetscOptionsBool("-ts_trajectory_costate_resume", "Go on from the last commit of a run that did not end",
                             "TSTrajectoryCostateSetResume", tr->resume, &flg, &set));
  if (set) PetscCall(TSTrajectoryCostateSetResume(tj, flg));
  PetscCall(PetscOptionsString("-ts_trajectory_costate_resume_vouch",
                               "What keeps nothing that the result depends on: hooks, solvers",
                               "TSTrajectoryCostateSetVouch", "nothing", text, sizeof(text), &set));
  if (set) PetscCall(ParseVouch(tj, text));
  PetscCall(PetscOptionsReal("-ts_trajectory_costate_walltime", "Commit and end after so many seconds",
                             "TSTrajectoryCostateSetWallTime", seconds, &seconds, &set));
  if (set) PetscCall(TSTrajectoryCostateSetWallTime(tj, seconds));
  PetscFunctionReturn(PETSC_SUCCESS);
}
