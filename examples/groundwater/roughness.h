/* SPDX-License-Identifier: BSD-2-Clause */
/* How rough a field is: what is added to the misfit, because the heads do not say all about the field. */
#pragma once
#include "aquifer.h"

typedef enum { ROUGHNESS_TIKHONOV, ROUGHNESS_TV } RoughnessType;

typedef struct {
  RoughnessType type;
  PetscReal     weight;
  PetscReal     slope; /* below this, 1/m, the total variation is rounded off */
} Roughness;

/* Its value; its gradient is added to g */
PetscErrorCode RoughnessValue(const Roughness *, const Aquifer *, Vec k, PetscReal *value, Vec g);
