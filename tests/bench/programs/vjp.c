/* SPDX-License-Identifier: BSD-2-Clause */
/*
  What a product J^T v costs by each provider, in evaluations of f: the Brusselator of the zoo, with the tapes of the
  library that -tapes names.  At a new point, as in the adjoint of a Runge-Kutta step, and once more at the same.

    mpiexec -n 2 vjp -tapes tapes.so -n 512
*/
#include "../../methods/zoorun.h"
#include <costate/model.h>
#include <petscdmda.h>
#include <petsctime.h>
#include "../../vjp/programs/tapes.h"

#define REPEATS 5

typedef struct {
  PetscScalar u, v;
} Node;

/* By hand: the transposed stencil is the stencil, and the reaction is a matrix of two by two at each node. */
static PetscErrorCode Vjp(Costate cs, PetscReal t, Vec u, Vec udot, PetscReal shift, Vec p, Vec in, Vec out, void *ctx)
{
  const TapePlace *at = (const TapePlace *)ctx;
  DM               dm;
  TS               ts;
  Vec              local;
  PetscScalar     *q;
  const Node     **x, **w;
  Node           **y;

  PetscFunctionBeginUser;
  (void)t, (void)udot, (void)shift;
  PetscCall(CostateGetTS(cs, &ts));
  PetscCall(TSGetDM(ts, &dm));
  PetscCall(PetscObjectQuery((PetscObject)p, "all", (PetscObject *)&local)); /* they do not change here */
  PetscCall(VecGetArray(local, &q));
  PetscCall(DMGetLocalVector(dm, &local));
  PetscCall(DMGlobalToLocal(dm, in, INSERT_VALUES, local));
  PetscCall(DMDAVecGetArrayRead(dm, u, (void *)&x));
  PetscCall(DMDAVecGetArrayRead(dm, local, (void *)&w));
  PetscCall(DMDAVecGetArray(dm, out, (void *)&y));
  for (PetscInt j = at->y; j < at->y + at->n; j++) {
    for (PetscInt i = at->x; i < at->x + at->m; i++) {
      const PetscScalar d = q[2] / (at->h * at->h), r = 2 * x[j][i].u * x[j][i].v, s = x[j][i].u * x[j][i].u;
      const Node        c = w[j][i];

      y[j][i].u = (r - q[1] - 1) * c.u + (q[1] - r) * c.v +
                  d * (w[j][i - 1].u + w[j][i + 1].u + w[j - 1][i].u + w[j + 1][i].u - 4 * c.u);
      y[j][i].v = s * (c.u - c.v) + d * (w[j][i - 1].v + w[j][i + 1].v + w[j - 1][i].v + w[j + 1][i].v - 4 * c.v);
    }
  }
  PetscCall(DMDAVecRestoreArray(dm, out, (void *)&y));
  PetscCall(DMDAVecRestoreArrayRead(dm, local, (void *)&w));
  PetscCall(DMDAVecRestoreArrayRead(dm, u, (void *)&x));
  PetscCall(DMRestoreLocalVector(dm, &local));
  PetscFunctionReturn(0);
}

/* Instead of the problem's Jacobian, which would be assembled for preconditioners */
static PetscErrorCode Nothing(TS ts, PetscReal t, Vec u, Mat A, Mat P, void *ctx)
{
  PetscFunctionBeginUser;
  (void)ts, (void)t, (void)u, (void)A, (void)P, (void)ctx;
  PetscFunctionReturn(0);
}

static PetscErrorCode Tapes(Costate cs, TapePlace *at)
{
  static PetscDLLibrary list = NULL;
  char                  name[PETSC_MAX_PATH_LEN];
  PetscBool             set;
  void                 *f;

  PetscFunctionBeginUser;
  PetscCall(PetscOptionsGetString(NULL, NULL, "-tapes", name, sizeof(name), &set));
  if (!set) PetscFunctionReturn(0);
  PetscCall(PetscDLLibrarySym(PETSC_COMM_WORLD, &list, name, "TapesSet", &f));
  PetscCheck(f, PETSC_COMM_WORLD, PETSC_ERR_FILE_OPEN, "No TapesSet() in %s", name);
  PetscCall((*(PetscErrorCode(*)(const char[], Costate, TapePlace *))f)("brusselator", cs, at));
  PetscFunctionReturn(0);
}

static PetscErrorCode Place(TS ts, TapePlace *at)
{
  DM dm;

  PetscFunctionBeginUser;
  *at = (TapePlace){0};
  PetscCall(TSGetDM(ts, &dm));
  PetscCall(DMDAGetCorners(dm, &at->x, &at->y, NULL, &at->m, &at->n, NULL));
  PetscCall(DMDAGetGhostCorners(dm, &at->gx, &at->gy, NULL, &at->gm, &at->gn, NULL));
  PetscCall(DMDAGetInfo(dm, NULL, &at->nodes, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL));
  at->h = 1 / (PetscReal)at->nodes;
  PetscFunctionReturn(0);
}

static double Now(void)
{
  MPI_Barrier(PETSC_COMM_WORLD);
  return MPI_Wtime();
}

/* Since then; the first time does not count. */
static void Least(int i, double since, int times, double *seconds)
{
  const double now = Now();

  if (i == 0)
    *seconds = 1e9;
  else
    *seconds = PetscMin(*seconds, (now - since) / times);
}

/* The least of some repetitions: of f, of J^T v at a new point, of one more */
static PetscErrorCode Measure(TS ts, Vec u0, double seconds[3], Vec product)
{
  CostateModel m;
  Vec          u, v;
  double       t;

  PetscFunctionBeginUser;
  PetscCall(VecDuplicate(u0, &u));
  PetscCall(VecDuplicate(u0, &v));
  PetscCall(VecCopy(u0, u));
  PetscCall(VecCopy(u0, v));
  PetscCall(CostateModelCreate(ts, u0, NULL, &m));
  for (int i = 0; i <= REPEATS; i++) {
    PetscCall(VecScale(u, 1 + 1e-4));
    t = Now();
    for (int k = 0; k < 10; k++) PetscCall(TSComputeRHSFunction(ts, 0, u, product));
    Least(i, t, 10, &seconds[0]);
    t = Now();
    PetscCall(CostateModelSetPoint(m, 0, u, NULL));
    PetscCall(CostateModelMultRuTranspose(m, v, product));
    Least(i, t, 1, &seconds[1]);
    t = Now();
    PetscCall(CostateModelMultRuTranspose(m, v, product));
    Least(i, t, 1, &seconds[2]);
  }
  PetscCall(CostateModelDestroy(&m));
  PetscCall(VecDestroy(&u));
  PetscCall(VecDestroy(&v));
  PetscFunctionReturn(0);
}

/* What was measured of a provider. */
typedef struct {
  const char *text, *name;
  PetscBool   reuse;
  double      seconds[3], bytes, error;
} Line;

/* own: the product with the problem's Jacobian, to compare with */
static PetscErrorCode Provider(Line *line, Vec *own)
{
  CostateProblem        pr;
  Costate               cs;
  TS                    ts;
  Vec                   u0, p, all, product;
  VecScatter            scatter;
  TapePlace             at;
  CostateTapeStatistics s;
  PetscReal             e = 0;
  PetscInt              n;

  PetscFunctionBeginUser;
  PetscCall(CostateProblemCreate(PETSC_COMM_WORLD, "brusselator", &pr));
  PetscCall(CostateProblemSetFromOptions(pr));
  PetscCall(CostateCreate(PETSC_COMM_WORLD, &cs));
  PetscCall(CostateProblemSetCostate(pr, cs));
  PetscCall(CostateProblemGetTS(pr, &ts));
  PetscCall(TSSetType(ts, TSRK));
  if (*own) PetscCall(TSSetRHSJacobian(ts, NULL, NULL, Nothing, NULL));
  PetscCall(CostateProblemGetInitialState(pr, &u0));
  PetscCall(CostateProblemGetParameters(pr, &p));
  PetscCall(VecScatterCreateToAll(p, &scatter, &all));
  PetscCall(VecScatterBegin(scatter, p, all, INSERT_VALUES, SCATTER_FORWARD));
  PetscCall(VecScatterEnd(scatter, p, all, INSERT_VALUES, SCATTER_FORWARD));
  PetscCall(VecScatterDestroy(&scatter));
  PetscCall(PetscObjectCompose((PetscObject)p, "all", (PetscObject)all));
  PetscCall(VecDestroy(&all));
  PetscCall(Place(ts, &at));
  PetscCall(Tapes(cs, &at));
  PetscCall(CostateSetTapeReuse(cs, line->reuse, COSTATE_TAPE_RECORD));
  PetscCall(CostateSetType(cs, COSTATEDISCRETE));
  PetscCall(CostateSetVJP(cs, line->name));
  if (!strcmp(line->name, "user")) PetscCall(CostateSetProducts(cs, COSTATE_RHS, NULL, Vjp, &at));
  PetscCall(CostateSetUp(cs));
  PetscCall(VecDuplicate(u0, &product));
  PetscCall(Measure(ts, u0, line->seconds, product));
  if (*own) {
    PetscCall(ZooDifference(product, *own, &e));
    PetscCall(VecDestroy(&product));
  } else
    *own = product;
  PetscCall(CostateGetTapeStatistics(cs, COSTATE_RHS, &s));
  PetscCall(VecGetLocalSize(u0, &n));
  line->bytes = (double)s.bytes / (double)n;
  line->error = (double)e;
  PetscCall(CostateDestroy(&cs));
  PetscCall(CostateProblemDestroy(&pr));
  PetscFunctionReturn(0);
}

int main(int argc, char **argv)
{
  Line      lines[] = {{.text = "jacobian", .name = "jacobian"},
                       {.text = "user, by hand", .name = "user"},
                       {.text = "coloring", .name = "coloring"},
                       {.text = "adolc", .name = "adolc"},
                       {.text = "adolc, reused", .name = "adolc", .reuse = PETSC_TRUE},
                       {.text = "adolc_sparse", .name = "adolc_sparse"},
                       {.text = "adolc_sparse, reused", .name = "adolc_sparse", .reuse = PETSC_TRUE}};
  Vec       own     = NULL;
  PetscBool tapes;
  double    f = 1e9;
  int       n;

  PetscCall(PetscInitialize(&argc, &argv, NULL, NULL));
  PetscCallMPI(MPI_Comm_rank(PETSC_COMM_WORLD, &zoo_rank));
  PetscCall(PetscOptionsHasName(NULL, NULL, "-tapes", &tapes));
  n = tapes ? (int)(sizeof(lines) / sizeof(lines[0])) : 3;
  for (int i = 0; i < n; i++) {
    PetscCall(Provider(&lines[i], &own));
    f = PetscMin(f, lines[i].seconds[0]);
  }
  PetscCall(PetscPrintf(PETSC_COMM_WORLD,
                        "f: %.3f ms, of all the least\n%-24s %12s %12s %12s %10s\n%-24s %12s %12s %12s %10s\n", 1e3 * f,
                        "provider", "J^T v, new", "J^T v, same", "tape", "error", "", "point, f", "point, f",
                        "bytes/unk.", "of J^T v"));
  for (int i = 0; i < n; i++)
    PetscCall(PetscPrintf(PETSC_COMM_WORLD, "%-24s %12.1f %12.1f %12.0f %10.1e\n", lines[i].text,
                          lines[i].seconds[1] / f, lines[i].seconds[2] / f, lines[i].bytes, lines[i].error));
  PetscCall(VecDestroy(&own));
  PetscCall(PetscFinalize());
  return 0;
}
