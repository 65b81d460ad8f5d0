/* SPDX-License-Identifier: BSD-2-Clause */
/* JSON, and what is known of a run in it. */
#include <math.h>
#include <stdio.h>
#include "inspect.h"

static int first = 1, depth;

static void name_of(const char *name)
{
  printf("%s%s%*s", first ? "" : ",", depth ? "\n" : "", 2 * depth, "");
  if (name) printf("\"%s\": ", name);
  first = 0;
}

/* Bytes that are no UTF-8 are those of file names; they are passed on. */
void json_text(const char *name, const char *value)
{
  name_of(name);
  putchar('"');
  for (const char *c = value; *c; c++) {
    if (*c == '"' || *c == '\\')
      printf("\\%c", *c);
    else if ((unsigned char)*c < ' ')
      printf("\\u%04x", (unsigned)*c);
    else
      putchar(*c);
  }
  putchar('"');
}

void json_number(const char *name, double value)
{
  name_of(name);
  if (isfinite(value))
    printf("%.17g", value);
  else
    printf("null");
}

void json_integer(const char *name, PetscInt64 value)
{
  name_of(name);
  printf("%lld", (long long)value);
}

void json_bool(const char *name, int value)
{
  name_of(name);
  printf(value ? "true" : "false");
}

void json_null(const char *name)
{
  name_of(name);
  printf("null");
}

void json_open(const char *name, char bracket)
{
  name_of(name);
  putchar(bracket);
  first = 1;
  depth++;
}

void json_close(char bracket)
{
  depth--;
  if (!first) printf("\n%*s", 2 * depth, "");
  putchar(bracket);
  first = 0;
  if (depth) return;
  putchar('\n');
  first = 1;
}

static void commit(const CostateInventoryCommit *c)
{
  json_open(NULL, '{');
  json_integer("generation", c->generation);
  json_text("file", c->file);
  json_number("time", c->when);
  json_bool("whole", c->whole);
  json_integer("states", c->frames);
  if (!c->whole) json_text("why", c->why);
  if (c->step < 0) {
    json_null("position");
  } else {
    json_text("position", c->backward ? "backward" : "forward");
    json_integer("step", c->step);
    if (c->backward) json_integer("of", c->steps);
  }
  json_close('}');
}

void inspect_json(const CostateInventoryRun *run, CostateInventory list, PetscInt i)
{
  CostateInventoryCommit c;

  json_open(NULL, '{');
  json_text("run", run->run);
  json_text("owner", run->owner);
  json_integer("version", run->version);
  json_integer("ranks", run->ranks);
  json_text("scalar", run->scalar);
  json_integer("integer", run->integer);
  json_text("petsc", run->petsc);
  json_text("layout", run->layout);
  json_number("started", run->started);
  json_number("changed", run->changed);
  json_bool("live", run->live);
  json_bool("complete", run->finished);
  json_bool("resumable", run->resumable);
  if (!run->resumable) json_text("why", run->why);
  json_open("generations", '[');
  for (PetscInt k = 0; k < run->commits; k++)
    if (!CostateInventoryGetCommit(list, i, k, &c)) commit(&c);
  json_close(']');
  json_open("states", '{');
  json_integer("complete", run->complete);
  json_integer("committed", run->committed);
  json_integer("torn", run->torn);
  json_close('}');
  if (run->labelled) {
    json_open("steps", '{');
    json_integer("first", run->first_step);
    json_integer("last", run->last_step);
    json_number("first_time", run->first_time);
    json_number("last_time", run->last_time);
    json_close('}');
  } else
    json_null("steps");
  json_integer("torn_lines", run->torn_lines);
  json_integer("files", run->files);
  json_integer("bytes", run->bytes);
  json_close('}');
}
