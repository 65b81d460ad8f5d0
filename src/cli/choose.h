/* SPDX-License-Identifier: BSD-2-Clause */
/* What `costate choose` measures. */
#ifndef COSTATE_CLI_CHOOSE_H
#define COSTATE_CLI_CHOOSE_H

#include "problem.h"

#define CHOOSE_ROWS   32
#define CHOOSE_ROUNDS 31
#define CHOOSE_TEXT   512

/* A method, or a provider of derivatives under one. */
typedef struct {
  char              method[32], provider[32]; /* provider: "": what the problem gives */
  char              failure[CHOOSE_TEXT];     /* "": it works */
  char              warning[CHOOSE_TEXT];     /* what the library said of it */
  int               has[2];                   /* dG/du0, dG/dp */
  double            error[2];                 /* -1: nothing to compare with */
  int               rounds, repeats, reaches; /* repeats: solves in a round */
  double            seconds[CHOOSE_ROUNDS];   /* of a solve, in each round, ascending in the end */
  double            bytes;                    /* of all ranks */
  CostateStatistics stats;
} choose_row;

typedef struct {
  problem_session *s;
  double           accuracy;
  PetscBool        parameters_only, cpu;
  PetscInt         rounds;
  char             ts_type[64], source[128];
  Vec              known[2]; /* NULL: nothing is */
  double           doubt;    /* of a computed reference: its own error */
  int              nmethods, nrows;
  choose_row       row[CHOOSE_ROWS];         /* methods, then providers under the one that auto takes */
  int              fastest, chosen;          /* rows; -1: none */
  double           ratio;                    /* time of the chosen over that of the fastest; 0: there is none */
  char             because[2048];            /* what auto says, or why it takes nothing */
  int              shown;                    /* a line of progress waits to be written over */
  double           start, last, begun, best; /* begun, best: this solve, and the fastest so far */
} choose_answer;

/* choose_measure.c */
PetscErrorCode choose_open(choose_answer *, const char *method, const char *provider);
void           choose_listen(void);
void           choose_heard(char text[], size_t);                           /* ends it */
PetscErrorCode choose_solve(choose_answer *, const char *method, Vec g[2]); /* g: the object's */
PetscErrorCode choose_auto(choose_answer *);
PetscErrorCode choose_measure(choose_answer *, int first, int end);
void           choose_progress(choose_answer *, const char *what, const char *name);
double         choose_median(const choose_row *);

/* choose_reference.c: what errors are measured by */
PetscErrorCode choose_reference(choose_answer *);
PetscErrorCode choose_distance(const choose_answer *, int which, Vec g, Vec known, double *);

/* choose_print.c */
void choose_print(choose_answer *);
int  choose_json(const choose_answer *); /* an errno */

#endif
