/* SPDX-License-Identifier: BSD-2-Clause */
/* ranks: 1 2 */
/*
  Gradients as vectors: W times the gradient is the covector, or L L^T times the covector the gradient; by the function
  and from files; and Tao varies what the root of a covariance is applied to.
*/
#include "refuses.h"

#define LINE " -tend 2 -ts_rk_type 5dp -ts_adapt_type none -dt .05"

static const TestCost cost = {1, 1, .1}, aim = {1, .5, .1};

/* Tridiagonal with the layout of v; `spd`: symmetric and positive definite. */
static PetscErrorCode Band(Vec v, PetscBool spd, Mat *A)
{
  PetscInt n, N, lo, hi;

  PetscFunctionBeginUser;
  PetscCall(VecGetLocalSize(v, &n));
  PetscCall(VecGetSize(v, &N));
  PetscCall(VecGetOwnershipRange(v, &lo, &hi));
  PetscCall(MatCreateAIJ(PETSC_COMM_WORLD, n, n, N, N, 3, NULL, 2, NULL, A));
  for (PetscInt i = lo; i < hi; i++) {
    PetscCall(MatSetValue(*A, i, i, 2 + .1 * i, INSERT_VALUES));
    if (i) PetscCall(MatSetValue(*A, i, i - 1, spd ? -.5 : .7, INSERT_VALUES));
    if (spd && i + 1 < N) PetscCall(MatSetValue(*A, i, i + 1, -.5, INSERT_VALUES));
  }
  PetscCall(MatAssemblyBegin(*A, MAT_FINAL_ASSEMBLY));
  PetscCall(MatAssemblyEnd(*A, MAT_FINAL_ASSEMBLY));
  PetscFunctionReturn(0);
}

static PetscErrorCode Create(const char options[], CostateProblem *pr, Costate *cs)
{
  PetscFunctionBeginUser;
  PetscCall(ZooOptions(options));
  PetscCall(TestCreate("lotka", COSTATEDISCRETE, pr, cs));
  PetscCall(CostateSetTerminalCost(*cs, 0, TEST_COST(&cost)));
  PetscCall(CostateSetIntegralCost(*cs, 1, TEST_COST(&cost)));
  PetscFunctionReturn(0);
}

static PetscErrorCode Save(Mat A, const char file[])
{
  PetscViewer viewer;

  PetscFunctionBeginUser;
  PetscCall(PetscViewerBinaryOpen(PETSC_COMM_WORLD, file, FILE_MODE_WRITE, &viewer));
  PetscCall(MatView(A, viewer));
  PetscCall(PetscViewerDestroy(&viewer));
  PetscFunctionReturn(0);
}

/* |a - A b| / |a|, or with A A^T */
static PetscErrorCode Off(Vec a, Mat A, PetscBool twice, Vec b, PetscReal *e)
{
  Vec c, d;

  PetscFunctionBeginUser;
  PetscCall(VecDuplicate(a, &c));
  PetscCall(VecDuplicate(a, &d));
  if (twice) PetscCall(MatMultTranspose(A, b, d));
  PetscCall(MatMult(A, twice ? d : b, c));
  PetscCall(ZooDifference(c, a, e));
  PetscCall(VecDestroy(&c));
  PetscCall(VecDestroy(&d));
  PetscFunctionReturn(0);
}

#define REPRESENT_TESTS 3
static PetscErrorCode Represent(PetscBool root, PetscBool file)
{
  const CostateInnerProduct kind = root ? COSTATE_INNER_COVARIANCE_ROOT : COSTATE_INNER_MASS;
  CostateProblem            pr, plain_pr;
  Costate                   cs, plain;
  Mat                       A[2];
  Vec                       v[2], r[2], g[2], same[2];
  char                      options[512];

  PetscFunctionBeginUser;
  PetscCall(Create(LINE, &plain_pr, &plain));
  PetscCall(CostateSolve(plain));
  PetscCall(CostateGetInitialState(plain, &v[0]));
  PetscCall(CostateGetParameters(plain, &v[1]));
  for (int i = 0; i < 2; i++) PetscCall(Band(v[i], (PetscBool)!root, &A[i]));
  (void)snprintf(options, sizeof(options), LINE "%s", "");
  if (file) {
    const char *name = root ? "covariance_root" : "inner_product";

    (void)snprintf(options, sizeof(options), LINE " -costate_%s_state state.dat -costate_%s_parameters parameters.dat",
                   name, name);
    PetscCall(Save(A[0], "state.dat"));
    PetscCall(Save(A[1], "parameters.dat"));
  }
  PetscCall(Create(options, &pr, &cs));
  if (!file) PetscCall(CostateSetInnerProduct(cs, kind, A[0], A[1]));
  PetscCall(CostateSolve(cs));
  for (PetscInt j = 0; j < 2; j++) {
    PetscReal e[2];
    PetscBool equal[2];

    PetscCall(CostateGetGradient(cs, j, &r[0], &r[1]));
    PetscCall(CostateGetCovector(cs, j, &same[0], &same[1]));
    PetscCall(CostateGetGradient(plain, j, &g[0], &g[1]));
    for (int i = 0; i < 2; i++) {
      if (root)
        PetscCall(Off(r[i], A[i], PETSC_TRUE, g[i], &e[i]));
      else
        PetscCall(Off(g[i], A[i], PETSC_FALSE, r[i], &e[i]));
      PetscCall(VecEqual(same[i], g[i], &equal[i]));
    }
    T_OK(e[0] <= 1e-11 && e[1] <= 1e-11, "%s%s: the gradient of cost %d represents its covector: %.1e, %.1e",
         root ? "a covariance" : "a mass matrix", file ? " from a file" : "", (int)j, (double)e[0], (double)e[1]);
    if (!j) T_OK(equal[0] && equal[1], "the covector is what the gradient is without");
  }
  for (int i = 0; i < 2; i++) PetscCall(MatDestroy(&A[i]));
  PetscCall(CostateDestroy(&cs));
  PetscCall(CostateDestroy(&plain));
  PetscCall(CostateProblemDestroy(&pr));
  PetscCall(CostateProblemDestroy(&plain_pr));
  PetscFunctionReturn(0);
}

/* The first cost minimised over the parameters; what is best does not depend on what Tao varies. */
static PetscErrorCode Minimise(PetscBool root, const char type[], Vec *best, PetscReal *moved)
{
  CostateProblem pr;
  Costate        cs;
  Tao            tao;
  Vec            x, p, first;
  PetscReal      value;
  Mat            L;

  PetscFunctionBeginUser;
  PetscCall(Create(LINE, &pr, &cs));
  PetscCall(CostateGetParameters(cs, &p));
  PetscCall(CostateSetTerminalCost(cs, 0, TEST_COST(&aim)));
  PetscCall(Band(p, PETSC_FALSE, &L));
  if (root) PetscCall(CostateSetInnerProduct(cs, COSTATE_INNER_COVARIANCE_ROOT, NULL, L));
  PetscCall(TaoCreate(PETSC_COMM_WORLD, &tao));
  PetscCall(TaoSetType(tao, type));
  PetscCall(TaoSetTolerances(tao, 1e-9, 0, 0));
  PetscCall(TaoSetMaximumIterations(tao, 300));
  PetscCall(ZooCopy(p, &first));
  PetscCall(CostateSetUpTao(cs, tao));
  PetscCall(TaoSetFromOptions(tao));
  PetscCall(TaoSolve(tao));
  PetscCall(TaoGetSolution(tao, &x));
  PetscCall(TaoComputeObjective(tao, x, &value));
  PetscCall(ZooCopy(p, best));
  PetscCall(ZooDifference(p, first, moved));
  PetscCall(VecDestroy(&first));
  PetscCall(TaoDestroy(&tao));
  PetscCall(MatDestroy(&L));
  PetscCall(CostateDestroy(&cs));
  PetscCall(CostateProblemDestroy(&pr));
  PetscFunctionReturn(0);
}

#define TAO_TESTS 1
static PetscErrorCode Optimum(void)
{
  Vec       p[2];
  PetscReal e, moved;

  PetscFunctionBeginUser;
  if (!HAVE_TAO && zoo_rank == 0) skip(TAO_TESTS, NO_TAO);
  if (!HAVE_TAO) PetscFunctionReturn(0);
  for (int i = 0; i < 2; i++) PetscCall(Minimise((PetscBool)i, TAOLMVM, &p[i], &moved));
  PetscCall(ZooDifference(p[1], p[0], &e));
  T_OK(e <= 1e-6 && moved > .01, "Tao finds the same parameters when it varies x with p = p_0 + L x: %.1e, after %.2g",
       (double)e, (double)moved);
  for (int i = 0; i < 2; i++) PetscCall(VecDestroy(&p[i]));
  PetscFunctionReturn(0);
}

#define MISUSE_TESTS 5
static PetscErrorCode Misuse(void)
{
  CostateProblem pr;
  Costate        cs;
  Vec            u, p, g, r;
  Mat            A;
  Tao            tao;
  PetscBool      same;

  PetscFunctionBeginUser;
  PetscCall(Create(LINE, &pr, &cs));
  PetscCall(CostateGetInitialState(cs, &u));
  PetscCall(CostateGetParameters(cs, &p));
  PetscCall(Band(p, PETSC_TRUE, &A));
  PetscCall(CostateSetInnerProduct(cs, COSTATE_INNER_MASS, A, NULL));
  REFUSES(CostateSolve(cs), "has 4 rows and there are 2", "a matrix of another size");
  PetscCall(Create(LINE " -costate_inner_product 0", &pr, &cs));
  PetscCall(CostateSetInnerProduct(cs, COSTATE_INNER_MASS, NULL, A));
  PetscCall(CostateSolve(cs));
  PetscCall(CostateGetGradient(cs, 0, NULL, &r));
  PetscCall(CostateGetCovector(cs, 0, NULL, &g));
  PetscCall(VecEqual(r, g, &same));
  T_OK(same, "-costate_inner_product 0: partial derivatives");
  PetscCall(Create(LINE " -costate_inner_ksp_max_it 1 -costate_inner_pc_type none", &pr, &cs));
  PetscCall(CostateSetInnerProduct(cs, COSTATE_INNER_MASS, NULL, A));
  REFUSES(CostateSolve(cs), "has not converged", "a solver that does not converge");
  PetscCall(MatDestroy(&A));
  if (!HAVE_TAO && zoo_rank == 0) skip(2, NO_TAO);
  if (!HAVE_TAO) PetscFunctionReturn(0);
  PetscCall(Create(LINE, &pr, &cs));
  PetscCall(TaoCreate(PETSC_COMM_WORLD, &tao));
  PetscCall(TaoSetType(tao, TAOLMVM));
  PetscCall(CostateSetUpTao(cs, tao));
  PetscCall(PetscOptionsInsertString(NULL, "-tao_ls_type unit"));
  PetscCall(TaoSetFromOptions(tao));
  REFUSES(TaoSolve(tao), "takes what it gets", "a line search that would take a step to where there is no cost");
  PetscCall(Create(LINE, &pr, &cs));
  PetscCall(CostateGetParameters(cs, &p));
  PetscCall(VecScale(p, 1e9));
  PetscCall(TaoCreate(PETSC_COMM_WORLD, &tao));
  PetscCall(TaoSetType(tao, TAOLMVM));
  PetscCall(CostateSetUpTao(cs, tao));
  REFUSES(TaoSolve(tao), "no cost at the parameters that the optimisation starts from",
          "an optimisation without a start");
  PetscFunctionReturn(0);
}

int main(int argc, char **argv)
{
  PetscCall(ZooBegin(&argc, &argv, 4 * REPRESENT_TESTS + TAO_TESTS + MISUSE_TESTS));
  for (int root = 0; root < 2; root++) {
    PetscCall(Represent((PetscBool)root, PETSC_FALSE));
    PetscCall(Represent((PetscBool)root, PETSC_TRUE));
  }
  PetscCall(Optimum());
  PetscCall(Misuse());
  fflush(stdout);
  PetscCall(ZooEnd());
  return zoo_rank == 0 ? done() : 0;
}
