#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
# What a product J^T v costs by each provider of derivatives, in evaluations of f: the Brusselator of the zoo on two ranks.
#
# usage: bash tests/bench/vjp.sh; by hand, after make
# Variables: GRID, RANKS, LIB (libcostate.so), BUILD.
#
# Columns: J^T v at a new point (what is evaluated, assembled, recorded or played there included) and
# once more at the same; bytes of the tape for each unknown, with the values that a reverse sweep needs; the difference
# from the product with the problem's own Jacobian.  The least of five repetitions each.
set -euo pipefail
cd "$(dirname "$0")/../.."
. config/env.sh
export ROOT=$PWD BUILD=${BUILD:-$PWD/build}
COSTATE_LIB=${LIB:-$([ "$BUILD" = "$PWD/build" ] && echo "$PWD/lib" || echo "$BUILD/lib")/libcostate.so}
. tests/traj/programs/build.sh
. tests/vjp/programs/build.sh
[ -r "$COSTATE_LIB" ] || { echo "There is no $COSTATE_LIB: run make first, or name it (LIB)" >&2; exit 1; }
work=$(mktemp -d "$BUILD/vjp.XXXXXX")
trap 'rm -rf "$work"' EXIT
cd "$work"
tapes=()
if [ -n "$(flag ADOLC_LIBS)" ] && have_cxx; then
  compile_tapes
  tapes=(-tapes "$work/tapes.so")
fi
compile vjp -O2 -I"$ROOT/include" "$ROOT/tests/bench/programs/vjp.c" -L"$(dirname "$COSTATE_LIB")" -lcostate \
  "-Wl,-rpath,$(dirname "$COSTATE_LIB")"
read -ra mpiexec <<<"$(flag MPIEXEC)"
"${mpiexec[@]}" -n "${RANKS:-2}" ./vjp -n "${GRID:-512}" "${tapes[@]}"
