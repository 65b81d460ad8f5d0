/* SPDX-License-Identifier: BSD-2-Clause */
/*
  The directory of a store.  DIR holds run-NNNN for each store that was opened there, and nothing else; a run is known
  by its costate.json, on which a live run holds a lock.  Nothing is ever removed that this store did not make.  All of
  this is done by those ranks that make files.
*/
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>
#include "../base/failpoint.h"
#include "disk.h"

void CostatePath(char path[COSTATE_PATH], const char *format, ...)
{
  va_list args;

  va_start(args, format);
  vsnprintf(path, COSTATE_PATH, format, args);
  va_end(args);
}

/* The number in run-NNNN, or -1 */
int CostateRunNumber(const char *name)
{
  int n, end = 0;

  if (sscanf(name, "run-%9d%n", &n, &end) != 1 || name[end] || end < 8 || n < 0) return -1;
  return n;
}

static PetscInt64 Bytes(const char *dir)
{
  char           path[COSTATE_PATH];
  PetscInt64     bytes = 0;
  struct dirent *e;
  struct stat    st;
  DIR           *d = opendir(dir);

  if (!d) return 0;
  while ((e = readdir(d))) {
    CostatePath(path, "%s/%s", dir, e->d_name);
    if (!lstat(path, &st) && S_ISREG(st.st_mode)) bytes += (PetscInt64)st.st_blocks * 512;
  }
  closedir(d);
  return bytes;
}

typedef enum { FOREIGN, LIVE, OLD } Kind;

/* One that is empty, or was until now, is a run that another program is just making. */
static Kind RunKind(const char *dir)
{
  char           path[COSTATE_PATH];
  Kind           kind = LIVE;
  struct dirent *e;
  DIR           *d;
  int            fd;

  CostatePath(path, "%s/costate.json", dir);
  fd = open(path, O_RDONLY | O_CLOEXEC);
  if (fd >= 0) {
    kind = flock(fd, LOCK_SH | LOCK_NB) ? LIVE : OLD;
    close(fd);
    return kind;
  }
  d = opendir(dir);
  if (!d) return FOREIGN;
  while ((e = readdir(d)))
    if (strcmp(e->d_name, ".") && strcmp(e->d_name, "..") && strcmp(e->d_name, "costate.json")) kind = FOREIGN;
  closedir(d);
  return kind;
}

/* What there is in DIR: the next free number, and a line about what earlier runs left. */
static int DirScan(const char *dir, PetscBool tell, int *next, char *message)
{
  char           path[COSTATE_PATH];
  PetscInt64     bytes = 0;
  int            old   = 0, err;
  struct dirent *e;
  DIR           *d = opendir(dir);

  *next = 1;
  if (!d) {
    err = errno;
    snprintf(message, COSTATE_MESSAGE, "The directory %.400s cannot be read: %s. Name another one", dir, strerror(err));
    return err;
  }
  while ((e = readdir(d))) {
    const int n    = CostateRunNumber(e->d_name);
    Kind      kind = FOREIGN;

    if (!strcmp(e->d_name, ".") || !strcmp(e->d_name, "..")) continue;
    CostatePath(path, "%s/%s", dir, e->d_name);
    if (n >= 0) kind = RunKind(path);
    if (kind == FOREIGN) {
      snprintf(message, COSTATE_MESSAGE,
               "The directory %.400s holds '%.200s', which is no run of this program. Nothing there is touched; name "
               "an "
               "empty directory, or one that is not there yet",
               dir, e->d_name);
      closedir(d);
      return ENOTEMPTY;
    }
    if (n >= *next) *next = n + 1;
    if (kind == OLD && tell) {
      old++;
      bytes += Bytes(path);
    }
  }
  closedir(d);
  if (old)
    fprintf(stderr, "costate: %s holds %d earlier run%s (%.3g GB), left alone\n", dir, old, old > 1 ? "s" : "",
            1e-9 * (double)bytes);
  return 0;
}

/* DIR, as an absolute path, and the first number that is free in it for a run. */
int CostateDirMake(CostateDisk *d, const char *dir, int *next, char *message)
{
  int err;

  if (!mkdir(dir, 0777)) {
    d->made_dir = PETSC_TRUE;
  } else if (errno != EEXIST) {
    err = errno;
    snprintf(message, COSTATE_MESSAGE, "The directory %.400s cannot be made: %s. %s", dir, strerror(err),
             err == ENOENT ? "Make the one above it, or name another one" : "Name another one");
    return err;
  }
  if (strlen(dir) > PETSC_MAX_PATH_LEN - 64 || !realpath(dir, d->dir)) {
    err = strlen(dir) > PETSC_MAX_PATH_LEN - 64 ? ENAMETOOLONG : errno;
    snprintf(message, COSTATE_MESSAGE, "The directory %.400s cannot be used: %s. Name another one", dir, strerror(err));
    return err;
  }
  err = DirScan(d->dir, (PetscBool)(d->rank == 0), next, message);
  if (err) return err;
  if (strlen(d->dir) > PETSC_MAX_PATH_LEN - 64) {
    snprintf(message, COSTATE_MESSAGE, "The path %.400s... is too long. Name another directory", d->dir);
    return ENAMETOOLONG;
  }
  return 0;
}

/* DIR/run-NNNN, with the first free number; or with exactly that, where it may be another rank's who was faster. */
int CostateRunMake(CostateDisk *d, int *number, PetscBool exact, char *message)
{
  int err;

  for (;; (*number)++) {
    char run[COSTATE_PATH];

    CostatePath(run, "%s/run-%04d", d->dir, *number);
    d->home = (PetscBool)!mkdir(run, 0777);
    if (d->home || (errno == EEXIST && exact)) {
      memcpy(d->run, run, PETSC_MAX_PATH_LEN);
      return 0;
    }
    if (errno == EEXIST) continue;
    err = errno;
    snprintf(message, COSTATE_MESSAGE, "The directory %.400s cannot be made: %s. Name another directory", run,
             strerror(err));
    return err;
  }
}

static void Unlink(const char *dir, const char *name)
{
  char path[COSTATE_PATH];

  CostatePath(path, "%s/%s", dir, name);
  unlink(path);
}

/* The data files of this group that were made after the commit that is gone on from: their names will be used again. */
void CostateSegmentsTrim(CostateDisk *d)
{
  struct dirent *e;
  DIR           *dir = opendir(d->run);

  while (dir && (e = readdir(dir))) {
    int       layout, group;
    const int number = CostateFileNumber(e->d_name, &layout, &group);

    if (number < 0 || layout != d->layout || group != (layout ? d->number : 0)) continue;
    if (number >= d->nsegments || !d->segment[number]->slots) Unlink(d->run, e->d_name);
  }
  if (dir) closedir(dir);
}

/* A run that another one has taken the place of, manifests first; what is none of ours stays. */
void CostateOldRemove(CostateDisk *d)
{
  static const char *const names[] = {"manifest-", "journal-", "states-", "layout.h5", "costate.json"};
  char                     was[PETSC_MAX_PATH_LEN];

  if (!d->old[0]) return;
  memcpy(was, d->old, sizeof(was));
  d->old[0] = 0;
  for (size_t i = 0; i < sizeof(names) / sizeof(names[0]) && d->rank == 0; i++) {
    struct dirent *e;
    DIR           *dir = opendir(was);

    while (dir && (e = readdir(dir))) {
      if (strncmp(e->d_name, names[i], strlen(names[i])) != 0) continue;
      COSTATE_FAILPOINT("removal of the old run");
      Unlink(was, e->d_name);
    }
    if (dir) closedir(dir);
  }
  if (d->rank == 0) rmdir(was);
  if (d->old_lock >= 0) close(d->old_lock);
  d->old_lock = -1;
}

/* Exactly what was made. */
void CostateSegmentsRemove(CostateDisk *d)
{
  if (!d->run[0]) return;
  for (PetscInt i = 0; i < d->nsegments; i++) unlink(d->segment[i]->path);
  if (d->rank == 0 && d->layout) Unlink(d->run, "states.h5");
  if (d->rank == 0 && d->mapped) Unlink(d->run, "layout.h5");
}

/* A directory that somebody put something into stays. */
void CostateRunRemove(CostateDisk *d)
{
  if (!d->run[0]) return;
  if (d->lock >= 0) Unlink(d->run, "costate.json");
  rmdir(d->run);
}
