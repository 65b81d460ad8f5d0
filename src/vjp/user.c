/* SPDX-License-Identifier: BSD-2-Clause */
/* user: products that the application computes; by hand, or by code that a tool such as Tapenade or Enzyme made. */
#include "../base/compat.h"
#include <costate/vjp.h>

static PetscErrorCode Can(CostateVJP v, const char **why)
{
  PetscFunctionBegin;
  *why = v->vjp          ? NULL
         : v->parameters ? "there are no products of the application: CostateSetParameterProducts()"
                         : "there are no products of the application: CostateSetProducts()";
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* What is not a number is named here, where it comes from, and not some steps later. */
static PetscErrorCode Finite(CostateVJP v, const CostatePoint *at, const char what[], Vec x)
{
  PetscReal norm;

  PetscFunctionBegin;
  PetscCall(VecNorm(x, NORM_1, &norm));
  PetscCheck(!PetscIsInfOrNanReal(norm), v->comm, PETSC_ERR_FP,
             "The %s product of %s() returned what is not a number, at t = %g", what,
             v->parameters ? "CostateSetParameterProducts" : "CostateSetProducts", (double)at->t);
  PetscFunctionReturn(PETSC_SUCCESS);
}

static PetscErrorCode Mult(CostateVJP v, const CostatePoint *at, Vec in, Vec out)
{
  PetscFunctionBegin;
  PetscCheck(v->jvp, v->comm, PETSC_ERR_ARG_WRONGSTATE,
             "A product J v is needed and the application gave J^T v only: give %s() both",
             v->parameters ? "CostateSetParameterProducts" : "CostateSetProducts");
  PetscCallBack("Costate product", (*v->jvp)(v->cs, at->t, at->u, at->udot, at->shift, v->p, in, out, v->ctx));
  PetscCall(Finite(v, at, "", out));
  PetscFunctionReturn(PETSC_SUCCESS);
}

static PetscErrorCode MultTranspose(CostateVJP v, const CostatePoint *at, Vec in, Vec out)
{
  PetscFunctionBegin;
  PetscCallBack("Costate transposed product",
                (*v->vjp)(v->cs, at->t, at->u, at->udot, at->shift, v->p, in, out, v->ctx));
  PetscCall(Finite(v, at, "transposed", out));
  PetscFunctionReturn(PETSC_SUCCESS);
}

PETSC_INTERN PetscErrorCode CostateVJPCreate_User(CostateVJP v)
{
  PetscFunctionBegin;
  v->ops.can           = Can;
  v->ops.mult          = Mult;
  v->ops.multtranspose = MultTranspose;
  PetscFunctionReturn(PETSC_SUCCESS);
}
