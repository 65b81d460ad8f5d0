/* SPDX-License-Identifier: BSD-2-Clause */
/*
  u' = x with the algebraic equation 0 = x - p u (linear) or 0 = x - p u^2 (quadratic); -u0 gives u, x follows.

  The gradient with respect to u0 is M^T lambda: that of moving u with x following.
*/
#include "zooimpl.h"

static void LinearF(PetscReal t, const PetscScalar u[], const PetscScalar p[], PetscScalar f[])
{
  (void)t;
  f[0] = u[1];
  f[1] = u[1] - p[0] * u[0];
}

static void LinearFU(PetscReal t, const PetscScalar u[], const PetscScalar p[], PetscScalar J[])
{
  (void)t, (void)u;
  J[1] = 1;
  J[2] = -p[0];
  J[3] = 1;
}

static void LinearFP(PetscReal t, const PetscScalar u[], const PetscScalar p[], PetscScalar J[])
{
  (void)t, (void)p;
  J[1] = -u[0];
}

static void QuadraticF(PetscReal t, const PetscScalar u[], const PetscScalar p[], PetscScalar f[])
{
  (void)t;
  f[0] = u[1];
  f[1] = u[1] - p[0] * u[0] * u[0];
}

static void QuadraticFU(PetscReal t, const PetscScalar u[], const PetscScalar p[], PetscScalar J[])
{
  (void)t;
  J[1] = 1;
  J[2] = -2 * p[0] * u[0];
  J[3] = 1;
}

static void QuadraticFP(PetscReal t, const PetscScalar u[], const PetscScalar p[], PetscScalar J[])
{
  (void)t, (void)p;
  J[1] = -u[0] * u[0];
}

static void Mass(const PetscScalar p[], PetscScalar M[])
{
  (void)p;
  M[0] = 1;
}

static void LinearInitial(const PetscReal v[], const PetscReal p[], PetscReal u[])
{
  u[0] = v[0];
  u[1] = p[0] * v[0];
}

static void LinearInitialP(const PetscReal v[], const PetscReal p[], PetscScalar J[])
{
  (void)p;
  J[1] = v[0];
}

static void QuadraticInitial(const PetscReal v[], const PetscReal p[], PetscReal u[])
{
  u[0] = v[0];
  u[1] = p[0] * v[0] * v[0];
}

static void QuadraticInitialP(const PetscReal v[], const PetscReal p[], PetscScalar J[])
{
  (void)p;
  J[1] = v[0] * v[0];
}

/* Time i of the cost, from t0; PETSC_FALSE: there are no more */
static PetscBool CostTime(CostateProblem problem, PetscInt i, PetscReal *s)
{
  if (problem->kind == COSTATE_COST_TIMES && i < problem->times.n)
    *s = problem->times.x[i] - problem->t0;
  else if (problem->kind == COSTATE_COST_TERMINAL && i == 0)
    *s = problem->tend - problem->t0;
  else
    return PETSC_FALSE;
  return PETSC_TRUE;
}

/* u = v e^(p s), so that u + x = (1 + p) v e^(p s) */
static PetscBool LinearExact(CostateProblem problem, const PetscReal u[], const PetscReal p[], const char **source,
                             PetscReal du0[], PetscReal dp[])
{
  PetscReal s;

  *source = "exact";
  for (PetscInt i = 0; CostTime(problem, i, &s); i++) {
    du0[0] += (1 + p[0]) * PetscExpReal(p[0] * s);
    dp[0] += (1 + (1 + p[0]) * s) * u[0] * PetscExpReal(p[0] * s);
  }
  return (PetscBool)(problem->kind != COSTATE_COST_INTEGRAL);
}

/* u = v / (1 - p v s), so that du/dv = (u / v)^2 and du/dp = s u^2 */
static PetscBool QuadraticExact(CostateProblem problem, const PetscReal v[], const PetscReal p[], const char **source,
                                PetscReal du0[], PetscReal dp[])
{
  PetscReal s;

  *source = "exact";
  for (PetscInt i = 0; CostTime(problem, i, &s); i++) {
    const PetscReal u = v[0] / (1 - p[0] * v[0] * s);

    du0[0] += (1 + 2 * p[0] * u) * (u / v[0]) * (u / v[0]);
    dp[0] += u * u + (1 + 2 * p[0] * u) * s * u * u;
  }
  return (PetscBool)(problem->kind != COSTATE_COST_INTEGRAL);
}

static const char *const variants[] = {"linear", "quadratic", NULL};
static const PetscReal   p0[] = {0.5}, linear_u0[] = {2.2}, quadratic_u0[] = {1};

#define ABOUT(U0, TEND, TIMES)                                                                                         \
  {                                                                                                                    \
    .variants = variants, .np = 1, .nu0 = 1, .p = p0, .u0 = U0, .t0 = 0, .tend = TEND, .dt = 0.01, .times = TIMES,     \
    .type = TSCN, .form = ZOO_IMPLICIT, .mass = PETSC_TRUE, .algebraic = PETSC_TRUE, .kind = COSTATE_COST_TIMES        \
  }

static const ZooSmall models[] = {{.about    = ABOUT(linear_u0, 1.5, "0.01,0.25,0.5,1,1.5"),
                                   .n        = 2,
                                   .cost     = {&ZooCostSum, &ZooCostSquare, &ZooCostSum},
                                   .f        = LinearF,
                                   .fu       = LinearFU,
                                   .fp       = LinearFP,
                                   .mass     = Mass,
                                   .initial  = LinearInitial,
                                   .initialp = LinearInitialP,
                                   .exact    = LinearExact},
                                  {.about    = ABOUT(quadratic_u0, 1, "0.5,1"),
                                   .n        = 2,
                                   .cost     = {&ZooCostSum, &ZooCostSquare, &ZooCostSum},
                                   .f        = QuadraticF,
                                   .fu       = QuadraticFU,
                                   .fp       = QuadraticFP,
                                   .mass     = Mass,
                                   .initial  = QuadraticInitial,
                                   .initialp = QuadraticInitialP,
                                   .exact    = QuadraticExact}};

PetscErrorCode CostateProblemDefine_dae1(CostateProblem problem)
{
  PetscFunctionBegin;
  PetscCall(ZooSmallDefine(problem, &models[problem->variant]));
  PetscFunctionReturn(PETSC_SUCCESS);
}
