/* SPDX-License-Identifier: BSD-2-Clause */
/* ranks: 1 2 */
/*
  CostateSetUpTao(): Newton's methods of TAO find the parameters that a run was made with, in fewer iterations than a
  quasi-Newton method, with bounds, with what is added to the cost, and with the root of a covariance.
*/
#include "../costate/refuses.h"

#define LINE " -tend 4 -ts_rk_type 5dp -ts_adapt_type none -dt .1 -tao_gatol 1e-9 -tao_grtol 0 -tao_gttol 0 "

typedef struct {
  PetscInt n; /* times */
  Vec      data[16], d;
} Data;

/* sum |u(t_i) - data_i|^2 / 2 */
static PetscErrorCode Value(Costate cs, PetscInt i, PetscReal t, Vec u, Vec p, PetscReal *value, void *ctx)
{
  Data       *data = (Data *)ctx;
  PetscScalar s;

  PetscFunctionBeginUser;
  (void)cs, (void)t, (void)p;
  PetscCall(VecWAXPY(data->d, -1, data->data[i], u));
  PetscCall(VecDot(data->d, data->d, &s));
  *value = PetscRealPart(s) / 2;
  PetscFunctionReturn(0);
}

static PetscErrorCode Gradient(Costate cs, PetscInt i, PetscReal t, Vec u, Vec p, Vec g, void *ctx)
{
  PetscFunctionBeginUser;
  (void)cs, (void)t, (void)p;
  PetscCall(VecWAXPY(g, -1, ((Data *)ctx)->data[i], u));
  PetscFunctionReturn(0);
}

/* The data are what a run with the parameters as they are gives. */
static PetscErrorCode Store(Costate cs, PetscInt i, PetscReal t, Vec u, Vec p, PetscReal *value, void *ctx)
{
  PetscFunctionBeginUser;
  (void)cs, (void)t, (void)p;
  PetscCall(VecCopy(u, ((Data *)ctx)->data[i]));
  *value = 0;
  PetscFunctionReturn(0);
}

/* w |p|^4 / 4 */
static PetscErrorCode Quartic(Costate cs, Vec p, PetscReal *value, Vec g, void *ctx)
{
  const PetscReal w = *(const PetscReal *)ctx;
  PetscScalar     s;

  PetscFunctionBeginUser;
  (void)cs;
  PetscCall(VecDot(p, p, &s));
  *value = w * PetscRealPart(s * s) / 4;
  PetscCall(VecAXPY(g, w * s, p));
  PetscFunctionReturn(0);
}

static PetscErrorCode QuarticHessian(Costate cs, Vec p, Vec v, Vec Hv, void *ctx)
{
  const PetscReal w = *(const PetscReal *)ctx;
  PetscScalar     s, pv;

  PetscFunctionBeginUser;
  (void)cs;
  PetscCall(VecDot(p, p, &s));
  PetscCall(VecDot(p, v, &pv));
  PetscCall(VecAXPY(Hv, w * s, v));
  PetscCall(VecAXPY(Hv, 2 * w * pv, p));
  PetscFunctionReturn(0);
}

typedef struct {
  CostateProblem pr;
  Costate        cs;
  Tao            tao;
  Data           data;
  Vec            p, truth;
} Inversion;

static PetscErrorCode Create(const char options[], Inversion *in)
{
  PetscReal times[16];
  Vec       u0;
  TS        ts;

  PetscFunctionBeginUser;
  PetscCall(ZooOptions(LINE));
  PetscCall(PetscOptionsInsertString(NULL, options));
  PetscCall(TestCreate("lotka", COSTATEDISCRETE, &in->pr, &in->cs));
  PetscCall(CostateGetTS(in->cs, &ts));
  PetscCall(CostateGetInitialState(in->cs, &u0));
  PetscCall(CostateGetParameters(in->cs, &in->p));
  in->data.n = 8;
  for (PetscInt i = 0; i < in->data.n; i++) {
    times[i] = (PetscReal)(i + 1) / 2;
    PetscCall(VecDuplicate(u0, &in->data.data[i]));
  }
  PetscCall(VecDuplicate(u0, &in->data.d));
  PetscCall(CostateSetPointCost(in->cs, 0, in->data.n, times, Store, Gradient, NULL, &in->data));
  PetscCall(CostateSolveForward(in->cs));
  PetscCall(CostateSetPointCost(in->cs, 0, in->data.n, times, Value, Gradient, NULL, &in->data));
  PetscCall(ZooCopy(in->p, &in->truth));
  PetscCall(VecScale(in->p, 1.1));
  PetscCall(TaoCreate(PETSC_COMM_WORLD, &in->tao));
  PetscFunctionReturn(0);
}

static PetscErrorCode Destroy(Inversion *in)
{
  PetscFunctionBeginUser;
  PetscCall(TaoDestroy(&in->tao));
  for (PetscInt i = 0; i < in->data.n; i++) PetscCall(VecDestroy(&in->data.data[i]));
  PetscCall(VecDestroy(&in->data.d));
  PetscCall(VecDestroy(&in->truth));
  PetscCall(CostateDestroy(&in->cs));
  PetscCall(CostateProblemDestroy(&in->pr));
  PetscFunctionReturn(0);
}

static PetscErrorCode Solve(Inversion *in, const char type[], PetscInt *its, PetscReal *e)
{
  TaoConvergedReason reason;
  Vec                x;

  PetscFunctionBeginUser;
  PetscCall(TaoSetType(in->tao, type));
  PetscCall(CostateSetUpTao(in->cs, in->tao));
  PetscCall(TaoSetFromOptions(in->tao));
  PetscCall(TaoSolve(in->tao));
  PetscCall(TaoGetConvergedReason(in->tao, &reason));
  PetscCall(TaoGetSolution(in->tao, &x));
  PetscCall(TaoGetIterationNumber(in->tao, its));
  *e = reason > 0 ? 0 : PETSC_INFINITY;
  PetscCall(TaoComputeObjective(in->tao, x, &(PetscReal){0}));
  if (reason > 0) PetscCall(ZooDifference(in->p, in->truth, e));
  PetscFunctionReturn(0);
}

static const char *const newton[] = {TAONLS, TAONTR, TAOBNLS, TAOBNTR};
#define NNEWTON      4
#define NEWTON_TESTS (2 * (NNEWTON + 1))

static PetscErrorCode Newton(void)
{
  Inversion in;
  PetscInt  quasi, its;
  PetscReal e;

  PetscFunctionBeginUser;
  PetscCall(Create("", &in));
  PetscCall(Solve(&in, TAOLMVM, &quasi, &e));
  PetscCall(Destroy(&in));
  for (int i = 0; i <= NNEWTON; i++) {
    const char *type = newton[i % NNEWTON], *matrix = i < NNEWTON ? "" : "-costate_hessian gauss_newton";

    PetscCall(Create(matrix, &in));
    PetscCall(Solve(&in, type, &its, &e));
    T_OK(e <= 1e-7, "%s %s: finds the parameters: %.1e", type, matrix, (double)e);
    T_OK(its < quasi, "%s %s: %d iterations, lmvm %d", type, matrix, (int)its, (int)quasi);
    PetscCall(Destroy(&in));
  }
  PetscFunctionReturn(0);
}

/* One of the parameters is at its bound in the end. */
#define BOUNDS_TESTS 2
static PetscErrorCode Bounds(void)
{
  PetscReal answer[2] = {0, 0};
  Vec       found[2];

  PetscFunctionBeginUser;
  for (int i = 0; i < 2; i++) {
    Inversion in;
    Vec       lo, hi;
    PetscInt  its;
    PetscReal e;

    PetscCall(Create("", &in));
    PetscCall(VecDuplicate(in.p, &lo));
    PetscCall(VecDuplicate(in.p, &hi));
    PetscCall(VecSet(lo, 1.2));
    PetscCall(VecSet(hi, 100));
    PetscCall(VecPointwiseMax(in.p, in.p, lo));
    PetscCall(TaoSetVariableBounds(in.tao, lo, hi));
    PetscCall(Solve(&in, i ? TAOBNLS : TAOBLMVM, &its, &e));
    PetscCall(ZooCopy(in.p, &found[i]));
    PetscCall(VecMin(in.p, NULL, &answer[i]));
    PetscCall(VecDestroy(&lo));
    PetscCall(VecDestroy(&hi));
    PetscCall(Destroy(&in));
  }
  T_OK(answer[1] == 1.2, "bnls: with a bound, which is reached: %g", (double)answer[1]);
  PetscCall(ZooDifference(found[1], found[0], &answer[0]));
  T_OK(answer[0] <= 1e-6, "bnls: the solution is that of blmvm: %.1e", (double)answer[0]);
  for (int i = 0; i < 2; i++) PetscCall(VecDestroy(&found[i]));
  PetscFunctionReturn(0);
}

/* The matrix that Tao has, against differences of the gradient that it gets. */
static PetscErrorCode Matrix(Inversion *in, PetscReal *e)
{
  Mat       H;
  Vec       x, x0, g[2], v, h;
  PetscReal d = 1e-4, value;

  PetscFunctionBeginUser;
  PetscCall(CostateSetUpTao(in->cs, in->tao));
  PetscCall(TaoGetSolution(in->tao, &x));
  PetscCall(ZooCopy(x, &x0));
  PetscCall(VecDuplicate(x, &v));
  PetscCall(VecDuplicate(x, &h));
  PetscCall(VecSetRandom(v, NULL));
  for (int i = 0; i < 2; i++) {
    PetscCall(VecDuplicate(x, &g[i]));
    PetscCall(VecWAXPY(x, i ? -d : d, v, x0));
    PetscCall(TaoComputeObjectiveAndGradient(in->tao, x, &value, g[i]));
  }
  PetscCall(VecAXPY(g[0], -1, g[1]));
  PetscCall(VecScale(g[0], 1 / (2 * d)));
  PetscCall(TaoGetHessian(in->tao, &H, NULL, NULL, NULL));
  PetscCall(TaoComputeHessian(in->tao, x0, H, H)); /* the last evaluation was elsewhere */
  PetscCall(MatMult(H, v, h));
  PetscCall(ZooDifference(h, g[0], e));
  for (int i = 0; i < 2; i++) PetscCall(VecDestroy(&g[i]));
  PetscCall(VecDestroy(&x0));
  PetscCall(VecDestroy(&v));
  PetscCall(VecDestroy(&h));
  PetscFunctionReturn(0);
}

#define MATRIX_TESTS 4
static PetscErrorCode Matrices(void)
{
  const char *const what[MATRIX_TESTS] = {"of the cost alone", "with what is added, by the Hessian of that",
                                          "with what is added, by differences", "in the variable of a covariance root"};
  PetscReal         w                  = .3;

  PetscFunctionBeginUser;
  for (int i = 0; i < MATRIX_TESTS; i++) {
    Inversion in;
    PetscReal e;
    Mat       L = NULL;

    PetscCall(Create("", &in));
    if (i) PetscCall(CostateSetRegularization(in.cs, Quartic, &w));
    if (i == 1) PetscCall(CostateSetRegularizationHessian(in.cs, QuarticHessian, &w));
    if (i == 3) {
      PetscInt lo, hi;

      PetscCall(VecGetOwnershipRange(in.p, &lo, &hi));
      PetscCall(
          MatCreateAIJ(PETSC_COMM_WORLD, hi - lo, hi - lo, PETSC_DETERMINE, PETSC_DETERMINE, 2, NULL, 2, NULL, &L));
      for (PetscInt k = lo; k < hi; k++) {
        PetscCall(MatSetValue(L, k, k, 1 + k, INSERT_VALUES));
        if (k) PetscCall(MatSetValue(L, k, k - 1, .5, INSERT_VALUES));
      }
      PetscCall(MatAssemblyBegin(L, MAT_FINAL_ASSEMBLY));
      PetscCall(MatAssemblyEnd(L, MAT_FINAL_ASSEMBLY));
      PetscCall(CostateSetInnerProduct(in.cs, COSTATE_INNER_COVARIANCE_ROOT, NULL, L));
    }
    PetscCall(Matrix(&in, &e));
    T_OK(e <= 1e-6, "the Hessian, %s: %.1e", what[i], (double)e);
    PetscCall(MatDestroy(&L));
    PetscCall(Destroy(&in));
  }
  PetscFunctionReturn(0);
}

int main(int argc, char **argv)
{
  PetscCall(ZooBegin(&argc, &argv, HAVE_TAO ? NEWTON_TESTS + BOUNDS_TESTS + MATRIX_TESTS : 0));
  if (HAVE_TAO) {
    PetscCall(Newton());
    PetscCall(Bounds());
    PetscCall(Matrices());
  } else if (zoo_rank == 0)
    skip_all(NO_TAO);
  PetscCall(ZooEnd());
  return zoo_rank == 0 ? done() : 0;
}
