/* SPDX-License-Identifier: BSD-2-Clause */
/* What can happen to the files of a run, and what is said on stderr.  Included after vecs.h; rank 0 does it. */
#ifndef COSTATE_TESTS_FILES_H
#define COSTATE_TESTS_FILES_H

#include <dirent.h>
#include <fcntl.h>
#include <inttypes.h>
#include <sys/stat.h>
#define XXH_INLINE_ALL
#include <xxhash.h>

static char file_text[1 << 24];

static inline ssize_t Load(const char dir[], const char name[])
{
  char    path[600];
  int     fd;
  ssize_t n = -1;

  snprintf(path, sizeof(path), "%s/run-0001/%s", dir, name);
  fd = open(path, O_RDONLY);
  if (fd >= 0) n = read(fd, file_text, sizeof(file_text) - 1);
  if (fd >= 0) close(fd);
  if (n < 0 || n == (ssize_t)sizeof(file_text) - 1) {
    perror(path);
    abort();
  }
  file_text[n] = 0;
  return n;
}

static inline void Save(const char dir[], const char name[], size_t n)
{
  char path[600];
  int  fd;

  snprintf(path, sizeof(path), "%s/run-0001/%s", dir, name);
  fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0666);
  if (fd < 0 || write(fd, file_text, n) != (ssize_t)n || close(fd)) {
    perror(path);
    abort();
  }
}

static inline void Flip(const char dir[], const char name[], long at)
{
  const ssize_t n = Load(dir, name);

  file_text[at] ^= 1;
  Save(dir, name, (size_t)n);
}

static inline void Cut(const char dir[], const char name[], long at)
{
  const ssize_t n = Load(dir, name);

  Save(dir, name, (size_t)(at < 0 ? n + at : at));
}

static inline void Gone(const char dir[], const char name[])
{
  char path[600];

  snprintf(path, sizeof(path), "%s/run-0001/%s", dir, name);
  if (unlink(path)) abort();
}

static inline void Zero(const char dir[], const char name[], long bytes)
{
  const ssize_t n = Load(dir, name);

  memset(file_text, 0, (size_t)bytes);
  Save(dir, name, (size_t)n);
}

static inline void Tail(const char dir[], const char name[], const char tail[])
{
  char path[600];
  int  fd;

  snprintf(path, sizeof(path), "%s/run-0001/%s", dir, name);
  fd = open(path, O_WRONLY | O_CREAT | O_APPEND, 0666);
  if (fd < 0 || write(fd, tail, strlen(tail)) != (ssize_t)strlen(tail)) abort();
  close(fd);
}

/* A manifest with other words, and with the hash that belongs to them. */
static inline void Manifest(const char dir[], const char name[], const char from[], const char to[])
{
  size_t n = (size_t)Load(dir, name);
  char  *at, *end;

  at = strstr(file_text, from);
  if (!at) abort();
  memmove(at + strlen(to), at + strlen(from), strlen(at + strlen(from)) + 1);
  memcpy(at, to, strlen(to));
  end = strstr(file_text, "\nend ");
  n   = (size_t)(end + 1 - file_text);
  n += (size_t)sprintf(end + 1, "end %016" PRIx64 "\n", (uint64_t)XXH3_64bits(file_text, n));
  Save(dir, name, n);
}

/* As if there had been one rank more. */
static inline void Ranks(const char dir[], const char name[], int n)
{
  char from[32], to[64];

  snprintf(from, sizeof(from), "\nranks %d\n", n);
  snprintf(to, sizeof(to), "\nranks %d\n", n + 1);
  Manifest(dir, name, from, to);
  snprintf(to, sizeof(to), "\njournal %d 1 0123456789abcdef\nend ", n);
  Manifest(dir, name, "\nend ", to);
}

static inline void Modes(const char dir[], mode_t mode)
{
  char           path[600];
  struct dirent *e;
  DIR           *d;

  snprintf(path, sizeof(path), "%s/run-0001", dir);
  chmod(dir, 0755);
  chmod(path, mode == 0444 ? 0555 : 0755);
  d = opendir(path);
  while ((e = readdir(d))) {
    if (e->d_name[0] == '.') continue;
    snprintf(path, sizeof(path), "%s/run-0001/%s", dir, e->d_name);
    chmod(path, mode);
  }
  closedir(d);
}

/* A run to another directory. */
static inline PetscErrorCode Copy(const char from[], const char to[])
{
  char           path[600];
  struct dirent *e;
  DIR           *d;

  PetscFunctionBeginUser;
  PetscCallMPI(MPI_Barrier(PETSC_COMM_WORLD));
  if (rank == 0) {
    mkdir(to, 0777);
    snprintf(path, sizeof(path), "%s/run-0001", to);
    mkdir(path, 0777);
    snprintf(path, sizeof(path), "%s/run-0001", from);
    d = opendir(path);
    PetscCheck(d, PETSC_COMM_SELF, PETSC_ERR_FILE_OPEN, "no %s", path);
    while ((e = readdir(d)))
      if (e->d_name[0] != '.') Save(to, e->d_name, (size_t)Load(from, e->d_name));
    closedir(d);
  }
  PetscCallMPI(MPI_Barrier(PETSC_COMM_WORLD));
  PetscFunctionReturn(0);
}

/* Flips a bit of the first number of the last rank's part of that vector. */
static inline PetscErrorCode FlipNumber(const char dir[], const char name[], Vec u)
{
  const PetscScalar *a;
  ssize_t            n, i;

  PetscFunctionBeginUser;
  if (rank == size - 1) {
    n = Load(dir, name);
    PetscCall(VecGetArrayRead(u, &a));
    for (i = 0; i + 64 <= n && memcmp(file_text + i, a, 64); i++) {}
    PetscCall(VecRestoreArrayRead(u, &a));
    PetscCheck(i + 64 <= n, PETSC_COMM_SELF, PETSC_ERR_PLIB, "the numbers are not in the file");
    file_text[i] ^= 1;
    Save(dir, name, (size_t)n);
  }
  PetscCallMPI(MPI_Barrier(PETSC_COMM_WORLD));
  PetscFunctionReturn(0);
}

/* From Mute() to Unmute() stderr goes to a file, whose text the latter gives. */
static int stderr_was = -1;

static inline void Mute(void)
{
  int fd;

  fflush(stderr);
  stderr_was = dup(2);
  fd         = open(rank ? "/dev/null" : "said", O_RDWR | O_CREAT | O_TRUNC, 0666);
  dup2(fd, 2);
  close(fd);
}

static inline const char *Unmute(void)
{
  static char text[4096];
  ssize_t     n;

  fflush(stderr);
  n = pread(2, text, sizeof(text) - 1, 0);
  dup2(stderr_was, 2);
  close(stderr_was);
  text[n > 0 ? n : 0] = 0;
  return text;
}

#endif
