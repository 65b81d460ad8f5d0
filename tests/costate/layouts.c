/* SPDX-License-Identifier: BSD-2-Clause */
/* ranks: 1 2 */
/*
  Vectors and matrices that do not go together, and a TS that lacks a derivative, are refused before the run, in a
  sentence of ours, by every method that needs them.
*/
#include "refuses.h"

#define RUN "-tend 1 -dt 0.05 -ts_adapt_type none "

static const TestCost cost = {1, 1, .1};
static PetscInt       steps; /* that were made before the refusal */

static PetscErrorCode Step(TS ts)
{
  PetscFunctionBeginUser;
  (void)ts;
  steps++;
  PetscFunctionReturn(0);
}

static PetscErrorCode Make(const char method[], CostateProblem *pr, Costate *cs, TS *ts)
{
  PetscFunctionBeginUser;
  PetscCall(ZooOptions(RUN));
  PetscCall(TestCreate("lotka", method, pr, cs));
  PetscCall(CostateProblemGetTS(*pr, ts));
  PetscCall(TSSetPreStep(*ts, Step));
  PetscCall(CostateSetTerminalCost(*cs, 0, TEST_COST(&cost)));
  steps = 0;
  PetscFunctionReturn(0);
}

/* What was refused before it did anything can be taken apart. */
static PetscErrorCode Refuses(CostateProblem *pr, Costate *cs, const char method[], const char part[],
                              const char what[])
{
  PetscErrorCode err;
  PetscBool      yes;

  PetscFunctionBeginUser;
  TRY(CostateSolve(*cs), err);
  yes = Everywhere(err, part);
  T_OK(yes && !steps, "%s, %s, after %d steps: \"%.110s\"", method, what, (int)steps, message);
  PetscCall(CostateDestroy(cs));
  PetscCall(CostateProblemDestroy(pr));
  PetscFunctionReturn(0);
}

/* Entries on the first rank only. */
static PetscErrorCode First(PetscInt n, Vec *v)
{
  PetscFunctionBeginUser;
  PetscCall(VecCreateMPI(PETSC_COMM_WORLD, zoo_rank ? 0 : n, n, v));
  PetscCall(VecSet(*v, 1));
  PetscFunctionReturn(0);
}

#define STATE_TESTS 5
static PetscErrorCode State(const char method[])
{
  const PetscInt shapes[3][2] = {{5, 4}, {2, 3}, {2, 4}};
  CostateProblem pr;
  Costate        cs;
  TS             ts;
  Vec            v;
  Mat            D;

  PetscFunctionBeginUser;
  PetscCall(Make(method, &pr, &cs, &ts));
  PetscCall(VecCreateMPI(PETSC_COMM_WORLD, PETSC_DECIDE, 6, &v));
  PetscCall(VecSet(v, 1));
  PetscCall(CostateSetInitialState(cs, v));
  PetscCall(VecDestroy(&v));
  PetscCall(Refuses(&pr, &cs, method, "The initial state has 6 entries", "a state of another length"));

  if (zoo_size > 1) {
    PetscCall(Make(method, &pr, &cs, &ts));
    PetscCall(First(2, &v));
    PetscCall(CostateSetInitialState(cs, v));
    PetscCall(VecDestroy(&v));
    PetscCall(Refuses(&pr, &cs, method, "distributed differently", "a state of another layout"));
  } else
    T_OK(1, "%s, a state of another layout # SKIP one rank has one layout", method);

  for (int i = 0; i < 3; i++) { /* the last has the right size */
    const PetscInt *n = shapes[i];

    if (i == 2 && zoo_size == 1) {
      T_OK(1, "%s, du0/dp of another layout # SKIP one rank has one layout", method);
      continue;
    }
    PetscCall(Make(method, &pr, &cs, &ts));
    PetscCall(MatCreateDense(PETSC_COMM_WORLD, i == 2 ? (zoo_rank ? 0 : n[0]) : PETSC_DECIDE, PETSC_DECIDE, n[0], n[1],
                             NULL, &D));
    PetscCall(MatAssemblyBegin(D, MAT_FINAL_ASSEMBLY));
    PetscCall(MatAssemblyEnd(D, MAT_FINAL_ASSEMBLY));
    PetscCall(CostateSetInitialConditionJacobian(cs, D));
    PetscCall(MatDestroy(&D));
    PetscCall(Refuses(&pr, &cs, method, "CostateSetInitialConditionJacobian()",
                      i == 2 ? "du0/dp of another layout" : "du0/dp of another shape"));
  }
  PetscFunctionReturn(0);
}

/* A TS of the same equation that knows f and nothing else. */
#define LACKS_TESTS 1
static PetscErrorCode Lacks(const char method[])
{
  CostateProblem pr;
  Costate        cs;
  TS             ts, bare;
  TSRHSFunction  f;
  void          *ctx;
  Vec            u0;

  PetscFunctionBeginUser;
  PetscCall(Make(method, &pr, &cs, &ts));
  PetscCall(CostateDestroy(&cs));
  PetscCall(CostateProblemGetInitialState(pr, &u0));
  PetscCall(TSGetRHSFunction(ts, NULL, &f, &ctx));
  PetscCall(TSCreate(PETSC_COMM_WORLD, &bare));
  PetscCall(TSSetProblemType(bare, TS_NONLINEAR));
  PetscCall(TSSetType(bare, TSRK));
  PetscCall(TSSetRHSFunction(bare, NULL, f, ctx));
  PetscCall(TSSetMaxTime(bare, 1));
  PetscCall(TSSetTimeStep(bare, .05));
  PetscCall(TSSetExactFinalTime(bare, TS_EXACTFINALTIME_MATCHSTEP));
  PetscCall(TSSetPreStep(bare, Step));
  PetscCall(CostateCreate(PETSC_COMM_WORLD, &cs));
  PetscCall(CostateSetTS(cs, bare));
  PetscCall(TSDestroy(&bare));
  PetscCall(CostateSetInitialState(cs, u0));
  PetscCall(CostateSetType(cs, method));
  PetscCall(CostateSetTerminalCost(cs, 0, TEST_COST(&cost)));
  PetscCall(Refuses(&pr, &cs, method, strcmp(method, COSTATEFORWARD) ? "TSSetRHSJacobian()" : "CostateSetParameters()",
                    "a TS without a Jacobian"));
  PetscFunctionReturn(0);
}

int main(int argc, char **argv)
{
  const char *name, *text;
  PetscInt    n = 0;

  PetscCall(ZooBegin(&argc, &argv, 0));
  while (!ZooListGet(n, &name, &text) && name) n++;
  if (zoo_rank == 0) plan((STATE_TESTS + LACKS_TESTS) * (int)n);
  for (PetscInt i = 0; i < n; i++) {
    PetscCall(ZooListGet(i, &name, &text));
    PetscCall(State(name));
    PetscCall(Lacks(name));
  }
  PetscCall(ZooEnd());
  return zoo_rank == 0 ? done() : 0;
}
