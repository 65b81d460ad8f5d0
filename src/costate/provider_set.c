/* SPDX-License-Identifier: BSD-2-Clause */
/* Where derivatives come from: what is set, read from options, and shown. */
#include "provider.h"
#include "tapes.h"

static PetscErrorCode SetName(Costate cs, PetscBool p, const char name[])
{
  PetscFunctionBegin;
  PetscValidHeaderSpecific(cs, COSTATE_CLASSID, 1);
  PetscCall(CostateReset(cs));
  PetscCall(PetscFree(cs->vjp_name[p]));
  PetscCall(PetscStrallocpy(name, &cs->vjp_name[p]));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/*@C
  CostateSetVJP - Sets where products with the derivative of the equation with respect to the state come from

  Logically Collective

  Input Parameters:
+ cs   - the object
- name - a provider: jacobian, shell, user, adolc, adolc_sparse, complex, coloring, fd (`costate list vjps`); auto: the
         first of these that serves and is right; NULL: what the application gave, which may be a tape

  Options Database Keys:
+ -costate_vjp name       - the provider
. -costate_vjp_few n      - so many columns are worth two evaluations of the function each (fd, complex): 64
- -costate_vjp_mat_...    - options of MatColoring (coloring)

  Notes:
  The provider makes a matrix, assembled or a MATSHELL, that the `TS` (or the SNES) is given instead of its own; the run
  uses it too, if its type needs a Jacobian.  Where it is a MATSHELL and the application has an assembled matrix, that
  one is what preconditioners are made of.  `CostateReset()` gives the application's back.

  `auto` compares the products with differences of the function at the initial state, and one that is wrong is passed
  over with a word.

  Level: intermediate

.seealso: `CostateSetVJPP()`, `CostateSetProducts()`, `CostateSetTape()`, `CostateCheckDotProduct()`
@*/
PetscErrorCode CostateSetVJP(Costate cs, const char name[])
{
  PetscFunctionBegin;
  PetscCall(SetName(cs, PETSC_FALSE, name));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/*@C
  CostateSetVJPP - Sets where products with the derivative of the equation with respect to the parameters come from

  Logically Collective

  Input Parameters:
+ cs   - the object
- name - a provider as for `CostateSetVJP()`

  Options Database Key:
. -costate_vjp_p name - the provider

  Notes:
  What takes differences changes the vector of `CostateSetParameters()`, tells the application by the function of
  `CostateSetParametersChanged()`, evaluates the function, and takes the change back.  An application that reads its
  parameters from elsewhere and has no such function has a derivative of zero; that is an error at the end of the sweep.

  coloring needs the sparse pattern in a matrix of `TSSetRHSJacobianP()` or `TSSetIJacobianP()`, whose function may be
  NULL.

  Level: intermediate

.seealso: `CostateSetVJP()`, `CostateSetParameterProducts()`
@*/
PetscErrorCode CostateSetVJPP(Costate cs, const char name[])
{
  PetscFunctionBegin;
  PetscCall(SetName(cs, PETSC_TRUE, name));
  PetscFunctionReturn(PETSC_SUCCESS);
}

static PetscErrorCode SetProducts(Costate cs, CostateSide side, PetscBool p, CostateProduct jvp, CostateProduct vjp,
                                  void *ctx)
{
  CostateProvider *pr;

  PetscFunctionBegin;
  PetscValidHeaderSpecific(cs, COSTATE_CLASSID, 1);
  PetscCheck(side == COSTATE_RHS || side == COSTATE_I, PetscObjectComm((PetscObject)cs), PETSC_ERR_ARG_OUTOFRANGE,
             "There is no side %d: it is COSTATE_RHS for TSSetRHSFunction(), COSTATE_I for TSSetIFunction() and for a "
             "SNES",
             (int)side);
  PetscCheck(vjp || !jvp, PetscObjectComm((PetscObject)cs), PETSC_ERR_ARG_NULL,
             "An adjoint needs the transposed product at least");
  PetscCall(CostateReset(cs));
  pr      = &cs->provider[side][p];
  pr->jvp = jvp;
  pr->vjp = vjp;
  pr->ctx = ctx;
  PetscFunctionReturn(PETSC_SUCCESS);
}

/*@C
  CostateSetProducts - Sets functions that multiply with the derivative of the equation with respect to the state

  Logically Collective

  Input Parameters:
+ cs   - the object
. side - COSTATE_RHS: J = G_u of `TSSetRHSFunction()`; COSTATE_I: J = F_u + shift F_u' of `TSSetIFunction()`, or that of
         the function of a SNES, where u' is NULL and shift is 0
. jvp  - out = J in; NULL if there is none, which forward runs of implicit types and the method forward need
. vjp  - out = J^T in
- ctx  - for both

  Calling sequence of jvp and vjp:
.vb
  PetscErrorCode f(Costate cs, PetscReal t, Vec u, Vec udot, PetscReal shift, Vec p, Vec in, Vec out, void *ctx)
.ve

  Notes:
  Written by hand, or by a tool that makes derivatives of code (Tapenade, Enzyme, CoDiPack).  They need no Jacobian; one
  that the application has set too is what preconditioners are made of, and without one implicit types need -pc_type
  none or a PC of the application's.

  The vectors of the point and p may be read only.  What is not a number is an error that names the product.

  Level: intermediate

.seealso: `CostateSetParameterProducts()`, `CostateSetVJP()`, `CostateCheckDotProduct()`
@*/
PetscErrorCode CostateSetProducts(Costate cs, CostateSide side, CostateProduct jvp, CostateProduct vjp, void *ctx)
{
  PetscFunctionBegin;
  PetscCall(SetProducts(cs, side, PETSC_FALSE, jvp, vjp, ctx));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/*@C
  CostateSetParameterProducts - Sets functions that multiply with the derivative with respect to the parameters

  Logically Collective

  Input Parameters:
+ cs   - the object
. side - COSTATE_RHS: J = G_p; COSTATE_I: J = F_p
. jvp  - out = J in, with in like the parameters; NULL if there is none
. vjp  - out = J^T in, with out like the parameters
- ctx  - for both

  Notes:
  As for `CostateSetProducts()`.  f_p is never formed, so that parameters may be fields.

  Level: intermediate

.seealso: `CostateSetProducts()`, `CostateSetVJPP()`
@*/
PetscErrorCode CostateSetParameterProducts(Costate cs, CostateSide side, CostateProduct jvp, CostateProduct vjp,
                                           void *ctx)
{
  PetscFunctionBegin;
  PetscCall(SetProducts(cs, side, PETSC_TRUE, jvp, vjp, ctx));
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode CostateProvidersView(Costate cs, PetscViewer viewer)
{
  PetscFunctionBegin;
  for (int side = 0; side < 2; side++) {
    for (int p = 0; p < 2; p++) {
      const CostateProvider *pr = &cs->provider[side][p];

      if (!pr->v) continue;
      PetscCall(PetscViewerASCIIPrintf(viewer, "  products with %s_%s: %s%s, %" PetscInt_FMT " evaluations of %s%s\n",
                                       CostateProviderSides[side], p ? "p" : "u", pr->v->name,
                                       pr->v->accuracy == COSTATE_VJP_EXACT ? "" : " (differences)", pr->v->evaluations,
                                       CostateProviderSides[side], pr->why));
      if (pr->v->taped) PetscCall(CostateTapesView(cs, (CostateSide)side, viewer));
    }
  }
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode CostateProvidersSetFromOptions(Costate cs, COSTATE_OPTION_ITEMS PetscOptionsObject)
{
  PetscFunctionBegin;
  for (int p = 0; p < 2; p++) {
    char      name[64];
    PetscBool set;

    PetscCall(PetscOptionsString(CostateProviderOptions[p],
                                 p ? "Where the derivatives by parameters come from" : "Where the Jacobians come from",
                                 p ? "CostateSetVJPP" : "CostateSetVJP", cs->vjp_name[p] ? cs->vjp_name[p] : "", name,
                                 sizeof(name), &set));
    if (set) PetscCall(p ? CostateSetVJPP(cs, name) : CostateSetVJP(cs, name));
  }
  PetscCall(PetscOptionsBoundedInt("-costate_vjp_few", "So many columns are worth evaluations each", "CostateSetVJP",
                                   cs->vjp_few, &cs->vjp_few, NULL, 0));
  PetscCall(CostateTapesSetFromOptions(cs, PetscOptionsObject));
  PetscFunctionReturn(PETSC_SUCCESS);
}
