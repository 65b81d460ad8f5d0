/* SPDX-License-Identifier: BSD-2-Clause */
/* costate list: what there is to choose from. */
#include <stdio.h>
#include <string.h>
#include <costate.h>
#include <costate/vjp.h>
#include <costate/zoo.h>
#include "cli.h"

static const char usage[] =
    "usage: costate list [policies|stores|ts|methods|vjps|problems]\n"
    "\n"
    "Prints the policies, the stores, the TS types with and without an adjoint step, the methods that compute\n"
    "gradients, where they may get derivatives from and the problems of the zoo; or only those that are named.\n";

static PetscErrorCode policy(PetscInt i, const char **name, const char **text)
{
  PetscFunctionBeginUser;
  *name = costate_sched_policy_name((int)i);
  *text = *name ? costate_sched_policy_text((int)i) : NULL;
  PetscFunctionReturn(0);
}

static PetscErrorCode list_table(const char *title, int width,
                                 PetscErrorCode (*get)(PetscInt, const char **, const char **))
{
  const char *name, *text;

  PetscFunctionBeginUser;
  printf("%s\n", title);
  for (PetscInt i = 0;; i++) {
    PetscCall(get(i, &name, &text));
    if (!name) break;
    printf("  %-*s %s\n", width, name, text);
  }
  PetscFunctionReturn(0);
}

static PetscErrorCode list_policies(void)
{
  PetscFunctionBeginUser;
  PetscCall(list_table("policies (-ts_trajectory_costate_policy)", 8, policy));
  PetscFunctionReturn(0);
}

static PetscErrorCode list_stores(void)
{
  PetscFunctionBeginUser;
  PetscCall(list_table("stores", 8, CostateStoreListGet));
  PetscFunctionReturn(0);
}

static PetscErrorCode list_ts(void)
{
  PetscInt    i;
  const char *name;
  PetscBool   adjoint;

  PetscFunctionBeginUser;
  for (int pass = 0; pass < 2; pass++) {
    printf("%s\n ", pass ? "TS types without one (-ts_trajectory_adjointmode 0 keeps their states)"
                         : "TS types with an adjoint step");
    for (i = 0;; i++) {
      PetscCall(CostateTSTypeListGet(i, &name, &adjoint));
      if (!name) break;
      if ((int)adjoint != pass) printf(" %s", name);
    }
    printf("\n");
  }
  PetscFunctionReturn(0);
}

static PetscErrorCode list_methods(void)
{
  PetscFunctionBeginUser;
  PetscCall(list_table("methods (-costate_type)", 13, CostateListGet));
  PetscFunctionReturn(0);
}

static PetscErrorCode list_vjps(void)
{
  const char *name, *text, *missing;

  PetscFunctionBeginUser;
  printf("providers of derivatives (-costate_vjp, -costate_vjp_p)\n");
  for (PetscInt i = 0;; i++) {
    PetscCall(CostateVJPListGet(i, &name, &text, &missing));
    if (!name) break;
    printf("  %-13s %s%s%s%s\n", name, text, missing ? " [not built in: " : "", missing ? missing : "",
           missing ? "]" : "");
  }
  PetscFunctionReturn(0);
}

static PetscErrorCode list_problems(void)
{
  PetscFunctionBeginUser;
  PetscCall(list_table("problems (costate run, costate check)", 13, CostateProblemListGet));
  PetscFunctionReturn(0);
}

static const struct {
  const char *name;
  PetscErrorCode (*list)(void);
} lists[] = {
    {"policies", list_policies}, {"stores", list_stores}, {"ts", list_ts},
    {"methods", list_methods},   {"vjps", list_vjps},     {"problems", list_problems},
};

#define NLISTS ((int)(sizeof(lists) / sizeof(lists[0])))

/* Which list; NLISTS: all of them; -1: there is no such list */
static int which(int argc, char **argv)
{
  for (int i = 0; argc == 2 && i < NLISTS; i++)
    if (!strcmp(argv[1], lists[i].name)) return i;
  return argc == 1 ? NLISTS : -1;
}

static int refuse(int argc, char **argv)
{
  const char *names[NLISTS + 1] = {NULL};

  for (int i = 0; i < NLISTS; i++) names[i] = lists[i].name;
  if (argc > 2)
    fprintf(stderr, "costate list: one list at a time, or none for all\n\n");
  else
    fprintf(stderr, "costate list: there is no list of %s; did you mean %s?\n\n", argv[1],
            costate_cli_nearest(argv[1], names));
  fputs(usage, stderr);
  return COSTATE_CLI_USAGE;
}

int costate_cli_list(int argc, char **argv)
{
  const int   help   = argc > 1 && (!strcmp(argv[1], "-help") || !strcmp(argv[1], "--help") || !strcmp(argv[1], "-h"));
  const int   chose  = which(argc, argv);
  int         status = 0;
  PetscMPIInt rank;

  if (PetscInitializeNoArguments()) return COSTATE_CLI_FAILED;
  MPI_Comm_rank(PETSC_COMM_WORLD, &rank);
  if (help && rank == 0) fputs(usage, stdout);
  if (!help && chose < 0) status = rank == 0 ? refuse(argc, argv) : COSTATE_CLI_USAGE;
  for (int i = 0; !help && rank == 0 && i < NLISTS; i++)
    if ((chose == NLISTS || chose == i) && lists[i].list()) status = COSTATE_CLI_FAILED;
  return PetscFinalize() ? COSTATE_CLI_FAILED : status;
}
