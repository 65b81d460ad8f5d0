/* SPDX-License-Identifier: BSD-2-Clause */
/* u' = (w S - d I) u with a tridiagonal skew S, (S u)_i = u_(i+1) - u_(i-1): waves along a damped chain. */
#include "zooimpl.h"

static PetscErrorCode Initial(CostateProblem problem, Vec u)
{
  PetscInt     lo, hi;
  PetscScalar *x;

  PetscFunctionBegin;
  PetscCall(VecGetOwnershipRange(u, &lo, &hi));
  PetscCall(VecGetArray(u, &x));
  for (PetscInt i = lo; i < hi; i++) {
    const PetscReal z = ((PetscReal)(i + 1) * problem->h - 0.3) / 0.1;

    x[i - lo] = PetscExpReal(-z * z);
  }
  PetscCall(VecRestoreArray(u, &x));
  PetscFunctionReturn(PETSC_SUCCESS);
}

static PetscErrorCode Skew(CostateProblem problem, Vec u, Vec f)
{
  Vec                local;
  PetscInt           lo, n, N = problem->n;
  const PetscScalar *x;
  PetscScalar       *y;

  PetscFunctionBegin;
  PetscCall(ZooGhosts(problem, u, &local));
  PetscCall(DMDAGetCorners(problem->dm, &lo, NULL, NULL, &n, NULL, NULL));
  PetscCall(DMDAVecGetArrayRead(problem->dm, local, (void *)&x));
  PetscCall(DMDAVecGetArray(problem->dm, f, (void *)&y));
  for (PetscInt i = lo; i < lo + n; i++) y[i] = (i < N - 1 ? x[i + 1] : 0) - (i > 0 ? x[i - 1] : 0);
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
  PetscCall(Skew(problem, u, f));
  PetscCall(VecAXPBY(f, -p[0], p[1], u));
  PetscFunctionReturn(PETSC_SUCCESS);
}

static PetscErrorCode Jacobian(CostateProblem problem, PetscReal t, Vec u, Mat A)
{
  PetscScalar p[ZOO_MAX];
  PetscInt    lo, hi;

  PetscFunctionBegin;
  (void)t, (void)u;
  PetscCall(ZooGetParameters(problem, problem->p, p));
  PetscCall(MatGetOwnershipRange(A, &lo, &hi));
  for (PetscInt i = lo; i < hi; i++) {
    PetscCall(MatSetValue(A, i, i, -p[0], INSERT_VALUES));
    if (i > 0) PetscCall(MatSetValue(A, i, i - 1, -p[1], INSERT_VALUES));
    if (i < problem->n - 1) PetscCall(MatSetValue(A, i, i + 1, p[1], INSERT_VALUES));
  }
  PetscFunctionReturn(PETSC_SUCCESS);
}

static PetscErrorCode JacobianP(CostateProblem problem, PetscReal t, Vec u, Mat A)
{
  Vec                f;
  PetscInt           lo, hi;
  const PetscScalar *x, *y;

  PetscFunctionBegin;
  (void)t;
  PetscCall(DMGetGlobalVector(problem->dm, &f));
  PetscCall(Skew(problem, u, f));
  PetscCall(VecGetOwnershipRange(f, &lo, &hi));
  PetscCall(VecGetArrayRead(u, &x));
  PetscCall(VecGetArrayRead(f, &y));
  for (PetscInt i = lo; i < hi; i++) {
    PetscCall(MatSetValue(A, i, 0, -x[i - lo], INSERT_VALUES));
    PetscCall(MatSetValue(A, i, 1, y[i - lo], INSERT_VALUES));
  }
  PetscCall(VecRestoreArrayRead(f, &y));
  PetscCall(VecRestoreArrayRead(u, &x));
  PetscCall(DMRestoreGlobalVector(problem->dm, &f));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* u <- e^(a S) u, by Taylor's series in pieces with |a S| <= 1 */
static PetscErrorCode Exponential(CostateProblem problem, PetscReal a, Vec u)
{
  const PetscInt pieces = 1 + (PetscInt)PetscFloorReal(2 * PetscAbsReal(a));
  Vec            term, next, swap;

  PetscFunctionBegin;
  PetscCall(VecDuplicate(u, &term));
  PetscCall(VecDuplicate(u, &next));
  for (PetscInt i = 0; i < pieces; i++) {
    PetscCall(VecCopy(u, term));
    for (int k = 1; k <= 20; k++) {
      PetscCall(Skew(problem, term, next));
      PetscCall(VecScale(next, a / (PetscReal)pieces / k));
      PetscCall(VecAXPY(u, 1, next));
      swap = term;
      term = next;
      next = swap;
    }
  }
  PetscCall(VecDestroy(&term));
  PetscCall(VecDestroy(&next));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/*
  A cost |u - 1|^2/2 at time s.  S commutes with the matrix of the system, so that with c = u - 1 the gradients are
  e^(-d s) e^(-w s S) c for the initial state, -s c.u for d and s c.S u for w.
*/
static PetscErrorCode KnownAt(CostateProblem problem, PetscReal s, const PetscReal p[], Vec du0, PetscReal g[2])
{
  Vec         u, su, c;
  PetscScalar cu, csu;

  PetscFunctionBegin;
  PetscCall(VecDuplicate(problem->u0, &u));
  PetscCall(VecDuplicate(problem->u0, &su));
  PetscCall(VecDuplicate(problem->u0, &c));
  PetscCall(VecCopy(problem->u0, u));
  PetscCall(Exponential(problem, p[1] * s, u));
  PetscCall(VecScale(u, PetscExpReal(-p[0] * s)));
  PetscCall(Skew(problem, u, su));
  PetscCall(VecCopy(u, c));
  PetscCall(VecShift(c, -1));
  PetscCall(VecTDot(u, c, &cu));
  PetscCall(VecTDot(su, c, &csu));
  g[0] -= s * PetscRealPart(cu);
  g[1] += s * PetscRealPart(csu);
  PetscCall(Exponential(problem, -p[1] * s, c));
  PetscCall(VecAXPY(du0, PetscExpReal(-p[0] * s), c));
  PetscCall(VecDestroy(&u));
  PetscCall(VecDestroy(&su));
  PetscCall(VecDestroy(&c));
  PetscFunctionReturn(PETSC_SUCCESS);
}

static PetscErrorCode Known(CostateProblem problem, const char **source, Vec du0, Vec dp, PetscBool known[2])
{
  PetscReal p[ZOO_MAX], g[2] = {0, 0};
  PetscInt  lo, hi;

  PetscFunctionBegin;
  if (problem->kind == COSTATE_COST_INTEGRAL) PetscFunctionReturn(PETSC_SUCCESS);
  PetscCall(ZooRealParameters(problem, problem->p, p));
  if (problem->kind == COSTATE_COST_TERMINAL) PetscCall(KnownAt(problem, problem->tend - problem->t0, p, du0, g));
  for (PetscInt i = 0; problem->kind == COSTATE_COST_TIMES && i < problem->times.n; i++)
    PetscCall(KnownAt(problem, problem->times.x[i] - problem->t0, p, du0, g));
  PetscCall(VecGetOwnershipRange(dp, &lo, &hi));
  for (PetscInt i = lo; i < hi; i++) PetscCall(VecSetValue(dp, i, g[i], INSERT_VALUES));
  PetscCall(VecAssemblyBegin(dp));
  PetscCall(VecAssemblyEnd(dp));
  *source  = "exact, by the series of the exponential";
  known[0] = known[1] = PETSC_TRUE;
  PetscFunctionReturn(PETSC_SUCCESS);
}

static const PetscReal p0[] = {0.1, 1};

static const ZooField model = {.about     = {.n      = 100,
                                             .nmin   = 2,
                                             .np     = 2,
                                             .nu0    = ZOO_FIELD,
                                             .p      = p0,
                                             .pnames = "damping d, speed w",
                                             .t0     = 0,
                                             .tend   = 10,
                                             .dt     = 0.1,
                                             .times  = "2:2:10",
                                             .type   = TSRK,
                                             .form   = ZOO_RHS,
                                             .kind   = COSTATE_COST_TERMINAL},
                               .dim       = 1,
                               .dof       = 1,
                               .stencil   = 1,
                               .cost      = {{.text = "|u - 1|^2/2", .square = PETSC_TRUE, .target = 1},
                                             {.text = "|u - 1|^2/2", .square = PETSC_TRUE, .target = 1},
                                             {.text = "|u - 1|^2/2", .square = PETSC_TRUE, .target = 1}},
                               .initial   = Initial,
                               .rhs       = RHS,
                               .jacobian  = Jacobian,
                               .jacobianp = JacobianP,
                               .known     = Known};

PetscErrorCode CostateProblemDefine_linear(CostateProblem problem)
{
  PetscFunctionBegin;
  PetscCall(ZooFieldDefine(problem, &model));
  PetscFunctionReturn(PETSC_SUCCESS);
}
