/* SPDX-License-Identifier: BSD-2-Clause */
/* Tapes are recorded, played, and taken to where the state is. */
#include "tape.h"

#if defined(COSTATE_USE_ADOLC)
#include <petscdm.h>
#include <petsc/private/petscimpl.h> /* PetscObjectStateGet() */
#include <adolc/interfaces.h>
#include <adolc/taping.h>

/* Numbers of tapes: not from the bottom, since applications that have tapes of their own begin there; and other ones on
   other ranks, since they name files where a tape is too large for its buffers */
#define FIRST_TAG(rank) (8000 + (rank) % 375 * NTAGS)
#define NTAGS           64
static PetscBool tag_used[NTAGS];

static PetscErrorCode GetTag(short *tag)
{
  PetscMPIInt rank;
  int         i = 0;

  PetscFunctionBegin;
  PetscCallMPI(MPI_Comm_rank(PETSC_COMM_WORLD, &rank));
  while (i < NTAGS && tag_used[i]) i++;
  PetscCheck(i < NTAGS, PETSC_COMM_SELF, PETSC_ERR_PLIB, "There are %d tapes already", NTAGS);
  tag_used[i] = PETSC_TRUE;
  *tag        = (short)(FIRST_TAG(rank) + i);
  PetscFunctionReturn(PETSC_SUCCESS);
}

static PetscErrorCode SideReset(CostateTapeSide *s)
{
  PetscFunctionBegin;
  if (s->tape.tag) {
    if (s->recorded) (void)removeTape(s->tape.tag, ADOLC_REMOVE_FROM_CORE);
    tag_used[(s->tape.tag - FIRST_TAG(0)) % NTAGS] = PETSC_FALSE;
  }
  PetscCall(VecDestroy(&s->u));
  PetscCall(VecDestroy(&s->udot));
  PetscCall(VecDestroy(&s->p));
  PetscCall(PetscFree3(s->x, s->y, s->d));
  PetscCall(PetscMemzero(&s->tape, sizeof(s->tape)));
  s->recorded = s->played = PETSC_FALSE;
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode CostateTapesReset(CostateTapes tapes)
{
  PetscFunctionBegin;
  for (int side = 0; side < 2; side++) PetscCall(SideReset(&tapes->side[side]));
  PetscCall(VecScatterDestroy(&tapes->to_all));
  PetscCall(DMDestroy(&tapes->dm));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* What a rank sees of the state: what the application says, what the DM says, or its own part */
static PetscErrorCode SetUpState(CostateVJP v, CostateTapeSide *s)
{
  CostateTapes tapes = v->tapes;
  PetscInt     n;

  PetscFunctionBegin;
  if (tapes->scatter[0])
    PetscCall(VecDuplicate(tapes->local[0], &s->u));
  else if (v->dm) {
    if (!tapes->dm) PetscCall(PetscObjectReference((PetscObject)v->dm));
    tapes->dm = v->dm;
    PetscCall(DMCreateLocalVector(v->dm, &s->u));
  } else {
    PetscCall(VecGetLocalSize(v->u, &n));
    PetscCall(VecCreateSeq(PETSC_COMM_SELF, n, &s->u));
  }
  PetscCall(VecZeroEntries(s->u)); /* places that nobody owns, such as ghosts behind a boundary */
  PetscCall(VecDuplicate(s->u, &s->udot));
  PetscCall(VecZeroEntries(s->udot));
  PetscFunctionReturn(PETSC_SUCCESS);
}

static PetscErrorCode SetUpParameters(CostateVJP v, CostateTapeSide *s)
{
  CostateTapes tapes = v->tapes;

  PetscFunctionBegin;
  if (!v->p) PetscFunctionReturn(PETSC_SUCCESS);
  if (tapes->scatter[1])
    PetscCall(VecDuplicate(tapes->local[1], &s->p));
  else {
    PetscCall(VecScatterDestroy(&tapes->to_all));
    PetscCall(VecScatterCreateToAll(v->p, &tapes->to_all, &s->p));
  }
  PetscCall(VecZeroEntries(s->p));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* So large that no part of a tape goes to a file, where ranks in one directory would overwrite each other's.  Memory
 * that is not written is not taken. */
static void SetBuffers(CostateTape *tape, unsigned int times)
{
  const double n        = 65536 + (256. * (double)tape->nf + 16. * (double)(tape->nu + tape->nudot + tape->np)) * times;
  const double parts[4] = {1, 3, 0.5, 1};

  for (int i = 0; i < 4; i++) tape->buffers[i] = (unsigned int)PetscMin(n * parts[i], 4e9);
}

PetscErrorCode CostateTapeSetUp(CostateVJP v)
{
  CostateTapeSide *s = &v->tapes->side[v->side];
  PetscInt         n, np = 0, m;
  int              large;

  PetscFunctionBegin;
  if (s->x) PetscFunctionReturn(PETSC_SUCCESS); /* by the provider of the other derivative */
  PetscCall(SetUpState(v, s));
  PetscCall(SetUpParameters(v, s));
  PetscCall(VecGetLocalSize(s->u, &n));
  if (s->p) PetscCall(VecGetLocalSize(s->p, &np));
  PetscCall(VecGetLocalSize(v->u, &m));
  large = n + np > 1000000000 || m > 1000000000;
  PetscCallMPI(MPI_Allreduce(MPI_IN_PLACE, &large, 1, MPI_INT, MPI_MAX, v->comm));
  PetscCheck(!large, v->comm, PETSC_ERR_SUP, "ADOL-C counts in 32 bits: use more ranks");
  s->tape.nf = m;
  s->tape.nu = n;
  s->tape.np = np;
  PetscCall(PetscMalloc3(1 + 2 * n + np, &s->x, m + 1, &s->y, 1 + 2 * n + np, &s->d));
  PetscCall(GetTag(&s->tape.tag));
  disableBranchSwitchWarnings();
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode CostateTapeForward(CostateVJP v, PetscBool p, Vec global, Vec local)
{
  CostateTapes tapes   = v->tapes;
  VecScatter   scatter = tapes->scatter[p] ? tapes->scatter[p] : (p ? tapes->to_all : NULL);

  PetscFunctionBegin;
  if (scatter) {
    PetscCall(VecScatterBegin(scatter, global, local, INSERT_VALUES, SCATTER_FORWARD));
    PetscCall(VecScatterEnd(scatter, global, local, INSERT_VALUES, SCATTER_FORWARD));
  } else if (tapes->dm) {
    PetscCall(DMGlobalToLocalBegin(tapes->dm, global, INSERT_VALUES, local));
    PetscCall(DMGlobalToLocalEnd(tapes->dm, global, INSERT_VALUES, local));
  } else {
    const PetscScalar *a;
    PetscScalar       *b;
    PetscInt           n;

    PetscCall(VecGetLocalSize(local, &n));
    PetscCall(VecGetArrayRead(global, &a));
    PetscCall(VecGetArrayWrite(local, &b));
    PetscCall(PetscArraycpy(b, a, n));
    PetscCall(VecRestoreArrayWrite(local, &b));
    PetscCall(VecRestoreArrayRead(global, &a));
  }
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode CostateTapeReverse(CostateVJP v, PetscBool p, Vec local, Vec global)
{
  CostateTapes tapes   = v->tapes;
  VecScatter   scatter = tapes->scatter[p] ? tapes->scatter[p] : (p ? tapes->to_all : NULL);

  PetscFunctionBegin;
  PetscCall(VecZeroEntries(global));
  if (scatter) {
    PetscCall(VecScatterBegin(scatter, local, global, ADD_VALUES, SCATTER_REVERSE));
    PetscCall(VecScatterEnd(scatter, local, global, ADD_VALUES, SCATTER_REVERSE));
  } else if (tapes->dm) {
    PetscCall(DMLocalToGlobalBegin(tapes->dm, local, ADD_VALUES, global));
    PetscCall(DMLocalToGlobalEnd(tapes->dm, local, ADD_VALUES, global));
  } else {
    const PetscScalar *a;
    PetscScalar       *b;
    PetscInt           n;

    PetscCall(VecGetLocalSize(local, &n));
    PetscCall(VecGetArrayRead(local, &a));
    PetscCall(VecGetArrayWrite(global, &b));
    PetscCall(PetscArraycpy(b, a, n));
    PetscCall(VecRestoreArrayWrite(global, &b));
    PetscCall(VecRestoreArrayRead(local, &a));
  }
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode CostateTapeFinite(CostateVJP v, const CostatePoint *at, const char what[], Vec x)
{
  PetscReal norm;

  PetscFunctionBegin;
  PetscCall(VecNorm(x, NORM_1, &norm));
  PetscCheck(!PetscIsInfOrNanReal(norm), v->comm, PETSC_ERR_FP,
             "The %sproduct of a tape is not a number, at t = %g: is the function differentiable there, and are its "
             "arguments in its domain?",
             what, (double)at->t);
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Whether the point is another one than the last; it is remembered. */
static PetscErrorCode Moved(CostateVJP v, const CostatePoint *at, CostateTapeSide *s, PetscBool *moved)
{
  const Vec        x[] = {at->u, at->udot, v->p};
  PetscObjectId    id;
  PetscObjectState state;

  PetscFunctionBegin;
  *moved   = (PetscBool)(!s->played || s->key.t != at->t);
  s->key.t = at->t;
  for (int i = 0; i < 3; i++) {
    id    = 0;
    state = 0;
    if (x[i]) PetscCall(PetscObjectGetId((PetscObject)x[i], &id));
    if (x[i]) PetscCall(PetscObjectStateGet((PetscObject)x[i], &state));
    if (id != s->key.id[i] || state != s->key.state[i]) *moved = PETSC_TRUE;
    s->key.id[i]    = id;
    s->key.state[i] = state;
  }
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* *same: the numbers are those that are there, as when the matrices of the state and of the parameters are at one point
 */
static PetscErrorCode SetPoint(CostateVJP v, const CostatePoint *at, CostateTapeSide *s, PetscBool *same)
{
  const Vec          global[] = {at->u, at->udot, v->p}, local[] = {s->u, s->udot, s->p};
  const PetscScalar *a;
  double            *x = s->x;
  PetscInt           n;

  PetscFunctionBegin;
  *same = s->played;
  if ((at->udot ? s->tape.nu : 0) != s->tape.nudot) { /* another function, of other variables */
    s->tape.nudot = at->udot ? s->tape.nu : 0;
    if (s->recorded) (void)removeTape(s->tape.tag, ADOLC_REMOVE_FROM_CORE);
    s->recorded = *same = PETSC_FALSE;
  }
  if (*x != at->t) *same = PETSC_FALSE;
  *x++ = at->t;
  for (int i = 0; i < 3; i++) {
    if (!global[i]) continue;
    PetscCall(CostateTapeForward(v, (PetscBool)(i == 2), global[i], local[i]));
    PetscCall(VecGetLocalSize(local[i], &n));
    PetscCall(VecGetArrayRead(local[i], &a));
    if (*same && memcmp(x, a, (size_t)n * sizeof(*x))) *same = PETSC_FALSE;
    PetscCall(PetscArraycpy(x, a, n));
    PetscCall(VecRestoreArrayRead(local[i], &a));
    x += n;
  }
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* What can go wrong on one rank, the worst last */
enum { GOOD, CHANGED, TOO_LARGE, WRONG, FAILED };

/* A tape that was too large for its buffers, with what ADOL-C has written of it */
static PetscErrorCode RemoveFiles(CostateTapeSide *s)
{
  char name[64];

  PetscFunctionBegin;
  (void)removeTape(s->tape.tag, ADOLC_REMOVE_COMPLETELY);
  PetscCall(PetscSNPrintf(name, sizeof(name), "ADOLC-Taylors_%d.tap", (int)s->tape.tag));
  (void)remove(name);
  s->recorded = PETSC_FALSE;
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* On this rank; not collective. */
static PetscErrorCode Record(CostateVJP v, CostateTapeSide *s, int *status, size_t stats[STAT_SIZE])
{
  CostateTape  *tape = &s->tape;
  const double *u = s->x + 1, *udot = u + tape->nu, *p = udot + tape->nudot;

  PetscFunctionBegin;
  for (unsigned int times = 1;; times *= 8) {
    if (!s->recorded) SetBuffers(tape, times);
    *status = (*s->record)(v->cs, tape, s->x[0], u, tape->nudot ? udot : NULL, tape->np ? p : NULL, s->y, s->ctx)
                  ? FAILED
                  : GOOD;
    if (*status) PetscFunctionReturn(PETSC_SUCCESS);
    s->recorded = PETSC_TRUE;
    tapestats(tape->tag, stats);
    if (stats[NUM_INDEPENDENTS] != (size_t)CostateTapeSize(tape) || stats[NUM_DEPENDENTS] != (size_t)tape->nf)
      *status = WRONG;
    else if (stats[OP_FILE_ACCESS] || stats[LOC_FILE_ACCESS] || stats[VAL_FILE_ACCESS] ||
             stats[TAY_STACK_SIZE] >= tape->buffers[3])
      *status = TOO_LARGE;
    if (*status != TOO_LARGE || times > 512) break;
    PetscCall(RemoveFiles(s));
  }
  s->stats.recordings++;
  s->stats.operations = (PetscInt64)stats[NUM_OPERATIONS];
  s->stats.bytes      = (PetscLogDouble)stats[NUM_OPERATIONS] + 4. * (PetscLogDouble)stats[NUM_LOCATIONS] +
                   8. * (PetscLogDouble)stats[NUM_VALUES] + 8. * (PetscLogDouble)stats[TAY_STACK_SIZE];
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* All ranks fail, and say what one of those found that is worst off. */
static PetscErrorCode Agree(CostateVJP v, const CostatePoint *at, CostateTapeSide *s, int status, const size_t stats[])
{
  PetscMPIInt rank;
  int         worst[2], mine[2];
  long long   numbers[4] = {0};

  PetscFunctionBegin;
  PetscCallMPI(MPI_Comm_rank(v->comm, &rank));
  mine[0] = status;
  mine[1] = rank;
  PetscCallMPI(MPI_Allreduce(mine, worst, 1, MPI_2INT, MPI_MAXLOC, v->comm));
  if (worst[0] == GOOD) PetscFunctionReturn(PETSC_SUCCESS);
  s->played = PETSC_FALSE;
  if (rank == worst[1] && status == WRONG) {
    numbers[0] = (long long)stats[NUM_INDEPENDENTS];
    numbers[1] = (long long)stats[NUM_DEPENDENTS];
    numbers[2] = CostateTapeSize(&s->tape);
    numbers[3] = s->tape.nf;
  }
  PetscCallMPI(MPI_Bcast(numbers, 4, MPI_LONG_LONG, worst[1], v->comm));
  PetscCheck(worst[0] != FAILED, v->comm, PETSC_ERR_USER,
             "On rank %d the function of CostateSetTape() failed at t = %g", worst[1], (double)at->t);
  PetscCheck(
      worst[0] != WRONG, v->comm, PETSC_ERR_USER,
      "The tape does not fit: on rank %d the function of CostateSetTape() recorded %lld independents and %lld "
      "dependents, and there are %lld (time, u, u', p as the rank sees them) and %lld. Does it record the state with "
      "its ghost points (CostateSetTapeScatters(), or the DM of the TS), and one value for each row of the rank?",
      worst[1], numbers[0], numbers[1], numbers[2], numbers[3]);
  PetscCheck(worst[0] != TOO_LARGE, v->comm, PETSC_ERR_SUP,
             "The tape of rank %d is larger than what ADOL-C counts in 32 bits: use more ranks", worst[1]);
  SETERRQ(v->comm, PETSC_ERR_SUP,
          "At t = %g the function takes another branch on rank %d than where its tape was recorded, and "
          "-costate_vjp_adolc_retape error makes that an error: with `record` it is recorded again",
          (double)at->t, worst[1]);
}

PetscErrorCode CostateTapeAt(CostateVJP v, const CostatePoint *at, CostateTapeSide **side)
{
  CostateTapes     tapes = v->tapes;
  CostateTapeSide *s     = &tapes->side[v->side];
  PetscBool        moved, same;
  size_t           stats[STAT_SIZE] = {0};
  int              status           = GOOD;

  PetscFunctionBegin;
  *side = s;
  PetscCall(Moved(v, at, s, &moved));
  if (!moved) PetscFunctionReturn(PETSC_SUCCESS);
  PetscCall(SetPoint(v, at, s, &same));
  if (same) {
  } else if (s->tape.nf && s->recorded && tapes->reuse) {
    s->stats.sweeps++;
    if (zos_forward(s->tape.tag, (int)s->tape.nf, CostateTapeSize(&s->tape), 1, s->x, s->y) < 0) status = CHANGED;
    if (status == CHANGED) s->stats.changes++;
    if (status == CHANGED && tapes->change == COSTATE_TAPE_RECORD) PetscCall(Record(v, s, &status, stats));
  } else if (s->tape.nf)
    PetscCall(Record(v, s, &status, stats));
  PetscCall(Agree(v, at, s, status, stats));
  s->played = PETSC_TRUE;
  PetscFunctionReturn(PETSC_SUCCESS);
}
#endif
