#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
# suite: long
# commit_kill.sh at every failpoint.
export KILL_SAMPLE=0
if [ -n "${COSTATE_SAMPLE:-}" ]; then KILL_SAMPLE=20; fi
exec bash "${ROOT:-$(git rev-parse --show-toplevel)}/tests/store/commit_kill.sh"
