/* SPDX-License-Identifier: BSD-2-Clause */
/* What cppcheck has to know of PETSc and MPI, whose headers it does not read: how the macros that leave a function do
 * so. */
#define PetscFunctionBegin     (void)0
#define PetscFunctionBeginUser (void)0
#define PetscFunctionReturn(x) return (x)
#define PetscCall(x)                                                                                                   \
  do {                                                                                                                 \
    if (x) return 1;                                                                                                   \
  } while (0)
#define PetscCallMPI(x)  PetscCall(x)
#define PetscCallVoid(x) (void)(x)
#define PetscCheck(condition, ...)                                                                                     \
  do {                                                                                                                 \
    if (!(condition)) return 1;                                                                                        \
  } while (0)
#define PetscAssert(...) (void)0
#define SETERRQ(...)     return 1
#define PETSC_EXTERN     extern
#define PETSC_INTERN     extern
#define PETSC_UNUSED
#define PETSC_NULLPTR       0
#define PETSC_STATIC_INLINE static inline
