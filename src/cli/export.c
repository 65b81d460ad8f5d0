/* SPDX-License-Identifier: BSD-2-Clause */
/* costate export: states and lambdas that a run kept on disk, on the grid in natural order, for ParaView and others. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "cli.h"
#include "export.h"

static const char usage[] =
    "usage: costate export DIR [-step K] [options]\n"
    "\n"
    "Writes what a run kept on disk as NAME.h5, with a data set [nz][ny][nx] in natural order for each component of\n"
    "each vector, and NAME.xdmf, which ParaView opens.  DIR is what was given to -ts_trajectory_costate_hdf5 (with\n"
    "-ts_trajectory_keep_files) or to -ts_trajectory_costate_adjoint_every; of several runs in it the newest is "
    "taken,\n"
    "or say DIR/run-NNNN.  The run may have been killed.  Without -step the steps that there are are listed.\n"
    "\n"
    "  -step K         the step, or several, as in 0,10,20, or all; several become NAME-K.h5 each, and one NAME.xdmf\n"
    "  -out NAME       (state-K, or lambda-K, for one step; state, or lambda, for several)\n"
    "  -what WHAT      state, lambda, or 'before jump': the state right before an event changed it (what there is)\n"
    "  -force          replace files that are there already\n"
    "  -format FORMAT  of the list: text or csv (text)\n"
    "  -help           this text\n"
    "\n"
    "The names of the files are printed when they are complete.  A vector that is not on a DMDA becomes [1][1][n], in\n"
    "PETSc's order; of complex numbers there is a data set _re and a data set _im.\n";

static char said[2048];

/* The library's sentence is enough; where in the source it comes from is of no use to who runs a command. */
static PetscErrorCode listen(MPI_Comm comm, int line, const char *function, const char *file, PetscErrorCode code,
                             PetscErrorType type, const char *message, void *ctx)
{
  (void)comm, (void)line, (void)function, (void)file, (void)ctx;
  if (type == PETSC_ERROR_INITIAL)
    snprintf(said, sizeof(said), "%s%s", code == PETSC_ERR_MEM ? "There is not enough memory. " : "",
             message ? message : "");
  return code;
}

static int failed(const char *about)
{
  fprintf(stderr, "costate export: %s%s\n", about, said);
  said[0] = '\0';
  return COSTATE_CLI_FAILED;
}

/* What is asked for, and what became of it */
typedef struct {
  const export_request *request;
  export_source         source;
  export_frame         *frame; /* all there are, by step */
  PetscInt64            n;     /* of them */
  char                  what[64], base[PETSC_MAX_PATH_LEN + 64];
  const export_frame  **chosen;
  PetscInt64            nchosen;
  int                   many; /* names are numbered */
  export_item          *item; /* what was written */
  int                   nitems;
} export_job;

static int by_step(const void *p, const void *q)
{
  const export_frame *f = (const export_frame *)p, *g = (const export_frame *)q;

  if (f->about.step != g->about.step) return f->about.step < g->about.step ? -1 : 1;
  return f->index < g->index ? -1 : f->index > g->index;
}

static PetscErrorCode job_open(export_job *job)
{
  PetscFunctionBeginUser;
  PetscCall(export_source_open(job->request->dir, &job->source));
  job->n = job->source.info.frames;
  PetscCall(PetscCalloc1(job->n + 1, &job->frame));
  PetscCall(PetscCalloc1(job->n + EXPORT_STEPS, &job->chosen));
  PetscCall(PetscCalloc1(job->n + EXPORT_STEPS, &job->item));
  for (PetscInt64 i = 0; i < job->n; i++) {
    job->frame[i].index = i;
    PetscCall(CostateArchiveGetFrame(job->source.archive, i, &job->frame[i].about));
  }
  qsort(job->frame, (size_t)job->n, sizeof(*job->frame), by_step);
  PetscFunctionReturn(0);
}

static PetscErrorCode job_close(export_job *job)
{
  PetscFunctionBeginUser;
  for (int i = 0; i < job->nitems; i++) {
    PetscCall(PetscFree(job->item[i].field));
    PetscCall(PetscFree(job->item[i].path));
  }
  PetscCall(PetscFree(job->item));
  PetscCall(PetscFree(job->chosen));
  PetscCall(PetscFree(job->frame));
  PetscCall(export_source_close(&job->source));
  PetscFunctionReturn(0);
}

/* "before jump" is "before_jump" in names of files, and may be so on the command line. */
static void joined(const char *what, char *to, size_t room)
{
  snprintf(to, room, "%s", what);
  for (char *c = to; *c; c++)
    if (*c == ' ' || *c == '/' || *c == ':') *c = '_';
}

static int is_what(const CostateArchiveFrame *f, const char *what)
{
  char a[64], b[64];

  joined(f->what, a, sizeof(a));
  joined(what, b, sizeof(b));
  return f->step >= 0 && !strcmp(a, b);
}

/* The kinds of frames that there are; a few at most. */
static int kinds(const export_job *job, const char *kind[16], char text[512])
{
  int n = 0;

  text[0] = '\0';
  for (PetscInt64 i = 0; i < job->n; i++) {
    const char *what  = job->frame[i].about.what;
    int         known = job->frame[i].about.step < 0 || n == 15;

    for (int k = 0; k < n; k++) known = known || !strcmp(kind[k], what);
    if (known) continue;
    snprintf(text + strlen(text), 512 - strlen(text), "%s%s", n ? ", " : "", what);
    kind[n++] = what;
  }
  kind[n] = NULL;
  return n;
}

static int choose_what(export_job *job)
{
  static const char *const usual[] = {"state", "lambda", NULL};
  const char              *kind[16], *what = job->request->what;
  char                     text[512];
  int                      n = kinds(job, kind, text);

  if (!n) {
    fprintf(stderr, "costate export: there is no step in %s%s\n", job->source.info.run,
            job->n ? ": its frames were kept without one" : "");
    return COSTATE_CLI_FAILED;
  }
  for (int k = 0; usual[k] && !what; k++)
    for (int i = 0; i < n; i++)
      if (!strcmp(kind[i], usual[k])) what = kind[i];
  if (!what) what = kind[0];
  for (PetscInt64 i = 0; i < job->n; i++) {
    if (!is_what(&job->frame[i].about, what)) continue;
    snprintf(job->what, sizeof(job->what), "%s", job->frame[i].about.what);
    return 0;
  }
  fprintf(stderr, "costate export: there is no '%s' in %s, there is: %s; did you mean '%s'?\n", what,
          job->source.info.run, text, costate_cli_nearest(what, kind));
  return COSTATE_CLI_FAILED;
}

/* The frame of a step: of several the last, but one that is complete if there is one. */
static const export_frame *find(const export_job *job, PetscInt64 step)
{
  const export_frame *found = NULL;
  PetscInt64          low = 0, high = job->n;

  while (low < high) {
    const PetscInt64 middle = low + (high - low) / 2;

    if (job->frame[middle].about.step < step)
      low = middle + 1;
    else
      high = middle;
  }
  for (; low < job->n && job->frame[low].about.step == step; low++) {
    const export_frame *f = &job->frame[low];

    if (is_what(&f->about, job->what) && (!found || f->about.complete || !found->about.complete)) found = f;
  }
  return found;
}

static int no_step(const export_job *job, PetscInt64 step)
{
  PetscInt64 below = -1, above = -1;
  char       text[128];

  for (PetscInt64 i = 0; i < job->n; i++) {
    const PetscInt64 there = job->frame[i].about.step;

    if (!is_what(&job->frame[i].about, job->what)) continue;
    if (there < step) below = there;
    if (there > step && above < 0) above = there;
  }
  if (below >= 0 && above >= 0)
    snprintf(text, sizeof(text), "the nearest are %lld and %lld", (long long)below, (long long)above);
  else
    snprintf(text, sizeof(text), "the nearest is %lld", (long long)(below >= 0 ? below : above));
  fprintf(stderr, "costate export: there is no %s of step %lld in %s; %s\n", job->what, (long long)step,
          job->source.info.run, text);
  return COSTATE_CLI_FAILED;
}

static int choose_steps(export_job *job)
{
  const export_request *r = job->request;

  job->many = r->all || r->nsteps > 1;
  for (PetscInt64 i = 0; i < job->n && r->all; i++) {
    const CostateArchiveFrame *f = &job->frame[i].about;

    if (!is_what(f, job->what) || find(job, f->step) != &job->frame[i]) continue;
    if (f->complete)
      job->chosen[job->nchosen++] = &job->frame[i];
    else
      fprintf(stderr, "costate: step %lld is left out: the run ended while it was written\n", (long long)f->step);
  }
  for (int i = 0; i < r->nsteps; i++) {
    const export_frame *f     = find(job, r->step[i]);
    int                 twice = 0;

    if (!f) return no_step(job, r->step[i]);
    for (PetscInt64 k = 0; k < job->nchosen; k++) twice = twice || job->chosen[k] == f;
    if (!twice) job->chosen[job->nchosen++] = f;
  }
  return 0;
}

static void path_of(const export_job *job, const export_frame *f, const char *extension, char path[EXPORT_PATH])
{
  if (f && job->many)
    snprintf(path, EXPORT_PATH, "%s-%lld%s", job->base, (long long)f->about.step, extension);
  else
    snprintf(path, EXPORT_PATH, "%s%s", job->base, extension);
}

/* Files that are not the program's own would make the directory one that no further run is let into. */
static int outside(const export_job *job)
{
  char dir[PETSC_MAX_PATH_LEN + 64], up[PETSC_MAX_PATH_LEN + 8], *slash, *here, *run, *above;
  int  inside;

  snprintf(dir, sizeof(dir), "%s", job->base);
  slash = strrchr(dir, '/');
  if (slash) slash[slash == dir] = '\0';
  snprintf(up, sizeof(up), "%s/..", job->source.info.run);
  here   = realpath(slash ? dir : ".", NULL);
  run    = realpath(job->source.info.run, NULL);
  above  = realpath(up, NULL);
  inside = here && ((run && !strcmp(here, run)) || (above && !strcmp(here, above)));
  if (inside)
    fprintf(stderr,
            "costate export: %s holds runs and nothing else, or further runs would refuse it: name a file in "
            "another directory with -out\n",
            here);
  else if (!here)
    fprintf(stderr, "costate export: there is no directory %s for the files: make it, or name another one with -out\n",
            slash ? dir : ".");
  free(here);
  free(run);
  free(above);
  return inside || !here ? COSTATE_CLI_FAILED : 0;
}

/* Names the files and makes sure that none is there. */
static int choose_names(export_job *job)
{
  const char *out = job->request->out, *dot = out ? strrchr(out, '.') : NULL;
  char        path[EXPORT_PATH], what[64];

  joined(job->what, what, sizeof(what));
  if (out)
    snprintf(job->base, sizeof(job->base), "%.*s",
             dot && (!strcmp(dot, ".h5") || !strcmp(dot, ".xdmf")) ? (int)(dot - out) : (int)strlen(out), out);
  else if (job->many || !job->nchosen)
    snprintf(job->base, sizeof(job->base), "%s", what);
  else
    snprintf(job->base, sizeof(job->base), "%s-%lld", what, (long long)job->chosen[0]->about.step);
  if (outside(job)) return COSTATE_CLI_FAILED;
  for (PetscInt64 i = 0; i <= job->nchosen && !job->request->force; i++) {
    path_of(job, i < job->nchosen ? job->chosen[i] : NULL, i < job->nchosen ? ".h5" : ".xdmf", path);
    if (access(path, F_OK)) continue;
    fprintf(stderr, "costate export: %s is there already: say -force to replace it, or name another one with -out\n",
            path);
    return COSTATE_CLI_FAILED;
  }
  return 0;
}

static PetscErrorCode write_one(export_job *job, const export_frame *f)
{
  export_item *item = &job->item[job->nitems];
  char         path[EXPORT_PATH];

  PetscFunctionBeginUser;
  path_of(job, f, ".h5", path);
  PetscCall(PetscFree(item->field));
  PetscCall(export_fields(&job->source, f->index, &item->nfields, &item->field));
  PetscCall(export_hdf5(&job->source, f->index, item->nfields, item->field, path));
  PetscCall(PetscStrallocpy(path, &item->path));
  item->frame = f;
  job->nitems++;
  printf("%s\n", path);
  PetscFunctionReturn(0);
}

/* What cannot be read does not keep the others from being written. */
static int write_all(export_job *job)
{
  char path[EXPORT_PATH], about[64];
  int  status = 0;

  for (PetscInt64 i = 0; i < job->nchosen; i++) {
    PetscErrorCode err = write_one(job, job->chosen[i]);

    if (!err) continue;
    snprintf(about, sizeof(about), "step %lld: ", (long long)job->chosen[i]->about.step);
    status = failed(about);
    if (err == PETSC_ERR_FILE_WRITE || err == PETSC_ERR_FILE_OPEN) break;
  }
  if (!job->nitems) return COSTATE_CLI_FAILED;
  path_of(job, NULL, ".xdmf", path);
  if (export_xdmf(&job->source, job->nitems, job->item, path)) return failed("");
  printf("%s\n", path);
  return status;
}

static int run(export_job *job)
{
  const CostateArchiveInfo *info = &job->source.info;

  if (job_open(job)) return failed("");
  if (info->torn)
    fprintf(stderr, "costate: %lld line%s of the journals in %s ended early: that run was killed\n",
            (long long)info->torn, info->torn > 1 ? "s" : "", info->run);
  if (job->request->list) {
    export_print(&job->source, job->frame, job->request->csv);
    return 0;
  }
  if (strcmp(info->run, job->request->dir)) fprintf(stderr, "costate: from %s, the newest run\n", info->run);
  if (choose_what(job) || choose_steps(job) || choose_names(job)) return COSTATE_CLI_FAILED;
  return write_all(job);
}

int costate_cli_export(int argc, char **argv)
{
  export_request r;
  export_job     job = {.request = &r};
  int            status;

  for (int i = 1; i < argc; i++) {
    if (strcmp(argv[i], "-help") && strcmp(argv[i], "--help") && strcmp(argv[i], "-h")) continue;
    fputs(usage, stdout);
    return 0;
  }
  status = export_parse(&r, argc, argv);
  if (status) return status;
  if (PetscInitializeNoArguments()) return COSTATE_CLI_FAILED;
  if (PetscPushErrorHandler(listen, NULL)) return COSTATE_CLI_FAILED;
  status = run(&job);
  if (job_close(&job) || PetscPopErrorHandler() || PetscFinalize()) return COSTATE_CLI_FAILED;
  return status;
}
