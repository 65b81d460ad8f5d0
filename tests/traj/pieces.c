/* SPDX-License-Identifier: BSD-2-Clause */
/* ranks: 1 2 */
/*
  A function in the place of the adjoint step gets each step of the run, from the last to the first, with the bits that
  the states had in the forward run: for TS types with an adjoint step and without, under small budgets and large ones.
*/
#include "refused.h"
#include "split.h"

#define MAXSTEPS 600
#define FIXED    " -ts_adapt_type none"
#define ADAPTIVE " -ts_adapt_type basic -ts_rtol 1e-5 -ts_atol 1e-5"
#define TIGHT    " -ts_rtol 1e-9 -ts_atol 1e-9"

typedef struct {
  const char *name, *options;
  PetscReal   dt;
  PetscBool   whole; /* its steps are not repeated */
} Type;

static const Type types[] = {
    {"rk 4, fixed", "-ts_type rk -ts_rk_type 4" FIXED, .05, PETSC_FALSE},
    {"rk 3bs (FSAL), fixed", "-ts_type rk -ts_rk_type 3bs" FIXED, .05, PETSC_FALSE},
    {"rk 3bs (FSAL), adaptive", "-ts_type rk -ts_rk_type 3bs" ADAPTIVE, .3, PETSC_FALSE},
    {"rk 5dp (FSAL), adaptive", "-ts_type rk -ts_rk_type 5dp" ADAPTIVE TIGHT, .3, PETSC_FALSE},
    {"cn, fixed", "-ts_type cn" FIXED, .05, PETSC_FALSE},
    {"cn, adaptive", "-ts_type cn -ts_theta_adapt" ADAPTIVE, .1, PETSC_FALSE},
    {"theta .6, fixed", "-ts_type theta -ts_theta_theta .6" FIXED, .05, PETSC_FALSE},
    {"beuler, fixed", "-ts_type beuler" FIXED, .05, PETSC_FALSE},
    {"euler, fixed", "-ts_type euler" FIXED, .05, PETSC_FALSE},
    {"ssp rks3, fixed", "-ts_type ssp -ts_ssp_type rks3" FIXED, .05, PETSC_FALSE},
    {"rosw, fixed", "-ts_type rosw" FIXED, .05, PETSC_FALSE},
    {"rosw ra34pw2, adaptive", "-ts_type rosw -ts_rosw_type ra34pw2" ADAPTIVE, .6, PETSC_FALSE},
    {"rosw rodas3, adaptive", "-ts_type rosw -ts_rosw_type rodas3" ADAPTIVE, .6, PETSC_FALSE},
    {"arkimex, fixed", "-ts_type arkimex -split" FIXED, .05, PETSC_FALSE},
    {"arkimex, adaptive", "-ts_type arkimex -split" ADAPTIVE TIGHT, .6, PETSC_FALSE},
    {"arkimex fully implicit, adaptive", "-ts_type arkimex -ts_arkimex_fully_implicit" ADAPTIVE TIGHT, .6, PETSC_FALSE},
    {"arkimex l2, adaptive", "-ts_type arkimex -ts_arkimex_type l2 -split" ADAPTIVE, .6, PETSC_FALSE},
    {"bdf, fixed", "-ts_type bdf -ts_bdf_order 3" FIXED, .05, PETSC_TRUE},
    {"bdf, adaptive", "-ts_type bdf" ADAPTIVE, .3, PETSC_TRUE},
    {"alpha, fixed", "-ts_type alpha" FIXED, .05, PETSC_TRUE},
};
#define TYPES ((int)(sizeof(types) / sizeof(types[0])))

/* What the forward run showed, and how the pieces compare with it. */
typedef struct {
  Vec       state[MAXSTEPS];
  PetscReal time[MAXSTEPS];
  PetscInt  n, next, wrong, pieces;
} Seen;

static PetscErrorCode Same(Vec u, Vec v, PetscBool *same)
{
  PetscInt           n;
  const PetscScalar *a, *b;

  PetscFunctionBeginUser;
  PetscCall(VecGetLocalSize(u, &n));
  PetscCall(VecGetArrayRead(u, &a));
  PetscCall(VecGetArrayRead(v, &b));
  *same = (PetscBool)(!n || !memcmp(a, b, (size_t)n * sizeof(*a)));
  PetscCall(VecRestoreArrayRead(u, &a));
  PetscCall(VecRestoreArrayRead(v, &b));
  PetscFunctionReturn(0);
}

static PetscErrorCode Arrive(TS ts, PetscInt k, PetscReal t, Vec u, PetscInt stop, void *ctx)
{
  Seen *s = (Seen *)ctx;

  PetscFunctionBeginUser;
  (void)ts;
  if (k == 0) s->n = -1;
  if (k != s->n + 1 || stop >= 0) s->wrong++;
  PetscCheck(k < MAXSTEPS, PETSC_COMM_WORLD, PETSC_ERR_ARG_OUTOFRANGE, "More steps than the test has room for");
  if (!s->state[k]) PetscCall(VecDuplicate(u, &s->state[k]));
  PetscCall(VecCopy(u, s->state[k]));
  s->time[k] = t;
  s->n = s->next = k;
  PetscFunctionReturn(0);
}

/* lambda counts the pieces. */
static PetscErrorCode Piece(TS ts, const CostatePiece *p, void *ctx)
{
  Seen     *s = (Seen *)ctx;
  Vec      *lambda;
  PetscBool same = PETSC_FALSE;

  PetscFunctionBeginUser;
  if (p->step != s->next) s->wrong++;
  for (PetscInt i = 0; i < 2; i++) {
    PetscCall(Same(p->u[i], s->state[p->step - 1 + i], &same));
    if (!same || p->t[i] != s->time[p->step - 1 + i]) s->wrong++;
  }
  s->next = p->step - 1;
  s->pieces++;
  PetscCall(TSGetCostGradients(ts, NULL, &lambda, NULL));
  PetscCall(VecShift(lambda[0], 1));
  PetscFunctionReturn(0);
}

static PetscErrorCode Free(Seen *s)
{
  PetscFunctionBeginUser;
  for (PetscInt i = 0; i < MAXSTEPS; i++) PetscCall(VecDestroy(&s->state[i]));
  PetscFunctionReturn(0);
}

/* With the option -split. */
static PetscErrorCode Split(TS ts, App *app)
{
  PetscBool split = PETSC_FALSE;

  PetscFunctionBeginUser;
  PetscCall(PetscOptionsGetBool(NULL, NULL, "-split", &split, NULL));
  if (split) PetscCall(AppSplit(ts, app));
  PetscFunctionReturn(0);
}

/* A TS with a trajectory of ours that shows its steps. */
static PetscErrorCode Create(App *app, const char options[], const char trajectory[], Seen *s)
{
  TSTrajectory tj;

  PetscFunctionBeginUser;
  PetscCall(PetscOptionsClear(NULL));
  PetscCall(PetscOptionsInsertString(NULL, options));
  PetscCall(PetscOptionsInsertString(NULL, "-ts_trajectory_type costate"));
  PetscCall(PetscOptionsInsertString(NULL, trajectory));
  if (!app->setup) app->setup = Split;
  PetscCall(AppCreate(app));
  PetscCall(TSGetTrajectory(app->ts, &tj));
  PetscCall(TSTrajectoryCostateSetReverse(tj, Piece, s));
  PetscCall(TSTrajectoryCostateSetArrival(tj, Arrive, s));
  PetscFunctionReturn(0);
}

/* Backward from the end: every piece once, in order, as it was; and nobody but us touched lambda. */
static PetscErrorCode Sweep(App *app, Seen *s, PetscBool *good)
{
  PetscReal min, max;
  PetscInt  wrong;
  PetscBool more = PETSC_TRUE;

  PetscFunctionBeginUser;
  s->next   = s->n;
  s->pieces = 0;
  PetscCall(VecSet(app->lambda, 7));
  PetscCall(VecZeroEntries(app->mu));
  PetscCall(TSSetCostGradients(app->ts, 1, &app->lambda, &app->mu));
  PetscCall(TSSetStepNumber(app->ts, s->n));
  app->solve = app->solves - 1;
  app->left  = app->steps[app->solve];
  while (more) PetscCall(AppBackwardSome(app, PETSC_MAX_INT, &more));
  PetscCall(VecMin(app->lambda, NULL, &min));
  PetscCall(VecMax(app->lambda, NULL, &max));
  PetscCallMPI(MPI_Allreduce(&s->wrong, &wrong, 1, MPIU_INT, MPI_SUM, PETSC_COMM_WORLD));
  *good = (PetscBool)(!wrong && s->pieces == s->n && s->n > 3 && min == (PetscReal)(7 + s->n) && max == min);
  PetscFunctionReturn(0);
}

/* Two lines: the pieces under a budget, and again after a second run. */
static PetscErrorCode Pieces(const Type *type, const char budget[], PetscBool enough)
{
  App              app     = AppDefault();
  Seen             s       = {0};
  PetscBool        good[3] = {PETSC_FALSE, PETSC_TRUE, PETSC_FALSE};
  AppResult        res     = {0};
  CostateTrajStats stats;
  TSTrajectory     tj;
  char             trajectory[2 * PETSC_MAX_PATH_LEN];

  PetscFunctionBeginUser;
  PetscCall(PetscSNPrintf(trajectory, sizeof(trajectory), "-ts_trajectory_costate_ram %s", budget));
  app.dt = type->dt;
  PetscCall(Create(&app, type->options, trajectory, &s));
  PetscCall(AppForward(&app, &res));
  PetscCall(Sweep(&app, &s, &good[0]));
  PetscCall(TSGetTrajectory(app.ts, &tj));
  PetscCall(TSTrajectoryCostateGetStats(tj, &stats));
  T_OK(good[0] && stats.steps == s.n && stats.peak <= stats.budget && (enough ? !stats.replayed : stats.replayed > 0),
       "%s, budget %s: %d pieces, bit for bit (%d steps repeated, %d rejected)", type->name, budget, (int)s.pieces,
       (int)stats.replayed, (int)stats.rejections);
  if (!type->whole) {
    PetscCall(Sweep(&app, &s, &good[1])); /* the run is repeated for it */
  } else {
    PetscErrorCode err;

    REFUSED(Sweep(&app, &s, &good[1]), err);
    good[1] = (PetscBool)(err && strstr(message, "call TSSolve() again"));
  }
  PetscCall(AppForward(&app, &res));
  PetscCall(Sweep(&app, &s, &good[2]));
  T_OK(good[1] && good[2], "%s, budget %s: again, and after another TSSolve()", type->name, budget);
  PetscCall(AppDestroy(&app));
  PetscCall(Free(&s));
  PetscFunctionReturn(0);
}

/* A run that ends in an error, in the forward run or in the sweep, with a sentence that says so. */
static PetscErrorCode Refusal(const Type *type, PetscReal T, const char trajectory[], PetscInt last, const char text[])
{
  App            app = AppDefault();
  Seen           s   = {0};
  AppResult      res = {0};
  PetscErrorCode err;

  PetscFunctionBeginUser;
  app.dt = type->dt;
  app.T  = T;
  PetscCall(Create(&app, type->options, trajectory, &s));
  REFUSED(AppForward(&app, &res), err);
  T_OK(err && strstr(message, text) && s.n <= last && !s.wrong, "%s, %s: refused at state %d of at most %d, \"%s\"",
       type->name, trajectory, (int)s.n, (int)last, err ? text : "no error");
  PetscCall(AppDestroy(&app));
  PetscCall(Free(&s));
  PetscFunctionReturn(0);
}

/* What cannot be repeated goes to disk as a whole, or the run is refused as soon as that is known. */
static PetscErrorCode Whole(void)
{
  const Type *fixed = &types[TYPES - 3], *adaptive = &types[TYPES - 2];
  char        disk[2 * PETSC_MAX_PATH_LEN];

  PetscFunctionBeginUser;
  for (int ram = 1; ram < 8; ram += 2) {
    PetscCall(PetscSNPrintf(disk, sizeof(disk), "%d -ts_trajectory_costate_hdf5 %s/whole", ram, run_dir));
    PetscCall(Pieces(fixed, disk, PETSC_TRUE));
    PetscCall(Pieces(adaptive, disk, PETSC_TRUE));
  }
  PetscCall(Refusal(fixed, 1, "-ts_trajectory_costate_ram 5", 1, "take 20 states of"));
  PetscCall(Refusal(adaptive, 1, "-ts_trajectory_costate_ram 5", 7, "every state has to be kept"));
  PetscCall(PetscSNPrintf(disk, sizeof(disk),
                          "-ts_trajectory_costate_ram 3 -ts_trajectory_costate_hdf5 %s/whole "
                          "-ts_trajectory_costate_hdf5_limit 6",
                          run_dir));
  PetscCall(Refusal(fixed, 1, disk, 1, "holds 9 states, memory and disk together"));
  PetscCall(Refusal(adaptive, 1, disk, 12, "every state has to be kept"));
  PetscCall(PetscSNPrintf(disk, sizeof(disk),
                          "-ts_trajectory_costate_hdf5 %s/whole -ts_trajectory_costate_commit always", run_dir));
  PetscCall(Refusal(fixed, 1, disk, 0, "of TS type bdf cannot be resumed"));
  PetscFunctionReturn(0);
}

/* Events, whose states are kept, and several TSSolve(). */
static PetscErrorCode Boundaries(void)
{
  static const int which[] = {0, 3, 5, 11, 14, TYPES - 2};

  PetscFunctionBeginUser;
  for (size_t i = 0; i < sizeof(which) / sizeof(which[0]); i++) {
    for (int solves = 0; solves < 2; solves++) {
      const Type *type = &types[which[i]];
      App         app  = AppDefault();
      Seen        s    = {0};
      AppResult   res  = {0};
      PetscBool   good[2];

      app.dt     = type->dt;
      app.event  = (PetscBool)!solves;
      app.solves = solves ? 3 : 1;
      PetscCall(Create(&app, type->options,
                       type->whole ? "-ts_trajectory_costate_ram 1000" : "-ts_trajectory_costate_ram 5", &s));
      for (int run = 0; run < 2; run++) {
        PetscCall(AppForward(&app, &res));
        PetscCall(Sweep(&app, &s, &good[run]));
      }
      T_OK(good[0] && good[1], "%s, %s: %d pieces, bit for bit, twice", type->name,
           solves ? "three TSSolve()" : "an event", (int)s.n);
      PetscCall(AppDestroy(&app));
      PetscCall(Free(&s));
    }
  }
  PetscFunctionReturn(0);
}

/* An event at t = .37 that halves the state, and, if it is so minded, takes that back on the way back. */
typedef struct {
  Seen      seen;
  Vec       before;
  PetscReal t;
  PetscInt  right, left;
  PetscBool back;
} Halving;

static PetscErrorCode HalveAt(TS ts, PetscReal t, Vec U, PetscScalar *f, void *ctx)
{
  PetscFunctionBeginUser;
  (void)ts;
  (void)U;
  (void)ctx;
  f[0] = t - .37;
  PetscFunctionReturn(0);
}

static PetscErrorCode Halve(TS ts, PetscInt n, PetscInt list[], PetscReal t, Vec U, PetscBool forward, void *ctx)
{
  Halving *h = (Halving *)ctx;

  PetscFunctionBeginUser;
  (void)n;
  (void)list;
  if (forward) {
    if (!h->before) PetscCall(VecDuplicate(U, &h->before));
    PetscCall(VecCopy(U, h->before));
    h->t = t;
    PetscCall(VecScale(U, .5));
    PetscCall(TSRestartStep(ts));
  } else {
    PetscBool after;
    PetscInt  k;

    PetscCall(TSGetStepNumber(ts, &k));
    PetscCall(Same(U, h->seen.state[k], &after));
    if (!after) h->seen.wrong++; /* it is given the state as it left it */
    if (h->back) PetscCall(VecScale(U, 2));
  }
  PetscFunctionReturn(0);
}

static PetscErrorCode HalvedPiece(TS ts, const CostatePiece *p, void *ctx)
{
  Halving  *h = (Halving *)ctx;
  PetscBool same;
  Vec       u;

  PetscFunctionBeginUser;
  PetscCall(Same(p->u[0], h->seen.state[p->step - 1], &same));
  if (!same) h->seen.wrong++;
  if (p->t[0] == h->t) h->left++;
  PetscCall(Same(p->u[1], p->t[1] == h->t ? h->before : h->seen.state[p->step], &same));
  if (!same) h->seen.wrong++;
  if (p->t[1] == h->t) h->right++;
  PetscCall(TSGetSolution(ts, &u));
  PetscCall(Same(p->u[1], u, &same));
  if (!same) h->seen.wrong++;
  h->seen.pieces++;
  PetscFunctionReturn(0);
}

/* A step that ends with an event that changes the state ends before the change, and the next begins after it. */
static PetscErrorCode Changes(void)
{
  static const int which[] = {0, 3, 4, 11, TYPES - 2};

  PetscFunctionBeginUser;
  for (size_t i = 0; i < sizeof(which) / sizeof(which[0]); i++)
    for (int back = 0; back < 4; back++) {
      const Type  *type = &types[which[i]];
      App          app  = AppDefault();
      Halving      h    = {.back = (PetscBool)(back % 2)};
      AppResult    res  = {0};
      PetscInt     dir  = 0;
      PetscBool    end  = (PetscBool)(back > 1);
      TSTrajectory tj;
      char         disk[2 * PETSC_MAX_PATH_LEN];

      app.dt = type->dt;
      PetscCall(PetscSNPrintf(disk, sizeof(disk), "-ts_trajectory_costate_ram %d -ts_trajectory_costate_hdf5 %s/half",
                              3 + back, run_dir));
      PetscCall(Create(&app, type->options, disk, &h.seen));
      PetscCall(TSGetTrajectory(app.ts, &tj));
      PetscCall(TSTrajectoryCostateSetReverse(tj, HalvedPiece, &h));
      PetscCall(TSSetEventHandler(app.ts, 1, &dir, &end, HalveAt, Halve, &h));
      PetscCall(AppForward(&app, &res));
      PetscCall(TSSetCostGradients(app.ts, 1, &app.lambda, NULL));
      PetscCall(TSAdjointSolve(app.ts));
      T_OK(!h.seen.wrong && h.right == 1 && h.left == !end && h.seen.pieces == h.seen.n,
           "%s: an event that changes the state%s%s: %d pieces", type->name, end ? ", at the end" : "",
           back % 2 ? ", taken back" : "", (int)h.seen.n);
      PetscCall(VecDestroy(&h.before));
      PetscCall(AppDestroy(&app));
      PetscCall(Free(&h.seen));
    }
  PetscFunctionReturn(0);
}

static PetscErrorCode NoIntegrand(TS ts, PetscReal t, Vec U, Vec R, void *ctx)
{
  PetscFunctionBeginUser;
  (void)ts;
  (void)t;
  (void)U;
  PetscCall(VecSet(R, 1));
  ++*(PetscInt *)ctx;
  PetscFunctionReturn(0);
}

/* A quadrature TS whose integral would be taken on the way back is left to the function. */
static PetscErrorCode Integral(const Type *type)
{
  App       app   = AppDefault();
  Seen      s     = {0};
  AppResult res   = {0};
  PetscInt  calls = 0;
  PetscBool good;
  TS        quad;
  Vec       q;
  Mat       J;

  PetscFunctionBeginUser;
  app.dt = type->dt;
  PetscCall(Create(&app, type->options, "-ts_trajectory_costate_ram 1000", &s));
  PetscCall(TSCreateQuadratureTS(app.ts, PETSC_FALSE, &quad));
  PetscCall(VecCreateMPI(PETSC_COMM_WORLD, PETSC_DECIDE, 1, &q));
  PetscCall(VecZeroEntries(q));
  PetscCall(TSSetSolution(quad, q));
  PetscCall(TSSetRHSFunction(quad, NULL, NoIntegrand, &calls));
  PetscCall(MatCreateDense(PETSC_COMM_WORLD, PETSC_DECIDE, PETSC_DECIDE, 2 * app.points, 1, NULL, &J));
  PetscCall(TSSetRHSJacobian(quad, J, J, AppIntegrandU, NULL));
  PetscCall(AppForward(&app, &res));
  PetscCall(Sweep(&app, &s, &good));
  T_OK(good && !calls, "%s: a quadrature TS is left to the function", type->name);
  PetscCall(MatDestroy(&J));
  PetscCall(VecDestroy(&q));
  PetscCall(AppDestroy(&app));
  PetscCall(Free(&s));
  PetscFunctionReturn(0);
}

static PetscErrorCode Stop(TS ts, const CostatePiece *p, void *ctx)
{
  PetscFunctionBeginUser;
  ++*(PetscInt *)ctx;
  if (p->step == 17) PetscCall(TSSetConvergedReason(ts, TS_DIVERGED_STEP_REJECTED));
  PetscFunctionReturn(0);
}

/* The function can be taken away again, and it can end the sweep. */
static PetscErrorCode TakeAway(void)
{
  App            app[2] = {AppDefault(), AppDefault()};
  Seen           s[2]   = {{.n = 0}, {.n = 0}};
  AppResult      res[2] = {{0}, {0}};
  PetscErrorCode err;
  PetscInt       calls = 0;
  PetscBool      same;
  TSTrajectory   tj;

  PetscFunctionBeginUser;
  /* rk: the discrete adjoint afterwards has the bits that it has without all this */
  for (int i = 0; i < 2; i++) {
    PetscCall(Create(&app[i], types[2].options, "-ts_trajectory_costate_ram 4", &s[i]));
    PetscCall(TSGetTrajectory(app[i].ts, &tj));
    if (!i) {
      PetscCall(AppForward(&app[i], &res[i]));
      PetscCall(Sweep(&app[i], &s[i], &same));
      PetscCall(AppForward(&app[i], &res[i]));
      PetscCall(TSTrajectoryCostateSetReverse(tj, NULL, NULL));
      PetscCall(VecCopy(app[i].U, app[i].lambda));
      REFUSED(TSAdjointSolve(app[i].ts), err);
      T_OK(err && strstr(message, "call TSSolve() again"), "rk: a run made for the function is refused without it");
    } else
      PetscCall(TSTrajectoryCostateSetReverse(tj, NULL, NULL));
    PetscCall(AppForward(&app[i], &res[i]));
    PetscCall(VecCopy(app[i].U, app[i].lambda));
    PetscCall(VecZeroEntries(app[i].mu));
    PetscCall(TSSetCostGradients(app[i].ts, 1, &app[i].lambda, &app[i].mu));
    PetscCall(TSAdjointSolve(app[i].ts));
  }
  PetscCall(Same(app[0].lambda, app[1].lambda, &same));
  T_OK(same, "rk: without the function the discrete adjoint is what it was");
  for (int i = 0; i < 2; i++) PetscCall(AppDestroy(&app[i]));

  PetscCall(Create(&app[0], types[TYPES - 3].options, "-ts_trajectory_costate_ram 1000", &s[0]));
  PetscCall(TSGetTrajectory(app[0].ts, &tj));
  PetscCall(AppForward(&app[0], &res[0]));
  PetscCall(TSTrajectoryCostateSetReverse(tj, Stop, &calls));
  PetscCall(TSSetCostGradients(app[0].ts, 1, &app[0].lambda, NULL));
  REFUSED(TSAdjointSolve(app[0].ts), err);
  T_OK(err == PETSC_ERR_NOT_CONVERGED && calls == 4, "bdf: the function ends the sweep with a reason");
  PetscCall(TSTrajectoryCostateSetReverse(tj, NULL, NULL));
  REFUSED(AppForward(&app[0], &res[0]), err);
  T_OK(err && strstr(message, "has no adjoint step"), "bdf: without the function it has no adjoint step, as before");
  PetscCall(AppDestroy(&app[0]));
  for (int i = 0; i < 2; i++) PetscCall(Free(&s[i]));
  PetscFunctionReturn(0);
}

/* TSSetRHSJacobianP() may come after TSSetUp(), which the theta methods of PETSc do not stand. */
static PetscErrorCode Late(void)
{
  Vec       mu[2];
  PetscBool same;

  PetscFunctionBeginUser;
  for (int late = 0; late < 2; late++) {
    App          app = AppDefault();
    Seen         s   = {0};
    AppResult    res = {0};
    TSTrajectory tj;

    app.parameters = (PetscBool)!late;
    PetscCall(Create(&app, types[4].options, "-ts_trajectory_costate_ram 1000", &s));
    PetscCall(TSGetTrajectory(app.ts, &tj));
    PetscCall(TSTrajectoryCostateSetReverse(tj, NULL, NULL));
    PetscCall(AppForward(&app, &res));
    if (late) PetscCall(TSSetRHSJacobianP(app.ts, app.Jp, AppJacobianP, &app));
    PetscCall(VecCopy(app.U, app.lambda));
    PetscCall(VecZeroEntries(app.mu));
    PetscCall(TSSetCostGradients(app.ts, 1, &app.lambda, &app.mu));
    PetscCall(TSAdjointSolve(app.ts));
    PetscCall(VecDuplicate(app.mu, &mu[late]));
    PetscCall(VecCopy(app.mu, mu[late]));
    PetscCall(AppDestroy(&app));
    PetscCall(Free(&s));
  }
  PetscCall(Same(mu[0], mu[1], &same));
  T_OK(same, "cn: TSSetRHSJacobianP() after TSSolve() gives the same mu");
  for (int i = 0; i < 2; i++) PetscCall(VecDestroy(&mu[i]));
  PetscFunctionReturn(0);
}

/* A run of which nothing is kept shows its states and does not go back. */
static PetscErrorCode Keep(void)
{
  static const int which[] = {1, 5, TYPES - 2};

  PetscFunctionBeginUser;
  for (size_t i = 0; i < sizeof(which) / sizeof(which[0]); i++) {
    const Type      *type = &types[which[i]];
    App              app  = AppDefault();
    Seen             s    = {0};
    AppResult        res  = {0};
    PetscErrorCode   err;
    TSTrajectory     tj;
    CostateTrajStats stats;
    PetscReal        t;
    PetscBool        good;

    app.dt = type->dt;
    PetscCall(Create(&app, type->options, "-ts_trajectory_costate_ram 1", &s));
    PetscCall(TSGetTrajectory(app.ts, &tj));
    PetscCall(TSTrajectoryCostateSetReverse(tj, NULL, NULL));
    PetscCall(TSTrajectoryCostateSetKeep(tj, PETSC_FALSE));
    PetscCall(AppForward(&app, &res));
    PetscCall(TSTrajectoryCostateGetStats(tj, &stats));
    T_OK(s.n == res.steps && !s.wrong && stats.steps == s.n && !stats.peak && stats.rejections == res.rejections,
         "%s: nothing is kept, %d states are shown", type->name, (int)s.n + 1);
    PetscCall(TSSetCostGradients(app.ts, 1, &app.lambda, &app.mu));
    REFUSED(TSAdjointSolve(app.ts), err);
    good = (PetscBool)(err && strstr(message, "no state of this run was kept"));
    REFUSED(TSTrajectoryGet(tj, app.ts, 2, &t), err);
    T_OK(good && err && strstr(message, "no state of this run was kept"), "%s: TSAdjointSolve() is refused",
         type->name);
    PetscCall(TSTrajectoryCostateSetKeep(tj, PETSC_TRUE));
    PetscCall(TSTrajectoryCostateSetReverse(tj, Piece, &s));
    if (!type->whole) {
      PetscCall(PetscOptionsInsertString(NULL, "-ts_trajectory_costate_ram 3"));
      PetscCall(TSTrajectoryCostateSetRAM(tj, "3"));
    } else
      PetscCall(TSTrajectoryCostateSetRAM(tj, "1000"));
    PetscCall(AppForward(&app, &res));
    PetscCall(Sweep(&app, &s, &good));
    T_OK(good, "%s: the next run is kept again", type->name);
    PetscCall(AppDestroy(&app));
    PetscCall(Free(&s));
  }
  PetscFunctionReturn(0);
}

int main(int argc, char **argv)
{
  int lines = 8 * 2 + 5 + 12 + 20 + 3 + 4 + 1 + 9;

  for (int i = 0; i < TYPES; i++) lines += types[i].whole ? 2 : 6;
  PetscCall(RunBegin(&argc, &argv, lines));
  for (int i = 0; i < TYPES; i++) {
    if (!types[i].whole) PetscCall(Pieces(&types[i], "2", PETSC_FALSE));
    if (!types[i].whole) PetscCall(Pieces(&types[i], "5", PETSC_FALSE));
    PetscCall(Pieces(&types[i], "1000", PETSC_TRUE));
  }
  PetscCall(Whole());
  PetscCall(Boundaries());
  PetscCall(Changes());
  PetscCall(Integral(&types[0]));
  PetscCall(Integral(&types[4]));
  PetscCall(Integral(&types[TYPES - 2]));
  PetscCall(TakeAway());
  PetscCall(Late());
  PetscCall(Keep());
  PetscCall(RunEnd());
  return done();
}
