/* SPDX-License-Identifier: BSD-2-Clause */
/* ranks: 1 2 */
/*
  The gradients that the zoo calls known are those that the adjoint of fixed steps goes to, for every model, variant and
  kind of cost that has one; and an equation has the same gradient in each of the forms in which it can be given.  On
  several ranks each model has its default cost only.
*/
#include <petscts.h>
#include <costate.h>
#include <costate/zoo.h>
#include "../tap.h"

static PetscMPIInt rank, size;
static int         cases;

#define T_OK(...)                                                                                                      \
  do {                                                                                                                 \
    if (rank == 0) ok(__VA_ARGS__);                                                                                    \
    cases++;                                                                                                           \
  } while (0)

/* Steps, and how near two runs come, where that is not what the others have */
static const struct {
  const char *name;
  PetscReal   dt, tolerance;
  PetscBool   large; /* it takes long: only its terminal cost, on one rank */
} special[] = {{"vdp_stiff", 1e-5, 1e-7, PETSC_TRUE},
               {"robertson", 1e-3, 1e-5, PETSC_TRUE},
               {"lorenz63", 5e-3, 1e-8, PETSC_FALSE}};

static PetscErrorCode Option(const char name[], const char value[])
{
  PetscFunctionBeginUser;
  if (value)
    PetscCall(PetscOptionsSetValue(NULL, name, value));
  else
    PetscCall(PetscOptionsClearValue(NULL, name));
  PetscFunctionReturn(0);
}

static PetscErrorCode OptionReal(const char name[], PetscReal value)
{
  char text[64];

  PetscFunctionBeginUser;
  PetscCall(PetscSNPrintf(text, sizeof(text), "%.17g", (double)value));
  PetscCall(Option(name, text));
  PetscFunctionReturn(0);
}

typedef struct {
  CostateProblem problem;
  Costate        cs;
  Vec            g[2]; /* with respect to u0, p */
} Run;

static PetscErrorCode Solve(const char name[], Run *run)
{
  PetscFunctionBeginUser;
  PetscCall(CostateProblemCreate(PETSC_COMM_WORLD, name, &run->problem));
  PetscCall(CostateProblemSetFromOptions(run->problem));
  PetscCall(CostateCreate(PETSC_COMM_WORLD, &run->cs));
  PetscCall(CostateProblemSetCostate(run->problem, run->cs));
  PetscCall(CostateSetType(run->cs, COSTATEDISCRETE));
  PetscCall(CostateSolve(run->cs));
  PetscCall(CostateGetGradient(run->cs, 0, &run->g[0], &run->g[1]));
  PetscCall(CostateProblemReduceGradient(run->problem, run->g[0]));
  PetscFunctionReturn(0);
}

static PetscErrorCode End(Run *run)
{
  PetscFunctionBeginUser;
  PetscCall(CostateDestroy(&run->cs));
  PetscCall(CostateProblemDestroy(&run->problem));
  PetscFunctionReturn(0);
}

/* |x - y| / |y| */
static PetscErrorCode Distance(Vec x, Vec y, PetscReal *distance)
{
  Vec       d;
  PetscReal norm;

  PetscFunctionBeginUser;
  PetscCall(VecDuplicate(x, &d));
  PetscCall(VecWAXPY(d, -1, y, x));
  PetscCall(VecNorm(d, NORM_2, distance));
  PetscCall(VecNorm(y, NORM_2, &norm));
  if (norm > 0) *distance /= norm; /* a gradient may be 0 */
  PetscCall(VecDestroy(&d));
  PetscFunctionReturn(0);
}

/* What runs with steps h and h/2 of a method of order q go to: it must be what is known. */
static PetscErrorCode Extrapolate(const char name[], PetscReal dt, PetscInt q, PetscReal error[2], PetscBool *has)
{
  Run         run[2];
  Vec         known[2], x;
  const char *source;

  PetscFunctionBeginUser;
  for (int i = 0; i < 2; i++) {
    PetscCall(OptionReal("-dt", i ? dt / 2 : dt));
    PetscCall(Solve(name, &run[i]));
  }
  PetscCall(CostateProblemGetKnown(run[0].problem, has, &source, &known[0], &known[1]));
  for (int i = 0; i < 2; i++) {
    error[i] = 0;
    if (!known[i]) continue;
    PetscCall(VecDuplicate(known[i], &x));
    PetscCall(VecWAXPY(x, -1, run[0].g[i], run[1].g[i]));
    PetscCall(VecScale(x, 1 / (PetscPowRealInt(2, (int)q) - 1)));
    PetscCall(VecAXPY(x, 1, run[1].g[i]));
    PetscCall(Distance(x, known[i], &error[i]));
    PetscCall(VecDestroy(&x));
  }
  for (int i = 0; i < 2; i++) PetscCall(End(&run[i]));
  PetscFunctionReturn(0);
}

/* Asked of the problem with the present -variant and -cost */
static PetscErrorCode Probe(const char name[], PetscBool *rhs, PetscBool *known, PetscReal *t0, PetscReal *dt)
{
  CostateProblem problem;
  const char    *source;
  Vec            du0, dp;
  TS             ts;

  PetscFunctionBeginUser;
  PetscCall(CostateProblemCreate(PETSC_COMM_WORLD, name, &problem));
  PetscCall(CostateProblemSetFromOptions(problem));
  PetscCall(CostateProblemHeeds(problem, "-form", "rhs", rhs));
  PetscCall(CostateProblemGetTS(problem, &ts));
  PetscCall(TSGetTimeStep(ts, dt));
  PetscCall(TSGetTime(ts, t0));
  PetscCall(CostateProblemGetKnown(problem, known, &source, &du0, &dp));
  PetscCall(CostateProblemDestroy(&problem));
  PetscFunctionReturn(0);
}

static PetscErrorCode CheckKnown(const char name[], const char variant[], const char kind[])
{
  PetscReal dt, t0, tolerance = 1e-8, error[2];
  PetscBool rhs, known, large = PETSC_FALSE;

  PetscFunctionBeginUser;
  PetscCall(Option("-cost", kind));
  PetscCall(Probe(name, &rhs, &known, &t0, &dt));
  for (size_t i = 0; i < sizeof(special) / sizeof(special[0]); i++) {
    if (strcmp(name, special[i].name)) continue;
    dt        = special[i].dt;
    tolerance = special[i].tolerance;
    large     = special[i].large;
  }
  if (known && (!large || (size == 1 && !strcmp(kind, "terminal")))) {
    PetscCall(Option("-ts_type", rhs ? TSRK : TSCN));
    PetscCall(Option("-ts_rk_type", rhs ? TSRK5DP : NULL));
    PetscCall(Extrapolate(name, dt, rhs ? 5 : 2, error, &known));
    PetscCall(Option("-dt", NULL));
    PetscCall(Option("-ts_type", NULL));
    PetscCall(Option("-ts_rk_type", NULL));
    T_OK(known && error[0] < tolerance && error[1] < tolerance,
         "%s%s%s, %s: steps go to the known gradient, to %.1e and %.1e", name, variant ? " " : "",
         variant ? variant : "", kind, (double)error[0], (double)error[1]);
  }
  PetscCall(Option("-cost", NULL));
  PetscFunctionReturn(0);
}

/* Ten steps of Crank-Nicolson */
static PetscErrorCode CheckForms(const char name[], const char variant[])
{
  static const char *const forms[] = {"implicit", "split", "rhs"};
  Run                      run[3];
  PetscReal                dt, t0, worst = 0, distance;
  PetscBool                rhs, known;
  int                      n;

  PetscFunctionBeginUser;
  PetscCall(Option("-cost", "terminal"));
  PetscCall(Probe(name, &rhs, &known, &t0, &dt));
  PetscCall(OptionReal("-tend", t0 + 10 * dt));
  PetscCall(Option("-ts_type", TSCN));
  n = rhs ? 3 : 2;
  for (int i = 0; i < n; i++) {
    PetscCall(Option("-form", forms[i]));
    PetscCall(Solve(name, &run[i]));
    for (int k = 0; k < 2 && i; k++) {
      PetscCall(Distance(run[i].g[k], run[0].g[k], &distance));
      worst = PetscMax(worst, distance);
    }
  }
  for (int i = 0; i < n; i++) PetscCall(End(&run[i]));
  PetscCall(Option("-form", NULL));
  PetscCall(Option("-cost", NULL));
  PetscCall(Option("-ts_type", NULL));
  PetscCall(Option("-tend", NULL));
  T_OK(worst < 1e-9, "%s%s%s: the same gradient in %d forms, to %.1e", name, variant ? " " : "", variant ? variant : "",
       n, (double)worst);
  PetscFunctionReturn(0);
}

static PetscErrorCode CheckAll(const char name[])
{
  const char      *variant;
  const PetscReal *times;
  CostateProblem   problem;
  CostateCostKind  own;
  PetscBool        heeds;
  PetscInt         ntimes;
  PetscInt         n = 0;

  PetscFunctionBeginUser;
  PetscCall(CostateProblemCreate(PETSC_COMM_WORLD, name, &problem));
  do {
    PetscCall(CostateProblemGetVariant(problem, n, &variant));
    if (n++ && !variant) break;
    PetscCall(Option("-variant", variant));
    PetscCall(CostateProblemGetCost(problem, &own, &ntimes, &times));
    for (int kind = 0; kind <= (int)COSTATE_COST_TIMES; kind++) {
      if (size > 1 && kind != (int)own) continue; /* what differs between ranks does so for any cost */
      PetscCall(CostateProblemHeeds(problem, "-cost", CostateCostKinds[kind], &heeds));
      if (heeds) PetscCall(CheckKnown(name, variant, CostateCostKinds[kind]));
    }
    PetscCall(CheckForms(name, variant));
    PetscCall(Option("-variant", NULL));
  } while (variant);
  PetscCall(CostateProblemDestroy(&problem));
  PetscFunctionReturn(0);
}

/* One of PETSc's own examples, with the number that its adjoint is known to give */
static PetscErrorCode CheckExample(void)
{
  const PetscReal value = -3.3721514045562722;
  PetscScalar     g;
  PetscReal       mine = 0, all;
  Run             run;
  PetscInt        n;

  PetscFunctionBeginUser;
  PetscCall(Solve("ex23", &run));
  PetscCall(VecGetLocalSize(run.g[1], &n));
  if (n) {
    const PetscInt zero = 0;

    PetscCall(VecGetValues(run.g[1], 1, &zero, &g));
    mine = PetscRealPart(g);
  }
  PetscCallMPI(MPI_Allreduce(&mine, &all, 1, MPIU_REAL, MPIU_SUM, PETSC_COMM_WORLD));
  T_OK(PetscAbsReal(all / value - 1) < 1e-12, "ex23: Crank-Nicolson gives dx(1)/da = %.16g", (double)all);
  PetscCall(End(&run));
  PetscFunctionReturn(0);
}

int main(int argc, char **argv)
{
  const char *name, *text;

  PetscFunctionBeginUser;
  PetscCall(PetscInitialize(&argc, &argv, NULL, NULL));
  PetscCall(CostateInitializePackage());
  PetscCallMPI(MPI_Comm_rank(PETSC_COMM_WORLD, &rank));
  PetscCallMPI(MPI_Comm_size(PETSC_COMM_WORLD, &size));
  PetscCall(Option("-ts_adapt_type", "none"));
  PetscCall(Option("-ts_trajectory_costate_ram", "1GB"));
  for (PetscInt i = 0;; i++) {
    PetscCall(CostateProblemListGet(i, &name, &text));
    if (!name) break;
    PetscCall(CheckAll(name));
  }
  PetscCall(CheckExample());
  if (rank == 0) plan(cases);
  PetscCall(PetscFinalize());
  return rank == 0 ? done() : 0;
}
