/* SPDX-License-Identifier: BSD-2-Clause */
/* adolc: products from tapes of the application's local function, without a Jacobian.  Jv by a forward sweep, J^T v by
 * a reverse one. */
#include "tape.h"

#if defined(COSTATE_USE_ADOLC)
#include <adolc/interfaces.h>

/* The direction among the independents: shift times it is that of u'. */
static PetscErrorCode SetDirection(CostateVJP v, const CostatePoint *at, CostateTapeSide *s, Vec in)
{
  const CostateTape *tape  = &s->tape;
  Vec                local = v->parameters ? s->p : s->u;
  const PetscScalar *a;

  PetscFunctionBegin;
  PetscCall(CostateTapeForward(v, v->parameters, in, local));
  PetscCall(PetscArrayzero(s->d, CostateTapeSize(tape)));
  PetscCall(VecGetArrayRead(local, &a));
  if (v->parameters)
    PetscCall(PetscArraycpy(s->d + 1 + tape->nu + tape->nudot, a, tape->np));
  else {
    PetscCall(PetscArraycpy(s->d + 1, a, tape->nu));
    for (PetscInt i = 0; i < tape->nudot; i++) s->d[1 + tape->nu + i] = at->shift * a[i];
  }
  PetscCall(VecRestoreArrayRead(local, &a));
  PetscFunctionReturn(PETSC_SUCCESS);
}

static PetscErrorCode Mult(CostateVJP v, const CostatePoint *at, Vec in, Vec out)
{
  CostateTapeSide *s;
  PetscScalar     *a;

  PetscFunctionBegin;
  PetscCall(CostateTapeAt(v, at, &s));
  PetscCall(SetDirection(v, at, s, in));
  PetscCall(VecGetArrayWrite(out, &a));
  if (s->tape.nf) { /* keep: what a reverse sweep at this point needs stays there */
    const int rc = fos_forward(s->tape.tag, (int)s->tape.nf, CostateTapeSize(&s->tape), 1, s->x, s->d, s->y, a);

    s->stats.sweeps++;
    if (rc < 0) a[0] = NAN;
  }
  PetscCall(VecRestoreArrayWrite(out, &a));
  PetscCall(CostateTapeFinite(v, at, "", out));
  PetscFunctionReturn(PETSC_SUCCESS);
}

static PetscErrorCode MultTranspose(CostateVJP v, const CostatePoint *at, Vec in, Vec out)
{
  CostateTapeSide   *s;
  const CostateTape *tape;
  const PetscScalar *a;
  PetscScalar       *b;
  Vec                local;

  PetscFunctionBegin;
  PetscCall(CostateTapeAt(v, at, &s));
  tape  = &s->tape;
  local = v->parameters ? s->p : s->u;
  PetscCall(PetscArrayzero(s->d, CostateTapeSize(tape)));
  PetscCall(VecGetArrayRead(in, &a));
  if (tape->nf) {
    const int rc = fos_reverse(tape->tag, (int)tape->nf, CostateTapeSize(tape), (double *)a, s->d);

    s->stats.sweeps++;
    if (rc < 0) s->d[1] = NAN;
  }
  PetscCall(VecRestoreArrayRead(in, &a));
  PetscCall(VecGetArrayWrite(local, &b));
  if (v->parameters)
    PetscCall(PetscArraycpy(b, s->d + 1 + tape->nu + tape->nudot, tape->np));
  else {
    PetscCall(PetscArraycpy(b, s->d + 1, tape->nu));
    for (PetscInt i = 0; i < tape->nudot; i++) b[i] += at->shift * s->d[1 + tape->nu + i];
  }
  PetscCall(VecRestoreArrayWrite(local, &b));
  PetscCall(CostateTapeReverse(v, v->parameters, local, out));
  PetscCall(CostateTapeFinite(v, at, "transposed ", out));
  PetscFunctionReturn(PETSC_SUCCESS);
}
#endif

PETSC_INTERN PetscErrorCode CostateVJPCreate_Adolc(CostateVJP v)
{
  PetscBool missing;

  PetscFunctionBegin;
  v->ops.can = CostateTapeCan;
  v->taped   = PETSC_TRUE;
  PetscCall(CostateTapeMissing(v, &missing));
  if (missing) PetscFunctionReturn(PETSC_SUCCESS);
#if defined(COSTATE_USE_ADOLC)
  v->ops.setup         = CostateTapeSetUp;
  v->ops.mult          = Mult;
  v->ops.multtranspose = MultTranspose;
#endif
  PetscFunctionReturn(PETSC_SUCCESS);
}
