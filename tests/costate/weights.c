/* SPDX-License-Identifier: BSD-2-Clause */
/* ranks: 1 2 */
/*
  Integrals that are weighted means over a window of time: their value against a sum taken by itself, their gradient
  against differences, and one method against another.
*/
#include "refuses.h"
#include <math.h>

#define A     .4
#define B     1.5
#define TIGHT " -tend 2 -ts_rk_type 5dp -ts_rtol 1e-10 -ts_atol 1e-10"

static const TestCost cost = {1, 1, .1};

/* What depends on time only: t^2 */
static PetscErrorCode Square(Costate cs, PetscInt i, PetscReal t, Vec u, Vec p, PetscReal *value, void *ctx)
{
  PetscFunctionBeginUser;
  (void)cs, (void)i, (void)u, (void)p, (void)ctx;
  *value = t * t;
  PetscFunctionReturn(0);
}

/* The weights as their definitions in the literature give them, with the constant of `bump` by summing up. */
static double Weight(CostateCostWindow window, double s)
{
  const double hann = 1 - cos(2 * PETSC_PI * s);

  switch (window) {
  case COSTATE_WINDOW_HANN: return hann;
  case COSTATE_WINDOW_HANN_SQUARE: return 2 * hann * hann / 3;
  case COSTATE_WINDOW_BUMP: return exp(-1 / (s - s * s));
  default: return 1;
  }
}

#define VALUE_TESTS 1
static PetscErrorCode Value(const char method[], CostateCostWindow window)
{
  const int      n   = 200000;
  double         sum = 0, one = 0;
  CostateProblem pr;
  Costate        cs;
  PetscReal      value;

  PetscFunctionBeginUser;
  for (int i = 0; i < n; i++) {
    const double s = (i + .5) / n, t = A + (B - A) * s, w = Weight(window, s);

    sum += w * t * t;
    one += w;
  }
  PetscCall(ZooOptions(TIGHT));
  PetscCall(TestCreate("lotka", method, &pr, &cs));
  PetscCall(CostateSetIntegralCost(cs, 0, Square, NULL, NULL, NULL));
  PetscCall(CostateSetCostWindow(cs, 0, window, A, B));
  PetscCall(CostateSolve(cs));
  PetscCall(CostateGetCost(cs, 0, &value));
  T_OK(fabs(value - sum / one) <= 1e-5 * fabs(sum / one), "%s, %s: the mean of t^2 is %.10g, by a sum %.10g", method,
       CostateCostWindows[window], (double)value, sum / one);
  PetscCall(CostateDestroy(&cs));
  PetscCall(CostateProblemDestroy(&pr));
  PetscFunctionReturn(0);
}

/* Steps land on the edges to rounding only; what is integrated there must not depend on it: second order all the same.
 */
#define EDGES_TESTS 1
static PetscErrorCode Edges(void)
{
  const PetscReal a[] = {.4, .3, .7, .1, .6}, b[] = {1.5, 1.1, 1.9, 1.3, 1.7};
  PetscReal       worst = 0;

  PetscFunctionBeginUser;
  for (int i = 0; i < 5; i++) {
    CostateProblem pr;
    Costate        cs;
    PetscReal      value, exact = (b[i] * b[i] + a[i] * b[i] + a[i] * a[i]) / 3;

    PetscCall(ZooOptions("-tend 2 -ts_type cn -ts_adapt_type none -dt .05"));
    PetscCall(TestCreate("lotka", COSTATEDISCRETE, &pr, &cs));
    PetscCall(CostateSetIntegralCost(cs, 0, Square, NULL, NULL, NULL));
    PetscCall(CostateSetCostWindow(cs, 0, COSTATE_WINDOW_SQUARE, a[i], b[i]));
    PetscCall(CostateSolve(cs));
    PetscCall(CostateGetCost(cs, 0, &value));
    worst = PetscMax(worst, PetscAbsReal(value - exact) / exact);
    PetscCall(CostateDestroy(&cs));
    PetscCall(CostateProblemDestroy(&pr));
  }
  T_OK(worst <= 1e-3, "square, Crank-Nicolson: what is at the edges counts once: %.1e", (double)worst);
  PetscFunctionReturn(0);
}

static PetscErrorCode Create(const char method[], CostateCostWindow window, CostateProblem *pr, Costate *cs)
{
  PetscFunctionBeginUser;
  PetscCall(TestCreate("lotka", method, pr, cs));
  PetscCall(CostateSetIntegralCost(*cs, 0, TEST_COST(&cost)));
  PetscCall(CostateSetTerminalCost(*cs, 0, TEST_COST(&cost)));
  PetscCall(CostateSetIntegralCost(*cs, 1, TEST_COST(&cost)));
  PetscCall(CostateSetCostWindow(*cs, 0, window, A, B));
  PetscFunctionReturn(0);
}

#define TAYLOR_TESTS 1
static PetscErrorCode Taylor(const char options[], CostateCostWindow window)
{
  CostateProblem pr;
  Costate        cs;
  PetscReal      order;

  PetscFunctionBeginUser;
  PetscCall(ZooOptions(options));
  PetscCall(Create(COSTATEDISCRETE, window, &pr, &cs));
  PetscCall(CostateCheckTaylor(cs, 0, NULL, NULL, &order));
  T_OK(order >= 1.99, "%s,%s: the gradient is the derivative of the cost: order %.4f", CostateCostWindows[window],
       options, (double)order);
  PetscCall(CostateDestroy(&cs));
  PetscCall(CostateProblemDestroy(&pr));
  PetscFunctionReturn(0);
}

#define AGREE_TESTS 2
static PetscErrorCode Agree(const char method[], CostateCostWindow window)
{
  CostateProblem pr[2];
  Costate        cs[2];
  Vec            gp[2];
  PetscReal      e, value[2];

  PetscFunctionBeginUser;
  PetscCall(ZooOptions(TIGHT));
  for (int i = 0; i < 2; i++) {
    PetscCall(Create(i ? method : COSTATEDISCRETE, window, &pr[i], &cs[i]));
    PetscCall(CostateSolve(cs[i]));
    PetscCall(CostateGetCost(cs[i], 0, &value[i]));
    PetscCall(CostateGetGradient(cs[i], 0, NULL, &gp[i]));
  }
  PetscCall(ZooDifference(gp[1], gp[0], &e));
  T_OK(e <= 1e-5, "%s, %s: the gradient is that of discrete: %.1e", method, CostateCostWindows[window], (double)e);
  e = PetscAbsReal(value[1] - value[0]) / PetscAbsReal(value[0]);
  T_OK(e <= 1e-5, "%s, %s: the cost too: %.1e", method, CostateCostWindows[window], (double)e);
  for (int i = 0; i < 2; i++) {
    PetscCall(CostateDestroy(&cs[i]));
    PetscCall(CostateProblemDestroy(&pr[i]));
  }
  PetscFunctionReturn(0);
}

/* By option it is for all integrals that have no window. */
#define OPTION_TESTS 2
static PetscErrorCode Option(void)
{
  CostateProblem pr;
  Costate        cs;
  PetscReal      value[3];

  PetscFunctionBeginUser;
  PetscCall(ZooOptions(TIGHT));
  PetscCall(Create(COSTATEDISCRETE, COSTATE_WINDOW_HANN, &pr, &cs));
  PetscCall(CostateSetCostWindow(cs, 1, COSTATE_WINDOW_HANN, A, B));
  PetscCall(CostateSolve(cs));
  PetscCall(CostateGetCost(cs, 1, &value[0]));
  PetscCall(CostateDestroy(&cs));
  PetscCall(CostateProblemDestroy(&pr));
  PetscCall(ZooOptions(TIGHT " -costate_cost_window hann -costate_cost_window_times .4,1.5"));
  PetscCall(Create(COSTATEDISCRETE, COSTATE_WINDOW_NONE, &pr, &cs));
  PetscCall(CostateSolve(cs));
  PetscCall(CostateGetCost(cs, 1, &value[1]));
  T_OK(value[0] == value[1], "-costate_cost_window hann is what the function sets: %.16g, %.16g", (double)value[0],
       (double)value[1]);
  PetscCall(CostateDestroy(&cs));
  PetscCall(CostateProblemDestroy(&pr));
  PetscCall(ZooOptions(TIGHT " -costate_cost_window square"));
  PetscCall(Create(COSTATEDISCRETE, COSTATE_WINDOW_NONE, &pr, &cs));
  PetscCall(CostateSolve(cs));
  PetscCall(CostateGetCost(cs, 1, &value[1]));
  PetscCall(CostateDestroy(&cs));
  PetscCall(CostateProblemDestroy(&pr));
  PetscCall(ZooOptions(TIGHT));
  PetscCall(Create(COSTATEDISCRETE, COSTATE_WINDOW_NONE, &pr, &cs));
  PetscCall(CostateSolve(cs));
  PetscCall(CostateGetCost(cs, 1, &value[2]));
  T_OK(PetscAbsReal(2 * value[1] - value[2]) <= 1e-12 * value[2],
       "without times it is the mean over the run: %.16g, %.16g / 2", (double)value[1], (double)value[2]);
  PetscCall(CostateDestroy(&cs));
  PetscCall(CostateProblemDestroy(&pr));
  PetscFunctionReturn(0);
}

#define MISUSE_TESTS 5
static PetscErrorCode Misuse(void)
{
  CostateProblem pr;
  Costate        cs;

  PetscFunctionBeginUser;
  PetscCall(ZooOptions(TIGHT));
  PetscCall(TestCreate("lotka", COSTATEDISCRETE, &pr, &cs));
  PetscCall(CostateSetTerminalCost(cs, 0, TEST_COST(&cost)));
  REFUSES(CostateSetCostWindow(cs, 0, COSTATE_WINDOW_HANN, A, B), "no integral", "a window on a cost without integral");
  PetscCall(CostateSetIntegralCost(cs, 0, TEST_COST(&cost)));
  REFUSES(CostateSetCostWindow(cs, 0, COSTATE_WINDOW_HANN, B, A), "not after its beginning",
          "a window that ends first");
  PetscCall(CostateSetCostWindow(cs, 0, COSTATE_WINDOW_HANN, A, 3));
  REFUSES(CostateSolve(cs), "outside of the run", "a window beyond the end");
  PetscCall(ZooOptions(TIGHT " -costate_cost_window_times .4,1.5"));
  REFUSES(TestCreate("lotka", COSTATEDISCRETE, &pr, &cs), "say which weight", "times without a weight");
  PetscCall(ZooOptions(TIGHT " -costate_cost_window hann -costate_cost_window_times 1.5"));
  REFUSES(TestCreate("lotka", COSTATEDISCRETE, &pr, &cs), "two times", "one time");
  PetscFunctionReturn(0);
}

int main(int argc, char **argv)
{
  static const char *const methods[] = {COSTATEINTERPOLATING, COSTATEGAUSS, COSTATEBACKSOLVE, COSTATEFORWARD};
  static const char *const types[]   = {" -tend 2 -ts_rk_type 5dp -ts_adapt_type none -dt .05",
                                        " -tend 2 -ts_type cn -ts_adapt_type none -dt .05 -snes_rtol 1e-13 -snes_stol 0"};

  PetscCall(ZooBegin(&argc, &argv,
                     EDGES_TESTS + 8 * VALUE_TESTS + 8 * TAYLOR_TESTS + 8 * AGREE_TESTS + OPTION_TESTS + MISUSE_TESTS));
  PetscCall(Edges());
  for (int w = COSTATE_WINDOW_SQUARE; w <= COSTATE_WINDOW_BUMP; w++) {
    PetscCall(Value(COSTATEDISCRETE, (CostateCostWindow)w));
    PetscCall(Value(COSTATEINTERPOLATING, (CostateCostWindow)w));
    for (int i = 0; i < 2; i++) PetscCall(Taylor(types[i], (CostateCostWindow)w));
  }
  for (int i = 0; i < 4; i++) {
    PetscCall(Agree(methods[i], COSTATE_WINDOW_SQUARE));
    PetscCall(Agree(methods[i], COSTATE_WINDOW_HANN_SQUARE));
  }
  PetscCall(Option());
  PetscCall(Misuse());
  fflush(stdout);
  PetscCall(ZooEnd());
  return zoo_rank == 0 ? done() : 0;
}
