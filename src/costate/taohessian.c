/* SPDX-License-Identifier: BSD-2-Clause */
/* The Hessian of what a Tao minimises, as a matrix that multiplies. */
#include "costateimpl.h"

/*@C
  CostateSetRegularizationHessian - Sets products with the Hessian of what is added to the first cost

  Logically Collective

  Input Parameters:
+ cs  - the object
. f   - adds the product of the second derivatives at p with v to Hv; NULL: differences of the gradient that
        `CostateSetRegularization()` gives are taken
- ctx - for f

  Calling sequence of f:
.vb
  PetscErrorCode f(Costate cs, Vec p, Vec v, Vec Hv, void *ctx)
.ve

  Note:
  A difference takes four gradients of what is added, and is exact to rounding, about 1e-12 of that gradient over a
  thousandth of p, where this is quadratic.

  Level: intermediate

.seealso: `CostateSetRegularization()`, `CostateSetUpTao()`
@*/
PetscErrorCode CostateSetRegularizationHessian(Costate cs, CostateRegularizationHessian f, void *ctx)
{
  PetscFunctionBegin;
  PetscValidHeaderSpecific(cs, COSTATE_CLASSID, 1);
  cs->regularization_hessian     = f;
  cs->regularization_hessian_ctx = ctx;
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* By differences of fourth order. */
static PetscErrorCode Difference(CostateVariable *x, Vec d, Vec hv)
{
  const PetscReal weight[2] = {8. / 12, -1. / 12};
  Costate         cs        = x->cs;
  PetscReal       e, size, norm, value;

  PetscFunctionBegin;
  PetscCall(VecNorm(cs->p, NORM_INFINITY, &size));
  PetscCall(VecNorm(d, NORM_INFINITY, &norm));
  if (norm == 0) PetscFunctionReturn(PETSC_SUCCESS);
  if (!x->p) {
    PetscCall(VecDuplicate(cs->p, &x->p));
    PetscCall(VecDuplicate(cs->p, &x->gp));
  }
  e = 1e-3 * (size > 0 ? size : 1) / norm;
  for (int k = 0; k < 2; k++) {
    for (int sign = 1; sign > -2; sign -= 2) {
      PetscCall(VecWAXPY(x->p, sign * (k + 1) * e, d, cs->p));
      PetscCall(VecZeroEntries(x->gp));
      PetscCallBack("Costate regularization", (*cs->regularization)(cs, x->p, &value, x->gp, cs->regularization_ctx));
      PetscCall(VecAXPY(hv, sign * weight[k] / e, x->gp));
    }
  }
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Where the last solve was elsewhere, there is another. */
static PetscErrorCode SolveThere(CostateVariable *x)
{
  Costate   cs = x->cs;
  PetscBool same;

  PetscFunctionBegin;
  PetscCheck(x->at, PetscObjectComm((PetscObject)cs), PETSC_ERR_ORDER,
             "The Hessian of the Tao has no parameters to be at yet: call TaoComputeHessian()");
  PetscCall(VecEqual(x->at, cs->p, &same));
  if (same && cs->adjoint_done && cs->reason > 0) PetscFunctionReturn(PETSC_SUCCESS);
  PetscCall(VecCopy(x->at, cs->p));
  PetscCall(CostateSolve(cs));
  PetscCheck(cs->reason > 0, PetscObjectComm((PetscObject)cs), PETSC_ERR_NOT_CONVERGED,
             "There is no Hessian at the parameters that the optimisation is at: the solve ended with %s",
             CostateConvergedReasons[cs->reason]);
  PetscFunctionReturn(PETSC_SUCCESS);
}

static PetscErrorCode Mult(Mat H, Vec v, Vec h)
{
  CostateVariable *x;
  Vec              d = v;
  Costate          cs;

  PetscFunctionBegin;
  PetscCall(MatShellGetContext(H, &x));
  cs = x->cs;
  PetscCall(SolveThere(x));
  if (!x->hv) {
    PetscCall(VecDuplicate(cs->p, &x->hv));
    if (x->root) PetscCall(VecDuplicate(cs->p, &x->v));
  }
  if (x->root) {
    d = x->v;
    PetscCall(MatMult(x->root, v, d));
  }
  PetscCall(CostateHessianProduct(cs, 0, NULL, d, NULL, x->hv));
  if (cs->regularization_hessian)
    PetscCallBack("Costate regularization Hessian",
                  (*cs->regularization_hessian)(cs, cs->p, d, x->hv, cs->regularization_hessian_ctx));
  else if (cs->regularization)
    PetscCall(Difference(x, d, x->hv));
  if (x->root)
    PetscCall(MatMultTranspose(x->root, x->hv, h));
  else
    PetscCall(VecCopy(x->hv, h));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* What bounds leave free. */
static PetscErrorCode SubMatrix(Mat H, IS rows, IS columns, MatReuse reuse, Mat *S)
{
  PetscFunctionBegin;
  if (reuse == MAT_REUSE_MATRIX) PetscCall(MatDestroy(S));
  PetscCall(MatCreateSubMatrixVirtual(H, rows, columns, S));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* PETSc's default preconditioners are made of entries, which there are none of. */
static PetscErrorCode Precondition(Tao tao)
{
  const char *prefix;
  PetscBool   default_, set;
  KSP         ksp;
  PC          pc;

  PetscFunctionBegin;
  PetscCall(TaoGetKSP(tao, &ksp));
  if (!ksp) PetscFunctionReturn(PETSC_SUCCESS);
  PetscCall(KSPGetPC(ksp, &pc));
  PetscCall(PetscObjectTypeCompareAny((PetscObject)pc, &default_, PCILU, PCICC, PCBJACOBI, ""));
  PetscCall(PCGetOptionsPrefix(pc, &prefix));
  PetscCall(PetscOptionsHasName(((PetscObject)pc)->options, prefix, "-pc_type", &set));
  if (!set && (default_ || !((PetscObject)pc)->type_name)) PetscCall(PCSetType(pc, PCNONE));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Products are to be at x, wherever there are evaluations in between. */
static PetscErrorCode At(Tao tao, Vec x, Mat H, Mat P, void *ctx)
{
  CostateVariable *v = (CostateVariable *)ctx;

  PetscFunctionBegin;
  PetscCall(Precondition(tao));
  if (!v->at) PetscCall(VecDuplicate(v->cs->p, &v->at));
  if (v->root)
    PetscCall(MatMultAdd(v->root, x, v->first, v->at));
  else
    PetscCall(VecCopy(x, v->at));
  PetscCall(MatAssemblyBegin(H, MAT_FINAL_ASSEMBLY)); /* what Tao has added to the last one is gone */
  PetscCall(MatAssemblyEnd(H, MAT_FINAL_ASSEMBLY));
  if (P != H) {
    PetscCall(MatAssemblyBegin(P, MAT_FINAL_ASSEMBLY));
    PetscCall(MatAssemblyEnd(P, MAT_FINAL_ASSEMBLY));
  }
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode CostateVariableSetHessian(CostateVariable *v, Tao tao, Vec x)
{
  PetscInt n, N;
  Mat      H;

  PetscFunctionBegin;
  PetscCall(VecGetLocalSize(x, &n));
  PetscCall(VecGetSize(x, &N));
  PetscCall(MatCreateShell(PetscObjectComm((PetscObject)tao), n, n, N, N, v, &H));
  PetscCall(MatShellSetOperation(H, MATOP_MULT, (void (*)(void))Mult));
  PetscCall(MatShellSetOperation(H, MATOP_MULT_TRANSPOSE, (void (*)(void))Mult));
  PetscCall(MatShellSetOperation(H, MATOP_CREATE_SUBMATRIX, (void (*)(void))SubMatrix));
  PetscCall(MatSetOption(H, MAT_SYMMETRIC, PETSC_TRUE));
  PetscCall(MatSetOption(H, MAT_SYMMETRY_ETERNAL, PETSC_TRUE));
  PetscCall(TaoSetHessian(tao, H, H, At, v));
  PetscCall(MatDestroy(&H));
  PetscFunctionReturn(PETSC_SUCCESS);
}
