/* SPDX-License-Identifier: BSD-2-Clause */
/* The backward integrator of the continuous adjoints: how it is made.  See sweep.h, sweepfun.c */
#include "sweep.h"
#include "sweepfun.h"

/* The type of the integrator unless the options name one: it follows the run. */
static PetscErrorCode DefaultType(CostateSweep sw)
{
  TS        run = sw->cs->ts;
  TSType    type;
  PetscBool known;

  PetscFunctionBegin;
  PetscCall(TSGetType(run, &type));
  PetscCall(PetscObjectTypeCompareAny((PetscObject)run, &known, TSTHETA, TSCN, TSBEULER, TSBDF, TSROSW, TSARKIMEX, ""));
  if (!sw->dae && CostateSweepIsExplicit(type)) {
    PetscBool explicit_run;

    PetscCall(CostateModelIsExplicit(sw->model, &explicit_run));
    if (explicit_run) {
      PetscCall(TSSetType(sw->ts, TSRK));
      PetscCall(TSRKSetType(sw->ts, TSRK5DP));
      PetscFunctionReturn(PETSC_SUCCESS);
    }
    known = PETSC_FALSE;
  }
  if (sw->dae && known) PetscCall(PetscObjectTypeCompareAny((PetscObject)run, &known, TSBEULER, TSBDF, TSROSW, ""));
  PetscCall(TSSetType(sw->ts, known ? type : TSROSW));
  PetscCall(PetscObjectTypeCompare((PetscObject)sw->ts, TSTHETA, &known));
  if (known) {
    PetscReal theta;
    PetscBool endpoint;

    PetscCall(TSThetaGetTheta(run, &theta));
    PetscCall(TSThetaGetEndpoint(run, &endpoint));
    PetscCall(TSThetaSetTheta(sw->ts, theta));
    PetscCall(TSThetaSetEndpoint(sw->ts, endpoint));
  }
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Only lambda and y steer the step: the others get a tolerance that nothing exceeds, and do not count in the mean. */
static PetscErrorCode Seminorm(CostateSweep sw)
{
  PetscReal    atol, rtol, part;
  Vec          vatol, vrtol;
  PetscInt     N, Np;
  PetscScalar *a, *r;
  PetscInt     first = sw->m * sw->n, last = first + sw->m * sw->np;

  PetscFunctionBegin;
  if (!(sw->what & COSTATE_SWEEP_MU)) PetscFunctionReturn(PETSC_SUCCESS);
  PetscCall(TSGetTolerances(sw->ts, &atol, NULL, &rtol, NULL));
  PetscCall(VecGetSize(sw->z, &N));
  PetscCall(VecGetSize(sw->pa, &Np));
  part = PetscSqrtReal((PetscReal)(N - sw->m * Np) / (PetscReal)N);
  PetscCall(VecDuplicate(sw->z, &vatol));
  PetscCall(VecDuplicate(sw->z, &vrtol));
  PetscCall(VecSet(vatol, atol * part));
  PetscCall(VecSet(vrtol, rtol * part));
  PetscCall(VecGetArray(vatol, &a));
  PetscCall(VecGetArray(vrtol, &r));
  for (PetscInt i = first; i < last; i++) {
    a[i] = 1e100;
    r[i] = 0;
  }
  PetscCall(VecRestoreArray(vatol, &a));
  PetscCall(VecRestoreArray(vrtol, &r));
  PetscCall(TSSetTolerances(sw->ts, atol, vatol, rtol, vrtol));
  PetscCall(VecDestroy(&vatol));
  PetscCall(VecDestroy(&vrtol));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* A state that is gone back along where it cannot be may overflow: the step is rejected, and in the end the sweep
 * fails. */
static PetscErrorCode Finite(TS ts, PetscReal tau, Vec z, PetscBool *good)
{
  PetscReal norm;

  PetscFunctionBegin;
  (void)ts;
  (void)tau;
  PetscCall(VecNorm(z, NORM_2, &norm));
  *good = (PetscBool)!PetscIsInfOrNanReal(norm);
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* What dense output has to know of theta methods. */
static PetscErrorCode Theta(CostateSweep sw)
{
  PetscBool theta;

  PetscFunctionBegin;
  PetscCall(PetscObjectTypeCompareAny((PetscObject)sw->ts, &theta, TSTHETA, TSCN, TSBEULER, ""));
  sw->theta = -1;
  if (!theta) PetscFunctionReturn(PETSC_SUCCESS);
  PetscCall(TSThetaGetTheta(sw->ts, &sw->theta));
  PetscCall(TSThetaGetEndpoint(sw->ts, &sw->endpoint));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Steps for what is too fast for others can be had without. */
static PetscErrorCode Layers(CostateSweep sw)
{
  const char *prefix;

  PetscFunctionBegin;
  PetscCall(TSGetOptionsPrefix(sw->ts, &prefix));
  sw->layers = PETSC_TRUE;
  PetscOptionsBegin(PetscObjectComm((PetscObject)sw->ts), prefix, "Costate sweep options", "CostateSetType");
  PetscCall(PetscOptionsBool("-layers", "After jumps begin with steps as short as lambda is fast", "CostateSetType",
                             sw->layers, &sw->layers, NULL));
  PetscOptionsEnd();
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* The integrator: type, tolerances and adaptivity are those of the run unless -costate_adjoint_ts_... says otherwise.
 */
static PetscErrorCode CreateTS(CostateSweep sw)
{
  Costate     cs = sw->cs;
  const char *prefix;
  TSAdapt     adapt, mine;
  PetscReal   atol, rtol;
  PetscBool   fixed, explicit_model;
  TSType      type;

  PetscFunctionBegin;
  PetscCall(TSCreate(PetscObjectComm((PetscObject)cs), &sw->ts));
  PetscCall(CostateGetOptionsPrefix(cs, &prefix));
  PetscCall(TSSetOptionsPrefix(sw->ts, prefix));
  PetscCall(TSAppendOptionsPrefix(sw->ts, "costate_adjoint_"));
  PetscCall(TSSetProblemType(sw->ts, sw->what & COSTATE_SWEEP_Y ? TS_NONLINEAR : TS_LINEAR));
  PetscCall(DefaultType(sw));
  PetscCall(TSGetTolerances(cs->ts, &atol, NULL, &rtol, NULL));
  PetscCall(TSSetTolerances(sw->ts, atol, NULL, rtol, NULL));
  PetscCall(TSGetAdapt(cs->ts, &adapt));
  PetscCall(PetscObjectTypeCompare((PetscObject)adapt, TSADAPTNONE, &fixed));
  PetscCall(TSGetAdapt(sw->ts, &mine));
  if (fixed) PetscCall(TSAdaptSetType(mine, TSADAPTNONE));
  PetscCall(TSSetExactFinalTime(sw->ts, TS_EXACTFINALTIME_STEPOVER));
  PetscCall(TSSetMaxTime(sw->ts, PETSC_MAX_REAL / 2));
  PetscCall(TSSetMaxSteps(sw->ts, PETSC_MAX_INT));
  PetscCall(TSSetErrorIfStepFails(sw->ts, PETSC_FALSE));
  PetscCall(TSSetTimeStep(sw->ts, 1e-300)); /* seen again if the options give none */
  PetscCall(TSSetFromOptions(sw->ts));
  PetscCall(TSGetTimeStep(sw->ts, &sw->dt));
  if (sw->dt == 1e-300) sw->dt = 0;
  PetscCheck(sw->dt >= 0, PetscObjectComm((PetscObject)cs), PETSC_ERR_ARG_OUTOFRANGE,
             "-costate_adjoint_ts_dt %g: a step of the sweep is positive, although it goes back in time",
             (double)sw->dt);
  PetscCall(PetscObjectTypeCompare((PetscObject)mine, TSADAPTNONE, &fixed));
  sw->adaptive = (PetscBool)!fixed;
  if (sw->dt > 0) sw->h = sw->dt;
  PetscCall(TSGetType(sw->ts, &type));
  PetscCall(CostateModelIsExplicit(sw->model, &explicit_model));
  sw->implicit = (PetscBool)!CostateSweepIsExplicit(type);
  sw->own      = sw->implicit;
  if (!strcmp(type, TSRK)) {
    TSRKType rk;

    PetscCall(TSRKGetType(sw->ts, &rk));
    sw->own = (PetscBool)!strcmp(rk, TSRK5DP);
  }
  PetscCall(Theta(sw));
  PetscCall(Layers(sw));
  PetscCheck(sw->implicit || explicit_model, PetscObjectComm((PetscObject)cs), PETSC_ERR_ARG_INCOMP,
             "-costate_adjoint_ts_type %s is explicit, but the run has an I-function with a mass matrix or algebraic "
             "equations: use an implicit type (rosw, bdf, beuler)",
             type);
  PetscCall(CostateSweepSetFunctions(sw, sw->ts));
  if (sw->what & COSTATE_SWEEP_Y) PetscCall(TSSetFunctionDomainError(sw->ts, Finite));
  PetscCall(TSSetSolution(sw->ts, sw->z));
  PetscCall(Seminorm(sw));
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode CostateSweepCreate(Costate cs, int what, CostateSweep *sweep)
{
  CostateSweep sw;
  const char  *prefix;
  TSType       type;
  PetscInt     length;
  MPI_Comm     comm = PetscObjectComm((PetscObject)cs);

  PetscFunctionBegin;
  PetscCall(PetscNew(&sw));
  *sweep   = sw;
  sw->cs   = cs;
  sw->what = cs->mu ? what : what & ~COSTATE_SWEEP_MU;
  sw->m    = cs->ncosts;
  sw->dir  = what & COSTATE_SWEEP_TANGENT ? 1 : -1;
  if (what & COSTATE_SWEEP_TANGENT) PetscCall(VecGetSize(cs->p, &sw->m));
  PetscCall(VecGetLocalSize(cs->lambda[0], &sw->n));
  if (cs->mu) PetscCall(VecGetLocalSize(cs->mu[0], &sw->np));
  for (int i = 0; i < 2; i++) {
    PetscCall(VecDuplicate(cs->lambda[0], &sw->u[i]));
    PetscCall(VecDuplicate(cs->lambda[0], &sw->s[i]));
    PetscCall(VecDuplicate(cs->lambda[0], &sw->c[i]));
  }
  PetscCall(VecDuplicate(cs->lambda[0], &sw->uj));
  PetscCall(VecDuplicate(cs->lambda[0], &sw->udotj));
  PetscCall(VecDuplicate(cs->lambda[0], &sw->U));
  PetscCall(VecDuplicate(cs->lambda[0], &sw->Udot));
  PetscCall(VecDuplicate(cs->lambda[0], &sw->gu));
  PetscCall(VecDuplicate(cs->lambda[0], &sw->a));
  PetscCall(VecDuplicate(cs->lambda[0], &sw->b));
  if (cs->mu) {
    PetscCall(VecDuplicate(cs->mu[0], &sw->gp));
    PetscCall(VecDuplicate(cs->mu[0], &sw->pa));
    PetscCall(VecDuplicate(cs->mu[0], &sw->pb));
  }
  length =
      sw->m * sw->n + (sw->what & COSTATE_SWEEP_MU ? sw->m * sw->np : 0) + (sw->what & COSTATE_SWEEP_Y ? sw->n : 0);
  PetscCall(VecCreateMPI(comm, length, PETSC_DETERMINE, &sw->z));
  PetscCall(PetscCalloc1(sw->m, &sw->active));
  PetscCall(PetscMalloc1(sw->m, &sw->seen));
  for (PetscInt j = 0; j < sw->m; j++) sw->seen[j] = -1;
  PetscCall(CostateGetOptionsPrefix(cs, &prefix));
  PetscCall(CostateModelCreate(cs->ts, cs->lambda[0], prefix, &sw->model));
  /* methods of higher order than three take steps that are too long for a cubic */
  PetscCall(CostateModelIsExplicit(sw->model, &sw->curved));
  PetscCall(TSGetType(cs->ts, &type));
  sw->curved = (PetscBool)(sw->curved && type && CostateSweepIsExplicit(type));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* The integrator is made when the first piece is there: only then is it known what M is. */
PetscErrorCode CostateSweepBegin(CostateSweep sw, PetscReal t, Vec u)
{
  PetscReal before;

  PetscFunctionBegin;
  for (PetscInt j = 0; j < sw->m; j++) sw->seen[j] = -1;
  sw->have  = PETSC_FALSE;
  sw->steps = sw->its = 0;
  PetscCall(CostateModelRefresh(sw->model));
  PetscCall(TSGetPrevTime(sw->cs->ts, &before));
  sw->last = t - before;
  sw->h    = sw->dt > 0 ? sw->dt : sw->last;
  if (sw->ts) PetscFunctionReturn(PETSC_SUCCESS);
  PetscCall(VecZeroEntries(sw->Udot));
  PetscCall(CostateModelSetPoint(sw->model, t, u, sw->Udot));
  PetscCall(CostateModelIsDAE(sw->model, &sw->dae));
  PetscCall(CreateTS(sw));
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode CostateSweepCount(CostateSweep sw)
{
  CostateStatistics *s = &sw->cs->stats;
  CostateModelCounts c;

  PetscFunctionBegin;
  PetscCall(CostateModelGetCounts(sw->model, &c));
  s->adjoint_steps = sw->steps;
  PetscCall(TSGetStepRejections(sw->ts, &s->adjoint_rejections));
  s->adjoint_linear_its = sw->its;
  s->jacobians          = c.jacobians;
  s->jtv                = c.jtv;
  s->jptv               = c.jptv;
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode CostateSweepDestroy(CostateSweep *sweep)
{
  CostateSweep sw = *sweep;

  PetscFunctionBegin;
  if (!sw) PetscFunctionReturn(PETSC_SUCCESS);
  for (int i = 0; i < 2; i++) {
    PetscCall(VecDestroy(&sw->u[i]));
    PetscCall(VecDestroy(&sw->s[i]));
    PetscCall(VecDestroy(&sw->c[i]));
    PetscCall(VecDestroy(&sw->end[i]));
    PetscCall(VecDestroy(&sw->slope[i]));
  }
  PetscCall(VecDestroy(&sw->uj));
  PetscCall(VecDestroy(&sw->udotj));
  PetscCall(VecDestroy(&sw->U));
  PetscCall(VecDestroy(&sw->Udot));
  PetscCall(VecDestroy(&sw->a));
  PetscCall(VecDestroy(&sw->b));
  PetscCall(VecDestroy(&sw->pa));
  PetscCall(VecDestroy(&sw->pb));
  PetscCall(VecDestroy(&sw->gu));
  PetscCall(VecDestroy(&sw->gp));
  PetscCall(VecDestroy(&sw->z));
  PetscCall(KSPDestroy(&sw->ksp));
  PetscCall(KSPDestroy(&sw->kspy));
  PetscCall(TSDestroy(&sw->ts));
  PetscCall(TSDestroy(&sw->layer));
  PetscCall(CostateModelDestroy(&sw->model));
  PetscCall(PetscFree(sw->seen));
  PetscCall(PetscFree(sw->active));
  PetscCall(PetscFree(*sweep));
  PetscFunctionReturn(PETSC_SUCCESS);
}
