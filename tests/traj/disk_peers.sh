#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
# What checkpointing on disk in PETSc gets wrong, refuses or ignores, on its own tutorials: a second solve, two ranks with
# the default directory, a limit under the online policy, stages that are written although only states were asked for.
. "${ROOT:-$(git rev-parse --show-toplevel)}/tests/tap.sh"
. "$ROOT/tests/traj/programs/build.sh"
real_only 'most of these tutorials are'
src=$(examples_dir)
[ -n "$src" ] || t_skip_all "$no_examples"
src=$src/ts/tutorials

compile ex20opt_ic "$src/ex20opt_ic.c" && compile ex20opt_p "$src/ex20opt_p.c" &&
  compile ex1adj "$src/hybrid/ex1adj.c" &&
  compile ex5adj "$src/advection-diffusion-reaction/ex5adj.c" "$src/advection-diffusion-reaction/reaction_diffusion.c" || exit 1

cheap='-ts_trajectory_costate_costs 1,1,.5,.5'
# run RANKS NAME ARGS... : out, err
run() {
  local ranks=$1 name=$2
  local -a start=()
  shift 2
  if [ "$ranks" != 1 ]; then read -ra start <<<"$MPIEXEC -n $ranks"; fi
  timeout -k 5 100 "${start[@]}" "./$name" -dll_append "$COSTATE_LIB" "$@" >out 2>err
}
# reference RANKS NAME ARGS... : everything in memory
reference() {
  run "$1" "$2" -ts_trajectory_type costate -ts_trajectory_costate_ram 10000 "${@:3}"
  mv out full
}
# same TEXT RANKS NAME ARGS... : the output of the reference, by way of the disk; the files that are left afterwards
same() {
  local text=$1 ranks=$2 name=$3 status
  shift 3
  rm -f report.json
  # shellcheck disable=SC2086
  run "$ranks" "$name" -ts_trajectory_type costate $cheap -ts_trajectory_costate_report report.json "$@"
  status=$?
  [ $status = 0 ] && [ -s full ] && cmp -s out full && [ "$(report writes)" -gt 1 ] && [ "$(report reads)" -gt 0 ]
  t_ok $? "$text ($(report writes) written, $(report reads) read, status $status)"
}
left() { find . -name 'run-*' -o -name 'TS-data*' -o -name disk | wc -l; }

# An optimiser solves again and again with one TS.
optimise() { # NAME RAM ARGS...
  local name=$1 ram=$2
  shift 2
  reference 1 "$name" "$@"
  same "$name $*: an optimisation loop with the disk prints what it prints without" 1 "$name" "$@" -ts_trajectory_costate_ram "$ram" -ts_trajectory_costate_hdf5 disk
  t_is "$(left)" 0 'and leaves nothing behind'
}
common=(-viewer_binary_skip_info -tao_monitor -tao_view)
optimise ex20opt_ic 3 -ts_type cn -mu 1000 -ts_dt 0.03125 "${common[@]}"
optimise ex20opt_p 3 -implicitform 0 -ts_type rk -ts_adapt_type none -mu 10 -ts_dt 0.1 "${common[@]}"
# second order: the tangents go along
optimise ex20opt_ic 5 -ts_type cn -mu 100 -ts_dt 0.01 "${common[@]}" -tao_type bntr -tao_bnk_pc_type none
optimise ex20opt_p 5 -implicitform 0 -ts_type rk -ts_adapt_type none -mu 10 -ts_dt 0.1 "${common[@]}" -tao_type bntr -tao_bnk_pc_type none
reference 1 ex20opt_p -implicitform 0 -ts_type rk -ts_adapt_type none -mu 10 -ts_dt 0.1 "${common[@]}"
same 'ex20opt_p: with -ts_trajectory_keep_files too' 1 ex20opt_p -implicitform 0 -ts_type rk -ts_adapt_type none -mu 10 -ts_dt 0.1 "${common[@]}" \
  -ts_trajectory_costate_ram 3 -ts_trajectory_costate_hdf5 disk -ts_trajectory_keep_files
t_like "$(find disk -maxdepth 1 -name 'run-*' | wc -l)" '^([2-9]|[1-9][0-9]+)$' 'where each solve keeps a folder of its own'
rm -rf disk

# An event, whose two states go to disk together
reference 1 ex1adj -ts_monitor -ts_adjoint_monitor
same 'hybrid/ex1adj: events' 1 ex1adj -ts_monitor -ts_adjoint_monitor -ts_trajectory_costate_ram 3 -ts_trajectory_costate_hdf5 disk

# Several ranks, and no directory given
ex5=(-implicitform 0 -ts_type rk -ts_rk_type 4 -ts_adapt_type none -da_grid_x 20 -da_grid_y 20 -ts_dt 1 -ts_max_steps 12 -ts_max_time 100 -ts_monitor -ts_adjoint_monitor)
for ranks in 1 2 3; do
  reference $ranks ex5adj "${ex5[@]}"
  same "ex5adj: the default directory on $ranks ranks" $ranks ex5adj "${ex5[@]}" -ts_trajectory_max_cps_ram 3 -ts_trajectory_max_cps_disk 4
  t_is "$(left)" 0 'is gone afterwards'
  [ "$(report peak_on_disk)" -le 4 ] && [ "$(report peak_states)" -le 3 ]
  t_ok $? "both limits are kept under the online policy: $(report peak_states) in memory, $(report peak_on_disk) on disk"
  t_is "$(report bytes_written)" $(($(report writes) * 20 * 20 * 2 * 8)) 'a checkpoint is one vector, not five, and each part of it is written once'
done
t_done
