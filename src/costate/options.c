/* SPDX-License-Identifier: BSD-2-Clause */
/* The options of a Costate. */
#include "costateimpl.h"

const char *const CostateObjectOptions[] = {"costate_type",
                                            "costate_monitor",
                                            "costate_progress",
                                            "costate_blowup",
                                            "costate_view",
                                            "costate_time_gradients",
                                            "costate_check_dot_product",
                                            "costate_check_taylor",
                                            "costate_check_methods",
                                            "costate_cost_window",
                                            "costate_cost_window_times",
                                            "costate_inner_product",
                                            "costate_inner_product_state",
                                            "costate_inner_product_parameters",
                                            "costate_covariance_root_state",
                                            "costate_covariance_root_parameters",
                                            "costate_wanted",
                                            "costate_vjp",
                                            "costate_vjp_p",
                                            "costate_vjp_few",
                                            "costate_vjp_adolc_reuse",
                                            "costate_vjp_adolc_retape",
                                            "costate_accuracy",
                                            "costate_hessian",
                                            "costate_steady_mode",
                                            "costate_steady_atol",
                                            "costate_steady_rtol",
                                            "costate_steady_warn",
                                            "costate_steady_check",
                                            "costate_forward_max",
                                            "costate_forward_discrete",
                                            "costate_gauss_points",
                                            "costate_gauss_kronrod",
                                            "costate_gauss_tol",
                                            "costate_quadrature_tol",
                                            "costate_backsolve_restart",
                                            "costate_backsolve_drift",
                                            "costate_backsolve_drift_fail",
                                            NULL};

static PetscErrorCode WindowOptions(Costate cs, COSTATE_OPTION_ITEMS PetscOptionsObject)
{
  CostateTimeWindow *w    = &cs->window_option;
  PetscReal          t[2] = {w->a, w->b};
  PetscInt           n    = 2;
  PetscBool          set;

  PetscFunctionBegin;
  PetscCall(PetscOptionsEnum("-costate_cost_window", "Integrals are weighted means over a window",
                             "CostateSetCostWindow", CostateCostWindows, (PetscEnum)w->type, (PetscEnum *)&w->type,
                             NULL));
  PetscCall(PetscOptionsRealArray("-costate_cost_window_times", "Where the window begins and ends",
                                  "CostateSetCostWindow", t, &n, &set));
  PetscCheck(!set || (n == 2 && t[1] > t[0]), PetscObjectComm((PetscObject)cs), PETSC_ERR_ARG_OUTOFRANGE,
             "-costate_cost_window_times needs two times, the beginning and the end of a window: 2.5,10");
  PetscCheck(!set || w->type != COSTATE_WINDOW_NONE, PetscObjectComm((PetscObject)cs), PETSC_ERR_ARG_INCOMP,
             "-costate_cost_window_times without -costate_cost_window: say which weight, square, hann, hann_square or "
             "bump");
  w->a = t[0];
  w->b = t[1];
  PetscFunctionReturn(PETSC_SUCCESS);
}

/*@
  CostateSetFromOptions - Sets what the options database says

  Collective

  Input Parameter:
. cs - the object

  Options Database Keys:
+ -costate_type type      - the method (`CostateSetType()`); auto: by rules
. -costate_monitor        - the norms of lambda, at each step of the sweep
. -costate_progress       - one line on stderr, with the time left
. -costate_blowup norm    - stop when a norm of lambda is larger
. -costate_accuracy rtol  - how right gradients are to be (`CostateSetAccuracy()`)
. -costate_adjoint_residual_check bool - the true residual of each solve with a transposed matrix is computed, and one
                            that lies is DIVERGED_BACKWARD (true)
. -costate_view           - what was solved and what it took
. -costate_check_dot_product, -costate_check_taylor, -costate_check_methods - proofs, before the first solve
. -costate_cost_window type, -costate_cost_window_times a,b - `CostateSetCostWindow()`
. -costate_wanted which   - both gradients or that with respect to the parameters (`CostateSetWanted()`)
. -costate_vjp name, -costate_vjp_p name - where derivatives come from (`CostateSetVJP()`)
. -costate_hessian type    - where products with Hessians come from (`CostateSetHessian()`)
. -costate_inner_product_..., -costate_covariance_root_...  - `CostateSetInnerProduct()`
- -costate_adjoint_...    - the options of the integrator of the sweep and its solvers

  Note:
  The `TS` has options of its own, for which the application calls `TSSetFromOptions()`.

  Level: beginner

.seealso: `CostateSetType()`, `CostateSetOptionsPrefix()`
@*/
PetscErrorCode CostateSetFromOptions(Costate cs)
{
  const char *const wanted[] = {"both", "parameters"};
  char              type[64];
  PetscInt          which = cs->parameters_only;
  PetscBool         flg;
  PetscViewer       viewer;
  PetscViewerFormat format;

  PetscFunctionBegin;
  PetscValidHeaderSpecific(cs, COSTATE_CLASSID, 1);
  PetscObjectOptionsBegin((PetscObject)cs);
  PetscCall(PetscOptionsString("-costate_type", "The method", "CostateSetType",
                               ((PetscObject)cs)->type_name ? ((PetscObject)cs)->type_name : COSTATEDISCRETE, type,
                               sizeof(type), &flg));
  if (flg) PetscCall(CostateSetType(cs, type));
  if (!((PetscObject)cs)->type_name) PetscCall(CostateSetType(cs, COSTATEDISCRETE));
  PetscCall(PetscOptionsBool("-costate_progress", "One line on stderr, with the time left",
                             "TSTrajectoryCostateSetProgress", cs->progress, &cs->progress, NULL));
  PetscCall(PetscOptionsReal("-costate_blowup", "Stop when a norm of lambda is larger", "CostateSetFromOptions",
                             cs->blowup, &cs->blowup, NULL));
  PetscCall(PetscOptionsBool("-costate_time_gradients", "Derivatives with respect to times for implicit equations too",
                             "CostateSetTimeGradients", cs->time_gradients, &cs->time_gradients, NULL));
  PetscCall(PetscOptionsBool("-costate_adjoint_residual_check", "Look at what the solver of the sweep leaves",
                             "CostateSetFromOptions", cs->look, &cs->look, NULL));
  PetscCall(PetscOptionsEList("-costate_wanted", "Which gradients", "CostateSetWanted", wanted, 2, wanted[which],
                              &which, &flg));
  if (flg) PetscCall(CostateSetWanted(cs, (PetscBool)!which, PETSC_TRUE));
  cs->from_options = PETSC_TRUE;
  PetscCall(CostateProvidersSetFromOptions(cs, PetscOptionsObject));
  PetscCall(CostateAccuracySetFromOptions(cs, PetscOptionsObject));
  PetscCall(WindowOptions(cs, PetscOptionsObject));
  PetscCall(CostateInnerSetFromOptions(cs, PetscOptionsObject));
  PetscCall(CostateHessianSetFromOptions(cs, PetscOptionsObject));
  PetscCall(CostateChecksSetFromOptions(cs, PetscOptionsObject));
  PetscTryTypeMethod(cs, setfromoptions, PetscOptionsObject);
  PetscCall(PetscObjectProcessOptionsHandlers((PetscObject)cs, PetscOptionsObject));
  PetscOptionsEnd();
  PetscCall(PetscOptionsCreateViewer(PetscObjectComm((PetscObject)cs), ((PetscObject)cs)->options,
                                     ((PetscObject)cs)->prefix, "-costate_monitor", &viewer, &format, &flg));
  if (flg) {
    PetscViewerAndFormat *vf;

    PetscCall(PetscViewerAndFormatCreate(viewer, format, &vf));
    PetscCall(PetscViewerDestroy(&viewer));
    PetscCall(
        CostateMonitorSet(cs, CostateMonitorDefault, vf, (PetscErrorCode(*)(void **))PetscViewerAndFormatDestroy));
  }
  PetscFunctionReturn(PETSC_SUCCESS);
}
