/* SPDX-License-Identifier: BSD-2-Clause */
/* The answer of `costate run`, for reading. */
#include <math.h>
#include <stdio.h>
#include "problem.h"

#define WHOLE 12 /* longer vectors are cut short */

static void gradient(const run_answer *a, int i)
{
  const PetscInt n    = a->n[i];
  double         norm = 0;

  if (!n) return;
  printf("%-8s ", a->gradient[i]);
  for (PetscInt k = 0; k < n && n <= WHOLE; k++) printf(" %.16g", (double)PetscRealPart(a->value[i][k]));
  for (PetscInt k = 0; k < n; k++) norm = hypot(norm, (double)PetscAbsScalar(a->value[i][k]));
  if (n > WHOLE)
    printf(" %.16g ... %.16g, %lld entries, norm %.16g", (double)PetscRealPart(a->value[i][0]),
           (double)PetscRealPart(a->value[i][n - 1]), (long long)n, norm);
  printf("\n");
  if (!a->known[i]) return;
  printf("  known  ");
  for (PetscInt k = 0; k < n && n <= WHOLE; k++) printf(" %.16g", (double)PetscRealPart(a->known[i][k]));
  if (n > WHOLE)
    printf(" %.16g ... %.16g", (double)PetscRealPart(a->known[i][0]), (double)PetscRealPart(a->known[i][n - 1]));
  printf("\n  relative error %.3g (%s)\n", a->error[i], a->source);
}

static void statistics(const CostateStatistics *s)
{
  printf("forward   %lld steps, %lld rejected, %lld executed again, %lld linear iterations\n", (long long)s->steps,
         (long long)s->rejections, (long long)s->replayed, (long long)s->linear_its);
  printf("backward  %lld steps, %lld rejected, %lld linear iterations\n", (long long)s->adjoint_steps,
         (long long)s->adjoint_rejections, (long long)s->adjoint_linear_its);
  if (s->f || s->jacobians || s->jtv || s->jptv)
    printf("          %lld functions, %lld Jacobians, %lld products J^T v, %lld products f_p^T v\n", (long long)s->f,
           (long long)s->jacobians, (long long)s->jtv, (long long)s->jptv);
  printf("memory    %lld states at most", (long long)s->peak_states);
  if (s->states) printf(", %lld allowed", (long long)s->states);
  printf("\n");
  if (s->drift >= 0) printf("drift     u(t0) was found again to %.3g\n", (double)s->drift);
}

void run_print(const problem_session *s, const run_answer *a)
{
  printf("%s by %s, TS type %s, %d rank%s\n", s->name, a->method, a->ts_type, s->size, s->size > 1 ? "s" : "");
  if (a->reason <= 0) {
    printf("no gradient: %s\n", CostateConvergedReasons[a->reason]);
  } else {
    printf("cost      %.16g (%s", (double)a->cost, CostateCostKinds[a->kind]);
    if (a->kind == COSTATE_COST_TIMES)
      printf(", %lld times from %g to %g)\n", (long long)a->ntimes, (double)a->times[0],
             (double)a->times[a->ntimes - 1]);
    else
      printf(", t from %g to %g)\n", (double)a->t0, (double)a->tend);
    for (int i = 0; i < 2; i++) gradient(a, i);
  }
  statistics(&a->stats);
}
