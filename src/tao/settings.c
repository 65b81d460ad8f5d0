/* SPDX-License-Identifier: BSD-2-Clause */
/* What a user says to a tape and is told by it: functions and options; and the end of the program. */
#include <string.h>
#include "../base/compat.h"
#include "../base/package.h"
#include "tape.h"
#include <petsc/private/petscimpl.h> /* of an object: its options */

static const char        key[] = "CostateTape", family[] = "tao_costate_";
static const char *const options[] = {"tao_costate_tape",  "tao_costate_resume", "tao_costate_keep",
                                      "tao_costate_check", "tao_costate_pure",   NULL};

static CostateTape
    tapes; /* all that have files, the last one first, so that a directory is empty when its maker is at it */
static PetscBool awaited;
static PetscInt  opened;

/* An option of the family that nobody knows is an error at once, one that nobody read in the end. */
PetscErrorCode CostateTaoOptionsCheck(PetscOptions from, MPI_Comm comm, PetscBool final)
{
  PetscInt n;
  char   **names, **values;

  PetscFunctionBegin;
  PetscCall(PetscOptionsLeftGet(from, &n, &names, &values));
  for (PetscInt i = 0; i < n; i++) {
    const char *name = strstr(names[i], family), *nearest = NULL;
    int         best = 1000;

    if (!name) continue;
    for (PetscInt k = 0; options[k]; k++) {
      const int d = CostateEditDistance(name, options[k]);

      if (d < best) nearest = options[k];
      best = PetscMin(best, d);
    }
    PetscCheck(best == 0, comm, PETSC_ERR_ARG_UNKNOWN_TYPE, "Unknown option -%s. Did you mean -%.*s%s?", names[i],
               (int)(name - names[i]), names[i], nearest);
    PetscCheck(!final, comm, PETSC_ERR_USER,
               "Option -%s was given but nothing read it: no Tao with that prefix called TaoSetFromOptions()",
               names[i]);
  }
  PetscCall(PetscOptionsLeftRestore(from, &n, &names, &values));
  PetscFunctionReturn(0);
}

static PetscErrorCode TapeFree(CostateTape t)
{
  PetscFunctionBegin;
  PetscCall(PetscFree(t->record));
  PetscCall(PetscFree(t->dir));
  PetscCall(PetscFree(t));
  PetscFunctionReturn(0);
}

/*
  The program came to its end, so that nobody will resume it; unless an optimisation was broken off by an error, and the
  program just tidies up.  For the tests too, which run many in one process.
*/
PetscErrorCode CostateTapesEnd(void)
{
  PetscBool broken = PETSC_FALSE;

  PetscFunctionBegin;
  opened = 0;
  for (CostateTape t = tapes; t; t = t->next) broken = (PetscBool)(broken || t->solving);
  while (tapes) {
    CostateTape t = tapes;

    tapes = t->next;
    if (t->keep || broken)
      PetscCall(CostateStoreAbandon(&t->store));
    else
      PetscCall(CostateStoreDestroy(&t->store));
    if (!t->tao) PetscCall(TapeFree(t));
  }
  PetscFunctionReturn(0);
}

static PetscErrorCode AtFinalize(void)
{
  PetscFunctionBegin;
  awaited = PETSC_FALSE;
  PetscCall(CostateTapesEnd());
  PetscFunctionReturn(0);
}

/* The Tao is destroyed.  Its tape is needed as long as the program may be killed. */
static PetscErrorCode TapeDetach(PetscObject tao, void *ctx)
{
  CostateTape t = (CostateTape)ctx;

  PetscFunctionBegin;
  (void)tao;
  t->tao = NULL;
  PetscCall(VecDestroy(&t->x));
  if (!t->store) PetscCall(TapeFree(t));
  PetscFunctionReturn(0);
}

static PetscErrorCode FromOptions(PetscObject tao, COSTATE_OPTION_ITEMS PetscOptionsObject, void *ctx)
{
  CostateTape t = (CostateTape)ctx;
  char        dir[PETSC_MAX_PATH_LEN];
  PetscBool   set, flag;

  PetscFunctionBegin;
  dir[0] = 0;
  PetscCall(PetscOptionsString("-tao_costate_tape", "directory for the evaluations, so that a killed program goes on",
                               "CostateTaoSetTape", t->dir, dir, sizeof(dir), &set));
  if (set) PetscCall(CostateTaoSetTape((Tao)tao, dir));
  PetscCall(PetscOptionsBool("-tao_costate_resume", "go on with the tape that a killed program left",
                             "CostateTaoSetResume", t->resume, &flag, &set));
  if (set) PetscCall(CostateTaoSetResume((Tao)tao, flag));
  PetscCall(PetscOptionsBool("-tao_costate_keep", "leave the tape there at the end of the program", "CostateTaoSetKeep",
                             t->keep, &flag, &set));
  if (set) PetscCall(CostateTaoSetKeep((Tao)tao, flag));
  PetscCall(PetscOptionsBool("-tao_costate_check", "compute the last evaluation on the tape again and compare",
                             "CostateTaoSetCheck", t->check, &flag, &set));
  if (set) PetscCall(CostateTaoSetCheck((Tao)tao, flag));
  PetscCall(PetscOptionsBool("-tao_costate_pure", "Hessian, residuals and constraints depend on x alone",
                             "CostateTaoSetPure", t->pure, &flag, &set));
  if (set) PetscCall(CostateTaoSetPure((Tao)tao, flag));
  PetscCheck(!t->resume || t->dir, PetscObjectComm(tao), PETSC_ERR_USER,
             "-tao_costate_resume needs to know where the tape is: add -tao_costate_tape DIR");
  PetscCall(CostateTaoOptionsCheck(tao->options, PetscObjectComm(tao), PETSC_FALSE));
  PetscFunctionReturn(0);
}

/* The number of a tape that is opened: a program that is started again opens the same ones in the same order. */
PetscInt CostateTapeAdd(CostateTape t)
{
  t->next = tapes;
  tapes   = t;
  return ++opened;
}

/* The tape of a Tao, or NULL. */
PetscErrorCode CostateTapeFind(Tao tao, CostateTape *tape)
{
  PetscContainer container;

  PetscFunctionBegin;
  *tape = NULL;
  PetscCall(PetscObjectQuery((PetscObject)tao, key, (PetscObject *)&container));
  if (container) PetscCall(PetscContainerGetPointer(container, (void **)tape));
  PetscFunctionReturn(0);
}

/* ... which gets one; the handler of the options owns it. */
PetscErrorCode CostateTapeGet(Tao tao, CostateTape *tape)
{
  PetscContainer container;

  PetscFunctionBegin;
  PetscCall(CostateTapeFind(tao, tape));
  if (*tape) PetscFunctionReturn(0);
  PetscCall(PetscNew(tape));
  (*tape)->tao = tao;
  PetscCall(PetscContainerCreate(PetscObjectComm((PetscObject)tao), &container));
  PetscCall(PetscContainerSetPointer(container, *tape));
  PetscCall(PetscObjectCompose((PetscObject)tao, key, (PetscObject)container));
  PetscCall(PetscContainerDestroy(&container));
  PetscCall(PetscObjectAddOptionsHandler((PetscObject)tao, FromOptions, TapeDetach, *tape));
  if (!awaited) PetscCall(PetscRegisterFinalize(AtFinalize));
  awaited = PETSC_TRUE;
  PetscFunctionReturn(0);
}

/*@C
  CostateTaoSetTape - Keeps every evaluation of an optimisation on disk, so that a program that is killed can go on

  Collective

  Input Parameters:
+ tao - the optimiser
- dir - the directory; it must be new, empty, or hold nothing but runs of this library

  Options Database Key:
. -tao_costate_tape DIR - the same, for every `Tao` that calls `TaoSetFromOptions()`

  Notes:
  An evaluation of the objective, its gradient or both is durable before TAO gets it, with x, as frame n of an HDF5
  store.  It takes one `fsync()`, and on disk the size of x once or twice.

  A program that is started again asks for the same values at the same x, as TAO's methods are deterministic; where the
  tape has them, the application's routines are not called.  Monitors, convergence tests and update functions are.  They
  should depend on the iterate and not on what the last evaluation left behind.

  Every `Tao` has a tape of its own, for all its solves.  The files go when the program calls `PetscFinalize()`, however
  TAO fared; those of a program that ends otherwise stay.  A tape that was not ended is never overwritten: a program
that finds one, and was not told to resume it, stops.

  Not on the tape are Hessians, residuals and constraints; see `CostateTaoSetPure()`.

  Level: intermediate

.seealso: `CostateTaoSetResume()`, `CostateTaoSetKeep()`, `CostateTaoSetFromOptions()`, `CostateTaoGetTape()`
@*/
PetscErrorCode CostateTaoSetTape(Tao tao, const char dir[])
{
  CostateTape t;

  PetscFunctionBegin;
  PetscCall(CostateTaoRegister());
  PetscCall(CostateTapeGet(tao, &t));
  PetscCheck(!t->store, PetscObjectComm((PetscObject)tao), PETSC_ERR_ORDER,
             "The tape is chosen before the first TaoSolve()");
  PetscCheck(dir[0], PetscObjectComm((PetscObject)tao), PETSC_ERR_USER, "-tao_costate_tape needs a directory");
  if (dir != t->dir) {
    PetscCall(PetscFree(t->dir));
    PetscCall(PetscStrallocpy(dir, &t->dir));
  }
  PetscCall(CostateTapeHook(t));
  PetscFunctionReturn(0);
}

/*@C
  CostateTaoSetResume - Goes on with the tape that an earlier program left

  Collective

  Input Parameters:
+ tao    - the optimiser
- resume - `PETSC_FALSE` by default

  Options Database Key:
. -tao_costate_resume BOOL - the same

  Notes:
  Where there is no tape, the optimisation begins at its start, so that a batch job may always say it.

  It is an error if x is asked for that differs from that on the tape in one bit, or by another method, on another
  number of ranks, in another distribution.  What came after the last complete record is not on the tape.  A record
  whose bytes are damaged is computed again, and compared with the hash that was written down.

  Level: intermediate

.seealso: `CostateTaoSetTape()`, `CostateTaoSetCheck()`
@*/
PetscErrorCode CostateTaoSetResume(Tao tao, PetscBool resume)
{
  CostateTape t;

  PetscFunctionBegin;
  PetscCall(CostateTapeGet(tao, &t));
  t->resume = resume;
  PetscFunctionReturn(0);
}

/*@C
  CostateTaoSetKeep - Leaves the tape on disk at the end of the program

  Collective

  Input Parameters:
+ tao  - the optimiser
- keep - `PETSC_FALSE` by default

  Options Database Key:
. -tao_costate_keep BOOL - the same

  Note:
  A tape that was kept can be resumed, for instance with more iterations.

  Level: intermediate

.seealso: `CostateTaoSetTape()`, `CostateTaoSetResume()`
@*/
PetscErrorCode CostateTaoSetKeep(Tao tao, PetscBool keep)
{
  CostateTape t;

  PetscFunctionBegin;
  PetscCall(CostateTapeGet(tao, &t));
  t->keep = keep;
  PetscFunctionReturn(0);
}

/*@C
  CostateTaoSetCheck - Computes the last evaluation on a resumed tape again, to see whether the objective is the same

  Collective

  Input Parameters:
+ tao   - the optimiser
- check - by default it is done if the options of the program are not those that the tape was made with

  Options Database Key:
. -tao_costate_check BOOL - the same

  Note:
  A tape gives back what another objective had, and nothing in it shows that.  This does, for the price of one
  evaluation: it is an error if value or gradient differ in one bit.

  Level: intermediate

.seealso: `CostateTaoSetResume()`
@*/
PetscErrorCode CostateTaoSetCheck(Tao tao, PetscBool check)
{
  CostateTape t;

  PetscFunctionBegin;
  PetscCall(CostateTapeGet(tao, &t));
  t->check     = check;
  t->check_set = PETSC_TRUE;
  PetscFunctionReturn(0);
}

/*@C
  CostateTaoSetPure - Vouches for Hessians, residuals and constraints: they depend on x alone

  Collective

  Input Parameters:
+ tao  - the optimiser
- pure - `PETSC_FALSE` by default: a method that asks for them is an error

  Options Database Key:
. -tao_costate_pure BOOL - the same

  Note:
  They are not on the tape and are computed again.  In many applications they use the states that the last evaluation
  left in memory; an evaluation that is answered from the tape leaves none, and the result would be wrong.  Hessians
  by PETSc's finite differences need no voucher, their gradients are on the tape.

  Level: advanced

.seealso: `CostateTaoSetTape()`
@*/
PetscErrorCode CostateTaoSetPure(Tao tao, PetscBool pure)
{
  CostateTape t;

  PetscFunctionBegin;
  PetscCall(CostateTapeGet(tao, &t));
  t->pure = pure;
  PetscFunctionReturn(0);
}

/*@C
  CostateTaoSetFromOptions - Reads the options of the tape

  Collective

  Input Parameter:
. tao - the optimiser

  Note:
  `TaoSetFromOptions()` does it where the library was initialised, with `-dll_append` or `CostateInitializePackage()`,
  before the type of the `Tao` was set.

  Level: intermediate

.seealso: `CostateTaoSetTape()`, `CostateInitializePackage()`
@*/
PetscErrorCode CostateTaoSetFromOptions(Tao tao)
{
  CostateTape t;

  PetscFunctionBegin;
  PetscCall(CostateTapeGet(tao, &t));
  PetscObjectOptionsBegin((PetscObject)tao);
  PetscCall(FromOptions((PetscObject)tao, PetscOptionsObject, t));
  PetscOptionsEnd();
  PetscFunctionReturn(0);
}

/*@C
  CostateTaoGetTape - What is on the tape

  Not Collective

  Input Parameter:
. tao - the optimiser

  Output Parameters:
+ evaluations - how many TAO asked for, or `NULL`
- answered    - how many of them the tape gave, without calling the application's routines, or `NULL`

  Level: intermediate

.seealso: `CostateTaoSetTape()`, `CostateTaoView()`
@*/
PetscErrorCode CostateTaoGetTape(Tao tao, PetscInt64 *evaluations, PetscInt64 *answered)
{
  CostateTape t;

  PetscFunctionBegin;
  PetscCall(CostateTapeFind(tao, &t));
  if (evaluations) *evaluations = t ? t->count : 0;
  if (answered) *answered = t ? t->answered : 0;
  PetscFunctionReturn(0);
}

/*@C
  CostateTaoView - Prints what is on the tape; `TaoView()` does it too

  Collective

  Input Parameters:
+ tao    - the optimiser
- viewer - an ASCII viewer; others print nothing

  Level: intermediate

.seealso: `CostateTaoGetTape()`
@*/
PetscErrorCode CostateTaoView(Tao tao, PetscViewer viewer)
{
  CostateTape t;
  PetscBool   ascii;

  PetscFunctionBegin;
  PetscCall(CostateTapeFind(tao, &t));
  PetscCall(PetscObjectTypeCompare((PetscObject)viewer, PETSCVIEWERASCII, &ascii));
  if (!ascii || !t || !t->dir) PetscFunctionReturn(0);
  PetscCall(PetscViewerASCIIPrintf(viewer,
                                   "tape in %s: %" PetscInt64_FMT " evaluations (%.3g GB), of %" PetscInt64_FMT
                                   " asked for %" PetscInt64_FMT " were answered from it\n",
                                   t->dir, PetscMax(t->count, t->nrecords), 1e-9 * (double)t->bytes, t->count,
                                   t->answered));
  PetscFunctionReturn(0);
}
