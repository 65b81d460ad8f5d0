/* SPDX-License-Identifier: BSD-2-Clause */
/* ranks: 1 2 */
/*
  A program that uses TSAdjoint and changes its TSAdjointSolve() into CostateSolve() gets the same lambda and mu: bit
  for bit by the method discrete, to the tolerance by the others; with a quadrature TS of its own too.
*/
#include "costs.h"

/* The integrand of a quadrature TS: (sum of u)^2 / 2 + |p|^2 / 2, p being what the context is. */
static PetscErrorCode Integrand(TS ts, PetscReal t, Vec u, Vec g, void *ctx)
{
  PetscScalar s, pp;

  PetscFunctionBeginUser;
  (void)ts, (void)t;
  PetscCall(VecSum(u, &s));
  PetscCall(VecDot((Vec)ctx, (Vec)ctx, &pp));
  PetscCall(VecSet(g, (s * s + pp) / 2));
  PetscFunctionReturn(0);
}

static PetscErrorCode Column(Mat J, Vec v, PetscScalar scale, PetscScalar all)
{
  const PetscScalar *a;
  PetscInt           lo, hi;

  PetscFunctionBeginUser;
  PetscCall(MatGetOwnershipRange(J, &lo, &hi));
  PetscCall(VecGetArrayRead(v, &a));
  for (PetscInt i = lo; i < hi; i++) PetscCall(MatSetValue(J, i, 0, scale * a[i - lo] + all, INSERT_VALUES));
  PetscCall(VecRestoreArrayRead(v, &a));
  PetscCall(MatAssemblyBegin(J, MAT_FINAL_ASSEMBLY));
  PetscCall(MatAssemblyEnd(J, MAT_FINAL_ASSEMBLY));
  PetscFunctionReturn(0);
}

static PetscErrorCode IntegrandU(TS ts, PetscReal t, Vec u, Mat J, Mat P, void *ctx)
{
  PetscScalar s;

  PetscFunctionBeginUser;
  (void)ts, (void)t, (void)P, (void)ctx;
  PetscCall(VecSum(u, &s));
  PetscCall(Column(J, u, 0, s));
  PetscFunctionReturn(0);
}

static PetscErrorCode IntegrandP(TS ts, PetscReal t, Vec u, Mat J, void *ctx)
{
  PetscFunctionBeginUser;
  (void)ts, (void)t, (void)u;
  PetscCall(Column(J, (Vec)ctx, 1, 0));
  PetscFunctionReturn(0);
}

static PetscErrorCode Quadrature(TS ts, Vec u, Vec p)
{
  TS       quad;
  Mat      J[2];
  PetscInt n, N;

  PetscFunctionBeginUser;
  PetscCall(TSCreateQuadratureTS(ts, PETSC_TRUE, &quad));
  PetscCall(TSSetRHSFunction(quad, NULL, Integrand, p));
  for (int k = 0; k < 2; k++) {
    PetscCall(VecGetLocalSize(k ? p : u, &n));
    PetscCall(VecGetSize(k ? p : u, &N));
    PetscCall(MatCreateDense(PETSC_COMM_WORLD, n, PETSC_DECIDE, N, 1, NULL, &J[k]));
    PetscCall(MatSetUp(J[k]));
  }
  PetscCall(TSSetRHSJacobian(quad, J[0], J[0], IntegrandU, p));
  PetscCall(TSSetRHSJacobianP(quad, J[1], IntegrandP, p));
  PetscCall(MatDestroy(&J[0]));
  PetscCall(MatDestroy(&J[1]));
  PetscFunctionReturn(0);
}

/* The program.  method NULL: as it was, with TSAdjointSolve(). */
static PetscErrorCode Program(const char method[], PetscBool quadrature, Vec lambda[2], Vec mu[2])
{
  CostateProblem pr;
  Costate        cs = NULL;
  TS             ts;
  Vec            u0, u, p;

  PetscFunctionBeginUser;
  /* not 5dp, where a weight is zero: there PETSc alone takes an old product for dG/dp */
  PetscCall(ZooOptions("-tend 5 -ts_rk_type 3bs -ts_rtol 1e-8 -ts_atol 1e-8"));
  if (!method) PetscCall(PetscOptionsInsertString(NULL, "-ts_save_trajectory -ts_trajectory_type memory"));
  PetscCall(CostateProblemCreate(PETSC_COMM_WORLD, "lotka", &pr));
  PetscCall(CostateProblemSetFromOptions(pr));
  PetscCall(CostateProblemGetTS(pr, &ts));
  PetscCall(CostateProblemGetInitialState(pr, &u0));
  PetscCall(CostateProblemGetParameters(pr, &p));
  PetscCall(VecDuplicate(u0, &u));
  PetscCall(VecCopy(u0, u));
  for (int j = 0; j < 2; j++) {
    PetscCall(VecDuplicate(u0, &lambda[j]));
    PetscCall(VecDuplicate(p, &mu[j]));
  }
  if (quadrature) PetscCall(Quadrature(ts, u0, p));
  PetscCall(TSSetSolution(ts, u));
  PetscCall(TSSetCostGradients(ts, quadrature ? 1 : 2, lambda, mu));
  if (method) {
    PetscCall(CostateCreate(PETSC_COMM_WORLD, &cs));
    PetscCall(CostateSetTS(cs, ts));
    PetscCall(CostateSetType(cs, method));
    PetscCall(CostateSetUp(cs));
  }
  PetscCall(TSSolve(ts, u));
  for (int j = 0; j < 2; j++) { /* (j+1) |u - 1|^2/2 */
    PetscCall(VecCopy(u, lambda[j]));
    PetscCall(VecShift(lambda[j], -1));
    PetscCall(VecScale(lambda[j], j + 1));
    PetscCall(VecSet(mu[j], .1 * j));
  }
  if (method)
    PetscCall(CostateSolve(cs));
  else
    PetscCall(TSAdjointSolve(ts));
  PetscCall(CostateDestroy(&cs));
  PetscCall(VecDestroy(&u));
  PetscCall(CostateProblemDestroy(&pr));
  PetscFunctionReturn(0);
}

static const char *const methods[] = {COSTATEDISCRETE, COSTATEINTERPOLATING, COSTATEQUADRATURE, COSTATEGAUSS,
                                      COSTATEBACKSOLVE};
#define NMETHODS ((int)(sizeof(methods) / sizeof(methods[0])))

int main(int argc, char **argv)
{
  Vec lambda[2], mu[2], l[2], m[2];

  PetscCall(ZooBegin(&argc, &argv, 2 * NMETHODS));
  for (int q = 0; q < 2; q++) {
    PetscCall(Program(NULL, (PetscBool)q, lambda, mu));
    for (int k = 0; k < NMETHODS; k++) {
      PetscReal worst = 0, e;
      PetscBool bits  = PETSC_TRUE, same;

      PetscCall(Program(methods[k], (PetscBool)q, l, m));
      for (int j = 0; j < (q ? 1 : 2); j++) {
        PetscCall(ZooDifference(l[j], lambda[j], &e));
        worst = PetscMax(worst, e);
        PetscCall(ZooDifference(m[j], mu[j], &e));
        worst = PetscMax(worst, e);
        PetscCall(VecEqual(l[j], lambda[j], &same));
        bits = (PetscBool)(bits && same);
        PetscCall(VecEqual(m[j], mu[j], &same));
        bits = (PetscBool)(bits && same);
      }
      T_OK(k ? worst <= 1e-5 : bits, "%s: lambda and mu are those of TSAdjointSolve()%s%s (%.1e)", methods[k],
           k ? "" : ", bit for bit", q ? ", with a quadrature TS" : "", (double)worst);
      for (int j = 0; j < 2; j++) {
        PetscCall(VecDestroy(&l[j]));
        PetscCall(VecDestroy(&m[j]));
      }
    }
    for (int j = 0; j < 2; j++) {
      PetscCall(VecDestroy(&lambda[j]));
      PetscCall(VecDestroy(&mu[j]));
    }
  }
  PetscCall(ZooEnd());
  return zoo_rank == 0 ? done() : 0;
}
