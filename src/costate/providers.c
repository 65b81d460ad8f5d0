/* SPDX-License-Identifier: BSD-2-Clause */
/*
  Which provider serves which derivative, and how the TS or the SNES is given what it provides.

  Without an option that is what the application gave: its Jacobians, or its products.  Differences are taken only where
  they are asked for, by name or by `auto`, which says what it takes and why not something else.
*/
#include "provider.h"
#include "tapes.h"
#include <costate/model.h>

const char *const CostateProviderOptions[] = {"-costate_vjp", "-costate_vjp_p"};
const char *const CostateProviderSides[]   = {"G", "F"};

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
PetscErrorCode CostateProviderGiven(CostateProvider *pr, const CostatePoint *at, Mat A, Mat P)
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
      PetscCall(CostateProviderGiven(pr, at, pr->A == pr->P ? P : pr->A, P));
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
  PetscCall(CostateTapesOf(cs, PETSC_FALSE, &v->tapes));
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
  v->initial = (CostatePoint){.t = cs->t0, .u = u, .udot = side == COSTATE_I && !cs->snes ? u : NULL};
  if (pr->f && !assembled) /* its function knows the pattern */
    PetscCall(CostateProviderGiven(pr, &v->initial, pr->A, pr->P ? pr->P : pr->A));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Whether a tape is all that the application gave, where it says nothing of a provider. */
static PetscErrorCode TapeAlone(Costate cs, CostateSide side, PetscBool p, PetscBool *yes)
{
  CostateTapes      tapes;
  CostateTapeRecord record = NULL;
  CostateProvider   pr;

  PetscFunctionBegin;
  PetscCall(CostateTapesOf(cs, PETSC_FALSE, &tapes));
  if (tapes) PetscCall(CostateTapesGet(tapes, side, &record));
  *yes = (PetscBool) !!record;
  if (!record) PetscFunctionReturn(PETSC_SUCCESS);
  PetscCall(Get(cs, side, p, &pr));
  *yes = (PetscBool)!pr.f;
  PetscCall(MatDestroy(&pr.A));
  PetscCall(MatDestroy(&pr.P));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Chooses the provider (name NULL: the tape) and puts what it makes in the place of what the application gave. */
static PetscErrorCode Install(Costate cs, CostateSide side, PetscBool p, const char name[])
{
  CostateProvider *pr   = &cs->provider[side][p];
  MPI_Comm         comm = PetscObjectComm((PetscObject)cs);
  CostateVJP       v    = pr->v;
  const char      *why;
  Mat              A, P;

  PetscFunctionBegin;
  if (!name || !strcmp(name, "auto"))
    PetscCall(CostateProviderChoose(cs, pr, (PetscBool) !!name));
  else {
    PetscCall(CostateVJPSetType(v, name));
    PetscCall((*v->ops.can)(v, &why));
    PetscCheck(!why, comm, PETSC_ERR_SUP, "%s %s: %s", CostateProviderOptions[p], name, why);
    if (v->ops.setup) PetscCall((*v->ops.setup)(v));
  }
  if (!v->ops.mult && !v->ops.matrix) PetscFunctionReturn(PETSC_SUCCESS); /* what is there serves */
  if (p && !v->transposed) PetscCall(CostateVJPAssemble(v));              /* the method forward takes f_p by columns */
  PetscCall(CostateVJPCreateMat(v, &A));
  P = A;
  if (!v->ops.matrix && !p && CostateProviderPreconditions(pr)) { /* made of what the application assembles */
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
      PetscBool        tape = PETSC_FALSE;

      PetscCheck(!pr->vjp || !name || !strcmp(name, "user") || !strcmp(name, "auto"), PetscObjectComm((PetscObject)cs),
                 PETSC_ERR_ARG_INCOMP, "%s %s, but the application gave products of its own (%s()): leave out one",
                 CostateProviderOptions[p], name, p ? "CostateSetParameterProducts" : "CostateSetProducts");
      if (!name && pr->vjp) name = "user";
      if ((p && !cs->p) || (side == COSTATE_RHS ? !rhs : !ifunction && !cs->snes)) continue;
      if (!name) PetscCall(TapeAlone(cs, (CostateSide)side, (PetscBool)p, &tape));
      if (!name && !tape) continue;
      PetscCheck(u, PetscObjectComm((PetscObject)cs), PETSC_ERR_ARG_WRONGSTATE,
                 "%s needs the layout of the state: call CostateSetInitialState(), or TSSetSolution() before "
                 "CostateSetUp()",
                 CostateProviderOptions[p]);
      PetscCall(Create(cs, (CostateSide)side, (PetscBool)p, u));
      PetscCall(Install(cs, (CostateSide)side, (PetscBool)p, name));
    }
  }
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* After a sweep: differences that were zero everywhere are none. */
PetscErrorCode CostateProvidersEnd(Costate cs)
{
  CostateTapes tapes;

  PetscFunctionBegin;
  PetscCall(CostateTapesOf(cs, PETSC_FALSE, &tapes));
  if (tapes) PetscCall(CostateTapesForget(tapes));
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
  CostateTapes tapes;

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
  PetscCall(CostateTapesOf(cs, PETSC_FALSE, &tapes));
  if (tapes) PetscCall(CostateTapesReset(tapes));
  PetscFunctionReturn(PETSC_SUCCESS);
}
