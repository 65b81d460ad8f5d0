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

/*
  What there is to say of the runs in a directory without reading their states, whatever ended them or whether they go
  on.  Nothing is written, and nothing locked that a run would notice.  Words last as long as the inventory.
*/
typedef struct _n_CostateInventory *CostateInventory;

typedef struct {
  const char *run; /* its directory */
  const char *owner, *petsc, *scalar, *layout;
  int         version, ranks, integer; /* integer: bytes of a PetscInt, 0 where nothing was committed */
  double      started, changed;        /* seconds since 1970; changed: the newest of its files */
  PetscBool   live;                    /* a program writes it */
  PetscBool   finished;                /* it ended well, and kept its files */
  PetscBool   resumable;
  const char *why;                             /* it is not resumable */
  PetscInt64  commits;                         /* manifests that are there */
  PetscInt64  complete, torn;                  /* frames; torn: some ranks had not written them */
  PetscInt64  committed;                       /* of the newest generation that is whole */
  PetscInt64  torn_lines;                      /* of the journals, which were not written to their end */
  PetscInt64  labelled, first_step, last_step; /* complete frames with a step, and what they cover */
  double      first_time, last_time;
  PetscInt64  files, bytes; /* on disk */
} CostateInventoryRun;

typedef struct {
  PetscInt64  generation;
  const char *file;
  double      when;
  PetscBool   whole; /* what it refers to in the journals is there */
  const char *why;   /* it is not whole */
  PetscInt64  frames;
  PetscBool   backward;
  PetscInt64  step, steps; /* forward: at `step`; backward: `step` adjoint steps of `steps` are left; -1: not known */
} CostateInventoryCommit;

/* Something that CostateInventoryVerify() found, or how far it is. */
typedef enum { COSTATE_FOUND_DAMAGE, COSTATE_FOUND_NOTE, COSTATE_FOUND_PROGRESS } CostateFound;

typedef struct {
  CostateFound found;
  const char  *run, *file; /* file: its name in the run's directory; empty: the directory */
  int          slot, rank; /* -1: all of it */
  PetscInt64   key, step;  /* of the frame; step is -1 where it has none */
  const char  *what;       /* of the frame; NULL: it is about no frame */
  const char  *text;       /* a sentence without a full stop */
  PetscInt64   bytes, of;  /* read so far, and in all */
} CostateFinding;

typedef struct {
  PetscInt64 frames, blocks, bytes; /* that were read */
  PetscInt64 damaged, notes;        /* findings */
} CostateVerified;

typedef PetscErrorCode (*CostateListener)(void *, const CostateFinding *);

PETSC_EXTERN PetscErrorCode CostateInventoryOpen(const char *, CostateInventory *);
PETSC_EXTERN PetscErrorCode CostateInventoryGetSize(CostateInventory, PetscInt *);
PETSC_EXTERN PetscErrorCode CostateInventoryGetRun(CostateInventory, PetscInt, CostateInventoryRun *);
PETSC_EXTERN PetscErrorCode CostateInventoryGetCommit(CostateInventory, PetscInt, PetscInt, CostateInventoryCommit *);
PETSC_EXTERN PetscErrorCode CostateInventoryVerify(CostateInventory, PetscInt, CostateListener, void *,
                                                   CostateVerified *);
PETSC_EXTERN PetscErrorCode CostateInventoryClose(CostateInventory *);

PETSC_EXTERN PetscErrorCode CostateArchiveOpen(const char *, CostateArchive *);
PETSC_EXTERN PetscErrorCode CostateArchiveGetInfo(CostateArchive, CostateArchiveInfo *);
PETSC_EXTERN PetscErrorCode CostateArchiveGetFrame(CostateArchive, PetscInt64, CostateArchiveFrame *);
PETSC_EXTERN PetscErrorCode CostateArchiveGetVector(CostateArchive, PetscInt64, int, CostateArchiveVector *);
PETSC_EXTERN PetscErrorCode CostateArchiveRead(CostateArchive, PetscInt64, int, void *);
PETSC_EXTERN PetscErrorCode CostateArchiveGetNatural(CostateArchive, PetscInt64 *);
PETSC_EXTERN PetscErrorCode CostateArchiveClose(CostateArchive *);

#endif
