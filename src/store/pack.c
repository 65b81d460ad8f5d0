/* SPDX-License-Identifier: BSD-2-Clause */
/* The local part of a Vec as bytes.  A VECNEST is the sequence of its blocks. */
#include <costate/store.h>
#define XXH_INLINE_ALL
#include <xxhash.h>

typedef PetscErrorCode (*CostateLeaf)(Vec, void *);

static PetscErrorCode CostateVecLeaves(Vec v, CostateLeaf leaf, void *ctx)
{
  PetscBool nest;

  PetscFunctionBegin;
  PetscCall(PetscObjectTypeCompare((PetscObject)v, VECNEST, &nest));
  if (nest) {
    PetscInt n;
    Vec     *sub;

    PetscCall(VecNestGetSubVecs(v, &n, &sub));
    for (PetscInt i = 0; i < n; i++) PetscCall(CostateVecLeaves(sub[i], leaf, ctx));
    PetscFunctionReturn(0);
  }
  PetscCall(leaf(v, ctx));
  PetscFunctionReturn(0);
}

static PetscErrorCode LeafBytes(Vec v, void *ctx)
{
  PetscInt n;

  PetscFunctionBegin;
  PetscCall(VecGetLocalSize(v, &n));
  *(size_t *)ctx += (size_t)n * sizeof(PetscScalar);
  PetscFunctionReturn(0);
}

typedef struct {
  PetscInt      vector, n;
  CostateBlock *block; /* NULL: only counts */
} Blocks;

static PetscErrorCode LeafBlock(Vec v, void *ctx)
{
  Blocks       *b = (Blocks *)ctx;
  CostateBlock *to;
  PetscInt      first, last, total;

  PetscFunctionBegin;
  if (b->block) {
    PetscCall(VecGetOwnershipRange(v, &first, &last));
    PetscCall(VecGetSize(v, &total));
    to         = &b->block[b->n];
    to->at     = NULL;
    to->bytes  = (PetscInt64)(last - first) * (PetscInt64)sizeof(PetscScalar);
    to->first  = first;
    to->total  = total;
    to->vector = b->vector;
    to->leaf   = b->n;
    to->hash   = 0;
  }
  b->n++;
  PetscFunctionReturn(0);
}

static PetscErrorCode LeafPack(Vec v, void *ctx)
{
  const CostateBlock **to = (const CostateBlock **)ctx;
  const PetscScalar   *a;

  PetscFunctionBegin;
  PetscCall(VecGetArrayRead(v, &a));
  PetscCall(PetscMemcpy((*to)->at, a, (size_t)(*to)->bytes));
  PetscCall(VecRestoreArrayRead(v, &a));
  ++*to;
  PetscFunctionReturn(0);
}

static PetscErrorCode LeafUnpack(Vec v, void *ctx)
{
  const CostateBlock **from = (const CostateBlock **)ctx;
  PetscScalar         *a;

  PetscFunctionBegin;
  PetscCall(VecGetArrayWrite(v, &a));
  PetscCall(PetscMemcpy(a, (*from)->at, (size_t)(*from)->bytes));
  PetscCall(VecRestoreArrayWrite(v, &a));
  ++*from;
  PetscFunctionReturn(0);
}

static PetscErrorCode LeafHash(Vec v, void *ctx)
{
  XXH64_hash_t      *h = (XXH64_hash_t *)ctx;
  const PetscScalar *a;
  PetscInt           n;

  PetscFunctionBegin;
  PetscCall(VecGetLocalSize(v, &n));
  PetscCall(VecGetArrayRead(v, &a));
  *h = XXH3_64bits_withSeed(a, (size_t)n * sizeof(PetscScalar), *h);
  PetscCall(VecRestoreArrayRead(v, &a));
  PetscFunctionReturn(0);
}

/*@C
  CostateVecGetBytes - The number of bytes that this rank's part of a `Vec` takes in a store

  Not Collective

  Input Parameter:
. v - the vector, of any type that gives an array, or `VECNEST` of such

  Output Parameter:
. bytes - the local size times the size of a scalar

  Level: developer

.seealso: `CostateVecGetBlocks()`, `CostateVecHash()`
@*/
PetscErrorCode CostateVecGetBytes(Vec v, size_t *bytes)
{
  PetscFunctionBegin;
  *bytes = 0;
  PetscCall(CostateVecLeaves(v, LeafBytes, bytes));
  PetscFunctionReturn(0);
}

/*@C
  CostateVecGetBlocks - Describes this rank's part of a `Vec`, one block for each of its leaves

  Not Collective

  Input Parameters:
+ v      - the vector
- vector - the number of the vector in its frame

  Output Parameters:
+ n     - number of leaves, 1 unless the vector is a `VECNEST`
- block - the blocks, without memory; `NULL` to count only

  Level: developer

.seealso: `CostateVecPack()`, `CostateVecUnpack()`
@*/
PetscErrorCode CostateVecGetBlocks(Vec v, PetscInt vector, PetscInt *n, CostateBlock *block)
{
  Blocks b = {vector, 0, block};

  PetscFunctionBegin;
  PetscCall(CostateVecLeaves(v, LeafBlock, &b));
  *n = b.n;
  PetscFunctionReturn(0);
}

/*@C
  CostateVecPack - Copies this rank's part of a `Vec` into the memory of its blocks

  Not Collective

  Input Parameters:
+ v     - the vector
- block - as `CostateVecGetBlocks()` described them, with memory

  Output Parameter:
. end - the first block that is not of this vector, or `NULL`

  Level: developer

.seealso: `CostateVecGetBlocks()`, `CostateVecUnpack()`
@*/
PetscErrorCode CostateVecPack(Vec v, const CostateBlock *block, const CostateBlock **end)
{
  PetscFunctionBegin;
  PetscCall(CostateVecLeaves(v, LeafPack, &block));
  if (end) *end = block;
  PetscFunctionReturn(0);
}

/*@C
  CostateVecUnpack - Fills this rank's part of a `Vec` from blocks that `CostateVecPack()` filled

  Not Collective

  Input Parameters:
+ v     - the vector, of the layout that was packed
- block - the blocks

  Output Parameter:
. end - the first block that is not of this vector, or `NULL`

  Level: developer

.seealso: `CostateVecGetBlocks()`, `CostateVecPack()`
@*/
PetscErrorCode CostateVecUnpack(Vec v, const CostateBlock *block, const CostateBlock **end)
{
  PetscFunctionBegin;
  PetscCall(CostateVecLeaves(v, LeafUnpack, &block));
  if (end) *end = block;
  PetscFunctionReturn(0);
}

/*@C
  CostateVecHash - XXH3 of the bytes of this rank's part of a `Vec`

  Not Collective

  Input Parameters:
+ v - the vector
- seed - start value; the hash of an earlier vector chains the two

  Output Parameter:
. hash - 64 bits; it tells bit patterns apart, -0. and 0. included

  Note:
  Work is one pass over the data, about 10 GB/s on a core.

  Level: developer

.seealso: `CostateVecPack()`
@*/
PetscErrorCode CostateVecHash(Vec v, PetscInt64 seed, PetscInt64 *hash)
{
  XXH64_hash_t h = (XXH64_hash_t)seed;

  PetscFunctionBegin;
  PetscCall(CostateVecLeaves(v, LeafHash, &h));
  *hash = (PetscInt64)h;
  PetscFunctionReturn(0);
}
