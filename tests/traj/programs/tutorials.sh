# SPDX-License-Identifier: BSD-2-Clause
# shellcheck shell=bash
# Sourced by tutorials.sh and tutorials_long.sh: PETSc's tutorials with an adjoint, as they are, print under small
# budgets what they print with full storage on disk (PETSc's `basic`).  Each with the arguments of its own test block,
# less -ksp_monitor_short, which would show the solves of repeated steps too.
#
#   suite      short or long: which lines of the list below are run
#   budgets    if set, for all of them, instead of the list's
. "$ROOT/tests/traj/programs/build.sh"
: "${suite:?}" "${budgets:=}"
src=$(examples_dir)
[ -n "$src" ] || t_skip_all "$no_examples"
top=$PWD

declare -A built
# built_program FILE: compiles src/FILE once, with what lies beside it and belongs to it
built_program() {
  local file=$1 dir=$top/bin
  local -a more=()
  mkdir -p "$dir"
  case $file in */ex5adj.c | */ex5adj_mf.c | */ex5opt_ic.c) more=("$src/$(dirname "$file")/reaction_diffusion.c") ;; esac
  if [ -z "${built[$file]:-}" ]; then
    compile "$dir/${file//\//-}.exe" "$src/$file" "${more[@]}" >"$dir/log" 2>&1 || return 1
    built[$file]=yes
  fi
}

# run_in FOLDER FILE RANKS ARGS...: runs it in a folder of its own with its input files; its output goes to FOLDER/out
run_in() {
  local folder=$1 file=$2 ranks=$3 status
  shift 3
  rm -rf "$folder" && mkdir "$folder"
  (
    cd "$folder" || exit 1
    for input in petscoptions X.bin Ybus.bin; do
      if [ -r "$src/$(dirname "$file")/$input" ]; then cp "$src/$(dirname "$file")/$input" .; fi
    done
    if [ "$ranks" = 1 ]; then
      timeout 200 "$top/bin/${file//\//-}.exe" "$@"
    else
      run_mpi "$ranks" timeout 200 "$top/bin/${file//\//-}.exe" "$@"
    fi >out 2>err
  )
  status=$?
  return $status
}

# What does not depend on the run: ex5adj_mf prints the seconds it took.
steady() { sed -E '/^ *[0-9]+\.[0-9]{3} *$/d' "$1"; }

# refuses FILE: what its own tests say that it is not for, and this PETSc is
refuses() {
  local without
  without=$(sed -n 's/^ *requires: *//p' "$src/$1")
  if petsc_has PETSC_USE_COMPLEX && [[ $without = *!complex* ]]; then
    echo 'real scalars only'
  elif petsc_has PETSC_USE_64BIT_INDICES && [[ $without = *'!defined(PETSC_USE_64BIT_INDICES)'* ]]; then
    echo 'indices of 32 bits only'
  fi
}

# tutorial SUITE FILE RANKS BUDGETS ARGS... : one line for each budget.  A budget that is refused, because more states
# have to be kept at boundaries, is raised until it is not; one that begins with = is not replaced by $budgets.
# full_storage names another reference than `basic`, ours the further options that the plugin gets.
tutorial() {
  local file=$2 ranks=$3 list=${budgets:-$4} name budget only
  local -a trajectory
  if [ "$1" = long ] && [ "$suite" = short ]; then return; fi
  if [[ $4 = =* ]]; then list=${4#=}; fi
  shift 4
  name="${file#*/tutorials/} $*$([ "$ranks" = 1 ] || echo " on $ranks ranks")"
  only=$(refuses "$file" 2>/dev/null)
  if [ ! -r "$src/$file" ]; then
    t_skip "$name: this PETSc has no such tutorial"
  elif [ -n "$only" ]; then
    t_skip "$name: its own tests say that it is for $only"
  elif ! built_program "$file"; then
    sed 's/^/# /' "$top/bin/log" >&2
    t_ok 1 "$name: compiles"
  else
    read -ra trajectory <<<"${full_storage:--ts_trajectory_type basic}"
    if ! run_in full "$file" "$ranks" "$@" -dll_append "$COSTATE_LIB" "${trajectory[@]}"; then
      tail -n 5 full/err | sed 's/^/# /' >&2
      t_ok 1 "$name: runs with full storage"
      return
    fi
    for budget in $list; do
      same_output "$name" "$budget" "$file" "$ranks" "$@"
    done
  fi
}

same_output() {
  local name=$1 budget=$2 s status recomputed peak steps
  shift 2
  for ((s = budget; s < budget + 12; s++)); do
    status=0
    # shellcheck disable=SC2086 # several words
    run_in costate "$@" -dll_append "$COSTATE_LIB" -ts_trajectory_type costate -ts_trajectory_costate_ram "$s" \
      -ts_trajectory_costate_report report.json ${ours:-} || status=$?
    if [ $status = 0 ] || ! grep -q 'units would be enough so far' costate/err; then break; fi
  done
  recomputed=$(report recomputed costate/report.json 2>/dev/null)
  peak=$(report peak_states costate/report.json 2>/dev/null)
  steps=$(report steps costate/report.json 2>/dev/null)
  [ $status = 0 ] && [ -s costate/out ] && cmp -s <(steady full/out) <(steady costate/out) &&
    { [ "${recomputed:-0}" -gt 0 ] || [ "${steps:-99}" -le $((s + 1)) ]; } && [ "${peak:-99}" -le "$s" ]
  status=$?
  t_ok $status "$name, budget $s: the same output (${recomputed:-nothing} recomputed of ${steps:-no} steps)"
  if [ $status != 0 ]; then { diff full/out costate/out; grep ERROR costate/err; } | head -n 20 | sed 's/^/# /' >&2; fi
}

# not_repeatable BUDGET FILE RANKS ARGS...: the error that says which step is not what it was
not_repeatable() {
  local budget=$1 name="${2#*/tutorials/}" status=0 only
  shift
  only=$(refuses "$1" 2>/dev/null)
  if [ -n "$only" ]; then
    t_skip "$name: its own tests say that it is for $only"
    return
  fi
  # shellcheck disable=SC2086
  built_program "$1" && run_in costate "$@" -dll_append "$COSTATE_LIB" -ts_trajectory_type costate -ts_trajectory_costate_ram "$budget" ${ours:-} || status=$?
  [ $status != 0 ] && grep -q 'Step [0-9]* gave other bits when it was repeated' costate/err
  t_ok $? "$name, budget $budget: what does not repeat exactly is an error"
}

adr=ts/tutorials/advection-diffusion-reaction
power=ts/tutorials/power_grid
tao=tao/unconstrained/tutorials

ex20=(-viewer_binary_skip_info -ts_dt 0.001 -mu 100000)
tutorial short ts/tutorials/ex20adj.c 1 '2 3 5' -ts_type cn -ts_dt 0.001 -mu 100000 -ts_max_steps 15
tutorial short ts/tutorials/ex20adj.c 1 3 -ts_type beuler -ts_dt 0.001 -mu 100000 -ts_max_steps 15
tutorial short ts/tutorials/ex20adj.c 1 5 -monitor 0 -ts_type theta -ts_theta_endpoint -ts_theta_theta 0.5 "${ex20[@]}"

ex20=(-viewer_binary_skip_info -tao_monitor)
bntr=(-tao_type bntr -tao_bnk_pc_type none)
tutorial short ts/tutorials/ex20opt_ic.c 1 3 -ts_type cn "${ex20[@]}" -tao_view -mu 1000 -ts_dt 0.03125
tutorial short ts/tutorials/ex20opt_p.c 1 3 -implicitform 0 -ts_type rk -ts_adapt_type none -mu 10 -ts_dt 0.1 "${ex20[@]}" -tao_view
tutorial short ts/tutorials/ex20opt_p.c 1 5 -implicitform 0 -ts_type rk -ts_adapt_type none -mu 10 -ts_dt 0.01 "${ex20[@]}" "${bntr[@]}"
tutorial long ts/tutorials/ex20opt_p.c 1 3 -ts_type cn -ts_adapt_type none -mu 100 -ts_dt 0.01 "${ex20[@]}" -tao_view
# Second order with implicit methods: `basic` gives back the tangents of two neighbouring steps in exchanged places, and
# `memory` gives none; the Hessians are compared with differences of gradients in peers_tutorials.sh.
full_storage='-ts_trajectory_type costate -ts_trajectory_costate_ram 1000'
tutorial short ts/tutorials/ex20opt_ic.c 1 5 -ts_type beuler "${ex20[@]}" -tao_view -mu 100 -ts_dt 0.01 "${bntr[@]}"
tutorial short ts/tutorials/ex20opt_ic.c 1 5 -ts_type cn "${ex20[@]}" -tao_view -mu 100 -ts_dt 0.01 "${bntr[@]}"
tutorial short ts/tutorials/ex20opt_p.c 1 5 -ts_type cn -ts_adapt_type none -mu 100 -ts_dt 0.01 "${ex20[@]}" "${bntr[@]}"
tutorial short ts/tutorials/ex20opt_ic.c 1 1 -implicitform 0 -ts_dt 0.01 -ts_max_steps 2 -mode 1 -my_tao_mf
full_storage=

tutorial short ts/tutorials/ex20td.c 1 2 -sa_method track
tutorial long ts/tutorials/ex20td.c 1 2 -sa_method global
tutorial short ts/tutorials/ex23fwdadj.c 1 3 -ts_type beuler
tutorial short ts/tutorials/ex23fwdadj.c 1 '5 16' -ts_type cn
tutorial short ts/tutorials/hybrid/ex1adj.c 1 '2 5' -ts_monitor -ts_adjoint_monitor
ex1=(-ts_adapt_type none -ts_type rk -ts_rk_type 3 -viewer_binary_skip_info -tao_monitor)
tutorial short ts/tutorials/optimal_control/ex1.c 1 3 "${ex1[@]}" -tao_gatol 1e-7
tutorial short ts/tutorials/optimal_control/ex1.c 1 3 "${ex1[@]}" -tao_view "${bntr[@]}" -exacthessian
tutorial long ts/tutorials/optimal_control/ex1.c 1 3 "${ex1[@]}" -tao_view "${bntr[@]}" -exacthessian -matrixfree

tutorial short $power/ex3sa.c 1 '2 5' -sa_method adj -viewer_binary_skip_info -ts_type cn -pc_type lu
tutorial short $power/ex3sa.c 1 5 -sa_method adj -ts_type rk -ts_rk_type 2a -ts_adapt_type dsp
tutorial short $power/ex3opt.c 1 5 -viewer_binary_skip_info -ts_type cn -pc_type lu -tao_monitor
tutorial short $power/ex9adj.c 1 5 -viewer_binary_skip_info -ts_adapt_type none
ex9=(-viewer_binary_skip_info -ts_adapt_type none -tao_monitor -tao_gatol 0.0 -tao_grtol 1.e-3 -tao_converged_reason)
tutorial short $power/ex9opt.c 1 5 "${ex9[@]}"
tutorial long $power/ex9opt.c 1 5 "${ex9[@]}" -tao_test_gradient
# These programs solve for the algebraic variables anew where the fault comes and goes. What is more, ex9busadj goes back
# over the fault without its admittance, and ex9busopt adds and subtracts it, so that its last bits change: there the
# steps do not repeat exactly, and that is an error with the check on.
ours=-ts_trajectory_costate_jumps
tutorial short $power/stability_9bus/ex9busadj.c 1 =800 -viewer_binary_skip_info
not_repeatable 8 $power/stability_9bus/ex9busadj.c 1 -viewer_binary_skip_info
tutorial long $power/stability_9bus/ex9busadj.c 1 =800 -viewer_binary_skip_info -ts_type beuler
not_repeatable 8 $power/stability_9bus/ex9busopt.c 1 -viewer_binary_skip_info -tao_monitor -tao_gttol .2
ours='-ts_trajectory_costate_jumps -ts_trajectory_costate_check 0'
tutorial short $power/stability_9bus/ex9busopt.c 1 =8 -viewer_binary_skip_info -tao_monitor -tao_gttol .2
ours=

ex5=(-ts_max_steps 10 -ts_monitor -ts_adjoint_monitor)
grid=(-da_grid_x 20 -da_grid_y 20)
files=(-ts_trajectory_dirname Test-dir -ts_trajectory_file_template 'test-%06D.cp')
tutorial short $adr/ex5adj.c 1 '2 3' "${ex5[@]}" "${grid[@]}"
tutorial short $adr/ex5adj.c 2 3 "${ex5[@]}" "${grid[@]}" -ts_dt 10 "${files[@]}"
tutorial long $adr/ex5adj.c 2 3 "${ex5[@]}" "${grid[@]}" -ts_dt 10 -snes_fd_color
tutorial short $adr/ex5adj.c 2 3 "${ex5[@]}" "${grid[@]}" -implicitform 0 -ts_type rk -ts_rk_type 4 -snes_fd_color
tutorial long $adr/ex5adj.c 1 3 "${ex5[@]}" -dm_mat_type sell -pc_type jacobi
gamg=(-pc_type gamg -pc_gamg_esteig_ksp_type gmres -pc_gamg_esteig_ksp_max_it 10 -ksp_rtol 1e-2 -pc_gamg_use_sa_esteig 0)
petsc_since 3.21 || gamg+=(-pc_mg_levels 2) # which newer ones refuse
tutorial short $adr/ex5adj.c 1 2 "${ex5[@]}" "${gamg[@]}"
# A hierarchy whose interpolation is used again, now for the matrix and now for its transpose, has a memory.
tutorial long $adr/ex5adj.c 1 =2 -ts_max_steps 2 -ts_monitor -ts_adjoint_monitor "${gamg[@]}" -ksp_use_explicittranspose
not_repeatable 2 $adr/ex5adj.c 1 "${ex5[@]}" "${gamg[@]}" -ksp_use_explicittranspose
tutorial short $adr/ex5adj_mf.c 1 3 -mf "${ex5[@]}"
tutorial short $adr/ex5opt_ic.c 1 2 -ts_max_steps 5 -ts_type rk -ts_rk_type 3 -tao_monitor -tao_view -tao_gatol 1e-6

spectral=(-E 10 -N 8 -ncoeff 5 -tao_bqnls_mat_lmvm_scale_type none)
tutorial short $tao/spectraladjointassimilation.c 1 2 -ts_adapt_dt_max 3.e-3 "${spectral[@]}"
tutorial short $tao/spectraladjointassimilation.c 1 2 -ts_type cn -ts_dt .003 -pc_type lu "${spectral[@]}"
tutorial long $tao/spectraladjointassimilation.c 1 2 -ts_adapt_dt_max 3.e-3 -a .1 "${spectral[@]}"
tutorial short $tao/burgers_spectral.c 1 3 -tao_max_it 5 -tao_gatol 1.e-4
tutorial long $tao/burgers_spectral.c 2 3 -tao_max_it 5 -tao_gatol 1.e-4

if grep -q 'PETSC_HAVE_ADOLC 1' "$(pkg-config --variable=includedir "$(flag PETSC)")/petscconf.h" 2>/dev/null; then
  t_skip 'autodiff/: this PETSc has ADOL-C, but its tutorials in C++ are not among these' 5
else
  t_skip 'autodiff/ (adr_ex5adj, adr_ex5adj_mf, ex16adj, ex16opt_ic, ex16adj_tl): this PETSc was built without ADOL-C' 5
fi
