/* SPDX-License-Identifier: BSD-2-Clause */
/*
  Every K-th lambda of the backward sweep, in files like those of the states: the map of what a cost is sensitive to, in
  time.  They are for people to look at and always stay.
*/
#include "trajimpl.h"

#define NAME 32

static PetscErrorCode Open(CostateTraj tr, TS ts)
{
  char(*text)[NAME];
  const char **names;

  PetscFunctionBegin;
  PetscCall(PetscMalloc2(ts->numcost, &text, ts->numcost, &names));
  for (PetscInt i = 0; i < ts->numcost; i++) {
    PetscCall(PetscSNPrintf(text[i], NAME, "lambda_%" PetscInt_FMT, i));
    names[i] = text[i];
  }
  PetscCall(CostateDiskStore(tr, ts, tr->maps_dir, ts->numcost, names, 0, PETSC_TRUE, &tr->maps));
  PetscCall(PetscFree2(text, names));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Lambda of state k is what the TS holds. */
PetscErrorCode CostateMapsPut(CostateTraj tr, TS ts, PetscInt k)
{
  PetscFunctionBegin;
  if (!tr->maps_every || k % tr->maps_every) PetscFunctionReturn(PETSC_SUCCESS);
  if (!tr->maps) PetscCall(Open(tr, ts));
  /* one frame at a time is on its way, so that no more memory is held than for that */
  PetscCall(CostateStoreSync(tr->maps));
  PetscCall(CostateStoreSetLabel(tr->maps, k, tr->log.t[k], "lambda"));
  PetscCall(CostateStorePutBegin(tr->maps, k, ts->numcost, ts->vecs_sensi));
  if (!tr->behind) PetscCall(CostateStorePutEnd(tr->maps, k));
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode CostateMapsClose(CostateTraj tr)
{
  PetscFunctionBegin;
  if (!tr->maps) PetscFunctionReturn(PETSC_SUCCESS);
  PetscCall(CostateStoreSync(tr->maps));
  PetscCall(CostateStoreDestroy(&tr->maps));
  PetscFunctionReturn(PETSC_SUCCESS);
}
