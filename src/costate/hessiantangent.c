/* SPDX-License-Identifier: BSD-2-Clause */
/*
  Products with the Hessian of a cost of a run, forward over reverse.  The equation and its tangent along v are
  integrated together, by the same scheme with the steps of the last run, here for u' = f(u, p)

    u' = f(u,p) ,  s' = f_u s + f_p v ,  s(t0) = v_u0

  and the directional derivative of the cost, G_u s + G_p v, has the gradient H v: by the adjoint of these steps, with
  checkpoints, in an object of its own.  The tangent of a scheme is the scheme of the tangent, so this is the Hessian of
  the cost that was computed.

  Without what the first derivatives of the cost are the source of this is the matrix of Gauss and Newton.
*/
#include "pair.h"

#define OFF      1e-4 /* what the end of a run may be off by */
#define SIZE_WHY 512

/* ---- its cost: the change of a part along (s, v) ---- */

/* Of the part itself: the application sees a run. */
static PetscErrorCode Value(const CostatePart *part, CostatePair *x, PetscInt i, PetscReal t, Vec U, PetscReal *value)
{
  PetscFunctionBegin;
  PetscCall(CostatePairPoint(x, t, U, NULL));
  PetscCall(CostatePartValue(x->cs, part, i, t, x->u, value));
  PetscFunctionReturn(PETSC_SUCCESS);
}

static PetscErrorCode GradientU(const CostatePart *part, CostatePair *x, PetscInt i, PetscReal t, Vec U, Vec g)
{
  PetscFunctionBegin;
  PetscCall(CostatePairPoint(x, t, U, NULL));
  PetscCall(VecZeroEntries(x->wu));
  if (!x->gauss_newton) PetscCall(CostatePartGradient(x->cs, part, i, t, x->u, PETSC_FALSE, x->wu));
  PetscCall(CostatePairHalf(g, 1, x->wu, PETSC_TRUE));
  PetscCall(VecZeroEntries(x->wu));
  PetscCall(CostatePairChange(x, part, i, x->wu, NULL));
  PetscCall(CostatePairHalf(g, 0, x->wu, PETSC_TRUE));
  PetscFunctionReturn(PETSC_SUCCESS);
}

static PetscErrorCode GradientP(const CostatePart *part, CostatePair *x, PetscInt i, PetscReal t, Vec U, Vec g)
{
  PetscFunctionBegin;
  PetscCall(CostatePairPoint(x, t, U, NULL));
  PetscCall(CostatePairChange(x, part, i, NULL, g));
  PetscFunctionReturn(PETSC_SUCCESS);
}

#define PART(Name, name)                                                                                               \
  static PetscErrorCode Name##V(Costate pair, PetscInt i, PetscReal t, Vec U, Vec p, PetscReal *value, void *ctx)      \
  {                                                                                                                    \
    CostatePair *x = (CostatePair *)ctx;                                                                               \
                                                                                                                       \
    PetscFunctionBegin;                                                                                                \
    (void)pair, (void)p;                                                                                               \
    PetscCall(Value(&x->cs->cost[x->j].name, x, i, t, U, value));                                                      \
    PetscFunctionReturn(PETSC_SUCCESS);                                                                                \
  }                                                                                                                    \
  static PetscErrorCode Name##U(Costate pair, PetscInt i, PetscReal t, Vec U, Vec p, Vec g, void *ctx)                 \
  {                                                                                                                    \
    CostatePair *x = (CostatePair *)ctx;                                                                               \
                                                                                                                       \
    PetscFunctionBegin;                                                                                                \
    (void)pair, (void)p;                                                                                               \
    PetscCall(GradientU(&x->cs->cost[x->j].name, x, i, t, U, g));                                                      \
    PetscFunctionReturn(PETSC_SUCCESS);                                                                                \
  }                                                                                                                    \
  static PetscErrorCode Name##P(Costate pair, PetscInt i, PetscReal t, Vec U, Vec p, Vec g, void *ctx)                 \
  {                                                                                                                    \
    CostatePair *x = (CostatePair *)ctx;                                                                               \
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

/* Why the pair has not gone where the run has, so that what comes out were the Hessian of another cost; "": it has */
static PetscErrorCode Elsewhere(CostatePair *x, char why[])
{
  Costate         cs = x->cs, pair = x->pair;
  const PetscReal near = 1e-10 * PetscAbsReal(cs->T - cs->t0);
  PetscReal       first, end[2];
  PetscBool       same = (PetscBool)(pair->ntrace == cs->ntrace);
  Vec             U;

  PetscFunctionBegin;
  why[0] = 0;
  for (PetscInt i = 0; same && i < cs->ntrace; i++)
    same = (PetscBool)(PetscAbsReal(pair->trace[i] - cs->trace[i]) <= near);
  if (!same) {
    PetscCall(PetscStrncpy(why, "has other steps than the last run", SIZE_WHY));
    PetscFunctionReturn(PETSC_SUCCESS);
  }
  PetscCall(TSGetSolution(pair->ts, &U));
  PetscCall(CostatePairHalf(U, 0, x->x, PETSC_FALSE));
  PetscCall(VecNorm(x->x, NORM_1_AND_2, end));
  PetscCall(VecNorm(x->u0, NORM_2, &first));
  for (int i = 0; i < 2; i++)
    if (PetscAbsReal(end[i] - cs->end[i]) > OFF * (cs->end[i] + OFF * first)) same = PETSC_FALSE;
  if (!same)
    PetscCall(PetscSNPrintf(why, SIZE_WHY,
                            "ends where the norm is %g, and the last run where it is %g: something beside the equation "
                            "has changed its state, such as an event, or its solvers are loose (-snes_rtol, -ksp_rtol)",
                            (double)end[1], (double)cs->end[1]));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* The integrator of the run, without the options of its solvers. */
static PetscErrorCode SetMethod(Costate cs, TS pair)
{
  PetscReal theta;
  PetscBool endpoint, rk, general;
  TSRKType  rktype;
  TSType    type;

  PetscFunctionBegin;
  PetscCall(TSGetType(cs->ts, &type));
  PetscCall(TSSetType(pair, type));
  PetscCall(PetscObjectTypeCompare((PetscObject)pair, TSRK, &rk));
  PetscCall(PetscObjectTypeCompare((PetscObject)pair, TSTHETA, &general));
  if (rk) {
    PetscCall(TSRKGetType(cs->ts, &rktype));
    PetscCall(TSRKSetType(pair, rktype));
  }
  if (general) {
    PetscCall(TSThetaGetTheta(cs->ts, &theta));
    PetscCall(TSThetaGetEndpoint(cs->ts, &endpoint));
    PetscCall(TSThetaSetTheta(pair, theta));
    PetscCall(TSThetaSetEndpoint(pair, endpoint));
  }
  PetscFunctionReturn(PETSC_SUCCESS);
}

static PetscErrorCode CreateTS(CostatePair *x, TS *pair)
{
  const char *prefix;

  PetscFunctionBegin;
  PetscCall(TSCreate(PetscObjectComm((PetscObject)x->cs), pair));
  PetscCall(TSGetOptionsPrefix(x->cs->ts, &prefix));
  PetscCall(TSSetOptionsPrefix(*pair, prefix));
  PetscCall(CostatePairSetEquation(x, *pair));
  PetscCall(SetMethod(x->cs, *pair));
  if (x->implicit) PetscCall(CostatePairSetSolver(x, *pair));
  PetscCall(SetSteps(x->cs, *pair));
  PetscFunctionReturn(PETSC_SUCCESS);
}

static PetscErrorCode Create(Costate cs, PetscInt j, Vec v_u0, Vec v_p, CostatePair *x)
{
  const CostateCost *c        = &cs->cost[j];
  Vec               *states[] = {&x->u, &x->s, &x->a, &x->b, &x->x, &x->wu, &x->f, &x->g, &x->u0}, U, p;
  PetscReal          size, norm;
  PetscInt           n;
  PetscBool          rk;
  TS                 ts;

  PetscFunctionBegin;
  *x = (CostatePair){.cs = cs, .j = j, .gauss_newton = (PetscBool)(cs->hessian == COSTATE_HESSIAN_GAUSS_NEWTON)};
  PetscCall(PetscObjectTypeCompare((PetscObject)cs->ts, TSRK, &rk));
  x->implicit = (PetscBool)!rk;
  for (size_t i = 0; i < sizeof(states) / sizeof(states[0]); i++) PetscCall(VecDuplicate(cs->u0, states[i]));
  if (x->implicit) {
    PetscCall(VecDuplicate(cs->u0, &x->udot));
    PetscCall(VecDuplicate(cs->u0, &x->sdot));
    PetscCall(VecDuplicate(cs->u0, &x->xdot));
  }
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
  PetscCall(CostatePairFindProducts(x));
  PetscCall(CostateModelCreate(cs->ts, cs->u0, "", &x->model));
  PetscCall(VecGetLocalSize(cs->u0, &n));
  PetscCall(VecCreate(PetscObjectComm((PetscObject)cs), &U));
  PetscCall(VecSetSizes(U, 2 * n, PETSC_DETERMINE));
  PetscCall(VecSetType(U, VECSTANDARD));
  PetscCall(CostatePairHalf(U, 0, cs->u0, PETSC_TRUE));
  PetscCall(v_u0 ? VecCopy(v_u0, x->s) : VecZeroEntries(x->s));
  if (v_p && cs->du0dp) PetscCall(MatMultAdd(cs->du0dp, v_p, x->s, x->s));
  PetscCall(CostatePairHalf(U, 1, x->s, PETSC_TRUE));
  PetscCall(CreateTS(x, &ts));
  PetscCall(CostateCreate(PetscObjectComm((PetscObject)cs), &x->pair));
  PetscCall(CostateSetTS(x->pair, ts));
  PetscCall(CostateSetInitialState(x->pair, U));
  PetscCall(CostateSetParameters(x->pair, p));
  if (c->terminal.value) PetscCall(CostateSetTerminalCost(x->pair, 0, TerminalV, TerminalU, TerminalP, x));
  if (c->point.value) PetscCall(CostateSetPointCost(x->pair, 0, c->ntimes, c->times, TimesV, TimesU, TimesP, x));
  if (c->integral.value) PetscCall(CostateSetIntegralCost(x->pair, 0, IntegralV, IntegralU, IntegralP, x));
  PetscCall(CostateSetType(x->pair, COSTATEDISCRETE));
  x->pair->ops->begin = NULL; /* F_u' is that of the run, which was looked at */
  PetscCall(TSDestroy(&ts));
  PetscCall(VecDestroy(&U));
  PetscCall(VecDestroy(&p));
  PetscFunctionReturn(PETSC_SUCCESS);
}

static PetscErrorCode Destroy(CostatePair *x)
{
  Vec *all[] = {&x->u,  &x->s,  &x->a,  &x->b, &x->x, &x->wu,   &x->f,    &x->g,
                &x->u0, &x->wp, &x->gp, &x->p, &x->v, &x->udot, &x->sdot, &x->xdot};

  PetscFunctionBegin;
  PetscCall(CostateDestroy(&x->pair));
  for (int i = 0; i < 2; i++) PetscCall(KSPDestroy(&x->ksp[i]));
  PetscCall(CostateModelDestroy(&x->model));
  for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) PetscCall(VecDestroy(all[i]));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Why it cannot be had; NULL: it can. */
static PetscErrorCode Against(Costate cs, PetscInt j, const char **why)
{
  TSIFunction ifunction;
  PetscBool   rk, theta;

  PetscFunctionBegin;
  *why = NULL;
  PetscCall(PetscObjectTypeCompare((PetscObject)cs->ts, TSRK, &rk));
  PetscCall(PetscObjectTypeCompareAny((PetscObject)cs->ts, &theta, TSTHETA, TSCN, TSBEULER, ""));
  PetscCall(TSGetIFunction(cs->ts, NULL, &ifunction, NULL));
  if (!theta && (!rk || ifunction))
    *why = "the run is none of an explicit Runge-Kutta or a theta method (-ts_type rk, theta, cn, beuler)";
  if (!cs->p || cs->pw) *why = "it needs parameters that are constant in time";
  if (cs->adopted || !cs->u0) *why = "it needs an initial state, and costs of the object";
  if (!*why && cs->cost[j].integral.window.type != COSTATE_WINDOW_NONE) *why = "the cost is over a window of time";
  if (cs->changed && cs->du0dp) *why = "the application may change the initial state with its parameters";
  if (cs->ntrace < 2) *why = "there is no step";
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* A run of the pair and its adjoint */
static PetscErrorCode SolvePair(CostatePair *x, char why[])
{
  PetscFunctionBegin;
  PetscCall(CostateSolveForward(x->pair));
  if (x->pair->reason >= 0) PetscCall(Elsewhere(x, why));
  if (x->pair->reason >= 0 && !why[0]) PetscCall(CostateSolveAdjoint(x->pair));
  if (x->pair->reason < 0)
    PetscCall(PetscSNPrintf(why, SIZE_WHY, "ended with %s", CostateConvergedReasons[x->pair->reason]));
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode CostateHessianTangent(Costate cs, PetscInt j, Vec v_u0, Vec v_p, Vec h_u0, Vec h_p)
{
  CostatePair x;
  const char *against;
  char        why[SIZE_WHY] = "";
  Vec         gu, gp;

  PetscFunctionBegin;
  PetscCall(Against(cs, j, &against));
  PetscCheck(!against, PetscObjectComm((PetscObject)cs), PETSC_ERR_SUP,
             "-costate_hessian %s: %s. Use -costate_hessian gradients, or auto", CostateHessians[cs->hessian], against);
  PetscCall(CostatePointCheck(cs));
  PetscCall(Create(cs, j, v_u0, v_p, &x));
  PetscCall(SolvePair(&x, why));
  PetscCall(CostatePairParameters(&x, 0));
  PetscCall(CostatePointSet(cs));
  if (!why[0]) {
    PetscCall(CostateGetCovector(x.pair, 0, &gu, &gp));
    PetscCall(CostatePairHalf(gu, 0, x.a, PETSC_FALSE));
    if (h_u0) PetscCall(VecCopy(x.a, h_u0));
    if (h_p) PetscCall(VecCopy(gp, h_p));
    if (h_p && cs->du0dp) PetscCall(MatMultTransposeAdd(cs->du0dp, x.a, h_p, h_p));
  }
  PetscCall(Destroy(&x));
  PetscCheck(!why[0], PetscObjectComm((PetscObject)cs), PETSC_ERR_NOT_CONVERGED,
             "There is no product with the Hessian of cost %" PetscInt_FMT
             ": the run with the tangent %s. Use -costate_hessian gradients",
             j, why);
  PetscFunctionReturn(PETSC_SUCCESS);
}
