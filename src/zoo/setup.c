/* SPDX-License-Identifier: BSD-2-Clause */
/* Vectors, matrices and the TS of a problem, once all is chosen. */
#include "zooimpl.h"

/* Good enough for gradients of 12 digits; options of the TS come later and may say otherwise. */
static PetscErrorCode SolverDefaults(CostateProblem problem)
{
  SNES        snes;
  KSP         ksp;
  PC          pc;
  PetscMPIInt size;

  PetscFunctionBegin;
  PetscCall(TSGetSNES(problem->ts, &snes));
  /* A Newton correction below 1e-10 leaves an error of its square. */
  PetscCall(SNESSetTolerances(snes, 1e-50, 1e-13, 1e-10, 50, 100000));
  PetscCall(SNESGetKSP(snes, &ksp));
  PetscCall(KSPSetTolerances(ksp, 1e-12, 1e-50, 1e5, 10000));
  if (problem->dm) PetscFunctionReturn(PETSC_SUCCESS);
  PetscCallMPI(MPI_Comm_size(problem->comm, &size));
  PetscCall(KSPSetType(ksp, KSPPREONLY));
  PetscCall(KSPGetPC(ksp, &pc));
  PetscCall(PCSetType(pc, size > 1 ? PCREDUNDANT : PCLU));
  PetscFunctionReturn(PETSC_SUCCESS);
}

static PetscErrorCode MakeTS(CostateProblem problem)
{
  const ZooModel *m = problem->model;
  PetscBool       rk;

  PetscFunctionBegin;
  PetscCall(TSCreate(problem->comm, &problem->ts));
  PetscCall(TSSetOptionsPrefix(problem->ts, problem->prefix));
  if (problem->dm) PetscCall(TSSetDM(problem->ts, problem->dm));
  PetscCall(ZooSetForm(problem));
  PetscCall(PetscStrcmp(m->type, TSRK, &rk));
  PetscCall(TSSetType(problem->ts, rk && problem->form != ZOO_RHS ? TSCN : m->type));
  if (rk && problem->form == ZOO_RHS) PetscCall(TSRKSetType(problem->ts, TSRK5DP));
  /* else arkimex takes the left side for u' */
  if (m->algebraic)
    PetscCall(TSSetEquationType(problem->ts, TS_EQ_DAE_IMPLICIT_INDEX1));
  else if (m->mass)
    PetscCall(TSSetEquationType(problem->ts, TS_EQ_ODE_IMPLICIT));
  PetscCall(TSSetTime(problem->ts, problem->t0));
  PetscCall(TSSetMaxTime(problem->ts, problem->tend));
  PetscCall(TSSetTimeStep(problem->ts, problem->dt));
  PetscCall(TSSetMaxSteps(problem->ts, PETSC_MAX_INT));
  PetscCall(TSSetExactFinalTime(problem->ts, TS_EXACTFINALTIME_MATCHSTEP));
  PetscCall(TSSetTolerances(problem->ts, 1e-8, NULL, 1e-8, NULL));
  PetscCall(SolverDefaults(problem));
  if (problem->options) PetscCall(TSSetFromOptions(problem->ts));
  PetscCall(TSGetTime(problem->ts, &problem->t0));
  PetscCall(TSGetMaxTime(problem->ts, &problem->tend));
  PetscCall(TSGetTimeStep(problem->ts, &problem->dt));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Those of the model are taken as far as they are in the time span; those that were given must be. */
static PetscErrorCode MakeTimes(CostateProblem problem)
{
  ZooValues *times = &problem->times;
  PetscInt   n     = 0;

  PetscFunctionBegin;
  PetscCheck(problem->tend > problem->t0, problem->comm, PETSC_ERR_ARG_OUTOFRANGE,
             "The time span from -t0 %.6g to -tend %.6g is empty: -tend must be later than -t0", (double)problem->t0,
             (double)problem->tend);
  if (problem->kind != COSTATE_COST_TIMES) PetscFunctionReturn(PETSC_SUCCESS);
  if (!problem->times_given) PetscCall(ZooParse(problem, "-times", problem->model->times, PETSC_TRUE, times));
  for (PetscInt i = 0; i < times->n; i++) {
    PetscBool inside = (PetscBool)(times->x[i] >= problem->t0 && times->x[i] <= problem->tend);

    PetscCheck(inside || !problem->times_given, problem->comm, PETSC_ERR_ARG_OUTOFRANGE,
               "-times: %.6g is not between -t0 %.6g and -tend %.6g", (double)times->x[i], (double)problem->t0,
               (double)problem->tend);
    PetscCheck(i == 0 || times->x[i] > times->x[i - 1], problem->comm, PETSC_ERR_ARG_OUTOFRANGE,
               "-times: %.6g comes after %.6g; give them in ascending order", (double)times->x[i],
               (double)times->x[i - 1]);
    if (inside) times->x[n++] = times->x[i];
  }
  times->n = n;
  PetscCheck(n, problem->comm, PETSC_ERR_ARG_OUTOFRANGE,
             "None of the times of the cost, %s, is between -t0 %.6g and -tend %.6g: give others with -times",
             problem->model->times, (double)problem->t0, (double)problem->tend);
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* What was given by -p or -u0 into a vector: n values, or one for all. */
static PetscErrorCode Fill(CostateProblem problem, const ZooValues *values, Vec v)
{
  PetscInt     lo, hi;
  PetscScalar *x;
  Vec          to = v;

  PetscFunctionBegin;
  if (values->n == 1) {
    PetscCall(VecSet(v, values->x[0]));
    PetscFunctionReturn(PETSC_SUCCESS);
  }
  if (problem->dm) PetscCall(DMDACreateNaturalVector(problem->dm, &to));
  PetscCall(VecGetOwnershipRange(to, &lo, &hi));
  PetscCall(VecGetArray(to, &x));
  for (PetscInt i = lo; i < hi; i++) x[i - lo] = values->x[i];
  PetscCall(VecRestoreArray(to, &x));
  if (problem->dm) {
    PetscCall(DMDANaturalToGlobalBegin(problem->dm, to, INSERT_VALUES, v));
    PetscCall(DMDANaturalToGlobalEnd(problem->dm, to, INSERT_VALUES, v));
    PetscCall(VecDestroy(&to));
  }
  PetscFunctionReturn(PETSC_SUCCESS);
}

static PetscErrorCode CheckCount(CostateProblem problem, const char option[], PetscInt want, const ZooValues *values)
{
  PetscInt n = want == ZOO_FIELD ? problem->size : want;

  PetscFunctionBegin;
  if (values->n < 0 || values->n == n || (want == ZOO_FIELD && values->n == 1)) PetscFunctionReturn(PETSC_SUCCESS);
  PetscCheck(want != ZOO_FIELD, problem->comm, PETSC_ERR_ARG_SIZ,
             "%s: %" PetscInt_FMT " values, but %s takes %" PetscInt_FMT ", one for each unknown, or one for all",
             option, values->n, problem->name, n);
  PetscCheck(values->n == n, problem->comm, PETSC_ERR_ARG_SIZ,
             "%s: %" PetscInt_FMT " value%s, but %s takes %" PetscInt_FMT "%s%s%s", option, values->n,
             values->n == 1 ? "" : "s", problem->name, n, option[1] == 'p' && problem->model->pnames ? ": " : "",
             option[1] == 'p' && problem->model->pnames ? problem->model->pnames : "", ", with commas between them");
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Makes everything; a second call does nothing. */
PetscErrorCode ZooSetUp(CostateProblem problem)
{
  const ZooModel *m = problem->model;

  PetscFunctionBegin;
  if (problem->setup) PetscFunctionReturn(PETSC_SUCCESS);
  PetscCall(problem->ops->setup(problem));
  PetscCall(VecGetSize(problem->u0, &problem->size));
  PetscCall(CheckCount(problem, "-p", m->np, &problem->p_given));
  PetscCall(CheckCount(problem, "-u0", m->nu0, &problem->u0_given));
  if (problem->p_given.n > 0) {
    if (m->np == ZOO_FIELD)
      PetscCall(Fill(problem, &problem->p_given, problem->p));
    else {
      PetscInt lo, hi;

      PetscCall(VecGetOwnershipRange(problem->p, &lo, &hi));
      for (PetscInt i = lo; i < hi; i++) PetscCall(VecSetValue(problem->p, i, problem->p_given.x[i], INSERT_VALUES));
      PetscCall(VecAssemblyBegin(problem->p));
      PetscCall(VecAssemblyEnd(problem->p));
    }
  }
  if (problem->dm && problem->u0_given.n > 0)
    PetscCall(Fill(problem, &problem->u0_given, problem->u0));
  else
    PetscCall(problem->ops->initial(problem, problem->u0));
  if (problem->du0dp) {
    PetscCall(VecDuplicate(problem->p, &problem->p_before));
    PetscCall(VecCopy(problem->p, problem->p_before));
    PetscCall(problem->ops->initialp(problem, problem->du0dp));
  }
  PetscCall(MakeTS(problem));
  PetscCall(MakeTimes(problem));
  problem->setup = PETSC_TRUE;
  PetscFunctionReturn(PETSC_SUCCESS);
}
