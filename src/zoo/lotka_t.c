/* SPDX-License-Identifier: BSD-2-Clause */
/* Predator and prey with an explicit time: u1' = p1 u1 - p2 u1 u2 t, u2' = -p3 u2 + t p4 u1 u2. */
#include "zooimpl.h"

static void F(PetscReal t, const PetscScalar u[], const PetscScalar p[], PetscScalar f[])
{
  f[0] = p[0] * u[0] - p[1] * u[0] * u[1] * t;
  f[1] = -p[2] * u[1] + p[3] * u[0] * u[1] * t;
}

static void FU(PetscReal t, const PetscScalar u[], const PetscScalar p[], PetscScalar J[])
{
  J[0] = p[0] - p[1] * u[1] * t;
  J[1] = -p[1] * u[0] * t;
  J[2] = p[3] * u[1] * t;
  J[3] = -p[2] + p[3] * u[0] * t;
}

static void FP(PetscReal t, const PetscScalar u[], const PetscScalar p[], PetscScalar J[])
{
  (void)p;
  J[0] = u[0];
  J[1] = -u[0] * u[1] * t;
  J[6] = -u[1];
  J[7] = u[0] * u[1] * t;
}

static const PetscReal p0[] = {1.5, 1, 3, 1}, u0[] = {1, 1};
static const PetscReal du0_terminal[] = {0.46629403321502509, 0.95664708483569293};
static const PetscReal dp_terminal[]  = {1.7209123339145975, 1.184771085161513, 0.92621731747217224,
                                         0.54607522450261744};
static const PetscReal du0_integral[] = {14.540072377653112, -7.4573207488151264};
static const PetscReal dp_integral[]  = {30.722382606701926, -27.05615258473041, 9.6398562071346226,
                                         -23.504494477663149};
static const PetscReal du0_times[]    = {0.21196566979224949, -17.191005070736326};
static const PetscReal dp_times[] = {13.156719526766283, -16.810514043534893, 7.7027081314143661, -25.639475859684281};

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
                                         .kind   = COSTATE_COST_TIMES},
                               .n     = 2,
                               .cost  = {&ZooCostSquareFromOne, &ZooCostSquareOfSum, &ZooCostSquareFromTwo},
                               .f     = F,
                               .fu    = FU,
                               .fp    = FP,
                               .known = known};

PetscErrorCode CostateProblemDefine_lotka_t(CostateProblem problem)
{
  PetscFunctionBegin;
  PetscCall(ZooSmallDefine(problem, &model));
  PetscFunctionReturn(PETSC_SUCCESS);
}
