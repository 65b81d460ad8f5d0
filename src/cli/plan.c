/* SPDX-License-Identifier: BSD-2-Clause */
/* costate plan: what a schedule costs, beside the optimum, and what it looks like; or how many slots an overhead needs.
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "cli.h"
#include "plan.h"

#define LIST         64   /* values in a comma list */
#define JSON_ACTIONS 1000 /* steps up to which the json lists every action */

typedef struct {
  int64_t     steps[LIST], slots[LIST];
  const char *policy[LIST];
  int         nsteps, nslots, npolicies;
  int         automatic, stage_restarts;
  int64_t     stage_units, stride;
  double      overhead;
  enum { TEXT, CSV, JSON } format;
  char names[512]; /* the policies' names live here */
} request;

static const char usage[] =
    "usage: costate plan -steps N -slots S [options]\n"
    "\n"
    "Runs the checkpoint scheduler for N steps within S units of memory (a state takes one, state 0 included), counts "
    "the\n"
    "steps that it executes, and draws the schedule.  -steps, -slots and -policy take lists, as in -slots 8,16,32.\n"
    "\n"
    "  -steps N              the number of steps of the forward run (10000 or 1e4)\n"
    "  -slots S              the number of units, or auto: as few as keep to -overhead\n"
    "  -overhead X           with -slots auto: at most X N steps are executed in all (2)\n"
    "  -policy NAME          online\n"
    "  -stage_units G        a stage record takes G units, the state that comes with it included (0: none are kept)\n"
    "  -stage_restarts BOOL  the run can go on from a stage record (false)\n"
    "  -stride K             policy stride: every K-th state (1)\n"
    "  -format FORMAT        text, csv or json (text)\n"
    "  -help                 this text\n"
    "\n"
    "advances: plain forward steps; evaluations: all forward steps, advances + N; optimum: the least evaluations when "
    "N is\n"
    "known beforehand; ratio: evaluations / optimum.\n"
    "\n"
    "Policies:\n";

static const char *const options[] = {"-steps",          "-slots",  "-overhead", "-policy", "-stage_units",
                                      "-stage_restarts", "-stride", "-format",   "-help",   NULL};

static int refuse(const char *format, ...)
{
  va_list args;

  fputs("costate plan: ", stderr);
  va_start(args, format);
  vfprintf(stderr, format, args);
  va_end(args);
  fputc('\n', stderr);
  return COSTATE_CLI_USAGE;
}

/* Levenshtein's distance, for names */
static size_t distance(const char *a, const char *b)
{
  size_t row[64];
  size_t n = strlen(b);

  if (n >= 64) return 64;
  for (size_t j = 0; j <= n; j++) row[j] = j;
  for (size_t i = 0; a[i]; i++) {
    size_t diagonal = row[0];

    row[0] = i + 1;
    for (size_t j = 0; j < n; j++) {
      const size_t above = row[j + 1];
      size_t       least = diagonal + (a[i] != b[j]);

      if (above + 1 < least) least = above + 1;
      if (row[j] + 1 < least) least = row[j] + 1;
      row[j + 1] = least;
      diagonal   = above;
    }
  }
  return row[n];
}

static const char *nearest(const char *name, const char *const *names)
{
  const char *best = names[0];

  for (int i = 1; names[i]; i++) {
    if (distance(names[i], name) < distance(best, name)) best = names[i];
  }
  return best;
}

/* A whole number, plainly or as 1e6; everything else is refused with the bounds. */
static int whole(const char *option, const char *text, int64_t least, int64_t *value)
{
  char        *end;
  const double v = strtod(text, &end);

  if (end == text || *end || text[strspn(text, "+-.0123456789eE")]) {
    return refuse("%s '%s' is not a whole number", option, text);
  }
  if (v < (double)least) return refuse("%s %s must be at least %lld", option, text, (long long)least);
  if (v > 1e15) return refuse("%s %s is more than 1e15", option, text);
  if (v != (double)(int64_t)v) return refuse("%s %s is not a whole number", option, text);
  *value = (int64_t)v;
  return 0;
}

static int truth(const char *option, const char *text, int *value)
{
  const char *const yes[] = {"true", "yes", "on", "1"}, *const no[] = {"false", "no", "off", "0"};

  for (int i = 0; i < 4; i++) {
    if (!strcmp(text, yes[i])) return *value = 1, 0;
    if (!strcmp(text, no[i])) return *value = 0, 0;
  }
  return refuse("%s %s is neither true nor false", option, text);
}

static int policy_list(request *r, const char *text)
{
  const char *known[LIST + 1];
  int         n = 0;

  while (n < LIST && costate_sched_policy_name(n)) {
    known[n] = costate_sched_policy_name(n);
    n++;
  }
  known[n] = NULL;
  if (strlen(text) >= sizeof(r->names)) return refuse("-policy: the list is too long");
  strcpy(r->names, text);
  r->npolicies = 0;
  for (char *p = r->names; p;) {
    char *comma = strchr(p, ',');

    if (comma) *comma++ = '\0';
    for (n = 0; known[n] && strcmp(known[n], p); n++) continue;
    if (!known[n]) return refuse("there is no policy '%s'; did you mean %s?", p, nearest(p, known));
    if (r->npolicies == LIST) return refuse("-policy: the list is too long");
    r->policy[r->npolicies++] = known[n];
    p                         = comma;
  }
  return 0;
}

static int number_list(const char *option, const char *text, int64_t *values, int *count)
{
  char buffer[1024];

  if (strlen(text) >= sizeof(buffer)) return refuse("%s: the list is too long", option);
  strcpy(buffer, text);
  *count = 0;
  for (char *p = buffer; p;) {
    char *comma = strchr(p, ',');
    int   status;

    if (comma) *comma++ = '\0';
    if (*count == LIST) return refuse("%s: the list is too long", option);
    status = whole(option, p, 1, &values[(*count)++]);
    if (status) return status;
    p = comma;
  }
  return 0;
}

static int set(request *r, const char *option, const char *value)
{
  char *end;

  if (!strcmp(option, "-steps")) return number_list(option, value, r->steps, &r->nsteps);
  if (!strcmp(option, "-slots")) {
    r->automatic = !strcmp(value, "auto");
    r->nslots    = 1;
    return r->automatic ? 0 : number_list(option, value, r->slots, &r->nslots);
  }
  if (!strcmp(option, "-policy")) return policy_list(r, value);
  if (!strcmp(option, "-stage_units")) return whole(option, value, 0, &r->stage_units);
  if (!strcmp(option, "-stage_restarts")) return truth(option, value, &r->stage_restarts);
  if (!strcmp(option, "-stride")) return whole(option, value, 1, &r->stride);
  if (!strcmp(option, "-overhead")) {
    r->overhead = strtod(value, &end);
    if (end == value || *end || !(r->overhead >= 1) || r->overhead > 1e15) {
      return refuse("-overhead %s is not a number from 1 on: every step is executed once at least", value);
    }
    return 0;
  }
  if (!strcmp(value, "text"))
    r->format = TEXT;
  else if (!strcmp(value, "csv"))
    r->format = CSV;
  else if (!strcmp(value, "json"))
    r->format = JSON;
  else
    return refuse("-format %s is none of text, csv, json", value);
  return 0;
}

static int parse(request *r, int argc, char **argv)
{
  int overhead = 0;

  memset(r, 0, sizeof(*r));
  r->overhead  = 2;
  r->policy[0] = costate_sched_policy_name(0);
  r->npolicies = 1;
  for (int i = 1; i < argc; i += 2) {
    int known = 0, status;

    for (int k = 0; options[k]; k++) known = known || !strcmp(argv[i], options[k]);
    if (!known) return refuse("there is no option '%s'; did you mean %s?", argv[i], nearest(argv[i], options));
    if (i + 1 == argc) return refuse("%s needs a value", argv[i]);
    status = set(r, argv[i], argv[i + 1]);
    if (status) return status;
    overhead = overhead || !strcmp(argv[i], "-overhead");
  }
  if (!r->nsteps) return refuse("how many steps? say -steps N");
  if (!r->nslots) return refuse("how many slots? say -slots S, or -slots auto");
  if (overhead && !r->automatic) return refuse("-overhead goes with -slots auto");
  return 0;
}

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

static void print_action(void *ctx, const costate_action *a, int new_phase)
{
  static const char *const verb[]    = {"store", "evict", "restore", "advance", "adjoint"};
  const char             **separator = ctx;

  (void)new_phase;
  printf("%s\n    {\"do\": \"%s\", ", *separator, verb[a->kind]);
  *separator = ",";
  if (a->kind == COSTATE_ADVANCE)
    printf("\"from\": %lld, \"to\": %lld}", (long long)a->from, (long long)a->step);
  else if (a->kind == COSTATE_ADJOINT)
    printf("\"step\": %lld, \"taped\": %s}", (long long)a->step, a->taped ? "true" : "false");
  else
    printf("\"what\": \"%s\", \"step\": %lld}", a->what == COSTATE_STATE ? "state" : "stages", (long long)a->step);
}

static void print_forward(void *ctx, int64_t step)
{
  const char **separator = ctx;

  printf("%s\n    {\"do\": \"forward\", \"step\": %lld}", *separator, (long long)step);
  *separator = ",";
}

static void print_json(const plan_question *q, const plan_answer *a, int first)
{
  const char *separator = "";
  plan_watch  watch     = {print_forward, print_action, NULL};
  plan_answer again;

  watch.ctx = &separator;
  printf("%s{\n  \"policy\": \"%s\", \"steps\": %lld, \"slots\": %lld, \"stage_units\": %lld, \"stage_restarts\": %s,\n"
         "  \"advances\": %lld, \"evaluations\": %lld, \"optimum\": %lld, \"ratio\": %.6f, \"repetition\": %lld, "
         "\"peak_units\": %lld",
         first ? "" : ",\n", q->cfg.policy, (long long)q->steps, (long long)a->slots, (long long)q->cfg.stage_units,
         q->cfg.stage_restarts ? "true" : "false", (long long)a->advances, (long long)a->evaluations,
         (long long)a->optimum, a->ratio, (long long)a->repetition, (long long)a->peak);
  if (q->steps <= JSON_ACTIONS) {
    printf(",\n  \"actions\": [");
    (void)plan_drive(q, &watch, &again);
    printf("\n  ]");
  }
  printf("\n}");
}

static void print_text(const plan_question *q, const plan_answer *a, int first)
{
  if (first) {
    printf("%-8s %11s %8s %13s %13s %13s %8s %10s %8s\n", "policy", "steps", "slots", "advances", "evaluations",
           "optimum", "ratio", "repetition", "peak");
  }
  printf("%-8s %11lld %8lld %13lld %13lld %13lld %8.6f %10lld %8lld\n", q->cfg.policy, (long long)q->steps,
         (long long)a->slots, (long long)a->advances, (long long)a->evaluations, (long long)a->optimum, a->ratio,
         (long long)a->repetition, (long long)a->peak);
}

static int one(const request *r, plan_question *q, int index, int many)
{
  plan_answer a;
  int         status = r->automatic ? search(q, r->overhead, &a) : plan_drive(q, NULL, &a) ? COSTATE_CLI_FAILED : 0;

  if (status) {
    (void)refuse("%s", a.error);
    return status;
  }
  plan_compare(q, &a);
  if (r->format == CSV) {
    if (!index) printf("policy,steps,slots,advances,evaluations,optimum,ratio\n");
    printf("%s,%lld,%lld,%lld,%lld,%lld,%.6f\n", q->cfg.policy, (long long)q->steps, (long long)a.slots,
           (long long)a.advances, (long long)a.evaluations, (long long)a.optimum, a.ratio);
  } else if (r->format == JSON) {
    if (!index && many) printf("[\n");
    print_json(q, &a, !index);
  } else {
    print_text(q, &a, !index);
    if (a.beyond && !index) {
      printf("(the optimum with stage records is not computed for so many steps; the figure is what policy offline "
             "comes to)\n");
    }
    if (!many) plan_draw(q, &a);
  }
  return 0;
}

int costate_cli_plan(int argc, char **argv)
{
  request r;
  int     status, index = 0, many;

  for (int i = 1; i < argc; i++) {
    if (strcmp(argv[i], "-help") && strcmp(argv[i], "--help") && strcmp(argv[i], "-h")) continue;
    fputs(usage, stdout);
    for (int k = 0; costate_sched_policy_name(k); k++) {
      printf("  %-8s %s\n", costate_sched_policy_name(k), costate_sched_policy_text(k));
    }
    return 0;
  }
  status = parse(&r, argc, argv);
  many   = r.nsteps * r.nslots * r.npolicies > 1;
  for (int p = 0; p < r.npolicies; p++) {
    for (int i = 0; i < r.nsteps; i++) {
      for (int k = 0; k < r.nslots && !status; k++) {
        plan_question q = {{r.policy[p], r.slots[k], r.stage_units, r.stage_restarts, r.steps[i], r.stride},
                           r.steps[i]};

        status = one(&r, &q, index++, many);
      }
    }
  }
  if (r.format == JSON && !status) printf(many ? "\n]\n" : "\n");
  return status;
}
