/* SPDX-License-Identifier: BSD-2-Clause */
/*
  A run that may be killed at any instant, and goes on where it stood when it is started again.

    commit -dir DIR -seed SEED -commits N

  Puts, copies, drops, notes and commits, in an order that SEED tells.  What is resumed has to be the state of the last
  commit that came back (its number is in the file DIR.returned), or of the one after it.  Exit status 1 if it is not.
*/
#define _GNU_SOURCE
#include <fcntl.h>
#include "../vecs.h"

#define OPS  6 /* between commits */
#define MOST 64

static struct {
  PetscInt64 key;
  uint64_t   seed;
} model[MOST];
static PetscInt64   nmodel, nnotes, next; /* next: the key that comes next, which is the seed of a frame too */
static Vec          v[2];                 /* small, and large enough for O_DIRECT */
static CostateStore disk, ram;
static char         returned[4096];

/* A frame differs from all others; so does its shape from that of its neighbour. */
static PetscErrorCode Put(CostateStore s, PetscInt64 key)
{
  PetscFunctionBeginUser;
  PetscCall(Pattern(v[key % 2], (uint64_t)key, NULL));
  PetscCall(CostateStoreSetLabel(s, key, 0.25 * (int)key, "state"));
  PetscCall(CostateStorePutBegin(s, key, 1, &v[key % 2]));
  PetscFunctionReturn(0);
}

/* One thing more; `live` where it happens, else the model alone is told. */
static PetscErrorCode Op(PetscBool live)
{
  const int  what = Random(10), which = nmodel ? Random((int)nmodel) : 0;
  PetscInt64 key = next;
  char       text[64];

  PetscFunctionBeginUser;
  if (what < 6 || !nmodel) {
    model[nmodel++].key = next++;
    if (!live) PetscFunctionReturn(0);
    PetscCall(Put(what < 4 ? disk : ram, key));
    if (what >= 4) PetscCall(CostateStoreCopyBegin(ram, disk, key));
  } else if (what < 9) {
    key          = model[which].key;
    model[which] = model[--nmodel];
    if (live) PetscCall(CostateStoreDrop(disk, key));
  } else {
    snprintf(text, sizeof(text), "note %d of rank %d", (int)nnotes++, rank);
    if (live) PetscCall(CostateStoreNote(disk, text));
  }
  PetscFunctionReturn(0);
}

/* What a later run may count on. */
static PetscErrorCode Returned(PetscInt64 generation)
{
  char text[32];
  int  fd;

  PetscFunctionBeginUser;
  if (rank) PetscFunctionReturn(0);
  snprintf(text, sizeof(text), "%8d", (int)generation);
  fd = open(returned, O_WRONLY | O_CREAT, 0666);
  PetscCheck(fd >= 0 && pwrite(fd, text, 8, 0) == 8, PETSC_COMM_SELF, PETSC_ERR_FILE_WRITE, "%s", returned);
  close(fd);
  PetscFunctionReturn(0);
}

static PetscErrorCode Commit(PetscInt64 wanted)
{
  PetscInt64 generation, keys[MOST];
  PetscInt   n;

  PetscFunctionBeginUser;
  PetscCall(CostateStoreCommit(disk));
  PetscCall(CostateStoreGetGeneration(disk, &generation));
  PetscCheck(generation == wanted, PETSC_COMM_SELF, PETSC_ERR_PLIB, "commit %d is called %d", (int)wanted,
             (int)generation);
  PetscCall(Returned(generation));
  PetscCall(CostateStoreKeys(ram, &n, keys));
  for (PetscInt i = 0; i < n; i++) PetscCall(CostateStoreDrop(ram, keys[i]));
  PetscFunctionReturn(0);
}

/* The store is as the model. */
static PetscErrorCode Check(const char when[])
{
  PetscInt           n;
  PetscBool          has, right;
  const char *const *notes;
  char               text[64];

  PetscFunctionBeginUser;
  PetscCall(CostateStoreKeys(disk, &n, NULL));
  PetscCheck(n == nmodel, PETSC_COMM_WORLD, PETSC_ERR_PLIB, "%s: %d frames instead of %d", when, (int)n, (int)nmodel);
  for (PetscInt64 i = 0; i < nmodel; i++) {
    const PetscInt64 key = model[i].key;
    Vec             *u   = &v[key % 2];

    PetscCall(CostateStoreHas(disk, key, &has));
    PetscCheck(has, PETSC_COMM_WORLD, PETSC_ERR_PLIB, "%s: there is no frame %d", when, (int)key);
    PetscCall(VecSet(*u, 0));
    PetscCall(CostateStoreGetEnd(disk, key, 1, u));
    right = PETSC_TRUE;
    PetscCall(Pattern(*u, (uint64_t)key, &right));
    PetscCheck(right, PETSC_COMM_SELF, PETSC_ERR_PLIB, "%s: frame %d has other numbers", when, (int)key);
  }
  PetscCall(CostateStoreGetNotes(disk, &n, &notes));
  for (PetscInt i = 0; i < n; i++) {
    snprintf(text, sizeof(text), "note %d of rank %d", (int)i, rank);
    PetscCheck(!strcmp(notes[i], text), PETSC_COMM_SELF, PETSC_ERR_PLIB, "%s: note %d is '%s'", when, (int)i, notes[i]);
  }
  PetscFunctionReturn(0);
}

/* A commit that came back is there, and nothing is that was not begun; after the last one the files go. */
static PetscErrorCode Newest(PetscInt64 generation, PetscInt commits)
{
  char text[9] = "0";
  int  fd      = rank ? -1 : open(returned, O_RDONLY);
  int  last;

  PetscFunctionBeginUser;
  if (fd >= 0) {
    if (pread(fd, text, 8, 0) < 0) text[0] = 0;
    close(fd);
  }
  last = atoi(text);
  PetscCheck(rank || generation == last || generation == last + 1 || (!generation && last == commits), PETSC_COMM_SELF,
             PETSC_ERR_PLIB, "commit %d came back, and %d is resumed", last, (int)generation);
  PetscCall(Returned(generation));
  PetscFunctionReturn(0);
}

int main(int argc, char **argv)
{
  char       dir[4000];
  PetscInt   commits = 4, n;
  PetscInt64 generation;

  (void)Listen; /* here errors end the program */
  PetscCall(PetscInitialize(&argc, &argv, NULL, NULL));
  PetscCallMPI(MPI_Comm_rank(PETSC_COMM_WORLD, &rank));
  PetscCallMPI(MPI_Comm_size(PETSC_COMM_WORLD, &size));
  PetscCall(PetscOptionsGetString(NULL, NULL, "-dir", dir, sizeof(dir), NULL));
  PetscCall(PetscOptionsGetInt(NULL, NULL, "-seed", &n, NULL));
  PetscCall(PetscOptionsGetInt(NULL, NULL, "-commits", &commits, NULL));
  snprintf(returned, sizeof(returned), "%s.returned", dir);
  state = seed0 = (uint64_t)n;
  PetscCall(Create(300, PETSC_FALSE, &v[0]));
  PetscCall(Create(9000, PETSC_FALSE, &v[1]));
  PetscCall(CostateStoreCreate(PETSC_COMM_WORLD, "ram", &ram));
  PetscCall(CostateStoreCreate(PETSC_COMM_WORLD, "hdf5", &disk));
  PetscCall(CostateStoreSetDirectory(disk, dir));
  PetscCall(CostateStoreSetBehind(disk, (PetscBool)Random(2)));
  PetscCall(CostateStoreSetCommit(disk, PETSC_TRUE));
  PetscCall(CostateStoreSetOwner(disk, "commit"));
  PetscCall(CostateStoreResume(disk, 0, &generation));
  PetscCall(Newest(generation, commits));
  if (!generation) PetscCall(CostateStoreOpen(disk));
  for (PetscInt64 c = 1; c <= commits; c++) {
    for (int i = 0; i < OPS; i++) PetscCall(Op((PetscBool)(c > generation)));
    if (c > generation) PetscCall(Commit(c));
    if (c == generation) {
      PetscCall(CostateStoreGetNotes(disk, &n, NULL));
      PetscCheck(n == nnotes, PETSC_COMM_SELF, PETSC_ERR_PLIB, "%d notes instead of %d", (int)n, (int)nnotes);
      PetscCall(Check("resumed"));
    }
  }
  PetscCall(Check("at the end"));
  PetscCall(CostateStoreDestroy(&ram));
  PetscCall(CostateStoreDestroy(&disk));
  PetscCall(VecDestroy(&v[0]));
  PetscCall(VecDestroy(&v[1]));
  PetscCall(PetscFinalize());
  return 0;
}
