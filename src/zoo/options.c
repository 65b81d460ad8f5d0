/* SPDX-License-Identifier: BSD-2-Clause */
/* The options of a problem.  What a model does not heed it refuses. */
#include "zooimpl.h"
#include <ctype.h>

const char *const ZooForms[] = {"rhs", "implicit", "split", "ZooForm", "ZOO_", NULL};

/* A number that ends the text or is followed by one of the characters. */
static PetscErrorCode Number(CostateProblem problem, const char option[], const char text[], const char **at,
                             const char *ends, PetscReal *x)
{
  char *end;

  PetscFunctionBegin;
  *x = (PetscReal)strtod(*at, &end);
  PetscCheck(end != *at && !isspace((unsigned char)**at) && (!*end || strchr(ends, *end)) && !PetscIsInfOrNanReal(*x),
             problem->comm, PETSC_ERR_ARG_WRONG, "%s %s: '%.40s' is not a number%s", option, text, *at,
             strchr(ends, ':') ? "; give numbers with commas between them, or first:step:last"
                               : "; give numbers with commas between them");
  *at = end;
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* first:step:last; a last that is missed by a rounding error is met */
static PetscErrorCode Range(CostateProblem problem, const char option[], const char text[], const PetscReal r[3],
                            ZooValues *values)
{
  PetscReal steps = r[1] > 0 ? (r[2] - r[0]) / r[1] : -1;

  PetscFunctionBegin;
  PetscCheck(steps >= 0 && steps < 1e7, problem->comm, PETSC_ERR_ARG_OUTOFRANGE,
             "%s %s: first:step:last takes a positive step and a last that is not before first", option, text);
  values->n = (PetscInt)PetscFloorReal(steps + 1e-9) + 1;
  PetscCall(PetscMalloc1(values->n, &values->x));
  for (PetscInt i = 0; i < values->n; i++) values->x[i] = PetscMin(r[0] + (PetscReal)i * r[1], r[2]);
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* "1,2,3", or where `ranges` says so "0:.5:10" */
PetscErrorCode ZooParse(CostateProblem problem, const char option[], const char text[], PetscBool ranges,
                        ZooValues *values)
{
  const char *at = text;
  PetscInt    n  = 1;

  PetscFunctionBegin;
  PetscCall(PetscFree(values->x));
  if (ranges && strchr(text, ':')) {
    PetscReal r[3];

    for (int i = 0; i < 3; i++) {
      PetscCall(Number(problem, option, text, &at, ":", &r[i]));
      PetscCheck((i < 2) == (*at == ':'), problem->comm, PETSC_ERR_ARG_WRONG,
                 "%s %s: a range is first:step:last, as 0:.5:10", option, text);
      if (*at) at++;
    }
    PetscCall(Range(problem, option, text, r, values));
    PetscFunctionReturn(PETSC_SUCCESS);
  }
  for (const char *c = text; *c; c++) n += *c == ',';
  PetscCall(PetscMalloc1(n, &values->x));
  for (values->n = 0; values->n < n; values->n++) {
    PetscCall(Number(problem, option, text, &at, ranges ? ",:" : ",", &values->x[values->n]));
    if (*at) at++;
  }
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* The value of an option, whatever its length; NULL: it was not given. */
static PetscErrorCode Given(CostateProblem problem, const char option[], const char **text)
{
  PetscBool set;

  PetscFunctionBegin;
  PetscCall(PetscOptionsFindPair(NULL, problem->prefix, option, text, &set));
  if (!set) *text = NULL;
  PetscCheck(!set || (*text && **text), problem->comm, PETSC_ERR_ARG_WRONG, "%s has no value: give one after it",
             option);
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Which of the names it is.  those[i] == 0: that one is not for this model. */
static PetscErrorCode Choice(CostateProblem problem, const char option[], const char *const names[], PetscInt n,
                             const PetscBool those[], PetscInt *choice)
{
  const char *text, *nearest = NULL;
  char        all[256] = "";
  int         best     = 1000;

  PetscFunctionBegin;
  PetscCall(Given(problem, option, &text));
  if (!text) PetscFunctionReturn(PETSC_SUCCESS);
  for (PetscInt i = 0; i < n; i++) {
    int d = CostateEditDistance(text, names[i]);

    if (those && !those[i]) continue;
    if (d < best) {
      best    = d;
      nearest = names[i];
      *choice = i;
    }
    if (all[0]) PetscCall(PetscStrlcat(all, ", ", sizeof(all)));
    PetscCall(PetscStrlcat(all, names[i], sizeof(all)));
  }
  PetscCheck(best == 0, problem->comm, PETSC_ERR_ARG_UNKNOWN_TYPE, "%s %s: %s has %s; did you mean %s?", option, text,
             problem->name, all, nearest);
  PetscFunctionReturn(PETSC_SUCCESS);
}

static PetscErrorCode Refuse(CostateProblem problem, const char option[], PetscBool heeded, const char why[])
{
  const char *text;
  PetscBool   set = PETSC_FALSE;

  PetscFunctionBegin;
  if (!heeded) PetscCall(PetscOptionsFindPair(NULL, problem->prefix, option, &text, &set));
  PetscCheck(!set, problem->comm, PETSC_ERR_ARG_INCOMP, "%s does not heed %s: %s", problem->name, option, why);
  PetscFunctionReturn(PETSC_SUCCESS);
}

static PetscErrorCode Real(CostateProblem problem, const char option[], PetscReal *x)
{
  const char *text, *at;

  PetscFunctionBegin;
  PetscCall(Given(problem, option, &text));
  at = text;
  if (text) PetscCall(Number(problem, option, text, &at, "", x));
  PetscFunctionReturn(PETSC_SUCCESS);
}

static PetscErrorCode Size(CostateProblem problem)
{
  const ZooModel *m = problem->model;
  PetscReal       x = -1;

  PetscFunctionBegin;
  PetscCall(Refuse(problem, "-n", (PetscBool)(m->n > 0), "its number of unknowns is fixed"));
  PetscCall(Real(problem, "-n", &x));
  if (x == -1) PetscFunctionReturn(PETSC_SUCCESS);
  PetscCheck(x >= (PetscReal)m->nmin && x <= 1e9 && x == PetscFloorReal(x), problem->comm, PETSC_ERR_ARG_OUTOFRANGE,
             "-n %.6g: %s takes a whole number from %" PetscInt_FMT " on", (double)x, problem->name, m->nmin);
  problem->n = (PetscInt)x;
  PetscFunctionReturn(PETSC_SUCCESS);
}

static PetscErrorCode Values(CostateProblem problem)
{
  const ZooModel *m = problem->model;
  const char     *text;

  PetscFunctionBegin;
  PetscCall(Given(problem, "-p", &text));
  if (text) PetscCall(ZooParse(problem, "-p", text, PETSC_FALSE, &problem->p_given));
  PetscCall(Refuse(problem, "-u0", (PetscBool)(m->nu0 != 0), "its initial state follows from -p"));
  PetscCall(Given(problem, "-u0", &text));
  if (text) PetscCall(ZooParse(problem, "-u0", text, PETSC_FALSE, &problem->u0_given));
  PetscCall(Refuse(problem, "-times", (PetscBool)(problem->kind == COSTATE_COST_TIMES),
                   "its cost is of another kind; say -cost times where there is such a cost"));
  PetscCall(Given(problem, "-times", &text));
  if (text) PetscCall(ZooParse(problem, "-times", text, PETSC_TRUE, &problem->times));
  problem->times_given = (PetscBool)(text != NULL);
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Which costs and which forms a model has */
static void Those(CostateProblem problem, PetscBool costs[ZOO_KINDS], PetscBool forms[ZOO_FORMS])
{
  for (int i = 0; i < ZOO_KINDS; i++)
    costs[i] = (PetscBool)(problem->ops->cost_text(problem, (CostateCostKind)i) != NULL);
  forms[ZOO_RHS]      = (PetscBool)!problem->model->mass;
  forms[ZOO_IMPLICIT] = forms[ZOO_SPLIT] = PETSC_TRUE;
}

/*@C
  CostateProblemHeeds - Whether a problem heeds an option

  Not Collective

  Input Parameters:
+ problem - the problem
. option  - one of those of `CostateProblemSetFromOptions()`, with its -
- value   - of -cost or -form; NULL for the others

  Output Parameter:
. heeds - `PETSC_FALSE`: it would be refused

  Level: intermediate

.seealso: `CostateProblemSetFromOptions()`, `CostateProblemView()`
@*/
PetscErrorCode CostateProblemHeeds(CostateProblem problem, const char option[], const char value[], PetscBool *heeds)
{
  const ZooModel *m = problem->model;
  PetscBool       costs[ZOO_KINDS], forms[ZOO_FORMS];

  PetscFunctionBegin;
  Those(problem, costs, forms);
  *heeds = PETSC_FALSE;
  if (!strcmp(option, "-n"))
    *heeds = (PetscBool)(m->n > 0);
  else if (!strcmp(option, "-u0"))
    *heeds = (PetscBool)(m->nu0 != 0);
  else if (!strcmp(option, "-variant"))
    *heeds = (PetscBool)(m->variants != NULL);
  else if (!strcmp(option, "-times"))
    *heeds = (PetscBool)(problem->kind == COSTATE_COST_TIMES);
  for (int i = 0; !strcmp(option, "-cost") && value && i < ZOO_KINDS; i++)
    *heeds = (PetscBool)(*heeds || (costs[i] && !strcmp(value, CostateCostKinds[i])));
  for (int i = 0; !strcmp(option, "-form") && value && i < ZOO_FORMS; i++)
    *heeds = (PetscBool)(*heeds || (forms[i] && !strcmp(value, ZooForms[i])));
  for (const char *const *o = (const char *const[]){"-p", "-t0", "-tend", "-dt", NULL}; *o; o++)
    *heeds = (PetscBool)(*heeds || !strcmp(option, *o));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/*@
  CostateProblemSetFromOptions - Lets the options database choose the model's values

  Collective

  Input Parameter:
. problem - the problem

  Options Database Keys:
+ -p <a,b,c>                      - the parameters; of a field one value for all will do
. -u0 <a,b,c>                     - the initial state, as many values as the model says; on a grid one value will do
. -t0 <t>, -tend <t>              - the time span
. -dt <h>                         - the first time step, of types without step control each
. -n <n>                          - the number of unknowns, on a grid of nodes in each direction
. -cost <terminal,integral,times> - which of the costs that the model has
. -times <a,b,c or first:step:last> - the times of a cost of that kind
. -variant <name>                 - which of the variants that the model has
- -form <rhs,implicit,split>      - u' = f; M u' - f = 0; M u' = f with a function for each side

  Notes:
  Each model has defaults and says by `CostateProblemView()` what it heeds; an option that it does not heed is an error,
as is an unknown value or a wrong number of them.  The options of the `TS` are read too, when it is made.

  Call it before anything is asked of the problem.

  Level: beginner

.seealso: `CostateProblemCreate()`, `CostateProblemSetOptionsPrefix()`, `CostateProblemView()`
@*/
PetscErrorCode CostateProblemSetFromOptions(CostateProblem problem)
{
  const ZooModel *m         = problem->model;
  PetscInt        nvariants = 0, choice;
  PetscBool       costs[ZOO_KINDS], forms[ZOO_FORMS];

  PetscFunctionBegin;
  PetscCheck(!problem->setup, problem->comm, PETSC_ERR_ORDER,
             "CostateProblemSetFromOptions() comes too late: call it before the TS or a vector is asked for");
  while (m->variants && m->variants[nvariants]) nvariants++;
  PetscCall(Refuse(problem, "-variant", (PetscBool)(nvariants > 0), "it has no variants"));
  if (nvariants) PetscCall(Choice(problem, "-variant", m->variants, nvariants, NULL, &problem->variant));
  PetscCall(ZooDefault(problem));
  m = problem->model;
  PetscCall(Size(problem));
  Those(problem, costs, forms);
  choice = (PetscInt)problem->kind;
  PetscCall(Choice(problem, "-cost", CostateCostKinds, ZOO_KINDS, costs, &choice));
  problem->kind = (CostateCostKind)choice;
  choice        = (PetscInt)problem->form;
  PetscCall(Choice(problem, "-form", ZooForms, ZOO_FORMS, forms, &choice));
  problem->form = (ZooForm)choice;
  PetscCall(Real(problem, "-t0", &problem->t0));
  PetscCall(Real(problem, "-tend", &problem->tend));
  PetscCall(Real(problem, "-dt", &problem->dt));
  PetscCheck(problem->dt > 0, problem->comm, PETSC_ERR_ARG_OUTOFRANGE, "-dt %.6g: the time step must be positive",
             (double)problem->dt);
  PetscCall(Values(problem));
  problem->options = PETSC_TRUE;
  PetscFunctionReturn(PETSC_SUCCESS);
}
