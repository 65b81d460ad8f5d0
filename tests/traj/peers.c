/* SPDX-License-Identifier: BSD-2-Clause */
/* ranks: 1 2 */
/*
  What checkpointing in PETSc gets wrong, refuses or ignores, with the very settings; its tutorials are in
  peers_tutorials.sh.
*/
#include "run.h"

#define FIXED    " -ts_adapt_type none"
#define ADAPTIVE " -ts_adapt_type basic -ts_theta_adapt -ts_rtol 1e-5 -ts_atol 1e-5"

static PetscErrorCode Steps(void)
{
  static const char *methods[] = {"-ts_type rk -ts_rk_type 4" FIXED, "-ts_type cn" FIXED};
  App                app;
  char               what[128];

  PetscFunctionBeginUser;
  for (int i = 0; i < 2; i++) {
    const char *name = i ? "cn" : "rk 4";

    app          = AppDefault();
    app.T        = 1.5; /* 30 steps are announced */
    app.end      = END_USER;
    app.end_step = 17;
    PetscCall(PetscSNPrintf(what, sizeof(what), "%s, stopped by the user at step 17 of 30, 3 checkpoints", name));
    PetscCall(RunCompare(app, methods[i], 3, what));
    app    = AppDefault();
    app.dt = .07;
    app.T  = .5;
    PetscCall(PetscSNPrintf(what, sizeof(what), "%s, dt .07 to T .5, a shorter last step", name));
    PetscCall(RunCompare(app, methods[i], 2, what));
    app.dt = .1;
    app.T  = .9;
    PetscCall(PetscSNPrintf(what, sizeof(what), "%s, dt .1 to T .9, one step more than announced", name));
    PetscCall(PetscOptionsClear(NULL));
    PetscCall(RunCompare(app,
                         i ? "-ts_type cn -ts_exact_final_time stepover" FIXED
                           : "-ts_type rk -ts_rk_type 4 -ts_exact_final_time stepover" FIXED,
                         3, what));
  }
  PetscFunctionReturn(0);
}

static PetscErrorCode Adaptive(void)
{
  App app = AppDefault();

  PetscFunctionBeginUser;
  app.dt         = .2;
  app.T          = 3;
  app.parameters = PETSC_FALSE; /* those of 5dp are a matter of their own: taylor.c */
  PetscCall(
      RunCompare(app, "-ts_type rk -ts_rk_type 2a" ADAPTIVE, 3, "adaptive steps, the number of which is unknown"));
  PetscCall(RunCompare(app, "-ts_type cn" ADAPTIVE, 4, "adaptive steps of an implicit method"));
  PetscCall(RunCompare(app, "-ts_type rk -ts_rk_type 3bs" ADAPTIVE, 4, "3bs (FSAL), adaptive"));
  PetscCall(RunCompare(app, "-ts_type rk -ts_rk_type 5dp" ADAPTIVE, 2, "5dp (FSAL), adaptive"));
  PetscCall(RunCompare(app, "-ts_type rk -ts_rk_type 3bs" FIXED, 3, "3bs (FSAL), fixed steps"));
  PetscCall(RunCompare(app, "-ts_type rk -ts_rk_type 5dp" FIXED, 3, "5dp (FSAL), fixed steps"));
  app.dt    = .03;
  app.event = PETSC_TRUE;
  PetscCall(RunCompare(app, "-ts_type cn" FIXED, 3, "an event, 3 checkpoints"));
  app.event  = PETSC_FALSE;
  app.solves = 3;
  PetscCall(RunCompare(app, "-ts_type cn" FIXED, 4, "three calls of TSSolve(), 4 checkpoints"));
  app.solves = 1;
  PetscCall(RunCompare(app, "-ts_type cn" FIXED, 3, "cn, 3 checkpoints for 100 steps"));
  PetscFunctionReturn(0);
}

/* What a checkpoint of RK4 takes: the state alone with -ts_trajectory_solution_only, 5 times as much where stages are
 * kept too. */
static PetscErrorCode SolutionOnly(void)
{
  App         app     = AppDefault();
  const char *options = "-ts_type rk -ts_rk_type 4" FIXED;
  AppResult   all, only;
  double      bytes, state, most, replayed;
  PetscBool   same;

  PetscFunctionBeginUser;
  PetscCall(RunBudget(app, options, 1000, NULL, &all));
  PetscCall(AppReport(run_report, "peak_bytes", &most));
  PetscCall(AppReport(run_report, "state_bytes", &state));
  PetscCall(RunBudget(app, options, 1000, "-ts_trajectory_solution_only", &only));
  PetscCall(AppReport(run_report, "peak_bytes", &bytes));
  PetscCall(AppReport(run_report, "recomputed", &replayed));
  PetscCall(AppSame(&all, &only, &same));
  T_OK(bytes <= state * ((double)only.steps + 1) && replayed > 0,
       "-ts_trajectory_solution_only keeps no stages: %g bytes for %d states of %g", bytes, (int)only.steps, state);
  T_OK(same && most > 2 * bytes, "and without it they are kept (%g bytes), with the same result", most);
  PetscCall(AppResultFree(&all));
  PetscCall(AppResultFree(&only));
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

/* Both runs at once: the second begins and ends in the middle of the first, and they go back by turns. */
static PetscErrorCode Interleaved(App app[2], AppResult res[2])
{
  PetscBool more[2] = {PETSC_TRUE, PETSC_TRUE};

  PetscFunctionBeginUser;
  for (int i = 0; i < 2; i++) PetscCall(PetscMemzero(&res[i], sizeof(res[i])));
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
  const char *types[] = {"-ts_type cn" FIXED, "-ts_type rk -ts_rk_type 3bs" FIXED};
  AppResult   alone[2], res[2];
  PetscBool   same;
  char        file[PETSC_MAX_PATH_LEN], options[4 * PETSC_MAX_PATH_LEN];
  double      peak, recomputed;

  PetscFunctionBeginUser;
  app[1].points = 9;
  app[1].T      = 2;
  for (int i = 0; i < 2; i++) PetscCall(RunBasic(app[i], types[i], &alone[i]));
  PetscCall(PetscOptionsClear(NULL));
  PetscCall(PetscSNPrintf(options, sizeof(options),
                          "-one_ts_type cn -one_ts_adapt_type none -one_ts_trajectory_type costate "
                          "-one_ts_trajectory_costate_ram 3 -one_ts_trajectory_costate_report %s/0.json "
                          "-two_ts_type rk -two_ts_rk_type 3bs -two_ts_adapt_type none -two_ts_trajectory_type costate "
                          "-two_ts_trajectory_costate_ram 5 -two_ts_trajectory_costate_report %s/1.json",
                          run_dir, run_dir));
  PetscCall(PetscOptionsInsertString(NULL, options));
  PetscCall(PetscStrcpy(app[0].prefix, "one_"));
  PetscCall(PetscStrcpy(app[1].prefix, "two_"));
  PetscCall(Interleaved(app, res));
  for (int i = 0; i < 2; i++) {
    PetscCall(AppSame(&alone[i], &res[i], &same));
    PetscCall(PetscSNPrintf(file, sizeof(file), "%s/%d.json", run_dir, i));
    PetscCall(AppReport(file, "peak_states", &peak));
    PetscCall(AppReport(file, "recomputed", &recomputed));
    T_OK(same, "two trajectories at once, %s: the same bits as alone with full storage", app[i].prefix);
    T_OK(peak <= 3 + 2 * i && peak > 1 && recomputed > 0, "each keeps to its own budget (%g states of %d)", peak,
         3 + 2 * i);
    PetscCall(AppResultFree(&alone[i]));
    PetscCall(AppResultFree(&res[i]));
  }
  PetscFunctionReturn(0);
}

int main(int argc, char **argv)
{
  PetscCall(RunBegin(&argc, &argv, 36));
  PetscCall(Steps());
  PetscCall(Adaptive());
  PetscCall(SolutionOnly());
  PetscCall(TwoTrajectories());
  PetscCall(RunEnd());
  return done();
}
