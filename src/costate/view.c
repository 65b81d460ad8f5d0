/* SPDX-License-Identifier: BSD-2-Clause */
/* What a person looks at. */
#include "costateimpl.h"

static PetscErrorCode ViewSolve(Costate cs, PetscViewer viewer)
{
  const CostateStatistics *s = &cs->stats;

  PetscFunctionBegin;
  PetscCall(PetscViewerASCIIPrintf(viewer, "  %s\n", CostateConvergedReasons[cs->reason]));
  PetscCall(PetscViewerASCIIPrintf(viewer,
                                   "  forward: %" PetscInt_FMT " steps, %" PetscInt_FMT " rejected, %" PetscInt_FMT
                                   " linear iterations, %.3g s\n",
                                   s->steps, s->rejections, s->linear_its, s->seconds_forward));
  PetscCall(PetscViewerASCIIPrintf(viewer,
                                   "  backward: %" PetscInt_FMT " steps, %" PetscInt_FMT " rejected, %" PetscInt_FMT
                                   " linear iterations, %" PetscInt_FMT " forward steps executed again, %.3g s\n",
                                   s->adjoint_steps, s->adjoint_rejections, s->adjoint_linear_its, s->replayed,
                                   s->seconds_backward));
  PetscCall(PetscViewerASCIIPrintf(viewer,
                                   "  memory: at most %" PetscInt64_FMT " states of a budget of %" PetscInt64_FMT "\n",
                                   s->peak_states, s->states));
  if (s->drift >= 0)
    PetscCall(PetscViewerASCIIPrintf(viewer, "  u(t0) was found again to %.3g of its norm\n", (double)s->drift));
  for (PetscInt j = 0; cs->adjoint_done && cs->reason > 0 && j < cs->ncosts; j++) {
    PetscReal u0, p = 0;

    if (!cs->adopted)
      PetscCall(PetscViewerASCIIPrintf(viewer, "  cost %" PetscInt_FMT ": %.16g", j, (double)cs->cost[j].value));
    else
      PetscCall(PetscViewerASCIIPrintf(viewer, "  cost %" PetscInt_FMT ":", j));
    if (cs->lambda) {
      PetscCall(VecNorm(cs->lambda[j], NORM_2, &u0));
      PetscCall(PetscViewerASCIIPrintf(viewer, ", |dG/du0| = %.6g", (double)u0));
    }
    if (cs->mu) {
      PetscCall(VecNorm(cs->full ? cs->full[j] : cs->mu[j], NORM_2, &p));
      PetscCall(PetscViewerASCIIPrintf(viewer, ", |dG/dp| = %.6g", (double)p));
    }
    PetscCall(PetscViewerASCIIPrintf(viewer, "\n"));
  }
  PetscFunctionReturn(PETSC_SUCCESS);
}

/*@C
  CostateView - Shows what is solved, by which method, and what the last solve took

  Collective

  Input Parameters:
+ cs     - the object
- viewer - an ASCII viewer; NULL for stdout

  Options Database Key:
. -costate_view - at the end of `CostateSolve()`

  Level: beginner

.seealso: `CostateSolve()`, `CostateViewFromOptions()`
@*/
PetscErrorCode CostateView(Costate cs, PetscViewer viewer)
{
  PetscBool ascii;

  PetscFunctionBegin;
  PetscValidHeaderSpecific(cs, COSTATE_CLASSID, 1);
  if (!viewer) PetscCall(PetscViewerASCIIGetStdout(PetscObjectComm((PetscObject)cs), &viewer));
  PetscCall(PetscObjectTypeCompare((PetscObject)viewer, PETSCVIEWERASCII, &ascii));
  if (!ascii) PetscFunctionReturn(PETSC_SUCCESS);
  PetscCall(PetscObjectPrintClassNamePrefixType((PetscObject)cs, viewer));
  for (PetscInt j = 0; j < cs->ncosts; j++) {
    const CostateCost *c = &cs->cost[j];

    if (cs->adopted) break;
    PetscCall(PetscViewerASCIIPrintf(viewer, "  cost %" PetscInt_FMT ":%s%s", j, c->terminal.value ? " terminal" : "",
                                     c->integral.value ? " integral" : ""));
    if (c->point.value) PetscCall(PetscViewerASCIIPrintf(viewer, " at %" PetscInt_FMT " times", c->ntimes));
    if (c->integral.window.type != COSTATE_WINDOW_NONE)
      PetscCall(PetscViewerASCIIPrintf(viewer, ", %s window from %g to %g", CostateCostWindows[c->integral.window.type],
                                       (double)c->integral.window.a, (double)c->integral.window.b));
    PetscCall(PetscViewerASCIIPrintf(viewer, "\n"));
  }
  for (int which = 0; which < 2; which++) {
    const CostateInner *in = &cs->inner[which];

    if (cs->covectors || (!in->mass && !in->root)) continue;
    PetscCall(PetscViewerASCIIPrintf(viewer, "  gradient with respect to %s: a vector, by %s\n",
                                     which ? "the parameters" : "the initial state",
                                     in->mass ? "an inner product" : "the root of a covariance"));
  }
  if (cs->p) {
    PetscInt N;

    PetscCall(VecGetSize(cs->p, &N));
    PetscCall(PetscViewerASCIIPrintf(viewer, "  %" PetscInt_FMT " parameters", N));
    if (cs->nwindows > 1) PetscCall(PetscViewerASCIIPrintf(viewer, " in %" PetscInt_FMT " windows", cs->nwindows));
    PetscCall(PetscViewerASCIIPrintf(viewer, "\n"));
  }
  PetscCall(CostateProvidersView(cs, viewer));
  PetscTryTypeMethod(cs, view, viewer);
  PetscCall(CostateHessianView(cs, viewer));
  if (cs->adjoint_done) PetscCall(ViewSolve(cs, viewer));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/*@C
  CostateViewFromOptions - Shows the object if the options say so

  Collective

  Input Parameters:
+ cs   - the object
. obj  - whose prefix the option has; NULL for that of cs
- name - the option

  Level: intermediate

.seealso: `CostateView()`
@*/
PetscErrorCode CostateViewFromOptions(Costate cs, PetscObject obj, const char name[])
{
  PetscFunctionBegin;
  PetscValidHeaderSpecific(cs, COSTATE_CLASSID, 1);
  PetscCall(PetscObjectViewFromOptions((PetscObject)cs, obj, name));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/*@C
  CostateMonitorSet - Sets a function that sees the norms of lambda at each step of the sweep

  Logically Collective

  Input Parameters:
+ cs      - the object
. f       - gets the object, the step number and time of the run, and the 2-norm of lambda of each cost
. ctx     - for f
- destroy - for ctx when the object is destroyed; may be NULL

  Options Database Key:
. -costate_monitor - prints them

  Level: intermediate

.seealso: `CostateSolve()`, `CostateSetFromOptions()`
@*/
PetscErrorCode CostateMonitorSet(Costate cs,
                                 PetscErrorCode (*f)(Costate, PetscInt, PetscReal, const PetscReal[], void *),
                                 void *ctx, PetscErrorCode (*destroy)(void **))
{
  PetscFunctionBegin;
  PetscValidHeaderSpecific(cs, COSTATE_CLASSID, 1);
  PetscCheck(cs->nmonitors < COSTATE_MAXMONITORS, PetscObjectComm((PetscObject)cs), PETSC_ERR_ARG_OUTOFRANGE,
             "There are %d monitors already, and that is the most", COSTATE_MAXMONITORS);
  cs->monitor[cs->nmonitors]           = f;
  cs->monitor_ctx[cs->nmonitors]       = ctx;
  cs->monitor_destroy[cs->nmonitors++] = destroy;
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode CostateMonitorDefault(Costate cs, PetscInt step, PetscReal t, const PetscReal norms[], void *ctx)
{
  PetscViewerAndFormat *vf = (PetscViewerAndFormat *)ctx;

  PetscFunctionBegin;
  PetscCall(PetscViewerASCIIPrintf(vf->viewer, "%" PetscInt_FMT " costate t %g", step, (double)t));
  for (PetscInt j = 0; j < cs->ncosts; j++)
    PetscCall(PetscViewerASCIIPrintf(vf->viewer, " |lambda| %.6g", (double)norms[j]));
  PetscCall(PetscViewerASCIIPrintf(vf->viewer, "\n"));
  PetscFunctionReturn(PETSC_SUCCESS);
}
