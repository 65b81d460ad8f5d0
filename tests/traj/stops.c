/* SPDX-License-Identifier: BSD-2-Clause */
/* ranks: 1 2 */
/*
  The forward run lands on the times that it was given, goes on with the steps that it would have taken, and is repeated
  and reversed as any other.  Steps whose grid has the times anyway stay as they are.
*/
#include "refused.h"

#define MAXSTEPS 4000
#define FIXED    " -ts_adapt_type none"
#define ADAPTIVE " -ts_adapt_type basic -ts_rtol 1e-5 -ts_atol 1e-5"
#define BUDGET   "-ts_trajectory_costate_ram 1000"

typedef struct {
  const char *name, *options;
  PetscReal   dt;
  PetscBool   adjoint; /* it has one */
} Type;

static const Type types[] = {
    {"rk 4, fixed", "-ts_type rk -ts_rk_type 4" FIXED, .07, PETSC_TRUE},
    {"rk 3bs (FSAL), fixed", "-ts_type rk -ts_rk_type 3bs" FIXED, .07, PETSC_TRUE},
    {"rk 3bs (FSAL), adaptive", "-ts_type rk -ts_rk_type 3bs" ADAPTIVE, .3, PETSC_TRUE},
    {"rk 5dp (FSAL), adaptive", "-ts_type rk -ts_rk_type 5dp -ts_adapt_type dsp -ts_rtol 1e-8 -ts_atol 1e-8", .3,
     PETSC_TRUE},
    {"cn, fixed", "-ts_type cn" FIXED, .07, PETSC_TRUE},
    {"cn, adaptive", "-ts_type cn -ts_theta_adapt" ADAPTIVE, .1, PETSC_TRUE},
    {"theta .6, fixed", "-ts_type theta -ts_theta_theta .6" FIXED, .07, PETSC_TRUE},
    {"beuler, fixed", "-ts_type beuler" FIXED, .07, PETSC_TRUE},
    {"euler, fixed", "-ts_type euler" FIXED, .03, PETSC_FALSE},
    {"ssp, fixed", "-ts_type ssp" FIXED, .07, PETSC_FALSE},
    {"rosw, adaptive", "-ts_type rosw" ADAPTIVE, .6, PETSC_FALSE},
    {"arkimex, adaptive", "-ts_type arkimex -ts_arkimex_fully_implicit" ADAPTIVE, .6, PETSC_FALSE},
    {"bdf, fixed", "-ts_type bdf" FIXED, .07, PETSC_FALSE},
    {"bdf, adaptive", "-ts_type bdf" ADAPTIVE, .3, PETSC_FALSE},
};
#define TYPES ((int)(sizeof(types) / sizeof(types[0])))

static const PetscReal stops[] = {0, .123, .3, .301, .75, 1};
#define STOPS ((int)(sizeof(stops) / sizeof(stops[0])))

typedef struct {
  PetscInt  n, met, wrong, order;
  PetscReal time[MAXSTEPS];
  PetscInt  stop[MAXSTEPS];
} Seen;

static PetscErrorCode Arrive(TS ts, PetscInt k, PetscReal t, Vec u, PetscInt stop, void *ctx)
{
  Seen *s = (Seen *)ctx;

  PetscFunctionBeginUser;
  (void)ts;
  (void)u;
  if (k == 0) s->n = -1;
  if (k != s->n + 1 || k >= MAXSTEPS) s->wrong++;
  if (k < MAXSTEPS) {
    s->time[k] = t;
    s->stop[k] = stop;
    s->n       = k;
  }
  PetscFunctionReturn(0);
}

static PetscErrorCode Nothing(TS ts, const CostatePiece *p, void *ctx)
{
  PetscFunctionBeginUser;
  (void)ts;
  (void)p;
  (void)ctx;
  PetscFunctionReturn(0);
}

static PetscErrorCode Create(App *app, const Type *type, const char more[], PetscInt n, const PetscReal times[],
                             Seen *s)
{
  TSTrajectory tj;

  PetscFunctionBeginUser;
  app->dt = type->dt;
  PetscCall(PetscOptionsClear(NULL));
  PetscCall(PetscOptionsInsertString(NULL, type->options));
  PetscCall(PetscOptionsInsertString(NULL, "-ts_trajectory_type costate"));
  PetscCall(PetscOptionsInsertString(NULL, more));
  PetscCall(AppCreate(app));
  PetscCall(TSGetTrajectory(app->ts, &tj));
  PetscCall(TSTrajectoryCostateSetStops(tj, n, times));
  PetscCall(TSTrajectoryCostateSetArrival(tj, Arrive, s));
  if (!type->adjoint) PetscCall(TSTrajectoryCostateSetReverse(tj, Nothing, NULL));
  PetscFunctionReturn(0);
}

/* Whether each stop was met, and only these; those behind the end have step -1. */
static PetscErrorCode Met(TS ts, const Seen *s, PetscInt n, const PetscReal times[], PetscBool *good)
{
  TSTrajectory tj;
  PetscInt     met = 0;

  PetscFunctionBeginUser;
  PetscCall(TSGetTrajectory(ts, &tj));
  *good = (PetscBool)!s->wrong;
  for (PetscInt i = 0; i < n; i++) {
    PetscInt  k;
    PetscReal t;

    PetscCall(TSTrajectoryCostateGetStop(tj, i, &k, &t));
    if (k < 0 && times[i] > s->time[s->n]) continue;
    met++;
    if (k < 0 || k > s->n || s->stop[k] != i || s->time[k] != t || PetscAbsReal(t - times[i]) > 1e-12)
      *good = PETSC_FALSE;
  }
  for (PetscInt k = 0; k <= s->n; k++) met -= s->stop[k] >= 0;
  if (met) *good = PETSC_FALSE;
  PetscFunctionReturn(0);
}

/* Of a run with fixed steps: every one that does not end at a stop, and is not one of the last two, has size h. */
static PetscBool FixedKept(const Seen *s, PetscReal h)
{
  for (PetscInt k = 1; k < s->n - 1; k++)
    if (s->stop[k] < 0 && PetscAbsReal(s->time[k] - s->time[k - 1] - h) > 1e-12) return PETSC_FALSE;
  return PETSC_TRUE;
}

/* The smallest step but those between two stops that are closer than a step. */
static PetscReal Smallest(const Seen *s)
{
  PetscReal h = 1;

  for (PetscInt k = 1; k <= s->n; k++)
    if (s->stop[k] < 0 || s->stop[k - 1] < 0) h = PetscMin(h, s->time[k] - s->time[k - 1]);
  return h;
}

static PetscErrorCode Land(const Type *type)
{
  static Seen  s, without;
  App          app   = AppDefault();
  AppResult    res   = {0};
  PetscBool    fixed = (PetscBool)(strstr(type->options, FIXED) != NULL), good[2];
  TSTrajectory tj;

  PetscFunctionBeginUser;
  without.wrong = s.wrong = 0;
  PetscCall(Create(&app, type, BUDGET, 0, NULL, &without));
  PetscCall(AppForward(&app, &res));
  PetscCall(AppDestroy(&app));
  app = AppDefault();
  PetscCall(Create(&app, type, BUDGET, STOPS, stops, &s));
  for (int run = 0; run < 2; run++) {
    PetscCall(TSGetTrajectory(app.ts, &tj));
    if (run) PetscCall(CostateTrajectoryForgetTimes(tj)); /* as PETSc's debugging builds demand */
    PetscCall(AppForward(&app, &res));
    PetscCall(Met(app.ts, &s, STOPS, stops, &good[run]));
  }
  T_OK(good[0] && good[1], "%s: lands on %d stops, twice (%d steps, %d rejected)", type->name, STOPS, (int)s.n,
       (int)res.rejections);
  T_OK(s.n <= without.n + (fixed ? 1 : 2) * (STOPS - 1) &&
           (fixed ? FixedKept(&s, type->dt) : Smallest(&s) > .2 * Smallest(&without)),
       "%s: %d steps instead of %d, the smallest %.2g instead of %.2g", type->name, (int)s.n, (int)without.n,
       (double)Smallest(&s), (double)Smallest(&without));
  PetscCall(AppDestroy(&app));
  PetscFunctionReturn(0);
}

/* The grid has the stops: no step more, and times that differ in the last bits at most. */
static PetscErrorCode Grid(const Type *type, PetscInt steps, PetscInt every, PetscInt solves)
{
  static Seen s, without;
  App         app = AppDefault();
  AppResult   res = {0};
  PetscReal   times[64], most = 0;
  PetscInt    n = 0;
  PetscBool   good;
  Type        mine = *type;

  PetscFunctionBeginUser;
  mine.dt = 1 / (PetscReal)steps;
  for (PetscInt k = 0; k <= steps; k += every) times[n++] = (PetscReal)k / (PetscReal)steps;
  without.wrong = s.wrong = 0;
  app.solves              = solves;
  PetscCall(Create(&app, &mine, BUDGET "0", 0, NULL, &without));
  PetscCall(AppForward(&app, &res));
  PetscCall(AppDestroy(&app));
  app        = AppDefault();
  app.solves = solves;
  PetscCall(Create(&app, &mine, BUDGET "0", n, times, &s));
  PetscCall(AppForward(&app, &res));
  PetscCall(Met(app.ts, &s, n, times, &good));
  for (PetscInt k = 0; k <= s.n; k++) most = PetscMax(most, PetscAbsReal(s.time[k] - without.time[k]));
  T_OK(good && s.n == without.n && most < 1e-13,
       "%s: %d stops on the grid of %d steps, %d TSSolve(): as many steps, times differ by %.1g", type->name, (int)n,
       (int)s.n, (int)solves, (double)most);
  PetscCall(AppDestroy(&app));
  PetscFunctionReturn(0);
}

/* The steps are not quite the n-th part of what is between two stops: nothing is taken to make up for that. */
static PetscErrorCode Drift(const Type *type, PetscReal off)
{
  static Seen s;
  App         app = AppDefault();
  AppResult   res = {0};
  PetscReal   times[11];
  PetscBool   good;
  Type        mine = *type;

  PetscFunctionBeginUser;
  mine.dt = (PetscReal).01 * (1 + off);
  for (PetscInt i = 0; i <= 10; i++) times[i] = (PetscReal)i / 10;
  s.wrong = 0;
  PetscCall(Create(&app, &mine, BUDGET, 11, times, &s));
  PetscCall(AppForward(&app, &res));
  PetscCall(Met(app.ts, &s, 11, times, &good));
  T_OK(good && s.n == 100, "%s: steps that are %.0e too long for the stops: %d of them", type->name, (double)off,
       (int)s.n);
  PetscCall(AppDestroy(&app));
  PetscFunctionReturn(0);
}

/* lambda under a small budget and a large one. */
static PetscErrorCode Adjoint(const Type *type, PetscBool event)
{
  static Seen  s;
  PetscScalar *lambda[2];
  PetscInt     n;
  PetscBool    same, good;
  double       replayed = 0;

  PetscFunctionBeginUser;
  for (int i = 0; i < 2; i++) {
    App                app = AppDefault();
    AppResult          res = {0};
    CostateTrajStats   stats;
    TSTrajectory       tj;
    const PetscScalar *a;

    app.event = event;
    s.wrong   = 0;
    PetscCall(Create(&app, type, i ? BUDGET : "-ts_trajectory_costate_ram 4", STOPS, stops, &s));
    PetscCall(AppForward(&app, &res));
    PetscCall(Met(app.ts, &s, STOPS, stops, &good));
    PetscCall(VecCopy(app.U, app.lambda));
    PetscCall(VecZeroEntries(app.mu));
    PetscCall(TSSetCostGradients(app.ts, 1, &app.lambda, &app.mu));
    PetscCall(TSAdjointSolve(app.ts));
    PetscCall(TSGetTrajectory(app.ts, &tj));
    PetscCall(TSTrajectoryCostateGetStats(tj, &stats));
    if (!i) replayed = (double)stats.replayed;
    PetscCall(VecGetLocalSize(app.lambda, &n));
    PetscCall(PetscMalloc1(n, &lambda[i]));
    PetscCall(VecGetArrayRead(app.lambda, &a));
    PetscCall(PetscArraycpy(lambda[i], a, n));
    PetscCall(VecRestoreArrayRead(app.lambda, &a));
    PetscCall(AppDestroy(&app));
  }
  same = (PetscBool)!memcmp(lambda[0], lambda[1], (size_t)n * sizeof(PetscScalar));
  T_OK(same && good && replayed > 0, "%s%s: the same bits of lambda where %g steps are repeated", type->name,
       event ? ", an event between stops" : "", replayed);
  for (int i = 0; i < 2; i++) PetscCall(PetscFree(lambda[i]));
  PetscFunctionReturn(0);
}

/* The cost, and its derivative in a direction, of a run with stops. */
static PetscErrorCode Cost(const Type *type, PetscReal amplitude, PetscReal *cost, PetscReal *slope)
{
  static Seen s;
  App         app  = AppDefault();
  AppResult   res  = {0};
  const char *seed = getenv("SEED");
  PetscInt    lo, hi;
  PetscScalar dot;
  Vec         d;

  PetscFunctionBeginUser;
  app.amplitude = amplitude;
  app.seed      = seed ? atoi(seed) : 1;
  PetscCall(Create(&app, type, BUDGET " -snes_rtol 1e-13 -snes_stol 1e-13 -ksp_rtol 1e-13", STOPS, stops, &s));
  PetscCall(AppForward(&app, &res));
  *cost = res.cost;
  if (slope) {
    PetscCall(VecCopy(app.U, app.lambda));
    PetscCall(VecConjugate(app.lambda));
    PetscCall(VecZeroEntries(app.mu));
    PetscCall(TSSetCostGradients(app.ts, 1, &app.lambda, &app.mu));
    PetscCall(TSAdjointSolve(app.ts));
    PetscCall(VecDuplicate(app.lambda, &d));
    PetscCall(VecGetOwnershipRange(d, &lo, &hi));
    for (PetscInt i = lo; i < hi; i++) PetscCall(VecSetValue(d, i, APP_ASIDE * AppDirection(&app, i), INSERT_VALUES));
    PetscCall(VecAssemblyBegin(d));
    PetscCall(VecAssemblyEnd(d));
    PetscCall(VecTDot(app.lambda, d, &dot));
    PetscCall(VecDestroy(&d));
    *slope = PetscRealPart(dot);
  }
  PetscCall(AppDestroy(&app));
  PetscFunctionReturn(0);
}

/* The least order over the best three consecutive halvings: at large eps the third derivative bends it in some
 * directions. */
static PetscErrorCode Taylor(const Type *type)
{
  PetscReal cost, slope, eps = 1e-2, r[9], order = 0;

  PetscFunctionBeginUser;
  PetscCall(Cost(type, 0, &cost, &slope));
  for (int i = 0; i < 9; i++, eps /= 2) {
    PetscReal c;

    PetscCall(Cost(type, eps, &c, NULL));
    r[i] = PetscAbsReal(c - cost - eps * slope);
  }
  for (int i = 3; i < 9; i++) {
    PetscReal least = 9;

    for (int j = i - 2; j <= i; j++) least = PetscMin(least, PetscLog2Real(r[j - 1] / r[j]));
    order = PetscMax(order, least);
  }
  T_OK(order > 1.98, "%s: Taylor remainder of a run with stops has order %.3f", type->name, (double)order);
  PetscFunctionReturn(0);
}

/* Steps are longer than what is left to the end, or there are span times, or the run ends before. */
static PetscErrorCode Ends(void)
{
  static Seen     s;
  const PetscReal span[] = {0, .4, .8, 1}, three[] = {.2, .5, 1}, two[] = {.33, .77};
  PetscBool       good;
  Vec            *sols;
  PetscInt        nsols, k;
  PetscReal       t;
  TSTrajectory    tj;

  PetscFunctionBeginUser;
  for (int i = 0; i < TYPES; i += 3) {
    App       app = AppDefault();
    AppResult res = {0};

    s.wrong = 0;
    PetscCall(Create(&app, &types[i], BUDGET, 3, three, &s));
    PetscCall(TSSetExactFinalTime(app.ts, TS_EXACTFINALTIME_STEPOVER));
    PetscCall(AppForward(&app, &res));
    PetscCall(Met(app.ts, &s, 3, three, &good));
    T_OK(good && s.time[s.n] >= 1 && s.time[s.n] < 1 + 1e-12, "%s, stepping over: ends with the last stop",
         types[i].name);
    PetscCall(AppDestroy(&app));

    app          = AppDefault();
    app.end      = END_STEPS;
    app.end_step = 4;
    PetscCall(Create(&app, &types[i], BUDGET, 3, three, &s));
    PetscCall(AppForward(&app, &res));
    PetscCall(Met(app.ts, &s, 3, three, &good));
    PetscCall(TSGetTrajectory(app.ts, &tj));
    PetscCall(TSTrajectoryCostateGetStop(tj, 2, &k, &t));
    T_OK(good && s.n == 4 && k == -1, "%s, ended after 4 steps: the last stop was not met", types[i].name);
    PetscCall(AppDestroy(&app));

    app = AppDefault();
    PetscCall(Create(&app, &types[i], BUDGET, 2, two, &s));
    PetscCall(TSSetTimeSpan(app.ts, 4, (PetscReal *)span));
    PetscCall(TSSetFromOptions(app.ts));
    PetscCall(AppForward(&app, &res));
    PetscCall(Met(app.ts, &s, 2, two, &good));
    PetscCall(COSTATE_TS_SOLUTIONS(app.ts, &nsols, &sols));
    T_OK(good && nsols == 4 && s.time[s.n] == 1, "%s, with a time span: both are met (%d of 4)", types[i].name,
         (int)nsols);
    PetscCall(AppDestroy(&app));
  }
  PetscFunctionReturn(0);
}

static PetscErrorCode BadInput(void)
{
  static Seen     s;
  const PetscReal down[] = {.5, .4}, twice[] = {.1, .1}, nan[] = {.1, (PetscReal)NAN}, early[] = {-.5, .5};
  App             app = AppDefault();
  AppResult       res = {0};
  TSTrajectory    tj;
  PetscErrorCode  err;
  PetscReal       t;
  PetscInt        k;

  PetscFunctionBeginUser;
  PetscCall(Create(&app, &types[0], BUDGET, 0, NULL, &s));
  PetscCall(TSGetTrajectory(app.ts, &tj));
  REFUSED(TSTrajectoryCostateSetStops(tj, 2, down), err);
  T_OK(err && strstr(message, "does not come after"), "stops that descend are refused");
  REFUSED(TSTrajectoryCostateSetStops(tj, 2, twice), err);
  T_OK(err && strstr(message, "each once"), "a stop that comes twice is refused");
  REFUSED(TSTrajectoryCostateSetStops(tj, 2, nan), err);
  T_OK(err && strstr(message, "is not a time"), "a stop that is not a number is refused");
  REFUSED(TSTrajectoryCostateSetStops(tj, 2, early), err);
  T_OK(!err, "what is before the beginning is known later");
  REFUSED(AppForward(&app, &res), err);
  T_OK(err && strstr(message, "but it is to stop at t = -0.5, which is before"), "and refused then");
  REFUSED(TSTrajectoryCostateGetStop(tj, 2, &k, &t), err);
  T_OK(err && strstr(message, "the last run had 2"), "a stop that there is not is refused");
  PetscCall(TSTrajectorySetType(tj, app.ts, TSTRAJECTORYBASIC));
  REFUSED(TSTrajectoryCostateSetStops(tj, 2, twice), err);
  T_OK(err && strstr(message, "is of type basic and not costate"), "another type of trajectory is refused");
  PetscCall(AppDestroy(&app));
  PetscFunctionReturn(0);
}

int main(int argc, char **argv)
{
  int lines = TYPES * 2 + 12 + 3 + 5 * 3 + 7;

  for (int i = 0; i < TYPES; i++) lines += types[i].adjoint;
  PetscCall(RunBegin(&argc, &argv, lines));
  for (int i = 0; i < TYPES; i++) PetscCall(Land(&types[i]));
  PetscCall(Grid(&types[0], 1000, 100, 1));
  PetscCall(Grid(&types[0], 1000, 37, 1));
  PetscCall(Grid(&types[0], 30, 10, 3));
  PetscCall(Grid(&types[4], 100, 5, 1));
  PetscCall(Grid(&types[9], 90, 9, 3));
  PetscCall(Grid(&types[12], 70, 7, 1));
  PetscCall(Drift(&types[0], -1e-7));
  PetscCall(Drift(&types[0], 1e-7));
  PetscCall(Drift(&types[4], -1e-11));
  PetscCall(Drift(&types[12], 1e-11));
  for (int i = 0; i < TYPES; i++)
    if (types[i].adjoint) PetscCall(Adjoint(&types[i], PETSC_FALSE));
  PetscCall(Adjoint(&types[1], PETSC_TRUE));
  PetscCall(Adjoint(&types[3], PETSC_TRUE));
  PetscCall(Taylor(&types[0]));
  PetscCall(Taylor(&types[1]));
  PetscCall(Taylor(&types[4]));
  PetscCall(Ends());
  PetscCall(BadInput());
  PetscCall(RunEnd());
  return done();
}
