/* SPDX-License-Identifier: BSD-2-Clause */
/*
  The model of a power loss, for shim.c: what is synced survives, and nothing else need.

    DIR2/root               the name of the listing of SHIM_DIR
    DIR2/file-ID            the content of a file when it was last synced
    DIR2/dir-ID             the names in a directory when it was last synced: `file ID NAME` or `dir ID NAME`
    DIR2/lock               held while one of them is written

  An ID is the number of the inode and when it was made, for numbers are used again.  A new file is nameless until its
  directory is synced, however often it was synced itself; a rename or a removal, likewise.  What is there when the
  first process starts counts as synced.  powerloss.py makes a tree of it.
*/
#ifndef COSTATE_TEST_SHADOW_H
#define COSTATE_TEST_SHADOW_H

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#define SHADOW_BROKEN 97 /* exit status where the model itself cannot go on */

/* The functions below call the system directly where shim.c stands before the C library. */
static char            shadow_dir[PATH_MAX];
static pthread_mutex_t shadow_mutex = PTHREAD_MUTEX_INITIALIZER;
static char            shadow_buffer[1 << 18];

static void shadow_broken(const char *what)
{
  fprintf(stderr, "shim: %s in SHIM_SHADOW=%s: %s\n", what, shadow_dir, strerror(errno));
  syscall(SYS_exit_group, SHADOW_BROKEN);
}

static int shadow_open(const char *path, int flags)
{
  const int fd = (int)syscall(SYS_openat, AT_FDCWD, path, flags | O_CLOEXEC, 0666);

  if (fd < 0) shadow_broken(path);
  return fd;
}

static int shadow_lock(void)
{
  char path[PATH_MAX + 16];
  int  fd;

  snprintf(path, sizeof(path), "%s/lock", shadow_dir);
  fd = shadow_open(path, O_RDWR | O_CREAT);
  while (syscall(SYS_flock, fd, LOCK_EX))
    if (errno != EINTR) shadow_broken("the lock cannot be had");
  return fd;
}

/* 'f', 'd' or 0, and the ID */
static char shadow_id(int at, const char *name, char id[64])
{
  struct statx st;

  if (statx(at, name, AT_SYMLINK_NOFOLLOW | (*name ? 0 : AT_EMPTY_PATH), STATX_TYPE | STATX_INO | STATX_BTIME, &st))
    return 0;
  if (!(st.stx_mask & STATX_BTIME)) memset(&st.stx_btime, 0, sizeof(st.stx_btime));
  snprintf(id, 64, "%llu-%lld.%09u", (unsigned long long)st.stx_ino, (long long)st.stx_btime.tv_sec,
           st.stx_btime.tv_nsec);
  return S_ISREG(st.stx_mode) ? 'f' : S_ISDIR(st.stx_mode) ? 'd' : 0;
}

static void shadow_put(int fd, const char *data, size_t n)
{
  while (n) {
    const long done = syscall(SYS_write, fd, data, n);

    if (done < 0 && errno != EINTR) shadow_broken("a copy cannot be written");
    if (done < 0) continue;
    data += done;
    n -= (size_t)done;
  }
}

static void shadow_content(int from, int to)
{
  long long size = 0;
  long      n;

  for (;;) {
    n = syscall(SYS_read, from, shadow_buffer, sizeof(shadow_buffer));
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) shadow_broken("a file cannot be read to be copied");
    if (!n) break;
    size += n;
    if (shadow_buffer[0] || memcmp(shadow_buffer, shadow_buffer + 1, (size_t)n - 1))
      shadow_put(to, shadow_buffer, (size_t)n);
    else if (lseek(to, n, SEEK_CUR) < 0)
      shadow_broken("a copy cannot be written");
  }
  if (syscall(SYS_ftruncate, to, size)) shadow_broken("a copy cannot be written");
}

static void shadow_names(int from, int to)
{
  char           line[PATH_MAX], id[64], kind;
  struct dirent *e;
  DIR           *d = fdopendir(from);

  if (!d) shadow_broken("a directory cannot be read");
  while ((e = readdir(d))) {
    if (!strcmp(e->d_name, ".") || !strcmp(e->d_name, "..")) continue;
    kind = shadow_id(from, e->d_name, id);
    if (!kind) continue;
    if (strchr(e->d_name, '\n')) shadow_broken("a name with a newline cannot be listed");
    shadow_put(to, line,
               (size_t)snprintf(line, sizeof(line), "%s %s %s\n", kind == 'd' ? "dir" : "file", id, e->d_name));
  }
  closedir(d); /* and `from` */
}

/* Puts down what an open file or directory is now; under the lock. */
static void shadow_copy(int fd)
{
  char part[PATH_MAX + 80], path[PATH_MAX + 80], again[64], id[64];
  char kind = shadow_id(fd, "", id);
  int  from, to;

  if (!kind) return;
  snprintf(path, sizeof(path), "%s/%s-%s", shadow_dir, kind == 'd' ? "dir" : "file", id);
  snprintf(part, sizeof(part), "%s/part-%ld", shadow_dir, (long)getpid());
  /* opened anew: with a position of its own, readable, and not past the page cache */
  snprintf(again, sizeof(again), "/proc/self/fd/%d", fd);
  from = shadow_open(again, O_RDONLY);
  to   = shadow_open(part, O_WRONLY | O_CREAT | O_TRUNC);
  if (kind == 'd') {
    shadow_names(from, to);
  } else {
    shadow_content(from, to);
    close(from);
  }
  close(to);
  if (syscall(SYS_renameat2, AT_FDCWD, part, AT_FDCWD, path, 0)) shadow_broken("a copy cannot be named");
}

static void shadow_keep(int fd)
{
  const int before = errno;
  int       lock;

  pthread_mutex_lock(&shadow_mutex);
  lock = shadow_lock();
  shadow_copy(fd);
  close(lock);
  pthread_mutex_unlock(&shadow_mutex);
  errno = before;
}

static void shadow_tree(const char *dir)
{
  char           path[PATH_MAX + 264], id[64], kind;
  int            fd = shadow_open(dir, O_RDONLY | O_DIRECTORY);
  struct dirent *e;
  DIR           *d;

  shadow_copy(fd);
  d = fdopendir(fd);
  if (!d) shadow_broken(dir);
  while ((e = readdir(d))) {
    if (!strcmp(e->d_name, ".") || !strcmp(e->d_name, "..")) continue;
    snprintf(path, sizeof(path), "%s/%s", dir, e->d_name);
    kind = shadow_id(fd, e->d_name, id);
    if (kind == 'd') shadow_tree(path);
    if (kind != 'f') continue;
    const int file = shadow_open(path, O_RDONLY);

    shadow_copy(file);
    close(file);
  }
  closedir(d);
}

/* The first process takes in what there is. */
static void shadow_begin(const char *shadow, const char *dir)
{
  char root[PATH_MAX + 16], id[64];
  int  lock;

  snprintf(shadow_dir, sizeof(shadow_dir), "%s", shadow);
  if (syscall(SYS_mkdirat, AT_FDCWD, shadow, 0777) && errno != EEXIST) shadow_broken("the directory cannot be made");
  if (!realpath(shadow, shadow_dir)) shadow_broken("there is no such directory");
  if (shadow_id(AT_FDCWD, dir, id) != 'd') {
    errno = ENOTDIR;
    shadow_broken("SHIM_DIR has to be a directory that is there");
  }
  lock = shadow_lock();
  snprintf(root, sizeof(root), "%s/root", shadow_dir);
  if (access(root, F_OK)) {
    int fd;

    shadow_tree(dir);
    fd = shadow_open(root, O_WRONLY | O_CREAT | O_TRUNC);
    shadow_put(fd, id, strlen(id));
    close(fd);
  }
  close(lock);
}

#endif
