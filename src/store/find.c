/* SPDX-License-Identifier: BSD-2-Clause */
/* Which run can be resumed, as rank 0 finds it: the newest one of this owner that no process holds. */
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>
#include "disk.h"

void CostateCandidatesFree(int n, CostateCandidate *c)
{
  for (int i = 0; i < n; i++) free(c[i].text);
  free(c);
}

static int Descending(const void *p, const void *q)
{
  const CostateCandidate *a = (const CostateCandidate *)p, *b = (const CostateCandidate *)q;

  return a->number < b->number ? 1 : a->number > b->number ? -1 : 0;
}

/* A whole file; NULL and errno where it cannot be read. */
static char *Slurp(const char *path, size_t *length)
{
  struct stat st;
  char       *text = NULL;
  int         fd = open(path, O_RDONLY | O_CLOEXEC), err = 0;

  if (fd < 0) return NULL;
  if (fstat(fd, &st) || !(text = (char *)malloc((size_t)st.st_size + 1))) err = errno;
  if (!err) err = CostateRawMove(fd, text, (PetscInt64)st.st_size, 0, PETSC_FALSE);
  close(fd);
  if (err) {
    free(text);
    errno = err;
    return NULL;
  }
  *length = (size_t)st.st_size;
  return text;
}

/* The things in a directory that `number` knows, the greatest first; how many, or -1 and errno. */
static int List(const char *dir, int (*number)(const char *, PetscInt64 *), CostateCandidate **list)
{
  CostateCandidate *c = NULL, *more;
  int               n = 0, err = 0;
  struct dirent    *e;
  DIR              *d = opendir(dir);

  *list = NULL;
  if (!d) return -1;
  while (!err && (e = readdir(d))) {
    PetscInt64 i;

    if (number(e->d_name, &i)) continue;
    more = (CostateCandidate *)realloc(c, (size_t)(n + 1) * sizeof(*c));
    if (!more) err = ENOMEM;
    if (more) (c = more)[n++] = (CostateCandidate){i, NULL, 0};
  }
  closedir(d);
  if (err) {
    free(c);
    errno = err;
    return -1;
  }
  if (n) qsort(c, (size_t)n, sizeof(*c), Descending);
  *list = c;
  return n;
}

static int IsRun(const char *name, PetscInt64 *number)
{
  *number = CostateRunNumber(name);
  return *number < 0;
}

static int IsManifest(const char *name, PetscInt64 *number)
{
  return CostateManifestNumber(name, ".txt", number);
}

/* A run with its manifests, and what keeps it from being written to. */
typedef struct {
  char              dir[COSTATE_PATH], owner[COSTATE_PARSE_OWNER + 1];
  int               lock, live, err; /* err: of opening costate.json for writing */
  int               n, whole;        /* manifests, and how many of them are not damaged */
  CostateCandidate *manifest;
} Run;

static void RunClose(Run *r)
{
  if (r->lock >= 0) close(r->lock);
  CostateCandidatesFree(r->n, r->manifest);
}

/* The manifests, whose files a run that is going on may take away at any time. */
static int RunRead(Run *r)
{
  char path[COSTATE_PATH];

  CostateCandidatesFree(r->n, r->manifest);
  r->whole    = 0;
  r->owner[0] = 0;
  r->n        = List(r->dir, IsManifest, &r->manifest);
  if (r->n < 0) {
    r->n = 0;
    return errno;
  }
  for (int i = 0; i < r->n; i++) {
    CostateCandidate *c = &r->manifest[i];
    CostateManifest   m = {0};
    int               err;

    CostatePath(path, "%s/manifest-%06" PRId64 ".txt", r->dir, (int64_t)c->number);
    c->text = Slurp(path, &c->length);
    err     = c->text ? CostateManifestParse(c->text, c->length, &m) : errno;
    if (!err && m.generation != c->number) err = EILSEQ; /* it was given another name */
    if (!err || err == ENOTSUP) {
      if (!r->whole++) memcpy(r->owner, m.owner, sizeof(r->owner));
    } else {
      free(c->text);
      c->text = NULL;
    }
    CostateManifestFree(&m);
  }
  return 0;
}

static int RunOpen(const char *dir, PetscInt64 number, Run *r)
{
  memset(r, 0, sizeof(*r));
  r->lock = -1;
  CostatePath(r->dir, "%s/run-%04d", dir, (int)number);
  return RunRead(r);
}

/* So that nobody else goes on with it; what another process holds is live. */
static int RunLock(Run *r)
{
  char path[COSTATE_PATH];

  CostatePath(path, "%s/costate.json", r->dir);
  r->lock = open(path, O_RDWR | O_CLOEXEC);
  if (r->lock < 0) r->err = errno;
  if (r->lock >= 0 && flock(r->lock, LOCK_EX | LOCK_NB)) r->live = errno == EWOULDBLOCK;
  return r->live ? 0 : RunRead(r);
}

/* By the owner; where all manifests are damaged nobody knows it, and it may be ours. */
static int RunMatches(const Run *r, const char *owner)
{
  return r->n && (!r->whole || !strcmp(r->owner, owner ? owner : ""));
}

/* What keeps this program from going on with a run of its owner; 0 if nothing does. */
static int RunRefuse(const CostateDisk *d, const CostateStoreSettings *set, const Run *r, char *message)
{
  const int         layout   = set->layout;
  static const char advice[] = "Resume it with a program like the one that wrote it, or name another directory";
  CostateManifest   m        = {0};
  char              scalar[16];
  int               i = 0, err;

  if (r->err) {
    snprintf(message, COSTATE_MESSAGE,
             "The run in %.400s cannot be resumed: its file costate.json cannot be opened for writing: %s. See to the "
             "permissions there, or name another directory",
             r->dir, strerror(r->err));
    return r->err;
  }
  if (!r->whole) {
    snprintf(message, COSTATE_MESSAGE,
             "The run in %.400s cannot be resumed: all of its manifests are damaged, manifest-%06" PRId64 ".txt to "
             "manifest-%06" PRId64 ".txt. Bring them back, or name another directory",
             r->dir, (int64_t)r->manifest[r->n - 1].number, (int64_t)r->manifest[0].number);
    return EILSEQ;
  }
  while (!r->manifest[i].text) i++;
  err = CostateManifestParse(r->manifest[i].text, r->manifest[i].length, &m);
  snprintf(scalar, sizeof(scalar), "%s%d", COSTATE_SCALAR_KIND, (int)sizeof(PetscReal));
  if (err == ENOTSUP)
    snprintf(message, COSTATE_MESSAGE,
             "The run in %.400s has version %d of the format, and this program goes on with version %d only. %s",
             r->dir, m.version, COSTATE_FILE_VERSION, advice);
  else if (m.ranks != d->size && CostateRegroupable(set, m.layout))
    snprintf(message, COSTATE_MESSAGE,
             "The run in %.400s was written by %d ranks, and these are %d; it cannot be divided in another way because "
             "%s. Resume it on %d, or name another directory",
             r->dir, m.ranks, (int)d->size, CostateRegroupable(set, m.layout), m.ranks);
  else if (strcmp(m.scalar, scalar) != 0)
    snprintf(message, COSTATE_MESSAGE, "The run in %.400s has scalars of type %s, and those of this PETSc are %s. %s",
             r->dir, m.scalar, scalar, advice);
  else if (m.integer != (int)sizeof(PetscInt))
    snprintf(message, COSTATE_MESSAGE,
             "The run in %.400s was written with integers (PetscInt) of %d bytes, and this PETSc has %d. %s", r->dir,
             m.integer, (int)sizeof(PetscInt), advice);
  else if (strcmp(m.layout, CostateLayoutNames[layout]) != 0)
    snprintf(message, COSTATE_MESSAGE,
             "The run in %.400s has its files in the layout '%s', and this program asks for '%s'. Ask for '%s', or "
             "name another directory",
             r->dir, m.layout, CostateLayoutNames[layout], m.layout);
  else {
    CostateManifestFree(&m);
    return 0;
  }
  CostateManifestFree(&m);
  return EINVAL;
}

static void Take(CostateDisk *d, Run *r, PetscInt64 before, int *n, CostateCandidate **c)
{
  int left = 0;

  for (int i = 0; i < r->n; i++) {
    CostateCandidate *m = &r->manifest[i];

    if (before && m->number >= before) {
      free(m->text);
      m->text = NULL;
    } else
      left += m->text != NULL;
  }
  if (!left) return;
  memcpy(d->run, r->dir, sizeof(d->run) - 1);
  d->lock     = r->lock;
  *n          = r->n;
  *c          = r->manifest;
  r->lock     = -1;
  r->n        = 0;
  r->manifest = NULL;
}

/*
  The manifests of the run to go on with, newest first: *n is 0 where there is none.  The disk then has its directory
  and its lock.
*/
int CostateRunFind(CostateDisk *d, const CostateStoreSettings *set, PetscInt64 before, int *n, CostateCandidate **c,
                   char *message)
{
  const char       *dir                = set->dir ? set->dir : "costate-store";
  char              live[COSTATE_PATH] = "";
  CostateCandidate *runs               = NULL;
  int               err = 0, nruns, found = 0;

  *n = 0;
  *c = NULL;
  if (strlen(dir) > PETSC_MAX_PATH_LEN - 64 || !realpath(dir, d->dir)) return 0; /* Open says what is wrong with it */
  if (strlen(d->dir) > PETSC_MAX_PATH_LEN - 64) return 0;
  nruns = List(d->dir, IsRun, &runs);
  if (nruns < 0) {
    err = errno;
    snprintf(message, COSTATE_MESSAGE, "The directory %.400s cannot be read: %s. Name another one", dir, strerror(err));
    return err;
  }
  for (int i = 0; i < nruns && !err && !found; i++) {
    Run r;

    err = RunOpen(d->dir, runs[i].number, &r);
    if (!err && RunMatches(&r, set->owner)) err = RunLock(&r);
    if (err)
      snprintf(message, COSTATE_MESSAGE, "The run in %.400s cannot be read: %s. Name another directory", r.dir,
               strerror(err));
    if (!err && r.live && r.whole && !live[0]) memcpy(live, r.dir, sizeof(live));
    if (!err && !r.live && RunMatches(&r, set->owner)) {
      found = 1;
      err   = RunRefuse(d, set, &r, message);
      if (!err) Take(d, &r, before, n, c);
    }
    RunClose(&r);
  }
  free(runs);
  if (err || found || !live[0]) return err;
  snprintf(message, COSTATE_MESSAGE,
           "The run in %.400s cannot be resumed: it is going on in another process. Wait for its end, or name another "
           "directory",
           live);
  return EBUSY;
}

/*@C
  CostateStoreResumable - Whose the newest run in a directory is that could be resumed

  Collective

  Input Parameters:
+ comm   - the communicator
. dir    - the directory, as for `CostateStoreSetDirectory()`
- length - room in `owner`

  Output Parameter:
. owner - as it was given to `CostateStoreSetOwner()`; empty where there is no such run

  Level: developer

.seealso: `CostateStoreResume()`, `CostateStoreSetOwner()`
@*/
PetscErrorCode CostateStoreResumable(MPI_Comm comm, const char dir[], char owner[], size_t length)
{
  PetscMPIInt rank;
  char        found[COSTATE_PARSE_OWNER + 1] = "";

  PetscFunctionBegin;
  PetscCallMPI(MPI_Comm_rank(comm, &rank));
  if (rank == 0) {
    CostateCandidate *runs = NULL;
    int               n = List(dir, IsRun, &runs), done = 0;

    for (int i = 0; i < n && !done; i++) {
      Run r;

      if (!RunOpen(dir, runs[i].number, &r) && r.whole && !RunLock(&r) && !r.live && r.whole) {
        memcpy(found, r.owner, sizeof(found));
        done = 1;
      }
      RunClose(&r);
    }
    free(runs);
  }
  PetscCallMPI(MPI_Bcast(found, (PetscMPIInt)sizeof(found), MPI_CHAR, 0, comm));
  PetscCall(PetscStrncpy(owner, found, length));
  PetscFunctionReturn(0);
}
