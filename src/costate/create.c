/* SPDX-License-Identifier: BSD-2-Clause */
/* A Costate comes and goes; the methods there are. */
#include "costateimpl.h"

PetscClassId COSTATE_CLASSID;

static const char *const reasons[] = {"DIVERGED_NOT_STEADY", "DIVERGED_BLOWUP",  "DIVERGED_NAN", "DIVERGED_DRIFT",
                                      "DIVERGED_BACKWARD",   "DIVERGED_FORWARD", "ITERATING",    "CONVERGED"};
const char *const       *CostateConvergedReasons = reasons - COSTATE_DIVERGED_NOT_STEADY;

#define COSTATE_METHOD(name, Name, text) PETSC_INTERN PetscErrorCode CostateCreate_##Name(Costate);
#include <methods.def>
#undef COSTATE_METHOD

static const struct {
  const char *name, *text;
  PetscErrorCode (*create)(Costate);
} methods[] = {
#define COSTATE_METHOD(name, Name, text) {#name, text, CostateCreate_##Name},
#include <methods.def>
#undef COSTATE_METHOD
};
#define NMETHODS ((PetscInt)(sizeof(methods) / sizeof(methods[0])))

/*@C
  CostateListGet - The methods there are

  Not Collective

  Input Parameter:
. i - the number of a method, from 0

  Output Parameters:
+ name - its name, a `CostateType`; NULL if there are no more
- text - what it is, in one line

  Level: developer

.seealso: `CostateSetType()`
@*/
PetscErrorCode CostateListGet(PetscInt i, const char **name, const char **text)
{
  PetscFunctionBegin;
  *name = *text = NULL;
  if (i >= 0 && i < NMETHODS) {
    *name = methods[i].name;
    *text = methods[i].text;
  }
  PetscFunctionReturn(PETSC_SUCCESS);
}

/*@
  CostateCreate - Creates the object that computes gradients of a time integration

  Collective

  Input Parameter:
. comm - the ranks; those of the `TS` that it will be given

  Output Parameter:
. cs - the object, of type `COSTATEDISCRETE` until another is set

  Level: beginner

.seealso: `CostateSetTS()`, `CostateSetType()`, `CostateSolve()`, `CostateDestroy()`
@*/
PetscErrorCode CostateCreate(MPI_Comm comm, Costate *cs)
{
  PetscFunctionBegin;
  PetscAssertPointer(cs, 2);
  PetscCall(CostateInitializePackage()); /* options of the trajectory and of Tao are heeded from here on */
  if (!COSTATE_CLASSID) PetscCall(PetscClassIdRegister("Costate object", &COSTATE_CLASSID));
  PetscCall(PetscHeaderCreate(*cs, COSTATE_CLASSID, "Costate", "Gradients of a time integration", "Costate", comm,
                              CostateDestroy, CostateView));
  (*cs)->blowup      = PETSC_MAX_REAL;
  (*cs)->look        = PETSC_TRUE;
  (*cs)->vjp_few     = 64;
  (*cs)->steady_atol = (*cs)->steady_rtol = 1e-8;
  (*cs)->stats.drift                      = -1;
  PetscFunctionReturn(PETSC_SUCCESS);
}

/*@
  CostateReset - Forgets what was computed and made for it; the problem, the costs and the options stay

  Collective

  Input Parameter:
. cs - the object

  Level: intermediate

.seealso: `CostateSetUp()`, `CostateDestroy()`
@*/
PetscErrorCode CostateReset(Costate cs)
{
  PetscFunctionBegin;
  PetscValidHeaderSpecific(cs, COSTATE_CLASSID, 1);
  PetscTryTypeMethod(cs, reset);
  PetscCall(CostateProvidersReset(cs));
  PetscCall(CostateHessianReset(cs));
  PetscCall(CostateWindowsReset(cs));
  PetscCall(CostateInnerReset(cs));
  if (cs->setup && !cs->door) {
    if (cs->tj) PetscCall(TSTrajectoryCostateSetArrival(cs->tj, NULL, NULL));
    if (cs->tj) PetscCall(TSTrajectoryCostateSetReverse(cs->tj, NULL, NULL));
    if (cs->tj) PetscCall(TSTrajectoryCostateSetStops(cs->tj, 0, NULL));
    if (cs->lambda && !cs->adopted) PetscCall(TSAdjointReset(cs->ts)); /* it has these vectors */
    if (cs->lambda && !cs->adopted) PetscCall(VecDestroyVecs(cs->ncosts, &cs->lambda));
    if (cs->mu && !cs->adopted) PetscCall(VecDestroyVecs(cs->ncosts, &cs->mu));
  }
  if (cs->adopted) cs->ncosts = 0;
  PetscCall(TSTrajectoryDestroy(&cs->tj));
  cs->lambda = cs->mu = NULL;
  if (cs->quad_own) PetscCall(CostateTSSetQuadrature(cs->ts, PETSC_FALSE, NULL)); /* its functions call the costs */
  cs->quad_own = PETSC_FALSE;
  PetscCall(VecDestroy(&cs->u));
  PetscCall(VecDestroy(&cs->gu_work));
  PetscCall(VecDestroy(&cs->gp_work));
  PetscCall(VecDestroy(&cs->before));
  PetscCall(PetscFree(cs->stops));
  PetscCall(PetscFree(cs->norms));
  PetscCall(PetscFree(cs->trace));
  cs->ntrace = cs->tracecap = 0;
  cs->late                  = PETSC_FALSE;
  cs->setup = cs->adopted = cs->forward_done = cs->adjoint_done = PETSC_FALSE;
  cs->reason                                                    = COSTATE_ITERATING;
  PetscCall(PetscMemzero(&cs->stats, sizeof(cs->stats)));
  cs->stats.drift = -1;
  PetscFunctionReturn(PETSC_SUCCESS);
}

/*@
  CostateDestroy - Destroys the object; the `TS` and the vectors that it was given are only dereferenced

  Collective

  Input Parameter:
. cs - the object

  Level: beginner

.seealso: `CostateCreate()`
@*/
PetscErrorCode CostateDestroy(Costate *cs)
{
  PetscFunctionBegin;
  if (!*cs) PetscFunctionReturn(PETSC_SUCCESS);
  PetscValidHeaderSpecific(*cs, COSTATE_CLASSID, 1);
  if (--((PetscObject)*cs)->refct > 0) {
    *cs = NULL;
    PetscFunctionReturn(PETSC_SUCCESS);
  }
  PetscCall(CostateReset(*cs));
  PetscTryTypeMethod(*cs, destroy);
  for (PetscInt j = 0; j < (*cs)->ncosts; j++) {
    PetscCall(PetscFree3((*cs)->cost[j].times, (*cs)->cost[j].stop, (*cs)->cost[j].dtimes));
  }
  for (PetscInt i = 0; i < (*cs)->nmonitors; i++) {
    if ((*cs)->monitor_destroy[i]) PetscCall((*cs)->monitor_destroy[i](&(*cs)->monitor_ctx[i]));
  }
  PetscCall(PetscFree((*cs)->cost));
  PetscCall(PetscFree((*cs)->vjp_name[0]));
  PetscCall(PetscFree((*cs)->vjp_name[1]));
  if (!(*cs)->door) PetscCall(TSDestroy(&(*cs)->ts));
  PetscCall(SNESDestroy(&(*cs)->snes));
  PetscCall(VecDestroy(&(*cs)->u0));
  PetscCall(VecDestroy(&(*cs)->p));
  PetscCall(MatDestroy(&(*cs)->du0dp));
  PetscCall(VecDestroy(&(*cs)->pw));
  PetscCall(PetscFree2((*cs)->edges, (*cs)->edge_stop));
  PetscCall(CostateInnerDestroy(*cs));
  PetscCall(PetscHeaderDestroy(cs));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/*@C
  CostateSetType - Sets the method by which gradients are computed

  Logically Collective

  Input Parameters:
+ cs   - the object
- type - `COSTATEDISCRETE` and so on; `costate list methods` shows them; `COSTATEAUTO`: `CostateSetUp()` chooses and
         says why, by the rules in src/costate/choose.c

  Options Database Key:
. -costate_type type - the method

  Note:
  A problem that was solved by one method can be solved by another: what was set stays.

  Level: beginner

.seealso: `CostateGetType()`, `CostateSetFromOptions()`
@*/
PetscErrorCode CostateSetType(Costate cs, CostateType type)
{
  PetscBool same;
  PetscInt  i, nearest = 0;
  int       best = 1000;

  PetscFunctionBegin;
  PetscValidHeaderSpecific(cs, COSTATE_CLASSID, 1);
  PetscAssertPointer(type, 2);
  cs->choose = (PetscBool)!strcmp(type, COSTATEAUTO);
  if (cs->choose) PetscCall(CostateReset(cs));
  if (cs->choose && ((PetscObject)cs)->type_name) PetscFunctionReturn(PETSC_SUCCESS);
  if (cs->choose) type = COSTATEDISCRETE; /* until CostateSetUp() */
  PetscCall(PetscObjectTypeCompare((PetscObject)cs, type, &same));
  if (same) PetscFunctionReturn(PETSC_SUCCESS);
  for (i = 0; i < NMETHODS && strcmp(methods[i].name, type); i++) {
    int d = CostateEditDistance(methods[i].name, type);

    if (d < best) {
      best    = d;
      nearest = i;
    }
  }
  PetscCheck(i < NMETHODS, PetscObjectComm((PetscObject)cs), PETSC_ERR_ARG_UNKNOWN_TYPE,
             "There is no method %s (-costate_type); did you mean %s? `costate list methods` shows all", type,
             methods[nearest].name);
  PetscCall(CostateReset(cs));
  PetscTryTypeMethod(cs, destroy);
  PetscCall(PetscMemzero(cs->ops, sizeof(struct _CostateOps)));
  cs->data = NULL;
  PetscCall(PetscObjectChangeTypeName((PetscObject)cs, methods[i].name));
  PetscCall(methods[i].create(cs));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/*@C
  CostateGetType - Gets the method by which gradients are computed

  Not Collective

  Input Parameter:
. cs - the object

  Output Parameter:
. type - its name; NULL if none was set yet

  Level: beginner

.seealso: `CostateSetType()`
@*/
PetscErrorCode CostateGetType(Costate cs, CostateType *type)
{
  PetscFunctionBegin;
  PetscValidHeaderSpecific(cs, COSTATE_CLASSID, 1);
  *type = ((PetscObject)cs)->type_name;
  PetscFunctionReturn(PETSC_SUCCESS);
}

/*@C
  CostateSetOptionsPrefix - Sets what the names of this object's options begin with

  Logically Collective

  Input Parameters:
+ cs     - the object
- prefix - put before costate_ in all of them, without the -

  Note:
  The options of the `TS` keep the prefix of the `TS`.

  Level: advanced

.seealso: `CostateSetFromOptions()`, `CostateAppendOptionsPrefix()`, `CostateGetOptionsPrefix()`
@*/
PetscErrorCode CostateSetOptionsPrefix(Costate cs, const char prefix[])
{
  PetscFunctionBegin;
  PetscValidHeaderSpecific(cs, COSTATE_CLASSID, 1);
  PetscCall(PetscObjectSetOptionsPrefix((PetscObject)cs, prefix));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/*@C
  CostateAppendOptionsPrefix - Adds to what the names of this object's options begin with

  Logically Collective

  Input Parameters:
+ cs     - the object
- prefix - added to its prefix

  Level: advanced

.seealso: `CostateSetOptionsPrefix()`
@*/
PetscErrorCode CostateAppendOptionsPrefix(Costate cs, const char prefix[])
{
  PetscFunctionBegin;
  PetscValidHeaderSpecific(cs, COSTATE_CLASSID, 1);
  PetscCall(PetscObjectAppendOptionsPrefix((PetscObject)cs, prefix));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/*@C
  CostateGetOptionsPrefix - Gets what the names of this object's options begin with

  Not Collective

  Input Parameter:
. cs - the object

  Output Parameter:
. prefix - what was set, or NULL

  Level: advanced

.seealso: `CostateSetOptionsPrefix()`
@*/
PetscErrorCode CostateGetOptionsPrefix(Costate cs, const char *prefix[])
{
  PetscFunctionBegin;
  PetscValidHeaderSpecific(cs, COSTATE_CLASSID, 1);
  PetscCall(PetscObjectGetOptionsPrefix((PetscObject)cs, prefix));
  PetscFunctionReturn(PETSC_SUCCESS);
}
