/* SPDX-License-Identifier: BSD-2-Clause */
/* suite: long */
/*
  A state of more than 2 GiB on one rank, and more than 2^31 bytes in one file: u' = -u with 269 million unknowns,
  forward and back within a budget of two states.  What comes back from the disk has the bits that it went with, and the
  gradient those of a problem of 1000 unknowns of which this one consists.  Two vectors of the ten are pages of a file,
  so that 20 GB of memory are enough.
*/
#include "decay.h"
#include "../tap.h"
#include <costate.h>
#include <costate/store.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/statvfs.h>
#include <unistd.h>

#define UNKNOWNS 269000000
#define PERIOD   1000
#define STEPS    6
#define VECTORS  8 /* in memory */

typedef struct {
  PetscInt64 hash[STEPS + 1]; /* of the states of the forward sweep */
  PetscInt   compared, wrong;
} Seen;

static PetscErrorCode Forward(TS ts, PetscInt n, PetscReal t, Vec u, void *ctx)
{
  PetscFunctionBeginUser;
  (void)ts;
  (void)t;
  PetscCall(CostateVecHash(u, 0, &((Seen *)ctx)->hash[n]));
  PetscFunctionReturn(0);
}

static PetscErrorCode Backward(TS ts, PetscInt n, PetscReal t, Vec u, PetscInt nc, Vec *lambda, Vec *mu, void *ctx)
{
  Seen      *seen = (Seen *)ctx;
  PetscInt64 hash;

  PetscFunctionBeginUser;
  (void)ts;
  (void)t;
  (void)nc;
  (void)lambda;
  (void)mu;
  if (n < 0 || n > STEPS) PetscFunctionReturn(0);
  PetscCall(CostateVecHash(u, 0, &hash));
  seen->compared++;
  if (hash != seen->hash[n]) seen->wrong++;
  PetscFunctionReturn(0);
}

/* A vector that the system may write out when memory becomes short; its memory is never given back. */
static PetscErrorCode VecCreateInFile(PetscInt n, const char name[], Vec *v)
{
  const size_t bytes = (size_t)n * sizeof(PetscScalar);
  int          fd    = open(name, O_RDWR | O_CREAT | O_TRUNC, 0600);
  void        *at    = MAP_FAILED;

  PetscFunctionBeginUser;
  if (fd >= 0 && !ftruncate(fd, (off_t)bytes)) at = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  PetscCheck(at != MAP_FAILED, PETSC_COMM_SELF, PETSC_ERR_SYS, "No file %s of %zu bytes", name, bytes);
  close(fd);
  unlink(name);
  PetscCall(VecCreateSeqWithArray(PETSC_COMM_SELF, 1, n, (PetscScalar *)at, v));
  PetscFunctionReturn(0);
}

/* Forward and back; lambda begins as u(T), and both repeat after PERIOD unknowns. */
static PetscErrorCode Solve(PetscInt n, const char options[], Seen *seen, Vec *lambda)
{
  TS           ts;
  Vec          u;
  Mat          J;
  PetscScalar *a;

  PetscFunctionBeginUser;
  PetscCall(PetscOptionsClear(NULL));
  PetscCall(PetscOptionsInsertString(NULL, "-ts_type rk -ts_rk_type 1fe -ts_adapt_type none"));
  PetscCall(PetscOptionsInsertString(NULL, options));
  PetscCall(VecCreateInFile(n, "u", &u));
  PetscCall(VecGetArrayWrite(u, &a));
  for (PetscInt i = 0; i < n; i++) a[i] = 1 + (PetscReal)(i % PERIOD) / 7;
  PetscCall(VecRestoreArrayWrite(u, &a));
  PetscCall(MatCreateConstantDiagonal(PETSC_COMM_SELF, n, n, n, n, -1, &J));
  PetscCall(TSCreate(PETSC_COMM_SELF, &ts));
  PetscCall(TSSetProblemType(ts, TS_NONLINEAR));
  PetscCall(TSSetRHSFunction(ts, NULL, Decay, NULL));
  PetscCall(TSSetRHSJacobian(ts, J, J, DecayJacobian, NULL));
  PetscCall(TSSetMaxSteps(ts, STEPS));
  PetscCall(TSSetMaxTime(ts, 100));
  PetscCall(TSSetTimeStep(ts, .1));
  PetscCall(TSSetExactFinalTime(ts, TS_EXACTFINALTIME_STEPOVER));
  PetscCall(TSSetSaveTrajectory(ts));
  PetscCall(TSMonitorSet(ts, Forward, seen, NULL));
  PetscCall(TSAdjointMonitorSet(ts, Backward, seen, NULL));
  PetscCall(TSSetFromOptions(ts));
  PetscCall(TSSolve(ts, u));
  PetscCall(VecCreateInFile(n, "lambda", lambda));
  PetscCall(VecCopy(u, *lambda));
  PetscCall(TSSetCostGradients(ts, 1, lambda, NULL));
  PetscCall(TSAdjointSolve(ts));
  PetscCall(TSDestroy(&ts));
  PetscCall(VecDestroy(&u));
  PetscCall(MatDestroy(&J));
  PetscFunctionReturn(0);
}

static PetscErrorCode Periodic(Vec large, Vec small, PetscInt *wrong)
{
  const PetscScalar *a, *b;
  PetscInt           n;

  PetscFunctionBeginUser;
  *wrong = 0;
  PetscCall(VecGetLocalSize(large, &n));
  PetscCall(VecGetArrayRead(large, &a));
  PetscCall(VecGetArrayRead(small, &b));
  for (PetscInt i = 0; i < n; i += PERIOD) *wrong += memcmp(a + i, b, PERIOD * sizeof(*a)) != 0;
  PetscCall(VecRestoreArrayRead(large, &a));
  PetscCall(VecRestoreArrayRead(small, &b));
  PetscFunctionReturn(0);
}

/* A number of the report; -1 if it is not there. */
static double Figure(const char key[])
{
  char   quoted[64], line[512];
  double x = -1;
  FILE  *f = fopen("report.json", "r");

  (void)snprintf(quoted, sizeof(quoted), "\"%s\":", key);
  while (f && fgets(line, sizeof(line), f)) {
    const char *p = strstr(line, quoted);

    if (p) x = atof(p + strlen(quoted));
  }
  if (f) fclose(f);
  return x;
}

/* Why this machine is not for this test, or NULL. */
static const char *Lacks(void)
{
  const double   vector = (double)UNKNOWNS * sizeof(PetscScalar);
  const char    *sample = getenv("COSTATE_SAMPLE");
  char           line[256];
  double         kb = 0;
  struct statvfs fs;
  FILE          *f = fopen("/proc/meminfo", "r");

  while (f && fgets(line, sizeof(line), f))
    if (!strncmp(line, "MemAvailable:", 13)) kb = atof(line + 13);
  if (f) fclose(f);
  if (sample && *sample) return "a sample of the long tests leaves it out: it takes gigabytes and minutes";
  if (kb * 1024 < (VECTORS + .5) * vector) return "it takes 19 GB of memory, which are not free here";
  if (statvfs(".", &fs) || (double)fs.f_bavail * (double)fs.f_frsize < 9 * vector)
    return "it takes 20 GB of disk space, which are not free here";
  return NULL;
}

int main(int argc, char **argv)
{
  static Seen   small, large;
  Vec           one, many;
  PetscInt      wrong;
  struct rusage use;
  const double  vector = (double)UNKNOWNS * sizeof(PetscScalar);

  if (Lacks()) {
    printf("1..0 # SKIP %s\n", Lacks());
    return 0;
  }
  PetscCall(PetscInitialize(&argc, &argv, NULL, NULL));
  PetscCall(CostateInitializePackage());
  plan(4);
  PetscCall(Solve(PERIOD, "-ts_trajectory_type costate -ts_trajectory_costate_ram 1000", &small, &one));
  PetscCall(Solve(UNKNOWNS,
                  "-ts_trajectory_type costate -ts_trajectory_costate_ram 2 -ts_trajectory_costate_hdf5 disk "
                  "-ts_trajectory_costate_costs 1,1,.5,.5 -ts_trajectory_costate_report report.json",
                  &large, &many));
  ok(Figure("writes") >= 2 && Figure("reads") >= 1 && Figure("bytes_written") == Figure("writes") * vector &&
         vector > 2147483648.,
     "states of %.4g bytes go to disk (%g written, %g read)", vector, Figure("writes"), Figure("reads"));
  ok(large.compared >= STEPS && !large.wrong, "%d states of the backward sweep have the bits of the forward sweep",
     (int)large.compared);
  PetscCall(Periodic(many, one, &wrong));
  ok(!wrong, "the gradient has the bits of the small problem that this one consists of");
  ok(access("disk", F_OK) != 0, "nothing is left");
  (void)getrusage(RUSAGE_SELF, &use);
  printf("# %.1f GB of memory, write %.2f GB/s, read %.2f GB/s, %.0f %% hidden\n", (double)use.ru_maxrss / 1e6,
         Figure("bytes_written") / Figure("seconds_write") / 1e9, Figure("bytes_read") / Figure("seconds_read") / 1e9,
         100 * Figure("hidden"));
  PetscCall(VecDestroy(&one));
  PetscCall(VecDestroy(&many));
  PetscCall(PetscOptionsClear(NULL));
  PetscCall(PetscFinalize());
  return done();
}
