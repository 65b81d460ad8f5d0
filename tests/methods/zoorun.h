/* SPDX-License-Identifier: BSD-2-Clause */
/* A problem of the zoo, solved by a method under the options of a line, and what came out of it. */
#ifndef COSTATE_TEST_ZOORUN_H
#define COSTATE_TEST_ZOORUN_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <petscts.h>
#include <costate.h>
#include <costate/zoo.h>
#include "../lacks.h"

static PetscMPIInt zoo_rank, zoo_size;
static MPI_Comm    zoo_comm; /* of the problems: all ranks, unless a test says otherwise */

/* Only the first rank prints. */
#define T_OK(...)                                                                                                      \
  do {                                                                                                                 \
    if (zoo_rank == 0) ok(__VA_ARGS__);                                                                                \
  } while (0)

typedef struct {
  CostateConvergedReason reason;
  PetscReal              value, gu_norm, gp_norm; /* the cost, and the norms of its gradients */
  PetscReal              eu, ep;                  /* their relative errors; -1: not known, or not there */
  CostateStatistics      stats;
  Vec                    gu, gp; /* copies; NULL: the method has none */
} ZooResult;

static inline PetscErrorCode ZooBegin(int *argc, char ***argv, int tests)
{
  PetscFunctionBeginUser;
  PetscCall(PetscInitialize(argc, argv, NULL, NULL));
  PetscCallMPI(MPI_Comm_rank(PETSC_COMM_WORLD, &zoo_rank));
  PetscCallMPI(MPI_Comm_size(PETSC_COMM_WORLD, &zoo_size));
  zoo_comm = PETSC_COMM_WORLD;
  if (zoo_rank == 0 && tests) plan(tests);
  fflush(stdout); /* an error ends the program without */
  PetscFunctionReturn(0);
}

static inline PetscErrorCode ZooEnd(void)
{
  PetscFunctionBeginUser;
  PetscCall(PetscOptionsClear(NULL));
  PetscCall(PetscFinalize());
  PetscFunctionReturn(0);
}

/* The methods for runs, in the order of the list: all but the one for states of rest. */
static inline PetscErrorCode ZooListGet(PetscInt i, const char **name, const char **text)
{
  PetscFunctionBeginUser;
  for (PetscInt k = 0;; k++) {
    PetscCall(CostateListGet(k, name, text));
    if (*name && !strcmp(*name, COSTATEIMPLICIT)) continue;
    if (!*name || !i--) break;
  }
  PetscFunctionReturn(0);
}

/* These options and no others; the budget is said so that nothing is printed about it. */
static inline PetscErrorCode ZooOptions(const char options[])
{
  PetscFunctionBeginUser;
  PetscCall(PetscOptionsClear(NULL));
  PetscCall(PetscOptionsInsertString(NULL, "-ts_trajectory_costate_ram 1GB"));
  PetscCall(PetscOptionsInsertString(NULL, options));
  PetscFunctionReturn(0);
}

/* What the library says on stderr goes to a file, to be looked at or not; ZooHeard() is whether it says so. */
static FILE *zoo_stderr;

static inline PetscErrorCode ZooListen(void)
{
  PetscFunctionBeginUser;
  zoo_stderr = tmpfile();
  PetscCheck(zoo_stderr, PETSC_COMM_SELF, PETSC_ERR_FILE_OPEN, "No temporary file");
  PETSC_STDERR = zoo_stderr;
  PetscFunctionReturn(0);
}

/* Ends what ZooListen() began: what was said, on every rank; the first one writes */
static inline PetscErrorCode ZooHeardText(char text[], size_t len)
{
  size_t n;

  PetscFunctionBeginUser;
  PETSC_STDERR = stderr;
  (void)fflush(zoo_stderr);
  rewind(zoo_stderr);
  n       = fread(text, 1, len - 1, zoo_stderr);
  text[n] = 0;
  (void)fclose(zoo_stderr);
  PetscCallMPI(MPI_Bcast(text, (int)len, MPI_CHAR, 0, PETSC_COMM_WORLD));
  PetscFunctionReturn(0);
}

static inline PetscErrorCode ZooHeard(const char text[], PetscBool *heard)
{
  char all[8192];

  PetscFunctionBeginUser;
  PetscCall(ZooHeardText(all, sizeof(all)));
  if (heard) *heard = (PetscBool)(text && strstr(all, text));
  PetscFunctionReturn(0);
}

/* |a - b| / |b| */
static inline PetscErrorCode ZooDifference(Vec a, Vec b, PetscReal *e)
{
  Vec       d;
  PetscReal norm;

  PetscFunctionBeginUser;
  PetscCall(VecDuplicate(a, &d));
  PetscCall(VecWAXPY(d, -1, b, a));
  PetscCall(VecNorm(d, NORM_2, e));
  PetscCall(VecNorm(b, NORM_2, &norm));
  if (norm > 0) *e /= norm;
  PetscCall(VecDestroy(&d));
  PetscFunctionReturn(0);
}

static inline PetscErrorCode ZooCopy(Vec v, Vec *copy)
{
  PetscFunctionBeginUser;
  *copy = NULL;
  if (!v) PetscFunctionReturn(0);
  PetscCall(VecDuplicate(v, copy));
  PetscCall(VecCopy(v, *copy));
  PetscFunctionReturn(0);
}

static inline PetscErrorCode ZooResultFree(ZooResult *r)
{
  PetscFunctionBeginUser;
  PetscCall(VecDestroy(&r->gu));
  PetscCall(VecDestroy(&r->gp));
  PetscFunctionReturn(0);
}

/* A problem and an object that holds it, by the options of the database. */
static inline PetscErrorCode ZooCreate(const char problem[], const char method[], CostateProblem *pr, Costate *cs)
{
  PetscFunctionBeginUser;
  PetscCall(CostateProblemCreate(zoo_comm, problem, pr));
  PetscCall(CostateProblemSetFromOptions(*pr));
  PetscCall(CostateCreate(zoo_comm, cs));
  PetscCall(CostateProblemSetCostate(*pr, *cs));
  PetscCall(CostateSetType(*cs, method));
  PetscCall(CostateSetFromOptions(*cs));
  PetscFunctionReturn(0);
}

static inline PetscErrorCode ZooTake(CostateProblem pr, Costate cs, ZooResult *r)
{
  Vec         gu, gp, known_u = NULL, known_p = NULL;
  PetscBool   known;
  const char *source;

  PetscFunctionBeginUser;
  *r = (ZooResult){.eu = -1, .ep = -1};
  PetscCall(CostateGetConvergedReason(cs, &r->reason));
  PetscCall(CostateGetStatistics(cs, &r->stats));
  if (r->reason < 0) PetscFunctionReturn(0);
  PetscCall(CostateGetCost(cs, 0, &r->value));
  PetscCall(CostateGetGradient(cs, 0, &gu, &gp));
  PetscCall(ZooCopy(gu, &r->gu));
  PetscCall(ZooCopy(gp, &r->gp));
  if (gu) PetscCall(VecNorm(gu, NORM_2, &r->gu_norm));
  if (gp) PetscCall(VecNorm(gp, NORM_2, &r->gp_norm));
  PetscCall(CostateProblemGetKnown(pr, &known, &source, &known_u, &known_p));
  if (known && gu && known_u) { /* what it says of consistent states: the scheme heeds algebraic initial values too */
    Vec reduced;

    PetscCall(ZooCopy(gu, &reduced));
    PetscCall(CostateProblemReduceGradient(pr, reduced));
    PetscCall(ZooDifference(reduced, known_u, &r->eu));
    PetscCall(VecDestroy(&reduced));
  }
  if (known && gp && known_p) PetscCall(ZooDifference(gp, known_p, &r->ep));
  PetscFunctionReturn(0);
}

static inline PetscErrorCode ZooSolve(const char problem[], const char method[], const char options[], ZooResult *r)
{
  CostateProblem pr;
  Costate        cs;

  PetscFunctionBeginUser;
  PetscCall(ZooOptions(options));
  PetscCall(ZooCreate(problem, method, &pr, &cs));
  PetscCall(CostateSolve(cs));
  PetscCall(ZooTake(pr, cs, r));
  PetscCall(CostateDestroy(&cs));
  PetscCall(CostateProblemDestroy(&pr));
  PetscFunctionReturn(0);
}

#endif
