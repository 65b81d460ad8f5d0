/* SPDX-License-Identifier: BSD-2-Clause */
/* What the files of the tape share. */
#ifndef COSTATE_TAPE_H
#define COSTATE_TAPE_H

#include <costate/store.h>
#include <costate/tao.h>
#include "../base/compat.h"

/* What an evaluation gives; the letters are those of the records. */
typedef enum { COSTATE_VALUE = 'f', COSTATE_SLOPE = 'g', COSTATE_BOTH = 'b' } CostateKind;

#define COSTATE_METHOD_MAX 40 /* longest name of a TAO type and its 0 */

/* One evaluation, as it is in the notes of this rank; x and gradient are frame n of the store, n = 1, 2, ... */
typedef struct {
  char       kind;
  char       method[COSTATE_METHOD_MAX];
  PetscReal  f;
  PetscInt64 x, g; /* hashes of this rank's part */
  PetscInt64 runs; /* of trajectories, that the evaluation began */
} CostateRecord;

typedef PetscErrorCode CostateValue(Tao, Vec, PetscReal *, void *);
typedef PetscErrorCode CostateSlope(Tao, Vec, Vec, void *);
typedef PetscErrorCode CostateBothOf(Tao, Vec, PetscReal *, Vec, void *);
typedef PetscErrorCode CostateHessian(Tao, Vec, Mat, Mat, void *);

typedef struct _n_CostateTape *CostateTape;
struct _n_CostateTape {
  Tao       tao; /* NULL once that is destroyed: the files are there until the program ends */
  char     *dir;
  PetscBool resume, keep, check, pure;
  PetscBool check_set;

  /* what of the Tao is replaced: its methods as long as it has this type, the application's during TaoSolve() */
  PetscErrorCode (*solve)(Tao);
  PetscErrorCode (*view)(Tao, PetscViewer);
  CostateValue   *value;
  CostateSlope   *slope;
  CostateBothOf  *both;
  CostateHessian *hessian;
  void           *value_ctx, *slope_ctx, *both_ctx, *hessian_ctx;
  PetscBool       solving;
  PetscInt        depth; /* > 0: within an evaluation of the application */

  CostateStore   store;
  CostateRecord *record; /* what was there at the start */
  PetscInt64     nrecords;
  PetscInt64     count;    /* evaluations that TAO has asked for */
  PetscInt64     answered; /* of which by the tape */
  PetscInt64     bytes;    /* of all ranks, on the tape */
  PetscBool      suspicious;
  Vec            x; /* for reading */
  CostateTape    next;
};

/* tape.c: the files */
PETSC_INTERN PetscErrorCode CostateTapeOpen(CostateTape, Vec);
PETSC_INTERN PetscErrorCode CostateTapeEvaluate(CostateTape, CostateKind, Vec, PetscReal *, Vec);

/* record.c: lines of text */
PETSC_INTERN void           CostateRecordPrint(const CostateRecord *, PetscInt64 n, char *, size_t);
PETSC_INTERN PetscBool      CostateRecordParse(const char *, PetscInt64 n, CostateRecord *);
PETSC_INTERN PetscErrorCode CostateOptionsText(Tao, char **);
PETSC_INTERN PetscErrorCode CostateOptionsDiffer(const char *then, const char *now, char *, size_t);

/* solve.c: between TAO and the application */
PETSC_INTERN PetscErrorCode CostateTapeHook(CostateTape);
PETSC_INTERN PetscErrorCode CostateTapeCompute(CostateTape, CostateKind, Vec, PetscReal *, Vec);

/* settings.c */
PETSC_INTERN PetscErrorCode CostateTapeFind(Tao, CostateTape *);
PETSC_INTERN PetscErrorCode CostateTapeGet(Tao, CostateTape *);
PETSC_INTERN PetscInt       CostateTapeAdd(CostateTape);
PETSC_INTERN PetscErrorCode CostateTaoOptionsCheck(PetscOptions, MPI_Comm, PetscBool final);
PETSC_EXTERN PetscErrorCode CostateTapesEnd(void);

/* types.c */
PETSC_INTERN PetscErrorCode CostateTaoRegister(void);

#endif
