/* SPDX-License-Identifier: BSD-2-Clause */
/* The sweep and the run: the state along a piece, and y, which takes its place in backsolve.  See sweep.h */
#include "sweep.h"

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
  } else { /* the parameters may be others */
    sw->have = PETSC_FALSE;
    PetscCall(CostateModelRefresh(sw->model));
  }
  if (!cs->before) PetscCall(VecDuplicate(u, &cs->before));
  PetscCall(VecCopy(u, cs->before));
  cs->t_before = t;
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
