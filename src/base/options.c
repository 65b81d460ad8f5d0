/* SPDX-License-Identifier: BSD-2-Clause */
/* An option of ours that nobody reads is an error: a misspelt budget must not become the default budget. */
#include "compat.h"
#include "package.h"

static const char family[] = "ts_trajectory_costate_";

/* Levenshtein distance; the names of options and policies are short. */
int CostateEditDistance(const char *a, const char *b)
{
  int row[128], la = (int)strlen(a), lb = (int)strlen(b);

  if (la > 127 || lb > 126) return 1000;
  for (int j = 0; j <= lb; j++) row[j] = j;
  for (int i = 1; i <= la; i++) {
    int diag = row[0];

    row[0] = i;
    for (int j = 1; j <= lb; j++) {
      int up   = row[j];
      int best = PetscMin(row[j - 1], up) + 1;

      row[j] = PetscMin(best, diag + (a[i - 1] != b[j - 1]));
      diag   = up;
    }
  }
  return row[lb];
}

/* The option of a list that is most like `name`, and how far from it. */
static int Nearest(const char *const list[], const char name[], const char **nearest)
{
  int best = 1000;

  for (PetscInt k = 0; list[k]; k++) {
    int d = CostateEditDistance(name, list[k]);

    if (d >= best) continue;
    best     = d;
    *nearest = list[k];
  }
  return best;
}

PetscErrorCode CostateOptionsCheck(PetscOptions options, MPI_Comm comm, PetscBool final)
{
  PetscInt n;
  char   **names, **values;

  PetscFunctionBegin;
  PetscCall(PetscOptionsLeftGet(options, &n, &names, &values));
  for (PetscInt i = 0; i < n; i++) {
    const char *name = strstr(names[i], family), *nearest = NULL, *like = NULL;
    PetscBool   object = PETSC_FALSE;
    int         best, far;

    if (!name) {
      name   = strncmp(names[i], "costate_", 8) ? NULL : names[i];
      object = (PetscBool)(name && strncmp(name, "costate_adjoint_", 16) && strncmp(name, "costate_inner_ksp_", 18) &&
                           strncmp(name, "costate_vjp_mat_", 16) && strncmp(name, "costate_inner_pc_", 17));
      if (!object) continue;
    }
    best = Nearest(CostateTrajOptions, name, &nearest);
    if (object) {
      far = Nearest(CostateObjectOptions, name, &like);
      if (far <= best) {
        best    = far;
        nearest = like;
      } else
        object = PETSC_FALSE;
    }
    PetscCheck(best == 0, comm, PETSC_ERR_ARG_UNKNOWN_TYPE, "Unknown option -%s. Did you mean -%.*s%s?", names[i],
               (int)(name - names[i]), names[i], nearest);
    PetscCheck(!final || !object, comm, PETSC_ERR_USER,
               "Option -%s was given but nothing read it: no Costate called CostateSetFromOptions(), or none of the "
               "type "
               "that it is for. Leave it out",
               names[i]);
    PetscCheck(!final, comm, PETSC_ERR_USER,
               "Option -%s was given but nothing read it: no trajectory of type costate with that prefix was set up. "
               "Add -ts_trajectory_type costate (and -ts_save_trajectory, if the program asks for a trajectory after "
               "its "
               "last TSSetFromOptions())",
               names[i]);
  }
  PetscCall(PetscOptionsLeftRestore(options, &n, &names, &values));
  PetscFunctionReturn(PETSC_SUCCESS);
}
