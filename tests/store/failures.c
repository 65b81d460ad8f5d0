/* SPDX-License-Identifier: BSD-2-Clause */
/* ranks: 1 2 3 */
/*
  What goes wrong with a store on disk, on one rank or on all, is one sentence on every rank that says what happened and
  what to do, and no hang; the store goes on where that makes sense.  Directories are refused before a run, and nothing
  is ever removed that was not made here.
*/
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include "vecs.h"

static Vec v[1];

static PetscErrorCode Put(CostateStore s, PetscInt64 key)
{
  PetscFunctionBeginUser;
  PetscCall(Pattern(v[0], (uint64_t)key, NULL));
  PetscCall(CostateStoreSetLabel(s, key, 0.5 * (int)key, "state"));
  PetscCall(CostateStorePutBegin(s, key, 1, v));
  PetscFunctionReturn(0);
}

static PetscErrorCode Get(CostateStore s, PetscInt64 key, PetscBool *same)
{
  PetscFunctionBeginUser;
  *same = PETSC_TRUE;
  PetscCall(CostateStoreGetEnd(s, key, 1, v));
  PetscCall(Pattern(v[0], (uint64_t)key, same));
  PetscCall(All(same));
  PetscFunctionReturn(0);
}

/* A write, and a read, that fails on the last rank. */
static PetscErrorCode Writes(PetscBool behind)
{
  const char    *how = behind ? "behind" : "waiting";
  CostateStore   s, ram;
  PetscErrorCode err;
  PetscBool      has, held, same;
  char           where[32];

  PetscFunctionBeginUser;
  snprintf(where, sizeof(where), "rank %d ", size - 1);
  PetscCall(Disk("disk", behind, &s));
  PetscCall(CostateStoreCreate(PETSC_COMM_WORLD, "ram", &ram));
  fail_rank  = size - 1;
  fail_errno = ENOSPC;
  fail_key   = 2;
  for (PetscInt64 key = 1; key < 4; key++) PetscCall(Put(s, key));
  PetscCall(CostateStorePutEnd(s, 1));
  EXPECT(&err, CostateStorePutEnd(s, 2));
  T_OK(err == PETSC_ERR_FILE_WRITE && strstr(said, strerror(ENOSPC)) && strstr(said, where) &&
           strstr(said, "frame 2 (state of step 2, t = 1)") && strstr(said, "the file of this test") &&
           strstr(said, "name another directory"),
       "%s: a full disk on one rank is the same error on all, which says where and what to do", how);
  PetscCall(CostateStorePutEnd(s, 3));
  PetscCall(CostateStoreHas(s, 2, &has));
  fail_key = -1;
  PetscCall(Put(s, 2));
  PetscCall(CostateStorePutEnd(s, 2));
  PetscCall(Get(s, 2, &same));
  T_OK(!has && same, "%s: the frame is not held, and may be put again", how);

  PetscCall(Put(ram, 5));
  fail_key = 5;
  PetscCall(CostateStoreCopyBegin(ram, s, 5));
  EXPECT(&err, CostateStoreCopyEnd(ram, s, 5));
  PetscCall(CostateStoreHas(s, 5, &has));
  PetscCall(Get(ram, 5, &same));
  T_OK(err == PETSC_ERR_FILE_WRITE && said[0] && !has && same, "%s: a copy that fails leaves its source alone", how);

  fail_key   = 3;
  fail_errno = EIO;
  PetscCall(CostateStoreGetBegin(s, 3));
  EXPECT(&err, CostateStoreGetEnd(s, 3, 1, v));
  T_OK(err == PETSC_ERR_FILE_READ && strstr(said, strerror(EIO)) && strstr(said, where) && strstr(said, "frame 3"),
       "%s: a read that fails on one rank is the same error on all", how);
  PetscCall(CostateStoreCopyBegin(s, ram, 3));
  EXPECT(&err, CostateStoreCopyEnd(s, ram, 3));
  PetscCall(CostateStoreHas(ram, 3, &has));
  fail_key = -1;
  PetscCall(Get(s, 3, &held));
  T_OK(err == PETSC_ERR_FILE_READ && said[0] && !has && held, "%s: and may be tried again", how);
  fail_key   = 6;
  fail_errno = ENOSPC;
  PetscCall(Put(s, 6));
  EXPECT(&err, CostateStoreDestroy(&s));
  T_OK(!err && !s && access("disk", F_OK), "%s: nobody asks how the last write went of files that go", how);
  PetscCall(Disk(behind ? "kept-behind" : "kept", behind, &s));
  s->set.keep = PETSC_TRUE;
  PetscCall(Put(s, 6));
  EXPECT(&err, CostateStoreDestroy(&s));
  T_OK(err == PETSC_ERR_FILE_WRITE && said[0] && !s, "%s: the last write of files that stay fails as loudly", how);
  fail_key = -1;
  PetscCall(CostateStoreDestroy(&ram));
  PetscFunctionReturn(0);
}

/* Flips a bit of what the last rank wrote: of its first number in slot 0 of the first file. */
static PetscErrorCode Flip(void)
{
  char               buffer[1 << 20], *at = NULL;
  const PetscScalar *a;
  ssize_t            n;
  int                fd;

  PetscFunctionBeginUser;
  if (rank == size - 1) {
    PetscCall(VecGetArrayRead(v[0], &a));
    fd = open("disk/run-0001/states-0000.h5", O_RDWR);
    n  = read(fd, buffer, sizeof(buffer));
    for (ssize_t i = 0; i + 64 <= n && !at; i++)
      if (!memcmp(buffer + i, a, 64)) at = buffer + i;
    PetscCall(VecRestoreArrayRead(v[0], &a));
    if (at) {
      *at ^= 1;
      if (pwrite(fd, at, 1, at - buffer) != 1) at = NULL;
    }
    close(fd);
    PetscCheck(at, PETSC_COMM_SELF, PETSC_ERR_PLIB, "the numbers are not in the file");
  }
  PetscCallMPI(MPI_Barrier(PETSC_COMM_WORLD));
  PetscFunctionReturn(0);
}

static PetscErrorCode Damage(PetscBool direct)
{
  CostateStore   s;
  PetscErrorCode err;
  PetscBool      same;

  PetscFunctionBeginUser;
  PetscCall(Disk("disk", PETSC_FALSE, &s));
  PetscCall(CostateStoreSetDirect(s, direct));
  for (PetscInt64 key = 2; key; key--) {
    PetscCall(Put(s, key));
    PetscCall(CostateStorePutEnd(s, key));
  }
  PetscCall(Pattern(v[0], 2, NULL));
  PetscCall(Flip());
  EXPECT(&err, CostateStoreGetEnd(s, 2, 1, v));
  PetscCall(Get(s, 1, &same));
  T_OK(err == PETSC_ERR_FILE_READ && strstr(said, "not those that were written") && strstr(said, "slot 0 in") &&
           strstr(said, "states-0000.h5 is damaged") && same,
       "%s: one flipped bit on one rank is found, and named on all", direct ? "direct" : "buffered");
  PetscCall(CostateStoreDestroy(&s));
  PetscFunctionReturn(0);
}

static off_t Size(const char path[])
{
  struct stat st;

  return stat(path, &st) ? -1 : st.st_size;
}

/* 4 slots first, then as many as the limit leaves; slots of dropped frames are used again. */
static PetscErrorCode Limit(void)
{
  CostateStore   s;
  PetscErrorCode err;
  PetscBool      same = PETSC_TRUE, one;

  PetscFunctionBeginUser;
  PetscCall(Disk("disk", PETSC_TRUE, &s));
  PetscCall(CostateStoreSetLimit(s, 6));
  for (PetscInt64 key = 0; key < 6; key++) PetscCall(Put(s, key));
  EXPECT(&err, Put(s, 6));
  T_OK(err == PETSC_ERR_ARG_OUTOFRANGE && strstr(said, "one more than the 6"), "a frame beyond the limit is refused");
  for (PetscInt64 key = 6; key < 30; key++) {
    PetscCall(CostateStoreDrop(s, key * 5 % 6 + (key / 6 - 1) * 6)); /* one of the six before it, in another order */
    PetscCall(Put(s, key));
  }
  PetscCall(CostateStoreSync(s));
  for (PetscInt64 key = 24; key < 30; key++) {
    PetscCall(Get(s, key, &one));
    if (!one) same = PETSC_FALSE;
  }
  one = (PetscBool)(s->frames == 6 && Size("disk/run-0001/states-0001.h5") < Size("disk/run-0001/states-0000.h5") &&
                    access("disk/run-0001/states-0002.h5", F_OK));
  PetscCall(All(&one));
  T_OK(same && one, "slots of dropped frames are used again, and no more disk is taken than the limit needs");
  PetscCall(CostateStoreDestroy(&s));
  PetscFunctionReturn(0);
}

static PetscErrorCode Refused(const char dir[], const char words[], const char what[])
{
  CostateStore   s;
  PetscErrorCode err, again;
  PetscBool      right;

  PetscFunctionBeginUser;
  PetscCall(Disk(dir, PETSC_TRUE, &s));
  EXPECT(&err, CostateStoreOpen(s));
  right = (PetscBool)(err == PETSC_ERR_FILE_OPEN && strstr(said, words));
  EXPECT(&again, Put(s, 1));
  T_OK(right && again && said[0], "%s is refused before the run", what);
  PetscCall(CostateStoreDestroy(&s));
  PetscFunctionReturn(0);
}

static void Touch(const char path[])
{
  if (rank == 0) close(open(path, O_WRONLY | O_CREAT, 0666));
  (void)MPI_Barrier(PETSC_COMM_WORLD);
}

static PetscErrorCode Directories(void)
{
  CostateStore s[3];
  PetscBool    there;
  char         line[256] = "";
  int          err, fd;
  ssize_t      n;

  PetscFunctionBeginUser;
  PetscCall(Refused("no/disk", "Make the one above it", "a directory below one that is not there"));
  Touch("file");
  PetscCall(Refused("file", "Not a directory", "a file"));
  PetscCall(Refused("file/disk", "Not a directory", "a directory below a file"));
  if (rank == 0) mkdir("mine", 0777);
  Touch("mine/thesis.tex");
  PetscCall(Refused("mine", "holds 'thesis.tex'", "a directory with something else in it"));
  if (rank == 0) mkdir("own", 0777);
  if (rank == 0) mkdir("own/run-0001", 0777);
  Touch("own/run-0001/data");
  PetscCall(Refused("own", "holds 'run-0001'", "a directory whose run-0001 is not ours"));
  T_OK(!access("mine/thesis.tex", F_OK) && !access("own/run-0001/data", F_OK), "and nothing there is touched");

  PetscCall(Disk("disk", PETSC_TRUE, &s[0]));
  PetscCall(CostateStoreSetKeep(s[0], PETSC_TRUE));
  PetscCall(Put(s[0], 1));
  PetscCall(CostateStoreDestroy(&s[0]));
  fflush(stderr);
  err = dup(2); /* what is said there is looked at */
  fd  = open(rank ? "/dev/null" : "said", O_RDWR | O_CREAT | O_TRUNC, 0666);
  dup2(fd, 2);
  for (int i = 1; i < 3; i++) {
    PetscCall(Disk("disk", PETSC_TRUE, &s[i]));
    PetscCall(CostateStoreOpen(s[i]));
    PetscCall(Put(s[i], i));
  }
  fflush(stderr);
  dup2(err, 2);
  n = pread(fd, line, sizeof(line) - 1, 0);
  T_OK(n > 0 && strstr(line, "disk holds 1 earlier run (") && strstr(line, "left alone") && !strstr(line, "2 earlier"),
       "earlier runs are said to be left alone, and runs that go on are not among them");
  PetscCallMPI(MPI_Barrier(PETSC_COMM_WORLD));
  there = (PetscBool)(!access("disk/run-0002/states-0000.h5", F_OK) && !access("disk/run-0003/states-0000.h5", F_OK));
  PetscCallMPI(MPI_Barrier(PETSC_COMM_WORLD));
  Touch("disk/run-0002/notes");
  PetscCall(CostateStoreDestroy(&s[1]));
  PetscCall(CostateStoreDestroy(&s[2]));
  PetscCallMPI(MPI_Barrier(PETSC_COMM_WORLD));
  T_OK(there && !access("disk/run-0001/states-0000.h5", F_OK) && access("disk/run-0003", F_OK),
       "two stores side by side in a directory with an earlier run; what they made is gone, and that run is not");
  T_OK(!access("disk/run-0002/notes", F_OK) && access("disk/run-0002/states-0000.h5", F_OK),
       "what somebody put beside it stays");
  close(err);
  close(fd);
  PetscFunctionReturn(0);
}

/* A file system in memory, which may refuse O_DIRECT. */
static PetscErrorCode Memory(void)
{
  CostateStore   s;
  CostateStoreIO io;
  PetscBool      same;
  char           dir[64];
  int            id = (int)getpid(), fd, refuses;

  PetscFunctionBeginUser;
  PetscCallMPI(MPI_Bcast(&id, 1, MPI_INT, 0, PETSC_COMM_WORLD));
  snprintf(dir, sizeof(dir), "%s/costate-%d", access("/dev/shm", W_OK) ? "." : "/dev/shm", id);
  PetscCall(Disk(dir, PETSC_TRUE, &s));
  PetscCall(CostateStoreOpen(s));
  strcat(dir, "/run-0001/costate.json");
  fd      = open(dir, O_RDONLY | O_DIRECT);
  refuses = fd < 0;
  if (fd >= 0) close(fd);
  PetscCall(Put(s, 1));
  PetscCall(Get(s, 1, &same));
  PetscCall(CostateStoreGetIO(s, &io));
  T_OK(same && (refuses ? !io.direct : 1), "a file system that %s O_DIRECT serves too", refuses ? "refuses" : "takes");
  PetscCall(CostateStoreDestroy(&s));
  PetscFunctionReturn(0);
}

int main(int argc, char **argv)
{
  PetscCall(Start(&argc, &argv));
  if (rank == 0) plan(28);
  PetscCall(Create(9000, PETSC_FALSE, &v[0]));
  PetscCall(Writes(PETSC_TRUE));
  PetscCall(Writes(PETSC_FALSE));
  PetscCall(Damage(PETSC_TRUE));
  PetscCall(Damage(PETSC_FALSE));
  PetscCall(Limit());
  PetscCall(Directories());
  PetscCall(Memory());
  PetscCall(VecDestroy(&v[0]));
  PetscCall(PetscFinalize());
  return done();
}
