/* SPDX-License-Identifier: BSD-2-Clause */
/* What the files of the store share. */
#ifndef COSTATE_STOREIMPL_H
#define COSTATE_STOREIMPL_H

#include <costate/store.h>
#include "../base/compat.h"

/* pool.c: buffers */
PETSC_INTERN PetscErrorCode CostatePoolTake(CostateStore, CostateFrame);
PETSC_INTERN PetscErrorCode CostatePoolGive(CostateStore, CostateFrame);
PETSC_INTERN PetscErrorCode CostatePoolDestroy(CostateStore);

/* frames.c: the table */
PETSC_INTERN CostateFrame   CostateFrameFind(CostateStore, PetscInt64);
PETSC_INTERN PetscErrorCode CostateFrameGet(CostateStore, PetscInt64, CostateFrame *);
PETSC_INTERN PetscErrorCode CostateFrameNew(PetscInt64, PetscInt, PetscInt, CostateFrame *);
PETSC_INTERN PetscErrorCode CostateFrameInsert(CostateStore, CostateFrame);
PETSC_INTERN PetscErrorCode CostateFramePlace(CostateStore, CostateFrame, CostateFrame);
PETSC_INTERN PetscErrorCode CostateFramesSync(CostateStore, CostateStoreFault *);
PETSC_INTERN PetscErrorCode CostateFrameQuiet(CostateStore, CostateFrame);
PETSC_INTERN PetscErrorCode CostateFrameRemove(CostateStore, CostateFrame);

/* behind.c: jobs */
PETSC_INTERN PetscErrorCode CostateJobBegin(CostateStore, CostateFrame, CostateStore, PetscBool);
PETSC_INTERN PetscErrorCode CostateJobEnd(CostateStore, CostateFrame);
PETSC_INTERN PetscErrorCode CostateJobTry(CostateStore, CostateFrame, CostateStoreFault *);
PETSC_INTERN PetscErrorCode CostateFaultRaise(CostateStore, const CostateStoreFault *);
PETSC_INTERN PetscBool      CostateJobDone(CostateJob);
PETSC_INTERN PetscErrorCode CostateJobAbandon(CostateStore, CostateFrame);
PETSC_INTERN PetscErrorCode CostateBehindStop(CostateStore);

/* settings.c */
PETSC_INTERN PetscErrorCode CostateSettingsDestroy(CostateStore);

/* agree.c: what failed on one rank fails on all, with the sentence of the first that failed */
PETSC_INTERN PetscErrorCode CostateAgree(MPI_Comm, int *, char *, size_t, PetscMPIInt *);

#endif
