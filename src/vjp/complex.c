/* SPDX-License-Identifier: BSD-2-Clause */
/*
  complex: J d = Im f(x + i e d) / e with an e so small that only rounding is left; for functions of the application
  that are analytic and keep imaginary parts.  The point has to be real, since the imaginary part is where the
  derivative is.

  Squire and Trapp, SIAM Review 40 (1998) 110.
*/
#include "../base/scalars.h"
#include "difference.h"

#if defined(PETSC_USE_COMPLEX)

/* The imaginary part of a vector as a real one, which may be the same */
static PetscErrorCode Imaginary(Vec x, Vec im)
{
  PetscScalar *a;
  PetscInt     n;

  PetscFunctionBegin;
  if (im != x) PetscCall(VecCopy(x, im));
  PetscCall(VecGetLocalSize(im, &n));
  PetscCall(VecGetArray(im, &a));
  for (PetscInt i = 0; i < n; i++) a[i] = PetscImaginaryPart(a[i]);
  PetscCall(VecRestoreArray(im, &a));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Along a real direction. */
static PetscErrorCode Along(CostateVJP v, const CostatePoint *at, Vec d, Vec out)
{
  const PetscReal tiny = 1e-100;
  PetscReal       most;

  PetscFunctionBegin;
  PetscCall(CostateVJPEvaluate(v, at, d, PETSC_i * tiny, out));
  PetscCall(Imaginary(out, out));
  PetscCall(VecScale(out, 1 / tiny));
  PetscCall(VecNorm(out, NORM_INFINITY, &most));
  PetscCheck(!(most > PetscSqrtReal(1 / tiny)), v->comm, PETSC_ERR_ARG_WRONG,
             "-costate_vjp%s complex: at t = %g the function has imaginary parts where its arguments are real, which "
             "is where complex steps look for derivatives. Take another provider, or auto",
             v->parameters ? "_p" : "", (double)at->t);
  PetscFunctionReturn(PETSC_SUCCESS);
}

static PetscErrorCode Step(CostateVJP v, const CostatePoint *at, Vec d, PetscReal e, Vec out)
{
  Vec       point[] = {at->u, at->udot, v->p}, im, re, more;
  PetscBool real;

  PetscFunctionBegin;
  (void)e;
  for (int i = 0; i < 3; i++) {
    if (!point[i]) continue;
    PetscCall(CostateVecIsReal(point[i], &real));
    PetscCheck(real, v->comm, PETSC_ERR_ARG_WRONG,
               "-costate_vjp%s complex: %s at t = %g has imaginary parts, and complex steps give derivatives at real "
               "points only. Take another provider, or auto",
               v->parameters ? "_p" : "",
               i == 2 ? "the vector of parameters"
               : i    ? "u'"
                      : "the state",
               (double)at->t);
  }
  PetscCall(CostateVecIsReal(d, &real));
  if (real) {
    PetscCall(Along(v, at, d, out));
    PetscFunctionReturn(PETSC_SUCCESS);
  }
  PetscCall(VecDuplicate(d, &im));
  PetscCall(VecDuplicate(d, &re));
  PetscCall(VecDuplicate(out, &more));
  PetscCall(Imaginary(d, im));
  PetscCall(VecWAXPY(re, -PETSC_i, im, d));
  PetscCall(Along(v, at, re, out));
  PetscCall(Along(v, at, im, more));
  PetscCall(VecAXPY(out, PETSC_i, more));
  PetscCall(VecDestroy(&im));
  PetscCall(VecDestroy(&re));
  PetscCall(VecDestroy(&more));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Not for equations of complex numbers, as far as that is seen at the initial state. */
static PetscErrorCode Can(CostateVJP v, const char **why)
{
  PetscBool real[3] = {PETSC_TRUE, PETSC_TRUE, PETSC_TRUE};
  Vec       f;

  PetscFunctionBegin;
  PetscCall(CostateVJPColumnsCan(v, why));
  if (*why) PetscFunctionReturn(PETSC_SUCCESS);
  PetscCall(CostateVecIsReal(v->initial.u, &real[0]));
  if (v->p) PetscCall(CostateVecIsReal(v->p, &real[1]));
  if (real[0] && real[1]) {
    PetscCall(VecDuplicate(v->u, &f));
    PetscCall((*v->evaluate)(v, &v->initial, NULL, f));
    PetscCall(CostateVecIsReal(f, &real[2]));
    PetscCall(VecDestroy(&f));
  }
  if (!real[0])
    *why = "the initial state has imaginary parts, and complex steps give derivatives at real points only";
  else if (!real[1])
    *why = "a parameter has an imaginary part, and complex steps give derivatives at real points only";
  else if (!real[2])
    *why = "the function has imaginary parts where its arguments are real, which is where complex steps look for "
           "derivatives";
  PetscFunctionReturn(PETSC_SUCCESS);
}
#else
static PetscErrorCode Can(CostateVJP v, const char **why)
{
  PetscFunctionBegin;
  *why = v->missing;
  PetscFunctionReturn(PETSC_SUCCESS);
}
#endif

PETSC_INTERN PetscErrorCode CostateVJPCreate_Complex(CostateVJP v)
{
  PetscFunctionBegin;
#if defined(PETSC_USE_COMPLEX)
  PetscCall(CostateVJPColumns(v, Step));
#else
  v->missing = "needs a PETSc with complex scalars (Debian: libpetsc-complex-dev)";
#endif
  v->ops.can = Can;
  PetscFunctionReturn(PETSC_SUCCESS);
}
