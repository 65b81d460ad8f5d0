/* SPDX-License-Identifier: BSD-2-Clause */
/*
  adolc_sparse: the derivative as an assembled matrix, to rounding: forward sweeps of the tape along sums of columns
  that share no row, all of them at once.  Since a rank's tape has the rank's rows, each rank colours by itself.

  The pattern is what the application gave, or that of the DM, or what ADOL-C finds on the tape.  One direction more, in
  which every variable takes part, tells whether the pattern has all that the function depends on.
*/
#include "tape.h"

#if defined(COSTATE_USE_ADOLC)
#include <petscdm.h>
#include <adolc/interfaces.h>
#include <adolc/sparse/sparsedrivers.h>

#define BATCH 16 /* directions of a sweep, without the one that checks */

/* The entries by rows; their columns are counted in the order of `near`, the columns that this rank's rows have. */
typedef struct {
  Mat          pattern;
  PetscInt     nrows, nnear, ncolors, nlocal;
  PetscInt    *start, *column, *near, *color;
  PetscInt    *where; /* what the rank sees -> near; -1: it is no column */
  PetscInt    *index; /* what the rank sees -> column; -1: nobody's */
  PetscScalar *value;
  double      *seed, *out, **seeds, **outs;
} Sparse;

static PetscErrorCode Patterned(CostateVJP v, PetscBool *yes)
{
  PetscFunctionBegin;
  *yes = PETSC_FALSE;
  if (v->given)
    PetscCall(
        PetscObjectBaseTypeCompareAny((PetscObject)v->given, yes, MATSEQAIJ, MATMPIAIJ, MATSEQBAIJ, MATMPIBAIJ, ""));
  if (*yes) PetscCall(MatAssembled(v->given, yes));
  PetscFunctionReturn(PETSC_SUCCESS);
}

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
  PetscCall(MatCreateAIJ(v->comm, tape->nf, c1 - c0, PETSC_DETERMINE, PETSC_DETERMINE, 0, dnz, 0, onz, &c->pattern));
  for (PetscInt i = 0; i < tape->nf; i++) {
    PetscCall(Columns(v, tape, c, found[i], first + i, &n, columns));
    for (PetscInt k = 0; k < n; k++) PetscCall(MatSetValue(c->pattern, first + i, columns[k], 0, INSERT_VALUES));
    free(found[i]); /* ADOL-C's */
  }
  PetscCall(PetscFree3(columns, dnz, onz));
  PetscCall(PetscFree(found));
  PetscFunctionReturn(PETSC_SUCCESS);
}

static PetscErrorCode SetUpEntries(Sparse *c)
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
  PetscCall(PetscMalloc3(c->start[c->nrows], &c->column, c->start[c->nrows], &c->near, c->start[c->nrows], &c->value));
  for (PetscInt i = 0; i < c->nrows; i++) {
    PetscCall(MatGetRow(c->pattern, first + i, &n, &columns, NULL));
    for (PetscInt e = 0; e < n; e++) c->column[k++] = columns[e];
    PetscCall(MatRestoreRow(c->pattern, first + i, &n, &columns, NULL));
  }
  c->nnear = k;
  PetscCall(PetscArraycpy(c->near, c->column, k));
  PetscCall(PetscSortRemoveDupsInt(&c->nnear, c->near));
  for (PetscInt e = 0; e < k; e++) PetscCall(PetscFindInt(c->column[e], c->nnear, c->near, &c->column[e]));
  for (PetscInt i = 0; i < c->nlocal; i++) {
    PetscCall(PetscFindInt(c->index[i], c->nnear, c->near, &c->where[i]));
    if (c->where[i] < 0) c->where[i] = -1;
  }
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Each column takes the first colour that none has with which it shares a row. */
static PetscErrorCode SetUpColors(Sparse *c)
{
  PetscInt *rows, *of, *mark;

  PetscFunctionBegin;
  PetscCall(PetscMalloc1(c->nnear, &c->color));
  PetscCall(PetscCalloc1(c->nnear + 2, &of));
  PetscCall(PetscMalloc2(c->start[c->nrows], &rows, c->nnear + 1, &mark));
  for (PetscInt e = 0; e < c->start[c->nrows]; e++) of[c->column[e] + 2]++;
  for (PetscInt j = 0; j < c->nnear; j++) of[j + 2] += of[j + 1];
  for (PetscInt i = 0; i < c->nrows; i++)
    for (PetscInt e = c->start[i]; e < c->start[i + 1]; e++) rows[of[c->column[e] + 1]++] = i;
  for (PetscInt j = 0; j < c->nnear; j++) c->color[j] = mark[j] = -1;
  c->ncolors = 0;
  for (PetscInt j = 0; j < c->nnear; j++) {
    for (PetscInt r = of[j]; r < of[j + 1]; r++) {
      for (PetscInt e = c->start[rows[r]]; e < c->start[rows[r] + 1]; e++)
        if (c->color[c->column[e]] >= 0) mark[c->color[c->column[e]]] = j;
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
  PetscBool        given;
  PetscInt         n, most;

  PetscFunctionBegin;
  PetscCall(CostateTapeSetUp(v));
  PetscCall(SetUpIndex(v, s, c));
  PetscCall(Patterned(v, &given));
  if (given)
    PetscCall(MatDuplicate(v->given, MAT_DO_NOT_COPY_VALUES, &c->pattern));
  else if (v->dm && !v->parameters)
    PetscCall(DMCreateMatrix(v->dm, &c->pattern));
  else
    PetscCall(FromTape(v, c));
  PetscCall(MatAssemblyBegin(c->pattern, MAT_FINAL_ASSEMBLY));
  PetscCall(MatAssemblyEnd(c->pattern, MAT_FINAL_ASSEMBLY));
  PetscCall(SetUpEntries(c));
  PetscCall(SetUpColors(c));
  n    = 1 + 2 * s->tape.nu + s->tape.np;
  most = PetscMin(c->ncolors, BATCH) + 1;
  PetscCall(PetscMalloc4(n * most, &c->seed, c->nrows * most, &c->out, n, &c->seeds, c->nrows, &c->outs));
  PetscFunctionReturn(PETSC_SUCCESS);
}

static PetscErrorCode Matrix(CostateVJP v, Mat *A)
{
  PetscFunctionBegin;
  PetscCall(MatDuplicate(((Sparse *)v->data)->pattern, MAT_DO_NOT_COPY_VALUES, A));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* The direction in which all take part: some number between 1 and 2 for each column, the same on every rank */
static double Check(PetscInt column)
{
  const double x = 0.61803398874989485 * (double)column;

  return 1 + x - floor(x);
}

/* Seeds of the colours from `color` on, and that of the check behind them; shift times these are those of u'. */
static void Seed(CostateVJP v, const CostateTape *tape, const Sparse *c, PetscReal shift, PetscInt color, int n)
{
  const PetscInt first = v->parameters ? 1 + tape->nu + tape->nudot : 1;

  memset(c->seed, 0, (size_t)CostateTapeSize(tape) * (size_t)(n + 1) * sizeof(*c->seed));
  for (PetscInt i = 0; i < CostateTapeSize(tape); i++) c->seeds[i] = c->seed + i * (n + 1);
  for (PetscInt i = 0; i < c->nrows; i++) c->outs[i] = c->out + i * (n + 1);
  for (PetscInt i = 0; i < c->nlocal; i++) {
    const PetscInt mine = c->where[i] >= 0 ? c->color[c->where[i]] - color : -1;
    double        *seed = c->seeds[first + i];

    if (c->index[i] >= 0) seed[n] = Check(c->index[i]);
    if (mine >= 0 && mine < n) seed[mine] = 1;
    if (v->parameters || !tape->nudot) continue;
    for (int k = 0; k <= n; k++) c->seeds[first + tape->nu + i][k] = shift * seed[k];
  }
}

/* 0: good; 1: the function depends on what the pattern has not; 2: what is not a number */
static int Verdict(const Sparse *c, int n)
{
  for (PetscInt i = 0; i < c->nrows; i++) {
    double sum = 0, size = fabs(c->outs[i][n]);

    for (PetscInt e = c->start[i]; e < c->start[i + 1]; e++) {
      const double a = PetscRealPart(c->value[e]) * Check(c->near[c->column[e]]);

      sum += a;
      size += fabs(a);
    }
    if (!isfinite(size)) return 2;
    if (fabs(sum - c->outs[i][n]) > 1e-8 * size) return 1;
  }
  return 0;
}

static PetscErrorCode Fill(CostateVJP v, const CostatePoint *at, Mat A)
{
  Sparse            *c = (Sparse *)v->data;
  CostateTapeSide   *s;
  const CostateTape *tape;
  PetscInt           first, *columns, most = 0;
  int                n = 0, bad = 0;

  PetscFunctionBegin;
  PetscCall(CostateTapeAt(v, at, &s));
  tape = &s->tape;
  for (PetscInt color = 0; color < PetscMax(c->ncolors, 1) && c->nrows && !bad; color += BATCH) {
    n = (int)PetscMin(c->ncolors - color, BATCH);
    Seed(v, tape, c, at->shift, color, n);
    if (fov_forward(tape->tag, (int)tape->nf, CostateTapeSize(tape), n + 1, s->x, c->seeds, s->y, c->outs) < 0) bad = 2;
    s->stats.sweeps++;
    for (PetscInt i = 0; i < c->nrows; i++) {
      for (PetscInt e = c->start[i]; e < c->start[i + 1]; e++) {
        const PetscInt mine = c->color[c->column[e]] - color;

        if (mine >= 0 && mine < n) c->value[e] = c->outs[i][mine];
      }
    }
  }
  if (c->nrows && !bad) bad = Verdict(c, n);
  PetscCallMPI(MPI_Allreduce(MPI_IN_PLACE, &bad, 1, MPI_INT, MPI_MAX, v->comm));
  PetscCheck(bad != 1, v->comm, PETSC_ERR_USER,
             "The function depends on what the sparsity pattern of %s does not have: give %s() a matrix with all "
             "entries, "
             "or none, and the pattern is taken from the tape",
             v->parameters ? "its parameters" : "its Jacobian",
             v->side == COSTATE_RHS ? (v->parameters ? "TSSetRHSJacobianP" : "TSSetRHSJacobian")
                                    : (v->parameters ? "TSSetIJacobianP" : "TSSetIJacobian"));
  PetscCheck(!bad, v->comm, PETSC_ERR_FP,
             "A derivative from a tape is not a number, at t = %g: is the function differentiable there, and are its "
             "arguments in its domain?",
             (double)at->t);
  PetscCall(MatGetOwnershipRange(A, &first, NULL));
  for (PetscInt i = 0; i < c->nrows; i++) most = PetscMax(most, c->start[i + 1] - c->start[i]);
  PetscCall(PetscMalloc1(most, &columns));
  for (PetscInt i = 0, row = first; i < c->nrows; i++, row++) {
    const PetscInt e = c->start[i], ne = c->start[i + 1] - e;

    for (PetscInt k = 0; k < ne; k++) columns[k] = c->near[c->column[e + k]];
    PetscCall(MatSetValues(A, 1, &row, ne, columns, c->value + e, INSERT_VALUES));
  }
  PetscCall(PetscFree(columns));
  PetscCall(MatAssemblyBegin(A, MAT_FINAL_ASSEMBLY));
  PetscCall(MatAssemblyEnd(A, MAT_FINAL_ASSEMBLY));
  PetscFunctionReturn(PETSC_SUCCESS);
}

static PetscErrorCode Destroy(CostateVJP v)
{
  Sparse *c = (Sparse *)v->data;

  PetscFunctionBegin;
  PetscCall(MatDestroy(&c->pattern));
  PetscCall(PetscFree(c->start));
  PetscCall(PetscFree3(c->column, c->near, c->value));
  PetscCall(PetscFree(c->color));
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
  PetscCall(CostateTapeMissing(v, &missing));
  if (missing || !v->u) PetscFunctionReturn(PETSC_SUCCESS);
#if defined(COSTATE_USE_ADOLC)
  {
    Sparse *c;

    PetscCall(PetscNew(&c));
    v->data        = c;
    v->ops.setup   = SetUp;
    v->ops.matrix  = Matrix;
    v->ops.fill    = Fill;
    v->ops.destroy = Destroy;
  }
#endif
  PetscFunctionReturn(PETSC_SUCCESS);
}
