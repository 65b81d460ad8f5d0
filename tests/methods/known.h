/* SPDX-License-Identifier: BSD-2-Clause */
/* Gradients that are known, and the options under which each method has to find them. */
#ifndef COSTATE_TEST_KNOWN_H
#define COSTATE_TEST_KNOWN_H

#include "zoorun.h"

#define LEVELS 3

typedef struct {
  const char *problem, *options, *without; /* the methods that cannot do it */
  PetscReal   level[LEVELS];               /* tolerances, or steps */
  PetscBool   steps;                       /* which of them */
  PetscReal   factor;                      /* by which errors fall from level to level, at least */
  PetscReal   bound;                       /* of the last error */
} KnownCase;

#define TOLERANCES                                                                                                     \
  {                                                                                                                    \
    1e-6, 1e-8, 1e-10                                                                                                  \
  }
#define ONLY_BACKSOLVE "discrete forward interpolating quadrature gauss"
#define ONLY_DISCRETE  "forward interpolating quadrature gauss backsolve"
#define ROSW           "-ts_type rosw -ts_adapt_type basic -form implicit "

static const KnownCase known_short[] = {
    {"lotka", "-cost terminal", "", TOLERANCES, PETSC_FALSE, 10, 1e-8},
    {"lotka", "-cost integral", "", TOLERANCES, PETSC_FALSE, 10, 1e-8},
    {"lotka", "-cost times", "", TOLERANCES, PETSC_FALSE, 10, 1e-8},
    {"lotka_t", "-cost terminal", "", TOLERANCES, PETSC_FALSE, 10, 1e-8},
    {"lotka_t", "-cost integral", "", TOLERANCES, PETSC_FALSE, 10, 1e-8},
    {"lotka_t", "-cost times", "", TOLERANCES, PETSC_FALSE, 10, 1e-8},
    {"hessian3", "-cost integral", "", TOLERANCES, PETSC_FALSE, 10, 1e-8},
    {"vanderpol", "-cost terminal", "", TOLERANCES, PETSC_FALSE, 10, 1e-8},
    {"linear2", "", "", TOLERANCES, PETSC_FALSE, 10, 1e-8},
    {"pendulum", "", "", TOLERANCES, PETSC_FALSE, 10, 1e-8},
    {"lorenz63", "", "backsolve", TOLERANCES, PETSC_FALSE, 10, 1e-8},
    {"advdiff", "-n 6 -cost times", "", TOLERANCES, PETSC_FALSE, 10, 1e-8},
    {"linear", "-n 8", "", TOLERANCES, PETSC_FALSE, 10, 1e-8},
    {"ex23", ROSW, "discrete", TOLERANCES, PETSC_FALSE, 10, 1e-8},
    {"mass", ROSW, "discrete", TOLERANCES, PETSC_FALSE, 10, 1e-8},
    {"dae1", ROSW, "discrete", TOLERANCES, PETSC_FALSE, 10, 1e-8},
    {"dae1", ROSW "-variant quadratic", "discrete", TOLERANCES, PETSC_FALSE, 10, 1e-8},
    {"heat", ROSW "-n 10", "discrete backsolve", TOLERANCES, PETSC_FALSE, 10, 1e-8},
    {"heat", ROSW "-n 10 -costate_backsolve_restart 1", ONLY_BACKSOLVE, TOLERANCES, PETSC_FALSE, 10, 1e-8},
    {"lorenz63", "-costate_backsolve_restart 1", ONLY_BACKSOLVE, TOLERANCES, PETSC_FALSE, 10, 1e-8},
    {"robertson", ROSW, "discrete backsolve", {1e-5, 1e-7, 1e-9}, PETSC_FALSE, 5, 1e-6},
    {"ex23", "", "", {4e-2, 2e-2, 1e-2}, PETSC_TRUE, 3, 1e-4},
    {"mass", "", "", {1e-2, 5e-3, 2.5e-3}, PETSC_TRUE, 3, 1e-5},
    {"dae1", "", "", {2e-2, 1e-2, 5e-3}, PETSC_TRUE, 3, 1e-5},
    {"dae1", "-variant quadratic", "", {2e-2, 1e-2, 5e-3}, PETSC_TRUE, 3, 1e-4},
    {"dae1", "-ts_type beuler", "", {2e-2, 1e-2, 5e-3}, PETSC_TRUE, 1.8, 1e-2},
    {"heat", "-n 10", "backsolve", {1e-2, 5e-3, 2.5e-3}, PETSC_TRUE, 3, 1e-3},
    {NULL, NULL, NULL, {0}, PETSC_FALSE, 0, 0},
};

/* Is the method one of those that cannot? */
static inline PetscBool KnownWithout(const KnownCase *c, const char method[])
{
  const char *at = strstr(c->without, method);

  return (PetscBool)(at && (at[strlen(method)] == ' ' || !at[strlen(method)]));
}

static inline int KnownCount(const KnownCase *c)
{
  int n = 0;

  for (; c->problem; c++) {
    const char *name, *text;

    for (PetscInt i = 0; !ZooListGet(i, &name, &text) && name; i++) n += !KnownWithout(c, name);
  }
  return n;
}

/* Errors fall, and far enough; one that is all rounding need not. */
static inline PetscBool KnownFalls(const PetscReal e[], int levels, PetscReal factor, PetscReal bound)
{
  for (int k = 1; k < levels; k++) {
    if (!(e[k] <= e[k - 1] / factor || e[k] <= 2e-11)) return PETSC_FALSE;
  }
  return (PetscBool)(e[levels - 1] <= (levels < LEVELS ? 500 : 1) * bound);
}

/* One line of the table, and one test. */
static inline PetscErrorCode KnownRun(const KnownCase *c, const char method[], int levels, PetscBool table)
{
  PetscReal       eu[LEVELS] = {0}, ep[LEVELS] = {0};
  PetscBool       good = PETSC_TRUE;
  ZooResult       r[LEVELS];
  const PetscReal fails = 1e30;

  PetscFunctionBeginUser;
  for (int k = 0; k < levels; k++) {
    char options[512];

    if (c->steps)
      PetscCall(PetscSNPrintf(options, sizeof(options), "%s -dt %g", c->options, (double)c->level[k]));
    else
      PetscCall(PetscSNPrintf(options, sizeof(options), "%s -ts_rtol %g -ts_atol %g", c->options, (double)c->level[k],
                              (double)c->level[k]));
    PetscCall(ZooListen()); /* backsolve warns of algebraic equations */
    PetscCall(ZooSolve(c->problem, method, options, &r[k]));
    PetscCall(ZooHeard(NULL, NULL));
    eu[k] = r[k].reason > 0 ? r[k].eu : fails;
    ep[k] = r[k].reason > 0 ? r[k].ep : fails;
    PetscCall(ZooResultFree(&r[k]));
  }
  if (eu[0] < 0 && ep[0] < 0) good = PETSC_FALSE; /* nothing is known, so nothing was shown */
  if (eu[0] >= 0) good = (PetscBool)(good && KnownFalls(eu, levels, c->factor, c->bound));
  if (ep[0] >= 0) good = (PetscBool)(good && KnownFalls(ep, levels, c->factor, c->bound));
  if (table && zoo_rank == 0) {
    printf("# %-10s %-40s %-14s", c->problem, c->options, method);
    for (int k = 0; k < LEVELS; k++)
      printf(" | %7.0e %7.1e %7.1e %5d %5d", (double)c->level[k], (double)eu[k], (double)ep[k], (int)r[k].stats.steps,
             (int)r[k].stats.adjoint_steps);
    printf("\n");
  }
  T_OK(good, "%s %s by %s: errors of dG/du0 %.1e %.1e %.1e, of dG/dp %.1e %.1e %.1e (-1: none)", c->problem, c->options,
       method, (double)eu[0], (double)eu[1], (double)eu[2], (double)ep[0], (double)ep[1], (double)ep[2]);
  PetscFunctionReturn(0);
}

/* With fewer levels than all the last error may be larger. */
static inline PetscErrorCode KnownAll(const KnownCase *c, int levels, PetscBool table)
{
  PetscFunctionBeginUser;
  for (; c->problem; c++) {
    const char *name, *text;

    for (PetscInt i = 0; !ZooListGet(i, &name, &text) && name; i++) {
      if (!KnownWithout(c, name)) PetscCall(KnownRun(c, name, levels, table));
    }
  }
  PetscFunctionReturn(0);
}

#endif
