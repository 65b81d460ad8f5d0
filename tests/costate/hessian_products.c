/* SPDX-License-Identifier: BSD-2-Clause */
/*
  Second derivatives of the equation that an application has (TSSetRHSHessianProduct(), TSSetIHessianProduct()) make
  the product with the Hessian that differences of first ones make, with fewer Jacobians; wrong ones are found out.
*/
#include "hessian.h"

#define TIGHT                                                                                                          \
  " -ts_adapt_type none -tend 2 -dt .05 -costate_hessian tangent -snes_rtol 1e-13 -snes_stol 0 -costate_adjoint_ksp_"  \
  "rtol 1e-13 "

static const TestCost cost = {1, .5, .1};
static PetscInt       calls;

/* lotka: f0 = p0 u0 - p1 u0 u1, f1 = -p2 u1 + p3 u0 u1; ctx: by what all is multiplied, 1 for f */
static PetscErrorCode Product(Vec U, Vec *L, Vec R, Vec *out, int of, int along, void *ctx)
{
  const PetscReal    c = *(const PetscReal *)ctx, p[4] = {1.5, 1, 3, 1};
  const PetscScalar *u, *l, *r;
  PetscScalar       *h;

  PetscFunctionBeginUser;
  calls++;
  PetscCall(VecGetArrayRead(U, &u));
  PetscCall(VecGetArrayRead(L[0], &l));
  PetscCall(VecGetArrayRead(R, &r));
  PetscCall(VecGetArrayWrite(out[0], &h));
  if (!of && !along) {
    h[0] = c * (p[3] * l[1] - p[1] * l[0]) * r[1];
    h[1] = c * (p[3] * l[1] - p[1] * l[0]) * r[0];
  } else if (!of) {
    h[0] = c * (l[0] * (r[0] - u[1] * r[1]) + l[1] * u[1] * r[3]);
    h[1] = c * (-l[0] * u[0] * r[1] + l[1] * (u[0] * r[3] - r[2]));
  } else if (!along) {
    h[0] = c * l[0] * r[0];
    h[1] = -c * l[0] * (u[1] * r[0] + u[0] * r[1]);
    h[2] = -c * l[1] * r[1];
    h[3] = c * l[1] * (u[1] * r[0] + u[0] * r[1]);
  } else
    h[0] = h[1] = h[2] = h[3] = 0;
  PetscCall(VecRestoreArrayRead(U, &u));
  PetscCall(VecRestoreArrayRead(L[0], &l));
  PetscCall(VecRestoreArrayRead(R, &r));
  PetscCall(VecRestoreArrayWrite(out[0], &h));
  PetscFunctionReturn(0);
}

#define PRODUCT(name, of, along)                                                                                       \
  static PetscErrorCode name(TS ts, PetscReal t, Vec U, Vec *L, Vec R, Vec *out, void *ctx)                            \
  {                                                                                                                    \
    PetscFunctionBeginUser;                                                                                            \
    (void)ts, (void)t;                                                                                                 \
    PetscCall(Product(U, L, R, out, of, along, ctx));                                                                  \
    PetscFunctionReturn(0);                                                                                            \
  }
PRODUCT(UU, 0, 0)
PRODUCT(UP, 0, 1)
PRODUCT(PU, 1, 0)
PRODUCT(PP, 1, 1)

typedef struct {
  CostateProblem pr;
  Costate        cs;
  TS             ts;
  Vec            u0, p, hu, hp, to[4];
} Run;

static PetscErrorCode Create(const char options[], Run *r)
{
  PetscFunctionBeginUser;
  PetscCall(ZooOptions(TIGHT));
  PetscCall(PetscOptionsInsertString(NULL, options));
  PetscCall(TestCreate("lotka", COSTATEDISCRETE, &r->pr, &r->cs));
  PetscCall(CostateProblemGetTS(r->pr, &r->ts));
  PetscCall(CostateSetTerminalCost(r->cs, 0, TEST_COST(&cost)));
  PetscCall(CostateSetIntegralCost(r->cs, 0, TEST_COST(&cost)));
  PetscCall(CostateGetInitialState(r->cs, &r->u0));
  PetscCall(CostateGetParameters(r->cs, &r->p));
  PetscCall(VecDuplicate(r->u0, &r->hu));
  PetscCall(VecDuplicate(r->p, &r->hp));
  for (int i = 0; i < 4; i++) PetscCall(VecDuplicate(i < 2 ? r->u0 : r->p, &r->to[i]));
  PetscCall(CostateSolve(r->cs));
  PetscFunctionReturn(0);
}

static PetscErrorCode Destroy(Run *r)
{
  PetscFunctionBeginUser;
  for (int i = 0; i < 4; i++) PetscCall(VecDestroy(&r->to[i]));
  PetscCall(VecDestroy(&r->hu));
  PetscCall(VecDestroy(&r->hp));
  PetscCall(CostateDestroy(&r->cs));
  PetscCall(CostateProblemDestroy(&r->pr));
  PetscFunctionReturn(0);
}

/* The product, of the application's functions if factor is not 0; less: without those along the parameters */
static PetscErrorCode Mult(Run *r, PetscBool rhs, PetscReal *factor, PetscBool less, Vec vu, Vec vp, Vec h[2])
{
  const PetscBool none = (PetscBool)(*factor == 0);

  PetscFunctionBeginUser;
  PetscCall((rhs ? TSSetRHSHessianProduct : TSSetIHessianProduct)(r->ts, &r->to[0], none ? NULL : UU, &r->to[1],
                                                                  none || less ? NULL : UP, &r->to[2], none ? NULL : PU,
                                                                  &r->to[3], none || less ? NULL : PP, factor));
  calls = 0;
  PetscCall(CostateHessianMult(r->cs, 0, vu, vp, r->hu, r->hp));
  PetscCall(ZooCopy(r->hu, &h[0]));
  PetscCall(ZooCopy(r->hp, &h[1]));
  PetscFunctionReturn(0);
}

static PetscErrorCode Compare(Vec a[2], Vec b[2], PetscReal *e)
{
  PetscReal f;

  PetscFunctionBeginUser;
  PetscCall(ZooDifference(a[0], b[0], e));
  PetscCall(ZooDifference(a[1], b[1], &f));
  *e = PetscMax(*e, f);
  for (int i = 0; i < 2; i++) PetscCall(VecDestroy(&b[i]));
  PetscFunctionReturn(0);
}

/* F = u' - f has the other sign. */
#define SAME_TESTS 5
static PetscErrorCode Same(PetscBool rhs, const char options[])
{
  PetscReal none = 0, factor = rhs ? 1 : -1, e;
  PetscInt  all;
  Run       r;
  Vec       h[2], g[2], vu, vp;

  PetscFunctionBeginUser;
  PetscCall(Create(options, &r));
  PetscCall(HessianDirection(r.u0, &vu));
  PetscCall(HessianDirection(r.p, &vp));
  PetscCall(Mult(&r, rhs, &none, PETSC_FALSE, vu, vp, h));
  PetscCall(Mult(&r, rhs, &factor, PETSC_FALSE, vu, vp, g));
  all = calls;
  PetscCall(Compare(h, g, &e));
  T_OK(all > 0 && e <= 1e-9, "%s: %d calls make the same product: %.1e", options, (int)all, (double)e);
  PetscCall(HessianAsymmetry(r.cs, 0, r.u0, r.p, &e));
  T_OK(e <= 1e-10, "%s: symmetric: %.1e", options, (double)e);
  PetscCall(Mult(&r, rhs, &factor, PETSC_TRUE, vu, vp, g));
  PetscCall(Compare(h, g, &e));
  T_OK(!calls && e <= 1e-9, "%s: some are missing, and differences are taken: %.1e", options, (double)e);
  for (int i = 0; i < 2; i++) PetscCall(VecDestroy(&h[i]));
  PetscCall(Mult(&r, rhs, &none, PETSC_FALSE, vu, NULL, h));
  PetscCall(Mult(&r, rhs, &factor, PETSC_TRUE, vu, NULL, g));
  PetscCall(Compare(h, g, &e));
  T_OK(calls > 0 && e <= 1e-9, "%s: those that are not needed may be missing: %.1e", options, (double)e);
  factor *= 1.01;
  REFUSES(CostateHessianMult(r.cs, 0, vu, NULL, r.hu, r.hp), "The second derivatives of the equation with respect to",
          "wrong ones");
  for (int i = 0; i < 2; i++) PetscCall(VecDestroy(&h[i]));
  PetscCall(VecDestroy(&vu));
  PetscCall(VecDestroy(&vp));
  PetscCall(Destroy(&r));
  PetscFunctionReturn(0);
}

int main(int argc, char **argv)
{
  PetscCall(ZooBegin(&argc, &argv, 4 * SAME_TESTS));
  PetscCall(HessianRandomCreate());
  PetscCall(Same(PETSC_TRUE, "-ts_rk_type 5dp"));
  PetscCall(Same(PETSC_TRUE, "-ts_type cn"));
  PetscCall(Same(PETSC_FALSE, "-ts_type cn -form implicit"));
  PetscCall(Same(PETSC_FALSE, "-ts_type beuler -form implicit"));
  PetscCall(PetscRandomDestroy(&hessian_random));
  PetscCall(ZooEnd());
  return done();
}
