/* SPDX-License-Identifier: BSD-2-Clause */
/*
  A disk that fails on demand, and what of it a power loss would leave: loaded before the C library (LD_PRELOAD), it
  stands before the system calls of any program for paths below one directory.  Environment variables order it:

    SHIM_DIR=DIR            which paths; without it all calls pass by
    SHIM_FAIL=OP:K:ERRNO[:RANK],...
                            the K-th such call fails with that errno; `K+`: it and all later ones; on that rank only.
                            OP is open (creat, fopen), write (pwrite, writev ...), read, fsync (fdatasync), rename,
                            mkdir, truncate, fallocate, unlink (rmdir) or lock (flock).  An errno is a name, as ENOSPC,
  or a number SHIM_SHORT=SEED         half of the reads and writes move less than they are asked to SHIM_EINTR=SEED a
  quarter of them are interrupted by a signal before they move anything SHIM_COUNT=FILE         at the end of each
  process a line for each OP with its number of calls: PID RANK OP COUNT SHIM_SHADOW=DIR2        what a power loss would
  leave is kept there, and fsync() asks no device.  See shadow.h

  It does not see what the C library does within itself: the reads and writes of streams (fopen, fprintf), opendir(),
  mkstemp().  Mapped memory, sync() and files opened with O_SYNC are no part of the model.
*/

/* Included first: with _FORTIFY_SOURCE the C library's headers define some of these functions themselves. */
#undef _FORTIFY_SOURCE
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>
#include "shadow.h"

#define EXPORT __attribute__((visibility("default")))

enum { OPEN, WRITE, READ, FSYNC, RENAME, MKDIR, TRUNCATE, FALLOCATE, UNLINK, LOCK, OPS };
static const char *const op_name[OPS] = {"open",  "write",    "read",      "fsync",  "rename",
                                         "mkdir", "truncate", "fallocate", "unlink", "lock"};

#define FAULTS 32

static struct {
  char        dir[PATH_MAX]; /* empty: nothing is ours */
  size_t      length;
  const char *count;
  int         shadow, shorten, interrupt, nfaults;
  long        rank;
  struct {
    int  op, later, err;
    long k;
  } fault[FAULTS];
} shim;

static atomic_long    calls[OPS];
static atomic_ullong  dice_short, dice_eintr;
static pthread_once_t once = PTHREAD_ONCE_INIT;

static const struct {
  const char *name;
  int         number;
} errnos[] = {{"EIO", EIO},       {"ENOSPC", ENOSPC}, {"EINTR", EINTR},   {"EDQUOT", EDQUOT}, {"EROFS", EROFS},
              {"EACCES", EACCES}, {"EPERM", EPERM},   {"ENOENT", ENOENT}, {"EEXIST", EEXIST}, {"EMFILE", EMFILE},
              {"ENFILE", ENFILE}, {"ENOMEM", ENOMEM}, {"EINVAL", EINVAL}, {"EAGAIN", EAGAIN}, {"ESTALE", ESTALE},
              {"EFBIG", EFBIG},   {"ENODEV", ENODEV}, {"ENXIO", ENXIO},   {"EBADF", EBADF},   {"EXDEV", EXDEV}};

static void misused(const char *variable, const char *value)
{
  fprintf(stderr, "shim: %s='%s' is not understood: see the top of shim.c\n", variable, value);
  syscall(SYS_exit_group, SHADOW_BROKEN);
}

static int errno_of(const char *name)
{
  char *end;
  long  number = strtol(name, &end, 10);

  for (size_t i = 0; i < sizeof(errnos) / sizeof(errnos[0]); i++)
    if (!strcmp(errnos[i].name, name)) return errnos[i].number;
  return end > name && !*end && number > 0 && number < 4096 ? (int)number : 0;
}

/* One of the comma list. */
static int order(char *text)
{
  char *rest = NULL, *op = strtok_r(text, ":", &rest), *k = strtok_r(NULL, ":", &rest);
  char *err = strtok_r(NULL, ":", &rest), *rank = strtok_r(NULL, ":", &rest), *end;
  int   i = 0, n = shim.nfaults;

  if (!op || !k || !err || n == FAULTS) return 1;
  while (i < OPS && strcmp(op, op_name[i])) i++;
  shim.fault[n].op    = i;
  shim.fault[n].k     = strtol(k, &end, 10);
  shim.fault[n].later = *end == '+';
  shim.fault[n].err   = errno_of(err);
  if (i == OPS || end == k || end[shim.fault[n].later] || shim.fault[n].k < 1 || !shim.fault[n].err) return 1;
  if (!rank || strtol(rank, NULL, 10) == shim.rank) shim.nfaults++;
  return 0;
}

/* The path without links and dots, though its last component need not be there. */
static int absolute(int at, const char *path, char full[PATH_MAX])
{
  char text[2 * PATH_MAX], link[64], *slash;
  int  length = 0;

  if (!path || !*path) return 1;
  if (*path != '/' && at == AT_FDCWD) {
    if (!getcwd(text, PATH_MAX)) return 1;
    length = (int)strlen(text);
  } else if (*path != '/') {
    snprintf(link, sizeof(link), "/proc/self/fd/%d", at);
    length = (int)readlink(link, text, PATH_MAX - 1);
    if (length < 0) return 1;
  }
  if (snprintf(text + length, sizeof(text) - (size_t)length, "%s%s", length ? "/" : "", path) >= PATH_MAX) return 1;
  slash = strrchr(text, '/');
  if (!slash[1] || !strcmp(slash, "/.") || !strcmp(slash, "/..")) return !realpath(text, full);
  *slash = '\0';
  if (!realpath(*text ? text : "/", full)) return 1;
  return snprintf(full + strlen(full), PATH_MAX - strlen(full), "/%s", slash + 1) >= PATH_MAX;
}

static void set_up(void)
{
  const char *dir = getenv("SHIM_DIR"), *rank = getenv("OMPI_COMM_WORLD_RANK"), *seed, *list, *shadow;
  char       *copy, *rest                     = NULL;

  if (!rank) rank = getenv("PMI_RANK");
  if (!rank) rank = getenv("PMIX_RANK");
  shim.rank = rank ? atol(rank) : 0;
  if (!dir || !*dir) return;
  if (absolute(AT_FDCWD, dir, shim.dir)) misused("SHIM_DIR", dir);
  if (realpath(dir, shim.dir) == NULL) absolute(AT_FDCWD, dir, shim.dir);
  shim.length  = strlen(shim.dir);
  shim.count   = getenv("SHIM_COUNT");
  seed         = getenv("SHIM_SHORT");
  shim.shorten = seed != NULL;
  atomic_store(&dice_short, (unsigned long long)(seed ? atoll(seed) : 0) * 4096 + (unsigned long long)shim.rank);
  seed           = getenv("SHIM_EINTR");
  shim.interrupt = seed != NULL;
  atomic_store(&dice_eintr, (unsigned long long)(seed ? atoll(seed) : 0) * 4096 + (unsigned long long)shim.rank);
  list = getenv("SHIM_FAIL");
  copy = list ? strdup(list) : NULL;
  for (char *one = copy ? strtok_r(copy, ",", &rest) : NULL; one; one = strtok_r(NULL, ",", &rest)) {
    char *whole = strdup(one);

    if (order(one)) misused("SHIM_FAIL", whole);
    free(whole);
  }
  free(copy);
  shadow      = getenv("SHIM_SHADOW");
  shim.shadow = shadow && *shadow;
  if (shim.shadow) shadow_begin(shadow, shim.dir);
}

static int below(const char *full)
{
  return !strncmp(full, shim.dir, shim.length) && (full[shim.length] == '/' || !full[shim.length]);
}

static int our_path(int at, const char *path)
{
  const int before = errno;
  char      full[PATH_MAX];
  int       ours;

  pthread_once(&once, set_up);
  ours  = shim.length && !absolute(at, path, full) && below(full);
  errno = before;
  return ours;
}

static int our_file(int fd)
{
  const int before = errno;
  char      link[64], full[PATH_MAX];
  ssize_t   n = 0;

  pthread_once(&once, set_up);
  if (!shim.length) return 0;
  snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
  n     = readlink(link, full, sizeof(full) - 1);
  errno = before;
  if (n < 0) return 0;
  full[n] = '\0';
  return below(full);
}

/* Counts a call; whether it is to fail, with errno set. */
static int fails(int op)
{
  const long now = 1 + atomic_fetch_add(&calls[op], 1);

  for (int i = 0; i < shim.nfaults; i++) {
    if (shim.fault[i].op != op || now < shim.fault[i].k || (now > shim.fault[i].k && !shim.fault[i].later)) continue;
    errno = shim.fault[i].err;
    return 1;
  }
  return 0;
}

static uint64_t throw(atomic_ullong * dice)
{
  uint64_t z = (uint64_t)atomic_fetch_add(dice, 1) * UINT64_C(0x9e3779b97f4a7c15);

  z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
  z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
  return z ^ z >> 31;
}

/* Whether a transfer is not to be made; else how much of it. */
static int hampered(int op, int fd, size_t *n)
{
  if (!our_file(fd)) return 0;
  if (fails(op)) return 1;
  if (shim.interrupt && throw(&dice_eintr) % 4 == 0) {
    errno = EINTR;
    return 1;
  }
  if (shim.shorten && *n > 1) {
    const int      flags = fcntl(fd, F_GETFL), direct = flags >= 0 && flags & O_DIRECT;
    const uint64_t z = throw(&dice_short), unit = direct ? 4096 : 1;

    /* what is past the page cache stays aligned */
    if (z % 2 && *n > unit) *n = (size_t)((1 + (z >> 1) % ((*n - 1) / unit)) * unit);
  }
  return 0;
}

EXPORT ssize_t write(int fd, const void *data, size_t n)
{
  return hampered(WRITE, fd, &n) ? -1 : syscall(SYS_write, fd, data, n);
}

EXPORT ssize_t pwrite(int fd, const void *data, size_t n, off_t at)
{
  return hampered(WRITE, fd, &n) ? -1 : syscall(SYS_pwrite64, fd, data, n, at);
}

EXPORT ssize_t pwrite64(int fd, const void *data, size_t n, off64_t at)
{
  return pwrite(fd, data, n, at);
}

EXPORT ssize_t read(int fd, void *data, size_t n)
{
  return hampered(READ, fd, &n) ? -1 : syscall(SYS_read, fd, data, n);
}

EXPORT ssize_t pread(int fd, void *data, size_t n, off_t at)
{
  return hampered(READ, fd, &n) ? -1 : syscall(SYS_pread64, fd, data, n, at);
}

EXPORT ssize_t pread64(int fd, void *data, size_t n, off64_t at)
{
  return pread(fd, data, n, at);
}

/* Several pieces at once: a short transfer ends with one of them. */
static ssize_t vector(int op, long number, int fd, const struct iovec *v, int pieces, off_t at)
{
  size_t n = pieces > 0 ? (size_t)pieces : 1;

  if (hampered(op, fd, &n)) return -1;
  return syscall(number, fd, v, pieces > 0 ? (int)n : pieces, (long)at, 0L);
}

EXPORT ssize_t writev(int fd, const struct iovec *v, int n)
{
  return vector(WRITE, SYS_writev, fd, v, n, 0);
}
EXPORT ssize_t readv(int fd, const struct iovec *v, int n)
{
  return vector(READ, SYS_readv, fd, v, n, 0);
}

EXPORT ssize_t pwritev(int fd, const struct iovec *v, int n, off_t at)
{
  return vector(WRITE, SYS_pwritev, fd, v, n, at);
}

EXPORT ssize_t preadv(int fd, const struct iovec *v, int n, off_t at)
{
  return vector(READ, SYS_preadv, fd, v, n, at);
}
EXPORT ssize_t pwritev64(int fd, const struct iovec *v, int n, off64_t at)
{
  return pwritev(fd, v, n, at);
}
EXPORT ssize_t preadv64(int fd, const struct iovec *v, int n, off64_t at)
{
  return preadv(fd, v, n, at);
}

static int opened(int at, const char *path, int flags, mode_t mode)
{
  if (our_path(at, path) && fails(OPEN)) return -1;
  return (int)syscall(SYS_openat, at, path, flags, mode);
}

static mode_t mode_in(int flags, va_list args)
{
  return flags & O_CREAT || (flags & O_TMPFILE) == O_TMPFILE ? (mode_t)va_arg(args, unsigned) : 0;
}

#define OPENING(name, at, ...)                                                                                         \
  EXPORT int name(__VA_ARGS__, int flags, ...)                                                                         \
  {                                                                                                                    \
    va_list args;                                                                                                      \
    mode_t  mode;                                                                                                      \
                                                                                                                       \
    va_start(args, flags);                                                                                             \
    mode = mode_in(flags, args);                                                                                       \
    va_end(args);                                                                                                      \
    return opened(at, path, flags, mode);                                                                              \
  }
OPENING(open, AT_FDCWD, const char *path)
OPENING(open64, AT_FDCWD, const char *path)
OPENING(openat, at, int at, const char *path)
OPENING(openat64, at, int at, const char *path)

/* What open() is called where a program was compiled with _FORTIFY_SOURCE */
EXPORT int __open_2(const char *path, int flags)
{
  return opened(AT_FDCWD, path, flags, 0);
}
EXPORT int __open64_2(const char *path, int flags)
{
  return opened(AT_FDCWD, path, flags, 0);
}
EXPORT int __openat_2(int at, const char *path, int flags)
{
  return opened(at, path, flags, 0);
}
EXPORT int __openat64_2(int at, const char *path, int flags)
{
  return opened(at, path, flags, 0);
}

EXPORT ssize_t __read_chk(int fd, void *data, size_t n, size_t room)
{
  if (n > room) abort();
  return read(fd, data, n);
}

EXPORT ssize_t __pread_chk(int fd, void *data, size_t n, off_t at, size_t room)
{
  if (n > room) abort();
  return pread(fd, data, n, at);
}

EXPORT ssize_t __pread64_chk(int fd, void *data, size_t n, off64_t at, size_t room)
{
  return __pread_chk(fd, data, n, at, room);
}

EXPORT int creat(const char *path, mode_t mode)
{
  return opened(AT_FDCWD, path, O_CREAT | O_WRONLY | O_TRUNC, mode);
}
EXPORT int creat64(const char *path, mode_t mode)
{
  return creat(path, mode);
}

EXPORT FILE *fopen(const char *path, const char *mode)
{
  FILE *(*next)(const char *, const char *);

  if (our_path(AT_FDCWD, path) && fails(OPEN)) return NULL;
  *(void **)&next = dlsym(RTLD_NEXT, "fopen");
  return next(path, mode);
}

EXPORT FILE *fopen64(const char *path, const char *mode)
{
  return fopen(path, mode);
}

static int synced(int fd, long number)
{
  const int ours = our_file(fd);

  if (ours && fails(FSYNC)) return -1;
  if (!ours || !shim.shadow) return (int)syscall(number, fd);
  shadow_keep(fd);
  return 0;
}

EXPORT int fsync(int fd)
{
  return synced(fd, SYS_fsync);
}
EXPORT int fdatasync(int fd)
{
  return synced(fd, SYS_fdatasync);
}

EXPORT int renameat2(int from, const char *old, int to, const char *new, unsigned flags)
{
  if ((our_path(from, old) || our_path(to, new)) && fails(RENAME)) return -1;
  return (int)syscall(SYS_renameat2, from, old, to, new, flags);
}

EXPORT int renameat(int from, const char *old, int to, const char *new)
{
  return renameat2(from, old, to, new, 0);
}
EXPORT int rename(const char *old, const char *new)
{
  return renameat2(AT_FDCWD, old, AT_FDCWD, new, 0);
}

EXPORT int mkdirat(int at, const char *path, mode_t mode)
{
  if (our_path(at, path) && fails(MKDIR)) return -1;
  return (int)syscall(SYS_mkdirat, at, path, mode);
}

EXPORT int mkdir(const char *path, mode_t mode)
{
  return mkdirat(AT_FDCWD, path, mode);
}

EXPORT int ftruncate(int fd, off_t length)
{
  if (our_file(fd) && fails(TRUNCATE)) return -1;
  return (int)syscall(SYS_ftruncate, fd, length);
}

EXPORT int ftruncate64(int fd, off64_t length)
{
  return ftruncate(fd, length);
}

EXPORT int truncate(const char *path, off_t length)
{
  if (our_path(AT_FDCWD, path) && fails(TRUNCATE)) return -1;
  return (int)syscall(SYS_truncate, path, length);
}

EXPORT int truncate64(const char *path, off64_t length)
{
  return truncate(path, length);
}

EXPORT int fallocate(int fd, int mode, off_t offset, off_t length)
{
  if (our_file(fd) && fails(FALLOCATE)) return -1;
  return (int)syscall(SYS_fallocate, fd, mode, offset, length);
}

EXPORT int fallocate64(int fd, int mode, off64_t offset, off64_t length)
{
  return fallocate(fd, mode, offset, length);
}

/* which returns the error */
EXPORT int posix_fallocate(int fd, off_t offset, off_t length)
{
  const int before = errno;
  int       err    = fallocate(fd, 0, offset, length) ? errno : 0;

  errno = before;
  return err;
}

EXPORT int posix_fallocate64(int fd, off64_t offset, off64_t length)
{
  return posix_fallocate(fd, offset, length);
}

EXPORT int unlinkat(int at, const char *path, int flags)
{
  if (our_path(at, path) && fails(UNLINK)) return -1;
  return (int)syscall(SYS_unlinkat, at, path, flags);
}

EXPORT int unlink(const char *path)
{
  return unlinkat(AT_FDCWD, path, 0);
}
EXPORT int rmdir(const char *path)
{
  return unlinkat(AT_FDCWD, path, AT_REMOVEDIR);
}

EXPORT int flock(int fd, int operation)
{
  if (our_file(fd) && fails(LOCK)) return -1;
  return (int)syscall(SYS_flock, fd, operation);
}

/* One write, so that the lines of several processes do not mix. */
static void report(void)
{
  char   text[1024];
  size_t used = 0;
  int    fd;

  if (!shim.count) return;
  for (int i = 0; i < OPS; i++)
    if (atomic_load(&calls[i]))
      used += (size_t)snprintf(text + used, sizeof(text) - used, "%ld %ld %s %ld\n", (long)getpid(), shim.rank,
                               op_name[i], atomic_load(&calls[i]));
  if (!used) return;
  fd = (int)syscall(SYS_openat, AT_FDCWD, shim.count, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666);
  if (fd < 0 || syscall(SYS_write, fd, text, used) != (long)used)
    fprintf(stderr, "shim: SHIM_COUNT=%s cannot be written: %s\n", shim.count, strerror(errno));
  if (fd >= 0) close(fd);
}

/* No call of the program may come before it knows what to do, for the shadow of what is there when it starts. */
__attribute__((constructor)) static void begin(void)
{
  pthread_once(&once, set_up);
}
__attribute__((destructor)) static void end(void)
{
  report();
}

EXPORT void _exit(int status)
{
  report();
  for (;;) syscall(SYS_exit_group, status);
}

EXPORT void _Exit(int status)
{
  _exit(status);
}

/* Of use to nobody but those who compile every file of this folder as a program. */
__attribute__((visibility("hidden"))) int main(void)
{
  fputs("This is to be compiled as a library, and to be named in LD_PRELOAD\n", stderr);
  return 2;
}
