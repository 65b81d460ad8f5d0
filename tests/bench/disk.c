/* SPDX-License-Identifier: BSD-2-Clause */
/*
  How fast states go to disk and come back: Costate's HDF5 tier, beside the same bytes moved by pwrite() and pread(), by
  MPI-IO and by PETSc's trajectory `basic`.  Every rank moves its own part of each state.

  All are run in turn in every round, in alternating order, each into files of its own that are new: a disk that other
  programs use, or that is rationed, is slow for all of them.  `write` is without any fsync(), so that what is buffered
  is written at the speed of memory; `durable` is with the syncfs() after it.  Before a read the page cache is asked to
  forget the files; what it kept is `cached`, which is 0 where reads are reads.  Figures are medians, in MB (10^6) per
  second of all ranks together.  Ratios are medians of those of the rounds: `to_raw` to the faster of the two raw ways,
  `to_like` to the one that goes past the page cache or through it as well.

  Options: -mb 32,256 (a state's part of one rank), -move 128 (MB of a rank at a time, at least one state), -rounds 5,
  -dir (where the files go; not a file system in memory).  Under mpiexec with any number of ranks.
*/
#define _GNU_SOURCE
#include <ftw.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include "bench.h"
#include "ways.h"

#define HUGE_PAGE 2097152

/* ---- clocks ---- */

enum { WRITE, DURABLE, READ, MEASURES };
static const char *const measures[MEASURES] = {"write", "durable", "read"};

typedef struct {
  PetscReal speed[KINDS][MEASURES][MAX_ROUNDS];
  PetscReal cached; /* the largest part of the files that the page cache did not forget */
} Results;

static struct {
  size_t pages, kept;
} cache;

/* The page cache forgets the file, as far as it can. */
static int Forget(const char *path, const struct stat *st, int type, struct FTW *w)
{
  const size_t page = (size_t)sysconf(_SC_PAGESIZE), pages = ((size_t)st->st_size + page - 1) / page;
  int          fd;
  void        *at;

  (void)w;
  if (type != FTW_F || !pages) return 0;
  fd = open(path, O_RDONLY);
  if (fd < 0) return 0;
  (void)posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED);
  at = mmap(NULL, (size_t)st->st_size, PROT_READ, MAP_SHARED, fd, 0);
  if (at != MAP_FAILED) {
    unsigned char *in = malloc(pages);

    if (in && !mincore(at, (size_t)st->st_size, in))
      for (size_t i = 0; i < pages; i++) cache.kept += in[i] & 1;
    cache.pages += pages;
    free(in);
    munmap(at, (size_t)st->st_size);
  }
  close(fd);
  return 0;
}

static PetscErrorCode SyncAll(Bench *b)
{
  PetscFunctionBeginUser;
  PetscCallMPI(MPI_Barrier(PETSC_COMM_WORLD));
  if (b->rank == 0) {
    int fd = open(b->dir, O_RDONLY | O_DIRECTORY);

    if (fd >= 0) {
      (void)syncfs(fd);
      close(fd);
    }
  }
  PetscCallMPI(MPI_Barrier(PETSC_COMM_WORLD));
  PetscFunctionReturn(0);
}

static PetscErrorCode Clock(PetscReal *t)
{
  PetscLogDouble now;

  PetscFunctionBeginUser;
  PetscCallMPI(MPI_Barrier(PETSC_COMM_WORLD));
  PetscCall(PetscTime(&now));
  *t = (PetscReal)now;
  PetscFunctionReturn(0);
}

/* Memory for the page cache that this machine has had in use a moment ago: on a virtual one other memory is slow when
 * it is first touched, which would strike one kind today and another tomorrow. */
static PetscErrorCode WarmCache(Bench *b)
{
  const PetscScalar *a;
  char               path[PETSC_MAX_PATH_LEN + 8];
  int                fd;

  PetscFunctionBeginUser;
  PetscCall(PetscSNPrintf(path, sizeof(path), "%s/warm-%d", b->dir, (int)b->rank));
  fd = open(path, O_RDWR | O_CREAT | O_TRUNC, 0666);
  PetscCheck(fd >= 0, PETSC_COMM_SELF, PETSC_ERR_FILE_OPEN, "%s cannot be made; name another directory (-dir)", path);
  PetscCall(VecGetArrayRead(b->u, &a));
  for (PetscInt k = 0; k < b->states; k++)
    PetscCheck(write(fd, a, b->bytes) == (ssize_t)b->bytes, PETSC_COMM_SELF, PETSC_ERR_FILE_WRITE, "%s: no room?",
               path);
  PetscCall(VecRestoreArrayRead(b->u, &a));
  (void)unlink(path);
  close(fd);
  PetscFunctionReturn(0);
}

static PetscErrorCode Once(Bench *b, PetscInt round, Results *r)
{
  const PetscReal mb = 1e-6 * (PetscReal)b->bytes * (PetscReal)b->states * b->size;
  const int       k  = (int)(b->kind - kinds);
  PetscReal       t[5];

  PetscFunctionBeginUser;
  PetscCall(b->kind->open(b));
  if (!b->kind->direct) PetscCall(WarmCache(b));
  PetscCall(SyncAll(b));
  PetscCall(Clock(&t[0]));
  PetscCall(b->kind->write(b));
  PetscCall(Clock(&t[1]));
  PetscCall(SyncAll(b));
  PetscCall(Clock(&t[2]));
  if (b->kind->turn) PetscCall(b->kind->turn(b));
  if (b->rank == 0) {
    cache.pages = cache.kept = 0;
    (void)nftw(b->dir, Forget, 16, FTW_PHYS);
    if (cache.pages) r->cached = PetscMax(r->cached, (PetscReal)cache.kept / (PetscReal)cache.pages);
  }
  PetscCall(Clock(&t[3]));
  PetscCall(b->kind->read(b));
  PetscCall(Clock(&t[4]));
  PetscCall(b->kind->close(b));
  PetscCallMPI(MPI_Barrier(PETSC_COMM_WORLD));
  if (b->rank == 0) (void)unlink(b->path); /* where it is a file */
  PetscCall(SyncAll(b));
  if (round < 0) PetscFunctionReturn(0); /* to get warm */
  r->speed[k][WRITE][round]   = mb / (t[1] - t[0]);
  r->speed[k][DURABLE][round] = mb / (t[2] - t[0]);
  r->speed[k][READ][round]    = mb / (t[4] - t[3]);
  PetscFunctionReturn(0);
}

/* ---- figures ---- */

static PetscReal Ratio(PetscInt n, const PetscReal x[], const PetscReal y[])
{
  PetscReal z[MAX_ROUNDS] = {0};

  for (PetscInt i = 0; i < n; i++) z[i] = x[i] / y[i];
  return Median(n, z);
}

static PetscErrorCode Print(const Bench *b, PetscInt rounds, const Results *r)
{
  int raw[MEASURES];

  PetscFunctionBeginUser;
  for (int m = 0; m < MEASURES; m++) {
    raw[m] =
        Median(rounds, r->speed[RAW_DIRECT][m]) > Median(rounds, r->speed[RAW_BUFFERED][m]) ? RAW_DIRECT : RAW_BUFFERED;
  }
  PetscCall(PetscPrintf(PETSC_COMM_WORLD, "ranks,state_bytes,states,kind,write,durable,read,write_to_raw,"
                                          "durable_to_raw,read_to_raw,write_to_like,durable_to_like,read_to_like\n"));
  for (int k = 0; k < KINDS; k++) {
    const int like = kinds[k].direct ? RAW_DIRECT : RAW_BUFFERED;

    PetscCall(
        PetscPrintf(PETSC_COMM_WORLD, "%d,%zu,%" PetscInt_FMT ",%s", (int)b->size, b->bytes, b->states, kinds[k].name));
    for (int m = 0; m < MEASURES; m++)
      PetscCall(PetscPrintf(PETSC_COMM_WORLD, ",%.0f", (double)Median(rounds, r->speed[k][m])));
    for (int m = 0; m < 2 * MEASURES; m++) {
      const int of = m % MEASURES, to = m < MEASURES ? raw[of] : like;

      PetscCall(PetscPrintf(PETSC_COMM_WORLD, ",%.3f", (double)Ratio(rounds, r->speed[k][of], r->speed[to][of])));
    }
    PetscCall(PetscPrintf(PETSC_COMM_WORLD, "\n"));
  }
  PetscCall(PetscPrintf(PETSC_COMM_WORLD,
                        "{\"benchmark\": \"disk\", \"ranks\": %d, \"state_bytes\": %zu, \"states\": %" PetscInt_FMT
                        ", \"rounds\": %" PetscInt_FMT ", \"cached\": %.4f",
                        (int)b->size, b->bytes, b->states, rounds, (double)r->cached));
  for (int m = 0; m < MEASURES; m++) {
    PetscCall(PetscPrintf(PETSC_COMM_WORLD, ", \"%s\": {\"raw\": \"%s\"", measures[m], kinds[raw[m]].name));
    for (int k = 0; k < KINDS; k++)
      PetscCall(PetscPrintf(PETSC_COMM_WORLD, ", \"%s\": %.1f", kinds[k].name, (double)Median(rounds, r->speed[k][m])));
    for (int k = PUT_DIRECT; k <= COPY_BUFFERED; k++)
      PetscCall(PetscPrintf(PETSC_COMM_WORLD, ", \"%s_to_raw\": %.3f, \"%s_to_basic\": %.2f", kinds[k].name,
                            (double)Ratio(rounds, r->speed[k][m], r->speed[raw[m]][m]), kinds[k].name,
                            (double)Ratio(rounds, r->speed[k][m], r->speed[BASIC][m])));
    PetscCall(PetscPrintf(PETSC_COMM_WORLD, "}"));
  }
  PetscCall(PetscPrintf(PETSC_COMM_WORLD, "}\n"));
  PetscFunctionReturn(0);
}

/* A vector of random bits in memory that O_DIRECT takes, in pages that are large, so that raw I/O is at its best. */
static PetscErrorCode CreateVec(Bench *b, Vec *v, void **memory)
{
  PetscScalar *a;
  uint64_t     x = 88172645463325252u + (uint64_t)b->rank;

  PetscFunctionBeginUser;
  PetscCheck(!posix_memalign(memory, HUGE_PAGE, b->bytes), PETSC_COMM_SELF, PETSC_ERR_MEM, "No memory for -mb");
  (void)madvise(*memory, b->bytes, MADV_HUGEPAGE);
  a = (PetscScalar *)*memory;
  for (PetscInt i = 0; i < b->n; i++) {
    x ^= x << 13;
    x ^= x >> 7;
    x ^= x << 17;
    a[i] = (PetscReal)x;
  }
  PetscCall(VecCreateMPIWithArray(PETSC_COMM_WORLD, 1, b->n, PETSC_DETERMINE, a, v));
  PetscFunctionReturn(0);
}

static PetscErrorCode Size(Bench *b, PetscInt mb, PetscInt move, PetscInt rounds, Results *r)
{
  void *memory[2];

  PetscFunctionBeginUser;
  b->bytes  = (size_t)mb << 20;
  b->n      = (PetscInt)(b->bytes / sizeof(PetscScalar));
  b->states = PetscMax(1, move / mb);
  PetscCall(PetscMemzero(r, sizeof(*r)));
  PetscCall(CreateVec(b, &b->u, &memory[0]));
  PetscCall(CreateVec(b, &b->v, &memory[1]));
  for (PetscInt i = -1; i < rounds; i++) {
    for (int j = 0; j < KINDS; j++) {
      b->kind = &kinds[i % 2 ? j : KINDS - 1 - j]; /* none is always the first */
      PetscCall(Once(b, i, r));
    }
  }
  PetscCall(VecDestroy(&b->u));
  PetscCall(VecDestroy(&b->v));
  free(memory[0]);
  free(memory[1]);
  PetscCall(Print(b, rounds, r));
  PetscFunctionReturn(0);
}

int main(int argc, char **argv)
{
  Bench     b = {0};
  Results  *r;
  PetscInt  mb[8] = {32, 256}, nmb = 8, rounds = 5, move = 128;
  PetscBool set;
  char      dir[PETSC_MAX_PATH_LEN - 32] = "";

  PetscCall(PetscInitialize(&argc, &argv, NULL, NULL));
  PetscCall(CostateInitializePackage());
  PetscCallMPI(MPI_Comm_rank(PETSC_COMM_WORLD, &b.rank));
  PetscCallMPI(MPI_Comm_size(PETSC_COMM_WORLD, &b.size));
  PetscCall(PetscOptionsGetIntArray(NULL, NULL, "-mb", mb, &nmb, &set));
  if (!set) nmb = 2;
  PetscCall(PetscOptionsGetInt(NULL, NULL, "-move", &move, NULL));
  PetscCall(PetscOptionsGetInt(NULL, NULL, "-rounds", &rounds, NULL));
  PetscCall(PetscOptionsGetString(NULL, NULL, "-dir", dir, sizeof(dir), NULL));
  PetscCheck(rounds > 0 && rounds <= MAX_ROUNDS, PETSC_COMM_WORLD, PETSC_ERR_ARG_OUTOFRANGE, "-rounds: 1 to %d",
             MAX_ROUNDS);
  if (!dir[0]) PetscCall(PetscSNPrintf(dir, sizeof(dir), "%s", getenv("BUILD") ? getenv("BUILD") : "."));
  PetscCall(PetscSNPrintf(b.dir, sizeof(b.dir), "%s/bench-disk", dir));
  if (b.rank == 0)
    PetscCheck(!mkdir(b.dir, 0777), PETSC_COMM_SELF, PETSC_ERR_FILE_OPEN,
               "The directory %s cannot be made, or is there already: remove it, or name another place (-dir)", b.dir);
  PetscCallMPI(MPI_Barrier(PETSC_COMM_WORLD));
  PetscCall(PetscNew(&r));
  for (PetscInt i = 0; i < nmb; i++) {
    PetscCheck(mb[i] > 0, PETSC_COMM_WORLD, PETSC_ERR_ARG_OUTOFRANGE, "-mb must be positive");
    PetscCall(Size(&b, mb[i], move, rounds, r));
  }
  PetscCall(PetscFree(r));
  if (b.rank == 0) (void)rmdir(b.dir);
  PetscCall(PetscFinalize());
  return 0;
}
