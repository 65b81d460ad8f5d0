/* SPDX-License-Identifier: BSD-2-Clause */
/*
  How much of the I/O the computation hides: TSSolve() and TSAdjointSolve() of a problem whose steps take long enough,
  every state going to disk and coming back, with write-behind and without, past the page cache and through it.

  `hidden` is what the report says: 1 - seconds of standing still / seconds of I/O.  `by_clock` is what the elapsed time
  says of the same: 1 - (seconds - seconds with all in memory) / seconds of I/O; it also has what the I/O thread takes
  from the computation, and what two equal runs differ by.  The runs are interleaved, the figures medians.  The last
  row lets the run measure its costs and find the period by itself.

  Options: -mb 32 (a state's part of one rank), -steps 10, -work 3 (what a step computes), -rounds 3, -dir (where the
  files go).
*/
#include "../traj/decay.h"
#include "bench.h"
#include <unistd.h>
#include <costate.h>

#define EVERY " -ts_trajectory_costate_costs 1,1,1e-3,1e-3" /* so cheap that every state goes to disk */

enum { MEMORY, KINDS = 6 };

static const struct {
  const char *name, *options;
  PetscBool   disk;
} kinds[KINDS] = {
    {"memory", "-ts_trajectory_costate_ram 100000", PETSC_FALSE},
    {"behind_direct", "-ts_trajectory_costate_ram 4" EVERY, PETSC_TRUE},
    {"behind_buffered", "-ts_trajectory_costate_ram 4 -ts_trajectory_costate_hdf5_direct 0" EVERY, PETSC_TRUE},
    {"wait_direct", "-ts_trajectory_costate_ram 4 -ts_trajectory_costate_behind 0" EVERY, PETSC_TRUE},
    {"wait_buffered",
     "-ts_trajectory_costate_ram 4 -ts_trajectory_costate_behind 0 -ts_trajectory_costate_hdf5_direct 0" EVERY,
     PETSC_TRUE},
    {"behind_measured", "-ts_trajectory_costate_ram 4", PETSC_TRUE},
};

enum { SECONDS, HIDDEN, IO, WRITES, READS, RECOMPUTED, FIGURES };
static const char *const keys[FIGURES] = {"", "hidden", "", "writes", "reads", "recomputed"};

typedef struct {
  PetscInt  n, steps, work;
  char      dir[PETSC_MAX_PATH_LEN], report[PETSC_MAX_PATH_LEN];
  PetscReal figure[KINDS][FIGURES][MAX_ROUNDS];
} Bench;

/* As much to do as is asked for, with data that are in the processor. */
static PetscErrorCode Work(TS ts, PetscReal t, Vec U, Vec F, void *ctx)
{
  const Bench       *b = (const Bench *)ctx;
  const PetscScalar *u;
  PetscScalar       *f;

  PetscFunctionBeginUser;
  (void)ts;
  (void)t;
  PetscCall(VecGetArrayRead(U, &u));
  PetscCall(VecGetArrayWrite(F, &f));
  for (PetscInt i = 0; i < b->n; i++) {
    PetscScalar x = u[i], y = 0;

    for (PetscInt k = 0; k < b->work; k++) {
      y += 1e-3 * x;
      x *= .5;
    }
    f[i] = y - u[i];
  }
  PetscCall(VecRestoreArrayWrite(F, &f));
  PetscCall(VecRestoreArrayRead(U, &u));
  PetscFunctionReturn(0);
}

/* A number of the report; rank 0 knows. */
static PetscReal Key(const char text[], const char key[])
{
  char        name[64];
  const char *at;

  (void)snprintf(name, sizeof(name), "\"%s\": ", key);
  at = strstr(text, name);
  return at ? (PetscReal)strtod(at + strlen(name), NULL) : 0;
}

static PetscErrorCode ReadReport(const Bench *b, PetscReal *figure[])
{
  char        text[8192] = "";
  PetscMPIInt rank;
  FILE       *f;

  PetscFunctionBeginUser;
  PetscCallMPI(MPI_Comm_rank(PETSC_COMM_WORLD, &rank));
  if (rank) PetscFunctionReturn(0);
  f = fopen(b->report, "r");
  PetscCheck(f && fread(text, 1, sizeof(text) - 1, f) > 0, PETSC_COMM_SELF, PETSC_ERR_FILE_OPEN, "No report in %s",
             b->report);
  fclose(f);
  for (int i = 0; i < FIGURES; i++)
    if (keys[i][0]) *figure[i] = Key(text, keys[i]);
  *figure[IO] = Key(text, "seconds_write") + Key(text, "seconds_read");
  (void)unlink(b->report);
  PetscFunctionReturn(0);
}

static PetscErrorCode Once(Bench *b, int kind, PetscReal *figure[])
{
  TS             ts;
  Vec            u, lambda;
  Mat            J;
  PetscLogDouble t0, t1;

  PetscFunctionBeginUser;
  PetscCall(PetscOptionsInsertString(NULL, kinds[kind].options));
  if (kinds[kind].disk) PetscCall(PetscOptionsSetValue(NULL, "-ts_trajectory_costate_hdf5", b->dir));
  PetscCall(VecCreateMPI(PETSC_COMM_WORLD, b->n, PETSC_DETERMINE, &u));
  PetscCall(VecSet(u, 1));
  PetscCall(VecDuplicate(u, &lambda));
  PetscCall(MatCreateConstantDiagonal(PETSC_COMM_WORLD, b->n, b->n, PETSC_DETERMINE, PETSC_DETERMINE, -1, &J));
  PetscCall(TSCreate(PETSC_COMM_WORLD, &ts));
  PetscCall(TSSetProblemType(ts, TS_NONLINEAR));
  PetscCall(TSSetEquationType(ts, TS_EQ_ODE_EXPLICIT));
  PetscCall(TSSetType(ts, TSRK));
  PetscCall(TSRKSetType(ts, TSRK4));
  PetscCall(TSSetRHSFunction(ts, NULL, Work, b));
  PetscCall(TSSetRHSJacobian(ts, J, J, DecayJacobian, b));
  PetscCall(TSSetTimeStep(ts, 1e-3));
  PetscCall(TSSetMaxSteps(ts, b->steps));
  PetscCall(TSSetMaxTime(ts, 1e6));
  PetscCall(TSSetExactFinalTime(ts, TS_EXACTFINALTIME_STEPOVER));
  PetscCall(TSSetSaveTrajectory(ts));
  PetscCall(TSSetFromOptions(ts));
  PetscCall(PetscBarrier((PetscObject)ts));
  PetscCall(PetscTime(&t0));
  PetscCall(TSSolve(ts, u));
  PetscCall(VecCopy(u, lambda));
  PetscCall(TSSetCostGradients(ts, 1, &lambda, NULL));
  PetscCall(TSAdjointSolve(ts));
  PetscCall(PetscBarrier((PetscObject)ts));
  PetscCall(PetscTime(&t1));
  PetscCall(ReadReport(b, figure));
  *figure[SECONDS] = (PetscReal)(t1 - t0);
  PetscCall(TSDestroy(&ts));
  PetscCall(VecDestroy(&u));
  PetscCall(VecDestroy(&lambda));
  PetscCall(MatDestroy(&J));
  PetscCall(PetscOptionsClearValue(NULL, "-ts_trajectory_costate_hdf5"));
  PetscCall(PetscOptionsClearValue(NULL, "-ts_trajectory_costate_hdf5_direct"));
  PetscCall(PetscOptionsClearValue(NULL, "-ts_trajectory_costate_behind"));
  PetscCall(PetscOptionsClearValue(NULL, "-ts_trajectory_costate_costs"));
  PetscFunctionReturn(0);
}

static PetscErrorCode Print(Bench *b, PetscInt rounds)
{
  PetscReal   x[KINDS][FIGURES];
  PetscMPIInt size;

  PetscFunctionBeginUser;
  PetscCallMPI(MPI_Comm_size(PETSC_COMM_WORLD, &size));
  PetscCall(PetscPrintf(PETSC_COMM_WORLD, "ranks,state_bytes,steps,kind,seconds,to_memory,io_seconds,hidden,by_clock,"
                                          "writes,reads,recomputed\n"));
  for (int k = 0; k < KINDS; k++) {
    for (int i = 0; i < FIGURES; i++) x[k][i] = Median(rounds, b->figure[k][i]);
    PetscCall(PetscPrintf(PETSC_COMM_WORLD,
                          "%d,%" PetscInt_FMT ",%" PetscInt_FMT ",%s,%.3f,%.3f,%.3f,%.3f,%.3f,%.0f,%.0f,%.0f\n",
                          (int)size, b->n * (PetscInt)sizeof(PetscScalar), b->steps, kinds[k].name,
                          (double)x[k][SECONDS], (double)(x[k][SECONDS] / x[MEMORY][SECONDS]), (double)x[k][IO],
                          (double)x[k][HIDDEN],
                          x[k][IO] > 0 ? (double)(1 - (x[k][SECONDS] - x[MEMORY][SECONDS]) / x[k][IO]) : 0.,
                          (double)x[k][WRITES], (double)x[k][READS], (double)x[k][RECOMPUTED]));
  }
  PetscCall(PetscPrintf(PETSC_COMM_WORLD,
                        "{\"benchmark\": \"behind\", \"ranks\": %d, \"rounds\": %" PetscInt_FMT
                        ", \"step_seconds\": %.4f, \"hidden\": {",
                        (int)size, rounds, (double)(x[MEMORY][SECONDS] / (2. * (double)b->steps))));
  for (int k = MEMORY + 1; k < KINDS; k++)
    PetscCall(PetscPrintf(PETSC_COMM_WORLD, "%s\"%s\": %.3f", k > MEMORY + 1 ? ", " : "", kinds[k].name,
                          (double)x[k][HIDDEN]));
  PetscCall(PetscPrintf(PETSC_COMM_WORLD, "}}\n"));
  PetscFunctionReturn(0);
}

int main(int argc, char **argv)
{
  Bench    *b;
  PetscInt  rounds = 3, mb = 32;
  char      dir[PETSC_MAX_PATH_LEN - 32] = "";
  PetscReal unused[FIGURES], *figure[FIGURES];

  PetscCall(PetscInitialize(&argc, &argv, NULL, NULL));
  PetscCall(CostateInitializePackage());
  PetscCall(PetscNew(&b));
  b->steps = 10;
  b->work  = 3;
  PetscCall(PetscOptionsGetInt(NULL, NULL, "-mb", &mb, NULL));
  PetscCall(PetscOptionsGetInt(NULL, NULL, "-steps", &b->steps, NULL));
  PetscCall(PetscOptionsGetInt(NULL, NULL, "-work", &b->work, NULL));
  PetscCall(PetscOptionsGetInt(NULL, NULL, "-rounds", &rounds, NULL));
  PetscCall(PetscOptionsGetString(NULL, NULL, "-dir", dir, sizeof(dir), NULL));
  PetscCheck(mb > 0 && b->steps > 0 && rounds > 0 && rounds <= MAX_ROUNDS, PETSC_COMM_WORLD, PETSC_ERR_ARG_OUTOFRANGE,
             "-mb and -steps must be positive, -rounds from 1 to %d", MAX_ROUNDS);
  if (!dir[0]) PetscCall(PetscSNPrintf(dir, sizeof(dir), "%s", getenv("BUILD") ? getenv("BUILD") : "."));
  PetscCall(PetscSNPrintf(b->dir, sizeof(b->dir), "%s/bench-behind", dir));
  PetscCall(PetscSNPrintf(b->report, sizeof(b->report), "%s/bench-behind.json", dir));
  PetscCall(PetscOptionsInsertString(NULL, "-ts_adapt_type none -ts_trajectory_type costate "
                                           "-ts_trajectory_costate_stages never"));
  PetscCall(PetscOptionsSetValue(NULL, "-ts_trajectory_costate_report", b->report));
  b->n = (PetscInt)(((size_t)mb << 20) / sizeof(PetscScalar));
  for (PetscInt i = -1; i < rounds; i++) {
    for (int j = 0; j < KINDS; j++) {
      const int k = i % 2 ? j : KINDS - 1 - j; /* none is always the first */

      for (int m = 0; m < FIGURES; m++) figure[m] = i < 0 ? &unused[m] : &b->figure[k][m][i];
      PetscCall(Once(b, k, figure));
    }
  }
  PetscCall(Print(b, rounds));
  PetscCall(PetscFree(b));
  PetscCall(PetscFinalize());
  return 0;
}
