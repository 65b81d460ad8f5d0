/* SPDX-License-Identifier: BSD-2-Clause */
/* ranks: 1 2 */
/*
  Costs: any number of them in one sweep, of three kinds, at times that are no steps of the run, at its beginning and at
  its end; derivatives with respect to times; an initial state that depends on the parameters.
*/
#include "costs.h"

#define NCOSTS   10
#define NMETHODS 6

/* Fixed steps, so that the sweep of one cost takes those of the sweep of ten. */
#define FIXED "-tend 2 -dt 0.02 -ts_adapt_type none "

static const char *const methods[] = {COSTATEDISCRETE,   COSTATEFORWARD, COSTATEINTERPOLATING,
                                      COSTATEQUADRATURE, COSTATEGAUSS,   COSTATEBACKSOLVE};
/* none is a step but the last: 2 is the end, the first is the beginning */
static const PetscReal times[] = {0, .1234, .77777, 1.5, 2};
#define NTIMES ((PetscInt)(sizeof(times) / sizeof(times[0])))

typedef struct {
  PetscReal value;
  Vec       gu, gp;
} Answer;

static PetscErrorCode Answer_Get(Costate cs, PetscInt j, Answer *a)
{
  Vec gu, gp;

  PetscFunctionBeginUser;
  PetscCall(CostateGetCost(cs, j, &a->value));
  PetscCall(CostateGetGradient(cs, j, &gu, &gp));
  PetscCall(ZooCopy(gu, &a->gu));
  PetscCall(ZooCopy(gp, &a->gp));
  PetscFunctionReturn(0);
}

static PetscErrorCode Answer_Free(Answer *a)
{
  PetscFunctionBeginUser;
  PetscCall(VecDestroy(&a->gu));
  PetscCall(VecDestroy(&a->gp));
  PetscFunctionReturn(0);
}

/* The relative difference of two answers, and whether they are the same to the bit. */
static PetscErrorCode Answer_Compare(const Answer *a, const Answer *b, PetscReal *e, PetscBool *same)
{
  PetscReal d;
  PetscBool equal;

  PetscFunctionBeginUser;
  *e    = PetscAbsReal(a->value - b->value) / PetscMax(PetscAbsReal(b->value), 1e-30);
  *same = (PetscBool)(a->value == b->value);
  for (int k = 0; k < 2; k++) {
    Vec x = k ? a->gp : a->gu, y = k ? b->gp : b->gu;

    if (!x && !y) continue;
    PetscCall(ZooDifference(x, y, &d));
    PetscCall(VecEqual(x, y, &equal));
    *e    = PetscMax(*e, d);
    *same = (PetscBool)(*same && equal);
  }
  PetscFunctionReturn(0);
}

/* Cost number `which` of the ten is cost j of the object.  All of them have the same times, and so the same run. */
static PetscErrorCode SetCost(Costate cs, PetscInt j, PetscInt which, const TestCost c[NCOSTS])
{
  PetscFunctionBeginUser;
  PetscCall(CostateSetPointCost(cs, j, NTIMES, times, TEST_COST(&c[which])));
  if (which % 3 != 1) PetscCall(CostateSetTerminalCost(cs, j, TEST_COST(&c[(which + 1) % NCOSTS])));
  PetscCall(CostateSetIntegralCost(cs, j, TEST_COST(&c[(which + 2) % NCOSTS])));
  PetscFunctionReturn(0);
}

/* Ten costs in one sweep are ten sweeps, for the price of one. */
static PetscErrorCode Ten(const char method[])
{
  TestCost        c[NCOSTS];
  Answer          ten[NCOSTS], one;
  CostateProblem  pr;
  Costate         cs;
  TS              ts;
  TestCount       count;
  PetscInt        fs, jacobians, fs_one = 0, jacobians_one = 0;
  PetscReal       worst = 0, e;
  PetscBool       bits  = PETSC_TRUE, same;
  const PetscReal tol   = !strcmp(method, COSTATEDISCRETE) ? 0 : 1e-11;

  PetscFunctionBeginUser;
  PetscCall(ZooOptions(FIXED));
  for (PetscInt j = 0; j < NCOSTS; j++) c[j] = (TestCost){1 + .1 * j, .3 * j - 1, .05 * j};
  PetscCall(TestCreate("lotka_t", method, &pr, &cs));
  PetscCall(CostateProblemGetTS(pr, &ts));
  PetscCall(TestCountCalls(ts, &count));
  for (PetscInt j = 0; j < NCOSTS; j++) PetscCall(SetCost(cs, j, j, c));
  PetscCall(CostateSolve(cs));
  fs        = count.fs;
  jacobians = count.jacobians;
  for (PetscInt j = 0; j < NCOSTS; j++) PetscCall(Answer_Get(cs, j, &ten[j]));
  PetscCall(CostateDestroy(&cs));
  PetscCall(CostateProblemDestroy(&pr));
  for (PetscInt j = 0; j < NCOSTS; j++) {
    PetscCall(TestCreate("lotka_t", method, &pr, &cs));
    PetscCall(CostateProblemGetTS(pr, &ts));
    PetscCall(TestCountCalls(ts, &count));
    PetscCall(SetCost(cs, 0, j, c));
    PetscCall(CostateSolve(cs));
    PetscCall(Answer_Get(cs, 0, &one));
    PetscCall(Answer_Compare(&ten[j], &one, &e, &same));
    worst         = PetscMax(worst, e);
    bits          = (PetscBool)(bits && same);
    fs_one        = count.fs;
    jacobians_one = count.jacobians;
    PetscCall(Answer_Free(&one));
    PetscCall(Answer_Free(&ten[j]));
    PetscCall(CostateDestroy(&cs));
    PetscCall(CostateProblemDestroy(&pr));
  }
  T_OK(tol > 0 ? worst <= tol : bits, "%s: ten costs in one sweep are those of ten sweeps%s (%.1e)", method,
       tol > 0 ? "" : ", bit for bit", (double)worst);
  T_OK(fs == fs_one && jacobians == jacobians_one,
       "%s: ten costs take the evaluations of one: f %d and %d, Jacobians %d and %d", method, (int)fs, (int)fs_one,
       (int)jacobians, (int)jacobians_one);
  PetscFunctionReturn(0);
}

/* A cost of three parts is the sum of three costs of one part. */
static PetscErrorCode Sum(const char method[])
{
  const TestCost c[3] = {{1, 1, .1}, {.5, 2, .2}, {.25, -1, .3}};
  Answer         all, part;
  CostateProblem pr;
  Costate        cs;
  PetscReal      e, value;
  PetscBool      same;

  PetscFunctionBeginUser;
  PetscCall(ZooOptions(FIXED));
  PetscCall(TestCreate("lotka_t", method, &pr, &cs));
  PetscCall(CostateSetTerminalCost(cs, 0, TEST_COST(&c[0])));
  PetscCall(CostateSetPointCost(cs, 0, NTIMES, times, TEST_COST(&c[1])));
  PetscCall(CostateSetIntegralCost(cs, 0, TEST_COST(&c[2])));
  PetscCall(CostateSetTerminalCost(cs, 1, TEST_COST(&c[0])));
  PetscCall(CostateSetPointCost(cs, 2, NTIMES, times, TEST_COST(&c[1])));
  PetscCall(CostateSetIntegralCost(cs, 3, TEST_COST(&c[2])));
  PetscCall(CostateSolve(cs));
  PetscCall(Answer_Get(cs, 0, &all));
  for (PetscInt j = 1; j <= 3; j++) {
    PetscCall(Answer_Get(cs, j, &part));
    if (j == 1) value = 0;
    value += part.value;
    if (part.gu) PetscCall(VecAXPY(all.gu, -1, part.gu));
    if (part.gp) PetscCall(VecAXPY(all.gp, -1, part.gp));
    PetscCall(Answer_Free(&part));
  }
  /* what is left over, beside what it was */
  PetscCall(Answer_Get(cs, 0, &part));
  if (all.gu) PetscCall(VecAXPY(all.gu, 1, part.gu));
  if (all.gp) PetscCall(VecAXPY(all.gp, 1, part.gp));
  PetscCall(Answer_Compare(&all, &part, &e, &same));
  e = PetscMax(e, PetscAbsReal(value - all.value) / PetscAbsReal(all.value));
  T_OK(e <= 1e-12, "%s: a cost of three parts is the sum of three costs (%.1e)", method, (double)e);
  PetscCall(Answer_Free(&all));
  PetscCall(Answer_Free(&part));
  PetscCall(CostateDestroy(&cs));
  PetscCall(CostateProblemDestroy(&pr));
  PetscFunctionReturn(0);
}

/* A cost of three parts, all of them with parameters: the gradient is right by Taylor, and every method's. */
static PetscErrorCode Parts(void)
{
  const TestCost c[3]     = {{1, 1, .1}, {.5, 2, .2}, {.25, -1, .3}};
  Answer         discrete = {0}, other;

  PetscFunctionBeginUser;
  for (int m = 0; m < NMETHODS; m++) {
    CostateProblem pr;
    Costate        cs;
    PetscReal      e[3] = {0}, order;

    PetscCall(ZooOptions(FIXED));
    PetscCall(TestCreate("lotka_t", methods[m], &pr, &cs));
    PetscCall(CostateSetTerminalCost(cs, 0, TEST_COST(&c[0])));
    PetscCall(CostateSetPointCost(cs, 0, NTIMES, times, TEST_COST(&c[1])));
    PetscCall(CostateSetIntegralCost(cs, 0, TEST_COST(&c[2])));
    if (!m) {
      PetscCall(CostateCheckTaylor(cs, 0, NULL, NULL, &order));
      T_OK(order >= 1.99, "%s: order %.4g for a cost of three parts with parameters", methods[m], (double)order);
    }
    PetscCall(CostateSolve(cs));
    PetscCall(Answer_Get(cs, 0, m ? &other : &discrete));
    if (m) {
      e[0] = PetscAbsReal(other.value - discrete.value) / discrete.value;
      if (other.gu) PetscCall(ZooDifference(other.gu, discrete.gu, &e[1]));
      PetscCall(ZooDifference(other.gp, discrete.gp, &e[2]));
      T_OK(e[0] <= 1e-6 && e[1] <= 1e-6 && e[2] <= 1e-6,
           "%s: cost, dG/du0, dG/dp are those of discrete: %.1e %.1e %.1e", methods[m], (double)e[0], (double)e[1],
           (double)e[2]);
      PetscCall(Answer_Free(&other));
    }
    PetscCall(CostateDestroy(&cs));
    PetscCall(CostateProblemDestroy(&pr));
  }
  PetscCall(Answer_Free(&discrete));
  PetscFunctionReturn(0);
}

/* The cost with its times and span moved; tight tolerances, so that differences of it are good. */
static PetscErrorCode Moved(const char problem_name[], const char more[], PetscReal t0, PetscReal T, PetscInt n,
                            const PetscReal at[], const char method[], const TestCost c[3], Costate *object,
                            CostateProblem *problem, PetscReal *value)
{
  char           options[256];
  CostateProblem pr;
  Costate        cs;

  PetscFunctionBeginUser;
  PetscCall(PetscSNPrintf(options, sizeof(options),
                          "-t0 %.17g -tend %.17g -dt 0.02 -ts_rtol 1e-11 -ts_atol 1e-11 -ts_adapt_dt_max 0.05 %s",
                          (double)t0, (double)T, more));
  PetscCall(ZooOptions(options));
  PetscCall(TestCreate(problem_name, method, &pr, &cs));
  PetscCall(CostateSetTerminalCost(cs, 0, TEST_COST(&c[0])));
  PetscCall(CostateSetPointCost(cs, 0, n, at, TEST_COST(&c[1])));
  PetscCall(CostateSetIntegralCost(cs, 0, TEST_COST(&c[2])));
  if (object)
    PetscCall(CostateSolve(cs));
  else
    PetscCall(CostateSolveForward(cs));
  PetscCall(CostateGetCost(cs, 0, value));
  if (object) {
    *object  = cs;
    *problem = pr;
    PetscFunctionReturn(0);
  }
  PetscCall(CostateDestroy(&cs));
  PetscCall(CostateProblemDestroy(&pr));
  PetscFunctionReturn(0);
}

/* which: 0: T, 1: t0, 2 + i: time i; by a difference of fourth order */
static PetscErrorCode TimeDifference(const char problem[], const char more[], PetscInt which, PetscReal t0, PetscReal T,
                                     PetscInt n, const PetscReal at[], const TestCost c[3], PetscReal *d)
{
  const PetscReal h = 2e-3, k[4] = {-2, -1, 1, 2}, w[4] = {1, -8, 8, -1};
  PetscReal       a[8], value;

  PetscFunctionBeginUser;
  *d = 0;
  for (int i = 0; i < 4; i++) {
    for (PetscInt j = 0; j < n; j++) a[j] = at[j] + (which == 2 + j ? k[i] * h : 0);
    PetscCall(Moved(problem, more, which == 1 ? t0 + k[i] * h : t0, which == 0 ? T + k[i] * h : T, n, a,
                    COSTATEINTERPOLATING, c, NULL, NULL, &value));
    *d += w[i] * value / (12 * h);
  }
  PetscFunctionReturn(0);
}

#define NAT 2

/* Derivatives with respect to the times, against differences. */
#define TIMES_TESTS(implicit) ((implicit) ? 2 : 3)
static PetscErrorCode Times(const char problem[], const char more[], const char implicit[], PetscReal tol)
{
  const TestCost  c[3] = {{1, 1, .1}, {.5, 2, .2}, {.25, -1, .3}};
  const PetscReal t0 = .25, T = 2, at[NAT] = {.8, 1.3};
  const char     *by[] = {implicit ? COSTATEGAUSS : COSTATEDISCRETE, COSTATEINTERPOLATING, COSTATEBACKSOLVE};
  PetscReal       d[2 + NAT], value;
  char            line[256];

  PetscFunctionBeginUser;
  for (PetscInt k = 0; k < 2 + NAT; k++) PetscCall(TimeDifference(problem, more, k, t0, T, NAT, at, c, &d[k]));
  for (int m = 0; m < TIMES_TESTS(implicit); m++) {
    CostateProblem pr;
    Costate        cs;
    PetscReal      got[2 + NAT], e = 0;

    PetscCall(PetscSNPrintf(line, sizeof(line), "%s %s", more, implicit ? implicit : ""));
    PetscCall(Moved(problem, line, t0, T, NAT, at, by[m], c, &cs, &pr, &value));
    PetscCall(CostateGetTimeGradient(cs, 0, &got[0], &got[1], &got[2]));
    for (PetscInt k = 0; k < 2 + NAT; k++)
      e = PetscMax(e, PetscAbsReal(got[k] - d[k]) / PetscMax(PetscAbsReal(d[k]), 1));
    T_OK(e <= tol, "%s, %s: dG/dT %.6g, dG/dt0 %.6g, dG/dt_i %.6g %.6g are the differences (%.1e)", problem, by[m],
         (double)got[0], (double)got[1], (double)got[2], (double)got[3], (double)e);
    PetscCall(CostateDestroy(&cs));
    PetscCall(CostateProblemDestroy(&pr));
  }
  PetscFunctionReturn(0);
}

/* A point cost is what runs that end there say. */
static PetscErrorCode Points(void)
{
  const TestCost  c    = {1, 1, 0};
  const PetscReal at[] = {0, 0.31234, 1, 1.99};
  PetscReal       value, sum = 0, part;
  CostateProblem  pr;
  Costate         cs;
  char            options[128];

  PetscFunctionBeginUser;
  PetscCall(ZooOptions("-tend 2 -dt 0.3 -ts_rtol 1e-10 -ts_atol 1e-10"));
  PetscCall(TestCreate("lotka_t", COSTATEDISCRETE, &pr, &cs));
  PetscCall(CostateSetPointCost(cs, 0, 4, at, TEST_COST(&c)));
  PetscCall(CostateSolveForward(cs));
  PetscCall(CostateGetCost(cs, 0, &value));
  PetscCall(CostateDestroy(&cs));
  PetscCall(CostateProblemDestroy(&pr));
  for (int i = 0; i < 4; i++) {
    PetscCall(PetscSNPrintf(options, sizeof(options), "-tend %g -dt 0.3 -ts_rtol 1e-10 -ts_atol 1e-10",
                            (double)(i ? at[i] : 1)));
    PetscCall(ZooOptions(options));
    PetscCall(TestCreate("lotka_t", COSTATEDISCRETE, &pr, &cs));
    PetscCall(CostateSetTerminalCost(cs, 0, TEST_COST(&c)));
    if (i) {
      PetscCall(CostateSolveForward(cs));
      PetscCall(CostateGetCost(cs, 0, &part));
    } else {
      Vec u0;

      PetscCall(CostateProblemGetInitialState(pr, &u0));
      PetscCall(TestValue(cs, 0, 0, u0, NULL, &part, (void *)&c));
    }
    sum += (i + 1) * part;
    PetscCall(CostateDestroy(&cs));
    PetscCall(CostateProblemDestroy(&pr));
  }
  T_OK(PetscAbsReal(value - sum) <= 1e-7 * sum, "a run lands on times that are none of its steps: cost %.10g, %.10g",
       (double)value, (double)sum);
  PetscFunctionReturn(0);
}

/* (du0/dp)^T dG/du0 is added to dG/dp. */
static PetscErrorCode Initial(const char method[])
{
  const TestCost c = {1, 1, .1};
  CostateProblem pr;
  Costate        cs;
  Mat            B;
  Vec            u0, p, x;
  Answer         without, with;
  PetscInt       n, np, lo, hi;
  PetscReal      e;

  PetscFunctionBeginUser;
  PetscCall(ZooOptions(FIXED));
  PetscCall(TestCreate("lotka_t", method, &pr, &cs));
  PetscCall(CostateSetTerminalCost(cs, 0, TEST_COST(&c)));
  PetscCall(CostateSolve(cs));
  PetscCall(Answer_Get(cs, 0, &without));
  PetscCall(CostateProblemGetInitialState(pr, &u0));
  PetscCall(CostateProblemGetParameters(pr, &p));
  PetscCall(VecGetLocalSize(u0, &n));
  PetscCall(VecGetLocalSize(p, &np));
  PetscCall(MatCreateDense(PETSC_COMM_WORLD, n, np, PETSC_DETERMINE, PETSC_DETERMINE, NULL, &B));
  PetscCall(MatGetOwnershipRange(B, &lo, &hi));
  for (PetscInt i = lo; i < hi; i++) {
    for (PetscInt j = 0; j < 4; j++) PetscCall(MatSetValue(B, i, j, .3 * i - .2 * j + .1, INSERT_VALUES));
  }
  PetscCall(MatAssemblyBegin(B, MAT_FINAL_ASSEMBLY));
  PetscCall(MatAssemblyEnd(B, MAT_FINAL_ASSEMBLY));
  PetscCall(CostateSetInitialConditionJacobian(cs, B));
  PetscCall(CostateSolve(cs));
  PetscCall(Answer_Get(cs, 0, &with));
  if (!without.gu) { /* the method has none: take another's */
    PetscCall(CostateSetType(cs, COSTATEDISCRETE));
    PetscCall(CostateSolve(cs));
    PetscCall(CostateGetGradient(cs, 0, &x, NULL));
    PetscCall(ZooCopy(x, &without.gu));
  }
  PetscCall(VecDuplicate(p, &x));
  PetscCall(MatMultTransposeAdd(B, without.gu, without.gp, x));
  PetscCall(ZooDifference(with.gp, x, &e));
  T_OK(e <= 1e-12, "%s: (du0/dp)^T dG/du0 is part of dG/dp (%.1e)", method, (double)e);
  PetscCall(VecDestroy(&x));
  PetscCall(MatDestroy(&B));
  PetscCall(Answer_Free(&with));
  PetscCall(Answer_Free(&without));
  PetscCall(CostateDestroy(&cs));
  PetscCall(CostateProblemDestroy(&pr));
  PetscFunctionReturn(0);
}

int main(int argc, char **argv)
{
  PetscCall(ZooBegin(&argc, &argv, 5 * NMETHODS + 1 + TIMES_TESTS(0) + 2 * TIMES_TESTS(1)));
  for (int m = 0; m < NMETHODS; m++) {
    PetscCall(Ten(methods[m]));
    PetscCall(Sum(methods[m]));
    PetscCall(Initial(methods[m]));
  }
  PetscCall(Parts());
  PetscCall(Times("lotka_t", "", NULL, 1e-6));
  PetscCall(Times("mass", "-ts_type rosw -ts_rtol 1e-8 -ts_atol 1e-8", "-costate_time_gradients", 1e-5));
  PetscCall(Times("dae1", "-ts_type rosw -ts_rtol 1e-8 -ts_atol 1e-8", "-costate_time_gradients", 1e-5));
  PetscCall(Points());
  PetscCall(ZooEnd());
  return zoo_rank == 0 ? done() : 0;
}
