/* SPDX-License-Identifier: BSD-2-Clause */
static char help[] =
    "Where a plant grows along a coast, and how fast, is found from what is seen of it at four times.\n";

#include <costate.h>
#pragma GCC diagnostic ignored "-Wunused-parameter" /* callbacks need not look at all that they are given */

#define TIMES 4
static const PetscReal times[TIMES] = {1, 2, 3, 4};

/* u' = k u_xx + r(x) u (1 - u), no flux at the ends */
typedef struct {
  PetscReal h, sigma; /* mesh width, error of what is seen */
  Mat       L;        /* k u_xx */
  Vec       r, work, *seen;
  Costate   cs;
} App;

static PetscErrorCode Function(TS ts, PetscReal t, Vec u, Vec f, void *ctx)
{
  App *app = (App *)ctx;

  PetscFunctionBeginUser;
  PetscCall(VecPointwiseMult(app->work, u, u));
  PetscCall(VecAYPX(app->work, -1, u));
  PetscCall(VecPointwiseMult(app->work, app->work, app->r));
  PetscCall(MatMultAdd(app->L, u, app->work, f));
  PetscFunctionReturn(0);
}

static PetscErrorCode Jacobian(TS ts, PetscReal t, Vec u, Mat A, Mat P, void *ctx)
{
  App *app = (App *)ctx;

  PetscFunctionBeginUser;
  PetscCall(VecSet(app->work, 1));
  PetscCall(VecAXPY(app->work, -2, u));
  PetscCall(VecPointwiseMult(app->work, app->work, app->r));
  PetscCall(MatCopy(app->L, P, SAME_NONZERO_PATTERN));
  PetscCall(MatDiagonalSet(P, app->work, ADD_VALUES));
  PetscFunctionReturn(0);
}

/* The derivative of the right-hand side with respect to r: rows as u, columns as r */
static PetscErrorCode JacobianP(TS ts, PetscReal t, Vec u, Mat A, void *ctx)
{
  App *app = (App *)ctx;

  PetscFunctionBeginUser;
  PetscCall(VecPointwiseMult(app->work, u, u));
  PetscCall(VecAYPX(app->work, -1, u));
  PetscCall(MatDiagonalSet(A, app->work, INSERT_VALUES));
  PetscFunctionReturn(0);
}

/* The cost at time number i, h |u - seen_i|^2 / (2 sigma^2), and its derivative with respect to u */
static PetscErrorCode Misfit(Costate cs, PetscInt i, PetscReal t, Vec u, Vec r, PetscReal *value, void *ctx)
{
  App *app = (App *)ctx;

  PetscFunctionBeginUser;
  PetscCall(VecWAXPY(app->work, -1, app->seen[i], u));
  PetscCall(VecDot(app->work, app->work, value));
  *value *= app->h / (2 * app->sigma * app->sigma);
  PetscFunctionReturn(0);
}

static PetscErrorCode MisfitU(Costate cs, PetscInt i, PetscReal t, Vec u, Vec r, Vec g, void *ctx)
{
  App *app = (App *)ctx;

  PetscFunctionBeginUser;
  PetscCall(VecWAXPY(g, -1, app->seen[i], u));
  PetscCall(VecScale(g, app->h / (app->sigma * app->sigma)));
  PetscFunctionReturn(0);
}

/* What TAO asks for */
static PetscErrorCode ObjectiveGradient(Tao tao, Vec r, PetscReal *value, Vec g, void *ctx)
{
  App                   *app = (App *)ctx;
  Vec                    dGdr;
  CostateConvergedReason reason;

  PetscFunctionBeginUser;
  PetscCall(VecCopy(r, app->r));
  PetscCall(CostateSolve(app->cs));
  PetscCall(CostateGetConvergedReason(app->cs, &reason));
  PetscCheck(reason > 0, PETSC_COMM_WORLD, PETSC_ERR_NOT_CONVERGED, "No gradient: %s", CostateConvergedReasons[reason]);
  PetscCall(CostateGetCost(app->cs, 0, value));
  PetscCall(CostateGetGradient(app->cs, 0, NULL, &dGdr));
  PetscCall(VecCopy(dGdr, g));
  PetscFunctionReturn(0);
}

/* The matrix of k u_xx on n points, the first state, and the growth that is to be found */
static PetscErrorCode Coast(App *app, PetscInt n, Vec *u0, Vec *truth)
{
  const PetscReal d = 5e-4 * (PetscReal)n * (PetscReal)n;
  PetscInt        first, last;

  PetscFunctionBeginUser;
  app->h = 1 / (PetscReal)n;
  PetscCall(MatCreateAIJ(PETSC_COMM_WORLD, PETSC_DECIDE, PETSC_DECIDE, n, n, 3, NULL, 1, NULL, &app->L));
  PetscCall(MatCreateVecs(app->L, u0, truth));
  PetscCall(MatGetOwnershipRange(app->L, &first, &last));
  for (PetscInt i = first; i < last; i++) {
    const PetscInt  columns[] = {i - 1, i, i < n - 1 ? i + 1 : -1}; /* negative ones are left out */
    const PetscReal v[] = {d, i > 0 && i < n - 1 ? -2 * d : -d, d}, x = app->h * ((PetscReal)i + .5);

    PetscCall(MatSetValues(app->L, 1, &i, 3, columns, v, INSERT_VALUES));
    PetscCall(VecSetValue(*u0, i, .5 * PetscExpReal(-200 * (x - .3) * (x - .3)), INSERT_VALUES));
    PetscCall(VecSetValue(*truth, i, 1.5 + PetscSinReal(6 * x), INSERT_VALUES));
  }
  PetscCall(MatAssemblyBegin(app->L, MAT_FINAL_ASSEMBLY));
  PetscCall(MatAssemblyEnd(app->L, MAT_FINAL_ASSEMBLY));
  for (Vec *v = (Vec[]){*u0, *truth, NULL}; *v; v++) {
    PetscCall(VecAssemblyBegin(*v));
    PetscCall(VecAssemblyEnd(*v));
  }
  PetscFunctionReturn(0);
}

int main(int argc, char **argv)
{
  App       app   = {.sigma = .05};
  PetscInt  n     = 64;
  PetscBool check = PETSC_FALSE;
  TS        ts;
  Tao       tao;
  Mat       J, Jp;
  Vec       u0, truth, r;
  PetscReal order, error, size;

  PetscCall(PetscInitialize(&argc, &argv, NULL, help));
  PetscCall(PetscOptionsGetInt(NULL, NULL, "-n", &n, NULL));
  PetscCall(PetscOptionsGetBool(NULL, NULL, "-check", &check, NULL));

  /* The program as it was: a TS with its functions */
  PetscCall(Coast(&app, n, &u0, &truth));
  PetscCall(VecDuplicate(truth, &app.r));
  PetscCall(VecDuplicate(truth, &app.work));
  PetscCall(MatDuplicate(app.L, MAT_COPY_VALUES, &J));
  PetscCall(TSCreate(PETSC_COMM_WORLD, &ts));
  PetscCall(TSSetType(ts, TSRK));
  PetscCall(TSSetRHSFunction(ts, NULL, Function, &app));
  PetscCall(TSSetRHSJacobian(ts, J, J, Jacobian, &app));
  PetscCall(TSSetTolerances(ts, 1e-6, NULL, 1e-6, NULL));
  PetscCall(TSSetExactFinalTime(ts, TS_EXACTFINALTIME_MATCHSTEP));
  PetscCall(MatCreateAIJ(PETSC_COMM_WORLD, PETSC_DECIDE, PETSC_DECIDE, n, n, 1, NULL, 0, NULL, &Jp)); /* new */
  PetscCall(TSSetRHSJacobianP(ts, Jp, JacobianP, &app)); /* new; before the first TSSolve() */
  PetscCall(TSSetFromOptions(ts));

  /* A run with the true r, from one time to the next: what is seen */
  PetscCall(VecCopy(truth, app.r));
  PetscCall(VecDuplicateVecs(u0, TIMES, &app.seen));
  for (int i = 0; i < TIMES; i++) {
    PetscCall(VecCopy(i ? app.seen[i - 1] : u0, app.seen[i]));
    PetscCall(TSSetMaxTime(ts, times[i]));
    PetscCall(TSSolve(ts, app.seen[i]));
  }

  /* New: the object.  Its runs begin with the time and the step size that the TS has now. */
  PetscCall(TSSetTime(ts, 0));
  PetscCall(TSSetTimeStep(ts, .01));
  PetscCall(CostateCreate(PETSC_COMM_WORLD, &app.cs));
  PetscCall(CostateSetTS(app.cs, ts));
  PetscCall(CostateSetInitialState(app.cs, u0));
  PetscCall(CostateSetParameters(app.cs, app.r));
  PetscCall(CostateSetPointCost(app.cs, 0, TIMES, times, Misfit, MisfitU, NULL, &app));
  PetscCall(CostateSetFromOptions(app.cs));

  PetscCall(VecDuplicate(truth, &r));
  PetscCall(VecSet(r, 1));
  if (check) {
    PetscCall(VecCopy(r, app.r));
    PetscCall(CostateCheckDotProduct(app.cs, NULL, PETSC_VIEWER_STDOUT_WORLD, &error));
    PetscCall(CostateCheckTaylor(app.cs, 0, NULL, PETSC_VIEWER_STDOUT_WORLD, &order));
  } else {
    PetscCall(TaoCreate(PETSC_COMM_WORLD, &tao));
    PetscCall(TaoSetType(tao, TAOBLMVM));
    PetscCall(TaoSetSolution(tao, r));
    PetscCall(TaoSetObjectiveAndGradient(tao, NULL, ObjectiveGradient, &app));
    PetscCall(TaoSetTolerances(tao, 1e-3, PETSC_DEFAULT, PETSC_DEFAULT));
    PetscCall(TaoSetFromOptions(tao));
    PetscCall(TaoSolve(tao));
    PetscCall(TaoDestroy(&tao));
    PetscCall(VecViewFromOptions(r, NULL, "-r_view"));
    PetscCall(VecNorm(truth, NORM_2, &size));
    PetscCall(VecAXPY(r, -1, truth));
    PetscCall(VecNorm(r, NORM_2, &error));
    PetscCall(PetscPrintf(PETSC_COMM_WORLD, "r is wrong by %.3f of its norm\n", (double)(error / size)));
  }
  PetscCall(CostateDestroy(&app.cs));
  PetscCall(TSDestroy(&ts));
  PetscCall(VecDestroyVecs(TIMES, &app.seen));
  for (Vec *v = (Vec[]){u0, truth, r, app.r, app.work, NULL}; *v; v++) PetscCall(VecDestroy(v));
  for (Mat *A = (Mat[]){app.L, J, Jp, NULL}; *A; A++) PetscCall(MatDestroy(A));
  return PetscFinalize();
}
