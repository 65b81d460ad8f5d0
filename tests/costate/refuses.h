/* SPDX-License-Identifier: BSD-2-Clause */
/* Calls that are to be refused in a sentence, on every rank. */
#ifndef COSTATE_TEST_REFUSES_H
#define COSTATE_TEST_REFUSES_H

#include "costs.h"

static char message[4096]; /* of the first error since it was cleared */

static inline PetscErrorCode Remember(MPI_Comm comm, int line, const char *f, const char *file, PetscErrorCode n,
                                      PetscErrorType p, const char *mess, void *ctx)
{
  (void)comm, (void)line, (void)f, (void)file, (void)ctx;
  if (p == PETSC_ERROR_INITIAL && mess) (void)snprintf(message, sizeof(message), "%s", mess);
  return n;
}

/* Whether the error is one on every rank, with this in its sentence. */
static inline PetscBool Everywhere(PetscErrorCode err, const char *part)
{
  int mine = err && (!part || strstr(message, part)) ? 1 : 0, all;

  (void)MPI_Allreduce(&mine, &all, 1, MPI_INT, MPI_MIN, PETSC_COMM_WORLD);
  return (PetscBool)all;
}

#define TRY(call, err)                                                                                                 \
  do {                                                                                                                 \
    message[0] = 0;                                                                                                    \
    PetscCall(PetscPushErrorHandler(Remember, NULL));                                                                  \
    (err) = (call);                                                                                                    \
    PetscCall(PetscPopErrorHandler());                                                                                 \
  } while (0)

#define REFUSES(call, part, what)                                                                                      \
  do {                                                                                                                 \
    PetscErrorCode err_;                                                                                               \
    PetscBool      yes_;                                                                                               \
    TRY(call, err_);                                                                                                   \
    yes_ = Everywhere(err_, part);                                                                                     \
    T_OK(yes_, "%s: \"%.110s\"", what, message);                                                                       \
  } while (0)

#endif
