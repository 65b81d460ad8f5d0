/* SPDX-License-Identifier: BSD-2-Clause */
/* Products with the derivative of the solution, and with the second derivatives of a cost. */
#include "../base/scalars.h"
#include "costateimpl.h"

/* That v is like the vector it is used for, on all ranks. */
static PetscErrorCode CheckLike(Costate cs, Vec v, Vec like, const char what[], const char of[])
{
  MPI_Comm comm = PetscObjectComm((PetscObject)cs);
  PetscInt n, m, N, M, wrong, any;

  PetscFunctionBegin;
  PetscCall(VecGetLocalSize(v, &n));
  PetscCall(VecGetLocalSize(like, &m));
  PetscCall(VecGetSize(v, &N));
  PetscCall(VecGetSize(like, &M));
  wrong = n != m;
  PetscCallMPI(MPI_Allreduce(&wrong, &any, 1, MPIU_INT, MPI_MAX, comm));
  PetscCheck(!any, comm, PETSC_ERR_ARG_SIZ,
             "The %s has %" PetscInt_FMT " entries and %s %" PetscInt_FMT "%s: make it with VecDuplicate()", what, N,
             of, M, N == M ? ", but they are distributed differently over the ranks" : "");
  PetscFunctionReturn(PETSC_SUCCESS);
}

static PetscErrorCode CheckNumbers(Costate cs, Vec v, const char what[])
{
  PetscReal norm;

  PetscFunctionBegin;
  PetscCall(VecNorm(v, NORM_1, &norm));
  PetscCheck(!PetscIsInfOrNanReal(norm), PetscObjectComm((PetscObject)cs), PETSC_ERR_FP,
             "The %s has an entry that is not a finite number", what);
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* That there is a solution to multiply at. */
static PetscErrorCode CheckSolved(Costate cs, const char what[])
{
  MPI_Comm comm = PetscObjectComm((PetscObject)cs);

  PetscFunctionBegin;
  PetscCheck(cs->reason >= 0, comm, PETSC_ERR_NOT_CONVERGED,
             "There is no solution that %s could be taken at: the last solve ended with %s "
             "(CostateGetConvergedReason())",
             what, CostateConvergedReasons[cs->reason]);
  PetscCheck(cs->setup && (cs->forward_done || cs->adjoint_done), comm, PETSC_ERR_ORDER,
             "There is no solution yet that %s could be taken at: call CostateSolve() or CostateSolveForward() first",
             what);
  PetscFunctionReturn(PETSC_SUCCESS);
}

static PetscErrorCode CheckMethod(Costate cs, PetscBool has, const char what[])
{
  PetscFunctionBegin;
  PetscCheck(has, PetscObjectComm((PetscObject)cs), PETSC_ERR_SUP,
             "The method %s has no %s: only implicit has (-costate_type implicit), for states of rest",
             ((PetscObject)cs)->type_name ? ((PetscObject)cs)->type_name : COSTATEDISCRETE, what);
  PetscFunctionReturn(PETSC_SUCCESS);
}

/*@
  CostateMultTangent - Multiplies the derivative of the solution with respect to the parameters, du/dp, by a vector

  Collective

  Input Parameters:
+ cs - the object, of type `COSTATEIMPLICIT`, after `CostateSolve()` or `CostateSolveForward()`
- dp - a change of the parameters, of their layout and units

  Output Parameter:
. du - the change of the state of rest to first order, of the layout and units of the state

  Notes:
  du = -R_u^-1 R_p dp at the solution that was found: a solve with the Jacobian, whose preconditioner is set up for the
  first product and kept for further ones.  If the Jacobian has a null space, du is orthogonal to it.

  Inner products (`CostateSetInnerProduct()`) play no part: dp and du are plain vectors.

  Memory: the Jacobian once more, and its preconditioner, until `CostateReset()`.

  Errors:
  No solution yet, or none that is at rest; other parameters than it was found for; a solver that does not converge, or
  only says so.

  Level: intermediate

.seealso: `CostateMultTangentTranspose()`, `CostateSetSteadyMode()`, `CostateHessianMult()`
@*/
PetscErrorCode CostateMultTangent(Costate cs, Vec dp, Vec du)
{
  PetscFunctionBegin;
  PetscValidHeaderSpecific(cs, COSTATE_CLASSID, 1);
  PetscValidHeaderSpecific(dp, VEC_CLASSID, 2);
  PetscValidHeaderSpecific(du, VEC_CLASSID, 3);
  PetscCheckSameComm(cs, 1, dp, 2);
  PetscCheckSameComm(cs, 1, du, 3);
  PetscCall(CheckMethod(cs, (PetscBool)(cs->ops->tangent != NULL), "products with du/dp"));
  PetscCall(CheckSolved(cs, "du/dp"));
  PetscCall(CheckLike(cs, dp, cs->p, "change of the parameters", "the parameters"));
  PetscCall(CheckLike(cs, du, cs->u0, "vector for the change of the state", "the state"));
  PetscCall(CheckNumbers(cs, dp, "change of the parameters"));
  PetscCall(cs->ops->tangent(cs, PETSC_FALSE, dp, du));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/*@
  CostateMultTangentTranspose - Multiplies the transpose of the derivative of the solution by a vector

  Collective

  Input Parameters:
+ cs - the object, of type `COSTATEIMPLICIT`, after `CostateSolve()` or `CostateSolveForward()`
- w  - a covector of the state, of its layout

  Output Parameter:
. mu - (du/dp)^T w, of the layout of the parameters

  Notes:
  mu = -R_p^T R_u^-T w: what a cost with the gradient w with respect to the state has as gradient with respect to the
parameters.  A transposed solve, with the set-up that gradients have made.

  Inner products play no part: mu is a covector.

  Errors:
  As of `CostateMultTangent()`.

  Level: intermediate

.seealso: `CostateMultTangent()`, `CostateGetCovector()`
@*/
PetscErrorCode CostateMultTangentTranspose(Costate cs, Vec w, Vec mu)
{
  PetscFunctionBegin;
  PetscValidHeaderSpecific(cs, COSTATE_CLASSID, 1);
  PetscValidHeaderSpecific(w, VEC_CLASSID, 2);
  PetscValidHeaderSpecific(mu, VEC_CLASSID, 3);
  PetscCheckSameComm(cs, 1, w, 2);
  PetscCheckSameComm(cs, 1, mu, 3);
  PetscCall(CheckMethod(cs, (PetscBool)(cs->ops->tangent != NULL), "products with du/dp"));
  PetscCall(CheckSolved(cs, "du/dp"));
  PetscCall(CheckLike(cs, w, cs->u0, "covector of the state", "the state"));
  PetscCall(CheckLike(cs, mu, cs->p, "vector for the covector of the parameters", "the parameters"));
  PetscCall(CheckNumbers(cs, w, "covector of the state"));
  PetscCall(cs->ops->tangent(cs, PETSC_TRUE, w, mu));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* The covector G''(v). */
PetscErrorCode CostateHessianProduct(Costate cs, PetscInt j, Vec v_u0, Vec v_p, Vec h_u0, Vec h_p)
{
  MPI_Comm        comm = PetscObjectComm((PetscObject)cs);
  const PetscBool own  = CostateHessianOwn(cs);

  PetscFunctionBegin;
  PetscCheck(own || cs->hessian == COSTATE_HESSIAN_AUTO || cs->hessian == COSTATE_HESSIAN_GRADIENTS, comm,
             PETSC_ERR_SUP,
             "-costate_hessian %s: the method %s has no products with Hessians of its own; gradients, or auto, "
             "takes differences of gradients",
             CostateHessians[cs->hessian],
             ((PetscObject)cs)->type_name ? ((PetscObject)cs)->type_name : COSTATEDISCRETE);
  PetscCall(CheckSolved(cs, "second derivatives"));
  PetscCheck(j >= 0 && j < cs->ncosts, comm, PETSC_ERR_ARG_OUTOFRANGE,
             "There is no cost %" PetscInt_FMT ": they are numbered from 0 to %" PetscInt_FMT, j, cs->ncosts - 1);
  PetscCheck((v_u0 || v_p) && (h_u0 || h_p), comm, PETSC_ERR_ARG_NULL,
             "A product with the Hessian needs a direction and a vector to go to, in the initial state or the "
             "parameters, and one of these is missing");
  PetscCheck((!h_p || (v_p != h_p && h_p != cs->p)) && (!h_u0 || (v_u0 != h_u0 && h_u0 != cs->u0)), comm,
             PETSC_ERR_ARG_IDN,
             "The product with the Hessian needs a vector of its own, neither the direction nor the %s",
             h_p && (v_p == h_p || h_p == cs->p) ? "parameters" : "initial state");
  PetscCheck(cs->p || (!v_p && !h_p), comm, PETSC_ERR_ARG_WRONGSTATE,
             "There are no parameters that a direction could be in: call CostateSetParameters()");
  if (v_u0) PetscCall(CheckLike(cs, v_u0, cs->u0, "direction", "the initial state"));
  if (h_u0) PetscCall(CheckLike(cs, h_u0, cs->u0, "vector for the product", "the initial state"));
  if (v_p) PetscCall(CheckLike(cs, v_p, cs->p, "direction", "the parameters"));
  if (h_p) PetscCall(CheckLike(cs, h_p, cs->p, "vector for the product", "the parameters"));
  if (v_u0) PetscCall(CheckNumbers(cs, v_u0, "direction"));
  if (v_p) PetscCall(CheckNumbers(cs, v_p, "direction"));
  PetscCall(own ? cs->ops->hessianmult(cs, j, v_u0, v_p, h_u0, h_p)
                : CostateHessianGradients(cs, j, v_u0, v_p, h_u0, h_p));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/*@
  CostateHessianMult - Multiplies the Hessian of a cost by a vector: how its gradients change along a direction

  Collective

  Input Parameters:
+ cs   - the object, after `CostateSolve()` or `CostateSolveForward()`
. j    - the number of the cost
. v_u0 - the direction in the initial state, of its layout and units; NULL: none, as for states of rest, which do not
         depend on it
- v_p  - the direction in the parameters, of their layout and units; NULL: none

  Output Parameters:
+ h_u0 - how dG_j/du0 changes, per unit of the direction; NULL: not wanted, or a state of rest
- h_p  - how dG_j/dp changes; NULL: not wanted.  Both are other vectors than the directions

  Options Database Key:
. -costate_hessian type - where it comes from (`CostateSetHessian()`)

  Notes:
  (h_u0, h_p) = G_j'' (v_u0, v_p) are the plain second derivatives, which are symmetric.  With an inner product
  (`CostateSetInnerProduct()`) they are the vectors W^-1 h, or L L^T h: the derivatives of what `CostateGetGradient()`
gives, an operator that is symmetric in that inner product.  `CostateCreateHessian()` is the plain one always.

  dG/dp holds what goes through the initial state (`CostateSetInitialConditionJacobian()`), so a direction in the
  parameters has that with it: du0/dp v_p, unless the application sets the initial state when it hears of parameters
  (`CostateSetParametersChanged()`), which then is what counts.

  Runs, by differences of gradients: four gradients, those of runs with the steps of the last one and with initial
  states and parameters a thousandth of their sizes away; the application hears of these, and gets its own back bit for
bit, as do the results of the last solve.  After `CostateSolveForward()` alone the adjoint is solved first.  What the
solvers of implicit steps leave over is divided by that thousandth: for 1e-10 they have to be as tight as they can be.

  The method implicit: a tangent solve and a second transposed one, each with the set-up that is there; another
  transposed one if the last adjoint was of another cost.  Second derivatives along the direction are central
differences of fourth order of the first derivatives: four more Jacobians and derivatives with respect to the
parameters, at states and parameters nearby.  What the solvers leave over is what the product lacks in symmetry: for
1e-10 give -costate_adjoint_ksp_rtol 1e-13 or `CostateSetAccuracy()`.  Memory: the Jacobian twice more, its
preconditioner and transpose, a dozen vectors of states and four of parameters, until `CostateReset()`.

  What `CostateSetRegularization()` adds is not part of it.

  With complex scalars directions are complex too: h is how the gradient changes, and Re(w^T H v) is symmetric.

  With `COSTATE_HESSIAN_GAUSS_NEWTON` it is the matrix of Gauss and Newton that is multiplied by.

  Errors:
  No solution yet, or other parameters than it was found for; a run nearby that fails; gradients that are not smooth, or
  too noisy to be differenced.

  Level: intermediate

.seealso: `CostateSetHessian()`, `CostateCreateHessian()`, `CostateMultTangent()`, `CostateGetGradient()`
@*/
PetscErrorCode CostateHessianMult(Costate cs, PetscInt j, Vec v_u0, Vec v_p, Vec h_u0, Vec h_p)
{
  Vec all[] = {v_u0, v_p, h_u0, h_p};

  PetscFunctionBegin;
  PetscValidHeaderSpecific(cs, COSTATE_CLASSID, 1);
  PetscValidLogicalCollectiveInt(cs, j, 2);
  for (int i = 0; i < 4; i++) {
    if (!all[i]) continue;
    PetscValidHeaderSpecific(all[i], VEC_CLASSID, 3 + i);
    PetscCheckSameComm(cs, 1, all[i], 3 + i);
  }
  PetscCall(CostateHessianProduct(cs, j, v_u0, v_p, h_u0, h_p));
  if (h_u0) PetscCall(CostateInnerState(cs, h_u0));
  if (h_p) PetscCall(CostateInnerParameters(cs, h_p));
  PetscFunctionReturn(PETSC_SUCCESS);
}

typedef struct {
  Costate  cs;
  PetscInt j;
} Hessian;

static PetscErrorCode HessianMult(Mat H, Vec v, Vec h)
{
  Hessian  *x;
  PetscBool real;

  PetscFunctionBegin;
  PetscCall(MatShellGetContext(H, &x));
  PetscCall(CostateVecIsReal(v, &real));
  PetscCheck(real, PetscObjectComm((PetscObject)H), PETSC_ERR_SUP,
             "A matrix of CostateCreateHessian() was given a direction with imaginary parts. The product with i v is "
             "not i times that with v, so it is no matrix of complex numbers, and solvers would go wrong with it: call "
             "CostateHessianMult(), or take real and imaginary parts for unknowns of their own");
  PetscCall(CostateHessianProduct(x->cs, x->j, NULL, v, NULL, h));
  PetscFunctionReturn(PETSC_SUCCESS);
}

static PetscErrorCode HessianDestroy(Mat H)
{
  Hessian *x;

  PetscFunctionBegin;
  PetscCall(MatShellGetContext(H, &x));
  PetscCall(CostateDestroy(&x->cs));
  PetscCall(PetscFree(x));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/*@
  CostateCreateHessian - Makes a matrix that multiplies by the Hessian of a cost with respect to the parameters

  Collective

  Input Parameters:
+ cs - the object, with its parameters; referenced
- j  - the number of the cost

  Output Parameter:
. H - a `MATSHELL`, rows and columns as of the parameters, known to be symmetric; to be destroyed by the caller

  Notes:
  It has the plain second derivatives, whatever inner product there is, as Tao and KSP want them: H is the derivative of
  `CostateGetCovector()`.  Each product is one of `CostateHessianMult()`, at the solution of the last solve, whose
parameters must still be the ones that are set.  `CostateSetUpTao()` gives a Tao its own.

  It has no diagonal and no entries, so preconditioners made of these have to be left out (-pc_type none).

  With complex scalars it multiplies real directions alone: a product with the Hessian is linear in real and imaginary
  parts, but that of i v is not i times that of v, as solvers take for granted.

  Level: intermediate

.seealso: `CostateHessianMult()`, `CostateSetUpTao()`
@*/
PetscErrorCode CostateCreateHessian(Costate cs, PetscInt j, Mat *H)
{
  PetscInt n, N;
  Hessian *x;

  PetscFunctionBegin;
  PetscValidHeaderSpecific(cs, COSTATE_CLASSID, 1);
  PetscValidLogicalCollectiveInt(cs, j, 2);
  PetscCheck(cs->p, PetscObjectComm((PetscObject)cs), PETSC_ERR_ARG_WRONGSTATE,
             "There is nothing that a Hessian could be with respect to: call CostateSetParameters()");
  PetscCheck(j >= 0 && j < cs->ncosts, PetscObjectComm((PetscObject)cs), PETSC_ERR_ARG_OUTOFRANGE,
             "There is no cost %" PetscInt_FMT ": there are %" PetscInt_FMT " (CostateSetTerminalCost())", j,
             cs->ncosts);
  PetscCall(VecGetLocalSize(cs->p, &n));
  PetscCall(VecGetSize(cs->p, &N));
  PetscCall(PetscNew(&x));
  PetscCall(PetscObjectReference((PetscObject)cs));
  x->cs = cs;
  x->j  = j;
  PetscCall(MatCreateShell(PetscObjectComm((PetscObject)cs), n, n, N, N, x, H));
  PetscCall(MatShellSetOperation(*H, MATOP_MULT, (void (*)(void))HessianMult));
  PetscCall(MatShellSetOperation(*H, MATOP_MULT_TRANSPOSE, (void (*)(void))HessianMult));
  PetscCall(MatShellSetOperation(*H, MATOP_DESTROY, (void (*)(void))HessianDestroy));
  PetscCall(MatSetOption(*H, MAT_SYMMETRIC, PETSC_TRUE));
  PetscCall(MatSetOption(*H, MAT_SYMMETRY_ETERNAL, PETSC_TRUE));
  PetscFunctionReturn(PETSC_SUCCESS);
}
