/* SPDX-License-Identifier: BSD-2-Clause */
/* costate inspect: the runs in a directory, without reading their states. */
#include <stdio.h>
#include <string.h>
#include "cli.h"
#include "inspect.h"
#include "json.h"

static const char usage[] =
    "usage: costate inspect DIR [-json]\n"
    "\n"
    "Says of each run in DIR who wrote it, whether it goes on, ended well or was killed, what it committed and "
    "whether\n"
    "it can be resumed, which states it holds, and what it takes on disk.  DIR is what was given to\n"
    "-ts_trajectory_costate_hdf5 or to -ts_trajectory_costate_adjoint_every, or a run-NNNN in it.\n"
    "\n"
    "  -json  for programs\n"
    "  -help  this text\n"
    "\n"
    "Nothing is written, and nothing locked: the runs may be going on.  No state is read; `costate verify` does that.\n"
    "Status: 0, or 1 where there is no run.\n";

static char said[2048];

/* The library's sentence is enough; where in the source it comes from is of no use to who runs a command. */
static PetscErrorCode listen(MPI_Comm comm, int line, const char *function, const char *file, PetscErrorCode code,
                             PetscErrorType type, const char *message, void *ctx)
{
  (void)comm, (void)line, (void)function, (void)file, (void)ctx;
  if (type == PETSC_ERROR_INITIAL)
    snprintf(said, sizeof(said), "%s%s", code == PETSC_ERR_MEM ? "There is not enough memory. " : "",
             message ? message : "");
  return code;
}

const char *inspect_said(void)
{
  return said;
}

int inspect_begin(void)
{
  return PetscInitializeNoArguments() || PetscPushErrorHandler(listen, NULL);
}

int inspect_end(void)
{
  return PetscPopErrorHandler() || PetscFinalize();
}

static int refuse(const char *command, const char *what, const char *more)
{
  fprintf(stderr, "costate %s: %s%s\n", command, what, more);
  return COSTATE_CLI_USAGE;
}

int inspect_parse(const char *command, const char *text, int argc, char **argv, inspect_request *r, int *status)
{
  static const char *const options[] = {"-json", "-help", NULL};

  memset(r, 0, sizeof(*r));
  *status = 0;
  for (int i = 1; i < argc; i++) {
    if (strcmp(argv[i], "-help") && strcmp(argv[i], "--help") && strcmp(argv[i], "-h")) continue;
    fputs(text, stdout);
    return 0;
  }
  for (int i = 1; i < argc && !*status; i++) {
    char many[64 + 2 * FILENAME_MAX];

    if (!strcmp(argv[i], "-json")) {
      r->json = 1;
    } else if (argv[i][0] == '-') {
      snprintf(many, sizeof(many), "'%.200s'; did you mean %s?", argv[i], costate_cli_nearest(argv[i], options));
      *status = refuse(command, "there is no option ", many);
    } else if (r->dir) {
      snprintf(many, sizeof(many), "%.200s or %.200s?", r->dir, argv[i]);
      *status = refuse(command, "one directory at a time: ", many);
    } else {
      r->dir = argv[i];
    }
  }
  if (!*status && (!r->dir || !*r->dir))
    *status = refuse(command, "which directory? Name the one that was given to -ts_trajectory_costate_hdf5 or ",
                     "-ts_trajectory_costate_adjoint_every, or a run-NNNN in it");
  return !*status;
}

static PetscErrorCode look(const inspect_request *r, CostateInventory *list)
{
  CostateInventoryRun run;
  PetscInt            n;

  PetscFunctionBeginUser;
  PetscCall(CostateInventoryOpen(r->dir, list));
  PetscCall(CostateInventoryGetSize(*list, &n));
  if (r->json) {
    json_open(NULL, '{');
    json_open("runs", '[');
  }
  for (PetscInt i = 0; i < n; i++) {
    PetscCall(CostateInventoryGetRun(*list, i, &run));
    if (r->json)
      inspect_json(&run, *list, i);
    else
      inspect_print(&run, *list, i);
  }
  if (r->json) {
    json_close(']');
    json_close('}');
  }
  PetscFunctionReturn(0);
}

int costate_cli_inspect(int argc, char **argv)
{
  CostateInventory list = NULL;
  inspect_request  r;
  int              status;

  if (!inspect_parse("inspect", usage, argc, argv, &r, &status)) return status;
  if (inspect_begin()) return COSTATE_CLI_FAILED;
  if (look(&r, &list)) {
    fprintf(stderr, "costate inspect: %s\n", inspect_said());
    status = COSTATE_CLI_FAILED;
  }
  if (CostateInventoryClose(&list) || inspect_end()) return COSTATE_CLI_FAILED;
  return status;
}
