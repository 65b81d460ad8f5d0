/* SPDX-License-Identifier: BSD-2-Clause */
/* A problem comes and goes, and what can be asked of it. */
#include "zooimpl.h"

const char *const CostateCostKinds[] = {"terminal", "integral", "times", "CostateCostKind", "COSTATE_COST_", NULL};

#define COSTATE_PROBLEM(name, text) PETSC_INTERN PetscErrorCode CostateProblemDefine_##name(CostateProblem);
#include <problems.def>
#undef COSTATE_PROBLEM

static const struct {
  const char *name, *text;
  PetscErrorCode (*define)(CostateProblem);
} problems[] = {
#define COSTATE_PROBLEM(name, text) {#name, text, CostateProblemDefine_##name},
#include <problems.def>
#undef COSTATE_PROBLEM
};

#define NPROBLEMS ((PetscInt)(sizeof(problems) / sizeof(problems[0])))

/*@C
  CostateProblemListGet - The problems of the zoo

  Not Collective

  Input Parameter:
. i - the number of a problem, from 0

  Output Parameters:
+ name - its name; NULL if there are no more
- text - what it is, in one line

  Level: beginner

.seealso: `CostateProblemCreate()`
@*/
PetscErrorCode CostateProblemListGet(PetscInt i, const char **name, const char **text)
{
  PetscFunctionBegin;
  *name = *text = NULL;
  if (i >= 0 && i < NPROBLEMS) {
    *name = problems[i].name;
    *text = problems[i].text;
  }
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* What the model's defaults choose; the variant is chosen already. */
PetscErrorCode ZooDefault(CostateProblem problem)
{
  PetscFunctionBegin;
  PetscCall(problem->define(problem));
  problem->n    = problem->model->n;
  problem->form = problem->model->form;
  problem->kind = problem->model->kind;
  problem->t0   = problem->model->t0;
  problem->tend = problem->model->tend;
  problem->dt   = problem->model->dt;
  PetscFunctionReturn(PETSC_SUCCESS);
}

/*@C
  CostateProblemCreate - Makes a problem of the zoo

  Collective

  Input Parameters:
+ comm - the ranks over which it is distributed
- name - one of those of `CostateProblemListGet()`

  Output Parameter:
. problem - the problem, with the model's defaults until `CostateProblemSetFromOptions()`

  Note:
  Its vectors and matrices are made when the first of them is asked for.  A model of a few unknowns takes a few
kilobytes; one on a grid a matrix with the model's stencil, and the state and parameter vectors.

  Level: beginner

.seealso: `CostateProblemSetFromOptions()`, `CostateProblemSetCostate()`, `CostateProblemDestroy()`
@*/
PetscErrorCode CostateProblemCreate(MPI_Comm comm, const char name[], CostateProblem *problem)
{
  PetscInt       i, nearest = 0;
  int            best = 1000;
  CostateProblem pr;

  PetscFunctionBegin;
  PetscCheck(name, comm, PETSC_ERR_ARG_NULL, "A problem has a name: `costate list problems` shows all");
  for (i = 0; i < NPROBLEMS && strcmp(problems[i].name, name); i++) {
    int d = CostateEditDistance(problems[i].name, name);

    if (d < best) {
      best    = d;
      nearest = i;
    }
  }
  PetscCheck(i < NPROBLEMS, comm, PETSC_ERR_ARG_UNKNOWN_TYPE,
             "There is no problem %s; did you mean %s? `costate list problems` shows all", name,
             problems[nearest].name);
  PetscCall(PetscNew(&pr));
  PetscCall(PetscCommDuplicate(comm, &pr->comm, NULL));
  pr->name       = problems[i].name;
  pr->text       = problems[i].text;
  pr->define     = problems[i].define;
  pr->p_given.n  = -1;
  pr->u0_given.n = -1;
  PetscCall(ZooDefault(pr));
  *problem = pr;
  PetscFunctionReturn(PETSC_SUCCESS);
}

/*@
  CostateProblemDestroy - Destroys a problem

  Collective

  Input Parameter:
. problem - the problem

  Note:
  A `Costate` or a `TS` that still refers to its vectors keeps those, but its callbacks need the problem: destroy it
last.

  Level: beginner

.seealso: `CostateProblemCreate()`
@*/
PetscErrorCode CostateProblemDestroy(CostateProblem *problem)
{
  CostateProblem pr = *problem;

  PetscFunctionBegin;
  if (!pr) PetscFunctionReturn(PETSC_SUCCESS);
  PetscCall(TSDestroy(&pr->ts));
  PetscCall(DMDestroy(&pr->dm));
  PetscCall(VecDestroy(&pr->u0));
  PetscCall(VecDestroy(&pr->p));
  PetscCall(VecDestroy(&pr->p_before));
  PetscCall(VecDestroy(&pr->known[0]));
  PetscCall(VecDestroy(&pr->known[1]));
  PetscCall(MatDestroy(&pr->J));
  PetscCall(MatDestroy(&pr->Jp));
  PetscCall(MatDestroy(&pr->M));
  PetscCall(MatDestroy(&pr->du0dp));
  PetscCall(VecScatterDestroy(&pr->all_u));
  PetscCall(VecScatterDestroy(&pr->all_p));
  PetscCall(VecDestroy(&pr->seq_u));
  PetscCall(VecDestroy(&pr->seq_p));
  PetscCall(PetscFree(pr->prefix));
  PetscCall(PetscFree(pr->p_given.x));
  PetscCall(PetscFree(pr->u0_given.x));
  PetscCall(PetscFree(pr->times.x));
  PetscCall(PetscCommDestroy(&pr->comm));
  PetscCall(PetscFree(*problem));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/*@C
  CostateProblemSetOptionsPrefix - Sets what the names of the options of a problem and of its `TS` begin with

  Logically Collective

  Input Parameters:
+ problem - the problem
- prefix  - without the leading -; NULL: none

  Level: advanced

.seealso: `CostateProblemSetFromOptions()`
@*/
PetscErrorCode CostateProblemSetOptionsPrefix(CostateProblem problem, const char prefix[])
{
  PetscFunctionBegin;
  PetscCall(PetscFree(problem->prefix));
  PetscCall(PetscStrallocpy(prefix, &problem->prefix));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/*@
  CostateProblemGetTS - Gets the time integration of a problem

  Collective

  Input Parameter:
. problem - the problem

  Output Parameter:
. ts - with functions, Jacobians, times, type and tolerances; not to be destroyed.  It lands on the final time, has no
limit on the number of steps, and its solvers are set for gradients: exact linear solves where the unknowns are few

  Level: beginner

.seealso: `CostateProblemGetInitialState()`, `CostateProblemGetParameters()`, `CostateProblemSetCostate()`
@*/
PetscErrorCode CostateProblemGetTS(CostateProblem problem, TS *ts)
{
  PetscFunctionBegin;
  PetscCall(ZooSetUp(problem));
  *ts = problem->ts;
  PetscFunctionReturn(PETSC_SUCCESS);
}

/*@
  CostateProblemGetInitialState - Gets the initial state of a problem

  Collective

  Input Parameter:
. problem - the problem

  Output Parameter:
. u0 - not to be destroyed; it may be changed.  A `TS` changes the vector it is given: let it have a copy

  Level: beginner

.seealso: `CostateProblemGetTS()`, `CostateProblemParametersChanged()`
@*/
PetscErrorCode CostateProblemGetInitialState(CostateProblem problem, Vec *u0)
{
  PetscFunctionBegin;
  PetscCall(ZooSetUp(problem));
  *u0 = problem->u0;
  PetscFunctionReturn(PETSC_SUCCESS);
}

/*@
  CostateProblemGetParameters - Gets the parameters of a problem

  Collective

  Input Parameter:
. problem - the problem

  Output Parameter:
. p - not to be destroyed; every evaluation reads it, so that other values count from the next one on.  A few numbers
are distributed as PETSc would, a field as the state is

  Note:
  PETSc's `TS` takes it that a Jacobian at the same state and time is the same: call `PetscObjectStateIncrease()` for
the state where a Jacobian is computed again with nothing but the parameters changed.

  Level: beginner

.seealso: `CostateProblemGetTS()`, `CostateProblemParametersChanged()`
@*/
PetscErrorCode CostateProblemGetParameters(CostateProblem problem, Vec *p)
{
  PetscFunctionBegin;
  PetscCall(ZooSetUp(problem));
  *p = problem->p;
  PetscFunctionReturn(PETSC_SUCCESS);
}

/*@
  CostateProblemGetInitialConditionJacobian - Gets the derivative of the initial state with respect to the parameters

  Collective

  Input Parameter:
. problem - the problem

  Output Parameter:
. du0dp - not to be destroyed; NULL where the initial state does not depend on the parameters

  Level: intermediate

.seealso: `CostateProblemParametersChanged()`, `CostateSetInitialConditionJacobian()`
@*/
PetscErrorCode CostateProblemGetInitialConditionJacobian(CostateProblem problem, Mat *du0dp)
{
  PetscFunctionBegin;
  PetscCall(ZooSetUp(problem));
  *du0dp = problem->du0dp;
  PetscFunctionReturn(PETSC_SUCCESS);
}

/*@
  CostateProblemParametersChanged - Moves the initial state with the parameters

  Collective

  Input Parameter:
. problem - the problem

  Note:
  Where the initial state depends on the parameters the difference between its values for the present parameters and for
  those of the last call is added to it, so that what else was done to it stays.  Nothing happens where the parameters
are the same.  A `Costate` calls it by itself.

  Level: intermediate

.seealso: `CostateProblemGetInitialConditionJacobian()`, `CostateSetParametersChanged()`
@*/
PetscErrorCode CostateProblemParametersChanged(CostateProblem problem)
{
  PetscBool same;
  Vec       now, before, p;

  PetscFunctionBegin;
  PetscCall(ZooSetUp(problem));
  if (!problem->du0dp) PetscFunctionReturn(PETSC_SUCCESS);
  PetscCall(VecEqual(problem->p, problem->p_before, &same));
  if (same) PetscFunctionReturn(PETSC_SUCCESS);
  PetscCall(VecDuplicate(problem->u0, &now));
  PetscCall(VecDuplicate(problem->u0, &before));
  PetscCall(problem->ops->initial(problem, now));
  p          = problem->p;
  problem->p = problem->p_before;
  PetscCall(problem->ops->initial(problem, before));
  problem->p = p;
  PetscCall(VecAXPY(now, -1, before));
  PetscCall(VecAXPY(problem->u0, 1, now));
  PetscCall(VecCopy(problem->p, problem->p_before));
  PetscCall(problem->ops->initialp(problem, problem->du0dp));
  PetscCall(VecDestroy(&now));
  PetscCall(VecDestroy(&before));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/*@C
  CostateProblemGetVariant - The variants of a problem

  Not Collective

  Input Parameters:
+ problem - the problem
- i       - the number of a variant, from 0, the default

  Output Parameter:
. name - what `-variant` takes; NULL if there are no more, or none at all

  Level: advanced

.seealso: `CostateProblemSetFromOptions()`
@*/
PetscErrorCode CostateProblemGetVariant(CostateProblem problem, PetscInt i, const char **name)
{
  PetscFunctionBegin;
  *name = NULL;
  for (PetscInt k = 0; problem->model->variants && problem->model->variants[k] && k <= i; k++) {
    if (k == i) *name = problem->model->variants[k];
  }
  PetscFunctionReturn(PETSC_SUCCESS);
}

/*@C
  CostateProblemGetKnown - Gets the gradient that a problem should have

  Collective

  Input Parameter:
. problem - the problem

  Output Parameters:
+ has    - whether one is known for the present options, parameters and initial state
. source - where it is from
. du0    - the gradient with respect to the initial state; NULL if it is not known
- dp     - the gradient with respect to the parameters; NULL if it is not known

  Note:
  These are gradients of the exact solution, not of what a time step of finite length computes.  With algebraic unknowns
  they are what `CostateProblemReduceGradient()` makes of a gradient.  The vectors are not to be destroyed, and hold
their values until the next call.

  Level: beginner

.seealso: `CostateProblemGetTS()`, `CostateGetGradient()`
@*/
PetscErrorCode CostateProblemGetKnown(CostateProblem problem, PetscBool *has, const char **source, Vec *du0, Vec *dp)
{
  PetscBool known[2] = {PETSC_FALSE, PETSC_FALSE};

  PetscFunctionBegin;
  PetscCall(ZooSetUp(problem));
  if (!problem->known[0]) {
    PetscCall(VecDuplicate(problem->u0, &problem->known[0]));
    PetscCall(VecDuplicate(problem->p, &problem->known[1]));
  }
  PetscCall(VecZeroEntries(problem->known[0]));
  PetscCall(VecZeroEntries(problem->known[1]));
  *source = NULL;
  if (problem->ops->known) PetscCall(problem->ops->known(problem, source, problem->known[0], problem->known[1], known));
  *has = (PetscBool)(known[0] || known[1]);
  *du0 = known[0] ? problem->known[0] : NULL;
  *dp  = known[1] ? problem->known[1] : NULL;
  PetscFunctionReturn(PETSC_SUCCESS);
}

/*@
  CostateProblemReduceGradient - Makes of a gradient with respect to the initial state one with respect to its
differential unknowns, the algebraic ones following

  Collective

  Input Parameters:
+ problem - the problem
- g       - the gradient, changed in place; without algebraic unknowns left as it is

  Notes:
  The initial state of a differential-algebraic equation has to satisfy its algebraic part, so that only what a gradient
  says of such states has a meaning; entries of algebraic unknowns become zero.  Methods differ in the rest: a
continuous adjoint has M^T lambda, which is of this form, while the adjoint of Crank-Nicolson steps has what an
inconsistent initial state does to them.

  Level: intermediate

.seealso: `CostateProblemGetKnown()`, `CostateGetGradient()`
@*/
PetscErrorCode CostateProblemReduceGradient(CostateProblem problem, Vec g)
{
  PetscFunctionBegin;
  PetscCall(ZooSetUp(problem));
  if (problem->model->algebraic && problem->ops->reduce) PetscCall(problem->ops->reduce(problem, g));
  PetscFunctionReturn(PETSC_SUCCESS);
}
