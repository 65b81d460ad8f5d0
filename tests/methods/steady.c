/* SPDX-License-Identifier: BSD-2-Clause */
/* ranks: 1 2 3 */
/*
  implicit: the gradient of a state of rest, of a SNES or of a run, is the known one and the limit of that of the run;
  what has none ends with a reason.
*/
#include "steady.h"

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
  if (without_hypre(zoo_rank, options, TAYLOR_TESTS)) PetscFunctionReturn(0);
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
