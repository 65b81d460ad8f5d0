/* SPDX-License-Identifier: BSD-2-Clause */
/* Predator and prey: u1' = p1 u1 - p2 u1 u2, u2' = -p3 u2 + p4 u1 u2. */
#include "zooimpl.h"

static void F(PetscReal t, const PetscScalar u[], const PetscScalar p[], PetscScalar f[])
{
  (void)t;
  f[0] = p[0] * u[0] - p[1] * u[0] * u[1];
  f[1] = -p[2] * u[1] + p[3] * u[0] * u[1];
}

static void FU(PetscReal t, const PetscScalar u[], const PetscScalar p[], PetscScalar J[])
{
  (void)t;
  J[0] = p[0] - p[1] * u[1];
  J[1] = -p[1] * u[0];
  J[2] = p[3] * u[1];
  J[3] = -p[2] + p[3] * u[0];
}

static void FP(PetscReal t, const PetscScalar u[], const PetscScalar p[], PetscScalar J[])
{
  (void)t, (void)p;
  J[0] = u[0];
  J[1] = -u[0] * u[1];
  J[6] = -u[1];
  J[7] = u[0] * u[1];
}

static const PetscReal p0[] = {1.5, 1, 3, 1}, u0[] = {1, 1};
static const PetscReal du0_terminal[] = {0.29959950830368229, -0.014151816344853505};
static const PetscReal dp_terminal[]  = {0.62196158555128057, 0.068001404150874336, 0.1691764639958928,
                                         0.27256069395000749};
static const PetscReal du0_integral[] = {-57.500345009607418, -14.312144951371458};
static const PetscReal dp_integral[]  = {21.051470332990628, -101.40824360693737, 63.192881852293425,
                                         -231.60862058603205};
static const PetscReal du0_times[]    = {-80.281665954810585, -21.31623555086018};
static const PetscReal dp_times[] = {25.418101393634499, -45.176046723012492, 78.951661125539209, -218.50607202499183};

static const ZooKnown known[] = {{COSTATE_COST_TERMINAL, "computed in extended precision", du0_terminal, dp_terminal},
                                 {COSTATE_COST_INTEGRAL, "computed in extended precision", du0_integral, dp_integral},
                                 {COSTATE_COST_TIMES, "computed in extended precision", du0_times, dp_times},
                                 {.source = NULL}};

static const ZooSmall model = {.about = {.np     = 4,
                                         .nu0    = 2,
                                         .p      = p0,
                                         .u0     = u0,
                                         .pnames = "growth, loss, death, gain",
                                         .t0     = 0,
                                         .tend   = 10,
                                         .dt     = 0.01,
                                         .times  = "0:0.5:10",
                                         .type   = TSRK,
                                         .form   = ZOO_RHS,
                                         .kind   = COSTATE_COST_TERMINAL},
                               .n     = 2,
                               .cost  = {&ZooCostSquareFromOne, &ZooCostSquareOfSum, &ZooCostSquareFromTwo},
                               .f     = F,
                               .fu    = FU,
                               .fp    = FP,
                               .known = known};

PetscErrorCode CostateProblemDefine_lotka(CostateProblem problem)
{
  PetscFunctionBegin;
  PetscCall(ZooSmallDefine(problem, &model));
  PetscFunctionReturn(PETSC_SUCCESS);
}
