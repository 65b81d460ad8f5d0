/* SPDX-License-Identifier: BSD-2-Clause */
/* Costs of models of a few unknowns that more than one of them has. */
#include "zooimpl.h"

#define COST_ARGUMENTS PetscInt n, PetscReal t, const PetscReal u[], const PetscReal p[]

static PetscReal Sum(COST_ARGUMENTS)
{
  PetscReal s = 0;

  (void)t, (void)p;
  for (PetscInt i = 0; i < n; i++) s += u[i];
  return s;
}

static void SumGradient(COST_ARGUMENTS, PetscReal gu[], PetscReal gp[])
{
  (void)t, (void)u, (void)p, (void)gp;
  for (PetscInt i = 0; i < n; i++) gu[i] = 1;
}

const ZooSmallCost ZooCostSum = {"the sum of u", Sum, SumGradient};

#define COMPONENT(Name, k, text)                                                                                       \
  static PetscReal Name(COST_ARGUMENTS)                                                                                \
  {                                                                                                                    \
    (void)n, (void)t, (void)p;                                                                                         \
    return u[k];                                                                                                       \
  }                                                                                                                    \
  static void Name##Gradient(COST_ARGUMENTS, PetscReal gu[], PetscReal gp[])                                           \
  {                                                                                                                    \
    (void)n, (void)t, (void)u, (void)p, (void)gp;                                                                      \
    gu[k] = 1;                                                                                                         \
  }                                                                                                                    \
  const ZooSmallCost ZooCost##Name = {text, Name, Name##Gradient};

COMPONENT(First, 0, "u1")
COMPONENT(Second, 1, "u2")
COMPONENT(Third, 2, "u3")

#define SQUARE(Name, target, text)                                                                                     \
  static PetscReal Name(COST_ARGUMENTS)                                                                                \
  {                                                                                                                    \
    PetscReal s = 0;                                                                                                   \
                                                                                                                       \
    (void)t, (void)p;                                                                                                  \
    for (PetscInt i = 0; i < n; i++) s += (u[i] - target) * (u[i] - target);                                           \
    return s / 2;                                                                                                      \
  }                                                                                                                    \
  static void Name##Gradient(COST_ARGUMENTS, PetscReal gu[], PetscReal gp[])                                           \
  {                                                                                                                    \
    (void)t, (void)p, (void)gp;                                                                                        \
    for (PetscInt i = 0; i < n; i++) gu[i] = u[i] - target;                                                            \
  }                                                                                                                    \
  const ZooSmallCost ZooCost##Name = {text, Name, Name##Gradient};

SQUARE(Square, 0, "|u|^2/2")
SQUARE(SquareFromOne, 1, "|u - 1|^2/2")
SQUARE(SquareFromTwo, 2, "|u - 2|^2/2")

static PetscReal SquareOfSum(COST_ARGUMENTS)
{
  const PetscReal s = Sum(n, t, u, p);

  return s * s / 2;
}

static void SquareOfSumGradient(COST_ARGUMENTS, PetscReal gu[], PetscReal gp[])
{
  (void)gp;
  for (PetscInt i = 0; i < n; i++) gu[i] = Sum(n, t, u, p);
}

const ZooSmallCost ZooCostSquareOfSum = {"(sum of u)^2/2", SquareOfSum, SquareOfSumGradient};
