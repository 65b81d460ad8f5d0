/* SPDX-License-Identifier: BSD-2-Clause */
/*
  Times, memory and errors.  All candidates take their turn in each round, so that what else the machine does hits all
  of them alike; the first solve of an object, which makes its solvers and touches its memory, does not count unless it
  is a long one.
*/
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>
#include "choose.h"

#define ENOUGH   0.02 /* seconds that are timed at least */
#define LONG     0.5  /* of a solve: its set-up is nothing beside it */
#define REPEATS  2000
#define SLOW     20  /* times the fastest so far: once is enough to know */
#define FAR      100 /* times: it need not end */
#define PATIENCE 20  /* seconds that each has in any case */

/* Only where it can be written over; mpiexec of Open MPI 5 would put it among what goes to stdout. */
void choose_progress(choose_answer *a, const char *what, const char *name)
{
  const double now = MPI_Wtime();

  if (a->s->rank || !isatty(STDERR_FILENO)) return;
  if (!name && a->shown) fprintf(stderr, "\r%78s\r", "");
  if (!name) a->shown = 0;
  if (!name || now - a->start < 1 || now - a->last < 0.2) return;
  fprintf(stderr, "\r%-30.30s %-24.24s", what, name);
  a->last  = now;
  a->shown = 1;
}

/* What goes wrong is what the table says of a method: the sentence, up to the end of its first line. */
static PetscErrorCode note(MPI_Comm comm, int line, const char *function, const char *file, PetscErrorCode code,
                           PetscErrorType type, const char *message, void *ctx)
{
  (void)comm, (void)line, (void)function, (void)file;
  if (type == PETSC_ERROR_INITIAL) snprintf((char *)ctx, CHOOSE_TEXT, "%s", message ? message : "");
  if (type == PETSC_ERROR_INITIAL) ((char *)ctx)[strcspn((char *)ctx, "\n")] = '\0';
  return code;
}

/* The library's words on stderr, which would come again with each solve, go elsewhere until choose_heard(). */
static FILE *ear;

void choose_listen(void)
{
  ear = tmpfile();
  if (ear) PETSC_STDERR = ear;
}

void choose_heard(char text[], size_t len)
{
  size_t n = 0;

  if (len) text[0] = '\0';
  if (!ear) return;
  PETSC_STDERR = stderr;
  rewind(ear);
  if (len) n = fread(text, 1, len - 1, ear);
  if (len) text[n] = '\0';
  fclose(ear);
  ear = NULL;
}

PetscErrorCode choose_open(choose_answer *a, const char *method, const char *provider)
{
  problem_session *s = a->s;

  PetscFunctionBeginUser;
  PetscCall(CostateDestroy(&s->cs));
  PetscCall(CostateProblemDestroy(&s->problem));
  PetscCall(CostateProblemCreate(PETSC_COMM_WORLD, s->name, &s->problem));
  PetscCall(CostateProblemSetFromOptions(s->problem));
  PetscCall(CostateCreate(PETSC_COMM_WORLD, &s->cs));
  PetscCall(CostateProblemSetCostate(s->problem, s->cs));
  PetscCall(CostateSetType(s->cs, method));
  PetscCall(CostateSetFromOptions(s->cs));
  if (provider[0]) PetscCall(CostateSetVJP(s->cs, provider));
  PetscFunctionReturn(0);
}

/* One solve, untimed and in silence. */
PetscErrorCode choose_solve(choose_answer *a, const char *method, Vec g[2])
{
  PetscFunctionBeginUser;
  PetscCall(choose_open(a, method, ""));
  choose_listen();
  PetscCall(CostateSolve(a->s->cs));
  choose_heard(NULL, 0);
  PetscCall(CostateGetGradient(a->s->cs, 0, &g[0], &g[1]));
  PetscFunctionReturn(0);
}

static double seconds(const choose_answer *a)
{
  struct rusage r;

  if (!a->cpu || getrusage(RUSAGE_SELF, &r)) return MPI_Wtime();
  return (double)(r.ru_utime.tv_sec + r.ru_stime.tv_sec) + 1e-6 * (double)(r.ru_utime.tv_usec + r.ru_stime.tv_usec);
}

/* n solves, and the seconds that each took on the slowest rank */
static PetscErrorCode solve(choose_answer *a, choose_row *r, int n, double *took)
{
  CostateConvergedReason reason;
  double                 start;

  PetscFunctionBeginUser;
  PetscCallMPI(MPI_Barrier(PETSC_COMM_WORLD));
  start = seconds(a);
  for (int i = 0; i < n; i++) {
    PetscCall(CostateSolve(a->s->cs));
    PetscCall(CostateGetConvergedReason(a->s->cs, &reason));
    if (reason > 0) continue;
    snprintf(r->failure, sizeof(r->failure), "%s",
             reason == COSTATE_DIVERGED_NOT_STEADY ? "the run does not come to rest" : CostateConvergedReasons[reason]);
    PetscFunctionReturn(0);
  }
  *took = (seconds(a) - start) / n;
  PetscCallMPI(MPI_Allreduce(MPI_IN_PLACE, took, 1, MPI_DOUBLE, MPI_MAX, PETSC_COMM_WORLD));
  PetscFunctionReturn(0);
}

/* What the first solve says besides its time. */
static PetscErrorCode look(choose_answer *a, choose_row *r)
{
  Vec g[2];

  PetscFunctionBeginUser;
  PetscCall(CostateGetGradient(a->s->cs, 0, &g[0], &g[1]));
  PetscCall(CostateGetStatistics(a->s->cs, &r->stats));
  r->bytes = r->stats.bytes;
  PetscCallMPI(MPI_Allreduce(MPI_IN_PLACE, &r->bytes, 1, MPI_DOUBLE, MPI_SUM, PETSC_COMM_WORLD));
  r->reaches = 1;
  for (int i = 0; i < 2; i++) {
    r->has[i]   = g[i] != NULL;
    r->error[i] = -1;
    if (g[i] && a->known[i]) PetscCall(choose_distance(a, i, g[i], a->known[i], &r->error[i]));
    if (a->known[i] && (i || !a->parameters_only) && !(r->has[i] && r->error[i] <= a->accuracy)) r->reaches = 0;
  }
  PetscFunctionReturn(0);
}

/*
  Where no budget is given the library asks the system for one in each run, which takes longer than a run of a few
  unknowns: from the first one on it is given what was found.
*/
static PetscErrorCode budget(const choose_row *r)
{
  const PetscInt64 most = 10000000; /* of states, as the option has it */
  char             text[32];
  PetscBool        given;

  PetscFunctionBeginUser;
  PetscCall(PetscOptionsHasName(NULL, NULL, "-ts_trajectory_costate_ram", &given));
  if (given || r->stats.states <= 0 || !r->stats.peak_states) PetscFunctionReturn(0);
  snprintf(text, sizeof(text), "%lld", (long long)PetscMin(most, r->stats.states));
  PetscCall(PetscOptionsSetValue(NULL, "-ts_trajectory_costate_ram", text));
  PetscFunctionReturn(0);
}

/* Some methods take thousands of times as long as others: of those it is enough to know that. */
static PetscErrorCode impatient(choose_answer *a)
{
  int over;

  PetscFunctionBeginUser;
  over = MPI_Wtime() - a->begun > PetscMax(PATIENCE, FAR * a->best);
  PetscCallMPI(MPI_Bcast(&over, 1, MPI_INT, 0, PETSC_COMM_WORLD));
  PetscCheck(!over, PETSC_COMM_WORLD, PETSC_ERR_USER, "given up after %.0f s", MPI_Wtime() - a->begun);
  PetscFunctionReturn(0);
}

static PetscErrorCode step(TS ts, PetscInt n, PetscReal t, Vec u, void *ctx)
{
  PetscFunctionBeginUser;
  (void)ts, (void)n, (void)t, (void)u;
  PetscCall(impatient((choose_answer *)ctx));
  PetscFunctionReturn(0);
}

static PetscErrorCode back(Costate cs, PetscInt n, PetscReal t, const PetscReal norms[], void *ctx)
{
  PetscFunctionBeginUser;
  (void)cs, (void)n, (void)t, (void)norms;
  PetscCall(impatient((choose_answer *)ctx));
  PetscFunctionReturn(0);
}

/* A step backward need not end either, so that evaluations are watched too. */
static struct {
  choose_answer *a;
  TSRHSFunction  rhs;
  TSIFunction    i;
  void          *rhs_ctx, *i_ctx;
} watched;

static PetscErrorCode rhs(TS ts, PetscReal t, Vec u, Vec f, void *ctx)
{
  PetscFunctionBeginUser;
  (void)ctx;
  PetscCall(impatient(watched.a));
  PetscCall((*watched.rhs)(ts, t, u, f, watched.rhs_ctx));
  PetscFunctionReturn(0);
}

static PetscErrorCode ifunction(TS ts, PetscReal t, Vec u, Vec udot, Vec f, void *ctx)
{
  PetscFunctionBeginUser;
  (void)ctx;
  PetscCall(impatient(watched.a));
  PetscCall((*watched.i)(ts, t, u, udot, f, watched.i_ctx));
  PetscFunctionReturn(0);
}

static PetscErrorCode watch(choose_answer *a)
{
  TS ts;

  PetscFunctionBeginUser;
  PetscCall(CostateProblemGetTS(a->s->problem, &ts));
  watched.a = a;
  PetscCall(TSGetRHSFunction(ts, NULL, &watched.rhs, &watched.rhs_ctx));
  PetscCall(TSGetIFunction(ts, NULL, &watched.i, &watched.i_ctx));
  if (watched.rhs) PetscCall(TSSetRHSFunction(ts, NULL, rhs, NULL));
  if (watched.i) PetscCall(TSSetIFunction(ts, NULL, ifunction, NULL));
  PetscCall(TSMonitorSet(ts, step, a, NULL));
  PetscCall(CostateMonitorSet(a->s->cs, back, a, NULL));
  a->begun = MPI_Wtime();
  PetscFunctionReturn(0);
}

/* The first solve of a candidate is looked at, and not timed if there will be others. */
static PetscErrorCode first_solve(choose_answer *a, choose_row *r, double *t)
{
  PetscFunctionBeginUser;
  PetscCall(choose_open(a, r->method, r->provider));
  PetscCall(watch(a));
  PetscCall(solve(a, r, 1, t));
  if (!r->failure[0]) PetscCall(look(a, r));
  if (!r->failure[0]) PetscCall(budget(r));
  PetscFunctionReturn(0);
}

/* One turn of a candidate. */
static PetscErrorCode turn(choose_answer *a, choose_row *r, PetscBool first, double best)
{
  double t = 0;

  PetscFunctionBeginUser;
  a->best = best;
  if (first) PetscCall(first_solve(a, r, &t));
  if (r->failure[0]) PetscFunctionReturn(0);
  if (!first || t < LONG) {
    PetscCall(choose_open(a, r->method, r->provider));
    PetscCall(solve(a, r, 1, &t));
  }
  if (r->failure[0]) PetscFunctionReturn(0);
  if (t < LONG && !(best > 0 && t > SLOW * best)) {
    if (!first) t = r->seconds[0];
    for (r->repeats = 1; r->repeats < REPEATS && r->repeats * t < ENOUGH;) r->repeats *= 2;
    PetscCall(solve(a, r, r->repeats, &t));
    if (first && r->repeats * t < ENOUGH / 2) { /* the first one was a slow one */
      r->repeats = (int)PetscMin(REPEATS, ENOUGH / PetscMax(t, 1e-6));
      PetscCall(solve(a, r, r->repeats, &t));
    }
  } else
    r->repeats = 1;
  if (!r->failure[0]) r->seconds[r->rounds++] = t;
  PetscFunctionReturn(0);
}

static int ascending(const void *x, const void *y)
{
  const double a = *(const double *)x, b = *(const double *)y;

  return (a > b) - (a < b);
}

double choose_median(const choose_row *r)
{
  const int n = r->rounds;

  if (!n) return 0;
  return n % 2 ? r->seconds[n / 2] : (r->seconds[n / 2 - 1] + r->seconds[n / 2]) / 2;
}

/* Short solves are timed in all rounds, those of seconds in a few, and what is far behind once. */
static PetscBool due(const choose_answer *a, const choose_row *r, int round, double best)
{
  if (r->failure[0]) return PETSC_FALSE;
  if (!round) return PETSC_TRUE;
  if (r->seconds[0] > SLOW * best) return PETSC_FALSE;
  return (PetscBool)(round < (r->seconds[0] > 5 ? 1 : r->seconds[0] > LONG ? 3 : a->rounds));
}

PetscErrorCode choose_measure(choose_answer *a, int first, int end)
{
  double best = 0;

  PetscFunctionBeginUser;
  for (int round = 0; round < a->rounds; round++) {
    for (int i = first; i < end; i++) {
      choose_row    *r = &a->row[i];
      char           what[64];
      PetscErrorCode ierr;
      int            bad;

      if (!due(a, r, round, best)) continue;
      snprintf(what, sizeof(what), "round %d of %d, %d of %d:", round + 1, (int)a->rounds, i - first + 1, end - first);
      choose_progress(a, what, r->provider[0] ? r->provider : r->method);
      choose_listen();
      PetscCall(PetscPushErrorHandler(note, r->failure));
      ierr = turn(a, r, (PetscBool)!round, best);
      PetscCall(PetscPopErrorHandler());
      choose_heard(r->warning, round ? 0 : sizeof(r->warning));
      bad = ierr || r->failure[0];
      PetscCallMPI(MPI_Allreduce(MPI_IN_PLACE, &bad, 1, MPI_INT, MPI_MAX, PETSC_COMM_WORLD));
      if (bad && !r->failure[0]) snprintf(r->failure, sizeof(r->failure), "an error on another rank");
      if (!bad && (best <= 0 || r->seconds[0] < best)) best = r->seconds[0];
    }
  }
  for (int i = first; i < end; i++) qsort(a->row[i].seconds, (size_t)a->row[i].rounds, sizeof(double), ascending);
  choose_progress(a, NULL, NULL);
  PetscFunctionReturn(0);
}

/* What auto takes, and what it says. */
static PetscErrorCode ask(choose_answer *a)
{
  CostateType type;

  PetscFunctionBeginUser;
  PetscCall(choose_open(a, COSTATEAUTO, ""));
  PetscCall(CostateSetUp(a->s->cs));
  PetscCall(CostateGetType(a->s->cs, &type));
  for (int i = 0; i < a->nmethods; i++) {
    if (!strcmp(a->row[i].method, type)) a->chosen = i;
  }
  PetscFunctionReturn(0);
}

PetscErrorCode choose_auto(choose_answer *a)
{
  char           failure[CHOOSE_TEXT] = "";
  PetscErrorCode ierr;

  PetscFunctionBeginUser;
  a->chosen = -1;
  choose_listen();
  PetscCall(PetscPushErrorHandler(note, failure));
  ierr = ask(a);
  PetscCall(PetscPopErrorHandler());
  choose_heard(a->because, sizeof(a->because));
  if (ierr) snprintf(a->because, sizeof(a->because), "%s", failure);
  PetscFunctionReturn(0);
}
