/* SPDX-License-Identifier: BSD-2-Clause */
/* The solvers inside block preconditioners, which PETSc tells too late whether to keep what they have. */
#include "../base/compat.h"
#include <costate.h>
#include <costate/pc.h>
#include <petsc/private/pcimpl.h>

/*@
  CostatePCReuseBlocks - Says to the solvers of the blocks of a preconditioner whether they keep what they were set up
  with

  Logically Collective

  Input Parameters:
+ pc    - the preconditioner; nothing happens unless it is PCBJACOBI or PCASM and was set up
- reuse - on each rank, whether its blocks keep what they have

  Output Parameter:
. reuse - on each rank, whether they did before

  Note:
  PCSetReusePreconditioner() on the whole reaches the blocks when they are applied only, so that a block which kept an
  old matrix in the last solve would still keep it while the next set-up looks at the new one.

  Level: developer

.seealso: `PCSetReusePreconditioner()`, `KSPSetReusePreconditioner()`, `PCTransposableGetPC()`
@*/
PetscErrorCode CostatePCReuseBlocks(PC pc, PetscBool *reuse)
{
  KSP      *block;
  PetscInt  n = 0;
  PetscBool bjacobi, overlapping, was = PETSC_FALSE;

  PetscFunctionBegin;
  PetscValidHeaderSpecific(pc, PC_CLASSID, 1);
  PetscAssertPointer(reuse, 2);
  PetscCall(PetscObjectTypeCompare((PetscObject)pc, PCBJACOBI, &bjacobi));
  PetscCall(PetscObjectTypeCompare((PetscObject)pc, PCASM, &overlapping));
  if (pc->setupcalled && bjacobi) PetscCall(PCBJacobiGetSubKSP(pc, &n, NULL, &block));
  if (pc->setupcalled && overlapping) PetscCall(PCASMGetSubKSP(pc, &n, NULL, &block));
  if (n) PetscCall(KSPGetReusePreconditioner(block[0], &was));
  for (PetscInt i = 0; i < n; i++) PetscCall(KSPSetReusePreconditioner(block[i], *reuse));
  *reuse = was;
  PetscFunctionReturn(PETSC_SUCCESS);
}
