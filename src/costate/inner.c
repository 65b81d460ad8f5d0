/* SPDX-License-Identifier: BSD-2-Clause */
/*
  Gradients as vectors.

  The partial derivatives g of a cost are a covector.  Given an inner product <a,b> = a^T W b the gradient is the vector
  r with <r,b> = g^T b, which is W^-1 g: with a mass matrix for W it does not depend on the mesh, with the inverse of a
  covariance B = L L^T it is L L^T g.
*/
#include "../base/scalars.h"
#include "costateimpl.h"

enum { STATE, PARAMETERS };
static const char *const of[]      = {"initial state", "parameters"};
static const char *const options[] = {"-costate_inner_product_state", "-costate_covariance_root_state",
                                      "-costate_inner_product_parameters", "-costate_covariance_root_parameters"};

static PetscErrorCode Give(Costate cs, CostateInner *in, CostateInnerProduct kind, Mat A)
{
  PetscFunctionBegin;
  if (!A) PetscFunctionReturn(PETSC_SUCCESS);
  PetscCheckSameComm(cs, 1, A, 3);
  PetscCall(PetscObjectReference((PetscObject)A));
  PetscCall(MatDestroy(&in->mass));
  PetscCall(MatDestroy(&in->root));
  PetscCall(KSPDestroy(&in->ksp));
  if (kind == COSTATE_INNER_MASS)
    in->mass = A;
  else
    in->root = A;
  PetscFunctionReturn(PETSC_SUCCESS);
}

/*@
  CostateSetInnerProduct - Sets the inner products with respect to which gradients are vectors

  Collective

  Input Parameters:
+ cs         - the object
. kind       - what the matrices are: `COSTATE_INNER_MASS`: W of <a,b> = a^T W b, symmetric and positive definite;
               `COSTATE_INNER_COVARIANCE_ROOT`: L, where L L^T is the inverse of that, a covariance
. state      - for gradients with respect to the initial state, rows as of the state; NULL: as it was
- parameters - for gradients with respect to the parameters, rows as of all of them; NULL: as it was

  Options Database Keys:
+ -costate_inner_product_state file       - W from a file of `MatView()` with a binary viewer
. -costate_inner_product_parameters file  - the same, for the parameters
. -costate_covariance_root_state file     - L
. -costate_covariance_root_parameters file - the same, for the parameters
. -costate_inner_product 0                - plain partial derivatives, whatever was given
- -costate_inner_ksp_...                  - the solver with W: conjugate gradients to 1e-12

  Notes:
  `CostateGetGradient()` then gives W^-1 g, or L L^T g, instead of the partial derivatives g, which
  `CostateGetCovector()` still gives.  Checks and monitors look at covectors.

  `CostateSetUpTao()` gives Tao covectors, since that is what its algorithms are made for; with a covariance root of the
  parameters it lets Tao minimise over x with p = p_0 + L x, so that the covariance preconditions the iteration.

  A solve with W, or two products with L, for each cost; as much memory again as the gradients.

  Level: advanced

.seealso: `CostateGetGradient()`, `CostateGetCovector()`, `CostateSetUpTao()`
@*/
PetscErrorCode CostateSetInnerProduct(Costate cs, CostateInnerProduct kind, Mat state, Mat parameters)
{
  PetscFunctionBegin;
  PetscValidHeaderSpecific(cs, COSTATE_CLASSID, 1);
  PetscValidLogicalCollectiveEnum(cs, kind, 2);
  PetscCall(CostateReset(cs));
  PetscCall(Give(cs, &cs->inner[STATE], kind, state));
  PetscCall(Give(cs, &cs->inner[PARAMETERS], kind, parameters));
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode CostateInnerSetFromOptions(Costate cs, COSTATE_OPTION_ITEMS PetscOptionsObject)
{
  PetscBool use = (PetscBool)!cs->covectors;

  PetscFunctionBegin;
  PetscCall(PetscOptionsBool("-costate_inner_product", "Gradients are vectors where there is an inner product",
                             "CostateSetInnerProduct", use, &use, NULL));
  cs->covectors = (PetscBool)!use;
  for (int i = 0; i < 4; i++) {
    char      file[PETSC_MAX_PATH_LEN] = "", **to = &cs->inner[i / 2].file[i % 2];
    PetscBool set;

    PetscCall(PetscOptionsString(options[i], i % 2 ? "L of the covariance L L^T, from a file" : "W, from a file",
                                 "CostateSetInnerProduct", *to ? *to : "", file, sizeof(file), &set));
    if (!set) continue;
    PetscCall(PetscFree(*to));
    PetscCall(PetscStrallocpy(file, to));
  }
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* The matrix of a file, with rows as v has entries. */
static PetscErrorCode Load(Costate cs, int which, int kind, Vec v)
{
  MPI_Comm    comm = PetscObjectComm((PetscObject)cs);
  PetscViewer viewer;
  PetscInt    n;
  Mat         A;

  PetscFunctionBegin;
  PetscCall(PetscViewerBinaryOpen(comm, cs->inner[which].file[kind], FILE_MODE_READ, &viewer));
  PetscCall(VecGetLocalSize(v, &n));
  PetscCall(MatCreate(comm, &A));
  PetscCall(MatSetType(A, MATAIJ));
  PetscCall(MatSetSizes(A, n, kind ? PETSC_DECIDE : n, PETSC_DETERMINE, PETSC_DETERMINE));
  PetscCall(MatLoad(A, viewer));
  PetscCall(PetscViewerDestroy(&viewer));
  PetscCall(Give(cs, &cs->inner[which], kind ? COSTATE_INNER_COVARIANCE_ROOT : COSTATE_INNER_MASS, A));
  PetscCall(MatDestroy(&A));
  PetscFunctionReturn(PETSC_SUCCESS);
}

static PetscErrorCode CheckLayout(Costate cs, int which, Vec v)
{
  MPI_Comm comm = PetscObjectComm((PetscObject)cs);
  Mat      A    = cs->inner[which].mass ? cs->inner[which].mass : cs->inner[which].root;
  PetscInt n, m, M, N, wrong, any;

  PetscFunctionBegin;
  PetscCall(VecGetLocalSize(v, &n));
  PetscCall(VecGetSize(v, &N));
  PetscCall(MatGetLocalSize(A, &m, NULL));
  PetscCall(MatGetSize(A, &M, NULL));
  wrong = m != n;
  PetscCallMPI(MPI_Allreduce(&wrong, &any, 1, MPIU_INT, MPI_MAX, comm));
  PetscCheck(!any, comm, PETSC_ERR_ARG_SIZ,
             "The matrix of CostateSetInnerProduct() for the %s has %" PetscInt_FMT " rows and there are %" PetscInt_FMT
             " entries%s",
             of[which], M, N, M == N ? ", but they are distributed differently over the ranks" : "");
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* That the matrix is real: with complex entries a^T W b is no inner product, and L L^T no covariance. */
static PetscErrorCode CheckReal(Costate cs, int which)
{
  Mat         A = cs->inner[which].mass ? cs->inner[which].mass : cs->inner[which].root;
  Vec         x, y;
  PetscRandom random;
  PetscBool   real;

  PetscFunctionBegin;
  if (!PetscDefined(USE_COMPLEX)) PetscFunctionReturn(PETSC_SUCCESS);
  PetscCall(MatCreateVecs(A, &x, &y));
  PetscCall(PetscRandomCreate(PetscObjectComm((PetscObject)cs), &random));
  PetscCall(PetscRandomSetInterval(random, 0, 1));
  PetscCall(VecSetRandom(x, random));
  PetscCall(MatMult(A, x, y));
  PetscCall(CostateVecIsReal(y, &real));
  PetscCall(PetscRandomDestroy(&random));
  PetscCall(VecDestroy(&x));
  PetscCall(VecDestroy(&y));
  PetscCheck(real, PetscObjectComm((PetscObject)cs), PETSC_ERR_SUP,
             "The matrix of CostateSetInnerProduct() for the %s has entries that are not real: give a real one, of "
             "which a^T W b is an inner product of real and of imaginary parts",
             of[which]);
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode CostateInnerSetUp(Costate cs)
{
  Vec like[2] = {cs->u0, cs->p};

  PetscFunctionBegin;
  for (int which = 0; which < 2; which++) {
    CostateInner *in = &cs->inner[which];

    if (!in->mass && !in->root && !in->file[0] && !in->file[1]) continue;
    if (cs->covectors) continue;
    if (!like[which] && which == STATE) PetscCall(TSGetSolution(cs->ts, &like[which]));
    PetscCheck(like[which] && !cs->adopted && !cs->late, PetscObjectComm((PetscObject)cs), PETSC_ERR_SUP,
               "There is an inner product for the %s, and %s", of[which],
               like[which]
                   ? "costs of TSSetCostGradients(), whose vectors are what TSAdjointSolve() makes of them: use "
                     "costs of the object"
                   : "none of these: call CostateSetParameters()");
    for (int kind = 0; kind < 2; kind++) {
      if (in->file[kind] && !in->mass && !in->root) PetscCall(Load(cs, which, kind, like[which]));
    }
    PetscCall(CheckLayout(cs, which, like[which]));
    PetscCall(CheckReal(cs, which));
  }
  PetscFunctionReturn(PETSC_SUCCESS);
}

static PetscErrorCode CreateKSP(Costate cs, CostateInner *in)
{
  PetscFunctionBegin;
  PetscCall(KSPCreate(PetscObjectComm((PetscObject)cs), &in->ksp));
  PetscCall(KSPSetOptionsPrefix(in->ksp, ((PetscObject)cs)->prefix));
  PetscCall(KSPAppendOptionsPrefix(in->ksp, "costate_inner_"));
  PetscCall(KSPSetType(in->ksp, KSPCG));
  PetscCall(KSPSetTolerances(in->ksp, 1e-12, PETSC_DEFAULT, PETSC_DEFAULT, PETSC_DEFAULT));
  PetscCall(KSPSetErrorIfNotConverged(in->ksp, PETSC_TRUE));
  PetscCall(KSPSetOperators(in->ksp, in->mass, in->mass));
  PetscCall(KSPSetFromOptions(in->ksp));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* The vectors that belong to the covectors. */
static PetscErrorCode Represent(Costate cs, CostateInner *in, Vec covector[])
{
  PetscFunctionBegin;
  if (cs->covectors || !covector || (!in->mass && !in->root)) PetscFunctionReturn(PETSC_SUCCESS);
  if (!in->vector) PetscCall(VecDuplicateVecs(covector[0], cs->ncosts, &in->vector));
  if (in->mass && !in->ksp) PetscCall(CreateKSP(cs, in));
  if (in->root && !in->work) PetscCall(MatCreateVecs(in->root, &in->work, NULL));
  for (PetscInt j = 0; j < cs->ncosts; j++) {
    if (in->mass)
      PetscCall(KSPSolve(in->ksp, covector[j], in->vector[j]));
    else {
      PetscCall(MatMultTranspose(in->root, covector[j], in->work));
      PetscCall(MatMult(in->root, in->work, in->vector[j]));
    }
  }
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode CostateInnerApply(Costate cs)
{
  PetscFunctionBegin;
  PetscCall(Represent(cs, &cs->inner[STATE], cs->lambda));
  PetscCall(Represent(cs, &cs->inner[PARAMETERS], cs->full ? cs->full : cs->mu));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* The same of one covector, in place. */
static PetscErrorCode RepresentOne(Costate cs, CostateInner *in, Vec g)
{
  Vec covector;

  PetscFunctionBegin;
  if (cs->covectors || (!in->mass && !in->root)) PetscFunctionReturn(PETSC_SUCCESS);
  if (in->mass && !in->ksp) PetscCall(CreateKSP(cs, in));
  if (in->root && !in->work) PetscCall(MatCreateVecs(in->root, &in->work, NULL));
  if (in->root) {
    PetscCall(MatMultTranspose(in->root, g, in->work));
    PetscCall(MatMult(in->root, in->work, g));
    PetscFunctionReturn(PETSC_SUCCESS);
  }
  PetscCall(VecDuplicate(g, &covector));
  PetscCall(VecCopy(g, covector));
  PetscCall(KSPSolve(in->ksp, covector, g));
  PetscCall(VecDestroy(&covector));
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode CostateInnerParameters(Costate cs, Vec g)
{
  PetscFunctionBegin;
  PetscCall(RepresentOne(cs, &cs->inner[PARAMETERS], g));
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode CostateInnerState(Costate cs, Vec g)
{
  PetscFunctionBegin;
  PetscCall(RepresentOne(cs, &cs->inner[STATE], g));
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode CostateInnerReset(Costate cs)
{
  PetscFunctionBegin;
  for (int which = 0; which < 2; which++) {
    CostateInner *in = &cs->inner[which];

    if (in->vector) PetscCall(VecDestroyVecs(cs->ncosts, &in->vector));
    PetscCall(VecDestroy(&in->work));
    PetscCall(KSPDestroy(&in->ksp));
  }
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode CostateInnerDestroy(Costate cs)
{
  PetscFunctionBegin;
  PetscCall(CostateInnerReset(cs));
  for (int which = 0; which < 2; which++) {
    PetscCall(MatDestroy(&cs->inner[which].mass));
    PetscCall(MatDestroy(&cs->inner[which].root));
    for (int kind = 0; kind < 2; kind++) PetscCall(PetscFree(cs->inner[which].file[kind]));
  }
  PetscFunctionReturn(PETSC_SUCCESS);
}
