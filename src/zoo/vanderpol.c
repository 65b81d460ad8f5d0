/* SPDX-License-Identifier: BSD-2-Clause */
/* The oscillator of van der Pol: y'' = mu (1 - y^2) y' - y. */
#include "zooimpl.h"

static void F(PetscReal t, const PetscScalar u[], const PetscScalar p[], PetscScalar f[])
{
  (void)t;
  f[0] = u[1];
  f[1] = p[0] * (1 - u[0] * u[0]) * u[1] - u[0];
}

static void FU(PetscReal t, const PetscScalar u[], const PetscScalar p[], PetscScalar J[])
{
  (void)t;
  J[1] = 1;
  J[2] = -2 * p[0] * u[0] * u[1] - 1;
  J[3] = p[0] * (1 - u[0] * u[0]);
}

static void FP(PetscReal t, const PetscScalar u[], const PetscScalar p[], PetscScalar J[])
{
  (void)t, (void)p;
  J[1] = (1 - u[0] * u[0]) * u[1];
}

static const PetscReal p0[] = {1}, u0[] = {2, 0.66666654321};
static const PetscReal du0_terminal[] = {0.8806873505527578, 0.241022877779816};
static const PetscReal dp_terminal[]  = {-0.032098283901967868};
static const PetscReal du0_integral[] = {0.96429638753310687, 0.19503249557220249};
static const PetscReal dp_integral[]  = {-0.029347245559623757};
static const PetscReal du0_times[]    = {4.6459426099604557, 0.88089155994541317};
static const PetscReal dp_times[]     = {-0.12969463320426846};

static const ZooKnown known[] = {{COSTATE_COST_TERMINAL, "computed in extended precision", du0_terminal, dp_terminal},
                                 {COSTATE_COST_INTEGRAL, "computed in extended precision", du0_integral, dp_integral},
                                 {COSTATE_COST_TIMES, "computed in extended precision", du0_times, dp_times},
                                 {.source = NULL}};

static const ZooSmall model = {.about = {.np     = 1,
                                         .nu0    = 2,
                                         .p      = p0,
                                         .u0     = u0,
                                         .pnames = "mu",
                                         .t0     = 0,
                                         .tend   = 0.5,
                                         .dt     = 0.01,
                                         .times  = "0.1:0.1:0.5",
                                         .type   = TSRK,
                                         .form   = ZOO_RHS,
                                         .kind   = COSTATE_COST_TERMINAL},
                               .n     = 2,
                               .cost  = {&ZooCostFirst, &ZooCostSquare, &ZooCostFirst},
                               .f     = F,
                               .fu    = FU,
                               .fp    = FP,
                               .known = known};

PetscErrorCode CostateProblemDefine_vanderpol(CostateProblem problem)
{
  PetscFunctionBegin;
  PetscCall(ZooSmallDefine(problem, &model));
  PetscFunctionReturn(PETSC_SUCCESS);
}
