/* SPDX-License-Identifier: BSD-2-Clause */
#include "difference.h"

static Vec Variable(const CostateVJP v, const CostatePoint *at)
{
  return v->parameters ? v->p : at->u;
}

PetscErrorCode CostateVJPEvaluate(CostateVJP v, const CostatePoint *at, Vec d, PetscScalar e, Vec out)
{
  CostatePoint there = *at;
  Vec          x, dot = NULL;

  PetscFunctionBegin;
  PetscCall(VecDuplicate(Variable(v, at), &x));
  PetscCall(VecWAXPY(x, e, d, Variable(v, at)));
  if (!v->parameters) {
    there.u = x;
    if (at->udot) {
      PetscCall(VecDuplicate(at->udot, &dot));
      PetscCall(VecWAXPY(dot, e * at->shift, d, at->udot));
      there.udot = dot;
    }
  }
  PetscCall((*v->evaluate)(v, &there, v->parameters ? x : NULL, out));
  PetscCall(VecDestroy(&x));
  PetscCall(VecDestroy(&dot));
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode CostateVJPStep(CostateVJP v, const CostatePoint *at, Vec d, PetscReal *e)
{
  PetscReal norm, length;

  PetscFunctionBegin;
  PetscCall(VecNorm(Variable(v, at), NORM_INFINITY, &norm));
  PetscCall(VecNorm(d, NORM_INFINITY, &length));
  *e = PetscPowReal(PETSC_MACHINE_EPSILON, 1. / 3) * (norm > 0 ? norm : 1) / (length > 0 ? length : 1);
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode CostateVJPSteps(CostateVJP v, const CostatePoint *at, Vec *h)
{
  const PetscReal e = PetscPowReal(PETSC_MACHINE_EPSILON, 1. / 3);
  PetscScalar    *a;
  PetscReal       norm;
  PetscInt        n, N;

  PetscFunctionBegin;
  PetscCall(VecDuplicate(Variable(v, at), h));
  PetscCall(VecCopy(Variable(v, at), *h));
  PetscCall(VecNorm(*h, NORM_2, &norm));
  PetscCall(VecGetSize(*h, &N));
  PetscCall(VecGetLocalSize(*h, &n));
  norm /= PetscSqrtReal((PetscReal)PetscMax(N, 1));
  if (norm == 0) norm = 1;
  PetscCall(VecGetArray(*h, &a));
  for (PetscInt i = 0; i < n; i++) { /* so that x + h is a number, and h its difference from x */
    const PetscReal          x = PetscRealPart(a[i]);
    const volatile PetscReal y = x + e * PetscMax(PetscAbsScalar(a[i]), 1e-3 * norm);

    a[i] = y - x;
  }
  PetscCall(VecRestoreArray(*h, &a));
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode CostateVJPDifference(CostateVJP v, const CostatePoint *at, Vec d, PetscReal e, Vec out)
{
  Vec f;

  PetscFunctionBegin;
  PetscCall(VecDuplicate(v->u, &f));
  PetscCall(CostateVJPEvaluate(v, at, d, e, out));
  PetscCall(CostateVJPEvaluate(v, at, d, -e, f));
  PetscCall(VecAXPBY(out, -1 / (2 * e), 1 / (2 * e), f));
  PetscCall(VecDestroy(&f));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Columns */

static PetscErrorCode Size(CostateVJP v, PetscInt *n, PetscInt *N)
{
  PetscFunctionBegin;
  PetscCall(VecGetLocalSize(v->parameters ? v->p : v->u, n));
  PetscCall(VecGetSize(v->parameters ? v->p : v->u, N));
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode CostateVJPColumnsCan(CostateVJP v, const char **why)
{
  PetscInt n, N;

  PetscFunctionBegin;
  PetscCall(Size(v, &n, &N));
  *why = NULL;
  if (N > v->few && v->transposed)
    *why = v->parameters ? "there are too many parameters for an evaluation of the function each (-costate_vjp_few)"
                         : "there are too many unknowns for an evaluation of the function each (-costate_vjp_few)";
  PetscFunctionReturn(PETSC_SUCCESS);
}

static PetscErrorCode Mult(CostateVJP v, const CostatePoint *at, Vec in, Vec out)
{
  PetscReal e;

  PetscFunctionBegin;
  PetscCall(CostateVJPStep(v, at, in, &e));
  PetscCall((*v->kernel)(v, at, in, e, out));
  PetscFunctionReturn(PETSC_SUCCESS);
}

static PetscErrorCode Matrix(CostateVJP v, Mat *A)
{
  PetscInt m, M, n, N;

  PetscFunctionBegin;
  PetscCall(VecGetLocalSize(v->u, &m));
  PetscCall(VecGetSize(v->u, &M));
  PetscCall(Size(v, &n, &N));
  if (v->parameters)
    PetscCall(MatCreateDense(v->comm, m, n, M, N, NULL, A));
  else {
    PetscCall(MatCreateAIJ(v->comm, m, n, M, N, n, NULL, N - n, NULL, A));
    PetscCall(MatSetOption(*A, MAT_NEW_NONZERO_ALLOCATION_ERR, PETSC_FALSE));
  }
  PetscCall(MatAssemblyBegin(*A, MAT_FINAL_ASSEMBLY));
  PetscCall(MatAssemblyEnd(*A, MAT_FINAL_ASSEMBLY));
  PetscFunctionReturn(PETSC_SUCCESS);
}

static PetscErrorCode Fill(CostateVJP v, const CostatePoint *at, Mat A)
{
  PetscInt           n, N, first, last, row;
  Vec                h, d, out;
  const PetscScalar *steps, *a;

  PetscFunctionBegin;
  PetscCall(Size(v, &n, &N));
  PetscCall(CostateVJPSteps(v, at, &h));
  PetscCall(VecDuplicate(h, &d));
  PetscCall(VecDuplicate(v->u, &out));
  PetscCall(VecGetOwnershipRange(h, &first, &last));
  PetscCall(MatGetOwnershipRange(A, &row, NULL));
  PetscCall(VecGetLocalSize(out, &n));
  PetscCall(VecGetArrayRead(h, &steps));
  for (PetscInt j = 0; j < N; j++) {
    PetscReal e = 0, all;

    if (j >= first && j < last) e = PetscRealPart(steps[j - first]);
    PetscCallMPI(MPI_Allreduce(&e, &all, 1, MPIU_REAL, MPIU_SUM, v->comm));
    PetscCall(VecZeroEntries(d));
    if (j >= first && j < last) PetscCall(VecSetValue(d, j, 1, INSERT_VALUES));
    PetscCall(VecAssemblyBegin(d));
    PetscCall(VecAssemblyEnd(d));
    PetscCall((*v->kernel)(v, at, d, all, out));
    PetscCall(VecGetArrayRead(out, &a));
    for (PetscInt i = 0; i < n; i++) PetscCall(MatSetValue(A, row + i, j, a[i], INSERT_VALUES));
    PetscCall(VecRestoreArrayRead(out, &a));
  }
  PetscCall(VecRestoreArrayRead(h, &steps));
  PetscCall(MatAssemblyBegin(A, MAT_FINAL_ASSEMBLY));
  PetscCall(MatAssemblyEnd(A, MAT_FINAL_ASSEMBLY));
  PetscCall(VecDestroy(&h));
  PetscCall(VecDestroy(&d));
  PetscCall(VecDestroy(&out));
  PetscFunctionReturn(PETSC_SUCCESS);
}

static PetscErrorCode SetUp(CostateVJP v)
{
  PetscInt n, N;

  PetscFunctionBegin;
  PetscCall(Size(v, &n, &N));
  if (N <= v->few) {
    v->ops.matrix = Matrix;
    v->ops.fill   = Fill;
  } else
    v->ops.mult = Mult;
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode CostateVJPColumns(CostateVJP v, CostateVJPKernel kernel)
{
  PetscFunctionBegin;
  v->kernel    = kernel;
  v->ops.can   = CostateVJPColumnsCan;
  v->ops.setup = SetUp;
  PetscFunctionReturn(PETSC_SUCCESS);
}

static PetscErrorCode Product(CostateVJP v, const CostatePoint *at, Vec d, PetscReal e, Vec out)
{
  PetscFunctionBegin;
  (void)e;
  PetscCall((*v->ops.mult)(v, at, d, out));
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode CostateVJPAssemble(CostateVJP v)
{
  PetscFunctionBegin;
  if (v->ops.matrix) PetscFunctionReturn(PETSC_SUCCESS);
  v->kernel     = Product;
  v->ops.matrix = Matrix;
  v->ops.fill   = Fill;
  PetscFunctionReturn(PETSC_SUCCESS);
}
