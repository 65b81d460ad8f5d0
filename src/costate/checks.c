/* SPDX-License-Identifier: BSD-2-Clause */
/* Proofs that an option asks for. */
#include "costateimpl.h"

static const char *const options[] = {"-costate_check_dot_product", "-costate_check_taylor", "-costate_check_methods"};

static PetscErrorCode DotProduct(Costate cs, PetscViewer viewer)
{
  PetscReal   error;
  const char *wrong;

  PetscFunctionBegin;
  PetscCall(CostateCheckProducts(cs, NULL, viewer, &error, &wrong));
  PetscCheck(!wrong, PetscObjectComm((PetscObject)cs), PETSC_ERR_USER,
             "A derivative is not what it should be (by %.3g): look at the function of %s. Gradients made with it "
             "would "
             "be wrong",
             (double)error, wrong);
  PetscFunctionReturn(PETSC_SUCCESS);
}

static PetscErrorCode Taylor(Costate cs, PetscViewer viewer)
{
  const PetscBool strict = (PetscBool)!strcmp(((PetscObject)cs)->type_name, COSTATEDISCRETE);

  PetscFunctionBegin;
  for (PetscInt j = 0; j < cs->ncosts; j++) {
    PetscReal order;

    PetscCall(CostateCheckTaylor(cs, j, NULL, viewer, &order));
    PetscCheck(!strict || order >= 1.9, PetscObjectComm((PetscObject)cs), PETSC_ERR_USER,
               "The gradient of cost %" PetscInt_FMT
               " is not its derivative: the Taylor remainder has order %.3f instead of 2. Look with "
               "-costate_check_dot_product for a wrong derivative of the equation, at the gradient functions of the "
               "cost, and at the tolerances of the solvers (-snes_rtol 1e-12 -ksp_rtol 1e-12)",
               j, (double)order);
  }
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Once, before the first solve: the checks solve by themselves. */
PetscErrorCode CostateChecks(Costate cs)
{
  PetscErrorCode (*const check[])(Costate, PetscViewer) = {DotProduct, Taylor, CostateCheckMethods};

  PetscFunctionBegin;
  if (cs->checked) PetscFunctionReturn(PETSC_SUCCESS);
  cs->checked = PETSC_TRUE;
  for (int i = 0; i < 3; i++) {
    PetscViewer       viewer;
    PetscViewerFormat format;
    PetscBool         asked;

    if (!cs->check[i]) continue;
    PetscCheck(cs->u0, PetscObjectComm((PetscObject)cs), PETSC_ERR_ARG_WRONGSTATE,
               "%s has to run by itself: call CostateSetInitialState()", options[i]);
    PetscCall(PetscOptionsCreateViewer(PetscObjectComm((PetscObject)cs), ((PetscObject)cs)->options,
                                       ((PetscObject)cs)->prefix, options[i], &viewer, &format, &asked));
    if (!asked) continue;
    PetscCall(PetscViewerPushFormat(viewer, format));
    PetscCall((*check[i])(cs, viewer));
    PetscCall(PetscViewerPopFormat(viewer));
    PetscCall(PetscViewerFlush(viewer));
    PetscCall(PetscViewerDestroy(&viewer));
  }
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode CostateChecksSetFromOptions(Costate cs, COSTATE_OPTION_ITEMS PetscOptionsObject)
{
  PetscFunctionBegin;
  PetscCall(PetscOptionsName(options[0], "Check the derivatives of the equation first", "CostateCheckDotProduct",
                             &cs->check[0]));
  PetscCall(PetscOptionsName(options[1], "Check the gradient of each cost first", "CostateCheckTaylor", &cs->check[1]));
  PetscCall(PetscOptionsName(options[2], "Compare all methods first", "CostateCheckMethods", &cs->check[2]));
  PetscFunctionReturn(PETSC_SUCCESS);
}
