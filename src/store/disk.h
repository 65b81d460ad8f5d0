/* SPDX-License-Identifier: BSD-2-Clause */
/* The HDF5 tier: what its files share. */
#ifndef COSTATE_DISK_H
#define COSTATE_DISK_H

#include "storeimpl.h"

/* Room for a path below a run's directory, which is at most PETSC_MAX_PATH_LEN - 64 long. */
#define COSTATE_PATH (PETSC_MAX_PATH_LEN + 320)

/* A file of slots, each of which holds a frame of one shape. */
typedef struct {
  char         *path;
  PetscInt      number, slots, nblocks;
  CostateBlock *shape;      /* vector, leaf and total of each block */
  PetscInt64   *offset;     /* in the file: of block b in slot s at [s * nblocks + b] */
  CostateFrame *used;       /* what each slot holds */
  PetscInt64   *serial;     /* of that frame, in the order of the puts */
  int           fd, direct; /* direct: -1 where O_DIRECT is refused */
} CostateSegment;

typedef struct {
  PetscMPIInt      rank, size;
  PetscBool        tried, made_dir, refused; /* refused: O_DIRECT, at a write or read; whoever runs the jobs has it */
  char             dir[PETSC_MAX_PATH_LEN], run[PETSC_MAX_PATH_LEN];
  int              lock, journal; /* lock: rank 0 only */
  PetscBool        mapped;
  PetscInt         nsegments;
  CostateSegment **segment;
  PetscInt64       slots;  /* of all */
  PetscInt64       serial; /* frames placed so far */
} CostateDisk;

#define COSTATE_FILE_VERSION 1
#define COSTATE_MESSAGE      1024

/* rundir.c; rank 0: 0 or an errno, and a complete sentence */
PETSC_INTERN void CostatePath(char[COSTATE_PATH], const char *, ...);
PETSC_INTERN int  CostateRunNumber(const char *);
PETSC_INTERN int  CostateRunMake(CostateDisk *, const char *, char *);
PETSC_INTERN void CostateRunRemove(CostateDisk *);

/* segment.c, rank 0 */
PETSC_INTERN int  CostateSegmentMake(CostateSegment *, const CostateStoreSettings *, char *);
PETSC_INTERN int  CostateSegmentFinish(const CostateSegment *, char *);
PETSC_INTERN int  CostateFileReserve(const char *, char *);
PETSC_INTERN void CostateBlockName(const CostateStoreSettings *, const CostateBlock *, char *, size_t);

/* rawio.c */
PETSC_INTERN int CostateRawMove(int, char *, PetscInt64, PetscInt64, PetscBool);
PETSC_INTERN int CostateDiskWrite(CostateStore, CostateFrame);
PETSC_INTERN int CostateDiskRead(CostateStore, CostateFrame);

/* journal.c */
PETSC_INTERN int CostateJournalOpen(CostateDisk *, char *);
PETSC_INTERN int CostateJournalSegment(const CostateDisk *, const CostateSegment *, const CostateStoreSettings *);
PETSC_INTERN int CostateJournalPut(const CostateDisk *, const CostateFrame);
PETSC_INTERN int CostateJournalDrop(const CostateDisk *, const CostateFrame);

/* grid.c */
PETSC_INTERN PetscErrorCode CostateGridGet(DM, PetscInt[3], PetscInt *, PetscBool *);
PETSC_INTERN PetscErrorCode CostateGridWrite(CostateStore, CostateDisk *);
PETSC_INTERN int            CostateAboutWrite(CostateStore, CostateDisk *, const PetscInt[3], PetscInt, char *);

/* The type of PetscScalar in a word: real8, complex4, ... */
#if defined(PETSC_USE_COMPLEX)
#define COSTATE_SCALAR_KIND "complex"
#else
#define COSTATE_SCALAR_KIND "real"
#endif

#endif
