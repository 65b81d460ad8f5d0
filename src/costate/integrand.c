/* SPDX-License-Identifier: BSD-2-Clause */
/* The gradient of the integral part of a cost, whoever gave it. */
#include "sweep.h"

/* Column j of what the quadrature TS of an application computes. */
static PetscErrorCode OfQuadrature(TS quadts, PetscInt j, PetscReal t, Vec u, PetscBool p, Vec g)
{
  Mat J = NULL;
  Vec column;

  PetscFunctionBegin;
  if (p) {
    PetscCall(TSGetRHSJacobianP(quadts, &J, NULL, NULL));
    if (!J) PetscFunctionReturn(PETSC_SUCCESS);
    PetscCall(TSComputeRHSJacobianP(quadts, t, u, J));
  } else {
    PetscCall(TSGetRHSJacobian(quadts, &J, NULL, NULL, NULL));
    if (!J) PetscFunctionReturn(PETSC_SUCCESS);
    PetscCall(TSComputeRHSJacobian(quadts, t, u, J, J));
  }
  PetscCall(VecDuplicate(g, &column));
  PetscCall(MatGetColumnVector(J, column, j));
  PetscCall(VecAXPY(g, 1, column));
  PetscCall(VecDestroy(&column));
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode CostateIntegrandGradient(Costate cs, PetscInt j, PetscReal t, Vec u, PetscBool p, Vec g)
{
  TS quadts;

  PetscFunctionBegin;
  if (!cs->adopted) {
    PetscCall(CostatePartGradient(cs, &cs->cost[j].integral, 0, t, u, p, g));
    PetscFunctionReturn(PETSC_SUCCESS);
  }
  PetscCall(TSGetQuadratureTS(cs->ts, NULL, &quadts));
  if (quadts) PetscCall(OfQuadrature(quadts, j, t, u, p, g));
  PetscFunctionReturn(PETSC_SUCCESS);
}
