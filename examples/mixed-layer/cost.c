/* SPDX-License-Identifier: BSD-2-Clause */
/* The misfit, J_obs = 1/(2 year A sigma^2) int dt sum_i a_i (T_i - T_obs,i)^2 over the last year, is a quadrature TS:
   PETSc integrates it with the stepper's own rule and hands its derivative to the adjoint. */
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

static PetscErrorCode Integrand(TS quad, PetscReal t, Vec T, Vec R, void *ctx)
{
  Model                    *m = ctx;
  const PetscScalar *const *u;
  PetscScalar               sum    = 0;
  const PetscReal           weight = Weight(m, t);
  PetscReal                 basis[NCOEF];
  DMDALocalInfo             g;

  PetscFunctionBeginUser;
  (void)quad;
  PetscCall(VecZeroEntries(R));
  if (weight <= 0) PetscFunctionReturn(0);
  SeasonBasis(t, basis);
  PetscCall(DMDAGetLocalInfo(m->da, &g));
  PetscCall(DMDAVecGetArrayRead(m->da, T, (void *)&u));
  for (PetscInt j = g.ys; j < g.ys + g.ym; j++) {
    for (PetscInt i = g.xs; i < g.xs + g.xm; i++)
      sum += 0.5 * weight * m->area[j] * PetscSqr(Misfit(m, i, j, u[j][i], basis));
  }
  PetscCall(DMDAVecRestoreArrayRead(m->da, T, (void *)&u));
  PetscCall(VecSetValue(R, 0, sum, ADD_VALUES));
  PetscCall(VecAssemblyBegin(R));
  PetscCall(VecAssemblyEnd(R));
  PetscFunctionReturn(0);
}

static PetscErrorCode IntegrandGradient(TS quad, PetscReal t, Vec T, Mat G, Mat unused, void *ctx)
{
  Model                    *m = ctx;
  const PetscScalar *const *u;
  PetscScalar              *out;
  const PetscReal           weight = Weight(m, t);
  PetscReal                 basis[NCOEF];
  DMDALocalInfo             g;

  PetscFunctionBeginUser;
  (void)quad, (void)unused;
  SeasonBasis(t, basis);
  PetscCall(DMDAGetLocalInfo(m->da, &g));
  PetscCall(DMDAVecGetArrayRead(m->da, T, (void *)&u));
  PetscCall(MatDenseGetColumn(G, 0, &out));
  for (PetscInt j = g.ys, n = 0; j < g.ys + g.ym; j++) {
    for (PetscInt i = g.xs; i < g.xs + g.xm; i++, n++) out[n] = weight * m->area[j] * Misfit(m, i, j, u[j][i], basis);
  }
  PetscCall(MatDenseRestoreColumn(G, &out));
  PetscCall(DMDAVecRestoreArrayRead(m->da, T, (void *)&u));
  PetscCall(MatAssemblyBegin(G, MAT_FINAL_ASSEMBLY));
  PetscCall(MatAssemblyEnd(G, MAT_FINAL_ASSEMBLY));
  PetscFunctionReturn(0);
}

PetscErrorCode CostAttach(Model *m, TS ts)
{
  const MPI_Comm comm = PetscObjectComm((PetscObject)ts);
  PetscMPIInt    rank;
  PetscInt       n;
  TS             quad;
  Vec            value;
  Mat            G;

  PetscFunctionBeginUser;
  PetscCallMPI(MPI_Comm_rank(comm, &rank));
  PetscCall(VecGetLocalSize(m->diagonal, &n));
  PetscCall(VecCreateMPI(comm, rank == 0, 1, &value));
  PetscCall(MatCreateDense(comm, n, PETSC_DECIDE, PETSC_DETERMINE, 1, NULL, &G));
  PetscCall(TSCreateQuadratureTS(ts, PETSC_TRUE, &quad));
  PetscCall(TSSetSolution(quad, value));
  PetscCall(TSSetRHSFunction(quad, NULL, Integrand, m));
  PetscCall(TSSetRHSJacobian(quad, G, G, IntegrandGradient, m));
  PetscCall(VecDestroy(&value));
  PetscCall(MatDestroy(&G));
  PetscFunctionReturn(0);
}

PetscErrorCode CostAddPrior(const Model *m, const Prior *prior, Vec p, PetscReal *cost, Vec grad)
{
  const MPI_Comm            comm = PetscObjectComm((PetscObject)p);
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
  PetscCallMPI(MPI_Allreduce(MPI_IN_PLACE, &sum, 1, MPIU_REAL, MPIU_SUM, comm));
  *cost += sum;
  PetscFunctionReturn(0);
}
