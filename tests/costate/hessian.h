/* SPDX-License-Identifier: BSD-2-Clause */
/* What is asked of products with the Hessian of a cost: symmetry, and a Taylor remainder of third order. */
#ifndef COSTATE_TEST_HESSIAN_H
#define COSTATE_TEST_HESSIAN_H

#include "refuses.h"

static PetscRandom hessian_random;

static inline PetscErrorCode HessianRandomCreate(void)
{
  const char *seed = getenv("SEED");

  PetscFunctionBeginUser;
  PetscCall(PetscRandomCreate(PETSC_COMM_WORLD, &hessian_random));
  PetscCall(PetscRandomSetInterval(hessian_random, -1, 1));
  PetscCall(PetscRandomSetSeed(hessian_random, seed ? strtoul(seed, NULL, 10) : 1));
  PetscCall(PetscRandomSeed(hessian_random));
  PetscFunctionReturn(0);
}

/* Entries within (-1,1) times those of like, which may be NULL. */
static inline PetscErrorCode HessianDirection(Vec like, Vec *v)
{
  PetscFunctionBeginUser;
  *v = NULL;
  if (!like) PetscFunctionReturn(0);
  PetscCall(VecDuplicate(like, v));
  PetscCall(VecSetRandom(*v, hessian_random));
  PetscCall(VecPointwiseMult(*v, *v, like));
  PetscFunctionReturn(0);
}

/* Adds Re(a^T b); vectors that are not there have no part. */
static inline PetscErrorCode HessianDot(Vec a, Vec b, PetscReal *sum)
{
  PetscScalar s;

  PetscFunctionBeginUser;
  if (!a) PetscFunctionReturn(0);
  PetscCall(VecTDot(a, b, &s));
  *sum += PetscRealPart(s);
  PetscFunctionReturn(0);
}

/* Adds |a|^2 */
static inline PetscErrorCode HessianSquare(Vec a, PetscReal *sum)
{
  PetscReal norm;

  PetscFunctionBeginUser;
  if (!a) PetscFunctionReturn(0);
  PetscCall(VecNorm(a, NORM_2, &norm));
  *sum += norm * norm;
  PetscFunctionReturn(0);
}

/* <v, H w> - <w, H v> over the larger of these; directions in u0 and p, of which one may be NULL */
static inline PetscErrorCode HessianAsymmetry(Costate cs, PetscInt j, Vec u0, Vec p, PetscReal *e)
{
  Vec       u[2], q[2], hu[2] = {NULL, NULL}, hp[2] = {NULL, NULL};
  PetscReal s[2] = {0, 0}, n[2] = {0, 0}, m[2] = {0, 0};

  PetscFunctionBeginUser;
  for (int i = 0; i < 2; i++) {
    PetscCall(HessianDirection(u0, &u[i]));
    PetscCall(HessianDirection(p, &q[i]));
    if (u0) PetscCall(VecDuplicate(u0, &hu[i]));
    if (p) PetscCall(VecDuplicate(p, &hp[i]));
    PetscCall(CostateHessianMult(cs, j, u[i], q[i], hu[i], hp[i]));
    PetscCall(HessianSquare(hu[i], &n[i]));
    PetscCall(HessianSquare(hp[i], &n[i]));
    PetscCall(HessianSquare(u[i], &m[i]));
    PetscCall(HessianSquare(q[i], &m[i]));
  }
  for (int i = 0; i < 2; i++) {
    PetscCall(HessianDot(u[1 - i], hu[i], &s[i]));
    PetscCall(HessianDot(q[1 - i], hp[i], &s[i]));
  }
  *e = PetscAbsReal(s[0] - s[1]) / PetscSqrtReal(PetscMax(n[0] * m[1], n[1] * m[0]));
  for (int i = 0; i < 2; i++) {
    PetscCall(VecDestroy(&u[i]));
    PetscCall(VecDestroy(&q[i]));
    PetscCall(VecDestroy(&hu[i]));
    PetscCall(VecDestroy(&hp[i]));
  }
  PetscFunctionReturn(0);
}

/*
  The order of |G(x + e v) - G - e G'v - e^2 v^T H v / 2|, for runs with steps of one size: the least of three
  consecutive halvings, where that is best.  A direction may be one along which the third derivative is small, so there
  are a few.
*/
static inline PetscErrorCode HessianOrder(Costate cs, PetscInt j, Vec u0, Vec p, PetscReal *best)
{
  PetscFunctionBeginUser;
  *best = 0;
  for (int d = 0; d < 4 && *best < 2.99; d++) {
    PetscReal G, Ge, g = 0, h = 0, e = .1, r[10];
    Vec       u, q, hu = NULL, hp = NULL, gu, gp, u_was, p_was;

    PetscCall(CostateSolve(cs));
    PetscCall(CostateGetCost(cs, j, &G));
    PetscCall(HessianDirection(u0, &u));
    PetscCall(HessianDirection(p, &q));
    if (u0) PetscCall(VecDuplicate(u0, &hu));
    if (p) PetscCall(VecDuplicate(p, &hp));
    PetscCall(CostateHessianMult(cs, j, u, q, hu, hp));
    PetscCall(CostateGetCovector(cs, j, &gu, &gp));
    PetscCall(HessianDot(u, gu, &g));
    PetscCall(HessianDot(q, gp, &g));
    PetscCall(HessianDot(u, hu, &h));
    PetscCall(HessianDot(q, hp, &h));
    PetscCall(ZooCopy(u0, &u_was));
    PetscCall(ZooCopy(p, &p_was));
    for (int i = 0; i < 10; i++, e /= 2) {
      if (u0) PetscCall(VecWAXPY(u0, e, u, u_was));
      if (p) PetscCall(VecWAXPY(p, e, q, p_was));
      PetscCall(CostateSolveForward(cs));
      PetscCall(CostateGetCost(cs, j, &Ge));
      r[i] = PetscAbsReal(Ge - G - e * g - e * e * h / 2);
      if (i < 3 || r[i] < 1e-12 * PetscAbsReal(G)) continue;
      *best = PetscMax(*best, PetscMin(PetscLog2Real(r[i - 1] / r[i]), PetscMin(PetscLog2Real(r[i - 2] / r[i - 1]),
                                                                                PetscLog2Real(r[i - 3] / r[i - 2]))));
    }
    if (u0) PetscCall(VecCopy(u_was, u0));
    if (p) PetscCall(VecCopy(p_was, p));
    PetscCall(VecDestroy(&u_was));
    PetscCall(VecDestroy(&p_was));
    PetscCall(VecDestroy(&u));
    PetscCall(VecDestroy(&q));
    PetscCall(VecDestroy(&hu));
    PetscCall(VecDestroy(&hp));
  }
  PetscFunctionReturn(0);
}

#endif
