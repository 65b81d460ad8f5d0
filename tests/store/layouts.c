/* SPDX-License-Identifier: BSD-2-Clause */
/* ranks: 1 2 3 */
/*
  One file for all ranks, for each node, for each rank: what is put is there again, after a commit too, and what reads
  the files from outside sees no difference; where a node has a directory of its own each finds its part, or all say so.
  COSTATE_TEST_NODES deals the ranks to so many nodes, so that those of a node are no neighbours.
*/
#define _GNU_SOURCE
#include <petscdmda.h>
#include <costate/archive.h>
#include "vecs.h"
#include "files.h"

#define OWNER "tests/store/layouts"
#define N     9000

static Vec v[2]; /* a nest, and one that is none */

static PetscErrorCode New(const char dir[], const char layout[], CostateStore *s)
{
  static const char *const names[] = {"state", "more"};

  PetscFunctionBeginUser;
  PetscCall(Disk(dir, PETSC_TRUE, s));
  PetscCall(CostateStoreSetLayout(*s, layout));
  PetscCall(CostateStoreSetNames(*s, 2, names));
  PetscCall(CostateStoreSetCommit(*s, PETSC_TRUE));
  PetscCall(CostateStoreSetOwner(*s, OWNER));
  PetscFunctionReturn(0);
}

static PetscErrorCode Resume(const char dir[], const char layout[], PetscInt64 *generation, CostateStore *s)
{
  PetscFunctionBeginUser;
  PetscCall(New(dir, layout, s));
  PetscCall(CostateStoreResume(*s, 0, generation));
  PetscFunctionReturn(0);
}

static PetscErrorCode Put(CostateStore s, PetscInt64 key)
{
  PetscFunctionBeginUser;
  PetscCall(Pattern(v[0], (uint64_t)key, NULL));
  PetscCall(Pattern(v[1], (uint64_t)key + 500, NULL));
  PetscCall(CostateStoreSetLabel(s, key, 0.5 * (int)key, "state"));
  PetscCall(CostateStorePutBegin(s, key, 2, v));
  PetscFunctionReturn(0);
}

/* Exactly these keys, ended by -1, with their bits */
static PetscErrorCode Holds(CostateStore s, const PetscInt64 keys[], PetscBool *right)
{
  PetscInt n, k;

  PetscFunctionBeginUser;
  *right = PETSC_TRUE;
  PetscCall(CostateStoreKeys(s, &n, NULL));
  for (k = 0; k < n && keys[k] >= 0; k++) {
    if (s->table[k]->key != keys[k] || s->table[k]->step != keys[k]) *right = PETSC_FALSE;
    PetscCall(VecSet(v[0], -1));
    PetscCall(VecSet(v[1], -1));
    PetscCall(CostateStoreGetEnd(s, s->table[k]->key, 2, v));
    PetscCall(Pattern(v[0], (uint64_t)keys[k], right));
    PetscCall(Pattern(v[1], (uint64_t)keys[k] + 500, right));
  }
  if (k < n || keys[k] >= 0) *right = PETSC_FALSE;
  PetscCall(All(right));
  PetscFunctionReturn(0);
}

#define KEYS(...) ((const PetscInt64[]){__VA_ARGS__, -1})

/* How many data files of a number there are, and whether they have the names that the layout gives. */
static int Files(const char dir[], const char layout[], int nodes, int number, PetscBool *right)
{
  const int      groups = layout[0] == 's' ? 1 : layout[0] == 'r' ? size : PetscMin(nodes, size);
  char           path[600], start[32], name[64];
  int            n = 0;
  struct dirent *e;
  DIR           *d;

  snprintf(path, sizeof(path), "%s/run-0001", dir);
  snprintf(start, sizeof(start), "states-%04d", number);
  d = opendir(path);
  while (d && (e = readdir(d))) n += !strncmp(e->d_name, start, strlen(start));
  if (d) closedir(d);
  *right = (PetscBool)(n == groups);
  for (int g = 0; g < groups; g++) {
    if (layout[0] == 's')
      snprintf(name, sizeof(name), "%s.h5", start);
    else
      snprintf(name, sizeof(name), "%s-%c%05d.h5", start, layout[0], g);
    snprintf(path, sizeof(path), "%s/run-0001/%s", dir, name);
    if (access(path, F_OK)) *right = PETSC_FALSE;
  }
  return n;
}

static PetscErrorCode Basic(const char layout[], int nodes)
{
  CostateStore s, ram;
  PetscInt64   generation;
  PetscBool    right, named, again;

  PetscFunctionBeginUser;
  PetscCall(New("disk", layout, &s));
  PetscCall(CostateStoreCreate(PETSC_COMM_WORLD, "ram", &ram));
  for (PetscInt64 key = 1; key < 6; key++) PetscCall(Put(s, key));
  PetscCall(Put(ram, 6));
  PetscCall(CostateStoreCopyBegin(ram, s, 6));
  PetscCall(CostateStoreCopyEnd(s, ram, 6));
  PetscCall(Holds(s, KEYS(1, 2, 3, 4, 5, 6), &right));
  T_OK(right, "%s: what is put and copied comes back", layout);
  (void)Files("disk", layout, nodes, 0, &named);
  T_OK(named, "%s: there are as many files as there should be", layout);
  PetscCall(CostateStoreDrop(s, 2));
  PetscCall(CostateStoreCommit(s));
  PetscCall(Put(s, 7));
  PetscCall(CostateStoreDrop(s, 3));
  PetscCall(CostateStoreAbandon(&s));
  PetscCallMPI(MPI_Barrier(PETSC_COMM_WORLD));
  PetscCall(Resume("disk", layout, &generation, &s));
  PetscCall(Holds(s, KEYS(1, 3, 4, 5, 6), &right));
  PetscCall(CostateStoreCopyBegin(s, ram, 4));
  PetscCall(CostateStoreCopyEnd(s, ram, 4));
  PetscCall(Put(s, 8)); /* in a slot of the files that are there */
  PetscCall(CostateStoreSync(s));
  again = (PetscBool)(Files("disk", layout, nodes, 2, &named) == 0);
  for (PetscInt64 key = 9; key < 30; key++) PetscCall(Put(s, key));
  PetscCall(CostateStoreCommit(s));
  PetscCall(CostateStoreAbandon(&s));
  PetscCallMPI(MPI_Barrier(PETSC_COMM_WORLD));
  T_OK(generation == 1 && right && again, "%s: what was committed is there in a resumed run, and goes on in its files",
       layout);
  PetscCall(Resume("disk", layout, &generation, &s));
  PetscCall(
      Holds(s,
            KEYS(1, 3, 4, 5, 6, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29),
            &right));
  T_OK(generation == 2 && right, "%s: and in the one after that", layout);
  PetscCall(CostateStoreDestroy(&s));
  PetscCall(CostateStoreDestroy(&ram));
  PetscCallMPI(MPI_Barrier(PETSC_COMM_WORLD));
  T_OK(access("disk", F_OK), "%s: nothing is left of it", layout);
  PetscFunctionReturn(0);
}

/* Vectors of the same size that are divided in another way have other places. */
static PetscErrorCode Divisions(const char layout[])
{
  CostateStore s;
  PetscInt     total;
  PetscInt64   generation;
  PetscBool    right = PETSC_TRUE;
  Vec          w[2];

  PetscFunctionBeginUser;
  PetscCall(VecGetSize(v[1], &total));
  PetscCall(VecCreate(PETSC_COMM_WORLD, &w[0]));
  PetscCall(VecSetSizes(w[0], rank == size - 1 ? total : 0, total));
  PetscCall(VecSetType(w[0], VECSTANDARD));
  PetscCall(New("disk", layout, &s));
  for (PetscInt64 key = 0; key < 8; key++) {
    Vec u = key % 2 ? w[0] : v[1];

    PetscCall(Pattern(u, (uint64_t)key, NULL));
    PetscCall(CostateStorePutBegin(s, key, 1, &u));
  }
  PetscCall(CostateStoreCommit(s));
  PetscCall(CostateStoreAbandon(&s));
  PetscCallMPI(MPI_Barrier(PETSC_COMM_WORLD));
  PetscCall(Resume("disk", layout, &generation, &s));
  for (PetscInt64 key = 8; key < 16; key++) {
    Vec u = key % 2 ? w[0] : v[1];

    PetscCall(Pattern(u, (uint64_t)key, NULL));
    PetscCall(CostateStorePutBegin(s, key, 1, &u));
  }
  PetscCall(CostateStoreSync(s));
  for (PetscInt64 key = 0; key < 16; key++) {
    Vec u = key % 2 ? w[0] : v[1];

    PetscCall(VecSet(u, -1));
    PetscCall(CostateStoreGetEnd(s, key, 1, &u));
    PetscCall(Pattern(u, (uint64_t)key, &right));
  }
  PetscCall(All(&right));
  T_OK(right, "%s: vectors that are divided in different ways do not get into each other's way", layout);
  PetscCall(CostateStoreDestroy(&s));
  PetscCall(VecDestroy(&w[0]));
  PetscFunctionReturn(0);
}

/* Blocks of which no page begins where it does in memory, and more than go there at once. */
static PetscErrorCode Large(const char layout[])
{
  CostateStore s;
  PetscBool    right = PETSC_TRUE;
  Vec          u;

  PetscFunctionBeginUser;
  PetscCall(Create(700001, PETSC_FALSE, &u));
  PetscCall(New("disk", layout, &s));
  for (PetscInt64 key = 0; key < 2; key++) {
    PetscCall(Pattern(u, (uint64_t)key, NULL));
    PetscCall(CostateStorePutBegin(s, key, 1, &u));
  }
  for (PetscInt64 key = 0; key < 2; key++) {
    PetscCall(VecSet(u, -1));
    PetscCall(CostateStoreGetEnd(s, key, 1, &u));
    PetscCall(Pattern(u, (uint64_t)key, &right));
  }
  PetscCall(All(&right));
  T_OK(right, "%s: so do large ones", layout);
  PetscCall(CostateStoreDestroy(&s));
  PetscCall(VecDestroy(&u));
  PetscFunctionReturn(0);
}

/* What is read from outside, on rank 0: the bits of every frame, one after the other. */
static PetscErrorCode Outside(const char dir[], uint64_t *hash, PetscInt64 *frames, PetscBool *damaged)
{
  CostateArchive       a = NULL;
  CostateArchiveInfo   info;
  CostateArchiveVector x;
  PetscErrorCode       err = 0;
  PetscScalar         *u;

  PetscFunctionBeginUser;
  *hash = 0;
  PetscCall(CostateArchiveOpen(dir, &a));
  PetscCall(CostateArchiveGetInfo(a, &info));
  *frames = info.frames;
  for (PetscInt64 i = 0; i < info.frames && !err; i++) {
    CostateArchiveFrame f;

    PetscCall(CostateArchiveGetFrame(a, i, &f));
    for (int k = 0; k < f.vectors && !err; k++) {
      PetscCall(CostateArchiveGetVector(a, i, k, &x));
      PetscCall(PetscMalloc1(x.total, &u));
      err = CostateArchiveRead(a, i, k, u);
      if (!err) *hash = XXH3_64bits_withSeed(u, (size_t)x.total * sizeof(*u), *hash);
      PetscCall(PetscFree(u));
    }
    *hash ^= (uint64_t)f.step;
  }
  PetscCall(CostateArchiveClose(&a));
  *damaged = (PetscBool)(err != 0);
  PetscFunctionReturn(0);
}

static int missing, found;

static PetscErrorCode Hear(void *ctx, const CostateFinding *f)
{
  const char *file = (const char *)ctx;

  PetscFunctionBeginUser;
  if (f->found == COSTATE_FOUND_DAMAGE && !strcmp(f->file, file)) found++;
  if (f->found == COSTATE_FOUND_DAMAGE && strcmp(f->file, file)) missing++;
  PetscFunctionReturn(0);
}

/* Kept, and left by a kill: the reader, the inventory and the verification see the same in all layouts. */
static PetscErrorCode Readers(const char layout[], const char last[], uint64_t *want)
{
  CostateStore        s;
  CostateInventory    list = NULL;
  CostateInventoryRun run;
  CostateVerified     sum;
  PetscInt64          frames = 0;
  PetscBool           bad    = PETSC_FALSE;
  uint64_t            hash   = 0;
  char                file[64];

  PetscFunctionBeginUser;
  snprintf(file, sizeof(file), "states-0000%s.h5", last);
  PetscCall(New("kept", layout, &s));
  PetscCall(CostateStoreSetKeep(s, PETSC_TRUE));
  for (PetscInt64 key = 1; key < 7; key++) PetscCall(Put(s, key));
  PetscCall(CostateStoreDrop(s, 2));
  PetscCall(CostateStoreCommit(s));
  PetscCall(Copy("kept", "killed"));
  PetscCall(CostateStoreDestroy(&s));
  PetscCallMPI(MPI_Barrier(PETSC_COMM_WORLD));
  if (rank == 0) {
    PetscCall(Outside("kept", &hash, &frames, &bad));
    if (!*want) *want = hash;
    ok(frames == 5 && !bad && hash == *want, "%s: what reads a kept run sees the same", layout);
    PetscCall(Outside("killed", &hash, &frames, &bad));
    ok(frames == 5 && !bad && hash == *want, "%s: and of one that was killed", layout);
    PetscCall(CostateInventoryOpen("killed", &list));
    PetscCall(CostateInventoryGetRun(list, 0, &run));
    found = missing = 0;
    PetscCall(CostateInventoryVerify(list, 0, Hear, file, &sum));
    ok(run.resumable && run.committed == 5 && run.complete == 5 && !strcmp(run.layout, layout) && sum.frames == 5 &&
           !found && !missing && !sum.notes,
       "%s: it is resumable and whole", layout);
    PetscCall(CostateInventoryClose(&list));
    PetscCall(CostateInventoryOpen("kept", &list));
    PetscCall(CostateInventoryVerify(list, 0, Hear, file, &sum));
    ok(!found && !missing && sum.frames == 5 && !sum.notes, "%s: so is the kept one, with its labels", layout);
    PetscCall(CostateInventoryClose(&list));
  }
  PetscCallMPI(MPI_Barrier(PETSC_COMM_WORLD));
  PetscCall(Pattern(v[1], 504, NULL));
  PetscCall(FlipNumber("killed", file, v[1]));
  if (rank == 0) {
    PetscCall(CostateInventoryOpen("killed", &list));
    PetscCall(CostateInventoryVerify(list, 0, Hear, file, &sum));
    ok(found == 1 && !missing, "%s: one flipped bit is found, in the file where it is", layout);
    PetscCall(CostateInventoryClose(&list));
    Gone("killed", file);
    PetscCall(CostateInventoryOpen("killed", &list));
    PetscCall(CostateInventoryGetRun(list, 0, &run));
    found = 0;
    PetscCall(CostateInventoryVerify(list, 0, Hear, file, &sum));
    ok(found == 1 && !run.resumable && strstr(run.why, file), "%s: and that a file is missing", layout);
    PetscCall(CostateInventoryClose(&list));
    ok(system("rm -r kept killed") == 0, "%s: the directories go", layout);
  }
  PetscCallMPI(MPI_Barrier(PETSC_COMM_WORLD));
  PetscFunctionReturn(0);
}

/* The natural order is written by rank 0 where the others do not see its file. */
static PetscErrorCode Grid(const char layout[])
{
  CostateStore   s;
  CostateArchive a = NULL;
  PetscInt64     generation, natural[35];
  PetscScalar    u[35];
  PetscBool      right = PETSC_TRUE;
  DM             dm;
  Vec            x, n;

  PetscFunctionBeginUser;
  PetscCall(DMDACreate2d(PETSC_COMM_WORLD, DM_BOUNDARY_NONE, DM_BOUNDARY_NONE, DMDA_STENCIL_STAR, 7, 5, 1, size, 1, 1,
                         NULL, NULL, &dm));
  PetscCall(DMSetUp(dm));
  PetscCall(DMCreateGlobalVector(dm, &x));
  PetscCall(DMDACreateNaturalVector(dm, &n));
  {
    PetscInt     low, high;
    PetscScalar *to;

    PetscCall(VecGetOwnershipRange(n, &low, &high));
    PetscCall(VecGetArray(n, &to));
    for (PetscInt i = low; i < high; i++) to[i - low] = i;
    PetscCall(VecRestoreArray(n, &to));
  }
  PetscCall(DMDANaturalToGlobalBegin(dm, n, INSERT_VALUES, x));
  PetscCall(DMDANaturalToGlobalEnd(dm, n, INSERT_VALUES, x));
  PetscCall(New("grid", layout, &s));
  PetscCall(CostateStoreSetGrid(s, dm));
  PetscCall(CostateStorePutBegin(s, 1, 1, &x));
  PetscCall(CostateStoreCommit(s));
  PetscCall(CostateStoreAbandon(&s));
  PetscCallMPI(MPI_Barrier(PETSC_COMM_WORLD));
  if (rank == 0) {
    PetscCall(CostateArchiveOpen("grid", &a));
    PetscCall(CostateArchiveGetNatural(a, natural));
    PetscCall(CostateArchiveRead(a, 0, 0, u));
    for (int i = 0; i < 35; i++)
      if (u[i] != (PetscScalar)natural[i]) right = PETSC_FALSE;
    PetscCall(CostateArchiveClose(&a));
  }
  PetscCall(New("grid", layout, &s));
  PetscCall(CostateStoreSetGrid(s, dm));
  PetscCall(CostateStoreResume(s, 0, &generation));
  T_OK(right && generation == 1, "%s: the natural order of a grid is written down, and compared", layout);
  PetscCall(CostateStoreDestroy(&s));
  PetscCall(VecDestroy(&x));
  PetscCall(VecDestroy(&n));
  PetscCall(DMDestroy(&dm));
  PetscFunctionReturn(0);
}

/* Each rank has a directory of its own, as on nodes with disks of their own. */
static PetscErrorCode Local(const char layout[])
{
  CostateStore   s, other;
  PetscErrorCode code;
  PetscInt64     generation;
  PetscBool      right, mine, gone;
  char           dir[32];

  PetscFunctionBeginUser;
  snprintf(dir, sizeof(dir), "node-%d", layout[0] == 'n' ? rank % 2 : rank);
  if (rank < (layout[0] == 'n' ? 2 : size)) mkdir(dir, 0777);
  if (rank == 1) { /* an earlier run, of which only this node knows */
    mkdir("node-1/local", 0777);
    mkdir("node-1/local/run-0003", 0777);
  }
  PetscCallMPI(MPI_Barrier(PETSC_COMM_WORLD));
  if (chdir(dir)) abort();
  PetscCall(New("local", layout, &s));
  Mute();
  PetscCall(CostateStoreOpen(s));
  (void)Unmute();
  PetscCall(Put(s, 1));
  PetscCall(Put(s, 2));
  PetscCall(CostateStoreCommit(s));
  mine = (PetscBool)!access(size > 1 ? "local/run-0004/costate.json" : "local/run-0001/costate.json", F_OK);
  PetscCall(All(&mine));
  T_OK(mine, "%s: each node has a directory of the same number", layout);
  PetscCall(New("local", layout, &other));
  EXPECT(&code, CostateStoreResume(other, 0, &generation));
  T_OK(code && strstr(said, "going on in another process"), "%s: a run that goes on is not resumed", layout);
  PetscCall(CostateStoreDestroy(&other));
  PetscCall(CostateStoreAbandon(&s));
  PetscCallMPI(MPI_Barrier(PETSC_COMM_WORLD));
  if (size > 1) {
    if (rank == 1 && rename("local", "away")) abort();
    PetscCallMPI(MPI_Barrier(PETSC_COMM_WORLD));
    PetscCall(New("local", layout, &s));
    EXPECT(&code, CostateStoreResume(s, 0, &generation));
    T_OK(code && strstr(said, "Rank 1 does not find its part of the run"), "%s: on another node it is refused", layout);
    PetscCall(CostateStoreDestroy(&s));
    PetscCallMPI(MPI_Barrier(PETSC_COMM_WORLD));
    if (rank == 1 && rename("away", "local")) abort();
    PetscCallMPI(MPI_Barrier(PETSC_COMM_WORLD));
  } else
    T_OK(1, "%s: there is no other node", layout);
  PetscCall(Resume("local", layout, &generation, &s));
  PetscCall(Holds(s, KEYS(1, 2), &right));
  T_OK(right && generation == 1, "%s: on the same nodes it is resumed", layout);
  PetscCall(Put(s, 3));
  PetscCall(CostateStoreCommit(s));
  PetscCall(CostateStoreDestroy(&s));
  PetscCallMPI(MPI_Barrier(PETSC_COMM_WORLD));
  gone = (PetscBool)(access("local/run-0004", F_OK) != 0 && access("local/run-0001", F_OK) != 0);
  PetscCall(All(&gone));
  T_OK(gone, "%s: and nothing is left on any of them", layout);
  PetscCallMPI(MPI_Barrier(PETSC_COMM_WORLD));
  if (chdir("..")) abort();
  PetscCallMPI(MPI_Barrier(PETSC_COMM_WORLD));
  if (rank == 0 && system("rm -r node-*")) abort();
  PetscCallMPI(MPI_Barrier(PETSC_COMM_WORLD));
  PetscFunctionReturn(0);
}

static PetscErrorCode Refusals(void)
{
  CostateStore   s;
  PetscErrorCode code;
  PetscInt64     generation;
  PetscBool      right;

  PetscFunctionBeginUser;
  PetscCall(New("disk", "node", &s));
  EXPECT(&code, CostateStoreSetLayout(s, "nodes"));
  T_OK(code && strstr(said, "no layout 'nodes'"), "an unknown layout is refused");
  PetscCall(Put(s, 1));
  PetscCall(CostateStoreCommit(s));
  PetscCall(CostateStoreAbandon(&s));
  PetscCallMPI(MPI_Barrier(PETSC_COMM_WORLD));
  PetscCall(New("disk", "rank", &s));
  EXPECT(&code, CostateStoreResume(s, 0, &generation));
  T_OK(code && strstr(said, "in the layout 'node', and this program asks for 'rank'"), "another layout is refused");
  PetscCall(CostateStoreDestroy(&s));
  setenv("COSTATE_TEST_NODES", "3", 1);
  PetscCall(Resume("disk", "node", &generation, &s));
  PetscCall(Holds(s, KEYS(1), &right));
  T_OK(right && generation == 1, "ranks that are on other nodes now go on with the files that they had");
  PetscCall(CostateStoreDestroy(&s));
  setenv("COSTATE_TEST_NODES", "2", 1);
  PetscFunctionReturn(0);
}

int main(int argc, char **argv)
{
  static const char *const layouts[] = {"shared", "node", "rank"};
  char                     last[3][16];
  uint64_t                 want = 0;

  PetscCall(Start(&argc, &argv));
  setenv("COSTATE_TEST_NODES", "2", 1);
  last[0][0] = 0;
  snprintf(last[1], sizeof(last[1]), "-n%05d", (size - 1) % 2);
  snprintf(last[2], sizeof(last[2]), "-r%05d", size - 1);
  if (rank == 0) plan(3 * (5 + 1 + 1 + 7 + 1) + 2 * 5 + 3);
  PetscCall(Create(N, PETSC_TRUE, &v[0]));
  PetscCall(Create(100, PETSC_FALSE, &v[1]));
  for (int i = 0; i < 3; i++) {
    PetscCall(Basic(layouts[i], 2));
    PetscCall(Divisions(layouts[i]));
    PetscCall(Large(layouts[i]));
    PetscCall(Readers(layouts[i], last[i], &want));
    PetscCall(Grid(layouts[i]));
    if (i) PetscCall(Local(layouts[i]));
  }
  PetscCall(Refusals());
  PetscCall(VecDestroy(&v[0]));
  PetscCall(VecDestroy(&v[1]));
  PetscCall(PetscFinalize());
  return done();
}
