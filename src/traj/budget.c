/* SPDX-License-Identifier: BSD-2-Clause */
/* How much memory there is: what the user said, or half of what the node leaves free. */
#include "trajimpl.h"
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/* A plain number counts states; with a suffix it is bytes per rank: KB MB GB TB are powers of 1000, KiB ... of 1024. */
PetscErrorCode CostateParseBudget(MPI_Comm comm, const char option[], const char whose[], const char text[],
                                  PetscInt64 *states, PetscInt64 *bytes)
{
  static const char units[] = "KMGT";
  char             *end;
  double            x, scale = 1;

  PetscFunctionBegin;
  *states = *bytes = 0;
  errno            = 0;
  x                = strtod(text, &end);
  PetscCheck(end != text && !errno && !PetscIsInfOrNanReal((PetscReal)x), comm, PETSC_ERR_ARG_WRONG,
             "%s %s: give a number of states, such as 20, or bytes %s, such as "
             "512MB or 4GB",
             option, text, whose);
  PetscCheck(x > 0, comm, PETSC_ERR_ARG_OUTOFRANGE, "%s %s: %s", option, text,
             strstr(option, "hdf5") ? "give at least one state, or leave the disk out"
                                    : "at least one state has to be kept, the initial one");
  if (!*end) {
    PetscCheck(x == (double)(PetscInt64)x, comm, PETSC_ERR_ARG_WRONG,
               "%s %s: a number without a suffix counts states and must be whole; bytes have a "
               "suffix, such as 1.5GB",
               option, text);
    PetscCheck(x <= 1e7, comm, PETSC_ERR_ARG_OUTOFRANGE,
               "%s %s: a number without a suffix counts states. Were bytes meant? Then write "
               "%.0fB or %.4gGB",
               option, text, x, x / 1e9);
    *states = (PetscInt64)x;
    PetscFunctionReturn(PETSC_SUCCESS);
  }
  if (toupper((unsigned char)*end) != 'B') {
    const char *u = strchr(units, toupper((unsigned char)*end));

    PetscCheck(u, comm, PETSC_ERR_ARG_WRONG, "%s %s: unknown suffix; use KB, MB, GB, TB (or KiB, MiB, GiB, TiB)",
               option, text);
    end++;
    for (scale = 1; u >= units; u--) scale *= *end == 'i' ? 1024 : 1000;
    if (*end == 'i') end++;
  }
  if (toupper((unsigned char)*end) == 'B') end++;
  PetscCheck(!*end, comm, PETSC_ERR_ARG_WRONG, "%s %s: unknown suffix; use KB, MB, GB, TB (or KiB, MiB, GiB, TiB)",
             option, text);
  PetscCheck(x * scale < 1e18, comm, PETSC_ERR_ARG_OUTOFRANGE, "%s %s is more memory than any machine has", option,
             text);
  *bytes = PetscMax(1, (PetscInt64)(x * scale));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* The number behind a key in a file such as /proc/meminfo, or the first number where key is NULL; -1 if there is none.
 */
static PetscInt64 ReadNumber(const char path[], const char key[])
{
  char       line[512];
  FILE      *f = fopen(path, "r");
  PetscInt64 x = -1;

  if (!f) return -1;
  while (x < 0 && fgets(line, sizeof(line), f)) {
    size_t n = key ? strlen(key) : 0;
    char  *end;

    if (key && strncmp(line, key, n)) continue;
    x = (PetscInt64)strtoll(line + n, &end, 10);
    if (end == line + n) break; /* "max" */
  }
  fclose(f);
  return x > 0 ? x : -1;
}

/* What the control group of this process may still allocate, or -1 if it sets no limit. */
static PetscInt64 CgroupFree(void)
{
  char       line[PETSC_MAX_PATH_LEN], path[2 * PETSC_MAX_PATH_LEN];
  PetscInt64 least = -1;
  FILE      *f     = fopen("/proc/self/cgroup", "r");

  if (!f) return -1;
  while (fgets(line, sizeof(line), f)) {
    PetscBool   v2 = (PetscBool)!strncmp(line, "0::", 3);
    char       *dir, *slash;
    const char *root = v2 ? "/sys/fs/cgroup" : "/sys/fs/cgroup/memory";

    if (!v2 && !strstr(line, ":memory:")) continue;
    dir                     = strrchr(line, ':') + 1;
    dir[strcspn(dir, "\n")] = 0;
    /* a limit may stand at any level above; inside a container only the root may be visible */
    do {
      PetscInt64 limit, used, cache;

      slash = strrchr(dir, '/');
      (void)snprintf(path, sizeof(path), "%s%s/%s", root, dir, v2 ? "memory.max" : "memory.limit_in_bytes");
      limit = ReadNumber(path, NULL);
      (void)snprintf(path, sizeof(path), "%s%s/%s", root, dir, v2 ? "memory.current" : "memory.usage_in_bytes");
      used = ReadNumber(path, NULL);
      (void)snprintf(path, sizeof(path), "%s%s/memory.stat", root, dir);
      cache = ReadNumber(path, v2 ? "inactive_file " : "total_inactive_file ");
      if (limit > 0 && limit < ((PetscInt64)1 << 60) && used >= 0) {
        PetscInt64 left = PetscMax(0, limit - used + PetscMax(0, cache));
        if (least < 0 || left < least) least = left;
      }
      if (slash) *slash = 0;
    } while (slash);
  }
  fclose(f);
  return least;
}

/* Collective: what this rank may count on if the ranks of its node share evenly what is free. */
PetscErrorCode CostateFreeMemory(MPI_Comm comm, PetscInt64 *bytes)
{
  MPI_Comm    node;
  PetscMPIInt n;
  PetscInt64  left = ReadNumber("/proc/meminfo", "MemAvailable:"), group = CgroupFree();

  PetscFunctionBegin;
  if (left > 0)
    left *= 1024;
  else
    left = (PetscInt64)sysconf(_SC_PHYS_PAGES) * (PetscInt64)sysconf(_SC_PAGESIZE) / 2;
  if (group >= 0) left = PetscMin(left, group);
  PetscCallMPI(MPI_Comm_split_type(comm, MPI_COMM_TYPE_SHARED, 0, MPI_INFO_NULL, &node));
  PetscCallMPI(MPI_Comm_size(node, &n));
  PetscCallMPI(MPI_Comm_free(&node));
  left /= n;
  PetscCallMPI(MPI_Allreduce(&left, bytes, 1, MPIU_INT64, MPI_MIN, comm));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Collective: how many states fit into so many bytes on every rank. */
PetscErrorCode CostateUnitsOfBytes(CostateTraj tr, PetscInt64 bytes, PetscInt64 *units)
{
  PetscInt64 mine = (PetscInt64)tr->state_bytes, most;
  MPI_Comm   comm = PetscObjectComm((PetscObject)tr->tj);

  PetscFunctionBegin;
  PetscCallMPI(MPI_Allreduce(&mine, &most, 1, MPIU_INT64, MPI_MAX, comm));
  *units = most ? bytes / most : 1;
  PetscCheck(*units >= 1, comm, PETSC_ERR_ARG_OUTOFRANGE,
             "The memory budget of %" PetscInt64_FMT
             " bytes for each rank does not hold one state, which takes %" PetscInt64_FMT
             " bytes: give at least %" PetscInt64_FMT
             " bytes, and more for fewer recomputed steps (-ts_trajectory_costate_ram)",
             bytes, most, most);
  PetscFunctionReturn(PETSC_SUCCESS);
}
