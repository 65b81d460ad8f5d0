/* SPDX-License-Identifier: BSD-2-Clause */
/* The sweep from piece to piece.  See sweep.h */
#include "sweep.h"

/* lambda of the costs into z, where somebody has changed dG/du since it was left. */
static PetscErrorCode Load(CostateSweep sw)
{
  Costate      cs      = sw->cs;
  PetscBool    changed = PETSC_FALSE;
  PetscScalar *z;

  PetscFunctionBegin;
  PetscCall(VecGetArray(sw->z, &z));
  for (PetscInt j = 0; j < sw->m; j++) {
    const PetscBool  active = (PetscBool)(cs->cost && cs->cost[j].integral.window.active);
    PetscObjectState state;

    if (sw->active[j] != active) changed = PETSC_TRUE; /* g_u jumps, and so the rate of lambda */
    sw->active[j] = active;
    PetscCall(PetscObjectStateGet((PetscObject)cs->lambda[j], &state));
    if (state == sw->seen[j]) continue;
    changed = PETSC_TRUE;
    PetscCall(VecPlaceArray(sw->a, z + j * sw->n));
    PetscCall(VecZeroEntries(sw->gu));
    if (sw->implicit) {
      PetscCall(CostateModelSetPoint(sw->model, sw->t[1], sw->u[1], sw->s[1]));
      PetscCall(CostateIntegrandGradient(cs, j, sw->t[1], sw->u[1], PETSC_FALSE, sw->gu));
    }
    PetscCall(CostateModelStart(sw->model, cs->lambda[j], sw->gu, sw->a, cs->mu ? cs->mu[j] : NULL));
    PetscCall(VecResetArray(sw->a));
  }
  /* the whole sum and not that of the piece: multistep types remember it */
  for (PetscInt j = 0; sw->what & COSTATE_SWEEP_MU && j < sw->m; j++) {
    PetscCall(VecPlaceArray(sw->pa, z + sw->m * sw->n + j * sw->np));
    PetscCall(VecCopy(cs->mu[j], sw->pa));
    PetscCall(VecResetArray(sw->pa));
  }
  PetscCall(VecRestoreArray(sw->z, &z));
  if (changed) {
    PetscCall(TSRestartStep(sw->ts));
    sw->jumped = PETSC_TRUE;
  }
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* dG/du and mu of the costs at the lower end of the piece. */
static PetscErrorCode Leave(CostateSweep sw)
{
  Costate      cs = sw->cs;
  PetscScalar *z;

  PetscFunctionBegin;
  PetscCall(VecGetArray(sw->z, &z));
  for (PetscInt j = 0; j < sw->m; j++) {
    PetscCall(VecPlaceArray(sw->a, z + j * sw->n));
    PetscCall(CostateModelMultMTranspose(sw->model, sw->a, cs->lambda[j]));
    PetscCall(VecResetArray(sw->a));
    PetscCall(PetscObjectStateGet((PetscObject)cs->lambda[j], &sw->seen[j]));
    if (!(sw->what & COSTATE_SWEEP_MU)) continue;
    PetscCall(VecPlaceArray(sw->pa, z + sw->m * sw->n + j * sw->np));
    PetscCall(VecCopy(sw->pa, cs->mu[j]));
    PetscCall(VecResetArray(sw->pa));
  }
  PetscCall(VecRestoreArray(sw->z, &z));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* The step that comes next: not beyond the end, and no tiny one before it. */
static PetscReal NextStep(CostateSweep sw, PetscReal left)
{
  /* without steps of the run to go by, fixed steps are as long as those were */
  PetscReal h = sw->adaptive ? sw->h : sw->dt > 0 ? sw->dt : sw->cs->ops->interval ? sw->cs->dt0 : 0;

  if (!sw->adaptive && h > 0) return left / PetscCeilReal(left / h * (1 - 1e-10));
  if (h <= 0 || h >= left * (1 - 1e-10)) return left;
  return 2 * h > left ? left / 2 : h;
}

/* A state that has grown so much on the way back is none that the run came from: no need to follow it further. */
static PetscErrorCode Watch(CostateSweep sw, PetscReal tau)
{
  PetscReal norm;

  PetscFunctionBegin;
  if (!(sw->what & COSTATE_SWEEP_Y)) PetscFunctionReturn(PETSC_SUCCESS);
  PetscCall(CostateSweepGetY(sw, sw->U));
  PetscCall(VecNorm(sw->U, NORM_2, &norm));
  if (norm <= 1e6 * sw->size) PetscFunctionReturn(PETSC_SUCCESS);
  PetscCall(PetscFPrintf(
      PetscObjectComm((PetscObject)sw->cs), PETSC_STDERR,
      "costate: error: going back along the run, the state has grown to %.3g at t = %g, from %.3g: the run "
      "cannot be gone back along, and there is no gradient. Use -costate_type interpolating or discrete, or take "
      "its states more often (-costate_backsolve_restart, 1 at most)\n",
      (double)norm, (double)(sw->dir * tau), (double)sw->size));
  sw->cs->reason = COSTATE_DIVERGED_DRIFT;
  PetscFunctionReturn(PETSC_SUCCESS);
}

#define ENDLESS 100 /* steps for each of the run, where nobody said how many: they may get shorter without end */

PetscErrorCode CostateSweepStep(CostateSweep sw, TS ts, PetscReal h, PetscReal *tau)
{
  const PetscReal   from = *tau;
  TSConvergedReason reason;
  PetscInt          most;

  PetscFunctionBegin;
  PetscCall(TSGetMaxSteps(sw->ts, &most));
  if (most == PETSC_MAX_INT && sw->cs->ntrace) most = ENDLESS * sw->cs->ntrace + 10000;
  if (sw->steps >= most) {
    PetscCall(PetscFPrintf(PetscObjectComm((PetscObject)sw->cs), PETSC_STDERR,
                           "costate: the integrator of the sweep has made its %" PetscInt_FMT
                           " steps (-costate_adjoint_ts_max_steps) at t = %g: there its step was %.3g. Its tolerances "
                           "(-costate_adjoint_ts_rtol, _atol) may be out of reach, or its type not the right one\n",
                           most, (double)(sw->dir * from), (double)h));
    sw->cs->reason = COSTATE_DIVERGED_BACKWARD;
    PetscFunctionReturn(PETSC_SUCCESS);
  }
  PetscCall(TSSetTimeStep(ts, h));
  if (sw->accepted) PetscCall(VecCopy(sw->z, sw->end[0]));
  PetscCall(PetscObjectTypeCompareAny((PetscObject)ts, &sw->starting, TSARKIMEX, "dirk", ""));
  PetscCall(TSStep(ts));
  PetscCall(TSGetConvergedReason(ts, &reason));
  if (reason < 0) {
    PetscCall(PetscFPrintf(PetscObjectComm((PetscObject)sw->cs), PETSC_STDERR,
                           "costate: the integrator of the sweep (-costate_adjoint_ts_...) fails at t = %g: %s\n",
                           (double)(sw->dir * from), TSConvergedReasons[reason]));
    sw->cs->reason = COSTATE_DIVERGED_BACKWARD;
    PetscFunctionReturn(PETSC_SUCCESS);
  }
  sw->steps++;
  PetscCall(TSGetTime(ts, tau));
  PetscCall(CostateSweepAccept(sw, from, *tau));
  PetscCall(Watch(sw, *tau));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* The first step after a jump, if lambda is too fast for it: fixed steps begin with a layer, others with a short one.
 */
static PetscErrorCode AfterJump(CostateSweep sw, PetscReal left, PetscReal *tau)
{
  const PetscReal h = NextStep(sw, left);
  PetscReal       speed;

  PetscFunctionBegin;
  if (!sw->jumped) PetscFunctionReturn(PETSC_SUCCESS);
  sw->jumped = PETSC_FALSE;
  PetscCall(CostateSweepSpeed(sw, h, &speed));
  if (speed == 0) PetscFunctionReturn(PETSC_SUCCESS);
  if (sw->adaptive)
    sw->h = h / speed;
  else
    PetscCall(CostateSweepLayer(sw, h, speed, tau));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Steps of the sweep from t1 to t2. */
PetscErrorCode CostateSweepIntegrate(CostateSweep sw, PetscReal t1, PetscReal t2)
{
  const PetscReal end = sw->dir * t2, near = 1e-13 * PetscMax(PetscAbsReal(t2), PetscAbsReal(t1));
  PetscReal       tau = sw->dir * t1;

  PetscFunctionBegin;
  PetscCall(AfterJump(sw, end - tau, &tau));
  PetscCall(TSSetTime(sw->ts, tau));
  while (end - tau > near && sw->cs->reason == COSTATE_ITERATING) {
    const PetscReal h = NextStep(sw, end - tau), from = tau;
    PetscReal       next;

    PetscCall(CostateSweepStep(sw, sw->ts, h, &tau));
    PetscCall(TSGetTimeStep(sw->ts, &next));
    sw->h = tau - from < sw->h * (1 - 1e-10) && tau - from >= h * (1 - 1e-10) ? PetscMax(next, sw->h) : next;
  }
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* lambda and mu of the costs over one step of the run. */
PetscErrorCode CostateSweepPiece(CostateSweep sw, const CostatePiece *piece)
{
  PetscFunctionBegin;
  PetscCall(CostateSweepHold(sw, piece));
  PetscCall(Load(sw));
  PetscCall(CostateSweepIntegrate(sw, piece->t[1], piece->t[0]));
  PetscCall(Leave(sw));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* lambda, mu and y from t1 down to t0, without the states of the run. */
PetscErrorCode CostateSweepInterval(CostateSweep sw, PetscReal t1, PetscReal t0)
{
  PetscFunctionBegin;
  sw->t[0] = t0;
  sw->t[1] = t1;
  PetscCall(CostateSweepGetY(sw, sw->u[1]));
  PetscCall(CostateModelSlope(sw->model, t1, sw->u[1], sw->s[1]));
  if (sw->implicit) PetscCall(CostateModelSetPoint(sw->model, t1, sw->u[1], sw->s[1]));
  if (sw->implicit) PetscCall(CostateModelCheckMass(sw->model));
  PetscCall(Load(sw));
  PetscCall(CostateSweepIntegrate(sw, t1, t0));
  PetscCall(Leave(sw));
  PetscFunctionReturn(PETSC_SUCCESS);
}
