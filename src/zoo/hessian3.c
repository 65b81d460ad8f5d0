/* SPDX-License-Identifier: BSD-2-Clause */
/* y1' = -p1 y1^2 - y3, y2' = -y2, y3' = -p2^2 y2 y3 */
#include "zooimpl.h"

static void F(PetscReal t, const PetscScalar u[], const PetscScalar p[], PetscScalar f[])
{
  (void)t;
  f[0] = -p[0] * u[0] * u[0] - u[2];
  f[1] = -u[1];
  f[2] = -p[1] * p[1] * u[1] * u[2];
}

static void FU(PetscReal t, const PetscScalar u[], const PetscScalar p[], PetscScalar J[])
{
  (void)t;
  J[0] = -2 * p[0] * u[0];
  J[2] = -1;
  J[4] = -1;
  J[7] = -p[1] * p[1] * u[2];
  J[8] = -p[1] * p[1] * u[1];
}

static void FP(PetscReal t, const PetscScalar u[], const PetscScalar p[], PetscScalar J[])
{
  (void)t;
  J[0] = -u[0] * u[0];
  J[5] = -2 * p[1] * u[1] * u[2];
}

static const PetscReal p0[] = {1, 2}, u0[] = {1, 1, 1};
static const PetscReal du0_terminal[] = {0.042164630670246335, 0.063397003191071896, -0.027493374052470874};
static const PetscReal dp_terminal[]  = {-0.037993895990262705, 0.045081364302337715};
static const PetscReal du0_integral[] = {0.40725736067362153, 0.50887894141043004, 0.035278985373485183};
static const PetscReal dp_integral[]  = {-0.12837865465635068, 0.018036760854797132};
static const PetscReal du0_times[]    = {0.47904967868665165, 0.70931806813096467, -0.15359042956157637};
static const PetscReal dp_times[]     = {-0.2437983208539055, 0.13800063646631153};

static const ZooKnown known[] = {{COSTATE_COST_TERMINAL, "computed in extended precision", du0_terminal, dp_terminal},
                                 {COSTATE_COST_INTEGRAL, "computed in extended precision", du0_integral, dp_integral},
                                 {COSTATE_COST_TIMES, "computed in extended precision", du0_times, dp_times},
                                 {.source = NULL}};

static const ZooSmall model = {.about = {.np    = 2,
                                         .nu0   = 3,
                                         .p     = p0,
                                         .u0    = u0,
                                         .t0    = 0,
                                         .tend  = 2,
                                         .dt    = 0.01,
                                         .times = "0.5:0.5:2",
                                         .type  = TSRK,
                                         .form  = ZOO_RHS,
                                         .kind  = COSTATE_COST_INTEGRAL},
                               .n     = 3,
                               .cost  = {&ZooCostSquare, &ZooCostSquare, &ZooCostSquare},
                               .f     = F,
                               .fu    = FU,
                               .fp    = FP,
                               .known = known};

PetscErrorCode CostateProblemDefine_hessian3(CostateProblem problem)
{
  PetscFunctionBegin;
  PetscCall(ZooSmallDefine(problem, &model));
  PetscFunctionReturn(PETSC_SUCCESS);
}
