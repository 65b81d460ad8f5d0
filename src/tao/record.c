/* SPDX-License-Identifier: BSD-2-Clause */
/* The records of a tape as lines of text, and the options of the program that made it. */
#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "tape.h"

/* The value as the hexadecimal digits of its bytes, whatever a PetscReal is, and for people behind it. */
void CostateRecordPrint(const CostateRecord *r, PetscInt64 n, char *line, size_t length)
{
  char                 bits[2 * sizeof(r->f) + 1];
  const unsigned char *byte = (const unsigned char *)&r->f;

  for (size_t i = 0; i < sizeof(r->f); i++) snprintf(bits + 2 * i, 3, "%02x", byte[i]);
  snprintf(line, length, "evaluation %" PRId64 " %c %s %s %016" PRIx64 " %016" PRIx64 " %" PRId64 " %.9g", (int64_t)n,
           r->kind, r->method, bits, (uint64_t)r->x, (uint64_t)r->g, (int64_t)r->runs, (double)r->f);
}

static PetscBool Bits(const char *digits, PetscReal *f)
{
  unsigned char byte[sizeof(*f)];

  if (strlen(digits) != 2 * sizeof(*f)) return PETSC_FALSE;
  for (size_t i = 0; i < sizeof(*f); i++) {
    unsigned int b;

    if (!isxdigit((unsigned char)digits[2 * i]) || sscanf(digits + 2 * i, "%2x", &b) != 1) return PETSC_FALSE;
    byte[i] = (unsigned char)b;
  }
  memcpy(f, byte, sizeof(*f));
  return PETSC_TRUE;
}

/* Whether the line is the record of evaluation n. */
PetscBool CostateRecordParse(const char *line, PetscInt64 n, CostateRecord *r)
{
  char     bits[65];
  int64_t  number, runs;
  uint64_t x, g;

  if (sscanf(line, "evaluation %" SCNd64 " %c %39s %64s %" SCNx64 " %" SCNx64 " %" SCNd64, &number, &r->kind, r->method,
             bits, &x, &g, &runs) != 7)
    return PETSC_FALSE;
  if (number != n || runs < 0 || !Bits(bits, &r->f)) return PETSC_FALSE;
  if (r->kind != COSTATE_VALUE && r->kind != COSTATE_SLOPE && r->kind != COSTATE_BOTH) return PETSC_FALSE;
  r->x    = (PetscInt64)x;
  r->g    = (PetscInt64)g;
  r->runs = runs;
  return PETSC_TRUE;
}

/* An option with its value ends where the next begins: at a blank, a minus and what is no number. */
static const char *OptionEnd(const char *at)
{
  for (const char *c = at + 1; *c; c++)
    if (c[-1] == ' ' && c[0] == '-' && c[1] && !isdigit((unsigned char)c[1]) && c[1] != '.') return c;
  return at + strlen(at);
}

static size_t OptionLength(const char *at, const char *end)
{
  while (end > at && end[-1] == ' ') end--;
  return (size_t)(end - at);
}

static PetscBool HasOption(const char *text, const char *option, size_t length)
{
  for (const char *at = text; *at;) {
    const char *end = OptionEnd(at);

    if (OptionLength(at, end) == length && !strncmp(at, option, length)) return PETSC_TRUE;
    at = end;
  }
  return PETSC_FALSE;
}

/* All options on one line.  Ours are left out: where files are and what is resumed changes no result. */
PetscErrorCode CostateOptionsText(Tao tao, char **text)
{
  PetscOptions options;
  char        *all, *to;

  PetscFunctionBegin;
  PetscCall(PetscObjectGetOptions((PetscObject)tao, &options));
  PetscCall(PetscOptionsGetAll(options, &all));
  PetscCall(PetscCalloc1(strlen(all) + 1, text));
  for (char *c = all; *c; c++)
    if (iscntrl((unsigned char)*c)) *c = ' ';
  to = *text;
  for (const char *at = all; *at;) {
    const char  *end    = OptionEnd(at);
    const size_t length = (size_t)(end - at), name = PetscMin(length, strcspn(at, " "));
    const char  *ours = strstr(at, "costate");

    if (!ours || ours >= at + name) {
      memcpy(to, at, length);
      to += length;
    }
    at = end;
  }
  PetscCall(PetscFree(all));
  PetscFunctionReturn(0);
}

/* The options that are in one of the texts alone, or an empty string. */
PetscErrorCode CostateOptionsDiffer(const char *then, const char *now, char *what, size_t length)
{
  const char *const text[2] = {then, now}, *const side[2] = {"no longer ", "now "};
  size_t used = 0;

  PetscFunctionBegin;
  what[0] = 0;
  for (int i = 0; i < 2; i++) {
    for (const char *at = text[i]; *at;) {
      const char  *end  = OptionEnd(at);
      const size_t have = OptionLength(at, end);

      if (have && !HasOption(text[1 - i], at, have) && used < length)
        used += (size_t)snprintf(what + used, length - used, "%s%s%.*s", used ? ", " : "", side[i], (int)have, at);
      at = end;
    }
  }
  PetscFunctionReturn(0);
}
