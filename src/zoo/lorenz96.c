/* SPDX-License-Identifier: BSD-2-Clause */
/* Lorenz (1996): x_i' = (x_(i+1) - x_(i-2)) x_(i-1) - x_i + F_i on a ring, the forcing F a parameter for each state. */
#include "zooimpl.h"

static PetscErrorCode Periodic(CostateProblem problem, PetscBool *periodic)
{
  PetscFunctionBegin;
  (void)problem;
  *periodic = PETSC_TRUE;
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* A wave on the steady state x = F, which is not stable */
static PetscErrorCode Initial(CostateProblem problem, Vec u)
{
  PetscInt     lo, hi;
  PetscScalar *x;

  PetscFunctionBegin;
  PetscCall(VecGetOwnershipRange(u, &lo, &hi));
  PetscCall(VecGetArray(u, &x));
  for (PetscInt i = lo; i < hi; i++)
    x[i - lo] = 8 + PetscSinReal(2 * PETSC_PI * 3 * (PetscReal)i / (PetscReal)problem->n);
  PetscCall(VecRestoreArray(u, &x));
  PetscFunctionReturn(PETSC_SUCCESS);
}

static PetscErrorCode Forcing(CostateProblem problem, Vec p)
{
  PetscFunctionBegin;
  (void)problem;
  PetscCall(VecSet(p, 8));
  PetscFunctionReturn(PETSC_SUCCESS);
}

static PetscErrorCode RHS(CostateProblem problem, PetscReal t, Vec u, Vec f)
{
  Vec                local;
  PetscInt           lo, n;
  const PetscScalar *x, *force;
  PetscScalar       *y;

  PetscFunctionBegin;
  (void)t;
  PetscCall(ZooGhosts(problem, u, &local));
  PetscCall(DMDAGetCorners(problem->dm, &lo, NULL, NULL, &n, NULL, NULL));
  PetscCall(DMDAVecGetArrayRead(problem->dm, local, (void *)&x));
  PetscCall(DMDAVecGetArrayRead(problem->dm, problem->p, (void *)&force));
  PetscCall(DMDAVecGetArray(problem->dm, f, (void *)&y));
  for (PetscInt i = lo; i < lo + n; i++) y[i] = (x[i + 1] - x[i - 2]) * x[i - 1] - x[i] + force[i];
  PetscCall(DMDAVecRestoreArray(problem->dm, f, (void *)&y));
  PetscCall(DMDAVecRestoreArrayRead(problem->dm, problem->p, (void *)&force));
  PetscCall(DMDAVecRestoreArrayRead(problem->dm, local, (void *)&x));
  PetscCall(DMRestoreLocalVector(problem->dm, &local));
  PetscFunctionReturn(PETSC_SUCCESS);
}

static PetscErrorCode Jacobian(CostateProblem problem, PetscReal t, Vec u, Mat A)
{
  Vec                local;
  PetscInt           lo, n, N = problem->n;
  const PetscScalar *x;

  PetscFunctionBegin;
  (void)t;
  PetscCall(ZooGhosts(problem, u, &local));
  PetscCall(DMDAGetCorners(problem->dm, &lo, NULL, NULL, &n, NULL, NULL));
  PetscCall(DMDAVecGetArrayRead(problem->dm, local, (void *)&x));
  for (PetscInt i = lo; i < lo + n; i++) {
    const PetscInt    columns[] = {(i + N - 2) % N, (i + N - 1) % N, i, (i + 1) % N};
    const PetscScalar values[]  = {-x[i - 1], x[i + 1] - x[i - 2], -1, x[i - 1]};

    PetscCall(MatSetValues(A, 1, &i, 4, columns, values, INSERT_VALUES));
  }
  PetscCall(DMDAVecRestoreArrayRead(problem->dm, local, (void *)&x));
  PetscCall(DMRestoreLocalVector(problem->dm, &local));
  PetscFunctionReturn(PETSC_SUCCESS);
}

static const ZooField model = {.about    = {.n      = 40,
                                            .nmin   = 5,
                                            .np     = ZOO_FIELD,
                                            .nu0    = ZOO_FIELD,
                                            .pnames = "forcing of each state",
                                            .t0     = 0,
                                            .tend   = 1,
                                            .dt     = 0.01,
                                            .times  = "0.25:0.25:1",
                                            .type   = TSRK,
                                            .form   = ZOO_RHS,
                                            .kind   = COSTATE_COST_TERMINAL},
                               .dim      = 1,
                               .dof      = 1,
                               .stencil  = 2,
                               .cost     = {{.text = "|u|^2/2", .square = PETSC_TRUE},
                                            {.text = "the sum of u"},
                                            {.text = "|u - 2|^2/2", .square = PETSC_TRUE, .target = 2}},
                               .periodic = Periodic,
                               .initial  = Initial,
                               .source   = Forcing,
                               .rhs      = RHS,
                               .jacobian = Jacobian};

PetscErrorCode CostateProblemDefine_lorenz96(CostateProblem problem)
{
  PetscFunctionBegin;
  PetscCall(ZooFieldDefine(problem, &model));
  PetscFunctionReturn(PETSC_SUCCESS);
}
