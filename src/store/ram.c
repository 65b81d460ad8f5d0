/* SPDX-License-Identifier: BSD-2-Clause */
/*
  The RAM tier: one host buffer a frame.  A buffer that becomes free is used again for the next frame of its size, so a
  long run under a budget allocates only as many buffers as are ever live at once.
*/
#include <costate/store.h>

typedef struct _n_Frame *Frame;
struct _n_Frame {
  PetscInt64 key;
  size_t     bytes;
  char      *buf;
  Frame      next; /* in the list of free buffers */
};

typedef struct {
  Frame   *held; /* ascending by key: arrivals append, so an insertion is cheap */
  PetscInt n, cap;
  Frame    free;
} RAM;

/* The index of the key, or of the first one beyond it. */
static PetscInt RAMFind(const RAM *ram, PetscInt64 key)
{
  PetscInt lo = 0, hi = ram->n;

  while (lo < hi) {
    PetscInt mid = lo + (hi - lo) / 2;
    if (ram->held[mid]->key < key)
      lo = mid + 1;
    else
      hi = mid;
  }
  return lo;
}

static PetscErrorCode RAMTakeBuffer(RAM *ram, size_t bytes, Frame *frame)
{
  PetscFunctionBegin;
  for (Frame *f = &ram->free; *f; f = &(*f)->next) {
    if ((*f)->bytes != bytes) continue;
    *frame = *f;
    *f     = (*f)->next;
    PetscFunctionReturn(0);
  }
  PetscCall(PetscNew(frame));
  PetscCall(PetscMalloc1(bytes, &(*frame)->buf));
  (*frame)->bytes = bytes;
  PetscFunctionReturn(0);
}

static PetscErrorCode CostateStorePutBegin_ram(CostateStore s, PetscInt64 key, PetscInt n, const Vec v[])
{
  RAM     *ram   = (RAM *)s->data;
  size_t   bytes = 0;
  PetscInt at    = RAMFind(ram, key);
  Frame    f;
  void    *p;

  PetscFunctionBegin;
  for (PetscInt i = 0; i < n; i++) {
    size_t b;

    PetscCall(CostateVecGetBytes(v[i], &b));
    bytes += b;
  }
  PetscCall(RAMTakeBuffer(ram, bytes, &f));
  if (ram->n == ram->cap) {
    ram->cap = 2 * ram->cap + 16;
    PetscCall(PetscRealloc((size_t)ram->cap * sizeof(Frame), &ram->held));
  }
  PetscCall(PetscArraymove(ram->held + at + 1, ram->held + at, ram->n - at));
  ram->held[at] = f;
  ram->n++;
  f->key = key;
  p      = f->buf;
  for (PetscInt i = 0; i < n; i++) PetscCall(CostateVecPack(v[i], p, &p));
  s->frames++;
  s->bytes += (PetscInt64)bytes;
  PetscFunctionReturn(0);
}

static PetscErrorCode CostateStoreGetEnd_ram(CostateStore s, PetscInt64 key, PetscInt n, Vec v[])
{
  RAM        *ram = (RAM *)s->data;
  const void *p   = ram->held[RAMFind(ram, key)]->buf;

  PetscFunctionBegin;
  for (PetscInt i = 0; i < n; i++) { PetscCall(CostateVecUnpack(v[i], p, &p)); }
  PetscFunctionReturn(0);
}

static PetscErrorCode CostateStoreDrop_ram(CostateStore s, PetscInt64 key)
{
  RAM     *ram = (RAM *)s->data;
  PetscInt at  = RAMFind(ram, key);
  Frame    f   = ram->held[at];

  PetscFunctionBegin;
  ram->n--;
  PetscCall(PetscArraymove(ram->held + at, ram->held + at + 1, ram->n - at));
  f->next   = ram->free;
  ram->free = f;
  s->frames--;
  s->bytes -= (PetscInt64)f->bytes;
  PetscFunctionReturn(0);
}

static PetscErrorCode CostateStoreHas_ram(CostateStore s, PetscInt64 key, PetscBool *has)
{
  RAM     *ram = (RAM *)s->data;
  PetscInt at  = RAMFind(ram, key);

  PetscFunctionBegin;
  *has = (PetscBool)(at < ram->n && ram->held[at]->key == key);
  PetscFunctionReturn(0);
}

static PetscErrorCode CostateStoreDestroy_ram(CostateStore s)
{
  RAM *ram = (RAM *)s->data;

  PetscFunctionBegin;
  while (ram->n) PetscCall(CostateStoreDrop_ram(s, ram->held[ram->n - 1]->key));
  while (ram->free) {
    Frame f = ram->free;

    ram->free = f->next;
    PetscCall(PetscFree(f->buf));
    PetscCall(PetscFree(f));
  }
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
