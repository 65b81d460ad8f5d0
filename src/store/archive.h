/* SPDX-License-Identifier: BSD-2-Clause */
/* What the two halves of the archive share: archive.c takes in the journals, archive_read.c the data. */
#ifndef COSTATE_ARCHIVEIMPL_H
#define COSTATE_ARCHIVEIMPL_H

#include <costate/archive.h>
#include "disk.h"

typedef struct {
  PetscInt64 first, count, hash;
} ArchivePart;

/* What one rank says about one slot. */
typedef struct {
  PetscBool    held;
  PetscInt64   serial, key, step;
  double       time;
  char         what[COSTATE_WHAT_MAX];
  ArchivePart *part; /* of each block */
} ArchiveCell;

typedef struct {
  int        vector, leaf;
  char       name[96];
  PetscInt64 total;
} ArchiveBlock;

typedef struct {
  PetscInt      slots, nblocks; /* slots 0: not known */
  char          file[32];
  ArchiveBlock *block;
  ArchiveCell  *cell; /* of rank r in slot s at [s * ranks + r] */
} ArchiveSegment;

typedef struct {
  PetscInt  segment, slot;
  int       rank; /* the lowest that has it */
  PetscBool complete;
} ArchiveEntry;

struct _n_CostateArchive {
  CostateArchiveInfo info;
  char               run[PETSC_MAX_PATH_LEN], scalar[16];
  PetscInt           nsegments;
  ArchiveSegment    *segment;
  ArchiveEntry      *entry; /* info.frames of them */
};

PETSC_INTERN PetscErrorCode CostateArchiveReadGrid(CostateArchive);

#endif
