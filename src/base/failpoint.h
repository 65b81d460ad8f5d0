/* SPDX-License-Identifier: BSD-2-Clause */
/*
  Places where a process can be made to die, for tests of what it leaves behind.  The environment variable
  COSTATE_FAILPOINT says what a place that is passed does:

    N          the N-th one passed (from 1) kills the process with SIGKILL
    N:RANK     the same, on that rank of the job only
    list       each says its number and name on stderr
    count:FILE the number of each and its name are in FILE.RANK when the process ends

  The number counts all places that a process passes, in whichever thread.  Without the variable a place costs one test.
*/
#ifndef COSTATE_FAILPOINT_H
#define COSTATE_FAILPOINT_H

extern int  costate_failpoint_armed; /* set by the first CostateFailpointArm(); not changed afterwards */
extern void CostateFailpointArm(void);
extern void CostateFailpointPass(const char *name);

#define COSTATE_FAILPOINT(name)                                                                                        \
  do {                                                                                                                 \
    if (costate_failpoint_armed) CostateFailpointPass(name);                                                           \
  } while (0)

#endif
