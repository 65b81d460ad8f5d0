/* SPDX-License-Identifier: BSD-2-Clause */
/*
  What lies beside the data: costate.json (what wrote them) and layout.h5 (the natural number of each entry of a DMDA
  vector, without which nobody but PETSc on as many ranks knows where it belongs).
*/
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <hdf5.h>
#include <petscdmda.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include "disk.h"

/* The size of a DMDA, first direction first; `is` says whether it is one. */
PetscErrorCode CostateGridGet(DM dm, PetscInt dims[3], PetscInt *dof, PetscBool *is)
{
  PetscFunctionBegin;
  dims[0] = dims[1] = dims[2] = *dof = 0;
  *is                                = PETSC_FALSE;
  if (dm) PetscCall(PetscObjectTypeCompare((PetscObject)dm, DMDA, is));
  if (*is)
    PetscCall(DMDAGetInfo(dm, NULL, &dims[0], &dims[1], &dims[2], NULL, NULL, NULL, dof, NULL, NULL, NULL, NULL, NULL));
  PetscFunctionReturn(0);
}

/* Ends a text file and says what went wrong with it. */
static int Close(FILE *f, const char *path, char *message)
{
  int err = !f ? errno : ferror(f) ? EIO : 0;

  if (f && fclose(f) && !err) err = errno;
  if (err)
    snprintf(message, COSTATE_MESSAGE, "The file %.400s cannot be written: %s. Name another directory", path,
             strerror(err));
  return err;
}

int CostateAboutWrite(CostateStore s, CostateDisk *d, const PetscInt dims[3], PetscInt dof, char *message)
{
  char  path[COSTATE_PATH];
  FILE *f;

  CostatePath(path, "%s/costate.json", d->run);
  d->lock = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
  f       = d->lock < 0 ? NULL : fopen(path, "w");
  if (f) {
    fprintf(f, "{\"costate\": %d, \"ranks\": %d, \"scalar\": \"%s%d\", \"layout\": \"%s\", \"names\": [",
            COSTATE_FILE_VERSION, (int)d->size, COSTATE_SCALAR_KIND, (int)sizeof(PetscReal),
            CostateLayoutNames[d->layout]);
    for (PetscInt i = 0; i < s->set.nnames; i++) fprintf(f, "%s\"%s\"", i ? ", " : "", s->set.names[i]);
    fprintf(f, "]");
    if (dof)
      fprintf(f, ", \"dims\": [%lld, %lld, %lld], \"dof\": %lld", (long long)dims[0], (long long)dims[1],
              (long long)dims[2], (long long)dof);
    fprintf(f, ", \"directory\": \"%s\", \"id\": \"%s\"}\n", d->made_dir ? "made" : "found", d->id);
  }
  return Close(f, path, message);
}

/* A data set of so many 64-bit integers with the grid's attributes; where it is in the file. */
static int MapMake(const char *path, hsize_t total, const PetscInt dims[3], PetscInt dof, const double box[6],
                   PetscInt64 *offset)
{
  hid_t     dcpl = H5Pcreate(H5P_DATASET_CREATE), file = H5Fcreate(path, H5F_ACC_EXCL, H5P_DEFAULT, H5P_DEFAULT);
  hid_t     space   = H5Screate_simple(1, &total, NULL), group, data, three, a;
  long long size[4] = {dims[0], dims[1], dims[2], dof};
  hsize_t   n[3]    = {3, 1, 6};
  const struct {
    const char *name;
    hid_t       type;
    int         n;
    const void *value;
  } attribute[] = {
      {"dims", H5T_NATIVE_LLONG, 0, size},
      {"dof", H5T_NATIVE_LLONG, 1, size + 3},
      {"bounds", H5T_NATIVE_DOUBLE, 2, box}, /* lower and upper corner, where the grid has coordinates */
  };
  int bad;

  H5Pset_alloc_time(dcpl, H5D_ALLOC_TIME_EARLY);
  H5Pset_fill_time(dcpl, H5D_FILL_TIME_NEVER);
  group = H5Gcreate2(file, "/map", H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT);
  data  = H5Dcreate2(group, "natural", H5T_NATIVE_INT64, space, H5P_DEFAULT, dcpl, H5P_DEFAULT);
  bad   = data < 0;
  for (int i = 0; i < (box ? 3 : 2) && !bad; i++) {
    three = H5Screate_simple(1, &n[attribute[i].n], NULL);
    a     = H5Acreate2(group, attribute[i].name, attribute[i].type, three, H5P_DEFAULT, H5P_DEFAULT);
    bad   = a < 0 || H5Awrite(a, attribute[i].type, attribute[i].value) < 0;
    H5Aclose(a);
    H5Sclose(three);
  }
  if (!bad) *offset = (PetscInt64)H5Dget_offset(data);
  H5Dclose(data);
  H5Gclose(group);
  H5Sclose(space);
  H5Pclose(dcpl);
  return H5Fclose(file) < 0 || bad;
}

/* Writes a piece of the map, or compares it with what is there; 0 or an errno. */
static int MapPiece(int fd, PetscInt64 *piece, int n, PetscInt64 offset, PetscBool write)
{
  PetscInt64 there[256];
  int        err;

  if (write) return CostateRawMove(fd, (char *)piece, n * (PetscInt64)sizeof(*piece), offset, PETSC_TRUE);
  err = CostateRawMove(fd, (char *)there, n * (PetscInt64)sizeof(*piece), offset, PETSC_FALSE);
  return err ? err : memcmp(there, piece, (size_t)n * sizeof(*piece)) ? EILSEQ : 0;
}

/* Which part of the grid is whose: corner and size of this rank's, and how many entries the ranks before it have. */
typedef struct {
  PetscInt   x, y, z, nx, ny, nz;
  PetscInt64 before;
} Share;

/* The natural numbers of a rank's entries, a row of the grid at a time: rank 0's come first, as in the vectors. */
static int MapFill(const char *path, const Share *p, const PetscInt dims[3], PetscInt dof, PetscInt64 offset,
                   PetscBool write)
{
  PetscInt64 row[256];
  int        err = 0, used = 0, fd = open(path, (write ? O_RDWR : O_RDONLY) | O_CLOEXEC);

  if (fd < 0) return errno;
  offset += p->before * (PetscInt64)sizeof(*row);
  for (PetscInt k = p->z; k < p->z + p->nz; k++)
    for (PetscInt j = p->y; j < p->y + p->ny; j++)
      for (PetscInt i = p->x * dof; i < (p->x + p->nx) * dof && !err; i++) {
        row[used++] = ((PetscInt64)k * dims[1] + j) * dims[0] * dof + i;
        if (used < 256) continue;
        err = MapPiece(fd, row, used, offset, write);
        offset += (PetscInt64)sizeof(row);
        used = 0;
      }
  if (!err) err = MapPiece(fd, row, used, offset, write);
  close(fd);
  return err;
}

static PetscErrorCode Box(DM dm, double box[6], PetscBool *has)
{
  PetscReal lower[3] = {0, 0, 0}, upper[3] = {0, 0, 0};
  Vec       coordinates;

  PetscFunctionBegin;
  PetscCall(DMGetCoordinates(dm, &coordinates));
  *has = (PetscBool)(coordinates != NULL);
  if (*has) PetscCall(DMGetBoundingBox(dm, lower, upper));
  for (int i = 0; i < 3; i++) {
    box[i]     = (double)lower[i];
    box[3 + i] = (double)upper[i];
  }
  PetscFunctionReturn(0);
}

/*
  The shares that this rank has to deal with: its own where all see the file, else rank 0 has all of them.  To be freed.
*/
static PetscErrorCode Shares(CostateStore s, CostateDisk *d, PetscInt dof, PetscMPIInt *n, Share **share)
{
  Share      mine;
  PetscInt64 count;

  PetscFunctionBegin;
  PetscCall(DMDAGetCorners(s->set.grid, &mine.x, &mine.y, &mine.z, &mine.nx, &mine.ny, &mine.nz));
  count       = (PetscInt64)mine.nx * mine.ny * mine.nz * dof;
  mine.before = 0;
  PetscCallMPI(MPI_Scan(&count, &mine.before, 1, MPIU_INT64, MPI_SUM, s->comm));
  mine.before -= count;
  *n = d->layout == COSTATE_LAYOUT_SHARED ? 1 : d->rank == 0 ? d->size : 0;
  PetscCall(PetscMalloc1(*n, share));
  if (d->layout == COSTATE_LAYOUT_SHARED)
    **share = mine;
  else
    PetscCallMPI(MPI_Gather(&mine, (PetscMPIInt)sizeof(mine), MPI_BYTE, *share, (PetscMPIInt)sizeof(mine), MPI_BYTE, 0,
                            s->comm));
  PetscFunctionReturn(0);
}

PetscErrorCode CostateGridWrite(CostateStore s, CostateDisk *d)
{
  char        path[COSTATE_PATH], message[COSTATE_MESSAGE] = "";
  PetscInt    dims[3], dof;
  PetscInt64  offset = 0, total;
  PetscMPIInt n;
  Share      *share;
  PetscBool   is, has;
  double      box[6];
  int         err = 0, bad = 0;

  PetscFunctionBegin;
  PetscCall(CostateGridGet(s->set.grid, dims, &dof, &is));
  if (!is) PetscFunctionReturn(0);
  PetscCall(Box(s->set.grid, box, &has));
  PetscCall(Shares(s, d, dof, &n, &share));
  total = (PetscInt64)dims[0] * dims[1] * dims[2] * dof;
  CostatePath(path, "%s/layout.h5", d->run);
  d->mapped = (PetscBool)(n > 0);
  if (d->rank == 0) {
    errno = 0;
    H5E_BEGIN_TRY
    {
      bad = MapMake(path, (hsize_t)total, dims, dof, has ? box : NULL, &offset);
    }
    H5E_END_TRY;
    if (bad) err = errno ? errno : EIO;
    if (bad)
      snprintf(message, sizeof(message), "The file %.400s cannot be made: %s. Name another directory", path,
               strerror(err));
    if (!err) err = CostateFileReserve(path, message);
  }
  PetscCall(CostateAgree(s->comm, &err, message, sizeof(message), NULL));
  if (err) PetscCall(PetscFree(share));
  PetscCheck(!err, s->comm, PETSC_ERR_FILE_OPEN, "%s", message);
  PetscCallMPI(MPI_Bcast(&offset, 1, MPIU_INT64, 0, s->comm));
  for (PetscMPIInt i = 0; i < n && !err; i++) err = MapFill(path, &share[i], dims, dof, offset, PETSC_TRUE);
  PetscCall(PetscFree(share));
  if (err)
    snprintf(message, sizeof(message), "The file %.400s cannot be written on rank %d: %s. Name another directory", path,
             (int)d->rank, strerror(err));
  PetscCall(CostateAgree(s->comm, &err, message, sizeof(message), NULL));
  PetscCheck(!err, s->comm, PETSC_ERR_FILE_WRITE, "%s", message);
  PetscFunctionReturn(0);
}

/* An attribute of the map, if it has so many numbers: that of a damaged file may have any. */
static int Numbers(hid_t file, const char *name, hssize_t n, long long *to)
{
  hid_t a = H5Aopen_by_name(file, "/map", name, H5P_DEFAULT, H5P_DEFAULT), space = a < 0 ? -1 : H5Aget_space(a);
  int   bad = space < 0 || H5Sget_simple_extent_npoints(space) != n || H5Aread(a, H5T_NATIVE_LLONG, to) < 0;

  if (space >= 0) H5Sclose(space);
  if (a >= 0) H5Aclose(a);
  return bad;
}

static int SizeDiffers(hid_t file, const PetscInt dims[3], PetscInt dof)
{
  long long there[3] = {0, 0, 0}, dofs = 0;
  int       bad = Numbers(file, "dims", 3, there) || Numbers(file, "dof", 1, &dofs);

  for (int i = 0; i < 3; i++) bad = bad || there[i] != dims[i];
  return bad || dofs != dof;
}

/* Where the map is in the file of an earlier run, if that had a grid of this size. */
static int MapLook(const char *path, const PetscInt dims[3], PetscInt dof, PetscInt64 *offset)
{
  const hssize_t total = (hssize_t)dims[0] * dims[1] * dims[2] * dof;
  hid_t          file = H5Fopen(path, H5F_ACC_RDONLY, H5P_DEFAULT), data = -1, space;
  int            bad = 1;

  if (file >= 0 && !SizeDiffers(file, dims, dof)) data = H5Dopen2(file, "/map/natural", H5P_DEFAULT);
  if (data >= 0) {
    space   = H5Dget_space(data);
    bad     = H5Sget_simple_extent_npoints(space) != total || H5Dget_offset(data) == HADDR_UNDEF;
    *offset = (PetscInt64)H5Dget_offset(data);
    H5Sclose(space);
    H5Dclose(data);
  }
  if (file >= 0) H5Fclose(file);
  return bad;
}

/* Some of the natural numbers of a run; 0 or an errno. */
int CostateMapRead(const char *path, PetscInt64 offset, PetscInt64 count, PetscInt64 *natural)
{
  int err, fd = open(path, O_RDONLY | O_CLOEXEC);

  if (fd < 0) return errno;
  err = CostateRawMove(fd, (char *)natural, count * (PetscInt64)sizeof(*natural), offset, PETSC_FALSE);
  close(fd);
  return err;
}

/* Where the natural numbers of a run are, whose grid has to be of the size of this one; else *err is set. */
PetscErrorCode CostateMapFind(CostateStore s, const char *run, PetscInt64 *offset, int *err, char *message)
{
  const CostateDisk *d = (const CostateDisk *)s->data;
  char               path[COSTATE_PATH];
  PetscInt           dims[3], dof;
  PetscBool          is;

  PetscFunctionBegin;
  PetscCall(CostateGridGet(s->set.grid, dims, &dof, &is));
  CostatePath(path, "%s/layout.h5", run);
  *err = 0;
  if (d->rank == 0) {
    H5E_BEGIN_TRY
    {
      if (MapLook(path, dims, dof, offset)) *err = EILSEQ;
    }
    H5E_END_TRY;
    if (*err)
      snprintf(message, COSTATE_MESSAGE,
               "The grid is not that of %.400s: it has another size, or the file is missing or damaged", path);
  }
  PetscCallMPI(MPI_Bcast(offset, 1, MPIU_INT64, 0, s->comm));
  PetscCall(CostateAgree(s->comm, err, message, COSTATE_MESSAGE, NULL));
  PetscFunctionReturn(0);
}

/* Whether the grid is that of the run that is resumed, divided among the ranks in the same way; else *err is set. */
PetscErrorCode CostateGridCheck(CostateStore s, CostateDisk *d, int *err, char *message)
{
  char        path[COSTATE_PATH];
  PetscInt    dims[3], dof;
  PetscInt64  offset = 0;
  PetscMPIInt n;
  Share      *share;
  PetscBool   is;
  int         bad = 0;

  PetscFunctionBegin;
  *err = 0;
  PetscCall(CostateGridGet(s->set.grid, dims, &dof, &is));
  if (!is) PetscFunctionReturn(0);
  PetscCall(Shares(s, d, dof, &n, &share));
  CostatePath(path, "%s/layout.h5", d->run);
  if (d->rank == 0) {
    H5E_BEGIN_TRY
    {
      bad = MapLook(path, dims, dof, &offset);
    }
    H5E_END_TRY;
  }
  PetscCallMPI(MPI_Bcast(&offset, 1, MPIU_INT64, 0, s->comm));
  for (PetscMPIInt i = 0; i < n && !bad && offset; i++) bad = MapFill(path, &share[i], dims, dof, offset, PETSC_FALSE);
  PetscCall(PetscFree(share));
  if (bad) {
    *err = EILSEQ;
    snprintf(message, COSTATE_MESSAGE,
             "The grid is not that of %.400s, as far as rank %d sees it: it has another size, or is divided among the "
             "ranks in another way, or the file is missing or damaged",
             path, (int)d->rank);
  }
  PetscCall(CostateAgree(s->comm, err, message, COSTATE_MESSAGE, NULL));
  PetscFunctionReturn(0);
}
