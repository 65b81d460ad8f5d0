/* SPDX-License-Identifier: BSD-2-Clause */
/* ranks: 1 2 */
/*
  Distributed problems whose gradient nobody knows, fields of parameters among them: as the steps are refined the
  continuous methods come nearer to the discrete one, by the order of the scheme.  The number of ranks makes no
  difference.
*/
#include "zoorun.h"

#define LEVELS 3

typedef struct {
  const char *problem, *options, *without;
  PetscReal   step; /* the first; each level halves it */
  PetscReal   factor;
} AgreeCase;

#define RK3 "-ts_type rk -ts_rk_type 3bs -ts_adapt_type none "

/* Second order is a factor of 4 for each halving, third order one of 8. */
static const AgreeCase cases[] = {
    {"brusselator", "-n 6 -tend 0.4 -ts_type cn", "backsolve", 0.04, 3},
    {"heat", "-n 16 -tend 0.04 -ts_type cn", "backsolve", 4e-3, 3},
    {"advdiff", "-n 8 -tend 0.2 " RK3, "backsolve", 0.02, 6},
    {"advdiff", "-n 8 -variant dirichlet -cost integral -tend 0.2 " RK3, "backsolve", 0.02, 6},
    {"lorenz96", "-n 12 -tend 0.4 " RK3, "", 0.02, 6},
    {"lorenz96", "-n 12 -tend 0.4 -cost integral " RK3, "", 0.02, 6},
};
#define NCASES ((int)(sizeof(cases) / sizeof(cases[0])))

static int NMethods(void)
{
  const char *name, *text;
  int         n = 0;

  while (!ZooListGet(n, &name, &text) && name) n++;
  return n;
}

static PetscErrorCode Solve(const AgreeCase *c, const char method[], PetscReal step, ZooResult *r)
{
  char options[512];

  PetscFunctionBeginUser;
  PetscCall(PetscSNPrintf(options, sizeof(options), "%s -dt %g", c->options, (double)step));
  PetscCall(ZooListen()); /* backsolve says how far off coarse steps are */
  PetscCall(ZooSolve(c->problem, method, options, r));
  PetscCall(ZooHeard(NULL, NULL));
  PetscFunctionReturn(0);
}

static PetscErrorCode Agree(const AgreeCase *c)
{
  ZooResult discrete[LEVELS], r;

  PetscFunctionBeginUser;
  for (int k = 0; k < LEVELS; k++) PetscCall(Solve(c, COSTATEDISCRETE, c->step / (1 << k), &discrete[k]));
  for (int m = 0; m < NMethods(); m++) {
    const char *name, *text;
    PetscReal   d[2][LEVELS];
    PetscBool   good = PETSC_TRUE;

    PetscCall(ZooListGet(m, &name, &text));
    if (!strcmp(name, COSTATEDISCRETE) || strstr(c->without, name)) continue;
    for (int k = 0; k < LEVELS; k++) {
      PetscCall(Solve(c, name, c->step / (1 << k), &r));
      d[0][k] = d[1][k] = r.reason > 0 ? 0 : 1;
      if (r.gu) PetscCall(ZooDifference(r.gu, discrete[k].gu, &d[0][k]));
      if (r.gp) PetscCall(ZooDifference(r.gp, discrete[k].gp, &d[1][k]));
      for (int i = 0; k && i < 2; i++)
        good = (PetscBool)(good && (d[i][k] <= d[i][k - 1] / c->factor || d[i][k] < 1e-9));
      good = (PetscBool)(good && (r.gu || r.gp));
      PetscCall(ZooResultFree(&r));
    }
    T_OK(good, "%s %s: %s and discrete: dG/du0 %.1e %.1e %.1e, dG/dp %.1e %.1e %.1e", c->problem, c->options, name,
         (double)d[0][0], (double)d[0][1], (double)d[0][2], (double)d[1][0], (double)d[1][1], (double)d[1][2]);
  }
  for (int k = 0; k < LEVELS; k++) PetscCall(ZooResultFree(&discrete[k]));
  PetscFunctionReturn(0);
}

/* All ranks together, and each by itself. */
static PetscErrorCode Ranks(const AgreeCase *c)
{
  ZooResult r[2];
  PetscReal e[3];

  PetscFunctionBeginUser;
  for (int k = 0; k < 2; k++) {
    zoo_comm = k ? PETSC_COMM_SELF : PETSC_COMM_WORLD;
    PetscCall(Solve(c, COSTATEDISCRETE, c->step, &r[k]));
  }
  zoo_comm = PETSC_COMM_WORLD;
  e[0]     = PetscAbsReal(r[0].value - r[1].value) / PetscAbsReal(r[1].value);
  e[1]     = PetscAbsReal(r[0].gu_norm - r[1].gu_norm) / r[1].gu_norm;
  e[2]     = PetscAbsReal(r[0].gp_norm - r[1].gp_norm) / r[1].gp_norm;
  T_OK(e[0] <= 1e-12 && e[1] <= 1e-12 && e[2] <= 1e-12,
       "%s %s: %d ranks and one: cost %.1e, norms of gradients %.1e, %.1e", c->problem, c->options, zoo_size,
       (double)e[0], (double)e[1], (double)e[2]);
  PetscCall(ZooResultFree(&r[0]));
  PetscCall(ZooResultFree(&r[1]));
  PetscFunctionReturn(0);
}

int main(int argc, char **argv)
{
  int n = 0;

  PetscCall(ZooBegin(&argc, &argv, 0));
  for (int i = 0; i < NCASES; i++) {
    n += NMethods() - 1 - (cases[i].without[0] ? 1 : 0);
    if (strstr(cases[i].options, RK3)) n++;
  }
  if (zoo_rank == 0) plan(n);
  for (int i = 0; i < NCASES; i++) {
    PetscCall(Agree(&cases[i]));
    if (strstr(cases[i].options, RK3)) PetscCall(Ranks(&cases[i]));
  }
  PetscCall(ZooEnd());
  return zoo_rank == 0 ? done() : 0;
}
