/* SPDX-License-Identifier: BSD-2-Clause */
/* ranks: 1 2 3 */
/*
  Since 3.19 PETSc has an adjoint step for additive Runge-Kutta methods. It is served like the others: the gradient
  under a small budget has the bits of full storage, and is that of the computed solution.
*/
#include "refused.h"
#include "split.h"

typedef struct {
  const char *name, *options;
  PetscReal   dt;
} Method;

#define FIXED    " -ts_adapt_type none -snes_rtol 1e-12 -ksp_rtol 1e-13"
#define ADAPTIVE " -ts_adapt_type basic -ts_rtol 1e-6 -ts_atol 1e-6 -snes_rtol 1e-12 -ksp_rtol 1e-13"

static const Method methods[] = {
    {"3, fixed", "-ts_type arkimex" FIXED, .05},
    {"3, adaptive", "-ts_type arkimex" ADAPTIVE, .3},
    {"l2, fixed", "-ts_type arkimex -ts_arkimex_type l2" FIXED, .05},
    {"2e, adaptive", "-ts_type arkimex -ts_arkimex_type 2e" ADAPTIVE, .3},
    {"5, fixed", "-ts_type arkimex -ts_arkimex_type 5" FIXED, .05},
};
#define NMETHODS ((int)(sizeof(methods) / sizeof(methods[0])))
#define FULL     2 /* of them with every ending */

typedef struct {
  const char *name;
  PetscInt    solves, boundaries;
  PetscBool   event;
} Ending;

static const Ending endings[] = {{"one run", 1, 0, PETSC_FALSE},
                                 {"an event on the way", 1, 1, PETSC_TRUE},
                                 {"three solves", 3, 2, PETSC_FALSE}};
#define NENDINGS ((int)(sizeof(endings) / sizeof(endings[0])))

static PetscErrorCode NoParameters(TS ts, PetscReal t, Vec U, Vec Udot, PetscReal shift, Mat J, void *ctx)
{
  PetscFunctionBeginUser;
  (void)ts;
  (void)t;
  (void)U;
  (void)Udot;
  (void)shift;
  (void)ctx;
  PetscCall(MatZeroEntries(J));
  PetscFunctionReturn(0);
}

/* Without a matrix of the implicit part's own PETSc's mu is wrong, and not a reference. */
static PetscErrorCode Both(TS ts, App *app)
{
  Mat J;

  PetscFunctionBeginUser;
  PetscCall(AppSplit(ts, app));
  PetscCall(MatDuplicate(app->Jp, MAT_DO_NOT_COPY_VALUES, &J));
  PetscCall(MatAssemblyBegin(J, MAT_FINAL_ASSEMBLY));
  PetscCall(MatAssemblyEnd(J, MAT_FINAL_ASSEMBLY));
  PetscCall(TSSetIJacobianP(ts, J, NoParameters, app));
  PetscCall(MatDestroy(&J));
  PetscFunctionReturn(0);
}

static PetscErrorCode Identity(const Method *m, const Ending *e)
{
  const PetscInt budgets[] = {2, 5};
  char           what[128];
  App            app = AppDefault();

  PetscFunctionBeginUser;
  app.setup  = Both;
  app.dt     = m->dt;
  app.solves = e->solves;
  app.event  = e->event;
  for (size_t i = 0; i < sizeof(budgets) / sizeof(budgets[0]); i++) {
    PetscCall(PetscSNPrintf(what, sizeof(what), "arkimex %s, %s", m->name, e->name));
    PetscCall(RunCompare(app, m->options, budgets[i] + e->boundaries, what));
  }
  PetscFunctionReturn(0);
}

/* The cost of a run with both parameters moved by h. */
static PetscErrorCode Cost(const Method *m, PetscReal h, AppResult *res)
{
  App app = AppDefault();

  PetscFunctionBeginUser;
  app.setup = AppSplit;
  app.dt    = m->dt;
  app.A += h;
  app.B += h;
  PetscCall(RunBudget(app, m->options, 3, NULL, res));
  PetscFunctionReturn(0);
}

/* The sum of both entries of mu, against a difference of costs; with fixed steps, where a run depends on them smoothly.
 */
static PetscErrorCode Differences(const Method *m)
{
  const PetscReal h = 1e-4;
  AppResult       res, side[2];
  PetscScalar     sum = 0, mu;
  PetscReal       wanted;

  PetscFunctionBeginUser;
  PetscCall(Cost(m, 0, &res));
  for (int i = 0; i < 2; i++) PetscCall(Cost(m, i ? h : -h, &side[i]));
  for (PetscInt i = 0; i < res.nmu; i++) sum += res.mu[i];
  PetscCallMPI(MPI_Allreduce(&sum, &mu, 1, MPIU_SCALAR, MPIU_SUM, PETSC_COMM_WORLD));
  wanted = (side[1].cost - side[0].cost) / (2 * h);
  T_OK(PetscAbsScalar(mu - wanted) < 1e-6 * PetscAbsReal(wanted), "arkimex %s: %.8g is the derivative, %.8g", m->name,
       (double)PetscRealPart(mu), (double)wanted);
  PetscCall(AppResultFree(&res));
  for (int i = 0; i < 2; i++) PetscCall(AppResultFree(&side[i]));
  PetscFunctionReturn(0);
}

/* What uses the last slope of the step before cannot be repeated from a state. */
static PetscErrorCode Refused(void)
{
  App            app = AppDefault();
  AppResult      res;
  PetscErrorCode err;

  PetscFunctionBeginUser;
  REFUSED(RunBudget(app, "-ts_type dirk" FIXED, 3, NULL, &res), err);
  T_OK(err && strstr(message, "this step cannot be repeated"), "dirk is refused before the run: %.60s", message);
  PetscFunctionReturn(0);
}

int main(int argc, char **argv)
{
  int fixed = 0;

  PetscCall(RunBegin(&argc, &argv, 0));
#if PETSC_VERSION_LT(3, 20, 0)
  if (run_rank == 0)
    printf("1..0 # SKIP arkimex has no adjoint step before PETSc 3.19, and there is no dirk before 3.20\n");
  PetscCall(RunEnd());
  return 0;
#endif
  for (int i = 0; i < NMETHODS; i++) fixed += strstr(methods[i].options, "none") != NULL;
  if (run_rank == 0) plan((FULL * NENDINGS + NMETHODS - FULL) * 4 + fixed + 1);
  for (int i = 0; i < NMETHODS; i++) {
    for (int e = 0; e < (i < FULL ? NENDINGS : 1); e++) PetscCall(Identity(&methods[i], &endings[e]));
    if (strstr(methods[i].options, "none")) PetscCall(Differences(&methods[i]));
  }
  PetscCall(Refused());
  PetscCall(RunEnd());
  return done();
}
