/* SPDX-License-Identifier: BSD-2-Clause */
/* Lorenz (1963): x' = sigma (y - x), y' = x (rho - z) - y, z' = x y - beta z. */
#include "zooimpl.h"

static void F(PetscReal t, const PetscScalar u[], const PetscScalar p[], PetscScalar f[])
{
  (void)t;
  f[0] = p[0] * (u[1] - u[0]);
  f[1] = u[0] * (p[1] - u[2]) - u[1];
  f[2] = u[0] * u[1] - p[2] * u[2];
}

static void FU(PetscReal t, const PetscScalar u[], const PetscScalar p[], PetscScalar J[])
{
  (void)t;
  J[0] = -p[0];
  J[1] = p[0];
  J[3] = p[1] - u[2];
  J[4] = -1;
  J[5] = -u[0];
  J[6] = u[1];
  J[7] = u[0];
  J[8] = -p[2];
}

static void FP(PetscReal t, const PetscScalar u[], const PetscScalar p[], PetscScalar J[])
{
  (void)t, (void)p;
  J[0] = u[1] - u[0];
  J[4] = u[0];
  J[8] = -u[2];
}

static const PetscReal p0[] = {10, 28, 8.0 / 3}, u0[] = {1, 1, 1};
static const PetscReal du0_terminal[] = {26.034934105397981, 21.497745082307269, -20.99139959931271};
static const PetscReal dp_terminal[]  = {0.53726274863355558, 68.015812502797853, 80.156618766713257};
static const PetscReal du0_integral[] = {1.1195532099318869, 0.89984450682852012, -0.1348469232828855};
static const PetscReal dp_integral[]  = {0.30020945091634925, 2.0099464200785106, -3.3337171350164249};
static const PetscReal du0_times[]    = {-5.3447456451253481, -4.2707356796140416, 0.52899487967130041};
static const PetscReal dp_times[]     = {-1.8110618087809294, -1.7920546532748032, -11.652349277315856};

static const ZooKnown known[] = {{COSTATE_COST_TERMINAL, "computed in extended precision", du0_terminal, dp_terminal},
                                 {COSTATE_COST_INTEGRAL, "computed in extended precision", du0_integral, dp_integral},
                                 {COSTATE_COST_TIMES, "computed in extended precision", du0_times, dp_times},
                                 {.source = NULL}};

static const ZooSmall model = {.about = {.np     = 3,
                                         .nu0    = 3,
                                         .p      = p0,
                                         .u0     = u0,
                                         .pnames = "sigma, rho, beta",
                                         .t0     = 0,
                                         .tend   = 2,
                                         .dt     = 0.01,
                                         .times  = "0.5:0.5:2",
                                         .type   = TSRK,
                                         .form   = ZOO_RHS,
                                         .kind   = COSTATE_COST_TERMINAL},
                               .n     = 3,
                               .cost  = {&ZooCostSquare, &ZooCostThird, &ZooCostFirst},
                               .f     = F,
                               .fu    = FU,
                               .fp    = FP,
                               .known = known};

PetscErrorCode CostateProblemDefine_lorenz63(CostateProblem problem)
{
  PetscFunctionBegin;
  PetscCall(ZooSmallDefine(problem, &model));
  PetscFunctionReturn(PETSC_SUCCESS);
}
