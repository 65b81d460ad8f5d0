/* SPDX-License-Identifier: BSD-2-Clause */
/* ranks: 1 3 */
/*
  Ways to use a trajectory that has a disk tier: again and again with one TS, in pieces, looked into at any time, with
  cost integrals, two at once in one directory; and every K-th lambda in files, as it was.
*/
#include "disk.h"
#include <costate/archive.h>

#define MAXSTEPS 64

static const char *const methods[] = {RK4,
                                      "-ts_type rk -ts_rk_type 3bs -ts_adapt_type basic -ts_rtol 1e-5 -ts_atol 1e-5",
                                      "-ts_type rk -ts_rk_type 5dp " FIXED, "-ts_type cn " FIXED,
                                      "-ts_type theta -ts_theta_theta .6 " FIXED};
#define METHODS ((int)(sizeof(methods) / sizeof(methods[0])))

/* One result is so many times another. */
static PetscErrorCode SameTimes(const AppResult *one, const AppResult *many, PetscInt times, PetscBool *same)
{
  PetscFunctionBeginUser;
  *same = (PetscBool)(many->nlambda == times * one->nlambda && many->nmu == times * one->nmu);
  for (PetscInt r = 0; r < times; r++) {
    AppResult part = *many;
    PetscBool equal;

    part.nlambda = one->nlambda;
    part.nmu     = one->nmu;
    part.lambda += r * one->nlambda;
    part.mu += r * one->nmu;
    PetscCall(AppSame(one, &part, &equal));
    *same = (PetscBool)(*same && equal);
  }
  PetscFunctionReturn(0);
}

/* What is said on stderr goes to the file `said` for a while: that earlier runs are left alone, here. */
static PetscErrorCode Hush(PetscBool yes)
{
  static int before = -1;

  PetscFunctionBeginUser;
  fflush(stderr);
  if (yes) {
    int fd = open("said", O_WRONLY | O_CREAT | O_APPEND, 0644);

    before = dup(STDERR_FILENO);
    dup2(fd, STDERR_FILENO);
    close(fd);
  } else {
    dup2(before, STDERR_FILENO);
    close(before);
  }
  PetscFunctionReturn(0);
}

/* An optimisation loop: several runs, forward and back, with one TS. */
static PetscErrorCode Again(void)
{
  PetscFunctionBeginUser;
  for (int i = 0; i < METHODS; i++) {
    App       app = AppDefault();
    AppResult one, many;
    PetscBool same;
    char      more[256];

    app.parameters = (PetscBool)(i != 2); /* PETSc's parameter gradient of 5dp is no reference */
    PetscCall(RunBasic(app, methods[i], &one));
    app.runs = 3;
    for (int keep = 0; keep < 2; keep++) {
      int       files;
      PetscBool gone;

      PetscCall(PetscSNPrintf(more, sizeof(more), "%s -ts_trajectory_keep_files %d -ts_trajectory_costate_behind %d",
                              DEAR, keep, i % 2));
      PetscCall(Hush(PETSC_TRUE));
      PetscCall(RunDisk(app, methods[i], 3, more, &many));
      PetscCall(Hush(PETSC_FALSE));
      PetscCall(SameTimes(&one, &many, 3, &same));
      gone = Gone("disk");
      PetscCall(Left("disk", "costate.json", &files, NULL));
      T_OK(same && Figure("writes") > 1 && (keep ? files == 3 : gone),
           "%s: three runs with one TS have the same bits each time, %s", methods[i],
           keep ? "and each keeps its files in a folder of its own" : "and leave nothing behind");
      PetscCall(AppResultFree(&many));
    }
    PetscCall(Remove("disk"));
    PetscCall(AppResultFree(&one));
  }
  PetscFunctionReturn(0);
}

static PetscErrorCode Pieces(void)
{
  PetscFunctionBeginUser;
  for (int i = 0; i < METHODS; i++) {
    for (int way = 0; way < 3; way++) {
      static const char *names[] = {"in pieces of three steps", "two backward sweeps", "with a cost integral"};
      App                app     = AppDefault();
      AppResult          full, res;
      PetscBool          same;

      app.pieces     = (PetscBool)(way == 0);
      app.sweeps     = way == 1 ? 2 : 1;
      app.integral   = (PetscBool)(way == 2);
      app.parameters = (PetscBool)(i != 2);
      PetscCall(RunBasic(app, methods[i], &full));
      PetscCall(RunDisk(app, methods[i], 3, way % 2 ? CHEAP "-ts_trajectory_costate_behind 0" : CHEAP, &res));
      PetscCall(AppSame(&full, &res, &same));
      T_OK(same && Figure("writes") > 1 && Figure("reads") > 1 && Gone("disk"), "%s, %s: the same bits", methods[i],
           names[way]);
      PetscCall(AppResultFree(&full));
      PetscCall(AppResultFree(&res));
    }
  }
  PetscFunctionReturn(0);
}

/* What the forward run passed through. */
typedef struct {
  Vec       state[MAXSTEPS];
  PetscReal time[MAXSTEPS];
  PetscInt  n, asked, wrong, seed;
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

static PetscErrorCode Look(TS ts, App *app, AppVisit when)
{
  Record        *r    = (Record *)app->user;
  const PetscInt many = when == VISIT_BETWEEN ? 4 : r->n + 1;

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
    for (int behind = 0; behind < 2; behind++) {
      Record    record = {0};
      App       app    = AppDefault();
      AppResult full, res;
      PetscBool same;

      app.T          = .9;
      app.pieces     = PETSC_TRUE;
      app.parameters = (PetscBool)(i != 2);
      PetscCall(RunBasic(app, methods[i], &full));
      record.seed = 1 + i;
      app.user    = &record;
      app.setup   = RecordSetup;
      app.visit   = Look;
      PetscCall(RunDisk(app, methods[i], 3, behind ? CHEAP : CHEAP "-ts_trajectory_costate_behind 0", &res));
      full.nlambda -= full.nlambda / 3; /* who asks with the TS of the run gets the state in its solution */
      res.nlambda -= res.nlambda / 3;
      PetscCall(AppSame(&full, &res, &same));
      T_OK(record.asked > 4 * record.n && !record.wrong && same && Figure("writes") > 1,
           "%s, behind %d: %d states asked for before, between and after adjoint steps are those of the run",
           methods[i], behind, (int)record.asked);
      for (PetscInt k = 0; k < MAXSTEPS; k++) PetscCall(VecDestroy(&record.state[k]));
      PetscCall(AppResultFree(&full));
      PetscCall(AppResultFree(&res));
    }
  }
  PetscFunctionReturn(0);
}

static PetscErrorCode InTheMiddle(TS ts, PetscInt n, PetscReal t, Vec u, void *ctx)
{
  App *other = (App *)((App *)ctx)->user;

  PetscFunctionBeginUser;
  (void)ts;
  (void)t;
  (void)u;
  if (n == 5) PetscCall(AppForward(other, (AppResult *)other->user));
  PetscFunctionReturn(0);
}

static PetscErrorCode InTheMiddleSetup(TS ts, App *app)
{
  PetscFunctionBeginUser;
  PetscCall(TSMonitorSet(ts, InTheMiddle, app, NULL));
  PetscFunctionReturn(0);
}

/* The second begins and ends in the middle of the first, and they go back by turns. */
static PetscErrorCode Interleaved(App app[2], AppResult res[2])
{
  PetscBool more[2] = {PETSC_TRUE, PETSC_TRUE};

  PetscFunctionBeginUser;
  PetscCall(PetscMemzero(res, 2 * sizeof(*res)));
  app[1].user  = &res[1];
  app[0].user  = &app[1];
  app[0].setup = InTheMiddleSetup;
  for (int i = 0; i < 2; i++) PetscCall(AppCreate(&app[i]));
  PetscCall(AppForward(&app[0], &res[0]));
  for (int i = 0; i < 2; i++) PetscCall(AppKeep(app[i].U, &res[i].nlambda, &res[i].lambda));
  for (int i = 0; i < 2; i++) PetscCall(AppBackwardBegin(&app[i], &res[i], 0));
  while (more[0] || more[1]) {
    for (int i = 0; i < 2; i++) {
      if (more[i]) PetscCall(AppBackwardSome(&app[i], 3, &more[i]));
    }
  }
  for (int i = 0; i < 2; i++) {
    PetscCall(AppKeep(app[i].lambda, &res[i].nlambda, &res[i].lambda));
    PetscCall(AppKeep(app[i].mu, &res[i].nmu, &res[i].mu));
    PetscCall(AppKeep(app[i].U, &res[i].nlambda, &res[i].lambda));
    PetscCall(AppDestroy(&app[i]));
  }
  PetscFunctionReturn(0);
}

static PetscErrorCode TwoTrajectories(void)
{
  App         app[2]  = {AppDefault(), AppDefault()};
  const char *types[] = {"-ts_type cn " FIXED, "-ts_type rk -ts_rk_type 3bs " FIXED};
  AppResult   alone[2], res[2];
  PetscBool   same;
  char        file[PETSC_MAX_PATH_LEN], options[3 * PETSC_MAX_PATH_LEN];
  double      writes, limit;
  int         files;

  PetscFunctionBeginUser;
  app[1].points = 9;
  app[1].T      = 2;
  for (int i = 0; i < 2; i++) PetscCall(RunBasic(app[i], types[i], &alone[i]));
  PetscCall(PetscOptionsClear(NULL));
  for (int i = 0; i < 2; i++) {
    const char *p = i ? "two_" : "one_";

    PetscCall(PetscStrcpy(app[i].prefix, p));
    PetscCall(PetscSNPrintf(options, sizeof(options),
                            "-%sts_trajectory_type costate -%sts_trajectory_costate_ram 3 "
                            "-%sts_trajectory_costate_hdf5 %s/disk -%sts_trajectory_costate_costs 1,1,.5,.5 "
                            "-%sts_trajectory_costate_hdf5_limit %d -%sts_adapt_type none -%sts_type %s",
                            p, p, p, run_dir, p, p, i ? 30 : 6, p, p, i ? "rk -two_ts_rk_type 3bs" : "cn"));
    PetscCall(PetscOptionsInsertString(NULL, options));
    PetscCall(PetscSNPrintf(options, sizeof(options), "-%sts_trajectory_costate_report %s/%d.json", p, run_dir, i));
    PetscCall(PetscOptionsInsertString(NULL, options));
  }
  PetscCall(Interleaved(app, res));
  for (int i = 0; i < 2; i++) {
    PetscCall(AppSame(&alone[i], &res[i], &same));
    PetscCall(PetscSNPrintf(file, sizeof(file), "%s/%d.json", run_dir, i));
    PetscCall(AppReport(file, "writes", &writes));
    PetscCall(AppReport(file, "peak_on_disk", &limit));
    T_OK(same && writes > 5 && limit > 1 && limit <= (i ? 30 : 6),
         "two trajectories at once in one directory, %s: the bits of a run alone, each with its own limit (%g written, "
         "at most %g there)",
         app[i].prefix, writes, limit);
    PetscCall(AppResultFree(&alone[i]));
    PetscCall(AppResultFree(&res[i]));
  }
  PetscCall(Left("disk", "", &files, NULL));
  T_OK(files <= 0, "and neither leaves a file behind");
  PetscCall(Remove("disk"));
  PetscFunctionReturn(0);
}

/* The lambdas that a program sees which stops every third step, the last one first. */
typedef struct {
  PetscInt n;
  Vec      lambda[MAXSTEPS];
} Seen;

static PetscErrorCode See(TS ts, App *app, AppVisit when)
{
  Seen *seen = (Seen *)app->user;

  PetscFunctionBeginUser;
  (void)ts;
  if (when == VISIT_BEFORE) PetscFunctionReturn(0);
  PetscCall(VecDuplicate(app->lambda, &seen->lambda[seen->n]));
  PetscCall(VecCopy(app->lambda, seen->lambda[seen->n++]));
  PetscFunctionReturn(0);
}

/* Frames of the archive in maps/ against what was seen; that of the last step is where the sweep began. */
static PetscErrorCode CompareMaps(const Seen *seen, PetscInt steps, PetscInt *wrong)
{
  CostateArchive     a = NULL;
  CostateArchiveInfo info;
  char               dir[PETSC_MAX_PATH_LEN];
  PetscScalar       *x;

  PetscFunctionBeginUser;
  *wrong = 0;
  PetscCall(PetscMalloc1(1000, &x));
  PetscCall(PetscSNPrintf(dir, sizeof(dir), "%s/maps", run_dir));
  if (run_rank == 0) {
    PetscCall(CostateArchiveOpen(dir, &a));
    PetscCall(CostateArchiveGetInfo(a, &info));
    if (info.frames != steps / 3 + 1 || info.dof != 2 || info.torn) *wrong += 1000;
  }
  for (PetscInt k = 0; k <= steps; k += 3) {
    const PetscInt     nth = (steps - k) / 3;
    Vec                v   = nth ? seen->lambda[nth - 1] : NULL, all;
    VecScatter         to;
    const PetscScalar *y;

    if (!v) continue;
    PetscCall(VecScatterCreateToZero(v, &to, &all));
    PetscCall(VecScatterBegin(to, v, all, INSERT_VALUES, SCATTER_FORWARD));
    PetscCall(VecScatterEnd(to, v, all, INSERT_VALUES, SCATTER_FORWARD));
    PetscCall(VecGetArrayRead(all, &y));
    if (run_rank == 0) {
      PetscBool found = PETSC_FALSE;

      for (PetscInt64 f = 0; f < info.frames; f++) {
        CostateArchiveFrame frame;
        PetscBool           label;

        PetscCall(CostateArchiveGetFrame(a, f, &frame));
        if (frame.step != k) continue;
        PetscCall(CostateArchiveRead(a, f, 0, x));
        PetscCall(PetscStrcmp(frame.what, "lambda", &label));
        found = (PetscBool)(label && frame.complete && PetscAbsReal(frame.time - .05 * (PetscReal)k) < 1e-12 &&
                            !memcmp(x, y, 24 * sizeof(*x)));
      }
      if (!found) ++*wrong;
    }
    PetscCall(VecRestoreArrayRead(all, &y));
    PetscCall(VecScatterDestroy(&to));
    PetscCall(VecDestroy(&all));
  }
  PetscCall(CostateArchiveClose(&a));
  PetscCall(PetscFree(x));
  PetscFunctionReturn(0);
}

static PetscErrorCode Maps(void)
{
  static const char *types[] = {RK4, "-ts_type cn " FIXED};
  static const char *how[]   = {",", " ", ":"};

  PetscFunctionBeginUser;
  for (int i = 0; i < 6; i++) {
    App         app  = AppDefault();
    Seen        seen = {0};
    AppResult   full, res;
    PetscBool   same;
    PetscInt    wrong;
    char        more[2 * PETSC_MAX_PATH_LEN], value[PETSC_MAX_PATH_LEN];
    const char *type = types[i % 2];

    app.T      = .9;
    app.pieces = PETSC_TRUE;
    app.visit  = See;
    app.user   = &seen;
    PetscCall(RunBasic(app, type, &full));
    app.pieces = PETSC_FALSE;
    app.visit  = NULL;
    PetscCall(PetscSNPrintf(value, sizeof(value), "3%s%s/maps", how[i % 3], run_dir));
    PetscCall(PetscSNPrintf(more, sizeof(more), "-ts_trajectory_costate_behind %d %s", i < 3,
                            i % 3 ? CHEAP : "-ts_trajectory_costate_check 0"));
    PetscCall(PetscOptionsClear(NULL));
    PetscCall(PetscOptionsSetValue(NULL, "-ts_trajectory_costate_adjoint_every", value));
    PetscCall(PetscOptionsInsertString(NULL, type));
    PetscCall(PetscOptionsInsertString(NULL, more));
    PetscCall(PetscSNPrintf(more, sizeof(more), "-ts_trajectory_type costate -ts_trajectory_costate_ram 3 %s %s%s",
                            i % 3 ? "-ts_trajectory_costate_hdf5" : "", i % 3 ? run_dir : "", i % 3 ? "/disk" : ""));
    PetscCall(PetscOptionsInsertString(NULL, more));
    PetscCall(AppRun(&app, &res));
    PetscCall(AppSame(&full, &res, &same));
    PetscCall(CompareMaps(&seen, res.steps, &wrong));
    T_OK(same && !wrong && seen.n == 6 && Gone("disk"),
         "%s, every third lambda is in maps/ with the bits of a run stopped there, given as 3%sDIR, %s a disk tier (%d "
         "wrong)",
         type, how[i % 3], i % 3 ? "with" : "without", (int)wrong);
    for (PetscInt k = 0; k < seen.n; k++) PetscCall(VecDestroy(&seen.lambda[k]));
    PetscCall(Remove("maps"));
    PetscCall(AppResultFree(&full));
    PetscCall(AppResultFree(&res));
  }
  PetscFunctionReturn(0);
}

int main(int argc, char **argv)
{
  PetscCall(RunBegin(&argc, &argv, 7 * METHODS + 9));
  PetscCall(Again());
  PetscCall(Pieces());
  PetscCall(AnyTime());
  PetscCall(TwoTrajectories());
  PetscCall(Maps());
  PetscCall(RunEnd());
  return done();
}
