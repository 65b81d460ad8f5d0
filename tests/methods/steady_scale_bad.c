/* SPDX-License-Identifier: BSD-2-Clause */
/* ranks: 1 2 3 */
/*
  implicit on grids, by a SNES and by a run that comes to rest: what has no gradient ends with a reason and a sentence
  on every rank, and a wrong Jacobian is named.
*/
#include "steady_scale.h"
#include <petsc/private/pcimpl.h>

/* Two preconditioners that lie: one gives 0, one does so in the block of the last rank. */
static PetscErrorCode ApplyZero(PC pc, Vec x, Vec y)
{
  PetscFunctionBeginUser;
  (void)pc, (void)x;
  PetscCall(VecZeroEntries(y));
  PetscFunctionReturn(0);
}

static PetscErrorCode ApplyBlock(PC pc, Vec x, Vec y)
{
  PetscScalar *a;
  PetscInt     n;

  PetscFunctionBeginUser;
  (void)pc;
  PetscCall(VecCopy(x, y));
  PetscCall(VecGetLocalSize(y, &n));
  PetscCall(VecGetArray(y, &a));
  for (PetscInt i = 0; zoo_rank == zoo_size - 1 && i < n; i++) a[i] = 0;
  PetscCall(VecRestoreArray(y, &a));
  PetscFunctionReturn(0);
}

static PetscErrorCode CreateZero(PC pc)
{
  pc->ops->apply = ApplyZero;
  return 0;
}

static PetscErrorCode CreateBlock(PC pc)
{
  pc->ops->apply = ApplyBlock;
  return 0;
}

static const char *const by[] = {"a SNES", "a run"};
#define LONG_STEPS "-ts_dt 20 " /* to rest in a few of them */

static const struct {
  const char            *what, *options, *heard;
  Kind                   kind;
  CostateConvergedReason reason;
} bad[] = {
    {"no flow through any side, no null space, LU",
     LONG_STEPS "-costate_adjoint_pc_type lu -costate_adjoint_pc_factor_mat_solver_type mumps", "MatSetNullSpace()",
     CLOSED, COSTATE_DIVERGED_BACKWARD},
    {"no flow through any side, no null space, hypre",
     LONG_STEPS "-costate_adjoint_pc_type hypre -costate_adjoint_ksp_max_it 100", "MatSetNullSpace()", CLOSED,
     COSTATE_DIVERGED_BACKWARD},
    {"no flow through any side, no null space, no preconditioner",
     LONG_STEPS "-costate_adjoint_pc_type none -costate_adjoint_ksp_max_it 200", "MatSetNullSpace()", CLOSED,
     COSTATE_DIVERGED_BACKWARD},
    {"too few iterations", LONG_STEPS "-costate_adjoint_ksp_max_it 2 -costate_adjoint_pc_type jacobi", "DIVERGED_ITS",
     HEAT, COSTATE_DIVERGED_BACKWARD},
    {"a preconditioner that gives 0", LONG_STEPS "-costate_adjoint_pc_type lies_zero",
     "but leaves 1 of its right-hand side", HEAT, COSTATE_DIVERGED_BACKWARD},
    {"one that gives 0 on a single rank", LONG_STEPS "-costate_adjoint_pc_type lies_block", "but leaves", HEAT,
     COSTATE_DIVERGED_BACKWARD},
    {"the same, by another Krylov method",
     LONG_STEPS "-costate_adjoint_pc_type lies_block -costate_adjoint_ksp_type bcgs", "but leaves", WIND,
     COSTATE_DIVERGED_BACKWARD},
};
#define BADS      (int)(sizeof(bad) / sizeof(*bad))
#define BAD_TESTS 2

static PetscErrorCode Bad(int i, PetscBool time)
{
  App                    a = {.kind = bad[i].kind, .n = 6};
  CostateConvergedReason reason;
  Costate                cs;
  PetscBool              heard;
  Vec                    g;

  PetscFunctionBeginUser;
  if (without_hypre(zoo_rank, bad[i].options, BAD_TESTS)) PetscFunctionReturn(0);
  PetscCall(Create(&a, time, bad[i].options, &cs));
  PetscCall(ZooListen());
  PetscCall(CostateSolve(cs));
  PetscCall(ZooHeard(bad[i].heard, &heard));
  PetscCall(CostateGetConvergedReason(cs, &reason));
  T_OK(reason == bad[i].reason && heard, "%s, %s: %s, and why", by[time], bad[i].what, CostateConvergedReasons[reason]);
  REFUSES(CostateGetGradient(cs, 0, NULL, &g), "DIVERGED", "and its gradient");
  PetscCall(Destroy(&a, &cs));
  PetscFunctionReturn(0);
}

/* A Jacobian that is not the derivative: Newton's method gets there all the same, and the gradient is wrong. */
#define WRONG_TESTS 6
static PetscErrorCode Wrong(PetscBool time)
{
  App       a = {.kind = HEAT, .n = 5, .wrong = .05};
  Costate   cs;
  PetscReal error, order;

  PetscFunctionBeginUser;
  PetscCall(Create(&a, time, LONG_STEPS "-snes_max_it 200 -costate_steady_check 0", &cs));
  PetscCall(CostateCheckDotProduct(cs, NULL, NULL, &error));
  T_OK(error > 1e-3, "%s, a Jacobian that is off by 5 %%: the check of products finds %.1e", by[time], (double)error);
  PetscCall(CostateCheckTaylor(cs, 0, NULL, NULL, &order));
  T_OK(order < 1.5, "%s: and the Taylor remainder has order %.2f", by[time], (double)order);
  PetscCall(Destroy(&a, &cs));
  for (int off = 0; off < 2; off++) {
    CostateConvergedReason reason;
    PetscBool              heard;

    a = (App){.kind = HEAT, .n = 5, .wrong = .05};
    PetscCall(Create(&a, time,
                     off ? LONG_STEPS "-snes_max_it 200 -costate_steady_check 0" : LONG_STEPS "-snes_max_it 200", &cs));
    PetscCall(ZooListen());
    PetscCall(CostateSolve(cs));
    PetscCall(ZooHeard("the Jacobian is not the derivative of the residual", &heard));
    PetscCall(CostateGetConvergedReason(cs, &reason));
    T_OK(off ? reason == COSTATE_CONVERGED && !heard : reason == COSTATE_DIVERGED_BACKWARD && heard, "%s: %s", by[time],
         off ? "nobody looks, as was asked for" : "a solve finds it by itself");
    PetscCall(Destroy(&a, &cs));
  }
  a = (App){.kind = HEAT, .n = 5, .wrong = .05};
  PetscCall(Create(&a, time, LONG_STEPS "-snes_max_it 200 -costate_check_dot_product ascii:products.txt", &cs));
  PetscCall(ZooListen());
  REFUSES(CostateSolve(cs), "A derivative is not what it should be", by[time]);
  PetscCall(ZooHeard(NULL, NULL));
  a = (App){.kind = HEAT, .n = 5};
  PetscCall(Create(&a, time, LONG_STEPS, &cs));
  PetscCall(CostateCheckDotProduct(cs, NULL, NULL, &error));
  T_OK(error <= 1e-6, "%s, one that is right: %.1e", by[time], (double)error);
  PetscCall(Destroy(&a, &cs));
  PetscFunctionReturn(0);
}

/* States that are hardly at rest, whoever says that they are, and what is not at all. */
#define REST_TESTS 6
static PetscErrorCode Rest(void)
{
  static const char *const hardly[] = {"-snes_rtol 1e-2", "-costate_steady_atol 1e-2 -costate_steady_rtol 0"};
  CostateConvergedReason   reason;
  Costate                  cs;
  App                      a;
  PetscBool                heard;

  PetscFunctionBeginUser;
  for (int time = 0; time < 2; time++) {
    a = (App){.kind = HEAT, .n = 6};
    PetscCall(Create(&a, (PetscBool)time, hardly[time], &cs));
    PetscCall(ZooListen());
    PetscCall(CostateSolve(cs));
    PetscCall(ZooHeard("is not so much at rest", &heard));
    PetscCall(CostateGetConvergedReason(cs, &reason));
    T_OK(reason > 0 && heard, "%s, hardly at rest (%s): a warning", by[time], hardly[time]);
    PetscCall(Destroy(&a, &cs));
    a = (App){.kind = HEAT, .n = 6};
    PetscCall(Create(&a, (PetscBool)time, time ? "" : "-snes_rtol 1e-12", &cs));
    PetscCall(ZooListen());
    PetscCall(CostateSolve(cs));
    PetscCall(ZooHeard("warning", &heard));
    T_OK(!heard, "%s, at rest: none", by[time]);
    PetscCall(Destroy(&a, &cs));
    a = (App){.kind = HEAT, .n = 6};
    PetscCall(Create(&a, (PetscBool)time, time ? "-ts_max_time 2" : "-snes_max_it 1", &cs));
    PetscCall(ZooListen());
    PetscCall(CostateSolve(cs));
    PetscCall(ZooHeard(time ? "not at rest at t = 2" : "DIVERGED_MAX_IT", &heard));
    PetscCall(CostateGetConvergedReason(cs, &reason));
    T_OK(reason == (time ? COSTATE_DIVERGED_NOT_STEADY : COSTATE_DIVERGED_FORWARD) && heard, "%s, not at rest: %s",
         by[time], CostateConvergedReasons[reason]);
    PetscCall(Destroy(&a, &cs));
  }
  PetscFunctionReturn(0);
}

#define SHELL_TESTS 1
static PetscErrorCode ShellWithout(void)
{
  App     a = {.kind = HEAT, .n = 6, .shell = PETSC_TRUE};
  Costate cs;

  PetscFunctionBeginUser;
  PetscCall(Create(&a, PETSC_FALSE, "", &cs));
  REFUSES(CostateSolve(cs), "has no transposed product", "a shell without one");
  PetscFunctionReturn(0);
}

int main(int argc, char **argv)
{
  PetscCall(ZooBegin(&argc, &argv, 2 * (BADS * BAD_TESTS + WRONG_TESTS) + REST_TESTS + SHELL_TESTS));
  PetscCall(PCRegister("lies_zero", CreateZero));
  PetscCall(PCRegister("lies_block", CreateBlock));
  for (int time = 0; time < 2; time++) {
    for (int i = 0; i < BADS; i++) PetscCall(Bad(i, (PetscBool)time));
    PetscCall(Wrong((PetscBool)time));
  }
  PetscCall(Rest());
  PetscCall(ShellWithout());
  fflush(stdout);
  PetscCall(ZooEnd());
  return zoo_rank == 0 ? done() : 0;
}
