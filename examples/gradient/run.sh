#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
# The program of docs/tutorial-gradient.md: its gradient is checked, computed by two methods, and used for an inversion.
#   examples/gradient/run.sh [OPTION...]     options are handed to each run of the program; RANKS=N (2)
set -eu -o pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
. "$root/config/env.sh"
build=${BUILD:-$root/build}
program=$build/examples/gradient/gradient
ranks=${RANKS:-2}

if [ ! -x "$program" ]; then
  echo "gradient: $program is not built: run \`make demo E=gradient\` in $root." >&2
  exit 1
fi
out=$build/examples/gradient/out.txt
r=$build/examples/gradient/r.txt

run() {
  echo "\$ mpiexec -n $ranks ./gradient $*"
  "$MPIEXEC" -n "$ranks" "$program" "$@" | tee "$out"
}
fail() {
  echo "gradient: $1" >&2
  exit 1
}
# the last number of the lines with a word
last() {
  awk -v word="$1" 'index($0, word) { for (i = NF; i; i--) if ($i + 0 == $i) { x = $i; break } } END { print x }' "$out"
}

budget=(-ts_trajectory_costate_ram 6)
run "${budget[@]}" "$@" -check
awk "BEGIN { exit !($(last order) >= 1.99) }" || fail "the gradient is not that of the cost: the order is $(last order)"

run "${budget[@]}" "$@" -tao_gatol 1e30 -tao_monitor -costate_type discrete
discrete=$(last Residual)
run "${budget[@]}" "$@" -tao_gatol 1e30 -tao_monitor -costate_type gauss
gauss=$(last Residual)
awk "BEGIN { d = ($discrete - $gauss) / $gauss; exit !(d * d < 1e-6) }" ||
  fail "two methods do not agree: |dG/dr| is $discrete by discrete and $gauss by gauss"

PETSC_OPTIONS="${PETSC_OPTIONS:-} -r_view ascii:$r" run "${budget[@]}" "$@" -tao_monitor
awk "BEGIN { exit !($(last wrong) < .15) }" || fail "r was not found: it is wrong by $(last wrong)"

if command -v gnuplot >/dev/null; then
  gnuplot -e "data='$r'; picture='${r%.txt}.png'" "$(dirname "${BASH_SOURCE[0]}")/picture.gnuplot"
  echo "The picture: ${r%.txt}.png"
else
  echo "gnuplot is not installed: r is left as numbers in $r"
fi
