/* SPDX-License-Identifier: BSD-2-Clause */
/* The command line of `costate export`. */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "cli.h"
#include "export.h"

static const char *const options[] = {"-step", "-out", "-what", "-format", "-force", "-help", NULL};

int export_refuse(const char *format, ...)
{
  va_list args;

  fputs("costate export: ", stderr);
  va_start(args, format);
  vfprintf(stderr, format, args);
  va_end(args);
  fputc('\n', stderr);
  return COSTATE_CLI_USAGE;
}

static int steps(export_request *r, const char *text)
{
  const char *p = text;

  r->all = !strcmp(text, "all");
  for (r->nsteps = 0; !r->all; p++) {
    char *end;

    errno = 0;
    if (r->nsteps == EXPORT_STEPS) return export_refuse("-step: at most %d steps, or all", EXPORT_STEPS);
    r->step[r->nsteps] = *p >= '0' && *p <= '9' ? strtoll(p, &end, 10) : -1;
    if (r->step[r->nsteps] < 0 || errno || (*end && *end != ','))
      return export_refuse("-step '%s' is neither a step, as 4, nor a list, as 0,4,8, nor all", text);
    r->nsteps++;
    p = end;
    if (!*p) break;
  }
  return 0;
}

static int set(export_request *r, const char *option, const char *value)
{
  if (!strcmp(option, "-step")) {
    r->list = 0;
    return steps(r, value);
  }
  if (!strcmp(option, "-out")) {
    const char *name = strrchr(value, '/') ? strrchr(value, '/') + 1 : value;

    if (!*name) return export_refuse("-out '%s' names no file", value);
    if (strlen(value) >= PETSC_MAX_PATH_LEN) return export_refuse("-out: the name is too long");
    /* XDMF has FILE:DATASET */
    if (strchr(name, ':')) return export_refuse("-out %s: an XDMF file cannot refer to a name with a colon", value);
    r->out = value;
  } else if (!strcmp(option, "-what"))
    r->what = value;
  else if (!strcmp(value, "text") || !strcmp(value, "csv"))
    r->csv = !strcmp(value, "csv");
  else
    return export_refuse("-format %s is neither text nor csv", value);
  return 0;
}

int export_parse(export_request *r, int argc, char **argv)
{
  memset(r, 0, sizeof(*r));
  r->list = 1;
  for (int i = 1; i < argc; i++) {
    int known = 0, status;

    if (argv[i][0] != '-') {
      if (r->dir) return export_refuse("one directory at a time: %s or %s?", r->dir, argv[i]);
      r->dir = argv[i];
      continue;
    }
    for (int k = 0; options[k]; k++) known = known || !strcmp(argv[i], options[k]);
    if (!known)
      return export_refuse("there is no option '%s'; did you mean %s?", argv[i], costate_cli_nearest(argv[i], options));
    if (!strcmp(argv[i], "-force")) {
      r->force = 1;
      continue;
    }
    if (i + 1 == argc) return export_refuse("%s needs a value", argv[i]);
    status = set(r, argv[i], argv[i + 1]);
    if (status) return status;
    i++;
  }
  if (!r->dir)
    return export_refuse("which directory? Name the one that was given to -ts_trajectory_costate_hdf5 or "
                         "-ts_trajectory_costate_adjoint_every, or a run-NNNN in it");
  if (r->list && (r->out || r->force))
    return export_refuse("which step? Say -step K; without -step the steps that there are are listed");
  if (r->list && r->what) return export_refuse("-what goes with -step; the list has all that there is");
  if (!r->list && r->csv) return export_refuse("-format is for the list of steps, which goes without -step");
  return 0;
}
