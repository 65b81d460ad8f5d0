/* SPDX-License-Identifier: BSD-2-Clause */
/* ranks: 1 2 3 */
/*
  What is kept on disk is read again without PETSc's vectors, on one rank: labels, numbers in natural order, frames that
  superseded others; and it says what is damaged or not complete.
*/
#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <petscdmda.h>
#include <costate/archive.h>
#include "vecs.h"

#define M      13
#define N      7
#define DOF    3
#define FRAMES 9

static CostateArchive      a;
static CostateArchiveInfo  info;
static CostateArchiveFrame frame;

/* An entry says where it belongs: its natural number, and the step. */
static PetscErrorCode Fill(DM dm, PetscInt step, Vec u)
{
  PetscScalar ***x;
  PetscInt       xs, ys, xm, ym;

  PetscFunctionBeginUser;
  PetscCall(DMDAGetCorners(dm, &xs, &ys, NULL, &xm, &ym, NULL));
  PetscCall(DMDAVecGetArrayDOF(dm, u, &x));
  for (PetscInt j = ys; j < ys + ym; j++)
    for (PetscInt i = xs; i < xs + xm; i++)
      for (PetscInt c = 0; c < DOF; c++) x[j][i][c] = 1000 * step + (j * M + i) * DOF + c;
  PetscCall(DMDAVecRestoreArrayDOF(dm, u, &x));
  PetscFunctionReturn(0);
}

/* What a kill at this moment would leave of the run in `dir`, to `to`. */
static void Photograph(const char dir[], const char to[])
{
  static char    buffer[1 << 20];
  char           path[320];
  struct dirent *e;
  DIR           *d;
  ssize_t        n;
  int            fd;

  mkdir(to, 0777);
  snprintf(path, sizeof(path), "%s/run-0001", to);
  mkdir(path, 0777);
  snprintf(path, sizeof(path), "%s/run-0001", dir);
  d = opendir(path);
  while ((e = readdir(d))) {
    if (e->d_name[0] == '.') continue;
    snprintf(path, sizeof(path), "%s/run-0001/%s", dir, e->d_name);
    fd = open(path, O_RDONLY);
    n  = read(fd, buffer, sizeof(buffer));
    close(fd);
    snprintf(path, sizeof(path), "%s/run-0001/%s", to, e->d_name);
    fd = open(path, O_WRONLY | O_CREAT, 0666);
    if (write(fd, buffer, (size_t)n) != n) abort();
    close(fd);
  }
  closedir(d);
}

static PetscErrorCode Write(DM dm, const char dir[], const char photograph[])
{
  static const char *const names[] = {"state", "tangent"};
  CostateStore             s;
  Vec                      v[2];

  PetscFunctionBeginUser;
  PetscCall(DMCreateGlobalVector(dm, &v[0]));
  PetscCall(VecDuplicate(v[0], &v[1]));
  PetscCall(CostateStoreCreate(PETSC_COMM_WORLD, "hdf5", &s));
  PetscCall(CostateStoreSetDirectory(s, dir));
  PetscCall(CostateStoreSetKeep(s, PETSC_TRUE));
  PetscCall(CostateStoreSetNames(s, 2, names));
  PetscCall(CostateStoreSetGrid(s, dm));
  for (PetscInt step = 0; step < FRAMES; step++) {
    PetscCall(Fill(dm, step, v[0]));
    PetscCall(Fill(dm, step + 100, v[1]));
    PetscCall(CostateStoreSetLabel(s, step, 0.1 * step, step == 4 ? "before jump" : "state"));
    PetscCall(CostateStorePutBegin(s, step, step == 5 ? 1 : 2, v));
    PetscCall(CostateStorePutEnd(s, step));
  }
  PetscCall(CostateStoreDrop(s, 2)); /* its slot is used again */
  PetscCall(Fill(dm, 70, v[0]));
  PetscCall(CostateStorePutBegin(s, 70, 2, v));
  PetscCall(CostateStorePutEnd(s, 70));
  PetscCall(CostateStoreDrop(s, 3));
  PetscCall(VecDestroy(&v[0]));
  PetscCall(VecDestroy(&v[1]));
  if (photograph) {
    PetscCallMPI(MPI_Barrier(PETSC_COMM_WORLD));
    if (rank == 0) Photograph(dir, photograph);
    PetscCallMPI(MPI_Barrier(PETSC_COMM_WORLD));
    PetscCall(CostateStoreSetKeep(s, PETSC_FALSE));
  }
  PetscCall(CostateStoreDestroy(&s));
  PetscFunctionReturn(0);
}

static PetscErrorCode Contents(const char dir[])
{
  static PetscScalar u[M * N * DOF];
  PetscInt64         natural[M * N * DOF];
  PetscBool          right = PETSC_TRUE, labels = PETSC_TRUE, placed = PETSC_TRUE;

  PetscFunctionBeginUser;
  PetscCall(CostateArchiveOpen(dir, &a));
  PetscCall(CostateArchiveGetInfo(a, &info));
  ok(info.ranks == size && info.frames == FRAMES - 1 && info.torn == 0 &&
         info.scalar_bytes == (PetscInt64)sizeof(PetscScalar) && info.dims[0] == M && info.dims[1] == N &&
         info.dims[2] == 1 && info.dof == DOF && info.has_bounds && info.upper[0] == 2,
     "%s: it says what wrote it and how much there is", dir);
  PetscCall(CostateArchiveGetNatural(a, natural));
  for (PetscInt64 i = 0; i < info.frames; i++) {
    CostateArchiveVector v;

    PetscCall(CostateArchiveGetFrame(a, i, &frame));
    if (frame.key == 2 || frame.key == 3 || !frame.complete || frame.vectors != (frame.key == 5 ? 1 : 2))
      right = PETSC_FALSE;
    if (frame.step != (frame.key == 70 ? -1 : frame.key) || (frame.step >= 0 && frame.time != 0.1 * (int)frame.step) ||
        strcmp(frame.what, frame.key == 70  ? ""
                           : frame.key == 4 ? "before jump"
                                            : "state"))
      labels = PETSC_FALSE;
    for (int k = 0; k < frame.vectors; k++) {
      const PetscInt64 step = frame.key + (k == 0 ? 0 : frame.key == 70 ? FRAMES - 1 + 30 : 100);

      PetscCall(CostateArchiveGetVector(a, i, k, &v));
      if (strcmp(v.name, k ? "tangent" : "state") || v.total != M * N * DOF) labels = PETSC_FALSE;
      PetscCall(CostateArchiveRead(a, i, k, u));
      for (int e = 0; e < M * N * DOF; e++)
        if (u[e] != (PetscScalar)(1000 * step + natural[e])) placed = PETSC_FALSE;
    }
  }
  PetscCall(CostateArchiveClose(&a));
  ok(right, "%s: it has the frames that were not dropped", dir);
  ok(labels, "%s: with their labels and names", dir);
  ok(placed, "%s: and each entry belongs where the natural order says", dir);
  PetscFunctionReturn(0);
}

/* Changes or cuts off a file of the first run. */
static void Spoil(const char name[], off_t at, int whence, PetscBool cut)
{
  char path[64], byte = 0;
  int  fd;

  snprintf(path, sizeof(path), "kept/run-0001/%s", name);
  fd = open(path, O_RDWR);
  at = lseek(fd, at, whence);
  if (cut) {
    if (ftruncate(fd, at)) at = 0;
  } else if (pread(fd, &byte, 1, at) == 1) {
    byte ^= 1;
    if (pwrite(fd, &byte, 1, at) != 1) at = 0;
  }
  close(fd);
}

/* Where a file of the first run has this number: HDF5 places what it allocates as its version sees fit. */
static off_t Place(const char name[], PetscScalar x)
{
  char        path[64];
  PetscScalar y;
  off_t       at = 0;
  int         fd;

  snprintf(path, sizeof(path), "kept/run-0001/%s", name);
  fd = open(path, O_RDONLY);
  while (pread(fd, &y, sizeof(y), at) == sizeof(y) && y != x) at += (off_t)sizeof(double);
  close(fd);
  return at;
}

static PetscErrorCode Damage(void)
{
  static PetscScalar u[M * N * DOF];
  PetscErrorCode     err = 0;
  PetscInt64         first, whole;
  int                bad = 0;
  char               journal[32];

  PetscFunctionBeginUser;
  snprintf(journal, sizeof(journal), "journal-%05d.txt", size - 1);
  Spoil("states-0000.h5", Place("states-0000.h5", 1001), SEEK_SET, PETSC_FALSE);
  PetscCall(PetscPushErrorHandler(Listen, NULL));
  PetscCall(CostateArchiveOpen("kept/run-0001", &a));
  PetscCall(CostateArchiveGetInfo(a, &info));
  first = info.frames;
  for (PetscInt64 i = 0; i < info.frames; i++) {
    PetscCall(CostateArchiveGetFrame(a, i, &frame));
    for (int k = 0; k < frame.vectors; k++) {
      PetscErrorCode now = CostateArchiveRead(a, i, k, u);

      bad += now != 0;
      if (now) err = now;
    }
  }
  PetscCall(CostateArchiveClose(&a));
  ok(bad == 1 && err == PETSC_ERR_FILE_UNEXPECTED && strstr(said, "states-0000.h5 is damaged"),
     "one flipped bit in the data is found, where it is");

  Spoil(journal, -3, SEEK_END, PETSC_TRUE); /* in the line of the last drop */
  PetscCall(CostateArchiveOpen("kept", &a));
  PetscCall(CostateArchiveGetInfo(a, &info));
  whole = 0;
  for (PetscInt64 i = 0; i < info.frames; i++) {
    PetscCall(CostateArchiveGetFrame(a, i, &frame));
    whole += frame.complete;
    if (!frame.complete) err = CostateArchiveRead(a, i, 0, u);
  }
  PetscCall(CostateArchiveClose(&a));
  ok(info.torn == 1 && whole == (size == 1 ? first + 1 : first) && info.frames == first + 1,
     "of a journal whose last line is torn the lines before it count");
  ok(size == 1 || (err == PETSC_ERR_FILE_UNEXPECTED && strstr(said, "not complete")),
     "what not all ranks have written is no frame to read");
  err = CostateArchiveOpen("kept/run-0001/nothing", &a);
  ok(err && strstr(said, "cannot be read"), "a directory without a run is refused");
  PetscCall(PetscPopErrorHandler());
  PetscCall(CostateArchiveClose(&a));
  PetscFunctionReturn(0);
}

int main(int argc, char **argv)
{
  DM        dm;
  PetscInt  times = 1;
  PetscBool only; /* for those who look at it with other programs */

  PetscCall(Start(&argc, &argv));
  PetscCall(PetscOptionsHasName(NULL, NULL, "-write", &only));
  if (rank == 0 && !only) plan(12);
  PetscCall(PetscOptionsGetInt(NULL, NULL, "-times", &times, NULL));
  PetscCall(DMDACreate2d(PETSC_COMM_WORLD, DM_BOUNDARY_NONE, DM_BOUNDARY_NONE, DMDA_STENCIL_STAR, times * M, N,
                         PETSC_DECIDE, PETSC_DECIDE, DOF, 1, NULL, NULL, &dm));
  PetscCall(DMSetUp(dm));
  PetscCall(DMDASetUniformCoordinates(dm, -1, 2, 0, 1, 0, 0));
  PetscCall(Write(dm, "kept", NULL));
  if (rank == 0 && !only) PetscCall(Contents("kept/run-0001"));
  if (rank == 0 && !only) PetscCall(Damage());
  PetscCallMPI(MPI_Barrier(PETSC_COMM_WORLD));
  PetscCall(Write(dm, "live", "killed"));
  PetscCallMPI(MPI_Barrier(PETSC_COMM_WORLD));
  if (rank == 0 && !only) PetscCall(Contents("killed"));
  PetscCall(DMDestroy(&dm));
  PetscCall(PetscFinalize());
  return done();
}
