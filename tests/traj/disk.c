/* SPDX-License-Identifier: BSD-2-Clause */
/* ranks: 1 2 3 */
/*
  The disk tier through its options and setters: what it writes, who writes it, within which limits, by which costs.
*/
#include "faults.h"
#include "disk.h"

/* Limit, access and costs as setters. */
static PetscErrorCode Setters(TS ts, App *app)
{
  const double costs[4] = {1, 2, 3, 2};
  char         dir[PETSC_MAX_PATH_LEN];
  TSTrajectory tj;
  PetscErrorCode (*set)(TSTrajectory, PetscInt);

  PetscFunctionBeginUser;
  PetscCall(PetscSNPrintf(dir, sizeof(dir), "%s/disk", run_dir));
  PetscCall(TSGetTrajectory(ts, &tj));
  PetscCall(TSTrajectorySetType(tj, ts, TSTRAJECTORYCOSTATE));
  PetscCall(TSTrajectoryCostateSetRAM(tj, "3"));
  PetscCall(TSTrajectoryCostateSetHDF5(tj, dir));
  PetscCall(TSTrajectoryCostateSetHDF5Direct(tj, PETSC_FALSE));
  PetscCall(TSTrajectoryCostateSetBehind(tj, PETSC_FALSE));
  PetscCall(TSTrajectoryCostateSetCosts(tj, costs));
  PetscCall(TSTrajectoryCostateSetReport(tj, run_report));
  PetscCall(PetscSNPrintf(dir, sizeof(dir), "%s/maps", run_dir));
  PetscCall(TSTrajectoryCostateSetAdjointEvery(tj, 10, dir));
  if (app->user) {
    /* TSTrajectorySetMaxCpsDisk() is declared by newer versions of PETSc only */
    PetscCall(PetscObjectQueryFunction((PetscObject)tj, "TSTrajectorySetMaxCpsDisk_C", &set));
    PetscCall(set(tj, 2));
    PetscCall(TSTrajectorySetKeepFiles(tj, PETSC_TRUE));
  } else
    PetscCall(TSTrajectoryCostateSetHDF5Limit(tj, "2"));
  PetscFunctionReturn(0);
}

/* What the schedule was: the same for the same costs. */
typedef struct {
  double writes, reads, evaluations, period, peak;
} Schedule;

static Schedule GetSchedule(void)
{
  Schedule s = {Figure("writes"), Figure("reads"), Figure("evaluations"), Figure("period"), Figure("peak_on_disk")};

  return s;
}

static PetscBool Equal(Schedule a, Schedule b)
{
  return (PetscBool)!memcmp(&a, &b, sizeof(a));
}

static PetscErrorCode Choices(void)
{
  App         app  = AppDefault();
  const char *with = "-ts_trajectory_costate_hdf5_limit 2 -ts_trajectory_costate_hdf5_direct 0 "
                     "-ts_trajectory_costate_behind 0 " DEAR;
  AppResult   full, res;
  Schedule    first;
  PetscBool   same, echoed, off, direct;
  int         files;

  PetscFunctionBeginUser;
  PetscCall(RunBasic(app, RK4, &full));
  PetscCall(RunDisk(app, RK4, 3, with, &res));
  PetscCall(AppSame(&full, &res, &same));
  first = GetSchedule();
  PetscCall(ReportSays("\"given\": true, \"step\": 1, \"adjoint_step\": 2, \"write\": 3, \"read\": 2", &echoed));
  PetscCall(ReportSays("\"behind\": false", &off));
  PetscCall(ReportSays("\"direct\": false", &direct));
  T_OK(same && echoed && off && direct && first.writes > 2 && first.peak <= 2,
       "costs, limit, behind and direct as options: the report has them (%g written, %g read, period %g)", first.writes,
       first.reads, first.period);
  PetscCall(AppResultFree(&res));
  for (int i = 0; i < 3; i++) {
    app.setup = i ? Setters : NULL;
    app.user  = i == 2 ? &app : NULL;
    if (i)
      PetscCall(Run(app, RK4, "", &res));
    else
      PetscCall(RunDisk(app, RK4, 3, with, &res));
    PetscCall(AppSame(&full, &res, &same));
    T_OK(same && Equal(first, GetSchedule()), "%s",
         i == 0   ? "given costs make the schedule the same again"
         : i == 1 ? "the setters do the same as the options"
                  : "so does PETSc's TSTrajectorySetMaxCpsDisk()");
    PetscCall(AppResultFree(&res));
    if (i == 1) PetscCall(Remove("maps"));
  }
  PetscCall(Left("disk", "states-", &files, NULL));
  T_OK(files > 0, "with TSTrajectorySetKeepFiles() the files stay (%d)", files);
  PetscCall(Left("maps", "states-", &files, NULL));
  T_OK(files > 0, "those of the lambdas stay always (%d)", files);
  PetscCall(Remove("disk"));
  PetscCall(Remove("maps"));
  PetscCall(AppResultFree(&full));
  PetscFunctionReturn(0);
}

/* Waits at step 3, for 5 seconds at most, until the I/O thread has written the first state: it may be slow, or not get
 * a core. */
static PetscErrorCode Pause(TS ts, PetscInt n, PetscReal t, Vec u, void *ctx)
{
  PetscFunctionBeginUser;
  (void)ts;
  (void)t;
  (void)u;
  (void)ctx;
  for (int i = 0; n == 3 && i < 500 && !moved.behind_writes; i++) usleep(10000);
  if (n == 3) usleep(20000);
  PetscFunctionReturn(0);
}

static PetscErrorCode PauseSetup(TS ts, App *app)
{
  PetscFunctionBeginUser;
  (void)app;
  PetscCall(TSMonitorSet(ts, Pause, NULL, NULL));
  PetscFunctionReturn(0);
}

/* Without costs: long enough a run to measure them. */
static PetscErrorCode Measured(void)
{
  App       app = AppDefault();
  AppResult full, res;
  PetscBool same, given;

  PetscFunctionBeginUser;
  app.dt = .002;
  PetscCall(RunAll(app, RK4, &full));
  for (int behind = 0; behind < 2; behind++) {
    FaultsReset();
    app.setup = behind ? PauseSetup : NULL;
    PetscCall(RunDisk(app, RK4, 3, behind ? "" : "-ts_trajectory_costate_behind 0", &res));
    PetscCall(AppSame(&full, &res, &same));
    PetscCall(ReportSays("\"given\": false", &given));
    T_OK(same && given && Figure("step") > 0 && Figure("adjoint_step") > Figure("step") && Figure("write") > 0 &&
             Figure("read") > 0,
         "costs that are measured are reported, behind %d: step %g, adjoint %g, write %g, read %g", behind,
         Figure("step"), Figure("adjoint_step"), Figure("write"), Figure("read"));
    T_OK(Figure("period") > 0 && Figure("writes") > 1 && Figure("reads") > 0,
         "and the disk is used by them (period %g, %g written, %g read)", Figure("period"), Figure("writes"),
         Figure("reads"));
    PetscCall(AppResultFree(&res));
  }
  PetscCall(AppResultFree(&full));
  PetscFunctionReturn(0);
}

/* A state is one vector, or two for a method whose next step begins with the last stage of this one; each rank writes
 * its own part, and no other. */
static PetscErrorCode Bytes(void)
{
  static const char *types[] = {"4", "3bs", "5dp"};
  App                app     = AppDefault();
  PetscInt           mine;
  PetscInt64         part;
  PetscBool          own;

  PetscFunctionBeginUser;
  app.parameters = PETSC_FALSE;
  for (int i = 0; i < 3; i++) {
    const double vectors = i ? 2 : 1, state = vectors * 2 * (double)app.points * sizeof(PetscScalar);
    AppResult    res;
    char         options[128];
    double       writes;

    PetscCall(PetscSNPrintf(options, sizeof(options), "-ts_type rk -ts_rk_type %s " FIXED, types[i]));
    FaultsReset();
    PetscCall(RunDisk(app, options, 3, CHEAP, &res));
    mine = res.nlambda / 3; /* unknowns of this rank */
    part = (PetscInt64)mine * (PetscInt64)sizeof(PetscScalar);
    PetscCall(AppReport(run_report, "writes", &writes));
    T_OK(writes > 5 && Figure("bytes_written") == writes * state && Figure("bytes_read") == Figure("reads") * state,
         "rk %s: a state goes to disk as %g vector%s (%g states, %g bytes)", types[i], vectors, i ? "s" : "", writes,
         Figure("bytes_written"));
    own = (PetscBool)(moved.behind_bytes == (int64_t)(writes * vectors) * part &&
                      moved.behind_writes == (long)(writes * vectors));
    PetscCallMPI(MPI_Allreduce(MPI_IN_PLACE, &own, 1, MPIU_BOOL, MPI_LAND, PETSC_COMM_WORLD));
    T_OK(own, "rk %s: each rank writes its own part, in its I/O thread", types[i]);
    PetscCall(AppResultFree(&res));
  }
  PetscFunctionReturn(0);
}

/* The most bytes that were there after any step. */
typedef struct {
  double   most;
  PetscInt n;
} Watch;

static PetscErrorCode Watcher(TS ts, PetscInt n, PetscReal t, Vec u, void *ctx)
{
  Watch *w = (Watch *)((App *)ctx)->user;
  double bytes;
  int    files;

  PetscFunctionBeginUser;
  (void)ts;
  (void)n;
  (void)t;
  (void)u;
  PetscCall(Left("disk", "states-", &files, &bytes));
  w->most = PetscMax(w->most, bytes);
  PetscFunctionReturn(0);
}

static PetscErrorCode WatchSetup(TS ts, App *app)
{
  PetscFunctionBeginUser;
  PetscCall(TSMonitorSet(ts, Watcher, app, NULL));
  PetscFunctionReturn(0);
}

static PetscErrorCode Quota(void)
{
  static const char *limits[]  = {"1", "4", "9", "15", "100KB", "200KiB"};
  static const char *methods[] = {RK4, "-ts_type rk -ts_rk_type 3bs " FIXED};

  PetscFunctionBeginUser;
  for (int m = 0; m < 2; m++) {
    App       app = AppDefault();
    AppResult full;
    Watch     watch;

    app.dt = .01;
    PetscCall(RunAll(app, methods[m], &full));
    app.setup = WatchSetup;
    app.user  = &watch;
    for (int i = 0; i < 6; i++) {
      const PetscBool counted = (PetscBool)(i < 4);
      AppResult       res;
      PetscBool       same;
      char            more[256];

      watch.most = 0;
      PetscCall(PetscSNPrintf(more, sizeof(more), CHEAP "-ts_trajectory_costate_behind %d %s %s", i % 2,
                              i == 1 ? "-ts_trajectory_max_cps_disk" : "-ts_trajectory_costate_hdf5_limit", limits[i]));
      PetscCall(RunDisk(app, methods[m], 3, more, &res));
      PetscCall(AppSame(&full, &res, &same));
      T_OK(same && Figure("writes") >= (i ? 10 : 1) && Figure("peak_on_disk") > 0 &&
               (!counted || Figure("peak_on_disk") <= atof(limits[i])),
           "%s, a limit of %s is kept under the online policy: at most %g on disk, %g written", m ? "3bs" : "rk 4",
           limits[i], Figure("peak_on_disk"), Figure("writes"));
      if (!counted)
        T_OK(watch.most > 1000 && watch.most <= (i == 4 ? 100e3 : 200 * 1024.),
             "as the file system sees it (%g bytes of %s)", watch.most, limits[i]);
      PetscCall(AppResultFree(&res));
    }
    PetscCall(AppResultFree(&full));
  }
  PetscFunctionReturn(0);
}

int main(int argc, char **argv)
{
  PetscCall(RunBegin(&argc, &argv, 6 + 4 + 6 + 16));
  PetscCall(Choices());
  PetscCall(Measured());
  PetscCall(Bytes());
  PetscCall(Quota());
  PetscCall(RunEnd());
  return done();
}
