/* SPDX-License-Identifier: BSD-2-Clause */
/* The oscillator of van der Pol with the time scaled: y' = z, z' = mu ((1 - y^2) z - y). */
#include "zooimpl.h"

static void F(PetscReal t, const PetscScalar u[], const PetscScalar p[], PetscScalar f[])
{
  (void)t;
  f[0] = u[1];
  f[1] = p[0] * ((1 - u[0] * u[0]) * u[1] - u[0]);
}

static void FU(PetscReal t, const PetscScalar u[], const PetscScalar p[], PetscScalar J[])
{
  (void)t;
  J[1] = 1;
  J[2] = p[0] * (-2 * u[0] * u[1] - 1);
  J[3] = p[0] * (1 - u[0] * u[0]);
}

static void FP(PetscReal t, const PetscScalar u[], const PetscScalar p[], PetscScalar J[])
{
  (void)t, (void)p;
  J[1] = (1 - u[0] * u[0]) * u[1] - u[0];
}

static const PetscReal p0[] = {1e5}, u0[] = {2, -0.66666654321};
static const PetscReal du0_terminal[] = {2.2844209876464684, 7.6147450863505748e-06};
static const PetscReal dp_terminal[]  = {-1.2976936526387037e-10};
static const PetscReal du0_integral[] = {0.62481401708304279, -1.3953306114278924e-07};
static const PetscReal dp_integral[]  = {1.2913544401579973e-11};
static const PetscReal du0_times[]    = {6.4018466350600295, 2.1339512494199483e-05};
static const PetscReal dp_times[]     = {-2.794517564690781e-10};

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
                                         .dt     = 1e-3,
                                         .times  = "0.1:0.1:0.5",
                                         .type   = TSCN,
                                         .form   = ZOO_RHS,
                                         .kind   = COSTATE_COST_TERMINAL},
                               .n     = 2,
                               .cost  = {&ZooCostSecond, &ZooCostSquare, &ZooCostSecond},
                               .f     = F,
                               .fu    = FU,
                               .fp    = FP,
                               .known = known};

PetscErrorCode CostateProblemDefine_vdp_stiff(CostateProblem problem)
{
  PetscFunctionBegin;
  PetscCall(ZooSmallDefine(problem, &model));
  PetscFunctionReturn(PETSC_SUCCESS);
}
