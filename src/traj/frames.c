/* SPDX-License-Identifier: BSD-2-Clause */
/*
  What goes into the store and comes back.  A state frame is all that the next step reads: the state, for some FSAL
  methods the last stage before it, and the tangent matrix where TSForward runs along.
*/
#include "trajimpl.h"

static PetscErrorCode SensBegin(CostateTraj tr, TS ts, PetscScalar **a)
{
  PetscFunctionBegin;
  if (!tr->sens) PetscFunctionReturn(PETSC_SUCCESS);
  PetscCall(MatDenseGetArray(ts->mat_sensip, a));
  PetscCall(VecPlaceArray(tr->sens, *a));
  PetscFunctionReturn(PETSC_SUCCESS);
}

static PetscErrorCode SensEnd(CostateTraj tr, TS ts, PetscScalar **a)
{
  PetscFunctionBegin;
  if (!tr->sens) PetscFunctionReturn(PETSC_SUCCESS);
  PetscCall(VecResetArray(tr->sens));
  PetscCall(MatDenseRestoreArray(ts->mat_sensip, a));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Keeps what the TS holds at step k. */
PetscErrorCode CostatePut(CostateTraj tr, TS ts, PetscInt k, CostateKey what)
{
  PetscInt     ns, n = 0;
  Vec         *Y, v[COSTATE_MAX_VECS];
  PetscScalar *a = NULL;

  PetscFunctionBegin;
  /* without Y_1 the record of a step that was rolled back is not exact: such a step is executed again instead */
  if (what == COSTATE_KEY_STAGES && tr->first_stage && CostateLogRetried(&tr->log, k))
    PetscFunctionReturn(PETSC_SUCCESS);
  PetscCall(PetscLogEventBegin(Costate_Store, tr->tj, ts, 0, 0));
  PetscCall(TSGetStages(ts, &ns, &Y));
  PetscCheck(tr->nstages - tr->first_stage <= COSTATE_MAX_VECS, PetscObjectComm((PetscObject)ts), PETSC_ERR_SUP,
             "Too many stages: %" PetscInt_FMT, ns);
  if (what == COSTATE_KEY_STATE) {
    v[n++] = ts->vec_sol;
    if (tr->fsal)
      v[n++] = tr->klast ? tr->klast : tr->kfirst; /* before the first step there is none, nor need of one */
    if (tr->sens) v[n++] = tr->sens;
    PetscCall(SensBegin(tr, ts, &a));
  } else if (what == COSTATE_KEY_STAGES) {
    for (PetscInt i = tr->first_stage; i < tr->nstages; i++) v[n++] = Y[i];
  } else
    v[n++] = tr->pre_at == k ? tr->pre : tr->top;
  PetscCall(CostateStorePutBegin(tr->store, CostateKeyOf(k, what), n, v));
  PetscCall(CostateStorePutEnd(tr->store, CostateKeyOf(k, what)));
  if (what == COSTATE_KEY_STATE) PetscCall(SensEnd(tr, ts, &a));
  PetscCall(PetscLogEventEnd(Costate_Store, tr->tj, ts, 0, 0));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* In memory or on disk. */
PetscErrorCode CostateHas(CostateTraj tr, PetscInt k, CostateKey what, PetscBool *has)
{
  PetscFunctionBegin;
  PetscCall(CostateStoreHas(tr->store, CostateKeyOf(k, what), has));
  if (!*has && tr->disk) PetscCall(CostateStoreHas(tr->disk, CostateKeyOf(k, what), has));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* A frame from wherever it is; one that is on disk alone, which nobody but a stray reader asks for, passes by memory.
 */
PetscErrorCode CostateRead(CostateTraj tr, PetscInt64 key, PetscInt n, Vec v[])
{
  CostateStore from = tr->store;
  PetscBool    has;

  PetscFunctionBegin;
  PetscCall(CostateDiskSettle(tr, key));
  PetscCall(CostateStoreHas(from, key, &has));
  if (!has && tr->disk) {
    CostateStoreFault fault;

    PetscCall(CostateStoreGetTry(tr->disk, key, n, v, &fault));
    if (fault.err) PetscCall(CostateReadAgain(tr, tr->ts, key, n, v, fault.text));
    PetscFunctionReturn(PETSC_SUCCESS);
  }
  PetscCall(CostateStoreGetBegin(from, key));
  PetscCall(CostateStoreGetEnd(from, key, n, v));
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode CostateDrop(CostateTraj tr, PetscInt k, CostateKey what)
{
  PetscBool has;

  PetscFunctionBegin;
  PetscCall(CostateStoreHas(tr->store, CostateKeyOf(k, what), &has));
  if (!has) PetscFunctionReturn(PETSC_SUCCESS);
  PetscCall(CostateDiskSettle(tr, CostateKeyOf(k, what)));
  PetscCall(CostateStoreDrop(tr->store, CostateKeyOf(k, what)));
  PetscCall(CostateDumpForget(tr, CostateKeyOf(k, what)));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* State k into u; where steps may follow (u is the solution), the rest of its frame into the TS, and its bits are
 * checked. */
PetscErrorCode CostateFetchState(CostateTraj tr, TS ts, PetscInt k, Vec u)
{
  PetscInt     n = 0;
  Vec          v[3];
  PetscScalar *a    = NULL;
  PetscInt64   key  = CostateKeyOf(k, COSTATE_KEY_STATE), hash;
  PetscBool    work = (PetscBool)(u == ts->vec_sol), jump;

  PetscFunctionBegin;
  PetscCall(PetscLogEventBegin(Costate_Fetch, tr->tj, ts, 0, 0));
  v[n++] = u;
  if (work && tr->fsal) v[n++] = tr->kfirst;
  if (work && tr->sens) {
    v[n++] = tr->sens;
    PetscCall(SensBegin(tr, ts, &a));
  }
  PetscCall(CostateRead(tr, key, n, v));
  if (work) PetscCall(SensEnd(tr, ts, &a));
  PetscCall(PetscLogEventEnd(Costate_Fetch, tr->tj, ts, 0, 0));
  if (!tr->check || !work) PetscFunctionReturn(PETSC_SUCCESS);
  PetscCall(CostateHas(tr, k, COSTATE_KEY_PRE, &jump));
  if (jump) PetscFunctionReturn(PETSC_SUCCESS); /* the log has the hash of the state before the jump */
  PetscCall(CostateVecHash(u, 0, &hash));
  PetscCheck(hash == tr->log.hash[k] || k <= tr->log.unknown, PETSC_COMM_SELF, PETSC_ERR_FILE_UNEXPECTED,
             "State %" PetscInt_FMT
             " came back from the store %s with other bits than it was kept with: something has overwritten "
             "the memory of this rank",
             k, tr->store->type);
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* The stages of step k into the TS, if they were kept; the state before the step is in base. */
PetscErrorCode CostateFetchStages(CostateTraj tr, TS ts, PetscInt k, PetscBool *have)
{
  PetscInt ns;
  Vec     *Y;

  PetscFunctionBegin;
  PetscCall(CostateHas(tr, k, COSTATE_KEY_STAGES, have));
  if (!*have) PetscFunctionReturn(PETSC_SUCCESS);
  PetscCall(PetscLogEventBegin(Costate_Fetch, tr->tj, ts, 0, 0));
  PetscCall(TSGetStages(ts, &ns, &Y));
  PetscCall(CostateStoreGetBegin(tr->store, CostateKeyOf(k, COSTATE_KEY_STAGES)));
  PetscCall(CostateStoreGetEnd(tr->store, CostateKeyOf(k, COSTATE_KEY_STAGES), tr->nstages - tr->first_stage,
                               Y + tr->first_stage));
  if (tr->first_stage) PetscCall(VecCopy(tr->base, Y[0]));
  PetscCall(PetscLogEventEnd(Costate_Fetch, tr->tj, ts, 0, 0));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Of the stage that TSInterpolate_Theta() overwrites; 0 for all other methods. */
PetscErrorCode CostateStagesHash(CostateTraj tr, TS ts, PetscInt64 *hash)
{
  PetscInt ns;
  Vec     *Y;

  PetscFunctionBegin;
  *hash = 0;
  if (tr->method != COSTATE_METHOD_MIDPOINT) PetscFunctionReturn(PETSC_SUCCESS);
  PetscCall(TSGetStages(ts, &ns, &Y));
  PetscCall(CostateVecHash(Y[0], 0, hash));
  PetscFunctionReturn(PETSC_SUCCESS);
}
