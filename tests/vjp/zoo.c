/* SPDX-License-Identifier: BSD-2-Clause */
/* ranks: 1 2 3 */
/*
  Every provider on every problem of the zoo: the gradient is that of the problem's own matrices, to rounding if its
  products are exact, else to what differences give.  The products of `user` are made of the problem's functions here.
*/
#include "../methods/zoorun.h"

/* What the problem gave one side: the matrix is the test's own, since the run's is at another point. */
typedef struct {
  TS            ts;
  CostateSide   side;
  Mat           J, Jp;
  TSRHSJacobian rhs;
  TSIJacobian   ijac;
  void         *ctx, *pctx;
  PetscErrorCode (*rhsp)(TS, PetscReal, Vec, Mat, void *);
  void (*ip)(void);
} Given;

static PetscErrorCode Product(Given *g, PetscReal t, Vec u, Vec udot, PetscReal shift, PetscBool transposed, Vec in,
                              Vec out)
{
  PetscFunctionBeginUser;
  if (g->side == COSTATE_RHS)
    PetscCall((*g->rhs)(g->ts, t, u, g->J, g->J, g->ctx));
  else
    PetscCall((*g->ijac)(g->ts, t, u, udot, shift, g->J, g->J, g->ctx));
  PetscCall(transposed ? MatMultTranspose(g->J, in, out) : MatMult(g->J, in, out));
  PetscFunctionReturn(0);
}

static PetscErrorCode Jvp(Costate cs, PetscReal t, Vec u, Vec udot, PetscReal shift, Vec p, Vec in, Vec out, void *ctx)
{
  PetscFunctionBeginUser;
  (void)cs, (void)p;
  PetscCall(Product((Given *)ctx, t, u, udot, shift, PETSC_FALSE, in, out));
  PetscFunctionReturn(0);
}

static PetscErrorCode Vjp(Costate cs, PetscReal t, Vec u, Vec udot, PetscReal shift, Vec p, Vec in, Vec out, void *ctx)
{
  PetscFunctionBeginUser;
  (void)cs, (void)p;
  PetscCall(Product((Given *)ctx, t, u, udot, shift, PETSC_TRUE, in, out));
  PetscFunctionReturn(0);
}

static PetscErrorCode FillP(Given *g, PetscReal t, Vec u, Vec udot, PetscReal shift)
{
  PetscFunctionBeginUser;
  if (g->side == COSTATE_RHS)
    PetscCall((*g->rhsp)(g->ts, t, u, g->Jp, g->pctx));
  else
    PetscCall((*(PetscErrorCode(*)(TS, PetscReal, Vec, Vec, PetscReal, Mat, void *))g->ip)(g->ts, t, u, udot, shift,
                                                                                           g->Jp, g->pctx));
  PetscFunctionReturn(0);
}

static PetscErrorCode ProductP(Given *g, PetscReal t, Vec u, Vec udot, PetscReal shift, PetscBool transposed, Vec in,
                               Vec out)
{
  PetscFunctionBeginUser;
  PetscCall(FillP(g, t, u, udot, shift));
  PetscCall(transposed ? MatMultTranspose(g->Jp, in, out) : MatMult(g->Jp, in, out));
  PetscFunctionReturn(0);
}

static PetscErrorCode JvpP(Costate cs, PetscReal t, Vec u, Vec udot, PetscReal shift, Vec p, Vec in, Vec out, void *ctx)
{
  PetscFunctionBeginUser;
  (void)cs, (void)p;
  PetscCall(ProductP((Given *)ctx, t, u, udot, shift, PETSC_FALSE, in, out));
  PetscFunctionReturn(0);
}

static PetscErrorCode VjpP(Costate cs, PetscReal t, Vec u, Vec udot, PetscReal shift, Vec p, Vec in, Vec out, void *ctx)
{
  PetscFunctionBeginUser;
  (void)cs, (void)p;
  PetscCall(ProductP((Given *)ctx, t, u, udot, shift, PETSC_TRUE, in, out));
  PetscFunctionReturn(0);
}

/* Both matrices are filled once, so that there is a pattern to copy. */
static PetscErrorCode Take(TS ts, CostateSide side, Vec u, Given *g)
{
  Mat J, Jp;
  Vec out;

  PetscFunctionBeginUser;
  *g = (Given){.ts = ts, .side = side};
  if (side == COSTATE_RHS) {
    PetscCall(TSGetRHSJacobian(ts, &J, NULL, &g->rhs, &g->ctx));
    PetscCall(TSGetRHSJacobianP(ts, &Jp, &g->rhsp, &g->pctx));
    if (!g->rhs) J = NULL;
    if (!g->rhsp) Jp = NULL;
  } else {
    PetscCall(TSGetIJacobian(ts, NULL, NULL, &g->ijac, &g->ctx));
    J = NULL;
    if (g->ijac) PetscCall(TSGetIJacobian(ts, &J, NULL, NULL, NULL));
    PetscCall(CostateTSGetIJacobianP(ts, &Jp, &g->ip, &g->pctx));
    if (!g->ip) Jp = NULL;
  }
  g->J  = J;
  g->Jp = Jp;
  PetscCall(VecDuplicate(u, &out));
  if (J) PetscCall(Product(g, 0, u, u, 0, PETSC_FALSE, u, out));
  if (J) PetscCall(MatDuplicate(J, MAT_COPY_VALUES, &g->J));
  if (Jp) PetscCall(FillP(g, 0, u, u, 0));
  if (Jp) PetscCall(MatDuplicate(Jp, MAT_COPY_VALUES, &g->Jp));
  PetscCall(VecDestroy(&out));
  PetscFunctionReturn(0);
}

/* The gradient by a provider for the state, one for the parameters; where these are no matrix, or no sparse one, fd. */
static PetscErrorCode Gradient(const char problem[], const char method[], const char options[], const char u[],
                               const char p[], ZooResult *r)
{
  CostateProblem pr;
  Costate        cs;
  TS             ts;
  Vec            u0;
  Given          g[2];

  PetscFunctionBeginUser;
  PetscCall(ZooOptions(options));
  PetscCall(PetscOptionsSetValue(NULL, "-costate_vjp", u));
  PetscCall(PetscOptionsSetValue(NULL, "-costate_vjp_p", p));
  PetscCall(PetscOptionsSetValue(NULL, "-costate_vjp_few", "400"));
  /* an error if <J^T w, v> and <w, J v> differ by more than 1e-12, or either from differences by 1e-5 */
  if (strcmp(u, "fd") && strcmp(u, "coloring"))
    PetscCall(PetscOptionsSetValue(NULL, "-costate_check_dot_product", "ascii:/dev/null"));
  PetscCall(ZooCreate(problem, method, &pr, &cs));
  PetscCall(CostateProblemGetTS(pr, &ts));
  PetscCall(CostateProblemGetInitialState(pr, &u0));
  for (int side = 0; side < 2; side++) {
    PetscCall(Take(ts, (CostateSide)side, u0, &g[side]));
    if (g[side].J && !strcmp(u, "user")) PetscCall(CostateSetProducts(cs, (CostateSide)side, Jvp, Vjp, &g[side]));
    if (g[side].Jp && !strcmp(p, "user"))
      PetscCall(CostateSetParameterProducts(cs, (CostateSide)side, JvpP, VjpP, &g[side]));
  }
  PetscCall(CostateSolve(cs));
  PetscCall(ZooTake(pr, cs, r));
  PetscCall(CostateDestroy(&cs));
  PetscCall(CostateProblemDestroy(&pr));
  for (int side = 0; side < 2; side++) {
    PetscCall(MatDestroy(&g[side].J));
    PetscCall(MatDestroy(&g[side].Jp));
  }
  PetscFunctionReturn(0);
}

static const struct {
  const char *u, *p;
  PetscReal   tol;
} ways[] = {
    {"user", "user", 1e-12},
    {"fd", "fd", 1e-8},
    {"coloring", "fd", 1e-8},
#if defined(PETSC_USE_COMPLEX)
    {"complex", "complex", 1e-11},
#endif
};
#define NWAYS ((int)(sizeof(ways) / sizeof(ways[0])))

/*
  matrix: the sweep needs F_u' as one, so that products of F_u are not enough.  On three ranks only those problems are
  run that are spread over them.
*/
static const struct {
  const char *problem, *method, *options;
  PetscBool   matrix;
} runs[] = {
    {"lotka", "discrete", "-dt .1", PETSC_FALSE},
    {"lotka", "gauss", "-dt .1", PETSC_FALSE},
    {"lotka_t", "discrete", "-dt .05", PETSC_FALSE},
    {"hessian3", "quadrature", "-dt .05", PETSC_FALSE},
    {"mass", "interpolating", "-ts_type cn -ksp_rtol 1e-13", PETSC_TRUE},
    {"mass", "discrete", "-ts_type cn -ksp_rtol 1e-13", PETSC_FALSE},
    {"dae1", "gauss", "-ts_type bdf", PETSC_TRUE},
    {"vanderpol", "backsolve", "", PETSC_FALSE},
    {"vanderpol", "forward", "", PETSC_FALSE},
    {"ex23", "discrete", "-dt .01", PETSC_FALSE},
    {"heat", "discrete", "-n 12 -ts_type cn -ksp_rtol 1e-13", PETSC_FALSE},
    {"heat", "interpolating", "-n 12 -ts_type beuler -ksp_rtol 1e-13 -costate_adjoint_ksp_rtol 1e-13", PETSC_FALSE},
    {"linear", "discrete", "-dt .1", PETSC_FALSE},
    {"linear2", "gauss", "-dt .1", PETSC_FALSE},
    {"lorenz63", "discrete", "-tend .5", PETSC_FALSE},
    {"lorenz96", "interpolating", "-n 12 -tend .3", PETSC_FALSE},
    {"robertson", "gauss", "-ts_type bdf -tend 1", PETSC_TRUE},
    {"pendulum", "interpolating", "-ts_type cn -tend .1", PETSC_TRUE},
    {"vdp_stiff", "gauss", "-tend 1e-3", PETSC_TRUE},
    {"brusselator", "discrete", "-n 4 -tend .2 -ts_type cn -dt .05 -ksp_rtol 1e-13 -snes_rtol 1e-13", PETSC_FALSE},
    {"brusselator", "gauss", "-n 4 -tend .2 -ts_type rk", PETSC_FALSE},
    {"advdiff", "discrete", "-n 8 -tend .1", PETSC_FALSE},
};
#define NRUNS ((int)(sizeof(runs) / sizeof(runs[0])))

static int Runs(int i)
{
  static const char *const spread[] = {"heat", "lorenz96", "brusselator", "advdiff"};

  for (int k = 0; k < 4; k++) {
    if (!strcmp(runs[i].problem, spread[k])) return 1;
  }
  return zoo_size < 3;
}

int main(int argc, char **argv)
{
  int n = 0;

  PetscCall(ZooBegin(&argc, &argv, 0));
  for (int i = 0; i < NRUNS; i++) n += Runs(i) * NWAYS;
  if (zoo_rank == 0) plan(n);
  for (int i = 0; i < NRUNS; i++) {
    ZooResult own, r;

    if (!Runs(i)) continue;
    PetscCall(Gradient(runs[i].problem, runs[i].method, runs[i].options, "jacobian", "jacobian", &own));
    for (int w = 0; w < NWAYS; w++) {
      const char *u  = runs[i].matrix && !strcmp(ways[w].u, "user") ? "jacobian" : ways[w].u;
      PetscReal   eu = 0, ep = 0;

      PetscCall(Gradient(runs[i].problem, runs[i].method, runs[i].options, u, ways[w].p, &r));
      if (own.gu) PetscCall(ZooDifference(r.gu, own.gu, &eu));
      if (own.gp) PetscCall(ZooDifference(r.gp, own.gp, &ep));
      T_OK(own.reason > 0 && r.reason > 0 && eu <= ways[w].tol && ep <= ways[w].tol,
           "%s, %s %s: -costate_vjp %s -costate_vjp_p %s: dG/du0 %.1e, dG/dp %.1e", runs[i].problem, runs[i].method,
           runs[i].options, u, ways[w].p, (double)eu, (double)ep);
      PetscCall(ZooResultFree(&r));
    }
    PetscCall(ZooResultFree(&own));
  }
  PetscCall(ZooEnd());
  return zoo_rank == 0 ? done() : 0;
}
