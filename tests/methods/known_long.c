/* SPDX-License-Identifier: BSD-2-Clause */
/* ranks: 1 2 */
/* suite: long */
/*
  The table of the manual: all problems with known gradients, with all their costs, by all methods that can do them; of
  each run tolerance or step, errors of dG/du0 and dG/dp, steps of the run and of the sweep.
*/
#include "known.h"

static const KnownCase known_more[] = {
    {"hessian3", "-cost terminal", "", TOLERANCES, PETSC_FALSE, 10, 1e-8, 0, PETSC_FALSE},
    {"vanderpol", "-cost integral", "", TOLERANCES, PETSC_FALSE, 10, 1e-8, 0, PETSC_FALSE},
    {"advdiff", "-n 16", "forward", TOLERANCES, PETSC_FALSE, 10, 1e-8, 0, PETSC_FALSE},
    {"linear", "-n 64 -tend 2", "", TOLERANCES, PETSC_FALSE, 10, 1e-7, 1e-6, PETSC_FALSE},
    {"heat", ROSW "-n 20 -cost integral", "discrete backsolve", TOLERANCES, PETSC_FALSE, 10, 1e-8, 0, PETSC_FALSE},
    {"heat", ROSW "-n 20 -cost times", "discrete backsolve", TOLERANCES, PETSC_FALSE, 10, 1e-8, 0, PETSC_FALSE},
    {"vdp_stiff", ROSW, "discrete quadrature backsolve", TOLERANCES, PETSC_FALSE, 5, 1e-4, 0, PETSC_FALSE},
    {NULL, NULL, NULL, {0}, PETSC_FALSE, 0, 0, 0, PETSC_FALSE},
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
