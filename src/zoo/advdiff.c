/* SPDX-License-Identifier: BSD-2-Clause */
/*
  Advection and diffusion in the unit square, u_t + a.grad u = kappa laplace u + p, upwind differences, the source p a
  parameter at each node; periodic, or zero at the boundary (dirichlet).
*/
#include "zooimpl.h"
#include <complex.h>

#define AX    1.0
#define AY    0.5
#define KAPPA 0.01

static const char *const variants[] = {"periodic", "dirichlet", NULL};

static PetscErrorCode Periodic(CostateProblem problem, PetscBool *periodic)
{
  PetscFunctionBegin;
  *periodic = (PetscBool)(problem->variant == 0);
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* mean + Re(wave e^(i theta)) where that is an eigenvector, theta = 2 pi (x + 2 y); else a hill of that height */
static PetscErrorCode Wave(CostateProblem problem, PetscReal mean, double complex wave, Vec u)
{
  PetscInt      lo[2], n[2];
  PetscScalar **x;

  PetscFunctionBegin;
  PetscCall(DMDAGetCorners(problem->dm, &lo[0], &lo[1], NULL, &n[0], &n[1], NULL));
  PetscCall(DMDAVecGetArray(problem->dm, u, (void *)&x));
  for (PetscInt j = lo[1]; j < lo[1] + n[1]; j++) {
    for (PetscInt i = lo[0]; i < lo[0] + n[0]; i++) {
      const PetscReal theta = 2 * PETSC_PI * problem->h * (PetscReal)(i + 2 * j);
      const PetscReal hill  = PetscSinReal(PETSC_PI * (PetscReal)(i + 1) * problem->h) *
                             PetscSinReal(PETSC_PI * (PetscReal)(j + 1) * problem->h);

      if (problem->variant)
        x[j][i] = mean * hill;
      else
        x[j][i] = mean + creal(wave) * PetscCosReal(theta) - cimag(wave) * PetscSinReal(theta);
    }
  }
  PetscCall(DMDAVecRestoreArray(problem->dm, u, (void *)&x));
  PetscFunctionReturn(PETSC_SUCCESS);
}

static PetscErrorCode Initial(CostateProblem problem, Vec u)
{
  PetscFunctionBegin;
  PetscCall(Wave(problem, 1, 1, u));
  PetscFunctionReturn(PETSC_SUCCESS);
}

static PetscErrorCode Source(CostateProblem problem, Vec p)
{
  PetscFunctionBegin;
  PetscCall(Wave(problem, 0.2, -0.5 * _Complex_I, p));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* The stencil: the node itself, west, east, south, north */
static void Coefficients(PetscReal h, PetscReal c[5])
{
  const PetscReal d = KAPPA / (h * h);

  c[0] = -AX / h - AY / h - 4 * d;
  c[1] = AX / h + d;
  c[2] = d;
  c[3] = AY / h + d;
  c[4] = d;
}

static PetscErrorCode RHS(CostateProblem problem, PetscReal t, Vec u, Vec f)
{
  const PetscBool     wall = (PetscBool)(problem->variant == 1);
  const PetscInt      end  = problem->n - 1;
  PetscReal           c[5];
  Vec                 local;
  PetscInt            lo[2], n[2];
  const PetscScalar **x, **source;
  PetscScalar       **y;

  PetscFunctionBegin;
  (void)t;
  Coefficients(problem->h, c);
  PetscCall(ZooGhosts(problem, u, &local));
  PetscCall(DMDAGetCorners(problem->dm, &lo[0], &lo[1], NULL, &n[0], &n[1], NULL));
  PetscCall(DMDAVecGetArrayRead(problem->dm, local, (void *)&x));
  PetscCall(DMDAVecGetArrayRead(problem->dm, problem->p, (void *)&source));
  PetscCall(DMDAVecGetArray(problem->dm, f, (void *)&y));
  for (PetscInt j = lo[1]; j < lo[1] + n[1]; j++) {
    for (PetscInt i = lo[0]; i < lo[0] + n[0]; i++) {
      y[j][i] = c[0] * x[j][i] + source[j][i];
      if (!wall || i > 0) y[j][i] += c[1] * x[j][i - 1];
      if (!wall || i < end) y[j][i] += c[2] * x[j][i + 1];
      if (!wall || j > 0) y[j][i] += c[3] * x[j - 1][i];
      if (!wall || j < end) y[j][i] += c[4] * x[j + 1][i];
    }
  }
  PetscCall(DMDAVecRestoreArray(problem->dm, f, (void *)&y));
  PetscCall(DMDAVecRestoreArrayRead(problem->dm, problem->p, (void *)&source));
  PetscCall(DMDAVecRestoreArrayRead(problem->dm, local, (void *)&x));
  PetscCall(DMRestoreLocalVector(problem->dm, &local));
  PetscFunctionReturn(PETSC_SUCCESS);
}

static PetscErrorCode Jacobian(CostateProblem problem, PetscReal t, Vec u, Mat A)
{
  static const int step[5][2] = {{0, 0}, {-1, 0}, {1, 0}, {0, -1}, {0, 1}};
  PetscReal        c[5];
  PetscInt         lo[2], n[2];

  PetscFunctionBegin;
  (void)t, (void)u;
  Coefficients(problem->h, c);
  PetscCall(DMDAGetCorners(problem->dm, &lo[0], &lo[1], NULL, &n[0], &n[1], NULL));
  for (PetscInt j = lo[1]; j < lo[1] + n[1]; j++) {
    for (PetscInt i = lo[0]; i < lo[0] + n[0]; i++) {
      const MatStencil row = {.i = i, .j = j};

      for (int k = 0; k < 5; k++) {
        const MatStencil  column = {.i = i + step[k][0], .j = j + step[k][1]};
        const PetscScalar value  = c[k];

        /* beyond a wall there is nothing */
        if (problem->variant && (column.i < 0 || column.i >= problem->n || column.j < 0 || column.j >= problem->n))
          continue;
        PetscCall(MatSetValuesStencil(A, 1, &row, 1, &column, &value, INSERT_VALUES));
      }
    }
  }
  PetscFunctionReturn(PETSC_SUCCESS);
}

/*
  On the torus the default state and source are a constant and a wave with the eigenvalue mu, and their amplitudes m and
  z follow m' = q0, z' = mu z + q.  A cost h^2 |u|^2/2 at time s has the gradients h^2 (m + Re(e^(mu* s) z e^(i theta)))
  and h^2 (s m + Re((e^(mu* s) - 1)/mu* z e^(i theta))), mu* being the eigenvalue of the transposed matrix.
*/
static PetscErrorCode Known(CostateProblem problem, const char **source, Vec du0, Vec dp, PetscBool known[2])
{
  const PetscReal      h = problem->h, q0 = 0.2;
  const double complex q = -0.5 * _Complex_I, west = cexp(-2 * PETSC_PI * h * _Complex_I), south = west * west;
  double complex       mu, zu = 0, zp = 0;
  PetscReal            c[5], mean_u = 0, mean_p = 0;
  PetscBool            same[2];

  PetscFunctionBegin;
  if (problem->variant || problem->kind == COSTATE_COST_INTEGRAL) PetscFunctionReturn(PETSC_SUCCESS);
  PetscCall(Initial(problem, du0));
  PetscCall(Source(problem, dp));
  PetscCall(VecEqual(du0, problem->u0, &same[0]));
  PetscCall(VecEqual(dp, problem->p, &same[1]));
  if (!same[0] || !same[1]) PetscFunctionReturn(PETSC_SUCCESS);
  Coefficients(h, c);
  mu = c[0] + c[1] * west + c[2] * conj(west) + c[3] * south + c[4] * conj(south);
  for (PetscInt i = 0; i < (problem->kind == COSTATE_COST_TIMES ? problem->times.n : 1); i++) {
    const PetscReal      s = (problem->kind == COSTATE_COST_TIMES ? problem->times.x[i] : problem->tend) - problem->t0;
    const double complex E = cexp(mu * s), z = E + (E - 1) / mu * q;
    const PetscReal      m = 1 + q0 * s;

    mean_u += m;
    mean_p += s * m;
    zu += conj(E) * z;
    zp += conj((E - 1) / mu) * z;
  }
  PetscCall(Wave(problem, h * h * mean_u, h * h * zu, du0));
  PetscCall(Wave(problem, h * h * mean_p, h * h * zp, dp));
  *source  = "exact";
  known[0] = known[1] = PETSC_TRUE;
  PetscFunctionReturn(PETSC_SUCCESS);
}

#define HALF_SQUARE                                                                                                    \
  {                                                                                                                    \
    .text = "the integral of u^2/2 over the square", .square = PETSC_TRUE, .cells = PETSC_TRUE                         \
  }

static const ZooField model = {.about    = {.variants = variants,
                                            .n        = 16,
                                            .nmin     = 3,
                                            .np       = ZOO_FIELD,
                                            .nu0      = ZOO_FIELD,
                                            .pnames   = "source at each node",
                                            .t0       = 0,
                                            .tend     = 0.5,
                                            .dt       = 1e-3,
                                            .times    = "0.1:0.1:0.5",
                                            .type     = TSRK,
                                            .form     = ZOO_RHS,
                                            .kind     = COSTATE_COST_TERMINAL},
                               .dim      = 2,
                               .dof      = 1,
                               .stencil  = 1,
                               .cost     = {HALF_SQUARE, HALF_SQUARE, HALF_SQUARE},
                               .periodic = Periodic,
                               .initial  = Initial,
                               .source   = Source,
                               .rhs      = RHS,
                               .jacobian = Jacobian,
                               .known    = Known};

PetscErrorCode CostateProblemDefine_advdiff(CostateProblem problem)
{
  PetscFunctionBegin;
  PetscCall(ZooFieldDefine(problem, &model));
  PetscFunctionReturn(PETSC_SUCCESS);
}
