/* SPDX-License-Identifier: BSD-2-Clause */
/*
  `costate export`: one frame of an archive as an HDF5 file of its own, each component of each vector a data set
  [nz][ny][nx] in natural order.
*/
#include <errno.h>
#include <hdf5.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include "export.h"

/*
  The map says where each number belongs; the components of a node are neighbours there, so that one number a node is
  enough.  A map that is no permutation would leave holes.
*/
static PetscErrorCode nodes(export_source *s)
{
  const PetscInt64 n = s->info.dims[0] * s->info.dims[1] * s->info.dims[2], dof = s->info.dof;
  int              wrong = 0;
  PetscInt64      *map;
  char            *seen;

  PetscFunctionBeginUser;
  PetscCall(PetscMalloc1(n * dof, &map));
  PetscCall(PetscCalloc1(n, &seen));
  s->node = map;
  PetscCall(CostateArchiveGetNatural(s->archive, map));
  for (PetscInt64 j = 0; j < n; j++) {
    const PetscInt64 to = map[j * dof] / dof;

    for (PetscInt64 c = 0; c < dof; c++) wrong = wrong || map[j * dof + c] != to * dof + c;
    wrong    = wrong || seen[to];
    seen[to] = 1;
    map[j]   = to;
  }
  PetscCall(PetscFree(seen));
  PetscCheck(!wrong, PETSC_COMM_SELF, PETSC_ERR_FILE_UNEXPECTED,
             "/map/natural of %s/layout.h5 is damaged: without it nobody knows where the numbers belong", s->info.run);
  s->mapped = 1;
  PetscFunctionReturn(0);
}

PetscErrorCode export_source_open(const char *dir, export_source *s)
{
  const CostateArchiveInfo *info = &s->info;

  PetscFunctionBeginUser;
  PetscCall(CostateArchiveOpen(dir, &s->archive));
  PetscCall(CostateArchiveGetInfo(s->archive, &s->info));
  s->parts = strncmp(info->scalar, "complex", 7) ? 1 : 2;
  s->bytes = (int)(info->scalar_bytes / s->parts);
  for (int i = 0; i < 3; i++) {
    const PetscInt64 intervals = info->dims[i] - 1;

    s->origin[i]  = info->has_bounds ? info->lower[i] : 0;
    s->spacing[i] = info->has_bounds && intervals > 0 ? (info->upper[i] - info->lower[i]) / (double)intervals : 1;
  }
  PetscFunctionReturn(0);
}

PetscErrorCode export_source_close(export_source *s)
{
  PetscFunctionBeginUser;
  PetscCall(PetscFree(s->node));
  PetscCall(CostateArchiveClose(&s->archive));
  PetscFunctionReturn(0);
}

/* Whether the vector is a number for each degree of freedom of the grid: parts of a nest that just are as long are not.
 */
static PetscErrorCode on_grid(const export_source *s, PetscInt64 frame, int vectors, const CostateArchiveVector *v,
                              int *grid)
{
  const CostateArchiveInfo *info  = &s->info;
  int                       parts = 0;

  PetscFunctionBeginUser;
  for (int k = 0; k < vectors; k++) {
    CostateArchiveVector w;

    PetscCall(CostateArchiveGetVector(s->archive, frame, k, &w));
    parts += w.vector == v->vector;
  }
  *grid = info->dof && parts == 1 && v->total == info->dims[0] * info->dims[1] * info->dims[2] * info->dof;
  PetscFunctionReturn(0);
}

/* The data sets that a frame becomes. */
PetscErrorCode export_fields(const export_source *s, PetscInt64 frame, int *n, export_field **fields)
{
  CostateArchiveFrame f;
  export_field       *to;

  PetscFunctionBeginUser;
  *n = 0;
  PetscCall(CostateArchiveGetFrame(s->archive, frame, &f));
  PetscCall(PetscCalloc1((size_t)(f.vectors * s->parts) * (size_t)PetscMax(s->info.dof, 1), fields));
  for (int k = 0; k < f.vectors; k++) {
    CostateArchiveVector v;
    int                  grid = 0, components;

    PetscCall(CostateArchiveGetVector(s->archive, frame, k, &v));
    PetscCall(on_grid(s, frame, f.vectors, &v, &grid));
    components = grid ? (int)s->info.dof : 1;
    for (int c = 0; c < components * s->parts; c++) {
      char number[16] = "";

      to             = &(*fields)[(*n)++];
      to->vector     = k;
      to->component  = c / s->parts;
      to->part       = c % s->parts;
      to->components = components;
      to->grid       = grid;
      to->n          = v.total / components;
      if (components > 1) snprintf(number, sizeof(number), "_%d", to->component);
      snprintf(to->name, sizeof(to->name), "%s%s%s", v.name, number, s->parts == 1 ? "" : to->part ? "_im" : "_re");
    }
  }
  PetscFunctionReturn(0);
}

/* Picks out what a field is of the numbers of its vector, bit by bit. */
static void gather(const export_source *s, const export_field *f, const void *vector, void *to)
{
  const PetscInt64 stride = (PetscInt64)f->components * s->parts, first = (PetscInt64)f->component * s->parts + f->part;

  for (PetscInt64 j = 0; j < f->n; j++) {
    const PetscInt64 at = f->grid ? s->node[j] : j;

    if (s->bytes == 4)
      ((uint32_t *)to)[at] = ((const uint32_t *)vector)[j * stride + first];
    else
      ((uint64_t *)to)[at] = ((const uint64_t *)vector)[j * stride + first];
  }
}

static int attribute(hid_t where, const char *name, hid_t type, hsize_t n, const void *value)
{
  hid_t space = n ? H5Screate_simple(1, &n, NULL) : H5Screate(H5S_SCALAR);
  hid_t a     = H5Acreate2(where, name, type, space, H5P_DEFAULT, H5P_DEFAULT);
  int   bad   = a < 0 || H5Awrite(a, type, value) < 0;

  if (a >= 0) H5Aclose(a);
  H5Sclose(space);
  return bad;
}

static int label(const CostateArchiveFrame *f, hid_t file)
{
  long long step = f->step;
  hid_t     text = H5Tcopy(H5T_C_S1);
  int       bad;

  H5Tset_size(text, strlen(f->what) + 1);
  bad = attribute(file, "step", H5T_NATIVE_LLONG, 0, &step) ||
        attribute(file, "time", H5T_NATIVE_DOUBLE, 0, &f->time) || attribute(file, "what", text, 0, f->what);
  H5Tclose(text);
  return bad;
}

/* What is on no grid has three directions too, since ParaView puts nothing else on a mesh. */
static int data_set(const export_source *s, const export_field *f, hid_t file, const void *numbers)
{
  const PetscInt64 *dims    = s->info.dims;
  hsize_t           size[3] = {1, 1, (hsize_t)f->n};
  hid_t             type    = s->bytes == 4 ? H5T_NATIVE_FLOAT : H5T_NATIVE_DOUBLE, space, data;
  hid_t             dcpl    = H5Pcreate(H5P_DATASET_CREATE);
  int               bad;

  for (int i = 0; i < 3 && f->grid; i++) size[i] = (hsize_t)dims[2 - i];
  H5Pset_obj_track_times(dcpl, 0); /* the same export is the same file */
  space = H5Screate_simple(3, size, NULL);
  data  = H5Dcreate2(file, f->name, type, space, H5P_DEFAULT, dcpl, H5P_DEFAULT);
  bad   = data < 0 || (f->n && H5Dwrite(data, type, H5S_ALL, H5S_ALL, H5P_DEFAULT, numbers) < 0);
  if (!bad && f->grid && s->info.has_bounds)
    bad = attribute(data, "origin", H5T_NATIVE_DOUBLE, 3, s->origin) ||
          attribute(data, "spacing", H5T_NATIVE_DOUBLE, 3, s->spacing);
  if (data >= 0 && H5Dclose(data) < 0) bad = 1;
  H5Pclose(dcpl);
  H5Sclose(space);
  return bad;
}

static PetscErrorCode cannot_write(const char *path)
{
  const int err = errno ? errno : EIO;

  PetscFunctionBeginUser;
  SETERRQ(PETSC_COMM_SELF, PETSC_ERR_FILE_WRITE, "The file %s cannot be written: %s. Name another one with -out", path,
          strerror(err));
}

/* Into an open file, vector by vector. */
static PetscErrorCode fill(export_source *s, PetscInt64 frame, int n, const export_field *field, hid_t file,
                           const char *path)
{
  CostateArchiveFrame f;
  char               *vector = NULL, *numbers = NULL;
  PetscErrorCode      err = 0;
  int                 bad;

  PetscFunctionBeginUser;
  PetscCall(CostateArchiveGetFrame(s->archive, frame, &f));
  bad = label(&f, file);
  for (int i = 0; i < n && !bad && !err; i++) {
    const size_t one = (size_t)field[i].n * (size_t)s->bytes;

    if (i == 0 || field[i].vector != field[i - 1].vector) {
      PetscCall(PetscFree(numbers));
      PetscCall(PetscFree(vector));
      err = PetscMalloc1(PetscMax(one, 1) * (size_t)(field[i].components * s->parts), &vector);
      if (!err) err = CostateArchiveRead(s->archive, frame, field[i].vector, vector);
      if (!err) err = PetscMalloc1(PetscMax(one, 1), &numbers);
    }
    if (err) break;
    gather(s, &field[i], vector, numbers);
    errno = 0;
    H5E_BEGIN_TRY
    {
      bad = data_set(s, &field[i], file, numbers);
    }
    H5E_END_TRY;
  }
  if (bad) err = cannot_write(path);
  PetscCall(PetscFree(numbers));
  PetscCall(PetscFree(vector));
  PetscFunctionReturn(err);
}

/* The file appears when it is complete, and what was there before stays until then. */
PetscErrorCode export_hdf5(export_source *s, PetscInt64 frame, int n, const export_field *field, const char *path)
{
  char           part[EXPORT_PATH + 8];
  PetscErrorCode err;
  hid_t          file, fcpl;

  PetscFunctionBeginUser;
  PetscCheck(s->bytes == 4 || s->bytes == 8, PETSC_COMM_SELF, PETSC_ERR_SUP,
             "The numbers in %s are %s: quadruple precision is no type of HDF5, and cannot be exported", s->info.run,
             s->info.scalar);
  for (int i = 0; i < n && !s->mapped; i++) {
    if (!field[i].grid) continue;
    PetscCall(PetscFree(s->node));
    PetscCall(nodes(s));
  }
  PetscCall(PetscSNPrintf(part, sizeof(part), "%s.part", path));
  fcpl = H5Pcreate(H5P_FILE_CREATE);
  H5Pset_obj_track_times(fcpl, 0); /* of the root group: HDF5 2 would write them */
  errno = 0;
  H5E_BEGIN_TRY
  {
    file = H5Fcreate(part, H5F_ACC_EXCL, fcpl, H5P_DEFAULT);
  }
  H5E_END_TRY;
  H5Pclose(fcpl);
  PetscCheck(file >= 0 || access(part, F_OK), PETSC_COMM_SELF, PETSC_ERR_FILE_OPEN,
             "The file %s is there already: another export is writing it, or was killed; remove it in that case", part);
  if (file < 0) PetscCall(cannot_write(path));
  err   = fill(s, frame, n, field, file, path);
  errno = 0;
  if (H5Fclose(file) < 0 && !err) err = cannot_write(path);
  if (!err && rename(part, path)) err = cannot_write(path);
  if (err) unlink(part);
  PetscFunctionReturn(err);
}
