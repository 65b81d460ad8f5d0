/* SPDX-License-Identifier: BSD-2-Clause */
/* What is known of a run, in words. */
#include <stdio.h>
#include <time.h>
#include "inspect.h"

#define MORE "  %-12s"

static const char *plural(PetscInt64 n)
{
  return n == 1 ? "" : "s";
}

static const char *clock_time(double when, char text[32])
{
  const time_t t    = (time_t)when;
  struct tm   *here = localtime(&t);

  if (!here || !when || !strftime(text, 32, "%Y-%m-%d %H:%M:%S", here)) snprintf(text, 32, "at an unknown time");
  return text;
}

static void head(const CostateInventoryRun *run)
{
  printf("%s: %s", run->run,
         run->live       ? "is going on"
         : run->finished ? "came to its end"
         : run->commits  ? "ended before it was complete"
                         : "ended");
  if (run->resumable)
    printf("; it can be resumed\n");
  else if (run->live || run->finished)
    printf("\n");
  else
    printf("; it cannot be resumed: %s\n", run->why);
}

static void writer(const CostateInventoryRun *run)
{
  char started[32], changed[32];

  if (*run->owner) printf(MORE "%s\n", "owner", run->owner);
  printf(MORE "%d rank%s, %s", "written by", run->ranks, plural(run->ranks),
         *run->scalar ? run->scalar : "numbers of unknown type");
  if (*run->petsc) printf(", PETSc %s, integers of %d bytes, layout %s", run->petsc, run->integer, run->layout);
  printf("\n" MORE "%s, changed %s\n", "started", clock_time(run->started, started), clock_time(run->changed, changed));
}

static void position(const CostateInventoryCommit *c)
{
  if (c->step < 0)
    printf("position unknown");
  else if (c->backward)
    printf("backward, %lld of %lld steps left", (long long)c->step, (long long)c->steps);
  else
    printf("forward, at step %lld", (long long)c->step);
}

static void commits(const CostateInventoryRun *run, CostateInventory list, PetscInt i)
{
  CostateInventoryCommit c;
  char                   name[32], when[32];

  if (!run->commits && !run->finished) printf(MORE "nothing\n", "committed");
  for (PetscInt k = 0; k < run->commits; k++) {
    if (CostateInventoryGetCommit(list, i, k, &c)) continue;
    snprintf(name, sizeof(name), "generation");
    printf(MORE "%lld, %s: ", name, (long long)c.generation, clock_time(c.when, when));
    if (c.whole) {
      position(&c);
      printf(", %lld state%s\n", (long long)c.frames, plural(c.frames));
    } else
      printf("lost: %s\n", c.why);
  }
}

void inspect_print(const CostateInventoryRun *run, CostateInventory list, PetscInt i)
{
  head(run);
  writer(run);
  commits(run, list, i);
  printf(MORE "%lld complete", "states", (long long)run->complete);
  if (run->commits) printf(", %lld committed", (long long)run->committed);
  if (run->torn)
    printf(", %lld torn: not all ranks had written %s", (long long)run->torn, run->torn == 1 ? "it" : "them");
  printf("\n");
  if (run->labelled)
    printf(MORE "%lld to %lld, time %.10g to %.10g\n", "steps", (long long)run->first_step, (long long)run->last_step,
           run->first_time, run->last_time);
  if (run->torn_lines && !run->live)
    printf(MORE "%lld line%s not whole\n", "journals", (long long)run->torn_lines,
           run->torn_lines == 1 ? " is" : "s are");
  printf(MORE "%.3g GB in %lld file%s\n", "on disk", 1e-9 * (double)run->bytes, (long long)run->files,
         plural(run->files));
}
