/* SPDX-License-Identifier: BSD-2-Clause */
/* One count for the process, because that is what it is: neither a TS nor a Tao knows of the runs of the others. */
#include "runs.h"

static PetscInt64 begun, skipped;

PetscInt64 CostateRunsBegin(void)
{
  begun++;
  return begun + skipped;
}

PetscInt64 CostateRunsCount(void)
{
  return begun + skipped;
}

void CostateRunsSkip(PetscInt64 n)
{
  skipped += n;
}

PetscInt64 CostateRunsSkipped(void)
{
  return skipped;
}
