/* SPDX-License-Identifier: BSD-2-Clause */
/* F(t,T,Tdot;p) = 0 for each cell of area a, divided by the area of a cell at the equator:

     a (rho c h Tdot - Q(t) + longwave(T) + lambda evaporation(T)) - sum over faces of rho c kappa w h_face (theta' -
   theta)

   with theta = T - tbar, theta' the neighbour's and h_face the mean of both depths. Written like this, with the area on
   the left, dF/dT is symmetric. A land cell has no faces, no flux and no feedback: it keeps its temperature. */
#include "model.h"
#include "pcsym.h"

static PetscReal Anomaly(const Model *m, PetscInt i, PetscInt j, PetscReal t)
{
  const Ocean *o = m->ocean;
  return t - o->tbar[j * o->nx + (i + o->nx) % o->nx];
}

static PetscErrorCode Residual(TS ts, PetscReal t, Vec T, Vec Tdot, Vec F, void *ctx)
{
  Model                    *m = ctx;
  const Ocean              *o = m->ocean;
  const PetscScalar *const *u, *const *ut, *const *h;
  PetscScalar **f;
  PetscReal     basis[NCOEF];
  DMDALocalInfo g;
  Face          face[4];

  PetscFunctionBeginUser;
  (void)ts;
  SeasonBasis(t, basis);
  PetscCall(DMGlobalToLocal(m->da, T, INSERT_VALUES, m->T));
  PetscCall(DMDAGetLocalInfo(m->da, &g));
  PetscCall(DMDAVecGetArrayRead(m->da, m->T, (void *)&u));
  PetscCall(DMDAVecGetArrayRead(m->da, Tdot, (void *)&ut));
  PetscCall(DMDAVecGetArrayRead(m->da, m->h, (void *)&h));
  PetscCall(DMDAVecGetArray(m->da, F, &f));
  for (PetscInt j = g.ys; j < g.ys + g.ym; j++) {
    for (PetscInt i = g.xs; i < g.xs + g.xm; i++) {
      const PetscInt  c     = j * o->nx + i;
      const PetscReal theta = Anomaly(m, i, j, u[j][i]);

      f[j][i] = m->area[j] * HEAT_CAPACITY * h[j][i] * ut[j][i];
      if (!o->sea[c]) continue;
      const Feedback b = SurfaceFeedback(u[j][i], o->tbar[c], o->exchange[c]);
      f[j][i] += m->area[j] * (b.longwave + m->lambda * b.evaporation - SeasonValue(&o->flux[c * NCOEF], basis));
      ModelFaces(m, i, j, face);
      for (int k = 0; k < 4; k++) {
        const PetscInt  in = i + face[k].di, jn = j + face[k].dj;
        const PetscReal w = face[k].w;

        if (w > 0)
          f[j][i] -=
              HEAT_CAPACITY * m->kappa * w * 0.5 * (h[j][i] + h[jn][in]) * (Anomaly(m, in, jn, u[jn][in]) - theta);
      }
    }
  }
  PetscCall(DMDAVecRestoreArray(m->da, F, &f));
  PetscCall(DMDAVecRestoreArrayRead(m->da, m->h, (void *)&h));
  PetscCall(DMDAVecRestoreArrayRead(m->da, Tdot, (void *)&ut));
  PetscCall(DMDAVecRestoreArrayRead(m->da, m->T, (void *)&u));
  PetscFunctionReturn(0);
}

/* The diagonal of shift dF/dTdot + dF/dT without that of K; T = NULL means tbar. */
static PetscErrorCode Diagonal(Model *m, Vec T, PetscReal shift, Vec D)
{
  const Ocean              *o = m->ocean;
  const PetscScalar *const *u = NULL, *const * h;
  PetscScalar             **d;
  DMDALocalInfo             g;

  PetscFunctionBeginUser;
  PetscCall(DMDAGetLocalInfo(m->da, &g));
  if (T) PetscCall(DMDAVecGetArrayRead(m->da, T, (void *)&u));
  PetscCall(DMDAVecGetArrayRead(m->da, m->h, (void *)&h));
  PetscCall(DMDAVecGetArray(m->da, D, &d));
  for (PetscInt j = g.ys; j < g.ys + g.ym; j++) {
    for (PetscInt i = g.xs; i < g.xs + g.xm; i++) {
      const PetscInt c = j * o->nx + i;

      d[j][i] = m->area[j] * HEAT_CAPACITY * h[j][i] * shift;
      if (!o->sea[c]) continue;
      const Feedback b = SurfaceFeedback(T ? u[j][i] : o->tbar[c], o->tbar[c], o->exchange[c]);
      d[j][i] += m->area[j] * (b.dlongwave + m->lambda * b.devaporation);
    }
  }
  PetscCall(DMDAVecRestoreArray(m->da, D, &d));
  PetscCall(DMDAVecRestoreArrayRead(m->da, m->h, (void *)&h));
  if (T) PetscCall(DMDAVecRestoreArrayRead(m->da, T, (void *)&u));
  PetscFunctionReturn(0);
}

static PetscErrorCode AddToDiffusion(const Model *m, Vec diagonal, Mat J)
{
  PetscFunctionBeginUser;
  PetscCall(MatCopy(m->K, J, SAME_NONZERO_PATTERN));
  PetscCall(MatDiagonalSet(J, diagonal, ADD_VALUES));
  PetscFunctionReturn(0);
}

/* The model's own P is left alone: built once for each set of parameters, it makes a solve depend on its right-hand
   side and not on which solves came before. A step that is replayed from a checkpoint thus gives the same bits again.
   Other matrices are those of a backward integrator, with a solver of its own. */
static PetscErrorCode Jacobian(TS ts, PetscReal t, Vec T, Vec Tdot, PetscReal shift, Mat A, Mat P, void *ctx)
{
  Model *m = ctx;

  PetscFunctionBeginUser;
  (void)ts, (void)t, (void)Tdot;
  PetscCall(Diagonal(m, T, shift, m->diagonal));
  PetscCall(AddToDiffusion(m, m->diagonal, A));
  if (P != A && P != m->P) PetscCall(AddToDiffusion(m, m->diagonal, P));
  PetscFunctionReturn(0);
}

static PetscErrorCode ParameterJacobian(TS ts, PetscReal t, Vec T, Vec Tdot, PetscReal shift, Mat Fp, void *ctx)
{
  Model *m = ctx;

  PetscFunctionBeginUser;
  (void)ts, (void)t, (void)shift, (void)Fp; /* Fp is a shell: what it needs is kept in m */
  PetscCall(DMGlobalToLocal(m->da, T, INSERT_VALUES, m->Fp_T));
  PetscCall(VecCopy(Tdot, m->Fp_Tdot));
  PetscFunctionReturn(0);
}

/* y = (dF/dp)^T x. Two cells share a face's flux, which enters the residual of either with opposite signs; so the
   derivative by log h of one of them takes the difference of x across the face. */
static PetscErrorCode ParameterJacobianTranspose(Mat Fp, Vec x, Vec y)
{
  Model                    *m;
  const PetscScalar *const *u, *const *ut, *const *h, *const *v;
  PetscScalar  *out, strength = 0;
  DMDALocalInfo g;
  PetscMPIInt   rank;
  Face          face[4];

  PetscFunctionBeginUser;
  PetscCall(MatShellGetContext(Fp, &m));
  const Ocean *o = m->ocean;
  PetscCall(DMGlobalToLocal(m->da, x, INSERT_VALUES, m->lam));
  PetscCall(DMDAGetLocalInfo(m->da, &g));
  PetscCall(DMDAVecGetArrayRead(m->da, m->Fp_T, (void *)&u));
  PetscCall(DMDAVecGetArrayRead(m->da, m->Fp_Tdot, (void *)&ut));
  PetscCall(DMDAVecGetArrayRead(m->da, m->h, (void *)&h));
  PetscCall(DMDAVecGetArrayRead(m->da, m->lam, (void *)&v));
  PetscCall(VecGetArrayWrite(y, &out));
  for (PetscInt j = g.ys, n = 0; j < g.ys + g.ym; j++) {
    for (PetscInt i = g.xs; i < g.xs + g.xm; i++, n++) {
      const PetscInt c = j * o->nx + i;

      out[n] = m->area[j] * HEAT_CAPACITY * h[j][i] * ut[j][i] * v[j][i];
      if (!o->sea[c]) continue;
      strength += m->area[j] * m->lambda * SurfaceFeedback(u[j][i], o->tbar[c], o->exchange[c]).evaporation * v[j][i];
      ModelFaces(m, i, j, face);
      for (int k = 0; k < 4; k++) {
        const PetscInt in = i + face[k].di, jn = j + face[k].dj;

        if (face[k].w > 0)
          out[n] -= HEAT_CAPACITY * m->kappa * face[k].w * 0.5 * h[j][i] *
                    (Anomaly(m, in, jn, u[jn][in]) - Anomaly(m, i, j, u[j][i])) * (v[j][i] - v[jn][in]);
      }
    }
  }
  PetscCallMPI(MPI_Comm_rank(PetscObjectComm((PetscObject)Fp), &rank));
  PetscCallMPI(MPI_Allreduce(MPI_IN_PLACE, &strength, 1, MPIU_SCALAR, MPIU_SUM, PetscObjectComm((PetscObject)Fp)));
  if (!rank) out[g.xm * g.ym] = strength;
  PetscCall(VecRestoreArrayWrite(y, &out));
  PetscCall(DMDAVecRestoreArrayRead(m->da, m->lam, (void *)&v));
  PetscCall(DMDAVecRestoreArrayRead(m->da, m->h, (void *)&h));
  PetscCall(DMDAVecRestoreArrayRead(m->da, m->Fp_Tdot, (void *)&ut));
  PetscCall(DMDAVecRestoreArrayRead(m->da, m->Fp_T, (void *)&u));
  PetscFunctionReturn(0);
}

/* What depends on the parameters alone: K and P. */
static PetscErrorCode Assemble(Model *m)
{
  const PetscScalar *const *h;
  DMDALocalInfo             g;
  Face                      face[4];

  PetscFunctionBeginUser;
  PetscCall(DMDAGetLocalInfo(m->da, &g));
  PetscCall(DMDAVecGetArrayRead(m->da, m->h, (void *)&h));
  for (PetscInt j = g.ys; j < g.ys + g.ym; j++) {
    for (PetscInt i = g.xs; i < g.xs + g.xm; i++) {
      const MatStencil row = {.i = i, .j = j};
      PetscScalar      sum = 0;

      ModelFaces(m, i, j, face);
      for (int k = 0; k < 4; k++) {
        const MatStencil col = {.i = i + face[k].di, .j = j + face[k].dj};

        if (face[k].w <= 0) continue;
        const PetscScalar a = HEAT_CAPACITY * m->kappa * face[k].w * 0.5 * (h[j][i] + h[col.j][col.i]), minus = -a;
        sum += a;
        PetscCall(MatSetValuesStencil(m->K, 1, &row, 1, &col, &minus, INSERT_VALUES));
      }
      PetscCall(MatSetValuesStencil(m->K, 1, &row, 1, &row, &sum, INSERT_VALUES));
    }
  }
  PetscCall(DMDAVecRestoreArrayRead(m->da, m->h, (void *)&h));
  PetscCall(MatAssemblyBegin(m->K, MAT_FINAL_ASSEMBLY));
  PetscCall(MatAssemblyEnd(m->K, MAT_FINAL_ASSEMBLY));
  PetscCall(Diagonal(m, NULL, 2 / m->dt, m->diagonal));
  PetscCall(AddToDiffusion(m, m->diagonal, m->P));
  PetscFunctionReturn(0);
}

PetscErrorCode ModelCreateParameters(const Model *m, Vec *p)
{
  const MPI_Comm comm = PetscObjectComm((PetscObject)m->da);
  PetscMPIInt    rank;
  PetscInt       n;

  PetscFunctionBeginUser;
  PetscCallMPI(MPI_Comm_rank(comm, &rank));
  PetscCall(VecGetLocalSize(m->diagonal, &n));
  PetscCall(VecCreateMPI(comm, n + (rank == 0), PETSC_DETERMINE, p));
  PetscFunctionReturn(0);
}

PetscErrorCode ModelSetParameters(Model *m, Vec p)
{
  const MPI_Comm     comm = PetscObjectComm((PetscObject)m->da);
  const PetscScalar *x;
  PetscScalar       *h;
  PetscInt           n;
  PetscMPIInt        rank;

  PetscFunctionBeginUser;
  PetscCallMPI(MPI_Comm_rank(comm, &rank));
  PetscCall(VecGetLocalSize(m->diagonal, &n));
  PetscCall(VecGetArrayRead(p, &x));
  PetscCall(VecGetArrayWrite(m->diagonal, &h));
  for (PetscInt k = 0; k < n; k++) h[k] = PetscExpReal(x[k]);
  if (!rank) m->lambda = PetscExpReal(x[n]);
  PetscCall(VecRestoreArrayWrite(m->diagonal, &h));
  PetscCall(VecRestoreArrayRead(p, &x));
  PetscCallMPI(MPI_Bcast(&m->lambda, 1, MPIU_REAL, 0, comm));
  PetscCall(DMGlobalToLocal(m->da, m->diagonal, INSERT_VALUES, m->h));
  PetscCall(Assemble(m));
  PetscFunctionReturn(0);
}

PetscErrorCode ModelInitialState(const Model *m, Vec T)
{
  PetscScalar **u;
  DMDALocalInfo g;

  PetscFunctionBeginUser;
  PetscCall(DMDAGetLocalInfo(m->da, &g));
  PetscCall(DMDAVecGetArray(m->da, T, &u));
  for (PetscInt j = g.ys; j < g.ys + g.ym; j++) {
    for (PetscInt i = g.xs; i < g.xs + g.xm; i++) u[j][i] = m->ocean->tbar[j * m->ocean->nx + i];
  }
  PetscCall(DMDAVecRestoreArray(m->da, T, &u));
  PetscFunctionReturn(0);
}

static PetscErrorCode Metric(Model *m)
{
  const Ocean    *o = m->ocean;
  const PetscReal r = EARTH_RADIUS * o->dlon;

  PetscFunctionBeginUser;
  PetscCall(PetscMalloc3(o->ny, &m->area, o->ny, &m->wx, o->ny, &m->wy));
  m->total_area = 0;
  for (PetscInt j = 0; j < o->ny; j++) {
    const PetscReal phi = o->lat[j] * PETSC_PI / 180, cosine = PetscCosReal(phi);

    m->area[j] = cosine;
    m->wx[j]   = 1 / (r * r * cosine);
    m->wy[j]   = PetscCosReal(phi + 0.5 * o->dlon) / (r * r);
    for (PetscInt i = 0; i < o->nx; i++) m->total_area += o->sea[j * o->nx + i] ? cosine : 0.;
  }
  PetscFunctionReturn(0);
}

PetscErrorCode ModelCreate(MPI_Comm comm, const Ocean *o, PetscReal kappa, PetscReal dt, Model *m)
{
  PetscInt n, N, nstate;
  Vec      p;

  PetscFunctionBeginUser;
  m->ocean = o;
  m->kappa = kappa;
  m->dt    = dt;
  PetscCall(Metric(m));
  PetscCall(DMDACreate2d(comm, DM_BOUNDARY_PERIODIC, DM_BOUNDARY_NONE, DMDA_STENCIL_STAR, o->nx, o->ny, PETSC_DECIDE,
                         PETSC_DECIDE, 1, 1, NULL, NULL, &m->da));
  PetscCall(DMSetFromOptions(m->da));
  PetscCall(DMSetUp(m->da));
  PetscCall(DMCreateGlobalVector(m->da, &m->diagonal));
  PetscCall(VecDuplicate(m->diagonal, &m->Fp_Tdot));
  PetscCall(DMCreateLocalVector(m->da, &m->h));
  PetscCall(VecDuplicate(m->h, &m->T));
  PetscCall(VecDuplicate(m->h, &m->lam));
  PetscCall(VecDuplicate(m->h, &m->Fp_T));
  PetscCall(DMCreateMatrix(m->da, &m->K));
  PetscCall(MatDuplicate(m->K, MAT_DO_NOT_COPY_VALUES, &m->A));
  PetscCall(MatDuplicate(m->K, MAT_DO_NOT_COPY_VALUES, &m->P));
  PetscCall(ModelCreateParameters(m, &p));
  PetscCall(VecGetLocalSize(p, &n));
  PetscCall(VecGetSize(p, &N));
  PetscCall(VecDestroy(&p));
  PetscCall(VecGetLocalSize(m->diagonal, &nstate));
  PetscCall(MatCreateShell(comm, nstate, n, N - 1, N, m, &m->Fp));
  PetscCall(MatShellSetOperation(m->Fp, MATOP_MULT_TRANSPOSE, (void (*)(void))ParameterJacobianTranspose));
  PetscFunctionReturn(0);
}

PetscErrorCode ModelDestroy(Model *m)
{
  PetscFunctionBeginUser;
  PetscCall(VecDestroy(&m->diagonal));
  PetscCall(VecDestroy(&m->Fp_Tdot));
  PetscCall(VecDestroy(&m->h));
  PetscCall(VecDestroy(&m->T));
  PetscCall(VecDestroy(&m->lam));
  PetscCall(VecDestroy(&m->Fp_T));
  PetscCall(MatDestroy(&m->K));
  PetscCall(MatDestroy(&m->A));
  PetscCall(MatDestroy(&m->P));
  PetscCall(MatDestroy(&m->Fp));
  PetscCall(DMDestroy(&m->da));
  PetscCall(PetscFree3(m->area, m->wx, m->wy));
  PetscFunctionReturn(0);
}

PetscErrorCode ModelCreateTS(Model *m, PetscInt steps, TS *ts)
{
  KSP  ksp;
  PC   pc;
  SNES snes;
  DM   da;

  PetscFunctionBeginUser;
  PetscCall(TSCreate(PetscObjectComm((PetscObject)m->da), ts));
  PetscCall(DMClone(m->da, &da)); /* a DM carries its solver's callbacks, so each TS needs one of its own */
  PetscCall(TSSetDM(*ts, da));
  PetscCall(DMDestroy(&da));
  PetscCall(TSSetType(*ts, TSCN));
  PetscCall(TSSetEquationType(*ts, TS_EQ_IMPLICIT));
  PetscCall(TSSetIFunction(*ts, NULL, Residual, m));
  PetscCall(TSSetIJacobian(*ts, m->A, m->P, Jacobian, m));
  PetscCall(TSSetIJacobianP(*ts, m->Fp, ParameterJacobian, m));
  PetscCall(TSSetTimeStep(*ts, m->dt));
  PetscCall(TSSetMaxSteps(*ts, steps));
  PetscCall(TSSetMaxTime(*ts, PETSC_MAX_REAL));
  PetscCall(TSSetExactFinalTime(*ts, TS_EXACTFINALTIME_STEPOVER));
  PetscCall(TSGetSNES(*ts, &snes));
  PetscCall(SNESSetTolerances(snes, 1e-50, 1e-10, 0., 10, PETSC_DEFAULT));
  PetscCall(SNESGetKSP(snes, &ksp));
  PetscCall(KSPSetType(ksp, KSPCG));
  PetscCall(KSPSetTolerances(ksp, 1e-12, 1e-50, PETSC_DEFAULT, 200));
  PetscCall(KSPGetPC(ksp, &pc));
  PetscCall(PCSetUpSymmetricHypre(pc, "amg_"));
  PetscCall(TSSetFromOptions(*ts));
  PetscFunctionReturn(0);
}
