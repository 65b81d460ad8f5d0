/* SPDX-License-Identifier: BSD-2-Clause */
/* What the benchmarks share. */
#ifndef COSTATE_BENCH_H
#define COSTATE_BENCH_H

#include <stdlib.h>
#include <string.h>
#include <petscsys.h>

#define MAX_ROUNDS 99

static inline int Compare(const void *a, const void *b)
{
  const PetscReal x = *(const PetscReal *)a, y = *(const PetscReal *)b;

  return (x > y) - (x < y);
}

static inline PetscReal Median(PetscInt n, const PetscReal x[])
{
  PetscReal y[MAX_ROUNDS];

  memcpy(y, x, (size_t)n * sizeof(*y));
  qsort(y, (size_t)n, sizeof(*y), Compare);
  return (y[(n - 1) / 2] + y[n / 2]) / 2;
}

#endif
