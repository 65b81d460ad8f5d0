/* SPDX-License-Identifier: BSD-2-Clause */
/*
  Stores keep frames: what the next step reads, or the stage data of one step, as a handful of distributed Vecs under an
  integer key.  A store knows nothing of schedules, steps or time.

  Every operation is split in two so that a tier may work behind the computation: a `Begin` may return before the data
  have moved, its `End` does not.  After PutBegin the Vecs may be changed at once.  All calls are collective on the
  communicator of the store, with the same key on every rank, so that ranks agree on what is held without talking.
*/
#ifndef COSTATE_STORE_H
#define COSTATE_STORE_H

#include <petscvec.h>

typedef struct _n_CostateStore *CostateStore;

typedef struct {
  PetscErrorCode (*putbegin)(CostateStore, PetscInt64, PetscInt, const Vec[]);
  PetscErrorCode (*putend)(CostateStore, PetscInt64);
  PetscErrorCode (*getbegin)(CostateStore, PetscInt64);
  PetscErrorCode (*getend)(CostateStore, PetscInt64, PetscInt, Vec[]);
  PetscErrorCode (*drop)(CostateStore, PetscInt64);
  PetscErrorCode (*has)(CostateStore, PetscInt64, PetscBool *);
  PetscErrorCode (*sync)(CostateStore);
  PetscErrorCode (*view)(CostateStore, PetscViewer);
  PetscErrorCode (*destroy)(CostateStore);
} CostateStoreOps;

/* What an implementation fills; `bytes` counts what is live on this rank, buffers in flight included. */
struct _n_CostateStore {
  MPI_Comm        comm;
  const char     *type;
  CostateStoreOps ops;
  PetscInt64      frames, peak_frames;
  PetscInt64      bytes, peak_bytes;
  void           *data;
};

PETSC_EXTERN PetscErrorCode CostateStoreCreate(MPI_Comm, const char *, CostateStore *);
PETSC_EXTERN PetscErrorCode CostateStorePutBegin(CostateStore, PetscInt64, PetscInt, const Vec[]);
PETSC_EXTERN PetscErrorCode CostateStorePutEnd(CostateStore, PetscInt64);
PETSC_EXTERN PetscErrorCode CostateStoreGetBegin(CostateStore, PetscInt64);
PETSC_EXTERN PetscErrorCode CostateStoreGetEnd(CostateStore, PetscInt64, PetscInt, Vec[]);
PETSC_EXTERN PetscErrorCode CostateStoreDrop(CostateStore, PetscInt64);
PETSC_EXTERN PetscErrorCode CostateStoreHas(CostateStore, PetscInt64, PetscBool *);
PETSC_EXTERN PetscErrorCode CostateStoreSync(CostateStore);
PETSC_EXTERN PetscErrorCode CostateStoreView(CostateStore, PetscViewer);
PETSC_EXTERN PetscErrorCode CostateStoreGetBytes(CostateStore, PetscInt64 *, PetscInt64 *);
PETSC_EXTERN PetscErrorCode CostateStoreDestroy(CostateStore *);
PETSC_EXTERN PetscErrorCode CostateStoreListGet(PetscInt, const char **, const char **);

/* The local bytes of a Vec of any type that gives an array, VECNEST included. */
PETSC_EXTERN PetscErrorCode CostateVecGetBytes(Vec, size_t *);
PETSC_EXTERN PetscErrorCode CostateVecPack(Vec, void *, void **);
PETSC_EXTERN PetscErrorCode CostateVecUnpack(Vec, const void *, const void **);
PETSC_EXTERN PetscErrorCode CostateVecHash(Vec, PetscInt64, PetscInt64 *);

#endif
