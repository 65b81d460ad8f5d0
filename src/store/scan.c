/* SPDX-License-Identifier: BSD-2-Clause */
/* Takes in the directory of a run, whoever writes it, or left it how: everything but the states. */
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#define XXH_INLINE_ALL
#include <xxhash.h>
#include "verify.h"

#define RANKS_MOST (1 << 24)
#define ATTEMPTS   6

/* A whole file, of malloc's memory; 0 or an errno. */
static int Slurp(const char *path, char **text, size_t *length)
{
  size_t room = 0;
  int    fd = open(path, O_RDONLY | O_CLOEXEC), err = fd < 0 ? errno : 0;

  *text   = NULL;
  *length = 0;
  while (!err) {
    ssize_t n;

    if (room - *length < 4096) {
      char *more = (char *)realloc(*text, 2 * room + 65536);

      if (!more) {
        err = ENOMEM;
        break;
      }
      *text = more;
      room  = 2 * room + 65536;
    }
    n = read(fd, *text + *length, room - *length);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) err = errno;
    if (n <= 0) break;
    *length += (size_t)n;
  }
  if (fd >= 0) close(fd);
  if (!err) return 0;
  free(*text);
  *text = NULL;
  return err;
}

static double Seconds(const struct timespec *t)
{
  return (double)t->tv_sec + 1e-9 * (double)t->tv_nsec;
}

/* What costate.json says: it is our own, on one line. */
static void About(ScanRun *r)
{
  char        path[COSTATE_PATH], *text, *dof, *id;
  size_t      length;
  struct stat st;

  CostatePath(path, "%s/costate.json", r->path);
  r->about = Slurp(path, &text, &length);
  if (r->about) return;
  if (!stat(path, &st)) r->started = Seconds(&st.st_mtim);
  text[length < 4095 ? length : 4095] = 0; /* Slurp() leaves room */
  id                                  = strstr(text, "\"id\": \"");
  if (sscanf(text, "{\"costate\": %9d, \"ranks\": %9d, \"scalar\": \"%15[a-z0-9]\"", &r->version, &r->about_ranks,
             r->scalar) != 3 ||
      r->about_ranks < 1 || r->about_ranks > RANKS_MOST || r->version < 1 || !strchr(text, '}') ||
      (r->version > 1 && (!id || strspn(id + strlen("\"id\": \""), "0123456789abcdef") != 16)))
    r->about = EILSEQ;
  dof = r->about ? NULL : strstr(text, "\"dof\": ");
  if (dof) r->dof = atoi(dof + 7);
  free(text);
}

/* Bytes of a scalar, as who is most sure of it says; 0 where nobody does. */
int CostateScanScalarBytes(const ScanRun *r)
{
  const char *kind = "";
  int         real = 0;

  for (PetscInt i = 0; i < r->ncommits && !*kind; i++) kind = r->commit[i].m.scalar;
  for (int i = 0; i < r->ranks && !*kind; i++) kind = r->now[i].scalar;
  if (!*kind) kind = r->scalar;
  if (sscanf(kind, "real%9d", &real) == 1) return real;
  return sscanf(kind, "complex%9d", &real) == 1 ? 2 * real : 0;
}

static int JournalNumber(const char *name)
{
  int number, end = 0;

  return sscanf(name, "journal-%9d.txt%n", &number, &end) == 1 && end && !name[end] && number >= 0 ? number : -1;
}

static PetscErrorCode CommitAdd(ScanRun *r, const char *name, PetscInt64 number, const struct stat *st)
{
  ScanCommit *c;
  PetscInt    at = 0;

  PetscFunctionBegin;
  PetscCall(PetscRealloc((size_t)(r->ncommits + 1) * sizeof(*r->commit), &r->commit));
  while (at < r->ncommits && r->commit[at].generation > number) at++;
  c = &r->commit[at];
  memmove(c + 1, c, (size_t)(r->ncommits - at) * sizeof(*c));
  memset(c, 0, sizeof(*c));
  c->generation = number;
  c->when       = Seconds(&st->st_mtim);
  c->step = c->steps = -1;
  snprintf(c->file, sizeof(c->file), "%.39s", name);
  r->ncommits++;
  PetscFunctionReturn(0);
}

/* A name in the directory; *ranks is what the journals there speak for. */
static PetscErrorCode Name(ScanRun *r, const char *name, int *ranks)
{
  char        path[COSTATE_PATH];
  struct stat st;
  PetscInt64  number;
  ScanStates  states;
  const int   journal = JournalNumber(name);

  PetscFunctionBegin;
  states.number = CostateFileNumber(name, &states.layout, &states.group);
  CostatePath(path, "%s/%s", r->path, name);
  if (lstat(path, &st)) PetscFunctionReturn(0); /* it was removed meanwhile */
  if (S_ISREG(st.st_mode)) {
    r->files++;
    r->bytes += (int64_t)st.st_blocks * 512;
    if (Seconds(&st.st_mtim) > r->changed) r->changed = Seconds(&st.st_mtim);
  }
  if (!CostateManifestNumber(name, ".txt", &number)) {
    PetscCall(CommitAdd(r, name, number, &st));
  } else if (!CostateManifestNumber(name, ".rejected", &number) || !CostateManifestNumber(name, ".tmp", &number)) {
    r->naside++;
  } else if (states.number >= 0) {
    PetscCall(PetscRealloc((size_t)(r->nstates + 1) * sizeof(*r->states), &r->states));
    r->states[r->nstates++] = states;
  } else if (journal >= 0) {
    if (journal >= *ranks && journal < RANKS_MOST) *ranks = journal + 1;
  } else if (!strcmp(name, "layout.h5")) {
    r->layout = 1;
  } else if (!strcmp(name, "states.h5")) {
    r->index = 1;
  } else if (strcmp(name, "costate.json") != 0) {
    if (r->nalien < COSTATE_ALIEN) snprintf(r->alien[r->nalien], sizeof(r->alien[0]), "%.63s", name);
    r->nalien++;
  }
  PetscFunctionReturn(0);
}

static PetscErrorCode Names(ScanRun *r, int *ranks)
{
  PetscErrorCode err = 0;
  struct dirent *e;
  DIR           *d = opendir(r->path);

  PetscFunctionBegin;
  PetscCheck(d, PETSC_COMM_SELF, PETSC_ERR_FILE_OPEN, "The directory %s cannot be read: %s", r->path, strerror(errno));
  while (!err && (e = readdir(d)))
    if (strcmp(e->d_name, ".") && strcmp(e->d_name, "..")) err = Name(r, e->d_name, ranks);
  closedir(d);
  PetscCall(err);
  PetscFunctionReturn(0);
}

/* 1 where the file was removed meanwhile */
static int Manifest(ScanRun *r, ScanCommit *c)
{
  char   path[COSTATE_PATH], *text;
  size_t length;
  int    err;

  CostatePath(path, "%s/%s", r->path, c->file);
  err = Slurp(path, &text, &length);
  if (err == ENOENT) return 1;
  if (err) {
    snprintf(c->why, sizeof(c->why), "%s cannot be read: %s", c->file, strerror(err));
    return 0;
  }
  err = CostateManifestParse(text, length, &c->m);
  free(text);
  c->whole = !err;
  if (err == ENOTSUP)
    snprintf(c->why, sizeof(c->why), "%s has version %d of the format, and this program knows version %d only", c->file,
             c->m.version, COSTATE_FILE_VERSION);
  else if (err)
    snprintf(c->why, sizeof(c->why), "%s is damaged", c->file);
  else if (c->m.generation != c->generation) {
    c->whole = 0;
    snprintf(c->why, sizeof(c->why), "%s is that of generation %lld", c->file, (long long)c->m.generation);
  }
  if (!c->whole) c->m.generation = 0;
  return 0;
}

/* The last word on where the trajectory stood. */
static void Position(ScanCommit *c, const CostateJournal *j)
{
  for (size_t i = j->nnotes; i > 0 && c->step < 0; i--) {
    char      text[96];
    long long step, steps;

    snprintf(text, sizeof(text), "%.*s", (int)(j->note[i - 1].length < 95 ? j->note[i - 1].length : 95),
             j->note[i - 1].text);
    if (sscanf(text, "backward %18lld of %18lld", &step, &steps) == 2 && step >= 0) {
      c->backward = 1;
      c->step     = step;
      c->steps    = steps;
    } else if (sscanf(text, "forward %18lld", &step) == 1 && step >= 0)
      c->step = step;
  }
}

/* Notes refer to the text, which goes. */
static void Forget(CostateJournal *j)
{
  free(j->note);
  j->note   = NULL;
  j->nnotes = j->note_room = 0;
}

/* What a manifest says of the journal of a rank, against that. */
static int Prefix(ScanRun *r, ScanCommit *c, int rank, const char *text, size_t length)
{
  const CostateManifestPart *p = &c->m.journal[rank];
  CostateJournal            *j = &c->journal[rank];
  const int                  e = r->journal[rank].err;

  c->whole = 0;
  if (e) {
    snprintf(c->why, sizeof(c->why), "journal-%05d.txt %s%s", rank,
             e == ENOENT ? "is missing" : "cannot be read: ", e == ENOENT ? "" : strerror(e));
  } else if ((int64_t)length < p->length) {
    snprintf(c->why, sizeof(c->why), "journal-%05d.txt has %lld bytes of the %lld that %s speaks of", rank,
             (long long)length, (long long)p->length, c->file);
  } else if (XXH3_64bits(text, (size_t)p->length) != p->hash) {
    snprintf(c->why, sizeof(c->why), "journal-%05d.txt is not what %s speaks of: it is damaged, or another one", rank,
             c->file);
  } else {
    if (CostateJournalParse(text, (size_t)p->length, j)) return ENOMEM;
    if (rank == 0) Position(c, j);
    c->whole = j->version == COSTATE_FILE_VERSION && j->rank == rank && j->ranks == c->m.ranks &&
               j->generation == c->m.generation && j->layout == CostateLayoutFind(c->m.layout);
    if (!c->whole)
      snprintf(c->why, sizeof(c->why), "journal-%05d.txt is that of rank %d of %d at generation %lld", rank, j->rank,
               j->ranks, (long long)j->generation);
    Forget(j);
  }
  return 0;
}

/* The journal of a rank: as it is, and as the manifests have it. */
static int Journal(ScanRun *r, int rank)
{
  char         path[COSTATE_PATH], *text;
  ScanJournal *j = &r->journal[rank];
  size_t       length;
  int          err = 0;

  CostatePath(path, "%s/journal-%05d.txt", r->path, rank);
  j->err    = Slurp(path, &text, &length);
  j->length = (int64_t)length;
  j->tail   = !j->err && length && text[length - 1] != '\n';
  if (!j->err) err = CostateJournalParse(text, length, &r->now[rank]);
  Forget(&r->now[rank]);
  for (PetscInt i = 0; i < r->ncommits && !err; i++)
    if (r->commit[i].whole && rank < r->commit[i].m.ranks) err = Prefix(r, &r->commit[i], rank, text, length);
  free(text);
  return err || j->err == ENOMEM ? ENOMEM : 0;
}

/* How many ranks: as the newest manifest has it, whose word is sealed; else costate.json, if the journals agree. */
static int Ranks(const ScanRun *r, int seen)
{
  for (PetscInt i = 0; i < r->ncommits; i++)
    if (r->commit[i].whole) return r->commit[i].m.ranks;
  return !r->about && r->about_ranks >= seen ? r->about_ranks : seen;
}

/* The sizes and times of all that is read here: where they are the same, so is what it says. 0: nothing is there. */
uint64_t CostateScanLook(const char *run)
{
  char           path[COSTATE_PATH];
  uint64_t       sum = 0;
  struct dirent *e;
  struct stat    st;
  DIR           *d = opendir(run);

  if (!d) return 0;
  while ((e = readdir(d))) {
    int64_t word[3];

    if (strncmp(e->d_name, "journal-", 8) != 0 && strncmp(e->d_name, "manifest-", 9) != 0 &&
        strcmp(e->d_name, "costate.json") != 0)
      continue;
    CostatePath(path, "%s/%s", run, e->d_name);
    if (lstat(path, &st)) continue;
    word[0] = st.st_size;
    word[1] = st.st_mtim.tv_sec;
    word[2] = st.st_mtim.tv_nsec;
    sum += XXH3_64bits_withSeed(word, sizeof(word), XXH3_64bits(e->d_name, strlen(e->d_name)));
  }
  closedir(d);
  return sum;
}

static PetscErrorCode ScanOnce(const char *path, ScanRun *r, int *again)
{
  int seen = 0, gone = 0, err = 0;

  PetscFunctionBegin;
  memset(r, 0, sizeof(*r));
  PetscCheck(strlen(path) < sizeof(r->path) - 64, PETSC_COMM_SELF, PETSC_ERR_ARG_SIZ, "The path %s is too long", path);
  snprintf(r->path, sizeof(r->path), "%s", path);
  r->seen = CostateScanLook(path);
  r->live = CostateRunLive(path);
  PetscCall(Names(r, &seen));
  About(r);
  for (PetscInt i = 0; i < r->ncommits; i++) gone += Manifest(r, &r->commit[i]);
  r->ranks = Ranks(r, seen);
  PetscCall(PetscCalloc1(r->ranks, &r->journal));
  PetscCall(PetscCalloc1(r->ranks, &r->now));
  for (PetscInt i = 0; i < r->ncommits; i++)
    if (r->commit[i].whole) PetscCall(PetscCalloc1(r->commit[i].m.ranks, &r->commit[i].journal));
  for (int i = 0; i < r->ranks && !err; i++) err = Journal(r, i);
  for (PetscInt i = 0; i < r->ncommits; i++) {
    ScanCommit *c = &r->commit[i];

    if (c->whole && c->m.ranks > r->ranks) {
      c->whole = 0;
      snprintf(c->why, sizeof(c->why), "%s is that of a run on %d ranks", c->file, c->m.ranks);
    }
    *again = *again || !c->whole;
  }
  *again = gone || (*again && CostateRunLive(path));
  PetscCheck(!err, PETSC_COMM_SELF, PETSC_ERR_MEM, "There is not enough memory for the journals in %s", path);
  PetscFunctionReturn(0);
}

/* Whether the run ended well: its journals say so, or, of one that never committed, the labels in its files do. */
static int Finished(const ScanRun *r)
{
  char path[COSTATE_PATH], name[COSTATE_FILE_NAME];

  for (int i = 0; i < r->ranks; i++)
    if (r->now[i].finished) return 1;
  for (int k = 0; k < CostateScanSegments(r->now, r->ranks) && !r->live && !r->ncommits; k++) {
    const CostateParsedSegment *seg = CostateScanSegment(r->now, r->ranks, k);

    for (int slot = 0; seg && slot < seg->slots; slot++) {
      const CostateParsedCell *c;

      if (CostateScanSlot(r->now, r->ranks, k, slot, &c) != SLOT_HELD || c->step < 0) continue;
      CostateScanFile(name, &r->now[0], k);
      CostatePath(path, "%s/%s", r->path, name);
      return CostateLookFinished(path);
    }
  }
  return 0;
}

/* A run that goes on may be between two states of its files; the second look finds it elsewhere. */
PetscErrorCode CostateScan(const char *path, ScanRun *r)
{
  int again = 0;

  PetscFunctionBegin;
  for (int i = 0; i < ATTEMPTS; i++) {
    if (i) usleep(20000U << i);
    if (i) PetscCall(CostateScanFree(r));
    again = 0;
    PetscCall(ScanOnce(path, r, &again));
    if (!again) break;
  }
  r->finished = Finished(r);
  PetscFunctionReturn(0);
}

PetscErrorCode CostateScanFree(ScanRun *r)
{
  PetscFunctionBegin;
  for (PetscInt i = 0; i < r->ncommits; i++) {
    for (int k = 0; r->commit[i].journal && k < r->commit[i].m.ranks; k++) CostateJournalFree(&r->commit[i].journal[k]);
    PetscCall(PetscFree(r->commit[i].journal));
    CostateManifestFree(&r->commit[i].m);
  }
  for (int i = 0; r->now && i < r->ranks; i++) CostateJournalFree(&r->now[i]);
  PetscCall(PetscFree(r->now));
  PetscCall(PetscFree(r->commit));
  PetscCall(PetscFree(r->journal));
  PetscCall(PetscFree(r->states));
  memset(r, 0, sizeof(*r));
  PetscFunctionReturn(0);
}

int CostateScanSegments(const CostateJournal *j, int ranks)
{
  int n = 0;

  for (int i = 0; i < ranks; i++)
    if (j[i].nsegments > n) n = j[i].nsegments;
  return n;
}

/* What the first rank that knows a file says of it, or NULL. */
const CostateParsedSegment *CostateScanSegment(const CostateJournal *j, int ranks, int number)
{
  for (int i = 0; i < ranks; i++)
    if (number < j[i].nsegments && j[i].segment[number].slots) return &j[i].segment[number];
  return NULL;
}

/* The name of a file as the rank knows it whose journal this is. */
void CostateScanFile(char name[COSTATE_FILE_NAME], const CostateJournal *j, int number)
{
  CostateFileName(name, j->layout, j->group, number);
}

static int SameShape(const CostateParsedSegment *a, const CostateParsedSegment *b)
{
  int same = a->nblocks == b->nblocks;

  for (int i = 0; i < a->nblocks && same; i++)
    same = a->block[i].total == b->block[i].total && !strcmp(a->block[i].name, b->block[i].name);
  return same;
}

/* Of ranks that share it. */
static int SameFile(const CostateParsedSegment *a, const CostateParsedSegment *b)
{
  int same = SameShape(a, b) && a->has_offsets == b->has_offsets && a->offsets == b->offsets;

  for (int i = 0; i < a->nblocks && same; i++) same = a->block[i].length == b->block[i].length;
  return same;
}

/* Whether a rank says of a file what the others say. */
static int Agrees(const CostateJournal *j, int ranks, int rank, int number, const CostateParsedSegment *first)
{
  const CostateParsedSegment *own = &j[rank].segment[number];
  const CostateJournal       *one = j[rank].group < ranks ? &j[j[rank].group] : NULL;

  return one && SameShape(first, own) && one->layout == j[rank].layout && one->group == j[rank].group &&
         number < one->nsegments && SameFile(&one->segment[number], own);
}

/* `cell` is of the lowest rank that holds it. */
SlotKind CostateScanSlot(const CostateJournal *j, int ranks, int number, int slot, const CostateParsedCell **cell)
{
  const CostateParsedSegment *first = CostateScanSegment(j, ranks, number);
  int                         held  = 0;

  *cell = NULL;
  for (int i = 0; i < ranks; i++) {
    const CostateJournal    *one = &j[i];
    const CostateParsedCell *c;

    if (number >= one->nsegments || slot >= one->segment[number].slots) continue;
    c = &one->segment[number].cell[slot];
    if (!c->held) continue;
    if (!*cell) *cell = c;
    held += c->serial == (*cell)->serial && Agrees(j, ranks, i, number, first);
  }
  return !*cell ? SLOT_FREE : held == ranks ? SLOT_HELD : SLOT_TORN;
}
