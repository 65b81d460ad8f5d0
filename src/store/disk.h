/* SPDX-License-Identifier: BSD-2-Clause */
/* The HDF5 tier: what its files share. */
#ifndef COSTATE_DISK_H
#define COSTATE_DISK_H

#include "parse.h"
#include "storeimpl.h"

/* Room for a path below a run's directory, which is at most PETSC_MAX_PATH_LEN - 64 long. */
#define COSTATE_PATH (PETSC_MAX_PATH_LEN + 320)

/* A text that grows, of malloc's memory so that threads may have one; err is ENOMEM where it could not. */
typedef struct {
  char  *text;
  size_t used, room;
  int    err;
} CostateText;

/* A file of slots, each of which holds a frame of one shape. */
typedef struct {
  char         *path;
  PetscInt      number, slots, nblocks;
  CostateBlock *shape;      /* vector, leaf and total of each block */
  PetscInt64   *offset;     /* in the file: of block b in slot s at [s * nblocks + b] */
  PetscInt64   *length;     /* of the data set of each block: the parts of the ranks that share the file */
  PetscInt64   *place;      /* of this rank's part in it; not used where the file is shared by all */
  PetscInt64    mark;       /* where it is not: tells how the vectors are divided among the ranks; 0: not known */
  CostateFrame *used;       /* what each slot holds */
  PetscInt64   *serial;     /* of that frame, in the order of the puts */
  PetscInt64   *put;        /* the attempt of a commit before it was put */
  PetscInt64   *free;       /* the generation from which on no commit that is kept needs what is in the slot */
  PetscBool    *lost;       /* the journal could not be told that it was dropped */
  PetscBool     dirty;      /* written to by this rank since the last commit; whoever runs the jobs has it */
  int           fd, direct; /* direct: -1 where O_DIRECT is refused */
} CostateSegment;

typedef struct _n_CostateLog *CostateLog;

#define COSTATE_ID 17 /* sixteen digits and the 0 */

typedef struct {
  PetscMPIInt      rank, size;
  PetscBool        tried, made_dir, refused; /* refused: O_DIRECT, at a write or read; whoever runs the jobs has it */
  char             dir[PETSC_MAX_PATH_LEN], run[PETSC_MAX_PATH_LEN]; /* as this rank's node sees them */
  int              lock;                                             /* of those who have `home` */
  char             old[PETSC_MAX_PATH_LEN]; /* a run of other ranks that goes when this one has been committed */
  int              old_lock;
  int              layout, number; /* number: of the group, its lowest rank */
  MPI_Comm         group;          /* the ranks that share files */
  PetscBool        leader;         /* of the group: makes its files */
  PetscBool        home;           /* the run's directory is this rank's to remove */
  char             id[COSTATE_ID]; /* of the run: in each of its costate.json */
  CostateLog       journal;
  CostateText      notes;  /* that wait for a commit; the main thread's */
  void            *bounce; /* COSTATE_BOUNCE bytes, once they are needed; whoever runs the jobs has it */
  PetscBool        mapped;
  PetscInt         nsegments;
  CostateSegment **segment;
  PetscInt64       slots;            /* of all */
  PetscInt64       serial;           /* frames placed so far */
  PetscInt64       epoch;            /* the last commit that was tried */
  PetscInt64       oldest;           /* the first manifest that may be there */
  PetscBool        settled, entries; /* what was made at the start is durable; the directory is not */
  int              sync_err;         /* what was written may be lost, and nobody can tell what */
} CostateDisk;

#define COSTATE_MESSAGE 1024
#define COSTATE_BOUNCE  ((PetscInt64)4 << 20)

/* rundir.c; whoever leads a group: 0 or an errno, and a complete sentence */
PETSC_INTERN void CostatePath(char[COSTATE_PATH], const char *, ...);
PETSC_INTERN int  CostateRunNumber(const char *);
PETSC_INTERN int  CostateDirMake(CostateDisk *, const char *, int *, char *);
PETSC_INTERN int  CostateRunMake(CostateDisk *, int *, PetscBool, char *);
PETSC_INTERN void CostateRunRemove(CostateDisk *);
PETSC_INTERN void CostateSegmentsRemove(CostateDisk *);
PETSC_INTERN void CostateSegmentsTrim(CostateDisk *);
PETSC_INTERN void CostateOldRemove(CostateDisk *);

/* layout.c: who shares files, and where */
PETSC_INTERN PetscErrorCode CostateGroupsMake(CostateStore);
PETSC_INTERN PetscErrorCode CostateGroupsFree(CostateDisk *);
PETSC_INTERN PetscErrorCode CostateGroupAgree(CostateStore, int, char *);
PETSC_INTERN PetscErrorCode CostateRunsMake(CostateStore);
PETSC_INTERN PetscErrorCode CostateRunsFind(CostateStore, int *, char *);
PETSC_INTERN PetscErrorCode CostateDivision(CostateStore, PetscInt, const CostateBlock *, PetscInt64 *);
PETSC_INTERN PetscErrorCode CostateSegmentDivide(CostateDisk *, CostateSegment *);

/* index.c */
PETSC_INTERN PetscErrorCode CostateIndexWrite(CostateStore, int *, char *);

/* hdf5.c */
PETSC_INTERN PetscErrorCode CostateSegmentNew(CostateDisk *, PetscInt, const CostateBlock *, PetscInt,
                                              CostateSegment **);
PETSC_INTERN int            CostateSegmentOpen(CostateStore, CostateDisk *, CostateSegment *, char *);
PETSC_INTERN void           CostateSegmentClose(CostateSegment *);
PETSC_INTERN PetscErrorCode CostateSegmentsFree(CostateDisk *);

/* segment.c, rank 0 */
PETSC_INTERN int      CostateSegmentMake(CostateSegment *, const CostateStoreSettings *, char *);
PETSC_INTERN int      CostateSegmentFinish(const CostateSegment *, char *);
PETSC_INTERN int      CostateSegmentLook(CostateSegment *, const CostateParsedSegment *, char *);
PETSC_INTERN uint64_t CostateSegmentOffsets(const CostateSegment *);
PETSC_INTERN int      CostateSlotLabel(int64_t, PetscInt64, PetscReal, const char *);
PETSC_INTERN int      CostateSlotLink(int64_t, int64_t, const CostateFrame, PetscInt);
PETSC_INTERN int64_t  CostateScalarType(void);
PETSC_INTERN int      CostateDataAbout(int64_t, const CostateBlock *);
PETSC_INTERN int      CostateFileReserve(const char *, char *);
PETSC_INTERN void     CostateBlockName(const CostateStoreSettings *, const CostateBlock *, char *, size_t);

/* rawio.c */
PETSC_INTERN int CostateRawMove(int, char *, PetscInt64, PetscInt64, PetscBool);
PETSC_INTERN int CostateDiskWrite(CostateStore, CostateFrame);
PETSC_INTERN int CostateDiskRead(CostateStore, CostateFrame);

PETSC_INTERN int CostateRawSync(int, const char *);
PETSC_INTERN int CostateRawSyncPath(const char *, PetscBool, const char *);

/* journal.c */
PETSC_INTERN void CostateTextAdd(CostateText *, const char *, ...)
#if defined(__GNUC__)
    __attribute__((format(printf, 2, 3)))
#endif
    ;
PETSC_INTERN int  CostateJournalOpen(CostateDisk *, char *);
PETSC_INTERN int  CostateJournalTake(CostateDisk *, const char *, size_t, char *);
PETSC_INTERN int  CostateJournalSegment(CostateDisk *, const CostateSegment *, const CostateStoreSettings *);
PETSC_INTERN int  CostateJournalPut(CostateDisk *, const CostateFrame);
PETSC_INTERN int  CostateJournalDrop(CostateDisk *, const CostateSegment *, PetscInt, PetscInt64);
PETSC_INTERN int  CostateJournalNote(CostateDisk *, const char *);
PETSC_INTERN int  CostateJournalCommit(CostateDisk *, CostateManifestPart *);
PETSC_INTERN int  CostateJournalFinish(CostateDisk *);
PETSC_INTERN void CostateJournalClose(CostateDisk *);

/* manifest.c, rank 0 */
PETSC_INTERN int  CostateManifestNumber(const char *, const char *, PetscInt64 *);
PETSC_INTERN int  CostateManifestWrite(CostateStore, const CostateManifestPart *, char *);
PETSC_INTERN int  CostateManifestsReject(CostateDisk *, PetscInt64, char *);
PETSC_INTERN void CostateManifestsRemove(CostateDisk *, PetscInt64, PetscBool);

/* durable.c */
PETSC_INTERN PetscErrorCode CostateStoreCommit_hdf5(CostateStore, CostateStoreFault *);
PETSC_INTERN PetscErrorCode CostateStoreNote_hdf5(CostateStore, const char *);
PETSC_INTERN PetscErrorCode CostateStoreSpare_hdf5(CostateStore, PetscInt64 *);
PETSC_INTERN PetscInt64     CostateGraves(CostateStore);

/* find.c, rank 0: the run to go on with */
typedef struct {
  PetscInt64 number;
  char      *text; /* NULL: it is damaged, or shall not be taken */
  size_t     length;
} CostateCandidate;

PETSC_INTERN int  CostateRunFind(CostateDisk *, const CostateStoreSettings *, PetscInt64, int *, CostateCandidate **,
                                 char *);
PETSC_INTERN void CostateCandidatesFree(int, CostateCandidate *);

/* regroup.c */
PETSC_INTERN const char    *CostateRegroupable(const CostateStoreSettings *, const char *);
PETSC_INTERN PetscErrorCode CostateRegroup(CostateStore, const CostateManifest *, int *, char *);

/* resume.c */
PETSC_INTERN int CostateJournalLoad(const CostateDisk *, const CostateManifest *, int, char **, CostateJournal *,
                                    char *);
PETSC_INTERN PetscErrorCode CostateSegmentFromJournal(CostateDisk *, const CostateParsedSegment *, CostateSegment **);
PETSC_INTERN PetscErrorCode CostateStoreResume_hdf5(CostateStore, PetscInt64, PetscInt64 *);

/* grid.c */
PETSC_INTERN PetscErrorCode CostateGridGet(DM, PetscInt[3], PetscInt *, PetscBool *);
PETSC_INTERN PetscErrorCode CostateGridWrite(CostateStore, CostateDisk *);
PETSC_INTERN PetscErrorCode CostateMapFind(CostateStore, const char *, PetscInt64 *, int *, char *);
PETSC_INTERN int            CostateMapRead(const char *, PetscInt64, PetscInt64, PetscInt64 *);
PETSC_INTERN PetscErrorCode CostateGridCheck(CostateStore, CostateDisk *, int *, char *);
PETSC_INTERN int            CostateAboutWrite(CostateStore, CostateDisk *, const PetscInt[3], PetscInt, char *);

/* The type of PetscScalar in a word: real8, complex4, ... */
#if defined(PETSC_USE_COMPLEX)
#define COSTATE_SCALAR_KIND "complex"
#else
#define COSTATE_SCALAR_KIND "real"
#endif

#endif
