/* SPDX-License-Identifier: BSD-2-Clause */
#include "posterior.h"

/* Jacobi's rotations: a is made diagonal, and the rows of v its eigenvectors. */
static void Eigen(PetscReal a[NPAR][NPAR], PetscReal v[NPAR][NPAR])
{
  for (int i = 0; i < NPAR; i++) {
    for (int j = 0; j < NPAR; j++) v[i][j] = i == j;
  }
  for (int sweep = 0; sweep < 50; sweep++) {
    for (int p = 0; p < NPAR; p++) {
      for (int q = p + 1; q < NPAR; q++) {
        const PetscReal angle = PetscAtan2Real(2 * a[p][q], a[q][q] - a[p][p]) / 2;
        const PetscReal c = PetscCosReal(angle), s = PetscSinReal(angle);

        for (int k = 0; k < NPAR; k++) {
          const PetscReal ap = a[p][k], aq = a[q][k], vp = v[p][k], vq = v[q][k];

          a[p][k] = c * ap - s * aq;
          a[q][k] = s * ap + c * aq;
          v[p][k] = c * vp - s * vq;
          v[q][k] = s * vp + c * vq;
        }
        for (int k = 0; k < NPAR; k++) {
          const PetscReal ap = a[k][p], aq = a[k][q];

          a[k][p] = c * ap - s * aq;
          a[k][q] = s * ap + c * aq;
        }
      }
    }
  }
}

/* The directions of the Hessian, the best known first, with the sign that makes their largest part positive */
static void Directions(Posterior *s)
{
  PetscReal a[NPAR][NPAR], v[NPAR][NPAR];
  PetscBool taken[NPAR] = {PETSC_FALSE};

  for (int i = 0; i < NPAR; i++) {
    for (int j = 0; j < NPAR; j++) a[i][j] = (s->hessian[i][j] + s->hessian[j][i]) / 2;
  }
  Eigen(a, v);
  for (int n = 0; n < NPAR; n++) {
    int best = -1, largest = 0;

    for (int k = 0; k < NPAR; k++) {
      if (!taken[k] && (best < 0 || a[k][k] > a[best][best])) best = k;
    }
    taken[best]      = PETSC_TRUE;
    s->eigenvalue[n] = a[best][best];
    for (int k = 0; k < NPAR; k++) {
      if (PetscAbsReal(v[best][k]) > PetscAbsReal(v[best][largest])) largest = k;
    }
    for (int k = 0; k < NPAR; k++) s->direction[n][k] = v[best][largest] < 0 ? -v[best][k] : v[best][k];
  }
}

/* The standard deviation of something with the derivative d with respect to x */
static PetscReal Deviation(const Posterior *s, const PetscReal d[NPAR])
{
  PetscReal sum = 0;

  for (int i = 0; i < NPAR; i++) {
    for (int j = 0; j < NPAR; j++) sum += d[i] * s->covariance[i][j] * d[j];
  }
  return PetscSqrtReal(sum);
}

static PetscReal Derivative(const Problem *b, const Posterior *s, Parameter k)
{
  return b->prior.spread[k] * (ParameterIsLog[k] ? s->value[k] : 1);
}

static void Deviations(const Problem *b, Posterior *s)
{
  PetscReal outgoing[NPAR] = {0}, exchange[NPAR] = {0};

  s->determined = PETSC_TRUE;
  for (int k = 0; k < NPAR; k++)
    s->determined = (PetscBool)(s->determined && s->eigenvalue[k] + b->prior.weight > PETSC_SMALL * s->eigenvalue[0]);
  s->outgoing = s->value[PAR_A] + 15 * s->value[PAR_B];
  s->exchange = s->value[PAR_B] + 6 * s->value[PAR_SEA];
  if (!s->determined) return;
  for (int i = 0; i < NPAR; i++) {
    for (int j = 0; j < NPAR; j++) {
      s->covariance[i][j] = 0;
      for (int n = 0; n < NPAR; n++)
        s->covariance[i][j] += s->direction[n][i] * s->direction[n][j] / (s->eigenvalue[n] + b->prior.weight);
    }
  }
  for (int k = 0; k < NPAR; k++) s->sd[k] = Derivative(b, s, (Parameter)k) * PetscSqrtReal(s->covariance[k][k]);
  outgoing[PAR_A]   = Derivative(b, s, PAR_A);
  outgoing[PAR_B]   = 15 * Derivative(b, s, PAR_B);
  exchange[PAR_B]   = Derivative(b, s, PAR_B);
  exchange[PAR_SEA] = 6 * Derivative(b, s, PAR_SEA);
  s->sd_outgoing    = Deviation(s, outgoing);
  s->sd_exchange    = Deviation(s, exchange);
}

PetscErrorCode PosteriorCompute(Problem *b, Posterior *s)
{
  const PetscReal    h = 2e-3; /* of a standard deviation of the prior */
  const PetscScalar *v;
  PetscMPIInt        rank;
  const MPI_Comm     comm = PetscObjectComm((PetscObject)b->x);

  PetscFunctionBeginUser;
  *s = (Posterior){.determined = PETSC_FALSE};
  PetscCall(ProblemValues(b, b->x, s->value));
  PetscCallMPI(MPI_Comm_rank(comm, &rank));
  PetscCall(VecGetArrayRead(b->x, &v));
  if (!rank) PetscCall(PetscArraycpy(s->x, v, NPAR));
  PetscCall(VecRestoreArrayRead(b->x, &v));
  PetscCallMPI(MPI_Bcast(s->x, NPAR, MPIU_REAL, 0, comm));
  for (int k = 0; k < NPAR; k++) {
    PetscReal x[NPAR], g[2][NPAR];

    for (int side = 0; side < 2; side++) {
      PetscCall(PetscArraycpy(x, s->x, NPAR));
      x[k] += side ? h : -h;
      PetscCall(ProblemGradient(b, x, g[side]));
    }
    for (int i = 0; i < NPAR; i++) s->hessian[k][i] = (g[1][i] - g[0][i]) / (2 * h);
  }
  PetscCall(ProblemSet(s->x, b->x));
  Directions(s);
  Deviations(b, s);
  PetscFunctionReturn(0);
}

PetscErrorCode PosteriorRoot(const Problem *b, const Posterior *s, Mat *S)
{
  PetscInt first, last;

  PetscFunctionBeginUser;
  PetscCall(VecGetOwnershipRange(b->x, &first, &last));
  PetscCall(MatCreateDense(PetscObjectComm((PetscObject)b->x), last - first, last - first, NPAR, NPAR, NULL, S));
  for (PetscInt i = first; i < last; i++) {
    for (PetscInt n = 0; n < NPAR; n++) {
      /* far from the minimum a direction may be one of negative curvature, or of none */
      const PetscReal curvature = PetscAbsReal(s->eigenvalue[n]) + PetscMax(b->prior.weight, 1e-6 * s->eigenvalue[0]);

      PetscCall(MatSetValue(*S, i, n, s->direction[n][i] / PetscSqrtReal(curvature), INSERT_VALUES));
    }
  }
  PetscCall(MatAssemblyBegin(*S, MAT_FINAL_ASSEMBLY));
  PetscCall(MatAssemblyEnd(*S, MAT_FINAL_ASSEMBLY));
  PetscFunctionReturn(0);
}

static PetscErrorCode PrintRow(MPI_Comm comm, const Posterior *s, const char name[], const char units[],
                               PetscReal value, PetscReal sd, const char before[], PetscReal review, PetscReal first)
{
  char error[32] = "?";

  PetscFunctionBeginUser;
  if (s->determined) PetscCall(PetscSNPrintf(error, sizeof error, "%.3f", (double)sd));
  PetscCall(PetscPrintf(comm, "  %-11s %-7s %9.3f +- %-6s   %-15s", name, units, (double)value, error, before));
  PetscCall(PetscPrintf(comm, "  %10.3f %11.3f\n", (double)review, (double)first));
  PetscFunctionReturn(0);
}

PetscErrorCode PosteriorPrint(const Problem *b, const Posterior *s)
{
  /* North et al. (1981), and North (1975), whose D is 0.310 B */
  static const PetscReal review[NPAR] = {203.3, 2.09, .649, .649, 0}, first[NPAR] = {201.4, 1.45, .4495, .4495, 0};
  const MPI_Comm         comm = PetscObjectComm((PetscObject)b->x);

  PetscFunctionBeginUser;
  PetscCall(
      PetscPrintf(comm, "  parameter             estimate             known before    North &al. 1981   North 1975\n"));
  for (int k = 0; k < NPAR; k++) {
    const PetscReal spread = b->prior.spread[k];
    char            before[32];

    if (!(b->prior.weight > 0))
      PetscCall(PetscSNPrintf(before, sizeof before, "nothing"));
    else if (ParameterIsLog[k])
      PetscCall(PetscSNPrintf(before, sizeof before, "%.3f */ %.2f", (double)b->prior.centre[k],
                              (double)PetscExpReal(spread)));
    else
      PetscCall(PetscSNPrintf(before, sizeof before, "%.1f +- %.1f", (double)b->prior.centre[k], (double)spread));
    PetscCall(
        PrintRow(comm, s, ParameterNames[k], ParameterUnits[k], s->value[k], s->sd[k], before, review[k], first[k]));
  }
  PetscCall(PrintRow(comm, s, "A + 15 B", "W/m^2", s->outgoing, s->sd_outgoing, "", review[PAR_A] + 15 * review[PAR_B],
                     first[PAR_A] + 15 * first[PAR_B]));
  PetscCall(PrintRow(comm, s, "B + 6 D_sea", "W/m^2/K", s->exchange, s->sd_exchange, "",
                     review[PAR_B] + 6 * review[PAR_SEA], first[PAR_B] + 6 * first[PAR_SEA]));
  if (s->determined) PetscCall(PetscPrintf(comm, "  Correlations of their errors:\n"));
  for (int i = 1; i < NPAR && s->determined; i++) {
    PetscCall(PetscPrintf(comm, "    %-7s", ParameterNames[i]));
    for (int j = 0; j < i; j++) {
      const PetscReal both = PetscSqrtReal(s->covariance[i][i] * s->covariance[j][j]);

      PetscCall(PetscPrintf(comm, "  %5.2f (%s)", (double)(s->covariance[i][j] / both), ParameterNames[j]));
    }
    PetscCall(PetscPrintf(comm, "\n"));
  }
  PetscCall(PetscPrintf(comm, "  How much the data say along a direction, if 1 was known before; and the direction, in "
                              "the +- of what was known:\n           "));
  for (int k = 0; k < NPAR; k++) PetscCall(PetscPrintf(comm, " %7s", ParameterNames[k]));
  for (int n = 0; n < NPAR; n++) {
    PetscCall(PetscPrintf(comm, "\n  %9.4g", (double)s->eigenvalue[n]));
    for (int k = 0; k < NPAR; k++) PetscCall(PetscPrintf(comm, " %7.3f", (double)s->direction[n][k]));
  }
  PetscCall(PetscPrintf(comm, "\n"));
  PetscFunctionReturn(0);
}
