/* SPDX-License-Identifier: BSD-2-Clause */
#include "../common/common.h"
#include "output.h"

/* Means around a parallel: of what is seen, and of the climates there and everywhere */
typedef struct {
  PetscReal observed, before, after, everywhere;
  PetscInt  n;
} Row;

static Row RowMean(const Planet *p, PetscInt j, const PetscScalar *observed, const PetscScalar *before,
                   const PetscScalar *after)
{
  Row r = {0};

  for (PetscInt c = j * p->nx; c < (j + 1) * p->nx; c++) {
    r.everywhere += after[c] / (PetscReal)p->nx;
    if (!p->seen[c]) continue;
    r.observed += observed[c];
    r.before += before[c];
    r.after += after[c];
    r.n++;
  }
  return r;
}

static PetscErrorCode WriteMap(const Planet *p, const char dir[], const PetscScalar *observed,
                               const PetscScalar *before, const PetscScalar *after)
{
  PetscViewer w;

  PetscFunctionBeginUser;
  PetscCall(ExampleOpen(PETSC_COMM_SELF, dir, "map.txt", &w));
  PetscCall(PetscViewerASCIIPrintf(w, "# longitude latitude temperature(degrees C): observed (NaN: not in all twelve "
                                      "months), with what was known before, fitted; 1: land\n"));
  for (PetscInt j = 0; j < p->ny; j++) {
    for (PetscInt i = 0; i < p->nx; i++) {
      const PetscInt c        = j * p->nx + i;
      char           seen[16] = "NaN";

      if (p->seen[c]) PetscCall(PetscSNPrintf(seen, sizeof seen, "%.4f", (double)observed[c]));
      PetscCall(PetscViewerASCIIPrintf(w, "%g %g %s %.4f %.4f %d\n", (double)PlanetLongitude(p, i),
                                       (double)PlanetLatitude(p, j), seen, (double)before[c], (double)after[c],
                                       (int)p->land[c]));
    }
    PetscCall(PetscViewerASCIIPrintf(w, "\n")); /* gnuplot's mark between scan lines */
  }
  PetscCall(PetscViewerDestroy(&w));
  PetscFunctionReturn(0);
}

static PetscErrorCode WriteZonal(const Planet *p, const char dir[], const PetscScalar *observed,
                                 const PetscScalar *before, const PetscScalar *after, const PetscReal heat[])
{
  PetscViewer w;

  PetscFunctionBeginUser;
  PetscCall(ExampleOpen(PETSC_COMM_SELF, dir, "zonal.txt", &w));
  PetscCall(PetscViewerASCIIPrintf(
      w, "# latitude, means in degrees C over what is observed there: observed, with what was known before, fitted; "
         "fitted, all around; part observed; heat that flows northward through the cells' southern faces (PW)\n"));
  for (PetscInt j = 0; j < p->ny; j++) {
    const Row r = RowMean(p, j, observed, before, after);

    PetscCall(PetscViewerASCIIPrintf(w, "%g", (double)PlanetLatitude(p, j)));
    if (r.n)
      PetscCall(PetscViewerASCIIPrintf(w, " %.4f %.4f %.4f", (double)(r.observed / (PetscReal)r.n),
                                       (double)(r.before / (PetscReal)r.n), (double)(r.after / (PetscReal)r.n)));
    else
      PetscCall(PetscViewerASCIIPrintf(w, " NaN NaN NaN"));
    PetscCall(PetscViewerASCIIPrintf(w, " %.4f %.4f %.4f\n", (double)r.everywhere,
                                     (double)((PetscReal)r.n / (PetscReal)p->nx), (double)(heat[j] / 1e15)));
  }
  PetscCall(PetscViewerDestroy(&w));
  PetscFunctionReturn(0);
}

static PetscErrorCode Named(PetscViewer w, const char name[], const PetscReal value[NPAR])
{
  PetscFunctionBeginUser;
  for (int k = 0; k < NPAR; k++)
    PetscCall(PetscViewerASCIIPrintf(w, "  \"%s%s\": %.10g,\n", name, ParameterNames[k], (double)value[k]));
  PetscFunctionReturn(0);
}

static PetscErrorCode WriteReport(const Problem *b, const char dir[], const Result *r, PetscReal peak, PetscReal where)
{
  const MPI_Comm   comm = PetscObjectComm((PetscObject)b->x);
  const Planet    *p    = b->balance->planet;
  const Posterior *s    = r->posterior;
  PetscViewer      w;
  PetscMPIInt      ranks;

  PetscFunctionBeginUser;
  PetscCallMPI(MPI_Comm_size(comm, &ranks));
  PetscCall(ExampleOpen(comm, dir, "report.json", &w));
  PetscCall(PetscViewerASCIIPrintf(w, "{\n  \"seed\": %" PetscInt_FMT ",\n  \"ranks\": %d,\n", r->seed, ranks));
  PetscCall(PetscViewerASCIIPrintf(w,
                                   "  \"nx\": %" PetscInt_FMT ",\n  \"ny\": %" PetscInt_FMT
                                   ",\n  \"observed\": %" PetscInt_FMT ",\n",
                                   p->nx, p->ny, p->nseen));
  PetscCall(PetscViewerASCIIPrintf(w, "  \"independent\": %.6g,\n  \"sigma\": %.6g,\n  \"prior\": %.6g,\n",
                                   (double)b->n, (double)b->sigma, (double)b->prior.weight));
  if (r->order > 0) PetscCall(PetscViewerASCIIPrintf(w, "  \"taylor_order\": %.4f,\n", (double)r->order));
  PetscCall(PetscViewerASCIIPrintf(w, "  \"rms_before\": %.10g,\n  \"rms_after\": %.10g,\n", (double)r->rms_before,
                                   (double)r->rms_after));
  PetscCall(Named(w, "", s->value));
  if (r->twin) PetscCall(Named(w, "truth_", r->truth));
  if (s->determined) PetscCall(Named(w, "sd_", s->sd));
  for (int n = 0; n < NPAR; n++)
    PetscCall(PetscViewerASCIIPrintf(w, "  \"eigenvalue_%d\": %.6g,\n", n + 1, (double)s->eigenvalue[n]));
  PetscCall(PetscViewerASCIIPrintf(w, "  \"transport_peak_PW\": %.6g,\n  \"transport_peak_latitude\": %.6g,\n",
                                   (double)peak, (double)where));
  PetscCall(PetscViewerASCIIPrintf(w, "  \"iterations\": %" PetscInt_FMT ",\n  \"gradients\": %" PetscInt_FMT "\n}\n",
                                   b->its, b->gradients));
  PetscCall(PetscViewerDestroy(&w));
  PetscFunctionReturn(0);
}

PetscErrorCode OutputWrite(Problem *b, const char dir[], const Result *r)
{
  const MPI_Comm     comm    = PetscObjectComm((PetscObject)b->x);
  const Planet      *p       = b->balance->planet;
  const Vec          from[3] = {b->observed, r->before, r->after};
  const PetscScalar *T[3];
  PetscReal         *heat, peak = 0, where = 0;
  PetscInt           n;
  Vec                all[3];

  PetscFunctionBeginUser;
  PetscCall(PetscMalloc1(p->ny + 1, &heat));
  PetscCall(BalanceTransport(b->balance, r->after, heat));
  for (PetscInt j = 0; j < p->ny; j++) {
    if (heat[j] <= peak) continue;
    peak  = heat[j];
    where = PlanetLatitude(p, j) - 90. / (PetscReal)p->ny;
  }
  PetscCall(PetscPrintf(comm,
                        "Misfit of the temperature: %.3f K with what was known before, %.3f K fitted; %" PetscInt_FMT
                        " gradients\nNorthward flow of heat: at most %.2f PW, at %.0f degrees north\n",
                        (double)r->rms_before, (double)r->rms_after, b->gradients, (double)(peak / 1e15),
                        (double)where));
  for (int v = 0; v < 3; v++) {
    PetscCall(ExampleGather(b->balance->da, from[v], &all[v]));
    PetscCall(VecGetArrayRead(all[v], &T[v]));
  }
  PetscCall(VecGetLocalSize(all[0], &n));
  if (n) {
    PetscCall(WriteMap(p, dir, T[0], T[1], T[2]));
    PetscCall(WriteZonal(p, dir, T[0], T[1], T[2], heat));
  }
  for (int v = 0; v < 3; v++) {
    PetscCall(VecRestoreArrayRead(all[v], &T[v]));
    PetscCall(VecDestroy(&all[v]));
  }
  PetscCall(WriteReport(b, dir, r, peak / 1e15, where));
  PetscCall(PetscFree(heat));
  PetscFunctionReturn(0);
}
