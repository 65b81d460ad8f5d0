/* SPDX-License-Identifier: BSD-2-Clause */
/* ranks: 1 2 */
/* suite: long */
/*
  The table of the manual: all problems with known gradients, with all their costs, by all methods that can do them; of
  each run tolerance or step, errors of dG/du0 and dG/dp, steps of the run and of the sweep.
*/
#include "known.h"

static const KnownCase known_more[] = {
    {"hessian3", "-cost terminal", "", TOLERANCES, PETSC_FALSE, 10, 1e-8},
    {"vanderpol", "-cost integral", "", TOLERANCES, PETSC_FALSE, 10, 1e-8},
    {"advdiff", "-n 16", "forward", TOLERANCES, PETSC_FALSE, 10, 1e-8},
    {"linear", "-n 64 -tend 2", "", TOLERANCES, PETSC_FALSE, 10, 1e-8},
    {"heat", ROSW "-n 20 -cost integral", "discrete backsolve", TOLERANCES, PETSC_FALSE, 10, 1e-8},
    {"heat", ROSW "-n 20 -cost times", "discrete backsolve", TOLERANCES, PETSC_FALSE, 10, 1e-8},
    {"vdp_stiff", ROSW, "discrete quadrature backsolve", TOLERANCES, PETSC_FALSE, 5, 1e-4},
    /* what Crank-Nicolson takes to come as far: the other methods do by a type of higher order, above */
    {"ex23", "-ts_type cn", ONLY_DISCRETE, {1e-2, 1e-3, 1e-4}, PETSC_TRUE, 80, 1e-8},
    {"mass", "-ts_type cn", ONLY_DISCRETE, {1e-2, 1e-3, 1e-4}, PETSC_TRUE, 80, 1e-8},
    {"dae1", "-ts_type cn", ONLY_DISCRETE, {2e-2, 2e-3, 2e-4}, PETSC_TRUE, 80, 1e-8},
    {"dae1", "-ts_type cn -variant quadratic", ONLY_DISCRETE, {5e-3, 5e-4, 5e-5}, PETSC_TRUE, 80, 1e-8},
    {"heat", "-ts_type cn -n 10", ONLY_DISCRETE, {2e-3, 2e-4, 2e-5}, PETSC_TRUE, 80, 1e-8},
    {NULL, NULL, NULL, {0}, PETSC_FALSE, 0, 0},
};

int main(int argc, char **argv)
{
  PetscCall(ZooBegin(&argc, &argv, 0));
  if (zoo_rank == 0) plan(KnownCount(known_short) + KnownCount(known_more));
  PetscCall(KnownAll(known_short, LEVELS, PETSC_TRUE));
  PetscCall(KnownAll(known_more, LEVELS, PETSC_TRUE));
  PetscCall(ZooEnd());
  return zoo_rank == 0 ? done() : 0;
}
