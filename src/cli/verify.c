/* SPDX-License-Identifier: BSD-2-Clause */
/* costate verify: reads everything that runs left on disk. */
#include <stdio.h>
#include <string.h>
#include <time.h>
#include "cli.h"
#include "inspect.h"
#include "json.h"

static const char usage[] =
    "usage: costate verify DIR [-json]\n"
    "\n"
    "Reads every state of the runs in DIR, or of the run-NNNN that DIR is, compares its bytes with what was written, "
    "and\n"
    "looks whether manifests, journals and HDF5 files go together.  What is damaged is named: file, slot, state, "
    "rank.\n"
    "\n"
    "  -json  for programs\n"
    "  -help  this text\n"
    "\n"
    "Works after a crash and while a run goes on.  A note is no damage: what a kill leaves behind the last commit, or\n"
    "files that belong to nobody.  A run that never committed is vouched for by its journals alone.\n"
    "Status: 0 all is well, 1 something is damaged, 2 there is no such run.\n";

typedef struct {
  int             json, shown; /* shown: a line on the terminal waits to be written over */
  struct timespec start, last;
} watch;

static double since(const struct timespec *t)
{
  struct timespec now;

  clock_gettime(CLOCK_MONOTONIC, &now);
  return (double)(now.tv_sec - t->tv_sec) + 1e-9 * (double)(now.tv_nsec - t->tv_nsec);
}

static void progress(watch *w, const CostateFinding *f)
{
  if (since(&w->start) < 1 || since(&w->last) < .2) return;
  clock_gettime(CLOCK_MONOTONIC, &w->last);
  fprintf(stderr, "\r%s: %.3g of %.3g GB read   ", f->run, 1e-9 * (double)f->bytes, 1e-9 * (double)f->of);
  w->shown = 1;
}

static void wipe(watch *w)
{
  if (w->shown) fprintf(stderr, "\r%78s\r", "");
  w->shown = 0;
}

static void finding_json(const CostateFinding *f)
{
  json_open(NULL, '{');
  json_text("kind", f->found == COSTATE_FOUND_DAMAGE ? "damage" : "note");
  json_text("file", f->file);
  if (f->slot >= 0) json_integer("slot", f->slot);
  if (f->rank >= 0) json_integer("rank", f->rank);
  if (f->what) {
    json_integer("key", f->key);
    if (f->step >= 0) json_integer("step", f->step);
    json_text("what", f->what);
  }
  json_text("text", f->text);
  json_close('}');
}

static void finding_print(const CostateFinding *f)
{
  printf("%s: %s", f->found == COSTATE_FOUND_DAMAGE ? "damaged" : "note", f->run);
  if (*f->file) printf("/%s", f->file);
  if (f->slot >= 0) printf(", slot %d", f->slot);
  if (f->what && f->step >= 0)
    printf(", %s of step %lld", *f->what ? f->what : "frame", (long long)f->step);
  else if (f->what)
    printf(", frame %lld", (long long)f->key);
  if (f->rank >= 0 && f->slot >= 0) printf(", rank %d", f->rank);
  printf(": %s\n", f->text);
}

static PetscErrorCode found(void *ctx, const CostateFinding *f)
{
  watch *w = (watch *)ctx;

  PetscFunctionBeginUser;
  if (f->found == COSTATE_FOUND_PROGRESS) {
    progress(w, f);
    PetscFunctionReturn(0);
  }
  wipe(w);
  if (w->json)
    finding_json(f);
  else
    finding_print(f);
  PetscFunctionReturn(0);
}

static void verdict(const watch *w, const CostateInventoryRun *run, const CostateVerified *sum)
{
  if (w->json) {
    json_close(']');
    json_integer("states", sum->frames);
    json_integer("blocks", sum->blocks);
    json_integer("bytes", sum->bytes);
    json_integer("damaged", sum->damaged);
    json_integer("notes", sum->notes);
    json_close('}');
    return;
  }
  printf("%s: %lld state%s in %lld block%s read, %.3g GB: ", run->run, (long long)sum->frames,
         sum->frames == 1 ? "" : "s", (long long)sum->blocks, sum->blocks == 1 ? "" : "s", 1e-9 * (double)sum->bytes);
  if (sum->damaged)
    printf("damaged, %lld finding%s\n", (long long)sum->damaged, sum->damaged == 1 ? "" : "s");
  else
    printf("all is well\n");
}

static PetscErrorCode read_all(CostateInventory list, watch *w, int *status)
{
  CostateInventoryRun run;
  CostateVerified     sum;
  PetscInt            n;

  PetscFunctionBeginUser;
  PetscCall(CostateInventoryGetSize(list, &n));
  for (PetscInt i = 0; i < n; i++) {
    PetscCall(CostateInventoryGetRun(list, i, &run));
    if (w->json) {
      json_open(NULL, '{');
      json_text("run", run.run);
      json_open("findings", '[');
    }
    PetscCall(CostateInventoryVerify(list, i, found, w, &sum));
    wipe(w);
    verdict(w, &run, &sum);
    if (sum.damaged) *status = COSTATE_CLI_FAILED;
  }
  PetscFunctionReturn(0);
}

int costate_cli_verify(int argc, char **argv)
{
  CostateInventory list = NULL;
  inspect_request  r;
  watch            w;
  int              status, err;

  if (!inspect_parse("verify", usage, argc, argv, &r, &status)) return status;
  if (inspect_begin()) return COSTATE_CLI_USAGE;
  memset(&w, 0, sizeof(w));
  w.json = r.json;
  clock_gettime(CLOCK_MONOTONIC, &w.start);
  err = CostateInventoryOpen(r.dir, &list);
  if (!err && r.json) {
    json_open(NULL, '{');
    json_open("runs", '[');
  }
  if (!err) err = read_all(list, &w, &status);
  if (!err && r.json) {
    json_close(']');
    json_bool("damaged", status);
    json_close('}');
  }
  if (err) {
    fprintf(stderr, "costate verify: %s\n", inspect_said());
    status = COSTATE_CLI_USAGE;
  }
  if (CostateInventoryClose(&list) || inspect_end()) return COSTATE_CLI_USAGE;
  return status;
}
