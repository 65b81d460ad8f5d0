/* SPDX-License-Identifier: BSD-2-Clause */
/* Products with the derivatives of a model, matrices made of them, and what is solved with these: see model.c */
#include "modelimpl.h"

/* y = s y + A x, or with A^T */
static PetscErrorCode Add(Mat A, PetscBool transpose, Vec x, PetscScalar s, Vec y)
{
  PetscFunctionBegin;
  if (s == 0.) {
    PetscCall(transpose ? MatMultTranspose(A, x, y) : MatMult(A, x, y));
    PetscFunctionReturn(PETSC_SUCCESS);
  }
  PetscCall(VecScale(y, s));
  PetscCall(transpose ? MatMultTransposeAdd(A, x, y, y) : MatMultAdd(A, x, y, y));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* out = R_u v or R_u^T v */
static PetscErrorCode Ru(CostateModel m, PetscBool transpose, Vec v, Vec out)
{
  PetscFunctionBegin;
  PetscCall(CostateModelNeedR(m));
  PetscCall(CostateModelNeedI(m));
  if (transpose && m->shell_r) PetscCall(CostateModelCheckTransposed(m, m->Ar));
  if (transpose && m->shell_i) PetscCall(CostateModelCheckTransposed(m, m->Ai));
  if (m->rhs) PetscCall(Add(m->Ar, transpose, v, 0, out));
  if (m->ifunction)
    PetscCall(Add(m->Ai, transpose, v, m->rhs ? -1 : 0, out));
  else
    PetscCall(VecScale(out, -1));
  PetscFunctionReturn(PETSC_SUCCESS);
}

static PetscErrorCode Mass(CostateModel m, PetscBool transpose, Vec v, Vec out)
{
  PetscFunctionBegin;
  PetscCall(CostateModelNeedMass(m));
  if (m->M)
    PetscCall(Add(m->M, transpose, v, 0, out));
  else
    PetscCall(VecCopy(v, out));
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode CostateModelMultRuTranspose(CostateModel m, Vec v, Vec out)
{
  PetscFunctionBegin;
  m->counts.jtv++;
  PetscCall(Ru(m, PETSC_TRUE, v, out));
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode CostateModelMultRu(CostateModel m, Vec v, Vec out)
{
  PetscFunctionBegin;
  PetscCall(Ru(m, PETSC_FALSE, v, out));
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode CostateModelMultMTranspose(CostateModel m, Vec v, Vec out)
{
  PetscFunctionBegin;
  PetscCall(Mass(m, PETSC_TRUE, v, out));
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode CostateModelMultM(CostateModel m, Vec v, Vec out)
{
  PetscFunctionBegin;
  PetscCall(Mass(m, PETSC_FALSE, v, out));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* R_p at the point, once */
static PetscErrorCode NeedP(CostateModel m, Mat *J)
{
  PetscFunctionBegin;
  *J = m->Jp[1] ? m->Jp[1] : m->Jp[0];
  if (!m->have_p) PetscCall(TSComputeIJacobianP(m->ts, m->t, m->u, m->udot, 0, *J, PETSC_FALSE));
  m->have_p = PETSC_TRUE;
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode CostateModelMultRpTranspose(CostateModel m, Vec v, Vec out)
{
  Mat J;

  PetscFunctionBegin;
  m->counts.jptv++;
  PetscCall(NeedP(m, &J));
  PetscCall(MatMultTranspose(J, v, out));
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode CostateModelMultRp(CostateModel m, Vec v, Vec out)
{
  Mat J;

  PetscFunctionBegin;
  PetscCall(NeedP(m, &J));
  PetscCall(MatMult(J, v, out));
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode CostateModelGetRp(CostateModel m, PetscInt j, Vec out)
{
  Mat J;

  PetscFunctionBegin;
  PetscCall(NeedP(m, &J));
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

/* Ar may be NULL where there is an I-function: then it is left out. */
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
    if (shift != 0) PetscCall(MatAXPY(*S, shift, m->M, SUBSET_NONZERO_PATTERN));
    if (Ar) PetscCall(MatAXPY(*S, -1, Ar, DIFFERENT_NONZERO_PATTERN));
  } else {
    PetscCall(MatScale(*S, -1));
    if (shift != 0) PetscCall(MatShift(*S, shift));
  }
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* What preconditioners are made of, where the operator is a shell: what there is of it assembled; NULL: nothing */
static PetscErrorCode ShiftedP(CostateModel m, PetscReal shift, Mat *P)
{
  PetscBool r = PETSC_TRUE, i = PETSC_TRUE;

  PetscFunctionBegin;
  *P = NULL;
  if (m->rhs) PetscCall(CostateModelIsShell(m->Br, &r));
  if (m->ifunction) PetscCall(CostateModelIsShell(m->Bi, &i));
  if (m->ifunction ? i : r) PetscFunctionReturn(PETSC_SUCCESS);
  if (m->ifunction && m->rhs) PetscCall(MatDestroy(&m->SP));
  PetscCall(Shifted(m, shift, m->Bi, r ? NULL : m->Br, &m->SP));
  *P = m->SP;
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode CostateModelGetShifted(CostateModel m, PetscReal shift, Mat *A, Mat *P)
{
  PetscFunctionBegin;
  PetscCall(CostateModelNeedR(m));
  PetscCall(CostateModelNeedI(m));
  if (shift != 0) PetscCall(CostateModelNeedMass(m));
  PetscCall(CostateModelNeedI(m)); /* M of a shell takes evaluations */
  if (m->shell_r || m->shell_i) {
    PetscCall(CostateModelShell(m, PETSC_FALSE, shift, &m->S));
    PetscCall(ShiftedP(m, shift, P));
    *A = m->S;
    if (!*P) *P = m->S;
    PetscFunctionReturn(PETSC_SUCCESS);
  }
  if (shift == 0 && m->ifunction && !m->rhs) { /* no copy of what is there */
    *A = m->Ai;
    *P = m->Bi;
    PetscFunctionReturn(PETSC_SUCCESS);
  }
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
static PetscErrorCode Transpose(CostateModel m, Mat S, PetscObjectState *pattern, Mat *T)
{
  PetscObjectState now;

  PetscFunctionBegin;
  PetscCall(MatGetNonzeroState(S, &now));
  if (now != *pattern || (m->ifunction && m->rhs)) PetscCall(MatDestroy(T));
  *pattern = now;
  PetscCall(MatTranspose(S, *T ? MAT_REUSE_MATRIX : MAT_INITIAL_MATRIX, T));
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode CostateModelGetTransposed(CostateModel m, PetscReal shift, Mat *A, Mat *P)
{
  Mat S, SP;

  PetscFunctionBegin;
  PetscCall(CostateModelGetShifted(m, shift, &S, &SP));
  if (m->shell_r || m->shell_i)
    PetscCall(CostateModelShell(m, PETSC_TRUE, shift, &m->T));
  else
    PetscCall(Transpose(m, S, &m->pattern[0], &m->T));
  if (SP != S) PetscCall(Transpose(m, SP, &m->pattern[1], &m->TP));
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
  PetscCall(CostateModelNeedMass(m));
  if (m->have_k || (m->K && !m->dae)) PetscFunctionReturn(PETSC_SUCCESS);
  PetscCall(MatDestroy(&m->K));
  PetscCall(MatDestroy(&m->KT));
  if (m->dae) {
    PetscCall(CostateModelNeedR(m));
    PetscCall(CostateModelNeedI(m));
    PetscCheck(!m->shell_r && !m->shell_i, m->comm, PETSC_ERR_SUP,
               "There are algebraic equations (rows of F_u' that are zero), for which the adjoint needs the Jacobian "
               "assembled, and it is known by its products only: use -costate_type discrete, or assemble it");
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

PetscErrorCode CostateModelSlopeOf(TS ts, const char prefix[], PetscReal t, Vec u, Vec udot, PetscBool *known)
{
  TSIFunction   ifunction;
  TSIJacobian   ijac;
  TSRHSFunction rhs;
  TSRHSJacobian rhsjac;
  CostateModel  m;
  Mat           A;

  PetscFunctionBegin;
  PetscCall(TSGetIFunction(ts, NULL, &ifunction, NULL));
  PetscCall(TSGetRHSFunction(ts, NULL, &rhs, NULL));
  *known = (PetscBool)(rhs != NULL);
  if (!ifunction) {
    if (rhs) PetscCall(TSComputeRHSFunction(ts, t, u, udot));
    PetscFunctionReturn(PETSC_SUCCESS);
  }
  PetscCall(TSGetIJacobian(ts, &A, NULL, &ijac, NULL));
  PetscCall(TSGetRHSJacobian(ts, NULL, NULL, &rhsjac, NULL));
  *known = PETSC_FALSE;
  if (A && ijac && (!rhs || rhsjac)) PetscCall(MatHasOperation(A, MATOP_GET_ROW_MAX_ABS, known));
  if (!*known) PetscFunctionReturn(PETSC_SUCCESS);
  PetscCall(CostateModelCreate(ts, u, prefix, &m));
  PetscCall(CostateModelSlope(m, t, u, udot));
  PetscCall(CostateModelDestroy(&m));
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
