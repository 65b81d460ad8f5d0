# SPDX-License-Identifier: BSD-2-Clause
# shellcheck shell=bash
# Helpers for tests that are scripts; source it first:  . "${ROOT:-$(git rev-parse --show-toplevel)}/tests/tap.sh"
#
#   t_ok STATUS TEXT         ok if STATUS is 0, as in: grep -q x file; t_ok $? "file has an x"
#   t_is GOT WANTED TEXT     ok if the two strings are equal
#   t_like TEXT PATTERN NAME ok if TEXT matches the extended regular expression
#   t_skip REASON [NUMBER]   that many tests (1) are reported as skipped
#   t_skip_all REASON        the whole script is reported as skipped; it ends here
#   t_text FILE...           what the files say; mpiexec of Open MPI 5 ends its own messages with a null byte, which is left out
#   t_done                   prints the plan, last
#   run_mpi N CMD...         starts CMD on N ranks
#
# The harness gives each script an empty directory as working directory. Set: ROOT (the checkout), BUILD, COSTATE_LIB
# (the plugin), COSTATE_BIN (the command), MPIEXEC, SEED.
set -u
ROOT=${ROOT:-$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)}
BUILD=${BUILD:-$ROOT/build}
COSTATE_LIB=${COSTATE_LIB:-$ROOT/lib/libcostate.so}
COSTATE_BIN=${COSTATE_BIN:-$ROOT/bin/costate}
SEED=${SEED:-1}
export ROOT BUILD COSTATE_LIB COSTATE_BIN SEED
. "$ROOT/config/env.sh"
# Newer versions of PETSc name the options that were not used whether asked to or not, on standard output.
export PETSC_OPTIONS='-options_left no'
t_count=0
t_failed=0

t_ok() {
  t_count=$((t_count + 1))
  if [ "$1" = 0 ]; then
    echo "ok $t_count - $2"
  else
    echo "not ok $t_count - $2"
    t_failed=1
  fi
}

t_is() {
  local same=1
  if [ "$1" = "$2" ]; then same=0; fi
  t_ok $same "$3"
  if [ $same != 0 ]; then
    printf '%s\n' "got:    $1" "wanted: $2" | sed 's/^/# /' >&2
  fi
}

t_text() { cat "$@" | tr -d '\0'; }

t_like() {
  local match=1
  if [[ $1 =~ $2 ]]; then match=0; fi
  t_ok $match "$3"
  if [ $match != 0 ]; then
    printf '%s\n' "got:    $1" "wanted something like: $2" | sed 's/^/# /' >&2
  fi
}

t_skip() {
  local i
  for ((i = 0; i < ${2:-1}; i++)); do
    t_count=$((t_count + 1))
    echo "ok $t_count # SKIP $1"
  done
}

t_skip_all() {
  echo "1..0 # SKIP $1"
  exit 0
}

t_done() {
  echo "1..$t_count"
  exit $t_failed
}

run_mpi() {
  local n=$1
  local -a mpiexec
  shift
  read -ra mpiexec <<<"$MPIEXEC"
  "${mpiexec[@]}" -n "$n" "$@"
}
