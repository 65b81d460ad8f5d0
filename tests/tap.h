/* SPDX-License-Identifier: BSD-2-Clause */
/* TAP for tests in C: plan(n), ok(condition, "text", ...) as often as announced (or skip(n, "reason")), return done().
 */
#ifndef COSTATE_TESTS_TAP_H
#define COSTATE_TESTS_TAP_H

#include <stdarg.h>
#include <stdio.h>

static int tap_planned, tap_run, tap_failed;

static inline void plan(int n)
{
  tap_planned = n;
  printf("1..%d\n", n);
}

#if defined(__GNUC__)
__attribute__((format(printf, 2, 3)))
#endif
static inline int
ok(int condition, const char *format, ...)
{
  va_list args;

  printf("%sok %d - ", condition ? "" : "not ", ++tap_run);
  va_start(args, format);
  vprintf(format, args);
  va_end(args);
  printf("\n");
  fflush(stdout);
  if (!condition) tap_failed++;
  return condition;
}

static inline void skip(int n, const char *reason)
{
  while (n-- > 0) printf("ok %d # SKIP %s\n", ++tap_run, reason);
  fflush(stdout);
}

/* Instead of a plan */
static inline void skip_all(const char *reason)
{
  printf("1..0 # SKIP %s\n", reason);
}

/* The exit status; the harness reads the plan and the lines, so that a failed test is one of these and not a crash. */
static inline int done(void)
{
  return tap_failed || tap_run != tap_planned;
}

#endif
