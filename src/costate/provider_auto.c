/* SPDX-License-Identifier: BSD-2-Clause */
/* -costate_vjp auto, and tapes without an option: the first provider that serves and is right. */
#include "provider.h"
#include "sweepfun.h"

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
    PetscCall(CostateProviderGiven(pr, &at, A, pr->P ? pr->P : A));
  }
  PetscCall(CostateVJPCheck(v, &at, A, random, e));
  if (e[0] > 1e-10)
    PetscCall(PetscSNPrintf(why, len, "its products with J and J^T differ by %.2g", (double)e[0]));
  else if (e[1] >= PETSC_MAX_REAL)
    PetscCall(PetscSNPrintf(why, len, "the function does not change%s",
                            v->parameters ? " with the parameters: CostateSetParametersChanged() tells it" : ""));
  else if (e[1] > 1e-4)
    PetscCall(PetscSNPrintf(why, len, "its products differ from differences of the function by %.2g", (double)e[1]));
  PetscCall(MatDestroy(&A));
  PetscCall(VecDestroy(&at.u));
  PetscCall(VecDestroy(&at.udot));
  PetscCall(PetscRandomDestroy(&random));
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscBool CostateProviderSolves(const Costate cs)
{
  TSType type = NULL;

  if (cs->snes || strcmp(((PetscObject)cs)->type_name, COSTATEDISCRETE)) return PETSC_TRUE;
  (void)TSGetType(cs->ts, &type);
  return (PetscBool) !(type && CostateSweepIsExplicit(type));
}

PetscBool CostateProviderPreconditions(const CostateProvider *pr)
{
  return (PetscBool)(pr->f && pr->P && CostateProviderSolves(pr->v->cs));
}

/*
  What speaks against one; NULL: nothing.  With strict, that there is nothing to make a preconditioner of does, too, and
  unasked that it takes differences.
*/
static PetscErrorCode Against(Costate cs, CostateProvider *pr, const char name[], PetscBool strict, PetscBool asked,
                              char wrong[], size_t len, const char **why)
{
  CostateVJP v = pr->v;

  PetscFunctionBegin;
  PetscCall(CostateVJPSetType(v, name));
  PetscCall((*v->ops.can)(v, why));
  if (!*why && !asked && v->accuracy == COSTATE_VJP_DIFFERENCES)
    *why = "differences are taken where they are asked for";
  if (*why) PetscFunctionReturn(PETSC_SUCCESS);
  if (v->ops.setup) PetscCall((*v->ops.setup)(v));
  if (strict && !v->parameters && v->ops.mult && !v->ops.matrix && CostateProviderSolves(cs) &&
      !CostateProviderPreconditions(pr)) {
    *why = "its products leave nothing to make a preconditioner of, and systems are solved";
    PetscFunctionReturn(PETSC_SUCCESS);
  }
  PetscCall(Try(cs, pr, wrong, len));
  if (wrong[0]) *why = wrong;
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* The first that serves and is right, says so; one with products alone only where no matrix can be had. */
PetscErrorCode CostateProviderChoose(Costate cs, CostateProvider *pr, PetscBool asked)
{
  CostateVJP  v    = pr->v;
  MPI_Comm    comm = v->comm;
  const char *name = NULL, *text, *missing, *why = "";
  char        wrong[128];

  PetscFunctionBegin;
  for (int strict = 1; strict >= 0 && why; strict--) {
    char  *p    = pr->why;
    size_t left = sizeof(pr->why), len;

    p[0] = 0;
    for (PetscInt i = 0; why; i++) {
      PetscCall(CostateVJPListGet(i, &name, &text, &missing));
      if (!name) break;
      PetscCall(Against(cs, pr, name, (PetscBool)strict, asked, wrong, sizeof(wrong), &why));
      if (!why) break;
      PetscCall(PetscSNPrintf(p, left, "\n  not %s: %s", name, why));
      PetscCall(PetscStrlen(p, &len));
      p += len;
      left -= len;
    }
  }
  PetscCheck(!why || !asked, comm, PETSC_ERR_SUP, "%s auto finds no provider of %s_%s:%s",
             CostateProviderOptions[v->parameters], CostateProviderSides[v->side], v->parameters ? "p" : "u", pr->why);
  PetscCall(PetscFPrintf(comm, PETSC_STDERR, "costate: %s %s: %s_%s by %s%s%s%s\n",
                         CostateProviderOptions[v->parameters], asked ? "auto" : "not given, and there is a tape",
                         CostateProviderSides[v->side], v->parameters ? "p" : "u", why ? "nothing" : name,
                         why ? "" : ", ", why ? "" : text, pr->why));
  PetscFunctionReturn(PETSC_SUCCESS);
}
