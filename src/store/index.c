/* SPDX-License-Identifier: BSD-2-Clause */
/*
  states.h5: the parts that the ranks have in files of their own, as if they were one array.  It holds no numbers itself
  but HDF5's virtual data sets, and looks like a file that all ranks share.
*/
#define _GNU_SOURCE
#include <errno.h>
#include <hdf5.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include "disk.h"

/* A rank's part of a block: where in the vector, where in the data set of its file, how long that is. */
typedef struct {
  PetscInt64 first, place, count, length;
} Part;

typedef struct {
  CostateStore store;
  int         *group; /* of each rank */
  Part        *part;  /* of rank r and block b at [r * nblocks + b] */
  hid_t        file, type, lcpl;
  PetscInt     slots; /* so far */
} Index;

/* What is missing shall not look like numbers. */
static int FillNaN(hid_t dcpl, hid_t type)
{
  PetscReal nan[2];

  nan[0] = nan[1] = (PetscReal)NAN;
  return H5Pset_fill_value(dcpl, type, nan) < 0;
}

/* The part of a vector that the ranks from r up to next have, without a gap, in one file. */
static int Map(const Index *x, const CostateSegment *seg, PetscInt slot, PetscInt b, PetscMPIInt r, hsize_t count,
               hid_t whole, hid_t dcpl)
{
  const CostateDisk *d      = (const CostateDisk *)x->store->data;
  const Part        *p      = &x->part[r * seg->nblocks + b];
  const hsize_t      length = (hsize_t)p->length, first = (hsize_t)p->first, place = (hsize_t)p->place;
  char               file[COSTATE_FILE_NAME], name[96], path[160];
  hid_t              space = H5Screate_simple(1, &length, NULL);
  int                bad;

  CostateFileName(file, d->layout, x->group[r], (int)seg->number);
  CostateBlockName(&x->store->set, &seg->shape[b], name, sizeof(name));
  snprintf(path, sizeof(path), "/slot_%04d/%s", (int)slot, name);
  bad = H5Sselect_hyperslab(space, H5S_SELECT_SET, &place, NULL, &count, NULL) < 0 ||
        H5Sselect_hyperslab(whole, H5S_SELECT_SET, &first, NULL, &count, NULL) < 0 ||
        H5Pset_virtual(dcpl, whole, file, path, space) < 0;
  H5Sclose(space);
  return bad;
}

/* Neighbours whose parts are neighbours in one file have one entry. */
static int Maps(const Index *x, const CostateSegment *seg, PetscInt slot, PetscInt b, hid_t whole, hid_t dcpl)
{
  const CostateDisk *d   = (const CostateDisk *)x->store->data;
  int                bad = 0;

  for (PetscMPIInt r = 0, next; r < d->size && !bad; r = next) {
    const Part *p     = &x->part[r * seg->nblocks + b];
    PetscInt64  count = p->count;

    for (next = r + 1; next < d->size; next++) {
      const Part *q = &x->part[next * seg->nblocks + b];

      if (x->group[next] != x->group[r] || q->first != p->first + count || q->place != p->place + count) break;
      count += q->count;
    }
    if (count) bad = Map(x, seg, slot, b, r, (hsize_t)count, whole, dcpl);
  }
  return bad;
}

static int Block(const Index *x, const CostateSegment *seg, PetscInt slot, PetscInt b, hid_t group)
{
  const CostateBlock *block = &seg->shape[b];
  const hsize_t       total = (hsize_t)block->total;
  char                name[96];
  hid_t               dcpl = H5Pcreate(H5P_DATASET_CREATE), space = H5Screate_simple(1, &total, NULL), data = -1;
  int                 bad = FillNaN(dcpl, x->type);

  CostateBlockName(&x->store->set, block, name, sizeof(name));
  if (!bad) bad = Maps(x, seg, slot, b, space, dcpl);
  if (!bad) H5Sselect_all(space);
  if (!bad) data = H5Dcreate2(group, name, x->type, space, H5P_DEFAULT, dcpl, H5P_DEFAULT);
  bad = bad || data < 0 || CostateDataAbout(data, block);
  if (data >= 0) H5Dclose(data);
  H5Sclose(space);
  H5Pclose(dcpl);
  return bad;
}

static int Slots(Index *x, const CostateSegment *seg)
{
  int bad = 0;

  for (PetscInt i = 0; i < seg->slots && !bad; i++) {
    const CostateFrame f = seg->used[i];
    char               name[32];
    hid_t              group;

    if (!f) continue;
    snprintf(name, sizeof(name), "/slot_%04d", (int)x->slots);
    group = H5Gcreate2(x->file, name, H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT);
    bad   = group < 0 || CostateSlotLabel(group, f->step, f->time, f->what);
    for (PetscInt b = 0; b < seg->nblocks && !bad; b++) bad = Block(x, seg, i, b, group);
    if (group >= 0) H5Gclose(group);
    if (!bad && f->step >= 0) bad = CostateSlotLink(x->file, x->lcpl, f, x->slots);
    x->slots++;
  }
  return bad;
}

/* The parts of all ranks, to rank 0. */
static PetscErrorCode Parts(Index *x, const CostateSegment *seg, PetscBool *any)
{
  const CostateDisk *d = (const CostateDisk *)x->store->data;
  CostateFrame       f = NULL;
  Part              *mine;
  const PetscMPIInt  bytes = (PetscMPIInt)(seg->nblocks * (PetscInt)sizeof(*mine));

  PetscFunctionBegin;
  for (PetscInt i = 0; i < seg->slots && !f; i++) f = seg->used[i];
  *any = (PetscBool)(f != NULL); /* the same on all ranks */
  if (!f) PetscFunctionReturn(0);
  PetscCall(PetscMalloc1(seg->nblocks, &mine));
  for (PetscInt b = 0; b < seg->nblocks; b++) {
    const CostateBlock *block = &f->block[b];

    mine[b] = (Part){block->first, block->place, block->bytes / (PetscInt64)sizeof(PetscScalar), seg->length[b]};
  }
  PetscCall(PetscFree(x->part));
  if (d->rank == 0) PetscCall(PetscMalloc1(d->size * seg->nblocks, &x->part));
  PetscCallMPI(MPI_Gather(mine, bytes, MPI_BYTE, x->part, bytes, MPI_BYTE, 0, x->store->comm));
  PetscCall(PetscFree(mine));
  PetscFunctionReturn(0);
}

/* Rank 0 writes it; *err is its own. */
PetscErrorCode CostateIndexWrite(CostateStore s, int *err, char *message)
{
  CostateDisk *d = (CostateDisk *)s->data;
  Index        x = {.store = s, .file = -1};
  char         path[COSTATE_PATH];
  PetscBool    any;
  int          bad = 0;

  PetscFunctionBegin;
  CostatePath(path, "%s/states.h5", d->run);
  PetscCall(PetscMalloc1(d->size, &x.group));
  PetscCallMPI(MPI_Gather(&d->number, 1, MPI_INT, x.group, 1, MPI_INT, 0, s->comm));
  errno = 0;
  if (d->rank == 0) {
    H5E_BEGIN_TRY
    {
      x.file = H5Fcreate(path, H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT);
    }
    H5E_END_TRY;
    x.type = (hid_t)CostateScalarType();
    x.lcpl = H5Pcreate(H5P_LINK_CREATE);
    H5Pset_create_intermediate_group(x.lcpl, 1);
    bad = x.file < 0;
  }
  for (PetscInt i = 0; i < d->nsegments; i++) {
    PetscCall(Parts(&x, d->segment[i], &any));
    if (d->rank || !any || bad) continue;
    H5E_BEGIN_TRY
    {
      bad = Slots(&x, d->segment[i]);
    }
    H5E_END_TRY;
  }
  if (d->rank == 0) {
    H5Pclose(x.lcpl);
    H5Tclose(x.type);
    if (x.file >= 0 && H5Fclose(x.file) < 0) bad = 1;
  }
  if (bad) {
    *err = errno ? errno : EIO;
    snprintf(message, COSTATE_MESSAGE, "The file %.400s cannot be written: %s. The states are in the files beside it",
             path, strerror(*err));
  }
  PetscCall(PetscFree(x.group));
  PetscCall(PetscFree(x.part));
  PetscFunctionReturn(0);
}
