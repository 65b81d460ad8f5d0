/* SPDX-License-Identifier: BSD-2-Clause */
/* Vectors with patterns of bits, slow tiers, and errors as data: for the tests of stores that work behind. */
#ifndef COSTATE_TESTS_VECS_H
#define COSTATE_TESTS_VECS_H

#include <stdint.h>
#include <stdlib.h>
#include <unistd.h>
#include <petscvec.h>
#include <costate.h>
#include "../../src/base/compat.h"
#include "../tap.h"

static PetscMPIInt rank, size;
static uint64_t    state, seed0;
static int         delay; /* microseconds, at most, before a write or read */

#define T_OK(...)                                                                                                      \
  do {                                                                                                                 \
    if (rank == 0) ok(__VA_ARGS__);                                                                                    \
  } while (0)

static inline uint64_t Mix(uint64_t *s)
{
  uint64_t z = (*s += UINT64_C(0x9e3779b97f4a7c15));

  z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
  z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
  return z ^ z >> 31;
}

static inline int Random(int n)
{
  return (int)(Mix(&state) % (uint64_t)n);
}

static inline PetscErrorCode Start(int *argc, char ***argv)
{
  const char *seed = getenv("SEED");

  PetscFunctionBeginUser;
  PetscCall(PetscInitialize(argc, argv, NULL, NULL));
  PetscCallMPI(MPI_Comm_rank(PETSC_COMM_WORLD, &rank));
  PetscCallMPI(MPI_Comm_size(PETSC_COMM_WORLD, &size));
  state = seed0 = seed ? strtoull(seed, NULL, 10) : 1;
  if (rank == 0) printf("# SEED=%s\n", seed ? seed : "1");
  PetscFunctionReturn(0);
}

static inline PetscErrorCode All(PetscBool *flag)
{
  PetscBool mine = *flag;

  PetscFunctionBeginUser;
  PetscCallMPI(MPI_Allreduce(&mine, flag, 1, MPIU_BOOL, MPI_LAND, PETSC_COMM_WORLD));
  PetscFunctionReturn(0);
}

/* {so many entries on rank 0 and more on the others, a few on the last one only} as a nest, or the first alone */
static inline PetscErrorCode Create(PetscInt n, PetscBool nest, Vec *v)
{
  Vec sub[2];

  PetscFunctionBeginUser;
  PetscCall(VecCreate(PETSC_COMM_WORLD, &sub[0]));
  PetscCall(VecSetSizes(sub[0], n + 1111 * rank, PETSC_DETERMINE));
  PetscCall(VecSetType(sub[0], VECSTANDARD));
  *v = sub[0];
  if (!nest) PetscFunctionReturn(0);
  PetscCall(VecCreate(PETSC_COMM_WORLD, &sub[1]));
  PetscCall(VecSetSizes(sub[1], rank == size - 1 ? 77 : 0, PETSC_DETERMINE));
  PetscCall(VecSetType(sub[1], VECSTANDARD));
  PetscCall(VecCreateNest(PETSC_COMM_WORLD, 2, NULL, sub, v));
  PetscCall(VecDestroy(&sub[0]));
  PetscCall(VecDestroy(&sub[1]));
  PetscFunctionReturn(0);
}

/* Fills with the pattern of a seed, or compares with it. */
static inline PetscErrorCode Pattern(Vec v, uint64_t seed, PetscBool *same)
{
  PetscBool    nest;
  PetscInt     n;
  Vec         *sub;
  PetscScalar *a;

  PetscFunctionBeginUser;
  seed = seed * 1000003 + (uint64_t)rank;
  PetscCall(PetscObjectTypeCompare((PetscObject)v, VECNEST, &nest));
  if (nest) {
    PetscCall(VecNestGetSubVecs(v, &n, &sub));
    for (PetscInt i = 0; i < n; i++) PetscCall(Pattern(sub[i], seed + (uint64_t)i, same));
    PetscFunctionReturn(0);
  }
  PetscCall(VecGetLocalSize(v, &n));
  PetscCall(VecGetArray(v, &a));
  for (PetscInt i = 0; i < n; i++) {
    PetscScalar x = (PetscReal)(Mix(&seed) >> 11);

    if (!same)
      a[i] = x;
    else if (a[i] != x)
      *same = PETSC_FALSE;
  }
  PetscCall(VecRestoreArray(v, &a));
  PetscFunctionReturn(0);
}

/* A tier that takes its time, another on each rank, and that fails at a frame where it is told to. */
static int (*fast_write)(CostateStore, CostateFrame), (*fast_read)(CostateStore, CostateFrame);
static PetscInt64  fail_key = -1;
static PetscMPIInt fail_rank;
static int         fail_errno;

static inline void Wait(CostateFrame f)
{
  uint64_t s = seed0 + 31 * (uint64_t)f->key + 1009 * (uint64_t)rank;

  if (delay) usleep((useconds_t)(Mix(&s) % (uint64_t)delay));
}

static inline int SlowWrite(CostateStore s, CostateFrame f)
{
  Wait(f);
  if (f->key == fail_key && rank == fail_rank) {
    snprintf(f->job->message, sizeof(f->job->message), "to the file of this test");
    return fail_errno;
  }
  return fast_write(s, f);
}

static inline int SlowRead(CostateStore s, CostateFrame f)
{
  Wait(f);
  if (f->key == fail_key && rank == fail_rank) return fail_errno;
  return fast_read(s, f);
}

static inline PetscErrorCode Disk(const char dir[], PetscBool behind, CostateStore *s)
{
  PetscFunctionBeginUser;
  PetscCall(CostateStoreCreate(PETSC_COMM_WORLD, "hdf5", s));
  PetscCall(CostateStoreSetDirectory(*s, dir));
  PetscCall(CostateStoreSetBehind(*s, behind));
  if (!fast_write) { /* another store's thread may be reading them */
    fast_write = (*s)->ops.write;
    fast_read  = (*s)->ops.read;
  }
  (*s)->ops.write = SlowWrite;
  (*s)->ops.read  = SlowRead;
  PetscFunctionReturn(0);
}

/* The first sentence of the error that CALL raises; its code is the same everywhere, and the sentence too, or this is
 * "". */
static char           said[2048];
static PetscErrorCode Listen(MPI_Comm comm, int line, const char *fun, const char *file, PetscErrorCode n,
                             PetscErrorType p, const char *mess, void *ctx)
{
  (void)comm, (void)line, (void)fun, (void)file, (void)ctx;
  if (p == PETSC_ERROR_INITIAL) snprintf(said, sizeof(said), "%s", mess);
  return n;
}

static inline PetscErrorCode Heard(PetscErrorCode err, PetscErrorCode *code)
{
  char      first[sizeof(said)];
  int       mine = (int)err;
  PetscBool same;

  PetscFunctionBeginUser;
  PetscCall(PetscPopErrorHandler());
  memcpy(first, said, sizeof(first));
  PetscCallMPI(MPI_Bcast(first, sizeof(first), MPI_CHAR, 0, PETSC_COMM_WORLD));
  PetscCallMPI(MPI_Bcast(&mine, 1, MPI_INT, 0, PETSC_COMM_WORLD));
  same = (PetscBool)(!strcmp(first, said) && mine == (int)err);
  PetscCall(All(&same));
  if (!same) said[0] = 0;
  *code = err;
  PetscFunctionReturn(0);
}

#define EXPECT(code, call)                                                                                             \
  do {                                                                                                                 \
    memset(said, 0, sizeof(said));                                                                                     \
    PetscCall(PetscPushErrorHandler(Listen, NULL));                                                                    \
    PetscCall(Heard(call, code));                                                                                      \
  } while (0)

#endif
