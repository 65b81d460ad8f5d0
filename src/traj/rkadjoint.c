/* SPDX-License-Identifier: BSD-2-Clause */
/*
  Before 3.21.4 PETSc's adjoint step of explicit Runge-Kutta methods drops the parameter term of a stage whose weight
  b_i is zero and scales the one of the stage before it again: the parameter gradient of 5dp, 5f and others is wrong by
  per cents, that of the initial state is right.  Where parameters and such a stage come together, this step takes its
  place:

    theta_i = lambda + sum_{j>i} a_ji / b_i l_j
    l_i = h b_i (f_u(Y_i)^T theta_i + r_u),  mu += h b_i (f_p(Y_i)^T theta_i + r_p)

    and with b_i = 0:  theta_i = sum_{j>i} a_ji l_j,  l_i = h f_u(Y_i)^T theta_i,  mu += h f_p(Y_i)^T theta_i

  with lambda += sum l_i at the end.  The operations on lambda are those of PETSc in the same order, so its bits are the
  same.
*/
#include "trajimpl.h"
#include "rkadjoint.h"

/* Stages of the table that take part in the adjoint: the last one of an FSAL method does not. */
static PetscInt Stages(PetscInt s, PetscBool fsal)
{
  return fsal ? s - 1 : s;
}

PetscErrorCode CostateRKAdjointNeeded(TS ts, PetscBool *needed)
{
  PetscBool        rk, fsal, multirate;
  PetscInt         s;
  const PetscReal *b;

  PetscFunctionBegin;
  *needed = PETSC_FALSE;
  if (!COSTATE_RK_MU_WRONG || !ts->vecs_sensip) PetscFunctionReturn(PETSC_SUCCESS);
  PetscCall(PetscObjectTypeCompare((PetscObject)ts, TSRK, &rk));
  if (!rk) PetscFunctionReturn(PETSC_SUCCESS);
  PetscCall(TSRKGetMultirate(ts, &multirate));
  if (multirate) PetscFunctionReturn(PETSC_SUCCESS);
  PetscCall(TSRKGetTableau(ts, &s, NULL, &b, NULL, NULL, NULL, NULL, &fsal));
  for (PetscInt i = 0; i < Stages(s, fsal); i++) *needed = (PetscBool)(*needed || b[i] == 0);
  PetscCheck(!*needed || !ts->vecs_sensi2, PetscObjectComm((PetscObject)ts), PETSC_ERR_SUP,
             "The second-order adjoint with respect to parameters is wrong in PETSc for Runge-Kutta methods with a "
             "weight that is "
             "zero: use another -ts_rk_type, such as 4");
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* v += a * (column nadj of the dense matrix m), with col as a vector without storage. */
static PetscErrorCode AddColumn(Vec v, PetscScalar a, Mat m, PetscInt nadj, Vec col)
{
  PetscScalar *x;

  PetscFunctionBegin;
  PetscCall(MatDenseGetColumn(m, nadj, &x));
  PetscCall(VecPlaceArray(col, x));
  PetscCall(VecAXPY(v, a, col));
  PetscCall(VecResetArray(col));
  PetscCall(MatDenseRestoreColumn(m, &x));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* What a step works with.  The TS keeps it: for a few unknowns to make it takes as long as all the rest of the step. */
typedef struct {
  PetscObjectId lambda, mu; /* what the vectors are like */
  PetscInt      n;
  Vec          *dl, theta, dmu;
} Work;

static const char *const work_name = "CostateRKAdjointWork";

static PetscErrorCode WorkDestroy(CostateCtxArg ctx)
{
  Work *w = (Work *)COSTATE_CTX(ctx);

  PetscFunctionBegin;
  PetscCall(VecDestroyVecs(w->n, &w->dl));
  PetscCall(VecDestroy(&w->theta));
  PetscCall(VecDestroy(&w->dmu));
  PetscCall(PetscFree(w));
  PetscFunctionReturn(PETSC_SUCCESS);
}

static PetscErrorCode GetWork(TS ts, PetscInt n, Work **work)
{
  PetscContainer c;
  PetscObjectId  lambda, mu;
  Work          *w;

  PetscFunctionBegin;
  PetscCall(PetscObjectGetId((PetscObject)ts->vecs_sensi[0], &lambda));
  PetscCall(PetscObjectGetId((PetscObject)ts->vecs_sensip[0], &mu));
  PetscCall(PetscObjectQuery((PetscObject)ts, work_name, (PetscObject *)&c));
  if (c) {
    PetscCall(PetscContainerGetPointer(c, (void **)work));
    if ((*work)->n == n && (*work)->lambda == lambda && (*work)->mu == mu) PetscFunctionReturn(PETSC_SUCCESS);
  }
  PetscCall(PetscNew(&w));
  w->lambda = lambda;
  w->mu     = mu;
  w->n      = n;
  PetscCall(VecDuplicateVecs(ts->vecs_sensi[0], n, &w->dl));
  PetscCall(VecDuplicate(ts->vecs_sensi[0], &w->theta));
  PetscCall(VecDuplicate(ts->vecs_sensip[0], &w->dmu));
  PetscCall(PetscContainerCreate(PetscObjectComm((PetscObject)ts), &c));
  PetscCall(PetscContainerSetPointer(c, w));
  PetscCall(PetscContainerSetCtxDestroy(c, WorkDestroy));
  PetscCall(PetscObjectCompose((PetscObject)ts, work_name, (PetscObject)c)); /* destroys the one before */
  PetscCall(PetscContainerDestroy(&c));
  *work = w;
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode CostateRKAdjointStep(TS ts)
{
  Work            *work;
  TS               quad = ts->quadraturets;
  Mat              J, Jpre, Jquad = NULL;
  Vec             *Y, *dl, theta, dmu;
  const PetscReal *A, *b, *c;
  PetscScalar     *w;
  PetscReal        h = ts->time_step; /* negative on the way back */
  PetscInt         s, ns;
  PetscBool        fsal;

  PetscFunctionBegin;
  PetscCall(TSRKGetTableau(ts, &s, &A, &b, &c, NULL, NULL, NULL, &fsal));
  PetscCall(TSGetStages(ts, &ns, &Y));
  PetscCall(TSGetRHSJacobian(ts, &J, &Jpre, NULL, NULL));
  if (quad) PetscCall(TSGetRHSJacobian(quad, &Jquad, NULL, NULL, NULL));
  PetscCall(GetWork(ts, s * ts->numcost, &work));
  dl    = work->dl;
  theta = work->theta;
  dmu   = work->dmu;
  PetscCall(PetscMalloc1(s, &w));
  for (PetscInt i = 0; i < s * ts->numcost; i++) PetscCall(VecZeroEntries(dl[i]));
  for (PetscInt i = Stages(s, fsal) - 1; i >= 0; i--) {
    PetscReal t = ts->ptime + h * (PetscReal)(1.0 - c[i]), hb = b[i] ? -h * b[i] : -h;

    PetscCall(TSComputeRHSJacobian(ts, t, Y[i], J, Jpre));
    PetscCall(TSComputeRHSJacobianP(ts, t, Y[i], ts->Jacprhs));
    if (quad) PetscCall(TSComputeRHSJacobian(quad, t, Y[i], Jquad, Jquad));
    if (quad) PetscCall(TSComputeRHSJacobianP(quad, t, Y[i], quad->Jacprhs));
    for (PetscInt j = i + 1; j < s; j++) w[j - i - 1] = b[i] ? A[j * s + i] / b[i] : A[j * s + i];
    for (PetscInt n = 0; n < ts->numcost; n++) {
      Vec l = dl[n * s + i];

      if (b[i])
        PetscCall(VecCopy(ts->vecs_sensi[n], theta));
      else
        PetscCall(VecZeroEntries(theta));
      PetscCall(VecMAXPY(theta, s - i - 1, w, &dl[n * s + i + 1]));
      PetscCall(MatMultTranspose(J, theta, l));
      PetscCall(VecScale(l, hb));
      PetscCall(MatMultTranspose(ts->Jacprhs, theta, dmu));
      PetscCall(VecScale(dmu, hb));
      if (quad && b[i]) {
        PetscCall(AddColumn(l, hb, Jquad, n, ts->vec_drdu_col));
        PetscCall(AddColumn(dmu, hb, quad->Jacprhs, n, ts->vec_drdp_col));
      }
      PetscCall(VecAXPY(ts->vecs_sensip[n], 1., dmu));
    }
  }
  for (PetscInt j = 0; j < s; j++) w[j] = 1.0;
  for (PetscInt n = 0; n < ts->numcost; n++) PetscCall(VecMAXPY(ts->vecs_sensi[n], s, w, &dl[n * s]));
  PetscCall(PetscFree(w));
  PetscFunctionReturn(PETSC_SUCCESS);
}
