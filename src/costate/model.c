/* SPDX-License-Identifier: BSD-2-Clause */
/*
  Products of the derivatives of the residual R = F - G of a TS.

  J(shift) = shift M + R_u comes from IJacobian(shift) - RHSJacobian.  M = F_u' is J(1) - J(0); it is taken to be
  constant, which is checked at each state of the run that a sweep sees.
*/
#include "../base/compat.h"
#include <costate.h>
#include <costate/model.h>

struct _n_CostateModel {
  TS                 ts;
  MPI_Comm           comm;
  TSRHSFunction      rhs;
  TSRHSJacobian      rhsjac;
  TSIFunction        ifunction;
  TSIJacobian        ijac;
  void              *rhsctx, *ijacctx, *rhsjacctx;
  Mat                Ar, Br; /* the Jacobian of G and what its preconditioner is made of */
  Mat                Ai, Bi; /* that of F, with shift 0 */
  Mat                M;      /* NULL: the identity */
  Mat                J1, B1; /* with shift 1, to see that M is constant */
  Vec                probe;
  Mat                Jp[2];        /* of TSSetRHSJacobianP(), TSSetIJacobianP(); not ours */
  Mat                S, SP, T, TP; /* shifted, and its transpose */
  Mat                K, KT;        /* M, with the algebraic rows of R_u where M has none */
  KSP                ksp, kspt;
  Vec                algebraic, columns; /* 1 on the rows of M that are zero, on the columns; else 0 */
  PetscBool          constant_rhs, dae, have_mass;
  PetscReal          t;
  Vec                u, udot, work, work2, zero;
  PetscBool          have_r, have_i, have_k, have_p;
  const char        *prefix;
  CostateModelCounts counts;
};

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
static PetscErrorCode NeedR(CostateModel m)
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

/* A constant Jacobian may be another one in the next run. */
PetscErrorCode CostateModelRefresh(CostateModel m)
{
  PetscFunctionBegin;
  m->have_r = PETSC_FALSE;
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

static PetscErrorCode NeedI(CostateModel m)
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
static PetscErrorCode NeedMass(CostateModel m)
{
  Mat       B, MT;
  PetscBool any;

  PetscFunctionBegin;
  if (m->have_mass || !m->ifunction) PetscFunctionReturn(PETSC_SUCCESS);
  PetscCall(NeedI(m));
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
  PetscCall(NeedMass(m));
  PetscCall(NeedI(m));
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
  PetscCall(NeedMass(m));
  *yes = m->dae;
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode CostateModelMultRuTranspose(CostateModel m, Vec v, Vec out)
{
  PetscFunctionBegin;
  PetscCall(NeedR(m));
  PetscCall(NeedI(m));
  m->counts.jtv++;
  if (m->rhs) {
    PetscCall(MatMultTranspose(m->Ar, v, out));
    PetscCall(VecScale(out, -1));
    if (m->ifunction) PetscCall(MatMultTransposeAdd(m->Ai, v, out, out));
  } else
    PetscCall(MatMultTranspose(m->Ai, v, out));
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode CostateModelMultRu(CostateModel m, Vec v, Vec out)
{
  PetscFunctionBegin;
  PetscCall(NeedR(m));
  PetscCall(NeedI(m));
  if (m->rhs) {
    PetscCall(MatMult(m->Ar, v, out));
    PetscCall(VecScale(out, -1));
    if (m->ifunction) PetscCall(MatMultAdd(m->Ai, v, out, out));
  } else
    PetscCall(MatMult(m->Ai, v, out));
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode CostateModelMultMTranspose(CostateModel m, Vec v, Vec out)
{
  PetscFunctionBegin;
  PetscCall(NeedMass(m));
  if (m->M)
    PetscCall(MatMultTranspose(m->M, v, out));
  else
    PetscCall(VecCopy(v, out));
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode CostateModelMultM(CostateModel m, Vec v, Vec out)
{
  PetscFunctionBegin;
  PetscCall(NeedMass(m));
  if (m->M)
    PetscCall(MatMult(m->M, v, out));
  else
    PetscCall(VecCopy(v, out));
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode CostateModelMultRpTranspose(CostateModel m, Vec v, Vec out)
{
  Mat J = m->Jp[1] ? m->Jp[1] : m->Jp[0];

  PetscFunctionBegin;
  m->counts.jptv++;
  if (!m->have_p) PetscCall(TSComputeIJacobianP(m->ts, m->t, m->u, m->udot, 0, J, PETSC_FALSE));
  m->have_p = PETSC_TRUE;
  PetscCall(MatMultTranspose(J, v, out));
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode CostateModelGetRp(CostateModel m, PetscInt j, Vec out)
{
  Mat J = m->Jp[1] ? m->Jp[1] : m->Jp[0];

  PetscFunctionBegin;
  if (!m->have_p) PetscCall(TSComputeIJacobianP(m->ts, m->t, m->u, m->udot, 0, J, PETSC_FALSE));
  m->have_p = PETSC_TRUE;
  PetscCall(MatGetColumnVector(J, out, j));
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode CostateModelResidual(CostateModel m, PetscReal t, Vec u, Vec udot, Vec r)
{
  PetscFunctionBegin;
  m->counts.f++;
  PetscCall(TSComputeIFunction(m->ts, t, u, udot, r, PETSC_FALSE));
  PetscFunctionReturn(PETSC_SUCCESS);
}

static PetscErrorCode Shifted(CostateModel m, PetscReal shift, Mat A, Mat Ar, Mat *S)
{
  PetscFunctionBegin;
  if (*S) {
    if (m->ifunction)
      PetscCall(MatCopy(A, *S, SAME_NONZERO_PATTERN));
    else
      PetscCall(MatCopy(Ar, *S, SAME_NONZERO_PATTERN));
  } else
    PetscCall(MatDuplicate(m->ifunction ? A : Ar, MAT_COPY_VALUES, S));
  if (m->ifunction) {
    PetscCall(MatAXPY(*S, shift, m->M, SUBSET_NONZERO_PATTERN));
    if (m->rhs) PetscCall(MatAXPY(*S, -1, Ar, DIFFERENT_NONZERO_PATTERN));
  } else {
    PetscCall(MatScale(*S, -1));
    PetscCall(MatShift(*S, shift));
  }
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode CostateModelGetShifted(CostateModel m, PetscReal shift, Mat *A, Mat *P)
{
  PetscFunctionBegin;
  PetscCall(NeedR(m));
  PetscCall(NeedI(m));
  PetscCall(NeedMass(m));
  if (m->ifunction && m->rhs) PetscCall(MatDestroy(&m->S)); /* the pattern is that of a sum */
  PetscCall(Shifted(m, shift, m->Ai, m->Ar, &m->S));
  if ((m->rhs && m->Br != m->Ar) || (m->ifunction && m->Bi != m->Ai)) {
    if (m->ifunction && m->rhs) PetscCall(MatDestroy(&m->SP));
    PetscCall(Shifted(m, shift, m->Bi, m->Br, &m->SP));
  }
  *A = m->S;
  *P = m->SP ? m->SP : m->S;
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* MAT_REUSE_MATRIX refuses a matrix whose pattern has changed. */
static PetscErrorCode Transpose(CostateModel m, Mat S, Mat *T)
{
  PetscFunctionBegin;
  if (m->ifunction && m->rhs) PetscCall(MatDestroy(T));
  PetscCall(MatTranspose(S, *T ? MAT_REUSE_MATRIX : MAT_INITIAL_MATRIX, T));
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode CostateModelGetTransposed(CostateModel m, PetscReal shift, Mat *A, Mat *P)
{
  Mat S, SP;

  PetscFunctionBegin;
  PetscCall(CostateModelGetShifted(m, shift, &S, &SP));
  PetscCall(Transpose(m, S, &m->T));
  if (SP != S) PetscCall(Transpose(m, SP, &m->TP));
  *A = m->T;
  *P = SP != S ? m->TP : m->T;
  PetscFunctionReturn(PETSC_SUCCESS);
}

static PetscErrorCode CreateKSP(CostateModel m, KSP *ksp)
{
  PetscFunctionBegin;
  if (*ksp) PetscFunctionReturn(PETSC_SUCCESS);
  PetscCall(KSPCreate(m->comm, ksp));
  PetscCall(KSPSetOptionsPrefix(*ksp, m->prefix));
  PetscCall(KSPAppendOptionsPrefix(*ksp, "costate_adjoint_mass_"));
  PetscCall(KSPSetTolerances(*ksp, 1e-13, 1e-50, PETSC_DEFAULT, 1000));
  PetscCall(KSPSetErrorIfNotConverged(*ksp, PETSC_TRUE));
  PetscCall(KSPSetFromOptions(*ksp));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* K has the rows of M, and where these are zero those of R_u: with it slopes are found, and lambda begins. */
static PetscErrorCode NeedK(CostateModel m)
{
  PetscFunctionBegin;
  PetscCall(NeedMass(m));
  if (m->have_k || (m->K && !m->dae)) PetscFunctionReturn(PETSC_SUCCESS);
  PetscCall(MatDestroy(&m->K));
  PetscCall(MatDestroy(&m->KT));
  if (m->dae) {
    PetscCall(NeedR(m));
    PetscCall(NeedI(m));
    PetscCall(Shifted(m, 0, m->Ai, m->Ar, &m->K)); /* not S: a solver may hold that */
    PetscCall(MatDiagonalScale(m->K, m->algebraic, NULL));
    PetscCall(MatAXPY(m->K, 1, m->M, DIFFERENT_NONZERO_PATTERN));
  } else {
    PetscCall(PetscObjectReference((PetscObject)m->M));
    m->K = m->M;
  }
  PetscCall(MatTranspose(m->K, MAT_INITIAL_MATRIX, &m->KT));
  PetscCall(CreateKSP(m, &m->ksp));
  PetscCall(KSPSetOperators(m->ksp, m->K, m->K));
  PetscCall(CreateKSP(m, &m->kspt));
  PetscCall(KSPSetOperators(m->kspt, m->KT, m->KT));
  m->have_k = PETSC_TRUE;
  PetscFunctionReturn(PETSC_SUCCESS);
}

/*
  u' at (t,u).  Where M has rows, these say M u' = -R(t,u,0); the others, 0 = h(t,u), are differentiated: h_u u' = -h_t,
  with h_t by a difference, so that t has to enter h smoothly.  Sets the point.
*/
PetscErrorCode CostateModelSlope(CostateModel m, PetscReal t, Vec u, Vec udot)
{
  PetscFunctionBegin;
  if (!m->ifunction) {
    m->counts.f++;
    PetscCall(TSComputeRHSFunction(m->ts, t, u, udot));
    PetscFunctionReturn(PETSC_SUCCESS);
  }
  PetscCall(CostateModelSetPoint(m, t, u, m->zero));
  PetscCall(NeedK(m));
  PetscCall(CostateModelResidual(m, t, u, m->zero, m->work));
  PetscCall(VecScale(m->work, -1));
  if (m->dae) {
    const PetscReal d = 1e-5 * PetscMax(1, PetscAbsReal(t));
    Vec             a = m->work2, b = udot;

    PetscCall(CostateModelResidual(m, t + d, u, m->zero, a));
    PetscCall(CostateModelResidual(m, t - d, u, m->zero, b));
    PetscCall(VecAXPY(a, -1, b));
    PetscCall(VecScale(a, -1 / (2 * d)));
    /* rows of M from work, the others from a */
    PetscCall(VecAXPY(a, -1, m->work));
    PetscCall(VecPointwiseMult(a, a, m->algebraic));
    PetscCall(VecAXPY(m->work, 1, a));
  }
  PetscCall(KSPSolve(m->ksp, m->work, udot));
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode CostateModelStart(CostateModel m, Vec w, Vec gu, Vec lambda, Vec mu)
{
  PetscFunctionBegin;
  if (!m->ifunction) {
    PetscCall(VecCopy(w, lambda));
    PetscFunctionReturn(PETSC_SUCCESS);
  }
  PetscCall(NeedK(m));
  PetscCall(KSPSolve(m->kspt, w, lambda));
  if (!m->dae) PetscFunctionReturn(PETSC_SUCCESS);
  /* the algebraic part of the solution is an impulse: its effect on mu, and then it is gone */
  PetscCall(VecPointwiseMult(m->work, lambda, m->algebraic));
  if (mu) {
    Vec d;

    PetscCall(VecDuplicate(mu, &d));
    PetscCall(CostateModelMultRpTranspose(m, m->work, d));
    PetscCall(VecAXPY(mu, -1, d));
    PetscCall(VecDestroy(&d));
  }
  PetscCall(VecAXPY(lambda, -1, m->work));
  /* what the algebraic part of lambda is from here on: columns of algebraic components of R_u^T lambda = g_u */
  PetscCall(CostateModelMultRuTranspose(m, lambda, m->work));
  PetscCall(VecAYPX(m->work, -1, gu));
  PetscCall(VecPointwiseMult(m->work, m->work, m->columns));
  PetscCall(KSPSolve(m->kspt, m->work, m->work2));
  PetscCall(VecPointwiseMult(m->work2, m->work2, m->algebraic));
  PetscCall(VecAXPY(lambda, 1, m->work2));
  PetscFunctionReturn(PETSC_SUCCESS);
}
