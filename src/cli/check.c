/* SPDX-License-Identifier: BSD-2-Clause */
/* costate check: proofs of the derivatives and of the gradient of a problem of the zoo. */
#include <stdio.h>
#include "cli.h"
#include "problem.h"

#define DIFFERENCE 1e-5 /* of a derivative from a difference: what is larger is a wrong one */
#define ORDER      1.9  /* of Taylor remainders: 2 for a right gradient, 1 for a wrong one */

static const char usage[] =
    "usage: costate check PROBLEM [-costate_type METHOD] [options]\n"
    "\n"
    "Checks a problem of the zoo: its derivatives against differences and against each other, its gradient by the\n"
    "remainders of Taylor's series in a random direction, and all methods side by side.  The options are those of\n"
    "`costate run`, but for -json, and\n"
    "\n"
    "  -seed N  of the random directions (1)\n"
    "  -help    this text\n"
    "\n"
    "It runs under mpiexec too.  Status: 0, 1 if a check failed, 2 for a question that makes no sense.\n";

static PetscErrorCode generator(problem_session *s, PetscRandom *random)
{
  PetscInt seed = 1;

  PetscFunctionBeginUser;
  PetscCall(PetscOptionsGetInt(NULL, NULL, "-seed", &seed, NULL));
  PetscCall(PetscRandomCreate(PETSC_COMM_WORLD, random));
  PetscCall(PetscRandomSetType(*random, PETSCRANDER48));
  PetscCall(PetscRandomSetInterval(*random, -1, 1));
  PetscCall(PetscRandomSetSeed(*random, (unsigned long)(1000 * seed + s->rank)));
  PetscCall(PetscRandomSeed(*random));
  PetscFunctionReturn(0);
}

static PetscErrorCode check(problem_session *s, int *failures)
{
  PetscRandom random;
  PetscReal   error, order;
  CostateType type;

  PetscFunctionBeginUser;
  PetscCall(generator(s, &random));
  PetscCall(CostateGetType(s->cs, &type));
  PetscCall(PetscPrintf(PETSC_COMM_WORLD, "Derivatives\n"));
  PetscCall(CostateCheckDotProduct(s->cs, random, PETSC_VIEWER_STDOUT_WORLD, &error));
  if (!(error <= DIFFERENCE)) ++*failures;
  PetscCall(PetscPrintf(PETSC_COMM_WORLD, "derivatives: %s, largest difference %.3g\n\n",
                        error <= DIFFERENCE ? "passed" : "FAILED", (double)error));
  PetscCall(PetscPrintf(PETSC_COMM_WORLD, "Gradient by %s\n", type));
  PetscCall(CostateCheckTaylor(s->cs, 0, random, PETSC_VIEWER_STDOUT_WORLD, &order));
  if (!(order >= ORDER)) ++*failures;
  if (order >= PETSC_INFINITY)
    PetscCall(PetscPrintf(PETSC_COMM_WORLD, "gradient: passed, the cost is linear\n\n"));
  else
    PetscCall(PetscPrintf(PETSC_COMM_WORLD, "gradient: %s, order %.3f\n\n", order >= ORDER ? "passed" : "FAILED",
                          (double)order));
  PetscCall(PetscPrintf(PETSC_COMM_WORLD, "Methods\n"));
  PetscCall(CostateCheckMethods(s->cs, PETSC_VIEWER_STDOUT_WORLD));
  PetscCall(PetscRandomDestroy(&random));
  PetscFunctionReturn(0);
}

int costate_cli_check(int argc, char **argv)
{
  static const char *const more[] = {"seed", NULL};
  problem_session          s;
  int                      status, failures = 0;

  if (!problem_begin(&s, "check", usage, more, argc, argv, &status)) return status;
  if (check(&s, &failures)) return problem_end(&s, problem_failed(&s, COSTATE_CLI_FAILED));
  return problem_end(&s, problem_unread(&s, failures ? COSTATE_CLI_FAILED : 0));
}
