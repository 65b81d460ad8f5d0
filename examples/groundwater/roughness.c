/* SPDX-License-Identifier: BSD-2-Clause */
/* Both are weight int phi(|grad k|) dA, with phi(s) = s^2/2 and phi(s) = (sqrt(s^2 + slope^2) - slope) / 1 km, and the
   gradient by differences to the right and upwards. */
#include "roughness.h"

#define KILOMETRE 1e3

static PetscReal Phi(const Roughness *r, PetscReal s2, PetscReal *dphi_over_s)
{
  if (r->type == ROUGHNESS_TIKHONOV) {
    *dphi_over_s = 1;
    return s2 / 2;
  }
  const PetscReal rounded = PetscSqrtReal(s2 + r->slope * r->slope);

  *dphi_over_s = 1 / (rounded * KILOMETRE);
  return (rounded - r->slope) / KILOMETRE;
}

/* With what the cell's part of the gradient of the roughness is that of k: phi'/s, times the area; and phi times it */
static PetscReal Stiffness(const Roughness *r, const Aquifer *a, const PetscScalar *const *k, PetscInt i, PetscInt j,
                           PetscReal *phi)
{
  const PetscReal area = r->weight * a->dx * a->dy;
  const PetscReal x    = i + 1 < a->nx ? (k[j][i + 1] - k[j][i]) / a->dx : 0;
  const PetscReal y    = j + 1 < a->ny ? (k[j + 1][i] - k[j][i]) / a->dy : 0;
  PetscReal       stiffness;

  *phi = area * Phi(r, x * x + y * y, &stiffness);
  return area * stiffness;
}

PetscErrorCode RoughnessValue(const Roughness *r, const Aquifer *a, Vec K, PetscReal *value, Vec G)
{
  const PetscScalar *const *k;
  PetscScalar             **g;
  PetscReal                 sum = 0, phi;
  DMDALocalInfo             d;
  Vec                       local, gradient;

  PetscFunctionBeginUser;
  PetscCall(DMGetLocalVector(a->da, &local));
  PetscCall(DMGetLocalVector(a->da, &gradient));
  PetscCall(DMGlobalToLocal(a->da, K, INSERT_VALUES, local));
  PetscCall(VecSet(gradient, 0));
  PetscCall(DMDAGetLocalInfo(a->da, &d));
  PetscCall(DMDAVecGetArrayRead(a->da, local, (void *)&k));
  PetscCall(DMDAVecGetArray(a->da, gradient, &g));
  for (PetscInt j = d.ys; j < d.ys + d.ym; j++) {
    for (PetscInt i = d.xs; i < d.xs + d.xm; i++) {
      const PetscReal stiffness = Stiffness(r, a, k, i, j, &phi);

      sum += phi;
      for (int n = 0; n < 2; n++) {
        const PetscInt  in = i + !n, jn = j + n;
        const PetscReal step = n ? a->dy : a->dx;

        if (in == a->nx || jn == a->ny) continue;
        const PetscReal flow = stiffness * (k[jn][in] - k[j][i]) / (step * step);
        g[jn][in] += flow;
        g[j][i] -= flow;
      }
    }
  }
  PetscCall(DMDAVecRestoreArray(a->da, gradient, &g));
  PetscCall(DMDAVecRestoreArrayRead(a->da, local, (void *)&k));
  PetscCall(DMLocalToGlobal(a->da, gradient, ADD_VALUES, G));
  PetscCall(DMRestoreLocalVector(a->da, &gradient));
  PetscCall(DMRestoreLocalVector(a->da, &local));
  PetscCallMPI(MPI_Allreduce(&sum, value, 1, MPIU_REAL, MPIU_SUM, PetscObjectComm((PetscObject)K)));
  PetscFunctionReturn(0);
}
