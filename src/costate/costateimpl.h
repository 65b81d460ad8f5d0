/* SPDX-License-Identifier: BSD-2-Clause */
/*
  The object Costate: what all methods share.

    create.c    create, destroy, type, prefix
    problem.c   what the user gives: TS, state, parameters, costs
    options.c   the options
    setup.c     what is checked before the first run
    forward.c   the run, and the values of the costs
    backward.c  the sweep: costs are taken up where their times are, a method or TSAdjoint does what is in between
    results.c   what comes out
    view.c      -costate_view, -costate_monitor
    check.c     proofs: Taylor; products.c: dot products; compare.c: all methods side by side
    windows.c   parameters and weights that change in time
    choose.c    -costate_type auto
    providers.c where derivatives come from, if not from the application's matrices; provider_set.c, provider_auto.c
    steady.c    problems without time, by a SNES
    tangent.c   products with du/dp and with Hessians; hessian.c: where these come from, hessiangradients.c,
                hessiantangent.c
    linear.c    solves with the Jacobian of a state of rest, and its transpose; steadyproducts.c, steadyhessian.c
    adjointksp.c  the linear solvers of all sweeps
    inner.c     gradients as vectors: inner products
    tao.c       the first cost as what a Tao minimises; taohessian.c: for Newton's method
    door.c      methods for programs that know nothing of a Costate
    checks.c    the same by options
    model.c     products of derivatives
    sweep.c, sweepfun.c, continuous.c  the backward integrator of the continuous adjoints; integrand.c, kronrod.c
*/
#ifndef COSTATEIMPL_H
#define COSTATEIMPL_H

#include "../base/compat.h"
#include "../base/package.h"
#include <petsc/private/petscimpl.h>
#include <petsctime.h>
#include <costate.h>
#include <costate/vjp.h>

/* A weight over time; active: the step that is gone through is between the stops of a and b. */
typedef struct {
  CostateCostWindow type;
  PetscReal         a, b;
  PetscInt          stop[2];
  PetscBool         active, option; /* option: set by one, for each run anew */
} CostateTimeWindow;

/* A part of a cost: its value and its gradients with respect to u and p; value == NULL: there is none. */
typedef struct {
  CostateCostValue    value;
  CostateCostGradient u, p;
  void               *ctx;
  CostateTimeWindow   window; /* of integrals */
} CostatePart;

typedef struct {
  CostatePart terminal, point, integral;
  PetscInt    ntimes;
  PetscReal  *times;
  PetscInt   *stop;        /* number of the stop that time i is */
  PetscReal   value, gone; /* the result; the integral so far */
  PetscReal   dT, dt0, *dtimes;
} CostateCost;

typedef struct _CostateOps *CostateOps;
struct _CostateOps {
  PetscErrorCode (*setfromoptions)(Costate, COSTATE_OPTION_ITEMS);
  PetscErrorCode (*setup)(Costate);
  PetscErrorCode (*forward)(Costate);                           /* before the run begins */
  PetscErrorCode (*arrival)(Costate, PetscInt, PetscReal, Vec); /* a state of the run */
  PetscErrorCode (*begin)(Costate, PetscReal, Vec);             /* before the sweep, at the end of the run */
  PetscErrorCode (*reverse)(Costate, const CostatePiece *);     /* a step; NULL: the adjoint step of the TS type */
  /* from t1 down to t0 without the states of the run, and the state there; NULL: step by step, by `reverse` */
  PetscErrorCode (*interval)(Costate, PetscReal t1, PetscReal t0);
  PetscErrorCode (*state)(Costate, Vec);
  PetscErrorCode (*gradients)(Costate);                              /* instead of a sweep */
  PetscErrorCode (*end)(Costate);                                    /* lambda is at t0 */
  PetscErrorCode (*tangent)(Costate, PetscBool transpose, Vec, Vec); /* products with du/dp after a solve */
  /* G'' (v_u0, v_p), a covector; v_u0 and h_u0 may be NULL */
  PetscErrorCode (*hessianmult)(Costate, PetscInt j, Vec v_u0, Vec v_p, Vec h_u0, Vec h_p);
  PetscErrorCode (*restart)(Costate); /* the equation has changed: another window of the parameters */
  PetscErrorCode (*view)(Costate, PetscViewer);
  PetscErrorCode (*reset)(Costate);
  PetscErrorCode (*destroy)(Costate);
};

#define COSTATE_MAXMONITORS 4

/* An inner product: its matrix, or the root of its inverse; from a file if the options say so. */
typedef struct {
  Mat   mass, root;
  char *file[2];
  KSP   ksp;
  Vec  *vector, work; /* what the covectors of each cost are made to */
} CostateInner;

/* hessiangradients.c: what products with Hessians need, and have taken */
typedef struct _n_CostateSecond *CostateSecond;
struct _n_CostateSecond {
  Vec       u0, p, sol;           /* where the last solve was */
  Vec       du, put;              /* the direction of the initial state; one that is started from */
  Vec       wu[2], wp[2], tu, tp; /* g(ke) - g(-ke), and what is made of them */
  Vec      *lambda, *mu, *full;   /* results of the last solve */
  PetscInt  n;                    /* of these */
  PetscReal shorter;              /* the step that turned out best, in terms of the first */
  PetscBool noisy;                /* no step is better */
  PetscInt  products, gradients;  /* since the last solve */
  PetscReal error;                /* the largest of them: of the second-order differences */
  PetscInt  all[2];               /* products and gradients, of all solves */
};

/* Where one derivative comes from: the application's products, what it gave the equation, and what stands there now */
typedef struct {
  CostateProduct jvp, vjp;
  void          *ctx;
  CostateVJP     v; /* NULL: nobody asked */
  Mat            A, P, mine;
  void (*f)(void);
  void     *fctx;
  PetscBool precondition;    /* P is filled by f */
  PetscBool filled, nonzero; /* differences, and whether one of them was not zero */
  char      why[1024];       /* not one of the others */
} CostateProvider;

struct _p_Costate {
  PETSCHEADER(struct _CostateOps);
  /* given */
  TS                           ts;
  SNES                         snes; /* a steady problem: ts stands for it and is never run */
  CostateSteadyJacobianP       jacobian_p;
  void                        *jacobian_p_ctx;
  PetscReal                    steady_atol, steady_rtol;
  PetscBool                    steady_set; /* they were given */
  CostateSteadyMode            steady_mode;
  PetscBool                    adjoint_rtol; /* that of adjoint steps was set by it */
  PetscReal                    accuracy;     /* of gradients, that was asked for; 0: none was */
  PetscBool                    loose;        /* it was said that a solver is looser than that */
  Vec                          u0, p;
  Mat                          du0dp;
  PetscInt                     ncosts, costcap;
  CostateCost                 *cost;
  CostateRegularizationHessian regularization_hessian;
  void                        *regularization_hessian_ctx;
  CostateParametersChanged     changed;
  void                        *changed_ctx;
  CostateRegularization        regularization;
  void                        *regularization_ctx;
  PetscReal                    blowup;
  PetscBool                    progress, time_gradients, look; /* look: at residuals */
  PetscInt                     nwindows;                       /* of the parameters */
  PetscReal                   *edges;
  CostateTimeWindow            window_option; /* for integrals without a window */
  CostateInner                 inner[2];      /* for gradients with respect to u0 and p */
  PetscBool                    covectors;     /* inner products are left out */
  PetscBool                    check[3], checked;
  char                        *vjp_name[2]; /* for the state, for the parameters */
  PetscInt                     vjp_few;
  PetscBool                    choose, from_options, parameters_only; /* choose: the type, by choose.c */
  CostateProvider              provider[2][2];                        /* by side and by these */
  CostateHessian               hessian;
  CostateSecond                second;
  /* made by SetUp */
  PetscBool    setup, adopted; /* adopted: the costs are those of TSSetCostGradients() */
  TSTrajectory tj;
  PetscReal    t0, dt0, T;
  Vec          u;
  PetscInt     nstops;
  PetscReal   *stops;
  PetscBool    quad_own;                 /* the TS has a quadrature TS made here, for the integrals under TSAdjoint */
  Vec          gu_work, gp_work, before; /* before: the state before, where integrals are summed up */
  PetscReal    t_before;
  PetscReal   *trace; /* times of the states of the last run */
  PetscInt     ntrace, tracecap;
  PetscBool    gap;     /* states were passed over: the run went on from a commit */
  PetscBool    late;    /* the costs are not known yet: TSSetCostGradients() will be called after TSSolve() */
  PetscBool    timed;   /* t0 and dt0 are known */
  PetscBool    door;    /* made for a program that knows nothing of it; see door.c */
  PetscInt     next;    /* its step that is reversed next */
  PetscBool    values;  /* this run is for the values of the costs alone */
  PetscInt     at_stop; /* of the state that has just arrived, or -1 */
  /* results */
  Vec                   *lambda, *mu; /* of each cost; dG/du0 and dG/dp in the end */
  PetscBool              forward_done, adjoint_done;
  CostateConvergedReason reason;
  CostateStatistics      stats;
  PetscReal             *norms;
  PetscReal              end[2];         /* norms of the last state of the last run */
  PetscReal              point[2][2];    /* norms of the parameters and the initial state of the last run */
  PetscObjectState       point_state[2]; /* and when they were last found to be these */
  /* windows.c */
  PetscInt *edge_stop;
  Vec       pw;       /* the parameters of the active window; NULL: there is but one */
  Vec      *full;     /* dG/dp for all windows; mu is that of the active one */
  PetscBool windowed; /* PreStep of windows.c is there */
  PetscInt  interval, window;
  PetscErrorCode (*prestep)(TS); /* the application's */
  PetscInt nmonitors;
  PetscErrorCode (*monitor[COSTATE_MAXMONITORS])(Costate, PetscInt, PetscReal, const PetscReal[], void *);
  PetscErrorCode (*monitor_destroy[COSTATE_MAXMONITORS])(void **);
  void *monitor_ctx[COSTATE_MAXMONITORS];
  void *data; /* of the method */
};

/* forward.c */
PETSC_INTERN PetscErrorCode CostateArrive(TS, PetscInt, PetscReal, Vec, PetscInt, void *);
PETSC_INTERN PetscErrorCode CostateForwardRun(Costate);
PETSC_INTERN PetscErrorCode CostateForwardValues(Costate);
PETSC_INTERN PetscErrorCode CostatePartValue(Costate, const CostatePart *, PetscInt, PetscReal, Vec, PetscReal *);

/* backward.c */
PETSC_INTERN PetscErrorCode CostateReverseStep(TS, const CostatePiece *, void *);
PETSC_INTERN PetscErrorCode CostateBackwardRun(Costate);
PETSC_INTERN PetscErrorCode CostatePartGradient(Costate, const CostatePart *, PetscInt, PetscReal, Vec, PetscBool, Vec);
PETSC_INTERN PetscErrorCode CostateMonitors(Costate, PetscInt, PetscReal);

/* quadrature.c */
PETSC_INTERN PetscErrorCode CostateQuadratureCreate(Costate);

/* setup.c */
PETSC_INTERN PetscErrorCode CostateCreateGradients(Costate);
PETSC_INTERN PetscErrorCode CostateSetUpLate(Costate);

/* windows.c */
PETSC_INTERN PetscErrorCode CostateWindowsSetUp(Costate);
PETSC_INTERN PetscErrorCode CostateWindowsReset(Costate);
PETSC_INTERN PetscErrorCode CostateWindowsBegin(Costate);
PETSC_INTERN PetscErrorCode CostateWindowsArrive(Costate, PetscInt);
PETSC_INTERN PetscErrorCode CostateWindowsCross(Costate, PetscInt);
PETSC_INTERN PetscErrorCode CostateTell(Costate);
PETSC_INTERN PetscErrorCode CostateTellActive(Costate);
PETSC_INTERN PetscReal      CostatePartWeight(const CostatePart *, PetscReal);

static inline Vec CostateActive(const Costate cs)
{
  return cs->pw ? cs->pw : cs->p;
}

/* choose.c */
PETSC_INTERN PetscErrorCode CostateChoose(Costate);

/* providers.c */
PETSC_INTERN PetscErrorCode CostateProvidersSetFromOptions(Costate, COSTATE_OPTION_ITEMS);
PETSC_INTERN PetscErrorCode CostateProvidersSetUp(Costate);
PETSC_INTERN PetscErrorCode CostateProvidersEnd(Costate);
PETSC_INTERN PetscErrorCode CostateProvidersView(Costate, PetscViewer);
PETSC_INTERN PetscErrorCode CostateProvidersReset(Costate);

/* steady.c */
PETSC_INTERN PetscErrorCode CostateSteadySetUp(Costate);
PETSC_INTERN PetscErrorCode CostateSteadySolve(Costate);

/* adjointksp.c: options -costate_adjoint_[more]ksp_..., and the tolerance that the accuracy asks for */
PETSC_INTERN PetscErrorCode CostateAdjointKSPCreate(Costate, const char more[], KSP *);
PETSC_INTERN PetscReal      CostateAdjointTolerance(const Costate);
PETSC_INTERN PetscErrorCode CostateAccuracySetFromOptions(Costate, COSTATE_OPTION_ITEMS);

/* inner.c */
PETSC_INTERN PetscErrorCode CostateInnerSetFromOptions(Costate, COSTATE_OPTION_ITEMS);
PETSC_INTERN PetscErrorCode CostateInnerSetUp(Costate);
PETSC_INTERN PetscErrorCode CostateInnerApply(Costate);
/* in place: the covector with respect to the parameters becomes the vector of the inner product, if there is one */
PETSC_INTERN PetscErrorCode CostateInnerParameters(Costate, Vec);
PETSC_INTERN PetscErrorCode CostateInnerState(Costate, Vec);
PETSC_INTERN PetscErrorCode CostateInnerReset(Costate);
PETSC_INTERN PetscErrorCode CostateInnerDestroy(Costate);

/* checks.c, check.c, products.c */
PETSC_INTERN PetscErrorCode CostateGetRandom(Costate, PetscRandom, PetscRandom *);
PETSC_INTERN PetscErrorCode CostateCheckProducts(Costate, PetscRandom, PetscViewer, PetscReal *, const char **);
PETSC_INTERN PetscErrorCode CostateChecks(Costate);
PETSC_INTERN PetscErrorCode CostateChecksSetFromOptions(Costate, COSTATE_OPTION_ITEMS);

typedef struct {
  char      type[64];
  PetscReal match[2], dt0;
  PetscBool frozen;
} CostateFrozen; /* what was before */
PETSC_INTERN PetscErrorCode CostateFollowSteps(TS, PetscInt, const PetscReal[]);
PETSC_INTERN PetscErrorCode CostateFreezeSteps(Costate, PetscInt, const PetscReal[], CostateFrozen *);
PETSC_INTERN PetscErrorCode CostateThawSteps(Costate, const CostateFrozen *);

/* tangent.c, hessian.c */
PETSC_INTERN PetscErrorCode CostateHessianProduct(Costate, PetscInt, Vec, Vec, Vec, Vec);
PETSC_INTERN PetscErrorCode CostatePointSet(Costate);
PETSC_INTERN PetscErrorCode CostatePointCheck(Costate);
PETSC_INTERN PetscErrorCode CostateHessianGradients(Costate, PetscInt, Vec, Vec, Vec, Vec);
PETSC_INTERN PetscErrorCode CostateHessianTangent(Costate, PetscInt, Vec, Vec, Vec, Vec);
PETSC_INTERN PetscBool      CostateHessianOwn(Costate);
PETSC_INTERN PetscErrorCode CostateHessianSetFromOptions(Costate, COSTATE_OPTION_ITEMS);
PETSC_INTERN PetscErrorCode CostateHessianView(Costate, PetscViewer);
PETSC_INTERN PetscErrorCode CostateHessianReset(Costate);

/* tao.c, taohessian.c: what Tao varies, the parameters, or x with p = first + L x, L the root of their covariance */
typedef struct {
  Costate cs;
  Mat     root;
  Vec     first, g;
  /* the last evaluation that there was */
  Vec       x_last, g_last;
  PetscReal value_last;
  /* of Hessians */
  Vec at, v, hv, p, gp; /* at: the parameters that products are at */
} CostateVariable;
PETSC_INTERN PetscErrorCode CostateVariableSetHessian(CostateVariable *, Tao, Vec);

/* view.c */
PETSC_INTERN PetscErrorCode CostateMonitorDefault(Costate, PetscInt, PetscReal, const PetscReal[], void *);

#endif
