/* SPDX-License-Identifier: BSD-2-Clause */
/* ranks: 1 2 3 */
/*
  implicit: the gradient of a state of rest, of a SNES or of a run, is the known one and the limit of that of the run;
  what has none ends with a reason.
*/
#include "../costate/refuses.h"

#define N 14 /* unknowns of the line */

/*
  Problem A: f = (p0 + p1 u0, p2 u0 + p3 u1), G = sum (2-u)^2/2 + sum p^2/2.
  Problem B: L u + u^3 - p on a line, L not symmetric, p a field.
  Problem C: L u - D p on a line with pure Neumann conditions: L is singular, p lives between the nodes.
*/
typedef enum { A, B, C } Problem;

typedef struct {
  Problem    problem;
  SNES       snes;
  TS         ts;
  Vec        u, p, all_p, all_u;
  Mat        J, Jp, L;
  KSP        ksp;
  VecScatter to_p, to_u;
} App;

static PetscErrorCode All(App *a, Vec v, PetscBool p, const PetscScalar **x)
{
  PetscFunctionBeginUser;
  PetscCall(VecScatterBegin(p ? a->to_p : a->to_u, v, p ? a->all_p : a->all_u, INSERT_VALUES, SCATTER_FORWARD));
  PetscCall(VecScatterEnd(p ? a->to_p : a->to_u, v, p ? a->all_p : a->all_u, INSERT_VALUES, SCATTER_FORWARD));
  PetscCall(VecGetArrayRead(p ? a->all_p : a->all_u, x));
  PetscFunctionReturn(0);
}

static PetscErrorCode F(App *a, Vec u, Vec f)
{
  const PetscScalar *p, *x, *xu;
  PetscScalar       *y;
  PetscInt           lo, hi;

  PetscFunctionBeginUser;
  PetscCall(VecGetOwnershipRange(u, &lo, &hi));
  if (a->problem == A) {
    PetscCall(All(a, a->p, PETSC_TRUE, &p));
    PetscCall(All(a, u, PETSC_FALSE, &x));
    PetscCall(VecGetArray(f, &y));
    for (PetscInt i = lo; i < hi; i++) y[i - lo] = i ? p[2] * x[0] + p[3] * x[1] : p[0] + p[1] * x[0];
    PetscCall(VecRestoreArray(f, &y));
    PetscCall(VecRestoreArrayRead(a->all_u, &x));
    PetscCall(VecRestoreArrayRead(a->all_p, &p));
    PetscFunctionReturn(0);
  }
  PetscCall(MatMult(a->L, u, f));
  PetscCall(All(a, a->p, PETSC_TRUE, &p));
  PetscCall(VecGetArray(f, &y));
  PetscCall(VecGetArrayRead(u, &xu));
  for (PetscInt i = lo; i < hi; i++) {
    if (a->problem == B)
      y[i - lo] += xu[i - lo] * xu[i - lo] * xu[i - lo] - p[i];
    else
      y[i - lo] -= (i < N - 1 ? p[i] : 0) - (i ? p[i - 1] : 0);
  }
  PetscCall(VecRestoreArrayRead(u, &xu));
  PetscCall(VecRestoreArray(f, &y));
  PetscCall(VecRestoreArrayRead(a->all_p, &p));
  PetscFunctionReturn(0);
}

static PetscErrorCode Jacobian(App *a, Vec u, Mat J)
{
  const PetscScalar *p, *xu;
  PetscInt           lo, hi;

  PetscFunctionBeginUser;
  PetscCall(VecGetOwnershipRange(u, &lo, &hi));
  if (a->problem == A) {
    PetscCall(All(a, a->p, PETSC_TRUE, &p));
    for (PetscInt i = lo; i < hi; i++) {
      PetscCall(MatSetValue(J, i, 0, i ? p[2] : p[1], INSERT_VALUES));
      PetscCall(MatSetValue(J, i, 1, i ? p[3] : 0, INSERT_VALUES));
    }
    PetscCall(VecRestoreArrayRead(a->all_p, &p));
  } else {
    PetscCall(MatCopy(a->L, J, SAME_NONZERO_PATTERN));
    PetscCall(VecGetArrayRead(u, &xu));
    for (PetscInt i = lo; i < hi && a->problem == B; i++)
      PetscCall(MatSetValue(J, i, i, 3 * xu[i - lo] * xu[i - lo], ADD_VALUES));
    PetscCall(VecRestoreArrayRead(u, &xu));
  }
  PetscCall(MatAssemblyBegin(J, MAT_FINAL_ASSEMBLY));
  PetscCall(MatAssemblyEnd(J, MAT_FINAL_ASSEMBLY));
  PetscFunctionReturn(0);
}

static PetscErrorCode JacobianP(App *a, Vec u, Mat Jp)
{
  const PetscScalar *x;
  PetscInt           lo, hi;

  PetscFunctionBeginUser;
  PetscCall(VecGetOwnershipRange(u, &lo, &hi));
  PetscCall(All(a, u, PETSC_FALSE, &x));
  for (PetscInt i = lo; i < hi; i++) {
    if (a->problem == A) {
      PetscCall(MatSetValue(Jp, i, i ? 2 : 0, i ? x[0] : 1, INSERT_VALUES));
      PetscCall(MatSetValue(Jp, i, i ? 3 : 1, i ? x[1] : x[0], INSERT_VALUES));
    } else if (a->problem == B)
      PetscCall(MatSetValue(Jp, i, i, -1, INSERT_VALUES));
    else {
      if (i < N - 1) PetscCall(MatSetValue(Jp, i, i, -1, INSERT_VALUES));
      if (i) PetscCall(MatSetValue(Jp, i, i - 1, 1, INSERT_VALUES));
    }
  }
  PetscCall(VecRestoreArrayRead(a->all_u, &x));
  PetscCall(MatAssemblyBegin(Jp, MAT_FINAL_ASSEMBLY));
  PetscCall(MatAssemblyEnd(Jp, MAT_FINAL_ASSEMBLY));
  PetscFunctionReturn(0);
}

static PetscErrorCode SnesF(SNES snes, Vec u, Vec f, void *ctx)
{
  (void)snes;
  return F((App *)ctx, u, f);
}
static PetscErrorCode SnesJ(SNES snes, Vec u, Mat J, Mat P, void *ctx)
{
  (void)snes, (void)P;
  return Jacobian((App *)ctx, u, J);
}
static PetscErrorCode SteadyJp(Costate cs, Vec u, Vec p, Mat Jp, void *ctx)
{
  (void)cs, (void)p;
  return JacobianP((App *)ctx, u, Jp);
}
static PetscErrorCode TsF(TS ts, PetscReal t, Vec u, Vec f, void *ctx)
{
  (void)ts, (void)t;
  return F((App *)ctx, u, f);
}
static PetscErrorCode TsJ(TS ts, PetscReal t, Vec u, Mat J, Mat P, void *ctx)
{
  (void)ts, (void)t, (void)P;
  return Jacobian((App *)ctx, u, J);
}
static PetscErrorCode TsJp(TS ts, PetscReal t, Vec u, Mat Jp, void *ctx)
{
  (void)ts, (void)t;
  return JacobianP((App *)ctx, u, Jp);
}

/* C: sum (u_i - u_{i+1})^2/2, through L, which says so up to its ends; a cost that the null space does not change */
static PetscErrorCode Value(Costate cs, PetscInt i, PetscReal t, Vec u, Vec p, PetscReal *value, void *ctx)
{
  App        *a = (App *)ctx;
  Vec         Lu;
  PetscScalar s;

  PetscFunctionBeginUser;
  if (a->problem != C) {
    const TestCost c = {1, a->problem == A ? 2 : .3, 1};

    PetscCall(TestValue(cs, i, t, u, p, value, (void *)&c));
    PetscFunctionReturn(0);
  }
  PetscCall(VecDuplicate(u, &Lu));
  PetscCall(MatMult(a->L, u, Lu));
  PetscCall(VecDot(u, Lu, &s));
  *value = PetscRealPart(s) / 2;
  PetscCall(VecDestroy(&Lu));
  PetscFunctionReturn(0);
}

static PetscErrorCode ValueU(Costate cs, PetscInt i, PetscReal t, Vec u, Vec p, Vec g, void *ctx)
{
  App *a = (App *)ctx;

  PetscFunctionBeginUser;
  if (a->problem != C) {
    const TestCost c = {1, a->problem == A ? 2 : .3, 1};

    PetscCall(TestGradientU(cs, i, t, u, p, g, (void *)&c));
  } else
    PetscCall(MatMult(a->L, u, g));
  PetscFunctionReturn(0);
}

static PetscErrorCode ValueP(Costate cs, PetscInt i, PetscReal t, Vec u, Vec p, Vec g, void *ctx)
{
  const TestCost c = {1, 0, 1};

  PetscFunctionBeginUser;
  if (((App *)ctx)->problem != C) PetscCall(TestGradientP(cs, i, t, u, p, g, (void *)&c));
  PetscFunctionReturn(0);
}

static PetscErrorCode Line(App *a)
{
  PetscInt lo, hi;

  PetscFunctionBeginUser;
  PetscCall(MatGetOwnershipRange(a->L, &lo, &hi));
  for (PetscInt i = lo; i < hi; i++) {
    const PetscBool neumann = (PetscBool)(a->problem == C);
    const PetscInt  sides   = (i > 0) + (i < N - 1);

    PetscCall(MatSetValue(a->L, i, i, neumann ? sides : 2.5, INSERT_VALUES));
    if (i) PetscCall(MatSetValue(a->L, i, i - 1, neumann ? -1 : -1.4, INSERT_VALUES));
    if (i < N - 1) PetscCall(MatSetValue(a->L, i, i + 1, neumann ? -1 : -.8, INSERT_VALUES));
  }
  PetscCall(MatAssemblyBegin(a->L, MAT_FINAL_ASSEMBLY));
  PetscCall(MatAssemblyEnd(a->L, MAT_FINAL_ASSEMBLY));
  PetscFunctionReturn(0);
}

/* null: the null space is told, where there is one */
static PetscErrorCode Create(Problem problem, PetscBool time, PetscBool null, const char options[], App *a, Costate *cs)
{
  const PetscScalar p[4] = {2, -2, 1, -4};
  const PetscInt    n = problem == A ? 2 : N, np = problem == A ? 4 : problem == B ? N : N - 1;
  PetscInt          lo, hi;
  MatNullSpace      constants;

  PetscFunctionBeginUser;
  PetscCall(ZooOptions(options));
  PetscCall(PetscMemzero(a, sizeof(*a)));
  a->problem = problem;
  PetscCall(VecCreateMPI(PETSC_COMM_WORLD, PETSC_DECIDE, n, &a->u));
  PetscCall(VecCreateMPI(PETSC_COMM_WORLD, PETSC_DECIDE, np, &a->p));
  PetscCall(VecScatterCreateToAll(a->u, &a->to_u, &a->all_u));
  PetscCall(VecScatterCreateToAll(a->p, &a->to_p, &a->all_p));
  PetscCall(VecGetOwnershipRange(a->p, &lo, &hi));
  for (PetscInt i = lo; i < hi; i++)
    PetscCall(VecSetValue(a->p, i, problem == A ? p[i] : PetscSinReal(1 + 2. * i), INSERT_VALUES));
  PetscCall(VecAssemblyBegin(a->p));
  PetscCall(VecAssemblyEnd(a->p));
  PetscCall(VecZeroEntries(a->u));
  PetscCall(VecGetLocalSize(a->u, &lo));
  PetscCall(VecGetLocalSize(a->p, &hi));
  PetscCall(MatCreateAIJ(PETSC_COMM_WORLD, lo, lo, n, n, 3, NULL, 3, NULL, &a->J));
  PetscCall(MatCreateAIJ(PETSC_COMM_WORLD, lo, hi, n, np, 4, NULL, 4, NULL, &a->Jp));
  PetscCall(MatSetOption(a->J, MAT_NEW_NONZERO_ALLOCATION_ERR, PETSC_FALSE));
  PetscCall(MatCreateAIJ(PETSC_COMM_WORLD, lo, lo, n, n, 3, NULL, 3, NULL, &a->L));
  if (problem != A) {
    PetscCall(Line(a));
    PetscCall(MatDestroy(&a->J));
    PetscCall(MatDuplicate(a->L, MAT_COPY_VALUES, &a->J));
  }
  PetscCall(JacobianP(a, a->u, a->Jp));
  if (problem == C && null) {
    PetscCall(MatNullSpaceCreate(PETSC_COMM_WORLD, PETSC_TRUE, 0, NULL, &constants));
    PetscCall(MatSetNullSpace(a->J, constants));
    PetscCall(MatSetTransposeNullSpace(a->J, constants));
    PetscCall(MatNullSpaceDestroy(&constants));
  }
  PetscCall(CostateCreate(PETSC_COMM_WORLD, cs));
  if (time) {
    PetscCall(TSCreate(PETSC_COMM_WORLD, &a->ts));
    PetscCall(TSSetType(a->ts, TSBEULER));
    PetscCall(TSSetRHSFunction(a->ts, NULL, TsF, a));
    PetscCall(TSSetRHSJacobian(a->ts, a->J, a->J, TsJ, a));
    PetscCall(TSSetRHSJacobianP(a->ts, a->Jp, TsJp, a));
    PetscCall(TSSetTimeStep(a->ts, .05));
    PetscCall(TSSetMaxTime(a->ts, 30));
    PetscCall(TSSetExactFinalTime(a->ts, TS_EXACTFINALTIME_MATCHSTEP));
    PetscCall(TSSetFromOptions(a->ts));
    PetscCall(CostateSetTS(*cs, a->ts));
    PetscCall(CostateSetType(*cs, COSTATEIMPLICIT));
  } else {
    PetscCall(SNESCreate(PETSC_COMM_WORLD, &a->snes));
    PetscCall(SNESSetFunction(a->snes, NULL, SnesF, a));
    PetscCall(SNESSetJacobian(a->snes, a->J, a->J, SnesJ, a));
    PetscCall(SNESSetTolerances(a->snes, 1e-14, 1e-13, 0, 50, 1000));
    PetscCall(SNESGetKSP(a->snes, &a->ksp));
    PetscCall(KSPSetTolerances(a->ksp, 1e-13, PETSC_DEFAULT, PETSC_DEFAULT, PETSC_DEFAULT));
    PetscCall(SNESSetFromOptions(a->snes));
    PetscCall(CostateSetSNES(*cs, a->snes));
    PetscCall(CostateSetSteadyJacobianP(*cs, a->Jp, SteadyJp, a));
  }
  PetscCall(CostateSetInitialState(*cs, a->u));
  PetscCall(CostateSetParameters(*cs, a->p));
  PetscCall(CostateSetTerminalCost(*cs, 0, Value, ValueU, ValueP, a));
  PetscCall(CostateSetFromOptions(*cs));
  PetscFunctionReturn(0);
}

static PetscErrorCode Destroy(App *a, Costate *cs)
{
  PetscFunctionBeginUser;
  PetscCall(CostateDestroy(cs));
  PetscCall(TSDestroy(&a->ts));
  PetscCall(SNESDestroy(&a->snes));
  PetscCall(VecDestroy(&a->u));
  PetscCall(VecDestroy(&a->p));
  PetscCall(VecDestroy(&a->all_u));
  PetscCall(VecDestroy(&a->all_p));
  PetscCall(VecScatterDestroy(&a->to_u));
  PetscCall(VecScatterDestroy(&a->to_p));
  PetscCall(MatDestroy(&a->J));
  PetscCall(MatDestroy(&a->Jp));
  PetscCall(MatDestroy(&a->L));
  PetscFunctionReturn(0);
}

#define KNOWN_TESTS 1
static PetscErrorCode Known(PetscBool time, const char options[], PetscReal tol)
{
  const PetscScalar known[4] = {1.28125, -2.71875, .5625, -4.109375};
  App               a;
  Costate           cs;
  Vec               g, k;
  PetscReal         e;
  PetscInt          lo, hi;

  PetscFunctionBeginUser;
  PetscCall(Create(A, time, PETSC_FALSE, options, &a, &cs));
  PetscCall(CostateSolve(cs));
  PetscCall(CostateGetGradient(cs, 0, NULL, &g));
  PetscCall(VecDuplicate(g, &k));
  PetscCall(VecGetOwnershipRange(k, &lo, &hi));
  for (PetscInt i = lo; i < hi; i++) PetscCall(VecSetValue(k, i, known[i], INSERT_VALUES));
  PetscCall(VecAssemblyBegin(k));
  PetscCall(VecAssemblyEnd(k));
  PetscCall(ZooDifference(g, k, &e));
  T_OK(e <= tol, "%s %s: the known gradient to %g: %.1e", time ? "a run" : "a SNES", options, (double)tol, (double)e);
  PetscCall(VecDestroy(&k));
  PetscCall(Destroy(&a, &cs));
  PetscFunctionReturn(0);
}

#define TAYLOR_TESTS 2
static PetscErrorCode Taylor(Problem problem, const char options[])
{
  App       a;
  Costate   cs;
  PetscReal order, error;

  PetscFunctionBeginUser;
  PetscCall(Create(problem, PETSC_FALSE, PETSC_TRUE, options, &a, &cs));
  PetscCall(CostateCheckTaylor(cs, 0, NULL, NULL, &order));
  T_OK(order >= 1.99, "problem %c %s: the Taylor remainder has order %.4f", 'A' + problem, options, (double)order);
  PetscCall(CostateCheckDotProduct(cs, NULL, NULL, &error));
  T_OK(error <= 1e-6, "problem %c: its derivatives are found right: %.1e", 'A' + problem, (double)error);
  PetscCall(Destroy(&a, &cs));
  PetscFunctionReturn(0);
}

/* The gradient of a long run by its adjoint comes to that of the state of rest. */
#define LIMIT_TESTS 2
static PetscErrorCode Limit(void)
{
  App       a;
  Costate   cs;
  Vec       g, rest;
  PetscReal e;

  PetscFunctionBeginUser;
  PetscCall(Create(A, PETSC_TRUE, PETSC_FALSE, "", &a, &cs));
  PetscCall(CostateSolve(cs));
  PetscCall(CostateGetGradient(cs, 0, NULL, &g));
  PetscCall(ZooCopy(g, &rest));
  for (int i = 0; i < 2; i++) {
    PetscCall(CostateSetType(cs, i ? COSTATEINTERPOLATING : COSTATEDISCRETE));
    PetscCall(CostateSolve(cs));
    PetscCall(CostateGetGradient(cs, 0, NULL, &g));
    PetscCall(ZooDifference(g, rest, &e));
    T_OK(e <= 1e-7, "%s over a long run comes to it: %.1e", i ? "interpolating" : "discrete", (double)e);
  }
  PetscCall(VecDestroy(&rest));
  PetscCall(Destroy(&a, &cs));
  PetscFunctionReturn(0);
}

#define BAD_TESTS 11
static PetscErrorCode Bad(void)
{
  App                    a;
  Costate                cs;
  CostateConvergedReason reason;
  PetscReal              time = .4, value;
  PetscBool              heard;
  Vec                    g;

  PetscFunctionBeginUser;
  PetscCall(Create(A, PETSC_TRUE, PETSC_FALSE, "-ts_max_time .5", &a, &cs));
  PetscCall(ZooListen());
  PetscCall(CostateSolve(cs));
  PetscCall(ZooHeard("not at rest at t = 0.5", &heard));
  PetscCall(CostateGetConvergedReason(cs, &reason));
  T_OK(reason == COSTATE_DIVERGED_NOT_STEADY && heard, "a run that is not at rest: DIVERGED_NOT_STEADY");
  REFUSES(CostateGetGradient(cs, 0, NULL, &g), "DIVERGED_NOT_STEADY", "and its gradient");
  /* at rest to 1 %: the warning says by how much the cost is off */
  PetscCall(Create(A, PETSC_TRUE, PETSC_FALSE, "-costate_steady_atol 1e-2 -costate_steady_rtol 1e-2", &a, &cs));
  PetscCall(ZooListen());
  PetscCall(CostateSolve(cs));
  PetscCall(ZooHeard("is not so much at rest", &heard));
  PetscCall(CostateGetCost(cs, 0, &value));
  T_OK(heard && PetscAbsReal(value - 14.53125) > 1e-4, "a state that is hardly at rest: a warning, the cost is %.6g",
       (double)value);
  PetscCall(Create(A, PETSC_TRUE, PETSC_FALSE, "", &a, &cs));
  PetscCall(ZooListen());
  PetscCall(CostateSolve(cs));
  PetscCall(ZooHeard("warning", &heard));
  T_OK(!heard, "one that is: none");
  PetscCall(CostateSetPointCost(cs, 0, 1, &time, Value, ValueU, ValueP, &a));
  REFUSES(CostateSolve(cs), "knows its end only", "a cost on the way");
  PetscCall(
      Create(C, PETSC_FALSE, PETSC_FALSE, "-snes_error_if_not_converged 0 -costate_adjoint_pc_type none", &a, &cs));
  PetscCall(ZooListen());
  PetscCall(CostateSolve(cs));
  PetscCall(ZooHeard(NULL, &heard));
  PetscCall(CostateGetConvergedReason(cs, &reason));
  if (reason > 0) { /* by luck the Krylov method stayed away from the null space: then it has to be right */
    PetscReal order;

    PetscCall(CostateCheckTaylor(cs, 0, NULL, NULL, &order));
    T_OK(order >= 1.99, "a singular Jacobian without its null space: a right gradient (order %.3f)", (double)order);
  } else
    T_OK(reason < 0, "a singular Jacobian without its null space: %s", CostateConvergedReasons[reason]);
  PetscCall(
      Create(B, PETSC_FALSE, PETSC_FALSE, "-costate_adjoint_ksp_max_it 1 -costate_adjoint_pc_type none", &a, &cs));
  PetscCall(ZooListen());
  PetscCall(CostateSolve(cs));
  PetscCall(ZooHeard("DIVERGED_ITS", &heard));
  PetscCall(CostateGetConvergedReason(cs, &reason));
  T_OK(reason == COSTATE_DIVERGED_BACKWARD && heard, "a transposed solve that does not converge: DIVERGED_BACKWARD");
  PetscCall(Create(B, PETSC_FALSE, PETSC_FALSE, "-snes_max_it 1", &a, &cs));
  PetscCall(ZooListen());
  PetscCall(CostateSolve(cs));
  PetscCall(ZooHeard("DIVERGED_MAX_IT", &heard));
  PetscCall(CostateGetConvergedReason(cs, &reason));
  T_OK(reason == COSTATE_DIVERGED_FORWARD && heard, "a SNES that does not: DIVERGED_FORWARD");
  PetscCall(Create(B, PETSC_FALSE, PETSC_FALSE, "-snes_mf", &a, &cs));
  REFUSES(CostateSolve(cs), "has no transpose", "a Jacobian made of differences");
  PetscCall(Create(B, PETSC_FALSE, PETSC_FALSE, "", &a, &cs));
  PetscCall(CostateSetType(cs, COSTATEDISCRETE));
  REFUSES(CostateSolve(cs), "has the method implicit", "a steady problem by another method");
  PetscCall(Create(B, PETSC_FALSE, PETSC_FALSE, "-costate_adjoint_ksp_type preonly -costate_adjoint_pc_type jacobi", &a,
                   &cs));
  PetscCall(ZooListen());
  PetscCall(CostateSolve(cs));
  PetscCall(ZooHeard("but leaves", &heard));
  PetscCall(CostateGetConvergedReason(cs, &reason));
  T_OK(reason == COSTATE_DIVERGED_BACKWARD && heard, "a solver that says to have converged, and has not");
  PetscFunctionReturn(0);
}

int main(int argc, char **argv)
{
  static const char *const runs[] = {"-ts_type rk -ts_rtol 1e-9 -ts_atol 1e-9", "-ts_type cn -ts_dt .05",
                                     "-ts_type bdf -ts_dt .05 -ts_adapt_type none",
                                     "-ts_type pseudo -ts_dt .05 -ts_max_time 1e12 -ts_exact_final_time stepover"};

  PetscCall(ZooBegin(&argc, &argv, 5 * KNOWN_TESTS + 3 * TAYLOR_TESTS + LIMIT_TESTS + BAD_TESTS));
  PetscCall(Known(PETSC_FALSE, "", 1e-12));
  for (int i = 0; i < 4; i++) PetscCall(Known(PETSC_TRUE, runs[i], 1e-6));
  PetscCall(Taylor(B, ""));
  PetscCall(Taylor(B, "-costate_adjoint_pc_type hypre -costate_adjoint_ksp_rtol 1e-12"));
  PetscCall(Taylor(C, "-pc_type none -costate_adjoint_pc_type none"));
  PetscCall(Limit());
  PetscCall(Bad());
  fflush(stdout);
  PetscCall(ZooEnd());
  return zoo_rank == 0 ? done() : 0;
}
