/* SPDX-License-Identifier: BSD-2-Clause */
/* What `costate inspect` and `costate verify` share. */
#ifndef COSTATE_CLI_INSPECT_H
#define COSTATE_CLI_INSPECT_H

#include <costate/archive.h>

typedef struct {
  const char *dir;
  int         json;
} inspect_request;

/* The command line; where it returns 0 nothing is left to do, and *status is the exit status. */
int inspect_parse(const char *command, const char *usage, int argc, char **argv, inspect_request *, int *status);

/* PETSc, with the last error's sentence kept; 0 or the exit status */
int         inspect_begin(void);
int         inspect_end(void);
const char *inspect_said(void);

void inspect_print(const CostateInventoryRun *, CostateInventory, PetscInt i);
void inspect_json(const CostateInventoryRun *, CostateInventory, PetscInt i);

#endif
