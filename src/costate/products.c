/* SPDX-License-Identifier: BSD-2-Clause */
/* Proofs of derivatives: dot products and differences. */
#include "costateimpl.h"
#include <costate/model.h>

/* | <a, b> - <c, d> | over the larger of the products of norms */
static PetscErrorCode Compare(Vec a, Vec b, Vec c, Vec d, PetscReal *e)
{
  PetscScalar x, y;
  PetscReal   n[4];

  PetscFunctionBegin;
  PetscCall(VecTDot(a, b, &x));
  PetscCall(VecTDot(c, d, &y));
  PetscCall(VecNorm(a, NORM_2, &n[0]));
  PetscCall(VecNorm(b, NORM_2, &n[1]));
  PetscCall(VecNorm(c, NORM_2, &n[2]));
  PetscCall(VecNorm(d, NORM_2, &n[3]));
  *e = PetscAbsScalar(x - y) / PetscMax(PetscMax(n[0] * n[1], n[2] * n[3]), PETSC_MACHINE_EPSILON);
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Where derivatives are looked at, and with what. */
typedef struct {
  Costate      cs;
  CostateModel m;
  Vec          u, udot, v, w, a, b, c;
  PetscReal    d;       /* of differences */
  PetscBool    sign[3]; /* R_u, F_u', R_p: it is the difference but for the sign */
} Probe;
#define TOLERANCE 1e-5 /* what differences are good to */

typedef PetscErrorCode (*Product)(CostateModel, Vec, Vec);

static PetscErrorCode ProbeCreate(Costate cs, PetscRandom rand, Probe *x)
{
  PetscReal norm;
  Vec      *all[] = {&x->u, &x->udot, &x->v, &x->w, &x->a, &x->b, &x->c};

  PetscFunctionBegin;
  x->cs = cs;
  PetscCall(CostateModelCreate(cs->ts, cs->u0, "", &x->m));
  for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) PetscCall(VecDuplicate(cs->u0, all[i]));
  PetscCall(VecSetRandom(x->v, rand));
  PetscCall(VecSetRandom(x->w, rand));
  PetscCall(VecSetRandom(x->udot, rand));
  PetscCall(VecNorm(cs->u0, NORM_INFINITY, &norm));
  PetscCall(VecWAXPY(x->u, .1 * (norm > 0 ? norm : 1), x->w, cs->u0));
  x->d = PetscPowReal(PETSC_MACHINE_EPSILON, 1. / 3) * (1 + norm);
  PetscCall(CostateModelSetPoint(x->m, cs->t0, x->u, x->udot));
  PetscFunctionReturn(PETSC_SUCCESS);
}

static PetscErrorCode ProbeDestroy(Probe *x)
{
  Vec *all[] = {&x->u, &x->udot, &x->v, &x->w, &x->a, &x->b, &x->c};

  PetscFunctionBegin;
  for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) PetscCall(VecDestroy(all[i]));
  PetscCall(CostateModelDestroy(&x->m));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* A product and its transpose, against each other and against a difference of the residual in u or u'. */
static PetscErrorCode CheckPair(Probe *x, PetscRandom rand, Product mult, Product transpose, PetscBool dot,
                                PetscReal e[2])
{
  PetscReal norm, opposite;

  PetscFunctionBegin;
  PetscCall(VecSetRandom(x->w, rand));
  PetscCall((*mult)(x->m, x->v, x->a));
  PetscCall((*transpose)(x->m, x->w, x->b));
  PetscCall(Compare(x->b, x->v, x->w, x->a, &e[0]));
  for (int side = 0; side < 2; side++) {
    PetscCall(VecWAXPY(x->c, side ? -x->d : x->d, x->v, dot ? x->udot : x->u));
    PetscCall(CostateModelResidual(x->m, x->cs->t0, dot ? x->u : x->c, dot ? x->c : x->udot, side ? x->w : x->b));
  }
  PetscCall(VecAXPBY(x->b, -1 / (2 * x->d), 1 / (2 * x->d), x->w));
  PetscCall(VecNorm(x->b, NORM_2, &norm));
  PetscCall(VecAXPY(x->b, -1, x->a));
  PetscCall(VecNorm(x->b, NORM_2, &e[1]));
  e[1] /= PetscMax(norm, PETSC_MACHINE_EPSILON);
  PetscCall(VecAXPY(x->b, 2, x->a));
  PetscCall(VecNorm(x->b, NORM_2, &opposite));
  x->sign[dot] = (PetscBool)(norm > 0 && opposite <= TOLERANCE * norm);
  PetscFunctionReturn(PETSC_SUCCESS);
}

/*
  Differences to either side of the initial state.  Where the function is smooth they come together as the step gets
  smaller, at a kink they do not.
*/
static PetscErrorCode CheckKink(Probe *x, PetscReal *kink)
{
  Costate   cs = x->cs;
  PetscReal apart[2], norm = 0;

  PetscFunctionBegin;
  PetscCall(CostateModelResidual(x->m, cs->t0, cs->u0, x->udot, x->a));
  for (int k = 0; k < 2; k++) {
    const PetscReal d = k ? x->d / 10 : x->d;

    for (int side = 0; side < 2; side++) {
      PetscCall(VecWAXPY(x->c, side ? -d : d, x->v, cs->u0));
      PetscCall(CostateModelResidual(x->m, cs->t0, x->c, x->udot, side ? x->w : x->b));
    }
    PetscCall(VecAXPY(x->b, -1, x->a)); /* d D+ */
    PetscCall(VecAYPX(x->w, -1, x->a)); /* d D- */
    PetscCall(VecNorm(x->b, NORM_2, &norm));
    PetscCall(VecAXPY(x->b, -1, x->w));
    PetscCall(VecNorm(x->b, NORM_2, &apart[k]));
    apart[k] /= PetscMax(norm, PETSC_MACHINE_EPSILON);
  }
  *kink = apart[1] > .5 * apart[0] && apart[1] > 1e-4 ? apart[1] : 0;
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* R_p^T w against a difference of the residual in p, those of the first window if there are windows. */
static PetscErrorCode CheckParameters(Probe *x, PetscRandom rand, PetscReal *e)
{
  Costate     cs = x->cs;
  Vec         p, q, q0, g;
  PetscScalar s[2];
  PetscReal   n[2];

  PetscFunctionBegin;
  PetscCall(VecSetRandom(x->w, rand));
  PetscCall(VecDuplicate(cs->p, &p));
  PetscCall(VecDuplicate(cs->p, &q));
  PetscCall(VecDuplicate(CostateActive(cs), &q0));
  PetscCall(VecDuplicate(CostateActive(cs), &g));
  PetscCall(VecCopy(cs->p, p));
  PetscCall(VecSetRandom(q, rand));
  PetscCall(CostateGetWindow(cs, q, 0, q0));
  PetscCall(CostateModelSetPoint(x->m, cs->t0, x->u, x->udot));
  PetscCall(CostateModelMultRpTranspose(x->m, x->w, g));
  for (int side = 0; side < 2; side++) {
    PetscCall(VecWAXPY(cs->p, side ? -x->d : x->d, q, p));
    PetscCall(CostateWindowsBegin(cs));
    PetscCall(CostateModelResidual(x->m, cs->t0, x->u, x->udot, side ? x->b : x->a));
  }
  PetscCall(VecCopy(p, cs->p));
  PetscCall(CostateWindowsBegin(cs));
  PetscCall(VecAXPBY(x->a, -1 / (2 * x->d), 1 / (2 * x->d), x->b));
  PetscCall(VecTDot(x->a, x->w, &s[0]));
  PetscCall(VecTDot(q0, g, &s[1]));
  PetscCall(VecNorm(x->a, NORM_2, &n[0]));
  PetscCall(VecNorm(x->w, NORM_2, &n[1]));
  *e         = PetscAbsScalar(s[0] - s[1]) / PetscMax(n[0] * n[1], PETSC_MACHINE_EPSILON);
  x->sign[2] = (PetscBool)(*e > TOLERANCE && PetscAbsScalar(s[0] + s[1]) <= TOLERANCE * n[0] * n[1]);
  PetscCall(VecDestroy(&p));
  PetscCall(VecDestroy(&q));
  PetscCall(VecDestroy(&q0));
  PetscCall(VecDestroy(&g));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Whose fault it is. */
static const char *From(const Costate cs, int i)
{
  static const char *const matrices[] = {"the transposed product of TSSetRHSJacobian() or TSSetIJacobian()",
                                         "TSSetRHSJacobian() or TSSetIJacobian()",
                                         "the transposed product of TSSetIJacobian()", "the shift of TSSetIJacobian()",
                                         "TSSetRHSJacobianP() or TSSetIJacobianP()"};
  static const char *const steady[]   = {"the transposed product of SNESSetJacobian()", "SNESSetJacobian()", "", "",
                                         "CostateSetSteadyJacobianP()"};
  static const char *const products[] = {"CostateSetProducts() (J or its transpose)", "CostateSetProducts()",
                                         "CostateSetProducts() (J or its transpose)",
                                         "CostateSetProducts() (the shift)", "CostateSetParameterProducts()"};
  const int                p          = i == 4;

  if (cs->provider[COSTATE_RHS][p].vjp || cs->provider[COSTATE_I][p].vjp) return products[i];
  return cs->snes ? steady[i] : matrices[i];
}

PetscErrorCode CostateCheckProducts(Costate cs, PetscRandom random, PetscViewer viewer, PetscReal *error,
                                    const char **wrong)
{
  PetscRandom rand;
  Probe       x;
  PetscReal   e[5] = {-1, -1, -1, -1, -1}, kink = 0;
  PetscBool   simple;
  PetscMPIInt size;
  const char  hint[]  = " (if it is right on one rank: at the exchange of ghost points)";
  const char *names[] = {"<R_u^T w,v> = <w,R_u v>", "R_u v against a difference of the residual",
                         "<F_u'^T w,v> = <w,F_u' v>", "F_u' v against a difference of the residual",
                         "R_p^T w against a difference of the residual"};

  PetscFunctionBegin;
  PetscCheck(cs->u0, PetscObjectComm((PetscObject)cs), PETSC_ERR_ARG_WRONGSTATE,
             "The check needs a state: call CostateSetInitialState()");
  PetscCall(CostateSetUp(cs));
  PetscCallMPI(MPI_Comm_size(PetscObjectComm((PetscObject)cs), &size));
  PetscCall(CostateWindowsBegin(cs));
  PetscCall(CostateGetRandom(cs, random, &rand));
  PetscCall(ProbeCreate(cs, rand, &x));
  PetscCall(CostateModelIsExplicit(x.m, &simple));
  PetscCall(CheckPair(&x, rand, CostateModelMultRu, CostateModelMultRuTranspose, PETSC_FALSE, &e[0]));
  if (!simple && !cs->snes)
    PetscCall(CheckPair(&x, rand, CostateModelMultM, CostateModelMultMTranspose, PETSC_TRUE, &e[2]));
  if (cs->p) PetscCall(CheckParameters(&x, rand, &e[4]));
  PetscCall(CheckKink(&x, &kink));
  PetscCall(ProbeDestroy(&x));
  PetscCall(PetscRandomDestroy(&rand));
  *error = 0;
  *wrong = NULL;
  for (int i = 0; i < 5; i++) {
    const PetscReal tol  = i == 0 || i == 2 ? 1e-12 : TOLERANCE;
    const PetscBool bad  = (PetscBool) !(e[i] <= tol);
    const PetscBool sign = (PetscBool)(i == 1 ? x.sign[0] : i == 3 ? x.sign[1] : i == 4 && x.sign[2]);

    if (e[i] == -1) continue;
    if (bad && !*wrong) *wrong = From(cs, i);
    if (!(e[i] <= *error)) *error = e[i];
    if (viewer)
      PetscCall(PetscViewerASCIIPrintf(viewer, "%s: %.3g%s%s%s%s\n", names[i], (double)e[i],
                                       bad ? ": WRONG, look at the function of " : "", bad ? From(cs, i) : "",
                                       bad && sign ? "; its sign is the opposite one" : "",
                                       bad && !sign && size > 1 ? hint : ""));
  }
  if (viewer && kink > 0)
    PetscCall(PetscViewerASCIIPrintf(viewer,
                                     "KINK: differences of the residual to either side of the initial state differ by "
                                     "%.3g and do not come together; a gradient there is that of one side\n",
                                     (double)kink));
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

  Options Database Key:
. -costate_check_dot_product - before the first `CostateSolve()`; what is wrong is an error

  Notes:
  At the initial time, with a random state near the initial one,

    <R_u^T w, v> = <w, R_u v>, and R_u v is the difference of the residual along v; the same for F_u' and for R_p.

  The first is a matter of rounding; the differences are good to about 1e-7, and what is larger than 1e-5 is a wrong
  derivative.  It is named, with a word if it is right but for its sign.

  Differences to either side of the initial state that do not come together as their step gets smaller are those of a
  kink, which is said and is no error.

  Level: intermediate

.seealso: `CostateCheckTaylor()`, `CostateCheckMethods()`
@*/
PetscErrorCode CostateCheckDotProduct(Costate cs, PetscRandom random, PetscViewer viewer, PetscReal *error)
{
  const char *wrong;

  PetscFunctionBegin;
  PetscValidHeaderSpecific(cs, COSTATE_CLASSID, 1);
  PetscCall(CostateCheckProducts(cs, random, viewer, error, &wrong));
  PetscFunctionReturn(PETSC_SUCCESS);
}
