#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
# What an adjoint step costs beside a step, where each is a linear solve or several with BoomerAMG: all states in memory,
# so that no step is repeated.
#
# usage: bash tests/bench/implicit_step.sh [CASE...]: gray-scott advdiff (the default: both); by hand, after make
#   gray-scott  PETSc's tutorial ex5adj, reaction and diffusion, two unknowns a node, nonlinear
#   advdiff     advection and diffusion of the zoo, linear with equal steps
# Variables: GRIDS, TYPES, LAGS (-ts_trajectory_costate_transposed_lag), STEPS, RANKS, ROUNDS (the shortest times of so many
# runs), OPTIONS (more of PETSc's), BUILD.
#
# Columns: milliseconds of a step and of an adjoint step, and their ratio; for each step the linear solves, their
# iterations and the set-ups of the preconditioner, forward and adjoint; iterations of a solve, and their ratio.
set -euo pipefail
cd "$(dirname "$0")/../.."
. config/env.sh
export BUILD=${BUILD:-$PWD/build}
if [ "$BUILD" = "$PWD/build" ]; then lib=$PWD/lib/libcostate.so bin=$PWD/bin/costate; else
  lib=$BUILD/lib/libcostate.so bin=$BUILD/bin/costate
fi
. tests/traj/programs/build.sh
[ -x "$bin" ] || { echo "There is no $bin: run make first" >&2; exit 1; }
work=$(mktemp -d "$BUILD/implicit_step.XXXXXX")
trap 'rm -rf "$work"' EXIT
ranks=${RANKS:-2} steps=${STEPS:-10}
read -ra grids <<<"${GRIDS:-256 512}"
read -ra types <<<"${TYPES:-beuler cn}"
read -ra lags <<<"${LAGS:-1 4}"
read -ra mpiexec <<<"$MPIEXEC"
read -ra more <<<"${OPTIONS:-}"
common=(-ts_adapt_type none -ts_max_steps "$steps" -ts_trajectory_type costate -ts_trajectory_costate_ram
  "$((steps + 1))" -pc_type transposable -transposable_pc_type hypre -ksp_rtol 1e-8 "${more[@]}")

# figures CASE GRID TYPE LAG: a row of the report
figures() {
  awk -v RS='[,{}\n]' -F'": ' -v title="$(printf '%-10s %5s %-6s %3s' "$@")" '
    NF == 2 { gsub(/[" \t]/, "", $1); v[$1] = $2 + 0 }
    $1 == "forward" && (!f || v["forward"] < f) { f = v["forward"] }
    $1 == "backward" && (!a || v["backward"] < a) { a = v["backward"] }
    END {
      n = v["steps"]; f *= 1e3 / n; a *= 1e3 / n
      fi = v["iterations_forward"] / v["solves_forward"]; ai = v["iterations_backward"] / v["solves_backward"]
      printf "%s %9.1f %9.1f %6.2f   %5.2f %6.2f %5.2f   %5.2f %6.2f %5.2f   %6.2f %6.2f %6.2f\n", title, f, a, a / f,
        v["solves_forward"] / n, v["iterations_forward"] / n, v["setups_forward"] / n,
        v["solves_backward"] / n, v["iterations_backward"] / n, v["setups_backward"] / n, fi, ai, ai / fi
    }' "$work"/report.*.json
}

printf '%-10s %5s %-6s %3s %9s %9s %6s   %5s %6s %5s   %5s %6s %5s   %6s %6s %6s\n' case grid type lag ms adjoint \
  ratio solve its setup solve its setup its/s its/s ratio
if [ $# = 0 ]; then set -- gray-scott advdiff; fi
for case in "$@"; do
  if [ "$case" = gray-scott ] && [ ! -x "$work/ex5adj" ]; then
    tutorials=$(examples_dir)/ts/tutorials/advection-diffusion-reaction
    [ -r "$tutorials/ex5adj.c" ] || { echo "$no_examples" >&2; exit 1; }
    compile "$work/ex5adj" "$tutorials/ex5adj.c" "$tutorials/reaction_diffusion.c"
  fi
  for grid in "${grids[@]}"; do
    for type in "${types[@]}"; do
      for lag in "${lags[@]}"; do
        case $case in
          gray-scott) program=("$work/ex5adj" -dll_append "$lib" -da_grid_x "$grid" -da_grid_y "$grid" -ts_dt 0.5
            -ts_max_time 1e9) ;;
          advdiff) program=("$bin" run advdiff -n "$grid" -dt 0.01 -tend "$(awk "BEGIN { print .01 * $steps }")"
            -costate_type discrete) ;;
          *) echo "There is no case $case: gray-scott, advdiff" >&2 && exit 1 ;;
        esac
        for ((round = 0; round < ${ROUNDS:-3}; round++)); do
          timeout 900 "${mpiexec[@]}" -n "$ranks" "${program[@]}" "${common[@]}" -ts_type "$type" \
            -ts_trajectory_costate_transposed_lag "$lag" -ts_trajectory_costate_report "$work/report.$round.json" \
            >"$work/log" 2>&1 || { cat "$work/log" >&2; exit 1; }
        done
        figures "$case" "$grid" "$type" "$lag"
      done
    done
  done
done
