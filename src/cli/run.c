/* SPDX-License-Identifier: BSD-2-Clause */
/* costate run: a problem of the zoo, its cost and its gradients. */
#include <math.h>
#include <stdio.h>
#include <string.h>
#include "cli.h"
#include "problem.h"

static const char usage[] =
    "usage: costate run PROBLEM [-costate_type METHOD] [options]\n"
    "\n"
    "Computes the cost of a problem of the zoo and its gradients with respect to the initial state and the\n"
    "parameters, and says how far they are from the known ones, where there are such.  `costate list problems` and\n"
    "`costate list methods` show the names; `costate run PROBLEM -help` shows what a problem heeds.\n"
    "\n"
    "  -p A,B,C         parameters (as many as the problem has; of a field one value will do)\n"
    "  -u0 A,B,C        initial state\n"
    "  -t0 T, -tend T   time span\n"
    "  -dt H            first time step; of types without step control each\n"
    "  -n N             size of problems of any size\n"
    "  -cost KIND       terminal, integral or times\n"
    "  -times LIST      of the cost: as in 1,2.5,4 or first:step:last\n"
    "  -variant NAME    of the problem\n"
    "  -form FORM       of the equation: rhs (u' = f), implicit (M u' - f = 0), split (M u' = f)\n"
    "  -json FILE       everything, for programs, - is the standard output; vectors in full, on a grid in natural "
    "order\n"
    "  -help            this text\n"
    "\n"
    "and all of PETSc's for the time integration (-ts_type, -ts_rtol, ...), of its trajectory\n"
    "(-ts_trajectory_costate_...) and of the method (-costate_..., -costate_adjoint_ts_type, ...).\n"
    "It runs under mpiexec too.  Status: 0, 1 if there is no gradient, 2 for a question that makes no sense.\n";

/* Of a gradient with respect to the initial state what counts is what it says of consistent ones. */
static PetscErrorCode relative(problem_session *s, PetscBool state, Vec g, Vec known, double *error)
{
  Vec       d;
  PetscReal size;
  PetscReal e;

  PetscFunctionBeginUser;
  PetscCall(VecDuplicate(g, &d));
  PetscCall(VecCopy(g, d));
  if (state) PetscCall(CostateProblemReduceGradient(s->problem, d));
  PetscCall(VecAXPY(d, -1, known));
  PetscCall(VecNorm(d, NORM_2, &e));
  PetscCall(VecNorm(known, NORM_2, &size));
  PetscCall(VecDestroy(&d));
  *error = (double)(size > 0 ? e / size : e);
  PetscFunctionReturn(0);
}

/* How far the run has come. */
static PetscErrorCode reached(TS ts, PetscInt step, PetscReal t, Vec u, void *ctx)
{
  PetscFunctionBeginUser;
  (void)ts, (void)step, (void)u;
  *(PetscReal *)ctx = t;
  PetscFunctionReturn(0);
}

/* A run that stops before its end (-ts_max_steps) has costs and gradients of its own: nothing is known of them. */
static PetscBool stopped(const problem_session *s, PetscReal t, run_answer *a)
{
  CostateType type;

  if (!CostateGetType(s->cs, &type) && !strcmp(type, COSTATEIMPLICIT)) return PETSC_FALSE; /* it ends at rest */
  if (t >= a->tend - 1e-10 * PetscMax(PetscAbsReal(a->tend), a->tend - a->t0)) return PETSC_FALSE;
  if (s->rank == 0)
    fprintf(stderr, "costate run: the run stopped at t = %g, before -tend %g: the answer is for that run\n", (double)t,
            (double)a->tend);
  a->tend = t;
  return PETSC_TRUE;
}

static PetscErrorCode gradients(problem_session *s, PetscBool before, run_answer *a)
{
  Vec         g[2], known[2];
  PetscBool   has, weighted;
  const char *source;
  PetscInt    n;

  PetscFunctionBeginUser;
  a->gradient[0] = "dG/du0";
  a->gradient[1] = "dG/dp";
  PetscCall(CostateGetGradient(s->cs, 0, &g[0], &g[1]));
  PetscCall(CostateProblemGetKnown(s->problem, &has, &source, &known[0], &known[1]));
  PetscCall(PetscOptionsHasName(NULL, NULL, "-costate_cost_window", &weighted)); /* another cost than the known one */
  if (before || weighted) has = PETSC_FALSE;
  if (has) a->source = source;
  for (int i = 0; i < 2; i++) {
    if (!g[i]) continue;
    PetscCall(problem_gather(g[i], &n, &a->value[i]));
    PetscCall(VecGetSize(g[i], &a->n[i]));
    if (!has || !known[i]) continue;
    PetscCall(problem_gather(known[i], &n, &a->known[i]));
    PetscCall(relative(s, (PetscBool)(i == 0), g[i], known[i], &a->error[i]));
  }
  PetscFunctionReturn(0);
}

static PetscErrorCode solve(problem_session *s, run_answer *a)
{
  TS        ts;
  TSType    type;
  PetscReal t = 0;

  PetscFunctionBeginUser;
  PetscCall(PetscOptionsGetString(NULL, NULL, "-json", s->json, sizeof(s->json), NULL));
  PetscCall(CostateProblemGetTS(s->problem, &ts));
  PetscCall(TSGetType(ts, &type));
  PetscCall(PetscStrncpy(a->ts_type, type, sizeof(a->ts_type)));
  PetscCall(TSGetTime(ts, &a->t0));
  PetscCall(TSGetMaxTime(ts, &a->tend));
  PetscCall(CostateProblemGetCost(s->problem, &a->kind, &a->ntimes, &a->times));
  PetscCall(TSMonitorSet(ts, reached, &t, NULL));
  PetscCall(CostateSolve(s->cs));
  PetscCall(CostateGetType(s->cs, &a->method)); /* of auto the one that was chosen */
  PetscCall(CostateGetConvergedReason(s->cs, &a->reason));
  PetscCall(CostateGetStatistics(s->cs, &a->stats));
  if (a->reason < 0) PetscFunctionReturn(0);
  PetscCall(CostateGetCost(s->cs, 0, &a->cost));
  PetscCall(gradients(s, stopped(s, t, a), a));
  PetscFunctionReturn(0);
}

static int tell(problem_session *s, const run_answer *a)
{
  int status = a->reason > 0 ? 0 : COSTATE_CLI_FAILED;

  if (s->rank == 0 && strcmp(s->json, "-")) run_print(s, a);
  if (s->rank == 0 && s->json[0]) {
    int err = run_json(s, a);

    if (err) {
      fprintf(stderr, "costate run: %s cannot be written: %s\n", s->json, strerror(err));
      status = COSTATE_CLI_FAILED;
    }
  }
  if (MPI_Bcast(&status, 1, MPI_INT, 0, PETSC_COMM_WORLD)) status = COSTATE_CLI_FAILED;
  return status;
}

int costate_cli_run(int argc, char **argv)
{
  static const char *const more[] = {"json", NULL};
  problem_session          s;
  run_answer               a;
  int                      status;

  if (!problem_begin(&s, "run", usage, more, argc, argv, &status)) return status;
  memset(&a, 0, sizeof(a));
  if (solve(&s, &a)) return problem_end(&s, problem_failed(&s, COSTATE_CLI_FAILED));
  status = problem_unread(&s, tell(&s, &a));
  for (int i = 0; i < 2; i++) {
    if (PetscFree(a.value[i]) || PetscFree(a.known[i])) status = COSTATE_CLI_FAILED;
  }
  return problem_end(&s, status);
}
