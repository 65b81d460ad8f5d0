/* SPDX-License-Identifier: BSD-2-Clause */
/*
  A small TSAdjoint application for tests: the Brusselator on a ring,

    u' = A + u^2 v - (B + 1) u + a u_xx,   v' = B u - u^2 v + a v_xx,   p = (A, B),

  costs sum |u(T)|^2 / 2 and, if asked for, the integral of sum u.  It can end in several ways, with events or several
  TSSolve() calls, and knows nothing of checkpointing: what differs from run to run is given as PETSc options.
*/
#ifndef COSTATE_TEST_APP_H
#define COSTATE_TEST_APP_H

#include <petscdmda.h>
#include <petscts.h>
#include <costate.h>

typedef enum { END_TIME, END_STEPS, END_USER, END_EVENT } AppEnd;

typedef struct {
  PetscInt  points; /* of the ring; 2 unknowns each */
  PetscReal T, dt;
  AppEnd    end;
  PetscInt  end_step; /* END_STEPS, END_USER */
  PetscBool event;    /* at t = .37 T the reaction rates change */
  PetscInt  solves;   /* TSSolve() calls, with other rates in each */
  PetscBool integral, parameters, pieces;
  PetscBool carry;  /* does not restart where the rates change, as an application with an FSAL method should */
  PetscReal halve;  /* > 0: PostStep multiplies the state of step 5 by it, as no application should */
  PetscInt  sweeps; /* backward sweeps on one run */
  /* the state of the application */
  PetscInt  mode;
  PetscReal A, B;
  DM        dm;
  PetscInt  calls, noise; /* noise > 0: the right-hand side depends on how often it was called */
} App;

typedef struct {
  PetscInt     nlambda, nmu, steps, rejections;
  PetscScalar *lambda, *mu; /* local parts, appended over the sweeps */
} AppResult;

static inline App AppDefault(void)
{
  App app = {0};

  app.points     = 12;
  app.T          = 1;
  app.dt         = .05;
  app.solves     = 1;
  app.sweeps     = 1;
  app.parameters = PETSC_TRUE;
  app.A          = 1;
  app.B          = 2.2;
  return app;
}

static inline PetscReal AppB(const App *app)
{
  return app->B * (1 + .25 * (PetscReal)app->mode);
}

static inline PetscErrorCode AppRHS(TS ts, PetscReal t, Vec U, Vec F, void *ctx)
{
  App     *app = (App *)ctx;
  Vec      l;
  PetscInt xs, xm;
  const PetscScalar(*u)[2];
  PetscScalar(*f)[2];
  PetscReal d = .02 * (PetscReal)(app->points * app->points) / 36, B = AppB(app);

  PetscFunctionBegin;
  (void)ts;
  app->calls++;
  if (app->noise && app->calls % app->noise == 0) B *= 1 + 1e-14;
  PetscCall(DMGetLocalVector(app->dm, &l));
  PetscCall(DMGlobalToLocal(app->dm, U, INSERT_VALUES, l));
  PetscCall(DMDAVecGetArrayRead(app->dm, l, (void *)&u));
  PetscCall(DMDAVecGetArray(app->dm, F, &f));
  PetscCall(DMDAGetCorners(app->dm, &xs, NULL, NULL, &xm, NULL, NULL));
  for (PetscInt i = xs; i < xs + xm; i++) {
    PetscScalar r = u[i][0] * u[i][0] * u[i][1];

    f[i][0] =
        app->A + .1 * PetscSinReal(3 * t) + r - (B + 1) * u[i][0] + d * (u[i - 1][0] - 2. * u[i][0] + u[i + 1][0]);
    f[i][1] = B * u[i][0] - r + d * (u[i - 1][1] - 2. * u[i][1] + u[i + 1][1]);
  }
  PetscCall(DMDAVecRestoreArray(app->dm, F, &f));
  PetscCall(DMDAVecRestoreArrayRead(app->dm, l, (void *)&u));
  PetscCall(DMRestoreLocalVector(app->dm, &l));
  PetscFunctionReturn(0);
}

static inline PetscErrorCode AppJacobian(TS ts, PetscReal t, Vec U, Mat J, Mat P, void *ctx)
{
  App      *app = (App *)ctx;
  PetscInt  xs, xm;
  PetscReal d = .02 * (PetscReal)(app->points * app->points) / 36, B = AppB(app);
  const PetscScalar(*u)[2];

  PetscFunctionBegin;
  (void)ts;
  (void)t;
  PetscCall(MatZeroEntries(P));
  PetscCall(DMDAVecGetArrayRead(app->dm, U, (void *)&u));
  PetscCall(DMDAGetCorners(app->dm, &xs, NULL, NULL, &xm, NULL, NULL));
  for (PetscInt i = xs; i < xs + xm; i++) {
    PetscScalar uv = 2. * u[i][0] * u[i][1], uu = u[i][0] * u[i][0];

    for (PetscInt c = 0; c < 2; c++) {
      MatStencil  row = {0}, col[4] = {{0}, {0}, {0}, {0}};
      PetscScalar v[4];

      row.i    = i;
      row.c    = c;
      col[0].i = i - 1;
      col[1].i = i + 1;
      col[0].c = col[1].c = c;
      v[0] = v[1] = d;
      col[2].i = col[3].i = i;
      col[2].c            = 0;
      col[3].c            = 1;
      v[2]                = c ? B - uv : uv - (B + 1) - 2 * d;
      v[3]                = c ? -uu - 2 * d : uu;
      PetscCall(MatSetValuesStencil(P, 1, &row, 4, col, v, ADD_VALUES));
    }
  }
  PetscCall(DMDAVecRestoreArrayRead(app->dm, U, (void *)&u));
  PetscCall(MatAssemblyBegin(P, MAT_FINAL_ASSEMBLY));
  PetscCall(MatAssemblyEnd(P, MAT_FINAL_ASSEMBLY));
  if (J != P) PetscCall(MatAssemblyBegin(J, MAT_FINAL_ASSEMBLY));
  if (J != P) PetscCall(MatAssemblyEnd(J, MAT_FINAL_ASSEMBLY));
  PetscFunctionReturn(0);
}

static inline PetscErrorCode AppJacobianP(TS ts, PetscReal t, Vec U, Mat Jp, void *ctx)
{
  App               *app = (App *)ctx;
  PetscInt           lo, hi;
  const PetscScalar *u;
  PetscReal          scale = AppB(app) / app->B;

  PetscFunctionBegin;
  (void)ts;
  (void)t;
  PetscCall(VecGetOwnershipRange(U, &lo, &hi));
  PetscCall(VecGetArrayRead(U, &u));
  for (PetscInt i = lo; i < hi; i += 2) {
    PetscCall(MatSetValue(Jp, i, 0, 1, INSERT_VALUES));
    PetscCall(MatSetValue(Jp, i, 1, -scale * u[i - lo], INSERT_VALUES));
    PetscCall(MatSetValue(Jp, i + 1, 1, scale * u[i - lo], INSERT_VALUES));
  }
  PetscCall(VecRestoreArrayRead(U, &u));
  PetscCall(MatAssemblyBegin(Jp, MAT_FINAL_ASSEMBLY));
  PetscCall(MatAssemblyEnd(Jp, MAT_FINAL_ASSEMBLY));
  PetscFunctionReturn(0);
}

/* g = sum u, on all ranks the same number; its vector lives on the last rank, as TSCreateQuadratureTS() wants one entry
 */
static inline PetscErrorCode AppIntegrand(TS ts, PetscReal t, Vec U, Vec R, void *ctx)
{
  PetscScalar sum;
  Vec         u;

  PetscFunctionBegin;
  (void)ts;
  (void)t;
  (void)ctx;
  PetscCall(VecDuplicate(U, &u));
  PetscCall(VecCopy(U, u));
  PetscCall(VecStrideSum(u, 0, &sum));
  PetscCall(VecDestroy(&u));
  PetscCall(VecSet(R, sum));
  PetscFunctionReturn(0);
}

static inline PetscErrorCode AppIntegrandU(TS ts, PetscReal t, Vec U, Mat J, Mat P, void *ctx)
{
  PetscInt lo, hi;

  PetscFunctionBegin;
  (void)ts;
  (void)t;
  (void)P;
  (void)ctx;
  PetscCall(VecGetOwnershipRange(U, &lo, &hi));
  for (PetscInt i = lo; i < hi; i++) PetscCall(MatSetValue(J, i, 0, i % 2 ? 0 : 1, INSERT_VALUES));
  PetscCall(MatAssemblyBegin(J, MAT_FINAL_ASSEMBLY));
  PetscCall(MatAssemblyEnd(J, MAT_FINAL_ASSEMBLY));
  PetscFunctionReturn(0);
}

static inline PetscErrorCode AppIntegrandP(TS ts, PetscReal t, Vec U, Mat J, void *ctx)
{
  PetscFunctionBegin;
  (void)ts;
  (void)t;
  (void)U;
  (void)ctx;
  PetscCall(MatAssemblyBegin(J, MAT_FINAL_ASSEMBLY));
  PetscCall(MatAssemblyEnd(J, MAT_FINAL_ASSEMBLY));
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
  if (app->halve > 0 && n == 5) PetscCall(VecScale(u, app->halve));
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

static inline PetscErrorCode AppInitial(App *app, Vec U)
{
  PetscInt lo, hi;

  PetscFunctionBegin;
  PetscCall(VecGetOwnershipRange(U, &lo, &hi));
  for (PetscInt i = lo; i < hi; i++) {
    PetscReal x = 2 * PETSC_PI * (PetscReal)(i / 2) / (PetscReal)app->points;

    PetscCall(VecSetValue(U, i, i % 2 ? 2 + .3 * PetscCosReal(2 * x) : 1 + .5 * PetscSinReal(x), INSERT_VALUES));
  }
  PetscCall(VecAssemblyBegin(U));
  PetscCall(VecAssemblyEnd(U));
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

/* Creates the TS, sets it from the options, solves and reverses it; lambda and mu go to the result. */
static inline PetscErrorCode AppRun(App *app, AppResult *res)
{
  MPI_Comm    comm = PETSC_COMM_WORLD;
  TS          ts, quad;
  Vec         U, lambda, mu, q;
  Mat         J, Jp, Jq, Jqp;
  PetscInt    n, steps[8], dir = 0;
  PetscBool   term = (PetscBool)(app->end == END_EVENT);
  PetscMPIInt rank, size;

  PetscFunctionBegin;
  PetscCall(PetscMemzero(res, sizeof(*res)));
  PetscCallMPI(MPI_Comm_rank(comm, &rank));
  PetscCallMPI(MPI_Comm_size(comm, &size));
  PetscCall(DMDACreate1d(comm, DM_BOUNDARY_PERIODIC, app->points, 2, 1, NULL, &app->dm));
  PetscCall(DMSetUp(app->dm));
  PetscCall(DMCreateGlobalVector(app->dm, &U));
  PetscCall(VecGetLocalSize(U, &n));
  PetscCall(DMCreateMatrix(app->dm, &J));
  PetscCall(MatCreateDense(comm, n, rank == size - 1 ? 2 : 0, PETSC_DETERMINE, 2, NULL, &Jp));
  PetscCall(MatCreateVecs(Jp, &mu, NULL));
  PetscCall(VecDuplicate(U, &lambda));
  app->mode  = 0;
  app->calls = 0;

  PetscCall(TSCreate(comm, &ts));
  PetscCall(TSSetDM(ts, app->dm));
  PetscCall(TSSetApplicationContext(ts, app));
  PetscCall(TSSetProblemType(ts, TS_NONLINEAR));
  PetscCall(TSSetEquationType(ts, TS_EQ_ODE_EXPLICIT));
  PetscCall(TSSetRHSFunction(ts, NULL, AppRHS, app));
  PetscCall(TSSetRHSJacobian(ts, J, J, AppJacobian, app));
  if (app->parameters) PetscCall(TSSetRHSJacobianP(ts, Jp, AppJacobianP, app));
  PetscCall(TSSetTimeStep(ts, app->dt));
  PetscCall(TSSetExactFinalTime(ts, TS_EXACTFINALTIME_MATCHSTEP));
  if (app->integral) {
    PetscCall(MatCreateDense(comm, n, rank == size - 1, PETSC_DETERMINE, 1, NULL, &Jq));
    PetscCall(MatCreateDense(comm, rank == size - 1 ? 2 : 0, rank == size - 1, 2, 1, NULL, &Jqp));
    PetscCall(TSCreateQuadratureTS(ts, PETSC_TRUE, &quad));
    PetscCall(TSSetRHSFunction(quad, NULL, AppIntegrand, app));
    PetscCall(TSSetRHSJacobian(quad, Jq, Jq, AppIntegrandU, app));
    PetscCall(TSSetRHSJacobianP(quad, Jqp, AppIntegrandP, app));
    PetscCall(MatZeroEntries(Jqp));
    PetscCall(MatCreateVecs(Jq, &q, NULL));
    PetscCall(TSSetSolution(quad, q));
    PetscCall(VecDestroy(&q));
  }
  PetscCall(TSSetSaveTrajectory(ts));
  if (app->halve > 0 || app->end == END_USER) PetscCall(TSSetPostStep(ts, AppPostStep));
  if (app->event || app->end == END_EVENT)
    PetscCall(TSSetEventHandler(ts, 1, &dir, &term, AppEvent, AppPostEvent, app));
  PetscCall(TSSetFromOptions(ts));

  PetscCall(AppInitial(app, U));
  for (PetscInt i = 0; i < app->solves; i++) {
    PetscInt before;

    if (app->solves > 1) app->mode = i;
    PetscCall(TSGetStepNumber(ts, &before));
    PetscCall(TSSetMaxTime(ts, app->T * (PetscReal)(i + 1) / (PetscReal)app->solves));
    PetscCall(TSSetMaxSteps(ts, app->end == END_STEPS ? app->end_step : 100000));
    if (i) PetscCall(TSSetTimeStep(ts, app->dt));
    if (i && !app->carry) PetscCall(TSRestartStep(ts));
    PetscCall(TSSolve(ts, U));
    PetscCall(TSGetStepNumber(ts, &steps[i]));
    steps[i] -= before;
  }
  PetscCall(TSGetStepNumber(ts, &res->steps));
  PetscCall(TSGetStepRejections(ts, &res->rejections));
  PetscCall(AppKeep(U, &res->nlambda, &res->lambda)); /* lambda at T; the sweep leaves the state at 0 in U */
  for (PetscInt s = 0; s < app->sweeps; s++) {
    PetscScalar *a;

    PetscCall(VecGetArray(lambda, &a));
    PetscCall(PetscArraycpy(a, res->lambda, n));
    PetscCall(VecRestoreArray(lambda, &a));
    PetscCall(VecZeroEntries(mu));
    PetscCall(TSSetCostGradients(ts, 1, &lambda, app->parameters ? &mu : NULL));
    PetscCall(TSSetStepNumber(ts, res->steps));
    for (PetscInt i = app->solves - 1; i >= 0; i--) {
      if (app->solves > 1) app->mode = i;
      for (PetscInt left = steps[i]; left > 0;) {
        PetscInt some = app->pieces ? PetscMin(left, 3) : left;

        PetscCall(TSAdjointSetSteps(ts, some));
        PetscCall(TSAdjointSolve(ts));
        left -= some;
      }
    }
    PetscCall(AppKeep(lambda, &res->nlambda, &res->lambda));
    PetscCall(AppKeep(mu, &res->nmu, &res->mu));
  }
  PetscCall(AppKeep(U, &res->nlambda, &res->lambda));
  PetscCall(TSDestroy(&ts));
  if (app->integral) {
    PetscCall(MatDestroy(&Jq));
    PetscCall(MatDestroy(&Jqp));
  }
  PetscCall(VecDestroy(&U));
  PetscCall(VecDestroy(&lambda));
  PetscCall(VecDestroy(&mu));
  PetscCall(MatDestroy(&J));
  PetscCall(MatDestroy(&Jp));
  PetscCall(DMDestroy(&app->dm));
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
  if (mine) mine = (PetscBool)!memcmp(a->lambda, b->lambda, (size_t)a->nlambda * sizeof(PetscScalar));
  if (mine) mine = (PetscBool)!memcmp(a->mu, b->mu, (size_t)a->nmu * sizeof(PetscScalar));
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
