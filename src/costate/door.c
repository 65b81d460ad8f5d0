/* SPDX-License-Identifier: BSD-2-Clause */
/*
  The door for programs that know nothing of a Costate: with -costate_type METHOD their TSAdjointSolve() computes lambda
  and mu by that method, for TS types without an adjoint step too.

  A Costate of our own stands beside the TS.  It takes over the vectors of TSSetCostGradients() when the first step of a
  sweep is reversed, since that is when they are sure to be there.
*/
#include "costateimpl.h"

static const char name[] = "costate_door";

static PetscErrorCode DoorReverse(TS ts, const CostatePiece *piece, void *ctx)
{
  Costate  cs = (Costate)ctx;
  Vec     *lambda, *mu;
  PetscInt n;

  PetscFunctionBegin;
  PetscCall(TSGetCostGradients(ts, &n, &lambda, &mu));
  if (cs->setup && (cs->lambda != lambda || cs->mu != mu || cs->ncosts != n)) PetscCall(CostateReset(cs));
  if (!cs->setup) { /* which sets the function of the method itself; this one stays in front of it */
    PetscCall(CostateSetUp(cs));
    PetscCall(TSTrajectoryCostateSetReverse(cs->tj, DoorReverse, cs));
    cs->next = 0;
  }
  if (piece->step != cs->next) { /* the first step of a sweep */
    cs->reason = COSTATE_ITERATING;
    PetscTryTypeMethod(cs, begin, piece->t[1], piece->u[1]);
  }
  PetscCall(cs->ops->reverse(cs, piece));
  PetscCall(CostateMonitors(cs, piece->step - 1, piece->t[0]));
  cs->next = piece->step - 1;
  if (!cs->next) PetscTryTypeMethod(cs, end);
  PetscCheck(cs->reason == COSTATE_ITERATING, PetscObjectComm((PetscObject)ts), PETSC_ERR_NOT_CONVERGED,
             "The sweep of -costate_type %s ended with %s at t = %g, so there is no gradient",
             ((PetscObject)cs)->type_name, CostateConvergedReasons[cs->reason], (double)piece->t[0]);
  if (!cs->next) {
    cs->reason       = COSTATE_CONVERGED;
    cs->adjoint_done = PETSC_TRUE;
    PetscCall(CostateViewFromOptions(cs, NULL, "-costate_view"));
  }
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* What needs to know the cost cannot be done from outside. */
static PetscErrorCode Outside(Costate cs)
{
  const PetscBool checks = (PetscBool)(cs->check[0] || cs->check[1] || cs->check[2]);
  const PetscBool window = (PetscBool)(cs->window_option.type != COSTATE_WINDOW_NONE);

  PetscFunctionBegin;
  PetscCheck(!checks && !window, PetscObjectComm((PetscObject)cs), PETSC_ERR_SUP,
             "%s: only the program knows its cost and its initial state, so that this cannot be done for a program "
             "that "
             "has no Costate of its own",
             checks ? "-costate_check_..." : "-costate_cost_window");
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Before each run: a TS that has no Costate gets one if the options ask for it. */
static PetscErrorCode Door(TSTrajectory tj, TS ts)
{
  const char *prefix;
  char        type[64];
  PetscBool   asked, busy;
  Costate     cs;

  PetscFunctionBegin;
  PetscCall(CostateTrajectoryIsTaken(tj, &busy));
  if (busy) PetscFunctionReturn(PETSC_SUCCESS);
  PetscCall(TSGetOptionsPrefix(ts, &prefix));
  PetscCall(PetscOptionsGetString(((PetscObject)ts)->options, prefix, "-costate_type", type, sizeof(type), &asked));
  if (!asked || !strcmp(type, COSTATEDISCRETE)) PetscFunctionReturn(PETSC_SUCCESS);
  PetscCall(PetscObjectQuery((PetscObject)ts, name, (PetscObject *)&cs));
  if (!cs) {
    PetscCall(CostateCreate(PetscObjectComm((PetscObject)ts), &cs));
    PetscCall(CostateSetOptionsPrefix(cs, prefix));
    cs->door = PETSC_TRUE;
    cs->ts   = ts; /* not referenced: it owns us */
    PetscCall(PetscObjectCompose((PetscObject)ts, name, (PetscObject)cs));
    PetscCall(PetscObjectDereference((PetscObject)cs));
    PetscCall(CostateSetFromOptions(cs));
    if (cs->choose) PetscCall(CostateChoose(cs));
    PetscCall(Outside(cs));
  }
  cs->choose = PETSC_FALSE; /* for a program that knows nothing of it once and for all */
  if (!strcmp(((PetscObject)cs)->type_name, COSTATEDISCRETE)) PetscFunctionReturn(PETSC_SUCCESS);
  PetscCheck(cs->ops->reverse, PetscObjectComm((PetscObject)ts), PETSC_ERR_SUP,
             "-costate_type %s does not go backward, so TSAdjointSolve() cannot do it: use discrete, interpolating, "
             "quadrature, gauss or backsolve",
             ((PetscObject)cs)->type_name);
  PetscCall(TSTrajectoryCostateSetReverse(tj, DoorReverse, cs));
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode CostateDoorOpen(void)
{
  PetscFunctionBegin;
  CostateDoor = Door;
  PetscFunctionReturn(PETSC_SUCCESS);
}
