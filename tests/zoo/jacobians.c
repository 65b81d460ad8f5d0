/* SPDX-License-Identifier: BSD-2-Clause */
/* ranks: 1 2 */
/*
  Every model of the zoo, in every variant and form: its Jacobians and the gradients of its costs are the derivatives of
  its functions, by central differences at a random state and random parameters, and the parameters are read from their
  Vec.
*/
#include <stdlib.h>
#include <petscts.h>
#include <costate.h>
#include <costate/zoo.h>
#include "../tap.h"

#define TOLERANCE  1e-7 /* of the differences, relative to the derivative and a little of what is subtracted */
#define DIRECTIONS 3

static PetscMPIInt rank;
static PetscRandom rnd;
static int         cases, seed;

#define T_OK(...)                                                                                                      \
  do {                                                                                                                 \
    if (rank == 0) ok(__VA_ARGS__);                                                                                    \
  } while (0)

/* A problem at a state to differentiate it at */
typedef struct {
  CostateProblem problem;
  TS             ts;
  Vec            u, udot, p;
  PetscReal      t, shift;
  PetscReal      worst;
  const char    *where; /* it was */
} Case;

/* v = a r: a random vector of the scale of `like` in each entry, which may be zero */
static PetscErrorCode RandomLike(Vec like, PetscReal a, Vec v)
{
  PetscScalar       *x;
  const PetscScalar *y;
  PetscInt           n;

  PetscFunctionBeginUser;
  PetscCall(VecSetRandom(v, rnd));
  PetscCall(VecGetLocalSize(v, &n));
  PetscCall(VecGetArray(v, &x));
  PetscCall(VecGetArrayRead(like, &y));
  for (PetscInt i = 0; i < n; i++) x[i] *= a * (PetscAbsScalar(y[i]) + (PetscAbsScalar(y[i]) < 1e-3 ? 1e-2 : 0));
  PetscCall(VecRestoreArrayRead(like, &y));
  PetscCall(VecRestoreArray(v, &x));
  PetscFunctionReturn(0);
}

/* What is differentiated; which of u, udot and p is moved is the caller's business. */
typedef PetscErrorCode (*Function)(Case *, Vec);

static PetscErrorCode RHS(Case *c, Vec f)
{
  PetscFunctionBeginUser;
  PetscCall(TSComputeRHSFunction(c->ts, c->t, c->u, f));
  PetscFunctionReturn(0);
}

/* All of the equation, its right side taken to the left */
static PetscErrorCode Residual(Case *c, Vec f)
{
  PetscFunctionBeginUser;
  PetscCall(TSComputeIFunction(c->ts, c->t, c->u, c->udot, f, PETSC_FALSE));
  PetscFunctionReturn(0);
}

/*
  J d against (F(x + e d) - F(x - e d)) / 2e, row by row; d has the scale of x in each entry, so that parameters of very
  different size are not lost beside each other.
*/
static PetscErrorCode Compare(Case *c, const char *where, Function f, Vec x, Mat J, PetscReal sign)
{
  const PetscReal e = 1e-5;
  Vec             d, keep, y[3];
  PetscReal       size, error, scale;

  PetscFunctionBeginUser;
  PetscCall(VecDuplicate(x, &d));
  PetscCall(VecDuplicate(x, &keep));
  PetscCall(VecCopy(x, keep));
  for (int i = 0; i < 3; i++) PetscCall(VecDuplicate(c->u, &y[i]));
  for (int k = 0; k < DIRECTIONS; k++) {
    PetscCall(RandomLike(keep, 1, d));
    PetscCall(VecWAXPY(x, e, d, keep));
    PetscCall(f(c, y[0]));
    PetscCall(VecNorm(y[0], NORM_INFINITY, &size));
    PetscCall(VecWAXPY(x, -e, d, keep));
    PetscCall(f(c, y[1]));
    PetscCall(VecAXPBY(y[0], -0.5 / e, 0.5 / e, y[1]));
    PetscCall(MatMult(J, d, y[2]));
    PetscCall(VecNorm(y[2], NORM_INFINITY, &scale));
    PetscCall(VecAXPY(y[2], -sign, y[0]));
    PetscCall(VecNorm(y[2], NORM_INFINITY, &error));
    error /= PetscMax(scale + 1e-3 * size, 1e-12);
    if (error > c->worst || PetscIsInfOrNanReal(error)) {
      c->worst = error;
      c->where = where;
    }
  }
  PetscCall(VecCopy(keep, x));
  for (int i = 0; i < 3; i++) PetscCall(VecDestroy(&y[i]));
  PetscCall(VecDestroy(&d));
  PetscCall(VecDestroy(&keep));
  PetscFunctionReturn(0);
}

/* So that TS does not take a Jacobian for one that it has: it looks at state and time alone. */
static PetscErrorCode Touch(Vec u)
{
  PetscScalar *x;

  PetscFunctionBeginUser;
  PetscCall(VecGetArray(u, &x));
  PetscCall(VecRestoreArray(u, &x));
  PetscFunctionReturn(0);
}

static PetscErrorCode ParameterMatrix(Case *c, Mat *A)
{
  PetscInt m, n, np;

  PetscFunctionBeginUser;
  PetscCall(VecGetLocalSize(c->u, &m));
  PetscCall(VecGetLocalSize(c->p, &n));
  PetscCall(VecGetSize(c->p, &np));
  np = PetscMin(np, 8);
  PetscCall(MatCreateAIJ(PETSC_COMM_WORLD, m, n, PETSC_DETERMINE, PETSC_DETERMINE, np, NULL, np, NULL, A));
  PetscCall(MatSetOption(*A, MAT_NEW_NONZERO_ALLOCATION_ERR, PETSC_FALSE));
  PetscCall(MatAssemblyBegin(*A, MAT_FINAL_ASSEMBLY));
  PetscCall(MatAssemblyEnd(*A, MAT_FINAL_ASSEMBLY));
  PetscFunctionReturn(0);
}

/* F_u + shift F_u', F_u' and F_p of the whole equation, as the solvers and TSAdjoint see it */
static PetscErrorCode CheckImplicit(Case *c)
{
  Mat A, B, Jp, J0, J1;
  Vec u;

  PetscFunctionBeginUser;
  PetscCall(VecDuplicate(c->u, &u));
  PetscCall(TSSetSolution(c->ts, u));
  PetscCall(TSSetUp(c->ts));
  PetscCall(VecDestroy(&u));
  PetscCall(TSGetIJacobian(c->ts, &A, &B, NULL, NULL));
  PetscCall(Touch(c->u));
  PetscCall(TSComputeIJacobian(c->ts, c->t, c->u, c->udot, 0, A, A, PETSC_FALSE));
  PetscCall(MatDuplicate(A, MAT_COPY_VALUES, &J0));
  PetscCall(Touch(c->u));
  PetscCall(TSComputeIJacobian(c->ts, c->t, c->u, c->udot, c->shift, A, A, PETSC_FALSE));
  PetscCall(MatDuplicate(A, MAT_COPY_VALUES, &J1));
  PetscCall(MatAXPY(J1, -1, J0, SAME_NONZERO_PATTERN));
  PetscCall(MatScale(J1, 1 / c->shift));
  PetscCall(Compare(c, "F_u", Residual, c->u, J0, 1));
  PetscCall(Compare(c, "F_u'", Residual, c->udot, J1, 1));
  PetscCall(ParameterMatrix(c, &Jp));
  PetscCall(TSComputeIJacobianP(c->ts, c->t, c->u, c->udot, c->shift, Jp, PETSC_FALSE));
  PetscCall(Compare(c, "F_p", Residual, c->p, Jp, 1));
  PetscCall(MatDestroy(&J0));
  PetscCall(MatDestroy(&J1));
  PetscCall(MatDestroy(&Jp));
  PetscFunctionReturn(0);
}

static PetscErrorCode CheckExplicit(Case *c)
{
  TSRHSJacobian f;
  Mat           A, Jp;

  PetscFunctionBeginUser;
  PetscCall(TSGetRHSJacobian(c->ts, &A, NULL, &f, NULL));
  if (!f) PetscFunctionReturn(0);
  PetscCall(Touch(c->u));
  PetscCall(TSComputeRHSJacobian(c->ts, c->t, c->u, A, A));
  PetscCall(Compare(c, "f_u", RHS, c->u, A, 1));
  PetscCall(TSGetRHSJacobianP(c->ts, &Jp, NULL, NULL));
  PetscCall(TSComputeRHSJacobianP(c->ts, c->t, c->u, Jp));
  PetscCall(Compare(c, "f_p", RHS, c->p, Jp, 1));
  PetscFunctionReturn(0);
}

/* The derivative of the cost along d against central differences, x being u or p */
static PetscErrorCode CheckCost(Case *c, const char *where, Vec x, Vec g)
{
  const PetscReal e = 1e-5;
  PetscReal       hi, lo, error, scale;
  PetscScalar     slope;
  Vec             d, keep;

  PetscFunctionBeginUser;
  PetscCall(VecDuplicate(x, &d));
  PetscCall(VecDuplicate(x, &keep));
  PetscCall(VecCopy(x, keep));
  for (int k = 0; k < DIRECTIONS; k++) {
    PetscCall(RandomLike(keep, 1, d));
    PetscCall(VecWAXPY(x, e, d, keep));
    PetscCall(CostateProblemComputeCost(c->problem, c->t, c->u, &hi));
    PetscCall(VecWAXPY(x, -e, d, keep));
    PetscCall(CostateProblemComputeCost(c->problem, c->t, c->u, &lo));
    PetscCall(VecDot(g, d, &slope));
    scale = PetscMax(PetscMax(PetscAbsScalar(slope), 1e-2 * PetscAbsReal(hi)), 1e-12);
    error = PetscAbsReal((hi - lo) / (2 * e) - PetscRealPart(slope)) / scale;
    if (error > c->worst || PetscIsInfOrNanReal(error)) {
      c->worst = error;
      c->where = where;
    }
  }
  PetscCall(VecCopy(keep, x));
  PetscCall(VecDestroy(&d));
  PetscCall(VecDestroy(&keep));
  PetscFunctionReturn(0);
}

static PetscErrorCode CheckCosts(Case *c)
{
  Vec gu, gp;

  PetscFunctionBeginUser;
  PetscCall(VecDuplicate(c->u, &gu));
  PetscCall(VecDuplicate(c->p, &gp));
  PetscCall(CostateProblemComputeCostGradient(c->problem, c->t, c->u, gu, gp));
  PetscCall(CheckCost(c, "the cost's u-gradient", c->u, gu));
  PetscCall(CheckCost(c, "the cost's p-gradient", c->p, gp));
  PetscCall(VecDestroy(&gu));
  PetscCall(VecDestroy(&gp));
  PetscFunctionReturn(0);
}

/* The initial state moves with the parameters as du0/dp says. */
static PetscErrorCode CheckInitial(Case *c)
{
  Mat       du0dp;
  Vec       u0, d, moved, before;
  PetscReal e = 1e-5, error, size;

  PetscFunctionBeginUser;
  PetscCall(CostateProblemGetInitialConditionJacobian(c->problem, &du0dp));
  PetscCall(CostateProblemGetInitialState(c->problem, &u0));
  PetscCall(VecDuplicate(u0, &before));
  PetscCall(VecDuplicate(u0, &moved));
  PetscCall(VecDuplicate(c->p, &d));
  PetscCall(CostateProblemParametersChanged(c->problem));
  PetscCall(VecCopy(u0, before));
  PetscCall(RandomLike(c->p, 1, d));
  if (du0dp)
    PetscCall(MatMult(du0dp, d, moved));
  else
    PetscCall(VecSet(moved, 0));
  PetscCall(VecAXPY(c->p, e, d));
  PetscCall(CostateProblemParametersChanged(c->problem));
  PetscCall(VecAXPY(before, -1, u0));
  PetscCall(VecAXPBY(moved, -1 / e, -1, before));
  PetscCall(VecNorm(moved, NORM_INFINITY, &error));
  PetscCall(VecNorm(d, NORM_INFINITY, &size));
  if (error / size > c->worst) {
    c->worst = error / size;
    c->where = "du0/dp";
  }
  PetscCall(VecDestroy(&before));
  PetscCall(VecDestroy(&moved));
  PetscCall(VecDestroy(&d));
  PetscFunctionReturn(0);
}

/* Parameters that nobody reads leave the residual where it is. */
static PetscErrorCode CheckRead(Case *c, PetscBool *read)
{
  Vec       d, f[2];
  PetscReal size;

  PetscFunctionBeginUser;
  PetscCall(VecDuplicate(c->p, &d));
  for (int i = 0; i < 2; i++) PetscCall(VecDuplicate(c->u, &f[i]));
  PetscCall(Residual(c, f[0]));
  PetscCall(RandomLike(c->p, 0.1, d));
  PetscCall(VecAXPY(c->p, 1, d));
  PetscCall(Residual(c, f[1]));
  PetscCall(VecAXPY(c->p, -1, d));
  PetscCall(VecAXPY(f[1], -1, f[0]));
  PetscCall(VecNorm(f[1], NORM_INFINITY, &size));
  *read = (PetscBool)(size > 0);
  PetscCall(VecDestroy(&d));
  for (int i = 0; i < 2; i++) PetscCall(VecDestroy(&f[i]));
  PetscFunctionReturn(0);
}

static PetscErrorCode Option(const char name[], const char value[])
{
  PetscFunctionBeginUser;
  if (value)
    PetscCall(PetscOptionsSetValue(NULL, name, value));
  else
    PetscCall(PetscOptionsClearValue(NULL, name));
  PetscFunctionReturn(0);
}

/* A random state and random parameters near those of the model */
static PetscErrorCode Begin(const char name[], Case *c)
{
  Vec u0, d;

  PetscFunctionBeginUser;
  PetscCall(CostateProblemCreate(PETSC_COMM_WORLD, name, &c->problem));
  PetscCall(CostateProblemSetFromOptions(c->problem));
  PetscCall(CostateProblemGetTS(c->problem, &c->ts));
  PetscCall(CostateProblemGetInitialState(c->problem, &u0));
  PetscCall(CostateProblemGetParameters(c->problem, &c->p));
  PetscCall(VecDuplicate(u0, &c->u));
  PetscCall(VecDuplicate(u0, &c->udot));
  PetscCall(VecDuplicate(c->p, &d));
  PetscCall(RandomLike(u0, 0.3, c->u));
  PetscCall(VecAXPY(c->u, 1, u0));
  PetscCall(RandomLike(c->u, 1, c->udot));
  PetscCall(RandomLike(c->p, 0.1, d));
  PetscCall(VecAXPY(c->p, 1, d));
  PetscCall(VecDestroy(&d));
  PetscCall(TSGetTime(c->ts, &c->t));
  c->t += 0.7;
  c->shift = 3;
  c->worst = 0;
  c->where = "nothing";
  PetscFunctionReturn(0);
}

static PetscErrorCode Check(const char name[], const char variant[], const char form[], PetscBool sized)
{
  Case      c;
  PetscBool read = PETSC_FALSE, heeds;

  PetscFunctionBeginUser;
  PetscCall(Option("-variant", variant));
  PetscCall(Option("-form", form));
  PetscCall(Option("-n", sized ? "7" : NULL));
  PetscCall(Begin(name, &c));
  PetscCall(CheckExplicit(&c));
  PetscCall(CheckImplicit(&c));
  PetscCall(CheckRead(&c, &read));
  for (CostateCostKind kind = COSTATE_COST_TERMINAL; kind <= COSTATE_COST_TIMES; kind++) {
    Case k;

    PetscCall(CostateProblemHeeds(c.problem, "-cost", CostateCostKinds[kind], &heeds));
    if (!heeds) continue;
    PetscCall(Option("-cost", CostateCostKinds[kind]));
    PetscCall(Begin(name, &k));
    PetscCall(CheckCosts(&k));
    if (k.worst > c.worst) {
      c.worst = k.worst;
      c.where = k.where;
    }
    PetscCall(VecDestroy(&k.u));
    PetscCall(VecDestroy(&k.udot));
    PetscCall(CostateProblemDestroy(&k.problem));
  }
  PetscCall(Option("-cost", NULL));
  PetscCall(CheckInitial(&c));
  T_OK(c.worst < TOLERANCE && read, "%s%s%s, %s: derivatives agree with differences to %.1e, at %s%s (SEED=%d)", name,
       variant ? ", " : "", variant ? variant : "", form, (double)c.worst, c.where,
       read ? "" : ", but the parameters are not read", seed);
  cases++;
  PetscCall(VecDestroy(&c.u));
  PetscCall(VecDestroy(&c.udot));
  PetscCall(CostateProblemDestroy(&c.problem));
  PetscFunctionReturn(0);
}

/* What a model is, asked of the model itself */
static PetscErrorCode Probe(const char name[], PetscBool *sized, PetscBool *rhs)
{
  CostateProblem problem;

  PetscFunctionBeginUser;
  PetscCall(CostateProblemCreate(PETSC_COMM_WORLD, name, &problem));
  PetscCall(CostateProblemHeeds(problem, "-n", NULL, sized));
  PetscCall(CostateProblemHeeds(problem, "-form", "rhs", rhs));
  PetscCall(CostateProblemDestroy(&problem));
  PetscFunctionReturn(0);
}

static PetscErrorCode CheckAll(const char name[])
{
  static const char *const forms[] = {"rhs", "implicit", "split"};
  const char              *variant;
  CostateProblem           problem;
  PetscBool                sized, rhs;
  PetscInt                 n = 0;

  PetscFunctionBeginUser;
  PetscCall(Probe(name, &sized, &rhs));
  PetscCall(CostateProblemCreate(PETSC_COMM_WORLD, name, &problem));
  do {
    PetscCall(CostateProblemGetVariant(problem, n, &variant));
    if (n && !variant) break;
    for (int i = rhs ? 0 : 1; i < 3; i++) PetscCall(Check(name, variant, forms[i], sized));
    n++;
  } while (variant);
  PetscCall(CostateProblemDestroy(&problem));
  PetscFunctionReturn(0);
}

int main(int argc, char **argv)
{
  const char *name, *text;

  PetscFunctionBeginUser;
  PetscCall(PetscInitialize(&argc, &argv, NULL, NULL));
  PetscCall(CostateInitializePackage());
  PetscCallMPI(MPI_Comm_rank(PETSC_COMM_WORLD, &rank));
  seed = getenv("SEED") ? atoi(getenv("SEED")) : 1;
  PetscCall(PetscRandomCreate(PETSC_COMM_WORLD, &rnd));
  PetscCall(PetscRandomSetFromOptions(rnd));
  PetscCall(PetscRandomSetInterval(rnd, -1, 1));
  PetscCall(PetscRandomSetSeed(rnd, (unsigned long)(seed * 100 + rank)));
  PetscCall(PetscRandomSeed(rnd));
  for (PetscInt i = 0;; i++) {
    PetscCall(CostateProblemListGet(i, &name, &text));
    if (!name) break;
    PetscCall(CheckAll(name));
  }
  T_OK(cases > 0, "there are models");
  if (rank == 0) plan(cases + 1);
  PetscCall(PetscRandomDestroy(&rnd));
  PetscCall(PetscFinalize());
  return rank == 0 ? done() : 0;
}
