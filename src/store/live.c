/* SPDX-License-Identifier: BSD-2-Clause */
/* Whether a run goes on, asked without disturbing it. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/vfs.h>
#include <time.h>
#include <unistd.h>
#include "inventory.h"

/* File systems whose locks are all in the system's own list. */
static int Local(int fd, int *devices)
{
  static const unsigned long plain[] = {0xEF53, 0x58465342, 0x01021994, 0xF2F52010}; /* ext, xfs, tmpfs, f2fs */
  static const unsigned long other[] = {0x9123683E, 0x794C7630, 0x2FC12FC1};         /* btrfs, overlay, zfs */
  struct statfs              fs;

  *devices = 1;
  if (fstatfs(fd, &fs)) return 0;
  for (size_t i = 0; i < sizeof(plain) / sizeof(plain[0]); i++)
    if ((unsigned long)fs.f_type == plain[i]) return 1;
  *devices = 0; /* stat() has other numbers of devices than the list */
  for (size_t i = 0; i < sizeof(other) / sizeof(other[0]); i++)
    if ((unsigned long)fs.f_type == other[i]) return 1;
  return 0;
}

/* Whether a lock is in that list: to ask it disturbs nobody.  -1: there is no list. */
static int Listed(const struct stat *st, int devices)
{
  unsigned long long inode;
  unsigned           high, low;
  char               line[256], kind[32], mode[32];
  int                found = 0;
  FILE              *f     = fopen("/proc/locks", "re");

  if (!f) return -1;
  while (!found && fgets(line, sizeof(line), f))
    found = sscanf(line, "%*d: %31s %*s %31s %*d %x:%x:%llu", kind, mode, &high, &low, &inode) == 5 &&
            !strcmp(kind, "FLOCK") && !strcmp(mode, "WRITE") && inode == (unsigned long long)st->st_ino &&
            (!devices || (high == major(st->st_dev) && low == minor(st->st_dev)));
  fclose(f);
  return found;
}

/*
  Whether a program writes the run.  Where the list cannot tell, as for another machine's programs, a shared lock is
  tried for a moment; not on a file that was just made, whose program may be about to lock it.
*/
int CostateRunLive(const char *run)
{
  char        path[COSTATE_PATH];
  struct stat st;
  int         fd, devices, local, live = 1;

  CostatePath(path, "%s/costate.json", run);
  fd = open(path, O_RDONLY | O_CLOEXEC);
  if (fd < 0 || fstat(fd, &st)) return 0;
  local = Local(fd, &devices);
  live  = Listed(&st, devices);
  if (live < 0 || (!live && !local))
    live = time(NULL) - st.st_ctime < 1 || (flock(fd, LOCK_SH | LOCK_NB) && errno == EWOULDBLOCK);
  close(fd);
  return live;
}
