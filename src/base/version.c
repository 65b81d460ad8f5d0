/* SPDX-License-Identifier: BSD-2-Clause */
/* Whether the PETSc that runs is the one that this library was compiled for; both answer for themselves. */
#include "compat.h"
#include "package.h"

#define ADVICE                                                                                                         \
  "build it again with the PETSc of the program (PETSC_DIR, PETSC_ARCH), or load the one that was built for it"

/*
  PETSc's private structures, which the trajectory reads, differ from one minor version to the next and with the kind of
  numbers, and PETSc's loader looks at neither.
*/
PetscErrorCode CostateCheckVersion(void)
{
  const char *const kind[]   = {"real", "complex"};
  PetscInt          major[2] = {0, 0}, minor[2] = {0, 0}, patch[2] = {0, 0}; /* room for wider ones than ours */
  PetscDataType     scalar, real;
  PetscBool         known;
  size_t            scalar_size, real_size, int_size;

  PetscFunctionBegin;
  PetscCall(PetscGetVersionNumber(major, minor, patch, NULL));
  PetscCheck(major[0] == PETSC_VERSION_MAJOR && minor[0] == PETSC_VERSION_MINOR, PETSC_COMM_SELF, PETSC_ERR_SUP,
             "libcostate.so was built for PETSc %d.%d.%d, and this program runs PETSc %d.%d.%d: " ADVICE,
             PETSC_VERSION_MAJOR, PETSC_VERSION_MINOR, PETSC_VERSION_SUBMINOR, (int)major[0], (int)minor[0],
             (int)patch[0]);
  PetscCall(PetscDataTypeFromString("scalar", &scalar, &known));
  PetscCall(PetscDataTypeFromString("real", &real, &known));
  PetscCall(PetscDataTypeGetSize(scalar, &scalar_size));
  PetscCall(PetscDataTypeGetSize(real, &real_size));
  PetscCall(PetscDataTypeGetSize(PETSC_INT, &int_size));
  PetscCheck(scalar_size == sizeof(PetscScalar) && real_size == sizeof(PetscReal) && int_size == sizeof(PetscInt),
             PETSC_COMM_SELF, PETSC_ERR_SUP,
             "libcostate.so was built for a PETSc with %s scalars of %d bytes and indices of %d bits, and this program "
             "runs one with %s scalars of %d bytes and indices of %d bits: " ADVICE,
             kind[sizeof(PetscScalar) > sizeof(PetscReal)], (int)sizeof(PetscScalar), (int)(8 * sizeof(PetscInt)),
             kind[scalar_size > real_size], (int)scalar_size, (int)(8 * int_size));
  PetscFunctionReturn(PETSC_SUCCESS);
}
