/* SPDX-License-Identifier: BSD-2-Clause */
/*
  Where no step is repeated, nothing would tell whether the Jacobians are those of the run: what the application sets in
  TSSetPostStep() or a monitor, adjoint steps find as the run left it at its end.  So one step is executed again on the
  way back.  It is the one at the golden section, where a forcing with any number of whole periods has another phase.

  It is not compared by its bits, because what does not repeat exactly (a lagged Jacobian, a solver whose sums vary) may
  still have an adjoint that is right where every state is kept.
*/
#include "trajimpl.h"

/* Of the change in the step: a hundred times what solvers leave at their default tolerance */
#define PROBE_TOLERANCE 1e-3

/* Step k is about to be reversed, with state k in top. */
PetscErrorCode CostateProbe(CostateTraj tr, TS ts, PetscInt k)
{
  const PetscInt first = tr->nkinds ? tr->kind[tr->nkinds - 1].step : 0, recomps = tr->tj->recomps;
  const MPI_Comm comm = PetscObjectComm((PetscObject)ts);
  PetscReal      off, change, rounding;
  PetscBool      has;

  PetscFunctionBegin;
  if (tr->probed || !tr->check || !tr->replayable || tr->jumps || k <= first) PetscFunctionReturn(PETSC_SUCCESS);
  if (k - first > 1 + (PetscInt)(.381966 * (PetscReal)(tr->log.n - first))) PetscFunctionReturn(PETSC_SUCCESS);
  PetscCall(CostateHas(tr, k - 1, COSTATE_KEY_STATE, &has));
  if (!has) PetscFunctionReturn(PETSC_SUCCESS);
  tr->probed = PETSC_TRUE;
  if (tr->replayed) PetscFunctionReturn(PETSC_SUCCESS); /* their bits were compared */
  PetscCall(CostateRestoreState(tr, ts, k - 1));
  PetscCall(VecCopy(ts->vec_sol, tr->base));
  PetscCall(CostateReplayStep(tr, ts, k));
  tr->replayed    = 0;
  tr->tj->recomps = recomps;
  tr->bad_step    = -1;
  tr->work        = -1;
  /* at rest a step changes by less than what sums of another order do */
  PetscCall(VecNorm(tr->top, NORM_2, &rounding));
  rounding *= 1e3 * PETSC_MACHINE_EPSILON;
  PetscCall(VecAXPY(tr->base, -1, tr->top));
  PetscCall(VecNorm(tr->base, NORM_2, &change));
  PetscCall(VecWAXPY(tr->base, -1, tr->top, ts->vec_sol));
  PetscCall(VecNorm(tr->base, NORM_2, &off));
  PetscCheck(off <= PROBE_TOLERANCE * change + rounding, comm, PETSC_ERR_USER,
             "Step %" PetscInt_FMT
             " was repeated and came to another state, by %.2g of its change, so the Jacobians of "
             "adjoint steps are not those of the run either. The right-hand side depends on something that was set "
             "elsewhere than in TSSetPreStep(), which runs before adjoint steps too: in TSSetPostStep() or a monitor, "
             "for example. Set it there; -ts_trajectory_costate_check 0 would not look",
             k, (double)(off / PetscMax(change, PETSC_SMALL * off)));
  PetscFunctionReturn(PETSC_SUCCESS);
}
