/* SPDX-License-Identifier: BSD-2-Clause */
/*
  Which ranks share a file: all, those of a node, or none.  The first rank of such a group makes its files.  Where not
  all ranks share them, the directory of that name may be another one on each node: the first rank that comes to it
  makes a run-NNNN there, with the same number and a costate.json of its own, and removes it in the end.
*/
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>
#define XXH_INLINE_ALL
#include <xxhash.h>
#include "disk.h"

static PetscErrorCode GroupsSet(CostateDisk *d, MPI_Comm comm, PetscMPIInt colour)
{
  PetscMPIInt rank;

  PetscFunctionBegin;
  PetscCallMPI(MPI_Comm_split(comm, colour, d->rank, &d->group));
  PetscCallMPI(MPI_Comm_rank(d->group, &rank));
  d->leader = (PetscBool)(rank == 0);
  d->number = d->rank;
  PetscCallMPI(MPI_Bcast(&d->number, 1, MPI_INT, 0, d->group));
  PetscFunctionReturn(0);
}

/* The lowest rank on the node of this one; COSTATE_TEST_NODES=N pretends that there are N, to which ranks are dealt. */
static PetscErrorCode NodeOf(CostateStore s, PetscMPIInt *lowest)
{
  const CostateDisk *d       = (const CostateDisk *)s->data;
  const char        *pretend = getenv("COSTATE_TEST_NODES");
  int                n       = pretend ? atoi(pretend) : 0;
  MPI_Comm           node;

  PetscFunctionBegin;
  PetscCallMPI(MPI_Bcast(&n, 1, MPI_INT, 0, s->comm));
  *lowest = n > 0 ? d->rank % n : d->rank;
  if (n > 0) PetscFunctionReturn(0);
  PetscCallMPI(MPI_Comm_split_type(s->comm, MPI_COMM_TYPE_SHARED, d->rank, MPI_INFO_NULL, &node));
  PetscCallMPI(MPI_Bcast(lowest, 1, MPI_INT, 0, node));
  PetscCallMPI(MPI_Comm_free(&node));
  PetscFunctionReturn(0);
}

PetscErrorCode CostateGroupsMake(CostateStore s)
{
  CostateDisk *d      = (CostateDisk *)s->data;
  PetscMPIInt  colour = 0;

  PetscFunctionBegin;
  if (d->group != MPI_COMM_NULL) PetscFunctionReturn(0);
  d->layout = s->set.layout;
  if (d->layout == COSTATE_LAYOUT_NODE) PetscCall(NodeOf(s, &colour));
  if (d->layout == COSTATE_LAYOUT_RANK) colour = d->rank;
  PetscCall(GroupsSet(d, s->comm, colour));
  PetscFunctionReturn(0);
}

PetscErrorCode CostateGroupsFree(CostateDisk *d)
{
  PetscFunctionBegin;
  if (d->group != MPI_COMM_NULL) PetscCallMPI(MPI_Comm_free(&d->group));
  d->leader = d->home = PETSC_FALSE;
  PetscFunctionReturn(0);
}

/* Raises the sentence of the lowest rank that failed on all. */
PetscErrorCode CostateGroupAgree(CostateStore s, int err, char *message)
{
  PetscFunctionBegin;
  PetscCall(CostateAgree(s->comm, &err, message, COSTATE_MESSAGE, NULL));
  PetscCheck(!err, s->comm, PETSC_ERR_FILE_OPEN, "%s", message);
  PetscFunctionReturn(0);
}

/* costate.json, with the lock that tells a live run from one that is over. */
static int About(CostateStore s, CostateDisk *d, char *message)
{
  PetscInt  dims[3] = {0, 0, 0}, dof = 0;
  PetscBool is = PETSC_FALSE;
  int       err;

  if (CostateGridGet(s->set.grid, dims, &dof, &is)) dof = 0;
  err = CostateAboutWrite(s, d, dims, is ? dof : 0, message);
  if (!err && flock(d->lock, LOCK_EX | LOCK_NB)) errno = 0; /* without locks a live run counts as an earlier one */
  return err;
}

/* The id in the costate.json of a run, and whether the directory of the runs was made for it. */
static int AboutRead(const char *run, char id[COSTATE_ID], PetscBool *made)
{
  char  path[COSTATE_PATH], text[4096] = "", *at;
  FILE *f;

  CostatePath(path, "%s/costate.json", run);
  id[0] = 0;
  f     = fopen(path, "re");
  if (!f) return errno;
  if (!fgets(text, sizeof(text), f)) text[0] = 0;
  fclose(f);
  at = strstr(text, "\"id\": \"");
  if (at) snprintf(id, COSTATE_ID, "%.16s", at + strlen("\"id\": \""));
  *made = (PetscBool)(strstr(text, "\"directory\": \"made\"") != NULL);
  return id[0] ? 0 : EILSEQ;
}

static void NewId(CostateDisk *d)
{
  char            text[512];
  struct timespec now;

  clock_gettime(CLOCK_REALTIME, &now);
  snprintf(text, sizeof(text), "%ld.%09ld %ld ", (long)now.tv_sec, now.tv_nsec, (long)getpid());
  gethostname(text + strlen(text), 256);
  text[sizeof(text) - 1] = 0;
  snprintf(d->id, sizeof(d->id), "%016" PRIx64, (uint64_t)XXH3_64bits(text, strlen(text)));
}

/* The run's directory on the other nodes; there the first that comes makes it, and the others have to see that. */
static PetscErrorCode RunsElsewhere(CostateStore s, int number)
{
  CostateDisk *d                        = (CostateDisk *)s->data;
  char         message[COSTATE_MESSAGE] = "", id[COSTATE_ID];
  PetscBool    made;
  int          err = 0;

  PetscFunctionBegin;
  if (d->leader && d->rank) {
    err = CostateRunMake(d, &number, PETSC_TRUE, message);
    if (!err && d->home) err = About(s, d, message);
  }
  PetscCall(CostateGroupAgree(s, err, message));
  if (d->leader && !d->home && (AboutRead(d->run, id, &made) || strcmp(id, d->id) != 0)) {
    err = EEXIST;
    snprintf(message, sizeof(message),
             "The directory %.400s, as rank %d sees it, is another program's. Try again, or "
             "name another directory",
             d->run, (int)d->rank);
  }
  PetscCall(CostateGroupAgree(s, err, message));
  PetscFunctionReturn(0);
}

/* A new run, with the same number wherever its files are. */
PetscErrorCode CostateRunsMake(CostateStore s)
{
  CostateDisk *d                        = (CostateDisk *)s->data;
  const char  *dir                      = s->set.dir ? s->set.dir : "costate-store";
  char         message[COSTATE_MESSAGE] = "";
  int          err = 0, number = 1;

  PetscFunctionBegin;
  if (d->rank == 0) err = CostateDirMake(d, dir, &number, message);
  PetscCall(CostateGroupAgree(s, err, message));
  if (d->layout) {
    if (d->leader && d->rank) err = CostateDirMake(d, dir, &number, message);
    PetscCall(CostateGroupAgree(s, err, message));
    PetscCallMPI(MPI_Allreduce(MPI_IN_PLACE, &number, 1, MPI_INT, MPI_MAX, s->comm));
  }
  if (d->rank == 0) {
    NewId(d);
    err = CostateRunMake(d, &number, PETSC_FALSE, message);
    if (!err) err = About(s, d, message);
  }
  PetscCall(CostateGroupAgree(s, err, message));
  PetscCallMPI(MPI_Bcast(d->id, sizeof(d->id), MPI_CHAR, 0, s->comm));
  PetscCallMPI(MPI_Bcast(&number, 1, MPI_INT, 0, s->comm));
  if (d->layout) PetscCall(RunsElsewhere(s, number));
  PetscCallMPI(MPI_Bcast(d->dir, sizeof(d->dir), MPI_CHAR, 0, d->group));
  PetscCallMPI(MPI_Bcast(d->run, sizeof(d->run), MPI_CHAR, 0, d->group));
  PetscFunctionReturn(0);
}

/* The first line of this rank's journal: which group it belonged to. */
static int JournalHead(const CostateDisk *d, int *group, char *message)
{
  char           path[COSTATE_PATH], line[256];
  CostateJournal j = {0};
  FILE          *f;
  int            bad;

  CostatePath(path, "%s/journal-%05d.txt", d->run, (int)d->rank);
  f = fopen(path, "re");
  if (!f) {
    bad = errno;
    snprintf(message, COSTATE_MESSAGE, "The file %.400s cannot be read: %s", path, strerror(bad));
    return bad;
  }
  bad = !fgets(line, sizeof(line), f);
  fclose(f);
  if (!bad) bad = CostateJournalParse(line, strlen(line), &j);
  if (!bad) {
    bad    = j.version != COSTATE_FILE_VERSION || j.rank != d->rank || j.ranks != d->size || j.layout != d->layout;
    *group = j.group;
    CostateJournalFree(&j);
  }
  if (bad)
    snprintf(message, COSTATE_MESSAGE,
             "The file %.400s does not begin as a journal of rank %d in the layout '%s' "
             "does: it is damaged, or another one",
             path, (int)d->rank, CostateLayoutNames[d->layout]);
  return bad ? EILSEQ : 0;
}

/* The run of rank 0, where this rank is. */
static int RunHere(CostateStore s, int number, const char *id, PetscBool *made, char *message)
{
  CostateDisk *d                = (CostateDisk *)s->data;
  const char  *dir              = s->set.dir ? s->set.dir : "costate-store";
  char         mine[COSTATE_ID] = "", run[COSTATE_PATH], host[256] = "";
  int          err;

  if (!realpath(dir, d->dir) || strlen(d->dir) > PETSC_MAX_PATH_LEN - 64)
    snprintf(d->dir, sizeof(d->dir), "%.200s", dir);
  CostatePath(run, "%s/run-%04d", d->dir, number);
  memcpy(d->run, run, sizeof(d->run) - 1);
  err = AboutRead(d->run, mine, made);
  if (!err && strcmp(mine, id) != 0) err = ESTALE;
  if (!err) return 0;
  gethostname(host, sizeof(host) - 1);
  snprintf(message, COSTATE_MESSAGE,
           "Rank %d does not find its part of the run in %.400s on %.64s (%s). Resume it on the nodes where its files "
           "are, in the same order, or bring them there; or name another directory",
           (int)d->rank, d->run, host, err == ESTALE ? "there is another run" : strerror(err));
  return err;
}

/* Whoever gets the lock of a directory has its home there; a lock that another program holds is that of a live run. */
static PetscErrorCode Homes(CostateStore s, PetscBool made, int *err, char *message)
{
  CostateDisk *d = (CostateDisk *)s->data;
  char         path[COSTATE_PATH];
  struct stat  st;
  PetscInt64   mine, *held;
  PetscBool    found;
  int          fd = -1;

  PetscFunctionBegin;
  CostatePath(path, "%s/costate.json", d->run);
  memset(&st, 0, sizeof(st));
  if (d->leader && d->rank) {
    fd = open(path, O_RDWR | O_CLOEXEC);
    if (fd < 0) *err = errno;
    if (fd >= 0 && fstat(fd, &st)) *err = errno;
    if (fd >= 0 && !flock(fd, LOCK_EX | LOCK_NB)) {
      d->home     = PETSC_TRUE;
      d->made_dir = made;
      d->lock     = fd;
    } else if (fd >= 0)
      close(fd);
  } else if (d->rank == 0 && fstat(d->lock, &st))
    *err = errno;
  if (*err)
    snprintf(message, COSTATE_MESSAGE,
             "The run cannot be resumed: %.400s cannot be opened for writing on rank %d: %s. "
             "See to the permissions there, or name another directory",
             path, (int)d->rank, strerror(*err));
  PetscCall(PetscMalloc1(d->size, &held));
  mine = d->home ? (PetscInt64)st.st_ino : -1;
  PetscCallMPI(MPI_Allgather(&mine, 1, MPIU_INT64, held, 1, MPIU_INT64, s->comm));
  found = (PetscBool)(d->home || !d->leader);
  for (PetscMPIInt r = 0; r < d->size; r++) found = (PetscBool)(found || held[r] == (PetscInt64)st.st_ino);
  PetscCall(PetscFree(held));
  if (!found && !*err) {
    *err = EBUSY;
    snprintf(message, COSTATE_MESSAGE,
             "The run in %.400s cannot be resumed: as rank %d sees it, it is going on in another process. Wait for its "
             "end, or name another directory",
             d->run, (int)d->rank);
  }
  PetscFunctionReturn(0);
}

/* The directories of the run that rank 0 found, and the groups as they were. */
PetscErrorCode CostateRunsFind(CostateStore s, int *err, char *message)
{
  CostateDisk *d    = (CostateDisk *)s->data;
  PetscBool    made = PETSC_FALSE;
  int          number, group = 0;

  PetscFunctionBegin;
  *err      = 0;
  d->layout = s->set.layout;
  number    = CostateRunNumber(strrchr(d->run, '/') + 1);
  if (d->rank == 0) {
    d->home = PETSC_TRUE;
    *err    = AboutRead(d->run, d->id, &made);
    if (*err)
      snprintf(message, COSTATE_MESSAGE,
               "The file %.400s/costate.json is damaged. Bring it back, or name "
               "another directory",
               d->run);
  }
  if (d->layout == COSTATE_LAYOUT_SHARED) {
    *err       = 0; /* nothing of it is needed */
    message[0] = 0;
    PetscCall(GroupsSet(d, s->comm, 0));
    PetscFunctionReturn(0);
  }
  PetscCallMPI(MPI_Bcast(d->id, sizeof(d->id), MPI_CHAR, 0, s->comm));
  PetscCall(CostateAgree(s->comm, err, message, COSTATE_MESSAGE, NULL));
  if (*err) PetscFunctionReturn(0);
  if (d->rank) *err = RunHere(s, number, d->id, &made, message);
  PetscCall(CostateAgree(s->comm, err, message, COSTATE_MESSAGE, NULL));
  if (*err) PetscFunctionReturn(0);
  *err = JournalHead(d, &group, message);
  PetscCall(CostateAgree(s->comm, err, message, COSTATE_MESSAGE, NULL));
  if (*err) PetscFunctionReturn(0);
  PetscCall(GroupsSet(d, s->comm, group));
  if (d->number != group) {
    *err = EILSEQ;
    snprintf(message, COSTATE_MESSAGE, "The journals in %.400s do not agree about who shares files", d->run);
  }
  PetscCall(Homes(s, made, err, message));
  PetscCall(CostateAgree(s->comm, err, message, COSTATE_MESSAGE, NULL));
  PetscFunctionReturn(0);
}

/* A number for how the vectors of a frame are divided among the ranks, the same on all. */
PetscErrorCode CostateDivision(CostateStore s, PetscInt nblocks, const CostateBlock *block, PetscInt64 *mark)
{
  const CostateDisk *d = (const CostateDisk *)s->data;
  XXH64_hash_t       h = XXH3_64bits(&d->rank, sizeof(d->rank));

  PetscFunctionBegin;
  for (PetscInt i = 0; i < nblocks; i++) h = XXH3_64bits_withSeed(&block[i].bytes, sizeof(block[i].bytes), h);
  *mark = (PetscInt64)(h >> 1);
  PetscCallMPI(MPI_Allreduce(MPI_IN_PLACE, mark, 1, MPIU_INT64, MPI_BXOR, s->comm));
  *mark |= 1;
  PetscFunctionReturn(0);
}

/* The lengths of the data sets, and the place of this rank in them. */
PetscErrorCode CostateSegmentDivide(CostateDisk *d, CostateSegment *seg)
{
  PetscInt64 *count;

  PetscFunctionBegin;
  if (d->layout == COSTATE_LAYOUT_SHARED) PetscFunctionReturn(0);
  PetscCall(PetscMalloc1(seg->nblocks, &count));
  for (PetscInt i = 0; i < seg->nblocks; i++) count[i] = seg->shape[i].bytes / (PetscInt64)sizeof(PetscScalar);
  PetscCallMPI(MPI_Scan(count, seg->place, (PetscMPIInt)seg->nblocks, MPIU_INT64, MPI_SUM, d->group));
  PetscCallMPI(MPI_Allreduce(count, seg->length, (PetscMPIInt)seg->nblocks, MPIU_INT64, MPI_SUM, d->group));
  for (PetscInt i = 0; i < seg->nblocks; i++) seg->place[i] -= count[i];
  PetscCall(PetscFree(count));
  PetscFunctionReturn(0);
}
