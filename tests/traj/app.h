/* SPDX-License-Identifier: BSD-2-Clause */
/*
  A small TSAdjoint application for tests: the Brusselator on a ring,

    u' = A + u^2 v - (B + 1) u + a u_xx,   v' = B u - u^2 v + a v_xx,   p = (A, B),

  costs sum |u(T)|^2 / 2 and, if asked for, the integral of sum u.  It can end in several ways, with events or several
  TSSolve() calls, and knows nothing of checkpointing: what differs from run to run is given as PETSc options.
*/
#ifndef COSTATE_TEST_APP_H
#define COSTATE_TEST_APP_H

#include "../../src/base/compat.h"
#include "model.h"

typedef struct {
  PetscInt     nlambda, nmu, steps, rejections;
  PetscScalar *lambda, *mu; /* local parts, appended over the sweeps */
  PetscReal    cost;
} AppResult;

static inline App AppDefault(void)
{
  App app = {0};

  app.points     = 12;
  app.T          = 1;
  app.dt         = .05;
  app.solves     = 1;
  app.sweeps     = 1;
  app.runs       = 1;
  app.parameters = PETSC_TRUE;
  app.A          = 1;
  app.B          = 2.2;
  return app;
}

/* The reaction rates change from step to step, as forcing read from a file would. */
static inline PetscErrorCode AppRates(TS ts)
{
  App     *app;
  PetscInt n;

  PetscFunctionBeginUser;
  PetscCall(TSGetApplicationContext(ts, &app));
  PetscCall(TSGetStepNumber(ts, &n));
  app->mode = n % 3;
  PetscFunctionReturn(0);
}

/* No application should do this where TSAdjoint does not see it. */
static inline PetscErrorCode AppChange(TS ts, AppWhere where, Vec v)
{
  App     *app;
  PetscInt n;

  PetscFunctionBegin;
  PetscCall(TSGetApplicationContext(ts, &app));
  PetscCall(TSGetStepNumber(ts, &n));
  if (app->halve > 0 && app->where == where && n == 5) PetscCall(VecScale(v, app->halve));
  PetscFunctionReturn(0);
}

static inline PetscErrorCode AppPreStep(TS ts)
{
  Vec u;

  PetscFunctionBegin;
  PetscCall(TSGetSolution(ts, &u));
  PetscCall(AppChange(ts, AT_PRESTEP, u));
  PetscFunctionReturn(0);
}

static inline PetscErrorCode AppPostEvaluate(TS ts)
{
  Vec u;

  PetscFunctionBegin;
  PetscCall(TSGetSolution(ts, &u));
  PetscCall(AppChange(ts, AT_POSTEVALUATE, u));
  PetscFunctionReturn(0);
}

static inline PetscErrorCode AppPostStage(TS ts, PetscReal t, PetscInt i, Vec *Y)
{
  PetscFunctionBegin;
  (void)t;
  PetscCall(AppChange(ts, AT_POSTSTAGE, Y[i]));
  PetscFunctionReturn(0);
}

static inline PetscErrorCode AppMonitor(TS ts, PetscInt n, PetscReal t, Vec u, void *ctx)
{
  PetscFunctionBegin;
  (void)n;
  (void)t;
  (void)ctx;
  PetscCall(AppChange(ts, AT_MONITOR, u));
  PetscFunctionReturn(0);
}

static inline PetscErrorCode AppPostStep(TS ts)
{
  App     *app;
  PetscInt n;
  Vec      u;

  PetscFunctionBegin;
  PetscCall(TSGetApplicationContext(ts, &app));
  PetscCall(TSGetStepNumber(ts, &n));
  PetscCall(TSGetSolution(ts, &u));
  PetscCall(AppChange(ts, AT_POSTSTEP, u));
  if (app->end == END_USER && n == app->end_step) PetscCall(TSSetConvergedReason(ts, TS_CONVERGED_USER));
  PetscFunctionReturn(0);
}

static inline PetscErrorCode AppEvent(TS ts, PetscReal t, Vec U, PetscScalar *f, void *ctx)
{
  App *app = (App *)ctx;

  PetscFunctionBegin;
  (void)ts;
  (void)U;
  f[0] = t - (app->end == END_EVENT ? .77 : .37) * app->T;
  PetscFunctionReturn(0);
}

static inline PetscErrorCode AppPostEvent(TS ts, PetscInt n, PetscInt list[], PetscReal t, Vec U, PetscBool forward,
                                          void *ctx)
{
  App *app = (App *)ctx;

  PetscFunctionBegin;
  (void)ts;
  (void)n;
  (void)list;
  (void)t;
  (void)U;
  if (app->event) app->mode = forward ? 1 : 0;
  if (app->event && forward && !app->carry) PetscCall(TSRestartStep(ts));
  PetscFunctionReturn(0);
}

static inline PetscErrorCode AppKeep(Vec v, PetscInt *n, PetscScalar **all)
{
  PetscInt           m;
  const PetscScalar *a;

  PetscFunctionBegin;
  PetscCall(VecGetLocalSize(v, &m));
  PetscCall(PetscRealloc((size_t)(*n + m) * sizeof(PetscScalar), all));
  PetscCall(VecGetArrayRead(v, &a));
  PetscCall(PetscArraycpy(*all + *n, a, m));
  PetscCall(VecRestoreArrayRead(v, &a));
  *n += m;
  PetscFunctionReturn(0);
}

static inline PetscErrorCode AppSetHooks(App *app)
{
  PetscInt  dir  = 0;
  PetscBool term = (PetscBool)(app->end == END_EVENT), change = (PetscBool)(app->halve > 0);

  PetscFunctionBegin;
  if (app->end == END_USER || (change && app->where == AT_POSTSTEP)) PetscCall(TSSetPostStep(app->ts, AppPostStep));
  if (change && app->where == AT_PRESTEP) PetscCall(TSSetPreStep(app->ts, AppPreStep));
  if (change && app->where == AT_POSTSTAGE) PetscCall(TSSetPostStage(app->ts, AppPostStage));
  if (change && app->where == AT_POSTEVALUATE) PetscCall(TSSetPostEvaluate(app->ts, AppPostEvaluate));
  if (change && app->where == AT_MONITOR) PetscCall(TSMonitorSet(app->ts, AppMonitor, NULL, NULL));
  if (app->event || app->end == END_EVENT)
    PetscCall(TSSetEventHandler(app->ts, 1, &dir, &term, AppEvent, AppPostEvent, app));
  PetscFunctionReturn(0);
}

static inline PetscErrorCode AppCreateQuadrature(App *app)
{
  MPI_Comm    comm = PETSC_COMM_WORLD;
  PetscMPIInt rank, size;
  PetscInt    n;
  Vec         q;

  PetscFunctionBegin;
  PetscCallMPI(MPI_Comm_rank(comm, &rank));
  PetscCallMPI(MPI_Comm_size(comm, &size));
  PetscCall(VecGetLocalSize(app->U, &n));
  PetscCall(MatCreateDense(comm, n, rank == size - 1, PETSC_DETERMINE, 1, NULL, &app->Jq));
  PetscCall(MatCreateDense(comm, rank == size - 1 ? 2 : 0, rank == size - 1, 2, 1, NULL, &app->Jqp));
  PetscCall(TSCreateQuadratureTS(app->ts, PETSC_TRUE, &app->quad));
  PetscCall(TSSetRHSFunction(app->quad, NULL, AppIntegrand, app));
  PetscCall(TSSetRHSJacobian(app->quad, app->Jq, app->Jq, AppIntegrandU, app));
  PetscCall(TSSetRHSJacobianP(app->quad, app->Jqp, AppIntegrandP, app));
  PetscCall(MatZeroEntries(app->Jqp));
  PetscCall(MatCreateVecs(app->Jq, &q, NULL));
  PetscCall(TSSetSolution(app->quad, q));
  PetscCall(VecDestroy(&q));
  PetscFunctionReturn(0);
}

/* The TS and all that it works with, set from the options. */
static inline PetscErrorCode AppCreate(App *app)
{
  MPI_Comm     comm = PETSC_COMM_WORLD;
  PetscMPIInt  rank, size;
  PetscInt     n;
  TSTrajectory tj;

  PetscFunctionBegin;
  PetscCallMPI(MPI_Comm_rank(comm, &rank));
  PetscCallMPI(MPI_Comm_size(comm, &size));
  PetscCall(DMDACreate1d(comm, DM_BOUNDARY_PERIODIC, app->points, 2, 1, NULL, &app->dm));
  PetscCall(DMSetUp(app->dm));
  PetscCall(DMCreateGlobalVector(app->dm, &app->U));
  PetscCall(VecGetLocalSize(app->U, &n));
  PetscCall(DMCreateMatrix(app->dm, &app->J));
  PetscCall(MatCreateDense(comm, n, rank == size - 1 ? 2 : 0, PETSC_DETERMINE, 2, NULL, &app->Jp));
  PetscCall(MatCreateVecs(app->Jp, &app->mu, NULL));
  PetscCall(VecDuplicate(app->U, &app->lambda));
  app->calls = 0;
  PetscCall(TSCreate(comm, &app->ts));
  PetscCall(TSSetDM(app->ts, app->dm));
  PetscCall(TSSetApplicationContext(app->ts, app));
  PetscCall(TSSetProblemType(app->ts, TS_NONLINEAR));
  PetscCall(TSSetEquationType(app->ts, TS_EQ_ODE_EXPLICIT));
  PetscCall(TSSetRHSFunction(app->ts, NULL, AppRHS, app));
  PetscCall(TSSetRHSJacobian(app->ts, app->J, app->J, AppJacobian, app));
  if (app->parameters) PetscCall(TSSetRHSJacobianP(app->ts, app->Jp, AppJacobianP, app));
  PetscCall(TSSetExactFinalTime(app->ts, TS_EXACTFINALTIME_MATCHSTEP));
  if (app->integral) PetscCall(AppCreateQuadrature(app));
  PetscCall(TSSetSaveTrajectory(app->ts));
  PetscCall(AppSetHooks(app));
  if (app->prefix[0]) {
    PetscCall(TSGetTrajectory(app->ts, &tj));
    PetscCall(TSSetOptionsPrefix(app->ts, app->prefix));
    PetscCall(PetscObjectSetOptionsPrefix((PetscObject)tj, app->prefix));
  }
  if (app->setup) PetscCall(app->setup(app->ts, app));
  PetscCall(TSSetFromOptions(app->ts));
  PetscFunctionReturn(0);
}

static inline PetscErrorCode AppDestroy(App *app)
{
  PetscFunctionBegin;
  PetscCall(TSDestroy(&app->ts));
  PetscCall(MatDestroy(&app->Jq));
  PetscCall(MatDestroy(&app->Jqp));
  PetscCall(VecDestroy(&app->U));
  PetscCall(VecDestroy(&app->lambda));
  PetscCall(VecDestroy(&app->mu));
  PetscCall(MatDestroy(&app->J));
  PetscCall(MatDestroy(&app->Jp));
  PetscCall(DMDestroy(&app->dm));
  PetscFunctionReturn(0);
}

/* From the initial state to the end, in one TSSolve() or several. */
static inline PetscErrorCode AppForward(App *app, AppResult *res)
{
  Vec       q;
  PetscReal norm;

  PetscFunctionBegin;
  app->mode = 0;
  PetscCall(AppInitial(app, app->U));
  PetscCall(TSSetTime(app->ts, 0));
  PetscCall(TSSetStepNumber(app->ts, 0));
  PetscCall(TSSetTimeStep(app->ts, app->dt));
  if (app->integral) PetscCall(TSGetSolution(app->quad, &q));
  if (app->integral) PetscCall(VecZeroEntries(q));
  for (PetscInt i = 0; i < app->solves; i++) {
    PetscInt before;

    if (app->solves > 1) app->mode = i;
    PetscCall(TSGetStepNumber(app->ts, &before));
    PetscCall(TSSetMaxTime(app->ts, app->T * (PetscReal)(i + 1) / (PetscReal)app->solves));
    PetscCall(TSSetMaxSteps(app->ts, app->end == END_STEPS ? app->end_step : 100000));
    if (i) PetscCall(TSSetTimeStep(app->ts, app->dt));
    if (i && !app->carry) PetscCall(TSRestartStep(app->ts));
    PetscCall(TSSolve(app->ts, app->U));
    PetscCall(TSGetStepNumber(app->ts, &app->steps[i]));
    app->steps[i] -= before;
  }
  PetscCall(TSGetStepNumber(app->ts, &res->steps));
  PetscCall(TSGetStepRejections(app->ts, &res->rejections));
  PetscCall(VecNorm(app->U, NORM_2, &norm));
  res->cost = norm * norm / 2;
  if (app->integral) {
    PetscScalar sum;

    PetscCall(VecSum(q, &sum));
    res->cost += PetscRealPart(sum);
  }
  PetscFunctionReturn(0);
}

/* lambda = u(T) or its conjugate, mu = 0; the sweeps leave the state at 0 in U, so a later one gets u(T) from the
 * first. */
static inline PetscErrorCode AppBackwardBegin(App *app, AppResult *res, PetscInt at)
{
  PetscScalar *a;
  PetscInt     n;

  PetscFunctionBegin;
  PetscCall(VecGetLocalSize(app->lambda, &n));
  PetscCall(VecGetArray(app->lambda, &a));
  for (PetscInt i = 0; i < n; i++) a[i] = PetscConj(res->lambda[at + i]);
  PetscCall(VecRestoreArray(app->lambda, &a));
  PetscCall(VecZeroEntries(app->mu));
  PetscCall(TSSetCostGradients(app->ts, 1, &app->lambda, app->parameters ? &app->mu : NULL));
  PetscCall(TSSetStepNumber(app->ts, res->steps));
  app->solve = app->solves - 1;
  app->left  = app->steps[app->solve];
  PetscFunctionReturn(0);
}

/* The next `some` adjoint steps or fewer; whether there are more. */
static inline PetscErrorCode AppBackwardSome(App *app, PetscInt some, PetscBool *more)
{
  PetscFunctionBegin;
  if (app->solves > 1) app->mode = app->solve;
  some = PetscMin(app->left, some);
  PetscCall(TSAdjointSetSteps(app->ts, some));
  PetscCall(TSAdjointSolve(app->ts));
  app->left -= some;
  if (!app->left && app->solve) app->left = app->steps[--app->solve];
  *more = (PetscBool)(app->left > 0);
  PetscFunctionReturn(0);
}

/* Forward and backward, as often as the App says; u(T), lambda and u(0) of each go to the result, and mu. */
static inline PetscErrorCode AppRun(App *app, AppResult *res)
{
  PetscFunctionBegin;
  PetscCall(PetscMemzero(res, sizeof(*res)));
  PetscCall(AppCreate(app));
  for (PetscInt r = 0; r < app->runs; r++) {
    PetscInt at = res->nlambda;

    PetscCall(AppForward(app, res));
    PetscCall(AppKeep(app->U, &res->nlambda, &res->lambda));
    if (app->visit) PetscCall(app->visit(app->ts, app, VISIT_BEFORE));
    for (PetscInt s = 0; s < app->sweeps; s++) {
      PetscBool more = PETSC_TRUE;

      PetscCall(AppBackwardBegin(app, res, at));
      while (more) {
        PetscCall(AppBackwardSome(app, app->pieces ? 3 : PETSC_MAX_INT, &more));
        if (app->visit && more) PetscCall(app->visit(app->ts, app, VISIT_BETWEEN));
      }
      if (app->visit) PetscCall(app->visit(app->ts, app, VISIT_AFTER));
      PetscCall(AppKeep(app->lambda, &res->nlambda, &res->lambda));
      PetscCall(AppKeep(app->mu, &res->nmu, &res->mu));
    }
    PetscCall(AppKeep(app->U, &res->nlambda, &res->lambda));
  }
  PetscCall(AppDestroy(app));
  PetscFunctionReturn(0);
}

static inline PetscErrorCode AppResultFree(AppResult *res)
{
  PetscFunctionBegin;
  PetscCall(PetscFree(res->lambda));
  PetscCall(PetscFree(res->mu));
  PetscFunctionReturn(0);
}

/* Whether two results have the same bits on every rank. */
static inline PetscErrorCode AppSame(const AppResult *a, const AppResult *b, PetscBool *same)
{
  PetscBool mine = (PetscBool)(a->nlambda == b->nlambda && a->nmu == b->nmu && a->steps == b->steps);

  PetscFunctionBegin;
  if (mine && a->nlambda) mine = (PetscBool)!memcmp(a->lambda, b->lambda, (size_t)a->nlambda * sizeof(PetscScalar));
  if (mine && a->nmu) mine = (PetscBool)!memcmp(a->mu, b->mu, (size_t)a->nmu * sizeof(PetscScalar));
  PetscCallMPI(MPI_Allreduce(&mine, same, 1, MPIU_BOOL, MPI_LAND, PETSC_COMM_WORLD));
  PetscFunctionReturn(0);
}

/* A number of the JSON report, on every rank; -1 if it is not there. */
static inline PetscErrorCode AppReport(const char file[], const char key[], double *x)
{
  PetscMPIInt rank;
  char        quoted[64], line[512];

  PetscFunctionBegin;
  PetscCallMPI(MPI_Comm_rank(PETSC_COMM_WORLD, &rank));
  *x = -1;
  PetscCall(PetscSNPrintf(quoted, sizeof(quoted), "\"%s\":", key));
  if (rank == 0) {
    FILE *f = fopen(file, "r");

    while (f && fgets(line, sizeof(line), f)) {
      const char *p = strstr(line, quoted);

      if (p) *x = atof(p + strlen(quoted));
    }
    if (f) fclose(f);
  }
  PetscCallMPI(MPI_Bcast(x, 1, MPI_DOUBLE, 0, PETSC_COMM_WORLD));
  PetscFunctionReturn(0);
}

#endif
