/* SPDX-License-Identifier: BSD-2-Clause */
/* What the parts of the inventory share: scan.c takes a run in, inventory.c says what that means, verify.c reads the
 * states. */
#ifndef COSTATE_INVENTORYIMPL_H
#define COSTATE_INVENTORYIMPL_H

#include <costate/archive.h>
#include "disk.h"

#define COSTATE_TEXT  512
#define COSTATE_ALIEN 8 /* names of files that are none of ours, as many as are told */

typedef struct {
  char            file[40];
  int64_t         generation; /* by the name; those of a manifest that cannot be read are 0 in `m` */
  double          when;
  int             whole;
  char            why[COSTATE_TEXT];
  CostateManifest m;
  CostateJournal *journal; /* of each rank up to where the manifest says; without notes */
  int             backward;
  int64_t         step, steps;
} ScanCommit;

/* A file of states, as its name has it */
typedef struct {
  int number, layout, group;
} ScanStates;

/* The journal of a rank as it is */
typedef struct {
  int     err;  /* it could not be read; ENOENT: it is not there */
  int     tail; /* its last line has no end */
  int64_t length;
} ScanJournal;

typedef struct {
  char            path[PETSC_MAX_PATH_LEN];
  int             about; /* of costate.json: 0, an errno, or EILSEQ */
  int             about_ranks, version, live, finished, layout, dof;
  char            scalar[16]; /* as costate.json has it */
  int             ranks;      /* as most will have it: see scan.c */
  double          started, changed;
  int64_t         files, bytes;
  uint64_t        seen;                           /* CostateScanLook() before all else */
  int             nalien, naside, nstates, index; /* index: states.h5 is there */
  char            alien[COSTATE_ALIEN][64];
  ScanStates     *states; /* the files that are there */
  ScanJournal    *journal;
  CostateJournal *now; /* of each rank, as it is; without notes */
  PetscInt        ncommits;
  ScanCommit     *commit; /* the newest first */
} ScanRun;

struct _n_CostateInventory {
  PetscInt n;
  ScanRun *run;
  char (*why)[COSTATE_TEXT]; /* of each run: it cannot be resumed */
};

/* scan.c */
PETSC_INTERN PetscErrorCode CostateScan(const char *, ScanRun *);
PETSC_INTERN PetscErrorCode CostateScanFree(ScanRun *);
PETSC_INTERN uint64_t       CostateScanLook(const char *);
PETSC_INTERN int            CostateScanScalarBytes(const ScanRun *);

/* live.c */
PETSC_INTERN int CostateRunLive(const char *);

/* What all ranks say about a slot. */
typedef enum { SLOT_FREE, SLOT_TORN, SLOT_HELD } SlotKind;
PETSC_INTERN SlotKind CostateScanSlot(const CostateJournal *, int, int, int, const CostateParsedCell **);
PETSC_INTERN void     CostateScanFile(char[COSTATE_FILE_NAME], const CostateJournal *, int);
PETSC_INTERN int      CostateScanSegments(const CostateJournal *, int);
PETSC_INTERN const CostateParsedSegment *CostateScanSegment(const CostateJournal *, int, int);

#endif
