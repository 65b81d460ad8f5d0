/* SPDX-License-Identifier: BSD-2-Clause */
/*
  The backward integrator of the continuous adjoints.

  With tau = -t, M^T lambda_tau = -R_u^T lambda + g_u is integrated by a TS of its own over the pieces of the run, for
  all costs at once, and with it, if a method asks for that,

    mu_tau = g_p - R_p^T lambda     the integral for the parameters, which steers no step and enlarges no linear system
    y_tau  = -u'                    the state itself (backsolve)

  u(t) comes from the piece: the cubic through the states and slopes at its two ends.
*/
#ifndef COSTATE_SWEEP_H
#define COSTATE_SWEEP_H

#include "costateimpl.h"
#include <costate/model.h>

#define COSTATE_SWEEP_MU 1
#define COSTATE_SWEEP_Y  2
/* instead: M S_t = -R_u S - R_p forward, one column for each parameter */
#define COSTATE_SWEEP_TANGENT 4

typedef struct _n_CostateSweep *CostateSweep;
struct _n_CostateSweep {
  Costate      cs;
  CostateModel model;
  TS           ts;
  Vec          z; /* lambda of each cost, mu of each cost, y */
  int          what;
  PetscReal    dir; /* of time: -1 backward, tau = dir t */
  PetscBool    implicit, dae, adaptive;
  PetscBool    linear, own; /* dense output: by the line between the ends of a step, by the TS */
  PetscInt     m, n, np;    /* costs; local sizes of the state and of the parameters */
  PetscReal    dt;          /* given for fixed steps, or 0 */
  PetscReal    h;           /* the step size that comes next, if nothing is in its way */
  PetscReal    last;        /* length of the last step of the run */
  PetscReal    size;        /* of the states of the run that were seen */
  /* the piece */
  PetscReal t[2];
  Vec       u[2], s[2], c[2]; /* states, slopes and curvatures at its ends */
  PetscBool curved;           /* whether curvatures are used */
  PetscBool have;
  /* the point where the Jacobian was made last */
  PetscReal         tj, shift;
  Vec               uj, udotj, U, Udot;
  KSP               ksp, kspy;
  Vec               a, b, pa, pb, gu, gp; /* views of parts of long vectors; work */
  PetscObjectState *seen;                 /* lambda of the costs as it was left */
  PetscInt          steps, rejections, its;
  /* called after each accepted step of the sweep, from tau0 to tau1 */
  PetscErrorCode (*accepted)(CostateSweep, PetscReal tau0, PetscReal tau1, void *);
  void *ctx;
  /* dense output of lambda over the last step: both ends, and the slopes there if the type is explicit */
  PetscReal tau[2];
  Vec       end[2], slope[2];
};

PETSC_INTERN PetscErrorCode CostateSweepCreate(Costate, int what, CostateSweep *);
PETSC_INTERN PetscErrorCode CostateSweepDestroy(CostateSweep *);
PETSC_INTERN PetscErrorCode CostateSweepBegin(CostateSweep, PetscReal t, Vec u);
PETSC_INTERN PetscErrorCode CostateSweepPiece(CostateSweep, const CostatePiece *);
PETSC_INTERN PetscErrorCode CostateSweepHold(CostateSweep, const CostatePiece *);
PETSC_INTERN PetscErrorCode CostateSweepValues(CostateSweep, PetscInt step, PetscReal t, Vec u);
PETSC_INTERN PetscErrorCode CostateSweepState(CostateSweep, PetscReal t, Vec u, Vec udot);
/* z from t1 to t2 on the piece that is held */
PETSC_INTERN PetscErrorCode CostateSweepIntegrate(CostateSweep, PetscReal t1, PetscReal t2);
PETSC_INTERN PetscErrorCode CostateSweepInterval(CostateSweep, PetscReal t1, PetscReal t0);
PETSC_INTERN PetscErrorCode CostateSweepSetY(CostateSweep, Vec);
PETSC_INTERN PetscErrorCode CostateSweepGetY(CostateSweep, Vec);
/* out = g_p - R_p^T lambda of cost j at (t, u, u'), the integrand of mu */
PETSC_INTERN PetscErrorCode CostateSweepIntegrand(CostateSweep, PetscReal t, Vec z, PetscInt j, Vec out);
PETSC_INTERN PetscErrorCode CostateSweepCount(CostateSweep);

/* f is called after each accepted step, from tau0 to tau1; within it lambda is to be had in between */
PETSC_INTERN PetscErrorCode CostateSweepSetAccepted(CostateSweep,
                                                    PetscErrorCode (*)(CostateSweep, PetscReal, PetscReal, void *),
                                                    void *);
PETSC_INTERN PetscErrorCode CostateSweepDense(CostateSweep, PetscReal tau, Vec z);

/* continuous.c: what a continuous adjoint keeps in cs->data, or begins it with */
typedef struct {
  CostateSweep sweep;
  PetscInt     nwork;
  Vec         *work, at;
} CostateContinuous;
PETSC_INTERN PetscErrorCode CostateContinuousCreate(Costate);
PETSC_INTERN PetscErrorCode CostateContinuousSetUp(Costate, int what);
PETSC_INTERN PetscErrorCode CostateContinuousReset(Costate);

/* integrand.c: adds the gradient of the integral part of cost j, also where it belongs to a quadrature TS of the user's
 */
PETSC_INTERN PetscErrorCode CostateIntegrandGradient(Costate, PetscInt j, PetscReal t, Vec u, PetscBool p, Vec g);

#endif
