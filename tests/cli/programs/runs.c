/* SPDX-License-Identifier: BSD-2-Clause */
/*
  A run that commits, and ends in one way or another; its states are vectors of numbers that tell step and place.  For
  inspect.sh and verify.sh.

    runs DIR                     six steps, each a state; a commit at steps 2 and 5; finished, and the files kept
    runs DIR -end kill           ends at once after one more state that is in no commit
    runs DIR -end abandon        ends as one that is to be resumed does
    runs DIR -end stop           stops itself (SIGSTOP) after one more state, on one rank
    runs DIR -backward P         the second commit is one of the backward sweep, P steps of 6 left
    runs DIR -nocommit           never commits
    runs DIR -until FILE         goes on putting, dropping and committing states of -n numbers until there is such a
  file
*/
#include <signal.h>
#include <unistd.h>
#include <costate.h>

static Vec v[2];

static PetscErrorCode Put(CostateStore s, PetscInt step)
{
  PetscFunctionBeginUser;
  for (int i = 0; i < 2; i++) {
    PetscInt     first, last;
    PetscScalar *x;

    PetscCall(VecGetOwnershipRange(v[i], &first, &last));
    PetscCall(VecGetArray(v[i], &x));
    for (PetscInt k = first; k < last; k++) x[k - first] = 1000 * (step + 1) + k + (PetscReal)i / 2;
    PetscCall(VecRestoreArray(v[i], &x));
  }
  PetscCall(CostateStoreSetLabel(s, step, 0.25 * step, "state"));
  PetscCall(CostateStorePutBegin(s, step, 2, v));
  PetscCall(CostateStorePutEnd(s, step));
  PetscFunctionReturn(0);
}

static PetscErrorCode Commit(CostateStore s, const char *format, PetscInt a, PetscInt b)
{
  char text[64];

  PetscFunctionBeginUser;
  PetscCall(PetscSNPrintf(text, sizeof(text), format, (int)a, (int)b));
  PetscCall(CostateStoreNote(s, text));
  PetscCall(CostateStoreNote(s, "forwards is not for everybody"));
  PetscCall(CostateStoreCommit(s));
  PetscFunctionReturn(0);
}

/* What a long run does to its places: each state is dropped a little later, and its place used again. */
static PetscErrorCode Churn(CostateStore s, const char *file, PetscBool commit)
{
  PetscInt step = 0;

  PetscFunctionBeginUser;
  for (; access(file, F_OK); step++) {
    PetscCall(Put(s, step));
    if (step >= 3) PetscCall(CostateStoreDrop(s, step - 3));
    if (commit && step % 2) PetscCall(Commit(s, "forward %d", step, 0));
    if (step == 20) PetscCall(PetscPrintf(PETSC_COMM_WORLD, "running\n"));
    if (step == 20) (void)fflush(stdout);
  }
  PetscFunctionReturn(0);
}

static PetscErrorCode Steps(CostateStore s, PetscBool commit, PetscInt backward)
{
  PetscFunctionBeginUser;
  for (PetscInt step = 0; step < 6; step++) {
    PetscCall(Put(s, step));
    if (commit && step == 2) PetscCall(Commit(s, "forward %d", step, 0));
    if (step == 3) PetscCall(CostateStoreDrop(s, 1));
    if (commit && step == 5)
      PetscCall(Commit(s, backward ? "backward %d of %d" : "forward %d", backward ? backward : step, 6));
  }
  PetscFunctionReturn(0);
}

int main(int argc, char **argv)
{
  static const char *const names[] = {"state", "tangent"};
  CostateStore             s;
  char                     end[16] = "", until[256] = "";
  PetscInt                 n = 40, backward = 0;
  PetscBool not, go;

  PetscCall(PetscInitialize(&argc, &argv, NULL, NULL));
  PetscCall(PetscOptionsGetString(NULL, NULL, "-end", end, sizeof(end), NULL));
  PetscCall(PetscOptionsGetString(NULL, NULL, "-until", until, sizeof(until), &go));
  PetscCall(PetscOptionsGetInt(NULL, NULL, "-n", &n, NULL));
  PetscCall(PetscOptionsGetInt(NULL, NULL, "-backward", &backward, NULL));
  PetscCall(PetscOptionsHasName(NULL, NULL, "-nocommit", &not ));
  PetscCall(VecCreateMPI(PETSC_COMM_WORLD, PETSC_DECIDE, n, &v[0]));
  PetscCall(VecCreateMPI(PETSC_COMM_WORLD, PETSC_DECIDE, 7, &v[1]));
  PetscCall(CostateStoreCreate(PETSC_COMM_WORLD, "hdf5", &s));
  PetscCall(CostateStoreSetDirectory(s, argv[1]));
  PetscCall(CostateStoreSetKeep(s, PETSC_TRUE));
  PetscCall(CostateStoreSetNames(s, 2, names));
  PetscCall(CostateStoreSetCommit(s, (PetscBool) !not ));
  PetscCall(CostateStoreSetOwner(s, "runs, \\ of the tests"));
  if (go)
    PetscCall(Churn(s, until, (PetscBool) !not ));
  else
    PetscCall(Steps(s, (PetscBool) !not, backward));
  if (!strcmp(end, "kill") || !strcmp(end, "stop")) PetscCall(Put(s, 6));
  PetscCallMPI(MPI_Barrier(PETSC_COMM_WORLD));
  if (!strcmp(end, "kill")) _exit(0);
  if (!strcmp(end, "stop")) {
    PetscCall(PetscPrintf(PETSC_COMM_WORLD, "stopped\n"));
    (void)fflush(stdout);
    if (raise(SIGSTOP)) return 1;
  }
  if (!strcmp(end, "abandon"))
    PetscCall(CostateStoreAbandon(&s));
  else
    PetscCall(CostateStoreDestroy(&s));
  PetscCall(VecDestroy(&v[0]));
  PetscCall(VecDestroy(&v[1]));
  return PetscFinalize();
}
