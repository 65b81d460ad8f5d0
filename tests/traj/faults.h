/* SPDX-License-Identifier: BSD-2-Clause */
/*
  Disks that take their time or fail, for the programs that include this: it stands before the C library's pwrite(),
  pread() and write() for the files of the disk tier (states-NNNN.h5, journal-NNNNN.txt), whoever calls them, the HDF5
  library included.  Other files pass by.
*/
#ifndef COSTATE_TEST_FAULTS_H
#define COSTATE_TEST_FAULTS_H

/* Included first: with _FORTIFY_SOURCE the C library's headers define these functions themselves. */
#undef _FORTIFY_SOURCE
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

/* Set before the store starts its thread, read afterwards. */
static struct {
  int      delay;                 /* microseconds at most that a call takes longer */
  uint64_t seed;                  /* of the delays */
  long     fail_write, fail_read; /* the number of the call that fails, from 1; 0: none */
  int      error;                 /* errno of the failure */
  int      for_good;              /* and of all that come after it */
  int      spare_hdf5;            /* calls by the HDF5 library neither fail nor count */
  int      refuse_direct;         /* O_DIRECT is refused at the first write or read, as some file systems do */
  int      shorten;               /* a call moves half of what it is asked to, as a signal may have it */
  long     limit;                 /* bytes that a file may have, from the first write on (RLIMIT_FSIZE) */
  long     damage;                /* this write by the I/O thread puts a wrong byte on the disk, without an error */
} fault;

/* What was moved by other threads than the main one, which is what the tier itself does when it works behind. */
static struct {
  long    writes, reads, behind_writes, behind_reads;
  int64_t behind_bytes; /* written */
} moved;

static pthread_mutex_t fault_lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_t       fault_main;

static inline int FaultsFile(int fd)
{
  char    link[64], path[4096];
  ssize_t n;

  (void)snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
  n = readlink(link, path, sizeof(path) - 1);
  if (n < 0) return 0;
  path[n] = 0;
  return strstr(path, "/states-") || strstr(path, "/journal-");
}

/* HDF5 1.10 crashes in MPI_Finalize() where closing a file has failed once. */
static inline int FaultsHDF5(const void *caller)
{
  Dl_info info;

  return dladdr(caller, &info) && info.dli_fname && strstr(info.dli_fname, "libhdf5");
}

static inline void FaultsReset(void)
{
  memset(&moved, 0, sizeof(moved));
  fault_main = pthread_self();
}

static inline void FaultsWait(void)
{
  uint64_t z;

  if (!fault.delay) return;
  pthread_mutex_lock(&fault_lock);
  z = (fault.seed += UINT64_C(0x9e3779b97f4a7c15));
  pthread_mutex_unlock(&fault_lock);
  z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
  z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
  usleep((useconds_t)((z ^ z >> 31) % (uint64_t)fault.delay));
}

/* 0, or the errno that this call fails with */
static inline int FaultsHit(int fd, int write)
{
  long now;

  pthread_mutex_lock(&fault_lock);
  now = write ? ++moved.writes : ++moved.reads;
  pthread_mutex_unlock(&fault_lock);
  if (fault.limit && write && now == 1) {
    const struct rlimit most = {(rlim_t)fault.limit, (rlim_t)fault.limit};

    if (setrlimit(RLIMIT_FSIZE, &most)) abort();
  }
  if (now == (write ? fault.fail_write : fault.fail_read)) return fault.error;
  if (fault.for_good && fault.fail_write && moved.writes >= fault.fail_write) return fault.error;
  return fault.refuse_direct && fcntl(fd, F_GETFL) & O_DIRECT ? EINVAL : 0;
}

static inline void FaultsCount(int write, ssize_t n, int fd, const void *data, off_t at)
{
  int damage = 0;

  if (n < 0 || pthread_equal(pthread_self(), fault_main)) return;
  pthread_mutex_lock(&fault_lock);
  if (write) {
    damage = ++moved.behind_writes == fault.damage;
    moved.behind_bytes += n;
  } else
    moved.behind_reads++;
  pthread_mutex_unlock(&fault_lock);
  if (damage) {
    char wrong = (char)(*(const char *)data ^ 1);

    if (syscall(SYS_pwrite64, fd, &wrong, (size_t)1, at) != 1) abort();
  }
}

static inline ssize_t FaultsMove(int write, int fd, void *data, size_t n, off_t at, const void *caller)
{
  const int ours = FaultsFile(fd) && !(fault.spare_hdf5 && FaultsHDF5(caller));
  const int err  = ours ? FaultsHit(fd, write) : 0;
  ssize_t   done;

  if (ours) FaultsWait();
  if (err) {
    errno = err;
    return -1;
  }
  if (ours && fault.shorten && n > 1) n /= 2;
  done = syscall(write ? SYS_pwrite64 : SYS_pread64, fd, data, n, at);
  if (ours) FaultsCount(write, done, fd, data, at);
  return done;
}

/* exported, so that the libraries call them */
__attribute__((visibility("default"))) ssize_t pwrite(int fd, const void *data, size_t n, off_t at)
{
  return FaultsMove(1, fd, (void *)(uintptr_t)data, n, at, __builtin_return_address(0));
}

__attribute__((visibility("default"))) ssize_t pread(int fd, void *data, size_t n, off_t at)
{
  return FaultsMove(0, fd, data, n, at, __builtin_return_address(0));
}

__attribute__((visibility("default"))) ssize_t pwrite64(int fd, const void *data, size_t n, off_t at)
{
  return FaultsMove(1, fd, (void *)(uintptr_t)data, n, at, __builtin_return_address(0));
}

__attribute__((visibility("default"))) ssize_t pread64(int fd, void *data, size_t n, off_t at)
{
  return FaultsMove(0, fd, data, n, at, __builtin_return_address(0));
}

__attribute__((visibility("default"))) ssize_t write(int fd, const void *data, size_t n)
{
  const int err = FaultsFile(fd) ? FaultsHit(fd, 1) : 0;

  if (err) {
    errno = err;
    return -1;
  }
  return syscall(SYS_write, fd, data, n);
}

#endif
