/* SPDX-License-Identifier: BSD-2-Clause */
/*
  What the gradient of a state of rest costs beside that state, by the method implicit: advection and diffusion, upwind,
  on a square (or, with -dim 3, in a cube) of n points a side, u = 0 around it, the sources a parameter at each point;
  BoomerAMG for the run and for the adjoint.  Costs are random sums of u, so that no solve is easier than another.

  `forward_s` and `adjoint_s` are of CostateSolveForward() and CostateSolveAdjoint(), all costs; `setup_s` what
  PCSetUp() takes of each, `solve_s` what KSPSolve() takes, the adjoint's for one cost; `setups` how often PCSetUp() was
  called for all costs, and `again` how often in the same CostateSolve() once more.  `per_solve` is the adjoint's solve
  over the forward one, `for_one` the same with set-ups, transposition and evaluations of the Jacobian.  `bytes` are
  those of all ranks, at most, for each unknown; `matrix_bytes` those before the first solve.

  Options: -n 100,200 (points a side), -dim 2, -nu 1e-2, -flow 1, -costs 2, and those of SNES, KSP, PC and hypre.

    mpiexec -n 2 steady -n 100,200,500,1000,2000
    mpiexec -n 2 steady -n 216 -dim 3 -flow 0 -costs 1
*/
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <petscdmda.h>
#include <petscsnes.h>
#include <costate.h>

#define MAX_SIZES 16
#define MAX_COSTS 8

typedef struct {
  PetscInt  dim, costs;
  PetscReal nu, flow; /* the velocity is (1, .5, .25) times it */
  PetscReal base;     /* bytes of the programs themselves */
  DM        da;
  Mat       A, Rp;
  Vec       p, w[MAX_COSTS];
} Bench;

typedef struct {
  PetscInt       n, setups, again;
  PetscReal      unknowns, its[2], matrix, peak;
  PetscLogDouble whole[2], setup[2], solve[2];
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

/* The row of a point, times h^2: -nu u'' + v . grad u, each difference taken upwind. */
static PetscErrorCode FillRow(const Bench *b, const DMDALocalInfo *info, PetscInt i, PetscInt j, PetscInt k, Mat A)
{
  static const PetscReal v[3]    = {1, .5, .25};
  const PetscInt         size[3] = {info->mx, info->my, info->mz}, at[3] = {i, j, k};
  const PetscReal        h   = 1. / (PetscReal)(info->mx + 1);
  const MatStencil       row = {.i = i, .j = j, .k = k};
  MatStencil             column[7];
  PetscScalar            value[7];
  PetscReal              sum = 0;
  PetscInt               m   = 1;

  PetscFunctionBeginUser;
  for (PetscInt axis = 0; axis < b->dim; axis++) {
    for (PetscInt to = -1; to <= 1; to += 2) {
      const PetscReal w = b->nu + h * PetscMax(0, -to * b->flow * v[axis]);

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
  PetscFunctionReturn(0);
}

static PetscErrorCode Fill(const Bench *b, Mat A)
{
  DMDALocalInfo info;

  PetscFunctionBeginUser;
  PetscCall(DMDAGetLocalInfo(b->da, &info));
  for (PetscInt k = info.zs; k < info.zs + info.zm; k++)
    for (PetscInt j = info.ys; j < info.ys + info.ym; j++)
      for (PetscInt i = info.xs; i < info.xs + info.xm; i++) PetscCall(FillRow(b, &info, i, j, k, A));
  PetscCall(MatAssemblyBegin(A, MAT_FINAL_ASSEMBLY));
  PetscCall(MatAssemblyEnd(A, MAT_FINAL_ASSEMBLY));
  PetscFunctionReturn(0);
}

static PetscErrorCode F(SNES snes, Vec u, Vec f, void *ctx)
{
  Bench *b = (Bench *)ctx;

  PetscFunctionBeginUser;
  (void)snes;
  PetscCall(MatMult(b->A, u, f));
  PetscCall(VecAXPY(f, -1, b->p));
  PetscFunctionReturn(0);
}

/* The application's own matrix is constant, and there. */
static PetscErrorCode Jacobian(SNES snes, Vec u, Mat J, Mat P, void *ctx)
{
  Bench *b = (Bench *)ctx;

  PetscFunctionBeginUser;
  (void)snes, (void)u, (void)P;
  if (J != b->A) PetscCall(Fill(b, J));
  PetscFunctionReturn(0);
}

static PetscErrorCode JacobianP(Costate cs, Vec u, Vec p, Mat Rp, void *ctx)
{
  PetscInt lo, hi;

  PetscFunctionBeginUser;
  (void)cs, (void)u, (void)p, (void)ctx;
  PetscCall(MatGetOwnershipRange(Rp, &lo, &hi));
  for (PetscInt i = lo; i < hi; i++) PetscCall(MatSetValue(Rp, i, i, -1, INSERT_VALUES));
  PetscCall(MatAssemblyBegin(Rp, MAT_FINAL_ASSEMBLY));
  PetscCall(MatAssemblyEnd(Rp, MAT_FINAL_ASSEMBLY));
  PetscFunctionReturn(0);
}

static PetscErrorCode Value(Costate cs, PetscInt i, PetscReal t, Vec u, Vec p, PetscReal *value, void *ctx)
{
  PetscScalar s;

  PetscFunctionBeginUser;
  (void)cs, (void)i, (void)t, (void)p;
  PetscCall(VecDot(u, (Vec)ctx, &s));
  *value = PetscRealPart(s);
  PetscFunctionReturn(0);
}

static PetscErrorCode ValueU(Costate cs, PetscInt i, PetscReal t, Vec u, Vec p, Vec g, void *ctx)
{
  PetscFunctionBeginUser;
  (void)cs, (void)i, (void)t, (void)u, (void)p;
  PetscCall(VecCopy((Vec)ctx, g));
  PetscFunctionReturn(0);
}

/* What is said on the command line comes first. */
static PetscErrorCode Default(const char prefix[], const char name[], const char value[])
{
  char      option[128];
  PetscBool has;

  PetscFunctionBeginUser;
  PetscCall(PetscSNPrintf(option, sizeof(option), "-%s%s", prefix, name));
  PetscCall(PetscOptionsHasName(NULL, NULL, option, &has));
  if (!has) PetscCall(PetscOptionsSetValue(NULL, option, value));
  PetscFunctionReturn(0);
}

/* BoomerAMG for both solves; in three dimensions one of little memory, see cube.options */
static PetscErrorCode Defaults(const Bench *b)
{
  static const char *const prefix[]  = {"", "costate_adjoint_"};
  static const char *const cube[][2] = {{"pc_hypre_boomeramg_coarsen_type", "HMIS"},
                                        {"pc_hypre_boomeramg_interp_type", "ext+i"},
                                        {"pc_hypre_boomeramg_P_max", "4"},
                                        {"pc_hypre_boomeramg_agg_nl", "1"}};

  PetscFunctionBeginUser;
  for (int k = 0; k < 2; k++) {
    PetscCall(Default(prefix[k], "pc_type", PCHYPRE));
    for (int i = 0; b->dim == 3 && i < 4; i++) PetscCall(Default(prefix[k], cube[i][0], cube[i][1]));
  }
  PetscCall(Default("", "snes_type", SNESKSPONLY));
  PetscCall(Default("", "ksp_rtol", "1e-10"));
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

static PetscErrorCode Create(Bench *b, PetscInt n, PetscRandom random, Vec *u, Costate *cs)
{
  SNES     snes;
  PetscInt local, all;

  PetscFunctionBeginUser;
  PetscCall(Grid(b, n, &b->da));
  PetscCall(DMCreateMatrix(b->da, &b->A));
  PetscCall(Fill(b, b->A));
  PetscCall(MatCreateVecs(b->A, u, &b->p));
  PetscCall(VecSetRandom(b->p, random));
  for (PetscInt j = 0; j < b->costs; j++) {
    PetscCall(VecDuplicate(b->p, &b->w[j]));
    PetscCall(VecSetRandom(b->w[j], random));
  }
  PetscCall(VecZeroEntries(*u));
  PetscCall(VecGetLocalSize(b->p, &local));
  PetscCall(VecGetSize(b->p, &all));
  PetscCall(MatCreateAIJ(PETSC_COMM_WORLD, local, local, all, all, 1, NULL, 0, NULL, &b->Rp));
  PetscCall(JacobianP(NULL, NULL, NULL, b->Rp, NULL));
  PetscCall(SNESCreate(PETSC_COMM_WORLD, &snes));
  PetscCall(SNESSetFunction(snes, NULL, F, b));
  PetscCall(SNESSetJacobian(snes, b->A, b->A, Jacobian, b));
  PetscCall(SNESSetFromOptions(snes));
  PetscCall(CostateCreate(PETSC_COMM_WORLD, cs));
  PetscCall(CostateSetSNES(*cs, snes));
  PetscCall(SNESDestroy(&snes));
  PetscCall(CostateSetInitialState(*cs, *u));
  PetscCall(CostateSetParameters(*cs, b->p));
  PetscCall(CostateSetSteadyJacobianP(*cs, b->Rp, JacobianP, b));
  for (PetscInt j = 0; j < b->costs; j++) PetscCall(CostateSetTerminalCost(*cs, j, Value, ValueU, NULL, b->w[j]));
  PetscCall(CostateSetFromOptions(*cs));
  PetscFunctionReturn(0);
}

static PetscErrorCode Destroy(Bench *b, Vec *u, Costate *cs)
{
  PetscFunctionBeginUser;
  PetscCall(CostateDestroy(cs));
  PetscCall(VecDestroy(u));
  PetscCall(VecDestroy(&b->p));
  for (PetscInt j = 0; j < b->costs; j++) PetscCall(VecDestroy(&b->w[j]));
  PetscCall(MatDestroy(&b->A));
  PetscCall(MatDestroy(&b->Rp));
  PetscCall(DMDestroy(&b->da));
  PetscFunctionReturn(0);
}

/* What an event took in all, on this rank. */
static PetscErrorCode Event(const char name[], PetscLogDouble *seconds, PetscInt *count)
{
  PetscLogEvent      event;
  PetscEventPerfInfo info;

  PetscFunctionBeginUser;
  PetscCall(PetscLogEventGetId(name, &event));
  PetscCall(PetscLogEventGetPerfInfo(0, event, &info));
  *seconds = info.time;
  if (count) *count = info.count;
  PetscFunctionReturn(0);
}

/* The forward solve, then the adjoint ones. */
static PetscErrorCode Measure(Bench *b, PetscInt n, PetscRandom random, Row *row)
{
  CostateStatistics      stats;
  CostateConvergedReason reason;
  PetscLogDouble         t[2], setup[2], solve[2];
  PetscReal              now;
  PetscInt               before, after;
  Costate                cs;
  Vec                    u;

  PetscFunctionBeginUser;
  memset(row, 0, sizeof(*row));
  row->n        = n;
  row->unknowns = PetscPowReal((PetscReal)n, (PetscReal)b->dim);
  PetscCall(Create(b, n, random, &u, &cs));
  PetscCall(CostateSetUp(cs));
  PetscCall(Resident(&row->matrix, NULL));
  for (int k = 0; k < 2; k++) {
    PetscCall(Event("PCSetUp", &setup[0], &before));
    PetscCall(Event("KSPSolve", &solve[0], NULL));
    PetscCall(PetscBarrier((PetscObject)cs));
    PetscCall(PetscTime(&t[0]));
    PetscCall(k ? CostateSolveAdjoint(cs) : CostateSolveForward(cs));
    PetscCall(PetscBarrier((PetscObject)cs));
    PetscCall(PetscTime(&t[1]));
    PetscCall(Event("PCSetUp", &setup[1], &after));
    PetscCall(Event("KSPSolve", &solve[1], NULL));
    row->whole[k] = t[1] - t[0];
    row->setup[k] = setup[1] - setup[0];
    row->solve[k] = (solve[1] - solve[0]) / (k ? (PetscReal)b->costs : 1);
  }
  row->setups = after - before;
  PetscCall(CostateSolve(cs));
  PetscCall(Event("PCSetUp", &setup[1], &row->again));
  row->again -= after;
  PetscCall(CostateGetConvergedReason(cs, &reason));
  PetscCheck(reason > 0, PETSC_COMM_WORLD, PETSC_ERR_NOT_CONVERGED, "n = %" PetscInt_FMT ": %s", n,
             CostateConvergedReasons[reason]);
  PetscCall(CostateGetStatistics(cs, &stats));
  row->its[0] = (PetscReal)stats.linear_its;
  row->its[1] = (PetscReal)stats.adjoint_linear_its / (PetscReal)b->costs;
  PetscCall(Resident(&now, &row->peak));
  row->matrix -= b->base;
  row->peak -= b->base;
  PetscCall(Destroy(b, &u, &cs));
  PetscFunctionReturn(0);
}

static PetscErrorCode Print(const Bench *b, const Row *r)
{
  const PetscLogDouble one = r->whole[1] - (PetscReal)(b->costs - 1) * r->solve[1];

  PetscFunctionBeginUser;
  PetscCall(PetscPrintf(PETSC_COMM_WORLD,
                        "%" PetscInt_FMT ",%.0f,%.0f,%.1f,%.3f,%.3f,%.3f,%.3f,%.3f,%.3f,%.3f,%" PetscInt_FMT
                        ",%" PetscInt_FMT ",%.3f,%.3f,%.0f,%.0f\n",
                        r->n, (double)r->unknowns, (double)r->its[0], (double)r->its[1],
                        (double)(r->its[1] / r->its[0]), r->setup[0], r->solve[0], r->whole[0], r->setup[1],
                        r->solve[1], r->whole[1], r->setups, r->again, r->solve[1] / r->solve[0], one / r->whole[0],
                        (double)(r->matrix / r->unknowns), (double)(r->peak / r->unknowns)));
  PetscFunctionReturn(0);
}

/* The worst of a series: the ratio, and how far the iterations are apart, of the first size's. */
static PetscErrorCode Summary(const Bench *b, PetscInt sizes, const Row row[])
{
  PetscReal   ratio = 0, apart[2] = {0, 0};
  PetscMPIInt ranks;
  PetscInt    setups = 0;

  PetscFunctionBeginUser;
  PetscCallMPI(MPI_Comm_size(PETSC_COMM_WORLD, &ranks));
  for (PetscInt i = 0; i < sizes; i++) {
    ratio = PetscMax(ratio, row[i].its[1] / row[i].its[0]);
    for (int k = 0; k < 2; k++) {
      const PetscReal x = row[i].its[k] / row[0].its[k] - 1;

      if (PetscAbsReal(x) > PetscAbsReal(apart[k])) apart[k] = x;
    }
    setups = PetscMax(setups, row[i].setups);
  }
  PetscCall(PetscPrintf(PETSC_COMM_WORLD,
                        "{\"benchmark\": \"steady\", \"ranks\": %d, \"dim\": %" PetscInt_FMT
                        ", \"nu\": %g, \"flow\": %g, \"costs\": %" PetscInt_FMT
                        ", \"ratio_at_most\": %.3f, \"apart\": [%.3f, %.3f], \"setups_at_most\": %" PetscInt_FMT "}\n",
                        (int)ranks, b->dim, (double)b->nu, (double)b->flow, b->costs, (double)ratio, (double)apart[0],
                        (double)apart[1], setups));
  PetscFunctionReturn(0);
}

int main(int argc, char **argv)
{
  Bench       b     = {.dim = 2, .costs = 2, .nu = 1e-2, .flow = 1};
  PetscInt    sizes = MAX_SIZES, n[MAX_SIZES];
  PetscBool   given;
  PetscRandom random;
  Row         row[MAX_SIZES];

  PetscCall(PetscInitialize(&argc, &argv, NULL, NULL));
  PetscCall(PetscLogDefaultBegin());
  PetscCall(PetscOptionsGetInt(NULL, NULL, "-dim", &b.dim, NULL));
  PetscCall(PetscOptionsGetInt(NULL, NULL, "-costs", &b.costs, NULL));
  PetscCall(PetscOptionsGetReal(NULL, NULL, "-nu", &b.nu, NULL));
  PetscCall(PetscOptionsGetReal(NULL, NULL, "-flow", &b.flow, NULL));
  PetscCall(PetscOptionsGetIntArray(NULL, NULL, "-n", n, &sizes, &given));
  if (!given) n[0] = 100, n[1] = 200, sizes = 2;
  PetscCheck(b.dim == 2 || b.dim == 3, PETSC_COMM_WORLD, PETSC_ERR_ARG_OUTOFRANGE, "-dim must be 2 or 3");
  PetscCheck(b.costs > 0 && b.costs <= MAX_COSTS, PETSC_COMM_WORLD, PETSC_ERR_ARG_OUTOFRANGE,
             "-costs must be from 1 to %d", MAX_COSTS);
  PetscCall(Defaults(&b));
  PetscCall(Resident(&b.base, NULL));
  PetscCall(PetscRandomCreate(PETSC_COMM_WORLD, &random));
  PetscCall(PetscRandomSetFromOptions(random));
  PetscCall(PetscPrintf(PETSC_COMM_WORLD, "n,unknowns,iterations,transposed,ratio,setup_s,solve_s,forward_s,"
                                          "adjoint_setup_s,adjoint_solve_s,adjoint_s,setups,again,per_solve,for_one,"
                                          "matrix_bytes,bytes\n"));
  for (PetscInt i = 0; i < sizes; i++) {
    PetscCall(Measure(&b, n[i], random, &row[i]));
    PetscCall(Print(&b, &row[i]));
  }
  PetscCall(Summary(&b, sizes, row));
  PetscCall(PetscRandomDestroy(&random));
  PetscCall(PetscFinalize());
  return 0;
}
