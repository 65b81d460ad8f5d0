/* SPDX-License-Identifier: BSD-2-Clause */
/*
  How often the steps of the run are executed: a sweep needs the two ends of each step and nothing of what is between
  them, so the least is that of a run which can be taken up at the states that are kept.  Within 2 % of it; from 2
  sqrt(n) states on, or with a disk (a write may take as long as ten steps), at most two forward solves in all.
*/
#include <math.h>
#include <costate/sched.h>
#include "../methods/zoorun.h"

#define RUN "-ts_type rk -ts_rk_type 3bs -ts_adapt_type none -tend 5 "

static const char *const methods[] = {COSTATEINTERPOLATING, COSTATEQUADRATURE, COSTATEGAUSS};
#define NMETHODS ((int)(sizeof(methods) / sizeof(methods[0])))

/* Steps of the run, and states; the first is a run whose full trajectory is twenty times the budget. */
static const int budgets[][2] = {{1000, 50}, {1000, 64}, {1000, 32}, {1000, 20}, {1000, 10}, {400, 40}, {333, 5}};
#define NBUDGETS ((int)(sizeof(budgets) / sizeof(budgets[0])))

static PetscErrorCode Solve(const char method[], int n, int states, const char more[], ZooResult *r)
{
  char options[512];

  PetscFunctionBeginUser;
  PetscCall(
      PetscSNPrintf(options, sizeof(options), RUN "-dt %.17g -ts_trajectory_costate_ram %d %s", 5. / n, states, more));
  PetscCall(ZooSolve("lotka", method, options, r));
  PetscFunctionReturn(0);
}

static PetscErrorCode Memory(const char method[], int n, int states)
{
  const PetscInt64 least = costate_mixed_evaluations(states, n, 1, 1);
  ZooResult        all, r;
  PetscBool        same[2];
  PetscInt         work;

  PetscFunctionBeginUser;
  PetscCall(Solve(method, n, n + 1, "", &all));
  PetscCall(Solve(method, n, states, "", &r));
  PetscCall(VecEqual(all.gu, r.gu, &same[0]));
  PetscCall(VecEqual(all.gp, r.gp, &same[1]));
  work = r.stats.steps + r.stats.replayed;
  T_OK(r.stats.steps == n && r.stats.peak_states <= states && same[0] && same[1] && least > 0 &&
           (double)work <= 1.02 * (double)least && all.stats.replayed == 0,
       "%s: %d steps in %d states (%d used), the same bits: %d executed in all, the least is %d", method, n, states,
       (int)r.stats.peak_states, (int)work, (int)least);
  T_OK(states < 2 * sqrt(n) || work <= 2 * n, "... %.2f forward solves", (double)work / n);
  PetscCall(ZooResultFree(&all));
  PetscCall(ZooResultFree(&r));
  PetscFunctionReturn(0);
}

/* What a write and a read of a state take, in steps. */
static PetscErrorCode Disk(const char method[], const char costs[])
{
  ZooResult memory, r;
  PetscBool same[2];
  char      more[256];

  PetscFunctionBeginUser;
  PetscCall(
      PetscSNPrintf(more, sizeof(more), "-ts_trajectory_costate_hdf5 disk -ts_trajectory_costate_costs 1,1,%s", costs));
  PetscCall(Solve(method, 1000, 10, "", &memory));
  PetscCall(Solve(method, 1000, 10, more, &r));
  PetscCall(VecEqual(memory.gu, r.gu, &same[0]));
  PetscCall(VecEqual(memory.gp, r.gp, &same[1]));
  T_OK(same[0] && same[1] && r.stats.peak_states <= 10 && r.stats.replayed < memory.stats.replayed &&
           r.stats.replayed <= r.stats.steps,
       "%s: 1000 steps in 10 states and a disk (a write and a read take %s steps): %d steps again, without %d", method,
       costs, (int)r.stats.replayed, (int)memory.stats.replayed);
  PetscCall(ZooResultFree(&memory));
  PetscCall(ZooResultFree(&r));
  PetscFunctionReturn(0);
}

int main(int argc, char **argv)
{
  PetscCall(ZooBegin(&argc, &argv, NMETHODS * (2 * NBUDGETS + 3)));
  for (int m = 0; m < NMETHODS; m++) {
    for (int i = 0; i < NBUDGETS; i++) PetscCall(Memory(methods[m], budgets[i][0], budgets[i][1]));
    PetscCall(Disk(methods[m], "0.01,0.01"));
    PetscCall(Disk(methods[m], "3,3"));
    PetscCall(Disk(methods[m], "10,10"));
  }
  PetscCall(ZooEnd());
  return zoo_rank == 0 ? done() : 0;
}
