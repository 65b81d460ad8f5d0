/* SPDX-License-Identifier: BSD-2-Clause */
/* What a method sees of a step of the sweep: lambda between its ends.  See sweep.h */
#include "sweep.h"

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
  Dense output: explicit types by the cubic through the ends and slopes of the step, implicit ones by their own, but
  not theta methods, whose own takes the slope at the end for the one in the middle.  Theirs is such that integrals over
  it are those which the method itself would find: the value at its stage, and for Crank-Nicolson, whose stages are the
  two ends, the line between them.  A part of lambda that decays within the step is then as good as gone, where a line
  from the beginning would make it last for half of the step.
*/
PetscErrorCode CostateSweepDense(CostateSweep sw, PetscReal tau, Vec z)
{
  const PetscReal h     = sw->tau[1] - sw->tau[0];
  const PetscReal theta = sw->in_layer ? 1 : sw->theta, part = (tau - sw->tau[0]) / h;

  PetscFunctionBegin;
  if (theta >= 0) {
    const PetscReal x = sw->endpoint && theta == .5 ? part : theta;

    PetscCall(VecCopy(sw->z, z));
    if (x != 1) PetscCall(VecAXPBY(z, 1 - x, x, sw->end[0]));
  } else if (tau == sw->tau[1])
    PetscCall(VecCopy(sw->z, z));
  else if (tau == sw->tau[0])
    PetscCall(VecCopy(sw->end[0], z));
  else if (sw->own)
    PetscCall(TSInterpolate(sw->ts, tau, z));
  else {
    Vec         v[4] = {sw->end[0], sw->z, sw->slope[0], sw->slope[1]};
    PetscScalar c[4], d[4];

    CostateHermite(4, h, part, c, d);
    PetscCall(VecZeroEntries(z));
    PetscCall(VecMAXPY(z, 4, c, v));
  }
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* One step is behind us, from `from` to tau. */
PetscErrorCode CostateSweepAccept(CostateSweep sw, PetscReal from, PetscReal tau)
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
