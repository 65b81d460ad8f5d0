/* SPDX-License-Identifier: BSD-2-Clause */
/* The machine's own operations on its table; policies have no business here. */
#ifndef COSTATE_SCHED_TABLE_H
#define COSTATE_SCHED_TABLE_H

#include "policy.h"

#define COSTATE_TRY(call)                                                                                              \
  do {                                                                                                                 \
    const int costate_err_ = (call);                                                                                   \
    if (costate_err_) return costate_err_;                                                                             \
  } while (0)

int64_t costate_index(const costate_sched *, int64_t step); /* -1: not held */
int     costate_emit(costate_sched *, costate_action_kind, costate_what, int64_t step);
int     costate_keep_state(costate_sched *, int64_t step, int pinned, int jump);
int     costate_fetch_state(costate_sched *, int64_t step, int jump); /* from disk */
int     costate_keep_record(costate_sched *, int64_t step);
int     costate_drop_record(costate_sched *, int64_t step);
int     costate_drop_state(costate_sched *, int64_t index); /* with its record */
int     costate_make_room(costate_sched *, int64_t units);  /* forgets spare states, then records, the oldest first */
int     costate_drop_spare(costate_sched *, int64_t units); /* spare states alone */
void    costate_unpin(costate_sched *, int64_t index);
void    costate_set_floor(costate_sched *, int64_t step);

/* backward.c: queues the next actions of the reversal */
int costate_reverse(costate_sched *);

#endif
