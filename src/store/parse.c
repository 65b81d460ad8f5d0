/* SPDX-License-Identifier: BSD-2-Clause */
/* See parse.h.  Nothing is read beyond the end that is given, and no number is used before it is known to be in range.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <limits.h>
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#define XXH_INLINE_ALL
#include <xxhash.h>
#include "parse.h"

#define HASH_DIGITS 16

const char *const CostateLayoutNames[] = {"shared", "node", "rank", NULL};

static const char group_letter[] = "-nr";

typedef struct {
  const char *at, *end;
} Cursor;

/* Each of these says whether it found what it looks for, and is behind it then. */
static int Literal(Cursor *c, const char *word)
{
  const size_t n = strlen(word);

  if ((size_t)(c->end - c->at) < n || memcmp(c->at, word, n) != 0) return 0;
  c->at += n;
  return 1;
}

static int Int64(Cursor *c, int64_t low, int64_t high, int64_t *value)
{
  const int      minus = Literal(c, "-");
  const char    *start = c->at;
  const uint64_t most  = minus ? (uint64_t)INT64_MAX + 1 : (uint64_t)INT64_MAX;
  uint64_t       v     = 0;

  for (; c->at < c->end && *c->at >= '0' && *c->at <= '9'; c->at++) {
    const uint64_t digit = (uint64_t)(*c->at - '0');

    if (v > (most - digit) / 10) return 0;
    v = 10 * v + digit;
  }
  if (c->at == start) return 0;
  *value = minus ? (v ? -(int64_t)(v - 1) - 1 : 0) : (int64_t)v;
  return *value >= low && *value <= high;
}

static int Int(Cursor *c, int low, int high, int *value)
{
  int64_t v;

  if (!Int64(c, low, high, &v)) return 0;
  *value = (int)v;
  return 1;
}

static int Hash(Cursor *c, uint64_t *value)
{
  *value = 0;
  if (c->end - c->at < HASH_DIGITS) return 0;
  for (int i = 0; i < HASH_DIGITS; i++, c->at++) {
    const char x = *c->at;

    if (x >= '0' && x <= '9')
      *value = *value << 4 | (uint64_t)(x - '0');
    else if (x >= 'a' && x <= 'f')
      *value = *value << 4 | (uint64_t)(x - 'a' + 10);
    else
      return 0;
  }
  return 1;
}

/* Everything up to one of the characters in `stop`, or the end; at least one and fewer than `room`. */
static int Word(Cursor *c, const char *stop, char *word, size_t room)
{
  size_t n = 0;

  while (c->at < c->end && *c->at && !strchr(stop, *c->at)) {
    if (n + 1 == room) return 0;
    word[n++] = *c->at++;
  }
  word[n] = 0;
  return n > 0;
}

static int Quoted(Cursor *c, char *word, size_t room)
{
  *word = 0;
  if (!Literal(c, "\"")) return 0;
  if (Literal(c, "\"")) return 1;
  return Word(c, "\"", word, room) && Literal(c, "\"");
}

/* As %a has it, in whatever locale it was written and is read. */
static int Time(Cursor *c, double *value)
{
  char word[64], *rest;

  if (!Word(c, " ", word, sizeof(word))) return 0;
  rest = strpbrk(word, ".,");
  if (rest) *rest = *localeconv()->decimal_point;
  *value = strtod(word, &rest);
  return !*rest;
}

/* Room for one more: what there is, grown where it is full, or NULL. */
static void *Grow(void *table, size_t used, size_t *room, size_t one)
{
  void  *more;
  size_t n = 2 * *room + 8;

  if (used < *room) return table;
  more = realloc(table, n * one);
  if (more) *room = n;
  return more;
}

static void SegmentFree(CostateParsedSegment *seg)
{
  for (int i = 0; seg->cell && i < seg->slots; i++) free(seg->cell[i].part);
  free(seg->cell);
  free(seg->block);
  memset(seg, 0, sizeof(*seg));
}

static int SegmentRoom(CostateJournal *j, int number)
{
  CostateParsedSegment *more;
  int                   room = number >= 2 * j->segment_room ? number + 1 : 2 * j->segment_room;

  if (number >= j->segment_room) {
    more = (CostateParsedSegment *)realloc(j->segment, (size_t)room * sizeof(*more));
    if (!more) return ENOMEM;
    memset(more + j->segment_room, 0, (size_t)(room - j->segment_room) * sizeof(*more));
    j->segment      = more;
    j->segment_room = room;
  }
  if (number >= j->nsegments) j->nsegments = number + 1;
  return 0;
}

void CostateFileName(char name[COSTATE_FILE_NAME], int layout, int group, int number)
{
  if (layout == COSTATE_LAYOUT_SHARED)
    snprintf(name, COSTATE_FILE_NAME, "states-%04d.h5", number);
  else
    snprintf(name, COSTATE_FILE_NAME, "states-%04d-%c%05d.h5", number, group_letter[layout], group);
}

int CostateLayoutFind(const char *word)
{
  for (int i = 0; i < COSTATE_LAYOUTS; i++)
    if (!strcmp(word, CostateLayoutNames[i])) return i;
  return -1;
}

int CostateFileNumber(const char *name, int *layout, int *group)
{
  Cursor      c = {name, name + strlen(name)};
  const char *letter;
  char        same[COSTATE_FILE_NAME];
  int         number;

  *layout = *group = 0;
  if (!Literal(&c, "states-") || !Int(&c, 0, INT_MAX, &number)) return -1;
  if (Literal(&c, "-")) {
    letter = c.at < c.end && *c.at != '-' ? strchr(group_letter, *c.at++) : NULL;
    if (!letter || !*letter || !Int(&c, 0, INT_MAX, group)) return -1;
    *layout = (int)(letter - group_letter);
  }
  CostateFileName(same, *layout, *group, number);
  return strcmp(same, name) ? -1 : number;
}

/* NAME:VECTOR:LEAF:TOTAL:LENGTH ... offsets HASH */
static int Blocks(Cursor c, CostateParsedSegment *seg)
{
  size_t room = 0;

  while (Literal(&c, " ")) {
    CostateParsedBlock *more, b = {0};

    if (Literal(&c, "offsets ")) {
      seg->has_offsets = Hash(&c, &seg->offsets);
      return seg->has_offsets && c.at == c.end ? 0 : EILSEQ;
    }
    if (!Word(&c, ": ", b.name, sizeof(b.name)) || !Literal(&c, ":") || !Int(&c, 0, INT_MAX, &b.vector) ||
        !Literal(&c, ":") || !Int(&c, 0, INT_MAX, &b.leaf) || !Literal(&c, ":") || !Int64(&c, 0, INT64_MAX, &b.total) ||
        !Literal(&c, ":") || !Int64(&c, 0, b.total, &b.length))
      return EILSEQ;
    more = (CostateParsedBlock *)Grow(seg->block, (size_t)seg->nblocks, &room, sizeof(b));
    if (!more) return ENOMEM;
    seg->block                 = more;
    seg->block[seg->nblocks++] = b;
  }
  return c.at == c.end ? 0 : EILSEQ;
}

/* segment N slots K ...; of a file that is known already nothing is taken. */
static int LineSegment(CostateJournal *j, Cursor c)
{
  CostateParsedSegment seg = {0};
  int                  number, slots, err;

  if (!Int(&c, 0, COSTATE_SEGMENTS_MOST - 1, &number) || !Literal(&c, " slots ") ||
      !Int(&c, 1, COSTATE_SLOTS_MOST, &slots))
    return EILSEQ;
  if (number < j->nsegments && j->segment[number].slots) return EILSEQ;
  err = Blocks(c, &seg);
  if (!err) {
    seg.slots = slots;
    seg.cell  = (CostateParsedCell *)calloc((size_t)slots, sizeof(*seg.cell));
    err       = seg.cell ? SegmentRoom(j, number) : ENOMEM;
  }
  if (err)
    SegmentFree(&seg);
  else
    j->segment[number] = seg;
  return err;
}

static CostateParsedSegment *Segment(CostateJournal *j, Cursor *c, int *slot)
{
  int number;

  if (!Int(c, 0, INT_MAX, &number) || !Literal(c, " ") || !Int(c, 0, INT_MAX, slot)) return NULL;
  if (number >= j->nsegments || *slot >= j->segment[number].slots) return NULL;
  return &j->segment[number];
}

/* put SEGMENT SLOT SERIAL KEY STEP TIME "what" first:place:count:hash ...; it supersedes what was in the slot. */
static int LinePut(CostateJournal *j, Cursor c)
{
  CostateParsedCell new = {0}, *old;
  CostateParsedSegment *seg;
  int                   slot;

  seg = Segment(j, &c, &slot);
  if (!seg || !Literal(&c, " ") || !Int64(&c, 0, INT64_MAX - 1, &new.serial) || !Literal(&c, " ") ||
      !Int64(&c, INT64_MIN, INT64_MAX, &new.key) || !Literal(&c, " ") || !Int64(&c, INT64_MIN, INT64_MAX, &new.step) ||
      !Literal(&c, " ") || !Time(&c, &new.time) || !Literal(&c, " ") || !Quoted(&c, new.what, sizeof(new.what)))
    return EILSEQ;
  old      = &seg->cell[slot];
  new.part = old->part;
  if (!new.part) new.part = (CostateParsedPart *)calloc((size_t)seg->nblocks + 1, sizeof(*new.part));
  if (!new.part) return ENOMEM;
  old->part = new.part;
  old->held = 0; /* whatever comes, what was there is written over */
  for (int i = 0; i < seg->nblocks; i++) {
    CostateParsedPart *p = &new.part[i];

    if (!Literal(&c, " ") || !Int64(&c, 0, seg->block[i].total, &p->first) || !Literal(&c, ":") ||
        !Int64(&c, 0, seg->block[i].length, &p->place) || !Literal(&c, ":") ||
        !Int64(&c, 0, seg->block[i].total - p->first, &p->count) || p->count > seg->block[i].length - p->place ||
        !Literal(&c, ":") || !Hash(&c, &p->hash))
      return EILSEQ;
  }
  if (c.at != c.end) return EILSEQ;
  new.held    = 1;
  new.put     = j->generation;
  new.dropped = -1;
  if (new.serial >= j->serial) j->serial = new.serial + 1;
  *old = new;
  return 0;
}

/* drop SEGMENT SLOT KEY */
static int LineDrop(CostateJournal *j, Cursor c)
{
  CostateParsedSegment *seg;
  int                   slot;

  seg = Segment(j, &c, &slot);
  if (!seg) return EILSEQ;
  if (seg->cell[slot].held) seg->cell[slot].dropped = j->generation;
  seg->cell[slot].held = 0;
  return 0;
}

static int LineNote(CostateJournal *j, Cursor c)
{
  CostateParsedNote *more = (CostateParsedNote *)Grow(j->note, j->nnotes, &j->note_room, sizeof(*more));

  if (!more) return ENOMEM;
  j->note              = more;
  j->note[j->nnotes++] = (CostateParsedNote){c.at, (size_t)(c.end - c.at)};
  return 0;
}

static int LineHeader(CostateJournal *j, Cursor c)
{
  int  version, rank, ranks, layout, group;
  char word[16];

  if (j->version || !Int(&c, 1, INT_MAX, &version) || !Literal(&c, " rank ") || !Int(&c, 0, INT_MAX - 1, &rank) ||
      !Literal(&c, " of ") || !Int(&c, rank + 1, INT_MAX, &ranks) || !Literal(&c, " scalar ") ||
      !Word(&c, " ", j->scalar, sizeof(j->scalar)))
    return EILSEQ;
  if (version == COSTATE_FILE_VERSION) {
    if (!Literal(&c, " layout ") || !Word(&c, " ", word, sizeof(word)) || !Literal(&c, " group ") ||
        !Int(&c, 0, rank, &group) || c.at != c.end)
      return EILSEQ;
    layout = CostateLayoutFind(word);
    if (layout < 0) return EILSEQ;
    j->layout = layout;
    j->group  = group;
  }
  j->version = version;
  j->rank    = rank;
  j->ranks   = ranks;
  return 0;
}

static int LineCommit(CostateJournal *j, Cursor c)
{
  int64_t generation;

  if (!Int64(&c, j->generation + 1, INT64_MAX - 1, &generation)) return EILSEQ;
  j->generation = generation;
  return 0;
}

int CostateJournalLine(CostateJournal *j, const char *line, size_t length)
{
  Cursor c   = {line, line + length};
  int    err = EILSEQ;

  if (Literal(&c, "put "))
    err = LinePut(j, c);
  else if (Literal(&c, "drop "))
    err = LineDrop(j, c);
  else if (Literal(&c, "note "))
    err = LineNote(j, c);
  else if (Literal(&c, "commit "))
    err = LineCommit(j, c);
  else if (Literal(&c, "segment "))
    err = LineSegment(j, c);
  else if (Literal(&c, "costate-journal "))
    err = LineHeader(j, c);
  else if (Literal(&c, "finish"))
    err = 0, j->finished = 1;
  if (err == EILSEQ) j->torn++;
  return err == ENOMEM ? ENOMEM : 0;
}

/* A line that was not written to its end is passed over: what it said is not known to be there. */
static int HashedLine(CostateJournal *j, const char *line, size_t length)
{
  Cursor   c = {line, line + length};
  uint64_t hash;

  if (length > HASH_DIGITS + 2) {
    length -= HASH_DIGITS + 2;
    c.at += length;
    if (Literal(&c, " #") && Hash(&c, &hash) && hash == XXH3_64bits(line, length))
      return CostateJournalLine(j, line, length);
  }
  j->torn++;
  return 0;
}

int CostateJournalParse(const char *text, size_t length, CostateJournal *j)
{
  const char *end = text + length;
  int         err = 0;

  memset(j, 0, sizeof(*j));
  while (text < end && !err) {
    const char *stop = (const char *)memchr(text, '\n', (size_t)(end - text));

    err  = HashedLine(j, text, (size_t)((stop ? stop : end) - text));
    text = stop ? stop + 1 : end;
  }
  if (err) CostateJournalFree(j);
  return err;
}

void CostateJournalFree(CostateJournal *j)
{
  for (int i = 0; i < j->nsegments; i++) SegmentFree(&j->segment[i]);
  free(j->segment);
  free(j->note);
  memset(j, 0, sizeof(*j));
}

static int Journals(Cursor *c, CostateManifest *m)
{
  /* a line has 29 characters at least, so that the number of ranks is none that the text cannot have */
  if (m->ranks > (c->end - c->at) / 29) return EILSEQ;
  m->journal = (CostateManifestPart *)calloc((size_t)m->ranks, sizeof(*m->journal));
  if (!m->journal) return ENOMEM;
  for (int r = 0; r < m->ranks; r++) {
    CostateManifestPart *p = &m->journal[r];
    int                  rank;

    if (!Literal(c, "journal ") || !Int(c, r, r, &rank) || !Literal(c, " ") || !Int64(c, 0, INT64_MAX, &p->length) ||
        !Literal(c, " ") || !Hash(c, &p->hash) || !Literal(c, "\n"))
      return EILSEQ;
  }
  return 0;
}

static int Manifest(Cursor c, const char *text, CostateManifest *m)
{
  const char *before;
  uint64_t    hash;
  int         err;

  if (!Literal(&c, "costate-manifest ") || !Int(&c, 1, INT_MAX, &m->version) || !Literal(&c, "\nowner ") ||
      !Quoted(&c, m->owner, sizeof(m->owner)) || !Literal(&c, "\n"))
    return EILSEQ;
  if (m->version != COSTATE_FILE_VERSION) return ENOTSUP;
  if (!Literal(&c, "generation ") || !Int64(&c, 1, INT64_MAX - 8, &m->generation) || !Literal(&c, "\npetsc ") ||
      !Word(&c, " \n", m->petsc, sizeof(m->petsc)) || !Literal(&c, "\nscalar ") ||
      !Word(&c, " \n", m->scalar, sizeof(m->scalar)) || !Literal(&c, "\ninteger ") || !Int(&c, 1, 64, &m->integer) ||
      !Literal(&c, "\nlayout ") || !Word(&c, " \n", m->layout, sizeof(m->layout)) || !Literal(&c, "\ndirectory "))
    return EILSEQ;
  m->made = Literal(&c, "made");
  if ((!m->made && !Literal(&c, "found")) || !Literal(&c, "\nranks ") || !Int(&c, 1, INT_MAX, &m->ranks) ||
      !Literal(&c, "\n"))
    return EILSEQ;
  err    = Journals(&c, m);
  before = c.at;
  if (err) return err;
  if (!Literal(&c, "end ") || !Hash(&c, &hash) || !Literal(&c, "\n") || c.at != c.end) return EILSEQ;
  return hash == XXH3_64bits(text, (size_t)(before - text)) ? 0 : EILSEQ;
}

int CostateManifestParse(const char *text, size_t length, CostateManifest *m)
{
  int err;

  memset(m, 0, sizeof(*m));
  err = Manifest((Cursor){text, text + length}, text, m);
  if (err) {
    free(m->journal);
    m->journal = NULL;
  }
  return err;
}

void CostateManifestFree(CostateManifest *m)
{
  free(m->journal);
  memset(m, 0, sizeof(*m));
}
