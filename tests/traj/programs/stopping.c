/* SPDX-License-Identifier: BSD-2-Clause */
/*
  The test application (app.h) with stops, and with -app_reverse a function of its own in the place of the adjoint step.
  Prints the steps, where it stopped, and a hash of the results of each rank.

    -app_stops T,T,...  -app_reverse  -app_event  -app_solves N
*/
#include "../app.h"

static PetscErrorCode Reverse(TS ts, const CostatePiece *p, void *ctx)
{
  Vec            *lambda, *mu;
  const PetscReal h = p->t[1] - p->t[0];

  PetscFunctionBeginUser;
  (void)ctx;
  PetscCall(TSGetCostGradients(ts, NULL, &lambda, &mu));
  PetscCall(VecScale(lambda[0], 1 - h));
  PetscCall(VecAXPBYPCZ(lambda[0], h / 2, h / 2, 1, p->u[0], p->u[1]));
  PetscCall(VecShift(mu[0], h));
  PetscFunctionReturn(0);
}

static unsigned long Hash(Vec v)
{
  const PetscScalar *a;
  PetscInt           n;
  unsigned long      h = 14695981039346656037ul;

  if (VecGetLocalSize(v, &n) || VecGetArrayRead(v, &a)) abort();
  for (size_t i = 0; i < (size_t)n * sizeof(*a); i++) h = (h ^ ((const unsigned char *)a)[i]) * 1099511628211ul;
  if (VecRestoreArrayRead(v, &a)) abort();
  return h;
}

int main(int argc, char **argv)
{
  App          app = AppDefault();
  AppResult    res = {0};
  PetscReal    stops[16];
  PetscInt     n       = 16;
  PetscBool    reverse = PETSC_FALSE, more = PETSC_TRUE;
  TSTrajectory tj;

  PetscCall(PetscInitialize(&argc, &argv, NULL, NULL));
  PetscCall(CostateInitializePackage());
  PetscCall(PetscOptionsGetRealArray(NULL, NULL, "-app_stops", stops, &n, NULL));
  PetscCall(PetscOptionsGetBool(NULL, NULL, "-app_reverse", &reverse, NULL));
  PetscCall(PetscOptionsGetBool(NULL, NULL, "-app_event", &app.event, NULL));
  PetscCall(PetscOptionsGetInt(NULL, NULL, "-app_solves", &app.solves, NULL));
  PetscCall(AppCreate(&app));
  PetscCall(TSGetTrajectory(app.ts, &tj));
  PetscCall(TSTrajectoryCostateSetStops(tj, n, stops));
  if (reverse) PetscCall(TSTrajectoryCostateSetReverse(tj, Reverse, NULL));
  PetscCall(AppForward(&app, &res));
  PetscCall(PetscPrintf(PETSC_COMM_WORLD, "%d steps, %d rejected; stopped", (int)res.steps, (int)res.rejections));
  for (PetscInt i = 0; i < n; i++) {
    PetscReal t;
    PetscInt  k;

    PetscCall(TSTrajectoryCostateGetStop(tj, i, &k, &t));
    PetscCall(PetscPrintf(PETSC_COMM_WORLD, " %d:%.17g", (int)k, (double)t));
  }
  PetscCall(VecCopy(app.U, app.lambda));
  PetscCall(VecZeroEntries(app.mu));
  PetscCall(TSSetCostGradients(app.ts, 1, &app.lambda, &app.mu));
  app.solve = app.solves - 1;
  app.left  = app.steps[app.solve];
  while (more) PetscCall(AppBackwardSome(&app, PETSC_MAX_INT, &more));
  PetscCall(PetscPrintf(PETSC_COMM_WORLD, "\n"));
  PetscCall(PetscSynchronizedPrintf(PETSC_COMM_WORLD, "lambda %lx mu %lx\n", Hash(app.lambda), Hash(app.mu)));
  PetscCall(PetscSynchronizedFlush(PETSC_COMM_WORLD, PETSC_STDOUT));
  PetscCall(AppDestroy(&app));
  PetscCall(PetscFinalize());
  return 0;
}
