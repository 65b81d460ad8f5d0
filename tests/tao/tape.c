/* SPDX-License-Identifier: BSD-2-Clause */
/*
  ranks: 1 2

  An optimisation with a tape that dies after any number of evaluations goes on with the same bits, by any method, and
  computes nothing that it had computed.  What does not fit the tape is refused.
*/
#include "programs.h"

/* Dies after so many evaluations, perhaps again after one more, and goes on. */
static PetscErrorCode Death(const Case *c, const Result *whole, PetscInt k, PetscBool twice, PetscInt bad[3])
{
  Result r;

  PetscFunctionBeginUser;
  PetscCall(Program(c, "-tao_costate_tape tape", k, &r));
  if (!r.failed || r.computed != k) bad[0]++;
  if (twice) PetscCall(Program(c, "-tao_costate_tape tape -tao_costate_resume", 1, &r));
  k += twice;
  PetscCall(Program(c, "-tao_costate_tape tape -tao_costate_resume", -1, &r));
  if (!Same(&r, whole)) bad[0]++;
  if (r.computed != whole->computed - k || r.answered != k) bad[1]++;
  if (Exists("tape")) bad[2]++;
  PetscCall(Remove("tape"));
  PetscFunctionReturn(0);
}

/* After each number of evaluations, or some of them: a commit is a few fsync(), and these may be slow. */
static PetscErrorCode Deaths(const Case *c, const Result *whole, PetscBool all)
{
  const PetscInt n      = whole->computed;
  PetscInt       bad[3] = {0, 0, 0};

  PetscFunctionBeginUser;
  for (PetscInt k = 0; k < n; k++) {
    if (!all && k != n - 1 && Random((int)n) > 1) continue;
    PetscCall(Death(c, whole, k, (PetscBool)(k + 1 < n && Random(3) == 0), bad));
  }
  T_OK(bad[0] == 0, "%s: killed after any of %d evaluations, it ends with the same bits", c->name, (int)n);
  T_OK(bad[1] == 0, "%s: nothing is computed twice", c->name);
  T_OK(bad[2] == 0, "%s: no files are left in the end", c->name);
  PetscFunctionReturn(0);
}

static PetscErrorCode Methods(void)
{
  static const Case cases[] = {
      {"lmvm", "-tao_type lmvm -tao_max_it 6", BOTH},
      {"lmvm, value and gradient apart", "-tao_type lmvm -tao_max_it 4", APART},
      {"bqnls", "-tao_type bqnls -tao_max_it 6", BOTH},
      {"bncg", "-tao_type bncg -tao_max_it 5", BOTH},
      {"cg", "-tao_type cg -tao_max_it 5", BOTH},
      {"nls with a Hessian", "-tao_type nls -tao_max_it 5 -tao_costate_pure", HESSIAN},
      {"bntr with a Hessian of differences", "-tao_type bntr -tao_max_it 1 -tao_fd_hessian", BOTH},
      {"lmvm with a gradient of differences", "-tao_type lmvm -tao_max_it 1 -tao_fd_gradient", BOTH},
      {"two solves", "-tao_type lmvm -tao_max_it 3", TWICE},
  };
  Result    plain, whole;
  PetscBool same;

  PetscFunctionBeginUser;
  for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
    PetscCall(Program(&cases[i], "", -1, &plain));
    PetscCall(Program(&cases[i], "-tao_costate_tape tape", -1, &whole));
    same = (PetscBool)(Same(&plain, &whole) && whole.computed == plain.computed);
    same = (PetscBool)(!Exists("tape") && same);
    T_OK(same, "%s: the tape changes nothing", cases[i].name);
    PetscCall(Deaths(&cases[i], &whole, (PetscBool)(i == 0)));
  }
  PetscFunctionReturn(0);
}

/* A program that calls functions. */
static PetscErrorCode Functions(void)
{
  static const Case c = {"functions", "-tao_type cg -tao_max_it 3", FUNCTIONS};
  Result            whole, first, second;

  PetscFunctionBeginUser;
  PetscCall(Program(&c, "", -1, &whole));
  PetscCall(Program(&c, "", 3, &first));
  PetscCall(Program(&c, "", -1, &second));
  T_OK(first.failed && Same(&whole, &second) && second.computed == whole.computed - 3 && !Exists("tape"),
       "functions do what options do");
  PetscFunctionReturn(0);
}

int main(int argc, char **argv)
{
  int status;

  PetscCall(TestBegin(&argc, &argv));
  if (rank == 0) plan(9 * 4 + 1);
  PetscCall(Methods());
  PetscCall(Functions());
  PetscCall(TestEnd(&status));
  return status;
}
