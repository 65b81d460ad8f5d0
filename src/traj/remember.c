/* SPDX-License-Identifier: BSD-2-Clause */
/*
  What another process cannot know: solvers that remember earlier solves, and functions of the application that follow
  the run as a whole.  A warning at the first commit, a refusal at resume, unless the user vouches for them.
*/
#define _GNU_SOURCE
#include "trajimpl.h"
#include <dlfcn.h>
#include <petsc/private/pcimpl.h>
#include <petsc/private/snesimpl.h>
#include <stdarg.h>

typedef struct {
  char   text[1024];
  size_t n;
} Reasons;

static void Because(Reasons *r, const char format[], ...)
{
  va_list args;

  if (r->n && r->n < sizeof(r->text)) r->n += (size_t)snprintf(r->text + r->n, sizeof(r->text) - r->n, "; ");
  if (r->n >= sizeof(r->text)) return;
  va_start(args, format);
  r->n += (size_t)vsnprintf(r->text + r->n, sizeof(r->text) - r->n, format, args);
  va_end(args);
}

/* Whether a function is PETSc's own or of this library, which keeps nothing of the run. */
static PetscBool OfPETSc(const void *f)
{
  Dl_info mine, petsc, ours;

  return (PetscBool)(dladdr(f, &mine) && dladdr((const void *)(size_t)&TSCreate, &petsc) &&
                     dladdr((const void *)(size_t)&OfPETSc, &ours) && mine.dli_fbase &&
                     (mine.dli_fbase == petsc.dli_fbase || mine.dli_fbase == ours.dli_fbase));
}

static PetscErrorCode CheckPC(PC pc, Reasons *why);

static PetscErrorCode CheckKSP(KSP ksp, Reasons *why)
{
  PetscBool   flg;
  PC          pc;
  KSPGuess    guess;
  const char *prefix = ((PetscObject)ksp)->prefix ? ((PetscObject)ksp)->prefix : "";

  PetscFunctionBegin;
  PetscCall(KSPGetInitialGuessNonzero(ksp, &flg));
  if (flg) Because(why, "the linear solver starts from the last solution (-%sksp_initial_guess_nonzero 0)", prefix);
  PetscCall(KSPGetReusePreconditioner(ksp, &flg));
  if (flg) Because(why, "the preconditioner is used again (-%sksp_reuse_preconditioner 0)", prefix);
  guess = NULL;
  PetscCall(PetscOptionsHasName(((PetscObject)ksp)->options, ((PetscObject)ksp)->prefix, "-ksp_guess_type", &flg));
  if (flg) PetscCall(KSPGetGuess(ksp, &guess));
  if (guess) Because(why, "the first guess is made of earlier solutions (-%sksp_guess_type)", prefix);
  PetscCall(KSPGetPC(ksp, &pc));
  PetscCall(CheckPC(pc, why));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Those that keep something, and those that contain others.  Inner solvers are there after the first solve only. */
static PetscErrorCode CheckPC(PC pc, Reasons *why)
{
  const char *prefix = ((PetscObject)pc)->prefix ? ((PetscObject)pc)->prefix : "";
  PetscBool   is, reuse = PETSC_TRUE;
  KSP        *sub = NULL;
  PetscInt    n   = 0;

  PetscFunctionBegin;
  PetscCall(PetscObjectTypeCompare((PetscObject)pc, PCGAMG, &is));
  if (is) {
    PetscCall(PetscOptionsGetBool(((PetscObject)pc)->options, ((PetscObject)pc)->prefix, "-pc_gamg_reuse_interpolation",
                                  &reuse, NULL));
    if (reuse) Because(why, "GAMG keeps its interpolation (-%spc_gamg_reuse_interpolation 0)", prefix);
  }
  if (!pc->setupcalled) PetscFunctionReturn(PETSC_SUCCESS);
  PetscCall(PetscObjectTypeCompare((PetscObject)pc, PCBJACOBI, &is));
  if (is) PetscCall(PCBJacobiGetSubKSP(pc, &n, NULL, &sub));
  PetscCall(PetscObjectTypeCompareAny((PetscObject)pc, &is, PCASM, ""));
  if (is) PetscCall(PCASMGetSubKSP(pc, &n, NULL, &sub));
  for (PetscInt i = 0; i < n; i++) PetscCall(CheckKSP(sub[i], why));
  PetscCall(PetscObjectTypeCompare((PetscObject)pc, PCFIELDSPLIT, &is));
  if (is) {
    PetscCall(PCFieldSplitGetSubKSP(pc, &n, &sub));
    for (PetscInt i = 0; i < n; i++) PetscCall(CheckKSP(sub[i], why));
    PetscCall(PetscFree(sub));
  }
  PetscFunctionReturn(PETSC_SUCCESS);
}

static PetscErrorCode Solvers(TS ts, Reasons *why)
{
  PetscBool is;

  PetscFunctionBegin;
  if (ts->adapt) {
    PetscCall(PetscObjectTypeCompareAny((PetscObject)ts->adapt, &is, TSADAPTDSP, TSADAPTHISTORY, ""));
    if (is)
      Because(why, "the adaptor %s remembers earlier steps (-ts_adapt_type basic)",
              ((PetscObject)ts->adapt)->type_name);
    if (ts->adapt->timestepjustdecreased_delay > 0)
      Because(why, "the adaptor remembers rejections (-ts_adapt_time_step_increase_delay 0)");
  }
  is = PETSC_FALSE;
  PetscCall(PetscOptionsGetBool(((PetscObject)ts)->options, ((PetscObject)ts)->prefix,
                                "-ts_theta_initial_guess_extrapolate", &is, NULL));
  if (is) Because(why, "the first guess of a step is extrapolated (-ts_theta_initial_guess_extrapolate 0)");
  if (!ts->snes || !ts->usessnes) PetscFunctionReturn(PETSC_SUCCESS);
  if (ts->snes->lagjac_persist || ts->snes->lagjacobian < 0)
    Because(why, "the Jacobian outlives a step (-snes_lag_jacobian 1 -snes_lag_jacobian_persists 0)");
  if (ts->snes->lagpre_persist || ts->snes->lagpreconditioner < 0)
    Because(why, "the preconditioner outlives a step (-snes_lag_preconditioner 1 -snes_lag_preconditioner_persists 0)");
  if (ts->snes->ksp) PetscCall(CheckKSP(ts->snes->ksp, why));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Hooks of the application that would miss the part of the run that is passed over. */
static PetscErrorCode UserHooks(CostateTraj tr, TS ts, PetscBool back, Reasons *why)
{
  const void *poststep;

  PetscFunctionBegin;
  PetscCall(CostateHooksPostStep(ts, &poststep));
  if (poststep && !OfPETSc(poststep)) Because(why, "TSSetPostStep()");
  for (PetscInt i = 0; i < ts->numbermonitors; i++)
    if (!OfPETSc((const void *)(size_t)ts->monitor[i])) Because(why, "TSMonitorSet()");
  for (PetscInt i = 0; i < ts->numberadjointmonitors && back; i++)
    if (!OfPETSc((const void *)(size_t)ts->adjointmonitor[i])) Because(why, "TSAdjointMonitorSet()");
  if (ts->event && ts->event->postevent && (back || !tr->tj->adjoint_solve_mode))
    Because(why, "the function of TSSetEventHandler() that handles events on the way back");
  if (ts->COSTATE_TS_TIMES) Because(why, "TSSetTimeSpan(), whose solutions before that point are not kept");
  PetscFunctionReturn(PETSC_SUCCESS);
}

static PetscErrorCode Collect(CostateTraj tr, TS ts, PetscBool back, Reasons *solvers, Reasons *hooks)
{
  PetscFunctionBegin;
  PetscCall(PetscMemzero(solvers, sizeof(*solvers)));
  PetscCall(PetscMemzero(hooks, sizeof(*hooks)));
  if (!(tr->vouch & COSTATE_VOUCH_SOLVERS)) PetscCall(Solvers(ts, solvers));
  if (!(tr->vouch & COSTATE_VOUCH_HOOKS)) PetscCall(UserHooks(tr, ts, back, hooks));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* At the first commit: what would be in the way of going on from it. */
PetscErrorCode CostateRememberWarn(CostateTraj tr, TS ts)
{
  Reasons  solvers, hooks;
  MPI_Comm comm = PetscObjectComm((PetscObject)tr->tj);

  PetscFunctionBegin;
  PetscCall(Collect(tr, ts, PETSC_TRUE, &solvers, &hooks));
  if (solvers.n)
    PetscCall(PetscFPrintf(comm, PETSC_STDERR,
                           "costate: warning: this run is committed, but it could not be resumed: %s. Switch that off, "
                           "or vouch for it with -ts_trajectory_costate_resume_vouch solvers\n",
                           solvers.text));
  if (hooks.n)
    PetscCall(PetscFPrintf(comm, PETSC_STDERR,
                           "costate: a resume of this run will ask for -ts_trajectory_costate_resume_vouch hooks, "
                           "because steps that are passed over are not seen by %s\n",
                           hooks.text));
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode CostateRememberRefuse(CostateTraj tr, TS ts, PetscBool back)
{
  Reasons  solvers, hooks;
  MPI_Comm comm = PetscObjectComm((PetscObject)tr->tj);

  PetscFunctionBegin;
  PetscCall(Collect(tr, ts, back, &solvers, &hooks));
  PetscCheck(
      !solvers.n, comm, PETSC_ERR_SUP,
      "The run in %s cannot go on (-ts_trajectory_costate_resume): %s. What the solvers remembered was lost with "
      "the process. Switch that off and begin anew, or, if you know that the result does not depend on it, vouch "
      "for it with -ts_trajectory_costate_resume_vouch solvers",
      tr->dir, solvers.text);
  PetscCheck(!hooks.n, comm, PETSC_ERR_SUP,
             "The run in %s cannot go on (-ts_trajectory_costate_resume): the steps that are passed over would not be "
             "seen by %s. If these keep nothing that the result depends on (sums of a cost, a mode of the model), say "
             "so "
             "with -ts_trajectory_costate_resume_vouch hooks",
             tr->dir, hooks.text);
  PetscFunctionReturn(PETSC_SUCCESS);
}
