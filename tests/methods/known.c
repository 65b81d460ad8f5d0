/* SPDX-License-Identifier: BSD-2-Clause */
/* ranks: 1 2 */
/*
  The methods find the gradients that are known: each problem of the zoo that has one, by each method that can do it.
  With the tolerance, or the step, errors fall as they should; with tolerances of 1e-10 they are at most 1e-8.
  (That is for one rank; with more the tightest level is left to the long suite.)
*/
#include "known.h"

int main(int argc, char **argv)
{
  PetscCall(ZooBegin(&argc, &argv, 0));
  if (zoo_rank == 0) plan(KnownCount(known_short));
  PetscCall(KnownAll(known_short, zoo_size > 1 ? LEVELS - 1 : LEVELS, PETSC_FALSE));
  PetscCall(ZooEnd());
  return zoo_rank == 0 ? done() : 0;
}
