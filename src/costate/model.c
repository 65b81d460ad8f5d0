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
  PetscCall(CostateModelDuplicate(A, B));
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
             "The adjoint needs the Jacobian of the right-hand side: call TSSetRHSJacobian(), or have it made by "
             "-costate_vjp auto");
  PetscCheck(!m->ifunction || m->ijac, comm, PETSC_ERR_ARG_WRONGSTATE,
             "The adjoint needs the Jacobian of the I-function: call TSSetIJacobian(), or have it made by -costate_vjp "
             "auto");
  PetscCall(TSGetRHSJacobianP(ts, &m->Jp[0], NULL, NULL));
  PetscCall(CostateTSGetIJacobianP(ts, &m->Jp[1], NULL, NULL));
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
  PetscCall(VecDestroy(&m->probed));
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
  m->at++;
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
    PetscCall(CostateTSGetRHSMats(m->ts, &A, &B));
    if (!A || !B) PetscCall(TSGetRHSJacobian(m->ts, &A, &B, NULL, NULL));
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
    PetscCall(CostateModelIsShell(m->Ar, &m->shell_r));
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
  PetscCall(VecDestroy(&m->probed));
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
    PetscCall(CostateModelIsShell(m->Ai, &m->shell_i));
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

/*
  F_u' = J(1) - J(0) times the probe goes to work; norm is that of J(1) times it.  J1 may be Ai, whose shell stands
  where it was evaluated last, as does a copy of it.
*/
static PetscErrorCode ProbeMass(CostateModel m, Mat J1, Mat B1, PetscReal *norm)
{
  PetscFunctionBegin;
  PetscCall(CostateModelNeedI(m));
  if (!m->probe) {
    PetscCall(VecDuplicate(m->u, &m->probe));
    PetscCall(VecSetRandom(m->probe, NULL));
  }
  PetscCall(MatMult(m->Ai, m->probe, m->work2));
  PetscCall(IJacobian(m, 1, J1, B1));
  PetscCall(MatMult(J1, m->probe, m->work));
  if (J1 == m->Ai) m->have_i = PETSC_FALSE;
  PetscCall(VecNorm(m->work, NORM_INFINITY, norm));
  PetscCall(VecAXPY(m->work, -1, m->work2));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* M from what the preconditioner is made of, where J is known by its products: it has to be that of these, too. */
static PetscErrorCode MassOfShell(CostateModel m)
{
  PetscObject differences;
  PetscBool   shell;
  PetscReal   change, norm;
  Mat         B;

  PetscFunctionBegin;
  PetscCall(CostateModelIsShell(m->Bi, &shell));
  PetscCheck(!shell, m->comm, PETSC_ERR_SUP,
             "The Jacobian of the I-function is known by its products only (type %s), and the adjoint needs F_u', the "
             "derivative with respect to u', assembled: give TSSetIJacobian() an assembled matrix to precondition by "
             "beside it, in which F_u' is not approximated",
             ((PetscObject)m->Ai)->type_name);
  PetscCall(MatDuplicate(m->Bi, MAT_DO_NOT_COPY_VALUES, &m->M));
  PetscCall(MatDuplicate(m->Bi, MAT_DO_NOT_COPY_VALUES, &B));
  PetscCall(AcceptNew(m->M));
  PetscCall(AcceptNew(B));
  PetscCall(IJacobian(m, 1, m->Ai, m->M));
  PetscCall(IJacobian(m, 0, m->Ai, m->Bi));
  PetscCall(MatAXPY(m->M, -1, m->Bi, SAME_NONZERO_PATTERN));
  PetscCall(ProbeMass(m, m->Ai, B, &norm));
  PetscCall(MatDestroy(&B));
  PetscCall(MatMult(m->M, m->probe, m->work2));
  PetscCall(VecAXPY(m->work, -1, m->work2));
  PetscCall(VecNorm(m->work, NORM_INFINITY, &change));
  PetscCall(PetscObjectQuery((PetscObject)m->ts, COSTATE_DIFFERENCES, &differences));
  PetscCheck(change <= (differences ? 1e-5 : 1e-9) * norm, m->comm, PETSC_ERR_SUP,
             "F_u', the derivative of the I-function with respect to u', is another one in the Jacobian that is known "
             "by its products (type %s) than in the assembled matrix to precondition by, by %.3g of the Jacobian: the "
             "function of TSSetIJacobian() has to put the whole of shift F_u' into both",
             ((PetscObject)m->Ai)->type_name, (double)(change / norm));
  PetscFunctionReturn(PETSC_SUCCESS);
}

static PetscErrorCode MassAssembled(CostateModel m)
{
  Mat B;

  PetscFunctionBegin;
  PetscCall(MatDuplicate(m->Ai, MAT_DO_NOT_COPY_VALUES, &m->M));
  B = m->M;
  if (m->Bi != m->Ai) PetscCall(MatDuplicate(m->Bi, MAT_DO_NOT_COPY_VALUES, &B));
  PetscCall(IJacobian(m, 1, m->M, B));
  if (B != m->M) PetscCall(MatDestroy(&B));
  PetscCall(MatAXPY(m->M, -1, m->Ai, SAME_NONZERO_PATTERN));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* M, and which of its rows and columns are zero. */
PetscErrorCode CostateModelNeedMass(CostateModel m)
{
  Mat       MT;
  PetscBool any;

  PetscFunctionBegin;
  if (m->have_mass || !m->ifunction) PetscFunctionReturn(PETSC_SUCCESS);
  PetscCall(CostateModelNeedI(m));
  PetscCall(m->shell_i ? MassOfShell(m) : MassAssembled(m));
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
  PetscObject differences;
  PetscReal   norm, change;

  PetscFunctionBegin;
  if (!m->ifunction) PetscFunctionReturn(PETSC_SUCCESS);
  PetscCall(PetscObjectQuery((PetscObject)m->ts, COSTATE_DIFFERENCES, &differences));
  PetscCall(CostateModelNeedI(m));
  if (!m->J1 && !m->shell_i) PetscCall(MatDuplicate(m->Ai, MAT_DO_NOT_COPY_VALUES, &m->J1));
  if (!m->B1 && m->Bi != m->Ai) PetscCall(MatDuplicate(m->Bi, MAT_DO_NOT_COPY_VALUES, &m->B1));
  PetscCall(ProbeMass(m, m->shell_i ? m->Ai : m->J1, m->B1 ? m->B1 : m->shell_i ? m->Ai : m->J1, &norm));
  if (!m->probed) { /* M, if it is there, else what it is now, times the probe */
    PetscCall(VecDuplicate(m->u, &m->probed));
    PetscCall(m->have_mass ? MatMult(m->M, m->probe, m->probed) : VecCopy(m->work, m->probed));
  }
  PetscCall(VecAXPY(m->work, -1, m->probed));
  PetscCall(VecNorm(m->work, NORM_INFINITY, &change));
  PetscCheck(change <= (differences ? 1e-5 : 1e-9) * norm, m->comm, PETSC_ERR_SUP,
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
