/* SPDX-License-Identifier: BSD-2-Clause */
/* ranks: 1 2 */
/*
  A sweep whose solvers fail, and one into which an application's function puts what is no number, by every method and
  with every type of the backward integrator: an error on all ranks or a negative reason with a sentence; never a
  gradient.
*/
#include "refuses.h"
#include <math.h>

static const TestCost cost = {1, .3, .1};

/* Between the run and the sweep, so that only this one has to do with what is spoilt there. */
typedef PetscErrorCode (*Spoil)(TS);

/*
  Solves, and sees to it that there is no gradient and that something was said.  What went wrong on the way is not taken
  apart: nobody knows what it was in the middle of.
*/
static PetscErrorCode Fails(Costate cs, TS ts, Spoil spoil, const char what[])
{
  CostateConvergedReason reason = COSTATE_ITERATING;
  PetscErrorCode         err, again;
  PetscBool              said = PETSC_TRUE, ends;
  Vec                    gu = NULL, gp = NULL;
  char                   first[128];

  PetscFunctionBeginUser;
  PetscCall(ZooListen());
  TRY(CostateSolveForward(cs), err);
  if (!err && spoil) PetscCall(spoil(ts));
  if (!err) TRY(CostateSolveAdjoint(cs), err);
  PetscCall(PetscStrncpy(first, message, sizeof(first)));
  if (!err) PetscCall(CostateGetConvergedReason(cs, &reason));
  TRY(CostateGetGradient(cs, 0, &gu, &gp), again);
  PetscCall(ZooHeard("costate: ", &said));
  if (err || reason == COSTATE_DIVERGED_NAN || reason == COSTATE_DIVERGED_FORWARD) said = PETSC_TRUE;
  ends = Everywhere((err || reason < 0) && again && !gu && !gp, NULL);
  T_OK(ends && said, "%s: %s%.70s", what, err ? "error " : CostateConvergedReasons[reason], err ? first : "");
  PetscFunctionReturn(0);
}

static PetscErrorCode Make(const char problem[], const char method[], const char options[], CostateProblem *pr,
                           Costate *cs, TS *ts)
{
  PetscFunctionBeginUser;
  PetscCall(ZooOptions(options));
  PetscCall(TestCreate(problem, method, pr, cs));
  PetscCall(CostateProblemGetTS(*pr, ts));
  PetscFunctionReturn(0);
}

/* ---- solvers that do not converge ---- */

#define BRUSSELATOR "-n 5 -tend 0.05 -dt 0.01 "
#define POOR        " -costate_adjoint_ksp_max_it 1 -costate_adjoint_pc_type none"

static PetscErrorCode OneIteration(TS ts)
{
  SNES snes;
  KSP  ksp;
  PC   pc;

  PetscFunctionBeginUser;
  PetscCall(TSGetSNES(ts, &snes));
  PetscCall(SNESGetKSP(snes, &ksp));
  PetscCall(KSPSetTolerances(ksp, 1e-14, 0, PETSC_DEFAULT, 1));
  PetscCall(KSPGetPC(ksp, &pc));
  PetscCall(PCSetType(pc, PCNONE));
  PetscFunctionReturn(0);
}

static const struct {
  const char *problem, *method, *options;
  Spoil       spoil;
} solvers[] = {
    {"brusselator", COSTATEDISCRETE, BRUSSELATOR "-ts_type cn", OneIteration},
    {"brusselator", COSTATEDISCRETE, BRUSSELATOR "-ts_type beuler", OneIteration},
    {"brusselator", COSTATEFORWARD, BRUSSELATOR "-ts_type rosw -form implicit" POOR, NULL},
    {"brusselator", COSTATEFORWARD, BRUSSELATOR "-ts_type cn -costate_forward_discrete 0" POOR, NULL},
    {"brusselator", COSTATEBACKSOLVE,
     BRUSSELATOR "-costate_adjoint_state_ksp_max_it 1 -costate_adjoint_state_pc_type none", NULL},
    {"mass", COSTATEINTERPOLATING, "-dt 0.1 -costate_adjoint_mass_ksp_max_it 1 -costate_adjoint_mass_pc_type none",
     NULL},
    {"lotka", COSTATEINTERPOLATING,
     "-costate_adjoint_ts_max_reject 0 -costate_adjoint_ts_rtol 1e-14 -costate_adjoint_ts_atol 1e-16", NULL},
    {"lotka", COSTATEBACKSOLVE,
     "-costate_adjoint_ts_max_reject 0 -costate_adjoint_ts_rtol 1e-14 -costate_adjoint_ts_atol 1e-16", NULL},
    {"lotka", COSTATEINTERPOLATING, "-costate_adjoint_ts_max_steps 3", NULL},
    {"lotka", COSTATEBACKSOLVE, "-costate_adjoint_ts_max_steps 3", NULL},
    {"lotka", COSTATEBACKSOLVE, /* tolerances that a method of second order meets with millions of steps */
     "-costate_adjoint_ts_type rk -costate_adjoint_ts_rk_type 2a -costate_adjoint_ts_rtol 1e-13 "
     "-costate_adjoint_ts_atol 1e-14",
     NULL},
};
#define NSOLVERS ((int)(sizeof(solvers) / sizeof(solvers[0])))

static const char *const continuous[] = {COSTATEINTERPOLATING, COSTATEQUADRATURE, COSTATEGAUSS, COSTATEBACKSOLVE};
static const char *const types[]      = {TSCN, TSBEULER, TSTHETA, TSROSW, TSBDF, TSARKIMEX};
#define NCONTINUOUS ((int)(sizeof(continuous) / sizeof(continuous[0])))
#define NTYPES      ((int)(sizeof(types) / sizeof(types[0])))

static PetscErrorCode Solvers(void)
{
  CostateProblem pr;
  Costate        cs;
  TS             ts;
  char           options[512], what[600];

  PetscFunctionBeginUser;
  for (int i = 0; i < NSOLVERS; i++) {
    const PetscBool endless = (PetscBool)(i == NSOLVERS - 1 && zoo_size > 1); /* 29700 steps take minutes there */

    PetscCall(PetscSNPrintf(options, sizeof(options), "%s%s", solvers[i].options,
                            endless ? " -costate_adjoint_ts_max_steps 500" : ""));
    PetscCall(Make(solvers[i].problem, solvers[i].method, options, &pr, &cs, &ts));
    PetscCall(CostateSetTerminalCost(cs, 0, TEST_COST(&cost)));
    PetscCall(PetscSNPrintf(what, sizeof(what), "%s: %s %s", solvers[i].method, solvers[i].problem, options));
    PetscCall(Fails(cs, ts, solvers[i].spoil, what));
  }
  for (int m = 0; m < NCONTINUOUS; m++) {
    for (int k = 0; k < NTYPES; k++) {
      PetscCall(PetscSNPrintf(options, sizeof(options), BRUSSELATOR "-costate_adjoint_ts_type %s" POOR, types[k]));
      PetscCall(Make("brusselator", continuous[m], options, &pr, &cs, &ts));
      PetscCall(CostateSetTerminalCost(cs, 0, TEST_COST(&cost)));
      PetscCall(PetscSNPrintf(what, sizeof(what), "%s: a solver that fails in a sweep by %s", continuous[m], types[k]));
      PetscCall(Fails(cs, ts, NULL, what));
    }
  }
  PetscFunctionReturn(0);
}

/* ---- what is no number, in runs that are not explicit ---- */

typedef enum { BAD_U, BAD_P, BAD_F, BAD_JACOBIAN, BAD_JACOBIAN_P, BADS } Bad;
static const char *const bads[] = {"the gradient of a cost", "its gradient with respect to p", "the right-hand side",
                                   "its Jacobian", "its derivative with respect to p"};
static const char *const runs[] = {"-ts_type cn -dt 0.05", "-ts_type rosw -ts_adapt_type none -dt 0.05",
                                   "-ts_type bdf -dt 0.05 -ts_adapt_type none",
                                   "-ts_type arkimex -dt 0.05 -ts_adapt_type none"};
#define NRUNS ((int)(sizeof(runs) / sizeof(runs[0])))

static struct {
  TSRHSFunction  f;
  TSRHSJacobian  jacobian;
  TSRHSJacobianP jacobianp;
  void          *fctx, *jctx, *pctx;
  PetscBool      now; /* the run is over */
} was;

/* One entry, on the last rank: the others have to hear of it. */
static PetscErrorCode BadEntry(Vec v)
{
  PetscInt n;

  PetscFunctionBeginUser;
  PetscCall(VecGetSize(v, &n));
  if (zoo_rank == zoo_size - 1) PetscCall(VecSetValue(v, n - 1, (PetscScalar)NAN, INSERT_VALUES));
  PetscCall(VecAssemblyBegin(v));
  PetscCall(VecAssemblyEnd(v));
  PetscFunctionReturn(0);
}

static PetscErrorCode BadGradient(Costate cs, PetscInt i, PetscReal t, Vec u, Vec p, Vec g, void *ctx)
{
  PetscFunctionBeginUser;
  (void)cs, (void)i, (void)t, (void)u, (void)p, (void)ctx;
  PetscCall(VecSet(g, 1));
  PetscCall(BadEntry(g));
  PetscFunctionReturn(0);
}

static PetscErrorCode BadF(TS ts, PetscReal t, Vec u, Vec f, void *ctx)
{
  PetscFunctionBeginUser;
  (void)ctx;
  PetscCall(was.f(ts, t, u, f, was.fctx));
  if (was.now) PetscCall(BadEntry(f));
  PetscFunctionReturn(0);
}

static PetscErrorCode BadJ(TS ts, PetscReal t, Vec u, Mat A, Mat P, void *ctx)
{
  PetscFunctionBeginUser;
  (void)ctx;
  PetscCall(was.jacobian(ts, t, u, A, P, was.jctx));
  if (was.now) PetscCall(MatScale(P, (PetscScalar)NAN));
  PetscFunctionReturn(0);
}

static PetscErrorCode BadJP(TS ts, PetscReal t, Vec u, Mat A, void *ctx)
{
  PetscFunctionBeginUser;
  (void)ctx;
  PetscCall(was.jacobianp(ts, t, u, A, was.pctx));
  if (was.now) PetscCall(MatScale(A, (PetscScalar)NAN));
  PetscFunctionReturn(0);
}

static PetscErrorCode FromNow(TS ts)
{
  PetscFunctionBeginUser;
  (void)ts;
  was.now = PETSC_TRUE;
  PetscFunctionReturn(0);
}

/* Forward and backsolve evaluate f in their equations; the others at most in the polynomial of the run. */
static PetscErrorCode Poisoned(const char method[], const char run[], Bad bad)
{
  CostateProblem  pr;
  Costate         cs;
  TS              ts;
  Mat             A, P;
  char            options[256], what[256];
  const PetscBool forward = (PetscBool)!strcmp(method, COSTATEFORWARD);

  PetscFunctionBeginUser;
  PetscCall(PetscSNPrintf(options, sizeof(options), "-tend 0.5 %s", run));
  PetscCall(Make("lotka", method, options, &pr, &cs, &ts));
  was.now = forward; /* there is no sweep afterwards */
  PetscCall(TSGetRHSFunction(ts, NULL, &was.f, &was.fctx));
  PetscCall(TSGetRHSJacobian(ts, &A, &P, &was.jacobian, &was.jctx));
  if (bad == BAD_F) PetscCall(TSSetRHSFunction(ts, NULL, BadF, NULL));
  if (bad == BAD_JACOBIAN) PetscCall(TSSetRHSJacobian(ts, A, P, BadJ, NULL));
  PetscCall(TSGetRHSJacobianP(ts, &A, &was.jacobianp, &was.pctx));
  if (bad == BAD_JACOBIAN_P) PetscCall(TSSetRHSJacobianP(ts, A, BadJP, NULL));
  PetscCall(CostateSetTerminalCost(cs, 0, TestValue, bad == BAD_U ? BadGradient : TestGradientU,
                                   bad == BAD_P ? BadGradient : TestGradientP, (void *)&cost));
  PetscCall(PetscSNPrintf(what, sizeof(what), "%s, %s: a NaN in %s", method, run, bads[bad]));
  PetscCall(Fails(cs, ts, FromNow, what));
  PetscFunctionReturn(0);
}

/* The adjoint of the steps takes f nowhere, and only some types have one. */
static PetscBool Applies(const char method[], const char run[], Bad bad)
{
  return (PetscBool)(strcmp(method, COSTATEDISCRETE) || (strstr(run, "cn") && bad != BAD_F));
}

int main(int argc, char **argv)
{
  const char *name, *text;
  int         n = NSOLVERS + NCONTINUOUS * NTYPES;

  PetscCall(ZooBegin(&argc, &argv, 0));
  for (int count = 1; count >= 0; count--) {
    if (!count && zoo_rank == 0) plan(n);
    if (!count) PetscCall(Solvers());
    for (PetscInt m = 0; !ZooListGet(m, &name, &text) && name; m++) {
      for (int r = 0; r < NRUNS; r++) {
        for (int bad = 0; bad < BADS; bad++) {
          if (!Applies(name, runs[r], (Bad)bad)) continue;
          n += count;
          if (!count) PetscCall(Poisoned(name, runs[r], (Bad)bad));
        }
      }
    }
  }
  PetscCall(ZooEnd());
  return zoo_rank == 0 ? done() : 0;
}
