/* SPDX-License-Identifier: BSD-2-Clause */
/* ranks: 1 2 */
/* -costate_check_...: what is right is shown and solved, what is wrong is named in an error before there is a gradient.
 */
#include "refuses.h"

#define LINE "-tend 1 -dt .05 -ts_adapt_type none "

static const TestCost cost = {1, 1, .1};
static TestCount      truth;

/* The Jacobian of the problem with a wrong entry. */
static PetscErrorCode WrongJ(TS ts, PetscReal t, Vec u, Mat A, Mat P, void *ctx)
{
  PetscInt lo, hi;

  PetscFunctionBeginUser;
  (void)ctx;
  PetscCall(truth.jacobian(ts, t, u, A, P, truth.jctx));
  PetscCall(MatGetOwnershipRange(A, &lo, &hi));
  if (!lo && hi) PetscCall(MatSetValue(A, 0, 0, .3, ADD_VALUES));
  PetscCall(MatAssemblyBegin(A, MAT_FINAL_ASSEMBLY));
  PetscCall(MatAssemblyEnd(A, MAT_FINAL_ASSEMBLY));
  PetscFunctionReturn(0);
}

/* Half of the gradient of the cost. */
static PetscErrorCode WrongU(Costate cs, PetscInt i, PetscReal t, Vec u, Vec p, Vec g, void *ctx)
{
  PetscFunctionBeginUser;
  PetscCall(TestGradientU(cs, i, t, u, p, g, ctx));
  PetscCall(VecScale(g, .5));
  PetscFunctionReturn(0);
}

static PetscErrorCode Create(const char method[], const char options[], PetscBool wrong_j, PetscBool wrong_u,
                             CostateProblem *pr, Costate *cs)
{
  TS  ts;
  Mat A, P;

  PetscFunctionBeginUser;
  PetscCall(ZooOptions(options));
  PetscCall(TestCreate("lotka", method, pr, cs));
  PetscCall(CostateProblemGetTS(*pr, &ts));
  if (wrong_j) {
    PetscCall(TSGetRHSJacobian(ts, &A, &P, &truth.jacobian, &truth.jctx));
    PetscCall(TSSetRHSJacobian(ts, A, P, WrongJ, NULL));
  }
  PetscCall(CostateSetTerminalCost(*cs, 0, TestValue, wrong_u ? WrongU : TestGradientU, TestGradientP, (void *)&cost));
  PetscFunctionReturn(0);
}

/* What a check writes to a file; and the solve that follows gives what it gives without. */
#define RIGHT_TESTS 2
static PetscErrorCode Right(const char method[], const char option[], const char part[])
{
  CostateProblem pr[2];
  Costate        cs[2];
  Vec            gu[2], gp[2];
  PetscBool      same[2];
  char           line[256], text[8192] = "";
  FILE          *f;

  PetscFunctionBeginUser;
  for (int i = 0; i < 2; i++) {
    (void)snprintf(line, sizeof(line), LINE "%s%s%s", i ? option : "", i ? " ascii:check.txt" : "",
                   strcmp(method, COSTATEDISCRETE) ? " -costate_adjoint_ts_rtol 1e-8" : "");
    PetscCall(Create(method, line, PETSC_FALSE, PETSC_FALSE, &pr[i], &cs[i]));
    PetscCall(CostateSolve(cs[i]));
    PetscCall(CostateSolve(cs[i])); /* the check is made once */
    PetscCall(CostateGetGradient(cs[i], 0, &gu[i], &gp[i]));
  }
  PetscCall(VecEqual(gu[0], gu[1], &same[0]));
  PetscCall(VecEqual(gp[0], gp[1], &same[1]));
  if (zoo_rank == 0 && (f = fopen("check.txt", "r"))) {
    text[fread(text, 1, sizeof(text) - 1, f)] = 0;
    (void)fclose(f);
    (void)remove("check.txt");
  }
  T_OK(strstr(text, part) != NULL, "%s, %s shows \"%s\"", method, option, part);
  T_OK(same[0] && same[1], "%s, %s: and the gradient is that of a solve without it", method, option);
  for (int i = 0; i < 2; i++) {
    PetscCall(CostateDestroy(&cs[i]));
    PetscCall(CostateProblemDestroy(&pr[i]));
  }
  PetscFunctionReturn(0);
}

int main(int argc, char **argv)
{
  static const char *const all[][2] = {{"-costate_check_dot_product", "R_p^T w"},
                                       {"-costate_check_taylor", "order 2.0"},
                                       {"-costate_check_methods", "backsolve"}};
  CostateProblem           pr;
  Costate                  cs;
  CostateConvergedReason   reason;

  PetscCall(ZooBegin(&argc, &argv, 6 * RIGHT_TESTS + 5));
  for (int i = 0; i < 3; i++) {
    PetscCall(Right(COSTATEDISCRETE, all[i][0], all[i][1]));
    PetscCall(Right(COSTATEINTERPOLATING, all[i][0], i == 1 ? "order" : all[i][1]));
  }
  PetscCall(
      Create(COSTATEDISCRETE, LINE "-costate_check_dot_product ascii:check.txt", PETSC_TRUE, PETSC_FALSE, &pr, &cs));
  REFUSES(CostateSolve(cs), "TSSetRHSJacobian() or TSSetIJacobian()", "a wrong Jacobian is named");
  PetscCall(Create(COSTATEDISCRETE, LINE "-costate_check_taylor ascii:check.txt", PETSC_TRUE, PETSC_FALSE, &pr, &cs));
  REFUSES(CostateSolve(cs), "is not its derivative", "a wrong Jacobian");
  PetscCall(Create(COSTATEDISCRETE, LINE "-costate_check_taylor ascii:check.txt", PETSC_FALSE, PETSC_TRUE, &pr, &cs));
  REFUSES(CostateSolve(cs), "gradient functions of the cost", "a wrong gradient of the cost");
  PetscCall(
      Create(COSTATEDISCRETE, LINE "-costate_check_dot_product ascii:check.txt", PETSC_FALSE, PETSC_TRUE, &pr, &cs));
  PetscCall(CostateSolve(cs));
  PetscCall(CostateGetConvergedReason(cs, &reason));
  T_OK(reason > 0, "which the derivatives of the equation have nothing to do with");
  PetscCall(Create(COSTATEDISCRETE, LINE "-costate_check_tailor", PETSC_FALSE, PETSC_FALSE, &pr, &cs));
  REFUSES(CostateSolve(cs), "Did you mean -costate_check_taylor", "a misspelt check");
  fflush(stdout);
  PetscCall(ZooEnd());
  return zoo_rank == 0 ? done() : 0;
}
