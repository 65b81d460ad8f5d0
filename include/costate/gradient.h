/* SPDX-License-Identifier: BSD-2-Clause */
/*
  Costate: one object, every adjoint.

  A TS integrates u' = f(t,u,p), M u' = f(t,u,p) or F(t,u,u',p) = G(t,u,p) from u(t0) = u0 to u(T).  There are m costs

    G_j = Phi_j(u(T),p) + sum_i phi_ij(u(t_i),p) + int g_j(t,u,p) dt ,    j = 0 .. m-1

  A Costate computes them with their gradients dG_j/du0 and dG_j/dp, all in one sweep, by the method of its type.
  Gradients are plain partial derivatives (covectors) with the layouts of u0 and p, unless CostateSetInnerProduct() is
  called: then they are vectors, the representatives of these with respect to that inner product.

  With complex scalars costs are real, and the gradient g of one is what gives dG = Re(g^T du), without conjugation; so
  are phi_u and the others that the application gives.  The equations have to be analytic in u and p, since a Jacobian
  says nothing else; the direction of steepest ascent is the conjugate of g.

    CostateCreate(comm, &cs);
    CostateSetTS(cs, ts);                                    f, its Jacobians, its solvers: TSSetRHSJacobianP() too
    CostateSetInitialState(cs, u0);
    CostateSetParameters(cs, p);
    CostateSetTerminalCost(cs, 0, Phi, Phi_u, Phi_p, ctx);
    CostateSetFromOptions(cs);                               -costate_type discrete
    CostateSolve(cs);
    CostateGetCost(cs, 0, &value);
    CostateGetGradient(cs, 0, &dGdu0, &dGdp);
*/
#ifndef COSTATE_GRADIENT_H
#define COSTATE_GRADIENT_H

#include <petscts.h>
#include <petsctao.h>

typedef struct _p_Costate *Costate;
PETSC_EXTERN PetscClassId  COSTATE_CLASSID;

/* The methods: COSTATEDISCRETE, "discrete", and so on; see include/methods.def */
typedef const char *CostateType;
#define COSTATEDISCRETE      "discrete"
#define COSTATEFORWARD       "forward"
#define COSTATEBACKSOLVE     "backsolve"
#define COSTATEINTERPOLATING "interpolating"
#define COSTATEQUADRATURE    "quadrature"
#define COSTATEGAUSS         "gauss"
#define COSTATEIMPLICIT      "implicit"
#define COSTATEAUTO          "auto" /* one of these, by rules */

/*
  A part of a cost, of its gradient.  i: the number of the cost time, 0 for the other kinds; the value is to be set, on
  every rank the same; the gradient is zero on entry.  u and p may be read only; p is NULL if there are no parameters.
*/
typedef PetscErrorCode (*CostateCostValue)(Costate, PetscInt i, PetscReal t, Vec u, Vec p, PetscReal *value, void *ctx);
typedef PetscErrorCode (*CostateCostGradient)(Costate, PetscInt i, PetscReal t, Vec u, Vec p, Vec gradient, void *ctx);
/* Tells the application that the parameters have other values. */
typedef PetscErrorCode (*CostateParametersChanged)(Costate, Vec p, void *ctx);

/* Sets the value of what is added to the first cost in an optimisation, and adds its gradient. */
typedef PetscErrorCode (*CostateRegularization)(Costate, Vec p, PetscReal *value, Vec gradient, void *ctx);

/* Adds the product of its second derivatives at p with v to Hv. */
typedef PetscErrorCode (*CostateRegularizationHessian)(Costate, Vec p, Vec v, Vec Hv, void *ctx);

/* Where products with Hessians come from; see CostateSetHessian() */
typedef enum {
  COSTATE_HESSIAN_AUTO,
  COSTATE_HESSIAN_TANGENT,
  COSTATE_HESSIAN_GRADIENTS,
  COSTATE_HESSIAN_GAUSS_NEWTON
} CostateHessian;
PETSC_EXTERN const char *const CostateHessians[];

/* The weight of the integral of a cost over a window of time; see CostateSetCostWindow() */
typedef enum {
  COSTATE_WINDOW_NONE,
  COSTATE_WINDOW_SQUARE,
  COSTATE_WINDOW_HANN,
  COSTATE_WINDOW_HANN_SQUARE,
  COSTATE_WINDOW_BUMP
} CostateCostWindow;
PETSC_EXTERN const char *const CostateCostWindows[];

/* What a matrix says of an inner product; see CostateSetInnerProduct() */
typedef enum { COSTATE_INNER_MASS, COSTATE_INNER_COVARIANCE_ROOT } CostateInnerProduct;

/* The sides of F(t,u,u',p) = G(t,u,p): G is TSSetRHSFunction(), F TSSetIFunction(), or the function of a SNES */
typedef enum { COSTATE_RHS, COSTATE_I } CostateSide;

/*
  A product with a derivative of one side, out = J in or out = J^T in; see CostateSetProducts().  udot is NULL and shift
  is 0 for G.
*/
typedef PetscErrorCode (*CostateProduct)(Costate, PetscReal t, Vec u, Vec udot, PetscReal shift, Vec p, Vec in, Vec out,
                                         void *ctx);

/*
  A tape of ADOL-C that is to be recorded: its number, the sizes of its buffers (for trace_on()), and how many values
  there are: independents t, u, u', p in this order, u and p as the rank sees them, and dependents, the rank's rows.
*/
typedef struct {
  short        tag;
  unsigned int buffers[4]; /* operations, locations, values, Taylor coefficients */
  PetscInt     nu, nudot, np, nf;
} CostateTape;

/* Records the application's local function at these values, and sets f to its own; see CostateSetTape() */
typedef PetscErrorCode (*CostateTapeRecord)(Costate, const CostateTape *, PetscReal t, const PetscReal u[],
                                            const PetscReal udot[], const PetscReal p[], PetscReal f[], void *ctx);

/* What is done where a tape that is used again does not hold the branch that the function takes */
typedef enum { COSTATE_TAPE_RECORD, COSTATE_TAPE_ERROR } CostateTapeChange;
PETSC_EXTERN const char *const CostateTapeChanges[];

/* Of the tape of one side, on this rank */
typedef struct {
  PetscInt       recordings, changes; /* changes: of branches, that were found where a tape was used again */
  PetscInt       sweeps;              /* forward and reverse */
  PetscInt64     operations;
  PetscLogDouble bytes; /* of the tape, and of the values that a reverse sweep needs */
} CostateTapeStatistics;

/* How the gradients of a state of rest are computed; see CostateSetSteadyMode() */
typedef enum { COSTATE_STEADY_AUTO, COSTATE_STEADY_ADJOINT, COSTATE_STEADY_FORWARD } CostateSteadyMode;
PETSC_EXTERN const char *const CostateSteadyModes[];

/* Fills the derivative of the residual of a steady problem with respect to the parameters. */
typedef PetscErrorCode (*CostateSteadyJacobianP)(Costate, Vec u, Vec p, Mat Jp, void *ctx);

typedef enum {
  COSTATE_ITERATING           = 0,
  COSTATE_CONVERGED           = 1,
  COSTATE_DIVERGED_FORWARD    = -1, /* TSSolve() ended with a negative reason */
  COSTATE_DIVERGED_BACKWARD   = -2, /* the sweep's own integrator did */
  COSTATE_DIVERGED_DRIFT      = -3, /* backsolve: u(t0) was not found again, and -costate_backsolve_drift_fail */
  COSTATE_DIVERGED_NAN        = -4, /* a cost or a gradient is not a number */
  COSTATE_DIVERGED_BLOWUP     = -5, /* lambda grew beyond -costate_blowup */
  COSTATE_DIVERGED_NOT_STEADY = -6  /* implicit: the run did not come to rest */
} CostateConvergedReason;
PETSC_EXTERN const char *const *CostateConvergedReasons;

/* What a Solve took.  Forward: the run; backward: the sweep, or for the method forward the sensitivity equations. */
typedef struct {
  PetscInt       steps, rejections, replayed;       /* forward; replayed: executed again */
  PetscInt       adjoint_steps, adjoint_rejections; /* of the sweep's own integrator; discrete: adjoint steps */
  PetscInt       f, jacobians, jtv, jptv; /* evaluations of f or F in all; Jacobians of the sweep, and its products */
  PetscInt       linear_its, adjoint_linear_its; /* iterations of Krylov methods */
  PetscInt       setups;              /* of the preconditioner of a steady problem; -1: not known, see PCTRANSPOSABLE */
  PetscInt       adjoint_setups;      /* of those of the sweep, or of the transposed and tangent solves of implicit */
  PetscInt64     states, peak_states; /* budget of the trajectory, and what was in use */
  PetscLogDouble bytes;               /* of the states in memory, at most, on this rank */
  PetscLogDouble seconds_forward, seconds_backward;
  PetscReal      drift; /* backsolve: |u(t0) found - u(t0)| / |u(t0)|; else -1 */
} CostateStatistics;

PETSC_EXTERN PetscErrorCode CostateCreate(MPI_Comm, Costate *);
PETSC_EXTERN PetscErrorCode CostateDestroy(Costate *);
PETSC_EXTERN PetscErrorCode CostateReset(Costate);
PETSC_EXTERN PetscErrorCode CostateSetOptionsPrefix(Costate, const char[]);
PETSC_EXTERN PetscErrorCode CostateAppendOptionsPrefix(Costate, const char[]);
PETSC_EXTERN PetscErrorCode CostateGetOptionsPrefix(Costate, const char *[]);
PETSC_EXTERN PetscErrorCode CostateSetType(Costate, CostateType);
PETSC_EXTERN PetscErrorCode CostateGetType(Costate, CostateType *);
PETSC_EXTERN PetscErrorCode CostateSetFromOptions(Costate);
PETSC_EXTERN PetscErrorCode CostateSetUp(Costate);
PETSC_EXTERN PetscErrorCode CostateView(Costate, PetscViewer);
PETSC_EXTERN PetscErrorCode CostateViewFromOptions(Costate, PetscObject, const char[]);

PETSC_EXTERN PetscErrorCode CostateSetTS(Costate, TS);
PETSC_EXTERN PetscErrorCode CostateGetTS(Costate, TS *);
PETSC_EXTERN PetscErrorCode CostateSetSNES(Costate, SNES);
PETSC_EXTERN PetscErrorCode CostateSetSteadyJacobianP(Costate, Mat, CostateSteadyJacobianP, void *);
PETSC_EXTERN PetscErrorCode CostateSetSteadyState(Costate, PetscReal, PetscReal);
PETSC_EXTERN PetscErrorCode CostateSetSteadyMode(Costate, CostateSteadyMode);
PETSC_EXTERN PetscErrorCode CostateSetAccuracy(Costate, PetscReal);
PETSC_EXTERN PetscErrorCode CostateSetInitialState(Costate, Vec);
PETSC_EXTERN PetscErrorCode CostateGetInitialState(Costate, Vec *);
PETSC_EXTERN PetscErrorCode CostateSetParameters(Costate, Vec);
PETSC_EXTERN PetscErrorCode CostateGetParameters(Costate, Vec *);
PETSC_EXTERN PetscErrorCode CostateSetParametersChanged(Costate, CostateParametersChanged, void *);
PETSC_EXTERN PetscErrorCode CostateSetInitialConditionJacobian(Costate, Mat);

PETSC_EXTERN PetscErrorCode CostateSetParameterWindows(Costate, PetscInt, const PetscReal[]);
PETSC_EXTERN PetscErrorCode CostateGetActiveParameters(Costate, Vec *);
PETSC_EXTERN PetscErrorCode CostateGetWindow(Costate, Vec, PetscInt, Vec);
PETSC_EXTERN PetscErrorCode CostateSetWindow(Costate, Vec, PetscInt, Vec);
PETSC_EXTERN PetscErrorCode CostateSetInnerProduct(Costate, CostateInnerProduct, Mat, Mat);

PETSC_EXTERN PetscErrorCode CostateSetTerminalCost(Costate, PetscInt, CostateCostValue, CostateCostGradient,
                                                   CostateCostGradient, void *);
PETSC_EXTERN PetscErrorCode CostateSetPointCost(Costate, PetscInt, PetscInt, const PetscReal[], CostateCostValue,
                                                CostateCostGradient, CostateCostGradient, void *);
PETSC_EXTERN PetscErrorCode CostateSetIntegralCost(Costate, PetscInt, CostateCostValue, CostateCostGradient,
                                                   CostateCostGradient, void *);
PETSC_EXTERN PetscErrorCode CostateSetCostWindow(Costate, PetscInt, CostateCostWindow, PetscReal, PetscReal);
PETSC_EXTERN PetscErrorCode CostateGetNumberCosts(Costate, PetscInt *);

PETSC_EXTERN PetscErrorCode CostateSolve(Costate);
PETSC_EXTERN PetscErrorCode CostateSolveForward(Costate);
PETSC_EXTERN PetscErrorCode CostateSolveAdjoint(Costate);
PETSC_EXTERN PetscErrorCode CostateGetCost(Costate, PetscInt, PetscReal *);
PETSC_EXTERN PetscErrorCode CostateGetGradient(Costate, PetscInt, Vec *, Vec *);
PETSC_EXTERN PetscErrorCode CostateGetCovector(Costate, PetscInt, Vec *, Vec *);
PETSC_EXTERN PetscErrorCode CostateMultTangent(Costate, Vec, Vec);
PETSC_EXTERN PetscErrorCode CostateMultTangentTranspose(Costate, Vec, Vec);
PETSC_EXTERN PetscErrorCode CostateHessianMult(Costate, PetscInt, Vec, Vec, Vec, Vec);
PETSC_EXTERN PetscErrorCode CostateCreateHessian(Costate, PetscInt, Mat *);
PETSC_EXTERN PetscErrorCode CostateSetHessian(Costate, CostateHessian);
PETSC_EXTERN PetscErrorCode CostateSetTimeGradients(Costate, PetscBool);
PETSC_EXTERN PetscErrorCode CostateGetTimeGradient(Costate, PetscInt, PetscReal *, PetscReal *, PetscReal[]);
PETSC_EXTERN PetscErrorCode CostateGetConvergedReason(Costate, CostateConvergedReason *);
PETSC_EXTERN PetscErrorCode CostateGetStatistics(Costate, CostateStatistics *);
PETSC_EXTERN PetscErrorCode CostateMonitorSet(Costate,
                                              PetscErrorCode (*)(Costate, PetscInt, PetscReal, const PetscReal[],
                                                                 void *),
                                              void *, PetscErrorCode (*)(void **));
PETSC_EXTERN PetscErrorCode CostateListGet(PetscInt, const char **, const char **);

PETSC_EXTERN PetscErrorCode CostateSetWanted(Costate, PetscBool, PetscBool);
PETSC_EXTERN PetscErrorCode CostateSetVJP(Costate, const char[]);
PETSC_EXTERN PetscErrorCode CostateSetVJPP(Costate, const char[]);
PETSC_EXTERN PetscErrorCode CostateSetProducts(Costate, CostateSide, CostateProduct, CostateProduct, void *);
PETSC_EXTERN PetscErrorCode CostateSetParameterProducts(Costate, CostateSide, CostateProduct, CostateProduct, void *);
PETSC_EXTERN PetscErrorCode CostateSetTape(Costate, CostateSide, CostateTapeRecord, void *);
PETSC_EXTERN PetscErrorCode CostateSetTapeScatters(Costate, VecScatter, Vec, VecScatter, Vec);
PETSC_EXTERN PetscErrorCode CostateSetTapeReuse(Costate, PetscBool, CostateTapeChange);
PETSC_EXTERN PetscErrorCode CostateGetTapeStatistics(Costate, CostateSide, CostateTapeStatistics *);

PETSC_EXTERN PetscErrorCode CostateSetUpTao(Costate, Tao);
PETSC_EXTERN PetscErrorCode CostateSetRegularization(Costate, CostateRegularization, void *);
PETSC_EXTERN PetscErrorCode CostateSetRegularizationHessian(Costate, CostateRegularizationHessian, void *);

PETSC_EXTERN PetscErrorCode CostateCheckTaylor(Costate, PetscInt, PetscRandom, PetscViewer, PetscReal *);
PETSC_EXTERN PetscErrorCode CostateCheckDotProduct(Costate, PetscRandom, PetscViewer, PetscReal *);
PETSC_EXTERN PetscErrorCode CostateCheckMethods(Costate, PetscViewer);

#endif
