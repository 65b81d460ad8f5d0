/* SPDX-License-Identifier: BSD-2-Clause */
/*
  Products of the derivatives of the residual R = F - G of a TS.

  J(shift) = shift M + R_u comes from IJacobian(shift) - RHSJacobian.  M = F_u' is J(1) - J(0); it is taken to be
  constant, which is checked at each state of the run that a sweep sees.
*/
#include "modelimpl.h"

/* ARKIMEX and ROSW assemble a matrix of the user that they do not need with its diagonal alone. */
static PetscErrorCode AcceptNew(Mat A)
{
  PetscFunctionBegin;
  PetscCall(MatSetOption(A, MAT_NEW_NONZERO_ALLOCATION_ERR, PETSC_FALSE));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* A matrix like the one of the user, which is evaluated once if nobody did so far. */
static PetscErrorCode Like(CostateModel m, Mat A, Mat *B)
{
  PetscBool assembled;

  PetscFunctionBegin;
  PetscCall(MatAssembled(A, &assembled));
  PetscCheck(assembled, m->comm, PETSC_ERR_PLIB, "A Jacobian is not assembled after its function was called");
  PetscCall(MatDuplicate(A, MAT_COPY_VALUES, B));
  PetscCall(AcceptNew(*B));
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode CostateModelCreate(TS ts, Vec u, const char prefix[], CostateModel *model)
{
  CostateModel m;
  MPI_Comm     comm = PetscObjectComm((PetscObject)ts);

  PetscFunctionBegin;
  PetscCall(PetscNew(&m));
  *model  = m;
  m->comm = comm;
  m->ts   = ts;
  PetscCall(TSGetRHSFunction(ts, NULL, &m->rhs, &m->rhsctx));
  PetscCall(TSGetIFunction(ts, NULL, &m->ifunction, NULL));
  PetscCall(TSGetRHSJacobian(ts, NULL, NULL, &m->rhsjac, &m->rhsjacctx));
  PetscCall(TSGetIJacobian(ts, NULL, NULL, &m->ijac, &m->ijacctx));
  PetscCheck(!m->rhs || m->rhsjac, comm, PETSC_ERR_ARG_WRONGSTATE,
             "The adjoint needs the Jacobian of the right-hand side: call TSSetRHSJacobian()");
  PetscCheck(!m->ifunction || m->ijac, comm, PETSC_ERR_ARG_WRONGSTATE,
             "The adjoint needs the Jacobian of the I-function: call TSSetIJacobian()");
  PetscCall(TSGetRHSJacobianP(ts, &m->Jp[0], NULL, NULL));
  PetscCall(CostateTSGetIJacobianP(ts, &m->Jp[1]));
  m->constant_rhs = (PetscBool)(m->rhsjac == TSComputeRHSJacobianConstant);
  PetscCall(VecDuplicate(u, &m->u));
  PetscCall(VecDuplicate(u, &m->udot));
  PetscCall(VecDuplicate(u, &m->work));
  PetscCall(VecDuplicate(u, &m->work2));
  PetscCall(VecDuplicate(u, &m->zero));
  PetscCall(VecZeroEntries(m->zero));
  m->prefix = prefix;
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode CostateModelDestroy(CostateModel *model)
{
  CostateModel m = *model;

  PetscFunctionBegin;
  if (!m) PetscFunctionReturn(PETSC_SUCCESS);
  PetscCall(MatDestroy(&m->Ar));
  PetscCall(MatDestroy(&m->Br));
  PetscCall(MatDestroy(&m->Ai));
  PetscCall(MatDestroy(&m->Bi));
  PetscCall(MatDestroy(&m->M));
  PetscCall(MatDestroy(&m->J1));
  PetscCall(MatDestroy(&m->B1));
  PetscCall(VecDestroy(&m->probe));
  PetscCall(MatDestroy(&m->S));
  PetscCall(MatDestroy(&m->SP));
  PetscCall(MatDestroy(&m->T));
  PetscCall(MatDestroy(&m->TP));
  PetscCall(MatDestroy(&m->K));
  PetscCall(MatDestroy(&m->KT));
  PetscCall(KSPDestroy(&m->ksp));
  PetscCall(KSPDestroy(&m->kspt));
  PetscCall(VecDestroy(&m->algebraic));
  PetscCall(VecDestroy(&m->columns));
  PetscCall(VecDestroy(&m->u));
  PetscCall(VecDestroy(&m->udot));
  PetscCall(VecDestroy(&m->work));
  PetscCall(VecDestroy(&m->work2));
  PetscCall(VecDestroy(&m->zero));
  PetscCall(PetscFree(*model));
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode CostateModelGetCounts(CostateModel m, CostateModelCounts *counts)
{
  PetscFunctionBegin;
  *counts = m->counts;
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode CostateModelIsExplicit(CostateModel m, PetscBool *yes)
{
  PetscFunctionBegin;
  *yes = (PetscBool)!m->ifunction;
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode CostateModelSetPoint(CostateModel m, PetscReal t, Vec u, Vec udot)
{
  PetscFunctionBegin;
  m->t = t;
  PetscCall(VecCopy(u, m->u));
  if (udot) PetscCall(VecCopy(udot, m->udot));
  m->have_i = PETSC_FALSE;
  if (!m->constant_rhs) m->have_r = PETSC_FALSE;
  m->have_k = PETSC_FALSE;
  m->have_p = PETSC_FALSE;
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* A copy of a constant Jacobian, which the solver of the run may have scaled and shifted in place. */
static PetscErrorCode Constant(CostateModel m, Mat A, Mat *C)
{
  PetscReal scale, shift;

  PetscFunctionBegin;
  PetscCall(MatDestroy(C));
  PetscCall(Like(m, A, C));
  PetscCall(CostateTSGetRHSJacobianScale(m->ts, &scale, &shift));
  if (shift != 0) PetscCall(MatShift(*C, -shift));
  if (scale != 1 && scale != 0) PetscCall(MatScale(*C, 1 / scale));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* The Jacobian of G at the point. */
PetscErrorCode CostateModelNeedR(CostateModel m)
{
  Mat A, B;

  PetscFunctionBegin;
  if (m->have_r || !m->rhs) PetscFunctionReturn(PETSC_SUCCESS);
  if (!m->Ar || m->constant_rhs) {
    PetscCall(TSGetRHSJacobian(m->ts, &A, &B, NULL, NULL));
    PetscCheck(A && B, m->comm, PETSC_ERR_ARG_WRONGSTATE, "TSSetRHSJacobian() was given no matrix: give it one");
    PetscCall(AcceptNew(A));
    PetscCall(AcceptNew(B));
    if (!m->constant_rhs) PetscCallBack("TS callback Jacobian", (*m->rhsjac)(m->ts, m->t, m->u, A, B, m->rhsjacctx));
    PetscCall(m->constant_rhs ? Constant(m, A, &m->Ar) : Like(m, A, &m->Ar));
    if (B == A) {
      PetscCall(MatDestroy(&m->Br));
      PetscCall(PetscObjectReference((PetscObject)m->Ar));
      m->Br = m->Ar;
    } else
      PetscCall(m->constant_rhs ? Constant(m, B, &m->Br) : Like(m, B, &m->Br));
  } else
    PetscCallBack("TS callback Jacobian", (*m->rhsjac)(m->ts, m->t, m->u, m->Ar, m->Br, m->rhsjacctx));
  m->counts.jacobians++;
  m->have_r = PETSC_TRUE;
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* What is constant along a run, a Jacobian or M, may be another one in the next run, with other parameters. */
PetscErrorCode CostateModelRefresh(CostateModel m)
{
  PetscFunctionBegin;
  m->have_r = m->have_i = m->have_k = m->have_p = m->have_mass = PETSC_FALSE;
  PetscCall(MatDestroy(&m->M));
  PetscCall(MatDestroy(&m->K));
  PetscCall(MatDestroy(&m->KT));
  PetscCall(VecDestroy(&m->algebraic));
  PetscCall(VecDestroy(&m->columns));
  PetscCall(PetscMemzero(&m->counts, sizeof(m->counts)));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* The Jacobian of F at the point, with a shift. */
static PetscErrorCode IJacobian(CostateModel m, PetscReal shift, Mat A, Mat B)
{
  PetscFunctionBegin;
  PetscCallBack("TS callback implicit Jacobian", (*m->ijac)(m->ts, m->t, m->u, m->udot, shift, A, B, m->ijacctx));
  m->counts.jacobians++;
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode CostateModelNeedI(CostateModel m)
{
  PetscFunctionBegin;
  if (m->have_i || !m->ifunction) PetscFunctionReturn(PETSC_SUCCESS);
  if (!m->Ai) {
    Mat A, B;

    PetscCall(TSGetIJacobian(m->ts, &A, &B, NULL, NULL));
    PetscCheck(A && B, m->comm, PETSC_ERR_ARG_WRONGSTATE, "TSSetIJacobian() was given no matrix: give it one");
    PetscCall(AcceptNew(A));
    PetscCall(AcceptNew(B));
    PetscCall(IJacobian(m, 0, A, B));
    PetscCall(Like(m, A, &m->Ai));
    if (B == A) {
      PetscCall(PetscObjectReference((PetscObject)m->Ai));
      m->Bi = m->Ai;
    } else
      PetscCall(Like(m, B, &m->Bi));
  } else
    PetscCall(IJacobian(m, 0, m->Ai, m->Bi));
  m->have_i = PETSC_TRUE;
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Where the rows of A are zero; what is left by subtracting two Jacobians is not exactly so. */
static PetscErrorCode ZeroRows(Mat A, Vec mask, PetscBool *any)
{
  PetscScalar *a;
  PetscReal    most;
  PetscInt     n;

  PetscFunctionBegin;
  PetscCall(MatGetRowMaxAbs(A, mask, NULL));
  PetscCall(VecMax(mask, NULL, &most));
  PetscCall(VecGetLocalSize(mask, &n));
  PetscCall(VecGetArray(mask, &a));
  for (PetscInt i = 0; i < n; i++) a[i] = PetscRealPart(a[i]) <= 1e-12 * most ? 1 : 0;
  PetscCall(VecRestoreArray(mask, &a));
  PetscCall(VecMax(mask, NULL, &most));
  *any = (PetscBool)(most > 0);
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* M, and which of its rows and columns are zero. */
PetscErrorCode CostateModelNeedMass(CostateModel m)
{
  Mat       B, MT;
  PetscBool any;

  PetscFunctionBegin;
  if (m->have_mass || !m->ifunction) PetscFunctionReturn(PETSC_SUCCESS);
  PetscCall(CostateModelNeedI(m));
  PetscCall(MatDuplicate(m->Ai, MAT_DO_NOT_COPY_VALUES, &m->M));
  B = m->M;
  if (m->Bi != m->Ai) PetscCall(MatDuplicate(m->Bi, MAT_DO_NOT_COPY_VALUES, &B));
  PetscCall(IJacobian(m, 1, m->M, B));
  if (B != m->M) PetscCall(MatDestroy(&B));
  PetscCall(MatAXPY(m->M, -1, m->Ai, SAME_NONZERO_PATTERN));
  PetscCall(VecDuplicate(m->u, &m->algebraic));
  PetscCall(VecDuplicate(m->u, &m->columns));
  PetscCall(ZeroRows(m->M, m->algebraic, &m->dae));
  PetscCall(MatTranspose(m->M, MAT_INITIAL_MATRIX, &MT));
  PetscCall(ZeroRows(MT, m->columns, &any));
  PetscCall(MatDestroy(&MT));
  m->have_mass = PETSC_TRUE;
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* That F_u' is what it was: the adjoint of an equation in which it changes has a term more. */
PetscErrorCode CostateModelCheckMass(CostateModel m)
{
  PetscReal norm, change;

  PetscFunctionBegin;
  if (!m->ifunction) PetscFunctionReturn(PETSC_SUCCESS);
  PetscCall(CostateModelNeedMass(m));
  PetscCall(CostateModelNeedI(m));
  if (!m->J1) {
    PetscCall(MatDuplicate(m->Ai, MAT_DO_NOT_COPY_VALUES, &m->J1));
    if (m->Bi != m->Ai) PetscCall(MatDuplicate(m->Bi, MAT_DO_NOT_COPY_VALUES, &m->B1));
    PetscCall(VecDuplicate(m->u, &m->probe));
    PetscCall(VecSetRandom(m->probe, NULL));
  }
  PetscCall(IJacobian(m, 1, m->J1, m->B1 ? m->B1 : m->J1));
  PetscCall(MatMult(m->J1, m->probe, m->work));
  PetscCall(VecNorm(m->work, NORM_INFINITY, &norm));
  PetscCall(MatMult(m->Ai, m->probe, m->work2));
  PetscCall(VecAXPY(m->work, -1, m->work2));
  PetscCall(MatMult(m->M, m->probe, m->work2));
  PetscCall(VecAXPY(m->work, -1, m->work2));
  PetscCall(VecNorm(m->work, NORM_INFINITY, &change));
  PetscCheck(change <= 1e-9 * norm, m->comm, PETSC_ERR_SUP,
             "F_u', the derivative of the I-function with respect to u', changes along the run (at t = %g by %.3g of "
             "the "
             "Jacobian). Continuous adjoints and the adjoint steps of Crank-Nicolson are made for a constant one: use "
             "-costate_type discrete with -ts_type beuler or theta",
             (double)m->t, (double)(change / norm));
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode CostateModelIsDAE(CostateModel m, PetscBool *yes)
{
  PetscFunctionBegin;
  PetscCall(CostateModelNeedMass(m));
  *yes = m->dae;
  PetscFunctionReturn(PETSC_SUCCESS);
}
