/* SPDX-License-Identifier: BSD-2-Clause */
/*
  Products with the Hessian of a cost as differences of gradients, which every method has: along v

    H v = (8 (g(e) - g(-e)) - (g(2e) - g(-2e))) / 12 e ,  g(e) the gradient at (u0, p) + e v

  is of fourth order and takes four gradients.  Their runs have the steps of the last one, as that of an adaptive run
  that chooses anew is another function.  What the last solve left behind is put back afterwards.
*/
#include "costateimpl.h"

#define TRIES    3
#define SMOOTH   1e-6 /* the second-order error, relative, whose square is about what the fourth-order one is */
#define HOPELESS 1e-2
#define SIZE_WHY 512

static PetscErrorCode Create(Costate cs)
{
  CostateSecond x;

  PetscFunctionBegin;
  if (cs->second) PetscFunctionReturn(PETSC_SUCCESS);
  PetscCall(PetscNew(&x));
  cs->second = x;
  x->shorter = 1;
  x->n       = cs->ncosts;
  PetscCall(VecDuplicate(cs->u0, &x->u0));
  PetscCall(VecDuplicate(cs->u0, &x->du));
  PetscCall(VecDuplicate(cs->u0, &x->put));
  PetscCall(VecDuplicate(cs->u0, &x->sol));
  if (cs->lambda) {
    PetscCall(VecDuplicateVecs(cs->u0, x->n, &x->lambda));
    for (int k = 0; k < 2; k++) PetscCall(VecDuplicate(cs->u0, &x->wu[k]));
    PetscCall(VecDuplicate(cs->u0, &x->tu));
  }
  if (cs->mu) PetscCall(VecDuplicateVecs(cs->mu[0], x->n, &x->mu));
  if (cs->full) PetscCall(VecDuplicateVecs(cs->p, x->n, &x->full));
  if (!cs->p) PetscFunctionReturn(PETSC_SUCCESS);
  PetscCall(VecDuplicate(cs->p, &x->p));
  for (int k = 0; k < 2; k++) PetscCall(VecDuplicate(cs->p, &x->wp[k]));
  PetscCall(VecDuplicate(cs->p, &x->tp));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* ---- what the last solve left behind ---- */

typedef struct {
  CostateStatistics      stats;
  CostateConvergedReason reason;
  PetscReal             *costs, *times; /* the values of each cost, and its derivatives with respect to times */
  PetscInt               ntimes, nmonitors;
  PetscBool              covectors, gap, strict;
  CostateFrozen          frozen;
  PetscInt               products, gradients;
  PetscReal              shorter, error, end[2];
  PetscBool              noisy;
} Left;

/* Vectors to or from their copies. */
static PetscErrorCode Copy(PetscInt n, Vec *a, Vec *b, PetscBool back)
{
  PetscFunctionBegin;
  for (PetscInt j = 0; a && j < n; j++) PetscCall(back ? VecCopy(b[j], a[j]) : VecCopy(a[j], b[j]));
  PetscFunctionReturn(PETSC_SUCCESS);
}

static void CopyReal(PetscReal *a, PetscReal *b, PetscBool back)
{
  if (back)
    *a = *b;
  else
    *b = *a;
}

/* The vectors and numbers of the costs. */
static PetscErrorCode CopyResults(Costate cs, Left *left, PetscBool back)
{
  CostateSecond x = cs->second;
  PetscReal    *c = left->costs;
  Vec           u;

  PetscFunctionBegin;
  PetscCall(Copy(x->n, cs->lambda, x->lambda, back));
  PetscCall(Copy(x->n, cs->mu, x->mu, back));
  PetscCall(Copy(x->n, cs->full, x->full, back));
  PetscCall(TSGetSolution(cs->ts, &u));
  if (u) PetscCall(back ? VecCopy(x->sol, u) : VecCopy(u, x->sol));
  for (PetscInt j = 0; j < cs->ncosts; j++) {
    CopyReal(&cs->cost[j].value, c++, back);
    CopyReal(&cs->cost[j].gone, c++, back);
    CopyReal(&cs->cost[j].dT, c++, back);
    CopyReal(&cs->cost[j].dt0, c++, back);
    for (PetscInt i = 0; cs->cost[j].dtimes && i < cs->cost[j].ntimes; i++) CopyReal(&cs->cost[j].dtimes[i], c++, back);
  }
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Perturbed runs begin: with the steps of the last one, and without what people look at. */
static PetscErrorCode Leave(Costate cs, Left *left)
{
  CostateSecond x = cs->second;
  PetscInt      n = 4 * cs->ncosts;

  PetscFunctionBegin;
  for (PetscInt j = 0; j < cs->ncosts; j++) n += cs->cost[j].ntimes;
  left->ntimes = cs->ntrace;
  PetscCall(PetscMalloc2(n, &left->costs, left->ntimes, &left->times));
  PetscCall(PetscArraycpy(left->times, cs->trace, left->ntimes));
  PetscCall(CopyResults(cs, left, PETSC_FALSE));
  PetscCall(VecCopy(cs->u0, x->u0));
  if (cs->p) PetscCall(VecCopy(cs->p, x->p));
  left->stats  = cs->stats;
  left->reason = cs->reason;
  left->gap    = cs->gap;
  PetscCall(PetscArraycpy(left->end, cs->end, 2));
  left->covectors = cs->covectors;
  left->nmonitors = cs->nmonitors;
  left->shorter   = x->shorter;
  left->noisy     = x->noisy;
  left->products  = x->products;
  left->gradients = x->gradients;
  left->error     = x->error;
  cs->nmonitors   = 0;
  cs->covectors   = PETSC_TRUE; /* vectors of inner products stay as they are */
  PetscCall(CostateFreezeSteps(cs, left->ntimes, left->times, &left->frozen));
  PetscCall(CostateTSGetErrorIfStepFails(cs->ts, &left->strict));
  PetscCall(TSSetErrorIfStepFails(cs->ts, PETSC_FALSE));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* All is as it was, and the application hears of that. */
static PetscErrorCode Return(Costate cs, Left *left)
{
  CostateSecond x = cs->second;

  PetscFunctionBegin;
  PetscCall(TSSetErrorIfStepFails(cs->ts, left->strict));
  PetscCall(CostateThawSteps(cs, &left->frozen));
  if (cs->p) PetscCall(VecCopy(x->p, cs->p));
  PetscCall(CostateWindowsBegin(cs));
  PetscCall(VecCopy(x->u0, cs->u0)); /* hearing of parameters the application may have changed it */
  cs->nmonitors = left->nmonitors;
  cs->covectors = left->covectors;
  if (cs->ops->tangent) { /* what such a method keeps for products belongs to a solution */
    PetscCall(CostateSolveForward(cs));
    if (cs->reason == COSTATE_ITERATING) PetscCall(CostateBackwardRun(cs));
  } else
    PetscCall(CopyResults(cs, left, PETSC_TRUE));
  PetscCall(PetscArraycpy(cs->trace, left->times, left->ntimes));
  PetscCall(PetscArraycpy(cs->end, left->end, 2));
  cs->ntrace       = left->ntimes;
  cs->stats        = left->stats;
  cs->reason       = left->reason;
  cs->gap          = left->gap;
  cs->forward_done = PETSC_FALSE;
  cs->adjoint_done = PETSC_TRUE;
  PetscCall(CostatePointSet(cs));
  x->shorter  = left->shorter;
  x->noisy    = left->noisy;
  x->products = left->products + 1;
  x->all[0]++;
  x->gradients = left->gradients;
  x->error     = left->error;
  PetscCall(PetscFree2(left->costs, left->times));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* ---- the difference ---- */

typedef struct {
  PetscInt  j;
  Vec       v_p;
  PetscBool state; /* there is a direction of the initial state */
  PetscReal size[2];
  PetscBool ok;
  char      why[SIZE_WHY];
} Direction;

/* Adds s times the gradient at e times the direction away. */
static PetscErrorCode Add(Costate cs, Direction *d, PetscReal e, PetscReal s, int which, Left *left)
{
  CostateSecond x = cs->second;
  PetscBool     same;

  PetscFunctionBegin;
  if (!d->ok) PetscFunctionReturn(PETSC_SUCCESS);
  left->gradients++;
  x->all[1]++;
  if (cs->p) PetscCall(VecCopy(x->p, cs->p));
  if (d->v_p) PetscCall(VecAXPY(cs->p, e, d->v_p));
  PetscCall(VecWAXPY(x->put, e, x->du, x->u0));
  PetscCall(VecCopy(x->put, cs->u0));
  PetscCall(CostateSolveForward(cs));
  if (d->state && cs->changed) {
    PetscCall(VecEqual(x->put, cs->u0, &same));
    d->ok = same;
    if (!same)
      PetscCall(PetscStrncpy(d->why,
                             "the application sets the initial state when it hears of parameters, so that this cannot "
                             "be changed by itself: give NULL for the direction in the initial state",
                             SIZE_WHY));
    if (!same) PetscFunctionReturn(PETSC_SUCCESS);
  }
  if (cs->reason == COSTATE_ITERATING) PetscCall(CostateBackwardRun(cs));
  d->ok = (PetscBool)(cs->reason == COSTATE_ITERATING);
  if (!d->ok) {
    PetscCall(PetscSNPrintf(d->why, SIZE_WHY, "the run from what is changed by %g of the direction ended with %s",
                            (double)e, CostateConvergedReasons[cs->reason]));
    PetscFunctionReturn(PETSC_SUCCESS);
  }
  if (cs->lambda) PetscCall(VecAXPY(x->wu[which], s, cs->lambda[d->j]));
  if (cs->mu) PetscCall(VecAXPY(x->wp[which], s, cs->full ? cs->full[d->j] : cs->mu[d->j]));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* d over the size of the point; a point that is 0 has none, and 1 will do. */
static PetscErrorCode Ratio(Vec point, Vec d, PetscReal *ratio)
{
  PetscReal size, norm;

  PetscFunctionBegin;
  if (!d) PetscFunctionReturn(PETSC_SUCCESS);
  PetscCall(VecNorm(point, NORM_INFINITY, &size));
  PetscCall(VecNorm(d, NORM_INFINITY, &norm));
  *ratio = PetscMax(*ratio, size > 0 ? norm / size : norm);
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* What the two differences say; error: of the one of second order, relative, unless it is rounding that is seen */
static PetscErrorCode Combine(PetscReal e, Vec one, Vec two, PetscReal size, Vec w, PetscReal *error)
{
  PetscReal off, norm;

  PetscFunctionBegin;
  PetscCall(VecCopy(one, w));
  PetscCall(VecAXPBY(w, -1 / (12 * e), 8 / (12 * e), two));
  PetscCall(VecAXPBY(two, -2 / (12 * e), 1 / (12 * e), one));
  PetscCall(VecNorm(two, NORM_2, &off));
  PetscCall(VecNorm(w, NORM_2, &norm));
  if (PetscIsInfOrNanReal(norm) || PetscIsInfOrNanReal(off))
    *error = PETSC_INFINITY;
  else if (off > 1000 * PETSC_MACHINE_EPSILON * size / e)
    *error = PetscMax(*error, off / norm);
  PetscFunctionReturn(PETSC_SUCCESS);
}

static PetscErrorCode Attempt(Costate cs, Direction *d, PetscReal e, Left *left, PetscReal *error)
{
  CostateSecond x = cs->second;

  PetscFunctionBegin;
  *error = 0;
  d->ok  = PETSC_TRUE;
  for (int k = 0; k < 2; k++) {
    if (cs->lambda) PetscCall(VecZeroEntries(x->wu[k]));
    if (cs->mu) PetscCall(VecZeroEntries(x->wp[k]));
    PetscCall(Add(cs, d, (k + 1) * e, 1, k, left));
    PetscCall(Add(cs, d, -(k + 1) * e, -1, k, left));
  }
  if (!d->ok)
    *error = PETSC_INFINITY;
  else {
    if (cs->lambda) PetscCall(Combine(e, x->wu[0], x->wu[1], d->size[0], x->tu, error));
    if (cs->mu) PetscCall(Combine(e, x->wp[0], x->wp[1], d->size[1], x->tp, error));
  }
  PetscCall(
      PetscInfo(cs, "Product with a Hessian by step %g: error of the second order %g\n", (double)e, (double)*error));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* The best of some steps.  The first is a thousandth of the sizes of the initial state and the parameters. */
static PetscErrorCode Difference(Costate cs, Direction *d, Vec h_u0, Vec h_p, Left *left, PetscReal *least)
{
  CostateSecond x     = cs->second;
  PetscReal     ratio = 0, shorter = left->shorter, error, first;

  PetscFunctionBegin;
  *least = PETSC_INFINITY;
  PetscCall(Ratio(x->u0, x->du, &ratio));
  PetscCall(Ratio(x->p, d->v_p, &ratio));
  if (h_u0) PetscCall(VecZeroEntries(h_u0));
  if (h_p) PetscCall(VecZeroEntries(h_p));
  if (ratio == 0) {
    *least = 0;
    PetscFunctionReturn(PETSC_SUCCESS);
  }
  first = PetscPowReal(7.5 * PETSC_MACHINE_EPSILON, (PetscReal).2) / ratio;
  for (int i = 0; i < (left->noisy ? 1 : TRIES); i++) {
    PetscCall(Attempt(cs, d, first * shorter, left, &error));
    if (error >= *least && *least < PETSC_INFINITY) { /* it is noise that is seen */
      left->noisy = PETSC_TRUE;
      break;
    }
    if (error < *least) {
      left->shorter = shorter;
      *least        = error;
      if (h_u0) PetscCall(VecCopy(x->tu, h_u0));
      if (h_p) PetscCall(VecCopy(x->tp, h_p));
    }
    if (error <= SMOOTH) break;
    shorter *= error < 1 ? PetscSqrtReal(SMOOTH / error) / 2 : 1e-2;
  }
  left->error = PetscMax(left->error, *least);
  PetscFunctionReturn(PETSC_SUCCESS);
}

static PetscErrorCode Check(Costate cs, Vec h_u0, Vec h_p)
{
  MPI_Comm comm = PetscObjectComm((PetscObject)cs);

  PetscFunctionBegin;
  PetscCheck(cs->u0 && !cs->adopted, comm, PETSC_ERR_SUP,
             "Differences of gradients need runs from other initial states and parameters, so an initial state "
             "(CostateSetInitialState()) and costs of the object (CostateSetTerminalCost()), not vectors of "
             "TSSetCostGradients()");
  if (!cs->adjoint_done) PetscCall(CostateSolveAdjoint(cs)); /* its run will be gone */
  PetscCheck(cs->reason > 0, comm, PETSC_ERR_NOT_CONVERGED,
             "There is no gradient that second derivatives could be taken of: the last solve ended with %s",
             CostateConvergedReasons[cs->reason]);
  PetscCheck(!h_u0 || cs->lambda, comm, PETSC_ERR_SUP,
             "The method %s has no gradient with respect to the initial state, so give NULL for its change",
             ((PetscObject)cs)->type_name);
  PetscCheck(!h_p || cs->mu, comm, PETSC_ERR_ARG_WRONGSTATE,
             "There are no parameters, so give NULL for the change of the gradient with respect to these");
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode CostateHessianGradients(Costate cs, PetscInt j, Vec v_u0, Vec v_p, Vec h_u0, Vec h_p)
{
  CostateSecond x;
  Left          left;
  Direction     d = {.j = j, .v_p = v_p, .state = (PetscBool)(v_u0 != NULL), .ok = PETSC_TRUE};
  PetscReal     error;

  PetscFunctionBegin;
  PetscCall(Check(cs, h_u0, h_p));
  PetscCall(CostatePointCheck(cs));
  PetscCall(Create(cs));
  x = cs->second;
  if (v_u0)
    PetscCall(VecCopy(v_u0, x->du));
  else
    PetscCall(VecZeroEntries(x->du));
  /* the gradient with respect to p holds what goes through the initial state, so that has to go along */
  if (v_p && cs->du0dp && !cs->changed) PetscCall(MatMultAdd(cs->du0dp, v_p, x->du, x->du));
  if (cs->lambda) PetscCall(VecNorm(cs->lambda[j], NORM_2, &d.size[0]));
  if (cs->mu) PetscCall(VecNorm(cs->full ? cs->full[j] : cs->mu[j], NORM_2, &d.size[1]));
  PetscCall(Leave(cs, &left));
  PetscCall(Difference(cs, &d, h_u0, h_p, &left, &error));
  PetscCall(Return(cs, &left));
  PetscCheck(error < PETSC_INFINITY || d.ok, PetscObjectComm((PetscObject)cs), PETSC_ERR_NOT_CONVERGED,
             "There is no product with the Hessian of cost %" PetscInt_FMT ": %s", j, d.why);
  PetscCheck(error < HOPELESS, PetscObjectComm((PetscObject)cs), PETSC_ERR_NOT_CONVERGED,
             "The product with the Hessian of cost %" PetscInt_FMT
             " cannot be had by differences of gradients: they change by %.1e of themselves from one step to its "
             "double. Make the solvers of an implicit run tighter (-snes_rtol 1e-12 -ksp_rtol 1e-12), or is the cost "
             "not smooth",
             j, (double)error);
  PetscFunctionReturn(PETSC_SUCCESS);
}
