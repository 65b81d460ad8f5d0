/* SPDX-License-Identifier: BSD-2-Clause */
/* What a run should take by the theory: predict behind|wait UNITS STEPS PERIOD uf ub w r; period 0: nothing is written.
 */
#include <costate/sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int main(int argc, char **argv)
{
  costate_costs c;
  int64_t       units, steps, period;

  if (argc != 9) {
    fprintf(stderr, "usage: predict behind|wait UNITS STEPS PERIOD uf ub w r\n");
    return 1;
  }
  units     = atoll(argv[2]);
  steps     = atoll(argv[3]);
  period    = atoll(argv[4]);
  c.forward = atof(argv[5]);
  c.adjoint = atof(argv[6]);
  c.write   = atof(argv[7]);
  c.read    = atof(argv[8]);
  if (period < 1) period = steps;
  printf("%.6f\n", costate_periodic_time(units, steps, period, &c,
                                         strcmp(argv[1], "behind") ? COSTATE_IO_REREAD : COSTATE_IO_BEHIND));
  return 0;
}
