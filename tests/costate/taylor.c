/* SPDX-License-Identifier: BSD-2-Clause */
/* ranks: 1 2 */
/*
  CostateCheckTaylor() finds order 2 for the method discrete on every problem of the zoo, and not for a gradient that is
  wrong; CostateCheckDotProduct() names the function that is.
*/
#include "costs.h"

#define ORDER 1.99

/* What makes the problems short, and the run one whose differences are good; the others are taken as they are. */
static const char *const settings[][2] = {
    {"lotka", "-tend 3"},
    {"lotka_t", "-tend 3"},
    {"mass", "-dt 0.02"},
    {"dae1", "-dt 0.02"},
    {"ex23", "-dt 0.01"},
    {"heat", "-n 10 -dt 5e-3"},
    {"vdp_stiff", "-tend 0.05"},
    {"lorenz63", "-tend 0.5"},
    {"lorenz96", "-n 8 -tend 0.3"},
    {"advdiff", "-n 6 -tend 0.1"},
    {"brusselator", "-n 4 -dt 0.1 -ksp_rtol 1e-13"},
    {"robertson", "-tend 0.1"},
    {"linear", "-n 8"},
    {"pendulum", "-tend 2"},
};

static const char *Settings(const char problem[])
{
  for (size_t i = 0; i < sizeof(settings) / sizeof(settings[0]); i++) {
    if (!strcmp(settings[i][0], problem)) return settings[i][1];
  }
  return "";
}

static PetscErrorCode Zoo(const char problem[])
{
  CostateProblem pr;
  Costate        cs;
  PetscReal      order, error;
  PetscRandom    random = NULL;

  PetscFunctionBeginUser;
  PetscCall(ZooOptions(Settings(problem)));
  if (!strcmp(problem, "robertson")) { /* of its species one is rare, and where there is more of it steps fail */
    PetscCall(PetscRandomCreate(PETSC_COMM_WORLD, &random));
    PetscCall(PetscRandomSetInterval(random, -1e-3, 1e-3));
    PetscCall(PetscRandomSetFromOptions(random));
  }
  PetscCall(ZooCreate(problem, COSTATEDISCRETE, &pr, &cs));
  PetscCall(CostateCheckDotProduct(cs, NULL, NULL, &error));
  PetscCall(CostateCheckTaylor(cs, 0, random, NULL, &order));
  T_OK(error <= 1e-5, "%s: derivatives are those of the functions (%.1e)", problem, (double)error);
  T_OK(order >= ORDER, "%s: order %.4g", problem, (double)order);
  PetscCall(PetscRandomDestroy(&random));
  PetscCall(CostateDestroy(&cs));
  PetscCall(CostateProblemDestroy(&pr));
  PetscFunctionReturn(0);
}

/* ---- what is wrong is found ---- */

static PetscErrorCode WrongSign(Costate cs, PetscInt i, PetscReal t, Vec u, Vec p, Vec g, void *ctx)
{
  PetscFunctionBeginUser;
  PetscCall(TestGradientU(cs, i, t, u, p, g, ctx));
  PetscCall(VecScale(g, -1));
  PetscFunctionReturn(0);
}

static PetscInt       wrong; /* 1: an entry of the Jacobian, 2: of the derivative with respect to p */
static TestCount      was;
static TSRHSJacobianP wasp;
static void          *waspctx;

static PetscErrorCode Spoil(Mat A)
{
  PetscInt lo, hi;

  PetscFunctionBeginUser;
  PetscCall(MatGetOwnershipRange(A, &lo, &hi));
  if (lo == 0 && hi > 0) PetscCall(MatSetValue(A, 0, 0, 1.25, ADD_VALUES));
  PetscCall(MatAssemblyBegin(A, MAT_FINAL_ASSEMBLY));
  PetscCall(MatAssemblyEnd(A, MAT_FINAL_ASSEMBLY));
  PetscFunctionReturn(0);
}

static PetscErrorCode Jacobian(TS ts, PetscReal t, Vec u, Mat A, Mat P, void *ctx)
{
  PetscFunctionBeginUser;
  (void)ctx;
  PetscCall(was.jacobian(ts, t, u, A, P, was.jctx));
  if (wrong == 1) PetscCall(Spoil(A));
  PetscFunctionReturn(0);
}

static PetscErrorCode JacobianP(TS ts, PetscReal t, Vec u, Mat A, void *ctx)
{
  PetscFunctionBeginUser;
  (void)ctx;
  PetscCall(wasp(ts, t, u, A, waspctx));
  if (wrong == 2) PetscCall(Spoil(A));
  PetscFunctionReturn(0);
}

static PetscErrorCode Controls(void)
{
  const TestCost    c       = {1, 1, .1};
  const char *const names[] = {"", "TSSetRHSJacobian()", "TSSetRHSJacobianP()"};
  char              text[4096];

  PetscFunctionBeginUser;
  for (int sign = 0; sign < 2; sign++) {
    for (wrong = 0; wrong < (sign ? 1 : 3); wrong++) {
      CostateProblem pr;
      Costate        cs;
      TS             ts;
      Mat            A, P;
      PetscReal      order, error;
      PetscViewer    viewer;
      int            named;

      PetscCall(ZooOptions("-tend 1"));
      PetscCall(TestCreate("lotka", COSTATEDISCRETE, &pr, &cs));
      PetscCall(CostateProblemGetTS(pr, &ts));
      PetscCall(TSGetRHSJacobian(ts, &A, &P, &was.jacobian, &was.jctx));
      PetscCall(TSSetRHSJacobian(ts, A, P, Jacobian, NULL));
      PetscCall(TSGetRHSJacobianP(ts, &A, &wasp, &waspctx));
      PetscCall(TSSetRHSJacobianP(ts, A, JacobianP, NULL));
      PetscCall(CostateSetTerminalCost(cs, 0, TestValue, sign ? WrongSign : TestGradientU, TestGradientP, (void *)&c));
      PetscCall(CostateCheckTaylor(cs, 0, NULL, NULL, &order));
      PetscCall(PetscViewerASCIIOpen(PETSC_COMM_WORLD, "dot.txt", &viewer));
      PetscCall(CostateCheckDotProduct(cs, NULL, viewer, &error));
      PetscCall(PetscViewerDestroy(&viewer));
      text[0] = 0;
      if (zoo_rank == 0) {
        FILE  *f = fopen("dot.txt", "r");
        size_t n = f ? fread(text, 1, sizeof(text) - 1, f) : 0;

        text[n] = 0;
        if (f) (void)fclose(f);
        (void)remove("dot.txt");
      }
      named = wrong ? strstr(text, "WRONG") && strstr(strstr(text, "WRONG"), names[wrong]) : !strstr(text, "WRONG");
      if (sign) {
        T_OK(order < 1.5, "a gradient of the wrong sign: order %.4g", (double)order);
        T_OK(named, "... and nothing wrong with the functions of the TS");
      } else {
        T_OK(wrong ? order < 1.5 : order >= ORDER, "%s%s: order %.4g",
             wrong ? "a wrong entry in that of " : "all right", names[wrong], (double)order);
        T_OK(named && (wrong ? error > 1e-3 : error < 1e-6), "... the check of dot products %s (%.1e)",
             wrong ? "names it" : "says so", (double)error);
      }
      PetscCall(CostateDestroy(&cs));
      PetscCall(CostateProblemDestroy(&pr));
    }
  }
  PetscFunctionReturn(0);
}

int main(int argc, char **argv)
{
  const char *name, *text;
  PetscInt    n = 0;

  PetscCall(ZooBegin(&argc, &argv, 0));
  while (!CostateProblemListGet(n, &name, &text) && name) n++;
  if (zoo_rank == 0) plan(2 * (int)n + 8);
  for (PetscInt i = 0; i < n; i++) {
    PetscCall(CostateProblemListGet(i, &name, &text));
    PetscCall(Zoo(name));
  }
  PetscCall(Controls());
  PetscCall(ZooEnd());
  return zoo_rank == 0 ? done() : 0;
}
