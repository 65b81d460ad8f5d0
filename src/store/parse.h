/* SPDX-License-Identifier: BSD-2-Clause */
/*
  What journals and manifests say, parsed from memory: plain C without PETSc, MPI or I/O.  The bytes may be anything;
  what is not as this program writes it is passed over and counted (journals) or refused (manifests).  docs/hdf5.md has
  the lines.  0 is success; memory is malloc's.
*/
#ifndef COSTATE_PARSE_H
#define COSTATE_PARSE_H

#include <stddef.h>
#include <stdint.h>

#define COSTATE_FILE_VERSION  2
#define COSTATE_SLOTS_MOST    64    /* of one file */
#define COSTATE_SEGMENTS_MOST 65536 /* files of one run */
#define COSTATE_PARSE_NAME    96
#define COSTATE_PARSE_WHAT    24
#define COSTATE_PARSE_OWNER   200
#define COSTATE_FILE_NAME     40

/* How many files: one for all ranks, one for each node, one for each rank */
enum { COSTATE_LAYOUT_SHARED, COSTATE_LAYOUT_NODE, COSTATE_LAYOUT_RANK, COSTATE_LAYOUTS };

extern const char *const CostateLayoutNames[COSTATE_LAYOUTS + 1];

typedef struct {
  int64_t  first, place, count; /* place: in the data set of the file, first: in the whole vector */
  uint64_t hash;
} CostateParsedPart;

/* What one rank says about one slot. */
typedef struct {
  int                held; /* put, and not dropped */
  int64_t            serial, key, step;
  double             time;
  char               what[COSTATE_PARSE_WHAT];
  int64_t            put, dropped; /* the number of the commit before that; dropped -1: not since it was put */
  CostateParsedPart *part;         /* of each block; NULL: never put */
} CostateParsedCell;

typedef struct {
  int     vector, leaf;
  char    name[COSTATE_PARSE_NAME];
  int64_t total, length; /* length: of the data set, which has the parts of the ranks that share the file */
} CostateParsedBlock;

typedef struct {
  int                 slots, nblocks; /* slots 0: nothing is known of this file */
  int                 has_offsets;
  uint64_t            offsets; /* hash of where the data sets are */
  CostateParsedBlock *block;
  CostateParsedCell  *cell; /* of each slot */
} CostateParsedSegment;

typedef struct {
  const char *text; /* within what was parsed, not terminated */
  size_t      length;
} CostateParsedNote;

typedef struct {
  int                   version, rank, ranks; /* version 0: there is no header */
  char                  scalar[16];
  int                   layout, group; /* group: the lowest of the ranks that share its files */
  int                   nsegments, segment_room;
  CostateParsedSegment *segment;
  size_t                nnotes, note_room;
  CostateParsedNote    *note;
  int64_t               generation; /* of the last commit line */
  int64_t               serial;     /* one more than the greatest of a put */
  int64_t               torn;       /* lines that are not whole, or are none of ours */
  int                   finished;   /* the run ended and kept its files */
} CostateJournal;

typedef struct {
  int64_t  length; /* bytes of the journal that count */
  uint64_t hash;   /* of those */
} CostateManifestPart;

typedef struct {
  int                  version;
  char                 owner[COSTATE_PARSE_OWNER + 1];
  int64_t              generation;
  char                 petsc[32], scalar[16], layout[16];
  int                  integer; /* bytes of a PetscInt */
  int                  made;    /* the directory of the runs was made by this one */
  int                  ranks;
  CostateManifestPart *journal; /* of each rank */
} CostateManifest;

/* The name of a file of states; the number in a name, or -1. */
void CostateFileName(char name[COSTATE_FILE_NAME], int layout, int group, int number);
int  CostateFileNumber(const char *name, int *layout, int *group);

/* One of CostateLayoutNames, or -1 */
int CostateLayoutFind(const char *word);

/* ENOMEM, or 0 whatever the text is. */
int CostateJournalParse(const char *text, size_t length, CostateJournal *);

/* One line, without its hash and line end, into a journal that was zeroed first: ENOMEM, or 0. */
int  CostateJournalLine(CostateJournal *, const char *line, size_t length);
void CostateJournalFree(CostateJournal *);

/* ENOMEM; ENOTSUP for another version, where version and owner are set; EILSEQ for what is damaged or not complete. */
int  CostateManifestParse(const char *text, size_t length, CostateManifest *);
void CostateManifestFree(CostateManifest *);

#endif
