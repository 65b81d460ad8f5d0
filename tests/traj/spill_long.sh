#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
# suite: long
# All cells of traj/spill on 3 and 4 ranks, of which the short tests take a fifth; so does a sample.
. "${ROOT:-$(git rev-parse --show-toplevel)}/tests/tap.sh"

if [ -z "${COSTATE_SAMPLE:-}" ]; then export COSTATE_TEST_ALL=1; fi
[ -x "$BUILD/tests/traj/spill" ] || make -s -C "$ROOT" BUILD="$BUILD" "$BUILD/tests/traj/spill" >/dev/null || exit 1
for ranks in 3 4; do
  run_mpi $ranks "$BUILD/tests/traj/spill" >out 2>err
  t_is "$? $(grep -c '^not ok' out) $(wc -l <err)" '0 0 0' "same bits in $(grep -c '^ok' out) cells on $ranks ranks"
done
t_done
