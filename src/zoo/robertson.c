/* SPDX-License-Identifier: BSD-2-Clause */
/*
  Kinetics of Robertson, y1' = -k1 y1 + k3 y2 y3, y2' = k1 y1 - k3 y2 y3 - k2 y2^2, 0 = y1 + y2 + y3 - 1: -u0 gives y1
  and y2.

  The gradient with respect to u0 is M^T lambda: that of moving y1 or y2 with y3 following.
*/
#include "zooimpl.h"

static void F(PetscReal t, const PetscScalar u[], const PetscScalar p[], PetscScalar f[])
{
  (void)t;
  f[0] = -p[0] * u[0] + p[2] * u[1] * u[2];
  f[1] = p[0] * u[0] - p[2] * u[1] * u[2] - p[1] * u[1] * u[1];
  f[2] = u[0] + u[1] + u[2] - 1;
}

static void FU(PetscReal t, const PetscScalar u[], const PetscScalar p[], PetscScalar J[])
{
  (void)t;
  J[0] = -p[0];
  J[1] = p[2] * u[2];
  J[2] = p[2] * u[1];
  J[3] = p[0];
  J[4] = -p[2] * u[2] - 2 * p[1] * u[1];
  J[5] = -p[2] * u[1];
  J[6] = J[7] = J[8] = 1;
}

static void FP(PetscReal t, const PetscScalar u[], const PetscScalar p[], PetscScalar J[])
{
  (void)t, (void)p;
  J[0] = -u[0];
  J[2] = u[1] * u[2];
  J[3] = u[0];
  J[4] = -u[1] * u[1];
  J[5] = -u[1] * u[2];
}

static void Mass(const PetscScalar p[], PetscScalar M[])
{
  (void)p;
  M[0] = M[4] = 1;
}

static void Initial(const PetscReal v[], const PetscReal p[], PetscReal u[])
{
  (void)p;
  u[0] = v[0];
  u[1] = v[1];
  u[2] = 1 - v[0] - v[1];
}

static const PetscReal p0[] = {0.04, 3e7, 1e4}, u0[] = {1, 0};
static const PetscReal du0_terminal[] = {-0.37644133933165702, 3.8508659469605634e-05, 0};
static const PetscReal dp_terminal[]  = {1.8759029557076466, 4.9361994270539719e-10, -2.9607940830887518e-06};
static const PetscReal du0_integral[] = {2.1386992238528865, -0.00021871735568959563, 0};
static const PetscReal dp_integral[]  = {-4.010720988826455, -7.5500231863061997e-10, 4.5340833212081491e-06};
static const PetscReal du0_times[]    = {-2.0786499641480716, 0.00021263877067274749, 0};
static const PetscReal dp_times[]     = {5.5031896939409582, 1.142756649914505e-09, -6.8506460832687859e-06};

static const ZooKnown known[] = {{COSTATE_COST_TERMINAL, "computed in extended precision", du0_terminal, dp_terminal},
                                 {COSTATE_COST_INTEGRAL, "computed in extended precision", du0_integral, dp_integral},
                                 {COSTATE_COST_TIMES, "computed in extended precision", du0_times, dp_times},
                                 {.source = NULL}};

static const ZooSmall model = {.about   = {.np        = 3,
                                           .nu0       = 2,
                                           .p         = p0,
                                           .u0        = u0,
                                           .pnames    = "k1, k2, k3",
                                           .t0        = 0,
                                           .tend      = 4,
                                           .dt        = 1e-3,
                                           .times     = "1:1:4",
                                           .type      = TSCN,
                                           .form      = ZOO_IMPLICIT,
                                           .mass      = PETSC_TRUE,
                                           .algebraic = PETSC_TRUE,
                                           .kind      = COSTATE_COST_TERMINAL},
                               .n       = 3,
                               .cost    = {&ZooCostThird, &ZooCostSquare, &ZooCostThird},
                               .f       = F,
                               .fu      = FU,
                               .fp      = FP,
                               .mass    = Mass,
                               .initial = Initial,
                               .known   = known};

PetscErrorCode CostateProblemDefine_robertson(CostateProblem problem)
{
  PetscFunctionBegin;
  PetscCall(ZooSmallDefine(problem, &model));
  PetscFunctionReturn(PETSC_SUCCESS);
}
