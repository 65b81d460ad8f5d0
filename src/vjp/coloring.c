/* SPDX-License-Identifier: BSD-2-Clause */
/*
  coloring: differences along sums of columns that share no row, so that a sparse matrix costs two evaluations of the
  function for each colour.  Central ones, with a step for each column: PETSc's MatFDColoring, which is one-sided, for
  square matrices only and tied to one of them, is good to 1e-8 and loses more where unknowns differ in size.

    -costate_vjp_mat_coloring_...   PETSc's options for what finds the colours

  Curtis, Powell and Reid, IMA J. Appl. Math. 13 (1974) 117.
*/
#include "difference.h"
#include <petscdm.h>

/* The entries by rows, their columns in the order of `near`, and the colour of each of these */
typedef struct {
  Mat        pattern;
  PetscInt   ncolors, nrows, nnear;
  PetscInt  *start, *column, *near;
  int       *color;
  Vec        colors, near_colors, near_steps;
  VecScatter gather;
} Coloring;

static PetscErrorCode Can(CostateVJP v, const char **why)
{
  PetscBool sparse = PETSC_FALSE, assembled = PETSC_FALSE;

  PetscFunctionBegin;
  *why = NULL;
  if (v->given) {
    PetscCall(PetscObjectBaseTypeCompareAny((PetscObject)v->given, &sparse, MATSEQAIJ, MATMPIAIJ, MATSEQBAIJ,
                                            MATMPIBAIJ, ""));
    PetscCall(MatAssembled(v->given, &assembled));
  }
  if (v->parameters) {
    if (!sparse || !assembled)
      *why = "the derivative with respect to the parameters has no sparse pattern: give TSSetRHSJacobianP() or "
             "TSSetIJacobianP() an assembled matrix of it";
  } else if (!v->dm && (!sparse || !assembled))
    *why =
        "there is no sparse pattern: give TSSetRHSJacobian() or TSSetIJacobian() an assembled matrix of it, or the TS "
        "a DM";
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Columns of a square matrix that share no row are two edges apart; of another one they do not meet in J^T J. */
static PetscErrorCode Colors(CostateVJP v, ISColoring *colors)
{
  Mat         A = ((Coloring *)v->data)->pattern, met = NULL;
  MatColoring mc;

  PetscFunctionBegin;
  if (v->parameters) PetscCall(MatTransposeMatMult(A, A, MAT_INITIAL_MATRIX, PETSC_DEFAULT, &met));
  PetscCall(MatColoringCreate(met ? met : A, &mc));
  PetscCall(PetscObjectSetOptionsPrefix((PetscObject)mc, v->prefix));
  PetscCall(PetscObjectAppendOptionsPrefix((PetscObject)mc, "costate_vjp_"));
  PetscCall(MatColoringSetType(mc, MATCOLORINGGREEDY));
  PetscCall(MatColoringSetFromOptions(mc));
  PetscCall(MatColoringSetDistance(mc, met ? 1 : 2));
  PetscCall(MatColoringApply(mc, colors));
  PetscCall(MatColoringDestroy(&mc));
  PetscCall(MatDestroy(&met));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* The columns that this rank's rows have, in ascending order, and where each entry is among them. */
static PetscErrorCode SetUpEntries(Coloring *c)
{
  const PetscInt *columns;
  PetscInt        first, last, n, k = 0;

  PetscFunctionBegin;
  PetscCall(MatGetOwnershipRange(c->pattern, &first, &last));
  c->nrows = last - first;
  PetscCall(PetscMalloc1(c->nrows + 1, &c->start));
  c->start[0] = 0;
  for (PetscInt i = 0; i < c->nrows; i++) {
    PetscCall(MatGetRow(c->pattern, first + i, &n, NULL, NULL));
    c->start[i + 1] = c->start[i] + n;
    PetscCall(MatRestoreRow(c->pattern, first + i, &n, NULL, NULL));
  }
  PetscCall(PetscMalloc1(c->start[c->nrows], &c->column));
  PetscCall(PetscMalloc1(c->start[c->nrows], &c->near));
  for (PetscInt i = 0; i < c->nrows; i++) {
    PetscCall(MatGetRow(c->pattern, first + i, &n, &columns, NULL));
    for (PetscInt e = 0; e < n; e++) c->column[k++] = columns[e];
    PetscCall(MatRestoreRow(c->pattern, first + i, &n, &columns, NULL));
  }
  c->nnear = k;
  PetscCall(PetscArraycpy(c->near, c->column, k));
  PetscCall(PetscSortRemoveDupsInt(&c->nnear, c->near));
  for (PetscInt e = 0; e < k; e++) PetscCall(PetscFindInt(c->column[e], c->nnear, c->near, &c->column[e]));
  PetscFunctionReturn(PETSC_SUCCESS);
}

static PetscErrorCode SetUpColors(CostateVJP v)
{
  Coloring              *c = (Coloring *)v->data;
  ISColoring             colors;
  ISColoringValue const *value;
  PetscInt               n, ncolors;
  PetscScalar           *a;
  const PetscScalar     *b;
  IS                     is;

  PetscFunctionBegin;
  PetscCall(Colors(v, &colors));
  PetscCall(VecDuplicate(v->parameters ? v->p : v->u, &c->colors));
  PetscCall(ISColoringGetColors(colors, &n, &ncolors, &value));
  PetscCall(VecGetArray(c->colors, &a));
  c->ncolors = 0;
  for (PetscInt i = 0; i < n; i++) {
    a[i]       = (PetscReal)value[i];
    c->ncolors = PetscMax(c->ncolors, (PetscInt)value[i] + 1);
  }
  PetscCall(VecRestoreArray(c->colors, &a));
  PetscCall(ISColoringDestroy(&colors));
  PetscCallMPI(MPI_Allreduce(MPI_IN_PLACE, &c->ncolors, 1, MPIU_INT, MPI_MAX, v->comm));
  PetscCall(SetUpEntries(c));
  PetscCall(VecCreateSeq(PETSC_COMM_SELF, c->nnear, &c->near_colors));
  PetscCall(VecDuplicate(c->near_colors, &c->near_steps));
  PetscCall(ISCreateGeneral(PETSC_COMM_SELF, c->nnear, c->near, PETSC_USE_POINTER, &is));
  PetscCall(VecScatterCreate(c->colors, is, c->near_colors, NULL, &c->gather));
  PetscCall(ISDestroy(&is));
  PetscCall(VecScatterBegin(c->gather, c->colors, c->near_colors, INSERT_VALUES, SCATTER_FORWARD));
  PetscCall(VecScatterEnd(c->gather, c->colors, c->near_colors, INSERT_VALUES, SCATTER_FORWARD));
  PetscCall(PetscMalloc1(c->nnear, &c->color));
  PetscCall(VecGetArrayRead(c->near_colors, &b));
  for (PetscInt i = 0; i < c->nnear; i++) c->color[i] = (int)PetscRealPart(b[i]);
  PetscCall(VecRestoreArrayRead(c->near_colors, &b));
  PetscFunctionReturn(PETSC_SUCCESS);
}

static PetscErrorCode SetUp(CostateVJP v)
{
  Coloring *c         = (Coloring *)v->data;
  PetscBool assembled = PETSC_FALSE, sparse = PETSC_FALSE;

  PetscFunctionBegin;
  if (v->given) {
    PetscCall(PetscObjectBaseTypeCompareAny((PetscObject)v->given, &sparse, MATSEQAIJ, MATMPIAIJ, MATSEQBAIJ,
                                            MATMPIBAIJ, ""));
    PetscCall(MatAssembled(v->given, &assembled));
  }
  if (sparse && assembled)
    PetscCall(MatDuplicate(v->given, MAT_DO_NOT_COPY_VALUES, &c->pattern));
  else
    PetscCall(DMCreateMatrix(v->dm, &c->pattern));
  PetscCall(MatAssemblyBegin(c->pattern, MAT_FINAL_ASSEMBLY));
  PetscCall(MatAssemblyEnd(c->pattern, MAT_FINAL_ASSEMBLY));
  PetscCall(SetUpColors(v));
  PetscFunctionReturn(PETSC_SUCCESS);
}

static PetscErrorCode Matrix(CostateVJP v, Mat *A)
{
  PetscFunctionBegin;
  PetscCall(MatDuplicate(((Coloring *)v->data)->pattern, MAT_DO_NOT_COPY_VALUES, A));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* One colour: the differences d are those of the one column of that colour that each row has. */
static PetscErrorCode FillColor(Coloring *c, int color, Vec d, const PetscScalar steps[], PetscInt first, Mat A)
{
  const PetscScalar *a;

  PetscFunctionBegin;
  PetscCall(VecGetArrayRead(d, &a));
  for (PetscInt i = 0; i < c->nrows; i++) {
    for (PetscInt e = c->start[i]; e < c->start[i + 1]; e++) {
      if (c->color[c->column[e]] != color) continue;
      PetscCall(MatSetValue(A, first + i, c->near[c->column[e]], a[i] / steps[c->column[e]], INSERT_VALUES));
    }
  }
  PetscCall(VecRestoreArrayRead(d, &a));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* The direction of a colour: the steps of its columns. */
static PetscErrorCode Direction(Coloring *c, int color, Vec h, Vec d)
{
  const PetscScalar *steps, *colors;
  PetscScalar       *a;
  PetscInt           n;

  PetscFunctionBegin;
  PetscCall(VecGetLocalSize(d, &n));
  PetscCall(VecGetArrayRead(h, &steps));
  PetscCall(VecGetArrayRead(c->colors, &colors));
  PetscCall(VecGetArrayWrite(d, &a));
  for (PetscInt i = 0; i < n; i++) a[i] = (int)PetscRealPart(colors[i]) == color ? steps[i] : 0;
  PetscCall(VecRestoreArrayWrite(d, &a));
  PetscCall(VecRestoreArrayRead(c->colors, &colors));
  PetscCall(VecRestoreArrayRead(h, &steps));
  PetscFunctionReturn(PETSC_SUCCESS);
}

#define OFF 1e-3 /* of differences along all columns at once; an entry that is missing is off by all of itself */

/*
  An entry that the pattern lacks falls on another column of its colour.  Along one direction in which all columns take
  part, with another weight each, that shows.
*/
static PetscErrorCode CheckPattern(CostateVJP v, const CostatePoint *at, Mat A, Vec h)
{
  Vec          d, f, g;
  PetscScalar *a;
  PetscReal    size, off;
  PetscInt     first, last;

  PetscFunctionBegin;
  PetscCall(VecDuplicate(h, &d));
  PetscCall(VecDuplicate(v->u, &f));
  PetscCall(VecDuplicate(v->u, &g));
  PetscCall(VecCopy(h, d));
  PetscCall(VecGetOwnershipRange(d, &first, &last));
  PetscCall(VecGetArray(d, &a));
  for (PetscInt j = first; j < last; j++) {
    const PetscReal x = 0.61803398874989485 * (PetscReal)j;

    a[j - first] *= 1 + x - PetscFloorReal(x);
  }
  PetscCall(VecRestoreArray(d, &a));
  PetscCall(CostateVJPDifference(v, at, d, 1, f));
  PetscCall(MatMult(A, d, g));
  PetscCall(VecNorm(f, NORM_INFINITY, &size));
  PetscCall(VecAXPY(g, -1, f));
  PetscCall(VecNorm(g, NORM_INFINITY, &off));
  PetscCheck(!(off > OFF * size), v->comm, PETSC_ERR_USER,
             "-costate_vjp%s coloring: the function depends on what the sparsity pattern does not have (products with "
             "its matrix are off by %.2g): give a matrix with all entries",
             v->parameters ? "_p" : "", (double)(off / size));
  PetscCall(VecDestroy(&d));
  PetscCall(VecDestroy(&f));
  PetscCall(VecDestroy(&g));
  PetscFunctionReturn(PETSC_SUCCESS);
}

static PetscErrorCode Fill(CostateVJP v, const CostatePoint *at, Mat A)
{
  Coloring          *c = (Coloring *)v->data;
  Vec                h, d, f;
  PetscInt           first;
  const PetscScalar *steps;

  PetscFunctionBegin;
  PetscCall(CostateVJPSteps(v, at, &h));
  PetscCall(VecScatterBegin(c->gather, h, c->near_steps, INSERT_VALUES, SCATTER_FORWARD));
  PetscCall(VecScatterEnd(c->gather, h, c->near_steps, INSERT_VALUES, SCATTER_FORWARD));
  PetscCall(VecDuplicate(h, &d));
  PetscCall(VecDuplicate(v->u, &f));
  PetscCall(MatGetOwnershipRange(A, &first, NULL));
  PetscCall(VecGetArrayRead(c->near_steps, &steps));
  for (int color = 0; color < (int)c->ncolors; color++) {
    PetscCall(Direction(c, color, h, d));
    PetscCall(CostateVJPDifference(v, at, d, 1, f));
    PetscCall(FillColor(c, color, f, steps, first, A));
  }
  PetscCall(VecRestoreArrayRead(c->near_steps, &steps));
  PetscCall(MatAssemblyBegin(A, MAT_FINAL_ASSEMBLY));
  PetscCall(MatAssemblyEnd(A, MAT_FINAL_ASSEMBLY));
  PetscCall(CheckPattern(v, at, A, h));
  PetscCall(VecDestroy(&h));
  PetscCall(VecDestroy(&d));
  PetscCall(VecDestroy(&f));
  PetscFunctionReturn(PETSC_SUCCESS);
}

static PetscErrorCode Destroy(CostateVJP v)
{
  Coloring *c = (Coloring *)v->data;

  PetscFunctionBegin;
  PetscCall(MatDestroy(&c->pattern));
  PetscCall(PetscFree(c->start));
  PetscCall(PetscFree(c->column));
  PetscCall(PetscFree(c->near));
  PetscCall(PetscFree(c->color));
  PetscCall(VecDestroy(&c->colors));
  PetscCall(VecDestroy(&c->near_colors));
  PetscCall(VecDestroy(&c->near_steps));
  PetscCall(VecScatterDestroy(&c->gather));
  PetscCall(PetscFree(v->data));
  PetscFunctionReturn(PETSC_SUCCESS);
}

PETSC_INTERN PetscErrorCode CostateVJPCreate_Coloring(CostateVJP v)
{
  Coloring *c;

  PetscFunctionBegin;
  v->accuracy = COSTATE_VJP_DIFFERENCES;
  v->ops.can  = Can;
  if (!v->u) PetscFunctionReturn(PETSC_SUCCESS);
  PetscCall(PetscNew(&c));
  v->data        = c;
  v->ops.setup   = SetUp;
  v->ops.matrix  = Matrix;
  v->ops.fill    = Fill;
  v->ops.destroy = Destroy;
  PetscFunctionReturn(PETSC_SUCCESS);
}
