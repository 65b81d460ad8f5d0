#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
# suite: long
# All of the fault matrix; prints the table of docs/faults.md.  A sample of the long tests takes eight cases.
. "${ROOT:-$(git rev-parse --show-toplevel)}/tests/tap.sh"
. "$ROOT/tests/traj/programs/faults.sh"
if [ -n "${COSTATE_SAMPLE:-}" ]; then
  SEED=$COSTATE_SAMPLE fault_matrix -sample 8
else
  fault_matrix
  sed 's/^/# /' table >&2
fi
t_done
