/* SPDX-License-Identifier: BSD-2-Clause */
/*
  What a transposed solve costs beside a forward one, with -pc_type transposable: advection and diffusion, upwind, on a
  square (or, with -dim 3, in a cube) of n points a side, u = 0 around it.

  `setup_s` is what the first solve takes longer than the same solve again, which has the same iterations; for the
  transpose the assembly of the transposed matrix is in it.  `setups` counts those of the repeated solves too.
  `residual` is |b - A x| / |b|, by a product.  `duality` says whether the two solves belong to each other:
  (w, A^-1 b) against (A^-T w, b), relative to the product of norms.  `bytes` are those of all ranks that are resident
  when the solves are over, for each unknown; `matrix_bytes` those before the first.

  Options: -n 100,200 (points a side), -dim 2, -nu 1e-2, -flow straight|eddy|none, -repeat 1, and those of KSP, PC and
  hypre.  Series in the square, and a large cube, with hypre's options for those:

    mpiexec -n 2 transposed -n 100,200,500,1000,2000 -flow straight
    mpiexec -n 2 transposed -n 216 -dim 3 -flow none -options_file tests/bench/cube.options
*/
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <petscdmda.h>
#include <petscksp.h>
#include <costate.h>
#include <costate/pc.h>

#define MAX_SIZES 16

typedef struct {
  PetscInt  dim, repeat;
  PetscReal nu;
  PetscInt  flow;
  PetscReal base; /* bytes of the programs themselves */
} Bench;

enum { STRAIGHT, EDDY, NONE, FLOWS };
static const char *const flows[] = {"straight", "eddy", "none"};

typedef struct {
  PetscInt  n, iterations[2], setups[2], again[2];
  PetscReal unknowns, first[2], solve[2], residual[2], duality, bytes[2], peak;
} Row;

/* Bytes that are resident, of all ranks; and what they were at most. */
static PetscErrorCode Resident(PetscReal *now, PetscReal *peak)
{
  PetscReal kb[2] = {0, 0};
  char      line[256];
  FILE     *f = fopen("/proc/self/status", "r");

  PetscFunctionBeginUser;
  while (f && fgets(line, sizeof(line), f)) {
    if (!strncmp(line, "VmRSS:", 6)) kb[0] = (PetscReal)atof(line + 6);
    if (!strncmp(line, "VmHWM:", 6)) kb[1] = (PetscReal)atof(line + 6);
  }
  if (f) fclose(f);
  PetscCallMPI(MPI_Allreduce(MPI_IN_PLACE, kb, 2, MPIU_REAL, MPI_SUM, PETSC_COMM_WORLD));
  *now = 1024 * kb[0];
  if (peak) *peak = 1024 * kb[1];
  PetscFunctionReturn(0);
}

/* The velocity at a point: that of the issue, or one without divergence that turns around. */
static void Velocity(const Bench *b, const PetscReal x[], PetscReal v[])
{
  static const PetscReal straight[] = {1, .5, .25};

  for (int k = 0; k < 3; k++) v[k] = b->flow == STRAIGHT ? straight[k] : 0;
  if (b->flow != EDDY) return;
  v[0] = PetscSinReal(PETSC_PI * x[0]) * PetscCosReal(PETSC_PI * x[1]);
  v[1] = -PetscCosReal(PETSC_PI * x[0]) * PetscSinReal(PETSC_PI * x[1]);
}

/* One row, times h^2: -nu u'' + v . grad u, each difference taken upwind. */
static PetscErrorCode Fill(const Bench *b, DM da, Mat A)
{
  DMDALocalInfo info;
  PetscInt      size[3], begin[3], end[3];

  PetscFunctionBeginUser;
  PetscCall(DMDAGetLocalInfo(da, &info));
  size[0] = info.mx, size[1] = info.my, size[2] = info.mz;
  begin[0] = info.xs, begin[1] = info.ys, begin[2] = info.zs;
  end[0] = info.xs + info.xm, end[1] = info.ys + info.ym, end[2] = info.zs + info.zm;
  for (PetscInt k = begin[2]; k < end[2]; k++) {
    for (PetscInt j = begin[1]; j < end[1]; j++) {
      for (PetscInt i = begin[0]; i < end[0]; i++) {
        const PetscInt  at[3] = {i, j, k};
        const PetscReal h = 1. / (PetscReal)(info.mx + 1), x[3] = {(i + 1) * h, (j + 1) * h, (k + 1) * h};
        MatStencil      row = {.i = i, .j = j, .k = k}, column[7];
        PetscScalar     value[7];
        PetscReal       v[3], sum = 0;
        PetscInt        m = 1;

        Velocity(b, x, v);
        for (PetscInt axis = 0; axis < b->dim; axis++) {
          for (PetscInt to = -1; to <= 1; to += 2) {
            const PetscReal w = b->nu + h * PetscMax(0, -to * v[axis]);

            sum += w;
            if (at[axis] + to < 0 || at[axis] + to >= size[axis]) continue;
            column[m] = row;
            if (axis == 0) column[m].i += to;
            if (axis == 1) column[m].j += to;
            if (axis == 2) column[m].k += to;
            value[m++] = -w;
          }
        }
        column[0] = row;
        value[0]  = sum;
        PetscCall(MatSetValuesStencil(A, 1, &row, m, column, value, INSERT_VALUES));
      }
    }
  }
  PetscCall(MatAssemblyBegin(A, MAT_FINAL_ASSEMBLY));
  PetscCall(MatAssemblyEnd(A, MAT_FINAL_ASSEMBLY));
  PetscFunctionReturn(0);
}

static PetscErrorCode Grid(const Bench *b, PetscInt n, DM *da)
{
  PetscFunctionBeginUser;
  if (b->dim == 3)
    PetscCall(DMDACreate3d(PETSC_COMM_WORLD, DM_BOUNDARY_NONE, DM_BOUNDARY_NONE, DM_BOUNDARY_NONE, DMDA_STENCIL_STAR, n,
                           n, n, PETSC_DECIDE, PETSC_DECIDE, PETSC_DECIDE, 1, 1, NULL, NULL, NULL, da));
  else
    PetscCall(DMDACreate2d(PETSC_COMM_WORLD, DM_BOUNDARY_NONE, DM_BOUNDARY_NONE, DMDA_STENCIL_STAR, n, n, PETSC_DECIDE,
                           PETSC_DECIDE, 1, 1, NULL, NULL, da));
  PetscCall(DMSetFromOptions(*da));
  PetscCall(DMSetUp(*da));
  PetscFunctionReturn(0);
}

/* A solve, and the same again: the second has no set-up in it. */
static PetscErrorCode Twice(const Bench *b, KSP ksp, PetscBool transpose, Vec rhs, Vec x, Vec work, Row *row)
{
  KSPConvergedReason reason;
  PetscLogDouble     t0, t1;
  PC                 pc;

  PetscFunctionBeginUser;
  PetscCall(KSPGetPC(ksp, &pc));
  row->solve[transpose] = PETSC_MAX_REAL;
  for (PetscInt i = 0; i <= b->repeat; i++) {
    PetscCall(VecSet(x, 0));
    PetscCall(PetscBarrier((PetscObject)ksp));
    PetscCall(PetscTime(&t0));
    PetscCall(transpose ? KSPSolveTranspose(ksp, rhs, x) : KSPSolve(ksp, rhs, x));
    PetscCall(PetscBarrier((PetscObject)ksp));
    PetscCall(PetscTime(&t1));
    PetscCall(KSPGetConvergedReason(ksp, &reason));
    PetscCheck(reason > 0, PETSC_COMM_WORLD, PETSC_ERR_NOT_CONVERGED, "%s solve with n = %" PetscInt_FMT ": %s",
               transpose ? "Transposed" : "Forward", row->n, KSPConvergedReasons[reason]);
    if (i == 0) {
      row->first[transpose] = (PetscReal)(t1 - t0);
      PetscCall(PCTransposableGetSetUps(pc, &row->setups[0], &row->setups[1]));
    } else
      row->solve[transpose] = PetscMin(row->solve[transpose], (PetscReal)(t1 - t0));
  }
  PetscCall(PCTransposableGetSetUps(pc, &row->again[0], &row->again[1]));
  row->again[transpose] -= row->setups[transpose];
  PetscCall(KSPGetIterationNumber(ksp, &row->iterations[transpose]));
  PetscCall(CostateKSPTrueResidual(ksp, transpose, rhs, x, work, &row->residual[transpose]));
  PetscFunctionReturn(0);
}

static PetscErrorCode Measure(const Bench *b, PetscInt n, PetscRandom random, Row *row)
{
  DM          da;
  Mat         A;
  KSP         ksp;
  PC          pc;
  Vec         rhs, w, x, y, work;
  PetscScalar forward, back;
  PetscReal   norm[2];
  PetscInt    again;

  PetscFunctionBeginUser;
  memset(row, 0, sizeof(*row));
  row->n = n;
  PetscCall(Grid(b, n, &da));
  PetscCall(DMCreateMatrix(da, &A));
  PetscCall(Fill(b, da, A));
  PetscCall(DMDestroy(&da));
  PetscCall(MatCreateVecs(A, &x, &rhs));
  PetscCall(VecDuplicate(rhs, &w));
  PetscCall(VecDuplicate(rhs, &y));
  PetscCall(VecDuplicate(rhs, &work));
  PetscCall(VecSetRandom(rhs, random));
  PetscCall(VecSetRandom(w, random));
  PetscCall(Resident(&row->bytes[0], NULL));
  PetscCall(KSPCreate(PETSC_COMM_WORLD, &ksp));
  PetscCall(KSPSetOperators(ksp, A, A));
  PetscCall(KSPSetTolerances(ksp, 1e-10, PETSC_DEFAULT, PETSC_DEFAULT, PETSC_DEFAULT));
  PetscCall(KSPGetPC(ksp, &pc));
  PetscCall(PCSetType(pc, PCTRANSPOSABLE));
  PetscCall(KSPSetFromOptions(ksp));
  PetscCall(Twice(b, ksp, PETSC_FALSE, rhs, x, work, row));
  again = row->again[0];
  PetscCall(Twice(b, ksp, PETSC_TRUE, w, y, work, row));
  row->again[0] = again;
  PetscCall(VecDot(x, w, &forward));
  PetscCall(VecDot(rhs, y, &back));
  PetscCall(VecNorm(x, NORM_2, &norm[0]));
  PetscCall(VecNorm(w, NORM_2, &norm[1]));
  row->duality  = PetscAbsScalar(forward - back) / (norm[0] * norm[1]);
  row->unknowns = PetscPowReal((PetscReal)n, (PetscReal)b->dim);
  PetscCall(Resident(&row->bytes[1], &row->peak));
  row->bytes[0] -= b->base;
  row->bytes[1] -= b->base;
  row->peak -= b->base;
  PetscCall(KSPDestroy(&ksp));
  PetscCall(VecDestroy(&rhs));
  PetscCall(VecDestroy(&w));
  PetscCall(VecDestroy(&x));
  PetscCall(VecDestroy(&y));
  PetscCall(VecDestroy(&work));
  PetscCall(MatDestroy(&A));
  PetscFunctionReturn(0);
}

static PetscErrorCode Print(const Row *r)
{
  PetscFunctionBeginUser;
  PetscCall(PetscPrintf(PETSC_COMM_WORLD,
                        "%" PetscInt_FMT ",%.0f,%" PetscInt_FMT ",%" PetscInt_FMT
                        ",%.3f,%.3f,%.3f,%.3f,%.3f,%" PetscInt_FMT "+%" PetscInt_FMT ",%" PetscInt_FMT "+%" PetscInt_FMT
                        ",%.1e,%.1e,%.1e,%.0f,%.0f,%.0f\n",
                        r->n, (double)r->unknowns, r->iterations[0], r->iterations[1],
                        (double)r->iterations[1] / (double)r->iterations[0], (double)(r->first[0] - r->solve[0]),
                        (double)r->solve[0], (double)(r->first[1] - r->solve[1]), (double)r->solve[1], r->setups[0],
                        r->again[0], r->setups[1], r->again[1], (double)r->residual[0], (double)r->residual[1],
                        (double)r->duality, (double)(r->bytes[0] / r->unknowns), (double)(r->bytes[1] / r->unknowns),
                        (double)(r->peak / r->unknowns)));
  PetscFunctionReturn(0);
}

/* The worst of a series: the ratio, and how far the iterations are apart, of the first size's. */
static PetscErrorCode Summary(const Bench *b, PetscInt sizes, const Row row[])
{
  PetscReal   ratio = 0, apart[2] = {0, 0};
  PetscMPIInt ranks;
  PetscInt    again = 0;

  PetscFunctionBeginUser;
  PetscCallMPI(MPI_Comm_size(PETSC_COMM_WORLD, &ranks));
  for (PetscInt i = 0; i < sizes; i++) {
    ratio = PetscMax(ratio, (PetscReal)row[i].iterations[1] / (PetscReal)row[i].iterations[0]);
    for (int k = 0; k < 2; k++) {
      const PetscReal x = (PetscReal)row[i].iterations[k] / (PetscReal)row[0].iterations[k] - 1;

      if (PetscAbsReal(x) > PetscAbsReal(apart[k])) apart[k] = x;
      again += row[i].again[k];
    }
  }
  PetscCall(PetscPrintf(PETSC_COMM_WORLD,
                        "{\"benchmark\": \"transposed\", \"ranks\": %d, \"dim\": %" PetscInt_FMT
                        ", \"nu\": %g, \"flow\": \"%s\", \"ratio_at_most\": %.3f, \"apart\": [%.3f, %.3f], "
                        "\"setups_of_repeated\": %" PetscInt_FMT "}\n",
                        (int)ranks, b->dim, (double)b->nu, flows[b->flow], (double)ratio, (double)apart[0],
                        (double)apart[1], again));
  PetscFunctionReturn(0);
}

int main(int argc, char **argv)
{
  Bench       b     = {2, 1, 1e-2, STRAIGHT, 0};
  PetscInt    sizes = MAX_SIZES, n[MAX_SIZES];
  PetscBool   given;
  PetscRandom random;
  Row         row[MAX_SIZES];

  PetscCall(PetscInitialize(&argc, &argv, NULL, NULL));
  PetscCall(CostateInitializePackage());
  PetscCall(PetscOptionsGetInt(NULL, NULL, "-dim", &b.dim, NULL));
  PetscCall(PetscOptionsGetInt(NULL, NULL, "-repeat", &b.repeat, NULL));
  PetscCall(PetscOptionsGetReal(NULL, NULL, "-nu", &b.nu, NULL));
  PetscCall(PetscOptionsGetEList(NULL, NULL, "-flow", flows, FLOWS, &b.flow, NULL));
  PetscCall(PetscOptionsGetIntArray(NULL, NULL, "-n", n, &sizes, &given));
  if (!given) n[0] = 100, n[1] = 200, sizes = 2;
  PetscCheck(b.dim == 2 || b.dim == 3, PETSC_COMM_WORLD, PETSC_ERR_ARG_OUTOFRANGE, "-dim must be 2 or 3");
  PetscCheck(b.repeat > 0, PETSC_COMM_WORLD, PETSC_ERR_ARG_OUTOFRANGE, "-repeat must be positive");
  PetscCall(Resident(&b.base, NULL));
  PetscCall(PetscRandomCreate(PETSC_COMM_WORLD, &random));
  PetscCall(PetscRandomSetFromOptions(random));
  PetscCall(PetscPrintf(PETSC_COMM_WORLD, "n,unknowns,iterations,transposed,ratio,setup_s,solve_s,transposed_setup_s,"
                                          "transposed_solve_s,setups,transposed_setups,residual,transposed_residual,"
                                          "duality,matrix_bytes,bytes,peak_bytes\n"));
  for (PetscInt i = 0; i < sizes; i++) {
    PetscCall(Measure(&b, n[i], random, &row[i]));
    PetscCall(Print(&row[i]));
  }
  PetscCall(Summary(&b, sizes, row));
  PetscCall(PetscRandomDestroy(&random));
  PetscCall(PetscFinalize());
  return 0;
}
