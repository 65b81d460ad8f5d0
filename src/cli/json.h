/* SPDX-License-Identifier: BSD-2-Clause */
/* JSON, one value after the other. */
#ifndef COSTATE_CLI_JSON_H
#define COSTATE_CLI_JSON_H

#include <stdio.h>
#include <petscsys.h>

/* Where it goes, from here on; stdout if this is never called. */
void json_to(FILE *);

/* NAME: VALUE of a JSON object, with a comma before all but the first; name may be NULL, in an array. */
void json_text(const char *name, const char *value);
void json_number(const char *name, double value); /* as many digits as it takes; null for what is no number */
void json_integer(const char *name, PetscInt64 value);
void json_bool(const char *name, int value);
void json_null(const char *name);
void json_numbers(const char *name, PetscInt64 n, const PetscScalar *); /* an array in one line */
void json_open(const char *name, char bracket);                         /* { or [ */
void json_close(char bracket);

#endif
