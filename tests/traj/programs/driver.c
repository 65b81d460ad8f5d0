/* SPDX-License-Identifier: BSD-2-Clause */
/*
  The test application (app.h) as a program of its own, for runs that end in an error.  It is not linked with the
  library: the tests load it as a plugin.  Prints the steps, and a hash of the results of each rank.

    -app_end time|steps|user|event  -app_end_step N  -app_event  -app_solves N  -app_sweeps N  -app_runs N
    -app_rates prestep|poststep  (the rates change from step to step)
    -app_points N  -app_pieces  -app_integral  -app_noise N
    -app_halve X  -app_where poststep|prestep|poststage|postevaluate|monitor
    -app_early N  (asks for state 1 when step N is reached)
    -app_late N   (asks for state N between the run and its adjoint)
    -app_remesh   (solves again, with step numbers that go on, for a state of another size)

  COSTATE_TEST_PARAMETER and COSTATE_TEST_INITIAL in the environment change the problem in ways that no option shows;
  COSTATE_TEST_SLOW makes each call of the right-hand side take so many microseconds more; COSTATE_TEST_CALLS names a
  file in which those of rank 0 are counted; with COSTATE_TEST_GATE each rank makes a file GATE.PID in mid-run and waits
  for the file GATE.
*/
#include "../app.h"
#include <fcntl.h>
#include <sys/mman.h>

static const char *const ends[]   = {"time", "steps", "user", "event", "AppEnd", "END_", NULL};
static const char *const wheres[] = {"poststep", "prestep",  "poststage", "postevaluate",
                                     "monitor",  "AppWhere", "AT_",       NULL};

typedef struct {
  PetscInt  early, late;
  PetscBool remesh, rates;
  AppWhere  rates_at;
} Wish;

static PetscErrorCode Options(App *app, Wish *wish)
{
  PetscFunctionBeginUser;
  PetscOptionsBegin(PETSC_COMM_WORLD, NULL, "The test application", NULL);
  PetscCall(
      PetscOptionsEnum("-app_end", "how the run ends", NULL, ends, (PetscEnum)app->end, (PetscEnum *)&app->end, NULL));
  PetscCall(PetscOptionsInt("-app_points", "of the ring", NULL, app->points, &app->points, NULL));
  PetscCall(PetscOptionsInt("-app_end_step", "where", NULL, app->end_step, &app->end_step, NULL));
  PetscCall(PetscOptionsBool("-app_event", "rates change on the way", NULL, app->event, &app->event, NULL));
  PetscCall(PetscOptionsInt("-app_solves", "calls of TSSolve()", NULL, app->solves, &app->solves, NULL));
  PetscCall(PetscOptionsInt("-app_sweeps", "backward sweeps", NULL, app->sweeps, &app->sweeps, NULL));
  PetscCall(PetscOptionsInt("-app_runs", "runs with the same TS", NULL, app->runs, &app->runs, NULL));
  PetscCall(PetscOptionsBool("-app_pieces", "backward in pieces", NULL, app->pieces, &app->pieces, NULL));
  PetscCall(PetscOptionsBool("-app_integral", "a cost integral", NULL, app->integral, &app->integral, NULL));
  PetscCall(PetscOptionsInt("-app_noise", "calls between two disturbances", NULL, app->noise, &app->noise, NULL));
  PetscCall(PetscOptionsReal("-app_halve", "what a hook does to step 5", NULL, app->halve, &app->halve, NULL));
  PetscCall(PetscOptionsEnum("-app_where", "which hook", NULL, wheres, (PetscEnum)app->where, (PetscEnum *)&app->where,
                             NULL));
  PetscCall(PetscOptionsInt("-app_early", "asks for state 1 at this step", NULL, wish->early, &wish->early, NULL));
  PetscCall(PetscOptionsInt("-app_late", "asks for this state", NULL, wish->late, &wish->late, NULL));
  PetscCall(PetscOptionsBool("-app_remesh", "goes on with another size", NULL, wish->remesh, &wish->remesh, NULL));
  PetscCall(PetscOptionsEnum("-app_rates", "which hook changes the rates", NULL, wheres, (PetscEnum)wish->rates_at,
                             (PetscEnum *)&wish->rates_at, &wish->rates));
  PetscOptionsEnd();
  PetscFunctionReturn(0);
}

static PetscErrorCode Ask(TS ts, PetscInt k)
{
  TSTrajectory tj;
  Vec          u, v;
  PetscReal    t;

  PetscFunctionBeginUser;
  PetscCall(TSGetTrajectory(ts, &tj));
  PetscCall(TSGetSolution(ts, &u));
  PetscCall(VecDuplicate(u, &v));
  PetscCall(TSTrajectoryGetVecs(tj, NULL, k, &t, v, NULL));
  PetscCall(VecDestroy(&v));
  PetscFunctionReturn(0);
}

static PetscErrorCode Early(TS ts, PetscInt n, PetscReal t, Vec u, void *ctx)
{
  PetscFunctionBeginUser;
  (void)t;
  (void)u;
  if (n == ((Wish *)ctx)->early) PetscCall(Ask(ts, 1));
  PetscFunctionReturn(0);
}

static PetscErrorCode Setup(TS ts, App *app)
{
  const Wish *wish = (Wish *)app->user;

  PetscFunctionBeginUser;
  if (wish->rates && wish->rates_at == AT_POSTSTEP) PetscCall(TSSetPostStep(ts, AppRates));
  if (wish->rates && wish->rates_at == AT_PRESTEP) PetscCall(TSSetPreStep(ts, AppRates));
  if (((Wish *)app->user)->early > 0) PetscCall(TSMonitorSet(ts, Early, app->user, NULL));
  PetscFunctionReturn(0);
}

static PetscErrorCode Late(TS ts, App *app, AppVisit when)
{
  PetscInt k = ((Wish *)app->user)->late;

  PetscFunctionBeginUser;
  if (when == VISIT_BEFORE && k > 0) PetscCall(Ask(ts, k));
  PetscFunctionReturn(0);
}

static PetscErrorCode Decay(TS ts, PetscReal t, Vec u, Vec f, void *ctx)
{
  PetscFunctionBeginUser;
  (void)ts;
  (void)t;
  (void)ctx;
  PetscCall(VecCopy(u, f));
  PetscCall(VecScale(f, -1));
  PetscFunctionReturn(0);
}

static PetscErrorCode Remesh(void)
{
  TS  ts;
  Vec u;

  PetscFunctionBeginUser;
  PetscCall(TSCreate(PETSC_COMM_WORLD, &ts));
  PetscCall(TSSetType(ts, TSRK));
  PetscCall(TSSetRHSFunction(ts, NULL, Decay, NULL));
  PetscCall(TSSetTimeStep(ts, .1));
  PetscCall(TSSetExactFinalTime(ts, TS_EXACTFINALTIME_MATCHSTEP));
  PetscCall(TSSetSaveTrajectory(ts));
  PetscCall(TSSetFromOptions(ts));
  for (PetscInt i = 1; i <= 2; i++) {
    PetscCall(VecCreateMPI(PETSC_COMM_WORLD, PETSC_DECIDE, 6 * i, &u));
    PetscCall(VecSet(u, 1));
    PetscCall(TSSetMaxTime(ts, (PetscReal)i));
    PetscCall(TSSolve(ts, u));
    PetscCall(TSReset(ts));
    PetscCall(VecDestroy(&u));
  }
  PetscCall(TSDestroy(&ts));
  PetscFunctionReturn(0);
}

static unsigned long Hash(const PetscScalar *a, PetscInt n)
{
  const unsigned char *p = (const unsigned char *)a;
  unsigned long        h = 14695981039346656037ul;

  for (size_t i = 0; i < (size_t)n * sizeof(*a); i++) h = (h ^ p[i]) * 1099511628211ul;
  return h;
}

/* A number in a file, which stays when the process is killed. */
static int64_t *Counter(const char file[])
{
  const int fd = open(file, O_RDWR | O_CREAT, 0666);
  void     *at = MAP_FAILED;

  if (fd >= 0 && !ftruncate(fd, sizeof(int64_t)))
    at = mmap(NULL, sizeof(int64_t), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  return at == MAP_FAILED ? NULL : (int64_t *)at;
}

static PetscReal Variable(const char name[], PetscReal otherwise)
{
  const char *text = getenv(name);

  return text ? (PetscReal)atof(text) : otherwise;
}

int main(int argc, char **argv)
{
  App         app = AppDefault();
  AppResult   res;
  PetscMPIInt rank;
  Wish        wish = {0, 0, PETSC_FALSE, PETSC_FALSE, AT_POSTSTEP};

  PetscCall(PetscInitialize(&argc, &argv, NULL, NULL));
  PetscCall(Options(&app, &wish));
  app.user  = &wish;
  app.visit = Late;
  app.setup = Setup;
  /* what no option tells of */
  app.B *= Variable("COSTATE_TEST_PARAMETER", 1);
  app.amplitude = Variable("COSTATE_TEST_INITIAL", 0);
  PetscCallMPI(MPI_Comm_rank(PETSC_COMM_WORLD, &rank));
  if (getenv("COSTATE_TEST_CALLS") && !rank) app.counted = Counter(getenv("COSTATE_TEST_CALLS"));
  app.slow = (PetscInt)Variable("COSTATE_TEST_SLOW", 0);
  app.gate = getenv("COSTATE_TEST_GATE");
  if (wish.remesh) {
    PetscCall(Remesh());
  } else {
    PetscCall(AppRun(&app, &res));
    PetscCall(PetscPrintf(PETSC_COMM_WORLD, "%d steps, %d rejected\n", (int)res.steps, (int)res.rejections));
    PetscCall(PetscSynchronizedPrintf(PETSC_COMM_WORLD, "lambda %lx mu %lx\n", Hash(res.lambda, res.nlambda),
                                      Hash(res.mu, res.nmu)));
    PetscCall(PetscSynchronizedFlush(PETSC_COMM_WORLD, PETSC_STDOUT));
    PetscCall(AppResultFree(&res));
  }
  PetscCall(PetscFinalize());
  return 0;
}
