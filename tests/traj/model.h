/* SPDX-License-Identifier: BSD-2-Clause */
/* The equations of the test application: right-hand side, derivatives, cost integrand, initial state.  See app.h. */
#ifndef COSTATE_TEST_MODEL_H
#define COSTATE_TEST_MODEL_H

#include <petscdmda.h>
#include <petscts.h>
#include <costate.h>
#include <unistd.h>

typedef enum { END_TIME, END_STEPS, END_USER, END_EVENT } AppEnd;
typedef enum { AT_POSTSTEP, AT_PRESTEP, AT_POSTSTAGE, AT_POSTEVALUATE, AT_MONITOR } AppWhere;
/* when AppRun() calls `visit`: with all steps ahead, between two pieces of the backward sweep, after it */
typedef enum { VISIT_BEFORE, VISIT_BETWEEN, VISIT_AFTER } AppVisit;

typedef struct _App App;
struct _App {
  PetscInt  points; /* of the ring; 2 unknowns each */
  PetscReal T, dt;
  AppEnd    end;
  PetscInt  end_step; /* END_STEPS, END_USER */
  PetscBool event;    /* at t = .37 T the reaction rates change */
  PetscInt  solves;   /* TSSolve() calls, with other rates in each */
  PetscBool integral, parameters, pieces;
  PetscBool carry;      /* does not restart where the rates change, as an application with an FSAL method should */
  PetscReal halve;      /* > 0: a hook multiplies the state of step 5 by it, as no application should */
  AppWhere  where;      /* which hook */
  PetscInt  sweeps;     /* backward sweeps on one run */
  PetscInt  runs;       /* runs with the same TS, forward and backward */
  PetscReal amplitude;  /* the initial state is moved by this, in a direction made from the seed */
  PetscInt  seed;       /* of that direction */
  char      prefix[32]; /* of the options of TS and trajectory */
  PetscErrorCode (*setup)(TS, App *); /* before TSSetFromOptions() */
  PetscErrorCode (*visit)(TS, App *, AppVisit);
  void *user;
  /* the state of the application */
  PetscInt  mode;
  PetscReal A, B;
  DM        dm;
  char     *gate;         /* a call in mid-run waits until there is such a file, and says so by GATE.PID */
  PetscInt  slow;         /* microseconds that each call of the right-hand side waits */
  int64_t  *counted;      /* counts the calls too, where it outlives the process */
  PetscInt  calls, noise; /* noise > 0: the right-hand side depends, in one point, on how often it was called */
  /* what it works with, between AppCreate() and AppDestroy() */
  TS       ts, quad;
  Vec      U, lambda, mu;
  Mat      J, Jp, Jq, Jqp;
  PetscInt steps[8];    /* of each TSSolve() */
  PetscInt solve, left; /* backward: the TSSolve() that is reversed, and the steps left of it */
};

/* In [-1, 1], the same on any number of ranks. */
static inline PetscReal AppDirection(const App *app, PetscInt i)
{
  unsigned x = 2654435761u * (unsigned)(i + 1) + 40503u * (unsigned)app->seed;

  x ^= x >> 15;
  x *= 2246822519u;
  x ^= x >> 13;
  return 2 * (PetscReal)x / (PetscReal)4294967295u - 1;
}

/* The state is complex where PETSc has such numbers: the equations are analytic, and all of this is about its bits. */
#if defined(PETSC_USE_COMPLEX)
#define APP_ASIDE PetscCMPLX(1, .1)
#else
#define APP_ASIDE 1
#endif

static inline PetscReal AppB(const App *app)
{
  return app->B * (1 + .25 * (PetscReal)app->mode);
}

/* Beyond 60 points it is the line that grows: explicit steps of a finer grid end in what is no number. */
static inline PetscReal AppDiffusion(const App *app)
{
  const PetscReal n = (PetscReal)PetscMin(app->points, 60);

  return .02 * n * n / 36;
}

static inline PetscErrorCode AppWaitAtGate(const char gate[])
{
  char  here[PETSC_MAX_PATH_LEN];
  FILE *f;

  PetscFunctionBegin;
  PetscCall(PetscSNPrintf(here, sizeof(here), "%s.%d", gate, (int)getpid()));
  f = fopen(here, "w");
  PetscCheck(f, PETSC_COMM_SELF, PETSC_ERR_FILE_OPEN, "%s", here);
  (void)fclose(f);
  while (access(gate, F_OK)) usleep(10000);
  PetscFunctionReturn(0);
}

static inline PetscErrorCode AppRHS(TS ts, PetscReal t, Vec U, Vec F, void *ctx)
{
  App     *app = (App *)ctx;
  Vec      l;
  PetscInt xs, xm;
  const PetscScalar(*u)[2];
  PetscScalar(*f)[2];
  PetscReal d = AppDiffusion(app), rate = AppB(app), noise = 0;

  PetscFunctionBegin;
  (void)ts;
  app->calls++;
  if (app->counted) ++*app->counted;
  if (app->slow) usleep((useconds_t)app->slow);
  if (app->gate && app->calls == 12) PetscCall(AppWaitAtGate(app->gate));
  if (app->noise && app->calls % app->noise == 0) noise = 1e-14;
  PetscCall(DMGetLocalVector(app->dm, &l));
  PetscCall(DMGlobalToLocal(app->dm, U, INSERT_VALUES, l));
  PetscCall(DMDAVecGetArrayRead(app->dm, l, (void *)&u));
  PetscCall(DMDAVecGetArray(app->dm, F, &f));
  PetscCall(DMDAGetCorners(app->dm, &xs, NULL, NULL, &xm, NULL, NULL));
  for (PetscInt i = xs; i < xs + xm; i++) {
    PetscScalar r = u[i][0] * u[i][0] * u[i][1];
    PetscReal   B = i == app->points - 2 ? rate * (1 + noise) : rate;

    f[i][0] =
        app->A + .1 * PetscSinReal(3 * t) + r - (B + 1) * u[i][0] + d * (u[i - 1][0] - 2. * u[i][0] + u[i + 1][0]);
    f[i][1] = B * u[i][0] - r + d * (u[i - 1][1] - 2. * u[i][1] + u[i + 1][1]);
  }
  PetscCall(DMDAVecRestoreArray(app->dm, F, &f));
  PetscCall(DMDAVecRestoreArrayRead(app->dm, l, (void *)&u));
  PetscCall(DMRestoreLocalVector(app->dm, &l));
  PetscFunctionReturn(0);
}

static inline PetscErrorCode AppJacobian(TS ts, PetscReal t, Vec U, Mat J, Mat P, void *ctx)
{
  App      *app = (App *)ctx;
  PetscInt  xs, xm;
  PetscReal d = AppDiffusion(app), B = AppB(app);
  const PetscScalar(*u)[2];

  PetscFunctionBegin;
  (void)ts;
  (void)t;
  PetscCall(MatZeroEntries(P));
  PetscCall(DMDAVecGetArrayRead(app->dm, U, (void *)&u));
  PetscCall(DMDAGetCorners(app->dm, &xs, NULL, NULL, &xm, NULL, NULL));
  for (PetscInt i = xs; i < xs + xm; i++) {
    PetscScalar uv = 2. * u[i][0] * u[i][1], uu = u[i][0] * u[i][0];

    for (PetscInt c = 0; c < 2; c++) {
      MatStencil  row = {0}, col[4] = {{0}, {0}, {0}, {0}};
      PetscScalar v[4];

      row.i    = i;
      row.c    = c;
      col[0].i = i - 1;
      col[1].i = i + 1;
      col[0].c = col[1].c = c;
      v[0] = v[1] = d;
      col[2].i = col[3].i = i;
      col[2].c            = 0;
      col[3].c            = 1;
      v[2]                = c ? B - uv : uv - (B + 1) - 2 * d;
      v[3]                = c ? -uu - 2 * d : uu;
      PetscCall(MatSetValuesStencil(P, 1, &row, 4, col, v, ADD_VALUES));
    }
  }
  PetscCall(DMDAVecRestoreArrayRead(app->dm, U, (void *)&u));
  PetscCall(MatAssemblyBegin(P, MAT_FINAL_ASSEMBLY));
  PetscCall(MatAssemblyEnd(P, MAT_FINAL_ASSEMBLY));
  if (J != P) PetscCall(MatAssemblyBegin(J, MAT_FINAL_ASSEMBLY));
  if (J != P) PetscCall(MatAssemblyEnd(J, MAT_FINAL_ASSEMBLY));
  PetscFunctionReturn(0);
}

static inline PetscErrorCode AppJacobianP(TS ts, PetscReal t, Vec U, Mat Jp, void *ctx)
{
  App               *app = (App *)ctx;
  PetscInt           lo, hi;
  const PetscScalar *u;
  PetscReal          scale = AppB(app) / app->B;

  PetscFunctionBegin;
  (void)ts;
  (void)t;
  PetscCall(VecGetOwnershipRange(U, &lo, &hi));
  PetscCall(VecGetArrayRead(U, &u));
  for (PetscInt i = lo; i < hi; i += 2) {
    PetscCall(MatSetValue(Jp, i, 0, 1, INSERT_VALUES));
    PetscCall(MatSetValue(Jp, i, 1, -scale * u[i - lo], INSERT_VALUES));
    PetscCall(MatSetValue(Jp, i + 1, 1, scale * u[i - lo], INSERT_VALUES));
  }
  PetscCall(VecRestoreArrayRead(U, &u));
  PetscCall(MatAssemblyBegin(Jp, MAT_FINAL_ASSEMBLY));
  PetscCall(MatAssemblyEnd(Jp, MAT_FINAL_ASSEMBLY));
  PetscFunctionReturn(0);
}

/* g = sum u, on all ranks the same number; its vector lives on the last rank, as TSCreateQuadratureTS() wants one entry
 */
static inline PetscErrorCode AppIntegrand(TS ts, PetscReal t, Vec U, Vec R, void *ctx)
{
  PetscScalar sum;
  Vec         u;

  PetscFunctionBegin;
  (void)ts;
  (void)t;
  (void)ctx;
  PetscCall(VecDuplicate(U, &u));
  PetscCall(VecCopy(U, u));
  PetscCall(VecStrideSum(u, 0, &sum));
  PetscCall(VecDestroy(&u));
  PetscCall(VecSet(R, sum));
  PetscFunctionReturn(0);
}

static inline PetscErrorCode AppIntegrandU(TS ts, PetscReal t, Vec U, Mat J, Mat P, void *ctx)
{
  PetscInt lo, hi;

  PetscFunctionBegin;
  (void)ts;
  (void)t;
  (void)P;
  (void)ctx;
  PetscCall(VecGetOwnershipRange(U, &lo, &hi));
  for (PetscInt i = lo; i < hi; i++) PetscCall(MatSetValue(J, i, 0, i % 2 ? 0 : 1, INSERT_VALUES));
  PetscCall(MatAssemblyBegin(J, MAT_FINAL_ASSEMBLY));
  PetscCall(MatAssemblyEnd(J, MAT_FINAL_ASSEMBLY));
  PetscFunctionReturn(0);
}

static inline PetscErrorCode AppIntegrandP(TS ts, PetscReal t, Vec U, Mat J, void *ctx)
{
  PetscFunctionBegin;
  (void)ts;
  (void)t;
  (void)U;
  (void)ctx;
  PetscCall(MatAssemblyBegin(J, MAT_FINAL_ASSEMBLY));
  PetscCall(MatAssemblyEnd(J, MAT_FINAL_ASSEMBLY));
  PetscFunctionReturn(0);
}

static inline PetscErrorCode AppInitial(App *app, Vec U)
{
  PetscInt lo, hi;

  PetscFunctionBegin;
  PetscCall(VecGetOwnershipRange(U, &lo, &hi));
  for (PetscInt i = lo; i < hi; i++) {
    PetscReal x = 2 * PETSC_PI * (PetscReal)(i / 2) / (PetscReal)app->points;
    PetscReal u = i % 2 ? 2 + .3 * PetscCosReal(2 * x) : 1 + .5 * PetscSinReal(x);

    PetscCall(VecSetValue(U, i, APP_ASIDE * (u + app->amplitude * AppDirection(app, i)), INSERT_VALUES));
  }
  PetscCall(VecAssemblyBegin(U));
  PetscCall(VecAssemblyEnd(U));
  PetscFunctionReturn(0);
}

#endif
