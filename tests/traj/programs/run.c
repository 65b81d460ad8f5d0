/* SPDX-License-Identifier: BSD-2-Clause */
/* The application of the tests as a program that knows nothing of this library: prints a digest of its gradient. */
#include "../app.h"

static PetscErrorCode Digest(const AppResult *res)
{
  uint64_t    h = UINT64_C(14695981039346656037), sum;
  PetscMPIInt rank;

  PetscFunctionBeginUser;
  for (size_t i = 0; i < (size_t)res->nlambda * sizeof(PetscScalar); i++)
    h = (h ^ ((unsigned char *)res->lambda)[i]) * UINT64_C(1099511628211);
  for (size_t i = 0; i < (size_t)res->nmu * sizeof(PetscScalar); i++)
    h = (h ^ ((unsigned char *)res->mu)[i]) * UINT64_C(1099511628211);
  PetscCallMPI(MPI_Comm_rank(PETSC_COMM_WORLD, &rank));
  h *= 2 * (uint64_t)rank + 1;
  PetscCallMPI(MPI_Allreduce(&h, &sum, 1, MPI_UINT64_T, MPI_SUM, PETSC_COMM_WORLD));
  PetscCall(
      PetscPrintf(PETSC_COMM_WORLD, "%" PetscInt_FMT " steps, digest %016llx\n", res->steps, (unsigned long long)sum));
  PetscFunctionReturn(0);
}

int main(int argc, char **argv)
{
  App       app = AppDefault();
  AppResult res;

  PetscCall(PetscInitialize(&argc, &argv, NULL, NULL));
  PetscCall(PetscOptionsGetInt(NULL, NULL, "-points", &app.points, NULL));
  PetscCall(PetscOptionsGetInt(NULL, NULL, "-solves", &app.solves, NULL));
  PetscCall(PetscOptionsGetBool(NULL, NULL, "-event", &app.event, NULL));
  PetscCall(PetscOptionsGetReal(NULL, NULL, "-dt", &app.dt, NULL));
  PetscCall(AppRun(&app, &res));
  PetscCall(Digest(&res));
  PetscCall(AppResultFree(&res));
  PetscCall(PetscFinalize());
  return 0;
}
