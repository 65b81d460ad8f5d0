/* SPDX-License-Identifier: BSD-2-Clause */
/* What the application says of its tapes, which it may without ADOL-C too. */
#include "tape.h"

PetscErrorCode CostateTapesCreate(CostateTapes *tapes)
{
  PetscFunctionBegin;
  PetscCall(PetscNew(tapes));
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode CostateTapesSet(CostateTapes tapes, CostateSide side, CostateTapeRecord record, void *ctx)
{
  PetscFunctionBegin;
  PetscCall(CostateTapesReset(tapes));
  tapes->side[side].record = record;
  tapes->side[side].ctx    = ctx;
  PetscCall(PetscMemzero(&tapes->side[side].stats, sizeof(CostateTapeStatistics)));
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode CostateTapesGet(CostateTapes tapes, CostateSide side, CostateTapeRecord *record)
{
  PetscFunctionBegin;
  *record = tapes->side[side].record;
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode CostateTapesSetScatters(CostateTapes tapes, VecScatter u, Vec ul, VecScatter p, Vec pl)
{
  const VecScatter scatter[] = {u, p};
  const Vec        local[]   = {ul, pl};

  PetscFunctionBegin;
  PetscCall(CostateTapesReset(tapes));
  for (int i = 0; i < 2; i++) {
    if (scatter[i]) PetscCall(PetscObjectReference((PetscObject)scatter[i]));
    if (local[i]) PetscCall(PetscObjectReference((PetscObject)local[i]));
    PetscCall(VecScatterDestroy(&tapes->scatter[i]));
    PetscCall(VecDestroy(&tapes->local[i]));
    tapes->scatter[i] = scatter[i];
    tapes->local[i]   = local[i];
  }
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode CostateTapesSetReuse(CostateTapes tapes, PetscBool reuse, CostateTapeChange change)
{
  PetscFunctionBegin;
  tapes->reuse  = reuse;
  tapes->change = change;
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode CostateTapesGetReuse(CostateTapes tapes, PetscBool *reuse, CostateTapeChange *change)
{
  PetscFunctionBegin;
  *reuse  = tapes->reuse;
  *change = tapes->change;
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode CostateTapesForget(CostateTapes tapes)
{
  PetscFunctionBegin;
  tapes->side[0].played = tapes->side[1].played = PETSC_FALSE;
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode CostateTapesGetStatistics(CostateTapes tapes, CostateSide side, CostateTapeStatistics *stats)
{
  PetscFunctionBegin;
  *stats = tapes->side[side].stats;
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode CostateTapesDestroy(CostateTapes *tapes)
{
  PetscFunctionBegin;
  if (!*tapes) PetscFunctionReturn(PETSC_SUCCESS);
  PetscCall(CostateTapesReset(*tapes));
  for (int i = 0; i < 2; i++) {
    PetscCall(VecScatterDestroy(&(*tapes)->scatter[i]));
    PetscCall(VecDestroy(&(*tapes)->local[i]));
  }
  PetscCall(PetscFree(*tapes));
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode CostateTapeMissing(CostateVJP v, PetscBool *missing)
{
  PetscFunctionBegin;
#if defined(COSTATE_USE_ADOLC)
  *missing = PETSC_FALSE;
  (void)v;
#else
  *missing   = PETSC_TRUE;
#if defined(COSTATE_HAVE_ADOLC)
  v->missing = "needs a PETSc with real numbers of double precision";
#else
  v->missing = "install libadolc-dev (Debian) or ADOL-C, and build again";
#endif
#endif
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode CostateTapeCan(CostateVJP v, const char **why)
{
  PetscFunctionBegin;
  *why = v->missing;
  if (!*why && (!v->tapes || !v->tapes->side[v->side].record))
    *why = "the application records no tape: CostateSetTape(), or CostateSetTapeOf() of costate/adolc.hpp";
  PetscFunctionReturn(PETSC_SUCCESS);
}

#if !defined(COSTATE_USE_ADOLC)
PetscErrorCode CostateTapesReset(CostateTapes tapes)
{
  PetscFunctionBegin;
  (void)tapes;
  PetscFunctionReturn(PETSC_SUCCESS);
}
#endif
