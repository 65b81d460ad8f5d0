/* SPDX-License-Identifier: BSD-2-Clause */
/* What failed on one rank fails on all. */
#include "storeimpl.h"

/*
  In: 0 or the errno of this rank, and what could not be done.  Out, on every rank: the errno and the words of the
  lowest rank that failed.
*/
PetscErrorCode CostateAgree(MPI_Comm comm, int *err, char *message, size_t length, PetscMPIInt *who)
{
  PetscMPIInt rank, size, first;

  PetscFunctionBegin;
  PetscCallMPI(MPI_Comm_rank(comm, &rank));
  PetscCallMPI(MPI_Comm_size(comm, &size));
  first = *err ? rank : size;
  PetscCallMPI(MPI_Allreduce(MPI_IN_PLACE, &first, 1, MPI_INT, MPI_MIN, comm));
  if (who) *who = first;
  if (first == size) {
    *err = 0;
    PetscFunctionReturn(0);
  }
  PetscCallMPI(MPI_Bcast(err, 1, MPI_INT, first, comm));
  PetscCallMPI(MPI_Bcast(message, (PetscMPIInt)length, MPI_CHAR, first, comm));
  PetscFunctionReturn(0);
}
