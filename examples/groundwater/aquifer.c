/* SPDX-License-Identifier: BSD-2-Clause */
/* The residual of a cell is what flows out of it less what comes in, in m^3/day:

     R_i = sum over faces of c (h_i - h_n) - q_i

   Between two cells the conductance c has the harmonic mean of both transmissivities; half a cell lies between a centre
   and a side with a given head. With this, dR/dh is symmetric and positive definite. */
#include "aquifer.h"

typedef struct {
  PetscBool inside;
  PetscInt  i, j;            /* the neighbour */
  PetscReal head;            /* or what is given in its place */
  PetscReal c, dc, dc_other; /* conductance; its derivatives with respect to k here and there */
} Face;

/* The faces that something flows through */
static int Faces(const Aquifer *a, const PetscScalar *const *r, PetscInt i, PetscInt j, Face face[4])
{
  int n = 0;

  for (int side = 0; side < 4; side++) {
    const PetscInt  di = side == 0 ? -1 : side == 1, dj = side == 2 ? -1 : side == 3;
    const PetscReal shape = di ? a->dy / a->dx : a->dx / a->dy;
    Face           *f     = &face[n];

    f->i      = i + di;
    f->j      = j + dj;
    f->inside = (PetscBool)(f->i >= 0 && f->i < a->nx && f->j >= 0 && f->j < a->ny);
    if (f->inside) {
      const PetscReal sum = r[j][i] + r[f->j][f->i];

      f->c        = 2 * shape / sum;
      f->dc       = f->c * r[j][i] / sum;
      f->dc_other = f->c * r[f->j][f->i] / sum;
    } else if (di) {
      f->head = di < 0 ? a->site->left : a->site->right;
      f->c = f->dc = 2 * shape / r[j][i];
      f->dc_other  = 0;
    } else {
      continue;
    }
    n++;
  }
  return n;
}

static PetscErrorCode Residual(SNES snes, Vec H, Vec R, void *ctx)
{
  Aquifer                  *a = ctx;
  const PetscScalar *const *h, *const *r;
  PetscScalar **out;
  DMDALocalInfo g;
  Face          face[4];

  PetscFunctionBeginUser;
  (void)snes;
  PetscCall(DMGlobalToLocal(a->da, H, INSERT_VALUES, a->h));
  PetscCall(VecCopy(a->q, R));
  PetscCall(DMDAGetLocalInfo(a->da, &g));
  PetscCall(DMDAVecGetArrayRead(a->da, a->h, (void *)&h));
  PetscCall(DMDAVecGetArrayRead(a->da, a->resistance, (void *)&r));
  PetscCall(DMDAVecGetArray(a->da, R, &out));
  for (PetscInt j = g.ys; j < g.ys + g.ym; j++) {
    for (PetscInt i = g.xs; i < g.xs + g.xm; i++) {
      const int n = Faces(a, r, i, j, face);

      out[j][i] = -out[j][i];
      for (int f = 0; f < n; f++)
        out[j][i] += face[f].c * (h[j][i] - (face[f].inside ? h[face[f].j][face[f].i] : face[f].head));
    }
  }
  PetscCall(DMDAVecRestoreArray(a->da, R, &out));
  PetscCall(DMDAVecRestoreArrayRead(a->da, a->resistance, (void *)&r));
  PetscCall(DMDAVecRestoreArrayRead(a->da, a->h, (void *)&h));
  PetscFunctionReturn(0);
}

/* With h what is derived with respect to k, without it with respect to h; both have the stencil of five cells. */
static PetscErrorCode Derivative(Aquifer *a, const PetscScalar *const *h, Mat A)
{
  const PetscScalar *const *r;
  DMDALocalInfo             g;
  Face                      face[4];

  PetscFunctionBeginUser;
  PetscCall(DMDAGetLocalInfo(a->da, &g));
  PetscCall(DMDAVecGetArrayRead(a->da, a->resistance, (void *)&r));
  for (PetscInt j = g.ys; j < g.ys + g.ym; j++) {
    for (PetscInt i = g.xs; i < g.xs + g.xm; i++) {
      const MatStencil row       = {.i = i, .j = j};
      MatStencil       column[5] = {row};
      PetscScalar      v[5]      = {0};
      const int        n         = Faces(a, r, i, j, face);
      int              m         = 1;

      for (int f = 0; f < n; f++) {
        const PetscReal fall = !h ? 0 : h[j][i] - (face[f].inside ? h[face[f].j][face[f].i] : face[f].head);

        v[0] += h ? face[f].dc * fall : face[f].c;
        if (!face[f].inside) continue;
        column[m] = (MatStencil){.i = face[f].i, .j = face[f].j};
        v[m++]    = h ? face[f].dc_other * fall : -face[f].c;
      }
      PetscCall(MatSetValuesStencil(A, 1, &row, m, column, v, INSERT_VALUES));
    }
  }
  PetscCall(DMDAVecRestoreArrayRead(a->da, a->resistance, (void *)&r));
  PetscCall(MatAssemblyBegin(A, MAT_FINAL_ASSEMBLY));
  PetscCall(MatAssemblyEnd(A, MAT_FINAL_ASSEMBLY));
  PetscFunctionReturn(0);
}

static PetscErrorCode Jacobian(SNES snes, Vec H, Mat A, Mat P, void *ctx)
{
  PetscFunctionBeginUser;
  (void)snes, (void)H;
  PetscCall(Derivative(ctx, NULL, P));
  if (A != P) PetscCall(MatCopy(P, A, SAME_NONZERO_PATTERN));
  PetscFunctionReturn(0);
}

PetscErrorCode AquiferJacobianP(Aquifer *a, Vec H, Mat A)
{
  const PetscScalar *const *h;

  PetscFunctionBeginUser;
  PetscCall(DMGlobalToLocal(a->da, H, INSERT_VALUES, a->h));
  PetscCall(DMDAVecGetArrayRead(a->da, a->h, (void *)&h));
  PetscCall(Derivative(a, h, A));
  PetscCall(DMDAVecRestoreArrayRead(a->da, a->h, (void *)&h));
  PetscFunctionReturn(0);
}

PetscErrorCode AquiferSetParameters(Aquifer *a, Vec k)
{
  PetscFunctionBeginUser;
  PetscCall(DMGlobalToLocal(a->da, k, INSERT_VALUES, a->resistance));
  PetscCall(VecScale(a->resistance, -1));
  PetscCall(VecExp(a->resistance));
  PetscFunctionReturn(0);
}

PetscErrorCode AquiferGuess(const Aquifer *a, Vec h)
{
  PetscScalar **out;
  DMDALocalInfo g;

  PetscFunctionBeginUser;
  PetscCall(DMDAGetLocalInfo(a->da, &g));
  PetscCall(DMDAVecGetArrayWrite(a->da, h, &out));
  for (PetscInt j = g.ys; j < g.ys + g.ym; j++) {
    for (PetscInt i = g.xs; i < g.xs + g.xm; i++)
      out[j][i] = a->site->left + (a->site->right - a->site->left) * AquiferX(a, i) / a->site->length;
  }
  PetscCall(DMDAVecRestoreArrayWrite(a->da, h, &out));
  PetscFunctionReturn(0);
}

PetscErrorCode AquiferInterpolation(const Aquifer *a, PetscInt n, const PetscReal x[], const PetscReal y[], Mat *A)
{
  PetscInt local, first, last;
  AO       ao;
  Vec      h;

  PetscFunctionBeginUser;
  PetscCall(DMGetGlobalVector(a->da, &h));
  PetscCall(VecGetLocalSize(h, &local));
  PetscCall(DMRestoreGlobalVector(a->da, &h));
  PetscCall(
      MatCreateAIJ(PetscObjectComm((PetscObject)a->da), PETSC_DECIDE, local, n, PETSC_DETERMINE, 4, NULL, 4, NULL, A));
  PetscCall(MatGetOwnershipRange(*A, &first, &last));
  PetscCall(DMDAGetAO(a->da, &ao));
  for (PetscInt k = first; k < last; k++) {
    /* in cells from the first centre; at the sides, where there is none around, from the nearest two */
    const PetscReal X = x[k] / a->dx - .5, Y = y[k] / a->dy - .5;
    const PetscInt  i = PetscMax(0, PetscMin(a->nx - 2, (PetscInt)PetscFloorReal(X)));
    const PetscInt  j = PetscMax(0, PetscMin(a->ny - 2, (PetscInt)PetscFloorReal(Y)));
    const PetscReal s = X - (PetscReal)i, t = Y - (PetscReal)j;
    const PetscReal v[]      = {(1 - s) * (1 - t), s * (1 - t), (1 - s) * t, s * t};
    PetscInt        column[] = {j * a->nx + i, j * a->nx + i + 1, (j + 1) * a->nx + i, (j + 1) * a->nx + i + 1};

    PetscCall(AOApplicationToPetsc(ao, 4, column));
    PetscCall(MatSetValues(*A, 1, &k, 4, column, v, INSERT_VALUES));
  }
  PetscCall(MatAssemblyBegin(*A, MAT_FINAL_ASSEMBLY));
  PetscCall(MatAssemblyEnd(*A, MAT_FINAL_ASSEMBLY));
  PetscFunctionReturn(0);
}

/* Recharge everywhere, and the wells' rates to the cells around them */
static PetscErrorCode Sources(Aquifer *a)
{
  const Site  *s = a->site;
  PetscReal   *x, *y;
  PetscScalar *rate;
  PetscInt     first, last;
  Mat          spread;
  Vec          rates;

  PetscFunctionBeginUser;
  PetscCall(PetscMalloc2(s->npumps, &x, s->npumps, &y));
  for (PetscInt n = 0; n < s->npumps; n++) {
    x[n] = s->pump[n].x;
    y[n] = s->pump[n].y;
  }
  PetscCall(AquiferInterpolation(a, s->npumps, x, y, &spread));
  PetscCall(PetscFree2(x, y));
  PetscCall(MatCreateVecs(spread, NULL, &rates));
  PetscCall(MatGetOwnershipRange(spread, &first, &last));
  PetscCall(VecGetArrayWrite(rates, &rate));
  for (PetscInt n = first; n < last; n++) rate[n - first] = s->pump[n].rate;
  PetscCall(VecRestoreArrayWrite(rates, &rate));
  PetscCall(VecSet(a->q, s->recharge * a->dx * a->dy));
  PetscCall(MatMultTransposeAdd(spread, rates, a->q, a->q));
  PetscCall(VecDestroy(&rates));
  PetscCall(MatDestroy(&spread));
  PetscFunctionReturn(0);
}

PetscErrorCode AquiferCreate(MPI_Comm comm, const Site *site, PetscInt nx, PetscInt ny, Aquifer *a)
{
  PetscFunctionBeginUser;
  *a = (Aquifer){.site = site,
                 .nx   = nx,
                 .ny   = ny,
                 .dx   = site->length / (PetscReal)nx,
                 .dy   = site->width / (PetscReal)ny};
  PetscCall(DMDACreate2d(comm, DM_BOUNDARY_NONE, DM_BOUNDARY_NONE, DMDA_STENCIL_STAR, nx, ny, PETSC_DECIDE,
                         PETSC_DECIDE, 1, 1, NULL, NULL, &a->da));
  PetscCall(DMSetUp(a->da));
  PetscCall(DMCreateMatrix(a->da, &a->J));
  PetscCall(DMCreateGlobalVector(a->da, &a->q));
  PetscCall(DMCreateLocalVector(a->da, &a->h));
  PetscCall(DMCreateLocalVector(a->da, &a->resistance));
  PetscCall(Sources(a));
  PetscFunctionReturn(0);
}

PetscErrorCode AquiferDestroy(Aquifer *a)
{
  PetscFunctionBeginUser;
  PetscCall(MatDestroy(&a->J));
  PetscCall(VecDestroy(&a->q));
  PetscCall(VecDestroy(&a->h));
  PetscCall(VecDestroy(&a->resistance));
  PetscCall(DMDestroy(&a->da));
  PetscFunctionReturn(0);
}

/* The equation is linear in h: Newton's method takes one step, and is as accurate as the linear solver. */
PetscErrorCode AquiferCreateSNES(Aquifer *a, SNES *snes)
{
  KSP ksp;
  PC  pc;

  PetscFunctionBeginUser;
  PetscCall(SNESCreate(PetscObjectComm((PetscObject)a->da), snes));
  PetscCall(SNESSetFunction(*snes, NULL, Residual, a));
  PetscCall(SNESSetJacobian(*snes, a->J, a->J, Jacobian, a));
  PetscCall(SNESSetTolerances(*snes, PETSC_DEFAULT, 1e-10, 0, PETSC_DEFAULT, PETSC_DEFAULT));
  PetscCall(SNESGetKSP(*snes, &ksp));
  PetscCall(KSPSetType(ksp, KSPCG));
  PetscCall(KSPSetTolerances(ksp, 1e-11, 0, PETSC_DEFAULT, PETSC_DEFAULT));
  PetscCall(KSPGetPC(ksp, &pc));
#if defined(PETSC_HAVE_HYPRE)
  PetscCall(PCSetType(pc, PCHYPRE));
#else
  PetscCall(PCSetType(pc, PCGAMG));
#endif
  PetscCall(SNESSetFromOptions(*snes));
  PetscFunctionReturn(0);
}
