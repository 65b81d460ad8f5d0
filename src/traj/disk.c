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

/* The frames that are one state to the scheduler: itself, and before it where it is a jump */
#define PARTS 2

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

/* The number of states that the disk may hold: 0 where there is no disk tier. */
PetscErrorCode CostateDiskStates(CostateTraj tr, PetscInt64 *states)
{
  PetscInt64 bytes;

  PetscFunctionBegin;
  *states = 0;
  if (!tr->dir[0]) PetscFunctionReturn(PETSC_SUCCESS);
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

/* A store in files below `dir`, open; the caller's to destroy. */
PetscErrorCode CostateDiskStore(CostateTraj tr, TS ts, const char dir[], PetscInt n, const char *const names[],
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
  PetscCall(CostateStoreSetKeep(*store, keep));
  PetscCall(TSGetDM(ts, &dm));
  PetscCall(CostateStoreSetGrid(*store, dm));
  PetscCall(CostateStoreOpen(*store));
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode CostateDiskOpen(CostateTraj tr, TS ts)
{
  const char *names[3];
  PetscInt    n = 0;
  PetscInt64  states;

  PetscFunctionBegin;
  PetscCall(CostateDiskStates(tr, &states));
  names[n++] = "state";
  if (tr->fsal) names[n++] = "stage_derivative";
  if (tr->sens) names[n++] = "tangent";
  PetscCall(CostateDiskStore(tr, ts, tr->dir, n, names, states < COSTATE_UNLIMITED ? states : 0, tr->tj->keepfiles,
                             &tr->disk));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* -log_view shows the frames that were moved as messages, and so their bytes. */
static void LogFrame(CostateTraj tr)
{
#if defined(PETSC_USE_LOG)
  /* the summary shows half of what is sent and received, each message being both */
  petsc_send_ct += 1;
  petsc_recv_ct += 1;
  petsc_send_len += (PetscLogDouble)tr->state_bytes;
  petsc_recv_len += (PetscLogDouble)tr->state_bytes;
#else
  (void)tr;
#endif
}

/* Starts to move a frame out to disk or in; behind the computation it is then under way until it is settled. */
static PetscErrorCode Move(CostateTraj tr, PetscInt64 key, PetscBool out)
{
  PetscFunctionBegin;
  if (tr->nmoves == tr->movecap) {
    tr->movecap = 2 * tr->movecap + 4;
    PetscCall(PetscRealloc((size_t)tr->movecap * sizeof(*tr->moves), &tr->moves));
  }
  PetscCall(CostateStoreCopyBegin(out ? tr->store : tr->disk, out ? tr->disk : tr->store, key));
  tr->moves[tr->nmoves].key   = key;
  tr->moves[tr->nmoves++].out = out;
  LogFrame(tr);
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
  PetscCall(CostateStoreCopyEnd(out ? tr->store : tr->disk, out ? tr->disk : tr->store, key));
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
    PetscCall(CostateStoreSetLabel(tr->disk, k, tr->log.t[k], parts[i] == COSTATE_KEY_PRE ? "before jump" : "state"));
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
    if (!keep) PetscCall(CostateStoreDrop(tr->disk, key));
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
