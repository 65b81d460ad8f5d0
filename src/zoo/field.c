/* SPDX-License-Identifier: BSD-2-Clause */
/* Models on grids: n nodes in each direction, a DMDA, ghost nodes. */
#include "zooimpl.h"

static const ZooField *Field(CostateProblem problem)
{
  return (const ZooField *)problem->def;
}

/* The state with its ghost nodes; give it back by DMRestoreLocalVector(). */
PetscErrorCode ZooGhosts(CostateProblem problem, Vec u, Vec *local)
{
  PetscFunctionBegin;
  PetscCall(DMGetLocalVector(problem->dm, local));
  PetscCall(DMGlobalToLocalBegin(problem->dm, u, INSERT_VALUES, *local));
  PetscCall(DMGlobalToLocalEnd(problem->dm, u, INSERT_VALUES, *local));
  PetscFunctionReturn(PETSC_SUCCESS);
}

static PetscErrorCode MakeGrid(CostateProblem problem, DM *dm)
{
  const ZooField *field    = Field(problem);
  PetscBool       periodic = PETSC_FALSE;
  DMBoundaryType  b;

  PetscFunctionBegin;
  if (field->periodic) PetscCall(field->periodic(problem, &periodic));
  b          = periodic ? DM_BOUNDARY_PERIODIC : DM_BOUNDARY_NONE;
  problem->h = periodic ? 1 / (PetscReal)problem->n : 1 / (PetscReal)(problem->n + 1);
  if (field->dim == 1)
    PetscCall(DMDACreate1d(problem->comm, b, problem->n, field->dof, field->stencil, NULL, dm));
  else
    PetscCall(DMDACreate2d(problem->comm, b, b, DMDA_STENCIL_STAR, problem->n, problem->n, PETSC_DECIDE, PETSC_DECIDE,
                           field->dof, field->stencil, NULL, NULL, dm));
  PetscCall(DMSetOptionsPrefix(*dm, problem->prefix));
  PetscCall(DMSetUp(*dm));
  PetscFunctionReturn(PETSC_SUCCESS);
}

static PetscErrorCode FieldSetUp(CostateProblem problem)
{
  const ZooField *field = Field(problem);

  PetscFunctionBegin;
  PetscCall(MakeGrid(problem, &problem->dm));
  PetscCall(DMCreateGlobalVector(problem->dm, &problem->u0));
  PetscCall(DMCreateMatrix(problem->dm, &problem->J));
  PetscCall(MatSetOption(problem->J, MAT_NEW_NONZERO_LOCATION_ERR, PETSC_TRUE));
  if (field->about.np == ZOO_FIELD) {
    PetscCall(VecDuplicate(problem->u0, &problem->p));
    PetscCall(field->source(problem, problem->p));
  } else
    PetscCall(ZooMakeParameters(problem, field->about.np));
  PetscCall(ZooMakeMatrix(problem->u0, problem->p, PetscMax(field->about.np, 1), &problem->Jp));
  PetscFunctionReturn(PETSC_SUCCESS);
}

static PetscErrorCode FieldInitial(CostateProblem problem, Vec u)
{
  PetscFunctionBegin;
  PetscCall(Field(problem)->initial(problem, u));
  PetscFunctionReturn(PETSC_SUCCESS);
}

static PetscErrorCode FieldRHS(CostateProblem problem, PetscReal t, Vec u, Vec f)
{
  PetscFunctionBegin;
  PetscCall(Field(problem)->rhs(problem, t, u, f));
  PetscFunctionReturn(PETSC_SUCCESS);
}

static PetscErrorCode FieldJacobian(CostateProblem problem, PetscReal t, Vec u, Mat A)
{
  PetscFunctionBegin;
  PetscCall(MatZeroEntries(A));
  PetscCall(Field(problem)->jacobian(problem, t, u, A));
  PetscCall(MatAssemblyBegin(A, MAT_FINAL_ASSEMBLY));
  PetscCall(MatAssemblyEnd(A, MAT_FINAL_ASSEMBLY));
  PetscFunctionReturn(PETSC_SUCCESS);
}

static PetscErrorCode FieldJacobianP(CostateProblem problem, PetscReal t, Vec u, Mat A)
{
  PetscFunctionBegin;
  PetscCall(MatZeroEntries(A));
  if (Field(problem)->jacobianp)
    PetscCall(Field(problem)->jacobianp(problem, t, u, A));
  else {
    PetscInt lo, hi;

    PetscCall(MatGetOwnershipRange(A, &lo, &hi));
    for (PetscInt i = lo; i < hi; i++) PetscCall(MatSetValue(A, i, i, 1, INSERT_VALUES));
  }
  PetscCall(MatAssemblyBegin(A, MAT_FINAL_ASSEMBLY));
  PetscCall(MatAssemblyEnd(A, MAT_FINAL_ASSEMBLY));
  PetscFunctionReturn(PETSC_SUCCESS);
}

static PetscReal Weight(CostateProblem problem, const ZooFieldCost *cost)
{
  return cost->cells ? PetscPowRealInt(problem->h, (int)Field(problem)->dim) : 1;
}

static PetscErrorCode FieldCost(CostateProblem problem, PetscReal t, Vec u, Vec p, PetscReal *value)
{
  const ZooFieldCost *cost = &Field(problem)->cost[problem->kind];
  const PetscScalar  *x;
  PetscReal           mine = 0;
  PetscInt            n;

  PetscFunctionBegin;
  (void)t, (void)p;
  PetscCall(VecGetLocalSize(u, &n));
  PetscCall(VecGetArrayRead(u, &x));
  for (PetscInt i = 0; i < n; i++) {
    const PetscReal d = PetscRealPart(x[i]) - cost->target;

    mine += cost->square ? d * d / 2 : d;
  }
  PetscCall(VecRestoreArrayRead(u, &x));
  mine *= Weight(problem, cost);
  PetscCallMPI(MPI_Allreduce(&mine, value, 1, MPIU_REAL, MPIU_SUM, problem->comm));
  PetscFunctionReturn(PETSC_SUCCESS);
}

static PetscErrorCode FieldCostGradient(CostateProblem problem, PetscReal t, Vec u, Vec p, Vec gu, Vec gp)
{
  const ZooFieldCost *cost   = &Field(problem)->cost[problem->kind];
  const PetscReal     weight = Weight(problem, cost);
  const PetscScalar  *x;
  PetscScalar        *g;
  PetscInt            n;

  PetscFunctionBegin;
  (void)t, (void)p, (void)gp;
  if (!gu) PetscFunctionReturn(PETSC_SUCCESS);
  PetscCall(VecGetLocalSize(u, &n));
  PetscCall(VecGetArrayRead(u, &x));
  PetscCall(VecGetArray(gu, &g));
  for (PetscInt i = 0; i < n; i++) g[i] += weight * (cost->square ? PetscRealPart(x[i]) - cost->target : 1);
  PetscCall(VecRestoreArray(gu, &g));
  PetscCall(VecRestoreArrayRead(u, &x));
  PetscFunctionReturn(PETSC_SUCCESS);
}

static PetscErrorCode FieldKnown(CostateProblem problem, const char **source, Vec du0, Vec dp, PetscBool known[2])
{
  PetscFunctionBegin;
  if (Field(problem)->known) PetscCall(Field(problem)->known(problem, source, du0, dp, known));
  PetscFunctionReturn(PETSC_SUCCESS);
}

static const char *FieldCostText(CostateProblem problem, CostateCostKind kind)
{
  return Field(problem)->cost[kind].text;
}

static const ZooOps FieldOps = {.setup         = FieldSetUp,
                                .initial       = FieldInitial,
                                .rhs           = FieldRHS,
                                .jacobian      = FieldJacobian,
                                .jacobianp     = FieldJacobianP,
                                .cost          = FieldCost,
                                .cost_gradient = FieldCostGradient,
                                .known         = FieldKnown,
                                .cost_text     = FieldCostText};

PetscErrorCode ZooFieldDefine(CostateProblem problem, const ZooField *field)
{
  PetscFunctionBegin;
  problem->def   = field;
  problem->model = &field->about;
  problem->ops   = &FieldOps;
  PetscFunctionReturn(PETSC_SUCCESS);
}
