/* SPDX-License-Identifier: BSD-2-Clause */
/* M u' = A u + p, with the sum of p once more in the second row. */
#include "zooimpl.h"

static const PetscReal A[] = {1, 2, 3, 4, 5, 6, 7, 8, 9};

static void F(PetscReal t, const PetscScalar u[], const PetscScalar p[], PetscScalar f[])
{
  (void)t;
  for (int i = 0; i < 3; i++) {
    f[i] = p[i];
    for (int j = 0; j < 3; j++) f[i] += A[3 * i + j] * u[j];
  }
  f[1] += p[0] + p[1] + p[2];
}

static void FU(PetscReal t, const PetscScalar u[], const PetscScalar p[], PetscScalar J[])
{
  (void)t, (void)u, (void)p;
  for (int i = 0; i < 9; i++) J[i] = A[i];
}

static void FP(PetscReal t, const PetscScalar u[], const PetscScalar p[], PetscScalar J[])
{
  (void)t, (void)u, (void)p;
  for (int i = 0; i < 3; i++) {
    J[4 * i] += 1;
    J[3 + i] += 1;
  }
}

static void Mass(const PetscScalar p[], PetscScalar M[])
{
  static const PetscReal m[] = {-1, -2, -4, -2, -3, -7, -1, -3, -41};

  (void)p;
  for (int i = 0; i < 9; i++) M[i] = m[i];
}

static const PetscReal p0[] = {1, 2, 3}, u0[] = {1, 2, 3};
static const PetscReal du0_terminal[] = {0.070712701561421116, 0.06033155781972009, 0.049950414078019064};
static const PetscReal dp_terminal[]  = {-0.030477442027925314, -0.69298929627614906, -0.32639834985185024};
static const PetscReal du0_integral[] = {1.5666369677489813, 6.0796436995465294, 3.4167575854875509};
static const PetscReal dp_integral[]  = {-2.9717157202189727, 6.2762483110363162, 3.1481896712809319};
static const PetscReal du0_times[]    = {36.224899176538427, 35.248244582710259, 34.27158998888209};
static const PetscReal dp_times[]     = {-2.3801691770620539, -48.14635581935781, -22.66966332644502};

static const ZooKnown known[] = {{COSTATE_COST_TERMINAL, "computed in extended precision", du0_terminal, dp_terminal},
                                 {COSTATE_COST_INTEGRAL, "computed in extended precision", du0_integral, dp_integral},
                                 {COSTATE_COST_TIMES, "computed in extended precision", du0_times, dp_times},
                                 {.source = NULL}};

static const ZooSmall model = {.about = {.np    = 3,
                                         .nu0   = 3,
                                         .p     = p0,
                                         .u0    = u0,
                                         .t0    = 0,
                                         .tend  = 1,
                                         .dt    = 0.01,
                                         .times = "0:0.01:1",
                                         .type  = TSCN,
                                         .form  = ZOO_IMPLICIT,
                                         .mass  = PETSC_TRUE,
                                         .kind  = COSTATE_COST_TIMES},
                               .n     = 3,
                               .cost  = {&ZooCostSum, &ZooCostSquare, &ZooCostSum},
                               .f     = F,
                               .fu    = FU,
                               .fp    = FP,
                               .mass  = Mass,
                               .known = known};

PetscErrorCode CostateProblemDefine_mass(CostateProblem problem)
{
  PetscFunctionBegin;
  PetscCall(ZooSmallDefine(problem, &model));
  PetscFunctionReturn(PETSC_SUCCESS);
}
