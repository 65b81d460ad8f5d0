/* SPDX-License-Identifier: BSD-2-Clause */
/*
  gauss: lambda is integrated backward by itself; on each accepted step of that the integral for the parameters is taken
  by Gauss points on the step's own interpolant, so that no dense lambda is kept.

    -costate_gauss_points n     Gauss-Legendre points of a step (3)
    -costate_gauss_kronrod      three Gauss points within seven of Kronrod; a step is halved until both agree
    -costate_gauss_tol tol      ... to this part of the integral (1e-8)
*/
#include "../costate/sweep.h"
#include "../costate/kronrod.h"
#include <petscdt.h>

typedef struct {
  CostateContinuous c; /* first: what the shared functions see */
  PetscInt          points;
  PetscBool         kronrod;
  PetscReal         tol, x[16], w[16];
} Gauss;

/* The integrand of mu at t, within the last step. */
static PetscErrorCode Integrand(PetscReal t, Vec f[], void *ctx)
{
  Costate      cs = (Costate)ctx;
  Gauss       *g  = (Gauss *)cs->data;
  CostateSweep sw = g->c.sweep;

  PetscFunctionBegin;
  PetscCall(CostateSweepDense(sw, -t, g->c.at));
  for (PetscInt j = 0; j < sw->m; j++) PetscCall(CostateSweepIntegrand(sw, t, g->c.at, j, f[j]));
  PetscFunctionReturn(PETSC_SUCCESS);
}

static PetscErrorCode Accepted(CostateSweep sw, PetscReal tau0, PetscReal tau1, void *ctx)
{
  Costate         cs   = (Costate)ctx;
  Gauss          *g    = (Gauss *)cs->data;
  const PetscReal half = (tau1 - tau0) / 2;

  PetscFunctionBegin;
  if (g->kronrod) {
    PetscCall(CostateKronrod(7, Integrand, cs, -tau1, -tau0, g->tol, sw->m, cs->mu, g->c.work));
    PetscFunctionReturn(PETSC_SUCCESS);
  }
  for (PetscInt i = 0; i < g->points; i++) {
    PetscCall(Integrand(-(tau0 + half * (1 + g->x[i])), g->c.work, cs));
    for (PetscInt j = 0; j < sw->m; j++) PetscCall(VecAXPY(cs->mu[j], half * g->w[i], g->c.work[j]));
  }
  PetscFunctionReturn(PETSC_SUCCESS);
}

static PetscErrorCode SetUp_Gauss(Costate cs)
{
  Gauss *g = (Gauss *)cs->data;

  PetscFunctionBegin;
  PetscCall(PetscDTGaussQuadrature(g->points, -1, 1, g->x, g->w));
  PetscCall(CostateContinuousSetUp(cs, 0));
  if (!cs->mu) PetscFunctionReturn(PETSC_SUCCESS);
  g->c.nwork = 3 * cs->ncosts;
  PetscCall(VecDuplicateVecs(cs->mu[0], g->c.nwork, &g->c.work));
  PetscCall(VecDuplicate(g->c.sweep->z, &g->c.at));
  PetscCall(CostateSweepSetAccepted(g->c.sweep, Accepted, cs));
  PetscFunctionReturn(PETSC_SUCCESS);
}

static PetscErrorCode SetFromOptions_Gauss(Costate cs, COSTATE_OPTION_ITEMS PetscOptionsObject)
{
  Gauss *g = (Gauss *)cs->data;

  PetscFunctionBegin;
  PetscOptionsHeadBegin(PetscOptionsObject, "Costate gauss options");
  PetscCall(PetscOptionsRangeInt("-costate_gauss_points", "Gauss-Legendre points of a step", "CostateSetType",
                                 g->points, &g->points, NULL, 1, 16));
  PetscCall(PetscOptionsBool("-costate_gauss_kronrod", "Adaptive, with seven Kronrod points", "CostateSetType",
                             g->kronrod, &g->kronrod, NULL));
  PetscCall(PetscOptionsReal("-costate_gauss_tol", "The part of the integral that Gauss and Kronrod may differ by",
                             "CostateSetType", g->tol, &g->tol, NULL));
  PetscOptionsHeadEnd();
  PetscFunctionReturn(PETSC_SUCCESS);
}

PETSC_INTERN PetscErrorCode CostateCreate_Gauss(Costate cs)
{
  Gauss *g;

  PetscFunctionBegin;
  PetscCall(CostateContinuousCreate(cs));
  PetscCall(PetscFree(cs->data));
  PetscCall(PetscNew(&g));
  g->points               = 3;
  g->tol                  = 1e-8;
  cs->data                = g;
  cs->ops->setup          = SetUp_Gauss;
  cs->ops->setfromoptions = SetFromOptions_Gauss;
  PetscFunctionReturn(PETSC_SUCCESS);
}
