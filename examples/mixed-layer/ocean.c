/* SPDX-License-Identifier: BSD-2-Clause */
/* The observations put on the model's grid: seasonal harmonics of surface temperature and heat flux for each cell. */
#include <petscsys.h>
#include "ocean.h"
#include "files.h"

#define RHO_AIR           1.2    /* kg/m^3 */
#define LATENT            2.5e6  /* J/kg */
#define TRANSFER          1.3e-3 /* bulk transfer coefficient of moisture */
#define SEA_LEVEL         101325.0
#define SALT_FACTOR       0.98 /* vapour pressure over sea water relative to fresh water */
#define EMISSIVITY        0.97
#define STEFAN_BOLTZMANN  5.670374e-8
#define MIXED_LAYER_DELTA 0.5 /* the mixed layer ends where the water is this much colder than the surface, K */

/* Specific humidity at saturation over sea water (Bolton's fit of Clausius-Clapeyron), and its derivative. */
static PetscReal Saturation(PetscReal t, PetscReal *dq)
{
  const PetscReal e = 611.2 * PetscExpReal(17.67 * t / (t + 243.5));
  const PetscReal q = SALT_FACTOR * 0.622 * e / SEA_LEVEL;

  *dq = q * 17.67 * 243.5 / ((t + 243.5) * (t + 243.5));
  return q;
}

Feedback SurfaceFeedback(PetscReal t, PetscReal tbar, PetscReal exchange)
{
  const PetscReal k = t + KELVIN, kbar = tbar + KELVIN, es = EMISSIVITY * STEFAN_BOLTZMANN;
  PetscReal       dq, unused;
  Feedback        f;

  f.longwave     = es * (k * k * k * k - kbar * kbar * kbar * kbar);
  f.dlongwave    = 4 * es * k * k * k;
  f.evaporation  = exchange * (Saturation(t, &dq) - Saturation(tbar, &unused));
  f.devaporation = exchange * dq;
  return f;
}

void SeasonBasis(PetscReal t, PetscReal basis[NCOEF])
{
  basis[0] = 1;
  for (int k = 1; k <= HARMONICS; k++) {
    const PetscReal phase = 2 * PETSC_PI * k * t / SEC_PER_YEAR;

    basis[2 * k - 1] = PetscCosReal(phase);
    basis[2 * k]     = PetscSinReal(phase);
  }
}

/* The smooth periodic function whose monthly means are those given. A month's mean of the k-th harmonic is sinc(k
   pi/12) times its mid-month value, hence the division: without it the peak of the seasonal cycle would be clipped. */
static void SeasonFit(const PetscReal month[12], PetscReal c[NCOEF])
{
  PetscReal basis[NCOEF];

  for (int k = 0; k < NCOEF; k++) c[k] = 0;
  for (int m = 0; m < 12; m++) {
    SeasonBasis((m + 0.5) / 12 * SEC_PER_YEAR, basis);
    for (int k = 0; k < NCOEF; k++) c[k] += basis[k] * month[m] * (k ? 2. : 1.) / 12;
  }
  for (int k = 1; k <= HARMONICS; k++) {
    const PetscReal x = PETSC_PI * k / 12, sinc = PetscSinReal(x) / x;

    c[2 * k - 1] /= sinc;
    c[2 * k] /= sinc;
  }
}

static void Spread(Ocean *o, PetscInt cell, const PetscReal month_sst[12], const PetscReal month_flux[12],
                   PetscReal wind)
{
  PetscReal flux[12], mean = 0;

  o->sea[cell] = PETSC_TRUE;
  o->nsea++;
  SeasonFit(month_sst, &o->sst[cell * NCOEF]);
  o->tbar[cell]     = o->sst[cell * NCOEF];
  o->exchange[cell] = RHO_AIR * LATENT * TRANSFER * wind;
  for (int m = 0; m < 12; m++) mean += month_flux[m] / 12;
  for (int m = 0; m < 12; m++) {
    const Feedback f = SurfaceFeedback(month_sst[m], o->tbar[cell], o->exchange[cell]);

    /* The published flux already holds the answer of the observed surface temperature; the model computes that
       answer itself, so it is taken out here, with the bulk formula (lambda = 1) that the flux was made with. */
    flux[m] = month_flux[m] - mean + f.longwave + f.evaporation;
  }
  SeasonFit(flux, &o->flux[cell * NCOEF]);
}

/* A model cell holds coarsen x coarsen cells of the surface-temperature grid: their mean, if at least half are ocean.
 */
static void FillCell(Ocean *o, const Files *f, PetscInt coarsen, PetscInt column, PetscInt row)
{
  const PetscInt  cell = row * o->nx + column;
  const PetscReal lon = o->lon[column], lat = o->lat[row];
  PetscReal       sst[12] = {0}, flux[12], speed[12], wind = 0, depth = 0, storage = 0, mean, harmonic;
  PetscInt        n = 0, nd = 0;

  for (PetscInt j = row * coarsen; j < (row + 1) * coarsen; j++) {
    for (PetscInt i = column * coarsen; i < (column + 1) * coarsen; i++) {
      if (!FilesHasSST(f, i, j)) continue;
      for (int m = 0; m < 12; m++) sst[m] += f->sst[m][j][i];
      n++;
      if (!FilesMixedLayer(f, i, j, MIXED_LAYER_DELTA, &mean, &harmonic)) continue;
      depth += mean;
      storage += harmonic;
      nd++;
    }
  }
  o->mld[cell]     = nd ? depth / nd : -1;
  o->storage[cell] = nd ? storage / nd : -1;
  if (2 * n < coarsen * coarsen) return;
  for (int m = 0; m < 12; m++) {
    sst[m] /= n;
    if (!FilesFlux(f->heat, m, lon, lat, &flux[m]) || !FilesFlux(f->speed, m, lon, lat, &speed[m])) return;
    wind += speed[m] / 12;
  }
  Spread(o, cell, sst, flux, wind);
}

static PetscErrorCode OceanAllocate(Ocean *o, PetscInt coarsen)
{
  const PetscInt n = (SST_NX / coarsen) * (SST_NY / coarsen);

  PetscFunctionBeginUser;
  o->nx   = SST_NX / coarsen;
  o->ny   = SST_NY / coarsen;
  o->dlon = 2 * PETSC_PI / o->nx;
  PetscCall(PetscCalloc5(o->nx, &o->lon, o->ny, &o->lat, n, &o->sea, n, &o->tbar, n, &o->exchange));
  PetscCall(PetscCalloc4(n * NCOEF, &o->sst, n * NCOEF, &o->flux, n, &o->mld, n, &o->storage));
  for (PetscInt i = 0; i < o->nx; i++) o->lon[i] = 20 + (i + 0.5) * 360. / o->nx;
  for (PetscInt j = 0; j < o->ny; j++) o->lat[j] = -90 + (j + 0.5) * 180. / o->ny;
  PetscFunctionReturn(0);
}

PetscErrorCode OceanDestroy(Ocean *o)
{
  PetscFunctionBeginUser;
  PetscCall(PetscFree5(o->lon, o->lat, o->sea, o->tbar, o->exchange));
  PetscCall(PetscFree4(o->sst, o->flux, o->mld, o->storage));
  PetscFunctionReturn(0);
}

PetscErrorCode OceanRead(MPI_Comm comm, const char dir[], PetscInt coarsen, Ocean *o)
{
  Files   *files;
  PetscInt n;

  PetscFunctionBeginUser;
  PetscCheck(coarsen > 0 && SST_NX % coarsen == 0 && SST_NY % coarsen == 0, comm, PETSC_ERR_ARG_OUTOFRANGE,
             "-coarsen %" PetscInt_FMT " does not divide the %d x %d observed grid: use 1, 2, 3, 5 or 6", coarsen,
             SST_NX, SST_NY);
  o->nsea = 0;
  PetscCall(OceanAllocate(o, coarsen));
  n = o->nx * o->ny;
  PetscCall(FilesRead(comm, dir, &files)); /* collective, so that a missing file stops every rank */
  for (PetscInt cell = 0; files && cell < n; cell++) FillCell(o, files, coarsen, cell % o->nx, cell / o->nx);
  PetscCall(FilesDestroy(&files));
  PetscCallMPI(MPI_Bcast(&o->nsea, 1, MPIU_INT, 0, comm));
  PetscCallMPI(MPI_Bcast(o->sea, n * (PetscMPIInt)sizeof(*o->sea), MPI_BYTE, 0, comm));
  PetscCallMPI(MPI_Bcast(o->tbar, n, MPIU_REAL, 0, comm));
  PetscCallMPI(MPI_Bcast(o->exchange, n, MPIU_REAL, 0, comm));
  PetscCallMPI(MPI_Bcast(o->sst, n * NCOEF, MPIU_REAL, 0, comm));
  PetscCallMPI(MPI_Bcast(o->flux, n * NCOEF, MPIU_REAL, 0, comm));
  PetscCallMPI(MPI_Bcast(o->mld, n, MPIU_REAL, 0, comm));
  PetscCallMPI(MPI_Bcast(o->storage, n, MPIU_REAL, 0, comm));
  PetscFunctionReturn(0);
}
