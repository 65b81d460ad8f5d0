/* SPDX-License-Identifier: BSD-2-Clause */
/* The heat equation u_t = k u_xx on (0,1), u = 0 at both ends, on n nodes inside. */
#include "zooimpl.h"

static PetscErrorCode Initial(CostateProblem problem, Vec u)
{
  PetscInt     lo, hi;
  PetscScalar *x;

  PetscFunctionBegin;
  PetscCall(VecGetOwnershipRange(u, &lo, &hi));
  PetscCall(VecGetArray(u, &x));
  for (PetscInt i = lo; i < hi; i++) x[i - lo] = PetscSinReal(PETSC_PI * (PetscReal)(i + 1) * problem->h);
  PetscCall(VecRestoreArray(u, &x));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* f += k (u_(i-1) - 2 u_i + u_(i+1)) / h^2 */
static PetscErrorCode Laplacian(CostateProblem problem, PetscScalar k, Vec u, Vec f)
{
  const PetscScalar  c = k / (problem->h * problem->h);
  Vec                local;
  PetscInt           lo, n, N = problem->n;
  const PetscScalar *x;
  PetscScalar       *y;

  PetscFunctionBegin;
  PetscCall(ZooGhosts(problem, u, &local));
  PetscCall(DMDAGetCorners(problem->dm, &lo, NULL, NULL, &n, NULL, NULL));
  PetscCall(DMDAVecGetArrayRead(problem->dm, local, (void *)&x));
  PetscCall(DMDAVecGetArray(problem->dm, f, (void *)&y));
  for (PetscInt i = lo; i < lo + n; i++) y[i] = c * ((i > 0 ? x[i - 1] : 0) - 2 * x[i] + (i < N - 1 ? x[i + 1] : 0));
  PetscCall(DMDAVecRestoreArray(problem->dm, f, (void *)&y));
  PetscCall(DMDAVecRestoreArrayRead(problem->dm, local, (void *)&x));
  PetscCall(DMRestoreLocalVector(problem->dm, &local));
  PetscFunctionReturn(PETSC_SUCCESS);
}

static PetscErrorCode RHS(CostateProblem problem, PetscReal t, Vec u, Vec f)
{
  PetscScalar p[ZOO_MAX];

  PetscFunctionBegin;
  (void)t;
  PetscCall(ZooGetParameters(problem, problem->p, p));
  PetscCall(Laplacian(problem, p[0], u, f));
  PetscFunctionReturn(PETSC_SUCCESS);
}

static PetscErrorCode Jacobian(CostateProblem problem, PetscReal t, Vec u, Mat A)
{
  PetscScalar p[ZOO_MAX], c;
  PetscInt    lo, hi;

  PetscFunctionBegin;
  (void)t, (void)u;
  PetscCall(ZooGetParameters(problem, problem->p, p));
  c = p[0] / (problem->h * problem->h);
  PetscCall(MatGetOwnershipRange(A, &lo, &hi));
  for (PetscInt i = lo; i < hi; i++) {
    PetscCall(MatSetValue(A, i, i, -2 * c, INSERT_VALUES));
    if (i > 0) PetscCall(MatSetValue(A, i, i - 1, c, INSERT_VALUES));
    if (i < problem->n - 1) PetscCall(MatSetValue(A, i, i + 1, c, INSERT_VALUES));
  }
  PetscFunctionReturn(PETSC_SUCCESS);
}

static PetscErrorCode JacobianP(CostateProblem problem, PetscReal t, Vec u, Mat A)
{
  Vec                f;
  PetscInt           lo, hi;
  const PetscScalar *y;

  PetscFunctionBegin;
  (void)t;
  PetscCall(DMGetGlobalVector(problem->dm, &f));
  PetscCall(Laplacian(problem, 1, u, f));
  PetscCall(VecGetOwnershipRange(f, &lo, &hi));
  PetscCall(VecGetArrayRead(f, &y));
  for (PetscInt i = lo; i < hi; i++) PetscCall(MatSetValue(A, i, 0, y[i - lo], INSERT_VALUES));
  PetscCall(VecRestoreArrayRead(f, &y));
  PetscCall(DMRestoreGlobalVector(problem->dm, &f));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/*
  The default initial state is an eigenvector for the eigenvalue -k l.  With E = e^(-2 k l s) a cost |u(s)|^2/2 has the
  gradients E u0 and -l s E |u0|^2.
*/
static PetscErrorCode Known(CostateProblem problem, const char **source, Vec du0, Vec dp, PetscBool known[2])
{
  const PetscReal T  = problem->tend - problem->t0;
  const PetscReal s2 = PetscSinReal(PETSC_PI * problem->h / 2), l = 4 / (problem->h * problem->h) * s2 * s2;
  PetscReal       p[ZOO_MAX], square, cu = 0, cp = 0;
  PetscBool       same;

  PetscFunctionBegin;
  PetscCall(Initial(problem, du0));
  PetscCall(VecEqual(du0, problem->u0, &same));
  if (!same) PetscFunctionReturn(PETSC_SUCCESS);
  PetscCall(ZooRealParameters(problem, problem->p, p));
  PetscCall(VecNorm(problem->u0, NORM_2, &square));
  square *= square;
  if (problem->kind == COSTATE_COST_INTEGRAL) {
    const PetscReal r = 2 * p[0] * l, E = PetscExpReal(-r * T);

    if (r == 0) PetscFunctionReturn(PETSC_SUCCESS);
    cu = (1 - E) / r;
    cp = (r * T * E - (1 - E)) / (2 * r * p[0]);
  }
  for (PetscInt i = 0; i < (problem->kind == COSTATE_COST_TIMES ? problem->times.n : 1); i++) {
    const PetscReal s = problem->kind == COSTATE_COST_TIMES ? problem->times.x[i] - problem->t0 : T;
    const PetscReal E = PetscExpReal(-2 * p[0] * l * s);

    if (problem->kind == COSTATE_COST_INTEGRAL) break;
    cu += E;
    cp -= l * s * E;
  }
  PetscCall(VecScale(du0, cu));
  PetscCall(VecSet(dp, cp * square));
  *source  = "exact";
  known[0] = known[1] = PETSC_TRUE;
  PetscFunctionReturn(PETSC_SUCCESS);
}

static const PetscReal p0[] = {1};

static const ZooField model = {.about     = {.n      = 20,
                                             .nmin   = 2,
                                             .np     = 1,
                                             .nu0    = ZOO_FIELD,
                                             .p      = p0,
                                             .pnames = "conductivity k",
                                             .t0     = 0,
                                             .tend   = 0.1,
                                             .dt     = 1e-3,
                                             .times  = "0.02:0.02:0.1",
                                             .type   = TSCN,
                                             .form   = ZOO_RHS,
                                             .kind   = COSTATE_COST_TERMINAL},
                               .dim       = 1,
                               .dof       = 1,
                               .stencil   = 1,
                               .cost      = {{.text = "|u|^2/2", .square = PETSC_TRUE},
                                             {.text = "|u|^2/2", .square = PETSC_TRUE},
                                             {.text = "|u|^2/2", .square = PETSC_TRUE}},
                               .initial   = Initial,
                               .rhs       = RHS,
                               .jacobian  = Jacobian,
                               .jacobianp = JacobianP,
                               .known     = Known};

PetscErrorCode CostateProblemDefine_heat(CostateProblem problem)
{
  PetscFunctionBegin;
  PetscCall(ZooFieldDefine(problem, &model));
  PetscFunctionReturn(PETSC_SUCCESS);
}
