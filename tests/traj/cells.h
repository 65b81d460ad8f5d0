/* SPDX-License-Identifier: BSD-2-Clause */
/* What the identity tests go through: every method with an adjoint, fixed and adaptive, ended in every way. */
#ifndef COSTATE_TEST_CELLS_H
#define COSTATE_TEST_CELLS_H

#include "run.h"

typedef struct {
  const char *name, *options;
  PetscBool   adaptive; /* an adaptive cell too */
} Method;

static const Method methods[] = {
    {"rk 1fe", "-ts_type rk -ts_rk_type 1fe", PETSC_FALSE},
    {"rk 2a", "-ts_type rk -ts_rk_type 2a", PETSC_TRUE},
    {"rk 3", "-ts_type rk -ts_rk_type 3", PETSC_FALSE},
    {"rk 3bs", "-ts_type rk -ts_rk_type 3bs", PETSC_TRUE},
    {"rk 4", "-ts_type rk -ts_rk_type 4", PETSC_FALSE},
    {"rk 5f", "-ts_type rk -ts_rk_type 5f", PETSC_TRUE},
    {"rk 5dp", "-ts_type rk -ts_rk_type 5dp", PETSC_TRUE},
    {"theta", "-ts_type theta", PETSC_TRUE},
    {"theta endpoint", "-ts_type theta -ts_theta_theta .6 -ts_theta_endpoint", PETSC_TRUE},
    {"cn", "-ts_type cn", PETSC_TRUE},
    {"beuler", "-ts_type beuler", PETSC_TRUE},
};

typedef struct {
  const char *name;
  AppEnd      end;
  PetscInt    step, solves, boundaries;
  PetscBool   event;
} Ending;

static const Ending endings[] = {
    {"max time", END_TIME, 0, 1, 0, PETSC_FALSE},        {"max steps", END_STEPS, 13, 1, 0, PETSC_FALSE},
    {"user reason", END_USER, 11, 1, 0, PETSC_FALSE},    {"event", END_EVENT, 0, 1, 0, PETSC_FALSE},
    {"event on the way", END_TIME, 0, 1, 1, PETSC_TRUE}, {"three solves", END_TIME, 0, 3, 2, PETSC_FALSE},
};

#define NMETHODS ((int)(sizeof(methods) / sizeof(methods[0])))
#define NENDINGS ((int)(sizeof(endings) / sizeof(endings[0])))

static inline PetscErrorCode CellRun(const Method *m, PetscBool adaptive, const Ending *e, const char trajectory[],
                                     AppResult *res)
{
  App app = AppDefault();

  PetscFunctionBegin;
  PetscCall(PetscOptionsClear(NULL));
  PetscCall(PetscOptionsInsertString(NULL, m->options));
  PetscCall(PetscOptionsInsertString(NULL, trajectory));
  PetscCall(PetscOptionsInsertString(NULL, adaptive ? "-ts_adapt_type basic -ts_theta_adapt -ts_rtol 1e-5 -ts_atol 1e-5"
                                                    : "-ts_adapt_type none"));
  if (adaptive) app.dt = .2;
  app.end      = e->end;
  app.end_step = e->step;
  app.solves   = e->solves;
  app.event    = e->event;
  app.carry    = (PetscBool)(strstr(m->options, "rk") != NULL); /* FSAL derivatives cross the event */
  /* the parameter gradient of methods with a weight that is zero is wrong in PETSc: not a reference */
  app.parameters = (PetscBool)(!strstr(m->name, "5f") && !strstr(m->name, "5dp"));
  PetscCall(AppRun(&app, res));
  PetscFunctionReturn(0);
}

static inline int CellCount(void)
{
  int cells = 0;

  for (int i = 0; i < NMETHODS; i++) cells += (methods[i].adaptive ? 2 : 1) * NENDINGS;
  return cells;
}

/* Calls `cell` for all of them. */
static inline PetscErrorCode CellsVisit(PetscErrorCode (*cell)(const Method *, PetscBool, const Ending *))
{
  PetscFunctionBegin;
  for (int i = 0; i < NMETHODS; i++) {
    for (int a = 0; a <= (int)methods[i].adaptive; a++) {
      for (int e = 0; e < NENDINGS; e++) PetscCall(cell(&methods[i], (PetscBool)a, &endings[e]));
    }
  }
  PetscFunctionReturn(0);
}

/* Full storage on disk, by PETSc. */
static inline PetscErrorCode CellBasic(const Method *m, PetscBool adaptive, const Ending *e, AppResult *res)
{
  char options[2 * PETSC_MAX_PATH_LEN];

  PetscFunctionBegin;
  PetscCall(PetscSNPrintf(options, sizeof(options), "-ts_trajectory_type basic -ts_trajectory_dirname %s/SA", run_dir));
  PetscCall(CellRun(m, adaptive, e, options, res));
  PetscFunctionReturn(0);
}

#endif
