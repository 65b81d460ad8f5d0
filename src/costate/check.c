/* SPDX-License-Identifier: BSD-2-Clause */
/* Proofs of a gradient: Taylor remainders, dot products. */
#include "costateimpl.h"
#include <costate/model.h>

#define HALVINGS 12
#define BEST     5 /* the order is that of the best so many consecutive halvings */

static PetscErrorCode GetRandom(Costate cs, PetscRandom given, PetscRandom *r)
{
  PetscFunctionBegin;
  if (given) {
    PetscCall(PetscObjectReference((PetscObject)given));
    *r = given;
  } else {
    PetscCall(PetscRandomCreate(PetscObjectComm((PetscObject)cs), r));
    PetscCall(PetscRandomSetInterval(*r, -1, 1));
    PetscCall(PetscRandomSetFromOptions(*r));
  }
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Steps of later runs are those of the last one: an adaptive run that chooses anew is another function. */
static PetscErrorCode Freeze(Costate cs, PetscInt n, const PetscReal t[], char type[64])
{
  TSAdapt     adapt;
  TSAdaptType was;
  PetscReal  *h;

  PetscFunctionBegin;
  PetscCall(TSGetAdapt(cs->ts, &adapt));
  PetscCall(TSAdaptGetType(adapt, &was));
  PetscCall(PetscStrncpy(type, was, 64));
  if (!strcmp(type, TSADAPTNONE)) PetscFunctionReturn(PETSC_SUCCESS);
  PetscCall(TSAdaptSetType(adapt, TSADAPTHISTORY));
  PetscCall(PetscMalloc1(n, &h));
  PetscCall(PetscArraycpy(h, t, n));
  PetscCall(TSAdaptHistorySetHistory(adapt, n, h, PETSC_FALSE));
  PetscCall(PetscFree(h));
  PetscFunctionReturn(PETSC_SUCCESS);
}

static PetscErrorCode Thaw(Costate cs, const char type[])
{
  TSAdapt adapt;

  PetscFunctionBegin;
  if (!strcmp(type, TSADAPTNONE)) PetscFunctionReturn(PETSC_SUCCESS);
  PetscCall(TSGetAdapt(cs->ts, &adapt));
  PetscCall(TSAdaptSetType(adapt, type));
  PetscFunctionReturn(PETSC_SUCCESS);
}

static PetscErrorCode Record(Costate cs, PetscReal **t, PetscInt *n)
{
  PetscFunctionBegin;
  *n = cs->ntrace;
  PetscCall(PetscMalloc1(*n, t));
  PetscCall(PetscArraycpy(*t, cs->trace, *n));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Back to where the check began; the application hears of it, and what it does to the initial state is undone. */
static PetscErrorCode Put(Costate cs, Vec u, Vec p)
{
  PetscFunctionBegin;
  if (p) PetscCall(VecCopy(p, cs->p));
  if (cs->changed) PetscCallBack("Costate parameters changed", (*cs->changed)(cs, cs->p, cs->changed_ctx));
  PetscCall(VecCopy(u, cs->u0));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* The largest mean order over BEST consecutive halvings. */
static PetscReal BestOrder(const PetscReal r[], PetscInt n, PetscReal rounding)
{
  PetscReal best = -10;

  if (r[0] <= rounding) return PETSC_INFINITY; /* the cost is linear, and there is nothing to see but rounding */
  for (PetscInt i = 0; i + BEST < n; i++) {
    PetscReal least = 100;

    for (PetscInt k = i; k < i + BEST; k++) least = PetscMin(least, PetscLog2Real(r[k] / r[k + 1]));
    if (least > best) best = least;
  }
  return best;
}

/*@
  CostateCheckTaylor - Checks the gradient of a cost against the cost itself

  Collective

  Input Parameters:
+ cs     - the object, with an initial state
. j      - the number of the cost
. random - where the direction comes from; NULL for PETSc's
- viewer - prints a line for each step size; NULL for none

  Output Parameter:
. order - the observed order of |G(x + eps d) - G(x) - eps dG/dx d| in eps, the least of the five best consecutive
          halvings: 2 if the gradient is right, 1 if it is not; infinite if the cost is linear and the gradient right

  Notes:
  x is the initial state and the parameters together, d is random.  Adaptive runs keep the steps of the first one.  A
solve, and as many forward runs as there are step sizes.  Solvers of implicit steps have to be tight (`-snes_rtol 1e-12`
  `-ksp_rtol 1e-12`), or what they leave over is what is seen.

  A continuous adjoint is the gradient of the continuous cost and has order 2 only down to its own error.

  Level: intermediate

.seealso: `CostateCheckDotProduct()`, `CostateCheckMethods()`
@*/
PetscErrorCode CostateCheckTaylor(Costate cs, PetscInt j, PetscRandom random, PetscViewer viewer, PetscReal *order)
{
  MPI_Comm    comm = PetscObjectComm((PetscObject)cs);
  PetscRandom rand;
  Vec         gu, gp, u, p = NULL, du, dp = NULL;
  PetscScalar s;
  PetscReal   G, slope = 0, r[HALVINGS], norm, *t, eps = .02;
  PetscBool   strict;
  PetscInt    n;
  char        adapt[64];

  PetscFunctionBegin;
  PetscValidHeaderSpecific(cs, COSTATE_CLASSID, 1);
  PetscCheck(cs->u0, comm, PETSC_ERR_ARG_WRONGSTATE, "The check needs to run again: call CostateSetInitialState()");
  PetscCall(CostateSolve(cs));
  PetscCall(CostateGetCost(cs, j, &G));
  PetscCall(CostateGetGradient(cs, j, &gu, &gp));
  PetscCall(Record(cs, &t, &n));
  PetscCall(GetRandom(cs, random, &rand));
  PetscCall(VecDuplicate(cs->u0, &u));
  PetscCall(VecCopy(cs->u0, u));
  PetscCall(VecDuplicate(cs->u0, &du));
  PetscCall(VecSetRandom(du, rand));
  if (gu) {
    PetscCall(VecNorm(cs->u0, NORM_INFINITY, &norm));
    PetscCall(VecScale(du, norm > 0 ? norm : 1));
    PetscCall(VecDot(gu, du, &s));
    slope += PetscRealPart(s);
  } else
    PetscCall(VecZeroEntries(du));
  if (gp) {
    PetscCall(VecDuplicate(cs->p, &p));
    PetscCall(VecCopy(cs->p, p));
    PetscCall(VecDuplicate(cs->p, &dp));
    PetscCall(VecSetRandom(dp, rand));
    PetscCall(VecPointwiseMult(dp, dp, p)); /* parameters of very different sizes, each by its own */
    PetscCall(VecDot(gp, dp, &s));
    slope += PetscRealPart(s);
    /* the gradient with respect to p holds what goes through the initial state, so that has to go along */
    if (cs->du0dp && !cs->changed) PetscCall(MatMultAdd(cs->du0dp, dp, du, du));
  }
  PetscCall(Freeze(cs, n, t, adapt));
  if (viewer)
    PetscCall(PetscViewerASCIIPrintf(viewer,
                                     "Taylor remainders of cost %" PetscInt_FMT ", %g, along a random direction\n", j,
                                     (double)G));
  PetscCall(CostateTSGetErrorIfStepFails(cs->ts, &strict));
  PetscCall(TSSetErrorIfStepFails(cs->ts, PETSC_FALSE));
  for (PetscInt i = 0, failed = 0; i < HALVINGS; eps /= 2) {
    PetscReal Ge;

    PetscCall(Put(cs, u, p));
    PetscCall(VecWAXPY(cs->u0, eps, du, u));
    if (p) PetscCall(VecWAXPY(cs->p, eps, dp, p));
    cs->values = PETSC_TRUE;
    PetscCall(CostateSolveForward(cs));
    cs->values = PETSC_FALSE;
    if (cs->reason < 0) { /* the run with the old steps cannot be had so far away */
      PetscCheck(++failed < HALVINGS, comm, PETSC_ERR_NOT_CONVERGED,
                 "The run from what is changed by %g of a random direction ended with %s. It has the steps of the "
                 "unchanged "
                 "run, which may be too long for it: give tighter tolerances or a smaller step",
                 (double)eps, CostateConvergedReasons[cs->reason]);
      continue;
    }
    PetscCall(CostateGetCost(cs, j, &Ge));
    r[i] = PetscAbsReal(Ge - G - eps * slope);
    if (viewer)
      PetscCall(PetscViewerASCIIPrintf(viewer, "  eps %-10.3g remainder %-12.5g order %.3f\n", (double)eps,
                                       (double)r[i], i ? (double)PetscLog2Real(r[i - 1] / r[i]) : 0.));
    i++;
  }
  PetscCall(TSSetErrorIfStepFails(cs->ts, strict));
  *order = BestOrder(r, HALVINGS, 1e-11 * (PetscAbsReal(G) + PetscAbsReal(slope)));
  if (viewer && *order == PETSC_INFINITY)
    PetscCall(PetscViewerASCIIPrintf(viewer, "  the cost is linear, and the remainder rounding\n"));
  else if (viewer)
    PetscCall(PetscViewerASCIIPrintf(viewer, "  order %.3f\n", (double)*order));
  PetscCall(Thaw(cs, adapt));
  PetscCall(Put(cs, u, p));
  PetscCall(PetscFree(t));
  PetscCall(VecDestroy(&u));
  PetscCall(VecDestroy(&p));
  PetscCall(VecDestroy(&du));
  PetscCall(VecDestroy(&dp));
  PetscCall(PetscRandomDestroy(&rand));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* | <a, b> - <c, d> | over the larger of the products of norms */
static PetscErrorCode Compare(Vec a, Vec b, Vec c, Vec d, PetscReal *e)
{
  PetscScalar x, y;
  PetscReal   n[4];

  PetscFunctionBegin;
  PetscCall(VecDot(a, b, &x));
  PetscCall(VecDot(c, d, &y));
  PetscCall(VecNorm(a, NORM_2, &n[0]));
  PetscCall(VecNorm(b, NORM_2, &n[1]));
  PetscCall(VecNorm(c, NORM_2, &n[2]));
  PetscCall(VecNorm(d, NORM_2, &n[3]));
  *e = PetscAbsScalar(x - y) / PetscMax(PetscMax(n[0] * n[1], n[2] * n[3]), PETSC_MACHINE_EPSILON);
  PetscFunctionReturn(PETSC_SUCCESS);
}

/*@
  CostateCheckDotProduct - Checks the derivatives that the application gave: against differences, and against each other

  Collective

  Input Parameters:
+ cs     - the object, with an initial state
. random - where the directions come from; NULL for PETSc's
- viewer - prints a line for each check; NULL for none

  Output Parameter:
. error - the largest relative difference found

  Notes:
  At the initial time, with a random state near the initial one,

    <R_u^T w, v> = <w, R_u v>, and R_u v is the difference of the residual along v; the same for F_u' and for R_p.

  The first is a matter of rounding; the differences are good to about 1e-7, and what is larger than 1e-5 is a wrong
  derivative.  It is named.

  Level: intermediate

.seealso: `CostateCheckTaylor()`, `CostateCheckMethods()`
@*/
PetscErrorCode CostateCheckDotProduct(Costate cs, PetscRandom random, PetscViewer viewer, PetscReal *error)
{
  MPI_Comm     comm = PetscObjectComm((PetscObject)cs);
  CostateModel m;
  PetscRandom  rand;
  Vec          u, udot, v, w, a, b, c;
  PetscReal    e[5] = {0}, norm, d;
  PetscBool    simple;
  const char  *names[] = {"<R_u^T w,v> = <w,R_u v>", "R_u v against a difference of the residual",
                          "<F_u'^T w,v> = <w,F_u' v>", "F_u' v against a difference of the residual",
                          "R_p^T w against a difference of the residual"};
  const char  *from[]  = {"", "TSSetRHSJacobian() or TSSetIJacobian()", "", "the shift of TSSetIJacobian()",
                          "TSSetRHSJacobianP() or TSSetIJacobianP()"};

  PetscFunctionBegin;
  PetscValidHeaderSpecific(cs, COSTATE_CLASSID, 1);
  PetscCheck(cs->u0, comm, PETSC_ERR_ARG_WRONGSTATE, "The check needs a state: call CostateSetInitialState()");
  PetscCall(CostateSetUp(cs));
  if (cs->changed) PetscCallBack("Costate parameters changed", (*cs->changed)(cs, cs->p, cs->changed_ctx));
  PetscCall(GetRandom(cs, random, &rand));
  PetscCall(CostateModelCreate(cs->ts, cs->u0, "", &m));
  PetscCall(CostateModelIsExplicit(m, &simple));
  PetscCall(VecDuplicate(cs->u0, &u));
  PetscCall(VecDuplicate(u, &udot));
  PetscCall(VecDuplicate(u, &v));
  PetscCall(VecDuplicate(u, &w));
  PetscCall(VecDuplicate(u, &a));
  PetscCall(VecDuplicate(u, &b));
  PetscCall(VecDuplicate(u, &c));
  PetscCall(VecSetRandom(v, rand));
  PetscCall(VecSetRandom(w, rand));
  PetscCall(VecSetRandom(udot, rand));
  PetscCall(VecNorm(cs->u0, NORM_INFINITY, &norm));
  PetscCall(VecWAXPY(u, .1 * (norm > 0 ? norm : 1), w, cs->u0));
  d = PetscPowReal(PETSC_MACHINE_EPSILON, 1. / 3) * (1 + norm);
  PetscCall(CostateModelSetPoint(m, cs->t0, u, udot));
  PetscCall(CostateModelMultRu(m, v, a));
  PetscCall(CostateModelMultRuTranspose(m, w, b));
  PetscCall(Compare(b, v, w, a, &e[0]));
  PetscCall(VecWAXPY(c, d, v, u));
  PetscCall(CostateModelResidual(m, cs->t0, c, udot, b));
  PetscCall(VecAXPY(c, -2 * d, v));
  PetscCall(CostateModelResidual(m, cs->t0, c, udot, w));
  PetscCall(VecAXPBY(b, -1 / (2 * d), 1 / (2 * d), w));
  PetscCall(VecNorm(b, NORM_2, &norm));
  PetscCall(VecAXPY(b, -1, a));
  PetscCall(VecNorm(b, NORM_2, &e[1]));
  e[1] /= PetscMax(norm, PETSC_MACHINE_EPSILON);
  if (!simple) {
    PetscCall(VecSetRandom(w, rand));
    PetscCall(CostateModelMultM(m, v, a));
    PetscCall(CostateModelMultMTranspose(m, w, b));
    PetscCall(Compare(b, v, w, a, &e[2]));
    PetscCall(VecWAXPY(c, d, v, udot));
    PetscCall(CostateModelResidual(m, cs->t0, u, c, b));
    PetscCall(VecAXPY(c, -2 * d, v));
    PetscCall(CostateModelResidual(m, cs->t0, u, c, w));
    PetscCall(VecAXPBY(b, -1 / (2 * d), 1 / (2 * d), w));
    PetscCall(VecNorm(b, NORM_2, &norm));
    PetscCall(VecAXPY(b, -1, a));
    PetscCall(VecNorm(b, NORM_2, &e[3]));
    e[3] /= PetscMax(norm, PETSC_MACHINE_EPSILON);
  }
  if (cs->p) {
    Vec         p, q, g;
    PetscScalar x, y;
    PetscReal   n1, n2;

    PetscCall(VecSetRandom(w, rand));
    PetscCall(VecDuplicate(cs->p, &p));
    PetscCall(VecDuplicate(cs->p, &q));
    PetscCall(VecDuplicate(cs->p, &g));
    PetscCall(VecCopy(cs->p, p));
    PetscCall(VecSetRandom(q, rand));
    PetscCall(CostateModelSetPoint(m, cs->t0, u, udot));
    PetscCall(CostateModelMultRpTranspose(m, w, g));
    for (int side = 0; side < 2; side++) {
      PetscCall(VecWAXPY(cs->p, side ? -d : d, q, p));
      if (cs->changed) PetscCallBack("Costate parameters changed", (*cs->changed)(cs, cs->p, cs->changed_ctx));
      PetscCall(CostateModelResidual(m, cs->t0, u, udot, side ? b : a));
    }
    PetscCall(VecCopy(p, cs->p));
    if (cs->changed) PetscCallBack("Costate parameters changed", (*cs->changed)(cs, cs->p, cs->changed_ctx));
    PetscCall(VecAXPBY(a, -1 / (2 * d), 1 / (2 * d), b));
    PetscCall(VecDot(a, w, &x));
    PetscCall(VecDot(q, g, &y));
    PetscCall(VecNorm(a, NORM_2, &n1));
    PetscCall(VecNorm(w, NORM_2, &n2));
    e[4] = PetscAbsScalar(x - y) / PetscMax(n1 * n2, PETSC_MACHINE_EPSILON);
    PetscCall(VecDestroy(&p));
    PetscCall(VecDestroy(&q));
    PetscCall(VecDestroy(&g));
  }
  *error = 0;
  for (int i = 0; i < 5; i++) {
    const PetscReal tol = i == 0 || i == 2 ? 1e-12 : 1e-5;
    const PetscBool bad = (PetscBool) !(e[i] <= tol);

    *error = PetscMax(*error, e[i]);
    if ((i == 2 || i == 3) && simple) continue;
    if (i == 4 && !cs->p) continue;
    if (viewer)
      PetscCall(PetscViewerASCIIPrintf(viewer, "%s: %.3g%s%s%s\n", names[i], (double)e[i], bad ? ": WRONG" : "",
                                       bad && from[i][0] ? ", look at the function of " : "", bad ? from[i] : ""));
  }
  PetscCall(VecDestroy(&u));
  PetscCall(VecDestroy(&udot));
  PetscCall(VecDestroy(&v));
  PetscCall(VecDestroy(&w));
  PetscCall(VecDestroy(&a));
  PetscCall(VecDestroy(&b));
  PetscCall(VecDestroy(&c));
  PetscCall(PetscRandomDestroy(&rand));
  PetscCall(CostateModelDestroy(&m));
  PetscFunctionReturn(PETSC_SUCCESS);
}
