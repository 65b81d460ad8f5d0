/* SPDX-License-Identifier: BSD-2-Clause */
/*
  Write-behind and prefetch: writes and reads of a tier as jobs, which one I/O thread of the store runs in their order.
  Without the thread a job is run where it begins.  MPI and PETSc are called by the main thread only; a job belongs to
  the thread from its submission until `done`.
*/
#define _GNU_SOURCE
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include "storeimpl.h"

typedef struct {
  pthread_t       thread;
  pthread_mutex_t lock;
  pthread_cond_t  work, finished;
  CostateJob      first, last;
  PetscBool       stop;
} Behind;

static double Now(void)
{
  struct timespec t;

  clock_gettime(CLOCK_MONOTONIC, &t);
  return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static void JobRun(CostateJob job)
{
  const double start = Now();

  job->err     = (job->write ? job->store->ops.write : job->store->ops.read)(job->store, job->frame);
  job->seconds = Now() - start;
}

static void *BehindLoop(void *arg)
{
  Behind *b = (Behind *)arg;

  pthread_mutex_lock(&b->lock);
  for (;;) {
    CostateJob job = b->first;

    if (!job) {
      if (b->stop) break;
      pthread_cond_wait(&b->work, &b->lock);
      continue;
    }
    b->first = job->next;
    if (!b->first) b->last = NULL;
    pthread_mutex_unlock(&b->lock);
    JobRun(job);
    pthread_mutex_lock(&b->lock);
    job->done = PETSC_TRUE;
    pthread_cond_broadcast(&b->finished);
  }
  pthread_mutex_unlock(&b->lock);
  return NULL;
}

/* A machine that gives no thread gets the same work done in the main one, as GetIO says. */
static PetscErrorCode BehindStart(CostateStore s)
{
  Behind  *b;
  sigset_t all, before;
  int      err;

  PetscFunctionBegin;
  PetscCall(PetscNew(&b));
  pthread_mutex_init(&b->lock, NULL);
  pthread_cond_init(&b->work, NULL);
  pthread_cond_init(&b->finished, NULL);
  /* signals are for the application's threads */
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  err = pthread_create(&b->thread, NULL, BehindLoop, b);
  pthread_sigmask(SIG_SETMASK, &before, NULL);
  if (err) {
    PetscCall(PetscFree(b));
    s->set.behind = PETSC_FALSE;
    PetscFunctionReturn(0);
  }
  s->thread    = b;
  s->io.behind = PETSC_TRUE;
  PetscFunctionReturn(0);
}

/* Ends the thread after the jobs that it has. */
PetscErrorCode CostateBehindStop(CostateStore s)
{
  Behind *b = (Behind *)s->thread;

  PetscFunctionBegin;
  if (!b) PetscFunctionReturn(0);
  pthread_mutex_lock(&b->lock);
  b->stop = PETSC_TRUE;
  pthread_cond_signal(&b->work);
  pthread_mutex_unlock(&b->lock);
  pthread_join(b->thread, NULL);
  pthread_mutex_destroy(&b->lock);
  pthread_cond_destroy(&b->work);
  pthread_cond_destroy(&b->finished);
  PetscCall(PetscFree(s->thread));
  s->io.behind = PETSC_FALSE;
  PetscFunctionReturn(0);
}

/*
  Starts a write or read of a frame, whose blocks have memory: staging where there is no peer, else that of the peer's
  frame.
*/
PetscErrorCode CostateJobBegin(CostateStore s, CostateFrame f, CostateStore peer, PetscBool write)
{
  CostateJob job;
  Behind    *b;

  PetscFunctionBegin;
  PetscCall(PetscNew(&job));
  job->store = s;
  job->peer  = peer;
  job->frame = f;
  job->write = write;
  f->job     = job;
  if (s->set.behind && !s->thread) PetscCall(BehindStart(s));
  b = (Behind *)s->thread;
  if (!b) {
    JobRun(job);
    job->done = PETSC_TRUE;
    s->io.seconds_waited += job->seconds;
    PetscFunctionReturn(0);
  }
  pthread_mutex_lock(&b->lock);
  if (b->last)
    b->last->next = job;
  else
    b->first = job;
  b->last = job;
  pthread_cond_signal(&b->work);
  pthread_mutex_unlock(&b->lock);
  PetscFunctionReturn(0);
}

static void JobWait(CostateStore s, CostateJob job)
{
  Behind      *b     = (Behind *)s->thread;
  const double start = Now();

  if (!b) return; /* the thread ends after its jobs */
  pthread_mutex_lock(&b->lock);
  if (job->done) {
    pthread_mutex_unlock(&b->lock);
    return;
  }
  while (!job->done) pthread_cond_wait(&b->finished, &b->lock);
  pthread_mutex_unlock(&b->lock);
  s->io.seconds_waited += Now() - start;
}

PetscBool CostateJobDone(CostateJob job)
{
  Behind   *b = (Behind *)job->store->thread;
  PetscBool done;

  if (!b) return job->done;
  pthread_mutex_lock(&b->lock);
  done = job->done;
  pthread_mutex_unlock(&b->lock);
  return done;
}

static void JobCount(CostateStore s, CostateJob job)
{
  CostateStoreIO *io = &s->io;

  if (job->failed_direct) io->direct = PETSC_FALSE;
  if (job->err) return;
  if (job->write) {
    io->writes++;
    io->bytes_written += job->frame->bytes;
    io->seconds_write += job->seconds;
    io->last_write = job->seconds;
  } else {
    io->reads++;
    io->bytes_read += job->frame->bytes;
    io->seconds_read += job->seconds;
    io->last_read = job->seconds;
  }
}

/* Waits for the job of a frame and takes it off; its memory is the caller's, or the peer's, again. */
static PetscErrorCode JobDetach(CostateStore s, CostateFrame f, CostateFrame *other)
{
  CostateJob job = f->job;

  PetscFunctionBegin;
  JobWait(s, job);
  JobCount(s, job);
  *other = NULL;
  if (job->peer) {
    *other            = CostateFrameFind(job->peer, f->key);
    (*other)->peer    = NULL;
    (*other)->filling = PETSC_FALSE;
    for (PetscInt i = 0; i < f->nblocks; i++) f->block[i].at = NULL;
  }
  f->job = NULL;
  PetscFunctionReturn(0);
}

/* Waits without asking how it went: for the end of a store. */
PetscErrorCode CostateJobAbandon(CostateStore s, CostateFrame f)
{
  CostateJob   job = f->job;
  CostateFrame other;

  PetscFunctionBegin;
  if (!job) PetscFunctionReturn(0);
  PetscCall(JobDetach(s, f, &other));
  if (!job->peer) PetscCall(CostatePoolGive(s, f));
  PetscCall(PetscFree(job));
  PetscFunctionReturn(0);
}

static const char *Advice(int err)
{
  switch (err) {
  case ENOSPC:
  case EDQUOT:
  case EFBIG: return "Free some space there, or name another directory";
  case EILSEQ: return "Something else wrote to the file, or the medium is faulty; run again in another directory";
  default: return "See to the file system there, or name another directory";
  }
}

/* What a job that failed was, as a sentence. */
static void FaultSay(CostateStoreFault *fault, const CostateFrame f, const char *message)
{
  const int   err = fault->err;
  const char *why = err == EILSEQ ? "its bytes are not those that were written" : strerror(err);

  snprintf(fault->text, sizeof(fault->text),
           "Cannot %s frame %lld (%s of step %lld, t = %g): on rank %d %.511s: %s. %s", fault->write ? "write" : "read",
           (long long)f->key, f->what[0] ? f->what : "vectors", (long long)f->step, (double)f->time, (int)fault->rank,
           message, why, Advice(err));
}

/*
  Ends the job of a frame.  Where it failed on some rank, all say the same in `fault`, and the frame is as if the job
  had not begun: what was to be written is not held, what was to be filled is not either.
*/
PetscErrorCode CostateJobTry(CostateStore s, CostateFrame f, CostateStoreFault *fault)
{
  CostateJob   job = f->job;
  CostateFrame other;
  CostateStore peer;
  char         message[sizeof(job->message)];

  PetscFunctionBegin;
  fault->err = 0;
  if (!job) PetscFunctionReturn(0);
  PetscCall(JobDetach(s, f, &other));
  fault->err   = job->err;
  fault->write = job->write;
  peer         = job->peer;
  PetscCall(PetscMemcpy(message, job->message, sizeof(message)));
  PetscCall(PetscFree(job));
  PetscCall(CostateAgree(s->comm, &fault->err, message, sizeof(message), &fault->rank));
  if (!peer && (fault->err || fault->write)) PetscCall(CostatePoolGive(s, f));
  if (!fault->err) PetscFunctionReturn(0);
  FaultSay(fault, f, message);
  if (fault->write) PetscCall(CostateFrameRemove(s, f));
  if (!fault->write && peer) PetscCall(CostateFrameRemove(peer, other));
  PetscFunctionReturn(0);
}

/* Raises on all ranks what failed on some. */
PetscErrorCode CostateFaultRaise(CostateStore s, const CostateStoreFault *fault)
{
  PetscFunctionBegin;
  PetscCheck(!fault->err, s->comm, fault->write ? PETSC_ERR_FILE_WRITE : PETSC_ERR_FILE_READ, "%s", fault->text);
  PetscFunctionReturn(0);
}

/* The same as an error. */
PetscErrorCode CostateJobEnd(CostateStore s, CostateFrame f)
{
  CostateStoreFault fault;

  PetscFunctionBegin;
  PetscCall(CostateJobTry(s, f, &fault));
  PetscCall(CostateFaultRaise(s, &fault));
  PetscFunctionReturn(0);
}
