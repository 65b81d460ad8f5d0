/* SPDX-License-Identifier: BSD-2-Clause */
#include <netcdf.h>
#include "planet.h"

/* As they lie on disk */
typedef struct {
  float air[12][PLANET_NY][PLANET_NX]; /* degrees C, beyond 1e33 where there is none */
  float relief[PLANET_NY][PLANET_NX];  /* m above the sea */
} Files;

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

static int ReadFiles(const char dir[], Files *f)
{
  const struct {
    const char *file, *name;
    size_t      size;
    float      *to;
  } want[] = {{"coads_climatology.cdf", "AIRT", sizeof f->air, &f->air[0][0][0]},
              {"etopo120.cdf", "ROSE", sizeof f->relief, &f->relief[0][0]}};

  for (size_t k = 0; k < sizeof want / sizeof *want; k++) {
    char      path[PETSC_MAX_PATH_LEN];
    const int err = PetscSNPrintf(path, sizeof path, "%s/%s", dir, want[k].file)
                        ? NC_ENOMEM
                        : ReadVariable(path, want[k].name, want[k].size, want[k].to);

    if (!err) continue;
    (void)fprintf(stderr, "energy-balance: %s of %s: %s\n", want[k].name, path, nc_strerror(err));
    return err;
  }
  return 0;
}

/* Observed in all twelve months? */
static PetscBool YearMean(const Files *f, PetscInt i, PetscInt j, PetscReal *mean)
{
  *mean = 0;
  for (int m = 0; m < 12; m++) {
    if (!(PetscAbsReal((PetscReal)f->air[m][j][i]) < 1e9)) return PETSC_FALSE;
    *mean += (PetscReal)f->air[m][j][i] / 12;
  }
  return PETSC_TRUE;
}

/* Seen if at least half of it is; land if that is more than half of it, where ships have not been. */
static void FillCell(Planet *p, const Files *f, PetscInt coarsen, PetscInt column, PetscInt row)
{
  const PetscInt cell = row * p->nx + column, all = coarsen * coarsen;
  PetscInt       land = 0, seen = 0;
  PetscReal      sum = 0, T;

  for (PetscInt j = row * coarsen; j < (row + 1) * coarsen; j++) {
    for (PetscInt i = column * coarsen; i < (column + 1) * coarsen; i++) {
      if (YearMean(f, i, j, &T)) {
        sum += T;
        seen++;
      } else if (f->relief[j][i] > 0) {
        land++;
      }
    }
  }
  p->land[cell] = (PetscBool)(2 * land > all);
  p->seen[cell] = (PetscBool)(2 * seen >= all && !p->land[cell]);
  if (!p->seen[cell]) return;
  p->T[cell] = sum / (PetscReal)seen;
  p->nseen++;
}

static PetscErrorCode Allocate(MPI_Comm comm, PetscInt coarsen, Planet *p)
{
  PetscFunctionBeginUser;
  PetscCheck(coarsen > 0 && PLANET_NX % coarsen == 0 && PLANET_NY % coarsen == 0 && PLANET_NY / coarsen >= 6, comm,
             PETSC_ERR_ARG_OUTOFRANGE,
             "-coarsen %" PetscInt_FMT
             " does not divide the %d x %d observed grid into cells that make a globe: use 1, 2, 3, 5, 6, 9, 10 or 15",
             coarsen, PLANET_NX, PLANET_NY);
  *p = (Planet){.nx = PLANET_NX / coarsen, .ny = PLANET_NY / coarsen};
  PetscCall(PetscCalloc3(p->nx * p->ny, &p->land, p->nx * p->ny, &p->seen, p->nx * p->ny, &p->T));
  PetscFunctionReturn(0);
}

PetscErrorCode PlanetRead(MPI_Comm comm, const char dir[], PetscInt coarsen, Planet *p)
{
  PetscMPIInt rank;
  PetscInt    n;
  Files      *f    = NULL;
  int         fail = 0;

  PetscFunctionBeginUser;
  PetscCallMPI(MPI_Comm_rank(comm, &rank));
  PetscCall(Allocate(comm, coarsen, p));
  n = p->nx * p->ny;
  if (!rank) {
    PetscCall(PetscMalloc1(1, &f));
    fail = ReadFiles(dir, f);
  }
  PetscCallMPI(MPI_Bcast(&fail, 1, MPI_INT, 0, comm));
  PetscCheck(!fail, comm, PETSC_ERR_FILE_OPEN,
             "The climatology cannot be read from %s: install the package ferret-datasets, name the folder of its "
             "files with -data, or do without them: -twin",
             dir);
  for (PetscInt cell = 0; f && cell < n; cell++) FillCell(p, f, coarsen, cell % p->nx, cell / p->nx);
  PetscCall(PetscFree(f));
  PetscCallMPI(MPI_Bcast(&p->nseen, 1, MPIU_INT, 0, comm));
  PetscCallMPI(MPI_Bcast(p->land, (PetscMPIInt)(n * sizeof(*p->land)), MPI_BYTE, 0, comm));
  PetscCallMPI(MPI_Bcast(p->seen, (PetscMPIInt)(n * sizeof(*p->seen)), MPI_BYTE, 0, comm));
  PetscCallMPI(MPI_Bcast(p->T, (PetscMPIInt)n, MPIU_REAL, 0, comm));
  PetscCheck(p->nseen, comm, PETSC_ERR_FILE_UNEXPECTED,
             "No cell of %s/coads_climatology.cdf has a temperature in all twelve months: is this the file of the "
             "package ferret-datasets?",
             dir);
  PetscFunctionReturn(0);
}

PetscErrorCode PlanetMake(MPI_Comm comm, PetscInt coarsen, Planet *p)
{
  PetscFunctionBeginUser;
  PetscCall(Allocate(comm, coarsen, p));
  for (PetscInt j = 0; j < p->ny; j++) {
    for (PetscInt i = 0; i < p->nx; i++) {
      const PetscReal lon = PlanetLongitude(p, i), lat = PlanetLatitude(p, j);
      const PetscInt  cell = j * p->nx + i;

      p->land[cell] = (PetscBool)((lon > 60 && lon < 150 && lat > 10 && lat < 75) ||
                                  (lon > 240 && lon < 290 && lat > -50 && lat < 50));
      p->seen[cell] = (PetscBool)!p->land[cell];
      p->nseen += p->seen[cell];
    }
  }
  PetscFunctionReturn(0);
}

PetscErrorCode PlanetDestroy(Planet *p)
{
  PetscFunctionBeginUser;
  PetscCall(PetscFree3(p->land, p->seen, p->T));
  PetscFunctionReturn(0);
}
