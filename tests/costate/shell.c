/* SPDX-License-Identifier: BSD-2-Clause */
/* ranks: 1 2 */
/*
  A Jacobian that is known by its products only (MATSHELL with MatMult and MatMultTranspose) gives the gradient of the
  assembled one, by every method whose integrators are explicit.
*/
#include "costs.h"

static const TestCost cost = {1, 1, .1};

/* The shell holds the assembled matrix and what computes it. */
typedef struct {
  Mat           inner;
  TSRHSJacobian jacobian;
  void         *ctx;
} Shell;

static PetscErrorCode Multiply(Mat A, Vec x, Vec y)
{
  Shell *s;

  PetscFunctionBeginUser;
  PetscCall(MatShellGetContext(A, &s));
  PetscCall(MatMult(s->inner, x, y));
  PetscFunctionReturn(0);
}

static PetscErrorCode Transposed(Mat A, Vec x, Vec y)
{
  Shell *s;

  PetscFunctionBeginUser;
  PetscCall(MatShellGetContext(A, &s));
  PetscCall(MatMultTranspose(s->inner, x, y));
  PetscFunctionReturn(0);
}

static PetscErrorCode Jacobian(TS ts, PetscReal t, Vec u, Mat A, Mat P, void *ctx)
{
  Shell *s = (Shell *)ctx;

  PetscFunctionBeginUser;
  (void)P;
  PetscCall((*s->jacobian)(ts, t, u, s->inner, s->inner, s->ctx));
  PetscCall(MatAssemblyBegin(A, MAT_FINAL_ASSEMBLY));
  PetscCall(MatAssemblyEnd(A, MAT_FINAL_ASSEMBLY));
  PetscFunctionReturn(0);
}

static PetscErrorCode Gradient(const char method[], PetscBool shell, Vec *gu, Vec *gp)
{
  CostateProblem pr;
  Costate        cs;
  TS             ts;
  Mat            A = NULL;
  Shell          s;
  PetscInt       m, M;
  Vec            a, b;

  PetscFunctionBeginUser;
  PetscCall(ZooOptions("-n 12 -tend .5 -dt .02"));
  PetscCall(TestCreate("lorenz96", method, &pr, &cs));
  PetscCall(CostateSetTerminalCost(cs, 0, TEST_COST(&cost)));
  PetscCall(CostateProblemGetTS(pr, &ts));
  if (shell) {
    PetscCall(TSGetRHSJacobian(ts, &s.inner, NULL, &s.jacobian, &s.ctx));
    PetscCall(PetscObjectReference((PetscObject)s.inner));
    PetscCall(MatGetLocalSize(s.inner, &m, NULL));
    PetscCall(MatGetSize(s.inner, &M, NULL));
    PetscCall(MatCreateShell(PETSC_COMM_WORLD, m, m, M, M, &s, &A));
    PetscCall(MatShellSetOperation(A, MATOP_MULT, (void (*)(void))Multiply));
    PetscCall(MatShellSetOperation(A, MATOP_MULT_TRANSPOSE, (void (*)(void))Transposed));
    PetscCall(TSSetRHSJacobian(ts, A, A, Jacobian, &s));
  }
  PetscCall(CostateSolve(cs));
  PetscCall(CostateGetGradient(cs, 0, &a, &b));
  PetscCall(ZooCopy(a, gu));
  PetscCall(ZooCopy(b, gp));
  PetscCall(CostateDestroy(&cs));
  PetscCall(CostateProblemDestroy(&pr));
  if (shell) PetscCall(MatDestroy(&s.inner));
  PetscCall(MatDestroy(&A));
  PetscFunctionReturn(0);
}

int main(int argc, char **argv)
{
  static const char *const methods[] = {COSTATEDISCRETE, COSTATEINTERPOLATING, COSTATEQUADRATURE,
                                        COSTATEGAUSS,    COSTATEBACKSOLVE,     COSTATEFORWARD};

  PetscCall(ZooBegin(&argc, &argv, 6));
  for (int i = 0; i < 6; i++) {
    Vec       gu[2], gp[2];
    PetscReal eu = 0, ep;

    for (int k = 0; k < 2; k++) PetscCall(Gradient(methods[i], (PetscBool)k, &gu[k], &gp[k]));
    if (gu[0]) PetscCall(ZooDifference(gu[1], gu[0], &eu));
    PetscCall(ZooDifference(gp[1], gp[0], &ep));
    T_OK(eu <= 1e-13 && ep <= 1e-13, "%s: the gradient of a shell is that of the matrix: %.1e, %.1e", methods[i],
         (double)eu, (double)ep);
    for (int k = 0; k < 2; k++) {
      PetscCall(VecDestroy(&gu[k]));
      PetscCall(VecDestroy(&gp[k]));
    }
  }
  fflush(stdout);
  PetscCall(ZooEnd());
  return zoo_rank == 0 ? done() : 0;
}
