/* SPDX-License-Identifier: BSD-2-Clause */
/*
  States of rest on a square of n x n cells, the whole state on every rank, so that a row is a function of it: what the
  tests of the method implicit on grids share.

    HEAT    conductivity p0 + p1 u^2, a source p2 q(x), u = .5 around
    DARCY   log permeability p in each cell, a head of 1 on the left, 0 on the right, no flow elsewhere
    CLOSED  the same, no flow anywhere: singular
    WIND    advection and diffusion, upwind, a source p in each cell, u = 0 around
    PAIR    two fields that diffuse, react with each other and are carried along; a source p in each cell
    STOKES  flow with drag and a given wind, pressure up to a constant, stabilised; a force p in each cell
*/
#ifndef COSTATE_TEST_STEADY_SCALE_H
#define COSTATE_TEST_STEADY_SCALE_H

#include "../costate/refuses.h"

typedef enum { HEAT, DARCY, CLOSED, WIND, PAIR, STOKES } Kind;
static const char *const kinds[] = {"heat", "darcy", "closed", "wind", "pair", "stokes"};

#define MOST 16 /* entries of a row */

typedef struct {
  PetscInt    n, column[MOST];
  PetscScalar value[MOST];
} Entries;

typedef struct {
  Kind       kind;
  PetscInt   n, dof;
  PetscReal  wrong; /* the diagonal of the Jacobian is off by this part */
  PetscBool  shell; /* the Jacobian is known by its products, and P is without what makes it unsymmetric */
  PetscBool  transposed;
  SNES       snes;
  TS         ts;
  Vec        u, p, all_u, all_p, b, w; /* the cost is b.u + u.w.u/2 */
  Mat        J, P, Jp, inner;
  VecScatter to_u, to_p;
} App;

static void Add(Entries *e, PetscInt column, PetscScalar value)
{
  for (PetscInt i = 0; i < e->n; i++) {
    if (e->column[i] != column) continue;
    e->value[i] += value;
    return;
  }
  e->column[e->n]  = column;
  e->value[e->n++] = value;
}

/* The cell beside one, or -1. */
static PetscInt Beside(PetscInt n, PetscInt cell, int side)
{
  static const int dx[] = {-1, 1, 0, 0}, dy[] = {0, 0, -1, 1};
  const PetscInt   i = cell % n + dx[side], j = cell / n + dy[side];

  return i < 0 || j < 0 || i >= n || j >= n ? -1 : i + n * j;
}

static PetscScalar RowHeat(const App *a, PetscInt k, const PetscScalar u[], const PetscScalar p[], Entries *du,
                           Entries *dp)
{
  const PetscReal h = 1. / (PetscReal)a->n, q = 1 + PetscSinReal(3 * h * (PetscReal)(k % a->n));
  PetscScalar     r = -h * h * p[2] * q;

  for (int side = 0; side < 4; side++) {
    const PetscInt    to = Beside(a->n, k, side);
    const PetscScalar v = to < 0 ? .5 : u[to], s = (u[k] + v) / 2., d = u[k] - v, c = p[0] + p[1] * s * s;

    r += c * d;
    Add(du, k, c + p[1] * s * d);
    if (to >= 0) Add(du, to, -c + p[1] * s * d);
    Add(dp, 0, d);
    Add(dp, 1, s * s * d);
  }
  Add(dp, 2, -h * h * q);
  return r;
}

static PetscScalar RowDarcy(const App *a, PetscInt k, const PetscScalar u[], const PetscScalar m[], Entries *du,
                            Entries *dp)
{
  const PetscScalar x = PetscExpScalar(-m[k]);
  PetscScalar       r = 0;

  for (int side = 0; side < 4; side++) {
    const PetscInt    to = Beside(a->n, k, side);
    const PetscScalar y = to < 0 ? 0 : PetscExpScalar(-m[to]), c = 2. / (x + y),
                      d = u[k] - (to < 0 ? side == 0 : u[to]);

    if (to < 0 && (side > 1 || a->kind == CLOSED)) continue;
    r += c * d;
    Add(du, k, c);
    if (to >= 0) Add(du, to, -c);
    Add(dp, k, c * c / 2. * x * d); /* of c = 2/(x + y) with x' = -x */
    if (to >= 0) Add(dp, to, c * c / 2. * y * d);
  }
  return r;
}

/* Diffusion nu and the wind (1, .5) times speed, upwind, into a row of `dof` fields. */
static PetscScalar RowWind(const App *a, PetscInt cell, PetscInt f, PetscReal nu, PetscReal speed,
                           const PetscScalar u[], Entries *du)
{
  const PetscInt  k     = a->dof * cell + f;
  const PetscReal to[4] = {nu + speed, nu, nu + speed / 2, nu};
  PetscScalar     r     = 0;

  for (int side = 0; side < 4; side++) {
    const PetscInt beside = Beside(a->n, cell, side);

    r += to[side] * (u[k] - (beside < 0 ? 0 : u[a->dof * beside + f]));
    Add(du, k, to[side]);
    if (beside >= 0) Add(du, a->dof * beside + f, -to[side]);
  }
  return r;
}

static PetscScalar RowPair(const App *a, PetscInt k, const PetscScalar u[], const PetscScalar p[], Entries *du,
                           Entries *dp)
{
  const PetscInt    cell = k / 2, f = k % 2;
  const PetscScalar x = u[2 * cell], y = u[2 * cell + 1];
  PetscScalar       r = RowWind(a, cell, f, f ? 1. : .5, f ? .2 : .6, u, du);

  if (f == 0) {
    r += .5 * (x + 2. * x * y * y) - p[cell];
    Add(du, k, .5 + y * y);
    Add(du, k + 1, 2. * x * y);
    Add(dp, cell, -1);
  } else {
    r += .4 * y - 3. * x * x - .1;
    Add(du, k, .4);
    Add(du, k - 1, -6. * x);
  }
  return r;
}

/* The difference of the pressure along an axis in a cell, or, with `adjoint`, minus its transpose: the divergence. */
static PetscScalar Slope(const App *a, PetscInt cell, int axis, PetscInt from, PetscBool adjoint, const PetscScalar u[],
                         Entries *du)
{
  PetscScalar r = 0;

  for (int side = 0; side < 2; side++) {
    const PetscInt    beside = Beside(a->n, cell, 2 * axis + side), k = 3 * (beside < 0 ? cell : beside) + from;
    const PetscScalar c = (side ? .5 : -.5) * (adjoint && beside < 0 ? -1 : 1);

    r += c * u[k];
    Add(du, k, c);
  }
  return r;
}

static PetscScalar RowStokes(const App *a, PetscInt k, const PetscScalar u[], const PetscScalar p[], Entries *du,
                             Entries *dp)
{
  const PetscInt cell = k / 3, f = k % 3;
  PetscScalar    r;

  if (f < 2) {
    r = RowWind(a, cell, f, 1, .3, u, du) + Slope(a, cell, f, 2, PETSC_FALSE, u, du) + u[k] * u[k] * u[k];
    Add(du, k, 3. * u[k] * u[k]);
    r -= f ? 0 : p[cell];
    if (!f) Add(dp, cell, -1);
    return r;
  }
  r = Slope(a, cell, 0, 0, PETSC_TRUE, u, du) + Slope(a, cell, 1, 1, PETSC_TRUE, u, du);
  for (int side = 0; side < 4; side++) {
    const PetscInt beside = Beside(a->n, cell, side);

    if (beside < 0) continue;
    r += .1 * (u[k] - u[3 * beside + 2]);
    Add(du, k, .1);
    Add(du, 3 * beside + 2, -.1);
  }
  return r;
}

static PetscScalar Row(const App *a, PetscInt k, const PetscScalar u[], const PetscScalar p[], Entries *du, Entries *dp)
{
  PetscScalar r;

  du->n = dp->n = 0;
  switch (a->kind) {
  case HEAT: return RowHeat(a, k, u, p, du, dp);
  case PAIR: return RowPair(a, k, u, p, du, dp);
  case STOKES: return RowStokes(a, k, u, p, du, dp);
  case WIND:
    r = RowWind(a, k, 0, 1e-2, 1. / (PetscReal)a->n, u, du) - p[k];
    Add(dp, k, -1);
    return r;
  default: return RowDarcy(a, k, u, p, du, dp);
  }
}

/* Every row that is owned: into f, or the entries of derivatives into the matrices that are given, times sign. */
static PetscErrorCode Rows(App *a, Vec u, PetscReal sign, Vec f, Mat J, Mat Jp)
{
  const PetscScalar *x, *p;
  Entries            e[2];
  PetscInt           lo, hi;

  PetscFunctionBeginUser;
  PetscCall(VecScatterBegin(a->to_u, u, a->all_u, INSERT_VALUES, SCATTER_FORWARD));
  PetscCall(VecScatterEnd(a->to_u, u, a->all_u, INSERT_VALUES, SCATTER_FORWARD));
  PetscCall(VecScatterBegin(a->to_p, a->p, a->all_p, INSERT_VALUES, SCATTER_FORWARD));
  PetscCall(VecScatterEnd(a->to_p, a->p, a->all_p, INSERT_VALUES, SCATTER_FORWARD));
  PetscCall(VecGetArrayRead(a->all_u, &x));
  PetscCall(VecGetArrayRead(a->all_p, &p));
  PetscCall(VecGetOwnershipRange(u, &lo, &hi));
  for (PetscInt k = lo; k < hi; k++) {
    const PetscScalar r = Row(a, k, x, p, &e[0], &e[1]);

    if (f) PetscCall(VecSetValue(f, k, sign * r, INSERT_VALUES));
    for (int side = 0; side < 2; side++) {
      Mat M = side ? Jp : J;

      for (PetscInt i = 0; M && i < e[side].n; i++) {
        const PetscReal off = !side && e[0].column[i] == k ? 1 + a->wrong : 1;

        PetscCall(MatSetValue(M, k, e[side].column[i], sign * off * e[side].value[i], INSERT_VALUES));
      }
    }
  }
  PetscCall(VecRestoreArrayRead(a->all_u, &x));
  PetscCall(VecRestoreArrayRead(a->all_p, &p));
  if (f) PetscCall(VecAssemblyBegin(f));
  if (f) PetscCall(VecAssemblyEnd(f));
  for (int side = 0; side < 2; side++) {
    Mat M = side ? Jp : J;

    if (M) PetscCall(MatAssemblyBegin(M, MAT_FINAL_ASSEMBLY));
    if (M) PetscCall(MatAssemblyEnd(M, MAT_FINAL_ASSEMBLY));
  }
  PetscFunctionReturn(0);
}

static PetscErrorCode SnesF(SNES snes, Vec u, Vec f, void *ctx)
{
  (void)snes;
  return Rows((App *)ctx, u, 1, f, NULL, NULL);
}

/* A shell's numbers are in a matrix of its own, and its P has 1.1 times the diagonal. */
static PetscErrorCode SnesJ(SNES snes, Vec u, Mat J, Mat P, void *ctx)
{
  App *a = (App *)ctx;
  Vec  d;

  PetscFunctionBeginUser;
  (void)snes;
  PetscCall(Rows(a, u, 1, NULL, a->shell ? a->inner : J, NULL));
  if (!a->shell) PetscFunctionReturn(0);
  PetscCall(MatAssemblyBegin(J, MAT_FINAL_ASSEMBLY));
  PetscCall(MatAssemblyEnd(J, MAT_FINAL_ASSEMBLY));
  if (P == J) PetscFunctionReturn(0);
  PetscCall(Rows(a, u, 1, NULL, P, NULL));
  PetscCall(VecDuplicate(u, &d));
  PetscCall(MatGetDiagonal(P, d));
  PetscCall(VecScale(d, 1.1));
  PetscCall(MatDiagonalSet(P, d, INSERT_VALUES));
  PetscCall(VecDestroy(&d));
  PetscFunctionReturn(0);
}

static PetscErrorCode SteadyJp(Costate cs, Vec u, Vec p, Mat Jp, void *ctx)
{
  (void)cs, (void)p;
  return Rows((App *)ctx, u, 1, NULL, NULL, Jp);
}

/* The run comes to rest: u' = -R */
static PetscErrorCode TsF(TS ts, PetscReal t, Vec u, Vec f, void *ctx)
{
  (void)ts, (void)t;
  return Rows((App *)ctx, u, -1, f, NULL, NULL);
}
static PetscErrorCode TsJ(TS ts, PetscReal t, Vec u, Mat J, Mat P, void *ctx)
{
  (void)ts, (void)t, (void)P;
  return Rows((App *)ctx, u, -1, NULL, J, NULL);
}
static PetscErrorCode TsJp(TS ts, PetscReal t, Vec u, Mat Jp, void *ctx)
{
  (void)ts, (void)t;
  return Rows((App *)ctx, u, -1, NULL, NULL, Jp);
}

static PetscErrorCode Value(Costate cs, PetscInt i, PetscReal t, Vec u, Vec p, PetscReal *value, void *ctx)
{
  App        *a = (App *)ctx;
  Vec         wu;
  PetscScalar s[2];

  PetscFunctionBeginUser;
  (void)cs, (void)i, (void)t, (void)p;
  PetscCall(VecDuplicate(u, &wu));
  PetscCall(VecPointwiseMult(wu, a->w, u));
  PetscCall(VecDot(wu, u, &s[0]));
  PetscCall(VecDot(a->b, u, &s[1]));
  *value = PetscRealPart(s[0]) / 2 + PetscRealPart(s[1]);
  PetscCall(VecDestroy(&wu));
  PetscFunctionReturn(0);
}

static PetscErrorCode ValueU(Costate cs, PetscInt i, PetscReal t, Vec u, Vec p, Vec g, void *ctx)
{
  App *a = (App *)ctx;

  PetscFunctionBeginUser;
  (void)cs, (void)i, (void)t, (void)p;
  PetscCall(VecPointwiseMult(g, a->w, u));
  PetscCall(VecAXPY(g, 1, a->b));
  PetscFunctionReturn(0);
}

static PetscErrorCode ShellMult(Mat A, Vec x, Vec y)
{
  App *a;

  PetscFunctionBeginUser;
  PetscCall(MatShellGetContext(A, &a));
  PetscCall(MatMult(a->inner, x, y));
  PetscFunctionReturn(0);
}

static PetscErrorCode ShellMultTranspose(Mat A, Vec x, Vec y)
{
  App *a;

  PetscFunctionBeginUser;
  PetscCall(MatShellGetContext(A, &a));
  PetscCall(MatMultTranspose(a->inner, x, y));
  PetscFunctionReturn(0);
}

/* Parameters, and a cost that heeds velocities alone where there is a pressure. */
static PetscErrorCode Fill(App *a)
{
  PetscInt lo, hi;

  PetscFunctionBeginUser;
  PetscCall(VecGetOwnershipRange(a->p, &lo, &hi));
  for (PetscInt i = lo; i < hi; i++) {
    const PetscScalar heat[] = {1, .5, 20};
    const PetscReal   x      = PetscSinReal(1 + 2. * (PetscReal)i);

    PetscCall(VecSetValue(a->p, i, a->kind == HEAT ? heat[i] : a->kind == PAIR ? .5 + .2 * x : x, INSERT_VALUES));
  }
  PetscCall(VecAssemblyBegin(a->p));
  PetscCall(VecAssemblyEnd(a->p));
  PetscCall(VecGetOwnershipRange(a->u, &lo, &hi));
  for (PetscInt i = lo; i < hi; i++) {
    const PetscBool pressure = (PetscBool)(a->kind == STOKES && i % 3 == 2);

    PetscCall(VecSetValue(a->b, i, pressure ? 0 : PetscSinReal(.3 * (PetscReal)i), INSERT_VALUES));
    PetscCall(VecSetValue(a->w, i, pressure ? 0 : 1, INSERT_VALUES));
  }
  PetscCall(VecAssemblyBegin(a->b));
  PetscCall(VecAssemblyEnd(a->b));
  PetscCall(VecAssemblyBegin(a->w));
  PetscCall(VecAssemblyEnd(a->w));
  PetscFunctionReturn(0);
}

/* The pressure of STOKES is known up to a constant. */
static PetscErrorCode PressureNull(App *a, Mat J)
{
  MatNullSpace null;
  PetscInt     lo, hi;
  Vec          v;

  PetscFunctionBeginUser;
  PetscCall(VecDuplicate(a->u, &v));
  PetscCall(VecGetOwnershipRange(v, &lo, &hi));
  for (PetscInt i = lo; i < hi; i++) PetscCall(VecSetValue(v, i, i % 3 == 2, INSERT_VALUES));
  PetscCall(VecAssemblyBegin(v));
  PetscCall(VecAssemblyEnd(v));
  PetscCall(VecNormalize(v, NULL));
  PetscCall(MatNullSpaceCreate(PETSC_COMM_WORLD, PETSC_FALSE, 1, &v, &null));
  PetscCall(MatSetNullSpace(J, null));
  PetscCall(MatSetTransposeNullSpace(J, null));
  PetscCall(MatNullSpaceDestroy(&null));
  PetscCall(VecDestroy(&v));
  PetscFunctionReturn(0);
}

static PetscErrorCode Matrices(App *a, PetscInt local, PetscInt local_p)
{
  PetscInt N, Np;

  PetscFunctionBeginUser;
  PetscCall(VecGetSize(a->u, &N));
  PetscCall(VecGetSize(a->p, &Np));
  PetscCall(MatCreateAIJ(PETSC_COMM_WORLD, local, local, N, N, MOST, NULL, MOST, NULL, &a->P));
  PetscCall(MatSetBlockSize(a->P, a->dof));
  PetscCall(MatCreateAIJ(PETSC_COMM_WORLD, local, local_p, N, Np, MOST, NULL, MOST, NULL, &a->Jp));
  for (int i = 0; i < 2; i++) PetscCall(MatSetOption(i ? a->Jp : a->P, MAT_NEW_NONZERO_ALLOCATION_ERR, PETSC_FALSE));
  PetscCall(Rows(a, a->u, 1, NULL, a->P, a->Jp)); /* the pattern */
  if (a->shell) {
    PetscCall(MatDuplicate(a->P, MAT_COPY_VALUES, &a->inner));
    PetscCall(MatCreateShell(PETSC_COMM_WORLD, local, local, N, N, a, &a->J));
    PetscCall(MatSetBlockSize(a->J, a->dof));
    PetscCall(MatShellSetOperation(a->J, MATOP_MULT, (void (*)(void))ShellMult));
    if (a->transposed) PetscCall(MatShellSetOperation(a->J, MATOP_MULT_TRANSPOSE, (void (*)(void))ShellMultTranspose));
  } else {
    PetscCall(PetscObjectReference((PetscObject)a->P));
    a->J = a->P;
  }
  if (a->kind == STOKES) PetscCall(PressureNull(a, a->J));
  PetscFunctionReturn(0);
}

/* A problem of these fields: kind, n, shell, transposed, wrong; options for all; a run (TS), or a SNES. */
static PetscErrorCode Create(App *a, PetscBool time, const char options[], Costate *cs)
{
  const PetscInt cells = a->n * a->n, np = a->kind == HEAT ? 3 : cells;
  PetscInt       local = PETSC_DECIDE, local_p = PETSC_DECIDE, N = cells, Np = np;
  KSP            ksp;

  PetscFunctionBeginUser;
  PetscCall(ZooOptions("-ts_type beuler -ts_dt 1 -ts_max_time 1000 -ts_adapt_type none"));
  PetscCall(PetscOptionsInsertString(NULL, options));
  a->dof = a->kind == PAIR ? 2 : a->kind == STOKES ? 3 : 1;
  PetscCall(PetscSplitOwnership(PETSC_COMM_WORLD, &local, &N));
  PetscCall(PetscSplitOwnership(PETSC_COMM_WORLD, &local_p, &Np));
  local *= a->dof;
  PetscCall(VecCreateMPI(PETSC_COMM_WORLD, local, a->dof * cells, &a->u));
  PetscCall(VecSetBlockSize(a->u, a->dof));
  PetscCall(VecCreateMPI(PETSC_COMM_WORLD, local_p, np, &a->p));
  PetscCall(VecDuplicate(a->u, &a->b));
  PetscCall(VecDuplicate(a->u, &a->w));
  PetscCall(VecScatterCreateToAll(a->u, &a->to_u, &a->all_u));
  PetscCall(VecScatterCreateToAll(a->p, &a->to_p, &a->all_p));
  PetscCall(Fill(a));
  PetscCall(Matrices(a, local, local_p));
  PetscCall(CostateCreate(PETSC_COMM_WORLD, cs));
  if (time) {
    PetscCall(TSCreate(PETSC_COMM_WORLD, &a->ts));
    PetscCall(TSSetRHSFunction(a->ts, NULL, TsF, a));
    PetscCall(TSSetRHSJacobian(a->ts, a->J, a->J, TsJ, a));
    PetscCall(TSSetRHSJacobianP(a->ts, a->Jp, TsJp, a));
    PetscCall(TSSetExactFinalTime(a->ts, TS_EXACTFINALTIME_MATCHSTEP));
    PetscCall(TSGetSNES(a->ts, &a->snes));
    PetscCall(PetscObjectReference((PetscObject)a->snes));
  } else {
    PetscCall(SNESCreate(PETSC_COMM_WORLD, &a->snes));
    PetscCall(SNESSetFunction(a->snes, NULL, SnesF, a));
    PetscCall(SNESSetJacobian(a->snes, a->J, a->P, SnesJ, a));
  }
  PetscCall(SNESSetTolerances(a->snes, 1e-14, 1e-13, 0, 50, 1000));
  PetscCall(SNESGetKSP(a->snes, &ksp));
  PetscCall(KSPSetTolerances(ksp, 1e-12, PETSC_DEFAULT, PETSC_DEFAULT, PETSC_DEFAULT));
  if (time) {
    PetscCall(TSSetFromOptions(a->ts));
    PetscCall(CostateSetTS(*cs, a->ts));
    PetscCall(CostateSetType(*cs, COSTATEIMPLICIT));
  } else {
    PetscCall(SNESSetFromOptions(a->snes));
    PetscCall(CostateSetSNES(*cs, a->snes));
    PetscCall(CostateSetSteadyJacobianP(*cs, a->Jp, SteadyJp, a));
  }
  PetscCall(CostateSetInitialState(*cs, a->u));
  PetscCall(CostateSetParameters(*cs, a->p));
  PetscCall(CostateSetTerminalCost(*cs, 0, Value, ValueU, NULL, a));
  PetscCall(CostateSetFromOptions(*cs));
  PetscFunctionReturn(0);
}

static PetscErrorCode Destroy(App *a, Costate *cs)
{
  Vec *vecs[] = {&a->u, &a->p, &a->all_u, &a->all_p, &a->b, &a->w};
  Mat *mats[] = {&a->J, &a->P, &a->Jp, &a->inner};

  PetscFunctionBeginUser;
  PetscCall(CostateDestroy(cs));
  PetscCall(TSDestroy(&a->ts));
  PetscCall(SNESDestroy(&a->snes));
  for (int i = 0; i < 6; i++) PetscCall(VecDestroy(vecs[i]));
  for (int i = 0; i < 4; i++) PetscCall(MatDestroy(mats[i]));
  PetscCall(VecScatterDestroy(&a->to_u));
  PetscCall(VecScatterDestroy(&a->to_p));
  PetscFunctionReturn(0);
}

/* The gradient with respect to p, a copy, and the iterations of the last linear solve and of the transposed one. */
static inline PetscErrorCode Gradient(App *a, PetscBool time, const char options[], Vec *g, PetscInt its[2])
{
  CostateConvergedReason reason;
  CostateStatistics      stats;
  Costate                cs;
  KSP                    ksp;
  Vec                    gp;

  PetscFunctionBeginUser;
  PetscCall(Create(a, time, options, &cs));
  PetscCall(CostateSolve(cs));
  PetscCall(CostateGetConvergedReason(cs, &reason));
  *g = NULL;
  PetscCall(CostateGetStatistics(cs, &stats));
  PetscCall(SNESGetKSP(a->snes, &ksp));
  PetscCall(KSPGetIterationNumber(ksp, &its[0]));
  its[1] = stats.adjoint_linear_its;
  if (reason > 0) {
    PetscCall(CostateGetGradient(cs, 0, NULL, &gp));
    PetscCall(ZooCopy(gp, g));
  }
  PetscCall(Destroy(a, &cs));
  PetscFunctionReturn(0);
}

#endif
