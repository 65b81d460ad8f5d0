/* SPDX-License-Identifier: BSD-2-Clause */
/* ranks: 1 2 3 */
/*
  The linear solves of adjoint steps: they and the set-ups of their preconditioner are counted apart from those of the
  run and of repeated steps; a preconditioner serves several adjoint steps where that is asked for, with the same bits
  for every budget, and no longer than it serves well; their tolerance is their own; and what SNES lags or loosens in
  the steps of the run does not reach them.
*/
#include <string.h>
#include <petscts.h>
#include <costate.h>
#include "../tap.h"

#define N     16
#define STEPS 12

static PetscMPIInt rank;
static char        message[2048];
static PetscInt    shell_setups, heard[2], rounds = 1;

#define T_OK(...)                                                                                                      \
  do {                                                                                                                 \
    if (rank == 0) ok(__VA_ARGS__);                                                                                    \
  } while (0)

enum { LINEAR, CUBIC, SUDDEN }; /* the coefficients of the last are others from the middle of the run on */

typedef struct {
  int       problem;
  PetscBool shell; /* a preconditioner that counts its set-ups */
  Mat       A;
} Problem;

typedef struct {
  PetscErrorCode   err;
  Vec              lambda;
  CostateTrajStats s;
  PetscInt         shell, inner[2]; /* set-ups as those who were set up count them */
  PetscReal        rtol;            /* of the solver, afterwards */
} Result;

static PetscErrorCode Remember(MPI_Comm comm, int line, const char *f, const char *file, PetscErrorCode n,
                               PetscErrorType p, const char *mess, void *ctx)
{
  (void)comm, (void)line, (void)f, (void)file, (void)ctx;
  if (p == PETSC_ERROR_INITIAL && mess) (void)snprintf(message, sizeof(message), "%s", mess);
  return n;
}

/* Upwind advection and diffusion on an N x N grid. */
static PetscErrorCode Fill(Mat A, PetscReal advection)
{
  PetscInt lo, hi;

  PetscFunctionBeginUser;
  PetscCall(MatGetOwnershipRange(A, &lo, &hi));
  for (PetscInt k = lo; k < hi; k++) {
    const PetscInt i = k % N, j = k / N;

    PetscCall(MatSetValue(A, k, k, -4 - 1.4 * advection, INSERT_VALUES));
    if (i > 0) PetscCall(MatSetValue(A, k, k - 1, 1 + advection, INSERT_VALUES));
    if (i < N - 1) PetscCall(MatSetValue(A, k, k + 1, 1, INSERT_VALUES));
    if (j > 0) PetscCall(MatSetValue(A, k, k - N, 1 + .4 * advection, INSERT_VALUES));
    if (j < N - 1) PetscCall(MatSetValue(A, k, k + N, 1, INSERT_VALUES));
  }
  PetscCall(MatAssemblyBegin(A, MAT_FINAL_ASSEMBLY));
  PetscCall(MatAssemblyEnd(A, MAT_FINAL_ASSEMBLY));
  PetscFunctionReturn(0);
}

static PetscReal Advection(const Problem *p, PetscReal t)
{
  return p->problem == SUDDEN && t > .1 * STEPS / 2 ? 80 : 1;
}

static PetscErrorCode Function(TS ts, PetscReal t, Vec u, Vec f, void *ctx)
{
  Problem           *p = (Problem *)ctx;
  const PetscScalar *x;
  PetscScalar       *y;
  PetscInt           n;

  PetscFunctionBeginUser;
  (void)ts;
  PetscCall(Fill(p->A, Advection(p, t)));
  PetscCall(MatMult(p->A, u, f));
  PetscCall(VecGetLocalSize(u, &n));
  PetscCall(VecGetArrayRead(u, &x));
  PetscCall(VecGetArray(f, &y));
  for (PetscInt i = 0; i < n && p->problem != LINEAR; i++) y[i] -= 5 * x[i] * x[i] * x[i];
  PetscCall(VecRestoreArray(f, &y));
  PetscCall(VecRestoreArrayRead(u, &x));
  PetscFunctionReturn(0);
}

static PetscErrorCode Jacobian(TS ts, PetscReal t, Vec u, Mat J, Mat P, void *ctx)
{
  Problem *p = (Problem *)ctx;
  Vec      d;

  PetscFunctionBeginUser;
  (void)ts, (void)P;
  PetscCall(Fill(J, Advection(p, t)));
  if (p->problem == LINEAR) PetscFunctionReturn(0);
  PetscCall(VecDuplicate(u, &d));
  PetscCall(VecPointwiseMult(d, u, u));
  PetscCall(VecScale(d, -15));
  PetscCall(MatDiagonalSet(J, d, ADD_VALUES));
  PetscCall(VecDestroy(&d));
  PetscFunctionReturn(0);
}

static PetscErrorCode ShellSetUp(PC pc)
{
  (void)pc;
  shell_setups++;
  return 0;
}

static PetscErrorCode ShellApply(PC pc, Vec x, Vec y)
{
  PetscFunctionBeginUser;
  (void)pc;
  PetscCall(VecCopy(x, y));
  PetscFunctionReturn(0);
}

static PetscErrorCode Hear(KSP ksp, Vec b, Vec x, void *ctx)
{
  (void)ksp, (void)b, (void)x;
  ++*(PetscInt *)ctx;
  return 0;
}

static PetscErrorCode SetUp(Problem *p, TS *ts, KSP *ksp)
{
  Mat  J;
  SNES snes;
  PC   pc;

  PetscFunctionBeginUser;
  PetscCall(MatCreateAIJ(PETSC_COMM_WORLD, PETSC_DECIDE, PETSC_DECIDE, N * N, N * N, 5, NULL, 4, NULL, &p->A));
  PetscCall(Fill(p->A, 1));
  PetscCall(MatDuplicate(p->A, MAT_COPY_VALUES, &J));
  PetscCall(TSCreate(PETSC_COMM_WORLD, ts));
  PetscCall(TSSetType(*ts, TSCN));
  PetscCall(TSSetProblemType(*ts, p->problem == LINEAR ? TS_LINEAR : TS_NONLINEAR));
  PetscCall(TSSetRHSFunction(*ts, NULL, Function, p));
  PetscCall(TSSetRHSJacobian(*ts, J, J, Jacobian, p));
  PetscCall(TSSetExactFinalTime(*ts, TS_EXACTFINALTIME_STEPOVER));
  PetscCall(TSSetMaxSteps(*ts, STEPS));
  PetscCall(TSSetSaveTrajectory(*ts));
  PetscCall(TSGetSNES(*ts, &snes));
  PetscCall(SNESGetKSP(snes, ksp));
  PetscCall(KSPGetPC(*ksp, &pc));
  if (p->shell) {
    PetscCall(PCSetType(pc, PCSHELL));
    PetscCall(PCShellSetSetUp(pc, ShellSetUp));
    PetscCall(PCShellSetApply(pc, ShellApply));
    PetscCall(PCShellSetApplyTranspose(pc, ShellApply));
    PetscCall(KSPSetPreSolve(*ksp, Hear, &heard[0]));
    PetscCall(KSPSetPostSolve(*ksp, Hear, &heard[1]));
  }
  PetscCall(MatDestroy(&J));
  PetscFunctionReturn(0);
}

/* What may fail */
static PetscErrorCode Both(TS ts, Vec u, Vec lambda[])
{
  PetscErrorCode err = TSSetFromOptions(ts);

  for (PetscInt i = 0; i < rounds && !err; i++) {
    err = TSSetTime(ts, 0);
    if (!err) err = TSSetStepNumber(ts, 0);
    if (!err) err = TSSetTimeStep(ts, .1);
    if (!err) err = VecSet(u, 1);
    if (!err) err = VecSet(lambda[0], 1);
    if (!err) err = VecSet(lambda[1], -2);
    if (!err) err = TSSolve(ts, u);
    if (!err) err = TSSetCostGradients(ts, 2, lambda, NULL);
    if (!err) err = TSAdjointSolve(ts);
  }
  return err;
}

/* Two costs, of which the first lambda is kept. */
static PetscErrorCode Run(int problem, PetscBool shell, const char options[], Result *r)
{
  Problem      p = {problem, shell, NULL};
  TS           ts;
  TSTrajectory tj;
  KSP          ksp;
  PC           pc;
  Vec          u, lambda[2];
  PetscBool    transposable;

  PetscFunctionBeginUser;
  PetscCall(PetscMemzero(r, sizeof(*r)));
  PetscCall(PetscOptionsClear(NULL));
  PetscCall(PetscOptionsInsertString(NULL, "-ts_dt .1 -ts_max_time 100 -ts_adapt_type none -snes_rtol 1e-12 -snes_stol "
                                           "0 -ksp_rtol 1e-12 -ts_trajectory_type costate "
                                           "-ts_trajectory_costate_ram 1000"));
  PetscCall(PetscOptionsInsertString(NULL, options));
  shell_setups = heard[0] = heard[1] = 0;
  message[0]                         = 0;
  PetscCall(SetUp(&p, &ts, &ksp));
  PetscCall(TSGetTrajectory(ts, &tj));
  PetscCall(MatCreateVecs(p.A, &u, &lambda[0]));
  PetscCall(VecDuplicate(u, &lambda[1]));
  PetscCall(PetscPushErrorHandler(Remember, NULL));
  r->err = Both(ts, u, lambda);
  PetscCall(PetscPopErrorHandler());
  PetscCall(VecDuplicate(u, &r->lambda));
  PetscCall(VecCopy(lambda[0], r->lambda));
  if (r->err) PetscFunctionReturn(0); /* what an error has left is not taken apart */
  PetscCall(TSTrajectoryCostateGetStats(tj, &r->s));
  r->shell = shell_setups;
  PetscCall(KSPGetPC(ksp, &pc));
  PetscCall(PetscObjectTypeCompare((PetscObject)pc, PCTRANSPOSABLE, &transposable));
  if (transposable) PetscCall(PCTransposableGetSetUps(pc, &r->inner[0], &r->inner[1]));
  PetscCall(KSPGetTolerances(ksp, &r->rtol, NULL, NULL, NULL));
  PetscCall(TSDestroy(&ts));
  PetscCall(VecDestroy(&u));
  PetscCall(VecDestroy(&lambda[0]));
  PetscCall(VecDestroy(&lambda[1]));
  PetscCall(MatDestroy(&p.A));
  PetscFunctionReturn(0);
}

/* Relative difference; infinity where a run failed */
static PetscErrorCode Off(const Result *a, const Result *b, PetscReal *e)
{
  Vec       d;
  PetscReal norm;

  PetscFunctionBeginUser;
  *e = PETSC_INFINITY;
  if (a->err || b->err) PetscFunctionReturn(0);
  PetscCall(VecDuplicate(a->lambda, &d));
  PetscCall(VecCopy(a->lambda, d));
  PetscCall(VecAXPY(d, -1, b->lambda));
  PetscCall(VecNorm(d, NORM_2, e));
  PetscCall(VecNorm(b->lambda, NORM_2, &norm));
  *e /= norm;
  PetscCall(VecDestroy(&d));
  PetscFunctionReturn(0);
}

static PetscErrorCode Same(const Result *a, const Result *b, PetscBool *same)
{
  PetscFunctionBeginUser;
  *same = PETSC_FALSE;
  if (a->err || b->err) PetscFunctionReturn(0);
  PetscCall(VecEqual(a->lambda, b->lambda, same));
  PetscFunctionReturn(0);
}

#if defined(PETSC_HAVE_HYPRE)
static const char inner[] = "-pc_type transposable -transposable_pc_type hypre ";
#else
static const char inner[] = "-pc_type transposable -transposable_pc_type asm ";
#endif
static const char direct[] = "-ksp_type preonly -pc_type redundant";

static PetscErrorCode Options(char to[], size_t len, const char first[], const char second[])
{
  PetscFunctionBeginUser;
  PetscCall(PetscSNPrintf(to, len, "%s%s", first, second));
  PetscFunctionReturn(0);
}

#define COUNT_TESTS 7
static PetscErrorCode Counted(void)
{
  Result     r;
  char       text[512];
  PetscInt64 all;

  PetscFunctionBeginUser;
  PetscCall(Run(CUBIC, PETSC_TRUE, "-ts_trajectory_costate_ram 3", &r));
  T_OK(!r.err && r.s.replayed > 0 && r.s.solves[0] >= STEPS && r.s.solves[1] >= r.s.replayed &&
           r.s.solves[2] == 2 * STEPS,
       "solves: run %d, repeated %d, adjoint %d (2 costs, %d steps, %d repeated)", (int)r.s.solves[0],
       (int)r.s.solves[1], (int)r.s.solves[2], STEPS, (int)r.s.replayed);
  T_OK(r.s.iterations[0] > r.s.solves[0] && r.s.iterations[1] > r.s.solves[1] && r.s.iterations[2] > r.s.solves[2],
       "and their iterations: %d, %d, %d", (int)r.s.iterations[0], (int)r.s.iterations[1], (int)r.s.iterations[2]);
  all = r.s.setups[0] + r.s.setups[1] + r.s.setups[2];
  T_OK(all == r.shell, "set-ups: %d + %d + %d, and the preconditioner counts %d", (int)r.s.setups[0],
       (int)r.s.setups[1], (int)r.s.setups[2], (int)r.shell);
  T_OK(r.s.setups[0] == r.s.solves[0] && r.s.setups[1] == r.s.solves[1] && r.s.setups[2] == STEPS,
       "one for each Newton iteration and for each adjoint step");
  all = r.s.solves[0] + r.s.solves[1] + r.s.solves[2];
  T_OK(heard[0] == all && heard[1] == all, "the application's own functions before and after solves are called: %d, %d",
       (int)heard[0], (int)heard[1]);
  PetscCall(Options(text, sizeof(text), inner, "-ts_trajectory_costate_ram 3"));
  PetscCall(Run(CUBIC, PETSC_FALSE, text, &r));
  T_OK(!r.err && r.s.setups[0] + r.s.setups[1] == r.inner[0] && r.s.setups[2] == r.inner[1] && r.inner[1] == STEPS,
       "of transposable the inner ones: %d + %d of %d for the matrix, %d of %d for its transpose", (int)r.s.setups[0],
       (int)r.s.setups[1], (int)r.inner[0], (int)r.s.setups[2], (int)r.inner[1]);
  PetscCall(Run(LINEAR, PETSC_FALSE, text, &r));
  T_OK(!r.err && r.s.setups[0] == 1 && r.s.setups[1] == 0 && r.s.setups[2] <= 5,
       "linear, with equal steps: %d, %d and %d", (int)r.s.setups[0], (int)r.s.setups[1], (int)r.s.setups[2]);
  PetscFunctionReturn(0);
}

#define BUDGETS   4
#define LAG_TESTS (2 * BUDGETS + 9) /* one of them for a second run */
static PetscErrorCode Lagged(void)
{
  static const char *const budgets[BUDGETS] =
      {"2", "3", "5", "4 -ts_trajectory_costate_policy wang -ts_trajectory_costate_stages never"};
  Result    each, full, r, reference;
  char      text[512];
  PetscReal e, e2;
  PetscBool same;

  PetscFunctionBeginUser;
  for (int problem = CUBIC; problem <= SUDDEN; problem++) {
    const char *lag =
        problem == CUBIC ? "-ts_trajectory_costate_transposed_lag 4" : "-ts_trajectory_costate_transposed_lag 1000";

    PetscCall(Run(problem, PETSC_FALSE, direct, &reference));
    PetscCall(Run(problem, PETSC_FALSE, inner, &each));
    PetscCall(Options(text, sizeof(text), inner, lag));
    PetscCall(Run(problem, PETSC_FALSE, text, &full));
    PetscCall(Off(&full, &reference, &e));
    PetscCall(Off(&each, &reference, &e2));
    T_OK(e <= 1e-9 && e2 <= 1e-9, "%s: lambda is off by %.1e, without the lag by %.1e",
         problem == CUBIC ? "every 4th step" : "as long as it serves", (double)e, (double)e2);
    T_OK(each.s.setups[2] == STEPS &&
             (problem == CUBIC ? full.s.setups[2] == STEPS / 4 : full.s.setups[2] >= 2 && full.s.setups[2] < STEPS),
         "set up %d times instead of %d, for %d iterations instead of %d", (int)full.s.setups[2], (int)each.s.setups[2],
         (int)full.s.iterations[2], (int)each.s.iterations[2]);
    for (int i = 0; i < BUDGETS; i++) {
      PetscCall(PetscSNPrintf(text, sizeof(text), "%s%s -ts_trajectory_costate_ram %s", inner, lag, budgets[i]));
      PetscCall(Run(problem, PETSC_FALSE, text, &r));
      PetscCall(Same(&r, &full, &same));
      T_OK(same && r.s.replayed > 0 && r.s.setups[2] == full.s.setups[2],
           "the same bits and set-ups (%d) with budget %s, %d steps repeated", (int)r.s.setups[2], budgets[i],
           (int)r.s.replayed);
    }
  }
  rounds = 2;
  PetscCall(Run(SUDDEN, PETSC_FALSE, text, &r));
  rounds = 1;
  PetscCall(Same(&r, &full, &same));
  T_OK(same && r.s.setups[2] == full.s.setups[2], "and in a second run with the same TS (%d)", (int)r.s.setups[2]);
  PetscCall(Options(text, sizeof(text), inner, "-ts_trajectory_costate_ram 3 -ts_trajectory_costate_transposed_lag 2"));
  PetscCall(Run(LINEAR, PETSC_FALSE, text, &r));
  T_OK(!r.err && r.inner[0] == 1 && r.inner[1] == 1 && r.s.setups[2] == 1,
       "linear, with equal steps: one set-up of the matrix (%d) and one of its transpose (%d)", (int)r.inner[0],
       (int)r.inner[1]);
  /* what was set up for the last steps cannot solve the first ones within so many iterations */
  PetscCall(PetscSNPrintf(text, sizeof(text),
                          "%s-ksp_max_it 7 -ts_trajectory_costate_transposed_lag 1000 "
                          "-ts_trajectory_costate_ram 3",
                          inner));
  PetscCall(Run(SUDDEN, PETSC_FALSE, text, &r));
  PetscCall(Off(&r, &reference, &e));
  T_OK(e <= 1e-9 && r.s.solves[2] > 2 * STEPS,
       "a solve that fails with an old one is repeated with a new one: off by %.1e, %d solves \"%.60s\"", (double)e,
       (int)r.s.solves[2], message);
  PetscCall(Run(CUBIC, PETSC_FALSE, "-pc_type jacobi -ts_trajectory_costate_transposed_lag 2", &r));
  T_OK(r.err && strstr(message, "transposable"), "any other type is refused: \"%.90s\"", message);
  PetscCall(Options(text, sizeof(text), inner,
                    "-ts_trajectory_costate_transposed_lag 2 -ts_trajectory_costate_hdf5 lagged "
                    "-ts_trajectory_costate_commit 60"));
  PetscCall(Run(CUBIC, PETSC_FALSE, text, &r));
  T_OK(r.err && strstr(message, "commit"), "with commits it is refused: \"%.90s\"", message);
  PetscFunctionReturn(0);
}

#define TOLERANCE_TESTS 4
static PetscErrorCode Tolerance(void)
{
  Result    loose, tight, reference;
  PetscReal e[2];

  PetscFunctionBeginUser;
  PetscCall(Run(CUBIC, PETSC_FALSE, direct, &reference));
  PetscCall(Run(CUBIC, PETSC_FALSE, "-pc_type jacobi -ksp_rtol 1e-4", &loose));
  PetscCall(
      Run(CUBIC, PETSC_FALSE, "-pc_type jacobi -ksp_rtol 1e-4 -ts_trajectory_costate_transposed_rtol 1e-13", &tight));
  PetscCall(Off(&loose, &reference, &e[0]));
  PetscCall(Off(&tight, &reference, &e[1]));
  T_OK(e[0] > 1e-7 && e[0] < 1e-2, "the solver's own tolerance goes into lambda: %.1e", (double)e[0]);
  T_OK(e[1] <= 1e-10, "one for the adjoint steps does not: %.1e", (double)e[1]);
  T_OK(tight.s.iterations[0] == loose.s.iterations[0] && tight.s.iterations[2] > loose.s.iterations[2] &&
           PetscAbsReal(tight.rtol - 1e-4) < 1e-12,
       "the run does not see it: %d and %d iterations, tolerance %g afterwards; adjoint %d and %d",
       (int)loose.s.iterations[0], (int)tight.s.iterations[0], (double)tight.rtol, (int)loose.s.iterations[2],
       (int)tight.s.iterations[2]);
  PetscCall(Run(CUBIC, PETSC_FALSE, "-ts_trajectory_costate_transposed_rtol 2", &loose));
  T_OK(loose.err && strstr(message, "transposed_rtol"), "2 is refused: \"%.80s\"", message);
  PetscFunctionReturn(0);
}

/* What SNES does from one Newton iteration to the next */
static const struct {
  const char *name, *options;
  int         problem;
  PetscBool   repeatable;
} habits[] = {
    {"lagged Jacobian", "-snes_lag_jacobian 2 -snes_max_it 500 ", CUBIC, PETSC_TRUE},
    {"Jacobian made once", "-snes_lag_jacobian -2 ", LINEAR, PETSC_TRUE},
    {"Jacobian made once, of a nonlinear problem", "-snes_lag_jacobian -2 -snes_max_it 500 ", CUBIC, PETSC_TRUE},
    {"lagged preconditioner", "-snes_lag_preconditioner 3 ", CUBIC, PETSC_TRUE},
    {"lagged preconditioner of blocks", "-snes_lag_preconditioner 2 -sub_pc_type ilu ", CUBIC, PETSC_TRUE},
    {"preconditioner made once", "-snes_lag_preconditioner -2 ", CUBIC, PETSC_FALSE},
    {"Eisenstat and Walker", "-snes_ksp_ew ", CUBIC, PETSC_TRUE},
};
#define HABITS (int)(sizeof(habits) / sizeof(*habits))

static PetscErrorCode Habits(void)
{
  Result      r, few, reference;
  char        text[512];
  PetscReal   e;
  PetscBool   same;
  const char *pc;

  PetscFunctionBeginUser;
  for (int i = 0; i < HABITS; i++) {
    PetscCall(Run(habits[i].problem, PETSC_FALSE, direct, &reference));
    pc = strstr(habits[i].options, "-sub_") ? "-pc_type bjacobi" : "-pc_type jacobi";
    PetscCall(Options(text, sizeof(text), habits[i].options, pc));
    PetscCall(Run(habits[i].problem, PETSC_FALSE, text, &r));
    PetscCall(Off(&r, &reference, &e));
    T_OK(e <= 1e-9, "%s: lambda is off by %.1e", habits[i].name, (double)e);
    PetscCall(PetscSNPrintf(text, sizeof(text), "%s%s -ts_trajectory_costate_ram 3", habits[i].options, pc));
    PetscCall(Run(habits[i].problem, PETSC_FALSE, text, &few));
    PetscCall(Same(&r, &few, &same));
    T_OK(habits[i].repeatable ? same && few.s.replayed > 0 : same || few.err,
         "%s: the same bits with a budget of 3%s %.300s", habits[i].name, habits[i].repeatable ? "" : ", or an error",
         message);
  }
  PetscFunctionReturn(0);
}

int main(int argc, char **argv)
{
  PetscCall(PetscInitialize(&argc, &argv, NULL, NULL));
  PetscCall(CostateInitializePackage());
  PetscCallMPI(MPI_Comm_rank(PETSC_COMM_WORLD, &rank));
  if (rank == 0) plan(COUNT_TESTS + LAG_TESTS + TOLERANCE_TESTS + 2 * HABITS);
  PetscCall(Counted());
  PetscCall(Lagged());
  PetscCall(Tolerance());
  PetscCall(Habits());
  PetscCall(PetscOptionsClear(NULL));
  PetscCall(PetscFinalize());
  return rank == 0 ? done() : 0;
}
