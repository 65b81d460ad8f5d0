/* SPDX-License-Identifier: BSD-2-Clause */
/*
  The disk tier: what the scheduler sends there and asks back, and what that costs.

  States move between memory and disk as frames, block by block, without a copy: the memory of a state that is being
  written or read counts against the budget all the while.  The scheduler says EVICT when it wants that memory back, and
  there, and where a fetched state is loaded, the run waits if need be.

  Costs are the largest mean over the ranks, agreed on at the starts of periods, so that every rank places its states
  alike.
*/
#include "trajimpl.h"
#include <errno.h>

/* The frames that are one state to the scheduler: itself, and before it where it is a jump */
#define PARTS 2

/* frames of a commit beside those that the budget of memory holds: the state that waits, the adjoint variables */
#define EXTRAS 4

#define LOOK 32 /* steps between two looks whether the disk has been measured */

static const CostateKey parts[PARTS] = {COSTATE_KEY_STATE, COSTATE_KEY_PRE};

/* What a state takes on disk, all ranks together, with the room that alignment and the description of a slot take. */
static PetscErrorCode FrameBytes(CostateTraj tr, PetscInt64 *bytes)
{
  PetscInt64 mine = (PetscInt64)tr->state_bytes;

  PetscFunctionBegin;
  PetscCallMPI(MPI_Allreduce(&mine, bytes, 1, MPIU_INT64, MPI_SUM, PetscObjectComm((PetscObject)tr->tj)));
  *bytes += 8192 * (1 + tr->fsal + (tr->sens != NULL));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* How many frames the disk may hold: 0 where there is no disk tier. */
static PetscErrorCode DiskLimit(CostateTraj tr, PetscInt64 *states)
{
  PetscInt64 bytes;

  PetscFunctionBegin;
  *states = 0;
  if (!tr->dir[0] || tr->no_disk) PetscFunctionReturn(PETSC_SUCCESS);
  *states = tr->disk_states ? tr->disk_states : COSTATE_UNLIMITED;
  if (!tr->disk_bytes) PetscFunctionReturn(PETSC_SUCCESS);
  PetscCall(FrameBytes(tr, &bytes));
  *states = tr->disk_bytes / bytes;
  PetscCheck(*states, PetscObjectComm((PetscObject)tr->tj), PETSC_ERR_ARG_OUTOFRANGE,
             "-ts_trajectory_costate_hdf5_limit: %" PetscInt64_FMT
             " bytes in %s do not hold one state, which takes %" PetscInt64_FMT " bytes: give at least that",
             tr->disk_bytes, tr->dir, bytes);
  PetscFunctionReturn(PETSC_SUCCESS);
}

/*
  The number of states that the scheduler may have on disk.  Commits need room for all that memory holds, and nothing
  may be overwritten that the last two refer to while the next one is written: three times all of it.
*/
PetscErrorCode CostateDiskStates(CostateTraj tr, PetscInt64 *states)
{
  PetscInt64 limit;

  PetscFunctionBegin;
  PetscCall(DiskLimit(tr, &limit));
  *states = limit;
  if (!tr->durable || !limit || limit >= COSTATE_UNLIMITED) PetscFunctionReturn(PETSC_SUCCESS);
  if (tr->measured)
    *states = limit / 6;
  else
    *states = limit / 3 - tr->units - EXTRAS;
  PetscCheck(*states > 0 && limit / 3 > *states + EXTRAS, PetscObjectComm((PetscObject)tr->tj),
             PETSC_ERR_ARG_OUTOFRANGE,
             "-ts_trajectory_costate_hdf5_limit of %" PetscInt64_FMT
             " states is too little for commits: three times %" PetscInt64_FMT
             " states of memory, the adjoint variables and at least one state of the disk's own are needed, "
             "%" PetscInt64_FMT
             ". Give more, less memory (-ts_trajectory_costate_ram), or -ts_trajectory_costate_commit never",
             limit, tr->measured ? (PetscInt64)1 : tr->units, 3 * ((tr->measured ? 1 : tr->units) + EXTRAS + 1));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* A measured budget must leave room for its commits under the limit of the disk. */
PetscErrorCode CostateDiskCapUnits(CostateTraj tr, PetscInt64 *units)
{
  PetscInt64 limit;

  PetscFunctionBegin;
  PetscCall(DiskLimit(tr, &limit));
  if (tr->durable && limit && limit < COSTATE_UNLIMITED)
    *units = PetscMin(*units, PetscMax(1, limit / 3 - limit / 6 - EXTRAS));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* A store in files below `dir`, not yet open. */
static PetscErrorCode StoreBelow(CostateTraj tr, TS ts, const char dir[], PetscInt n, const char *const names[],
                                 PetscInt64 limit, PetscBool keep, CostateStore *store)
{
  DM dm;

  PetscFunctionBegin;
  PetscCall(CostateStoreCreate(PetscObjectComm((PetscObject)tr->tj), "hdf5", store));
  PetscCall(CostateStoreSetDirectory(*store, dir));
  PetscCall(CostateStoreSetNames(*store, n, names));
  PetscCall(CostateStoreSetLimit(*store, limit));
  PetscCall(CostateStoreSetBehind(*store, tr->behind));
  PetscCall(CostateStoreSetDirect(*store, tr->direct));
  PetscCall(CostateStoreSetLayout(*store, tr->layout));
  PetscCall(CostateStoreSetKeep(*store, keep));
  PetscCall(TSGetDM(ts, &dm));
  PetscCall(CostateStoreSetGrid(*store, dm));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* A store in files below `dir`, open; the caller's to destroy. */
PetscErrorCode CostateDiskStore(CostateTraj tr, TS ts, const char dir[], PetscInt n, const char *const names[],
                                PetscInt64 limit, PetscBool keep, CostateStore *store)
{
  PetscFunctionBegin;
  PetscCall(StoreBelow(tr, ts, dir, n, names, limit, keep, store));
  PetscCall(CostateStoreOpen(*store));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* The store of the disk tier, not yet open. */
PetscErrorCode CostateDiskCreate(CostateTraj tr, TS ts)
{
  const char *names[3];
  PetscInt    n = 0;
  PetscInt64  states;

  PetscFunctionBegin;
  PetscCall(DiskLimit(tr, &states));
  names[n++] = "state";
  if (tr->fsal) names[n++] = "stage_derivative";
  if (tr->sens) names[n++] = "tangent";
  PetscCall(
      StoreBelow(tr, ts, tr->dir, n, names, states < COSTATE_UNLIMITED ? states : 0, tr->tj->keepfiles, &tr->disk));
  PetscCall(CostateStoreSetCommit(tr->disk, tr->durable));
  PetscCall(CostateStoreSetOwner(tr->disk, tr->owner));
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode CostateDiskOpen(CostateTraj tr, TS ts)
{
  PetscFunctionBegin;
  if (!tr->disk) PetscCall(CostateDiskCreate(tr, ts));
  PetscCall(CostateStoreOpen(tr->disk));
  if (tr->durable) PetscCall(CostateOptionsNote(tr));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* -log_view shows the frames that were moved as messages, and so their bytes. */
static PetscErrorCode LogFrame(CostateTraj tr)
{
  PetscFunctionBegin;
  (void)tr;
#if defined(PETSC_USE_LOG)
  /* the summary shows half of what is sent and received, each message being both */
  PetscCall(COSTATE_LOG_ADD(petsc_send_ct, 1));
  PetscCall(COSTATE_LOG_ADD(petsc_recv_ct, 1));
  PetscCall(COSTATE_LOG_ADD(petsc_send_len, (PetscLogDouble)tr->state_bytes));
  PetscCall(COSTATE_LOG_ADD(petsc_recv_len, (PetscLogDouble)tr->state_bytes));
#endif
  PetscFunctionReturn(PETSC_SUCCESS);
}

/*
  A frame did not get to disk.  Where the disk is full the run goes on without it: a state is lost that can be computed
  again from an earlier one.  Not so the state at which a segment begins, and state 0, from which all is computed again
  if need be, stays in memory.
*/
static PetscErrorCode NotWritten(CostateTraj tr, PetscInt64 key, const CostateStoreFault *fault)
{
  MPI_Comm       comm = PetscObjectComm((PetscObject)tr->tj);
  const PetscInt k    = (PetscInt)(key / 4);
  PetscBool      pin  = PETSC_FALSE;

  PetscFunctionBegin;
  PetscCheck(fault->err == ENOSPC || fault->err == EDQUOT || fault->err == EFBIG, comm, PETSC_ERR_FILE_WRITE, "%s",
             fault->text);
  for (PetscInt i = 0; i < tr->nkinds; i++) pin = (PetscBool)(pin || tr->kind[i].step == k);
  PetscCheck(!pin, comm, PETSC_ERR_FILE_WRITE,
             "%s. State %" PetscInt_FMT
             " begins a segment (an event, or another TSSolve()) and cannot be computed again, so the run cannot go on "
             "without it",
             fault->text, k);
  if (tr->whole) PetscCall(CostateWholeRefuse(tr, tr->ts, fault->text));
  if (!tr->lost)
    PetscCall(
        PetscFPrintf(comm, PETSC_STDERR,
                     "costate: warning: %s. The run goes on without it: more steps will be repeated, the gradient "
                     "is the same\n",
                     fault->text));
  tr->lost++;
  if (k == 0) tr->keep0 = PETSC_TRUE;
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Starts to move a frame out to disk or in; behind the computation it is then under way until it is settled. */
static PetscErrorCode Move(CostateTraj tr, PetscInt64 key, PetscBool out)
{
  CostateStoreFault fault;

  PetscFunctionBegin;
  if (tr->nmoves == tr->movecap) {
    tr->movecap = 2 * tr->movecap + 4;
    PetscCall(PetscRealloc((size_t)tr->movecap * sizeof(*tr->moves), &tr->moves));
  }
  PetscCall(CostateStoreCopyBeginTry(out ? tr->store : tr->disk, out ? tr->disk : tr->store, key, &fault));
  if (fault.err) {
    PetscCall(NotWritten(tr, key, &fault));
    PetscFunctionReturn(PETSC_SUCCESS);
  }
  tr->moves[tr->nmoves].key   = key;
  tr->moves[tr->nmoves++].out = out;
  PetscCall(LogFrame(tr));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Waits for the frame's way to or from the disk to end, and for all ranks to agree that it went well. */
PetscErrorCode CostateDiskSettle(CostateTraj tr, PetscInt64 key)
{
  PetscInt      i = 0;
  PetscBool     out;
  PetscLogEvent event;

  PetscFunctionBegin;
  while (i < tr->nmoves && tr->moves[i].key != key) i++;
  if (i == tr->nmoves) PetscFunctionReturn(PETSC_SUCCESS);
  out          = tr->moves[i].out;
  event        = out ? Costate_Spill : Costate_Prefetch;
  tr->moves[i] = tr->moves[--tr->nmoves];
  PetscCall(PetscLogEventBegin(event, tr->tj, 0, 0, 0));
  if (out) {
    CostateStoreFault fault;

    PetscCall(CostateStoreCopyTry(tr->store, tr->disk, key, &fault));
    if (fault.err) PetscCall(NotWritten(tr, key, &fault));
  } else
    PetscCall(CostateBring(tr, tr->ts, key));
  PetscCall(PetscLogEventEnd(event, tr->tj, 0, 0, 0));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* State k from memory to disk, with its other side where it is a jump. */
static PetscErrorCode Spill(CostateTraj tr, PetscInt k)
{
  PetscBool has;

  PetscFunctionBegin;
  PetscCall(PetscLogEventBegin(Costate_Spill, tr->tj, 0, 0, 0));
  for (int i = 0; i < PARTS; i++) {
    const PetscInt64 key = CostateKeyOf(k, parts[i]);

    PetscCall(CostateStoreHas(tr->store, key, &has));
    if (!has) continue;
    PetscCall(CostateStoreHas(tr->disk, key, &has));
    if (has) { /* a commit wrote it already */
      PetscCall(CostateDumpedRemove(tr, key));
      continue;
    }
    PetscCall(CostateStoreSetLabel(tr->disk, k, tr->log.t[k], CostateKeyText(parts[i])));
    PetscCall(Move(tr, key, PETSC_TRUE));
    if (!tr->behind) PetscCall(CostateDiskSettle(tr, key));
    tr->tj->diskwrites++;
  }
  PetscCall(PetscLogEventEnd(Costate_Spill, tr->tj, 0, 0, 0));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* State k from disk to memory. */
static PetscErrorCode Fetch(CostateTraj tr, PetscInt k)
{
  PetscBool has, there;

  PetscFunctionBegin;
  PetscCall(PetscLogEventBegin(Costate_Prefetch, tr->tj, 0, 0, 0));
  for (int i = 0; i < PARTS; i++) {
    const PetscInt64 key = CostateKeyOf(k, parts[i]);

    PetscCall(CostateStoreHas(tr->disk, key, &has));
    PetscCall(CostateStoreHas(tr->store, key, &there));
    if (!has && !there && i == 0) PetscCall(CostateFindAgain(tr, tr->ts, key));
    if (!has || there) continue;
    PetscCall(CostateDiskSettle(tr, key));
    PetscCall(Move(tr, key, PETSC_FALSE));
    tr->tj->diskreads++;
  }
  PetscCall(PetscLogEventEnd(Costate_Prefetch, tr->tj, 0, 0, 0));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* The disk may forget state k.  Files that stay keep it for their readers, unless a limit wants its place. */
static PetscErrorCode Wipe(CostateTraj tr, PetscInt k)
{
  const PetscBool keep = (PetscBool)(tr->tj->keepfiles && !tr->disk_states && !tr->disk_bytes);
  PetscBool       has;

  PetscFunctionBegin;
  for (int i = 0; i < PARTS; i++) {
    const PetscInt64 key = CostateKeyOf(k, parts[i]);

    PetscCall(CostateStoreHas(tr->disk, key, &has));
    if (!has) continue;
    PetscCall(CostateDiskSettle(tr, key));
    if (i == 0 && CostateIsLandmark(tr, k)) {
      if (!CostateIsDumped(tr, key)) PetscCall(CostateDumpedAdd(tr, key));
    } else if (!keep)
      PetscCall(CostateStoreDrop(tr->disk, key));
  }
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Obeys what concerns the disk; `mine` if it did. */
PetscErrorCode CostateDiskObey(CostateTraj tr, const costate_action *a, PetscBool *mine)
{
  const PetscInt k = (PetscInt)a->step;

  PetscFunctionBegin;
  *mine = (PetscBool)(a->kind == COSTATE_FETCH || a->tier == COSTATE_DISK);
  if (!*mine) PetscFunctionReturn(PETSC_SUCCESS);
  if (a->kind == COSTATE_STORE)
    PetscCall(Spill(tr, k));
  else if (a->kind == COSTATE_FETCH)
    PetscCall(Fetch(tr, k));
  else if (k || tr->pos)
    PetscCall(Wipe(tr, k));
  else
    PetscCall(Fetch(tr, 0)); /* the last adjoint step is over: state 0 stays at hand, for a second sweep */
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* The mean of what was clocked since the last time, the largest of any rank; `old` where nothing was. */
static double Mean(double seconds, PetscInt64 count, double old)
{
  return count > 0 ? seconds / (double)count : old;
}

/*
  Takes stock of the costs, agreed on by all ranks.  Called where a period starts, and before there is one at steps 2,
  4, 8, 16, 32, 64, 96 ... until state 0 is written.  What is not known yet is taken to cost as much as its like: an
  adjoint step as a step, a read as a write.
*/
static PetscErrorCode TakeStock(CostateTraj tr)
{
  CostateStoreIO io;
  CostateClock  *c = &tr->clock;
  double         in[4], out[4];
  costate_costs *costs = &tr->costs;

  PetscFunctionBegin;
  PetscCall(CostateStoreGetIO(tr->disk, &io));
  in[0] = Mean(c->forward, c->nforward, costs->forward);
  in[1] = Mean(c->adjoint, c->nadjoint, costs->adjoint);
  in[2] = Mean(io.seconds_write - c->io.seconds_write, io.writes - c->io.writes, costs->write);
  in[3] = Mean(io.seconds_read - c->io.seconds_read, io.reads - c->io.reads, costs->read);
  PetscCallMPI(MPI_Allreduce(in, out, 4, MPI_DOUBLE, MPI_MAX, PetscObjectComm((PetscObject)tr->tj)));
  c->io      = io;
  c->forward = c->adjoint = 0;
  c->nforward = c->nadjoint = 0;
  costs->forward            = PetscMax(out[0], 1e-9);
  costs->adjoint            = out[1];
  costs->write              = out[2];
  costs->read               = out[3];
  PetscFunctionReturn(PETSC_SUCCESS);
}

/*
  The files go, or stay with their description complete; the counts and costs remain.  After a run that did not come to
  its end nobody asks how the last writes went, unless their files stay.
*/
PetscErrorCode CostateDiskClose(CostateTraj tr, PetscBool ended)
{
  PetscFunctionBegin;
  if (!tr->disk) PetscFunctionReturn(PETSC_SUCCESS);
  if (!ended && !tr->tj->keepfiles) tr->nmoves = 0;
  while (tr->nmoves) PetscCall(CostateDiskSettle(tr, tr->moves[0].key));
  PetscCall(CostateStoreGetIO(tr->disk, &tr->io));
  if (ended && !tr->costs_given) PetscCall(TakeStock(tr)); /* for the report, and for the next run */
  PetscCall(PetscMemzero(&tr->clock.io, sizeof(tr->clock.io)));
  PetscCall(CostateStoreDestroy(&tr->disk));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/*
  State 0 has to make room in memory, and is not on disk, because that is full; or so many states are lost that the run
  is better repeated.  Now all others make room for state 0.
*/
PetscErrorCode CostateDiskGiveUp(CostateTraj tr)
{
  const PetscInt64 first = CostateKeyOf(0, COSTATE_KEY_STATE);
  PetscInt         n;
  PetscInt64      *keys;
  PetscBool        has;

  PetscFunctionBegin;
  while (tr->nmoves) PetscCall(CostateDiskSettle(tr, tr->moves[0].key));
  PetscCall(CostateStoreKeys(tr->store, &n, NULL));
  PetscCall(PetscMalloc1(n, &keys));
  PetscCall(CostateStoreKeys(tr->store, &n, keys));
  for (PetscInt i = 0; i < n; i++)
    if (keys[i] != first) PetscCall(CostateDrop(tr, (PetscInt)(keys[i] / 4), (CostateKey)(keys[i] % 4)));
  PetscCall(PetscFree(keys));
  PetscCall(CostateStoreHas(tr->store, first, &has));
  if (!has) PetscCall(Move(tr, first, PETSC_FALSE));
  PetscCall(CostateDiskSettle(tr, first));
  tr->held = -1;
  if (tr->durable)
    PetscCall(PetscFPrintf(PetscObjectComm((PetscObject)tr->tj), PETSC_STDERR,
                           "costate: warning: there is no room for commits in %s, so this run cannot be resumed\n",
                           tr->dir));
  tr->durable = PETSC_FALSE;
  PetscCall(CostateSignals(tr, PETSC_FALSE));
  PetscCall(CostateDiskClose(tr, PETSC_FALSE));
  tr->no_disk = PETSC_TRUE;
  PetscFunctionReturn(PETSC_SUCCESS);
}

/*
  The run is over, and states are missing: whether to repeat it within memory, which takes the steps of the run and
  those of the best schedule, or to compute each of them from the one before.
*/
PetscBool CostateDiskRepeat(CostateTraj tr)
{
  const double period = (double)PetscMax(tr->stats.period, 1), lost = (double)tr->lost;

  if (tr->no_disk || tr->keep0) return PETSC_TRUE;
  if (!tr->lost || tr->boundaries) return PETSC_FALSE;
  costate_sched_get_stats(tr->sched, &tr->stats);
  return (PetscBool)(period * lost * (lost + 1) / 2 >
                     (double)tr->log.n + (double)costate_offline_advances(tr->log.n, tr->units));
}

/* The write of state 0, by which the disk is measured, goes on behind the first steps; is it over on all ranks? */
static PetscErrorCode ProbeIsOver(CostateTraj tr, PetscBool *over)
{
  PetscInt64 key = CostateKeyOf(0, COSTATE_KEY_STATE);
  PetscBool  done;

  PetscFunctionBegin;
  PetscCall(CostateStoreTest(tr->disk, key, &done));
  PetscCallMPI(MPI_Allreduce(&done, over, 1, MPIU_BOOL, MPI_LAND, PetscObjectComm((PetscObject)tr->tj)));
  if (*over) PetscCall(CostateDiskSettle(tr, key));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* State n has arrived; `start` if it is one of those that may go to disk. */
PetscErrorCode CostateDiskReckon(CostateTraj tr, PetscInt n, PetscBool start)
{
  costate_costs costs;
  PetscBool     known;

  PetscFunctionBegin;
  if (!tr->disk || tr->costs_given) PetscFunctionReturn(PETSC_SUCCESS);
  if (start && n) tr->nstarts++;
  if (tr->costs_known) {
    if (!start || ((tr->nstarts & (tr->nstarts - 1)) && tr->nstarts % 16)) PetscFunctionReturn(PETSC_SUCCESS);
  } else {
    if (n < 2 || ((n & (n - 1)) && n % LOOK)) PetscFunctionReturn(PETSC_SUCCESS);
    PetscCall(ProbeIsOver(tr, &known));
    if (!known) PetscFunctionReturn(PETSC_SUCCESS);
  }
  PetscCall(TakeStock(tr));
  tr->costs_known = PETSC_TRUE;
  CostateDiskCosts(tr, &costs);
  PetscCall(CostateSched(tr, costate_sched_set_costs(tr->sched, &costs)));
  PetscCall(CostateNoteCosts(tr, n, &costs));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* What the scheduler is told. */
void CostateDiskCosts(CostateTraj tr, costate_costs *costs)
{
  *costs = tr->costs;
  if (tr->costs_given) return;
  if (!costs->read) costs->read = costs->write;
  if (!costs->adjoint) costs->adjoint = costs->forward;
  /* a taped step is executed right before its adjoint */
  if (!(tr->free_tape && tr->g)) costs->adjoint += costs->forward;
}
