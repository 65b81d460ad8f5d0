/* SPDX-License-Identifier: BSD-2-Clause */
static char help[] = "Infers the transmissivity of an aquifer from the heads in wells: steady Darcy flow.\n";

#include "output.h"

static const char *const truths[]      = {"smooth", "channels"};
static const char *const roughnesses[] = {"tikhonov", "tv"};

typedef struct {
  char      out[PETSC_MAX_PATH_LEN];
  PetscInt  nx, ny, wells, refine;
  PetscReal sigma, weight, lower, upper;
  PetscBool check, fixed;
  Truth     truth;
  Roughness roughness;
} Settings;

static PetscErrorCode SettingsGet(Settings *s)
{
  PetscInt truth = 0, roughness = 0;

  PetscFunctionBeginUser;
  *s            = (Settings){.out       = ".",
                             .nx        = 96,
                             .ny        = 48,
                             .wells     = 72,
                             .refine    = 2,
                             .sigma     = .05,
                             .weight    = 100,
                             .lower     = .1,
                             .upper     = 1e4,
                             .truth     = {.seed = 1, .spread = 1, .length = 400},
                             .roughness = {.slope = 1e-3}};
  s->truth.mean = PetscLogReal(50.);
  PetscOptionsBegin(PETSC_COMM_WORLD, NULL, "Groundwater", NULL);
  PetscCall(PetscOptionsString("-out", "folder for the results", NULL, s->out, s->out, sizeof s->out, NULL));
  PetscCall(PetscOptionsInt("-nx", "cells along the aquifer", NULL, s->nx, &s->nx, NULL));
  PetscCall(PetscOptionsInt("-ny", "cells across", NULL, s->ny, &s->ny, NULL));
  PetscCall(PetscOptionsEList("-truth", "the field that is to be found", NULL, truths, 2, truths[0], &truth, NULL));
  PetscCall(PetscOptionsReal("-truth_spread", "its standard deviation; channels: half the contrast", NULL,
                             s->truth.spread, &s->truth.spread, NULL));
  PetscCall(PetscOptionsReal("-truth_length", "its length of correlation; the width of a channel, m", NULL,
                             s->truth.length, &s->truth.length, NULL));
  PetscCall(
      PetscOptionsInt("-refine", "the data are made on a grid so many times finer", NULL, s->refine, &s->refine, NULL));
  PetscCall(PetscOptionsInt("-seed", "of all that is random", NULL, s->truth.seed, &s->truth.seed, NULL));
  PetscCall(PetscOptionsInt("-wells", "where heads are measured, about", NULL, s->wells, &s->wells, NULL));
  PetscCall(PetscOptionsReal("-sigma", "error of a measured head, m", NULL, s->sigma, &s->sigma, NULL));
  PetscCall(PetscOptionsEList("-regularization", "what a rough field costs", NULL, roughnesses, 2, roughnesses[0],
                              &roughness, NULL));
  PetscCall(PetscOptionsReal("-weight", "of the regularisation; without it one that leaves chi^2 = 1 a well is found",
                             NULL, s->weight, &s->weight, &s->fixed));
  PetscCall(PetscOptionsReal("-tv_slope", "below this, 1/m, total variation is rounded off", NULL, s->roughness.slope,
                             &s->roughness.slope, NULL));
  PetscCall(PetscOptionsReal("-t_min", "lower bound of the transmissivity, m^2/day", NULL, s->lower, &s->lower, NULL));
  PetscCall(PetscOptionsReal("-t_max", "upper bound", NULL, s->upper, &s->upper, NULL));
  PetscCall(
      PetscOptionsBool("-check", "the gradient against differences, before all", NULL, s->check, &s->check, NULL));
  PetscOptionsEnd();
  s->truth.type       = (TruthType)truth;
  s->roughness.type   = (RoughnessType)roughness;
  s->roughness.weight = s->weight;
  PetscCheck(s->nx > 1 && s->ny > 1 && s->refine > 0 && s->wells > 0, PETSC_COMM_WORLD, PETSC_ERR_ARG_OUTOFRANGE,
             "-nx and -ny must be at least 2, -refine and -wells at least 1");
  PetscCheck(s->sigma > 0 && s->weight > 0 && s->roughness.slope > 0 && s->truth.length > 0, PETSC_COMM_WORLD,
             PETSC_ERR_ARG_OUTOFRANGE, "-sigma, -weight, -tv_slope and -truth_length must be positive");
  PetscCheck(s->lower > 0 && s->lower < 50 && s->upper > 50, PETSC_COMM_WORLD, PETSC_ERR_ARG_OUTOFRANGE,
             "-t_min and -t_max must be positive and enclose the first guess, 50 m^2/day");
  PetscFunctionReturn(0);
}

static PetscErrorCode Run(const Settings *s, Problem *b, Vec truth, Result *r)
{
  const PetscReal lower = PetscLogReal(s->lower), upper = PetscLogReal(s->upper), wells = (PetscReal)b->wells->n;
  Vec             h, difference;
  PetscInt        n;

  PetscFunctionBeginUser;
  PetscCall(VecDuplicate(b->h0, &h));
  PetscCall(VecDuplicate(truth, &difference));
  PetscCall(ProblemHeads(b, b->k, h));
  PetscCall(
      PetscPrintf(PETSC_COMM_WORLD, "chi^2 a well: %.1f with 50 m^2/day everywhere, ", (double)(b->chi2 / wells)));
  PetscCall(ProblemHeads(b, truth, h));
  r->chi2_truth = b->chi2 / wells;
  PetscCall(PetscPrintf(PETSC_COMM_WORLD, "%.3f with the truth\n", (double)r->chi2_truth));
  if (s->check) PetscCall(ProblemCheck(b, truth, s->truth.seed, &r->order));
  if (s->fixed)
    PetscCall(ProblemMinimise(b, lower, upper));
  else
    PetscCall(ProblemDiscrepancy(b, lower, upper, truth));
  PetscCall(ProblemHeads(b, b->k, h));
  r->chi2 = b->chi2 / wells;
  PetscCall(Correlation(b->k, truth, &r->correlation));
  PetscCall(VecWAXPY(difference, -1, truth, b->k));
  PetscCall(VecNorm(difference, NORM_2, &r->rms));
  PetscCall(VecGetSize(truth, &n));
  r->rms /= PetscSqrtReal((PetscReal)n);
  PetscCall(
      PetscPrintf(PETSC_COMM_WORLD,
                  "chi^2 a well is %.3f; the estimate's correlation with the truth is %.3f, its error %.2f in k\n",
                  (double)r->chi2, (double)r->correlation, (double)r->rms));
  PetscCall(OutputWrite(b, s->out, truth, h, r));
  PetscCall(VecDestroy(&difference));
  PetscCall(VecDestroy(&h));
  PetscFunctionReturn(0);
}

int main(int argc, char **argv)
{
  static const Pump pump[] = {{700, 1350, -400},
                              {1250, 500, -500},
                              {2050, 1100, -600},
                              {2800, 1600, -400},
                              {3250, 550, -500}};
  static const Site site   = {.length   = 4000,
                              .width    = 2000,
                              .left     = 20,
                              .right    = 10,
                              .recharge = 3e-4,
                              .pump     = pump,
                              .npumps   = sizeof pump / sizeof *pump};
  Settings          s;
  Aquifer           aquifer;
  Problem           problem;
  Wells             wells;
  Result            result = {.site = &site};
  Vec               truth, heads;
  Mat               at;
  PetscMPIInt       ranks;

  PetscFunctionBeginUser;
  PetscCall(PetscInitialize(&argc, &argv, NULL, help));
  PetscCall(SettingsGet(&s));
  PetscCallMPI(MPI_Comm_size(PETSC_COMM_WORLD, &ranks));
  PetscCall(AquiferCreate(PETSC_COMM_WORLD, &site, s.nx, s.ny, &aquifer));
  PetscCall(WellsPlace(&site, s.wells, s.truth.seed, &wells));
  wells.sigma = s.sigma;
  PetscCall(PetscPrintf(PETSC_COMM_WORLD,
                        "%" PetscInt_FMT " x %" PetscInt_FMT " cells, a parameter in each; %" PetscInt_FMT
                        " wells, errors of %g m; seed %" PetscInt_FMT "; ranks: %d\n",
                        s.nx, s.ny, wells.n, (double)s.sigma, s.truth.seed, ranks));
  PetscCall(AquiferInterpolation(&aquifer, wells.n, wells.x, wells.y, &at));
  PetscCall(MatCreateVecs(at, &truth, &heads));
  PetscCall(MatDestroy(&at));
  PetscCall(WellsMeasure(PETSC_COMM_WORLD, &wells, &s.truth, &site, s.refine * s.nx, s.refine * s.ny, heads));
  PetscCall(VecDestroy(&truth));
  PetscCall(DMCreateGlobalVector(aquifer.da, &truth));
  PetscCall(TruthField(&s.truth, &aquifer, truth));
  PetscCall(ProblemCreate(&aquifer, &wells, heads, PetscLogReal(50.), &s.roughness, &problem));
  result.truth = &s.truth;
  PetscCall(Run(&s, &problem, truth, &result));
  PetscCall(ProblemDestroy(&problem));
  PetscCall(VecDestroy(&truth));
  PetscCall(VecDestroy(&heads));
  PetscCall(WellsDestroy(&wells));
  PetscCall(AquiferDestroy(&aquifer));
  PetscCall(PetscFinalize());
  return 0;
}
