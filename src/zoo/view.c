/* SPDX-License-Identifier: BSD-2-Clause */
/* What there is to say about a problem: what it is, what it heeds, what was chosen. */
#include "zooimpl.h"

/* "a, b, c", the middle left out where there are many */
static PetscErrorCode Numbers(PetscViewer viewer, PetscInt n, const PetscReal x[])
{
  PetscFunctionBegin;
  for (PetscInt i = 0; i < n; i++) {
    if (n > 12 && i == 3) {
      PetscCall(PetscViewerASCIIPrintf(viewer, ", ..."));
      i = n - 1;
    }
    PetscCall(PetscViewerASCIIPrintf(viewer, "%s%.10g", i ? "," : "", (double)x[i]));
  }
  PetscCall(PetscViewerASCIIPrintf(viewer, "\n"));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* The names, with a star at the one that is chosen */
static PetscErrorCode Names(PetscViewer viewer, const char option[], PetscInt n, const char *const names[],
                            const PetscBool those[], PetscInt chosen)
{
  const char *comma = "";

  PetscFunctionBegin;
  PetscCall(PetscViewerASCIIPrintf(viewer, "  %s ", option));
  for (PetscInt i = 0; i < n; i++) {
    if (those && !those[i]) continue;
    PetscCall(PetscViewerASCIIPrintf(viewer, "%s%s%s", comma, names[i], i == chosen ? "*" : ""));
    comma = ", ";
  }
  PetscCall(PetscViewerASCIIPrintf(viewer, "\n"));
  PetscFunctionReturn(PETSC_SUCCESS);
}

static PetscErrorCode Values(CostateProblem problem, PetscViewer viewer, const char option[], PetscInt want,
                             const PetscReal defaults[], const ZooValues *given, const char names[])
{
  PetscFunctionBegin;
  if (!want) PetscFunctionReturn(PETSC_SUCCESS);
  PetscCall(PetscViewerASCIIPrintf(viewer, "  %s ", option));
  if (given->n > 0)
    PetscCall(Numbers(viewer, given->n, given->x));
  else if (defaults)
    PetscCall(Numbers(viewer, want, defaults));
  else
    PetscCall(PetscViewerASCIIPrintf(viewer, "(the model's; one value for each unknown, or one for all)\n"));
  if (names) PetscCall(PetscViewerASCIIPrintf(viewer, "     %s\n", names));
  (void)problem;
  PetscFunctionReturn(PETSC_SUCCESS);
}

static PetscErrorCode Costs(CostateProblem problem, PetscViewer viewer)
{
  PetscFunctionBegin;
  for (int i = 0; i < ZOO_KINDS; i++) {
    const char *text = problem->ops->cost_text(problem, (CostateCostKind)i);

    if (text)
      PetscCall(PetscViewerASCIIPrintf(viewer, "  -cost %s%s: %s\n", CostateCostKinds[i],
                                       i == (int)problem->kind ? "*" : "", text));
  }
  if (problem->kind != COSTATE_COST_TIMES) PetscFunctionReturn(PETSC_SUCCESS);
  PetscCall(PetscViewerASCIIPrintf(viewer, "  -times "));
  if (problem->times.n > 0)
    PetscCall(Numbers(viewer, problem->times.n, problem->times.x));
  else
    PetscCall(PetscViewerASCIIPrintf(viewer, "%s\n", problem->model->times));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/*@
  CostateProblemView - Prints what a problem is, which options it heeds, and what is chosen

  Collective

  Input Parameters:
+ problem - the problem
- viewer  - of type `PETSCVIEWERASCII`; NULL: the standard output

  Level: beginner

.seealso: `CostateProblemSetFromOptions()`
@*/
PetscErrorCode CostateProblemView(CostateProblem problem, PetscViewer viewer)
{
  const ZooModel *m                = problem->model;
  PetscInt        n                = 0;
  PetscBool       forms[ZOO_FORMS] = {(PetscBool)!m->mass, PETSC_TRUE, PETSC_TRUE};

  PetscFunctionBegin;
  if (!viewer) PetscCall(PetscViewerASCIIGetStdout(problem->comm, &viewer));
  PetscCall(PetscViewerASCIIPrintf(viewer, "%s: %s\n", problem->name, problem->text));
  while (m->variants && m->variants[n]) n++;
  if (n) PetscCall(Names(viewer, "-variant", n, m->variants, NULL, problem->variant));
  if (m->n) PetscCall(PetscViewerASCIIPrintf(viewer, "  -n %" PetscInt_FMT "\n", problem->n));
  PetscCall(Values(problem, viewer, "-p", m->np, m->p, &problem->p_given, m->pnames));
  PetscCall(Values(problem, viewer, "-u0", m->nu0, m->u0, &problem->u0_given, NULL));
  PetscCall(PetscViewerASCIIPrintf(viewer, "  -t0 %.6g -tend %.6g -dt %.6g\n", (double)problem->t0,
                                   (double)problem->tend, (double)problem->dt));
  PetscCall(Costs(problem, viewer));
  PetscCall(Names(viewer, "-form", ZOO_FORMS, ZooForms, forms, (PetscInt)problem->form));
  PetscFunctionReturn(PETSC_SUCCESS);
}
