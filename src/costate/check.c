/* SPDX-License-Identifier: BSD-2-Clause */
/* Proof of a gradient: Taylor remainders. */
#include "../base/scalars.h"
#include "costateimpl.h"

#define HALVINGS 12
#define MORE     5 /* where the direction happens to be one along which terms of higher order last longer */
#define BEST     5 /* the order is that of the best so many consecutive halvings */

/* Directions are real where the initial state and the parameters are: an equation may know nothing else. */
PetscErrorCode CostateGetRandom(Costate cs, PetscRandom given, PetscRandom *r)
{
#if defined(PETSC_USE_COMPLEX)
  PetscBool real[2] = {PETSC_TRUE, PETSC_TRUE};
#endif

  PetscFunctionBegin;
  if (given) {
    PetscCall(PetscObjectReference((PetscObject)given));
    *r = given;
    PetscFunctionReturn(PETSC_SUCCESS);
  }
  PetscCall(PetscRandomCreate(PetscObjectComm((PetscObject)cs), r));
  PetscCall(PetscRandomSetInterval(*r, -1, 1));
#if defined(PETSC_USE_COMPLEX)
  if (cs->u0) PetscCall(CostateVecIsReal(cs->u0, &real[0]));
  if (cs->p) PetscCall(CostateVecIsReal(cs->p, &real[1]));
  if (!real[0] || !real[1]) PetscCall(PetscRandomSetInterval(*r, -1 - PETSC_i, 1 + PETSC_i));
#endif
  PetscCall(PetscRandomSetFromOptions(*r));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* The steps of a TS go from time to time. */
PetscErrorCode CostateFollowSteps(TS ts, PetscInt n, const PetscReal t[])
{
  TSAdapt    adapt;
  PetscReal *h;

  PetscFunctionBegin;
  PetscCall(TSGetAdapt(ts, &adapt));
  PetscCall(TSAdaptSetType(adapt, TSADAPTHISTORY));
  PetscCall(PetscMalloc1(n, &h));
  PetscCall(PetscArraycpy(h, t, n));
  PetscCall(TSAdaptHistorySetHistory(adapt, n, h, PETSC_FALSE));
  PetscCall(PetscFree(h));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Steps of later runs are those of the last one: an adaptive run that chooses anew is another function. */
PetscErrorCode CostateFreezeSteps(Costate cs, PetscInt n, const PetscReal t[], CostateFrozen *was)
{
  TSAdapt     adapt;
  TSAdaptType type;

  PetscFunctionBegin;
  PetscCall(TSGetAdapt(cs->ts, &adapt));
  PetscCall(TSAdaptGetType(adapt, &type));
  PetscCall(PetscStrncpy(was->type, type, sizeof(was->type)));
  was->frozen =
      (PetscBool)(strcmp(((PetscObject)cs)->type_name, COSTATEIMPLICIT) /* the way to rest is of no interest */
                  && strcmp(type, TSADAPTNONE) && n > 1);
  if (!was->frozen) PetscFunctionReturn(PETSC_SUCCESS);
  PetscCall(CostateTSAdaptMatch(cs->ts, PETSC_FALSE, was->match));
  PetscCall(CostateFollowSteps(cs->ts, n, t));
  was->dt0 = cs->dt0;
  cs->dt0  = t[1] - t[0]; /* a first step that was too long was rejected, and is not now */
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode CostateThawSteps(Costate cs, const CostateFrozen *was)
{
  TSAdapt   adapt;
  PetscReal match[2] = {was->match[0], was->match[1]};

  PetscFunctionBegin;
  if (!was->frozen) PetscFunctionReturn(PETSC_SUCCESS);
  PetscCall(TSGetAdapt(cs->ts, &adapt));
  PetscCall(TSAdaptSetType(adapt, was->type));
  PetscCall(CostateTSAdaptMatch(cs->ts, PETSC_TRUE, match)); /* a history has its own */
  cs->dt0 = was->dt0;
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
  PetscCall(CostateWindowsBegin(cs));
  PetscCall(VecCopy(u, cs->u0));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Parameters of very different sizes, each by its own; one that is zero has none, and 1 will do. */
static PetscErrorCode Scale(Vec p, Vec dp)
{
  const PetscScalar *x;
  PetscScalar       *d;
  PetscInt           n;

  PetscFunctionBegin;
  PetscCall(VecGetLocalSize(p, &n));
  PetscCall(VecGetArrayRead(p, &x));
  PetscCall(VecGetArray(dp, &d));
  for (PetscInt i = 0; i < n; i++) {
    if (x[i] != 0.) d[i] *= x[i];
  }
  PetscCall(VecRestoreArray(dp, &d));
  PetscCall(VecRestoreArrayRead(p, &x));
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

/* Whether to go on with halving: the order is not there yet, but has not met rounding either. */
static PetscBool GoOn(const PetscReal r[], PetscInt n, PetscReal rounding)
{
  if (n < HALVINGS) return PETSC_TRUE;
  return (PetscBool)(n < HALVINGS + MORE && r[n - 1] > .05 * rounding && BestOrder(r, n, rounding) < 1.99 &&
                     r[n - 2] > 3.6 * r[n - 1]);
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

  Options Database Key:
. -costate_check_taylor - before the first `CostateSolve()`, of each cost; an order below 1.9 of the method discrete is
an error

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
  MPI_Comm      comm = PetscObjectComm((PetscObject)cs);
  PetscRandom   rand;
  Vec           gu, gp, u, p = NULL, du, dp = NULL;
  PetscScalar   s;
  PetscReal     G, slope = 0, r[HALVINGS + MORE], norm, *t, eps = .02, rounding;
  PetscBool     strict;
  CostateFrozen was;
  PetscInt      n, i = 0;

  PetscFunctionBegin;
  PetscValidHeaderSpecific(cs, COSTATE_CLASSID, 1);
  PetscCheck(cs->u0, comm, PETSC_ERR_ARG_WRONGSTATE, "The check needs to run again: call CostateSetInitialState()");
  PetscCall(CostateSolve(cs));
  PetscCall(CostateGetCost(cs, j, &G));
  PetscCall(CostateGetCovector(cs, j, &gu, &gp));
  PetscCall(Record(cs, &t, &n));
  PetscCall(CostateGetRandom(cs, random, &rand));
  PetscCall(VecDuplicate(cs->u0, &u));
  PetscCall(VecCopy(cs->u0, u));
  PetscCall(VecDuplicate(cs->u0, &du));
  PetscCall(VecSetRandom(du, rand));
  if (gu) {
    PetscCall(VecNorm(cs->u0, NORM_INFINITY, &norm));
    PetscCall(VecScale(du, norm > 0 ? norm : 1));
    PetscCall(VecTDot(gu, du, &s));
    slope += PetscRealPart(s);
  } else
    PetscCall(VecZeroEntries(du));
  if (gp) {
    PetscCall(VecDuplicate(cs->p, &p));
    PetscCall(VecCopy(cs->p, p));
    PetscCall(VecDuplicate(cs->p, &dp));
    PetscCall(VecSetRandom(dp, rand));
    PetscCall(Scale(p, dp));
    PetscCall(VecTDot(gp, dp, &s));
    slope += PetscRealPart(s);
    /* the gradient with respect to p holds what goes through the initial state, so that has to go along */
    if (cs->du0dp && !cs->changed) PetscCall(MatMultAdd(cs->du0dp, dp, du, du));
  }
  PetscCall(CostateFreezeSteps(cs, n, t, &was));
  if (viewer)
    PetscCall(PetscViewerASCIIPrintf(viewer,
                                     "Taylor remainders of cost %" PetscInt_FMT ", %g, along a random direction\n", j,
                                     (double)G));
  PetscCall(CostateTSGetErrorIfStepFails(cs->ts, &strict));
  PetscCall(TSSetErrorIfStepFails(cs->ts, PETSC_FALSE));
  rounding = 1e-11 * (PetscAbsReal(G) + PetscAbsReal(slope));
  for (PetscInt failed = 0; GoOn(r, i, rounding); eps /= 2) {
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
  *order = BestOrder(r, i, rounding);
  if (viewer && *order == PETSC_INFINITY)
    PetscCall(PetscViewerASCIIPrintf(viewer, "  the cost is linear, and the remainder rounding\n"));
  else if (viewer)
    PetscCall(PetscViewerASCIIPrintf(viewer, "  order %.3f\n", (double)*order));
  PetscCall(CostateThawSteps(cs, &was));
  PetscCall(Put(cs, u, p));
  PetscCall(PetscFree(t));
  PetscCall(VecDestroy(&u));
  PetscCall(VecDestroy(&p));
  PetscCall(VecDestroy(&du));
  PetscCall(VecDestroy(&dp));
  PetscCall(PetscRandomDestroy(&rand));
  PetscFunctionReturn(PETSC_SUCCESS);
}
