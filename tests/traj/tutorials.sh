#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
# PETSc's tutorials with an adjoint, unmodified, through the plugin: see programs/tutorials.sh.
. "${ROOT:-$(git rev-parse --show-toplevel)}/tests/tap.sh"
suite=short
. "$ROOT/tests/traj/programs/tutorials.sh"
t_done
