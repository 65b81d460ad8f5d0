/* SPDX-License-Identifier: BSD-2-Clause */
/* What the application says of its tapes. */
#include "tapes.h"

#define TAPES "costate_tapes"

const char *const CostateTapeChanges[] = {"record", "error", "CostateTapeChange", "COSTATE_TAPE_", NULL};

static PetscErrorCode Destroy(CostateCtxArg tapes)
{
  PetscFunctionBegin;
  PetscCall(CostateTapesDestroy((CostateTapes *)&COSTATE_CTX(tapes)));
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode CostateTapesOf(Costate cs, PetscBool create, CostateTapes *tapes)
{
  PetscContainer container;

  PetscFunctionBegin;
  *tapes = NULL;
  PetscCall(PetscObjectQuery((PetscObject)cs, TAPES, (PetscObject *)&container));
  if (container)
    PetscCall(PetscContainerGetPointer(container, (void **)tapes));
  else if (create) {
    PetscCall(CostateTapesCreate(tapes));
    PetscCall(PetscContainerCreate(PetscObjectComm((PetscObject)cs), &container));
    PetscCall(PetscContainerSetPointer(container, *tapes));
    PetscCall(PetscContainerSetCtxDestroy(container, Destroy));
    PetscCall(PetscObjectCompose((PetscObject)cs, TAPES, (PetscObject)container));
    PetscCall(PetscContainerDestroy(&container));
  }
  PetscFunctionReturn(PETSC_SUCCESS);
}

/*@C
  CostateSetTape - Sets the function that records a tape of ADOL-C, for the providers adolc and adolc_sparse

  Logically Collective

  Input Parameters:
+ cs     - the object
. side   - COSTATE_RHS: of the function of `TSSetRHSFunction()`; COSTATE_I: of that of `TSSetIFunction()`, or of the
           function of a SNES
. record - records the rows of this rank with active variables
- ctx    - for it

  Calling sequence of record:
.vb
  PetscErrorCode record(Costate cs, const CostateTape *tape, PetscReal t, const PetscReal u[], const PetscReal udot[],
                        const PetscReal p[], PetscReal f[], void *ctx)
.ve
+ tape - the number of the tape, the sizes of its buffers, and the numbers of values below
. t    - the time
. u    - tape->nu values: the state as this rank sees it, ghost points and all; see `CostateSetTapeScatters()`
. udot - tape->nudot values: u' in the same order; NULL where there is none, on the side COSTATE_RHS and for a SNES
. p    - tape->np values: the parameters as this rank sees them; NULL where there are none
- f    - tape->nf values, to be set: the rows of this rank, in the order of the global vector

  Options Database Keys:
+ -costate_vjp adolc, -costate_vjp adolc_sparse - products with the derivative by the state come from the tape
- -costate_vjp_p adolc, -costate_vjp_p adolc_sparse - products with the derivative by the parameters, from the same tape

  Notes:
  In C++ `CostateSetTapeOf()` of costate/adolc.hpp makes record of a function template, and nothing else has to be
  written.  By hand, record is

.vb
  trace_on(tape->tag, 1, tape->buffers[0], tape->buffers[1], tape->buffers[2], tape->buffers[3])
.ve

  then <<= for t, u, udot, p in this order, the function, >>= for f, trace_off().  The function may be called on some
  ranks and not on others; it is not collective and must not communicate.

  The function must depend on nothing that changes but these values.  It may be evaluated at points that the application
  never sees.

  A tape takes about 20 to 40 bytes for each operation (`CostateGetTapeStatistics()`); what a reverse sweep needs is in
  memory once.  A product costs a recording, or with `CostateSetTapeReuse()` a forward sweep, for each new point, and
one sweep for each direction.

  Level: intermediate

.seealso: `CostateSetTapeScatters()`, `CostateSetTapeReuse()`, `CostateSetVJP()`, `CostateSetVJPP()`
@*/
PetscErrorCode CostateSetTape(Costate cs, CostateSide side, CostateTapeRecord record, void *ctx)
{
  CostateTapes tapes;

  PetscFunctionBegin;
  PetscValidHeaderSpecific(cs, COSTATE_CLASSID, 1);
  PetscCheck(side == COSTATE_RHS || side == COSTATE_I, PetscObjectComm((PetscObject)cs), PETSC_ERR_ARG_OUTOFRANGE,
             "There is no side %d: it is COSTATE_RHS for TSSetRHSFunction(), COSTATE_I for TSSetIFunction() and for a "
             "SNES",
             (int)side);
  PetscCall(CostateReset(cs));
  PetscCall(CostateTapesOf(cs, PETSC_TRUE, &tapes));
  PetscCall(CostateTapesSet(tapes, side, record, ctx));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/*@
  CostateSetTapeScatters - Sets what each rank sees of the state and of the parameters when it records its tape

  Collective

  Input Parameters:
+ cs      - the object
. u       - from the state to u_local; NULL: see below
. u_local - a sequential vector, as the state is laid out for record of `CostateSetTape()`; NULL with u
. p       - from the parameters to p_local; NULL: see below
- p_local - a sequential vector, as the parameters are laid out for record; NULL with p

  Notes:
  The scatters are used forward for values and directions, and in reverse, adding, for transposed products, so that what
  a rank finds for its ghost points arrives at their owners.

  Without u it is the local vector of the DM of the `TS` (or the SNES), ghost points and all; without a DM it is what
the rank owns.  Without p each rank has all parameters; for fields give a scatter to what a rank needs of them.

  Level: intermediate

.seealso: `CostateSetTape()`, `VecScatterCreate()`, `VecScatterCreateToAll()`
@*/
PetscErrorCode CostateSetTapeScatters(Costate cs, VecScatter u, Vec u_local, VecScatter p, Vec p_local)
{
  CostateTapes tapes;

  PetscFunctionBegin;
  PetscValidHeaderSpecific(cs, COSTATE_CLASSID, 1);
  PetscCheck(!u == !u_local && !p == !p_local, PetscObjectComm((PetscObject)cs), PETSC_ERR_ARG_INCOMP,
             "A scatter goes with the local vector that it fills: give both or neither");
  PetscCall(CostateReset(cs));
  PetscCall(CostateTapesOf(cs, PETSC_TRUE, &tapes));
  PetscCall(CostateTapesSetScatters(tapes, u, u_local, p, p_local));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/*@
  CostateSetTapeReuse - Sets whether one tape serves for all points

  Logically Collective

  Input Parameters:
+ cs     - the object
. reuse  - PETSC_TRUE: a tape is recorded once, and played at other points; PETSC_FALSE, the default: it is recorded at
           each new point
- change - where the function takes another branch than where it was recorded: COSTATE_TAPE_RECORD, it is recorded
again; COSTATE_TAPE_ERROR, that is an error

  Options Database Keys:
+ -costate_vjp_adolc_reuse bool           - the same
- -costate_vjp_adolc_retape record|error  - the same

  Notes:
  Playing a tape takes a fraction of the time of recording one.  Comparisons of active variables are on the tape, and a
  different outcome is found out on each rank by itself; fabs(), fmax(), fmin() and condassign() are no branches.  The
  time is a variable of the tape too.  What is not (constants that the application changes from step to step, tests of
  plain numbers, t converted to one) stays as it was when the tape was recorded: then do not use it again.

  Level: intermediate

.seealso: `CostateSetTape()`, `CostateGetTapeStatistics()`
@*/
PetscErrorCode CostateSetTapeReuse(Costate cs, PetscBool reuse, CostateTapeChange change)
{
  CostateTapes tapes;

  PetscFunctionBegin;
  PetscValidHeaderSpecific(cs, COSTATE_CLASSID, 1);
  PetscCall(CostateTapesOf(cs, PETSC_TRUE, &tapes));
  PetscCall(CostateTapesSetReuse(tapes, reuse, change));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/*@
  CostateGetTapeStatistics - What the tape of one side takes, on this rank

  Not Collective

  Input Parameters:
+ cs   - the object
- side - the side

  Output Parameter:
. stats - how often it was recorded and played, its operations and bytes; of all solves since `CostateSetTape()`

  Level: intermediate

.seealso: `CostateSetTape()`, `CostateSetTapeReuse()`
@*/
PetscErrorCode CostateGetTapeStatistics(Costate cs, CostateSide side, CostateTapeStatistics *stats)
{
  CostateTapes tapes;

  PetscFunctionBegin;
  PetscValidHeaderSpecific(cs, COSTATE_CLASSID, 1);
  PetscCall(PetscMemzero(stats, sizeof(*stats)));
  PetscCall(CostateTapesOf(cs, PETSC_FALSE, &tapes));
  if (tapes) PetscCall(CostateTapesGetStatistics(tapes, side, stats));
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode CostateTapesSetFromOptions(Costate cs, COSTATE_OPTION_ITEMS PetscOptionsObject)
{
  CostateTapes      tapes;
  PetscBool         reuse  = PETSC_FALSE, set[2];
  CostateTapeChange change = COSTATE_TAPE_RECORD;

  PetscFunctionBegin;
  PetscCall(CostateTapesOf(cs, PETSC_FALSE, &tapes));
  if (tapes) PetscCall(CostateTapesGetReuse(tapes, &reuse, &change));
  PetscCall(PetscOptionsBool("-costate_vjp_adolc_reuse", "One tape serves for all points", "CostateSetTapeReuse", reuse,
                             &reuse, &set[0]));
  PetscCall(PetscOptionsEnum("-costate_vjp_adolc_retape", "What is done where it does not", "CostateSetTapeReuse",
                             CostateTapeChanges, (PetscEnum)change, (PetscEnum *)&change, &set[1]));
  if (set[0] || set[1]) PetscCall(CostateSetTapeReuse(cs, reuse, change));
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode CostateTapesView(Costate cs, CostateSide side, PetscViewer viewer)
{
  CostateTapeStatistics s;

  PetscFunctionBegin;
  PetscCall(CostateGetTapeStatistics(cs, side, &s));
  if (!s.recordings) PetscFunctionReturn(PETSC_SUCCESS);
  PetscCall(PetscViewerASCIIPrintf(viewer,
                                   "    tape: %" PetscInt_FMT " recordings, %" PetscInt_FMT " changes of branches, "
                                   "%" PetscInt_FMT " sweeps, %" PetscInt64_FMT " operations, %.3g bytes\n",
                                   s.recordings, s.changes, s.sweeps, s.operations, (double)s.bytes));
  PetscFunctionReturn(PETSC_SUCCESS);
}
