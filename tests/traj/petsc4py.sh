#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
# A Python program runs through the plugin as any other does.
. "${ROOT:-$(git rev-parse --show-toplevel)}/tests/tap.sh"
. "$ROOT/tests/traj/programs/build.sh"

# The first python3 in the path may be one of its own, beside the system's that has petsc4py.
python=
for candidate in python3 /usr/bin/python3; do
  if [ -z "$python" ] && "$candidate" -c 'import petsc4py; petsc4py.init(); from petsc4py import PETSc' >/dev/null 2>&1; then
    python=$candidate
  fi
done
[ -n "$python" ] || t_skip_all 'petsc4py is not on this machine (Debian: python3-petsc4py)'
"$python" -c 'import petsc4py; petsc4py.init(); from petsc4py import PETSc; PETSc.Vec().createSeq(1)' >/dev/null 2>err ||
  t_skip_all "petsc4py does not work here: $(tail -n 1 err)"
# Debian has one for each kind of PETSc, and PETSC_DIR says which; without it this may be another one than the library's.
PETSC_OPTIONS="-dll_append $COSTATE_LIB" "$python" -c 'import petsc4py; petsc4py.init()' >/dev/null 2>err ||
  if grep -q 'libcostate was built for' err; then
    t_skip_all "petsc4py here is for another PETSc than the library (Debian: python3-petsc4py-complex, -64-real ...): $(grep -o 'libcostate was built.*' err | head -n 1)"
  fi

for ranks in 1 2; do
  PETSC_OPTIONS='-ts_trajectory_type basic' run_mpi $ranks "$python" "$ROOT/tests/traj/programs/adjoint.py" >full 2>err
  t_like "$(cat full)" '^40 -?0x1' "the gradient with full storage ($ranks ranks)"
  PETSC_OPTIONS="-dll_append $COSTATE_LIB -ts_trajectory_type costate -ts_trajectory_costate_ram 3 -ts_trajectory_costate_report report.json" \
    run_mpi $ranks "$python" "$ROOT/tests/traj/programs/adjoint.py" >out 2>err
  t_is "$(cat out)" "$(cat full)" "three checkpoints: the same bits ($ranks ranks)"
  [ "$(report recomputed)" -gt 0 ]
  t_ok $? "and $(report recomputed) steps were repeated ($ranks ranks)"
done
t_done
