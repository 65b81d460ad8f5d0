/* SPDX-License-Identifier: BSD-2-Clause */
/*
  complex: J d = Im f(x + i e d) / e with an e so small that only rounding is left; for functions of the application
  that are analytic and keep imaginary parts.  The point has to be real, since the imaginary part is where the
  derivative is.

  Squire and Trapp, SIAM Review 40 (1998) 110.
*/
#include "difference.h"

#if defined(PETSC_USE_COMPLEX)

/* The imaginary part of a vector as a real one, which may be the same; whether all of it is zero, on every rank. */
static PetscErrorCode Imaginary(Vec x, Vec im, PetscBool *zero)
{
  PetscScalar *a;
  PetscInt     n;

  PetscFunctionBegin;
  *zero = PETSC_TRUE;
  if (im != x) PetscCall(VecCopy(x, im));
  PetscCall(VecGetLocalSize(im, &n));
  PetscCall(VecGetArray(im, &a));
  for (PetscInt i = 0; i < n; i++) {
    a[i] = PetscImaginaryPart(a[i]);
    if (a[i] != 0.) *zero = PETSC_FALSE;
  }
  PetscCall(VecRestoreArray(im, &a));
  PetscCallMPI(MPI_Allreduce(MPI_IN_PLACE, zero, 1, MPIU_BOOL, MPI_LAND, PetscObjectComm((PetscObject)x)));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Along a real direction. */
static PetscErrorCode Along(CostateVJP v, const CostatePoint *at, Vec d, Vec out)
{
  const PetscReal tiny = 1e-100;
  PetscBool       zero;

  PetscFunctionBegin;
  PetscCall(CostateVJPEvaluate(v, at, d, PETSC_i * tiny, out));
  PetscCall(Imaginary(out, out, &zero));
  PetscCall(VecScale(out, 1 / tiny));
  PetscFunctionReturn(PETSC_SUCCESS);
}

static PetscErrorCode Step(CostateVJP v, const CostatePoint *at, Vec d, PetscReal e, Vec out)
{
  Vec       point[] = {at->u, at->udot, v->p}, im, more;
  PetscBool real;

  PetscFunctionBegin;
  (void)e;
  for (int i = 0; i < 3; i++) {
    if (!point[i]) continue;
    PetscCall(VecDuplicate(point[i], &im));
    PetscCall(Imaginary(point[i], im, &real));
    PetscCall(VecDestroy(&im));
    PetscCheck(real, v->comm, PETSC_ERR_ARG_WRONG,
               "-costate_vjp%s complex: %s at t = %g has imaginary parts, and complex steps give derivatives at real "
               "points only. Take another provider, or auto",
               v->parameters ? "_p" : "",
               i == 2 ? "the vector of parameters"
               : i    ? "u'"
                      : "the state",
               (double)at->t);
  }
  PetscCall(VecDuplicate(d, &im));
  PetscCall(Imaginary(d, im, &real));
  if (real)
    PetscCall(Along(v, at, d, out));
  else {
    Vec re;

    PetscCall(VecDuplicate(out, &more));
    PetscCall(VecDuplicate(d, &re));
    PetscCall(VecWAXPY(re, -PETSC_i, im, d));
    PetscCall(Along(v, at, re, out));
    PetscCall(Along(v, at, im, more));
    PetscCall(VecAXPY(out, PETSC_i, more));
    PetscCall(VecDestroy(&re));
    PetscCall(VecDestroy(&more));
  }
  PetscCall(VecDestroy(&im));
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
  v->ops.can = Can;
#endif
  PetscFunctionReturn(PETSC_SUCCESS);
}
