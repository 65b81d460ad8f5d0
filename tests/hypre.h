/* SPDX-License-Identifier: BSD-2-Clause */
/* PETSc may be without hypre, as Debian's is with complex scalars: then what needs it is skipped, by that name. */
#ifndef COSTATE_TESTS_HYPRE_H
#define COSTATE_TESTS_HYPRE_H

#include <petscconf.h>
#include <string.h>
#include "tap.h"

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
