/* SPDX-License-Identifier: BSD-2-Clause */
/* All that differs between the versions of PETSc is here and nowhere else. */
#ifndef COSTATE_COMPAT_H
#define COSTATE_COMPAT_H

#include <petscts.h>

#if PETSC_VERSION_LT(3, 19, 0)
#define PETSC_SUCCESS 0
#endif

/* one name for pointers to anything */
#if PETSC_VERSION_LT(3, 20, 0)
#define PetscAssertPointer PetscValidPointer
#endif

/* renamed; what it gives is given back by PetscViewerDestroy() in all versions */
#if PETSC_VERSION_LT(3, 22, 0)
#define PetscOptionsCreateViewer PetscOptionsGetViewer
#endif

/* renamed; the old name is deprecated */
#if PETSC_VERSION_LT(3, 25, 0)
#define SNES_DIVERGED_FUNCTION_NANORINF SNES_DIVERGED_FNORM_NAN
#endif

/* what destroys the context of a monitor is given its address, as a pointer to anything in the end */
#if PETSC_VERSION_LT(3, 25, 0)
typedef void **CostateCtxAddress;
#else
typedef void                       *CostateCtxAddress;
#endif
/* what destroys that of a container was given the context itself */
#if PETSC_VERSION_LT(3, 23, 0)
typedef void *CostateCtxArg;
#define COSTATE_CTX(arg)            (arg)
#define PetscContainerSetCtxDestroy PetscContainerSetUserDestroy
#else
typedef CostateCtxAddress           CostateCtxArg;
#define COSTATE_CTX(arg) (*(void **)(arg))
#endif

/* PetscBool became a bool, whose type in MPI is the one of C; the name for it is deprecated */
#if PETSC_VERSION_GE(3, 24, 0)
#undef MPIU_BOOL
#define MPIU_BOOL MPI_C_BOOL
#endif

/* the argument of ops->setfromoptions became a handle */
#if PETSC_VERSION_LT(3, 23, 0)
#define COSTATE_OPTION_ITEMS PetscOptionItems *
#else
#define COSTATE_OPTION_ITEMS PetscOptionItems
#endif

/* TSSetTimeSpan() became one case of TSSetEvaluationTimes() */
#if PETSC_VERSION_LT(3, 23, 0)
#define COSTATE_TS_TIMES               tspan
#define COSTATE_TS_TIMES_AT            tspan->span_times
#define COSTATE_TS_TIMES_N             tspan->num_span_times
#define COSTATE_TS_TIMES_NEXT          tspan->spanctr
#define COSTATE_ADAPT_CACHED           dt_span_cached
#define COSTATE_TS_SOLUTIONS(ts, n, v) TSGetTimeSpanSolutions(ts, n, v)
typedef struct _TS_TimeSpan *CostateTSTimes;
#else
#define COSTATE_TS_TIMES               eval_times
#define COSTATE_TS_TIMES_AT            eval_times->time_points
#define COSTATE_TS_TIMES_N             eval_times->num_time_points
#define COSTATE_TS_TIMES_NEXT          eval_times->time_point_idx
#define COSTATE_ADAPT_CACHED           dt_eval_times_cached
#define COSTATE_TS_SOLUTIONS(ts, n, v) TSGetEvaluationSolutions(ts, n, NULL, v)
typedef struct _TS_EvaluationTimes *CostateTSTimes;
#endif

/* each counter of -log_view got a second one beside it, of this thread, by which events count */
#if PETSC_VERSION_LT(3, 19, 0)
#define COSTATE_LOG_ADD(counter, x) ((counter) += (x), PETSC_SUCCESS)
#else
#define COSTATE_LOG_ADD(counter, x) PetscAddLogDouble(&counter, &counter##_th, x)
#endif

/* the number of the last step that a run may take */
#if PETSC_VERSION_LT(3, 24, 0)
#define COSTATE_TS_LAST_STEP(ts) ((double)(ts)->max_steps)
#else
#define COSTATE_TS_LAST_STEP(ts) PetscMin((double)(ts)->max_steps, (double)(ts)->start_step + (double)(ts)->run_steps)
#endif

/* whether no event is being located, and what TSEventInitialize() leaves as it was then */
#if PETSC_VERSION_LT(3, 21, 0)
#define COSTATE_EVENT_QUIET(e) ((e)->status == TSEVENT_NONE)
#define COSTATE_EVENT_CALM(e)                                                                                          \
  do {                                                                                                                 \
    (e)->status = TSEVENT_NONE;                                                                                        \
    for (PetscInt i_ = 0; i_ < (e)->nevents; i_++) {                                                                   \
      (e)->side[i_]         = 0;                                                                                       \
      (e)->zerocrossing[i_] = PETSC_FALSE;                                                                             \
    }                                                                                                                  \
  } while (0)
#else
#define COSTATE_EVENT_QUIET(e) (!(e)->processing && !(e)->iterctr)
#define COSTATE_EVENT_CALM(e)  (void)(e)
#endif

/* since 3.21 the state that a step started from is kept in the TS, for TSRollBack() */
#if PETSC_VERSION_LT(3, 21, 0)
#define COSTATE_TS_HAS_VEC_SOL0 0
#else
#define COSTATE_TS_HAS_VEC_SOL0 1
#endif

/* arkimex got an adjoint step; without an explicit part it is dirk, which uses the slope of the step before */
#define COSTATE_ARKIMEX_ADJOINT PETSC_VERSION_GE(3, 19, 0)
#define COSTATE_ARKIMEX_CARRIES PETSC_VERSION_GE(3, 20, 0)

/* the parameter gradient of Runge-Kutta methods with a weight that is zero was wrong: see src/traj/rkadjoint.c */
#define COSTATE_RK_MU_WRONG PETSC_VERSION_LT(3, 21, 4)

#endif
