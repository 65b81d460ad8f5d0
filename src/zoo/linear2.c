/* SPDX-License-Identifier: BSD-2-Clause */
/* u' = A u, the entries of A by rows the parameters. */
#include "zooimpl.h"

static void F(PetscReal t, const PetscScalar u[], const PetscScalar p[], PetscScalar f[])
{
  (void)t;
  f[0] = p[0] * u[0] + p[1] * u[1];
  f[1] = p[2] * u[0] + p[3] * u[1];
}

static void FU(PetscReal t, const PetscScalar u[], const PetscScalar p[], PetscScalar J[])
{
  (void)t, (void)u;
  for (int i = 0; i < 4; i++) J[i] = p[i];
}

static void FP(PetscReal t, const PetscScalar u[], const PetscScalar p[], PetscScalar J[])
{
  (void)t, (void)p;
  J[0] = J[6] = u[0];
  J[1] = J[7] = u[1];
}

static const PetscReal p0[] = {0.1, -1, 1, -0.1}, u0[] = {1, 0};
static const PetscReal du0_terminal[] = {-0.6676975398005155, -1.2593668134182295};
static const PetscReal dp_terminal[]  = {-2.3058125826706159, 6.3112581095318397, -6.042317530614697,
                                         -3.8370047834941266};
static const PetscReal du0_integral[] = {9.3027797004824916, -0.95546796983662821};
static const PetscReal dp_integral[] = {21.695489284980076, 2.5817512867266262, 2.1955885624565148, 20.665240525222292};
static const PetscReal du0_times[]   = {2.3247490460171516, -2.1782649791052237};
static const PetscReal dp_times[] = {7.1968434265421097, 5.5731773018906093, -3.5263527450168024, 4.0353834092901809};

static const ZooKnown known[] = {{COSTATE_COST_TERMINAL, "computed in extended precision", du0_terminal, dp_terminal},
                                 {COSTATE_COST_INTEGRAL, "computed in extended precision", du0_integral, dp_integral},
                                 {COSTATE_COST_TIMES, "computed in extended precision", du0_times, dp_times},
                                 {.source = NULL}};

static const ZooSmall model = {.about = {.np     = 4,
                                         .nu0    = 2,
                                         .p      = p0,
                                         .u0     = u0,
                                         .pnames = "a11, a12, a21, a22",
                                         .t0     = 0.3,
                                         .tend   = 9.5,
                                         .dt     = 0.01,
                                         .times  = "1:1:9",
                                         .type   = TSRK,
                                         .form   = ZOO_RHS,
                                         .kind   = COSTATE_COST_TERMINAL},
                               .n     = 2,
                               .cost  = {&ZooCostSum, &ZooCostSquare, &ZooCostSum},
                               .f     = F,
                               .fu    = FU,
                               .fp    = FP,
                               .known = known};

PetscErrorCode CostateProblemDefine_linear2(CostateProblem problem)
{
  PetscFunctionBegin;
  PetscCall(ZooSmallDefine(problem, &model));
  PetscFunctionReturn(PETSC_SUCCESS);
}
