/* SPDX-License-Identifier: BSD-2-Clause */
/*
  The HDF5 files of a run, looked at while somebody may be writing to them: no lock is taken, which would keep the
  program that ends the run from completing them.
*/
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <hdf5.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#define XXH_INLINE_ALL
#include <xxhash.h>
#include "verify.h"

/* The innermost reason that the HDF5 library has, on one line; of a failed read only what the system said. */
static herr_t Reason(unsigned n, const H5E_error2_t *e, void *to)
{
  char       *why   = (char *)to;
  const char *error = e->desc ? strstr(e->desc, "error message = '") : NULL;

  (void)n;
  if (why[0] || !e->desc) return 0;
  if (error)
    snprintf(why, COSTATE_TEXT / 2, "%.*s", (int)strcspn(error + 17, "'"), error + 17);
  else
    snprintf(why, COSTATE_TEXT / 2, "%.200s", e->desc);
  for (; *why; why++)
    if ((unsigned char)*why < ' ') *why = ' ';
  return 0;
}

/* Without errors on the terminal; -1, and the reason in `why`, which has room for COSTATE_TEXT / 2. */
int64_t CostateLookOpen(const char *path, char *why)
{
  hid_t fapl, file;

#if !H5_VERSION_GE(1, 10, 7)
  setenv("HDF5_USE_FILE_LOCKING", "FALSE", 1);
#endif
  fapl = H5Pcreate(H5P_FILE_ACCESS);
#if H5_VERSION_GE(1, 10, 7)
  H5Pset_file_locking(fapl, 0, 1);
#endif
  why[0] = 0;
  H5E_BEGIN_TRY
  {
    file = H5Fopen(path, H5F_ACC_RDONLY, fapl);
    if (file < 0) H5Ewalk2(H5E_DEFAULT, H5E_WALK_UPWARD, Reason, why);
  }
  H5E_END_TRY;
  H5Pclose(fapl);
  return (int64_t)file;
}

/* Where a data set is, or -1 where it is not as it was made; the first reason stays. */
static PetscInt64 Offset(hid_t file, int slot, const CostateParsedBlock *b, int bytes, char *reason)
{
  char       name[COSTATE_PARSE_NAME + 32];
  PetscInt64 offset = -1;
  hid_t      data, space, type;
  haddr_t    at;

  snprintf(name, sizeof(name), "/slot_%04d/%s", slot, b->name);
  H5E_BEGIN_TRY
  {
    data = H5Dopen2(file, name, H5P_DEFAULT);
    if (data < 0) H5Ewalk2(H5E_DEFAULT, H5E_WALK_UPWARD, Reason, reason);
    if (data >= 0) {
      space = H5Dget_space(data);
      type  = H5Dget_type(data);
      at    = H5Dget_offset(data);
      if (H5Sget_simple_extent_npoints(space) == (hssize_t)b->length && H5Tget_size(type) == (size_t)bytes &&
          (at == HADDR_UNDEF ? !b->length : at < (haddr_t)INT64_MAX - 1))
        offset = at == HADDR_UNDEF ? 0 : (PetscInt64)at;
      H5Tclose(type);
      H5Sclose(space);
      H5Dclose(data);
    }
  }
  H5E_END_TRY;
  return offset;
}

int CostateLookFile(const char *path, const CostateParsedSegment *said, int bytes, CostateLookedFile *file,
                    char why[COSTATE_TEXT])
{
  const int n = said->slots * said->nblocks;
  char      reason[COSTATE_TEXT / 2];
  int       whole = 1;
  hid_t     hdf5;

  memset(file, 0, sizeof(*file));
  why[0]   = 0;
  file->fd = open(path, O_RDONLY | O_CLOEXEC);
  if (file->fd < 0) {
    if (errno == ENOENT)
      snprintf(why, COSTATE_TEXT, "the file is missing");
    else
      snprintf(why, COSTATE_TEXT, "the file cannot be read: %s", strerror(errno));
    return 1;
  }
  hdf5 = (hid_t)CostateLookOpen(path, reason);
  if (hdf5 >= 0) file->offset = (PetscInt64 *)malloc((size_t)n * sizeof(PetscInt64) + 1);
  if (hdf5 < 0 || !file->offset) {
    if (hdf5 < 0)
      snprintf(why, COSTATE_TEXT, "HDF5 cannot open the file: %s", reason[0] ? reason : "it does not say why");
    else
      snprintf(why, COSTATE_TEXT, "there is not enough memory for its list of data sets");
    if (hdf5 >= 0) H5Fclose(hdf5);
    close(file->fd);
    return 1;
  }
  file->hdf5         = (int64_t)hdf5;
  file->said         = said;
  file->scalar_bytes = bytes;
  for (int i = 0; i < n; i++) {
    file->offset[i] = Offset(hdf5, i / said->nblocks, &said->block[i % said->nblocks], bytes, file->reason);
    whole           = whole && file->offset[i] >= 0;
  }
  if (whole && said->has_offsets && XXH3_64bits(file->offset, (size_t)n * sizeof(PetscInt64)) != said->offsets)
    snprintf(file->why, sizeof(file->why),
             "its data sets are not where they were when it was made: it is damaged, or another one");
  return 0;
}

int CostateLookSlot(const CostateLookedFile *file, int slot, char why[COSTATE_TEXT])
{
  const CostateParsedSegment *said = file->said;

  for (int i = 0; i < said->nblocks; i++) {
    if (file->offset[slot * said->nblocks + i] >= 0) continue;
    snprintf(why, COSTATE_TEXT,
             "there is no data set '%s' of %lld numbers of %d bytes: the file is damaged, or another one%s%.200s%s",
             said->block[i].name, (long long)said->block[i].length, file->scalar_bytes,
             file->reason[0] ? " (HDF5: " : "", file->reason, file->reason[0] ? ")" : "");
    return 1;
  }
  return 0;
}

static int Attribute(hid_t where, const char *name, hid_t type, void *to)
{
  hid_t a   = H5Aexists(where, name) > 0 ? H5Aopen(where, name, H5P_DEFAULT) : -1;
  int   bad = a < 0 || H5Aread(a, type, to) < 0;

  if (a >= 0) H5Aclose(a);
  return bad;
}

/* What a run that ended well wrote into the file for others to read. */
int CostateLookLabel(const CostateLookedFile *file, int slot, int64_t step, double time, const char *what,
                     char why[COSTATE_TEXT])
{
  char      name[32], text[COSTATE_WHAT_MAX] = "";
  long long n   = 0;
  double    t   = 0;
  int       bad = 1;
  hid_t     group, type;

  snprintf(name, sizeof(name), "/slot_%04d", slot);
  H5E_BEGIN_TRY
  {
    type  = H5Tcopy(H5T_C_S1);
    group = H5Gopen2((hid_t)file->hdf5, name, H5P_DEFAULT);
    H5Tset_size(type, sizeof(text));
    if (group >= 0)
      bad = Attribute(group, "step", H5T_NATIVE_LLONG, &n) || Attribute(group, "time", H5T_NATIVE_DOUBLE, &t) ||
            Attribute(group, "what", type, text);
    if (group >= 0) H5Gclose(group);
    H5Tclose(type);
  }
  H5E_END_TRY;
  text[sizeof(text) - 1] = 0;
  if (!bad && n == step && !memcmp(&t, &time, sizeof(t)) && !strcmp(text, what)) return 0;
  if (bad)
    snprintf(why, COSTATE_TEXT, "its attributes step, time and what cannot be read; the state itself is whole");
  else
    snprintf(why, COSTATE_TEXT, "its attributes say '%.23s' of step %lld at time %g; the state itself is whole", text,
             n, t);
  return 1;
}

/* Whether the states in a file are known by their steps, which the end of a run does that keeps its files. */
int CostateLookFinished(const char *path)
{
  char  reason[COSTATE_TEXT / 2];
  hid_t file = (hid_t)CostateLookOpen(path, reason);
  int   is   = 0;

  H5E_BEGIN_TRY
  {
    if (file >= 0) is = H5Lexists(file, "/step", H5P_DEFAULT) > 0;
    if (file >= 0) H5Fclose(file);
  }
  H5E_END_TRY;
  return is;
}

/* Whether HDF5 opens a file that is only there for others. */
int CostateLookIndex(const char *path, char *why)
{
  const hid_t file = (hid_t)CostateLookOpen(path, why);

  if (file >= 0) H5Fclose(file);
  return file < 0;
}

void CostateLookEnd(CostateLookedFile *file)
{
  H5E_BEGIN_TRY
  {
    H5Fclose((hid_t)file->hdf5);
  }
  H5E_END_TRY;
  close(file->fd);
  free(file->offset);
}

/* Each of the numbers 0 ... n-1 once; `seen` has a bit for each. */
static int Permutation(int fd, PetscInt64 at, PetscInt64 n, char *buffer, PetscInt64 room, unsigned char *seen)
{
  for (PetscInt64 done = 0; done < n;) {
    const PetscInt64 piece = PetscMin(room / 8, n - done);
    const int64_t   *to    = (const int64_t *)(void *)buffer;

    if (CostateRawMove(fd, buffer, piece * 8, at + done * 8, PETSC_FALSE)) return 1;
    for (PetscInt64 i = 0; i < piece; i++) {
      if (to[i] < 0 || to[i] >= n || seen[to[i] / 8] >> (to[i] % 8) & 1) return 1;
      seen[to[i] / 8] |= (unsigned char)(1 << (to[i] % 8));
    }
    done += piece;
  }
  return 0;
}

/* Whether what the map says of its grid can be read, and goes with its length. */
static int MapSays(hid_t file, PetscInt64 n)
{
  static const struct {
    const char *name;
    hssize_t    n;
  } said[] = {{"dims", 3}, {"dof", 1}, {"bounds", 6}};
  double      value[6], product = 1;
  int         bad   = 0;
  const hid_t group = H5Gopen2(file, "/map", H5P_DEFAULT);

  for (size_t i = 0; i < sizeof(said) / sizeof(said[0]) && !bad; i++) {
    hid_t a, space;

    if (i == 2 && !H5Aexists(group, said[i].name)) continue;
    a     = H5Aopen(group, said[i].name, H5P_DEFAULT);
    space = a < 0 ? -1 : H5Aget_space(a);
    bad   = space < 0 || H5Sget_simple_extent_npoints(space) != said[i].n || H5Aread(a, H5T_NATIVE_DOUBLE, value) < 0;
    for (hssize_t k = 0; i < 2 && k < said[i].n && !bad; k++) product *= value[k];
    if (space >= 0) H5Sclose(space);
    if (a >= 0) H5Aclose(a);
  }
  if (group >= 0) H5Gclose(group);
  return bad || product != (double)n;
}

/* layout.h5: `bad` and why. */
PetscErrorCode CostateLookMap(const char *path, char *buffer, PetscInt64 room, int *bad, char why[COSTATE_TEXT])
{
  const int      fd = open(path, O_RDONLY | O_CLOEXEC);
  char           reason[COSTATE_TEXT / 2];
  unsigned char *seen = NULL;
  PetscInt64     n = -1, at = -1;
  int            says = 0;
  hid_t          file, data, space;

  PetscFunctionBegin;
  *bad = 1;
  file = (hid_t)CostateLookOpen(path, reason);
  snprintf(why, COSTATE_TEXT, "HDF5 cannot open the file: %s", reason[0] ? reason : "it does not say why");
  H5E_BEGIN_TRY
  {
    data = file >= 0 ? H5Dopen2(file, "/map/natural", H5P_DEFAULT) : -1;
    if (data >= 0) {
      haddr_t place = H5Dget_offset(data);

      space = H5Dget_space(data);
      n     = (PetscInt64)H5Sget_simple_extent_npoints(space);
      at    = place == HADDR_UNDEF || place > (haddr_t)INT64_MAX ? -1 : (PetscInt64)place;
      H5Sclose(space);
      H5Dclose(data);
    }
    if (file >= 0) says = !MapSays(file, n);
    if (file >= 0) H5Fclose(file);
  }
  H5E_END_TRY;
  if (file >= 0)
    snprintf(why, COSTATE_TEXT, "its /map/natural is damaged: without it no state can be exported to its grid");
  if (n > 0 && at > 0 && fd >= 0 && n < COSTATE_SCALARS_MOST) {
    PetscCall(PetscCalloc1(n / 8 + 1, &seen));
    *bad = Permutation(fd, at, n, buffer, room, seen);
    if (!*bad && !says) {
      *bad = 1;
      snprintf(why, COSTATE_TEXT, "the attributes of its /map do not say of which grid it is");
    }
    PetscCall(PetscFree(seen));
  }
  if (fd >= 0) close(fd);
  PetscFunctionReturn(0);
}
