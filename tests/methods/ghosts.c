/* SPDX-License-Identifier: BSD-2-Clause */
/* ranks: 1 2 3 */
/*
  Each method on problems whose neighbours are on other ranks, with a few parameters and with a field of them: the
  gradient is the known one, and the one that a rank finds all by itself.  No size is a multiple of the number of ranks.
*/
#include "zoorun.h"

typedef struct {
  const char *problem, *options;
  PetscBool   field, line; /* the parameters are a field; the vectors have the same order on any number of ranks */
  PetscReal   known;       /* the largest error; 0: no gradient is known */
  PetscReal   alone;       /* the largest difference from one rank */
} GhostCase;

#define RK "-ts_type rk -ts_adapt_type none "

static const GhostCase cases[] = {
    {"linear", "-n 10 -tend 1 -dt 0.01 " RK, PETSC_FALSE, PETSC_TRUE, 1e-6, 1e-12},
    {"advdiff", "-n 7 -tend 0.2 -dt 0.01 " RK, PETSC_TRUE, PETSC_FALSE, 1e-6, 1e-12},
    {"lorenz96", "-n 10 -tend 0.4 -dt 0.02 " RK, PETSC_TRUE, PETSC_TRUE, 0, 1e-11},
    {"lorenz96", "-n 10 -tend 0.4 -dt 0.02 -cost integral " RK, PETSC_TRUE, PETSC_TRUE, 0, 1e-11},
    {"advdiff", "-n 5 -tend 0.1 -dt 0.005 -ts_type rosw -ts_adapt_type none -form implicit", PETSC_TRUE, PETSC_FALSE,
     1e-5, 1e-7},
    {"brusselator", "-n 5 -tend 0.05 -dt 0.005 -ts_type cn", PETSC_FALSE, PETSC_FALSE, 0, 1e-7},
};
#define NCASES ((int)(sizeof(cases) / sizeof(cases[0])))

/* A type without an adjoint step is not for the method discrete. */
static PetscBool Applies(const GhostCase *c, const char method[])
{
  return (PetscBool)(strcmp(method, COSTATEDISCRETE) || !strstr(c->options, "rosw"));
}

/* |a - b| / |b|, b being the whole on each rank; of other orders the norms only. */
static PetscErrorCode FromAlone(const GhostCase *c, Vec a, Vec b, PetscReal *e)
{
  const PetscScalar *x, *y;
  PetscReal          norm, other, sum = 0, all;
  PetscInt           lo, hi;

  PetscFunctionBeginUser;
  *e = 0;
  if (!a && !b) PetscFunctionReturn(0);
  *e = 1;
  if (!a || !b) PetscFunctionReturn(0);
  PetscCall(VecNorm(a, NORM_2, &other));
  PetscCall(VecNorm(b, NORM_2, &norm));
  *e = PetscAbsReal(other - norm) / norm;
  if (!c->line) PetscFunctionReturn(0);
  PetscCall(VecGetOwnershipRange(a, &lo, &hi));
  PetscCall(VecGetArrayRead(a, &x));
  PetscCall(VecGetArrayRead(b, &y));
  for (PetscInt i = lo; i < hi; i++) sum += PetscSqr(PetscRealPart(x[i - lo] - y[i]));
  PetscCall(VecRestoreArrayRead(a, &x));
  PetscCall(VecRestoreArrayRead(b, &y));
  PetscCallMPI(MPI_Allreduce(&sum, &all, 1, MPIU_REAL, MPIU_SUM, PETSC_COMM_WORLD));
  *e = PetscSqrtReal(all) / norm;
  PetscFunctionReturn(0);
}

static PetscErrorCode Ghost(const GhostCase *c, const char method[])
{
  ZooResult together, alone;
  PetscReal e[2], worst;
  PetscBool good;
  PetscInt  np = 0, mine = 0;

  PetscFunctionBeginUser;
  PetscCall(ZooSolve(c->problem, method, c->options, &together));
  zoo_comm = PETSC_COMM_SELF;
  PetscCall(ZooSolve(c->problem, method, c->options, &alone));
  zoo_comm = PETSC_COMM_WORLD;
  PetscCall(FromAlone(c, together.gu, alone.gu, &e[0]));
  PetscCall(FromAlone(c, together.gp, alone.gp, &e[1]));
  worst = PetscMax(together.eu, together.ep);
  good  = (PetscBool)(together.reason > 0 && alone.reason > 0 && e[0] <= c->alone && e[1] <= c->alone);
  if (c->known > 0) good = (PetscBool)(good && together.ep >= 0 && worst <= c->known);
  if (alone.gp) PetscCall(VecGetSize(alone.gp, &np));
  if (together.gp) PetscCall(VecGetLocalSize(together.gp, &mine));
  good = (PetscBool)(good && (c->field ? np > 3 && (zoo_size == 1 || mine < np) : np && np <= 3));
  T_OK(good, "%s %s: %s: errors %.1e, %.1e (-1: none), from one rank by itself %.1e, %.1e", c->problem, c->options,
       method, (double)together.eu, (double)together.ep, (double)e[0], (double)e[1]);
  PetscCall(ZooResultFree(&together));
  PetscCall(ZooResultFree(&alone));
  PetscFunctionReturn(0);
}

int main(int argc, char **argv)
{
  const char *name, *text;
  int         n = 0;

  PetscCall(ZooBegin(&argc, &argv, 0));
  for (int i = 0; i < NCASES; i++) {
    for (PetscInt m = 0; !ZooListGet(m, &name, &text) && name; m++) n += Applies(&cases[i], name);
  }
  if (zoo_rank == 0) plan(n);
  for (int i = 0; i < NCASES; i++) {
    for (PetscInt m = 0; !ZooListGet(m, &name, &text) && name; m++) {
      if (Applies(&cases[i], name)) PetscCall(Ghost(&cases[i], name));
    }
  }
  PetscCall(ZooEnd());
  return zoo_rank == 0 ? done() : 0;
}
