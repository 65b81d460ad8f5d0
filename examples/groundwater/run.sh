#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
# The demonstration: derivatives and gradient are checked, the field is inferred from the heads, judged, and drawn.
#   examples/groundwater/run.sh [OPTION...]     options are handed to the program; RANKS=N (2), CORRELATION=LEAST
set -eu -o pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
root=$(cd "$here/../.." && pwd)
. "$root/config/env.sh"
build=${BUILD:-$root/build}
program=$build/examples/groundwater/groundwater
out=$build/examples/groundwater/out

if [ ! -x "$program" ]; then
  echo "groundwater: $program is not built: run \`make demo E=groundwater\` in $root." >&2
  exit 1
fi
mkdir -p "$out"
rm -f "$out/report.json"
"$MPIEXEC" -n "${RANKS:-2}" "$program" -out "$out" -check "$@"

# judge NAME LEAST MOST: a figure of the report
judge() {
  local value
  value=$(sed -n 's/^ *"'"$1"'": \([-+.e0-9]*\),*$/\1/p' "$out/report.json")
  awk -v x="$value" -v a="$2" -v b="$3" 'BEGIN { exit !(x != "" && x + 0 >= a && x + 0 <= b) }' && return
  echo "groundwater: $1 is ${value:-not reported}, and should be between $2 and $3: see $out/report.json" >&2
  exit 1
}
judge taylor_order 1.99 2.2
judge chi2_per_well .95 1.05
least=.9
if [ $# -gt 0 ]; then least=.4; fi # other fields may be harder to see, and other data say less
judge correlation "${CORRELATION:-$least}" 1

if command -v gnuplot >/dev/null; then
  gnuplot -e "dir='$out'; picture='$out/picture.png'" "$here/picture.gnuplot"
  echo "The picture: $out/picture.png"
else
  echo "gnuplot is not installed: the fields are left as numbers in $out/map.txt"
fi
