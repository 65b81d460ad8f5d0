/* SPDX-License-Identifier: BSD-2-Clause */
static char help[] = "Infers the effective depth of the ocean's mixed layer from the observed seasonal cycle of its "
                     "surface temperature.\n";

#include "output.h"

typedef struct {
  char      data[PETSC_MAX_PATH_LEN], out[PETSC_MAX_PATH_LEN];
  PetscInt  coarsen, years, per_year, iterations, seed;
  PetscReal kappa, sigma, lower, upper;
  Prior     prior;
} Settings;

static PetscErrorCode SettingsGet(Settings *s)
{
  PetscFunctionBeginUser;
  *s = (Settings){.data       = "/usr/share/ferret-vis/data",
                  .out        = ".",
                  .coarsen    = 1,
                  .years      = 3,
                  .per_year   = 73,
                  .iterations = 15,
                  .seed       = 2026,
                  .kappa      = 2e3,
                  .sigma      = 0.5,
                  .lower      = 5,
                  .upper      = 500,
                  .prior      = {.depth = 40, .spread = 1, .length = 4e5, .strength = 0.5, .weight = 1e-3}};
  PetscOptionsBegin(PETSC_COMM_WORLD, NULL, "Mixed-layer depth", NULL);
  PetscCall(
      PetscOptionsString("-data", "folder of the ferret-datasets files", NULL, s->data, s->data, sizeof s->data, NULL));
  PetscCall(PetscOptionsString("-out", "folder for the results", NULL, s->out, s->out, sizeof s->out, NULL));
  PetscCall(
      PetscOptionsInt("-coarsen", "2 degree cells along a model cell's side", NULL, s->coarsen, &s->coarsen, NULL));
  PetscCall(PetscOptionsInt("-years", "length of a run; the misfit counts in the last year", NULL, s->years, &s->years,
                            NULL));
  PetscCall(PetscOptionsInt("-steps_per_year", "time steps in a year", NULL, s->per_year, &s->per_year, NULL));
  PetscCall(PetscOptionsInt("-iterations", "iterations of the optimiser, 0 for none", NULL, s->iterations,
                            &s->iterations, NULL));
  PetscCall(
      PetscOptionsInt("-seed", "of the Taylor test's direction, negative for no test", NULL, s->seed, &s->seed, NULL));
  PetscCall(PetscOptionsReal("-kappa", "horizontal diffusivity, m^2/s", NULL, s->kappa, &s->kappa, NULL));
  PetscCall(PetscOptionsReal("-sigma", "error of the observed temperature and of the model, K", NULL, s->sigma,
                             &s->sigma, NULL));
  PetscCall(PetscOptionsReal("-h_min", "lower bound of h, m", NULL, s->lower, &s->lower, NULL));
  PetscCall(PetscOptionsReal("-h_max", "upper bound of h, m", NULL, s->upper, &s->upper, NULL));
  PetscCall(PetscOptionsReal("-prior_depth", "background of h and first guess, m", NULL, s->prior.depth,
                             &s->prior.depth, NULL));
  PetscCall(
      PetscOptionsReal("-prior_spread", "standard deviation of log h", NULL, s->prior.spread, &s->prior.spread, NULL));
  PetscCall(PetscOptionsReal("-prior_length", "length over which log h is smooth, m", NULL, s->prior.length,
                             &s->prior.length, NULL));
  PetscOptionsEnd();
  PetscCheck(s->years > 0 && s->per_year > 11, PETSC_COMM_WORLD, PETSC_ERR_ARG_OUTOFRANGE,
             "-years must be at least 1 and -steps_per_year at least 12");
  PetscCheck(s->lower > 0 && s->lower < s->prior.depth && s->upper > s->prior.depth, PETSC_COMM_WORLD,
             PETSC_ERR_ARG_OUTOFRANGE, "-h_min and -h_max must be positive and enclose the background depth, %g m",
             (double)s->prior.depth);
  PetscFunctionReturn(0);
}

static PetscErrorCode Run(const Settings *s, Problem *b)
{
  const PetscInt steps = s->years * s->per_year;
  Season         before, after;

  PetscFunctionBeginUser;
  if (s->seed >= 0) PetscCall(ProblemTaylorTest(b, s->seed));
  PetscCall(SeasonRecord(b, steps, s->per_year, &before));
  if (s->iterations > 0) PetscCall(ProblemOptimise(b, s->lower, s->upper, s->iterations));
  PetscCall(SeasonRecord(b, steps, s->per_year, &after));
  PetscCall(
      PetscPrintf(PETSC_COMM_WORLD,
                  "Misfit of the surface temperature in the last year: %.3f K with the first guess, %.3f K fitted\n",
                  (double)before.rms, (double)after.rms));
  PetscCall(OutputSummary(b, s->lower, s->upper));
  PetscCall(OutputWrite(b, s->out, &before, &after));
  PetscCall(SeasonDestroy(&before));
  PetscCall(SeasonDestroy(&after));
  PetscFunctionReturn(0);
}

int main(int argc, char **argv)
{
  Settings    s;
  Ocean       ocean;
  Model       model;
  Problem     problem;
  PetscMPIInt size;

  PetscFunctionBeginUser;
  PetscCall(PetscInitialize(&argc, &argv, NULL, help));
  PetscCall(CostateInitializePackage()); /* for -tao_costate_tape */
  PetscCall(SettingsGet(&s));
  PetscCallMPI(MPI_Comm_size(PETSC_COMM_WORLD, &size));
  PetscCall(OceanRead(PETSC_COMM_WORLD, s.data, s.coarsen, &ocean));
  PetscCall(ModelCreate(PETSC_COMM_WORLD, &ocean, s.kappa, SEC_PER_YEAR / s.per_year, &model));
  model.sigma      = s.sigma;
  model.cost_begin = (s.years - 1) * SEC_PER_YEAR;
  model.prior      = s.prior;
  PetscCall(PetscPrintf(PETSC_COMM_WORLD,
                        "Grid %" PetscInt_FMT " x %" PetscInt_FMT ", %" PetscInt_FMT " ocean cells; %" PetscInt_FMT
                        " years in %" PetscInt_FMT " steps of %.2f days; %" PetscInt_FMT " controls; ranks: %d\n",
                        ocean.nx, ocean.ny, ocean.nsea, s.years, s.years * s.per_year, (double)(model.dt / 86400),
                        ocean.nsea + 1, size));
  PetscCall(ProblemCreate(&model, s.years * s.per_year, &problem));
  PetscCall(Run(&s, &problem));
  PetscCall(ProblemDestroy(&problem));
  PetscCall(ModelDestroy(&model));
  PetscCall(OceanDestroy(&ocean));
  PetscCall(PetscFinalize());
  return 0;
}
