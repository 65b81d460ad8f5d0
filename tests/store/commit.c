/* SPDX-License-Identifier: BSD-2-Clause */
/* ranks: 1 2 3 */
/*
  What was committed is there again in another store: frames with their bits and labels, notes, the order of slots. What
  came after the commit is not.  Damage is found, and either an older commit is taken or all ranks say what is wrong.
*/
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <petscdmda.h>
#include <sys/stat.h>
#include "vecs.h"
#include "files.h"

#define OWNER "tests/store/commit, 9000 a rank"

static Vec            v[1];
static PetscErrorCode err;

static PetscErrorCode New(const char dir[], CostateStore *s)
{
  PetscFunctionBeginUser;
  PetscCall(Disk(dir, PETSC_TRUE, s));
  PetscCall(CostateStoreSetCommit(*s, PETSC_TRUE));
  PetscCall(CostateStoreSetOwner(*s, OWNER));
  PetscFunctionReturn(0);
}

/* Frames of one key differ by their round. */
static PetscErrorCode Put(CostateStore s, PetscInt64 key, int round)
{
  PetscFunctionBeginUser;
  PetscCall(Pattern(v[0], (uint64_t)(key + 1000 * round), NULL));
  PetscCall(CostateStoreSetLabel(s, key, 0.1 * (int)key + round, key % 2 ? "state" : "before jump"));
  PetscCall(CostateStorePutBegin(s, key, 1, v));
  PetscFunctionReturn(0);
}

/* Whether a store has exactly these keys, ended by -1, with the bits of that round; says nothing itself. */
static PetscErrorCode Holds(CostateStore s, const PetscInt64 keys[], int round, PetscBool *right)
{
  PetscInt64 have[64];
  PetscInt   n, k;

  PetscFunctionBeginUser;
  *right = PETSC_TRUE;
  PetscCall(CostateStoreKeys(s, &n, NULL));
  PetscCheck(n <= 64, PETSC_COMM_SELF, PETSC_ERR_PLIB, "too many frames for this test");
  PetscCall(CostateStoreKeys(s, &n, have));
  for (k = 0; k < n && keys[k] >= 0; k++) {
    const CostateFrame f = s->table[k];

    if (have[k] != keys[k] || f->step != keys[k] || f->time != 0.1 * (int)keys[k] + round ||
        strcmp(f->what, keys[k] % 2 ? "state" : "before jump"))
      *right = PETSC_FALSE;
    PetscCall(VecSet(v[0], -1));
    PetscCall(CostateStoreGetEnd(s, have[k], 1, v));
    PetscCall(Pattern(v[0], (uint64_t)(have[k] + 1000 * round), right));
  }
  if (k < n || keys[k] >= 0) *right = PETSC_FALSE;
  PetscCall(All(right));
  PetscFunctionReturn(0);
}

#define KEYS(...) ((const PetscInt64[]){__VA_ARGS__, -1})

static PetscErrorCode Resume(const char dir[], PetscInt64 before, PetscInt64 *generation, CostateStore *s)
{
  PetscFunctionBeginUser;
  PetscCall(New(dir, s));
  PetscCall(CostateStoreResume(*s, before, generation));
  PetscFunctionReturn(0);
}

static PetscErrorCode Basic(void)
{
  CostateStore       s, ram;
  PetscInt64         generation, again;
  PetscInt           n;
  PetscBool          right, noted;
  const char *const *notes;
  char              *text, mine[32];

  PetscFunctionBeginUser;
  PetscCall(PetscMalloc1(300001, &text));
  memset(text, 'x', 300000);
  text[300000] = 0;
  snprintf(mine, sizeof(mine), "rank %d # of \"%d\"", rank, size);
  PetscCall(New("disk", &s));
  PetscCall(CostateStoreCreate(PETSC_COMM_WORLD, "ram", &ram));
  PetscCall(CostateStoreNote(s, "before it is open"));
  for (PetscInt64 key = 1; key < 6; key++) PetscCall(Put(s, key, 0));
  PetscCall(CostateStoreNote(s, mine));
  PetscCall(CostateStoreCommit(s));
  PetscCall(CostateStoreGetGeneration(s, &generation));
  PetscCall(Put(s, 6, 0));
  PetscCall(CostateStoreDrop(s, 2));
  PetscCall(Put(ram, 7, 0));
  PetscCall(CostateStoreCopyBegin(ram, s, 7));
  PetscCall(CostateStoreNote(s, text));
  PetscCall(CostateStoreNote(s, ""));
  PetscCall(CostateStoreCommit(s));
  PetscCall(CostateStoreGetGeneration(s, &again));
  T_OK(generation == 1 && again == 2, "commits are counted");
  PetscCall(Put(s, 8, 0));
  PetscCall(CostateStoreDrop(s, 3));
  PetscCall(CostateStoreNote(s, "lost"));
  PetscCall(CostateStoreAbandon(&s));

  PetscCall(Resume("disk", 0, &generation, &s));
  PetscCall(Holds(s, KEYS(1, 3, 4, 5, 6, 7), 0, &right));
  T_OK(generation == 2 && right, "what was committed is there again, bits and labels, and nothing that came later");
  PetscCall(CostateStoreGetNotes(s, &n, &notes));
  noted = (PetscBool)(n == 4 && !strcmp(notes[0], "before it is open") && !strcmp(notes[1], mine) &&
                      !strcmp(notes[2], text) && !notes[3][0]);
  PetscCall(All(&noted));
  T_OK(noted, "and each rank's notes, of any length, in their order");
  PetscCall(CostateStoreFreeNotes(s));
  PetscCall(Put(s, 9, 0));
  PetscCall(CostateStoreDrop(s, 1));
  PetscCall(CostateStoreNote(s, "more"));
  PetscCall(CostateStoreCommit(s));
  PetscCall(CostateStoreAbandon(&s));
  PetscCall(Resume("disk", 0, &generation, &s));
  PetscCall(Holds(s, KEYS(3, 4, 5, 6, 7, 9), 0, &right));
  PetscCall(CostateStoreGetNotes(s, &n, &notes));
  noted = (PetscBool)(n == 5 && !strcmp(notes[4], "more"));
  PetscCall(All(&noted));
  T_OK(generation == 3 && right && noted, "a resumed run is committed and resumed as any other");
  PetscCall(CostateStoreCopyBegin(s, ram, 9));
  PetscCall(CostateStoreCopyEnd(s, ram, 9));
  PetscCall(CostateStoreGetEnd(ram, 9, 1, v));
  PetscCall(CostateStoreDestroy(&s));
  PetscCallMPI(MPI_Barrier(PETSC_COMM_WORLD));
  T_OK(access("disk", F_OK), "nothing is left of it when it is destroyed");
  PetscCall(CostateStoreDestroy(&ram));
  PetscCall(PetscFree(text));
  PetscFunctionReturn(0);
}

/* Slots: what two commits refer to is written over by nobody, and then it is. */
static PetscErrorCode Slots(void)
{
  CostateStore s;
  PetscInt64   generation;
  PetscBool    old = PETSC_TRUE, right;

  PetscFunctionBeginUser;
  PetscCall(New("disk", &s));
  for (int round = 0; round < 8; round++) {
    for (PetscInt64 key = 1; key < 5; key++) {
      if (round) PetscCall(CostateStoreDrop(s, key));
      PetscCall(Put(s, key, round));
    }
    if (round < 7) PetscCall(CostateStoreCommit(s));
  }
  T_OK(access("disk/run-0001/states-0003.h5", F_OK), "slots that no commit needs any more are used again");
  T_OK(access("disk/run-0001/manifest-000005.txt", F_OK) && !access("disk/run-0001/manifest-000006.txt", F_OK) &&
           !access("disk/run-0001/manifest-000007.txt", F_OK),
       "the last two commits are kept");
  PetscCall(CostateStoreAbandon(&s));
  PetscCall(Copy("disk", "older"));
  PetscCall(Resume("disk", 0, &generation, &s));
  PetscCall(Holds(s, KEYS(1, 2, 3, 4), 6, &right));
  T_OK(generation == 7 && right, "what was dropped after the commit is back");
  /* in the slots of which the journal says that the commit before needs them */
  for (PetscInt64 key = 11; key < 40; key++) PetscCall(Put(s, key, 6));
  PetscCall(CostateStoreAbandon(&s));
  PetscCall(Resume("disk", 7, &generation, &s));
  PetscCall(Holds(s, KEYS(1, 2, 3, 4), 5, &right));
  T_OK(generation == 6 && right, "frames that are put after a resume leave the commit before alone");
  PetscCall(Put(s, 5, 5));
  PetscCall(CostateStoreCommit(s));
  PetscCall(CostateStoreGetGeneration(s, &generation));
  PetscCall(CostateStoreAbandon(&s));
  PetscCall(Resume("disk", 0, &generation, &s));
  PetscCall(Holds(s, KEYS(1, 2, 3, 4, 5), 5, &right));
  T_OK(generation == 7 && right, "and a commit that was gone behind is made again");
  PetscCall(CostateStoreDestroy(&s));
  PetscCall(Resume("older", 6, &generation, &s));
  old = (PetscBool)(generation == 0);
  Mute();
  PetscCall(CostateStoreOpen(s));
  Unmute();
  T_OK(old && !access("older/run-0002/costate.json", F_OK), "where all is too new a new run can be opened");
  PetscCall(CostateStoreDestroy(&s));
  PetscFunctionReturn(0);
}

static PetscErrorCode Limit(void)
{
  CostateStore s;
  PetscInt64   spare[6];
  PetscBool    said_so;

  PetscFunctionBeginUser;
  PetscCall(New("limited", &s));
  PetscCall(CostateStoreSpare(s, &spare[0]));
  PetscCall(CostateStoreSetLimit(s, 4));
  PetscCall(Put(s, 1, 0));
  PetscCall(Put(s, 2, 0));
  PetscCall(CostateStoreCommit(s));
  PetscCall(CostateStoreDrop(s, 1));
  PetscCall(CostateStoreDrop(s, 2));
  PetscCall(CostateStoreSpare(s, &spare[1]));
  PetscCall(Put(s, 3, 0));
  PetscCall(Put(s, 4, 0));
  PetscCall(CostateStoreSpare(s, &spare[2]));
  EXPECT(&err, Put(s, 5, 0));
  said_so = (PetscBool)(err == PETSC_ERR_ARG_OUTOFRANGE && strstr(said, "one more than the 4") &&
                        strstr(said, "2 of them dropped, but part of the last commits"));
  T_OK(spare[0] == PETSC_MAX_INT && spare[1] == 2 && spare[2] == 0 && said_so,
       "what commits refer to counts against the limit");
  PetscCall(CostateStoreDrop(s, 4));
  PetscCall(CostateStoreSpare(s, &spare[3]));
  PetscCall(Put(s, 4, 0));
  PetscCall(CostateStoreCommit(s));
  PetscCall(CostateStoreSpare(s, &spare[4]));
  PetscCall(CostateStoreCommit(s));
  PetscCall(CostateStoreSpare(s, &spare[5]));
  PetscCall(Put(s, 5, 0));
  PetscCall(Put(s, 6, 0));
  PetscCall(CostateStoreSync(s));
  T_OK(spare[3] == 1 && spare[4] == 0 && spare[5] == 2 && access("limited/run-0001/states-0001.h5", F_OK),
       "what no commit refers to is free at once, the rest after two");
  PetscCall(CostateStoreDestroy(&s));
  PetscFunctionReturn(0);
}

/* A run with two commits: 1 2 3, then 2 3 4. */
static PetscErrorCode Pristine(void)
{
  CostateStore s;

  PetscFunctionBeginUser;
  PetscCall(New("pristine", &s));
  for (PetscInt64 key = 1; key < 4; key++) PetscCall(Put(s, key, 0));
  PetscCall(CostateStoreCommit(s));
  PetscCall(CostateStoreDrop(s, 1));
  PetscCall(Put(s, 4, 0));
  PetscCall(CostateStoreCommit(s));
  PetscCall(Put(s, 5, 0));
  PetscCall(CostateStoreAbandon(&s));
  PetscFunctionReturn(0);
}

typedef enum { FLIP, CUT, GONE, TAIL, MANIFEST, RANKS, ZERO } How;

/* What is done to a file of the run, and what comes of it: a commit, or 0 and the words of the refusal. */
static const struct {
  How         how;
  const char *file; /* %d is the last rank */
  long        at;   /* beyond the end where it is negative */
  const char *from, *to;
  int         generation;
  const char *words, *what;
} damages[] = {
    {TAIL, "journal-%05d.txt", 0, NULL, "put 0 1 9 9 9 0x1p+0 \"state\" 0:1:0123456789abcdef #01234567", 2, NULL,
     "a torn line at the end of a journal"},
    {TAIL, "manifest-000003.tmp", 0, NULL, "costate-manifest 2\nowner", 2, NULL, "a manifest that was being written"},
    {FLIP, "manifest-000002.txt", 60, NULL, NULL, 1, "manifest-000002.txt is damaged", "a damaged manifest"},
    {CUT, "manifest-000002.txt", -10, NULL, NULL, 1, "manifest-000002.txt is damaged", "a manifest without its end"},
    {CUT, "manifest-000002.txt", 0, NULL, NULL, 1, "manifest-000002.txt is damaged", "an empty manifest"},
    {GONE, "manifest-000002.txt", 0, NULL, NULL, 1, NULL, "a manifest that is missing"},
    {CUT, "journal-%05d.txt", 100, NULL, NULL, 0, "journal-%05d.txt has 100 bytes of the",
     "a journal that was cut off"},
    {FLIP, "journal-%05d.txt", 100, NULL, NULL, 0, "journal-%05d.txt is damaged", "a damaged journal"},
    {GONE, "journal-%05d.txt", 0, NULL, NULL, 0, "journal-%05d.txt cannot be read: No such file",
     "a journal that is missing"},
    {GONE, "states-0000.h5", 0, NULL, NULL, 0, "states-0000.h5 is missing", "a data file that is missing"},
    {CUT, "states-0000.h5", -70000, NULL, NULL, 0, "states-0000.h5 does not have the 4 slots",
     "a data file that was cut off"},
    {ZERO, "states-0000.h5", 2048, NULL, NULL, 0, "states-0000.h5 does not have the 4 slots",
     "a data file that lost its structure"},
    {GONE, "costate.json", 0, NULL, NULL, 0, "costate.json cannot be opened", "a run without its costate.json"},
    {RANKS, "manifest-000002.txt", 0, NULL, NULL, 0, "Resume it on %d, or", "another number of ranks"},
    {MANIFEST, "manifest-000002.txt", 0, "\nscalar ", "\nscalar un", 0, "scalars of type un",
     "another type of scalars"},
    {MANIFEST, "manifest-000002.txt", 0, "\ninteger ", "\ninteger 1", 0, "integers (PetscInt) of 1",
     "another size of integers"},
    {MANIFEST, "manifest-000002.txt", 0, "costate-manifest 2", "costate-manifest 7", 0, "has version 7 of the format",
     "another version of the format"},
    {MANIFEST, "manifest-000002.txt", 0, "layout shared", "layout strange", 0, "in the layout 'strange'",
     "a layout that this program does not know"},
    {MANIFEST, "manifest-000002.txt", 0, "generation 2", "generation 1", 1, "manifest-000002.txt is damaged",
     "a manifest under the name of another"},
};

#define NDAMAGES ((int)(sizeof(damages) / sizeof(damages[0])))

static PetscErrorCode Damage(int i)
{
  CostateStore s;
  PetscInt64   generation = 0;
  PetscBool    right, noticed;
  const char  *heard;
  char         dir[32], file[64], words[128];

  PetscFunctionBeginUser;
  snprintf(dir, sizeof(dir), "damaged-%d", i);
  PetscCall(Copy("pristine", dir));
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
  snprintf(file, sizeof(file), damages[i].file, size - 1);
  snprintf(words, sizeof(words), damages[i].words ? damages[i].words : "",
           damages[i].how == RANKS ? size + 1 : size - 1);
#pragma GCC diagnostic pop
  if (rank == 0) {
    switch (damages[i].how) {
    case FLIP: Flip(dir, file, damages[i].at); break;
    case CUT: Cut(dir, file, damages[i].at); break;
    case GONE: Gone(dir, file); break;
    case TAIL: Tail(dir, file, damages[i].to); break;
    case ZERO: Zero(dir, file, damages[i].at); break;
    case RANKS: Ranks(dir, file, size); break;
    case MANIFEST: Manifest(dir, file, damages[i].from, damages[i].to); break;
    }
  }
  PetscCallMPI(MPI_Barrier(PETSC_COMM_WORLD));
  PetscCall(New(dir, &s));
  Mute();
  EXPECT(&err, CostateStoreResume(s, 0, &generation));
  heard   = Unmute();
  noticed = (PetscBool)(rank || !words[0] || strstr(damages[i].generation ? heard : said, words));
  PetscCall(All(&noticed));
  if (damages[i].generation) {
    if (!err && generation == 1)
      PetscCall(Holds(s, KEYS(1, 2, 3), 0, &right));
    else
      PetscCall(Holds(s, KEYS(2, 3, 4), 0, &right));
    T_OK(!err && generation == damages[i].generation && right && noticed,
         "%s: commit %d is taken, its frames are intact%s", damages[i].what, damages[i].generation,
         words[0] ? ", and it is said" : "");
    PetscCall(CostateStoreCommit(s));
    PetscCall(CostateStoreAbandon(&s));
    PetscCall(Resume(dir, 0, &generation, &s));
    T_OK(generation == damages[i].generation + 1, "%s: and the run goes on from there", damages[i].what);
  } else {
    T_OK(err && said[0] && noticed && !generation && strstr(said, "name another directory"),
         "%s: refused, with what is wrong and what to do", damages[i].what);
    if (!(err && said[0] && noticed && !generation) && rank == 0) fprintf(stderr, "# %s\n", said);
  }
  PetscCall(CostateStoreDestroy(&s));
  PetscCallMPI(MPI_Barrier(PETSC_COMM_WORLD));
  snprintf(words, sizeof(words), "%s/run-0001/manifest-000001.txt", dir);
  T_OK(damages[i].generation ? access(words, F_OK) : !access(words, F_OK), "%s: %s", damages[i].what,
       damages[i].generation ? "the store ends as any other" : "and nothing is removed");
  PetscFunctionReturn(0);
}

/* A frame that is damaged is the caller's to do without. */
static PetscErrorCode Block(void)
{
  CostateStore      s, ram;
  CostateStoreFault fault;
  PetscInt64        generation;
  PetscBool         has, held, right, same = PETSC_TRUE, there;

  PetscFunctionBeginUser;
  PetscCall(Copy("pristine", "block"));
  PetscCall(Pattern(v[0], 3, NULL));
  PetscCall(FlipNumber("block", "states-0000.h5", v[0]));
  PetscCall(CostateStoreCreate(PETSC_COMM_WORLD, "ram", &ram));
  PetscCall(Resume("block", 0, &generation, &s));
  PetscCall(CostateStoreGetTry(s, 3, 1, v, &fault));
  right = (PetscBool)(fault.err == EILSEQ && fault.rank == size - 1 && !fault.write &&
                      strstr(fault.text, "Cannot read frame 3 (state of step 3") && strstr(fault.text, "damaged"));
  PetscCall(All(&right));
  T_OK(generation == 2 && right, "a flipped bit in a frame is said, on all ranks, to who only tries to read it");
  PetscCall(CostateStoreCopyBegin(s, ram, 3));
  PetscCall(CostateStoreCopyTry(s, ram, 3, &fault));
  PetscCall(CostateStoreHas(ram, 3, &has));
  PetscCall(CostateStoreHas(s, 3, &held));
  right = (PetscBool)(fault.err == EILSEQ && !has && held);
  PetscCall(CostateStoreGetTry(s, 4, 1, v, &fault));
  PetscCall(Pattern(v[0], 4, &same));
  PetscCall(All(&same));
  T_OK(right && !fault.err && same, "and to who tries to copy it; the others are as they were");
  PetscCall(CostateStoreDrop(s, 3));
  PetscCall(Put(s, 3, 0));
  PetscCall(Holds(s, KEYS(2, 3, 4), 0, &same));
  T_OK(same, "it can be dropped and put again");

  fail_key   = 6;
  fail_rank  = size - 1;
  fail_errno = ENOSPC;
  PetscCall(Put(ram, 6, 0));
  PetscCall(CostateStoreCopyBeginTry(ram, s, 6, &fault));
  right = (PetscBool)(!fault.err);
  PetscCall(CostateStoreCommitTry(s, &fault));
  right = (PetscBool)(right && fault.err == ENOSPC && fault.write && fault.rank == size - 1);
  PetscCall(CostateStoreHas(s, 6, &has));
  PetscCall(Put(s, 6, 0));
  PetscCall(CostateStorePutTry(s, 6, &fault));
  right    = (PetscBool)(right && fault.err == ENOSPC && !has);
  fail_key = -1;
  PetscCall(CostateStoreCommitTry(s, &fault));
  PetscCall(CostateStoreGetGeneration(s, &generation));
  T_OK(right && !fault.err && generation == 3, "a full disk is said to who tries to put, copy or commit; all goes on");

  PetscCall(CostateStoreDestroy(&s));
  PetscCall(New("moved", &s));
  PetscCall(CostateStoreOpen(s));
  PetscCallMPI(MPI_Barrier(PETSC_COMM_WORLD));
  if (rank == 0 && rename("moved", "elsewhere")) abort();
  PetscCallMPI(MPI_Barrier(PETSC_COMM_WORLD));
  PetscCall(CostateStoreCopyBeginTry(ram, s, 6, &fault));
  PetscCall(CostateStoreHas(s, 6, &has));
  right = (PetscBool)(fault.err == ENOENT && !has && strstr(fault.text, "cannot be made"));
  PetscCallMPI(MPI_Barrier(PETSC_COMM_WORLD));
  if (rank == 0 && rename("elsewhere", "moved")) abort();
  PetscCallMPI(MPI_Barrier(PETSC_COMM_WORLD));
  PetscCall(CostateStoreCopyBeginTry(ram, s, 6, &fault));
  PetscCall(CostateStoreCopyTry(ram, s, 6, &fault));
  PetscCall(CostateStoreHas(s, 6, &there));
  PetscCall(All(&right));
  T_OK(right && !fault.err && there, "so is that there is no place for a frame");
  PetscCall(CostateStoreDestroy(&ram));
  PetscCall(CostateStoreCommit(s));
  PetscCall(CostateStoreAbandon(&s));
  PetscCall(Resume("moved", 0, &generation, &s));
  PetscCall(Holds(s, KEYS(6), 0, &same));
  T_OK(same, "and a file that could not be made is none when the run is resumed");
  PetscCall(CostateStoreDestroy(&s));
  PetscFunctionReturn(0);
}

/* Whose run it is, and who has it. */
static PetscErrorCode Owners(void)
{
  CostateStore s, other;
  PetscInt64   generation;
  char         owner[201];
  PetscBool    right;

  PetscFunctionBeginUser;
  PetscCall(Resume("nowhere", 0, &generation, &s));
  PetscCall(CostateStoreResumable(PETSC_COMM_WORLD, "nowhere", owner, sizeof(owner)));
  T_OK(generation == 0 && !owner[0] && access("nowhere", F_OK), "a directory that is not there has nothing to resume");
  PetscCall(CostateStoreDestroy(&s));

  PetscCall(Copy("pristine", "shared"));
  PetscCall(Disk("shared", PETSC_TRUE, &other));
  PetscCall(CostateStoreSetCommit(other, PETSC_TRUE));
  PetscCall(CostateStoreSetOwner(other, "somebody else"));
  PetscCall(CostateStoreResume(other, 0, &generation));
  PetscCall(CostateStoreResumable(PETSC_COMM_WORLD, "shared", owner, sizeof(owner)));
  T_OK(generation == 0 && !strcmp(owner, OWNER), "another owner's run is not taken, but can be told");
  Mute();
  PetscCall(Put(other, 1, 3));
  Unmute();
  PetscCall(CostateStoreCommit(other));
  PetscCall(Resume("shared", 0, &generation, &s));
  PetscCall(Holds(s, KEYS(2, 3, 4), 0, &right));
  T_OK(generation == 2 && right, "of two runs in a directory each owner gets his own");
  {
    CostateStore third;

    PetscCall(New("shared", &third));
    EXPECT(&err, CostateStoreResume(third, 0, &generation));
    T_OK(err && strstr(said, "run-0001 cannot be resumed: it is going on in another process"),
         "a run that goes on is nobody else's");
    PetscCall(CostateStoreDestroy(&third));
  }
  PetscCall(Holds(s, KEYS(2, 3, 4), 0, &right));
  T_OK(right, "and not disturbed by who tried");
  PetscCall(CostateStoreDestroy(&other));
  PetscCall(CostateStoreSetKeep(s, PETSC_TRUE));
  PetscCall(CostateStoreDestroy(&s));
  PetscCall(Resume("shared", 0, &generation, &s));
  T_OK(generation == 0 && !access("shared/run-0001/states-0000.h5", F_OK),
       "a run that came to its end and kept its files is not resumed");
  PetscCall(CostateStoreDestroy(&s));
  PetscCall(CostateStoreCreate(PETSC_COMM_WORLD, "ram", &s));
  PetscCall(CostateStoreSetCommit(s, PETSC_TRUE));
  EXPECT(&err, CostateStoreCommit(s));
  T_OK(err == PETSC_ERR_SUP && said[0], "memory is no place for commits");
  PetscCall(CostateStoreDestroy(&s));
  PetscFunctionReturn(0);
}

/* Vectors and grids that are not those of the run. */
static PetscErrorCode Sizes(void)
{
  CostateStore s;
  PetscInt64   generation;
  DM           dm[2];
  Vec          w;

  PetscFunctionBeginUser;
  PetscCall(Copy("pristine", "sizes"));
  PetscCall(Create(9001, PETSC_FALSE, &w));
  PetscCall(Resume("sizes", 0, &generation, &s));
  EXPECT(&err, CostateStoreGetEnd(s, 3, 1, &w));
  T_OK(err == PETSC_ERR_ARG_SIZ && said[0], "a vector that is divided in another way is refused");
  PetscCall(CostateStoreDestroy(&s));
  PetscCall(VecDestroy(&w));

  for (int i = 0; i < 2; i++) {
    PetscCall(DMDACreate2d(PETSC_COMM_WORLD, DM_BOUNDARY_NONE, DM_BOUNDARY_NONE, DMDA_STENCIL_STAR, i ? 12 : 24,
                           i ? 24 : 12, PETSC_DECIDE, PETSC_DECIDE, 1, 1, NULL, NULL, &dm[i]));
    PetscCall(DMSetUp(dm[i]));
  }
  for (int i = 0; i < 3; i++) {
    PetscCall(New("grid", &s));
    PetscCall(CostateStoreSetGrid(s, dm[i == 1]));
    if (i) {
      EXPECT(&err, CostateStoreResume(s, 0, &generation));
      if (i == 1) T_OK(err && strstr(said, "The grid is not that of"), "a grid of another shape is refused");
      if (i == 2) T_OK(!err && generation == 1, "and the grid of the run is not");
    } else {
      PetscCall(Put(s, 1, 0));
      PetscCall(CostateStoreCommit(s));
      PetscCall(CostateStoreAbandon(&s));
    }
    PetscCall(CostateStoreDestroy(&s));
  }
  PetscCallMPI(MPI_Barrier(PETSC_COMM_WORLD));
  T_OK(access("grid", F_OK), "whose map goes with it");
  PetscCall(DMDestroy(&dm[0]));
  PetscCall(DMDestroy(&dm[1]));
  PetscFunctionReturn(0);
}

/* Files that this user cannot write; root becomes nobody for it. */
static PetscErrorCode ReadOnly(void)
{
  CostateStore s;
  PetscInt64   generation = 0;
  PetscBool    right, read = PETSC_TRUE;

  PetscFunctionBeginUser;
  PetscCall(Copy("pristine", "readonly"));
  if (rank == 0) Modes("readonly", 0444);
  PetscCallMPI(MPI_Barrier(PETSC_COMM_WORLD));
  if (!geteuid() && seteuid(65534)) abort();
  read = (PetscBool)!access("readonly/run-0001/manifest-000002.txt", R_OK);
  PetscCall(All(&read));
  PetscCall(New("readonly", &s));
  EXPECT(&err, CostateStoreResume(s, 0, &generation));
  right = (PetscBool)(err && strstr(said, strerror(EACCES)) && strstr(said, "for writing"));
  if (!getuid() && seteuid(0)) abort();
  if (!read)
    T_OK(1, "# SKIP nobody cannot read what is here");
  else
    T_OK(right && !generation, "a run that this user cannot write to is refused");
  PetscCall(CostateStoreDestroy(&s));
  if (rank == 0) Modes("readonly", 0644);
  PetscFunctionReturn(0);
}

int main(int argc, char **argv)
{
  int planned = 31 + 2 * NDAMAGES;

  PetscCall(Start(&argc, &argv));
  for (int i = 0; i < NDAMAGES; i++) planned += damages[i].generation > 0;
  if (rank == 0) plan(planned);
  PetscCall(Create(9000, PETSC_FALSE, &v[0]));
  PetscCall(Basic());
  PetscCall(Slots());
  PetscCall(Limit());
  PetscCall(Pristine());
  for (int i = 0; i < NDAMAGES; i++) PetscCall(Damage(i));
  PetscCall(Block());
  PetscCall(Owners());
  PetscCall(Sizes());
  PetscCall(ReadOnly());
  PetscCall(VecDestroy(&v[0]));
  PetscCall(PetscFinalize());
  return done();
}
