/* SPDX-License-Identifier: BSD-2-Clause */
/* clang-format off */
/*
  What is wrapped around the functions of a TS.  The originals are kept with the TS itself, in a container that lives as
  long as it does, so that a trajectory may come and go: without one of our type every wrapper passes straight through.

    ops->step                a step is entered: the arrival of the state before it; its size, where a stop cuts it
    ops->adjointstep         here steps are repeated, and not in TSTrajectoryGet(): by now the application was told that
                             the event at the end of the step is behind it (TSAdjointEventHandler()), so its context is
                             the right one; a method has its own function called instead
    ops->adjointintegral     the end of an adjoint step, where there is a cost integral
    ops->forwardstep         the tangents of a step, of the right time and size
    adapt->choose            rejections are logged, and in a replay repeated instead of decided
    poststep                 to see a run that the user ends, and a state that the user changes
    poststage, postevaluate  to see a state that the user changes
*/
/* clang-format on */
#include "trajimpl.h"
#include "rkadjoint.h"

typedef struct {
  PetscErrorCode (*step)(TS);
  PetscErrorCode (*adjointstep)(TS);
  PetscErrorCode (*adjointintegral)(TS);
  PetscErrorCode (*forwardstep)(TS);
  PetscErrorCode (*choose)(TSAdapt, TS, PetscReal, PetscInt *, PetscReal *, PetscBool *, PetscReal *, PetscReal *,
                           PetscReal *);
  PetscErrorCode (*poststep)(TS);
  PetscErrorCode (*poststage)(TS, PetscReal, PetscInt, Vec *);
  PetscErrorCode (*postevaluate)(TS);
} CostateHooks;

static const char hooks_name[] = "costate_hooks";

static PetscErrorCode HooksGet(TS ts, CostateHooks **hooks)
{
  PetscContainer c;

  PetscFunctionBegin;
  *hooks = NULL;
  PetscCall(PetscObjectQuery((PetscObject)ts, hooks_name, (PetscObject *)&c));
  if (c) PetscCall(PetscContainerGetPointer(c, (void **)hooks));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* The trajectory of a TS if it is one of ours and set up for this TS, else NULL. */
PetscErrorCode CostateTrajGet(TS ts, CostateTraj *tr)
{
  PetscBool ours = PETSC_FALSE;

  PetscFunctionBegin;
  *tr = NULL;
  if (ts->trajectory) PetscCall(PetscObjectTypeCompare((PetscObject)ts->trajectory, TSTRAJECTORYCOSTATE, &ours));
  if (ours && ts->trajectory->setupcalled) *tr = (CostateTraj)ts->trajectory->data;
  if (*tr && (*tr)->ts != ts) *tr = NULL;
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* The derivative of the last stage of an FSAL step is the first one of the next: see replay.c */
static PetscErrorCode HookRHS(TS ts, PetscReal t, Vec U, Vec F, void *ctx)
{
  CostateTraj tr;
  PetscInt    ns;
  Vec        *Y;

  PetscFunctionBegin;
  PetscCall(CostateTrajGet(ts, &tr));
  PetscCall(TSGetStages(ts, &ns, &Y));
  if (tr->inject && U == Y[0])
    PetscCall(VecCopy(tr->kfirst, F));
  else
    PetscCall(tr->rhs(ts, t, U, F, ctx));
  if (U == Y[ns - 1] && tr->klast != F) { /* referenced, since TSReset() destroys it */
    PetscCall(PetscObjectReference((PetscObject)F));
    PetscCall(VecDestroy(&tr->klast));
    tr->klast = F;
  }
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* The step of the TS type itself. */
PetscErrorCode CostateHooksStep(TS ts)
{
  CostateHooks *hooks;
  CostateTraj   tr;
  DM            dm;
  DMTS          dmts = NULL;

  PetscFunctionBegin;
  PetscCall(HooksGet(ts, &hooks));
  PetscCall(CostateTrajGet(ts, &tr));
  if (tr) {
    tr->from  = ts->ptime;
    tr->taken = 0;
  }
  if (tr && tr->fsal) {
    PetscCall(TSGetDM(ts, &dm));
    PetscCall(DMGetDMTS(dm, &dmts));
    tr->rhs                = dmts->ops->rhsfunction;
    dmts->ops->rhsfunction = HookRHS;
  }
  if (tr) PetscCall(CostateSolvesWatch(tr, ts, tr->replaying ? COSTATE_SOLVES_REPEATED : COSTATE_SOLVES_RUN));
  PetscCall(hooks->step(ts));
  if (tr) PetscCall(CostateSolvesLeave(tr));
  if (dmts) dmts->ops->rhsfunction = tr->rhs;
  if (tr && !tr->taken) tr->taken = ts->time_step; /* the adaptor was not asked, so it is that of the step */
  if (tr) tr->proposed = ts->time_step;
  PetscFunctionReturn(PETSC_SUCCESS);
}

/*
  The forward cost integral is summed up after the step, so what a step changes in it is wrong: where the adaptor
  rejects an attempt, TSRollBack() takes a part away that was never added (rk), or the one of the step before (theta).
*/
static PetscErrorCode GuardIntegral(CostateTraj tr, TS ts, PetscBool after)
{
  Vec q;

  PetscFunctionBegin;
  if (!tr || !ts->quadraturets || !ts->costintegralfwd) PetscFunctionReturn(PETSC_SUCCESS);
  PetscCall(TSGetCostIntegral(ts, &q));
  if (!tr->integral_before) PetscCall(VecDuplicate(q, &tr->integral_before));
  PetscCall(VecCopy(after ? tr->integral_before : q, after ? q : tr->integral_before));
  PetscFunctionReturn(PETSC_SUCCESS);
}

static PetscErrorCode HookStep(TS ts)
{
  CostateTraj tr;

  PetscFunctionBegin;
  PetscCall(CostateTrajGet(ts, &tr));
  if (tr) PetscCall(CostateForwardEnter(tr, ts));
  PetscCall(GuardIntegral(tr, ts, PETSC_FALSE));
  PetscCall(CostateHooksStep(ts));
  PetscCall(GuardIntegral(tr, ts, PETSC_TRUE));
  if (tr) {
    tr->inject = PETSC_FALSE;
    PetscCall(CostateStopsLeave(tr, ts));
    PetscCall(CostatePieceBefore(tr, ts));
  }
  PetscFunctionReturn(PETSC_SUCCESS);
}

static PetscErrorCode HookAdjointStep(TS ts)
{
  CostateHooks *hooks;
  CostateTraj   tr;

  PetscFunctionBegin;
  PetscCall(HooksGet(ts, &hooks));
  PetscCall(CostateTrajGet(ts, &tr));
  PetscCheck((tr && tr->reverse) || hooks->adjointstep, PetscObjectComm((PetscObject)ts), PETSC_ERR_SUP,
             "TS type %s has no adjoint step, and the function that was put in its place is gone",
             ((PetscObject)ts)->type_name);
  if (tr) {
    PetscBool mend = PETSC_FALSE;

    if (!tr->reverse) PetscCall(CostateRKAdjointNeeded(ts, &mend));
    PetscCall(CostateBackwardStep(tr, ts, mend ? CostateRKAdjointStep : hooks->adjointstep));
  } else
    PetscCall(hooks->adjointstep(ts));
  PetscFunctionReturn(PETSC_SUCCESS);
}

static PetscErrorCode HookAdjointIntegral(TS ts)
{
  CostateHooks *hooks;
  CostateTraj   tr;

  PetscFunctionBegin;
  PetscCall(HooksGet(ts, &hooks));
  PetscCall(CostateTrajGet(ts, &tr));
  PetscCheck((tr && tr->reverse) || hooks->adjointintegral, PetscObjectComm((PetscObject)ts), PETSC_ERR_SUP,
             "TS type %s has no adjoint of cost integrals", ((PetscObject)ts)->type_name);
  if (!tr || (!tr->passed && !tr->reverse)) PetscCall(hooks->adjointintegral(ts));
  if (tr && !tr->passed && tr->phase == COSTATE_BACKWARD) {
    ts->adjoint_steps--; /* which PETSc has counted by now */
    PetscCall(CostateStopKeep(tr, ts));
    ts->adjoint_steps++;
  }
  PetscFunctionReturn(PETSC_SUCCESS);
}

static PetscErrorCode HookChoose(TSAdapt adapt, TS ts, PetscReal h, PetscInt *sc, PetscReal *next, PetscBool *accept,
                                 PetscReal *wlte, PetscReal *wltea, PetscReal *wlter)
{
  CostateHooks *hooks;
  CostateTraj   tr;

  PetscFunctionBegin;
  PetscCall(HooksGet(ts, &hooks));
  PetscCall(CostateTrajGet(ts, &tr));
  if (tr) tr->taken = h;
  if (tr && tr->replaying) {
    *sc     = 0;
    *next   = h;
    *accept = (PetscBool)(tr->rejections_left == 0);
    if (!*accept) *next = tr->log.rej[tr->attempt->rej + tr->attempt->nrej - tr->rejections_left--];
    PetscFunctionReturn(PETSC_SUCCESS);
  }
  PetscCall(hooks->choose(adapt, ts, h, sc, next, accept, wlte, wltea, wlter));
  if (tr && tr->phase == COSTATE_FORWARD && !tr->resuming && !*accept) PetscCall(CostateLogReject(&tr->log, *next));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/*
  The tangents of a step.  PETSc's Runge-Kutta methods would take them at the time at which the step has ended and with
  the size of the next one, which is right for autonomous equations and equal steps alone.  Fixed steps that differ by
  rounding, close to the end, count as equal, so that the bits are those of PETSc's own trajectories.
*/
static PetscErrorCode HookForwardStep(TS ts)
{
  CostateHooks   *hooks;
  CostateTraj     tr;
  PetscBool       rk, fixed;
  const PetscReal t = ts->ptime, h = ts->time_step;

  PetscFunctionBegin;
  PetscCall(HooksGet(ts, &hooks));
  PetscCall(CostateTrajGet(ts, &tr));
  PetscCall(PetscObjectTypeCompare((PetscObject)ts, TSRK, &rk));
  if (tr && rk) {
    PetscCall(CostateFixedSteps(ts, &fixed));
    fixed         = (PetscBool)(fixed && PetscAbsReal(tr->proposed - tr->taken) <= (PetscReal)1e-10 * tr->taken);
    ts->ptime     = tr->from;
    ts->time_step = fixed ? tr->proposed : tr->taken;
  }
  PetscCall(hooks->forwardstep(ts));
  if (tr && rk) {
    ts->ptime     = t;
    ts->time_step = h;
  }
  PetscFunctionReturn(PETSC_SUCCESS);
}

static PetscErrorCode HookPostStep(TS ts)
{
  CostateHooks *hooks;
  CostateTraj   tr;

  PetscFunctionBegin;
  PetscCall(HooksGet(ts, &hooks));
  PetscCall(hooks->poststep(ts));
  PetscCall(CostateTrajGet(ts, &tr));
  if (tr && !tr->replaying) PetscCall(CostateForwardPostStep(tr, ts));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Around a hook of the user that may look at v but must not change it. */
static PetscErrorCode WatchBegin(CostateTraj tr, Vec v, PetscInt64 *hash)
{
  PetscFunctionBegin;
  if (tr && tr->check && !tr->jumps && !tr->replaying) PetscCall(CostateVecHash(v, 0, hash));
  PetscFunctionReturn(PETSC_SUCCESS);
}

static PetscErrorCode WatchEnd(CostateTraj tr, Vec v, PetscInt64 before, PetscInt step, const char hook[])
{
  PetscInt64 after = before;

  PetscFunctionBegin;
  PetscCall(WatchBegin(tr, v, &after));
  if (after != before && tr->changed_step < 0) {
    tr->changed_step = step;
    tr->changed_by   = hook;
  }
  PetscFunctionReturn(PETSC_SUCCESS);
}

static PetscErrorCode HookPostEvaluate(TS ts)
{
  CostateHooks *hooks;
  CostateTraj   tr;
  PetscInt64    hash = 0;

  PetscFunctionBegin;
  PetscCall(HooksGet(ts, &hooks));
  PetscCall(CostateTrajGet(ts, &tr));
  PetscCall(WatchBegin(tr, ts->vec_sol, &hash));
  PetscCall(hooks->postevaluate(ts));
  PetscCall(WatchEnd(tr, ts->vec_sol, hash, ts->steps, "TSSetPostEvaluate()"));
  PetscFunctionReturn(PETSC_SUCCESS);
}

static PetscErrorCode HookPostStage(TS ts, PetscReal t, PetscInt i, Vec *Y)
{
  CostateHooks *hooks;
  CostateTraj   tr;
  PetscInt64    hash = 0;

  PetscFunctionBegin;
  PetscCall(HooksGet(ts, &hooks));
  PetscCall(CostateTrajGet(ts, &tr));
  PetscCall(WatchBegin(tr, Y[i], &hash));
  PetscCall(hooks->poststage(ts, t, i, Y));
  PetscCall(WatchEnd(tr, Y[i], hash, ts->steps + 1, "TSSetPostStage()"));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Whether the user has a hook in which the state may be changed: the same answer on every rank. */
PetscErrorCode CostateHooksHaveUser(TS ts, PetscBool *have)
{
  CostateHooks *hooks;
  CostateTraj   tr;
  PetscBool     prestep;

  PetscFunctionBegin;
  PetscCall(HooksGet(ts, &hooks));
  PetscCall(CostateTrajGet(ts, &tr));
  prestep = (PetscBool)(tr ? CostateHasPreStep(tr, ts) : ts->prestep != NULL);
  *have   = (PetscBool)(prestep || ts->poststep || ts->postevaluate || (hooks && hooks->poststage));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* TSSetPostStep() of the user, or NULL. */
PetscErrorCode CostateHooksPostStep(TS ts, const void **f)
{
  CostateHooks *hooks;

  PetscFunctionBegin;
  PetscCall(HooksGet(ts, &hooks));
  *f = ts->poststep == HookPostStep ? (const void *)(size_t)hooks->poststep : (const void *)(size_t)ts->poststep;
  PetscFunctionReturn(PETSC_SUCCESS);
}

static PetscErrorCode HooksDestroy(CostateCtxArg hooks)
{
  PetscFunctionBegin;
  PetscCall(PetscFree(COSTATE_CTX(hooks)));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Whether the TS type has an adjoint step of its own. */
PetscErrorCode CostateHooksHaveAdjoint(TS ts, PetscBool *have)
{
  CostateHooks *hooks;

  PetscFunctionBegin;
  PetscCall(HooksGet(ts, &hooks));
  *have = (PetscBool)(ts->ops->adjointstep && (ts->ops->adjointstep != HookAdjointStep || hooks->adjointstep));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/*
  As TSSetUp() does it, for a TSSetRHSJacobianP() that came after it: the theta methods read the matrix of F_p alone.
  The adjoint step of arkimex reads both; PETSc has it find G_p where F_p should be, which is zero, and mu is wrong.
*/
static PetscErrorCode ShareJacobianP(TS ts)
{
  PetscBool additive;

  PetscFunctionBegin;
  PetscCall(PetscObjectTypeCompareAny((PetscObject)ts, &additive, TSARKIMEX, "dirk", ""));
  if (additive && ts->Jacprhs && !ts->ijacobianp && (!ts->Jacp || ts->Jacp == ts->Jacprhs)) {
    PetscCall(MatDestroy(&ts->Jacp));
    PetscCall(MatDuplicate(ts->Jacprhs, MAT_DO_NOT_COPY_VALUES, &ts->Jacp));
  }
  if (ts->Jacp || !ts->Jacprhs) PetscFunctionReturn(PETSC_SUCCESS);
  PetscCall(PetscObjectReference((PetscObject)ts->Jacprhs));
  ts->Jacp = ts->Jacprhs;
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* A TS type without an adjoint step gets one for as long as a method has put a function in its place. */
static PetscErrorCode InstallReverse(TS ts, CostateHooks *hooks)
{
  PetscBool reverse = PETSC_FALSE, ours = PETSC_FALSE;

  PetscFunctionBegin;
  if (ts->trajectory) PetscCall(PetscObjectTypeCompare((PetscObject)ts->trajectory, TSTRAJECTORYCOSTATE, &ours));
  if (ours) reverse = (PetscBool)(((CostateTraj)ts->trajectory->data)->reverse != NULL);
  if (ts->ops->adjointstep != HookAdjointStep) hooks->adjointstep = NULL;
  if (ts->ops->adjointintegral != HookAdjointIntegral) hooks->adjointintegral = NULL;
  if (!hooks->adjointstep) ts->ops->adjointstep = reverse ? HookAdjointStep : NULL;
  if (!hooks->adjointintegral) ts->ops->adjointintegral = reverse ? HookAdjointIntegral : NULL;
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode CostateHooksInstalled(TS ts, PetscBool *yes)
{
  PetscFunctionBegin;
  *yes = (PetscBool)(ts->ops->step == HookStep);
  PetscFunctionReturn(PETSC_SUCCESS);
}

/*
  Wraps whatever is not wrapped yet; called again whenever the application may have changed a function, since
  TSSetType(), TSAdaptSetType() and TSSetPostStep() overwrite what we put there.
*/
PetscErrorCode CostateHooksInstall(TS ts)
{
  CostateHooks *hooks;

  PetscFunctionBegin;
  PetscCall(HooksGet(ts, &hooks));
  if (!hooks) {
    PetscContainer c;

    PetscCall(PetscNew(&hooks));
    PetscCall(PetscContainerCreate(PetscObjectComm((PetscObject)ts), &c));
    PetscCall(PetscContainerSetPointer(c, hooks));
    PetscCall(PetscContainerSetCtxDestroy(c, HooksDestroy));
    PetscCall(PetscObjectCompose((PetscObject)ts, hooks_name, (PetscObject)c));
    PetscCall(PetscContainerDestroy(&c));
  }
#define WRAP(slot, field, wrapper)                                                                                     \
  if ((slot) && (slot) != (wrapper)) {                                                                                 \
    hooks->field = (slot);                                                                                             \
    (slot)       = (wrapper);                                                                                          \
  }
  WRAP(ts->ops->step, step, HookStep);
  WRAP(ts->ops->adjointstep, adjointstep, HookAdjointStep);
  WRAP(ts->ops->adjointintegral, adjointintegral, HookAdjointIntegral);
  WRAP(ts->ops->forwardstep, forwardstep, HookForwardStep);
  PetscCall(InstallReverse(ts, hooks));
  PetscCall(ShareJacobianP(ts));
  if (ts->adapt) WRAP(ts->adapt->ops->choose, choose, HookChoose);
  WRAP(ts->poststep, poststep, HookPostStep);
  WRAP(ts->postevaluate, postevaluate, HookPostEvaluate);
  WRAP(ts->poststage, poststage, HookPostStage);
#undef WRAP
  PetscFunctionReturn(PETSC_SUCCESS);
}
