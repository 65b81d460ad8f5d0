/* SPDX-License-Identifier: BSD-2-Clause */
/*
  Models of a few unknowns.  The unknowns are distributed all the same, so that what works for them works for large
  ones: each rank gathers the whole state, evaluates the model, and keeps its own rows.
*/
#include "zooimpl.h"

/* All entries of a short vector, on every rank. */
PetscErrorCode ZooGetAll(Vec v, VecScatter all, Vec seq, PetscInt n, PetscScalar x[])
{
  const PetscScalar *a;

  PetscFunctionBegin;
  PetscCall(VecScatterBegin(all, v, seq, INSERT_VALUES, SCATTER_FORWARD));
  PetscCall(VecScatterEnd(all, v, seq, INSERT_VALUES, SCATTER_FORWARD));
  PetscCall(VecGetArrayRead(seq, &a));
  PetscCall(PetscArraycpy(x, a, n));
  PetscCall(VecRestoreArrayRead(seq, &a));
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode ZooGetParameters(CostateProblem problem, Vec p, PetscScalar x[ZOO_MAX])
{
  PetscFunctionBegin;
  PetscCall(ZooGetAll(p, problem->all_p, problem->seq_p, problem->model->np, x));
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode ZooRealParameters(CostateProblem problem, Vec p, PetscReal x[ZOO_MAX])
{
  PetscScalar a[ZOO_MAX];

  PetscFunctionBegin;
  PetscCall(ZooGetParameters(problem, p, a));
  for (PetscInt i = 0; i < problem->model->np; i++) x[i] = PetscRealPart(a[i]);
  PetscFunctionReturn(PETSC_SUCCESS);
}

static PetscErrorCode MakeVec(MPI_Comm comm, PetscInt n, Vec *v)
{
  PetscFunctionBegin;
  PetscCall(VecCreate(comm, v));
  PetscCall(VecSetSizes(*v, PETSC_DECIDE, n));
  PetscCall(VecSetType(*v, VECSTANDARD));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* This rank's part of numbers that every rank has */
PetscErrorCode ZooSmallSet(Vec v, const PetscReal x[])
{
  PetscInt     lo, hi;
  PetscScalar *a;

  PetscFunctionBegin;
  PetscCall(VecGetOwnershipRange(v, &lo, &hi));
  PetscCall(VecGetArray(v, &a));
  for (PetscInt i = lo; i < hi; i++) a[i - lo] = x[i];
  PetscCall(VecRestoreArray(v, &a));
  PetscFunctionReturn(PETSC_SUCCESS);
}

static PetscErrorCode AddOwn(Vec v, const PetscReal x[])
{
  PetscInt     lo, hi;
  PetscScalar *a;

  PetscFunctionBegin;
  PetscCall(VecGetOwnershipRange(v, &lo, &hi));
  PetscCall(VecGetArray(v, &a));
  for (PetscInt i = lo; i < hi; i++) a[i - lo] += x[i];
  PetscCall(VecRestoreArray(v, &a));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Adds this rank's rows of a matrix of nc columns that every rank has. */
static PetscErrorCode AddRows(Mat A, PetscInt nc, const PetscScalar J[])
{
  PetscInt lo, hi;

  PetscFunctionBegin;
  PetscCall(MatGetOwnershipRange(A, &lo, &hi));
  for (PetscInt i = lo; i < hi; i++) {
    for (PetscInt j = 0; j < nc; j++) PetscCall(MatSetValue(A, i, j, J[i * nc + j], ADD_VALUES));
  }
  PetscCall(MatAssemblyBegin(A, MAT_FINAL_ASSEMBLY));
  PetscCall(MatAssemblyEnd(A, MAT_FINAL_ASSEMBLY));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Parameters that are a few numbers, with the values of the model */
PetscErrorCode ZooMakeParameters(CostateProblem problem, PetscInt np)
{
  PetscFunctionBegin;
  PetscCall(MakeVec(problem->comm, np, &problem->p));
  PetscCall(VecScatterCreateToAll(problem->p, &problem->all_p, &problem->seq_p));
  PetscCall(ZooSmallSet(problem->p, problem->model->p));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Rows as u, columns as p, with at most `nz` entries in a row */
PetscErrorCode ZooMakeMatrix(Vec u, Vec p, PetscInt nz, Mat *A)
{
  PetscInt m, n;

  PetscFunctionBegin;
  PetscCall(VecGetLocalSize(u, &m));
  PetscCall(VecGetLocalSize(p, &n));
  PetscCall(
      MatCreateAIJ(PetscObjectComm((PetscObject)u), m, n, PETSC_DETERMINE, PETSC_DETERMINE, nz, NULL, nz, NULL, A));
  PetscFunctionReturn(PETSC_SUCCESS);
}

#define Small(problem) ((const ZooSmall *)(problem)->def)

/* The whole state, on every rank */
PetscErrorCode ZooSmallState(CostateProblem problem, Vec u, PetscScalar x[ZOO_MAX])
{
  PetscFunctionBegin;
  PetscCall(ZooGetAll(u, problem->all_u, problem->seq_u, Small(problem)->n, x));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* State and parameters as real numbers, on every rank */
PetscErrorCode ZooSmallReals(CostateProblem problem, Vec u, Vec pv, PetscReal x[ZOO_MAX], PetscReal p[ZOO_MAX])
{
  PetscScalar a[ZOO_MAX];

  PetscFunctionBegin;
  PetscCall(ZooSmallState(problem, u, a));
  for (PetscInt i = 0; i < Small(problem)->n; i++) x[i] = PetscRealPart(a[i]);
  PetscCall(ZooRealParameters(problem, pv, p));
  PetscFunctionReturn(PETSC_SUCCESS);
}

static PetscErrorCode SmallRHS(CostateProblem problem, PetscReal t, Vec u, Vec f)
{
  PetscScalar x[ZOO_MAX], p[ZOO_MAX], y[ZOO_MAX] = {0}, *a;
  PetscInt    lo, hi;

  PetscFunctionBegin;
  PetscCall(ZooSmallState(problem, u, x));
  PetscCall(ZooGetParameters(problem, problem->p, p));
  Small(problem)->f(t, x, p, y);
  PetscCall(VecGetOwnershipRange(f, &lo, &hi));
  PetscCall(VecGetArrayWrite(f, &a));
  PetscCall(PetscArraycpy(a, y + lo, hi - lo));
  PetscCall(VecRestoreArrayWrite(f, &a));
  PetscFunctionReturn(PETSC_SUCCESS);
}

static PetscErrorCode SmallJacobian(CostateProblem problem, PetscReal t, Vec u, Mat A)
{
  PetscScalar x[ZOO_MAX], p[ZOO_MAX], J[ZOO_MAX * ZOO_MAX] = {0};

  PetscFunctionBegin;
  PetscCall(ZooSmallState(problem, u, x));
  PetscCall(ZooGetParameters(problem, problem->p, p));
  Small(problem)->fu(t, x, p, J);
  PetscCall(MatZeroEntries(A));
  PetscCall(AddRows(A, Small(problem)->n, J));
  PetscFunctionReturn(PETSC_SUCCESS);
}

static PetscErrorCode SmallJacobianP(CostateProblem problem, PetscReal t, Vec u, Mat A)
{
  PetscScalar x[ZOO_MAX], p[ZOO_MAX], J[ZOO_MAX * ZOO_MAX] = {0};

  PetscFunctionBegin;
  PetscCall(ZooSmallState(problem, u, x));
  PetscCall(ZooGetParameters(problem, problem->p, p));
  Small(problem)->fp(t, x, p, J);
  PetscCall(MatZeroEntries(A));
  PetscCall(AddRows(A, problem->model->np, J));
  PetscFunctionReturn(PETSC_SUCCESS);
}

static PetscErrorCode SmallMass(CostateProblem problem, Mat A)
{
  PetscScalar p[ZOO_MAX], M[ZOO_MAX * ZOO_MAX] = {0};

  PetscFunctionBegin;
  PetscCall(ZooGetParameters(problem, problem->p, p));
  Small(problem)->mass(p, M);
  PetscCall(MatZeroEntries(A));
  PetscCall(AddRows(A, Small(problem)->n, M));
  PetscFunctionReturn(PETSC_SUCCESS);
}

static PetscErrorCode SmallMassP(CostateProblem problem, Vec udot, Mat A)
{
  PetscScalar x[ZOO_MAX], p[ZOO_MAX], J[ZOO_MAX * ZOO_MAX] = {0};

  PetscFunctionBegin;
  PetscCall(ZooSmallState(problem, udot, x));
  PetscCall(ZooGetParameters(problem, problem->p, p));
  Small(problem)->massp(p, x, J);
  PetscCall(AddRows(A, problem->model->np, J));
  PetscFunctionReturn(PETSC_SUCCESS);
}

static PetscErrorCode SmallCost(CostateProblem problem, PetscReal t, Vec u, Vec pv, PetscReal *value)
{
  PetscReal x[ZOO_MAX], p[ZOO_MAX];

  PetscFunctionBegin;
  PetscCall(ZooSmallReals(problem, u, pv, x, p));
  *value = Small(problem)->cost[problem->kind]->value(Small(problem)->n, t, x, p);
  PetscFunctionReturn(PETSC_SUCCESS);
}

static PetscErrorCode SmallCostGradient(CostateProblem problem, PetscReal t, Vec u, Vec pv, Vec gu, Vec gp)
{
  PetscReal x[ZOO_MAX], p[ZOO_MAX], yu[ZOO_MAX] = {0}, yp[ZOO_MAX] = {0};

  PetscFunctionBegin;
  PetscCall(ZooSmallReals(problem, u, pv, x, p));
  Small(problem)->cost[problem->kind]->gradient(Small(problem)->n, t, x, p, yu, yp);
  if (gu) PetscCall(AddOwn(gu, yu));
  if (gp) PetscCall(AddOwn(gp, yp));
  PetscFunctionReturn(PETSC_SUCCESS);
}

static const PetscReal *InitialValues(CostateProblem problem)
{
  return problem->u0_given.n > 0 ? problem->u0_given.x : problem->model->u0;
}

static PetscErrorCode SmallInitial(CostateProblem problem, Vec u)
{
  PetscReal p[ZOO_MAX], x[ZOO_MAX] = {0};

  PetscFunctionBegin;
  PetscCall(ZooRealParameters(problem, problem->p, p));
  if (Small(problem)->initial) Small(problem)->initial(InitialValues(problem), p, x);
  PetscCall(ZooSmallSet(u, Small(problem)->initial ? x : InitialValues(problem)));
  PetscFunctionReturn(PETSC_SUCCESS);
}

static PetscErrorCode SmallSetUp(CostateProblem problem)
{
  const ZooSmall *small = Small(problem);

  PetscFunctionBegin;
  PetscCall(MakeVec(problem->comm, small->n, &problem->u0));
  PetscCall(VecScatterCreateToAll(problem->u0, &problem->all_u, &problem->seq_u));
  PetscCall(ZooMakeParameters(problem, small->about.np));
  PetscCall(ZooMakeMatrix(problem->u0, problem->u0, small->n, &problem->J));
  PetscCall(ZooMakeMatrix(problem->u0, problem->p, small->about.np, &problem->Jp));
  if (small->mass) PetscCall(ZooMakeMatrix(problem->u0, problem->u0, small->n, &problem->M));
  problem->massp = (PetscBool)(small->massp != NULL);
  if (small->initialp) PetscCall(ZooMakeMatrix(problem->u0, problem->p, small->about.np, &problem->du0dp));
  PetscFunctionReturn(PETSC_SUCCESS);
}

static PetscErrorCode SmallInitialP(CostateProblem problem, Mat A)
{
  PetscReal   p[ZOO_MAX];
  PetscScalar J[ZOO_MAX * ZOO_MAX] = {0};

  PetscFunctionBegin;
  PetscCall(ZooRealParameters(problem, problem->p, p));
  Small(problem)->initialp(InitialValues(problem), p, J);
  PetscCall(MatZeroEntries(A));
  PetscCall(AddRows(A, problem->model->np, J));
  PetscFunctionReturn(PETSC_SUCCESS);
}

static const char *SmallCostText(CostateProblem problem, CostateCostKind kind)
{
  return Small(problem)->cost[kind] ? Small(problem)->cost[kind]->text : NULL;
}

static const ZooOps SmallOps = {.setup         = SmallSetUp,
                                .initial       = SmallInitial,
                                .initialp      = SmallInitialP,
                                .rhs           = SmallRHS,
                                .jacobian      = SmallJacobian,
                                .jacobianp     = SmallJacobianP,
                                .mass          = SmallMass,
                                .massp         = SmallMassP,
                                .cost          = SmallCost,
                                .cost_gradient = SmallCostGradient,
                                .known         = ZooSmallKnown,
                                .reduce        = ZooSmallReduce,
                                .cost_text     = SmallCostText};

PetscErrorCode ZooSmallDefine(CostateProblem problem, const ZooSmall *small)
{
  PetscFunctionBegin;
  problem->def   = small;
  problem->model = &small->about;
  problem->ops   = &SmallOps;
  PetscFunctionReturn(PETSC_SUCCESS);
}
