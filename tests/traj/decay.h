/* SPDX-License-Identifier: BSD-2-Clause */
/* u' = -u: a run in which almost nothing is computed, so that what checkpoints cost stands out. */
#ifndef COSTATE_TEST_DECAY_H
#define COSTATE_TEST_DECAY_H

#include <petscts.h>

static inline PetscErrorCode Decay(TS ts, PetscReal t, Vec U, Vec F, void *ctx)
{
  PetscFunctionBeginUser;
  (void)ts;
  (void)t;
  (void)ctx;
  PetscCall(VecCopy(U, F));
  PetscCall(VecScale(F, -1));
  PetscFunctionReturn(0);
}

static inline PetscErrorCode DecayJacobian(TS ts, PetscReal t, Vec U, Mat J, Mat P, void *ctx)
{
  PetscFunctionBeginUser;
  (void)ts;
  (void)t;
  (void)U;
  (void)J;
  (void)P;
  (void)ctx;
  PetscFunctionReturn(0);
}

#endif
