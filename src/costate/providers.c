/* SPDX-License-Identifier: BSD-2-Clause */
/*
  Which provider serves which derivative, and how the TS or the SNES is given what it provides.

  Without an option that is what the application gave: its Jacobians, or its products.  Differences are taken only where
  they are asked for, by name or by `auto`, which says what it takes and why not something else.
*/
#include "costateimpl.h"
#include <costate/model.h>

static const char *const option[]     = {"-costate_vjp", "-costate_vjp_p"};
static const char *const side_names[] = {"G", "F"};

/*@C
  CostateSetVJP - Sets where products with the derivative of the equation with respect to the state come from

  Logically Collective

  Input Parameters:
+ cs   - the object
- name - a provider: jacobian, shell, user, complex, coloring, fd (`costate list vjps`); auto: the first of these that
         serves and is right; NULL: what the application gave

  Options Database Keys:
+ -costate_vjp name       - the provider
. -costate_vjp_few n      - so many columns are worth two evaluations of the function each (fd, complex): 64
- -costate_vjp_mat_...    - options of MatColoring and MatFDColoring (coloring)

  Notes:
  The provider makes a matrix, assembled or a MATSHELL, that the `TS` (or the SNES) is given instead of its own; the run
  uses it too, if its type needs a Jacobian.  Where it is a MATSHELL and the application has an assembled matrix, that
  one is what preconditioners are made of.  `CostateReset()` gives the application's back.

  `auto` compares the products with differences of the function at the initial state, and one that is wrong is passed
  over with a word.

  Level: intermediate

.seealso: `CostateSetVJPP()`, `CostateSetProducts()`, `CostateCheckDotProduct()`
@*/
PetscErrorCode CostateSetVJP(Costate cs, const char name[])
{
  PetscFunctionBegin;
  PetscValidHeaderSpecific(cs, COSTATE_CLASSID, 1);
  PetscCall(CostateReset(cs));
  PetscCall(PetscFree(cs->vjp_name[0]));
  PetscCall(PetscStrallocpy(name, &cs->vjp_name[0]));
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
  PetscValidHeaderSpecific(cs, COSTATE_CLASSID, 1);
  PetscCall(CostateReset(cs));
  PetscCall(PetscFree(cs->vjp_name[1]));
  PetscCall(PetscStrallocpy(name, &cs->vjp_name[1]));
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

/* The function of the side; for other parameters the application is told, and told again. */
static PetscErrorCode Evaluate(CostateVJP v, const CostatePoint *at, Vec q, Vec f)
{
  Costate cs     = v->cs;
  Vec     before = NULL, active = CostateActive(cs);

  PetscFunctionBegin;
  v->evaluations++;
  if (q) {
    PetscCall(VecDuplicate(active, &before));
    PetscCall(VecCopy(active, before));
    PetscCall(VecCopy(q, active));
    PetscCall(CostateTellActive(cs));
  }
  if (cs->snes)
    PetscCall(SNESComputeFunction(cs->snes, at->u, f));
  else if (v->side == COSTATE_RHS)
    PetscCall(TSComputeRHSFunction(cs->ts, at->t, at->u, f));
  else
    PetscCall(TSComputeIFunction(cs->ts, at->t, at->u, at->udot, f, PETSC_TRUE));
  if (q) {
    PetscCall(VecCopy(before, active));
    PetscCall(CostateTellActive(cs));
    PetscCall(VecDestroy(&before));
  }
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* The application's own function, for what preconditioners are made of. */
static PetscErrorCode Given(CostateProvider *pr, const CostatePoint *at, Mat A, Mat P)
{
  Costate cs = pr->v->cs;

  PetscFunctionBegin;
  if (cs->snes)
    PetscCallBack("SNES callback Jacobian",
                  (*(PetscErrorCode(*)(SNES, Vec, Mat, Mat, void *))pr->f)(cs->snes, at->u, A, P, pr->fctx));
  else if (pr->v->parameters && pr->v->side == COSTATE_RHS)
    PetscCallBack("TS callback JacobianP for sensitivity analysis",
                  (*(PetscErrorCode(*)(TS, PetscReal, Vec, Mat, void *))pr->f)(cs->ts, at->t, at->u, A, pr->fctx));
  else if (pr->v->parameters)
    PetscCallBack("TS callback JacobianP for sensitivity analysis",
                  (*(PetscErrorCode(*)(TS, PetscReal, Vec, Vec, PetscReal, Mat,
                                       void *))pr->f)(cs->ts, at->t, at->u, at->udot, at->shift, A, pr->fctx));
  else if (pr->v->side == COSTATE_RHS)
    PetscCallBack("TS callback Jacobian", (*(TSRHSJacobian)pr->f)(cs->ts, at->t, at->u, A, P, pr->fctx));
  else
    PetscCallBack("TS callback implicit Jacobian",
                  (*(TSIJacobian)pr->f)(cs->ts, at->t, at->u, at->udot, at->shift, A, P, pr->fctx));
  PetscFunctionReturn(PETSC_SUCCESS);
}

static PetscErrorCode Fill(CostateProvider *pr, const CostatePoint *at, Mat A, Mat P)
{
  PetscBool mffd;
  PetscReal norm;

  PetscFunctionBegin;
  PetscCall(PetscObjectTypeCompare((PetscObject)A, MATMFFD, &mffd));
  if (mffd) { /* -snes_mf_operator: the solver has put its own in front */
    PetscCall(MatAssemblyBegin(A, MAT_FINAL_ASSEMBLY));
    PetscCall(MatAssemblyEnd(A, MAT_FINAL_ASSEMBLY));
  } else
    PetscCall(CostateVJPSetPoint(pr->v, at, A));
  if (P != A) {
    if (pr->precondition)
      PetscCall(Given(pr, at, pr->A == pr->P ? P : pr->A, P));
    else
      PetscCall(CostateVJPSetPoint(pr->v, at, P));
  }
  if (!pr->v->parameters || pr->nonzero || pr->v->accuracy == COSTATE_VJP_EXACT) PetscFunctionReturn(PETSC_SUCCESS);
  PetscCall(MatNorm(A, NORM_FROBENIUS, &norm));
  pr->filled  = PETSC_TRUE;
  pr->nonzero = (PetscBool)(norm != 0);
  PetscFunctionReturn(PETSC_SUCCESS);
}

static PetscErrorCode RHSJacobian(TS ts, PetscReal t, Vec u, Mat A, Mat P, void *ctx)
{
  const CostatePoint at = {.t = t, .u = u};

  PetscFunctionBegin;
  (void)ts;
  PetscCall(Fill((CostateProvider *)ctx, &at, A, P));
  PetscFunctionReturn(PETSC_SUCCESS);
}

static PetscErrorCode IJacobian(TS ts, PetscReal t, Vec u, Vec udot, PetscReal shift, Mat A, Mat P, void *ctx)
{
  const CostatePoint at = {.t = t, .u = u, .udot = udot, .shift = shift};

  PetscFunctionBegin;
  (void)ts;
  PetscCall(Fill((CostateProvider *)ctx, &at, A, P));
  PetscFunctionReturn(PETSC_SUCCESS);
}

static PetscErrorCode SteadyJacobian(SNES snes, Vec u, Mat A, Mat P, void *ctx)
{
  const CostatePoint at = {.u = u};

  PetscFunctionBegin;
  (void)snes;
  PetscCall(Fill((CostateProvider *)ctx, &at, A, P));
  PetscFunctionReturn(PETSC_SUCCESS);
}

static PetscErrorCode RHSJacobianP(TS ts, PetscReal t, Vec u, Mat A, void *ctx)
{
  const CostatePoint at = {.t = t, .u = u};

  PetscFunctionBegin;
  (void)ts;
  PetscCall(Fill((CostateProvider *)ctx, &at, A, A));
  PetscFunctionReturn(PETSC_SUCCESS);
}

static PetscErrorCode IJacobianP(TS ts, PetscReal t, Vec u, Vec udot, PetscReal shift, Mat A, void *ctx)
{
  CostateProvider   *pr = (CostateProvider *)ctx;
  const CostatePoint at = {.t = t, .u = u, .udot = pr->v->cs->snes ? NULL : udot, .shift = shift};

  PetscFunctionBegin;
  (void)ts;
  PetscCall(Fill(pr, &at, A, A));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Gives the equation a matrix and a function for it. */
static PetscErrorCode Put(Costate cs, CostateSide side, PetscBool p, Mat A, Mat P, void (*f)(void), void *ctx)
{
  PetscFunctionBegin;
  if (p && side == COSTATE_RHS)
    PetscCall(TSSetRHSJacobianP(cs->ts, A, (PetscErrorCode(*)(TS, PetscReal, Vec, Mat, void *))f, ctx));
  else if (p)
    PetscCall(TSSetIJacobianP(cs->ts, A, (PetscErrorCode(*)(TS, PetscReal, Vec, Vec, PetscReal, Mat, void *))f, ctx));
  else if (cs->snes)
    PetscCall(SNESSetJacobian(cs->snes, A, P, (PetscErrorCode(*)(SNES, Vec, Mat, Mat, void *))f, ctx));
  else if (side == COSTATE_RHS)
    PetscCall(TSSetRHSJacobian(cs->ts, A, P, (TSRHSJacobian)f, ctx));
  else
    PetscCall(TSSetIJacobian(cs->ts, A, P, (TSIJacobian)f, ctx));
  PetscFunctionReturn(PETSC_SUCCESS);
}

static void (*Ours(const Costate cs, CostateSide side, PetscBool p))(void)
{
  if (p) return side == COSTATE_RHS ? (void (*)(void))RHSJacobianP : (void (*)(void))IJacobianP;
  if (cs->snes) return (void (*)(void))SteadyJacobian;
  return side == COSTATE_RHS ? (void (*)(void))RHSJacobian : (void (*)(void))IJacobian;
}

/* What the application has set. */
static PetscErrorCode Get(Costate cs, CostateSide side, PetscBool p, CostateProvider *pr)
{
  PetscFunctionBegin;
  pr->A = pr->P = NULL;
  pr->f         = NULL;
  pr->fctx      = NULL;
  if (p && side == COSTATE_RHS) {
    PetscErrorCode (*f)(TS, PetscReal, Vec, Mat, void *);

    PetscCall(TSGetRHSJacobianP(cs->ts, &pr->A, &f, &pr->fctx));
    pr->f = (void (*)(void))f;
  } else if (p)
    PetscCall(CostateTSGetIJacobianP(cs->ts, &pr->A, &pr->f, &pr->fctx));
  else if (cs->snes) {
    PetscErrorCode (*f)(SNES, Vec, Mat, Mat, void *);

    PetscCall(SNESGetJacobian(cs->snes, &pr->A, &pr->P, &f, &pr->fctx));
    pr->f = (void (*)(void))f;
  } else if (side == COSTATE_RHS) {
    TSRHSJacobian f;

    PetscCall(TSGetRHSJacobian(cs->ts, NULL, NULL, &f, &pr->fctx));
    pr->f = (void (*)(void))f;
    PetscCall(CostateTSGetRHSMats(cs->ts, &pr->A, &pr->P));
  } else {
    TSIJacobian f;
    SNES        snes; /* TSGetIJacobian() makes a matrix where there is none */

    PetscCall(TSGetIJacobian(cs->ts, NULL, NULL, &f, &pr->fctx));
    pr->f = (void (*)(void))f;
    PetscCall(TSGetSNES(cs->ts, &snes));
    PetscCall(SNESGetJacobian(snes, &pr->A, &pr->P, NULL, NULL));
  }
  if (pr->A) PetscCall(PetscObjectReference((PetscObject)pr->A));
  if (pr->P) PetscCall(PetscObjectReference((PetscObject)pr->P));
  PetscFunctionReturn(PETSC_SUCCESS);
}

static PetscErrorCode Create(Costate cs, CostateSide side, PetscBool p, Vec u)
{
  CostateProvider *pr = &cs->provider[side][p];
  CostateVJP       v;
  PetscBool        shell, assembled = PETSC_TRUE;

  PetscFunctionBegin;
  PetscCall(Get(cs, side, p, pr));
  PetscCall(PetscNew(&v));
  pr->v             = v;
  v->comm           = PetscObjectComm((PetscObject)cs);
  v->cs             = cs;
  v->prefix         = ((PetscObject)cs)->prefix;
  v->side           = side;
  v->parameters     = p;
  v->few            = cs->vjp_few;
  v->jvp            = pr->jvp;
  v->vjp            = pr->vjp;
  v->ctx            = pr->ctx;
  v->evaluate       = Evaluate;
  v->transposed     = (PetscBool) !!strcmp(((PetscObject)cs)->type_name, COSTATEFORWARD);
  v->given_function = (PetscBool) !!pr->f;
  PetscCall(PetscObjectReference((PetscObject)u));
  v->u = u;
  if (cs->p) PetscCall(PetscObjectReference((PetscObject)CostateActive(cs)));
  v->p = CostateActive(cs);
  if (cs->snes)
    PetscCall(SNESGetDM(cs->snes, &v->dm));
  else
    PetscCall(TSGetDM(cs->ts, &v->dm));
  PetscCall(PetscObjectTypeCompare((PetscObject)v->dm, DMSHELL, &shell));
  if (shell) v->dm = NULL;
  if (pr->A) PetscCall(PetscObjectReference((PetscObject)pr->A));
  v->given = pr->A;
  if (pr->A) PetscCall(MatAssembled(pr->A, &assembled));
  if (pr->f && !assembled) { /* its function knows the pattern */
    const CostatePoint at = {.t = cs->t0, .u = u, .udot = side == COSTATE_I && !cs->snes ? u : NULL};

    PetscCall(Given(pr, &at, pr->A, pr->P ? pr->P : pr->A));
  }
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Compares the products of a candidate with differences at the initial state; *why: what is wrong with it. */
static PetscErrorCode Try(Costate cs, CostateProvider *pr, char why[], size_t len)
{
  CostateVJP   v  = pr->v;
  CostatePoint at = {.t = cs->t0};
  PetscRandom  random;
  PetscReal    e[2];
  Mat          A;

  PetscFunctionBegin;
  why[0] = 0;
  if (!cs->u0) PetscFunctionReturn(PETSC_SUCCESS); /* it is not known yet */
  PetscCall(CostateGetRandom(cs, NULL, &random));
  PetscCall(VecDuplicate(cs->u0, &at.u));
  PetscCall(VecCopy(cs->u0, at.u));
  if (v->side == COSTATE_I && !cs->snes) {
    PetscCall(VecDuplicate(cs->u0, &at.udot));
    PetscCall(VecSetRandom(at.udot, random));
    at.shift = 1;
  }
  if (v->ops.mult || v->ops.matrix) {
    PetscCall(CostateVJPCreateMat(v, &A));
    PetscCall(CostateVJPSetPoint(v, &at, A));
  } else {
    PetscCall(PetscObjectReference((PetscObject)pr->A));
    A = pr->A;
    PetscCall(Given(pr, &at, A, pr->P ? pr->P : A));
  }
  PetscCall(CostateVJPCheck(v, &at, A, random, e));
  if (e[0] > 1e-10)
    PetscCall(PetscSNPrintf(why, len, "its products with J and J^T differ by %.2g", (double)e[0]));
  else if (e[1] > 1e-4)
    PetscCall(PetscSNPrintf(why, len, "its products differ from differences of the function by %.2g", (double)e[1]));
  PetscCall(MatDestroy(&A));
  PetscCall(VecDestroy(&at.u));
  PetscCall(VecDestroy(&at.udot));
  PetscCall(PetscRandomDestroy(&random));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* The first that serves and is right; says so. */
static PetscErrorCode Choose(Costate cs, CostateProvider *pr)
{
  CostateVJP  v    = pr->v;
  MPI_Comm    comm = v->comm;
  const char *name, *text, *missing, *why;
  char        wrong[128], *p = pr->why;
  size_t      left = sizeof(pr->why);

  PetscFunctionBegin;
  p[0] = 0;
  for (PetscInt i = 0;; i++) {
    size_t len;

    PetscCall(CostateVJPListGet(i, &name, &text, &missing));
    PetscCheck(name, comm, PETSC_ERR_SUP, "%s auto finds no provider of %s_%s:%s", option[v->parameters],
               side_names[v->side], v->parameters ? "p" : "u", pr->why);
    PetscCall(CostateVJPSetType(v, name));
    PetscCall((*v->ops.can)(v, &why));
    if (!why) {
      if (v->ops.setup) PetscCall((*v->ops.setup)(v));
      PetscCall(Try(cs, pr, wrong, sizeof(wrong)));
      if (!wrong[0]) break;
      why = wrong;
    }
    PetscCall(PetscSNPrintf(p, left, "\n  not %s: %s", name, why));
    PetscCall(PetscStrlen(p, &len));
    p += len;
    left -= len;
  }
  PetscCall(PetscFPrintf(comm, PETSC_STDERR, "costate: %s auto: %s_%s by %s, %s%s\n", option[v->parameters],
                         side_names[v->side], v->parameters ? "p" : "u", name, text, pr->why));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Chooses the provider and puts what it makes in the place of what the application gave. */
static PetscErrorCode Install(Costate cs, CostateSide side, PetscBool p, const char name[])
{
  CostateProvider *pr   = &cs->provider[side][p];
  MPI_Comm         comm = PetscObjectComm((PetscObject)cs);
  CostateVJP       v    = pr->v;
  const char      *why;
  Mat              A, P;

  PetscFunctionBegin;
  if (!strcmp(name, "auto"))
    PetscCall(Choose(cs, pr));
  else {
    PetscCall(CostateVJPSetType(v, name));
    PetscCall((*v->ops.can)(v, &why));
    PetscCheck(!why, comm, PETSC_ERR_SUP, "%s %s: %s", option[p], name, why);
    if (v->ops.setup) PetscCall((*v->ops.setup)(v));
  }
  if (!v->ops.mult && !v->ops.matrix) PetscFunctionReturn(PETSC_SUCCESS); /* what is there serves */
  if (p && !v->transposed) PetscCall(CostateVJPAssemble(v));              /* the method forward takes f_p by columns */
  PetscCall(CostateVJPCreateMat(v, &A));
  P = A;
  if (!v->ops.matrix && !p && pr->f && pr->P) { /* preconditioners are made of what the application assembles */
    PetscCall(MatHasOperation(pr->P, MATOP_GET_ROW, &pr->precondition));
    if (pr->precondition) P = pr->P;
  }
  PetscCall(Put(cs, side, p, A, P, Ours(cs, side, p), pr));
  pr->mine = A;
  if (!p && side == COSTATE_I && v->accuracy == COSTATE_VJP_DIFFERENCES)
    PetscCall(PetscObjectCompose((PetscObject)cs->ts, COSTATE_DIFFERENCES, (PetscObject)A));
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode CostateProvidersSetUp(Costate cs)
{
  TSRHSFunction rhs       = NULL;
  TSIFunction   ifunction = NULL;
  Vec           u         = cs->u0;

  PetscFunctionBegin;
  if (!cs->snes) PetscCall(TSGetRHSFunction(cs->ts, NULL, &rhs, NULL));
  if (!cs->snes) PetscCall(TSGetIFunction(cs->ts, NULL, &ifunction, NULL));
  if (!u) PetscCall(TSGetSolution(cs->ts, &u));
  for (int side = 0; side < 2; side++) {
    for (int p = 0; p < 2; p++) {
      CostateProvider *pr   = &cs->provider[side][p];
      const char      *name = cs->vjp_name[p];

      PetscCheck(!pr->vjp || !name || !strcmp(name, "user") || !strcmp(name, "auto"), PetscObjectComm((PetscObject)cs),
                 PETSC_ERR_ARG_INCOMP, "%s %s, but the application gave products of its own (%s()): leave out one",
                 option[p], name, p ? "CostateSetParameterProducts" : "CostateSetProducts");
      if (!name && pr->vjp) name = "user";
      if (!name || (p && !cs->p) || (side == COSTATE_RHS ? !rhs : !ifunction && !cs->snes)) continue;
      PetscCheck(u, PetscObjectComm((PetscObject)cs), PETSC_ERR_ARG_WRONGSTATE,
                 "%s needs the layout of the state: call CostateSetInitialState(), or TSSetSolution() before "
                 "CostateSetUp()",
                 option[p]);
      PetscCall(Create(cs, (CostateSide)side, (PetscBool)p, u));
      PetscCall(Install(cs, (CostateSide)side, (PetscBool)p, name));
    }
  }
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* After a sweep: differences that were zero everywhere are none. */
PetscErrorCode CostateProvidersEnd(Costate cs)
{
  PetscFunctionBegin;
  for (int side = 0; side < 2; side++) {
    const CostateProvider *pr = &cs->provider[side][1];

    PetscCheck(!pr->filled || pr->nonzero, PetscObjectComm((PetscObject)cs), PETSC_ERR_USER,
               "-costate_vjp_p %s: no parameter ever changed the function, so that there is no derivative. Does the "
               "application read its parameters from the vector of CostateSetParameters(), or is it told by "
               "CostateSetParametersChanged()?",
               pr->v->name);
  }
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* The application's own functions again. */
PetscErrorCode CostateProvidersReset(Costate cs)
{
  PetscFunctionBegin;
  if (cs->provider[COSTATE_I][0].mine) PetscCall(PetscObjectCompose((PetscObject)cs->ts, COSTATE_DIFFERENCES, NULL));
  for (int side = 0; side < 2; side++) {
    for (int p = 0; p < 2; p++) {
      CostateProvider *pr = &cs->provider[side][p];

      if (!pr->v) continue;
      if (pr->mine) { /* a TS cannot be without a matrix once it had one */
        Mat A = pr->A ? pr->A : pr->mine;

        PetscCall(Put(cs, (CostateSide)side, (PetscBool)p, A, pr->P ? pr->P : A, pr->f, pr->fctx));
      }
      PetscCall(MatDestroy(&pr->mine));
      PetscCall(MatDestroy(&pr->A));
      PetscCall(MatDestroy(&pr->P));
      PetscCall(CostateVJPDestroy(&pr->v));
      pr->precondition = pr->filled = pr->nonzero = PETSC_FALSE;
    }
  }
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
                                       side_names[side], p ? "p" : "u", pr->v->name,
                                       pr->v->accuracy == COSTATE_VJP_EXACT ? "" : " (differences)", pr->v->evaluations,
                                       side_names[side], pr->why));
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

    PetscCall(PetscOptionsString(option[p],
                                 p ? "Where the derivatives by parameters come from" : "Where the Jacobians come from",
                                 p ? "CostateSetVJPP" : "CostateSetVJP", cs->vjp_name[p] ? cs->vjp_name[p] : "", name,
                                 sizeof(name), &set));
    if (set) PetscCall(p ? CostateSetVJPP(cs, name) : CostateSetVJP(cs, name));
  }
  PetscCall(PetscOptionsBoundedInt("-costate_vjp_few", "So many columns are worth evaluations each", "CostateSetVJP",
                                   cs->vjp_few, &cs->vjp_few, NULL, 0));
  PetscFunctionReturn(PETSC_SUCCESS);
}
