/* SPDX-License-Identifier: BSD-2-Clause */
/*
  Reads what a store of type hdf5 left on disk, on one process, whatever ranks wrote it and however they ended: a frame
  is complete if the journals of all ranks say that it is there, and what is read is checked against their hashes.
*/
#ifndef COSTATE_ARCHIVE_H
#define COSTATE_ARCHIVE_H

#include <petscsys.h>

typedef struct _n_CostateArchive *CostateArchive;

typedef struct {
  const char *run;          /* the run's directory */
  int         version;      /* of the format */
  int         ranks;        /* that wrote it */
  const char *scalar;       /* real4, real8, real16, complex4, complex8, complex16 */
  PetscInt64  scalar_bytes; /* of one scalar, both parts of a complex one */
  PetscInt64  frames;
  PetscInt64  dims[3], dof; /* of the DMDA; dof is 0 where there is none */
  PetscBool   has_bounds;
  double      lower[3], upper[3];
  PetscInt64  torn; /* journal lines that were not written to their end */
} CostateArchiveInfo;

typedef struct {
  PetscInt64  key, step; /* step is -1 where none was given */
  double      time;
  const char *what; /* "state", "before jump", ... */
  const char *file; /* its name in the run's directory */
  int         slot;
  int         vectors;  /* leaves of nests count one by one */
  PetscBool   complete; /* all ranks had written it */
} CostateArchiveFrame;

typedef struct {
  const char *name; /* of its data set */
  int         vector, leaf;
  PetscInt64  total; /* scalars */
} CostateArchiveVector;

PETSC_EXTERN PetscErrorCode CostateArchiveOpen(const char *, CostateArchive *);
PETSC_EXTERN PetscErrorCode CostateArchiveGetInfo(CostateArchive, CostateArchiveInfo *);
PETSC_EXTERN PetscErrorCode CostateArchiveGetFrame(CostateArchive, PetscInt64, CostateArchiveFrame *);
PETSC_EXTERN PetscErrorCode CostateArchiveGetVector(CostateArchive, PetscInt64, int, CostateArchiveVector *);
PETSC_EXTERN PetscErrorCode CostateArchiveRead(CostateArchive, PetscInt64, int, void *);
PETSC_EXTERN PetscErrorCode CostateArchiveGetNatural(CostateArchive, PetscInt64 *);
PETSC_EXTERN PetscErrorCode CostateArchiveClose(CostateArchive *);

#endif
