/* SPDX-License-Identifier: BSD-2-Clause */
/*
  The manifest of a commit: how much of each journal counts, and what wrote it.  It appears under its name when it is
  whole, and with it the commit; nothing else decides.
*/
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#define XXH_INLINE_ALL
#include <xxhash.h>
#include "../base/failpoint.h"
#include "disk.h"

/* The number in manifest-NNNNNN and an ending; 0 or EINVAL. */
int CostateManifestNumber(const char *name, const char *ending, PetscInt64 *number)
{
  static const char start[] = "manifest-";
  char             *rest;

  if (strncmp(name, start, sizeof(start) - 1) != 0) return EINVAL;
  name += sizeof(start) - 1;
  if (strspn(name, "0123456789") < 6) return EINVAL;
  errno   = 0;
  *number = (PetscInt64)strtoll(name, &rest, 10);
  return errno || strcmp(rest, ending) != 0 ? EINVAL : 0;
}

static void Text(CostateStore s, const CostateManifestPart *part, CostateText *l)
{
  const CostateDisk *d = (const CostateDisk *)s->data;

  CostateTextAdd(l, "costate-manifest %d\nowner \"%s\"\ngeneration %" PRId64 "\n", COSTATE_FILE_VERSION,
                 s->set.owner ? s->set.owner : "", (int64_t)d->epoch);
  CostateTextAdd(l, "petsc %d.%d.%d\nscalar %s%d\ninteger %d\n", PETSC_VERSION_MAJOR, PETSC_VERSION_MINOR,
                 PETSC_VERSION_SUBMINOR, COSTATE_SCALAR_KIND, (int)sizeof(PetscReal), (int)sizeof(PetscInt));
  CostateTextAdd(l, "layout %s\ndirectory %s\nranks %d\n", CostateLayoutNames[d->layout],
                 d->made_dir ? "made" : "found", (int)d->size);
  for (int r = 0; r < d->size; r++)
    CostateTextAdd(l, "journal %d %" PRId64 " %016" PRIx64 "\n", r, part[r].length, part[r].hash);
  CostateTextAdd(l, "end %016" PRIx64 "\n", l->err ? 0 : (uint64_t)XXH3_64bits(l->text, l->used));
}

/* A file with that text, durable. */
static int FileWrite(const char *path, const CostateText *l)
{
  const PetscInt64 half = (PetscInt64)l->used / 2;
  int              fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666), err = fd < 0 ? errno : 0;

  if (err) return err;
  err = CostateRawMove(fd, l->text, half, 0, PETSC_TRUE);
  COSTATE_FAILPOINT("manifest, half");
  if (!err) err = CostateRawMove(fd, l->text + half, (PetscInt64)l->used - half, half, PETSC_TRUE);
  if (!err) err = CostateRawSync(fd, "fsync of the manifest");
  if (close(fd) && !err) err = errno;
  if (err) unlink(path);
  return err;
}

/* The commit of generation d->epoch. */
int CostateManifestWrite(CostateStore s, const CostateManifestPart *part, char *message)
{
  CostateDisk *d = (CostateDisk *)s->data;
  CostateText  l = {NULL, 0, 0, 0};
  char         path[COSTATE_PATH], tmp[COSTATE_PATH];
  int          err;

  CostatePath(path, "%s/manifest-%06" PRId64 ".txt", d->run, (int64_t)d->epoch);
  CostatePath(tmp, "%s/manifest-%06" PRId64 ".tmp", d->run, (int64_t)d->epoch);
  Text(s, part, &l);
  err = l.err ? l.err : FileWrite(tmp, &l);
  free(l.text);
  if (!err) {
    COSTATE_FAILPOINT("rename, before");
    if (rename(tmp, path)) err = errno;
    COSTATE_FAILPOINT("rename, after");
    if (err) unlink(tmp);
  }
  if (!err) err = CostateRawSyncPath(d->run, PETSC_TRUE, "fsync of the directory, manifest");
  if (err)
    snprintf(message, COSTATE_MESSAGE,
             "The commit cannot be made: the file %.400s cannot be written: %s. See to the file system there; the run "
             "can be resumed from the commit before",
             path, strerror(err));
  return err;
}

/*
  Those before a generation; or all that have to do with manifests, whatever their number, the last commit at the end: a
  run that is killed meanwhile is resumed there or begins anew, and does not go back.
*/
void CostateManifestsRemove(CostateDisk *d, PetscInt64 before, PetscBool all)
{
  char           path[COSTATE_PATH];
  PetscInt64     number, last = -1;
  struct dirent *e;
  DIR           *dir;

  if (!all) {
    for (; d->oldest < before; d->oldest++) {
      CostatePath(path, "%s/manifest-%06" PRId64 ".txt", d->run, (int64_t)d->oldest);
      COSTATE_FAILPOINT("removal of a manifest");
      unlink(path);
    }
    return;
  }
  dir = opendir(d->run);
  if (!dir) return;
  while ((e = readdir(dir)))
    if (!CostateManifestNumber(e->d_name, ".txt", &number)) last = PetscMax(last, number);
  rewinddir(dir);
  while ((e = readdir(dir))) {
    const PetscBool commit = (PetscBool)!CostateManifestNumber(e->d_name, ".txt", &number);

    if (commit ? number == last
               : CostateManifestNumber(e->d_name, ".tmp", &number) &&
                     CostateManifestNumber(e->d_name, ".rejected", &number))
      continue;
    CostatePath(path, "%s/%s", d->run, e->d_name);
    COSTATE_FAILPOINT("removal of a manifest");
    unlink(path);
  }
  closedir(dir);
  if (last < 0) return;
  CostatePath(path, "%s/manifest-%06" PRId64 ".txt", d->run, (int64_t)last);
  COSTATE_FAILPOINT("removal of a manifest");
  unlink(path);
}

/* Those after a generation get another name, as it is gone on from there; d->oldest is the first that stays. */
int CostateManifestsReject(CostateDisk *d, PetscInt64 generation, char *message)
{
  char           path[COSTATE_PATH], to[COSTATE_PATH];
  PetscInt64     number;
  int            err = 0, changed = 0;
  struct dirent *e;
  DIR           *dir = opendir(d->run);

  d->oldest = generation;
  while (dir && !err && (e = readdir(dir))) {
    CostatePath(path, "%s/%s", d->run, e->d_name);
    if (!CostateManifestNumber(e->d_name, ".tmp", &number) && unlink(path)) err = errno;
    if (CostateManifestNumber(e->d_name, ".txt", &number)) continue;
    if (number < d->oldest) d->oldest = number;
    if (number <= generation) continue;
    CostatePath(to, "%s/manifest-%06" PRId64 ".rejected", d->run, (int64_t)number);
    COSTATE_FAILPOINT("rejection of a manifest");
    if (rename(path, to)) err = errno;
    changed = 1;
  }
  if (!dir) err = errno;
  if (dir) closedir(dir);
  if (changed && !err) err = CostateRawSyncPath(d->run, PETSC_TRUE, "fsync of the directory, rejection");
  if (err)
    snprintf(message, COSTATE_MESSAGE,
             "The run in %.400s cannot be resumed: files in it cannot be renamed: %s. See to the permissions there, or "
             "name another directory",
             d->run, strerror(err));
  return err;
}
