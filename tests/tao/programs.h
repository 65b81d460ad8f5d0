/* SPDX-License-Identifier: BSD-2-Clause */
/*
  Programs that minimise a chain of Rosenbrock's functions, one after the other in one process: each has options of its
  own, dies where it is told to, and comes to its end.
*/
#ifndef COSTATE_TESTS_TAO_PROGRAMS_H
#define COSTATE_TESTS_TAO_PROGRAMS_H

#include <dirent.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <petsctao.h>
#include <costate.h>
#include "../../src/base/compat.h"
#include "../lacks.h"

static int rank, size;

/* The condition is looked at on all ranks, for it may be collective. */
#define T_OK(condition, ...)                                                                                           \
  do {                                                                                                                 \
    const int so_ = (condition) ? 1 : 0;                                                                               \
                                                                                                                       \
    if (rank == 0) ok(so_, __VA_ARGS__);                                                                               \
  } while (0)

typedef enum { BOTH, APART, HESSIAN, TWICE, PAIR, RESIDUAL, FUNCTIONS } Routines;

typedef struct {
  const char *name, *options;
  Routines    routines;
} Case;

typedef struct {
  PetscBool  failed, tape;         /* tape: the directory was there when the Tao was gone */
  PetscInt   computed, iterations; /* by the application; of all solves */
  PetscInt64 answered;
  PetscReal  f;
  PetscInt64 x; /* hash of this rank's part */
  char       message[4096];
} Result;

/* What the program is about; the tests change it between two of them. */
static struct {
  PetscInt  n;     /* entries of x on rank 0 */
  PetscReal start; /* first entry of the start */
  PetscReal weight;
} problem = {6, -1.2, 0.01};

/* What PetscFinalize() does with tapes; TAO in PETSc 3.18 does not outlive a PetscFinalize(). */
PETSC_EXTERN PetscErrorCode CostateTapesEnd(void);

static uint64_t seed;
static PetscInt computed, dies;
static char     noise[32]; /* where stderr goes */
/* first bytes of the gradient of one evaluation on this rank */
static PetscInt    marked = -1;
static PetscScalar mark[2];
static char        said[4096];

static inline int Random(int n)
{
  uint64_t z = (seed += UINT64_C(0x9e3779b97f4a7c15));

  z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
  z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
  return (int)((z ^ z >> 31) % (uint64_t)n);
}

static PetscErrorCode TestBegin(int *argc, char ***argv)
{
  const char *given = getenv("SEED");

  PetscFunctionBeginUser;
  seed = given ? strtoull(given, NULL, 10) : 1;
  PetscCall(PetscInitialize(argc, argv, NULL, NULL));
  PetscCallMPI(MPI_Comm_rank(PETSC_COMM_WORLD, &rank));
  PetscCallMPI(MPI_Comm_size(PETSC_COMM_WORLD, &size));
  PetscCall(CostateInitializePackage());
  if (!HAVE_TAO) {
    if (rank == 0) skip_all(NO_TAO);
    PetscCall(PetscFinalize());
    exit(0);
  }
  if (rank == 0) printf("# SEED=%s\n", given ? given : "1");
  snprintf(noise, sizeof(noise), "stderr.%d", rank);
  PetscCheck(freopen(noise, "w+", stderr), PETSC_COMM_SELF, PETSC_ERR_FILE_OPEN, "no stderr");
  PetscFunctionReturn(0);
}

static PetscErrorCode Handler(MPI_Comm comm, int line, const char *fun, const char *file, PetscErrorCode n,
                              PetscErrorType p, const char *mess, void *ctx)
{
  (void)comm, (void)line, (void)fun, (void)file, (void)ctx;
  if (p == PETSC_ERROR_INITIAL && mess && !said[0]) snprintf(said, sizeof(said), "%s", mess);
  return n;
}

/* weight ((sum x)^2 / 2) + sum over the pairs of this rank of 10 (x_{i+1} - x_i^2)^2 + (1 - x_i)^2 */
static PetscErrorCode Rosenbrock(Vec v, PetscReal *f, Vec gradient)
{
  const PetscScalar *x;
  PetscScalar       *g     = NULL, sum;
  PetscReal          value = 0;
  PetscInt           n;

  PetscFunctionBeginUser;
  PetscCheck(dies < 0 || computed < dies, PETSC_COMM_WORLD, PETSC_ERR_USER, "died");
  computed++;
  PetscCall(VecSum(v, &sum));
  PetscCall(VecGetLocalSize(v, &n));
  PetscCall(VecGetArrayRead(v, &x));
  if (gradient) {
    PetscCall(VecSet(gradient, problem.weight * sum));
    PetscCall(VecGetArray(gradient, &g));
  }
  for (PetscInt i = 0; i + 1 < n; i++) {
    const PetscReal a = x[i + 1] - x[i] * x[i], b = 1 - x[i];

    value += 10 * a * a + b * b;
    if (!g) continue;
    g[i] += -40 * a * x[i] - 2 * b;
    g[i + 1] += 20 * a;
  }
  if (g && computed == marked) PetscCall(PetscArraycpy(mark, g, 2));
  if (g) PetscCall(VecRestoreArray(gradient, &g));
  PetscCall(VecRestoreArrayRead(v, &x));
  PetscCallMPI(MPI_Allreduce(MPI_IN_PLACE, &value, 1, MPIU_REAL, MPIU_SUM, PETSC_COMM_WORLD));
  if (f) *f = value + 0.5 * problem.weight * sum * sum;
  PetscFunctionReturn(0);
}

static PetscErrorCode Both(Tao tao, Vec x, PetscReal *f, Vec g, void *ctx)
{
  (void)tao, (void)ctx;
  return Rosenbrock(x, f, g);
}

static PetscErrorCode Value(Tao tao, Vec x, PetscReal *f, void *ctx)
{
  (void)tao, (void)ctx;
  return Rosenbrock(x, f, NULL);
}

static PetscErrorCode Slope(Tao tao, Vec x, Vec g, void *ctx)
{
  (void)tao, (void)ctx;
  return Rosenbrock(x, NULL, g);
}

static PetscErrorCode Residual(Tao tao, Vec x, Vec r, void *ctx)
{
  (void)tao, (void)ctx;
  return VecCopy(x, r);
}

static PetscErrorCode Hessian(Tao tao, Vec v, Mat H, Mat P, void *ctx)
{
  const PetscScalar *x;
  PetscInt           first, last, total;

  PetscFunctionBeginUser;
  (void)tao, (void)P, (void)ctx;
  PetscCall(VecGetSize(v, &total));
  PetscCall(VecGetOwnershipRange(v, &first, &last));
  PetscCall(VecGetArrayRead(v, &x));
  PetscCall(MatZeroEntries(H));
  for (PetscInt i = first; i < last; i++)
    for (PetscInt j = 0; j < total; j++) PetscCall(MatSetValue(H, i, j, problem.weight, ADD_VALUES));
  for (PetscInt i = first; i + 1 < last; i++) {
    const PetscScalar *at = x + (i - first);

    PetscCall(MatSetValue(H, i, i, 120 * at[0] * at[0] - 40 * at[1] + 2, ADD_VALUES));
    PetscCall(MatSetValue(H, i, i + 1, -40 * at[0], ADD_VALUES));
    PetscCall(MatSetValue(H, i + 1, i, -40 * at[0], ADD_VALUES));
    PetscCall(MatSetValue(H, i + 1, i + 1, 20, ADD_VALUES));
  }
  PetscCall(VecRestoreArrayRead(v, &x));
  PetscCall(MatAssemblyBegin(H, MAT_FINAL_ASSEMBLY));
  PetscCall(MatAssemblyEnd(H, MAT_FINAL_ASSEMBLY));
  PetscFunctionReturn(0);
}

static PetscErrorCode Start(Vec x)
{
  PetscInt first, last;

  PetscFunctionBeginUser;
  PetscCall(VecGetOwnershipRange(x, &first, &last));
  for (PetscInt i = first; i < last; i++)
    PetscCall(VecSetValue(x, i, i ? 1 + 0.1 * PetscSinReal((PetscReal)i) : problem.start, INSERT_VALUES));
  PetscCall(VecAssemblyBegin(x));
  PetscCall(VecAssemblyEnd(x));
  PetscFunctionReturn(0);
}

static PetscErrorCode Optimise(const Case *c, Tao tao, Vec x, Result *r)
{
  const PetscInt solves = c->routines == TWICE ? 2 : 1;
  PetscInt       its, n;
  Vec            residual;
  Mat            H;

  PetscFunctionBeginUser;
  PetscCall(VecGetLocalSize(x, &n));
  PetscCall(TaoSetSolution(tao, x));
  if (c->routines == APART) {
    PetscCall(TaoSetObjective(tao, Value, NULL));
    PetscCall(TaoSetGradient(tao, NULL, Slope, NULL));
  } else
    PetscCall(TaoSetObjectiveAndGradient(tao, NULL, Both, NULL));
  if (c->routines == HESSIAN) {
    PetscCall(MatCreateDense(PETSC_COMM_WORLD, n, n, PETSC_DETERMINE, PETSC_DETERMINE, NULL, &H));
    PetscCall(TaoSetHessian(tao, H, H, Hessian, NULL));
    PetscCall(MatDestroy(&H));
  }
  if (c->routines == RESIDUAL) {
    PetscCall(VecDuplicate(x, &residual));
    PetscCall(TaoSetResidualRoutine(tao, residual, Residual, NULL));
    PetscCall(VecDestroy(&residual));
  }
  PetscCall(TaoSetFromOptions(tao));
  if (c->routines == FUNCTIONS) {
    PetscCall(CostateTaoSetTape(tao, "tape"));
    PetscCall(CostateTaoSetResume(tao, PETSC_TRUE));
    PetscCall(CostateTaoSetFromOptions(tao));
  }
  for (PetscInt i = 0; i < solves; i++) {
    PetscCall(Start(x));
    if (i) PetscCall(VecScale(x, 0.5));
    PetscCall(TaoSolve(tao));
    PetscCall(TaoGetSolutionStatus(tao, &its, &r->f, NULL, NULL, NULL, NULL));
    r->iterations += its;
  }
  PetscFunctionReturn(0);
}

static PetscBool Exists(const char *path)
{
  struct stat st;

  (void)MPI_Barrier(MPI_COMM_WORLD);
  return (PetscBool)!stat(path, &st);
}

static PetscErrorCode OneTao(const Case *c, const char *prefix, Result *r)
{
  PetscErrorCode err;
  PetscInt64     answered, hash;
  Tao            tao;
  Vec            x;

  PetscFunctionBeginUser;
  PetscCall(VecCreateMPI(PETSC_COMM_WORLD, problem.n + rank, PETSC_DETERMINE, &x));
  PetscCall(TaoCreate(PETSC_COMM_WORLD, &tao));
  PetscCall(TaoSetOptionsPrefix(tao, prefix));
  PetscCall(PetscPushErrorHandler(Handler, NULL));
  err = Optimise(c, tao, x, r);
  PetscCall(PetscPopErrorHandler());
  r->failed = (PetscBool)(err != 0);
  PetscCall(CostateTaoGetTape(tao, NULL, &answered));
  r->answered += answered;
  PetscCall(CostateVecHash(x, r->x, &hash));
  r->x = hash;
  PetscCall(TaoDestroy(&tao));
  PetscCall(VecDestroy(&x));
  PetscFunctionReturn(0);
}

static PetscErrorCode Run(const Case *c, Result *r)
{
  PetscFunctionBeginUser;
  PetscCall(OneTao(c, NULL, r));
  if (c->routines == PAIR && !r->failed) PetscCall(OneTao(c, "second_", r));
  r->tape = Exists("tape");
  PetscFunctionReturn(0);
}

/* One program; it dies in its next evaluation when it has made `after` of them, if that is not negative. */
static PetscErrorCode Program(const Case *c, const char *options, PetscInt after, Result *r)
{
  PetscFunctionBeginUser;
  PetscCall(PetscMemzero(r, sizeof(*r)));
  computed = 0;
  dies     = after;
  said[0]  = 0;
  PetscCall(PetscOptionsClear(NULL));
  PetscCall(PetscOptionsInsertString(NULL, c->options));
  PetscCall(PetscOptionsInsertString(NULL, options));
  PetscCall(Run(c, r));
  PetscCall(CostateTapesEnd());
  r->computed = computed;
  PetscCall(PetscStrncpy(r->message, said, sizeof(r->message)));
  PetscFunctionReturn(0);
}

/* Two results of programs that ended well, on all ranks. */
static PetscBool Same(const Result *a, const Result *b)
{
  int same =
      !a->failed && !b->failed && a->x == b->x && a->iterations == b->iterations && !memcmp(&a->f, &b->f, sizeof(a->f));

  (void)MPI_Allreduce(MPI_IN_PLACE, &same, 1, MPI_INT, MPI_LAND, MPI_COMM_WORLD);
  return (PetscBool)same;
}

static inline PetscErrorCode Shell(const char *command)
{
  (void)MPI_Barrier(MPI_COMM_WORLD);
  if (rank == 0 && system(command)) printf("# `%s` failed\n", command);
  (void)MPI_Barrier(MPI_COMM_WORLD);
  return 0;
}

static inline PetscErrorCode Remove(const char *path)
{
  char command[256];

  snprintf(command, sizeof(command), "rm -rf %s", path);
  return Shell(command);
}

/* Whether these words were on stderr of rank 0. */
static inline PetscBool Said(const char *words)
{
  char  line[1024];
  int   found = 0;
  FILE *file  = rank == 0 ? fopen(noise, "r") : NULL;

  fflush(stderr);
  while (file && fgets(line, sizeof(line), file)) found = found || strstr(line, words);
  if (file) fclose(file);
  (void)MPI_Bcast(&found, 1, MPI_INT, 0, PETSC_COMM_WORLD);
  return (PetscBool)found;
}

static inline PetscErrorCode TestEnd(int *status)
{
  char  line[1024];
  FILE *file;

  PetscFunctionBeginUser;
  *status = rank == 0 ? done() : 0;
  if (*status && (file = fopen(noise, "r"))) {
    while (fgets(line, sizeof(line), file)) printf("# %.200s%s", line, strchr(line, '\n') ? "" : "\n");
    fclose(file);
  }
  PetscCall(PetscOptionsClear(NULL));
  PetscCall(PetscFinalize());
  PetscFunctionReturn(0);
}

#endif
