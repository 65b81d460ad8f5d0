/* SPDX-License-Identifier: BSD-2-Clause */
/* a x' = 4 x: the parameter is on the left side. */
#include "zooimpl.h"

static void F(PetscReal t, const PetscScalar u[], const PetscScalar p[], PetscScalar f[])
{
  (void)t, (void)p;
  f[0] = 4 * u[0];
}

static void FU(PetscReal t, const PetscScalar u[], const PetscScalar p[], PetscScalar J[])
{
  (void)t, (void)u, (void)p;
  J[0] = 4;
}

static void FP(PetscReal t, const PetscScalar u[], const PetscScalar p[], PetscScalar J[])
{
  (void)t, (void)u, (void)p, (void)J;
}

static void Mass(const PetscScalar p[], PetscScalar M[])
{
  M[0] = p[0];
}

static void MassP(const PetscScalar p[], const PetscScalar udot[], PetscScalar J[])
{
  (void)p;
  J[0] = udot[0];
}

/* x = x0 e^(4 s/a) after s; the integral of its square is x0^2 a/8 (e^(8 T/a) - 1) */
static PetscBool Exact(CostateProblem problem, const PetscReal u[], const PetscReal p[], const char **source,
                       PetscReal du0[], PetscReal dp[])
{
  const PetscReal T = problem->tend - problem->t0, a = p[0], E = PetscExpReal(8 * T / a);
  PetscReal       s;

  *source = "exact";
  switch (problem->kind) {
  case COSTATE_COST_INTEGRAL:
    du0[0] = u[0] * a / 8 * (E - 1);
    dp[0]  = u[0] * u[0] / 2 * ((E - 1) / 8 - T / a * E);
    break;
  default:
    for (PetscInt i = 0; i < (problem->kind == COSTATE_COST_TIMES ? problem->times.n : 1); i++) {
      s = problem->kind == COSTATE_COST_TIMES ? problem->times.x[i] - problem->t0 : T;
      du0[0] += PetscExpReal(4 * s / a);
      dp[0] -= u[0] * 4 * s / (a * a) * PetscExpReal(4 * s / a);
    }
  }
  return PETSC_TRUE;
}

static const PetscReal p0[] = {3}, u0[] = {2};
static const ZooSmall  model = {
     .about = {.np     = 1,
               .nu0    = 1,
               .p      = p0,
               .u0     = u0,
               .pnames = "a",
               .t0     = 0,
               .tend   = 1,
               .dt     = 1e-3,
               .times  = "0.25:0.25:1",
               .type   = TSCN,
               .form   = ZOO_IMPLICIT,
               .mass   = PETSC_TRUE,
               .kind   = COSTATE_COST_TERMINAL},
     .n     = 1,
     .cost  = {&ZooCostFirst, &ZooCostSquare, &ZooCostFirst},
     .f     = F,
     .fu    = FU,
     .fp    = FP,
     .mass  = Mass,
     .massp = MassP,
     .exact = Exact,
};

PetscErrorCode CostateProblemDefine_ex23(CostateProblem problem)
{
  PetscFunctionBegin;
  PetscCall(ZooSmallDefine(problem, &model));
  PetscFunctionReturn(PETSC_SUCCESS);
}
