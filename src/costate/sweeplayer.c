/* SPDX-License-Identifier: BSD-2-Clause */
/*
  Layers: what is too fast for the steps of the sweep.

  Where dG/du of a cost comes into lambda, at T and at cost times, it has all components of the state in it, and the
  fast ones of a stiff problem are gone within much less than a step.  Their integral is as long as their decay: the
  interpolant over the step makes it last for a part of the step, Crank-Nicolson lets them ring, and Rosenbrock methods
  lose their order.  None of that can be seen in lambda at the end of the step, and no error control looks for it when
  steps are fixed.

  So after each jump it is measured how fast lambda changes.  The rate r = g_u - R_u^T lambda solves the equation of
  lambda itself as long as R_u does not change, hence

    speed = h |R_u^T y| / |r| ,  M^T y = r

  says by how much r would change within h, if it went on like that.  In r a fast component counts by its rate, so this
  sees one that is still too small to matter.  For adaptive integrators the step is then begun with h / speed; fixed
  ones go over it with steps of the implicit Euler method, which damps what is fast and integrates it as it should, the
  first of them as short as the decay, each of the others three times all that went before it:

    h/64, 3 h/64, 3 h/16, 3 h/4         for a speed of up to 64

    -costate_adjoint_layers no   does without
*/
#include "sweep.h"
#include "sweepfun.h"

#define SLOW    2  /* the speed up to which a step follows: Crank-Nicolson does not change sign there */
#define LONGEST 12 /* layers of more steps than that begin with longer ones than they should */

PetscErrorCode CostateSweepSpeed(CostateSweep sw, PetscReal h, PetscReal *speed)
{
  Costate      cs   = sw->cs;
  Vec          rate = sw->U, y = sw->Udot;
  PetscScalar *z;

  PetscFunctionBegin;
  *speed = 0;
  if (!sw->layers || !sw->implicit || sw->what & (COSTATE_SWEEP_Y | COSTATE_SWEEP_TANGENT))
    PetscFunctionReturn(PETSC_SUCCESS);
  PetscCall(CostateModelSetPoint(sw->model, sw->t[1], sw->u[1], sw->s[1]));
  PetscCall(VecGetArray(sw->z, &z));
  for (PetscInt j = 0; j < sw->m; j++) {
    PetscReal size, slope, change;

    PetscCall(VecPlaceArray(sw->a, z + j * sw->n));
    PetscCall(CostateModelMultRuTranspose(sw->model, sw->a, rate));
    PetscCall(VecResetArray(sw->a));
    PetscCall(VecZeroEntries(sw->gu));
    PetscCall(CostateIntegrandGradient(cs, j, sw->t[1], sw->u[1], PETSC_FALSE, sw->gu));
    PetscCall(VecAYPX(rate, -1, sw->gu));
    PetscCall(VecNorm(cs->lambda[j], NORM_2, &size));
    PetscCall(VecNorm(rate, NORM_2, &slope));
    if (!(h * slope > 1e-12 * size)) continue; /* nothing but rounding errors */
    PetscCall(VecZeroEntries(sw->gu));
    PetscCall(CostateModelStart(sw->model, rate, sw->gu, y, NULL));
    PetscCall(CostateModelMultRuTranspose(sw->model, y, rate));
    PetscCall(VecNorm(rate, NORM_2, &change));
    *speed = PetscMax(*speed, h * change / slope);
  }
  PetscCall(VecRestoreArray(sw->z, &z));
  if (!(*speed > SLOW)) *speed = 0; /* nor if it is not a number: the step will say so */
  PetscCall(PetscInfo(sw->ts, "After a jump at t = %g lambda changes %g times faster than steps of %g follow\n",
                      (double)sw->t[1], (double)*speed, (double)h));
  PetscFunctionReturn(PETSC_SUCCESS);
}

static PetscErrorCode CreateTS(CostateSweep sw)
{
  const char *prefix;
  TSAdapt     adapt;

  PetscFunctionBegin;
  if (sw->layer) PetscFunctionReturn(PETSC_SUCCESS);
  PetscCall(TSCreate(PetscObjectComm((PetscObject)sw->cs), &sw->layer));
  PetscCall(TSGetOptionsPrefix(sw->ts, &prefix));
  PetscCall(TSSetOptionsPrefix(sw->layer, prefix));
  PetscCall(TSAppendOptionsPrefix(sw->layer, "layer_"));
  PetscCall(TSSetProblemType(sw->layer, TS_LINEAR));
  PetscCall(TSSetType(sw->layer, TSBEULER));
  PetscCall(TSGetAdapt(sw->layer, &adapt));
  PetscCall(TSAdaptSetType(adapt, TSADAPTNONE));
  PetscCall(TSSetExactFinalTime(sw->layer, TS_EXACTFINALTIME_STEPOVER));
  PetscCall(TSSetMaxTime(sw->layer, PETSC_MAX_REAL / 2));
  PetscCall(TSSetMaxSteps(sw->layer, PETSC_MAX_INT));
  PetscCall(TSSetErrorIfStepFails(sw->layer, PETSC_FALSE));
  PetscCall(CostateSweepSetFunctions(sw, sw->layer));
  PetscCall(TSSetSolution(sw->layer, sw->z));
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode CostateSweepLayer(CostateSweep sw, PetscReal h, PetscReal speed, PetscReal *tau)
{
  const PetscReal begin = *tau;
  PetscReal       part  = 1;

  PetscFunctionBegin;
  PetscCall(CreateTS(sw));
  PetscCall(TSSetTime(sw->layer, begin));
  for (int k = 0; k < LONGEST && part * speed > 1; k++) part /= 4;
  sw->in_layer = PETSC_TRUE;
  for (; part <= 1 && sw->cs->reason == COSTATE_ITERATING; part *= 4) {
    PetscCall(CostateSweepStep(sw, sw->layer, begin + part * h - *tau, tau));
  }
  sw->in_layer = PETSC_FALSE;
  PetscFunctionReturn(PETSC_SUCCESS);
}
