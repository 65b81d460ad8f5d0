/* SPDX-License-Identifier: BSD-2-Clause */
/* The RAM tier: one host buffer for each block of a frame. */
#include "storeimpl.h"

PetscErrorCode CostateStoreCreate_ram(CostateStore s)
{
  PetscFunctionBegin;
  s->map       = PETSC_TRUE;
  s->ops.place = CostatePoolTake;
  s->ops.drop  = CostatePoolGive;
  PetscFunctionReturn(0);
}
