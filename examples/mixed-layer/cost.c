/* SPDX-License-Identifier: BSD-2-Clause */
/* The misfit, J_obs = 1/(2 year A sigma^2) int dt sum_i a_i (T_i - T_obs,i)^2 over the last year, is an integral cost:
   who asks for the gradient of the computed number has it integrated by the rule of the time steps. */
#include "cost.h"

static PetscReal Weight(const Model *m, PetscReal t)
{
  /* Half a step of slack: whether a step is inside must not hang on the last bit of t, which the backward run may
   * differ in */
  return t > m->cost_begin + 0.5 * m->dt ? 1 / (m->sigma * m->sigma * SEC_PER_YEAR * m->total_area) : 0;
}

static PetscReal Misfit(const Model *m, PetscInt i, PetscInt j, PetscReal T, const PetscReal basis[NCOEF])
{
  const PetscInt c = j * m->ocean->nx + i;
  return m->ocean->sea[c] ? T - SeasonValue(&m->ocean->sst[c * NCOEF], basis) : 0;
}

PetscErrorCode CostMisfit(Costate cs, PetscInt i0, PetscReal t, Vec T, Vec p, PetscReal *value, void *ctx)
{
  const Model              *m = ctx;
  const PetscScalar *const *u;
  const PetscReal           weight = Weight(m, t);
  PetscReal                 basis[NCOEF];
  DMDALocalInfo             g;

  PetscFunctionBeginUser;
  (void)cs, (void)i0, (void)p;
  *value = 0;
  if (weight <= 0) PetscFunctionReturn(0);
  SeasonBasis(t, basis);
  PetscCall(DMDAGetLocalInfo(m->da, &g));
  PetscCall(DMDAVecGetArrayRead(m->da, T, (void *)&u));
  for (PetscInt j = g.ys; j < g.ys + g.ym; j++) {
    for (PetscInt i = g.xs; i < g.xs + g.xm; i++)
      *value += 0.5 * weight * m->area[j] * PetscSqr(Misfit(m, i, j, u[j][i], basis));
  }
  PetscCall(DMDAVecRestoreArrayRead(m->da, T, (void *)&u));
  PetscCallMPI(MPI_Allreduce(MPI_IN_PLACE, value, 1, MPIU_REAL, MPIU_SUM, PetscObjectComm((PetscObject)T)));
  PetscFunctionReturn(0);
}

PetscErrorCode CostMisfitT(Costate cs, PetscInt i0, PetscReal t, Vec T, Vec p, Vec gradient, void *ctx)
{
  const Model              *m = ctx;
  const PetscScalar *const *u;
  PetscScalar             **out;
  const PetscReal           weight = Weight(m, t);
  PetscReal                 basis[NCOEF];
  DMDALocalInfo             g;

  PetscFunctionBeginUser;
  (void)cs, (void)i0, (void)p;
  SeasonBasis(t, basis);
  PetscCall(DMDAGetLocalInfo(m->da, &g));
  PetscCall(DMDAVecGetArrayRead(m->da, T, (void *)&u));
  PetscCall(DMDAVecGetArray(m->da, gradient, &out));
  for (PetscInt j = g.ys; j < g.ys + g.ym; j++) {
    for (PetscInt i = g.xs; i < g.xs + g.xm; i++) out[j][i] = weight * m->area[j] * Misfit(m, i, j, u[j][i], basis);
  }
  PetscCall(DMDAVecRestoreArray(m->da, gradient, &out));
  PetscCall(DMDAVecRestoreArrayRead(m->da, T, (void *)&u));
  PetscFunctionReturn(0);
}

PetscErrorCode CostPrior(Costate cs, Vec p, PetscReal *value, Vec grad, void *ctx)
{
  const Model              *m     = ctx;
  const Prior              *prior = &m->prior;
  const MPI_Comm            comm  = PetscObjectComm((PetscObject)p);
  const PetscReal           one = 1 / (PetscSqr(prior->spread) * m->total_area), smooth = one * PetscSqr(prior->length);
  const PetscScalar        *x;
  const PetscScalar *const *h;
  PetscScalar              *g;
  PetscReal                 sum = 0;
  DMDALocalInfo             info;
  PetscMPIInt               rank;
  PetscInt                  n = 0;
  Face                      face[4];

  PetscFunctionBeginUser;
  (void)cs;
  PetscCallMPI(MPI_Comm_rank(comm, &rank));
  PetscCall(DMDAGetLocalInfo(m->da, &info));
  PetscCall(DMDAVecGetArrayRead(m->da, m->h, (void *)&h)); /* set from p, and it has the ghosts */
  PetscCall(VecGetArrayRead(p, &x));
  PetscCall(VecGetArray(grad, &g));
  for (PetscInt j = info.ys; j < info.ys + info.ym; j++) {
    for (PetscInt i = info.xs; i < info.xs + info.xm; i++, n++) {
      const PetscReal dev = x[n] - PetscLogReal(prior->depth);

      if (!ModelIsSea(m, i, j)) continue;
      sum += 0.5 * one * m->area[j] * dev * dev;
      g[n] += one * m->area[j] * dev;
      ModelFaces(m, i, j, face);
      for (int k = 0; k < 4; k++) {
        if (face[k].w <= 0) continue;
        const PetscReal jump = x[n] - PetscLogReal(h[j + face[k].dj][i + face[k].di]);
        sum += 0.25 * smooth * face[k].w * jump * jump; /* a face is met twice */
        g[n] += smooth * face[k].w * jump;
      }
    }
  }
  if (!rank) {
    const PetscReal s = prior->weight / PetscSqr(prior->strength);

    sum += 0.5 * s * x[n] * x[n];
    g[n] += s * x[n];
  }
  PetscCall(VecRestoreArray(grad, &g));
  PetscCall(VecRestoreArrayRead(p, &x));
  PetscCall(DMDAVecRestoreArrayRead(m->da, m->h, (void *)&h));
  PetscCallMPI(MPI_Allreduce(&sum, value, 1, MPIU_REAL, MPIU_SUM, comm));
  PetscFunctionReturn(0);
}
