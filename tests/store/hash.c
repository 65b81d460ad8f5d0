/* SPDX-License-Identifier: BSD-2-Clause */
/* The hash of a Vec tells bit patterns apart: every single bit, the order of blocks, the sign of zero, NaN payloads. */
#include <stdint.h>
#include <petscvec.h>
#include <costate.h>
#include "../tap.h"

#define N 24

static PetscErrorCode Fill(Vec v, unsigned seed)
{
  PetscScalar *a;
  PetscInt     n;

  PetscFunctionBeginUser;
  PetscCall(VecGetLocalSize(v, &n));
  PetscCall(VecGetArray(v, &a));
  for (PetscInt i = 0; i < n; i++) a[i] = PetscSinReal((PetscReal)(i + 1) * (1 + .3 * seed));
  PetscCall(VecRestoreArray(v, &a));
  PetscFunctionReturn(0);
}

/* How many of the flips of one bit leave the hash as it was. */
static PetscErrorCode Flips(Vec v, int *unseen, int *flips)
{
  PetscInt64   before, after;
  PetscScalar *a;
  PetscInt     n;

  PetscFunctionBeginUser;
  *unseen = *flips = 0;
  PetscCall(VecGetLocalSize(v, &n));
  PetscCall(CostateVecHash(v, 0, &before));
  for (size_t bit = 0; bit < 8 * (size_t)n * sizeof(PetscScalar); bit++) {
    for (int back = 0; back < 2; back++) {
      PetscCall(VecGetArray(v, &a));
      ((unsigned char *)a)[bit / 8] ^= (unsigned char)(1u << bit % 8);
      PetscCall(VecRestoreArray(v, &a));
      PetscCall(CostateVecHash(v, 0, &after));
      if ((after == before) != back) ++*unseen;
    }
    ++*flips;
  }
  PetscFunctionReturn(0);
}

static PetscErrorCode SetFirst(Vec v, uint64_t bits)
{
  PetscScalar *a;

  PetscFunctionBeginUser;
  PetscCall(VecGetArray(v, &a));
  memcpy(a, &bits, sizeof(bits));
  PetscCall(VecRestoreArray(v, &a));
  PetscFunctionReturn(0);
}

static PetscErrorCode Nest(Vec a, Vec b, PetscInt64 *hash)
{
  Vec two[2] = {a, b}, nest;

  PetscFunctionBeginUser;
  PetscCall(VecCreateNest(PETSC_COMM_SELF, 2, NULL, two, &nest));
  PetscCall(CostateVecHash(nest, 0, hash));
  PetscCall(VecDestroy(&nest));
  PetscFunctionReturn(0);
}

int main(int argc, char **argv)
{
  Vec        v, w, empty;
  PetscInt64 h[4];
  int        unseen, flips;

  PetscCall(PetscInitialize(&argc, &argv, NULL, NULL));
  plan(7);
  PetscCall(VecCreateSeq(PETSC_COMM_SELF, N, &v));
  PetscCall(VecDuplicate(v, &w));
  PetscCall(VecCreateSeq(PETSC_COMM_SELF, 0, &empty));
  PetscCall(Fill(v, 1));
  PetscCall(Flips(v, &unseen, &flips));
  ok(flips >= N * 64 && unseen == 0, "each of %d flipped bits is seen, and its return (%d are not)", flips, unseen);

  PetscCall(Fill(w, 1));
  PetscCall(CostateVecHash(v, 0, &h[0]));
  PetscCall(CostateVecHash(w, 0, &h[1]));
  ok(h[0] == h[1], "the same bits in another vector have the same hash");

  PetscCall(SetFirst(v, 0));
  PetscCall(CostateVecHash(v, 0, &h[0]));
  PetscCall(SetFirst(v, UINT64_C(1) << 63));
  PetscCall(CostateVecHash(v, 0, &h[1]));
  PetscCall(SetFirst(v, UINT64_C(0x7ff8000000000001)));
  PetscCall(CostateVecHash(v, 0, &h[2]));
  PetscCall(SetFirst(v, UINT64_C(0x7ff8000000000002)));
  PetscCall(CostateVecHash(v, 0, &h[3]));
  ok(h[0] != h[1], "0 and -0 differ");
  ok(h[2] != h[3], "two NaNs of different payloads differ");

  PetscCall(Fill(v, 1));
  PetscCall(Fill(w, 2));
  PetscCall(Nest(v, w, &h[0]));
  PetscCall(Nest(w, v, &h[1]));
  PetscCall(Nest(v, w, &h[2]));
  ok(h[0] != h[1] && h[0] == h[2], "the order of the blocks of a VECNEST counts");

  PetscCall(CostateVecHash(v, 0, &h[1]));
  PetscCall(CostateVecHash(w, h[1], &h[2]));
  PetscCall(CostateVecHash(w, 0, &h[3]));
  ok(h[2] == h[0] && h[2] != h[3], "a hash goes on from the one before it, as over the blocks of a VECNEST");

  PetscCall(CostateVecHash(empty, 0, &h[0]));
  PetscCall(CostateVecHash(empty, 0, &h[1]));
  ok(h[0] == h[1], "an empty local part has a hash");
  PetscCall(VecDestroy(&v));
  PetscCall(VecDestroy(&w));
  PetscCall(VecDestroy(&empty));
  PetscCall(PetscFinalize());
  return done();
}
