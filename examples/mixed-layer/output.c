/* SPDX-License-Identifier: BSD-2-Clause */
#include "../common/common.h"
#include "output.h"

static const struct {
  PetscReal lon, lat;
} point[NPOINTS] = {{330, 46}, {180, 46}};

static PetscInt PointCell(const Ocean *o, int k)
{
  const PetscInt i = (PetscInt)((point[k].lon - 20) / 360 * o->nx), j = (PetscInt)((point[k].lat + 90) / 180 * o->ny);
  return j * o->nx + i;
}

typedef struct {
  Model    *model;
  Season   *season;
  PetscInt  capacity;
  PetscReal cost, last; /* the misfit by the trapezoidal rule, as the time step integrates it; its last integrand */
} Recorder;

static PetscErrorCode Record(TS ts, PetscInt step, PetscReal t, Vec T, void *ctx)
{
  Recorder                 *r = ctx;
  Model                    *m = r->model;
  const Ocean              *o = m->ocean;
  const PetscScalar *const *u;
  PetscScalar             **sum;
  PetscReal                 basis[NCOEF], last = r->last;
  DMDALocalInfo             g;

  PetscFunctionBeginUser;
  (void)ts, (void)step;
  PetscCall(CostMisfit(NULL, 0, t, T, NULL, &r->last, m));
  r->cost += 0.5 * m->dt * (last + r->last);
  if (t <= m->cost_begin + 0.5 * m->dt || r->season->steps == r->capacity) PetscFunctionReturn(0);
  SeasonBasis(t, basis);
  PetscCall(DMDAGetLocalInfo(m->da, &g));
  PetscCall(DMDAVecGetArrayRead(m->da, T, (void *)&u));
  PetscCall(DMDAVecGetArray(m->da, r->season->misfit, &sum));
  for (PetscInt j = g.ys; j < g.ys + g.ym; j++) {
    for (PetscInt i = g.xs; i < g.xs + g.xm; i++) {
      const PetscInt c = j * o->nx + i;

      if (o->sea[c]) sum[j][i] += PetscSqr(u[j][i] - SeasonValue(&o->sst[c * NCOEF], basis));
      for (int k = 0; k < NPOINTS; k++) {
        if (c == PointCell(o, k)) r->season->series[k][r->season->steps] = u[j][i];
      }
    }
  }
  r->season->steps++;
  PetscCall(DMDAVecRestoreArray(m->da, r->season->misfit, &sum));
  PetscCall(DMDAVecRestoreArrayRead(m->da, T, (void *)&u));
  PetscFunctionReturn(0);
}

PetscErrorCode SeasonRecord(Problem *b, PetscInt steps, PetscInt capacity, Season *s)
{
  Recorder r = {.model = b->model, .season = s, .capacity = capacity};
  Vec      T;
  TS       ts;

  PetscFunctionBeginUser;
  s->steps = 0;
  PetscCall(VecDuplicate(b->T0, &s->misfit));
  for (int k = 0; k < NPOINTS; k++) PetscCall(PetscCalloc1(capacity, &s->series[k]));
  PetscCall(ModelCreateTS(b->model, steps, &ts)); /* one of its own, which keeps nothing */
  PetscCall(TSMonitorSet(ts, Record, &r, NULL));
  PetscCall(ModelSetParameters(b->model, b->p));
  PetscCall(VecDuplicate(b->T0, &T));
  PetscCall(VecCopy(b->T0, T));
  PetscCall(TSSolve(ts, T));
  PetscCall(VecDestroy(&T));
  for (int k = 0; k < NPOINTS; k++)
    PetscCallMPI(MPI_Allreduce(MPI_IN_PLACE, s->series[k], (PetscMPIInt)capacity, MPIU_REAL, MPIU_SUM,
                               PetscObjectComm((PetscObject)ts)));
  PetscCall(TSDestroy(&ts));
  s->rms = b->model->sigma * PetscSqrtReal(2 * r.cost);
  PetscFunctionReturn(0);
}

PetscErrorCode SeasonDestroy(Season *s)
{
  PetscFunctionBeginUser;
  PetscCall(VecDestroy(&s->misfit));
  for (int k = 0; k < NPOINTS; k++) PetscCall(PetscFree(s->series[k]));
  PetscFunctionReturn(0);
}

/* The whole field on rank 0, x fastest; *all is NULL elsewhere. Free with PetscFree. */
static PetscErrorCode Gather(DM da, Vec global, PetscReal **all)
{
  Vec                zero;
  const PetscScalar *x;
  PetscInt           n;

  PetscFunctionBeginUser;
  *all = NULL;
  PetscCall(ExampleGather(da, global, &zero));
  PetscCall(VecGetLocalSize(zero, &n));
  if (n) {
    PetscCall(PetscMalloc1(n, all));
    PetscCall(VecGetArrayRead(zero, &x));
    PetscCall(PetscArraycpy(*all, x, n));
    PetscCall(VecRestoreArrayRead(zero, &x));
  }
  PetscCall(VecDestroy(&zero));
  PetscFunctionReturn(0);
}

static PetscErrorCode GatherDepth(const Model *m, PetscReal **all)
{
  const PetscScalar *const *h;
  PetscScalar             **x;
  DMDALocalInfo             g;
  Vec                       global;

  PetscFunctionBeginUser;
  PetscCall(DMGetGlobalVector(m->da, &global));
  PetscCall(DMDAGetLocalInfo(m->da, &g));
  PetscCall(DMDAVecGetArrayRead(m->da, m->h, (void *)&h));
  PetscCall(DMDAVecGetArrayWrite(m->da, global, &x));
  for (PetscInt j = g.ys; j < g.ys + g.ym; j++) PetscCall(PetscArraycpy(&x[j][g.xs], &h[j][g.xs], g.xm));
  PetscCall(DMDAVecRestoreArrayWrite(m->da, global, &x));
  PetscCall(DMDAVecRestoreArrayRead(m->da, m->h, (void *)&h));
  PetscCall(Gather(m->da, global, all));
  PetscCall(DMRestoreGlobalVector(m->da, &global));
  PetscFunctionReturn(0);
}

static PetscErrorCode WriteMap(const Ocean *o, const char path[], const PetscReal h[], const PetscReal before[],
                               const PetscReal after[], PetscInt steps)
{
  PetscViewer w;

  PetscFunctionBeginUser;
  PetscCall(PetscViewerASCIIOpen(PETSC_COMM_SELF, path, &w));
  PetscCall(PetscViewerASCIIPrintf(w, "# longitude latitude h(m) Levitus-mixed-layer:mean(m) harmonic-mean(m) "
                                      "misfit-before(K) misfit-after(K); NaN: not ocean, or not known\n"));
  for (PetscInt j = 0; j < o->ny; j++) {
    for (PetscInt i = 0; i < o->nx; i++) {
      const PetscInt c = j * o->nx + i;

      PetscCall(PetscViewerASCIIPrintf(w, "%g %g ", (double)o->lon[i], (double)o->lat[j]));
      if (!o->sea[c])
        PetscCall(PetscViewerASCIIPrintf(w, "NaN "));
      else
        PetscCall(PetscViewerASCIIPrintf(w, "%.2f ", (double)h[c]));
      if (!o->sea[c] || o->mld[c] < 0)
        PetscCall(PetscViewerASCIIPrintf(w, "NaN NaN "));
      else
        PetscCall(PetscViewerASCIIPrintf(w, "%.2f %.2f ", (double)o->mld[c], (double)o->storage[c]));
      if (!o->sea[c])
        PetscCall(PetscViewerASCIIPrintf(w, "NaN NaN\n"));
      else
        PetscCall(PetscViewerASCIIPrintf(w, "%.4f %.4f\n", (double)PetscSqrtReal(before[c] / steps),
                                         (double)PetscSqrtReal(after[c] / steps)));
    }
    PetscCall(PetscViewerASCIIPrintf(w, "\n")); /* gnuplot's mark between scan lines */
  }
  PetscCall(PetscViewerDestroy(&w));
  PetscFunctionReturn(0);
}

static PetscErrorCode WriteSeries(const Model *m, const char path[], const Season *before, const Season *after)
{
  const Ocean *o = m->ocean;
  PetscViewer  w;
  PetscReal    basis[NCOEF];

  PetscFunctionBeginUser;
  PetscCall(PetscViewerASCIIOpen(PETSC_COMM_SELF, path, &w));
  PetscCall(PetscViewerASCIIPrintf(w, "# month, then for each point: observed, first guess, fitted (degrees C)\n"));
  for (PetscInt n = 0; n < after->steps; n++) {
    const PetscReal t = m->cost_begin + (n + 1) * m->dt;

    SeasonBasis(t, basis);
    PetscCall(PetscViewerASCIIPrintf(w, "%.4f", (double)(12 * (t - m->cost_begin) / SEC_PER_YEAR)));
    for (int k = 0; k < NPOINTS; k++)
      PetscCall(PetscViewerASCIIPrintf(w, " %.4f %.4f %.4f",
                                       (double)SeasonValue(&o->sst[PointCell(o, k) * NCOEF], basis),
                                       (double)before->series[k][n], (double)after->series[k][n]));
    PetscCall(PetscViewerASCIIPrintf(w, "\n"));
  }
  PetscCall(PetscViewerDestroy(&w));
  PetscFunctionReturn(0);
}

PetscErrorCode OutputWrite(Problem *b, const char dir[], const Season *before, const Season *after)
{
  PetscReal *h, *was, *is;
  char       path[PETSC_MAX_PATH_LEN];

  PetscFunctionBeginUser;
  PetscCall(GatherDepth(b->model, &h));
  PetscCall(Gather(b->model->da, before->misfit, &was));
  PetscCall(Gather(b->model->da, after->misfit, &is));
  if (h) {
    PetscCall(PetscSNPrintf(path, sizeof path, "%s/map.txt", dir));
    PetscCall(WriteMap(b->model->ocean, path, h, was, is, after->steps));
    PetscCall(PetscSNPrintf(path, sizeof path, "%s/season.txt", dir));
    PetscCall(WriteSeries(b->model, path, before, after));
  }
  PetscCall(PetscFree(h));
  PetscCall(PetscFree(was));
  PetscCall(PetscFree(is));
  PetscFunctionReturn(0);
}

/* Median over ocean cells, each counted by its area; cells with x < 0 are left out. */
static PetscErrorCode Median(const Model *m, const PetscReal x[], PetscReal *median)
{
  const Ocean *o = m->ocean;
  PetscReal   *value, half = 0, sum = 0;
  PetscInt    *cell, *order, n = 0, k = 0;

  PetscFunctionBeginUser;
  PetscCall(PetscMalloc3(o->nsea, &value, o->nsea, &cell, o->nsea, &order));
  for (PetscInt c = 0; c < o->nx * o->ny; c++) {
    if (!o->sea[c] || x[c] < 0) continue;
    order[n]  = n;
    value[n]  = x[c];
    cell[n++] = c;
    half += 0.5 * m->area[c / o->nx];
  }
  PetscCall(PetscSortRealWithPermutation(n, value, order));
  while (k < n - 1 && (sum += m->area[cell[order[k]] / o->nx]) < half) k++;
  *median = n ? value[order[k]] : -1;
  PetscCall(PetscFree3(value, cell, order));
  PetscFunctionReturn(0);
}

/* Mean over the ocean cells with 42N < latitude < 48N and west < longitude < east (degrees east). */
static PetscReal MeanAt45N(const Ocean *o, const PetscReal x[], PetscReal west, PetscReal east)
{
  PetscReal sum = 0;
  PetscInt  n   = 0;

  for (PetscInt c = 0; c < o->nx * o->ny; c++) {
    const PetscReal lon = o->lon[c % o->nx], lat = o->lat[c / o->nx];

    if (!o->sea[c] || x[c] < 0 || PetscAbsReal(lat - 45) >= 3 || lon <= west || lon >= east) continue;
    sum += x[c];
    n++;
  }
  return n ? sum / n : -1;
}

/* Correlation of log x and log y over the ocean cells that have both, weighted by area. */
static PetscReal LogCorrelation(const Model *m, const PetscReal x[], const PetscReal y[])
{
  const Ocean *o = m->ocean;
  PetscReal    w = 0, sx = 0, sy = 0, sxx = 0, syy = 0, sxy = 0;

  for (PetscInt c = 0; c < o->nx * o->ny; c++) {
    const PetscReal a = m->area[c / o->nx];

    if (!o->sea[c] || x[c] <= 0 || y[c] <= 0) continue;
    const PetscReal p = PetscLogReal(x[c]), q = PetscLogReal(y[c]);
    w += a;
    sx += a * p;
    sy += a * q;
    sxx += a * p * p;
    syy += a * q * q;
    sxy += a * p * q;
  }
  return (sxy - sx * sy / w) / PetscSqrtReal((sxx - sx * sx / w) * (syy - sy * sy / w));
}

PetscErrorCode OutputSummary(Problem *b, PetscReal lower, PetscReal upper)
{
  const Model *m = b->model;
  const Ocean *o = m->ocean;
  PetscReal   *h;
  PetscInt     low = 0, high = 0;

  PetscFunctionBeginUser;
  PetscCall(GatherDepth(m, &h));
  if (!h) PetscFunctionReturn(0);
  for (PetscInt c = 0; c < o->nx * o->ny; c++) {
    low += o->sea[c] && h[c] < 1.001 * lower;
    high += o->sea[c] && h[c] > 0.999 * upper;
  }
  const PetscReal  *field[3] = {h, o->mld, o->storage};
  static const char head[] =
      "  depths in m                          inferred h   Levitus mixed layer: mean   harmonic mean of the year\n";
  PetscReal median[3], atlantic[3], pacific[3];
  for (int k = 0; k < 3; k++) {
    PetscCall(Median(m, field[k], &median[k]));
    atlantic[k] = MeanAt45N(o, field[k], 300, 355);
    pacific[k]  = MeanAt45N(o, field[k], 145, 235);
  }
  PetscCall(PetscPrintf(PETSC_COMM_SELF, "%s", head));
  PetscCall(PetscPrintf(PETSC_COMM_SELF,
                        "  median over the ocean                  %6.1f             %6.1f                 %6.1f\n",
                        (double)median[0], (double)median[1], (double)median[2]));
  PetscCall(PetscPrintf(PETSC_COMM_SELF,
                        "  mean at 45N, Atlantic (60W-5W)         %6.1f             %6.1f                 %6.1f\n",
                        (double)atlantic[0], (double)atlantic[1], (double)atlantic[2]));
  PetscCall(PetscPrintf(PETSC_COMM_SELF,
                        "  mean at 45N, Pacific (145E-125W)       %6.1f             %6.1f                 %6.1f\n",
                        (double)pacific[0], (double)pacific[1], (double)pacific[2]));
  PetscCall(PetscPrintf(PETSC_COMM_SELF,
                        "  correlation of log h with its log          -              %5.2f                  %5.2f\n",
                        (double)LogCorrelation(m, h, o->mld), (double)LogCorrelation(m, h, o->storage)));
  PetscCall(PetscPrintf(PETSC_COMM_SELF,
                        "  cells at the bounds of %g and %g m: %" PetscInt_FMT " and %" PetscInt_FMT
                        " of %" PetscInt_FMT "; strength of evaporation lambda = %.3f\n",
                        (double)lower, (double)upper, low, high, o->nsea, (double)m->lambda));
  PetscCall(PetscFree(h));
  PetscFunctionReturn(0);
}
