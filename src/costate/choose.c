/* SPDX-License-Identifier: BSD-2-Clause */
/*
  -costate_type auto: the rules.

  The first method of the table that nothing speaks against is taken; what speaks against the others is said.  Numbers
  are from `costate choose`, which measures instead: with a tangent of the time steps a parameter costs about as much as
  half a sweep of their adjoint; with an integrator of its own, next to a continuous adjoint, a tenth.
*/
#include "costateimpl.h"
#include "sweepfun.h"

/* What the rules look at. */
typedef struct {
  PetscBool steady, outside; /* outside: the program knows nothing of a Costate */
  PetscBool adjoint;         /* the TS type has an adjoint step */
  PetscBool implicit;        /* it is an implicit one, or there is an I-function: stiff, perhaps with algebraic parts */
  PetscBool state;           /* dG/du0 is wanted */
  PetscInt  n, np, costs;
} Facts;

typedef const char *(*Against)(const Facts *);

static const char *NoSteady(const Facts *f)
{
  return f->steady ? NULL : "a time integration: its end is not known to be at rest";
}

static const char *NoForward(const Facts *f)
{
  if (f->outside) return "goes along with the run, and TSAdjointSolve() goes backward";
  if (!f->np) return "there are no parameters";
  if (f->state) return "dG/du0 is wanted, too (CostateSetWanted())";
  if (f->adjoint && f->np > 2 * f->costs) return "more than two parameters for each cost: an adjoint step costs less";
  if (f->np > 10 * f->costs) return "more than ten parameters for each cost: an adjoint costs less";
  return NULL;
}

static const char *NoDiscrete(const Facts *f)
{
  return f->adjoint ? NULL : "the TS type has no adjoint step";
}

static const char *NoInterpolating(const Facts *f)
{
  return f->np > f->n / 10 && f->np > 10 ? "would carry an integral for each of many parameters along" : NULL;
}

static const char *NoGauss(const Facts *f)
{
  return f->implicit && f->np <= 10 ? "few parameters cost less carried along" : NULL;
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
    {COSTATEIMPLICIT, NoSteady, "one transposed solve for each cost of a steady state"},
    {COSTATEFORWARD, NoForward, "few parameters, whose sensitivities go along with the run"},
    {COSTATEDISCRETE, NoDiscrete, "exact for the computed solution, which is what an optimiser needs"},
    {COSTATEINTERPOLATING, NoInterpolating, "any TS type; few parameters"},
    {COSTATEGAUSS, NoGauss, "any TS type; many parameters"},
    {COSTATEQUADRATURE, NoQuadrature, ""},
    {COSTATEBACKSOLVE, NoBacksolve, ""},
};
#define NRULES ((int)(sizeof(rules) / sizeof(rules[0])))

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
  if (!u) PetscCall(TSGetSolution(cs->ts, &u));
  if (u) PetscCall(VecGetSize(u, &f->n));
  if (cs->p) PetscCall(VecGetSize(cs->p, &f->np));
  PetscCall(TSGetType(cs->ts, &type));
  PetscCall(TSGetIFunction(cs->ts, NULL, &ifunction, NULL));
  f->implicit = (PetscBool)(ifunction || (type && !CostateSweepIsExplicit(type)));
  for (PetscInt i = 0; type; i++) {
    PetscCall(CostateTSTypeListGet(i, &name, &has));
    if (!name) break;
    if (!strcmp(name, type)) f->adjoint = has;
  }
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
