/* SPDX-License-Identifier: BSD-2-Clause */
/* What the two halves of the archive share: archive.c takes in the journals, archive_read.c the data. */
#ifndef COSTATE_ARCHIVEIMPL_H
#define COSTATE_ARCHIVEIMPL_H

#include <costate/archive.h>
#include "disk.h"

/* As the lowest rank has it whose journal knows the file. */
typedef struct {
  PetscInt                  slots, nblocks;          /* slots 0: not known */
  char                      file[COSTATE_FILE_NAME]; /* of the lowest rank that knows it */
  const CostateParsedBlock *block;
} ArchiveSegment;

typedef struct {
  PetscInt  segment, slot;
  int       rank; /* the lowest that has it */
  PetscBool complete;
} ArchiveEntry;

struct _n_CostateArchive {
  CostateArchiveInfo info;
  char               run[PETSC_MAX_PATH_LEN], scalar[16];
  CostateJournal    *journal; /* of each rank */
  PetscInt           nsegments;
  ArchiveSegment    *segment;
  ArchiveEntry      *entry; /* info.frames of them */
};

PETSC_INTERN PetscErrorCode           CostateArchiveReadGrid(CostateArchive);
PETSC_INTERN const CostateParsedCell *CostateArchiveCell(CostateArchive, int, PetscInt, PetscInt);

#endif
