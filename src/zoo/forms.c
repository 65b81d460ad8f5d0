/* SPDX-License-Identifier: BSD-2-Clause */
/* The callbacks of the TS: an equation M u' = f in one of three forms. */
#include "zooimpl.h"

static PetscErrorCode Assemble(Mat A, Mat B)
{
  PetscFunctionBegin;
  if (A != B) {
    PetscCall(MatAssemblyBegin(A, MAT_FINAL_ASSEMBLY));
    PetscCall(MatAssemblyEnd(A, MAT_FINAL_ASSEMBLY));
  }
  PetscFunctionReturn(PETSC_SUCCESS);
}

static PetscErrorCode RHSFunction(TS ts, PetscReal t, Vec u, Vec f, void *ctx)
{
  CostateProblem problem = (CostateProblem)ctx;

  PetscFunctionBegin;
  (void)ts;
  PetscCall(problem->ops->rhs(problem, t, u, f));
  PetscFunctionReturn(PETSC_SUCCESS);
}

static PetscErrorCode RHSJacobian(TS ts, PetscReal t, Vec u, Mat A, Mat B, void *ctx)
{
  CostateProblem problem = (CostateProblem)ctx;

  PetscFunctionBegin;
  (void)ts;
  PetscCall(problem->ops->jacobian(problem, t, u, B));
  PetscCall(Assemble(A, B));
  PetscFunctionReturn(PETSC_SUCCESS);
}

static PetscErrorCode RHSJacobianP(TS ts, PetscReal t, Vec u, Mat A, void *ctx)
{
  CostateProblem problem = (CostateProblem)ctx;

  PetscFunctionBegin;
  (void)ts;
  PetscCall(problem->ops->jacobianp(problem, t, u, A));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* f += M u' */
static PetscErrorCode AddMass(CostateProblem problem, Vec udot, Vec f)
{
  PetscFunctionBegin;
  if (problem->M) {
    PetscCall(problem->ops->mass(problem, problem->M));
    PetscCall(MatMultAdd(problem->M, udot, f, f));
  } else
    PetscCall(VecAXPY(f, 1, udot));
  PetscFunctionReturn(PETSC_SUCCESS);
}

static PetscErrorCode IFunction(TS ts, PetscReal t, Vec u, Vec udot, Vec f, void *ctx)
{
  CostateProblem problem = (CostateProblem)ctx;

  PetscFunctionBegin;
  (void)ts;
  if (problem->form == ZOO_SPLIT)
    PetscCall(VecZeroEntries(f));
  else {
    PetscCall(problem->ops->rhs(problem, t, u, f));
    PetscCall(VecScale(f, -1));
  }
  PetscCall(AddMass(problem, udot, f));
  PetscFunctionReturn(PETSC_SUCCESS);
}

static PetscErrorCode IJacobian(TS ts, PetscReal t, Vec u, Vec udot, PetscReal shift, Mat A, Mat B, void *ctx)
{
  CostateProblem problem = (CostateProblem)ctx;

  PetscFunctionBegin;
  (void)ts, (void)udot;
  /* The pattern is that of f_u in each of the forms. */
  PetscCall(problem->ops->jacobian(problem, t, u, B));
  if (problem->form == ZOO_SPLIT)
    PetscCall(MatZeroEntries(B));
  else
    PetscCall(MatScale(B, -1));
  if (problem->M) {
    PetscCall(problem->ops->mass(problem, problem->M));
    PetscCall(MatAXPY(B, shift, problem->M, SAME_NONZERO_PATTERN));
  } else
    PetscCall(MatShift(B, shift));
  PetscCall(Assemble(A, B));
  PetscFunctionReturn(PETSC_SUCCESS);
}

static PetscErrorCode IJacobianP(TS ts, PetscReal t, Vec u, Vec udot, PetscReal shift, Mat A, void *ctx)
{
  CostateProblem problem = (CostateProblem)ctx;

  PetscFunctionBegin;
  (void)ts, (void)shift;
  PetscCall(problem->ops->jacobianp(problem, t, u, A));
  if (problem->form == ZOO_SPLIT)
    PetscCall(MatZeroEntries(A));
  else
    PetscCall(MatScale(A, -1));
  if (problem->massp) PetscCall(problem->ops->massp(problem, udot, A));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* A matrix of its own for each callback: TS tells them apart by it. */
PetscErrorCode ZooSetForm(CostateProblem problem)
{
  TS  ts = problem->ts;
  Mat J = problem->J, Jp = problem->Jp, other;

  PetscFunctionBegin;
  if (problem->form != ZOO_RHS) {
    PetscCall(TSSetIFunction(ts, NULL, IFunction, problem));
    PetscCall(TSSetIJacobian(ts, J, J, IJacobian, problem));
  }
  if (problem->form == ZOO_IMPLICIT) {
    PetscCall(TSSetIJacobianP(ts, Jp, IJacobianP, problem));
    PetscFunctionReturn(PETSC_SUCCESS);
  }
  PetscCall(TSSetRHSFunction(ts, NULL, RHSFunction, problem));
  if (problem->form == ZOO_RHS)
    PetscCall(TSSetRHSJacobian(ts, J, J, RHSJacobian, problem));
  else {
    PetscCall(MatDuplicate(J, MAT_DO_NOT_COPY_VALUES, &other));
    PetscCall(TSSetRHSJacobian(ts, other, other, RHSJacobian, problem));
    PetscCall(MatDestroy(&other));
    /* else the sum of the two is a new matrix, which knows nothing of the grid */
    PetscCall(TSSetMatStructure(ts, SAME_NONZERO_PATTERN));
  }
  PetscCall(TSSetRHSJacobianP(ts, Jp, RHSJacobianP, problem));
  if (problem->form == ZOO_SPLIT && problem->massp) {
    PetscCall(MatDuplicate(Jp, MAT_DO_NOT_COPY_VALUES, &other));
    PetscCall(TSSetIJacobianP(ts, other, IJacobianP, problem));
    PetscCall(MatDestroy(&other));
  }
  PetscFunctionReturn(PETSC_SUCCESS);
}
