/* SPDX-License-Identifier: BSD-2-Clause */
/*
  Keeps frames on disk whose numbers say where they belong: on a grid of three directions 1000 * step + natural number,
  elsewhere 1000 * step + number in the vector.  For export.sh.

    frames DIR            a grid and coordinates, with a second vector that is on no grid; a jump at step 4
    frames DIR -nest      vectors of two parts, the first as long as a vector on the grid, yet not on it
    frames DIR -kill      like the first, and the end comes before the store is ended
*/
#include <unistd.h>
#include <petscdmda.h>
#include <costate.h>

#define NX  5
#define NY  4
#define NZ  3
#define DOF 2
/* the imaginary part of a number is its negative */
#if defined(PETSC_USE_COMPLEX)
#define BOTH PetscCMPLX(1, -1)
#else
#define BOTH 1
#endif

static PetscErrorCode OnGrid(DM dm, PetscInt step, Vec u)
{
  PetscScalar ****x;
  PetscInt        xs, ys, zs, xm, ym, zm;

  PetscFunctionBeginUser;
  PetscCall(DMDAGetCorners(dm, &xs, &ys, &zs, &xm, &ym, &zm));
  PetscCall(DMDAVecGetArrayDOF(dm, u, &x));
  for (PetscInt k = zs; k < zs + zm; k++)
    for (PetscInt j = ys; j < ys + ym; j++)
      for (PetscInt i = xs; i < xs + xm; i++)
        for (PetscInt c = 0; c < DOF; c++) x[k][j][i][c] = BOTH * (1000 * step + ((k * NY + j) * NX + i) * DOF + c);
  PetscCall(DMDAVecRestoreArrayDOF(dm, u, &x));
  PetscFunctionReturn(0);
}

static PetscErrorCode Anywhere(PetscInt step, Vec u)
{
  PetscInt first, last;

  PetscFunctionBeginUser;
  PetscCall(VecGetOwnershipRange(u, &first, &last));
  for (PetscInt i = first; i < last; i++) PetscCall(VecSetValue(u, i, BOTH * (1000 * step + i), INSERT_VALUES));
  PetscCall(VecAssemblyBegin(u));
  PetscCall(VecAssemblyEnd(u));
  PetscFunctionReturn(0);
}

static PetscErrorCode Put(CostateStore s, PetscInt key, PetscInt step, const char what[], PetscInt n, Vec v[])
{
  PetscFunctionBeginUser;
  PetscCall(CostateStoreSetLabel(s, step, 0.25 * step, what));
  PetscCall(CostateStorePutBegin(s, key, n, v));
  PetscCall(CostateStorePutEnd(s, key));
  PetscFunctionReturn(0);
}

int main(int argc, char **argv)
{
  static const char *const names[] = {"state", "more"};
  CostateStore             s;
  DM                       dm;
  Vec                      v[2], parts[2];
  PetscBool                nest, kill;

  PetscCall(PetscInitialize(&argc, &argv, NULL, NULL));
  PetscCall(PetscOptionsHasName(NULL, NULL, "-nest", &nest));
  PetscCall(PetscOptionsHasName(NULL, NULL, "-kill", &kill));
  PetscCall(DMDACreate3d(PETSC_COMM_WORLD, DM_BOUNDARY_NONE, DM_BOUNDARY_NONE, DM_BOUNDARY_NONE, DMDA_STENCIL_STAR, NX,
                         NY, NZ, PETSC_DECIDE, PETSC_DECIDE, PETSC_DECIDE, DOF, 1, NULL, NULL, NULL, &dm));
  PetscCall(DMSetUp(dm));
  PetscCall(DMDASetUniformCoordinates(dm, 0, 1, 10, 16, -1, 1));
  PetscCall(DMCreateGlobalVector(dm, &parts[0]));
  PetscCall(VecCreateMPI(PETSC_COMM_WORLD, PETSC_DECIDE, 7, &parts[1]));
  PetscCall(CostateStoreCreate(PETSC_COMM_WORLD, "hdf5", &s));
  PetscCall(CostateStoreSetDirectory(s, argv[1]));
  PetscCall(CostateStoreSetKeep(s, PETSC_TRUE));
  PetscCall(CostateStoreSetNames(s, 2, names));
  PetscCall(CostateStoreSetGrid(s, dm));
  v[0] = parts[0];
  v[1] = parts[1];
  if (nest) PetscCall(VecCreateNest(PETSC_COMM_WORLD, 2, NULL, parts, &v[0]));
  for (PetscInt step = 0; step <= 8; step += 2) {
    PetscCall(OnGrid(dm, step, parts[0]));
    PetscCall(Anywhere(step, parts[1]));
    PetscCall(Put(s, 2 * step, step, "state", nest ? 1 : 2, v));
    PetscCall(OnGrid(dm, step + 100, parts[0]));
    if (step == 4) PetscCall(Put(s, 2 * step + 1, step, "before jump", nest ? 1 : 2, v));
  }
  if (kill) {
    PetscCallMPI(MPI_Barrier(PETSC_COMM_WORLD));
    _exit(0);
  }
  PetscCall(CostateStoreDestroy(&s));
  if (nest) PetscCall(VecDestroy(&v[0]));
  PetscCall(VecDestroy(&parts[0]));
  PetscCall(VecDestroy(&parts[1]));
  PetscCall(DMDestroy(&dm));
  return PetscFinalize();
}
