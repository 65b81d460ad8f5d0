/* SPDX-License-Identifier: BSD-2-Clause */
/* JSON, one value after the other. */
#include <math.h>
#include <stdio.h>
#include "json.h"

static int   first = 1, depth;
static FILE *to;

void json_to(FILE *file)
{
  to = file;
}

static void name_of(const char *name)
{
  if (!to) to = stdout;
  fprintf(to, "%s%s%*s", first ? "" : ",", depth ? "\n" : "", 2 * depth, "");
  if (name) fprintf(to, "\"%s\": ", name);
  first = 0;
}

/* Bytes that are no UTF-8 are those of file names; they are passed on. */
void json_text(const char *name, const char *value)
{
  name_of(name);
  fputc('"', to);
  for (const char *c = value; *c; c++) {
    if (*c == '"' || *c == '\\')
      fprintf(to, "\\%c", *c);
    else if ((unsigned char)*c < ' ')
      fprintf(to, "\\u%04x", (unsigned)*c);
    else
      fputc(*c, to);
  }
  fputc('"', to);
}

void json_number(const char *name, double value)
{
  name_of(name);
  if (isfinite(value))
    fprintf(to, "%.17g", value);
  else
    fprintf(to, "null");
}

void json_integer(const char *name, PetscInt64 value)
{
  name_of(name);
  fprintf(to, "%lld", (long long)value);
}

void json_bool(const char *name, int value)
{
  name_of(name);
  fputs(value ? "true" : "false", to);
}

void json_null(const char *name)
{
  name_of(name);
  fprintf(to, "null");
}

void json_open(const char *name, char bracket)
{
  name_of(name);
  fputc(bracket, to);
  first = 1;
  depth++;
}

void json_close(char bracket)
{
  depth--;
  if (!first) fprintf(to, "\n%*s", 2 * depth, "");
  fputc(bracket, to);
  first = 0;
  if (depth) return;
  fputc('\n', to);
  first = 1;
}

void json_numbers(const char *name, PetscInt64 n, const PetscScalar *x)
{
  name_of(name);
  fputc('[', to);
  for (PetscInt64 i = 0; i < n; i++) {
    const double value = (double)PetscRealPart(x[i]);

    if (i) fputs(", ", to);
    if (isfinite(value))
      fprintf(to, "%.17g", value);
    else
      fputs("null", to);
  }
  fputc(']', to);
}
