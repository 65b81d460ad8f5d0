/* SPDX-License-Identifier: BSD-2-Clause */
/* All methods side by side. */
#include "costateimpl.h"

#define LENGTH 512 /* of what an error says */

static PetscErrorCode Note(MPI_Comm comm, int line, const char *function, const char *file, PetscErrorCode n,
                           PetscErrorType p, const char *message, void *ctx)
{
  (void)comm;
  (void)line;
  (void)function;
  (void)file;
  if (p == PETSC_ERROR_INITIAL && message) { /* the first line of what is said where it begins */
    char  *refusal = (char *)ctx;
    size_t i       = 0;

    for (; message[i] && message[i] != '\n' && i + 1 < LENGTH; i++) refusal[i] = message[i];
    refusal[i] = 0;
  }
  return n;
}

static PetscErrorCode Difference(Vec a, Vec b, PetscReal *e)
{
  Vec       d;
  PetscReal norm;

  PetscFunctionBegin;
  *e = -1;
  if (!a || !b) PetscFunctionReturn(PETSC_SUCCESS);
  PetscCall(VecDuplicate(a, &d));
  PetscCall(VecWAXPY(d, -1, a, b));
  PetscCall(VecNorm(a, NORM_2, &norm));
  PetscCall(VecNorm(d, NORM_2, e));
  if (norm > 0) *e /= norm;
  PetscCall(VecDestroy(&d));
  PetscFunctionReturn(PETSC_SUCCESS);
}

static PetscErrorCode Keep(Vec v, Vec *copy)
{
  PetscFunctionBegin;
  if (*copy || !v) PetscFunctionReturn(PETSC_SUCCESS);
  PetscCall(VecDuplicate(v, copy));
  PetscCall(VecCopy(v, *copy));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/*@
  CostateCheckMethods - Solves by every method that can do the problem and prints the gradients' differences, work and
memory

  Collective

  Input Parameters:
+ cs     - the object, with an initial state; its type is the same again afterwards, its results are gone
- viewer - an ASCII viewer; NULL for stdout

  Options Database Key:
. -costate_check_methods - before the first `CostateSolve()`

  Notes:
  Differences are those to the first method that gives the derivative (discrete, where the TS type has an adjoint step),
for the first cost.  A discrete and a continuous adjoint differ by the error of the time steps.

  A method that refuses the problem is named with its reason.

  Level: intermediate

.seealso: `CostateCheckTaylor()`, `CostateCheckDotProduct()`, `CostateSetType()`
@*/
PetscErrorCode CostateCheckMethods(Costate cs, PetscViewer viewer)
{
  Vec         u0 = NULL, p = NULL;
  const char *name, *text;
  char        type[64], refusal[LENGTH];

  PetscFunctionBegin;
  PetscValidHeaderSpecific(cs, COSTATE_CLASSID, 1);
  PetscCheck(cs->u0, PetscObjectComm((PetscObject)cs), PETSC_ERR_ARG_WRONGSTATE,
             "The check needs to run again: call CostateSetInitialState()");
  if (!viewer) PetscCall(PetscViewerASCIIGetStdout(PetscObjectComm((PetscObject)cs), &viewer));
  PetscCall(
      PetscStrncpy(type, ((PetscObject)cs)->type_name ? ((PetscObject)cs)->type_name : COSTATEDISCRETE, sizeof(type)));
  PetscCall(PetscViewerASCIIPrintf(viewer, "%-14s %-17s %-9s %-9s %7s %9s %9s %7s %9s %9s\n", "method", "cost",
                                   "dG/du0", "dG/dp", "steps", "backward", "repeated", "states", "forward s",
                                   "gradient s"));
  for (PetscInt i = 0;; i++) {
    PetscErrorCode           ierr;
    PetscReal                value = 0, eu, ep;
    Vec                      gu, gp;
    const CostateStatistics *s = &cs->stats;

    PetscCall(CostateListGet(i, &name, &text));
    if (!name) break;
    if (!strcmp(name, COSTATEIMPLICIT) && strcmp(type, name)) {
      PetscCall(PetscViewerASCIIPrintf(viewer, "%-14s for states of rest\n", name));
      continue;
    }
    PetscCall(CostateSetType(cs, name));
    refusal[0] = 0;
    PetscCall(PetscPushErrorHandler(Note, refusal));
    ierr = CostateSolve(cs);
    PetscCall(PetscPopErrorHandler());
    if (ierr || cs->reason < 0) {
      PetscCall(
          PetscViewerASCIIPrintf(viewer, "%-14s %s\n", name, ierr ? refusal : CostateConvergedReasons[cs->reason]));
      continue;
    }
    PetscCall(CostateGetCost(cs, 0, &value));
    PetscCall(CostateGetCovector(cs, 0, &gu, &gp));
    PetscCall(Keep(gu, &u0));
    PetscCall(Keep(gp, &p));
    PetscCall(Difference(u0, gu, &eu));
    PetscCall(Difference(p, gp, &ep));
    PetscCall(PetscViewerASCIIPrintf(viewer, "%-14s %-17.10g ", name, (double)value));
    for (int k = 0; k < 2; k++) {
      if ((k ? ep : eu) < 0)
        PetscCall(PetscViewerASCIIPrintf(viewer, "%-9s ", "-"));
      else
        PetscCall(PetscViewerASCIIPrintf(viewer, "%-9.2e ", (double)(k ? ep : eu)));
    }
    PetscCall(PetscViewerASCIIPrintf(viewer,
                                     "%7" PetscInt_FMT " %9" PetscInt_FMT " %9" PetscInt_FMT " %7" PetscInt64_FMT
                                     " %9.3g %9.3g\n",
                                     s->steps, s->adjoint_steps, s->replayed, s->peak_states, s->seconds_forward,
                                     s->seconds_backward));
  }
  PetscCall(VecDestroy(&u0));
  PetscCall(VecDestroy(&p));
  PetscCall(CostateSetType(cs, type));
  PetscFunctionReturn(PETSC_SUCCESS);
}
