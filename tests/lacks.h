/* SPDX-License-Identifier: BSD-2-Clause */
/*
  What a PETSc may lack, and tests of it are then skipped by that name: hypre, which Debian's is without where scalars
  are complex, and optimisers, which PETSc has for real scalars only.
*/
#ifndef COSTATE_TESTS_LACKS_H
#define COSTATE_TESTS_LACKS_H

#include <petscconf.h>
#include <string.h>
#include "tap.h"

#if defined(PETSC_USE_COMPLEX)
#define HAVE_TAO 0
#else
#define HAVE_TAO 1
#endif
#define NO_TAO "PETSc's optimisers are for real scalars only"

/* Whether these options need a hypre that is not there; then rank 0 skips so many tests. */
static inline int without_hypre(int rank, const char options[], int tests)
{
#if defined(PETSC_HAVE_HYPRE)
  (void)rank, (void)options, (void)tests;
  return 0;
#else
  if (!strstr(options, "hypre")) return 0;
  if (rank == 0) skip(tests, "this PETSc is without hypre");
  return 1;
#endif
}

#endif
