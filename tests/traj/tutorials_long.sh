#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
# suite: long
# PETSc's tutorials with an adjoint, all of them under five budgets: see programs/tutorials.sh.
. "${ROOT:-$(git rev-parse --show-toplevel)}/tests/tap.sh"
suite=long budgets='2 3 5 9 16'
. "$ROOT/tests/traj/programs/tutorials.sh"
t_done
