/* SPDX-License-Identifier: BSD-2-Clause */
#include "compat.h"
#include "package.h"
#include <costate.h>
#include <petsctime.h>

PetscLogEvent Costate_Store, Costate_Fetch, Costate_Replay, Costate_Spill, Costate_Prefetch, Costate_Commit;

PetscErrorCode (*CostateDoor)(TSTrajectory, TS);

static PetscBool      initialised = PETSC_FALSE;
static PetscLogDouble started;

PETSC_INTERN PetscErrorCode TSTrajectoryCreate_Costate(TSTrajectory, TS);
PETSC_INTERN PetscErrorCode CostateTaoRegister(void);
PETSC_INTERN PetscErrorCode PCCreate_Transposable(PC);

static PetscErrorCode CostateFinalizePackage(void)
{
  PetscFunctionBegin;
  initialised = PETSC_FALSE;
  PetscCall(CostateOptionsCheck(NULL, PETSC_COMM_WORLD, PETSC_TRUE));
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode CostateStarted(PetscLogDouble *t)
{
  PetscFunctionBegin;
  *t = started;
  PetscFunctionReturn(PETSC_SUCCESS);
}

/*@C
  CostateInitializePackage - Registers all that the library adds to PETSc

  Not Collective

  Notes:
  PETSc calls it when it loads the library with `-dll_append`.  A program that is linked with the library calls it after
  `PetscInitialize()`; it has to where the library is static, since PETSc loads none then.  A second call does nothing.

  A PETSc of another minor version than the library was built for, or with other scalars or indices, is refused; both
  are named.

  Level: beginner

.seealso: `TSTRAJECTORYCOSTATE`
@*/
PetscErrorCode CostateInitializePackage(void)
{
  PetscErrorCode (*other)(TSTrajectory, TS) = NULL;
  PetscClassId id;

  PetscFunctionBegin;
  if (initialised) PetscFunctionReturn(PETSC_SUCCESS);
  PetscCall(CostateCheckVersion());
  PetscCall(PetscFunctionListFind(TSTrajectoryList, TSTRAJECTORYCOSTATE, &other));
  PetscCheck(!other || other == TSTrajectoryCreate_Costate, PETSC_COMM_WORLD, PETSC_ERR_ORDER,
             "There are two copies of Costate in this program: one was linked in statically, one was loaded by "
             "-dll_append. "
             "Leave out -dll_append, or link with libcostate.so");
  initialised = PETSC_TRUE;
  PetscCall(PetscTime(&started));
  PetscCall(TSTrajectoryRegister(TSTRAJECTORYCOSTATE, TSTrajectoryCreate_Costate));
  PetscCall(CostateTaoRegister());
  PetscCall(PCRegister(PCTRANSPOSABLE, PCCreate_Transposable));
  PetscCall(CostateDoorOpen());
  PetscCall(PetscClassIdRegister("Costate", &id));
  PetscCall(PetscLogEventRegister("CostateStore", id, &Costate_Store));
  PetscCall(PetscLogEventRegister("CostateFetch", id, &Costate_Fetch));
  PetscCall(PetscLogEventRegister("CostateReplay", id, &Costate_Replay));
  PetscCall(PetscLogEventRegister("CostateSpill", id, &Costate_Spill));
  PetscCall(PetscLogEventRegister("CostatePrefetch", id, &Costate_Prefetch));
  PetscCall(PetscLogEventRegister("CostateCommit", id, &Costate_Commit));
  PetscCall(PetscRegisterFinalize(CostateFinalizePackage));
  PetscFunctionReturn(PETSC_SUCCESS);
}
