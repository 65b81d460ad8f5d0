/* SPDX-License-Identifier: BSD-2-Clause */
/*
  quadrature: lambda is integrated backward by itself and kept dense for one step of the run; then the integral for the
  parameters over that step is taken by adaptive Gauss-Kronrod (7,15), over one step of the sweep after the other, since
  lambda's derivative jumps from each to the next.

    -costate_quadrature_tol tol    Gauss and Kronrod may differ by this part of the integral (1e-8)
*/
#include "../costate/sweep.h"
#include "../costate/kronrod.h"

#define SAMPLES 4 /* of a step of the sweep, its two ends among them: the cubic through four is dense output enough */

typedef struct {
  CostateContinuous c; /* first: what the shared functions see */
  PetscReal         tol;
  PetscInt          n, cap; /* steps of the sweep on this piece, room for samples */
  PetscInt          at;     /* the step that is being integrated over */
  PetscReal        *tau;    /* SAMPLES n times */
  Vec              *z;      /* and lambda then */
} Quadrature;

static PetscErrorCode Sample(Quadrature *q, PetscInt i, PetscReal tau)
{
  PetscFunctionBegin;
  if (i >= q->cap) {
    const PetscInt cap = 2 * q->cap + 2 * SAMPLES;
    Vec           *z;
    PetscReal     *t;

    PetscCall(PetscCalloc1(cap, &z));
    PetscCall(PetscCalloc1(cap, &t));
    PetscCall(PetscArraycpy(z, q->z, q->cap));
    PetscCall(PetscArraycpy(t, q->tau, q->cap));
    PetscCall(PetscFree(q->z));
    PetscCall(PetscFree(q->tau));
    q->z   = z;
    q->tau = t;
    q->cap = cap;
  }
  if (!q->z[i]) PetscCall(VecDuplicate(q->c.sweep->z, &q->z[i]));
  q->tau[i] = tau;
  PetscCall(CostateSweepDense(q->c.sweep, tau, q->z[i]));
  PetscFunctionReturn(PETSC_SUCCESS);
}

static PetscErrorCode Accepted(CostateSweep sw, PetscReal tau0, PetscReal tau1, void *ctx)
{
  Quadrature *q = (Quadrature *)((Costate)ctx)->data;

  PetscFunctionBegin;
  (void)sw;
  for (PetscInt i = 0; i < SAMPLES; i++) /* lambda may jump between two steps, so that each has its own ends */
    PetscCall(Sample(q, SAMPLES * q->n + i, i == SAMPLES - 1 ? tau1 : tau0 + (tau1 - tau0) * i / (SAMPLES - 1)));
  q->n++;
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* lambda at t, from the samples of the step around it. */
static PetscErrorCode Integrand(PetscReal t, Vec f[], void *ctx)
{
  Costate          cs  = (Costate)ctx;
  Quadrature      *q   = (Quadrature *)cs->data;
  const PetscReal *tau = q->tau + SAMPLES * q->at;
  PetscScalar      c[SAMPLES];

  PetscFunctionBegin;
  for (PetscInt i = 0; i < SAMPLES; i++) {
    PetscReal l = 1;

    for (PetscInt j = 0; j < SAMPLES; j++) {
      if (j != i) l *= (-t - tau[j]) / (tau[i] - tau[j]);
    }
    c[i] = l;
  }
  PetscCall(VecZeroEntries(q->c.at));
  PetscCall(VecMAXPY(q->c.at, SAMPLES, c, q->z + SAMPLES * q->at));
  for (PetscInt j = 0; j < q->c.sweep->m; j++) PetscCall(CostateSweepIntegrand(q->c.sweep, t, q->c.at, j, f[j]));
  PetscFunctionReturn(PETSC_SUCCESS);
}

static PetscErrorCode Reverse_Quadrature(Costate cs, const CostatePiece *piece)
{
  Quadrature *q = (Quadrature *)cs->data;

  PetscFunctionBegin;
  q->n = 0;
  PetscCall(CostateSweepPiece(q->c.sweep, piece));
  for (q->at = 0; cs->reason == COSTATE_ITERATING && q->at < q->n; q->at++) {
    const PetscReal *tau = q->tau + SAMPLES * q->at;

    PetscCall(CostateKronrod(15, Integrand, cs, -tau[SAMPLES - 1], -tau[0], q->tol, cs->ncosts, cs->mu, q->c.work));
  }
  PetscFunctionReturn(PETSC_SUCCESS);
}

static PetscErrorCode SetUp_Quadrature(Costate cs)
{
  Quadrature *q = (Quadrature *)cs->data;

  PetscFunctionBegin;
  PetscCall(CostateContinuousSetUp(cs, 0));
  if (!cs->mu) PetscFunctionReturn(PETSC_SUCCESS);
  q->c.nwork = 3 * cs->ncosts;
  PetscCall(VecDuplicateVecs(cs->mu[0], q->c.nwork, &q->c.work));
  PetscCall(VecDuplicate(q->c.sweep->z, &q->c.at));
  PetscCall(CostateSweepSetAccepted(q->c.sweep, Accepted, cs));
  PetscFunctionReturn(PETSC_SUCCESS);
}

static PetscErrorCode Reset_Quadrature(Costate cs)
{
  Quadrature *q = (Quadrature *)cs->data;

  PetscFunctionBegin;
  for (PetscInt i = 0; i < q->cap; i++) PetscCall(VecDestroy(&q->z[i]));
  PetscCall(PetscFree(q->z));
  PetscCall(PetscFree(q->tau));
  q->n = q->cap = 0;
  PetscCall(CostateContinuousReset(cs));
  PetscFunctionReturn(PETSC_SUCCESS);
}

static PetscErrorCode SetFromOptions_Quadrature(Costate cs, COSTATE_OPTION_ITEMS PetscOptionsObject)
{
  Quadrature *q = (Quadrature *)cs->data;

  PetscFunctionBegin;
  PetscOptionsHeadBegin(PetscOptionsObject, "Costate quadrature options");
  PetscCall(PetscOptionsReal("-costate_quadrature_tol", "The part of the integral that Gauss and Kronrod may differ by",
                             "CostateSetType", q->tol, &q->tol, NULL));
  PetscOptionsHeadEnd();
  PetscFunctionReturn(PETSC_SUCCESS);
}

PETSC_INTERN PetscErrorCode CostateCreate_Quadrature(Costate cs)
{
  Quadrature *q;

  PetscFunctionBegin;
  PetscCall(CostateContinuousCreate(cs));
  PetscCall(PetscFree(cs->data));
  PetscCall(PetscNew(&q));
  q->tol                  = 1e-8;
  cs->data                = q;
  cs->ops->setup          = SetUp_Quadrature;
  cs->ops->reverse        = Reverse_Quadrature;
  cs->ops->reset          = Reset_Quadrature;
  cs->ops->setfromoptions = SetFromOptions_Quadrature;
  PetscFunctionReturn(PETSC_SUCCESS);
}
