/* SPDX-License-Identifier: BSD-2-Clause */
/* The integrals of the costs as a quadrature TS, for the adjoint of the time steps. */
#include "costateimpl.h"

static PetscErrorCode Integrand(TS quadts, PetscReal t, Vec u, Vec g, void *ctx)
{
  Costate      cs = (Costate)ctx;
  PetscScalar *a;

  PetscFunctionBegin;
  (void)quadts;
  PetscCall(VecGetArrayWrite(g, &a));
  for (PetscInt j = 0; j < cs->ncosts; j++) {
    PetscReal value;

    PetscCall(CostatePartValue(cs, &cs->cost[j].integral, 0, t, u, &value));
    a[j] = value;
  }
  PetscCall(VecRestoreArrayWrite(g, &a));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Column j of the dense matrix J is the gradient of the integrand of cost j. */
static PetscErrorCode Columns(Costate cs, PetscReal t, Vec u, PetscBool p, Mat J)
{
  PetscFunctionBegin;
  for (PetscInt j = 0; j < cs->ncosts; j++) {
    Vec column;

    PetscCall(MatDenseGetColumnVecWrite(J, j, &column));
    PetscCall(VecZeroEntries(column));
    PetscCall(CostatePartGradient(cs, &cs->cost[j].integral, 0, t, u, p, column));
    PetscCall(MatDenseRestoreColumnVecWrite(J, j, &column));
  }
  PetscCall(MatAssemblyBegin(J, MAT_FINAL_ASSEMBLY));
  PetscCall(MatAssemblyEnd(J, MAT_FINAL_ASSEMBLY));
  PetscFunctionReturn(PETSC_SUCCESS);
}

static PetscErrorCode IntegrandU(TS quadts, PetscReal t, Vec u, Mat J, Mat P, void *ctx)
{
  PetscFunctionBegin;
  (void)quadts;
  (void)P;
  PetscCall(Columns((Costate)ctx, t, u, PETSC_FALSE, J));
  PetscFunctionReturn(PETSC_SUCCESS);
}

static PetscErrorCode IntegrandP(TS quadts, PetscReal t, Vec u, Mat J, void *ctx)
{
  PetscFunctionBegin;
  (void)quadts;
  PetscCall(Columns((Costate)ctx, t, u, PETSC_TRUE, J));
  PetscFunctionReturn(PETSC_SUCCESS);
}

static PetscErrorCode DenseLike(Vec v, PetscInt columns, Mat *J)
{
  PetscInt n, N;

  PetscFunctionBegin;
  PetscCall(VecGetLocalSize(v, &n));
  PetscCall(VecGetSize(v, &N));
  PetscCall(MatCreateDense(PetscObjectComm((PetscObject)v), n, PETSC_DECIDE, N, columns, NULL, J));
  PetscCall(MatAssemblyBegin(*J, MAT_FINAL_ASSEMBLY));
  PetscCall(MatAssemblyEnd(*J, MAT_FINAL_ASSEMBLY));
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode CostateQuadratureCreate(Costate cs)
{
  Mat J, Jp;
  TS  quadts;

  PetscFunctionBegin;
  PetscCall(TSGetQuadratureTS(cs->ts, NULL, &quadts));
  PetscCheck(!quadts, PetscObjectComm((PetscObject)cs), PETSC_ERR_ARG_INCOMP,
             "The TS has a quadrature TS of the application's, and a cost of CostateSetIntegralCost() needs one for "
             "-costate_type discrete: use one or the other, or another method");
  PetscCall(CostateTSSetQuadrature(cs->ts, PETSC_TRUE, &quadts));
  cs->quad_own = PETSC_TRUE;
  PetscCall(TSSetRHSFunction(quadts, NULL, Integrand, cs));
  PetscCall(DenseLike(cs->lambda[0], cs->ncosts, &J));
  PetscCall(TSSetRHSJacobian(quadts, J, J, IntegrandU, cs));
  PetscCall(MatDestroy(&J));
  if (cs->mu) {
    PetscCall(DenseLike(cs->mu[0], cs->ncosts, &Jp));
    PetscCall(TSSetRHSJacobianP(quadts, Jp, IntegrandP, cs));
    PetscCall(MatDestroy(&Jp));
  }
  PetscFunctionReturn(PETSC_SUCCESS);
}
