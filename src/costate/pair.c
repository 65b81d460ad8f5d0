/* SPDX-License-Identifier: BSD-2-Clause */
/*
  The equation of a state and its tangent, and its transposed derivatives: with (a, b) what is multiplied, and J = shift
  M + R_u,

    J^T a + (J^T b)' ,  J^T b ,  R_p^T a + (R_p^T b)'

  where ' is the change along (s, v), by differences of fourth order of products with first derivatives.
*/
#include "pair.h"

PetscErrorCode CostatePairHalf(Vec pair, int which, Vec half, PetscBool to)
{
  PetscScalar *a, *h;
  PetscInt     n;

  PetscFunctionBegin;
  PetscCall(VecGetLocalSize(half, &n));
  if (to) {
    PetscCall(VecGetArray(pair, &a));
    PetscCall(VecGetArrayRead(half, (const PetscScalar **)&h));
    PetscCall(PetscArraycpy(a + which * n, h, n));
    PetscCall(VecRestoreArrayRead(half, (const PetscScalar **)&h));
    PetscCall(VecRestoreArray(pair, &a));
  } else {
    PetscCall(VecGetArrayRead(pair, (const PetscScalar **)&a));
    PetscCall(VecGetArrayWrite(half, &h));
    PetscCall(PetscArraycpy(h, a + which * n, n));
    PetscCall(VecRestoreArrayWrite(half, &h));
    PetscCall(VecRestoreArrayRead(pair, (const PetscScalar **)&a));
  }
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode CostatePairParameters(CostatePair *x, PetscReal e)
{
  PetscFunctionBegin;
  PetscCall(VecCopy(x->p, x->cs->p));
  if (e != 0) PetscCall(VecAXPY(x->cs->p, e, x->v));
  PetscCall(CostateTell(x->cs));
  PetscCall(VecCopy(x->u0, x->cs->u0));
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode CostatePairPoint(CostatePair *x, PetscReal t, Vec U, Vec Udot)
{
  Vec       at[2] = {U, Udot};
  PetscBool same  = (PetscBool)(t == x->t);

  PetscFunctionBegin;
  for (int i = 0; i < 2 && at[i]; i++) { /* a Jacobian is often asked for where the function was evaluated */
    PetscObjectId    id;
    PetscObjectState state;

    PetscCall(PetscObjectGetId((PetscObject)at[i], &id));
    PetscCall(PetscObjectStateGet((PetscObject)at[i], &state));
    if (id != x->id[i] || state != x->state[i]) same = PETSC_FALSE;
    x->id[i]    = id;
    x->state[i] = state;
  }
  if (same) PetscFunctionReturn(PETSC_SUCCESS);
  x->t     = t;
  x->there = PETSC_FALSE;
  PetscCall(CostatePairHalf(U, 0, x->u, PETSC_FALSE));
  PetscCall(CostatePairHalf(U, 1, x->s, PETSC_FALSE));
  if (!Udot) PetscFunctionReturn(PETSC_SUCCESS);
  PetscCall(CostatePairHalf(Udot, 0, x->udot, PETSC_FALSE));
  PetscCall(CostatePairHalf(Udot, 1, x->sdot, PETSC_FALSE));
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode CostatePairLinearise(CostatePair *x)
{
  PetscFunctionBegin;
  if (x->there) PetscFunctionReturn(PETSC_SUCCESS);
  PetscCall(CostateModelRefresh(x->model));
  PetscCall(CostateModelSetPoint(x->model, x->t, x->u, x->udot));
  x->there = PETSC_TRUE;
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* A thousandth of the sizes of u and p; a point that is 0 has none, and 1 will do. */
static PetscErrorCode Step(CostatePair *x, PetscReal *e)
{
  PetscReal size, norm;

  PetscFunctionBegin;
  PetscCall(VecNorm(x->u, NORM_INFINITY, &size));
  PetscCall(VecNorm(x->s, NORM_INFINITY, &norm));
  x->ratio = PetscMax(x->ratio_v, norm / (size > 0 ? size : 1));
  *e       = x->ratio > 0 ? 1e-3 / x->ratio : 0;
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* out = (shift M + R_u)^T w where the model is */
static PetscErrorCode MultTransposed(CostatePair *x, Vec w, Vec out)
{
  PetscFunctionBegin;
  PetscCall(CostateModelMultRuTranspose(x->model, w, out));
  if (x->shift == 0) PetscFunctionReturn(PETSC_SUCCESS);
  PetscCall(CostateModelMultMTranspose(x->model, w, x->f));
  PetscCall(VecAXPY(out, x->shift, x->f));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* The same, and with the gradients of a part, of what is d times the direction away, times w */
static PetscErrorCode AddNearby(CostatePair *x, const CostatePart *part, PetscInt i, PetscReal d, PetscReal w, Vec wu,
                                Vec wp)
{
  PetscFunctionBegin;
  PetscCall(CostatePairParameters(x, d));
  PetscCall(VecWAXPY(x->x, d, x->s, x->u));
  if (!part) {
    if (x->implicit) PetscCall(VecWAXPY(x->xdot, d, x->sdot, x->udot));
    PetscCall(CostateModelRefresh(x->model));
    PetscCall(CostateModelSetPoint(x->model, x->t, x->x, x->xdot));
  }
  if (wu) {
    PetscCall(VecZeroEntries(x->g));
    PetscCall(part ? CostatePartGradient(x->cs, part, i, x->t, x->x, PETSC_FALSE, x->g)
                   : MultTransposed(x, x->b, x->g));
    PetscCall(VecAXPY(wu, w, x->g));
  }
  if (wp) {
    PetscCall(VecZeroEntries(x->gp));
    PetscCall(part ? CostatePartGradient(x->cs, part, i, x->t, x->x, PETSC_TRUE, x->gp)
                   : CostateModelMultRpTranspose(x->model, x->b, x->gp));
    PetscCall(VecAXPY(wp, w, x->gp));
  }
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode CostatePairDifference(CostatePair *x, const CostatePart *part, PetscInt i, Vec wu, Vec wp)
{
  const PetscReal weight[2] = {8. / 12, -1. / 12};
  PetscReal       e         = 0;

  PetscFunctionBegin;
  PetscCall(Step(x, &e));
  if (e == 0) PetscFunctionReturn(PETSC_SUCCESS);
  for (int k = 0; k < 2; k++) {
    for (int sign = 1; sign > -2; sign -= 2)
      PetscCall(AddNearby(x, part, i, sign * (k + 1) * e, sign * weight[k] / e, wu, wp));
  }
  PetscCall(CostatePairParameters(x, 0));
  x->there = PETSC_FALSE;
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode CostatePairChange(CostatePair *x, const CostatePart *part, PetscInt i, Vec wu, Vec wp)
{
  Vec w[2] = {wu, wp};

  PetscFunctionBegin;
  for (int k = 0; k < 2 && !part; k++) {
    if (!w[k] || !x->own[k]) continue;
    PetscCall(CostatePairCheckProducts(x));
    PetscCall(CostatePairProduct(x, k, w[k]));
    w[k] = NULL;
  }
  if (w[0] || w[1]) PetscCall(CostatePairDifference(x, part, i, w[0], w[1]));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* ---- for a TS: u' = f is R = u' - f, whose derivatives have the other sign ---- */

/* out = M sdot + R_u s + R_p v */
static PetscErrorCode Tangent(CostatePair *x, Vec out)
{
  PetscFunctionBegin;
  PetscCall(CostatePairLinearise(x));
  PetscCall(CostateModelMultRu(x->model, x->s, out));
  PetscCall(CostateModelMultRp(x->model, x->v, x->x));
  PetscCall(VecAXPY(out, 1, x->x));
  if (!x->implicit) PetscFunctionReturn(PETSC_SUCCESS);
  PetscCall(CostateModelMultM(x->model, x->sdot, x->x));
  PetscCall(VecAXPY(out, 1, x->x));
  PetscFunctionReturn(PETSC_SUCCESS);
}

static PetscErrorCode RHSFunction(TS ts, PetscReal t, Vec U, Vec F, void *ctx)
{
  CostatePair *x = (CostatePair *)ctx;

  PetscFunctionBegin;
  (void)ts;
  PetscCall(CostatePairPoint(x, t, U, NULL));
  PetscCall(TSComputeRHSFunction(x->cs->ts, t, x->u, x->g));
  PetscCall(CostatePairHalf(F, 0, x->g, PETSC_TRUE));
  PetscCall(Tangent(x, x->g));
  PetscCall(VecScale(x->g, -1));
  PetscCall(CostatePairHalf(F, 1, x->g, PETSC_TRUE));
  PetscFunctionReturn(PETSC_SUCCESS);
}

static PetscErrorCode IFunction(TS ts, PetscReal t, Vec U, Vec Udot, Vec F, void *ctx)
{
  CostatePair *x = (CostatePair *)ctx;

  PetscFunctionBegin;
  (void)ts;
  PetscCall(CostatePairPoint(x, t, U, Udot));
  PetscCall(CostateModelResidual(x->model, t, x->u, x->udot, x->g));
  PetscCall(CostatePairHalf(F, 0, x->g, PETSC_TRUE));
  PetscCall(Tangent(x, x->g));
  PetscCall(CostatePairHalf(F, 1, x->g, PETSC_TRUE));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* The derivatives are products, at the point where they were evaluated last. */
static PetscErrorCode Evaluate(CostatePair *x, PetscReal t, Vec U, Vec Udot, PetscReal shift, Mat J)
{
  PetscFunctionBegin;
  PetscCall(CostatePairPoint(x, t, U, Udot));
  x->shift    = shift;
  x->fresh[0] = x->fresh[1] = PETSC_FALSE;
  PetscCall(MatAssemblyBegin(J, MAT_FINAL_ASSEMBLY));
  PetscCall(MatAssemblyEnd(J, MAT_FINAL_ASSEMBLY));
  PetscFunctionReturn(PETSC_SUCCESS);
}

static PetscErrorCode RHSJacobian(TS ts, PetscReal t, Vec U, Mat J, Mat P, void *ctx)
{
  PetscFunctionBegin;
  (void)ts, (void)P;
  PetscCall(Evaluate((CostatePair *)ctx, t, U, NULL, 0, J));
  PetscFunctionReturn(PETSC_SUCCESS);
}

static PetscErrorCode RHSJacobianP(TS ts, PetscReal t, Vec U, Mat J, void *ctx)
{
  PetscFunctionBegin;
  (void)ts;
  PetscCall(Evaluate((CostatePair *)ctx, t, U, NULL, 0, J));
  PetscFunctionReturn(PETSC_SUCCESS);
}

static PetscErrorCode IJacobian(TS ts, PetscReal t, Vec U, Vec Udot, PetscReal shift, Mat J, Mat P, void *ctx)
{
  PetscFunctionBegin;
  (void)ts, (void)P;
  PetscCall(Evaluate((CostatePair *)ctx, t, U, Udot, shift, J));
  PetscFunctionReturn(PETSC_SUCCESS);
}

static PetscErrorCode IJacobianP(TS ts, PetscReal t, Vec U, Vec Udot, PetscReal shift, Mat J, void *ctx)
{
  PetscFunctionBegin;
  (void)ts;
  PetscCall(Evaluate((CostatePair *)ctx, t, U, Udot, shift, J));
  PetscFunctionReturn(PETSC_SUCCESS);
}

static PetscErrorCode Take(CostatePair *x, Vec in)
{
  PetscFunctionBegin;
  PetscCall(CostatePairHalf(in, 0, x->a, PETSC_FALSE));
  PetscCall(CostatePairHalf(in, 1, x->b, PETSC_FALSE));
  PetscCall(CostatePairLinearise(x));
  PetscFunctionReturn(PETSC_SUCCESS);
}

static PetscErrorCode MultTranspose(Mat J, Vec in, Vec out)
{
  CostatePair *x;

  PetscFunctionBegin;
  PetscCall(MatShellGetContext(J, &x));
  PetscCall(Take(x, in));
  PetscCall(MultTransposed(x, x->b, x->g));
  PetscCall(CostatePairHalf(out, 1, x->g, PETSC_TRUE));
  PetscCall(MultTransposed(x, x->a, x->wu));
  if (!x->gauss_newton) PetscCall(CostatePairChange(x, NULL, 0, x->wu, NULL));
  PetscCall(CostatePairHalf(out, 0, x->wu, PETSC_TRUE));
  if (!x->implicit) PetscCall(VecScale(out, -1));
  PetscFunctionReturn(PETSC_SUCCESS);
}

static PetscErrorCode MultTransposeP(Mat J, Vec in, Vec out)
{
  CostatePair *x;

  PetscFunctionBegin;
  PetscCall(MatShellGetContext(J, &x));
  PetscCall(Take(x, in));
  PetscCall(CostateModelMultRpTranspose(x->model, x->a, x->wp));
  if (!x->gauss_newton) PetscCall(CostatePairChange(x, NULL, 0, NULL, x->wp));
  PetscCall(VecCopy(x->wp, out));
  if (!x->implicit) PetscCall(VecScale(out, -1));
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode CostatePairSetEquation(CostatePair *x, TS ts)
{
  MPI_Comm comm = PetscObjectComm((PetscObject)ts);
  PetscInt n, np;
  Mat      J, Jp;

  PetscFunctionBegin;
  PetscCall(VecGetLocalSize(x->u, &n));
  PetscCall(VecGetLocalSize(x->p, &np));
  PetscCall(MatCreateShell(comm, 2 * n, 2 * n, PETSC_DETERMINE, PETSC_DETERMINE, x, &J));
  PetscCall(MatShellSetOperation(J, MATOP_MULT_TRANSPOSE, (void (*)(void))MultTranspose));
  PetscCall(MatCreateShell(comm, 2 * n, np, PETSC_DETERMINE, PETSC_DETERMINE, x, &Jp));
  PetscCall(MatShellSetOperation(Jp, MATOP_MULT_TRANSPOSE, (void (*)(void))MultTransposeP));
  if (x->implicit) {
    PetscCall(TSSetIFunction(ts, NULL, IFunction, x));
    PetscCall(TSSetIJacobian(ts, J, J, IJacobian, x));
    PetscCall(TSSetIJacobianP(ts, Jp, IJacobianP, x));
  } else {
    PetscCall(TSSetRHSFunction(ts, NULL, RHSFunction, x));
    PetscCall(TSSetRHSJacobian(ts, J, J, RHSJacobian, x));
    PetscCall(TSSetRHSJacobianP(ts, Jp, RHSJacobianP, x));
  }
  PetscCall(MatDestroy(&J));
  PetscCall(MatDestroy(&Jp));
  PetscFunctionReturn(PETSC_SUCCESS);
}
