/* SPDX-License-Identifier: BSD-2-Clause */
/*
  Second derivatives of a steady problem along a direction take a tangent, a change of the first ones, and an adjoint of
  that.  The change is a difference: with eta held,

    W_u = Phi_u - R_u^T eta ,  W_p = Phi_p - R_p^T eta

  are differenced along (du, dp), centrally and of fourth order.  The application is told of the other parameters, and
  gets its own back bit for bit.
*/
#include "linear.h"

#define TRIES  5
#define ENOUGH 1e-6 /* the second-order error, relative, whose square is about what the fourth-order one is */

PetscErrorCode CostateSteadyProbeDestroy(CostateSteadyProbe *x)
{
  Vec *all[] = {&x->u, &x->u0, &x->wu[0], &x->wu[1], &x->tu, &x->s, &x->w, &x->p, &x->wp[0], &x->wp[1], &x->tp};

  PetscFunctionBegin;
  for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) PetscCall(VecDestroy(all[i]));
  PetscCall(CostateModelDestroy(&x->model));
  PetscFunctionReturn(PETSC_SUCCESS);
}

static PetscErrorCode ProbeCreate(CostateLinear l, CostateSteadyProbe *x)
{
  Costate cs     = l->cs;
  Vec    *of_u[] = {&x->u, &x->u0, &x->wu[0], &x->wu[1], &x->tu, &x->s, &x->w},
      *of_p[]    = {&x->p, &x->wp[0], &x->wp[1], &x->tp};

  PetscFunctionBegin;
  if (x->model) PetscFunctionReturn(PETSC_SUCCESS);
  PetscCall(CostateModelCreate(cs->ts, cs->u0, "", &x->model));
  for (size_t i = 0; i < sizeof(of_u) / sizeof(of_u[0]); i++) PetscCall(VecDuplicate(cs->u0, of_u[i]));
  for (size_t i = 0; i < sizeof(of_p) / sizeof(of_p[0]); i++) PetscCall(VecDuplicate(cs->p, of_p[i]));
  /* a model evaluates in the matrices of the application once, which are to have what belongs to the solution */
  PetscCall(CostateModelSetPoint(x->model, l->t, l->u, l->zero));
  PetscCall(CostateModelMultRuTranspose(x->model, l->u, x->tu));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Adds s times W at (u, p) + e (du, dp) to what there is. */
static PetscErrorCode Add(CostateLinear l, CostateSteadyProbe *x, PetscInt j, Vec eta, Vec du, Vec dp, PetscReal e,
                          PetscReal s, int which)
{
  Costate            cs   = l->cs;
  const CostatePart *part = &cs->cost[j].terminal;

  PetscFunctionBegin;
  PetscCall(VecWAXPY(cs->p, e, dp, x->p));
  PetscCall(CostateWindowsBegin(cs));
  PetscCall(VecWAXPY(x->u, e, du, l->u));
  PetscCall(CostateModelRefresh(x->model));
  PetscCall(CostateModelSetPoint(x->model, l->t, x->u, l->zero));
  PetscCall(CostateModelMultRuTranspose(x->model, eta, x->tu));
  PetscCall(VecScale(x->tu, -1));
  PetscCall(CostatePartGradient(cs, part, 0, l->t, x->u, PETSC_FALSE, x->tu));
  PetscCall(VecAXPY(x->wu[which], s, x->tu));
  PetscCall(CostateModelMultRpTranspose(x->model, eta, x->tp));
  PetscCall(VecScale(x->tp, -1));
  PetscCall(CostatePartGradient(cs, part, 0, l->t, x->u, PETSC_TRUE, x->tp));
  PetscCall(VecAXPY(x->wp[which], s, x->tp));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* d over the size of the point; a point that is 0 has none, and 1 will do. */
static PetscErrorCode Ratio(Vec point, Vec d, PetscReal *ratio)
{
  PetscReal size, norm;

  PetscFunctionBegin;
  PetscCall(VecNorm(point, NORM_INFINITY, &size));
  PetscCall(VecNorm(d, NORM_INFINITY, &norm));
  *ratio = PetscMax(*ratio, size > 0 ? norm / size : norm);
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* One attempt.  error: of the difference of second order, relative; 0 if it is rounding that is seen. */
static PetscErrorCode Attempt(CostateLinear l, CostateSteadyProbe *x, PetscInt j, Vec eta, Vec du, Vec dp, PetscReal e,
                              const PetscReal size[2], Vec wu, Vec wp, PetscReal *error)
{
  PetscFunctionBegin;
  for (int k = 0; k < 2; k++) {
    PetscCall(VecZeroEntries(x->wu[k]));
    PetscCall(VecZeroEntries(x->wp[k]));
    PetscCall(Add(l, x, j, eta, du, dp, (k + 1) * e, 1, k));
    PetscCall(Add(l, x, j, eta, du, dp, -(k + 1) * e, -1, k));
  }
  *error = 0;
  for (int k = 0; k < 2; k++) {
    Vec       one = k ? x->wp[0] : x->wu[0], two = k ? x->wp[1] : x->wu[1], w = k ? wp : wu;
    PetscReal off, norm;

    PetscCall(VecCopy(one, w));
    PetscCall(VecAXPBY(w, -1 / (12 * e), 8 / (12 * e), two));
    PetscCall(VecAXPBY(two, -2 / (12 * e), 1 / (12 * e), one));
    PetscCall(VecNorm(two, NORM_2, &off));
    PetscCall(VecNorm(w, NORM_2, &norm));
    if (PetscIsInfOrNanReal(norm) || PetscIsInfOrNanReal(off))
      *error = PETSC_INFINITY;
    else if (off > 100 * PETSC_MACHINE_EPSILON * size[k] / e)
      *error = PetscMax(*error, off / norm);
  }
  PetscFunctionReturn(PETSC_SUCCESS);
}

/*
  wu, wp: how W changes along (du, dp).  The step is a thousandth of the sizes of u and p; where the difference of
  second order says that the function bends faster than that, or there is no value, it is shortened.
*/
static PetscErrorCode Difference(CostateLinear l, CostateSteadyProbe *x, PetscInt j, Vec eta, Vec du, Vec dp, Vec wu,
                                 Vec wp)
{
  Costate   cs    = l->cs;
  PetscReal ratio = 0, e, best = 0, error = PETSC_INFINITY, least = PETSC_INFINITY, size[2], more;

  PetscFunctionBegin;
  PetscCall(VecCopy(cs->p, x->p));
  PetscCall(VecCopy(cs->u0, x->u0)); /* hearing of parameters the application may change what it starts from */
  PetscCall(Ratio(l->u, du, &ratio));
  PetscCall(Ratio(cs->p, dp, &ratio));
  PetscCall(VecZeroEntries(wu));
  PetscCall(VecZeroEntries(wp));
  if (ratio == 0) PetscFunctionReturn(PETSC_SUCCESS);
  e = PetscPowReal(7.5 * PETSC_MACHINE_EPSILON, (PetscReal).2) / ratio;
  /* what is subtracted: J^T eta is as large as Phi_u */
  PetscCall(VecZeroEntries(x->tu));
  PetscCall(CostatePartGradient(cs, &cs->cost[j].terminal, 0, l->t, l->u, PETSC_FALSE, x->tu));
  PetscCall(VecNorm(x->tu, NORM_2, &size[0]));
  PetscCall(CostateModelMultRpTranspose(l->model, eta, x->tp));
  PetscCall(VecNorm(x->tp, NORM_2, &size[1]));
  PetscCall(VecZeroEntries(x->tp));
  PetscCall(CostatePartGradient(cs, &cs->cost[j].terminal, 0, l->t, l->u, PETSC_TRUE, x->tp));
  PetscCall(VecNorm(x->tp, NORM_2, &more));
  size[1] += more;
  for (int i = 0; i < TRIES; i++) {
    PetscCall(Attempt(l, x, j, eta, du, dp, e, size, wu, wp, &error));
    if (error <= ENOUGH || (error > least && least < PETSC_INFINITY)) break;
    if (error < least) best = e;
    least = PetscMin(least, error);
    PetscCall(PetscInfo(cs, "Second derivatives with step %g: error of second order %g, so a shorter one\n", (double)e,
                        (double)error));
    e *= error < 1 ? PetscSqrtReal(ENOUGH / error) / 2 : 1e-2;
  }
  /* first derivatives that are differences themselves: a shorter step shows their noise */
  if (error > least) PetscCall(Attempt(l, x, j, eta, du, dp, best, size, wu, wp, &error));
  PetscCall(VecCopy(x->p, cs->p));
  PetscCall(CostateWindowsBegin(cs));
  PetscCall(VecCopy(x->u0, cs->u0));
  /* what the two models share, R_p and what is behind a Jacobian known by its products, is that of another point */
  PetscCall(CostateModelSetPoint(l->model, l->t, l->u, l->zero));
  PetscCheck(error < 1e-3, PetscObjectComm((PetscObject)cs), PETSC_ERR_NOT_CONVERGED,
             "The second derivatives of cost %" PetscInt_FMT
             " along this direction cannot be had by differences: %s. Is the residual, with its derivatives and the "
             "gradients of the cost, a smooth function of state and parameters",
             j, error == PETSC_INFINITY ? "its first ones are not numbers nearby" : "they change whatever the step");
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode CostateSteadyHessian(CostateLinear l, CostateSteadyProbe *x, PetscInt j, Vec eta, Vec v, Vec h, Vec work,
                                    char why[], size_t size)
{
  PetscFunctionBegin;
  PetscCall(ProbeCreate(l, x));
  PetscCall(CostateSteadyTangent(l, PETSC_FALSE, v, x->s, work, why, size));
  if (why[0]) PetscFunctionReturn(PETSC_SUCCESS);
  PetscCall(Difference(l, x, j, eta, x->s, v, x->w, h));
  PetscCall(CostateSteadyTangent(l, PETSC_TRUE, x->w, x->tp, work, why, size)); /* -R_p^T eta' */
  PetscCall(VecAXPY(h, 1, x->tp));
  PetscFunctionReturn(PETSC_SUCCESS);
}
