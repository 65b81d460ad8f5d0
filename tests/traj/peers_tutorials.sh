#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
# What checkpointing in PETSc gets wrong or refuses on its own tutorials; peers.c has the settings that need a program.
. "${ROOT:-$(git rev-parse --show-toplevel)}/tests/tap.sh"
. "$ROOT/tests/traj/programs/build.sh"
real_only 'most of these tutorials are'
src=$(examples_dir)
[ -n "$src" ] || t_skip_all "$no_examples"
src=$src/ts/tutorials

for name in ex20adj hybrid/ex1adj ex20opt_ic power_grid/stability_9bus/ex9busadj; do
  compile "${name##*/}" "$src/$name.c" || exit 1
done
cp "$src"/power_grid/stability_9bus/{petscoptions,X.bin,Ybus.bin} .

# run NAME TRAJECTORY ARGS...: output in NAME.TRAJECTORY
run() {
  local name=$1 type=$2
  shift 2
  rm -rf report.json SA-data
  timeout 60 "./$name" -dll_append "$COSTATE_LIB" -ts_trajectory_type "$type" "$@" >"$name.$type" 2>err
}

# costate_is_basic TEXT NAME BUDGET ARGS...
costate_is_basic() {
  local text=$1 name=$2 budget=$3
  shift 3
  run "$name" basic "${problem[@]}" &&
    run "$name" costate "${problem[@]}" "$@" -ts_trajectory_max_cps_ram "$budget" -ts_trajectory_costate_report report.json &&
    cmp -s "$name.basic" "$name.costate" && [ "$(report peak_states)" -le "$budget" ] && [ "$(report recomputed)" -gt 0 ]
  t_ok $? "$text ($(report recomputed) of $(report steps) steps repeated)"
}

# memory_fails TEXT NAME ARGS...: PETSc's `memory` ends with an error, or prints something else than `basic`
memory_fails() {
  local text=$1 name=$2
  shift 2
  ! { run "$name" memory "${problem[@]}" "$@" && cmp -s "$name.basic" "$name.memory"; }
  t_ok $? "$text"
}

problem=(-monitor 0 -ts_type cn -ts_dt 0.001 -mu 100000)
costate_is_basic 'ex20adj: -ts_trajectory_max_cps_ram 5 needs no package' ex20adj 5
if ! grep -qE 'PETSC_HAVE_(REVOLVE|CAMS) 1' "$(pkg-config --variable=includedir "$(flag PETSC)")/petscconf.h" 2>/dev/null; then
  memory_fails 'ex20adj: with PETSc alone it does' ex20adj -ts_trajectory_max_cps_ram 5
else
  t_skip 'this PETSc was built with revolve or CAMS'
fi
costate_is_basic 'ex20adj: 3 checkpoints of Crank-Nicolson give the gradient of full storage' ex20adj 3
costate_is_basic 'ex20adj: solutions only likewise' ex20adj 3 -ts_trajectory_solution_only

problem=(-ts_monitor -ts_adjoint_monitor)
costate_is_basic 'hybrid/ex1adj: events, solutions only, few checkpoints' ex1adj 3 -ts_trajectory_solution_only
memory_fails "hybrid/ex1adj: PETSc's gradient from solutions only is wrong" ex1adj -ts_trajectory_solution_only

problem=(-viewer_binary_skip_info)
if petsc_has PETSC_USE_64BIT_INDICES; then
  t_skip "PETSc's indices have 64 bits, and the data files of ex9busadj such of 32" 2
else
  costate_is_basic 'ex9busadj: three calls of TSSolve(), 900 steps' ex9busadj 800 -ts_trajectory_costate_jumps
  memory_fails 'ex9busadj: PETSc, solutions only' ex9busadj -ts_trajectory_solution_only
fi

# hessian TRAJECTORY ARGS...: the difference to finite differences of gradients, relative, at the first point
hessian() {
  run ex20opt_ic "$@" -mu 100 -ts_dt 0.01 -ts_adapt_type none -tao_type bntr -tao_bnk_pc_type none -tao_test_hessian
  sed -n 's/.*_F\/||H||_F = \([0-9.e-]*\),.*/\1/p' "ex20opt_ic.$1" | head -n 1
}
for method in cn beuler; do
  ours=$(hessian costate -ts_trajectory_costate_ram 3 -ts_type $method)
  awk -v x="${ours:-1}" 'BEGIN { exit !(x < 1e-6) }'
  t_ok $? "ex20opt_ic, $method: the Hessian is the derivative of the gradient ($ours off)"
  for type in basic memory; do
    theirs=$(hessian $type -ts_type $method)
    awk -v x="${theirs:-0}" 'BEGIN { exit !(x > 1e-5) }'
    t_ok $? "ex20opt_ic, $method: that of PETSc's $type is not ($theirs off)"
  done
done
t_done
