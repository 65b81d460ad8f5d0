/* SPDX-License-Identifier: BSD-2-Clause */
/* What is made of tangents of a state of rest: products with du/dp = -R_u^-1 R_p, and gradients by its columns. */
#include "linear.h"

PetscErrorCode CostateSteadyTangent(CostateLinear l, PetscBool transpose, Vec in, Vec out, Vec work, char why[],
                                    size_t size)
{
  Vec z;

  PetscFunctionBegin;
  if (!transpose) {
    PetscCall(CostateModelMultRp(l->model, in, work));
    PetscCall(VecScale(work, -1));
    PetscCall(VecZeroEntries(out));
    PetscCall(CostateLinearSolve(l, PETSC_FALSE, work, out, why, size));
    PetscFunctionReturn(PETSC_SUCCESS);
  }
  PetscCall(VecDuplicate(in, &z));
  PetscCall(VecZeroEntries(z));
  PetscCall(VecCopy(in, work));
  PetscCall(CostateLinearSolve(l, PETSC_TRUE, work, z, why, size));
  PetscCall(CostateModelMultRpTranspose(l->model, z, out));
  PetscCall(VecScale(out, -1));
  PetscCall(VecDestroy(&z));
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode CostateSteadyDerivative(CostateLinear l, Vec work, PetscReal *off)
{
  PetscReal e, norm, size;
  Vec       v, u, d;

  PetscFunctionBegin;
  PetscCall(VecDuplicate(work, &v));
  PetscCall(VecDuplicate(work, &u));
  PetscCall(VecDuplicate(work, &d));
  PetscCall(VecSetRandom(v, NULL));
  PetscCall(VecNorm(l->u, NORM_INFINITY, &size));
  e = PetscPowReal(PETSC_MACHINE_EPSILON, 1. / 3) * (size > 0 ? size : 1);
  for (int side = 0; side < 2; side++) {
    PetscCall(VecWAXPY(u, side ? -e : e, v, l->u));
    PetscCall(CostateModelResidual(l->model, l->t, u, l->zero, side ? work : d));
  }
  PetscCall(VecAXPBY(d, -1 / (2 * e), 1 / (2 * e), work));
  PetscCall(CostateModelMultRu(l->model, v, work));
  PetscCall(VecNorm(d, NORM_2, &norm));
  PetscCall(VecAXPY(d, -1, work));
  PetscCall(VecNorm(d, NORM_2, off));
  *off /= PetscMax(norm, PETSC_MACHINE_EPSILON);
  PetscCall(VecDestroy(&v));
  PetscCall(VecDestroy(&u));
  PetscCall(VecDestroy(&d));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Entry k of mu of each cost. */
static PetscErrorCode Put(Costate cs, PetscInt k, const PetscScalar dot[])
{
  PetscFunctionBegin;
  for (PetscInt j = 0; j < cs->ncosts; j++) {
    PetscInt     lo, hi;
    PetscScalar *a;

    PetscCall(VecGetOwnershipRange(cs->mu[j], &lo, &hi));
    PetscCall(VecGetArray(cs->mu[j], &a));
    if (k >= lo && k < hi) a[k - lo] = dot[j];
    PetscCall(VecRestoreArray(cs->mu[j], &a));
  }
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode CostateSteadyForward(CostateLinear l, Vec work, PetscReal error[], PetscInt *at, char why[], size_t size)
{
  Costate      cs = l->cs;
  PetscInt     np;
  PetscScalar *dot;
  Vec          s, *gu;

  PetscFunctionBegin;
  PetscCall(VecGetSize(cs->p, &np));
  PetscCall(VecDuplicate(work, &s));
  PetscCall(VecDuplicateVecs(work, cs->ncosts, &gu));
  PetscCall(PetscMalloc1(cs->ncosts, &dot));
  why[0] = 0;
  for (PetscInt j = 0; j < cs->ncosts; j++) {
    PetscCall(VecZeroEntries(gu[j]));
    PetscCall(CostatePartGradient(cs, &cs->cost[j].terminal, 0, l->t, l->u, PETSC_FALSE, gu[j]));
  }
  for (*at = -1; *at < np; (*at)++) {
    if (*at < 0)
      PetscCall(CostateModelResidual(l->model, l->t, l->u, l->zero, work));
    else
      PetscCall(CostateModelGetRp(l->model, *at, work));
    PetscCall(VecScale(work, -1));
    PetscCall(VecZeroEntries(s));
    PetscCall(CostateLinearSolve(l, PETSC_FALSE, work, s, why, size));
    if (why[0]) break;
    PetscCall(VecMTDot(s, cs->ncosts, gu, dot));
    if (*at >= 0) PetscCall(Put(cs, *at, dot));
    for (PetscInt j = 0; *at < 0 && j < cs->ncosts; j++) error[j] = PetscAbsScalar(dot[j]);
  }
  for (PetscInt j = 0; !why[0] && j < cs->ncosts; j++)
    PetscCall(CostatePartGradient(cs, &cs->cost[j].terminal, 0, l->t, l->u, PETSC_TRUE, cs->mu[j]));
  PetscCall(PetscFree(dot));
  PetscCall(VecDestroyVecs(cs->ncosts, &gu));
  PetscCall(VecDestroy(&s));
  PetscFunctionReturn(PETSC_SUCCESS);
}
