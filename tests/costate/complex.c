/* SPDX-License-Identifier: BSD-2-Clause */
/* ranks: 1 2 */
/*
  Complex scalars: gradients g are such that dG = Re(g^T du): Taylor remainders along complex directions go down as they
  should, all methods agree, and a small budget gives the same bits.
*/
#include "chain.h"

#if defined(PETSC_USE_COMPLEX)
static PetscErrorCode Taylor(const char options[])
{
  Chain       c;
  Costate     cs;
  PetscRandom r;
  PetscReal   order, error;

  PetscFunctionBeginUser;
  PetscCall(Random(&r));
  PetscCall(ChainCreate(&c, options, &cs));
  PetscCall(CostateCheckTaylor(cs, 0, r, NULL, &order));
  PetscCall(CostateCheckDotProduct(cs, r, NULL, &error));
  T_OK(order >= 1.9 && error < 1e-6, "%s: Taylor remainder of order %.2f, products right to %.1e (seed %s)", options,
       (double)order, (double)error, getenv("SEED") ? getenv("SEED") : "1");
  PetscCall(PetscRandomDestroy(&r));
  PetscCall(ChainDestroy(&c, &cs));
  PetscFunctionReturn(0);
}

static PetscErrorCode Solve(const char options[], Vec g[2])
{
  Chain                  c;
  Costate                cs;
  CostateConvergedReason reason;
  Vec                    gu, gp;

  PetscFunctionBeginUser;
  PetscCall(ChainCreate(&c, options, &cs));
  PetscCall(CostateSolve(cs));
  PetscCall(CostateGetConvergedReason(cs, &reason));
  PetscCheck(reason > 0, PETSC_COMM_WORLD, PETSC_ERR_NOT_CONVERGED, "%s", options);
  PetscCall(CostateGetGradient(cs, 0, &gu, &gp));
  PetscCall(ZooCopy(gu, &g[0]));
  PetscCall(ZooCopy(gp, &g[1]));
  PetscCall(ChainDestroy(&c, &cs));
  PetscFunctionReturn(0);
}

/* The gradients under two sets of options; tol 0: bit for bit */
static PetscErrorCode Same(const char a[], const char b[], PetscReal tol)
{
  PetscReal e[2] = {0, 0};
  Vec       g[2][2];
  PetscBool same[2] = {PETSC_TRUE, PETSC_TRUE};

  PetscFunctionBeginUser;
  PetscCall(Solve(a, g[0]));
  PetscCall(Solve(b, g[1]));
  for (int k = 0; k < 2; k++) {
    if (g[0][k] && g[1][k]) PetscCall(ZooDifference(g[1][k], g[0][k], &e[k]));
    if (g[0][k] && g[1][k]) PetscCall(VecEqual(g[0][k], g[1][k], &same[k]));
    PetscCall(VecDestroy(&g[0][k]));
    PetscCall(VecDestroy(&g[1][k]));
  }
  T_OK(tol > 0 ? e[0] <= tol && e[1] <= tol : same[0] && same[1], "%s and %s: dG/du0 differs by %.1e, dG/dp by %.1e", a,
       b, (double)e[0], (double)e[1]);
  PetscFunctionReturn(0);
}

#define RK    "-ts_type rk -ts_rk_type 5dp -ts_rtol 1e-9 -ts_atol 1e-9 "
#define CN    "-ts_type cn -ksp_rtol 1e-13 -snes_rtol 1e-13 "
#define OTHER "-costate_adjoint_ts_rtol 1e-9 -costate_adjoint_ts_atol 1e-9 "

/* -costate_vjp auto, with a Jacobian of the application or with its pattern alone */
static PetscErrorCode Auto(PetscBool given, const char said[], const char text[])
{
  Chain     c;
  Costate   cs;
  PetscBool heard;

  PetscFunctionBeginUser;
  chain_pattern = (PetscBool)!given;
  PetscCall(ChainCreate(&c, CN "-costate_vjp auto -costate_vjp_p fd", &cs));
  PetscCall(ZooListen());
  PetscCall(CostateSetUp(cs));
  PetscCall(ZooHeard(said, &heard));
  T_OK(heard, "%s", text);
  chain_pattern = PETSC_FALSE;
  PetscCall(ChainDestroy(&c, &cs));
  PetscFunctionReturn(0);
}

/* Derivatives that are right along real directions alone are found out, where the state is complex. */
static PetscErrorCode NotAnalytic(void)
{
  Chain     c;
  Costate   cs;
  PetscReal error[2];

  PetscFunctionBeginUser;
  PetscCall(ChainCreate(&c, CN, &cs));
  for (int i = 0; i < 2; i++) {
    c.conjugate = i;
    PetscCall(CostateCheckDotProduct(cs, NULL, NULL, &error[i]));
  }
  T_OK(error[0] < 1e-6 && error[1] > 1e-2,
       "a function that is not analytic: derivatives are off by %.1e, of one that "
       "is by %.1e",
       (double)error[1], (double)error[0]);
  PetscCall(ChainDestroy(&c, &cs));
  PetscFunctionReturn(0);
}

#define REFUSED_TESTS 5
static PetscErrorCode Refused(void)
{
  Chain    c;
  Costate  cs;
  Mat      W;
  Tao      tao;
  PetscInt n;

  PetscFunctionBeginUser;
  PetscCall(ChainCreate(&c, CN "-costate_vjp complex -costate_vjp_p fd", &cs));
  REFUSES(CostateSolve(cs), "the initial state has imaginary parts", "complex steps at a complex state");
  PetscCall(VecSet(c.u, .5));
  REFUSES(CostateSolve(cs), "a parameter has an imaginary part", "complex steps with a complex parameter");
  PetscCall(VecSet(c.p, .5));
  REFUSES(CostateSolve(cs), "the function has imaginary parts where", "complex steps of a function of complex numbers");
  PetscCall(ChainDestroy(&c, &cs));
  PetscCall(ChainCreate(&c, CN, &cs));
  PetscCall(VecGetLocalSize(c.u, &n));
  PetscCall(MatCreateConstantDiagonal(PETSC_COMM_WORLD, n, n, N, N, 1 + .1 * PETSC_i, &W));
  PetscCall(CostateSetInnerProduct(cs, COSTATE_INNER_MASS, W, NULL));
  REFUSES(CostateSolve(cs), "has entries that are not real", "an inner product with a matrix that is not real");
  PetscCall(MatDestroy(&W));
  PetscCall(TaoCreate(PETSC_COMM_WORLD, &tao));
  REFUSES(CostateSetUpTao(cs, tao), "PETSc's optimisers are for real scalars", "an optimiser");
  PetscCall(TaoDestroy(&tao));
  PetscCall(ChainDestroy(&c, &cs));
  PetscFunctionReturn(0);
}

int main(int argc, char **argv)
{
  const char *const methods[] = {"forward", "interpolating", "quadrature", "gauss", "backsolve"};
  char              options[512];

  PetscCall(ZooBegin(&argc, &argv, 18 + REFUSED_TESTS));
  PetscCall(Taylor("-ts_type rk -ts_rk_type 3bs -ts_adapt_type none"));
  PetscCall(Taylor(RK "-ts_trajectory_costate_ram 4"));
  PetscCall(Taylor(CN));
  PetscCall(Taylor("-ts_type beuler -ksp_rtol 1e-13 -snes_rtol 1e-13"));
  for (int i = 0; i < 5; i++) {
    PetscCall(PetscSNPrintf(options, sizeof(options), RK OTHER "-costate_type %s", methods[i]));
    PetscCall(Same(RK, options, 1e-6));
  }
  PetscCall(Same(CN "-ts_dt .001", CN "-ts_dt .001 -costate_type gauss", 1e-5));
  PetscCall(Same(RK, RK "-ts_trajectory_costate_ram 3", 0));
  PetscCall(Same(CN, CN "-ts_trajectory_costate_ram 3", 0));
  PetscCall(Same(CN, CN "-ts_trajectory_costate_ram 2 -ts_trajectory_costate_hdf5 waves", 0));
  PetscCall(Same(CN, CN "-costate_vjp fd -costate_vjp_p fd", 1e-7));
  PetscCall(Same(CN, CN "-costate_vjp coloring -costate_vjp_p fd", 1e-7));
  PetscCall(Auto(PETSC_TRUE, "by jacobian", "-costate_vjp auto finds its way among complex numbers"));
  PetscCall(Auto(PETSC_FALSE, "not complex: the initial state has", "and past complex steps"));
  PetscCall(NotAnalytic());
  PetscCall(Refused());
  PetscCall(ZooEnd());
  return zoo_rank == 0 ? done() : 0;
}
#else
int main(int argc, char **argv)
{
  return ChainSkip(&argc, &argv);
}
#endif
