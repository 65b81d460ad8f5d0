/* SPDX-License-Identifier: BSD-2-Clause */
/* costate plan: what a schedule costs, beside the optimum, and what it looks like; or how many slots an overhead needs.
 */
#include <stdio.h>
#include <string.h>
#include "cli.h"
#include "plan.h"

static const char usage[] =
    "usage: costate plan -steps N -slots S [options]\n"
    "\n"
    "Runs the checkpoint scheduler for N steps within S units of memory (a state takes one, state 0 included), counts "
    "the\n"
    "steps that it executes, and draws the schedule.  -steps, -slots, -policy and -disk take lists, as in -slots "
    "8,16,32.\n"
    "\n"
    "  -steps N              the number of steps of the forward run (10000 or 1e4)\n"
    "  -slots S              the number of units, or auto: as few as keep to -overhead\n"
    "  -overhead X           with -slots auto: at most X N steps are executed in all (2)\n"
    "  -policy NAME          online\n"
    "  -stage_units G        a stage record takes G units, the state that comes with it included (0: none are kept)\n"
    "  -stage_restarts BOOL  the run can go on from a stage record (false)\n"
    "  -stride K             policy stride: every K-th state (1)\n"
    "  -disk D               a disk holds D states besides, or unlimited; this takes -costs (0: there is no disk)\n"
    "  -costs UF,UB,W,R      the times of a step, of an adjoint step together with the step that is executed right "
    "before it,\n"
    "                        of writing a state and of reading it, in any one unit: as in the report of a run\n"
    "  -io MODE              behind: the disk works while the run computes; wait: the run waits for the disk; once: it "
    "waits,\n"
    "                        and reads what starts a period only once (behind)\n"
    "  -format FORMAT        text, csv or json (text)\n"
    "  -help                 this text\n"
    "\n"
    "advances: plain forward steps; evaluations: all forward steps, advances + N; optimum: the least evaluations when "
    "N is\n"
    "known beforehand; ratio: evaluations / optimum.\n"
    "\n"
    "With a disk: period: a state may go to disk every so many steps; writes, reads: states to and from the disk; "
    "time:"
    "\n"
    "UF advances + UB N + W writes + R reads when the run waits, with -io behind less what is hidden; least: the least "
    "time\n"
    "when N is known beforehand and the run waits for the disk, ~ if better may be possible; ratio: time / least; "
    "memory:\n"
    "the time without a disk.  Where each step is reversed from its two end states (-stage_units 1 -stage_restarts "
    "true) "
    "UB\n"
    "is an adjoint step alone, and UF N are added.\n"
    "\n"
    "Policies:\n";

static int affordable(plan_question *q, int64_t slots, double most, plan_answer *a)
{
  q->cfg.units = slots;
  return !plan_drive(q, NULL, a) && (double)a->evaluations <= most;
}

/*
  The fewest slots for which the driven schedule keeps to the overhead.  It is sought from the fewest for which the
  optimum does: for the policies that come near it the answer is there or next to it.
*/
static int search(plan_question *q, double overhead, plan_answer *a)
{
  const int64_t g = q->cfg.stage_units, restarts = q->cfg.stage_restarts, N = q->steps;
  const double  most = overhead * (double)N;
  int64_t       lo = 0, per_step = g > 1 ? g : 1, step = 1;
  int64_t       hi = N < INT64_MAX / 8 / per_step ? N * per_step + 1 : INT64_MAX / 8;

  if (g == 0 || (g == 1 && restarts)) { /* the optimum is exact there, and more slots never cost more */
    for (int64_t top = hi; top - lo > 1;) {
      const int64_t mid = lo + (top - lo) / 2;

      if ((double)costate_optimum(mid, N, g, (int)restarts) <= most)
        top = mid;
      else
        lo = mid;
    }
  }
  while (lo + step < hi && !affordable(q, lo + step, most, a)) {
    lo += step;
    step *= 2;
  }
  if (lo + step < hi) hi = lo + step;
  while (hi - lo > 1) {
    const int64_t mid = lo + (hi - lo) / 2;

    if (affordable(q, mid, most, a))
      hi = mid;
    else
      lo = mid;
  }
  if (affordable(q, hi, most, a)) return 0;
  snprintf(a->error, sizeof(a->error), "no number of slots keeps policy %s within %g N = %.0f evaluations%s",
           q->cfg.policy, overhead, most,
           g ? "" : ": with every state kept it takes 2 N - 1; stage records take less, see -stage_units");
  return COSTATE_CLI_FAILED;
}

static int one(const plan_request *r, plan_question *q, int index, int many)
{
  plan_answer a;
  int         status = r->automatic ? search(q, r->overhead, &a) : plan_drive(q, NULL, &a) ? COSTATE_CLI_FAILED : 0;

  if (status) {
    (void)plan_refuse("%s", a.error);
    return status;
  }
  plan_compare(q, &a);
  plan_print(q, &a, r->format, !index, many);
  if (r->format == PLAN_TEXT && !many) plan_draw(q, &a);
  return 0;
}

/* Question number `index` of all the combinations; the disk changes fastest. */
static plan_question question(const plan_request *r, int index)
{
  const int disk = index % r->ndisk, slots = index / r->ndisk % r->nslots;
  const int steps = index / r->ndisk / r->nslots % r->nsteps, policy = index / r->ndisk / r->nslots / r->nsteps;

  return (plan_question){
      .cfg     = {.policy         = r->policy[policy],
                  .units          = r->slots[slots],
                  .stage_units    = r->stage_units,
                  .stage_restarts = r->stage_restarts,
                  .steps          = r->steps[steps],
                  .stride         = r->stride,
                  .disk           = r->disk[disk],
                  .io             = r->io,
                  .costs          = r->costs},
      .steps   = r->steps[steps],
      .clocked = r->clocked,
  };
}

int costate_cli_plan(int argc, char **argv)
{
  plan_request r;
  int          status, all;

  for (int i = 1; i < argc; i++) {
    if (strcmp(argv[i], "-help") && strcmp(argv[i], "--help") && strcmp(argv[i], "-h")) continue;
    fputs(usage, stdout);
    for (int k = 0; costate_sched_policy_name(k); k++) {
      printf("  %-8s %s\n", costate_sched_policy_name(k), costate_sched_policy_text(k));
    }
    return 0;
  }
  status = plan_parse(&r, argc, argv);
  all    = r.nsteps * r.nslots * r.npolicies * r.ndisk;
  for (int i = 0; i < all && !status; i++) {
    plan_question q = question(&r, i);

    status = one(&r, &q, i, all > 1);
  }
  if (r.format == PLAN_JSON && !status) printf(all > 1 ? "\n]\n" : "\n");
  return status;
}
