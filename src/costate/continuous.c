/* SPDX-License-Identifier: BSD-2-Clause */
/* What the continuous adjoints have in common: one sweep, driven by the pieces of the run. */
#include "sweep.h"

static CostateSweep Of(Costate cs)
{
  return ((CostateContinuous *)cs->data)->sweep;
}

static PetscErrorCode Arrival(Costate cs, PetscInt step, PetscReal t, Vec u)
{
  PetscFunctionBegin;
  PetscCall(CostateSweepValues(Of(cs), step, t, u));
  PetscFunctionReturn(PETSC_SUCCESS);
}

static PetscErrorCode Begin(Costate cs, PetscReal t, Vec u)
{
  PetscFunctionBegin;
  PetscCall(CostateSweepBegin(Of(cs), t, u));
  PetscFunctionReturn(PETSC_SUCCESS);
}

static PetscErrorCode Reverse(Costate cs, const CostatePiece *piece)
{
  PetscFunctionBegin;
  PetscCall(CostateSweepPiece(Of(cs), piece));
  PetscFunctionReturn(PETSC_SUCCESS);
}

static PetscErrorCode End(Costate cs)
{
  PetscFunctionBegin;
  PetscCall(CostateSweepCount(Of(cs)));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* The slopes that are held, and lambda of the algebraic equations, were those of other parameters. */
static PetscErrorCode Restart(Costate cs)
{
  CostateSweep sw = Of(cs);

  PetscFunctionBegin;
  PetscCheck(!sw->dae, PetscObjectComm((PetscObject)cs), PETSC_ERR_SUP,
             "Parameters with windows, and an equation with an algebraic part: where the parameters jump its state "
             "jumps "
             "too, which continuous adjoints do not follow. Use -costate_type discrete");
  sw->have   = PETSC_FALSE;
  sw->jumped = PETSC_TRUE;
  if (sw->ts) PetscCall(TSRestartStep(sw->ts));
  PetscFunctionReturn(PETSC_SUCCESS);
}

static PetscErrorCode View(Costate cs, PetscViewer viewer)
{
  CostateSweep sw = Of(cs);

  PetscFunctionBegin;
  if (!sw || !sw->ts) PetscFunctionReturn(PETSC_SUCCESS);
  PetscCall(PetscViewerASCIIPrintf(viewer, "  the integrator of the sweep:\n"));
  PetscCall(PetscViewerASCIIPushTab(viewer));
  PetscCall(TSView(sw->ts, viewer));
  if (sw->ksp) PetscCall(KSPView(sw->ksp, viewer));
  PetscCall(PetscViewerASCIIPopTab(viewer));
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode CostateContinuousReset(Costate cs)
{
  CostateContinuous *c = (CostateContinuous *)cs->data;

  PetscFunctionBegin;
  if (c->nwork) PetscCall(VecDestroyVecs(c->nwork, &c->work));
  c->nwork = 0;
  PetscCall(VecDestroy(&c->at));
  PetscCall(CostateSweepDestroy(&c->sweep));
  PetscFunctionReturn(PETSC_SUCCESS);
}

static PetscErrorCode Destroy(Costate cs)
{
  PetscFunctionBegin;
  PetscCall(PetscFree(cs->data));
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode CostateContinuousSetUp(Costate cs, int what)
{
  PetscFunctionBegin;
  PetscCall(TSTrajectoryCostateSetKeep(cs->tj, PETSC_TRUE));
  PetscCall(TSTrajectoryCostateSetReverse(cs->tj, CostateReverseStep, cs));
  if (!cs->adopted) PetscCall(CostateCreateGradients(cs));
  PetscCall(CostateSweepCreate(cs, what, &((CostateContinuous *)cs->data)->sweep));
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode CostateContinuousCreate(Costate cs)
{
  CostateContinuous *c;

  PetscFunctionBegin;
  PetscCall(PetscNew(&c));
  cs->data         = c;
  cs->ops->arrival = Arrival;
  cs->ops->begin   = Begin;
  cs->ops->reverse = Reverse;
  cs->ops->end     = End;
  cs->ops->restart = Restart;
  cs->ops->view    = View;
  cs->ops->reset   = CostateContinuousReset;
  cs->ops->destroy = Destroy;
  PetscFunctionReturn(PETSC_SUCCESS);
}
