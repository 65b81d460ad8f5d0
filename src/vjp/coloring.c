/* SPDX-License-Identifier: BSD-2-Clause */
/*
  coloring: differences along sums of columns that share no row, so that a sparse matrix costs two evaluations of the
  function for each colour.  Central ones, with a step for each column: PETSc's MatFDColoring, which is one-sided, for
  square matrices only and tied to one of them, is good to 1e-8 and loses more where unknowns differ in size.

    -costate_vjp_mat_coloring_...   PETSc's options for what finds the colours

  Curtis, Powell and Reid, IMA J. Appl. Math. 13 (1974) 117.
*/
#include "difference.h"
#include "rows.h"

/* color: of the columns near */
typedef struct {
  CostateRows rows;
  PetscInt    ncolors;
  int        *color;
  Vec         colors, near_colors, near_steps;
  VecScatter  gather;
} Coloring;

static PetscErrorCode Can(CostateVJP v, const char **why)
{
  PetscBool given;

  PetscFunctionBegin;
  *why = NULL;
  PetscCall(CostateRowsGiven(v, &given));
  if (v->parameters) {
    if (!given)
      *why = "the derivative with respect to the parameters has no sparse pattern: give TSSetRHSJacobianP() or "
             "TSSetIJacobianP() an assembled matrix of it";
  } else if (!v->dm && !given)
    *why =
        "there is no sparse pattern: give TSSetRHSJacobian() or TSSetIJacobian() an assembled matrix of it, or the TS "
        "a DM";
  PetscFunctionReturn(PETSC_SUCCESS);
}

/*
  The colour of each column.  In a square matrix of symmetric pattern columns that share a row are at most two edges
  apart; in others (product) they meet in J^T J.
*/
static PetscErrorCode Colors(CostateVJP v, PetscBool product)
{
  Coloring              *c = (Coloring *)v->data;
  Mat                    A = c->rows.pattern, met = NULL;
  MatColoring            mc;
  ISColoring             colors;
  ISColoringValue const *value;
  PetscInt               n, ncolors;
  PetscScalar           *a;

  PetscFunctionBegin;
  if (product) PetscCall(MatTransposeMatMult(A, A, MAT_INITIAL_MATRIX, PETSC_DEFAULT, &met));
  PetscCall(MatColoringCreate(met ? met : A, &mc));
  PetscCall(PetscObjectSetOptionsPrefix((PetscObject)mc, v->prefix));
  PetscCall(PetscObjectAppendOptionsPrefix((PetscObject)mc, "costate_vjp_"));
  PetscCall(MatColoringSetType(mc, MATCOLORINGGREEDY));
  PetscCall(MatColoringSetFromOptions(mc));
  PetscCall(MatColoringSetDistance(mc, met ? 1 : 2));
  PetscCall(MatColoringApply(mc, &colors));
  PetscCall(MatColoringDestroy(&mc));
  PetscCall(MatDestroy(&met));
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
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* What the rows of this rank have of the colours, and whether no row of any rank has one twice */
static PetscErrorCode Gather(CostateVJP v, PetscBool *distinct)
{
  Coloring          *c = (Coloring *)v->data;
  const CostateRows *r = &c->rows;
  const PetscScalar *a;
  PetscInt          *last;

  PetscFunctionBegin;
  PetscCall(VecScatterBegin(c->gather, c->colors, c->near_colors, INSERT_VALUES, SCATTER_FORWARD));
  PetscCall(VecScatterEnd(c->gather, c->colors, c->near_colors, INSERT_VALUES, SCATTER_FORWARD));
  PetscCall(VecGetArrayRead(c->near_colors, &a));
  for (PetscInt i = 0; i < r->nnear; i++) c->color[i] = (int)PetscRealPart(a[i]);
  PetscCall(VecRestoreArrayRead(c->near_colors, &a));
  PetscCall(PetscMalloc1(c->ncolors, &last));
  for (PetscInt k = 0; k < c->ncolors; k++) last[k] = -1;
  *distinct = PETSC_TRUE;
  for (PetscInt i = 0; i < r->nrows; i++) {
    for (PetscInt e = r->start[i]; e < r->start[i + 1]; e++) {
      const int color = c->color[r->column[e]];

      if (last[color] == i) *distinct = PETSC_FALSE;
      last[color] = i;
    }
  }
  PetscCall(PetscFree(last));
  PetscCallMPI(MPI_Allreduce(MPI_IN_PLACE, distinct, 1, MPIU_BOOL, MPI_LAND, v->comm));
  PetscFunctionReturn(PETSC_SUCCESS);
}

static PetscErrorCode SetUpColors(CostateVJP v)
{
  Coloring    *c = (Coloring *)v->data;
  CostateRows *r = &c->rows;
  PetscBool    distinct;
  IS           is;

  PetscFunctionBegin;
  PetscCall(CostateRowsSetUp(r));
  PetscCall(VecDuplicate(v->parameters ? v->p : v->u, &c->colors));
  PetscCall(VecCreateSeq(PETSC_COMM_SELF, r->nnear, &c->near_colors));
  PetscCall(VecDuplicate(c->near_colors, &c->near_steps));
  PetscCall(ISCreateGeneral(PETSC_COMM_SELF, r->nnear, r->near, PETSC_USE_POINTER, &is));
  PetscCall(VecScatterCreate(c->colors, is, c->near_colors, NULL, &c->gather));
  PetscCall(ISDestroy(&is));
  PetscCall(PetscMalloc1(r->nnear, &c->color));
  PetscCall(Colors(v, v->parameters));
  PetscCall(Gather(v, &distinct));
  if (!distinct && !v->parameters) {
    PetscCall(Colors(v, PETSC_TRUE));
    PetscCall(Gather(v, &distinct));
  }
  PetscCheck(distinct, v->comm, PETSC_ERR_LIB,
             "-costate_vjp%s coloring: PETSc's colouring gives two columns of a row the same colour: take another one "
             "(-%scostate_vjp_mat_coloring_type)",
             v->parameters ? "_p" : "", v->prefix ? v->prefix : "");
  PetscFunctionReturn(PETSC_SUCCESS);
}

static PetscErrorCode SetUp(CostateVJP v)
{
  PetscFunctionBegin;
  PetscCall(CostateRowsPattern(v, &((Coloring *)v->data)->rows));
  PetscCall(SetUpColors(v));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* One colour: the differences d are those of the one column of that colour that each row has. */
static PetscErrorCode FillColor(Coloring *c, int color, Vec d, const PetscScalar steps[])
{
  const CostateRows *r = &c->rows;
  const PetscScalar *a;

  PetscFunctionBegin;
  PetscCall(VecGetArrayRead(d, &a));
  for (PetscInt i = 0; i < r->nrows; i++) {
    for (PetscInt e = r->start[i]; e < r->start[i + 1]; e++)
      if (c->color[r->column[e]] == color) r->value[e] = a[i] / steps[r->column[e]];
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

#define OFF   1e-3 /* of all parts of a row; an entry that is missing is off by all of itself */
#define NOISE 100  /* roundings of the function */

/* The vector h with its weights, here and as the rows see it */
static PetscErrorCode Weigh(const Coloring *c, Vec h, Vec d, PetscScalar **w)
{
  const CostateRows *r = &c->rows;
  const PetscScalar *steps;
  PetscScalar       *a;
  PetscInt           first, last;

  PetscFunctionBegin;
  PetscCall(VecCopy(h, d));
  PetscCall(VecGetOwnershipRange(d, &first, &last));
  PetscCall(VecGetArray(d, &a));
  for (PetscInt j = first; j < last; j++) a[j - first] *= CostateRowsWeight(j);
  PetscCall(VecRestoreArray(d, &a));
  PetscCall(PetscMalloc1(r->nnear, w));
  PetscCall(VecGetArrayRead(c->near_steps, &steps));
  for (PetscInt j = 0; j < r->nnear; j++) (*w)[j] = steps[j] * CostateRowsWeight(r->near[j]);
  PetscCall(VecRestoreArrayRead(c->near_steps, &steps));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/*
  The first row that misses what the pattern should have; -1: none.  f, g: the function to either side.  With half, the
  difference along half of the way: a row that differs there too is not as straight as that, and proves nothing.
*/
static PetscErrorCode Missing(const CostateRows *r, const PetscScalar w[], Vec f, Vec g, Vec half, PetscInt *row)
{
  const PetscScalar *a, *b, *c = NULL;

  PetscFunctionBegin;
  *row = -1;
  PetscCall(VecGetArrayRead(f, &a));
  PetscCall(VecGetArrayRead(g, &b));
  if (half) PetscCall(VecGetArrayRead(half, &c));
  for (PetscInt i = 0; i < r->nrows && *row < 0; i++) {
    const PetscScalar product = (a[i] - b[i]) / 2;
    PetscReal         size, miss = CostateRowsMiss(r, i, w, product, &size);

    if (miss <= OFF * size + NOISE * PETSC_MACHINE_EPSILON * (PetscAbsScalar(a[i]) + PetscAbsScalar(b[i]))) continue;
    if (!c || PetscAbsScalar(c[i] - product) < miss / 10) *row = i;
  }
  if (half) PetscCall(VecRestoreArrayRead(half, &c));
  PetscCall(VecRestoreArrayRead(g, &b));
  PetscCall(VecRestoreArrayRead(f, &a));
  PetscFunctionReturn(PETSC_SUCCESS);
}

static PetscErrorCode CheckPattern(CostateVJP v, const CostatePoint *at, Vec h)
{
  Coloring    *c = (Coloring *)v->data;
  Vec          d, f, g, half = NULL;
  PetscScalar *w;
  PetscInt     row;
  int          any;

  PetscFunctionBegin;
  PetscCall(VecDuplicate(h, &d));
  PetscCall(VecDuplicate(v->u, &f));
  PetscCall(VecDuplicate(v->u, &g));
  PetscCall(Weigh(c, h, d, &w));
  PetscCall(CostateVJPEvaluate(v, at, d, 1, f));
  PetscCall(CostateVJPEvaluate(v, at, d, -1, g));
  PetscCall(Missing(&c->rows, w, f, g, NULL, &row));
  any = row >= 0;
  PetscCallMPI(MPI_Allreduce(MPI_IN_PLACE, &any, 1, MPI_INT, MPI_MAX, v->comm));
  if (any) {
    PetscCall(VecDuplicate(v->u, &half));
    PetscCall(CostateVJPDifference(v, at, d, .5, half));
    PetscCall(Missing(&c->rows, w, f, g, half, &row));
  }
  PetscCall(PetscFree(w));
  PetscCall(VecDestroy(&d));
  PetscCall(VecDestroy(&f));
  PetscCall(VecDestroy(&g));
  PetscCall(VecDestroy(&half));
  if (any) PetscCall(CostateRowsCheck(v, row));
  PetscFunctionReturn(PETSC_SUCCESS);
}

static PetscErrorCode Fill(CostateVJP v, const CostatePoint *at, Mat A)
{
  Coloring          *c = (Coloring *)v->data;
  Vec                h, d, f;
  const PetscScalar *steps;

  PetscFunctionBegin;
  PetscCall(CostateVJPSteps(v, at, &h));
  PetscCall(VecScatterBegin(c->gather, h, c->near_steps, INSERT_VALUES, SCATTER_FORWARD));
  PetscCall(VecScatterEnd(c->gather, h, c->near_steps, INSERT_VALUES, SCATTER_FORWARD));
  PetscCall(VecDuplicate(h, &d));
  PetscCall(VecDuplicate(v->u, &f));
  PetscCall(VecGetArrayRead(c->near_steps, &steps));
  for (int color = 0; color < (int)c->ncolors; color++) {
    PetscCall(Direction(c, color, h, d));
    PetscCall(CostateVJPDifference(v, at, d, 1, f));
    PetscCall(FillColor(c, color, f, steps));
  }
  PetscCall(VecRestoreArrayRead(c->near_steps, &steps));
  PetscCall(CheckPattern(v, at, h));
  PetscCall(CostateRowsPut(&c->rows, A));
  PetscCall(VecDestroy(&h));
  PetscCall(VecDestroy(&d));
  PetscCall(VecDestroy(&f));
  PetscFunctionReturn(PETSC_SUCCESS);
}

static PetscErrorCode Destroy(CostateVJP v)
{
  Coloring *c = (Coloring *)v->data;

  PetscFunctionBegin;
  PetscCall(CostateRowsDestroy(&c->rows));
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
  v->ops.matrix  = CostateRowsMatrix;
  v->ops.fill    = Fill;
  v->ops.destroy = Destroy;
  PetscFunctionReturn(PETSC_SUCCESS);
}
