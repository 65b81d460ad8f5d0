/* SPDX-License-Identifier: BSD-2-Clause */
/* Counters for people and for programs. */
#include <unistd.h>
#include "trajimpl.h"

typedef struct {
  PetscInt   steps;
  PetscInt64 advances, evaluations, optimum, full_bytes, peak_bytes, budget_bytes, state_bytes, log_bytes;
  /* disk: frames are those of one rank, as many as of any other; bytes of all ranks; seconds of the slowest */
  PetscInt64    writes, reads, bytes_written, bytes_read;
  double        write, read, waited, hidden;
  costate_costs costs;
} Figures;

/* Collective: what the disk tier has done. */
static PetscErrorCode GetDiskFigures(CostateTraj tr, Figures *f)
{
  CostateStoreIO io   = tr->io;
  MPI_Comm       comm = PetscObjectComm((PetscObject)tr->tj);
  PetscInt64     bytes[2], all[2];
  double         seconds[3], most[3];

  PetscFunctionBegin;
  if (!tr->dir[0]) PetscFunctionReturn(PETSC_SUCCESS);
  if (tr->disk) PetscCall(CostateStoreGetIO(tr->disk, &io));
  bytes[0]   = io.bytes_written;
  bytes[1]   = io.bytes_read;
  seconds[0] = io.seconds_write;
  seconds[1] = io.seconds_read;
  seconds[2] = io.seconds_waited;
  PetscCallMPI(MPI_Allreduce(bytes, all, 2, MPIU_INT64, MPI_SUM, comm));
  PetscCallMPI(MPI_Allreduce(seconds, most, 3, MPI_DOUBLE, MPI_MAX, comm));
  f->writes        = io.writes;
  f->reads         = io.reads;
  f->bytes_written = all[0];
  f->bytes_read    = all[1];
  f->write         = most[0];
  f->read          = most[1];
  f->waited        = most[2];
  f->hidden        = most[0] + most[1] > 0 ? PetscMax(0, 1 - most[2] / (most[0] + most[1])) : 0;
  CostateDiskCosts(tr, &f->costs);
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Collective: the bytes are the largest on any rank. */
static PetscErrorCode GetFigures(CostateTraj tr, Figures *f)
{
  PetscInt64 in[4], out[4];

  PetscFunctionBegin;
  PetscCall(PetscMemzero(f, sizeof(*f)));
  if (tr->sched) costate_sched_get_stats(tr->sched, &tr->stats);
  f->steps       = PetscMax(tr->log.n, 0);
  f->evaluations = (PetscInt64)f->steps + tr->replayed;
  f->advances    = f->evaluations - (tr->free_tape && tr->g ? PetscMin(f->steps, 1) : tr->stats.taped);
  f->optimum     = tr->sched && f->steps ? costate_optimum(tr->units, f->steps, tr->g, tr->restarts) : f->steps;
  in[0]          = (PetscInt64)tr->state_bytes;
  in[1]          = (PetscInt64)(tr->state_bytes + (tr->stages == COSTATE_STAGES_ALWAYS ? 0 : tr->stage_bytes));
  in[2]          = 0;
  if (tr->store) PetscCall(CostateStoreGetBytes(tr->store, NULL, &in[2]));
  in[3] = CostateLogBytes(&tr->log);
  PetscCallMPI(MPI_Allreduce(in, out, 4, MPIU_INT64, MPI_MAX, PetscObjectComm((PetscObject)tr->tj)));
  f->state_bytes  = out[0];
  f->full_bytes   = out[1] * f->steps + out[0];
  f->peak_bytes   = out[2];
  f->log_bytes    = out[3];
  f->budget_bytes = tr->units * out[0];
  PetscCall(GetDiskFigures(tr, f));
  PetscFunctionReturn(PETSC_SUCCESS);
}

static PetscErrorCode WriteDisk(CostateTraj tr, const Figures *f, PetscViewer v)
{
  PetscFunctionBegin;
  if (!tr->dir[0]) PetscFunctionReturn(PETSC_SUCCESS);
  PetscCall(PetscViewerASCIIPrintf(v,
                                   "  \"disk\": {\"writes\": %" PetscInt64_FMT ", \"reads\": %" PetscInt64_FMT
                                   ", \"bytes_written\": %" PetscInt64_FMT ", \"bytes_read\": %" PetscInt64_FMT
                                   ",\n    \"seconds_write\": %.6f, \"seconds_read\": %.6f, "
                                   "\"seconds_waited\": %.6f, \"hidden\": %.4f,\n    \"behind\": %s, \"direct\": %s, "
                                   "\"period\": %" PetscInt64_FMT ", \"peak_on_disk\": %" PetscInt64_FMT
                                   ",\n    \"costs\": {\"given\": %s, \"step\": %.6g, \"adjoint_step\": %.6g, "
                                   "\"write\": %.6g, \"read\": %.6g}},\n",
                                   f->writes, f->reads, f->bytes_written, f->bytes_read, f->write, f->read, f->waited,
                                   f->hidden, tr->io.behind ? "true" : "false", tr->io.direct ? "true" : "false",
                                   (PetscInt64)tr->stats.period, (PetscInt64)tr->stats.peak_disk,
                                   tr->costs_given ? "true" : "false", f->costs.forward, f->costs.adjoint,
                                   f->costs.write, f->costs.read));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* No key is that of another object: people look for them by name. */
static PetscErrorCode WriteSolves(CostateTraj tr, PetscViewer v)
{
  static const char *const phases[] = {"forward", "recompute", "backward"};

  PetscFunctionBegin;
  PetscCall(PetscViewerASCIIPrintf(v, "  \"linear\": {"));
  for (int i = 0; i < COSTATE_SOLVES_PHASES; i++)
    PetscCall(PetscViewerASCIIPrintf(v,
                                     "\"solves_%s\": %" PetscInt64_FMT ", \"iterations_%s\": %" PetscInt64_FMT
                                     ", \"setups_%s\": %" PetscInt64_FMT "%s",
                                     phases[i], tr->solves[i].solves, phases[i], tr->solves[i].iterations, phases[i],
                                     tr->solves[i].setups, i == COSTATE_SOLVES_PHASES - 1 ? "},\n" : ",\n    "));
  PetscFunctionReturn(PETSC_SUCCESS);
}

static PetscErrorCode ViewSolves(CostateTraj tr, PetscViewer v)
{
  static const char *const phases[] = {"", ", repeated ", ", adjoint "};
  PetscInt64               all      = 0;

  PetscFunctionBegin;
  for (int i = 0; i < COSTATE_SOLVES_PHASES; i++) all += tr->solves[i].solves;
  if (!all) PetscFunctionReturn(PETSC_SUCCESS);
  PetscCall(PetscViewerASCIIPrintf(v, "linear solves/iterations/set-ups: "));
  PetscCall(PetscViewerASCIIUseTabs(v, PETSC_FALSE));
  for (int i = 0; i < COSTATE_SOLVES_PHASES; i++)
    PetscCall(PetscViewerASCIIPrintf(v, "%s%" PetscInt64_FMT "/%" PetscInt64_FMT "/%" PetscInt64_FMT, phases[i],
                                     tr->solves[i].solves, tr->solves[i].iterations, tr->solves[i].setups));
  PetscCall(PetscViewerASCIIPrintf(v, "\n"));
  PetscCall(PetscViewerASCIIUseTabs(v, PETSC_TRUE));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/*
  One line on stderr, written over five times a second; `last` ends it.  Where stderr is no terminal it is a line of its
  own every ten seconds: mpiexec of Open MPI 5 keeps what has no end of line until the program is over, and then gives
  it out on stdout.
*/
PetscErrorCode CostateReportProgress(CostateTraj tr, const char phase[], PetscInt k, PetscBool last)
{
  PetscBool      terminal;
  PetscLogDouble t;
  char           left[64] = "", disk[32] = "";

  PetscFunctionBegin;
  if (!tr->progress) PetscFunctionReturn(PETSC_SUCCESS);
  terminal = (PetscBool)(isatty(fileno(PETSC_STDERR)) == 1);
  PetscCall(PetscTime(&t));
  if (!last && t - tr->last_progress < (terminal ? .2 : 10)) PetscFunctionReturn(PETSC_SUCCESS);
  tr->last_progress = t;
  if (tr->phase == COSTATE_BACKWARD && tr->pos && tr->pos < tr->log.n) {
    double rate = (t - tr->t0) / (double)(tr->log.n - tr->pos);

    PetscCall(PetscSNPrintf(left, sizeof(left), ", about %.0f s left", rate * (double)tr->pos));
  } else if (tr->phase == COSTATE_FORWARD && tr->ts->max_time < PETSC_MAX_REAL / 2 && tr->log.n > 0) {
    double done = (double)(tr->log.t[tr->log.n] - tr->log.t[0]), all = (double)(tr->ts->max_time - tr->log.t[0]);

    if (done > 0 && all > done)
      PetscCall(PetscSNPrintf(left, sizeof(left), ", about %.0f s left of the forward run",
                              (t - tr->t0) * (all - done) / done));
  }
  if (tr->disk && tr->sched) {
    costate_sched_get_stats(tr->sched, &tr->stats);
    PetscCall(PetscSNPrintf(disk, sizeof(disk), ", %" PetscInt64_FMT " on disk", (PetscInt64)tr->stats.disk_units));
  }
  PetscCall(PetscFPrintf(PetscObjectComm((PetscObject)tr->tj), PETSC_STDERR,
                         "%scostate: %-9s step %" PetscInt_FMT " of %" PetscInt_FMT ", %" PetscInt_FMT
                         " recomputed%s%s%s%s",
                         terminal ? "\r" : "", phase, k, PetscMax(tr->log.n, 0), tr->replayed, disk, left,
                         terminal ? "        " : "", last || !terminal ? "\n" : ""));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Before the run: a report that cannot be written must not come to light after it. */
PetscErrorCode CostateReportCheck(CostateTraj tr)
{
  MPI_Comm    comm = PetscObjectComm((PetscObject)tr->tj);
  PetscMPIInt rank, good = 1;

  PetscFunctionBegin;
  if (!tr->report[0]) PetscFunctionReturn(PETSC_SUCCESS);
  PetscCallMPI(MPI_Comm_rank(comm, &rank));
  if (rank == 0) {
    FILE *f = fopen(tr->report, "a");

    good = f != NULL;
    if (f) fclose(f);
  }
  PetscCallMPI(MPI_Bcast(&good, 1, MPI_INT, 0, comm));
  PetscCheck(good, comm, PETSC_ERR_FILE_OPEN,
             "The report %s (-ts_trajectory_costate_report) cannot be written: does its directory exist, and may you "
             "write there?",
             tr->report);
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode CostateReportWrite(CostateTraj tr)
{
  Figures     f;
  PetscViewer v;
  MPI_Comm    comm = PetscObjectComm((PetscObject)tr->tj);
  PetscMPIInt size;

  PetscFunctionBegin;
  if (!tr->report[0]) PetscFunctionReturn(PETSC_SUCCESS);
  PetscCall(GetFigures(tr, &f));
  PetscCallMPI(MPI_Comm_size(comm, &size));
  PetscCall(PetscViewerASCIIOpen(comm, tr->report, &v));
  PetscCall(PetscViewerASCIIPrintf(v,
                                   "{\n  \"policy\": \"%s\",\n  \"ts_type\": \"%s\",\n  \"ranks\": %d,\n  \"sweep\": "
                                   "%" PetscInt_FMT ",\n",
                                   tr->policy, ((PetscObject)tr->ts)->type_name, size, tr->sweeps));
  PetscCall(PetscViewerASCIIPrintf(v,
                                   "  \"steps\": %" PetscInt_FMT ",\n  \"advances\": %" PetscInt64_FMT
                                   ",\n  \"evaluations\": %" PetscInt64_FMT ",\n  \"optimum\": %" PetscInt64_FMT
                                   ",\n  \"ratio\": %.6f,\n  \"recomputed\": %" PetscInt_FMT ",\n",
                                   f.steps, f.advances, f.evaluations, f.optimum,
                                   f.optimum ? (double)f.evaluations / (double)f.optimum : 1., tr->replayed));
  PetscCall(PetscViewerASCIIPrintf(v,
                                   "  \"budget_states\": %" PetscInt64_FMT ",\n  \"budget_bytes\": %" PetscInt64_FMT
                                   ",\n  \"budget_measured\": %s,\n  \"stage_units\": %" PetscInt64_FMT
                                   ",\n  \"boundaries\": %" PetscInt64_FMT ",\n  \"peak_states\": %" PetscInt64_FMT
                                   ",\n",
                                   tr->units, f.budget_bytes, tr->measured ? "true" : "false", tr->g, tr->boundaries,
                                   tr->stats.peak_units));
  PetscCall(PetscViewerASCIIPrintf(v,
                                   "  \"state_bytes\": %" PetscInt64_FMT ",\n  \"peak_bytes\": %" PetscInt64_FMT
                                   ",\n  \"full_bytes\": %" PetscInt64_FMT ",\n  \"log_bytes\": %" PetscInt64_FMT ",\n",
                                   f.state_bytes, f.peak_bytes, f.full_bytes, f.log_bytes));
  PetscCall(WriteSolves(tr, v));
  PetscCall(WriteDisk(tr, &f, v));
  if (tr->dir[0])
    PetscCall(PetscViewerASCIIPrintf(v,
                                     "  \"commits\": %" PetscInt_FMT ",\n  \"seconds_committing\": %.6f,\n"
                                     "  \"resumed\": %s,\n  \"computed_again\": %" PetscInt_FMT ",\n",
                                     tr->commits, tr->commit_seconds, tr->resumed ? "true" : "false", tr->recovered));
  PetscCall(PetscViewerASCIIPrintf(v,
                                   "  \"seconds\": {\"forward\": %.6f, \"recompute\": %.6f, \"backward\": %.6f}\n}\n",
                                   tr->seconds[0], tr->seconds[1], PetscMax(0, tr->seconds[2] - tr->seconds[1])));
  PetscCall(PetscViewerDestroy(&v));
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode CostateReportView(CostateTraj tr, PetscViewer v)
{
  Figures f;

  PetscFunctionBegin;
  PetscCall(GetFigures(tr, &f));
  PetscCall(PetscViewerASCIIPrintf(v, "policy %s, stage records %s, check %s\n", tr->policy,
                                   CostateStagesTypes[tr->stages], tr->check ? "on" : "off"));
  if (!tr->sched) PetscFunctionReturn(PETSC_SUCCESS);
  PetscCall(PetscViewerASCIIPrintf(v,
                                   "%" PetscInt_FMT " steps, %" PetscInt64_FMT
                                   " evaluations (offline optimum%s %" PetscInt64_FMT ", ratio %.4f), %" PetscInt_FMT
                                   " recomputed, %" PetscInt64_FMT " boundaries\n",
                                   f.steps, f.evaluations, tr->dir[0] ? " of memory alone" : "", f.optimum,
                                   f.optimum ? (double)f.evaluations / (double)f.optimum : 1., tr->replayed,
                                   tr->boundaries));
  PetscCall(PetscViewerASCIIPrintf(v,
                                   "budget %" PetscInt64_FMT " states of %" PetscInt64_FMT
                                   " bytes%s; at most %" PetscInt64_FMT " were in use; full storage "
                                   "would take %" PetscInt64_FMT " bytes a rank\n",
                                   tr->units, f.state_bytes, tr->measured ? " (measured)" : "", tr->stats.peak_units,
                                   f.full_bytes));
  PetscCall(ViewSolves(tr, v));
  if (tr->dir[0]) {
    PetscCall(
        PetscViewerASCIIPrintf(v,
                               "disk %s: %" PetscInt64_FMT " states written, %" PetscInt64_FMT
                               " read, %.3g GB and %.3g GB; I/O took %.3g s, of "
                               "which %.0f%% hidden behind the computation%s\n",
                               tr->dir, f.writes, f.reads, (double)f.bytes_written / 1e9, (double)f.bytes_read / 1e9,
                               f.write + f.read, 100 * f.hidden,
                               tr->io.direct && f.state_bytes >= COSTATE_ALIGN_FROM ? ", past the page cache" : ""));
    char period[64] = "the run was over before the disk had been measured";

    if (tr->stats.period)
      PetscCall(PetscSNPrintf(period, sizeof(period), "a state goes to disk every %" PetscInt64_FMT " steps",
                              (PetscInt64)tr->stats.period));
    PetscCall(PetscViewerASCIIPrintf(v, "%s; a step costs %.3g, an adjoint step %.3g, a write %.3g, a read %.3g (%s)\n",
                                     period, f.costs.forward, f.costs.adjoint, f.costs.write, f.costs.read,
                                     tr->costs_given ? "given" : "seconds, measured"));
  }
  if (tr->commits || tr->resumed)
    PetscCall(PetscViewerASCIIPrintf(v, "%s%" PetscInt_FMT " commits took %.3g s\n",
                                     tr->resumed ? "resumed from a commit; " : "", tr->commits, tr->commit_seconds));
  if (tr->recovered)
    PetscCall(PetscViewerASCIIPrintf(v, "%" PetscInt_FMT " damaged frames were computed again\n", tr->recovered));
  if (tr->store) PetscCall(CostateStoreView(tr->store, v));
  PetscFunctionReturn(PETSC_SUCCESS);
}
