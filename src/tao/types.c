/* SPDX-License-Identifier: BSD-2-Clause */
/*
  The TAO types, each with a creator of ours around PETSc's: so that an option gives a tape to a program that knows
  nothing of it.  A creator is told nothing but the Tao, so there is one function for each type.
*/
#include "../base/compat.h"
#include "tape.h"

typedef PetscErrorCode Creator(Tao);

#define TYPES_MOST 64

static Creator  *original[TYPES_MOST];
static PetscBool registered;

static PetscErrorCode Create(Tao tao, int i)
{
  CostateTape t;

  PetscFunctionBegin;
  PetscCall(original[i](tao));
  PetscCall(CostateTapeGet(tao, &t));
  PetscCall(CostateTapeHook(t));
  PetscFunctionReturn(0);
}

#define ONE(i)                                                                                                         \
  static PetscErrorCode Create##i(Tao tao)                                                                             \
  {                                                                                                                    \
    return Create(tao, i);                                                                                             \
  }
#define EIGHT(M, d) M(d##0) M(d##1) M(d##2) M(d##3) M(d##4) M(d##5) M(d##6) M(d##7)
#define ALL(M)      EIGHT(M, 0) EIGHT(M, 01) EIGHT(M, 02) EIGHT(M, 03) EIGHT(M, 04) EIGHT(M, 05) EIGHT(M, 06) EIGHT(M, 07)

ALL(ONE)

#define NAME(i) Create##i,
static Creator *const creator[TYPES_MOST] = {ALL(NAME)};

static PetscErrorCode Forget(void)
{
  PetscFunctionBegin;
  registered = PETSC_FALSE; /* the list of types goes with PETSc */
  PetscCall(CostateTaoOptionsCheck(NULL, PETSC_COMM_WORLD, PETSC_TRUE));
  PetscFunctionReturn(0);
}

/* Once in the life of PETSc.  Types that the application registers later have no tape; the options then say so. */
PetscErrorCode CostateTaoRegister(void)
{
  const char **names;
  int          n;

  PetscFunctionBegin;
  if (registered) PetscFunctionReturn(0);
  registered = PETSC_TRUE;
  PetscCall(TaoInitializePackage());
  PetscCall(PetscFunctionListGet(TaoList, &names, &n));
  for (int i = 0; i < n && i < TYPES_MOST && names[i]; i++) { /* n may count the NULL at the end */
    PetscCall(PetscFunctionListFind(TaoList, names[i], &original[i]));
    PetscCall(TaoRegister(names[i], creator[i]));
  }
  PetscCall(PetscFree(names));
  PetscCall(PetscRegisterFinalize(Forget));
  PetscFunctionReturn(0);
}
