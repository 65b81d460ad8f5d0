/* SPDX-License-Identifier: BSD-2-Clause */
/* u' = -u with -n unknowns and -steps steps, forward and back: the memory that the process took, as the system sees it.
 */
#include "../decay.h"
#include <sys/resource.h>

int main(int argc, char **argv)
{
  PetscInt      n = 2, steps = 10;
  TS            ts;
  Vec           u, lambda;
  Mat           J;
  PetscReal     lambda1;
  struct rusage use;

  PetscCall(PetscInitialize(&argc, &argv, NULL, NULL));
  PetscCall(PetscOptionsGetInt(NULL, NULL, "-n", &n, NULL));
  PetscCall(PetscOptionsGetInt(NULL, NULL, "-steps", &steps, NULL));
  PetscCall(VecCreateSeq(PETSC_COMM_SELF, n, &u));
  PetscCall(VecDuplicate(u, &lambda));
  PetscCall(MatCreateConstantDiagonal(PETSC_COMM_SELF, n, n, n, n, -1, &J));
  PetscCall(TSCreate(PETSC_COMM_SELF, &ts));
  PetscCall(TSSetProblemType(ts, TS_NONLINEAR));
  PetscCall(TSSetRHSFunction(ts, NULL, Decay, NULL));
  PetscCall(TSSetRHSJacobian(ts, J, J, DecayJacobian, NULL));
  PetscCall(TSSetMaxSteps(ts, steps));
  PetscCall(TSSetMaxTime(ts, 2));
  PetscCall(TSSetTimeStep(ts, 1 / (PetscReal)steps));
  PetscCall(TSSetExactFinalTime(ts, TS_EXACTFINALTIME_STEPOVER));
  PetscCall(TSSetSaveTrajectory(ts));
  PetscCall(TSSetFromOptions(ts));
  PetscCall(VecSet(u, 1));
  PetscCall(TSSolve(ts, u));
  PetscCall(VecSet(lambda, 1));
  PetscCall(TSSetCostGradients(ts, 1, &lambda, NULL));
  PetscCall(TSAdjointSolve(ts));
  PetscCall(VecNorm(lambda, NORM_INFINITY, &lambda1));
  (void)getrusage(RUSAGE_SELF, &use);
  PetscCall(PetscPrintf(PETSC_COMM_SELF, "%ld kB, gradient %s\n", use.ru_maxrss,
                        PetscAbsReal(lambda1 - PetscExpReal(-1)) < .02 ? "right" : "wrong"));
  PetscCall(TSDestroy(&ts));
  PetscCall(VecDestroy(&u));
  PetscCall(VecDestroy(&lambda));
  PetscCall(MatDestroy(&J));
  PetscCall(PetscFinalize());
  return 0;
}
