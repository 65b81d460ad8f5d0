#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
# PETSc's tutorials, unmodified: with -pc_type transposable their TSAdjointSolve() is preconditioned by hypre, where
# hypre alone is stopped, and several cost functions share one set-up for each step.
. "${ROOT:-$(git rev-parse --show-toplevel)}/tests/tap.sh"
. "$ROOT/tests/traj/programs/build.sh"
dir=$(examples_dir)
if [ -z "$dir" ]; then t_skip_all "$no_examples"; fi
petsc_has PETSC_HAVE_HYPRE || t_skip_all 'this PETSc is without hypre'
diffusion=$dir/ts/tutorials/advection-diffusion-reaction
compile ./ex5adj "$diffusion/ex5adj.c" "$diffusion/reaction_diffusion.c" || exit 1
compile ./ex20adj "$dir/ts/tutorials/ex20adj.c" || exit 1
plugin=(-dll_append "$COSTATE_LIB" -ts_trajectory_type costate -ts_trajectory_costate_ram 1000)

# lambda RANKS NAME ARGS...: 10 steps of ex5adj with Crank-Nicolson; its lambda in the file NAME
lambda() {
  local ranks=$1 name=$2
  shift 2
  run_mpi "$ranks" ./ex5adj "${plugin[@]}" -da_grid_x 24 -da_grid_y 24 -ts_type cn -ts_dt .5 -ts_max_steps 10 \
    -snes_rtol 1e-13 -snes_stol 0 -ksp_rtol 1e-13 -ts_adjoint_view_solution "binary:$name" "$@" >"$name.out" 2>&1
}
# off NAME: relative difference from the reference, as a number; both in PETSc's binary format
off() {
  python3 - "$1" reference <<'PY'
import struct, sys
def read(name): # a header of two integers, of 32 bits or 64, and numbers to the end
    b = open(name, 'rb').read()
    b = b[8 if b[:4] == bytes.fromhex('00127b4e') else 16:]
    return struct.unpack('>%dd' % (len(b) // 8), b)
a, b = read(sys.argv[1]), read(sys.argv[2])
print('%.3e' % (sum((x - y)**2 for x, y in zip(a, b))**.5 / sum(y * y for y in b)**.5))
PY
}

lambda 1 reference -ksp_type preonly -pc_type lu
t_ok $? 'the reference, by LU'
for ranks in 1 2 3; do
  for inner in hypre gamg; do
    lambda "$ranks" "$inner" -pc_type transposable -transposable_pc_type "$inner"
    e=$(off "$inner")
    awk -v e="${e:-1}" 'BEGIN { exit !(e <= 1e-10) }'
    t_ok $? "$inner through transposable, $ranks ranks: off by ${e:-?}"
  done
done
lambda 1 refused -pc_type hypre
code=$?
[ $code = 0 ] || grep -q 'transposable_pc_type hypre' refused.out # from PETSc 3.23.5 on it is right
t_ok $? 'hypre alone is stopped where its transpose is wrong, with what to do'
# ex20 NAME ARGS...: ex20adj, two cost functions; their lambdas at the beginning, in full, in NAME.lambda, and what it
# prints, which has the gradients with respect to the parameter to 6 digits, in NAME.out
ex20() {
  local name=$1
  shift
  run_mpi 1 ./ex20adj -dll_append "$COSTATE_LIB" -ts_trajectory_type costate -ts_trajectory_costate_ram 20 -monitor 0 \
    -mu 1000 -ts_dt .001 -ts_type cn -snes_rtol 1e-12 -ksp_rtol 1e-13 -ts_trajectory_costate_adjoint_every 500,"$name" \
    -ts_trajectory_costate_report "$name.json" "$@" >"$name.out" 2>&1 || return 1
  for i in 0 1; do
    h5dump -m '%.17g' -d "/step/00000000_lambda/lambda_$i" "$name"/run-*/states-0000.h5 |
      sed -n '/ATTRIBUTE/q; s/.*([0-9]*): //p'
  done | tr -d ' ' | tr ',' '\n' >"$name.lambda"
}
# near A B TOLERANCE NUMBERS: as many numbers in both, and none is farther off, relatively
near() {
  paste <(grep -oE '[-+0-9.e]+' "$1") <(grep -oE '[-+0-9.e]+' "$2") |
    awk -v tol="$3" -v n="$4" '{ d = $1 - $2; if (d < 0) d = -d; s = $1 < 0 ? -$1 : $1
      if (!(d <= tol * s)) bad = 1 } END { exit bad || NR != n }'
}
if ! command -v h5dump >/dev/null; then
  t_skip 'there is no h5dump' 5
else
  ex20 lu -ksp_type preonly -pc_type lu
  t_ok $? 'ex20adj with two costs, by LU'
  ex20 both -pc_type transposable -transposable_pc_type hypre && near lu.lambda both.lambda 1e-10 4
  t_ok $? 'and by hypre through transposable: both lambdas to 1e-10'
  near <(sed -n '/parameters/{n;p}' lu.out) <(sed -n '/parameters/{n;p}' both.out) 1e-5 2
  t_ok $? 'and the gradients with respect to the parameter, as far as they are printed'
  [ "$(report solves_backward both.json)" = 1000 ] && [ "$(report setups_backward both.json)" = 500 ] &&
    [ "$(report recomputed both.json)" -gt 0 ]
  t_ok $? 'with one set-up for the two solves of each of 500 adjoint steps'
  ex20 lag -pc_type transposable -transposable_pc_type hypre -ts_trajectory_costate_transposed_lag 5 &&
    near lu.lambda lag.lambda 1e-10 4 && [ "$(report setups_backward lag.json)" = 100 ]
  t_ok $? 'or with one for 5 steps'
fi
t_done
