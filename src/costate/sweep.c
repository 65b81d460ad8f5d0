/* SPDX-License-Identifier: BSD-2-Clause */
/* The backward integrator of the continuous adjoints: what it is, and how it goes over a piece.  See sweep.h,
 * sweepfun.c */
#include "sweep.h"
#include "sweepfun.h"

/*
  Hermite's polynomial through values, slopes and, if n is 6, curvatures at the two ends of an interval of length h, at
  its part x: the weights of the values (0, 1), slopes (2, 3) and curvatures (4, 5), and those of its derivative.
*/
void CostateHermite(int n, PetscReal h, PetscReal x, PetscScalar c[], PetscScalar d[])
{
  const PetscReal y = 1 - x;

  for (int e = 0; e < 2; e++) { /* the end where x is 1 is the other one seen from behind */
    const PetscReal p = e ? x : y, q = 1 - p, sign = e ? -1 : 1;

    if (n == 4) {
      c[e]     = p * p * (1 + 2 * q);
      c[2 + e] = sign * h * q * p * p;
      d[e]     = -sign * 6 * p * q / h;
      d[2 + e] = p * (1 - 3 * q);
    } else {
      c[e]     = p * p * p * (1 + 3 * q + 6 * q * q);
      c[2 + e] = sign * h * p * p * p * q * (1 + 3 * q);
      c[4 + e] = h * h * p * p * p * q * q / 2;
      d[e]     = -sign * 30 * p * p * q * q / h;
      d[2 + e] = p * p * (1 + 2 * q - 15 * q * q);
      d[4 + e] = sign * h * p * p * q * (2 - 5 * q) / 2;
    }
  }
}

/* The state in the piece, and its derivative. */
PetscErrorCode CostateSweepState(CostateSweep sw, PetscReal t, Vec u, Vec udot)
{
  const PetscReal h    = sw->t[1] - sw->t[0];
  const int       n    = sw->curved ? 6 : 4;
  Vec             v[6] = {sw->u[0], sw->u[1], sw->s[0], sw->s[1], sw->c[0], sw->c[1]};
  PetscScalar     c[6], d[6];

  PetscFunctionBegin;
  CostateHermite(n, h, (t - sw->t[0]) / h, c, d);
  PetscCall(VecZeroEntries(u));
  PetscCall(VecMAXPY(u, n, c, v));
  if (udot) {
    PetscCall(VecZeroEntries(udot));
    PetscCall(VecMAXPY(udot, n, d, v));
  }
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Slope and curvature at end e; the curvature is the difference of slopes along the solution. */
static PetscErrorCode Slopes(CostateSweep sw, int e)
{
  PetscReal norm, slope, d;

  PetscFunctionBegin;
  PetscCall(CostateModelSlope(sw->model, sw->t[e], sw->u[e], sw->s[e]));
  if (sw->implicit) PetscCall(CostateModelSetPoint(sw->model, sw->t[e], sw->u[e], sw->s[e]));
  if (sw->implicit) PetscCall(CostateModelCheckMass(sw->model));
  if (!sw->curved) PetscFunctionReturn(PETSC_SUCCESS);
  PetscCall(VecNorm(sw->u[e], NORM_2, &norm));
  PetscCall(VecNorm(sw->s[e], NORM_2, &slope));
  d = PetscPowReal(PETSC_MACHINE_EPSILON, 1. / 3) *
      PetscMin((1 + norm) / (slope > 0 ? slope : 1), 10 * (sw->t[1] - sw->t[0]));
  PetscCall(VecWAXPY(sw->U, d, sw->s[e], sw->u[e]));
  PetscCall(CostateModelSlope(sw->model, sw->t[e] + d, sw->U, sw->c[e]));
  PetscCall(VecWAXPY(sw->U, -d, sw->s[e], sw->u[e]));
  PetscCall(CostateModelSlope(sw->model, sw->t[e] - d, sw->U, sw->Udot));
  PetscCall(VecAXPY(sw->c[e], -1, sw->Udot));
  PetscCall(VecScale(sw->c[e], 1 / (2 * d)));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* What is given by the piece.  It shares an end, and so a slope, with the one before, unless an event is in between. */
PetscErrorCode CostateSweepHold(CostateSweep sw, const CostatePiece *piece)
{
  PetscBool known[2] = {PETSC_FALSE, PETSC_FALSE};

  PetscFunctionBegin;
  for (int e = 0; sw->have && e < 2; e++) {
    Vec s = sw->s[e], c = sw->c[e];

    if (sw->t[1 - e] != piece->t[e]) continue;
    PetscCall(VecEqual(sw->u[1 - e], piece->u[e], &known[e]));
    if (!known[e]) continue;
    sw->s[e]     = sw->s[1 - e];
    sw->s[1 - e] = s;
    sw->c[e]     = sw->c[1 - e];
    sw->c[1 - e] = c;
  }
  for (int e = 0; e < 2; e++) {
    PetscCall(VecCopy(piece->u[e], sw->u[e]));
    sw->t[e] = piece->t[e];
  }
  for (int e = 0; e < 2; e++) {
    if (!known[e]) PetscCall(Slopes(sw, e));
  }
  sw->have = PETSC_TRUE;
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* The integrals of the costs over the step of the run that has just ended, by three Gauss points. */
PetscErrorCode CostateSweepValues(CostateSweep sw, PetscInt step, PetscReal t, Vec u)
{
  static const PetscReal x[3] = {-0.77459666924148338, 0, 0.77459666924148338}, w[3] = {5. / 9, 8. / 9, 5. / 9};
  Costate                cs  = sw->cs;
  PetscBool              any = PETSC_FALSE;
  CostatePiece           piece;

  PetscFunctionBegin;
  for (PetscInt j = 0; j < cs->ncosts; j++) {
    if (cs->cost[j].integral.value) any = PETSC_TRUE;
  }
  if (!any) PetscFunctionReturn(PETSC_SUCCESS);
  if (step) {
    piece = (CostatePiece){step, {cs->t_before, t}, {cs->before, u}};
    PetscCall(CostateSweepHold(sw, &piece));
    for (int i = 0; i < 3; i++) {
      const PetscReal at = (cs->t_before + t + x[i] * (t - cs->t_before)) / 2;

      PetscCall(CostateSweepState(sw, at, sw->U, NULL));
      for (PetscInt j = 0; j < cs->ncosts; j++) {
        PetscReal g;

        PetscCall(CostatePartValue(cs, &cs->cost[j].integral, 0, at, sw->U, &g));
        cs->cost[j].gone += w[i] * g * (t - cs->t_before) / 2;
      }
    }
  } else
    sw->have = PETSC_FALSE;
  if (!cs->before) PetscCall(VecDuplicate(u, &cs->before));
  PetscCall(VecCopy(u, cs->before));
  cs->t_before = t;
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* lambda of the costs into z, where somebody has changed dG/du since it was left. */
static PetscErrorCode Load(CostateSweep sw)
{
  Costate      cs      = sw->cs;
  PetscBool    changed = PETSC_FALSE;
  PetscScalar *z;

  PetscFunctionBegin;
  PetscCall(VecGetArray(sw->z, &z));
  for (PetscInt j = 0; j < sw->m; j++) {
    PetscObjectState state;

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
  if (changed) PetscCall(TSRestartStep(sw->ts));
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

PetscErrorCode CostateSweepSetAccepted(CostateSweep sw, PetscErrorCode (*f)(CostateSweep, PetscReal, PetscReal, void *),
                                       void        *ctx)
{
  PetscFunctionBegin;
  sw->accepted = f;
  sw->ctx      = ctx;
  for (int i = 0; i < 2; i++) {
    PetscCall(VecDuplicate(sw->z, &sw->end[i]));
    PetscCall(VecDuplicate(sw->z, &sw->slope[i]));
  }
  PetscFunctionReturn(PETSC_SUCCESS);
}

/*
  Dense output: explicit types by the cubic through the ends and slopes of the step, implicit ones by their own.  That
  of theta methods takes the slope at the end for the one in the middle, so these get the line between the ends.
*/
PetscErrorCode CostateSweepDense(CostateSweep sw, PetscReal tau, Vec z)
{
  const PetscReal h = sw->tau[1] - sw->tau[0];

  PetscFunctionBegin;
  if (tau == sw->tau[1])
    PetscCall(VecCopy(sw->z, z));
  else if (tau == sw->tau[0])
    PetscCall(VecCopy(sw->end[0], z));
  else if (sw->linear) {
    PetscCall(VecCopy(sw->end[0], z));
    PetscCall(VecAXPBY(z, (tau - sw->tau[0]) / h, (sw->tau[1] - tau) / h, sw->z));
  } else if (sw->own)
    PetscCall(TSInterpolate(sw->ts, tau, z));
  else {
    Vec         v[4] = {sw->end[0], sw->z, sw->slope[0], sw->slope[1]};
    PetscScalar c[4], d[4];

    CostateHermite(4, h, (tau - sw->tau[0]) / h, c, d);
    PetscCall(VecZeroEntries(z));
    PetscCall(VecMAXPY(z, 4, c, v));
  }
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* One step is behind us, from `from` to tau. */
static PetscErrorCode Accept(CostateSweep sw, PetscReal from, PetscReal tau)
{
  PetscFunctionBegin;
  if (!sw->accepted) PetscFunctionReturn(PETSC_SUCCESS);
  sw->tau[0] = from;
  sw->tau[1] = tau;
  if (!sw->implicit && !sw->own) {
    PetscCall(TSComputeRHSFunction(sw->ts, from, sw->end[0], sw->slope[0]));
    PetscCall(TSComputeRHSFunction(sw->ts, tau, sw->z, sw->slope[1]));
  }
  PetscCall(sw->accepted(sw, from, tau, sw->ctx));
  PetscFunctionReturn(PETSC_SUCCESS);
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
      "cannot be gone back along, and there is no gradient. Use -costate_type interpolating or discrete, or "
      "-costate_backsolve_restart 1\n",
      (double)norm, (double)(sw->dir * tau), (double)sw->size));
  sw->cs->reason = COSTATE_DIVERGED_DRIFT;
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Steps of the sweep from t1 to t2. */
PetscErrorCode CostateSweepIntegrate(CostateSweep sw, PetscReal t1, PetscReal t2)
{
  const PetscReal end = sw->dir * t2, near = 1e-13 * PetscMax(PetscAbsReal(t2), PetscAbsReal(t1));
  PetscReal       tau = sw->dir * t1;

  PetscFunctionBegin;
  PetscCall(TSSetTime(sw->ts, tau));
  while (end - tau > near) {
    PetscReal         h = NextStep(sw, end - tau), next, from = tau;
    TSConvergedReason reason;

    PetscCall(TSSetTimeStep(sw->ts, h));
    if (sw->accepted) PetscCall(VecCopy(sw->z, sw->end[0]));
    PetscCall(TSStep(sw->ts));
    PetscCall(TSGetConvergedReason(sw->ts, &reason));
    if (reason < 0) {
      PetscCall(PetscFPrintf(PetscObjectComm((PetscObject)sw->cs), PETSC_STDERR,
                             "costate: the backward integrator (-costate_adjoint_ts_...) fails at t = %g: %s\n",
                             (double)(sw->dir * from), TSConvergedReasons[reason]));
      sw->cs->reason = COSTATE_DIVERGED_BACKWARD;
      PetscFunctionReturn(PETSC_SUCCESS);
    }
    sw->steps++;
    PetscCall(TSGetTime(sw->ts, &tau));
    PetscCall(TSGetTimeStep(sw->ts, &next));
    sw->h = tau - from < sw->h * (1 - 1e-10) && tau - from >= h * (1 - 1e-10) ? PetscMax(next, sw->h) : next;
    PetscCall(Accept(sw, from, tau));
    PetscCall(Watch(sw, tau));
    if (sw->cs->reason != COSTATE_ITERATING) break;
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

/* y, which is what the state of the run was at this time. */
static PetscErrorCode Y(CostateSweep sw, PetscBool set, Vec u)
{
  PetscScalar *z, *a;
  PetscInt     at = sw->m * sw->n + (sw->what & COSTATE_SWEEP_MU ? sw->m * sw->np : 0);

  PetscFunctionBegin;
  PetscCall(VecGetArray(sw->z, &z));
  PetscCall(set ? VecGetArrayRead(u, (const PetscScalar **)&a) : VecGetArrayWrite(u, &a));
  if (set)
    PetscCall(PetscArraycpy(z + at, a, sw->n));
  else
    PetscCall(PetscArraycpy(a, z + at, sw->n));
  PetscCall(set ? VecRestoreArrayRead(u, (const PetscScalar **)&a) : VecRestoreArrayWrite(u, &a));
  PetscCall(VecRestoreArray(sw->z, &z));
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode CostateSweepSetY(CostateSweep sw, Vec u)
{
  PetscReal norm;

  PetscFunctionBegin;
  PetscCall(Y(sw, PETSC_TRUE, u));
  PetscCall(VecNorm(u, NORM_2, &norm));
  sw->size = PetscMax(sw->size, norm);
  if (sw->cs->u0) PetscCall(VecNorm(sw->cs->u0, NORM_2, &norm));
  sw->size = PetscMax(sw->size, norm);
  if (sw->size == 0) sw->size = 1;
  PetscCall(TSRestartStep(sw->ts));
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode CostateSweepGetY(CostateSweep sw, Vec u)
{
  PetscFunctionBegin;
  PetscCall(Y(sw, PETSC_FALSE, u));
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

/* The type of the integrator unless the options name one: it follows the run. */
static PetscErrorCode DefaultType(CostateSweep sw)
{
  TS        run = sw->cs->ts;
  TSType    type;
  PetscBool known;

  PetscFunctionBegin;
  PetscCall(TSGetType(run, &type));
  PetscCall(PetscObjectTypeCompareAny((PetscObject)run, &known, TSTHETA, TSCN, TSBEULER, TSBDF, TSROSW, TSARKIMEX, ""));
  if (!sw->dae && CostateSweepIsExplicit(type)) {
    PetscBool explicit_run;

    PetscCall(CostateModelIsExplicit(sw->model, &explicit_run));
    if (explicit_run) {
      PetscCall(TSSetType(sw->ts, TSRK));
      PetscCall(TSRKSetType(sw->ts, TSRK5DP));
      PetscFunctionReturn(PETSC_SUCCESS);
    }
    known = PETSC_FALSE;
  }
  if (sw->dae && known) PetscCall(PetscObjectTypeCompareAny((PetscObject)run, &known, TSBEULER, TSBDF, TSROSW, ""));
  PetscCall(TSSetType(sw->ts, known ? type : TSROSW));
  PetscCall(PetscObjectTypeCompare((PetscObject)sw->ts, TSTHETA, &known));
  if (known) {
    PetscReal theta;
    PetscBool endpoint;

    PetscCall(TSThetaGetTheta(run, &theta));
    PetscCall(TSThetaGetEndpoint(run, &endpoint));
    PetscCall(TSThetaSetTheta(sw->ts, theta));
    PetscCall(TSThetaSetEndpoint(sw->ts, endpoint));
  }
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Only lambda and y steer the step: the others get a tolerance that nothing exceeds, and do not count in the mean. */
static PetscErrorCode Seminorm(CostateSweep sw)
{
  PetscReal    atol, rtol, part;
  Vec          vatol, vrtol;
  PetscInt     N, Np;
  PetscScalar *a, *r;
  PetscInt     first = sw->m * sw->n, last = first + sw->m * sw->np;

  PetscFunctionBegin;
  if (!(sw->what & COSTATE_SWEEP_MU)) PetscFunctionReturn(PETSC_SUCCESS);
  PetscCall(TSGetTolerances(sw->ts, &atol, NULL, &rtol, NULL));
  PetscCall(VecGetSize(sw->z, &N));
  PetscCall(VecGetSize(sw->pa, &Np));
  part = PetscSqrtReal((PetscReal)(N - sw->m * Np) / (PetscReal)N);
  PetscCall(VecDuplicate(sw->z, &vatol));
  PetscCall(VecDuplicate(sw->z, &vrtol));
  PetscCall(VecSet(vatol, atol * part));
  PetscCall(VecSet(vrtol, rtol * part));
  PetscCall(VecGetArray(vatol, &a));
  PetscCall(VecGetArray(vrtol, &r));
  for (PetscInt i = first; i < last; i++) {
    a[i] = 1e100;
    r[i] = 0;
  }
  PetscCall(VecRestoreArray(vatol, &a));
  PetscCall(VecRestoreArray(vrtol, &r));
  PetscCall(TSSetTolerances(sw->ts, atol, vatol, rtol, vrtol));
  PetscCall(VecDestroy(&vatol));
  PetscCall(VecDestroy(&vrtol));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* A state that is gone back along where it cannot be may overflow: the step is rejected, and in the end the sweep
 * fails. */
static PetscErrorCode Finite(TS ts, PetscReal tau, Vec z, PetscBool *good)
{
  PetscReal norm;

  PetscFunctionBegin;
  (void)ts;
  (void)tau;
  PetscCall(VecNorm(z, NORM_2, &norm));
  *good = (PetscBool)!PetscIsInfOrNanReal(norm);
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* The integrator: type, tolerances and adaptivity are those of the run unless -costate_adjoint_ts_... says otherwise.
 */
static PetscErrorCode CreateTS(CostateSweep sw)
{
  Costate     cs = sw->cs;
  const char *prefix;
  TSAdapt     adapt, mine;
  PetscReal   atol, rtol;
  PetscBool   fixed, explicit_model;
  TSType      type;

  PetscFunctionBegin;
  PetscCall(TSCreate(PetscObjectComm((PetscObject)cs), &sw->ts));
  PetscCall(CostateGetOptionsPrefix(cs, &prefix));
  PetscCall(TSSetOptionsPrefix(sw->ts, prefix));
  PetscCall(TSAppendOptionsPrefix(sw->ts, "costate_adjoint_"));
  PetscCall(TSSetProblemType(sw->ts, sw->what & COSTATE_SWEEP_Y ? TS_NONLINEAR : TS_LINEAR));
  PetscCall(DefaultType(sw));
  PetscCall(TSGetTolerances(cs->ts, &atol, NULL, &rtol, NULL));
  PetscCall(TSSetTolerances(sw->ts, atol, NULL, rtol, NULL));
  PetscCall(TSGetAdapt(cs->ts, &adapt));
  PetscCall(PetscObjectTypeCompare((PetscObject)adapt, TSADAPTNONE, &fixed));
  PetscCall(TSGetAdapt(sw->ts, &mine));
  if (fixed) PetscCall(TSAdaptSetType(mine, TSADAPTNONE));
  PetscCall(TSSetExactFinalTime(sw->ts, TS_EXACTFINALTIME_STEPOVER));
  PetscCall(TSSetMaxTime(sw->ts, PETSC_MAX_REAL / 2));
  PetscCall(TSSetMaxSteps(sw->ts, PETSC_MAX_INT));
  PetscCall(TSSetErrorIfStepFails(sw->ts, PETSC_FALSE));
  PetscCall(TSSetTimeStep(sw->ts, 1e-300)); /* seen again if the options give none */
  PetscCall(TSSetFromOptions(sw->ts));
  PetscCall(TSGetTimeStep(sw->ts, &sw->dt));
  if (sw->dt == 1e-300) sw->dt = 0;
  PetscCall(PetscObjectTypeCompare((PetscObject)mine, TSADAPTNONE, &fixed));
  sw->adaptive = (PetscBool)!fixed;
  if (sw->dt > 0) sw->h = sw->dt;
  PetscCall(TSGetType(sw->ts, &type));
  PetscCall(CostateModelIsExplicit(sw->model, &explicit_model));
  sw->implicit = (PetscBool)!CostateSweepIsExplicit(type);
  sw->own      = sw->implicit;
  if (!strcmp(type, TSRK)) {
    TSRKType rk;

    PetscCall(TSRKGetType(sw->ts, &rk));
    sw->own = (PetscBool)!strcmp(rk, TSRK5DP);
  }
  PetscCall(PetscObjectTypeCompareAny((PetscObject)sw->ts, &sw->linear, TSTHETA, TSCN, TSBEULER, ""));
  PetscCheck(sw->implicit || explicit_model, PetscObjectComm((PetscObject)cs), PETSC_ERR_ARG_INCOMP,
             "-costate_adjoint_ts_type %s is explicit, but the run has an I-function with a mass matrix or algebraic "
             "equations: use an implicit type (rosw, bdf, beuler)",
             type);
  PetscCall(CostateSweepSetFunctions(sw));
  if (sw->what & COSTATE_SWEEP_Y) PetscCall(TSSetFunctionDomainError(sw->ts, Finite));
  PetscCall(TSSetSolution(sw->ts, sw->z));
  PetscCall(Seminorm(sw));
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode CostateSweepCreate(Costate cs, int what, CostateSweep *sweep)
{
  CostateSweep sw;
  const char  *prefix;
  TSType       type;
  PetscInt     length;
  MPI_Comm     comm = PetscObjectComm((PetscObject)cs);

  PetscFunctionBegin;
  PetscCall(PetscNew(&sw));
  *sweep   = sw;
  sw->cs   = cs;
  sw->what = cs->mu ? what : what & ~COSTATE_SWEEP_MU;
  sw->m    = cs->ncosts;
  sw->dir  = what & COSTATE_SWEEP_TANGENT ? 1 : -1;
  if (what & COSTATE_SWEEP_TANGENT) PetscCall(VecGetSize(cs->p, &sw->m));
  PetscCall(VecGetLocalSize(cs->lambda[0], &sw->n));
  if (cs->mu) PetscCall(VecGetLocalSize(cs->mu[0], &sw->np));
  for (int i = 0; i < 2; i++) {
    PetscCall(VecDuplicate(cs->lambda[0], &sw->u[i]));
    PetscCall(VecDuplicate(cs->lambda[0], &sw->s[i]));
    PetscCall(VecDuplicate(cs->lambda[0], &sw->c[i]));
  }
  PetscCall(VecDuplicate(cs->lambda[0], &sw->uj));
  PetscCall(VecDuplicate(cs->lambda[0], &sw->udotj));
  PetscCall(VecDuplicate(cs->lambda[0], &sw->U));
  PetscCall(VecDuplicate(cs->lambda[0], &sw->Udot));
  PetscCall(VecDuplicate(cs->lambda[0], &sw->gu));
  PetscCall(VecDuplicate(cs->lambda[0], &sw->a));
  PetscCall(VecDuplicate(cs->lambda[0], &sw->b));
  if (cs->mu) {
    PetscCall(VecDuplicate(cs->mu[0], &sw->gp));
    PetscCall(VecDuplicate(cs->mu[0], &sw->pa));
    PetscCall(VecDuplicate(cs->mu[0], &sw->pb));
  }
  length =
      sw->m * sw->n + (sw->what & COSTATE_SWEEP_MU ? sw->m * sw->np : 0) + (sw->what & COSTATE_SWEEP_Y ? sw->n : 0);
  PetscCall(VecCreateMPI(comm, length, PETSC_DETERMINE, &sw->z));
  PetscCall(PetscMalloc1(sw->m, &sw->seen));
  for (PetscInt j = 0; j < sw->m; j++) sw->seen[j] = -1;
  PetscCall(CostateGetOptionsPrefix(cs, &prefix));
  PetscCall(CostateModelCreate(cs->ts, cs->lambda[0], prefix, &sw->model));
  /* methods of higher order than three take steps that are too long for a cubic */
  PetscCall(CostateModelIsExplicit(sw->model, &sw->curved));
  PetscCall(TSGetType(cs->ts, &type));
  sw->curved = (PetscBool)(sw->curved && type && CostateSweepIsExplicit(type));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* The integrator is made when the first piece is there: only then is it known what M is. */
PetscErrorCode CostateSweepBegin(CostateSweep sw, PetscReal t, Vec u)
{
  PetscReal before;

  PetscFunctionBegin;
  for (PetscInt j = 0; j < sw->m; j++) sw->seen[j] = -1;
  sw->have  = PETSC_FALSE;
  sw->steps = sw->its = 0;
  PetscCall(CostateModelRefresh(sw->model));
  PetscCall(TSGetPrevTime(sw->cs->ts, &before));
  sw->last = t - before;
  sw->h    = sw->dt > 0 ? sw->dt : sw->last;
  if (sw->ts) PetscFunctionReturn(PETSC_SUCCESS);
  PetscCall(VecZeroEntries(sw->Udot));
  PetscCall(CostateModelSetPoint(sw->model, t, u, sw->Udot));
  PetscCall(CostateModelIsDAE(sw->model, &sw->dae));
  PetscCall(CreateTS(sw));
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode CostateSweepCount(CostateSweep sw)
{
  CostateStatistics *s = &sw->cs->stats;
  CostateModelCounts c;

  PetscFunctionBegin;
  PetscCall(CostateModelGetCounts(sw->model, &c));
  s->adjoint_steps = sw->steps;
  PetscCall(TSGetStepRejections(sw->ts, &s->adjoint_rejections));
  s->adjoint_linear_its = sw->its;
  s->jacobians          = c.jacobians;
  s->jtv                = c.jtv;
  s->jptv               = c.jptv;
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode CostateSweepDestroy(CostateSweep *sweep)
{
  CostateSweep sw = *sweep;

  PetscFunctionBegin;
  if (!sw) PetscFunctionReturn(PETSC_SUCCESS);
  for (int i = 0; i < 2; i++) {
    PetscCall(VecDestroy(&sw->u[i]));
    PetscCall(VecDestroy(&sw->s[i]));
    PetscCall(VecDestroy(&sw->c[i]));
    PetscCall(VecDestroy(&sw->end[i]));
    PetscCall(VecDestroy(&sw->slope[i]));
  }
  PetscCall(VecDestroy(&sw->uj));
  PetscCall(VecDestroy(&sw->udotj));
  PetscCall(VecDestroy(&sw->U));
  PetscCall(VecDestroy(&sw->Udot));
  PetscCall(VecDestroy(&sw->a));
  PetscCall(VecDestroy(&sw->b));
  PetscCall(VecDestroy(&sw->pa));
  PetscCall(VecDestroy(&sw->pb));
  PetscCall(VecDestroy(&sw->gu));
  PetscCall(VecDestroy(&sw->gp));
  PetscCall(VecDestroy(&sw->z));
  PetscCall(KSPDestroy(&sw->ksp));
  PetscCall(KSPDestroy(&sw->kspy));
  PetscCall(TSDestroy(&sw->ts));
  PetscCall(CostateModelDestroy(&sw->model));
  PetscCall(PetscFree(sw->seen));
  PetscCall(PetscFree(*sweep));
  PetscFunctionReturn(PETSC_SUCCESS);
}
