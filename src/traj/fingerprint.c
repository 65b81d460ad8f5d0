/* SPDX-License-Identifier: BSD-2-Clause */
/* By what a run is known again: its place in the program, its sizes and method, the options it was given. */
#include "trajimpl.h"
#include <ctype.h>
#include <stdlib.h>

/* Whose run this is: the number of the run in the process, and the prefix of its TS. */
PetscErrorCode CostateOwner(CostateTraj tr)
{
  const char *prefix = ((PetscObject)tr->ts)->prefix;

  PetscFunctionBegin;
  PetscCall(PetscSNPrintf(tr->owner, sizeof(tr->owner), "run %" PetscInt64_FMT "%s%s", tr->run, prefix ? " of " : "",
                          prefix ? prefix : ""));
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode CostateFingerprint(CostateTraj tr, char text[], size_t len)
{
  TS   ts = tr->ts;
  char stops[64];

  PetscFunctionBegin;
  PetscCall(CostateStopsPrint(tr, stops, sizeof(stops)));
  PetscCall(PetscSNPrintf(text, len,
                          "%" PetscInt_FMT " unknowns, TS %s with %" PetscInt_FMT " stages, adaptor %s, "
                          "check %d jumps %d%s%s%s%s",
                          tr->N, ((PetscObject)ts)->type_name, tr->nstages,
                          ts->adapt ? ((PetscObject)ts->adapt)->type_name : "none", (int)tr->check, (int)tr->jumps,
                          ts->forward_solve ? ", tangents" : "", ts->costintegralfwd ? ", forward integral" : "",
                          tr->from_ends ? ", reversed by a method" : "", stops));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Options that say how a run is looked at, where it is kept or when it is committed, and not what it computes. */
static PetscBool Neutral(const char option[])
{
  static const char *const any[]   = {"monitor",          "view",
                                      "costate_commit",   "costate_resume",
                                      "costate_walltime", "costate_progress",
                                      "costate_report",   "costate_hdf5_direct"};
  static const char *const front[] = {"-log",     "-malloc",    "-options_left", "-on_error",    "-info",
                                      "-help",    "-dll_",      "-version",      "-fp_trap",     "-debug",
                                      "-display", "-x_virtual", "-costate",      "-tao_costate", "-citations"};
  static const char        dir[]   = "costate_hdf5";
  const size_t             length  = strcspn(option, " ");
  char                     name[256];

  (void)snprintf(name, sizeof(name), "%.*s", (int)length, option);
  for (size_t i = 0; i < sizeof(any) / sizeof(any[0]); i++)
    if (strstr(name, any[i])) return PETSC_TRUE;
  for (size_t i = 0; i < sizeof(front) / sizeof(front[0]); i++)
    if (!strncmp(name, front[i], strlen(front[i]))) return PETSC_TRUE;
  return (PetscBool)(strlen(name) >= sizeof(dir) && !strcmp(name + strlen(name) - (sizeof(dir) - 1), dir));
}

static int ByName(const void *a, const void *b)
{
  return strcmp(*(char *const *)a, *(char *const *)b);
}

/* The options that matter, sorted: pointers into `all`, the caller's to free like `all`. */
static PetscErrorCode Options(CostateTraj tr, char **all, PetscInt *n, char ***list)
{
  char    *text, *at;
  PetscInt cap = 1;

  PetscFunctionBegin;
  PetscCall(PetscOptionsGetAll(((PetscObject)tr->tj)->options, all));
  text = *all;
  for (at = text; *at; at++) cap += *at == '-';
  PetscCall(PetscMalloc1(cap, list));
  *n = 0;
  /* "-name value -name value ": a new option begins at a dash that a letter follows */
  for (at = text; *at;) {
    char *next = at + 1, *end;

    while (*next && !(next[0] == '-' && next[-1] == ' ' && (isalpha((unsigned char)next[1]) || next[1] == '_'))) next++;
    end = next;
    while (end > at && end[-1] == ' ') end--;
    if (*next) next[-1] = 0;
    *end = 0;
    if (!Neutral(at)) (*list)[(*n)++] = at;
    at = next;
  }
  qsort(*list, (size_t)*n, sizeof(**list), ByName);
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode CostateOptionsNote(CostateTraj tr)
{
  char     problem[256], *all, **list;
  PetscInt n;

  PetscFunctionBegin;
  PetscCall(CostateFingerprint(tr, problem, sizeof(problem)));
  PetscCall(CostateNote(tr, "problem %s", problem));
  PetscCall(Options(tr, &all, &n, &list));
  for (PetscInt i = 0; i < n; i++) PetscCall(CostateNote(tr, "option %s", list[i]));
  PetscCall(PetscFree(list));
  PetscCall(PetscFree(all));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* The options of now against those in the notes: the first difference is an error that names it. */
PetscErrorCode CostateOptionsCompare(CostateTraj tr, PetscInt nlines, const char *const line[])
{
  char     *all, **list, now[512] = "", then[512] = "";
  PetscInt  n, i = 0;
  PetscBool same = PETSC_TRUE;

  PetscFunctionBegin;
  PetscCall(Options(tr, &all, &n, &list));
  for (PetscInt l = 0; l < nlines && same; l++) {
    if (strncmp(line[l], "option ", 7)) continue;
    /* a note is cut to its length, alike then and now */
    same = (PetscBool)(i < n && !strncmp(line[l] + 7, list[i], COSTATE_NOTE - 8));
    if (!same) {
      PetscCall(PetscStrncpy(then, line[l] + 7, sizeof(then)));
      PetscCall(PetscStrncpy(now, i < n ? list[i] : "nothing more", sizeof(now)));
    }
    i++;
  }
  if (same && i < n) {
    same = PETSC_FALSE;
    PetscCall(PetscStrncpy(then, "nothing more", sizeof(then)));
    PetscCall(PetscStrncpy(now, list[i], sizeof(now)));
  }
  PetscCall(PetscFree(list));
  PetscCall(PetscFree(all));
  PetscCheck(same, PetscObjectComm((PetscObject)tr->tj), PETSC_ERR_ARG_INCOMP,
             "The run in %s cannot go on (-ts_trajectory_costate_resume): its options were others. In alphabetical "
             "order the first difference is '%s' then and '%s' now. Give the same options, or leave "
             "-ts_trajectory_costate_resume out to begin anew",
             tr->dir, then, now);
  PetscFunctionReturn(PETSC_SUCCESS);
}
