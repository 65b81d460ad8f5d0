#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
# What commits cost on top of spilling without them: PETSc's tutorial ex5adj (reaction-diffusion), Runge-Kutta 4.
#
# usage: bash tests/bench/commit.sh [INTERVAL...]: seconds, or always (default: never 60 20 5 always); by hand, after
# make, on an idle machine; some minutes for each interval
# Variables: STEPS (1200), STATES (the budget, 10), GRID (512), RANKS (2), ROUNDS (1), DIR (where the files go), LIB, BUILD.
#
# Columns: seconds of TSSolve() and TSAdjointSolve(), medians over the rounds; commits; seconds that they took; these as
# a part of all, which the noise of the machine does not touch; seconds against those of the first interval.
set -euo pipefail
cd "$(dirname "$0")/../.."
. config/env.sh
export BUILD=${BUILD:-$PWD/build}
lib=${LIB:-$([ "$BUILD" = "$PWD/build" ] && echo "$PWD/lib" || echo "$BUILD/lib")/libcostate.so}
. tests/traj/programs/build.sh
tutorials=$(examples_dir)/ts/tutorials/advection-diffusion-reaction
[ -r "$tutorials/ex5adj.c" ] || { echo "$no_examples" >&2; exit 1; }
[ -r "$lib" ] || { echo "There is no $lib: run make first, or name it (LIB)" >&2; exit 1; }
work=$(mktemp -d "${DIR:-$BUILD}/commit.XXXXXX")
trap 'rm -rf "$work"' EXIT
ranks=${RANKS:-2} grid=${GRID:-512} rounds=${ROUNDS:-1} steps=${STEPS:-1200}
compile "$work/ex5adj" "$tutorials/ex5adj.c" "$tutorials/reaction_diffusion.c"
if [ $# = 0 ]; then set -- never 60 20 5 always; fi

echo "ex5adj ${grid}x$grid, $ranks ranks, $steps steps, memory for ${STATES:-10} states; $(uptime)"
printf '%-8s %9s %8s %9s %8s %7s\n' commit seconds commits committing part ratio
first=
for ((i = 0; i < rounds; i++)); do
  for interval; do
    "$MPIEXEC" -n "$ranks" "$work/ex5adj" -da_grid_x "$grid" -da_grid_y "$grid" -implicitform 0 -ts_type rk -ts_rk_type 4 \
      -ts_adapt_type none -ts_dt .01 -ts_max_time 100000 -ts_max_steps "$steps" -dll_append "$lib" -ts_save_trajectory \
      -ts_trajectory_type costate -ts_trajectory_costate_stages never -ts_trajectory_costate_ram "${STATES:-10}" \
      -ts_trajectory_costate_hdf5 "$work/states" -ts_trajectory_costate_commit "$interval" \
      -ts_trajectory_costate_report "$work/$interval.$i.json" >"$work/log" 2>&1 || { cat "$work/log" >&2; exit 1; }
  done
done
for interval; do
  # number NAME: the median over the rounds
  number() {
    local j
    for ((j = 0; j < rounds; j++)); do
      awk -v RS='[,{}\n]' -F'": ' 'NF == 2 { gsub(/[" \t]/, "", $1); v[$1] = $2 + 0 } END { print '"$1"' }' "$work/$interval.$j.json"
    done | sort -g | awk '{ x[NR] = $1 } END { print (x[int((NR + 1) / 2)] + x[int(NR / 2) + 1]) / 2 }'
  }
  total=$(number 'v["forward"] + v["recompute"] + v["backward"]')
  first=${first:-$total}
  awk -v c="$interval" -v t="$total" -v n="$(number 'v["commits"]')" -v s="$(number 'v["seconds_committing"]')" -v f="$first" \
    'BEGIN { printf "%-8s %9.2f %8d %9.3f %8.4f %7.3f\n", c, t, n, s, s / t, t / f }'
done
