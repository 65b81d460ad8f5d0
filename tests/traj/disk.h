/* SPDX-License-Identifier: BSD-2-Clause */
/* Runs of the test application with the disk tier, and what they leave. */
#ifndef COSTATE_TEST_DISK_H
#define COSTATE_TEST_DISK_H

#include "run.h"
#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>

#define FIXED "-ts_adapt_type none"
#define RK4   "-ts_type rk -ts_rk_type 4 " FIXED
#define CHEAP "-ts_trajectory_costate_costs 1,1,.5,.5 " /* every state goes to disk */
#define DEAR  "-ts_trajectory_costate_costs 1,2,3,2 "   /* one in some */

/* So many states in memory, and what else is asked for; the directory is disk/ below that of the test. */
static inline PetscErrorCode RunDisk(App app, const char options[], PetscInt states, const char more[], AppResult *res)
{
  char text[3 * PETSC_MAX_PATH_LEN];

  PetscFunctionBegin;
  PetscCall(PetscSNPrintf(text, sizeof(text), "-ts_trajectory_costate_hdf5 %s/disk %s", run_dir, more ? more : ""));
  PetscCall(RunBudget(app, options, states, text, res));
  PetscFunctionReturn(0);
}

/* Everything in memory, with nothing repeated. */
static inline PetscErrorCode RunAll(App app, const char options[], AppResult *res)
{
  PetscFunctionBegin;
  PetscCall(RunBudget(app, options, 10000, NULL, res));
  PetscFunctionReturn(0);
}

/* A number of the report, on rank 0: for what T_OK() looks at. */
static inline double Figure(const char key[])
{
  char   quoted[64], line[512];
  double x = -1;
  FILE  *f = run_rank == 0 ? fopen(run_report, "r") : NULL;

  (void)snprintf(quoted, sizeof(quoted), "\"%s\":", key);
  while (f && fgets(line, sizeof(line), f)) {
    const char *p = strstr(line, quoted);

    if (p) x = atof(p + strlen(quoted));
  }
  if (f) fclose(f);
  return x;
}

/* Whether the report has this text. */
static inline PetscErrorCode ReportSays(const char text[], PetscBool *says)
{
  char line[512];
  int  found = 0;

  PetscFunctionBegin;
  if (run_rank == 0) {
    FILE *f = fopen(run_report, "r");

    while (f && fgets(line, sizeof(line), f)) found += strstr(line, text) != NULL;
    if (f) fclose(f);
  }
  PetscCallMPI(MPI_Bcast(&found, 1, MPI_INT, 0, PETSC_COMM_WORLD));
  *says = (PetscBool)(found > 0);
  PetscFunctionReturn(0);
}

/* Files in an open directory and below whose names begin with `prefix`, and their bytes; -1 files if there is none. */
static inline void Count(int fd, const char prefix[], int *files, double *bytes)
{
  struct dirent *e;
  struct stat    st;
  DIR           *d = fd < 0 ? NULL : fdopendir(fd);

  if (!d) return;
  if (*files < 0) *files = 0;
  while ((e = readdir(d))) {
    if (e->d_name[0] == '.' || fstatat(fd, e->d_name, &st, 0)) continue;
    if (S_ISDIR(st.st_mode)) Count(openat(fd, e->d_name, O_RDONLY), prefix, files, bytes);
    if (!S_ISREG(st.st_mode) || strncmp(e->d_name, prefix, strlen(prefix))) continue;
    ++*files;
    *bytes += (double)st.st_size;
  }
  closedir(d);
}

static inline PetscErrorCode Left(const char name[], const char prefix[], int *files, double *bytes)
{
  char   path[2 * PETSC_MAX_PATH_LEN];
  double b = 0;

  PetscFunctionBegin;
  *files = -1;
  PetscCall(PetscSNPrintf(path, sizeof(path), "%s/%s", run_dir, name));
  if (run_rank == 0) Count(open(path, O_RDONLY), prefix, files, &b);
  PetscCallMPI(MPI_Bcast(files, 1, MPI_INT, 0, PETSC_COMM_WORLD));
  PetscCallMPI(MPI_Bcast(&b, 1, MPI_DOUBLE, 0, PETSC_COMM_WORLD));
  if (bytes) *bytes = b;
  PetscFunctionReturn(0);
}

/* Nothing is there, nor the directory itself; on rank 0. */
static inline PetscBool Gone(const char name[])
{
  char path[2 * PETSC_MAX_PATH_LEN];

  (void)snprintf(path, sizeof(path), "%s/%s", run_dir, name);
  return (PetscBool)(access(path, F_OK) != 0);
}

/* The directory run_dir/name and all below it. */
static inline PetscErrorCode Remove(const char name[])
{
  char path[PETSC_MAX_PATH_LEN];

  PetscFunctionBegin;
  PetscCall(PetscSNPrintf(path, sizeof(path), "%s/%s", run_dir, name));
  if (run_rank == 0) PetscCall(PetscRMTree(path));
  PetscCallMPI(MPI_Barrier(PETSC_COMM_WORLD));
  PetscFunctionReturn(0);
}

#endif
