/* SPDX-License-Identifier: BSD-2-Clause */
/* What the parts of a verification share: papers.c looks at what is beside the states, look.c at the HDF5 files,
 * verify.c reads the states. */
#ifndef COSTATE_VERIFY_H
#define COSTATE_VERIFY_H

#include "inventory.h"

#define COSTATE_KEPT         2 /* commits whose frames the store leaves alone */
#define COSTATE_PIECE        ((PetscInt64)4 << 20)
#define COSTATE_SCALARS_MOST ((PetscInt64)1 << 56)

typedef struct {
  CostateListener  say;
  void            *ctx;
  const ScanRun   *run;
  CostateVerified *sum;
  char            *buffer; /* COSTATE_PIECE bytes */
  PetscInt64       of;     /* bytes to be read */
  int              sure;   /* a generation is whole: what is in none is not vouched for */
  uint64_t         seen;   /* what CostateScanLook() said when what is known was known */
  ScanRun          fresh;  /* looked at again */
  int              has_fresh, gone;
  PetscInt64       dropped; /* frames that the run did away with before they were compared */
} Verify;

/* An HDF5 file of states, and where its data sets are */
typedef struct {
  int                         fd, scalar_bytes;
  int64_t                     hdf5; /* hid_t */
  const CostateParsedSegment *said; /* by the journals */
  PetscInt64                 *offset;
  char                        reason[COSTATE_TEXT / 2]; /* why HDF5 did not find one of them */
  char                        why[COSTATE_TEXT];        /* the data sets are not where they were made */
} CostateLookedFile;

/* papers.c */
PETSC_INTERN PetscErrorCode CostateVerifySay(Verify *, CostateFinding *);
PETSC_INTERN PetscErrorCode CostateVerifyAbout(Verify *, CostateFound, const char *, int, const char *, ...)
#if defined(__GNUC__)
    __attribute__((format(printf, 5, 6)))
#endif
    ;
PETSC_INTERN PetscErrorCode CostateVerifyPapers(Verify *);
PETSC_INTERN PetscErrorCode CostateVerifyRest(Verify *);

/* look.c: not 0 where it is not as it should be, and why */
PETSC_INTERN int  CostateLookFile(const char *, const CostateParsedSegment *, int, CostateLookedFile *,
                                  char[COSTATE_TEXT]);
PETSC_INTERN int  CostateLookSlot(const CostateLookedFile *, int, char[COSTATE_TEXT]);
PETSC_INTERN int  CostateLookLabel(const CostateLookedFile *, int, int64_t, double, const char *, char[COSTATE_TEXT]);
PETSC_INTERN void CostateLookEnd(CostateLookedFile *);
PETSC_INTERN int  CostateLookIndex(const char *, char *);
PETSC_INTERN int64_t        CostateLookOpen(const char *, char *);
PETSC_INTERN int            CostateLookFinished(const char *);
PETSC_INTERN PetscErrorCode CostateLookMap(const char *, char *, PetscInt64, int *, char[COSTATE_TEXT]);

#endif
