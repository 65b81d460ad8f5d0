/* SPDX-License-Identifier: BSD-2-Clause */
/*
  Stores keep frames: what the next step reads, or the stage data of one step, as a handful of distributed Vecs under an
  integer key.  A store knows nothing of schedules; step and time of a frame are labels that it writes down.

  Every operation is split in two so that a tier may work behind the computation: a `Begin` may return before the data
  have moved, its `End` does not.  After PutBegin the Vecs may be changed at once.  All calls are collective on the
  communicator of the store, with the same key on every rank, so that ranks agree on what is held without talking.  They
  talk in `End`, where something may have failed on one of them.
*/
#ifndef COSTATE_STORE_H
#define COSTATE_STORE_H

#include <petscvec.h>
#include <petscdm.h>

typedef struct _n_CostateStore *CostateStore;
typedef struct _n_CostateFrame *CostateFrame;
typedef struct _n_CostateJob   *CostateJob;

/* This rank's part of one vector that is no nest.  Where `at` is, (at - offset) % COSTATE_ALIGN is 0 for large blocks,
 * offset being that of the block in the vector, so that O_DIRECT needs no copy. */
typedef struct {
  void      *at;
  PetscInt64 bytes;
  PetscInt64 first, total; /* of the vector, in scalars: first of this rank, all ranks together */
  PetscInt64 place;        /* on disk: of this rank's part in its data set, which not all ranks need share */
  PetscInt   vector, leaf; /* which vector of the frame, which of its leaves: 0 where it is no nest */
  PetscInt64 hash;         /* XXH3 of the bytes, on tiers that hash */
} CostateBlock;

#define COSTATE_ALIGN      4096
#define COSTATE_ALIGN_FROM 65536 /* bytes from which on a block is aligned */
#define COSTATE_WHAT_MAX   24    /* longest label and its 0 */
#define COSTATE_OWNER_MAX  200   /* characters of the line that says whose run it is */

struct _n_CostateFrame {
  PetscInt64   key;
  PetscInt64   step;
  PetscReal    time;
  char         what[COSTATE_WHAT_MAX];
  PetscInt     n, nblocks;
  PetscInt64   bytes;   /* of all blocks */
  CostateJob   job;     /* the write or read under way, or NULL */
  CostateStore peer;    /* of a frame in memory: the store whose job reads it or fills it */
  PetscBool    filling; /* ... fills it */
  void        *where;   /* the tier's: file and slot */
  PetscInt     slot;
  CostateBlock block[]; /* nblocks */
};

/* One write or read.  While it is pending the frame and the memory of its blocks belong to whoever runs it. */
struct _n_CostateJob {
  CostateStore store, peer; /* peer: the other side of a copy */
  CostateFrame frame;
  PetscBool    write, done, failed_direct;
  int          err; /* errno, EILSEQ for data that are not those that were written */
  double       seconds;
  CostateJob   next;
  char         message[512]; /* what could not be done to which file */
};

/* What went wrong, the same on all ranks, for those who can do without it. */
typedef struct {
  int         err;  /* 0: nothing; else the errno of the lowest rank that failed, EILSEQ where the data are damaged */
  PetscMPIInt rank; /* that rank */
  PetscBool   write;
  char        text[1024]; /* a sentence about it, and what to do */
} CostateStoreFault;

/*
  What a tier does.  `place` and `drop` are collective and run in the main thread; `place` fills `at` where `map` is
  set, and fails alike on all ranks.  `write` and `read` move this rank's blocks, and call neither MPI nor PETSc: they
  may run in a thread.  They return an errno, and say in frame->job->message what they tried.  Only `place` and `drop`
  are needed where `map` is set.
*/
typedef struct {
  PetscErrorCode (*open)(CostateStore);
  PetscErrorCode (*place)(CostateStore, CostateFrame);
  PetscErrorCode (*drop)(CostateStore, CostateFrame);
  int (*write)(CostateStore, CostateFrame);
  int (*read)(CostateStore, CostateFrame);
  PetscErrorCode (*commit)(CostateStore, CostateStoreFault *);      /* NULL: nothing is durable here */
  PetscErrorCode (*resume)(CostateStore, PetscInt64, PetscInt64 *); /* table and notes too */
  PetscErrorCode (*note)(CostateStore, const char *);
  PetscErrorCode (*spare)(CostateStore, PetscInt64 *);
  PetscErrorCode (*finish)(CostateStore);
  PetscErrorCode (*view)(CostateStore, PetscViewer);
  PetscErrorCode (*destroy)(CostateStore);
} CostateStoreOps;

/* What one rank has moved; seconds of work in `seconds_write` and `seconds_read`, of standing still in `waited`. */
typedef struct {
  PetscInt64 writes, reads, bytes_written, bytes_read;
  double     seconds_write, seconds_read, seconds_waited;
  double     last_write, last_read; /* of the frame that was finished last; 0: none yet */
  PetscBool  behind, direct;        /* in use: the I/O thread, O_DIRECT */
} CostateStoreIO;

/* What the setters leave for the tier. */
typedef struct {
  char      *dir;
  PetscInt   nnames;
  char     **names;
  PetscInt64 limit;
  PetscBool  keep, direct, behind, commit;
  char      *owner;
  int        layout; /* 0: one file for all ranks, 1: one for each node, 2: one for each rank */
  DM         grid;
} CostateStoreSettings;

/* `bytes` counts memory in use on this rank, buffers in flight included; `held` what the frames have in the tier. */
struct _n_CostateStore {
  MPI_Comm             comm;
  const char          *type;
  PetscBool            map; /* the tier's blocks are memory */
  CostateStoreOps      ops;
  CostateStoreSettings set;
  PetscBool            opened, finished, resumed, abandoned;
  PetscInt64           generation; /* of the last commit */
  PetscInt             nnotes;     /* of a resumed run */
  char               **notes, *notes_text;
  PetscMPIInt          former; /* ranks that wrote a run that goes on on another number of them; 0: as many as now */
  PetscInt            *former_n;
  char              ***former_notes, **former_text; /* of each of them */
  CostateStoreFault   *fault; /* where a call that only tries has it said that there is no place for a frame */
  PetscInt64           frames, peak_frames;
  PetscInt64           bytes, peak_bytes;
  PetscInt64           held, peak_held;
  CostateFrame        *table; /* ascending by key */
  PetscInt             ntable, captable;
  void                *pool;   /* buffers that wait to be used again */
  void                *thread; /* write-behind */
  PetscInt64           label_step;
  PetscReal            label_time;
  char                 label[COSTATE_WHAT_MAX];
  PetscBool            labelled;
  CostateStoreIO       io;
  void                *data;
};

PETSC_EXTERN PetscErrorCode CostateStoreCreate(MPI_Comm, const char *, CostateStore *);
PETSC_EXTERN PetscErrorCode CostateStoreSetBehind(CostateStore, PetscBool);
PETSC_EXTERN PetscErrorCode CostateStoreSetDirectory(CostateStore, const char *);
PETSC_EXTERN PetscErrorCode CostateStoreSetLayout(CostateStore, const char[]);
PETSC_EXTERN PetscErrorCode CostateStoreSetKeep(CostateStore, PetscBool);
PETSC_EXTERN PetscErrorCode CostateStoreSetLimit(CostateStore, PetscInt64);
PETSC_EXTERN PetscErrorCode CostateStoreSetDirect(CostateStore, PetscBool);
PETSC_EXTERN PetscErrorCode CostateStoreSetGrid(CostateStore, DM);
PETSC_EXTERN PetscErrorCode CostateStoreSetNames(CostateStore, PetscInt, const char *const[]);
PETSC_EXTERN PetscErrorCode CostateStoreSetLabel(CostateStore, PetscInt64, PetscReal, const char[]);
PETSC_EXTERN PetscErrorCode CostateStoreOpen(CostateStore);
PETSC_EXTERN PetscErrorCode CostateStorePutBegin(CostateStore, PetscInt64, PetscInt, const Vec[]);
PETSC_EXTERN PetscErrorCode CostateStorePutEnd(CostateStore, PetscInt64);
PETSC_EXTERN PetscErrorCode CostateStoreGetBegin(CostateStore, PetscInt64);
PETSC_EXTERN PetscErrorCode CostateStoreGetEnd(CostateStore, PetscInt64, PetscInt, Vec[]);
PETSC_EXTERN PetscErrorCode CostateStoreCopyBegin(CostateStore, CostateStore, PetscInt64);
PETSC_EXTERN PetscErrorCode CostateStoreCopyEnd(CostateStore, CostateStore, PetscInt64);
PETSC_EXTERN PetscErrorCode CostateStoreCopyBeginTry(CostateStore, CostateStore, PetscInt64, CostateStoreFault *);
PETSC_EXTERN PetscErrorCode CostateStorePutTry(CostateStore, PetscInt64, CostateStoreFault *);
PETSC_EXTERN PetscErrorCode CostateStoreGetTry(CostateStore, PetscInt64, PetscInt, Vec[], CostateStoreFault *);
PETSC_EXTERN PetscErrorCode CostateStoreCopyTry(CostateStore, CostateStore, PetscInt64, CostateStoreFault *);
PETSC_EXTERN PetscErrorCode CostateStoreDrop(CostateStore, PetscInt64);
PETSC_EXTERN PetscErrorCode CostateStoreHas(CostateStore, PetscInt64, PetscBool *);
PETSC_EXTERN PetscErrorCode CostateStorePending(CostateStore, PetscInt64, PetscBool *);
PETSC_EXTERN PetscErrorCode CostateStoreTest(CostateStore, PetscInt64, PetscBool *);
PETSC_EXTERN PetscErrorCode CostateStoreSync(CostateStore);
PETSC_EXTERN PetscErrorCode CostateStoreKeys(CostateStore, PetscInt *, PetscInt64[]);
PETSC_EXTERN PetscErrorCode CostateStoreSpare(CostateStore, PetscInt64 *);
PETSC_EXTERN PetscErrorCode CostateStoreFinish(CostateStore);
PETSC_EXTERN PetscErrorCode CostateStoreView(CostateStore, PetscViewer);
PETSC_EXTERN PetscErrorCode CostateStoreGetBytes(CostateStore, PetscInt64 *, PetscInt64 *);
PETSC_EXTERN PetscErrorCode CostateStoreGetIO(CostateStore, CostateStoreIO *);
PETSC_EXTERN PetscErrorCode CostateStoreDestroy(CostateStore *);

/* What survives the end of the program. */
PETSC_EXTERN PetscErrorCode CostateStoreSetCommit(CostateStore, PetscBool);
PETSC_EXTERN PetscErrorCode CostateStoreSetOwner(CostateStore, const char[]);
PETSC_EXTERN PetscErrorCode CostateStoreNote(CostateStore, const char[]);
PETSC_EXTERN PetscErrorCode CostateStoreCommit(CostateStore);
PETSC_EXTERN PetscErrorCode CostateStoreCommitTry(CostateStore, CostateStoreFault *);
PETSC_EXTERN PetscErrorCode CostateStoreResume(CostateStore, PetscInt64, PetscInt64 *);
PETSC_EXTERN PetscErrorCode CostateStoreResumable(MPI_Comm, const char[], char[], size_t);
PETSC_EXTERN PetscErrorCode CostateStoreGetNotes(CostateStore, PetscInt *, const char *const **);
PETSC_EXTERN PetscErrorCode CostateStoreGetFormer(CostateStore, PetscMPIInt *);
PETSC_EXTERN PetscErrorCode CostateStoreGetFormerNotes(CostateStore, PetscMPIInt, PetscInt *, const char *const **);
PETSC_EXTERN PetscErrorCode CostateStoreFreeNotes(CostateStore);
PETSC_EXTERN PetscErrorCode CostateStoreGetGeneration(CostateStore, PetscInt64 *);
PETSC_EXTERN PetscErrorCode CostateStoreAbandon(CostateStore *);

PETSC_EXTERN PetscErrorCode CostateStoreListGet(PetscInt, const char **, const char **);

/* The local part of a Vec of any type that gives an array, VECNEST included. */
PETSC_EXTERN PetscErrorCode CostateVecGetBytes(Vec, size_t *);
PETSC_EXTERN PetscErrorCode CostateVecGetBlocks(Vec, PetscInt, PetscInt *, CostateBlock *);
PETSC_EXTERN PetscErrorCode CostateVecPack(Vec, const CostateBlock *, const CostateBlock **);
PETSC_EXTERN PetscErrorCode CostateVecUnpack(Vec, const CostateBlock *, const CostateBlock **);
PETSC_EXTERN PetscErrorCode CostateVecHash(Vec, PetscInt64, PetscInt64 *);

#endif
