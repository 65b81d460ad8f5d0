/* SPDX-License-Identifier: BSD-2-Clause */
/* What is known of a run, in JSON. */
#include "inspect.h"
#include "json.h"

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
