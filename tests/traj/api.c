/* SPDX-License-Identifier: BSD-2-Clause */
/* ranks: 1 2 */
/* Ways to use the trajectory: in pieces, again and again, looked into at any time, without an adjoint, with a VECNEST.
 */
#include "run.h"

#define FIXED    " -ts_adapt_type none"
#define ADAPTIVE " -ts_adapt_type basic -ts_theta_adapt -ts_rtol 1e-5 -ts_atol 1e-5"
#define MAXSTEPS 200

static const char *const methods[] = {"-ts_type rk -ts_rk_type 4" FIXED, "-ts_type rk -ts_rk_type 3bs" ADAPTIVE,
                                      "-ts_type rk -ts_rk_type 1fe" FIXED, "-ts_type cn" FIXED,
                                      "-ts_type theta -ts_theta_theta .6" FIXED};
#define METHODS ((int)(sizeof(methods) / sizeof(methods[0])))

/* What the forward run passed through. */
typedef struct {
  Vec       state[MAXSTEPS];
  PetscReal time[MAXSTEPS];
  PetscInt  n; /* the last step */
  PetscInt  asked, wrong;
  PetscInt  seed;
} Record;

static PetscErrorCode Recorder(TS ts, PetscInt n, PetscReal t, Vec u, void *ctx)
{
  Record *r = (Record *)((App *)ctx)->user;

  PetscFunctionBeginUser;
  (void)ts;
  PetscCheck(n < MAXSTEPS, PETSC_COMM_WORLD, PETSC_ERR_ARG_OUTOFRANGE, "More steps than the record holds");
  if (!r->state[n]) PetscCall(VecDuplicate(u, &r->state[n]));
  PetscCall(VecCopy(u, r->state[n]));
  r->time[n] = t;
  r->n       = n;
  PetscFunctionReturn(0);
}

static PetscErrorCode RecordSetup(TS ts, App *app)
{
  PetscFunctionBeginUser;
  PetscCall(TSMonitorSet(ts, Recorder, app, NULL));
  PetscFunctionReturn(0);
}

static PetscErrorCode RecordFree(Record *r)
{
  PetscFunctionBeginUser;
  for (PetscInt i = 0; i < MAXSTEPS; i++) PetscCall(VecDestroy(&r->state[i]));
  PetscFunctionReturn(0);
}

static PetscErrorCode SameBits(Vec u, Vec v, PetscBool *same)
{
  PetscInt           n;
  const PetscScalar *a, *b;
  PetscBool          mine;

  PetscFunctionBeginUser;
  PetscCall(VecGetLocalSize(u, &n));
  PetscCall(VecGetArrayRead(u, &a));
  PetscCall(VecGetArrayRead(v, &b));
  mine = (PetscBool)!memcmp(a, b, (size_t)n * sizeof(*a));
  PetscCall(VecRestoreArrayRead(u, &a));
  PetscCall(VecRestoreArrayRead(v, &b));
  PetscCallMPI(MPI_Allreduce(&mine, same, 1, MPIU_BOOL, MPI_LAND, PETSC_COMM_WORLD));
  PetscFunctionReturn(0);
}

/* Asks for state k, now through the TS of the run and now without it. */
static PetscErrorCode Ask(TS ts, Record *r, PetscInt k)
{
  TSTrajectory tj;
  Vec          u;
  PetscReal    t = -1;
  PetscBool    same;

  PetscFunctionBeginUser;
  PetscCall(TSGetTrajectory(ts, &tj));
  PetscCall(VecDuplicate(r->state[0], &u));
  PetscCall(TSTrajectoryGetVecs(tj, r->asked % 2 ? ts : NULL, k, &t, u, NULL));
  PetscCall(SameBits(u, r->state[k], &same));
  r->asked++;
  if (!same || t != r->time[k]) r->wrong++;
  PetscCall(VecDestroy(&u));
  PetscFunctionReturn(0);
}

/* All states in an order that jumps about, or a few of them. */
static PetscErrorCode Look(TS ts, App *app, AppVisit when)
{
  Record  *r    = (Record *)app->user;
  PetscInt many = when == VISIT_BETWEEN ? 4 : r->n + 1;

  PetscFunctionBeginUser;
  for (PetscInt i = 0; i < many; i++) {
    r->seed = (r->seed * 1103 + 12345) % 65536;
    PetscCall(Ask(ts, r, r->seed % (r->n + 1)));
    if (when != VISIT_BETWEEN) PetscCall(Ask(ts, r, i));
  }
  PetscFunctionReturn(0);
}

static PetscErrorCode AnyTime(void)
{
  PetscFunctionBeginUser;
  for (int i = 0; i < METHODS; i++) {
    for (PetscInt budget = 3; budget < 1000; budget += 500) {
      Record    record = {0};
      App       app    = AppDefault();
      AppResult full, res;
      PetscBool same;

      app.T      = .9;
      app.pieces = PETSC_TRUE;
      PetscCall(RunBasic(app, methods[i], &full));
      record.seed = 1 + i;
      app.user    = &record;
      app.setup   = RecordSetup;
      app.visit   = Look;
      PetscCall(RunBudget(app, methods[i], budget, NULL, &res));
      full.nlambda -= full.nlambda / 3; /* who asks with the TS of the run gets the state in its solution */
      res.nlambda -= res.nlambda / 3;
      PetscCall(AppSame(&full, &res, &same));
      T_OK(record.asked > 4 * record.n && !record.wrong,
           "%s, budget %d: %d states asked for before, between and after adjoint steps are those of the run",
           methods[i], (int)budget, (int)record.asked);
      T_OK(same, "%s, budget %d: and the gradient has the same bits", methods[i], (int)budget);
      PetscCall(RecordFree(&record));
      PetscCall(AppResultFree(&full));
      PetscCall(AppResultFree(&res));
    }
  }
  PetscFunctionReturn(0);
}

static PetscErrorCode Again(void)
{
  PetscFunctionBeginUser;
  for (int i = 0; i < METHODS; i++) {
    App       app = AppDefault();
    AppResult one, two;
    PetscBool same;
    PetscInt  nl, nm;

    app.pieces = PETSC_TRUE;
    PetscCall(RunCompare(app, methods[i], 3, methods[i]));
    app.pieces = PETSC_FALSE;
    PetscCall(RunBasic(app, methods[i], &one));
    app.runs = 3;
    PetscCall(RunBudget(app, methods[i], 3, NULL, &two));
    nl   = one.nlambda;
    nm   = one.nmu;
    same = (PetscBool)(two.nlambda == 3 * nl && two.nmu == 3 * nm);
    for (PetscInt r = 0; r < 3 && same; r++) {
      AppResult part = two;

      part.nlambda = nl;
      part.nmu     = nm;
      part.lambda += r * nl;
      part.mu += r * nm;
      PetscCall(AppSame(&one, &part, &same));
    }
    T_OK(same, "%s: three solves with one TS, the same bits each time", methods[i]);
    PetscCall(AppResultFree(&two));
    PetscCall(AppResultFree(&one));
    app.runs   = 1;
    app.sweeps = 2;
    PetscCall(RunBasic(app, methods[i], &one));
    PetscCall(RunBudget(app, methods[i], 3, NULL, &two));
    PetscCall(AppSame(&one, &two, &same));
    T_OK(same, "%s: a second backward sweep over the same run, the same bits", methods[i]);
    PetscCall(AppResultFree(&two));
    PetscCall(AppResultFree(&one));
  }
  PetscFunctionReturn(0);
}

/* Time interpolation, by PETSc from the states it asks for: what it gives is kept behind the results. */
typedef struct {
  PetscInt     n;
  PetscScalar *all;
} Interpolated;

static PetscErrorCode Interpolate(TS ts, App *app, AppVisit when)
{
  Interpolated *got = (Interpolated *)app->user;
  TSTrajectory  tj;
  Vec           u, v;

  PetscFunctionBeginUser;
  if (when == VISIT_BETWEEN) PetscFunctionReturn(0);
  PetscCall(TSGetTrajectory(ts, &tj));
  PetscCall(VecDuplicate(app->U, &u));
  PetscCall(VecDuplicate(app->U, &v));
  for (PetscInt i = 0; i < 9; i++) {
    PetscReal t = app->T * (PetscReal)(i * 7 % 9) / 8.3;

    PetscCall(TSTrajectoryGetVecs(tj, NULL, PETSC_DECIDE, &t, u, i % 2 ? v : NULL));
    PetscCall(AppKeep(u, &got->n, &got->all));
    if (i % 2) PetscCall(AppKeep(v, &got->n, &got->all));
  }
  PetscCall(VecDestroy(&u));
  PetscCall(VecDestroy(&v));
  PetscFunctionReturn(0);
}

static PetscErrorCode Times(void)
{
  App          app = AppDefault();
  Interpolated got[2];
  AppResult    res[2];
  PetscBool    mine, same;

  PetscFunctionBeginUser;
  app.visit = Interpolate;
  PetscCall(PetscMemzero(got, sizeof(got)));
  for (int i = 0; i < 2; i++) {
    app.user = &got[i];
    if (i == 0) PetscCall(RunBasic(app, "-ts_type cn" FIXED, &res[i]));
    if (i == 1) PetscCall(RunBudget(app, "-ts_type cn" FIXED, 4, NULL, &res[i]));
  }
  mine = (PetscBool)(got[0].n == got[1].n && !memcmp(got[0].all, got[1].all, (size_t)got[0].n * sizeof(PetscScalar)));
  PetscCallMPI(MPI_Allreduce(&mine, &same, 1, MPIU_BOOL, MPI_LAND, PETSC_COMM_WORLD));
  T_OK(same && got[0].n, "states and derivatives between two steps have the bits that they have with full storage");
  for (int i = 0; i < 2; i++) {
    PetscCall(PetscFree(got[i].all));
    PetscCall(AppResultFree(&res[i]));
  }
  PetscFunctionReturn(0);
}

/* With -ts_trajectory_adjointmode 0 any TS type will do, if it keeps all states or if its steps can be repeated. */
static PetscErrorCode WithoutAdjoint(void)
{
  static const char *types[][2] = {{"bdf", "1000"},
                                   {"rosw", "1000"},
                                   {"arkimex", "1000"},
                                   {"ssp", "3"},
                                   {"euler", "3"}};

  PetscFunctionBeginUser;
  for (int i = 0; i < 5; i++) {
    Record    record = {0};
    App       app    = AppDefault();
    AppResult res    = {0};
    char      options[256];

    PetscCall(PetscOptionsClear(NULL));
    PetscCall(PetscSNPrintf(options, sizeof(options),
                            "-ts_type %s -ts_trajectory_type costate -ts_trajectory_costate_ram %s "
                            "-ts_trajectory_adjointmode 0 -ts_adapt_type none",
                            types[i][0], types[i][1]));
    PetscCall(PetscOptionsInsertString(NULL, options));
    app.dt    = .01;
    app.T     = .3;
    app.user  = &record;
    app.setup = RecordSetup;
    PetscCall(AppCreate(&app));
    PetscCall(AppForward(&app, &res));
    PetscCall(Look(app.ts, &app, VISIT_BEFORE));
    T_OK(record.asked > 50 && !record.wrong, "%s with a budget of %s: its states can be had in any order", types[i][0],
         types[i][1]);
    PetscCall(AppDestroy(&app));
    PetscCall(RecordFree(&record));
  }
  PetscFunctionReturn(0);
}

/* u' = -2 v, v' = u / 2 - v^2 in blocks */
static PetscErrorCode NestRHS(TS ts, PetscReal t, Vec X, Vec F, void *ctx)
{
  Vec *x, *f;

  PetscFunctionBeginUser;
  (void)ts;
  (void)t;
  (void)ctx;
  PetscCall(VecNestGetSubVecs(X, NULL, &x));
  PetscCall(VecNestGetSubVecs(F, NULL, &f));
  PetscCall(VecCopy(x[1], f[0]));
  PetscCall(VecScale(f[0], -2));
  PetscCall(VecPointwiseMult(f[1], x[1], x[1]));
  PetscCall(VecAXPBY(f[1], .5, -1, x[0]));
  PetscCall(VecAssemblyBegin(F)); /* its blocks were changed behind its back */
  PetscCall(VecAssemblyEnd(F));
  PetscFunctionReturn(0);
}

static PetscErrorCode NestTranspose(Mat J, Vec X, Vec Y)
{
  Vec   u, *x, *y, *s;
  void *ctx;

  PetscFunctionBeginUser;
  PetscCall(MatShellGetContext(J, &ctx));
  u = (Vec)ctx;
  PetscCall(VecNestGetSubVecs(u, NULL, &s));
  PetscCall(VecNestGetSubVecs(X, NULL, &x));
  PetscCall(VecNestGetSubVecs(Y, NULL, &y));
  PetscCall(VecCopy(x[1], y[0]));
  PetscCall(VecScale(y[0], .5));
  PetscCall(VecPointwiseMult(y[1], s[1], x[1]));
  PetscCall(VecScale(y[1], -2));
  PetscCall(VecAXPY(y[1], -2, x[0]));
  PetscCall(VecAssemblyBegin(Y)); /* its blocks were changed behind its back */
  PetscCall(VecAssemblyEnd(Y));
  PetscFunctionReturn(0);
}

static PetscErrorCode NestJacobian(TS ts, PetscReal t, Vec X, Mat J, Mat P, void *ctx)
{
  PetscFunctionBeginUser;
  (void)ts;
  (void)t;
  (void)P;
  (void)ctx;
  PetscCall(MatShellSetContext(J, X));
  PetscFunctionReturn(0);
}

static PetscErrorCode NestRun(const char trajectory[], PetscInt *n, PetscScalar **all)
{
  Vec      block[2], X, lambda, *x, *l;
  TS       ts;
  Mat      J;
  PetscInt m;

  PetscFunctionBeginUser;
  PetscCall(PetscOptionsClear(NULL));
  PetscCall(PetscOptionsInsertString(NULL, "-ts_type rk -ts_rk_type 3bs -ts_rtol 1e-6 -ts_atol 1e-6"));
  PetscCall(PetscOptionsInsertString(NULL, trajectory));
  for (int i = 0; i < 2; i++) PetscCall(VecCreateMPI(PETSC_COMM_WORLD, PETSC_DECIDE, 7, &block[i]));
  PetscCall(VecSet(block[0], 1));
  PetscCall(VecSet(block[1], .25));
  PetscCall(VecCreateNest(PETSC_COMM_WORLD, 2, NULL, block, &X));
  PetscCall(VecDuplicate(X, &lambda));
  PetscCall(VecGetLocalSize(X, &m));
  PetscCall(MatCreateShell(PETSC_COMM_WORLD, m, m, 14, 14, X, &J));
  PetscCall(MatShellSetOperation(J, MATOP_MULT_TRANSPOSE, (void (*)(void))NestTranspose));
  PetscCall(TSCreate(PETSC_COMM_WORLD, &ts));
  PetscCall(TSSetRHSFunction(ts, NULL, NestRHS, NULL));
  PetscCall(TSSetRHSJacobian(ts, J, J, NestJacobian, NULL));
  PetscCall(TSSetTimeStep(ts, .1));
  PetscCall(TSSetMaxTime(ts, 2));
  PetscCall(TSSetExactFinalTime(ts, TS_EXACTFINALTIME_MATCHSTEP));
  PetscCall(TSSetSaveTrajectory(ts));
  PetscCall(TSSetFromOptions(ts));
  PetscCall(TSSolve(ts, X));
  PetscCall(VecCopy(X, lambda));
  PetscCall(TSSetCostGradients(ts, 1, &lambda, NULL));
  PetscCall(TSAdjointSolve(ts));
  PetscCall(VecNestGetSubVecs(lambda, NULL, &l));
  PetscCall(VecNestGetSubVecs(X, NULL, &x));
  for (int i = 0; i < 2; i++) PetscCall(AppKeep(l[i], n, all));
  for (int i = 0; i < 2; i++) PetscCall(AppKeep(x[i], n, all));
  for (int i = 0; i < 2; i++) PetscCall(VecDestroy(&block[i]));
  PetscCall(VecDestroy(&X));
  PetscCall(VecDestroy(&lambda));
  PetscCall(MatDestroy(&J));
  PetscCall(TSDestroy(&ts));
  PetscFunctionReturn(0);
}

static PetscErrorCode Nest(void)
{
  PetscScalar *all[2] = {NULL, NULL};
  PetscInt     n[2]   = {0, 0};
  char         options[2 * PETSC_MAX_PATH_LEN];
  PetscBool    mine, same;
  double       recomputed;

  PetscFunctionBeginUser;
  /* `basic` cannot write a VECNEST to its files; all the states in memory are the reference */
  PetscCall(NestRun("-ts_trajectory_type memory", &n[0], &all[0]));
  PetscCall(PetscSNPrintf(options, sizeof(options),
                          "-ts_trajectory_type costate -ts_trajectory_costate_ram 3 -ts_trajectory_costate_report %s",
                          run_report));
  PetscCall(NestRun(options, &n[1], &all[1]));
  PetscCall(AppReport(run_report, "recomputed", &recomputed));
  mine = (PetscBool)(n[0] == n[1] && !memcmp(all[0], all[1], (size_t)(n[0] / 2) * sizeof(PetscScalar)));
  PetscCallMPI(MPI_Allreduce(&mine, &same, 1, MPIU_BOOL, MPI_LAND, PETSC_COMM_WORLD));
  T_OK(same && recomputed > 0, "a VECNEST as state: the same bits as with full storage (%g steps repeated)",
       recomputed);
  PetscCall(PetscFree(all[0]));
  PetscCall(PetscFree(all[1]));
  PetscFunctionReturn(0);
}

int main(int argc, char **argv)
{
  PetscCall(RunBegin(&argc, &argv, 8 * METHODS + 7));
  PetscCall(Again());
  PetscCall(AnyTime());
  PetscCall(Times());
  PetscCall(WithoutAdjoint());
  PetscCall(Nest());
  PetscCall(RunEnd());
  return done();
}
