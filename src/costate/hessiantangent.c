/* SPDX-License-Identifier: BSD-2-Clause */
/*
  Products with the Hessian of a cost of an explicit Runge-Kutta run, forward over reverse.  The equation and its
  tangent along v are integrated together, by the same scheme with the steps of the last run,

    u' = f(u,p) ,  s' = f_u s + f_p v ,  s(t0) = v_u0

  and the directional derivative of the cost, G_u s + G_p v, has the gradient H v: by the adjoint of these steps, with
  checkpoints, in an object of its own.  The tangent of a scheme is the scheme of the tangent, so this is the Hessian of
  the cost that was computed.  With (a, b) the adjoint of (u, s) a step takes

    f_u^T a + (f_u^T b)' ,  f_u^T b ,  f_p^T a + (f_p^T b)'

  where ' is the change along (s, v), by differences of fourth order of products with first derivatives.

  Without b, which has the first derivatives of the cost as its source, this is the matrix of Gauss and Newton.
*/
#include "costateimpl.h"
#include <costate/model.h>

/* What the pair is made of; a pair is u and s, one after the other on each rank. */
typedef struct {
  Costate          cs, pair; /* the object, and that of the pair */
  CostateModel     model;
  PetscInt         j;
  PetscBool        gauss_newton;
  Vec              v, p, u0;         /* direction, and what is at the point: parameters, initial state */
  Vec              u, s, a, b;       /* halves */
  Vec              x, wu, wp, g, gp; /* nearby, and what is there */
  PetscReal        t, ratio_v;
  PetscObjectState of; /* of the covector that wp belongs to */
  PetscObjectId    whose;
} Pair;

/* One half of a pair, to or from. */
static PetscErrorCode Half(Vec pair, int which, Vec half, PetscBool to)
{
  PetscScalar *a, *h;
  PetscInt     n;

  PetscFunctionBegin;
  PetscCall(VecGetLocalSize(half, &n));
  if (to) {
    PetscCall(VecGetArray(pair, &a));
    PetscCall(VecGetArrayRead(half, (const PetscScalar **)&h));
    PetscCall(PetscArraycpy(a + which * n, h, n));
    PetscCall(VecRestoreArrayRead(half, (const PetscScalar **)&h));
    PetscCall(VecRestoreArray(pair, &a));
  } else {
    PetscCall(VecGetArrayRead(pair, (const PetscScalar **)&a));
    PetscCall(VecGetArrayWrite(half, &h));
    PetscCall(PetscArraycpy(h, a + which * n, n));
    PetscCall(VecRestoreArrayWrite(half, &h));
    PetscCall(VecRestoreArrayRead(pair, (const PetscScalar **)&a));
  }
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* The application has the parameters that are e times v away. */
static PetscErrorCode Parameters(Pair *x, PetscReal e)
{
  PetscFunctionBegin;
  PetscCall(VecCopy(x->p, x->cs->p));
  if (e != 0) PetscCall(VecAXPY(x->cs->p, e, x->v));
  PetscCall(CostateTell(x->cs));
  PetscCall(VecCopy(x->u0, x->cs->u0));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* A thousandth of the sizes of u and p; a point that is 0 has none, and 1 will do. */
static PetscErrorCode Step(Pair *x, PetscReal *e)
{
  PetscReal size, norm, ratio;

  PetscFunctionBegin;
  PetscCall(VecNorm(x->u, NORM_INFINITY, &size));
  PetscCall(VecNorm(x->s, NORM_INFINITY, &norm));
  ratio = PetscMax(x->ratio_v, norm / (size > 0 ? size : 1));
  *e    = ratio > 0 ? 1e-3 / ratio : 0;
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* What changes: the gradients of a part of a cost; NULL: products with b */
typedef struct {
  const CostatePart *part;
  PetscInt           i;
} What;

/* Adds the changes along (s, v) of the two, by u to wu and by p to wp, either of which may be NULL. */
static PetscErrorCode AddChange(Pair *x, const What *what, PetscReal t, Vec wu, Vec wp)
{
  const PetscReal weight[2] = {8. / 12, -1. / 12};
  PetscReal       e         = 0;

  PetscFunctionBegin;
  PetscCall(Step(x, &e));
  for (int k = 0; k < 2 && e != 0; k++) {
    for (int sign = 1; sign > -2; sign -= 2) {
      const PetscReal d = sign * (k + 1) * e, w = sign * weight[k] / e;

      PetscCall(Parameters(x, d));
      PetscCall(VecWAXPY(x->x, d, x->s, x->u));
      if (!what->part) {
        PetscCall(CostateModelRefresh(x->model));
        PetscCall(CostateModelSetPoint(x->model, t, x->x, NULL));
      }
      if (wu) {
        PetscCall(VecZeroEntries(x->g));
        PetscCall(what->part ? CostatePartGradient(x->cs, what->part, what->i, t, x->x, PETSC_FALSE, x->g)
                             : CostateModelMultRuTranspose(x->model, x->b, x->g));
        PetscCall(VecAXPY(wu, what->part ? w : -w, x->g));
      }
      if (wp) {
        PetscCall(VecZeroEntries(x->gp));
        PetscCall(what->part ? CostatePartGradient(x->cs, what->part, what->i, t, x->x, PETSC_TRUE, x->gp)
                             : CostateModelMultRpTranspose(x->model, x->b, x->gp));
        PetscCall(VecAXPY(wp, what->part ? w : -w, x->gp));
      }
    }
  }
  if (e != 0) PetscCall(Parameters(x, 0));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* ---- the equation of the pair ---- */

static PetscErrorCode Point(Pair *x, PetscReal t, Vec U)
{
  PetscFunctionBegin;
  x->t = t;
  PetscCall(Half(U, 0, x->u, PETSC_FALSE));
  PetscCall(Half(U, 1, x->s, PETSC_FALSE));
  PetscFunctionReturn(PETSC_SUCCESS);
}

static PetscErrorCode Linearise(Pair *x)
{
  PetscFunctionBegin;
  PetscCall(CostateModelRefresh(x->model));
  PetscCall(CostateModelSetPoint(x->model, x->t, x->u, NULL));
  PetscFunctionReturn(PETSC_SUCCESS);
}

static PetscErrorCode Function(TS ts, PetscReal t, Vec U, Vec F, void *ctx)
{
  Pair *x = (Pair *)ctx;

  PetscFunctionBegin;
  (void)ts;
  PetscCall(Point(x, t, U));
  PetscCall(TSComputeRHSFunction(x->cs->ts, t, x->u, x->g));
  PetscCall(Half(F, 0, x->g, PETSC_TRUE));
  PetscCall(Linearise(x));
  PetscCall(CostateModelMultRu(x->model, x->s, x->g)); /* R = u' - f */
  PetscCall(CostateModelMultRp(x->model, x->v, x->x));
  PetscCall(VecAXPBY(x->g, -1, -1, x->x));
  PetscCall(Half(F, 1, x->g, PETSC_TRUE));
  PetscFunctionReturn(PETSC_SUCCESS);
}

static PetscErrorCode Jacobian(TS ts, PetscReal t, Vec U, Mat J, Mat P, void *ctx)
{
  Pair *x = (Pair *)ctx;

  PetscFunctionBegin;
  (void)ts, (void)P;
  PetscCall(Point(x, t, U));
  x->whose = 0;
  PetscCall(MatAssemblyBegin(J, MAT_FINAL_ASSEMBLY));
  PetscCall(MatAssemblyEnd(J, MAT_FINAL_ASSEMBLY));
  PetscFunctionReturn(PETSC_SUCCESS);
}

static PetscErrorCode JacobianP(TS ts, PetscReal t, Vec U, Mat J, void *ctx)
{
  PetscFunctionBegin;
  (void)ts;
  PetscCall(Point((Pair *)ctx, t, U)); /* the stage of the Jacobian, with which this goes */
  PetscCall(MatAssemblyBegin(J, MAT_FINAL_ASSEMBLY));
  PetscCall(MatAssemblyEnd(J, MAT_FINAL_ASSEMBLY));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* wp = f_p^T a + (f_p^T b)', and with `out` the product with the transposed Jacobian */
static PetscErrorCode Products(Pair *x, Vec in, Vec out)
{
  PetscFunctionBegin;
  PetscCall(Half(in, 0, x->a, PETSC_FALSE));
  PetscCall(Half(in, 1, x->b, PETSC_FALSE));
  PetscCall(Linearise(x));
  PetscCall(CostateModelMultRpTranspose(x->model, x->a, x->wp));
  PetscCall(VecScale(x->wp, -1));
  if (out) {
    PetscCall(CostateModelMultRuTranspose(x->model, x->b, x->g));
    PetscCall(VecScale(x->g, -1));
    PetscCall(Half(out, 1, x->g, PETSC_TRUE));
    PetscCall(CostateModelMultRuTranspose(x->model, x->a, x->wu));
    PetscCall(VecScale(x->wu, -1));
  }
  if (!x->gauss_newton) PetscCall(AddChange(x, &(What){0}, x->t, out ? x->wu : NULL, x->wp));
  if (out) PetscCall(Half(out, 0, x->wu, PETSC_TRUE));
  PetscCall(PetscObjectGetId((PetscObject)in, &x->whose));
  PetscCall(PetscObjectStateGet((PetscObject)in, &x->of));
  PetscFunctionReturn(PETSC_SUCCESS);
}

static PetscErrorCode MultTranspose(Mat J, Vec in, Vec out)
{
  Pair *x;

  PetscFunctionBegin;
  PetscCall(MatShellGetContext(J, &x));
  PetscCall(Products(x, in, out));
  PetscFunctionReturn(PETSC_SUCCESS);
}

static PetscErrorCode MultTransposeP(Mat J, Vec in, Vec out)
{
  Pair            *x;
  PetscObjectId    whose;
  PetscObjectState of;

  PetscFunctionBegin;
  PetscCall(MatShellGetContext(J, &x));
  PetscCall(PetscObjectGetId((PetscObject)in, &whose));
  PetscCall(PetscObjectStateGet((PetscObject)in, &of));
  if (whose != x->whose || of != x->of) PetscCall(Products(x, in, NULL));
  PetscCall(VecCopy(x->wp, out));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* ---- its cost: the change of a part along (s, v) ---- */

/* Of the part itself, to see that this run is that one. */
static PetscErrorCode Value(const CostatePart *part, Pair *x, PetscInt i, PetscReal t, Vec U, PetscReal *value)
{
  PetscFunctionBegin;
  PetscCall(Point(x, t, U));
  PetscCall(CostatePartValue(x->cs, part, i, t, x->u, value));
  PetscFunctionReturn(PETSC_SUCCESS);
}

static PetscErrorCode GradientU(const CostatePart *part, Pair *x, PetscInt i, PetscReal t, Vec U, Vec g)
{
  PetscFunctionBegin;
  PetscCall(Point(x, t, U));
  x->whose = 0;
  PetscCall(VecZeroEntries(x->wu));
  if (!x->gauss_newton) PetscCall(CostatePartGradient(x->cs, part, i, t, x->u, PETSC_FALSE, x->wu));
  PetscCall(Half(g, 1, x->wu, PETSC_TRUE));
  PetscCall(VecZeroEntries(x->wu));
  PetscCall(AddChange(x, &(What){part, i}, t, x->wu, NULL));
  PetscCall(Half(g, 0, x->wu, PETSC_TRUE));
  PetscFunctionReturn(PETSC_SUCCESS);
}

static PetscErrorCode GradientP(const CostatePart *part, Pair *x, PetscInt i, PetscReal t, Vec U, Vec g)
{
  PetscFunctionBegin;
  PetscCall(Point(x, t, U));
  x->whose = 0;
  PetscCall(AddChange(x, &(What){part, i}, t, NULL, g));
  PetscFunctionReturn(PETSC_SUCCESS);
}

#define PART(Name, name)                                                                                               \
  static PetscErrorCode Name##V(Costate pair, PetscInt i, PetscReal t, Vec U, Vec p, PetscReal *value, void *ctx)      \
  {                                                                                                                    \
    Pair *x = (Pair *)ctx;                                                                                             \
                                                                                                                       \
    PetscFunctionBegin;                                                                                                \
    (void)pair, (void)p;                                                                                               \
    PetscCall(Value(&x->cs->cost[x->j].name, x, i, t, U, value));                                                      \
    PetscFunctionReturn(PETSC_SUCCESS);                                                                                \
  }                                                                                                                    \
  static PetscErrorCode Name##U(Costate pair, PetscInt i, PetscReal t, Vec U, Vec p, Vec g, void *ctx)                 \
  {                                                                                                                    \
    Pair *x = (Pair *)ctx;                                                                                             \
                                                                                                                       \
    PetscFunctionBegin;                                                                                                \
    (void)pair, (void)p;                                                                                               \
    PetscCall(GradientU(&x->cs->cost[x->j].name, x, i, t, U, g));                                                      \
    PetscFunctionReturn(PETSC_SUCCESS);                                                                                \
  }                                                                                                                    \
  static PetscErrorCode Name##P(Costate pair, PetscInt i, PetscReal t, Vec U, Vec p, Vec g, void *ctx)                 \
  {                                                                                                                    \
    Pair *x = (Pair *)ctx;                                                                                             \
                                                                                                                       \
    PetscFunctionBegin;                                                                                                \
    (void)pair, (void)p;                                                                                               \
    PetscCall(GradientP(&x->cs->cost[x->j].name, x, i, t, U, g));                                                      \
    PetscFunctionReturn(PETSC_SUCCESS);                                                                                \
  }
PART(Terminal, terminal)
PART(Times, point)
PART(Integral, integral)

/* ---- the object of the pair ---- */

/* The steps of the last run; fixed ones are cut where costs are, and go on as long as they were. */
static PetscErrorCode SetSteps(Costate cs, TS pair)
{
  TSExactFinalTimeOption end;
  TSAdapt                adapt;
  TSAdaptType            type;

  PetscFunctionBegin;
  PetscCall(TSSetTime(pair, cs->t0));
  PetscCall(TSSetMaxTime(pair, cs->T));
  PetscCall(TSSetMaxSteps(pair, cs->ntrace + 8));
  PetscCall(TSGetExactFinalTime(cs->ts, &end));
  PetscCall(TSSetExactFinalTime(pair, end));
  PetscCall(TSSetErrorIfStepFails(pair, PETSC_FALSE));
  PetscCall(TSGetAdapt(cs->ts, &adapt));
  PetscCall(TSAdaptGetType(adapt, &type));
  if (!strcmp(type, TSADAPTNONE)) {
    PetscCall(TSSetTimeStep(pair, cs->dt0));
    PetscCall(TSGetAdapt(pair, &adapt));
    PetscCall(TSAdaptSetType(adapt, TSADAPTNONE));
    PetscFunctionReturn(PETSC_SUCCESS);
  }
  PetscCall(TSSetTimeStep(pair, cs->trace[1] - cs->trace[0]));
  PetscCall(CostateFollowSteps(pair, cs->ntrace, cs->trace));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* That the pair has gone where the run has, or what comes out is the Hessian of another cost. */
static PetscErrorCode CheckRun(Costate cs, PetscInt j, Costate pair)
{
  MPI_Comm        comm = PetscObjectComm((PetscObject)cs);
  const PetscReal near = 1e-10 * PetscAbsReal(cs->T - cs->t0), G = cs->cost[j].value;
  PetscBool       same = (PetscBool)(pair->ntrace == cs->ntrace);

  PetscFunctionBegin;
  for (PetscInt i = 0; same && i < cs->ntrace; i++)
    same = (PetscBool)(PetscAbsReal(pair->trace[i] - cs->trace[i]) <= near);
  PetscCheck(same, comm, PETSC_ERR_SUP,
             "The run with the tangent has %" PetscInt_FMT " states and other steps than the last run, which has "
             "%" PetscInt_FMT ", so there is no product with its Hessian. Use -costate_hessian gradients",
             pair->ntrace, cs->ntrace);
  PetscCheck(PetscAbsReal(pair->cost[0].value - G) <= (PetscReal)1e-6 * PetscMax(PetscAbsReal(G), PETSC_SMALL), comm,
             PETSC_ERR_SUP,
             "The run with the tangent has the cost %g and the last run %g, so there is no product with its Hessian: "
             "something beside the equation has changed the state, such as an event. Use -costate_hessian gradients",
             (double)pair->cost[0].value, (double)G);
  PetscFunctionReturn(PETSC_SUCCESS);
}

static PetscErrorCode CreateTS(Pair *x, Vec U, TS *pair)
{
  Costate     cs   = x->cs;
  MPI_Comm    comm = PetscObjectComm((PetscObject)cs);
  const char *prefix;
  TSRKType    type;
  PetscInt    n, np;
  Mat         J, Jp;

  PetscFunctionBegin;
  PetscCall(VecGetLocalSize(U, &n));
  PetscCall(VecGetLocalSize(cs->p, &np));
  PetscCall(TSCreate(comm, pair));
  PetscCall(TSGetOptionsPrefix(cs->ts, &prefix));
  PetscCall(TSSetOptionsPrefix(*pair, prefix));
  PetscCall(TSSetRHSFunction(*pair, NULL, Function, x));
  PetscCall(MatCreateShell(comm, n, n, PETSC_DETERMINE, PETSC_DETERMINE, x, &J));
  PetscCall(MatShellSetOperation(J, MATOP_MULT_TRANSPOSE, (void (*)(void))MultTranspose));
  PetscCall(TSSetRHSJacobian(*pair, J, J, Jacobian, x));
  PetscCall(MatCreateShell(comm, n, np, PETSC_DETERMINE, PETSC_DETERMINE, x, &Jp));
  PetscCall(MatShellSetOperation(Jp, MATOP_MULT_TRANSPOSE, (void (*)(void))MultTransposeP));
  PetscCall(TSSetRHSJacobianP(*pair, Jp, JacobianP, x));
  PetscCall(MatDestroy(&J));
  PetscCall(MatDestroy(&Jp));
  PetscCall(TSSetType(*pair, TSRK));
  PetscCall(TSRKGetType(cs->ts, &type));
  PetscCall(TSRKSetType(*pair, type));
  PetscCall(SetSteps(cs, *pair));
  PetscFunctionReturn(PETSC_SUCCESS);
}

static PetscErrorCode Create(Costate cs, PetscInt j, Vec v_u0, Vec v_p, Pair *x)
{
  const CostateCost *c        = &cs->cost[j];
  Vec               *states[] = {&x->u, &x->s, &x->a, &x->b, &x->x, &x->wu, &x->g, &x->u0}, U, p;
  PetscReal          size, norm;
  PetscInt           n;
  TS                 ts;

  PetscFunctionBegin;
  *x = (Pair){.cs = cs, .j = j, .gauss_newton = (PetscBool)(cs->hessian == COSTATE_HESSIAN_GAUSS_NEWTON)};
  for (size_t i = 0; i < sizeof(states) / sizeof(states[0]); i++) PetscCall(VecDuplicate(cs->u0, states[i]));
  PetscCall(VecDuplicate(cs->p, &x->wp));
  PetscCall(VecDuplicate(cs->p, &x->gp));
  PetscCall(VecDuplicate(cs->p, &x->p));
  PetscCall(VecDuplicate(cs->p, &x->v));
  PetscCall(VecDuplicate(cs->p, &p));
  PetscCall(VecCopy(cs->p, x->p));
  PetscCall(VecCopy(cs->p, p));
  PetscCall(VecCopy(cs->u0, x->u0));
  PetscCall(v_p ? VecCopy(v_p, x->v) : VecZeroEntries(x->v));
  PetscCall(VecNorm(cs->p, NORM_INFINITY, &size));
  PetscCall(VecNorm(x->v, NORM_INFINITY, &norm));
  x->ratio_v = norm / (size > 0 ? size : 1);
  PetscCall(CostateModelCreate(cs->ts, cs->u0, "", &x->model));
  PetscCall(VecGetLocalSize(cs->u0, &n));
  PetscCall(VecCreate(PetscObjectComm((PetscObject)cs), &U));
  PetscCall(VecSetSizes(U, 2 * n, PETSC_DETERMINE));
  PetscCall(VecSetType(U, VECSTANDARD));
  PetscCall(Half(U, 0, cs->u0, PETSC_TRUE));
  PetscCall(v_u0 ? VecCopy(v_u0, x->s) : VecZeroEntries(x->s));
  if (v_p && cs->du0dp) PetscCall(MatMultAdd(cs->du0dp, v_p, x->s, x->s));
  PetscCall(Half(U, 1, x->s, PETSC_TRUE));
  PetscCall(CreateTS(x, U, &ts));
  PetscCall(CostateCreate(PetscObjectComm((PetscObject)cs), &x->pair));
  PetscCall(CostateSetTS(x->pair, ts));
  PetscCall(CostateSetInitialState(x->pair, U));
  PetscCall(CostateSetParameters(x->pair, p));
  if (c->terminal.value) PetscCall(CostateSetTerminalCost(x->pair, 0, TerminalV, TerminalU, TerminalP, x));
  if (c->point.value) PetscCall(CostateSetPointCost(x->pair, 0, c->ntimes, c->times, TimesV, TimesU, TimesP, x));
  if (c->integral.value) PetscCall(CostateSetIntegralCost(x->pair, 0, IntegralV, IntegralU, IntegralP, x));
  PetscCall(CostateSetType(x->pair, COSTATEDISCRETE));
  PetscCall(TSDestroy(&ts));
  PetscCall(VecDestroy(&U));
  PetscCall(VecDestroy(&p));
  PetscFunctionReturn(PETSC_SUCCESS);
}

static PetscErrorCode Destroy(Pair *x)
{
  Vec *all[] = {&x->u, &x->s, &x->a, &x->b, &x->x, &x->wu, &x->g, &x->u0, &x->wp, &x->gp, &x->p, &x->v};

  PetscFunctionBegin;
  PetscCall(CostateDestroy(&x->pair));
  PetscCall(CostateModelDestroy(&x->model));
  for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) PetscCall(VecDestroy(all[i]));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Why it cannot be had; NULL: it can. */
static PetscErrorCode Against(Costate cs, PetscInt j, const char **why)
{
  TSIFunction ifunction;
  PetscBool   rk;

  PetscFunctionBegin;
  *why = NULL;
  PetscCall(PetscObjectTypeCompare((PetscObject)cs->ts, TSRK, &rk));
  PetscCall(TSGetIFunction(cs->ts, NULL, &ifunction, NULL));
  if (!rk || ifunction) *why = "the run is not one of an explicit Runge-Kutta method (-ts_type rk)";
  if (!cs->p || cs->pw) *why = "it needs parameters that are constant in time";
  if (cs->adopted || !cs->u0) *why = "it needs an initial state, and costs of the object";
  if (!*why && cs->cost[j].integral.window.type != COSTATE_WINDOW_NONE) *why = "the cost is over a window of time";
  if (cs->changed && cs->du0dp) *why = "the application may change the initial state with its parameters";
  if (cs->ntrace < 2) *why = "there is no step";
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode CostateHessianTangent(Costate cs, PetscInt j, Vec v_u0, Vec v_p, Vec h_u0, Vec h_p)
{
  Pair                   x;
  CostateConvergedReason reason;
  const char            *why;
  Vec                    gu, gp;

  PetscFunctionBegin;
  PetscCall(Against(cs, j, &why));
  PetscCheck(!why, PetscObjectComm((PetscObject)cs), PETSC_ERR_SUP,
             "-costate_hessian %s: %s. Use -costate_hessian gradients, or auto", CostateHessians[cs->hessian], why);
  PetscCall(CostatePointCheck(cs));
  PetscCall(Create(cs, j, v_u0, v_p, &x));
  PetscCall(CostateSolve(x.pair));
  PetscCall(Parameters(&x, 0));
  PetscCall(CostatePointSet(cs));
  reason = x.pair->reason;
  if (reason > 0) {
    PetscCall(CheckRun(cs, j, x.pair));
    PetscCall(CostateGetCovector(x.pair, 0, &gu, &gp));
    PetscCall(Half(gu, 0, x.a, PETSC_FALSE));
    if (h_u0) PetscCall(VecCopy(x.a, h_u0));
    if (h_p) PetscCall(VecCopy(gp, h_p));
    if (h_p && cs->du0dp) PetscCall(MatMultTransposeAdd(cs->du0dp, x.a, h_p, h_p));
  }
  PetscCall(Destroy(&x));
  PetscCheck(reason > 0, PetscObjectComm((PetscObject)cs), PETSC_ERR_NOT_CONVERGED,
             "There is no product with the Hessian of cost %" PetscInt_FMT ": the run with the tangent ended with %s",
             j, CostateConvergedReasons[reason]);
  PetscFunctionReturn(PETSC_SUCCESS);
}
