/* SPDX-License-Identifier: BSD-2-Clause */
/*
  forward: S = du/dp is integrated along with the run, M S' = -R_u S - R_p, one column for each parameter; dG/dp = S^T
  G_u + G_p.  For a few parameters and any number of costs; nothing is kept and nothing goes backward.

  Runge-Kutta and theta methods have a tangent of their own (TSForward), which is exact for the computed solution; it is
  used where no cost has an integral.  Other types go step by step behind the run: when it has made a step, S follows
  with an integrator of its own (-costate_adjoint_ts_...), with u(t) interpolated.

    -costate_forward_max n         refuse more parameters than that (200)
    -costate_forward_discrete b    use the tangent of the TS type where there is one (true)
*/
#include "../costate/sweep.h"
#include <petscdt.h>

typedef struct {
  CostateContinuous c; /* first: what the shared functions see */
  PetscInt          most, np;
  PetscBool         discrete, own; /* asked for; used: the tangent of the TS type */
  Mat               S;             /* that one */
  Vec               before, column, Su;
  PetscReal         t_before;
} Forward;

/* Column j of S, whoever computes it. */
static PetscErrorCode Column(Forward *f, Vec z, PetscInt j, Vec s)
{
  PetscFunctionBegin;
  if (f->own)
    PetscCall(MatGetColumnVector(f->S, s, j));
  else {
    const PetscScalar *a;
    PetscScalar       *b;
    const PetscInt     n = f->c.sweep->n;

    PetscCall(VecGetArrayRead(z, &a));
    PetscCall(VecGetArrayWrite(s, &b));
    PetscCall(PetscArraycpy(b, a + j * n, n));
    PetscCall(VecRestoreArrayWrite(s, &b));
    PetscCall(VecRestoreArrayRead(z, &a));
  }
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* dG_j/dp += weight (S^T phi_u + phi_p) at (t, u) */
static PetscErrorCode Add(Costate cs, PetscInt j, const CostatePart *part, PetscInt i, PetscReal t, Vec u, Vec z,
                          PetscReal weight)
{
  Forward *f = (Forward *)cs->data;
  PetscInt first, last;
  Vec      gp;

  PetscFunctionBegin;
  if (!part->value) PetscFunctionReturn(PETSC_SUCCESS);
  PetscCall(VecDuplicate(cs->p, &gp));
  PetscCall(VecZeroEntries(gp));
  PetscCall(CostatePartGradient(cs, part, i, t, u, PETSC_TRUE, gp));
  PetscCall(VecZeroEntries(f->Su));
  PetscCall(CostatePartGradient(cs, part, i, t, u, PETSC_FALSE, f->Su));
  PetscCall(VecGetOwnershipRange(gp, &first, &last));
  for (PetscInt k = 0; k < f->np; k++) {
    PetscScalar s;

    PetscCall(Column(f, z, k, f->column));
    PetscCall(VecTDot(f->column, f->Su, &s));
    if (k >= first && k < last) PetscCall(VecSetValue(gp, k, s, ADD_VALUES));
  }
  PetscCall(VecAssemblyBegin(gp));
  PetscCall(VecAssemblyEnd(gp));
  PetscCall(VecAXPY(cs->mu[j], weight, gp));
  PetscCall(VecDestroy(&gp));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* A step of S is made: its part of the integrals, by three Gauss points. */
static PetscErrorCode Accepted(CostateSweep sw, PetscReal t0, PetscReal t1, void *ctx)
{
  Costate   cs = (Costate)ctx;
  Forward  *f  = (Forward *)cs->data;
  PetscReal x[3], w[3];

  PetscFunctionBegin;
  PetscCall(PetscDTGaussQuadrature(3, t0, t1, x, w));
  for (int i = 0; i < 3; i++) {
    PetscCall(CostateSweepDense(sw, x[i], f->c.at));
    PetscCall(CostateSweepState(sw, x[i], sw->U, NULL));
    for (PetscInt j = 0; j < cs->ncosts; j++)
      PetscCall(Add(cs, j, &cs->cost[j].integral, 0, x[i], sw->U, f->c.at, w[i]));
  }
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* S(t0) = du0/dp */
static PetscErrorCode Start(Costate cs, PetscReal t, Vec u)
{
  Forward     *f  = (Forward *)cs->data;
  CostateSweep sw = f->c.sweep;

  PetscFunctionBegin;
  for (PetscInt j = 0; j < cs->ncosts; j++) PetscCall(VecZeroEntries(cs->mu[j]));
  if (f->own) PetscFunctionReturn(PETSC_SUCCESS);
  PetscCall(CostateSweepBegin(sw, t, u));
  if (sw->dt <= 0) sw->h = cs->dt0;
  PetscCall(VecZeroEntries(sw->z));
  for (PetscInt k = 0; cs->du0dp && k < f->np; k++) {
    const PetscScalar *a;
    PetscScalar       *z;

    PetscCall(MatGetColumnVector(cs->du0dp, f->column, k));
    PetscCall(VecGetArrayRead(f->column, &a));
    PetscCall(VecGetArray(sw->z, &z));
    PetscCall(PetscArraycpy(z + k * sw->n, a, sw->n));
    PetscCall(VecRestoreArray(sw->z, &z));
    PetscCall(VecRestoreArrayRead(f->column, &a));
  }
  PetscCall(TSRestartStep(sw->ts));
  PetscFunctionReturn(PETSC_SUCCESS);
}

static PetscErrorCode Arrival_Forward(Costate cs, PetscInt step, PetscReal t, Vec u)
{
  Forward *f = (Forward *)cs->data;

  PetscFunctionBegin;
  PetscCall(CostateSweepValues(f->c.sweep, step, t, u));
  if (cs->values || cs->reason != COSTATE_ITERATING) PetscFunctionReturn(PETSC_SUCCESS);
  if (!step)
    PetscCall(Start(cs, t, u));
  else if (!f->own) {
    const CostatePiece piece = {step, {f->t_before, t}, {f->before, u}};

    PetscCall(CostateSweepHold(f->c.sweep, &piece));
    PetscCall(CostateSweepIntegrate(f->c.sweep, f->t_before, t));
    if (cs->reason != COSTATE_ITERATING) { /* there will be no gradient: no need to go on */
      PetscCall(TSSetConvergedReason(cs->ts, TS_CONVERGED_USER));
      PetscFunctionReturn(PETSC_SUCCESS);
    }
  }
  PetscCall(VecCopy(u, f->before));
  f->t_before = t;
  for (PetscInt j = 0; cs->at_stop >= 0 && j < cs->ncosts; j++) {
    const CostateCost *c = &cs->cost[j];

    for (PetscInt i = 0; i < c->ntimes; i++) {
      if (c->stop[i] == cs->at_stop) PetscCall(Add(cs, j, &c->point, i, c->times[i], u, f->c.sweep->z, 1));
    }
  }
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* S starts anew with each run; TSForward takes it from where the matrix is. */
static PetscErrorCode Forward_Forward(Costate cs)
{
  Forward *f = (Forward *)cs->data;

  PetscFunctionBegin;
  if (!f->own) PetscFunctionReturn(PETSC_SUCCESS);
  PetscCall(MatZeroEntries(f->S));
  for (PetscInt k = 0; cs->du0dp && k < f->np; k++) {
    Vec s;

    PetscCall(MatDenseGetColumnVecWrite(f->S, k, &s));
    PetscCall(MatGetColumnVector(cs->du0dp, s, k));
    PetscCall(MatDenseRestoreColumnVecWrite(f->S, k, &s));
  }
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* The run is over, and so S is at T. */
static PetscErrorCode Gradients_Forward(Costate cs)
{
  Forward  *f = (Forward *)cs->data;
  PetscReal t;
  Vec       u;

  PetscFunctionBegin;
  PetscCall(TSGetTime(cs->ts, &t));
  PetscCall(TSGetSolution(cs->ts, &u));
  for (PetscInt j = 0; j < cs->ncosts; j++) {
    PetscReal norm;

    cs->cost[j].dT = cs->cost[j].dt0 = PETSC_MAX_REAL;
    PetscCall(Add(cs, j, &cs->cost[j].terminal, 0, t, u, f->c.sweep->z, 1));
    PetscCall(VecNorm(cs->mu[j], NORM_1, &norm));
    if (PetscIsInfOrNanReal(norm)) cs->reason = COSTATE_DIVERGED_NAN;
  }
  if (!f->own) PetscCall(CostateSweepCount(f->c.sweep));
  PetscFunctionReturn(PETSC_SUCCESS);
}

static PetscErrorCode SetUp_Forward(Costate cs)
{
  Forward  *f        = (Forward *)cs->data;
  MPI_Comm  comm     = PetscObjectComm((PetscObject)cs);
  PetscBool integral = PETSC_FALSE;
  PetscInt  n, N;
  Vec      *lambda;

  PetscFunctionBegin;
  PetscCheck(!cs->adopted, comm, PETSC_ERR_SUP,
             "The method forward needs costs of its own (CostateSetTerminalCost() ...): the vectors of "
             "TSSetCostGradients() are "
             "for adjoints");
  PetscCheck(cs->p && cs->u0, comm, PETSC_ERR_ARG_WRONGSTATE,
             "The method forward computes derivatives with respect to parameters, from an initial state: call "
             "CostateSetParameters() and CostateSetInitialState(), or use an adjoint (-costate_type discrete)");
  PetscCall(VecGetSize(cs->p, &f->np));
  PetscCall(VecGetLocalSize(cs->u0, &n));
  PetscCall(VecGetSize(cs->u0, &N));
  PetscCheck(f->np <= f->most, comm, PETSC_ERR_SUP,
             "The method forward carries one state for each parameter: %" PetscInt_FMT
             " of them would take %.3g GB and as "
             "many times the work of the run. Use an adjoint (-costate_type discrete or interpolating), or say that "
             "you mean "
             "it with -costate_forward_max %" PetscInt_FMT,
             f->np, (double)f->np * (double)N * (double)sizeof(PetscScalar) / 1e9, f->np);
  if (cs->nmonitors || cs->blowup < PETSC_MAX_REAL)
    PetscCall(
        PetscFPrintf(comm, PETSC_STDERR,
                     "costate: the method forward has no lambda: -costate_monitor and -costate_blowup have nothing "
                     "to look at\n"));
  PetscCall(CostateCreateGradients(cs));
  PetscCall(CostateSweepCreate(cs, COSTATE_SWEEP_TANGENT, &f->c.sweep));
  lambda     = cs->lambda; /* of use for layouts only: there is no dG/du0 */
  cs->lambda = NULL;
  PetscCall(VecDuplicate(cs->u0, &f->column));
  PetscCall(VecDuplicate(cs->u0, &f->before));
  PetscCall(VecDuplicate(cs->u0, &f->Su));
  PetscCall(VecDuplicate(f->c.sweep->z, &f->c.at));
  PetscCall(VecDuplicate(cs->u0, &cs->gu_work));
  PetscCall(VecDestroyVecs(cs->ncosts, &lambda));
  for (PetscInt j = 0; j < cs->ncosts; j++) {
    if (cs->cost[j].integral.value) integral = PETSC_TRUE;
  }
  PetscCall(PetscObjectTypeCompareAny((PetscObject)cs->ts, &f->own, TSRK, TSTHETA, TSCN, TSBEULER, ""));
  f->own = (PetscBool)(f->own && f->discrete && !integral);
  if (integral) PetscCall(CostateSweepSetAccepted(f->c.sweep, Accepted, cs));
  if (f->own) {
    PetscInt np; /* columns as those of the derivative with respect to p, which is added to it */

    PetscCall(VecGetLocalSize(cs->p, &np));
    PetscCall(MatCreateDense(comm, n, np, N, f->np, NULL, &f->S));
    PetscCall(MatAssemblyBegin(f->S, MAT_FINAL_ASSEMBLY));
    PetscCall(MatAssemblyEnd(f->S, MAT_FINAL_ASSEMBLY));
    PetscCall(TSForwardSetSensitivities(cs->ts, f->np, f->S));
  }
  PetscCall(TSTrajectoryCostateSetReverse(cs->tj, NULL, NULL));
  PetscCall(TSTrajectoryCostateSetKeep(cs->tj, PETSC_FALSE));
  PetscFunctionReturn(PETSC_SUCCESS);
}

static PetscErrorCode Reset_Forward(Costate cs)
{
  Forward *f = (Forward *)cs->data;

  PetscFunctionBegin;
  if (f->S) PetscCall(TSForwardReset(cs->ts));
  PetscCall(MatDestroy(&f->S));
  PetscCall(VecDestroy(&f->column));
  PetscCall(VecDestroy(&f->before));
  PetscCall(VecDestroy(&f->Su));
  PetscCall(CostateContinuousReset(cs));
  PetscFunctionReturn(PETSC_SUCCESS);
}

static PetscErrorCode SetFromOptions_Forward(Costate cs, COSTATE_OPTION_ITEMS PetscOptionsObject)
{
  Forward *f = (Forward *)cs->data;

  PetscFunctionBegin;
  PetscOptionsHeadBegin(PetscOptionsObject, "Costate forward options");
  PetscCall(PetscOptionsBoundedInt("-costate_forward_max", "Refuse more parameters than that", "CostateSetType",
                                   f->most, &f->most, NULL, 1));
  PetscCall(PetscOptionsBool("-costate_forward_discrete", "Use the tangent of the TS type where there is one",
                             "CostateSetType", f->discrete, &f->discrete, NULL));
  PetscOptionsHeadEnd();
  PetscFunctionReturn(PETSC_SUCCESS);
}

PETSC_INTERN PetscErrorCode CostateCreate_Forward(Costate cs)
{
  Forward *f;

  PetscFunctionBegin;
  PetscCall(CostateContinuousCreate(cs));
  PetscCall(PetscFree(cs->data));
  PetscCall(PetscNew(&f));
  f->most                 = 200;
  f->discrete             = PETSC_TRUE;
  cs->data                = f;
  cs->ops->begin          = NULL;
  cs->ops->reverse        = NULL;
  cs->ops->end            = NULL;
  cs->ops->setup          = SetUp_Forward;
  cs->ops->forward        = Forward_Forward;
  cs->ops->arrival        = Arrival_Forward;
  cs->ops->gradients      = Gradients_Forward;
  cs->ops->reset          = Reset_Forward;
  cs->ops->setfromoptions = SetFromOptions_Forward;
  PetscFunctionReturn(PETSC_SUCCESS);
}
