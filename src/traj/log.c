/* SPDX-License-Identifier: BSD-2-Clause */
/*
  The step log.  A step is repeated bit for bit only from what it saw when it was entered: the step size must not be
  recovered as a difference of times, and a step that was rejected or rolled back starts from a state in which the last
  bits differ, so its failed attempts belong to it.
*/
#include "trajimpl.h"

#define GROW(array, n, cap)                                                                                            \
  do {                                                                                                                 \
    if ((n) == (cap)) {                                                                                                \
      (cap) = 2 * (cap) + 64;                                                                                          \
      PetscCall(PetscRealloc((size_t)(cap) * sizeof(*(array)), &(array)));                                             \
    }                                                                                                                  \
  } while (0)

PetscErrorCode CostateLogReset(CostateLog *log)
{
  PetscFunctionBegin;
  PetscCall(PetscFree(log->t));
  PetscCall(PetscFree(log->h));
  PetscCall(PetscFree(log->hash));
  PetscCall(PetscFree(log->irregular));
  PetscCall(PetscFree(log->irr));
  PetscCall(PetscFree(log->att));
  PetscCall(PetscFree(log->rej));
  PetscCall(PetscMemzero(log, sizeof(*log)));
  log->n = log->unknown = -1;
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* A step is entered from state log->n, for the first time or again after a roll-back. */
PetscErrorCode CostateLogEnter(CostateLog *log, TS ts, PetscReal want)
{
  CostateAttempt *a;

  PetscFunctionBegin;
  GROW(log->att, log->natt, log->attcap);
  a             = &log->att[log->natt++];
  a->ptime      = ts->ptime;
  a->ptime_prev = ts->ptime_prev;
  a->h          = ts->time_step;
  a->want       = want;
  a->rej        = log->nrej;
  a->nrej       = 0;
  a->restart    = ts->steprestart;
  a->rollback   = ts->steprollback;
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* An attempt as it was noted, at the step that is restored next. */
PetscErrorCode CostateLogAttempt(CostateLog *log, const CostateAttempt *a)
{
  PetscFunctionBegin;
  GROW(log->att, log->natt, log->attcap);
  log->att[log->natt]      = *a;
  log->att[log->natt].rej  = log->nrej;
  log->att[log->natt].nrej = 0;
  log->natt++;
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* The adaptor rejected the attempt in progress and asked for a step of size h. */
PetscErrorCode CostateLogReject(CostateLog *log, PetscReal h)
{
  PetscFunctionBegin;
  GROW(log->rej, log->nrej, log->rejcap);
  log->rej[log->nrej++] = h;
  log->att[log->natt - 1].nrej++;
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* The end of the step before step k of the log, which a plain step k has as its ts->ptime_prev. */
static PetscReal LogPrev(const CostateLog *log, PetscInt k)
{
  return log->t[k >= 2 ? k - 2 : 0];
}

/* An entry for state k. */
static PetscErrorCode LogAdd(CostateLog *log, PetscInt k, PetscReal t, PetscInt64 hash)
{
  PetscFunctionBegin;
  if (k == log->cap || !log->cap) {
    log->cap = 2 * log->cap + 64;
    PetscCall(PetscRealloc((size_t)log->cap * sizeof(*log->t), &log->t));
    PetscCall(PetscRealloc((size_t)log->cap * sizeof(*log->h), &log->h));
    PetscCall(PetscRealloc((size_t)log->cap * sizeof(*log->hash), &log->hash));
    PetscCall(PetscRealloc((size_t)log->cap * sizeof(*log->irregular), &log->irregular));
  }
  log->n            = k;
  log->t[k]         = t;
  log->hash[k]      = hash;
  log->irregular[k] = 0;
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* The attempts at step k are those since the last step. */
static PetscErrorCode LogIsIrregular(CostateLog *log, PetscInt k)
{
  PetscFunctionBegin;
  GROW(log->irr, log->nirr, log->irrcap);
  log->irregular[k]        = 1;
  log->irr[log->nirr].step = k;
  log->irr[log->nirr].att  = log->first;
  log->irr[log->nirr].natt = log->natt - log->first;
  log->nirr++;
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* State k as it was noted, with the attempts since the last one if there were any. */
PetscErrorCode CostateLogRestore(CostateLog *log, PetscInt k, PetscReal t, PetscReal h, PetscInt64 hash)
{
  PetscFunctionBegin;
  PetscCall(LogAdd(log, k, t, hash));
  log->h[k] = h;
  if (log->natt > log->first) PetscCall(LogIsIrregular(log, k));
  log->first = log->natt;
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* State k is reached, at time t; step k is complete. */
PetscErrorCode CostateLogState(CostateLog *log, PetscInt k, PetscReal t, PetscInt64 hash)
{
  PetscFunctionBegin;
  PetscCall(LogAdd(log, k, t, hash));
  if (k) {
    const CostateAttempt *a = &log->att[log->first];

    log->h[k] = a->h;
    if (log->natt == log->first + 1 && !a->nrej && !a->rollback && !a->want && (!a->restart || k == 1) &&
        a->ptime == log->t[k - 1] && a->ptime_prev == LogPrev(log, k)) {
      log->natt = log->first;
    } else
      PetscCall(LogIsIrregular(log, k));
  }
  log->first = log->natt;
  PetscFunctionReturn(PETSC_SUCCESS);
}

static const CostateIrregular *LogIrregular(const CostateLog *log, PetscInt k)
{
  PetscInt lo = 0, hi = log->nirr;

  while (lo < hi) {
    PetscInt mid = lo + (hi - lo) / 2;
    if (log->irr[mid].step < k)
      lo = mid + 1;
    else
      hi = mid;
  }
  return &log->irr[lo];
}

/* Attempt i at step k, and how many there were. */
PetscErrorCode CostateLogGet(const CostateLog *log, PetscInt k, PetscInt i, CostateAttempt *a, PetscInt *n)
{
  PetscFunctionBegin;
  if (log->irregular[k]) {
    const CostateIrregular *irr = LogIrregular(log, k);

    *a = log->att[irr->att + i];
    *n = irr->natt;
  } else {
    PetscCall(PetscMemzero(a, sizeof(*a)));
    a->ptime      = log->t[k - 1];
    a->ptime_prev = LogPrev(log, k);
    a->h          = log->h[k];
    a->restart    = (PetscBool)(k == 1);
    *n            = 1;
  }
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Whether step k was tried more than once, so that it started from a state that is not quite the one before it. */
PetscBool CostateLogRetried(const CostateLog *log, PetscInt k)
{
  const CostateIrregular *irr;

  if (!log->irregular[k]) return PETSC_FALSE;
  irr = LogIrregular(log, k);
  return (PetscBool)(irr->natt > 1 || log->att[irr->att].nrej > 0);
}

/* How often the adaptor rejected step k. */
PetscInt CostateLogRejections(const CostateLog *log, PetscInt k)
{
  const CostateIrregular *irr;
  PetscInt                n = 0;

  if (!log->irregular[k]) return 0;
  irr = LogIrregular(log, k);
  for (PetscInt i = 0; i < irr->natt; i++) n += log->att[irr->att + i].nrej;
  return n;
}

/* The time from which step k started. */
PetscReal CostateLogStart(const CostateLog *log, PetscInt k)
{
  return log->irregular[k] ? log->att[LogIrregular(log, k)->att].ptime : log->t[k - 1];
}

PetscInt64 CostateLogBytes(const CostateLog *log)
{
  return (PetscInt64)log->cap *
             (PetscInt64)(sizeof(*log->t) + sizeof(*log->h) + sizeof(*log->hash) + sizeof(*log->irregular)) +
         (PetscInt64)log->irrcap * (PetscInt64)sizeof(*log->irr) +
         (PetscInt64)log->attcap * (PetscInt64)sizeof(*log->att) +
         (PetscInt64)log->rejcap * (PetscInt64)sizeof(*log->rej);
}
