/* SPDX-License-Identifier: BSD-2-Clause */
/* ranks: 1 2 3 */
/*
  Frames go between memory and disk while other work goes on: random sequences of put, copy, get and drop in two pairs
  of stores at once, with writes and reads that take a random time on each rank, against a plain model.  What is read is
  what was put, bit for bit; memory is counted from the start of a copy; what must not be done meanwhile is refused.
*/
#include "vecs.h"

#define KEYS  12
#define PAIRS 2

typedef struct {
  PetscBool ram, disk, out, in, put, get; /* held; under way */
  uint64_t  seed;
  PetscBool stages; /* three vectors, of which one is a nest, else one */
} Model;

typedef struct {
  CostateStore ram, disk;
  Model        m[KEYS];
} Pair;

static Vec       v[3];
static PetscBool same = PETSC_TRUE, counted = PETSC_TRUE, aligned = PETSC_TRUE;
static int       copies, gets;

static PetscErrorCode Fill(const Model *m)
{
  PetscFunctionBeginUser;
  for (int i = 0; i < 3; i++) PetscCall(Pattern(v[i], m->seed + (uint64_t)i, NULL));
  PetscFunctionReturn(0);
}

static PetscErrorCode Compare(CostateStore s, PetscInt64 key, const Model *m)
{
  const PetscInt n = m->stages ? 3 : 1;

  PetscFunctionBeginUser;
  for (int i = 0; i < 3; i++) PetscCall(VecSet(v[i], -1));
  PetscCall(CostateStoreGetEnd(s, key, n, v));
  for (int i = 0; i < n; i++) PetscCall(Pattern(v[i], m->seed + (uint64_t)i, &same));
  gets++;
  PetscFunctionReturn(0);
}

static PetscErrorCode PutBegin(CostateStore s, PetscInt64 key, const Model *m)
{
  PetscFunctionBeginUser;
  PetscCall(Fill(m));
  PetscCall(CostateStorePutBegin(s, key, m->stages ? 3 : 1, v));
  for (int i = 0; i < 3; i++) PetscCall(VecSet(v[i], 7)); /* which the caller may */
  PetscFunctionReturn(0);
}

static PetscErrorCode CopyEnd(Pair *p, PetscInt64 key, Model *m)
{
  PetscFunctionBeginUser;
  if (m->in)
    PetscCall(CostateStoreCopyEnd(p->disk, p->ram, key));
  else
    PetscCall(CostateStoreCopyEnd(p->ram, p->disk, key));
  m->in = m->out = PETSC_FALSE;
  PetscFunctionReturn(0);
}

/* Large blocks are in memory as they are in the file, to the page, so that they go there without another copy. */
static PetscBool Aligned(CostateStore s)
{
  for (PetscInt i = 0; i < s->ntable; i++)
    for (PetscInt j = 0; j < s->table[i]->nblocks; j++) {
      const CostateBlock *b = &s->table[i]->block[j];

      if (b->bytes >= COSTATE_ALIGN_FROM && b->at &&
          ((intptr_t)b->at - (intptr_t)b->first * (intptr_t)sizeof(PetscScalar)) % COSTATE_ALIGN)
        return PETSC_FALSE;
    }
  return PETSC_TRUE;
}

/* What memory should be in use: frames in memory, and what is in flight beside them. */
static PetscErrorCode Count(Pair *p)
{
  PetscInt64 now[2], want[2] = {0, 0};
  size_t     b, all, bytes[3];

  PetscFunctionBeginUser;
  for (int i = 0; i < 3; i++) PetscCall(CostateVecGetBytes(v[i], &bytes[i]));
  all = bytes[0] + bytes[1] + bytes[2];
  for (int i = 0; i < KEYS; i++) {
    const Model *m = &p->m[i];
    PetscBool    pending;

    b = m->stages ? all : bytes[0];
    if (m->ram) want[0] += (PetscInt64)b;
    if (m->put || m->get) want[1] += (PetscInt64)b;
    PetscCall(CostateStorePending(p->ram, i, &pending));
    if (pending != (PetscBool)(m->in || m->out)) counted = PETSC_FALSE;
    PetscCall(CostateStorePending(p->disk, i, &pending));
    if (pending != (PetscBool)(m->in || m->out || m->put || m->get)) counted = PETSC_FALSE;
  }
  PetscCall(CostateStoreGetBytes(p->ram, &now[0], NULL));
  PetscCall(CostateStoreGetBytes(p->disk, &now[1], NULL));
  if (now[0] != want[0] || now[1] != want[1]) counted = PETSC_FALSE;
  if (!Aligned(p->ram) || !Aligned(p->disk)) aligned = PETSC_FALSE;
  PetscFunctionReturn(0);
}

static PetscErrorCode Turn(Pair *p)
{
  PetscInt64 key = Random(KEYS);
  Model     *m   = &p->m[key];

  PetscFunctionBeginUser;
  switch (Random(8)) {
  case 0: /* new in memory */
    if (m->ram || m->disk) break;
    m->seed   = Mix(&state);
    m->stages = (PetscBool)Random(2);
    m->ram    = PETSC_TRUE;
    PetscCall(PutBegin(p->ram, key, m));
    PetscCall(CostateStorePutEnd(p->ram, key));
    break;
  case 1: /* new on disk */
    if (m->ram || m->disk) break;
    m->seed   = Mix(&state);
    m->stages = (PetscBool)Random(2);
    m->disk = m->put = PETSC_TRUE;
    PetscCall(PutBegin(p->disk, key, m));
    break;
  case 2: /* out */
    if (!m->ram || m->disk) break;
    m->disk = m->out = PETSC_TRUE;
    PetscCall(CostateStoreCopyBegin(p->ram, p->disk, key));
    copies++;
    break;
  case 3: /* in */
    if (m->ram || !m->disk) break;
    m->ram = m->in = PETSC_TRUE;
    m->put = m->get = PETSC_FALSE; /* which ends first */
    PetscCall(CostateStoreCopyBegin(p->disk, p->ram, key));
    copies++;
    break;
  case 4: /* end */
    if (m->put) PetscCall(CostateStorePutEnd(p->disk, key));
    m->put = PETSC_FALSE;
    PetscCall(CopyEnd(p, key, m));
    break;
  case 5: /* read from memory, also while it is written to disk */
    if (m->ram && !m->in) PetscCall(Compare(p->ram, key, m));
    break;
  case 6: /* read from disk: begin now and end later, or both */
    if (!m->disk) break;
    if (m->out || m->in) PetscCall(CopyEnd(p, key, m));
    m->put = PETSC_FALSE;
    if (!m->get) PetscCall(CostateStoreGetBegin(p->disk, key));
    m->get = PETSC_TRUE;
    if (Random(2)) break;
    PetscCall(Compare(p->disk, key, m));
    m->get = PETSC_FALSE;
    break;
  default: /* drop; from disk whatever is under way */
    if (m->disk && Random(2)) {
      PetscCall(CostateStoreDrop(p->disk, key));
      m->disk = m->put = m->get = m->in = m->out = PETSC_FALSE;
    } else if (m->ram) {
      if (m->out) PetscCall(CopyEnd(p, key, m));
      PetscCall(CostateStoreDrop(p->ram, key));
      m->ram = m->in = PETSC_FALSE;
    }
  }
  PetscFunctionReturn(0);
}

static PetscErrorCode Run(PetscBool behind, PetscBool direct, int turns)
{
  Pair           p[PAIRS] = {{0}};
  CostateStoreIO io;
  PetscBool      done, used;

  PetscFunctionBeginUser;
  copies = gets = 0;
  same = counted = PETSC_TRUE;
  for (int i = 0; i < PAIRS; i++) {
    PetscCall(CostateStoreCreate(PETSC_COMM_WORLD, "ram", &p[i].ram));
    PetscCall(Disk("disk", behind, &p[i].disk));
    PetscCall(CostateStoreSetDirect(p[i].disk, direct));
    PetscCall(CostateStoreOpen(p[i].disk));
  }
  /* Few of the turns can be copies: the dice are thrown until there were enough of them. */
  for (int i = 0; i < turns || (i < 10 * turns && (gets < turns / 10 || copies < turns / 20)); i++) {
    Pair *q = &p[Random(PAIRS)];

    PetscCall(Turn(q));
    PetscCall(Count(q));
  }
  for (int i = 0; i < PAIRS; i++) {
    PetscCall(CostateStoreSync(p[i].disk));
    for (PetscInt64 key = 0; key < KEYS; key++) {
      Model *m = &p[i].m[key];

      m->in = m->out = m->put = PETSC_FALSE;
      if (m->disk) PetscCall(Compare(p[i].disk, key, m));
      if (m->ram) PetscCall(Compare(p[i].ram, key, m));
      m->get = PETSC_FALSE;
    }
    PetscCall(Count(&p[i]));
  }
  PetscCall(CostateStoreGetIO(p[0].disk, &io));
  used = (PetscBool)(io.behind == behind && io.writes > 0 && io.reads > 0 && io.bytes_written > 0 && io.last_read > 0 &&
                     (direct || !io.direct));
  for (int i = PAIRS - 1; i >= 0; i--) { /* memory first or last, with something under way; what made DIR is last */
    for (PetscInt64 key = 0; key < KEYS; key++) {
      if (p[i].m[key].ram && !p[i].m[key].disk) PetscCall(CostateStoreCopyBegin(p[i].ram, p[i].disk, key));
      if (!p[i].m[key].ram && p[i].m[key].disk) PetscCall(CostateStoreCopyBegin(p[i].disk, p[i].ram, key));
    }
    if (i) PetscCall(CostateStoreDestroy(&p[i].ram));
    PetscCall(CostateStoreDestroy(&p[i].disk));
    PetscCall(CostateStoreDestroy(&p[i].ram));
  }
  PetscCallMPI(MPI_Barrier(PETSC_COMM_WORLD));
  done = (PetscBool)(access("disk", F_OK) != 0);
  PetscCall(All(&same));
  PetscCall(All(&counted));
  PetscCall(All(&used));
  PetscCall(All(&done));
  T_OK(same && gets >= turns / 10 && copies >= turns / 20, "%s, %s: %d copies, %d frames came back with the same bits",
       behind ? "behind" : "waiting", direct ? "direct" : "buffered", copies, gets);
  T_OK(counted, "memory in flight is counted, and what is under way is said");
  T_OK(used, "what was moved is counted");
  T_OK(done, "nothing is left behind, whatever was under way");
  PetscFunctionReturn(0);
}

static PetscErrorCode Refusals(void)
{
  CostateStore   ram, disk;
  PetscErrorCode err[5];
  Model          m = {0};

  PetscFunctionBeginUser;
  PetscCall(CostateStoreCreate(PETSC_COMM_WORLD, "ram", &ram));
  PetscCall(Disk("disk", PETSC_TRUE, &disk));
  PetscCall(PutBegin(ram, 1, &m));
  PetscCall(CostateStoreCopyBegin(ram, disk, 1));
  EXPECT(&err[0], CostateStoreDrop(ram, 1));
  T_OK(err[0] == PETSC_ERR_ORDER && strstr(said, "CostateStoreCopyEnd()"), "a frame is not dropped while it is copied");
  PetscCall(CostateStoreCopyEnd(ram, disk, 1));
  PetscCall(CostateStoreCopyEnd(ram, disk, 1));
  PetscCall(CostateStoreDrop(ram, 1));
  PetscCall(CostateStoreCopyBegin(disk, ram, 1));
  EXPECT(&err[0], CostateStoreGetEnd(ram, 1, 1, v));
  T_OK(err[0] == PETSC_ERR_ORDER, "a frame is not read before it is there");
  EXPECT(&err[1], CostateStoreCopyBegin(disk, ram, 1));
  EXPECT(&err[2], CostateStoreCopyBegin(ram, ram, 1));
  EXPECT(&err[3], CostateStoreCopyBegin(disk, ram, 2));
  EXPECT(&err[4], CostateStoreGetBegin(disk, 2));
  T_OK(err[1] == PETSC_ERR_ARG_WRONGSTATE && err[2] == PETSC_ERR_SUP && err[3] == PETSC_ERR_ARG_OUTOFRANGE &&
           err[4] == PETSC_ERR_ARG_OUTOFRANGE,
       "a second copy, a copy within memory and one of what is not there are refused");
  PetscCall(CostateStoreCopyEnd(disk, ram, 1));
  PetscCall(Compare(ram, 1, &m));
  PetscCall(All(&same));
  T_OK(same, "and none of it disturbs what is held");
  PetscCall(CostateStoreDestroy(&ram));
  PetscCall(CostateStoreDestroy(&disk));
  PetscFunctionReturn(0);
}

int main(int argc, char **argv)
{
  const int turns = getenv("COSTATE_TEST_FAST") ? 200 : 700;

  PetscCall(Start(&argc, &argv));
  if (rank == 0) plan(21);
  PetscCall(Create(9000, PETSC_FALSE, &v[0])); /* 72 kB, so that its pages may be written without a copy */
  PetscCall(Create(8500, PETSC_TRUE, &v[1]));
  PetscCall(Create(100, PETSC_FALSE, &v[2]));
  delay = 2000;
  PetscCall(Run(PETSC_TRUE, PETSC_TRUE, turns));
  PetscCall(Run(PETSC_TRUE, PETSC_FALSE, turns));
  PetscCall(Refusals());
  delay = 0;
  PetscCall(Run(PETSC_TRUE, PETSC_TRUE, turns));
  PetscCall(Run(PETSC_FALSE, PETSC_TRUE, turns));
  PetscCall(All(&aligned));
  T_OK(aligned, "large blocks begin in memory where they begin in a page of the file");
  for (int i = 0; i < 3; i++) PetscCall(VecDestroy(&v[i]));
  PetscCall(PetscFinalize());
  return done();
}
