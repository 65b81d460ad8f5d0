/* SPDX-License-Identifier: BSD-2-Clause */
/*
  adolc_sparse: the derivative as an assembled matrix, to rounding: forward sweeps of the tape along sums of columns
  that share no row, all of them at once.  Since a rank's tape has the rank's rows, each rank colours by itself.

  The pattern is what the application gave, or that of the DM, or what ADOL-C finds on the tape.  One direction more, in
  which every variable takes part, tells whether the pattern has all that the function depends on.
*/
#include "rows.h"
#include "tape.h"

#if defined(COSTATE_USE_ADOLC)
#include <adolc/interfaces.h>
#include <adolc/sparse/sparsedrivers.h>

#define BATCH 16 /* directions of a sweep, without the one that checks */

typedef struct {
  CostateRows  rows;
  PetscInt     ncolors, nlocal;
  PetscInt    *color;  /* of the columns near */
  PetscInt    *where;  /* what the rank sees -> near; -1: it is no column */
  PetscInt    *index;  /* what the rank sees -> column; -1: nobody's */
  PetscScalar *weight; /* of the columns near, in the direction that checks */
  double      *seed, *out, **seeds, **outs;
} Sparse;

/* Which column each value is that the rank sees. */
static PetscErrorCode SetUpIndex(CostateVJP v, CostateTapeSide *s, Sparse *c)
{
  Vec                global, local;
  PetscInt           first, n;
  PetscScalar       *a;
  const PetscScalar *b;

  PetscFunctionBegin;
  PetscCall(VecDuplicate(v->parameters ? v->p : v->u, &global));
  PetscCall(VecDuplicate(v->parameters ? s->p : s->u, &local));
  PetscCall(VecGetOwnershipRange(global, &first, NULL));
  PetscCall(VecGetLocalSize(global, &n));
  PetscCall(VecGetArrayWrite(global, &a));
  for (PetscInt i = 0; i < n; i++) a[i] = (PetscScalar)(first + i);
  PetscCall(VecRestoreArrayWrite(global, &a));
  PetscCall(VecSet(local, -1));
  PetscCall(CostateTapeForward(v, v->parameters, global, local));
  PetscCall(VecGetLocalSize(local, &c->nlocal));
  PetscCall(PetscMalloc2(c->nlocal, &c->index, c->nlocal, &c->where));
  PetscCall(VecGetArrayRead(local, &b));
  for (PetscInt i = 0; i < c->nlocal; i++) c->index[i] = (PetscInt)PetscRealPart(b[i]);
  PetscCall(VecRestoreArrayRead(local, &b));
  PetscCall(VecDestroy(&global));
  PetscCall(VecDestroy(&local));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* The columns of a row of the tape, by what ADOL-C found: sorted, with the diagonal if there is one */
static PetscErrorCode Columns(const CostateVJP v, const CostateTape *tape, const Sparse *c, const unsigned int *found,
                              PetscInt row, PetscInt *n, PetscInt columns[])
{
  const PetscInt first = v->parameters ? 1 + tape->nu + tape->nudot : 1;
  const PetscInt last  = v->parameters ? first + tape->np : first + tape->nu + tape->nudot;

  PetscFunctionBegin;
  *n = 0;
  for (unsigned int k = 1; k <= found[0]; k++) {
    const PetscInt j = (PetscInt)found[k];

    if (j < first || j >= last) continue;
    if (c->index[(j - first) % c->nlocal] >= 0) columns[(*n)++] = c->index[(j - first) % c->nlocal];
  }
  if (!v->parameters) columns[(*n)++] = row;
  PetscCall(PetscSortRemoveDupsInt(n, columns));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* The pattern of the tape at the first point. */
static PetscErrorCode FromTape(CostateVJP v, Sparse *c)
{
  CostateTapeSide   *s;
  const CostateTape *tape;
  const Vec          x          = v->parameters ? v->p : v->u;
  int                options[3] = {0, 0, 0}, rc = 0;
  unsigned int     **found;
  PetscInt           n, first, c0, c1, most = 0, *columns, *dnz, *onz;

  PetscFunctionBegin;
  PetscCall(CostateTapeAt(v, &v->initial, &s));
  tape = &s->tape;
  PetscCall(PetscCalloc1(tape->nf + 1, &found));
  if (tape->nf) rc = jac_pat(tape->tag, (int)tape->nf, CostateTapeSize(tape), s->x, found, options);
  PetscCallMPI(MPI_Allreduce(MPI_IN_PLACE, &rc, 1, MPI_INT, MPI_MIN, v->comm));
  PetscCheck(rc >= 0, v->comm, PETSC_ERR_LIB,
             "ADOL-C finds no sparsity pattern: give TSSetRHSJacobian(), TSSetIJacobian() or their kind for parameters "
             "an assembled matrix that has it");
  PetscCall(VecGetOwnershipRange(v->u, &first, NULL));
  PetscCall(VecGetOwnershipRange(x, &c0, &c1));
  for (PetscInt i = 0; i < tape->nf; i++) most = PetscMax(most, (PetscInt)found[i][0]);
  PetscCall(PetscMalloc3(most + 1, &columns, tape->nf, &dnz, tape->nf, &onz));
  for (PetscInt i = 0; i < tape->nf; i++) {
    PetscCall(Columns(v, tape, c, found[i], first + i, &n, columns));
    dnz[i] = onz[i] = 0;
    for (PetscInt k = 0; k < n; k++) (*(columns[k] >= c0 && columns[k] < c1 ? &dnz[i] : &onz[i]))++;
  }
  PetscCall(
      MatCreateAIJ(v->comm, tape->nf, c1 - c0, PETSC_DETERMINE, PETSC_DETERMINE, 0, dnz, 0, onz, &c->rows.pattern));
  for (PetscInt i = 0; i < tape->nf; i++) {
    PetscCall(Columns(v, tape, c, found[i], first + i, &n, columns));
    for (PetscInt k = 0; k < n; k++) PetscCall(MatSetValue(c->rows.pattern, first + i, columns[k], 0, INSERT_VALUES));
    free(found[i]); /* ADOL-C's */
  }
  PetscCall(PetscFree3(columns, dnz, onz));
  PetscCall(PetscFree(found));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Each column takes the first colour that none has with which it shares a row. */
static PetscErrorCode SetUpColors(Sparse *c)
{
  const CostateRows *r = &c->rows;
  PetscInt          *rows, *of, *mark;

  PetscFunctionBegin;
  PetscCall(PetscMalloc1(r->nnear, &c->color));
  PetscCall(PetscCalloc1(r->nnear + 2, &of));
  PetscCall(PetscMalloc2(r->start[r->nrows], &rows, r->nnear + 1, &mark));
  for (PetscInt e = 0; e < r->start[r->nrows]; e++) of[r->column[e] + 2]++;
  for (PetscInt j = 0; j < r->nnear; j++) of[j + 2] += of[j + 1];
  for (PetscInt i = 0; i < r->nrows; i++)
    for (PetscInt e = r->start[i]; e < r->start[i + 1]; e++) rows[of[r->column[e] + 1]++] = i;
  for (PetscInt j = 0; j < r->nnear; j++) c->color[j] = mark[j] = -1;
  c->ncolors = 0;
  for (PetscInt j = 0; j < r->nnear; j++) {
    for (PetscInt k = of[j]; k < of[j + 1]; k++) {
      for (PetscInt e = r->start[rows[k]]; e < r->start[rows[k] + 1]; e++)
        if (c->color[r->column[e]] >= 0) mark[c->color[r->column[e]]] = j;
    }
    c->color[j] = 0;
    while (mark[c->color[j]] == j) c->color[j]++;
    c->ncolors = PetscMax(c->ncolors, c->color[j] + 1);
  }
  PetscCall(PetscFree(of));
  PetscCall(PetscFree2(rows, mark));
  PetscFunctionReturn(PETSC_SUCCESS);
}

static PetscErrorCode SetUp(CostateVJP v)
{
  Sparse          *c = (Sparse *)v->data;
  CostateTapeSide *s = &v->tapes->side[v->side];
  PetscInt         n, most;

  PetscFunctionBegin;
  PetscCall(CostateTapeSetUp(v));
  PetscCall(SetUpIndex(v, s, c));
  PetscCall(CostateRowsPattern(v, &c->rows));
  if (!c->rows.pattern) PetscCall(FromTape(v, c));
  PetscCall(CostateRowsSetUp(&c->rows));
  for (PetscInt i = 0; i < c->nlocal; i++) {
    PetscCall(PetscFindInt(c->index[i], c->rows.nnear, c->rows.near, &c->where[i]));
    if (c->where[i] < 0) c->where[i] = -1;
  }
  PetscCall(SetUpColors(c));
  PetscCall(PetscMalloc1(c->rows.nnear, &c->weight));
  for (PetscInt j = 0; j < c->rows.nnear; j++) c->weight[j] = CostateRowsWeight(c->rows.near[j]);
  n    = 1 + 2 * s->tape.nu + s->tape.np;
  most = PetscMin(c->ncolors, BATCH) + 1;
  PetscCall(PetscMalloc4(n * most, &c->seed, c->rows.nrows * most, &c->out, n, &c->seeds, c->rows.nrows, &c->outs));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Seeds of the colours from `color` on, and that of the check behind them; shift times these are those of u'. */
static void Seed(CostateVJP v, const CostateTape *tape, const Sparse *c, PetscReal shift, PetscInt color, int n)
{
  const PetscInt first = v->parameters ? 1 + tape->nu + tape->nudot : 1;

  memset(c->seed, 0, (size_t)CostateTapeSize(tape) * (size_t)(n + 1) * sizeof(*c->seed));
  for (PetscInt i = 0; i < CostateTapeSize(tape); i++) c->seeds[i] = c->seed + i * (n + 1);
  for (PetscInt i = 0; i < c->rows.nrows; i++) c->outs[i] = c->out + i * (n + 1);
  for (PetscInt i = 0; i < c->nlocal; i++) {
    const PetscInt mine = c->where[i] >= 0 ? c->color[c->where[i]] - color : -1;
    double        *seed = c->seeds[first + i];

    if (c->index[i] >= 0) seed[n] = CostateRowsWeight(c->index[i]);
    if (mine >= 0 && mine < n) seed[mine] = 1;
    if (v->parameters || !tape->nudot) continue;
    for (int k = 0; k <= n; k++) c->seeds[first + tape->nu + i][k] = shift * seed[k];
  }
}

#define OFF 1e-8 /* of all parts of a row */

/* The first row that misses what the pattern should have; -1: none.  *finite: all are numbers */
static PetscInt Missing(const Sparse *c, int n, PetscBool *finite)
{
  PetscReal size;

  *finite = PETSC_TRUE;
  for (PetscInt i = 0; i < c->rows.nrows; i++) {
    const PetscReal miss = CostateRowsMiss(&c->rows, i, c->weight, c->outs[i][n], &size);

    if (PetscIsInfOrNanReal(size)) *finite = PETSC_FALSE;
    if (miss > OFF * size || !*finite) return i;
  }
  return -1;
}

static PetscErrorCode Fill(CostateVJP v, const CostatePoint *at, Mat A)
{
  Sparse            *c = (Sparse *)v->data;
  CostateRows       *r = &c->rows;
  CostateTapeSide   *s;
  const CostateTape *tape;
  PetscInt           missing = -1;
  PetscBool          finite  = PETSC_TRUE;
  int                n       = 0;

  PetscFunctionBegin;
  PetscCall(CostateTapeAt(v, at, &s));
  tape = &s->tape;
  for (PetscInt color = 0; color < PetscMax(c->ncolors, 1) && r->nrows && finite; color += BATCH) {
    n = (int)PetscMin(c->ncolors - color, BATCH);
    Seed(v, tape, c, at->shift, color, n);
    finite = (PetscBool)(fov_forward(tape->tag, (int)tape->nf, CostateTapeSize(tape), n + 1, s->x, c->seeds, s->y,
                                     c->outs) >= 0);
    s->stats.sweeps++;
    for (PetscInt i = 0; i < r->nrows; i++) {
      for (PetscInt e = r->start[i]; e < r->start[i + 1]; e++) {
        const PetscInt mine = c->color[r->column[e]] - color;

        if (mine >= 0 && mine < n) r->value[e] = c->outs[i][mine];
      }
    }
  }
  if (finite) missing = Missing(c, n, &finite);
  PetscCallMPI(MPI_Allreduce(MPI_IN_PLACE, &finite, 1, MPIU_BOOL, MPI_LAND, v->comm));
  PetscCheck(finite, v->comm, PETSC_ERR_FP,
             "A derivative from a tape is not a number, at t = %g: is the function differentiable there, and are its "
             "arguments in its domain?",
             (double)at->t);
  PetscCall(CostateRowsCheck(v, missing));
  PetscCall(CostateRowsPut(r, A));
  PetscFunctionReturn(PETSC_SUCCESS);
}

static PetscErrorCode Destroy(CostateVJP v)
{
  Sparse *c = (Sparse *)v->data;

  PetscFunctionBegin;
  PetscCall(CostateRowsDestroy(&c->rows));
  PetscCall(PetscFree(c->color));
  PetscCall(PetscFree(c->weight));
  PetscCall(PetscFree2(c->index, c->where));
  PetscCall(PetscFree4(c->seed, c->out, c->seeds, c->outs));
  PetscCall(PetscFree(v->data));
  PetscFunctionReturn(PETSC_SUCCESS);
}
#endif

PETSC_INTERN PetscErrorCode CostateVJPCreate_AdolcSparse(CostateVJP v)
{
  PetscBool missing;

  PetscFunctionBegin;
  v->ops.can = CostateTapeCan;
  v->taped   = PETSC_TRUE;
  PetscCall(CostateTapeMissing(v, &missing));
  if (missing || !v->u) PetscFunctionReturn(PETSC_SUCCESS);
#if defined(COSTATE_USE_ADOLC)
  {
    Sparse *c;

    PetscCall(PetscNew(&c));
    v->data        = c;
    v->ops.setup   = SetUp;
    v->ops.matrix  = CostateRowsMatrix;
    v->ops.fill    = Fill;
    v->ops.destroy = Destroy;
  }
#endif
  PetscFunctionReturn(PETSC_SUCCESS);
}
