/* SPDX-License-Identifier: BSD-2-Clause */
/* What several examples need besides their mathematics. */
#pragma once
#include <petscdmda.h>
#include <petscviewer.h>

/* Numbers between -1 and 1 that follow from the seed, whatever the machine */
static inline PetscErrorCode ExampleRandom(MPI_Comm comm, PetscInt seed, PetscRandom *random)
{
  PetscFunctionBeginUser;
  PetscCall(PetscRandomCreate(comm, random));
  PetscCall(PetscRandomSetType(*random, PETSCRANDER48));
  PetscCall(PetscRandomSetInterval(*random, -1., 1.));
  PetscCall(PetscRandomSetSeed(*random, (unsigned long)seed));
  PetscCall(PetscRandomSeed(*random));
  PetscFunctionReturn(0);
}

/* What is said on the command line comes first. */
static inline PetscErrorCode ExampleDefault(const char name[], const char value[])
{
  PetscBool has;

  PetscFunctionBeginUser;
  PetscCall(PetscOptionsHasName(NULL, NULL, name, &has));
  if (!has) PetscCall(PetscOptionsSetValue(NULL, name, value));
  PetscFunctionReturn(0);
}

/* The whole vector on rank 0, that of a DMDA with x fastest; elsewhere it is empty. */
static inline PetscErrorCode ExampleGather(DM da, Vec v, Vec *all)
{
  Vec        natural = v;
  VecScatter scatter;

  PetscFunctionBeginUser;
  if (da) {
    PetscCall(DMDACreateNaturalVector(da, &natural));
    PetscCall(DMDAGlobalToNaturalBegin(da, v, INSERT_VALUES, natural));
    PetscCall(DMDAGlobalToNaturalEnd(da, v, INSERT_VALUES, natural));
  }
  PetscCall(VecScatterCreateToZero(natural, &scatter, all));
  PetscCall(VecScatterBegin(scatter, natural, *all, INSERT_VALUES, SCATTER_FORWARD));
  PetscCall(VecScatterEnd(scatter, natural, *all, INSERT_VALUES, SCATTER_FORWARD));
  PetscCall(VecScatterDestroy(&scatter));
  if (da) PetscCall(VecDestroy(&natural));
  PetscFunctionReturn(0);
}

static inline PetscErrorCode ExampleOpen(MPI_Comm comm, const char dir[], const char name[], PetscViewer *w)
{
  char path[PETSC_MAX_PATH_LEN];

  PetscFunctionBeginUser;
  PetscCall(PetscSNPrintf(path, sizeof path, "%s/%s", dir, name));
  PetscCall(PetscViewerASCIIOpen(comm, path, w));
  PetscFunctionReturn(0);
}
