/* SPDX-License-Identifier: BSD-2-Clause */
/* The ways in which bench/disk.c moves states to disk and back. */
#ifndef COSTATE_BENCH_WAYS_H
#define COSTATE_BENCH_WAYS_H

#include <fcntl.h>
#include <unistd.h>
#include <petscts.h>
#include <costate.h>
#include <costate/store.h>

#define WARM 1000 /* a frame that is there before the clock runs, so that buffers are */

typedef struct _n_Bench Bench;

typedef struct {
  const char *name;
  PetscBool   direct, raw;
  PetscErrorCode (*open)(Bench *);  /* what is not clocked */
  PetscErrorCode (*write)(Bench *); /* all states */
  PetscErrorCode (*turn)(Bench *);  /* between the two, not clocked; may be NULL */
  PetscErrorCode (*read)(Bench *);
  PetscErrorCode (*close)(Bench *);
} Kind;

struct _n_Bench {
  const Kind  *kind;
  PetscMPIInt  rank, size;
  char         dir[PETSC_MAX_PATH_LEN], path[PETSC_MAX_PATH_LEN + 8];
  PetscInt     n, states;
  size_t       bytes;
  Vec          u, v; /* what is written, what is read; both aligned to pages */
  int          fd;
  MPI_File     file;
  CostateStore disk, ram;
  TS           ts;
  TSTrajectory tj;
  PetscBool    stages; /* of PETSc's trajectory, too */
};

/* State k says so; no time is spent on making it. */
static PetscErrorCode Stamp(Bench *b, PetscInt k)
{
  PetscScalar *a;

  PetscFunctionBeginUser;
  PetscCall(VecGetArray(b->u, &a));
  a[b->n - 1] = k;
  PetscCall(VecRestoreArray(b->u, &a));
  PetscFunctionReturn(0);
}

static PetscErrorCode Check(Bench *b, PetscInt k)
{
  const PetscScalar *a;

  PetscFunctionBeginUser;
  PetscCall(VecGetArrayRead(b->v, &a));
  PetscCheck(PetscRealPart(a[b->n - 1]) == k, PETSC_COMM_SELF, PETSC_ERR_PLIB, "%s gave back another state than %d",
             b->kind->name, (int)k);
  PetscCall(VecRestoreArrayRead(b->v, &a));
  PetscFunctionReturn(0);
}

/* ---- raw, and MPI-IO, into one file with room for all ---- */

static PetscErrorCode OneFile(Bench *b, const char name[])
{
  PetscFunctionBeginUser;
  PetscCall(PetscSNPrintf(b->path, sizeof(b->path), "%s/%s", b->dir, name));
  if (b->rank == 0) {
    int fd = open(b->path, O_RDWR | O_CREAT | O_TRUNC, 0666);

    PetscCheck(fd >= 0 && !posix_fallocate(fd, 0, (off_t)b->bytes * b->size * b->states), PETSC_COMM_SELF,
               PETSC_ERR_FILE_OPEN, "%s cannot be made; name another directory (-dir)", b->path);
    close(fd);
  }
  PetscCallMPI(MPI_Barrier(PETSC_COMM_WORLD));
  PetscFunctionReturn(0);
}

static PetscErrorCode RawOpen(Bench *b)
{
  PetscFunctionBeginUser;
  PetscCall(OneFile(b, "raw"));
  b->fd = open(b->path, O_RDWR | (b->kind->direct ? O_DIRECT : 0));
  PetscCheck(b->fd >= 0, PETSC_COMM_SELF, PETSC_ERR_FILE_OPEN, "%s cannot be opened%s", b->path,
             b->kind->direct ? ": no O_DIRECT?" : "");
  PetscFunctionReturn(0);
}

static PetscErrorCode RawMove(Bench *b, PetscBool write)
{
  char *at;

  PetscFunctionBeginUser;
  for (PetscInt k = 0; k < b->states; k++) {
    const off_t offset = ((off_t)k * b->size + b->rank) * (off_t)b->bytes;

    if (write) PetscCall(Stamp(b, k));
    PetscCall(VecGetArray(write ? b->u : b->v, (PetscScalar **)&at));
    for (size_t done = 0; done < b->bytes;) {
      ssize_t moved = write ? pwrite(b->fd, at + done, b->bytes - done, offset + (off_t)done)
                            : pread(b->fd, at + done, b->bytes - done, offset + (off_t)done);

      PetscCheck(moved > 0, PETSC_COMM_SELF, PETSC_ERR_FILE_WRITE, "%s: moving failed", b->path);
      done += (size_t)moved;
    }
    PetscCall(VecRestoreArray(write ? b->u : b->v, (PetscScalar **)&at));
    if (!write) PetscCall(Check(b, k));
  }
  PetscFunctionReturn(0);
}

static PetscErrorCode RawWrite(Bench *b)
{
  return RawMove(b, PETSC_TRUE);
}

static PetscErrorCode RawRead(Bench *b)
{
  return RawMove(b, PETSC_FALSE);
}

static PetscErrorCode RawClose(Bench *b)
{
  PetscFunctionBeginUser;
  close(b->fd);
  PetscFunctionReturn(0);
}

static PetscErrorCode MpiOpen(Bench *b)
{
  PetscFunctionBeginUser;
  PetscCall(OneFile(b, "mpiio"));
  PetscCallMPI(MPI_File_open(PETSC_COMM_WORLD, b->path, MPI_MODE_RDWR, MPI_INFO_NULL, &b->file));
  PetscFunctionReturn(0);
}

static PetscErrorCode MpiMove(Bench *b, PetscBool write)
{
  PetscScalar *a;

  PetscFunctionBeginUser;
  for (PetscInt k = 0; k < b->states; k++) {
    const MPI_Offset offset = ((MPI_Offset)k * b->size + b->rank) * (MPI_Offset)b->bytes;

    if (write) PetscCall(Stamp(b, k));
    PetscCall(VecGetArray(write ? b->u : b->v, &a));
    PetscCallMPI(write ? MPI_File_write_at_all(b->file, offset, a, (int)b->n, MPIU_SCALAR, MPI_STATUS_IGNORE)
                       : MPI_File_read_at_all(b->file, offset, a, (int)b->n, MPIU_SCALAR, MPI_STATUS_IGNORE));
    PetscCall(VecRestoreArray(write ? b->u : b->v, &a));
    if (!write) PetscCall(Check(b, k));
  }
  PetscFunctionReturn(0);
}

static PetscErrorCode MpiWrite(Bench *b)
{
  return MpiMove(b, PETSC_TRUE);
}

static PetscErrorCode MpiRead(Bench *b)
{
  return MpiMove(b, PETSC_FALSE);
}

static PetscErrorCode MpiClose(Bench *b)
{
  PetscFunctionBeginUser;
  PetscCallMPI(MPI_File_close(&b->file));
  PetscFunctionReturn(0);
}

/* ---- Costate: from a Vec, or, as the trajectory does, from a state that is in memory ---- */

static PetscErrorCode StoreOpen(Bench *b)
{
  PetscFunctionBeginUser;
  PetscCall(PetscSNPrintf(b->path, sizeof(b->path), "%s/costate", b->dir));
  PetscCall(CostateStoreCreate(PETSC_COMM_WORLD, "hdf5", &b->disk));
  PetscCall(CostateStoreSetDirectory(b->disk, b->path));
  PetscCall(CostateStoreSetBehind(b->disk, PETSC_FALSE));
  PetscCall(CostateStoreSetDirect(b->disk, b->kind->direct));
  PetscCall(CostateStoreOpen(b->disk));
  PetscCall(CostateStorePutBegin(b->disk, WARM, 1, &b->u));
  PetscCall(CostateStorePutEnd(b->disk, WARM));
  PetscFunctionReturn(0);
}

static PetscErrorCode PutWrite(Bench *b)
{
  PetscFunctionBeginUser;
  for (PetscInt k = 0; k < b->states; k++) {
    PetscCall(Stamp(b, k));
    PetscCall(CostateStorePutBegin(b->disk, k, 1, &b->u));
    PetscCall(CostateStorePutEnd(b->disk, k));
  }
  PetscFunctionReturn(0);
}

static PetscErrorCode PutRead(Bench *b)
{
  PetscFunctionBeginUser;
  for (PetscInt k = 0; k < b->states; k++) {
    PetscCall(CostateStoreGetBegin(b->disk, k));
    PetscCall(CostateStoreGetEnd(b->disk, k, 1, &b->v));
    PetscCall(Check(b, k));
  }
  PetscFunctionReturn(0);
}

static PetscErrorCode CopyOpen(Bench *b)
{
  PetscFunctionBeginUser;
  PetscCall(StoreOpen(b));
  PetscCall(CostateStoreCreate(PETSC_COMM_WORLD, "ram", &b->ram));
  for (PetscInt k = 0; k < b->states; k++) {
    PetscCall(Stamp(b, k));
    PetscCall(CostateStorePutBegin(b->ram, k, 1, &b->u));
    PetscCall(CostateStorePutEnd(b->ram, k));
  }
  PetscFunctionReturn(0);
}

static PetscErrorCode CopyWrite(Bench *b)
{
  PetscFunctionBeginUser;
  for (PetscInt k = 0; k < b->states; k++) {
    PetscCall(CostateStoreCopyBegin(b->ram, b->disk, k));
    PetscCall(CostateStoreCopyEnd(b->ram, b->disk, k));
  }
  PetscFunctionReturn(0);
}

static PetscErrorCode CopyTurn(Bench *b)
{
  PetscFunctionBeginUser;
  for (PetscInt k = 0; k < b->states; k++) PetscCall(CostateStoreDrop(b->ram, k));
  PetscFunctionReturn(0);
}

static PetscErrorCode CopyRead(Bench *b)
{
  PetscFunctionBeginUser;
  for (PetscInt k = 0; k < b->states; k++) {
    PetscCall(CostateStoreCopyBegin(b->disk, b->ram, k));
    PetscCall(CostateStoreCopyEnd(b->disk, b->ram, k));
  }
  PetscFunctionReturn(0);
}

static PetscErrorCode StoreClose(Bench *b)
{
  PetscFunctionBeginUser;
  if (b->ram) {
    PetscCall(CostateStoreGetEnd(b->ram, b->states - 1, 1, &b->v));
    PetscCall(Check(b, b->states - 1));
    PetscCall(CostateStoreDestroy(&b->ram));
  }
  PetscCall(CostateStoreDestroy(&b->disk));
  PetscFunctionReturn(0);
}

/* ---- PETSc's trajectory: one file for each state, without the stages that it would write too, and with them ---- */

static PetscErrorCode Nothing(TS ts, PetscReal t, Vec U, Vec F, void *ctx)
{
  (void)ts;
  (void)t;
  (void)U;
  (void)ctx;
  return VecZeroEntries(F);
}

/* As a run with the classical Runge-Kutta method has it by default: four stages beside each state. */
static PetscErrorCode BasicStages(Bench *b)
{
  PetscFunctionBeginUser;
  PetscCall(TSSetRHSFunction(b->ts, NULL, Nothing, NULL));
  PetscCall(TSSetType(b->ts, TSRK));
  PetscCall(TSRKSetType(b->ts, TSRK4));
  PetscCall(TSSetTimeStep(b->ts, 1));
  PetscCall(TSSetUp(b->ts));
  PetscFunctionReturn(0);
}

static PetscErrorCode BasicOpen(Bench *b)
{
  PetscFunctionBeginUser;
  PetscCall(PetscSNPrintf(b->path, sizeof(b->path), "%s/basic", b->dir));
  PetscCall(TSCreate(PETSC_COMM_WORLD, &b->ts));
  PetscCall(TSSetSolution(b->ts, b->v));
  PetscCall(TSTrajectoryCreate(PETSC_COMM_WORLD, &b->tj));
  PetscCall(TSTrajectorySetType(b->tj, b->ts, TSTRAJECTORYBASIC));
  PetscCall(TSTrajectorySetSolutionOnly(b->tj, (PetscBool)!b->stages));
  if (b->stages) PetscCall(BasicStages(b));
  PetscCall(TSTrajectorySetDirname(b->tj, b->path));
  PetscCall(TSTrajectorySetUp(b->tj, b->ts));
  PetscCall(TSTrajectorySet(b->tj, b->ts, 0, 0, b->u));
  PetscFunctionReturn(0);
}

static PetscErrorCode BasicStagesOpen(Bench *b)
{
  PetscFunctionBeginUser;
  b->stages = PETSC_TRUE;
  PetscCall(BasicOpen(b));
  b->stages = PETSC_FALSE;
  PetscFunctionReturn(0);
}

static PetscErrorCode BasicWrite(Bench *b)
{
  PetscFunctionBeginUser;
  for (PetscInt k = 0; k < b->states; k++) {
    PetscCall(Stamp(b, k));
    PetscCall(TSTrajectorySet(b->tj, b->ts, k + 1, (PetscReal)k, b->u));
  }
  PetscFunctionReturn(0);
}

static PetscErrorCode BasicRead(Bench *b)
{
  PetscReal t;

  PetscFunctionBeginUser;
  for (PetscInt k = 0; k < b->states; k++) {
    PetscCall(TSTrajectoryGet(b->tj, b->ts, k + 1, &t));
    PetscCall(Check(b, k));
  }
  PetscFunctionReturn(0);
}

static PetscErrorCode BasicClose(Bench *b)
{
  PetscFunctionBeginUser;
  PetscCall(TSTrajectoryDestroy(&b->tj));
  PetscCall(TSDestroy(&b->ts));
  PetscFunctionReturn(0);
}

enum { RAW_BUFFERED, RAW_DIRECT, PUT_DIRECT, PUT_BUFFERED, COPY_DIRECT, COPY_BUFFERED, MPIIO, BASIC, BASIC_RK4, KINDS };

static const Kind kinds[KINDS] = {
    {"raw_buffered", PETSC_FALSE, PETSC_TRUE, RawOpen, RawWrite, NULL, RawRead, RawClose},
    {"raw_direct", PETSC_TRUE, PETSC_TRUE, RawOpen, RawWrite, NULL, RawRead, RawClose},
    {"put_direct", PETSC_TRUE, PETSC_FALSE, StoreOpen, PutWrite, NULL, PutRead, StoreClose},
    {"put_buffered", PETSC_FALSE, PETSC_FALSE, StoreOpen, PutWrite, NULL, PutRead, StoreClose},
    {"copy_direct", PETSC_TRUE, PETSC_FALSE, CopyOpen, CopyWrite, CopyTurn, CopyRead, StoreClose},
    {"copy_buffered", PETSC_FALSE, PETSC_FALSE, CopyOpen, CopyWrite, CopyTurn, CopyRead, StoreClose},
    {"mpiio", PETSC_FALSE, PETSC_FALSE, MpiOpen, MpiWrite, NULL, MpiRead, MpiClose},
    {"basic", PETSC_FALSE, PETSC_FALSE, BasicOpen, BasicWrite, NULL, BasicRead, BasicClose},
    {"basic_rk4", PETSC_FALSE, PETSC_FALSE, BasicStagesOpen, BasicWrite, NULL, BasicRead, BasicClose},
};

#endif
