/* SPDX-License-Identifier: BSD-2-Clause */
/*
  The HDF5 files.  One holds `slots` groups /slot_0000, ..., each with one contiguous data set per block, allocated and
  never filled; the first rank of those that share it makes it, notes where the data sets are and closes it, so that the
  ranks can write there without HDF5 and the file can be opened whatever happens to them.  Each slot has the attributes
  step (-1: empty), time and what.
*/
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <hdf5.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>
#define XXH_INLINE_ALL
#include <xxhash.h>
#include "../base/failpoint.h"
#include "disk.h"

int64_t CostateScalarType(void)
{
  hid_t real = sizeof(PetscReal) == sizeof(float)    ? H5T_NATIVE_FLOAT
               : sizeof(PetscReal) == sizeof(double) ? H5T_NATIVE_DOUBLE
                                                     : H5T_NATIVE_LDOUBLE;
  hid_t type;

  if (sizeof(PetscScalar) == sizeof(PetscReal)) return (int64_t)H5Tcopy(real);
  /* as h5py has its complex numbers */
  type = H5Tcreate(H5T_COMPOUND, sizeof(PetscScalar));
  H5Tinsert(type, "r", 0, real);
  H5Tinsert(type, "i", sizeof(PetscReal), real);
  return (int64_t)type;
}

/* The name of a block's data set; leaves of a nest beyond the first are numbered, behind a dot as no name has one. */
void CostateBlockName(const CostateStoreSettings *set, const CostateBlock *b, char *name, size_t length)
{
  char leaf[16] = "";

  if (b->leaf) snprintf(leaf, sizeof(leaf), ".%d", (int)b->leaf);
  if (b->vector < set->nnames)
    snprintf(name, length, "%.64s%s", set->names[b->vector], leaf);
  else
    snprintf(name, length, "vector_%d%s", (int)b->vector, leaf);
}

/* Writes an attribute, made where it is not there yet. */
static int Attribute(hid_t where, const char *name, hid_t type, const void *value)
{
  hid_t space = H5Screate(H5S_SCALAR);
  hid_t a     = H5Aexists(where, name) > 0 ? H5Aopen(where, name, H5P_DEFAULT)
                                           : H5Acreate2(where, name, type, space, H5P_DEFAULT, H5P_DEFAULT);
  int   bad   = a < 0 || H5Awrite(a, type, value) < 0;

  if (a >= 0) H5Aclose(a);
  H5Sclose(space);
  return bad;
}

int CostateSlotLabel(int64_t slot, PetscInt64 step, PetscReal time, const char *what)
{
  const hid_t group                  = (hid_t)slot;
  char        text[COSTATE_WHAT_MAX] = "";
  double      t                      = (double)time;
  long long   n                      = step;
  hid_t       type                   = H5Tcopy(H5T_C_S1);
  int         bad;

  snprintf(text, sizeof(text), "%s", what);
  H5Tset_size(type, sizeof(text));
  bad = Attribute(group, "step", H5T_NATIVE_LLONG, &n) || Attribute(group, "time", H5T_NATIVE_DOUBLE, &t) ||
        Attribute(group, "what", type, text);
  H5Tclose(type);
  return bad;
}

/* What a data set says of itself. */
int CostateDataAbout(int64_t data, const CostateBlock *block)
{
  int   vector = (int)block->vector;
  hid_t text   = H5Tcopy(H5T_C_S1);
  int   bad = Attribute((hid_t)data, "units", text, "1") || Attribute((hid_t)data, "vector", H5T_NATIVE_INT, &vector);

  H5Tclose(text);
  return bad;
}

/* One slot: a group and its data sets, and where they are. */
static int SlotMake(hid_t file, CostateSegment *seg, PetscInt slot, const CostateStoreSettings *set, hid_t dcpl)
{
  char  name[96];
  hid_t group, type = (hid_t)CostateScalarType();
  int   bad;

  snprintf(name, sizeof(name), "/slot_%04d", (int)slot);
  group = H5Gcreate2(file, name, H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT);
  bad   = group < 0 || CostateSlotLabel(group, -1, 0, "");
  for (PetscInt b = 0; b < seg->nblocks && !bad; b++) {
    const CostateBlock *block  = &seg->shape[b];
    const hsize_t       length = (hsize_t)seg->length[b];
    hid_t               space, data;

    CostateBlockName(set, block, name, sizeof(name));
    space = H5Screate_simple(1, &length, NULL);
    data  = H5Dcreate2(group, name, type, space, H5P_DEFAULT, dcpl, H5P_DEFAULT);
    bad   = data < 0 || CostateDataAbout(data, block);
    if (!bad) {
      haddr_t at = H5Dget_offset(data);

      seg->offset[slot * seg->nblocks + b] = at == HADDR_UNDEF ? 0 : (PetscInt64)at;
      bad                                  = at == HADDR_UNDEF && length > 0;
    }
    if (data >= 0) H5Dclose(data);
    H5Sclose(space);
  }
  if (group >= 0) H5Gclose(group);
  H5Tclose(type);
  return bad;
}

static int FileMake(CostateSegment *seg, const CostateStoreSettings *set)
{
  hid_t fapl = H5Pcreate(H5P_FILE_ACCESS), dcpl = H5Pcreate(H5P_DATASET_CREATE), file;
  int   bad;

  /* data sets that O_DIRECT is good for begin at a page */
  H5Pset_alignment(fapl, COSTATE_ALIGN_FROM, COSTATE_ALIGN);
  H5Pset_layout(dcpl, H5D_CONTIGUOUS);
  H5Pset_alloc_time(dcpl, H5D_ALLOC_TIME_EARLY);
  H5Pset_fill_time(dcpl, H5D_FILL_TIME_NEVER);
  file = H5Fcreate(seg->path, H5F_ACC_TRUNC, H5P_DEFAULT, fapl);
  bad  = file < 0;
  for (PetscInt i = 0; i < seg->slots && !bad; i++) bad = SlotMake(file, seg, i, set, dcpl);
  if (file >= 0 && H5Fflush(file, H5F_SCOPE_LOCAL) < 0) bad = 1;
  if (file >= 0 && H5Fclose(file) < 0) bad = 1;
  H5Pclose(dcpl);
  H5Pclose(fapl);
  return bad;
}

static int CannotMake(const char *path, int err, double bytes, char *message)
{
  struct statvfs fs;
  struct stat    st;
  double         want = 0, free = 0;

  if (err == ENOSPC && !stat(path, &st) && !statvfs(path, &fs)) {
    want = PetscMax(bytes, (double)st.st_size) - 512. * (double)st.st_blocks;
    free = (double)fs.f_bavail * (double)fs.f_frsize;
  }
  if (want > 0)
    snprintf(message, COSTATE_MESSAGE,
             want > free
                 ? "The file %.400s needs %.0f bytes more than the %.0f that are free there. Free some space, name "
                   "another directory, or allow fewer states on disk"
                 : "The file %.400s cannot be made: %.0f bytes more are refused although %.0f are free there, "
                   "perhaps by a quota. Name another directory, or allow fewer states on disk",
             path, want > free ? want - free : want, free);
  else
    snprintf(message, COSTATE_MESSAGE, "The file %.400s cannot be made: %s. Name another directory", path,
             strerror(err));
  return err;
}

/* Takes the disk space of a file now, so that it does not lack later, where the file system can. */
int CostateFileReserve(const char *path, char *message)
{
  int         err = 0;
  struct stat st;
  int         fd = open(path, O_RDWR | O_CLOEXEC);

  if (fd < 0 || fstat(fd, &st)) err = errno;
#if defined(__linux__)
  if (!err && st.st_size > 0 && fallocate(fd, 0, 0, st.st_size)) err = errno;
#endif
  if (err == EOPNOTSUPP || err == ENOSYS || err == EINTR) err = 0;
  if (err) CannotMake(path, err, 0, message);
  if (fd >= 0) close(fd);
  return err;
}

uint64_t CostateSegmentOffsets(const CostateSegment *seg)
{
  return XXH3_64bits(seg->offset, (size_t)(seg->slots * seg->nblocks) * sizeof(*seg->offset));
}

/* Where the data sets of a file are, as the file says itself. */
static int FileLook(CostateSegment *seg, const CostateParsedSegment *said)
{
  hid_t file = H5Fopen(seg->path, H5F_ACC_RDONLY, H5P_DEFAULT);
  int   bad  = file < 0;

  for (PetscInt i = 0; i < seg->slots * seg->nblocks && !bad; i++) {
    const CostateParsedBlock *b = &said->block[i % seg->nblocks];
    char                      name[COSTATE_PARSE_NAME + 32];
    hid_t                     data, space, type;
    haddr_t                   at;

    snprintf(name, sizeof(name), "/slot_%04d/%s", (int)(i / seg->nblocks), b->name);
    data = H5Dopen2(file, name, H5P_DEFAULT);
    bad  = data < 0;
    if (bad) break;
    space = H5Dget_space(data);
    type  = H5Dget_type(data);
    at    = H5Dget_offset(data);
    bad   = H5Sget_simple_extent_npoints(space) != (hssize_t)b->length || H5Tget_size(type) != sizeof(PetscScalar);
    seg->offset[i] = at == HADDR_UNDEF ? 0 : (PetscInt64)at;
    H5Tclose(type);
    H5Sclose(space);
    H5Dclose(data);
  }
  if (file >= 0) H5Fclose(file);
  return bad;
}

/* Whether the file of a segment is as the journal says, and its offsets; 0 or an errno. */
int CostateSegmentLook(CostateSegment *seg, const CostateParsedSegment *said, char *message)
{
  struct stat st;
  PetscInt64  end = 0;
  int         bad, err = stat(seg->path, &st) ? errno : 0;

  if (err) {
    snprintf(message, COSTATE_MESSAGE, "The file %.400s is missing or cannot be read: %s", seg->path, strerror(err));
    return err;
  }
  H5E_BEGIN_TRY
  {
    bad = FileLook(seg, said);
  }
  H5E_END_TRY;
  for (PetscInt i = 0; i < seg->slots * seg->nblocks && !bad; i++)
    end = PetscMax(end, seg->offset[i] + said->block[i % seg->nblocks].length * (PetscInt64)sizeof(PetscScalar));
  if (end > (PetscInt64)st.st_size) {
    snprintf(message, COSTATE_MESSAGE, "The file %.400s has %lld bytes, and its data would end at %lld: it was cut off",
             seg->path, (long long)st.st_size, (long long)end);
    return EIO;
  }
  if (bad || !said->has_offsets || CostateSegmentOffsets(seg) != said->offsets) {
    snprintf(message, COSTATE_MESSAGE,
             "The file %.400s does not have the %d slots that it was made with: it is damaged, was cut off, or is "
             "another one",
             seg->path, (int)seg->slots);
    return EILSEQ;
  }
  return 0;
}

/*
  Whether there is room for the file: asked before HDF5 makes it, since HDF5 1.10 may end the program later if one of
  its own writes fails.
*/
static int RoomFor(int fd, double bytes)
{
#if defined(__linux__)
  if (fallocate(fd, 0, 0, (off_t)bytes)) {
    const int err = errno;

    if (err == ENOSPC || err == EDQUOT || err == EFBIG) return err;
  }
  if (ftruncate(fd, 0)) return errno;
#endif
  return 0;
}

/* Makes the file of a segment and fills its offsets. */
int CostateSegmentMake(CostateSegment *seg, const CostateStoreSettings *set, char *message)
{
  int fd = open(seg->path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0666), err = fd < 0 ? errno : 0, bad;
  /* the description of a slot takes about 1 kB for each block, and pages that O_DIRECT wants */
  double bytes = 16384 + 6144. * (double)seg->slots * (double)seg->nblocks;

  if (err) return CannotMake(seg->path, err, 0, message);
  for (PetscInt i = 0; i < seg->nblocks; i++)
    bytes += (double)seg->slots * (double)seg->length[i] * sizeof(PetscScalar);
  err = RoomFor(fd, bytes);
  close(fd);
  if (err) {
    err = CannotMake(seg->path, err, bytes, message);
    unlink(seg->path);
    return err;
  }
  COSTATE_FAILPOINT("data file, before");
  errno = 0;
  H5E_BEGIN_TRY
  {
    bad = FileMake(seg, set);
  }
  H5E_END_TRY;
  if (bad) { /* nobody may go on as if the disk were merely full: HDF5 1.10 would end the program later */
    err = CannotMake(seg->path, errno ? errno : EIO, bytes, message);
    if (err == ENOSPC || err == EDQUOT || err == EFBIG) err = EIO;
  } else
    err = CostateFileReserve(seg->path, message);
  if (err) unlink(seg->path);
  COSTATE_FAILPOINT("data file, after");
  return err;
}

/* /step/00000123 for the state, else with what it is behind; where that is taken, the slot too. */
int CostateSlotLink(int64_t file_, int64_t lcpl, const CostateFrame f, PetscInt slot)
{
  const hid_t file                       = (hid_t)file_;
  char        what[COSTATE_WHAT_MAX + 1] = "", name[96], target[32];

  if (f->what[0] && strcmp(f->what, "state")) snprintf(what, sizeof(what), "_%s", f->what);
  for (char *c = what; *c; c++)
    if (*c == ' ' || *c == '/') *c = '_';
  snprintf(target, sizeof(target), "/slot_%04d", (int)slot);
  snprintf(name, sizeof(name), "/step/%08lld%s", (long long)f->step, what);
  if (H5Lexists(file, "/step", H5P_DEFAULT) > 0 && H5Lexists(file, name, H5P_DEFAULT) > 0)
    snprintf(name, sizeof(name), "/step/%08lld%s_slot_%04d", (long long)f->step, what, (int)slot);
  return H5Lcreate_soft(target, file, name, (hid_t)lcpl, H5P_DEFAULT) < 0;
}

static int FileFinish(const CostateSegment *seg)
{
  hid_t file = H5Fopen(seg->path, H5F_ACC_RDWR, H5P_DEFAULT), lcpl = H5Pcreate(H5P_LINK_CREATE);
  int   bad = file < 0;

  H5Pset_create_intermediate_group(lcpl, 1);
  for (PetscInt i = 0; i < seg->slots && !bad; i++) {
    CostateFrame f = seg->used[i];
    char         name[32];
    hid_t        group;

    if (!f) continue;
    snprintf(name, sizeof(name), "/slot_%04d", (int)i);
    group = H5Gopen2(file, name, H5P_DEFAULT);
    bad   = group < 0 || CostateSlotLabel(group, f->step, f->time, f->what);
    if (group >= 0) H5Gclose(group);
    if (!bad && f->step >= 0) bad = CostateSlotLink(file, lcpl, f, f->slot);
  }
  H5Pclose(lcpl);
  if (file >= 0 && H5Fclose(file) < 0) bad = 1;
  return bad;
}

/* Writes into the file what its slots hold. */
int CostateSegmentFinish(const CostateSegment *seg, char *message)
{
  int bad;

  errno = 0;
  H5E_BEGIN_TRY
  {
    bad = FileFinish(seg);
  }
  H5E_END_TRY;
  if (!bad) return 0;
  bad = errno ? errno : EIO;
  snprintf(message, COSTATE_MESSAGE,
           "The file %.400s cannot be completed: %s. Its data are there; what they are is in the journals beside it",
           seg->path, strerror(bad));
  return bad;
}
