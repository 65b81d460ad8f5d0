/* SPDX-License-Identifier: BSD-2-Clause */
/* costate choose: every method on a problem of the zoo, timed; the fastest that is right, and what auto would take. */
#include <stdio.h>
#include <string.h>
#include <costate/vjp.h>
#include "choose.h"
#include "cli.h"

static const char usage[] =
    "usage: costate choose PROBLEM [-accuracy E] [options]\n"
    "\n"
    "Runs a problem of the zoo by every method, and by every provider of derivatives, and prints time, memory and the\n"
    "errors of the gradients; the fastest method that reaches the accuracy; and what `-costate_type auto` takes.  The\n"
    "options are those of `costate run`, without -costate_type, and\n"
    "\n"
    "  -accuracy E      relative error that gradients may have, against those of the exact solution (1e-4)\n"
    "  -costate_wanted parameters\n"
    "                   dG/dp alone is wanted\n"
    "  -rounds N        how often each is timed, in turn with the others (5)\n"
    "  -clock wall|cpu  what is timed; cpu, of the slowest rank, where other programs are running (wall)\n"
    "  -providers BOOL  the second table, of providers (1)\n"
    "  -json FILE       everything, for programs, - is the standard output\n"
    "  -help            this text\n"
    "\n"
    "It runs under mpiexec too.  Status: 0, 1 if no method reaches the accuracy, or if one does and that of auto does\n"
    "not, 2 for a question that makes no sense.\n";

static PetscErrorCode question(choose_answer *a, PetscBool *providers)
{
  static const char *const clocks[] = {"wall", "cpu"};
  problem_session         *s        = a->s;
  const char *const        wanted[] = {"both", "parameters"};
  TS                       ts;
  TSType                   type;
  PetscInt                 which = 0;
  PetscBool                has;
  PetscReal                accuracy = 1e-4;

  PetscFunctionBeginUser;
  PetscCall(PetscOptionsGetString(NULL, NULL, "-json", s->json, sizeof(s->json), NULL));
  PetscCall(PetscOptionsGetReal(NULL, NULL, "-accuracy", &accuracy, NULL));
  PetscCheck(accuracy > 0, PETSC_COMM_WORLD, PETSC_ERR_ARG_OUTOFRANGE, "-accuracy %g: it must be above 0",
             (double)accuracy);
  a->accuracy = (double)accuracy;
  PetscCall(PetscOptionsGetInt(NULL, NULL, "-rounds", &a->rounds, NULL));
  PetscCheck(a->rounds >= 1 && a->rounds <= CHOOSE_ROUNDS, PETSC_COMM_WORLD, PETSC_ERR_ARG_OUTOFRANGE,
             "-rounds %" PetscInt_FMT ": it must be from 1 to %d", a->rounds, CHOOSE_ROUNDS);
  PetscCall(PetscOptionsGetEList(NULL, NULL, "-clock", clocks, 2, &which, NULL));
  a->cpu = (PetscBool)which;
  PetscCall(PetscOptionsGetBool(NULL, NULL, "-providers", providers, NULL));
  which = 0;
  PetscCall(PetscOptionsGetEList(NULL, NULL, "-costate_wanted", wanted, 2, &which, NULL));
  a->parameters_only = (PetscBool)which;
  PetscCall(PetscOptionsHasName(NULL, NULL, "-costate_type", &has));
  PetscCheck(!has, PETSC_COMM_WORLD, PETSC_ERR_ARG_INCOMP,
             "-costate_type: all methods are tried, leave it out; `costate run` takes one");
  PetscCall(PetscOptionsHasName(NULL, NULL, "-ts_max_steps", &has));
  PetscCheck(!has, PETSC_COMM_WORLD, PETSC_ERR_ARG_INCOMP,
             "-ts_max_steps: the methods are compared on the whole run, leave it out; -tend makes it shorter");
  PetscCall(CostateProblemGetTS(s->problem, &ts));
  PetscCall(TSGetType(ts, &type));
  PetscCall(PetscStrncpy(a->ts_type, type, sizeof(a->ts_type)));
  PetscFunctionReturn(0);
}

static choose_row *add(choose_answer *a, const char *method, const char *provider)
{
  choose_row *r = &a->row[a->nrows++];

  snprintf(r->method, sizeof(r->method), "%s", method);
  snprintf(r->provider, sizeof(r->provider), "%s", provider);
  return r;
}

static PetscErrorCode methods(choose_answer *a)
{
  const char *name, *text;

  PetscFunctionBeginUser;
  for (PetscInt i = 0; a->nrows < CHOOSE_ROWS; i++) {
    PetscCall(CostateListGet(i, &name, &text));
    if (!name) break;
    add(a, name, "");
  }
  a->nmethods = a->nrows;
  PetscCall(choose_measure(a, 0, a->nmethods));
  a->fastest = -1;
  for (int i = 0; i < a->nmethods; i++) {
    const choose_row *r = &a->row[i];

    if (r->failure[0] || !r->reaches) continue;
    if (a->fastest < 0 || choose_median(r) < choose_median(&a->row[a->fastest])) a->fastest = i;
  }
  PetscFunctionReturn(0);
}

/* Their errors are those against the first, the problem's own Jacobian, by the same method. */
static PetscErrorCode providers(choose_answer *a)
{
  const char *name, *text, *missing;
  char        method[32];
  Vec         g[2];

  PetscFunctionBeginUser;
  if (a->chosen < 0 || a->row[a->chosen].failure[0]) PetscFunctionReturn(0);
  memcpy(method, a->row[a->chosen].method, sizeof(method));
  for (int i = 0; i < 2; i++) PetscCall(VecDestroy(&a->known[i]));
  PetscCall(choose_solve(a, method, g));
  for (int i = 0; i < 2; i++) {
    if (!g[i]) continue;
    PetscCall(VecDuplicate(g[i], &a->known[i]));
    PetscCall(VecCopy(g[i], a->known[i]));
  }
  if (g[0]) PetscCall(CostateProblemReduceGradient(a->s->problem, a->known[0]));
  for (PetscInt i = 0; a->nrows < CHOOSE_ROWS; i++) {
    PetscCall(CostateVJPListGet(i, &name, &text, &missing));
    if (!name) break;
    add(a, method, name);
  }
  PetscCall(choose_measure(a, a->nmethods, a->nrows));
  PetscFunctionReturn(0);
}

static PetscErrorCode answer(choose_answer *a)
{
  PetscBool more = PETSC_TRUE;

  PetscFunctionBeginUser;
  PetscCall(question(a, &more));
  a->start = MPI_Wtime();
  PetscCall(choose_reference(a));
  PetscCall(methods(a));
  PetscCall(choose_auto(a));
  if (a->fastest >= 0 && a->chosen >= 0 && a->row[a->chosen].reaches && !a->row[a->chosen].failure[0])
    a->ratio = choose_median(&a->row[a->chosen]) / choose_median(&a->row[a->fastest]);
  if (more) PetscCall(providers(a));
  for (int i = 0; i < 2; i++) PetscCall(VecDestroy(&a->known[i]));
  PetscFunctionReturn(0);
}

/* The figures of all ranks are the same, so that each comes to the same status. */
static int tell(choose_answer *a)
{
  const problem_session *s      = a->s;
  int                    status = a->ratio > 0 ? 0 : COSTATE_CLI_FAILED;

  if (s->rank == 0 && strcmp(s->json, "-")) choose_print(a);
  if (s->rank == 0 && s->json[0]) {
    int err = choose_json(a);

    if (err) fprintf(stderr, "costate choose: %s cannot be written: %s\n", s->json, strerror(err));
    if (err) status = COSTATE_CLI_FAILED;
  }
  if (MPI_Bcast(&status, 1, MPI_INT, 0, PETSC_COMM_WORLD)) status = COSTATE_CLI_FAILED;
  return status;
}

int costate_cli_choose(int argc, char **argv)
{
  static const char *const more[] = {"json", "accuracy", "rounds", "clock", "providers", NULL};
  static choose_answer     a;
  problem_session          s;
  PetscBool                asked = PETSC_TRUE;
  int                      status;

  if (!problem_begin(&s, "choose", usage, more, argc, argv, &status)) return status;
  a.s      = &s;
  a.rounds = 5;
  if (answer(&a)) {
    choose_progress(&a, NULL, NULL);
    if (!a.start) asked = PETSC_FALSE; /* the question itself makes no sense */
    return problem_end(&s, problem_failed(&s, asked ? COSTATE_CLI_FAILED : COSTATE_CLI_USAGE));
  }
  return problem_end(&s, problem_unread(&s, tell(&a)));
}
