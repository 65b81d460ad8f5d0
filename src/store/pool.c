/* SPDX-License-Identifier: BSD-2-Clause */
/*
  Buffers for the blocks of frames: what the RAM tier keeps them in, and what is in flight to and from the others.  A
  buffer that becomes free is used again for the next block of its size, whether of states or of stages; where none
  fits, as many are given back as a new one needs, so that there is never more memory here than the most that was live
  at once.
*/
#define _GNU_SOURCE
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>
#include "storeimpl.h"

#define HUGE_PAGE 2097152

typedef struct {
  void      *at;
  PetscInt64 bytes;
  size_t     shift;
} Idle;

typedef struct {
  Idle      *idle;         /* the latest last */
  PetscInt   n, cap, live; /* live: blocks that are out */
  PetscInt64 bytes;
} Pool;

/* How far behind a multiple of COSTATE_ALIGN the block begins; large ones begin there in memory as they do on disk. */
static size_t Shift(const CostateBlock *b)
{
  if (b->bytes < COSTATE_ALIGN_FROM) return 0;
  return (size_t)(b->first * (PetscInt64)sizeof(PetscScalar) % COSTATE_ALIGN);
}

/*
  Memory of huge pages, which the device moves in few long pieces instead of many short ones: twice the speed of
  O_DIRECT where it was measured.  It comes from the system and goes back there, whatever malloc() is set to keep.
*/
static void *MapNew(size_t bytes)
{
  const size_t page = (size_t)sysconf(_SC_PAGESIZE);
  char        *at   = (char *)mmap(NULL, bytes + HUGE_PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  size_t       head;

  if (at == MAP_FAILED) return NULL;
  head = (HUGE_PAGE - (uintptr_t)at % HUGE_PAGE) % HUGE_PAGE;
  if (head) (void)munmap(at, head);
  at += head;
  bytes = (bytes + page - 1) / page * page;
  if (HUGE_PAGE - head >= page) (void)munmap(at + bytes, HUGE_PAGE - head);
#ifdef MADV_HUGEPAGE
  (void)madvise(at, bytes, MADV_HUGEPAGE);
#endif
  return at;
}

static PetscErrorCode BufferFree(void *at, PetscInt64 bytes, size_t shift)
{
  PetscFunctionBegin;
  if (bytes < COSTATE_ALIGN_FROM)
    PetscCall(PetscFree(at));
  else if (bytes < HUGE_PAGE)
    free((char *)at - shift);
  else
    (void)munmap((char *)at - shift, (size_t)bytes + shift);
  PetscFunctionReturn(0);
}

static PetscErrorCode BufferNew(CostateBlock *b)
{
  void  *base  = NULL;
  size_t shift = Shift(b), bytes = (size_t)b->bytes + shift;

  PetscFunctionBegin;
  if (b->bytes < COSTATE_ALIGN_FROM) {
    PetscCall(PetscMalloc((size_t)b->bytes, &b->at));
    PetscFunctionReturn(0);
  }
  if (b->bytes >= HUGE_PAGE)
    base = MapNew(bytes);
  else if (posix_memalign(&base, COSTATE_ALIGN, bytes))
    base = NULL;
  PetscCheck(base, PETSC_COMM_SELF, PETSC_ERR_MEM,
             "There are no %" PetscInt64_FMT " bytes left for a vector of a frame; ask for a smaller budget", b->bytes);
  b->at = (char *)base + shift;
  PetscFunctionReturn(0);
}

static PetscErrorCode PoolShrink(Pool *pool)
{
  Idle *last = &pool->idle[--pool->n];

  PetscFunctionBegin;
  pool->bytes -= last->bytes;
  PetscCall(BufferFree(last->at, last->bytes, last->shift));
  PetscFunctionReturn(0);
}

/* Memory for one block, where all buffers together may take `room`. */
static PetscErrorCode PoolTakeBlock(CostateStore s, CostateBlock *b, PetscInt64 room)
{
  Pool *pool = (Pool *)s->pool;

  PetscFunctionBegin;
  for (PetscInt i = pool->n - 1; i >= 0; i--) {
    const Idle *idle = &pool->idle[i];

    if (idle->bytes != b->bytes || idle->shift != Shift(b)) continue;
    b->at = idle->at;
    pool->bytes -= b->bytes;
    PetscCall(PetscArraymove(pool->idle + i, pool->idle + i + 1, pool->n - i - 1));
    pool->n--;
    PetscFunctionReturn(0);
  }
  while (pool->n && s->bytes + pool->bytes + b->bytes > room) PetscCall(PoolShrink(pool));
  PetscCall(BufferNew(b));
  PetscFunctionReturn(0);
}

/* Room in the list, so that giving back needs no memory. */
static PetscErrorCode PoolReserve(Pool *pool, PetscInt more)
{
  PetscFunctionBegin;
  pool->live += more;
  if (pool->n + pool->live > pool->cap) {
    pool->cap = PetscMax(2 * pool->cap, pool->n + pool->live);
    PetscCall(PetscRealloc((size_t)pool->cap * sizeof(Idle), &pool->idle));
  }
  PetscFunctionReturn(0);
}

/* Memory for all blocks of a frame; it counts in the bytes of the store. */
PetscErrorCode CostatePoolTake(CostateStore s, CostateFrame f)
{
  PetscInt64 room = PetscMax(s->bytes + f->bytes, s->peak_bytes);

  PetscFunctionBegin;
  if (!s->pool) {
    Pool *pool;

    PetscCall(PetscNew(&pool));
    s->pool = pool;
  }
  PetscCall(PoolReserve((Pool *)s->pool, f->nblocks));
  for (PetscInt i = 0; i < f->nblocks; i++) {
    PetscCall(PoolTakeBlock(s, &f->block[i], room));
    s->bytes += f->block[i].bytes;
  }
  s->peak_bytes = PetscMax(s->peak_bytes, s->bytes);
  PetscFunctionReturn(0);
}

/* Takes the memory of a frame back. */
PetscErrorCode CostatePoolGive(CostateStore s, CostateFrame f)
{
  Pool *pool = (Pool *)s->pool;

  PetscFunctionBegin;
  pool->live -= f->nblocks;
  for (PetscInt i = 0; i < f->nblocks; i++) {
    CostateBlock *b = &f->block[i];

    pool->idle[pool->n++] = (Idle){b->at, b->bytes, Shift(b)};
    pool->bytes += b->bytes;
    s->bytes -= b->bytes;
    b->at = NULL;
  }
  PetscFunctionReturn(0);
}

PetscErrorCode CostatePoolDestroy(CostateStore s)
{
  Pool *pool = (Pool *)s->pool;

  PetscFunctionBegin;
  if (!pool) PetscFunctionReturn(0);
  while (pool->n) PetscCall(PoolShrink(pool));
  PetscCall(PetscFree(pool->idle));
  PetscCall(PetscFree(s->pool));
  PetscFunctionReturn(0);
}
