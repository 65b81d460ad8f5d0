/* SPDX-License-Identifier: BSD-2-Clause */
/*
  Inside the zoo.

    problem.c   a problem comes and goes, what can be asked of it
    options.c   its options
    setup.c     vectors, matrices and the TS with the defaults of the model
    forms.c     the callbacks of the TS, in the three forms in which an equation can be given
    costs.c     what a Costate is handed
    small.c     models of a few unknowns: plain functions of arrays
    smallcosts.c their costs
    smallknown.c their known gradients
    field.c     models on grids
    view.c      what there is to say about a problem

  A model is a ZooSmall or a ZooField in a file of its own, which no other file knows.
*/
#ifndef COSTATE_ZOOIMPL_H
#define COSTATE_ZOOIMPL_H

#include "../base/compat.h"
#include <petscdmda.h>
#include "../base/package.h"
#include <costate/zoo.h>

#define ZOO_MAX   8  /* unknowns of small models, and parameters of models whose parameters are no field */
#define ZOO_FIELD -1 /* as many as there are unknowns, or one for all of them */
#define ZOO_KINDS 3  /* of costs */
#define ZOO_FORMS 3

/* u' = f, M u' - f = 0, or M u' = f with the left side apart from the right one */
typedef enum { ZOO_RHS, ZOO_IMPLICIT, ZOO_SPLIT } ZooForm;
PETSC_INTERN const char *const ZooForms[];

/* What every model says of itself. */
typedef struct {
  const char *const *variants; /* names, ends with NULL; or NULL */
  PetscInt           n, nmin;  /* default and least of -n; 0: the option is not heeded */
  PetscInt           np, nu0;  /* values of -p and of -u0, or ZOO_FIELD; 0: the option is not heeded */
  const PetscReal   *p, *u0;   /* defaults; of a ZooField's u0, and of its p if that is a field, NULL */
  const char        *pnames;   /* as in "a, b, c" */
  PetscReal          t0, tend, dt;
  const char        *times; /* of COSTATE_COST_TIMES, as for -times */
  const char        *type;  /* TS type where the form does not ask for another */
  ZooForm            form;
  PetscBool          mass;            /* M is not the identity */
  PetscBool          algebraic;       /* M is singular */
  CostateCostKind    kind;            /* default of -cost */
  const char        *cost[ZOO_KINDS]; /* in words; NULL: there is none of that kind */
} ZooModel;

typedef struct {
  PetscErrorCode (*setup)(CostateProblem);         /* u, p, J, Jp, their values, and what is the kind's own */
  PetscErrorCode (*initial)(CostateProblem, Vec);  /* the initial state for the present parameters */
  PetscErrorCode (*initialp)(CostateProblem, Mat); /* its derivative; du0dp is NULL where that is zero */
  PetscErrorCode (*rhs)(CostateProblem, PetscReal, Vec, Vec);
  PetscErrorCode (*jacobian)(CostateProblem, PetscReal, Vec, Mat);
  PetscErrorCode (*jacobianp)(CostateProblem, PetscReal, Vec, Mat);
  PetscErrorCode (*mass)(CostateProblem, Mat);       /* where the problem has an M */
  PetscErrorCode (*massp)(CostateProblem, Vec, Mat); /* adds d(M u')/dp, where it is not zero */
  PetscErrorCode (*cost)(CostateProblem, PetscReal, Vec, Vec, PetscReal *);
  PetscErrorCode (*cost_gradient)(CostateProblem, PetscReal, Vec, Vec, Vec,
                                  Vec); /* adds to gu and gp, NULL: not wanted */
  PetscErrorCode (*known)(CostateProblem, const char **, Vec, Vec, PetscBool[2]);
  PetscErrorCode (*reduce)(CostateProblem, Vec);             /* of models with algebraic unknowns */
  const char *(*cost_text)(CostateProblem, CostateCostKind); /* NULL: there is none of that kind */
} ZooOps;

/* Values that were given by an option, n < 0 where there are none */
typedef struct {
  PetscInt   n;
  PetscReal *x;
} ZooValues;

struct _n_CostateProblem {
  MPI_Comm    comm;
  char       *prefix;
  const char *name, *text;
  PetscErrorCode (*define)(CostateProblem); /* sets model, ops and what is theirs, knowing the variant */
  const ZooModel *model;
  const ZooOps   *ops;
  const void     *def; /* the ZooSmall or the ZooField */
  /* what was chosen */
  PetscInt        variant, n;
  ZooForm         form;
  CostateCostKind kind;
  PetscReal       t0, tend, dt;
  ZooValues       p_given, u0_given, times;
  PetscBool       times_given, options;
  /* what was made */
  PetscBool  setup;
  TS         ts;
  DM         dm;    /* of a ZooField */
  PetscBool  massp; /* M depends on p */
  PetscInt   size;
  PetscReal  h; /* of a ZooField: the distance of two nodes */
  Vec        u0, p, p_before, known[2];
  Mat        J, Jp, M, du0dp;
  VecScatter all_u, all_p; /* to every rank, where it is a few numbers */
  Vec        seq_u, seq_p;
};

/* A cost of a small model: value, and what is added to its gradients */
typedef struct {
  const char *text;
  PetscReal (*value)(PetscInt n, PetscReal t, const PetscReal u[], const PetscReal p[]);
  void (*gradient)(PetscInt n, PetscReal t, const PetscReal u[], const PetscReal p[], PetscReal gu[], PetscReal gp[]);
} ZooSmallCost;

PETSC_INTERN const ZooSmallCost ZooCostSum, ZooCostFirst, ZooCostSecond, ZooCostThird; /* linear in u */
PETSC_INTERN const ZooSmallCost ZooCostSquare, ZooCostSquareFromOne, ZooCostSquareFromTwo, ZooCostSquareOfSum;

/* A gradient that is known for the default options but for the kind of cost; NULL: not known */
typedef struct {
  CostateCostKind  kind;
  const char      *source;
  const PetscReal *du0, *dp;
} ZooKnown;

/*
  A model of a few unknowns: functions of all of them, matrices by rows.  What they write is zero on entry.  The
  equation is analytic in u and p, for complex steps; costs and what is known are those of real numbers.

  exact() computes the gradient for the present options where there is a formula.
*/
typedef struct {
  ZooModel            about;
  PetscInt            n;
  const ZooSmallCost *cost[ZOO_KINDS];
  void (*f)(PetscReal t, const PetscScalar u[], const PetscScalar p[], PetscScalar f[]);
  void (*fu)(PetscReal t, const PetscScalar u[], const PetscScalar p[], PetscScalar J[]);
  void (*fp)(PetscReal t, const PetscScalar u[], const PetscScalar p[], PetscScalar Jp[]);
  void (*mass)(const PetscScalar p[], PetscScalar M[]);
  void (*massp)(const PetscScalar p[], const PetscScalar udot[], PetscScalar Jp[]);
  void (*initial)(const PetscReal v[], const PetscReal p[], PetscReal u[]); /* NULL: u = v, the values of -u0 */
  void (*initialp)(const PetscReal v[], const PetscReal p[], PetscScalar Jp[]);
  PetscBool (*exact)(CostateProblem, const PetscReal u0[], const PetscReal p[], const char **, PetscReal du0[],
                     PetscReal dp[]);
  const ZooKnown *known; /* ends with source == NULL */
} ZooSmall;

/* A cost of a model on a grid: the sum of (u - target)^2 / 2, or of u - target, over nodes and components */
typedef struct {
  const char *text;
  PetscBool   square, cells; /* cells: each node counts as h^dim */
  PetscReal   target;
} ZooFieldCost;

/* A model on a grid of n nodes in each of dim directions.  jacobianp == NULL: p is a source, f_p the identity. */
typedef struct {
  ZooModel     about;
  PetscInt     dim, dof, stencil;
  ZooFieldCost cost[ZOO_KINDS];
  PetscErrorCode (*periodic)(CostateProblem, PetscBool *);
  PetscErrorCode (*initial)(CostateProblem, Vec);
  PetscErrorCode (*source)(CostateProblem, Vec);
  PetscErrorCode (*rhs)(CostateProblem, PetscReal, Vec, Vec);
  PetscErrorCode (*jacobian)(CostateProblem, PetscReal, Vec, Mat);
  PetscErrorCode (*jacobianp)(CostateProblem, PetscReal, Vec, Mat);
  PetscErrorCode (*known)(CostateProblem, const char **, Vec, Vec, PetscBool[2]);
} ZooField;

/* problem.c */
PETSC_INTERN PetscErrorCode ZooDefault(CostateProblem);

/* setup.c */
PETSC_INTERN PetscErrorCode ZooSetUp(CostateProblem);

/* options.c */
PETSC_INTERN PetscErrorCode ZooParse(CostateProblem, const char[], const char[], PetscBool, ZooValues *);

/* forms.c */
PETSC_INTERN PetscErrorCode ZooSetForm(CostateProblem);

/* small.c */
PETSC_INTERN PetscErrorCode ZooSmallDefine(CostateProblem, const ZooSmall *);
PETSC_INTERN PetscErrorCode ZooGetAll(Vec, VecScatter, Vec, PetscInt, PetscScalar[]);
PETSC_INTERN PetscErrorCode ZooGetParameters(CostateProblem, Vec, PetscScalar[ZOO_MAX]);
PETSC_INTERN PetscErrorCode ZooRealParameters(CostateProblem, Vec, PetscReal[ZOO_MAX]);
PETSC_INTERN PetscErrorCode ZooMakeParameters(CostateProblem, PetscInt);
PETSC_INTERN PetscErrorCode ZooMakeMatrix(Vec, Vec, PetscInt, Mat *);
PETSC_INTERN PetscErrorCode ZooSmallState(CostateProblem, Vec, PetscScalar[ZOO_MAX]);
PETSC_INTERN PetscErrorCode ZooSmallReals(CostateProblem, Vec, Vec, PetscReal[ZOO_MAX], PetscReal[ZOO_MAX]);
PETSC_INTERN PetscErrorCode ZooSmallSet(Vec, const PetscReal[]);

/* smallknown.c */
PETSC_INTERN PetscErrorCode ZooSmallKnown(CostateProblem, const char **, Vec, Vec, PetscBool[2]);
PETSC_INTERN PetscErrorCode ZooSmallReduce(CostateProblem, Vec);

/* field.c */
PETSC_INTERN PetscErrorCode ZooFieldDefine(CostateProblem, const ZooField *);
PETSC_INTERN PetscErrorCode ZooGhosts(CostateProblem, Vec, Vec *);

#endif
