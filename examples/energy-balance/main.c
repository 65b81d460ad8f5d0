/* SPDX-License-Identifier: BSD-2-Clause */
static char help[] = "Infers the parameters of an energy-balance climate model from observed air temperatures.\n";

#include "output.h"

typedef struct {
  char      data[PETSC_MAX_PATH_LEN], out[PETSC_MAX_PATH_LEN];
  PetscInt  coarsen, seed;
  PetscReal sigma, length;
  PetscBool check, twin;
  Sun       sun;
  Prior     prior;
} Settings;

/* By how many standard deviations of the prior the truth of a twin experiment is beside its centre */
static const PetscReal Truth[NPAR] = {.6, -.5, .4, -.7, .5};

static PetscErrorCode SettingsGet(Settings *s)
{
  PetscInt n = NPAR, m = NPAR;

  PetscFunctionBeginUser;
  *s = (Settings){.data    = "/usr/share/ferret-vis/data",
                  .out     = ".",
                  .coarsen = 1,
                  .seed    = 1,
                  .sigma   = 2,
                  .length  = 2e6,
                  .sun     = {.Q = 335, .s2 = -.482, .a0 = .697, .a2 = -.0779, .ice = .38, .edge = -10, .width = 5},
                  .prior   = {.centre = {203.3, 2.09, .649, .649, 0}, .spread = {10, .3, .5, .5, .5}}};
  PetscOptionsBegin(PETSC_COMM_WORLD, NULL, "Energy balance", NULL);
  PetscCall(
      PetscOptionsString("-data", "folder of the ferret-datasets files", NULL, s->data, s->data, sizeof s->data, NULL));
  PetscCall(PetscOptionsString("-out", "folder for the results", NULL, s->out, s->out, sizeof s->out, NULL));
  PetscCall(
      PetscOptionsInt("-coarsen", "2 degree cells along a model cell's side", NULL, s->coarsen, &s->coarsen, NULL));
  PetscCall(PetscOptionsBool("-twin", "temperatures are made by the model, on a planet that needs no files", NULL,
                             s->twin, &s->twin, NULL));
  PetscCall(
      PetscOptionsBool("-check", "the gradient against differences, before all", NULL, s->check, &s->check, NULL));
  PetscCall(PetscOptionsInt("-seed", "of the check", NULL, s->seed, &s->seed, NULL));
  PetscCall(PetscOptionsReal("-sigma", "error of the observed temperature and of the model, K", NULL, s->sigma,
                             &s->sigma, NULL));
  PetscCall(PetscOptionsReal("-length", "errors this far apart are independent, m", NULL, s->length, &s->length, NULL));
  PetscCall(PetscOptionsReal("-Q", "a quarter of the solar constant, W/m^2", NULL, s->sun.Q, &s->sun.Q, NULL));
  PetscCall(
      PetscOptionsReal("-ice_coalbedo", "part of the sunshine that ice absorbs", NULL, s->sun.ice, &s->sun.ice, NULL));
  PetscCall(PetscOptionsReal("-ice_edge", "there is ice where it is colder, degrees C", NULL, s->sun.edge, &s->sun.edge,
                             NULL));
  PetscCall(PetscOptionsReal("-ice_width", "of the transition, K", NULL, s->sun.width, &s->sun.width, NULL));
  s->prior.weight = s->twin ? 0 : 1;
  PetscCall(PetscOptionsReal("-prior", "weight of what was known before; 0 with -twin", NULL, s->prior.weight,
                             &s->prior.weight, NULL));
  PetscCall(PetscOptionsRealArray("-prior_centre", "A, B, D_sea, D_land, d2: where the search begins, too", NULL,
                                  s->prior.centre, &n, NULL));
  PetscCall(PetscOptionsRealArray("-prior_spread", "standard deviations: A, log B, log D_sea, log D_land, d2", NULL,
                                  s->prior.spread, &m, NULL));
  PetscOptionsEnd();
  PetscCheck((n == NPAR || !n) && (m == NPAR || !m), PETSC_COMM_WORLD, PETSC_ERR_ARG_SIZ,
             "-prior_centre and -prior_spread take %d numbers: A,B,D_sea,D_land,d2", NPAR);
  for (int k = 0; k < NPAR; k++)
    PetscCheck(s->prior.spread[k] > 0 && (!ParameterIsLog[k] || s->prior.centre[k] > 0), PETSC_COMM_WORLD,
               PETSC_ERR_ARG_OUTOFRANGE, "-prior_spread of %s must be positive, and its -prior_centre if it is B or D",
               ParameterNames[k]);
  PetscCheck(s->sigma > 0 && s->length > 0 && s->sun.width > 0 && s->sun.Q > 0 && s->prior.weight >= 0,
             PETSC_COMM_WORLD, PETSC_ERR_ARG_OUTOFRANGE,
             "-sigma, -length, -Q and -ice_width must be positive, -prior not negative");
  PetscFunctionReturn(0);
}

/* The climate of the truth takes the place of the observations. */
static PetscErrorCode MakeObservations(Problem *b)
{
  Vec x;

  PetscFunctionBeginUser;
  PetscCall(VecDuplicate(b->x, &x));
  PetscCall(ProblemSet(Truth, x));
  PetscCall(ProblemClimate(b, x, b->observed));
  PetscCall(VecDestroy(&x));
  PetscFunctionReturn(0);
}

static PetscErrorCode Run(const Settings *s, Problem *b)
{
  Result    r = {.seed = s->seed, .twin = s->twin};
  Posterior posterior;
  Mat       S;
  Vec       truth;

  PetscFunctionBeginUser;
  if (s->twin) {
    PetscCall(MakeObservations(b));
    PetscCall(VecDuplicate(b->x, &truth));
    PetscCall(ProblemSet(Truth, truth));
    PetscCall(ProblemValues(b, truth, r.truth));
    PetscCall(VecDestroy(&truth));
  }
  PetscCall(VecDuplicate(b->T0, &r.before));
  PetscCall(VecDuplicate(b->T0, &r.after));
  if (s->check) PetscCall(ProblemCheck(b, s->seed, &r.order));
  PetscCall(ProblemClimate(b, b->x, r.before));
  r.rms_before = b->rms;
  PetscCall(PosteriorCompute(b, &posterior));
  PetscCall(PosteriorRoot(b, &posterior, &S));
  PetscCall(ProblemMinimise(b, S));
  PetscCall(MatDestroy(&S));
  PetscCall(PosteriorCompute(b, &posterior));
  PetscCall(ProblemClimate(b, b->x, r.after));
  r.rms_after = b->rms;
  r.posterior = &posterior;
  PetscCall(PosteriorPrint(b, &posterior));
  PetscCall(OutputWrite(b, s->out, &r));
  PetscCall(VecDestroy(&r.before));
  PetscCall(VecDestroy(&r.after));
  PetscFunctionReturn(0);
}

int main(int argc, char **argv)
{
  Settings    s;
  Planet      planet;
  Balance     balance;
  Problem     problem;
  PetscMPIInt ranks;

  PetscFunctionBeginUser;
  PetscCall(PetscInitialize(&argc, &argv, NULL, help));
  PetscCall(SettingsGet(&s));
  PetscCallMPI(MPI_Comm_size(PETSC_COMM_WORLD, &ranks));
  if (s.twin)
    PetscCall(PlanetMake(PETSC_COMM_WORLD, s.coarsen, &planet));
  else
    PetscCall(PlanetRead(PETSC_COMM_WORLD, s.data, s.coarsen, &planet));
  PetscCall(BalanceCreate(PETSC_COMM_WORLD, &planet, &s.sun, &balance));
  PetscCall(ProblemCreate(&balance, &s.prior, s.sigma, s.length, &problem));
  PetscCall(PetscPrintf(PETSC_COMM_WORLD,
                        "%" PetscInt_FMT " x %" PetscInt_FMT " cells, temperatures in %" PetscInt_FMT
                        " of them, worth %.1f independent ones of %g K; ranks: %d\n",
                        planet.nx, planet.ny, planet.nseen, (double)problem.n, (double)s.sigma, ranks));
  PetscCall(Run(&s, &problem));
  PetscCall(ProblemDestroy(&problem));
  PetscCall(BalanceDestroy(&balance));
  PetscCall(PlanetDestroy(&planet));
  PetscCall(PetscFinalize());
  return 0;
}
