/* SPDX-License-Identifier: BSD-2-Clause */
/*
  backsolve: lambda, mu and the state itself are integrated backward together, so that no state of the run is kept.

  Where the run loses what it came from (diffusion, stiff decay, chaos), going back along it is unstable and u(t0) is
  not found again.  That is measured, from u(t0) and not from the kind of problem, and said.

    -costate_backsolve_restart n     take the state of the run every n-th step (0: never); states are then kept
    -costate_backsolve_drift tol     relative error of u(t0) from which on there is a warning (square root of the
  relative tolerance of the sweep) -costate_backsolve_drift_fail    end with DIVERGED_DRIFT instead
*/
#include "../costate/sweep.h"

typedef struct {
  CostateContinuous c; /* first: what the shared functions see */
  PetscInt          restart, left;
  PetscReal         drift;
  PetscBool         fail;
} Backsolve;

static PetscErrorCode Begin_Backsolve(Costate cs, PetscReal t, Vec u)
{
  Backsolve *b = (Backsolve *)cs->data;

  PetscFunctionBegin;
  PetscCall(CostateSweepBegin(b->c.sweep, t, u));
  PetscCall(CostateSweepSetY(b->c.sweep, u));
  b->left = b->restart;
  if (b->c.sweep->dae)
    PetscCall(
        PetscFPrintf(PetscObjectComm((PetscObject)cs), PETSC_STDERR,
                     "costate: warning: backsolve goes back along algebraic equations, which hold their constraints to "
                     "the tolerance only: compare with another method (-costate_type interpolating)\n"));
  PetscFunctionReturn(PETSC_SUCCESS);
}

static PetscErrorCode Interval_Backsolve(Costate cs, PetscReal t1, PetscReal t0)
{
  PetscFunctionBegin;
  PetscCall(CostateSweepInterval(((Backsolve *)cs->data)->c.sweep, t1, t0));
  PetscFunctionReturn(PETSC_SUCCESS);
}

static PetscErrorCode State_Backsolve(Costate cs, Vec u)
{
  PetscFunctionBegin;
  PetscCall(CostateSweepGetY(((Backsolve *)cs->data)->c.sweep, u));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* With restarts: the pieces of the run say what the state was. */
static PetscErrorCode Reverse_Backsolve(Costate cs, const CostatePiece *piece)
{
  Backsolve *b = (Backsolve *)cs->data;

  PetscFunctionBegin;
  if (b->restart && !b->left--) {
    PetscCall(CostateSweepSetY(b->c.sweep, piece->u[1]));
    b->left = b->restart - 1;
  }
  PetscCall(CostateSweepInterval(b->c.sweep, piece->t[1], piece->t[0]));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Whether u(t0) was found again. */
static PetscErrorCode End_Backsolve(Costate cs)
{
  Backsolve   *b  = (Backsolve *)cs->data;
  CostateSweep sw = b->c.sweep;
  PetscReal    norm, error, atol, rtol, most = b->drift;
  PetscInt     N;
  PetscBool    fail;
  MPI_Comm     comm = PetscObjectComm((PetscObject)cs);

  PetscFunctionBegin;
  PetscCall(CostateSweepCount(sw));
  if (!cs->u0) PetscFunctionReturn(PETSC_SUCCESS);
  PetscCall(TSGetTolerances(cs->ts, &atol, NULL, &rtol, NULL));
  if (most < 0) most = PetscSqrtReal(rtol);
  PetscCall(CostateSweepGetY(sw, sw->U));
  PetscCall(VecGetSize(sw->U, &N));
  PetscCall(VecAXPY(sw->U, -1, cs->u0));
  PetscCall(VecNorm(cs->u0, NORM_2, &norm));
  PetscCall(VecNorm(sw->U, NORM_2, &error));
  cs->stats.drift = error / (norm + PetscSqrtReal((PetscReal)N) * atol);
  if (cs->stats.drift <= most) PetscFunctionReturn(PETSC_SUCCESS); /* false for a NaN */
  fail = (PetscBool)(b->fail || !(cs->stats.drift < .1));
  PetscCall(
      PetscFPrintf(comm, PETSC_STDERR,
                   "costate: %s: backsolve did not find u(t0) again: it is off by %.3g of its norm (more than %.3g, "
                   "-costate_backsolve_drift), so the gradient %s. The run cannot be gone back along: use "
                   "-costate_type interpolating or discrete, or take its states more often "
                   "(-costate_backsolve_restart, 1 at most)\n",
                   fail ? "error" : "warning", (double)cs->stats.drift, (double)most,
                   fail ? "is not given" : "is that of another run"));
  if (fail) cs->reason = COSTATE_DIVERGED_DRIFT;
  PetscFunctionReturn(PETSC_SUCCESS);
}

static PetscErrorCode SetUp_Backsolve(Costate cs)
{
  Backsolve *b = (Backsolve *)cs->data;

  PetscFunctionBegin;
  PetscCall(CostateContinuousSetUp(cs, COSTATE_SWEEP_MU | COSTATE_SWEEP_Y));
  /* a program that knows nothing of a Costate goes back step by step */
  cs->ops->interval = b->restart || cs->door || cs->late ? NULL : Interval_Backsolve;
  if (cs->ops->interval) {
    PetscCall(TSTrajectoryCostateSetReverse(cs->tj, NULL, NULL));
    PetscCall(TSTrajectoryCostateSetKeep(cs->tj, PETSC_FALSE));
  }
  PetscFunctionReturn(PETSC_SUCCESS);
}

static PetscErrorCode SetFromOptions_Backsolve(Costate cs, COSTATE_OPTION_ITEMS PetscOptionsObject)
{
  Backsolve *b = (Backsolve *)cs->data;

  PetscFunctionBegin;
  PetscOptionsHeadBegin(PetscOptionsObject, "Costate backsolve options");
  PetscCall(PetscOptionsBoundedInt("-costate_backsolve_restart", "Take the state of the run every n-th step; 0: never",
                                   "CostateSetType", b->restart, &b->restart, NULL, 0));
  PetscCall(PetscOptionsReal("-costate_backsolve_drift", "Relative error of u(t0) from which on there is a warning",
                             "CostateSetType", b->drift, &b->drift, NULL));
  PetscCall(PetscOptionsBool("-costate_backsolve_drift_fail", "End with DIVERGED_DRIFT instead of a warning",
                             "CostateSetType", b->fail, &b->fail, NULL));
  PetscOptionsHeadEnd();
  PetscFunctionReturn(PETSC_SUCCESS);
}

PETSC_INTERN PetscErrorCode CostateCreate_Backsolve(Costate cs)
{
  Backsolve *b;

  PetscFunctionBegin;
  PetscCall(CostateContinuousCreate(cs));
  PetscCall(PetscFree(cs->data));
  PetscCall(PetscNew(&b));
  b->drift                = -1;
  cs->data                = b;
  cs->ops->setup          = SetUp_Backsolve;
  cs->ops->begin          = Begin_Backsolve;
  cs->ops->reverse        = Reverse_Backsolve;
  cs->ops->state          = State_Backsolve;
  cs->ops->end            = End_Backsolve;
  cs->ops->setfromoptions = SetFromOptions_Backsolve;
  PetscFunctionReturn(PETSC_SUCCESS);
}
