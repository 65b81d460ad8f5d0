/* SPDX-License-Identifier: BSD-2-Clause */
/* ranks: 1 3 */
/*
  The k-th write or read of one rank fails, for every k: the same error on every rank, which says what and where, and a
  trajectory that can be destroyed and leaves nothing behind, also where all that comes after it fails too.  A disk that
  moves less than it is asked to, or that refuses O_DIRECT, is none.
*/
#include "faults.h"
#include "disk.h"
#include <sys/vfs.h>

static char     said[2048];
static PetscInt nsaid;

static PetscErrorCode Listen(MPI_Comm comm, int line, const char *fun, const char *file, PetscErrorCode n,
                             PetscErrorType p, const char *mess, void *ctx)
{
  (void)comm, (void)line, (void)fun, (void)file, (void)ctx;
  if (p == PETSC_ERROR_INITIAL && !nsaid++) (void)snprintf(said, sizeof(said), "%s", mess);
  return n;
}

static PetscErrorCode Sweeps(App *app, AppResult *res)
{
  PetscBool more = PETSC_TRUE;

  PetscFunctionBegin;
  PetscCall(AppForward(app, res));
  PetscCall(AppKeep(app->U, &res->nlambda, &res->lambda));
  PetscCall(AppBackwardBegin(app, res, 0));
  while (more) PetscCall(AppBackwardSome(app, PETSC_MAX_INT, &more));
  PetscCall(AppKeep(app->lambda, &res->nlambda, &res->lambda));
  PetscCall(AppKeep(app->mu, &res->nmu, &res->mu));
  PetscFunctionReturn(0);
}

/* A run in which things may fail: what the sweeps returned, and whether all could be destroyed afterwards. */
static PetscErrorCode Try(App app, const char more[], AppResult *res, PetscErrorCode *err, PetscBool *clean)
{
  char options[3 * PETSC_MAX_PATH_LEN];

  PetscFunctionBeginUser;
  PetscCall(PetscSNPrintf(options, sizeof(options),
                          "%s -ts_trajectory_type costate -ts_trajectory_costate_ram 3 -ts_trajectory_costate_hdf5 "
                          "%s/disk %s",
                          RK4, run_dir, more));
  PetscCall(PetscOptionsClear(NULL));
  PetscCall(PetscOptionsInsertString(NULL, options));
  PetscCall(PetscMemzero(res, sizeof(*res)));
  said[0] = 0;
  nsaid   = 0;
  PetscCall(AppCreate(&app));
  FaultsReset();
  PetscCall(PetscPushErrorHandler(Listen, NULL));
  *err             = Sweeps(&app, res);
  *clean           = (PetscBool)(AppDestroy(&app) == 0);
  fault.fail_write = fault.fail_read = 0;
  PetscCall(PetscPopErrorHandler());
  PetscFunctionReturn(0);
}

static App Small(void)
{
  App app = AppDefault();

  app.T = .6;
  return app;
}

/* Every rank has the same error and the same words. */
static PetscErrorCode Agreed(PetscErrorCode err, PetscBool clean, PetscBool *agreed)
{
  char first[sizeof(said)];
  int  code = (int)err;

  PetscFunctionBeginUser;
  memcpy(first, said, sizeof(first));
  PetscCallMPI(MPI_Bcast(first, sizeof(first), MPI_CHAR, 0, PETSC_COMM_WORLD));
  PetscCallMPI(MPI_Bcast(&code, 1, MPI_INT, 0, PETSC_COMM_WORLD));
  *agreed = (PetscBool)(clean && code == (int)err && !strcmp(first, said));
  PetscCallMPI(MPI_Allreduce(MPI_IN_PLACE, agreed, 1, MPIU_BOOL, MPI_LAND, PETSC_COMM_WORLD));
  PetscFunctionReturn(0);
}

/* The message says what happened to which file, and what to do. */
static PetscBool Clear(void)
{
  return (PetscBool)(strstr(said, run_dir) &&
                     (strstr(said, fault.error == ENOSPC ? "No space left" : "error") || strstr(said, "are free")) &&
                     (strstr(said, "ame another directory") || strstr(said, "in the journals beside it")));
}

/* Fails the k-th call of the last rank, or of rank 0, for k = 1, 2, ... until no call is left to fail. */
static PetscErrorCode Sweep(const char more[], PetscBool write, PetscBool last, const AppResult *full)
{
  PetscMPIInt size;
  PetscInt    k, wrong = 0, unclear = 0, left = 0, calls;

  PetscFunctionBeginUser;
  PetscCallMPI(MPI_Comm_size(PETSC_COMM_WORLD, &size));
  for (k = 1;; k++) {
    const PetscBool mine = (PetscBool)(run_rank == (last ? size - 1 : 0));
    AppResult       res;
    PetscErrorCode  err;
    PetscBool       agreed, clean, same;

    fault.error      = k % 2 ? ENOSPC : EIO;
    fault.fail_write = mine && write ? k : 0;
    fault.fail_read  = mine && !write ? k : 0;
    PetscCall(Try(Small(), more, &res, &err, &clean));
    PetscCall(Agreed(err, clean, &agreed));
    if (!err) PetscCall(AppSame(full, &res, &same));
    if (!agreed || (!err && !same)) wrong++;
    if (err && !Clear()) unclear++;
    if ((!agreed || (err && !Clear())) && run_rank == 0 && wrong + unclear < 4)
      fprintf(stderr, "# %s %d of rank %s: error %d, destroyed %d: %s\n", write ? "write" : "read", (int)k,
              last ? "n - 1" : "0", (int)err, (int)clean, said);
    if (run_rank == 0 && !Gone("disk")) left++;
    PetscCall(Remove("disk"));
    calls = (PetscInt)(write ? moved.writes : moved.reads);
    PetscCallMPI(MPI_Bcast(&calls, 1, MPIU_INT, last ? size - 1 : 0, PETSC_COMM_WORLD));
    PetscCall(AppResultFree(&res));
    if (calls < k) break; /* this run had nothing to fail */
  }
  T_OK(!wrong && !unclear && !left && k > 8,
       "each of %d %ss of rank %s fails%s, %s: one clear error on every rank, nothing is left (%d wrong, %d unclear, "
       "%d "
       "left)",
       (int)k - 1, write ? "write" : "read", last ? "n - 1" : "0", fault.for_good ? " and all after it" : "", more,
       (int)wrong, (int)unclear, (int)left);
  PetscFunctionReturn(0);
}

/* The rest of half a block is at no place for O_DIRECT, but tmpfs, where /tmp may be, takes it all the same. */
static PetscBool TakesAnyPlace(void)
{
  struct statfs fs;

  return (PetscBool)(!statfs("/tmp", &fs) && fs.f_type == 0x01021994); /* TMPFS_MAGIC */
}

/* A disk with whims and states that are large enough for O_DIRECT. */
static PetscErrorCode Tolerated(const char what[], PetscBool refused)
{
  App            app = AppDefault();
  AppResult      full, res;
  PetscMPIInt    size;
  PetscErrorCode err;
  PetscBool      agreed, clean, same = PETSC_FALSE, says = PETSC_FALSE;

  PetscFunctionBeginUser;
  PetscCallMPI(MPI_Comm_size(PETSC_COMM_WORLD, &size));
  app.points     = 5000 * size;
  app.dt         = 1e-6;
  app.T          = 1e-5;
  app.parameters = PETSC_FALSE;
  PetscCall(RunAll(app, RK4, &full));
  PetscCall(PetscOptionsClear(NULL));
  for (int behind = 0; behind < 2; behind++) {
    char more[2 * PETSC_MAX_PATH_LEN];

    PetscCall(PetscSNPrintf(more, sizeof(more), "%s -ts_trajectory_costate_behind %d -ts_trajectory_costate_report %s",
                            CHEAP, behind, run_report));
    PetscCall(Try(app, more, &res, &err, &clean));
    PetscCall(Agreed(err, clean, &agreed));
    full.nlambda = res.nlambda; /* Sweeps() does not keep u(0) */
    if (!err) PetscCall(AppSame(&full, &res, &same));
    if (fault.shorten && TakesAnyPlace())
      says = PETSC_TRUE;
    else if (!err)
      PetscCall(ReportSays(refused ? "\"direct\": false" : "\"direct\": true", &says));
    T_OK(!err && agreed && same && says, "%s, behind %d: the same bits%s%s", what, behind, err ? ", but " : "", said);
    PetscCall(AppResultFree(&res));
  }
  PetscCall(AppResultFree(&full));
  PetscFunctionReturn(0);
}

int main(int argc, char **argv)
{
  AppResult      full;
  PetscErrorCode err;
  PetscBool      clean;

  PetscCall(RunBegin(&argc, &argv, 12));
  FaultsReset();
  fault.spare_hdf5 = 1;
  PetscCall(Try(Small(), "-ts_trajectory_costate_costs 1,1,1e9,1e9", &full, &err, &clean)); /* nothing is written */
  for (int last = 0; last < 2; last++) {
    PetscCall(Sweep(CHEAP, PETSC_TRUE, (PetscBool)last, &full));
    PetscCall(Sweep(CHEAP, PETSC_FALSE, (PetscBool)last, &full));
  }
  PetscCall(Sweep(CHEAP "-ts_trajectory_costate_behind 0", PETSC_TRUE, PETSC_TRUE, &full));
  fault.for_good = 1;
  PetscCall(Sweep(CHEAP, PETSC_TRUE, PETSC_TRUE, &full));
  fault.for_good = 0;
  PetscCall(AppResultFree(&full));
  PetscCall(Tolerated("a disk that does as it is told", PETSC_FALSE));
  fault.shorten = 1;
  PetscCall(Tolerated("one that moves half of what it is asked to", PETSC_TRUE));
  fault.shorten       = 0;
  fault.refuse_direct = 1;
  PetscCall(Tolerated("one that refuses O_DIRECT", PETSC_TRUE));
  PetscCall(RunEnd());
  return done();
}
