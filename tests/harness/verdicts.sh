#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
# The harness tells a failure, a hang, a crash and a skipped test from success, and runs what the headers of tests ask for.
. "${ROOT:-$(git rev-parse --show-toplevel)}/tests/tap.sh"

mkdir -p tree/tests/area tree/build
cp -r "$ROOT/config" tree
cd tree || exit 1
for name in pass fail hang die skip short; do printf '# SPDX-License-Identifier: BSD-2-Clause\n' >"tests/area/$name.sh"; done
echo 'echo "ok 1 - fine"; echo 1..1' >>tests/area/pass.sh
echo 'echo "not ok 1 - wrong"; echo 1..1' >>tests/area/fail.sh
echo 'echo 1..1; echo "ok 1 - fine"; kill -SEGV $$' >>tests/area/die.sh
echo 'echo "1..0 # SKIP no such thing here"' >>tests/area/skip.sh
echo '# ranks: 1 3
echo 1..2; echo "ok 1 - and then it stops"' >>tests/area/short.sh
echo '# suite: long
echo "ok 1 - fine"; sleep 60; echo 1..1' >>tests/area/hang.sh

# verdict NAME: what prove makes of that test; in an environment of its own, since this script runs under prove itself
verdict() {
  env -u HARNESS_ACTIVE -u HARNESS_VERSION BUILD=build COSTATE_TIMEOUT=1 prove --exec config/run-test - <<<"area/$1" 2>&1
}

t_like "$(verdict pass)" 'Result: PASS' 'a test that passes passes'
t_like "$(verdict fail)" 'Result: FAIL' 'a failed check is a failure'
t_like "$(verdict die)" 'Result: FAIL' 'a crash after the last check is a failure'
t_like "$(verdict short)" 'Result: FAIL' 'fewer checks than planned are a failure'
t_like "$(verdict absent)" 'Result: FAIL' 'a test that is not there is a failure'
t_like "$(verdict skip)" 'skipped: no such thing here' 'a skipped test is reported as skipped, with its reason'
t_like "$(verdict hang)" 'Result: FAIL' 'a hang is a failure'
t_like "$(BUILD=build COSTATE_TIMEOUT=1 config/run-test area/hang)" 'stopped after 1 s' 'a hang is called one'

t_is "$(config/list-tests short area | sort | xargs)" 'area/die area/fail area/pass area/short@1 area/short@3 area/skip' \
  'the short suite, each test at its rank counts'
t_is "$(config/list-tests long area)" 'area/hang' 'the long suite'
t_is "$(config/list-tests short area/hang area/short@3 | xargs)" 'area/hang area/short@3' 'a test by name is run whatever its suite'
config/list-tests short nowhere 2>/dev/null
t_is $? 1 'an unknown test is an error'
t_done
