/* SPDX-License-Identifier: BSD-2-Clause */
/* ranks: 1 2 */
/*
  dG/du at T and at cost times has fast components that are gone within much less than a fixed step of the sweep.  Their
  part in dG/dp is found all the same, whatever the backward integrator, and for it alone steps are added.

  The stiff oscillator, where f_p^T lambda is nearly all of that kind: with a line over the first step gauss would be
  wrong by a factor of 60.
*/
#include "zoorun.h"

#define NMETHODS 3
static const char *const methods[NMETHODS] = {COSTATEINTERPOLATING, COSTATEQUADRATURE, COSTATEGAUSS};

typedef struct {
  const char *options;
  PetscReal   u, p; /* errors, at most */
  PetscInt    more; /* steps backward, more than forward, at most */
} StiffCase;

#define BACK "-costate_adjoint_ts_type "
#define CTRL " -costate_adjoint_ts_adapt_type basic -costate_adjoint_ts_rtol 1e-6 -costate_adjoint_ts_atol 1e-9"

/* Costs at many times read the state there, so that the run must not ring itself.  On more than one rank, where nothing
 * is new and all takes longer, the first few are enough. */
static const StiffCase cases[] = {
    {"", 1e-3, 1e-2, 8},
    {BACK "beuler", 1e-3, 1e-2, 8},
    {BACK "bdf", 1e-3, 1e-2, 8},
    {BACK "rosw", 1e-3, 1e-2, 8},
    {BACK "arkimex", 1e-3, 1e-2, 8},
    {BACK "theta -costate_adjoint_ts_theta_theta 0.5", 1e-3, 1e-2, 8},
    {BACK "theta -costate_adjoint_ts_theta_theta 0.55 -costate_adjoint_ts_theta_endpoint", 1e-3, 1e-2, 8},
    {BACK "bdf" CTRL, 1e-5, 1e-2, 1000},
    {BACK "rosw" CTRL, 1e-5, 1e-2, 1000},
    {BACK "cn -costate_adjoint_ts_dt 5e-4 -form implicit", 1e-3, 1e-2, 508},
    {BACK "cn -cost times -ts_type beuler", 1e-3, 1e-2, 40},
    {BACK "bdf -cost times -ts_type beuler", 1e-3, 1e-2, 40},
    {BACK "beuler -costate_adjoint_layers no", 1e-2, 2e-2, 0}, /* the integral is that of the scheme itself */
    {BACK "cn -cost integral", 1e-3, 1e-2, 8},
    {BACK "bdf -cost integral", 1e-3, 1e-2, 8},
};
#define NCASES (zoo_size > 1 ? 2 : (int)(sizeof(cases) / sizeof(cases[0])))

static PetscErrorCode Stiff(const StiffCase *c)
{
  char options[512];

  PetscFunctionBeginUser;
  PetscCall(PetscSNPrintf(options, sizeof(options), "-ts_type cn -dt 1e-3 %s", c->options));
  for (int m = 0; m < NMETHODS; m++) {
    ZooResult r;
    PetscInt  more;

    PetscCall(ZooSolve("vdp_stiff", methods[m], options, &r));
    more = r.stats.adjoint_steps - r.stats.steps;
    T_OK(r.reason > 0 && r.eu >= 0 && r.eu <= c->u && r.ep >= 0 && r.ep <= c->p && more >= PetscMin(1, c->more) &&
             more <= c->more,
         "vdp_stiff %s, %s: errors %.1e and %.1e, at most %.0e and %.0e; %d steps more than the run, at most %d",
         methods[m], c->options, (double)r.eu, (double)r.ep, (double)c->u, (double)c->p, (int)more, (int)c->more);
    PetscCall(ZooResultFree(&r));
  }
  PetscFunctionReturn(0);
}

/* Where lambda is not faster than the steps there is none more, and nothing is said. */
static const struct {
  const char *problem, *options;
} controls[] = {
    {"heat", "-n 16 -ts_type cn"},
    {"mass", "-ts_type cn -dt 0.02"},
    {"lotka", "-ts_type cn -dt 0.02"},
    {"lotka", "-cost integral -ts_type bdf -ts_adapt_type none -dt 0.02"},
    {"lotka", "-cost times -ts_type cn -ts_adapt_type none -dt 0.02 -costate_adjoint_ts_type rosw"},
};
#define NCONTROLS (zoo_size > 1 ? 2 : (int)(sizeof(controls) / sizeof(controls[0])))

static PetscErrorCode Control(int c)
{
  PetscFunctionBeginUser;
  for (int m = 0; m < NMETHODS; m++) {
    ZooResult r;
    PetscBool warned;

    PetscCall(ZooListen());
    PetscCall(ZooSolve(controls[c].problem, methods[m], controls[c].options, &r));
    PetscCall(ZooHeard("costate", &warned));
    T_OK(r.reason > 0 && r.stats.adjoint_steps == r.stats.steps && !warned,
         "%s %s, %s: %d steps backward, %d forward, no warning", controls[c].problem, controls[c].options, methods[m],
         (int)r.stats.adjoint_steps, (int)r.stats.steps);
    PetscCall(ZooResultFree(&r));
  }
  PetscFunctionReturn(0);
}

int main(int argc, char **argv)
{
  PetscCall(ZooBegin(&argc, &argv, 0));
  if (zoo_rank == 0) plan(NMETHODS * (NCASES + NCONTROLS));
  for (int c = 0; c < NCASES; c++) PetscCall(Stiff(&cases[c]));
  for (int c = 0; c < NCONTROLS; c++) PetscCall(Control(c));
  PetscCall(ZooEnd());
  return zoo_rank == 0 ? done() : 0;
}
