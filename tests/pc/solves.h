/* SPDX-License-Identifier: BSD-2-Clause */
/* What the tests of preconditioners share. */
#ifndef COSTATE_PC_SOLVES_H
#define COSTATE_PC_SOLVES_H

#include <stdio.h>
#include <stdlib.h>
#include <petscksp.h>
#include <costate.h>
#include <costate/pc.h>
#include "../lacks.h"

static PetscMPIInt rank;

#define T_OK(...)                                                                                                      \
  do {                                                                                                                 \
    if (rank == 0) ok(__VA_ARGS__);                                                                                    \
  } while (0)

static inline PetscErrorCode Begin(int *argc, char ***argv, int tests, PetscRandom *random)
{
  const char *seed = getenv("SEED");

  PetscCall(PetscInitialize(argc, argv, NULL, NULL));
  PetscCall(CostateInitializePackage());
  PetscCallMPI(MPI_Comm_rank(PETSC_COMM_WORLD, &rank));
  if (rank == 0) plan(tests);
  PetscCall(PetscRandomCreate(PETSC_COMM_WORLD, random));
  PetscCall(PetscRandomSetInterval(*random, -1, 1));
  PetscCall(PetscRandomSetSeed(*random, seed ? strtoul(seed, NULL, 10) : 1));
  PetscCall(PetscRandomSeed(*random));
  return 0;
}

static inline PetscErrorCode End(PetscRandom *random)
{
  PetscCall(PetscRandomDestroy(random));
  PetscCall(PetscOptionsClear(NULL));
  PetscCall(PetscFinalize());
  return 0;
}

static inline PetscErrorCode SetUps(KSP ksp, PetscInt matrix, PetscInt transpose, const char name[], const char what[])
{
  PC       pc;
  PetscInt n[2];

  PetscFunctionBeginUser;
  PetscCall(KSPGetPC(ksp, &pc));
  PetscCall(PCTransposableGetSetUps(pc, &n[0], &n[1]));
  T_OK(n[0] == matrix && n[1] == transpose, "%s, %s: set up %d and %d times, expected %d and %d", name, what, (int)n[0],
       (int)n[1], (int)matrix, (int)transpose);
  PetscFunctionReturn(0);
}

typedef struct {
  PetscReal residual[2]; /* |b - A x| / |b|; infinity unless the solver says that it has converged */
  PetscReal duality;     /* (w, A^-1 b) - (A^-T w, b), relative */
  PetscInt  iterations[2];
} Solves;

/* A solve with A, for b, and one with its transpose, for w. */
static inline PetscErrorCode Solve(KSP ksp, Vec b, Vec w, Solves *s)
{
  KSPConvergedReason reason;
  PetscScalar        dot[2];
  PetscReal          norm[2];
  Vec                rhs[2] = {b, w}, x, work;

  PetscFunctionBeginUser;
  PetscCall(VecDuplicate(b, &x));
  PetscCall(VecDuplicate(b, &work));
  for (int k = 0; k < 2; k++) {
    PetscCall(k ? KSPSolveTranspose(ksp, rhs[k], x) : KSPSolve(ksp, rhs[k], x));
    PetscCall(KSPGetConvergedReason(ksp, &reason));
    PetscCall(KSPGetIterationNumber(ksp, &s->iterations[k]));
    PetscCall(CostateKSPTrueResidual(ksp, (PetscBool)k, rhs[k], x, work, &s->residual[k]));
    if (reason <= 0) s->residual[k] = PETSC_INFINITY;
    PetscCall(VecDot(x, rhs[1 - k], &dot[k]));
    if (!k) PetscCall(VecNorm(x, NORM_2, &norm[0]));
  }
  PetscCall(VecNorm(w, NORM_2, &norm[1]));
  s->duality = PetscAbsScalar(dot[0] - dot[1]) / (norm[0] * norm[1]);
  PetscCall(VecDestroy(&x));
  PetscCall(VecDestroy(&work));
  PetscFunctionReturn(0);
}

#endif
