/* SPDX-License-Identifier: BSD-2-Clause */
/* costate list: what there is to choose from. */
#include <stdio.h>
#include <string.h>
#include <costate.h>
#include "cli.h"

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

int costate_cli_list(int argc, char **argv)
{
  const char *name, *text;

  if (argc > 1) {
    int help = !strcmp(argv[1], "-help");

    fprintf(help ? stdout : stderr, "usage: costate list\nPrints the policies, the stores, and the TS types with and "
                                    "without an adjoint step.\n");
    return help ? 0 : COSTATE_CLI_USAGE;
  }
  if (PetscInitializeNoArguments()) return COSTATE_CLI_FAILED;
  printf("policies (-ts_trajectory_costate_policy)\n");
  for (int i = 0; (name = costate_sched_policy_name(i)); i++) printf("  %-8s %s\n", name, costate_sched_policy_text(i));
  printf("stores\n");
  for (PetscInt i = 0;; i++) {
    if (CostateStoreListGet(i, &name, &text) || !name) break;
    printf("  %-8s %s\n", name, text);
  }
  if (list_ts()) return COSTATE_CLI_FAILED;
  return PetscFinalize() ? COSTATE_CLI_FAILED : 0;
}
