/* SPDX-License-Identifier: BSD-2-Clause */
/*
  Inside the scheduler: the machine's table, which policies read, and what a policy is.

  A policy only proposes; the machine checks every proposal against the table and the budget and turns a bad one into
  COSTATE_SCHED_ERR_POLICY.  A policy keeps nothing of its own but the few words in `memo` and the `tag` of each entry.
*/
#ifndef COSTATE_SCHED_POLICY_H
#define COSTATE_SCHED_POLICY_H

#include "costate/sched.h"

/* One held state.  The record attached to it is that of step + 1, or, when records restart, that of `step` itself. */
typedef struct {
  int64_t       step;
  int64_t       tag; /* the policy's */
  unsigned char pinned, jump, record;
} costate_entry;

/* What to do about state i, now that state i + 1 is reached; all but `held` is zero when a policy is asked. */
typedef struct {
  int     held;    /* for the policy to read: state i is held already, being state 0 or a boundary */
  int     keep;    /* keep state i */
  int64_t drop;    /* the index in the table of a state to forget first, 0: none (the first entry is never dropped) */
  int64_t tag;     /* for the entry of state i */
  int     record;  /* keep the record of step i + 1: +1 yes, -1 no, 0 as the machine sees fit */
  int     release; /* forget state i, which is held: the record of step i + 1 makes it needless */
} costate_decision;

/* How to begin the reversal of a stretch of at least 2 steps: keep the record of its first step, or advance and keep
 * there. */
typedef struct {
  int     record;
  int64_t advance;
} costate_choice;

typedef struct {
  const char *name;
  int (*place)(costate_sched *, int64_t i, costate_decision *);
  /* With a disk: how far apart the states are that may go there; NULL: by what things cost. */
  int64_t (*period)(const costate_sched *);
  /* NULL: costate_split().  `units` counts the start's own unconditionally unless start_is_free. */
  int (*split)(costate_sched *, int64_t len, int64_t units, int start_is_free, costate_choice *);
} costate_policy;

#define COSTATE_POLICY(name, text) extern const costate_policy costate_policy_##name;
#include "policies.def"
#undef COSTATE_POLICY

typedef struct costate_ledger costate_ledger;
typedef struct costate_mixed  costate_mixed;
typedef struct costate_disk   costate_disk;

struct costate_sched {
  const costate_policy *policy;
  int64_t               units, stage_units, steps, stride;
  int                   restarts;
  int                   records; /* stage records exist */
  int                   ends;    /* a step is reversed from its two end states: nothing is taped */
  costate_disk         *disk;    /* NULL: memory alone */

  int     phase, overrun;
  int64_t arrived; /* the last state that arrived, -1 at first */
  int64_t segment; /* where the present segment starts */
  int64_t todo;    /* backward: the step to be reversed next */
  int64_t work;    /* backward: the state in work storage, -1 if that is not a place to go on from */

  costate_entry *held; /* ascending */
  int64_t        nheld, cap;
  int64_t loose;     /* records restart: the step whose record is kept while its state waits for its decision, else 0 */
  int64_t first_rec; /* no entry below this index has a record that may be forgotten */
  int64_t reclaim;   /* units in records that may be forgotten to make room for states */
  int64_t floor;     /* unpinned states below this step belong to stretches whose start is on disk: spare room */
  int64_t leftover;  /* units in them */
  int     released;  /* state 0 was given up for the record of step 1 */
  int64_t memo[4];   /* the policy's */
  costate_ledger *ledger;
  costate_mixed  *mixed;

  costate_action *queue;
  int64_t         head, tail, qcap;

  costate_sched_stats stats;
  char                error[256];
};

int costate_sched_create_with(const costate_policy *, const costate_sched_config *, costate_sched **);
int costate_sched_fail(costate_sched *, int code, const char *format, ...);

/* The first index whose step is at least `step`. */
int64_t costate_find(const costate_sched *, int64_t step);

/* Units that are free, or in states that are forgotten for anything better. */
static inline int64_t costate_free(const costate_sched *s)
{
  return s->units - s->stats.units + s->leftover;
}

/* Units that a state may take: free, or in records that are forgotten for it. */
static inline int64_t costate_room(const costate_sched *s)
{
  return costate_free(s) + s->reclaim;
}

/* The shared split: state-only binomial, or by the table of V and W while that is small enough. */
int costate_split(costate_sched *, int64_t len, int64_t units, int start_is_free, costate_choice *);

void costate_mixed_destroy(costate_mixed *);
/* V(units, n), or -1 beyond the table; the value returned is an error. */
int costate_mixed_lookup(costate_sched *, int64_t units, int64_t n, int64_t *v);
/* The evaluations that costate_split() comes to beyond the table; -1 if that is not known. */
int64_t costate_mixed_composed(int64_t units, int64_t n, int64_t g, int restarts);

/* The held state at this index can be restored for nothing: its unit is not to be had before its segment is reversed.
 */
int costate_start_is_free(const costate_sched *, int64_t index);

/*
  The ledger: what every gap between held states costs, with the present number of units for it, with one more, and when
  the state at its lower end is dropped.  It makes "which state is missed least?" one pass of additions.
*/
struct costate_ledger {
  int64_t *slots, *keep, *raise, *merge; /* one per entry */
  int64_t  cap, dirty;                   /* entries from index `dirty` on have changed since the last sync */
  int64_t *beta;                         /* beta(i, t), a table for i < rows */
  int64_t  rows;
  int      failed; /* an error met while costs were reckoned */
};

int     costate_ledger_sync(costate_sched *);
void    costate_ledger_touch(costate_sched *, int64_t index);
int64_t costate_ledger_beta(const costate_sched *, int64_t i, int64_t t); /* beta, fast */
int64_t costate_ledger_cost(costate_sched *, int64_t len, int64_t slots); /* P, or V less the taped steps, fast */
void    costate_ledger_free(costate_ledger *);
/* The unpinned state (spare: also not tagged within the segment) whose loss costs least if state i is kept above all;
 * 0: none. */
int64_t costate_ledger_cheapest(costate_sched *, int64_t i, int spare, int64_t *delta);

#endif
