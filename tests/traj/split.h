/* SPDX-License-Identifier: BSD-2-Clause */
/* The equations of the test application in two parts, for methods that step one implicitly and the other explicitly. */
#ifndef COSTATE_TEST_SPLIT_H
#define COSTATE_TEST_SPLIT_H

#include "app.h"

#define SPLIT_RATE 5 /* of the linear term that moves to the implicit side */

static inline PetscErrorCode SplitImplicit(TS ts, PetscReal t, Vec U, Vec Udot, Vec F, void *ctx)
{
  PetscFunctionBegin;
  (void)ts;
  (void)t;
  (void)ctx;
  PetscCall(VecWAXPY(F, SPLIT_RATE, U, Udot));
  PetscFunctionReturn(0);
}

static inline PetscErrorCode SplitImplicitJacobian(TS ts, PetscReal t, Vec U, Vec Udot, PetscReal shift, Mat J, Mat P,
                                                   void *ctx)
{
  PetscFunctionBegin;
  (void)ts;
  (void)t;
  (void)U;
  (void)Udot;
  (void)J;
  (void)ctx;
  PetscCall(MatZeroEntries(P));
  PetscCall(MatAssemblyBegin(P, MAT_FINAL_ASSEMBLY));
  PetscCall(MatAssemblyEnd(P, MAT_FINAL_ASSEMBLY));
  PetscCall(MatShift(P, shift + SPLIT_RATE));
  PetscFunctionReturn(0);
}

static inline PetscErrorCode SplitExplicit(TS ts, PetscReal t, Vec U, Vec F, void *ctx)
{
  PetscFunctionBegin;
  PetscCall(AppRHS(ts, t, U, F, ctx));
  PetscCall(VecAXPY(F, SPLIT_RATE, U));
  PetscFunctionReturn(0);
}

static inline PetscErrorCode SplitExplicitJacobian(TS ts, PetscReal t, Vec U, Mat J, Mat P, void *ctx)
{
  PetscFunctionBegin;
  PetscCall(AppJacobian(ts, t, U, J, P, ctx));
  PetscCall(MatShift(P, SPLIT_RATE));
  PetscFunctionReturn(0);
}

/* The App's `setup` */
static inline PetscErrorCode AppSplit(TS ts, App *app)
{
  Mat J;

  PetscFunctionBegin;
  PetscCall(MatDuplicate(app->J, MAT_DO_NOT_COPY_VALUES, &J));
  PetscCall(TSSetRHSFunction(ts, NULL, SplitExplicit, app));
  PetscCall(TSSetRHSJacobian(ts, app->J, app->J, SplitExplicitJacobian, app));
  PetscCall(TSSetIFunction(ts, NULL, SplitImplicit, app));
  PetscCall(TSSetIJacobian(ts, J, J, SplitImplicitJacobian, app));
  PetscCall(MatDestroy(&J));
  PetscFunctionReturn(0);
}

#endif
