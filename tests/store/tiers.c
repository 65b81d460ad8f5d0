/* SPDX-License-Identifier: BSD-2-Clause */
/* ranks: 1 2 3 */
/*
  The store of each type that there is gives back what was put into it, bit for bit: random sequences of put, get and
  drop against a plain model, with ranks that own different numbers of entries or none, frames of several vectors, and
  nests of nests; its counters are those of the model, and it takes no more memory than they say.
*/
#include <stdint.h>
#include <stdlib.h>
#include <petscvec.h>
#include <costate.h>
#include "../../src/base/compat.h"
#include "../tap.h"

#define KEYS   40
#define KINDS  4
#define MAXV   5
#define SHAPES 8

typedef struct {
  PetscBool held;
  PetscInt  n, kind[MAXV];
  uint64_t  seed;
} Model;

static PetscMPIInt rank;
static uint64_t    state;

#define T_OK(...)                                                                                                      \
  do {                                                                                                                 \
    if (rank == 0) ok(__VA_ARGS__);                                                                                    \
  } while (0)

static uint64_t Mix(uint64_t *s)
{
  uint64_t z = (*s += UINT64_C(0x9e3779b97f4a7c15));

  z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
  z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
  return z ^ z >> 31;
}

static int Random(int n)
{
  return (int)(Mix(&state) % (uint64_t)n);
}

static PetscErrorCode All(PetscBool *flag)
{
  PetscBool mine = *flag;

  PetscFunctionBeginUser;
  PetscCallMPI(MPI_Allreduce(&mine, flag, 1, MPIU_BOOL, MPI_LAND, PETSC_COMM_WORLD));
  PetscFunctionReturn(0);
}

static PetscErrorCode Plain(PetscInt n, Vec *v)
{
  PetscFunctionBeginUser;
  PetscCall(VecCreate(PETSC_COMM_WORLD, v));
  PetscCall(VecSetSizes(*v, n, PETSC_DETERMINE));
  PetscCall(VecSetType(*v, VECSTANDARD));
  PetscFunctionReturn(0);
}

/* 0: unequal parts; 1: the last rank has all; 2: {0, 1}; 3: {{0, 1}, 0} */
static PetscErrorCode Create(PetscInt kind, Vec *v)
{
  PetscMPIInt size;
  Vec         sub[2];

  PetscFunctionBeginUser;
  PetscCallMPI(MPI_Comm_size(PETSC_COMM_WORLD, &size));
  if (kind == 0) {
    PetscCall(Plain(400 + 880 * rank, v));
    PetscFunctionReturn(0);
  }
  if (kind == 1) {
    PetscCall(Plain(rank == size - 1 ? 1360 : 0, v));
    PetscFunctionReturn(0);
  }
  PetscCall(Create(kind == 2 ? 0 : 2, &sub[0]));
  PetscCall(Create(kind == 2 ? 1 : 0, &sub[1]));
  PetscCall(VecCreateNest(PETSC_COMM_WORLD, 2, NULL, sub, v));
  PetscCall(VecDestroy(&sub[0]));
  PetscCall(VecDestroy(&sub[1]));
  PetscFunctionReturn(0);
}

/* Visits the local entries: writes the pattern of the seed, or compares with it. */
static PetscErrorCode Pattern(Vec v, uint64_t *seed, PetscBool write, PetscInt64 *bytes, PetscBool *same)
{
  static const uint64_t odd[] = {UINT64_C(0x8000000000000000), UINT64_C(0x7ff8000000000000),
                                 UINT64_C(0xfff0000000abcdef), UINT64_C(0x7ff0000000000000), UINT64_C(1)};
  PetscBool             nest;
  PetscInt              n;
  Vec                  *sub;
  PetscScalar          *a;

  PetscFunctionBeginUser;
  PetscCall(PetscObjectTypeCompare((PetscObject)v, VECNEST, &nest));
  if (nest) {
    PetscCall(VecNestGetSubVecs(v, &n, &sub));
    for (PetscInt i = 0; i < n; i++) PetscCall(Pattern(sub[i], seed, write, bytes, same));
    PetscFunctionReturn(0);
  }
  PetscCall(VecGetLocalSize(v, &n));
  PetscCall(VecGetArray(v, &a));
  for (char *p = (char *)a; p < (char *)(a + n); p += sizeof(uint64_t)) {
    uint64_t bits = Mix(seed);

    if (bits % 7 == 0) bits = odd[bits / 7 % (sizeof(odd) / sizeof(odd[0]))];
    if (write)
      memcpy(p, &bits, sizeof(bits));
    else if (memcmp(p, &bits, sizeof(bits)))
      *same = PETSC_FALSE;
  }
  PetscCall(VecRestoreArray(v, &a));
  *bytes += n * (PetscInt64)sizeof(PetscScalar);
  PetscFunctionReturn(0);
}

static PetscErrorCode Vectors(const Model *m, PetscInt n, Vec v[], PetscBool write, PetscInt64 *bytes, PetscBool *same)
{
  uint64_t seed = m->seed + (uint64_t)rank;

  PetscFunctionBeginUser;
  *bytes = 0;
  for (PetscInt i = 0; i < n; i++) PetscCall(Pattern(v[i], &seed, write, bytes, same));
  PetscFunctionReturn(0);
}

static PetscErrorCode Make(const Model *m, Vec v[])
{
  PetscFunctionBeginUser;
  for (PetscInt i = 0; i < m->n; i++) PetscCall(Create(m->kind[i], &v[i]));
  PetscFunctionReturn(0);
}

static PetscErrorCode Unmake(const Model *m, Vec v[])
{
  PetscFunctionBeginUser;
  for (PetscInt i = 0; i < m->n; i++) PetscCall(VecDestroy(&v[i]));
  PetscFunctionReturn(0);
}

/* Memory takes frames of any shape.  A tier with files has one for each shape, of which an application has a few; here
 * some differ in nothing but a size. */
static void Shape(CostateStore s, Model *m)
{
  const int few = s->peak_frames < SHAPES ? (int)s->peak_frames : Random(SHAPES); /* each once, small ones first */

  m->n = s->map ? 1 + Random(MAXV) : 1 + 2 * (few / KINDS);
  for (PetscInt i = 0; i < m->n; i++) m->kind[i] = s->map ? Random(KINDS) : (few + i) % KINDS;
}

static PetscErrorCode Put(CostateStore s, PetscInt64 key, Model *m, PetscInt64 *bytes)
{
  Vec v[MAXV];

  PetscFunctionBeginUser;
  m->held = PETSC_TRUE;
  Shape(s, m);
  m->seed = Mix(&state);
  PetscCall(Make(m, v));
  PetscCall(Vectors(m, m->n, v, PETSC_TRUE, bytes, NULL));
  PetscCall(CostateStorePutBegin(s, key, m->n, v));
  for (PetscInt i = 0; i < m->n; i++) PetscCall(VecSet(v[i], 1)); /* which the caller may */
  PetscCall(CostateStorePutEnd(s, key));
  PetscCall(Unmake(m, v));
  PetscFunctionReturn(0);
}

/* Sometimes fewer vectors are asked for than were put. */
static PetscErrorCode Get(CostateStore s, PetscInt64 key, const Model *m, PetscInt64 *bytes, PetscBool *same)
{
  Vec      v[MAXV];
  PetscInt n = Random(3) ? m->n : 1 + Random((int)m->n);

  PetscFunctionBeginUser;
  PetscCall(Make(m, v));
  PetscCall(CostateStoreGetBegin(s, key));
  PetscCall(CostateStoreGetEnd(s, key, n, v));
  PetscCall(Vectors(m, n, v, PETSC_FALSE, bytes, same));
  PetscCall(Vectors(m, m->n, v, PETSC_TRUE, bytes, NULL)); /* only for the bytes */
  PetscCall(Unmake(m, v));
  PetscFunctionReturn(0);
}

/* Memory is counted by PETSc, which -malloc_debug makes it do; 256 bytes a vector are allowed for the bookkeeping. */
static PetscErrorCode RandomRun(const char type[], int operations)
{
  CostateStore   s;
  Model          model[KEYS] = {{0}};
  PetscInt64     live = 0, most = 0, largest = 0, frames = 0, bytes = 0, now, peak;
  PetscBool      same = PETSC_TRUE, counted = PETSC_TRUE, thrifty = PETSC_TRUE, clean;
  PetscLogDouble before, during, after;
  int            gets = 0;

  PetscFunctionBeginUser;
  PetscCall(PetscMallocGetCurrentUsage(&before));
  PetscCall(CostateStoreCreate(PETSC_COMM_WORLD, type, &s));
  for (int i = 0; i < operations; i++) {
    int        at  = Random(KEYS);
    PetscInt64 key = at * (PetscInt64)1000000007 - 5;
    Model     *m   = &model[at];
    PetscBool  has;

    PetscCall(CostateStoreHas(s, key, &has));
    if (has != m->held) counted = PETSC_FALSE;
    if (!m->held && Random(4)) {
      PetscCall(Put(s, key, m, &bytes));
      live += bytes;
      frames++;
    } else if (m->held) {
      PetscCall(Get(s, key, m, &bytes, &same));
      gets++;
      if (Random(2)) {
        PetscCall(CostateStoreDrop(s, key));
        m->held = PETSC_FALSE;
        live -= bytes;
        frames--;
      }
    }
    if (i % 100 == 99) PetscCall(CostateStoreSync(s));
    most    = PetscMax(most, live);
    largest = PetscMax(largest, bytes);
    PetscCall(CostateStoreGetBytes(s, &now, &peak));
    /* on disk, memory is what is in flight: here one frame at a time */
    if (now != (s->map ? live : 0) || peak != (s->map ? most : largest)) counted = PETSC_FALSE;
    if (s->held != live || s->peak_held != most || s->frames != frames) counted = PETSC_FALSE;
    PetscCall(PetscMallocGetCurrentUsage(&during));
    if (during - before > (double)peak + 256 * MAXV * KEYS + (s->map ? 4096 : 65536)) thrifty = PETSC_FALSE;
  }
  PetscCall(CostateStoreDestroy(&s));
  PetscCall(PetscMallocGetCurrentUsage(&after));
  clean = (PetscBool)(after == before && during > before && s == NULL);
  PetscCall(All(&same));
  PetscCall(All(&counted));
  PetscCall(All(&thrifty));
  PetscCall(All(&clean));
  T_OK(same && gets > operations / 5, "%s: %d frames came back with the same bits", type, gets);
  T_OK(counted, "%s: counts what it holds and the most it held", type);
  T_OK(thrifty, "%s: never holds more memory than its peak, whatever the sizes of the frames", type);
  T_OK(clean, "%s: returns all memory", type);
  PetscFunctionReturn(0);
}

/* A nest remembers its norm; after a get it must not. */
static PetscErrorCode Norms(const char type[])
{
  CostateStore s;
  Vec          v, put;
  PetscReal    norm, wanted, part;
  PetscBool    right = PETSC_TRUE;

  PetscFunctionBeginUser;
  PetscCall(CostateStoreCreate(PETSC_COMM_WORLD, type, &s));
  for (PetscInt kind = 0; kind < KINDS; kind++) {
    Vec *sub;

    PetscCall(Create(kind, &put));
    PetscCall(VecSet(put, 2));
    PetscCall(VecNorm(put, NORM_2, &wanted));
    PetscCall(CostateStorePutBegin(s, kind, 1, &put));
    PetscCall(CostateStorePutEnd(s, kind));
    PetscCall(VecDuplicate(put, &v));
    PetscCall(VecSet(v, 1));
    PetscCall(VecNorm(v, NORM_2, &norm));
    if (norm == wanted) right = PETSC_FALSE;
    if (kind > 1) {
      PetscCall(VecNestGetSubVecs(v, NULL, &sub));
      PetscCall(VecNorm(sub[0], NORM_2, &part));
    }
    PetscCall(CostateStoreGetBegin(s, kind));
    PetscCall(CostateStoreGetEnd(s, kind, 1, &v));
    PetscCall(VecNorm(v, NORM_2, &norm));
    if (PetscAbsReal(norm - wanted) > 1e-12 * wanted) right = PETSC_FALSE; /* VecSet() knows it without a sum */
    if (kind > 1) {
      PetscCall(VecNorm(sub[0], NORM_2, &norm));
      if (PetscAbsReal(norm - 2 * part) > 1e-12 * norm) right = PETSC_FALSE;
    }
    PetscCall(VecDestroy(&v));
    PetscCall(VecDestroy(&put));
  }
  PetscCall(CostateStoreDestroy(&s));
  PetscCall(All(&right));
  T_OK(right, "%s: no vector answers with the norm it had before it was filled, nests of nests included", type);
  PetscFunctionReturn(0);
}

/* As a run does: frames of one vector, and on the way back of three; buffers go from the ones to the others. */
static PetscErrorCode Turns(const char type[])
{
  CostateStore   s;
  Vec            v[3];
  PetscInt64     peak;
  PetscLogDouble before, first, last;
  PetscBool      still;
  size_t         one;

  PetscFunctionBeginUser;
  PetscCall(CostateStoreCreate(PETSC_COMM_WORLD, type, &s));
  for (int i = 0; i < 3; i++) PetscCall(Create(2, &v[i]));
  PetscCall(CostateVecGetBytes(v[0], &one));
  PetscCall(PetscMallocGetCurrentUsage(&before));
  for (PetscInt64 i = 0; i < 12; i++) {
    PetscCall(CostateStorePutBegin(s, i, 1, v));
    PetscCall(CostateStorePutEnd(s, i));
  }
  PetscCall(PetscMallocGetCurrentUsage(&first));
  for (PetscInt64 i = 0; i < 12; i++) {
    PetscCall(CostateStoreDrop(s, i));
    if (i % 3 != 2) continue;
    PetscCall(CostateStorePutBegin(s, 100 + i, 3, v));
    PetscCall(CostateStorePutEnd(s, 100 + i));
  }
  PetscCall(PetscMallocGetCurrentUsage(&last));
  PetscCall(CostateStoreGetBytes(s, NULL, &peak));
  if (s->map)
    still = (PetscBool)(last <= first && peak == 12 * (PetscInt64)one && last - before < (double)peak + 4096);
  else
    still = (PetscBool)(peak == 3 * (PetscInt64)one && s->peak_held == 12 * (PetscInt64)one);
  PetscCall(All(&still));
  T_OK(still, "%s: makes frames of three vectors in the place of three frames", type);
  for (int i = 0; i < 3; i++) PetscCall(VecDestroy(&v[i]));
  PetscCall(CostateStoreDestroy(&s));
  PetscFunctionReturn(0);
}

static PetscErrorCode Refusals(const char type[])
{
  CostateStore   s, other = NULL;
  Vec            v;
  PetscErrorCode err[6];
  PetscInt64     now, peak;

  PetscFunctionBeginUser;
  PetscCall(CostateStoreCreate(PETSC_COMM_WORLD, type, &s));
  PetscCall(Create(0, &v));
  PetscCall(CostateStorePutBegin(s, 7, 1, &v));
  PetscCall(CostateStorePutEnd(s, 7));
  PetscCall(PetscPushErrorHandler(PetscReturnErrorHandler, NULL));
  err[0] = CostateStorePutBegin(s, 7, 1, &v);
  err[1] = CostateStoreGetEnd(s, 8, 1, &v);
  err[2] = CostateStoreDrop(s, 6);
  err[3] = CostateStoreCreate(PETSC_COMM_WORLD, "rom", &other);
  err[4] = CostateStoreDrop(s, 7);
  err[5] = CostateStoreDrop(s, 7);
  PetscCall(PetscPopErrorHandler());
  PetscCall(CostateStoreGetBytes(s, &now, &peak));
  T_OK(err[0] == PETSC_ERR_ARG_WRONGSTATE, "%s: a second put under a key is refused", type);
  T_OK(err[1] == PETSC_ERR_ARG_OUTOFRANGE && err[2] == PETSC_ERR_ARG_OUTOFRANGE && err[5] == PETSC_ERR_ARG_OUTOFRANGE,
       "%s: get and drop of a frame that is not there are refused", type);
  T_OK(err[3] == PETSC_ERR_ARG_UNKNOWN_TYPE && !other, "an unknown type is refused");
  T_OK(!err[4] && now == 0 && peak > 0 && s->frames == 0 && s->peak_frames == 1,
       "%s: and none of it disturbs what is held", type);
  PetscCall(VecDestroy(&v));
  PetscCall(CostateStoreDestroy(&s));
  PetscFunctionReturn(0);
}

int main(int argc, char **argv)
{
  const char *seed       = getenv("SEED"), *type;
  int         operations = getenv("COSTATE_TEST_FAST") ? 300 : 1200, types = 0;
  char        name[] = "ram", debug[] = "-malloc_debug", *fixed[] = {name, debug, NULL}, **args = fixed;

  (void)argc;
  (void)argv;
  argc  = 2;
  state = seed ? strtoull(seed, NULL, 10) : 1;
  PetscCall(PetscInitialize(&argc, &args, NULL, NULL));
  PetscCallMPI(MPI_Comm_rank(PETSC_COMM_WORLD, &rank));
  for (type = ""; type; types += type != NULL) PetscCall(CostateStoreListGet(types, &type, NULL));
  if (rank == 0) printf("# SEED=%s\n", seed ? seed : "1");
  if (rank == 0) plan(10 * types);
  for (int i = 0; i < types; i++) {
    PetscCall(CostateStoreListGet(i, &type, NULL));
    PetscCall(Norms(type)); /* first, so that PETSc has its caches before memory is counted */
    PetscCall(RandomRun(type, operations));
    PetscCall(Turns(type));
    PetscCall(Refusals(type));
  }
  PetscCall(PetscFinalize());
  return done();
}
