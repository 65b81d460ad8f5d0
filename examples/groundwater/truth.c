/* SPDX-License-Identifier: BSD-2-Clause */
#include "../common/common.h"
#include "truth.h"

#define MODES 400

/* Numbers that are the same on each rank */
static PetscErrorCode Random(PetscInt seed, PetscRandom *r)
{
  PetscFunctionBeginUser;
  PetscCall(ExampleRandom(PETSC_COMM_SELF, seed, r));
  PetscCall(PetscRandomSetInterval(*r, 0., 1.));
  PetscFunctionReturn(0);
}

/* Two with the normal distribution */
static PetscErrorCode Normal(PetscRandom r, PetscReal z[2])
{
  PetscReal u, v;

  PetscFunctionBeginUser;
  PetscCall(PetscRandomGetValueReal(r, &u));
  PetscCall(PetscRandomGetValueReal(r, &v));
  u    = PetscSqrtReal(-2 * PetscLogReal(1 - u));
  z[0] = u * PetscCosReal(2 * PETSC_PI * v);
  z[1] = u * PetscSinReal(2 * PETSC_PI * v);
  PetscFunctionReturn(0);
}

/* Waves with normally distributed wave numbers add up to a field with the covariance spread^2 exp(-|r|^2 / (2 l^2)). */
typedef struct {
  PetscReal x[MODES], y[MODES], phase[MODES];
} Waves;

static PetscErrorCode WavesDraw(const Truth *t, Waves *w)
{
  PetscRandom random;
  PetscReal   z[2];

  PetscFunctionBeginUser;
  PetscCall(Random(t->seed, &random));
  for (int m = 0; m < MODES; m++) {
    PetscCall(Normal(random, z));
    w->x[m] = z[0] / t->length;
    w->y[m] = z[1] / t->length;
    PetscCall(PetscRandomGetValueReal(random, &w->phase[m]));
    w->phase[m] *= 2 * PETSC_PI;
  }
  PetscCall(PetscRandomDestroy(&random));
  PetscFunctionReturn(0);
}

static PetscReal Smooth(const Truth *t, const Waves *w, PetscReal x, PetscReal y)
{
  PetscReal sum = 0;

  for (int m = 0; m < MODES; m++) sum += PetscCosReal(w->x[m] * x + w->y[m] * y + w->phase[m]);
  return t->mean + t->spread * PetscSqrtReal(2. / MODES) * sum;
}

/* Two old river beds of gravel, each about a correlation length wide, in something finer */
static PetscReal Channels(const Truth *t, const Waves *w, const Site *s, PetscReal x, PetscReal y)
{
  PetscReal inside = 0;

  for (int m = 0; m < 2; m++) {
    const PetscReal middle = s->width * (m ? .72 : .27), swing = s->width * .11;
    const PetscReal bend  = 2 * PETSC_PI * x / s->length * (m ? 1.5 : 1.1) + w->phase[m];
    const PetscReal depth = t->length / 2 - PetscAbsReal(y - middle - swing * PetscSinReal(bend));

    inside = PetscMax(inside, .5 + .5 * PetscTanhReal(depth / 20)); /* banks of 20 m, so that grids can agree */
  }
  return t->mean + t->spread * (2 * inside - 1);
}

PetscErrorCode TruthField(const Truth *t, const Aquifer *a, Vec k)
{
  PetscScalar **out;
  DMDALocalInfo g;
  Waves         waves;

  PetscFunctionBeginUser;
  PetscCall(WavesDraw(t, &waves));
  PetscCall(DMDAGetLocalInfo(a->da, &g));
  PetscCall(DMDAVecGetArrayWrite(a->da, k, &out));
  for (PetscInt j = g.ys; j < g.ys + g.ym; j++) {
    for (PetscInt i = g.xs; i < g.xs + g.xm; i++) {
      const PetscReal x = AquiferX(a, i), y = AquiferY(a, j);

      out[j][i] = t->type == TRUTH_SMOOTH ? Smooth(t, &waves, x, y) : Channels(t, &waves, a->site, x, y);
    }
  }
  PetscCall(DMDAVecRestoreArrayWrite(a->da, k, &out));
  PetscFunctionReturn(0);
}

PetscErrorCode WellsPlace(const Site *s, PetscInt n, PetscInt seed, Wells *w)
{
  /* boxes about as long as wide */
  const PetscInt  rows    = PetscMax(1, (PetscInt)(PetscSqrtReal((PetscReal)n * s->width / s->length) + .5));
  const PetscInt  columns = PetscMax(1, n / rows);
  const PetscReal bx = s->length / (PetscReal)columns, by = s->width / (PetscReal)rows;
  PetscRandom     random;

  PetscFunctionBeginUser;
  w->n = 0;
  PetscCall(PetscMalloc2(rows * columns, &w->x, rows * columns, &w->y));
  PetscCall(Random(seed + 1, &random));
  for (PetscInt b = 0; b < rows * columns; b++) {
    PetscReal u, v, x, y;
    PetscBool near = PETSC_FALSE;

    PetscCall(PetscRandomGetValueReal(random, &u));
    PetscCall(PetscRandomGetValueReal(random, &v));
    x = bx * ((PetscReal)(b % columns) + .15 + .7 * u);
    y = by * ((PetscReal)(b / columns) + .15 + .7 * v);
    /* where the head falls like a logarithm a grid would have to be fine */
    for (PetscInt p = 0; p < s->npumps; p++)
      near = (PetscBool)(near || PetscSqr(x - s->pump[p].x) + PetscSqr(y - s->pump[p].y) < PetscSqr(.05 * s->width));
    if (near) continue;
    w->x[w->n]   = x;
    w->y[w->n++] = y;
  }
  PetscCall(PetscRandomDestroy(&random));
  PetscFunctionReturn(0);
}

PetscErrorCode WellsDestroy(Wells *w)
{
  PetscFunctionBeginUser;
  PetscCall(PetscFree2(w->x, w->y));
  PetscFunctionReturn(0);
}

PetscErrorCode WellsMeasure(MPI_Comm comm, const Wells *w, const Truth *t, const Site *s, PetscInt nx, PetscInt ny,
                            Vec heads)
{
  PetscRandom  random;
  PetscScalar *d;
  PetscInt     first, last;
  Aquifer      fine;
  SNES         snes;
  Mat          at;
  Vec          k, h;

  PetscFunctionBeginUser;
  PetscCall(AquiferCreate(comm, s, nx, ny, &fine));
  PetscCall(AquiferCreateSNES(&fine, &snes));
  PetscCall(DMCreateGlobalVector(fine.da, &k));
  PetscCall(VecDuplicate(k, &h));
  PetscCall(TruthField(t, &fine, k));
  PetscCall(AquiferSetParameters(&fine, k));
  PetscCall(AquiferGuess(&fine, h));
  PetscCall(SNESSetErrorIfNotConverged(snes, PETSC_TRUE));
  PetscCall(SNESSolve(snes, NULL, h));
  PetscCall(AquiferInterpolation(&fine, w->n, w->x, w->y, &at));
  PetscCall(MatMult(at, h, heads));

  PetscCall(Random(t->seed + 2, &random));
  PetscCall(VecGetOwnershipRange(heads, &first, &last));
  PetscCall(VecGetArray(heads, &d));
  for (PetscInt n = 0; n < last; n++) {
    PetscReal z[2];

    PetscCall(Normal(random, z)); /* for the wells of the ranks before, too */
    if (n >= first) d[n - first] += w->sigma * z[0];
  }
  PetscCall(VecRestoreArray(heads, &d));
  PetscCall(PetscRandomDestroy(&random));
  PetscCall(MatDestroy(&at));
  PetscCall(VecDestroy(&k));
  PetscCall(VecDestroy(&h));
  PetscCall(SNESDestroy(&snes));
  PetscCall(AquiferDestroy(&fine));
  PetscFunctionReturn(0);
}
