/* SPDX-License-Identifier: BSD-2-Clause */
/*
  ranks: 1 2

  A tape is never overwritten and never believed: what does not fit it is refused, and what is damaged is computed
  again, or refused.
*/
#include "programs.h"

static const Case lmvm = {"lmvm", "-tao_type lmvm -tao_max_it 6", BOTH};
static Result     whole;

#define TAPE   "-tao_costate_tape tape"
#define RESUME TAPE " -tao_costate_resume"

/* Leaves a tape of so many evaluations. */
static PetscErrorCode Leave(PetscInt k)
{
  Result r;

  PetscFunctionBeginUser;
  PetscCall(Remove("tape"));
  PetscCall(Program(&lmvm, TAPE, k, &r));
  PetscCheck(r.failed && r.computed == k, PETSC_COMM_WORLD, PETSC_ERR_PLIB, "no tape of %d was left: %s", (int)k,
             r.message);
  PetscFunctionReturn(0);
}

/* That it did not run, and why. */
static PetscErrorCode Refused(const Case *c, const char *options, const char *why, const char *text)
{
  Result r;

  PetscFunctionBeginUser;
  PetscCall(Program(c, options, -1, &r));
  T_OK(r.failed && strstr(r.message, why), "%s%s%s", text, r.failed ? "" : ": it ran",
       strstr(r.message, why) ? "" : r.message);
  PetscFunctionReturn(0);
}

/* That it goes on as if nothing had been, after so many evaluations of its own and so many from the tape. */
static PetscErrorCode GoesOn(const Case *c, const char *options, PetscInt own, PetscInt taped, const char *text)
{
  PetscBool same;
  Result    r;

  PetscFunctionBeginUser;
  PetscCall(Program(c, options, -1, &r));
  same = (PetscBool)(Same(&r, &whole) && r.computed == own && r.answered == taped);
  T_OK(same, "%s (computed %d of %d, from the tape %d of %d) %s", text, (int)r.computed, (int)own, (int)r.answered,
       (int)taped, r.message);
  PetscFunctionReturn(0);
}

static PetscErrorCode Existing(void)
{
  Result r;

  PetscFunctionBeginUser;
  PetscCall(Leave(4));
  PetscCall(Refused(&lmvm, TAPE, "-tao_costate_resume", "a tape that is there is not overwritten"));
  PetscCall(GoesOn(&lmvm, RESUME, whole.computed - 4, 4, "... and can be resumed"));
  T_OK(Said("costate: 4 evaluations are on the tape in tape, the optimisation goes on behind them"),
       "... which is said");
  PetscCall(GoesOn(&lmvm, RESUME, whole.computed, 0, "where there is no tape, the optimisation starts"));
  PetscCall(Shell("mkdir tape && touch tape/foreign"));
  PetscCall(Refused(&lmvm, TAPE, "foreign", "a directory with something else in it is refused"));
  PetscCall(Refused(&lmvm, RESUME, "foreign", "... also by a program that resumes"));
  PetscCall(Remove("tape"));
  PetscCall(Refused(&lmvm, "-tao_costate_resume", "-tao_costate_tape", "to resume needs a directory"));
  PetscCall(Refused(&lmvm, "-tao_costate_tap tape", "-tao_costate_tape", "a misspelt option is an error"));
  PetscCall(Program(&lmvm, TAPE " -tao_costate_keep", -1, &r));
  T_OK(!r.failed && r.tape, "the tape is there until the program ends");
  PetscCall(GoesOn(&lmvm, RESUME, 0, whole.computed, "a tape that is kept has all of it"));
  T_OK(!Exists("tape"), "... and goes when a later program does not keep it");
  PetscFunctionReturn(0);
}

static PetscErrorCode Others(void)
{
  static const Case cg   = {"cg", "-tao_type cg -tao_max_it 6", BOTH};
  static const Case ls   = {"lmvm", "-tao_type lmvm -tao_max_it 6 -tao_ls_type armijo", BOTH};
  static const Case more = {"lmvm", "-tao_type lmvm -tao_max_it 6 -user_option 3", BOTH};

  PetscFunctionBeginUser;
  PetscCall(Leave(5));
  problem.n++;
  PetscCall(Refused(&lmvm, RESUME, "another size", "another size of x is refused"));
  problem.n--;
  problem.start += 1e-15;
  PetscCall(Refused(&lmvm, RESUME, "Evaluation 1 ", "another start is refused, by one bit"));
  problem.start -= 1e-15;
  PetscCall(Refused(&cg, RESUME, "-tao_type lmvm", "another method is refused"));
  PetscCall(Refused(&ls, RESUME, "another x, though", "an option that leads elsewhere is found out"));
  problem.weight *= 2;
  PetscCall(Refused(&lmvm, RESUME " -tao_costate_check", "Evaluation 5 was computed again and is not",
                    "another objective is found out where that is asked for"));
  PetscCall(Refused(&more, RESUME, "Evaluation 5 was computed again and is not", "... and where options are others"));
  problem.weight /= 2;
  PetscCall(GoesOn(&more, RESUME, whole.computed - 5 + 1, 4, "... which costs one evaluation where all is well"));
  T_OK(Said("now -user_option 3"), "... and which options these are is said");
  PetscFunctionReturn(0);
}

/* Flips a bit of what rank 0 wrote as the gradient of evaluation `marked`. */
static PetscErrorCode Flip(const char *path)
{
  PetscBool done = PETSC_FALSE;
  FILE     *file;

  PetscFunctionBeginUser;
  if (rank == 0 && (file = fopen(path, "r+b"))) {
    const size_t length = 1 << 20;
    char        *text   = malloc(length);
    const size_t n      = fread(text, 1, length, file);

    for (size_t i = 0; i + sizeof(mark) <= n && !done; i++) {
      if (memcmp(text + i, mark, sizeof(mark))) continue;
      done = PETSC_TRUE;
      (void)fseek(file, (long)i, SEEK_SET);
      (void)fputc(text[i] ^ 4, file);
    }
    free(text);
    (void)fclose(file);
  }
  PetscCallMPI(MPI_Bcast(&done, 1, MPIU_BOOL, 0, PETSC_COMM_WORLD));
  PetscCheck(done, PETSC_COMM_WORLD, PETSC_ERR_PLIB, "the gradient is not in %s", path);
  PetscFunctionReturn(0);
}

static PetscErrorCode Damages(void)
{
  PetscFunctionBeginUser;
  marked = 3;
  PetscCall(Leave(6));
  PetscCall(Flip("tape/run-0001/states-0000.h5"));
  PetscCall(Shell("cp -r tape copy"));
  PetscCall(GoesOn(&lmvm, RESUME, whole.computed - 6 + 1, 5, "a damaged gradient is computed again"));
  T_OK(Said("costate: evaluation 3 on the tape in tape is damaged and is computed again"), "... which is said");
  PetscCall(Shell("rm -rf tape && mv copy tape"));
  problem.weight *= 2;
  PetscCall(Refused(&lmvm, RESUME, "Evaluation 3 was computed again and is not", "... and has to be what it was"));
  problem.weight /= 2;

  PetscCall(Leave(6));
  PetscCall(Shell("printf 'note evaluation 7 b' >>tape/run-0001/journal-00000.txt"));
  PetscCall(GoesOn(&lmvm, RESUME, whole.computed - 6, 6, "a record that was being written is no record"));
  PetscCall(Leave(6));
  PetscCall(Shell("for m in tape/run-0001/manifest-*; do :; done; printf x | dd of=$m bs=1 seek=40 conv=notrunc 2>dd"));
  PetscCall(GoesOn(&lmvm, RESUME, whole.computed - 5, 5, "without the last commit that before it is taken"));
  PetscCall(Leave(6));
  PetscCall(Shell("for f in tape/run-0001/journal-00000.txt; do head -c 300 $f >cut; cat cut >$f; done"));
  PetscCall(Refused(&lmvm, RESUME, "tape/run-0001", "a tape that was cut off is refused"));
  PetscCall(Remove("tape"));
  PetscFunctionReturn(0);
}

static PetscErrorCode Unsupported(void)
{
  static const Case nls      = {"nls", "-tao_type nls -tao_max_it 3", HESSIAN};
  static const Case pair     = {"two Taos", "-tao_type lmvm -tao_max_it 3 -second_tao_type lmvm -second_tao_max_it 3",
                                PAIR};
  static const Case residual = {"pounders", "-tao_type pounders -tao_max_it 3", RESIDUAL};
  Result            r;

  PetscFunctionBeginUser;
  PetscCall(Refused(&nls, TAPE, "-tao_costate_pure", "a Hessian needs a voucher"));
  PetscCall(Remove("tape"));
  PetscCall(Refused(&residual, TAPE, "-tao_costate_pure", "residuals need one"));
  PetscCall(Remove("tape"));

  PetscCall(Program(&pair, "", -1, &whole));
  PetscCall(Program(&pair, TAPE " -second_tao_costate_tape tape", whole.computed - 3, &r));
  PetscCall(GoesOn(&pair, RESUME " -second_tao_costate_tape tape -second_tao_costate_resume", 3, whole.computed - 3,
                   "the second of two optimisations goes on, the first is answered"));
  T_OK(!Exists("tape"), "... and both tapes are gone");
  PetscFunctionReturn(0);
}

int main(int argc, char **argv)
{
  int status;

  PetscCall(TestBegin(&argc, &argv));
  if (rank == 0) plan(29);
  PetscCall(Program(&lmvm, "", -1, &whole));
  PetscCall(Existing());
  PetscCall(Others());
  PetscCall(Damages());
  PetscCall(Unsupported());
  PetscCall(TestEnd(&status));
  return status;
}
