/* SPDX-License-Identifier: BSD-2-Clause */
/*
  Adaptive Gauss-Kronrod quadrature of distributed vectors.  Nodes and weights of (7,15): Piessens et al., QUADPACK
  (1983); of (3,7): Kronrod (1965).
*/
#include "../base/compat.h"
#include "kronrod.h"

/* Abscissae from the outermost to the centre; every second one, from the second on, is a Gauss point. */
static const PetscReal x7[]  = {0.960491268708020283, 0.774596669241483377, 0.434243749346802558, 0};
static const PetscReal k7[]  = {0.104656226026467265, 0.268488089868333440, 0.401397414775962222, 0.450916538658474142};
static const PetscReal g7[]  = {0.555555555555555556, 0.888888888888888889};
static const PetscReal x15[] = {0.991455371120812639, 0.949107912342758525, 0.864864423359769073, 0.741531185599394440,
                                0.586087235467691130, 0.405845151377397167, 0.207784955007898468, 0};
static const PetscReal k15[] = {0.022935322010529225, 0.063092092629978553, 0.104790010322250184, 0.140653259715525919,
                                0.169004726639267903, 0.190350578064785410, 0.204432940075298892, 0.209482141084727828};
static const PetscReal g15[] = {0.129484966168869693, 0.279705391489276668, 0.381830050505118945, 0.417959183673469388};

typedef struct {
  int              half; /* abscissae on one side, the centre included */
  const PetscReal *x, *k, *g;
  PetscErrorCode (*f)(PetscReal, Vec[], void *);
  void     *ctx;
  PetscInt  n;
  Vec      *sum, *K, *G, *v;
  PetscReal tol;
} Rule;

/* Kronrod's sum over [a,b] in K, and its difference to that of Gauss in G. */
static PetscErrorCode Sums(const Rule *r, PetscReal a, PetscReal b)
{
  const PetscReal c = (a + b) / 2, h = (b - a) / 2;

  PetscFunctionBegin;
  for (PetscInt j = 0; j < r->n; j++) {
    PetscCall(VecZeroEntries(r->K[j]));
    PetscCall(VecZeroEntries(r->G[j]));
  }
  for (int i = 0; i < r->half; i++) {
    for (int side = -1; side <= 1; side += 2) {
      const PetscReal g = i % 2 ? r->g[i / 2] : 0;

      if (side > 0 && i == r->half - 1) break; /* the centre, once */
      PetscCall(r->f(c + side * h * r->x[i], r->v, r->ctx));
      for (PetscInt j = 0; j < r->n; j++) {
        PetscCall(VecAXPY(r->K[j], h * r->k[i], r->v[j]));
        PetscCall(VecAXPY(r->G[j], h * (r->k[i] - g), r->v[j]));
      }
    }
  }
  PetscFunctionReturn(PETSC_SUCCESS);
}

static PetscErrorCode Over(const Rule *r, PetscReal a, PetscReal b, PetscReal share, int depth)
{
  PetscBool good = PETSC_TRUE;

  PetscFunctionBegin;
  PetscCall(Sums(r, a, b));
  for (PetscInt j = 0; j < r->n; j++) {
    PetscReal K, G, sum;

    PetscCall(VecNorm(r->K[j], NORM_INFINITY, &K));
    PetscCall(VecNorm(r->G[j], NORM_INFINITY, &G));
    PetscCall(VecNorm(r->sum[j], NORM_INFINITY, &sum));
    if (G > PetscMax(share * r->tol, 100 * PETSC_MACHINE_EPSILON) * PetscMax(K, sum)) good = PETSC_FALSE;
  }
  PetscCheck(good || depth < 30, PetscObjectComm((PetscObject)r->v[0]), PETSC_ERR_NOT_CONVERGED,
             "The integral for the parameters is not found to its tolerance, %g, over t = %.16g to %.16g: is its "
             "integrand a "
             "number, and smooth between the steps of the run? If so, give a larger tolerance (-costate_gauss_tol, "
             "-costate_quadrature_tol)",
             (double)r->tol, (double)a, (double)b);
  if (good) {
    for (PetscInt j = 0; j < r->n; j++) PetscCall(VecAXPY(r->sum[j], 1, r->K[j]));
    PetscFunctionReturn(PETSC_SUCCESS);
  }
  PetscCall(Over(r, (a + b) / 2, b, share / 2, depth + 1));
  PetscCall(Over(r, a, (a + b) / 2, share / 2, depth + 1));
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode CostateKronrod(int points, PetscErrorCode (*f)(PetscReal, Vec[], void *), void *ctx, PetscReal a,
                              PetscReal b, PetscReal tol, PetscInt n, Vec sum[], Vec work[])
{
  const Rule r = {(points + 1) / 2,
                  points == 7 ? x7 : x15,
                  points == 7 ? k7 : k15,
                  points == 7 ? g7 : g15,
                  f,
                  ctx,
                  n,
                  sum,
                  work,
                  work + n,
                  work + 2 * n,
                  tol};

  PetscFunctionBegin;
  PetscCall(Over(&r, a, b, 1, 0));
  PetscFunctionReturn(PETSC_SUCCESS);
}
