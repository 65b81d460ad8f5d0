/* SPDX-License-Identifier: BSD-2-Clause */
/*
  The backward integrator of the continuous adjoints.

  With tau = -t, M^T lambda_tau = -R_u^T lambda + g_u is integrated by a TS of its own over the pieces of the run, for
  all costs at once, and with it, if a method asks for that,

    mu_tau = g_p - R_p^T lambda     the integral for the parameters, which steers no step and enlarges no linear system
    y_tau  = -u'                    the state itself (backsolve)

  u(t) comes from the piece: the polynomial through the states and slopes at its two ends.

    sweep.c       how it is made                sweepdrive.c   how it goes from piece to piece
    sweepfun.c    its equations                 sweepdense.c   lambda between the ends of a step
    sweepstate.c  u(t), and y                   sweeplayer.c   what is too fast for the steps
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
  PetscBool    own;              /* dense output: by the TS */
  PetscReal    theta;            /* of theta methods, else -1 */
  PetscBool    endpoint;         /* of theta methods: the variant that has the two ends of a step for stages */
  PetscInt     m, n, np;         /* costs; local sizes of the state and of the parameters */
  PetscReal    dt;               /* given for fixed steps, or 0 */
  PetscReal    h;                /* the step size that comes next, if nothing is in its way */
  PetscReal    last;             /* length of the last step of the run */
  PetscReal    size;             /* of the states of the run that were seen */
  PetscBool    jumped;           /* lambda, or its equation, is not what the last step left */
  TS           layer;            /* goes over what is too fast for the steps, see sweeplayer.c */
  PetscBool    layers, in_layer; /* -costate_adjoint_layers */
  /* the piece */
  PetscReal t[2];
  Vec       u[2], s[2], c[2]; /* states, slopes and curvatures at its ends */
  PetscBool curved;           /* whether curvatures are used */
  PetscBool have;
  /* the point where the Jacobian was made last */
  PetscReal         tj, shift;
  PetscScalar       scale;    /* what PETSc has multiplied it by since then */
  PetscBool         starting; /* the first stage of the step is still to come */
  Vec               uj, udotj, U, Udot;
  KSP               ksp, kspy;
  Vec               a, b, pa, pb, gu, gp; /* views of parts of long vectors; work */
  PetscObjectState *seen;                 /* lambda of the costs as it was left */
  PetscBool        *active;               /* whether their integrals were counted */
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
/* one step of ts, which is the integrator or that of layers; tau becomes its end */
PETSC_INTERN PetscErrorCode CostateSweepStep(CostateSweep, TS ts, PetscReal h, PetscReal *tau);
/* after a jump: how many times faster lambda changes than a step of length h can follow; 0 if it can */
PETSC_INTERN PetscErrorCode CostateSweepSpeed(CostateSweep, PetscReal h, PetscReal *speed);
/* tau becomes tau + h in steps that begin as short as this speed asks for */
PETSC_INTERN PetscErrorCode CostateSweepLayer(CostateSweep, PetscReal h, PetscReal speed, PetscReal *tau);
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
PETSC_INTERN PetscErrorCode CostateSweepAccept(CostateSweep, PetscReal from, PetscReal tau);
/* weights of values (0, 1), slopes (2, 3) and, if n is 6 and not 4, curvatures (4, 5) in Hermite's polynomial */
PETSC_INTERN void CostateHermite(int n, PetscReal h, PetscReal x, PetscScalar c[], PetscScalar d[]);

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
