/* SPDX-License-Identifier: BSD-2-Clause */
/* Reads the netCDF files of the ferret-datasets package, and takes single numbers out of them. */
#include <petscsys.h>
#include <netcdf.h>
#include "files.h"

/* Missing values are +-1e34. */
static PetscBool Valid(float x)
{
  return PetscAbsReal((PetscReal)x) < 1e9 ? PETSC_TRUE : PETSC_FALSE;
}

static int ReadVariable(const char path[], const char name[], size_t size, float *to)
{
  size_t total = 1, len;
  int    nc, id, nd, dims[NC_MAX_VAR_DIMS], err = nc_open(path, NC_NOWRITE, &nc);

  if (err) return err;
  err = nc_inq_varid(nc, name, &id);
  if (!err) err = nc_inq_var(nc, id, NULL, NULL, &nd, dims, NULL);
  for (int d = 0; !err && d < nd; d++) {
    err = nc_inq_dimlen(nc, dims[d], &len);
    total *= len;
  }
  if (!err && total * sizeof *to != size) err = NC_EVARSIZE;
  if (!err) err = nc_get_var_float(nc, id, to);
  nc_close(nc);
  return err;
}

PetscErrorCode FilesRead(MPI_Comm comm, const char dir[], Files **files)
{
  PetscMPIInt rank;
  Files      *f    = NULL;
  int         fail = 0;

  PetscFunctionBeginUser;
  PetscCallMPI(MPI_Comm_rank(comm, &rank));
  if (!rank) {
    PetscCall(PetscMalloc1(1, &f));
    const struct {
      const char *file, *name;
      size_t      size;
      float      *to;
    } want[] = {
        {"coads_climatology.cdf", "SST", sizeof f->sst, &f->sst[0][0][0]},
        {"esku_heat_budget.cdf", "FDH", sizeof f->heat, &f->heat[0][0][0]},
        {"esku_heat_budget.cdf", "SPD", sizeof f->speed, &f->speed[0][0][0]},
        {"ocean_atlas_subset.nc", "TEMP", sizeof f->temp, &f->temp[0][0][0][0]},
        {"ocean_atlas_subset.nc", "ZAXLEVIT19", sizeof f->depth, f->depth},
    };
    for (size_t k = 0; !fail && k < sizeof want / sizeof *want; k++) {
      char path[PETSC_MAX_PATH_LEN];

      PetscCall(PetscSNPrintf(path, sizeof path, "%s/%s", dir, want[k].file));
      fail = ReadVariable(path, want[k].name, want[k].size, want[k].to);
      if (fail) (void)fprintf(stderr, "mixed-layer: %s of %s: %s\n", want[k].name, path, nc_strerror(fail));
    }
  }
  PetscCallMPI(MPI_Bcast(&fail, 1, MPI_INT, 0, comm));
  PetscCheck(!fail, comm, PETSC_ERR_FILE_OPEN,
             "The climatologies cannot be read from %s: install the package ferret-datasets, or name their folder with "
             "-data",
             dir);
  *files = f;
  PetscFunctionReturn(0);
}

PetscErrorCode FilesDestroy(Files **files)
{
  PetscFunctionBeginUser;
  PetscCall(PetscFree(*files));
  PetscFunctionReturn(0);
}

PetscBool FilesHasSST(const Files *f, PetscInt i, PetscInt j)
{
  for (int m = 0; m < 12; m++) {
    if (!Valid(f->sst[m][j][i])) return PETSC_FALSE;
  }
  return PETSC_TRUE;
}

/* Bilinear between the nodes that have a value; no answer where fewer than half the weight has one. */
PetscBool FilesFlux(const float field[12][FLUX_NY][FLUX_NX], int month, PetscReal lon, PetscReal lat, PetscReal *value)
{
  const PetscReal x = (lon - 20) / 5, y = (lat + 90) / 4;
  const PetscInt  i = (PetscInt)PetscFloorReal(x), j = PetscMin((PetscInt)PetscFloorReal(y), FLUX_NY - 2);
  PetscReal       sum = 0, weight = 0;

  for (int b = 0; b < 2; b++) {
    for (int a = 0; a < 2; a++) {
      const float     v = field[month][j + b][(i + a + FLUX_NX) % FLUX_NX];
      const PetscReal w = (a ? x - i : 1 - x + i) * (b ? y - j : 1 - y + j);

      if (!Valid(v)) continue;
      sum += w * v;
      weight += w;
    }
  }
  *value = weight > 0 ? sum / weight : 0;
  return weight >= 0.5 ? PETSC_TRUE : PETSC_FALSE;
}

/* The depth at which one month's column is delta colder than its surface; its last level where it never is. */
static PetscReal MonthMixedLayer(const Files *f, int m, PetscInt i, PetscInt j, PetscReal delta)
{
  const PetscReal top = f->temp[m][0][j][i];

  if (!Valid(f->temp[m][0][j][i])) return -1;
  for (int k = 1; k < DEPTH_NZ; k++) {
    const PetscReal above = f->temp[m][k - 1][j][i], here = f->temp[m][k][j][i];

    if (!Valid(f->temp[m][k][j][i])) return f->depth[k - 1];
    if (here < top - delta)
      return f->depth[k - 1] + (f->depth[k] - f->depth[k - 1]) * (above - top + delta) / (above - here);
  }
  return f->depth[DEPTH_NZ - 1];
}

PetscBool FilesMixedLayer(const Files *f, PetscInt i, PetscInt j, PetscReal delta, PetscReal *mean, PetscReal *harmonic)
{
  PetscReal sum = 0, inverse = 0;

  for (int m = 0; m < 12; m++) {
    const PetscReal d = MonthMixedLayer(f, m, i, j, delta);

    if (d <= 0) return PETSC_FALSE;
    sum += d;
    inverse += 1 / d;
  }
  *mean     = sum / 12;
  *harmonic = 12 / inverse;
  return PETSC_TRUE;
}
