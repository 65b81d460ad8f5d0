/* SPDX-License-Identifier: BSD-2-Clause */
/* ranks: 1 2 */
/*
  A Jacobian that is known by its products only (MATSHELL with MatMult and MatMultTranspose) gives the gradient of the
  assembled one: by every method whose integrators are explicit, and with an assembled matrix to precondition by that is
  another one, by those whose are implicit.  What cannot be had from products is refused in a sentence.
*/
#include "refuses.h"

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

/* Reaction and diffusion: what computes the Jacobians of the run, and the matrix that is behind their shells. */
typedef struct {
  Mat           inner, lagging; /* J(shift), and J(0) for P */
  TSIJacobian   ijacobian;
  TSRHSJacobian rhsjacobian;
  void         *ctx;
  PetscReal     off;       /* P has this part of f_u */
  PetscReal     mass_off;  /* and this part of F_u' */
  PetscInt      destroyed; /* how often MATOP_DESTROY was called */
} Pair;

static PetscErrorCode PairMultiply(Mat A, Vec x, Vec y)
{
  Pair *s;

  PetscFunctionBeginUser;
  PetscCall(MatShellGetContext(A, &s));
  PetscCall(MatMult(s->inner, x, y));
  PetscFunctionReturn(0);
}

static PetscErrorCode PairTransposed(Mat A, Vec x, Vec y)
{
  Pair *s;

  PetscFunctionBeginUser;
  PetscCall(MatShellGetContext(A, &s));
  PetscCall(MatMultTranspose(s->inner, x, y));
  PetscFunctionReturn(0);
}

static PetscErrorCode PairDestroy(Mat A)
{
  Pair *s;

  PetscFunctionBeginUser;
  PetscCall(MatShellGetContext(A, &s));
  s->destroyed++;
  PetscCall(MatDestroy(&s->inner));
  PetscCall(MatDestroy(&s->lagging));
  PetscFunctionReturn(0);
}

static PetscErrorCode Assembled(Mat A)
{
  PetscFunctionBeginUser;
  PetscCall(MatAssemblyBegin(A, MAT_FINAL_ASSEMBLY));
  PetscCall(MatAssemblyEnd(A, MAT_FINAL_ASSEMBLY));
  PetscFunctionReturn(0);
}

static PetscErrorCode PairRHS(TS ts, PetscReal t, Vec u, Mat A, Mat P, void *ctx)
{
  Pair *s = (Pair *)ctx;

  PetscFunctionBeginUser;
  PetscCall((*s->rhsjacobian)(ts, t, u, s->inner, s->inner, s->ctx));
  PetscCall(Assembled(A));
  if (P == A) PetscFunctionReturn(0);
  PetscCall(MatCopy(s->inner, P, SAME_NONZERO_PATTERN));
  PetscCall(MatScale(P, s->off));
  PetscFunctionReturn(0);
}

/* P = off F_u + mass_off shift F_u' */
static PetscErrorCode PairI(TS ts, PetscReal t, Vec u, Vec udot, PetscReal shift, Mat A, Mat P, void *ctx)
{
  Pair *s = (Pair *)ctx;

  PetscFunctionBeginUser;
  PetscCall((*s->ijacobian)(ts, t, u, udot, 0, s->lagging, s->lagging, s->ctx));
  PetscCall((*s->ijacobian)(ts, t, u, udot, shift, s->inner, s->inner, s->ctx));
  PetscCall(Assembled(A));
  if (P == A) PetscFunctionReturn(0);
  PetscCall(MatCopy(s->inner, P, SAME_NONZERO_PATTERN));
  PetscCall(MatScale(P, s->mass_off));
  PetscCall(MatAXPY(P, s->off - s->mass_off, s->lagging, SAME_NONZERO_PATTERN));
  PetscFunctionReturn(0);
}

/* A Jacobian of the TS becomes a shell, and P assembled beside it, unless there is to be none. */
static PetscErrorCode MakePair(TS ts, PetscBool rhs, PetscBool transposed, PetscBool assembled, Pair *s)
{
  PetscInt m, M;
  Mat      J, A, P;

  PetscFunctionBeginUser;
  *s = (Pair){.off = .9, .mass_off = 1};
  if (rhs)
    PetscCall(TSGetRHSJacobian(ts, &J, NULL, &s->rhsjacobian, &s->ctx));
  else
    PetscCall(TSGetIJacobian(ts, &J, NULL, &s->ijacobian, &s->ctx));
  PetscCall(MatDuplicate(J, MAT_DO_NOT_COPY_VALUES, &s->inner));
  PetscCall(MatDuplicate(J, MAT_DO_NOT_COPY_VALUES, &s->lagging));
  PetscCall(MatDuplicate(J, MAT_DO_NOT_COPY_VALUES, &P));
  PetscCall(MatGetLocalSize(J, &m, NULL));
  PetscCall(MatGetSize(J, &M, NULL));
  PetscCall(MatCreateShell(PETSC_COMM_WORLD, m, m, M, M, s, &A));
  PetscCall(MatShellSetOperation(A, MATOP_MULT, (void (*)(void))PairMultiply));
  if (transposed) PetscCall(MatShellSetOperation(A, MATOP_MULT_TRANSPOSE, (void (*)(void))PairTransposed));
  PetscCall(MatShellSetOperation(A, MATOP_DESTROY, (void (*)(void))PairDestroy));
  if (rhs)
    PetscCall(TSSetRHSJacobian(ts, A, assembled ? P : A, PairRHS, s));
  else
    PetscCall(TSSetIJacobian(ts, A, assembled ? P : A, PairI, s));
  PetscCall(MatDestroy(&A));
  PetscCall(MatDestroy(&P));
  PetscFunctionReturn(0);
}

typedef struct {
  Vec      gu, gp;
  PetscInt its;
} Result;

static PetscErrorCode Reaction(const char method[], const char options[], CostateProblem *pr, Costate *cs, TS *ts)
{
  PetscFunctionBeginUser;
  PetscCall(ZooOptions("-n 6 -tend .1 -dt .02 -snes_rtol 1e-12 -ksp_rtol 1e-12 -costate_adjoint_ksp_rtol 1e-12 "
                       "-snes_stol 0 -costate_adjoint_blocks_snes_stol 0"));
  PetscCall(PetscOptionsInsertString(NULL, options));
  PetscCall(TestCreate("brusselator", method, pr, cs));
  PetscCall(CostateSetTerminalCost(*cs, 0, TEST_COST(&cost)));
  PetscCall(CostateProblemGetTS(*pr, ts));
  PetscFunctionReturn(0);
}

static PetscErrorCode Implicit(const char method[], const char options[], int shells, Result *r)
{
  CostateProblem    pr;
  Costate           cs;
  TS                ts;
  Pair              one, two;
  Vec               a, b;
  CostateStatistics stats;
  TSIJacobian       ijacobian;
  TSRHSJacobian     rhsjacobian;

  PetscFunctionBeginUser;
  PetscCall(Reaction(method, options, &pr, &cs, &ts));
  PetscCall(TSGetIJacobian(ts, NULL, NULL, &ijacobian, NULL));
  PetscCall(TSGetRHSJacobian(ts, NULL, NULL, &rhsjacobian, NULL));
  /* first, for TSGetRHSJacobian() gives the matrix of the I-function where there is one */
  if (shells && rhsjacobian && (!ijacobian || shells == 2))
    PetscCall(MakePair(ts, PETSC_TRUE, PETSC_TRUE, PETSC_TRUE, ijacobian ? &two : &one));
  if (shells && ijacobian) PetscCall(MakePair(ts, PETSC_FALSE, PETSC_TRUE, PETSC_TRUE, &one));
  PetscCall(CostateSolve(cs));
  PetscCall(CostateGetGradient(cs, 0, &a, &b));
  PetscCall(ZooCopy(a, &r->gu));
  PetscCall(ZooCopy(b, &r->gp));
  PetscCall(CostateGetStatistics(cs, &stats));
  r->its = stats.adjoint_linear_its;
  PetscCall(CostateDestroy(&cs));
  PetscCall(CostateProblemDestroy(&pr));
  if (shells)
    PetscCheck(one.destroyed == 1, PETSC_COMM_WORLD, PETSC_ERR_PLIB, "The shell was destroyed %d times",
               (int)one.destroyed);
  PetscFunctionReturn(0);
}

static const struct {
  const char *method, *options;
  int         shells; /* 2: both Jacobians of -form split */
} cases[] = {
    {COSTATEINTERPOLATING, "-ts_type beuler -form rhs", 1},
    {COSTATEINTERPOLATING, "-ts_type beuler -form implicit", 1},
    {COSTATEINTERPOLATING, "-ts_type beuler -form split", 1},
    {COSTATEINTERPOLATING, "-ts_type cn -form rhs", 1},
    {COSTATEINTERPOLATING, "-ts_type cn -form implicit -pc_type hypre -costate_adjoint_pc_type hypre", 1},
    {COSTATEINTERPOLATING, "-ts_type arkimex -ts_adapt_type none -form implicit", 1},
    {COSTATEINTERPOLATING, "-ts_type arkimex -ts_adapt_type none -form split", 2},
    {COSTATEINTERPOLATING, "-ts_type bdf -ts_adapt_type none -form implicit", 1},
    {COSTATEINTERPOLATING, "-ts_type rosw -ts_adapt_type none -form implicit", 1},
    {COSTATEGAUSS, "-ts_type beuler -form implicit", 1},
    {COSTATEGAUSS, "-ts_type cn -form rhs", 1},
    {COSTATEGAUSS, "-ts_type cn -form split", 1},
    {COSTATEGAUSS, "-ts_type arkimex -ts_adapt_type none -form implicit", 1},
    {COSTATEQUADRATURE, "-ts_type cn -form implicit", 1},
    {COSTATEBACKSOLVE, "-ts_type cn -form implicit -tend .002 -dt .0005", 1},
    {COSTATEFORWARD, "-ts_type bdf -ts_adapt_type none -form implicit", 1},
};
#define CASES (int)(sizeof(cases) / sizeof(*cases))

static PetscErrorCode Case(int i)
{
  Result    r[2];
  PetscReal eu = 0, ep;

  PetscFunctionBeginUser;
  if (without_hypre(zoo_rank, cases[i].options, 1)) PetscFunctionReturn(0);
  for (int k = 0; k < 2; k++) PetscCall(Implicit(cases[i].method, cases[i].options, k * cases[i].shells, &r[k]));
  if (r[0].gu) PetscCall(ZooDifference(r[1].gu, r[0].gu, &eu));
  PetscCall(ZooDifference(r[1].gp, r[0].gp, &ep));
  T_OK(eu <= 1e-8 && ep <= 1e-8 && r[1].its > 0, "%s %s: the gradient of the matrix: %.1e, %.1e; %d iterations, %d",
       cases[i].method, cases[i].options, (double)eu, (double)ep, (int)r[1].its, (int)r[0].its);
  for (int k = 0; k < 2; k++) {
    PetscCall(VecDestroy(&r[k].gu));
    PetscCall(VecDestroy(&r[k].gp));
  }
  PetscFunctionReturn(0);
}

#define REFUSED_TESTS 4
/* After an error PETSC's objects are left as they are. */
static PetscErrorCode Refused(void)
{
  static Pair    pair[REFUSED_TESTS];
  CostateProblem pr;
  Costate        cs;
  TS             ts;

  PetscFunctionBeginUser;
  PetscCall(Reaction(COSTATEINTERPOLATING, "-ts_type cn -form rhs", &pr, &cs, &ts));
  PetscCall(MakePair(ts, PETSC_TRUE, PETSC_FALSE, PETSC_TRUE, &pair[0]));
  REFUSES(CostateSolve(cs), "has no transposed product", "a shell without one");
  PetscCall(Reaction(COSTATEGAUSS, "-ts_type beuler -form implicit", &pr, &cs, &ts));
  PetscCall(MakePair(ts, PETSC_FALSE, PETSC_FALSE, PETSC_TRUE, &pair[1]));
  REFUSES(CostateSolve(cs), "has no transposed product", "that of an I-function");
  PetscCall(Reaction(COSTATEINTERPOLATING, "-ts_type cn -form implicit -pc_type none", &pr, &cs, &ts));
  PetscCall(MakePair(ts, PETSC_FALSE, PETSC_TRUE, PETSC_FALSE, &pair[2]));
  REFUSES(CostateSolve(cs), "give TSSetIJacobian() an assembled matrix", "one with nothing assembled beside it");
  PetscCall(Reaction(COSTATEINTERPOLATING, "-ts_type cn -form implicit", &pr, &cs, &ts));
  PetscCall(MakePair(ts, PETSC_FALSE, PETSC_TRUE, PETSC_TRUE, &pair[3]));
  pair[3].mass_off = .95;
  REFUSES(CostateSolve(cs), "is another one", "one beside which there is another F_u'");
  PetscFunctionReturn(0);
}

int main(int argc, char **argv)
{
  static const char *const methods[] = {COSTATEDISCRETE, COSTATEINTERPOLATING, COSTATEQUADRATURE,
                                        COSTATEGAUSS,    COSTATEBACKSOLVE,     COSTATEFORWARD};

  PetscCall(ZooBegin(&argc, &argv, 6 + CASES + REFUSED_TESTS));
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
  for (int i = 0; i < CASES; i++) PetscCall(Case(i));
  PetscCall(Refused());
  fflush(stdout);
  PetscCall(ZooEnd());
  return zoo_rank == 0 ? done() : 0;
}
