/* SPDX-License-Identifier: BSD-2-Clause */
/* The providers there are, and the matrices that they stand behind. */
#include "difference.h"

#define COSTATE_VJP(name, Name, text) PETSC_INTERN PetscErrorCode CostateVJPCreate_##Name(CostateVJP);
#include <vjps.def>
#undef COSTATE_VJP

static const struct {
  const char *name, *text;
  PetscErrorCode (*create)(CostateVJP);
} providers[] = {
#define COSTATE_VJP(name, Name, text) {#name, text, CostateVJPCreate_##Name},
#include <vjps.def>
#undef COSTATE_VJP
};
#define NPROVIDERS ((PetscInt)(sizeof(providers) / sizeof(providers[0])))

/*@C
  CostateVJPListGet - The providers of derivatives there are

  Not Collective

  Input Parameter:
. i - the number of a provider, from 0, in the order in which `auto` tries them

  Output Parameters:
+ name    - its name, for -costate_vjp and -costate_vjp_p; NULL if there are no more
. text    - what it is, in one line
- missing - what would have to be installed for it; NULL if it is built in

  Level: developer

.seealso: `CostateSetVJP()`
@*/
PetscErrorCode CostateVJPListGet(PetscInt i, const char **name, const char **text, const char **missing)
{
  struct _n_CostateVJP v;

  PetscFunctionBegin;
  *name = *text = *missing = NULL;
  if (i < 0 || i >= NPROVIDERS) PetscFunctionReturn(PETSC_SUCCESS);
  *name = providers[i].name;
  *text = providers[i].text;
  PetscCall(PetscMemzero(&v, sizeof(v)));
  PetscCall((*providers[i].create)(&v));
  *missing = v.missing;
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode CostateVJPSetType(CostateVJP v, const char name[])
{
  PetscInt i = 0;

  PetscFunctionBegin;
  while (i < NPROVIDERS && strcmp(name, providers[i].name)) i++;
  PetscCheck(i < NPROVIDERS, v->comm, PETSC_ERR_ARG_UNKNOWN_TYPE,
             "There is no provider %s for -costate_vjp%s: `costate list vjps` names them", name,
             v->parameters ? "_p" : "");
  if (v->ops.destroy) PetscCall((*v->ops.destroy)(v));
  PetscCall(PetscMemzero(&v->ops, sizeof(v->ops)));
  v->data     = NULL;
  v->missing  = NULL;
  v->accuracy = COSTATE_VJP_EXACT;
  v->taped    = PETSC_FALSE;
  v->name     = providers[i].name;
  PetscCall((*providers[i].create)(v));
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode CostateVJPDestroy(CostateVJP *v)
{
  PetscFunctionBegin;
  if (!*v) PetscFunctionReturn(PETSC_SUCCESS);
  if ((*v)->ops.destroy) PetscCall((*(*v)->ops.destroy)(*v));
  PetscCall(MatDestroy(&(*v)->given));
  PetscCall(VecDestroy(&(*v)->u));
  PetscCall(VecDestroy(&(*v)->p));
  PetscCall(PetscFree(*v));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* A MATSHELL's: each has a point of its own, since the run and a sweep are at different ones. */
typedef struct {
  CostateVJP   v;
  CostatePoint at;
} Shell;

static PetscErrorCode CreateShell(CostateVJP v, Mat *A);

static PetscErrorCode Mult(Mat A, Vec x, Vec y)
{
  Shell *s;

  PetscFunctionBegin;
  PetscCall(MatShellGetContext(A, &s));
  PetscCall((*s->v->ops.mult)(s->v, &s->at, x, y));
  PetscFunctionReturn(PETSC_SUCCESS);
}

static PetscErrorCode MultTranspose(Mat A, Vec x, Vec y)
{
  Shell *s;

  PetscFunctionBegin;
  PetscCall(MatShellGetContext(A, &s));
  PetscCall((*s->v->ops.multtranspose)(s->v, &s->at, x, y));
  PetscFunctionReturn(PETSC_SUCCESS);
}

static PetscErrorCode SetPoint(Shell *s, const CostatePoint *at)
{
  PetscFunctionBegin;
  s->at.t     = at->t;
  s->at.shift = at->shift;
  if (!s->at.u) PetscCall(VecDuplicate(s->v->u, &s->at.u));
  PetscCall(VecCopy(at->u, s->at.u));
  if (!at->udot)
    PetscCall(VecDestroy(&s->at.udot));
  else {
    if (!s->at.udot) PetscCall(VecDuplicate(s->v->u, &s->at.udot));
    PetscCall(VecCopy(at->udot, s->at.udot));
  }
  PetscFunctionReturn(PETSC_SUCCESS);
}

static PetscErrorCode Duplicate(Mat A, MatDuplicateOption option, Mat *B)
{
  Shell *s, *d;

  PetscFunctionBegin;
  PetscCall(MatShellGetContext(A, &s));
  PetscCall(CreateShell(s->v, B));
  if (option != MAT_COPY_VALUES || !s->at.u) PetscFunctionReturn(PETSC_SUCCESS);
  PetscCall(MatShellGetContext(*B, &d));
  PetscCall(SetPoint(d, &s->at));
  PetscFunctionReturn(PETSC_SUCCESS);
}

static PetscErrorCode DestroyShell(Mat A)
{
  Shell *s;

  PetscFunctionBegin;
  PetscCall(MatShellGetContext(A, &s));
  PetscCall(VecDestroy(&s->at.u));
  PetscCall(VecDestroy(&s->at.udot));
  PetscCall(PetscFree(s));
  PetscFunctionReturn(PETSC_SUCCESS);
}

static PetscErrorCode CreateShell(CostateVJP v, Mat *A)
{
  Shell   *s;
  PetscInt m, M, n, N;

  PetscFunctionBegin;
  PetscCall(PetscNew(&s));
  s->v = v;
  PetscCall(VecGetLocalSize(v->u, &m));
  PetscCall(VecGetSize(v->u, &M));
  PetscCall(VecGetLocalSize(v->parameters ? v->p : v->u, &n));
  PetscCall(VecGetSize(v->parameters ? v->p : v->u, &N));
  PetscCall(MatCreateShell(v->comm, m, n, M, N, s, A));
  PetscCall(MatShellSetOperation(*A, MATOP_MULT, (void (*)(void))Mult));
  if (v->ops.multtranspose) PetscCall(MatShellSetOperation(*A, MATOP_MULT_TRANSPOSE, (void (*)(void))MultTranspose));
  PetscCall(MatShellSetOperation(*A, MATOP_DUPLICATE, (void (*)(void))Duplicate));
  PetscCall(MatShellSetOperation(*A, MATOP_DESTROY, (void (*)(void))DestroyShell));
  PetscCall(MatAssemblyBegin(*A, MAT_FINAL_ASSEMBLY));
  PetscCall(MatAssemblyEnd(*A, MAT_FINAL_ASSEMBLY));
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode CostateVJPCreateMat(CostateVJP v, Mat *A)
{
  PetscFunctionBegin;
  if (v->ops.matrix)
    PetscCall((*v->ops.matrix)(v, A));
  else
    PetscCall(CreateShell(v, A));
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode CostateVJPSetPoint(CostateVJP v, const CostatePoint *at, Mat A)
{
  Shell *s;

  PetscFunctionBegin;
  if (v->ops.fill) {
    PetscCall((*v->ops.fill)(v, at, A));
    PetscFunctionReturn(PETSC_SUCCESS);
  }
  PetscCall(MatShellGetContext(A, &s));
  PetscCall(SetPoint(s, at));
  /* takes back the scaling and shifting of the last point, and tells solvers that it is another matrix */
  PetscCall(MatAssemblyBegin(A, MAT_FINAL_ASSEMBLY));
  PetscCall(MatAssemblyEnd(A, MAT_FINAL_ASSEMBLY));
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode CostateVJPCheck(CostateVJP v, const CostatePoint *at, Mat A, PetscRandom random, PetscReal error[2])
{
  Vec         x, w, jx, jw, d;
  PetscScalar a, b;
  PetscReal   n[4], size;
  PetscBool   transposed;

  PetscFunctionBegin;
  PetscCall(VecDuplicate(v->parameters ? v->p : v->u, &x));
  PetscCall(VecDuplicate(x, &jw));
  PetscCall(VecDuplicate(v->u, &w));
  PetscCall(VecDuplicate(w, &jx));
  PetscCall(VecDuplicate(w, &d));
  PetscCall(VecSetRandom(x, random));
  PetscCall(VecSetRandom(w, random));
  error[0] = error[1] = -1;
  PetscCall(MatMult(A, x, jx));
  PetscCall(MatHasOperation(A, MATOP_MULT_TRANSPOSE, &transposed));
  if (transposed) {
    PetscCall(MatMultTranspose(A, w, jw));
    PetscCall(VecTDot(jx, w, &a));
    PetscCall(VecTDot(x, jw, &b));
    PetscCall(VecNorm(jx, NORM_2, &n[0]));
    PetscCall(VecNorm(w, NORM_2, &n[1]));
    PetscCall(VecNorm(jw, NORM_2, &n[2]));
    PetscCall(VecNorm(x, NORM_2, &n[3]));
    error[0] = PetscAbsScalar(a - b) / PetscMax(PetscMax(n[0] * n[1], n[2] * n[3]), PETSC_MACHINE_EPSILON);
  }
  PetscCall(CostateVJPStep(v, at, x, &n[0]));
  PetscCall(CostateVJPDifference(v, at, x, n[0], d));
  PetscCall(VecNorm(d, NORM_2, &size));
  PetscCall(VecAXPY(d, -1, jx));
  PetscCall(VecNorm(d, NORM_2, &error[1]));
  error[1] = error[1] > 0 && size == 0 ? PETSC_MAX_REAL : error[1] / PetscMax(size, PETSC_SQRT_MACHINE_EPSILON);
  PetscCall(VecDestroy(&x));
  PetscCall(VecDestroy(&w));
  PetscCall(VecDestroy(&jx));
  PetscCall(VecDestroy(&jw));
  PetscCall(VecDestroy(&d));
  PetscFunctionReturn(PETSC_SUCCESS);
}
