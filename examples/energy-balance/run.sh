#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
# The demonstration: derivatives and gradient are checked, the parameters are fitted to the observed temperatures, judged, and drawn.
#   examples/energy-balance/run.sh [OPTION...]     options are handed to the program; RANKS=N (2)
set -eu -o pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
root=$(cd "$here/../.." && pwd)
. "$root/config/env.sh"
build=${BUILD:-$root/build}
program=$build/examples/energy-balance/energy-balance
out=$build/examples/energy-balance/out

if [ ! -x "$program" ]; then
  echo "energy-balance: $program is not built: run \`make demo E=energy-balance\` in $root." >&2
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
  echo "energy-balance: $1 is ${value:-not reported}, and should be between $2 and $3: see $out/report.json" >&2
  exit 1
}
judge taylor_order 1.99 2.2
most=5
if [ $# -eq 0 ]; then most=2.1; fi # other albedos and priors may fit less well
judge rms_after 0 "$most"

if command -v gnuplot >/dev/null; then
  gnuplot -e "dir='$out'; picture='$out/picture.png'" "$here/picture.gnuplot"
  echo "The picture: $out/picture.png"
else
  echo "gnuplot is not installed: the fields are left as numbers in $out/map.txt"
fi
