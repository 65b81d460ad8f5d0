/* SPDX-License-Identifier: BSD-2-Clause */
/*
  shift M + R_u, or its transpose, by products, where a Jacobian is known by its products only: a shell can neither be
  copied with the numbers that are in it, nor summed up with a matrix, nor transposed.

  All copies of an application's shell share its context, those of its own solver included, and so stand where it was
  evaluated last.  So the point is kept here, and a product there follows an evaluation there.
*/
#include "modelimpl.h"

typedef struct {
  CostateModel m;
  PetscBool    transpose;
  PetscReal    shift, t;
  Vec          u, udot, work;
  PetscInt     at; /* the model's point when it was last set to this one */
} Shell;

PetscErrorCode CostateModelIsShell(Mat A, PetscBool *yes)
{
  PetscFunctionBegin;
  PetscCall(PetscObjectTypeCompareAny((PetscObject)A, yes, MATSHELL, MATMFFD, ""));
  if (*yes) PetscFunctionReturn(PETSC_SUCCESS);
  PetscCall(MatHasOperation(A, MATOP_TRANSPOSE, yes));
  *yes = (PetscBool) !*yes;
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* A matrix like A, evaluated as A is. */
PetscErrorCode CostateModelDuplicate(Mat A, Mat *B)
{
  PetscBool shell;
  void     *one, *two;

  PetscFunctionBegin;
  PetscCall(MatDuplicate(A, MAT_COPY_VALUES, B));
  PetscCall(PetscObjectTypeCompare((PetscObject)A, MATSHELL, &shell));
  if (!shell) PetscFunctionReturn(PETSC_SUCCESS);
  /* a context that is shared is the first one's to destroy */
  PetscCall(MatShellGetContext(A, &one));
  PetscCall(MatShellGetContext(*B, &two));
  if (one == two) PetscCall(MatShellSetOperation(*B, MATOP_DESTROY, NULL));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* The adjoint multiplies with the transpose. */
PetscErrorCode CostateModelCheckTransposed(CostateModel m, Mat A)
{
  PetscBool has, known, symmetric;

  PetscFunctionBegin;
  PetscCall(MatHasOperation(A, MATOP_MULT_TRANSPOSE, &has));
  if (has) PetscFunctionReturn(PETSC_SUCCESS);
  PetscCall(MatIsSymmetricKnown(A, &known, &symmetric));
  PetscCheck(known && symmetric, m->comm, PETSC_ERR_SUP,
             "The Jacobian is a matrix of type %s that has no transposed product, which the adjoint is made of: give "
             "it one (MatShellSetOperation() with MATOP_MULT_TRANSPOSE), or assemble it",
             ((PetscObject)A)->type_name);
  PetscFunctionReturn(PETSC_SUCCESS);
}

static PetscErrorCode Product(Mat S, PetscBool transpose, Vec x, Vec y)
{
  Shell       *s;
  CostateModel m;

  PetscFunctionBegin;
  PetscCall(MatShellGetContext(S, &s));
  m = s->m;
  if (s->transpose) transpose = (PetscBool)!transpose;
  if (s->at != m->at) {
    PetscCall(CostateModelSetPoint(m, s->t, s->u, s->udot));
    s->at = m->at;
  }
  PetscCall(transpose ? CostateModelMultRuTranspose(m, x, y) : CostateModelMultRu(m, x, y));
  if (s->shift == 0) PetscFunctionReturn(PETSC_SUCCESS);
  PetscCall(transpose ? CostateModelMultMTranspose(m, x, s->work) : CostateModelMultM(m, x, s->work));
  PetscCall(VecAXPY(y, s->shift, s->work));
  PetscFunctionReturn(PETSC_SUCCESS);
}

static PetscErrorCode Mult(Mat S, Vec x, Vec y)
{
  PetscFunctionBegin;
  PetscCall(Product(S, PETSC_FALSE, x, y));
  PetscFunctionReturn(PETSC_SUCCESS);
}

static PetscErrorCode MultTranspose(Mat S, Vec x, Vec y)
{
  PetscFunctionBegin;
  PetscCall(Product(S, PETSC_TRUE, x, y));
  PetscFunctionReturn(PETSC_SUCCESS);
}

static PetscErrorCode Destroy(Mat S)
{
  Shell *s;

  PetscFunctionBegin;
  PetscCall(MatShellGetContext(S, &s));
  PetscCall(VecDestroy(&s->u));
  PetscCall(VecDestroy(&s->udot));
  PetscCall(VecDestroy(&s->work));
  PetscCall(PetscFree(s));
  PetscFunctionReturn(PETSC_SUCCESS);
}

static PetscErrorCode Create(CostateModel m, PetscBool transpose, Mat *S)
{
  Shell   *s;
  VecType  type;
  PetscInt n, N, block;

  PetscFunctionBegin;
  PetscCall(PetscNew(&s));
  s->m         = m;
  s->transpose = transpose;
  PetscCall(VecDuplicate(m->u, &s->u));
  PetscCall(VecDuplicate(m->u, &s->udot));
  PetscCall(VecDuplicate(m->u, &s->work));
  PetscCall(VecGetLocalSize(m->u, &n));
  PetscCall(VecGetSize(m->u, &N));
  PetscCall(VecGetType(m->u, &type));
  PetscCall(VecGetBlockSize(m->u, &block));
  PetscCall(MatCreateShell(m->comm, n, n, N, N, s, S));
  PetscCall(MatSetBlockSize(*S, block)); /* of the vectors that it makes for a solver: fields are split by it */
  PetscCall(MatShellSetVecType(*S, type));
  PetscCall(MatShellSetOperation(*S, MATOP_MULT, (void (*)(void))Mult));
  PetscCall(MatShellSetOperation(*S, MATOP_MULT_TRANSPOSE, (void (*)(void))MultTranspose));
  PetscCall(MatShellSetOperation(*S, MATOP_DESTROY, (void (*)(void))Destroy));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* *S, which is made if there is none, becomes shift M + R_u at the point, or its transpose. */
PetscErrorCode CostateModelShell(CostateModel m, PetscBool transpose, PetscReal shift, Mat *S)
{
  Shell *s;

  PetscFunctionBegin;
  if (!*S) PetscCall(Create(m, transpose, S));
  PetscCall(MatShellGetContext(*S, &s));
  s->shift = shift;
  s->t     = m->t;
  s->at    = m->at;
  PetscCall(VecCopy(m->u, s->u));
  PetscCall(VecCopy(m->udot, s->udot));
  PetscCall(PetscObjectStateIncrease((PetscObject)*S)); /* whoever solves with it has another one */
  PetscFunctionReturn(PETSC_SUCCESS);
}
