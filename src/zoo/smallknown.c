/* SPDX-License-Identifier: BSD-2-Clause */
/* Models of a few unknowns: the gradients that are known, and what becomes of one where there are algebraic unknowns.
 */
#include "zooimpl.h"

/* Whether nothing but the kind of cost, the variant and the form may be other than the model says */
static PetscErrorCode IsDefault(CostateProblem problem, const PetscReal u[], const PetscReal p[], PetscBool *is)
{
  const ZooSmall  *small      = (const ZooSmall *)problem->def;
  PetscReal        x[ZOO_MAX] = {0};
  const PetscReal *v          = x;
  ZooValues        times      = {0, NULL};

  PetscFunctionBegin;
  if (small->initial)
    small->initial(small->about.u0, small->about.p, x);
  else
    v = small->about.u0;
  *is = (PetscBool)(problem->t0 == small->about.t0 && problem->tend == small->about.tend);
  for (PetscInt i = 0; i < small->n; i++) *is = (PetscBool)(*is && u[i] == v[i]);
  for (PetscInt i = 0; i < small->about.np; i++) *is = (PetscBool)(*is && p[i] == small->about.p[i]);
  if (!*is || problem->kind != COSTATE_COST_TIMES) PetscFunctionReturn(PETSC_SUCCESS);
  PetscCall(ZooParse(problem, "-times", small->about.times, PETSC_TRUE, &times));
  *is = (PetscBool)(times.n == problem->times.n);
  for (PetscInt i = 0; *is && i < times.n; i++) *is = (PetscBool)(times.x[i] == problem->times.x[i]);
  PetscCall(PetscFree(times.x));
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode ZooSmallKnown(CostateProblem problem, const char **source, Vec du0, Vec dp, PetscBool known[2])
{
  const ZooSmall *small = (const ZooSmall *)problem->def;
  const ZooKnown *k;
  PetscReal       u[ZOO_MAX], p[ZOO_MAX], gu[ZOO_MAX] = {0}, gp[ZOO_MAX] = {0};
  PetscBool       is;

  PetscFunctionBegin;
  PetscCall(ZooSmallReals(problem, problem->u0, problem->p, u, p));
  if (small->exact && small->exact(problem, u, p, source, gu, gp)) {
    PetscCall(ZooSmallSet(du0, gu));
    PetscCall(ZooSmallSet(dp, gp));
    known[0] = known[1] = PETSC_TRUE;
    PetscFunctionReturn(PETSC_SUCCESS);
  }
  PetscCall(IsDefault(problem, u, p, &is));
  for (k = small->known; is && k && k->source; k++) {
    if (k->kind != problem->kind) continue;
    *source = k->source;
    if (k->du0) PetscCall(ZooSmallSet(du0, k->du0));
    if (k->dp) PetscCall(ZooSmallSet(dp, k->dp));
    known[0] = (PetscBool)(k->du0 != NULL);
    known[1] = (PetscBool)(k->dp != NULL);
  }
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* x <- A^-1 x by elimination with pivots, n <= ZOO_MAX */
static PetscErrorCode Solve(MPI_Comm comm, PetscInt n, PetscScalar A[ZOO_MAX][ZOO_MAX], PetscScalar x[])
{
  PetscFunctionBegin;
  for (PetscInt k = 0; k < n; k++) {
    PetscInt    pivot = k;
    PetscScalar swap;

    for (PetscInt i = k + 1; i < n; i++)
      if (PetscAbsScalar(A[i][k]) > PetscAbsScalar(A[pivot][k])) pivot = i;
    PetscCheck(A[pivot][k] != 0., comm, PETSC_ERR_MAT_LU_ZRPVT,
               "The algebraic equations cannot be solved for the algebraic unknowns at the initial state: its index is "
               "not 1 there");
    for (PetscInt j = 0; j < n; j++) {
      swap        = A[k][j];
      A[k][j]     = A[pivot][j];
      A[pivot][j] = swap;
    }
    swap     = x[k];
    x[k]     = x[pivot];
    x[pivot] = swap;
    for (PetscInt i = 0; i < n; i++) {
      const PetscScalar c = i == k ? 0 : A[i][k] / A[k][k];

      for (PetscInt j = k; j < n; j++) A[i][j] -= c * A[k][j];
      x[i] -= c * x[k];
    }
  }
  for (PetscInt k = 0; k < n; k++) x[k] /= A[k][k];
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* The equations 0 = h(u_d, u_a) are the rows of M that are zero, the unknowns u_a its columns: g_d - h_d^T h_a^-T g_a.
 */
PetscErrorCode ZooSmallReduce(CostateProblem problem, Vec g)
{
  const ZooSmall *small = (const ZooSmall *)problem->def;
  const PetscInt  n     = small->n;
  PetscScalar u[ZOO_MAX], p[ZOO_MAX], x[ZOO_MAX], a[ZOO_MAX], J[ZOO_MAX * ZOO_MAX] = {0}, M[ZOO_MAX * ZOO_MAX] = {0};
  PetscScalar A[ZOO_MAX][ZOO_MAX];
  PetscReal   reduced[ZOO_MAX];
  PetscInt    row[ZOO_MAX], column[ZOO_MAX], nr = 0, nc = 0;

  PetscFunctionBegin;
  PetscCall(ZooSmallState(problem, problem->u0, u));
  PetscCall(ZooSmallState(problem, g, x));
  PetscCall(ZooGetParameters(problem, problem->p, p));
  small->fu(problem->t0, u, p, J);
  small->mass(p, M);
  for (PetscInt i = 0; i < n; i++) {
    PetscBool zero[2] = {PETSC_TRUE, PETSC_TRUE};

    for (PetscInt j = 0; j < n; j++) {
      if (M[i * n + j] != 0.) zero[0] = PETSC_FALSE;
      if (M[j * n + i] != 0.) zero[1] = PETSC_FALSE;
    }
    if (zero[0]) row[nr++] = i;
    if (zero[1]) column[nc++] = i;
  }
  PetscCheck(nr == nc, problem->comm, PETSC_ERR_PLIB,
             "%s has %" PetscInt_FMT " algebraic equations for %" PetscInt_FMT " unknowns", problem->name, nr, nc);
  for (PetscInt i = 0; i < nc; i++) {
    a[i] = x[column[i]];
    for (PetscInt j = 0; j < nr; j++) A[i][j] = J[row[j] * n + column[i]];
  }
  PetscCall(Solve(problem->comm, nc, A, a));
  for (PetscInt k = 0; k < n; k++)
    for (PetscInt j = 0; j < nr; j++) x[k] -= J[row[j] * n + k] * a[j];
  for (PetscInt i = 0; i < nc; i++) x[column[i]] = 0;
  for (PetscInt i = 0; i < n; i++) reduced[i] = PetscRealPart(x[i]);
  PetscCall(ZooSmallSet(g, reduced));
  PetscFunctionReturn(PETSC_SUCCESS);
}
