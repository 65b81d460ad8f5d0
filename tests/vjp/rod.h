/* SPDX-License-Identifier: BSD-2-Clause */
/*
  A rod whose conductivity is a field: u_i' = k_i (u_{i+1} - u_i) - k_{i-1} (u_i - u_{i-1}) - u_i^3, insulated at its
  ends, with k_i between nodes i and i+1.  Each row of f_u has three entries, each of f_p two.  There are no Jacobians
  but those that a test makes.
*/
#ifndef COSTATE_TEST_ROD_H
#define COSTATE_TEST_ROD_H

#include <petscdmda.h>
#include "../costate/refuses.h"

#define ROD_N 16

typedef struct {
  TS        ts;
  DM        dm;
  Vec       u, k, lu, lk;
  Mat       J, Jp; /* patterns */
  PetscBool dumb;  /* products without the contributions of other ranks */
  PetscBool nan, opposite, kink, deaf;
} Rod;

static const TestCost rod_cost = {1, .3, .1};

/* What a node sees: ghosts of u on both sides, of k on the left. */
static inline PetscErrorCode RodGhosts(Rod *r, Vec v, Vec local)
{
  PetscFunctionBeginUser;
  PetscCall(VecZeroEntries(local));
  PetscCall(DMGlobalToLocalBegin(r->dm, v, INSERT_VALUES, local));
  PetscCall(DMGlobalToLocalEnd(r->dm, v, INSERT_VALUES, local));
  PetscFunctionReturn(0);
}

static inline PetscErrorCode RodF(TS ts, PetscReal t, Vec u, Vec f, void *ctx)
{
  Rod         *r = (Rod *)ctx;
  PetscScalar *x, *k, *y;
  PetscInt     lo, n;

  PetscFunctionBeginUser;
  (void)ts, (void)t;
  PetscCall(RodGhosts(r, u, r->lu));
  if (!r->deaf) PetscCall(RodGhosts(r, r->k, r->lk));
  PetscCall(DMDAGetCorners(r->dm, &lo, NULL, NULL, &n, NULL, NULL));
  PetscCall(DMDAVecGetArrayRead(r->dm, r->lu, &x));
  PetscCall(DMDAVecGetArrayRead(r->dm, r->lk, &k));
  PetscCall(DMDAVecGetArray(r->dm, f, &y));
  for (PetscInt i = lo; i < lo + n; i++) {
    y[i] = r->kink ? -PetscAbsScalar(x[i]) : -x[i] * x[i] * x[i];
    if (i < ROD_N - 1) y[i] += k[i] * (x[i + 1] - x[i]);
    if (i > 0) y[i] -= k[i - 1] * (x[i] - x[i - 1]);
  }
  PetscCall(DMDAVecRestoreArray(r->dm, f, &y));
  PetscCall(DMDAVecRestoreArrayRead(r->dm, r->lk, &k));
  PetscCall(DMDAVecRestoreArrayRead(r->dm, r->lu, &x));
  PetscFunctionReturn(0);
}

/* out = J in or J^T in, which are the same but for where ghosts come from; with k in the place of u J_p */
static inline PetscErrorCode RodProduct(Rod *r, Vec u, Vec in, Vec out, PetscBool transposed, PetscBool p)
{
  Vec          ld, lo_;
  PetscScalar *x, *k, *d, *y, *z;
  PetscInt     lo, n;

  PetscFunctionBeginUser;
  PetscCall(RodGhosts(r, u, r->lu));
  PetscCall(RodGhosts(r, r->k, r->lk));
  PetscCall(DMGetLocalVector(r->dm, &ld));
  PetscCall(DMGetLocalVector(r->dm, &lo_));
  PetscCall(RodGhosts(r, in, ld));
  PetscCall(VecZeroEntries(lo_));
  PetscCall(DMDAGetCorners(r->dm, &lo, NULL, NULL, &n, NULL, NULL));
  PetscCall(DMDAVecGetArrayRead(r->dm, r->lu, &x));
  PetscCall(DMDAVecGetArrayRead(r->dm, r->lk, &k));
  PetscCall(DMDAVecGetArrayRead(r->dm, ld, &d));
  PetscCall(DMDAVecGetArray(r->dm, lo_, &z));
  for (PetscInt i = lo; i < lo + n; i++) {
    const PetscScalar right = i < ROD_N - 1 ? x[i + 1] - x[i] : 0, left = i > 0 ? x[i] - x[i - 1] : 0;
    const PetscScalar kr = i < ROD_N - 1 ? k[i] : 0, kl = i > 0 ? k[i - 1] : 0;

    if (p && !transposed) z[i] += right * d[i] - (i > 0 ? left * d[i - 1] : 0);
    if (p && transposed) z[i] += right * d[i];
    if (p && transposed && i > 0) z[i - 1] -= left * d[i];
    if (p) continue;
    z[i] -= (kr + kl + 3 * x[i] * x[i]) * d[i];
    if (!transposed) {
      if (i < ROD_N - 1) z[i] += kr * d[i + 1];
      if (i > 0) z[i] += kl * d[i - 1];
    } else {
      if (i < ROD_N - 1) z[i + 1] += kr * d[i];
      if (i > 0) z[i - 1] += kl * d[i];
    }
  }
  PetscCall(DMDAVecRestoreArray(r->dm, lo_, &z));
  PetscCall(DMDAVecRestoreArrayRead(r->dm, ld, &d));
  PetscCall(DMDAVecRestoreArrayRead(r->dm, r->lk, &k));
  PetscCall(DMDAVecRestoreArrayRead(r->dm, r->lu, &x));
  PetscCall(VecZeroEntries(out));
  if (!r->dumb) {
    PetscCall(DMLocalToGlobalBegin(r->dm, lo_, ADD_VALUES, out));
    PetscCall(DMLocalToGlobalEnd(r->dm, lo_, ADD_VALUES, out));
  } else {
    PetscCall(DMDAVecGetArrayRead(r->dm, lo_, &z));
    PetscCall(DMDAVecGetArray(r->dm, out, &y));
    for (PetscInt i = lo; i < lo + n; i++) y[i] = z[i];
    PetscCall(DMDAVecRestoreArray(r->dm, out, &y));
    PetscCall(DMDAVecRestoreArrayRead(r->dm, lo_, &z));
  }
  PetscCall(DMRestoreLocalVector(r->dm, &ld));
  PetscCall(DMRestoreLocalVector(r->dm, &lo_));
  if (r->opposite) PetscCall(VecScale(out, -1));
  if (r->nan) PetscCall(VecSet(out, PetscSqrtReal(-1 - PetscRealPart(0 * ROD_N))));
  PetscFunctionReturn(0);
}

#define ROD_PRODUCT(name, transposed, p)                                                                               \
  static inline PetscErrorCode name(Costate cs, PetscReal t, Vec u, Vec udot, PetscReal shift, Vec k, Vec in, Vec out, \
                                    void *ctx)                                                                         \
  {                                                                                                                    \
    PetscFunctionBeginUser;                                                                                            \
    (void)cs, (void)t, (void)udot, (void)shift, (void)k;                                                               \
    PetscCall(RodProduct((Rod *)ctx, u, in, out, transposed, p));                                                      \
    PetscFunctionReturn(0);                                                                                            \
  }
ROD_PRODUCT(RodJvp, PETSC_FALSE, PETSC_FALSE)
ROD_PRODUCT(RodVjp, PETSC_TRUE, PETSC_FALSE)
ROD_PRODUCT(RodJvpP, PETSC_FALSE, PETSC_TRUE)
ROD_PRODUCT(RodVjpP, PETSC_TRUE, PETSC_TRUE)

/* A matrix of zeros where J has entries: from..to beside the diagonal */
static inline PetscErrorCode RodPattern(Rod *r, PetscInt from, PetscInt to, Mat *A)
{
  PetscInt first, last, n;

  PetscFunctionBeginUser;
  PetscCall(VecGetLocalSize(r->u, &n));
  PetscCall(MatCreateAIJ(PETSC_COMM_WORLD, n, n, ROD_N, ROD_N, 3, NULL, 2, NULL, A));
  PetscCall(MatGetOwnershipRange(*A, &first, &last));
  for (PetscInt i = first; i < last; i++) {
    for (PetscInt j = PetscMax(i + from, 0); j <= PetscMin(i + to, ROD_N - 1); j++)
      PetscCall(MatSetValue(*A, i, j, 0, INSERT_VALUES));
  }
  PetscCall(MatAssemblyBegin(*A, MAT_FINAL_ASSEMBLY));
  PetscCall(MatAssemblyEnd(*A, MAT_FINAL_ASSEMBLY));
  PetscFunctionReturn(0);
}

/* A TS without derivatives and an object with a terminal cost; options are in the database. */
static inline PetscErrorCode RodCreate(Rod *r, Costate *cs)
{
  PetscRandom random;

  PetscFunctionBeginUser;
  PetscCall(DMDACreate1d(PETSC_COMM_WORLD, DM_BOUNDARY_NONE, ROD_N, 1, 1, NULL, &r->dm));
  PetscCall(DMSetUp(r->dm));
  PetscCall(DMCreateGlobalVector(r->dm, &r->u));
  PetscCall(VecDuplicate(r->u, &r->k));
  PetscCall(DMCreateLocalVector(r->dm, &r->lu));
  PetscCall(DMCreateLocalVector(r->dm, &r->lk));
  PetscCall(PetscRandomCreate(PETSC_COMM_WORLD, &random));
  PetscCall(PetscRandomSetInterval(random, .5, 2));
  PetscCall(VecSetRandom(r->u, random));
  PetscCall(VecSetRandom(r->k, random));
  PetscCall(RodGhosts(r, r->k, r->lk));
  PetscCall(PetscRandomDestroy(&random));
  PetscCall(RodPattern(r, -1, 1, &r->J));
  PetscCall(RodPattern(r, -1, 0, &r->Jp));
  PetscCall(TSCreate(PETSC_COMM_WORLD, &r->ts));
  PetscCall(TSSetType(r->ts, TSRK));
  PetscCall(TSSetRHSFunction(r->ts, NULL, RodF, r));
  PetscCall(TSSetTimeStep(r->ts, .05));
  PetscCall(TSSetMaxTime(r->ts, .5));
  PetscCall(TSSetExactFinalTime(r->ts, TS_EXACTFINALTIME_MATCHSTEP));
  PetscCall(TSSetFromOptions(r->ts));
  PetscCall(CostateCreate(PETSC_COMM_WORLD, cs));
  PetscCall(CostateSetTS(*cs, r->ts));
  PetscCall(CostateSetInitialState(*cs, r->u));
  PetscCall(CostateSetParameters(*cs, r->k));
  PetscCall(CostateSetTerminalCost(*cs, 0, TEST_COST(&rod_cost)));
  PetscCall(CostateSetFromOptions(*cs));
  PetscFunctionReturn(0);
}

static inline PetscErrorCode RodDestroy(Rod *r, Costate *cs)
{
  PetscFunctionBeginUser;
  PetscCall(CostateDestroy(cs));
  PetscCall(TSDestroy(&r->ts));
  PetscCall(MatDestroy(&r->J));
  PetscCall(MatDestroy(&r->Jp));
  PetscCall(VecDestroy(&r->u));
  PetscCall(VecDestroy(&r->k));
  PetscCall(VecDestroy(&r->lu));
  PetscCall(VecDestroy(&r->lk));
  PetscCall(DMDestroy(&r->dm));
  PetscFunctionReturn(0);
}

#endif
