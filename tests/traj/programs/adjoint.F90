! SPDX-License-Identifier: BSD-2-Clause
!
! A logistic equation for each unknown with its neighbours, u_i' = 1.5 u_i (1 - u_i / i) + .2 (u_(i-1) - u_i), and the gradient
! of |u(T)|^2/2: prints the steps and the bits of lambda.  It knows nothing of checkpointing; the options come from the
! environment.
module logistic
#include <petsc/finclude/petscts.h>
  use petscts
  implicit none
  PetscInt, parameter :: n = 8, one = 1, two = 2
  VecScatter :: all
  Vec :: everywhere
  PetscFortranAddr, target :: costs(1) ! PETSc keeps where it is

  ! From Fortran there is no way to say that there are no parameters, so the C function is called.
  interface
    function c_set_cost_gradients(ts, n, lambda, mu) bind(C, name='TSSetCostGradients')
      use iso_c_binding, only: c_int, c_intptr_t, c_ptr
      import ! PetscInt is a macro, and newer versions of PETSc name a kind in it
      integer(c_int) :: c_set_cost_gradients
      integer(c_intptr_t), value :: ts
      PetscInt, value :: n
      type(c_ptr), value :: lambda, mu
    end function
  end interface
contains

  subroutine gradients(ts, lambda, ierr)
    use iso_c_binding, only: c_loc, c_null_ptr
    TS :: ts
    Vec :: lambda
    PetscErrorCode :: ierr

    costs = lambda%v
    ierr = c_set_cost_gradients(ts%v, one, c_loc(costs), c_null_ptr)
  end subroutine

  ! All of the state, on every rank
  subroutine get(u, x, ierr)
    Vec :: u
    PetscScalar, intent(out) :: x(n)
    PetscErrorCode :: ierr
    PetscInt :: i, at(n)

    at = [(i - 1, i = 1, n)]
    PetscCall(VecScatterBegin(all, u, everywhere, INSERT_VALUES, SCATTER_FORWARD, ierr))
    PetscCall(VecScatterEnd(all, u, everywhere, INSERT_VALUES, SCATTER_FORWARD, ierr))
    PetscCall(VecGetValues(everywhere, n, at, x, ierr))
  end subroutine

  subroutine rhs(ts, t, u, f, ctx, ierr)
    TS :: ts
    PetscReal :: t
    Vec :: u, f
    integer :: ctx
    PetscErrorCode :: ierr
    PetscInt :: i, lo, hi, at(1)
    PetscScalar :: x(n), y(1)

    PetscCall(get(u, x, ierr))
    PetscCall(VecGetOwnershipRange(f, lo, hi, ierr))
    do i = lo + 1, hi
      at = i - 1
      y = 1.5d0*x(i)*(1.d0 - x(i)/i) - .2d0*x(i)
      if (i > 1) y = y + .2d0*x(i - 1)
      PetscCall(VecSetValues(f, one, at, y, INSERT_VALUES, ierr))
    end do
    PetscCall(VecAssemblyBegin(f, ierr))
    PetscCall(VecAssemblyEnd(f, ierr))
  end subroutine

  subroutine jacobian(ts, t, u, A, B, ctx, ierr)
    TS :: ts
    PetscReal :: t
    Vec :: u
    Mat :: A, B
    integer :: ctx
    PetscErrorCode :: ierr
    PetscInt :: i, lo, hi, row(1), columns(2)
    PetscScalar :: x(n), v(2)

    PetscCall(get(u, x, ierr))
    PetscCall(MatGetOwnershipRange(B, lo, hi, ierr))
    do i = lo + 1, hi
      row = i - 1
      columns = [i - 1, i - 2] ! a negative column is left out
      v(1) = 1.5d0 - 3.d0*x(i)/i - .2d0
      v(2) = .2d0
      PetscCall(MatSetValues(B, one, row, two, columns, v, INSERT_VALUES, ierr))
    end do
    PetscCall(MatAssemblyBegin(B, MAT_FINAL_ASSEMBLY, ierr))
    PetscCall(MatAssemblyEnd(B, MAT_FINAL_ASSEMBLY, ierr))
  end subroutine
end module

program adjoint
#include <petsc/finclude/petscts.h>
  use logistic
  implicit none
  TS :: ts
  Vec :: u, lambda
  Mat :: J
  PetscInt :: i, steps
  PetscMPIInt :: rank
  PetscScalar :: x(n), start
  PetscReal :: t, dt
  PetscErrorCode :: ierr

  PetscCallA(PetscInitialize(ierr))
  PetscCallMPIA(MPI_Comm_rank(PETSC_COMM_WORLD, rank, ierr))
  PetscCallA(VecCreate(PETSC_COMM_WORLD, u, ierr))
  PetscCallA(VecSetSizes(u, PETSC_DECIDE, n, ierr))
  PetscCallA(VecSetFromOptions(u, ierr))
  start = .3d0
  PetscCallA(VecSet(u, start, ierr))
  PetscCallA(VecScatterCreateToAll(u, all, everywhere, ierr))
  PetscCallA(MatCreate(PETSC_COMM_WORLD, J, ierr))
  PetscCallA(MatSetSizes(J, PETSC_DECIDE, PETSC_DECIDE, n, n, ierr))
  PetscCallA(MatSetFromOptions(J, ierr))
  PetscCallA(MatSetUp(J, ierr))
  PetscCallA(TSCreate(PETSC_COMM_WORLD, ts, ierr))
  PetscCallA(TSSetProblemType(ts, TS_NONLINEAR, ierr))
  PetscCallA(TSSetEquationType(ts, TS_EQ_ODE_EXPLICIT, ierr))
  PetscCallA(TSSetType(ts, TSCN, ierr))
  PetscCallA(TSSetRHSFunction(ts, PETSC_NULL_VEC, rhs, 0, ierr))
  PetscCallA(TSSetRHSJacobian(ts, J, J, jacobian, 0, ierr))
  t = 2
  dt = .05d0
  PetscCallA(TSSetMaxTime(ts, t, ierr))
  PetscCallA(TSSetTimeStep(ts, dt, ierr))
  PetscCallA(TSSetExactFinalTime(ts, TS_EXACTFINALTIME_MATCHSTEP, ierr))
  PetscCallA(TSSetSaveTrajectory(ts, ierr))
  PetscCallA(TSSetFromOptions(ts, ierr))
  PetscCallA(TSSolve(ts, u, ierr))
  PetscCallA(TSGetStepNumber(ts, steps, ierr))
  PetscCallA(VecDuplicate(u, lambda, ierr))
  PetscCallA(VecCopy(u, lambda, ierr))
  PetscCallA(gradients(ts, lambda, ierr))
  PetscCallA(TSAdjointSolve(ts, ierr))
  PetscCallA(get(lambda, x, ierr))
  if (rank == 0) print '(i0)', steps
  do i = 1, n
    if (rank == 0) print '(2z16.16)', transfer(x(i), [0_8])
  end do
  PetscCallA(VecScatterDestroy(all, ierr))
  PetscCallA(VecDestroy(everywhere, ierr))
  PetscCallA(VecDestroy(lambda, ierr))
  PetscCallA(VecDestroy(u, ierr))
  PetscCallA(MatDestroy(J, ierr))
  PetscCallA(TSDestroy(ts, ierr))
  PetscCallA(PetscFinalize(ierr))
end program
