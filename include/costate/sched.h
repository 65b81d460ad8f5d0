/* SPDX-License-Identifier: BSD-2-Clause */
/* clang-format off */
/*
  The checkpoint scheduler: plain C99, no PETSc, no MPI, no I/O, no clock, no global state.

  It decides which states of a time loop are kept within a fixed budget of memory units, although the number of steps
  is unknown while the loop runs, and then in which order steps are repeated so that every step can be reversed.
  It is deterministic: ranks that feed it the same arrivals get the same actions, so nothing has to be communicated.

  The machine.  Step k leads from state k-1 to state k; state 0 is the initial condition.  Work storage (the current
  state and the stage data of the step executed last) belongs to the executor and is outside the budget, and so is the
  one state that waits for its decision (see costate_sched_arrive()).  A budget is counted in units:

    - a state takes 1 unit;
    - the stage record of a step takes g = stage_units units, the state that comes with it included.  With
      stage_restarts = 0 the record of step k is state k-1 and, attached to it, g-1 units of stage data.  With
      stage_restarts = 1 it contains state k, from which the run can go on, and the g-1 units are attached to state k.
      g = 0 means that there are no stage records.  g = 1 with stage_restarts = 1 is the case of methods whose step is
      reversed from its two end states alone (the theta method with end points, backward Euler): nothing is ever taped.

  The protocol.

    forward    before step n+1 is executed: costate_sched_arrive(S, n, kind); then costate_sched_next() until YIELD
    turn       after the last step N: costate_sched_turn(S, N)
    backward   costate_sched_next() until DONE

  costate_sched_next() answers with one action at a time; the executor carries it out before it asks again:

    STORE   STATE  k   keep state k.  Forward: it is the state of the pending decision, or the one just reached if that
                       is a boundary.  Backward: work storage holds it.
    STORE   STAGES k   keep the stage data of step k, which work storage holds
    EVICT   STATE  k   forget state k
    EVICT   STAGES k   forget the stage data of step k (its state stays)
    RESTORE STATE  k   load state k into work storage
    RESTORE STAGES k   load the stage data of step k into work storage, with the state that it is attached to; ADJOINT k
                       follows
    ADVANCE from to    execute steps from+1 .. to; work storage holds state `from`
    ADJOINT k          reverse step k.  taped = 1: work storage holds state k-1 and the step has to be executed first,
                       its stage data being used at once.  taped = 0: nothing is executed, because work storage holds
                       the stage data (k = N, or after RESTORE STAGES) or, when a step is reversed from its end states,
                       state k-1.
    YIELD              nothing to do until the next arrive() or turn()
    DONE               every step is reversed

  With a disk (disk > 0) states move between two levels.  All the actions above are about memory but these:

    STORE   STATE  k   with tier = COSTATE_DISK: write state k, which memory holds, to disk
    EVICT   STATE  k   with tier = COSTATE_DISK: the disk forgets state k
    FETCH   STATE  k   bring state k from disk to memory, where it takes a unit from now on; the disk keeps it too

  Both may go on behind the computation.  Who writes must have finished before he obeys EVICT of the same state, from
  memory or disk, and who fetches before RESTORE; nothing else has to wait, and the memory of what is on its way is
  counted all the while.  A jump is written, fetched and forgotten as a whole, two states on disk.  RESTORE is always from
  memory.  src/sched/disk.c says which states go to disk.

  Adjoint steps come exactly once each, in the order N .. 1.  When ADJOINT k is answered the executor knows state k
  already: it was in work storage when step k+1 was reversed.  The exception is a jump b: its two states are stored,
  restored and evicted as one; EVICT STATE b comes after ADJOINT b+1 and before any action for step b (only where the
  stages of step b are kept with stage_restarts = 1 it comes after ADJOINT b), and an executor that wants the state
  before the jump for ADJOINT b takes it on that occasion.

  State 0 and boundaries stay until the first step after them is reversed, with one exception: policy offline with
  stage_restarts = 1 and g > 1 may evict state 0 in the forward sweep once it keeps the record of step 1,
  whose g units then cannot be had for anything else.
  Between arrive() and the last action before YIELD, costate_sched_holds() and its like already tell the state after
  that action.
*/
/* clang-format on */
#ifndef COSTATE_SCHED_H
#define COSTATE_SCHED_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct costate_sched costate_sched;

/* Every function that can fail returns one of these; costate_sched_error() has the sentence. */
typedef enum {
  COSTATE_SCHED_OK = 0,
  COSTATE_SCHED_ERR_ARG,    /* an argument makes no sense, or the call comes at the wrong time */
  COSTATE_SCHED_ERR_MEM,    /* malloc failed */
  COSTATE_SCHED_ERR_BUDGET, /* the budget cannot hold what must be kept */
  COSTATE_SCHED_ERR_POLICY  /* a policy made a decision that the machine refuses: a bug in the policy */
} costate_sched_err;

typedef enum {
  COSTATE_ARRIVE_STEP,     /* an ordinary step */
  COSTATE_ARRIVE_BOUNDARY, /* a new segment starts here: the state is pinned and no step is ever repeated across it */
  COSTATE_ARRIVE_JUMP      /* a boundary whose state differs before and after: both are pinned, two units */
} costate_arrival;

typedef enum {
  COSTATE_STORE,
  COSTATE_EVICT,
  COSTATE_RESTORE,
  COSTATE_ADVANCE,
  COSTATE_ADJOINT,
  COSTATE_FETCH,
  COSTATE_YIELD,
  COSTATE_DONE
} costate_action_kind;

typedef enum { COSTATE_STATE, COSTATE_STAGES } costate_what;
typedef enum { COSTATE_RAM, COSTATE_DISK } costate_tier;

typedef struct {
  costate_action_kind kind;
  costate_what        what;  /* STORE, EVICT, RESTORE */
  costate_tier        tier;  /* STORE, EVICT */
  int64_t             step;  /* the state or step concerned; ADVANCE: the state to reach */
  int64_t             from;  /* ADVANCE: the state to start from, which work storage holds */
  int                 taped; /* ADJOINT: 1 if the step has to be executed first */
} costate_action;

/*
  What things cost, in any one unit of time.  adjoint includes the execution of the step that is taped right before it.
  write and read are of one state.  All zero: unknown, see costate_sched_set_costs().
*/
typedef struct {
  double forward, adjoint, write, read;
} costate_costs;

/* How the disk is used */
typedef enum {
  COSTATE_IO_REREAD, /* the run waits for the disk; the start of a period may be read several times where that pays */
  COSTATE_IO_ONCE,   /* the run waits for the disk; every start is read once */
  COSTATE_IO_BEHIND  /* writes and reads go on behind the computation */
} costate_io;

#define COSTATE_UNLIMITED (INT64_MAX / 8)

typedef struct {
  const char   *policy;         /* a name from policies.def; NULL is "online" */
  int64_t       units;          /* the budget, at least 1 */
  int64_t       stage_units;    /* g; 0: no stage records */
  int           stage_restarts; /* the stage record of step k contains state k */
  int64_t       steps;          /* the number of steps if it is known (policy offline needs it), else 0 */
  int64_t       stride;         /* policy stride: keep every stride-th state; 0 is 1 */
  int64_t       disk;           /* states that the disk may hold; 0: there is none; COSTATE_UNLIMITED */
  costate_io    io;
  costate_costs costs;
} costate_sched_config;

typedef struct {
  int64_t steps;       /* N; before the turn the last state that arrived */
  int64_t advances;    /* plain forward steps, the N-1 of the first sweep included */
  int64_t taped;       /* forward steps whose stage data were used at once, step N of the first sweep included */
  int64_t evaluations; /* forward steps in all: advances + taped */
  int64_t adjoints;    /* steps reversed so far */
  int64_t stores, restores;
  int64_t units, peak_units, pinned_units, boundaries;
  int64_t period;                /* the present one, 0 while there is none */
  int64_t writes, reads;         /* of states, to and from the disk */
  int64_t disk_units, peak_disk; /* states on disk */
} costate_sched_stats;

int         costate_sched_create(const costate_sched_config *, costate_sched **);
void        costate_sched_destroy(costate_sched *);
const char *costate_sched_error(
    const costate_sched *); /* NULL: why the last costate_sched_create() of the caller's thread failed is not kept; see
                               costate_sched_config_error() */
const char *costate_sched_config_error(const costate_sched_config *); /* NULL if the configuration makes sense */

/* Changes the budget; refused (ERR_BUDGET) when it is less than what is held, and after the turn. */
int costate_sched_set_units(costate_sched *, int64_t units);

/*
  State n is reached and step n+1 is about to be executed, so n is not the last.  Arrivals come in the order 0, 1, 2 ...
  The decision about state n-1 is taken here and not at its own arrival (the LAZY model of information: state n-1 waits
  in one buffer outside the budget).  State 0 and boundaries are kept at their own arrival.
*/
int costate_sched_arrive(costate_sched *, int64_t n, costate_arrival kind);

/* The run ended with step N; work storage holds the stage data of step N.  N - 1 was the last arrival. */
int costate_sched_turn(costate_sched *, int64_t N);

int     costate_sched_next(costate_sched *, costate_action *);
int     costate_sched_holds(const costate_sched *, int64_t step, costate_what);
int64_t costate_sched_nheld(const costate_sched *, int64_t *steps,
                            int64_t cap);             /* held states, ascending; returns their number */
int     costate_sched_overrun(const costate_sched *); /* the run went past cfg.steps (policy offline) */
void    costate_sched_get_stats(const costate_sched *, costate_sched_stats *);

/*
  Changes what things cost; counts from the next period on, before the turn.  While the costs are unknown there is one
  period that goes on, and state 0 is written at the arrival of state 1, so that the executor can measure.
*/
int costate_sched_set_costs(costate_sched *, const costate_costs *);

/* The registered policies: i = 0, 1, ...; NULL past the end. */
const char *costate_sched_policy_name(int i);
const char *costate_sched_policy_text(int i);

/* The theory, saturating at INT64_MAX. */
int64_t costate_beta(int64_t s, int64_t t);                                        /* C(s+t, s) */
int64_t costate_repetition(int64_t n, int64_t s);                                  /* min{ t : n <= beta(s, t) } */
int64_t costate_offline_advances(int64_t n, int64_t s);                            /* P(n, s) */
void    costate_offline_split(int64_t n, int64_t s, int64_t *jmin, int64_t *jmax); /* the optimal first checkpoints */
/* V(M, n): the fewest evaluations with states and stage records; -1 where the table would be too large. */
int64_t costate_mixed_evaluations(int64_t units, int64_t n, int64_t g, int restarts);
/*
  The least evaluations for n known, whichever of the two applies; the figure that reports compare with.  Where
  costate_mixed_evaluations() has no answer it is what policy offline comes to, which need not be the least.
*/
int64_t costate_optimum(int64_t units, int64_t n, int64_t g, int restarts);

/*
  Two levels.  `units` states of memory; costs as above; times are those of a whole sweep, forward and backward, in
  which step n is executed once, at the turn.
*/

/*
  The period m that makes a step cheapest in the long run, between 1 and 1e9, and what a step then costs on top of its
  first execution (COSTATE_IO_BEHIND: all in all), or NULL.
  REREAD: the argmin of (w + r + O1(m)) / m (Aupy and Herrmann, OMS 32(3), 2017), sought up to 262144 steps; ONCE:
  beta(units, t*), the closed form; BEHIND: the argmin of [max(m uf, w) + max(m ub + uf P(m, units), r)] / m, units
  without those that buffers take.  Of those that are equally good ONCE has the longest, the others the shortest.
*/
int64_t costate_period(int64_t units, const costate_costs *, costate_io, double *rate);
/* The time of the schedule that writes every period-th state but not the last, partial period's; -1: no memory */
double costate_periodic_time(int64_t units, int64_t n, int64_t period, const costate_costs *, costate_io);
/*
  The least time for n known with `disk` disk states, or COSTATE_UNLIMITED; reads and writes wait.  Exact up to
  costate_disk_exact() steps; beyond, an upper bound: states are placed on a grid, and before the last periods of a run
  with any number of disk states in full periods.  -1: no memory
*/
double  costate_disk_optimum(int64_t units, int64_t disk, int64_t n, const costate_costs *);
int64_t costate_disk_exact(void);

#ifdef __cplusplus
}
#endif
#endif
