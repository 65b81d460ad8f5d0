/* SPDX-License-Identifier: BSD-2-Clause */
/* A problem of the zoo on the command line. */
#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include <petscdmda.h>
#include "cli.h"
#include "problem.h"

#define PATIENCE 10 /* seconds until ranks that do not come to the same end are given up */

static char said[2048];

/* The library's sentence is enough; where in the source it comes from is of no use to who runs a command. */
static PetscErrorCode listen(MPI_Comm comm, int line, const char *function, const char *file, PetscErrorCode code,
                             PetscErrorType type, const char *message, void *ctx)
{
  (void)comm, (void)line, (void)function, (void)file, (void)ctx;
  if (type == PETSC_ERROR_INITIAL)
    snprintf(said, sizeof(said), "%s%s", code == PETSC_ERR_MEM ? "There is not enough memory. " : "",
             message ? message : "");
  return code;
}

int problem_failed(problem_session *s, int status)
{
  MPI_Request request;
  int         all = 0;

  if (!strncmp(said, "Unknown option", 14)) status = COSTATE_CLI_USAGE; /* the library finds some only on its way */

  if (MPI_Ibarrier(PETSC_COMM_WORLD, &request)) MPI_Abort(PETSC_COMM_WORLD, status);
  for (int i = 0; i < 1000 * PATIENCE && !all; i++) {
    if (MPI_Test(&request, &all, MPI_STATUS_IGNORE)) break;
    if (!all) usleep(1000);
  }
  if (s->rank == 0 || !all) fprintf(stderr, "costate %s: %s\n", s->command, said);
  if (!all) MPI_Abort(PETSC_COMM_WORLD, status);
  said[0] = '\0';
  return status;
}

static int is_option(const char *arg)
{
  return arg[0] == '-' && (isalpha((unsigned char)arg[1]) || (arg[1] == '-' && isalpha((unsigned char)arg[2])));
}

/* The command line's own mistakes; the sentence is in `said`. */
static int misuse(problem_session *s, int argc, char **argv)
{
  if (argc < 2 || is_option(argv[1])) {
    snprintf(said, sizeof(said), "which problem? Name it before the options; `costate list problems` shows all");
    return 1;
  }
  s->name = argv[1];
  for (int i = 2; i < argc; i++) {
    if (!is_option(argv[i])) {
      snprintf(said, sizeof(said), "what is '%.200s'? One problem at a time, and options begin with a -", argv[i]);
      return 1;
    }
    if (i + 1 < argc && !is_option(argv[i + 1])) i++;
  }
  return 0;
}

static PetscErrorCode make(problem_session *s)
{
  PetscFunctionBeginUser;
  PetscCall(CostateInitializePackage());
  PetscCall(CostateProblemCreate(PETSC_COMM_WORLD, s->name, &s->problem));
  PetscCall(CostateProblemSetFromOptions(s->problem));
  PetscCall(CostateCreate(PETSC_COMM_WORLD, &s->cs));
  PetscCall(CostateProblemSetCostate(s->problem, s->cs));
  PetscCall(CostateSetFromOptions(s->cs));
  PetscFunctionReturn(0);
}

/*
  An option that nobody has read so far and that has no _ in its name is none of PETSc's solvers, which may read theirs
  late: it is a misspelt one of the model's, and the run would be another one than is asked for.
*/
static PetscErrorCode check_names(const char *const *more, PetscBool *bad)
{
  static const char *const own[]     = {"p", "u0", "t0", "tend", "dt", "n", "cost", "times", "variant", "form"};
  const char              *known[16] = {NULL};
  char                   **names, **values;
  PetscInt                 n;

  PetscFunctionBeginUser;
  for (int i = 0; i < 10; i++) known[i] = own[i];
  for (int i = 0; more[i]; i++) known[10 + i] = more[i];
  PetscCall(PetscOptionsLeftGet(NULL, &n, &names, &values));
  for (PetscInt i = 0; i < n && !*bad; i++) {
    int bare = !strchr(names[i], '_');

    for (int k = 0; known[k]; k++) bare = bare && strcmp(names[i], known[k]);
    if (!bare) continue;
    *bad = PETSC_TRUE;
    snprintf(said, sizeof(said), "there is no option -%.100s; did you mean -%s?", names[i],
             costate_cli_nearest(names[i], known));
  }
  PetscCall(PetscOptionsLeftRestore(NULL, &n, &names, &values));
  PetscFunctionReturn(0);
}

static PetscErrorCode help(const char *usage, int argc, char **argv)
{
  CostateProblem problem;
  PetscMPIInt    rank;

  PetscFunctionBeginUser;
  PetscCallMPI(MPI_Comm_rank(PETSC_COMM_WORLD, &rank));
  if (rank == 0) fputs(usage, stdout);
  fflush(stdout);
  if (argc < 2 || is_option(argv[1])) PetscFunctionReturn(0);
  PetscCall(CostateProblemCreate(PETSC_COMM_WORLD, argv[1], &problem));
  PetscCall(PetscPrintf(PETSC_COMM_WORLD, "\n"));
  PetscCall(CostateProblemView(problem, NULL));
  PetscCall(CostateProblemDestroy(&problem));
  PetscFunctionReturn(0);
}

int problem_begin(problem_session *s, const char *command, const char *usage, const char *const *options, int argc,
                  char **argv, int *status)
{
  PetscBool bad = PETSC_FALSE;
  int       ask = 0;

  memset(s, 0, sizeof(*s));
  s->command = command;
  *status    = COSTATE_CLI_USAGE;
  for (int i = 1; i < argc; i++)
    ask = ask || !strcmp(argv[i], "-help") || !strcmp(argv[i], "--help") || !strcmp(argv[i], "-h");
  if (ask ? PetscInitializeNoArguments() : PetscInitialize(&argc, &argv, NULL, NULL)) return 0;
  MPI_Comm_rank(PETSC_COMM_WORLD, &s->rank);
  MPI_Comm_size(PETSC_COMM_WORLD, &s->size);
  if (PetscPushErrorHandler(listen, NULL)) return 0;
  if (ask) {
    *status = help(usage, argc, argv) ? problem_failed(s, COSTATE_CLI_USAGE) : 0;
    *status = problem_end(s, *status);
    return 0;
  }
  if (misuse(s, argc, argv) || make(s) || check_names(options, &bad) || bad) {
    *status = problem_end(s, problem_failed(s, COSTATE_CLI_USAGE));
    return 0;
  }
  return 1;
}

/* What PetscFinalize() will read; and the options of an integrator for a method without one of its own, which may stay
 * when methods are compared. */
static int idle(problem_session *s, const char *name)
{
  static const char *const late[] = {"options_left", "options_view", "malloc_dump",     "malloc_view",
                                     "memory_view",  "objects_dump", "get_total_flops", "log_view"};
  CostateType              type   = NULL;

  for (size_t i = 0; i < sizeof(late) / sizeof(late[0]); i++)
    if (!strcmp(name, late[i])) return 1;
  if (strncmp(name, "costate_adjoint_", 16) || CostateGetType(s->cs, &type) || !type) return 0;
  return !strcmp(type, COSTATEDISCRETE) || !strcmp(type, COSTATEFORWARD);
}

int problem_unread(problem_session *s, int status)
{
  char   **names, **values;
  PetscInt n;

  if (PetscOptionsLeftGet(NULL, &n, &names, &values)) return COSTATE_CLI_FAILED;
  for (PetscInt i = 0; i < n; i++) {
    if (idle(s, names[i])) continue;
    status = COSTATE_CLI_USAGE;
    if (s->rank == 0)
      fprintf(stderr, "costate %s: nothing read the option -%s: it is misspelt, or for what was not used here\n",
              s->command, names[i]);
  }
  if (PetscOptionsLeftRestore(NULL, &n, &names, &values)) return COSTATE_CLI_FAILED;
  return status;
}

/* What was not read has been told, and the library need not do so again. */
static PetscErrorCode forget(void)
{
  char   **names, **values, name[256];
  PetscInt n;

  PetscFunctionBeginUser;
  PetscCall(PetscOptionsLeftGet(NULL, &n, &names, &values));
  for (PetscInt i = 0; i < n; i++) {
    if (strncmp(names[i], "costate_", 8) && !strstr(names[i], "ts_trajectory_costate_")) continue;
    snprintf(name, sizeof(name), "-%s", names[i]);
    PetscCall(PetscOptionsClearValue(NULL, name));
  }
  PetscCall(PetscOptionsLeftRestore(NULL, &n, &names, &values));
  PetscFunctionReturn(0);
}

int problem_end(problem_session *s, int status)
{
  if (CostateDestroy(&s->cs) || CostateProblemDestroy(&s->problem) || forget() || PetscPopErrorHandler() ||
      PetscFinalize())
    return COSTATE_CLI_FAILED;
  return status;
}

PetscErrorCode problem_gather(Vec v, PetscInt *n, PetscScalar **x)
{
  DM                 dm;
  Vec                natural = v, all;
  VecScatter         scatter;
  const PetscScalar *a;
  PetscBool          grid = PETSC_FALSE;

  PetscFunctionBeginUser;
  PetscCall(VecGetDM(v, &dm));
  if (dm) PetscCall(PetscObjectTypeCompare((PetscObject)dm, DMDA, &grid));
  if (grid) {
    PetscCall(DMDACreateNaturalVector(dm, &natural));
    PetscCall(DMDAGlobalToNaturalBegin(dm, v, INSERT_VALUES, natural));
    PetscCall(DMDAGlobalToNaturalEnd(dm, v, INSERT_VALUES, natural));
  }
  PetscCall(VecScatterCreateToZero(natural, &scatter, &all));
  PetscCall(VecScatterBegin(scatter, natural, all, INSERT_VALUES, SCATTER_FORWARD));
  PetscCall(VecScatterEnd(scatter, natural, all, INSERT_VALUES, SCATTER_FORWARD));
  PetscCall(VecGetLocalSize(all, n));
  PetscCall(PetscMalloc1(*n + 1, x));
  PetscCall(VecGetArrayRead(all, &a));
  PetscCall(PetscArraycpy(*x, a, *n));
  PetscCall(VecRestoreArrayRead(all, &a));
  PetscCall(VecScatterDestroy(&scatter));
  PetscCall(VecDestroy(&all));
  if (grid) PetscCall(VecDestroy(&natural));
  PetscFunctionReturn(0);
}
