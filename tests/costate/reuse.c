/* SPDX-License-Identifier: BSD-2-Clause */
/* ranks: 1 2 */
/*
  A TS outlives the Costate that it was given to, and may have run before: integrals under the adjoint of the time steps
  need what PETSc makes in TSSetUp() only.
*/
#include "../methods/zoorun.h"

/* As it was before its first run. */
static PetscErrorCode Rewind(TS ts, PetscReal dt, Vec u0, Vec u)
{
  PetscFunctionBeginUser;
  PetscCall(TSSetTime(ts, 0));
  PetscCall(TSSetTimeStep(ts, dt));
  PetscCall(TSSetStepNumber(ts, 0));
  PetscCall(VecCopy(u0, u));
  PetscFunctionReturn(0);
}

static PetscErrorCode Gradient(CostateProblem problem, PetscReal *value, Vec g)
{
  Costate cs;
  Vec     gp;

  PetscFunctionBeginUser;
  PetscCall(CostateCreate(PETSC_COMM_WORLD, &cs));
  PetscCall(CostateProblemSetCostate(problem, cs));
  PetscCall(CostateSetFromOptions(cs));
  PetscCall(CostateSolve(cs));
  PetscCall(CostateGetCost(cs, 0, value));
  PetscCall(CostateGetGradient(cs, 0, NULL, &gp));
  PetscCall(VecCopy(gp, g));
  PetscCall(CostateDestroy(&cs));
  PetscFunctionReturn(0);
}

/* What costs are found on a TS by two Costates, one after the other; `ran`: it has run before, to `end` */
static PetscErrorCode Twice(PetscBool ran, PetscReal value[2], Vec g[2], PetscBool *back)
{
  CostateProblem problem;
  TS             ts;
  Vec            u0, u, p, end;
  PetscReal      dt;

  PetscFunctionBeginUser;
  PetscCall(CostateProblemCreate(PETSC_COMM_WORLD, "lotka_t", &problem));
  PetscCall(CostateProblemSetFromOptions(problem));
  PetscCall(CostateProblemGetTS(problem, &ts));
  PetscCall(CostateProblemGetInitialState(problem, &u0));
  PetscCall(CostateProblemGetParameters(problem, &p));
  PetscCall(TSGetTimeStep(ts, &dt));
  PetscCall(VecDuplicate(u0, &u));
  PetscCall(VecDuplicate(u0, &end));
  PetscCall(Rewind(ts, dt, u0, u));
  if (ran) PetscCall(TSSolve(ts, u));
  PetscCall(VecCopy(u, end));
  for (int i = 0; i < 2; i++) {
    PetscCall(Rewind(ts, dt, u0, u));
    PetscCall(VecDuplicate(p, &g[i]));
    PetscCall(Gradient(problem, &value[i], g[i]));
  }
  PetscCall(Rewind(ts, dt, u0, u));
  PetscCall(TSSolve(ts, u));
  PetscCall(VecEqual(u, end, back));
  PetscCall(VecDestroy(&u));
  PetscCall(VecDestroy(&end));
  PetscCall(CostateProblemDestroy(&problem));
  PetscFunctionReturn(0);
}

static PetscErrorCode Cell(const char options[])
{
  Vec       g[4];
  PetscReal value[4];
  PetscBool same, back;

  PetscFunctionBeginUser;
  PetscCall(ZooOptions(options));
  PetscCall(Twice(PETSC_FALSE, value, g, &back));
  PetscCall(Twice(PETSC_TRUE, value + 2, g + 2, &back));
  PetscCall(VecEqual(g[0], g[1], &same));
  T_OK(same && value[0] == value[1], "%s: a second Costate on the same TS finds the same", options);
  PetscCall(VecEqual(g[0], g[2], &same));
  T_OK(same && value[0] == value[2], "%s: so does one on a TS that has run before", options);
  T_OK(back, "%s: without its Costate the TS runs as before", options);
  for (int i = 0; i < 4; i++) PetscCall(VecDestroy(&g[i]));
  PetscFunctionReturn(0);
}

int main(int argc, char **argv)
{
  static const char *const options[] = {"-cost integral -ts_rtol 1e-6 -ts_atol 1e-6",
                                        "-cost integral -ts_type cn -ts_dt .05 -ts_adapt_type none -ksp_rtol 1e-13",
                                        "-cost times -ts_rtol 1e-6 -ts_atol 1e-6"};
  const int                n         = (int)(sizeof(options) / sizeof(options[0]));
  ZooResult                r;

  PetscCall(ZooBegin(&argc, &argv, 3 * n + 1));
  for (int i = 0; i < n; i++) PetscCall(Cell(options[i]));
  PetscCall(ZooListen());
  PetscCall(ZooSolve("lotka", COSTATEBACKSOLVE, "-costate_blowup 1e-9", &r));
  T_OK(r.reason == COSTATE_DIVERGED_BLOWUP, "backsolve heeds -costate_blowup");
  PetscCall(ZooEnd());
  return zoo_rank == 0 ? done() : 0;
}
