/* SPDX-License-Identifier: BSD-2-Clause */
/* The residual of a cell is what leaves it less what comes in, in W/m^2 times its area on the unit sphere:

     R_i = sum over faces of c (T_i - T_n) + a_i (A + B T_i - Q S c(x,T_i))

   Half-way between two centres the ground changes, so c has the harmonic mean of both D. At the poles faces have no
   length, and nothing has to be said about them. dR/dT is symmetric, and positive definite if the climate is stable. */
#include "balance.h"

const char *const ParameterNames[NPAR] = {"A", "B", "D_sea", "D_land", "d2"};
const char *const ParameterUnits[NPAR] = {"W/m^2", "W/m^2/K", "W/m^2/K", "W/m^2/K", ""};
const PetscBool   ParameterIsLog[NPAR] = {PETSC_FALSE, PETSC_TRUE, PETSC_TRUE, PETSC_TRUE, PETSC_FALSE};

typedef struct {
  PetscInt  i, j;    /* the neighbour; i may be beyond the edge of the map */
  PetscReal c;       /* conductance */
  PetscReal d[NPAR]; /* its derivatives with respect to the logarithms of D, and the slope */
} Face;

static PetscBool IsLand(const Balance *b, PetscInt i, PetscInt j)
{
  const PetscInt nx = b->planet->nx;

  return b->planet->land[j * nx + (i + nx) % nx];
}

static PetscReal Resistance(const Balance *b, PetscBool land, PetscInt j)
{
  return PetscExpReal(-b->value[PAR_SLOPE] * b->P2[j]) / b->value[land ? PAR_LAND : PAR_SEA];
}

/* The faces that heat can flow through */
static int Faces(const Balance *b, PetscInt i, PetscInt j, Face face[4])
{
  const PetscBool here = IsLand(b, i, j);
  const PetscReal r    = Resistance(b, here, j);
  int             n    = 0;

  for (int side = 0; side < 4; side++) {
    const PetscInt di = side == 0 ? -1 : side == 1, dj = side == 2 ? -1 : side == 3;
    Face          *f = &face[n];

    f->i = i + di;
    f->j = j + dj;
    if (f->j < 0 || f->j == b->planet->ny) continue;
    const PetscBool there = IsLand(b, f->i, f->j);
    const PetscReal rn = Resistance(b, there, f->j), shape = di ? b->east / b->cosine[j] : b->south[PetscMax(j, f->j)];

    f->c            = 2 * shape / (r + rn);
    f->d[PAR_A]     = 0;
    f->d[PAR_B]     = 0;
    f->d[PAR_SEA]   = f->c * ((here ? 0 : r) + (there ? 0 : rn)) / (r + rn);
    f->d[PAR_LAND]  = f->c - f->d[PAR_SEA];
    f->d[PAR_SLOPE] = f->c * (r * b->P2[j] + rn * b->P2[f->j]) / (r + rn);
    n++;
  }
  return n;
}

/* What is absorbed, W/m^2, and its derivative with respect to T */
static PetscReal Absorbed(const Balance *b, PetscInt j, PetscReal T, PetscReal *dT)
{
  const Sun      *s     = &b->sun;
  const PetscReal shine = s->Q * (1 + s->s2 * b->P2[j]), open = s->a0 + s->a2 * b->P2[j];
  const PetscReal warm = PetscTanhReal((T - s->edge) / s->width);

  *dT = shine * (open - s->ice) / 2 * (1 - warm * warm) / s->width;
  return shine * (s->ice + (open - s->ice) * (1 + warm) / 2);
}

static PetscErrorCode Residual(SNES snes, Vec temperature, Vec R, void *ctx)
{
  Balance                  *b = ctx;
  const PetscScalar *const *T;
  PetscScalar             **out;
  DMDALocalInfo             g;
  PetscReal                 unused;
  Face                      face[4];

  PetscFunctionBeginUser;
  (void)snes;
  PetscCall(DMGlobalToLocal(b->da, temperature, INSERT_VALUES, b->local));
  PetscCall(DMDAGetLocalInfo(b->da, &g));
  PetscCall(DMDAVecGetArrayRead(b->da, b->local, (void *)&T));
  PetscCall(DMDAVecGetArrayWrite(b->da, R, &out));
  for (PetscInt j = g.ys; j < g.ys + g.ym; j++) {
    for (PetscInt i = g.xs; i < g.xs + g.xm; i++) {
      const int n = Faces(b, i, j, face);

      out[j][i] = b->area[j] * (b->value[PAR_A] + b->value[PAR_B] * T[j][i] - Absorbed(b, j, T[j][i], &unused));
      for (int f = 0; f < n; f++) out[j][i] += face[f].c * (T[j][i] - T[face[f].j][face[f].i]);
    }
  }
  PetscCall(DMDAVecRestoreArrayWrite(b->da, R, &out));
  PetscCall(DMDAVecRestoreArrayRead(b->da, b->local, (void *)&T));
  PetscFunctionReturn(0);
}

static PetscErrorCode Jacobian(SNES snes, Vec temperature, Mat A, Mat P, void *ctx)
{
  Balance                  *b = ctx;
  const PetscScalar *const *T;
  DMDALocalInfo             g;
  Face                      face[4];

  PetscFunctionBeginUser;
  (void)snes;
  PetscCall(DMDAGetLocalInfo(b->da, &g));
  PetscCall(DMDAVecGetArrayRead(b->da, temperature, (void *)&T));
  for (PetscInt j = g.ys; j < g.ys + g.ym; j++) {
    for (PetscInt i = g.xs; i < g.xs + g.xm; i++) {
      const MatStencil row       = {.i = i, .j = j};
      MatStencil       column[5] = {row};
      PetscScalar      v[5];
      PetscReal        dabsorbed;
      const int        n = Faces(b, i, j, face);

      (void)Absorbed(b, j, T[j][i], &dabsorbed);
      v[0] = b->area[j] * (b->value[PAR_B] - dabsorbed);
      for (int f = 0; f < n; f++) {
        column[f + 1] = (MatStencil){.i = face[f].i, .j = face[f].j};
        v[f + 1]      = -face[f].c;
        v[0] += face[f].c;
      }
      PetscCall(MatSetValuesStencil(P, 1, &row, n + 1, column, v, INSERT_VALUES));
    }
  }
  PetscCall(DMDAVecRestoreArrayRead(b->da, temperature, (void *)&T));
  PetscCall(MatAssemblyBegin(P, MAT_FINAL_ASSEMBLY));
  PetscCall(MatAssemblyEnd(P, MAT_FINAL_ASSEMBLY));
  if (A != P) PetscCall(MatCopy(P, A, SAME_NONZERO_PATTERN));
  PetscFunctionReturn(0);
}

PetscErrorCode BalanceJacobianP(Balance *b, Vec temperature, const PetscReal spread[NPAR], Mat Rp)
{
  static const PetscInt     column[NPAR] = {PAR_A, PAR_B, PAR_SEA, PAR_LAND, PAR_SLOPE};
  const PetscScalar *const *T;
  DMDALocalInfo             g;
  PetscInt                  row;
  Face                      face[4];

  PetscFunctionBeginUser;
  PetscCall(DMGlobalToLocal(b->da, temperature, INSERT_VALUES, b->local));
  PetscCall(DMDAGetLocalInfo(b->da, &g));
  PetscCall(MatGetOwnershipRange(Rp, &row, NULL));
  PetscCall(DMDAVecGetArrayRead(b->da, b->local, (void *)&T));
  for (PetscInt j = g.ys; j < g.ys + g.ym; j++) {
    for (PetscInt i = g.xs; i < g.xs + g.xm; i++, row++) {
      PetscScalar v[NPAR] = {b->area[j], b->area[j] * b->value[PAR_B] * T[j][i]};
      const int   n       = Faces(b, i, j, face);

      for (int f = 0; f < n; f++) {
        for (int k = PAR_SEA; k < NPAR; k++) v[k] += face[f].d[k] * (T[j][i] - T[face[f].j][face[f].i]);
      }
      for (int k = 0; k < NPAR; k++) v[k] *= spread[k];
      PetscCall(MatSetValues(Rp, 1, &row, NPAR, column, v, INSERT_VALUES));
    }
  }
  PetscCall(DMDAVecRestoreArrayRead(b->da, b->local, (void *)&T));
  PetscCall(MatAssemblyBegin(Rp, MAT_FINAL_ASSEMBLY));
  PetscCall(MatAssemblyEnd(Rp, MAT_FINAL_ASSEMBLY));
  PetscFunctionReturn(0);
}

PetscErrorCode BalanceTransport(Balance *b, Vec temperature, PetscReal heat[])
{
  const PetscInt            ny = b->planet->ny;
  const PetscScalar *const *T;
  DMDALocalInfo             g;
  Face                      face[4];

  PetscFunctionBeginUser;
  PetscCall(PetscArrayzero(heat, ny + 1));
  PetscCall(DMGlobalToLocal(b->da, temperature, INSERT_VALUES, b->local));
  PetscCall(DMDAGetLocalInfo(b->da, &g));
  PetscCall(DMDAVecGetArrayRead(b->da, b->local, (void *)&T));
  for (PetscInt j = g.ys; j < g.ys + g.ym; j++) {
    for (PetscInt i = g.xs; i < g.xs + g.xm; i++) {
      const int n = Faces(b, i, j, face);

      for (int f = 0; f < n; f++) {
        if (face[f].j == j - 1) heat[j] += PetscSqr(EARTH_RADIUS) * face[f].c * (T[j - 1][i] - T[j][i]);
      }
    }
  }
  PetscCall(DMDAVecRestoreArrayRead(b->da, b->local, (void *)&T));
  PetscCallMPI(MPI_Allreduce(MPI_IN_PLACE, heat, (PetscMPIInt)(ny + 1), MPIU_REAL, MPIU_SUM,
                             PetscObjectComm((PetscObject)b->da)));
  PetscFunctionReturn(0);
}

PetscErrorCode BalanceSetParameters(Balance *b, const PetscReal value[NPAR])
{
  PetscFunctionBeginUser;
  PetscCall(PetscArraycpy(b->value, value, NPAR));
  PetscFunctionReturn(0);
}

PetscErrorCode BalanceGuess(const Balance *b, Vec temperature)
{
  PetscScalar **T;
  DMDALocalInfo g;

  PetscFunctionBeginUser;
  PetscCall(DMDAGetLocalInfo(b->da, &g));
  PetscCall(DMDAVecGetArrayWrite(b->da, temperature, &T));
  for (PetscInt j = g.ys; j < g.ys + g.ym; j++) {
    for (PetscInt i = g.xs; i < g.xs + g.xm; i++) T[j][i] = 14 - 28 * b->P2[j];
  }
  PetscCall(DMDAVecRestoreArrayWrite(b->da, temperature, &T));
  PetscFunctionReturn(0);
}

PetscErrorCode BalanceCreate(MPI_Comm comm, const Planet *planet, const Sun *sun, Balance *b)
{
  const PetscInt  ny   = planet->ny;
  const PetscReal dlon = 2 * PETSC_PI / (PetscReal)planet->nx, dlat = PETSC_PI / (PetscReal)ny;

  PetscFunctionBeginUser;
  *b = (Balance){.planet = planet, .sun = *sun, .east = dlat / dlon};
  PetscCall(PetscMalloc4(ny, &b->P2, ny, &b->area, ny, &b->cosine, ny + 1, &b->south));
  for (PetscInt j = 0; j <= ny; j++) {
    const PetscReal south = -PETSC_PI / 2 + (PetscReal)j * dlat, x = PetscSinReal(south + dlat / 2);

    b->south[j] = PetscCosReal(south) * dlon / dlat;
    if (j == ny) break;
    b->P2[j]     = (3 * x * x - 1) / 2;
    b->cosine[j] = PetscCosReal(south + dlat / 2);
    b->area[j]   = dlon * (PetscSinReal(south + dlat) - PetscSinReal(south));
  }
  PetscCall(DMDACreate2d(comm, DM_BOUNDARY_PERIODIC, DM_BOUNDARY_NONE, DMDA_STENCIL_STAR, planet->nx, ny, PETSC_DECIDE,
                         PETSC_DECIDE, 1, 1, NULL, NULL, &b->da));
  PetscCall(DMSetUp(b->da));
  PetscCall(DMCreateMatrix(b->da, &b->J));
  PetscCall(DMCreateLocalVector(b->da, &b->local));
  PetscFunctionReturn(0);
}

PetscErrorCode BalanceDestroy(Balance *b)
{
  PetscFunctionBeginUser;
  PetscCall(PetscFree4(b->P2, b->area, b->cosine, b->south));
  PetscCall(MatDestroy(&b->J));
  PetscCall(VecDestroy(&b->local));
  PetscCall(DMDestroy(&b->da));
  PetscFunctionReturn(0);
}

/* GMRES, since Newton's method may pass through states whose Jacobian is not definite. */
PetscErrorCode BalanceCreateSNES(Balance *b, SNES *snes)
{
  KSP ksp;
  PC  pc;

  PetscFunctionBeginUser;
  PetscCall(SNESCreate(PetscObjectComm((PetscObject)b->da), snes));
  PetscCall(SNESSetFunction(*snes, NULL, Residual, b));
  PetscCall(SNESSetJacobian(*snes, b->J, b->J, Jacobian, b));
  /* the sun gives 3000 W on a sphere of radius 1; a search that wanders comes to nothing */
  PetscCall(SNESSetTolerances(*snes, 1e-10, 0, 0, 20, PETSC_DEFAULT));
  PetscCall(SNESGetKSP(*snes, &ksp));
  PetscCall(KSPSetType(ksp, KSPGMRES));
  PetscCall(KSPSetTolerances(ksp, 1e-6, 0, PETSC_DEFAULT, PETSC_DEFAULT));
  PetscCall(KSPGetPC(ksp, &pc));
#if defined(PETSC_HAVE_HYPRE)
  PetscCall(PCSetType(pc, PCHYPRE));
#else
  PetscCall(PCSetType(pc, PCGAMG));
#endif
  PetscCall(SNESSetFromOptions(*snes));
  PetscFunctionReturn(0);
}
