/* SPDX-License-Identifier: BSD-2-Clause */
/*
  What reads the notes of a commit, for libFuzzer, and as a program that takes the files of its arguments: each line of
  the input is a note.  Compiled with the library's objects but resume_notes.o, which is included here
  (tests/store/fuzz.sh).
*/
#include "../../../src/traj/resume_notes.c"

int LLVMFuzzerTestOneInput(const uint8_t *, size_t);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
  static struct _n_CostateTraj tr; /* too large for a stack */
  CostateNotes                 notes = {.back = -1};
  char                        *text  = malloc(size + 1);

  memset(&tr, 0, sizeof(tr));
  memcpy(text, data, size);
  text[size] = 0;
  tr.log.n   = -1;
  for (char *line = strtok(text, "\n"); line; line = strtok(NULL, "\n")) {
    PetscBool good = PETSC_TRUE;

    if (NoteOfSched(&notes, line)) continue;
    if (NoteOfRun(&tr, &notes, line, &good) || !good) break;
  }
  for (PetscInt k = 1; k <= tr.log.n; k++) { /* what a replay asks of the log */
    CostateAttempt a;
    PetscInt       n = 1;

    for (PetscInt i = 0; i < n; i++) {
      if (CostateLogGet(&tr.log, k, i, &a, &n) || a.rej < 0 || a.rej + a.nrej > tr.log.nrej) abort();
    }
    (void)CostateLogStart(&tr.log, k);
    (void)CostateLogRetried(&tr.log, k);
    (void)CostateLogRejections(&tr.log, k);
  }
  (void)CostateLogReset(&tr.log);
  (void)PetscFree(tr.kind);
  (void)PetscFree(tr.dumped);
  (void)PetscFree(tr.landmark);
  (void)PetscFree(tr.past);
  (void)PetscFree(notes.told);
  (void)PetscFree(notes.ram);
  free(text);
  return 0;
}

#if !defined(COSTATE_FUZZER)
int main(int argc, char **argv)
{
  int n = 0;

  for (int i = 1; i < argc; i++) {
    FILE    *f = fopen(argv[i], "rb");
    uint8_t *data;
    long     size;

    if (!f || fseek(f, 0, SEEK_END) || (size = ftell(f)) < 0 || fseek(f, 0, SEEK_SET)) return 2;
    data = malloc((size_t)size + 1);
    if (!data || fread(data, 1, (size_t)size, f) != (size_t)size) return 2;
    fclose(f);
    LLVMFuzzerTestOneInput(data, (size_t)size);
    free(data);
    n++;
  }
  printf("%d inputs\n", n);
  return 0;
}
#endif
