#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
# An unmodified PETSc tutorial, first with the full trajectory in memory, then with three checkpoints:
# the same output.  examples/tutorial/run.sh [CHECKPOINTS]
set -eu -o pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
. "$root/config/env.sh"
build=${BUILD:-$root/build}
library=${COSTATE_LIB:-$root/lib/libcostate.so}
out=$build/examples/tutorial
name=ex20adj
checkpoints=${1:-3}

source=
for dir in ${PETSC_DIR:+"$PETSC_DIR"/src/ts/tutorials "$PETSC_DIR"/share/petsc/examples/src/ts/tutorials} \
  /usr/share/petsc/*/share/petsc/examples/src/ts/tutorials; do
  if [ -r "$dir/$name.c" ]; then source=$dir/$name.c; fi
done
if [ -z "$source" ]; then
  echo "tutorial: PETSc's tutorials are not on this machine. Set PETSC_DIR to PETSc's sources, or install libpetsc3.*-dev-examples (Debian, Ubuntu)." >&2
  exit 1
fi
if [ ! -r "$library" ] || [ ! -r "$build/config.mk" ]; then
  echo "tutorial: $library is not built: run \`make\` in $root." >&2
  exit 1
fi

# The flags that the library itself was built with.
flag() { sed -n "s/^$1 *:*= *//p" "$build/config.mk"; }
mkdir -p "$out"
read -ra include <<<"$(flag PETSC_CFLAGS)"
read -ra link <<<"$(flag PETSC_LIBS)"
"$(flag MPICC)" "${include[@]}" -o "$out/$name" "$source" "${link[@]}" -lm

problem=(-monitor 0 -ts_type cn -ts_dt 0.001 -mu 100000)
run() {
  local to=$1
  shift
  echo "\$ mpiexec -n 1 ./$name ${*/#$root\//}"
  "$MPIEXEC" -n 1 "$out/$name" "$@" | tee "$to"
}

echo "tutorial: $name.c as PETSc ships it, compiled as it is"
run "$out/full.txt" "${problem[@]}" -ts_trajectory_type memory
rm -f "$out/report.json"
run "$out/costate.txt" "${problem[@]}" -dll_append "$library" -ts_trajectory_type costate -ts_trajectory_costate_ram "$checkpoints" \
  -ts_trajectory_costate_report "$out/report.json"

if ! diff "$out/full.txt" "$out/costate.txt"; then
  echo "tutorial: the outputs differ" >&2
  exit 1
fi
awk -F'[:,]' '
  { gsub(/[ "]/, "", $1); value[$1] = $2 + 0 }
  END { printf "The same output with at most %d states in memory instead of %d; %d step evaluations, the least possible %d.\n",
    value["peak_states"], value["steps"] + 1, value["evaluations"], value["optimum"] }' "$out/report.json"
