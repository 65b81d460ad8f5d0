/* SPDX-License-Identifier: BSD-2-Clause */
/* ranks: 1 2 */
/*
  What providers refuse, in a sentence that names it; what checks find in wrong products, and how they name that: a
  sign, ghost points that are not exchanged, a kink.
*/
#include "rod.h"

/* what auto takes where systems are solved and products leave no matrix */
#if defined(PETSC_USE_COMPLEX)
#define INSTEAD "G_u by complex"
#else
#define INSTEAD "G_u by coloring"
#endif

static PetscErrorCode Begin(Rod *r, const char options[], Costate *cs)
{
  PetscFunctionBeginUser;
  *r = (Rod){.dumb = PETSC_FALSE};
  PetscCall(ZooOptions(options));
  PetscCall(RodCreate(r, cs));
  PetscFunctionReturn(0);
}

/* A solve that is to be refused. */
static PetscErrorCode Refused(const char options[], PetscBool patterns, PetscBool products, Rod how, const char part[],
                              const char what[])
{
  Rod     r;
  Costate cs;

  PetscFunctionBeginUser;
  PetscCall(Begin(&r, options, &cs));
  r.nan  = how.nan;
  r.deaf = how.deaf;
  if (patterns) PetscCall(TSSetRHSJacobian(r.ts, r.J, r.J, NULL, NULL));
  if (patterns) PetscCall(TSSetRHSJacobianP(r.ts, r.Jp, NULL, NULL));
  if (products) PetscCall(CostateSetProducts(cs, COSTATE_RHS, RodJvp, RodVjp, &r));
  if (products) PetscCall(CostateSetParameterProducts(cs, COSTATE_RHS, RodJvpP, RodVjpP, &r));
  PetscCall(ZooListen());
  REFUSES(CostateSolve(cs), part, what);
  PetscCall(ZooHeard(NULL, NULL));
  PetscCall(RodDestroy(&r, &cs));
  PetscFunctionReturn(0);
}

/* What the check of derivatives says; in a file, since it is printed. */
static PetscErrorCode Said(Rod how, const char options[], const char part[], PetscBool *said, PetscReal *error)
{
  Rod         r;
  Costate     cs;
  PetscViewer viewer;
  char        text[4096] = "", name[] = "said.txt";
  FILE       *file;
  int         yes = 0;

  PetscFunctionBeginUser;
  PetscCall(Begin(&r, options, &cs));
  r.dumb     = how.dumb;
  r.opposite = how.opposite;
  r.kink     = how.kink;
  if (how.kink) PetscCall(VecSet(r.u, 0)); /* |u| at 0 */
  PetscCall(CostateSetProducts(cs, COSTATE_RHS, RodJvp, RodVjp, &r));
  PetscCall(CostateSetParameterProducts(cs, COSTATE_RHS, RodJvpP, RodVjpP, &r));
  PetscCall(PetscViewerASCIIOpen(PETSC_COMM_WORLD, name, &viewer));
  PetscCall(CostateCheckDotProduct(cs, NULL, viewer, error));
  PetscCall(PetscViewerDestroy(&viewer));
  if (zoo_rank == 0) {
    file = fopen(name, "r");
    if (file) yes = fread(text, 1, sizeof(text) - 1, file) && strstr(text, part);
    if (file) (void)fclose(file);
    (void)remove(name);
  }
  PetscCallMPI(MPI_Bcast(&yes, 1, MPI_INT, 0, PETSC_COMM_WORLD));
  *said = (PetscBool)yes;
  PetscCall(RodDestroy(&r, &cs));
  PetscFunctionReturn(0);
}

/* What was there comes back. */
static PetscErrorCode ComesBack(void)
{
  Rod           r;
  Costate       cs;
  Mat           A;
  TSRHSJacobian f;

  PetscFunctionBeginUser;
  PetscCall(Begin(&r, "-costate_vjp fd -costate_vjp_p fd", &cs));
  PetscCall(TSSetRHSJacobian(r.ts, r.J, r.J, TSComputeRHSJacobianConstant, NULL));
  PetscCall(CostateSetUp(cs));
  PetscCall(TSGetRHSJacobian(r.ts, &A, NULL, &f, NULL));
  T_OK(A != r.J && f != TSComputeRHSJacobianConstant, "the provider's function takes the place of the application's");
  PetscCall(CostateReset(cs));
  PetscCall(TSGetRHSJacobian(r.ts, &A, NULL, &f, NULL));
  T_OK(A == r.J && f == TSComputeRHSJacobianConstant, "CostateReset() gives it back");
  PetscCall(RodDestroy(&r, &cs));
  PetscFunctionReturn(0);
}

/* What auto takes: products where nothing is solved, a matrix where something has to be preconditioned. */
static PetscErrorCode Takes(const char options[], PetscBool pattern, const char part[])
{
  Rod       r;
  Costate   cs;
  PetscBool heard;

  PetscFunctionBeginUser;
  PetscCall(Begin(&r, options, &cs));
  if (pattern) PetscCall(TSSetRHSJacobian(r.ts, r.J, r.J, NULL, NULL));
  PetscCall(CostateSetProducts(cs, COSTATE_RHS, RodJvp, RodVjp, &r));
  PetscCall(CostateSetParameterProducts(cs, COSTATE_RHS, RodJvpP, RodVjpP, &r));
  PetscCall(ZooListen());
  PetscCall(CostateSetUp(cs));
  PetscCall(ZooHeard(part, &heard));
  T_OK(heard, "%s%s: %s", options, pattern ? ", a pattern" : "", part);
  PetscCall(RodDestroy(&r, &cs));
  PetscFunctionReturn(0);
}

/*
  Each unknown and the next one; odd rows are a hundred thousand times smaller.  The first is flat where it is, and the
  last one is lost in the rounding of a large constant.
*/
static PetscErrorCode Uneven(TS ts, PetscReal t, Vec u, Vec f, void *ctx)
{
  VecScatter         all;
  Vec                here;
  const PetscScalar *x;
  PetscInt           first, last;

  PetscFunctionBeginUser;
  (void)ts, (void)t, (void)ctx;
  PetscCall(VecScatterCreateToAll(u, &all, &here));
  PetscCall(VecScatterBegin(all, u, here, INSERT_VALUES, SCATTER_FORWARD));
  PetscCall(VecScatterEnd(all, u, here, INSERT_VALUES, SCATTER_FORWARD));
  PetscCall(VecGetOwnershipRange(f, &first, &last));
  PetscCall(VecGetArrayRead(here, &x));
  for (PetscInt i = first; i < last; i++) {
    PetscScalar value = (i % 2 ? 1e-5 : 1) * (x[i] + 2. * x[(i + 1) % 6]);

    if (i == 0) value = x[0] * x[0] * x[0];
    if (i == 5) value = 1e6 + 1e-5 * value;
    PetscCall(VecSetValue(f, i, value, INSERT_VALUES));
  }
  PetscCall(VecRestoreArrayRead(here, &x));
  PetscCall(VecAssemblyBegin(f));
  PetscCall(VecAssemblyEnd(f));
  PetscCall(VecScatterDestroy(&all));
  PetscCall(VecDestroy(&here));
  PetscFunctionReturn(0);
}

/* Its derivative by colours, from a pattern with an entry missing in a small row, or with all of them */
static PetscErrorCode FillUneven(PetscBool missing, PetscErrorCode *err)
{
  static const TestCost cost = {1, .3, 0};
  Costate               cs;
  TS                    ts;
  Mat                   J;
  Vec                   u;
  PetscInt              first, last;

  PetscFunctionBeginUser;
  PetscCall(ZooOptions("-costate_vjp coloring -costate_type discrete"));
  PetscCall(MatCreateAIJ(PETSC_COMM_WORLD, PETSC_DECIDE, PETSC_DECIDE, 6, 6, 2, NULL, 2, NULL, &J));
  PetscCall(MatCreateVecs(J, &u, NULL));
  PetscCall(MatGetOwnershipRange(J, &first, &last));
  for (PetscInt i = first; i < last; i++) {
    PetscCall(MatSetValue(J, i, i, 1, INSERT_VALUES));
    if (!missing || i != 3) PetscCall(MatSetValue(J, i, (i + 1) % 6, 1, INSERT_VALUES));
    PetscCall(VecSetValue(u, i, (PetscReal)i, INSERT_VALUES));
  }
  PetscCall(VecAssemblyBegin(u));
  PetscCall(VecAssemblyEnd(u));
  PetscCall(MatAssemblyBegin(J, MAT_FINAL_ASSEMBLY));
  PetscCall(MatAssemblyEnd(J, MAT_FINAL_ASSEMBLY));
  PetscCall(TSCreate(PETSC_COMM_WORLD, &ts));
  PetscCall(TSSetRHSFunction(ts, NULL, Uneven, NULL));
  PetscCall(TSSetRHSJacobian(ts, J, J, NULL, NULL));
  PetscCall(CostateCreate(PETSC_COMM_WORLD, &cs));
  PetscCall(CostateSetTS(cs, ts));
  PetscCall(CostateSetInitialState(cs, u));
  PetscCall(CostateSetTerminalCost(cs, 0, TEST_COST(&cost)));
  PetscCall(CostateSetFromOptions(cs));
  PetscCall(CostateSetUp(cs));
  PetscCall(TSGetRHSJacobian(ts, &J, NULL, NULL, NULL));
  TRY(TSComputeRHSJacobian(ts, 0, u, J, J), *err);
  PetscFunctionReturn(0); /* what an error left behind is not taken down */
}

static PetscErrorCode SmallRows(void)
{
  PetscErrorCode err;
  PetscBool      yes;

  PetscFunctionBeginUser;
  PetscCall(FillUneven(PETSC_FALSE, &err));
  T_OK(!err, "rows of all sizes, flat ones and such that are lost in rounding: nothing is missed: \"%.120s\"", message);
  PetscCall(FillUneven(PETSC_TRUE, &err));
  yes = Everywhere(err, "in row 3 ");
  T_OK(yes, "an entry that lacks in a small row: \"%.80s\"", message);
  PetscFunctionReturn(0);
}

int main(int argc, char **argv)
{
  const Rod right = {.dumb = PETSC_FALSE};
  Rod       r;
  Costate   cs;
  PetscBool said;
  PetscReal e;

  PetscCall(ZooBegin(&argc, &argv, 26));
  PetscCall(Refused("-costate_vjp dunno -costate_vjp_p fd", PETSC_TRUE, PETSC_FALSE, right,
                    "There is no provider dunno", "an unknown provider"));
#if !defined(PETSC_USE_COMPLEX)
  PetscCall(Refused("-costate_vjp complex -costate_vjp_p fd", PETSC_TRUE, PETSC_FALSE, right, "complex scalars",
                    "one that is not built in"));
#endif
  PetscCall(Refused("-costate_vjp jacobian -costate_vjp_p fd", PETSC_TRUE, PETSC_FALSE, right, "no function that fills",
                    "a Jacobian that nobody fills"));
  PetscCall(Refused("-costate_vjp user -costate_vjp_p fd", PETSC_TRUE, PETSC_FALSE, right, "CostateSetProducts()",
                    "products that are not there"));
  PetscCall(Refused("-costate_vjp shell -costate_vjp_p fd", PETSC_TRUE, PETSC_FALSE, right, "not a MATSHELL",
                    "a shell that is not there"));
  PetscCall(Refused("-costate_vjp fd -costate_vjp_few 5 -costate_vjp_p fd", PETSC_FALSE, PETSC_FALSE, right,
                    "too many unknowns", "more columns than are worth it"));
  PetscCall(Refused("-costate_vjp fd -costate_vjp_p coloring", PETSC_FALSE, PETSC_FALSE, right, "no sparse pattern",
                    "colours without a pattern"));
  PetscCall(Refused("-costate_vjp fd", PETSC_FALSE, PETSC_TRUE, right, "leave out one", "differences beside products"));
  PetscCall(Refused("", PETSC_FALSE, PETSC_TRUE, (Rod){.nan = PETSC_TRUE}, "not a number", "a product that is none"));
  PetscCall(Refused("-costate_vjp coloring", PETSC_TRUE, PETSC_FALSE, right, "-costate_vjp_p auto",
                    "a pattern of f_p that nobody fills"));
  PetscCall(Refused("-costate_vjp_p fd", PETSC_TRUE, PETSC_FALSE, right, "TSSetRHSJacobian()",
                    "a pattern of f_u that nobody fills"));
  PetscCall(Refused("-costate_vjp coloring -costate_vjp_p fd", PETSC_TRUE, PETSC_FALSE, (Rod){.deaf = PETSC_TRUE},
                    "no parameter ever changed the function", "parameters that nobody reads"));
  PetscCall(Begin(&r, "", &cs));
  REFUSES(CostateSetProducts(cs, COSTATE_RHS, RodJvp, NULL, &r), "transposed product", "no transposed product");
  REFUSES(CostateSetProducts(cs, (CostateSide)7, RodJvp, RodVjp, &r), "COSTATE_RHS", "a side that is none");
  PetscCall(RodDestroy(&r, &cs));
  PetscCall(Begin(&r, "-costate_vjp coloring -costate_vjp_p fd", &cs));
  PetscCall(TSSetRHSJacobian(r.ts, r.Jp, r.Jp, NULL, NULL)); /* two of three entries */
  REFUSES(CostateSolve(cs), "what the sparsity pattern does not have", "a pattern that lacks entries");
  PetscCall(RodDestroy(&r, &cs));
  PetscCall(SmallRows());
  PetscCall(ComesBack());
  PetscCall(Takes("-costate_vjp auto -ts_type rk", PETSC_TRUE, "G_u by user"));
  PetscCall(Takes("-costate_vjp auto -ts_type cn", PETSC_TRUE, INSTEAD));
  PetscCall(Takes("-costate_vjp auto -ts_type cn -costate_vjp_few 3", PETSC_FALSE, "G_u by user"));
  PetscCall(Said(right, "", "WRONG", &said, &e));
  T_OK(!said && e < 1e-5, "right products: nothing is wrong (%.1e)", (double)e);
  PetscCall(Said((Rod){.opposite = PETSC_TRUE}, "", "its sign is the opposite one", &said, &e));
  T_OK(said, "a wrong sign is named (%.1e)", (double)e);
  PetscCall(Said((Rod){.dumb = PETSC_TRUE}, "", "exchange of ghost points", &said, &e));
  T_OK(said == (zoo_size > 1), "ghost points that are not exchanged: right on one rank, named on two (%.1e)",
       (double)e);
  PetscCall(Said((Rod){.kink = PETSC_TRUE}, "", "KINK", &said, &e));
  T_OK(said, "a kink is named (%.1e)", (double)e);
#if defined(PETSC_USE_COMPLEX)
  T_OK(1, "complex steps are built in");
#endif
  PetscCall(ZooEnd());
  return zoo_rank == 0 ? done() : 0;
}
