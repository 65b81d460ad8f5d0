/* SPDX-License-Identifier: BSD-2-Clause */
/*
  When to commit, and when to end: by the clock, by a signal of the batch system, by the wall-time limit.

  Ranks must agree, so they look together, at steps that all know beforehand: about every twentieth of a second, which
  for long steps is at every one.
*/
#include "trajimpl.h"
#include <signal.h>
#include <stdio.h>
#include <unistd.h>

#define LOOK_SECONDS .05
#define LOOK_MOST    1024

static volatile sig_atomic_t caught;

static void OnSignal(int sig)
{
  caught = sig;
}

static const int signals[2] = {SIGTERM, SIGUSR1};

/* The signals are ours while a run that commits is going on. */
PetscErrorCode CostateSignals(CostateTraj tr, PetscBool on)
{
  PetscFunctionBegin;
  if (tr->listening == on || (on && !tr->durable)) PetscFunctionReturn(PETSC_SUCCESS);
  for (int i = 0; i < 2; i++) {
    struct sigaction sa;

    PetscCall(PetscMemzero(&sa, sizeof(sa)));
    sigemptyset(&sa.sa_mask);
    sa.sa_handler = OnSignal;
    sa.sa_flags   = SA_RESTART;
    if (sigaction(signals[i], on ? &sa : &tr->before[i], on ? &tr->before[i] : NULL))
      SETERRQ(PETSC_COMM_SELF, PETSC_ERR_SYS, "Signal %d cannot be caught", signals[i]);
  }
  tr->listening = on;
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Ends the program as one that may be called again: every rank, with COSTATE_EXIT_COMMITTED. */
static PetscErrorCode End(CostateTraj tr, const char why[], PetscBool committed)
{
  MPI_Comm comm = PetscObjectComm((PetscObject)tr->tj);
  char     where[96];

  PetscFunctionBegin;
  if (tr->phase == COSTATE_BACKWARD)
    PetscCall(PetscSNPrintf(where, sizeof(where), "with %" PetscInt_FMT " of %" PetscInt_FMT " adjoint steps left",
                            tr->pos, tr->log.n));
  else
    PetscCall(PetscSNPrintf(where, sizeof(where), "at step %" PetscInt_FMT " of the forward sweep", tr->log.n));
  PetscCall(
      PetscFPrintf(comm, PETSC_STDERR,
                   "\ncostate: %s: %s %s, in %s. The same command with -ts_trajectory_costate_resume goes on from "
                   "%s (with -tao_costate_resume too, where there is a tape). Ending with status %d\n",
                   why, committed ? "committed" : "ended", where, tr->dir, committed ? "there" : "the last commit",
                   COSTATE_EXIT_COMMITTED));
  PetscCall(CostateMapsClose(tr));
  PetscCall(CostateStoreAbandon(&tr->disk));
  (void)fflush(NULL);
  PetscCallMPI(MPI_Barrier(comm));
  (void)MPI_Finalize();
  _exit(COSTATE_EXIT_COMMITTED);
}

/* Where a step is entered, forward or backward: commits if it is time to, and ends the program if it has to end. */
PetscErrorCode CostateLook(CostateTraj tr, TS ts)
{
  MPI_Comm        comm = PetscObjectComm((PetscObject)tr->tj);
  double          in[4], out[4], want;
  PetscLogDouble  now, started;
  PetscBool       end, committed = PETSC_FALSE;
  const PetscBool back = (PetscBool)(tr->phase == COSTATE_BACKWARD);

  PetscFunctionBegin;
  if (!tr->durable || (!back && tr->log.n < 1)) PetscFunctionReturn(PETSC_SUCCESS);
  if (tr->commit != 0 && ++tr->unlooked < tr->look_every) PetscFunctionReturn(PETSC_SUCCESS);
  PetscCall(PetscTime(&now));
  PetscCall(CostateStarted(&started));
  in[0] = (double)caught;
  in[1] = tr->commit >= 0 && now - tr->committed >= tr->commit;
  /* a commit takes about as long as the last one; three looks for the step in progress and the agreement */
  in[2] = tr->walltime > 0 && now - started + 2 * tr->commit_last + 3 * (now - tr->looked) >= tr->walltime;
  in[3] = now - tr->looked;
  PetscCallMPI(MPI_Allreduce(in, out, 4, MPI_DOUBLE, MPI_MAX, comm));
  want = tr->commit > 0 ? PetscMin(LOOK_SECONDS, .25 * (double)tr->commit) : LOOK_SECONDS;
  /* doubled at most, since the first steps need not be like the others */
  tr->look_every = (PetscInt)PetscMax(1, PetscMin(2 * tr->look_every, PetscMin(LOOK_MOST, want * (double)tr->unlooked /
                                                                                              PetscMax(out[3], 1e-9))));
  tr->unlooked   = 0;
  tr->looked     = now;
  end            = (PetscBool)(out[0] != 0 || out[2] != 0);
  /* what a method keeps from one step to the next on its way back is not in a commit, so the last one forward has to do
   */
  if (!tr->resuming && !(back && tr->reverse) && (end || out[1] != 0)) PetscCall(CostateCommit(tr, ts, &committed));
  if (end) {
    char why[64];

    PetscCall(PetscSNPrintf(why, sizeof(why), out[0] != 0 ? "signal %d" : "the wall time is over", (int)out[0]));
    PetscCall(End(tr, why, committed));
  }
  PetscFunctionReturn(PETSC_SUCCESS);
}
