/* SPDX-License-Identifier: BSD-2-Clause */
/* The linear systems at a state of rest: see linear.h */
#include "../base/scalars.h"
#include "linear.h"
#include <costate/pc.h>

PetscErrorCode CostateLinearCreate(Costate cs, CostateLinear *linear)
{
  CostateLinear l;

  PetscFunctionBegin;
  PetscCall(PetscNew(&l));
  *linear = l;
  l->cs   = cs;
  PetscCall(CostateModelCreate(cs->ts, cs->u0, "", &l->model));
  PetscCall(VecDuplicate(cs->u0, &l->u));
  PetscCall(VecDuplicate(cs->u0, &l->work));
  PetscCall(VecDuplicate(cs->u0, &l->zero));
  PetscCall(VecZeroEntries(l->zero));
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode CostateLinearDestroy(CostateLinear *linear)
{
  CostateLinear l = *linear;

  PetscFunctionBegin;
  if (!l) PetscFunctionReturn(PETSC_SUCCESS);
  for (int k = 0; k < 2; k++) PetscCall(KSPDestroy(&l->side[k].ksp));
  PetscCall(CostateModelDestroy(&l->model));
  PetscCall(VecDestroy(&l->u));
  PetscCall(VecDestroy(&l->work));
  PetscCall(VecDestroy(&l->zero));
  PetscCall(PetscFree(*linear));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* The Jacobian is evaluated; solvers get it when they are needed. */
PetscErrorCode CostateLinearSet(CostateLinear l, PetscReal t, Vec u)
{
  Mat J, P;

  PetscFunctionBegin;
  l->t = t;
  if (u != l->u) PetscCall(VecCopy(u, l->u));
  PetscCall(CostateModelRefresh(l->model));
  PetscCall(CostateModelSetPoint(l->model, t, l->u, l->zero));
  PetscCall(CostateModelGetShifted(l->model, 0, &J, &P));
  PetscCall(CostateMatHash(J, &l->now[0], &l->seen[0]));
  l->now[1]  = l->now[0];
  l->seen[1] = l->seen[0];
  if (P != J) PetscCall(CostateMatHash(P, &l->now[1], &l->seen[1]));
  for (int k = 0; k < 2; k++) l->side[k].current = PETSC_FALSE;
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* PETSc projects on the complement of these vectors, and not on that of their conjugates. */
static PetscErrorCode CheckReal(MatNullSpace space)
{
  PetscInt   n;
  PetscBool  constant, real;
  const Vec *v;

  PetscFunctionBegin;
  if (!PetscDefined(USE_COMPLEX) || !space) PetscFunctionReturn(PETSC_SUCCESS);
  PetscCall(MatNullSpaceGetVecs(space, &constant, &n, &v));
  for (PetscInt i = 0; i < n; i++) {
    PetscCall(CostateVecIsReal(v[i], &real));
    PetscCheck(real, PetscObjectComm((PetscObject)space), PETSC_ERR_SUP,
               "Vector %" PetscInt_FMT " of a null space of the Jacobian has imaginary parts, and what has to be taken "
               "out of the transposed systems is known for real ones only: choose real vectors that span it, or fix "
               "the solution by an equation more",
               i);
  }
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Those of the Jacobian of the application; the null space of a transpose is what right-hand sides must not have. */
static PetscErrorCode NullSpaces(Costate cs, PetscBool transpose, Mat A, Mat P)
{
  Mat          J = NULL, B;
  MatNullSpace right, left, near;
  TSIJacobian  ijacobian;

  PetscFunctionBegin;
  PetscCall(TSGetIJacobian(cs->ts, NULL, NULL, &ijacobian, NULL));
  if (ijacobian)
    PetscCall(TSGetIJacobian(cs->ts, &J, &B, NULL, NULL));
  else
    PetscCall(TSGetRHSJacobian(cs->ts, &J, &B, NULL, NULL));
  PetscCall(MatGetNullSpace(J, &right));
  PetscCall(MatGetTransposeNullSpace(J, &left));
  PetscCall(MatGetNearNullSpace(B ? B : J, &near));
  PetscCall(CheckReal(left));
  PetscCall(CheckReal(right));
  if (left || right) {
    if (!left) left = right;
    PetscCall(MatSetNullSpace(A, transpose ? left : right));
    PetscCall(MatSetTransposeNullSpace(A, transpose ? right : left));
  }
  if (near) PetscCall(MatSetNearNullSpace(P, near));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Whether all ranks find in the matrices what the preconditioner was made of. */
static PetscErrorCode Same(CostateLinear l, const CostateLinearSide *s, PetscBool *same)
{
  PetscFunctionBegin;
  *same = (PetscBool)(s->valid && l->seen[1] && s->of[1] == l->now[1] && (!l->seen[0] || s->of[0] == l->now[0]));
  PetscCallMPI(MPI_Allreduce(MPI_IN_PLACE, same, 1, MPIU_BOOL, MPI_LAND, PetscObjectComm((PetscObject)l->cs)));
  PetscFunctionReturn(PETSC_SUCCESS);
}

static PetscErrorCode Prepare(CostateLinear l, PetscBool transpose)
{
  CostateLinearSide *s = &l->side[transpose ? 1 : 0];
  PetscBool          same;
  Mat                A, P;

  PetscFunctionBegin;
  if (s->current) PetscFunctionReturn(PETSC_SUCCESS);
  s->current = PETSC_TRUE;
  if (!s->ksp) {
    PetscCall(CostateAdjointKSPCreate(l->cs, NULL, &s->ksp));
    PetscCall(KSPGetReusePreconditioner(s->ksp, &s->reuse));
  }
  PetscCall(Same(l, s, &same));
  if (same && transpose && l->seen[0]) PetscFunctionReturn(PETSC_SUCCESS); /* the transpose has these numbers, too */
  PetscCall(transpose ? CostateModelGetTransposed(l->model, 0, &A, &P) : CostateModelGetShifted(l->model, 0, &A, &P));
  PetscCall(KSPSetOperators(s->ksp, A, P));
  PetscCall(NullSpaces(l->cs, transpose, A, P));
  /* PETSc goes by whether a matrix was written to, not by what is in it */
  PetscCall(KSPSetReusePreconditioner(s->ksp, (PetscBool)(same || s->reuse)));
  if (same || (s->reuse && s->valid)) PetscFunctionReturn(PETSC_SUCCESS);
  s->valid = PETSC_TRUE;
  s->setups++;
  l->cs->stats.adjoint_setups++;
  for (int i = 0; i < 2; i++) s->of[i] = l->now[i];
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode CostateLinearSolve(CostateLinear l, PetscBool transpose, Vec b, Vec x, char why[], size_t size)
{
  CostateLinearSide *s    = &l->side[transpose ? 1 : 0];
  const char        *kind = transpose ? "transposed" : "tangent";
  KSPConvergedReason reason;
  PetscReal          left = 0;
  PetscInt           its;
  PetscBool          lies = PETSC_FALSE;
  MatNullSpace       out;
  Mat                A;

  PetscFunctionBegin;
  why[0] = 0;
  PetscCall(Prepare(l, transpose));
  PetscCall(KSPSolve(s->ksp, b, x));
  PetscCall(KSPGetConvergedReason(s->ksp, &reason));
  PetscCall(KSPGetIterationNumber(s->ksp, &its));
  l->cs->stats.adjoint_linear_its += its;
  PetscCall(KSPGetOperators(s->ksp, &A, NULL));
  PetscCall(MatGetTransposeNullSpace(A, &out));
  if (out) PetscCall(MatNullSpaceRemove(out, b));
  if (l->cs->look) PetscCall(CostateKSPLies(s->ksp, PETSC_FALSE, b, x, l->work, &left, &lies));
  if (reason >= 0 && !lies) PetscFunctionReturn(PETSC_SUCCESS);
  s->valid   = PETSC_FALSE; /* whatever is wrong, it is not kept */
  s->current = PETSC_FALSE;
  if (reason < 0)
    PetscCall(
        PetscSNPrintf(why, size,
                      "the %s solve (-costate_adjoint_ksp_...) ended with %s. If the Jacobian is singular, as with "
                      "pure Neumann conditions, tell it its null space (MatSetNullSpace(), "
                      "MatSetTransposeNullSpace())",
                      kind, KSPConvergedReasons[reason]));
  else
    PetscCall(
        PetscSNPrintf(why, size,
                      "the %s solve (-costate_adjoint_ksp_...) says %s but leaves %.3g of its right-hand side: its "
                      "preconditioner is not what it should be, or the Jacobian singular (MatSetNullSpace())",
                      kind, KSPConvergedReasons[reason], (double)left));
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode CostateLinearView(CostateLinear l, PetscViewer viewer)
{
  PetscFunctionBegin;
  PetscCall(PetscViewerASCIIPrintf(viewer,
                                   "  preconditioners set up so far: %" PetscInt_FMT
                                   " times for the transpose, %" PetscInt_FMT " times for tangents\n",
                                   l->side[1].setups, l->side[0].setups));
  PetscCall(PetscViewerASCIIPushTab(viewer));
  for (int k = 1; k >= 0; k--)
    if (l->side[k].ksp) PetscCall(KSPView(l->side[k].ksp, viewer));
  PetscCall(PetscViewerASCIIPopTab(viewer));
  PetscFunctionReturn(PETSC_SUCCESS);
}
