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
    PetscCall(VecMDot(s, cs->ncosts, gu, dot));
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
