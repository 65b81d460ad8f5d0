/* SPDX-License-Identifier: BSD-2-Clause */
/* What `costate run` and `costate check` share: a problem of the zoo with its options, on any number of ranks. */
#ifndef COSTATE_CLI_PROBLEM_H
#define COSTATE_CLI_PROBLEM_H

#include <costate.h>
#include <costate/zoo.h>

typedef struct {
  const char    *command, *name; /* name: of the problem */
  PetscMPIInt    rank, size;
  CostateProblem problem;
  Costate        cs;
  char           json[PETSC_MAX_PATH_LEN]; /* -json; "": none */
} problem_session;

/* The command line, PETSc, the problem; where it returns 0 nothing is left to do, and *status is the exit status. */
int problem_begin(problem_session *, const char *command, const char *usage, const char *const *options, int argc,
                  char **argv, int *status);

/* Says what was wrong, once for all ranks; returns the status, or does not return if other ranks do not come here. */
int problem_failed(problem_session *, int status);

/* Options that were given and not read: the status, or if there are some, COSTATE_CLI_USAGE. */
int problem_unread(problem_session *, int status);

/* Undoes problem_begin(). */
int problem_end(problem_session *, int status);

/* All entries of a vector, on a grid in natural order, on rank 0; n: how many, 0 on the other ranks. */
PetscErrorCode problem_gather(Vec, PetscInt *n, PetscScalar **);

/* run_print.c, run_json.c: the answer of `costate run`, the same from each rank, written by rank 0 */
typedef struct {
  const char            *method, *source; /* source: of what is known; NULL */
  char                   ts_type[64];
  CostateConvergedReason reason;
  CostateStatistics      stats;
  CostateCostKind        kind;
  PetscInt               ntimes;
  const PetscReal       *times;
  PetscReal              t0, tend, cost;
  const char            *gradient[2];         /* names: dG/du0, dG/dp */
  PetscInt               n[2];                /* 0: there is none */
  PetscScalar           *value[2], *known[2]; /* known: NULL if it is not */
  double                 error[2];            /* relative to what is known, in the 2-norm */
} run_answer;

void run_print(const problem_session *, const run_answer *);
int  run_json(const problem_session *, const run_answer *); /* an errno */

#endif
