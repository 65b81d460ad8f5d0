/* SPDX-License-Identifier: BSD-2-Clause */
/*
  The rows of a sparse matrix that are this rank's, for providers that fill it by colours, and whether its pattern has
  all that the function depends on: an entry that the pattern lacks falls on another column of its colour, and shows
  along a direction in which all columns take part, with another weight each.
*/
#ifndef COSTATE_VJP_ROWS_H
#define COSTATE_VJP_ROWS_H

#include "../base/compat.h"
#include <costate/vjp.h>

/* What v->data begins with.  Columns are counted in the order of `near`: those that these rows have, ascending. */
typedef struct {
  Mat          pattern;
  PetscInt     nrows, nnear;
  PetscInt    *start, *column, *near; /* the entries of row i are start[i] ... start[i + 1] - 1 */
  PetscScalar *value;                 /* of the entries */
} CostateRows;

/* The application gave an assembled sparse matrix. */
PETSC_INTERN PetscErrorCode CostateRowsGiven(CostateVJP, PetscBool *);
/* Sets the pattern to that of what was given, or of the DM; NULL: there is neither */
PETSC_INTERN PetscErrorCode CostateRowsPattern(CostateVJP, CostateRows *);
/* The entries, once the pattern has been set */
PETSC_INTERN PetscErrorCode CostateRowsSetUp(CostateRows *);
PETSC_INTERN PetscErrorCode CostateRowsPut(const CostateRows *, Mat);
PETSC_INTERN PetscErrorCode CostateRowsDestroy(CostateRows *);
/* The operation `matrix` */
PETSC_INTERN PetscErrorCode CostateRowsMatrix(CostateVJP, Mat *);

/* The weight of a column: some number between 1 and 2, the same on every rank */
PETSC_INTERN PetscReal CostateRowsWeight(PetscInt column);
/* What row i misses of `product` with the vector that has w at its columns, and how large its parts are */
PETSC_INTERN PetscReal CostateRowsMiss(const CostateRows *, PetscInt i, const PetscScalar w[], PetscScalar product,
                                       PetscReal *size);
/* Row i of some rank misses something, which is an error on every rank; negative: none does on this one */
PETSC_INTERN PetscErrorCode CostateRowsCheck(CostateVJP, PetscInt i);

#endif
