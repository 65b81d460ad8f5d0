#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
# A trajectory 20 times as large as the memory budget: PETSc's tutorial ex5adj (reaction-diffusion, 512 x 512) on two
# ranks, with everything in memory, by recomputation alone, and with the disk tier, beside what the model says.
#
# usage: bash tests/bench/model.sh [CASE...]: rk (the default), mf, cn; by hand, after make; minutes each
#   rk  the tutorial with Runge-Kutta 4: an adjoint step costs many forward steps, for it assembles four Jacobians
#   mf  its matrix-free sister with Runge-Kutta 4: cheap adjoint steps, where recomputation and I/O weigh most
#   cn  the tutorial with Crank-Nicolson
# Variables: STEPS and STATES (the budget), GRID, RANKS, ROUNDS (the runs are repeated in turn, medians of the times),
# DIR (where the files go), LIB (libcostate.so), BUILD.
#
# Columns: seconds of TSSolve() and TSAdjointSolve(); what the model says with what the run itself measured (`own`), and
# with step and adjoint step of the run by recomputation alone (`ahead`), each with the ratio measured / model; what
# things cost; the period, states written and read, steps executed beyond the first sweep, the part of the I/O that was
# hidden.  A step costs what all that were executed cost on average, time that was spent waiting for the disk aside.
# The model: P(n, c) uf + n ub without a disk, ub with the step that is executed right before its adjoint; with it
# costate_periodic_time() with the period of the report and, behind the computation, one state of memory less.
set -euo pipefail
cd "$(dirname "$0")/../.."
. config/env.sh
export BUILD=${BUILD:-$PWD/build}
lib=${LIB:-$([ "$BUILD" = "$PWD/build" ] && echo "$PWD/lib" || echo "$BUILD/lib")/libcostate.so}
. tests/traj/programs/build.sh
tutorials=$(examples_dir)/ts/tutorials/advection-diffusion-reaction
[ -r "$tutorials/ex5adj.c" ] || { echo "$no_examples" >&2; exit 1; }
[ -r "$lib" ] || { echo "There is no $lib: run make first, or name it (LIB)" >&2; exit 1; }
work=$(mktemp -d "${DIR:-$BUILD}/model.XXXXXX")
trap 'rm -rf "$work"' EXIT
ranks=${RANKS:-2} grid=${GRID:-512} rounds=${ROUNDS:-1}

compile "$work/ex5adj" "$tutorials/ex5adj.c" "$tutorials/reaction_diffusion.c"
compile "$work/ex5adj_mf" "$tutorials/ex5adj_mf.c" "$tutorials/reaction_diffusion.c"
compile "$work/predict" -Iinclude tests/bench/programs/predict.c "$lib" "-Wl,-rpath,$(dirname "$lib")"

# run KIND ROUND OPTION...: one run; its report
run() {
  local report=$work/$1.$2.json
  shift 2
  "$MPIEXEC" -n "$ranks" "$work/$program" "${options[@]}" -dll_append "$lib" -ts_save_trajectory \
    -ts_trajectory_type costate -ts_trajectory_costate_stages never -ts_trajectory_costate_report "$report" "$@" \
    >"$work/log" 2>&1 || { cat "$work/log" >&2; exit 1; }
}

# value KIND EXPRESSION: the median over the rounds; the expression is awk's, of the numbers of the report
value() {
  local i
  for ((i = 0; i < rounds; i++)); do
    awk -v RS='[,{}\n]' -F'": ' 'NF == 2 { gsub(/[" \t]/, "", $1); v[$1] = $2 == "true" ? 1 : $2 + 0 } END {
      total = v["forward"] + v["recompute"] + v["backward"]
      uf = (v["forward"] + v["recompute"] - v["seconds_waited"]) / (v["steps"] + v["recomputed"])
      ub = v["backward"] / v["steps"] + uf
      w = v["writes"] ? v["seconds_write"] / v["writes"] : 0; r = v["reads"] ? v["seconds_read"] / v["reads"] : 0
      printf "%.9g\n", '"$2"' }' "$work/$1.$i.json"
  done | sort -g | awk '{ x[NR] = $1 } END { print (x[int((NR + 1) / 2)] + x[int(NR / 2) + 1]) / 2 }'
}

# row KIND MODE UNITS PERIOD
row() {
  local kind=$1 mode=$2 units=$3 period=$4 own ahead total uf ub w r
  total=$(value "$kind" total) uf=$(value "$kind" uf) ub=$(value "$kind" ub) w=$(value "$kind" w) r=$(value "$kind" r)
  own=$("$work/predict" "$mode" "$units" "$steps" "$period" "$uf" "$ub" "$w" "$r")
  ahead=$("$work/predict" "$mode" "$units" "$steps" "$period" "$(value recompute uf)" "$(value recompute ub)" "$w" "$r")
  awk -v c="$case" -v k="$kind" -v t="$total" -v o="$own" -v a="$ahead" -v uf="$uf" -v ub="$ub" -v w="$w" -v r="$r" \
    -v p="$period" -v wr="$(value "$kind" 'v["writes"]')" -v rd="$(value "$kind" 'v["reads"]')" \
    -v rc="$(value "$kind" 'v["recomputed"]')" -v h="$(value "$kind" 'v["hidden"]')" 'BEGIN {
    printf "%-3s %-9s %9.2f %9.2f %6.3f %9.2f %6.3f %8.5f %8.5f %8.5f %8.5f %6d %6d %6d %6d %6.2f\n",
      c, k, t, o, t / o, a, t / a, uf, ub, w, r, p, wr, rd, rc, h }'
}

compare() {
  local i disk=(-ts_trajectory_costate_hdf5 "$work/states")
  echo
  echo "$case: $program ${grid}x$grid, $ranks ranks, $steps steps, memory for $states states; $(uptime)"
  for ((i = 0; i < rounds; i++)); do
    run memory "$i" -ts_trajectory_costate_ram "$((steps + 1))"
    run recompute "$i" -ts_trajectory_costate_ram "$states"
    run behind "$i" -ts_trajectory_costate_ram "$states" "${disk[@]}"
    run wait "$i" -ts_trajectory_costate_ram "$states" "${disk[@]}" -ts_trajectory_costate_behind 0
  done
  printf '%-3s %-9s %9s %9s %6s %9s %6s %8s %8s %8s %8s %6s %6s %6s %6s %6s\n' case kind seconds own ratio ahead ratio \
    uf ub w r period writes reads again hidden
  row memory wait "$steps" 0
  row recompute wait "$states" 0
  row behind behind "$((states > 1 ? states - 1 : 1))" "$(value behind 'v["period"]')"
  row wait wait "$states" "$(value wait 'v["period"]')"
}

for case in "${@:-rk}"; do
  options=(-da_grid_x "$grid" -da_grid_y "$grid" -ts_adapt_type none -ts_max_time 1e9)
  case $case in
    rk | mf)
      program=ex5adj steps=${STEPS:-200} states=${STATES:-10}
      options+=(-implicitform 0 -ts_type rk -ts_rk_type 4 -ts_dt 0.05)
      if [ "$case" = mf ]; then program=ex5adj_mf && options+=(-mf); fi
      ;;
    cn) program=ex5adj steps=${STEPS:-60} states=${STATES:-3} && options+=(-ts_type cn -ts_dt 0.5) ;;
    *) echo "There is no case $case: rk, mf, cn" >&2 && exit 1 ;;
  esac
  options+=(-ts_max_steps "$steps")
  compare
done
