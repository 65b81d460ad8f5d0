/* SPDX-License-Identifier: BSD-2-Clause */
/* ranks: 1 2 */
/*
  The matrix of Gauss and Newton of a run is S^T phi'' S with S the derivative of the states that costs see: symmetric,
  without a negative curvature where the Hessian has some, and the Hessian itself where the run fits its data or the
  model is linear.
*/
#include "hessian.h"

#define FIXED " -ts_adapt_type none "
#define TIGHT " -snes_rtol 1e-13 -snes_stol 0 -ksp_rtol 1e-12 -costate_adjoint_ksp_rtol 1e-13"

static const TestCost cost = {1.5, 9, .1}; /* far from what is aimed at */

static const struct {
  const char *problem, *options;
} runs[] = {
    {"lotka", FIXED "-tend 2 -dt .05 -ts_rk_type 5dp -ts_trajectory_costate_ram 5"},
    {"lotka", FIXED "-tend 2 -dt .05 -ts_type cn" TIGHT},
};
#define NRUNS (int)(sizeof(runs) / sizeof(runs[0]))

#define TIMES 2
typedef struct {
  PetscInt n; /* of states that are kept, the last one that of the end */
  Vec      u[TIMES + 1], d;
} Seen;

/* The states that costs see. */
static PetscErrorCode Keep(Costate cs, PetscInt i, PetscReal t, Vec u, Vec p, PetscReal *value, void *ctx)
{
  PetscFunctionBeginUser;
  (void)cs, (void)t, (void)p;
  PetscCall(VecCopy(u, ((Seen *)ctx)->u[i]));
  *value = 0;
  PetscFunctionReturn(0);
}

static PetscErrorCode Nothing(Costate cs, PetscInt i, PetscReal t, Vec u, Vec p, Vec g, void *ctx)
{
  PetscFunctionBeginUser;
  (void)cs, (void)i, (void)t, (void)u, (void)p, (void)g, (void)ctx;
  PetscFunctionReturn(0);
}

static PetscErrorCode Misfit(Costate cs, PetscInt i, PetscReal t, Vec u, Vec p, PetscReal *value, void *ctx)
{
  Seen       *seen = (Seen *)ctx;
  PetscScalar s;

  PetscFunctionBeginUser;
  (void)cs, (void)t, (void)p;
  PetscCall(VecWAXPY(seen->d, -1, seen->u[i], u));
  PetscCall(VecDot(seen->d, seen->d, &s));
  *value = PetscRealPart(s) / 2;
  PetscFunctionReturn(0);
}

static PetscErrorCode MisfitU(Costate cs, PetscInt i, PetscReal t, Vec u, Vec p, Vec g, void *ctx)
{
  PetscFunctionBeginUser;
  (void)cs, (void)t, (void)p;
  PetscCall(VecWAXPY(g, -1, ((Seen *)ctx)->u[i], u));
  PetscFunctionReturn(0);
}

typedef struct {
  CostateProblem pr;
  Costate        cs;
  Vec            u0, p;
  PetscReal      times[TIMES + 1];
  Seen           seen;
} Run;

static PetscErrorCode Create(const char problem[], const char options[], Run *r)
{
  PetscReal T;
  TS        ts;

  PetscFunctionBeginUser;
  PetscCall(ZooOptions(options));
  PetscCall(TestCreate(problem, COSTATEDISCRETE, &r->pr, &r->cs));
  PetscCall(CostateProblemGetTS(r->pr, &ts));
  PetscCall(TSGetMaxTime(ts, &T));
  for (int i = 0; i <= TIMES; i++) r->times[i] = T * (i + 1) / (TIMES + 1);
  PetscCall(CostateGetInitialState(r->cs, &r->u0));
  PetscCall(CostateGetParameters(r->cs, &r->p));
  for (int i = 0; i <= TIMES; i++) PetscCall(VecDuplicate(r->u0, &r->seen.u[i]));
  PetscCall(VecDuplicate(r->u0, &r->seen.d));
  PetscFunctionReturn(0);
}

static PetscErrorCode Destroy(Run *r)
{
  PetscFunctionBeginUser;
  for (int i = 0; i <= TIMES; i++) PetscCall(VecDestroy(&r->seen.u[i]));
  PetscCall(VecDestroy(&r->seen.d));
  PetscCall(CostateDestroy(&r->cs));
  PetscCall(CostateProblemDestroy(&r->pr));
  PetscFunctionReturn(0);
}

/* a^T H b for the pair of directions, h made on the way */
static PetscErrorCode Curvature(Costate cs, CostateHessian type, Vec vu, Vec vp, Vec hu, Vec hp, PetscReal *s)
{
  PetscFunctionBeginUser;
  PetscCall(CostateSetHessian(cs, type));
  PetscCall(CostateHessianMult(cs, 0, vu, vp, hu, hp));
  *s = 0;
  PetscCall(HessianDot(vu, hu, s));
  PetscCall(HessianDot(vp, hp, s));
  PetscFunctionReturn(0);
}

/* The direction of least curvature of the Hessian, by iterations with sigma - H, sigma beyond its largest eigenvalue.
 */
static PetscErrorCode Lowest(Costate cs, Vec u0, Vec p, Vec hu, Vec hp, Vec *vu, Vec *vp, PetscReal *least)
{
  PetscReal sigma = 0;

  PetscFunctionBeginUser;
  PetscCall(HessianDirection(u0, vu));
  PetscCall(HessianDirection(p, vp));
  for (int k = 0;; k++) {
    PetscReal norm = 0;

    PetscCall(HessianDot(*vu, *vu, &norm));
    PetscCall(HessianDot(*vp, *vp, &norm));
    PetscCall(VecScale(*vu, 1 / PetscSqrtReal(norm)));
    PetscCall(VecScale(*vp, 1 / PetscSqrtReal(norm)));
    PetscCall(Curvature(cs, COSTATE_HESSIAN_GRADIENTS, *vu, *vp, hu, hp, least));
    if (k == 60) break;
    if (k < 20) sigma = PetscMax(sigma, 1.1 * PetscAbsReal(*least));
    PetscCall(VecAXPBY(*vu, -1, k < 20 ? 0 : sigma, hu));
    PetscCall(VecAXPBY(*vp, -1, k < 20 ? 0 : sigma, hp));
    if (k == 20) { /* another beginning: this one has nothing of the others left */
      PetscCall(VecSetRandom(*vu, hessian_random));
      PetscCall(VecSetRandom(*vp, hessian_random));
    }
  }
  PetscFunctionReturn(0);
}

/* |S v|^2 summed up over the times with their weights, S v by a difference of fourth order of runs */
static PetscErrorCode Squares(int i, Vec vu, Vec vp, PetscReal *sum)
{
  const PetscReal weight[2] = {8. / 12, -1. / 12}, e = 1e-3;
  Run             r;
  Vec             u0, p, s[TIMES + 1];
  PetscReal       vv = 0;

  PetscFunctionBeginUser;
  PetscCall(Create(runs[i].problem, runs[i].options, &r));
  PetscCall(CostateSetPointCost(r.cs, 0, TIMES + 1, r.times, Keep, Nothing, NULL, &r.seen));
  PetscCall(ZooCopy(r.u0, &u0));
  PetscCall(ZooCopy(r.p, &p));
  for (int k = 0; k <= TIMES; k++) {
    PetscCall(VecDuplicate(u0, &s[k]));
    PetscCall(VecZeroEntries(s[k]));
  }
  for (int k = 0; k < 4; k++) {
    const PetscReal d = (k % 2 ? -1 : 1) * (k / 2 + 1) * e, w = (k % 2 ? -1 : 1) * weight[k / 2] / e;

    PetscCall(VecWAXPY(r.u0, d, vu, u0));
    PetscCall(VecWAXPY(r.p, d, vp, p));
    PetscCall(CostateSolveForward(r.cs));
    for (int l = 0; l <= TIMES; l++) PetscCall(VecAXPY(s[l], w, r.seen.u[l]));
  }
  *sum = 0;
  for (int k = 0; k <= TIMES; k++) {
    PetscReal norm;

    PetscCall(VecNorm(s[k], NORM_2, &norm));
    *sum += (k + 1) * cost.weight * norm * norm;
    PetscCall(HessianDot(vp, vp, &vv));
    *sum += (k + 1) * cost.p_weight * vv;
    vv = 0;
    PetscCall(VecDestroy(&s[k]));
  }
  PetscCall(VecDestroy(&u0));
  PetscCall(VecDestroy(&p));
  PetscCall(Destroy(&r));
  PetscFunctionReturn(0);
}

#define LAWS_TESTS 4
static PetscErrorCode Laws(int i)
{
  Run       r;
  PetscReal e, s, least[2], off = 0;
  Vec       hu, hp, vu, vp;

  PetscFunctionBeginUser;
  PetscCall(Create(runs[i].problem, runs[i].options, &r));
  PetscCall(CostateSetHessian(r.cs, COSTATE_HESSIAN_GAUSS_NEWTON));
  PetscCall(CostateSetPointCost(r.cs, 0, TIMES + 1, r.times, TEST_COST(&cost)));
  PetscCall(CostateSolve(r.cs));
  PetscCall(HessianAsymmetry(r.cs, 0, r.u0, r.p, &e));
  T_OK(e <= 1e-10, "%s%s: symmetric: %.1e", runs[i].problem, runs[i].options, (double)e);
  PetscCall(VecDuplicate(r.u0, &hu));
  PetscCall(VecDuplicate(r.p, &hp));
  PetscCall(Lowest(r.cs, r.u0, r.p, hu, hp, &vu, &vp, &least[0]));
  PetscCall(Curvature(r.cs, COSTATE_HESSIAN_GAUSS_NEWTON, vu, vp, hu, hp, &least[1]));
  PetscCall(VecDestroy(&vu));
  PetscCall(VecDestroy(&vp));
  for (int k = 0; k < 6; k++) {
    PetscReal squares = 1;

    PetscCall(HessianDirection(r.u0, &vu));
    PetscCall(HessianDirection(r.p, &vp));
    PetscCall(Curvature(r.cs, COSTATE_HESSIAN_GAUSS_NEWTON, vu, vp, hu, hp, &s));
    least[1] = PetscMin(least[1], s);
    if (k < 2) {
      PetscCall(Squares(i, vu, vp, &squares));
      off = PetscMax(off, PetscAbsReal(s - squares) / squares);
    }
    PetscCall(VecDestroy(&vu));
    PetscCall(VecDestroy(&vp));
  }
  T_OK(off <= 1e-8, "%s%s: it is the sum of the squares of the tangent: %.1e", runs[i].problem, runs[i].options,
       (double)off);
  T_OK(least[0] < 0 && least[1] > 0, "%s%s: no curvature is negative, least %g, where one of the Hessian is, %g",
       runs[i].problem, runs[i].options, (double)least[1], (double)least[0]);
  PetscCall(CostateSetTerminalCost(r.cs, 0, TEST_COST(&cost)));
  PetscCall(CostateSetIntegralCost(r.cs, 0, TEST_COST(&cost)));
  PetscCall(CostateSolve(r.cs));
  PetscCall(HessianAsymmetry(r.cs, 0, r.u0, r.p, &e));
  T_OK(e <= 1e-10, "%s%s: with an integral: symmetric: %.1e", runs[i].problem, runs[i].options, (double)e);
  PetscCall(VecDestroy(&hu));
  PetscCall(VecDestroy(&hp));
  PetscCall(Destroy(&r));
  PetscFunctionReturn(0);
}

/* Both products along one direction, and by how much they differ; p: in the parameters, too */
static PetscErrorCode Difference(Run *r, PetscBool p, PetscReal *e)
{
  const CostateHessian type[2] = {COSTATE_HESSIAN_GAUSS_NEWTON, COSTATE_HESSIAN_GRADIENTS};
  Vec                  vu, vp, hu[2], hp[2];
  PetscReal            s, of_p = 0;

  PetscFunctionBeginUser;
  PetscCall(HessianDirection(r->u0, &vu));
  PetscCall(HessianDirection(p ? r->p : NULL, &vp));
  for (int i = 0; i < 2; i++) {
    PetscCall(VecDuplicate(r->u0, &hu[i]));
    hp[i] = NULL;
    if (p) PetscCall(VecDuplicate(r->p, &hp[i]));
    PetscCall(Curvature(r->cs, type[i], vu, vp, hu[i], hp[i], &s));
  }
  PetscCall(ZooDifference(hu[0], hu[1], e));
  if (p) PetscCall(ZooDifference(hp[0], hp[1], &of_p));
  *e = PetscMax(*e, of_p);
  for (int i = 0; i < 2; i++) {
    PetscCall(VecDestroy(&hu[i]));
    PetscCall(VecDestroy(&hp[i]));
  }
  PetscCall(VecDestroy(&vu));
  PetscCall(VecDestroy(&vp));
  PetscFunctionReturn(0);
}

#define FITS_TESTS 2
static PetscErrorCode Fits(int i)
{
  Run       r;
  PetscReal e;

  PetscFunctionBeginUser;
  PetscCall(Create(runs[i].problem, runs[i].options, &r));
  PetscCall(CostateSetPointCost(r.cs, 0, TIMES + 1, r.times, Keep, Nothing, NULL, &r.seen));
  PetscCall(CostateSolveForward(r.cs));
  PetscCall(CostateSetPointCost(r.cs, 0, TIMES + 1, r.times, Misfit, MisfitU, NULL, &r.seen));
  PetscCall(CostateSolve(r.cs));
  PetscCall(Difference(&r, PETSC_TRUE, &e));
  T_OK(e <= 1e-8, "%s%s: where the data fit it is the Hessian: %.1e", runs[i].problem, runs[i].options, (double)e);
  for (int k = 0; k <= TIMES; k++) PetscCall(VecShift(r.seen.u[k], .5));
  PetscCall(CostateSolve(r.cs));
  PetscCall(Difference(&r, PETSC_TRUE, &e));
  T_OK(e >= 1e-3, "%s%s: and where they do not it is another matrix: %.1e", runs[i].problem, runs[i].options,
       (double)e);
  PetscCall(Destroy(&r));
  PetscFunctionReturn(0);
}

static const char *const linear[] = {
    FIXED "-n 5 -dt .002 -tend .02 -ts_type rk -ts_rk_type 4",
    FIXED "-n 5 -dt .002 -tend .02 -ts_type beuler" TIGHT,
};
#define NLINEAR (int)(sizeof(linear) / sizeof(linear[0]))

#define LINEAR_TESTS 1
static PetscErrorCode Linear(int i)
{
  Run       r;
  PetscReal e;

  PetscFunctionBeginUser;
  PetscCall(Create("heat", linear[i], &r));
  PetscCall(CostateSetPointCost(r.cs, 0, TIMES + 1, r.times, TEST_COST(&cost)));
  PetscCall(CostateSolve(r.cs));
  PetscCall(Difference(&r, PETSC_FALSE, &e));
  T_OK(e <= 1e-9, "heat%s: it is linear in the initial state, and this the Hessian: %.1e", linear[i], (double)e);
  PetscCall(Destroy(&r));
  PetscFunctionReturn(0);
}

#define REFUSED_TESTS 2
static PetscErrorCode Refused(void)
{
  Run r;
  Vec v, h;

  PetscFunctionBeginUser;
  PetscCall(Create("lotka", FIXED "-tend 1 -dt .05 -costate_hessian gauss_newton", &r));
  PetscCall(CostateSetPointCost(r.cs, 0, TIMES + 1, r.times, TEST_COST(&cost)));
  PetscCall(VecDuplicate(r.p, &v));
  PetscCall(VecDuplicate(r.p, &h));
  PetscCall(VecSet(v, 1));
  REFUSES(CostateHessianMult(r.cs, 0, NULL, v, NULL, h), "There is no solution yet", "before a solve");
  PetscCall(CostateSetType(r.cs, COSTATEGAUSS));
  PetscCall(CostateSolve(r.cs));
  REFUSES(CostateHessianMult(r.cs, 0, NULL, v, NULL, h), "-costate_hessian gauss_newton: the method gauss has no",
          "a method without tangents");
  PetscCall(VecDestroy(&v));
  PetscCall(VecDestroy(&h));
  PetscCall(Destroy(&r));
  PetscFunctionReturn(0);
}

int main(int argc, char **argv)
{
  PetscCall(ZooBegin(&argc, &argv, NRUNS * (LAWS_TESTS + FITS_TESTS) + NLINEAR * LINEAR_TESTS + REFUSED_TESTS));
  PetscCall(HessianRandomCreate());
  for (int i = 0; i < NRUNS; i++) {
    PetscCall(Laws(i));
    PetscCall(Fits(i));
  }
  for (int i = 0; i < NLINEAR; i++) PetscCall(Linear(i));
  PetscCall(Refused());
  PetscCall(PetscRandomDestroy(&hessian_random));
  PetscCall(ZooEnd());
  return zoo_rank == 0 ? done() : 0;
}
