/* SPDX-License-Identifier: BSD-2-Clause */
/* What the files of `costate export` share: the command line, what is taken from the archive, and the files made of it.
 */
#ifndef COSTATE_CLI_EXPORT_H
#define COSTATE_CLI_EXPORT_H

#include <petscsys.h>
#include <costate/archive.h>

#define EXPORT_STEPS 256 /* in a comma list */
#define EXPORT_PATH  (PETSC_MAX_PATH_LEN + 128)

/* The command line */
typedef struct {
  const char *dir, *out, *what; /* out, what: NULL where nothing is said */
  int         list;             /* only the table is asked for */
  int         all, nsteps;
  PetscInt64  step[EXPORT_STEPS];
  int         force, csv;
} export_request;

int export_refuse(const char *format, ...); /* says so on stderr; COSTATE_CLI_USAGE */
int export_parse(export_request *, int argc, char **argv);

/* A data set of a frame: a component of a vector, or of one that is on no grid all of it; of complex numbers a part. */
typedef struct {
  char       name[128];
  int        vector, component, part; /* part: 1 for the imaginary ones */
  int        components, grid;        /* grid: it has the shape of the grid */
  PetscInt64 n;                       /* numbers */
} export_field;

/* An archive with what all its exports need. */
typedef struct {
  CostateArchive     archive;
  CostateArchiveInfo info;
  int                bytes, parts; /* of a real number; 2 parts where the numbers are complex */
  int                mapped;       /* `node` is right */
  PetscInt64        *node;         /* where each node of the grid, in the order of the archive, is in natural order */
  double             origin[3], spacing[3];
} export_source;

typedef struct {
  PetscInt64          index; /* in the archive */
  CostateArchiveFrame about;
} export_frame;

/* One that was exported, for the XDMF file */
typedef struct {
  const export_frame *frame;
  int                 nfields;
  export_field       *field;
  char               *path; /* of the HDF5 file */
} export_item;

/* export_data.c */
PetscErrorCode export_source_open(const char *dir, export_source *);
PetscErrorCode export_source_close(export_source *);
PetscErrorCode export_fields(const export_source *, PetscInt64 frame, int *n, export_field **);
PetscErrorCode export_hdf5(export_source *, PetscInt64 frame, int n, const export_field *, const char *path);

/* export_xdmf.c */
PetscErrorCode export_xdmf(const export_source *, int n, const export_item *, const char *path);

/* export_print.c */
void export_print(const export_source *, const export_frame *, int csv);

#endif
