/* SPDX-License-Identifier: BSD-2-Clause */
/* ranks: 1 2 */
/*
  What is wrong is refused in a sentence, on every rank, or ends with a negative reason; never with a gradient.
*/
#include "refuses.h"
#include "../../src/base/compat.h"
#include <math.h>

#define FIXED "-tend 2 -dt 0.02 -ts_adapt_type none "

static const TestCost cost = {1, 1, .1};

/* Objects in which something went wrong on the way are not taken apart: nobody knows what they were in the middle of.
 */
static PetscErrorCode Make(const char problem[], const char method[], const char options[], CostateProblem *pr,
                           Costate *cs)
{
  PetscFunctionBeginUser;
  PetscCall(ZooOptions(options));
  PetscCall(TestCreate(problem, method, pr, cs));
  PetscFunctionReturn(0);
}

#define ORDER_TESTS 12
static PetscErrorCode Order(void)
{
  CostateProblem pr;
  Costate        cs;
  TS             ts;
  Vec            u0, p;
  PetscReal      value;

  PetscFunctionBeginUser;
  PetscCall(ZooOptions(FIXED));
  PetscCall(CostateCreate(PETSC_COMM_WORLD, &cs));
  REFUSES(CostateSetUp(cs), "CostateSetTS()", "no TS");
  REFUSES(CostateSolve(cs), "CostateSetInitialState()", "solve without anything");
  PetscCall(CostateDestroy(&cs));
  PetscCall(Make("lotka", NULL, FIXED, &pr, &cs));
  REFUSES(CostateSolve(cs), "CostateSetTerminalCost()", "no cost");
  PetscCall(CostateDestroy(&cs));
  PetscCall(CostateProblemDestroy(&pr));

  PetscCall(Make("lotka", NULL, FIXED, &pr, &cs));
  REFUSES(CostateSetTerminalCost(cs, 1, TEST_COST(&cost)), "numbered from 0", "a gap in the numbers of costs");
  REFUSES(CostateSetTerminalCost(cs, 0, NULL, TestGradientU, NULL, NULL), "needs a function for its value",
          "a cost without a value");
  PetscCall(CostateSetTerminalCost(cs, 0, TEST_COST(&cost)));
  REFUSES(CostateGetGradient(cs, 0, NULL, NULL), "call CostateSolve() first", "gradient before the solve");
  REFUSES(CostateGetCost(cs, 0, &value), "call CostateSolve() first", "cost before the solve");
  REFUSES(CostateSolveAdjoint(cs), "There is no run to go back over", "sweep before the run");
  PetscCall(CostateSolve(cs));
  REFUSES(CostateGetGradient(cs, 3, NULL, NULL), "There is no cost 3", "gradient of a cost that is not there");
  REFUSES(CostateSolveAdjoint(cs), "one run serves one sweep", "a second sweep over one run");
  REFUSES(CostateSetType(cs, "interpolatin"), "did you mean interpolating?", "unknown method");
  PetscCall(CostateDestroy(&cs));
  PetscCall(CostateProblemGetTS(pr, &ts));
  PetscCall(CostateProblemGetInitialState(pr, &u0));
  PetscCall(CostateProblemGetParameters(pr, &p));
  PetscCall(CostateCreate(PETSC_COMM_WORLD, &cs));
  PetscCall(CostateSetTS(cs, ts));
  PetscCall(CostateSetParameters(cs, p));
  PetscCall(CostateSetTerminalCost(cs, 0, TEST_COST(&cost)));
  REFUSES(CostateSolveForward(cs), "CostateSetInitialState()", "no initial state");
  PetscCall(CostateDestroy(&cs));
  PetscCall(CostateProblemDestroy(&pr));
  PetscFunctionReturn(0);
}

#define LAYOUT_TESTS 3
static PetscErrorCode Layouts(void)
{
  CostateProblem pr;
  Costate        cs;
  Vec            v;

  PetscFunctionBeginUser;
  PetscCall(Make("lotka", NULL, FIXED, &pr, &cs));
  PetscCall(CostateSetTerminalCost(cs, 0, TEST_COST(&cost)));
  PetscCall(VecCreateMPI(PETSC_COMM_WORLD, PETSC_DECIDE, 5, &v));
  PetscCall(CostateSetParameters(cs, v));
  REFUSES(CostateSolve(cs), "MatCreateVecs()", "parameters of a wrong number");
  PetscCall(VecDestroy(&v));
  PetscCall(CostateDestroy(&cs));
  PetscCall(CostateProblemDestroy(&pr));

  PetscCall(Make("lotka", NULL, FIXED, &pr, &cs));
  PetscCall(CostateSetTerminalCost(cs, 0, TEST_COST(&cost)));
  PetscCall(VecCreateMPI(PETSC_COMM_WORLD, zoo_rank == zoo_size - 1 ? 4 : 0, 4, &v));
  PetscCall(CostateSetParameters(cs, v));
  if (zoo_size > 1)
    REFUSES(CostateSolve(cs), "distributed differently", "parameters of another layout");
  else
    T_OK(1, "parameters of another layout # SKIP one rank has one layout");
  PetscCall(VecDestroy(&v));
  PetscCall(CostateDestroy(&cs));
  PetscCall(CostateProblemDestroy(&pr));

  PetscCall(Make("lotka", NULL, FIXED, &pr, &cs));
  PetscCall(CostateSetTerminalCost(cs, 0, TEST_COST(&cost)));
  PetscCall(VecCreateMPI(PETSC_COMM_WORLD, PETSC_DECIDE, 6, &v));
  PetscCall(VecSet(v, 1));
  PetscCall(CostateSetInitialState(cs, v));
  REFUSES(CostateSolve(cs), NULL, "a state of a wrong length");
  PetscFunctionReturn(0);
}

#define TIMES_TESTS 5
static PetscErrorCode Times(void)
{
  const PetscReal after[] = {1, 2.5}, before[] = {-1, 1}, back[] = {1, .5}, good[] = {.5, 1.5};
  CostateProblem  pr;
  Costate         cs;

  PetscFunctionBeginUser;
  PetscCall(Make("lotka", NULL, FIXED, &pr, &cs));
  REFUSES(CostateSetPointCost(cs, 0, 2, back, TEST_COST(&cost)), "must ascend", "times that do not ascend");
  REFUSES(CostateSetPointCost(cs, 0, 0, good, TEST_COST(&cost)), "at least one", "a point cost without times");
  PetscCall(CostateDestroy(&cs));
  PetscCall(CostateProblemDestroy(&pr));
  for (int i = 0; i < 2; i++) {
    PetscCall(Make("lotka", NULL, FIXED, &pr, &cs));
    PetscCall(CostateSetPointCost(cs, 0, 2, i ? before : after, TEST_COST(&cost)));
    REFUSES(CostateSolve(cs), "outside of the run", i ? "a time before the run" : "a time after the run");
    PetscCall(CostateDestroy(&cs));
    PetscCall(CostateProblemDestroy(&pr));
  }
  PetscCall(Make("lotka", NULL, FIXED "-ts_max_steps 30", &pr, &cs));
  PetscCall(CostateSetPointCost(cs, 0, 2, good, TEST_COST(&cost)));
  REFUSES(CostateSolve(cs), "before the cost time", "a run that ends before a cost time");
  PetscFunctionReturn(0);
}

#define CANNOT_TESTS 6
static PetscErrorCode Cannot(void)
{
  CostateProblem pr;
  Costate        cs;
  TS             ts;

  PetscFunctionBeginUser;
  PetscCall(Make("lotka", COSTATEDISCRETE, FIXED "-ts_type bdf", &pr, &cs));
  PetscCall(CostateSetTerminalCost(cs, 0, TEST_COST(&cost)));
  REFUSES(CostateSolve(cs), "has no adjoint step", "discrete by bdf");
  PetscCall(Make("lotka", COSTATEDISCRETE, FIXED "-ts_type arkimex -form split", &pr, &cs));
  PetscCall(CostateSetIntegralCost(cs, 0, TEST_COST(&cost)));
  REFUSES(CostateSolve(cs), COSTATE_ARKIMEX_ADJOINT ? "knows no cost integrals" : "has no adjoint step",
          "an integral by arkimex");
  PetscCall(Make("ex23", COSTATEDISCRETE, FIXED "-ts_type arkimex -form split", &pr, &cs));
  PetscCall(CostateProblemGetTS(pr, &ts));
  PetscCall(TSSetEquationType(ts, TS_EQ_UNSPECIFIED)); /* as applications do that say nothing about it */
  PetscCall(CostateSetTerminalCost(cs, 0, TEST_COST(&cost)));
  REFUSES(CostateSolve(cs), COSTATE_ARKIMEX_ADJOINT ? "is not the identity" : "has no adjoint step",
          "a mass matrix by arkimex");
  PetscCall(Make("dae1", COSTATEINTERPOLATING, "-costate_adjoint_ts_type rk", &pr, &cs));
  PetscCall(CostateSetTerminalCost(cs, 0, TEST_COST(&cost)));
  REFUSES(CostateSolve(cs), "use an implicit type", "an explicit sweep of algebraic equations");
  PetscCall(Make("advdiff", COSTATEFORWARD, "-n 16 -tend 0.01", &pr, &cs));
  PetscCall(CostateSetTerminalCost(cs, 0, TEST_COST(&cost)));
  REFUSES(CostateSolve(cs), "many times the work of the run", "forward with many parameters");
  PetscCall(Make("lotka", COSTATEINTERPOLATING, FIXED "-ts_trajectory_type memory", &pr, &cs));
  PetscCall(CostateSetTerminalCost(cs, 0, TEST_COST(&cost)));
  REFUSES(CostateSolve(cs), "leave that option", "another trajectory");
  PetscFunctionReturn(0);
}

/* ---- callbacks that give what is no number ---- */

typedef enum { BAD_VALUE, BAD_GRADIENT_U, BAD_GRADIENT_P, BAD_F, BAD_JACOBIAN, BAD_JACOBIAN_P, BADS } Bad;
static const char *const bads[] = {"the value of a cost", "its gradient", "its gradient with respect to p",
                                   "the right-hand side", "its Jacobian", "its derivative with respect to p"};

typedef struct {
  TestCount      count;
  TSRHSJacobianP jacobianp;
  void          *pctx;
  Bad            bad;
} Poison;

static PetscErrorCode BadValue(Costate cs, PetscInt i, PetscReal t, Vec u, Vec p, PetscReal *value, void *ctx)
{
  PetscFunctionBeginUser;
  (void)cs, (void)i, (void)t, (void)u, (void)p, (void)ctx;
  *value = (PetscReal)NAN;
  PetscFunctionReturn(0);
}

/* One entry, on the last rank: the others have to hear of it. */
static PetscErrorCode BadGradient(Costate cs, PetscInt i, PetscReal t, Vec u, Vec p, Vec g, void *ctx)
{
  PetscInt n;

  PetscFunctionBeginUser;
  (void)cs, (void)i, (void)t, (void)u, (void)p, (void)ctx;
  PetscCall(VecGetSize(g, &n));
  PetscCall(VecSet(g, 1));
  if (zoo_rank == zoo_size - 1) PetscCall(VecSetValue(g, n - 1, (PetscScalar)NAN, INSERT_VALUES));
  PetscCall(VecAssemblyBegin(g));
  PetscCall(VecAssemblyEnd(g));
  PetscFunctionReturn(0);
}

static PetscErrorCode BadF(TS ts, PetscReal t, Vec u, Vec f, void *ctx)
{
  Poison *c = (Poison *)ctx;

  PetscFunctionBeginUser;
  PetscCall(c->count.f(ts, t, u, f, c->count.fctx));
  if (t > 1) PetscCall(VecScale(f, (PetscScalar)NAN));
  PetscFunctionReturn(0);
}

static PetscErrorCode BadJ(TS ts, PetscReal t, Vec u, Mat A, Mat P, void *ctx)
{
  Poison *c = (Poison *)ctx;

  PetscFunctionBeginUser;
  PetscCall(c->count.jacobian(ts, t, u, A, P, c->count.jctx));
  if (t < 1) PetscCall(MatScale(A, (PetscScalar)NAN));
  PetscFunctionReturn(0);
}

static PetscErrorCode BadJP(TS ts, PetscReal t, Vec u, Mat A, void *ctx)
{
  Poison *c = (Poison *)ctx;

  PetscFunctionBeginUser;
  PetscCall(c->jacobianp(ts, t, u, A, c->pctx));
  if (t < 1) PetscCall(MatScale(A, (PetscScalar)NAN));
  PetscFunctionReturn(0);
}

static PetscErrorCode Poisoned(const char method[], Bad bad)
{
  Poison                 c = {.bad = bad};
  CostateProblem         pr;
  Costate                cs;
  TS                     ts;
  Mat                    A, P;
  PetscErrorCode         err[2];
  CostateConvergedReason reason = COSTATE_ITERATING;
  PetscBool              never;
  char                   first[128];

  PetscFunctionBeginUser;
  PetscCall(Make("lotka", method, FIXED, &pr, &cs));
  PetscCall(CostateProblemGetTS(pr, &ts));
  PetscCall(TSGetRHSFunction(ts, NULL, &c.count.f, &c.count.fctx));
  PetscCall(TSGetRHSJacobian(ts, &A, &P, &c.count.jacobian, &c.count.jctx));
  if (bad == BAD_F) PetscCall(TSSetRHSFunction(ts, NULL, BadF, &c));
  if (bad == BAD_JACOBIAN) PetscCall(TSSetRHSJacobian(ts, A, P, BadJ, &c));
  PetscCall(TSGetRHSJacobianP(ts, &A, &c.jacobianp, &c.pctx));
  if (bad == BAD_JACOBIAN_P) PetscCall(TSSetRHSJacobianP(ts, A, BadJP, &c));
  PetscCall(CostateSetTerminalCost(cs, 0, bad == BAD_VALUE ? BadValue : TestValue,
                                   bad == BAD_GRADIENT_U ? BadGradient : TestGradientU,
                                   bad == BAD_GRADIENT_P ? BadGradient : TestGradientP, (void *)&cost));
  PetscCall(ZooListen());
  TRY(CostateSolve(cs), err[0]);
  PetscCall(PetscStrncpy(first, message, sizeof(first)));
  if (!err[0]) PetscCall(CostateGetConvergedReason(cs, &reason));
  TRY(CostateGetGradient(cs, 0, NULL, NULL), err[1]);
  PetscCall(ZooHeard(NULL, NULL));
  never = Everywhere((err[0] || reason < 0) && err[1], NULL);
  T_OK(never, "%s: a NaN in %s: %s%.60s", method, bads[bad], err[0] ? "error " : CostateConvergedReasons[reason],
       err[0] ? first : "");
  PetscFunctionReturn(0);
}

/* ---- sweeps that fail, and say so ---- */

#define SWEEP_TESTS 10
static PetscErrorCode Sweeps(void)
{
  ZooResult      r, mended;
  PetscBool      heard, warned;
  PetscErrorCode err;
  PetscReal      e;

  PetscFunctionBeginUser;
  PetscCall(ZooListen());
  PetscCall(ZooSolve("heat", COSTATEBACKSOLVE, "-n 20 -tend 0.1", &r));
  PetscCall(ZooHeard("cannot be gone back along", &heard));
  T_OK(r.reason == COSTATE_DIVERGED_DRIFT && heard, "backsolve of heat: %s", CostateConvergedReasons[r.reason]);
  PetscCall(ZooListen());
  PetscCall(ZooSolve("lorenz63", COSTATEBACKSOLVE, "", &r));
  PetscCall(ZooHeard("cannot be gone back along", &heard));
  T_OK(r.reason == COSTATE_DIVERGED_DRIFT && heard && r.stats.drift > .1, "backsolve of lorenz63: %s, measured: %.1e",
       CostateConvergedReasons[r.reason], (double)r.stats.drift);
  PetscCall(ZooListen());
  PetscCall(ZooSolve("heat", COSTATEBACKSOLVE, "-n 20 -tend 0.1 -costate_backsolve_restart 1", &mended));
  PetscCall(ZooHeard("did not find u(t0) again", &heard));
  PetscCall(ZooSolve("heat", COSTATEINTERPOLATING, "-n 20 -tend 0.1", &r));
  T_OK(mended.reason > 0 && !heard && PetscAbsReal(mended.gp_norm - r.gp_norm) <= 1e-3 * r.gp_norm,
       "... which restarts mend: dG/dp %.8g, interpolating %.8g", (double)mended.gp_norm, (double)r.gp_norm);
  PetscCall(ZooResultFree(&r));
  PetscCall(ZooResultFree(&mended));
  PetscCall(ZooListen());
  PetscCall(ZooSolve("lotka", COSTATEBACKSOLVE, "", &r));
  PetscCall(ZooHeard("did not find u(t0) again", &heard));
  T_OK(r.reason > 0 && !heard && r.stats.drift >= 0 && r.stats.drift < 1e-4,
       "backsolve of lotka: no warning, drift %.1e", (double)r.stats.drift);
  PetscCall(ZooResultFree(&r));
  /* a drift that is larger than asked for: a warning, or by option a failure */
  PetscCall(ZooListen());
  PetscCall(ZooSolve("lotka", COSTATEBACKSOLVE, "-costate_backsolve_drift 1e-14", &r));
  PetscCall(ZooHeard("warning: backsolve did not find u(t0) again", &warned));
  T_OK(r.reason > 0 && warned, "-costate_backsolve_drift 1e-14: a warning");
  PetscCall(ZooResultFree(&r));
  PetscCall(ZooListen());
  PetscCall(ZooSolve("lotka", COSTATEBACKSOLVE, "-costate_backsolve_drift 1e-14 -costate_backsolve_drift_fail", &r));
  PetscCall(ZooHeard("error: backsolve did not find u(t0) again", &heard));
  T_OK(r.reason == COSTATE_DIVERGED_DRIFT && heard, "... with -costate_backsolve_drift_fail: DIVERGED_DRIFT");
  PetscCall(ZooListen());
  PetscCall(ZooSolve("lorenz63", COSTATEDISCRETE, "-tend 10 -costate_blowup 100", &r));
  PetscCall(ZooHeard("-costate_blowup", &heard));
  T_OK(r.reason == COSTATE_DIVERGED_BLOWUP && heard, "-costate_blowup, discrete: DIVERGED_BLOWUP");
  PetscCall(ZooListen());
  PetscCall(ZooSolve("lorenz63", COSTATEINTERPOLATING, "-tend 10 -costate_blowup 100", &r));
  PetscCall(ZooHeard("-costate_blowup", &heard));
  T_OK(r.reason == COSTATE_DIVERGED_BLOWUP && heard, "-costate_blowup, interpolating: DIVERGED_BLOWUP");
  /* a solver that says to have converged: preonly always does */
  PetscCall(ZooListen());
  PetscCall(ZooSolve("advdiff", COSTATEINTERPOLATING,
                     "-n 8 -tend 0.1 -dt 0.02 -ts_type cn -ts_adapt_type none -costate_adjoint_ksp_type preonly "
                     "-costate_adjoint_pc_type jacobi",
                     &r));
  PetscCall(ZooHeard("but leaves", &heard));
  T_OK(r.reason == COSTATE_DIVERGED_BACKWARD && heard, "a solver of the sweep that lies: DIVERGED_BACKWARD");
  /* an option that nobody knows */
  PetscCall(ZooListen());
  TRY(ZooSolve("lotka", COSTATEDISCRETE, "-costate_typ gauss", &r), err);
  PetscCall(ZooHeard("costate_typ", &heard));
  e     = err ? 1 : 0;
  heard = (PetscBool)(heard || strstr(message, "costate_typ"));
  T_OK(heard, "-costate_typ: %s \"%.80s\"", e > 0 ? "an error" : "a warning", message);
  PetscFunctionReturn(0);
}

/* ---- a cost without its gradient is found by the check ---- */

#define CHECK_TESTS 3
static PetscErrorCode Checks(void)
{
  CostateProblem pr;
  Costate        cs;
  PetscReal      order[3];

  PetscFunctionBeginUser;
  for (int i = 0; i < 3; i++) {
    PetscCall(Make("lotka", COSTATEDISCRETE, FIXED, &pr, &cs));
    PetscCall(CostateSetTerminalCost(cs, 0, TestValue, i == 1 ? NULL : TestGradientU, i == 2 ? NULL : TestGradientP,
                                     (void *)&cost));
    PetscCall(CostateCheckTaylor(cs, 0, NULL, NULL, &order[i]));
    PetscCall(CostateDestroy(&cs));
    PetscCall(CostateProblemDestroy(&pr));
  }
  T_OK(order[0] >= 1.99, "with its gradients: order %.3f", (double)order[0]);
  T_OK(order[1] < 1.5, "a cost without its u-gradient: order %.3f", (double)order[1]);
  T_OK(order[2] < 1.5, "a cost without its p-gradient: order %.3f", (double)order[2]);
  PetscFunctionReturn(0);
}

int main(int argc, char **argv)
{
  const char *name, *text;
  PetscInt    n = 0;

  PetscCall(ZooBegin(&argc, &argv, 0));
  while (!ZooListGet(n, &name, &text) && name) n++;
  if (zoo_rank == 0)
    plan(ORDER_TESTS + LAYOUT_TESTS + TIMES_TESTS + CANNOT_TESTS + SWEEP_TESTS + CHECK_TESTS + BADS * (int)n);
  PetscCall(Order());
  PetscCall(Layouts());
  PetscCall(Times());
  PetscCall(Cannot());
  PetscCall(Sweeps());
  PetscCall(Checks());
  for (PetscInt i = 0; i < n; i++) {
    PetscCall(ZooListGet(i, &name, &text));
    for (int bad = 0; bad < BADS; bad++) PetscCall(Poisoned(name, (Bad)bad));
  }
  PetscCall(ZooEnd());
  return zoo_rank == 0 ? done() : 0;
}
