/* SPDX-License-Identifier: BSD-2-Clause */
static char help[] =
    "How well a rod conducts, point by point, from its temperatures: Newton's methods beside L-BFGS.\n";

#include <costate.h>
#include <petsctime.h>
#include "../common/common.h"
#pragma GCC diagnostic ignored "-Wunused-parameter" /* callbacks need not look at all that they are given */

#define TIMES 10
#define MOST  2000 /* iterations that are recorded */

/*
  u_t = (e^m u_x)_x + 1 on (0,1), u = 0 at the ends and at t = 0.  m is a number for each of the n + 1 faces between n
  points and the ends; rank r has the faces to the left of its points, the last one its right end, too.
*/
typedef struct {
  DM        da;
  PetscInt  n;
  PetscReal h, sigma, weight;
  Mat       D; /* differences: rows are faces, columns points */
  Mat       R; /* of the regularisation, W = R^T R / h: rows are points, columns faces */
  Vec       m, face, face2, point, misfit, seen[TIMES];
  PetscInt  runs, jacobians;
} Rod;

/* What an optimisation did, iteration by iteration. */
typedef struct {
  Rod           *rod;
  PetscInt       n, runs[MOST], jacobians[MOST];
  PetscReal      cost[MOST], gradient[MOST];
  PetscLogDouble begin, seconds[MOST];
} Record;

/* ---- the equation: u' = 1 - D^T e^m D u / h^2 ---- */

static PetscErrorCode Conductivity(Rod *rod)
{
  PetscFunctionBeginUser;
  PetscCall(VecCopy(rod->m, rod->face));
  PetscCall(VecExp(rod->face));
  PetscFunctionReturn(0);
}

static PetscErrorCode Function(TS ts, PetscReal t, Vec u, Vec f, void *ctx)
{
  Rod *rod = (Rod *)ctx;

  PetscFunctionBeginUser;
  PetscCall(Conductivity(rod));
  PetscCall(MatMult(rod->D, u, rod->face2));
  PetscCall(VecPointwiseMult(rod->face2, rod->face2, rod->face));
  PetscCall(MatMultTranspose(rod->D, rod->face2, f));
  PetscCall(VecScale(f, -1 / (rod->h * rod->h)));
  PetscCall(VecShift(f, 1));
  PetscFunctionReturn(0);
}

static PetscErrorCode Jacobian(TS ts, PetscReal t, Vec u, Mat A, Mat P, void *ctx)
{
  Rod               *rod = (Rod *)ctx;
  const PetscScalar *e;
  const PetscReal    s = 1 / (rod->h * rod->h);
  PetscInt           lo, hi;
  Vec                local;

  PetscFunctionBeginUser;
  rod->jacobians++;
  PetscCall(Conductivity(rod));
  /* face i is to the left of point i; the last face is beyond the points, on the last rank */
  PetscCall(MatGetOwnershipRange(P, &lo, &hi));
  PetscCall(DMGetLocalVector(rod->da, &local));
  {
    const PetscScalar *f;
    PetscScalar       *p;

    PetscCall(VecGetArrayRead(rod->face, &f));
    PetscCall(VecGetArray(rod->point, &p));
    PetscCall(PetscArraycpy(p, f, hi - lo));
    PetscCall(VecRestoreArray(rod->point, &p));
    PetscCall(VecRestoreArrayRead(rod->face, &f));
  }
  PetscCall(DMGlobalToLocal(rod->da, rod->point, INSERT_VALUES, local));
  PetscCall(DMDAVecGetArrayRead(rod->da, local, &e));
  for (PetscInt i = lo; i < hi; i++) {
    PetscScalar left = e[i], right;

    if (i + 1 < rod->n)
      right = e[i + 1];
    else {
      const PetscScalar *f;

      PetscCall(VecGetArrayRead(rod->face, &f));
      right = f[hi - lo];
      PetscCall(VecRestoreArrayRead(rod->face, &f));
    }
    PetscCall(MatSetValue(P, i, i, -s * (left + right), INSERT_VALUES));
    if (i) PetscCall(MatSetValue(P, i, i - 1, s * left, INSERT_VALUES));
    if (i + 1 < rod->n) PetscCall(MatSetValue(P, i, i + 1, s * right, INSERT_VALUES));
  }
  PetscCall(DMDAVecRestoreArrayRead(rod->da, local, &e));
  PetscCall(DMRestoreLocalVector(rod->da, &local));
  PetscCall(MatAssemblyBegin(P, MAT_FINAL_ASSEMBLY));
  PetscCall(MatAssemblyEnd(P, MAT_FINAL_ASSEMBLY));
  PetscFunctionReturn(0);
}

/* The derivative with respect to m: -D^T diag(e^m D u) / h^2 */
static PetscErrorCode JacobianP(TS ts, PetscReal t, Vec u, Mat A, void *ctx)
{
  Rod *rod = (Rod *)ctx;
  Mat  T;

  PetscFunctionBeginUser;
  PetscCall(Conductivity(rod));
  PetscCall(MatMult(rod->D, u, rod->face2));
  PetscCall(VecPointwiseMult(rod->face2, rod->face2, rod->face));
  PetscCall(MatTranspose(rod->D, MAT_INITIAL_MATRIX, &T));
  PetscCall(MatCopy(T, A, SAME_NONZERO_PATTERN));
  PetscCall(MatDestroy(&T));
  PetscCall(MatDiagonalScale(A, NULL, rod->face2));
  PetscCall(MatScale(A, -1 / (rod->h * rod->h)));
  PetscFunctionReturn(0);
}

/* ---- the cost: |u(t_i) - seen_i|^2 h / (2 sigma^2), and weight |m_x|^2 / 2 ---- */

static PetscErrorCode Misfit(Costate cs, PetscInt i, PetscReal t, Vec u, Vec m, PetscReal *value, void *ctx)
{
  Rod        *rod = (Rod *)ctx;
  PetscScalar s;

  PetscFunctionBeginUser;
  if (!i) rod->runs++;
  PetscCall(VecWAXPY(rod->misfit, -1, rod->seen[i], u));
  PetscCall(VecDot(rod->misfit, rod->misfit, &s));
  *value = PetscRealPart(s) * rod->h / (2 * rod->sigma * rod->sigma);
  PetscFunctionReturn(0);
}

static PetscErrorCode MisfitU(Costate cs, PetscInt i, PetscReal t, Vec u, Vec m, Vec g, void *ctx)
{
  Rod *rod = (Rod *)ctx;

  PetscFunctionBeginUser;
  PetscCall(VecWAXPY(g, -1, rod->seen[i], u));
  PetscCall(VecScale(g, rod->h / (rod->sigma * rod->sigma)));
  PetscFunctionReturn(0);
}

/* The data: temperatures with errors */
static PetscErrorCode See(Costate cs, PetscInt i, PetscReal t, Vec u, Vec m, PetscReal *value, void *ctx)
{
  PetscFunctionBeginUser;
  PetscCall(VecAXPY(((Rod *)ctx)->seen[i], 1, u));
  *value = 0;
  PetscFunctionReturn(0);
}

static PetscErrorCode RoughnessHessian(Costate cs, Vec m, Vec v, Vec Hv, void *ctx)
{
  Rod *rod = (Rod *)ctx;

  PetscFunctionBeginUser;
  PetscCall(MatMult(rod->R, v, rod->misfit));
  PetscCall(VecScale(rod->misfit, rod->weight / rod->h));
  PetscCall(MatMultTransposeAdd(rod->R, rod->misfit, Hv, Hv));
  PetscFunctionReturn(0);
}

static PetscErrorCode Roughness(Costate cs, Vec m, PetscReal *value, Vec g, void *ctx)
{
  Rod        *rod = (Rod *)ctx;
  PetscScalar s;

  PetscFunctionBeginUser;
  PetscCall(MatMult(rod->R, m, rod->misfit));
  PetscCall(VecDot(rod->misfit, rod->misfit, &s));
  *value = rod->weight * PetscRealPart(s) / (2 * rod->h);
  PetscCall(RoughnessHessian(cs, m, m, g, ctx));
  PetscFunctionReturn(0);
}

/* ---- the rod ---- */

/* Rows of faces and columns of points, or the other way round: row i has -1, 1 at columns i + left, i + left + 1. */
static PetscErrorCode Differences(PetscInt rows, PetscInt columns, PetscInt left, PetscInt N, Mat *D)
{
  PetscInt lo, hi;

  PetscFunctionBeginUser;
  PetscCall(MatCreateAIJ(PETSC_COMM_WORLD, rows, columns, PETSC_DETERMINE, PETSC_DETERMINE, 2, NULL, 2, NULL, D));
  PetscCall(MatGetOwnershipRange(*D, &lo, &hi));
  for (PetscInt i = lo; i < hi; i++) {
    if (i + left >= 0) PetscCall(MatSetValue(*D, i, i + left, -1, INSERT_VALUES));
    if (i + left + 1 < N) PetscCall(MatSetValue(*D, i, i + left + 1, 1, INSERT_VALUES));
  }
  PetscCall(MatAssemblyBegin(*D, MAT_FINAL_ASSEMBLY));
  PetscCall(MatAssemblyEnd(*D, MAT_FINAL_ASSEMBLY));
  PetscFunctionReturn(0);
}

/* m: 1 to the power of a wave and a step */
static PetscErrorCode Truth(Rod *rod, Vec m)
{
  PetscInt     lo, hi;
  PetscScalar *a;

  PetscFunctionBeginUser;
  PetscCall(VecGetOwnershipRange(m, &lo, &hi));
  PetscCall(VecGetArray(m, &a));
  for (PetscInt i = lo; i < hi; i++) {
    const PetscReal x = (PetscReal)(i + .5) * rod->h;

    a[i - lo] = .7 * PetscSinReal(3 * PETSC_PI * x) + (x > .6 ? -.8 : .4);
  }
  PetscCall(VecRestoreArray(m, &a));
  PetscFunctionReturn(0);
}

static PetscErrorCode RodCreate(Rod *rod, Costate *cs, Vec *truth)
{
  PetscReal   times[TIMES];
  PetscMPIInt rank, ranks;
  PetscRandom random;
  PetscInt    n, faces, lo, hi;
  Mat         J, Jp;
  Vec         u0;
  TS          ts;

  PetscFunctionBeginUser;
  PetscCallMPI(MPI_Comm_rank(PETSC_COMM_WORLD, &rank));
  PetscCallMPI(MPI_Comm_size(PETSC_COMM_WORLD, &ranks));
  rod->h = 1. / (PetscReal)(rod->n + 1);
  PetscCall(DMDACreate1d(PETSC_COMM_WORLD, DM_BOUNDARY_NONE, rod->n, 1, 1, NULL, &rod->da));
  PetscCall(DMSetUp(rod->da));
  PetscCall(DMCreateGlobalVector(rod->da, &u0));
  PetscCall(VecGetLocalSize(u0, &n));
  faces = n + (rank == ranks - 1);
  PetscCall(Differences(faces, n, -1, rod->n, &rod->D));
  PetscCall(Differences(n, faces, 0, rod->n + 1, &rod->R));
  PetscCall(MatCreateVecs(rod->R, &rod->m, &rod->misfit));
  PetscCall(VecDuplicate(rod->m, &rod->face));
  PetscCall(VecDuplicate(rod->m, &rod->face2));
  PetscCall(VecDuplicate(rod->m, truth));
  PetscCall(VecDuplicate(u0, &rod->point));
  PetscCall(VecZeroEntries(u0));
  PetscCall(DMCreateMatrix(rod->da, &J));
  PetscCall(MatTranspose(rod->D, MAT_INITIAL_MATRIX, &Jp));

  PetscCall(TSCreate(PETSC_COMM_WORLD, &ts));
  PetscCall(TSSetRHSFunction(ts, NULL, Function, rod));
  PetscCall(TSSetRHSJacobian(ts, J, J, Jacobian, rod));
  PetscCall(TSSetRHSJacobianP(ts, Jp, JacobianP, rod));
  PetscCall(TSSetType(ts, TSCN));
  PetscCall(TSSetMaxTime(ts, .5));
  PetscCall(TSSetTimeStep(ts, .0125));
  PetscCall(TSSetExactFinalTime(ts, TS_EXACTFINALTIME_MATCHSTEP));
  PetscCall(TSSetErrorIfStepFails(ts, PETSC_FALSE)); /* a search may go too far, and comes back */
  PetscCall(TSSetFromOptions(ts));

  for (PetscInt i = 0; i < TIMES; i++) times[i] = .05 * (PetscReal)(i + 1);
  PetscCall(CostateCreate(PETSC_COMM_WORLD, cs));
  PetscCall(CostateSetTS(*cs, ts));
  PetscCall(CostateSetInitialState(*cs, u0));
  PetscCall(CostateSetParameters(*cs, rod->m));
  PetscCall(CostateSetPointCost(*cs, 0, TIMES, times, See, MisfitU, NULL, rod));
  PetscCall(CostateSetRegularization(*cs, Roughness, rod));
  PetscCall(CostateSetRegularizationHessian(*cs, RoughnessHessian, rod));
  PetscCall(CostateSetFromOptions(*cs));
  /* what is seen: errors, to which the temperatures of the truth are added */
  PetscCall(ExampleRandom(PETSC_COMM_SELF, 1, &random));
  PetscCall(VecGetOwnershipRange(u0, &lo, &hi));
  for (PetscInt i = 0; i < TIMES; i++) {
    PetscCall(VecDuplicate(u0, &rod->seen[i]));
    for (PetscInt k = 0; k < rod->n; k++) { /* the same numbers for any number of ranks */
      PetscReal r;

      PetscCall(PetscRandomGetValueReal(random, &r));
      if (k >= lo && k < hi) PetscCall(VecSetValue(rod->seen[i], k, rod->sigma * PetscSqrtReal(3) * r, INSERT_VALUES));
    }
    PetscCall(VecAssemblyBegin(rod->seen[i]));
    PetscCall(VecAssemblyEnd(rod->seen[i]));
  }
  PetscCall(PetscRandomDestroy(&random));
  PetscCall(Truth(rod, *truth));
  PetscCall(VecCopy(*truth, rod->m));
  PetscCall(CostateSolveForward(*cs));
  PetscCall(CostateSetPointCost(*cs, 0, TIMES, times, Misfit, MisfitU, NULL, rod));
  PetscCall(TSDestroy(&ts));
  PetscCall(MatDestroy(&J));
  PetscCall(MatDestroy(&Jp));
  PetscCall(VecDestroy(&u0));
  PetscFunctionReturn(0);
}

static PetscErrorCode RodDestroy(Rod *rod, Costate *cs)
{
  PetscFunctionBeginUser;
  PetscCall(CostateDestroy(cs));
  PetscCall(MatDestroy(&rod->D));
  PetscCall(MatDestroy(&rod->R));
  PetscCall(VecDestroy(&rod->m));
  PetscCall(VecDestroy(&rod->face));
  PetscCall(VecDestroy(&rod->face2));
  PetscCall(VecDestroy(&rod->point));
  PetscCall(VecDestroy(&rod->misfit));
  for (PetscInt i = 0; i < TIMES; i++) PetscCall(VecDestroy(&rod->seen[i]));
  PetscCall(DMDestroy(&rod->da));
  PetscFunctionReturn(0);
}

/* ---- one optimisation ---- */

static PetscErrorCode Note(Tao tao, PetscInt it, void *ctx)
{
  Record        *r = (Record *)ctx;
  PetscLogDouble now;

  PetscFunctionBeginUser;
  if (r->n == MOST) PetscFunctionReturn(0);
  PetscCall(PetscTime(&now));
  PetscCall(TaoGetSolutionStatus(tao, NULL, &r->cost[r->n], &r->gradient[r->n], NULL, NULL, NULL));
  r->runs[r->n]      = r->rod->runs;
  r->jacobians[r->n] = r->rod->jacobians;
  r->seconds[r->n++] = now - r->begin;
  PetscFunctionReturn(0);
}

static PetscErrorCode Optimise(Rod *rod, Costate cs, const char type[], CostateHessian hessian, const char name[],
                               Vec truth, FILE *file)
{
  Tao                tao;
  Record             r = {.rod = rod};
  TaoConvergedReason reason;
  PetscReal          error, norm;
  PetscInt           its;
  Vec                x, lower, upper;

  PetscFunctionBeginUser;
  rod->runs = rod->jacobians = 0;
  PetscCall(VecZeroEntries(rod->m));
  PetscCall(TaoCreate(PETSC_COMM_WORLD, &tao));
  PetscCall(TaoSetType(tao, type));
  PetscCall(CostateSetHessian(cs, hessian));
  PetscCall(CostateSetUpTao(cs, tao));
  PetscCall(VecDuplicate(rod->m, &lower));
  PetscCall(VecDuplicate(rod->m, &upper));
  PetscCall(VecSet(lower, -4));
  PetscCall(VecSet(upper, 4));
  PetscCall(TaoSetVariableBounds(tao, lower, upper)); /* where it makes no difference but to searches that go far */
  PetscCall(TaoSetTolerances(tao, 0, 1e-8, 0));       /* of the gradient, relative to the cost */
  PetscCall(TaoSetMaximumIterations(tao, MOST));
  PetscCall(TaoSetMaximumFunctionEvaluations(tao, 100000));
  PetscCall(TaoSetUpdate(tao, Note, &r));
  PetscCall(TaoSetFromOptions(tao));
  PetscCall(PetscTime(&r.begin));
  PetscCall(TaoSolve(tao));
  PetscCall(Note(tao, 0, &r));
  PetscCall(TaoGetConvergedReason(tao, &reason));
  PetscCall(TaoGetIterationNumber(tao, &its));
  PetscCall(TaoGetSolution(tao, &x));
  PetscCall(VecWAXPY(rod->face2, -1, truth, x));
  PetscCall(VecNorm(rod->face2, NORM_2, &error));
  PetscCall(VecNorm(truth, NORM_2, &norm));
  PetscCall(PetscPrintf(PETSC_COMM_WORLD,
                        "%-15s %10" PetscInt_FMT " %6" PetscInt_FMT " %10" PetscInt_FMT
                        " %8.2f %14.10g %10.2e %8.4f%s\n",
                        name, its, r.runs[r.n - 1], r.jacobians[r.n - 1], r.seconds[r.n - 1], (double)r.cost[r.n - 1],
                        (double)r.gradient[r.n - 1], (double)(error / norm), reason > 0 ? "" : " not converged"));
  PetscCall(
      PetscFPrintf(PETSC_COMM_WORLD, file, "# %s: iteration, runs, Jacobians, seconds, cost, |gradient|\n", name));
  for (PetscInt i = 0; i < r.n; i++)
    PetscCall(PetscFPrintf(PETSC_COMM_WORLD, file,
                           "%" PetscInt_FMT " %" PetscInt_FMT " %" PetscInt_FMT " %.4f %.16g %.6e\n", i, r.runs[i],
                           r.jacobians[i], r.seconds[i], (double)r.cost[i], (double)r.gradient[i]));
  PetscCall(PetscFPrintf(PETSC_COMM_WORLD, file, "\n\n"));
  PetscCall(VecDestroy(&lower));
  PetscCall(VecDestroy(&upper));
  PetscCall(TaoDestroy(&tao));
  PetscFunctionReturn(0);
}

int main(int argc, char **argv)
{
  Rod     rod = {.n = 63, .sigma = 1e-4, .weight = .1};
  Costate cs;
  Vec     truth;
  char    out[PETSC_MAX_PATH_LEN] = "convergence.txt";
  FILE   *file;

  PetscFunctionBeginUser;
  PetscCall(PetscInitialize(&argc, &argv, NULL, help));
  PetscCall(ExampleDefault("-ksp_rtol", "1e-13")); /* a Hessian that is a difference wants tight solvers */
  PetscCall(ExampleDefault("-sub_pc_type", "lu"));
  PetscCall(ExampleDefault("-costate_adjoint_ksp_rtol", "1e-13")); /* of steps with a tangent */
  PetscCall(ExampleDefault("-costate_adjoint_sub_pc_type", "lu"));
  PetscCall(ExampleDefault("-snes_type", "ksponly"));
  PetscCall(ExampleDefault("-ts_trajectory_costate_ram", "100MB"));
  PetscCall(ExampleDefault("-tao_bnk_ksp_rtol", ".1")); /* far from the end a rough direction will do */
  PetscOptionsBegin(PETSC_COMM_WORLD, NULL, "Rod", NULL);
  PetscCall(PetscOptionsInt("-n", "points", NULL, rod.n, &rod.n, NULL));
  PetscCall(PetscOptionsReal("-sigma", "error of the temperatures", NULL, rod.sigma, &rod.sigma, NULL));
  PetscCall(PetscOptionsReal("-weight", "of the regularisation", NULL, rod.weight, &rod.weight, NULL));
  PetscCall(PetscOptionsString("-out", "file for the course of the optimisations", NULL, out, out, sizeof out, NULL));
  PetscOptionsEnd();
  PetscCall(RodCreate(&rod, &cs, &truth));
  PetscCall(PetscFOpen(PETSC_COMM_WORLD, out, "w", &file));
  PetscCall(PetscPrintf(PETSC_COMM_WORLD, "%15s %10s %6s %10s %8s %14s %10s %8s\n", "", "iterations", "runs",
                        "Jacobians", "seconds", "cost", "|gradient|", "error"));
  PetscCall(Optimise(&rod, cs, TAOBLMVM, COSTATE_HESSIAN_AUTO, "L-BFGS", truth, file));
  PetscCall(Optimise(&rod, cs, TAOBNLS, COSTATE_HESSIAN_GRADIENTS, "Newton-CG", truth, file));
  PetscCall(Optimise(&rod, cs, TAOBNLS, COSTATE_HESSIAN_TANGENT, "Newton-CG-t", truth, file));
  PetscCall(Optimise(&rod, cs, TAOBNLS, COSTATE_HESSIAN_GAUSS_NEWTON, "Gauss-Newton", truth, file));
  PetscCall(PetscFClose(PETSC_COMM_WORLD, file));
  PetscCall(VecDestroy(&truth));
  PetscCall(RodDestroy(&rod, &cs));
  PetscCall(PetscFinalize());
  return 0;
}
