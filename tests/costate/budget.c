/* SPDX-License-Identifier: BSD-2-Clause */
/* ranks: 1 2 */
/*
  A few states for a long run: the continuous methods get their pieces by repeating steps, the same bits as with
  everything in memory, within the budget, and at the price that the discrete method pays.
*/
#include "../methods/zoorun.h"

#define STATES 8

typedef struct {
  const char *problem, *options;
} BudgetCase;

static const BudgetCase cases[] = {
    {"lotka", "-ts_rtol 1e-8 -ts_atol 1e-8"}, /* some 200 steps of different lengths */
    {"lotka", "-cost integral -tend 5 -dt 0.02 -ts_adapt_type none -ts_rk_type 3bs"},
    {"advdiff", "-n 6 -cost times -dt 2e-3 -ts_adapt_type none"},
    {"heat", "-n 10 -dt 5e-4"},
    {"mass", "-dt 5e-3 -ts_type rosw -ts_adapt_type none"},
};
#define NCASES ((int)(sizeof(cases) / sizeof(cases[0])))

static const char *const methods[] = {COSTATEINTERPOLATING, COSTATEQUADRATURE, COSTATEGAUSS};
#define NMETHODS ((int)(sizeof(methods) / sizeof(methods[0])))

static PetscErrorCode Same(Vec a, Vec b, PetscBool *same)
{
  PetscFunctionBeginUser;
  *same = (PetscBool)(!a && !b);
  if (a && b) PetscCall(VecEqual(a, b, same));
  PetscFunctionReturn(0);
}

static PetscErrorCode Budget(const BudgetCase *c, PetscBool discrete)
{
  char      options[512];
  ZooResult reference = {.eu = -1};
  PetscInt  replayed  = 0;

  PetscFunctionBeginUser;
  PetscCall(PetscSNPrintf(options, sizeof(options), "%s -ts_trajectory_costate_ram %d", c->options, STATES));
  if (discrete) {
    PetscCall(ZooSolve(c->problem, COSTATEDISCRETE, options, &reference));
    replayed = reference.stats.replayed;
    PetscCall(ZooResultFree(&reference));
  }
  for (int m = 0; m < NMETHODS; m++) {
    ZooResult all, few;
    PetscBool same[2];

    PetscCall(ZooSolve(c->problem, methods[m], c->options, &all));
    PetscCall(ZooSolve(c->problem, methods[m], options, &few));
    PetscCall(Same(all.gu, few.gu, &same[0]));
    PetscCall(Same(all.gp, few.gp, &same[1]));
    T_OK(all.reason > 0 && few.reason > 0 && same[0] && same[1] && all.value == few.value,
         "%s %s: %s: the same bits with %d states as with all of %d steps", c->problem, c->options, methods[m], STATES,
         (int)all.stats.steps);
    T_OK(few.stats.steps >= 12 * STATES && few.stats.peak_states <= STATES && few.stats.replayed > 0 &&
             all.stats.replayed <= all.stats.steps,
         "... with at most %d of them at a time", (int)few.stats.peak_states);
    /* the discrete method executes each step once more for its stages, unless they are kept */
    T_OK(!discrete || PetscAbsInt(few.stats.replayed - replayed) <= few.stats.steps,
         "... and %d steps are repeated, by discrete %d%s", (int)few.stats.replayed, (int)replayed,
         discrete ? "" : " (it cannot do it)");
    PetscCall(ZooResultFree(&all));
    PetscCall(ZooResultFree(&few));
  }
  PetscFunctionReturn(0);
}

int main(int argc, char **argv)
{
  PetscCall(ZooBegin(&argc, &argv, 3 * NCASES * NMETHODS));
  for (int i = 0; i < NCASES; i++) PetscCall(Budget(&cases[i], (PetscBool)!strstr(cases[i].options, "rosw")));
  PetscCall(ZooEnd());
  return zoo_rank == 0 ? done() : 0;
}
