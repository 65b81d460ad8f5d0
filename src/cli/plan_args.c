/* SPDX-License-Identifier: BSD-2-Clause */
/* The options of `costate plan`. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "cli.h"
#include "plan.h"

static const char *const options[] = {"-steps",          "-slots",  "-overhead", "-policy", "-stage_units",
                                      "-stage_restarts", "-stride", "-disk",     "-costs",  "-io",
                                      "-format",         "-help",   NULL};

int plan_refuse(const char *format, ...)
{
  va_list args;

  fputs("costate plan: ", stderr);
  va_start(args, format);
  vfprintf(stderr, format, args);
  va_end(args);
  fputc('\n', stderr);
  return COSTATE_CLI_USAGE;
}

/* A whole number, plainly or as 1e6; everything else is refused with the bounds. */
static int whole(const char *option, const char *text, int64_t least, int64_t *value)
{
  char        *end;
  const double v = strtod(text, &end);

  if (end == text || *end || text[strspn(text, "+-.0123456789eE")]) {
    return plan_refuse("%s '%s' is not a whole number", option, text);
  }
  if (v < (double)least) return plan_refuse("%s %s must be at least %lld", option, text, (long long)least);
  if (v > 1e15) return plan_refuse("%s %s is more than 1e15", option, text);
  if (v != (double)(int64_t)v) return plan_refuse("%s %s is not a whole number", option, text);
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
  return plan_refuse("%s %s is neither true nor false", option, text);
}

static int policy_list(plan_request *r, const char *text)
{
  const char *known[PLAN_LIST + 1];
  int         n = 0;

  while (n < PLAN_LIST && costate_sched_policy_name(n)) {
    known[n] = costate_sched_policy_name(n);
    n++;
  }
  known[n] = NULL;
  if (strlen(text) >= sizeof(r->names)) return plan_refuse("-policy: the list is too long");
  strcpy(r->names, text);
  r->npolicies = 0;
  for (char *p = r->names; p;) {
    char *comma = strchr(p, ',');

    if (comma) *comma++ = '\0';
    for (n = 0; known[n] && strcmp(known[n], p); n++) continue;
    if (!known[n]) return plan_refuse("there is no policy '%s'; did you mean %s?", p, costate_cli_nearest(p, known));
    if (r->npolicies == PLAN_LIST) return plan_refuse("-policy: the list is too long");
    r->policy[r->npolicies++] = known[n];
    p                         = comma;
  }
  return 0;
}

/* `word`, if there is one, stands for no limit. */
static int number_list(const char *option, const char *text, int64_t least, const char *word, int64_t *values,
                       int *count)
{
  char buffer[1024];

  if (strlen(text) >= sizeof(buffer)) return plan_refuse("%s: the list is too long", option);
  strcpy(buffer, text);
  *count = 0;
  for (char *p = buffer; p;) {
    char *comma = strchr(p, ',');
    int   status;

    if (comma) *comma++ = '\0';
    if (*count == PLAN_LIST) return plan_refuse("%s: the list is too long", option);
    if (word && !strcmp(p, word)) {
      values[(*count)++] = COSTATE_UNLIMITED;
    } else if (word && !strpbrk(p, "0123456789")) {
      return plan_refuse("%s '%s' is neither a whole number nor %s", option, p, word);
    } else {
      status = whole(option, p, least, &values[(*count)++]);
      if (status) return status;
    }
    p = comma;
  }
  return 0;
}

/* Four numbers; only a step must cost something, or there is no unit to measure the others with. */
static int costs(plan_request *r, const char *text)
{
  double      value[4];
  const char *p = text;

  for (int i = 0; i < 4; i++) {
    char *end;

    value[i] = strtod(p, &end);
    if (end == p || *end != (i < 3 ? ',' : '\0') || text[strspn(text, "+-.,0123456789eE")]) {
      return plan_refuse("-costs '%s' is not four numbers UF,UB,W,R: what a step, an adjoint step, a write and a read "
                         "of "
                         "a state take, in any one unit of time",
                         text);
    }
    if (!(value[i] >= 0 && value[i] <= 1e15))
      return plan_refuse("-costs %s: number %d is not from 0 to 1e15", text, i + 1);
    p = end + 1;
  }
  if (value[0] < 1e-15) return plan_refuse("-costs %s: a step must take some time, 1e-15 at least", text);
  r->costs.forward = value[0];
  r->costs.adjoint = value[1];
  r->costs.write   = value[2];
  r->costs.read    = value[3];
  return 0;
}

static int io(plan_request *r, const char *text)
{
  static const char *const name[] = {"behind", "wait", "once", NULL};
  static const costate_io  mode[] = {COSTATE_IO_BEHIND, COSTATE_IO_REREAD, COSTATE_IO_ONCE};

  for (int i = 0; name[i]; i++) {
    if (!strcmp(text, name[i])) return r->io = mode[i], 0;
  }
  return plan_refuse("-io %s is none of behind, wait, once", text);
}

/* What the options make together */
static int check(plan_request *r, int overhead, int disk, int given, int mode)
{
  int any = 0;

  for (int i = 0; i < r->ndisk; i++) any = any || r->disk[i];
  if (!r->nsteps) return plan_refuse("how many steps? say -steps N");
  if (!r->nslots) return plan_refuse("how many slots? say -slots S, or -slots auto");
  if (overhead && !r->automatic) return plan_refuse("-overhead goes with -slots auto");
  if (given && !disk) return plan_refuse("-costs goes with -disk");
  if (mode && !disk) return plan_refuse("-io goes with -disk");
  if ((any || given) && r->automatic) {
    return plan_refuse(
        "-slots auto goes without -disk: say how many states memory holds, or a list, as in -slots 8,16");
  }
  if (any && !given) {
    return plan_refuse(
        "-disk needs -costs UF,UB,W,R, what a step, an adjoint step, a write and a read of a state take: "
        "\"costs\" in the report of a run (-ts_trajectory_costate_report FILE), or the same from "
        "-ts_trajectory_view");
  }
  if (mode && !given) return plan_refuse("-io goes with a disk that holds something, and with -costs");
  r->clocked = given;
  return 0;
}

static int set(plan_request *r, const char *option, const char *value)
{
  char *end;

  if (!strcmp(option, "-steps")) return number_list(option, value, 1, NULL, r->steps, &r->nsteps);
  if (!strcmp(option, "-slots")) {
    r->automatic = !strcmp(value, "auto");
    r->nslots    = 1;
    return r->automatic ? 0 : number_list(option, value, 1, NULL, r->slots, &r->nslots);
  }
  if (!strcmp(option, "-policy")) return policy_list(r, value);
  if (!strcmp(option, "-stage_units")) return whole(option, value, 0, &r->stage_units);
  if (!strcmp(option, "-stage_restarts")) return truth(option, value, &r->stage_restarts);
  if (!strcmp(option, "-stride")) return whole(option, value, 1, &r->stride);
  if (!strcmp(option, "-disk")) return number_list(option, value, 0, "unlimited", r->disk, &r->ndisk);
  if (!strcmp(option, "-costs")) return costs(r, value);
  if (!strcmp(option, "-io")) return io(r, value);
  if (!strcmp(option, "-overhead")) {
    r->overhead = strtod(value, &end);
    if (end == value || *end || !(r->overhead >= 1) || r->overhead > 1e15) {
      return plan_refuse("-overhead %s is not a number from 1 on: every step is executed once at least", value);
    }
    return 0;
  }
  if (!strcmp(value, "text"))
    r->format = PLAN_TEXT;
  else if (!strcmp(value, "csv"))
    r->format = PLAN_CSV;
  else if (!strcmp(value, "json"))
    r->format = PLAN_JSON;
  else
    return plan_refuse("-format %s is none of text, csv, json", value);
  return 0;
}

int plan_parse(plan_request *r, int argc, char **argv)
{
  int overhead = 0, disk = 0, given = 0, mode = 0;

  memset(r, 0, sizeof(*r));
  r->overhead  = 2;
  r->policy[0] = costate_sched_policy_name(0);
  r->npolicies = 1;
  r->ndisk     = 1;
  r->io        = COSTATE_IO_BEHIND;
  for (int i = 1; i < argc; i += 2) {
    int known = 0, status;

    for (int k = 0; options[k]; k++) known = known || !strcmp(argv[i], options[k]);
    if (!known)
      return plan_refuse("there is no option '%s'; did you mean %s?", argv[i], costate_cli_nearest(argv[i], options));
    if (i + 1 == argc) return plan_refuse("%s needs a value", argv[i]);
    status = set(r, argv[i], argv[i + 1]);
    if (status) return status;
    overhead = overhead || !strcmp(argv[i], "-overhead");
    disk     = disk || !strcmp(argv[i], "-disk");
    given    = given || !strcmp(argv[i], "-costs");
    mode     = mode || !strcmp(argv[i], "-io");
  }
  return check(r, overhead, disk, given, mode);
}
