/* SPDX-License-Identifier: BSD-2-Clause */
/* u1' = p1 + p2 u1, u2' = p3 u1 + p4 u2: comes to rest if p2 and p4 are negative. */
#include "zooimpl.h"

#define AT_REST 40 /* e-foldings of the slower rate after which nothing of the beginning is left */

static void F(PetscReal t, const PetscScalar u[], const PetscScalar p[], PetscScalar f[])
{
  (void)t;
  f[0] = p[0] + p[1] * u[0];
  f[1] = p[2] * u[0] + p[3] * u[1];
}

static void FU(PetscReal t, const PetscScalar u[], const PetscScalar p[], PetscScalar J[])
{
  (void)t, (void)u;
  J[0] = p[1];
  J[2] = p[2];
  J[3] = p[3];
}

static void FP(PetscReal t, const PetscScalar u[], const PetscScalar p[], PetscScalar J[])
{
  (void)t, (void)p;
  J[0] = 1;
  J[1] = J[6] = u[0];
  J[7]        = u[1];
}

/* |u - 2|^2/2 + |p|^2/2 */
static PetscReal Cost(PetscInt n, PetscReal t, const PetscReal u[], const PetscReal p[])
{
  PetscReal s = ZooCostSquareFromTwo.value(n, t, u, p);

  for (int i = 0; i < 4; i++) s += p[i] * p[i] / 2;
  return s;
}

static void CostGradient(PetscInt n, PetscReal t, const PetscReal u[], const PetscReal p[], PetscReal gu[],
                         PetscReal gp[])
{
  ZooCostSquareFromTwo.gradient(n, t, u, p, gu, gp);
  for (int i = 0; i < 4; i++) gp[i] = p[i];
}

static const ZooSmallCost cost = {"|u - 2|^2/2 + |p|^2/2", Cost, CostGradient};

/* By the implicit function theorem, where the run is long enough for it. */
static PetscBool Exact(CostateProblem problem, const PetscReal u0[], const PetscReal p[], const char **source,
                       PetscReal du0[], PetscReal dp[])
{
  const PetscReal T = problem->tend - problem->t0, u1 = -p[0] / p[1], u2 = p[2] * p[0] / (p[1] * p[3]);
  const PetscReal eta2 = (u2 - 2) / p[3], eta1 = (u1 - 2 - p[2] * eta2) / p[1];

  (void)u0;
  if (problem->kind != COSTATE_COST_TERMINAL || PetscMax(p[1], p[3]) * T > -AT_REST) return PETSC_FALSE;
  *source = "exact";
  du0[0] = du0[1] = 0;
  dp[0]           = p[0] - eta1;
  dp[1]           = p[1] - eta1 * u1;
  dp[2]           = p[2] - eta2 * u1;
  dp[3]           = p[3] - eta2 * u2;
  return PETSC_TRUE;
}

static const PetscReal p0[] = {2, -2, 1, -4}, u0[] = {0, 0};

static const ZooSmall model = {.about = {.np     = 4,
                                         .nu0    = 2,
                                         .p      = p0,
                                         .u0     = u0,
                                         .pnames = "p1, p2, p3, p4",
                                         .t0     = 0,
                                         .tend   = 25,
                                         .dt     = 0.05,
                                         .times  = "1:1:5",
                                         .type   = TSRK,
                                         .form   = ZOO_RHS,
                                         .kind   = COSTATE_COST_TERMINAL},
                               .n     = 2,
                               .cost  = {&cost, &ZooCostSquareFromTwo, &ZooCostSquareFromTwo},
                               .f     = F,
                               .fu    = FU,
                               .fp    = FP,
                               .exact = Exact};

PetscErrorCode CostateProblemDefine_rest(CostateProblem problem)
{
  PetscFunctionBegin;
  PetscCall(ZooSmallDefine(problem, &model));
  PetscFunctionReturn(PETSC_SUCCESS);
}
