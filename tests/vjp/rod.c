/* SPDX-License-Identifier: BSD-2-Clause */
/* ranks: 1 2 3 */
/*
  An application without a single derivative gets its gradients with respect to a state and a field of parameters: from
  sparse patterns, from a DM, from products; by steps with an adjoint and without, explicit and implicit.  Taylor
  remainders are the proof, and all of them agree.
*/
#include "rod.h"

static const struct {
  const char *options;
  PetscBool   pattern, products; /* patterns of the test, its products; else the DM's */
} ways[] = {
    {"", PETSC_FALSE, PETSC_TRUE}, /* first: they are exact */
    {"-costate_vjp coloring -costate_vjp_p coloring", PETSC_TRUE, PETSC_FALSE},
    {"-costate_vjp fd -costate_vjp_p fd", PETSC_FALSE, PETSC_FALSE},
    {"-costate_vjp auto -costate_vjp_p auto", PETSC_TRUE, PETSC_FALSE},
    {"-costate_vjp coloring -costate_vjp_p fd", PETSC_FALSE, PETSC_FALSE}, /* the pattern of the DM */
};
#define NWAYS ((int)(sizeof(ways) / sizeof(ways[0])))

static const char *const runs[] = {
    "-ts_type rk -ts_adapt_type none -costate_type discrete",
    "-ts_type cn -costate_type discrete -snes_rtol 1e-14 -ksp_rtol 1e-14 -pc_type none -snes_type newtonls",
    "-ts_type rk -ts_adapt_type none -ts_dt 0.02 -costate_type gauss",
};
#define NRUNS ((int)(sizeof(runs) / sizeof(runs[0])))

static PetscErrorCode Gradient(int run, int way, Vec g[2], PetscReal *order)
{
  char    options[512];
  Rod     r = {.dumb = PETSC_FALSE};
  Costate cs;
  Vec     gu, gp;

  PetscFunctionBeginUser;
  PetscCall(PetscSNPrintf(options, sizeof(options), "%s %s", runs[run], ways[way].options));
  PetscCall(ZooOptions(options));
  PetscCall(RodCreate(&r, &cs));
  PetscCall(TSSetDM(r.ts, r.dm));
  PetscCall(TSSetRHSFunction(r.ts, NULL, RodF, &r)); /* it goes with the DM */
  if (ways[way].pattern) {
    PetscCall(TSSetRHSJacobian(r.ts, r.J, r.J, NULL, NULL));
    PetscCall(TSSetRHSJacobianP(r.ts, r.Jp, NULL, NULL));
  }
  if (ways[way].products) {
    PetscCall(CostateSetProducts(cs, COSTATE_RHS, RodJvp, RodVjp, &r));
    PetscCall(CostateSetParameterProducts(cs, COSTATE_RHS, RodJvpP, RodVjpP, &r));
  }
  PetscCall(ZooListen());
  PetscCall(CostateSolve(cs));
  PetscCall(CostateGetGradient(cs, 0, &gu, &gp));
  PetscCall(ZooCopy(gu, &g[0]));
  PetscCall(ZooCopy(gp, &g[1]));
  *order = 2;
  if (run < 2) PetscCall(CostateCheckTaylor(cs, 0, NULL, NULL, order));
  PetscCall(ZooHeard(NULL, NULL));
  PetscCall(RodDestroy(&r, &cs));
  PetscFunctionReturn(0);
}

int main(int argc, char **argv)
{
  PetscCall(ZooBegin(&argc, &argv, NRUNS * NWAYS));
  for (int i = 0; i < NRUNS; i++) {
    Vec own[2] = {NULL, NULL}, g[2];

    for (int w = 0; w < NWAYS; w++) {
      PetscReal order = 0, e[2] = {0, 0};

      PetscCall(Gradient(i, w, w ? g : own, &order));
      for (int k = 0; w && k < 2; k++) {
        PetscCall(ZooDifference(g[k], own[k], &e[k]));
        PetscCall(VecDestroy(&g[k]));
      }
      T_OK(order >= 1.99 && e[0] <= 1e-9 && e[1] <= 1e-9, "%.40s: %s: Taylor %.3f, from products %.1e %.1e", runs[i],
           ways[w].products ? "products" : ways[w].options, (double)order, (double)e[0], (double)e[1]);
    }
    for (int k = 0; k < 2; k++) PetscCall(VecDestroy(&own[k]));
  }
  PetscCall(ZooEnd());
  return zoo_rank == 0 ? done() : 0;
}
