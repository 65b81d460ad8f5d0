/* SPDX-License-Identifier: BSD-2-Clause */
/* A damped pendulum, theta' = omega, omega' = -w2 sin theta - c omega, that is let go at the angle theta0. */
#include "zooimpl.h"

static void F(PetscReal t, const PetscScalar u[], const PetscScalar p[], PetscScalar f[])
{
  (void)t;
  f[0] = u[1];
  f[1] = -p[1] * PetscSinScalar(u[0]) - p[0] * u[1];
}

static void FU(PetscReal t, const PetscScalar u[], const PetscScalar p[], PetscScalar J[])
{
  (void)t;
  J[1] = 1;
  J[2] = -p[1] * PetscCosScalar(u[0]);
  J[3] = -p[0];
}

static void FP(PetscReal t, const PetscScalar u[], const PetscScalar p[], PetscScalar J[])
{
  (void)t, (void)p;
  J[3] = -u[1];
  J[4] = -PetscSinScalar(u[0]);
}

static void Initial(const PetscReal v[], const PetscReal p[], PetscReal u[])
{
  (void)v;
  u[0] = p[2];
}

static void InitialP(const PetscReal v[], const PetscReal p[], PetscScalar J[])
{
  (void)v, (void)p;
  J[2] = 1;
}

/* Costs that depend on the parameters too */
static PetscReal Energy(PetscInt n, PetscReal t, const PetscReal u[], const PetscReal p[])
{
  (void)n, (void)t;
  return u[1] * u[1] / 2 + p[1] * (1 - PetscCosReal(u[0]));
}

static void EnergyGradient(PetscInt n, PetscReal t, const PetscReal u[], const PetscReal p[], PetscReal gu[],
                           PetscReal gp[])
{
  (void)n, (void)t;
  gu[0] = p[1] * PetscSinReal(u[0]);
  gu[1] = u[1];
  gp[1] = 1 - PetscCosReal(u[0]);
}

static PetscReal Dissipation(PetscInt n, PetscReal t, const PetscReal u[], const PetscReal p[])
{
  (void)n, (void)t;
  return p[0] * u[1] * u[1];
}

static void DissipationGradient(PetscInt n, PetscReal t, const PetscReal u[], const PetscReal p[], PetscReal gu[],
                                PetscReal gp[])
{
  (void)n, (void)t;
  gu[1] = 2 * p[0] * u[1];
  gp[0] = u[1] * u[1];
}

static const ZooSmallCost energy      = {"the energy omega^2/2 + w2 (1 - cos theta)", Energy, EnergyGradient};
static const ZooSmallCost dissipation = {"the power lost, c omega^2", Dissipation, DissipationGradient};

static const PetscReal p0[] = {0.1, 9.81, 1}, u0[] = {0};
static const PetscReal du0_terminal[] = {5.0618691021061695, 0.034023623560936499};
static const PetscReal dp_terminal[]  = {-13.80453174867795, 0.27655319879114309, 5.0618691021061695};
static const PetscReal du0_integral[] = {3.1929612588592952, -0.034023623560936499};
static const PetscReal dp_integral[]  = {13.80453174867795, 0.18314449534071719, 3.1929612588592952};
static const PetscReal du0_times[]    = {-0.2448506426797739, 0.12288199358398509};
static const PetscReal dp_times[]     = {0.29400492558033485, -0.24514033917765058, -0.2448506426797739};

static const ZooKnown known[] = {{COSTATE_COST_TERMINAL, "computed in extended precision", du0_terminal, dp_terminal},
                                 {COSTATE_COST_INTEGRAL, "computed in extended precision", du0_integral, dp_integral},
                                 {COSTATE_COST_TIMES, "computed in extended precision", du0_times, dp_times},
                                 {.source = NULL}};

static const ZooSmall model = {.about    = {.np     = 3,
                                            .nu0    = 0,
                                            .p      = p0,
                                            .u0     = u0,
                                            .pnames = "damping c, w2 = g/l, initial angle theta0",
                                            .t0     = 0,
                                            .tend   = 5,
                                            .dt     = 0.01,
                                            .times  = "1:1:5",
                                            .type   = TSRK,
                                            .form   = ZOO_RHS,
                                            .kind   = COSTATE_COST_TERMINAL},
                               .n        = 2,
                               .cost     = {&energy, &dissipation, &ZooCostFirst},
                               .f        = F,
                               .fu       = FU,
                               .fp       = FP,
                               .initial  = Initial,
                               .initialp = InitialP,
                               .known    = known};

PetscErrorCode CostateProblemDefine_pendulum(CostateProblem problem)
{
  PetscFunctionBegin;
  PetscCall(ZooSmallDefine(problem, &model));
  PetscFunctionReturn(PETSC_SUCCESS);
}
