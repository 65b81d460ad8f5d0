/* SPDX-License-Identifier: BSD-2-Clause */
/* ranks: 1 2 3 */
/*
  implicit: products with the Hessian are the known ones, symmetric, and leave a Taylor remainder of third order; the
  application gets its parameters back; Tao's Newton method uses them.
*/
#include "steady.h"

#define TIGHT "-costate_adjoint_ksp_rtol 1e-13 "

static PetscRandom rand_;

static PetscErrorCode Random(Vec like, Vec *v)
{
  PetscFunctionBeginUser;
  PetscCall(VecDuplicate(like, v));
  PetscCall(VecSetRandom(*v, rand_));
  PetscFunctionReturn(0);
}

/* Problem A: u0 = -p0/p1, u1 = p0 p2/(p1 p3), G = sum (2-u)^2/2 + sum p^2/2; half: without second derivatives of u */
static PetscReal Exact(const PetscReal p[4], PetscBool half, int i, int k)
{
  const PetscReal a[2][4] = {{1, -1, 0, 0}, {1, -1, 1, -1}}, u[2] = {-p[0] / p[1], p[0] * p[2] / (p[1] * p[3])};
  PetscReal       h = i == k;

  for (int n = 0; n < 2; n++) {
    h += a[n][i] * u[n] / p[i] * a[n][k] * u[n] / p[k];
    if (!half) h -= (2 - u[n]) * u[n] * (a[n][i] * a[n][k] - (i == k) * a[n][i]) / (p[i] * p[k]);
  }
  return h;
}

#define KNOWN_TESTS 1
static PetscErrorCode Known(PetscBool time, const char options[], PetscReal tol)
{
  const PetscReal p[4] = {2, -2, 1, -4};
  const PetscBool half = (PetscBool)(strstr(options, "gauss_newton") != NULL);
  App             a;
  Costate         cs;
  Vec             v, h, exact;
  PetscReal       e, worst = 0;

  PetscFunctionBeginUser;
  PetscCall(Create(A, time, PETSC_FALSE, options, &a, &cs));
  PetscCall(CostateSolve(cs));
  PetscCall(VecDuplicate(a.p, &v));
  PetscCall(VecDuplicate(a.p, &h));
  PetscCall(VecDuplicate(a.p, &exact));
  for (int k = 0; k < 4; k++) {
    PetscInt lo, hi;

    PetscCall(VecZeroEntries(v));
    PetscCall(VecGetOwnershipRange(v, &lo, &hi));
    if (k >= lo && k < hi) PetscCall(VecSetValue(v, k, 1, INSERT_VALUES));
    for (PetscInt i = lo; i < hi; i++) PetscCall(VecSetValue(exact, i, Exact(p, half, (int)i, k), INSERT_VALUES));
    PetscCall(VecAssemblyBegin(v));
    PetscCall(VecAssemblyEnd(v));
    PetscCall(VecAssemblyBegin(exact));
    PetscCall(VecAssemblyEnd(exact));
    PetscCall(CostateHessianMult(cs, 0, NULL, v, NULL, h));
    PetscCall(ZooDifference(h, exact, &e));
    worst = PetscMax(worst, e);
  }
  T_OK(worst <= tol, "%s %s: the known Hessian to %g: %.1e", time ? "a run" : "a SNES", options, (double)tol,
       (double)worst);
  PetscCall(VecDestroy(&v));
  PetscCall(VecDestroy(&h));
  PetscCall(VecDestroy(&exact));
  PetscCall(Destroy(&a, &cs));
  PetscFunctionReturn(0);
}

/* <v, H w> = <w, H v>, or with an inner product W: <v, H w>_W */
static PetscErrorCode Asymmetry(Costate cs, PetscInt j, Vec like, Mat W, PetscReal *e)
{
  Vec         x[2], h[2], Wx;
  PetscScalar s[2];
  PetscReal   n[2], m[2];

  PetscFunctionBeginUser;
  for (int i = 0; i < 2; i++) {
    PetscCall(Random(like, &x[i]));
    PetscCall(VecDuplicate(like, &h[i]));
    PetscCall(CostateHessianMult(cs, j, NULL, x[i], NULL, h[i]));
    PetscCall(VecNorm(h[i], NORM_2, &n[i]));
    PetscCall(VecNorm(x[i], NORM_2, &m[i]));
  }
  PetscCall(VecDuplicate(like, &Wx));
  for (int i = 0; i < 2; i++) {
    if (W)
      PetscCall(MatMult(W, x[i], Wx));
    else
      PetscCall(VecCopy(x[i], Wx));
    PetscCall(VecDot(Wx, h[1 - i], &s[i]));
  }
  *e = PetscAbsScalar(s[0] - s[1]) / PetscMax(n[0] * m[1], n[1] * m[0]);
  for (int i = 0; i < 2; i++) {
    PetscCall(VecDestroy(&x[i]));
    PetscCall(VecDestroy(&h[i]));
  }
  PetscCall(VecDestroy(&Wx));
  PetscFunctionReturn(0);
}

/* The remainder of G(p + e v) after the second order; the best of consecutive orders that rounding has not reached. */
static PetscErrorCode Order(App *a, Costate cs, PetscInt j, PetscReal *best)
{
  PetscReal   G, Ge, r[10], e = .05;
  PetscScalar g, h;
  Vec         v, Hv, p, gp;

  PetscFunctionBeginUser;
  PetscCall(CostateSolve(cs));
  PetscCall(CostateGetCost(cs, j, &G));
  PetscCall(CostateGetCovector(cs, j, NULL, &gp));
  PetscCall(Random(a->p, &v));
  PetscCall(VecDuplicate(a->p, &Hv));
  PetscCall(CostateHessianMult(cs, j, NULL, v, NULL, Hv));
  PetscCall(VecDot(gp, v, &g));
  PetscCall(VecDot(Hv, v, &h));
  PetscCall(ZooCopy(a->p, &p));
  *best = 0;
  for (int i = 0; i < 10; i++, e /= 2) {
    PetscCall(VecWAXPY(a->p, e, v, p));
    PetscCall(CostateSolveForward(cs));
    PetscCall(CostateGetCost(cs, j, &Ge));
    r[i] = PetscAbsReal(Ge - G - e * PetscRealPart(g) - e * e * PetscRealPart(h) / 2);
    if (i && r[i] > 1e-12 * PetscAbsReal(G)) *best = PetscMax(*best, PetscLog2Real(r[i - 1] / r[i]));
  }
  if (r[0] <= 1e-12 * PetscAbsReal(G)) *best = PETSC_INFINITY; /* the cost is quadratic */
  PetscCall(VecCopy(p, a->p));
  PetscCall(VecDestroy(&p));
  PetscCall(VecDestroy(&v));
  PetscCall(VecDestroy(&Hv));
  PetscFunctionReturn(0);
}

/* A direction may be one along which the third derivative is small; a wrong Hessian has order 2 along all of them. */
static PetscErrorCode ThirdOrder(App *a, Costate cs, PetscInt j, PetscReal *best)
{
  PetscFunctionBeginUser;
  *best = 0;
  for (int i = 0; i < 5 && *best < 2.99; i++) {
    PetscReal order = 0;

    PetscCall(Order(a, cs, j, &order));
    *best = PetscMax(*best, order);
  }
  PetscFunctionReturn(0);
}

#define PROVED_TESTS 3
static PetscErrorCode Proved(Problem problem, const char options[])
{
  App               a;
  Costate           cs;
  CostateStatistics stats;
  PetscReal         e, order;

  PetscFunctionBeginUser;
  if (without_hypre(zoo_rank, options, PROVED_TESTS)) PetscFunctionReturn(0);
  PetscCall(Create(problem, PETSC_FALSE, PETSC_TRUE, options, &a, &cs));
  PetscCall(CostateSolve(cs));
  PetscCall(Asymmetry(cs, 0, a.p, NULL, &e));
  PetscCall(CostateGetStatistics(cs, &stats));
  T_OK(e <= 1e-10, "problem %c: the Hessian is symmetric: %.1e", 'A' + problem, (double)e);
  T_OK(stats.adjoint_setups == 2, "problem %c: the gradient and two products took a set-up for each of J and J^T: %d",
       'A' + problem, (int)stats.adjoint_setups);
  PetscCall(ThirdOrder(&a, cs, 0, &order));
  T_OK(order >= 2.99, "problem %c: the Taylor remainder with it has order %.3f", 'A' + problem, (double)order);
  PetscCall(Destroy(&a, &cs));
  PetscFunctionReturn(0);
}

/* An application with parameters of its own, which it has to be told. */
#define TOLD_TESTS 3
static PetscErrorCode IsTold(void)
{
  App       a;
  Costate   cs;
  PetscReal e, order;
  Vec       p, u0;
  PetscBool same[3];

  PetscFunctionBeginUser;
  PetscCall(Create(D, PETSC_FALSE, PETSC_FALSE, TIGHT, &a, &cs));
  PetscCall(VecDuplicate(a.p, &a.told));
  PetscCall(CostateSetParametersChanged(cs, Told, &a));
  PetscCall(CostateSolve(cs));
  PetscCall(ZooCopy(a.p, &p));
  PetscCall(ZooCopy(a.u, &u0));
  a.tells = 0;
  PetscCall(Asymmetry(cs, 0, a.p, NULL, &e));
  PetscCall(VecEqual(a.p, p, &same[0]));
  PetscCall(VecEqual(a.told, p, &same[1]));
  PetscCall(VecEqual(a.u, u0, &same[2]));
  T_OK(a.tells == 10 && same[0] && same[1] && same[2],
       "the application hears of 4 sets of parameters for a product, and gets its own back bit for bit: %d", a.tells);
  T_OK(e <= 1e-10, "and the Hessian is symmetric: %.1e", (double)e);
  PetscCall(ThirdOrder(&a, cs, 0, &order));
  T_OK(order >= 2.99, "and right: order %.3f", (double)order);
  PetscCall(VecDestroy(&p));
  PetscCall(VecDestroy(&u0));
  PetscCall(Destroy(&a, &cs));
  PetscFunctionReturn(0);
}

/* A Jacobian that is known by its products, whose state is that of the application: one for all its duplicates. */
static PetscErrorCode ShellJ(SNES snes, Vec u, Mat S, Mat Q, void *ctx)
{
  App *a = (App *)ctx;

  PetscFunctionBeginUser;
  (void)snes;
  PetscCall(Jacobian(a, u, a->J));
  if (Q != a->J && Q != S) PetscCall(Jacobian(a, u, Q));
  PetscCall(MatAssemblyBegin(S, MAT_FINAL_ASSEMBLY));
  PetscCall(MatAssemblyEnd(S, MAT_FINAL_ASSEMBLY));
  PetscFunctionReturn(0);
}
static PetscErrorCode ShellMult(Mat S, Vec x, Vec y)
{
  App *a;

  PetscFunctionBeginUser;
  PetscCall(MatShellGetContext(S, &a));
  PetscCall(MatMult(a->J, x, y));
  PetscFunctionReturn(0);
}
static PetscErrorCode ShellMultTranspose(Mat S, Vec x, Vec y)
{
  App *a;

  PetscFunctionBeginUser;
  PetscCall(MatShellGetContext(S, &a));
  PetscCall(MatMultTranspose(a->J, x, y));
  PetscFunctionReturn(0);
}

#define SHELL_TESTS 3
static PetscErrorCode Shell(void)
{
  App               a;
  Costate           cs;
  CostateStatistics stats;
  Mat               S;
  Vec               v, h[2];
  PetscInt          n;
  PetscReal         e;

  PetscFunctionBeginUser;
  for (int shell = 0; shell < 2; shell++) {
    PetscCall(Create(D, PETSC_FALSE, PETSC_FALSE, TIGHT, &a, &cs));
    PetscCall(VecGetLocalSize(a.u, &n));
    PetscCall(MatCreateShell(PETSC_COMM_WORLD, n, n, N, N, &a, &S));
    PetscCall(MatShellSetOperation(S, MATOP_MULT, (void (*)(void))ShellMult));
    PetscCall(MatShellSetOperation(S, MATOP_MULT_TRANSPOSE, (void (*)(void))ShellMultTranspose));
    if (shell) PetscCall(SNESSetJacobian(a.snes, S, a.J, ShellJ, &a));
    PetscCall(CostateSolve(cs));
    PetscCall(VecDuplicate(a.p, &v));
    PetscCall(VecSet(v, .7));
    PetscCall(VecDuplicate(a.p, &h[shell]));
    PetscCall(CostateHessianMult(cs, 0, NULL, v, NULL, h[shell]));
    if (shell) {
      PetscCall(ZooDifference(h[1], h[0], &e));
      T_OK(e <= 1e-10, "a Jacobian known by its products, preconditioned by an assembled one: %.1e", (double)e);
      PetscCall(CostateHessianMult(cs, 0, NULL, v, NULL, h[1]));
      PetscCall(ZooDifference(h[1], h[0], &e));
      T_OK(e <= 1e-10, "and once more: %.1e", (double)e);
      PetscCall(CostateGetStatistics(cs, &stats));
      T_OK(stats.adjoint_setups == 2, "with a set-up for each of J and J^T: %d", (int)stats.adjoint_setups);
    }
    PetscCall(VecDestroy(&v));
    PetscCall(MatDestroy(&S));
    PetscCall(Destroy(&a, &cs));
  }
  PetscCall(VecDestroy(&h[0]));
  PetscCall(VecDestroy(&h[1]));
  PetscFunctionReturn(0);
}

/* With an inner product the product is the derivative of the gradient that is a vector; the matrix is plain. */
#define INNER_TESTS 3
static PetscErrorCode Inner(CostateInnerProduct kind)
{
  const PetscBool root = (PetscBool)(kind == COSTATE_INNER_COVARIANCE_ROOT);
  const PetscReal d    = 1e-5;
  App             a;
  Costate         cs;
  Mat             W, H;
  PetscInt        n, lo, hi;
  PetscReal       e;
  PetscScalar     s[2];
  Vec             v, w, h, p, g[2], x;

  PetscFunctionBeginUser;
  PetscCall(Create(D, PETSC_FALSE, PETSC_FALSE, TIGHT, &a, &cs));
  PetscCall(VecGetLocalSize(a.p, &n));
  PetscCall(MatCreateAIJ(PETSC_COMM_WORLD, n, n, N, N, 3, NULL, 2, NULL, &W));
  PetscCall(MatGetOwnershipRange(W, &lo, &hi));
  for (PetscInt i = lo; i < hi; i++) {
    PetscCall(MatSetValue(W, i, i, 2 + .1 * i, INSERT_VALUES));
    if (i) PetscCall(MatSetValue(W, i, i - 1, -.5, INSERT_VALUES));
    if (i < N - 1 && !root) PetscCall(MatSetValue(W, i, i + 1, -.5, INSERT_VALUES));
  }
  PetscCall(MatAssemblyBegin(W, MAT_FINAL_ASSEMBLY));
  PetscCall(MatAssemblyEnd(W, MAT_FINAL_ASSEMBLY));
  PetscCall(CostateSetInnerProduct(cs, kind, NULL, W));
  PetscCall(CostateSolve(cs));
  PetscCall(Random(a.p, &v));
  PetscCall(Random(a.p, &w));
  PetscCall(VecDuplicate(v, &h));
  PetscCall(VecDuplicate(v, &x));
  PetscCall(ZooCopy(a.p, &p));
  if (!root) {
    PetscCall(Asymmetry(cs, 0, a.p, W, &e));
    T_OK(e <= 1e-10, "with an inner product the Hessian is symmetric in that: %.1e", (double)e);
  } else { /* L L^T G'' v */
    PetscCall(CostateCreateHessian(cs, 0, &H));
    PetscCall(MatMult(H, v, h));
    PetscCall(MatMultTranspose(W, h, x));
    PetscCall(MatMult(W, x, w));
    PetscCall(CostateHessianMult(cs, 0, NULL, v, NULL, h));
    PetscCall(ZooDifference(h, w, &e));
    T_OK(e <= 1e-12, "with a covariance root it is L L^T times the plain one: %.1e", (double)e);
    PetscCall(MatDestroy(&H));
    PetscCall(VecSetRandom(w, rand_));
  }
  PetscCall(CostateCreateHessian(cs, 0, &H));
  PetscCall(MatMult(H, v, h));
  PetscCall(VecDot(h, w, &s[0]));
  PetscCall(MatMultTranspose(H, w, h));
  PetscCall(VecDot(h, v, &s[1]));
  e = PetscAbsScalar(s[0] - s[1]) / PetscAbsScalar(s[0]);
  T_OK(e <= 1e-8, "the matrix has the plain Hessian, symmetric as it is: %.1e", (double)e);
  PetscCall(CostateHessianMult(cs, 0, NULL, v, NULL, h));
  for (int side = 0; side < 2; side++) {
    Vec gradient;

    PetscCall(VecWAXPY(a.p, side ? -d : d, v, p));
    PetscCall(CostateSolve(cs));
    PetscCall(CostateGetGradient(cs, 0, NULL, &gradient));
    PetscCall(ZooCopy(gradient, &g[side]));
  }
  PetscCall(VecAXPBY(g[0], -1 / (2 * d), 1 / (2 * d), g[1]));
  PetscCall(ZooDifference(h, g[0], &e));
  T_OK(e <= 1e-7, "the product is how CostateGetGradient() changes: %.1e", (double)e);
  PetscCall(MatDestroy(&H));
  PetscCall(MatDestroy(&W));
  PetscCall(VecDestroy(&v));
  PetscCall(VecDestroy(&w));
  PetscCall(VecDestroy(&h));
  PetscCall(VecDestroy(&x));
  PetscCall(VecDestroy(&p));
  PetscCall(VecDestroy(&g[0]));
  PetscCall(VecDestroy(&g[1]));
  PetscCall(Destroy(&a, &cs));
  PetscFunctionReturn(0);
}

static PetscErrorCode Nothing(Tao tao, Vec x, Mat H, Mat P, void *ctx)
{
  PetscFunctionBeginUser;
  (void)tao, (void)x, (void)P, (void)ctx;
  PetscCall(MatAssemblyBegin(H, MAT_FINAL_ASSEMBLY));
  PetscCall(MatAssemblyEnd(H, MAT_FINAL_ASSEMBLY));
  PetscFunctionReturn(0);
}

/* The last steps of Newton's method square what is left. */
#define TAO_TESTS 2
static PetscErrorCode Newton(void)
{
  App                a;
  Costate            cs;
  Tao                tao;
  Mat                H;
  PetscInt           its;
  PetscReal          g, most = 0;
  PetscBool          symmetric, set;
  TaoConvergedReason reason;

  PetscFunctionBeginUser;
  if (!HAVE_TAO && zoo_rank == 0) skip(TAO_TESTS, NO_TAO);
  if (!HAVE_TAO) PetscFunctionReturn(0);
  PetscCall(Create(D, PETSC_FALSE, PETSC_FALSE,
                   TIGHT "-tao_type nls -tao_nls_pc_type none -tao_nls_ksp_type cg -tao_nls_ksp_rtol 1e-10 "
                         "-tao_gatol 1e-11 -tao_grtol 0 -tao_gttol 0",
                   &a, &cs));
  PetscCall(TaoCreate(PETSC_COMM_WORLD, &tao));
  PetscCall(CostateSetUpTao(cs, tao));
  PetscCall(CostateCreateHessian(cs, 0, &H));
  PetscCall(TaoSetHessian(tao, H, H, Nothing, NULL));
  PetscCall(TaoSetFromOptions(tao));
  PetscCall(TaoSolve(tao));
  PetscCall(TaoGetConvergedReason(tao, &reason));
  PetscCall(TaoGetSolutionStatus(tao, &its, NULL, &g, NULL, &most, NULL));
  T_OK(reason > 0 && its <= 12 && g <= 1e-11, "Tao's Newton method: %d iterations, gradient %.1e", (int)its, (double)g);
  PetscCall(MatIsSymmetricKnown(H, &set, &symmetric));
  T_OK(set && symmetric, "the matrix is known to be symmetric");
  PetscCall(MatDestroy(&H));
  PetscCall(TaoDestroy(&tao));
  PetscCall(Destroy(&a, &cs));
  PetscFunctionReturn(0);
}

/* A direction of another size, and parameters of very different ones: the step is found. */
#define STEP_TESTS 3
static PetscErrorCode Steps(void)
{
  App       a;
  Costate   cs;
  Vec       v, h, first;
  PetscReal e;

  PetscFunctionBeginUser;
  PetscCall(Create(D, PETSC_FALSE, PETSC_FALSE, TIGHT, &a, &cs));
  PetscCall(CostateSolve(cs));
  PetscCall(Random(a.p, &v));
  PetscCall(VecDuplicate(v, &h));
  PetscCall(CostateHessianMult(cs, 0, NULL, v, NULL, h));
  PetscCall(ZooCopy(h, &first));
  PetscCall(VecScale(v, 1e8));
  PetscCall(CostateHessianMult(cs, 0, NULL, v, NULL, h));
  PetscCall(VecScale(h, 1e-8));
  PetscCall(ZooDifference(h, first, &e));
  T_OK(e <= 1e-10, "a direction 1e8 times as long: %.1e", (double)e);
  PetscCall(VecZeroEntries(v));
  PetscCall(CostateHessianMult(cs, 0, NULL, v, NULL, h));
  PetscCall(VecNorm(h, NORM_INFINITY, &e));
  T_OK(e == 0, "one that is zero");
  /* p_0 makes a step of 2 at first along the others, for which the equation is all but linear and G'' is 6 p^2 + 1 */
  PetscCall(VecSet(a.p, -20));
  PetscCall(VecSetValue(a.p, 0, -2000, INSERT_VALUES));
  PetscCall(VecAssemblyBegin(a.p));
  PetscCall(VecAssemblyEnd(a.p));
  PetscCall(CostateSolve(cs));
  PetscCall(VecSet(v, 1));
  PetscCall(VecSetValue(v, 0, 0, INSERT_VALUES));
  PetscCall(VecAssemblyBegin(v));
  PetscCall(VecAssemblyEnd(v));
  PetscCall(CostateHessianMult(cs, 0, NULL, v, NULL, h));
  PetscCall(VecCopy(v, first));
  PetscCall(VecScale(first, 2401));
  PetscCall(ZooDifference(h, first, &e));
  T_OK(e <= 1e-9, "parameters of very different sizes: the known Hessian to %.1e", (double)e);
  PetscCall(VecDestroy(&first));
  PetscCall(VecDestroy(&v));
  PetscCall(VecDestroy(&h));
  PetscCall(Destroy(&a, &cs));
  PetscFunctionReturn(0);
}

static PetscBool      broken;
static PetscErrorCode Broken(Costate cs, PetscInt i, PetscReal t, Vec u, Vec p, Vec g, void *ctx)
{
  PetscFunctionBeginUser;
  (void)cs, (void)i, (void)t, (void)u, (void)p, (void)ctx;
  PetscCall(VecSet(g, broken ? NAN : 0));
  PetscFunctionReturn(0);
}

#define BAD_TESTS 13
static PetscErrorCode Bad(void)
{
  App     a;
  Costate cs;
  Mat     H;
  Vec     v, h, other;

  PetscFunctionBeginUser;
  PetscCall(Create(B, PETSC_FALSE, PETSC_FALSE, "", &a, &cs));
  PetscCall(VecDuplicate(a.p, &v));
  PetscCall(VecDuplicate(a.p, &h));
  PetscCall(VecSet(v, 1));
  PetscCall(VecCreateMPI(PETSC_COMM_WORLD, PETSC_DECIDE, N + 1, &other));
  REFUSES(CostateHessianMult(cs, 0, NULL, v, NULL, h), "no solution yet", "a Hessian before a solve");
  PetscCall(CostateSolve(cs));
  REFUSES(CostateHessianMult(cs, 0, NULL, other, NULL, h), "entries", "a direction with an entry more");
  REFUSES(CostateHessianMult(cs, 0, NULL, v, NULL, other), "entries", "a product with an entry more");
  REFUSES(CostateHessianMult(cs, 0, NULL, v, NULL, v), "vector of its own", "a product in place of the direction");
  REFUSES(CostateHessianMult(cs, 3, NULL, v, NULL, h), "no cost 3", "a cost that does not exist");
  REFUSES(CostateHessianMult(cs, 0, a.u, v, NULL, h), "does not depend on the initial state",
          "a direction in the initial state");
  PetscCall(VecSet(v, INFINITY));
  REFUSES(CostateHessianMult(cs, 0, NULL, v, NULL, h), "not a finite number", "a direction that is not a number");
  REFUSES(CostateCreateHessian(cs, 5, &H), "no cost 5", "a matrix for a cost that does not exist");
  PetscCall(VecSet(v, 1));
  PetscCall(CostateSetTerminalCost(cs, 0, Value, ValueU, Broken, &a));
  PetscCall(CostateSolve(cs));
  broken = PETSC_TRUE;
  REFUSES(CostateHessianMult(cs, 0, NULL, v, NULL, h), "not numbers nearby", "first derivatives that are not numbers");
  PetscCall(
      Create(B, PETSC_FALSE, PETSC_FALSE, "-costate_adjoint_ksp_max_it 1 -costate_adjoint_pc_type none", &a, &cs));
  PetscCall(CostateSolveForward(cs));
  REFUSES(CostateHessianMult(cs, 0, NULL, v, NULL, h), "DIVERGED_ITS", "a solver that does not converge");
  PetscCall(ZooListen());
  PetscCall(CostateSolve(cs));
  PetscCall(ZooHeard(NULL, NULL));
  REFUSES(CostateHessianMult(cs, 0, NULL, v, NULL, h), "ended with DIVERGED_BACKWARD", "a solve that failed");
  PetscCall(Create(A, PETSC_TRUE, PETSC_FALSE, "-ts_max_time .5", &a, &cs));
  PetscCall(CostateSolveForward(cs));
  PetscCall(VecDuplicate(a.p, &v));
  PetscCall(VecDuplicate(a.p, &h));
  PetscCall(VecSet(v, 1));
  REFUSES(CostateHessianMult(cs, 0, NULL, v, NULL, h), "did not come to rest", "a run that is not at rest");
  PetscCall(Create(A, PETSC_TRUE, PETSC_FALSE, "", &a, &cs));
  PetscCall(CostateSetType(cs, COSTATEGAUSS));
  PetscCall(CostateSetHessian(cs, COSTATE_HESSIAN_TANGENT));
  PetscCall(CostateSolve(cs));
  PetscCall(VecDuplicate(a.p, &v));
  PetscCall(VecDuplicate(a.p, &h));
  REFUSES(CostateHessianMult(cs, 0, NULL, v, NULL, h), "the method gauss has no products", "a method that has none");
  PetscFunctionReturn(0);
}

int main(int argc, char **argv)
{
  const char *seed = getenv("SEED");

  PetscCall(ZooBegin(&argc, &argv,
                     6 * KNOWN_TESTS + 5 * PROVED_TESTS + TOLD_TESTS + SHELL_TESTS + 2 * INNER_TESTS + TAO_TESTS +
                         STEP_TESTS + BAD_TESTS));
  PetscCall(PetscRandomCreate(PETSC_COMM_WORLD, &rand_));
  PetscCall(PetscRandomSetInterval(rand_, -1, 1));
  PetscCall(PetscRandomSetSeed(rand_, seed ? strtoul(seed, NULL, 10) : 1));
  PetscCall(PetscRandomSeed(rand_));
  PetscCall(Known(PETSC_FALSE, TIGHT, 1e-10));
  PetscCall(Known(PETSC_FALSE, TIGHT "-costate_hessian gauss_newton", 1e-10));
  PetscCall(Known(PETSC_FALSE, TIGHT "-costate_adjoint_pc_type transposable", 1e-10));
  PetscCall(Known(PETSC_FALSE, TIGHT "-costate_vjp coloring -costate_vjp_p coloring", 1e-4));
  PetscCall(Known(PETSC_FALSE, TIGHT "-costate_vjp fd -costate_vjp_p fd", 1e-4));
  PetscCall(Known(PETSC_TRUE, TIGHT "-ts_max_time 100 -costate_steady_atol 1e-12 -costate_steady_rtol 1e-12", 1e-9));
  PetscCall(Proved(A, TIGHT));
  PetscCall(Proved(B, TIGHT));
  PetscCall(Proved(C, TIGHT "-pc_type none -costate_adjoint_pc_type none"));
  PetscCall(Proved(D, TIGHT));
  PetscCall(Proved(D, TIGHT "-costate_adjoint_pc_type hypre"));
  PetscCall(IsTold());
  PetscCall(Shell());
  PetscCall(Inner(COSTATE_INNER_MASS));
  PetscCall(Inner(COSTATE_INNER_COVARIANCE_ROOT));
  PetscCall(Newton());
  PetscCall(Steps());
  PetscCall(Bad());
  PetscCall(PetscRandomDestroy(&rand_));
  fflush(stdout);
  PetscCall(ZooEnd());
  return zoo_rank == 0 ? done() : 0;
}
