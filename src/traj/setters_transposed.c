/* SPDX-License-Identifier: BSD-2-Clause */
/* The setters of the linear solves of adjoint steps. */
#include "trajimpl.h"

/*@
  TSTrajectoryCostateSetTransposedCheck - Whether transposed linear solves are looked at

  Logically Collective

  Input Parameters:
+ tj    - the trajectory, of type `TSTRAJECTORYCOSTATE`
- check - `PETSC_TRUE` (the default): the true residual |b - A^T x| of each transposed solve of `TSAdjointSolve()` is
          computed, and one that is large although the solver reports convergence is an error that names the step

  Options Database Key:
. -ts_trajectory_costate_transposed_check <true> - the choice

  Notes:
  Large is more than 1e4 times the relative tolerance of the solver, but at least 1e-4 and at most 1e-2 of |b|.

  A transposed product and two norms for each solve.

  Level: intermediate

.seealso: `TSTRAJECTORYCOSTATE`, `PCTRANSPOSABLE`
@*/
PetscErrorCode TSTrajectoryCostateSetTransposedCheck(TSTrajectory tj, PetscBool check)
{
  CostateTraj tr;

  PetscFunctionBegin;
  PetscCall(CostateTrajOurs(tj, &tr));
  tr->transposed_check = check;
  PetscFunctionReturn(PETSC_SUCCESS);
}

/*@
  TSTrajectoryCostateSetTransposedTolerance - Sets the relative tolerance of the linear solves of adjoint steps

  Logically Collective

  Input Parameters:
+ tj   - the trajectory, of type `TSTRAJECTORYCOSTATE`
- rtol - the relative tolerance, of the norm that the solver looks at; 0 (the default) for that of the solver
         (`KSPSetTolerances()`), which then is the same for the run and for its adjoint

  Options Database Key:
. -ts_trajectory_costate_transposed_rtol <rtol> - the tolerance

  Notes:
  What a transposed solve leaves goes into lambda as it is, while what a linear solve of the run leaves is mended by the
next Newton iteration.  A hundredth of the relative error that the gradient may have is a safe choice.

  Where SNES chooses the tolerance (-snes_ksp_ew), which in an adjoint step would be that of the last Newton iteration
of whatever step was executed last, the default is that which the solver had before the first run, but at most 1e-5.

  The later of two calls counts, of which -ts_trajectory_costate_transposed_rtol is one.

  Level: intermediate

.seealso: `TSTRAJECTORYCOSTATE`, `TSTrajectoryCostateGetTransposedTolerance()`, `TSTrajectoryCostateSetTransposedLag()`
@*/
PetscErrorCode TSTrajectoryCostateSetTransposedTolerance(TSTrajectory tj, PetscReal rtol)
{
  CostateTraj tr;

  PetscFunctionBegin;
  PetscCall(CostateTrajOurs(tj, &tr));
  PetscCheck(rtol >= 0 && rtol < 1, PetscObjectComm((PetscObject)tj), PETSC_ERR_ARG_OUTOFRANGE,
             "-ts_trajectory_costate_transposed_rtol %g: give a number between 0 and 1, or 0 for the tolerance of the "
             "solver",
             (double)rtol);
  tr->transposed_rtol = rtol;
  PetscFunctionReturn(PETSC_SUCCESS);
}

/*@
  TSTrajectoryCostateGetTransposedTolerance - Gets the relative tolerance of the linear solves of adjoint steps

  Not Collective

  Input Parameter:
. tj - the trajectory, of type `TSTRAJECTORYCOSTATE`

  Output Parameter:
. rtol - what was set or given as option; 0: that of the solver

  Level: intermediate

.seealso: `TSTRAJECTORYCOSTATE`, `TSTrajectoryCostateSetTransposedTolerance()`
@*/
PetscErrorCode TSTrajectoryCostateGetTransposedTolerance(TSTrajectory tj, PetscReal *rtol)
{
  CostateTraj tr;

  PetscFunctionBegin;
  PetscCall(CostateTrajOurs(tj, &tr));
  *rtol = tr->transposed_rtol;
  PetscFunctionReturn(PETSC_SUCCESS);
}

/*@
  TSTrajectoryCostateSetTransposedLag - How many adjoint steps share a preconditioner

  Logically Collective

  Input Parameters:
+ tj - the trajectory, of type `TSTRAJECTORYCOSTATE`
- n  - the preconditioner of the transposed matrix is set up for every n-th adjoint step; 1 (the default): for each
whose matrix is another one

  Options Database Key:
. -ts_trajectory_costate_transposed_lag <1> - the number

  Notes:
  For -pc_type transposable (`PCTRANSPOSABLE`), with an inner one of any type: its preconditioner of the transpose
belongs to the adjoint steps alone, so that the gradient has the same bits however many steps are repeated between
them.  They differ from those with n = 1, within the tolerance of the solver.

  It is set up sooner if a solve took half as many iterations again, and at least 5 more, as those right after the
set-up did, for the step after that; and for a solve that failed or left too much
(`TSTrajectoryCostateSetTransposedCheck()`), which is repeated. It is not set up at all for matrices of type aij that
differ by rounding alone, relatively 1e-12: with n = 2 a linear problem with equal steps has one set-up.

  Not for runs that are committed (`TSTrajectoryCostateSetCommit()`), since one that goes on would not have the
preconditioner of before.

  A pass through the numbers of the matrix and a reduction for each adjoint step.

  The set-ups are in the report and in -ts_trajectory_view.

  Level: intermediate

.seealso: `TSTRAJECTORYCOSTATE`, `PCTRANSPOSABLE`, `TSTrajectoryCostateSetTransposedTolerance()`
@*/
PetscErrorCode TSTrajectoryCostateSetTransposedLag(TSTrajectory tj, PetscInt n)
{
  CostateTraj tr;

  PetscFunctionBegin;
  PetscCall(CostateTrajOurs(tj, &tr));
  PetscCheck(n > 0, PetscObjectComm((PetscObject)tj), PETSC_ERR_ARG_OUTOFRANGE,
             "-ts_trajectory_costate_transposed_lag %" PetscInt_FMT
             ": the number must be positive; 1 means a set-up for each adjoint step",
             n);
  tr->transposed_lag = n;
  PetscFunctionReturn(PETSC_SUCCESS);
}
