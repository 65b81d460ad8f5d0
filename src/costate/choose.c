/* SPDX-License-Identifier: BSD-2-Clause */
/*
  -costate_type auto: the rules.

  The first method of the table that nothing speaks against is taken; what speaks against the others is said.  What they
  go by was measured by `costate choose` on the models of the zoo (docs/choosing.md):

  - an adjoint step costs less than a sweep with an integrator of its own: half as much for explicit types, a fifth for
    implicit ones that have to begin anew at each step;
  - a tangent of the steps costs as much as an adjoint step of an implicit type, whose factors it shares, and twice one
    of an explicit type; beside an integral, or without an adjoint step, it has an integrator of its own;
  - few parameters carried along cost a multistep type nothing, and stages a solve each;
  - where steps are long beside the fastest motion of the equation their adjoint has a wrong dG/du0, and wrong parameter
    fields: lambda has in it what the state has not.
*/
#include "costateimpl.h"
#include "sweepfun.h"

#define MULTIPLE 0.5 /* of the time of the fastest motion, that steps are long beside */
#define LOOKS    15  /* evaluations that are taken to know that motion */
#define FEW      10  /* parameters, of which integrals may be carried along */
#define TANGENTS 3   /* for each cost, that cost less than an adjoint with an integrator of its own */

/* What the rules look at. */
typedef struct {
  PetscBool steady, outside; /* outside: the program knows nothing of a Costate */
  PetscBool rests;           /* it was said when a run is at rest, and so that it comes to it */
  PetscBool adjoint;         /* the TS type has an adjoint step */
  PetscBool implicit;        /* it is an implicit one, or there is an I-function: stiff, perhaps with algebraic parts */
  PetscBool multistep;       /* one that has the last steps in it */
  PetscBool rough;           /* explicit steps are long beside the fastest motion */
  PetscBool state;           /* dG/du0 is wanted */
  PetscBool integral;        /* there is a cost with one */
  PetscBool along;           /* a cost is taken before the end */
  PetscInt  n, np, costs;
} Facts;

typedef const char *(*Against)(const Facts *);

static const char *NoSteady(const Facts *f)
{
  if (f->steady) return NULL;
  if (!f->rests) return "a time integration: its end is not known to be at rest (CostateSetSteadyState())";
  if (f->outside) return "its costs are those of TSAdjointSolve(), which has a lambda";
  if (f->along) return "a cost is taken before the end of the run";
  if (f->state) return "dG/du0 is wanted, too (CostateSetWanted())";
  return f->np ? NULL : "there are no parameters";
}

static const char *NoForward(const Facts *f)
{
  if (f->outside) return "goes along with the run, and TSAdjointSolve() goes backward";
  if (!f->np) return "there are no parameters";
  if (f->state) return "dG/du0 is wanted, too (CostateSetWanted())";
  if (f->adjoint) return "an adjoint step costs no more than a tangent";
  if (f->integral) return "an integral would have its derivatives carried along, too";
  if (f->np > TANGENTS * f->costs) return "more than three parameters for each cost: an adjoint costs less";
  return NULL;
}

static const char *NoDiscrete(const Facts *f)
{
  if (!f->adjoint) return "the TS type has no adjoint step that serves all equations";
  if (f->rough)
    return "steps that are right for the state are too long for the fastest motions, which lambda has in it";
  return NULL;
}

static const char *NoInterpolating(const Facts *f)
{
  if (!f->implicit) return "gauss takes fewer products with f_p for the same";
  if (!f->multistep) return "each stage would solve for the parameters' integrals, too";
  return f->np > f->n / 10 && f->np > FEW ? "would carry an integral for each of many parameters along" : NULL;
}

static const char *NoGauss(const Facts *f)
{
  return f->multistep && f->np <= FEW ? "few parameters cost less carried along, with an error control" : NULL;
}

static const char *NoQuadrature(const Facts *f)
{
  (void)f;
  return "gauss does the same without lambda between steps";
}

static const char *NoBacksolve(const Facts *f)
{
  return f->implicit ? "the state of a stiff run cannot be gone back along"
                     : "may lose the state on the way back, and checkpoints need no more memory than the budget";
}

static const struct {
  const char *method;
  Against     against;
  const char *because;
} rules[] = {
    {COSTATEIMPLICIT, NoSteady, "one transposed solve for each cost of a state of rest"},
    {COSTATEFORWARD, NoForward, "few parameters, whose sensitivities go along with the run"},
    {COSTATEDISCRETE, NoDiscrete, "exact for the computed solution, which is what an optimiser needs"},
    {COSTATEINTERPOLATING, NoInterpolating, "few parameters, carried along by steps that know the last ones"},
    {COSTATEGAUSS, NoGauss, "any TS type; the parameters' part by Gauss points on each step"},
    {COSTATEQUADRATURE, NoQuadrature, ""},
    {COSTATEBACKSOLVE, NoBacksolve, ""},
};
#define NRULES ((int)(sizeof(rules) / sizeof(rules[0])))

/* out = (f(u + e d) - f(u)) / e, for a perturbation of 1e-7 of the size of u */
static PetscErrorCode Along(Costate cs, PetscReal t, Vec d, Vec f, PetscReal size, Vec w, Vec out)
{
  PetscReal norm, e;

  PetscFunctionBegin;
  PetscCall(VecNorm(d, NORM_2, &norm));
  e = PETSC_SQRT_MACHINE_EPSILON * 10 * size / norm;
  PetscCall(VecWAXPY(w, e, d, cs->u0));
  PetscCall(TSComputeRHSFunction(cs->ts, t, w, out));
  PetscCall(VecAXPY(out, -1, f));
  PetscCall(VecScale(out, 1 / e));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/*
  The rate of the fastest motion, by power iteration with differences of f, and the step: the one that is given, or that
  which the tolerance lets a method of this order take.  The state's own time is the shorter one of u/u' and u'/u''.
*/
static PetscErrorCode Rates(Costate cs, PetscReal *rate, PetscReal *step)
{
  Vec         f, d, w, out;
  PetscRandom random;
  PetscReal   t, u, v, a, rtol, before;
  PetscInt    order;
  TSAdapt     adapt;
  PetscBool   fixed;

  PetscFunctionBegin;
  PetscCall(VecDuplicate(cs->u0, &f));
  PetscCall(VecDuplicate(cs->u0, &d));
  PetscCall(VecDuplicate(cs->u0, &w));
  PetscCall(VecDuplicate(cs->u0, &out));
  PetscCall(CostateGetRandom(cs, NULL, &random));
  PetscCall(TSGetTime(cs->ts, &t));
  PetscCall(TSGetTimeStep(cs->ts, step));
  if (cs->timed) { /* a TS that has run has other ones */
    t     = cs->t0;
    *step = cs->dt0;
  }
  PetscCall(TSComputeRHSFunction(cs->ts, t, cs->u0, f));
  PetscCall(VecNorm(cs->u0, NORM_2, &u));
  PetscCall(VecNorm(f, NORM_2, &v));
  PetscCall(TSGetAdapt(cs->ts, &adapt));
  PetscCall(PetscObjectTypeCompare((PetscObject)adapt, TSADAPTNONE, &fixed));
  *rate = 0;
  if (u > 0 && v > 0) {
    PetscCall(Along(cs, t, f, f, u, w, out));
    PetscCall(VecNorm(out, NORM_2, &a));
    PetscCall(TSGetTolerances(cs->ts, NULL, NULL, &rtol, NULL));
    PetscCall(TSRKGetOrder(cs->ts, &order));
    if (!fixed) *step = PetscPowReal(PetscMax(rtol, PETSC_SMALL), 1 / (PetscReal)(order + 1)) * PetscMin(u / v, v / a);
    PetscCall(VecSetRandom(d, random));
    for (int k = 0; k < LOOKS; k++) {
      PetscCall(Along(cs, t, d, f, u, w, out));
      PetscCall(VecNorm(d, NORM_2, &before));
      PetscCall(VecNorm(out, NORM_2, rate));
      *rate /= before;
      if (*rate <= 0 || PetscIsInfOrNanReal(*rate)) break;
      PetscCall(VecCopy(out, d));
    }
  }
  PetscCall(PetscRandomDestroy(&random));
  PetscCall(VecDestroy(&f));
  PetscCall(VecDestroy(&d));
  PetscCall(VecDestroy(&w));
  PetscCall(VecDestroy(&out));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Whether explicit steps are long beside the fastest motion; from the initial state, so that it may be wrong later. */
static PetscErrorCode LookAtSteps(Costate cs, Facts *f)
{
  TSRHSFunction rhs;
  PetscBool     rk, linear;
  PetscReal     rate, step;

  PetscFunctionBegin;
  PetscCall(PetscObjectTypeCompare((PetscObject)cs->ts, TSRK, &rk));
  PetscCall(TSGetRHSFunction(cs->ts, NULL, &rhs, NULL));
  linear = (PetscBool)(rhs == TSComputeRHSFunctionLinear); /* its matrix may be filled by the run only */
  if (!rk || f->implicit || f->outside || !rhs || linear || cs->nwindows > 1) PetscFunctionReturn(PETSC_SUCCESS);
  PetscCall(Rates(cs, &rate, &step));
  f->rough = (PetscBool)(rate * step > MULTIPLE && !PetscIsInfOrNanReal(rate * step));
  if (!f->state && f->np <= FEW) f->rough = PETSC_FALSE; /* a few numbers are means over what is rough */
  PetscFunctionReturn(PETSC_SUCCESS);
}

static PetscErrorCode LookAtRest(Costate cs, PetscBool *rests)
{
  static const char *const options[] = {"-costate_steady_atol", "-costate_steady_rtol"};
  PetscObject              o         = (PetscObject)cs;
  PetscBool                set;

  PetscFunctionBegin;
  *rests = cs->steady_set;
  for (int i = 0; i < 2 && cs->from_options; i++) {
    PetscCall(PetscOptionsHasName(o->options, o->prefix, options[i], &set));
    *rests = (PetscBool)(*rests || set);
  }
  PetscFunctionReturn(PETSC_SUCCESS);
}

static PetscErrorCode Look(Costate cs, Facts *f)
{
  TSType      type;
  TSIFunction ifunction;
  const char *name;
  Vec         u = cs->u0;
  PetscBool   has;

  PetscFunctionBegin;
  *f = (Facts){.steady  = (PetscBool) !!cs->snes,
               .outside = (PetscBool)(cs->door || !cs->u0 || !cs->ncosts),
               .state   = (PetscBool)!cs->parameters_only,
               .costs   = PetscMax(cs->ncosts, 1)};
  for (PetscInt j = 0; j < cs->ncosts; j++) {
    f->integral = (PetscBool)(f->integral || cs->cost[j].integral.value);
    f->along    = (PetscBool)(f->along || cs->cost[j].integral.value || cs->cost[j].point.value);
  }
  PetscCall(LookAtRest(cs, &f->rests));
  if (!u) PetscCall(TSGetSolution(cs->ts, &u));
  if (u) PetscCall(VecGetSize(u, &f->n));
  if (cs->p) PetscCall(VecGetSize(cs->p, &f->np));
  PetscCall(TSGetType(cs->ts, &type));
  PetscCall(TSGetIFunction(cs->ts, NULL, &ifunction, NULL));
  f->implicit  = (PetscBool)(ifunction || (type && !CostateSweepIsExplicit(type)));
  f->multistep = (PetscBool)(type && !strcmp(type, TSBDF));
  for (PetscInt i = 0; type; i++) {
    PetscCall(CostateTSTypeListGet(i, &name, &has));
    if (!name) break;
    if (!strcmp(name, type)) f->adjoint = has;
  }
  /* its adjoint step knows no integrals, no mass matrix but the identity, and no equation without an explicit part */
  if (type && !strcmp(type, TSARKIMEX)) f->adjoint = PETSC_FALSE;
  PetscCall(LookAtSteps(cs, f));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Sets the type; says why, and why not another. */
PetscErrorCode CostateChoose(Costate cs)
{
  MPI_Comm    comm = PetscObjectComm((PetscObject)cs);
  Facts       f;
  int         chosen = -1;
  char        text[2048], *p = text;
  size_t      left = sizeof(text), len;
  const char *why;

  PetscFunctionBegin;
  PetscCall(Look(cs, &f));
  text[0] = 0;
  for (int i = 0; i < NRULES; i++) {
    why = (*rules[i].against)(&f);
    if (!why && chosen < 0) {
      chosen = i;
      continue;
    }
    PetscCall(PetscSNPrintf(p, left, "  not %s: %s%s\n", rules[i].method, why ? why : rules[chosen].method,
                            why ? "" : " serves"));
    PetscCall(PetscStrlen(p, &len));
    p += len;
    left -= len;
  }
  PetscCheck(chosen >= 0, comm, PETSC_ERR_PLIB, "No rule of -costate_type auto holds:\n%s", text);
  PetscCall(PetscFPrintf(comm, PETSC_STDERR, "costate: -costate_type auto: %s, %s\n%s", rules[chosen].method,
                         rules[chosen].because, text));
  PetscCall(CostateSetType(cs, rules[chosen].method));
  cs->choose = PETSC_TRUE; /* again, when something else has changed */
  if (!cs->from_options || !cs->ops->setfromoptions) PetscFunctionReturn(PETSC_SUCCESS);
  PetscObjectOptionsBegin((PetscObject)cs);
  PetscCall((*cs->ops->setfromoptions)(cs, PetscOptionsObject));
  PetscOptionsEnd();
  PetscFunctionReturn(PETSC_SUCCESS);
}

/*@
  CostateSetWanted - Says which gradients are wanted

  Logically Collective

  Input Parameters:
+ cs         - the object
. state      - dG/du0
- parameters - dG/dp

  Options Database Key:
. -costate_wanted which - both, or parameters

  Notes:
  With parameters alone `auto` may choose the method forward, which has no dG/du0; other methods compute both in any
  case.  By default both are wanted.

  Level: intermediate

.seealso: `CostateSetType()`, `CostateGetGradient()`
@*/
PetscErrorCode CostateSetWanted(Costate cs, PetscBool state, PetscBool parameters)
{
  PetscFunctionBegin;
  PetscValidHeaderSpecific(cs, COSTATE_CLASSID, 1);
  PetscCheck(state || parameters, PetscObjectComm((PetscObject)cs), PETSC_ERR_ARG_INCOMP,
             "Neither gradient is wanted: one of them has to be");
  PetscCall(CostateReset(cs));
  cs->parameters_only = (PetscBool)!state;
  PetscFunctionReturn(PETSC_SUCCESS);
}
