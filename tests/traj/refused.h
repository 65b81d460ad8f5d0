/* SPDX-License-Identifier: BSD-2-Clause */
/* Calls that end in an error, and the sentence that they end with. */
#ifndef COSTATE_TEST_REFUSED_H
#define COSTATE_TEST_REFUSED_H

#include "run.h"

static char message[4096]; /* of the first error since it was cleared */

static PetscErrorCode Remember(MPI_Comm comm, int line, const char *f, const char *file, PetscErrorCode n,
                               PetscErrorType p, const char *mess, void *ctx)
{
  (void)comm;
  (void)line;
  (void)f;
  (void)file;
  (void)ctx;
  if (p == PETSC_ERROR_INITIAL && mess) (void)snprintf(message, sizeof(message), "%s", mess);
  return n;
}

/* The error that a call ends with, on every rank the same, with its sentence in `message`. */
#define REFUSED(call, err)                                                                                             \
  do {                                                                                                                 \
    message[0] = 0;                                                                                                    \
    PetscCall(PetscPushErrorHandler(Remember, NULL));                                                                  \
    (err) = (call);                                                                                                    \
    PetscCall(PetscPopErrorHandler());                                                                                 \
  } while (0)

#endif
