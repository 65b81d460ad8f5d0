/* SPDX-License-Identifier: BSD-2-Clause */
/* ranks: 1 2 */
/*
  Products with Hessians of runs: the known one of problem hessian3, symmetric and with a Taylor remainder of third
  order for every kind of cost, integrator and method; whatever the last solve left is there afterwards, bit for bit.
*/
#include "hessian.h"

#define FIXED " -ts_adapt_type none "

static const TestCost cost = {1, .5, .1};

/* ---- problem 3: y1' = -p1 y1^2 - y3, y2' = -y2, y3' = -p2^2 y2 y3 ---- */

#define KNOWN_TESTS 1
static PetscErrorCode Known(const char options[])
{
  const PetscReal exact[2][2] = {{.1562804308, -.0786778066}, {-.0786778066, .0898143436}};
  CostateProblem  pr;
  Costate         cs;
  Vec             p, v, h, want;
  PetscReal       e, worst = 0;

  PetscFunctionBeginUser;
  PetscCall(ZooOptions(options));
  PetscCall(ZooCreate("hessian3", COSTATEDISCRETE, &pr, &cs));
  PetscCall(CostateSolve(cs));
  PetscCall(CostateGetParameters(cs, &p));
  PetscCall(VecDuplicate(p, &v));
  PetscCall(VecDuplicate(p, &h));
  PetscCall(VecDuplicate(p, &want));
  for (PetscInt k = 0; k < 2; k++) {
    PetscInt lo, hi;

    PetscCall(VecZeroEntries(v));
    PetscCall(VecGetOwnershipRange(v, &lo, &hi));
    for (PetscInt i = lo; i < hi; i++) {
      PetscCall(VecSetValue(v, i, i == k, INSERT_VALUES));
      PetscCall(VecSetValue(want, i, exact[k][i], INSERT_VALUES));
    }
    PetscCall(VecAssemblyBegin(v));
    PetscCall(VecAssemblyEnd(v));
    PetscCall(VecAssemblyBegin(want));
    PetscCall(VecAssemblyEnd(want));
    PetscCall(CostateHessianMult(cs, 0, NULL, v, NULL, h));
    PetscCall(ZooDifference(h, want, &e));
    worst = PetscMax(worst, e);
  }
  T_OK(worst <= 1e-9, "hessian3%s: the known Hessian: %.1e", options, (double)worst);
  PetscCall(VecDestroy(&v));
  PetscCall(VecDestroy(&h));
  PetscCall(VecDestroy(&want));
  PetscCall(CostateDestroy(&cs));
  PetscCall(CostateProblemDestroy(&pr));
  PetscFunctionReturn(0);
}

/* ---- symmetric, and right ---- */

typedef enum { TERMINAL = 1, POINTS = 2, INTEGRAL = 4 } Kinds;

static PetscErrorCode Create(const char problem[], const char method[], int kinds, const char options[],
                             CostateProblem *pr, Costate *cs, Vec *u0, Vec *p)
{
  PetscReal times[2] = {0, 0}, T;
  TS        ts;

  PetscFunctionBeginUser;
  PetscCall(ZooOptions(options));
  PetscCall(TestCreate(problem, method, pr, cs));
  PetscCall(CostateProblemGetTS(*pr, &ts));
  PetscCall(TSGetMaxTime(ts, &T));
  times[1] = .7 * T;
  if (kinds & TERMINAL) PetscCall(CostateSetTerminalCost(*cs, 0, TEST_COST(&cost)));
  if (kinds & POINTS) PetscCall(CostateSetPointCost(*cs, 0, 2, times, TEST_COST(&cost)));
  if (kinds & INTEGRAL) PetscCall(CostateSetIntegralCost(*cs, 0, TEST_COST(&cost)));
  PetscCall(CostateSetTerminalCost(*cs, 1, TEST_COST(&cost)));
  PetscCall(CostateGetInitialState(*cs, u0));
  PetscCall(CostateGetParameters(*cs, p));
  PetscFunctionReturn(0);
}

#define TANGENT                                                                                                        \
  " -costate_hessian tangent -snes_rtol 1e-12 -snes_stol 0 -costate_adjoint_ksp_rtol 1e-13 -ksp_rtol 1e-10"

static const struct {
  const char *problem, *options;
  int         kinds;
} proved[] = {
    {"lotka", FIXED "-tend 2 -dt .05 -ts_rk_type 4", TERMINAL | POINTS | INTEGRAL},
    {"lotka", FIXED "-tend 2 -dt .05 -ts_rk_type 5dp -costate_hessian gradients", TERMINAL | POINTS},
    {"lotka", FIXED "-tend 2 -dt .05 -ts_rk_type 4 -ts_trajectory_costate_ram 3", INTEGRAL},
    {"lotka", FIXED "-tend 2 -dt .06 -ts_rk_type 5dp -costate_hessian tangent -ts_trajectory_costate_ram 5",
     TERMINAL | POINTS | INTEGRAL},
    {"lotka", FIXED "-tend 2 -dt .05 -ts_type cn -snes_rtol 1e-14 -snes_stol 0 -pc_type lu -ksp_type preonly",
     TERMINAL | INTEGRAL},
    {"lotka", FIXED "-tend 2 -dt .06 -ts_type cn -ts_trajectory_costate_ram 5" TANGENT, TERMINAL | POINTS | INTEGRAL},
    {"lotka", FIXED "-tend 2 -dt .06 -ts_type beuler" TANGENT, TERMINAL | POINTS},
    {"lotka", FIXED "-tend 2 -dt .06 -ts_type theta -ts_theta_theta .6" TANGENT, TERMINAL | INTEGRAL},
    {"ex23", FIXED "-tend .5 -dt .05 -ts_type cn" TANGENT, TERMINAL},
    {"ex23", FIXED "-tend .5 -dt .05 -ts_type beuler" TANGENT, TERMINAL},
    {"dae1", FIXED "-tend .5 -dt .05 -ts_type beuler -variant quadratic" TANGENT, TERMINAL | POINTS},
    {"brusselator", FIXED "-n 3 -dt .01 -tend .1 -ts_type cn" TANGENT, TERMINAL},
    {"brusselator", FIXED "-n 3 -dt .01 -tend .1 -ts_type rk", TERMINAL},
};
#define NPROVED (int)(sizeof(proved) / sizeof(proved[0]))

#define PROVED_TESTS 2
static PetscErrorCode Proved(int i)
{
  CostateProblem pr;
  Costate        cs;
  Vec            u0, p;
  PetscReal      e, order;

  PetscFunctionBeginUser;
  PetscCall(Create(proved[i].problem, COSTATEDISCRETE, proved[i].kinds, proved[i].options, &pr, &cs, &u0, &p));
  PetscCall(CostateSolve(cs));
  PetscCall(HessianAsymmetry(cs, 0, u0, p, &e));
  T_OK(e <= 1e-10, "%s%s: symmetric: %.1e", proved[i].problem, proved[i].options, (double)e);
  PetscCall(HessianOrder(cs, 0, u0, p, &order));
  T_OK(order >= 2.99, "%s%s: order %.3f", proved[i].problem, proved[i].options, (double)order);
  PetscCall(CostateDestroy(&cs));
  PetscCall(CostateProblemDestroy(&pr));
  PetscFunctionReturn(0);
}

/* Steps are those of the last run, of which the first was too long: to adapt anew would be to difference another cost.
 */
#define ADAPTIVE       " -tend 3 -ts_adapt_type basic -ts_rtol 1e-5 -ts_atol 1e-5 "
#define ADAPTIVE_TESTS 3
static PetscErrorCode Adaptive(const char options[])
{
  CostateProblem    pr;
  Costate           cs;
  CostateStatistics stats;
  Vec               u0, p;
  Vec               vu, v, hu[2], h[2];
  PetscReal         e, f;

  PetscFunctionBeginUser;
  PetscCall(Create("lotka", COSTATEDISCRETE, TERMINAL | INTEGRAL, options, &pr, &cs, &u0, &p));
  PetscCall(CostateSolve(cs));
  PetscCall(CostateGetStatistics(cs, &stats));
  T_OK(stats.rejections > 0, "adaptive%s: there were rejections: %d", options, (int)stats.rejections);
  PetscCall(HessianAsymmetry(cs, 0, u0, p, &e));
  T_OK(e <= 1e-10, "adaptive%s: symmetric: %.1e", options, (double)e);
  PetscCall(HessianDirection(u0, &vu));
  PetscCall(HessianDirection(p, &v));
  for (int i = 0; i < 2; i++) {
    PetscCall(VecDuplicate(u0, &hu[i]));
    PetscCall(VecDuplicate(p, &h[i]));
    PetscCall(CostateSetHessian(cs, i ? COSTATE_HESSIAN_TANGENT : COSTATE_HESSIAN_GRADIENTS));
    PetscCall(CostateHessianMult(cs, 0, vu, v, hu[i], h[i]));
  }
  PetscCall(ZooDifference(hu[1], hu[0], &e));
  PetscCall(ZooDifference(h[1], h[0], &f));
  T_OK(e <= 1e-9 && f <= 1e-9, "adaptive%s: by a tangent it is that of differences of gradients: %.1e %.1e", options,
       (double)e, (double)f);
  for (int i = 0; i < 2; i++) {
    PetscCall(VecDestroy(&hu[i]));
    PetscCall(VecDestroy(&h[i]));
  }
  PetscCall(VecDestroy(&vu));
  PetscCall(VecDestroy(&v));
  PetscCall(CostateDestroy(&cs));
  PetscCall(CostateProblemDestroy(&pr));
  PetscFunctionReturn(0);
}

/* Every method, as right as its gradients are. */
static PetscErrorCode Methods(PetscInt *n)
{
  const char *method, *text;
  Vec         reference = NULL;

  PetscFunctionBeginUser;
  for (*n = 0;; (*n)++) {
    CostateProblem pr;
    Costate        cs;
    Vec            u0, p, v, h;
    PetscReal      e = 0;
    PetscInt       lo, hi;

    PetscCall(ZooListGet(*n, &method, &text));
    if (!method) break;
    PetscCall(Create("lotka", method, TERMINAL,
                     " -tend 2 -ts_rk_type 5dp -ts_rtol 1e-10 -ts_atol 1e-10 -ts_adapt_type basic "
                     "-costate_adjoint_ts_rtol 1e-10 -costate_adjoint_ts_atol 1e-10 -costate_backsolve_drift_fail 1",
                     &pr, &cs, &u0, &p));
    PetscCall(CostateSolve(cs));
    PetscCall(VecDuplicate(p, &v));
    PetscCall(VecDuplicate(p, &h));
    PetscCall(VecGetOwnershipRange(v, &lo, &hi));
    for (PetscInt i = lo; i < hi; i++) PetscCall(VecSetValue(v, i, 1 - .3 * i, INSERT_VALUES));
    PetscCall(VecAssemblyBegin(v));
    PetscCall(VecAssemblyEnd(v));
    PetscCall(CostateHessianMult(cs, 0, NULL, v, NULL, h));
    if (!reference)
      PetscCall(ZooCopy(h, &reference));
    else
      PetscCall(ZooDifference(h, reference, &e));
    T_OK(e <= 1e-4, "%s: the product with the Hessian is that of the others: %.1e", method, (double)e);
    PetscCall(VecDestroy(&v));
    PetscCall(VecDestroy(&h));
    PetscCall(CostateDestroy(&cs));
    PetscCall(CostateProblemDestroy(&pr));
  }
  PetscCall(VecDestroy(&reference));
  PetscFunctionReturn(0);
}

/* ---- what is left ---- */

static PetscInt tells;
static Vec      told;

static PetscErrorCode Told(Costate cs, Vec p, void *ctx)
{
  PetscFunctionBeginUser;
  (void)cs, (void)ctx;
  tells++;
  PetscCall(VecCopy(p, told));
  PetscFunctionReturn(0);
}

#define LEFT_TESTS 6
static PetscErrorCode Left(void)
{
  CostateProblem    pr;
  Costate           cs;
  CostateStatistics stats[2];
  TSAdapt           adapt;
  TSAdaptType       type;
  TS                ts;
  Vec               u0, p, gu, gp, was[4], v, h;
  PetscReal         G[2][2];
  PetscBool         same[4], equal, heard;

  PetscFunctionBeginUser;
  PetscCall(Create("lotka", COSTATEDISCRETE, TERMINAL | INTEGRAL,
                   "-tend 2 -ts_adapt_type basic -costate_hessian gradients", &pr, &cs, &u0, &p));
  PetscCall(CostateGetTS(cs, &ts));
  PetscCall(VecDuplicate(p, &told));
  PetscCall(CostateSetParametersChanged(cs, Told, NULL));
  PetscCall(CostateSolve(cs));
  PetscCall(CostateGetGradient(cs, 1, &gu, &gp));
  PetscCall(ZooCopy(u0, &was[0]));
  PetscCall(ZooCopy(p, &was[1]));
  PetscCall(ZooCopy(gu, &was[2]));
  PetscCall(ZooCopy(gp, &was[3]));
  for (int j = 0; j < 2; j++) PetscCall(CostateGetCost(cs, j, &G[0][j]));
  PetscCall(CostateGetStatistics(cs, &stats[0]));
  tells = 0;
  PetscCall(HessianDirection(p, &v));
  PetscCall(VecDuplicate(p, &h));
  PetscCall(CostateHessianMult(cs, 0, NULL, v, NULL, h));
  PetscCall(CostateGetGradient(cs, 1, &gu, &gp));
  PetscCall(VecEqual(u0, was[0], &same[0]));
  PetscCall(VecEqual(p, was[1], &same[1]));
  PetscCall(VecEqual(gu, was[2], &same[2]));
  PetscCall(VecEqual(gp, was[3], &same[3]));
  T_OK(same[0] && same[1], "initial state and parameters are as they were, bit for bit");
  T_OK(same[2] && same[3], "so are the gradients");
  for (int j = 0; j < 2; j++) PetscCall(CostateGetCost(cs, j, &G[1][j]));
  PetscCall(CostateGetStatistics(cs, &stats[1]));
  T_OK(!memcmp(G[0], G[1], sizeof(G[0])) && !memcmp(&stats[0], &stats[1], sizeof(stats[0])),
       "and the costs, and what the solve took");
  PetscCall(TSGetAdapt(ts, &adapt));
  PetscCall(TSAdaptGetType(adapt, &type));
  equal = (PetscBool)!strcmp(type, TSADAPTBASIC);
  PetscCall(VecEqual(told, p, &heard));
  T_OK(equal && heard && tells > 4, "the integrator adapts again, and the application has heard of its parameters: %d",
       (int)tells);
  PetscCall(CostateSolve(cs));
  PetscCall(CostateGetGradient(cs, 1, &gu, &gp));
  PetscCall(VecEqual(gp, was[3], &same[0]));
  T_OK(same[0], "the next solve gives the same gradient");
  PetscCall(CostateSolveForward(cs));
  PetscCall(CostateHessianMult(cs, 0, NULL, v, NULL, h));
  PetscCall(CostateGetGradient(cs, 1, &gu, &gp));
  PetscCall(VecEqual(gp, was[3], &same[0]));
  T_OK(same[0], "after a forward solve alone there is a gradient, too");
  for (int i = 0; i < 4; i++) PetscCall(VecDestroy(&was[i]));
  PetscCall(VecDestroy(&v));
  PetscCall(VecDestroy(&h));
  PetscCall(VecDestroy(&told));
  PetscCall(CostateDestroy(&cs));
  PetscCall(CostateProblemDestroy(&pr));
  PetscFunctionReturn(0);
}

/* ---- windows of parameters ---- */

#define WINDOWS_TESTS 2
static PetscErrorCode Windows(void)
{
  const PetscReal edges[] = {.7};
  CostateProblem  pr;
  Costate         cs;
  Vec             u0, P;
  PetscInt        n, N;
  PetscReal       e, order;

  PetscFunctionBeginUser;
  PetscCall(Create("lotka", COSTATEDISCRETE, TERMINAL | POINTS | INTEGRAL, FIXED "-tend 2 -dt .05 -ts_rk_type 4", &pr,
                   &cs, &u0, &told));
  PetscCall(VecGetLocalSize(told, &n));
  PetscCall(VecGetSize(told, &N));
  PetscCall(VecCreate(PETSC_COMM_WORLD, &P));
  PetscCall(VecSetSizes(P, 2 * n, 2 * N));
  PetscCall(VecSetType(P, VECSTANDARD));
  PetscCall(CostateSetParameters(cs, P));
  PetscCall(CostateSetParameterWindows(cs, 2, edges));
  PetscCall(CostateSetParametersChanged(cs, Told, NULL));
  for (int w = 0; w < 2; w++) PetscCall(CostateSetWindow(cs, P, w, told));
  PetscCall(CostateSolve(cs));
  PetscCall(HessianAsymmetry(cs, 0, u0, P, &e));
  T_OK(e <= 1e-10, "parameters in windows: symmetric: %.1e", (double)e);
  PetscCall(HessianOrder(cs, 0, u0, P, &order));
  T_OK(order >= 2.99, "parameters in windows: order %.3f", (double)order);
  PetscCall(VecDestroy(&P));
  PetscCall(CostateDestroy(&cs));
  PetscCall(CostateProblemDestroy(&pr));
  PetscFunctionReturn(0);
}

/* ---- inner products ---- */

static PetscErrorCode Diagonal(Vec v, Mat *W)
{
  PetscInt lo, hi;

  PetscFunctionBeginUser;
  PetscCall(VecGetOwnershipRange(v, &lo, &hi));
  PetscCall(MatCreateAIJ(PETSC_COMM_WORLD, hi - lo, hi - lo, PETSC_DETERMINE, PETSC_DETERMINE, 1, NULL, 0, NULL, W));
  for (PetscInt i = lo; i < hi; i++) PetscCall(MatSetValue(*W, i, i, 2 + i, INSERT_VALUES));
  PetscCall(MatAssemblyBegin(*W, MAT_FINAL_ASSEMBLY));
  PetscCall(MatAssemblyEnd(*W, MAT_FINAL_ASSEMBLY));
  PetscFunctionReturn(0);
}

#define INNER_TESTS 2
static PetscErrorCode Inner(void)
{
  CostateProblem pr;
  Costate        cs;
  Mat            W[2], H;
  Vec            u0, p, v, h, plain, x, hu, plain_u, xu;
  PetscReal      e, f;

  PetscFunctionBeginUser;
  PetscCall(Create("lotka", COSTATEDISCRETE, TERMINAL, FIXED "-tend 2 -dt .05", &pr, &cs, &u0, &p));
  PetscCall(Diagonal(u0, &W[0]));
  PetscCall(Diagonal(p, &W[1]));
  PetscCall(HessianDirection(p, &v));
  PetscCall(VecDuplicate(p, &h));
  PetscCall(VecDuplicate(p, &plain));
  PetscCall(VecDuplicate(p, &x));
  PetscCall(VecDuplicate(u0, &hu));
  PetscCall(VecDuplicate(u0, &plain_u));
  PetscCall(VecDuplicate(u0, &xu));
  PetscCall(CostateSolve(cs));
  PetscCall(CostateHessianMult(cs, 0, NULL, v, plain_u, NULL));
  PetscCall(CostateSetInnerProduct(cs, COSTATE_INNER_MASS, W[0], W[1]));
  PetscCall(CostateSolve(cs));
  PetscCall(CostateHessianMult(cs, 0, NULL, v, hu, h));
  PetscCall(CostateCreateHessian(cs, 0, &H));
  PetscCall(MatMult(H, v, plain));
  PetscCall(MatMult(W[1], h, x));
  PetscCall(ZooDifference(x, plain, &e));
  T_OK(e <= 1e-11, "with an inner product of the parameters it is a vector: %.1e", (double)e);
  PetscCall(MatMult(W[0], hu, xu));
  PetscCall(ZooDifference(xu, plain_u, &f));
  T_OK(f <= 1e-11, "and with one of the state: %.1e", (double)f);
  for (int i = 0; i < 2; i++) PetscCall(MatDestroy(&W[i]));
  PetscCall(MatDestroy(&H));
  PetscCall(VecDestroy(&v));
  PetscCall(VecDestroy(&h));
  PetscCall(VecDestroy(&plain));
  PetscCall(VecDestroy(&hu));
  PetscCall(VecDestroy(&x));
  PetscCall(VecDestroy(&plain_u));
  PetscCall(VecDestroy(&xu));
  PetscCall(CostateDestroy(&cs));
  PetscCall(CostateProblemDestroy(&pr));
  PetscFunctionReturn(0);
}

/* ---- what is refused ---- */

static PetscErrorCode Spoils(Costate cs, Vec p, void *ctx)
{
  PetscFunctionBeginUser;
  (void)cs, (void)p;
  PetscCall(VecSet((Vec)ctx, .5));
  PetscFunctionReturn(0);
}

#define REFUSED_TESTS 8
static PetscErrorCode Refused(void)
{
  CostateProblem pr;
  Costate        cs;
  Vec            u0, p, v, h, hu, vu;

  PetscFunctionBeginUser;
  PetscCall(Create("lotka", COSTATEDISCRETE, TERMINAL,
                   FIXED "-tend 1 -dt .05 -ts_type cn -snes_rtol 1e-3 -ksp_rtol 1e-1", &pr, &cs, &u0, &p));
  PetscCall(VecDuplicate(p, &v));
  PetscCall(VecDuplicate(p, &h));
  PetscCall(VecDuplicate(u0, &vu));
  PetscCall(VecDuplicate(u0, &hu));
  PetscCall(VecSet(v, 1));
  PetscCall(VecSet(vu, 1));
  REFUSES(CostateHessianMult(cs, 0, NULL, v, NULL, h), "There is no solution yet", "before a solve");
  PetscCall(CostateSolve(cs));
  REFUSES(CostateHessianMult(cs, 2, NULL, v, NULL, h), "There is no cost 2", "another cost");
  REFUSES(CostateHessianMult(cs, 0, NULL, v, NULL, v), "a vector of its own", "in place");
  REFUSES(CostateHessianMult(cs, 0, NULL, NULL, NULL, h), "needs a direction", "no direction");
  PetscCall(CostateSetHessian(cs, COSTATE_HESSIAN_TANGENT));
  REFUSES(CostateHessianMult(cs, 0, NULL, v, NULL, h), "solvers are loose", "a tangent of loose steps");
  PetscCall(CostateSetHessian(cs, COSTATE_HESSIAN_GRADIENTS));
  PetscCall(VecScale(p, 1.5));
  REFUSES(CostateHessianMult(cs, 0, NULL, v, NULL, h), "parameters are not those of the last solve",
          "other parameters");
  PetscCall(VecScale(p, 1 / 1.5));
  PetscCall(CostateSetParametersChanged(cs, Spoils, u0));
  PetscCall(CostateSolve(cs));
  REFUSES(CostateHessianMult(cs, 0, vu, v, hu, h), "sets the initial state", "an initial state that is set");
  PetscCall(CostateSetParametersChanged(cs, NULL, NULL));
  PetscCall(CostateSetType(cs, COSTATEFORWARD));
  PetscCall(CostateSolve(cs));
  REFUSES(CostateHessianMult(cs, 0, NULL, v, hu, h), "no gradient with respect to the initial state", "forward");
  PetscCall(VecDestroy(&v));
  PetscCall(VecDestroy(&h));
  PetscCall(VecDestroy(&vu));
  PetscCall(VecDestroy(&hu));
  PetscCall(CostateDestroy(&cs));
  PetscCall(CostateProblemDestroy(&pr));
  PetscFunctionReturn(0);
}

int main(int argc, char **argv)
{
  PetscInt    n = 0;
  const char *method, *text;

  PetscCall(ZooBegin(&argc, &argv, 0));
  for (;; n++) {
    PetscCall(ZooListGet(n, &method, &text));
    if (!method) break;
  }
  if (zoo_rank == 0)
    plan(3 * KNOWN_TESTS + NPROVED * PROVED_TESTS + 2 * ADAPTIVE_TESTS + (int)n + LEFT_TESTS + WINDOWS_TESTS +
         INNER_TESTS + REFUSED_TESTS);
  fflush(stdout);
  PetscCall(HessianRandomCreate());
  PetscCall(Known(FIXED "-ts_rk_type 5dp -dt .01"));
  PetscCall(Known(FIXED "-ts_rk_type 5dp -dt .01 -costate_hessian gradients"));
  PetscCall(Known(FIXED "-ts_rk_type 5dp -dt .01 -costate_hessian tangent"));
  for (int i = 0; i < NPROVED; i++) PetscCall(Proved(i));
  PetscCall(Adaptive(ADAPTIVE "-dt 2 -ts_rk_type 5dp"));
  PetscCall(Adaptive(ADAPTIVE "-dt .05 -ts_type cn" TANGENT));
  PetscCall(Methods(&n));
  PetscCall(Left());
  PetscCall(Windows());
  PetscCall(Inner());
  PetscCall(Refused());
  PetscCall(PetscRandomDestroy(&hessian_random));
  PetscCall(ZooEnd());
  return zoo_rank == 0 ? done() : 0;
}
