/* SPDX-License-Identifier: BSD-2-Clause */
/* ranks: 1 2 */
/*
  Backsolve says itself whether the run could be gone back along, from the u(t0) that it comes to: no gradient for stiff
  decay, diffusion and chaos, no word about what is harmless, whatever the problem is called; the same problem over a
  shorter time is fine.  Restarts at the states of the run mend it, down to the step in which y grows beyond bounds.
*/
#include "zoorun.h"

typedef enum { QUIET, WARNS, REFUSES } Verdict;
static const char *const verdicts[] = {"says nothing", "warns", "gives no gradient"};

static const struct {
  const char *problem, *options;
  Verdict     verdict;
  PetscReal   error; /* the most that the gradient may be off; 0: none is known */
} cases[] = {
#define ROSW " -ts_type rosw -ts_adapt_type basic -form implicit -ts_rtol 1e-6 -ts_atol 1e-6"
    {"heat", "", REFUSES, 0},
    {"heat", "-costate_backsolve_restart 5", QUIET, 1e-4},
    {"heat", "-n 10 -tend 0.02 -dt 1e-3", QUIET, 1e-4},
    {"vdp_stiff", ROSW, REFUSES, 0},
    {"vdp_stiff", "-costate_backsolve_restart 1" ROSW, REFUSES, 0},
    {"robertson", "", REFUSES, 0},
    {"lorenz63", "", REFUSES, 0},
    {"lorenz63", "-costate_backsolve_restart 5", QUIET, 1e-6},
    {"lorenz63", "-tend 0.5", QUIET, 0},
    {"advdiff", "-n 16", WARNS, 1e-8},
    {"advdiff", "-n 16 -costate_backsolve_restart 5", QUIET, 1e-8},
    {"lotka", "", QUIET, 1e-5},
    {"lotka", "-tend 40", QUIET, 0},
    {"vanderpol", "", QUIET, 1e-6},
    {"pendulum", "", QUIET, 1e-6},
    {"linear", "-n 8", QUIET, 1e-6},
    {"hessian3", "", QUIET, 1e-6},
};
#define NCASES ((int)(sizeof(cases) / sizeof(cases[0])))

static PetscErrorCode Drift(int i)
{
  ZooResult r;
  PetscBool said;
  Verdict   verdict;
  PetscReal worst, most;

  PetscFunctionBeginUser;
  PetscCall(ZooListen());
  PetscCall(ZooSolve(cases[i].problem, COSTATEBACKSOLVE, cases[i].options, &r));
  PetscCall(ZooHeard("cannot be gone back along", &said));
  verdict = r.reason < 0 ? REFUSES : said ? WARNS : QUIET;
  worst   = PetscMax(r.eu, r.ep);
  most    = cases[i].error;
  T_OK(verdict == cases[i].verdict && (r.reason > 0 || r.reason == COSTATE_DIVERGED_DRIFT) &&
           (verdict == QUIET || said) && (most <= 0 || (worst >= 0 && worst <= most)),
       "%s %s: %s, drift %.1e, error %.1e (-1: none)", cases[i].problem, cases[i].options, verdicts[verdict],
       (double)r.stats.drift, (double)worst);
  PetscCall(ZooResultFree(&r));
  PetscFunctionReturn(0);
}

int main(int argc, char **argv)
{
  PetscCall(ZooBegin(&argc, &argv, NCASES));
  for (int i = 0; i < NCASES; i++) PetscCall(Drift(i));
  PetscCall(ZooEnd());
  return zoo_rank == 0 ? done() : 0;
}
