/* SPDX-License-Identifier: BSD-2-Clause */
#include "../common/common.h"
#include "output.h"

static PetscErrorCode WriteMap(const Problem *b, const char dir[], Vec truth, Vec h)
{
  const Aquifer     *a      = b->aquifer;
  const Vec          from[] = {truth, b->k, h};
  const PetscScalar *x[3];
  PetscViewer        w;
  PetscInt           n;
  Vec                all[3];

  PetscFunctionBeginUser;
  for (int v = 0; v < 3; v++) {
    PetscCall(ExampleGather(a->da, from[v], &all[v]));
    PetscCall(VecGetArrayRead(all[v], &x[v]));
  }
  PetscCall(VecGetLocalSize(all[0], &n));
  if (n) {
    PetscCall(ExampleOpen(PETSC_COMM_SELF, dir, "map.txt", &w));
    PetscCall(PetscViewerASCIIPrintf(w, "# x(m) y(m) log10 of the transmissivity in m^2/day: truth, estimate; head(m) "
                                        "of the estimate\n"));
    for (PetscInt c = 0; c < n; c++) {
      if (c && c % a->nx == 0) PetscCall(PetscViewerASCIIPrintf(w, "\n")); /* gnuplot's mark between scan lines */
      PetscCall(PetscViewerASCIIPrintf(w, "%g %g %.4f %.4f %.4f\n", (double)AquiferX(a, c % a->nx),
                                       (double)AquiferY(a, c / a->nx), (double)(x[0][c] / PetscLogReal(10.)),
                                       (double)(x[1][c] / PetscLogReal(10.)), (double)x[2][c]));
    }
    PetscCall(PetscViewerDestroy(&w));
  }
  for (int v = 0; v < 3; v++) {
    PetscCall(VecRestoreArrayRead(all[v], &x[v]));
    PetscCall(VecDestroy(&all[v]));
  }
  PetscFunctionReturn(0);
}

/* Two blocks, as gnuplot calls them: where heads are measured, and where water is pumped */
static PetscErrorCode WriteWells(const Problem *b, const char dir[], Vec h, const Site *s)
{
  const Wells       *wells = b->wells;
  const PetscScalar *measured, *computed;
  PetscViewer        w;
  PetscInt           n;
  Vec                all[2];

  PetscFunctionBeginUser;
  PetscCall(MatMult(b->at, h, b->work));
  PetscCall(ExampleGather(NULL, b->measured, &all[0]));
  PetscCall(ExampleGather(NULL, b->work, &all[1]));
  PetscCall(VecGetLocalSize(all[0], &n));
  PetscCall(VecGetArrayRead(all[0], &measured));
  PetscCall(VecGetArrayRead(all[1], &computed));
  if (n) {
    PetscCall(ExampleOpen(PETSC_COMM_SELF, dir, "wells.txt", &w));
    PetscCall(PetscViewerASCIIPrintf(w, "# x(m) y(m) head(m): measured, computed\n"));
    for (PetscInt i = 0; i < n; i++)
      PetscCall(PetscViewerASCIIPrintf(w, "%.1f %.1f %.4f %.4f\n", (double)wells->x[i], (double)wells->y[i],
                                       (double)measured[i], (double)computed[i]));
    PetscCall(PetscViewerASCIIPrintf(w, "\n\n# x(m) y(m) rate(m^3/day)\n"));
    for (PetscInt i = 0; i < s->npumps; i++)
      PetscCall(
          PetscViewerASCIIPrintf(w, "%g %g %g\n", (double)s->pump[i].x, (double)s->pump[i].y, (double)s->pump[i].rate));
    PetscCall(PetscViewerDestroy(&w));
  }
  PetscCall(VecRestoreArrayRead(all[0], &measured));
  PetscCall(VecRestoreArrayRead(all[1], &computed));
  for (int v = 0; v < 2; v++) PetscCall(VecDestroy(&all[v]));
  PetscFunctionReturn(0);
}

static PetscErrorCode WriteReport(const Problem *b, const char dir[], const Result *r)
{
  const Aquifer *a    = b->aquifer;
  const MPI_Comm comm = PetscObjectComm((PetscObject)a->da);
  PetscViewer    w;
  PetscMPIInt    ranks;

  PetscFunctionBeginUser;
  PetscCallMPI(MPI_Comm_size(comm, &ranks));
  PetscCall(ExampleOpen(comm, dir, "report.json", &w));
  PetscCall(PetscViewerASCIIPrintf(w, "{\n  \"seed\": %" PetscInt_FMT ",\n  \"ranks\": %d,\n", r->truth->seed, ranks));
  PetscCall(PetscViewerASCIIPrintf(w, "  \"nx\": %" PetscInt_FMT ",\n  \"ny\": %" PetscInt_FMT ",\n", a->nx, a->ny));
  PetscCall(PetscViewerASCIIPrintf(w, "  \"parameters\": %" PetscInt_FMT ",\n  \"wells\": %" PetscInt_FMT ",\n",
                                   a->nx * a->ny, b->wells->n));
  PetscCall(PetscViewerASCIIPrintf(w, "  \"truth\": \"%s\",\n  \"regularization\": \"%s\",\n",
                                   r->truth->type == TRUTH_SMOOTH ? "smooth" : "channels",
                                   b->roughness.type == ROUGHNESS_TIKHONOV ? "tikhonov" : "tv"));
  PetscCall(PetscViewerASCIIPrintf(w, "  \"sigma\": %.6g,\n  \"weight\": %.10g,\n", (double)b->wells->sigma,
                                   (double)b->roughness.weight));
  if (r->order > 0) PetscCall(PetscViewerASCIIPrintf(w, "  \"taylor_order\": %.4f,\n", (double)r->order));
  PetscCall(PetscViewerASCIIPrintf(w, "  \"chi2_per_well_of_truth\": %.6f,\n  \"chi2_per_well\": %.6f,\n",
                                   (double)r->chi2_truth, (double)r->chi2));
  PetscCall(PetscViewerASCIIPrintf(w, "  \"correlation\": %.6f,\n  \"rms_error\": %.6f,\n", (double)r->correlation,
                                   (double)r->rms));
  PetscCall(PetscViewerASCIIPrintf(w, "  \"iterations\": %" PetscInt_FMT ",\n  \"gradients\": %" PetscInt_FMT ",\n",
                                   b->its, b->gradients));
  PetscCall(PetscViewerASCIIPrintf(w,
                                   "  \"linear_iterations\": %" PetscInt_FMT
                                   ",\n  \"adjoint_linear_iterations\": %" PetscInt_FMT "\n}\n",
                                   b->stats.linear_its, b->stats.adjoint_linear_its));
  PetscCall(PetscViewerDestroy(&w));
  PetscFunctionReturn(0);
}

PetscErrorCode OutputWrite(const Problem *b, const char dir[], Vec truth, Vec h, const Result *r)
{
  PetscFunctionBeginUser;
  PetscCall(WriteMap(b, dir, truth, h));
  PetscCall(WriteWells(b, dir, h, r->site));
  PetscCall(WriteReport(b, dir, r));
  PetscFunctionReturn(0);
}
