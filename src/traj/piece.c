/* SPDX-License-Identifier: BSD-2-Clause */
/* What a method asks of the trajectory: its own function in the place of the adjoint step, a look at each state. */
#include "trajimpl.h"

/*
  The TS types whose steps can be repeated bit by bit: a step depends on the state before it, the time and the step
  size, and on nothing that the type remembers.  All others (bdf, glle, alpha, ...) are kept whole.  Of what a step
  reads beside these, the last stage of an FSAL method is in its frame.
*/
static const char *const replayable[] = {TSRK, TSTHETA, TSCN, TSBEULER, TSEULER, TSSSP, TSROSW, TSARKIMEX};

/* Whether the size of steps does not depend on their error. */
PetscErrorCode CostateFixedSteps(TS ts, PetscBool *fixed)
{
  PetscFunctionBegin;
  *fixed = PETSC_TRUE;
  if (ts->adapt) PetscCall(PetscObjectTypeCompare((PetscObject)ts->adapt, TSADAPTNONE, fixed));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/*
  Arkimex and dirk may carry the slope of the last stage over to the next step, and it is in no frame: for an implicit
  equation, and in newer versions of PETSc wherever no part of the equation is stepped explicitly.
*/
static PetscErrorCode CarriesSlope(TS ts, PetscBool *yes)
{
  PetscBool     arkimex, dirk;
  TSRHSFunction rhs;

  PetscFunctionBegin;
  PetscCall(PetscObjectTypeCompare((PetscObject)ts, TSARKIMEX, &arkimex));
  PetscCall(PetscObjectTypeCompare((PetscObject)ts, "dirk", &dirk));
  PetscCall(TSGetRHSFunction(ts, NULL, &rhs, NULL));
  *yes = (PetscBool)(dirk || (arkimex && (ts->equation_type >= TS_EQ_IMPLICIT || (COSTATE_ARKIMEX_CARRIES && !rhs))));
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode CostateReplayable(TS ts, PetscBool *yes)
{
  const char *type    = ((PetscObject)ts)->type_name;
  PetscBool   carries = PETSC_FALSE;

  PetscFunctionBegin;
  PetscCall(CostateHooksHaveAdjoint(ts, yes));
  for (size_t i = 0; type && i < sizeof(replayable) / sizeof(replayable[0]); i++)
    if (!strcmp(type, replayable[i])) *yes = PETSC_TRUE;
  PetscCall(CarriesSlope(ts, &carries));
  if (carries) *yes = PETSC_FALSE;
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* How many steps the run will take, as far as can be told at state n; exact: none will be other than they look. */
static PetscErrorCode StepsAhead(CostateTraj tr, TS ts, PetscInt n, double *steps, PetscBool *exact)
{
  const PetscReal t = tr->log.t[n], t0 = tr->log.t[0];
  PetscBool       fixed, hooks;

  PetscFunctionBegin;
  PetscCall(CostateFixedSteps(ts, &fixed));
  PetscCall(CostateHooksHaveUser(ts, &hooks));
  *steps = PETSC_MAX_REAL;
  if (ts->max_time < PETSC_MAX_REAL) {
    if (fixed && ts->time_step > 0)
      *steps = (double)n + (double)PetscCeilReal((ts->max_time - t) / ts->time_step - (PetscReal)1e-6);
    else if (t > t0)
      *steps = (double)n * (double)((ts->max_time - t0) / (t - t0));
  }
  *steps = PetscMin(*steps, COSTATE_TS_LAST_STEP(ts));
  *exact = (PetscBool)(fixed && !hooks && !ts->event);
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Every state has to be kept, and there is no room for it. */
PetscErrorCode CostateWholeRefuse(CostateTraj tr, TS ts, const char why[])
{
  const PetscInt n = tr->log.n;
  double         steps, mine, bytes;
  PetscBool      exact;
  MPI_Comm       comm = PetscObjectComm((PetscObject)ts);

  PetscFunctionBegin;
  PetscCall(StepsAhead(tr, ts, n, &steps, &exact));
  mine = (double)tr->state_bytes;
  PetscCallMPI(MPI_Allreduce(&mine, &bytes, 1, MPI_DOUBLE, MPI_MAX, comm));
  SETERRQ(comm, PETSC_ERR_MEM,
          "A step of TS type %s depends on more than the state before it and cannot be repeated, so every state has to "
          "be kept, and %s. At t = %g of %g, after %.0f steps, the run looks as if it will take %.0f states of %.0f "
          "bytes, %.3g MB for each rank. Give that much memory (-ts_trajectory_costate_ram), or a directory for what "
          "memory does not hold (-ts_trajectory_costate_hdf5), or use a type whose steps can be repeated (rk, cn, "
          "rosw, arkimex and others)",
          ((PetscObject)ts)->type_name, why, (double)tr->log.t[n], (double)ts->max_time, (double)n, steps, bytes,
          steps * bytes / 1e6);
}

/* State n has arrived in a run that is kept whole; where it can be told now, a run that will not fit ends now. */
PetscErrorCode CostateWholeCheck(CostateTraj tr, TS ts, PetscInt n)
{
  double     steps;
  PetscInt64 disk;
  PetscBool  exact;
  char       why[128];

  PetscFunctionBegin;
  if (!tr->whole || n != 1) PetscFunctionReturn(PETSC_SUCCESS);
  PetscCall(CostateDiskStates(tr, &disk));
  if (disk >= COSTATE_UNLIMITED) PetscFunctionReturn(PETSC_SUCCESS);
  PetscCall(StepsAhead(tr, ts, n, &steps, &exact));
  /* the last state and the one before it wait outside the budget; one step more or less is not worth a refusal */
  if (!exact || steps - 2 <= (double)tr->units + (double)disk) PetscFunctionReturn(PETSC_SUCCESS);
  PetscCall(PetscSNPrintf(why, sizeof(why), "the budget holds %" PetscInt64_FMT " states%s", tr->units + disk,
                          disk ? ", memory and disk together" : ""));
  PetscCall(CostateWholeRefuse(tr, ts, why));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* State k-1 into base, for a step that is reversed from its end states: nothing is executed. */
PetscErrorCode CostatePieceFetch(CostateTraj tr, TS ts, PetscInt k, PetscBool record)
{
  PetscFunctionBegin;
  if (k == tr->log.n) {
    PetscCall(CostateFetchState(tr, ts, k - 1, tr->base));
    if (tr->held == k - 1) PetscCall(CostateDrop(tr, k - 1, COSTATE_KEY_STATE));
    tr->held = -1;
  } else if (!record) {
    if (tr->pending == k - 1)
      PetscCall(CostateFetchState(tr, ts, k - 1, tr->base));
    else
      PetscCall(VecCopy(ts->vec_sol, tr->base));
  }
  PetscCall(CostateReplayContext(tr, ts, k));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* The function of the method, with state k in top and state k-1 in base. */
PetscErrorCode CostatePieceReverse(CostateTraj tr, TS ts, PetscInt k)
{
  CostatePiece   piece;
  PetscErrorCode err;

  PetscFunctionBegin;
  piece.step = k;
  piece.t[0] = CostateLogStart(&tr->log, k);
  piece.t[1] = tr->log.t[k];
  piece.u[0] = tr->base;
  piece.u[1] = tr->top;
  for (int i = 0; i < 2; i++) PetscCall(VecLockReadPush(piece.u[i]));
  err = (*tr->reverse)(ts, &piece, tr->reverse_ctx);
  for (int i = 0; i < 2; i++) PetscCall(VecLockReadPop(piece.u[i]));
  PetscCall(err);
  PetscFunctionReturn(PETSC_SUCCESS);
}

/*
  Where an event changes the state, a step ends with the state before it and the next begins with the one after it.  The
  application gets the latter back from TSTrajectoryGet(), as from PETSc's own trajectories; so both are kept.
*/

/* ops->step is left, and an event may follow. */
PetscErrorCode CostatePieceBefore(CostateTraj tr, TS ts)
{
  PetscFunctionBegin;
  tr->pre_at = -1;
  if (!tr->from_ends || !ts->event || tr->nothing_kept || tr->phase != COSTATE_FORWARD)
    PetscFunctionReturn(PETSC_SUCCESS);
  if (!tr->pre) PetscCall(VecDuplicate(ts->vec_sol, &tr->pre));
  PetscCall(VecCopy(ts->vec_sol, tr->pre));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* State k is set, as X, and there was an event at its time. */
PetscErrorCode CostatePieceChanged(CostateTraj tr, TS ts, PetscInt k, Vec X)
{
  PetscInt64 hash[2];
  PetscBool  here, changed;
  MPI_Comm   comm = PetscObjectComm((PetscObject)ts);

  PetscFunctionBegin;
  if (!tr->pre || !k) PetscFunctionReturn(PETSC_SUCCESS);
  PetscCall(CostateVecHash(tr->pre, 0, &hash[0]));
  PetscCall(CostateVecHash(X, 0, &hash[1]));
  here = (PetscBool)(hash[0] != hash[1]);
  PetscCallMPI(MPI_Allreduce(&here, &changed, 1, MPIU_BOOL, MPI_LOR, comm));
  if (!changed) PetscFunctionReturn(PETSC_SUCCESS);
  PetscCheck(!tr->durable, comm, PETSC_ERR_SUP,
             "An event changed state %" PetscInt_FMT
             ". A run in which this happens is not committed where a method has its own function for a step: leave "
             "-ts_trajectory_costate_commit, resume and walltime out",
             k);
  if (tr->nchanges == tr->changecap) {
    tr->changecap = 2 * tr->changecap + 16;
    PetscCall(PetscRealloc((size_t)tr->changecap * sizeof(*tr->change), &tr->change));
  }
  tr->change[tr->nchanges++] = k;
  tr->pre_at                 = k;
  tr->jump                   = PETSC_TRUE;
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscBool CostateIsChange(CostateTraj tr, PetscInt k)
{
  for (PetscInt i = tr->nchanges - 1; i >= 0 && tr->change[i] >= k; i--)
    if (tr->change[i] == k) return PETSC_TRUE;
  return PETSC_FALSE;
}

/* The sweep has come to state k: if an event changed it, the one before the event is put aside for the next step. */
PetscErrorCode CostatePieceCross(CostateTraj tr, PetscInt k, PetscBool *changed)
{
  PetscFunctionBegin;
  *changed = CostateIsChange(tr, k);
  if (!*changed) PetscFunctionReturn(PETSC_SUCCESS);
  PetscCall(CostateRead(tr, CostateKeyOf(k, COSTATE_KEY_PRE), 1, &tr->pre));
  PetscCall(CostateDrop(tr, k, COSTATE_KEY_PRE));
  tr->pre_at = k;
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* State k of the forward run is shown to the method. */
PetscErrorCode CostatePieceArrive(CostateTraj tr, TS ts, PetscInt k, PetscReal t, Vec X, PetscInt stop)
{
  PetscErrorCode err;

  PetscFunctionBegin;
  if (!tr->arrival) PetscFunctionReturn(PETSC_SUCCESS);
  PetscCall(VecLockReadPush(X));
  err = (*tr->arrival)(ts, k, t, X, stop, tr->arrival_ctx);
  PetscCall(VecLockReadPop(X)); /* the vector is the application's, whatever comes of it */
  PetscCall(err);
  PetscFunctionReturn(PETSC_SUCCESS);
}

/*@C
  TSTrajectoryCostateSetReverse - Puts a function in the place of the adjoint step

  Logically Collective

  Input Parameters:
+ tj - the trajectory, of type `TSTRAJECTORYCOSTATE`
. reverse - called by `TSAdjointSolve()` for each step from the last to the first; `NULL`: the TS's own adjoint step
- ctx - handed to it

  Calling sequence of reverse:
+ ts - the TS, at the end of the step; its solution is that of `piece->u[1]`
. piece - number, times and states at both ends of the step
- ctx - as above

  Notes:
  `reverse` turns the cost gradients (`TSGetCostGradients()`) at the end of the step into those at its beginning, the
  integral of a quadrature TS included: the TS's own adjoint step and adjoint integral are not called. It may end the
  sweep with `TSSetConvergedReason()`. What `TSSetPreStep()` sets for the step is set.

  Works with any TS type, also one that has no adjoint step. A step is reversed from the states at its ends, so that no
  stage data are kept and no step is executed for their sake. Types whose steps can be repeated
  exactly (rk, theta, cn, beuler, euler, ssp, rosw, arkimex) are checkpointed within the budget. All others are kept
whole, in memory and then on disk (`TSTrajectoryCostateSetHDF5()`), and a run that does not fit is refused with the size
it would take.

  Set it before `TSSolve()`: what is kept follows from it. `TSAdjointSetUp()` wants `TSSetRHSJacobianP()` or
  `TSSetIJacobianP()` where `TSSetCostGradients()` was given mu.

  Level: developer

.seealso: `TSTRAJECTORYCOSTATE`, `TSTrajectoryCostateSetArrival()`, `TSTrajectoryCostateSetStops()`
@*/
PetscErrorCode TSTrajectoryCostateSetReverse(TSTrajectory tj, CostateReverse reverse, void *ctx)
{
  CostateTraj tr;

  PetscFunctionBegin;
  PetscCall(CostateTrajOurs(tj, &tr));
  tr->reverse     = reverse;
  tr->reverse_ctx = ctx;
  PetscFunctionReturn(PETSC_SUCCESS);
}

/*@C
  TSTrajectoryCostateSetArrival - Sets a function that sees each state of a forward run

  Logically Collective

  Input Parameters:
+ tj - the trajectory, of type `TSTRAJECTORYCOSTATE`
. arrival - called once for each state in order, state 0 included; `NULL`: none
- ctx - handed to it

  Calling sequence of arrival:
+ ts - the TS
. step - the number of the state
. t - its time
. u - the state, which may be read only
. stop - the index of the stop (`TSTrajectoryCostateSetStops()`) that it is, or -1
- ctx - as above

  Note:
  It is not called when steps are repeated. A run that goes on from a commit (`TSTrajectoryCostateSetResume()`) shows
  the states that it computes, and not those that it passes over.

  Level: developer

.seealso: `TSTRAJECTORYCOSTATE`, `TSTrajectoryCostateSetReverse()`, `TSTrajectoryCostateSetStops()`
@*/
PetscErrorCode TSTrajectoryCostateSetArrival(TSTrajectory tj, CostateArrival arrival, void *ctx)
{
  CostateTraj tr;

  PetscFunctionBegin;
  PetscCall(CostateTrajOurs(tj, &tr));
  tr->arrival     = arrival;
  tr->arrival_ctx = ctx;
  PetscFunctionReturn(PETSC_SUCCESS);
}

/*@
  TSTrajectoryCostateSetKeep - Whether states are kept at all

  Logically Collective

  Input Parameters:
+ tj - the trajectory, of type `TSTRAJECTORYCOSTATE`
- keep - `PETSC_FALSE`: the run is only looked at (stops, arrivals, the log of its steps, 25 bytes each), and
  `TSAdjointSolve()` is refused. `PETSC_TRUE` is the default

  Note:
  Counts from the next run on. It is for methods that never go back.

  Level: developer

.seealso: `TSTRAJECTORYCOSTATE`, `TSTrajectoryCostateSetArrival()`, `TSTrajectoryCostateSetStops()`
@*/
PetscErrorCode TSTrajectoryCostateSetKeep(TSTrajectory tj, PetscBool keep)
{
  CostateTraj tr;

  PetscFunctionBegin;
  PetscCall(CostateTrajOurs(tj, &tr));
  tr->nothing_kept = (PetscBool)!keep;
  PetscFunctionReturn(PETSC_SUCCESS);
}

/*@C
  TSTrajectoryCostateGetStats - What the last run took

  Not Collective

  Input Parameter:
. tj - the trajectory, of type `TSTRAJECTORYCOSTATE`

  Output Parameter:
. stats - steps, rejections and repeated steps; budget and peak in states, bytes of a state on this rank; linear
          solves of the TS, their iterations, and set-ups of its preconditioner

  Level: developer

.seealso: `TSTRAJECTORYCOSTATE`, `TSTrajectoryCostateSetReport()`
@*/
PetscErrorCode TSTrajectoryCostateGetStats(TSTrajectory tj, CostateTrajStats *stats)
{
  CostateTraj         tr;
  costate_sched_stats s = {0};

  PetscFunctionBegin;
  PetscCall(CostateTrajOurs(tj, &tr));
  PetscCall(PetscMemzero(stats, sizeof(*stats)));
  if (tr->sched) costate_sched_get_stats(tr->sched, &s);
  stats->steps       = PetscMax(tr->log.n, 0);
  stats->rejections  = tr->rejected;
  stats->replayed    = tr->replayed;
  stats->budget      = tr->sched ? tr->units : 0;
  stats->peak        = s.peak_units;
  stats->state_bytes = tr->state_bytes;
  for (int i = 0; i < COSTATE_SOLVES_PHASES; i++) {
    stats->solves[i]     = tr->solves[i].solves;
    stats->iterations[i] = tr->solves[i].iterations;
    stats->setups[i]     = tr->solves[i].setups;
  }
  PetscFunctionReturn(PETSC_SUCCESS);
}

/*@C
  CostateTSGetIJacobianP - What was given to `TSSetIJacobianP()`, which has no function of PETSc's to get it

  Not Collective

  Input Parameter:
. ts - the TS

  Output Parameters:
+ J   - the matrix, or `NULL` if there is none; without f, `NULL` also if it has no function
. f   - its function, or `NULL`; may be `NULL` if it is not wanted
- ctx - the context of f; may be `NULL` if it is not wanted

  Level: developer

.seealso: `TSSetIJacobianP()`, `TSComputeIJacobianP()`
@*/
PetscErrorCode CostateTSGetIJacobianP(TS ts, Mat *J, void (**f)(void), void **ctx)
{
  PetscFunctionBegin;
  PetscValidHeaderSpecific(ts, TS_CLASSID, 1);
  *J = f || ts->ijacobianp ? ts->Jacp : NULL;
  if (f) *f = (void (*)(void))ts->ijacobianp;
  if (ctx) *ctx = ts->ijacobianpctx;
  PetscFunctionReturn(PETSC_SUCCESS);
}

/*@
  CostateTSGetRHSMats - The matrices of `TSSetRHSJacobian()`; `TSGetRHSJacobian()` makes some where there are none, and
  has those of the I-function where there is one

  Not Collective

  Input Parameter:
. ts - the TS

  Output Parameters:
+ A - the matrix, or `NULL` if there is none
- P - what preconditioners are made of, or `NULL`

  Level: developer

.seealso: `TSSetRHSJacobian()`, `TSGetRHSJacobian()`
@*/
PetscErrorCode CostateTSGetRHSMats(TS ts, Mat *A, Mat *P)
{
  PetscFunctionBegin;
  PetscValidHeaderSpecific(ts, TS_CLASSID, 1);
  *A = ts->Arhs;
  *P = ts->Brhs;
  PetscFunctionReturn(PETSC_SUCCESS);
}
