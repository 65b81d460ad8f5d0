/* SPDX-License-Identifier: BSD-2-Clause */
/* ranks: 1 2 */
/*
  Complex scalars: products with Hessians, of runs and of states of rest, along directions of complex numbers.  They are
  linear over the reals alone: Re(v^T H w) is symmetric, and the next term of the cost.
*/
#include "chain.h"

#if defined(PETSC_USE_COMPLEX)
#define FIXED " -ts_adapt_type none "
#define TIGHT " -snes_rtol 1e-13 -snes_stol 0 -ksp_rtol 1e-12 -costate_adjoint_ksp_rtol 1e-13 "

#define PROVED_TESTS 2
static PetscErrorCode Proved(const char what[], Costate cs, Vec u, Vec p)
{
  PetscReal e = 0, order;

  PetscFunctionBeginUser;
  PetscCall(CostateSolve(cs));
  PetscCall(HessianAsymmetry(cs, 0, u, p, &e));
  T_OK(e <= 1e-10, "%s: symmetric: %.1e", what, (double)e);
  PetscCall(HessianOrder(cs, 0, u, p, &order));
  T_OK(order >= 2.99, "%s: order %.3f", what, (double)order);
  PetscFunctionReturn(0);
}

static PetscErrorCode Run(const char options[])
{
  Chain   c;
  Costate cs;

  PetscFunctionBeginUser;
  PetscCall(ChainCreate(&c, options, &cs));
  PetscCall(Proved(options, cs, c.u, c.p));
  PetscCall(ChainDestroy(&c, &cs));
  PetscFunctionReturn(0);
}

/* The matrix of Gauss and Newton has no negative curvature, and is the Hessian where the model is linear. */
#define GAUSS_NEWTON_TESTS 3
static PetscErrorCode GaussNewton(const char options[])
{
  const CostateHessian type[] = {COSTATE_HESSIAN_GRADIENTS, COSTATE_HESSIAN_GAUSS_NEWTON};
  Chain                c;
  Costate              cs;
  Vec                  v, h[2];
  PetscReal            e[2], s, least = PETSC_INFINITY;

  PetscFunctionBeginUser;
  PetscCall(ChainCreate(&c, options, &cs));
  for (int linear = 0; linear < 2; linear++) {
    if (linear) {
      PetscCall(VecSetValue(c.p, 1, 0, INSERT_VALUES));
      PetscCall(VecAssemblyBegin(c.p));
      PetscCall(VecAssemblyEnd(c.p));
    }
    PetscCall(CostateSolve(cs));
    PetscCall(HessianDirection(c.u, &v));
    for (int k = 0; k < 2; k++) {
      PetscCall(VecDuplicate(v, &h[k]));
      PetscCall(CostateSetHessian(cs, type[k]));
      PetscCall(CostateHessianMult(cs, 0, v, NULL, h[k], NULL));
    }
    s = 0;
    PetscCall(HessianDot(v, h[1], &s));
    least = PetscMin(least, s);
    PetscCall(ZooDifference(h[1], h[0], &e[linear]));
    for (int k = 0; k < 2; k++) PetscCall(VecDestroy(&h[k]));
    PetscCall(VecDestroy(&v));
  }
  T_OK(e[0] >= 1e-3, "%s: Gauss-Newton's is another matrix: %.1e", options, (double)e[0]);
  T_OK(e[1] <= 1e-8, "%s: and the Hessian of a model that is linear: %.1e", options, (double)e[1]);
  T_OK(least > 0, "%s: without a negative curvature: %g", options, (double)least);
  PetscCall(ChainDestroy(&c, &cs));
  PetscFunctionReturn(0);
}

/* ---- at rest: what the right-hand side is for some state, it has to be again ---- */

typedef struct {
  Chain c;
  Vec   source;
} Rest;

static PetscErrorCode Residual(SNES snes, Vec u, Vec f, void *ctx)
{
  Rest *r = (Rest *)ctx;

  PetscFunctionBeginUser;
  (void)snes;
  PetscCall(F(NULL, 0, u, f, &r->c));
  PetscCall(VecAXPY(f, -1, r->source));
  PetscFunctionReturn(0);
}

static PetscErrorCode ResidualU(SNES snes, Vec u, Mat A, Mat B, void *ctx)
{
  PetscFunctionBeginUser;
  (void)snes;
  PetscCall(FU(NULL, 0, u, A, B, &((Rest *)ctx)->c));
  PetscFunctionReturn(0);
}

static PetscErrorCode ResidualP(Costate cs, Vec u, Vec p, Mat Jp, void *ctx)
{
  PetscFunctionBeginUser;
  (void)cs, (void)p;
  PetscCall(FP(NULL, 0, u, Jp, &((Rest *)ctx)->c));
  PetscFunctionReturn(0);
}

static PetscErrorCode RestCreate(Rest *r, const char options[], Costate *cs)
{
  Chain *c = &r->c;

  PetscFunctionBeginUser;
  PetscCall(ChainBegin(c, TIGHT "-snes_atol 1e-14"));
  PetscCall(PetscOptionsInsertString(NULL, options));
  PetscCall(ZooCopy(c->u, &r->source));
  PetscCall(SNESCreate(PETSC_COMM_WORLD, &c->snes));
  PetscCall(SNESSetFunction(c->snes, NULL, Residual, r));
  PetscCall(SNESSetJacobian(c->snes, c->J, c->J, ResidualU, r));
  PetscCall(SNESSetFromOptions(c->snes));
  PetscCall(CostateCreate(PETSC_COMM_WORLD, cs));
  PetscCall(CostateSetSNES(*cs, c->snes));
  PetscCall(CostateSetInitialState(*cs, c->u));
  PetscCall(CostateSetParameters(*cs, c->p));
  PetscCall(CostateSetSteadyJacobianP(*cs, c->Jp, ResidualP, r));
  PetscCall(CostateSetTerminalCost(*cs, 0, Phi, PhiU, PhiP, NULL));
  PetscCall(CostateSetFromOptions(*cs));
  PetscFunctionReturn(0);
}

static PetscErrorCode RestDestroy(Rest *r, Costate *cs)
{
  PetscFunctionBeginUser;
  PetscCall(VecDestroy(&r->source));
  PetscCall(ChainDestroy(&r->c, cs));
  PetscFunctionReturn(0);
}

#define STEADY_TESTS (2 + PROVED_TESTS)
static PetscErrorCode Steady(const char options[])
{
  Rest        r;
  Costate     cs;
  PetscReal   order, e;
  PetscScalar a, b;
  Vec         v, w, du, mu;

  PetscFunctionBeginUser;
  PetscCall(RestCreate(&r, options, &cs));
  PetscCall(CostateCheckTaylor(cs, 0, hessian_random, NULL, &order));
  T_OK(order >= 1.9, "at rest%s: Taylor remainder of order %.2f", options, (double)order);
  PetscCall(CostateSolve(cs));
  PetscCall(HessianDirection(r.c.p, &v));
  PetscCall(HessianDirection(r.c.u, &w));
  PetscCall(VecDuplicate(v, &mu));
  PetscCall(VecDuplicate(w, &du));
  PetscCall(CostateMultTangent(cs, v, du));
  PetscCall(CostateMultTangentTranspose(cs, w, mu));
  PetscCall(VecTDot(du, w, &a));
  PetscCall(VecTDot(v, mu, &b));
  e = PetscAbsScalar(a - b) / PetscAbsScalar(a);
  T_OK(e <= 1e-10, "at rest%s: the tangent and its transpose: %.1e", options, (double)e);
  PetscCall(Proved(options, cs, NULL, r.c.p));
  PetscCall(VecDestroy(&v));
  PetscCall(VecDestroy(&w));
  PetscCall(VecDestroy(&du));
  PetscCall(VecDestroy(&mu));
  PetscCall(RestDestroy(&r, &cs));
  PetscFunctionReturn(0);
}

#define REFUSED_TESTS 3
static PetscErrorCode Refused(void)
{
  Rest         r;
  Costate      cs;
  Mat          H;
  MatNullSpace space;
  Vec          v, h;
  PetscReal    norm;
  PetscBool    heard;

  PetscFunctionBeginUser;
  PetscCall(RestCreate(&r, "", &cs));
  PetscCall(CostateCreateHessian(cs, 0, &H));
  PetscCall(CostateSolve(cs));
  PetscCall(HessianDirection(r.c.p, &v));
  PetscCall(VecDuplicate(v, &h));
  REFUSES(MatMult(H, v, h), "a direction with imaginary parts", "a Hessian as a matrix of complex numbers");
  PetscCall(MatDestroy(&H));
  PetscCall(VecDestroy(&v));
  PetscCall(VecDestroy(&h));
  r.c.conjugate = .02;
  PetscCall(ZooListen());
  PetscCall(CostateSolve(cs));
  PetscCall(ZooHeard("the Jacobian is not the derivative of the residual", &heard));
  T_OK(heard, "a residual that is not analytic");
  PetscCall(RestDestroy(&r, &cs));
  PetscCall(RestCreate(&r, "", &cs));
  PetscCall(ZooCopy(r.c.u, &v));
  PetscCall(VecNormalize(v, &norm));
  PetscCall(MatNullSpaceCreate(PETSC_COMM_WORLD, PETSC_FALSE, 1, &v, &space));
  PetscCall(CostateSolveForward(cs));
  PetscCall(MatSetTransposeNullSpace(r.c.J, space));
  REFUSES(CostateSolveAdjoint(cs), "of a null space of the Jacobian has imaginary parts",
          "a null space of complex numbers");
  PetscCall(MatNullSpaceDestroy(&space));
  PetscCall(VecDestroy(&v));
  PetscCall(RestDestroy(&r, &cs));
  PetscFunctionReturn(0);
}

int main(int argc, char **argv)
{
  PetscCall(ZooBegin(&argc, &argv, 5 * PROVED_TESTS + 2 * GAUSS_NEWTON_TESTS + 2 * STEADY_TESTS + REFUSED_TESTS));
  PetscCall(HessianRandomCreate());
  PetscCall(PetscRandomSetInterval(hessian_random, -1 - PETSC_i, 1 + PETSC_i));
  PetscCall(Run(FIXED "-ts_type rk -ts_rk_type 4 -costate_hessian gradients"));
  PetscCall(Run(FIXED "-ts_type rk -ts_rk_type 5dp -costate_hessian tangent -ts_trajectory_costate_ram 4"));
  PetscCall(Run(FIXED TIGHT "-ts_type cn -costate_hessian tangent"));
  PetscCall(Run(FIXED TIGHT "-ts_type beuler -costate_hessian tangent"));
  PetscCall(Run(FIXED TIGHT "-ts_type theta -ts_theta_theta .6 -costate_hessian tangent"));
  PetscCall(GaussNewton(FIXED "-ts_type rk -ts_rk_type 5dp"));
  PetscCall(GaussNewton(FIXED TIGHT "-ts_type cn"));
  PetscCall(Steady(" -costate_steady_mode adjoint"));
  PetscCall(Steady(" -costate_steady_mode forward"));
  PetscCall(Refused());
  PetscCall(PetscRandomDestroy(&hessian_random));
  PetscCall(ZooEnd());
  return zoo_rank == 0 ? done() : 0;
}
#else
int main(int argc, char **argv)
{
  return ChainSkip(&argc, &argv);
}
#endif
