/* SPDX-License-Identifier: BSD-2-Clause */
/*
  The trajectory obeys the scheduler, keeps what the store holds, and repeats steps.

    traj.c     the TSTrajectory type: create, set, get, view, destroy
    options.c  the options
    setters.c, setters_disk.c, setters_commit.c, setters_transposed.c  the setters that they mirror
    setup.c    what is checked and sized before the first step
    hooks.c    what is wrapped around the functions of a TS, and how it finds its way back
    piece.c    what a method asks for: its own function for a step, a look at each state, no states at all
    stops.c    times at which a step has to end
    peek.c     what a TS knows and PETSc has no function for
    log.c      the step log: everything that has to be known to repeat a step
    forward.c  the forward sweep: arrivals
    frames.c   what goes into the store and comes back
    disk.c     what goes on to the disk, and what that costs
    maps.c     every K-th lambda, for whoever looks at it
    commit.c   what a run that was killed goes on from; stop.c says when
    resume.c   going on from it; fingerprint.c and remember.c say when not to
    recover.c  what is damaged or missing on disk, computed again
    backward.c the backward sweep: from an action list to the stage data of one step
    replay.c   one step again, bit for bit
    solves.c   the linear solves, counted
    transposed.c, lag.c  those of adjoint steps, and what they are preconditioned by
    budget.c   how much memory there is
    report.c   counters, progress, JSON
*/
#ifndef COSTATE_TRAJIMPL_H
#define COSTATE_TRAJIMPL_H

#include "../base/compat.h"
#include "../base/failpoint.h"
#include "../base/package.h"
#include "../base/runs.h"
#include <petsc/private/tsimpl.h>
#include <costate.h>
#include <costate/trajectory.h>
#include <signal.h>

/* One attempt at a step, as it was at the entry of ops->step; the rejections inside it are in the log. */
typedef struct {
  PetscReal ptime, ptime_prev, h;
  PetscInt  rej, nrej; /* the step sizes that the adaptor asked for when it rejected */
  PetscReal want;      /* what h was before a stop (stops.c) cut it, or 0 */
  PetscBool restart, rollback;
} CostateAttempt;

/* A step that is not a plain one: several attempts, rejections, or a start that does not follow from its neighbours. */
typedef struct {
  PetscInt step, att, natt;
} CostateIrregular;

/* Per step: time 8, step size 8, hash 8, flag 1 bytes; irregular steps have an entry more. */
typedef struct {
  PetscInt          n; /* steps in the log */
  PetscInt          cap;
  PetscReal        *t;       /* t[k]: time of state k, as given to TSTrajectorySet() */
  PetscReal        *h;       /* h[k]: size of step k, as it was when the step was entered */
  PetscInt64       *hash;    /* hash[k]: of state k on this rank */
  PetscInt          unknown; /* up to this state the hashes are those of other ranks; -1: none */
  unsigned char    *irregular;
  PetscInt          nirr, irrcap;
  CostateIrregular *irr;
  PetscInt          natt, attcap, first; /* first: the first attempt at the step in progress */
  CostateAttempt   *att;
  PetscInt          nrej, rejcap;
  PetscReal        *rej;
} CostateLog;

PETSC_INTERN PetscErrorCode CostateLogReset(CostateLog *);
PETSC_INTERN PetscErrorCode CostateLogEnter(CostateLog *, TS, PetscReal);
PETSC_INTERN PetscErrorCode CostateLogAttempt(CostateLog *, const CostateAttempt *);
PETSC_INTERN PetscErrorCode CostateLogReject(CostateLog *, PetscReal);
PETSC_INTERN PetscErrorCode CostateLogRestore(CostateLog *, PetscInt, PetscReal, PetscReal, PetscInt64);
PETSC_INTERN PetscErrorCode CostateLogState(CostateLog *, PetscInt, PetscReal, PetscInt64);
PETSC_INTERN PetscErrorCode CostateLogGet(const CostateLog *, PetscInt, PetscInt, CostateAttempt *, PetscInt *);
PETSC_INTERN PetscReal      CostateLogStart(const CostateLog *, PetscInt);
PETSC_INTERN PetscInt       CostateLogRejections(const CostateLog *, PetscInt);
PETSC_INTERN PetscBool      CostateLogRetried(const CostateLog *, PetscInt);
PETSC_INTERN PetscInt64     CostateLogBytes(const CostateLog *);

typedef enum {
  COSTATE_IDLE,     /* no run yet */
  COSTATE_FORWARD,  /* steps are arriving, or have all arrived */
  COSTATE_BACKWARD, /* the scheduler was told the number of steps */
  COSTATE_REVERSED  /* every step was reversed */
} CostatePhase;

/* How the stages of a TS type are used: see the table in setup.c */
typedef enum {
  COSTATE_METHOD_ANY,      /* nothing is known: executed again whenever stages are needed */
  COSTATE_METHOD_RK,       /* Y_1 is the state before the step */
  COSTATE_METHOD_ENDPOINT, /* the stages are the states before and after the step */
  COSTATE_METHOD_MIDPOINT  /* one stage, distinct from both states */
} CostateMethod;

/* Frames in the store: 4 * step + what */
typedef enum {
  COSTATE_KEY_STATE,
  COSTATE_KEY_STAGES,
  COSTATE_KEY_PRE /* the state before a jump at the same step number */
} CostateKey;
#define CostateKeyOf(k, what) (4 * (PetscInt64)(k) + (PetscInt64)(what))
/* The adjoint variables of state k: in the last commit, and where a TSAdjointSolve() ended */
#define CostateKeyBack(k) (-1 - 2 * (PetscInt64)(k))
#define CostateKeyStop(k) (-2 - 2 * (PetscInt64)(k))

/* Seconds clocked since stock was taken of them last; what the disk did is counted by its store. */
typedef struct {
  double         forward, adjoint;
  PetscInt64     nforward, nadjoint;
  CostateStoreIO io; /* as it was then */
} CostateClock;

/* A state at which a segment begins, and the last one before it at which no event was being located */
typedef struct {
  PetscInt        step, quiet;
  costate_arrival kind;
} CostateKind;

/* One number of the cost integral at state n, of a run that goes on from a commit */
typedef struct {
  PetscInt n, i;
  double   re, im;
} CostatePast;

#define COSTATE_VOUCH_HOOKS   1
#define COSTATE_VOUCH_SOLVERS 2
#define COSTATE_MAX_VECS      64
#define COSTATE_NOTE          512 /* longest note and its 0 */

/* A frame on its way to or from the disk */
typedef struct {
  PetscInt64 key;
  PetscBool  out;
} CostateMove;

/* The stops of a run, and where it was when it met them */
typedef struct {
  PetscInt   n, next; /* next: the first that was not met yet */
  PetscReal *time, *t;
  PetscInt  *step;
  PetscReal  want, cut; /* the size of the step in progress, before it was cut and after; 0: it was not */
} CostateStops;

/* The linear solves of the TS's own KSP (solves.c) */
typedef enum {
  COSTATE_SOLVES_RUN,
  COSTATE_SOLVES_REPEATED,
  COSTATE_SOLVES_ADJOINT,
  COSTATE_SOLVES_PHASES
} CostateSolvesPhase;

typedef struct {
  PetscInt64 solves, iterations, setups;
} CostateSolves;

typedef struct {
  PetscObjectId    pc;
  PetscObjectState state;
  PetscInt         inner[2];
} CostateSetUps;

/* What the solvers were told before an adjoint step (transposed.c) */
typedef struct {
  PetscInt  lag_jacobian, lag_preconditioner, max_it;
  PetscReal rtol, abstol, dtol;
  PetscBool ew, blocks;
  Mat       jacobian[2], kept[2]; /* of SNES, and what was in them, where that is used for longer than a step */
  struct {
    PetscObjectId    id;
    PetscObjectState state;
    PetscReal        time, scale, shift;
  } rhs; /* what the TS knows about its contents */
} CostateAdjointSolver;

/* What tells a matrix from others that are not the same but for rounding (lag.c) */
#define COSTATE_SKETCH 4
typedef struct {
  PetscBool        drawn;
  PetscObjectId    id;
  PetscObjectState nonzero;
  PetscReal        size;
  PetscScalar      sum[COSTATE_SKETCH];
} CostateSketch;

typedef struct _n_CostateTraj *CostateTraj;
struct _n_CostateTraj {
  TSTrajectory tj;
  TS           ts;
  /* options */
  char          policy[64];
  PetscInt64    ram_states, ram_bytes; /* one of them, or neither: half of what is free */
  PetscInt      steps;                 /* number of steps if the user knows it */
  PetscInt      stride;                /* of the policy stride */
  CostateStages stages;
  PetscBool     check, jumps, progress, transposed_check;
  char          report[PETSC_MAX_PATH_LEN];
  char          dir[PETSC_MAX_PATH_LEN]; /* of the disk tier; empty: there is none */
  PetscInt64    disk_states, disk_bytes; /* its limit, one of them or neither */
  PetscInt      max_cps_disk;            /* PETSc's name for disk_states */
  PetscBool     behind, direct, costs_given;
  char          layout[8];  /* of the files */
  costate_costs costs;      /* given, or as measured last; adjoint: the adjoint step alone */
  PetscInt      maps_every; /* every which lambda is kept */
  char          maps_dir[PETSC_MAX_PATH_LEN];
  PetscReal     commit; /* seconds between commits, 0: at each step, negative: never */
  PetscReal     walltime;
  PetscBool     resume;
  int           vouch;
  /* what a method asks for */
  CostateReverse reverse; /* in the place of the adjoint step */
  CostateArrival arrival;
  void          *reverse_ctx, *arrival_ctx;
  PetscBool      nothing_kept; /* the run is only looked at */
  PetscInt       nstops;
  PetscReal     *stops; /* for the next run */
  /* what a frame is, known after setup */
  CostateMethod method;
  PetscBool     fsal;      /* the next step uses the last stage derivative of this one, so a state frame holds both */
  PetscBool     free_tape; /* a step is reversed from its end states alone */
  PetscBool     replayable;
  PetscBool     from_ends; /* steps are reversed by a function that wants their end states and nothing else */
  PetscBool     whole;     /* every state is kept, since no step can be repeated */
  PetscInt      nstages, first_stage; /* stages that a record adds to a state: first_stage .. nstages-1 */
  PetscInt64    g;
  int           restarts;
  size_t        state_bytes, stage_bytes; /* on this rank */
  PetscInt      N, nlocal;
  /* the run */
  CostatePhase   phase;
  costate_sched *sched;
  PetscInt64     units;
  PetscBool      measured; /* the budget was measured, not given */
  CostateStore   store, disk, maps;
  CostateMove   *moves; /* frames that are on their way to or from the disk */
  PetscInt       nmoves, movecap, nstarts;
  PetscBool      costs_known;
  CostateClock   clock;
  PetscLogDouble entered; /* when the present forward step was */
  CostateStoreIO io;      /* of the disk tier that was closed last */
  CostateLog     log;
  PetscInt       held;            /* the state that waits for its decision in the store, or -1 */
  Vec            top, base;       /* states k and k-1 of the adjoint step k that comes next */
  Vec            kfirst;          /* FSAL: the first stage derivative of the next replayed step, restored */
  Vec            klast;           /* FSAL: the last stage derivative, a vector of the TS itself */
  Vec            integral_before; /* the cost integral, while a step is taken */
  PetscErrorCode (*rhs)(TS, PetscReal, Vec, Vec, void *);
  Vec                   sens; /* a view of the tangent matrix as one long vector */
  PetscBool             have_top, ended, event, jump;
  PetscBool             announced;   /* the measured budget was printed */
  PetscBool             stages_lost; /* the stages of the last step have been overwritten since */
  PetscInt64            stages_hash; /* of the stages of the last step, where TSInterpolate() may overwrite them */
  PetscInt              nevents;     /* recorded events when the last state was set */
  PetscObjectId         sol_id;      /* the solution as it was when the last state was set */
  PetscObjectState      sol_state;
  PetscInt              pos;        /* adjoint steps left */
  PetscInt              work;       /* the state that vec_sol holds while actions are obeyed */
  PetscInt              pending;    /* a state that was restored but not loaded yet, or -1 */
  PetscBool             touched;    /* vec_sol is no longer what TSTrajectoryGet() put there */
  PetscBool             from_frame; /* the next replayed step is the first one after a frame was restored */
  PetscBool             replaying;
  const CostateAttempt *attempt; /* being replayed, with the rejections left in it */
  PetscInt              rejections_left;
  PetscBool             inject;       /* FSAL: the first stage derivative is taken from kfirst */
  PetscInt              bad_step;     /* first step whose replay differs on this rank, or -1 */
  PetscInt              changed_step; /* first state that was changed without our being told in time, or -1 */
  const char           *changed_by;
  CostateStops          stop;
  Vec                   pre; /* a run of a method, with events: state pre_at as it was before the event changed it */
  PetscInt              pre_at, nchanges, changecap;
  PetscInt             *change; /* states that an event changed, ascending; both sides of them are kept */
  PetscReal             from, taken, proposed; /* the last ops->step: where it began, its size, that of the next */
  PetscInt              rejected;              /* by the TS, up to the last state */
  /* commits */
  PetscBool        durable, listening;
  PetscInt64       run; /* the number of this run in the process */
  char             owner[128];
  PetscInt         noted; /* the last step of the log that is noted */
  PetscInt         nkinds, kindcap, ndumped, dumpedcap, nlandmarks;
  CostateKind     *kind;
  PetscInt64      *dumped;   /* keys on disk for commits alone, ascending */
  PetscInt        *landmark; /* states that stay on disk for those who go on from a commit on the way back */
  PetscInt64       back_key; /* of the lambdas on disk, or 0 */
  Vec              integral; /* the cost integral at the state `quiet` */
  PetscInt         look_every, unlooked;
  PetscLogDouble   looked, committed, commit_last;
  struct sigaction before[2];
  /* a disk that is full */
  PetscInt  lost;           /* states that did not get there */
  PetscBool keep0, no_disk; /* state 0 is one of them; memory alone from now on */
  PetscBool again;          /* the run is repeated within memory, its length being known */
  /* a run that goes on from a commit */
  PetscBool    resumed, resuming;
  PetscBool    nothing;        /* it was said that there is nothing to resume */
  PetscInt     quiet;          /* the last state that was left while no event was being located */
  PetscInt     known_quiet;    /* ... before the end of the log */
  PetscInt     known, back;    /* steps in the log; adjoint steps left, or -1 on the way forward */
  PetscBool    passed;         /* the adjoint step and its integral are passed over */
  PetscInt     put;            /* the step before which the run was just put, or 0 */
  PetscInt     npast, pastcap; /* the cost integral at some states */
  CostatePast *past;
  PetscErrorCode (*user_prestep)(TS);
  /* linear solves */
  PetscInt  transposed_lag;
  PetscReal transposed_rtol, first_rtol; /* given, or 0; of the solver before the first run */
  struct {                               /* solves.c: during a step, and what it has displaced */
    KSP                ksp;
    CostateSolvesPhase phase;
    PetscErrorCode (*pre)(KSP, Vec, Vec, void *);
    PetscErrorCode (*post)(KSP, Vec, Vec, void *);
    void         *prectx, *postctx;
    CostateSetUps before;
    Vec           work;
  } watch;
  CostateAdjointSolver adjoint_solver;
  struct { /* lag.c: of a backward sweep */
    PetscBool        made, held, again;
    PetscInt         age, least; /* adjoint steps and iterations since the set-up */
    PetscObjectId    id;         /* of the matrix that was decided about last */
    PetscObjectState state;
    CostateSketch    of; /* the matrix of the set-up */
    PetscErrorCode (*apply)(PC, Vec, Vec);
  } lag;
  /* counters */
  CostateSolves       solves[COSTATE_SOLVES_PHASES];
  PetscInt            commits, recovered;
  PetscLogDouble      commit_seconds;
  PetscInt            replayed, sweeps;
  PetscBool           probed; /* whether one step was executed again although none has to be */
  PetscInt64          boundaries;
  PetscLogDouble      t0, seconds[3]; /* forward, recompute, backward */
  PetscLogDouble      last_progress;
  costate_sched_stats stats;
};

PETSC_INTERN PetscErrorCode CostateTrajGet(TS, CostateTraj *);
PETSC_INTERN PetscErrorCode CostateSched(CostateTraj, int);
PETSC_INTERN PetscErrorCode CostateTrajReset(CostateTraj);

/* setup.c */
PETSC_INTERN PetscErrorCode CostateTrajSetUp(CostateTraj, TS);
PETSC_INTERN PetscErrorCode CostateTrajDestroyVecs(CostateTraj);
PETSC_INTERN PetscErrorCode CostateTrajCheckSize(CostateTraj, PetscInt, Vec);

/* options.c */
PETSC_INTERN PetscErrorCode CostateTrajSetFromOptions(TSTrajectory, COSTATE_OPTION_ITEMS);
PETSC_INTERN PetscErrorCode CostateCommitSetFromOptions(TSTrajectory, COSTATE_OPTION_ITEMS);
PETSC_INTERN PetscErrorCode CostateTrajOurs(TSTrajectory, CostateTraj *);
PETSC_INTERN PetscErrorCode CostateTrajComposeSetters(TSTrajectory, PetscBool);

/* hooks.c */
PETSC_INTERN PetscErrorCode CostateHooksInstall(TS);
PETSC_INTERN PetscErrorCode CostateHooksStep(TS);
PETSC_INTERN PetscErrorCode CostateHooksHaveUser(TS, PetscBool *);
PETSC_INTERN PetscErrorCode CostateHooksInstalled(TS, PetscBool *);
PETSC_INTERN PetscErrorCode CostateHooksHaveAdjoint(TS, PetscBool *);
PETSC_INTERN PetscErrorCode CostateHooksPostStep(TS, const void **);

/* piece.c */
PETSC_INTERN PetscErrorCode CostateReplayable(TS, PetscBool *);
PETSC_INTERN PetscErrorCode CostateFixedSteps(TS, PetscBool *);
PETSC_INTERN PetscErrorCode CostateWholeCheck(CostateTraj, TS, PetscInt);
PETSC_INTERN PetscErrorCode CostateWholeRefuse(CostateTraj, TS, const char[]);
PETSC_INTERN PetscErrorCode CostatePieceFetch(CostateTraj, TS, PetscInt, PetscBool);
PETSC_INTERN PetscErrorCode CostatePieceReverse(CostateTraj, TS, PetscInt);
PETSC_INTERN PetscErrorCode CostatePieceBefore(CostateTraj, TS);
PETSC_INTERN PetscErrorCode CostatePieceChanged(CostateTraj, TS, PetscInt, Vec);
PETSC_INTERN PetscErrorCode CostatePieceCross(CostateTraj, PetscInt, PetscBool *);
PETSC_INTERN PetscBool      CostateIsChange(CostateTraj, PetscInt);
PETSC_INTERN PetscErrorCode CostatePieceArrive(CostateTraj, TS, PetscInt, PetscReal, Vec, PetscInt);

/* stops.c */
PETSC_INTERN PetscErrorCode CostateStopsBegin(CostateTraj, TS);
PETSC_INTERN PetscErrorCode CostateStopsReset(CostateTraj);
PETSC_INTERN PetscErrorCode CostateStopsEnter(CostateTraj, TS);
PETSC_INTERN void           CostateStopsAgain(CostateTraj, TS, PetscReal);
PETSC_INTERN PetscErrorCode CostateStopsPass(CostateTraj, TS, PetscInt);
PETSC_INTERN PetscErrorCode CostateStopsPrint(CostateTraj, char[], size_t);
PETSC_INTERN PetscErrorCode CostateStopsLeave(CostateTraj, TS);
PETSC_INTERN PetscErrorCode CostateStopsMet(CostateTraj, TS, PetscInt, PetscInt *);

/* forward.c */
PETSC_INTERN PetscErrorCode CostateForwardStart(CostateTraj, TS);
PETSC_INTERN PetscErrorCode CostateForwardEnter(CostateTraj, TS);
PETSC_INTERN PetscErrorCode CostateForwardSet(CostateTraj, TS, PetscInt, PetscReal, Vec);
PETSC_INTERN PetscErrorCode CostateForwardPostStep(CostateTraj, TS);
PETSC_INTERN PetscErrorCode CostateForwardArrive(CostateTraj, TS, PetscInt, costate_arrival);
PETSC_INTERN PetscErrorCode CostateSchedCreate(CostateTraj, const char[], PetscInt);

/* backward.c */
PETSC_INTERN PetscErrorCode CostateBackwardGet(CostateTraj, TS, PetscInt, PetscReal *, PetscBool);
PETSC_INTERN PetscErrorCode CostateBackwardStep(CostateTraj, TS, PetscErrorCode (*)(TS));
PETSC_INTERN PetscErrorCode CostateRestoreState(CostateTraj, TS, PetscInt);

/* frames.c */
PETSC_INTERN PetscErrorCode CostatePut(CostateTraj, TS, PetscInt, CostateKey);
PETSC_INTERN PetscErrorCode CostateFetchState(CostateTraj, TS, PetscInt, Vec);
PETSC_INTERN PetscErrorCode CostateFetchStages(CostateTraj, TS, PetscInt, PetscBool *);
PETSC_INTERN PetscErrorCode CostateDrop(CostateTraj, PetscInt, CostateKey);
PETSC_INTERN PetscErrorCode CostateHas(CostateTraj, PetscInt, CostateKey, PetscBool *);
PETSC_INTERN PetscErrorCode CostateStagesHash(CostateTraj, TS, PetscInt64 *);

PETSC_INTERN PetscErrorCode CostateRead(CostateTraj, PetscInt64, PetscInt, Vec *);

/* disk.c */
PETSC_INTERN PetscErrorCode CostateDiskStates(CostateTraj, PetscInt64 *);
PETSC_INTERN PetscErrorCode CostateDiskCapUnits(CostateTraj, PetscInt64 *);
PETSC_INTERN PetscErrorCode CostateDiskStore(CostateTraj, TS, const char[], PetscInt, const char *const[], PetscInt64,
                                             PetscBool, CostateStore *);
PETSC_INTERN PetscErrorCode CostateDiskCreate(CostateTraj, TS);
PETSC_INTERN PetscErrorCode CostateDiskOpen(CostateTraj, TS);
PETSC_INTERN PetscErrorCode CostateDiskClose(CostateTraj, PetscBool);
PETSC_INTERN PetscErrorCode CostateDiskGiveUp(CostateTraj);
PETSC_INTERN PetscBool      CostateDiskRepeat(CostateTraj);
PETSC_INTERN PetscErrorCode CostateDiskSettle(CostateTraj, PetscInt64);
PETSC_INTERN PetscErrorCode CostateDiskObey(CostateTraj, const costate_action *, PetscBool *);
PETSC_INTERN PetscErrorCode CostateDiskReckon(CostateTraj, PetscInt, PetscBool);
PETSC_INTERN void           CostateDiskCosts(CostateTraj, costate_costs *);

/* commit.c */
PETSC_INTERN PetscErrorCode CostateNote(CostateTraj, const char[], ...) PETSC_ATTRIBUTE_FORMAT(2, 3);
PETSC_INTERN PetscErrorCode CostateNoteSched(CostateTraj, const costate_sched_config *);
PETSC_INTERN PetscErrorCode CostateNoteArrival(CostateTraj, PetscInt, costate_arrival);
PETSC_INTERN PetscErrorCode CostateNoteUnits(CostateTraj, PetscInt);
PETSC_INTERN PetscErrorCode CostateNoteCosts(CostateTraj, PetscInt, const costate_costs *);
PETSC_INTERN PetscErrorCode CostateNoteIntegral(CostateTraj, PetscInt);
PETSC_INTERN PetscErrorCode CostateLeave(CostateTraj, TS, PetscInt);
PETSC_INTERN PetscErrorCode CostateKindAdd(CostateTraj, PetscInt, costate_arrival, PetscInt);
PETSC_INTERN PetscBool      CostateIsDumped(CostateTraj, PetscInt64);
PETSC_INTERN PetscErrorCode CostateDumpedAdd(CostateTraj, PetscInt64);
PETSC_INTERN PetscErrorCode CostateDumpedRemove(CostateTraj, PetscInt64);
PETSC_INTERN PetscErrorCode CostateDumpForget(CostateTraj, PetscInt64);
PETSC_INTERN PetscBool      CostateIsLandmark(CostateTraj, PetscInt);
PETSC_INTERN PetscErrorCode CostateLandmarks(CostateTraj);
PETSC_INTERN PetscErrorCode CostateBackVecs(CostateTraj, TS, PetscInt *, Vec[]);
PETSC_INTERN PetscErrorCode CostateStopKeep(CostateTraj, TS);
PETSC_INTERN PetscErrorCode CostateCommit(CostateTraj, TS, PetscBool *);
PETSC_INTERN const char    *CostateKeyText(CostateKey);

/* stop.c */
PETSC_INTERN PetscErrorCode CostateSignals(CostateTraj, PetscBool);
PETSC_INTERN PetscErrorCode CostateLook(CostateTraj, TS);

/* resume.c */
PETSC_INTERN PetscErrorCode CostateResumeBegin(CostateTraj, TS);
PETSC_INTERN PetscErrorCode CostateResumeHook(CostateTraj, TS);
PETSC_INTERN PetscErrorCode CostateResumeState(CostateTraj, PetscInt, PetscReal, PetscInt64);
PETSC_INTERN PetscErrorCode CostateResumeEnter(CostateTraj, TS, PetscBool);
PETSC_INTERN PetscErrorCode CostateResumeEnd(CostateTraj, TS);
PETSC_INTERN PetscErrorCode CostateResumeBack(CostateTraj, TS, PetscInt *, PetscBool *);
PETSC_INTERN PetscBool      CostateStepMemory(CostateTraj, TS);
PETSC_INTERN PetscBool      CostateHasPreStep(CostateTraj, TS);

/* transposed.c */
PETSC_INTERN PetscErrorCode CostateTransposedCheckType(CostateTraj, TS);
PETSC_INTERN PetscErrorCode CostateTransposedStart(CostateTraj, TS);
PETSC_INTERN PetscErrorCode CostateTransposedBegin(CostateTraj, TS);
PETSC_INTERN PetscErrorCode CostateTransposedEnd(CostateTraj, TS);
PETSC_INTERN PetscErrorCode CostateTransposedAfter(CostateTraj, KSP, Vec, Vec);

/* lag.c */
PETSC_INTERN void           CostateLagReset(CostateTraj);
PETSC_INTERN PetscErrorCode CostateLagCheck(CostateTraj, PC);
PETSC_INTERN PetscErrorCode CostateLagBefore(CostateTraj, KSP);
PETSC_INTERN PetscErrorCode CostateLagAfter(CostateTraj, KSP, PetscBool, PetscBool *);

/* solves.c */
PETSC_INTERN PetscErrorCode CostateSolvesWatch(CostateTraj, TS, CostateSolvesPhase);
PETSC_INTERN PetscErrorCode CostateSolvesLeave(CostateTraj);

/* remember.c, fingerprint.c, recover.c */
PETSC_INTERN PetscErrorCode CostateRememberWarn(CostateTraj, TS);
PETSC_INTERN PetscErrorCode CostateRememberRefuse(CostateTraj, TS, PetscBool);
PETSC_INTERN PetscErrorCode CostateOwner(CostateTraj);
PETSC_INTERN PetscErrorCode CostateFingerprint(CostateTraj, char[], size_t);
PETSC_INTERN PetscErrorCode CostateOptionsNote(CostateTraj);
PETSC_INTERN PetscErrorCode CostateOptionsCompare(CostateTraj, PetscInt, const char *const[]);
PETSC_INTERN PetscErrorCode CostateBring(CostateTraj, TS, PetscInt64);
PETSC_INTERN PetscErrorCode CostateFindAgain(CostateTraj, TS, PetscInt64);
PETSC_INTERN PetscErrorCode CostateReadAgain(CostateTraj, TS, PetscInt64, PetscInt, Vec[], const char[]);

/* maps.c */
PETSC_INTERN PetscErrorCode CostateMapsPut(CostateTraj, TS, PetscInt);
PETSC_INTERN PetscErrorCode CostateMapsClose(CostateTraj);

/* replay.c */
typedef struct {
  PetscInt  steps, ksp_its, snes_its, num_snes_failures, reject, ifuncs, rhsfuncs, ijacs, rhsjacs, justdecreased;
  PetscReal ptime, ptime_prev, ptime_prev_rollback, time_step, dt_span;
  PetscBool steprollback, steprestart, costintegralfwd;
  TSConvergedReason reason;
  TSEvent           event;
  CostateTSTimes    times;
  PetscViewer       adaptmonitor;
} CostateSaved;
PETSC_INTERN PetscErrorCode CostateReplayBegin(CostateTraj, TS, CostateSaved *);
PETSC_INTERN PetscErrorCode CostateReplayEnd(CostateTraj, TS, CostateSaved *);
PETSC_INTERN PetscErrorCode CostateReplayContext(CostateTraj, TS, PetscInt);
PETSC_INTERN PetscErrorCode CostateReplayStep(CostateTraj, TS, PetscInt);
PETSC_INTERN PetscErrorCode CostateReplayAgree(CostateTraj);
PETSC_INTERN PetscErrorCode CostateProbe(CostateTraj, TS, PetscInt);

/* budget.c */
PETSC_INTERN PetscErrorCode CostateParseBudget(MPI_Comm, const char[], const char[], const char[], PetscInt64 *,
                                               PetscInt64 *);
PETSC_INTERN PetscErrorCode CostateFreeMemory(MPI_Comm, PetscInt64 *);
PETSC_INTERN PetscErrorCode CostateUnitsOfBytes(CostateTraj, PetscInt64, PetscInt64 *);

/* report.c */
PETSC_INTERN PetscErrorCode CostateReportProgress(CostateTraj, const char[], PetscInt, PetscBool);
PETSC_INTERN PetscErrorCode CostateReportCheck(CostateTraj);
PETSC_INTERN PetscErrorCode CostateReportWrite(CostateTraj);
PETSC_INTERN PetscErrorCode CostateReportView(CostateTraj, PetscViewer);

#endif
