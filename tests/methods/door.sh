#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
# PETSc's tutorials, unmodified: with -costate_type METHOD their TSAdjointSolve() is done by that method, with TS types
# that have no adjoint step too.  The reference is the adjoint of fine Runge-Kutta steps.
. "${ROOT:-$(git rev-parse --show-toplevel)}/tests/tap.sh"
. "$ROOT/tests/traj/programs/build.sh"
dir=$(examples_dir)
if [ -z "$dir" ]; then t_skip_all "$no_examples"; fi
diffusion=$dir/ts/tutorials/advection-diffusion-reaction
compile ./ex5adj "$diffusion/ex5adj.c" "$diffusion/reaction_diffusion.c" || exit 1
compile ./ex20adj "$dir/ts/tutorials/ex20adj.c" || exit 1

plugin=(-dll_append "$COSTATE_LIB" -ts_save_trajectory -ts_trajectory_type costate -ts_trajectory_costate_ram 10000)
# lambda RANKS NAME ARGS...: ex5adj; its lambda in the file NAME
lambda() {
  local ranks=$1 name=$2
  shift 2
  run_mpi "$ranks" ./ex5adj "${plugin[@]}" -da_grid_x 16 -da_grid_y 16 -ts_max_time .5 -ts_max_steps 100000 \
    -ts_adjoint_view_solution "binary:$name" "$@" >"$name.out" 2>&1
}
# off NAME REFERENCE: relative difference of two vectors in PETSc's binary format
off() {
  python3 - "$1" "$2" <<'PY'
import struct, sys
def read(name): # a header of two integers, of 32 bits or 64, and numbers to the end
    b = open(name, 'rb').read()
    b = b[8 if b[:4] == bytes.fromhex('00127b4e') else 16:]
    return struct.unpack('>%dd' % (len(b) // 8), b)
a, b = read(sys.argv[1]), read(sys.argv[2])
print('%.3e' % (sum((x - y)**2 for x, y in zip(a, b))**.5 / sum(y * y for y in b)**.5))
PY
}
# near RANKS TOL NAME TEXT ARGS...
near() {
  local ranks=$1 tol=$2 name=$3 text=$4 e
  shift 4
  lambda "$ranks" "$name" "$@" || head -c 2000 "$name.out" | sed 's/^/# /' >&2
  e=$(off "$name" reference)
  awk -v e="${e:-1}" -v t="$tol" 'BEGIN { exit !(e <= t) }'
  t_ok $? "$text, $ranks ranks: off by ${e:-?}, at most $tol"
}

lambda 2 reference -implicitform 0 -ts_type rk -ts_rk_type 5dp -ts_dt .01 -ts_rtol 1e-11 -ts_atol 1e-11
t_ok $? 'the reference'
tight=(-implicitform 0 -ts_dt .01 -ts_adapt_type basic -ts_rtol 1e-7 -ts_atol 1e-7 -ksp_rtol 1e-10)
for ranks in 1 2; do
  for method in interpolating quadrature gauss; do
    near $ranks 2e-7 "rk.$method" "rk by $method" -implicitform 0 -ts_type rk -ts_dt .01 -ts_rtol 1e-8 -ts_atol 1e-8 \
      -costate_type $method
  done
  for type in bdf arkimex rosw; do near $ranks 1e-5 $type "$type by interpolating" "${tight[@]}" -ts_type $type -costate_type interpolating; done
done
if petsc_has PETSC_HAVE_HYPRE; then
  near 2 1e-5 hypre 'rosw, transposed solves by hypre' "${tight[@]}" -ts_type rosw -costate_type interpolating \
    -costate_adjoint_pc_type hypre
else
  t_skip 'this PETSc is without hypre'
fi
near 2 1e-5 cn 'Crank-Nicolson by interpolating' -ts_type cn -ts_dt .0025 -ksp_rtol 1e-11 -snes_rtol 1e-11 \
  -costate_type interpolating
lambda 2 whole -implicitform 0 -ts_type rk -ts_dt .01 -ts_rtol 1e-8 -ts_atol 1e-8 -costate_type interpolating
lambda 2 few -implicitform 0 -ts_type rk -ts_dt .01 -ts_rtol 1e-8 -ts_atol 1e-8 -costate_type interpolating \
  -ts_trajectory_costate_ram 3
cmp -s whole few
t_ok $? 'the budget does not change a bit of lambda'

# The exact dz/dz0 of the stiff oscillator is 7.6147e-6, where Crank-Nicolson with these steps reports 2.444e-4.
run_mpi 1 ./ex20adj "${plugin[@]}" -monitor 0 -mu 100000 -ts_dt .001 -ts_type bdf -ts_rtol 1e-8 -ts_atol 1e-8 \
  -costate_type interpolating >stiff.out 2>&1
sed -n 's/^\(7\.61[45][0-9]*e-06\)$/\1/p' stiff.out | grep -q .
t_ok $? 'ex20adj by bdf and interpolating finds the damping of the equation, not that of a scheme'

run_mpi 1 ./ex20adj "${plugin[@]}" -monitor 0 -costate_type interpolating -costate_blowup 1e-9 >blowup.out 2>&1
t_ok $((! $?)) 'a threshold for lambda ends with a status'
grep -q 'ended with DIVERGED_BLOWUP' blowup.out
t_ok $? 'and is heeded'

for type in forward nonsense; do
  run_mpi 1 ./ex20adj "${plugin[@]}" -monitor 0 -costate_type $type >$type.out 2>&1
  t_ok $((! $?)) "-costate_type $type ends with a status"
done
grep -q 'does not go backward' forward.out
t_ok $? 'a method that does not go backward is refused with what would do'
grep -q 'There is no method nonsense' nonsense.out
t_ok $? 'a method that there is not is named'
t_done
