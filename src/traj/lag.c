/* SPDX-License-Identifier: BSD-2-Clause */
/*
  The preconditioner of the adjoint steps, kept for several of them.

  The gradient must have the same bits however many steps are repeated between two adjoint steps. So what an adjoint
  step is preconditioned by may depend on the adjoint steps alone, and never on the preconditioner that a repeated step
  has set up since. PCTRANSPOSABLE has one for the transpose of its own, which only transposed solves set up. It is held
  there by applying it past its owner, who would look at the matrix.

  It is set up again after so many adjoint steps whose matrices were others than its own; or as soon as a solve took
  half as many iterations again as those right after the set-up; or for a solve that failed, which is then repeated. A
  matrix is another one if it differs by more than rounding: TSAdjointSolve() takes the difference of two times for the
  step, so that equal steps have matrices that differ in last bits.
*/
#include "trajimpl.h"
#include <petsc/private/kspimpl.h>
#include <petsc/private/pcimpl.h>
#include <costate/pc.h>

#define SAME 1e-12 /* relative */
#define FEW  4     /* iterations that are less than a set-up */

static uint64_t Scramble(uint64_t x)
{
  x += 0x9e3779b97f4a7c15u;
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9u;
  x = (x ^ (x >> 27)) * 0x94d049bb133111ebu;
  return x ^ (x >> 31);
}

/*
  Sums of all numbers of this rank's part with random signs. Two matrices with the same pattern whose difference is not
  small have sums that differ as much, but for bad luck in all of them at once.
*/
static PetscErrorCode Draw(Mat A, CostateSketch *s)
{
  Mat             part[2] = {A, NULL};
  const PetscInt *columns;
  PetscBool       known, mpi;
  uint64_t        i = 0;

  PetscFunctionBegin;
  PetscCall(PetscMemzero(s, sizeof(*s)));
  PetscCall(PetscObjectTypeCompareAny((PetscObject)A, &known, MATSEQAIJ, MATMPIAIJ, ""));
  if (!known) PetscFunctionReturn(PETSC_SUCCESS);
  s->drawn = PETSC_TRUE;
  PetscCall(PetscObjectGetId((PetscObject)A, &s->id));
  PetscCall(MatGetNonzeroState(A, &s->nonzero));
  PetscCall(PetscObjectTypeCompare((PetscObject)A, MATMPIAIJ, &mpi));
  if (mpi) PetscCall(MatMPIAIJGetSeqAIJ(A, &part[0], &part[1], &columns));
  for (int k = 0; k < 2 && part[k]; k++) {
    const PetscScalar *v;
    const PetscInt    *ia, *ja;
    PetscInt           rows;
    PetscBool          can;

    PetscCall(MatGetRowIJ(part[k], 0, PETSC_FALSE, PETSC_FALSE, &rows, &ia, &ja, &can));
    PetscCall(MatSeqAIJGetArrayRead(part[k], &v));
    for (PetscInt j = 0; j < ia[rows]; j++) {
      const uint64_t random = Scramble(i++);

      s->size += PetscRealPart(v[j] * PetscConj(v[j]));
      for (int l = 0; l < COSTATE_SKETCH; l++) s->sum[l] += random >> l & 1 ? v[j] : -v[j];
    }
    PetscCall(MatSeqAIJRestoreArrayRead(part[k], &v));
    PetscCall(MatRestoreRowIJ(part[k], 0, PETSC_FALSE, PETSC_FALSE, &rows, &ia, &ja, &can));
  }
  s->size = PetscSqrtReal(s->size);
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* All ranks agree. */
static PetscErrorCode Near(Mat A, const CostateSketch *a, const CostateSketch *b, PetscBool *near)
{
  PetscFunctionBegin;
  *near = (PetscBool)(a->drawn && b->drawn && a->id == b->id && a->nonzero == b->nonzero);
  for (int l = 0; l < COSTATE_SKETCH && *near; l++)
    *near = (PetscBool)(PetscAbsScalar(a->sum[l] - b->sum[l]) <= SAME * PetscMax(a->size, b->size));
  PetscCallMPI(MPI_Allreduce(MPI_IN_PLACE, near, 1, MPIU_BOOL, MPI_LAND, PetscObjectComm((PetscObject)A)));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* A backward sweep begins, which must not depend on what was before it. */
void CostateLagReset(CostateTraj tr)
{
  tr->lag.made = tr->lag.held = tr->lag.again = PETSC_FALSE;
  tr->lag.id                                  = 0;
  tr->lag.age = tr->lag.least = 0;
}

/* The preconditioner is set up for the matrix of this step. */
static void Renew(CostateTraj tr, const CostateSketch *of)
{
  tr->lag.of   = *of;
  tr->lag.made = PETSC_TRUE;
  tr->lag.held = tr->lag.again = PETSC_FALSE;
  tr->lag.age = tr->lag.least = 0;
}

/* The first solve of an adjoint step: what is it preconditioned by? */
static PetscErrorCode Decide(CostateTraj tr, Mat P)
{
  CostateSketch now;
  PetscBool     near = PETSC_FALSE;

  PetscFunctionBegin;
  PetscCall(Draw(P, &now));
  if (tr->lag.made) PetscCall(Near(P, &now, &tr->lag.of, &near));
  if (!near) tr->lag.age++;
  tr->lag.held = (PetscBool)(tr->lag.made && !tr->lag.again && (near || tr->lag.age < tr->transposed_lag));
  if (!tr->lag.held) Renew(tr, &now);
  PetscFunctionReturn(PETSC_SUCCESS);
}

static PetscErrorCode ApplyHeld(PC pc, Vec x, Vec y)
{
  PC inner;

  PetscFunctionBegin;
  PetscCall(PCTransposableGetPC(pc, PETSC_TRUE, &inner));
  PetscCall(PCApply(inner, x, y));
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode CostateLagCheck(CostateTraj tr, PC pc)
{
  PetscBool ours;
  PCType    type;

  PetscFunctionBegin;
  if (tr->transposed_lag <= 1) PetscFunctionReturn(PETSC_SUCCESS);
  PetscCall(PCGetType(pc, &type));
  PetscCall(PetscObjectTypeCompare((PetscObject)pc, PCTRANSPOSABLE, &ours));
  PetscCheck(!type || ours, PetscObjectComm((PetscObject)pc), PETSC_ERR_SUP,
             "-ts_trajectory_costate_transposed_lag %" PetscInt_FMT
             " keeps the preconditioner of one adjoint step for others, but that of -pc_type %s serves the repeated "
             "steps between them, too. Use -pc_type transposable -transposable_pc_type %s, which has one for the "
             "transpose of its own, or leave the option out",
             tr->transposed_lag, type, type);
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* A transposed solve of an adjoint step begins; the solver has not looked at its preconditioner yet. */
PetscErrorCode CostateLagBefore(CostateTraj tr, KSP ksp)
{
  PC               pc, inner;
  Mat              P;
  PetscObjectId    id;
  PetscObjectState state;

  PetscFunctionBegin;
  if (tr->transposed_lag <= 1) PetscFunctionReturn(PETSC_SUCCESS);
  PetscCall(KSPGetPC(ksp, &pc));
  PetscCall(CostateLagCheck(tr, pc));
  if (pc->reusepreconditioner) PetscFunctionReturn(PETSC_SUCCESS); /* the application keeps it for ever */
  PetscCall(PCTransposableGetPC(pc, PETSC_TRUE, &inner));          /* for symmetric matrices, too */
  PetscCall(PCGetOperators(pc, NULL, &P));
  PetscCall(PetscObjectGetId((PetscObject)P, &id));
  PetscCall(PetscObjectStateGet((PetscObject)P, &state));
  if (id != tr->lag.id || state != tr->lag.state) PetscCall(Decide(tr, P));
  tr->lag.id    = id;
  tr->lag.state = state;
  if (!tr->lag.held) PetscFunctionReturn(PETSC_SUCCESS);
  tr->lag.apply           = pc->ops->applytranspose;
  pc->ops->applytranspose = ApplyHeld;
  PetscCall(PCSetReusePreconditioner(pc, PETSC_TRUE));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* It is over: is it to be repeated, with a preconditioner of the matrix itself? */
PetscErrorCode CostateLagAfter(CostateTraj tr, KSP ksp, PetscBool failed, PetscBool *repeat)
{
  PC            pc;
  Mat           A, P;
  PetscInt      its;
  CostateSketch now;

  PetscFunctionBegin;
  *repeat = PETSC_FALSE;
  if (tr->transposed_lag <= 1) PetscFunctionReturn(PETSC_SUCCESS);
  PetscCall(KSPGetPC(ksp, &pc));
  PetscCall(KSPGetIterationNumber(ksp, &its));
  if (!tr->lag.held) {
    tr->lag.least = PetscMax(tr->lag.least, its);
    PetscFunctionReturn(PETSC_SUCCESS);
  }
  if (pc->ops->applytranspose != ApplyHeld) PetscFunctionReturn(PETSC_SUCCESS);
  pc->ops->applytranspose = tr->lag.apply;
  PetscCall(PCSetReusePreconditioner(pc, PETSC_FALSE));
  if (its > tr->lag.least + PetscMax(FEW, tr->lag.least / 2)) tr->lag.again = PETSC_TRUE;
  if (!failed) PetscFunctionReturn(PETSC_SUCCESS);
  PetscCall(KSPGetOperators(ksp, &A, &P));
  PetscCall(Draw(P, &now));
  Renew(tr, &now);
  PetscCall(KSPSetOperators(ksp, A, P)); /* or the solver would not look at the preconditioner again */
  *repeat = PETSC_TRUE;
  PetscFunctionReturn(PETSC_SUCCESS);
}
