/* SPDX-License-Identifier: BSD-2-Clause */
/*
  Times at which a step has to end.

  At the entry of ops->step the step size is cut so that the step ends there; when the step is over the TS goes on with
  the size that it would have had.  The log takes the size that was cut, so that replay knows nothing of stops.
*/
#include "trajimpl.h"

PetscErrorCode CostateStopsReset(CostateTraj tr)
{
  PetscFunctionBegin;
  PetscCall(PetscFree3(tr->stop.time, tr->stop.t, tr->stop.step));
  PetscCall(PetscMemzero(&tr->stop, sizeof(tr->stop)));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* A run begins. */
PetscErrorCode CostateStopsBegin(CostateTraj tr, TS ts)
{
  CostateStops *s = &tr->stop;

  PetscFunctionBegin;
  (void)ts;
  PetscCall(CostateStopsReset(tr));
  s->n = tr->nstops;
  if (!s->n) PetscFunctionReturn(PETSC_SUCCESS);
  PetscCall(PetscMalloc3(s->n, &s->time, s->n, &s->t, s->n, &s->step));
  for (PetscInt i = 0; i < s->n; i++) {
    s->time[i] = tr->stops[i];
    s->step[i] = -1;
    s->t[i]    = 0;
  }
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Where a state is taken to be at a stop. */
static PetscReal Tolerance(PetscReal stop, PetscReal span)
{
  return PetscMax((PetscReal)1e-12, 8 * PETSC_MACHINE_EPSILON) * PetscMax(PetscAbsReal(stop), span);
}

static PetscReal StopTolerance(const CostateTraj tr, PetscInt i)
{
  const CostateStops *s = &tr->stop;

  return Tolerance(s->time[i], PetscAbsReal(s->time[s->n - 1] - tr->log.t[0]));
}

/*
  ops->step is entered.  Close to the stop the step becomes a little longer, or, where steps are adaptive, two equal
  ones: a step that is much shorter than its neighbours costs accuracy in multistep methods.  While an event is being
  located only what would go too far is cut.
*/
PetscErrorCode CostateStopsEnter(CostateTraj tr, TS ts)
{
  CostateStops   *s     = &tr->stop;
  const PetscReal h     = ts->time_step;
  const PetscBool again = (PetscBool)(ts->steprollback || (ts->event && !COSTATE_EVENT_QUIET(ts->event)));
  PetscReal       left, cut = h;
  PetscBool       fixed;

  PetscFunctionBegin;
  s->want = 0;
  if (s->next == s->n) PetscFunctionReturn(PETSC_SUCCESS);
  PetscCall(CostateFixedSteps(ts, &fixed));
  left = s->time[s->next] - ts->ptime;
  if (PetscAbsReal(h - left) <= (PetscReal)1e-10 * h && PetscAbsReal(h - left) <= StopTolerance(tr, s->next) / 8)
    PetscFunctionReturn(PETSC_SUCCESS); /* it ends there by itself, to the last bits */
  if (h >= left)
    cut = left;
  else if (!again && !ts->COSTATE_TS_TIMES && (PetscReal)1.01 * h >= left)
    cut = left;
  else if (!again && !fixed && 2 * h > left)
    cut = left / 2;
  if (cut == left)
    for (int i = 0; i < 4 && ts->ptime + cut < s->time[s->next]; i++) cut *= 1 + PETSC_MACHINE_EPSILON;
  if (cut == h) PetscFunctionReturn(PETSC_SUCCESS);
  s->want       = h;
  ts->time_step = s->cut = cut;
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* A step of a run that goes on is entered as it was. */
void CostateStopsAgain(CostateTraj tr, TS ts, PetscReal want)
{
  tr->stop.want = want;
  tr->stop.cut  = ts->time_step;
}

/* As TSAdaptChoose() does it, so that the next step of size h does not go beyond the end or a time of TSSetTimeSpan().
 */
static PetscReal MatchEnd(TS ts, PetscReal h)
{
  PetscReal left = ts->max_time - ts->ptime;

  if (ts->exact_final_time != TS_EXACTFINALTIME_MATCHSTEP || !ts->adapt) return h;
  if (ts->COSTATE_TS_TIMES)
    for (PetscInt i = ts->COSTATE_TS_TIMES_N - 1; i >= ts->COSTATE_TS_TIMES_NEXT; i--)
      if (ts->COSTATE_TS_TIMES_AT[i] - ts->ptime > (PetscReal)1e-6 * h) left = ts->COSTATE_TS_TIMES_AT[i] - ts->ptime;
  if (left <= (PetscReal)1e-10 * h) return h;
  if (h > left) return left;
  if (h < left && h * (1 + ts->adapt->matchstepfac[0]) > left) return left;
  if (h < left && h * ts->adapt->matchstepfac[1] > left) return left / 2;
  return h;
}

/* ops->step is left: if its size was cut the next one is what it would have been, unless the TS itself made it shorter.
 */
PetscErrorCode CostateStopsLeave(CostateTraj tr, TS ts)
{
  CostateStops   *s    = &tr->stop;
  const PetscReal want = s->want;
  PetscBool       fixed;

  PetscFunctionBegin;
  s->want = 0;
  if (want <= 0 || ts->reason < 0) PetscFunctionReturn(PETSC_SUCCESS);
  if (PetscAbsReal(tr->taken - s->cut) > (PetscReal)1e-6 * s->cut) PetscFunctionReturn(PETSC_SUCCESS);
  if (ts->event && !COSTATE_EVENT_QUIET(ts->event)) PetscFunctionReturn(PETSC_SUCCESS);
  PetscCall(CostateFixedSteps(ts, &fixed));
  ts->time_step = MatchEnd(ts, fixed ? want : PetscMax(want, ts->time_step));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* The stops of a run that goes on, up to state k. */
PetscErrorCode CostateStopsPass(CostateTraj tr, TS ts, PetscInt k)
{
  PetscInt stop;

  PetscFunctionBegin;
  PetscCall(CostateStopsMet(tr, ts, k, &stop));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* By what a run with stops is known again. */
PetscErrorCode CostateStopsPrint(CostateTraj tr, char text[], size_t len)
{
  PetscInt64 hash = 0;

  PetscFunctionBegin;
  text[0] = 0;
  for (PetscInt i = 0; i < tr->nstops; i++) {
    double     t = (double)tr->stops[i];
    PetscInt64 bits;

    PetscCall(PetscMemcpy(&bits, &t, sizeof(bits)));
    hash = (PetscInt64)((((uint64_t)hash << 7) | ((uint64_t)hash >> 57)) ^ (uint64_t)bits);
  }
  if (tr->nstops)
    PetscCall(PetscSNPrintf(text, len, ", %" PetscInt_FMT " stops %llx", tr->nstops, (unsigned long long)hash));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* State k is reached: `stop` is the one that it is, or -1. */
PetscErrorCode CostateStopsMet(CostateTraj tr, TS ts, PetscInt k, PetscInt *stop)
{
  CostateStops   *s = &tr->stop;
  const PetscReal t = tr->log.t[k];

  PetscFunctionBegin;
  *stop = -1;
  for (; s->next < s->n; s->next++) {
    const PetscInt  i   = s->next;
    const PetscReal tol = StopTolerance(tr, i);
    PetscInt        at  = k;

    if (s->time[i] > t + tol) break;
    while (at >= 0 && PetscAbsReal(tr->log.t[at] - s->time[i]) > tol) at--; /* a run that goes on passes states over */
    PetscCheck(at >= 0 || k, PetscObjectComm((PetscObject)ts), PETSC_ERR_ARG_OUTOFRANGE,
               "The run begins at t = %g, but it is to stop at t = %g, which is before", (double)t, (double)s->time[i]);
    PetscCheck(at >= 0, PetscObjectComm((PetscObject)ts), PETSC_ERR_SUP,
               "Step %" PetscInt_FMT
               " was to end at t = %g, but it went to t = %g: TS type %s chooses the sizes of its steps by itself. Use "
               "another type",
               k, (double)s->time[i], (double)t, ((PetscObject)ts)->type_name);
    s->step[i] = at;
    s->t[i]    = tr->log.t[at];
    if (at == k) *stop = i;
  }
  PetscFunctionReturn(PETSC_SUCCESS);
}

/*@
  TSTrajectoryCostateSetStops - Makes the forward run land on given times

  Logically Collective

  Input Parameters:
+ tj - the trajectory, of type `TSTRAJECTORYCOSTATE`
. n - how many; 0: none
- times - in ascending order, from the initial time on

  Notes:
  Counts from the next run on. A step ends at each of them, to rounding (1e-12 of the larger of its absolute value and
  the time span of the stops). The step that would go beyond is cut, adaptive steps are halved before; afterwards the
  run goes on with the step size that it would have had. With fixed steps whose grid contains the times nothing changes.
  A time that the run does not come to is not an error: see `TSTrajectoryCostateGetStop()`.

  TS types that choose the sizes of their steps by themselves (pseudo, sundials) are refused at the first stop they
miss.

  Level: developer

.seealso: `TSTRAJECTORYCOSTATE`, `TSTrajectoryCostateGetStop()`, `TSTrajectoryCostateSetArrival()`
@*/
PetscErrorCode TSTrajectoryCostateSetStops(TSTrajectory tj, PetscInt n, const PetscReal times[])
{
  CostateTraj tr;
  MPI_Comm    comm = PetscObjectComm((PetscObject)tj);

  PetscFunctionBegin;
  PetscCall(CostateTrajOurs(tj, &tr));
  PetscCheck(n >= 0, comm, PETSC_ERR_ARG_OUTOFRANGE, "The number of stops is negative, %" PetscInt_FMT, n);
  for (PetscInt i = 0; i < n; i++) {
    PetscCheck(!PetscIsInfOrNanReal(times[i]), comm, PETSC_ERR_ARG_WRONG,
               "Stop %" PetscInt_FMT " at t = %g is not a time", i, (double)times[i]);
    PetscCheck(!i || times[i] > times[i - 1] + 2 * Tolerance(times[i], PetscAbsReal(times[n - 1] - times[0])), comm,
               PETSC_ERR_ARG_WRONG,
               "Stop %" PetscInt_FMT " at t = %.16g does not come after the one before it, at t = %.16g: give times in "
               "ascending order, each once",
               i, (double)times[i], (double)times[i - 1]);
  }
  PetscCall(PetscFree(tr->stops));
  PetscCall(PetscMalloc1(n, &tr->stops));
  PetscCall(PetscArraycpy(tr->stops, times, n));
  tr->nstops = n;
  PetscFunctionReturn(PETSC_SUCCESS);
}

/*@
  TSTrajectoryCostateGetStop - Where the last run met a stop

  Not Collective

  Input Parameters:
+ tj - the trajectory, of type `TSTRAJECTORYCOSTATE`
- i - which, 0 .. n-1

  Output Parameters:
+ step - the number of the state at the stop, or -1 if the run ended before
- t - its time, which may differ from what was asked for in the last bits

  Level: developer

.seealso: `TSTRAJECTORYCOSTATE`, `TSTrajectoryCostateSetStops()`
@*/
PetscErrorCode TSTrajectoryCostateGetStop(TSTrajectory tj, PetscInt i, PetscInt *step, PetscReal *t)
{
  CostateTraj tr;

  PetscFunctionBegin;
  PetscCall(CostateTrajOurs(tj, &tr));
  PetscCheck(i >= 0 && i < tr->stop.n, PetscObjectComm((PetscObject)tj), PETSC_ERR_ARG_OUTOFRANGE,
             "Stop %" PetscInt_FMT " is asked for, but the last run had %" PetscInt_FMT, i, tr->stop.n);
  *step = tr->stop.step[i];
  *t    = tr->stop.t[i];
  PetscFunctionReturn(PETSC_SUCCESS);
}
