/* SPDX-License-Identifier: BSD-2-Clause */
/* The data of an archive: vectors and the natural numbering, through HDF5. */
#define _GNU_SOURCE
#include <hdf5.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#define XXH_INLINE_ALL
#include <xxhash.h>
#include "archive.h"
#include "verify.h"

/* Reads a whole data set as it is in memory; how many bytes there were, or -1. */
static PetscInt64 DataRead(const char *path, const char *name, void *to, PetscInt64 room)
{
  char       reason[COSTATE_TEXT / 2];
  hid_t      file = (hid_t)CostateLookOpen(path, reason), data = -1, space, type, native;
  PetscInt64 bytes = -1;

  H5E_BEGIN_TRY
  {
    if (file >= 0) data = H5Dopen2(file, name, H5P_DEFAULT);
    if (data >= 0) {
      space  = H5Dget_space(data);
      type   = H5Dget_type(data);
      native = H5Tget_native_type(type, H5T_DIR_ASCEND);
      bytes  = (PetscInt64)H5Sget_simple_extent_npoints(space) * (PetscInt64)H5Tget_size(native);
      if (bytes > 0 && bytes <= room && H5Dread(data, native, H5S_ALL, H5S_ALL, H5P_DEFAULT, to) < 0) bytes = -1;
      H5Tclose(native);
      H5Tclose(type);
      H5Sclose(space);
      H5Dclose(data);
    }
    if (file >= 0) H5Fclose(file);
  }
  H5E_END_TRY;
  return bytes;
}

static int AttributeRead(hid_t where, const char *name, hid_t type, void *to)
{
  hid_t a   = H5Aexists(where, name) > 0 ? H5Aopen(where, name, H5P_DEFAULT) : -1;
  int   bad = a < 0 || H5Aread(a, type, to) < 0;

  if (a >= 0) H5Aclose(a);
  return bad;
}

/* The grid, where layout.h5 has one. */
PetscErrorCode CostateArchiveReadGrid(CostateArchive a)
{
  CostateArchiveInfo *info = &a->info;
  char                path[COSTATE_PATH];
  long long           dims[3] = {0, 0, 0}, dof = 0;
  double              box[6];
  char                reason[COSTATE_TEXT / 2];
  hid_t               file, group = -1;

  PetscFunctionBegin;
  CostatePath(path, "%s/layout.h5", a->run);
  if (access(path, F_OK)) PetscFunctionReturn(0);
  file = (hid_t)CostateLookOpen(path, reason);
  H5E_BEGIN_TRY
  {
    if (file >= 0) group = H5Gopen2(file, "/map", H5P_DEFAULT);
    if (group >= 0) {
      if (AttributeRead(group, "dims", H5T_NATIVE_LLONG, dims) || AttributeRead(group, "dof", H5T_NATIVE_LLONG, &dof))
        dof = 0;
      info->has_bounds = (PetscBool)!AttributeRead(group, "bounds", H5T_NATIVE_DOUBLE, box);
      H5Gclose(group);
    }
    if (file >= 0) H5Fclose(file);
  }
  H5E_END_TRY;
  info->dof = dof;
  for (int i = 0; i < 3; i++) {
    info->dims[i] = dims[i];
    if (info->has_bounds) info->lower[i] = box[i];
    if (info->has_bounds) info->upper[i] = box[3 + i];
  }
  PetscFunctionReturn(0);
}

/*@C
  CostateArchiveGetInfo - What wrote an archive, and how much there is

  Not Collective

  Input Parameter:
. archive - the archive

  Output Parameter:
. info - its words last as long as the archive

  Level: developer

.seealso: `CostateArchiveOpen()`, `CostateArchiveGetFrame()`
@*/
PetscErrorCode CostateArchiveGetInfo(CostateArchive archive, CostateArchiveInfo *info)
{
  PetscFunctionBegin;
  *info = archive->info;
  PetscFunctionReturn(0);
}

static PetscErrorCode Entry(CostateArchive a, PetscInt64 i, const ArchiveEntry **e, const ArchiveSegment **seg,
                            const CostateParsedCell **cell)
{
  PetscFunctionBegin;
  PetscCheck(i >= 0 && i < a->info.frames, PETSC_COMM_SELF, PETSC_ERR_ARG_OUTOFRANGE,
             "There is no frame %" PetscInt64_FMT " in %s, which has %" PetscInt64_FMT, i, a->run, a->info.frames);
  *e    = &a->entry[i];
  *seg  = &a->segment[(*e)->segment];
  *cell = CostateArchiveCell(a, (*e)->rank, (*e)->segment, (*e)->slot);
  PetscFunctionReturn(0);
}

/*@C
  CostateArchiveGetFrame - What one frame of an archive is

  Not Collective

  Input Parameters:
+ archive - the archive
- i       - 0, 1, ..., in the order of the keys

  Output Parameter:
. frame - its words last as long as the archive

  Level: developer

.seealso: `CostateArchiveGetInfo()`, `CostateArchiveGetVector()`
@*/
PetscErrorCode CostateArchiveGetFrame(CostateArchive archive, PetscInt64 i, CostateArchiveFrame *frame)
{
  const ArchiveEntry      *e;
  const ArchiveSegment    *seg;
  const CostateParsedCell *c;

  PetscFunctionBegin;
  PetscCall(Entry(archive, i, &e, &seg, &c));
  frame->key      = c->key;
  frame->step     = c->step;
  frame->time     = c->time;
  frame->what     = c->what;
  frame->file     = seg->file;
  frame->slot     = (int)e->slot;
  frame->vectors  = (int)seg->nblocks;
  frame->complete = e->complete;
  PetscFunctionReturn(0);
}

/*@C
  CostateArchiveGetVector - What one vector of a frame is

  Not Collective

  Input Parameters:
+ archive - the archive
. i       - the frame
- vector  - 0, 1, ...; leaves of nests count one by one

  Output Parameter:
. v - name and size; the name lasts as long as the archive

  Level: developer

.seealso: `CostateArchiveGetFrame()`, `CostateArchiveRead()`
@*/
PetscErrorCode CostateArchiveGetVector(CostateArchive archive, PetscInt64 i, int vector, CostateArchiveVector *v)
{
  const ArchiveEntry      *e;
  const ArchiveSegment    *seg;
  const CostateParsedCell *c;

  PetscFunctionBegin;
  PetscCall(Entry(archive, i, &e, &seg, &c));
  PetscCheck(vector >= 0 && vector < seg->nblocks, PETSC_COMM_SELF, PETSC_ERR_ARG_OUTOFRANGE,
             "There is no vector %d in frame %" PetscInt64_FMT " of %s", vector, i, archive->run);
  v->name   = seg->block[vector].name;
  v->vector = seg->block[vector].vector;
  v->leaf   = seg->block[vector].leaf;
  v->total  = seg->block[vector].total;
  PetscFunctionReturn(0);
}

/* A file with one of its data sets, which several ranks share. */
typedef struct {
  char  path[COSTATE_PATH];
  hid_t file, data, space, type;
} Opened;

static void OpenedEnd(Opened *o)
{
  if (o->data >= 0) {
    H5Tclose(o->type);
    H5Sclose(o->space);
    H5Dclose(o->data);
  }
  if (o->file >= 0) H5Fclose(o->file);
  o->file = o->data = -1;
  o->path[0]        = 0;
}

/* The data set of that file, unless it is open already. */
static void OpenedBegin(Opened *o, const char *path, const char *name)
{
  char  reason[COSTATE_TEXT / 2];
  hid_t type;

  if (!strcmp(o->path, path)) return;
  OpenedEnd(o);
  snprintf(o->path, sizeof(o->path), "%s", path);
  o->file = (hid_t)CostateLookOpen(path, reason);
  if (o->file >= 0) o->data = H5Dopen2(o->file, name, H5P_DEFAULT);
  if (o->data < 0) return;
  o->space = H5Dget_space(o->data);
  type     = H5Dget_type(o->data);
  o->type  = H5Tget_native_type(type, H5T_DIR_ASCEND);
  H5Tclose(type);
}

/* One rank's part; 0 if all of it was there. */
static int PartRead(const Opened *o, const CostateParsedPart *p, PetscInt64 length, PetscInt64 one, char *to)
{
  const hsize_t place = (hsize_t)p->place, count = (hsize_t)p->count;
  hid_t         memory;
  int           bad;

  if (o->data < 0 || H5Sget_simple_extent_npoints(o->space) != (hssize_t)length || H5Tget_size(o->type) != (size_t)one)
    return 1;
  if (!count) return 0;
  memory = H5Screate_simple(1, &count, NULL);
  bad    = H5Sselect_hyperslab(o->space, H5S_SELECT_SET, &place, NULL, &count, NULL) < 0 ||
        H5Dread(o->data, o->type, memory, o->space, H5P_DEFAULT, to) < 0;
  H5Sclose(memory);
  return bad;
}

/*@C
  CostateArchiveRead - Reads one vector of a frame, the parts of all ranks one after the other

  Not Collective

  Input Parameters:
+ archive - the archive
. i       - the frame; it has to be complete
- vector  - as for `CostateArchiveGetVector()`

  Output Parameter:
. to - room for its total times the bytes of a scalar

  Note:
  Each rank's part is compared with the hash in its journal; a difference is an error.

  Level: developer

.seealso: `CostateArchiveGetVector()`, `CostateArchiveGetNatural()`
@*/
PetscErrorCode CostateArchiveRead(CostateArchive archive, PetscInt64 i, int vector, void *to)
{
  const ArchiveEntry      *e;
  const ArchiveSegment    *seg;
  const CostateParsedCell *c;
  CostateArchiveVector     v;
  PetscInt64               one = archive->info.scalar_bytes, next = 0;
  Opened                   o = {.file = -1, .data = -1};
  char                     path[COSTATE_PATH], name[128], file[COSTATE_FILE_NAME];
  int                      bad = 0, differs = 0, r;

  PetscFunctionBegin;
  PetscCall(CostateArchiveGetVector(archive, i, vector, &v));
  PetscCall(Entry(archive, i, &e, &seg, &c));
  PetscCheck(e->complete, PETSC_COMM_SELF, PETSC_ERR_FILE_UNEXPECTED,
             "Frame %" PetscInt64_FMT " of %s is not complete: the run ended while it was written", c->key,
             archive->run);
  snprintf(name, sizeof(name), "/slot_%04d/%s", (int)e->slot, v.name);
  H5E_BEGIN_TRY
  {
    for (r = 0; r < archive->info.ranks; r++) {
      const CostateJournal    *j    = &archive->journal[r];
      const CostateParsedPart *p    = &CostateArchiveCell(archive, r, e->segment, e->slot)->part[vector];
      char                    *part = (char *)to + p->first * one;

      CostateFileName(file, j->layout, j->group, (int)e->segment);
      CostatePath(path, "%s/%s", archive->run, file);
      OpenedBegin(&o, path, name);
      bad     = PartRead(&o, p, j->segment[e->segment].block[vector].length, one, part);
      differs = !bad && (p->first != next || p->hash != XXH3_64bits(part, (size_t)(p->count * one)));
      next += p->count;
      if (bad || differs) break;
    }
    OpenedEnd(&o);
  }
  H5E_END_TRY;
  PetscCheck(!bad, PETSC_COMM_SELF, PETSC_ERR_FILE_READ,
             "%s of %s cannot be read; h5dump -H shows whether the file is whole", name, path);
  PetscCheck(!differs && next == v.total, PETSC_COMM_SELF, PETSC_ERR_FILE_UNEXPECTED,
             "%s of %s is damaged: the part of rank %d is not what was written", name, path, r);
  PetscFunctionReturn(0);
}

/*@C
  CostateArchiveGetNatural - Where the entries of a vector on the grid belong

  Not Collective

  Input Parameter:
. archive - the archive, of a run with a `DMDA`

  Output Parameter:
. natural - for each entry of a vector, in the order of `CostateArchiveRead()`, its number in the natural order of the
            grid: dof fastest, then the first direction; room for the product of dims and dof

  Level: developer

.seealso: `CostateArchiveRead()`
@*/
PetscErrorCode CostateArchiveGetNatural(CostateArchive archive, PetscInt64 *natural)
{
  const CostateArchiveInfo *info  = &archive->info;
  const PetscInt64          total = info->dims[0] * info->dims[1] * info->dims[2] * info->dof;
  char                      path[COSTATE_PATH];

  PetscFunctionBegin;
  PetscCheck(info->dof, PETSC_COMM_SELF, PETSC_ERR_ARG_WRONGSTATE,
             "The run in %s had no DMDA, so it has no natural order", info->run);
  CostatePath(path, "%s/layout.h5", archive->run);
  PetscCheck(DataRead(path, "/map/natural", natural, total * 8) == total * 8, PETSC_COMM_SELF, PETSC_ERR_FILE_READ,
             "/map/natural of %s cannot be read", path);
  for (PetscInt64 i = 0; i < total; i++)
    PetscCheck(natural[i] >= 0 && natural[i] < total, PETSC_COMM_SELF, PETSC_ERR_FILE_UNEXPECTED,
               "/map/natural of %s is damaged", path);
  PetscFunctionReturn(0);
}
