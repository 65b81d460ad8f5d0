/* SPDX-License-Identifier: BSD-2-Clause */
/*
  Tapes: products that belong together, the gradients of problems of the zoo, tapes that are used again, and what is to
  be refused.  The tapes are those of tapes.cpp, in the library that -tapes names.
*/
#include "../../methods/zoorun.h"
#include "../../costate/refuses.h"
#include <costate/model.h>
#include <petscdmda.h>
#include "tapes.h"

static char libname[PETSC_MAX_PATH_LEN];

static PetscErrorCode Set(const char problem[], Costate cs, TapePlace *at)
{
  static PetscDLLibrary list = NULL;
  void                 *f;

  PetscFunctionBeginUser;
  PetscCall(PetscDLLibrarySym(PETSC_COMM_WORLD, &list, libname, "TapesSet", &f));
  PetscCheck(f, PETSC_COMM_WORLD, PETSC_ERR_FILE_OPEN, "No TapesSet() in %s", libname);
  PetscCall((*(PetscErrorCode(*)(const char[], Costate, TapePlace *))f)(problem, cs, at));
  PetscFunctionReturn(0);
}

/* What the rank owns, to a sequential vector: at these places of it, or at all */
static PetscErrorCode Owned(Vec v, IS from, IS to, PetscInt size, VecScatter *scatter, Vec *local)
{
  PetscInt n, first;
  IS       own = from;

  PetscFunctionBeginUser;
  PetscCall(VecGetLocalSize(v, &n));
  PetscCall(VecGetOwnershipRange(v, &first, NULL));
  if (!from) PetscCall(ISCreateStride(PETSC_COMM_SELF, n, first, 1, &own));
  PetscCall(VecCreateSeq(PETSC_COMM_SELF, from ? size : n, local));
  PetscCall(VecScatterCreate(v, own, *local, to, scatter));
  if (!from) PetscCall(ISDestroy(&own));
  PetscFunctionReturn(0);
}

/* Small problems see the whole state, grids their ghost points; a source at each node is the rank's own. */
static PetscErrorCode Place(CostateProblem pr, const char problem[], Costate cs, TapePlace *at)
{
  TS         ts;
  DM         dm;
  Vec        u, p, ul = NULL, pl = NULL;
  VecScatter su = NULL, sp = NULL;
  PetscBool  grid;

  PetscFunctionBeginUser;
  PetscCall(CostateProblemGetTS(pr, &ts));
  PetscCall(CostateProblemGetInitialState(pr, &u));
  PetscCall(CostateProblemGetParameters(pr, &p));
  PetscCall(TSGetDM(ts, &dm));
  PetscCall(PetscObjectTypeCompare((PetscObject)dm, DMDA, &grid));
  *at = (TapePlace){0};
  PetscCall(VecGetOwnershipRange(u, &at->first, NULL));
  PetscCall(VecGetLocalSize(u, &at->rows));
  if (grid) {
    DMBoundaryType b;

    PetscCall(DMDAGetCorners(dm, &at->x, &at->y, NULL, &at->m, &at->n, NULL));
    PetscCall(DMDAGetGhostCorners(dm, &at->gx, &at->gy, NULL, &at->gm, &at->gn, NULL));
    PetscCall(DMDAGetInfo(dm, NULL, &at->nodes, NULL, NULL, NULL, NULL, NULL, NULL, NULL, &b, NULL, NULL, NULL));
    at->h = 1 / (PetscReal)(b == DM_BOUNDARY_PERIODIC ? at->nodes : at->nodes + 1);
  } else
    PetscCall(VecScatterCreateToAll(u, &su, &ul));
  if (!strncmp(problem, "advdiff", 7) || !strcmp(problem, "lorenz96")) PetscCall(Owned(p, NULL, NULL, 0, &sp, &pl));
  PetscCall(CostateSetTapeScatters(cs, su, ul, sp, pl));
  PetscCall(VecScatterDestroy(&su));
  PetscCall(VecScatterDestroy(&sp));
  PetscCall(VecDestroy(&ul));
  PetscCall(VecDestroy(&pl));
  PetscFunctionReturn(0);
}

typedef struct {
  const char *problem, *tape, *method, *options;
  PetscBool   matrix; /* the sweep solves with one: products are not enough */
} Run;

static PetscErrorCode Create(const Run *run, const char more[], CostateProblem *pr, Costate *cs, TapePlace *at)
{
  PetscFunctionBeginUser;
  PetscCall(ZooOptions(run->options));
  PetscCall(PetscOptionsInsertString(NULL, more));
  PetscCall(ZooCreate(run->problem, run->method, pr, cs));
  PetscCall(Place(*pr, run->problem, *cs, at));
  PetscCall(Set(run->tape ? run->tape : run->problem, *cs, at));
  PetscFunctionReturn(0);
}

/* stats: of both sides together; of the rank with the most */
static PetscErrorCode Gradient(const Run *run, const char more[], ZooResult *r, CostateTapeStatistics *stats)
{
  CostateProblem pr;
  Costate        cs;
  TapePlace      at;

  PetscFunctionBeginUser;
  PetscCall(Create(run, more, &pr, &cs, &at));
  PetscCall(CostateSolve(cs));
  PetscCall(ZooTake(pr, cs, r));
  if (stats) {
    CostateTapeStatistics side;

    PetscCall(CostateGetTapeStatistics(cs, COSTATE_RHS, stats));
    PetscCall(CostateGetTapeStatistics(cs, COSTATE_I, &side));
    stats->recordings += side.recordings;
    stats->changes += side.changes;
    PetscCallMPI(MPI_Allreduce(MPI_IN_PLACE, &stats->recordings, 1, MPIU_INT, MPI_MAX, PETSC_COMM_WORLD));
    PetscCallMPI(MPI_Allreduce(MPI_IN_PLACE, &stats->changes, 1, MPIU_INT, MPI_MAX, PETSC_COMM_WORLD));
  }
  PetscCall(CostateDestroy(&cs));
  PetscCall(CostateProblemDestroy(&pr));
  PetscFunctionReturn(0);
}

typedef PetscErrorCode (*Product)(CostateModel, Vec, Vec);

static PetscErrorCode Dot(CostateModel m, Product j, Product jt, Vec x, Vec w, PetscReal *error)
{
  Vec         jx, jw;
  PetscScalar a, b;
  PetscReal   n[2];

  PetscFunctionBeginUser;
  PetscCall(VecDuplicate(w, &jx));
  PetscCall(VecDuplicate(x, &jw));
  PetscCall((*j)(m, x, jx));
  PetscCall((*jt)(m, w, jw));
  PetscCall(VecDot(jx, w, &a));
  PetscCall(VecDot(x, jw, &b));
  PetscCall(VecNorm(jx, NORM_2, &n[0]));
  PetscCall(VecNorm(w, NORM_2, &n[1]));
  *error = PetscMax(*error, PetscAbsScalar(a - b) / (n[0] * n[1]));
  if (n[0] == 0) *error = 1;
  PetscCall(VecDestroy(&jx));
  PetscCall(VecDestroy(&jw));
  PetscFunctionReturn(0);
}

/* <J^T w, v> = <w, J v> of the state, of u' and of the parameters, at a random point near the first */
static PetscErrorCode Dots(const Run *run, const char more[], PetscReal *error)
{
  CostateProblem pr;
  Costate        cs;
  TapePlace      at;
  TS             ts;
  Vec            u0, p, x[4], q;
  PetscRandom    random;
  CostateModel   m;
  PetscBool      simple;

  PetscFunctionBeginUser;
  *error = 0;
  PetscCall(Create(run, more, &pr, &cs, &at));
  PetscCall(CostateProblemGetTS(pr, &ts));
  PetscCall(CostateProblemGetInitialState(pr, &u0));
  PetscCall(CostateProblemGetParameters(pr, &p));
  PetscCall(CostateSetUp(cs));
  PetscCall(PetscRandomCreate(PETSC_COMM_WORLD, &random));
  PetscCall(PetscRandomSetSeed(random, (unsigned long)(getenv("SEED") ? atol(getenv("SEED")) : 1)));
  PetscCall(PetscRandomSeed(random));
  for (int i = 0; i < 4; i++) {
    PetscCall(VecDuplicate(u0, &x[i]));
    PetscCall(VecSetRandom(x[i], random));
  }
  PetscCall(VecAXPY(x[0], 1, u0));
  PetscCall(VecDuplicate(p, &q));
  PetscCall(VecSetRandom(q, random));
  PetscCall(CostateModelCreate(ts, u0, NULL, &m));
  PetscCall(CostateModelSetPoint(m, .3, x[0], x[1]));
  PetscCall(CostateModelIsExplicit(m, &simple));
  PetscCall(Dot(m, CostateModelMultRu, CostateModelMultRuTranspose, x[2], x[3], error));
  if (!simple) PetscCall(Dot(m, CostateModelMultM, CostateModelMultMTranspose, x[2], x[3], error));
  if (strcmp(run->problem, "dae1")) /* there R_p may be zero on a rank's rows, and is on none of the others' */
    PetscCall(Dot(m, CostateModelMultRp, CostateModelMultRpTranspose, q, x[3], error));
  PetscCall(CostateModelDestroy(&m));
  for (int i = 0; i < 4; i++) PetscCall(VecDestroy(&x[i]));
  PetscCall(VecDestroy(&q));
  PetscCall(PetscRandomDestroy(&random));
  PetscCall(CostateDestroy(&cs));
  PetscCall(CostateProblemDestroy(&pr));
  PetscFunctionReturn(0);
}

#define TIGHT " -ksp_rtol 1e-13 -snes_rtol 1e-13"

static const Run runs[] = {
    {"lotka", NULL, "discrete", "-dt .1 -tend 2", PETSC_FALSE},
    {"lotka", NULL, "gauss", "-dt .1 -tend 2", PETSC_FALSE},
    {"lotka_t", NULL, "discrete", "-dt .05 -tend 2", PETSC_FALSE},
    {"lotka_t", NULL, "forward", "-dt .05 -tend 2", PETSC_FALSE},
    {"mass", NULL, "discrete", "-ts_type cn -dt .05" TIGHT, PETSC_FALSE},
    {"mass", NULL, "interpolating", "-ts_type cn -dt .05" TIGHT, PETSC_TRUE},
    {"dae1", NULL, "gauss", "-ts_type bdf -ts_rtol 1e-6 -ts_atol 1e-6" TIGHT, PETSC_TRUE},
    {"hessian3", NULL, "discrete", "-dt .1", PETSC_FALSE},
    {"vanderpol", NULL, "discrete", "-dt .05", PETSC_FALSE},
    {"vdp_stiff", NULL, "discrete", "-tend 1e-3" TIGHT, PETSC_FALSE},
    {"ex23", NULL, "discrete", "-dt .05" TIGHT, PETSC_FALSE},
    {"linear2", NULL, "gauss", "-dt .1 -tend 1", PETSC_FALSE},
    {"lorenz63", NULL, "discrete", "-tend .2", PETSC_FALSE},
    {"robertson", NULL, "discrete", "-tend .2 -dt .02" TIGHT, PETSC_FALSE},
    {"pendulum", NULL, "discrete", "-dt .1 -tend 1", PETSC_FALSE},
    {"rest", NULL, "discrete", "-tend 2", PETSC_FALSE},
    {"rest", NULL, "forward", "-tend 2", PETSC_FALSE},
    {"heat", NULL, "discrete", "-n 12 -ts_type cn" TIGHT, PETSC_FALSE},
    {"linear", NULL, "discrete", "-n 9 -dt .1 -tend 1", PETSC_FALSE},
    {"lorenz96", NULL, "discrete", "-n 12 -tend .2", PETSC_FALSE},
    {"brusselator", NULL, "discrete", "-n 5 -tend .2 -ts_type cn -dt .05" TIGHT, PETSC_FALSE},
    {"brusselator", NULL, "gauss", "-n 5 -tend .05 -ts_type rk", PETSC_FALSE},
    {"advdiff", NULL, "discrete", "-n 8 -tend .1", PETSC_FALSE},
    {"advdiff", "advdiff/dirichlet", "discrete", "-n 7 -tend .1 -variant dirichlet", PETSC_FALSE},
};
#define NRUNS ((int)(sizeof(runs) / sizeof(runs[0])))

/* again: the tape is recorded once, and the gradient has the bits, or nearly, of recording it at every point */
static const struct {
  const char *options;
  PetscBool   products, again;
} ways[] = {{"-costate_vjp adolc -costate_vjp_p adolc", PETSC_TRUE, PETSC_FALSE},
            {"-costate_vjp adolc -costate_vjp_p adolc -costate_vjp_adolc_reuse", PETSC_TRUE, PETSC_TRUE},
            {"-costate_vjp adolc_sparse -costate_vjp_p adolc_sparse", PETSC_FALSE, PETSC_FALSE},
            {"-costate_vjp adolc_sparse -costate_vjp_p adolc -costate_vjp_adolc_reuse", PETSC_FALSE, PETSC_TRUE}};
#define NWAYS ((int)(sizeof(ways) / sizeof(ways[0])))

static PetscErrorCode TestGradients(const Run *run)
{
  ZooResult             own, r, first = {.gu = NULL};
  CostateTapeStatistics stats;

  PetscFunctionBeginUser;
  PetscCall(Gradient(run, "-costate_vjp jacobian -costate_vjp_p jacobian", &own, NULL));
  for (int w = 0; w < NWAYS; w++) {
    PetscReal   eu = 0, ep = 0, again = 0, dot;
    PetscBool   once;
    const char *options = ways[w].options;

    if (run->matrix && ways[w].products)
      options = ways[w].again ? "-costate_vjp_p adolc -costate_vjp_adolc_reuse" : "-costate_vjp_p adolc";
    PetscCall(Gradient(run, options, &r, &stats));
    if (own.gu) PetscCall(ZooDifference(r.gu, own.gu, &eu));
    if (own.gp) PetscCall(ZooDifference(r.gp, own.gp, &ep));
    if (w == 0) {
      PetscCall(ZooCopy(r.gu, &first.gu));
      PetscCall(ZooCopy(r.gp, &first.gp));
    } else if (w == 1 && r.gp)
      PetscCall(ZooDifference(r.gp, first.gp, &again));
    once = (PetscBool)(ways[w].again ? stats.recordings == 1 : stats.recordings > 1);
    PetscCall(Dots(run, options, &dot));
    T_OK(own.reason > 0 && r.reason > 0 && eu <= 1e-10 && ep <= 1e-10 && again <= 1e-14 && dot <= 1e-12 && once,
         "%s, %s %s: %s: dG/du0 %.1e, dG/dp %.1e from jacobian's, %.1e from re-taping; <J^T w, v> %.1e; %d recordings",
         run->problem, run->method, run->options, options, (double)eu, (double)ep, (double)again, (double)dot,
         (int)stats.recordings);
    PetscCall(ZooResultFree(&r));
  }
  PetscCall(ZooResultFree(&own));
  PetscCall(ZooResultFree(&first));
  PetscFunctionReturn(0);
}

/* Rows by themselves: growth to a limit, where another line takes over; see tapes.cpp */
static PetscErrorCode LimitedRHS(TS ts, PetscReal t, Vec u, Vec f, void *ctx)
{
  const PetscReal   *p = (const PetscReal *)ctx;
  const PetscScalar *x;
  PetscScalar       *y;
  PetscInt           n;

  PetscFunctionBeginUser;
  (void)ts;
  PetscCall(VecGetLocalSize(u, &n));
  PetscCall(VecGetArrayRead(u, &x));
  PetscCall(VecGetArrayWrite(f, &y));
  for (PetscInt i = 0; i < n; i++)
    y[i] = x[i] < p[1] ? p[0] * x[i] * (1 + t) : p[0] * p[1] * (1 + t) - (x[i] - p[1]) * x[i];
  PetscCall(VecRestoreArrayWrite(f, &y));
  PetscCall(VecRestoreArrayRead(u, &x));
  PetscFunctionReturn(0);
}

static PetscErrorCode SquareCost(Costate cs, PetscInt i, PetscReal t, Vec u, Vec p, PetscReal *value, void *ctx)
{
  PetscReal norm;

  PetscFunctionBeginUser;
  (void)cs, (void)i, (void)t, (void)p, (void)ctx;
  PetscCall(VecNorm(u, NORM_2, &norm));
  *value = norm * norm / 2;
  PetscFunctionReturn(0);
}

static PetscErrorCode SquareCostU(Costate cs, PetscInt i, PetscReal t, Vec u, Vec p, Vec g, void *ctx)
{
  PetscFunctionBeginUser;
  (void)cs, (void)i, (void)t, (void)p, (void)ctx;
  PetscCall(VecCopy(u, g));
  PetscFunctionReturn(0);
}

typedef struct {
  TS        ts;
  Costate   cs;
  Vec       u, p;
  PetscReal value[2];
  TapePlace at;
} Own;

static PetscErrorCode OwnChanged(Costate cs, Vec p, void *ctx)
{
  PetscReal         *value = (PetscReal *)ctx, mine[2] = {0, 0};
  const PetscScalar *a;
  PetscInt           first, last;

  PetscFunctionBeginUser;
  (void)cs;
  PetscCall(VecGetOwnershipRange(p, &first, &last));
  PetscCall(VecGetArrayRead(p, &a));
  for (PetscInt i = first; i < last; i++) mine[i] = PetscRealPart(a[i - first]);
  PetscCall(VecRestoreArrayRead(p, &a));
  PetscCallMPI(MPI_Allreduce(mine, value, 2, MPIU_REAL, MPIU_SUM, PETSC_COMM_WORLD));
  PetscFunctionReturn(0);
}

/* Five unknowns and two parameters, by fixed steps of rk */
static PetscErrorCode OwnCreate(Own *o, const char tape[], const char options[])
{
  const PetscReal values[] = {1, 1.5};
  PetscScalar    *a;
  PetscInt        first, n;

  PetscFunctionBeginUser;
  PetscCall(ZooOptions(options));
  o->value[0] = values[0];
  o->value[1] = values[1];
  PetscCall(VecCreateMPI(PETSC_COMM_WORLD, PETSC_DECIDE, 5, &o->u));
  PetscCall(VecGetOwnershipRange(o->u, &first, NULL));
  PetscCall(VecGetLocalSize(o->u, &n));
  PetscCall(VecGetArray(o->u, &a));
  for (PetscInt i = 0; i < n; i++) a[i] = .2 + .3 * (PetscReal)(first + i);
  PetscCall(VecRestoreArray(o->u, &a));
  PetscCall(VecCreateMPI(PETSC_COMM_WORLD, PETSC_DECIDE, 2, &o->p));
  PetscCall(VecGetOwnershipRange(o->p, &first, NULL));
  PetscCall(VecGetLocalSize(o->p, &n));
  PetscCall(VecGetArray(o->p, &a));
  for (PetscInt i = 0; i < n; i++) a[i] = values[first + i];
  PetscCall(VecRestoreArray(o->p, &a));
  PetscCall(TSCreate(PETSC_COMM_WORLD, &o->ts));
  PetscCall(TSSetRHSFunction(o->ts, NULL, LimitedRHS, o->value));
  PetscCall(TSSetType(o->ts, TSRK));
  PetscCall(TSRKSetType(o->ts, TSRK4));
  PetscCall(TSSetTimeStep(o->ts, .1));
  PetscCall(TSSetMaxTime(o->ts, 1));
  PetscCall(TSSetExactFinalTime(o->ts, TS_EXACTFINALTIME_MATCHSTEP));
  PetscCall(CostateCreate(PETSC_COMM_WORLD, &o->cs));
  PetscCall(CostateSetTS(o->cs, o->ts));
  PetscCall(CostateSetInitialState(o->cs, o->u));
  PetscCall(CostateSetParameters(o->cs, o->p));
  PetscCall(CostateSetParametersChanged(o->cs, OwnChanged, o->value));
  PetscCall(CostateSetTerminalCost(o->cs, 0, SquareCost, SquareCostU, NULL, NULL));
  o->at = (TapePlace){0};
  PetscCall(VecGetOwnershipRange(o->u, &o->at.first, NULL));
  PetscCall(VecGetLocalSize(o->u, &o->at.rows));
  if (tape) PetscCall(Set(tape, o->cs, &o->at));
  PetscCall(CostateSetFromOptions(o->cs));
  PetscFunctionReturn(0);
}

static PetscErrorCode OwnDestroy(Own *o)
{
  PetscFunctionBeginUser;
  PetscCall(CostateDestroy(&o->cs));
  PetscCall(TSDestroy(&o->ts));
  PetscCall(VecDestroy(&o->u));
  PetscCall(VecDestroy(&o->p));
  PetscFunctionReturn(0);
}

#define BOTH "-costate_vjp adolc -costate_vjp_p adolc"

static PetscErrorCode TestBranches(void)
{
  static const char *const options[] = {BOTH, BOTH " -costate_vjp_adolc_reuse"};
  Own                      o;
  Vec                      gu, gp, first[2] = {NULL, NULL};
  PetscReal                e[2] = {1, 1};
  CostateTapeStatistics    s[2];
  PetscErrorCode           err;
  PetscBool                yes;

  PetscFunctionBeginUser;
  for (int i = 0; i < 2; i++) {
    PetscCall(OwnCreate(&o, "limited", options[i]));
    PetscCall(CostateSolve(o.cs));
    PetscCall(CostateGetGradient(o.cs, 0, &gu, &gp));
    PetscCall(CostateGetTapeStatistics(o.cs, COSTATE_RHS, &s[i]));
    PetscCallMPI(MPI_Allreduce(MPI_IN_PLACE, &s[i].recordings, 1, MPIU_INT, MPI_MAX, PETSC_COMM_WORLD));
    PetscCallMPI(MPI_Allreduce(MPI_IN_PLACE, &s[i].changes, 1, MPIU_INT, MPI_MAX, PETSC_COMM_WORLD));
    if (i == 0) {
      PetscCall(ZooCopy(gu, &first[0]));
      PetscCall(ZooCopy(gp, &first[1]));
    } else {
      PetscCall(ZooDifference(gu, first[0], &e[0]));
      PetscCall(ZooDifference(gp, first[1], &e[1]));
    }
    PetscCall(OwnDestroy(&o));
  }
  T_OK(e[0] <= 1e-14 && e[1] <= 1e-14 && s[1].changes > 0 && s[1].recordings == 1 + s[1].changes &&
           s[1].recordings < s[0].recordings,
       "a function with a branch: the same gradient (%.1e, %.1e) from a tape that is recorded again %d times, not %d",
       (double)e[0], (double)e[1], (int)s[1].changes, (int)s[0].recordings);
  PetscCall(VecDestroy(&first[0]));
  PetscCall(VecDestroy(&first[1]));
  PetscCall(OwnCreate(&o, "limited", BOTH " -costate_vjp_adolc_reuse -costate_vjp_adolc_retape error"));
  TRY(CostateSolve(o.cs), err);
  yes = Everywhere(err, "takes another branch");
  T_OK(yes, "a change of branches is an error where that was asked for: \"%.120s\"", message);
  PetscFunctionReturn(0); /* what an error left behind is not taken down */
}

/* The rank's own points go to their places in the ghosted vector, and nothing to the others. */
static PetscErrorCode WithoutGhosts(DM dm, Vec u, VecScatter *scatter, Vec *local)
{
  Vec          numbers, ghosted;
  IS           from, to;
  PetscInt     n, first, last, *f, *t, k = 0;
  PetscScalar *a;

  PetscFunctionBeginUser;
  PetscCall(VecDuplicate(u, &numbers));
  PetscCall(VecGetOwnershipRange(u, &first, &last));
  PetscCall(VecGetArray(numbers, &a));
  for (PetscInt i = first; i < last; i++) a[i - first] = (PetscReal)i;
  PetscCall(VecRestoreArray(numbers, &a));
  PetscCall(DMCreateLocalVector(dm, &ghosted));
  PetscCall(DMGlobalToLocal(dm, numbers, INSERT_VALUES, ghosted));
  PetscCall(VecGetLocalSize(ghosted, &n));
  PetscCall(PetscMalloc2(n, &f, n, &t));
  PetscCall(VecGetArray(ghosted, &a));
  for (PetscInt i = 0; i < n; i++) {
    f[k] = (PetscInt)PetscRealPart(a[i]);
    t[k] = i;
    k += f[k] >= first && f[k] < last;
  }
  PetscCall(VecRestoreArray(ghosted, &a));
  PetscCall(ISCreateGeneral(PETSC_COMM_SELF, k, f, PETSC_COPY_VALUES, &from));
  PetscCall(ISCreateGeneral(PETSC_COMM_SELF, k, t, PETSC_COPY_VALUES, &to));
  PetscCall(Owned(u, from, to, n, scatter, local));
  PetscCall(ISDestroy(&from));
  PetscCall(ISDestroy(&to));
  PetscCall(PetscFree2(f, t));
  PetscCall(VecDestroy(&numbers));
  PetscCall(VecDestroy(&ghosted));
  PetscFunctionReturn(0);
}

/* A ghost exchange that is missing is right on one rank only. */
static PetscErrorCode TestGhosts(void)
{
  static const Run run = {"advdiff", NULL, "discrete", "-n 8 -tend .1", PETSC_FALSE};
  CostateProblem   pr;
  Costate          cs;
  TapePlace        at;
  TS               ts;
  DM               dm;
  Vec              u, p, ul, pl;
  VecScatter       su, sp;
  PetscReal        e[2];

  PetscFunctionBeginUser;
  for (int missing = 0; missing < 2; missing++) {
    PetscCall(Create(&run, "-costate_vjp adolc -costate_vjp_p adolc", &pr, &cs, &at));
    PetscCall(CostateProblemGetTS(pr, &ts));
    PetscCall(TSGetDM(ts, &dm));
    PetscCall(CostateProblemGetInitialState(pr, &u));
    PetscCall(CostateProblemGetParameters(pr, &p));
    if (missing) {
      PetscCall(WithoutGhosts(dm, u, &su, &ul));
      PetscCall(Owned(p, NULL, NULL, 0, &sp, &pl));
      PetscCall(CostateSetTapeScatters(cs, su, ul, sp, pl));
      PetscCall(VecScatterDestroy(&su));
      PetscCall(VecScatterDestroy(&sp));
      PetscCall(VecDestroy(&ul));
      PetscCall(VecDestroy(&pl));
    }
    PetscCall(CostateCheckDotProduct(cs, NULL, NULL, &e[missing]));
    PetscCall(CostateDestroy(&cs));
    PetscCall(CostateProblemDestroy(&pr));
  }
  T_OK(e[0] < 1e-5 && (zoo_size == 1 ? e[1] < 1e-5 : e[1] > 1e-3),
       "a missing ghost exchange is found by the check of products, on more than one rank: %.1e, with it %.1e",
       (double)e[1], (double)e[0]);
  PetscFunctionReturn(0);
}

static PetscErrorCode CubicFunction(SNES snes, Vec u, Vec f, void *ctx)
{
  const PetscReal   *p = (const PetscReal *)ctx;
  const PetscScalar *x;
  PetscScalar       *y;
  PetscInt           n;

  PetscFunctionBeginUser;
  (void)snes;
  PetscCall(VecGetLocalSize(u, &n));
  PetscCall(VecGetArrayRead(u, &x));
  PetscCall(VecGetArrayWrite(f, &y));
  for (PetscInt i = 0; i < n; i++) y[i] = x[i] * x[i] * x[i] + p[0] * x[i] - p[1];
  PetscCall(VecRestoreArrayWrite(f, &y));
  PetscCall(VecRestoreArrayRead(u, &x));
  PetscFunctionReturn(0);
}

/* G = |u|^2/2 at u^3 + p0 u = p1: each of the five unknowns gives dG/dp = u (-u, 1) / (3 u^2 + p0). */
static PetscErrorCode TestRest(void)
{
  Own          o;
  SNES         snes;
  Vec          gp;
  PetscReal    u = 1, known, e;
  PetscScalar *a;
  PetscInt     first, n;

  PetscFunctionBeginUser;
  PetscCall(OwnCreate(&o, NULL, ""));
  PetscCall(CostateDestroy(&o.cs));
  PetscCall(PetscOptionsInsertString(NULL, "-costate_vjp adolc_sparse -costate_vjp_p adolc -costate_vjp_adolc_reuse "
                                           "-snes_rtol 1e-14 -snes_stol 0 "
                                           "-snes_atol 1e-14 -ksp_rtol 1e-13 -costate_adjoint_ksp_rtol 1e-13"));
  PetscCall(SNESCreate(PETSC_COMM_WORLD, &snes));
  PetscCall(SNESSetFunction(snes, NULL, CubicFunction, o.value));
  PetscCall(SNESSetFromOptions(snes));
  PetscCall(CostateCreate(PETSC_COMM_WORLD, &o.cs));
  PetscCall(CostateSetSNES(o.cs, snes));
  PetscCall(CostateSetInitialState(o.cs, o.u));
  PetscCall(CostateSetParameters(o.cs, o.p));
  PetscCall(CostateSetTerminalCost(o.cs, 0, SquareCost, SquareCostU, NULL, NULL));
  PetscCall(CostateSetType(o.cs, COSTATEIMPLICIT));
  PetscCall(Set("cubic", o.cs, &o.at));
  PetscCall(CostateSetFromOptions(o.cs));
  PetscCall(CostateSolve(o.cs));
  PetscCall(CostateGetGradient(o.cs, 0, NULL, &gp));
  for (int i = 0; i < 50; i++) u -= (u * u * u + o.value[0] * u - o.value[1]) / (3 * u * u + o.value[0]);
  PetscCall(VecGetOwnershipRange(gp, &first, NULL));
  PetscCall(VecGetLocalSize(gp, &n));
  PetscCall(VecGetArray(gp, &a));
  for (PetscInt i = 0; i < n; i++) {
    known = 5 * u * (first + i ? 1 : -u) / (3 * u * u + o.value[0]);
    a[i] -= known;
  }
  PetscCall(VecRestoreArray(gp, &a));
  PetscCall(VecNorm(gp, NORM_2, &e));
  T_OK(e < 1e-10, "a state of rest, without a u': dG/dp is right by %.1e", (double)e);
  PetscCall(SNESDestroy(&snes));
  PetscCall(OwnDestroy(&o));
  PetscFunctionReturn(0);
}

/* Two solves with a change of the parameters between them, from one tape: the second is that of a new object. */
static PetscErrorCode TestParameters(void)
{
  Own                   o;
  Vec                   gu, gp, first = NULL;
  PetscReal             e = 1;
  CostateTapeStatistics s;

  PetscFunctionBeginUser;
  for (int twice = 0; twice < 2; twice++) {
    PetscCall(OwnCreate(&o, "limited", BOTH " -costate_vjp_adolc_reuse"));
    if (twice) PetscCall(CostateSolve(o.cs));
    o.value[0] *= .5;
    o.value[1] *= 4; /* one branch only */
    PetscCall(VecSetValue(o.p, 0, o.value[0], INSERT_VALUES));
    PetscCall(VecSetValue(o.p, 1, o.value[1], INSERT_VALUES));
    PetscCall(VecAssemblyBegin(o.p));
    PetscCall(VecAssemblyEnd(o.p));
    PetscCall(CostateSolve(o.cs));
    PetscCall(CostateGetGradient(o.cs, 0, &gu, &gp));
    if (!twice)
      PetscCall(ZooCopy(gu, &first));
    else
      PetscCall(ZooDifference(gu, first, &e));
    PetscCall(CostateGetTapeStatistics(o.cs, COSTATE_RHS, &s));
    PetscCall(OwnDestroy(&o));
  }
  PetscCall(VecDestroy(&first));
  T_OK(e <= 1e-14 && s.recordings <= 1 + s.changes, "parameters that change between two solves reach a tape: %.1e",
       (double)e);
  PetscFunctionReturn(0);
}

/*
  Without options a tape is what the application gave: it is used where there is no Jacobian, and where it fits the
  function.
*/
static PetscErrorCode TestUnasked(void)
{
  Own            o;
  Vec            g[2], known[2] = {NULL, NULL};
  PetscReal      e[2] = {1, 1};
  char           text[4096];
  PetscErrorCode err;
  PetscBool      yes;

  PetscFunctionBeginUser;
  for (int i = 0; i < 2; i++) {
    PetscCall(OwnCreate(&o, "limited", i ? "" : BOTH));
    PetscCall(ZooListen());
    PetscCall(CostateSolve(o.cs));
    PetscCall(ZooHeardText(text, sizeof(text)));
    PetscCall(CostateGetGradient(o.cs, 0, &g[0], &g[1]));
    for (int k = 0; k < 2; k++) {
      if (i)
        PetscCall(ZooDifference(g[k], known[k], &e[k]));
      else
        PetscCall(ZooCopy(g[k], &known[k]));
    }
    PetscCall(OwnDestroy(&o));
  }
  T_OK(e[0] <= 1e-14 && e[1] <= 1e-14 && strstr(text, "G_u by adolc,") && strstr(text, "G_p by adolc,"),
       "a tape and no Jacobian: the tape is taken, which is said");
  for (int k = 0; k < 2; k++) PetscCall(VecDestroy(&known[k]));
  PetscCall(OwnCreate(&o, "limited", "-ts_type cn"));
  PetscCall(TSSetFromOptions(o.ts));
  PetscCall(ZooListen());
  PetscCall(CostateSolve(o.cs));
  PetscCall(ZooHeardText(text, sizeof(text)));
  T_OK(strstr(text, "G_u by adolc_sparse,") && strstr(text, "G_p by adolc,"),
       "where systems are solved it is assembled");
  PetscCall(OwnDestroy(&o));
  PetscCall(OwnCreate(&o, "wrong", ""));
  PetscCall(ZooListen());
  TRY(CostateSolve(o.cs), err);
  PetscCall(ZooHeardText(text, sizeof(text)));
  yes = Everywhere(err, "Jacobian");
  T_OK(yes && strstr(text, "its products differ from differences of the function"),
       "a tape that is not that of the function is not taken, and it is said why");
  PetscFunctionReturn(0); /* what an error left behind is not taken down */
}

static PetscErrorCode TestRefusals(void)
{
  Own o;

  PetscFunctionBeginUser;
  PetscCall(OwnCreate(&o, NULL, BOTH));
  REFUSES(CostateSolve(o.cs), "CostateSetTape", "no tape");
  PetscCall(OwnCreate(&o, "short", BOTH));
  REFUSES(CostateSolve(o.cs), "recorded 1 independents and 1 dependents", "a tape that does not fit");
  PetscCall(OwnCreate(&o, "outside", BOTH));
  REFUSES(CostateSolve(o.cs), "not a number", "a function outside of its domain");
  PetscCall(OwnCreate(&o, "throws", BOTH));
  REFUSES(CostateSolve(o.cs), "failed at t", "a function that throws");
  PetscCall(OwnCreate(&o, "limited", "-costate_vjp adolc_sparse -costate_vjp_p adolc_sparse"));
  {
    Mat J;

    PetscCall(MatCreateAIJ(PETSC_COMM_WORLD, o.at.rows, o.at.rows, 5, 5, 1, NULL, 1, NULL, &J));
    for (PetscInt i = 0; i < o.at.rows; i++) /* one entry in each row, beside the diagonal */
      PetscCall(MatSetValue(J, o.at.first + i, (o.at.first + i + 1) % 5, 1, INSERT_VALUES));
    PetscCall(MatAssemblyBegin(J, MAT_FINAL_ASSEMBLY));
    PetscCall(MatAssemblyEnd(J, MAT_FINAL_ASSEMBLY));
    PetscCall(TSSetRHSJacobian(o.ts, J, J, NULL, NULL));
    PetscCall(MatDestroy(&J));
  }
  REFUSES(CostateSolve(o.cs), "pattern", "a pattern that lacks what the function depends on");
  PetscFunctionReturn(0);
}

int main(int argc, char **argv)
{
  PetscBool set;

  PetscCall(ZooBegin(&argc, &argv, NRUNS * NWAYS + 13));
  PetscCall(PetscOptionsGetString(NULL, NULL, "-tapes", libname, sizeof(libname), &set));
  PetscCheck(set, PETSC_COMM_WORLD, PETSC_ERR_USER, "-tapes names the library with TapesSet()");
  for (int i = 0; i < NRUNS; i++) PetscCall(TestGradients(&runs[i]));
  PetscCall(TestGhosts());
  PetscCall(TestBranches());
  PetscCall(TestParameters());
  PetscCall(TestRest());
  PetscCall(TestUnasked());
  PetscCall(TestRefusals());
  PetscCall(ZooEnd());
  return zoo_rank == 0 ? done() : 0;
}
