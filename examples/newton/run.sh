#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
# How well a rod conducts, from its temperatures: Newton-CG beside L-BFGS, and a picture of both.
#   examples/newton/run.sh [OPTION...]     options are handed to the program; RANKS=N (1)
set -eu -o pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
root=$(cd "$here/../.." && pwd)
. "$root/config/env.sh"
build=${BUILD:-$root/build}
program=$build/examples/newton/newton
out=$build/examples/newton/out

if [ ! -x "$program" ]; then
  echo "newton: $program is not built: run \`make demo E=newton\` in $root." >&2
  exit 1
fi
mkdir -p "$out"
"$MPIEXEC" -n "${RANKS:-1}" "$program" -out "$out/convergence.txt" "$@" | tee "$out/table.txt"

# Far fewer iterations, and the same minimum
awk '/^L-BFGS/ { a = $2; f = $6 } /Newton/ { n++; if ($2 > b) b = $2; d = ($6 - f) / f; if (d * d > 1e-12) bad = 1 }
  / not converged/ { bad = 1 } END { exit !(!bad && a > 0 && n == 3 && 5 * b < a) }' "$out/table.txt" || {
  echo "newton: each should have taken less than a fifth of the iterations of L-BFGS to the same minimum" >&2
  exit 1
}

if command -v gnuplot >/dev/null; then
  gnuplot -e "data='$out/convergence.txt'; picture='$out/picture.png'" "$here/picture.gnuplot"
  echo "The picture: $out/picture.png"
else
  echo "gnuplot is not installed: the course of both is left as numbers in $out/convergence.txt"
fi
