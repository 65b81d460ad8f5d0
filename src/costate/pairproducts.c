/* SPDX-License-Identifier: BSD-2-Clause */
/*
  The second derivatives of the equation that an application gave TSSetIHessianProduct() and TSSetRHSHessianProduct(),
  in place of differences of first ones: along (s, v), for R = F - G

    (R_u^T b)' = b^T R_uu s + b^T R_up v ,  (R_p^T b)' = b^T R_pu s + b^T R_pp v

  They are taken if all that are needed are there, and are compared with differences where they are needed first.
*/
#include "pair.h"

#define OFF 1e-4 /* what differences may be off by */

/* The sides that the equation has */
static PetscErrorCode Sides(CostatePair *x, PetscBool has[2])
{
  TSIFunction   f;
  TSRHSFunction g;

  PetscFunctionBegin;
  PetscCall(TSGetIFunction(x->cs->ts, NULL, &f, NULL));
  PetscCall(TSGetRHSFunction(x->cs->ts, NULL, &g, NULL));
  has[0] = (PetscBool)(f != NULL);
  has[1] = (PetscBool)(g != NULL);
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode CostatePairFindProducts(CostatePair *x)
{
  PetscBool side[2], there;

  PetscFunctionBegin;
  PetscCall(Sides(x, side));
  for (int of = 0; of < 2; of++) {
    x->own[of] = PETSC_TRUE;
    for (int rhs = 0; rhs < 2; rhs++) {
      for (int along = 0; along < 2; along++) {
        if (!side[rhs] || (along && x->ratio_v == 0)) continue;
        PetscCall(CostateTSHessianProduct(x->cs->ts, (PetscBool)rhs, of, along, 0, NULL, NULL, NULL, NULL, &there));
        if (!there) x->own[of] = PETSC_FALSE;
      }
    }
  }
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode CostatePairProduct(CostatePair *x, int of, Vec w)
{
  Vec       out = of ? x->gp : x->g;
  PetscBool side[2], there;

  PetscFunctionBegin;
  PetscCall(Sides(x, side));
  for (int rhs = 0; rhs < 2; rhs++) {
    for (int along = 0; along < 2; along++) {
      if (!side[rhs] || (along && x->ratio_v == 0)) continue;
      PetscCall(VecZeroEntries(out));
      PetscCall(CostateTSHessianProduct(x->cs->ts, (PetscBool)rhs, of, along, x->t, x->u, x->b, along ? x->v : x->s,
                                        out, &there));
      PetscCall(VecAXPY(w, rhs ? -1 : 1, out));
    }
  }
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Nothing else would show that they are wrong.  Not with first derivatives that are differences themselves. */
PetscErrorCode CostatePairCheckProducts(CostatePair *x)
{
  MPI_Comm    comm = PetscObjectComm((PetscObject)x->cs);
  PetscObject differences;
  PetscReal   norm, off;

  PetscFunctionBegin;
  if (x->looked) PetscFunctionReturn(PETSC_SUCCESS);
  PetscCall(VecNorm(x->b, NORM_2, &norm));
  if (norm == 0) PetscFunctionReturn(PETSC_SUCCESS);
  x->looked = PETSC_TRUE;
  PetscCall(PetscObjectQuery((PetscObject)x->cs->ts, COSTATE_DIFFERENCES, &differences));
  for (int of = 0; of < 2 && !differences; of++) {
    Vec       d, w, like = of ? x->gp : x->g;
    PetscReal rounding = 0;

    if (!x->own[of]) continue;
    PetscCall(VecDuplicate(like, &d));
    PetscCall(VecDuplicate(like, &w));
    PetscCall(VecZeroEntries(d));
    PetscCall(VecZeroEntries(w));
    PetscCall(CostatePairProduct(x, of, w));
    PetscCall(CostatePairDifference(x, NULL, 0, of ? NULL : d, of ? d : NULL));
    PetscCall(VecNorm(like, NORM_2, &rounding)); /* of what was differenced last */
    rounding *= 1e-9 * PetscMax(1, x->ratio);
    PetscCall(VecNorm(d, NORM_2, &norm));
    PetscCall(VecAXPY(w, -1, d));
    PetscCall(VecNorm(w, NORM_2, &off));
    PetscCall(VecDestroy(&d));
    PetscCall(VecDestroy(&w));
    PetscCheck(off <= OFF * norm + rounding, comm, PETSC_ERR_ARG_WRONG,
               "The second derivatives of the equation with respect to %s, from TSSetRHSHessianProduct() or "
               "TSSetIHessianProduct(), differ by %.2g from a difference of its first ones at t = %g, which is %.2g: "
               "correct these functions, or do not set them",
               of ? "the parameters" : "the state", (double)off, (double)x->t, (double)norm);
  }
  PetscFunctionReturn(PETSC_SUCCESS);
}
