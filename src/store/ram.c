/* SPDX-License-Identifier: BSD-2-Clause */
/*
  The RAM tier: one host buffer for each vector of a frame.  A buffer that becomes free is used again for the next
  vector of its size, whether of states or of stages; where none fits, as many are given back as a new one needs, so
  that there is never more memory here than the most that was live at once.
*/
#include <costate/store.h>

typedef struct _n_Block *Block;
struct _n_Block {
  size_t bytes;
  char  *buf;
  Block  next; /* of its frame, or of the free ones */
};

typedef struct {
  PetscInt64 key;
  Block      blocks;
} Frame;

typedef struct {
  Frame   *held; /* ascending by key: arrivals append, so an insertion is cheap */
  PetscInt n, cap;
  Block    free;
  size_t   idle; /* bytes of the free ones */
} RAM;

/* The index of the key, or of the first one beyond it. */
static PetscInt RAMFind(const RAM *ram, PetscInt64 key)
{
  PetscInt lo = 0, hi = ram->n;

  while (lo < hi) {
    PetscInt mid = lo + (hi - lo) / 2;
    if (ram->held[mid].key < key)
      lo = mid + 1;
    else
      hi = mid;
  }
  return lo;
}

static PetscErrorCode RAMFree(RAM *ram)
{
  Block b = ram->free;

  PetscFunctionBegin;
  ram->free = b->next;
  ram->idle -= b->bytes;
  PetscCall(PetscFree(b->buf));
  PetscCall(PetscFree(b));
  PetscFunctionReturn(0);
}

/* A buffer of so many bytes, where all buffers together may take `room`. */
static PetscErrorCode RAMTake(CostateStore s, size_t bytes, size_t room, Block *block)
{
  RAM *ram = (RAM *)s->data;

  PetscFunctionBegin;
  for (Block *b = &ram->free; *b; b = &(*b)->next) {
    if ((*b)->bytes != bytes) continue;
    *block = *b;
    *b     = (*b)->next;
    ram->idle -= bytes;
    PetscFunctionReturn(0);
  }
  while (ram->free && (size_t)s->bytes + ram->idle + bytes > room) PetscCall(RAMFree(ram));
  PetscCall(PetscNew(block));
  PetscCall(PetscMalloc1(bytes, &(*block)->buf));
  (*block)->bytes = bytes;
  PetscFunctionReturn(0);
}

static PetscErrorCode CostateStorePutBegin_ram(CostateStore s, PetscInt64 key, PetscInt n, const Vec v[])
{
  RAM     *ram  = (RAM *)s->data;
  size_t   room = (size_t)s->bytes, bytes;
  PetscInt at   = RAMFind(ram, key);
  Block   *last;

  PetscFunctionBegin;
  for (PetscInt i = 0; i < n; i++) {
    PetscCall(CostateVecGetBytes(v[i], &bytes));
    room += bytes;
  }
  room = PetscMax(room, (size_t)s->peak_bytes);
  if (ram->n == ram->cap) {
    ram->cap = 2 * ram->cap + 16;
    PetscCall(PetscRealloc((size_t)ram->cap * sizeof(Frame), &ram->held));
  }
  PetscCall(PetscArraymove(ram->held + at + 1, ram->held + at, ram->n - at));
  ram->n++;
  ram->held[at].key = key;
  last              = &ram->held[at].blocks;
  for (PetscInt i = 0; i < n; i++) {
    PetscCall(CostateVecGetBytes(v[i], &bytes));
    PetscCall(RAMTake(s, bytes, room, last));
    PetscCall(CostateVecPack(v[i], (*last)->buf, NULL));
    s->bytes += (PetscInt64)bytes;
    last = &(*last)->next;
  }
  *last = NULL;
  s->frames++;
  PetscFunctionReturn(0);
}

static PetscErrorCode CostateStoreGetEnd_ram(CostateStore s, PetscInt64 key, PetscInt n, Vec v[])
{
  RAM  *ram = (RAM *)s->data;
  Block b   = ram->held[RAMFind(ram, key)].blocks;

  PetscFunctionBegin;
  for (PetscInt i = 0; i < n; i++, b = b->next) PetscCall(CostateVecUnpack(v[i], b->buf, NULL));
  PetscFunctionReturn(0);
}

static PetscErrorCode CostateStoreDrop_ram(CostateStore s, PetscInt64 key)
{
  RAM     *ram = (RAM *)s->data;
  PetscInt at  = RAMFind(ram, key);
  Block    b   = ram->held[at].blocks, next;

  PetscFunctionBegin;
  ram->n--;
  PetscCall(PetscArraymove(ram->held + at, ram->held + at + 1, ram->n - at));
  for (; b; b = next) {
    next      = b->next;
    b->next   = ram->free;
    ram->free = b;
    ram->idle += b->bytes;
    s->bytes -= (PetscInt64)b->bytes;
  }
  s->frames--;
  PetscFunctionReturn(0);
}

static PetscErrorCode CostateStoreHas_ram(CostateStore s, PetscInt64 key, PetscBool *has)
{
  RAM     *ram = (RAM *)s->data;
  PetscInt at  = RAMFind(ram, key);

  PetscFunctionBegin;
  *has = (PetscBool)(at < ram->n && ram->held[at].key == key);
  PetscFunctionReturn(0);
}

static PetscErrorCode CostateStoreDestroy_ram(CostateStore s)
{
  RAM *ram = (RAM *)s->data;

  PetscFunctionBegin;
  while (ram->n) PetscCall(CostateStoreDrop_ram(s, ram->held[ram->n - 1].key));
  while (ram->free) PetscCall(RAMFree(ram));
  PetscCall(PetscFree(ram->held));
  PetscCall(PetscFree(ram));
  PetscFunctionReturn(0);
}

PetscErrorCode CostateStoreCreate_ram(CostateStore s)
{
  RAM *ram;

  PetscFunctionBegin;
  PetscCall(PetscNew(&ram));
  s->data         = ram;
  s->ops.putbegin = CostateStorePutBegin_ram;
  s->ops.getend   = CostateStoreGetEnd_ram;
  s->ops.drop     = CostateStoreDrop_ram;
  s->ops.has      = CostateStoreHas_ram;
  s->ops.destroy  = CostateStoreDestroy_ram;
  PetscFunctionReturn(0);
}
