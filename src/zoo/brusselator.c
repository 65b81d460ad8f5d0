/* SPDX-License-Identifier: BSD-2-Clause */
/* The Brusselator in a periodic square: u_t = A + u^2 v - (B + 1) u + alpha laplace u, v_t = B u - u^2 v + alpha
 * laplace v. */
#include "zooimpl.h"

typedef struct {
  PetscScalar u, v;
} Node;

static PetscErrorCode Periodic(CostateProblem problem, PetscBool *periodic)
{
  PetscFunctionBegin;
  (void)problem;
  *periodic = PETSC_TRUE;
  PetscFunctionReturn(PETSC_SUCCESS);
}

static PetscErrorCode Initial(CostateProblem problem, Vec u)
{
  PetscInt lo[2], n[2];
  Node   **x;

  PetscFunctionBegin;
  PetscCall(DMDAGetCorners(problem->dm, &lo[0], &lo[1], NULL, &n[0], &n[1], NULL));
  PetscCall(DMDAVecGetArray(problem->dm, u, (void *)&x));
  for (PetscInt j = lo[1]; j < lo[1] + n[1]; j++) {
    for (PetscInt i = lo[0]; i < lo[0] + n[0]; i++) {
      const PetscReal a = (PetscReal)i * problem->h, b = (PetscReal)j * problem->h;

      x[j][i].u = 22 * b * PetscPowReal(1 - b, 1.5);
      x[j][i].v = 27 * a * PetscPowReal(1 - a, 1.5);
    }
  }
  PetscCall(DMDAVecRestoreArray(problem->dm, u, (void *)&x));
  PetscFunctionReturn(PETSC_SUCCESS);
}

static Node Laplacian(const Node **x, PetscInt i, PetscInt j, PetscReal h)
{
  Node l;

  l.u = (x[j][i - 1].u + x[j][i + 1].u + x[j - 1][i].u + x[j + 1][i].u - 4. * x[j][i].u) / (h * h);
  l.v = (x[j][i - 1].v + x[j][i + 1].v + x[j - 1][i].v + x[j + 1][i].v - 4. * x[j][i].v) / (h * h);
  return l;
}

static PetscErrorCode RHS(CostateProblem problem, PetscReal t, Vec u, Vec f)
{
  PetscScalar  p[ZOO_MAX];
  Vec          local;
  PetscInt     lo[2], n[2];
  const Node **x;
  Node       **y;

  PetscFunctionBegin;
  (void)t;
  PetscCall(ZooGetParameters(problem, problem->p, p));
  PetscCall(ZooGhosts(problem, u, &local));
  PetscCall(DMDAGetCorners(problem->dm, &lo[0], &lo[1], NULL, &n[0], &n[1], NULL));
  PetscCall(DMDAVecGetArrayRead(problem->dm, local, (void *)&x));
  PetscCall(DMDAVecGetArray(problem->dm, f, (void *)&y));
  for (PetscInt j = lo[1]; j < lo[1] + n[1]; j++) {
    for (PetscInt i = lo[0]; i < lo[0] + n[0]; i++) {
      const Node        c = x[j][i], l = Laplacian(x, i, j, problem->h);
      const PetscScalar r = c.u * c.u * c.v;

      y[j][i].u = p[0] + r - (p[1] + 1) * c.u + p[2] * l.u;
      y[j][i].v = p[1] * c.u - r + p[2] * l.v;
    }
  }
  PetscCall(DMDAVecRestoreArray(problem->dm, f, (void *)&y));
  PetscCall(DMDAVecRestoreArrayRead(problem->dm, local, (void *)&x));
  PetscCall(DMRestoreLocalVector(problem->dm, &local));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* The rows of a node: its reaction, and diffusion to its neighbours */
static PetscErrorCode SetNode(Mat A, PetscInt i, PetscInt j, Node c, const PetscScalar p[], PetscScalar d)
{
  const MatStencil  at[2] = {{.i = i, .j = j, .c = 0}, {.i = i, .j = j, .c = 1}};
  const PetscScalar r = 2. * c.u * c.v, s = c.u * c.u;
  const PetscScalar values[4] = {r - (p[1] + 1) - 4 * d, s, p[1] - r, -s - 4 * d};

  PetscFunctionBegin;
  PetscCall(MatSetValuesStencil(A, 2, at, 2, at, values, INSERT_VALUES));
  for (int k = 0; k < 8; k++) {
    MatStencil to = at[k % 2];

    to.i += k / 2 == 0 ? -1 : (k / 2 == 1 ? 1 : 0);
    to.j += k / 2 == 2 ? -1 : (k / 2 == 3 ? 1 : 0);
    PetscCall(MatSetValuesStencil(A, 1, &at[k % 2], 1, &to, &d, INSERT_VALUES));
  }
  PetscFunctionReturn(PETSC_SUCCESS);
}

static PetscErrorCode Jacobian(CostateProblem problem, PetscReal t, Vec u, Mat A)
{
  PetscScalar  p[ZOO_MAX];
  PetscInt     lo[2], n[2];
  const Node **x;

  PetscFunctionBegin;
  (void)t;
  PetscCall(ZooGetParameters(problem, problem->p, p));
  PetscCall(DMDAGetCorners(problem->dm, &lo[0], &lo[1], NULL, &n[0], &n[1], NULL));
  PetscCall(DMDAVecGetArrayRead(problem->dm, u, (void *)&x));
  for (PetscInt j = lo[1]; j < lo[1] + n[1]; j++) {
    for (PetscInt i = lo[0]; i < lo[0] + n[0]; i++)
      PetscCall(SetNode(A, i, j, x[j][i], p, p[2] / (problem->h * problem->h)));
  }
  PetscCall(DMDAVecRestoreArrayRead(problem->dm, u, (void *)&x));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Rows of a global vector of the grid are by nodes of this rank, and these by lines. */
static PetscErrorCode JacobianP(CostateProblem problem, PetscReal t, Vec u, Mat A)
{
  const PetscInt columns[] = {0, 1, 2};
  Vec            local;
  PetscInt       lo[2], n[2], row;
  const Node   **x;

  PetscFunctionBegin;
  (void)t;
  PetscCall(ZooGhosts(problem, u, &local));
  PetscCall(MatGetOwnershipRange(A, &row, NULL));
  PetscCall(DMDAGetCorners(problem->dm, &lo[0], &lo[1], NULL, &n[0], &n[1], NULL));
  PetscCall(DMDAVecGetArrayRead(problem->dm, local, (void *)&x));
  for (PetscInt j = lo[1]; j < lo[1] + n[1]; j++) {
    for (PetscInt i = lo[0]; i < lo[0] + n[0]; i++, row += 2) {
      const Node        l         = Laplacian(x, i, j, problem->h);
      const PetscInt    rows[]    = {row, row + 1};
      const PetscScalar values[6] = {1, -x[j][i].u, l.u, 0, x[j][i].u, l.v};

      PetscCall(MatSetValues(A, 2, rows, 3, columns, values, INSERT_VALUES));
    }
  }
  PetscCall(DMDAVecRestoreArrayRead(problem->dm, local, (void *)&x));
  PetscCall(DMRestoreLocalVector(problem->dm, &local));
  PetscFunctionReturn(PETSC_SUCCESS);
}

#define HALF_SQUARE                                                                                                    \
  {                                                                                                                    \
    .text = "the integral of (u^2 + v^2)/2 over the square", .square = PETSC_TRUE, .cells = PETSC_TRUE                 \
  }

static const PetscReal p0[] = {1, 3.4, 0.01};

static const ZooField model = {.about     = {.n      = 16,
                                             .nmin   = 3,
                                             .np     = 3,
                                             .nu0    = ZOO_FIELD,
                                             .p      = p0,
                                             .pnames = "A, B, alpha",
                                             .t0     = 0,
                                             .tend   = 1,
                                             .dt     = 0.01,
                                             .times  = "0.25:0.25:1",
                                             .type   = TSCN,
                                             .form   = ZOO_RHS,
                                             .kind   = COSTATE_COST_TERMINAL},
                               .dim       = 2,
                               .dof       = 2,
                               .stencil   = 1,
                               .cost      = {HALF_SQUARE, HALF_SQUARE, HALF_SQUARE},
                               .periodic  = Periodic,
                               .initial   = Initial,
                               .rhs       = RHS,
                               .jacobian  = Jacobian,
                               .jacobianp = JacobianP};

PetscErrorCode CostateProblemDefine_brusselator(CostateProblem problem)
{
  PetscFunctionBegin;
  PetscCall(ZooFieldDefine(problem, &model));
  PetscFunctionReturn(PETSC_SUCCESS);
}
